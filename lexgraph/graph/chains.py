"""Ways through an escalation graph: who gets where, over whom, with which requests.

Only an edge by which its principal acts as the target can be followed by another: who may write Ben's policies can
make Ben mighty, and is not Ben. The last edge of a way may be of any kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from lexgraph.access.escalation.model import EscalationEdge, EscalationStep
from lexgraph.access.escalation.newcomers import is_new, names_of
from lexgraph.errors import LexgraphError, shown
from lexgraph.graph.escalation import GAINS, NO, Source, graph_of, reasons
from lexgraph.graph.nearby import find_node

if TYPE_CHECKING:
    import networkx as nx

    Graph: TypeAlias = nx.DiGraph[str]

Cost = tuple[int, int]  # conditional steps, then all steps
Hop = tuple[str, str, tuple[str, ...]]  # an edge, and the gains that count
ACTS = ("acts",)
MOST = 10


@dataclass(frozen=True, slots=True)
class EscalationChain:
    """A way from a principal to another, edge by edge; where several do, each edge is the most certain.

    `standing` is what the last target is in the end, where the question was about administrators: ``allowed`` or
    ``conditional``; None where it was not.
    """

    edges: tuple[EscalationEdge, ...]
    standing: str | None = None

    @property
    def principal(self) -> str:
        """Who starts."""
        return self.edges[0].principal

    @property
    def target(self) -> str:
        """Who is reached."""
        return self.edges[-1].target

    @property
    def outcome(self) -> str:
        """``allowed``, or ``conditional`` where some edge is, or where a condition decides what is reached."""
        certain = all(edge.outcome == "allowed" for edge in self.edges) and self.standing != "conditional"
        return "allowed" if certain else "conditional"

    @property
    def steps(self) -> tuple[EscalationStep, ...]:
        """The requests, in order, that prove it."""
        return tuple(step for edge in self.edges for step in edge.steps)

    def __repr__(self) -> str:
        names = names_of(arn for edge in self.edges for arn in (edge.principal, edge.target))
        way = ""
        before = None
        for edge in self.edges:
            if edge.principal != before:  # where two who were taken over act together
                way += f"{', ' if way else ''}{shown(names[edge.principal])[1:-1]}"
            if edge.target != edge.principal:
                way += f" → {shown(names[edge.target])[1:-1]}"
            before = edge.target
        end = " → administrators" if self.standing else ""
        steps = len(self.steps)
        return f"EscalationChain({way}{end}, {steps} {'step' if steps == 1 else 'steps'}, {self.outcome})"

    def __str__(self) -> str:
        return "; ".join(
            f"{edge.reason} ({edge.condition})" if edge.outcome == "conditional" else edge.reason for edge in self.edges
        )


def escalation_paths(
    account: Source | Graph, source: str, target: str, *, most: int = MOST
) -> tuple[EscalationChain, ...]:
    """Return the ways from a principal to another, the shortest first, at most so many.

    `account` is an account, or what holds one; or its escalation edges, or the graph of them. `source` and `target` are
    nodes of the graph, ARNs, or labels. The most certain of ways of one length comes first.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> from lexgraph.graph.escalation import escalation_graph
    >>> G = escalation_graph(read_account(example_account_path()))
    >>> [len(way.edges) for way in escalation_paths(G, "role/ci-deployer", "user/alice", most=2)]
    [2, 3]
    """
    G = graph_of(account)
    start, end = find_node(G, source), find_node(G, target)
    found: list[EscalationChain] = []
    for nodes in _simple_ways(G, start, end):
        if len(found) == most:
            break
        found.append(_chain(G, _hops(nodes)))
    return tuple(sorted(found, key=lambda way: (len(way.edges), way.outcome)))


def who_can_reach(account: Source | Graph, target: str) -> tuple[EscalationChain, ...]:
    """Return who can take over a principal, or decide what it may do, at once or over others, sorted by who.

    Each with the way that leaves the least open: the fewest conditional edges, then the fewest edges. `account` is as
    for :func:`escalation_paths`.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> from lexgraph.graph.escalation import escalation_graph
    >>> G = escalation_graph(read_account(example_account_path()), administrators=False)
    >>> [str(way) for way in who_can_reach(G, "role/handover-day") if "yuki" in way.principal]
    ['user/yuki can assume role/handover-day']
    """
    G = graph_of(account)
    return tuple(chain for chain in reaching(G, find_node(G, target)) if not is_new(chain.principal))


def reaching(G: Graph, end: str) -> tuple[EscalationChain, ...]:
    """Do what :func:`who_can_reach` does, and tell of those too who are not there yet."""
    first = {a: (_price(edge, GAINS), ((a, end, GAINS),)) for a, _, edge in G.in_edges(end, data=True)}
    ways = _backwards(G, first)
    return tuple(_chain(G, ways[who][1]) for who in sorted(ways) if who != end)


def who_can_become_administrator(account: Source | Graph) -> tuple[EscalationChain, ...]:
    """Return who is no administrator and can become one, at once or over others, sorted by who.

    That is who can act as an administrator, be it a new user or role that it creates, or who can act as somebody and
    make that an administrator, by a policy of theirs, a group, or by taking off a boundary. Each with the way that
    leaves the least open. Who is an administrator under a condition is told where a way is certain. `account` is as for
    :func:`escalation_paths`, but that edges alone do not tell who is an administrator.

    Raises LexgraphError with the code ``UNKNOWN_STANDING`` where the graph was not made from an account.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> ways = who_can_become_administrator(read_account(example_account_path()))
    >>> [way for way in ways if "transcripts-host" in way.principal]
    [EscalationChain(role/transcripts-host → administrators, 1 step, allowed)]
    """
    G = graph_of(account)
    if any(G.nodes[node]["administrator"] == "unknown" for node in G):
        message = "the graph does not know who is an administrator: make it from the account, not from edges"
        raise LexgraphError(message, code="UNKNOWN_STANDING")
    return tuple(chain for chain in becoming_administrator(G) if not is_new(chain.principal))


def becoming_administrator(G: Graph) -> tuple[EscalationChain, ...]:
    """Do what :func:`who_can_become_administrator` does, and tell of those too who are not there yet."""
    ways, net = _backwards(G, _arrivals(G)), cache(partial(_Net, G))
    found: dict[str, EscalationChain] = {}
    for who in sorted(G):
        if G.nodes[who]["administrator"] == "allowed":
            continue
        way = ways.get(who)
        if way is None or way[0][0]:  # a way of certain steps cannot be bettered, one of others by such a way only
            more = _joined(G, who, net(way is not None))
            way = min(filter(None, (way, more)), key=lambda one: one[0], default=None)
        if way is not None and way[1]:
            found[who] = _chain(G, way[1], standing=_reached(G, way[1][-1]))
    return tuple(found.values())


# How it is searched --------------------------------------------------------------------------------------------------

_Way = tuple[Cost, tuple[Hop, ...]]


def _price(edge: Mapping[str, Any], gains: Iterable[str]) -> Cost:
    return (0 if any(edge[gain] == "allowed" for gain in gains) else 1), 1


def _add(a: Cost, b: Cost) -> Cost:
    return a[0] + b[0], a[1] + b[1]


def _acts(G: Graph, a: str, b: str) -> bool:
    return bool(a != b and G.edges[a, b]["acts"] != NO)


def _backwards(G: Graph, arrivals: Mapping[str, _Way]) -> dict[str, _Way]:
    """The best way of every node that has one, by Dijkstra's method, from where it ends."""
    waiting = [(cost, who, hops) for who, (cost, hops) in arrivals.items()]
    waiting.sort()
    done: dict[str, _Way] = {}
    while waiting:
        cost, who, hops = heappop(waiting)
        if who in done:
            continue
        done[who] = cost, hops
        for before, _, edge in G.in_edges(who, data=True):
            if before not in done and before != who and edge["acts"] != NO:
                more = _add(_price(edge, ACTS), cost)
                heappush(waiting, (more, before, ((before, who, ACTS), *hops)))
    return done


def _forwards(G: Graph, start: str, net: _Net) -> dict[str, _Way]:
    """Whom a node can act as, itself too, each with the best way."""
    waiting: list[tuple[Cost, str, tuple[Hop, ...]]] = [((0, 0), start, ())]
    done: dict[str, _Way] = {}
    while waiting:
        cost, who, hops = heappop(waiting)
        if who in done:
            continue
        done[who] = cost, hops
        for after in net.acts[who]:
            if after not in done:
                more = _add(cost, _price(G.edges[who, after], ACTS))
                heappush(waiting, (more, after, (*hops, (who, after, ACTS))))
    return done


def _arrivals(G: Graph) -> dict[str, _Way]:
    """The nodes that are an administrator, or become one by an edge to themselves or to one that they act as."""
    found: dict[str, _Way] = {}
    for node in G:
        standing = G.nodes[node]["administrator"]
        if standing != NO:
            found[node] = (int(standing != "allowed"), 0), ()
    for a, b, edge in G.edges(data=True):
        if edge["raises"] == edge["rules"] == NO or (a != b and edge["acts"] == NO):
            continue
        first: _Way = ((0, 0), ()) if a == b else (_price(edge, ACTS), ((a, b, ACTS),))
        for cost, hops in _raises(G, a, a, b):
            way = _add(first[0], cost), (*first[1], *hops)
            if a not in found or way < found[a]:
                found[a] = way
    return found


def _raises(G: Graph, a: str, other: str, b: str) -> Iterator[_Way]:
    """How `a`, helped by `other`, makes `b` an administrator."""
    edge, node = G.edges[a, b], G.nodes[b]
    if edge["raises"] != NO:
        yield _price(edge, ("raises",)), ((a, b, ("raises",)),)
    if edge["rules"] == NO:
        return
    cost = _price(edge, ("rules",))
    if node["raised"] != NO:
        yield _add(cost, (int(node["raised"] != "allowed"), 0)), ((a, b, ("rules",)),)
    elif node["freed"] != NO and G.has_edge(other, b) and G.edges[other, b]["unbinds"] != NO:
        cost = _add(_add(cost, _price(G.edges[other, b], ("unbinds",))), (int(node["freed"] != "allowed"), 0))
        yield cost, ((other, b, ("unbinds",)), (a, b, ("rules",)))


class _Net:
    """Who acts as whom, and who makes whom an administrator, at all or for certain."""

    def __init__(self, G: Graph, certain: bool) -> None:
        good = ("allowed",) if certain else ("allowed", "conditional")
        self.acts: dict[str, list[str]] = {node: [] for node in G}
        self.makers: dict[str, set[str]] = {}
        tops = {node for node, facts in G.nodes(data=True) if facts["administrator"] != NO}
        risen = {node for node, facts in G.nodes(data=True) if facts["raised"] in good or facts["freed"] in good}
        for a, b, edge in G.edges(data=True):
            if a == b or a in tops:
                continue
            if edge["acts"] in good:
                self.acts[a].append(b)
            if edge["raises"] in good or (edge["rules"] in good and b in risen):
                self.makers.setdefault(b, set()).add(a)

    def closure(self, start: str) -> set[str]:
        """Whom a node can act as, itself too; there is nothing beyond an administrator."""
        found, waiting = {start}, [start]
        while waiting:
            fresh = [after for after in self.acts[waiting.pop()] if after not in found]
            found.update(fresh)
            waiting += fresh
        return found


def _joined(G: Graph, start: str, net: _Net) -> _Way | None:
    """The best way on which one whom `start` can act as makes another one an administrator."""
    inside = net.closure(start)
    made = [node for node in inside if not inside.isdisjoint(net.makers.get(node, ()))]
    if not made:
        return None
    acting = _forwards(G, start, net)
    best: _Way | None = None
    for b in made:
        makers = sorted(net.makers[b] & inside)
        others = sorted(inside & set(G.predecessors(b))) if G.nodes[b]["raised"] == NO else None
        for maker, other in ((one, other) for one in makers for other in others or (one,)):
            for cost, hops in _raises(G, maker, other, b):
                parts = acting[other], acting[maker], acting[b]
                before = dict.fromkeys(hop for part in parts for hop in part[1])
                paid = (cost[0] + sum(part[0][0] for part in parts), cost[1] + sum(part[0][1] for part in parts))
                if best is None or paid < best[0]:
                    best = paid, (*before, *hops)
    return best


def _reached(G: Graph, last: Hop) -> str:
    """What the last one is in the end."""
    node, gains = G.nodes[last[1]], last[2]
    if gains == ("rules",):
        return str(node["raised"] if node["raised"] != NO else node["freed"])
    return str(node["administrator"]) if gains == ACTS else "allowed"


def _simple_ways(G: Graph, start: str, end: str) -> Iterator[list[str]]:
    import networkx as nx

    if start == end:
        if G.has_edge(start, end):
            yield [start, end]
        return

    def usable(a: str, b: str) -> bool:
        return a != b and (b == end or _acts(G, a, b))

    allowed: Callable[[str, str], bool] = usable
    view = nx.subgraph_view(G, filter_edge=allowed)
    if nx.has_path(view, start, end):
        yield from nx.shortest_simple_paths(view, start, end)


def _hops(nodes: list[str]) -> tuple[Hop, ...]:
    pairs = list(pairwise(nodes))
    return tuple((a, b, GAINS if i == len(pairs) - 1 else ACTS) for i, (a, b) in enumerate(pairs))


def _chain(G: Graph, hops: Iterable[Hop], *, standing: str | None = None) -> EscalationChain:
    return EscalationChain(tuple(_way(G, hop) for hop in hops), standing)


def _way(G: Graph, hop: Hop) -> EscalationEdge:
    """The most certain of an edge's ways with one of the gains."""
    a, b, gains = hop
    ways = [way for way in reasons(G, a, b) if way.gain in gains]
    return min(ways, key=lambda way: (way.outcome, gains.index(way.gain)))
