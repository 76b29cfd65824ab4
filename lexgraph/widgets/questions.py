"""What an explorer is asked, as a value; the answer; and the Python call that gives the same answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from lexgraph.access.compressed import growing
from lexgraph.access.decide import action_names, default_resources, what_can
from lexgraph.access.fit import fitting
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import LexgraphError, shown
from lexgraph.evaluation.decision import OUTCOMES
from lexgraph.evaluation.request import read_action, read_resource
from lexgraph.policy.patterns import is_pattern
from lexgraph.widgets.html import PAGE_ROWS
from lexgraph.widgets.sources import Source
from lexgraph.workbench import Account

if TYPE_CHECKING:
    import pandas as pd

    Meanwhile = Callable[[pd.DataFrame, int, int], None]

MOST_TRIES = 50  # subjects that are tried for one that may do something
MOST_QUESTIONS = 6_000  # answered in a quarter of a second
PATIENCE = 0.1  # seconds, after which first rows are shown
# The words of the outcome chooser, and the outcomes that they let through.
FILTERS: dict[str, tuple[str, ...]] = {
    "allowed or conditional": ("allowed", "conditional"),
    "denied": ("explicitDeny", "implicitDeny"),
    **{outcome: (outcome,) for outcome in OUTCOMES},
    "every outcome": (),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of whom (None for everyone), which actions, on which resource (None for every known one), what
    is known of the request, and which outcomes to show (all where none is named).
    """

    subject: str | None
    actions: tuple[str, ...]
    resource: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()


def ask(source: Source, question: Question, meanwhile: Meanwhile | None = None) -> pd.DataFrame:
    """Return the answers, as an access table.

    Where that takes long, `meanwhile` is given the first rows, of how many answers they are, and how many there will
    be.

    Raises LexgraphError where the question cannot be asked, or is more than `MOST_QUESTIONS` at once.
    """
    account, asked = source.account(question.subject, question.actions), source.asked(question.subject)
    check(account, asked, question)
    resources, context = None if question.resource is None else [question.resource], dict(question.context)
    if meanwhile is None:
        return _kept(account.access(asked, question.actions, resources, context=context), question)
    begun, told = monotonic(), -1
    for found, rows in growing(account.snapshot, asked, question.actions, resources, context=Context(context)):
        if monotonic() - begun < PATIENCE or told >= PAGE_ROWS or len(found) == rows:
            continue
        first = _kept(account.table_of(found), question)
        if len(first) > told:
            meanwhile(first, len(found), rows)
            begun, told = monotonic(), len(first)
    return _kept(account.table_of(found), question)


def _kept(access: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The rows whose outcome is asked for."""
    if not question.outcomes:
        return access
    return access[access["outcome"].isin(question.outcomes)].reset_index(drop=True)


def first_of(source: Source, actions: tuple[str, ...]) -> str:
    """Return the subject to begin with: the first that may do something, of the first `MOST_TRIES`."""
    try:
        for subject in source.ordered[:MOST_TRIES]:
            account = source.account(subject, actions)
            if subject == source.ordered[0]:
                check(account, source.asked(subject), Question(subject, actions))
            if what_can(account.snapshot, source.asked(subject) or subject, actions=actions):
                return subject
    except LexgraphError:
        pass  # the explorer says what is wrong with the question
    return source.names[0]


def check(account: Account, principal: str | None, question: Question) -> None:
    """Raise LexgraphError where the question cannot be asked."""
    if not question.actions:
        raise LexgraphError('name an action, or a pattern such as "lex:*"', code="NO_ACTION")
    if principal is not None:
        account.snapshot.principal(principal)
    if question.resource is not None:
        _check_resource(question.resource)
    principals = len(account.snapshot.principals) if principal is None else 1
    if _is_too_much(account, question, MOST_QUESTIONS // principals):
        raise LexgraphError(
            f"that is more than {MOST_QUESTIONS:,} questions at once: choose one resource, one user or role, or fewer "
            "actions",
            code="TOO_MANY_QUESTIONS",
        )


def _check_resource(resource: str) -> None:
    read_resource(resource)
    if resource != "*" and is_pattern(resource):
        raise LexgraphError(
            f"{shown(resource)} is a pattern; ask about one resource, by an ARN without * and ?",
            code="PATTERN_RESOURCE",
        )


def _is_too_much(account: Account, question: Question, most: int) -> bool:
    """Whether more than `most` questions would be asked of each principal; it counts no further than that."""
    names = action_names(question.actions)
    if question.resource is not None or len(names) > most:
        return len(names) > most
    known = default_resources(account.snapshot)
    size = 0
    for action in names:
        size += 1 if read_action(action)[1] else len(fitting(action, known))
        if size > most:
            return True
    return False


def code_of(source: Source, question: Question) -> str:
    """Return Python code whose last line is an expression: the table that `ask` returns."""
    actions: Any = question.actions[0] if len(question.actions) == 1 else list(question.actions)
    lines, account = source.code(question.subject, actions)
    asked = source.asked(question.subject)
    arguments = [f"actions={actions!r}"] if asked is None else [repr(asked), repr(actions)]
    if question.resource is not None:
        arguments.append(f"resources={question.resource!r}")
    if question.context:
        arguments.append(f"context={dict(question.context)!r}")
    call = f"{account}.access({', '.join(arguments)})"
    if not question.outcomes:
        return "\n".join([*lines, call])
    chosen = f"access[access['outcome'].isin({list(question.outcomes)!r})].reset_index(drop=True)"
    return "\n".join([*lines, f"access = {call}", chosen])


def read_actions(text: str) -> tuple[str, ...]:
    """Return the actions and patterns in a text, which white space and commas part.

    >>> read_actions("lex:Get*, lex:Post*")
    ('lex:Get*', 'lex:Post*')
    """
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,]+", text))))


def read_value(key: str, text: str) -> str | list[str]:
    """Return the value of a condition key that somebody typed: the text itself, or several as a JSON list.

    >>> read_value("aws:TagKeys", '["Stage", "Department"]')
    ['Stage', 'Department']
    """
    text = text.strip()
    if not text.startswith("["):
        return text
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise LexgraphError(
            f'several values of {shown(key)} are written as a JSON list of texts, ["a", "b"], not {shown(text)}',
            code="MALFORMED_CONTEXT_VALUE",
        )
    return values


def unknown_actions(question: Question) -> Iterator[str]:
    """Yield the asked actions that the catalogue does not know; AWS stores such names and they never match."""
    for action in question.actions:
        if not is_pattern(action) and catalog().index_of(action) is None:
            yield action
