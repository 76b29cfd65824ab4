"""What policies grant, as a table of disjoint cells."""

from __future__ import annotations

import pandas as pd

from lexgraph.catalog.actions import catalog
from lexgraph.reasoning.cells import Cell, cells
from lexgraph.tables.schema import LEVELS, SCHEMAS
from lexgraph.tables.source import Policies, identity_policies_of


def cells_table(policies: Policies) -> pd.DataFrame:
    """Return what each policy grants, as few disjoint rows: actions, resources, condition.

    Returns
    -------
    The table ``cells``: policy, cell, action, actions, level_counts, resource, except_resource, outcome, condition.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> cells_table([policy]).loc[0, ["action", "level_counts", "outcome"]].tolist()
    ['lex:Post*', 'Write 2', 'allowed']
    """
    rows = (
        (policy.key, place, *cell_columns(cell))
        for policy in identity_policies_of(policies)
        for place, cell in enumerate(cells(policy))
    )
    return SCHEMAS["cells"].frame(rows, catalog_date=catalog().date)


def cell_columns(cell: Cell) -> tuple[str, int, str, str, str | None, str, str | None]:
    """Return the columns of a cell, from action on."""
    levels = cell.levels
    return (
        " ".join(cell.patterns),
        len(cell.actions),
        ", ".join(f"{level} {levels[level]}" for level in (*LEVELS, "Unknown") if level in levels),
        " ".join(cell.resources),
        " ".join(cell.exceptions) or None,
        cell.outcome,
        cell.condition,
    )
