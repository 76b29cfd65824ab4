"""``lexgraph lab``: JupyterLab on a copy of the bundled notebooks."""

from __future__ import annotations

import secrets
import shutil
from argparse import Namespace
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from lexgraph.bundled import bundled_notebooks
from lexgraph.cli.terminal import say
from lexgraph.errors import LexgraphError, counted, shown

ADDRESS_OPTIONS = ("--ip", "--ServerApp.ip")
TOKEN_OPTIONS = ("--IdentityProvider.token", "--ServerApp.token")


def run(args: Namespace) -> int:
    """Copy the notebooks, where they are not there yet, and start JupyterLab on the first one."""
    if find_spec("jupyterlab") is None:
        raise LexgraphError('JupyterLab is missing: install it with pip install "lexgraph[lab]"', code="NO_JUPYTERLAB")
    folder = Path(args.dir)
    first = copy_notebooks(folder)
    options = lab_options(folder, first, browser=not args.no_browser, rest=args.rest)
    # In this process, so that the token is not in the list of processes, which every user of the machine can read.
    server = import_module("jupyterlab.labapp").LabApp.initialize_server(argv=options)
    # Jupyter prints the address with the token only where it believes to have made the token itself.
    server.identity_provider.token_generated = not _gives(args.rest, TOKEN_OPTIONS)
    server.start()
    return 0


def copy_notebooks(folder: Path) -> Path:
    """Copy the bundled notebooks into `folder` and return the first; what is there already stays as it is."""
    source = bundled_notebooks()
    copied = kept = 0
    notebooks = []
    for path in _bundled_files(source):
        target = folder / path.relative_to(source)
        if _copy(path, target):
            copied += 1
        else:
            kept += 1
        if target.suffix == ".ipynb":
            notebooks.append(target)
    if not notebooks:
        raise LexgraphError(f"there is no notebook in {shown(str(source))}", code="BUNDLED_FILE_MISSING")
    say(f"{counted(copied, 'file')} copied into {shown(str(folder))}, {kept:,} there already and kept")
    return notebooks[0]


def _copy(path: Path, target: Path) -> bool:
    """Copy a file, unless there is one already; return whether it was copied."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() or target.is_symlink():
            return False
        with target.open("xb") as new, path.open("rb") as old:
            shutil.copyfileobj(old, new)
    except OSError as error:
        raise LexgraphError(f"cannot write {shown(str(target))}: {error.strerror}", code="CANNOT_WRITE") from None
    return True


def _bundled_files(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        if path.is_file() and not any(part.startswith((".", "__")) for part in parts):
            yield path


def lab_options(folder: Path, first: Path, *, browser: bool, rest: Sequence[str]) -> list[str]:
    """Return the arguments of JupyterLab: this machine only, and a token, unless `rest` says otherwise."""
    place = quote(first.relative_to(folder).as_posix())
    options = [f"--ServerApp.root_dir={folder.resolve()}", f"--LabApp.default_url=/lab/tree/{place}"]
    if not _gives(rest, ADDRESS_OPTIONS):
        options.append("--ServerApp.ip=127.0.0.1")
    if not _gives(rest, TOKEN_OPTIONS):
        # Here rather than left to Jupyter, whose configuration may say that there is none.
        options.append(f"--IdentityProvider.token={secrets.token_hex(24)}")
    if not browser:
        options.append("--no-browser")
    return [*options, *rest]


def _gives(rest: Sequence[str], spellings: Sequence[str]) -> bool:
    return any(option.split("=")[0] in spellings for option in rest)
