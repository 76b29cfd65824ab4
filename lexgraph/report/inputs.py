"""What a report, and a command, may be given: files, folders, standard input, names of managed policies."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from lexgraph.account.files import files_below
from lexgraph.account.model import Snapshot
from lexgraph.account.organization_file import read_organization
from lexgraph.account.pages import parse_account
from lexgraph.account.parts import with_parts
from lexgraph.account.readers import read_account
from lexgraph.account.recognise import is_account, is_policy_like
from lexgraph.account.resource_policies import read_resource_policies
from lexgraph.account.templates import ENDINGS
from lexgraph.errors import LexgraphError, shown

__all__ = ["STDIN", "Skipped", "find_files", "given_account", "is_account", "is_policy_like", "read_bytes"]
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


def given_account(
    name: str, *, organization: str | None = None, resource_policies: str | None = None, data: bytes | None = None
) -> Snapshot:
    """Return the account in a file, a folder or standard input, with what else is known of it.

    `data` are the bytes of standard input, where they were read already.
    """
    if name != STDIN:
        return read_account(name, organization=organization, resource_policies=resource_policies)
    tree = read_organization(organization) if organization is not None else None
    policies = read_resource_policies(resource_policies) if resource_policies is not None else None
    snapshot = parse_account(read_bytes(STDIN) if data is None else data, source="standard input")
    return with_parts(snapshot, organization=tree, policies=policies)


def find_files(folder: str) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """Return the files below a folder that may hold policies, sorted, and what was passed over; links to folders are
    not followed.

    Raises LexgraphError where the folder cannot be read.
    """
    files, passed = files_below(folder, ENDINGS)
    return files, tuple(Skipped(path, reason) for path, reason in passed)
