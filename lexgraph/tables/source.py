"""What table functions take: a policy, several, an account, or values that a question gave; and what to say where
somebody gives them something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

from lexgraph.account.model import Snapshot
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.model import ConditionTest, Number, Policy, Statement

Policies = Snapshot | Policy | Mapping[str, Policy] | Iterable[Policy]
T = TypeVar("T")
ACCOUNT = "an account, as read_account gives it"
POLICIES = "a policy, several, or an account, as parse_policy, managed_policies and read_account give them"
POLICY = "a policy, as parse_policy and find_policy give it"
MANAGED = "the name of one of AWS's managed policies"
IDENTITY_KINDS = frozenset({"identity", "session", "boundary", "scp"})


def policies_of(source: Policies) -> tuple[Policy, ...]:
    """Return the policies of `source`, each once, in its order; of an account its identity policies, then its trust
    policies.

    Raises LexgraphError where something else is given, or (``DUPLICATE_POLICY``) where two different policies have one
    key.
    """
    if isinstance(source, Policy):
        return (source,)
    account = account_in(source)
    if account is not None:
        return (*account.identity_policies(), *account.trust_policies())
    listed = source.values() if isinstance(source, Mapping) else source
    found: dict[str, Policy] = {}
    for policy in each_of(listed, Policy, POLICIES):
        if found.setdefault(policy.key, policy) != policy:
            message = f"two different policies are called {shown(policy.key)}: give each a name of its own"
            raise LexgraphError(message, code="DUPLICATE_POLICY")
    return tuple(found.values())


def snapshot_of(source: object) -> Snapshot:
    """Return an account's snapshot: itself, or what a notebook's Account holds.

    Raises LexgraphError (``WRONG_INPUT``) where it is none.
    """
    return one_of(account_in(source) or source, Snapshot, ACCOUNT)


def account_in(source: object) -> Snapshot | None:
    """Return the snapshot that is given, or that a notebook's Account holds; None for anything else."""
    # By the name of the attribute: the classes that a notebook holds in its hand are not known in this layer.
    found = source if isinstance(source, Snapshot) else getattr(source, "snapshot", None)
    return found if isinstance(found, Snapshot) else None


def one_of(value: object, kind: type[T], what: str) -> T:
    """Return `value`, which must be of a kind; else raise LexgraphError (``WRONG_INPUT``) that says `what` to give.

    >>> one_of("AmazonLexReadOnly", str, "the name of a managed policy")
    'AmazonLexReadOnly'
    """
    if isinstance(value, kind):
        return value
    raise LexgraphError(f"expected {what}, not {_called(value)}", code="WRONG_INPUT")


def each_of(values: object, kind: type[T], what: str) -> tuple[T, ...]:
    """Return values that must each be of a kind; else raise LexgraphError (``WRONG_INPUT``) that says `what` to give.

    >>> each_of(iter(["lex:GetBot"]), str, "actions")
    ('lex:GetBot',)
    """
    if not isinstance(values, Iterable) or (isinstance(values, str) and kind is not str):
        raise LexgraphError(f"expected {what}, not {_called(values)}", code="WRONG_INPUT")
    return tuple(one_of(value, kind, what) for value in values)


def _called(value: object) -> str:
    """A value as a message may call it: what it is, and of a text what it says."""
    if value is None:
        return "None"
    return shown(value) if isinstance(value, str) else f"a value of the type {type(value).__name__}"


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
    return tests_text(statement.conditions, statement.empty)


def tests_text(tests: tuple[ConditionTest, ...], empty: tuple[str, ...]) -> str | None:
    """Return a Condition, its tests and its empty parts, as :func:`condition_text` does."""
    return _tests_text(tests, empty) if tests or any(empty) else None


@lru_cache(16_384)
def _tests_text(tests: tuple[ConditionTest, ...], empty: tuple[str, ...]) -> str:
    found: dict[str, dict[str, list[str]]] = {operator: {} for operator in empty if operator}
    for test in tests:
        found.setdefault(test.operator, {})[test.key] = sorted(set(map(value_text, test.values)))
    return json.dumps(found, sort_keys=True)


def value_text(value: str | bool) -> str:
    """Return a condition's value as text: JSON true is ``true``, a number is as it was written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str.__str__(value) if isinstance(value, Number) else value
