"""Two snapshots of an account: what was added, removed and changed, and which access that brought or took away.

Access is what the policies allow, not what they say: every gain and loss is shown by a request that both accounts
decide, differently, and where nothing is told, it was proved that nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lexgraph.access.comparison.cause import cause_of, differing
from lexgraph.access.comparison.decider import DELEGATED, Decider, asked_by
from lexgraph.access.comparison.gains import NOTHING, UNCONFIRMED, Proofs, Search, Stacks
from lexgraph.access.comparison.holders import Holder
from lexgraph.access.comparison.listed import list_changes
from lexgraph.access.comparison.model import AccessChange, AccountDifference, Via
from lexgraph.access.comparison.narrow import Narrow
from lexgraph.access.comparison.pairs import Pairs
from lexgraph.access.comparison.ruled import Ruled
from lexgraph.access.comparison.settled import mentioned_keys
from lexgraph.access.comparison.sides import Answers, Sides
from lexgraph.access.comparison.strangers import Strangers
from lexgraph.access.effective import action_sets
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.owners import policy_holders
from lexgraph.account.pausing import collector_paused
from lexgraph.account.stacks import control_levels
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.services import LINKED
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import PatternSet, Policy, Statement


@collector_paused()
def compare_snapshots(before: Snapshot, after: Snapshot) -> AccountDifference:
    """Return what differs between two snapshots of an account.

    Principals are told by their ARN. What only one of the two knows at all, its organization or the policies of its
    resources, is left out of both.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> compare_snapshots(account, replace(account, principals=account.principals[1:])).relation
    'wider'
    """
    if before is after or _is_same(before, after):
        return AccountDifference(before, after)
    notes: tuple[str, ...] = ()
    if before.account_id != after.account_id:
        notes = (f"these are two accounts, {before.account_id} and {after.account_id}: no principal is in both",)
    old, new, hidden = _comparable(before, after)
    access, around = tuple(_access(old, new)), tuple(_around(old, new))
    # Beside what is told, what else may have changed is a note; where nothing is, it leaves the relation open.
    hidden = hidden if access else (*hidden, *around)
    return AccountDifference(
        old, new, list_changes(old, new), access, (*notes, *hidden, *(around if access else ())), hidden
    )


def _is_same(before: Snapshot, after: Snapshot) -> bool:
    """Whether both were read from the same: then what could not be read is the same, too."""
    inputs = [(one.sha256, one.organization, one.resource_policies, one.no_resource_policy) for one in (before, after)]
    return inputs[0] == inputs[1] and before.principals == after.principals and before.policies == after.policies


def _access(before: Snapshot, after: Snapshot) -> Iterator[AccessChange]:
    stacks, proofs, narrow = Stacks(), Proofs(), Narrow()
    old, new = Decider(before), Decider(after)
    lost = Sides("lost", old, new, _held(stacks, old), _held(stacks, new))
    for sides in (lost.turned, lost):
        pairs = Pairs(sides, narrow)
        own = [*_Own(sides, proofs, pairs.holders).changes(), *Ruled(sides, narrow).changes()]
        own += pairs.changes(frozenset(arn for one in own if one.request is not None for arn in one.principals))
        yield from _each_once([*_grouped(own), *Strangers(sides).changes(pairs.holders)])


def _held(stacks: Stacks, decider: Decider) -> dict[str, PolicyStack]:
    return {arn: stacks.of(decider.snapshot, who, linked=LINKED in arn) for arn, who in decider.principals.items()}


class _Own:
    """What principals may do by their own policies in one account, and not in the other."""

    def __init__(self, sides: Sides, proofs: Proofs, holders: Iterable[Holder]) -> None:
        self.sides, self.proofs = sides, proofs
        self.holders = {(one.via, one.arn) for one in holders}
        self._barring = _barring(sides.account_id)
        self._barred: dict[int, tuple[PolicyStack, PolicyStack]] = {}
        self.granted, self.granted_there = (_named(one.snapshot) for one in sides.both)

    def changes(self) -> Iterator[AccessChange]:
        """Yield a change for each principal who may do more here."""
        for arn, stack in self.sides.mine.items():
            there = self.sides.other.get(arn, NOTHING)
            if stack is not there:
                found = self._of(self.sides.here.principals[arn], stack, there)
                if found is not None:
                    bits = self.granted[arn] & ~self.granted_there.get(arn, 0)
                    yield replace(found, bits=bits if found.request is not None else 0)

    def _of(self, who: Principal, mine: PolicyStack, other: PolicyStack) -> AccessChange | None:
        search = self.proofs.only(mine, other)
        found = self._first(who, search)
        if found is None and not search.proved and self.sides.here.snapshot.has_all_roles:
            search = self.proofs.only(self._beyond_roles(mine), self._beyond_roles(other))
            found = self._first(who, search)
        if found is not None or search.proved:
            return found
        via = differing(who, self.sides)
        return AccessChange(self.sides.change, via, (who.arn,), reason=search.reason or UNCONFIRMED)

    def _first(self, who: Principal, search: Search) -> AccessChange | None:
        for template in search:
            for request in asked_by(who, template, self.sides.here.known(who), self.sides.account_id):
                found = self._confirmed(request)
                if found is not None:
                    return found
        return None

    def _beyond_roles(self, stack: PolicyStack) -> PolicyStack:
        """A stack that assumes no role of the account: which of those that are there it does is compared one by one."""
        if stack is NOTHING:
            return stack
        if id(stack) not in self._barred:
            barred = replace(stack, identity=(*stack.identity, self._barring))
            self._barred[id(stack)] = (stack, barred)
        return self._barred[id(stack)][1]

    def _confirmed(self, request: Request) -> AccessChange | None:
        """The change that a request shows; None where both accounts allow it, or neither."""
        here, there = self.sides.both
        try:
            answers = self.sides.answers(request)
            if answers is not None:
                return self._shown(request, cause_of(request, self.sides), answers)
            if here.delegated(request) and there.delegated(request) is False:
                via = differing(here.principals[request.principal], self.sides)
                refused: Outcome | None = "implicitDeny" if request.principal in there.principals else None
                return self._shown(request, via, self.sides.in_order("allowed", refused), DELEGATED)
        except LexgraphError:
            return None  # A spelling that is no request: another one follows.
        return None

    def _shown(self, request: Request, via: Via, answers: Answers, *assumed: str) -> AccessChange:
        holder = None
        if via in ("trust policy", "resource policy"):
            holder = next((arn for arn in policy_holders(request.resource) if (via, arn) in self.holders), None)
        principals = (request.principal,)
        return AccessChange(self.sides.change, via, principals, request, *answers, holder, assumptions=assumed)


def _barring(account: str | None) -> Policy:
    """Denies to assume a role of the account, and what is no role's."""
    assuming = PatternSet(("sts:AssumeRole*",))
    own, any_role = (PatternSet((f"arn:*:iam::{one}:role/*",)) for one in (account, "*"))
    said = (Statement("Deny", assuming, own), Statement("Deny", assuming, replace(any_role, negated=True)))
    return Policy("the account's roles", said)


def _named(snapshot: Snapshot) -> dict[str, int]:
    """The actions that each principal is granted somewhere, conditions left aside."""
    sets = action_sets(snapshot)
    return dict(zip(sets.principals, sets.named, strict=True))


def _grouped(changes: Iterable[AccessChange]) -> Iterator[AccessChange]:
    """The changes, those of several principals as one where the same request shows them."""
    groups: dict[tuple[object, ...], list[AccessChange]] = {}
    for one in changes:
        asked = one.request and (one.request.action, one.request.resource, repr(one.request.context.values))
        name = (asked, one.via, one.holder, one.before, one.after, one.bits, one.reason, one.assumptions)
        groups.setdefault(name, []).append(one)
    for group in groups.values():
        yield replace(group[0], principals=tuple(arn for one in group for arn in one.principals))


def _each_once(changes: Iterable[AccessChange]) -> Iterator[AccessChange]:
    """The changes without those that say of a principal and a holder what another one says of them already."""
    told: set[tuple[str, Via, str | None]] = set()
    for one in changes:
        left = tuple(arn for arn in one.principals if (arn, one.via, one.holder) not in told)
        told.update((arn, one.via, one.holder) for arn in left)
        if left:
            yield one if left == one.principals else replace(one, principals=left)


def _comparable(before: Snapshot, after: Snapshot) -> tuple[Snapshot, Snapshot, tuple[str, ...]]:
    """Both without what only one of them knows, and what may have changed therefore without being told."""
    notes = []
    if (before.organization is None) != (after.organization is None):
        notes.append("only one of the two has its organization's policies: they were left out")
        before, after = replace(before, organization=None), replace(after, organization=None)
    if _has_resources(before) != _has_resources(after):
        notes.append("only one of the two has the policies of its resources: they were left out")
        before, after = _without_resources(before), _without_resources(after)
    if before.unreadable and after.unreadable:
        notes.append("policies that could be read in neither may have changed")
    return before, after, tuple(notes)


def _around(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """What changed of the organization beyond the account."""
    if before.organization == after.organization or None in (before.organization, after.organization):
        return
    trees = [one.organization for one in (before, after) if one.organization is not None]
    ids = dict.fromkeys(target.id for tree in trees for target in tree.targets if target.kind == "account")
    others = [one for one in ids if one not in (before.account_id, after.account_id)]
    if any(control_levels(before, one, "rcp") != control_levels(after, one, "rcp") for one in others):
        yield "the resource control policies above other accounts differ: access to their resources may have changed"
    places = [[(tree.id, tree.has(one) and tree.path_text(one)) for one in ids] for tree in trees]
    if places[0] != places[1] and any(map(_asks_where, _all_policies(before) + _all_policies(after))):
        yield "the organization differs, and conditions on aws:ResourceOrgID or aws:ResourceOrgPaths look at it"


def _asks_where(policy: Policy) -> bool:
    return not {"aws:resourceorgid", "aws:resourceorgpaths"}.isdisjoint(mentioned_keys(policy))


def _all_policies(snapshot: Snapshot) -> list[Policy]:
    controls = () if snapshot.organization is None else snapshot.organization.policies
    return [
        *snapshot.identity_policies(),
        *snapshot.trust_policies(),
        *(one.policy for one in snapshot.resource_policies),
        *(one.policy for one in controls if one.policy is not None),
    ]


def _has_resources(snapshot: Snapshot) -> bool:
    return bool(snapshot.resource_policies or snapshot.no_resource_policy)


def _without_resources(snapshot: Snapshot) -> Snapshot:
    unreadable = tuple(one for one in snapshot.unreadable if one.kind != "resource")
    return replace(snapshot, resource_policies=(), no_resource_policy=(), unreadable=unreadable)
