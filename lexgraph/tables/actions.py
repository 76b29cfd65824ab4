"""The table of what the catalogue knows about actions."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from lexgraph.catalog.actions import catalog
from lexgraph.tables.schema import SCHEMAS
from lexgraph.tables.source import each_of


def actions_table(actions: str | int | Iterable[str] = "*") -> pd.DataFrame:
    """Return what the catalogue says about actions, in order of name.

    Parameters
    ----------
    actions : a pattern, several, or a set of actions as the catalogue's bits.

    Returns
    -------
    The table ``actions``: action, service, level, levels, generation, resource_types, condition_keys,
    dependent_actions,
    wildcard_only, permission_only, description. The frame's ``attrs`` tell the catalogue's date and source.

    Examples
    --------
    >>> actions_table("lex:Post*")["generation"].tolist()
    ['V1', 'V1']
    """
    cat = catalog()
    if not isinstance(actions, int):
        actions = cat.bits_of((actions,) if isinstance(actions, str) else each_of(actions, str, "patterns of actions"))
    facts = [found for name in cat.names_in(actions) if (found := cat.action(name)) is not None]
    columns = {
        "action": [one.name for one in facts],
        "service": [one.service for one in facts],
        "level": [one.level for one in facts],
        "levels": [_joined(cat.levels(one.name)) for one in facts],
        "generation": [one.generation for one in facts],
        "resource_types": [_joined(one.resource_types) for one in facts],
        "condition_keys": [_joined(one.condition_keys) for one in facts],
        "dependent_actions": [_joined(one.dependent_actions) for one in facts],
        "wildcard_only": [one.wildcard_only for one in facts],
        "permission_only": [one.permission_only for one in facts],
        "description": [one.description or None for one in facts],
    }
    return SCHEMAS["actions"].from_columns(columns, catalog_date=cat.date, catalog_source=cat.source)


def _joined(values: Iterable[str] | None) -> str | None:
    return ", ".join(values or ()) or None
