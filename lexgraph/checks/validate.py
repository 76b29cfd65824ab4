"""Validation of policy documents: everything that is wrong or doubtful in a document, at once."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lexgraph.checks import (
    actions,
    arns,
    condition_keys,
    elements,
    operators,
    organizations,
    passing,
    placeholders,
    principals,
    redundancy,
    tags,
    trust,
    two_ways,
    values,
    variables,
)
from lexgraph.checks.finding import Finding, gravity
from lexgraph.checks.reading import Document, Reading, read_document
from lexgraph.checks.rules import rule
from lexgraph.checks.view import Hit, PolicyView, StatementView
from lexgraph.policy.jsontext import find_places, locator
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.patterns import compile_glob

Day = datetime.date | str | None
OfStatement = Callable[[StatementView], Iterator[Hit]]

# What looks at every statement, at those with conditions, at those with principals.
_EVERY: tuple[OfStatement, ...] = (
    elements.empty_parts,
    actions.known_actions,
    arns.resources,
    two_ways.read_two_ways,
    variables.in_resources,
    placeholders.lost_text,
    redundancy.actions,
    redundancy.resources,
)
_WITH_CONDITIONS: tuple[OfStatement, ...] = (
    variables.in_conditions,
    condition_keys.names,
    condition_keys.fitting_actions,
    condition_keys.pairs,
    tags.unsupported,
    operators.qualifiers,
    operators.key_types,
    operators.wildcards,
    operators.without_values,
    values.readable,
    values.types,
    values.known_forms,
    values.addresses,
    principals.service_names,
)
_WITH_PRINCIPALS: tuple[OfStatement, ...] = (
    principals.service_names,
    principals.references,
    principals.services_that_act,
    variables.in_principals,
)
_BY_KIND: dict[Kind, tuple[OfStatement, ...]] = {
    "identity": (passing.roles,),
    "trust": (trust.principals, trust.actions, trust.identity_providers),
    "scp": (organizations.service_control,),
    "rcp": (organizations.resource_control, principals.missing),
    "resource": (principals.missing,),
    "endpoint": (principals.missing,),
}
_OF_POLICY: tuple[Callable[[PolicyView], Iterator[Hit]], ...] = (elements.version, elements.size)
_OF_STATEMENTS: tuple[Callable[[tuple[StatementView, ...]], Iterator[Hit]], ...] = (
    actions.lex_generations,
    condition_keys.setting_actions,
    principals.same_service,
    trust.roles_anywhere,
    redundancy.statements,
)
# Findings about the name of an element, not about its value: they stand at the name.
_ABOUT_NAMES = frozenset(
    """
    INVALID_CONDITION_KEY_FORMAT INVALID_GLOBAL_CONDITION_KEY INVALID_SERVICE_CONDITION_KEY MISSING_QUALIFIER
    UNSUPPORTED_GLOBAL_CONDITION_KEY DEPRECATED_GLOBAL_CONDITION_KEY MISSING_TAG_KEY_IN_CONDITION
    FORALLVALUES_WITH_SINGLE_VALUED_KEY NULL_WITH_QUALIFIER CONFIRM_AUDIENCE_CLAIM_TYPE TYPE_MISMATCH
    STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS UNSUPPORTED_ACTION_FOR_CONDITION_KEY
    MISSING_ACTION_FOR_CONDITION_KEY MISSING_PAIRED_CONDITION_KEYS IRRELEVANT_CONDITION_KEY_IN_POLICY
    ALLOW_WITH_NOTPRINCIPAL ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE
    DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE
    """.split()
)


def validate_policy(
    document: Document,
    *,
    kind: Kind = "identity",
    name: str = "policy",
    source: str | None = None,
    checks: Iterable[str] | None = None,
    date: Day = None,
) -> tuple[Finding, ...]:
    """Return everything that is wrong or doubtful in a policy document, in the document's order.

    Parameters
    ----------
    document : JSON text, its UTF-8 bytes, the object already parsed, or a Policy (whose kind and key count then).
    kind : identity, resource, trust, scp, rcp, session, boundary or endpoint.
    name : what the findings call the policy.
    source : the file's name.
    checks : codes to look for, or patterns of them such as ``PASS_ROLE_*``; all where None.
    date : the day whose rules and quotas count (ISO 8601 where it is a text); the newest known where None.

    Examples
    --------
    >>> text = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lex:GetBott", "Resource": "*"}}'
    >>> [(finding.code, finding.severity, finding.pointer) for finding in validate_policy(text)]
    [('INVALID_ACTION', 'warning', '/Statement/Action')]
    """
    if isinstance(document, Policy):
        kind, name = document.kind, document.key
    reading = read_document(document, kind, name, source, _day(date))
    wanted = _wanted(checks)
    findings = [*_refused(reading, name, source), *_found(reading, name, source, wanted)]
    return tuple(sorted((f for f in dict.fromkeys(findings) if wanted(f.code)), key=_order))


def validate_file(
    path: str | Path,
    *,
    kind: Kind = "identity",
    name: str | None = None,
    source: str | None = None,
    checks: Iterable[str] | None = None,
    date: Day = None,
) -> tuple[Finding, ...]:
    """Return everything that is wrong or doubtful in a policy file; see :func:`validate_policy`.

    The policy's name is the file's, without the ending; `source` is the file's name unless another is given.
    """
    file = Path(path)
    return validate_policy(
        file.read_bytes(), kind=kind, name=name or file.stem, source=source or file.name, checks=checks, date=date
    )


def _day(date: Day) -> datetime.date | None:
    return datetime.date.fromisoformat(date) if isinstance(date, str) else date


def _wanted(checks: Iterable[str] | None) -> Callable[[str], bool]:
    if checks is None:
        return lambda code: True
    globs = tuple(map(compile_glob, (checks,) if isinstance(checks, str) else checks))
    return lambda code: any(glob(code) for glob in globs)


# Looking -------------------------------------------------------------------------------------------------------------


def _hits(reading: Reading) -> Iterator[Hit]:
    policy = reading.view
    if policy is None:
        return
    for whole in _OF_POLICY:
        yield from whole(policy)
    for view in policy.statements:
        yield from _statement_hits(view)
    for several in _OF_STATEMENTS:
        yield from several(policy.statements)
    yield from _confusable(reading)


def _statement_hits(view: StatementView) -> Iterator[Hit]:
    for check in (*_EVERY, *_BY_KIND.get(view.kind, ())):
        yield from check(view)
    if view.statement.conditions:
        for check in _WITH_CONDITIONS:
            yield from check(view)
    if view.statement.principals is not None:
        for check in _WITH_PRINCIPALS:
            yield from check(view)


def _confusable(reading: Reading) -> Iterator[Hit]:
    if reading.text is None:
        yield from placeholders.confusable_texts(reading.value)
    elif placeholders.may_be_confusable(reading.text):
        yield from placeholders.confusable_texts(json.loads(reading.text))


# Telling -------------------------------------------------------------------------------------------------------------


def _refused(reading: Reading, name: str, source: str | None) -> Iterator[Finding]:
    for one in reading.refusals:
        told, error = rule(one.code), one.error
        level = told.aws_level
        place = (error.pointer, error.line, error.column)
        yield Finding(one.code, one.severity, level, error.message, told.remedy, *place, name, source)


def _found(reading: Reading, name: str, source: str | None, wanted: Callable[[str], bool]) -> Iterator[Finding]:
    hits = [hit for hit in _hits(reading) if wanted(hit.code)]
    if not hits:
        return
    place = _places(reading.text)
    for code, pointer, message, severity in hits:
        told = rule(code)
        spot = place(pointer, code in _ABOUT_NAMES)
        yield Finding(
            code, severity or told.severity, told.aws_level, message, told.remedy, pointer, *spot, name, source
        )


def _places(text: str | None) -> Callable[[str, bool], tuple[int | None, int | None]]:
    if text is None:
        return lambda pointer, by_name: (None, None)
    places, place = find_places(text), locator(text)

    def spot(pointer: str, by_name: bool) -> tuple[int, int]:
        first, second = (places.keys, places.values) if by_name else (places.values, places.keys)
        return place(first.get(pointer, second.get(pointer, 0)))

    return spot


def _order(finding: Finding) -> Any:
    parts = [(len(part), part) if part.isdigit() else (0, part) for part in finding.pointer.split("/")]
    return finding.line or 0, finding.column or 0, parts, gravity(finding.severity), finding.code, finding.message
