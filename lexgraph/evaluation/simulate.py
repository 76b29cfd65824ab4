"""Cases of ``lexgraph simulate``: a JSON object in, a JSON object out; one bad case never stops the rest.

A field that is omitted, null or empty means that the layer does not apply; an empty *level* of service control
policies denies. An unknown field is an error: a misspelt ``permission_boundary`` must not widen access.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from lexgraph.conditions.context import Context
from lexgraph.errors import CaseError, DocumentError, LexgraphError, PolicyError, RequestError, shown
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.callers import principal_text
from lexgraph.evaluation.decision import OUTCOMES, Decision
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack, Settings
from lexgraph.policy.grammar import MAX_DIGITS
from lexgraph.policy.jsontext import escape_pointer, load_json
from lexgraph.policy.model import Kind, Number, Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.policy.problems import is_text

Json = Any
FIELDS = (
    "id",
    "request",
    "identity_policies",
    "permissions_boundary",
    "session_policies",
    "service_control_policies",
    "resource_control_policies",
    "resource_policy",
    "vpc_endpoint_policies",
    "settings",
    "complete_context",
    "expected",
)
REQUEST_FIELDS = ("principal", "action", "resource", "resource_account", "context")
SETTINGS = ("s3_restrict_public_buckets",)
KEPT = 256
_ACCOUNT = re.compile(r"[0-9]{12}\Z")


@dataclass(frozen=True, slots=True)
class Case:
    """One simulation: a request under a stack of policies, and perhaps the outcome that is expected."""

    id: Json
    request: Request
    stack: PolicyStack
    expected: str | None = None


class CaseReader:
    """Reads cases; the last few stacks of policies are kept, so that a file that asks much of few policies is fast."""

    def __init__(self) -> None:
        self._stacks: dict[str, PolicyStack] = {}

    def read(self, value: Json) -> Case:
        """Return the case that a JSON object says. Raises CaseError, PolicyError or RequestError."""
        case = _object(value, "", FIELDS, "a case")
        request = _request(case)
        expected = case.get("expected")
        if expected is not None and expected not in OUTCOMES:
            known = ", ".join(OUTCOMES)
            raise _wrong(f"expected must be one of {known}, not {_said(expected)}", "/expected", "INVALID_EXPECTED")
        return Case(case.get("id"), request, self._stack(case, request), expected)

    def _stack(self, case: Mapping[str, Json], request: Request) -> PolicyStack:
        is_trust = request.action.lower().startswith("sts:assumerole")
        # Not JSON: the number 1 and the string "1" must not share a stack, one of them may be an error.
        key = repr([is_trust, *(case.get(field) for field in FIELDS[2:10])])
        stack = self._stacks.get(key)
        if stack is None:
            stack = _stack(case, is_trust=is_trust)
            while len(self._stacks) >= KEPT:
                del self._stacks[next(iter(self._stacks))]
            self._stacks[key] = stack
        return stack


def _request(case: Mapping[str, Json]) -> Request:
    fields = _object(case.get("request"), "/request", REQUEST_FIELDS, "request")
    for name in ("principal", "action", "resource"):
        if name not in fields:
            raise _wrong(f"the request has no {name}", "/request", "MISSING_FIELD")
    for name in ("action", "resource"):
        if not is_text(fields[name]):
            raise _wrong(
                f"{name} must be a string, not {_said(fields[name])}",
                f"/request/{name}",
                "DATA_TYPE_MISMATCH",
            )
    account = fields.get("resource_account")
    if account is not None and not (is_text(account) and _ACCOUNT.match(account)):
        raise _wrong(
            f"resource_account must be a string of 12 digits, not {_said(account)}",
            "/request/resource_account",
            "MALFORMED_ACCOUNT",
        )
    complete = case.get("complete_context")
    if complete not in (None, True, False):
        raise _wrong(
            f"complete_context must be true or false, not {_said(complete)}",
            "/complete_context",
            "DATA_TYPE_MISMATCH",
        )
    context = fields.get("context")
    values = {} if context is None else _object(context, "/request/context", None, "context")
    return Request(
        principal_text(fields["principal"]),
        fields["action"],
        fields["resource"],
        _context(values, complete=complete is not False),
        account,
    )


def _context(values: Mapping[str, Json], *, complete: bool) -> Context:
    try:
        return Context(values, complete=complete)
    except RequestError as error:
        raise RequestError(error.message, code=error.code, pointer=f"/request{error.pointer}") from None


def _stack(case: Mapping[str, Json], *, is_trust: bool) -> PolicyStack:
    resource_kind: Kind = "trust" if is_trust else "resource"
    session = _policies(case, "session_policies", "session")
    endpoint = _policies(case, "vpc_endpoint_policies", "endpoint")
    return PolicyStack(
        identity=_policies(case, "identity_policies", "identity"),
        boundary=_one(case, "permissions_boundary", "boundary"),
        session=session or None,
        scps=_levels(case, "service_control_policies", "scp"),
        rcps=_levels(case, "resource_control_policies", "rcp"),
        resource=_one(case, "resource_policy", resource_kind),
        endpoint=endpoint or None,
        settings=_settings(case.get("settings")),
    )


def _settings(value: Json) -> Settings:
    if value is None:
        return Settings()
    settings = _object(value, "/settings", SETTINGS, "settings")
    restrict = settings.get("s3_restrict_public_buckets")
    if restrict not in (None, True, False):
        pointer = "/settings/s3_restrict_public_buckets"
        raise _wrong(
            f"s3_restrict_public_buckets must be true or false, not {_said(restrict)}",
            pointer,
            "DATA_TYPE_MISMATCH",
        )
    return Settings(s3_restrict_public_buckets=restrict is True)


def _one(case: Mapping[str, Json], field: str, kind: Kind) -> Policy | None:
    value = case.get(field)
    return None if value is None or value == [] else _policy(value, f"/{field}", kind)


def _policies(case: Mapping[str, Json], field: str, kind: Kind) -> tuple[Policy, ...]:
    value = case.get(field)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _wrong(f"{field} must be a list of policies, not {_said(value)}", f"/{field}", "DATA_TYPE_MISMATCH")
    return tuple(_policy(item, f"/{field}/{i}", kind) for i, item in enumerate(value))


def _levels(case: Mapping[str, Json], field: str, kind: Kind) -> tuple[tuple[Policy, ...], ...]:
    value = case.get(field)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(level, list) for level in value):
        raise _wrong(
            f"{field} must be a list of levels, each a list of policies, the root's first",
            f"/{field}",
            "DATA_TYPE_MISMATCH",
        )
    return tuple(
        tuple(_policy(item, f"/{field}/{i}/{j}", kind) for j, item in enumerate(level)) for i, level in enumerate(value)
    )


def _policy(value: Json, pointer: str, kind: Kind) -> Policy:
    if not isinstance(value, dict | str) or isinstance(value, Number):
        raise _wrong(f"a policy is an object or its JSON text, not {_said(value)}", pointer, "DATA_TYPE_MISMATCH")
    try:
        return parse_policy(value, name=pointer.strip("/").replace("/", " "), kind=kind)
    except PolicyError as error:
        raise error.into(PolicyError, pointer=pointer + error.pointer, line=None, column=None) from None


def _object(value: Json, pointer: str, known: tuple[str, ...] | None, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise _wrong(f"{what} must be an object, not {_said(value)}", pointer, "DATA_TYPE_MISMATCH")
    for key in value:
        if known is not None and key not in known:
            raise _wrong(
                f"{shown(key)} is no field of {what} (known: {', '.join(known)})",
                f"{pointer}/{escape_pointer(key)}",
                "UNKNOWN_FIELD",
            )
    return value


def _wrong(message: str, pointer: str, code: str) -> CaseError:
    return CaseError(message, code=code, pointer=pointer)


def _said(value: Json) -> str:
    if is_text(value):
        return shown(value)
    return "null" if value is None else shown(json.dumps(value))[1:-1]


# Answers -------------------------------------------------------------------------------------------------------------


def simulate_lines(lines: Iterable[str]) -> Iterator[tuple[dict[str, Json], str | None]]:
    """Yield, per line that is not blank, the answer and the outcome that the case expected (None where it expected
    none).

    Memory stays constant however many lines there are.
    """
    reader = CaseReader()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield simulate_line(line, number, reader)


def simulate_line(line: str, number: int, reader: CaseReader) -> tuple[dict[str, Json], str | None]:
    """Return the answer to one line, and the outcome that it expected."""
    try:
        value = load_json(line)
    except DocumentError as error:
        return {"id": None, "line": number, "error": _error(error)}, None
    identifier = value.get("id") if isinstance(value, dict) else None
    try:
        if isinstance(identifier, dict | list):
            identifier = None
            raise _wrong("id must be a string, a number, true, false or null", "/id", "DATA_TYPE_MISMATCH")
        case = reader.read(value)
        decision = authorize(case.stack, case.request)
        return answer(case, decision), case.expected
    except LexgraphError as error:
        problem = _error(error)
    except RecursionError:
        problem = _error(_wrong("nested too deep", "", "TOO_DEEP"))
    place = {"id": None, "line": number} if identifier is None else {"id": _plain(identifier)}
    return {**place, "error": problem}, None


def _plain(value: Json) -> Json:
    """A number as such, but one that no JSON reader takes in as it was spelt."""
    if not isinstance(value, Number):
        return value
    return value.value if len(value) <= MAX_DIGITS and math.isfinite(value.value) else str(value)


def answer(case: Case, decision: Decision) -> dict[str, Json]:
    """Return a decision as ``lexgraph simulate`` writes it."""
    why = decision.explain()
    return {
        "id": _plain(case.id),
        "decision": decision.outcome,
        "matched": [match.to_dict() for match in why.matched],
        "denied_by": why.denied_by.to_dict() if why.denied_by else None,
        "condition": decision.condition,
        "missing_keys": list(decision.missing_keys),
    }


def _error(error: LexgraphError) -> dict[str, Json]:
    return {"code": error.code, "pointer": cast(str, getattr(error, "pointer", "")), "message": error.message}
