"""Counterexamples as a person would write them, confirmed by the point evaluator before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.keys import GLOBAL_KEYS, TAG_KEYS
from lexgraph.conditions.context import Context
from lexgraph.conditions.logic import Assignment
from lexgraph.conditions.variables import read_template
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.services import needs_resource_policy
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.intersect import FRESH
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.policy.patterns import ascii_lower
from lexgraph.reasoning.questions import DISTINCT
from lexgraph.reasoning.side import ACCOUNT, PLAIN, Asked, Side, owned, someone

_NICE = ("arn", "aws", "", "us-east-1", ACCOUNT, "example")
# Region and account where a service writes its best-known ARNs without one of them.
_PLACES = {
    "s3": ("", ""),
    "route53": ("", ""),
    **dict.fromkeys(("iam", "sts", "organizations", "cloudfront"), ("", ACCOUNT)),
}


def confirmed(
    a: Side, b: Side, action: str, asked: Asked, assigned: Assignment, *, both: bool, plain: bool = True
) -> Request | None:
    """Return a request that `a` allows and `b` does not (with `both`: that both allow), or None where none is
    confirmed.

    Where all is `plain`, the resource's own policy is taken to delegate to identity policies.
    """
    for request in _spellings(_as_written(action, a), asked, assigned):
        try:
            if _truth(a, request, plain=plain) is True and _truth(b, request, plain=plain) is both:
                return _with_spelled_keys(request, (a, b))
        except LexgraphError:
            continue  # A spelling that is no request: another one follows.
    return None


def _truth(side: Side, request: Request, *, plain: bool) -> bool | None:
    """Whether a side allows; None where something that could not be read decides."""
    if side.document is not None:
        formula = side.formula(Question(request))
        return formula if isinstance(formula, bool) else None
    outcome = _decided(side.stack, request) if plain else authorize(side.stack, request).outcome
    return None if outcome == "conditional" else outcome == "allowed"


def allows(stack: PolicyStack, request: Request) -> bool:
    """Return whether the point evaluator allows; identity policies are judged as if the resource's own policy
    delegated.
    """
    return _decided(stack, request) == "allowed"


def _decided(stack: PolicyStack, request: Request) -> Outcome:
    if PLAIN.issuperset(stack.given) and needs_resource_policy(Question(request)):
        stack = replace(stack, resource=_delegating(request.principal.split(":")[4]))
    return authorize(stack, request).outcome


@lru_cache(256)
def _delegating(account: str) -> Policy:
    statement = Statement("Allow", PatternSet(("*",)), principals=PatternSet((f"AWS:{account}",)))
    return Policy("delegates to identity policies", (statement,), kind="resource")


def _spellings(action: str, asked: Asked, assigned: Assignment) -> Iterator[Request]:
    """The same counterexample in several spellings, the most readable first."""
    service = ascii_lower(action.partition(":")[0])
    for places in dict.fromkeys((_PLACES.get(service, _NICE[3:5]), _NICE[3:5])):
        yield from _placed(action, asked, assigned, (*_NICE[:2], service, *places, _NICE[5]))


def _placed(action: str, asked: Asked, assigned: Assignment, nice: Sequence[str]) -> Iterator[Request]:
    resource = asked.resource
    names = _names(resource, nice)
    if names:
        resource = _renamed(resource, names)
        assigned = {key: tuple(_renamed(value, names) for value in values) for key, values in assigned.items()}
    readable = ["*"]
    if resource != "*":
        parts = resource.split(":", 5)
        readable = [":".join(part.replace(FRESH, text) for part, text in zip(parts, nice, strict=True))]
        readable.append(owned(resource, nice[4]).replace(FRESH, "example"))
        readable += [resource.replace(FRESH, text) for text in ("example", "0", FRESH)]
    for text, filling in product(readable, ("example", ACCOUNT, "0", FRESH)):
        for name in _NEW_NAMES if FRESH in action else ("",):
            yield _request(_spelled(action, name), replace(asked, resource=text), assigned, filling)


def _names(resource: str, nice: Sequence[str]) -> dict[str, str]:
    """A word for each star that has a character of its own: ``example``, ``example2``, …"""
    names: dict[str, str] = {}
    for part, word in zip(resource.split(":", 5), nice, strict=False):
        own = [char for char in DISTINCT if char in part]
        names.update((char, f"{word}{number}" if number > 1 else word) for number, char in enumerate(own, 1))
    return names


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """A text with every star's own character put into a word."""
    return "".join(names.get(char, char) for char in text)


def _request(action: str, asked: Asked, assigned: Assignment, filling: str) -> Request:
    caller = asked.caller
    assigned = assigned if caller is None else {**caller.given, **assigned}
    values = {key: _values(found, filling) for key, found in sorted(assigned.items())}
    parts = asked.resource.split(":", 5)
    account = parts[4] if len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdigit() else asked.owner
    known = Context(values, complete=True)
    if caller is None:
        account = account or ACCOUNT
        return Request(someone(account), action, asked.resource, known, account)
    name = assigned.get("aws:username", ())  # where the key was left free, the user is called so
    principal = caller.principal.replace(FRESH, name[0] if _is_name(name) else filling)
    return Request(principal, action, asked.resource, known, account)


def _is_name(values: Sequence[str]) -> bool:
    return len(values) == 1 and values[0] != "" and values[0].isascii() and values[0].isalnum()


def _values(found: tuple[str, ...], filling: str) -> str | list[str] | None:
    texts = [text.replace(FRESH, filling) for text in found]
    return None if not texts else texts[0] if len(texts) == 1 else texts


_NEW_NAMES = ("NewAction", "X", "7")  # one character where a ``?`` counts them


def _as_written(action: str, side: Side) -> str:
    """An unknown action as the side that allows it writes it, where one of its patterns stands for it."""
    if catalog().index_of(action) is not None:
        return action
    marks = str.maketrans({"*": FRESH, "?": FRESH})
    written = (pattern.translate(marks) for _, pattern in side.action_patterns())
    return next((text for text in written if ascii_lower(text) == ascii_lower(action)), action)


def _with_spelled_keys(request: Request, sides: tuple[Side, Side]) -> Request:
    """The same request, its keys as the policies spell them, or else as AWS does: their case does not count."""
    values = request.context.values
    if not values:
        return request
    spelled = {ascii_lower(key): key for key in (*GLOBAL_KEYS, *TAG_KEYS)}
    first: dict[str, str] = {}
    for side in sides:
        for entry, _ in side.statements:
            for key in _keys(entry.statement, variables=entry.policy.has_variables):
                first.setdefault(ascii_lower(key), key)
    spelled |= first
    renamed = {spelled.get(key, key): value for key, value in values.items()}
    return replace(request, context=Context(renamed, request.context.complete))


def _keys(statement: Statement, *, variables: bool) -> Iterator[str]:
    """The keys of a statement's conditions and variables, as it spells them."""
    texts = list(statement.resources or ())
    for test in statement.conditions:
        yield test.key
        texts += [value for value in test.values if isinstance(value, str)]
    for text in texts if variables else ():
        if "${" in text:
            yield from (variable.key for variable in read_template(text).variables)


def _spelled(action: str, name: str) -> str:
    """An action in AWS's spelling; one that the catalogue does not know gets a name that says so."""
    place = catalog().index_of(action)
    if place is not None:
        return catalog().names[place]
    service, _, rest = action.partition(":")
    return f"{service.replace(FRESH, 'newservice')}:{rest.replace(FRESH, name)}"
