"""The finitely many questions that stand for all requests.

Actions that no statement of either side tells apart are one class, and one of them answers for all; so are the
actions that the catalogue does not know (yet). For an action, the resources fall into regions; by the lemma of
:mod:`lexgraph.policy.intersect` one witness answers for a region, and only those regions matter in which a pattern
helps the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import product
from math import comb, prod
from typing import NoReturn

from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.index import Entry
from lexgraph.evaluation.request import is_action
from lexgraph.evaluation.services import ALWAYS_ALLOWED, special
from lexgraph.policy.intersect import FRESH, TooManyPatterns, covers, intersect, witnesses
from lexgraph.policy.patterns import ascii_lower, is_pattern
from lexgraph.reasoning.side import OpenQuestion, Parts, Side

EVERYTHING: Parts = ("*",) * 6
MANY = 400
INTERLEAVED = 35  # ways in which the stars of two patterns may follow one another
# Noncharacters: where variables may be told apart, every star of a witness stands for a text of its own.
DISTINCT = tuple(map(chr, range(0xFDD6, 0xFDF0)))


def classes(bits: int, sides: Sequence[Side]) -> Iterator[int]:
    """Yield the sets of actions among `bits` that no statement tells apart, one by one."""
    always, apart = _special_bits()
    distinct = dict.fromkeys(split for side in sides for _, split in side.statements)
    splits = [split for split in (*distinct, catalog().wildcard_only_bits, apart) if split & bits]
    waiting = [(bits & ~always, 0)] if bits & ~always else []
    while waiting:
        one, at = waiting.pop()
        while at < len(splits):
            inside = one & splits[at]
            at += 1
            if inside and inside != one:
                waiting.append((one ^ inside, at))
                one = inside
        yield one


@cache
def _special_bits() -> tuple[int, int]:
    """The actions that are always allowed, and those that have rules of their own (rules L7 to L9)."""
    always = apart = 0
    cat = catalog()
    for pattern in ("sts:*", "iam:*", "kms:*"):
        for name in cat.names_in(cat.bits(pattern)):
            lower, bit = ascii_lower(name), cat.bits(name)
            always |= bit if lower in ALWAYS_ALLOWED else 0
            apart |= bit if special(lower) else 0
    return always, apart


def each_action(bits: int) -> Iterator[str]:
    """Yield the names of the actions in a bitset."""
    names = catalog().names
    while bits:
        low = bits & -bits
        bits ^= low
        yield names[low.bit_length() - 1]


def unknown_actions(a: Side, b: Side, *, both: bool = False) -> Iterator[str]:
    """Yield names for the actions that the catalogue does not know and that `a` may allow: one for every way in which
    the statements name such an action.

    Raises TooManyPatterns where there are too many ways.
    """
    helps = [group for group in dict.fromkeys(_helping_actions(a, b, both=both)) if group]
    marks = max((p.count("?") for side in (a, b) for _, p in side.action_patterns()), default=0)
    seen: dict[tuple[int, ...], None] = {}
    for pattern in dict.fromkeys(_base_actions(a)):
        for name in filter(is_action, _new_names(pattern, helps, marks)):
            question = OpenQuestion(name, "*")
            way = a.naming(question) + b.naming(question)
            if way not in seen:
                seen[way] = None
                yield name


def _base_actions(a: Side) -> Iterator[str]:
    for entry, pattern in a.action_patterns():
        if entry.statement.allows and entry.layer in ("identity", "resource") and _may_be_new(pattern):
            anything = entry.statement.actions.negated or pattern.strip("*") == ""
            yield "*:*" if anything else ascii_lower(pattern)
    if any(entry.statement.allows and entry.statement.actions.negated for entry, _ in a.statements):
        yield "*:*"


def _may_be_new(pattern: str) -> bool:
    """Whether a pattern can match an action that the catalogue does not know."""
    return is_pattern(pattern) or catalog().index_of(pattern) is None


def _new_names(base: str, helps: Sequence[tuple[str, ...]], marks: int) -> Iterator[str]:
    found = {base: None}
    for group in helps:
        # One match is enough for the statement, so no two patterns of one group need to meet.
        for known, helping in tuple(product(found, group)):
            found.update(dict.fromkeys(_common_part(known, helping)))
        if len(found) > MANY:
            raise TooManyPatterns(f"more than {MANY} kinds of actions that the catalogue does not know")
    for pattern in found:
        for name in witnesses(pattern, marks=marks):
            service, _, rest = name.partition(":")
            if service and rest and ":" not in rest and catalog().index_of(name) is None:
                yield name


def _helping_actions(a: Side, b: Side, *, both: bool) -> Iterator[tuple[str, ...]]:
    """Action patterns whose match helps, statement by statement: a Deny with NotAction of `a` spares what it lists, a
    limiting layer allows what it names; a Deny of `b` hits what it names, an Allow with NotAction of `b` misses what it
    lists. (With `both`, what helps `b` to allow.)
    """
    for own, side in ((True, a), (False, b)):
        for entry, _ in side.statements:
            allows, negated = entry.statement.allows, entry.statement.actions.negated
            limits = not allows or entry.layer not in ("identity", "resource")
            if (negated is not allows and limits) if own else (negated is allows) is not both:
                yield tuple(ascii_lower(p) for p in entry.statement.actions if _may_be_new(p))


def candidates(question: OpenQuestion, a: Side, b: Side, *, both: bool = False) -> Iterator[str]:
    """Yield resources that stand for all that matter to "does only `a` allow?" (with `both`: "do both allow?").

    Raises TooManyPatterns where they cannot be told apart in reasonable number.
    """
    if question.wildcard_only:
        yield "*"
        return
    bases, helps = _patterns(question, a, b, both=both)
    at_hand = (parts for side in (a, b) for _, parts in side.patterns(question))
    marks = max((part.count("?") for parts in at_hand for part in parts), default=0)
    variables = any(_has_variables(entry) for side in (a, b) for entry in side.named(question))
    seen: dict[str, None] = {}
    for parts in _closed(bases, helps):
        for resource in _witnesses(parts, marks, variables=variables):
            if resource not in seen:
                seen[resource] = None
                yield resource


def _common(a: Parts, b: Parts) -> Iterable[Parts]:
    """What two ARN patterns have in common, part by part."""
    pieces = [_common_part(left, right) for left, right in zip(a, b, strict=True)]
    return product(*pieces) if prod(map(len, pieces)) <= MANY else _too_many()


@lru_cache(8192)
def _common_part(a: str, b: str) -> tuple[str, ...]:
    """What two patterns have in common.

    Raises TooManyPatterns where their stars may interleave in more ways than are worth working out.
    """
    if a == b or (not b.strip("*") and b):
        return (a,)
    if not a.strip("*") and a:
        return (b,)
    stars = a.count("*"), b.count("*")
    if comb(sum(stars), stars[0]) <= INTERLEAVED:
        return intersect(a, b)
    return (b,) if covers(a, b) else (a,) if covers(b, a) else _too_many()


def _too_many() -> NoReturn:
    raise TooManyPatterns("patterns overlap in too many ways")


def _witnesses(parts: Parts, marks: int, *, variables: bool) -> Iterator[str]:
    texts = [witnesses(part, marks=marks) for part in parts[1:]]
    for length in range(max(map(len, texts))):
        yield ":".join(("arn", *(text[min(length, len(text) - 1)] for text in texts)))
    if variables:
        whole = ":".join(("arn", *(part.replace("?", FRESH) for part in parts[1:])))
        for mark in DISTINCT:
            whole = whole.replace("*", mark, 1)
        yield whole.replace("*", FRESH)


def _has_variables(entry: Entry) -> bool:
    return entry.policy.has_variables and any("${" in pattern for pattern in entry.statement.resources or ())


def _patterns(question: OpenQuestion, a: Side, b: Side, *, both: bool) -> tuple[list[Parts], list[list[Parts]]]:
    """The patterns that a resource must match one of, and statement by statement those whose match helps."""
    bases: dict[Parts, None] = {}
    helps: dict[tuple[bool, int], list[Parts]] = {}
    known = a.plain and b.plain
    for own, side in ((True, a), (False, b)):
        for entry, parts in side.patterns(question):
            allows, negated = entry.statement.allows, _negated(entry)
            if known and own and entry.layer == "identity" and allows and not negated:
                bases[parts] = None
            elif not known or ((negated is not allows) if own else (negated is allows) is not both):
                helps.setdefault((own, id(entry)), []).append(parts)
    if not known or any(_unlimited(entry) for entry in a.named(question)):
        bases[EVERYTHING] = None
    return list(bases), list(helps.values())


def _negated(entry: Entry) -> bool:
    element = entry.statement.resources
    return element is not None and element.negated


def _unlimited(entry: Entry) -> bool:
    """Whether an Allow is about resources that no pattern lists: NotResource, or no Resource element."""
    return entry.statement.allows and (entry.statement.resources is None or _negated(entry))


def _closed(bases: Iterable[Parts], helps: Sequence[Sequence[Parts]]) -> Iterator[Parts]:
    """Every base, and all that a base has in common with a helping pattern of any of the statements together."""
    seen: dict[Parts, None] = {}
    for base in bases:
        found: dict[Parts, None] = {base: None}
        for group in helps:
            for known, helping in tuple(product(found, group)):
                found.update(dict.fromkeys(_common(known, helping)))
            if len(found) > MANY:
                raise TooManyPatterns(f"more than {MANY} regions of resources")
        for parts in found:
            if parts not in seen:
                seen[parts] = None
                yield parts
