"""Which actions of the catalogue a policy names, and which of them under conditions or everywhere, as bitsets."""

from __future__ import annotations

from dataclasses import dataclass

from lexgraph.catalog.actions import catalog
from lexgraph.policy.model import Policy, Statement
from lexgraph.policy.patterns import ascii_lower, is_pattern


@dataclass(frozen=True, slots=True)
class Granted:
    """Sets of actions: `named` by some Allow and not removed by an unconditional Deny on ``*``.

    Of these, `conditional` are granted under conditions only (or named by a Deny with conditions), and `everywhere` on
    Resource ``*`` without a Deny on some resources.
    """

    named: int
    conditional: int
    everywhere: int


def granted_bits(policy: Policy) -> Granted:
    """Return the actions that a policy grants.

    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> catalog().count(granted_bits(policy).everywhere)
    2
    """
    cat = catalog()
    allowed = surely = everywhere = removed = perhaps = somewhere = 0
    for statement in policy.statements:
        bits = cat.bits_of(statement.actions.patterns, statement.actions.negated)
        free, whole = statement.unconditional, is_everywhere(statement)
        if statement.allows:
            allowed |= bits
            surely |= bits if free else 0
            everywhere |= bits if whole else 0
        elif free and whole:
            removed |= bits
        else:
            perhaps |= 0 if free else bits
            somewhere |= 0 if whole else bits
    named = allowed & ~removed
    return Granted(named, named & (~surely | perhaps), named & everywhere & ~somewhere)


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
