"""How strong each policy is: a heatmap of policies and access levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, LogNorm

from lexgraph.plots.inputs import Source, catalog_date, level_words, table_of
from lexgraph.plots.style import (
    EDGE,
    FOOTER,
    LEVELS,
    SIZE,
    SMALL,
    Theme,
    drawing,
    footer,
    inches,
    new_axes,
    note,
    readable_on,
    refuse,
    set_alt_text,
    title_block,
    title_height,
    unique_labels,
    widest,
)  # fmt: skip
from lexgraph.tables.compare import access_levels_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POLICIES = 80
CELL = (0.98, 0.28)  # inches
HEAD = 0.42  # inches of the column labels
SCALE = 0.62  # inches of the colour scale below
TITLE = "Actions that each policy allows, by access level"


def access_levels(data: Source, ax: Axes | None = None, *, title: str = TITLE, style: str | None = None) -> Axes:
    """Draw how many actions each policy allows on each access level, and return the Axes.

    Parameters
    ----------
    data : policies, or the table that `access_levels_table` makes of them.
    ax : where to draw; a figure that fits is made where none is given.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.

    Raises
    ------
    LexgraphError
        With the code ``TOO_LARGE_TO_DRAW`` for more than 80 policies.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["look", "look", "List", 3], ["look", "look", "Read", 7]]
    >>> ax = access_levels(pd.DataFrame(rows, columns=["policy", "name", "level", "actions"]))
    >>> [text.get_text() for text in ax.texts][:2]
    ['3', '7']
    """
    table = table_of(data, access_levels_table, ("policy", "name", "level", "actions"))
    counts = _counts(table)
    if len(counts) > MOST_POLICIES:
        remedy = "choose some of them, or draw one page after another"
        raise refuse("policies", len(counts), MOST_POLICIES, remedy)
    names = unique_labels([str(name) for name in counts["name"]], 60)
    with drawing(style, ax) as theme:
        return _draw(ax, theme, names, counts.drop(columns="name"), title, catalog_date(table))


def _counts(table: pd.DataFrame) -> pd.DataFrame:
    """One row a policy, in the table's order: its name, and the number of actions on each level."""
    order = table.drop_duplicates("policy").set_index("policy")["name"]
    levels = level_words(table)
    amounts = table["actions"].fillna(0).astype("int64")
    wide = pd.crosstab(table["policy"], levels, values=amounts, aggfunc="sum")
    shown = [level for level in LEVELS if level != "Unknown" or level in wide]
    wide = wide.reindex(index=order.index, columns=shown).fillna(0).astype("int64")
    wide.insert(0, "name", order)
    return wide


def _draw(ax: Axes | None, theme: Theme, names: list[str], counts: pd.DataFrame, title: str, date: str) -> Axes:
    rows, columns = counts.shape
    left = max(widest(names) + 0.12, 0.6)
    head = HEAD + title_height("")
    size = (CELL[0] * columns, CELL[1] * max(rows, 1))
    if ax is None:
        ax = new_axes(*size, left=left + EDGE, top=head, bottom=SCALE + FOOTER, right=EDGE + 0.1)
    _cells(ax, theme, counts)
    _tick_labels(ax, names, [str(level).replace("management", "\nmanagement").replace(" \n", "\n") for level in counts])
    title_block(ax, title, "", left=left, gap=HEAD + 0.06)
    bottom = inches(ax)[1]
    footer(ax, theme, date, y=bottom + SCALE, left=left)
    set_alt_text(ax, _words(title, names, counts))
    return ax


def _cells(ax: Axes, theme: Theme, counts: pd.DataFrame) -> None:
    values = counts.to_numpy()
    ramp = LinearSegmentedColormap.from_list("lexgraph", theme.ramp)
    norm = LogNorm(1, max(10, int(values.max(initial=0))))
    mesh = ax.pcolormesh(
        np.ma.masked_less(values, 1), cmap=ramp, norm=norm, edgecolors=theme.paper, linewidth=1.5
    )  # fmt: skip
    for (row, column), value in np.ndenumerate(values):
        ink = readable_on(ramp(norm(value))) if value else theme.muted
        ax.text(column + 0.5, row + 0.5, f"{value:,}", ha="center", va="center", color=ink, fontsize=SIZE)
    ax.set(xlim=(0, values.shape[1]), ylim=(max(len(values), 1), 0))
    ax.spines[:].set_visible(False)
    if values.any():
        _scale(ax, theme, mesh)
    else:
        note(ax, "No policy allows any action.", 0.1, 0.06, color=theme.muted)


def _scale(ax: Axes, theme: Theme, mesh: Any) -> None:
    """The colour scale, two inches wide, below the cells."""
    width, height = inches(ax)
    inset = ax.inset_axes((0, -0.24 / height, min(2.0 / width, 1), 0.11 / height))
    bar = inset.figure.colorbar(mesh, cax=inset, orientation="horizontal")
    bar.outline.set_visible(False)
    ticks = [tick for tick in (1, 10, 100, 1_000, 10_000, 100_000) if tick <= mesh.norm.vmax]
    bar.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.ax.tick_params(length=2, labelsize=SMALL, labelcolor=theme.muted)
    note(ax, "actions (log scale)", min(2.0, width) + 0.15, height + 0.1, color=theme.muted, fontsize=SMALL)


def _tick_labels(ax: Axes, names: list[str], levels: list[str]) -> None:
    ax.set_yticks(np.arange(len(names)) + 0.5, names)
    ax.set_xticks(np.arange(len(levels)) + 0.5, levels)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for text in (*ax.get_yticklabels(), *ax.get_xticklabels()):
        text.set_parse_math(False)


def _words(title: str, names: list[str], counts: pd.DataFrame) -> str:
    rows = []
    for name, (_, row) in zip(names, counts.iterrows(), strict=True):
        rows.append(f"{name}: {', '.join(f'{level} {count:,}' for level, count in row.items())}.")
    return f"Heatmap. {title}. {' '.join(rows) or 'There is no policy.'}"
