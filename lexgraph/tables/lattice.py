"""Who contains whom, as tables."""

from __future__ import annotations

import pandas as pd

from lexgraph.reasoning.lattice import Lattice
from lexgraph.tables.schema import SCHEMAS
from lexgraph.tables.source import one_of


def lattice_table(lattice: Lattice) -> pd.DataFrame:
    """Return which policies contain which, every proved pair of different policies.

    Returns
    -------
    The table ``lattice``: narrow, wide. Equal policies have the same rows and none for each other.

    Examples
    --------
    >>> lattice_table(Lattice((("a",), ("b",)), ((0, 1),)))["wide"].tolist()
    ['b']
    """
    lattice = one_of(lattice, Lattice, "a lattice, as lexgraph.reasoning.lattice.lattice gives it")
    rows = ((name, wide) for name in lattice.names for wide in lattice.wider(name))
    return SCHEMAS["lattice"].frame(rows)


def breadth_table(lattice: Lattice) -> pd.DataFrame:
    """Return how many of the policies each contains, those first that contain the most.

    Returns
    -------
    The table ``breadth``: name, contains, contained_in, equals.

    Examples
    --------
    >>> breadth_table(Lattice((("a",), ("b",)), ((0, 1),)))["name"].tolist()
    ['b', 'a']
    """
    lattice = one_of(lattice, Lattice, "a lattice, as lexgraph.reasoning.lattice.lattice gives it")
    rows = [
        (name, lattice.count_narrower(name), lattice.count_wider(name), len(lattice.equal(name)))
        for name in lattice.names
    ]
    return SCHEMAS["breadth"].frame(sorted(rows, key=lambda row: (-row[1], row[0])))
