"""The IAM policy that a collection needs, made from the plan, so that it can hold neither more nor less."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lexgraph.account.live.failures import live_error
from lexgraph.account.live.operations import OPERATIONS, PARTS
from lexgraph.account.live.plan import Operation
from lexgraph.errors import shown

SID = "LexgraphCollect"


def chosen_parts(services: Iterable[str] | None) -> tuple[str, ...]:
    """Return the parts to collect, in the order of the plan; all where nothing is chosen.

    Raises LexgraphError for a name that is none of them.

    >>> chosen_parts(["s3", "iam"])
    ('iam', 's3')
    """
    if services is None:
        return tuple(PARTS)
    chosen = set(services)
    if unknown := sorted(chosen - set(PARTS)):
        message = f"{shown(unknown[0])} cannot be collected; choose from {', '.join(PARTS)}"
        raise live_error(message, "UNKNOWN_SERVICE")
    return tuple(name for name in PARTS if name in chosen)


def operations_of(parts: Iterable[str]) -> tuple[Operation, ...]:
    """Return the operations that collecting some parts may call, sorted by key."""
    todo = [key for name in parts for key, _ in PARTS[name].starts]
    found: dict[str, Operation] = {}
    while todo:
        key = todo.pop()
        if key not in found:
            found[key] = OPERATIONS[key]
            todo.extend(then.operation for then in OPERATIONS[key].then)
    return tuple(found[key] for key in sorted(found))


def collection_policy(services: Iterable[str] | None = None) -> dict[str, Any]:
    """Return the identity policy that allows exactly what a collection calls.

    It names no resources, since what there is becomes known only while it is listed. ``sts:GetCallerIdentity`` needs no
    permission.

    >>> collection_policy(["s3"])["Statement"][0]["Action"]
    ['s3:GetBucketPolicy', 's3:ListAllMyBuckets']
    """
    actions = sorted({operation.action for operation in operations_of(chosen_parts(services))})
    statement = {"Sid": SID, "Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
