"""Who can take over whom: the ways to an administrator, or to one principal, from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from lexgraph.access.escalation.methods import KIND_WORDS, KINDS, Kind
from lexgraph.account.model import Snapshot
from lexgraph.errors import LexgraphError, counted, shown
from lexgraph.graph.escalation import NEW, escalation_graph
from lexgraph.graph.overview import TOP, escalation_overview
from lexgraph.plots.boxes import Box, Link, Picture, Stroke, draw
from lexgraph.plots.inputs import wrong
from lexgraph.plots.style import Theme, drawing, label, mixed, plain

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

    Graph: TypeAlias = nx.DiGraph[str]

MOST_NODES = 60
MOST_EDGES = 150
LONGEST = 44  # characters of a name
SURE, UNSURE = 2.2, 1.0  # points, of a line without and with a condition
# Okabe and Ito's colours; the dashes say the same once more.
_STROKES: dict[Kind, tuple[str, tuple[float, ...]]] = {
    "assume": ("#0072B2", ()),
    "credentials": ("#D55E00", (4.0, 1.2)),
    "policy": ("#009E73", (1.2, 1.2)),
    "create": ("#56B4E9", (7.0, 1.2)),
    "pass": ("#E69F00", (5.0, 1.2, 1.2, 1.2)),
    "use": ("#CC79A7", (5.0, 1.2, 1.2, 1.2, 1.2, 1.2)),
}


def escalation(
    source: object, ax: Axes | None = None, *, focus: str | None = None, title: str = "", style: str | None = None
) -> Axes:
    """Draw who can take over whom, from left to right, and return the Axes.

    Without `focus`: who can become an administrator, each by the way that leaves the least open, and what those
    can take over who cannot. Principals with the same edges are one box. A line's colour and dashes tell how, its width
    whether it is certain.

    Parameters
    ----------
    source : an escalation graph, or an account.
    ax : where to draw; a figure that fits is made where none is given.
    focus : a principal's ARN or label: draw who can reach it, and whom it can take over itself.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.

    Raises
    ------
    LexgraphError
        With the code ``TOO_LARGE_TO_DRAW`` where more than 60 boxes and 150 lines are left when all is folded.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> escalation(read_account(example_account_path())).get_title(loc="left")
    'Who can take over whom'
    """
    G = _graph(source)
    small = _legible(G, focus)
    columns = _columns(small)
    boxes = tuple(
        Box(node, columns[node], _words(small, node)) for node in sorted(small, key=lambda one: _place(small, one))
    )
    with drawing(style, ax) as theme:
        links = tuple(Link(a, b, stroke=_stroke(small, a, b, theme)) for a, b in small.edges)
        width = max(columns.values(), default=0) + 1
        title = title or _title(small)
        said = (_counted(G), *_told(small))
        picture = Picture(
            _headings(width, small), boxes, links, title, said, f"{title}. {' '.join(said)} {_sentences(small)}",
            str(small.graph["catalog_date"]), strokes=tuple(_legend(small, theme)),
        )  # fmt: skip
        return draw(picture, ax, theme)


def _graph(source: object) -> Graph:
    given = getattr(source, "snapshot", source)
    if isinstance(given, Snapshot):
        made: Graph = given.kept("escalation graph", lambda: escalation_graph(given))
        return made
    if not hasattr(given, "graph"):
        raise wrong(source, "an escalation graph, or an account")
    return cast("Graph", given)


def _legible(G: Graph, focus: str | None) -> Graph:
    for loose in (False, True):
        small = escalation_overview(G, focus=focus, loose=loose)
        nodes, edges = small.number_of_nodes(), small.number_of_edges()
        if nodes <= MOST_NODES and edges <= MOST_EDGES:
            return small
    busiest = str(G.nodes[max(G, key=lambda node: (G.in_degree(node), node))]["label"])
    raise LexgraphError(
        f"{nodes:,} boxes and {edges:,} lines, when all is folded, are more than a chart can show legibly "
        f"({MOST_NODES} and {MOST_EDGES}): draw a part, such as focus={shown(busiest)}, or ask for fewer kinds",
        code="TOO_LARGE_TO_DRAW",
    )


def _columns(small: Graph) -> dict[str, int]:
    """The column of each box: as far to the left as its longest way is long, ways that end together end together."""
    import networkx as nx

    far: dict[str, int] = {}
    for node in reversed(list(nx.topological_sort(small))):
        far[node] = max((far[after] + 1 for after in small.successors(node)), default=0)
    longest = max(far.values(), default=0)
    return {node: longest - steps for node, steps in far.items()}


def _place(small: Graph, node: str) -> tuple[bool, int, str, str]:
    """Where a box stands to begin with: administrators first, then who is taken over by the most."""
    facts = small.nodes[node]
    return facts["standing"] != TOP, -small.in_degree(node), str(facts["label"]), node


def _headings(width: int, small: Graph) -> tuple[str, ...]:
    new = any(small.edges[line]["kind"] == "create" for line in small.edges)
    last = "is taken over, edited or created" if new else "is taken over, or edited"
    return ("who", *("who, or by way of whom" for _ in range(width - 2)), last)[:width]


def _words(small: Graph, node: str) -> str:
    facts = small.nodes[node]
    text = label(str(facts["label"]), LONGEST)
    if facts["standing"] == TOP and "administrator" not in text:
        text += " (administrator)" if facts["members"] == 1 else " (administrators)"
    elif facts["itself"] and not small.has_edge(node, TOP):
        text += " (edits itself)" if facts["members"] == 1 else " (edit themselves)"
    return text


def _stroke(small: Graph, a: str, b: str, theme: Theme) -> Stroke:
    edge = small.edges[a, b]
    return _line(edge["kind"], edge["outcome"], theme)


def _line(kind: Kind, outcome: str, theme: Theme) -> Stroke:
    colour, dashes = _STROKES[kind]
    return Stroke(
        mixed(colour, theme.ink, 0.12), (0, dashes) if dashes else "solid", SURE if outcome == "allowed" else UNSURE
    )


def _legend(small: Graph, theme: Theme) -> list[tuple[Stroke, str]]:
    kinds = {small.edges[line]["kind"] for line in small.edges}
    outcomes = {small.edges[line]["outcome"] for line in small.edges}
    found = [(_line(kind, "allowed", theme), KIND_WORDS[kind]) for kind in KINDS if kind in kinds]
    words = {"allowed": (SURE, "for certain"), "conditional": (UNSURE, "under a condition")}
    return found + [(Stroke(theme.muted, "solid", words[o][0]), words[o][1]) for o in words if o in outcomes]


def _title(small: Graph) -> str:
    focus = str(small.graph["focus"])
    if not focus:
        return "Who can take over whom"
    return (
        f"Who can take over {label(str(small.nodes[focus]['label']))}" if focus in small else "Who can take over whom"
    )


def _counted(G: Graph) -> str:
    there = [node for node in G if G.nodes[node]["kind"] != NEW]
    users = sum(G.nodes[node]["type"] == "user" for node in there)
    pairs = sum(a != b and NEW not in (G.nodes[a]["kind"], G.nodes[b]["kind"]) for a, b in G.edges)
    return (
        f"{counted(users, 'user')}, {counted(len(there) - users, 'role')}; in {counted(pairs, 'pair')} "
        "one can take over the other, or edit what it may do."
    )


def _told(small: Graph) -> list[str]:
    """What is not drawn, and why."""
    told = []
    if small.graph["left_out"] and small.graph["focus"]:
        told.append(f"Not drawn: {small.graph['left_out']:,} who have no part in it.")
    elif small.graph["left_out"]:
        told.append(f"Not drawn: {small.graph['left_out']:,} who take over nobody, and whom nobody takes over.")
    if TOP in small:
        told.append("Of who can become an administrator only the best way there is drawn; an administrator can do all.")
    if small.graph["folded"]:
        told.append("One box: principals with the same lines, or who can take over one another.")
    return told


def _sentences(small: Graph) -> str:
    parts = []
    for a, b, facts in small.edges(data=True):
        aside = " under a condition" if facts["outcome"] == "conditional" else ""
        how = KIND_WORDS[facts["kind"]]
        parts.append(f"{plain(_words(small, a))} → {plain(_words(small, b))} ({how}{aside})")
    return f"{'; '.join(parts)}." if parts else "Nobody can take over anybody."
