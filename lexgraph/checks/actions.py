"""Checks of the Action element against the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lexgraph.catalog.actions import catalog
from lexgraph.checks.known import nearest_action, nearest_service, services
from lexgraph.checks.view import ActionPattern, Hit, StatementView
from lexgraph.errors import shown


def known_actions(view: StatementView) -> Iterator[Hit]:
    """INVALID_ACTION, INVALID_SERVICE_IN_ACTION, VARIABLE_UNSUPPORTED_IN_ELEMENT."""
    cat, known = catalog(), services()
    for i, pattern in enumerate(view.statement.actions.patterns):
        if "${" in pattern:
            message = f"a policy variable is not read in an action: {shown(pattern)}"
            yield Hit("VARIABLE_UNSUPPORTED_IN_ELEMENT", view.action_at(i), message)
    for action in view.actions:
        if action.service == "*" or "${" in action.text:
            continue
        if action.service not in known:
            hint = nearest_service(action.service) if view.hints.take() else ""
            message = f"there is no service {shown(action.service)} in the catalogue{hint}"
            yield Hit("INVALID_SERVICE_IN_ACTION", view.action_at(action.number), message)
        elif action.wild and not _matches_something(action):
            message = f"{shown(action.text)} matches no action that the catalogue knows"
            yield Hit("INVALID_ACTION", view.action_at(action.number), message)
        elif not action.wild and cat.index_of(action.text) is None:
            hint = nearest_action(action.service, action.name) if view.hints.take() else ""
            message = f"the catalogue knows no action {shown(action.text)}{hint}"
            yield Hit("INVALID_ACTION", view.action_at(action.number), message)


def _matches_something(action: ActionPattern) -> bool:
    text = _names_of(action.service)
    # A piece that stands nowhere among the names is a quick no.
    return all(piece in text for piece in action.name.replace("?", "*").split("*")) and bool(
        catalog().bits(action.text)
    )


@lru_cache(512)
def _names_of(service: str) -> str:
    return "\n".join(catalog().expand(f"{service}:*")).lower()
