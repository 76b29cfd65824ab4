"""The Principal and Condition elements, read strictly (rules P1, C2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lexgraph.errors import shown
from lexgraph.policy import grammar
from lexgraph.policy.jsontext import escape_pointer
from lexgraph.policy.model import ConditionTest, ConditionValue, Number, PatternSet
from lexgraph.policy.principals import principal_problem
from lexgraph.policy.problems import Problems, shown_value

Json = Any


class ElementReader(Problems):
    """Reads the elements of a statement that are objects."""

    # Principals ------------------------------------------------------------------------------------------------------

    def principals(self, value: Mapping[str, Json], at: str) -> PatternSet | None:
        """Return the Principal or NotPrincipal element, or None where there is none."""
        present = [name for name in ("Principal", "NotPrincipal") if name in value]
        wanted = grammar.HAS_PRINCIPAL[self.kind]
        if wanted is False:
            for name in present:
                self.problem("UNSUPPORTED_PRINCIPAL", f"{at}/{name}", f"{_A[self.kind]} policy takes no {name}")
            return None
        if len(present) == 2:
            self.problem(
                "UNSUPPORTED_ELEMENT_COMBINATION",
                f"{at}/NotPrincipal",
                "Principal and NotPrincipal may not stand in one statement",
            )
            return None
        if not present:
            if wanted:
                self.problem("MISSING_PRINCIPAL", at, "the statement has no Principal")
            return None
        if present == ["NotPrincipal"] and self.kind == "trust":
            self.problem(
                "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL",
                f"{at}/NotPrincipal",
                "a trust policy takes no NotPrincipal",
            )
            return None
        return self.principal_set(value[present[0]], f"{at}/{present[0]}", present[0])

    def principal_set(self, value: Json, at: str, name: str) -> PatternSet | None:
        """Return the principals of an element, each with its type in front."""
        negated = name == "NotPrincipal"
        if value == "*":
            return PatternSet(("*",), negated, (("", -1),))
        if not isinstance(value, Mapping):
            self.problem(
                "INVALID_PRINCIPAL_FORMAT",
                at,
                f'{name} must be "*" or an object like {{"AWS": …}}, not {shown_value(value)}',
            )
            return None
        patterns: list[str] = []
        form: list[tuple[str, int]] = []
        for key, entry in value.items():
            pointer = f"{at}/{escape_pointer(key)}"
            if key not in grammar.PRINCIPAL_TYPES:
                known = ", ".join(grammar.PRINCIPAL_TYPES)
                self.problem("INVALID_PRINCIPAL_KEY", pointer, f"{shown(key)} is no type of principal (known: {known})")
                continue
            found = () if entry == [] else self.strings(entry, pointer, name)
            for i, item in enumerate(found or ()):
                if problem := principal_problem(key, item):
                    self.problem(problem[0], f"{pointer}/{i}" if isinstance(entry, list) else pointer, problem[1])
                patterns.append(f"{key}:{item}")
            form.append((key, -1 if isinstance(entry, str) else len(found or ())))
        return PatternSet(tuple(patterns), negated, tuple(form))

    # Conditions ------------------------------------------------------------------------------------------------------

    def conditions(self, value: Mapping[str, Json], at: str) -> tuple[tuple[ConditionTest, ...], tuple[str, ...]]:
        """Return the tests of the Condition element, and the names of its empty parts."""
        block = value.get("Condition")
        if "Condition" not in value:
            return (), ()
        at = f"{at}/Condition"
        if not isinstance(block, Mapping):
            self.wrong_type(at, "Condition", "an object", block)
            return (), ()
        self.refuse_case_twins(block, at)
        tests: list[ConditionTest] = []
        empty = [] if block else [""]
        for operator, keys in block.items():
            pointer = f"{at}/{escape_pointer(operator)}"
            if grammar.read_operator(operator) is None:
                self.problem("INVALID_CONDITION_OPERATOR", pointer, f"{shown(operator)} is no condition operator")
            if not isinstance(keys, Mapping):
                self.wrong_type(pointer, f"the operator {shown(operator)}", "an object of keys", keys)
                continue
            self.refuse_case_twins(keys, pointer)
            if not keys:
                empty.append(operator)
            for key, values in keys.items():
                test = self.condition_test(operator, key, values, f"{pointer}/{escape_pointer(key)}")
                if test is not None:
                    tests.append(test)
        return tuple(tests), tuple(empty)

    def condition_test(self, operator: str, key: str, values: Json, at: str) -> ConditionTest | None:
        """Return one operator's test of one key."""
        lone = not isinstance(values, list | tuple)
        items = (values,) if lone else tuple(values)
        read: list[ConditionValue] = []
        for i, item in enumerate(items):
            normal = _condition_value(item)
            if normal is None:
                self.wrong_type(
                    at if lone else f"{at}/{i}",
                    "a condition's value",
                    "a string, a number or true/false",
                    item,
                )
                return None
            if isinstance(normal, Number) and len(normal) > grammar.MAX_DIGITS:
                self.problem("NUMBER_TOO_LONG", at, f"a number of {len(normal):,} characters")
                return None
            read.append(normal)
        return ConditionTest(operator, key, tuple(read), lone)


_A = {"identity": "an identity", "session": "a session", "boundary": "a boundary", "scp": "a service control"}


def _condition_value(item: Json) -> ConditionValue | None:
    if isinstance(item, str | bool):
        return item
    if isinstance(item, int | float):
        return Number(item)
    return None
