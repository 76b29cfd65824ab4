"""A question to AWS: who does what to which resource, and in which context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import ABSENT, RESOURCE_TAGS, UNKNOWN_CONTEXT, Context, Values
from lexgraph.errors import RequestError, shown
from lexgraph.evaluation.callers import Caller, keys_of, read_caller
from lexgraph.policy.arn import is_arn
from lexgraph.policy.patterns import ascii_lower, is_pattern


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Parameters
    ----------
    principal : an ARN, ``"*"`` for an anonymous caller, ``"Service:lexv2.amazonaws.com"`` or ``"Federated:…"``.
    action : ``service:Name``, without wildcards; case does not count.
    resource : an ARN, or ``"*"``.
    context : condition keys and values; what is not given is unknown, unless the context is complete.
    resource_account : whose the resource is, where its ARN does not say (rule R7).

    Examples
    --------
    >>> Request("arn:aws:iam::111122223333:user/ana", "lex:GetBots", "*").action
    'lex:GetBots'
    """

    principal: str
    action: str
    resource: str
    context: Context = field(default=UNKNOWN_CONTEXT)
    resource_account: str | None = None

    def with_context(self, values: Mapping[str, Any]) -> Request:
        """Return the same request with more known of its context."""
        return Request(
            self.principal,
            self.action,
            self.resource,
            self.context.with_values(values),
            self.resource_account,
        )


USER_ID = "aws:userid"
_CALLER_ACCOUNT = "kms:calleraccount"
_TAGS = ("aws:principaltag/", *RESOURCE_TAGS)

# Of the characters beyond ASCII only the noncharacters that stand for "anything else" in a proof.
_ACTION = re.compile("[A-Za-z0-9.\\-\ufdd0-\ufdef]+:[A-Za-z0-9\\-\ufdd0-\ufdef]+")


def is_action(text: str) -> bool:
    """Return whether a request can name this action; policies may name others, which then match nothing.

    >>> is_action("lex:GetBot"), is_action("lex:Get Bot")
    (True, False)
    """
    return _ACTION.fullmatch(text) is not None


@lru_cache(8192)
def read_action(action: str) -> tuple[str, bool]:
    """Return an action in lower case, and whether it supports no resource types (rule R5).

    >>> read_action("EC2:DescribeInstances")
    ('ec2:describeinstances', True)
    """
    if not is_action(action):
        raise RequestError(
            f"an action is written service:Name, not {shown(action)}",
            code="MALFORMED_ACTION",
            pointer="/request/action",
        )
    lower = ascii_lower(action)
    return lower, catalog().wildcard_only(lower)


@lru_cache(8192)
def read_resource(resource: str) -> tuple[tuple[str, ...], bool, str | None]:
    """Return the six parts of a resource's ARN (``*`` is six stars), whether it is a pattern, and the account in it."""
    if resource == "*":
        return ("*",) * 6, True, None
    if not is_arn(resource):
        raise RequestError(
            f'a resource is an ARN of six parts or "*", not {shown(resource)}',
            code="MALFORMED_ARN",
            pointer="/request/resource",
        )
    parts = tuple(resource.split(":", 5))
    account = parts[4] if len(parts[4]) == 12 and parts[4].isdigit() else None
    return parts, is_pattern(resource), account


class Question:
    """A request made ready to be held against many statements: read once, its keys looked up on demand.

    `resource` stands in for the request's own where that is a pattern and one resource of it is asked about (rule R6).
    `assumed` collects the keys that were taken to be absent because the catalogue does not list them for the action
    (rule C10).
    """

    __slots__ = (
        "_account",
        "_derived",
        "about_many",
        "action",
        "assumed",
        "caller",
        "complete",
        "known",
        "parts",
        "request",
        "resource",
        "wildcard_only",
    )
    # Whether a role that asks is none of the sessions that policies name, since these are asked about too.
    sessions_apart: bool = False

    def __init__(self, request: Request, resource: str | None = None) -> None:
        self.request = request
        self.resource = request.resource if resource is None else resource
        self.caller: Caller = read_caller(request.principal)
        self.action, self.wildcard_only = read_action(request.action)
        self.parts, pattern, self._account = read_resource(self.resource)
        # Rule R6: a pattern asks about a set, but for an action that takes no resource anyway.
        self.about_many = pattern and not self.wildcard_only
        self.known = request.context.known
        self.complete = request.context.complete
        self._derived: Mapping[str, Values] | None = None
        self.assumed: dict[str, None] = {}

    def lookup(self, key: str) -> Values | None:
        """Return the values of a lower-cased key, () where it is absent, None where it is unknown (rules U1, U4,
        C10).
        """
        values = self.known.get(key)
        if values is not None:
            return values
        if self._derived is None:
            self._derived = self._derive()
        values = self._derived.get(key)
        if values is None and key.startswith(_TAGS):
            values = self._tag(key)
        if values is not None:
            return values
        if self.complete:
            return ABSENT
        if catalog().key_fits(key, self.action) is False:
            self.assumed[key] = None
            return ABSENT
        return None

    @property
    def is_own(self) -> bool:
        """Whether the caller has an account, and the resource is in it."""
        account = self.caller.account
        return account is not None and self.resource_account == account

    @property
    def resource_account(self) -> str | None:
        """Whose the resource is (rule R7): as stated, else by the ARN, else by the context, else the caller's
        account.
        """
        account = self.request.resource_account or self._account
        if account is None and (given := self.known.get("aws:resourceaccount")):
            account = given[0]
        return account or self.caller.account

    @property
    def role_id(self) -> str | None:
        """The unique id of the role that asks, where it is known, and the whole aws:userid is not: who asks as a role
        is one of its sessions, of whichever name.
        """
        known = self.request.context.role_id
        return known if known is not None and self.caller.kind == "role" and self.lookup(USER_ID) is None else None

    def _derive(self) -> Mapping[str, Values]:
        account, role = self.resource_account, self.request.context.role_id
        found = keys_of(self.caller)
        if account is not None:
            found = {**found, "aws:resourceaccount": (account,)}
        if self.action.startswith("kms:") and self.caller.account is not None:
            sent = catalog().key_fits(_CALLER_ACCOUNT, self.action) is not False  # Rule C10.
            found = {**found, _CALLER_ACCOUNT: (self.caller.account,)} if sent else found
        if role is not None and self.caller.kind == "session":
            found = {**found, USER_ID: (f"{role}:{self.caller.name}",)}
        elif role is not None and self.caller.kind == "role" and self.complete:
            # That nothing more is known of a session leaves it without a name; it is of the role all the same.
            found = {**found, USER_ID: (f"{role}:",)}
        return found

    def _tag(self, key: str) -> Values | None:
        """The value of a tag, where all tags of the caller, or of the resource, are known."""
        kind, _, name = key.partition("/")
        if kind == "aws:principaltag":
            return ABSENT if self.request.context.whole_tags else None
        tags = self.request.context.resource_tags
        if tags is None or catalog().key_fits(key, self.action) is False:
            return None  # Rule C10: AWS does not send them with every action.
        return (tags[name],) if name in tags else ABSENT
