"""Checks of a document as a whole, and of the elements that may be empty."""

from __future__ import annotations

from collections.abc import Iterator

from lexgraph.checks.view import Hit, PolicyView, StatementView
from lexgraph.policy.jsontext import escape_pointer
from lexgraph.policy.model import Kind
from lexgraph.policy.quotas import RESOURCE_QUOTAS, quota

_SIZE_CODES: dict[Kind, str] = {
    "scp": "POLICY_SIZE_EXCEEDS_SCP_QUOTA",
    "rcp": "POLICY_SIZE_EXCEEDS_RCP_QUOTA",
    "trust": "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA",
    "resource": "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA",
    "endpoint": "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA",
}


def version(view: PolicyView) -> Iterator[Hit]:
    """MISSING_VERSION."""
    if view.policy.version is None:
        yield Hit("MISSING_VERSION", "", "there is no Version, so the rules of 2008 apply and ${…} is plain text")


def size(view: PolicyView) -> Iterator[Hit]:
    """POLICY_SIZE_EXCEEDS_… (the quotas are those of the day)."""
    limit = quota(view.kind, view.day)
    characters = view.sent if limit.white_space else view.size
    allowed, most = limit.characters, limit.most
    if view.kind == "resource":
        named = {service for statement in view.statements for service in statement.services}
        allowed = most = RESOURCE_QUOTAS.get(named.pop(), allowed) if len(named) == 1 else allowed
    if characters <= allowed:
        return
    code = _SIZE_CODES.get(view.kind, "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA")
    counted = "characters" if limit.white_space else "characters, white space not counted,"
    message = f"{characters:,} {counted} are more than the quota of {allowed:,}"
    if view.kind == "trust" and characters > most:
        yield Hit(code, "", f"{message}, and than the {most:,} that AWS grants on request", "error")
    else:
        # The plain text of a session policy has a limit of the API, which nobody raises.
        yield Hit(code, "", message, "error" if view.kind == "session" else None)


def empty_parts(view: StatementView) -> Iterator[Hit]:
    """EMPTY_SID_VALUE, EMPTY_OBJECT_CONDITION, EMPTY_OBJECT_PRINCIPAL, EMPTY_ARRAY_PRINCIPAL."""
    statement = view.statement
    if statement.sid == "":
        yield Hit("EMPTY_SID_VALUE", f"{view.at}/Sid", "the Sid is empty")
    for operator in statement.empty:
        pointer = f"{view.at}/Condition/{escape_pointer(operator)}" if operator else f"{view.at}/Condition"
        yield Hit("EMPTY_OBJECT_CONDITION", pointer, f"{operator or 'Condition'} is an empty object")
    if (principals := statement.principals) is None:
        return
    at = view.element("Principal")
    if not principals.form:
        yield Hit("EMPTY_OBJECT_PRINCIPAL", at, "the principal is an empty object, so the statement is about nobody")
    for kind, count in principals.form:
        if count == 0:
            yield Hit("EMPTY_ARRAY_PRINCIPAL", f"{at}/{kind}", f"the list of {kind} principals is empty")
