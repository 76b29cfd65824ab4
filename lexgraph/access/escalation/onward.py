"""What those can take over who can only be created within a boundary: with all rights but for what that leaves out.

Whoever creates such a one acts as it, and may get further by it than by itself: its boundary may let it assume what its
creator may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lexgraph.access.escalation.administrators import ADMINISTRATOR, administrators
from lexgraph.access.escalation.methods import Method
from lexgraph.access.escalation.model import EscalationEdge
from lexgraph.access.escalation.newcomers import boundary_of
from lexgraph.access.escalation.search import Search
from lexgraph.access.escalation.trusted import trusting
from lexgraph.account.model import Principal, Snapshot


def onward_edges(
    snapshot: Snapshot, edges: Sequence[EscalationEdge], methods: Sequence[Method]
) -> Iterator[EscalationEdge]:
    """Yield what can be taken over by those that `edges` can create within a boundary, and by whom these can create.

    The name that the first edge found stands for all that could be created within one boundary. What it could do to
    itself is left out.
    """
    done: set[str] = set()
    while fresh := _bounded(snapshot, edges, done):
        done |= fresh.keys()
        edges = [edge for together in _apart(fresh) for edge in _theirs(snapshot, together, methods)]
        yield from edges


def _theirs(snapshot: Snapshot, fresh: Mapping[str, Principal], methods: Sequence[Method]) -> Iterator[EscalationEdge]:
    """What those can take over who are not there yet, as if they were."""
    there = replace(snapshot, principals=(*snapshot.principals, *fresh.values()))
    search, own = Search(there), {who.arn for who in fresh.values()}
    for target, who in fresh.items():
        steps = (edge for method in methods for edge in search.edges(who, method))
        yield from (_of(edge, target) for edge in steps if edge.target not in own | {target})


def _apart(fresh: Mapping[str, Principal]) -> Iterator[dict[str, Principal]]:
    """The same in parts, so that no two of a part have one name: an account could not hold both."""
    waiting = dict(fresh)
    while waiting:
        names = {who.arn: target for target, who in reversed(waiting.items())}
        yield {target: waiting.pop(target) for target in names.values()}


def _bounded(snapshot: Snapshot, edges: Sequence[EscalationEdge], done: set[str]) -> Mapping[str, Principal]:
    """Those that edges create within a boundary, which keeps them from being an administrator, as they would be."""
    found: dict[str, Principal] = {}
    for edge in edges:
        boundary = boundary_of(edge.target)
        if boundary is None or edge.target in found or edge.target in done:
            continue
        if administrators(snapshot).newcomer(boundary=boundary) != "allowed":
            found[edge.target] = _principal(edge, boundary)
    return found


def _principal(edge: EscalationEdge, boundary: str) -> Principal:
    arn = edge.resource.replace("*", "example")  # a star where no name was found
    front, _, name = arn.rpartition("/")
    path = front.rpartition(":")[2].partition("/")[2]
    trust = trusting(edge.principal) if edge.how.target == "role" else None
    return Principal(
        arn, edge.how.target or "user", name, f"/{path}/" if path else "/", inline=(ADMINISTRATOR,), boundary=boundary,
        trust=trust, tagged=True,
    )  # fmt: skip


def _of(edge: EscalationEdge, who: str) -> EscalationEdge:
    """An edge told of who is not there yet, each request as it will be answered then."""
    proofs = (replace(proof, caller=proof.caller or edge.principal, after=True) for proof in edge.proofs)
    return replace(edge, principal=who, proofs=tuple(proofs))
