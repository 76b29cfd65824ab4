"""What SAM's functions and state machines say about policies: documents, names of managed policies, SAM's templates."""

from __future__ import annotations

from lexgraph.account.templates.expanding import expanded
from lexgraph.account.templates.found import Collector, label_of
from lexgraph.account.templates.gaps import Node, alternatives, text_of
from lexgraph.account.templates.parameters import Parameters

TRUST = "AssumeRolePolicyDocument"
_HAS_ROLE = "the role is given, so that SAM makes no policies"


def read_function(
    found: Collector, logical: str, kind: str, properties: Node, doubts: tuple[str, ...], parameters: Parameters
) -> None:
    """Take the policies of a function or a state machine; the role that holds them is ``<logical id>Role``."""
    role = f"{logical}Role"
    if (trust := properties.get(TRUST)) is not None:
        found.document(trust, f"{logical}/{TRUST}", "trust", logical, kind, doubts)
    policies = properties.get("Policies")
    if policies is None:
        found.skip(properties.place.removesuffix("/Properties"), logical, "it has no policies of its own")
        return
    if properties.get("Role") is not None:
        found.skip(policies.place, f"{logical}/Policies", _HAS_ROLE)
        return
    listed = [(i, *one) for i, node in enumerate(policies.items) for one in alternatives(node, doubts)]
    for i, node, why in listed:
        name = f"{logical}/Policies/{i}"
        if isinstance(node.value, dict):
            _object(found, logical, kind, node, name, why, parameters)
        elif text_of(node.value) is not None:
            found.attach(node.place, role, label_of(node), "attached")
        else:
            found.skip(node.place, name, "neither a policy nor the name of one")


def _object(
    found: Collector,
    logical: str,
    kind: str,
    node: Node,
    name: str,
    doubts: tuple[str, ...],
    parameters: Parameters,
) -> None:
    if "Statement" in node.value:
        found.document(node, name, "identity", logical, kind, doubts)
    elif len(node.value) == 1:
        template, given = next(iter(node.value.items()))
        document = expanded(template, given, parameters, found.template.source)
        if isinstance(document, str):
            found.skip(node.place, f"{logical}/{template}", document)
        else:
            found.document(document, f"{logical}/{template}", "identity", logical, kind, doubts, aws=True)
    else:
        found.skip(node.place, name, "it has no Statement")
