"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from lexgraph.errors import ExportError, shown


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes the place of `path` when all went well.

    Until then, and after any error or interruption, `path` is what it was. Raises ExportError where the system
    refuses.
    """
    if path.is_dir():
        raise ExportError(f"{shown(str(path))} is a folder", code="NOT_A_FILE")
    try:
        handle, name = tempfile.mkstemp(prefix=".lexgraph-", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()


def _mode(path: Path) -> int:
    """The rights of the file that is replaced, or else those that a new file would get."""
    with contextlib.suppress(OSError):
        return path.lstat().st_mode & 0o777 if not path.is_symlink() else 0o644
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    # So that the new name outlives a power cut too; not every file system lets a folder be opened.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refused(path: Path, error: OSError) -> ExportError:
    return ExportError(f"cannot write {shown(str(path))}: {error.strerror or error}", code="CANNOT_WRITE")
