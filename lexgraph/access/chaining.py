"""Who can become whom: which roles a principal may assume, and which it reaches over several roles.

Roles of other accounts are among them where their trust policies were given beside the account. What such a role may do
is not known here, so a chain ends with it, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any

from lexgraph.access.decide import AccessRow, spelled, what_can, who_can
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.account.resource_policies import kind_of
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.errors import AccountError, shown
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Request, read_action
from lexgraph.policy.arn import account_of
from lexgraph.policy.patterns import is_pattern

ASSUME = "sts:AssumeRole"
BEYOND = "what that role may do is not in this account"
UNREAD = "what that role may do was not read"


@dataclass(frozen=True, slots=True)
class AssumeEdge:
    """A principal that may assume a role: for certain, or where `condition` holds, which hangs on `missing_keys`.

    `elsewhere`: the role is not among the account's that were read, and nothing is known of it but its trust policy.
    """

    principal: str
    role: str
    outcome: Outcome
    condition: str | None = None
    missing_keys: tuple[str, ...] = ()
    elsewhere: bool = False

    @property
    def note(self) -> str | None:
        """What else should be known of the role."""
        if not self.elsewhere:
            return None
        return UNREAD if account_of(self.role) == account_of(self.principal) else BEYOND

    @property
    def request(self) -> Request:
        """The request that takes this step."""
        return Request(self.principal, ASSUME, self.role)


@dataclass(frozen=True, slots=True)
class Chain:
    """A way from a principal to a role: the steps, each taken by what the one before arrived at."""

    steps: tuple[AssumeEdge, ...]

    @property
    def principal(self) -> str:
        """Who starts."""
        return self.steps[0].principal

    @property
    def role(self) -> str:
        """The role it ends with."""
        return self.steps[-1].role

    @property
    def outcome(self) -> Outcome:
        """``allowed``, or ``conditional`` where some step is."""
        return "allowed" if all(step.outcome == "allowed" for step in self.steps) else "conditional"

    @property
    def note(self) -> str | None:
        """What else should be known of the role that it ends with."""
        return self.steps[-1].note

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests, in order, that prove it."""
        return tuple(step.request for step in self.steps)


def assume_edges(snapshot: Snapshot, *, context: Context = UNKNOWN_CONTEXT) -> tuple[AssumeEdge, ...]:
    """Return which principals of the account may assume which roles, sorted by principal and role.

    The roles are its own and those of :func:`roles_elsewhere`. What is not there is denied. A role whose trust policy
    could not be read may be assumable by anyone.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> edges = assume_edges(read_account(example_account_path()))
    >>> edges == tuple(sorted(edges, key=lambda edge: (edge.principal, edge.role)))
    True
    """
    if context == UNKNOWN_CONTEXT:
        edges: tuple[AssumeEdge, ...] = snapshot.kept("assume edges", lambda: _edges(snapshot, context))
        return edges
    return _edges(snapshot, context)


def roles_elsewhere(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the roles that were not read with the account, and whose trust policies were given beside it, readable or
    not; by ARN.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> roles_elsewhere(read_account(example_account_path()))
    ()
    """

    def make() -> tuple[str, ...]:
        told = (one.resource for one in snapshot.resource_policies)
        unread = (one.owner for one in snapshot.unreadable)
        own = {principal.arn for principal in snapshot.principals}
        return tuple(sorted(set(filter(_is_role, (*told, *unread))) - own))

    found: tuple[str, ...] = snapshot.kept("roles elsewhere", make)
    return found


def roles_of(snapshot: Snapshot, principal: Principal) -> tuple[AssumeEdge, ...]:
    """Return the roles of the account that one principal may assume at once, as :func:`assume_edges` has them, sorted
    by role.
    """
    found = _by_principal(snapshot, UNKNOWN_CONTEXT).get(principal.arn, ())
    return tuple(edge for _, edge in found if not edge.elsewhere)


def reachable(
    snapshot: Snapshot, principal: str | Principal, *, context: Context = UNKNOWN_CONTEXT
) -> tuple[Chain, ...]:
    """Return the roles that a principal may become, at once or over other roles, sorted by role.

    Each comes with the way that leaves the least open: with the fewest conditional steps, then the fewest steps.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> chains = reachable(read_account(example_account_path()), "user/oleg")
    >>> all(chain.principal.endswith("user/oleg") for chain in chains)
    True
    """
    who = snapshot.principal(principal)
    chains = map(Chain, _ways(_by_principal(snapshot, context), who.arn))
    return tuple(sorted(chains, key=lambda chain: chain.role))


def who_can_become(
    snapshot: Snapshot, role: str | Principal, *, context: Context = UNKNOWN_CONTEXT
) -> tuple[Chain, ...]:
    """Return the principals that may become a role, at once or over other roles, sorted by principal.

    Raises AccountError for a user: who can take over one,
    :func:`lexgraph.access.escalation.edges.escalation_edges` tells.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> [len(chain.steps) for chain in who_can_become(account, "role/handover-day") if "yuki" in chain.principal]
    [1]
    """
    target = _role(snapshot, role)
    arriving: dict[str, list[tuple[str, AssumeEdge]]] = {}
    for edge in assume_edges(snapshot, context=context):
        arriving.setdefault(edge.role, []).append((edge.principal, edge))
    chains = (Chain(steps[::-1]) for steps in _ways(arriving, target))
    return tuple(sorted(chains, key=lambda chain: chain.principal))


def _role(snapshot: Snapshot, role: str | Principal) -> str:
    """The ARN of a role of the account, or of one whose trust policy was given beside it."""
    if isinstance(role, str) and role in roles_elsewhere(snapshot):
        return role
    try:
        found = snapshot.principal(role)
    except AccountError as error:
        if error.code != "UNKNOWN_PRINCIPAL" or not isinstance(role, str) or not _is_elsewhere(snapshot, role):
            raise
        message = f"{shown(role)} is a role of another account; who may assume it, its trust policy tells: give that "
        message += "with the account, among resource_policies"
        raise AccountError(message, code="UNKNOWN_PRINCIPAL", source=snapshot.source) from None
    if found.kind != "role":
        message = f"{shown(found.name)} is a user, and only roles can be assumed; see who can take over whom"
        raise AccountError(message, code="NOT_A_ROLE", source=snapshot.source)
    return found.arn


def _is_elsewhere(snapshot: Snapshot, arn: str) -> bool:
    return _is_role(arn) and account_of(arn) != snapshot.account_id


def _is_role(arn: str) -> bool:
    return kind_of(arn) == "trust" and account_of(arn) is not None and not is_pattern(arn)


def what_can_through_roles(
    snapshot: Snapshot,
    principal: str | Principal,
    *,
    actions: Iterable[str] | str = "*",
    resources: Iterable[str] | str | None = None,
    context: Context = UNKNOWN_CONTEXT,
) -> tuple[AccessRow, ...]:
    """Return what a principal may do as itself and as each of the roles that it may become.

    A row's `principal` says as whom; its own come first, then the roles' by ARN. Where a step towards a role is
    conditional, so are the rows of the role: their conditions begin with the step's. Of a role of another account
    nothing is known but that it can be reached: a conditional row for what was asked says so. The parameters are those
    of :func:`lexgraph.access.decide.what_can`.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> rows = what_can_through_roles(read_account(example_account_path()), "user/yuki", actions="lex:DescribeBot")
    >>> sorted({row.principal.rpartition("/")[2] for row in rows})
    ['handover-day']
    """
    listed = None if resources is None else _listed(resources)  # they are asked for more than once
    asked: dict[str, Any] = {"actions": _listed(actions), "resources": listed, "context": context}
    rows = list(what_can(snapshot, principal, **asked))
    for chain in reachable(snapshot, principal, context=context):
        steps = [step for step in chain.steps if step.condition is not None]
        found = _untold(chain, asked) if chain.note else what_can(snapshot, chain.role, **asked)
        rows += (_behind(row, steps) for row in found) if steps else found
    return tuple(rows)


def _listed(values: Iterable[str] | str) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _untold(chain: Chain, asked: Mapping[str, Any]) -> tuple[AccessRow, ...]:
    """What was asked, as it was asked, of a role of which nothing is known: its policies may allow any of it."""
    condition = f"if the policies of {chain.role} allow it: {chain.note}"
    resources = ("*",) if asked["resources"] is None else asked["resources"]
    pairs = {
        (spelled(action), "*" if not is_pattern(action) and read_action(action)[1] else resource)
        for action in asked["actions"]
        for resource in resources
    }
    return tuple(AccessRow(chain.role, *pair, "conditional", condition, (), "not read") for pair in sorted(pairs))


def _behind(row: AccessRow, steps: Sequence[AssumeEdge]) -> AccessRow:
    """A role's row under the conditions of the steps towards the role."""
    words = [f"{(step.condition or '').removeprefix('if ')} when {step.role} is assumed" for step in steps]
    if row.condition is not None:
        words.append(row.condition.removeprefix("if "))
    keys = {key.lower(): key for step in steps for key in step.missing_keys} | {k.lower(): k for k in row.missing_keys}
    missing = tuple(sorted(keys.values(), key=str.lower))
    return replace(row, outcome="conditional", condition=f"if {'; and '.join(words)}", missing_keys=missing)


@collector_paused()
def _edges(snapshot: Snapshot, context: Context) -> tuple[AssumeEdge, ...]:
    own = [principal.arn for principal in snapshot.principals if principal.kind == "role"]
    elsewhere = dict.fromkeys(roles_elsewhere(snapshot))
    found = [
        AssumeEdge(row.principal, role, row.outcome, row.condition, row.missing_keys, role in elsewhere)
        for role in (*own, *elsewhere)
        for row in who_can(snapshot, ASSUME, role, context=context)
    ]
    return tuple(sorted(found, key=lambda edge: (edge.principal, edge.role)))


def _by_principal(snapshot: Snapshot, context: Context) -> Mapping[str, list[tuple[str, AssumeEdge]]]:
    def make() -> dict[str, list[tuple[str, AssumeEdge]]]:
        found: dict[str, list[tuple[str, AssumeEdge]]] = {}
        for edge in assume_edges(snapshot, context=context):
            found.setdefault(edge.principal, []).append((edge.role, edge))
        return found

    if context != UNKNOWN_CONTEXT:
        return make()
    edges: dict[str, list[tuple[str, AssumeEdge]]] = snapshot.kept("assume edges by principal", make)
    return edges


def _ways(edges: Mapping[str, list[tuple[str, AssumeEdge]]], start: str) -> Iterator[tuple[AssumeEdge, ...]]:
    """The best way from `start` to every other node, by Dijkstra's method: the cost of a way is how many of its steps
    are conditional, then how many there are. Of equal ways the first one counts, so the answer is always the same.
    """
    best: dict[str, tuple[int, int]] = {start: (0, 0)}
    last: dict[str, tuple[str, AssumeEdge]] = {}
    waiting: list[tuple[tuple[int, int], int, str]] = [((0, 0), 0, start)]
    while waiting:
        cost, _, name = heappop(waiting)
        if cost > best[name]:
            continue
        if name != start:
            yield _steps(last, name, start)
        for target, edge in edges.get(name, ()):
            onward = (cost[0] + (edge.outcome != "allowed"), cost[1] + 1)
            if target not in best or onward < best[target]:
                best[target], last[target] = onward, (name, edge)
                heappush(waiting, (onward, len(last), target))


def _steps(last: Mapping[str, tuple[str, AssumeEdge]], name: str, start: str) -> tuple[AssumeEdge, ...]:
    steps: list[AssumeEdge] = []
    while name != start:
        name, edge = last[name]
        steps.append(edge)
    return tuple(reversed(steps))
