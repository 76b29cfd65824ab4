"""What a report, and a command, may be given: files, folders, standard input, names of managed policies."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lexgraph.account.details import LISTS
from lexgraph.account.pages import GZIP, unpacked
from lexgraph.errors import AccountError, DocumentError, LexgraphError, shown
from lexgraph.policy.grammar import MAX_CHARACTERS, VERSIONS
from lexgraph.policy.jsontext import decode, load_json

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


def is_account(data: bytes) -> bool:
    """Return whether these are the bytes of an account's authorization details, rather than of a policy.

    >>> is_account(b'{"UserDetailList": []}'), is_account(b'{"Statement": []}')
    (True, False)
    """
    if data.startswith(GZIP):
        try:
            data = unpacked(data)
        except AccountError:
            return True  # damaged: the reader of accounts says how
    if not any(f'"{name}"'.encode() in data for name in LISTS):
        return False
    if len(data) > 4 * MAX_CHARACTERS:
        return True  # too large for any policy, so there is no need to parse it here
    try:
        value = load_json(data)
    except DocumentError:
        return False
    page = value[0] if isinstance(value, list) and value else value
    return isinstance(page, Mapping) and any(name in page for name in LISTS)


def is_policy_like(data: bytes) -> bool:
    """Return whether a JSON file that nobody named may be meant as a policy: a broken one counts too.

    >>> is_policy_like(b'{"name": "left-pad"}'), is_policy_like(b'{"Statment": [], "Version": "2012-10-17"}')
    (False, True)
    """
    try:
        value = load_json(data)
    except DocumentError:
        try:
            return "statement" in decode(data).lower()
        except DocumentError:
            return False
    if not isinstance(value, Mapping):
        return False
    return value.get("Version") in VERSIONS or any(key.lower() == "statement" for key in value)


def find_files(folder: str) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """Return the ``.json`` files below a folder, sorted, and what was passed over; links to folders are not followed.

    Raises LexgraphError where the folder cannot be read.
    """
    files: list[str] = []
    skipped: list[Skipped] = []
    for path, reason in _walk(folder):
        if reason is None:
            files.append(path)
        else:
            skipped.append(Skipped(path, reason))
    return tuple(sorted(files)), tuple(sorted(skipped, key=lambda one: one.file))


def _walk(folder: str) -> Iterator[tuple[str, str | None]]:
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
                yield entry.path, _why_not(entry)


def _why_not(entry: os.DirEntry[str]) -> str | None:
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
    return None if entry.name.lower().endswith(".json") else "its name does not end in .json"
