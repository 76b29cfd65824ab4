"""Pairs of policies whose containment is asked: drawn by a fixed seed from AWS's managed policies, and changed."""

from __future__ import annotations

from random import Random
from time import perf_counter

from lexgraph.catalog.actions import catalog
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning import contains
from side_by_side.inputs import Json, managed, statements
from tests.pairs import CHANGES, NARROWING, consecutive_versions, small_documents

Pair = tuple[Json, Json]


def containments(kind: str, number: int, seed: int = 20261125) -> Json:
    """Return the data of a task that asks about containment: pairs, and what z3 must know of the catalogue."""
    rng = Random(seed)
    pairs = [_pair(kind, rng) for _ in range(number)]
    cat = catalog()
    actions = [name.lower() for name in cat.names]
    keys = _keys(pairs)
    return {
        "pairs": pairs,
        "actions": actions,
        "wildcard only": [name.lower() for name in cat.names_in(cat.wildcard_only_bits)],
        "withheld": {key: [one for one in actions if cat.key_fits(key, one) is False] for key in keys},
        "several": [key for key in keys if cat.takes_several(key)],
    }


def _pair(kind: str, rng: Random) -> Pair:
    if kind == "random":
        first, second = rng.sample(small_documents(), 2)
        return first, second
    if kind == "related":
        return consecutive_versions(rng)
    document = rng.choice(small_documents())
    changed = rng.choice(NARROWING if kind == "Deny" else CHANGES)(document, rng)
    return (document, changed) if rng.random() < 0.5 else (changed, document)


def _keys(pairs: list[Pair]) -> list[str]:
    """The condition keys of the pairs, in lower case."""
    asked = statements([document for pair in pairs for document in pair])
    return sorted({key.lower() for one in asked for tests in one.get("Condition", {}).values() for key in tests})


def contain_times(number: int, seed: int = 20261125) -> list[float]:
    """Return the seconds of each of many containments of managed policies, the policies parsed and not made ready."""
    rng, documents, times = Random(seed), managed(), []
    contains(parse_policy(documents[0]), parse_policy(documents[1]))  # reads the catalogue's files
    for _ in range(number):
        narrow, wide = (parse_policy(one) for one in rng.sample(documents, 2))
        start = perf_counter()
        contains(wide, narrow)
        times.append(perf_counter() - start)
    return times
