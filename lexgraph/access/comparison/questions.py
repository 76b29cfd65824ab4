"""Questions that stand for what a resource's policies speak of, and requests that show a difference of two answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lexgraph.access.comparison.holders import Holder
from lexgraph.account.owners import policy_holders
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.logic import Formula, Undecided, all_of, model, negate
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.policy.arn import is_arn
from lexgraph.policy.intersect import FRESH
from lexgraph.policy.model import Statement

ASSUME = "sts:AssumeRole*"


def questions_about(holder: Holder) -> Iterator[tuple[str, str]]:
    """Yield actions on resources that stand for what the two policies of a holder speak of."""
    said = tuple(statement for policy in holder.policies for statement in policy.statements)
    for action in _actions(said, ASSUME if holder.trust else "*"):
        if holder.trust:
            yield action, holder.arn
        elif not catalog().wildcard_only(action):
            yield from ((action, resource) for resource in _resources(holder.arn, said))


def _actions(statements: Iterable[Statement], pattern: str) -> Iterator[str]:
    """Actions that the statements are about: all of `ASSUME`, else one of each set that no statement tells apart."""
    cat = catalog()
    sets = [cat.bits_of(one.actions.patterns, one.actions.negated) & cat.bits(pattern) for one in statements]
    if pattern == ASSUME:
        yield from sorted({name for bits in sets for name in cat.names_in(bits)})
        return
    parts = [cat.everything & ~cat.wildcard_only_bits]
    for bits in sets:
        parts = [half for part in parts for half in (part & bits, part & ~bits) if half]
    for part in parts:
        if any(part & bits for bits in sets):
            yield cat.names[(part & -part).bit_length() - 1]


def _resources(arn: str, statements: Iterable[Statement]) -> Iterator[str]:
    """The resource, and an example of each pattern that speaks of it or of a part of it."""
    patterns = dict.fromkeys((arn, *(pattern for one in statements for pattern in one.resources or ())))
    examples = (pattern.replace("*", "example").replace("?", "x") for pattern in patterns)
    yield from dict.fromkeys(one for one in examples if is_arn(one) and arn in policy_holders(one))


def telling_apart(here: Decision, there: Decision | None) -> Request | None:
    """Return the request with a context in which it is allowed here and not there; None where none is found."""
    formula: Formula = here.residual
    if there is not None:
        formula = all_of((formula, negate(there.residual)))
    try:
        assigned = model(formula)
    except Undecided:
        return None
    if assigned is None:
        return None
    known = here.request.context.with_values({key: _written(texts) for key, texts in sorted(assigned.items())})
    return replace(here.request, context=replace(known, complete=True))


def _written(texts: tuple[str, ...]) -> str | list[str] | None:
    """A key's values as a context holds them; characters that stand for anything become a word."""
    found = [text.replace(FRESH, "example") for text in texts]
    return found if len(found) > 1 else found[0] if found else None
