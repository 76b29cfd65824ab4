"""Checks for what is said twice: in one list, or in two statements."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lexgraph.catalog.actions import catalog
from lexgraph.checks.globs import wider
from lexgraph.checks.view import ActionPattern, Hit, StatementView
from lexgraph.policy.model import ConditionTest, Statement
from lexgraph.policy.patterns import ascii_lower, compile_glob

_LISTED = 3


def actions(view: StatementView) -> Iterator[Hit]:
    """REDUNDANT_ACTION: one finding for a list, at the first action that another one covers."""
    if len(view.actions) < 2:
        return
    covered = list(_covered_actions(view.actions))
    if covered:
        yield Hit("REDUNDANT_ACTION", view.action_at(covered[0][0].number), _message(covered))


def _covered_actions(patterns: tuple[ActionPattern, ...]) -> Iterator[tuple[ActionPattern, str]]:
    seen: dict[str, ActionPattern] = {}
    wild: dict[str, list[tuple[str, ActionPattern]]] = {}
    for action in patterns:
        if action.wild:
            wild.setdefault(action.service, []).append((action.name, action))
    everything = wild.get("*", [])
    for action in patterns:
        first = seen.setdefault(action.lower, action)
        if first is not action:
            yield action, first.text
            continue
        if not wild:
            continue
        for name, wide in (*wild.get(action.service, ()), *everything):
            if wide is not action and wide.lower != action.lower and _covers(name, action.name):
                yield action, wide.text
                break


@lru_cache(16_384)
def _covers(wide: str, narrow: str) -> bool:
    # The wildcards of the narrower pattern are held against the wider one as characters, which only its stars may take.
    if "?" in wide and "*" in narrow:
        return False
    return not wide or compile_glob(wide)(narrow)


def resources(view: StatementView) -> Iterator[Hit]:
    """REDUNDANT_RESOURCE: one finding for a list, at the first resource that another one covers."""
    element = view.statement.resources
    if element is None or len(element.patterns) < 2:
        return
    covered = list(_covered_resources(element.patterns))
    if covered:
        yield Hit("REDUNDANT_RESOURCE", view.resource_at(covered[0][0]), _message([(c[1], c[2]) for c in covered]))


def _covered_resources(patterns: tuple[str, ...]) -> Iterator[tuple[int, str, str]]:
    wild = [pattern for pattern in dict.fromkeys(patterns) if "*" in pattern or "?" in pattern]
    seen: set[str] = set()
    for i, pattern in enumerate(patterns):
        if pattern in seen:
            yield i, pattern, pattern
            continue
        seen.add(pattern)
        for wide in wild:
            if wide != pattern and _may_cover(wide, pattern) and wider(wide, pattern):
                yield i, pattern, wide
                break


def _may_cover(wide: str, narrow: str) -> bool:
    """Whether the literal beginning fits: a quick no for nearly all pairs."""
    head = wide.partition("*")[0].partition("?")[0]
    return narrow.startswith(head)


def _message(covered: list[tuple[ActionPattern, str]] | list[tuple[str, str]]) -> str:
    pairs = [(getattr(narrow, "text", narrow), wide) for narrow, wide in covered]
    listed = "; ".join(_pair(*pair) for pair in pairs[:_LISTED])
    more = f"; and {len(pairs) - _LISTED} more" if len(pairs) > _LISTED else ""
    return f"{listed}{more}"


def _pair(narrow: object, wide: str) -> str:
    return f"{narrow} is listed twice" if narrow == wide else f"{narrow} is covered by {wide}"


# Statements ----------------------------------------------------------------------------------------------------------


def statements(views: tuple[StatementView, ...]) -> Iterator[Hit]:
    """REDUNDANT_STATEMENT, SEM_SHADOWED_STATEMENT."""
    if len(views) < 2:
        return
    seen: dict[object, StatementView] = {}
    for view in views:
        first = seen.setdefault(_content(view.statement), view)
        if first is not view:
            yield Hit("REDUNDANT_STATEMENT", view.at, f"the statement says the same as {first.at}")
        elif (wide := _covering(view, views)) is not None:
            yield Hit("SEM_SHADOWED_STATEMENT", view.at, f"everything in the statement is in {wide.at} already")


def _content(statement: Statement) -> object:
    resources, principals = statement.resources, statement.principals
    return (
        statement.effect,
        statement.actions.negated,
        frozenset(map(ascii_lower, statement.actions.patterns)),
        resources and (resources.negated, frozenset(resources.patterns)),
        principals and (principals.negated, frozenset(principals.patterns)),
        _tests(statement),
    )


def _tests(statement: Statement) -> frozenset[object]:
    return frozenset(map(_test, statement.conditions))


def _test(test: ConditionTest) -> object:
    return test.operator.lower(), ascii_lower(test.key), frozenset(test.values)


def _covering(view: StatementView, views: tuple[StatementView, ...]) -> StatementView | None:
    statement = view.statement
    if statement.actions.negated or (statement.resources is not None and statement.resources.negated):
        return None
    for other in views:
        if other is not view and _covers_statement(other.statement, statement):
            return other
    return None


def _covers_statement(wide: Statement, narrow: Statement) -> bool:
    if wide.effect != narrow.effect or wide.actions.negated or wide.principals != narrow.principals:
        return False
    if wide.conditions and not _tests(wide) <= _tests(narrow):
        return False
    if (wide.resources is None) != (narrow.resources is None):
        return False
    cat = catalog()
    if cat.bits_of(narrow.actions.patterns) & ~cat.bits_of(wide.actions.patterns):
        return False
    return _covers_resources(wide, narrow) and _covers_all_actions(wide, narrow)


def _covers_resources(wide: Statement, narrow: Statement) -> bool:
    left, right = wide.resources, narrow.resources
    if left is None or right is None:
        return True
    if left.negated:
        return False
    return "*" in left.patterns or all(any(wider(a, b) for a in left.patterns) for b in right.patterns)


def _covers_all_actions(wide: Statement, narrow: Statement) -> bool:
    """Whether each action pattern is covered by one of the other statement, those included that nobody knows."""
    left = [ascii_lower(pattern) for pattern in wide.actions.patterns]
    exact = frozenset(left)
    return all(
        pattern in exact or any("*" in a and _covers(a, pattern) for a in left)
        for pattern in map(ascii_lower, narrow.actions.patterns)
    )
