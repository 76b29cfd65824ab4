"""Checks of condition operators: qualifiers, and operators that do not fit their key or their values."""

from __future__ import annotations

from collections.abc import Iterator

from lexgraph.catalog.actions import catalog
from lexgraph.checks.known import FAMILIES, key_type, takes_several
from lexgraph.checks.view import Hit, StatementView, Test
from lexgraph.conditions.operators import OPERATORS
from lexgraph.errors import shown
from lexgraph.policy.patterns import is_pattern

_EQUALS = frozenset("StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase".split())
_LIKE = frozenset({"StringLike", "StringNotLike"})
_EMPTY = (
    ("ForAllValues", "EMPTY_ARRAY_CONDITION_FORALLVALUES", "holds only where the key is absent"),
    ("ForAnyValue", "EMPTY_ARRAY_CONDITION_FORANYVALUE", "never holds"),
)


def qualifiers(view: StatementView) -> Iterator[Hit]:
    """MISSING_QUALIFIER, FORALLVALUES_WITH_SINGLE_VALUED_KEY, NULL_WITH_QUALIFIER, CONFIRM_AUDIENCE_CLAIM_TYPE."""
    for test in view.tests:
        qualifier = test.name.qualifier
        if test.name.base == "Null":
            if qualifier:
                message = f"Null with {qualifier} does not look at the values one by one"
                yield Hit("NULL_WITH_QUALIFIER", test.pointer, message)
        elif qualifier is None:
            if takes_several(test.key):
                message = f"{test.test.key} may have several values, and then {test.test.operator} never holds"
                yield Hit("MISSING_QUALIFIER", test.pointer, message)
        elif view.kind == "trust" and test.key.endswith(":aud"):
            message = f"a provider that sends one audience needs no {qualifier} on {test.test.key}"
            yield Hit("CONFIRM_AUDIENCE_CLAIM_TYPE", test.pointer, message)
        elif qualifier == "ForAllValues" and _holds_when_absent(test, view):
            message = f"ForAllValues holds when {test.test.key} is absent, and the key has one value at most"
            yield Hit("FORALLVALUES_WITH_SINGLE_VALUED_KEY", test.pointer, message)


def _holds_when_absent(test: Test, view: StatementView) -> bool:
    if not view.statement.allows or takes_several(test.key) or not catalog().knows_key(test.key):
        return False
    # A test beside it that wants the key to be there closes the gap.
    return not any(other.key == test.key and other is not test and other.demands for other in view.tests)


def key_types(view: StatementView) -> Iterator[Hit]:
    """TYPE_MISMATCH, STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS."""
    for test in view.tests:
        base = test.name.base
        kind = key_type(test.key)
        if kind is None or base == "Null":
            continue
        if kind == "ARN" and base in _LIKE:
            message = f"{test.test.key} holds an ARN, which {base} does not compare part by part"
            yield Hit("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", test.pointer, message)
        elif OPERATORS[base].family not in (families := FAMILIES[kind]) and not _works(kind, base):
            message = f"{test.test.key} is of type {kind}: use {families[0]} operators, not {base}"
            yield Hit("TYPE_MISMATCH", test.pointer, message)


def _works(kind: str, base: str) -> bool:
    """The service reference calls many keys strings that hold ARNs, numbers or Booleans."""
    family = OPERATORS[base].family
    return kind == "String" and family in ("Arn", "Bool", "Numeric", "Binary")


def wildcards(view: StatementView) -> Iterator[Hit]:
    """WILDCARD_WITHOUT_LIKE_OPERATOR, EQUIVALENT_TO_NULL_FALSE."""
    for test in view.tests:
        base = test.name.base
        for i, value in enumerate(test.test.values):
            if base in _EQUALS and isinstance(value, str) and _has_wildcard(value, view.variables):
                message = f"{base} takes {shown(value)} letter by letter, its wildcard included"
                yield Hit("WILDCARD_WITHOUT_LIKE_OPERATOR", test.at(i), message)
            elif base in ("StringLike", "ArnLike", "ArnEquals") and value == "*" and test.demands:
                message = f"{base} with * holds for every value that {test.test.key} can have"
                yield Hit("EQUIVALENT_TO_NULL_FALSE", test.at(i), message)


def _has_wildcard(value: str, variables: bool) -> bool:
    if variables:
        value = value.replace("${*}", "").replace("${?}", "")
    return is_pattern(value)


def without_values(view: StatementView) -> Iterator[Hit]:
    """EMPTY_ARRAY_CONDITION and its three forms."""
    for test in view.tests:
        if test.test.values:
            continue
        code, outcome = "EMPTY_ARRAY_CONDITION", "never holds"
        if test.name.if_exists:
            code, outcome = "EMPTY_ARRAY_CONDITION_IFEXISTS", "holds only where the key is absent"
        for qualifier, coded, told in _EMPTY:
            if test.name.qualifier == qualifier:
                code, outcome = coded, told
        if test.negated:
            outcome = "always holds"
        yield Hit(code, test.pointer, f"{test.test.key} is compared with an empty list, so the condition {outcome}")
