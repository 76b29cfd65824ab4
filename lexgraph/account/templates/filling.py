"""What stands in a policy where a template leaves a value open.

*To decide with* (:func:`widened`), the most that may stand there does: a pattern has ``*`` for the gap, a list of a
``Not`` element leaves the open pattern out, an open principal makes the statement about everyone, a condition that
hangs on an open value is left out. The statement can then match everything that it may match once it is deployed, and
is marked unknown: within that, answers are unknown; beyond it, they are certain. A placeholder that matches nothing
would be wrong here, since it would answer "not allowed" where nobody knows.

*To check with* (:func:`stand_in`), a value that looks like any other does, so that the rest of the document can be
judged; what is found at the open values themselves is not told.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lexgraph.account.templates.gaps import Gap, Mixed, Node, gaps_in, plain, text_of
from lexgraph.errors import shown
from lexgraph.policy.arn import PARTS
from lexgraph.policy.model import Number
from lexgraph.policy.principals import principal_problem

Json = Any
_PATTERNS = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")
# Gaps that hold no colon, so that they stay within their part of an ARN (rule R1).
_ONE_PART = frozenset({"AWS::AccountId", "AWS::Region", "AWS::Partition"})
_STARS = re.compile(r"\*{2,}")
# The word in what stands for an open value; a finding that quotes it is about nothing that the document says.
OPEN = "open-value"
_RESOURCE = f"arn:aws:{OPEN}:::{OPEN}"
_PRINCIPAL = f"arn:aws:iam::111122223333:role/{OPEN}"
_VENDOR = re.compile(r"[A-Za-z0-9.\-]+\Z")


@dataclass(slots=True)
class Filled:
    """A document without gaps: its tree, the reasons why statements are unknown (by index), and place and reason where
    it could not be filled.
    """

    node: Node
    unknown: dict[int, str] = field(default_factory=dict)
    refused: tuple[str, str] | None = None

    @property
    def document(self) -> Json:
        """The document as plain JSON values."""
        return plain(self.node)


def widened(document: Node) -> Filled:
    """Return a document in which the most that may stand there stands for every gap."""
    return _Widened().fill(document)


def stand_in(document: Node) -> Filled:
    """Return a document in which a value like any other stands for every gap."""
    return _StandIn().fill(document)


class _Refused(Exception):
    """Raised where nothing can stand for a gap."""


class _Filler(ABC):
    """Fills the gaps of one document."""

    def fill(self, document: Node) -> Filled:
        filled = Filled(document)
        if not isinstance(document.value, dict):
            return filled
        try:
            found = {key: self.element(key, child, filled) for key, child in document.value.items()}
        except _Refused as refusal:
            filled.refused = refusal.args[0]
            return filled
        filled.node = Node(found, document.place)
        return filled

    def element(self, key: str, node: Node, filled: Filled) -> Node:
        if key == "Statement":
            return self.statements(node, filled)
        if key == "Version":
            _known(node, "Version")
        return _as_text(node) if key in ("Version", "Id") else node

    def statements(self, node: Node, filled: Filled) -> Node:
        if isinstance(node.value, dict):
            return self.statement(node, 0, filled)
        found: list[Node] = []
        for item, why in _listed(node, None):
            if why is not None:
                filled.unknown[len(found)] = why
            found.append(self.statement(item, len(found), filled) if isinstance(item.value, dict) else item)
        return Node(found, node.place) if isinstance(node.value, list | Gap) else node

    def statement(self, node: Node, index: int, filled: Filled) -> Node:
        found: dict[str, Node] = {}
        for key, child in node.value.items():
            if key == "Effect":
                _known(child, "Effect of a statement")
            gaps = list(gaps_in(child))
            if gaps and key != "Sid":
                filled.unknown.setdefault(index, _why(key, gaps))
            name, filling = self.part(key, child, open_=bool(gaps))
            if filling is not None:
                found[name] = filling
        return Node(found, node.place)

    def part(self, key: str, node: Node, *, open_: bool) -> tuple[str, Node | None]:
        """Return an element of a statement, filled, under the name that it then has; None leaves it out."""
        if key == "Sid":
            return key, _as_text(node)
        if key in _PATTERNS:
            return self.patterns(key, _as_texts(node)) if open_ else (key, _as_texts(node))
        if key in _PRINCIPALS:
            texts = node
            if isinstance(node.value, dict):
                texts = Node({kind: _as_texts(child) for kind, child in node.value.items()}, node.place)
            return self.principals(key, texts) if open_ else (key, texts)
        return (key, self.condition(node)) if open_ and key == "Condition" else (key, node)

    @abstractmethod
    def patterns(self, key: str, node: Node) -> tuple[str, Node | None]: ...

    @abstractmethod
    def principals(self, key: str, node: Node) -> tuple[str, Node | None]: ...

    @abstractmethod
    def condition(self, node: Node) -> Node | None: ...


# The most that may stand there ---------------------------------------------------------------------------------------


class _Widened(_Filler):
    def patterns(self, key: str, node: Node) -> tuple[str, Node | None]:
        element = key.removeprefix("Not")
        negated = key != element
        found = list(_unfilled(node) if negated else _globs(node, element))
        if not found:
            return element, Node("*", node.place)
        lone = len(found) == 1 and not isinstance(node.value, list)
        return key, found[0] if lone else Node(found, node.place)

    def principals(self, key: str, node: Node) -> tuple[str, Node | None]:
        kept: dict[str, Node] = {}
        if key == "NotPrincipal" and isinstance(node.value, dict):
            lists = {kind: list(_unfilled(child)) for kind, child in node.value.items()}
            kept = {kind: Node(nodes, node.value[kind].place) for kind, nodes in lists.items() if nodes}
        return (key, Node(kept, node.place)) if kept else ("Principal", Node("*", node.place))

    def condition(self, node: Node) -> Node | None:
        if not isinstance(node.value, dict):
            return None
        found: dict[str, Node] = {}
        for operator, keys in node.value.items():
            if not isinstance(keys.value, dict):
                kept = None if isinstance(keys.value, Gap | Mixed) else keys
            else:
                whole = {key: values for key, values in keys.value.items() if not any(gaps_in(values))}
                kept = Node(whole, keys.place) if whole or not keys.value else None
            if kept is not None:
                found[operator] = kept
        return Node(found, node.place) if found else None


def _unfilled(node: Node) -> Iterator[Node]:
    """The values of a list that are known."""
    return (item for item in node.items if not isinstance(item.value, Gap | Mixed))


def _globs(node: Node, element: str) -> Iterator[Node]:
    for item in node.items:
        if isinstance(item.value, Gap):
            for pattern in _branches(item.value, element):
                yield Node(pattern, item.place)
        elif isinstance(item.value, Mixed):
            yield Node(_glob(item.value, element), item.place)
        else:
            yield item


def _branches(gap: Gap, element: str) -> Iterator[str]:
    """The patterns of which one stands there; all where that is not known."""
    for branch in gap.branches:
        for item in branch.items:
            text = text_of(item.value)
            yield text if isinstance(text, str) else _glob(text, element) if isinstance(text, Mixed) else "*"
    if not gap.branches:
        yield "*"


def _glob(text: Mixed, element: str) -> str:
    if any(part.count("${") != part.count("}") for part in text.parts if isinstance(part, str)):
        return "*"  # a policy variable that a gap is part of
    pattern = ""
    for part in text.parts:
        crosses = isinstance(part, Gap) and part.what not in _ONE_PART
        if crosses and element == "Resource" and pattern.count(":") < PARTS - 1:
            return "*"  # what stands there may hold colons, which a ``*`` does not cross before the sixth part
        pattern += part if isinstance(part, str) else "*"
    pattern = _STARS.sub("*", pattern)
    if element == "Action":
        vendor, colon, name = pattern.partition(":")
        return pattern if colon and name and _VENDOR.match(vendor) and ":" not in name else "*"
    return pattern if pattern.startswith("arn:") else "*"


# What looks like any other value -------------------------------------------------------------------------------------


class _StandIn(_Filler):
    def patterns(self, key: str, node: Node) -> tuple[str, Node | None]:
        is_action = key.endswith("Action")
        return key, _each(node, lambda text: _like_action(text) if is_action else _like_resource(text))

    def principals(self, key: str, node: Node) -> tuple[str, Node | None]:
        if not isinstance(node.value, dict):
            return key, Node({"AWS": Node(_PRINCIPAL, node.place)}, node.place)
        found = {
            kind: _each(child, lambda text, kind=kind: _like_principal(text, kind))
            for kind, child in node.value.items()
        }
        return key, Node(found, node.place)

    def condition(self, node: Node) -> Node | None:
        if not isinstance(node.value, dict):
            return None
        found = {
            operator: Node({key: _each(values, _like_text) for key, values in keys.value.items()}, keys.place)
            for operator, keys in node.value.items()
            if isinstance(keys.value, dict)
        }
        return Node(found, node.place)


def _each(node: Node, like: Any) -> Node:
    """A text, or every text of a list, with its gaps filled."""
    if isinstance(node.value, list):
        return Node([_each(item, like) for item in node.value], node.place)
    return Node(like(node.value), node.place) if isinstance(node.value, Gap | Mixed) else node


def _like_text(text: Gap | Mixed) -> str:
    return OPEN if isinstance(text, Gap) else "".join(p if isinstance(p, str) else OPEN for p in text.parts)


def _like_action(text: Gap | Mixed) -> str:
    action = _like_text(text)
    return action if action.count(":") == 1 else f"{OPEN}:{OPEN}"


def _like_resource(text: Gap | Mixed) -> str:
    resource = _like_text(text)
    return resource if resource.startswith("arn:") else _RESOURCE


def _like_principal(text: Gap | Mixed, kind: str) -> str:
    principal = _like_text(text)
    return _PRINCIPAL if principal_problem(kind, principal) else principal


# Small parts ---------------------------------------------------------------------------------------------------------


def _listed(node: Node, why: str | None) -> Iterator[tuple[Node, str | None]]:
    """The statements of a list, those of both branches where a condition that is not known chooses; with the reason."""
    if isinstance(node.value, Gap | Mixed):
        gap = node.value if isinstance(node.value, Gap) else node.value.gap
        if not gap.branches:
            raise _Refused((node.place, f"a statement is not known: {gap.why}"))
        for branch in gap.branches:
            yield from _listed(branch, gap.why)
    elif isinstance(node.value, list):
        for item in node.value:
            yield from _listed(item, why)
    else:
        yield node, why


def _known(node: Node, what: str) -> None:
    if isinstance(node.value, Gap | Mixed):
        gap = node.value if isinstance(node.value, Gap) else node.value.gap
        raise _Refused((node.place, f"the {what} is not known: {gap.why}"))


def _why(key: str, gaps: list[tuple[Node, Gap]]) -> str:
    node, gap = gaps[0]
    text = gap.text if node.value is gap else node.value.text
    more = f", and {len(gaps) - 1:,} more" if len(gaps) > 1 else ""
    return f"{key} has {shown(text)}: {shown(gap.why)[1:-1]}{more}"


def _as_text(node: Node) -> Node:
    """A scalar as text: CloudFormation passes numbers on as text, such as an account id without quotes."""
    value = node.value
    if isinstance(value, Gap | Mixed):
        return Node(value.text if isinstance(value, Mixed) else value.what, node.place)
    return Node(str.__str__(value), node.place) if isinstance(value, Number) else node


def _as_texts(node: Node) -> Node:
    if isinstance(node.value, list):
        return Node([_as_texts(item) for item in node.value], node.place)
    return Node(str.__str__(node.value), node.place) if isinstance(node.value, Number) else node
