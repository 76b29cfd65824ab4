"""``lexgraph validate FILE…``: everything in policies that AWS would refuse, all at once."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lexgraph.account.details import TRUST_NAME
from lexgraph.account.readers import parse_account
from lexgraph.cli.remedies import remedy
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import AccountError, DocumentError, LexgraphError, shown
from lexgraph.policy.model import Kind
from lexgraph.policy.parse import inspect_policy
from lexgraph.report.inputs import STDIN, Skipped, find_files, is_account, is_policy_like, read_bytes
from lexgraph.report.text import counted

MISSING = "MISSING_DOCUMENT"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a file that AWS would refuse; lines and columns count from 1, None where they are not known."""

    file: str
    severity: str
    code: str
    pointer: str
    line: int | None
    column: int | None
    message: str
    remedy: str
    aws_level: str


@dataclass(slots=True)
class Validation:
    """What was found while going through the files; `unread` counts those that were asked for in vain."""

    kind: Kind | None
    findings: list[Finding] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    files: int = 0
    unread: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as ``--format json`` writes it."""
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "files": self.files,
            "skipped": [asdict(one) for one in self.skipped],
        }


def run(args: Namespace) -> int:
    """Print the findings; 1 where there are errors, 2 where a file could not be read."""
    found = Validation(args.kind)
    for name in args.files:
        if name != STDIN and Path(name).is_dir():
            _folder(found, name)
        else:
            _named(found, name)
    _put(found, args.format)
    _tell(found)
    return 2 if found.unread or not found.files else int(bool(found.findings))


# Going through the files ---------------------------------------------------------------------------------------------


def _folder(found: Validation, name: str) -> None:
    files, skipped = find_files(name)
    found.skipped += skipped
    for file in files:
        data = _data(found, file)
        if data is None:
            continue
        if is_account(data) or is_policy_like(data):
            _judge(found, file, data)
        else:
            found.skipped.append(Skipped(file, "no policy: it has no Statement"))
    if not files:
        say(f"there is no .json file in {shown(name)}")


def _named(found: Validation, name: str) -> None:
    data = _data(found, name)
    if data is not None:
        _judge(found, name, data)


def _data(found: Validation, name: str) -> bytes | None:
    try:
        return read_bytes(name)
    except LexgraphError as error:
        found.unread += 1
        found.skipped.append(Skipped(name, error.message))
        return None


def _judge(found: Validation, name: str, data: bytes) -> None:
    found.files += 1
    if is_account(data):
        if found.kind is not None:
            say(f"{shown(name)} is an account: each policy in it is judged by its own kind, not as {found.kind}")
        _account(found, name, data)
    else:
        _, errors = inspect_policy(data, kind=found.kind or "identity", source=name)
        found.findings += _findings(name, errors)


def _account(found: Validation, name: str, data: bytes) -> None:
    try:
        snapshot = parse_account(data, source=name)
    except AccountError as error:
        found.findings += _findings(name, (error, *error.others))
        return
    for bad in snapshot.unreadable:
        if bad.error.code == MISSING:
            what = bad.name if bad.name == TRUST_NAME else f"policy {shown(bad.name)}"
            found.skipped.append(Skipped(name, f"{what} of {shown(bad.owner)}: {bad.error.message}"))
        else:
            found.findings += _findings(name, (bad.error, *bad.error.others))


def _findings(name: str, errors: Iterable[DocumentError]) -> Iterator[Finding]:
    for error in errors:
        yield Finding(
            file=name,
            severity="error",
            code=error.code,
            pointer=error.pointer,
            line=error.line,
            column=error.column,
            message=error.message,
            remedy=remedy(error.code),
            aws_level="error",
        )


# Telling -------------------------------------------------------------------------------------------------------------


def _put(found: Validation, how: str) -> None:
    if how == "json":
        put_json(found.to_dict())
    elif how == "sarif":
        from lexgraph.cli.sarif import sarif_log

        put_json(sarif_log(found.findings, found.skipped))
    else:
        for finding in found.findings:
            place = [finding.file, *(str(part) for part in (finding.line, finding.column) if part is not None)]
            pointer = f" ({finding.pointer})" if finding.pointer else ""
            put(f"{':'.join(place)}: {finding.severity} {finding.code}: {finding.message}{pointer}")
            put(f"    {finding.remedy}")


def _tell(found: Validation) -> None:
    for one in found.skipped:
        say(f"skipped {shown(one.file)}: {one.reason}")
    bad = len({finding.file for finding in found.findings})
    text = f"{counted(len(found.findings), 'error')} in {bad:,} of {counted(found.files, 'file')}"
    say(f"{text}; {len(found.skipped):,} skipped" if found.skipped else text)
