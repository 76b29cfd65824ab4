"""Checks of the Action element against the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lexgraph.catalog.actions import catalog
from lexgraph.checks.known import nearest_action, nearest_service, services
from lexgraph.checks.view import ActionPattern, Hit, StatementView
from lexgraph.errors import shown
from lexgraph.policy.patterns import ascii_lower, compile_glob

# A conversation with a bot: what Lex V1 alone has, and what replaced it. The session actions are of both generations.
LEX_V1_RUNTIME = ("lex:PostContent", "lex:PostText")
LEX_V2_RUNTIME = ("lex:RecognizeText", "lex:RecognizeUtterance", "lex:StartConversation")


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
            message = f"{shown(action.text)} matches no action that the catalogue of {cat.date} knows"
            yield Hit("INVALID_ACTION", view.action_at(action.number), message)
        elif not action.wild and cat.index_of(action.text) is None:
            hint = nearest_action(action.service, action.name) if view.hints.take() else ""
            message = f"the catalogue of {cat.date} knows no action {shown(action.text)}{hint}"
            yield Hit("INVALID_ACTION", view.action_at(action.number), message)


def lex_generations(views: tuple[StatementView, ...]) -> Iterator[Hit]:
    """LEX_V1_ONLY: every action that allows conversations of V1, where the policy allows none of V2."""
    if any(_allows(view, name) for view in views for name in LEX_V2_RUNTIME):
        return
    for view in views:
        for action in _on_lex(view) if view.statement.allows and not view.statement.actions.negated else ():
            if any(compile_glob(action.lower)(ascii_lower(name)) for name in LEX_V1_RUNTIME):
                message = f"{shown(action.text)} is for bots of Lex V1, and nothing here allows conversations of Lex V2"
                yield Hit("LEX_V1_ONLY", view.action_at(action.number), message)


def _allows(view: StatementView, name: str) -> bool:
    named = any(compile_glob(action.lower)(ascii_lower(name)) for action in _on_lex(view))
    return view.statement.allows and named is not view.statement.actions.negated


def _on_lex(view: StatementView) -> Iterator[ActionPattern]:
    return (action for action in view.actions if action.service in ("lex", "*"))


def _matches_something(action: ActionPattern) -> bool:
    text = _names_of(action.service)
    # A piece that stands nowhere among the names is a quick no.
    return all(piece in text for piece in action.name.replace("?", "*").split("*")) and bool(
        catalog().bits(action.text)
    )


@lru_cache(512)
def _names_of(service: str) -> str:
    return "\n".join(catalog().expand(f"{service}:*")).lower()
