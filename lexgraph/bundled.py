"""Where the bundled files are: in a checkout beside the package, in a wheel inside it."""

from __future__ import annotations

from pathlib import Path

from .errors import LexgraphError

_PACKAGE = Path(__file__).resolve().parent


def bundled_path(*parts: str) -> Path:
    """Return the path of a bundled data file or folder, given by its `parts` below ``data/``.

    Raises
    ------
    LexgraphError
        With the code ``BUNDLED_FILE_MISSING`` when there is no such file.

    >>> bundled_path("catalog", "actions.txt").name
    'actions.txt'
    """
    path = _root("data", "_data").joinpath(*parts)
    if not path.exists():
        raise _missing(path)
    return path


def bundled_notebooks() -> Path:
    """Return the folder of the bundled notebooks; it is read, and copied from, but never written to."""
    path = _root("notebooks", "_notebooks")
    if not path.exists():
        raise _missing(path)
    return path


def _root(checkout: str, installed: str) -> Path:
    # The checkout first: an editable install does not see the folders that only the wheel maps into the
    # package.
    beside = _PACKAGE.parent
    if (beside / "pyproject.toml").is_file() and (beside / checkout).is_dir():
        return beside / checkout
    return _PACKAGE / installed


def _missing(path: Path) -> LexgraphError:
    return LexgraphError(
        f"The bundled {path.name} is missing: expected at {path}. Reinstall lexgraph, or run from a whole checkout.",
        code="BUNDLED_FILE_MISSING",
    )
