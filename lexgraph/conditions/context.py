"""The request context: what is known of a request beside who, what and where (rules C3, C5, U1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lexgraph.errors import RequestError, shown

Values = tuple[str, ...]
# A key's values; () when it is known to be absent; None when nothing is known of it.
Lookup = Callable[[str], Values | None]
ABSENT: Values = ()
# How the keys begin that tell the tags of a resource, in lower case.
RESOURCE_TAGS = ("aws:resourcetag/", "iam:resourcetag/")


@dataclass(frozen=True, slots=True)
class Context:
    """Condition keys and their values; a key that is not given is unknown, or absent when the context is `complete`.

    A value is a string, a number, true or false, or a list of these; None and the empty list mean that the key is
    absent. `role_id` is what no key of AWS's tells alone: the unique id of a role, with which the aws:userid of its
    sessions begins, where nobody knows how the session is called. With `whole_tags` the caller has no tags but those
    whose keys are given. `resource_tags` are all the tags of the resource, by lower-cased key; an aws:ResourceTag or
    iam:ResourceTag that is given comes before them.

    Raises RequestError where a value is something else, or a key stands twice in different case.

    >>> Context({"aws:MultiFactorAuthPresent": True}).known
    {'aws:multifactorauthpresent': ('true',)}
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = False
    role_id: str | None = field(default=None, repr=False)
    whole_tags: bool = field(default=False, repr=False)
    resource_tags: Mapping[str, str] | None = field(default=None, repr=False)
    known: dict[str, Values] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known: dict[str, Values] = {}
        for key, value in self.values.items():
            if not key:
                raise RequestError(f"a context key must be a name, not {shown(key)}", code="MALFORMED_CONTEXT_KEY")
            lower = key.lower()
            if lower in known:
                raise RequestError(
                    f"the context key {shown(key)} is given twice (case does not count)",
                    code="DUPLICATE_CONTEXT_KEY",
                    pointer=f"/context/{key}",
                )
            known[lower] = normalise(value, key)
        object.__setattr__(self, "known", known)

    def with_values(self, values: Mapping[str, Any]) -> Context:
        """Return this context with `values` added or replaced."""
        new = {key.lower() for key in values}
        kept = {key: value for key, value in self.values.items() if key.lower() not in new}
        return replace(self, values={**kept, **values})


def normalise(value: Any, key: str) -> Values:
    """Return a context value as a tuple of strings (rule C9: JSON true is ``"true"``)."""
    if isinstance(value, str):
        return (str(value),)
    if value is None:
        return ABSENT
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return tuple(_scalar(item, key) for item in items)
    return (_scalar(value, key),)


def _scalar(value: Any, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float) and value == value and abs(value) != float("inf") and abs(value) < _TOO_BIG:
        return str(value)
    raise RequestError(
        f"the context value of {shown(key)} must be a string, a number, true or false, or a list of these, "
        f"not {_said(value)}",
        code="INVALID_CONTEXT_VALUE",
        pointer=f"/context/{key.replace('~', '~0').replace('/', '~1')}",
    )


_TOO_BIG = 10**1000  # no number that a policy may hold has as many digits


def _said(value: Any) -> str:
    """A value in words; not its repr, which may be nested without end or longer than Python prints."""
    names = {list: "a list in a list", tuple: "a list in a list", dict: "an object", int: "a number of many digits"}
    if isinstance(value, float):
        return repr(value)
    return "null" if value is None else names.get(type(value), f"a Python {type(value).__name__}")


UNKNOWN_CONTEXT = Context()
EMPTY_CONTEXT = Context({}, complete=True)
