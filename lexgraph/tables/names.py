"""The catalogue's columns for actions that are given as places in it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lexgraph.catalog.actions import catalog
from lexgraph.policy.patterns import ascii_lower
from lexgraph.tables.schema import GENERATIONS, LEVELS, Coded

Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
# The one service whose operations come in two generations.
LEX = "lex"


def places_in(bits: int) -> Places:
    """Return the places of a set of actions in the catalogue, in order.

    >>> len(places_in(catalog().bits("lex:Post*")))
    2
    """
    data = np.frombuffer(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), dtype=np.uint8)
    return np.flatnonzero(np.unpackbits(data, bitorder="little")).astype(np.int32)


def mask_of(bits: int) -> Flags:
    """Return for each action of the catalogue whether it is in a set."""
    size = len(catalog().names)
    data = np.frombuffer(bits.to_bytes((size + 7) // 8, "little"), dtype=np.uint8)
    return np.unpackbits(data, count=size, bitorder="little").view(np.bool_)


def catalog_columns(places: Places) -> dict[str, Any]:
    """Return the columns action, service, level and generation for actions by place."""
    facts = _facts()
    return {
        "action": Coded(places, catalog().names),
        "service": Coded(facts.services[places], catalog().service_prefixes),
        "level": pd.Categorical.from_codes(facts.levels[places], dtype=facts.level),
        "generation": pd.Categorical.from_codes(facts.generations[places], dtype=facts.generation),
    }


class _Facts:
    """Per action of the catalogue, codes of its service, level and generation."""

    def __init__(self) -> None:
        cat = catalog()
        prefixes = {prefix: i for i, prefix in enumerate(cat.service_prefixes)}
        self.services = np.array([prefixes[name.partition(":")[0]] for name in cat.names], dtype=np.int32)
        codes = {level: i for i, level in enumerate(LEVELS)}
        self.levels = np.array([codes.get(cat.level(name) or "", -1) for name in cat.names], dtype=np.int8)
        self.generations = np.full(len(cat.names), -1, dtype=np.int8)
        for facts in cat.service(LEX).actions:
            if facts.generation is not None:
                self.generations[cat.index_of(ascii_lower(facts.name)) or 0] = GENERATIONS.index(facts.generation)
        self.level = pd.CategoricalDtype(pd.Index(LEVELS, dtype="str"), ordered=True)
        self.generation = pd.CategoricalDtype(pd.Index(GENERATIONS, dtype="str"), ordered=False)


@lru_cache(1)
def _facts() -> _Facts:
    return _Facts()
