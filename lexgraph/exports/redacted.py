"""Tables, graphs and charts with placeholders for ids; the things themselves stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager as Context
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import networkx as nx
import pandas as pd
from matplotlib.text import Text
from matplotlib.ticker import Formatter

from lexgraph.exports.redaction import Redactor


def redacted(kind: str, thing: Any, redactor: Redactor) -> Context[Any]:
    """Give a table, a graph or a chart with placeholders; a chart is what it was again afterwards."""
    if kind == "chart":
        return redacted_chart(thing, redactor)
    return nullcontext(redacted_table(thing, redactor) if kind == "table" else redacted_graph(thing, redactor))


# Tables --------------------------------------------------------------------------------------------------------------


def redacted_table(table: pd.DataFrame, redactor: Redactor) -> pd.DataFrame:
    """Return a table with placeholders in its cells, its index and the names of its columns; the types stay."""
    _learn_table(table, redactor)
    made = table.copy(deep=False)
    for at, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            made.isetitem(at, _column(table.iloc[:, at], redactor))  # type: ignore[arg-type]  # the stub leaves out Series
    made.index = _index(table.index, redactor)
    made.columns = _index(table.columns, redactor)
    made.attrs = redactor.value(dict(table.attrs))
    return made


def _learn_table(table: pd.DataFrame, redactor: Redactor) -> None:
    for at, dtype in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(dtype):
            for text in _texts(table.iloc[:, at]):
                redactor.learn_text(text)
    if {"key", "value"} <= set(table.columns):
        for key, value in table[["key", "value"]].dropna().drop_duplicates().itertuples(index=False):
            redactor.learn(str(key), str(value))


def _texts(column: pd.Series[Any]) -> Iterator[str]:
    values = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column.dropna()
    # As texts, since an object's cells may be lists, which no set takes.
    yield from dict.fromkeys(map(str, values))


def _column(column: pd.Series[Any], redactor: Redactor) -> pd.Series[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        old = column.cat.categories
        new = [redactor.value(value) for value in old]
        if len(set(new)) == len(new):
            return column.cat.rename_categories(dict(zip(old, new, strict=True)))
        column = column.astype(old.dtype)
    changed = column.map(redactor.value, na_action="ignore")
    return changed.astype(column.dtype) if str(column.dtype) in ("str", "string") else changed


def _index(index: pd.Index[Any], redactor: Redactor) -> pd.Index[Any]:
    if isinstance(index, pd.RangeIndex):
        return index
    made = index.map(redactor.value)
    return made.set_names([redactor.value(name) for name in index.names])


# Graphs --------------------------------------------------------------------------------------------------------------


def redacted_graph(graph: nx.Graph[Any], redactor: Redactor) -> nx.Graph[Any]:
    """Return a graph with placeholders in its nodes and all attributes."""
    parts = (graph.graph, *(values for _, values in graph.nodes(data=True)))
    for values in (*parts, *(values for *_, values in graph.edges(data=True))):
        for value in values.values():
            redactor.learn_text(str(value))
    made = graph.__class__(**redactor.value(graph.graph))
    made.add_nodes_from((redactor.value(node), redactor.value(values)) for node, values in graph.nodes(data=True))
    edges: Any = graph.edges  # of a multigraph, with keys
    edges = edges(keys=True, data=True) if graph.is_multigraph() else edges(data=True)
    made.add_edges_from((*map(redactor.value, ends), redactor.value(values)) for *ends, values in edges)
    return made


# Charts --------------------------------------------------------------------------------------------------------------


class _Masked(Formatter):
    """Labels of an axis with placeholders."""

    def __init__(self, inner: Formatter, redactor: Redactor) -> None:
        self.inner = inner
        self.redactor = redactor

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.redactor.text(self.inner(x, pos))

    def format_ticks(self, values: Any) -> list[str]:
        return [self.redactor.text(text) for text in self.inner.format_ticks(values)]

    def get_offset(self) -> str:
        return self.redactor.text(self.inner.get_offset())


@contextmanager
def redacted_chart(chart: Any, redactor: Redactor) -> Iterator[Any]:
    """Give a chart with placeholders in its texts, until the context ends."""
    undo = redact_chart(chart, redactor)
    try:
        yield chart
    finally:
        for change in reversed(undo):
            change()


def redact_chart(chart: Any, redactor: Redactor) -> list[Callable[[], object]]:
    """Put placeholders into a chart's texts, and return what undoes that."""
    figure = chart.get_figure(root=True) if hasattr(chart, "transAxes") else chart
    artists = figure.findobj()
    for artist in artists:
        if isinstance(artist, Text):
            redactor.learn_text(artist.get_text().replace("\n", " "))
    undo: list[Callable[[], object]] = []
    for artist in artists:
        names = ("text", "gid", "url") if isinstance(artist, Text) else ("gid", "url")
        for name in names:
            _change(artist, name, redactor, undo)
        if words := getattr(artist, "lexgraph_alt_text", None):
            _set(artist, "lexgraph_alt_text", redactor.text(words), undo)
    for ax in figure.axes:
        for ticker in (t for axis in (ax.xaxis, ax.yaxis) for t in (axis.major, axis.minor)):
            _set(ticker, "formatter", _Masked(ticker.formatter, redactor), undo)
    return undo


def _set(owner: Any, name: str, value: Any, undo: list[Callable[[], object]]) -> None:
    undo.append(partial(setattr, owner, name, getattr(owner, name)))
    setattr(owner, name, value)


def _change(artist: Any, name: str, redactor: Redactor, undo: list[Callable[[], object]]) -> None:
    old = getattr(artist, f"get_{name}")()
    if isinstance(old, str) and (new := redactor.text(old)) != old:
        write = getattr(artist, f"set_{name}")
        write(new)
        undo.append(partial(write, old))
