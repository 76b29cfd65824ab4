"""The policies in a Terraform plan or state, as ``terraform show -json`` prints it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lexgraph.account.templates import permission
from lexgraph.account.templates.found import Collector, kind_of, pointer_to
from lexgraph.account.templates.gaps import Gap, Node, Text
from lexgraph.account.templates.load import Template
from lexgraph.account.templates.parameters import Parameters
from lexgraph.account.templates.policy_data import UNKNOWN, document_of
from lexgraph.account.templates.types import NO_POLICY, ORGANIZATION_KINDS, TERRAFORM
from lexgraph.policy.model import Kind

Json = Any
_ATTACHMENTS = {
    "aws_iam_role_policy_attachment": ("role",),
    "aws_iam_user_policy_attachment": ("user",),
    "aws_iam_group_policy_attachment": ("group",),
    "aws_iam_policy_attachment": ("roles", "users", "groups"),
}
_LISTS_OF_POLICIES = {
    "aws_iam_role_policy_attachments_exclusive": "role_name",
    "aws_iam_user_policy_attachments_exclusive": "user_name",
    "aws_iam_group_policy_attachments_exclusive": "group_name",
}
_INLINE = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
_GONE: dict[tuple[str, ...], str] = {
    ("delete",): "it is deleted by this plan",
    ("forget",): "Terraform forgets it: it stays as it is, and is no longer looked after",
}
_DATA = "aws_iam_policy_document"


@dataclass(frozen=True, slots=True)
class _Resource:
    """A resource: its address, type, values with their place, and what of them is known only later."""

    address: str
    type: str
    values: Mapping[str, Json]
    place: str
    unknown: Mapping[str, Json]

    def at(self, key: str) -> str:
        return f"{self.place}/{key}"

    def text(self, key: str, why: str = UNKNOWN) -> Text | None:
        """A value as text; a gap where it is known only later, None where there is none."""
        if self.unknown.get(key) is True:
            return Gap(f"{self.address}.{key}", why)
        value = self.values.get(key)
        return value if isinstance(value, str) and value else None


def read_terraform(template: Template, parameters: Mapping[str, Json] | None = None) -> Collector:
    """Return what was found in a plan or a state."""
    return _Reader(template, parameters).read()


class _Reader:
    """Reads one plan or state."""

    def __init__(self, template: Template, parameters: Mapping[str, Json] | None) -> None:
        self.template = template
        self.parameters = Parameters({}, parameters)
        self.found = Collector(template)
        self.changes = dict(_changes(template.value.get("resource_changes")))
        self.special: dict[str, Callable[[_Resource], None]] = {
            "aws_iam_role": self.role,
            "aws_iam_user": self.holder,
            "aws_iam_group": self.holder,
            "aws_lambda_permission": self.permission,
            "aws_organizations_policy": self.organization_policy,
            **dict.fromkeys(_ATTACHMENTS, self.attachment),
            **dict.fromkeys(_LISTS_OF_POLICIES, self.attachments),
        }

    def read(self) -> Collector:
        seen = set()
        root = "values" if self.template.format == "terraform state" else "planned_values"
        # What is managed stands in the plan as it will be; what is only read, in the state as it is.
        planned = _resources(self.template.value, root)
        prior = (one for one in _resources(self.template.value, "prior_state", "values") if one[0]["mode"] == "data")
        for item, place in (*planned, *prior):
            if item["address"] not in seen:
                seen.add(item["address"])
                self.planned(item, place)
        for address, (item, place) in self.changes.items():
            if address not in seen:
                self.changed(item, place)
        self.found.assumptions = tuple(self.parameters.assumptions)
        return self.found

    # Resources and changes -------------------------------------------------------------------------------------------

    def planned(self, item: Mapping[str, Json], place: str) -> None:
        change = _object(self.changes.get(item["address"], ({}, ""))[0].get("change"))
        unknown = _object(change.get("after_unknown"))
        one = _Resource(item["address"], item["type"], _object(item.get("values")), f"{place}/values", unknown)
        self.resource(one, item["mode"])

    def changed(self, item: Mapping[str, Json], place: str) -> None:
        """A change of what the planned values do not list: something deleted, or data that are read later."""
        change = _object(item.get("change"))
        listed = change.get("actions")
        actions = tuple(map(str, listed)) if isinstance(listed, list) else ()
        if actions in _GONE or not isinstance(change.get("after"), Mapping):
            if _holds_policies(item["type"], item["mode"], self.special):
                reason = _GONE.get(actions, "the plan does not say what it will be")
                self.found.skip(place, item["address"], reason)
            return
        unknown = _object(change.get("after_unknown"))
        one = _Resource(item["address"], item["type"], change["after"], f"{place}/change/after", unknown)
        self.resource(one, item["mode"])

    def resource(self, one: _Resource, mode: str) -> None:
        if mode == "data":
            if one.type == _DATA:
                self.policy_data(one)
        elif one.type in self.special:
            self.special[one.type](one)
        elif one.type in TERRAFORM:
            for holds in TERRAFORM[one.type]:
                self.document(one, holds.path[0], holds.kind, without=holds.without)
            if one.type in _INLINE and (holder := one.text(_INLINE[one.type])) is not None:
                self.found.attach(one.at(_INLINE[one.type]), _shown(holder), one.address, "inline")
        else:
            self.found.other(one.type, one.address, one.values, one.place)

    def document(
        self, one: _Resource, key: str, kind: Kind, *, name: str | None = None, without: str | None = None
    ) -> None:
        """Take the document in an attribute."""
        value = one.text(key)
        if isinstance(value, Gap):
            self.found.skip(one.at(key), name or one.address, UNKNOWN)
        elif value is None:
            self.found.skip(one.at(key), name or one.address, without or f"it has no {key}")
        else:
            self.found.document(Node(value, one.at(key)), name or one.address, kind, one.address, one.type)

    def policy_data(self, one: _Resource) -> None:
        """Take a policy that Terraform writes: its text, or its statements where the text is known only later."""
        value = one.text("json")
        if isinstance(value, str):
            self.found.document(Node(value, one.at("json")), one.address, None, one.address, one.type)
            return
        document = document_of(one.values, one.unknown, one.place, one.address)
        if document is None:
            self.found.skip(one.at("json"), one.address, UNKNOWN)
        else:
            self.found.document(document, one.address, kind_of(document), one.address, one.type)

    # Users, groups and roles -----------------------------------------------------------------------------------------

    def role(self, one: _Resource) -> None:
        key = "assume_role_policy"
        self.document(one, key, "trust", name=f"{one.address}/{key}")
        if one.unknown.get("inline_policy") is True:
            self.found.skip(one.at("inline_policy"), f"{one.address}/inline_policy", UNKNOWN)
        listed, unknown = one.values.get("inline_policy"), one.unknown.get("inline_policy")
        for i, entry in enumerate(listed if isinstance(listed, list) else ()):
            values = _object(entry)
            later = _object(unknown[i]) if isinstance(unknown, list) and i < len(unknown) else {}
            if not values and not later:
                continue  # Terraform's way of saying that there shall be none
            inner = _Resource(one.address, one.type, values, one.at(f"inline_policy/{i}"), later)
            name = inner.text("name")
            label = name if isinstance(name, str) else str(i)
            self.document(inner, "policy", "identity", name=f"{one.address}/{label}")
        self.held(one, one.address, "managed_policy_arns")
        self.boundary(one)

    def holder(self, one: _Resource) -> None:
        self.boundary(one)
        self.found.skip(one.place, one.address, NO_POLICY)

    def boundary(self, one: _Resource) -> None:
        if (boundary := one.text("permissions_boundary")) is not None:
            self.found.attach(one.at("permissions_boundary"), one.address, _shown(boundary), "boundary")

    def held(self, one: _Resource, principal: str, key: str) -> None:
        listed = one.values.get(key)
        for i, arn in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(arn, str):
                self.found.attach(one.at(f"{key}/{i}"), principal, arn, "attached")
        if one.unknown.get(key) is True:
            self.found.attach(one.at(key), principal, f"<{one.address}.{key}>", "attached")

    def attachment(self, one: _Resource) -> None:
        policy = _shown(one.text("policy_arn") or "")
        for key in _ATTACHMENTS[one.type]:
            listed = one.values.get(key)
            names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
            if not names and (text := one.text(key)) is not None:
                names = [_shown(text)]
            for name in names:
                self.found.attach(one.place, name, policy, "attached")

    def attachments(self, one: _Resource) -> None:
        principal = _shown(one.text(_LISTS_OF_POLICIES[one.type]) or "")
        self.held(one, principal, "policy_arns")

    # Others ----------------------------------------------------------------------------------------------------------

    def permission(self, one: _Resource) -> None:
        found = {
            name: Node(text, one.at(key))
            for name, key in permission.TERRAFORM.items()
            if (text := one.text(key)) is not None
        }

        def where() -> tuple[Text, Text, Text]:
            partition, region, account = self.parameters.where()
            return partition, one.text("region") or region, account

        document = permission.permission_document(found, one.place, where)
        if document is None:
            self.found.skip(one.place, one.address, "it lacks action, function_name or principal")
        else:
            self.found.document(document, one.address, "resource", one.address, one.type)

    def organization_policy(self, one: _Resource) -> None:
        given = one.values.get("type") or "SERVICE_CONTROL_POLICY"
        kind = ORGANIZATION_KINDS.get(given) if isinstance(given, str) else None
        if kind is None:
            self.found.skip(one.place, one.address, f"a policy of an organization of another type ({given})")
        else:
            self.document(one, "content", kind)


# The parts of a plan -------------------------------------------------------------------------------------------------


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _shown(text: Text) -> str:
    return text if isinstance(text, str) else text.text


def _holds_policies(kind: str, mode: str, special: Mapping[str, Json]) -> bool:
    return kind == _DATA if mode == "data" else kind in TERRAFORM or kind in special


def _resources(value: Mapping[str, Json], *path: str) -> Iterator[tuple[dict[str, Json], str]]:
    """Every resource of a module and of those within it, with its pointer."""
    for name in path:
        value = _object(value.get(name))
    waiting = [(_object(value.get("root_module")), pointer_to(*path, "root_module"))]
    while waiting:
        module, at = waiting.pop(0)
        listed = module.get("resources")
        for i, item in enumerate(listed if isinstance(listed, list) else ()):
            if (read := _named(item)) is not None:
                yield read, f"{at}/resources/{i}"
        inner = module.get("child_modules")
        modules = enumerate(inner if isinstance(inner, list) else ())
        waiting += [(_object(one), f"{at}/child_modules/{i}") for i, one in modules]


def _changes(value: Json) -> Iterator[tuple[str, tuple[dict[str, Json], str]]]:
    for i, item in enumerate(value if isinstance(value, list) else ()):
        # What stands beside its own replacement ("deposed") is deleted later; the replacement counts.
        if (read := _named(item)) is not None and "deposed" not in read:
            yield read["address"], (read, f"/resource_changes/{i}")


def _named(item: Json) -> dict[str, Json] | None:
    """An entry that has an address and a type."""
    found = _object(item)
    if not isinstance(found.get("address"), str) or not isinstance(found.get("type"), str):
        return None
    return {**found, "mode": str(found.get("mode", "managed"))}
