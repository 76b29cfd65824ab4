"""What is done to users and roles: to themselves, or to the groups, policies and providers that they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lexgraph.access.chaining import ASSUME
from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.administrators import Standing
from lexgraph.access.escalation.alike import Thing
from lexgraph.access.escalation.creating import carried
from lexgraph.access.escalation.inventory import Inventory
from lexgraph.access.escalation.methods import Gain, Method, Need
from lexgraph.access.escalation.model import EscalationEdge, Proof, joint, lesser, proof_of
from lexgraph.access.escalation.trusted import trusting_stack
from lexgraph.account.model import Principal
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Request

RETRUST = "iam:UpdateAssumeRolePolicy"
# What a principal has of a method, the proofs (some of what comes afterwards), and the outcome.
Gained = tuple[Gain, tuple[Proof, ...], Outcome]


class Targets:
    """Answers about the users and roles of one account."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._trusting: dict[str, dict[str, Proof]] = {}
        self._becoming: dict[tuple[Gain, str, str | None], Standing | None] = {}

    def edges(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """Yield what a principal can do to targets by one method."""
        need, name, itself = method.needs[0], method.name, method.gain == "acts"
        is_plain = method.gain in ("acts", "rules") and name != RETRUST and need.on != "provider"
        things = self._things_of(method)
        for proof, group in self.inventory.granted(who, need.action, things, carried(need.action, who)):
            plain: Gained | None = (method.gain, (proof,), proof.outcome) if is_plain else None
            for thing in group:
                for target, via in self._targets(need, thing):
                    if itself and target == who.arn:
                        continue
                    gain, proofs, outcome = plain or self._gained(who, method, target, via, proof)
                    if need.on == "provider" and len(proofs) == 1:
                        continue  # the role is not for those who sign in with the provider
                    yield EscalationEdge(who.arn, target, name, outcome, gain, proofs, via)

    def _things_of(self, method: Method) -> tuple[Thing, ...]:
        on = method.needs[0].on
        if on != "target":
            return self.inventory.things[on]
        return self.inventory.things[f"bounded {method.target}" if method.gain == "unbinds" else str(method.target)]

    def _targets(self, need: Need, thing: Thing) -> Iterable[tuple[str, str | None]]:
        if need.on == "target":
            return ((thing.arn, None),)
        # None where the dump lacks it: then nobody knows its versions.
        managed = self.inventory.snapshot.managed(thing.arn)
        if need.action == "iam:SetDefaultPolicyVersion" and managed is not None and len(managed.versions) < 2:
            return ()
        return ((target, thing.arn) for target in self.inventory.holders.get((need.on, thing.arn), ()))

    def _gained(self, who: Principal, method: Method, target: str, via: str | None, proof: Proof) -> Gained:
        if method.name == RETRUST:
            after = self._trusted_by(who).get(target)
            proofs = (proof, after) if after else (proof,)
            return "acts" if after else "changes", proofs, joint(proofs)
        principal = self.inventory.principals[target]
        if method.needs[0].on == "provider":
            trust = self.inventory.trusted.by_provider(principal, str(via))
            return "acts", (proof, trust) if trust else (proof,), "conditional"
        becomes = self._risen(method.gain, principal, via)
        if becomes is None:
            return method.gain, (proof,), proof.outcome
        return "raises", (proof,), lesser(proof.outcome, becomes)

    def _risen(self, gain: Gain, target: Principal, via: str | None) -> Standing | None:
        """What a target becomes by losing its boundary, or by another version of what it holds, whoever does it."""
        name = gain, target.arn, via
        if name not in self._becoming:
            becomes: Standing | None = None
            if gain == "unbinds":
                becomes = self.inventory.standings.becomes(target, bounded=False)
            elif gain == "changes" and via is not None and (managed := self.inventory.snapshot.managed(via)):
                found = (self.inventory.standings.becomes(target, instead=policy) for _, policy in managed.versions)
                becomes = min((one for one in found if one is not None), default=None)
            self._becoming[name] = becomes
        return self._becoming[name]

    def _trusted_by(self, who: Principal) -> dict[str, Proof]:
        """The roles that a principal may assume once their trust policies name it."""
        if who.arn not in self._trusting:
            self._trusting[who.arn] = dict(self._trusting_anew(who))
        return self._trusting[who.arn]

    def _trusting_anew(self, who: Principal) -> Iterator[tuple[str, Proof]]:
        inventory, stack = self.inventory, None
        for group in inventory.alike.groups(who, ASSUME, inventory.things["role"]):
            known, role = inventory.alike.context(ASSUME, group[0]), group[0].arn
            stack = stack or trusting_stack(inventory.trimmed, who, role)
            context = inventory.snapshot.request_context(who, Context(known), role)
            decision = authorize(stack, Request(who.arn, ASSUME, role, context))
            if decision.outcome in GRANTING:
                proof = inventory.once(proof_of(decision, known, anywhere=True, after=True))
                yield from ((thing.arn, proof) for thing in group if thing.arn != who.arn)
