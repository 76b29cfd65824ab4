"""What every chart shares: two styles, colours with hatches, labels, the catalogue's date, an alternative text.

Charts are laid out in inches, from the measured width of their texts, so that nothing overlaps and nothing is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.style
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Patch, Rectangle
from matplotlib.textpath import text_to_path

from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.arn import short_name

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

FONT = "DejaVu Sans"
SIZE = 9.0  # points, of the text in a chart
SMALL = 7.5
HINTED = 1.06  # by how much a raster at 100 dpi may widen a text
EDGE = 0.2  # inches, the empty edge of a figure
ALT_LIMIT = 1200  # characters of an alternative text


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a style: `ink` on `paper`, `muted` for what is said in passing, `panel` for boxes."""

    name: str
    paper: str
    panel: str
    ink: str
    muted: str
    grid: str
    hatch: str
    deny: str
    condition: str
    ramp: tuple[str, ...]


LIGHT = Theme(
    "lexgraph", "#ffffff", "#f6f7f9", "#1b1f24", "#5b636d", "#d9dde2", "#1b1f24", "#b84a00", "#8a6100",
    ("#e3f0f9", "#8cc4e8", "#0072b2", "#00304b"),
)  # fmt: skip
DARK = Theme(
    "lexgraph-dark", "#14181d", "#1f252c", "#e8ebee", "#a3adb8", "#3a434d", "#14181d", "#ff9a57", "#f0c24b",
    ("#17354a", "#0072b2", "#56b4e9", "#d5edfb"),
)  # fmt: skip
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

# Okabe and Ito's colours, which people with any colour vision tell apart; the hatch says the same once more.
LEVEL_LOOKS = {
    "List": ("#56B4E9", ""),
    "Read": ("#0072B2", "//"),
    "Tagging": ("#F0E442", ".."),
    "Write": ("#E69F00", "\\\\"),
    "Permissions management": ("#D55E00", "xx"),
    "Unknown": ("#999999", "++"),
}
LEVELS = tuple(LEVEL_LOOKS)


def _rc(theme: Theme) -> dict[str, Any]:
    ink = (
        "text.color", "axes.labelcolor", "axes.titlecolor", "xtick.labelcolor", "ytick.labelcolor", "legend.labelcolor",
    )  # fmt: skip
    return {
        **dict.fromkeys(ink, theme.ink),
        **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), theme.paper),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), theme.grid),
        **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
        **dict.fromkeys(("text.parse_math", "text.usetex", "axes.formatter.use_mathtext"), False),
        **dict.fromkeys(("legend.fontsize", "xtick.labelsize", "ytick.labelsize"), SIZE),
        "font.family": [FONT],
        "font.size": SIZE,
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "hatch.linewidth": 0.7,
        "figure.dpi": 100,
        "savefig.dpi": 100,
    }


def register_styles() -> None:
    """Make ``lexgraph`` and ``lexgraph-dark`` known to `matplotlib.style.use`."""
    for theme in THEMES.values():
        matplotlib.style.library[theme.name] = mpl.RcParams(_rc(theme))
    matplotlib.style.available[:] = sorted({*matplotlib.style.available, *THEMES})


register_styles()


@contextmanager
def drawing(style: str | None, ax: Axes | None = None) -> Iterator[Theme]:
    """Draw in a style, and leave matplotlib's settings as they were; None suits the style to the paper."""
    if style is None:
        paper = mpl.rcParams["figure.facecolor"] if ax is None else ax.get_facecolor()
        style = DARK.name if luminance(paper) < 0.4 else LIGHT.name
    if style not in THEMES:
        raise LexgraphError(
            f"a chart's style is {' or '.join(map(shown, THEMES))}, not {shown(style)}", code="UNKNOWN_STYLE"
        )
    with matplotlib.style.context(["default", style]):
        yield THEMES[style]


def luminance(colour: Any) -> float:
    """Return how light a colour is, from 0 to 1."""
    red, green, blue = to_rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable_on(colour: Any) -> str:
    """Return the ink, black or white, that reads better on a colour.

    >>> readable_on("#F0E442"), readable_on("#0072B2")
    ('#000000', '#ffffff')
    """
    # Where the contrast of both is equal, by WCAG's formula with linear channels.
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if light > 0.179 else "#ffffff"


# Texts --------------------------------------------------------------------------------------------------------------


def label(text: str, limit: int = 44) -> str:
    """Return a text as charts show it: a short name for an ARN, control characters as code points, cut in its middle.

    >>> label("arn:aws:iam::aws:policy/AmazonLexReadOnly"), label("a" + chr(0x202E) + "b")
    ('AmazonLexReadOnly', 'a\\\\u202eb')
    """
    short = short_name(text) if text.startswith("arn:") else text
    if text.startswith("arn:") and short.startswith("policy/"):
        short = short.removeprefix("policy/")
    return cut(plain(short), limit)


def action_label(action: str, limit: int = 44) -> str:
    """Return an action with the generation of Amazon Lex that it belongs to, where it is one of Lex's.

    >>> action_label("lex:PostText"), action_label("s3:GetObject")
    ('lex:PostText (V1)', 's3:GetObject')
    """
    facts = catalog().action(action)
    generation = facts.generation if facts else None
    return label(action, limit) + (f" ({generation})" if generation else "")


def plain(text: str) -> str:
    """Return a text with control characters, and what the font may lack, as code points."""
    return shown(text)[1:-1]


def cut(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters; what is left out is in the middle."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 3
    return f"{text[: limit - 1 - tail]}…{text[-tail:]}"


def unique_labels(texts: Sequence[str], limit: int = 44) -> list[str]:
    """Return a label for each text; where two would look alike, they are numbered."""
    short = [label(text, limit) for text in texts]
    alike = {name for name in short if short.count(name) > 1}
    seen: dict[str, int] = {}
    found = []
    for name in short:
        seen[name] = seen.get(name, 0) + 1
        found.append(f"{name} ({seen[name]})" if name in alike else name)
    return found


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Return the width of a text in inches; of several lines the widest."""
    prop = FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
    lines = text.split("\n")
    return max(text_to_path.get_text_width_height_descent(line, prop, ismath=False)[0] for line in lines) / 72 * HINTED


def widest(texts: Iterable[str], size: float = SIZE, *, bold: bool = False) -> float:
    """Return the width in inches of the widest text."""
    return max((text_width(text, size, bold=bold) for text in texts), default=0.0)


def wrapped(text: str, width: float, size: float = SIZE) -> str:
    """Return a text broken into lines of at most `width` inches, at spaces where that is possible."""
    lines: list[str] = []
    for word in text.split(" "):
        while text_width(word, size) > width and len(word) > 1:
            fits = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or text_width(word[:n], size) <= width)
            lines.append(word[:fits])
            word = word[fits:]
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return "\n".join(lines)


# Figures ------------------------------------------------------------------------------------------------------------


def new_axes(
    width: float, height: float, *, left: float = EDGE, right: float = EDGE, top: float, bottom: float
) -> Axes:
    """Return the Axes, `width` × `height` inches, of a new figure with these margins."""
    import matplotlib.pyplot as plt

    whole_width, whole_height = width + left + right, height + top + bottom
    figure = plt.figure(figsize=(whole_width, whole_height))
    return figure.add_axes((left / whole_width, bottom / whole_height, width / whole_width, height / whole_height))


def inches(ax: Axes) -> tuple[float, float]:
    """Return the width and height of an Axes in inches."""
    box = ax.get_position()
    width, height = figure_of(ax).get_size_inches()
    return float(box.width * width), float(box.height * height)


def canvas(ax: Axes, width: float, height: float) -> float:
    """Make the units of an Axes inches of a drawing, y downwards; return its scale, 1 or less."""
    own_width, own_height = inches(ax)
    scale = min(1.0, own_width / width, own_height / height) if width and height else 1.0
    scale = 1.0 if scale > 0.999 else scale
    ax.set(xlim=(0, own_width / scale), ylim=(own_height / scale, 0))
    ax.set_axis_off()
    return scale


def shrink_texts(ax: Axes, scale: float) -> None:
    """Make the texts that are in an Axes as small as the drawing that they are part of."""
    for text in ax.texts if scale < 1 else ():
        text.set_fontsize(float(text.get_fontsize()) * scale)


def figure_of(ax: Axes) -> Figure:
    """Return the figure that an Axes is part of."""
    figure: Figure | SubFigure | None = ax.get_figure(root=True)
    if figure is None:
        raise LexgraphError("the Axes given is no longer part of a figure", code="NO_FIGURE")
    return figure  # type: ignore[return-value]  # with root=True it is never a SubFigure


def note(ax: Axes, text: str, x: float, y: float, **options: Any) -> None:
    """Write a text at (x, y) inches from the upper left corner of an Axes, downwards, inside it or not."""
    at = {"xycoords": "axes fraction", "xytext": (x * 72, -y * 72), "textcoords": "offset points"}
    ax.annotate(text, (0, 1), **{"va": "top", "ha": "left", "annotation_clip": False, **at, **options})


def title_block(ax: Axes, title: str, subtitle: str, *, left: float = 0.0, gap: float = 0.12) -> None:
    """Write title and subtitle above an Axes; `left` is how many inches further left, `gap` how far above."""
    width, height = inches(ax)
    lines = subtitle.count("\n") + 1 if subtitle else 0
    above = gap + lines * line_height(SIZE)
    ax.set_title(title, loc="left", x=-left / width, y=1 + (above + 0.06) / height, pad=0)
    if subtitle:
        muted = mpl.rcParams["text.color"]
        note(ax, subtitle, -left, -above, color=muted, fontsize=SIZE, alpha=0.8, linespacing=1.25)


def title_height(subtitle: str, gap: float = 0.12) -> float:
    """Return how many inches `title_block` needs above an Axes, the figure's edge included."""
    lines = subtitle.count("\n") + 1 if subtitle else 0
    return gap + lines * line_height(SIZE) + 0.06 + 0.2 + EDGE


def line_height(size: float) -> float:
    """Return the height of a line of text in inches."""
    return size * 1.5 / 72


def footer(ax: Axes, theme: Theme, date: str, *, y: float, left: float = 0.0) -> None:
    """Write the catalogue's date below an Axes, `y` inches from its top."""
    note(ax, f"Action catalogue of {plain(date)}", -left, y, color=theme.muted, fontsize=SMALL)


FOOTER = 0.16 + EDGE  # inches that the footer needs, the figure's edge included


def level_patch(level: str) -> Patch:
    """Return the legend's sample of an access level."""
    colour, hatch = LEVEL_LOOKS[level]
    return Patch(facecolor=colour, hatch=hatch * 2, edgecolor=hatch_ink(colour), linewidth=0.4, label=level)


def level_box(level: str, x: float, y: float, width: float, height: float, **options: Any) -> Rectangle:
    """Return a rectangle in the colour and the hatch of an access level."""
    colour, hatch = LEVEL_LOOKS.get(level, LEVEL_LOOKS["Unknown"])
    look = {"facecolor": colour, "hatch": hatch * 2, "edgecolor": hatch_ink(colour), "linewidth": 0.4, **options}
    return Rectangle((x, y), width, height, **look)


def hatch_ink(colour: str) -> str:
    """Return the colour of the hatch on a colour: visible, and not louder than the colour."""
    return mixed(colour, readable_on(colour), 0.55)


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with a share of another in it."""
    red, green, blue = (a + (b - a) * share for a, b in zip(to_rgb(colour), to_rgb(other), strict=True))
    return to_hex((red, green, blue))


def legend(ax: Axes, handles: Sequence[Artist], *, y: float, left: float = 0.0, width: float | None = None) -> float:
    """Put a legend below an Axes, `y` inches from its top, and return the inches that it takes."""
    if not handles:
        return 0.0
    names = [str(handle.get_label()) for handle in handles]
    columns, rows = legend_shape(names, width or inches(ax)[0] + left)
    whole_width, whole_height = inches(ax)
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(-left / whole_width, 1 - y / whole_height), ncols=columns,
        borderaxespad=0, borderpad=0, handlelength=2.2, handleheight=1.0, handletextpad=0.6, columnspacing=1.6,
        labelspacing=0.5,
    )  # fmt: skip
    return rows * 0.19 + 0.08


def legend_shape(names: Sequence[str], width: float) -> tuple[int, int]:
    """Return the columns and rows of a legend that is at most `width` inches wide; it is filled column by column."""
    for rows in range(1, len(names) + 1):
        columns = [names[at : at + rows] for at in range(0, len(names), rows)]
        if sum(widest(column) + 0.58 for column in columns) <= width:
            return len(columns), rows
    return 1, len(names)


# Alternative texts --------------------------------------------------------------------------------------------------


def set_alt_text(artist: Axes | Figure, text: str) -> None:
    """Keep what a chart shows, in words, with it."""
    words = text if len(text) <= ALT_LIMIT else f"{text[: ALT_LIMIT - 1]}…"
    artist.lexgraph_alt_text = words  # type: ignore[union-attr]  # an attribute of our own, so that it is pickled too


def alt_text(chart: Axes | Figure) -> str:
    """Return what a chart shows in words, for a reader who cannot see it; of a figure, its charts' texts.

    >>> import matplotlib.pyplot as plt
    >>> alt_text(plt.figure())
    ''
    """
    own = getattr(chart, "lexgraph_alt_text", None)
    if own is not None or not hasattr(chart, "axes") or not isinstance(chart.axes, list):
        return str(own or "")
    return "\n".join(filter(None, (alt_text(ax) for ax in chart.axes)))


def refuse(what: str, found: int, most: int, remedy: str) -> LexgraphError:
    """Return the error for a chart that nobody could read."""
    return LexgraphError(
        f"{found:,} {what} are more than a chart can show legibly ({most}): {remedy}", code="TOO_LARGE_TO_DRAW"
    )
