"""Users put into groups, whose policies they then hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from lexgraph.access.escalation.administrators import Standing
from lexgraph.access.escalation.inventory import Inventory
from lexgraph.access.escalation.methods import Gain, Method
from lexgraph.access.escalation.model import EscalationEdge, Proof, lesser
from lexgraph.account.model import Principal
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.decision import Outcome
from lexgraph.policy.model import Policy


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """A group that a principal may put users into: what it holds, whether some of it is not known, and the proof."""

    arn: str
    held: tuple[Policy, ...]
    unread: bool
    proof: Proof


class Groups:
    """Answers about the groups of one account."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._above: dict[str, dict[str, Standing]] = {}

    def open_to(self, who: Principal) -> tuple[OpenGroup, ...]:
        """Return the groups that a principal may put users into."""
        found = self.inventory.granted(who, "iam:AddUserToGroup", self.inventory.things["group"], {})
        proofs = {thing.arn: proof for proof, group in found for thing in group}
        if not proofs:
            return ()
        return tuple(OpenGroup(arn, held, bad, proofs[arn]) for arn, held, bad, _ in self._held if arn in proofs)

    def edges(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """Yield one edge for each user, through the group that gives the most: an administrator's before others, one
        that is allowed for certain before one under a condition.
        """
        groups = {group.arn: group.proof for group in self.open_to(who)}
        best: dict[tuple[object, ...], tuple[bool, Outcome, str] | None] = {}
        for user in self.inventory.things["user"] if groups else ():
            target = self.inventory.principals[user.arn]
            raising = self._raising(target)
            name = target.groups, *raising.items()  # all that the choice depends on
            if name not in best:
                ranked = (
                    (arn not in raising, lesser(proof.outcome, raising.get(arn, "allowed")), arn)
                    for arn, proof in groups.items()
                    if arn not in target.groups
                )
                best[name] = min(ranked, default=None)
            if found := best[name]:
                ordinary, outcome, via = found
                gain: Gain = "changes" if ordinary else "raises"
                yield EscalationEdge(who.arn, user.arn, method.name, outcome, gain, (groups[via],), via)

    def _raising(self, user: Principal) -> dict[str, Standing]:
        """The groups whose policies would make a user an administrator, who is none."""
        if user.arn not in self._above:
            own, everything = self.inventory.named[user.arn], catalog().everything
            found = (
                (arn, self.inventory.standings.becomes(user, more=held, unread=unread))
                for arn, held, unread, names in self._held
                if own | names == everything  # else some action is named by nobody: that is no administrator
            )
            self._above[user.arn] = {arn: becomes for arn, becomes in found if becomes is not None}
        return self._above[user.arn]

    @cached_property
    def _held(self) -> tuple[tuple[str, tuple[Policy, ...], bool, int], ...]:
        """The policies of each group that could be read, whether some could not, and the actions that they may name."""
        snapshot = self.inventory.snapshot
        bad = {one.owner for one in snapshot.unreadable if one.kind == "identity" and not one.partial}
        found = []
        for group in snapshot.groups:
            attached = [snapshot.managed(arn) for arn in group.attached]
            held = (*group.inline, *(managed.policy for managed in attached if managed))
            unread = None in attached or group.arn in bad
            names = catalog().everything if unread else self.inventory.standings.named(held)
            found.append((group.arn, held, unread, names))
        return tuple(found)
