"""Reads the JSON files that stand beside an account, strictly: what is wrong is told with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lexgraph.account.details import MOST_TO_SEARCH, pointer_of
from lexgraph.account.model import Unreadable
from lexgraph.account.pages import load_pages
from lexgraph.errors import AccountError, DocumentError, PolicyError, shown
from lexgraph.policy.jsontext import find_places, load_json, locator
from lexgraph.policy.model import Kind, Number, Policy
from lexgraph.policy.parse import inspect_policy
from lexgraph.policy.reader import PolicyReader

Json = Any
Where = tuple[Any, ...]
Item = Mapping[str, Json]
NO_DOCUMENT = "the file does not hold this policy's document"


def read_bytes(path: str | Path, *, what: str) -> bytes:
    """Return a file's bytes; raises AccountError (``UNREADABLE``) that says what was to be read."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        message = f"cannot read {shown(str(path))}: {reason}; {what} is read from a file"
        raise AccountError(message, code="UNREADABLE") from None


class JsonFile:
    """One file: its value, and the policies in it that could not be read, which gather in `unreadable`."""

    def __init__(self, data: bytes | str, source: str) -> None:
        self.source = source
        self.text, self.value = load_pages(data, source=source)
        self.unreadable: list[Unreadable] = []
        self._places: tuple[dict[str, int], Callable[[int], tuple[int, int]]] | None = None

    # Elements -----------------------------------------------------------------------------------------------------

    def object_at(self, value: Json, at: Where) -> Item:
        """Return `value`, which must be an object."""
        if not isinstance(value, Mapping):
            raise self.wrong_type(at, "an object", value)
        return value

    def objects(self, item: Item, key: str, at: Where = ()) -> Iterator[tuple[Where, Item]]:
        """Yield the objects of a list with their places; a list that is absent or null has none."""
        listed = [] if item.get(key) is None else self.list_at(item[key], (*at, key))
        for i, value in enumerate(listed):
            yield (*at, key, i), self.object_at(value, (*at, key, i))

    def list_at(self, value: Json, at: Where) -> list[Json]:
        """Return `value`, which must be a list."""
        if not isinstance(value, list):
            raise self.wrong_type(at, "a list", value)
        return value

    def text_of(self, item: Item, key: str, at: Where) -> str:
        """Return the text of an element that must be there."""
        if key not in item:
            raise self.error("MISSING_ELEMENT", at, f"{key} is missing")
        return self.text_at(item[key], (*at, key))

    def text_at(self, value: Json, at: Where) -> str:
        """Return `value`, which must be text that is not empty."""
        if not isinstance(value, str) or isinstance(value, Number) or not value:
            raise self.wrong_type(at, "a string that is not empty" if value == "" else "a string", value)
        return value

    # Policies -----------------------------------------------------------------------------------------------------

    def policy(self, item: Item, key: str, at: Where, *, name: str, kind: Kind, arn: str, owner: str) -> Policy | None:
        """Return the policy in a document that is an object or its text, as much as could be read of it; None where
        nothing could, or where there is none. What was wrong goes to `unreadable`.
        """
        value, here = item.get(key), (*at, key)
        if value is None:
            problem = self._placed(PolicyError(NO_DOCUMENT, code="MISSING_DOCUMENT", source=self.source), at)
            self.unreadable.append(Unreadable(owner, name, kind, problem))
            return None
        policy, problems = self._inspected(value, name, kind, arn)
        if problems:
            others = tuple(self._placed(other, here) for other in problems[1:])
            problem = self._placed(problems[0], here, others)
            self.unreadable.append(Unreadable(owner, name, kind, problem, partial=policy is not None))
        return policy

    def _inspected(self, value: Json, name: str, kind: Kind, arn: str) -> tuple[Policy | None, tuple[PolicyError, ...]]:
        if isinstance(value, str) and not isinstance(value, Number):
            text = unquote(value) if value.lstrip()[:1] == "%" else value
            policy, problems = inspect_policy(text, name=name, kind=kind, arn=arn, source=self.source)
            if policy is not None:
                return policy, ()
            try:
                value = load_json(text)
            except DocumentError:
                return None, problems
            return PolicyReader(kind, self.source, lenient=True).policy(value, name, arn), problems
        reader = PolicyReader(kind, self.source, lenient=True)
        return reader.policy(value, name, arn), tuple(reader.problems)

    def _placed(self, error: PolicyError, at: Where, others: tuple[PolicyError, ...] = ()) -> PolicyError:
        pointer = pointer_of(at) + error.pointer
        line, column = self.place(pointer, at)
        return error.into(PolicyError, pointer=pointer, line=line, column=column, source=self.source, others=others)

    # What is wrong ------------------------------------------------------------------------------------------------

    def wrong_type(self, at: Where, expected: str, value: Json) -> AccountError:
        """Return the error of an element of the wrong type."""
        what = at[-1] if at and isinstance(at[-1], str) else "this"
        return self.error("DATA_TYPE_MISMATCH", at, f"{what} must be {expected}, not {_what(value)}")

    def error(self, code: str, at: Where, message: str) -> AccountError:
        """Return an error that names its place."""
        line, column = self.place(pointer_of(at), ())
        return AccountError(message, code=code, pointer=pointer_of(at), line=line, column=column, source=self.source)

    def place(self, pointer: str, fallback: Where) -> tuple[int | None, int | None]:
        """Return line and column of a pointer, or of the one that it lies in."""
        if len(self.text) > MOST_TO_SEARCH:
            return None, None
        if self._places is None:
            self._places = find_places(self.text).values, locator(self.text)
        offset = self._places[0].get(pointer, self._places[0].get(pointer_of(fallback)))
        return (None, None) if offset is None else self._places[1](offset)


def _what(value: Json) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (type(None), "null"),
        (bool, "true or false"),
        ((Number, int, float), "a number"),
        (str, "a string"),
        (list, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "an object")
