"""What each version of a managed policy newly allowed and took away: bars above and below a line, by access level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from lexgraph.plots.inputs import Versioned, catalog_date, level_words, require, wrong
from lexgraph.plots.style import (
    FOOTER,
    LEVELS,
    SIZE,
    SMALL,
    Theme,
    canvas,
    drawing,
    footer,
    inches,
    label,
    legend,
    legend_shape,
    level_box,
    level_patch,
    new_axes,
    set_alt_text,
    shrink_texts,
    text_width,
    title_block,
    title_height,
)  # fmt: skip
from lexgraph.tables.changes import timeline_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("policy_version", "date", "direction", "what", "level", "actions")
LAST = 40  # versions that are shown
STEP, BAR = 0.62, 0.36  # inches from version to version, and of a bar
HALF = 1.7  # inches of the tallest bar
LEAST = 0.05  # inches of a bar that is not empty
AXIS = 0.44  # inches between the two directions, where the versions stand
TINY = 6.3  # points, of a date
LEFT = 0.95  # inches for the words at the left


@dataclass(frozen=True, slots=True)
class _Version:
    """A version: its date, and per direction the number of actions of each level; `quiet` where no action is new."""

    name: str
    date: str
    granted: dict[str, int]
    taken: dict[str, int]
    quiet: bool


def timeline(
    data: pd.DataFrame | str | Versioned,
    ax: Axes | None = None,
    *,
    title: str = "",
    style: str | None = None,
    last: int = LAST,
) -> Axes:
    """Draw what the versions of a managed policy newly allowed (up) and took away (down), and return the Axes.

    A version whose changes are all of resources and conditions is marked with a circle.

    Parameters
    ----------
    data : the name of a managed policy, its history, or the table that `timeline_table` makes of it.
    ax : where to draw; a figure that fits is made where none is given.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.
    last : how many versions are shown, the latest; the chart says how many earlier ones there are.

    Examples
    --------
    >>> ax = timeline("AmazonLexReadOnly")
    >>> ax.get_title(loc="left")
    'AmazonLexReadOnly: what its versions granted and took away'
    """
    table = _table(data)
    versions = _versions(table)
    name = label(str(table.attrs.get("name", "Policy")))
    with drawing(style, ax) as theme:
        title = title or f"{name}: what its versions granted and took away"
        earlier = max(0, len(versions) - last)
        return _draw(ax, theme, versions[earlier:], _count(table, len(versions), earlier), title, catalog_date(table))


def _table(data: pd.DataFrame | str | Versioned) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        require(data, COLUMNS)
        return data
    if isinstance(data, str):
        return timeline_table(data)
    if isinstance(data, Versioned):
        return timeline_table(data.name)
    raise wrong(data, "the history of a managed policy, its name, or its table")


def _count(table: pd.DataFrame, known: int, earlier: int) -> str:
    """How many versions there are, in words."""
    gaps = "" if table.attrs.get("complete", True) else " known"
    return f"the last {known - earlier} of {known}{gaps} versions" if earlier else f"{known}{gaps} versions"


def _versions(table: pd.DataFrame) -> list[_Version]:
    dated = zip(table["policy_version"], table["date"], strict=True)
    listed = table.attrs.get("versions") or list(dict.fromkeys(dated))
    levels = level_words(table)
    found = []
    for version, date in listed:
        mine = table["policy_version"] == version
        sides = []
        for direction in ("granted", "taken away"):
            here = mine & (table["direction"] == direction)
            sides.append({one: int(table.loc[here & (levels == one), "actions"].sum()) for one in LEVELS})
        quiet = bool(mine.any()) and not bool((table.loc[mine, "what"] == "action").any())
        known = str(date)[:10] if isinstance(date, str) else ""
        found.append(_Version(str(version), known, sides[0], sides[1], quiet))
    return found


def _draw(ax: Axes | None, theme: Theme, versions: Sequence[_Version], count: str, title: str, date: str) -> Axes:
    used = [one for one in LEVELS if any(v.granted[one] or v.taken[one] for v in versions)]
    handles = [level_patch(one) for one in used]
    subtitle = _subtitle(versions, count)
    width = max(LEFT + STEP * max(1, len(versions)), text_width(title, 12, bold=True), text_width(subtitle))
    up, down = (max((sum(side.values()) for side in sides), default=0) for sides in _sides(versions))
    scale = HALF / max(1, up, down)
    top = max(up * scale, 0.2) + 0.25
    height = top + AXIS + max(down * scale, 0.2) + 0.25
    room = width if ax is None else inches(ax)[0]
    below = 0.2 + (legend_shape([str(h.get_label()) for h in handles], room)[1] * 0.19 if handles else 0) + 0.14
    if ax is None:
        ax = new_axes(width, height, top=title_height(subtitle), bottom=below + FOOTER)
    shrunk = canvas(ax, width, height)
    _axis(ax, theme, width, top)
    for place, version in enumerate(versions):
        _bars(ax, theme, version, LEFT + STEP * (place + 0.5), (top, scale), used)
    _names(ax, theme, versions, top + AXIS / 2)
    shrink_texts(ax, shrunk)
    bottom = inches(ax)[1]
    title_block(ax, title, subtitle)
    legend(ax, handles, y=bottom + 0.2)
    footer(ax, theme, date, y=bottom + below)
    set_alt_text(ax, _words(title, versions))
    return ax


def _sides(versions: Sequence[_Version]) -> tuple[list[dict[str, int]], list[dict[str, int]]]:
    return [one.granted for one in versions], [one.taken for one in versions]


def _axis(ax: Axes, theme: Theme, width: float, top: float) -> None:
    for y in (top, top + AXIS):
        ax.plot([LEFT, width], [y, y], color=theme.muted, linewidth=0.8)
    for text, y in (("granted", top - 0.12), ("taken away", top + AXIS + 0.12)):
        ax.text(0, y, text, va="center", color=theme.muted, fontsize=SIZE)


def _names(ax: Axes, theme: Theme, versions: Sequence[_Version], y: float) -> None:
    """The versions between the two lines, with their dates below where any is known."""
    dated = any(one.date for one in versions)
    for place, version in enumerate(versions):
        x = LEFT + STEP * (place + 0.5)
        ax.text(x, y - (0.08 if dated else 0), version.name, ha="center", va="center", weight="bold")
        if version.date:
            ax.text(x, y + 0.1, version.date, ha="center", va="center", fontsize=TINY, color=theme.muted)


def _bars(ax: Axes, theme: Theme, version: _Version, x: float, place: tuple[float, float], used: Sequence[str]) -> None:
    top, scale = place
    for counts, start, sign in ((version.granted, top, -1), (version.taken, top + AXIS, 1)):
        y = start
        for level in used:
            if counts[level]:
                tall = max(LEAST, counts[level] * scale)
                ax.add_patch(level_box(level, x - BAR / 2, min(y, y + sign * tall), BAR, tall))
                y += sign * tall
        if total := sum(counts.values()):
            mark = " ○" if version.quiet else ""
            ink = theme.ink
            ax.text(x, y + sign * 0.1, f"{total:,}{mark}", ha="center", va="center", fontsize=SMALL, color=ink)


def _subtitle(versions: Sequence[_Version], count: str) -> str:
    quiet = sum(v.quiet for v in versions)
    text = f"{count}; number of actions newly allowed, or no longer, for at least one request"
    return f"{text}\n○ {quiet} changed only resources or conditions" if quiet else text


def _words(title: str, versions: Sequence[_Version]) -> str:
    parts = []
    for v in versions:
        granted, taken = sum(v.granted.values()), sum(v.taken.values())
        if granted or taken:
            parts.append(
                f"{v.name}: {granted:,} granted, {taken:,} taken away{', by resource or condition' if v.quiet else ''}"
            )
    return f"{title}. {'; '.join(parts) or 'no version changed anything'}."
