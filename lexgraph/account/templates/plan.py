"""The parts of a Terraform plan or state: its resources, its changes, and what of them is known only later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from lexgraph.account.templates.found import pointer_to
from lexgraph.account.templates.gaps import Gap, Node, Text
from lexgraph.account.templates.policy_data import UNKNOWN
from lexgraph.policy.jsontext import escape_pointer

Json = Any


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: its address, type, values with their place, and what of them is known only later."""

    address: str
    type: str
    values: Mapping[str, Json]
    place: str
    unknown: Mapping[str, Json]

    def at(self, key: str) -> str:
        """Return the place of an attribute."""
        return f"{self.place}/{key}"

    def text(self, key: str, why: str = UNKNOWN) -> Text | None:
        """Return a value as text; a gap where it is known only later, None where there is none."""
        if self.unknown.get(key) is True:
            return Gap(f"{self.address}.{key}", why)
        value = self.values.get(key)
        return value if isinstance(value, str) and value else None

    def nodes(self, key: str) -> tuple[Node, ...]:
        """Return the values of a list, of which some may be known only later; a lone value counts as a list of one."""
        node = _tree(self.values.get(key), self.unknown.get(key), self.at(key), f"{self.address}.{key}")
        return () if node.value is None or node.value == "" else node.items


def _tree(value: Json, later: Json, place: str, name: str) -> Node:
    """A value as a tree, with gaps where it is known only later."""
    if later is True:
        return Node(Gap(name, UNKNOWN), place)
    if isinstance(value, Mapping):
        inner = object_of(later)
        keys = dict.fromkeys((*value, *inner))
        return Node(
            {
                key: _tree(value.get(key), inner.get(key), f"{place}/{escape_pointer(key)}", f"{name}.{key}")
                for key in keys
            },
            place,
        )
    unknown = later if isinstance(later, list) else []
    items = [] if value is None and unknown else value
    if not isinstance(items, list):
        return Node(value, place)
    nodes = [
        _tree(one, open_, f"{place}/{i}", f"{name}[{i}]") for i, (one, open_) in enumerate(zip_longest(items, unknown))
    ]
    return Node(nodes, place)


def object_of(value: Json) -> Mapping[str, Json]:
    """Return an object; an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def resources_in(value: Mapping[str, Json], *path: str) -> Iterator[tuple[dict[str, Json], str]]:
    """Yield every resource of a module and of those within it, with its pointer."""
    for name in path:
        value = object_of(value.get(name))
    waiting = [(object_of(value.get("root_module")), pointer_to(*path, "root_module"))]
    while waiting:
        module, at = waiting.pop(0)
        listed = module.get("resources")
        for i, item in enumerate(listed if isinstance(listed, list) else ()):
            if (read := _named(item)) is not None:
                yield read, f"{at}/resources/{i}"
        inner = module.get("child_modules")
        modules = enumerate(inner if isinstance(inner, list) else ())
        waiting += [(object_of(one), f"{at}/child_modules/{i}") for i, one in modules]


def changes_in(value: Json) -> Iterator[tuple[str, tuple[dict[str, Json], str]]]:
    """Yield every change of a plan by the address of what is changed, with its pointer."""
    for i, item in enumerate(value if isinstance(value, list) else ()):
        # What stands beside its own replacement ("deposed") is deleted later; the replacement counts.
        if (read := _named(item)) is not None and "deposed" not in read:
            yield read["address"], (read, f"/resource_changes/{i}")


def _named(item: Json) -> dict[str, Json] | None:
    """An entry that has an address and a type."""
    found = object_of(item)
    if not isinstance(found.get("address"), str) or not isinstance(found.get("type"), str):
        return None
    return {**found, "mode": str(found.get("mode", "managed"))}
