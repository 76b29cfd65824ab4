"""What a chart may be given: its table, or policies from which the table is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import pandas as pd

from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError
from lexgraph.tables.source import Policies

Source: TypeAlias = Policies | pd.DataFrame


def table_of(source: Source, make: Callable[[Policies], pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    """Return the table given, which must have `columns`, or the one made from the policies given.

    What holds an account as its `snapshot` is as good as the account.
    """
    if not isinstance(source, pd.DataFrame):
        return make(getattr(source, "snapshot", source))
    require(source, columns)
    return source


def require(table: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise LexgraphError (``WRONG_TABLE``) where a table lacks one of `columns`."""
    if missing := [column for column in columns if column not in table.columns]:
        raise LexgraphError(f"the table has no column {', '.join(missing)}", code="WRONG_TABLE")


def catalog_date(table: pd.DataFrame) -> str:
    """Return the date of the catalogue that a table was made with."""
    return str(table.attrs.get("catalog_date") or catalog().date)


def level_words(table: pd.DataFrame) -> pd.Series[str]:
    """Return the levels of a table's actions as text, ``Unknown`` where there is none."""
    return table["level"].astype("str").fillna("Unknown")
