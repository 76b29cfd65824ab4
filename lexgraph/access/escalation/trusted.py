"""Which roles trust a service: the trust policies held against a service's own request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from lexgraph.access.chaining import ASSUME
from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.alike import Thing
from lexgraph.access.escalation.model import Proof, proof_of
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.account.model import Principal, Snapshot
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import split_arn
from lexgraph.policy.model import PatternSet, Policy, Statement

_SAML, _PROVIDER = "sts:AssumeRoleWithSAML", ":saml-provider/"
# Where AWS takes assertions; whoever signs one says that it is meant for there.
_SIGNING_IN = {
    "aws": "https://signin.aws.amazon.com/saml",
    "aws-cn": "https://signin.amazonaws.cn/saml",
    "aws-us-gov": "https://signin.amazonaws-us-gov.com/saml",
}


class Trusted:
    """The roles of an account, by the services that they trust."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._roles: dict[tuple[str, bool], dict[str, Proof]] = {}
        self._things: dict[tuple[str, bool], tuple[Thing, ...]] = {}
        self._told: dict[Proof, Proof] = {}

    def roles(self, service: str, *, federated: bool = False) -> dict[str, Proof]:
        """Return the roles that a service may assume, each with the proof."""
        found = self._roles.get((service, federated))
        if found is None:
            asked = ((role.arn, self._proof(role, service, federated=federated)) for role in self._likely(service))
            found = self._roles[service, federated] = {arn: proof for arn, proof in asked if proof is not None}
        return found

    def things(self, roles: Sequence[Thing], service: str, *, federated: bool = False) -> tuple[Thing, ...]:
        """Return those of `roles` that trust a service, always the same tuple."""
        name = service, federated
        if name not in self._things:
            trusting = self.roles(service, federated=federated)
            self._things[name] = tuple(thing for thing in roles if thing.arn in trusting)
        return self._things[name]

    @cached_property
    def providers(self) -> dict[str, tuple[str, ...]]:
        """The roles that a SAML provider of the account is named by, by the provider's ARN."""
        by_name, _ = self._named
        own = f":iam::{self.snapshot.account_id}{_PROVIDER}"
        return {name: tuple(role.arn for role in roles) for name, roles in by_name.items() if own in name}

    def by_provider(self, role: Principal, provider: str) -> Proof | None:
        """Return the proof that a role is for whoever signs in with a SAML provider, or None."""
        told = _SIGNING_IN.get(split_arn(role.arn)[1])
        best: Proof | None = None
        for known in ({"SAML:aud": told} if told else {}, {}):
            caller = f"Federated:{provider}"
            decision = self._decision(role, caller, _SAML, known)
            if decision.outcome in GRANTING and (best is None or decision.outcome < best.outcome):
                best = proof_of(decision, known, caller=caller)
        return self._told.setdefault(best, best) if best else None

    @cached_property
    def _named(self) -> tuple[dict[str, list[Principal]], list[Principal]]:
        """The roles by the names in their trust policies, and those that may trust anybody."""
        by_name: dict[str, list[Principal]] = {}
        anybody = []
        for role in self.snapshot.principals:
            if role.kind != "role":
                continue
            trust = role.trust
            elements = [s.principals for s in trust.statements if s.allows] if trust else [None]
            if any(e is None or e.negated or {"*", "AWS:*"} & set(e) for e in elements) or _is_partial(role):
                anybody.append(role)
                continue
            names = dict.fromkeys(name.partition(":")[2] for element in elements if element for name in element)
            for name in names:
                by_name.setdefault(name, []).append(role)
        return by_name, anybody

    def _likely(self, service: str) -> list[Principal]:
        by_name, anybody = self._named
        return sorted([*by_name.get(service, ()), *anybody], key=lambda role: role.arn)

    def _proof(self, role: Principal, service: str, *, federated: bool) -> Proof | None:
        action = "sts:AssumeRoleWithWebIdentity" if federated else ASSUME
        caller = f"{'Federated' if federated else 'Service'}:{service}"
        # Whoever uses the service from within the account, for that account it asks.
        known = {} if federated else {"aws:SourceAccount": self.snapshot.account_id}
        decision = self._decision(role, caller, action, known)
        if decision.outcome not in GRANTING:
            return None
        proof = proof_of(decision, known, anywhere=True, caller=caller)
        return self._told.setdefault(proof, proof)  # equal ones are one, since edges are many

    def _decision(self, role: Principal, caller: str, action: str, known: Mapping[str, Any]) -> Decision:
        """The decision on a request of a service's or a provider's to assume a role."""
        stack = self.snapshot.stack_for(role, action, role.arn)
        unread = tuple(layer for layer in stack.unreadable if layer in ("resource", "rcp"))
        stack = replace(stack, identity=(), boundary=None, scps=(), unreadable=unread)
        return authorize(stack, Request(caller, action, role.arn, Context(known)))


def trusting_stack(trimmed: Trimmed, who: Principal, role: str) -> PolicyStack:
    """Return the layers for assuming a role of the account whose trust policy names the principal, whatever role it
    is, be it one that is not there yet.
    """
    stack = trimmed.cut(trimmed.snapshot.stack_for(who, ASSUME, role))
    unread = tuple(layer for layer in stack.unreadable if layer != "resource")
    absent = tuple(layer for layer in stack.absent if layer != "resource")
    return replace(stack, resource=trusting(who.arn), unreadable=unread, absent=absent, partial=())


def trusting(arn: str) -> Policy:
    """Return a trust policy that names a principal."""
    statement = Statement("Allow", PatternSet((ASSUME,)), principals=PatternSet((f"AWS:{arn}",)))
    return Policy("trust", (statement,), kind="trust")


def _is_partial(role: Principal) -> bool:
    return role.trust is not None and any(statement.unknown is not None for statement in role.trust.statements)
