"""What changes from one policy to another, by meaning and in full."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from lexgraph.catalog.actions import catalog
from lexgraph.errors import UnsupportedError
from lexgraph.policy.model import Policy
from lexgraph.reasoning.differences import Difference, differences_between
from lexgraph.tables.schema import LEVELS, SCHEMAS
from lexgraph.tables.source import labels_of

_WITH_PRINCIPALS = frozenset({"resource", "trust", "rcp", "endpoint"})


def policy_changes_table(before: Policy, after: Policy) -> pd.DataFrame:
    """Return all requests that only one of two policies allows, as few disjoint rows; no row where both allow the same.

    Returns
    -------
    The table ``policy_changes``: part, direction (granted, taken away), what, actions, action, level_counts, resource,
    except_resource, condition, request_action, request_resource, request_context. The frame's ``attrs`` name before and
    after.

    Raises
    ------
    UnsupportedError
        For policies that name principals: rows of actions and resources would not say who.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:%s", "Resource": "*"}}'
    >>> changes = policy_changes_table(parse_policy(text % "GetBot"), parse_policy(text % "Get*"))
    >>> changes[["direction", "what", "resource"]].to_numpy().tolist()[0]
    ['granted', 'action', '*']
    """
    if not _WITH_PRINCIPALS.isdisjoint((before.kind, after.kind)):
        kind = before.kind if before.kind in _WITH_PRINCIPALS else after.kind
        raise UnsupportedError(f"a policy of the kind {kind} names principals, which no row of this table could tell")
    found = differences_between(before, after)
    names = labels_of((before, after))
    rows = ((place, *_row(one)) for place, one in enumerate(found))
    return SCHEMAS["policy_changes"].frame(rows, before=names[0], after=names[1], catalog_date=catalog().date)


def _row(one: Difference) -> tuple[Any, ...]:
    cell, request = one.cell, one.request
    said = one.actions if cell is None else cell.patterns
    return (
        one.direction,
        one.what,
        len(one.actions),
        " ".join(said),
        _levels(one.actions),
        None if cell is None else " ".join(cell.resources),
        None if cell is None else " ".join(cell.exceptions) or None,
        one.condition,
        None if request is None else request.action,
        None if request is None else request.resource,
        None if request is None else json.dumps(dict(request.context.values), sort_keys=True),
    )


def _levels(actions: tuple[str, ...]) -> str:
    """How many actions have which level."""
    found = [catalog().level(action) or "Unknown" for action in actions]
    return ", ".join(f"{level} {found.count(level)}" for level in (*LEVELS, "Unknown") if level in found)
