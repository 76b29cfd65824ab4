"""What a template leaves open: a document as a tree of values that know their place, with gaps where a value is known
only once the template is deployed.

A gap never becomes text of a policy. `${OrderBot.Arn}` would be a policy variable there, a made-up ARN would match
nothing and so narrow the statement, a `*` alone would widen it. What stands in its place is decided in
:mod:`~lexgraph.account.templates.filling`, together with the mark that makes answers unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lexgraph.policy.jsontext import escape_pointer
from lexgraph.policy.model import Number

Json = Any


@dataclass(frozen=True, slots=True)
class Gap:
    """A value that the template does not tell: what it is called, why it is open, and the resource that it is of.

    `branches` are the values that it may have, where a condition that is not known chooses between two.

    >>> Gap("OrderBot.Arn", "only the deployed stack knows it").text
    '<OrderBot.Arn>'
    """

    what: str
    why: str
    target: str | None = None
    branches: tuple[Node, ...] = ()

    @property
    def text(self) -> str:
        """The gap as people read it."""
        return f"<{self.what}>"


@dataclass(frozen=True, slots=True)
class Mixed:
    """A text of which some parts are known: strings and gaps by turns."""

    parts: tuple[str | Gap, ...]

    @property
    def text(self) -> str:
        """The text as people read it, with its gaps in angle brackets."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    @property
    def gap(self) -> Gap:
        """The first gap."""
        return next(part for part in self.parts if isinstance(part, Gap))


Text = str | Gap | Mixed


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the JSON pointer of its place in the template.

    The value is what JSON has, a Gap or a Mixed; lists hold nodes, and objects have nodes as their values.
    """

    value: Any
    place: str

    def get(self, *keys: str) -> Node | None:
        """Return what stands under `keys`, or None; beyond a gap stands the gap."""
        here = self
        for key in keys:
            if isinstance(here.value, Gap):
                return here
            found = here.value.get(key) if isinstance(here.value, dict) else None
            if found is None or found.value is None:
                return None
            here = found
        return here

    @property
    def items(self) -> tuple[Node, ...]:
        """The nodes of a list; a lone value counts as a list of one."""
        return tuple(self.value) if isinstance(self.value, list) else (self,)


NO_VALUE: Final = object()
"""What ``AWS::NoValue`` stands for: the element is left out."""


def node_of(value: Json, place: str) -> Node:
    """Return a plain JSON value as a tree of nodes.

    >>> node_of({"a": ["x"]}, "/p").get("a").items[0].place
    '/p/a/0'
    """
    if isinstance(value, Mapping):
        return Node({key: node_of(item, f"{place}/{escape_pointer(key)}") for key, item in value.items()}, place)
    if isinstance(value, list | tuple):
        return Node([node_of(item, f"{place}/{i}") for i, item in enumerate(value)], place)
    return Node(value, place)


def gaps_in(node: Node) -> Iterator[tuple[Node, Gap]]:
    """Yield every node with a gap, and its first gap."""
    if isinstance(node.value, Gap):
        yield node, node.value
    elif isinstance(node.value, Mixed):
        yield node, node.value.gap
    elif isinstance(node.value, dict):
        for child in node.value.values():
            yield from gaps_in(child)
    elif isinstance(node.value, list):
        for child in node.value:
            yield from gaps_in(child)


def alternatives(node: Node, doubts: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Yield what may stand at a place, each with the reasons to doubt it: more than one node where a condition that is
    not known chooses.
    """
    gap = node.value
    if not isinstance(gap, Gap) or not gap.branches:
        yield node, doubts
        return
    for branch in gap.branches:
        for one in branch.items:
            yield from alternatives(one, (*doubts, gap.why))


def plain(node: Node) -> Json:
    """Return the JSON value of a tree; gaps as people read them."""
    value = node.value
    if isinstance(value, Gap | Mixed):
        return value.text
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    return [plain(child) for child in value] if isinstance(value, list) else value


def text_of(value: Json) -> Text | None:
    """Return a scalar as text; None for what is none. Numbers and true or false are text to CloudFormation."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Number):
        return str.__str__(value)
    return value if isinstance(value, str | Gap | Mixed) else None


def joined(parts: Iterable[str | Gap]) -> Text:
    """Return parts as one text, neighbouring strings as one.

    >>> joined(["arn:", "aws", Gap("Bot", "")]).text
    'arn:aws<Bot>'
    """
    found: list[str | Gap] = []
    text: list[str] = []
    for part in parts:
        if isinstance(part, Gap):
            found += ["".join(text), part]
            text = []
        else:
            text.append(part)
    found.append("".join(text))
    found = [part for part in found if part != ""]
    if not found:
        return ""
    return found[0] if len(found) == 1 else Mixed(tuple(found))


def parts_of(text: Text) -> tuple[str | Gap, ...]:
    """Return the parts of a text."""
    return text.parts if isinstance(text, Mixed) else (text,)
