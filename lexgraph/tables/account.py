"""Tables of an account: who is in it, what each holds, and who can do what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lexgraph.access.compressed import Access, Codes
from lexgraph.access.decide import AccessRow
from lexgraph.account.model import Snapshot
from lexgraph.tables.schema import OUTCOMES, SCHEMAS, Coded
from lexgraph.tables.source import each_of, snapshot_of


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
    snapshot = snapshot_of(snapshot)
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
    snapshot = snapshot_of(snapshot)
    rows = [
        (principal.arn, key, via, group)
        for principal in snapshot.principals
        for key, via, group, _ in snapshot.holdings(principal)
    ]
    rows.sort(key=lambda row: (row[0], row[2], row[3] or "", row[1]))
    return SCHEMAS["attachments"].frame(rows, **_attrs(snapshot))


def access_table(rows: Iterable[AccessRow] | Access) -> pd.DataFrame:
    """Return the answers of :func:`lexgraph.access.decide.access_rows` and its kin, or of
    :func:`lexgraph.access.compressed.access`, in their order.

    Returns
    -------
    The table ``access``: principal, action, resource, outcome, condition, missing_keys, decided_by.

    Examples
    --------
    >>> access_table([AccessRow("arn:aws:iam::111122223333:user/ana", "lex:ListBots", "*", "allowed")]).shape
    (1, 7)
    """
    if isinstance(rows, Access):
        return SCHEMAS["access"].from_columns(_coded(rows))
    listed = each_of(rows, AccessRow, "rows of access, as lexgraph.access.decide.access_rows gives them")
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


def _coded(access: Access) -> dict[str, Any]:
    """The columns of compressed answers: no row is made."""
    people, asked = access.codes.shape
    codes = access.codes.ravel()
    actions, resources = (_numbered([pair[side] for pair in access.questions]) for side in (0, 1))
    answers = {
        "condition": [answer.condition for answer in access.answers],
        "missing_keys": [", ".join(answer.missing_keys) or None for answer in access.answers],
        "decided_by": [answer.decided_by for answer in access.answers],
    }
    outcomes = np.array([OUTCOMES.index(answer.outcome) for answer in access.answers], dtype=np.int8)
    return {
        "principal": Coded(np.repeat(np.arange(people, dtype=np.int32), asked), access.principals),
        "action": Coded(np.tile(actions.codes, people), actions.values),
        "resource": Coded(np.tile(resources.codes, people), resources.values),
        "outcome": pd.Categorical.from_codes(outcomes[codes], categories=pd.Index(OUTCOMES, dtype="str")),
        **{name: _of_answers(values, codes) for name, values in answers.items()},
    }


def _numbered(values: Sequence[str]) -> Coded:
    places: dict[str, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    return Coded(np.array(codes, dtype=np.int32), tuple(places))


def _of_answers(values: Sequence[str | None], codes: Codes) -> Coded:
    """A column that the answer decides; equal values are one."""
    distinct = _numbered([value for value in values if value is not None])
    places = np.full(len(values), -1, dtype=np.int32)
    places[[i for i, value in enumerate(values) if value is not None]] = distinct.codes
    return Coded(places[codes], distinct.values)


def _attrs(snapshot: Snapshot) -> dict[str, str | None]:
    return {"source": snapshot.source, "sha256": snapshot.sha256, "snapshot_date": snapshot.date}
