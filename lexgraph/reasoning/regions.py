"""The regions into which statements cut all resources: in a region, every resource is named by the same statements.

It is all the same which pattern of a statement matches: patterns that the same statements name are not cut with each
other. A piece bears the label of all statements that name everything in it. The resources that are
named by just these are those of its label's pieces that no piece of a larger label holds.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product
from typing import TypeVar

from lexgraph.policy.intersect import TooManyPatterns, covers, intersect_parts, witnesses
from lexgraph.policy.patterns import compile_glob

Parts = tuple[str, ...]
Label = frozenset[int]
T = TypeVar("T", bound=Hashable)
MANY = 1_000
SPELLINGS = 4_096


@dataclass(frozen=True, slots=True)
class Area:
    """What some of `patterns` match and none of `exceptions` does, part by part; `witness` is one such ARN's parts."""

    patterns: tuple[Parts, ...]
    exceptions: tuple[Parts, ...] = ()
    witness: Parts = field(default=(), compare=False)

    def matches(self, parts: Sequence[str]) -> bool:
        """Return whether the six parts of an ARN are inside."""
        return any(fits(one, parts) for one in self.patterns) and not any(fits(one, parts) for one in self.exceptions)


def fits(pattern: Parts, parts: Sequence[str]) -> bool:
    """Return whether the parts of an ARN match a pattern's.

    >>> fits(("arn", "aws", "s3", "", "", "b/*"), ("arn", "aws", "s3", "", "", "b/key"))
    True
    """
    return all(compile_glob(wanted)(text) for wanted, text in zip(pattern, parts, strict=True))


@lru_cache(65_536)
def _covers(wide: str, narrow: str) -> bool:
    return wide in ("*", narrow) or covers(wide, narrow)


def inside(narrow: Parts, wide: Parts) -> bool:
    """Return whether a pattern of parts is covered by another."""
    return all(_covers(b, a) for a, b in zip(narrow, wide, strict=True))


class Regions:
    """The pieces into which statements cut all resources, with their labels.

    `patterns` are the statements' patterns, each with the numbers of the statements that list it; a pattern that no
    statement lists is there to say that resources may be named by none.
    """

    def __init__(self, patterns: Mapping[Parts, Iterable[int]]) -> None:
        self.owners = {pattern: frozenset(owners) for pattern, owners in patterns.items()}
        self.marks = max((part.count("?") for pattern in patterns for part in pattern), default=0)
        self.pieces: dict[Parts, Label] = {}
        self._witnesses: dict[Parts, Parts | None] = {}
        for pattern in self.owners:
            self._cut(pattern)

    def _cut(self, pattern: Parts) -> None:
        found = {pattern: None}
        label = self._label(pattern)
        for known, named in self.pieces.items():
            if named != label:
                found.update(dict.fromkeys(intersect_parts(known, pattern)))
        for piece in found:
            if piece not in self.pieces:
                self.pieces[piece] = self._label(piece)
        if len(self.pieces) > MANY:
            raise TooManyPatterns(f"more than {MANY} regions of resources")

    def _label(self, piece: Parts) -> Label:
        named = (owners for pattern, owners in self.owners.items() if inside(piece, pattern))
        return frozenset().union(*named)

    def witness(self, piece: Parts) -> Parts | None:
        """Return the parts of an ARN that just the statements of the piece's label name, None where there is none.

        Raises TooManyPatterns where patterns with ``?`` leave too many lengths to try.
        """
        if piece not in self._witnesses:
            self._witnesses[piece] = self._found(piece)
        return self._witnesses[piece]

    def _found(self, piece: Parts) -> Parts | None:
        label = self.pieces[piece]
        others = [pattern for pattern, owners in self.owners.items() if not owners <= label]
        for tried, parts in enumerate(product(*(_spellings(part, self.marks) for part in piece))):
            if tried > SPELLINGS:
                raise TooManyPatterns("patterns with ? leave too many lengths to try")
            if not any(fits(other, parts) for other in others):
                return parts
        return None


def _spellings(part: str, marks: int) -> tuple[str, ...]:
    """Texts for one part: every star of every length up to one more than a pattern can count."""
    if not marks or "*" not in part:
        return witnesses(part)
    pieces = part.split("*")
    found = []
    for stars in product(witnesses("*", marks=marks), repeat=len(pieces) - 1):
        text = pieces[0] + "".join(star + piece for star, piece in zip(stars, pieces[1:], strict=True))
        found.append(witnesses(text)[0])
        if len(found) > SPELLINGS:
            raise TooManyPatterns("patterns with ? leave too many lengths to try")
    return tuple(found)


def areas(patterns: Mapping[Parts, Iterable[int]], answer: Callable[[Parts], T]) -> Iterator[tuple[T, Area]]:
    """Yield disjoint areas, each with the answer that all resources in it share; answers that are False are left out.

    `answer` is asked once per label, about an ARN that just its statements name.
    """
    regions = _regions(tuple((pattern, tuple(owners)) for pattern, owners in patterns.items()))
    answers: dict[Label, T] = {}
    asked: dict[Label, Parts] = {}
    told: dict[Parts, T] = {}
    for piece, named in regions.pieces.items():
        if named not in answers:
            found = regions.witness(piece)
            if found is None:
                continue  # larger labels' pieces take all of it
            answers[named], asked[named] = answer(found), found
        told[piece] = answers[named]
    for value in dict.fromkeys(told.values()):
        if value is not False:
            group = [piece for piece, mine in told.items() if mine == value]
            rest = [piece for piece, mine in told.items() if mine != value]
            shown = [asked[regions.pieces[piece]] for piece in group]
            yield from ((value, replace(area, witness=_inside(area, shown))) for area in _areas_of(group, rest))


@lru_cache(16)
def _regions(patterns: tuple[tuple[Parts, tuple[int, ...]], ...]) -> Regions:
    """The regions of some patterns, kept: several callers are asked about in turn."""
    return Regions(dict(patterns))


def _inside(area: Area, shown: Iterable[Parts]) -> Parts:
    return next((parts for parts in shown if area.matches(parts)), ())


def _areas_of(group: Sequence[Parts], rest: Sequence[Parts]) -> Iterator[Area]:
    """The pieces of a group as areas: the widest, without the widest others inside them; then what the group has inside
    these.
    """
    while group:
        tops = _widest(group)
        holes = _widest([piece for piece in rest if any(inside(piece, top) for top in tops)])
        yield Area(tuple(tops), tuple(holes))
        group = [piece for piece in group if any(inside(piece, hole) for hole in holes)]


def _widest(patterns: Sequence[Parts]) -> list[Parts]:
    """The patterns that no other covers; of equal ones the first."""
    found: list[Parts] = []
    for one in patterns:
        if not any(inside(one, other) for other in found):
            found = [other for other in found if not inside(other, one)]
            found.append(one)
    return found
