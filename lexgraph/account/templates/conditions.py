"""A template's Conditions: true, false, or not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lexgraph.account.templates.gaps import Gap, Mixed, Node, text_of

Json = Any
Truth = tuple[bool | None, str]
"""The answer, and why it is not known."""


class _Resolves(Protocol):
    depth: int

    @property
    def too_deep(self) -> bool: ...

    def resolve(self, value: Json, place: str) -> Node: ...


class Conditions:
    """The conditions of one template, each worked out once."""

    def __init__(self, conditions: Mapping[str, Json], resolver: _Resolves) -> None:
        self.conditions = conditions
        self.resolver = resolver
        self.known: dict[str, Truth] = {}
        self.asking: list[str] = []

    def truth(self, name: str) -> Truth:
        """Return whether a condition holds."""
        if name in self.known:
            return self.known[name]
        if name not in self.conditions:
            return None, f"the template has no condition {name}"
        if name in self.asking:
            return None, f"the condition {name} refers to itself"
        self.asking.append(name)
        try:
            found = self.evaluate(self.conditions[name])
        finally:
            self.asking.pop()
        self.known[name] = found
        return found

    def evaluate(self, value: Json) -> Truth:
        """Return whether a condition's expression holds."""
        if self.resolver.too_deep:
            return None, "the conditions are nested too deep"
        self.resolver.depth += 1
        try:
            return self.expression(value)
        finally:
            self.resolver.depth -= 1

    def expression(self, value: Json) -> Truth:
        """Return whether an expression holds, within the limit of nesting."""
        if not isinstance(value, Mapping) or len(value) != 1:
            return None, "it is not written as CloudFormation takes it"
        name, arguments = next(iter(value.items()))
        if name == "Condition" and isinstance(arguments, str):
            return self.truth(arguments)
        if not isinstance(arguments, list):
            return None, f"{name} is not written as CloudFormation takes it"
        if name == "Fn::Equals" and len(arguments) == 2:
            return self.equal(arguments)
        if name in ("Fn::And", "Fn::Or"):
            return self.several(arguments, name == "Fn::Or")
        if name == "Fn::Not" and len(arguments) == 1:
            truth, why = self.evaluate(arguments[0])
            return (None if truth is None else not truth), why
        return None, f"{name} is not worked out from the template alone"

    def equal(self, arguments: list[Json]) -> Truth:
        """Return whether two values are equal."""
        sides = [text_of(self.resolver.resolve(one, "").value) for one in arguments]
        for side in sides:
            if side is None:
                return None, "Fn::Equals does not compare texts"
            if isinstance(side, Gap | Mixed):
                return None, (side if isinstance(side, Gap) else side.gap).why
        return sides[0] == sides[1], ""

    def several(self, arguments: list[Json], decisive: bool) -> Truth:
        """Return And (which one False decides) or Or (which one True decides) of some expressions."""
        answers = [self.evaluate(one) for one in arguments]
        if any(truth is decisive for truth, _ in answers):
            return decisive, ""
        unknown = next((why for truth, why in answers if truth is None), None)
        return (not decisive, "") if unknown is None else (None, unknown)
