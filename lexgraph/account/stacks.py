"""The layers of policies that apply to a principal of an account, and to one request of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from lexgraph.account.owners import may_hold_another, policy_holders
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.evaluation.authorize import LayerIndexes
from lexgraph.evaluation.request import read_action
from lexgraph.evaluation.stack import Layer, PolicyStack
from lexgraph.policy.arn import PARTS, account_of, pad, split_arn
from lexgraph.policy.intersect import TooManyPatterns, intersect_parts
from lexgraph.policy.model import Policy
from lexgraph.policy.patterns import ascii_lower, is_pattern

if TYPE_CHECKING:
    from lexgraph.account.model import Principal, Snapshot
    from lexgraph.account.organization import ControlKind

# Stacks made for single requests, which are as many as principals times resources; past this many, all are let go.
MOST_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class ResourceSide:
    """What is known of a resource's own policy: the policy; or that it could not be read; or that there is none.

    Where it is `partial`, the policy is that of what the resource is part of, and it may have another of its own.
    """

    key: str = ""
    policy: Policy | None = None
    unreadable: bool = False
    absent: bool = False
    partial: bool = False


UNTOLD = ResourceSide()
UNREAD = ResourceSide("?", unreadable=True)
NONE = ResourceSide("-", absent=True)


def principal_stack(snapshot: Snapshot, who: Principal) -> PolicyStack:
    """Return the layers that go with a principal: identity, boundary, and the SCPs of its organization."""
    identity: dict[str, Policy] = {}
    boundary: Policy | None = None
    unreadable: dict[Layer, None] = {}
    for key, via, _, policy in snapshot.holdings(who):
        if policy is None and via == "boundary":
            # An empty one in its place, so that the layer applies: what it lets through is unknown.
            unreadable["boundary"] = None
            boundary = Policy(key.rpartition("/")[2], (), kind="boundary", arn=key)
        elif policy is None:
            unreadable["identity"] = None
        elif via == "boundary":
            boundary = snapshot.kept(f"boundary {key}", partial(replace, policy, kind="boundary"))
        else:
            identity.setdefault(key, policy)
    if any(snapshot.group(arn) is None for arn in who.groups):
        unreadable["identity"] = None
    scps, scp_unread, absent = control_levels(snapshot, snapshot.account_id, "scp")
    unread = (*unreadable, *scp_unread)
    # By key, for the order of policies says nothing (rule U3): principals with equal policies have equal stacks.
    held = tuple(identity[key] for key in sorted(identity))
    absent = (*absent, *control_levels(snapshot, snapshot.account_id, "rcp")[2])
    stack = PolicyStack(held, boundary, scps=scps, unreadable=unread, absent=absent)
    return stack.sharing(layer_indexes(snapshot))


def layer_indexes(snapshot: Snapshot) -> LayerIndexes:
    """Return the indexes of layers that the account's stacks have in common, kept with it."""
    indexes: LayerIndexes = snapshot.kept("layer indexes", LayerIndexes)
    return indexes


Levels = tuple[tuple[tuple[Policy, ...], ...], tuple[Layer, ...], tuple[Layer, ...]]


def control_levels(snapshot: Snapshot, account: str | None, kind: ControlKind) -> Levels:
    """Return the control policies above an account, and whether the layer is unreadable, or known not to apply (rule
    L2).
    """
    organization = snapshot.organization
    if organization is None or not organization.targets or account is None:
        return (), (), ()
    if not organization.has(account):
        # What binds an account that the file does not know is unknown; another organization's accounts are its own.
        return (), ((kind,) if account == snapshot.account_id else ()), ()
    if not organization.binds(account):
        return (), (), (kind,)
    levels = organization.levels(account, kind)
    unread: tuple[Layer, ...] = (kind,) if organization.unread(account, kind) else ()
    return levels, unread, () if levels else (kind,)


def owner_of(snapshot: Snapshot, resource: str, context: Context = UNKNOWN_CONTEXT) -> str | None:
    """Return whose a resource is (rule R7): as its ARN says, else as the context does, else the account's own."""
    stated = context.known.get("aws:resourceaccount") or (snapshot.account_id,)
    return account_of(resource) or stated[0]


def request_stack(
    snapshot: Snapshot, who: Principal, action: str, resource: str, context: Context = UNKNOWN_CONTEXT
) -> PolicyStack:
    """Return the layers for one request: those of the principal, the resource's own policy where it is known, and the
    RCPs above the resource's account.
    """
    side = resource_side(snapshot, action, resource, context)
    owner = owner_of(snapshot, resource, context)
    rcps, rcp_unread, rcp_absent = control_levels(snapshot, owner, "rcp")
    stack = snapshot.stack(who)
    own_absent = tuple(layer for layer in stack.absent if layer != "rcp")
    if side is UNTOLD and not (rcps or rcp_unread) and (*own_absent, *rcp_absent) == stack.absent:
        return stack
    made: dict[tuple[str, str, str | None], PolicyStack] = snapshot.kept("request stacks", dict)
    name = (who.arn, side.key, owner if snapshot.organization else None)
    if name in made:
        return made[name]
    if len(made) >= MOST_KEPT:
        made.clear()
    resource_unread: tuple[Layer, ...] = ("resource",) if side.unreadable else ()
    resource_absent: tuple[Layer, ...] = ("resource",) if side.absent else ()
    found = replace(
        stack,
        rcps=rcps,
        resource=side.policy,
        unreadable=(*stack.unreadable, *rcp_unread, *resource_unread),
        absent=(*own_absent, *rcp_absent, *resource_absent),
        partial=("resource",) if side.partial else (),
    )
    made[name] = found.sharing(layer_indexes(snapshot))
    return found


def resource_side(snapshot: Snapshot, action: str, resource: str, context: Context = UNKNOWN_CONTEXT) -> ResourceSide:
    """Return what is known of the policy of the resource that a request is about.

    A role's is its trust policy, where the role is to be assumed. A role of another account has one, and so has every
    KMS key: where it is not there, it is unreadable (rules L7, L8, U5). So is that of another account's resource, which
    nobody could use without one. A pattern that may mean a resource whose policy is known asks about several policies
    at once; what they say together is unknown.
    """
    service, _, name = ascii_lower(action).partition(":")
    if service == "sts" and name.startswith("assumerole"):
        found = _sides(snapshot).get(resource)
        return found or (NONE if lacks_role(snapshot, resource) else UNREAD)
    sides = _collected(snapshot)
    if sides and is_pattern(resource) and not read_action(action)[1] and _may_mean_several(snapshot, service, resource):
        return UNREAD
    found = _told(sides, resource) if sides else UNTOLD
    parts = split_arn(resource)
    if service == "kms" and found.policy is None and len(parts) == PARTS and parts[-1].startswith("key/"):
        return UNREAD
    if not (found is UNTOLD or found.partial) or not _is_elsewhere(snapshot, service, resource, context):
        return found
    return replace(found, key=f"{found.key}, elsewhere", unreadable=True, partial=False) if found.partial else UNREAD


def _told(sides: Mapping[str, ResourceSide], resource: str) -> ResourceSide:
    """What was collected of a resource's policy, or of that of what it is part of."""
    holder = next((holder for holder in policy_holders(resource) if holder in sides), None)
    if holder is None:
        return UNTOLD
    found = sides[holder]
    if holder == resource or not may_hold_another(resource) or found.unreadable:
        return found
    return UNTOLD if found.policy is None else replace(found, key=f"in {holder}", partial=True)


def _is_elsewhere(snapshot: Snapshot, service: str, resource: str, context: Context) -> bool:
    """Whether a resource is another account's, and may have a policy; those of IAM but for roles have none."""
    owner = owner_of(snapshot, resource, context)
    return service != "iam" and None not in (owner, snapshot.account_id) and owner != snapshot.account_id


def lacks_role(snapshot: Snapshot, arn: str) -> bool:
    """Return whether there surely is no role to assume by this ARN: it is none of the account's, all of which were
    read, or it is no role's at all.
    """
    parts = split_arn(arn)
    if len(parts) < PARTS or is_pattern(arn):
        return False
    if (parts[2], parts[5][:5]) != ("iam", "role/"):
        return True
    if not snapshot.has_all_roles or parts[4] != snapshot.account_id:
        return False
    roles: frozenset[str] = snapshot.kept(
        "role ARNs", lambda: frozenset(principal.arn for principal in snapshot.principals if principal.kind == "role")
    )
    return arn not in roles


def resource_policy(snapshot: Snapshot, arn: str) -> Policy | None:
    """Return the policy that decides about a resource, its own or that of what it is part of; of a role, its trust
    policy.
    """
    sides = _sides(snapshot)
    return next((sides[holder].policy for holder in policy_holders(arn) if holder in sides), None)


def _collected(snapshot: Snapshot) -> dict[str, ResourceSide]:
    """What was collected of resources' policies, by ARN; trust policies are not among them."""

    def make() -> dict[str, ResourceSide]:
        listed = (one for one in snapshot.resource_policies if one.policy.kind != "trust")
        bad = (one for one in snapshot.unreadable if one.kind == "resource" and not one.partial)
        sides = dict.fromkeys(snapshot.no_resource_policy, NONE)
        return (
            sides
            | {one.resource: ResourceSide(one.resource, one.policy) for one in listed}
            | {one.owner: UNREAD for one in bad}
        )

    return cast(dict[str, ResourceSide], snapshot.kept("resource sides", make))


def _sides(snapshot: Snapshot) -> dict[str, ResourceSide]:
    """The same with the trust policies of roles: the account's own, and those of others that were collected."""

    def make() -> dict[str, ResourceSide]:
        others = ((one.resource, one.policy) for one in snapshot.resource_policies if one.policy.kind == "trust")
        own = ((p.arn, p.trust) for p in snapshot.principals if p.trust is not None)
        return _collected(snapshot) | {arn: ResourceSide(arn, policy) for arn, policy in (*others, *own)}

    return cast(dict[str, ResourceSide], snapshot.kept("all sides", make))


def _may_mean_several(snapshot: Snapshot, service: str, pattern: str) -> bool:
    """Whether a pattern may mean a resource whose policy was collected, other than the one that it lies in."""
    sides = _collected(snapshot)
    within = [holder for holder in policy_holders(pattern) if holder in sides and not is_pattern(holder)]
    if within and not may_hold_another(pattern):
        return False
    made: dict[tuple[str, str], bool] = snapshot.kept("several", dict)
    if (service, pattern) not in made:
        if len(made) >= MOST_KEPT:
            made.clear()
        asked = pad(split_arn(pattern), kind="identity") or ()
        listed = (split_arn(arn) for arn, side in sides.items() if side is not NONE and arn not in within)
        made[service, pattern] = any(
            (parts[2] == service or not is_pattern(asked[2])) and _reaches(asked, parts) for parts in listed
        )
    return made[service, pattern]


def _reaches(asked: Sequence[str], holder: Sequence[str]) -> bool:
    """Whether a pattern has something in common with a resource, or with what may lie in it."""
    *front, last = holder
    inside = (last, f"{last}/*", f"{last}:*", *(["*"] if holder[2] == "glue" else []))
    try:
        return any(intersect_parts(asked, (*front, part)) for part in inside)
    except TooManyPatterns:
        return True


# What the account says of a request's context -----------------------------------------------------------------------


def known_context(snapshot: Snapshot, who: Principal, context: Context, resource: str | None = None) -> Context:
    """Return `context` with what the account says of the principal: its tags, its unique id, and where its
    organization and the resource's are known, their ids and paths (rule U4); and the tags of a resource that is a user
    or role of the account. What the caller gave wins.

    A user has no other tags than those; the session of a role may bring more.
    """
    known: dict[str, Any] = {f"aws:PrincipalTag/{key}": value for key, value in who.tags}
    if who.unique_id and who.kind == "user":
        known["aws:userid"] = who.unique_id
    known |= _in_organization(snapshot, snapshot.account_id, "Principal")
    if resource is not None:
        stated = context.known.get("aws:resourceaccount") or (account_of(resource) or snapshot.account_id,)
        known |= _in_organization(snapshot, stated[0], "Resource")
    tags, role = _told_tags(snapshot), who.kind == "role"
    return Context(
        {**context.values, **{key: v for key, v in known.items() if key.lower() not in context.known}},
        context.complete,
        who.unique_id if role and context.role_id is None else context.role_id,
        context.whole_tags or (not role and bool(tags)),
        tags.get(resource) if context.resource_tags is None and resource is not None else context.resource_tags,
    )


def _told_tags(snapshot: Snapshot) -> Mapping[str, Mapping[str, str]]:
    """The tags of each user and role, by lower-cased key; nothing where whoever wrote the dump left out all tags."""

    def make() -> dict[str, dict[str, str]]:
        everyone = snapshot.principals
        told = any(principal.tagged or principal.tags for principal in everyone)
        return {p.arn: {key.lower(): value for key, value in p.tags} for p in everyone} if told else {}

    return cast(Mapping[str, Mapping[str, str]], snapshot.kept("told tags", make))


def _in_organization(snapshot: Snapshot, account: str | None, whose: str) -> dict[str, Any]:
    organization = snapshot.organization
    if organization is None or account is None:
        return {}
    if organization.has(account):
        return {f"aws:{whose}OrgID": organization.id, f"aws:{whose}OrgPaths": [organization.path_text(account)]}
    # AWS describes an organization to its members alone, so that the account is one, wherever it hangs in the tree.
    member = not organization.targets and account == snapshot.account_id
    return {f"aws:{whose}OrgID": organization.id} if member else {}
