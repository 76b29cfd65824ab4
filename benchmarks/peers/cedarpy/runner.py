"""cedarpy: another language's engine, with the policies rewritten in Cedar. A reference for what a good engine takes.

Each statement becomes one `permit` or `forbid`. Action, resource and condition keys are attributes of the context,
so that wildcards become `like`; only what the benchmarks' policies use is rewritten, the rest is refused.
"""

from __future__ import annotations

import json
from typing import Any

from cedarpy import Decision, Entities, PolicySet, is_authorized
from serving import Decide, serve

ENTITIES = "[]"


def listed(value: Any) -> list[str]:
    """Return a lone value as a list."""
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def matches(attribute: str, patterns: list[str], *, lower: bool = False) -> str:
    """Return Cedar's test that an attribute of the context matches some of the patterns."""
    if any("?" in pattern or "${" in pattern for pattern in patterns):
        raise ValueError(f"Cedar has no word for one of {patterns}")
    patterns = [pattern.lower() if lower else pattern for pattern in patterns]
    if "*" in patterns:
        return "true"
    literal = [json.dumps(pattern) for pattern in patterns if "*" not in pattern]
    tests = [f"[{', '.join(literal)}].contains({attribute})"] if literal else []
    tests += [f"{attribute} like {json.dumps(pattern)}" for pattern in patterns if "*" in pattern]
    return "(" + " || ".join(tests) + ")"


def condition(operator: str, key: str, values: list[str]) -> str:
    """Return one condition test in Cedar; a missing key satisfies none but Null."""
    name = json.dumps(key.lower())
    if operator == "Null":
        return f"{'!' if values == ['true'] else ''}(context has {name})"
    if operator not in {"StringEquals", "StringLike", "Bool"}:
        raise ValueError(f"{operator} is not rewritten in Cedar")
    if operator == "StringLike":
        return f"(context has {name} && {matches(f'context[{name}]', values)})"
    texts = ", ".join(json.dumps(value.lower() if operator == "Bool" else value) for value in values)
    return f"(context has {name} && [{texts}].contains(context[{name}]))"


def rewritten(statement: dict[str, Any]) -> str:
    """Return a statement in Cedar."""
    if unknown := statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}:
        raise ValueError(f"{sorted(unknown)} is not rewritten in Cedar")
    tests = [
        matches("context.action", listed(statement["Action"]), lower=True),
        matches("context.resource", listed(statement["Resource"])),
    ]
    for operator, keys in statement.get("Condition", {}).items():
        tests += [condition(operator, key, listed(values)) for key, values in keys.items()]
    verb = "permit" if statement["Effect"] == "Allow" else "forbid"
    return f"{verb}(principal, action, resource) when {{ {' && '.join(tests)} }};"


class Cedar(Decide):
    """`is_authorized`, one request at a time, with policies and entities parsed beforehand."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        statements = []
        for document in self.policies:
            found = document["Statement"]
            statements += found if isinstance(found, list) else [found]
        self.set = PolicySet.from_str("\n".join(map(rewritten, statements)))
        self.entities = Entities.from_json_str(ENTITIES)
        self.asked = [self.request(one) for one in self.requests]

    def request(self, one: dict[str, Any]) -> dict[str, Any]:
        """Return a request as Cedar takes it."""
        context = {key.lower(): value for key, value in one["context"].items()}
        return {
            "principal": {"type": "User", "id": one["principal"]},
            "action": {"type": "Action", "id": "ask"},
            "resource": {"type": "Resource", "id": "any"},
            "context": json.dumps({**context, "action": one["action"].lower(), "resource": one["resource"]}),
        }

    def run(self) -> list[bool]:
        """Return whether each request is allowed."""
        return [is_authorized(one, self.set, self.entities).decision is Decision.Allow for one in self.asked]


if __name__ == "__main__":
    serve("cedarpy", {"decide": Cedar})
