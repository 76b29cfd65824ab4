"""Tables of an account: who is in it, what each holds, and who can do what."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from lexgraph.access.decide import AccessRow
from lexgraph.account.model import Snapshot
from lexgraph.tables.schema import SCHEMAS


def principals_table(snapshot: Snapshot) -> pd.DataFrame:
    """Return a row per user and role, sorted by ARN.

    Returns
    -------
    The table ``principals``: principal, kind, name, path, unique_id, created, groups, attached, inline, boundary.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> principals_table(read_account(example_account_path()))["kind"].value_counts().to_dict()
    {'role': 17, 'user': 17}
    """
    inline = {principal.arn: len(principal.inline) for principal in snapshot.principals}
    for bad in snapshot.unreadable:
        if bad.kind == "identity" and bad.owner in inline:
            inline[bad.owner] += 1
    rows = (
        (
            p.arn,
            p.kind,
            p.name,
            p.path,
            p.unique_id,
            p.created,
            len(p.groups),
            len(p.attached),
            inline[p.arn],
            p.boundary,
        )
        for p in snapshot.principals
    )
    return SCHEMAS["principals"].frame(rows, **_attrs(snapshot))


def attachments_table(snapshot: Snapshot) -> pd.DataFrame:
    """Return a row per way in which a principal holds a policy, sorted by principal; policies that could not be read
    too.

    Returns
    -------
    The table ``attachments``: principal, policy, via (attached, inline, group or boundary), group.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> attachments = attachments_table(read_account(example_account_path()))
    >>> sorted(attachments["via"].unique())
    ['attached', 'boundary', 'group', 'inline']
    """
    rows = [
        (principal.arn, key, via, group)
        for principal in snapshot.principals
        for key, via, group, _ in snapshot.holdings(principal)
    ]
    rows.sort(key=lambda row: (row[0], row[2], row[3] or "", row[1]))
    return SCHEMAS["attachments"].frame(rows, **_attrs(snapshot))


def access_table(rows: Iterable[AccessRow]) -> pd.DataFrame:
    """Return the answers of :func:`lexgraph.access.decide.access_rows` and its kin, in their order.

    Returns
    -------
    The table ``access``: principal, action, resource, outcome, condition, missing_keys, decided_by.

    Examples
    --------
    >>> access_table([AccessRow("arn:aws:iam::111122223333:user/ana", "lex:ListBots", "*", "allowed")]).shape
    (1, 7)
    """
    listed = tuple(rows)
    columns = {
        "principal": [row.principal for row in listed],
        "action": [row.action for row in listed],
        "resource": [row.resource for row in listed],
        "outcome": [row.outcome for row in listed],
        "condition": [row.condition for row in listed],
        "missing_keys": [", ".join(row.missing_keys) or None for row in listed],
        "decided_by": [row.decided_by for row in listed],
    }
    return SCHEMAS["access"].from_columns(columns)


def _attrs(snapshot: Snapshot) -> dict[str, str | None]:
    return {"source": snapshot.source, "sha256": snapshot.sha256, "snapshot_date": snapshot.date}
