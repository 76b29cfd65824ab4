"""Who asks: the forms of a request's principal, and the condition keys that follow from it (rules P1, P2, U4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from lexgraph.conditions.context import ABSENT, Values
from lexgraph.errors import RequestError, shown
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.patterns import is_pattern
from lexgraph.policy.problems import is_text

CallerKind = Literal["user", "role", "session", "federated-user", "root", "service", "federated", "anonymous"]


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's principal, taken apart.

    `arn` is the caller's own ARN (a session's, where it is one), `role` the ARN of a session's role without a path,
    `account` None for callers without one.
    """

    kind: CallerKind
    text: str
    arn: str | None = None
    account: str | None = None
    name: str = ""
    role: str | None = None


_TYPES: dict[CallerKind, str] = {
    "user": "User",
    "role": "AssumedRole",
    "session": "AssumedRole",
    "federated-user": "FederatedUser",
    "root": "Account",
    "anonymous": "Anonymous",
}


def principal_text(value: object) -> str:
    """Return a principal as a Request holds it: ``{"Service": "x"}`` is ``Service:x``.

    >>> principal_text({"Service": "lexv2.amazonaws.com"})
    'Service:lexv2.amazonaws.com'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and len(value) == 1:
        kind, name = next(iter(value.items()))
        if kind in ("Service", "Federated", "AWS") and is_text(name):
            return name if kind == "AWS" else f"{kind}:{name}"
    raise RequestError(
        'a principal is an ARN, "*", {"Service": name} or {"Federated": name}',
        code="MALFORMED_PRINCIPAL",
        pointer="/request/principal",
    )


_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


@lru_cache(4096)
def read_caller(text: str) -> Caller:
    """Return the caller that a principal names.

    >>> read_caller("arn:aws:sts::111122223333:assumed-role/bot-runner/s1").role
    'arn:aws:iam::111122223333:role/bot-runner'
    """
    if text in ("*", "AWS:*"):
        return Caller("anonymous", text)
    kind, _, rest = text.partition(":")
    if kind == "Service" and rest:
        return Caller("service", text, name=rest)
    if kind == "Federated" and rest:
        return Caller("federated", text, name=rest)
    if not is_arn(text):
        raise _malformed(text)
    _, partition, service, _, account, resource = split_arn(text)
    if not partition.startswith("aws") or not _ACCOUNT.fullmatch(account):
        raise _malformed(text)
    word, slash, path = resource.partition("/")
    name = path.rpartition("/")[2]
    if resource == "root" and service == "iam":
        return Caller("root", text, text, account, "root")
    # A path may hold any visible ASCII, stars too; a name may not, so one with a star was meant as a pattern.
    if not slash or not name or is_pattern(name):
        raise _malformed(text)
    if service == "iam" and word in ("user", "role"):
        return Caller("user" if word == "user" else "role", text, text, account, name)
    if service == "sts" and word == "assumed-role" and path.count("/") == 1:
        role, _, session = path.partition("/")
        return Caller("session", text, text, account, session, f"arn:{partition}:iam::{account}:role/{role}")
    if service == "sts" and word == "federated-user":
        return Caller("federated-user", text, text, account, path)
    raise _malformed(text)


def caller_of(name: str) -> Caller | None:
    """Return the one caller that a name means, None where it means none: a unique id, a canonical user, a pattern.

    >>> caller_of("AIDAEXAMPLEUSERID0001")
    """
    try:
        return read_caller(name)
    except RequestError:
        return None


def _malformed(text: str) -> RequestError:
    return RequestError(
        f"{shown(text)} is no principal: expected the ARN of a user, role, session, federated user or root, "
        '"*", "Service:name" or "Federated:name"',
        code="MALFORMED_PRINCIPAL",
        pointer="/request/principal",
    )


@lru_cache(4096)
def keys_of(caller: Caller) -> Mapping[str, Values]:
    """Return the condition keys that follow from the caller, lower-cased; () where the key is known to be absent
    (rule U4).
    """
    found: dict[str, Values] = {
        "aws:username": (caller.name,) if caller.kind == "user" else ABSENT,
        "aws:principalservicename": (caller.name,) if caller.kind == "service" else ABSENT,
    }
    signed = caller.kind not in ("anonymous", "federated")
    found["aws:principalisawsservice"] = (str(caller.kind == "service").lower(),) if signed else ABSENT
    if caller.kind in _TYPES:
        found["aws:principaltype"] = (_TYPES[caller.kind],)
    if caller.account:
        found["aws:principalaccount"] = (caller.account,)
        found["aws:principalarn"] = (caller.role or str(caller.arn),)
    elif caller.kind != "federated":
        found["aws:principalaccount"] = ("anonymous",) if caller.kind == "anonymous" else ABSENT
        found["aws:principalarn"] = ABSENT
    if caller.kind in _USER_IDS and (caller.account or caller.kind == "anonymous"):
        found["aws:userid"] = (_USER_IDS[caller.kind].format(account=caller.account, name=caller.name),)
    return found


_USER_IDS: dict[CallerKind, str] = {
    "root": "{account}",
    "anonymous": "anonymous",
    "federated-user": "{account}:{name}",
}

_OWN_KEYS = frozenset({"aws:username", "aws:userid", "aws:principaltype", "aws:principalarn"})


def tells_who(key: str) -> bool:
    """Return whether a lower-cased key may hold different values for two users or roles of one account.

    >>> tells_who("aws:principaltag/team"), tells_who("aws:principalaccount")
    (True, False)
    """
    return key in _OWN_KEYS or key.startswith("aws:principaltag/")
