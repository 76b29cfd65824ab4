"""HTML, in which every text is escaped: `escaped` is the only way from a text into a page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from numbers import Integral
from typing import Any

import pandas as pd

from lexgraph.report.text import visible

LONGEST_CELL = 400
LOW = 30  # rows that stand on the page without a scroll bar of their own
SHORT_CELL = 40  # characters that are never broken over lines


class Html(str):
    """Text that is HTML already. Only this module, and the one that draws charts, make it."""

    __slots__ = ()


def escaped(value: object) -> Html:
    """Return a value as HTML: escaped, and with control and bidi characters as code points.

    >>> escaped("<script>")
    '&lt;script&gt;'
    """
    return value if isinstance(value, Html) else Html(escape(visible(str(value)), quote=True))


def tag(name: str, *children: object, **attributes: object) -> Html:
    """Return an element; children that are not `Html` are escaped, attributes always.

    >>> tag("a", "R & D", href="#top")
    '<a href="#top">R &amp; D</a>'
    """
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{escaped(str(value))}"' for key, value in attributes.items())
    return Html(f"<{name}{said}>{joined(children)}</{name}>")


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Return several pieces as one."""
    return Html(between.join(map(escaped, parts)))


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
