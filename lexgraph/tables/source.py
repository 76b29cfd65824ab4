"""What table functions take: a policy, several, or an account."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from lexgraph.account.model import Snapshot
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.model import ConditionTest, Number, Policy, Statement

Policies = Snapshot | Policy | Mapping[str, Policy] | Iterable[Policy]
IDENTITY_KINDS = frozenset({"identity", "session", "boundary", "scp"})


def policies_of(source: Policies) -> tuple[Policy, ...]:
    """Return the policies of `source`, each once, in its order; of an account its identity policies, then its trust
    policies.

    Raises LexgraphError (``DUPLICATE_POLICY``) where two different policies have one key.
    """
    if isinstance(source, Policy):
        return (source,)
    if isinstance(source, Snapshot):
        return (*source.identity_policies(), *source.trust_policies())
    found: dict[str, Policy] = {}
    for policy in source.values() if isinstance(source, Mapping) else source:
        if found.setdefault(policy.key, policy) != policy:
            message = f"two different policies are called {shown(policy.key)}: give each a name of its own"
            raise LexgraphError(message, code="DUPLICATE_POLICY")
    return tuple(found.values())


def identity_policies_of(source: Policies) -> tuple[Policy, ...]:
    """Return those policies of `source` that grant actions to whom they are attached to."""
    return tuple(policy for policy in policies_of(source) if policy.kind in IDENTITY_KINDS)


def labels_of(policies: Iterable[Policy]) -> tuple[str, ...]:
    """Return a name for each policy; where two share one, their keys."""
    listed = tuple(policies)
    taken: dict[str, int] = {}
    for policy in listed:
        taken[policy.name] = taken.get(policy.name, 0) + 1
    labels = tuple(policy.name if taken[policy.name] == 1 else policy.key for policy in listed)
    # A policy may be named like another's key; keys differ.
    return labels if len(set(labels)) == len(labels) else tuple(policy.key for policy in listed)


def condition_text(statement: Statement) -> str | None:
    """Return a statement's Condition as canonical JSON: operators, keys and values sorted, every value a list of text.

    >>> from lexgraph.policy.model import ConditionTest, PatternSet
    >>> test = ConditionTest("Bool", "aws:SecureTransport", (True,))
    >>> condition_text(Statement("Allow", PatternSet(("s3:*",)), conditions=(test,)))
    '{"Bool": {"aws:SecureTransport": ["true"]}}'
    """
    if not statement.conditions and not any(statement.empty):
        return None
    return _condition_text(statement.conditions, statement.empty)


@lru_cache(16_384)
def _condition_text(tests: tuple[ConditionTest, ...], empty: tuple[str, ...]) -> str:
    found: dict[str, dict[str, list[str]]] = {operator: {} for operator in empty if operator}
    for test in tests:
        found.setdefault(test.operator, {})[test.key] = sorted(set(map(value_text, test.values)))
    return json.dumps(found, sort_keys=True)


def value_text(value: str | bool) -> str:
    """Return a condition's value as text: JSON true is ``true``, a number is as it was written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str.__str__(value) if isinstance(value, Number) else value
