"""Whether a principal may do several things to one resource of its own choice, and to which.

Who creates a function names it, so it is enough that some name is allowed. The names fall into finitely many regions
(rule R6); what is returned is one that a single decision confirms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.account.model import Principal
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import UNKNOWN_CONTEXT
from lexgraph.errors import UnsupportedError
from lexgraph.evaluation.decision import Decision, Outcome
from lexgraph.evaluation.index import resource_patterns
from lexgraph.evaluation.regions import regions
from lexgraph.evaluation.request import Question, Request
from lexgraph.policy.arn import compile_arn, split_arn
from lexgraph.policy.intersect import FRESH, TooManyPatterns, covers, intersect_parts

Parts = tuple[str, ...]
_WORDS = ("example", "example-2", FRESH)
_PLACE, _REGION = 3, "us-east-1"


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
    for resource in _candidates(account, who, actions, kind, known):
        found = tuple(account.decide(who, action, resource) for action in actions)
        if all(decision.outcome == "allowed" for decision in found):
            return found
        if best is None and all(decision.outcome in GRANTING for decision in found):
            best = found
    return best


def _candidates(
    account: Trimmed, who: Principal, actions: Sequence[str], kind: str, known: Sequence[str]
) -> Iterator[str]:
    _, partition, _, _, owner, _ = split_arn(who.arn)
    for pattern in patterns(actions[0].partition(":")[0], kind, partition, owner):
        fits = compile_arn(pattern)
        yield from (arn for arn in known if fits(split_arn(arn)))
        for region in _regions(account, who, actions, pattern):
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


def _regions(account: Trimmed, who: Principal, actions: Sequence[str], pattern: str) -> list[str]:
    """The parts of a pattern in which every action is granted, those first where no condition decides."""
    found: dict[str, bool] = {pattern: True}
    for action in actions:
        inner: dict[str, bool] = {}
        for asked, sure in found.items():
            for part, outcome in _granted(account, who, action, asked):
                inner[part] = inner.get(part, False) or (sure and outcome == "allowed")
        found = _widest(inner)
    return sorted(found, key=lambda one: not found[one])


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


def _granted(account: Trimmed, who: Principal, action: str, asked: str) -> Iterator[tuple[str, Outcome]]:
    """The regions of a pattern where an action is granted.

    Where they cannot all be told apart, the statements' own patterns within it stand for them.
    """
    compiled = account.stack(who).compiled
    context = account.snapshot.request_context(who, UNKNOWN_CONTEXT, asked)
    question = Question(Request(who.arn, action, asked, context))
    try:
        found = regions(compiled, question)
    except UnsupportedError:
        at_hand = (parts for index in compiled.all_layers() for _, parts in resource_patterns(index, question))
        for parts in dict.fromkeys(at_hand):
            yield from ((":".join(part), "conditional") for part in _common(question.parts, parts))
        return
    yield from ((region.pattern, region.outcome) for region in found if region.outcome in GRANTING)


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
