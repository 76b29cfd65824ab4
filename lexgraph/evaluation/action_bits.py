"""Which statements' Action element matches an action: sets of statements are bits of an integer (rules S2, S3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from lexgraph.policy.model import PatternSet
from lexgraph.policy.patterns import ascii_lower, compile_glob, is_pattern

MEMO = 4096


def bits_of(places: Iterable[int]) -> int:
    """Return the integer with a bit at each of `places`."""
    found = 0
    for place in places:
        found |= 1 << place
    return found


def places_of(bits: int) -> Iterator[int]:
    """Yield the places of the bits of an integer, lowest first.

    >>> list(places_of(0b1010))
    [1, 3]
    """
    while bits:
        low = bits & -bits
        bits ^= low
        yield low.bit_length() - 1


def speaks_of(element: PatternSet, service: str) -> bool:
    """Return whether an Action element may mean actions of a service (its prefix, lower-cased).

    >>> speaks_of(PatternSet(("s3:*", "LEX:Get*")), "lex")
    True
    """
    return element.negated or not {service, "*"}.isdisjoint(map(_prefix, element.patterns))


@lru_cache(65_536)
def _prefix(pattern: str) -> str:
    """The service of an action pattern, lower-cased; a star where it means every action."""
    return ascii_lower(pattern.partition(":")[0]) if pattern.strip("*") else "*"


class ActionBits:
    """Which statements' Action element matches an action; with a `service`, an action of that service."""

    def __init__(self, elements: Sequence[PatternSet], service: str | None) -> None:
        self.negated = bits_of(i for i, element in enumerate(elements) if element.negated)
        self.everything = 0
        self.literals: dict[str, int] = {}
        self.globs: dict[str, list[tuple[Callable[[str], bool], int]]] = {}
        globs: dict[str, int] = {}
        for i, element in enumerate(elements):
            for pattern in element.patterns:
                if service is not None and _prefix(pattern) not in (service, "*"):
                    continue
                lower = ascii_lower(pattern)
                if lower.strip("*") == "":
                    self.everything |= 1 << i
                elif is_pattern(lower):
                    globs[lower] = globs.get(lower, 0) | 1 << i
                else:
                    self.literals[lower] = self.literals.get(lower, 0) | 1 << i
        for pattern, bits in globs.items():
            prefix, _, name = pattern.partition(":")
            self.globs.setdefault(prefix, []).append((compile_glob(name), bits))
        self.memo: dict[str, int] = {}

    def of(self, action: str) -> int:
        """Return the bits for a lower-cased action."""
        found = self.memo.get(action)
        if found is None:
            if len(self.memo) >= MEMO:
                self.memo.clear()
            found = self.memo[action] = self._compute(action)
        return found

    def _compute(self, action: str) -> int:
        named = self.everything | self.literals.get(action, 0)
        service, _, name = action.partition(":")
        for matches, bits in self.globs.get(service, ()):
            if named & bits != bits and matches(name):
                named |= bits
        return named ^ self.negated


class MaskedActionBits(ActionBits):
    """The same, of some of the statements."""

    def __init__(self, whole: ActionBits, mask: int) -> None:
        self._whole = whole
        self._mask = mask

    def of(self, action: str) -> int:
        """Return the bits for a lower-cased action."""
        return self._whole.of(action) & self._mask
