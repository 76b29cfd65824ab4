"""Smaller graphs to draw: what is folded is told in ``G.graph["folded"]``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import networkx as nx

from lexgraph.errors import LexgraphError, shown
from lexgraph.graph.access import UNKNOWN_LEVEL, action_names, one_of
from lexgraph.graph.policies import LEVELS

if TYPE_CHECKING:
    Graph: TypeAlias = nx.DiGraph[str]

Fold = Literal["level", "alike", "service", "strongest", "patterns", "statements"]


def fold_graph(G: Graph, *, by: Fold = "level") -> Graph:
    """Return a smaller graph, for drawing; `G.graph["folded"]` tells in words what was folded.

    Parameters
    ----------
    by : of an access graph, each step on top of the one before:
        ``level``: the actions of a service and access level on a resource become one node;
        ``alike``: principals, and resources, with equal access become one node;
        ``service``: a service's resources become one node, and a path means at least one of them;
        ``strongest``: of each principal on each service only the strongest level stays; it counts the weaker in.
        Of a policy graph: ``patterns``: a statement's patterns become one action and one resource node;
        ``statements``: a policy's statements become one node too.
    """
    if "folded" in G.graph:
        raise LexgraphError("the graph is folded already: fold the graph that it was made from", code="FOLDED")
    steps = _ACCESS_FOLDS if G.graph.get("kind") == "access" else _POLICY_FOLDS
    if by not in steps:
        raise LexgraphError(f"fold this graph by one of {', '.join(steps)}, not {shown(by)}", code="UNKNOWN_FOLD")
    return steps[by](G)


# A flow is what a principal has of a service's level on a resource: actions, outcomes and conditions.
_Flow = tuple[frozenset[str], frozenset[str], frozenset[str]]
_Flows = dict[tuple[str, str, str, str], _Flow]  # by principal, service, level, resource (ids of nodes)
_Members = dict[str, tuple[str, ...]]  # what was put into a node
_ORDER = (UNKNOWN_LEVEL, *LEVELS)


def _flows(G: Graph) -> _Flows:
    flows: _Flows = {}
    for who, grant, edge in G.edges(data=True):
        if edge["kind"] == "may":
            node = G.nodes[grant]
            flow = (
                frozenset(action_names(node)),
                frozenset((edge["outcome"],)),
                frozenset((edge["condition"],)),
            )
            _pour(flows, (who, node["service"], node["level"], f"resource:{node['resource']}"), flow)
    return flows


def _pour(flows: _Flows, key: tuple[str, str, str, str], flow: _Flow) -> None:
    old = flows.get(key)
    flows[key] = (old[0] | flow[0], old[1] | flow[1], old[2] | flow[2]) if old else flow


def _renamed(flows: _Flows, end: int, names: Mapping[str, str]) -> _Flows:
    """The flows with their principals (`end` 0) or resources (`end` 3) put together under new names."""
    renamed: _Flows = {}
    for key, flow in flows.items():
        who, service, level, where = (names[part] if i == end else part for i, part in enumerate(key))
        _pour(renamed, (who, service, level, where), flow)
    return renamed


def _alike(flows: _Flows, end: int, members: _Members) -> _Flows:
    """Put together the principals, or the resources, whose flows are equal; `members` notes them."""
    profiles: dict[str, set[Hashable]] = {}
    for key, flow in flows.items():
        profiles.setdefault(key[end], set()).add((key[:end] + key[end + 1 :], flow))
    groups: dict[frozenset[Hashable], list[str]] = {}
    for node in sorted(profiles):
        groups.setdefault(frozenset(profiles[node]), []).append(node)
    names: dict[str, str] = {}
    for group in groups.values():
        name = group[0] if len(group) == 1 else f"{group[0]} and {len(group) - 1} alike"
        names |= dict.fromkeys(group, name)
        members[name] = tuple(member for node in group for member in members.get(node, (node,)))
    return _renamed(flows, end, names)


def _all_alike(flows: _Flows, members: _Members) -> _Flows:
    return _alike(_alike(flows, 3, members), 0, members)


def _by_service(G: Graph, flows: _Flows, members: _Members) -> _Flows:
    services: dict[str, list[str]] = {}
    for node in sorted({key[3] for key in flows}):
        services.setdefault(G.nodes[node]["service"], []).append(node)
    names: dict[str, str] = {}
    for service, nodes in services.items():
        name = nodes[0] if len(nodes) == 1 else f"resource:{service}: {len(nodes)} resources"
        members[name] = tuple(nodes)
        names |= dict.fromkeys(nodes, name)
    return _renamed(flows, 3, names)


def _strongest_only(flows: _Flows) -> _Flows:
    best: dict[tuple[str, str, str], str] = {}
    for who, service, level, where in flows:
        best[who, service, where] = max(level, best.get((who, service, where), level), key=_ORDER.index)
    kept: _Flows = {}
    for (who, service, _, where), flow in flows.items():
        _pour(kept, (who, service, best[who, service, where], where), flow)
    return kept


def _fold_access(G: Graph, *, alike: bool = False, service: bool = False, strongest: bool = False) -> Graph:
    flows, members = _flows(G), dict[str, tuple[str, ...]]()
    words = ["actions by service and access level"]
    if service:
        flows = _by_service(G, flows, members)
        words.append("resources by service (a path means at least one of them)")
    if strongest:
        flows = _strongest_only(flows)
        words.append("weaker levels into the strongest")
    if alike:
        flows = _alike(flows, 0, members) if service else _all_alike(flows, members)
        words.append("those with equal access into one")
    return _built(G, flows, members, "; ".join(words), "up to " if strongest else "")


def _built(G: Graph, flows: _Flows, members: _Members, words: str, before_level: str) -> Graph:
    folded: Graph = nx.DiGraph(**G.graph, folded=words)
    for node in sorted({key[0] for key in flows} | {key[3] for key in flows}):
        inside = members.get(node, (node,))
        folded.add_node(node, **{**G.nodes[inside[0]], "label": _joined_label(G, node, inside), "members": len(inside)})
    everyone: dict[tuple[str, str, str], set[str]] = {}
    for (_, service, level, where), flow in flows.items():
        everyone.setdefault((service, level, where), set()).update(flow[0])
    for (service, level, where), actions in sorted(everyone.items(), key=lambda pair: pair[0]):
        count, first = len(actions), min(actions)
        name = (
            first
            if count == 1
            else f"{count:,} {service} actions, {before_level if level in _ORDER[2:] else ''}{level}"
        )
        facts = {"service": service, "level": level, "actions": count, "names": " ".join(sorted(actions))}
        folded.add_node(f"grant:{where}|{service}|{level}", kind="grant", label=name, resource=where, **facts)
        folded.add_edge(f"grant:{where}|{service}|{level}", where, kind="on", actions=count)
    for (who, service, level, where), (names, outcomes, conditions) in sorted(flows.items(), key=lambda p: p[0]):
        facts = {"outcome": one_of(outcomes), "condition": "; ".join(sorted(filter(None, conditions)))}
        folded.add_edge(who, f"grant:{where}|{service}|{level}", kind="may", actions=len(names), **facts)
    return folded


def _joined_label(G: Graph, node: str, inside: tuple[str, ...]) -> str:
    names = [str(G.nodes[one]["label"]) for one in inside]
    if len(names) > 1 and not node.startswith((inside[0], "principal:")):
        return f"{len(names)} {G.nodes[inside[0]]['service']} resources"
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"


def _fold_policies(G: Graph, *, statements: bool) -> Graph:
    """The policy graph with the patterns of a statement, or of a policy, in an action and a resource node."""
    kept = [n for n in G if G.nodes[n]["kind"] in ("principal", "group", "policy")]
    words = "patterns by policy, statements by policy" if statements else "patterns by statement"
    folded: Graph = nx.DiGraph(**G.graph, folded=words)
    folded.add_nodes_from((n, G.nodes[n]) for n in kept)
    folded.add_edges_from((a, b, d) for a, b, d in G.edges(kept, data=True) if b in folded)
    for policy in (n for n in kept if G.nodes[n]["kind"] == "policy"):
        places = list(G.successors(policy))
        for group in [places] if statements and places else [[place] for place in places]:
            _fold_statements(G, folded, policy, group)
    return folded


def _fold_statements(G: Graph, folded: Graph, policy: str, places: list[str]) -> None:
    node, facts = places[0], G.nodes[places[0]]
    if len(places) > 1:
        denies = sum(G.nodes[place]["effect"] == "Deny" for place in places)
        effect = one_of(G.nodes[place]["effect"] for place in places)
        node = f"statements:{policy.partition(':')[2]}"
        words = f"{len(places)} statements" + (f", {denies} Deny" if denies else "")
        facts = {"kind": "statement", "label": words, "effect": effect, "members": len(places)}
    folded.add_node(node, **facts)
    folded.add_edge(policy, node, kind="statement")
    folded.add_edges_from(
        (a, node, {"kind": "named"}) for p in places for a in G.predecessors(p) if a != policy and a in folded
    )
    for kind in ("action", "resource"):
        inside = sorted({n for place in places for n in G.successors(place) if G.nodes[n]["kind"] == kind})
        if len(inside) == 1:
            folded.add_node(inside[0], **G.nodes[inside[0]])
            folded.add_edge(node, inside[0], kind="names")
        elif inside:
            one = f"patterns:{node}|{kind}"
            folded.add_node(one, kind=kind, label=f"{len(inside)} {kind} patterns", members=len(inside))
            if kind == "action":
                folded.nodes[one]["level"] = max((G.nodes[n]["level"] for n in inside), key=_ORDER.index)
            folded.add_edge(node, one, kind="names")


_ACCESS_FOLDS: dict[str, Callable[[Graph], Graph]] = {
    "level": _fold_access,
    "alike": lambda G: _fold_access(G, alike=True),
    "service": lambda G: _fold_access(G, alike=True, service=True),
    "strongest": lambda G: _fold_access(G, alike=True, service=True, strongest=True),
}
_POLICY_FOLDS: dict[str, Callable[[Graph], Graph]] = {
    "patterns": lambda G: _fold_policies(G, statements=False),
    "statements": lambda G: _fold_policies(G, statements=True),
}
