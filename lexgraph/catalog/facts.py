"""What the catalogue says about one service, as frozen values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# AWS lists "Tagging, Write" for an action that does both; the first of these that it has is its level in
# tables and charts.
PRECEDENCE = ("Permissions management", "Tagging", "Write", "List", "Read")


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """An action as AWS's service reference describes it.

    `resource_types` are the types it can be granted on, `required_types` those among them that a request
    always names (not reliable for Lex, whose two generations share actions). `condition_keys` joins the
    keys of the action, of its references to resource types and of those types. `dependent_actions` and
    `permission_only` are None where no source tells. `generation` is ``"V1"``, ``"V2"`` or ``"V1+V2"`` for
    Amazon Lex, None elsewhere and where AWS's API models have no such operation.
    """

    name: str
    service: str
    description: str
    levels: tuple[str, ...]
    level: str | None
    resource_types: tuple[str, ...]
    required_types: tuple[str, ...]
    condition_keys: tuple[str, ...]
    dependent_actions: tuple[str, ...] | None
    dependent_source: str | None
    permission_only: bool | None
    generation: str | None

    @property
    def wildcard_only(self) -> bool:
        """Whether it supports no resource types, so that only a pattern for all resources grants it."""
        return not self.resource_types


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource: its name, the templates of its ARNs, the condition keys that it brings along."""

    name: str
    arns: tuple[str, ...]
    condition_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """A condition key that a service lists; `type` is AWS's word, such as ``ArrayOfString``."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its prefix in actions (``lex``), AWS's name for it, what it has in order of name."""

    prefix: str
    name: str
    actions: tuple[ActionFacts, ...]
    resource_types: tuple[ResourceType, ...]
    condition_keys: tuple[ConditionKey, ...]


def primary_level(levels: tuple[str, ...]) -> str | None:
    """Return the level by which an action is shown.

    >>> primary_level(("Tagging", "Write"))
    'Tagging'
    """
    return next((level for level in PRECEDENCE if level in levels), None)


def service_from_json(record: Mapping[str, Any]) -> Service:
    """Return the service that a record of ``data/catalog/services.bin`` describes."""
    types = {name: _resource_type(name, one) for name, one in record["resources"].items()}
    return Service(
        record["prefix"],
        record["name"],
        tuple(_action(record["prefix"], name, one, types) for name, one in record["actions"].items()),
        tuple(types.values()),
        tuple(ConditionKey(name, one["type"], one["description"]) for name, one in record["conditionKeys"].items()),
    )


def _resource_type(name: str, record: Mapping[str, Any]) -> ResourceType:
    return ResourceType(name, tuple(record["arns"]), tuple(record["conditionKeys"]))


def _action(prefix: str, name: str, record: Mapping[str, Any], types: Mapping[str, ResourceType]) -> ActionFacts:
    levels = tuple(record["levels"])
    used = tuple(kind for kind, _ in record["resources"])
    dependent = record["dependentActions"]
    return ActionFacts(
        name=f"{prefix}:{name}",
        service=prefix,
        description=record["description"],
        levels=levels,
        level=primary_level(levels),
        resource_types=used,
        required_types=tuple(kind for kind, required in record["resources"] if required),
        condition_keys=tuple(dict.fromkeys(_keys(record, used, types))),
        dependent_actions=None if dependent is None else tuple(dependent),
        dependent_source=record["dependentSource"],
        permission_only=record["permissionOnly"],
        generation=record.get("generation"),
    )


def _keys(record: Mapping[str, Any], used: tuple[str, ...], types: Mapping[str, ResourceType]) -> Iterator[str]:
    yield from record["conditionKeys"]
    for kind in used:
        yield from types[kind].condition_keys
