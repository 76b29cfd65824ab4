"""Policies cut down to the statements about some actions: the same answers to requests for these, much sooner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from lexgraph.account.model import Principal, Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import PatternSet, Policy, Statement

MOST_KEPT = 16_384


class Trimmed:
    """An account whose policies are cut down to what they say of `actions`, all of them in the catalogue.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> trimmed = Trimmed(account, ["iam:CreateAccessKey"])
    >>> oleg, maria = map(account.principal, ("user/oleg", "user/maria"))
    >>> trimmed.decide(oleg, "iam:CreateAccessKey", maria.arn).outcome
    'allowed'
    """

    def __init__(self, snapshot: Snapshot, actions: Iterable[str]) -> None:
        self.snapshot = snapshot
        self._bits = catalog().bits_of(tuple(sorted(set(actions))))
        self._policies: dict[int, tuple[Policy, Policy]] = {}  # by id, with its bearer, so that it stays its own
        self._stacks: dict[int, tuple[PolicyStack, PolicyStack]] = {}

    def decide(self, who: Principal, action: str, resource: str, known: Mapping[str, Any] | None = None) -> Decision:
        """Return what :func:`lexgraph.access.decide.decide` would, but for the statements that have no say."""
        context = self.snapshot.request_context(who, Context(known or {}), resource)
        stack = self._kept(self.snapshot.stack_for(who, action, resource))
        return authorize(stack, Request(who.arn, action, resource, context))

    def stack(self, who: Principal) -> PolicyStack:
        """Return a principal's own layers."""
        return self._kept(self.snapshot.stack(who))

    def _kept(self, whole: PolicyStack) -> PolicyStack:
        found = self._stacks.get(id(whole))
        if found is None:
            if len(self._stacks) >= MOST_KEPT:
                self._stacks.clear()
            found = self._stacks[id(whole)] = whole, self.cut(whole)
        return found[1]

    def cut(self, stack: PolicyStack) -> PolicyStack:
        """Return a stack whose layers are cut down, the resource's policy apart."""
        identity, *limits = (tuple(map(self._policy, layer)) for layer in stack.principal_layers)
        return stack.with_principal_layers((tuple(policy for policy in identity if policy.statements), *limits))

    def _policy(self, policy: Policy) -> Policy:
        kept = self._policies.get(id(policy))
        if kept is None:
            kept = self._policies[id(policy)] = policy, self._made(policy)
        return kept[1]

    def _made(self, policy: Policy) -> Policy:
        cut = (self._statement(statement) for statement in policy.statements)
        return replace(policy, statements=tuple(statement for statement in cut if statement is not None))

    def _statement(self, statement: Statement) -> Statement | None:
        """A statement with those of its action patterns that tell of the actions; None where it has no say."""
        whole = statement.actions
        patterns = tuple(pattern for pattern in whole.patterns if self._bits & catalog().bits(pattern))
        named = self._bits & catalog().bits_of(patterns, whole.negated)
        return replace(statement, actions=PatternSet(patterns, whole.negated)) if named else None
