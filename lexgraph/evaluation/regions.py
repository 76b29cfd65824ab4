"""Requests whose resource is a pattern: a question about every resource in it (rule R6).

The asked pattern falls into regions, one for each way in which the statements' resource patterns overlap within it.
One witness of a region answers for all of it (the lemma of :mod:`lexgraph.policy.intersect`), so the answer is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lexgraph.conditions.logic import Atom, Formula, all_of, any_of, negate
from lexgraph.conditions.witnesses import distinguishing_texts
from lexgraph.errors import shown
from lexgraph.evaluation.authorize import CompiledStack, settle, weigh
from lexgraph.evaluation.decision import Decision, Outcome
from lexgraph.evaluation.index import resource_patterns, unread_atom
from lexgraph.evaluation.request import Question
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import compile_arn, is_arn, literal, split_arn
from lexgraph.policy.intersect import TooManyPatterns, covers, intersect_parts, witnesses

Parts = tuple[str, ...]
MANY = 512
# What the special rules of L8 and L9 look for in a resource.
_SPECIAL: dict[str, tuple[Parts, ...]] = {
    "kms": (("*", "*", "*", "*", "*", "key/*"), ("*", "*", "*", "*", "*", "alias/aws/*")),
    "iam": (("*", "*", "*", "*", "aws", "policy/*"), ("*", "*", "*", "*", "*", "role/aws-reserved/*")),
}


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the asked pattern, and what holds for every resource that is in it and in no smaller region."""

    parts: Parts
    outcome: Outcome
    formula: Formula

    @property
    def pattern(self) -> str:
        """The region as an ARN pattern."""
        return ":".join(self.parts)


def regions(compiled: CompiledStack, question: Question) -> tuple[Region, ...]:
    """Return the regions of the asked pattern, the whole first.

    Raises TooManyPatterns where the patterns at hand overlap in more ways than can be told apart.
    """
    asked = ("arn", *question.parts[1:])
    at_hand = dict.fromkeys(_SPECIAL.get(question.action.partition(":")[0], ()))
    for index in compiled.all_layers():
        at_hand.update((parts, None) for _, parts in resource_patterns(index, question))
    try:
        at_hand = {parts: None for parts in at_hand if intersect_parts(asked, parts)}
        marks = max(part.count("?") for parts in (asked, *at_hand) for part in parts)
        found = _closure(asked, tuple(at_hand))
        members = _counted(found, at_hand) if marks else _members(found)
    except TooManyPatterns as trouble:
        raise TooManyPatterns(
            f"{shown(question.resource)} overlaps with the policies' patterns in too many ways: {trouble}; "
            "ask about a narrower pattern or one resource"
        ) from None
    return tuple(region for parts in found for region in _settled(compiled, question, parts, members[parts]))


def _closure(asked: Parts, patterns: Iterable[Parts]) -> tuple[Parts, ...]:
    """The asked pattern and all that it has in common with any of the patterns together."""
    found: dict[Parts, None] = {asked: None}
    for pattern in patterns:
        for known in tuple(found):
            found.update(dict.fromkeys(intersect_parts(known, pattern)))
        if len(found) > MANY:
            raise TooManyPatterns(f"more than {MANY} regions")
    return tuple(found)


def _members(found: Iterable[Parts]) -> dict[Parts, list[str]]:
    """A resource of each region; one is enough where no ``?`` counts characters."""
    return {parts: [":".join(witnesses(part)[0] for part in parts)] for parts in found}


def _counted(found: tuple[Parts, ...], at_hand: Iterable[Parts]) -> dict[Parts, list[str]]:
    """Resources of each region that are in no smaller one, one for every way in which the patterns match together."""
    patterns = dict.fromkeys((found[0], *at_hand))
    texts, complete = distinguishing_texts(tuple(("Arn", (":".join(parts),)) for parts in patterns))
    if not complete:
        raise TooManyPatterns("their question marks count characters in more ways than were tried")
    members: dict[Parts, list[str]] = {parts: [] for parts in found}
    matchers = {parts: compile_arn(":".join(parts)) for parts in found}
    for text in filter(is_arn, texts):
        asked = split_arn(literal(text))
        around = [parts for parts, matches in matchers.items() if matches(asked)]
        for parts in around:
            if not any(other != parts and _covers(parts, other) for other in around):
                members[parts].append(text)
    return members


def _settled(compiled: CompiledStack, question: Question, parts: Parts, members: Iterable[str]) -> list[Region]:
    """The outcomes in a region; not just one only where ``?`` counts characters."""
    found: dict[tuple[Outcome, Formula], Region] = {}
    for resource in members:
        verdict = weigh(compiled, Question(question.request, resource))
        outcome, formula = settle(verdict.allowed, verdict.denied)
        found.setdefault((outcome, formula), Region(parts, outcome, formula))
    return list(found.values())


def weigh_regions(stack: PolicyStack, question: Question) -> Decision:
    """Return the decision about every resource that the asked pattern matches."""
    found = regions(stack.compiled, question)
    outcomes = {region.outcome for region in found}
    request = question.request
    if outcomes == {"allowed"}:
        return Decision("allowed", request, stack, True)
    if outcomes <= {"explicitDeny", "implicitDeny"}:
        outcome: Outcome = "explicitDeny" if outcomes == {"explicitDeny"} else "implicitDeny"
        return Decision(outcome, request, stack, False)
    return Decision("conditional", request, stack, _residual(found, ("arn", *question.parts[1:])))


def _residual(found: tuple[Region, ...], whole: Parts) -> Formula:
    """Under which condition, in which of the widest regions, the request is allowed."""
    ways: list[Formula] = []
    refused = [region for region in found if region.formula is False]
    for region in found:
        if region.formula is False or _in_its_like(region, found):
            continue
        inner = [other for other in refused if other.parts != region.parts and _inside(other, region)]
        outer = [one for one in inner if not any(o.parts != one.parts and _inside(one, o) for o in inner)]
        where: Formula = True if region.parts == whole else _in_region(region)
        ways.append(all_of((where, *(negate(_in_region(one)) for one in outer), region.formula)))
    return any_of(ways)


def _in_its_like(region: Region, found: tuple[Region, ...]) -> bool:
    """Whether a wider region says the same."""
    alike = (other for other in found if other.formula == region.formula and other.parts != region.parts)
    return any(_inside(region, other) for other in alike)


def _inside(narrow: Region, wide: Region) -> bool:
    return _covers(wide.parts, narrow.parts)


def _covers(wide: Parts, narrow: Parts) -> bool:
    return all(map(covers, reversed(wide), reversed(narrow)))  # the names, which tell most apart, come last


def _in_region(region: Region) -> Atom:
    return unread_atom(
        f"resource {region.pattern}",
        lambda opposite: f"the resource {'does not match' if opposite else 'matches'} {shown(region.pattern)}",
    )
