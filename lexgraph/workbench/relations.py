"""How policies relate, as a notebook asks it: a string names a managed policy, and a set stands for its policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from lexgraph import reasoning
from lexgraph.errors import LexgraphError, shown
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy
from lexgraph.reasoning import Answer, Relation
from lexgraph.workbench.start import find_policy

Side: TypeAlias = Policy | PolicyStack | str | Mapping[str, Policy] | Iterable[Policy]


def contains(wide: Side, narrow: Side, *, principal: str | None = None) -> Answer:
    """Return whether `wide` allows everything that `narrow` allows; if not, with a request that only `narrow` allows.

    Each is a policy, a managed policy's name (``Name`` or ``Name@v6``), several policies, or a stack. Where policies
    name principals this is asked for every caller; `principal` (an ARN) makes it one caller's, whose name and account
    the conditions then know. A policy that names principals and stands alone is taken by its own words.

    >>> contains("AmazonLexFullAccess", "AmazonLexReadOnly").holds
    True
    """
    return reasoning.contains(_side(wide), _side(narrow), principal=principal)


def equivalent(a: Side, b: Side, *, principal: str | None = None) -> Answer:
    """Return whether `a` and `b` allow the same requests; if not, with a request that only one of them allows.

    >>> equivalent("AmazonLexReadOnly", "AmazonLexFullAccess").holds
    False
    """
    return reasoning.equivalent(_side(a), _side(b), principal=principal)


def overlaps(a: Side, b: Side, *, principal: str | None = None) -> Answer:
    """Return whether some request is allowed by both; `request` is one.

    Here True is shown by a request, and False is proved.

    >>> overlaps("AmazonLexReadOnly", "AmazonLexFullAccess").holds
    True
    """
    return reasoning.overlaps(_side(a), _side(b), principal=principal)


def relate(a: Side, b: Side, *, principal: str | None = None) -> Relation:
    """Return how two policies, sets of policies or stacks relate.

    >>> relate("AmazonLexReadOnly", "AmazonLexFullAccess").relation
    'narrower'
    """
    return reasoning.relate(_side(a), _side(b), principal=principal)


def _side(given: Any) -> Policy | PolicyStack | tuple[Policy, ...]:
    if isinstance(given, str):
        return find_policy(given)
    if isinstance(given, Policy | PolicyStack):
        return given
    listed = tuple(given.values() if isinstance(given, Mapping) else given) if isinstance(given, Iterable) else (None,)
    policies = tuple(one for one in listed if isinstance(one, Policy))
    if len(policies) != len(listed):
        kind = shown(type(given).__name__)
        raise LexgraphError(f"policies, their names or stacks are compared, not {kind}", code="NOTHING_TO_READ")
    return policies
