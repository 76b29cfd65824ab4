"""What an account holds that methods go through, made ready to be asked about.

A target is asked about together with all that no statement tells apart from it
(:mod:`lexgraph.access.escalation.alike`), and only those principals are asked about that hold an Allow which names the
action.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.administrators import Administrators, administrators
from lexgraph.access.escalation.alike import Alike, Thing, thing_of
from lexgraph.access.escalation.methods import METHODS
from lexgraph.access.escalation.model import Proof, proof_of
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.access.escalation.trusted import Trusted
from lexgraph.account.model import Principal, Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.services import LINKED
from lexgraph.policy.arn import split_arn

PLACES = ("target", "new", "group", "other group", "policy", "boundary", "provider")


class Inventory:
    """One account; what is asked twice is kept."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._told: dict[Proof, Proof] = {}  # equal proofs are one, since edges are many

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
        roles = tuple(thing_of(p, tagged=tagged) for p in everyone if p.kind == "role" and LINKED not in p.arn)
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
            if LINKED in who.arn:  # IAM lets nobody edit such a role, or pass it
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
        stacks = {who.arn: self.snapshot.stack(who) for who in self.snapshot.principals}
        everything = catalog().everything
        return {
            arn: everything if "identity" in stack.unreadable else self.standings.named(stack.identity)
            for arn, stack in stacks.items()
        }

    def may_name(self, who: Principal, action: str) -> bool:
        """Return whether it is worth asking whether a principal is allowed an action."""
        if self.snapshot.resource_policies and not action.startswith("iam:"):
            return True
        return bool(self.named[who.arn] & catalog().bits(action))

    def once(self, proof: Proof) -> Proof:
        """Return the proof, or the equal one that is there: what rests on the same decisions is told once."""
        return self._told.setdefault(proof, proof)

    def granted(
        self, who: Principal, action: str, things: Sequence[Thing], carried: dict[str, Any]
    ) -> Iterator[tuple[Proof, tuple[Thing, ...]]]:
        """Yield what is granted an action on, put together where one decision answers for all."""
        for group in self.alike.groups(who, action, things):
            known = {**self.alike.context(action, group[0]), **carried}
            decision = self.trimmed.decide(who, action, group[0].arn, known)
            if decision.outcome in GRANTING:
                yield self.once(proof_of(decision, known, anywhere=True)), group


def _is_own_policy(arn: str) -> bool:
    """Whether a key is that of a customer managed policy; those of AWS are nobody's to change (rule L9)."""
    parts = split_arn(arn)
    return parts[4] != "aws" and parts[5].startswith("policy/")
