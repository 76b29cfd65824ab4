"""What an account's resources share with others: everything that a resource's policy, or a role's trust policy, grants
to callers who are not principals of the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lexgraph.access.granted import is_everywhere
from lexgraph.access.outsiders import Inside, keys_asked, meant, open_tests, root_account
from lexgraph.access.reach import REACHES, Grant, Kinds, Reach, conditions_of, kinds_of
from lexgraph.account.model import Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.account.stacks import control_levels
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Values
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.residual import residual_keys, residual_words
from lexgraph.evaluation.services import BEYOND_RCPS
from lexgraph.policy.arn import account_of, pad, split_arn
from lexgraph.policy.intersect import TooManyPatterns
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.reasoning.cells import cells_of
from lexgraph.reasoning.side import AnyCaller, Side, side_of

__all__ = ["REACHES", "Reach", "SharedAccess", "shared_access"]

UNREAD = "if its policy, which could not be read, allows it"
PERHAPS = Statement("Deny", PatternSet(("*",)), PatternSet(("*",)), unknown="not all of them were given")
GONE = "if there still is a user or role with this id; AWS shows an id where there is none"
TOO_MANY = "where no Deny of the policy forbids it: its statements overlap in too many ways to say where"


@dataclass(frozen=True, slots=True)
class SharedAccess:
    """What one statement grants to one caller from outside.

    `principal` is the caller as the policy names it: an account id, an ARN, ``Service:…``, ``Federated:…``, or ``*``
    for anyone. `reach` says who of them is let in. Of anyone: ``public`` where strangers are, from anywhere;
    ``organization`` and ``limited`` where the conditions and the Denies leave only those of an organization, or of a
    network or some accounts; ``service`` and ``federated`` where they leave only such, or where these are named, as
    ``account`` is; ``deleted`` for the unique id of a user or role that the account does not have (AWS shows it in the
    place of one that is gone, and nobody gets that id again: such a grant is ``conditional`` on there being somebody);
    ``unknown`` where the policy could not be read. Whom a Deny names, or spares, stands in the `condition`, as a test
    of the keys that tell who asks. `actions` and `resources` are patterns, `exceptions` those of resources that are not
    meant. For another account's callers their own account must allow it too.
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
    What is open only to callers of the account itself is left out, and so is what another account's resource shares. A
    policy that could not be read is a row of unknown reach.

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
    yield from ((one.resource, one.policy) for one in snapshot.resource_policies if _is_own(snapshot, one.resource))
    yield from ((p.arn, p.trust) for p in snapshot.principals if p.trust is not None)


def _unread(snapshot: Snapshot) -> Iterator[SharedAccess]:
    for bad in snapshot.unreadable:
        if bad.kind in ("resource", "trust") and not bad.partial and _is_own(snapshot, bad.owner):
            yield SharedAccess(bad.owner, None, "unknown", (), (), (), "conditional", UNREAD, (), bad.owner)


def _is_own(snapshot: Snapshot, resource: str) -> bool:
    """Whether a resource is the account's, as far as its ARN tells: another account's share nothing of this one."""
    return snapshot.account_id is None or account_of(resource) in (None, snapshot.account_id)


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
    reach: Reach | None  # of a grant to everyone


def _shared(
    snapshot: Snapshot, resource: str, policy: Policy, memo: dict[tuple[object, ...], tuple[_Granted, ...]]
) -> Iterator[SharedAccess]:
    own = account_of(resource) or snapshot.account_id
    service = split_arn(resource)[2].replace("iam", "sts")  # a role's trust policy is about sts:AssumeRole
    controls = _controls(snapshot, service, own)
    inside = _inside(snapshot)
    for place, statement in enumerate(policy.statements):
        if not statement.allows or statement.principals is None:
            continue
        for principal in _outsiders(statement, inside):
            said = _said(policy, statement, principal, inside, resource, controls)
            if not said.allows:
                continue
            name = (principal == "*", policy.version, service, said)
            if name not in memo:
                memo[name] = tuple(_granted(policy, service, said, principal, inside))
            for one in memo[name]:
                reach = _reach(statement, principal, one)
                told = _if_not_gone(one) if reach == "deleted" else one
                # Without a Resource element a statement is about the policy's own resource.
                resources = told.resources if statement.resources is not None else (resource,)
                yield SharedAccess(
                    resource, principal, reach, told.actions, resources, told.exceptions, told.outcome, told.condition,
                    told.missing_keys, policy.key, place, statement.sid,
                )  # fmt: skip


def _inside(snapshot: Snapshot) -> Inside:
    def make() -> Inside:
        organization = snapshot.organization
        ids = frozenset(p.unique_id for p in snapshot.principals if p.unique_id is not None)
        # AWS describes an organization to its members alone, so that the account is in one whose tree is not known.
        member = organization is not None and (not organization.targets or organization.has(snapshot.account_id))
        return Inside(snapshot.account_id, ids, organization.id if organization is not None and member else None)

    found: Inside = snapshot.kept("inside", make)
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """What a policy and the controls above say of one caller from outside, as statements that name nobody; `keys` are
    what follows from the caller's name of the condition keys that they ask for, and `kinds` what else it says of who
    asks. Of two callers of whom the same is said, one is looked at.
    """

    allows: tuple[Statement, ...]
    denies: tuple[Statement, ...]
    controls: tuple[Statement, ...]
    keys: tuple[tuple[str, Values], ...]
    kinds: Kinds

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them, the Allow first."""
        return (*self.allows, *self.denies, *self.controls)


def _said(
    policy: Policy,
    statement: Statement,
    principal: str,
    inside: Inside,
    resource: str,
    controls: tuple[Statement, ...],
) -> _Said:
    who = meant(principal, inside, split_arn(resource)[1])
    allows = tuple(who.said_by(statement))
    denies = tuple(said for one in policy.statements if not one.allows for said in who.said_by(one))
    above = tuple(said for one in controls for said in who.said_by(one, silent=True))
    if statement.resources is None and any(one.resources and not is_everywhere(one) for one in (*denies, *above)):
        allows = tuple(replace(one, resources=PatternSet((resource,))) for one in allows)
    known, live = {**who.keys, **_keys_of_resource(resource, inside)}, policy.has_variables
    allows, denies = _left_open(allows, known, variables=live), _left_open(denies, known, variables=live)
    above = _left_open(above, known, variables=True)
    asked = keys_asked((*allows, *denies, *above))
    keys = tuple(sorted((key, values) for key, values in known.items() if asked is None or key in asked))
    return _Said(allows, denies, above, keys, kinds_of(principal, asked))


def _left_open(
    statements: Iterable[Statement], known: Mapping[str, Values], *, variables: bool
) -> tuple[Statement, ...]:
    """The statements without what known keys decide."""
    found = []
    for one in statements:
        left = open_tests(one.conditions, known, variables=variables)
        if left is not None:
            found.append(one if len(left) == len(one.conditions) else replace(one, conditions=left))
    return tuple(found)


def _keys_of_resource(resource: str, inside: Inside) -> dict[str, Values]:
    """What follows from the resource's owner (rule U4)."""
    owner = account_of(resource) or inside.account
    found: dict[str, Values] = {} if owner is None else {"aws:resourceaccount": (owner,)}
    return found if inside.organization is None else {**found, "aws:resourceorgid": (inside.organization,)}


def _controls(snapshot: Snapshot, service: str, account: str | None) -> tuple[Statement, ...]:
    """The Denies of the resource control policies that a resource of a service is under; with what could not be read of
    these in a statement that may be one (rule U3).
    """
    levels, unread, _ = control_levels(snapshot, account, "rcp") if service in catalog().rcp_services else ((), (), ())
    found = tuple(one for level in levels for policy in level for one in policy.statements if not one.allows)
    return (*found, PERHAPS) if unread else found


def _granted(policy: Policy, service: str, said: _Said, principal: str, inside: Inside) -> Iterator[_Granted]:
    """What an Allow grants to callers from outside where no Deny forbids it: to those that all the statements are now
    about, so none is named.
    """
    known = dict(said.keys)
    try:
        found = cells_of(_side(policy, service, said), (), AnyCaller("*", None, known, {}))
    except TooManyPatterns:
        yield from _too_many(policy, said, principal, inside)
        return
    for cell in found:
        grant = Grant(principal, cell.formula, known, said.statements)
        cell = replace(cell, formula=grant.settled(inside))
        if cell.formula is not False:
            yield _Granted(
                cell.patterns, cell.resources, cell.exceptions, cell.outcome, cell.condition,
                residual_keys(cell.formula), grant.reach(inside) if principal == "*" else None,
            )  # fmt: skip


def _too_many(policy: Policy, said: _Said, principal: str, inside: Inside) -> Iterator[_Granted]:
    """What an Allow says by itself, where its Denies are too many to say what they leave of it."""
    for one in said.allows:
        keys = dict(said.keys)
        grant = Grant(principal, conditions_of(one, keys, variables=policy.has_variables), keys, (one,))
        formula = grant.settled(inside)
        if formula is not False:
            words = f"if {TOO_MANY}" if formula is True else f"{residual_words(formula)}, and {TOO_MANY}"
            yield _Granted(
                tuple(one.actions), tuple(one.resources or ()), (), "conditional", words, residual_keys(formula),
                grant.reach(inside) if principal == "*" else None,
            )  # fmt: skip


def _side(policy: Policy, service: str, said: _Said) -> Side:
    """The statements as two policies that name nobody: the resource's own may be too old for variables (rule S4)."""
    live = policy.has_variables
    own = tuple(_about(one, service, variables=live) for one in (*said.allows, *said.denies))
    above = tuple(_about(_but_retiring(one, service), service, variables=True) for one in said.controls)
    policies = (replace(policy, statements=own, kind="identity"), Policy("resource control policies", above))
    # Plain even where a statement could not be read: no rule of a layer, or of a service, is to be put in.
    return replace(side_of(policies), plain=True)


def _but_retiring(statement: Statement, service: str) -> Statement:
    """The statement without the action of KMS that no resource control policy is about (rule L2)."""
    cat = catalog()
    bits, beyond = cat.bits_of(statement.actions.patterns, statement.actions.negated), cat.bits(BEYOND_RCPS)
    if service != "kms" or not bits & beyond:
        return statement
    names = cat.names_in(bits & cat.bits("kms:*") & ~beyond)
    return replace(statement, actions=PatternSet(names))


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


def _outsiders(statement: Statement, inside: Inside) -> Iterator[str]:
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
        elif not inside.has(pattern):
            found[root_account(value) or value] = None
    yield from found


def _reach(statement: Statement, principal: str, granted: _Granted) -> Reach:
    """How far a grant reaches."""
    if statement.unknown is not None:
        return "unknown"
    if principal == "*":
        return granted.reach or "unknown"
    if not principal.isdigit() and ":" not in principal:
        return "deleted"
    named: dict[str, Reach] = {"Service": "service", "Federated": "federated", "CanonicalUser": "account"}
    return named.get(principal.partition(":")[0], "account")
