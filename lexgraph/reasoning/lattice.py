"""Who contains whom among many policies, and which managed policy already says what another one says.

Almost every pair is settled by its actions: where one policy surely grants an action that the other cannot, it is not
contained. Only the rest is asked to :mod:`lexgraph.reasoning.contain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from lexgraph.bundled import bundled_path
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.nearest import nearest
from lexgraph.conditions.logic import Undecided, model
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.intersect import TooManyPatterns
from lexgraph.policy.model import Policy
from lexgraph.policy.patterns import ascii_lower
from lexgraph.reasoning.contain import only_first
from lexgraph.reasoning.questions import candidates, classes
from lexgraph.reasoning.side import ClosedQuestion, OpenQuestion, Side, side_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Bits = npt.NDArray[np.uint64]

TRIES = 5_000  # of values for one condition


@dataclass(frozen=True)
class Lattice:
    """Which of some policies contain which.

    `classes` are the policies' names, those that allow the same requests together. `edges` are pairs of places in it,
    (narrow, wide), with nothing proved between the two: the rest follows. `undecided` are pairs of names, (narrow,
    wide), of which nothing is claimed. Not slotted: what follows is worked out when somebody asks.
    """

    classes: tuple[tuple[str, ...], ...]
    edges: tuple[tuple[int, int], ...]
    undecided: tuple[tuple[str, str], ...] = ()

    def wider(self, name: str) -> tuple[str, ...]:
        """Return the policies that allow everything that `name` does, and more, sorted."""
        return self._names(self._above[self._place(name)])

    def narrower(self, name: str) -> tuple[str, ...]:
        """Return the policies of which `name` allows everything, and more, sorted."""
        return self._names(self._below[self._place(name)])

    def equal(self, name: str) -> tuple[str, ...]:
        """Return the other policies that allow the same requests, sorted."""
        return tuple(other for other in self.classes[self._place(name)] if other != name)

    def count_narrower(self, name: str) -> int:
        """Return how many policies `name` contains, without itself and its equals."""
        return self._sizes(self._below[self._place(name)])

    def count_wider(self, name: str) -> int:
        """Return how many policies contain `name`, without itself and its equals."""
        return self._sizes(self._above[self._place(name)])

    @property
    def names(self) -> tuple[str, ...]:
        """All policies' names, sorted."""
        return tuple(sorted(name for names in self.classes for name in names))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, names in enumerate(self.classes) for name in names}

    @cached_property
    def _below(self) -> tuple[int, ...]:
        """For each class, what it contains, as a bitset."""
        return _closed(len(self.classes), ((wide, narrow) for narrow, wide in self.edges))

    @cached_property
    def _above(self) -> tuple[int, ...]:
        return _closed(len(self.classes), self.edges)

    def _place(self, name: str) -> int:
        if name not in self._places:
            raise LexgraphError(f"{shown(name)} is not in the lattice{nearest(name, self._places)}", code="NOT_THERE")
        return self._places[name]

    def _names(self, bits: int) -> tuple[str, ...]:
        return tuple(sorted(name for place in _places_in(bits) for name in self.classes[place]))

    def _sizes(self, bits: int) -> int:
        return sum(len(self.classes[place]) for place in _places_in(bits))


def _places_in(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        bits ^= low
        yield low.bit_length() - 1


def _closed(size: int, edges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """For each place, all that is reached over the edges, as a bitset."""
    after: list[list[int]] = [[] for _ in range(size)]
    for one, other in edges:
        after[one].append(other)
    found: dict[int, int] = {}
    for start in range(size):
        stack = [start]
        while stack:
            at = stack[-1]
            waiting = [other for other in after[at] if other not in found]
            if at not in found and not waiting:
                found[at] = 0
                for other in after[at]:
                    found[at] |= found[other] | 1 << other
            if not waiting:
                stack.pop()
            stack += waiting
    return tuple(found[place] for place in range(size))


@dataclass(frozen=True, slots=True)
class _Reach:
    """A side, and the actions that it surely grants to some request."""

    side: Side
    surely: int


def lattice(policies: Iterable[Policy]) -> Lattice:
    """Return which of the policies contain which; their names tell them apart.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:%s", "Resource": "*"}}'
    >>> found = lattice([parse_policy(text % action, name=action) for action in ("Get*", "*", "GetBot")])
    >>> found.wider("GetBot"), found.narrower("*")
    (('*', 'Get*'), ('Get*', 'GetBot'))
    """
    listed = tuple(policies)
    reaches = [_reach(policy) for policy in listed]
    below: list[set[int]] = [set() for _ in listed]
    undecided: list[tuple[str, str]] = []
    for narrow, wide in _possible(reaches):
        holds = only_first(reaches[narrow].side, reaches[wide].side).holds
        if holds:
            below[wide].add(narrow)
        elif holds is None:
            undecided.append((listed[narrow].name, listed[wide].name))
    return _collected([policy.name for policy in listed], below, undecided)


def _collected(names: Sequence[str], below: Sequence[set[int]], undecided: list[tuple[str, str]]) -> Lattice:
    """The lattice of classes of equal policies."""
    heads = [min([i, *(j for j in below[i] if i in below[j])]) for i in range(len(names))]
    order = sorted(set(heads), key=lambda head: names[head])
    members = [tuple(sorted(names[i] for i, head in enumerate(heads) if head == one)) for one in order]
    places = {head: place for place, head in enumerate(order)}
    under = [0] * len(order)
    for wide, found in enumerate(below):
        for narrow in found:
            if heads[narrow] != heads[wide]:
                under[places[heads[wide]]] |= 1 << places[heads[narrow]]
    reduced = _reduced(under)
    proved = Lattice(tuple(members), reduced)
    # What a chain of proofs shows need not be shown at once.
    rest = (pair for pair in undecided if pair[1] not in proved.wider(pair[0]))
    return Lattice(proved.classes, reduced, tuple(sorted(rest)))


def _reduced(under: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The pairs (narrow, wide) without those that follow from others."""
    edges = []
    for wide, bits in enumerate(under):
        implied = 0
        for narrow in _places_in(bits):
            implied |= under[narrow]
        edges += [(narrow, wide) for narrow in _places_in(bits & ~implied)]
    return tuple(sorted(edges))


def _possible(reaches: Sequence[_Reach]) -> Iterator[tuple[int, int]]:
    """The ordered pairs (narrow, wide) that actions alone do not rule out."""
    import numpy as np

    surely = _packed([reach.surely for reach in reaches])
    lacking = ~_packed([reach.side.grantable for reach in reaches])
    for wide in range(len(reaches)):
        # Most policies miss an action early on, but a whole row at once is quicker than to stop there.
        fits = ~np.bitwise_and(surely, lacking[wide]).any(axis=1)
        yield from ((int(narrow), wide) for narrow in np.flatnonzero(fits) if narrow != wide)


def _packed(sets: Sequence[int]) -> Bits:
    import numpy as np

    size = -(-len(catalog().names) // 64) * 8
    rows = [np.frombuffer(bits.to_bytes(size, "little"), dtype=np.uint64) for bits in sets]
    return np.array(rows) if rows else np.zeros((0, size // 8), dtype=np.uint64)


def _reach(policy: Policy) -> _Reach:
    side = side_of(policy)
    return _Reach(side, surely_granted(side))


def surely_granted(side: Side) -> int:
    """Return the actions of the catalogue that some request may use: on some resource, in some context.

    An action that is left out may still be granted, where that could not be found out.
    """
    nothing = side_of(())
    found = 0
    for bits in classes(side.grantable, (side,)):
        found |= _granted_of(side, nothing, bits)
    return found


def _granted_of(side: Side, nothing: Side, bits: int) -> int:
    """Of a class of actions that no statement tells apart, those that some request may use."""
    names = catalog().names_in(bits)
    conditional = []
    try:
        for resource in candidates(OpenQuestion(names[0], "*"), side, nothing):
            formula = side.formula(OpenQuestion(names[0], resource))
            if formula is True:
                return bits
            if formula is not False:
                conditional.append(resource)
    except TooManyPatterns:
        return 0
    found = 0
    for name in names if conditional else ():
        if _usable(side, name, conditional):
            found |= 1 << (catalog().index_of(name) or 0)
    return found


def _usable(side: Side, action: str, resources: Sequence[str]) -> bool:
    for resource in resources:
        try:
            if model(side.formula(ClosedQuestion(ascii_lower(action), resource)), budget=TRIES) is not None:
                return True
        except Undecided:
            continue
    return False


@lru_cache(1)
def managed_lattice() -> Lattice:
    """Return who contains whom among AWS's current managed policies, as worked out when the data was bundled.

    >>> "AmazonLexFullAccess" in managed_lattice().wider("AmazonLexReadOnly")
    True
    """
    import json

    found = json.loads(bundled_path("managed", "lattice.json").read_text(encoding="ascii"))
    members, edges, undecided = ([tuple(one) for one in found[key]] for key in ("classes", "edges", "undecided"))
    return Lattice(tuple(members), tuple(edges), tuple(undecided))
