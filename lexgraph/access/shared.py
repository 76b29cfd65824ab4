"""What an account's resources share with others: everything that a resource's policy, or a role's trust policy, grants
to callers who are not principals of the account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from lexgraph.account.model import Snapshot
from lexgraph.account.pages import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.principals import named_ways
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.residual import residual_keys
from lexgraph.evaluation.services import fixing_tests
from lexgraph.policy.arn import account_of, is_arn, pad, split_arn
from lexgraph.policy.intersect import FRESH, TooManyPatterns
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.reasoning.cells import cells

Reach = Literal["public", "limited", "organization", "account", "service", "federated", "deleted", "unknown"]
REACHES: tuple[Reach, ...] = get_args(Reach)
UNREAD = "if its policy, which could not be read, allows it"
GONE = "if there still is a user or role with this id; AWS shows an id where there is none"
TOO_MANY = "where no Deny of the policy forbids it: its statements overlap in too many ways to say where"
# Keys that say whose the caller is, whoever it is.
_OWNER_KEYS = frozenset({"aws:principalaccount", "aws:principalarn"})
_ORGANIZATION_KEYS = frozenset({"aws:principalorgid", "aws:principalorgpaths"})


@dataclass(frozen=True, slots=True)
class SharedAccess:
    """What one statement grants to one caller from outside.

    `principal` is the caller as the policy names it: an account id, an ARN, ``Service:…``, ``Federated:…``, or ``*``
    for anyone. `reach` says who that is: ``public``; ``limited`` where a condition fixes a network or some accounts;
    ``organization`` where one fixes an organization; ``account``, ``service`` and ``federated`` where they are named;
    ``deleted`` for the unique id of a user or role that the account does not have (AWS shows it in the place of one
    that is gone, and nobody gets that id again: such a grant is ``conditional`` on there being somebody); ``unknown``
    where the policy could not be read. `actions` and `resources` are patterns, `exceptions`
    those of resources that are not meant. For another account's callers their own account must allow it too.
    """

    resource: str
    principal: str | None
    reach: Reach
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    exceptions: tuple[str, ...] = ()
    outcome: Outcome = "allowed"
    condition: str | None = None
    missing_keys: tuple[str, ...] = ()
    policy: str | None = None
    statement: int | None = None
    sid: str | None = None


@collector_paused()
def shared_access(snapshot: Snapshot) -> tuple[SharedAccess, ...]:
    """Return what the resources and roles of an account grant to callers from outside, sorted by resource.

    Each Allow is told with what the policy's Denies, and the resource control policies above the account, leave of it.
    What is open only to callers of the account itself is left out. A policy that could not be read is a row of unknown
    reach.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> rows = shared_access(read_account(example_account_path()))
    >>> [row.principal for row in rows if row.resource.endswith("/partner-quality-review")]
    ['444455556666']
    """
    memo: dict[tuple[object, ...], tuple[_Granted, ...]] = {}
    found = [row for resource, policy in _policies(snapshot) for row in _shared(snapshot, resource, policy, memo)]
    found += _unread(snapshot)
    return tuple(sorted(found, key=lambda row: (row.resource, row.statement or 0, row.principal or "", row.actions)))


def _policies(snapshot: Snapshot) -> Iterator[tuple[str, Policy]]:
    yield from ((one.resource, one.policy) for one in snapshot.resource_policies)
    yield from ((p.arn, p.trust) for p in snapshot.principals if p.trust is not None)


def _unread(snapshot: Snapshot) -> Iterator[SharedAccess]:
    for bad in snapshot.unreadable:
        if bad.kind in ("resource", "trust") and not bad.partial:
            yield SharedAccess(bad.owner, None, "unknown", (), (), (), "conditional", UNREAD, (), bad.owner)


# One policy -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Granted:
    """The part of a row that does not say who or what it is about."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    exceptions: tuple[str, ...]
    outcome: Outcome
    condition: str | None
    missing_keys: tuple[str, ...]


def _shared(
    snapshot: Snapshot, resource: str, policy: Policy, memo: dict[tuple[object, ...], tuple[_Granted, ...]]
) -> Iterator[SharedAccess]:
    own = account_of(resource) or snapshot.account_id
    service = split_arn(resource)[2].replace("iam", "sts")  # a role's trust policy is about sts:AssumeRole
    controls = _controls(snapshot, service, own)
    ids = snapshot.kept("unique ids", lambda: {p.unique_id for p in snapshot.principals})
    for place, statement in enumerate(policy.statements):
        if not statement.allows or statement.principals is None:
            continue
        for principal in _outsiders(statement, snapshot.account_id):
            if principal in ids:
                continue
            reach = _reach(statement, principal, snapshot.account_id)
            if reach is None:
                continue
            denies = [one for one in (*policy.statements, *controls) if _denies(one, principal, resource)]
            name = (statement, policy.version, service, *denies)
            if name not in memo:
                memo[name] = tuple(_granted(policy, service, statement, denies))
            for one in map(_if_not_gone, memo[name]) if reach == "deleted" else memo[name]:
                # Without a Resource element a statement is about the policy's own resource.
                resources = one.resources if statement.resources is not None else (resource,)
                yield SharedAccess(
                    resource, principal, reach, one.actions, resources, one.exceptions, one.outcome, one.condition,
                    one.missing_keys, policy.key, place, statement.sid,
                )  # fmt: skip


def _controls(snapshot: Snapshot, service: str, account: str | None) -> tuple[Statement, ...]:
    """The Denies of the resource control policies that a resource of a service is under."""
    organization = snapshot.organization
    if organization is None or account is None or service not in catalog().rcp_services:
        return ()
    levels = organization.levels(account, "rcp")
    return tuple(one for level in levels for policy in level for one in policy.statements if not one.allows)


def _granted(policy: Policy, service: str, statement: Statement, denies: list[Statement]) -> Iterator[_Granted]:
    """What a statement grants where no Deny forbids it: to the caller that they all are about, so none is named."""
    variables = policy.has_variables
    said = tuple(_about(one, service, variables=variables) for one in (statement, *denies))
    try:
        found = cells(replace(policy, statements=said, kind="identity"))
    except TooManyPatterns:
        resources = tuple(statement.resources or ())
        yield _Granted(tuple(statement.actions), resources, (), "conditional", f"if {TOO_MANY}", ())
        return
    for cell in found:
        yield _Granted(
            cell.patterns, cell.resources, cell.exceptions, cell.outcome, cell.condition, residual_keys(cell.formula)
        )


def _if_not_gone(granted: _Granted) -> _Granted:
    """The same, where nobody may be there to use it."""
    condition = GONE if granted.condition is None else f"{granted.condition}, and {GONE}"
    return replace(granted, outcome="conditional", condition=condition)


def _about(statement: Statement, service: str, *, variables: bool) -> Statement:
    """The statement as one about the service's actions that names nobody, its patterns read as a resource policy's."""
    return replace(
        statement,
        principals=None,
        actions=_of_service(statement.actions, service),
        resources=statement.resources and _whole(statement.resources, variables=variables),
    )


def _of_service(actions: PatternSet, service: str) -> PatternSet:
    """The actions of a service that an element means; what it says of others does not concern the resource."""
    everything = f"{service}:*"
    bits = catalog().bits(everything)
    if not bits:
        return actions
    if actions.negated:
        return PatternSet(catalog().names_in(catalog().bits_of(actions.patterns, negated=True) & bits))
    return PatternSet(tuple(everything if not pattern.strip("*") else pattern for pattern in actions.patterns))


def _whole(resources: PatternSet, *, variables: bool) -> PatternSet:
    """The patterns with all six parts, without those that have fewer and then match nothing (rule R4)."""
    kept = []
    for pattern in resources.patterns:
        parts = pad(split_arn(pattern, variables=variables), kind="resource")
        if parts is not None:
            kept.append(":".join(parts) if pattern.strip("*") else "*")
    return replace(resources, patterns=tuple(kept), form=())


# Who ------------------------------------------------------------------------------------------------------------------


def _outsiders(statement: Statement, own: str | None) -> Iterator[str]:
    """The callers from outside that an Allow names, each once; an account by its id."""
    element = statement.principals
    if element is None:
        return
    if element.negated:
        yield "*"  # Rule P4: everyone but those named.
        return
    found: dict[str, None] = {}
    for pattern in element.patterns:
        kind, _, value = pattern.partition(":")
        if pattern in ("*", "AWS:*"):
            found["*"] = None
        elif kind != "AWS":
            found[pattern] = None
        elif is_arn(value) and split_arn(value)[5] == "root":
            found[account_of(value) or value] = None
        else:
            found[value] = None
    yield from (name for name in found if name != own and (not is_arn(name) or account_of(name) != own))


def _caller(principal: str) -> str:
    """A caller that the name means, and that nothing else names."""
    if principal.isdigit():
        return f"arn:aws:iam::{principal}:role/{FRESH}"
    known = principal == "*" or is_arn(principal) or principal.startswith(("Service:", "Federated:"))
    return principal if known else f"arn:aws:iam::{'0' * 12}:role/{FRESH}"  # a canonical user, a unique id


def _denies(statement: Statement, principal: str, resource: str) -> bool:
    """Whether a Deny is about every caller that a name means; where it is about some of them, the others remain."""
    if statement.allows:
        return False
    question = Question(Request(_caller(principal), "sts:AssumeRole", resource))
    named = named_ways(statement, question, bounded=False, silent=False)
    return any(formula is True for formula in named.values())


def _reach(statement: Statement, principal: str, own: str | None) -> Reach | None:
    """How far a grant reaches; None where its conditions fix callers of the account itself."""
    if statement.unknown is not None:
        return "unknown"
    if principal != "*":
        named: dict[str, Reach] = {"Service": "service", "Federated": "federated", "CanonicalUser": "account"}
        if not principal.isdigit() and ":" not in principal:
            return "deleted"
        return named.get(principal.partition(":")[0], "account")
    keys = set()
    for test in fixing_tests(statement):
        key = test.key.lower()
        if key in _OWNER_KEYS and {account_of(value) or value for value in map(str, test.values)} == {own}:
            return None
        keys.add(key)
    if not keys:
        return "public"
    return "organization" if keys <= _ORGANIZATION_KEYS else "limited"
