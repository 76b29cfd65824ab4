"""Boxes in columns, joined by lines: what the network charts and the decision chart are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from lexgraph.plots.layout import Placement, place
from lexgraph.plots.style import (
    FOOTER,
    LEVEL_LOOKS,
    LEVELS,
    SIZE,
    Theme,
    canvas,
    footer,
    inches,
    legend,
    legend_shape,
    level_box,
    level_patch,
    mixed,
    new_axes,
    plain,
    set_alt_text,
    shrink_texts,
    text_width,
    title_block,
    title_height,
    widest,
    wrapped,
)  # fmt: skip

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

Look = Literal["allowed", "conditional", "mixed", "deny", "boundary", "plain"]
# A look is told by its line as well as by its colour.
DASHES: dict[Look, Literal["solid"] | tuple[float, tuple[float, ...]]] = {
    "allowed": "solid",
    "plain": "solid",
    "conditional": (0, (1.0, 1.3)),
    "mixed": (0, (5.0, 1.5, 1.0, 1.5)),
    "boundary": (0, (5.0, 1.5, 1.0, 1.5)),
    "deny": (0, (4.0, 2.0)),
}
ROW, BOX = 0.32, 0.235  # inches: of a row, of the box in it
GAP, MORE = 0.9, 0.012  # inches between columns, for the lines, and more for each line
HEAD = 0.3  # inches of the columns' headings
SWATCH = 0.16


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its text, cut to what is sensible, and the access level and the look that it shows."""

    node: str
    column: int
    text: str
    level: str = ""
    look: Look = "plain"


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a line is drawn, beside what a look has to offer."""

    colour: str
    dashes: Literal["solid"] | tuple[float, tuple[float, ...]]
    width: float


@dataclass(frozen=True, slots=True)
class Link:
    """A line from a box to one in a later column; `actions` makes it wide, 0 is the plain width.

    A `stroke` of its own takes the place of what look, level and actions would make of it.
    """

    start: str
    end: str
    look: Look = "plain"
    level: str = ""
    actions: int = 0
    stroke: Stroke | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be drawn, and what is said about it."""

    headings: tuple[str, ...]
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    title: str
    subtitle: tuple[str, ...]
    words: str
    date: str
    looks: tuple[tuple[Look, str], ...] = ()  # the legend's lines, and what they mean
    strokes: tuple[tuple[Stroke, str], ...] = ()  # the same of lines with strokes of their own


def draw(picture: Picture, ax: Axes | None, theme: Theme) -> Axes:
    """Draw a picture and return its Axes; a figure that fits is made where none is given."""
    columns = [[box.node for box in picture.boxes if box.column == i] for i in range(len(picture.headings))]
    placement = place(columns, [(link.start, link.end) for link in picture.links], row=ROW)
    lefts, widths, width = _columns(picture)
    room = width if ax is None else inches(ax)[0]
    subtitle = "\n".join(wrapped(line, room) for line in picture.subtitle if line)
    height = HEAD + placement.total
    handles = _handles(picture, theme)
    below = 0.18 + legend_shape([str(h.get_label()) for h in handles], room)[1] * 0.19 + 0.14
    if ax is None:
        ax = new_axes(width, height, top=title_height(subtitle), bottom=below + FOOTER)
    scale = canvas(ax, width, height)
    for left, heading in zip(lefts, picture.headings, strict=True):
        ax.text(left, 0.14, heading, va="baseline", color=theme.muted, fontsize=SIZE)
    _links(ax, theme, picture, placement, lefts, widths)
    _boxes(ax, theme, picture, placement, lefts, widths)
    shrink_texts(ax, scale)
    bottom = inches(ax)[1]
    title_block(ax, picture.title, subtitle)
    legend(ax, handles, y=bottom + 0.18)
    footer(ax, theme, picture.date, y=bottom + below)
    set_alt_text(ax, picture.words)
    return ax


def _columns(picture: Picture) -> tuple[list[float], list[float], float]:
    """The left edge and the width of each column, and the width of all."""
    lefts, widths, x, gap = [], [], 0.0, 0.0
    starts = [next(b.column for b in picture.boxes if b.node == link.start) for link in picture.links]
    for i, heading in enumerate(picture.headings):
        texts = [_text(box) for box in picture.boxes if box.column == i]
        swatch = SWATCH if any(box.level for box in picture.boxes if box.column == i) else 0
        lefts.append(x)
        widths.append(max(widest(texts, SIZE - 0.5) + 0.2 + swatch, text_width(heading), 0.6))
        gap = GAP + min(MORE * starts.count(i), 1.2)
        x += widths[-1] + gap
    needed = max(x - gap, text_width(picture.title, 12, bold=True), 5.0)
    if len(widths) > 1:  # what the title needs beyond the boxes goes between the columns
        spare = (needed - (x - gap)) / (len(widths) - 1)
        lefts = [left + i * spare for i, left in enumerate(lefts)]
    return lefts, widths, needed


def _text(box: Box) -> str:
    return plain(box.text)


def _boxes(
    ax: Axes, theme: Theme, picture: Picture, placement: Placement, lefts: list[float], widths: list[float]
) -> None:
    for box in picture.boxes:
        x, y, width = lefts[box.column], HEAD + placement.heights[box.node], widths[box.column]
        deny = box.look == "deny"
        edge = theme.deny if deny else theme.muted
        look: dict[str, Any] = {"edgecolor": edge, "linewidth": 1.3 if deny else 0.7, "linestyle": DASHES[box.look]}
        corner, size = (x + 0.03, y - BOX / 2 + 0.03), (width - 0.06, BOX - 0.06)
        frame = FancyBboxPatch(corner, *size, boxstyle="round,pad=0.03", facecolor=theme.panel, zorder=3, **look)
        frame.set_clip_on(False)
        ax.add_patch(frame)
        swatch = 0.0
        if box.level:
            ax.add_patch(level_box(box.level, x + 0.03, y - BOX / 2 + 0.03, SWATCH - 0.03, BOX - 0.06, zorder=4))
            swatch = SWATCH
        ax.text(x + 0.1 + swatch, y + 0.005, _text(box), va="center_baseline", fontsize=SIZE - 0.5, zorder=5)


def _links(
    ax: Axes, theme: Theme, picture: Picture, placement: Placement, lefts: list[float], widths: list[float]
) -> None:
    columns = {box.node: box.column for box in picture.boxes}
    for link in picture.links:
        start = columns[link.start]
        points: list[tuple[float, float]] = []
        for i, node in enumerate(placement.ways[link.start, link.end], start):
            y = HEAD + placement.heights[node]
            points += [(lefts[i], y), (lefts[i] + widths[i], y)]
        ax.add_patch(_curve(points[1:-1], link, theme))


def _curve(points: list[tuple[float, float]], link: Link, theme: Theme) -> PathPatch:
    """A line through the points: curved between columns, straight past one."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for i in range(0, len(points) - 1, 2):
        (x, y), (to_x, to_y) = points[i], points[i + 1]
        middle = (x + to_x) / 2
        vertices += [(middle, y), (middle, to_y), (to_x, to_y)]
        codes += [Path.CURVE4] * 3
        if i + 2 < len(points):
            vertices.append(points[i + 2])
            codes.append(Path.LINETO)
    stroke = link.stroke or Stroke(_colour(link.look, link.level, theme), DASHES[link.look], line_width(link.actions))
    return PathPatch(
        Path(vertices, codes), facecolor="none", edgecolor=stroke.colour, linewidth=stroke.width,
        linestyle=stroke.dashes, alpha=0.85, capstyle="butt", zorder=2,
    )  # fmt: skip


def line_width(actions: int) -> float:
    """Return the width in points of a line that stands for so many actions.

    >>> [line_width(n) for n in (1, 10, 100)]
    [0.9, 1.8, 2.7]
    """
    return round(0.9 + 0.9 * log10(max(actions, 1)), 2) if actions else 1.2


def _colour(look: Look, level: str, theme: Theme) -> str:
    if look == "deny":
        return theme.deny
    if not level:
        return theme.condition if look in ("conditional", "mixed", "boundary") else theme.muted
    # The level's colour, a little nearer to the ink: lines are thin.
    return mixed(LEVEL_LOOKS[level][0], theme.ink, 0.22)


def _handles(picture: Picture, theme: Theme) -> list[Artist]:
    levels = {box.level for box in picture.boxes}
    handles: list[Artist] = [level_patch(level) for level in LEVELS if level in levels]
    looks = {link.look for link in picture.links} | {box.look for box in picture.boxes}
    levelled = any(link.level for link in picture.links)
    for look, meaning in picture.looks:
        if look in looks:
            colour = theme.muted if levelled else _colour(look, "", theme)
            handles.append(Line2D([], [], color=colour, linestyle=DASHES[look], linewidth=1.6, label=meaning))
    handles += [
        Line2D([], [], color=stroke.colour, linestyle=stroke.dashes, linewidth=stroke.width, label=meaning)
        for stroke, meaning in picture.strokes
    ]
    most = max((link.actions for link in picture.links), default=0)
    for count in (1, 10, 100, 1000):
        if most > 1 and count <= most:
            meaning = "1 action" if count == 1 else f"{count:,}"
            handles.append(Line2D([], [], color=theme.muted, linewidth=line_width(count), label=meaning))
    return handles


def sentences(boxes: Sequence[Box], links: Sequence[Link]) -> str:
    """Return the links in words, for an alternative text."""
    names = {box.node: _text(box) for box in boxes}
    parts = []
    for link in links:
        aside = f" ({link.look})" if link.look not in ("plain", "allowed") else ""
        parts.append(f"{names[link.start]} → {names[link.end]}{aside}")
    return f"{'; '.join(parts)}." if parts else "Nothing is joined."
