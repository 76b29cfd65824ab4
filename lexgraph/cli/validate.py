"""``lexgraph validate FILE…``: everything in policies that is wrong or doubtful, all at once."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lexgraph.account.details import TRUST_NAME
from lexgraph.account.pages import parse_account
from lexgraph.account.templates import Template, load_template
from lexgraph.checks.account import validate_account
from lexgraph.checks.finding import SEVERITIES, Finding, Severity, gravity
from lexgraph.checks.suppressions import Suppressions, read_suppressions
from lexgraph.checks.templates import validate_template
from lexgraph.checks.validate import validate_policy
from lexgraph.cli.remedies import remedy
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import AccountError, DocumentError, LexgraphError, shown
from lexgraph.policy.model import Kind
from lexgraph.report.inputs import STDIN, Skipped, find_files, is_account, is_policy_like, read_bytes
from lexgraph.report.text import counted

MISSING = "MISSING_DOCUMENT"


@dataclass(slots=True)
class Validation:
    """What was found while going through the files; `unread` counts those that were asked for in vain."""

    kind: Kind | None
    suppressions: Suppressions
    findings: list[Finding] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    files: int = 0
    unread: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as ``--format json`` writes it."""
        return {
            "findings": [_told(finding) for finding in self.findings],
            "files": self.files,
            "skipped": [asdict(one) for one in self.skipped],
        }


def run(args: Namespace) -> int:
    """Print the findings; 1 where some are grave enough, 2 where a file could not be read."""
    found = Validation(args.kind, read_suppressions(args.suppressions) if args.suppressions else Suppressions())
    for name in args.files:
        if name != STDIN and Path(name).is_dir():
            _folder(found, name)
        else:
            _named(found, name)
    found.findings = list(found.suppressions.apply(found.findings))
    _put(found, args.format)
    _tell(found)
    grave = SEVERITIES[: gravity(args.fail_on) + 1]
    return 2 if found.unread or not found.files else int(any(one.severity in grave for one in found.findings))


# Going through the files ---------------------------------------------------------------------------------------------


def _folder(found: Validation, name: str) -> None:
    files, skipped = find_files(name)
    found.skipped += skipped
    for file in files:
        data = _data(found, file)
        if data is not None:
            _judge(found, file, data, named=False)
    if not files:
        say(f"there is no .json file and no template in {shown(name)}")


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


def _judge(found: Validation, name: str, data: bytes, *, named: bool = True) -> None:
    """Judge a file as what it is; one that nobody named may be something else altogether."""
    account = is_account(data)
    try:
        template = None if account else load_template(data, source=name)
    except DocumentError as error:
        found.files += 1
        found.findings.append(_refused(name, error))
        return
    except LexgraphError as error:  # the library for YAML is missing
        found.unread += named
        found.skipped.append(Skipped(name, error.message))
        return
    if not account and template is None and not named and not is_policy_like(data, name):
        found.skipped.append(Skipped(name, "no policy: it has no Statement"))
        return
    found.files += 1
    if (account or template) and found.kind is not None:
        what = "an account" if account else "a template"
        say(f"{shown(name)} is {what}: each policy in it is judged by its own kind, not as {found.kind}")
    if account:
        _account(found, name, data)
    elif template is not None:
        _template(found, template)
    else:
        found.findings += validate_policy(data, kind=found.kind or "identity", name=Path(name).stem, source=name)


def _template(found: Validation, template: Template) -> None:
    findings, skipped = validate_template(template)
    found.findings += findings
    found.skipped += [Skipped(template.source, f"{one.what} ({one.place}): {one.reason}") for one in skipped]


def _account(found: Validation, name: str, data: bytes) -> None:
    try:
        snapshot = parse_account(data, source=name)
        found.findings += validate_account(data, source=name)
    except AccountError as error:
        found.findings += [_refused(name, one) for one in (error, *error.others)]
        return
    for bad in snapshot.unreadable:
        if bad.error.code == MISSING:
            what = bad.name if bad.name == TRUST_NAME else f"policy {shown(bad.name)}"
            found.skipped.append(Skipped(name, f"{what} of {shown(bad.owner)}: {bad.error.message}"))


def _refused(name: str, error: DocumentError) -> Finding:
    """A dump that is none: what the reader says of it."""
    place = (error.pointer, error.line, error.column)
    return Finding(error.code, "error", None, error.message, remedy(error.code), *place, source=name)


# Telling -------------------------------------------------------------------------------------------------------------


def _told(finding: Finding) -> dict[str, Any]:
    """A finding as ``--format json`` writes it."""
    fields = ("severity", "code", "pointer", "line", "column", "message", "remedy", "aws_level")
    return {"file": finding.source, **{field: getattr(finding, field) for field in fields}}


def _put(found: Validation, how: str) -> None:
    if how == "json":
        put_json(found.to_dict())
    elif how == "sarif":
        from lexgraph.cli.sarif import sarif_log

        put_json(sarif_log(found.findings, found.skipped))
    else:
        for finding in found.findings:
            places = (finding.source, finding.line, finding.column)
            pointer = f" ({finding.pointer})" if finding.pointer else ""
            place = ":".join(str(part) for part in places if part is not None)
            put(f"{place}: {finding.severity} {finding.code}: {finding.message}{pointer}")
            put(f"    {finding.remedy}")


def _tell(found: Validation) -> None:
    for one in found.skipped:
        say(f"skipped {shown(one.file)}: {one.reason}")
    counts = Counter(finding.severity for finding in found.findings)
    words = [counted(counts[severity], word) for severity, word in _WORDS.items() if counts[severity]]
    text = f"{', '.join(words) or 'no findings'} in {counted(found.files, 'file')}"
    say(f"{text}; {len(found.skipped):,} skipped" if found.skipped else text)


_WORDS: dict[Severity, str] = {
    "error": "error",
    "security": "security finding",
    "warning": "warning",
    "suggestion": "suggestion",
}
