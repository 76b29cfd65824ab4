"""Two accounts side by side: what stands in them, and who gained or lost which access."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from lexgraph.access.comparison.model import (
    CHANGES,
    DIRECTIONS,
    VIAS,
    WHATS,
    AccessChange,
    AccountChange,
    AccountDifference,
)
from lexgraph.tables.schema import OUTCOMES, PRINCIPAL, SCHEMAS, Column, Schema
from lexgraph.tables.source import each_of, one_of

ACCOUNTS = (
    Schema(
        "account_changes",
        (
            Column("what", "category", "what was added, changed or removed", WHATS),
            Column("change", "category", "added, changed or removed", CHANGES),
            Column("principal", "str", PRINCIPAL.doc),
            Column("policy", "str", "the policy's ARN; owner's ARN/name for an inline one"),
            Column("via", "category", "of an attachment: how it is held", ("attached", "boundary", "group", "inline")),
            Column("group", "str", "the ARN of the group"),
            Column("name", "str", "a tag's key; the ARN of a resource or the id of a control policy"),
            Column("before", "str", "the value before; a policy as JSON"),
            Column("after", "str", "the value after"),
        ),
        ("what", "principal", "policy", "via", "group", "name"),
    ),
    Schema(
        "access_changes",
        (
            Column("principal", "str", "the ARN of the user or role; as a policy names others; * for anybody"),
            Column("change", "category", "whether access was gained or lost", DIRECTIONS),
            Column("via", "category", "the layer that brought it; several layers where no one alone did", VIAS),
            Column("holder", "str", "the role or resource whose policy brought it or lets the principal in"),
            Column("action", "str", "the action of a request that shows it; missing where it is undecided"),
            Column("resource", "str", "the request's resource"),
            Column("context", "str", "the request's context as JSON"),
            Column("before", "category", "the answer before; missing where the principal was not there", OUTCOMES),
            Column("after", "category", "the answer after; missing where the principal is not there", OUTCOMES),
            Column("actions", "Int64", "number of the catalogue's actions that are new, or gone, altogether"),
            Column("reason", "str", "why it is undecided; missing where it is shown"),
            Column("assumption", "str", "what this leans on; missing where it follows from the accounts alone"),
        ),
        ("principal", "change", "via", "holder"),
    ),
)  # fmt: skip


def account_changes_table(changes: Iterable[AccountChange], **attrs: Any) -> pd.DataFrame:
    """Return what stands in one of two accounts only, or differently in both, in the order given.

    Returns
    -------
    The table ``account_changes``: what, change, principal, policy, via, group, name, before, after.

    Examples
    --------
    >>> account_changes_table([AccountChange("group", "added", group="arn:aws:iam::111122223333:group/a")]).shape
    (1, 9)
    """
    changes = each_of(changes, AccountChange, "changes, as compare_snapshots finds them")
    rows = ((c.what, c.change, c.principal, c.policy, c.via, c.group, c.name, c.before, c.after) for c in changes)
    return SCHEMAS["account_changes"].frame(rows, **attrs)


def access_changes_table(difference: AccountDifference) -> pd.DataFrame:
    """Return who gained and lost access between two accounts, a row per principal; the undecided ones too.

    Returns
    -------
    The table ``access_changes``: principal, change, via, holder, action, resource, context, before, after, actions,
    reason, assumption.

    Examples
    --------
    >>> from lexgraph.access.comparison.compare import compare_snapshots
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> access_changes_table(compare_snapshots(account, account)).empty
    True
    """
    difference = one_of(difference, AccountDifference, "the difference of two accounts, as compare_snapshots finds it")
    rows = sorted(
        (row for one in difference.access for row in _rows(one)), key=lambda row: [part or "" for part in row[:4]]
    )
    return SCHEMAS["access_changes"].frame(rows, notes=difference.notes)


def _rows(one: AccessChange) -> Iterator[tuple[Any, ...]]:
    asked = one.request
    context = None if asked is None else json.dumps(dict(asked.context.values), sort_keys=True)
    told = (asked and asked.action, asked and asked.resource, context, one.before, one.after)
    more = (one.bits.bit_count(), one.reason or None, "; ".join(one.assumptions) or None)
    for principal in one.principals:
        yield (principal, one.change, one.via, one.holder, *told, *more)
