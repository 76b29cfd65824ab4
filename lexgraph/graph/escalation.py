"""The escalation graph: principal → principal, each edge with the reasons and the requests that prove them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import networkx as nx

from lexgraph.access.escalation.administrators import ADMINISTRATOR, administrators
from lexgraph.access.escalation.edges import escalation_edges
from lexgraph.access.escalation.methods import GAIN_WORDS, KINDS, Kind, read_kinds
from lexgraph.access.escalation.model import EscalationEdge, Proof
from lexgraph.access.escalation.newcomers import boundary_of, is_new, names_of
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError, shown
from lexgraph.graph.nearby import find_node

if TYPE_CHECKING:
    Graph: TypeAlias = nx.DiGraph[str]


class HoldsAccount(Protocol):
    """What holds an account, as the workbench's Account does."""

    @property
    def snapshot(self) -> Snapshot:
        """The account."""


Source: TypeAlias = Snapshot | HoldsAccount | Iterable[EscalationEdge]
GAINS = tuple(GAIN_WORDS)
NO = "no"
NEW = "new principal"  # the kind of a node that stands for a user or role that is not there yet
_OUTCOMES = ("allowed", "conditional", NO)


@collector_paused()
def escalation_graph(source: Source, *, kinds: Iterable[Kind] | Kind = KINDS, administrators: bool = True) -> Graph:
    """Return who can take over whom, or decide what they may do: principal → principal.

    There is one edge for a pair, whatever number of ways there is. A service that takes part in one is an attribute of
    it and no node: through a node that all share, Ana would reach the role that only Ben may pass.

    Parameters
    ----------
    source : an account, or what holds one as its `snapshot`; or edges, as `escalation_edges` returns them. Of these
        only principals with edges are nodes, and who is an administrator is not known.
    kinds, administrators : as for `escalation_edges`, of an account.

    Returns
    -------
    A graph with nodes ``principal:<ARN>``: `kind`, `label`, `type` (user or role), and whether it is an
    `administrator`, would be (`raised`) with AdministratorAccess attached, and would be without its boundary too
    (`freed`): ``allowed``, ``conditional``, ``no`` or ``unknown``. Who may be created and given all rights is told by a
    node of the kind ``new principal``, ``principal:new user`` or ``principal:new role``, which stands for none that is
    there; one that can only be created within a boundary has a node of its own for each, labelled ``new user within
    policy/limit``.

    Its edges tell in `outcome` whether one of the ways is certain; in `acts`, `rules`, `unbinds`, `raises` and
    `changes` the same for each gain, ``no`` where there is no such way; in `kind` and `kinds` the first kind of way and
    all of them; in `ways` their number; in `reason`, `action`, `resource`, `condition` and `missing_keys` the
    first; in `reasons` all, as JSON, which :func:`reasons` reads.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> G = escalation_graph(read_account(example_account_path()), administrators=False)
    >>> omar, oleg = (f"principal:arn:aws:iam::111122223333:user/{name}" for name in ("omar", "oleg"))
    >>> G.edges[omar, oleg]["kind"], G.edges[omar, oleg]["acts"]
    ('credentials', 'allowed')
    """
    G: Graph = nx.DiGraph(kind="escalation", catalog_date=catalog().date)
    account = getattr(source, "snapshot", source)
    if isinstance(account, Snapshot):
        wanted = read_kinds(kinds)
        edges = escalation_edges(account, kinds=wanted, administrators=administrators)
        everyone = {principal.arn: _standing(account, principal) for principal in account.principals}
        new = sorted({end for edge in edges for end in (edge.principal, edge.target) if is_new(end)})
        everyone |= {target: _new_standing(account, target) for target in new}
        G.graph.update(source=account.source, snapshot_date=account.date or "unknown date", kinds=" ".join(wanted))
    else:
        edges = _edges_in(source)
        ends = {end for edge in edges for end in (edge.principal, edge.target)}
        everyone = dict.fromkeys(sorted(ends), ("unknown", "unknown", "unknown"))
    for arn, name in names_of(everyone).items():
        administrator, raised, freed = everyone[arn]
        standing = {"administrator": administrator, "raised": raised, "freed": freed}
        kind, type_ = (NEW, name.split(" ")[1]) if is_new(arn) else ("principal", name.partition("/")[0])
        G.add_node(f"principal:{arn}", kind=kind, label=name, type=type_, **standing)
    told: dict[tuple[object, ...], _Shared] = {}
    pairs = groupby(edges, key=attrgetter("principal", "target"))
    G.add_edges_from(
        (f"principal:{who}", f"principal:{target}", _facts(tuple(ways), told)) for (who, target), ways in pairs
    )
    return G


def _edges_in(source: object) -> tuple[EscalationEdge, ...]:
    edges = tuple(source) if isinstance(source, Iterable) else (None,)
    if not all(isinstance(edge, EscalationEdge) for edge in edges):
        raise LexgraphError("this graph is made of an account, or of its escalation edges", code="WRONG_DATA")
    return cast("tuple[EscalationEdge, ...]", edges)


def _standing(snapshot: Snapshot, who: Principal) -> tuple[str, str, str]:
    """Whether a principal is an administrator, would be with AdministratorAccess, and without its boundary too."""
    found = administrators(snapshot)
    own = found.standing(who)
    raised = own if own == "allowed" else found.standing(who, more=(ADMINISTRATOR,))
    freed = raised if who.boundary is None else found.standing(who, more=(ADMINISTRATOR,), bounded=False)
    return own or NO, raised or NO, freed or NO


def _new_standing(snapshot: Snapshot, target: str) -> tuple[str, str, str]:
    """The same of a user or role that is not there yet, which is given all rights within its boundary."""
    own = administrators(snapshot).newcomer(boundary=boundary_of(target)) or NO
    return own, own, "allowed"


_Shared = tuple[int, dict[str, Any]]  # which way is told first, and the attributes that do not name the target


def _facts(ways: tuple[EscalationEdge, ...], told: dict[tuple[object, ...], _Shared]) -> dict[str, Any]:
    """The attributes of an edge; edges that rest on the same decisions share most of the work for them."""
    name = tuple([(way.method, way.gain, way.via, *map(id, way.proofs)) for way in ways])
    shared = told.get(name)
    if shared is None:
        shared = told[name] = _shared(ways)
    first = ways[shared[0]]
    return {
        **shared[1],
        "reason": first.reason,
        "resource": first.resource,
        "condition": first.condition or "",
    }


def _shared(ways: tuple[EscalationEdge, ...]) -> _Shared:
    place = min(range(len(ways)), key=lambda i: _rank(ways[i]))
    kinds = {way.kind for way in ways}
    by_gain: dict[str, str] = dict.fromkeys(GAINS, NO)
    for way in ways:
        by_gain[way.gain] = min(by_gain[way.gain], way.outcome, key=_OUTCOMES.index)
    listed = [
        {"method": way.method, "gain": way.gain, "outcome": way.outcome, "via": way.via,
         "steps": [_step(proof) for proof in way.proofs]}
        for way in ways
    ]  # fmt: skip
    return place, {
        "kind": ways[place].kind,
        "kinds": " ".join(kind for kind in KINDS if kind in kinds),
        "outcome": min((way.outcome for way in ways), key=_OUTCOMES.index),
        **by_gain,
        "ways": len(ways),
        "action": ways[place].action,
        "missing_keys": ", ".join(ways[place].missing_keys),
        "reasons": json.dumps(listed, separators=(",", ":")),
    }


def _rank(way: EscalationEdge) -> tuple[object, ...]:
    return GAINS.index(way.gain), way.outcome, KINDS.index(way.kind)


def _step(proof: Proof) -> dict[str, Any]:
    known: dict[str, Any] = {"caller": proof.caller, "resource": proof.resource, "condition": proof.condition}
    found: dict[str, Any] = {key: value for key, value in known.items() if value is not None}
    if proof.known:
        found["context"] = dict(proof.known)
    if proof.missing_keys:
        found["missing_keys"] = list(proof.missing_keys)
    if proof.after:
        found["after"] = True
    return {"action": proof.action, "outcome": proof.outcome, **found}


def reasons(G: Graph, source: str, target: str) -> tuple[EscalationEdge, ...]:
    """Return the ways of an edge, as `escalation_edges` returned them; `source` and `target` are nodes, ARNs or labels.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> G = escalation_graph(read_account(example_account_path()), administrators=False)
    >>> [way.method for way in reasons(G, "user/omar", "user/oleg")]
    ['iam:CreateAccessKey', 'iam:UpdateLoginProfile']
    """
    expect_escalation(G)
    a, b = find_node(G, source), find_node(G, target)
    if not G.has_edge(a, b):
        return ()
    who, whom = a.partition(":")[2], b.partition(":")[2]
    return tuple(_ways(who, whom, json.loads(G.edges[a, b]["reasons"])))


def _ways(who: str, target: str, listed: Iterable[dict[str, Any]]) -> Iterator[EscalationEdge]:
    for way in listed:
        proofs = tuple(_proof(step) for step in way["steps"])
        yield EscalationEdge(who, target, way["method"], way["outcome"], way["gain"], proofs, way["via"])


def _proof(step: dict[str, Any]) -> Proof:
    known = tuple(step.get("context", {}).items())
    missing = tuple(step.get("missing_keys", ()))
    answer = (step["outcome"], step.get("condition"), missing)
    return Proof(step["action"], step.get("resource"), known, *answer, step.get("caller"), step.get("after", False))


def graph_of(source: Source | Graph) -> Graph:
    """Return an escalation graph as it is, or that of an account, kept with it, or of escalation edges.

    Raises LexgraphError: with the code ``WRONG_GRAPH`` for another graph, ``WRONG_DATA`` for anything else.
    """
    if isinstance(source, nx.Graph):
        expect_escalation(cast("Graph", source))
        return cast("Graph", source)
    account = getattr(source, "snapshot", source)
    if isinstance(account, Snapshot):
        made: Graph = account.kept("escalation graph", lambda: escalation_graph(account))
        return made
    given: object = source
    if isinstance(given, Iterable) and not isinstance(given, str):
        return escalation_graph(cast("Iterable[EscalationEdge]", given))
    kind = shown(type(source).__name__)[1:-1]
    message = f"this needs an account, its escalation edges or its escalation graph, not {kind}"
    raise LexgraphError(message, code="WRONG_DATA")


def expect_escalation(G: Graph) -> None:
    """Raise LexgraphError (``WRONG_GRAPH``) for a graph that escalation_graph did not make."""
    found = getattr(G, "graph", {}).get("kind")
    if found != "escalation":
        raise LexgraphError(
            f"this needs a graph that escalation_graph made, not {shown(str(found))}", code="WRONG_GRAPH"
        )
