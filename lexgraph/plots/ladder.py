"""What changes between two policies, or two versions of one: a ladder of access levels, then the actions by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from lexgraph.plots.inputs import Compared, catalog_date, level_words, require, wrong
from lexgraph.plots.style import (
    FOOTER,
    LEVELS,
    SIZE,
    SMALL,
    Theme,
    action_label,
    canvas,
    cut,
    drawing,
    footer,
    inches,
    legend,
    legend_shape,
    level_box,
    level_patch,
    line_height,
    new_axes,
    set_alt_text,
    shrink_texts,
    text_width,
    title_block,
    title_height,
    unique_labels,
    widest,
)  # fmt: skip
from lexgraph.policy.model import Policy
from lexgraph.tables.compare import difference_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("action", "level", "side")
SIDES = ("only A", "both", "only B")
RUNG = 0.34  # inches from one level to the next
BAR = 3.05  # inches of the longest bar
MIDDLE = 1.9  # inches between the two sides, where the level's name stands
LISTED = 48  # action names of a side
HEADING, GAP = 0.26, 0.16  # inches above the names, and below them
LINE = line_height(SMALL) * 1.12


@dataclass(frozen=True, slots=True)
class _Side:
    """A side of the ladder: what it is called, its actions on each level, and its action names in the order shown."""

    heading: str
    counts: dict[str, int]
    actions: tuple[tuple[str, str], ...]


def difference(
    data: pd.DataFrame | tuple[Policy, Policy] | Compared,
    ax: Axes | None = None,
    *,
    names: tuple[str, str] | None = None,
    title: str = "",
    style: str | None = None,
    most: int = LISTED,
) -> Axes:
    """Draw which actions only A, only B and both allow, level by level and then by name, and return the Axes.

    Parameters
    ----------
    data : two policies, their comparison, or the table that `difference_table` makes of them.
    ax : where to draw; a figure that fits is made where none is given.
    names : what A and B are called; by default as the policies, or the table's `attrs`, say.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.
    most : how many actions of each side are named; the chart says how many more there are.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [["lex:GetBot", "Read", "both"], ["lex:PutBot", "Write", "only B"]]
    >>> ax = difference(pd.DataFrame(rows, columns=["action", "level", "side"]), names=("v1", "v2"))
    >>> ax.get_title(loc="left")
    'v1 and v2: what each allows'
    """
    table, both = _table(data, names)
    a, b = unique_labels(both)
    sides = _sides(table, a, b)
    with drawing(style, ax) as theme:
        return _draw(ax, theme, sides, title or f"{a} and {b}: what each allows", catalog_date(table), most)


def _table(
    data: pd.DataFrame | tuple[Policy, Policy] | Compared, names: tuple[str, str] | None
) -> tuple[pd.DataFrame, tuple[str, str]]:
    if isinstance(data, pd.DataFrame):
        require(data, COLUMNS)
        a, b = names or (str(data.attrs.get("a", "A")), str(data.attrs.get("b", "B")))
        return data, (a, b)
    pair: Any = (data.a, data.b) if isinstance(data, Compared) else data
    if not isinstance(pair, tuple | list) or [isinstance(one, Policy) for one in pair] != [True, True]:
        raise wrong(data, "two policies, their comparison, or its table")
    first, second = pair
    return difference_table(first, second), names or (first.name, second.name)


def _sides(table: pd.DataFrame, a: str, b: str) -> tuple[_Side, _Side, _Side]:
    levels = level_words(table)
    narrowed = table["narrowed"].fillna(False).astype(bool) if "narrowed" in table else pd.Series(False, table.index)
    headings = dict(zip(SIDES, (f"Only {a}", "Both, granted differently", f"Only {b}"), strict=True))
    found = []
    for side in SIDES:
        here = table["side"] == side
        counts = {level: int((here & (levels == level)).sum()) for level in LEVELS}
        listed = here & narrowed if side == "both" else here
        names = sorted(zip(levels[listed], table["action"][listed], strict=True), key=_strongest_first)
        names = [(level, action_label(action)) for level, action in names]
        found.append(_Side(headings[side], counts, tuple(names)))
    return found[0], found[1], found[2]


def _strongest_first(pair: tuple[str, str]) -> tuple[int, str]:
    level, action = pair
    return (-LEVELS.index(level) if level != "Unknown" else 1), action


def _draw(ax: Axes | None, theme: Theme, sides: tuple[_Side, _Side, _Side], title: str, date: str, most: int) -> Axes:
    levels = [level for level in reversed(LEVELS) if level != "Unknown" or any(s.counts[level] for s in sides)]
    subtitle = _subtitle(sides)
    width = 2 * BAR + MIDDLE + 1.0
    width = max(width, text_width(title, 12, bold=True), text_width(subtitle))
    ladder = 0.36 + RUNG * len(levels) + 0.22
    height = ladder + _lists_height(sides, width, most)
    handles = [level_patch(level) for level in reversed(levels)]
    room = width if ax is None else inches(ax)[0]
    below = 0.24 + legend_shape([str(h.get_label()) for h in handles], room)[1] * 0.19 + 0.14
    if ax is None:
        ax = new_axes(width, height, top=title_height(subtitle), bottom=below + FOOTER)
    scale = canvas(ax, width, height)
    _rungs(ax, theme, sides, levels, width)
    _lists(ax, theme, sides, ladder, width, most)
    shrink_texts(ax, scale)
    bottom = inches(ax)[1]
    title_block(ax, title, subtitle)
    legend(ax, handles, y=bottom + 0.24)
    footer(ax, theme, date, y=bottom + below)
    set_alt_text(ax, _words(title, sides, most))
    return ax


def _subtitle(sides: tuple[_Side, _Side, _Side]) -> str:
    a, both, b = (sum(side.counts.values()) for side in sides)
    text = f"{a:,} action{'s' * (a != 1)} only in the first, {b:,} only in the second, {both:,} in both"
    return f"{text}, {len(sides[1].actions):,} of these granted differently" if sides[1].actions else text


def _rungs(ax: Axes, theme: Theme, sides: tuple[_Side, _Side, _Side], levels: list[str], width: float) -> None:
    first, both, second = sides
    left, right = (width - MIDDLE) / 2, (width + MIDDLE) / 2
    scale = BAR / max(1, *first.counts.values(), *second.counts.values())
    heading: dict[str, Any] = {"va": "top", "weight": "bold", "fontsize": SIZE}
    ax.text(left, 0.02, cut(first.heading, 52), ha="right", **heading)
    ax.text(right, 0.02, cut(second.heading, 52), ha="left", **heading)
    for row, level in enumerate(levels):
        y = 0.36 + RUNG * row
        for side, at, sign in ((first, left, -1), (second, right, 1)):
            count = side.counts[level]
            ax.add_patch(level_box(level, min(at, at + sign * count * scale), y, count * scale, 0.22))
            ink = theme.ink if count else theme.muted
            place = at + sign * (count * scale + 0.07)
            ax.text(place, y + 0.11, f"{count:,}", ha="right" if sign < 0 else "left", va="center", color=ink)
        ax.text(width / 2, y + 0.04, level, ha="center", va="center")
        ax.text(
            width / 2,
            y + 0.19,
            f"{both.counts[level]:,} in both",
            ha="center",
            va="center",
            color=theme.muted,
            fontsize=SMALL,
        )
    for at in (left, right):
        ax.plot([at, at], [0.32, 0.36 + RUNG * len(levels) - 0.06], color=theme.muted, linewidth=0.8)


def _shown(side: _Side, most: int) -> tuple[tuple[tuple[str, str], ...], str]:
    rest = len(side.actions) - most
    return side.actions[:most], f"and {rest:,} more" if rest > 0 else ""


def _used(sides: tuple[_Side, _Side, _Side]) -> list[_Side]:
    """The lists of names: an empty one is told for A and B, not for both."""
    return [side for i, side in enumerate(sides) if i != 1 or side.actions]


def _columns(side: _Side, width: float, most: int) -> tuple[int, int]:
    """How many columns of names fit, and how many lines they take."""
    shown, more = _shown(side, most)
    names = [*(action for _, action in shown), more]
    columns = max(1, int((width + 0.3) / (widest(names, SMALL) + 0.34 + 0.3)))
    lines = -(-(len(shown) + bool(more)) // columns)
    return columns, lines


def _lists_height(sides: tuple[_Side, _Side, _Side], width: float, most: int) -> float:
    return sum(HEADING + _columns(side, width, most)[1] * LINE + GAP for side in _used(sides)) - GAP


def _lists(ax: Axes, theme: Theme, sides: tuple[_Side, _Side, _Side], top: float, width: float, most: int) -> None:
    ax.plot([0, width], [top - 0.12, top - 0.12], color=theme.grid, linewidth=0.8)
    for side in _used(sides):
        shown, more = _shown(side, most)
        columns, lines = _columns(side, width, most)
        ax.text(0, top, f"{side.heading}: {len(side.actions) or 'none'}", va="top", weight="bold")
        for i, (level, action) in enumerate(shown):
            x, y = i // lines * (width + 0.3) / columns, top + HEADING + i % lines * LINE
            ax.add_patch(level_box(level, x, y + 0.02, 0.24, 0.11))
            ax.text(x + 0.32, y + 0.075, action, va="center", fontsize=SMALL)
        if more:
            x, y = len(shown) // lines * (width + 0.3) / columns, top + HEADING + len(shown) % lines * LINE
            ax.text(x + 0.32, y + 0.075, more, va="center", fontsize=SMALL, color=theme.muted)
        top += HEADING + lines * LINE + GAP


def _words(title: str, sides: tuple[_Side, _Side, _Side], most: int) -> str:
    parts = []
    for side in _used(sides):
        shown, more = _shown(side, most)
        names = ", ".join(filter(None, (*(action for _, action in shown), more))) or "none"
        parts.append(f"{side.heading} ({len(side.actions):,}): {names}.")
    return f"{title}. {_subtitle(sides)}. {' '.join(parts)}"
