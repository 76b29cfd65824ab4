"""A policy as the checks look at it: its statements with their places, taken apart once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from lexgraph.checks.finding import Severity
from lexgraph.policy.grammar import OperatorName, read_operator
from lexgraph.policy.jsontext import escape_pointer
from lexgraph.policy.model import ConditionTest, Kind, Policy, Statement
from lexgraph.policy.patterns import ascii_lower, is_pattern

# Kinds that IAM itself stores, so that its own refusals are known.
STORED_BY_IAM: frozenset[Kind] = frozenset({"identity", "boundary"})
# AWS takes no ARN of more than 2,048 characters; a pattern of one may have some more.
LONGEST_PATTERN = 4_096


class Hit(NamedTuple):
    """What a check found: the code of the rule, the place, what was found; a severity where it is not the rule's."""

    code: str
    pointer: str
    message: str
    severity: Severity | None = None


class ActionPattern(NamedTuple):
    """An action pattern taken apart, with its place in the list.

    `service` and `name` are in lower case; ``*`` alone has the service ``*`` and no name.
    """

    number: int
    text: str
    service: str
    name: str
    wild: bool

    @property
    def lower(self) -> str:
        """The whole pattern in lower case."""
        return f"{self.service}:{self.name}" if self.name else self.service


class Test(NamedTuple):
    """A condition test with its operator taken apart and its place."""

    test: ConditionTest
    name: OperatorName
    key: str
    pointer: str

    @property
    def negated(self) -> bool:
        """Whether the operator is one of the Not forms."""
        return "Not" in self.name.base

    @property
    def demands(self) -> bool:
        """Whether the test holds only where the request has the key (rules C3, C4)."""
        if self.name.base == "Null":
            return any(str(value).lower() == "false" for value in self.test.values)
        return not (self.name.if_exists or self.negated or self.name.qualifier == "ForAllValues")

    def at(self, index: int) -> str:
        """The place of a value."""
        return self.pointer if self.test.lone else f"{self.pointer}/{index}"


class PrincipalView(NamedTuple):
    """One principal: its type (``""`` for the bare ``*``), its name, its place."""

    type: str
    value: str
    pointer: str


@dataclass(slots=True)
class Hints:
    """How many more messages of a document may say what was meant: to look for it costs more than all the rest."""

    left: int = 20

    def take(self) -> bool:
        """Return whether one more may, and count it."""
        self.left -= 1
        return self.left >= 0


@dataclass
class StatementView:
    """One statement, its place in the document, and what the checks ask of it again and again.

    Of a `damaged` one, only what could be read is here.
    """

    statement: Statement
    at: str
    kind: Kind
    variables: bool
    day: date | None = None
    damaged: bool = False
    hints: Hints = field(default_factory=Hints)

    @cached_property
    def actions(self) -> tuple[ActionPattern, ...]:
        """The well-formed action patterns."""
        found = []
        for i, text in enumerate(self.statement.actions.patterns):
            service, colon, name = ascii_lower(text).partition(":")
            if text == "*" or (colon and name and ":" not in name and not is_pattern(service)):
                found.append(ActionPattern(i, text, service, name, is_pattern(text)))
        return tuple(found)

    @cached_property
    def resources(self) -> tuple[tuple[int, str], ...]:
        """The resource patterns with their places in the list; not those that are too long for any ARN."""
        element = self.statement.resources
        patterns = element.patterns if element is not None else ()
        return tuple((i, pattern) for i, pattern in enumerate(patterns) if len(pattern) <= LONGEST_PATTERN)

    @cached_property
    def services(self) -> frozenset[str]:
        """The services that the actions name; empty where they are named by what is excepted."""
        if self.statement.actions.negated:
            return frozenset()
        return frozenset(action.service for action in self.actions if action.service != "*")

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """The condition tests whose operator exists."""
        found = []
        for test in self.statement.conditions:
            if name := read_operator(test.operator):
                found.append(Test(test, name, ascii_lower(test.key), self.test_at(test)))
        return tuple(found)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The condition keys in lower case."""
        return frozenset(test.key for test in self.tests)

    @cached_property
    def principals(self) -> tuple[PrincipalView, ...]:
        """The principals, each with its place."""
        element = self.statement.principals
        if element is None:
            return ()
        at = f"{self.at}/{'Not' if element.negated else ''}Principal"
        found, texts = [], iter(element.patterns)
        for kind, count in element.form:
            for i in range(abs(count)):
                if (pattern := next(texts, None)) is None:
                    break  # what the reader of a damaged statement left out
                value = pattern[len(kind) + 1 :] if kind else pattern
                place = f"{at}/{kind}" if kind else at
                found.append(PrincipalView(kind, value, place if count < 0 else f"{place}/{i}"))
        return tuple(found)

    def test_at(self, test: ConditionTest) -> str:
        """The place of a condition test."""
        return f"{self.at}/Condition/{escape_pointer(test.operator)}/{escape_pointer(test.key)}"

    def action_at(self, index: int) -> str:
        """The place of an action pattern."""
        return self._item("Action", self.statement.actions, index)

    def resource_at(self, index: int) -> str:
        """The place of a resource pattern."""
        return self._item("Resource", self.statement.resources, index)

    def element(self, name: str) -> str:
        """The place of the element ``Action``, ``Resource`` or ``Principal``, in the form that the statement has."""
        statement = self.statement
        elements = {"Action": statement.actions, "Resource": statement.resources, "Principal": statement.principals}
        patterns = elements[name]
        return f"{self.at}/{'Not' if patterns is not None and patterns.negated else ''}{name}"

    def _item(self, name: str, patterns: object, index: int) -> str:
        lone = getattr(patterns, "form", ()) == (("", -1),)
        return self.element(name) if lone else f"{self.element(name)}/{index}"


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A policy with its statements; `size` counts its characters without white space, `sent` those of the text."""

    policy: Policy
    statements: tuple[StatementView, ...]
    size: int
    sent: int
    day: date | None = None

    @property
    def kind(self) -> Kind:
        """The policy's kind."""
        return self.policy.kind
