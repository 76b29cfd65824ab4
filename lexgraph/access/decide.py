"""Access as rows: one per principal, action and resource, denies included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from lexgraph.access.asking import Answer, Asking, answered
from lexgraph.access.fit import fitting, is_about_iam
from lexgraph.access.index import account_index
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.account.stacks import resource_side
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.errors import CatalogError, RequestError, shown
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision, Outcome
from lexgraph.evaluation.request import Request, read_action, read_resource
from lexgraph.evaluation.services import ALWAYS_ALLOWED
from lexgraph.policy.arn import is_arn
from lexgraph.policy.patterns import is_pattern

GRANTING = ("allowed", "conditional")


@dataclass(frozen=True, slots=True)
class AccessRow:
    """The answer to one request.

    `condition` is the words of a conditional answer, `missing_keys` the keys it hangs on. `decided_by` is the
    statement that allowed or denied, as ``identity: <policy> #<statement> (<Sid>)``, or ``no Allow``.
    """

    principal: str
    action: str
    resource: str
    outcome: Outcome
    condition: str | None = None
    missing_keys: tuple[str, ...] = ()
    decided_by: str | None = None


def decide(
    snapshot: Snapshot,
    principal: str | Principal,
    action: str,
    resource: str,
    *,
    context: Context = UNKNOWN_CONTEXT,
) -> Decision:
    """Return the decision on one request of a principal of the account, with all that the account says of it.

    Raises AccountError for a principal that is not there, RequestError for an action or a resource that no request
    could name.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> decide(account, "user/ines", "lex:ListBots", "*").outcome
    'implicitDeny'
    """
    who = snapshot.principal(principal)
    (action,), (resource,) = _actions((action,)), _resources((resource,))
    request = Request(who.arn, action, resource, snapshot.request_context(who, context, resource))
    return authorize(snapshot.stack_for(who, action, resource, context), request)


@collector_paused()
def access_rows(
    snapshot: Snapshot,
    principals: Iterable[str | Principal] | str | None = None,
    actions: Iterable[str] | str = "*",
    resources: Iterable[str] | str | None = None,
    *,
    context: Context = UNKNOWN_CONTEXT,
) -> tuple[AccessRow, ...]:
    """Return a row for every combination, denies included, sorted by principal, action and resource.

    Parameters
    ----------
    principals : ARNs or short names; all of the account by default.
    actions : names, or patterns that stand for all the actions of the catalogue that they match.
    resources : ARNs, each asked about with every action. By default those of :func:`default_resources`, each asked
        about with the actions that its type fits. An action that takes no resource is asked once, on ``*``.
    context : what is known of every request; what is not given is unknown.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> [row.outcome for row in access_rows(account, ["user/ruth", "user/ines"], "lex:ListBots")]
    ['implicitDeny', 'allowed']
    """
    who = asked_principals(snapshot, principals)
    if not who:
        return ()
    places = [account_index(snapshot).places[principal.arn] for principal in who]
    rows: list[list[AccessRow]] = [[] for _ in who]
    answers: dict[tuple[object, ...], Answer] = {}
    for action, resource in asked_questions(snapshot, actions, resources):
        asking = Asking(snapshot, action, resource, context, answers)
        for own, principal, place in zip(rows, who, places, strict=True):
            own.append(AccessRow(principal.arn, action, resource, *asking.answer(place)))
    return tuple(row for own in rows for row in own)


@collector_paused()
def who_can(
    snapshot: Snapshot,
    action: str | Iterable[str],
    resource: str | Iterable[str],
    *,
    context: Context = UNKNOWN_CONTEXT,
) -> tuple[AccessRow, ...]:
    """Return who may perform `action` on `resource`, for certain or under a condition, sorted by ARN.

    Several of either are asked about in every combination; the rows of a principal are then sorted by action and
    resource. Principals whom the resource's own policy names are among those found; callers from outside the account
    are told by :func:`lexgraph.access.shared.shared_access`.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> rows = who_can(read_account(example_account_path()), "lex:ListBots", "*")
    >>> "arn:aws:iam::111122223333:user/ruth" in {row.principal for row in rows}
    True
    """
    asked = [(one, arn) for one in _actions(action) for arn in _resources(resource)]
    for _, arn in asked:
        read_resource(arn)  # refuses what no request could name
    questions = {(spelled(one), "*" if read_action(one)[1] else arn) for one, arn in asked}
    if not snapshot.principals:
        return ()
    answers: dict[tuple[object, ...], Answer] = {}
    found: list[tuple[int, AccessRow]] = []
    for one, arn in sorted(questions):
        asking = Asking(snapshot, one, arn, context, answers)
        for place in asking.candidates():
            answer = asking.answer(place)
            if answer.outcome in GRANTING:
                found.append((place, AccessRow(snapshot.principals[place].arn, one, arn, *answer)))
    if len(questions) > 1:
        found.sort(key=lambda pair: pair[0])
    return tuple(row for _, row in found)


@collector_paused()
def what_can(
    snapshot: Snapshot,
    principal: str | Principal,
    *,
    actions: Iterable[str] | str = "*",
    resources: Iterable[str] | str | None = None,
    context: Context = UNKNOWN_CONTEXT,
) -> tuple[AccessRow, ...]:
    """Return what a principal may do, for certain or under a condition, sorted by action and resource.

    Patterns stand for actions of the catalogue, and without `resources` only those that are known are asked about: a
    dump names none, so an action may be granted and not be here, because nothing that it could be about is known.
    `actions` and `resources` are as for :func:`access_rows`, but that by default the account's own users, roles, groups
    and policies are among the resources (:func:`own_resources`): for everybody at once these would be too many.
    """
    who = snapshot.principal(principal)
    own = _grantable(snapshot, who)
    rows = []
    known: dict[str, Context] = {}
    listed = None if resources is None else _resources(resources)
    assuming = catalog().bits("sts:AssumeRole*")  # A role's trust policy may be enough.
    for action, resource in _questions(action_names(actions), snapshot, listed, own | assuming):
        place = catalog().index_of(action)
        if place is not None and not own >> place & 1 and not _speaks(snapshot, action, resource, context):
            continue
        if resource not in known:
            known[resource] = snapshot.request_context(who, context, resource)
        row = _row(snapshot, who, action, resource, known[resource])
        if row.outcome in GRANTING:
            rows.append(row)
    return tuple(rows)


def default_resources(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the resources that the account is asked about: those listed with it, those whose policies were read, and
    the ARNs without a wildcard or a variable in its policies, sorted.
    """
    return tuple(snapshot.kept("default resources", lambda: tuple(sorted(set(_named_resources(snapshot))))))


def own_resources(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the ARNs of the account's users, roles, groups and own managed policies, sorted.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> own_resources(read_account(example_account_path()))[0]
    'arn:aws:iam::111122223333:group/admins'
    """

    def make() -> tuple[str, ...]:
        own = {principal.arn for principal in snapshot.principals} | {group.arn for group in snapshot.groups}
        return tuple(sorted(own | {policy.arn for policy in snapshot.policies if not policy.aws}))

    return tuple(snapshot.kept("own resources", make))


def action_names(actions: Iterable[str] | str) -> tuple[str, ...]:
    """Return the actions that names and patterns stand for, sorted, in AWS's spelling where the catalogue knows them.

    Raises CatalogError for a pattern that matches nothing.

    >>> action_names(["LEX:posttext", "lex:Post*"])
    ('lex:PostContent', 'lex:PostText')
    """
    found: set[str] = set()
    for action in _actions(actions):
        if not is_pattern(action):
            found.add(spelled(action))
            continue
        names = catalog().expand(action)
        if not names:
            raise CatalogError(f"no action of the catalogue matches {shown(action)}", code="UNKNOWN_ACTION")
        found.update(names)
    return tuple(sorted(found))


def spelled(action: str) -> str:
    """Return an action as AWS spells it, where the catalogue knows it."""
    place = catalog().index_of(action)
    return action if place is None else catalog().names[place]


def _row(snapshot: Snapshot, principal: Principal, action: str, resource: str, context: Context) -> AccessRow:
    """The answer by way of the principal's own stack; it is the same as that of :class:`Asking`."""
    stack = snapshot.stack_for(principal, action, resource, context)
    request = Request(principal.arn, action, resource, context)
    return AccessRow(principal.arn, action, resource, *answered(stack, request))


def _questions(
    actions: Iterable[str], snapshot: Snapshot, resources: tuple[str, ...] | None, own: int = 0
) -> Iterator[tuple[str, str]]:
    """The pairs to ask about; without `resources`, each action with those that are known and fit it: for the actions
    `own` of the catalogue also the account's users, roles, groups and policies.
    """
    known = tuple(sorted(set(default_resources(snapshot) if resources is None else resources)))
    every = tuple(sorted({*known, *own_resources(snapshot)})) if own else known
    for action in actions:
        if read_action(action)[1]:
            yield action, "*"
        elif resources is not None:
            yield from ((action, resource) for resource in known)
        else:
            asked = every if own and is_about_iam(action) and own & catalog().bits(action) else known
            yield from ((action, resource) for resource in fitting(action, asked))


def asked_principals(
    snapshot: Snapshot, principals: Iterable[str | Principal] | str | None = None
) -> tuple[Principal, ...]:
    """Return the principals that :func:`access_rows` asks for, sorted by ARN; all without an argument.

    Raises AccountError for one that is not in the account.
    """
    if principals is None:
        return snapshot.principals
    asked: Iterable[str | Principal] = [principals] if isinstance(principals, str) else principals
    found = {p.arn: p for p in map(snapshot.principal, asked)}
    return tuple(found[arn] for arn in sorted(found))


def asked_questions(
    snapshot: Snapshot, actions: Iterable[str] | str = "*", resources: Iterable[str] | str | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the pairs of action and resource that :func:`access_rows` asks about, in its order.

    Raises CatalogError for a pattern that matches no action.
    """
    return _questions(action_names(actions), snapshot, None if resources is None else _resources(resources))


def _actions(values: Iterable[str] | str) -> tuple[str, ...]:
    return _texts(values, "an action is written service:Name", "MALFORMED_ACTION")


def _resources(values: Iterable[str] | str) -> tuple[str, ...]:
    return _texts(values, 'a resource is an ARN of six parts or "*"', "MALFORMED_ARN")


def _texts(values: Iterable[str] | str, expected: str, code: str) -> tuple[str, ...]:
    """One text, or each of several; what a notebook hands over may be neither."""
    found = (values,) if isinstance(values, str | bytes) or not isinstance(values, Iterable) else tuple(values)
    for one in found:
        if not isinstance(one, str):
            raise RequestError(f"{expected}, not {shown(one)}", code=code)
    return found


def _grantable(snapshot: Snapshot, principal: Principal) -> int:
    """The catalogue's actions that some Allow of the principal names, or that need none of its policies."""
    cat = catalog()
    stack = snapshot.stack(principal)
    if "identity" in stack.unreadable:
        return cat.everything
    bits = cat.bits("kms:*") | reduce(or_, map(cat.bits, ALWAYS_ALLOWED))  # `_speaks` sees to the roles to be assumed
    for policy in stack.identity:
        for statement in policy.statements:
            if statement.allows:
                bits |= cat.bits_of(statement.actions.patterns, statement.actions.negated)
    return bits


def _speaks(snapshot: Snapshot, action: str, resource: str, context: Context) -> bool:
    """Whether the resource's own policy may allow the action by itself."""
    side = resource_side(snapshot, action, resource, context)
    if side.policy is None or side.unreadable:
        return side.unreadable
    bit = catalog().bits(action)
    allows = (one.actions for one in side.policy.statements if one.allows)
    return any(catalog().bits_of(element.patterns, element.negated) & bit for element in allows)


def _named_resources(snapshot: Snapshot) -> Iterator[str]:
    yield from (resource.arn for resource in snapshot.resources)
    yield from (one.resource for one in snapshot.resource_policies)
    for policy in snapshot.identity_policies():
        for statement in policy.statements:
            for pattern in statement.resources.patterns if statement.resources else ():
                if is_arn(pattern) and not is_pattern(pattern) and "${" not in pattern:
                    yield pattern
