"""Which actions are shared by which policies: an UpSet chart, in place of a Venn diagram that nobody could read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from lexgraph.errors import LexgraphError
from lexgraph.plots.inputs import Source, catalog_date, level_words, table_of
from lexgraph.plots.style import (
    EDGE,
    FOOTER,
    LEVELS,
    SMALL,
    Theme,
    drawing,
    figure_of,
    footer,
    level_box,
    level_patch,
    note,
    refuse,
    set_alt_text,
    text_width,
    title_block,
    title_height,
    unique_labels,
    widest,
)  # fmt: skip
from lexgraph.tables.compare import action_sets_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POLICIES = 12
MOST_BARS = 30
FACTS = ("action", "level", "generation")
TITLE = "Actions that these policies share"
COLUMN, ROW = 0.36, 0.28  # inches
BARS, SIZES = 2.3, 1.3  # inches, the height of the upper bars and the width of the left ones


@dataclass(frozen=True, slots=True)
class _Bar:
    """The actions that exactly these policies allow; `members` is empty for the bar that holds the rest."""

    members: tuple[int, ...]
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def overlap(data: Source, *, title: str = TITLE, style: str | None = None, most: int = MOST_BARS) -> Figure:
    """Draw how many actions exactly which policies allow, and return the Figure (it has three Axes).

    Parameters
    ----------
    data : policies, or the table that `action_sets_table` makes of them.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.
    most : the number of bars; smaller combinations are counted together in a last one.

    Raises
    ------
    LexgraphError
        With the code ``TOO_LARGE_TO_DRAW`` for more than 12 policies.

    Examples
    --------
    >>> import pandas as pd
    >>> columns = ["action", "level", "generation", "look", "edit"]
    >>> rows = [["lex:GetBot", "Read", "V1", True, True], ["lex:PutBot", "Write", "V1", False, True]]
    >>> from lexgraph.plots import alt_text
    >>> alt_text(overlap(pd.DataFrame(rows, columns=columns)))
    'Actions that these policies share. edit: 1; look and edit: 1.'
    """
    table = table_of(data, action_sets_table, FACTS)
    policies = [str(column) for column in table.columns if column not in FACTS]
    if len(policies) > MOST_POLICIES:
        raise refuse(
            "policies", len(policies), MOST_POLICIES, "choose some of them; overlap_table compares all by pairs"
        )
    if not policies:
        raise LexgraphError("there is no policy whose actions could be drawn", code="NOTHING_TO_DRAW")
    bars = _bars(table, policies)
    kept, rest = bars[: min(most, MOST_BARS)], bars[min(most, MOST_BARS) :]
    if rest:
        kept.append(_Bar((), {level: sum(bar.counts[level] for bar in rest) for level in LEVELS}))
    with drawing(style) as theme:
        return _draw(theme, unique_labels(policies), table, kept, len(rest), title)


def _bars(table: pd.DataFrame, policies: list[str]) -> list[_Bar]:
    """The combinations that occur, the largest first."""
    found: dict[tuple[int, ...], dict[str, int]] = {}
    held = table[policies].fillna(False).to_numpy(dtype=bool)
    levels = level_words(table)
    for row, level in zip(held, levels, strict=True):
        members = tuple(int(i) for i in row.nonzero()[0])
        if members:
            counts = found.setdefault(members, dict.fromkeys(LEVELS, 0))
            counts[level if level in counts else "Unknown"] += 1
    bars = [_Bar(members, counts) for members, counts in found.items()]
    return sorted(bars, key=lambda bar: (-bar.total, len(bar.members), bar.members))


def _draw(theme: Theme, names: list[str], table: pd.DataFrame, bars: list[_Bar], rest: int, title: str) -> Figure:
    subtitle = _subtitle(bars, rest)
    label_width = widest(names) + 0.4
    # As wide as the title at least, so that neither is cut.
    width = max(COLUMN * max(len(bars), 1), widest([title], 12, bold=True) - label_width - SIZES, 1.2)
    width = max(width, text_width(subtitle) - label_width - SIZES)
    left, height = EDGE + 0.3 + SIZES + label_width, ROW * len(names)
    top, bottom = title_height(subtitle), FOOTER + 0.32
    upper, matrix, sizes = _three_axes(left, width, height, label_width, top, bottom)
    _upper(upper, theme, bars, width)
    _matrix(matrix, theme, names, bars, width)
    _sizes(sizes, theme, table, names)
    shift = left - EDGE
    title_block(upper, title, subtitle, left=shift)
    _key(upper, table, shift)
    footer(matrix, theme, catalog_date(table), y=height + 0.32, left=shift)
    figure = figure_of(upper)
    set_alt_text(figure, _words(title, names, bars))
    return figure


def _subtitle(bars: list[_Bar], rest: int) -> str:
    total = sum(bar.total for bar in bars)
    text = f"{total:,} actions; each bar counts those that exactly the marked policies allow"
    return f"{text}; the last bar holds {rest:,} smaller combinations" if rest else text


def _three_axes(
    left: float, width: float, height: float, label_width: float, top: float, bottom: float
) -> tuple[Axes, Axes, Axes]:
    """The axes of the bars, of the matrix below them, and of the sizes to the left of that."""
    # Not through pyplot: a notebook would show a figure that is returned twice.
    import matplotlib.pyplot as plt

    gap = 0.1
    whole = (left + width + EDGE, top + BARS + gap + height + bottom)
    figure = plt.figure(figsize=whole)
    plt.close(figure)

    def place(x: float, y: float, w: float, h: float) -> Axes:
        return figure.add_axes((x / whole[0], y / whole[1], w / whole[0], h / whole[1]))

    return (
        place(left, bottom + height + gap, width, BARS),
        place(left, bottom, width, height),
        place(left - label_width - SIZES, bottom, SIZES, height),
    )


def _upper(ax: Axes, theme: Theme, bars: list[_Bar], width: float) -> None:
    highest = max((bar.total for bar in bars), default=1)
    for x, bar in enumerate(bars):
        base = 0
        for level in LEVELS:
            if count := bar.counts[level]:
                ax.add_patch(level_box(level, x + 0.2, base, 0.6, count))
                base += count
        clear = {"facecolor": theme.paper, "edgecolor": "none", "pad": 0.8}  # of the grid's lines
        ax.text(x + 0.5, base + highest * 0.02, f"{base:,}", ha="center", va="bottom", fontsize=SMALL, bbox=clear)
    ax.set(xlim=(0, max(width / COLUMN, 1)), ylim=(0, highest * 1.1), xticks=[])
    ax.set_ylabel("actions", color=theme.muted)
    ax.yaxis.get_major_locator().set_params(integer=True, nbins=5)  # type: ignore[call-arg]  # AutoLocator is a MaxNLocator
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", color=theme.grid, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0, labelcolor=theme.muted, labelsize=SMALL)


def _matrix(ax: Axes, theme: Theme, names: list[str], bars: list[_Bar], width: float) -> None:
    columns = max(width / COLUMN, 1)
    for row in range(0, len(names), 2):
        ax.axhspan(row, row + 1, color=theme.panel, zorder=0, linewidth=0)
    for x, bar in enumerate(bars):
        if not bar.members:
            ax.text(
                x + 0.5,
                len(names) / 2,
                "other",
                rotation=90,
                ha="center",
                va="center",
                color=theme.muted,
                fontsize=SMALL,
            )
            continue
        empty = [row for row in range(len(names)) if row not in bar.members]
        ax.scatter([x + 0.5] * len(empty), [row + 0.5 for row in empty], s=26, color=theme.grid, linewidths=0)
        ax.plot([x + 0.5] * 2, [bar.members[0] + 0.5, bar.members[-1] + 0.5], color=theme.ink, linewidth=1.6)
        ax.scatter([x + 0.5] * len(bar.members), [row + 0.5 for row in bar.members], s=34, color=theme.ink, zorder=3)
    ax.set(xlim=(0, columns), ylim=(len(names), 0), xticks=[])
    ax.set_yticks([row + 0.5 for row in range(len(names))], names)
    ax.tick_params(length=0, pad=8)
    ax.spines[:].set_visible(False)
    for text in ax.get_yticklabels():
        text.set_parse_math(False)


def _sizes(ax: Axes, theme: Theme, table: pd.DataFrame, names: list[str]) -> None:
    columns = [column for column in table.columns if column not in FACTS]
    totals = [int(table[column].fillna(False).sum()) for column in columns]
    largest = max(totals, default=1) or 1
    for row, total in enumerate(totals):
        ax.barh(row + 0.5, total, height=0.56, color=theme.muted, linewidth=0)
        ax.text(total + largest * 0.04, row + 0.5, f"{total:,}", ha="right", va="center", fontsize=SMALL)
    # Room for the number beside the longest bar; the bars grow leftwards.
    ax.set(xlim=(largest * 1.42, 0), ylim=(len(names), 0), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    note(ax, "actions of each policy", SIZES, ROW * len(names) + 0.06, ha="right", color=theme.muted, fontsize=SMALL)


def _key(ax: Axes, table: pd.DataFrame, shift: float) -> None:
    """The legend of the levels, in the free corner above the sizes."""
    levels = level_words(table)
    shown = [level for level in LEVELS if level != "Unknown" or (levels == level).any()]
    handles = [level_patch(level) for level in reversed(shown)]
    width = ax.get_position().width * figure_of(ax).get_size_inches()[0]
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(-shift / width, 1), borderaxespad=0, borderpad=0,
        handlelength=2.2, handleheight=1.0, labelspacing=0.55, title="Access level", alignment="left",
    )  # fmt: skip


def _words(title: str, names: list[str], bars: list[_Bar]) -> str:
    parts = []
    for bar in bars:
        who = " and ".join(names[i] for i in bar.members) or "other combinations"
        parts.append(f"{who}: {bar.total:,}")
    return f"{title}. {'; '.join(parts) or 'No policy allows any action'}."
