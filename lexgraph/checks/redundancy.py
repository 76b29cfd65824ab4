"""Checks for what is said twice: in one list, or in two statements."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from lexgraph.checks.globs import Covers, wider
from lexgraph.checks.view import ActionPattern, Hit, StatementView
from lexgraph.policy.patterns import ascii_lower, compile_glob, is_pattern

_LISTED = 3
# Of statements on the very same resource, so many are compared.
_MOST_COMPARED = 32


def actions(view: StatementView) -> Iterator[Hit]:
    """REDUNDANT_ACTION: one finding for a list, at the first action that another one covers."""
    if len(view.actions) < 2:
        return
    covered = list(_covered_actions(view.actions))
    if covered:
        yield Hit("REDUNDANT_ACTION", view.action_at(covered[0][0].number), _message(covered))


def _covered_actions(patterns: tuple[ActionPattern, ...]) -> Iterator[tuple[ActionPattern, str]]:
    seen: dict[str, ActionPattern] = {}
    wild = Covers()
    for action in patterns:
        wild.add(action.lower, action)
    for action in patterns:
        first = seen.setdefault(action.lower, action)
        if first is not action:
            yield action, first.text
            continue
        for pattern, wide in wild.of(action.lower):
            if pattern != action.lower and _covers(pattern, action.lower):
                yield action, wide.text
                break


@lru_cache(16_384)
def _covers(wide: str, narrow: str) -> bool:
    # The wildcards of the narrower pattern are held against the wider one as characters, which only its stars may take.
    if "?" in wide and "*" in narrow:
        return False
    return compile_glob(wide)(narrow)


def resources(view: StatementView) -> Iterator[Hit]:
    """REDUNDANT_RESOURCE: one finding for a list, at the first resource that another one covers."""
    if len(view.resources) < 2:
        return
    covered = list(_covered_resources(view.resources))
    if covered:
        yield Hit("REDUNDANT_RESOURCE", view.resource_at(covered[0][0]), _message([(c[1], c[2]) for c in covered]))


def _covered_resources(patterns: tuple[tuple[int, str], ...]) -> Iterator[tuple[int, str, str]]:
    wild = Covers()
    for pattern in dict.fromkeys(pattern for _, pattern in patterns):
        wild.add(pattern, pattern)
    seen: set[str] = set()
    for i, pattern in patterns:
        if pattern in seen:
            yield i, pattern, pattern
            continue
        seen.add(pattern)
        for wide, _ in wild.of(pattern):
            if wide != pattern and wider(wide, pattern):
                yield i, pattern, wide
                break


def _message(covered: list[tuple[ActionPattern, str]] | list[tuple[str, str]]) -> str:
    pairs = [(getattr(narrow, "text", narrow), wide) for narrow, wide in covered]
    listed = "; ".join(_pair(*pair) for pair in pairs[:_LISTED])
    more = f"; and {len(pairs) - _LISTED} more" if len(pairs) > _LISTED else ""
    return f"{listed}{more}"


def _pair(narrow: object, wide: str) -> str:
    return f"{narrow} is listed twice" if narrow == wide else f"{narrow} is covered by {wide}"


# Statements ----------------------------------------------------------------------------------------------------------


class _Said(NamedTuple):
    """What a statement says, so that two can be compared."""

    view: StatementView
    actions: frozenset[str]
    resources: frozenset[str] | None
    tests: frozenset[object]

    @property
    def negated(self) -> tuple[bool, bool]:
        """Whether its actions and its resources are those excepted."""
        statement = self.view.statement
        return statement.actions.negated, statement.resources is not None and statement.resources.negated

    @property
    def content(self) -> object:
        """Equal for statements that say the same."""
        statement = self.view.statement
        element = statement.principals
        principals = element and (element.negated, frozenset(element.patterns))
        return statement.effect, self.negated, self.actions, self.resources, principals, self.tests


def statements(views: tuple[StatementView, ...]) -> Iterator[Hit]:
    """REDUNDANT_STATEMENT, SEM_SHADOWED_STATEMENT."""
    if len(views) < 2:
        return
    said = [_said(view) for view in views if not view.damaged]
    index = _Index(said)
    seen: dict[object, StatementView] = {}
    for one in said:
        first = seen.setdefault(one.content, one.view)
        if first is not one.view:
            yield Hit("REDUNDANT_STATEMENT", one.view.at, f"the statement says the same as {first.at}")
        elif wide := next((other for other in index.candidates(one) if _covers_statement(other, one)), None):
            message = f"everything in the statement is in {wide.view.at} already"
            yield Hit("SEM_SHADOWED_STATEMENT", one.view.at, message)


def _said(view: StatementView) -> _Said:
    statement = view.statement
    return _Said(
        view,
        frozenset(map(ascii_lower, statement.actions.patterns)),
        None if statement.resources is None else frozenset(statement.resources.patterns),
        frozenset((t.operator.lower(), ascii_lower(t.key), frozenset(t.values)) for t in statement.conditions),
    )


class _SameAction:
    """The statements with one action pattern, by their resources."""

    def __init__(self) -> None:
        self.exact: dict[str | None, list[_Said]] = {}
        self.wild = Covers()

    def add(self, one: _Said) -> None:
        """Add a statement under each of its resources; None stands for a statement that names none."""
        for resource in one.resources or (None,):
            self.exact.setdefault(resource, []).append(one)
            if resource is not None:
                self.wild.add(resource, one)

    def covering(self, resource: str | None) -> Iterator[_Said]:
        """Yield the statements that may cover one on this resource."""
        yield from self.exact.get(resource, ())[:_MOST_COMPARED]
        if resource is not None:
            for _, one in self.wild.of(resource):
                yield one


class _Index:
    """Finds the statements that may cover another: those that cover its first action and its first resource."""

    def __init__(self, said: list[_Said]) -> None:
        self._exact: dict[str, _SameAction] = {}
        self._wild = Covers()
        for one in said:
            if one.negated == (False, False):
                for action in one.actions:
                    self._of_action(action).add(one)

    def _of_action(self, action: str) -> _SameAction:
        found = self._exact.get(action)
        if found is None:
            found = self._exact[action] = _SameAction()
            self._wild.add(action, found)
        return found

    def candidates(self, narrow: _Said) -> Iterator[_Said]:
        """Yield each of them, once or more."""
        if narrow.negated != (False, False) or not narrow.actions:
            return
        first = min(narrow.actions)
        resource = min(narrow.resources) if narrow.resources else None
        if first in self._exact:
            yield from self._exact[first].covering(resource)
        for pattern, group in self._wild.of(first):
            if pattern != first and _covers(pattern, first):
                yield from group.covering(resource)


def _covers_statement(wide: _Said, narrow: _Said) -> bool:
    left, right = wide.view.statement, narrow.view.statement
    if wide is narrow or left.effect != right.effect or left.principals != right.principals:
        return False
    return wide.tests <= narrow.tests and _covers_resources(wide, narrow) and _covers_actions(wide, narrow)


def _covers_resources(wide: _Said, narrow: _Said) -> bool:
    if wide.resources is None or narrow.resources is None:
        return wide.resources is narrow.resources
    if "*" in wide.resources or narrow.resources <= wide.resources:
        return True
    patterns = [pattern for pattern in wide.resources if is_pattern(pattern)]
    return bool(patterns) and all(
        resource in wide.resources or any(wider(pattern, resource) for pattern in patterns)
        for resource in narrow.resources
    )


def _covers_actions(wide: _Said, narrow: _Said) -> bool:
    patterns = [pattern for pattern in wide.actions if is_pattern(pattern)]
    return all(
        action in wide.actions or any(_covers(pattern, action) for pattern in patterns) for action in narrow.actions
    )
