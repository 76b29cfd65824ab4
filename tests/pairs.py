"""Pairs of policies to compare: random ones, related ones, AWS's own and changed ones.

`draw_pair` gives raw JSON, and the name of the way in which the second came from the first.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

from lexgraph.catalog.managed import managed_document, managed_documents, managed_names, managed_versions
from tests.random_cases import random_case

Json = Any
SMALL = 3_000  # characters of a managed policy that takes part
HOME = "111122223333"


def listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def random_document(rng: random.Random) -> Json:
    """One identity policy of a random case."""
    found = rng.choice(random_case(rng, "identity")["identity_policies"])
    return json.loads(found) if isinstance(found, str) else found


@cache
def small_documents() -> tuple[Json, ...]:
    """AWS's managed policies of moderate size."""
    found = (one.document for one in managed_documents(managed_names()))
    return tuple(document for document in found if len(json.dumps(document)) < SMALL)


def consecutive_versions(rng: random.Random) -> tuple[Json, Json]:
    """Two versions of a managed policy, one after the other; small ones."""
    while True:
        name = rng.choice(managed_names())
        versions = managed_versions(name)
        if len(versions) < 2:
            continue
        at = rng.randrange(len(versions) - 1)
        pair = [managed_document(name, one.version).document for one in versions[at : at + 2]]
        if all(len(json.dumps(document)) < SMALL for document in pair):
            return pair[0], pair[1]


# Changes ---


def _with(document: Json, *statements: Json) -> Json:
    return document | {"Version": "2012-10-17", "Statement": [*listed(document["Statement"]), *statements]}


def denied(document: Json, rng: random.Random) -> Json:
    """A Deny on some of the actions."""
    return _with(
        document, {"Effect": "Deny", "Action": some_action(document, rng), "Resource": some_resource(document, rng)}
    )


def denied_if(document: Json, rng: random.Random) -> Json:
    """A Deny under a condition: the caller's address, the time, MFA, a tag, a region."""
    condition = rng.choice(CONDITIONS)
    return _with(
        document,
        {
            "Effect": "Deny",
            "Action": rng.choice(("*", some_action(document, rng))),
            "Resource": "*",
            "Condition": condition,
        },
    )


def denied_but(document: Json, rng: random.Random) -> Json:
    """A Deny on everything but some actions."""
    return _with(document, {"Effect": "Deny", "NotAction": [some_action(document, rng), "iam:Get*"], "Resource": "*"})


def denied_elsewhere(document: Json, rng: random.Random) -> Json:
    """A Deny on everything but some resources."""
    return _with(
        document,
        {
            "Effect": "Deny",
            "Action": "*",
            "NotResource": [some_resource(document, rng), f"arn:aws:s3:::calls-{HOME}/*"],
        },
    )


def without_statement(document: Json, rng: random.Random) -> Json:
    """One statement less, where there are two."""
    statements = list(listed(document["Statement"]))
    if len(statements) > 1:
        statements.pop(rng.randrange(len(statements)))
    return document | {"Statement": statements}


def _changed_statement(document: Json, rng: random.Random, change: Callable[[Json], None]) -> Json:
    found = copy.deepcopy(document)
    found["Statement"] = listed(found["Statement"])
    change(rng.choice(found["Statement"]))
    return found


def conditioned(document: Json, rng: random.Random) -> Json:
    """A statement with other conditions."""
    return _changed_statement(document, rng, lambda s: s.update(Condition=rng.choice(CONDITIONS)))


def unconditioned(document: Json, rng: random.Random) -> Json:
    """A statement without its conditions."""
    return _changed_statement(document, rng, lambda s: s.pop("Condition", None))


def narrowed(document: Json, rng: random.Random) -> Json:
    """A statement about fewer resources."""

    def change(statement: Json) -> None:
        if "Resource" in statement:
            found = rng.choice(listed(statement["Resource"]))
            statement["Resource"] = (
                f"{found[:-1]}x*" if found.endswith("*") and found != "*" else f"arn:aws:*:us-east-1:{HOME}:*"
            )

    return _changed_statement(document, rng, change)


def split(document: Json, rng: random.Random) -> Json:
    """The same policy, written with a statement for each action, in another order."""
    found: list[Json] = []
    for statement in listed(document["Statement"]):
        if "Action" in statement:
            found += [statement | {"Action": action} for action in listed(statement["Action"])]
        else:
            found.append(statement)
    return document | {"Statement": [strip(s) for s in rng.sample(found, len(found))]}


def strip(statement: Json) -> Json:
    """A statement without its Sid, which must not repeat."""
    return {key: value for key, value in statement.items() if key != "Sid"}


def some_action(document: Json, rng: random.Random) -> str:
    statement = rng.choice(listed(document["Statement"]))
    found: str = rng.choice(listed(statement.get("Action", statement.get("NotAction"))))
    service, colon, name = found.partition(":")
    return f"{service}:{name[:3]}*" if colon and rng.random() < 0.5 else found


def some_resource(document: Json, rng: random.Random) -> str:
    statement = rng.choice(listed(document["Statement"]))
    found: str = rng.choice(listed(statement.get("Resource", statement.get("NotResource"))))
    return found if rng.random() < 0.7 else f"{found}*"


CONDITIONS: tuple[Json, ...] = (
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "10.0.0.0/8"]}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/25"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2026-06-01T00:00:00Z"}},
    {"DateLessThan": {"aws:CurrentTime": "2026-09-01T00:00:00Z"}, "Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"StringNotLike": {"aws:RequestedRegion": "us-*"}},
    {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
    {"StringLike": {"aws:PrincipalTag/Team": ["red*", "*blue"]}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["red", "blue"]}},
    {"ForAnyValue:StringLike": {"aws:TagKeys": "r*"}, "Null": {"aws:RequestTag/Team": "true"}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/desk-*"}},
)
NARROWING = (denied, denied_if, denied_but, denied_elsewhere)
CHANGES = (*NARROWING, without_statement, conditioned, unconditioned, narrowed, split)


def draw_pair(rng: random.Random) -> tuple[str, Json, Json]:
    """A kind and two policies, in either order."""
    kind = rng.choices(("random", "changed random", "changed", "versions", "AWS's"), (25, 30, 25, 10, 10))[0]
    if kind == "random":
        first, second = random_document(rng), random_document(rng)
    elif kind == "versions":
        first, second = consecutive_versions(rng)
    elif kind == "AWS's":
        first, second = rng.sample(small_documents(), 2)
    else:
        first = random_document(rng) if kind == "changed random" else rng.choice(small_documents())
        change = rng.choice(CHANGES)
        kind, second = f"{kind}: {change.__name__}", change(first, rng)
    return (kind, first, second) if rng.random() < 0.5 else (kind, second, first)
