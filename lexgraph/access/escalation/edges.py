"""Who can take over whom: the methods held against effective access, without asking about every pair."""

from __future__ import annotations

from collections.abc import Iterable

from lexgraph.access.escalation.methods import KINDS, METHODS, Kind, read_kinds
from lexgraph.access.escalation.model import EscalationEdge
from lexgraph.access.escalation.onward import onward_edges
from lexgraph.access.escalation.search import Search
from lexgraph.account.model import Snapshot
from lexgraph.account.pausing import collector_paused

_ORDER = {name: i for i, name in enumerate(METHODS)}


@collector_paused()
def escalation_edges(
    snapshot: Snapshot, *, kinds: Iterable[Kind] | Kind = KINDS, administrators: bool = True
) -> tuple[EscalationEdge, ...]:
    """Return every way in which a principal of the account can take over another, or decide what it may do.

    What is not there is denied: denies, boundaries, organization policies, trust policies and conditions count. Sorted
    by principal, target and method. An edge from a principal to itself tells that it may edit its own policies. One of
    the kind ``create`` leads to ``new user`` or ``new role``, which is not there yet; what can only be created within
    a boundary that bounds it has edges of its own, which come last.

    Parameters
    ----------
    snapshot : the account.
    kinds : ``assume``, ``credentials``, ``policy``, ``create``, ``pass`` and ``use``; all by default. Those of ``use``
        are conditional always, since a dump of IAM does not tell what runs as a role.
    administrators : whether to tell what those can do who are administrators for certain. In a large account that is
        nearly all there is to tell, and it is no news.

    Raises
    ------
    LexgraphError
        With the code ``UNKNOWN_KIND``.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> edges = escalation_edges(read_account(example_account_path()), kinds=["pass"], administrators=False)
    >>> sorted({edge.reason for edge in edges if "ci-deployer" in edge.principal and "nightly" in edge.target})
    ['role/ci-deployer can pass role/nightly-maintenance to lambda.amazonaws.com and create and call a function']
    """
    wanted = read_kinds(kinds)
    search: Search = snapshot.kept("escalation", lambda: Search(snapshot))
    methods = [method for method in METHODS.values() if method.kind in wanted]
    found: list[EscalationEdge] = []
    for who in snapshot.principals:
        if administrators or search.inventory.standings.standing(who) != "allowed":
            found += sorted((edge for method in methods for edge in search.edges(who, method)), key=_place)
    new = sorted(onward_edges(snapshot, found, methods), key=lambda edge: (edge.principal, *_place(edge)))
    return (*found, *new)


def _place(edge: EscalationEdge) -> tuple[str, int, str]:
    return edge.target, _ORDER[edge.method], edge.via or ""
