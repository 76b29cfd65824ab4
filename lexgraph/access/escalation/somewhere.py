"""Whether a principal may do several things to one resource of its own choice, and to which.

Who creates a function names it, so it is enough that some name is allowed. The names fall into finitely many regions
(rule R6); what is returned is one that a single decision confirms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.account.model import Principal
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import UnsupportedError
from lexgraph.evaluation.authorize import CompiledStack, authorize
from lexgraph.evaluation.decision import Decision, Outcome
from lexgraph.evaluation.index import resource_patterns
from lexgraph.evaluation.regions import regions
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import compile_arn, split_arn
from lexgraph.policy.intersect import FRESH, TooManyPatterns, covers, intersect_parts

Parts = tuple[str, ...]
_WORDS = ("example", "example-2", FRESH)
_PLACE, _REGION = 3, "us-east-1"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a resource whose name is open: an action, and what is known of the request's context.

    `stack`: the layers that decide, where they are not those that the principal has now.
    """

    action: str
    known: Mapping[str, Any] = field(default_factory=dict)
    stack: PolicyStack | None = None

    def decide(self, account: Trimmed, who: Principal, resource: str) -> Decision:
        """Return the decision on one resource."""
        if self.stack is None:
            return account.decide(who, self.action, resource, self.known)
        return authorize(self.stack, self._request(account, who, resource))

    def parts(self, account: Trimmed, who: Principal, asked: str) -> Iterator[tuple[str, Outcome]]:
        """Yield the regions of a pattern where the action is granted; raises UnsupportedError where they cannot all
        be told apart.
        """
        for region in regions(self._layers(account, who), self._question(account, who, asked)):
            if region.outcome in GRANTING:
                yield region.pattern, region.outcome

    def at_hand(self, account: Trimmed, who: Principal, asked: str) -> tuple[Parts, ...]:
        """Return what the statements' patterns have in common with a pattern."""
        question = self._question(account, who, asked)
        layers = self._layers(account, who).all_layers()
        found = (parts for index in layers for _, parts in resource_patterns(index, question))
        return tuple(common for parts in dict.fromkeys(found) for common in _common(question.parts, parts))

    def _layers(self, account: Trimmed, who: Principal) -> CompiledStack:
        return (self.stack or account.stack(who)).compiled

    def _question(self, account: Trimmed, who: Principal, asked: str) -> Question:
        return Question(self._request(account, who, asked))

    def _request(self, account: Trimmed, who: Principal, resource: str) -> Request:
        context = account.snapshot.request_context(who, Context(self.known), resource)
        return Request(who.arn, self.action, resource, context)


def somewhere(
    account: Trimmed, who: Principal, actions: Sequence[str], kind: str, *, known: Sequence[str] = ()
) -> tuple[Decision, ...] | None:
    """Return the decisions on `actions` on one resource of a type, all granted, or None where there is none.

    A resource on which all are allowed comes before one where conditions decide. `known` are resources that exist;
    those of the type are tried too. `account` must be trimmed to the actions, or more.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account, action = read_account(example_account_path()), "lambda:InvokeFunction"
    >>> who = account.principal("role/stack-deployer")
    >>> [d.request.resource for d in somewhere(Trimmed(account, [action]), who, [action], "function")]
    ['arn:aws:lambda:us-east-1:111122223333:function:example']
    """
    best: tuple[Decision, ...] | None = None
    asks = tuple(map(Ask, actions))
    for resource in _candidates(account, who, asks, kind, known):
        found = tuple(ask.decide(account, who, resource) for ask in asks)
        if all(decision.outcome == "allowed" for decision in found):
            return found
        if best is None and all(decision.outcome in GRANTING for decision in found):
            best = found
    return best


def _candidates(
    account: Trimmed, who: Principal, asks: Sequence[Ask], kind: str, known: Sequence[str]
) -> Iterator[str]:
    _, partition, _, _, owner, _ = split_arn(who.arn)
    for pattern in patterns(asks[0].action.partition(":")[0], kind, partition, owner):
        fits = compile_arn(pattern)
        yield from (arn for arn in known if fits(split_arn(arn)))
        for region in open_regions(account, who, asks, pattern)[0]:
            yield from _spellings(region)


@lru_cache(1024)
def patterns(service: str, kind: str, partition: str, account: str) -> tuple[str, ...]:
    """Return the ARN patterns of a resource type in an account.

    >>> patterns("lambda", "function", "aws", "111122223333")
    ('arn:aws:lambda:*:111122223333:function:*',)
    """
    types = {found.name: found.arns for found in catalog().service(service).resource_types}
    filled = {"${Partition}": partition, "${Account}": account}
    return tuple(_filled(arn, filled) for arn in types[kind])


def _filled(template: str, known: dict[str, str]) -> str:
    for hole, value in known.items():
        template = template.replace(hole, value)
    while "${" in template:
        front, _, rest = template.partition("${")
        template = f"{front}*{rest.partition('}')[2]}"
    return template


def open_regions(
    account: Trimmed, who: Principal, asks: Sequence[Ask], pattern: str, *, most: int | None = None
) -> tuple[list[str], bool]:
    """Return the parts of a pattern in which all that is asked is granted, those first where no condition decides; and
    whether they could all be told apart, which takes at most so many questions about a part where `most` is given.
    """
    found, whole, left = {pattern: True}, True, most
    for ask in asks:
        inner: dict[str, bool] = {}
        for asked, sure in found.items():
            if left == 0:
                inner[asked], whole = False, False
                continue
            left = left and left - 1
            parts, exact = _granted(account, who, ask, asked)
            whole = whole and exact
            for part, outcome in parts:
                inner[part] = inner.get(part, False) or (sure and outcome == "allowed")
        found = _widest(inner)
    return sorted(found, key=lambda one: not found[one]), whole


def _widest(found: dict[str, bool]) -> dict[str, bool]:
    """The same without the regions that lie in one that is as good: what helps the smaller one helps the other too.

    (A Deny that matches a region matches all in it; one with NotResource spares what is in it where it spares it.)
    """
    kept: dict[str, bool] = {}
    parts: dict[str, Parts] = {}
    for pattern in sorted(found, key=lambda one: (not found[one], len(one), one)):
        own = split_arn(pattern)
        if not any((sure or not found[pattern]) and _covers(parts[wide], own) for wide, sure in kept.items()):
            kept[pattern], parts[pattern] = found[pattern], own
    return kept


def _covers(wide: Parts, narrow: Parts) -> bool:
    try:
        return all(a in ("*", b) or covers(a, b) for a, b in zip(wide, narrow, strict=True))
    except TooManyPatterns:
        return False


def _granted(account: Trimmed, who: Principal, ask: Ask, asked: str) -> tuple[list[tuple[str, Outcome]], bool]:
    """The regions of a pattern where an action is granted, and whether they could all be told apart.

    Where they cannot, the statements' own patterns within it stand for them.
    """
    try:
        return list(ask.parts(account, who, asked)), True
    except UnsupportedError:
        return [(":".join(parts), "conditional") for parts in ask.at_hand(account, who, asked)], False


def _common(a: Parts, b: Parts) -> Iterable[Parts]:
    try:
        return intersect_parts(a, b)
    except TooManyPatterns:
        return (a,)


def _spellings(pattern: str) -> Iterator[str]:
    """Names for a region, the most readable first."""
    parts = split_arn(pattern)
    for word in _WORDS:
        stars = (_REGION if i == _PLACE else word for i in range(len(parts)))
        texts = (part.replace("*", star).replace("?", "a") for part, star in zip(parts, stars, strict=True))
        yield ":".join(texts)
