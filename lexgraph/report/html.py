"""The elements of a page that a report is put together from."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import pandas as pd

from lexgraph.markup import Html, joined, tag

LONGEST_CELL = 400
LOW = 30  # rows that stand on the page without a scroll bar of their own
SHORT_CELL = 40  # characters that are never broken over lines


def paragraph(*children: object) -> Html:
    """Return a paragraph."""
    return tag("p", *children)


def listed(items: Iterable[object]) -> Html:
    """Return a list, or nothing where it would be empty."""
    rows = [tag("li", item) for item in items]
    return tag("ul", *rows) if rows else Html("")


def table(frame: pd.DataFrame, most: int) -> Html:
    """Return the first `most` rows of a table; an unknown value is an empty cell, and long texts are cut."""
    numeric = [pd.api.types.is_numeric_dtype(dtype) and str(dtype) != "bool" for dtype in frame.dtypes]
    kinds = ["n" if number else "" for number in numeric]
    head = tag("tr", *(_cell("th", str(name).replace("_", " "), kind) for name, kind in zip(frame, kinds, strict=True)))
    rows = (
        tag("tr", *(_cell("td", _text(value), kind) for value, kind in zip(values, kinds, strict=True)))
        for values in frame.head(most).itertuples(index=False, name=None)
    )
    kind = "wide" if min(len(frame), most) <= LOW else "wide high"
    return tag("div", tag("table", tag("thead", head), tag("tbody", joined(rows, "\n"))), class_=kind)


def _cell(name: str, text: str, kind: str) -> Html:
    kind = kind or ("l" if len(text) > SHORT_CELL else "")
    return tag(name, text, class_=kind) if kind else tag(name, text)


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    text = f"{value:,}" if isinstance(value, Integral) else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
