"""Stacks of policies with only what they say of some services, and of one resource."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from lexgraph.access.comparison.decider import Rules
from lexgraph.access.comparison.holders import Holder, lying_in
from lexgraph.access.comparison.services import Services, may_concern, services_of
from lexgraph.access.comparison.settled import ITSELF, Settling, Told
from lexgraph.conditions.context import RESOURCE_TAGS
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import literal, readable, split_arn
from lexgraph.policy.model import ConditionTest, PatternSet, Policy, Statement


class Narrow:
    """Cuts stacks down to some services; what says the same is one object."""

    def __init__(self) -> None:
        self.settling = Settling()
        # By identity: to hash a policy costs more than to cut it. Each keeps what the ids are of.
        self._policies: dict[tuple[int, Services], tuple[Policy, Policy]] = {}
        self._same: dict[Policy, Policy] = {}
        self._places: dict[int, int] = {}
        self._stacks: dict[tuple[int, Services], tuple[PolicyStack, PolicyStack]] = {}
        self._made: dict[tuple[object, ...], PolicyStack] = {}
        self._kept: list[PolicyStack] = []  # so that no other stack takes their ids

    def of(self, stack: PolicyStack, services: Services) -> PolicyStack:
        """Return what a principal's stack says of the actions of some services; of all where they are None."""
        name = (id(stack), services)
        if name not in self._stacks:
            self._stacks[name] = (stack, self._cut(stack, services))
        return self._stacks[name][1]

    def _cut(self, stack: PolicyStack, services: Services) -> PolicyStack:
        identity = self._layer(stack.identity, services)
        boundary = self._policy(stack.boundary, services) if stack.boundary else None
        scps = tuple(self._layer(level, services) for level in stack.scps)
        name = (*ids_of((identity, *scps)), id(boundary), stack.unreadable)
        if name not in self._made:
            self._made[name] = PolicyStack(identity, boundary, scps=scps, unreadable=stack.unreadable)
        return self._made[name]

    def rules(self, rules: Rules, services: Services) -> Rules:
        """Return what resource control policies say of the actions of some services."""
        levels, unread = rules
        return tuple(self._layer(level, services) for level in levels), unread

    def settled_rules(self, rules: Rules, known: Told) -> Rules:
        """Return resource control policies with what is known put in."""
        levels, unread = rules
        return self.settling.layers(levels, known), unread

    def settled(self, stack: PolicyStack, known: Told) -> PolicyStack:
        """Return a stack with what is known put in; the same one where it does not speak of that."""
        layers = self.settling.layers(stack.principal_layers, known)
        name = (id(stack), *ids_of(layers))
        if name not in self._made:
            same = ids_of(layers) == ids_of(stack.principal_layers)
            self._made[name] = stack if same else stack.with_principal_layers(layers)
            self._kept.append(stack)
        return self._made[name]

    def _layer(self, policies: Iterable[Policy], services: Services) -> tuple[Policy, ...]:
        cut = (self._policy(policy, services) for policy in policies)
        kept = {id(one): one for one in cut if one.statements}
        return tuple(kept[name] for name in sorted(kept, key=self._places.__getitem__))

    def _policy(self, policy: Policy, services: Services) -> Policy:
        name = (id(policy), services)
        if name not in self._policies:
            said = tuple(
                replace(one, sid=None)
                for one in policy.statements
                if services is None or one.unknown is not None or may_concern(one, services)
            )
            cut = Policy("", said, policy.version, policy.kind)
            same = self._same.setdefault(cut, cut)
            self._places.setdefault(id(same), len(self._places))
            self._policies[name] = (policy, same)
        return self._policies[name][1]


def ids_of(layers: Iterable[Iterable[Policy]]) -> tuple[tuple[int, ...], ...]:
    """Return what tells layers apart whose policies are one object where they say the same.

    >>> ids_of(((), ()))
    ((), ())
    """
    return tuple(tuple(map(id, layer)) for layer in layers)


class Scope:
    """The requests that one holder's policy decides about: on what lies in it, and of its owner's."""

    def __init__(
        self,
        holder: Holder,
        deeper: tuple[str, ...] = (),
        *,
        actions: tuple[str, ...] = (),
        sent: tuple[str, ...] = RESOURCE_TAGS,
    ) -> None:
        self.holder, self.sent = holder, sent
        self._deeper, self._given = deeper, actions

    @cached_property
    def services(self) -> Services:
        """The services whose actions the policies may be about; what other actions say, they leave as it is."""
        if self.holder.trust:
            return frozenset(("sts",))
        if self._given:
            return frozenset(name.partition(":")[0] for name in self._given)
        said = [one for policy in self.holder.policies for one in policy.statements]
        found = services_of(*said)
        return None if found is None else found | {split_arn(self.holder.arn)[2]}

    def limited(self, stack: PolicyStack, *, linked: bool, itself: bool = False) -> PolicyStack:
        """Return a stack that allows nothing outside; `linked` is whether SCPs do not bind the principal (rule L2), and
        `itself` whether its aws:userid is to begin with its own id.
        """
        if itself:
            stack = replace(stack, identity=(*stack.identity, _OTHERS))
        # As one more level of SCPs, which also leaves out what takes no resource (rule R5), where these bind.
        if linked:
            return replace(stack, identity=(*stack.identity, self._barring))
        inner = (Policy("deeper", self._beneath, kind="scp"),) if self._deeper else ()
        return replace(stack, scps=(*stack.scps, (self._allowing, *inner)))

    @cached_property
    def _actions(self) -> tuple[str, ...]:
        if self.holder.trust or self._given:
            return self._given or ("sts:AssumeRole*",)
        return ("*",) if self.services is None else tuple(f"{name}:*" for name in sorted(self.services))

    @cached_property
    def _resources(self) -> tuple[str, ...]:
        return (self.holder.arn,) if self.holder.unknown else _patterns_in(self.holder.arn)

    @cached_property
    def _owner(self) -> tuple[ConditionTest, ...]:
        owner = self.holder.owner
        return () if owner is None else (ConditionTest("StringEquals", "aws:ResourceAccount", (owner,)),)

    @cached_property
    def _beneath(self) -> tuple[Statement, ...]:
        if not self._deeper:
            return ()
        inside = tuple(pattern for arn in self._deeper for pattern in _patterns_in(arn))
        return (Statement("Deny", PatternSet(("*",)), PatternSet(inside)),)

    @cached_property
    def _allowing(self) -> Policy:
        said = Statement("Allow", PatternSet(self._actions), PatternSet(self._resources), conditions=self._owner)
        return Policy("what the holder's policy decides about", (said,), kind="scp")

    @cached_property
    def _barring(self) -> Policy:
        everything = PatternSet(("*",))
        others = [replace(one, operator="StringNotEquals") for one in self._owner]
        denies = [
            Statement("Deny", everything, PatternSet(self._resources, negated=True)),
            Statement("Deny", PatternSet(self._actions, negated=True), everything),
            *(Statement("Deny", everything, everything, conditions=(one,)) for one in others),
            *self._beneath,
        ]
        return Policy("what the holder's policy does not decide about", tuple(denies))


_OF_OTHERS = ConditionTest("StringNotLike", "aws:userid", (f"{ITSELF}:*",))
_DENIED = Statement("Deny", PatternSet(("*",)), PatternSet(("*",)), conditions=(_OF_OTHERS,))
_OTHERS = Policy("what other roles ask", (_DENIED,))


def _patterns_in(arn: str) -> tuple[str, ...]:
    """What lies in a resource, as patterns that mean this and nothing else."""
    return tuple(_spelled(text) if text == arn else _spelled(text[:-1]) + "*" for text in lying_in(arn))


def _spelled(text: str) -> str:
    return readable(literal(text.replace("${", "${$}{")))
