"""``lexgraph validate FILE…``: everything in policies that is wrong or doubtful, all at once."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lexgraph.account.details import TRUST_NAME
from lexgraph.account.model import Unreadable
from lexgraph.account.organization_file import parse_organization
from lexgraph.account.pages import parse_account
from lexgraph.account.recognise import part_of
from lexgraph.account.resource_policies import NAME, NOT_COLLECTED, parse_resource_policies
from lexgraph.account.templates import Template, collect, load_template
from lexgraph.account.templates.parameters import parameters_of, refuse_unknown
from lexgraph.checks.account import validate_account, validate_organization, validate_resource_policies
from lexgraph.checks.finding import SEVERITIES, Finding, Severity, gravity
from lexgraph.checks.suppressions import Suppressions, read_suppressions
from lexgraph.checks.templates import validate_template
from lexgraph.checks.validate import validate_policy
from lexgraph.cli.remedies import remedy
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import AccountError, DocumentError, LexgraphError, counted, shown
from lexgraph.policy.model import Kind
from lexgraph.report.inputs import STDIN, Skipped, find_files, is_account, is_policy_like, read_bytes

MISSING = "MISSING_DOCUMENT"


@dataclass(slots=True)
class Validation:
    """What was found while going through the files; `unread` counts those that were asked for in vain;
    `known` are the names of the templates' parameters.
    """

    kind: Kind | None
    suppressions: Suppressions
    parameters: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    files: int = 0
    unread: int = 0
    known: set[str] = field(default_factory=set)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as ``--format json`` writes it."""
        return {
            "findings": [_told(finding) for finding in self.findings],
            "files": self.files,
            "skipped": [asdict(one) for one in self.skipped],
        }


def run(args: Namespace) -> int:
    """Print the findings; 1 where some are grave enough, 2 where a file could not be read."""
    suppressions = read_suppressions(args.suppressions) if args.suppressions else Suppressions()
    found = Validation(args.kind, suppressions, parameters_of(args.parameters))
    for name in args.files:
        if name != STDIN and Path(name).is_dir():
            _folder(found, name)
        else:
            _named(found, name)
    refuse_unknown(found.parameters, found.known)
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
    what = "account" if is_account(data) else part_of(data)
    try:
        template = None if what else load_template(data, source=name)
    except DocumentError as error:
        found.files += 1
        found.findings.append(_refused(name, error))
        return
    except LexgraphError as error:  # the library for YAML is missing
        found.unread += named
        found.skipped.append(Skipped(name, error.message))
        return
    if what is None and template is None and not named and not is_policy_like(data, name):
        found.skipped.append(Skipped(name, "no policy: it has no Statement"))
        return
    found.files += 1
    if (what or template) and found.kind is not None:
        said = _SAID[what or "template"]
        say(f"{shown(name)} {said}: each policy in it is judged by its own kind, not as {found.kind}")
    if what is not None:
        _held(found, name, data, *_READERS[what])
    elif template is not None:
        _template(found, template)
    else:
        found.findings += validate_policy(data, kind=found.kind or "identity", name=Path(name).stem, source=name)


def _template(found: Validation, template: Template) -> None:
    collected = collect(template, found.parameters)
    findings, skipped = validate_template(collected)
    found.known.update(collected.parameters)
    found.findings += findings
    found.skipped += [Skipped(template.source, f"{one.what} ({one.place}): {one.reason}") for one in skipped]


def _held(found: Validation, name: str, data: bytes, read: Read, validate: Validate) -> None:
    """Judge the policies in an account, or in a file that stands beside one."""
    try:
        unreadable = read(data, name)
        found.findings += validate(data, source=name)
    except AccountError as error:
        found.findings += [_refused(name, one) for one in (error, *error.others)]
        return
    for bad in unreadable:
        if bad.error.code in (MISSING, NOT_COLLECTED):
            what = bad.name if bad.name in (TRUST_NAME, NAME) else f"policy {shown(bad.name)}"
            found.skipped.append(Skipped(name, f"{what} of {shown(bad.owner)}: {bad.error.message}"))


Read = Callable[[bytes, str], tuple[Unreadable, ...]]
Validate = Callable[..., tuple[Finding, ...]]
# Whatever is to hold policies is read first, as whoever asks about access reads it: it may be damaged as a whole.
_READERS: dict[str, tuple[Read, Validate]] = {
    "account": (lambda data, name: parse_account(data, source=name).unreadable, validate_account),
    "organization": (lambda data, name: parse_organization(data, source=name).unreadable, validate_organization),
    "resource policies": (
        lambda data, name: parse_resource_policies({name: data}).unreadable,
        validate_resource_policies,
    ),
}
_SAID = {
    "account": "is an account",
    "organization": "is an organization",
    "resource policies": "holds policies of resources",
    "template": "is a template",
}


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
