"""SAM's policy templates, which stand for a policy document: ``S3ReadPolicy: {BucketName: …}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lexgraph.account.templates.gaps import Gap, Node, text_of
from lexgraph.account.templates.intrinsic import Resolver
from lexgraph.account.templates.parameters import Parameters
from lexgraph.bundled import bundled_path
from lexgraph.catalog.nearest import nearest
from lexgraph.errors import shown

Json = Any


@dataclass(frozen=True, slots=True)
class PolicyTemplate:
    """A policy template of SAM's: the names of its parameters, and the document with them in it."""

    parameters: tuple[str, ...]
    definition: Mapping[str, Json]


@lru_cache(1)
def policy_templates() -> Mapping[str, PolicyTemplate]:
    """Return all policy templates of SAM's by name.

    >>> policy_templates()["S3ReadPolicy"].parameters
    ('BucketName',)
    """
    text = bundled_path("serverless", "policy_templates.json").read_text(encoding="ascii")
    found = json.loads(text)
    return {name: PolicyTemplate(tuple(one["parameters"]), one["definition"]) for name, one in found.items()}


def expanded(name: str, given: Node, parameters: Parameters, source: str) -> Node | str:
    """Return the document that a policy template stands for with the parameters `given`; a text where there is none:
    why.

    All of it has the place of what was given, for the template says no more of it.
    """
    template = policy_templates().get(name)
    if template is None:
        return f"SAM has no policy template {shown(name)}{nearest(name, policy_templates())}"
    if isinstance(given.value, Gap):
        return f"the parameters are not known: {given.value.why}"
    if not isinstance(given.value, dict):
        return "the parameters of a SAM policy template are an object"
    lacking = [one for one in template.parameters if one not in given.value]
    if lacking:
        return f"the SAM policy template lacks {', '.join(lacking)}"
    # Its parameters alone: what else is given is not for it, as SAM has it.
    values = {one: given.value[one] for one in template.parameters}
    return _at(_Expansion(values, parameters, source).resolve(template.definition, given.place), given.place)


class _Expansion(Resolver):
    """Resolves the functions of a policy template, in which Ref names the template's own parameters."""

    def __init__(self, values: Mapping[str, Node], parameters: Parameters, source: str) -> None:
        super().__init__({}, parameters, source)
        self.values = values

    def ref(self, name: Json, place: str) -> Node:
        """Return the value of one of the policy template's parameters."""
        found = self.values[name].value
        return Node(found if isinstance(found, list | Gap) or text_of(found) is not None else _no_text(name), place)


def _no_text(name: str) -> Gap:
    return Gap(name, f"the value of the parameter {name} is neither text nor a list")


def _at(node: Node, place: str) -> Node:
    """A tree of which every part has one place."""
    if isinstance(node.value, dict):
        return Node({key: _at(child, place) for key, child in node.value.items()}, place)
    if isinstance(node.value, list):
        return Node([_at(child, place) for child in node.value], place)
    return Node(node.value, place)
