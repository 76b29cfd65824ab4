"""Graphs of decided facts: the access graph, the policy graph and the lattice, and folds that make them fit to draw.

Nodes are named ``kind:<ARN or pattern>``; every attribute is a string, a number or a bool, never None, so that
GraphML takes it. `G.graph` holds ``kind`` (``access``, ``policy``, ``escalation`` or ``lattice``) and ``catalog_date``.
"""

from lexgraph.graph.access import access_graph, reaches
from lexgraph.graph.chains import EscalationChain, escalation_paths, who_can_become_administrator, who_can_reach
from lexgraph.graph.escalation import escalation_graph, reasons
from lexgraph.graph.folding import fold_graph
from lexgraph.graph.lattice import lattice_graph
from lexgraph.graph.nearby import neighbourhood
from lexgraph.graph.policies import policy_graph

__all__ = [
    "EscalationChain",
    "access_graph",
    "escalation_graph",
    "escalation_paths",
    "fold_graph",
    "lattice_graph",
    "neighbourhood",
    "policy_graph",
    "reaches",
    "reasons",
    "who_can_become_administrator",
    "who_can_reach",
]
