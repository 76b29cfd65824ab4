"""Checks of the Action element against the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from lexgraph.catalog.actions import catalog
from lexgraph.checks.known import nearest_action, nearest_service, services
from lexgraph.checks.view import Hit, StatementView
from lexgraph.errors import shown


def known_actions(view: StatementView) -> Iterator[Hit]:
    """INVALID_ACTION, INVALID_SERVICE_IN_ACTION, VARIABLE_UNSUPPORTED_IN_ELEMENT."""
    cat, known = catalog(), services()
    for action in view.actions:
        if "${" in action.text:
            message = f"a policy variable is not read in an action: {shown(action.text)}"
            yield Hit("VARIABLE_UNSUPPORTED_IN_ELEMENT", view.action_at(action.number), message)
        elif action.service == "*":
            continue
        elif action.service not in known:
            message = f"there is no service {shown(action.service)} in the catalogue{nearest_service(action.service)}"
            yield Hit("INVALID_SERVICE_IN_ACTION", view.action_at(action.number), message)
        elif action.wild and not cat.bits(action.text):
            message = f"{shown(action.text)} matches no action that the catalogue knows"
            yield Hit("INVALID_ACTION", view.action_at(action.number), message)
        elif not action.wild and cat.index_of(action.text) is None:
            hint = nearest_action(action.service, action.name)
            message = f"the catalogue knows no action {shown(action.text)}{hint}"
            yield Hit("INVALID_ACTION", view.action_at(action.number), message)
