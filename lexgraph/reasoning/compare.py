"""How two sets of policies relate, with a request for each difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lexgraph.evaluation.request import Request
from lexgraph.reasoning.contain import Answer, only_first, overlaps
from lexgraph.reasoning.side import Comparable, side_of

RelationName = Literal["equal", "narrower", "wider", "overlapping", "disjoint", "undecided"]


@dataclass(frozen=True, slots=True)
class Relation:
    """How `a` relates to `b`: equal, narrower (a allows less), wider, overlapping, disjoint, or undecided for `reason`.

    `only_a` and `only_b` are requests that only one side allows, where there are any; `assumptions` are what the
    relation leans on, `opaque` what could not be read and does not matter to it.
    """

    relation: RelationName
    only_a: Request | None = None
    only_b: Request | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    opaque: tuple[str, ...] = ()


def relate(a: Comparable, b: Comparable, *, principal: str | None = None) -> Relation:
    """Return how two policies, sets of policies or stacks relate, for every caller or for one (an ARN).

    Callers are as for :func:`~lexgraph.reasoning.contain.contains`.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "%s", "Resource": "*"}}'
    >>> relate(parse_policy(text % "lex:Get*"), parse_policy(text % "lex:*")).relation
    'narrower'
    """
    left, right = side_of(a), side_of(b)
    a_only, b_only = only_first(left, right, principal), only_first(right, left, principal)
    assumptions = tuple(dict.fromkeys((*a_only.assumptions, *b_only.assumptions)))
    opaque = tuple(dict.fromkeys((*a_only.opaque, *b_only.opaque)))
    name, reason = _name(a_only, b_only, lambda: overlaps(a, b, principal=principal))
    return Relation(name, a_only.request, b_only.request, assumptions, reason, opaque)


def _name(a_only: Answer, b_only: Answer, common_of: Callable[[], Answer]) -> tuple[RelationName, str]:
    if a_only.holds is None or b_only.holds is None:
        return "undecided", a_only.reason or b_only.reason
    if a_only.holds:
        return ("equal" if b_only.holds else "narrower"), ""
    if b_only.holds:
        return "wider", ""
    common = common_of()
    if common.holds is None:
        return "undecided", common.reason
    return ("overlapping" if common.holds else "disjoint"), ""
