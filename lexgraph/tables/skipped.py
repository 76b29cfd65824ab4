"""What was passed over while policies were read."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from lexgraph.errors import LexgraphError
from lexgraph.tables.schema import Column, Schema
from lexgraph.tables.source import each_of

ROWS = "rows of a source, a place, what and a reason"
SKIPPED = Schema(
    "skipped",
    (
        Column("source", "str", "the file"),
        Column("place", "str", "the JSON pointer within the file; missing where the whole file was passed over"),
        Column("what", "str", "the policy or resource; missing where the whole file was passed over"),
        Column("reason", "str", "why it was passed over, or what of it is unknown"),
    ),
    ("source", "place", "what", "reason"),
)


def skipped_table(rows: Iterable[tuple[str, str | None, str | None, str]]) -> pd.DataFrame:
    """Return what was passed over (schema ``skipped``); each row is source, place, what and reason.

    >>> skipped_table([("notes.json", None, None, "no policy: it has no Statement")])["reason"].tolist()
    ['no policy: it has no Statement']
    """
    listed = each_of(rows, tuple, ROWS)
    if any(len(row) != len(SKIPPED.columns) for row in listed):
        raise LexgraphError(f"expected {ROWS}, not rows of another length", code="WRONG_INPUT")
    return SKIPPED.frame(dict.fromkeys(listed))
