"""What AWS changed in its managed policies, by meaning: newly allowed, or no longer, for at least one request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pandas as pd

from lexgraph.bundled import bundled_path
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import is_complete, managed_date, managed_versions
from lexgraph.reasoning.changes import Change, changes_between
from lexgraph.tables.compare import version_policy
from lexgraph.tables.proved import DIRECTIONS, WHATS
from lexgraph.tables.schema import LEVELS, SCHEMAS
from lexgraph.tables.source import MANAGED, one_of


def changes_table(name: str) -> pd.DataFrame:
    """Return what every version of one of AWS's managed policies newly allows and no longer allows.

    Returns
    -------
    The table ``changes``: policy, policy_version, date, number, direction, what, actions, action, resource, context. A
    version without a row allows the same as the one before.

    Examples
    --------
    >>> changes = changes_table("AmazonLexFullAccess")
    >>> changes.loc[changes["policy_version"] == "v9", ["direction", "what"]].to_numpy().tolist()
    [['granted', 'condition'], ['taken away', 'condition']]
    """
    name = one_of(name, str, MANAGED)
    rows = (
        (arn, version, date, place, *_row(change))
        for arn, version, date, changes in _changes(name)
        for place, change in enumerate(changes)
    )
    return SCHEMAS["changes"].frame(rows, complete=is_complete(name), catalog_date=catalog().date)


def timeline_table(name: str) -> pd.DataFrame:
    """Return how many actions of each level every version of a managed policy newly allows and no longer allows.

    An action counts once for each direction and way (`what`) of a version.

    Returns
    -------
    The table ``timeline``: policy, policy_version, date, direction, what, level, actions. ``attrs["versions"]`` lists
    all versions with their dates, those without a change too, and ``attrs["name"]`` is the policy's name.

    Examples
    --------
    >>> timeline = timeline_table("AmazonLexFullAccess")
    >>> timeline.loc[timeline["policy_version"] == "v7", "actions"].sum().item()
    11
    """
    name = one_of(name, str, MANAGED)
    counts: dict[tuple[str, str, str | None, str, str, str | None], set[str]] = {}
    for arn, version, date, changes in _changes(name):
        for change in changes:
            for action in change.actions:
                key = (arn, version, date, change.direction, change.what, catalog().level(action))
                counts.setdefault(key, set()).add(action)
    rows = sorted(((*key, len(found)) for key, found in counts.items()), key=_order)
    versions = [(one.version, one.date) for one in managed_versions(name)]
    title = managed_versions(name)[0].name
    return SCHEMAS["timeline"].frame(
        rows, name=title, versions=versions, complete=is_complete(name), catalog_date=catalog().date
    )


def histories_table() -> pd.DataFrame:
    """Return how often AWS changed each of its managed policies, and how: the withdrawn ones too.

    The changes of all versions take a while to work out; this is what was found when the data was bundled.

    Returns
    -------
    The table ``histories``: policy, name, versions, granting, taking, quiet, same, repeats, undecided.

    Examples
    --------
    >>> table = histories_table().set_index("name")
    >>> table.loc["AmazonLexFullAccess", ["versions", "granting", "taking", "quiet"]].tolist()
    [9, 8, 3, 3]
    """
    found = json.loads(bundled_path("managed", "changes.json").read_text(encoding="ascii"))
    return SCHEMAS["histories"].frame(found["histories"], date=managed_date())


def _changes(name: str) -> Iterator[tuple[str, str, str | None, tuple[Change, ...]]]:
    for before, after in pairwise(managed_versions(name)):
        changes = (
            () if after.repeats == before.version else changes_between(version_policy(before), version_policy(after))
        )
        yield after.arn, after.version, after.date, changes


def _row(change: Change) -> tuple[str, str, int, str, str | None, str | None]:
    request = change.request
    context = None if request is None else json.dumps(dict(request.context.values), sort_keys=True)
    resource = None if request is None else request.resource
    return change.direction, change.what, len(change.actions), " ".join(change.actions), resource, context


def _order(row: tuple[Any, ...]) -> tuple[Any, ...]:
    level = LEVELS.index(row[5]) if row[5] in LEVELS else len(LEVELS)
    return int(row[1][1:]), DIRECTIONS.index(row[3]), WHATS.index(row[4]), level
