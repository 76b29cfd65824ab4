"""The escalation graph made small enough to look at: the ways to an administrator, or to one principal, and folds.

Who can become an administrator can do everything in the end, so of such principals only the best way there is kept;
what administrators can do is left out altogether. A user or role that somebody could create has a node of its own.
Principals that can take over one another become one node, and so do those with the same edges.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import networkx as nx

from lexgraph.graph.chains import EscalationChain, becoming_administrator, reaching
from lexgraph.graph.escalation import NEW, NO, expect_escalation
from lexgraph.graph.nearby import find_node

if TYPE_CHECKING:
    Graph: TypeAlias = nx.DiGraph[str]

Line = tuple[str, str]
Look = tuple[str, str]  # kind and outcome
TOP = "administrators"
FEW = 2  # names that a label spells out


def escalation_overview(G: Graph, *, focus: str | None = None, loose: bool = False) -> Graph:
    """Return the ways that matter of an escalation graph, folded, as a graph without cycles.

    Parameters
    ----------
    G : an escalation graph.
    focus : a node, ARN or label: keep who can reach it, each by the best way, and whom it can take over itself.
        Without it: who can become an administrator, each by the best way, and all edges of those who cannot.
    loose : fold principals that reach the same ones in different ways too.

    Returns
    -------
    A graph with nodes: `label`, `names` (of all who are in it, joined by a comma), `members` (how many), `standing`
    (``administrators`` or empty), `itself` (whether it can edit its own policies); and edges: `kind`,
    `outcome`, `ways` (how many edges it stands for). `G.graph` tells in ``left_out`` and ``folded`` what is not there.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> from lexgraph.graph.escalation import escalation_graph
    >>> small = escalation_overview(escalation_graph(read_account(example_account_path())))
    >>> [label for _, label in small.nodes(data="label") if "administrators" in label]
    ['4 administrators']
    """
    expect_escalation(G)
    lines = _focused(G, find_node(G, focus)) if focus is not None else _overall(G)
    groups = {node: node for line in lines for node in line}
    if focus is None:
        groups = _one_another(lines, groups)
        lines = _renamed(lines, groups)
    fixed = {TOP, find_node(G, focus)} if focus is not None else {TOP}
    while True:
        again = _alike(G, lines, fixed, loose=loose)
        if not any(node != name for node, name in again.items()):
            break
        lines = _renamed(lines, again)
        groups = {node: again[name] for node, name in groups.items()}
    return _built(G, lines, groups, focus)


_Lines = dict[Line, dict[Look, int]]


def _overall(G: Graph) -> _Lines:
    """The ways to an administrator, and all edges of those who cannot become one."""
    known = all(G.nodes[node]["administrator"] != "unknown" for node in G)
    chains = becoming_administrator(G) if known else ()
    tops = _there(G) if known else set()
    becoming = {f"principal:{chain.principal}" for chain in chains}
    lines: _Lines = {}
    for chain in chains:
        for a, b, look in _chain_lines(chain, tops):
            lines.setdefault((a, b), {})[look] = 1
    for a, b in G.edges:
        if a != b and a not in tops and a not in becoming:
            lines.setdefault((a, TOP if b in tops else b), {})[_look(G, a, b)] = 1
    return lines


def _chain_lines(chain: EscalationChain, tops: set[str]) -> Iterator[tuple[str, str, Look]]:
    """The first edge of a way; where that makes somebody an administrator, it leads to the administrators."""
    for edge in chain.edges:
        a, b = f"principal:{edge.principal}", f"principal:{edge.target}"
        top = b in tops or edge.gain in ("rules", "raises")
        if a == f"principal:{chain.principal}" or not edge.acts:
            yield a, TOP if top else b, (edge.kind, edge.outcome)


def _focused(G: Graph, focus: str) -> _Lines:
    """The best ways to a node, and its own edges to others."""
    lines: _Lines = {}
    before = set()
    for chain in reaching(G, focus):
        edge = chain.edges[0]
        before.add(f"principal:{edge.principal}")
        look: Look = (edge.kind, edge.outcome)
        lines[f"principal:{edge.principal}", f"principal:{edge.target}"] = {look: 1}
    if G.nodes[focus]["administrator"] in (NO, "unknown"):
        for after in G.successors(focus):
            if after != focus and after not in before:
                lines[focus, after] = {_look(G, focus, after): 1}
    return lines


def _look(G: Graph, a: str, b: str) -> Look:
    edge = G.edges[a, b]
    return str(edge["kind"]), str(edge["outcome"])


def _one_another(lines: _Lines, groups: dict[str, str]) -> dict[str, str]:
    """Those that can take over one another, at once or over others, under one name."""
    found = dict(groups)
    for together in nx.strongly_connected_components(nx.DiGraph(list(lines))):
        first = min(together)
        found |= dict.fromkeys(together, first)
    return found


def _alike(G: Graph, lines: _Lines, fixed: set[str], *, loose: bool) -> dict[str, str]:
    """Those with the same edges and standing under one name; with `loose`, it is all the same how the edges lead."""
    out: dict[str, set[Hashable]] = {}
    into: dict[str, set[Hashable]] = {}
    for (a, b), looks in lines.items():
        told: Hashable = "" if loose else frozenset(looks)
        out.setdefault(a, set()).add((b, told))
        into.setdefault(b, set()).add((a, told))
    names: dict[Hashable, str] = {}
    found = {}
    for node in sorted(out.keys() | into.keys()):
        standing = G.nodes[node]["administrator"] if node in G else TOP
        kind = G.nodes[node]["kind"] if node in G else TOP
        own: Hashable = (_itself(G, node), standing, kind)
        profile: Hashable = (frozenset(out.get(node, ())), frozenset(into.get(node, ())), own)
        found[node] = node if node in fixed else names.setdefault(profile, node)
    return found


def _itself(G: Graph, node: str) -> bool:
    return bool(G.has_edge(node, node))


def _renamed(lines: _Lines, names: dict[str, str]) -> _Lines:
    found: _Lines = {}
    for (a, b), looks in lines.items():
        if names[a] != names[b]:
            into = found.setdefault((names[a], names[b]), {})
            for look, count in looks.items():
                into[look] = into.get(look, 0) + count
    return found


def _built(G: Graph, lines: _Lines, groups: dict[str, str], focus: str | None) -> Graph:
    small: Graph = nx.DiGraph(kind="escalation overview", catalog_date=G.graph["catalog_date"])
    small.graph["snapshot_date"] = G.graph.get("snapshot_date", "unknown date")
    inside: dict[str, list[str]] = {}
    for node, name in groups.items():
        inside.setdefault(name, []).append(node)
    ends = {end for line in lines for end in line}
    focused = find_node(G, focus) if focus is not None else ""
    ends |= {focused} if focused else set()
    for name in sorted(ends | {name for name, nodes in inside.items() if len(nodes) > 1}):
        small.add_node(name, **_node_facts(G, name, sorted(inside.get(name, (name,)))))
    for (a, b), looks in lines.items():
        kind, outcome = min(looks, key=lambda look: (look[1], _KINDS.index(look[0])))
        small.add_edge(a, b, kind=kind, outcome=outcome, ways=sum(looks.values()))
    drawn = set(groups) | {focused} | (_there(G) if TOP in groups else set())
    small.graph["left_out"] = sum(G.nodes[node]["kind"] != NEW for node in set(G) - drawn)
    small.graph["folded"] = sum(len(nodes) > 1 for nodes in inside.values())
    small.graph["focus"] = focused
    return small


_KINDS = ("assume", "credentials", "pass", "policy", "create", "use")


def _node_facts(G: Graph, name: str, nodes: list[str]) -> dict[str, str | int | bool]:
    if name == TOP:
        nodes = sorted(_there(G))
        label = f"{len(nodes)} administrators" if len(nodes) > 1 else _names(G, nodes) or "an administrator"
        return {"label": label, "names": _names(G, nodes), "members": len(nodes), "standing": TOP, "itself": False}
    standing = {G.nodes[node]["administrator"] for node in nodes}
    top = standing <= {"allowed", "conditional"}
    return {
        "label": _label(G, nodes, top=top),
        "names": _names(G, nodes),
        "members": len(nodes),
        "standing": TOP if top else "",
        "itself": any(_itself(G, node) for node in nodes),
    }


def _there(G: Graph) -> set[str]:
    """The administrators that are there; one that could be created has a node of its own."""
    return {node for node in G if G.nodes[node]["administrator"] != NO and G.nodes[node]["kind"] != NEW}


def _names(G: Graph, nodes: Iterable[str]) -> str:
    return ", ".join(str(G.nodes[node]["label"]) for node in nodes)


def _label(G: Graph, nodes: list[str], *, top: bool) -> str:
    if len(nodes) <= FEW:
        return _names(G, nodes)
    if top and G.nodes[nodes[0]]["kind"] != NEW:
        return f"{len(nodes):,} administrators"
    types = [str(G.nodes[node]["type"]) for node in nodes]
    new = "new " if G.nodes[nodes[0]]["kind"] == NEW else ""
    counts = ((types.count(kind), kind) for kind in ("user", "role"))
    return " and ".join(f"{count:,} {new}{kind}{'s' * (count > 1)}" for count, kind in counts if count)
