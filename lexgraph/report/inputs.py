"""What a report, and a command, may be given: files, folders, standard input, names of managed policies."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from lexgraph.account.files import files_below
from lexgraph.account.recognise import is_account, is_policy_like
from lexgraph.account.templates import ENDINGS
from lexgraph.errors import LexgraphError, shown

__all__ = ["STDIN", "Skipped", "find_files", "is_account", "is_policy_like", "read_bytes"]
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was passed over, and why."""

    file: str
    reason: str


def read_bytes(name: str) -> bytes:
    """Return the bytes of a file, or of standard input for ``-``. Raises LexgraphError where it cannot be read."""
    try:
        if name == STDIN:
            return sys.stdin.buffer.read()
        path = Path(name)
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no regular file"
            raise LexgraphError(f"{shown(name)} is {kind}", code="UNREADABLE")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LexgraphError(f"cannot read {shown(name)}: {reason}", code="UNREADABLE") from None


def find_files(folder: str) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """Return the files below a folder that may hold policies, sorted, and what was passed over; links to folders are
    not followed.

    Raises LexgraphError where the folder cannot be read.
    """
    files, passed = files_below(folder, ENDINGS)
    return files, tuple(Skipped(path, reason) for path, reason in passed)
