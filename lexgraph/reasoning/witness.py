"""Counterexamples as a person would write them, confirmed by the point evaluator before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.conditions.logic import Assignment
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.services import needs_resource_policy
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.intersect import FRESH
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.reasoning.questions import DISTINCT
from lexgraph.reasoning.side import ACCOUNT, PLAIN, Side, someone

_NICE = ("arn", "aws", "", "us-east-1", ACCOUNT, "example")


def confirmed(a: Side, b: Side, action: str, resource: str, assigned: Assignment, *, both: bool) -> Request | None:
    """Return a request that `a` allows and `b` does not (with `both`: that both allow), or None where none is
    confirmed.
    """
    for request in _spellings(action, resource, assigned):
        try:
            if allows(a.stack, request) and allows(b.stack, request) is both:
                return request
        except LexgraphError:
            continue  # A spelling that is no request: another one follows.
    return None


def allows(stack: PolicyStack, request: Request) -> bool:
    """Return whether the point evaluator allows; identity policies are judged as if the resource's own policy
    delegated.
    """
    if PLAIN.issuperset(stack.given) and needs_resource_policy(Question(request)):
        stack = replace(stack, resource=_delegating(request.principal.split(":")[4]))
    return authorize(stack, request).outcome == "allowed"


@lru_cache(256)
def _delegating(account: str) -> Policy:
    statement = Statement("Allow", PatternSet(("*",)), principals=PatternSet((f"AWS:{account}",)))
    return Policy("delegates to identity policies", (statement,), kind="resource")


def _spellings(action: str, resource: str, assigned: Assignment) -> Iterator[Request]:
    """The same counterexample in several spellings, the most readable first."""
    nice = (*_NICE[:2], action.partition(":")[0], *_NICE[3:])
    names = _names(resource, nice)
    if names:
        resource = _renamed(resource, names)
        assigned = {key: tuple(_renamed(value, names) for value in values) for key, values in assigned.items()}
    readable = ["*"]
    if resource != "*":
        parts = resource.split(":", 5)
        readable = [":".join(part.replace(FRESH, text) for part, text in zip(parts, nice, strict=True))]
        readable += [resource.replace(FRESH, text) for text in ("example", "0", FRESH)]
    for text, filling in product(readable, ("example", ACCOUNT, "0", FRESH)):
        for name in _NEW_NAMES if FRESH in action else ("",):
            yield _request(_spelled(action, name), text, assigned, filling)


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


def _request(action: str, resource: str, assigned: Assignment, filling: str) -> Request:
    values = {key: _values(found, filling) for key, found in sorted(assigned.items())}
    parts = resource.split(":", 5)
    account = parts[4] if len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdigit() else ACCOUNT
    return Request(someone(account), action, resource, Context(values, complete=True), account)


def _values(found: tuple[str, ...], filling: str) -> str | list[str] | None:
    texts = [text.replace(FRESH, filling) for text in found]
    return None if not texts else texts[0] if len(texts) == 1 else texts


_NEW_NAMES = ("NewAction", "X", "7")  # one character where a ``?`` counts them


def _spelled(action: str, name: str) -> str:
    """An action in AWS's spelling; one that the catalogue does not know gets a name that says so."""
    place = catalog().index_of(action)
    if place is not None:
        return catalog().names[place]
    service, _, rest = action.partition(":")
    return f"{service.replace(FRESH, 'newservice')}:{rest.replace(FRESH, name)}"
