"""What a chart may be given: its table, or policies from which the table is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias, runtime_checkable

import pandas as pd

from lexgraph.account.model import Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.model import Policy
from lexgraph.tables.source import Policies

Source: TypeAlias = Policies | pd.DataFrame


@runtime_checkable
class Compared(Protocol):
    """What holds two policies to compare, as `compare` returns it."""

    a: Policy
    b: Policy


@runtime_checkable
class Versioned(Protocol):
    """What holds the versions of a managed policy, as `history` returns it."""

    name: str
    versions: tuple[Policy, ...]


def table_of(source: Source, make: Callable[[Policies], pd.DataFrame], columns: Iterable[str]) -> pd.DataFrame:
    """Return the table given, which must have `columns`, or the one made from the policies given.

    What holds an account as its `snapshot` is as good as the account.
    """
    if not isinstance(source, pd.DataFrame):
        return make(_policies(source))
    require(source, columns)
    return source


def _policies(source: Policies) -> Policies:
    given = getattr(source, "snapshot", source)
    if isinstance(given, Snapshot | Policy):
        return given
    listed = tuple(given.values() if isinstance(given, Mapping) else given) if isinstance(given, Iterable) else (None,)
    if not all(isinstance(one, Policy) for one in listed):
        raise wrong(source, "policies, an account, or their table")
    return listed


def wrong(given: object, wanted: str) -> LexgraphError:
    """Return the error for what a chart cannot draw."""
    return LexgraphError(f"this chart draws {wanted}, not {shown(type(given).__name__)}", code="WRONG_DATA")


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
