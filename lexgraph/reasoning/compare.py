"""How two sets of policies relate, with a request for each difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lexgraph.evaluation.request import Request
from lexgraph.reasoning.contain import Answer, only_first, overlaps
from lexgraph.reasoning.side import Comparable, side_of

RelationName = Literal["equal", "narrower", "wider", "overlapping", "disjoint", "undecided"]


@dataclass(frozen=True, slots=True)
class Relation:
    """How `a` relates to `b`: equal, narrower (a allows less), wider, overlapping, disjoint, or undecided for `reason`.

    `only_a` and `only_b` are requests that only one side allows, where there are any.
    """

    relation: RelationName
    only_a: Request | None = None
    only_b: Request | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""


def relate(a: Comparable, b: Comparable) -> Relation:
    """Return how two policies, sets of policies or stacks relate.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "%s", "Resource": "*"}}'
    >>> relate(parse_policy(text % "lex:Get*"), parse_policy(text % "lex:*")).relation
    'narrower'
    """
    left, right = side_of(a), side_of(b)
    a_only, b_only = only_first(left, right), only_first(right, left)
    assumptions = tuple(dict.fromkeys((*a_only.assumptions, *b_only.assumptions)))
    name, reason = _name(a_only, b_only, a, b)
    return Relation(name, a_only.request, b_only.request, assumptions, reason)


def _name(a_only: Answer, b_only: Answer, a: Comparable, b: Comparable) -> tuple[RelationName, str]:
    if a_only.holds is None or b_only.holds is None:
        return "undecided", a_only.reason or b_only.reason
    if a_only.holds:
        return ("equal" if b_only.holds else "narrower"), ""
    if b_only.holds:
        return "wider", ""
    common = overlaps(a, b)
    if common.holds is None:
        return "undecided", common.reason
    return ("overlapping" if common.holds else "disjoint"), ""
