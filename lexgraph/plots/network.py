"""Who reaches what, and by which policies: the access graph and the policy graph in layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from lexgraph.errors import LexgraphError, shown
from lexgraph.graph.folding import Fold, fold_graph
from lexgraph.plots.boxes import Box, Link, Look, Picture, draw, sentences
from lexgraph.plots.style import action_label, drawing, label

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

    Graph: TypeAlias = nx.DiGraph[str]

MOST_NODES = 60
MOST_EDGES = 150
LONGEST = 50  # characters of a name
EASY_NODES, EASY_EDGES = 50, 60  # up to here nothing is folded
HOPELESS = 50_000  # edges beyond which no fold is tried
ACCESS_FOLDS: tuple[Fold, ...] = ("level", "alike", "service", "strongest")
POLICY_FOLDS: tuple[Fold, ...] = ("patterns", "statements")
BLURRED: tuple[Fold, ...] = ("service", "strongest", "statements")  # after these a path tells less
ACCESS_LOOKS: tuple[tuple[Look, str], ...] = (
    ("allowed", "allowed"),
    ("conditional", "under a condition"),
    ("mixed", "some under a condition"),
)
POLICY_LOOKS: tuple[tuple[Look, str], ...] = (
    ("plain", "holds, allows"),
    ("boundary", "permissions boundary"),
    ("deny", "Deny"),
)


def access_network(graph: Graph, ax: Axes | None = None, *, title: str = "", style: str | None = None) -> Axes:
    """Draw who may do what to which resource, in three layers, and return the Axes.

    A line's width tells how many actions it stands for, its dashes whether they hang on a condition. A graph that
    is hard to read is folded step by step, to 60 nodes and 150 edges at most, and the chart says what was folded.

    Parameters
    ----------
    graph : an access graph, or what `neighbourhood` leaves of one.
    ax : where to draw; a figure that fits is made where none is given.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.

    Raises
    ------
    LexgraphError
        With the code ``TOO_LARGE_TO_DRAW`` for a graph that stays too large when it is folded.

    Examples
    --------
    >>> import networkx as nx
    >>> G = nx.DiGraph(kind="access", catalog_date="2026-10-27")
    >>> G.add_node("principal:ana", kind="principal", label="user/ana")
    >>> G.add_node("grant:b|lex:PutBot", kind="grant", label="lex:PutBot", level="Write", service="lex")
    >>> G.add_edge("principal:ana", "grant:b|lex:PutBot", kind="may", outcome="allowed", actions=1)
    >>> access_network(G).get_title(loc="left")
    'What user/ana may do'
    """
    _expect(graph, "access")
    joined = graph.edge_subgraph(graph.edges) if graph.number_of_edges() <= HOPELESS else graph
    G = _legible(joined, ACCESS_FOLDS)
    columns = {"principal": 0, "grant": 1, "resource": 2}
    boxes = tuple(
        Box(n, columns[G.nodes[n]["kind"]], _words(G, n), str(G.nodes[n].get("level", ""))) for n in _sorted(G)
    )
    links = tuple(_access_link(G, a, b) for a, b in G.edges)
    who = [graph.nodes[n]["label"] for n in graph if graph.nodes[n]["kind"] == "principal"]
    title = title or (f"What {label(who[0])} may do" if len(who) == 1 else "Who may do what")
    picture = Picture(
        ("principal", "may do", "resource"), boxes, links, title, (_counted(graph), _without(graph), _folded(G)),
        f"{title}. {_counted(graph)}. {_folded(G)} {sentences(boxes, links)}", _date(G), ACCESS_LOOKS,
    )  # fmt: skip
    with drawing(style, ax) as theme:
        return draw(picture, ax, theme)


def policy_network(
    graph: Graph, ax: Axes | None = None, *, title: str = "How access comes about", style: str | None = None
) -> Axes:
    """Draw how access comes about, from principals to policies, statements and patterns, and return the Axes.

    Denies are dashed. A graph that is hard to read is folded, to 60 nodes and 150 edges at most;
    the chart says how.

    Parameters
    ----------
    graph : a policy graph, or what `neighbourhood` leaves of one.
    ax : where to draw; a figure that fits is made where none is given.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.

    Raises
    ------
    LexgraphError
        With the code ``TOO_LARGE_TO_DRAW`` for a graph that stays too large when it is folded.

    Examples
    --------
    >>> from lexgraph.graph import policy_graph
    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}'
    >>> ax = policy_network(policy_graph([parse_policy(text, name="look")]))
    >>> [text.get_text() for text in ax.texts][:3]
    ['policy', 'statement', 'actions and resources']
    """
    _expect(graph, "policy")
    G = _legible(graph, POLICY_FOLDS)
    kinds = ("principal", "group", "policy", "statement", "action")
    used = [k for k in kinds if any(G.nodes[n]["kind"] == k or (k == "action" and _is_resource(G, n)) for n in G)]
    boxes = tuple(
        Box(
            n,
            used.index("action" if _is_resource(G, n) else G.nodes[n]["kind"]),
            _words(G, n),
            _level(G, n),
            _deny(G, n),
        )
        for n in _sorted(G)
    )
    links = tuple(Link(a, b, _policy_look(G, a, b)) for a, b in G.edges)
    headings = tuple("actions and resources" if kind == "action" else kind for kind in used)
    picture = Picture(
        headings, boxes, links, title, (_counted(graph), _folded(G)),
        f"{title}. {_counted(graph)}. {_folded(G)} {sentences(boxes, links)}", _date(G), POLICY_LOOKS,
    )  # fmt: skip
    with drawing(style, ax) as theme:
        return draw(picture, ax, theme)


def _expect(graph: Graph, kind: str) -> None:
    found = getattr(graph, "graph", {}).get("kind")
    if found != kind:
        raise LexgraphError(
            f"this chart draws a graph that {kind}_graph made, not {shown(str(found))}", code="WRONG_GRAPH"
        )


def _legible(graph: Graph, folds: tuple[Fold, ...]) -> Graph:
    """The graph itself, or the first of its folds that is easy to read; a fold that blurs only where it must be."""
    smallest = graph
    if "folded" not in graph.graph and graph.number_of_edges() <= HOPELESS:
        for fold in folds:
            enough = (MOST_NODES, MOST_EDGES) if fold in BLURRED else (EASY_NODES, EASY_EDGES)
            if _fits(smallest, *enough):
                break
            smallest = fold_graph(graph, by=fold)
    if _fits(smallest, MOST_NODES, MOST_EDGES):
        return smallest
    raise _too_large(graph, smallest)


def _fits(graph: Graph, nodes: int, edges: int) -> bool:
    return graph.number_of_nodes() <= nodes and graph.number_of_edges() <= edges


def _too_large(graph: Graph, smallest: Graph) -> LexgraphError:
    nodes, edges = smallest.number_of_nodes(), smallest.number_of_edges()
    least = f" ({nodes:,} and {edges:,} when folded)" if smallest is not graph else ""
    kinds = {n: graph.nodes[n]["kind"] for n in graph}
    ends = [n for n in graph if kinds[n] == "principal"] or [n for n in graph if kinds[n] == "policy"]
    busiest = str(graph.nodes[max(ends, key=graph.degree)]["label"]) if ends else ""
    return LexgraphError(
        f"{graph.number_of_nodes():,} nodes and {graph.number_of_edges():,} edges{least} are more than a chart can "
        f"show legibly ({MOST_NODES} and {MOST_EDGES}): draw a part, such as neighbourhood(graph, {shown(busiest)}), "
        "or ask for fewer principals or resources",
        code="TOO_LARGE_TO_DRAW",
    )


def _access_link(G: Graph, a: str, b: str) -> Link:
    edge = G.edges[a, b]
    grant = b if edge["kind"] == "may" else a
    return Link(a, b, edge.get("outcome", "allowed"), str(G.nodes[grant]["level"]), int(edge["actions"]))


def _policy_look(G: Graph, a: str, b: str) -> Look:
    if "deny" in (_deny(G, a), _deny(G, b)):
        return "deny"
    return "boundary" if G.edges[a, b]["kind"] == "boundary" else "plain"


def _deny(G: Graph, node: str) -> Look:
    return "deny" if G.nodes[node].get("effect") == "Deny" else "plain"


def _level(G: Graph, node: str) -> str:
    return str(G.nodes[node].get("level", "")) if G.nodes[node]["kind"] == "action" else ""


def _is_resource(G: Graph, node: str) -> bool:
    return bool(G.nodes[node]["kind"] == "resource")


def _words(G: Graph, node: str) -> str:
    facts = G.nodes[node]
    kind, text = facts["kind"], label(str(facts["label"]), LONGEST)
    if kind == "statement":
        conditions = facts.get("conditions", 0)
        text += f" ({facts['effect']})" * (facts["effect"] != "mixed")
        text += f", {conditions} condition{'s' * (conditions > 1)}" * bool(conditions)
    elif kind == "resource" and G.graph["kind"] == "policy" and "members" not in facts:
        text = f"on {text}"
    elif kind == "grant" and facts.get("actions") == 1:
        text = action_label(str(facts["names"]))
    return text


def _sorted(G: Graph) -> list[str]:
    """The nodes in the order to begin with: by label, actions before resources."""
    return sorted(G, key=lambda n: (_is_resource(G, n), str(G.nodes[n]["label"]), n))


def _counted(G: Graph) -> str:
    kinds = [str(G.nodes[n]["kind"]) for n in G]
    plurals = {
        "principal": "principals", "group": "groups", "policy": "policies", "statement": "statements",
        "action": "action patterns", "resource": "resources",
    }  # fmt: skip
    if G.graph["kind"] == "policy":
        plurals["resource"] = "resource patterns"
    counts = {kind: kinds.count(kind) for kind in plurals}
    return ", ".join(
        f"{counts[kind]:,} {words if counts[kind] != 1 else kind}" for kind, words in plurals.items() if counts[kind]
    )


def _without(graph: Graph) -> str:
    """What is not drawn, because no edge leads there."""
    alone = [n for n in graph if not graph.degree(n)]
    names = [label(str(graph.nodes[n]["label"])) for n in alone if graph.nodes[n]["kind"] == "principal"]
    resources = len(alone) - len(names)
    parts = []
    if names:
        more = f" and {len(names) - 4:,} more" if len(names) > 4 else ""
        parts.append(f"{', '.join(names[:4])}{more}, who may do nothing of what was asked")
    if resources:
        parts.append(f"{resources:,} resource{'s' * (resources > 1)} that nobody reaches")
    return f"Not drawn: {'; '.join(parts)}." if parts else ""


def _folded(G: Graph) -> str:
    return f"Folded: {G.graph['folded']}." if "folded" in G.graph else ""


def _date(G: Graph) -> str:
    return str(G.graph.get("catalog_date", "unknown date"))
