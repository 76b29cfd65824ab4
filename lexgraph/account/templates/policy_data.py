"""A policy that Terraform writes (``data.aws_iam_policy_document``) and whose text is known only after the plan is
applied: read from its statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lexgraph.account.templates.gaps import Gap, Node, node_of

Json = Any
UNKNOWN = "its value is known only after the plan is applied"
_PATTERNS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}
_ADDED = ("source_policy_documents", "override_policy_documents", "source_json", "override_json")


def document_of(values: Mapping[str, Json], unknown: Mapping[str, Json], place: str, name: str) -> Node | None:
    """Return the document with gaps where a value is not known yet; None where that says too little.

    `values` and `unknown` are the plan's ``after`` and ``after_unknown``, `name` the address.
    """
    listed, later = values.get("statement"), unknown.get("statement")
    if not isinstance(listed, list) or not listed or later is True:
        return None
    if any(values.get(key) or unknown.get(key) for key in _ADDED):
        return None
    statements = [
        _statement(item, _part(later, i), f"{place}/statement/{i}", f"{name}.statement[{i}]")
        for i, item in enumerate(listed)
    ]
    kept = [one for one in statements if one is not None]
    if len(kept) < len(listed):
        return None
    version = values.get("version")
    found = {
        "Version": Node(version if isinstance(version, str) else "2012-10-17", place),
        "Statement": Node(kept, f"{place}/statement"),
    }
    return Node(found, place)


def _statement(item: Json, later: Json, place: str, name: str) -> Node | None:
    if not isinstance(item, Mapping) or later is True:
        return None
    effect = item.get("effect")
    found = {"Effect": Node(effect if isinstance(effect, str) else "Allow", f"{place}/effect")}
    if _part(later, "effect") is True:
        return None
    if isinstance(sid := item.get("sid"), str) and sid:
        found["Sid"] = Node(sid, f"{place}/sid")
    for key, element in _PATTERNS.items():
        if (node := _texts(item, later, key, place, name)) is not None:
            found[element] = node
    for key, element in _PRINCIPALS.items():
        if (node := _principals(item, later, key, place, name)) is not None:
            found[element] = node
    if (condition := _conditions(item, later, place, name)) is not None:
        found["Condition"] = condition
    return Node(found, place)


def _texts(item: Mapping[str, Json], later: Json, key: str, place: str, name: str) -> Node | None:
    at, open_ = f"{place}/{key}", _part(later, key)
    if open_ is True:
        return Node([Node(Gap(f"{name}.{key}", UNKNOWN), at)], at)
    listed = item.get(key)
    if not isinstance(listed, list) or not listed:
        return None
    nodes = [
        Node(Gap(f"{name}.{key}", UNKNOWN), f"{at}/{i}")
        if _part(open_, i) is True or one is None
        else node_of(one, f"{at}/{i}")
        for i, one in enumerate(listed)
    ]
    return Node(nodes, at)


def _principals(item: Mapping[str, Json], later: Json, key: str, place: str, name: str) -> Node | None:
    at, open_ = f"{place}/{key}", _part(later, key)
    if open_ is True:
        return Node(Gap(f"{name}.{key}", UNKNOWN), at)
    listed = item.get(key)
    found: dict[str, Node] = {}
    for i, entry in enumerate(listed if isinstance(listed, list) else ()):
        kind = entry.get("type") if isinstance(entry, Mapping) else None
        if not isinstance(kind, str) or _part(open_, i) is True:
            return Node(Gap(f"{name}.{key}", UNKNOWN), at)
        nodes = _texts(entry, _part(open_, i), "identifiers", f"{at}/{i}", f"{name}.{key}")
        if kind == "*":
            return Node("*", at)
        if nodes is not None:
            before = found[kind].value if kind in found else []
            found[kind] = Node([*before, *nodes.value], nodes.place)
    return Node(found, at) if found else None


def _conditions(item: Mapping[str, Json], later: Json, place: str, name: str) -> Node | None:
    at, open_ = f"{place}/condition", _part(later, "condition")
    if open_ is True:
        return Node(Gap(f"{name}.condition", UNKNOWN), at)
    listed = item.get("condition")
    found: dict[str, dict[str, Node]] = {}
    for i, entry in enumerate(listed if isinstance(listed, list) else ()):
        test, key = (entry.get("test"), entry.get("variable")) if isinstance(entry, Mapping) else (None, None)
        if not isinstance(test, str) or not isinstance(key, str):
            return Node(Gap(f"{name}.condition", UNKNOWN), at)
        values = _texts(entry, _part(open_, i), "values", f"{at}/{i}", f"{name}.condition[{i}]")
        if values is not None:
            found.setdefault(test, {})[key] = values
    return Node({test: Node(keys, at) for test, keys in found.items()}, at) if found else None


def _part(later: Json, key: str | int) -> Json:
    """What of a part is not known: a part of what is not known is not known itself."""
    if later is True:
        return True
    if isinstance(later, Mapping) and isinstance(key, str):
        return later.get(key)
    return later[key] if isinstance(later, list) and isinstance(key, int) and key < len(later) else None
