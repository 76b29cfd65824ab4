"""The policies in a Terraform plan or state, as ``terraform show -json`` prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lexgraph.account.aws_policies import is_aws
from lexgraph.account.templates import permission
from lexgraph.account.templates.found import Collector, kind_of
from lexgraph.account.templates.gaps import Gap, Node, Text
from lexgraph.account.templates.holders import Holders
from lexgraph.account.templates.load import Template
from lexgraph.account.templates.parameters import Parameters
from lexgraph.account.templates.plan import Resource, changes_in, object_of, resources_in
from lexgraph.account.templates.policy_data import UNKNOWN, document_of
from lexgraph.account.templates.types import (
    NO_POLICY,
    ORGANIZATION_KINDS,
    TERRAFORM,
    TERRAFORM_ATTACHES,
    TERRAFORM_POLICIES,
)
from lexgraph.policy.model import Kind

Json = Any
_INLINE = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}
_GONE: dict[tuple[str, ...], str] = {
    ("delete",): "it is deleted by this plan",
    ("forget",): "Terraform forgets it: it stays as it is, and is no longer looked after",
}
_DATA = "aws_iam_policy_document"


def read_terraform(template: Template, parameters: Mapping[str, Json] | None = None) -> Collector:
    """Return what was found in a plan or a state."""
    return _Reader(template, parameters).read()


class _Reader:
    """Reads one plan or state."""

    def __init__(self, template: Template, parameters: Mapping[str, Json] | None) -> None:
        self.template = template
        self.parameters = Parameters({}, parameters)
        self.found = Collector(template)
        self.holders = Holders(self.found)
        self.changes = dict(changes_in(template.value.get("resource_changes")))
        self.special: dict[str, Callable[[Resource], None]] = {
            "aws_iam_role": self.role,
            "aws_iam_user": self.holder,
            "aws_iam_group": self.holder,
            "aws_lambda_permission": self.permission,
            "aws_organizations_policy": self.organization_policy,
            **dict.fromkeys(TERRAFORM_ATTACHES, self.holders.attachment),
            "aws_ssoadmin_customer_managed_policy_attachment": self.holders.customers,
            "aws_ssoadmin_customer_managed_policy_attachments_exclusive": self.holders.customers,
            "aws_ssoadmin_permissions_boundary_attachment": self.holders.permission_sets_boundary,
        }

        self.data: dict[str, Callable[[Resource], None]] = {
            "aws_iam_policy": self.managed_policy,
            "aws_organizations_policy": self.organization_policy,
        }

    def read(self) -> Collector:
        seen = set()
        root = "values" if self.template.format == "terraform state" else "planned_values"
        # What is managed stands in the plan as it will be; what is only read, in the state as it is.
        planned = resources_in(self.template.value, root)
        prior = (one for one in resources_in(self.template.value, "prior_state", "values") if one[0]["mode"] == "data")
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
        change = object_of(self.changes.get(item["address"], ({}, ""))[0].get("change"))
        unknown = object_of(change.get("after_unknown"))
        one = Resource(item["address"], item["type"], object_of(item.get("values")), f"{place}/values", unknown)
        self.resource(one, item["mode"])

    def changed(self, item: Mapping[str, Json], place: str) -> None:
        """A change of what the planned values do not list: something deleted, or data that are read later."""
        change = object_of(item.get("change"))
        listed = change.get("actions")
        actions = tuple(map(str, listed)) if isinstance(listed, list) else ()
        if actions in _GONE or not isinstance(change.get("after"), Mapping):
            if _holds_policies(item["type"], item["mode"], self.special):
                reason = _GONE.get(actions, "the plan does not say what it will be")
                self.found.skip(place, item["address"], reason)
            return
        unknown = object_of(change.get("after_unknown"))
        one = Resource(item["address"], item["type"], change["after"], f"{place}/change/after", unknown)
        self.resource(one, item["mode"])

    def resource(self, one: Resource, mode: str) -> None:
        if mode == "data":
            if one.type == _DATA:
                self.policy_data(one)
            elif one.type in self.data:
                self.data[one.type](one)
        elif one.type in self.special:
            self.special[one.type](one)
        elif one.type in TERRAFORM:
            for holds in TERRAFORM[one.type]:
                self.document(one, holds.path[0], holds.kind, without=holds.without)
            for holder in self.holders.names(one, _INLINE[one.type]) if one.type in _INLINE else ():
                self.found.attach(one.at(_INLINE[one.type]), holder, one.address, "inline")
        else:
            self.found.other(one.type, one.address, one.values, one.place)

    def document(
        self,
        one: Resource,
        key: str,
        kind: Kind,
        *,
        name: str | None = None,
        without: str | None = None,
        aws: bool = False,
    ) -> None:
        """Take the document in an attribute."""
        value = one.text(key)
        if isinstance(value, Gap):
            self.found.skip(one.at(key), name or one.address, UNKNOWN)
        elif value is None:
            self.found.skip(one.at(key), name or one.address, without or f"it has no {key}")
        else:
            self.found.document(Node(value, one.at(key)), name or one.address, kind, one.address, one.type, aws=aws)

    def policy_data(self, one: Resource) -> None:
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

    def managed_policy(self, one: Resource) -> None:
        """Take a managed policy that is there already, AWS's own or the account's, which Terraform looked up."""
        self.document(one, "policy", "identity", aws=is_aws(str(one.values.get("arn"))))

    # Users, groups and roles -----------------------------------------------------------------------------------------

    def role(self, one: Resource) -> None:
        key = "assume_role_policy"
        self.document(one, key, "trust", name=f"{one.address}/{key}")
        if one.unknown.get("inline_policy") is True:
            self.found.skip(one.at("inline_policy"), f"{one.address}/inline_policy", UNKNOWN)
        listed, unknown = one.values.get("inline_policy"), one.unknown.get("inline_policy")
        for i, entry in enumerate(listed if isinstance(listed, list) else ()):
            values = object_of(entry)
            later = object_of(unknown[i]) if isinstance(unknown, list) and i < len(unknown) else {}
            if not values and not later:
                continue  # Terraform's way of saying that there shall be none
            inner = Resource(one.address, one.type, values, one.at(f"inline_policy/{i}"), later)
            name = inner.text("name")
            label = name if isinstance(name, str) else str(i)
            self.document(inner, "policy", "identity", name=f"{one.address}/{label}")
        self.holders.held(one, one.address, "managed_policy_arns")
        self.boundary(one)

    def holder(self, one: Resource) -> None:
        self.boundary(one)
        self.found.skip(one.place, one.address, NO_POLICY)

    def boundary(self, one: Resource) -> None:
        self.holders.held(one, one.address, "permissions_boundary", "boundary")

    # Others ----------------------------------------------------------------------------------------------------------

    def permission(self, one: Resource) -> None:
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

    def organization_policy(self, one: Resource) -> None:
        given = one.values.get("type") or "SERVICE_CONTROL_POLICY"
        kind = ORGANIZATION_KINDS.get(given) if isinstance(given, str) else None
        if kind is None:
            self.found.skip(one.place, one.address, f"a policy of an organization of another type ({given})")
        else:
            self.document(one, "content", kind)


def _shown(text: Text) -> str:
    return text if isinstance(text, str) else text.text


def _holds_policies(kind: str, mode: str, special: Mapping[str, Json]) -> bool:
    if mode == "data":
        return kind == _DATA or kind in TERRAFORM_POLICIES
    return kind in TERRAFORM or kind in special
