"""From a document to what the checks look at, also where the document is damaged: what can be read is checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from lexgraph.checks.finding import Severity
from lexgraph.checks.view import Hints, PolicyView, StatementView
from lexgraph.errors import DocumentError, PolicyError
from lexgraph.policy import grammar
from lexgraph.policy.jsontext import decode, find_places, load_json, locate
from lexgraph.policy.model import Effect, Kind, PatternSet, Policy, Statement
from lexgraph.policy.parse import inspect_policy
from lexgraph.policy.quotas import SCP_FULL_LANGUAGE
from lexgraph.policy.reader import PolicyReader
from lexgraph.policy.write import policy_document

Json = Any
Document = str | bytes | Mapping[str, Json] | Policy


@dataclass(frozen=True, slots=True)
class Refusal:
    """A structural error, under the code of the rule that tells it."""

    code: str
    error: PolicyError
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the text (None where there was none), the value, the policy as far as it goes, what is wrong."""

    text: str | None
    value: Json
    view: PolicyView | None
    refusals: tuple[Refusal, ...]


def read_document(document: Document, kind: Kind, name: str, source: str | None, day: date | None) -> Reading:
    """Return what can be read of a document."""
    if isinstance(document, Policy):
        return _reading(None, policy_document(document), document, day)
    policy, errors = inspect_policy(document, name=name, kind=kind, source=source)
    text, value = _loaded(document, policy is None)
    if policy is not None:
        return _reading(text, value, policy, day)
    refusals = tuple(refusal for error in errors for refusal in _refusals(error, kind, text, day))
    view = _damaged(value, kind, name, text, day) if isinstance(value, Mapping) else None
    return Reading(text, value, view, refusals)


def _loaded(document: str | bytes | Mapping[str, Json], again: bool) -> tuple[str | None, Json]:
    """The text, and the value of a text only where it is wanted."""
    if not isinstance(document, str | bytes):
        return None, document
    try:
        text = decode(document)
        return text, load_json(text) if again else None
    except DocumentError:
        return (document if isinstance(document, str) else None), None


def _reading(text: str | None, value: Json, policy: Policy, day: date | None) -> Reading:
    hints = Hints()
    views = tuple(
        StatementView(
            statement,
            "/Statement" if policy.lone_statement else f"/Statement/{i}",
            policy.kind,
            policy.has_variables,
            day,
            hints=hints,
        )
        for i, statement in enumerate(policy.statements)
    )
    return Reading(text, value, PolicyView(policy, views, *_sizes(text, value), day), ())


def _sizes(text: str | None, value: Json) -> tuple[int, int]:
    """Characters without white space, and characters as sent."""
    written = text if text is not None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(written) - sum(map(written.count, " \t\n\r")), len(written)


# Damaged documents ---------------------------------------------------------------------------------------------------


class _LenientReader(PolicyReader):
    """Reads a damaged statement as far as it goes; an Effect that is none stays empty, so that it neither allows nor
    denies.
    """

    def statement(self, value: Json, at: str) -> Statement | None:
        """Return what can be read of a statement."""
        if not isinstance(value, Mapping):
            return None
        effect = self.effect(value, at)
        sid = self.sid(value, at)
        conditions, empty = self.conditions(value, at)
        return Statement(
            cast(Effect, effect if effect in ("Allow", "Deny") else ""),
            self.patterns(value, at, "Action", required=False) or PatternSet(()),
            self.resources(value, at),
            self.principals(value, at),
            conditions,
            sid if isinstance(sid, str) else None,
            empty,
        )


def _damaged(value: Mapping[str, Json], kind: Kind, name: str, text: str | None, day: date | None) -> PolicyView:
    reader = _LenientReader(kind, None)
    found = value.get("Statement")
    items = {"/Statement": found} if isinstance(found, Mapping) else dict(_items(found))
    version = value.get("Version", None if "Version" not in value else "")
    variables = version == "2012-10-17"
    views, hints = [], Hints()
    for at, item in items.items():
        before = len(reader.problems)
        if (statement := reader.statement(item, at)) is not None:
            damaged = len(reader.problems) > before
            views.append(StatementView(statement, at, kind, variables, day, damaged, hints))
    policy = Policy(
        name, tuple(v.statement for v in views), "" if version is None and "Version" in value else version, kind
    )
    return PolicyView(policy, tuple(views), *_sizes(text, value), day)


def _items(found: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(found, list | tuple):
        yield from ((f"/Statement/{i}", item) for i, item in enumerate(found))


def _refusals(error: PolicyError, kind: Kind, text: str | None, day: date | None) -> Iterator[Refusal]:
    code = error.code
    if code == "DUPLICATE_KEY" and text is not None:
        yield from _duplicates(error, text)
    elif code == "INVALID_CHARACTER" and text is not None and not error.pointer:
        error.pointer = _pointer_at(text, error.line or 1, error.column or 1)
        yield Refusal(code, error)
    elif code == "INVALID_CONDITION_OPERATOR" and _is_null_if_exists(error.pointer):
        error.message = "Null takes no IfExists: it is about the key's absence itself"
        yield Refusal("NULL_WITH_IF_EXISTS", error)
    elif code == "UNIQUE_SIDS_REQUIRED" and kind in ("resource", "endpoint"):
        yield Refusal("UNIQUE_SIDS_RECOMMENDED", error, "warning")
    elif code == "UNSUPPORTED_PRINCIPAL" and kind == "scp" and day is not None and day < SCP_FULL_LANGUAGE:
        yield Refusal("SCP_SYNTAX_ERROR_PRINCIPAL", error)
    else:
        yield Refusal(code, error)


def _is_null_if_exists(pointer: str) -> bool:
    name = pointer.rpartition("/")[2].lower().rpartition(":")[2]
    return name.removesuffix("ifexists") == "null" and grammar.read_operator("Null") is not None


def _pointer_at(text: str, line: int, column: int) -> str:
    """The pointer of the value or key in which a character stands."""
    lines, found = text.split("\n"), find_places(text)
    offset = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
    starts = ((at, pointer) for places in (found.values, found.keys) for pointer, at in places.items() if at <= offset)
    return max(starts, default=(0, ""))[1]


def _duplicates(error: PolicyError, text: str) -> Iterator[Refusal]:
    """Each key that stands twice, not only the first."""
    twice = find_places(text).twice
    if not twice:
        yield Refusal("DUPLICATE_KEY", error)
    for pointer, first, second in twice:
        (line0, column0), (line, column) = locate(text, first), locate(text, second)
        key = pointer.rpartition("/")[2]
        message = (
            f'the key "{key}" stands twice in one object, first at {line0}:{column0}; one of the two would be lost'
        )
        told = PolicyError(
            message, code="DUPLICATE_KEY", pointer=pointer, line=line, column=column, source=error.source
        )
        yield Refusal("DUPLICATE_KEY", told)
