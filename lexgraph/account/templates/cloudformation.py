"""The policies in a CloudFormation or SAM template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lexgraph.account.templates import permission, serverless
from lexgraph.account.templates.attached import Attachments, Holding
from lexgraph.account.templates.found import Collector, label_of, pointer_to
from lexgraph.account.templates.gaps import Gap, Node, alternatives, text_of
from lexgraph.account.templates.intrinsic import Resolver
from lexgraph.account.templates.load import Template
from lexgraph.account.templates.names import OwnPolicies
from lexgraph.account.templates.parameters import Parameters
from lexgraph.account.templates.types import CLOUDFORMATION, ELSEWHERE, NO_POLICY, ORGANIZATION_KINDS, Holds

Json = Any
# Transforms that are known to leave the policies of other resources as they stand.
_KNOWN_TRANSFORMS = (serverless.TRANSFORM, "AWS::LanguageExtensions")


def read_cloudformation(template: Template, parameters: Mapping[str, Json] | None = None) -> Collector:
    """Return what was found in a template."""
    return _Reader(template, parameters).read()


class _Reader:
    """Reads one template."""

    def __init__(self, template: Template, parameters: Mapping[str, Json] | None) -> None:
        declared = template.value.get("Parameters")
        self.parameters = Parameters(declared if isinstance(declared, Mapping) else {}, parameters)
        self.resolver = Resolver(template.value, self.parameters, template.source)
        self.found = Collector(template)
        self.roles_of_sam = 0
        self.attachments = Attachments(self.found, OwnPolicies(self.resolver), self.parameters.partition)
        self.special: dict[str, Callable[[str, str, Node, tuple[str, ...]], None]] = {
            "AWS::IAM::Role": self.role,
            "AWS::IAM::User": self.holder,
            "AWS::IAM::Group": self.holder,
            "AWS::Lambda::Permission": self.permission,
            "AWS::Organizations::Policy": self.organization_policy,
            "AWS::SSO::PermissionSet": self.permission_set,
            "AWS::Events::EventBusPolicy": self.event_bus,
            "AWS::Serverless::Function": self.serverless,
            "AWS::Serverless::StateMachine": self.serverless,
        }

    def read(self) -> Collector:
        self.transforms()
        for logical, resource in self.resolver.resources.items():
            place = pointer_to("Resources", logical)
            if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
                reason = "a loop that is written out when it is deployed" if logical.startswith("Fn::") else "no Type"
                self.found.skip(place, logical, reason)
            else:
                self.resource(logical, resource, place)
        if self.roles_of_sam and serverless.TRANSFORM in self.named_transforms:
            self.found.skip("/Transform", serverless.TRANSFORM, serverless.roles_of_sam(self.roles_of_sam))
        self.found.parameters = tuple(sorted(self.parameters.declared))
        self.found.assumptions = tuple(self.parameters.assumptions)
        return self.found

    @property
    def named_transforms(self) -> list[Json]:
        found = self.resolver.template.get("Transform")
        return found if isinstance(found, list) else [found]

    def transforms(self) -> None:
        for name in self.named_transforms:
            if name is not None and name not in _KNOWN_TRANSFORMS:
                label = name if isinstance(name, str) else "Fn::Transform"
                self.found.skip("/Transform", label, "a macro may add policies or change them when it is deployed")

    def resource(self, logical: str, resource: Mapping[str, Json], place: str) -> None:
        kind = resource["Type"]
        if kind in ELSEWHERE or kind.endswith("::MODULE"):
            self.found.skip(place, logical, ELSEWHERE.get(kind, "a module: what it holds is elsewhere"))
            return
        if kind not in CLOUDFORMATION and kind not in self.special:
            self.found.other(kind, logical, resource.get("Properties"), f"{place}/Properties")
            return
        doubts: tuple[str, ...] = ()
        if isinstance(condition := resource.get("Condition"), str):
            truth, why = self.resolver.conditions.truth(condition)
            if truth is False:
                self.found.skip(place, logical, f"it is not made: its condition {condition} does not hold")
                return
            if truth is None:
                doubts = (f"whether {logical} is made hangs on the condition {condition}, which is not known: {why}",)
        properties = self.resolver.resolve(resource.get("Properties") or {}, f"{place}/Properties")
        if kind in self.special:
            self.special[kind](logical, kind, properties, doubts)
        else:
            for holds in CLOUDFORMATION[kind]:
                self.document(logical, kind, properties, holds, doubts)
        self.attached_to(logical, kind, properties, doubts)

    def document(
        self, logical: str, kind: str, properties: Node, holds: Holds, doubts: tuple[str, ...], name: str | None = None
    ) -> None:
        """Take the document of a property."""
        node = properties.get(*holds.path)
        if node is None:
            reason = holds.without or f"it has no {'.'.join(holds.path)}"
            self.found.skip(properties.place.removesuffix("/Properties"), name or logical, reason)
        else:
            self.found.document(node, name or logical, holds.kind, logical, kind, doubts)

    # Users, groups and roles -----------------------------------------------------------------------------------------

    def role(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        key = "AssumeRolePolicyDocument"
        self.document(logical, kind, properties, Holds((key,), "trust"), doubts, f"{logical}/{key}")
        self.inline(logical, kind, properties, doubts)

    def holder(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        if not self.inline(logical, kind, properties, doubts):
            self.found.skip(properties.place.removesuffix("/Properties"), logical, NO_POLICY)

    def inline(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> int:
        """Take the inline policies of a user, a group or a role; return how many there are."""
        listed = [found for one in _entries(properties.get("Policies")) for found in alternatives(one, doubts)]
        for entry, doubts in listed:
            if isinstance(entry.value, Gap):
                self.found.skip(entry.place, f"{logical}/Policies", f"the list is not known: {entry.value.why}")
                continue
            name = entry.get("PolicyName")
            given = text_of(name.value) if name else None
            label = given if isinstance(given, str) else f"Policies/{entry.place.rpartition('/')[2]}"
            title = f"{logical}/{label}"
            self.document(logical, kind, entry, Holds(("PolicyDocument",), "identity"), doubts, title)
        return len(listed)

    def attached_to(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        """Note who holds what, as far as the resource tells."""
        if kind in ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"):
            for node in _entries(properties.get("ManagedPolicyArns")):
                self.attachments.note(node, Holding(logical, logical, "attached", doubts))
            for node in _entries(properties.get("PermissionsBoundary")):
                self.attachments.note(node, Holding(logical, logical, "boundary", doubts))
        if kind.startswith("AWS::IAM::") and kind.endswith("Policy"):
            how = "attached" if kind == "AWS::IAM::ManagedPolicy" else "inline"
            for key in ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"):
                self.held_by(logical, key, properties, how)

    def held_by(self, logical: str, key: str, properties: Node, how: str) -> None:
        """Note who holds a policy of the template."""
        for entry in _entries(properties.get(key)):
            for node, _ in alternatives(entry, ()):
                if text_of(node.value) is None:
                    self.found.skip(node.place, f"{logical}/{key}", "neither a name nor a list of names")
                else:
                    self.found.attach(node.place, label_of(node), logical, how)

    def permission_set(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        for holds in CLOUDFORMATION[kind]:
            self.document(logical, kind, properties, holds, doubts)
        held = Holding(logical, logical, "attached", doubts)
        for node in _entries(properties.get("ManagedPolicies")):
            self.attachments.note(node, held)
        for node in _entries(properties.get("CustomerManagedPolicyReferences")):
            self.attachments.note_reference(node, held)
        for entry in _entries(properties.get("PermissionsBoundary")):
            for node, why in alternatives(entry, doubts):
                bounded = Holding(logical, logical, "boundary", why)
                arn, reference = node.get("ManagedPolicyArn"), node.get("CustomerManagedPolicyReference")
                if arn is not None or reference is None:
                    self.attachments.note(arn or node, bounded)
                else:
                    self.attachments.note_reference(reference, bounded)

    # Others ----------------------------------------------------------------------------------------------------------

    def permission(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        found = {name: node for name, key in permission.CLOUDFORMATION.items() if (node := properties.get(key))}
        document = permission.permission_document(found, properties.place, self.parameters.where)
        if document is None:
            self.found.skip(properties.place, logical, "it lacks Action, FunctionName or Principal")
        else:
            self.found.document(document, logical, "resource", logical, kind, doubts)

    def organization_policy(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        given = properties.get("Type")
        of_kind = ORGANIZATION_KINDS.get(given.value) if given and isinstance(given.value, str) else None
        if of_kind is None:
            name = label_of(given) if given else "no type"
            self.found.skip(properties.place, logical, f"a policy of an organization of another type ({name})")
        else:
            self.document(logical, kind, properties, Holds(("Content",), of_kind), doubts)

    def event_bus(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        statement = properties.get("Statement")
        if statement is None:
            self.found.skip(properties.place, logical, "it has no Statement; the older form with Action is not read")
            return
        version = Node("2012-10-17", statement.place)
        document = Node({"Version": version, "Statement": statement}, statement.place)
        self.found.document(document, logical, "resource", logical, kind, doubts)

    def serverless(self, logical: str, kind: str, properties: Node, doubts: tuple[str, ...]) -> None:
        shared = self.resolver.resolve(self.resolver.template.get("Globals"), "/Globals")
        boundary = shared.get("Function", "PermissionsBoundary") if kind.endswith("::Function") else None
        made = serverless.Made(logical, kind, properties, doubts, boundary)
        self.roles_of_sam += kind.endswith("::Function") and not made.has_role
        serverless.read_function(self.found, self.attachments, made, self.parameters)


def _entries(node: Node | None) -> Iterator[Node]:
    if node is not None:
        yield from node.items
