"""The policy graph: how access comes about, from the principal down to the patterns of a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import networkx as nx

from lexgraph.account.model import Snapshot, labels
from lexgraph.account.pages import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.graph.access import UNKNOWN_LEVEL
from lexgraph.graph.escalation import HoldsAccount
from lexgraph.policy.arn import short_name
from lexgraph.policy.model import PatternSet, Policy, Statement

if TYPE_CHECKING:
    Graph: TypeAlias = nx.DiGraph[str]

LEVELS = ("List", "Read", "Tagging", "Write", "Permissions management")


@collector_paused()
def policy_graph(source: HoldsAccount | Snapshot | Policy | Iterable[Policy] | Mapping[str, Policy]) -> Graph:
    """Return how access comes about: principal → group → policy → statement → action and resource patterns.

    Node kinds: principal, group, policy, statement (with `effect`), action, resource (both with `negated`). An
    edge's `kind` is member, attached, inline, boundary, statement, names, or named (a principal in the statement of a
    resource policy).

    Parameters
    ----------
    source : an account, or what holds one as its `snapshot`; or policies alone.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> G = policy_graph(
    ...     [parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}', name="look")]
    ... )
    >>> sorted(G)
    ['action:lex:Get*', 'policy:look', 'resource:*', 'statement:look#0']
    """
    G: Graph = nx.DiGraph(kind="policy", catalog_date=catalog().date)
    account = source if isinstance(source, Snapshot) else getattr(source, "snapshot", None)
    if isinstance(account, Snapshot):
        _add_holders(G, account)
        policies: Iterable[Policy] = account.identity_policies()
    elif isinstance(source, Policy):
        policies = (source,)
    else:
        policies = source.values() if isinstance(source, Mapping) else cast(Iterable[Policy], source)
    for policy in policies:
        _add_policy(G, policy)
    return G


def _add_holders(G: Graph, snapshot: Snapshot) -> None:
    names = labels([*(p.arn for p in snapshot.principals), *(g.arn for g in snapshot.groups)])
    for group in snapshot.groups:
        G.add_node(f"group:{group.arn}", kind="group", label=names[group.arn])
    for principal in snapshot.principals:
        node = f"principal:{principal.arn}"
        G.add_node(node, kind="principal", label=names[principal.arn], type=principal.kind)
        for arn in principal.groups:
            G.add_node(f"group:{arn}", kind="group", label=names.get(arn, short_name(arn)))
            G.add_edge(node, f"group:{arn}", kind="member")
        for key, via, group_arn, policy in snapshot.holdings(principal):
            if via == "group":
                via = "inline" if key.startswith(f"{group_arn}/") else "attached"
            name = key.rpartition("/")[2]
            G.add_node(f"policy:{key}", kind="policy", label=name, readable=policy is not None, type=via)
            G.add_edge(f"group:{group_arn}" if group_arn else node, f"policy:{key}", kind=via)


def _add_policy(G: Graph, policy: Policy) -> None:
    node = f"policy:{policy.key}"
    G.add_node(node, kind="policy", label=policy.name, readable=True, type=policy.kind)
    places = []
    names: list[tuple[str, str]] = []
    for index, statement in enumerate(policy.statements):
        place = f"statement:{policy.key}#{index}"
        facts = {"effect": statement.effect, "sid": statement.sid or "", "statement": index}
        name = statement.sid or f"#{index}"
        G.add_node(place, kind="statement", label=name, conditions=len(statement.conditions), **facts)
        places.append((node, place))
        names += _add_elements(G, place, statement)
    G.add_edges_from(places, kind="statement")
    G.add_edges_from(names, kind="names")


def _add_elements(G: Graph, place: str, statement: Statement) -> Iterator[tuple[str, str]]:
    """Add the patterns of a statement, and yield the edges to those that it names."""
    for node, pattern in _pattern_nodes("action", statement.actions):
        if node not in G:  # Patterns repeat from statement to statement: each is looked at where it is new.
            bits = catalog().bits_of(pattern, statement.actions.negated)
            facts = _pattern_facts("action", pattern, negated=statement.actions.negated)
            G.add_node(node, **facts, level=_strongest(bits), actions=catalog().count(bits))
        yield place, node
    for node, pattern in _pattern_nodes("resource", statement.resources):
        if node not in G:
            G.add_node(node, **_pattern_facts("resource", pattern, negated=_negated(statement.resources)))
        yield place, node
    for node, pattern in _pattern_nodes("principal", statement.principals):
        if node not in G:
            G.add_node(node, **_pattern_facts("principal", pattern, negated=_negated(statement.principals)))
        G.add_edge(node, place, kind="named")


def _pattern_nodes(kind: str, element: PatternSet | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The nodes of an element: one a pattern, but one in all for a Not element, which is a conjunction."""
    if element is None:
        return
    if element.negated:
        yield f"not{kind}:{' '.join(element.patterns)}", element.patterns
    else:
        yield from ((f"{kind}:{pattern}", (pattern,)) for pattern in element.patterns)


def _pattern_facts(kind: str, patterns: tuple[str, ...], *, negated: bool) -> dict[str, Any]:
    name = " ".join(short_name(pattern) for pattern in patterns)
    return {"kind": kind, "label": f"not {name}" if negated else name, "negated": negated}


def _negated(element: PatternSet | None) -> bool:
    return element is not None and element.negated


def _strongest(bits: int) -> str:
    return next((level for level in reversed(LEVELS) if bits & catalog().level_bits(level)), UNKNOWN_LEVEL)
