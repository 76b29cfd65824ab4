"""Which of AWS's managed policies already says what a policy says: equal ones, the next wider and the next narrower."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import ManagedVersion, managed_documents, managed_names
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning.contain import only_first
from lexgraph.reasoning.lattice import surely_granted
from lexgraph.reasoning.side import Comparable, Side, side_of

FEW = 5


@dataclass(frozen=True, slots=True)
class Closest:
    """Managed policies near a policy, by name.

    `equal` allow the same requests; `wider` allow everything that it does, those first that allow the fewest more
    actions; `narrower` allow only what it does, those first that allow the most of it.
    """

    equal: tuple[str, ...]
    wider: tuple[str, ...]
    narrower: tuple[str, ...]


def closest_managed(source: Comparable, *, most: int = FEW) -> Closest:
    """Return the current managed policies that say the same as a policy, the closest wider and the closest narrower.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:RecognizeText", "Resource": "*"}}'
    >>> closest_managed(parse_policy(text), most=1).wider
    ('AmazonLexRunBotsOnly',)
    """
    mine = side_of(source)
    surely = surely_granted(mine)
    equal: list[str] = []
    wider: list[str] = []
    # A managed policy that cannot grant what this one surely does is not wider.
    for name in _ordered(lambda bits: None if surely & ~bits else (bits & ~mine.grantable).bit_count()):
        if len(wider) == most:
            break
        if only_first(mine, _side(name)).holds:
            (equal if only_first(_side(name), mine).holds else wider).append(name)
    narrower: list[str] = []
    for name in _ordered(lambda bits: -(bits & mine.grantable).bit_count() or None):
        if len(narrower) == most:
            break
        if name not in equal and only_first(_side(name), mine).holds:
            narrower.append(name)
    return Closest(tuple(equal), tuple(wider), tuple(narrower))


def _ordered(rank: Callable[[int], int | None]) -> Iterator[str]:
    """The managed policies by the rank of their actions, those without one left out."""
    ranked = ((rank(bits), name) for name, (_, bits) in _managed().items())
    yield from (name for _, name in sorted((at, name) for at, name in ranked if at is not None))


@lru_cache(1)
def _managed() -> dict[str, tuple[ManagedVersion, int]]:
    """Every current managed policy, with the actions that its Allows name; parsed only where that is asked for."""
    return {one.name: (one, _named(one.document)) for one in managed_documents(managed_names())}


def _named(document: Mapping[str, Any]) -> int:
    bits = 0
    for statement in _listed(document["Statement"]):
        if statement["Effect"] == "Allow":
            negated = "NotAction" in statement
            patterns = _listed(statement["NotAction" if negated else "Action"])
            bits |= catalog().bits_of(tuple(patterns), negated)
    return bits


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@lru_cache(2048)
def _side(name: str) -> Side:
    found = _managed()[name][0]
    return side_of(parse_policy(found.document, name=name, arn=found.arn))
