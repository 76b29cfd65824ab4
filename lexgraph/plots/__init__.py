"""Charts of tables and graphs: each takes its data and ``ax=None``, draws, and returns the Axes (or the Figure).

Nothing is computed here but places; nothing is shown or saved. The styles ``lexgraph`` and ``lexgraph-dark`` are
known to matplotlib once this is imported.
"""

from lexgraph.plots.bars import timeline
from lexgraph.plots.flow import escalation
from lexgraph.plots.heatmap import access_levels
from lexgraph.plots.ladder import difference
from lexgraph.plots.network import access_network, policy_network
from lexgraph.plots.path import decision_path
from lexgraph.plots.style import alt_text
from lexgraph.plots.upset import overlap

__all__ = [
    "access_levels",
    "access_network",
    "alt_text",
    "decision_path",
    "difference",
    "escalation",
    "overlap",
    "policy_network",
    "timeline",
]


def __dir__() -> list[str]:
    return list(__all__)
