"""The search behind :func:`lexgraph.access.escalation.edges.escalation_edges`, method by method.

A target is asked about together with all that no statement tells apart from it
(:mod:`lexgraph.access.escalation.alike`), and only those principals are asked about that hold an Allow which names the
action.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import Any

from lexgraph.access.chaining import roles_of
from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.administrators import (
    Administrators,
    Standing,
    administrators,
    named_actions,
)
from lexgraph.access.escalation.alike import Alike, Thing, thing_of
from lexgraph.access.escalation.creating import Creating, OpenGroup, carried
from lexgraph.access.escalation.methods import METHODS, Gain, Method, Need
from lexgraph.access.escalation.model import EscalationEdge, Proof, joint, lesser, proof_of
from lexgraph.access.escalation.somewhere import somewhere
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.access.escalation.trusted import ASSUME, Trusted, trusting_stack
from lexgraph.account.model import Principal, Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import split_arn
from lexgraph.policy.model import Policy

PASS, RETRUST = "iam:PassRole", "iam:UpdateAssumeRolePolicy"
PLACES = ("target", "new", "group", "other group", "policy", "boundary", "provider")


class Search:
    """The work on one account; what is asked twice is kept."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.told: dict[Proof, Proof] = {}  # equal proofs are one, since edges are many
        self._trusting: dict[str, dict[str, Proof]] = {}
        self._becoming: dict[tuple[Gain, str, str | None], Standing | None] = {}
        self._groups_above: dict[str, dict[str, Standing]] = {}
        # Of the principal that was asked about last: what it may pass to which service.
        self._passing: tuple[str, dict[tuple[str, bool], tuple[tuple[Proof, tuple[Thing, ...]], ...]]] = ("", {})

    # What there is ------------------------------------------------------------------------------------------

    @cached_property
    def standings(self) -> Administrators:
        """Who is an administrator, or would be."""
        return administrators(self.snapshot)

    @cached_property
    def alike(self) -> Alike:
        """What no statement tells apart."""
        needs = (need for method in METHODS.values() for need in method.needs)
        return Alike(self.snapshot, {need.action for need in needs if need.on in PLACES})

    @cached_property
    def trimmed(self) -> Trimmed:
        """The policies, cut down to what they say of the methods' actions."""
        return Trimmed(self.snapshot, (need.action for method in METHODS.values() for need in method.needs))

    @cached_property
    def trusted(self) -> Trusted:
        """The roles, by the services that they trust."""
        return Trusted(self.snapshot)

    @cached_property
    def creating(self) -> Creating:
        """What could be created."""
        return Creating(self.trimmed, self.alike, self.standings)

    @cached_property
    def principals(self) -> dict[str, Principal]:
        """The users and roles, by their ARNs."""
        return {principal.arn: principal for principal in self.snapshot.principals}

    @cached_property
    def things(self) -> dict[str, tuple[Thing, ...]]:
        """What methods go through, by what a need calls it and whom it takes over."""
        everyone = self.snapshot.principals
        tagged = any(principal.tags for principal in everyone)
        groups = tuple(Thing(group.arn) for group in self.snapshot.groups)
        held = {arn for place, arn in self.holders if place in ("policy", "boundary")}
        policies = tuple(Thing(arn) for arn in sorted(held) if _is_own_policy(arn))
        users = tuple(thing_of(p, tagged=tagged) for p in everyone if p.kind == "user")
        roles = tuple(thing_of(p, tagged=tagged) for p in everyone if p.kind == "role" and not _is_linked(p.arn))
        return {
            "user": users, "role": roles, "group": groups, "other group": groups,
            "policy": policies, "boundary": policies, "provider": tuple(map(Thing, self.trusted.providers)),
            "bounded user": tuple(thing for thing in users if thing.boundary),
            "bounded role": tuple(thing for thing in roles if thing.boundary),
        }  # fmt: skip

    @cached_property
    def holders(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Whom a group or a policy is about: by how a need calls it, and its ARN."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for who in self.snapshot.principals:
            if _is_linked(who.arn):
                continue
            for arn in who.groups:
                found.setdefault(("group", arn), {})[who.arn] = None
            for key, via, _, _ in self.snapshot.holdings(who):
                place = "boundary" if via == "boundary" else "policy"
                found.setdefault((place, key), {})[who.arn] = None
        providers = {("provider", arn): roles for arn, roles in self.trusted.providers.items()}
        return {place: tuple(arns) for place, arns in found.items()} | providers

    @cached_property
    def named(self) -> dict[str, int]:
        """The actions that some Allow of a principal names, as bits; all where it holds what could not be read."""
        bits: dict[int, int] = {}
        found = {}
        for who in self.snapshot.principals:
            stack = self.snapshot.stack(who)
            found[who.arn] = catalog().everything if "identity" in stack.unreadable else 0
            for policy in stack.identity:
                if id(policy) not in bits:
                    bits[id(policy)] = named_actions(policy)
                found[who.arn] |= bits[id(policy)]
        return found

    def may_name(self, who: Principal, action: str) -> bool:
        """Whether it is worth asking whether a principal is allowed an action."""
        if self.snapshot.resource_policies and not action.startswith("iam:"):
            return True
        return bool(self.named[who.arn] & catalog().bits(action))

    # Edges --------------------------------------------------------------------------------------------------

    def edges(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """Yield what a principal can do by one method."""
        if method.kind == "assume":
            yield from self._assuming(who, method)
        elif method.kind in ("pass", "use"):
            yield from self._through_service(who, method)
        elif method.kind == "create":
            yield from self._creating(who, method)
        elif not self.may_name(who, method.needs[0].action):
            return
        elif method.needs[0].on == "other group":
            yield from self._joining(who, method)
        else:
            yield from self._on_target(who, method)

    def _assuming(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        for edge in roles_of(self.snapshot, who):
            if edge.role != who.arn:
                proof = self._one(Proof(ASSUME, None, (), edge.outcome, edge.condition, edge.missing_keys))
                yield EscalationEdge(who.arn, edge.role, method.name, edge.outcome, method.gain, (proof,))

    def _one(self, proof: Proof) -> Proof:
        """The proof itself, or the equal one that is there: what rests on the same decisions is told once."""
        return self.told.setdefault(proof, proof)

    def granted(
        self, who: Principal, action: str, things: Sequence[Thing], carried: dict[str, Any]
    ) -> Iterator[tuple[Proof, tuple[Thing, ...]]]:
        """Yield what is granted an action on, put together where one decision answers for all."""
        for group in self.alike.groups(who, action, things):
            known = {**self.alike.context(action, group[0]), **carried}
            decision = self.trimmed.decide(who, action, group[0].arn, known)
            if decision.outcome in GRANTING:
                yield self._one(proof_of(decision, known, anywhere=True)), group

    def _on_target(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        need, name, itself = method.needs[0], method.name, method.gain == "acts"
        for proof, group in self.granted(who, need.action, self._things_of(method), carried(need.action, who)):
            plain: tuple[Gain, tuple[Proof, ...], Outcome] | None = None
            if method.gain in ("acts", "rules") and name != RETRUST and need.on != "provider":
                plain = method.gain, (proof,), proof.outcome
            for thing in group:
                for target, via in self._targets(need, thing):
                    if itself and target == who.arn:
                        continue
                    gain, proofs, outcome = plain or self._gained(who, method, self.principals[target], via, proof)
                    if need.on == "provider" and len(proofs) == 1:
                        continue  # the role is not for those who sign in with the provider
                    yield EscalationEdge(who.arn, target, name, outcome, gain, proofs, via)

    def _things_of(self, method: Method) -> tuple[Thing, ...]:
        on = method.needs[0].on
        if on != "target":
            return self.things[on]
        return self.things[f"bounded {method.target}" if method.gain == "unbinds" else str(method.target)]

    def _targets(self, need: Need, thing: Thing) -> Iterable[tuple[str, str | None]]:
        if need.on == "target":
            return ((thing.arn, None),)
        managed = self.snapshot.managed(thing.arn)  # None where the dump lacks it: then nobody knows its versions
        if need.action == "iam:SetDefaultPolicyVersion" and managed is not None and len(managed.versions) < 2:
            return ()
        return ((target, thing.arn) for target in self.holders.get((need.on, thing.arn), ()))

    def _gained(
        self, who: Principal, method: Method, target: Principal, via: str | None, proof: Proof
    ) -> tuple[Gain, tuple[Proof, ...], Outcome]:
        """What a principal has of a method, the proofs (some of what comes afterwards), and the outcome."""
        if method.name == RETRUST:
            after = self._trusted_by(who).get(target.arn)
            proofs = (proof, after) if after else (proof,)
            return "acts" if after else "changes", proofs, joint(proofs)
        if method.needs[0].on == "provider":
            trust = self.trusted.by_provider(target, str(via))
            return "acts", (proof, trust) if trust else (proof,), "conditional"
        becomes = self._risen(method.gain, target, via)
        if becomes is None:
            return method.gain, (proof,), proof.outcome
        return "raises", (proof,), lesser(proof.outcome, becomes)

    def _risen(self, gain: Gain, target: Principal, via: str | None) -> Standing | None:
        """What a target becomes by losing its boundary, or by another version of what it holds, whoever does it."""
        name = gain, target.arn, via
        if name not in self._becoming:
            becomes: Standing | None = None
            if gain == "unbinds":
                becomes = self._becomes(target, bounded=False)
            elif gain == "changes" and via is not None and (managed := self.snapshot.managed(via)):
                found = {self._becomes(target, instead=policy) for _, policy in managed.versions}
                becomes = "allowed" if "allowed" in found else "conditional" if "conditional" in found else None
            self._becoming[name] = becomes
        return self._becoming[name]

    def _becomes(self, target: Principal, **changed: Any) -> Standing | None:
        """Whether a change makes an administrator of a principal that is none, or one under a condition."""
        before = self.standings.standing(target)
        after = self.standings.standing(target, **changed)
        return None if after is None or before in ("allowed", after) else after

    def _trusted_by(self, who: Principal) -> dict[str, Proof]:
        """The roles that a principal may assume once their trust policies name it."""
        found = self._trusting.get(who.arn)
        if found is None:
            found = self._trusting[who.arn] = {}
            stack: PolicyStack | None = None
            for group in self.alike.groups(who, ASSUME, self.things["role"]):
                known = self.alike.context(ASSUME, group[0])
                stack = stack or trusting_stack(self.trimmed, who, group[0].arn)
                context = self.snapshot.request_context(who, Context(known), group[0].arn)
                decision = authorize(stack, Request(who.arn, ASSUME, group[0].arn, context))
                if decision.outcome in GRANTING:
                    proof = self._one(proof_of(decision, known, anywhere=True, after=True))
                    found |= dict.fromkeys((thing.arn for thing in group if thing.arn != who.arn), proof)
        return found

    def _joining(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """One edge for each user, through the group that gives the most: an administrator's before others, one that is
        allowed for certain before one under a condition.
        """
        open_groups = self._open_groups(who)
        best: dict[tuple[object, ...], tuple[bool, Outcome, str] | None] = {}
        for user in self.things["user"] if open_groups else ():
            target = self.principals[user.arn]
            raising = self._raising(target)
            name = target.groups, *raising.items()  # all that the choice depends on
            if name not in best:
                ranked = (
                    (arn not in raising, lesser(proof.outcome, raising.get(arn, "allowed")), arn)
                    for arn, proof in open_groups.items()
                    if arn not in target.groups
                )
                best[name] = min(ranked, default=None)
            if found := best[name]:
                ordinary, outcome, via = found
                gain: Gain = "changes" if ordinary else "raises"
                yield EscalationEdge(who.arn, user.arn, method.name, outcome, gain, (open_groups[via],), via)

    def _open_groups(self, who: Principal) -> dict[str, Proof]:
        """The groups that a principal may put users into, each with the proof."""
        found = self.granted(who, "iam:AddUserToGroup", self.things["group"], {})
        return {thing.arn: proof for proof, group in found for thing in group}

    def _raising(self, user: Principal) -> dict[str, Standing]:
        """The groups whose policies would make a user an administrator, who is none."""
        if user.arn not in self._groups_above:
            own, everything = self.named[user.arn], catalog().everything
            found = (
                (arn, self._becomes(user, more=held, unread=unread))
                for arn, held, unread, names in self._held
                if own | names == everything  # else some action is named by nobody: that is no administrator
            )
            self._groups_above[user.arn] = {arn: becomes for arn, becomes in found if becomes is not None}
        return self._groups_above[user.arn]

    @cached_property
    def _held(self) -> tuple[tuple[str, tuple[Policy, ...], bool, int], ...]:
        """The policies of each group that could be read, whether some could not, and the actions that they may name."""
        bad = {one.owner for one in self.snapshot.unreadable if one.kind == "identity" and not one.partial}
        found = []
        for group in self.snapshot.groups:
            attached = [self.snapshot.managed(arn) for arn in group.attached]
            held = (*group.inline, *(managed.policy for managed in attached if managed))
            unread = None in attached or group.arn in bad
            names = catalog().everything if unread else reduce(or_, map(named_actions, held), 0)
            found.append((group.arn, held, unread, names))
        return tuple(found)

    # Through a service --------------------------------------------------------------------------------------

    def _creating(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """What a principal can create; the trust policy of a new role may name it, so that it may assume that."""
        if not all(self.may_name(who, need.action) for need in method.needs if need.action != ASSUME):
            return
        groups: tuple[OpenGroup, ...] = ()
        if any(need.on == "other group" for need in method.needs):
            proofs = self._open_groups(who)
            groups = tuple(OpenGroup(arn, held, bad, proofs[arn]) for arn, held, bad, _ in self._held if arn in proofs)
            if not groups:
                return
        yield from self.creating.edges(who, method, groups)

    def _through_service(self, who: Principal, method: Method) -> Iterator[EscalationEdge]:
        """What a principal gets by way of a service that a role trusts."""
        trusting = self.trusted.roles(str(method.service), federated=method.federated)
        others = [need for need in method.needs if need.action != PASS]
        if not trusting or not all(self.may_name(who, need.action) for need in method.needs):
            return
        proofs, name = self._elsewhere(who, others), method.name
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

    def _passable(self, who: Principal, method: Method) -> Iterable[tuple[Proof, tuple[Thing, ...]]]:
        """The roles that a principal may pass to a method's service, asked once for all methods of the service."""
        if self._passing[0] != who.arn:
            self._passing = who.arn, {}
        service, kept = str(method.service), self._passing[1]
        if (service, method.federated) not in kept:
            roles = self.trusted.things(self.things["role"], service, federated=method.federated)
            found = tuple(self.granted(who, PASS, roles, {"iam:PassedToService": service}))
            kept[service, method.federated] = found
        return kept[service, method.federated]

    def _elsewhere(self, who: Principal, needs: Sequence[Need]) -> tuple[Proof, ...] | None:
        """The proofs of what a method needs beside the role, or None."""
        by_place: dict[str, list[str]] = {}
        for need in needs:
            by_place.setdefault(need.on, []).append(need.action)
        found: dict[tuple[str, str], Proof] = {}
        for place, actions in by_place.items():
            proofs = self._somewhere(who, tuple(actions), place)
            if proofs is None:
                return None
            found |= {(action, place): proof for action, proof in zip(actions, proofs, strict=True)}
        return tuple(found[need.action, need.on] for need in needs)

    def _somewhere(self, who: Principal, actions: tuple[str, ...], place: str) -> tuple[Proof, ...] | None:
        def make() -> tuple[Proof, ...] | None:
            if place == "*":
                decisions = tuple(self.trimmed.decide(who, action, "*") for action in actions)
                granted = all(decision.outcome in GRANTING for decision in decisions)
                return tuple(self._one(proof_of(d, {})) for d in decisions) if granted else None
            known = [one.resource for one in self.snapshot.resource_policies]
            found = somewhere(self.trimmed, who, actions, place, known=known)
            return None if found is None else tuple(self._one(proof_of(decision, {})) for decision in found)

        kept: tuple[Proof, ...] | None = self.snapshot.kept(f"somewhere {who.arn} {place} {' '.join(actions)}", make)
        return kept


def _is_linked(arn: str) -> bool:
    """Whether a role is linked to a service: IAM lets nobody edit it, or pass it."""
    return split_arn(arn)[5].startswith("role/aws-service-role/")


def _is_own_policy(arn: str) -> bool:
    """Whether a key is that of a customer managed policy; those of AWS are nobody's to change (rule L9)."""
    parts = split_arn(arn)
    return parts[4] != "aws" and parts[5].startswith("policy/")
