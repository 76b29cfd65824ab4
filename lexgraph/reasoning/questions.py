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
from lexgraph.evaluation.services import ALWAYS_ALLOWED, BEYOND_RCPS, changes_own
from lexgraph.policy.intersect import FRESH, TooManyPatterns, covers, intersect, witnesses
from lexgraph.policy.patterns import ascii_lower, compile_glob, is_pattern
from lexgraph.reasoning.side import OpenQuestion, Parts, Side

EVERYTHING: Parts = ("*",) * 6
MANY = 400
INTERLEAVED = 35  # ways in which the stars of two patterns may follow one another
# Noncharacters: where variables may be told apart, every star of a witness stands for a text of its own.
DISTINCT = tuple(map(chr, range(0xFDD6, 0xFDF0)))


def classes(bits: int, sides: Sequence[Side]) -> Iterator[int]:
    """Yield the sets of actions among `bits` that no statement tells apart, one by one."""
    always, *apart = _special_bits()
    distinct = dict.fromkeys(split for side in sides for _, split in side.statements)
    if any(side.names_callers for side in sides):
        apart += _bits_of_layers()
    splits = [split for split in (*distinct, catalog().wildcard_only_bits, *apart) if split & bits]
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
def _special_bits() -> tuple[int, ...]:
    """The actions that are always allowed, then those that have rules of their own (rules L7 to L9), each rule's
    together.
    """
    cat = catalog()
    everything = {ascii_lower(name): cat.bits(name) for name in cat.names_in(cat.everything)}
    always = sum(everything[name] for name in ALWAYS_ALLOWED)
    changes = {
        service: sum(bit for name, bit in everything.items() if name.startswith(f"{service}:") and changes_own(name))
        for service in ("iam", "kms")
    }
    # An action of S3's own that takes no resource is granted on arn:aws:s3:::* too (rule R5).
    return (always, delegable_bits(), cat.bits("kms:*"), *changes.values(), cat.bits("s3:*") & cat.wildcard_only_bits)


@cache
def _bits_of_layers() -> tuple[int, ...]:
    """The actions that some layers alone look at: RCPs those of some services, but one (rule L2), a setting of buckets
    those of S3 (rule L10).
    """
    cat = catalog()
    under = cat.bits_of(f"{service}:*" for service in cat.rcp_services if cat.bits(f"{service}:*"))
    return (under & ~cat.bits(BEYOND_RCPS), cat.bits("s3:*"))


def _rules(sides: Sequence[Side]) -> Iterator[tuple[str, ...]]:
    """Patterns of the actions, in lower case, that rules of their own are about where layers name principals."""
    if any(side.document is None and side.names_callers for side in sides):
        yield from (("kms:*",), ("sts:assumerole*",))
    if any(side.stack.settings.s3_restrict_public_buckets for side in sides):
        yield ("s3:*",)
    if any(side.stack.rcps for side in sides):
        yield tuple(f"{service}:*" for service in sorted(catalog().rcp_services))


@cache
def delegable_bits() -> int:
    """The actions that a KMS key's own policy, or a role's trust policy, must allow as well (rules L7, L8)."""
    return catalog().bits("kms:*") | catalog().bits("sts:AssumeRole*")


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
    rules = tuple(_rules((a, b)))
    helps = [group for group in dict.fromkeys((*_helping_actions(a, b, both=both), *rules)) if group]
    marks = max((p.count("?") for side in (a, b) for _, p in side.action_patterns()), default=0)
    seen: dict[tuple[int, ...], None] = {}
    for pattern in dict.fromkeys(_base_actions(a)):
        for name in filter(is_action, _new_names(pattern, helps, marks)):
            question = OpenQuestion(name, "*")
            ruled = tuple(any(compile_glob(p)(name) for p in group) for group in rules)
            way = (*a.naming(question), *b.naming(question), *ruled)
            if way not in seen:
                seen[way] = None
                yield name


def _base_actions(a: Side) -> Iterator[str]:
    for entry, pattern in a.action_patterns():
        if entry.statement.allows and entry.layer in a.granting and _may_be_new(pattern):
            anything = entry.statement.actions.negated or pattern.strip("*") == ""
            yield "*:*" if anything else ascii_lower(pattern)
    if not a.whole or any(e.statement.allows and e.statement.actions.negated for e, _ in a.statements):
        yield "*:*"


def _may_be_new(pattern: str) -> bool:
    """Whether a pattern can match an action that the catalogue does not know."""
    return is_pattern(pattern) or catalog().index_of(pattern) is None


def _new_names(base: str, helps: Sequence[tuple[str, ...]], marks: int) -> Iterator[str]:
    found = {base: None}
    for group in helps:
        # One match is enough for the statement, so no two patterns of one group need to meet.
        for known, helping in tuple(product(found, group)):
            found.update(dict.fromkeys(common_part(known, helping)))
        if len(found) > MANY:
            raise TooManyPatterns(f"more than {MANY} kinds of actions that the catalogue does not know")
    for pattern in found:
        for name in lengths(pattern, marks):
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
            limits = not allows or entry.layer not in side.granting
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
    marks = _marks([parts for side in (a, b) for _, parts in side.patterns(question)])
    variables = any(_has_variables(entry) for side in (a, b) for entry in side.named(question))
    seen: dict[str, None] = {}
    for parts in _closed(bases, helps):
        for resource in _witnesses(parts, marks, variables=variables):
            if resource not in seen:
                seen[resource] = None
                yield resource


def _marks(at_hand: Sequence[Parts]) -> Sequence[int]:
    """The most ``?`` that a pattern has, part by part."""
    if not any("?" in part for parts in at_hand for part in parts):
        return (0,) * 6
    return [max(part.count("?") for part in column) for column in zip(*at_hand, strict=True)]


def _common(a: Parts, b: Parts) -> Iterable[Parts]:
    """What two ARN patterns have in common, part by part."""
    pieces = [common_part(left, right) for left, right in zip(a, b, strict=True)]
    return product(*pieces) if prod(map(len, pieces)) <= MANY else _too_many()


@lru_cache(8192)
def common_part(a: str, b: str) -> tuple[str, ...]:
    """Return what two patterns have in common.

    Raises TooManyPatterns where their stars may interleave in more ways than are worth working out.

    >>> common_part("bot/*", "*/Orders")
    ('bot/Orders', 'bot/*/Orders')
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


def lengths(pattern: str, marks: int) -> tuple[str, ...]:
    """Return texts that stand for all of `pattern` against several patterns with up to `marks` ``?`` each: every star
    has every length that such a pattern may count, whatever the other stars have.

    Raises TooManyPatterns where these are too many.

    >>> len(lengths("bot/*", 0)), len(lengths("*/*", 1))
    (1, 9)
    """
    head, *rest = pattern.split("*")
    if not marks or len(rest) < 2:
        return witnesses(pattern, marks=marks)
    if (marks + 2) ** len(rest) > MANY:
        raise TooManyPatterns("patterns with ? leave too many lengths to try")
    found = ["".join((head, *map("".join, zip(stars, rest, strict=True)))) for stars in _runs(marks, len(rest))]
    return tuple(text.replace("?", FRESH) for text in found)


def _runs(marks: int, number: int) -> Iterable[tuple[str, ...]]:
    return product([FRESH * length for length in range(marks + 2)], repeat=number)


def _witnesses(parts: Parts, marks: Sequence[int], *, variables: bool) -> Iterator[str]:
    texts = [lengths(part, most) for part, most in zip(parts[1:], marks[1:], strict=True)]
    if prod(map(len, texts)) > MANY:
        raise TooManyPatterns("patterns with ? leave too many lengths to try")
    for chosen in product(*texts):
        yield ":".join(("arn", *chosen))
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
    known = a.whole and b.whole
    for own, side in ((True, a), (False, b)):
        for entry, parts in side.patterns(question):
            allows, negated = entry.statement.allows, _negated(entry)
            if known and own and entry.layer in a.granting and allows and not negated:
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
