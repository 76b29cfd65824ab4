"""What is wrong with a document, collected while it is read, and the small readers that every element shares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lexgraph.errors import PolicyError, shown
from lexgraph.policy.jsontext import escape_pointer, locate
from lexgraph.policy.model import Kind, Number

Json = Any
_BAD_CHARACTER = re.compile("[^\t\n\r\u0020-\u00ff]")


class Problems:
    """The problems of one document of one kind; `problems` fills while it is read."""

    def __init__(self, kind: Kind, source: str | None) -> None:
        self.kind = kind
        self.source = source
        self.problems: list[PolicyError] = []

    def problem(self, code: str, pointer: str, message: str) -> None:
        """Note what is wrong, and where."""
        self.problems.append(PolicyError(message, code=code, pointer=pointer, source=self.source))

    def wrong_type(self, pointer: str, what: str, expected: str, value: Json) -> None:
        """Note that a value has another type than `expected`."""
        self.problem("DATA_TYPE_MISMATCH", pointer, f"{what} must be {expected}, not {type_name(value)}")

    def refuse_characters(self, text: str) -> None:
        """Note the first character that may not stand in a policy."""
        if (match := _BAD_CHARACTER.search(text)) is None:
            return
        line, column = locate(text, match.start())
        error = PolicyError(
            f"the character {shown(match.group())} may not stand in a policy (only U+0009, U+000A, U+000D and "
            "U+0020 to U+00FF)",
            code="INVALID_CHARACTER",
            line=line,
            column=column,
            source=self.source,
        )
        self.problems.append(error)

    def strings(self, value: Json, at: str, name: str) -> tuple[str, ...] | None:
        """Return a string or a list of strings as a tuple."""
        if is_text(value):
            return (value,)
        if not isinstance(value, list | tuple):
            self.wrong_type(at, name, "a string or a list of strings", value)
            return None
        if not value:
            self.problem(f"EMPTY_ARRAY_{name.upper().removeprefix('NOT')}", at, f"{name} is an empty list")
            return None
        for i, item in enumerate(value):
            if not is_text(item):
                self.wrong_type(f"{at}/{i}", f"an item of {name}", "a string", item)
        return tuple(value) if all(map(is_text, value)) else None

    def refuse_case_twins(self, block: Mapping[str, Json], at: str) -> None:
        """Note keys that are equal but for their case."""
        seen: dict[str, str] = {}
        for key in block:
            if (other := seen.setdefault(key.lower(), key)) != key:
                self.problem(
                    "DUPLICATE_KEYS_WITH_DIFFERENT_CASE",
                    f"{at}/{escape_pointer(key)}",
                    f"{shown(key)} and {shown(other)} are the same key to IAM",
                )


def is_text(value: Json) -> bool:
    """Return whether `value` is a JSON string."""
    return isinstance(value, str) and not isinstance(value, Number)


def type_name(value: Json) -> str:
    """Return what a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "a string", Number: "a number", bool: "true or false"}
    return "null" if value is None else names.get(type(value), f"a Python {type(value).__name__}")


def shown_value(value: Json) -> str:
    """Return a JSON value as a message shows it."""
    return shown(value) if is_text(value) else type_name(value)
