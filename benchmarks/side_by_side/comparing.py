"""Answers are compared before anything is timed: a peer that differs for no known reason gets no figure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lexgraph.catalog.actions import catalog
from lexgraph.policy.patterns import compile_glob
from side_by_side.inputs import Json, listed, statements

Elements = Sequence[tuple[list[str], bool]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a peer's answers compare with lexgraph's.

    `note` says it in words; `right` is whether the peer's time counts as that of a peer with right answers, and
    `unexplained` whether something differs for no known reason.
    """

    note: str
    right: bool = True
    unexplained: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A known difference: why, which cases it explains, and whether the peer is still one with right answers."""

    why: str
    explains: Callable[..., bool]
    right: bool = True


def is_oddly_spelt(patterns: list[str]) -> bool:
    """Whether a service prefix has an upper-case letter, or a name stands in another case than AWS's."""
    return any(
        pattern.partition(":")[0] != pattern.partition(":")[0].lower()
        or ((place := catalog().index_of(pattern)) is not None and catalog().names[place] != pattern)
        for pattern in patterns
    )


# For W1: peer -> what is known. `explains` is given the patterns of an element.
KNOWN_SETS = {
    "policy_sentry": Known(
        "it does not expand an upper-case service prefix, and leaves a name in the case that it is written in",
        is_oddly_spelt,
    ),
}


def _condition_concerns(policies: list[Json], request: Json) -> bool:
    """Whether a statement about the request's action has a condition."""
    action = request["action"].lower()
    return any(
        compile_glob(pattern.lower())(action)
        for statement in statements(policies)
        if "Condition" in statement
        for pattern in listed(statement["Action"])
    )


# For W2: peer -> what is known. `explains` is given the policies and a request.
KNOWN_DECISIONS = {
    "moto": Known(
        "it knows StringEquals only, takes an Allow whose condition fails for a Deny, and a missing key for a match",
        _condition_concerns,
        right=False,
    ),
    "iam-simulate": Known(
        "without its validation it lets a Resource pattern narrower than * allow an action that takes no resource",
        lambda _, request: request["resource"] == "*",
    ),
}


def compare_sets(elements: Elements, ours: Json, name: str, theirs: Json) -> Agreement:
    """Compare sets of actions on the part that both catalogues have."""
    common = set(ours["catalogue"]) & set(theirs["catalogue"])
    our_places, their_places = (_places(one["catalogue"], common) for one in (ours, theirs))
    known = KNOWN_SETS.get(name)
    differing = []
    for (patterns, _), mine, other in zip(elements, ours["sets"], theirs["sets"], strict=True):
        mine_common = {our_places[place] for place in mine if place in our_places}
        if mine_common != {their_places[place] for place in other if place in their_places}:
            differing.append(patterns)
    scope = f"compared on {len(common):,} common actions"
    unknown = [patterns for patterns in differing if not (known and known.explains(patterns))]
    if unknown:
        first = json.dumps(unknown[0])[:100]
        return Agreement(f"{len(unknown)} sets differ for no known reason ({scope}), the first {first}", False, True)
    if not differing or known is None:
        return Agreement(f"the same sets, {scope}")
    return Agreement(f"{len(differing)} of {len(elements):,} sets differ: {known.why}; {scope}", known.right)


def _places(catalogue: list[str], common: set[str]) -> dict[int, str]:
    return {place: name for place, name in enumerate(catalogue) if name in common}


def compare_decisions(data: Json, ours: list[str], name: str, theirs: list[str]) -> Agreement:
    """Compare decisions on every request; what a peer refuses is counted apart."""
    requests = data["requests"]
    refused = theirs.count("refused")
    cases = zip(requests, ours, theirs, strict=True)
    differing = [request for request, mine, other in cases if other not in {mine, "refused"}]
    known = KNOWN_DECISIONS.get(name)
    unknown = [one for one in differing if not (known and known.explains(data["policies"], one))]
    scope = f"{len(requests) - refused:,} answers compared" + (f", {refused} requests refused" if refused else "")
    if unknown:
        first = json.dumps({key: unknown[0][key] for key in ("action", "resource", "context")})
        return Agreement(
            f"{len(unknown)} decisions differ for no known reason ({scope}), the first {first}", False, True
        )
    if not differing or known is None:
        return Agreement(f"the same decisions, {scope}", right=not refused)
    return Agreement(f"{len(differing)} decisions differ: {known.why}; {scope}", known.right and not refused)


def compare_containment(data: Json, ours: list[str], _name: str, theirs: list[str]) -> Agreement:
    """Compare what both decided; what one left open is counted."""
    open_here, open_there = (sum(word not in _DECIDED for word in one) for one in (ours, theirs))
    both = [(mine, other) for mine, other in zip(ours, theirs, strict=True) if {mine, other} <= _DECIDED]
    differing = [number for number, (mine, other) in enumerate(both) if mine != other]
    scope = f"{len(both)} of {len(data['pairs'])} pairs compared"
    left = f"; left open: {open_there}, by lexgraph {open_here}; its time is without these"
    if differing:
        return Agreement(f"{len(differing)} answers differ for no known reason ({scope})", False, True)
    return Agreement(f"the same answers, {scope}{left if open_here or open_there else ''}")


_DECIDED = {"contained", "not contained"}


Comparison = Callable[[Any, str, Any], Agreement]


def for_sets(elements: Elements) -> Comparison:
    """Return what compares two answers to a task that expands."""
    return partial(compare_sets, elements)


def for_decisions(data: Json) -> Comparison:
    """Return what compares two answers to a task that decides."""
    return partial(compare_decisions, data)


def for_containment(data: Json) -> Comparison:
    """Return what compares two answers to a task that asks about containment."""
    return partial(compare_containment, data)
