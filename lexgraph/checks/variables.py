"""Checks of policy variables: how they are written, and where they are read (rules S4, V1, V2)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lexgraph.checks.view import Hit, StatementView
from lexgraph.conditions.operators import OPERATORS
from lexgraph.errors import shown
from lexgraph.policy.model import Number

_ESCAPES = ("*", "?", "$")
_LOOKS_LIKE_ONE = re.compile(r"\$\{\s*[A-Za-z][\w.\-]*:[^}]*\}")


def in_resources(view: StatementView) -> Iterator[Hit]:
    """Variables in the Resource element."""
    for i, pattern in view.resources:
        if "${" in pattern:
            yield from _written(pattern, view.resource_at(i), view.variables)


def in_conditions(view: StatementView) -> Iterator[Hit]:
    """Variables in condition values; INVALID_VARIABLE_FOR_OPERATOR."""
    for test in view.tests:
        for i, value in enumerate(test.test.values):
            if not isinstance(value, str) or isinstance(value, Number) or "${" not in value:
                continue
            if view.variables and not OPERATORS[test.name.base].variables and _LOOKS_LIKE_ONE.search(value):
                message = f"{test.name.base} takes no policy variable: {shown(value)}"
                yield Hit("INVALID_VARIABLE_FOR_OPERATOR", test.at(i), message)
            else:
                yield from _written(value, test.at(i), view.variables)


def in_principals(view: StatementView) -> Iterator[Hit]:
    """VARIABLE_UNSUPPORTED_IN_ELEMENT in the Principal element."""
    for principal in view.principals:
        if "${" in principal.value:
            message = f"a policy variable is not read in a principal: {shown(principal.value)}"
            yield Hit("VARIABLE_UNSUPPORTED_IN_ELEMENT", principal.pointer, message)


def _written(text: str, pointer: str, variables: bool) -> Iterator[Hit]:
    if not variables:
        if _LOOKS_LIKE_ONE.search(text):
            message = f"{shown(text)} is plain text, since the Version is not 2012-10-17"
            yield Hit("VARIABLE_UNSUPPORTED_IN_VERSION", pointer, message)
        return
    at = text.find("${")
    while at >= 0:
        end = text.find("}", at)
        following = text.find("${", at + 2)
        if end < 0 or at < following < end:
            yield Hit("MISSING_BRACE_IN_VARIABLE", pointer, f"a variable is not closed in {shown(text)}")
            return
        if problem := _problem(text[at + 2 : end]):
            yield Hit(problem[0], pointer, f"{problem[1]}: {shown(text)}")
        at = following


def _problem(inner: str) -> tuple[str, str] | None:
    if inner in _ESCAPES:
        return None
    if not inner.strip():
        return "EMPTY_VARIABLE", "a variable has no name"
    key, comma, default = inner.partition(",")
    if " " in key:
        return "UNSUPPORTED_SPACE_IN_VARIABLE", "a variable's name holds a space"
    quoted = default.strip()
    if comma and not (len(quoted) > 1 and quoted[0] == quoted[-1] == "'"):
        return "MISSING_QUOTE_IN_VARIABLE", "a variable's default is not in single quotes"
    return None
