"""Which actions of the catalogue a policy names, and which of them under conditions or everywhere, as bitsets."""

from __future__ import annotations

from dataclasses import dataclass
from operator import or_
from typing import NamedTuple

from lexgraph.catalog.actions import catalog
from lexgraph.policy.model import Policy, Statement
from lexgraph.policy.patterns import ascii_lower, is_pattern


@dataclass(frozen=True, slots=True)
class Granted:
    """Sets of actions: `named` by some Allow and not removed by an unconditional Deny on ``*``.

    Of these, `everywhere` are granted on Resource ``*`` without a Deny on some resources. `conditional` are granted
    under conditions only: where they are everywhere, on ``*`` under conditions only (or a Deny with conditions names
    them).
    """

    named: int
    conditional: int
    everywhere: int


class Bits(NamedTuple):
    """The actions that statements name, by what the statements say of them.

    `allowed`: some Allow names it; `surely`: one without a condition; `widely`: one on Resource ``*``; `freely`: one on
    ``*`` without a condition. `removed`: a Deny without a condition on ``*`` names it; `perhaps`: a Deny with
    conditions; `partly`: a Deny on some resources.
    """

    allowed: int = 0
    surely: int = 0
    widely: int = 0
    freely: int = 0
    removed: int = 0
    perhaps: int = 0
    partly: int = 0

    def joined(self, other: Bits) -> Bits:
        """Return what the statements of both say together."""
        return Bits(*map(or_, self, other))

    @property
    def granted(self) -> Granted:
        """The actions that one layer with these statements grants."""
        named = self.allowed & ~self.removed
        everywhere = named & self.widely & ~self.partly
        return Granted(named, named & (~self.surely | self.perhaps) | everywhere & ~self.freely, everywhere)


def granted_bits(policy: Policy) -> Granted:
    """Return the actions that a policy grants.

    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> catalog().count(granted_bits(policy).everywhere)
    2
    """
    return statement_bits(policy).granted


def statement_bits(policy: Policy) -> Bits:
    """Return the actions that a policy's statements name.

    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Deny", "Action": "lex:Post*", "Resource": "*"}}')
    >>> catalog().count(statement_bits(policy).removed)
    2
    """
    cat = catalog()
    allowed = surely = widely = freely = removed = perhaps = partly = 0
    for statement in policy.statements:
        bits = cat.bits_of(statement.actions.patterns, statement.actions.negated)
        free, whole = statement.unconditional, is_everywhere(statement)
        if statement.allows:
            allowed |= bits
            surely |= bits if free else 0
            widely |= bits if whole else 0
            freely |= bits if free and whole else 0
        elif free and whole:
            removed |= bits
        else:
            perhaps |= 0 if free else bits
            partly |= 0 if whole else bits
    return Bits(allowed, surely, widely, freely, removed, perhaps, partly)


def is_everywhere(statement: Statement) -> bool:
    """Return whether a statement is about every resource: its Resource holds a lone star."""
    element = statement.resources
    return element is None or (not element.negated and any(pattern.strip("*") == "" for pattern in element.patterns))


def action_difference(a: Policy, b: Policy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the actions that only `a` grants, and those that only `b` grants, sorted; actions the catalogue lacks
    count too.
    """
    of_a, of_b = granted_bits(a).named, granted_bits(b).named
    names_a, names_b = set(catalog().names_in(of_a & ~of_b)), set(catalog().names_in(of_b & ~of_a))
    strange_a, strange_b = uncatalogued(a), uncatalogued(b)
    names_a.update(name for key, name in strange_a.items() if key not in strange_b)
    names_b.update(name for key, name in strange_b.items() if key not in strange_a)
    return _sorted(names_a), _sorted(names_b)


def uncatalogued(policy: Policy) -> dict[str, str]:
    """Return the literal actions of a policy's Allows that the catalogue does not know: lower-cased name to
    spelling.
    """
    return {
        ascii_lower(pattern): pattern
        for statement in policy.statements
        if statement.allows and not statement.actions.negated
        for pattern in statement.actions.patterns
        if not is_pattern(pattern) and catalog().index_of(pattern) is None
    }


def _sorted(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=str.lower))
