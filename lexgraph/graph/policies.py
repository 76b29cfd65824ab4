"""The policy graph: how access comes about, from the principal down to the patterns of a statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import networkx as nx

from lexgraph.account.model import Snapshot, labels
from lexgraph.account.pausing import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.graph.access import UNKNOWN_LEVEL
from lexgraph.graph.escalation import HoldsAccount
from lexgraph.policy.arn import short_name
from lexgraph.policy.model import PatternSet, Policy

if TYPE_CHECKING:
    Graph: TypeAlias = nx.DiGraph[str]
Facts: TypeAlias = dict[str, Any]

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
    # A backend of networkx that somebody configured keeps its graphs otherwise, and a draft could not fill them.
    G: Graph = nx.DiGraph(backend="networkx", kind="policy", catalog_date=catalog().date)
    draft = _Draft(G)
    account = source if isinstance(source, Snapshot) else getattr(source, "snapshot", None)
    if isinstance(account, Snapshot):
        _add_holders(draft, account)
        policies: Iterable[Policy] = account.identity_policies()
    elif isinstance(source, Policy):
        policies = (source,)
    else:
        policies = source.values() if isinstance(source, Mapping) else cast(Iterable[Policy], source)
    elements = [_Element(draft, kind) for kind in ("action", "resource", "principal")]
    for policy in policies:
        _add_policy(draft, policy, *elements)
    return G


class _Draft:
    """Fills a graph that nobody holds yet.

    An account has hundreds of thousands of edges, and networkx's own ways to add many do as much for each as `add_edge`
    does, which took half of the time. So the three dicts of a `DiGraph` are filled here, and only here, as networkx
    fills them: a dict of facts for each node and each edge, an edge's shared by its two directions. A test holds the
    result equal to a graph made by `add_node` and `add_edge`.
    """

    def __init__(self, G: Graph) -> None:
        held = vars(G)
        self.nodes: dict[str, Facts] = held["_node"]
        self.after: dict[str, dict[str, Facts]] = held["_succ"]
        self.before: dict[str, dict[str, Facts]] = held["_pred"]

    def node(self, name: str, facts: Facts) -> str:
        """Add a node with facts that are its own; of one that is there already they take the place of the former."""
        if name not in self.nodes:
            self.after[name], self.before[name] = {}, {}
        self.nodes[name] = facts
        return name

    def edge(self, start: str, end: str, kind: str) -> None:
        """Add an edge between two nodes that are there; one that is there already becomes one of this kind."""
        self.after[start][end] = self.before[end][start] = {"kind": kind}

    def edges(self, start: str, ends: Iterable[str], kind: str) -> None:
        """Add an edge from `start` to each of `ends`, which need not be there before they are asked for."""
        after, before = self.after[start], self.before
        for end in ends:
            after[end] = before[end][start] = {"kind": kind}


def _add_holders(draft: _Draft, snapshot: Snapshot) -> None:
    names = labels([*(p.arn for p in snapshot.principals), *(g.arn for g in snapshot.groups)])
    for group in snapshot.groups:
        draft.node(f"group:{group.arn}", {"kind": "group", "label": names[group.arn]})
    known: dict[str, str] = {}
    told: set[str | None] = set()
    for principal in snapshot.principals:
        label = names[principal.arn]
        node = draft.node(f"principal:{principal.arn}", {"kind": "principal", "label": label, "type": principal.kind})
        for arn in principal.groups:
            if f"group:{arn}" not in draft.nodes:
                draft.node(f"group:{arn}", {"kind": "group", "label": names.get(arn) or short_name(arn)})
            draft.edge(node, f"group:{arn}", "member")
        for key, via, group_arn, policy in snapshot.holdings(principal):
            if group_arn in told and policy is not None:
                continue  # An earlier member brought it. (What nothing but its holders tell of is told by the last.)
            if via == "group":
                via = "inline" if key.startswith(f"{group_arn}/") else "attached"
            if policy is None or key not in known:
                name = key.rpartition("/")[2]
                facts = {"kind": "policy", "label": name, "readable": policy is not None, "type": via}
                known[key] = draft.node(f"policy:{key}", facts)
            draft.edge(f"group:{group_arn}" if group_arn else node, known[key], via)
        told.update(principal.groups)


def _add_policy(draft: _Draft, policy: Policy, actions: _Element, resources: _Element, principals: _Element) -> None:
    facts: Facts = {"kind": "policy", "label": policy.name, "readable": True, "type": policy.kind}
    node = draft.node(f"policy:{policy.key}", facts)
    for index, statement in enumerate(policy.statements):
        facts = {
            "kind": "statement",
            "label": statement.sid or f"#{index}",
            "conditions": len(statement.conditions),
            "effect": statement.effect,
            "sid": statement.sid or "",
            "statement": index,
        }
        place = draft.node(f"statement:{policy.key}#{index}", facts)
        draft.edges(place, actions.nodes_of(statement.actions), "names")
        draft.edges(place, resources.nodes_of(statement.resources), "names")
        for who in principals.nodes_of(statement.principals):
            draft.edge(who, place, "named")
        draft.edge(node, place, "statement")


class _Element(dict[str, str]):
    """The node of each pattern of one kind. Patterns repeat from statement to statement: each is looked at once."""

    def __init__(self, draft: _Draft, kind: str) -> None:
        self.draft, self.kind = draft, kind

    def __missing__(self, pattern: str) -> str:
        node = self[pattern] = self._node(f"{self.kind}:{pattern}", (pattern,), negated=False)
        return node

    def nodes_of(self, element: PatternSet | None) -> Iterable[str]:
        """Return the nodes of an element: one a pattern, but one in all for a Not element, which is a conjunction."""
        if element is None:
            return ()
        if element.negated:
            return (self._node(f"not{self.kind}:{' '.join(element.patterns)}", element.patterns, negated=True),)
        return map(self.__getitem__, element.patterns)

    def _node(self, node: str, patterns: tuple[str, ...], *, negated: bool) -> str:
        if node not in self.draft.nodes:
            name = " ".join(map(short_name, patterns))
            facts: Facts = {"kind": self.kind, "label": f"not {name}" if negated else name, "negated": negated}
            if self.kind == "action":
                facts["level"], facts["actions"] = _reach(patterns, negated=negated)
            self.draft.node(node, facts)
        return node


def _reach(patterns: tuple[str, ...], *, negated: bool) -> tuple[str, int]:
    """Return the strongest level of the actions that `patterns` match, or of the rest, and how many these are."""
    levels = catalog().levels(patterns[0]) if len(patterns) == 1 and not negated else ()
    if levels:  # Most patterns are one action's name.
        return max(levels, key=LEVELS.index), 1
    bits = catalog().bits_of(patterns, negated)
    strongest = (level for level in reversed(LEVELS) if bits & catalog().level_bits(level))
    return next(strongest, UNKNOWN_LEVEL), catalog().count(bits)
