"""A part of a graph: what lies before and after one node."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import networkx as nx

from lexgraph.catalog.nearest import nearest
from lexgraph.errors import LexgraphError, shown

if TYPE_CHECKING:
    Graph: TypeAlias = nx.DiGraph[str]


def neighbourhood(G: Graph, node: str, depth: int | None = None) -> Graph:
    """Return what lies up to `depth` edges before and after `node`, or all: a user's permissions, and no stranger's.

    `node` is a node's id, its ARN, or its label where only one node has it. Raises LexgraphError with the code
    ``UNKNOWN_NODE``.
    """
    found = find_node(G, node)
    after = nx.single_source_shortest_path_length(G, found, cutoff=depth)
    before = nx.single_source_shortest_path_length(G.reverse(copy=False), found, cutoff=depth)
    near: Graph = nx.DiGraph(**G.graph)
    near.add_nodes_from((n, G.nodes[n]) for n in G if n in after or n in before)
    near.add_edges_from(
        (a, b, facts) for a, b, facts in G.edges(data=True) if {a, b} <= after.keys() or {a, b} <= before.keys()
    )
    return near


def find_node(G: Graph, node: str) -> str:
    """Return the id of the node that an id, an ARN, or a label means; raises LexgraphError (``UNKNOWN_NODE``)."""
    if node in G:
        return node
    fits = [n for n in G if G.nodes[n]["label"] == node or n.partition(":")[2] == node]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise LexgraphError(f"{shown(node)} may be any of {', '.join(map(shown, fits[:5]))}", code="UNKNOWN_NODE")
    hint = nearest(node, (str(G.nodes[n]["label"]) for n in G))
    raise LexgraphError(f"there is no node {shown(node)} in the graph{hint}", code="UNKNOWN_NODE")
