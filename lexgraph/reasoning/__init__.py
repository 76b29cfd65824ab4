"""What holds for every request: containment, overlap and equality of policies, each with a request that shows it."""

from lexgraph.reasoning.compare import Relation, relate
from lexgraph.reasoning.contain import Answer, contains, equivalent, overlaps

__all__ = ["Answer", "Relation", "contains", "equivalent", "overlaps", "relate"]
