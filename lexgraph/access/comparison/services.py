"""The services whose actions statements may be about."""

from __future__ import annotations

from lexgraph.policy.model import Statement
from lexgraph.policy.patterns import ascii_lower, is_pattern

Services = frozenset[str] | None  # None where they may be any


def services_of(*statements: Statement) -> Services:
    """Return the services that statements are about; None where that may be any.

    >>> from lexgraph.policy.model import PatternSet
    >>> services_of(Statement("Allow", PatternSet(("lex:Get*",))))
    frozenset({'lex'})
    """
    found = set()
    for statement in statements:
        for pattern in statement.actions:
            service = ascii_lower(pattern.partition(":")[0])
            if statement.actions.negated or is_pattern(service) or ":" not in pattern:
                return None
            found.add(service)
    return frozenset(found)


def may_concern(statement: Statement, services: frozenset[str]) -> bool:
    """Return whether a statement may be about an action of some services.

    >>> from lexgraph.policy.model import PatternSet
    >>> may_concern(Statement("Allow", PatternSet(("lex:Get*",))), frozenset({"s3"}))
    False
    """
    return statement.actions.negated or any(_begins(pattern, services) for pattern in statement.actions)


def _begins(pattern: str, services: frozenset[str]) -> bool:
    service, colon, _ = ascii_lower(pattern).partition(":")
    return not colon or is_pattern(service) or service in services
