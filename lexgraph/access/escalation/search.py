"""The search behind :func:`lexgraph.access.escalation.edges.escalation_edges`, kind by kind of the methods."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from lexgraph.access.chaining import ASSUME, roles_of
from lexgraph.access.escalation.creating import Creating
from lexgraph.access.escalation.groups import Groups, OpenGroup
from lexgraph.access.escalation.inventory import Inventory
from lexgraph.access.escalation.methods import Method
from lexgraph.access.escalation.model import EscalationEdge, Proof
from lexgraph.access.escalation.passing import Passing
from lexgraph.access.escalation.targets import Targets
from lexgraph.account.model import Principal, Snapshot


class Search:
    """The work on one account, by the kinds of methods."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.inventory = Inventory(snapshot)
        self.targets, self.groups = Targets(self.inventory), Groups(self.inventory)
        self.passing = Passing(self.inventory)

    @cached_property
    def creating(self) -> Creating:
        """What could be created."""
        return Creating(self.inventory)

    def edges(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """Yield what a principal can do by one method."""
        if method.kind == "assume":
            yield from self._assuming(who, method)
        elif method.kind in ("pass", "use"):
            yield from self.passing.edges(who, method)
        elif method.kind == "create":
            yield from self._creating(who, method)
        elif self.inventory.may_name(who, method.needs[0].action):
            through_groups = method.needs[0].on == "other group"
            yield from (self.groups if through_groups else self.targets).edges(who, method)

    def _assuming(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        for edge in roles_of(self.inventory.snapshot, who):
            if edge.role != who.arn:
                proof = self.inventory.once(Proof(ASSUME, None, (), edge.outcome, edge.condition, edge.missing_keys))
                yield EscalationEdge(who.arn, edge.role, method.name, edge.outcome, method.gain, (proof,))

    def _creating(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """What a principal can create; the trust policy of a new role may name it, so that it may assume that."""
        if not all(self.inventory.may_name(who, need.action) for need in method.needs if need.action != ASSUME):
            return
        groups: tuple[OpenGroup, ...] = ()
        if any(need.on == "other group" for need in method.needs):
            groups = self.groups.open_to(who)
            if not groups:
                return
        yield from self.creating.edges(who, method, groups)
