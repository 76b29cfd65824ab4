"""Who holds which policy in a Terraform plan or state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

from lexgraph.account.templates.attached import Attachments, By, Holding
from lexgraph.account.templates.found import Collector
from lexgraph.account.templates.gaps import Gap, Node, Text, text_of
from lexgraph.account.templates.plan import Resource, changes_in, object_of, resources_in
from lexgraph.account.templates.references import References, base
from lexgraph.account.templates.types import TERRAFORM_ATTACHES, TERRAFORM_POLICIES

Json = Any
_CUSTOMERS = ("customer_managed_policy_reference", "customer_managed_policy_references")
_PERMISSION_SET = "permission_set_arn"
_BOUNDARY = "permissions_boundary"


class Holders:
    """Notes who holds what in one plan or state.

    Where a value is known only later, the plan's configuration tells the resource that it comes from.
    """

    def __init__(self, found: Collector) -> None:
        self.found = found
        self.value: Mapping[str, Json] = found.template.value
        self.attachments = Attachments(found, self.is_own, lambda: "aws")

    @cached_property
    def references(self) -> References:
        """The expressions of the plan's configuration."""
        return References(self.value.get("configuration"))

    @cached_property
    def own(self) -> tuple[frozenset[str], frozenset[str]]:
        """The addresses (without indices) of the policies of the plan or state, and their ARNs and ids."""
        addresses, ids = set(), set()
        for item, values in _all(self.value):
            if item["type"] in TERRAFORM_POLICIES:
                addresses.add(base(item["address"]))
                ids |= {value for key in ("arn", "id") if isinstance(value := values.get(key), str)}
        return frozenset(addresses), frozenset(ids)

    def is_own(self, policy: Text) -> bool:
        """Return whether a policy stands in the plan or state."""
        addresses, ids = self.own
        return policy.target in addresses if isinstance(policy, Gap) else isinstance(policy, str) and policy in ids

    def held(
        self,
        one: Resource,
        principal: str,
        key: str,
        how: Literal["attached", "boundary"] = "attached",
        by: By = "ARN",
    ) -> None:
        """Note that a principal holds the policies that an attribute tells."""
        if one.unknown.get(key) is True and self.references.leaves_out(one.address, key):
            return  # what AWS tells later of what others attach, and they are told themselves
        for node in one.nodes(key):
            self.attachments.note(self.known(node, one, key), Holding(one.address, principal, how), by)

    def known(self, node: Node, one: Resource, key: str) -> Node:
        """Return a policy that is known only later as the policies of the plan that it may be, if it is one of them."""
        if not isinstance(node.value, Gap):
            return node
        found = self.references.of(one.address, key)
        if not found or not self.own[0].issuperset(found):
            return node
        each = tuple(Node(Gap(address, node.value.why, address), node.place) for address in found)
        return each[0] if len(each) == 1 else Node(replace(node.value, branches=each), node.place)

    def names(self, one: Resource, *keys: str) -> Iterator[str]:
        """Yield what the holders are called that some attributes tell: names, ARNs, or addresses within the plan."""
        for key in keys:
            for node in one.nodes(key):
                text = text_of(node.value)
                if isinstance(text, Gap):
                    found = self.references.of(one.address, key)
                    yield found[0] if len(found) == 1 else text.text
                else:
                    yield text if isinstance(text, str) and text else f"<{one.address}.{key}>"

    # The resources that attach ---------------------------------------------------------------------------------------

    def attachment(self, one: Resource) -> None:
        """Take a resource that attaches policies by their ARNs or ids."""
        what = TERRAFORM_ATTACHES[one.type]
        # A list of all policies may be empty: then nothing is to be attached.
        if one.values.get(what.policies) != [] and not one.nodes(what.policies):
            self.lacks(one, what.policies)
        for principal in self.principals(one, *what.holders):
            self.held(one, principal, what.policies, by=what.by)

    def customers(self, one: Resource) -> None:
        """Take a resource that attaches policies of the accounts' own to a permission set."""
        nodes = [node for key in _CUSTOMERS for node in one.nodes(key)]
        if not nodes and not any(one.values.get(key) == [] for key in _CUSTOMERS):
            self.lacks(one, _CUSTOMERS[0])
        for principal in self.principals(one, _PERMISSION_SET):
            for node in nodes:
                self.attachments.note_reference(node, Holding(one.address, principal))

    def permission_sets_boundary(self, one: Resource) -> None:
        """Take the boundary of a permission set: an ARN, or a policy of the accounts' own."""
        nodes = one.nodes(_BOUNDARY)
        if not nodes:
            self.lacks(one, _BOUNDARY)
        for principal in self.principals(one, _PERMISSION_SET):
            holding = Holding(one.address, principal, "boundary")
            for node in nodes:
                arn, reference = node.get("managed_policy_arn"), node.get(_CUSTOMERS[0])
                if reference is None or not reference.value or isinstance(node.value, Gap):
                    self.attachments.note(arn or node, holding)
                else:
                    for item in reference.items:
                        self.attachments.note_reference(item, holding)

    def principals(self, one: Resource, *keys: str) -> tuple[str, ...]:
        """Return the holders that a resource names, and tell where it names none."""
        found = tuple(self.names(one, *keys))
        if not found:
            self.lacks(one, ", ".join(keys))
        return found

    def lacks(self, one: Resource, what: str) -> None:
        """Note that a resource does not say enough."""
        self.found.skip(one.place, one.address, f"it attaches a policy, and has no {what}")


def _all(value: Mapping[str, Json]) -> Iterator[tuple[Mapping[str, Json], Mapping[str, Json]]]:
    """Every resource that there is or will be, and all data, with their values."""
    for path in (("values",), ("planned_values",), ("prior_state", "values")):
        for item, _ in resources_in(value, *path):
            if path[0] != "prior_state" or item["mode"] == "data":
                yield item, object_of(item.get("values"))
    for _, (item, _) in changes_in(value.get("resource_changes")):
        after = object_of(item.get("change")).get("after")
        if isinstance(after, Mapping):
            yield item, after
