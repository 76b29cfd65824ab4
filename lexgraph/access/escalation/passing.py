"""What a principal gets by way of a service that a role trusts: by passing it the role, or by using what runs as it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.alike import Thing
from lexgraph.access.escalation.inventory import Inventory
from lexgraph.access.escalation.methods import Method, Need
from lexgraph.access.escalation.model import EscalationEdge, Proof, joint, proof_of
from lexgraph.access.escalation.somewhere import somewhere
from lexgraph.account.model import Principal
from lexgraph.evaluation.decision import Decision

PASS = "iam:PassRole"
Passable = tuple[tuple[Proof, tuple[Thing, ...]], ...]


class Passing:
    """Answers about the services that the roles of one account trust."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        # Of the principal that was asked about last: what it may pass to which service.
        self._passing: tuple[str, dict[tuple[str, bool], Passable]] = ("", {})
        self._places: dict[tuple[str, str, tuple[str, ...]], tuple[Proof, ...] | None] = {}

    def edges(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """Yield what a principal gets by one method."""
        trusting = self.inventory.trusted.roles(str(method.service), federated=method.federated)
        if not trusting or not all(self.inventory.may_name(who, need.action) for need in method.needs):
            return
        proofs, name = self._elsewhere(who, [need for need in method.needs if need.action != PASS]), method.name
        if proofs is None:
            return
        if method.kind == "use":
            for arn, trust in trusting.items():
                if arn != who.arn:
                    yield EscalationEdge(who.arn, arn, name, "conditional", "acts", (*proofs, trust))
            return
        for proof, group in self._passable(who, method):
            for arn in (thing.arn for thing in group if thing.arn != who.arn):
                whole = (proof, *proofs, trusting[arn])
                outcome = "conditional" if method.presumes else joint(whole)
                yield EscalationEdge(who.arn, arn, name, outcome, "acts", whole)

    def _passable(self, who: Principal, method: Method) -> Passable:
        """The roles that a principal may pass to a method's service, asked once for all methods of the service."""
        if self._passing[0] != who.arn:
            self._passing = who.arn, {}
        service, kept = str(method.service), self._passing[1]
        name = service, method.federated
        if name not in kept:
            roles = self.inventory.trusted.things(self.inventory.things["role"], service, federated=method.federated)
            kept[name] = tuple(self.inventory.granted(who, PASS, roles, {"iam:PassedToService": service}))
        return kept[name]

    def _elsewhere(self, who: Principal, needs: Iterable[Need]) -> tuple[Proof, ...] | None:
        """The proofs of what a method needs beside the role, or None."""
        by_place: dict[str, list[str]] = {}
        for need in needs:
            by_place.setdefault(need.on, []).append(need.action)
        found: dict[tuple[str, str], Proof] = {}
        for place, actions in by_place.items():
            proofs = self._somewhere(who, place, tuple(actions))
            if proofs is None:
                return None
            found |= {(action, place): proof for action, proof in zip(actions, proofs, strict=True)}
        return tuple(found[need.action, need.on] for need in needs)

    def _somewhere(self, who: Principal, place: str, actions: tuple[str, ...]) -> tuple[Proof, ...] | None:
        """The proofs that actions are granted on some resource of a type, the same for all of them, or None."""
        name = who.arn, place, actions
        if name not in self._places:
            found = self._decisions(who, place, actions)
            proofs = None if found is None else tuple(self.inventory.once(proof_of(one, {})) for one in found)
            self._places[name] = proofs
        return self._places[name]

    def _decisions(self, who: Principal, place: str, actions: Sequence[str]) -> tuple[Decision, ...] | None:
        trimmed = self.inventory.trimmed
        if place != "*":
            known = [one.resource for one in self.inventory.snapshot.resource_policies]
            return somewhere(trimmed, who, actions, place, known=known)
        found = tuple(trimmed.decide(who, action, "*") for action in actions)
        return found if all(decision.outcome in GRANTING for decision in found) else None
