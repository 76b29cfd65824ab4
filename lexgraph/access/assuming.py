"""Who may assume which role, for a whole account at once: roles with equal trust policies are asked about together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lexgraph.access.alike import Alike, Thing, thing_of
from lexgraph.access.chaining import ASSUME, AssumeEdge
from lexgraph.access.decide import GRANTING
from lexgraph.access.trimmed import Trimmed
from lexgraph.account.model import Principal, Snapshot
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.model import Statement


def assumed_roles(alike: Alike, trimmed: Trimmed, who: Principal, *, named: bool) -> Iterator[AssumeEdge]:
    """Yield the roles that a principal may assume, as :func:`lexgraph.access.chaining.assume_edges` has them.

    `named`: some Allow of its own policies names ``sts:AssumeRole``, or could not be read.
    """
    for trust in _by_trust(alike.snapshot):
        if not trust.may_name(who, named=named):
            continue
        for group in alike.groups(who, ASSUME, trust.roles):
            decision = trimmed.decide(who, ASSUME, group[0].arn)
            if decision.outcome in GRANTING:
                answer = (decision.outcome, decision.condition, decision.missing_keys)
                yield from (AssumeEdge(who.arn, thing.arn, *answer) for thing in group)


@dataclass(frozen=True, slots=True)
class _Trust:
    """Roles with equal trust policies, and whom these name; None is anybody."""

    roles: tuple[Thing, ...]
    names: frozenset[str] | None

    def may_name(self, who: Principal, *, named: bool) -> bool:
        """Whether it is worth asking: the policy names the principal, or its account while its own policies allow."""
        if self.names is None or who.arn in self.names:
            return True
        _, partition, _, _, account, _ = split_arn(who.arn)
        return named and not self.names.isdisjoint((account, f"arn:{partition}:iam::{account}:root"))


def _by_trust(snapshot: Snapshot) -> tuple[_Trust, ...]:
    def make() -> tuple[_Trust, ...]:
        found: dict[object, list[Principal]] = {}
        for role in snapshot.principals:
            if role.kind == "role":
                found.setdefault(_name(role), []).append(role)
        return tuple(
            _Trust(tuple(thing_of(role, tagged=False) for role in roles), _named(roles[0])) for roles in found.values()
        )

    kept: tuple[_Trust, ...] = snapshot.kept("roles by trust", make)
    return kept


def _name(role: Principal) -> object:
    trust = role.trust
    if trust is None or any(statement.unknown is not None for statement in trust.statements):
        return role.arn  # what could not be read is told with the role's name
    return trust.statements, trust.version


def _named(role: Principal) -> frozenset[str] | None:
    """Whom a trust policy may allow by itself, without a policy of theirs."""
    if role.trust is None:
        return None
    found: set[str] = set()
    for statement in role.trust.statements:
        if not statement.allows:
            continue
        names = _names(statement)
        if names is None:
            return None
        found |= names
    return frozenset(found)


def _names(statement: Statement) -> set[str] | None:
    """The ARNs that a statement names; None where it may be about anybody."""
    element = statement.principals
    if element is None or element.negated or statement.unknown is not None:
        return None
    kinds = [pattern.partition(":") for pattern in element.patterns]
    named = {name for kind, _, name in kinds if kind == "AWS"}
    # A unique id names a principal too, and only its context tells whom.
    by_id = any(not is_arn(name) and not name.isdigit() for name in named)
    return None if by_id or "*" in element.patterns else named
