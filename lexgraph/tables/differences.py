"""What changes from one policy to another, by meaning and in full."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from lexgraph.catalog.actions import catalog
from lexgraph.policy.model import Policy
from lexgraph.reasoning.differences import Difference, all_differences
from lexgraph.tables.schema import LEVELS, SCHEMAS
from lexgraph.tables.source import POLICY, labels_of, one_of


def policy_changes_table(before: Policy, after: Policy, *, principal: str | None = None) -> pd.DataFrame:
    """Return all requests that only one of two policies allows, as few disjoint rows; no row where both allow the same.

    Where policies name principals, rows tell who; with `principal` (an ARN) only that caller is asked about.

    Returns
    -------
    The table ``policy_changes``: number, direction (granted, taken away), what, actions, action, level_counts,
    resource, except_resource, condition, principals, except_principals, request_principal, request_action,
    request_resource, request_context. The frame's ``attrs`` name before and after, the assumptions that the rows lean
    on, and under ``undecided`` why some of them are.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:%s", "Resource": "*"}}'
    >>> changes = policy_changes_table(parse_policy(text % "GetBot"), parse_policy(text % "Get*"))
    >>> changes[["direction", "what", "resource"]].to_numpy().tolist()[0]
    ['granted', 'action', '*']
    """
    before, after = (one_of(side, Policy, POLICY) for side in (before, after))
    found = all_differences(before, after, principal=principal)
    names = labels_of((before, after))
    rows = ((place, *_row(one)) for place, one in enumerate(found.rows))
    return SCHEMAS["policy_changes"].frame(
        rows,
        before=names[0],
        after=names[1],
        assumptions=found.assumptions,
        undecided=found.reasons,
        catalog_date=catalog().date,
    )


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
        " ".join(one.principals) or None,
        " ".join(one.except_principals) or None,
        None if request is None else request.principal,
        None if request is None else request.action,
        None if request is None else request.resource,
        None if request is None else json.dumps(dict(request.context.values), sort_keys=True),
    )


def _levels(actions: tuple[str, ...]) -> str:
    """How many actions have which level."""
    found = [catalog().level(action) or "Unknown" for action in actions]
    return ", ".join(f"{level} {found.count(level)}" for level in (*LEVELS, "Unknown") if level in found)
