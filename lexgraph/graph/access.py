"""The access graph: principal → action on resource → resource. A path is a permission."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import networkx as nx

from lexgraph.account.model import labels
from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.arn import split_arn
from lexgraph.policy.patterns import ascii_lower

if TYPE_CHECKING:
    import pandas as pd

    from lexgraph.access.decide import AccessRow

    Graph: TypeAlias = nx.DiGraph[str]

UNKNOWN_LEVEL = "Unknown"
GRANTED = ("allowed", "conditional")
LONGEST_ID = 8  # actions that a node's id spells out; a longer list is told apart by its digest

_Grant = tuple[tuple[str, str, str, str], ...]  # who may: (principal, outcome, condition, missing keys), sorted
_Answers = dict[tuple[str, str], dict[str, tuple[str, str, str]]]  # the same by resource and action, then principal


def access_graph(rows: Iterable[AccessRow] | pd.DataFrame, *, fold: bool = True) -> Graph:
    """Return who may do what to what: principal → action on resource → resource. A path is a permission.

    A path exists if and only if the row is allowed or conditional. An action node belongs to one resource
    (``grant:<resource>|<actions>``); all that was asked about is in the graph, with or without edges.

    Parameters
    ----------
    rows : the rows of an access table, or the table itself.
    fold : put actions of one service and level into one node where the same principals have them on the same
        resource, with the same outcome and condition; `names` lists them.

    Raises
    ------
    LexgraphError
        With the code ``CONFLICTING_ROWS`` where two rows answer one question differently.

    Examples
    --------
    >>> from lexgraph.access.decide import AccessRow
    >>> ana, bot = "arn:aws:iam::111122223333:user/ana", "arn:aws:lex:us-east-1:111122223333:bot/ORDERS"
    >>> G = access_graph([AccessRow(ana, "lex:DeleteBot", bot, "allowed", None, (), "identity: p #0")])
    >>> reaches(G, ana, "lex:DeleteBot", bot)
    'allowed'
    """
    principals, resources, grants = _read_rows(rows)
    G: Graph = nx.DiGraph(kind="access", catalog_date=catalog().date)
    for arn, name in sorted(labels(principals).items()):
        G.add_node(f"principal:{arn}", kind="principal", label=name, type=name.partition("/")[0])
    for arn, name in sorted(labels(resources).items()):
        G.add_node(f"resource:{arn}", kind="resource", label=name, service=_resource_service(arn))
    for (resource, service, level, who), actions in _folded(grants, fold):
        _add_grant(G, resource, service, level, who, actions)
    return G


def reaches(G: Graph, principal: str, action: str, resource: str) -> str | None:
    """Return the outcome, ``allowed`` or ``conditional``, where a path exists for the request, else None.

    An action that supports no resource types is answered as asked on ``*`` (rule R5).
    """
    if catalog().wildcard_only(action):
        resource = "*"
    who, where, wanted = f"principal:{principal}", f"resource:{resource}", ascii_lower(action)
    if who not in G or where not in G:
        return None
    for grant in G.successors(who):
        if G.has_edge(grant, where) and wanted in map(ascii_lower, action_names(G.nodes[grant])):
            return str(G.edges[who, grant]["outcome"])
    return None


def _read_rows(rows: Any) -> tuple[set[str], set[str], _Answers]:
    """The principals, the resources, and what is granted."""
    principals, resources = set(), set()
    answers: dict[tuple[str, str, str], str] = {}
    grants: _Answers = {}
    for row in rows.itertuples(index=False) if hasattr(rows, "itertuples") else rows:
        principals.add(row.principal)
        resources.add(row.resource)
        asked = (row.principal, row.action, row.resource)
        if answers.setdefault(asked, row.outcome) != row.outcome:
            raise LexgraphError(
                f"two rows answer {shown(row.action)} of {shown(row.principal)} on {shown(row.resource)} "
                f"differently: {answers[asked]} and {row.outcome}",
                code="CONFLICTING_ROWS",
            )
        if row.outcome in GRANTED:
            condition = row.condition if isinstance(row.condition, str) else ""
            missing = row.missing_keys
            keys = missing if isinstance(missing, str) else ", ".join(missing) if isinstance(missing, tuple) else ""
            grants.setdefault((row.resource, row.action), {})[row.principal] = (row.outcome, condition, keys)
    return principals, resources, grants


def _folded(
    grants: Mapping[tuple[str, str], Mapping[str, tuple[str, str, str]]], fold: bool
) -> Iterator[tuple[tuple[str, str, str, _Grant], tuple[str, ...]]]:
    """Yield what becomes a node, and the actions in it, which agree in every principal who reaches them."""
    keyed = []
    for (resource, action), who in grants.items():
        everyone = tuple(sorted((principal, *answer) for principal, answer in who.items()))
        keyed.append(((resource, ascii_lower(action.partition(":")[0]), _level(action), everyone), action))
    keyed.sort()
    for key, group in groupby(keyed, lambda pair: pair[0]):
        actions = tuple(action for _, action in group)
        alone = [action for action in actions if not fold or len(action.split()) != 1]
        together = tuple(action for action in actions if action not in alone)
        yield from ((key, (action,)) for action in alone)
        if together:
            yield key, together


def _add_grant(G: Graph, resource: str, service: str, level: str, who: _Grant, actions: tuple[str, ...]) -> None:
    node = f"grant:{resource}|{_joined_id(actions)}"
    count = len(actions)
    outcomes = {outcome for _, outcome, _, _ in who}
    common = {"service": service, "level": level, "actions": count, "outcome": one_of(outcomes)}
    name = actions[0] if count == 1 else f"{count:,} {service} actions, {level}"
    G.add_node(node, kind="grant", label=name, names=" ".join(actions), resource=resource, **common)
    G.add_edge(node, f"resource:{resource}", kind="on", actions=count)
    for principal, outcome, condition, keys in who:
        facts = {"outcome": outcome, "condition": condition, "missing_keys": keys, "actions": count}
        G.add_edge(f"principal:{principal}", node, kind="may", **facts)


def _joined_id(actions: tuple[str, ...]) -> str:
    # The last "|" of an id parts resource and actions, so an action may hold none.
    text = " ".join(actions).replace("|", "%7C")
    if len(actions) <= LONGEST_ID:
        return text
    return f"{actions[0]} and {len(actions) - 1} more, {sha256(text.encode()).hexdigest()[:16]}"


def action_names(node: Mapping[str, Any]) -> list[str]:
    """Return the actions of a grant node."""
    names = str(node["names"])
    return [names] if node["actions"] == 1 else names.split(" ")


def one_of(outcomes: Iterable[str]) -> str:
    """Return the outcome that all share, or ``mixed``."""
    found = set(outcomes)
    return found.pop() if len(found) == 1 else "mixed"


def _level(action: str) -> str:
    return catalog().level(action) or UNKNOWN_LEVEL


def _resource_service(arn: str) -> str:
    parts = split_arn(arn)
    return parts[2] if len(parts) > 2 else "*"
