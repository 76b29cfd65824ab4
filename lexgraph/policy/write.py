"""From :class:`~lexgraph.policy.model.Policy` back to JSON, equal to what was parsed."""

from __future__ import annotations

import json
from typing import Any

from lexgraph.policy.model import ConditionTest, Number, PatternSet, Policy, Statement


def policy_document(policy: Policy) -> dict[str, Any]:
    """Return the document of `policy` as plain Python values (numbers as int or float).

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Deny", "Action": "lex:DeleteBot", "Resource": ["*"]}}'
    >>> policy_document(parse_policy(text)) == __import__("json").loads(text)
    True
    """
    return {key: _plain(value) for key, value in _document(policy).items()}


def write_policy(policy: Policy, *, indent: int | None = 2) -> str:
    """Return the JSON text of `policy`; numbers are spelt as they were read.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Deny", "Action": "lex:DeleteBot", "Resource": "*"}}'
    >>> write_policy(parse_policy(text), indent=None) == text
    True
    """
    return _text(_document(policy), indent, 0)


def statement_document(statement: Statement) -> dict[str, Any]:
    """Return one statement as plain Python values."""
    return {key: _plain(value) for key, value in _statement(statement).items()}


def _document(policy: Policy) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if policy.version is not None:
        document["Version"] = policy.version
    if policy.id is not None:
        document["Id"] = policy.id
    statements = [_statement(statement) for statement in policy.statements]
    document["Statement"] = statements[0] if policy.lone_statement and len(statements) == 1 else statements
    return document


def _statement(statement: Statement) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if statement.sid is not None:
        found["Sid"] = statement.sid
    found["Effect"] = statement.effect
    if statement.principals is not None:
        found[_name("Principal", statement.principals)] = _principals(statement.principals)
    found[_name("Action", statement.actions)] = _patterns(statement.actions)
    if statement.resources is not None:
        found[_name("Resource", statement.resources)] = _patterns(statement.resources)
    if statement.conditions or statement.empty:
        found["Condition"] = _conditions(statement.conditions, statement.empty)
    return found


def _name(element: str, patterns: PatternSet) -> str:
    return f"Not{element}" if patterns.negated else element


def _patterns(patterns: PatternSet) -> str | list[str]:
    lone = patterns.form == (("", -1),) and len(patterns) == 1
    return patterns.patterns[0] if lone else list(patterns.patterns)


def _principals(principals: PatternSet) -> str | dict[str, str | list[str]]:
    if principals.patterns == ("*",):
        return "*"
    found: dict[str, list[str]] = {kind: [] for kind, _ in principals.form}
    for pattern in principals.patterns:
        kind, _, value = pattern.partition(":")
        found.setdefault(kind, []).append(value)
    lone = {kind for kind, count in principals.form if count == -1}
    return {kind: values[0] if kind in lone and len(values) == 1 else values for kind, values in found.items()}


def _conditions(tests: tuple[ConditionTest, ...], empty: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {operator: {} for operator in empty if operator}
    for test in tests:
        lone = test.lone and len(test.values) == 1
        found.setdefault(test.operator, {})[test.key] = test.values[0] if lone else list(test.values)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Number):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _text(value: Any, indent: int | None, level: int) -> str:
    if isinstance(value, Number):
        return str(value)
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value)
    brackets = "{}" if isinstance(value, dict) else "[]"
    items = (
        [f"{json.dumps(key)}: {_text(item, indent, level + 1)}" for key, item in value.items()]
        if isinstance(value, dict)
        else [_text(item, indent, level + 1) for item in value]
    )
    if indent is None:
        return brackets[0] + ", ".join(items) + brackets[1]
    pad = "\n" + " " * indent * (level + 1)
    return brackets[0] + pad + f",{pad}".join(items) + "\n" + " " * indent * level + brackets[1]
