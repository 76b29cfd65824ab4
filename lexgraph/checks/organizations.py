"""Checks of service control policies by the rules before September 2025, and of resource control policies."""

from __future__ import annotations

from collections.abc import Iterator

from lexgraph.catalog.actions import catalog
from lexgraph.checks.view import Hit, StatementView
from lexgraph.errors import shown
from lexgraph.policy.quotas import SCP_FULL_LANGUAGE


def service_control(view: StatementView) -> Iterator[Hit]:
    """SCP_SYNTAX_ERROR_…: only where the policy is judged as of a day before AWS took the full language."""
    if view.day is None or view.day >= SCP_FULL_LANGUAGE:
        return
    statement = view.statement
    for action in view.actions:
        if "?" in action.name or "*" in action.name[:-1]:
            message = f"a wildcard stands before the end of {shown(action.text)}"
            yield Hit("SCP_SYNTAX_ERROR_ACTION_WILDCARD", view.action_at(action.number), message)
    resources = statement.resources
    if resources is not None and resources.negated:
        yield Hit("SCP_SYNTAX_ERROR_NOTRESOURCE", view.element("Resource"), "an SCP takes no NotResource")
    if not statement.allows:
        return
    if statement.conditions or statement.empty:
        yield Hit("SCP_SYNTAX_ERROR_ALLOW_CONDITION", f"{view.at}/Condition", "an SCP that allows takes no Condition")
    if statement.actions.negated:
        yield Hit("SCP_SYNTAX_ERROR_ALLOW_NOTACTION", view.element("Action"), "an SCP that allows takes no NotAction")
    if resources is not None and not resources.negated and resources.patterns != ("*",):
        message = 'an SCP that allows does so on "*" only'
        yield Hit("SCP_SYNTAX_ERROR_ALLOW_RESOURCE", view.element("Resource"), message)


def resource_control(view: StatementView) -> Iterator[Hit]:
    """RCP_SYNTAX_ERROR_…."""
    statement = view.statement
    principals = statement.principals
    if principals is not None and (principals.negated or set(principals.patterns) - {"*", "AWS:*"}):
        message = 'the principal of a resource control policy is "*"'
        yield Hit("RCP_SYNTAX_ERROR_PRINCIPAL", view.element("Principal"), message)
    if statement.actions.negated:
        message = "a resource control policy takes no NotAction"
        yield Hit("RCP_SYNTAX_ERROR_NOTACTION", view.element("Action"), message)
        return
    if statement.allows:
        if statement.conditions or statement.resources is None or "*" not in statement.resources.patterns:
            yield Hit("RCP_SYNTAX_ERROR_ALLOW", view.at, "the statement allows less than everything")
        return
    reached = catalog().rcp_services
    for action in view.actions:
        if action.service not in reached:
            message = f"resource control policies do not reach {shown(action.text)}"
            yield Hit("RCP_SYNTAX_ERROR_ACTION", view.action_at(action.number), message)
