"""Who contains whom, as a graph."""

from __future__ import annotations

from typing import Any

import networkx as nx

from lexgraph.catalog.actions import catalog
from lexgraph.reasoning.lattice import Lattice


def lattice_graph(lattice: Lattice) -> nx.DiGraph[Any]:
    """Return the graph of a lattice: narrow → wide, without the edges that follow from others.

    A node ``policy:<name>`` stands for all policies that allow the same requests, by the first of their names; its
    attributes are `kind`, `label`, `equal` (how many names) and `names` (all of them, joined by spaces). A path from
    one to another says that the second allows everything that the first does.

    Examples
    --------
    >>> G = lattice_graph(Lattice((("a",), ("b",)), ((0, 1),)))
    >>> list(G.edges)
    [('policy:a', 'policy:b')]
    """
    G: nx.DiGraph[Any] = nx.DiGraph(kind="lattice", catalog_date=catalog().date)
    ids = [f"policy:{names[0]}" for names in lattice.classes]
    for node, names in zip(ids, lattice.classes, strict=True):
        G.add_node(node, kind="policy", label=names[0], equal=len(names), names=" ".join(names))
    G.add_edges_from(((ids[narrow], ids[wide]) for narrow, wide in lattice.edges), kind="contained in")
    return G
