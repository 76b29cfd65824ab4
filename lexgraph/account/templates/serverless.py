"""What SAM's functions and state machines say about policies: documents, names of managed policies, SAM's templates."""

from __future__ import annotations

from dataclasses import dataclass

from lexgraph.account.templates.attached import Attachments, Holding
from lexgraph.account.templates.expanding import expanded
from lexgraph.account.templates.found import Collector
from lexgraph.account.templates.gaps import Node, alternatives, text_of
from lexgraph.account.templates.parameters import Parameters

TRANSFORM = "AWS::Serverless-2016-10-31"
TRUST = "AssumeRolePolicyDocument"
BOUNDARY = "PermissionsBoundary"
_HAS_ROLE = "the role is given, so that SAM makes no policies"
_NOT_BOUND = "the role is given, so that SAM makes none that this would bound"


@dataclass(frozen=True, slots=True)
class Made:
    """A function or a state machine, of which SAM makes the resources; `boundary` is the one of all functions."""

    logical: str
    kind: str
    properties: Node
    doubts: tuple[str, ...]
    boundary: Node | None = None

    @property
    def has_role(self) -> bool:
        """Whether its role is given, so that SAM makes none."""
        return self.properties.get("Role") is not None

    def held(self, doubts: tuple[str, ...]) -> Holding:
        """Return who holds its policies: the role that SAM makes, ``<logical id>Role``."""
        return Holding(self.logical, f"{self.logical}Role", "attached", doubts)


def read_function(found: Collector, attachments: Attachments, made: Made, parameters: Parameters) -> None:
    """Take the policies of a function or a state machine."""
    logical, properties = made.logical, made.properties
    if (trust := properties.get(TRUST)) is not None:
        found.document(trust, f"{logical}/{TRUST}", "trust", logical, made.kind, made.doubts)
    _boundary(found, attachments, made)
    policies = properties.get("Policies")
    if policies is None:
        found.skip(properties.place.removesuffix("/Properties"), logical, "it has no policies of its own")
        return
    if made.has_role:
        found.skip(policies.place, f"{logical}/Policies", _HAS_ROLE)
        return
    listed = [(i, *one) for i, node in enumerate(policies.items) for one in alternatives(node, made.doubts)]
    for i, node, why in listed:
        name = f"{logical}/Policies/{i}"
        if isinstance(node.value, dict):
            _object(found, made, node, name, why, parameters)
        elif text_of(node.value) is not None:
            attachments.note(node, made.held(why), "name")
        else:
            found.skip(node.place, name, "neither a policy nor the name of one")


def roles_of_sam(count: int) -> str:
    """Return what SAM attaches to the roles that it makes for so many functions."""
    roles = "the role of 1 function" if count == 1 else f"the roles of {count:,} functions"
    return (
        f"SAM makes {roles} and attaches AWS's own AWSLambdaBasicExecutionRole, and further policies where a function "
        "has a VPC, tracing, a target for dead letters or a source of events"
    )


def _boundary(found: Collector, attachments: Attachments, made: Made) -> None:
    own = made.properties.get(BOUNDARY)
    if made.has_role:
        if own is not None:
            found.skip(own.place, f"{made.logical}/{BOUNDARY}", _NOT_BOUND)
        return
    boundary = own or made.boundary
    for node in boundary.items if boundary is not None else ():
        attachments.note(node, Holding(made.logical, f"{made.logical}Role", "boundary", made.doubts))


def _object(
    found: Collector, made: Made, node: Node, name: str, doubts: tuple[str, ...], parameters: Parameters
) -> None:
    if "Statement" in node.value:
        found.document(node, name, "identity", made.logical, made.kind, doubts)
    elif len(node.value) == 1:
        template, given = next(iter(node.value.items()))
        document = expanded(template, given, parameters, found.template.source)
        title = f"{made.logical}/{template}"
        if isinstance(document, str):
            found.skip(node.place, title, document)
        else:
            found.document(document, title, "identity", made.logical, made.kind, doubts, aws=True)
    else:
        found.skip(node.place, name, "it has no Statement")
