"""The files of a folder and of those within it, with what is passed over and why."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from lexgraph.errors import LexgraphError, shown


def files_below(folder: str, endings: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the files below a folder whose names end so, sorted, and what was passed over, each with the reason; links
    to folders are not followed.

    Raises LexgraphError where the folder cannot be read.
    """
    files: list[str] = []
    passed: list[tuple[str, str]] = []
    for path, reason in _walk(folder, endings):
        if reason is None:
            files.append(path)
        else:
            passed.append((path, reason))
    return tuple(sorted(files)), tuple(sorted(passed))


def _walk(folder: str, endings: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if here == folder:
                raise LexgraphError(f"cannot read {shown(here)}: {error.strerror}", code="UNREADABLE") from None
            yield here, f"the folder cannot be read: {error.strerror}"
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                waiting.append(entry.path)
            else:
                yield entry.path, _why_not(entry, endings)


def _why_not(entry: os.DirEntry[str], endings: tuple[str, ...]) -> str | None:
    """Why a file is passed over; None where it is read."""
    if entry.name.startswith("."):
        return "hidden"
    try:
        mode = entry.stat().st_mode
    except OSError as error:
        return f"a link that leads nowhere: {error.strerror}"
    if stat.S_ISDIR(mode):
        return "a link to a folder"
    if not stat.S_ISREG(mode):
        return "no regular file"
    if entry.name.lower().endswith(endings):
        return None
    named = f"{', '.join(endings[:-1])} or {endings[-1]}" if len(endings) > 1 else endings[0]
    return f"its name does not end in {named}"
