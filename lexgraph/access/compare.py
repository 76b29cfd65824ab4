"""Two snapshots of an account: what was added, removed and changed, and which access that brought or took away.

Access is what the policies allow, not what they say: every gain and loss is shown by a request that both accounts
decide, differently, and where nothing is told, it was proved that nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lexgraph.access.changed import AccessChange, AccountChange, Direction
from lexgraph.access.confirm import DELEGATED, GRANTING, Decider, asked_by
from lexgraph.access.effective import action_sets
from lexgraph.access.gains import NOTHING, UNCONFIRMED, Proofs, Search, Stacks
from lexgraph.access.listed import list_changes
from lexgraph.access.named import Named
from lexgraph.access.settled import known_keys
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.pages import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.reasoning.compare import RelationName


@dataclass(frozen=True, slots=True)
class AccountDifference:
    """What differs between two snapshots: `before` and `after`, without what only one of them knows.

    `changes` are what stands in them, `access` who gained and lost what. `notes` are what to know of the comparison,
    and `hidden` what was left out of it and may have changed.
    """

    before: Snapshot
    after: Snapshot
    changes: tuple[AccountChange, ...] = ()
    access: tuple[AccessChange, ...] = ()
    notes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    def of(self, change: Direction) -> tuple[AccessChange, ...]:
        """Return what was gained, or lost, and is shown by a request."""
        return tuple(one for one in self.access if one.change == change and one.request is not None)

    @property
    def undecided(self) -> tuple[AccessChange, ...]:
        """What could be neither shown nor ruled out."""
        return tuple(one for one in self.access if one.request is None)

    @property
    def relation(self) -> RelationName:
        """How the first account relates to the second: narrower where access was only gained, wider where it was only
        lost; disjoint where no principal is in both; undecided where something may have changed unseen.
        """
        gained, lost = bool(self.of("gained")), bool(self.of("lost"))
        if gained and lost:
            first, second = ({p.arn for p in one.principals} for one in (self.before, self.after))
            return "overlapping" if first & second else "disjoint"
        if self.undecided or self.hidden:
            return "undecided"
        return "narrower" if gained else "wider" if lost else "equal"

    def actions(self, change: Direction) -> tuple[str, ...]:
        """Return the actions that some principal newly may do at all, or no longer may."""
        bits = 0
        for one in self.access:
            bits |= one.bits if one.change == change else 0
        return catalog().names_in(bits)


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
    access = tuple(_access(old, new))
    return AccountDifference(old, new, list_changes(old, new), access, (*notes, *hidden), hidden)


def _is_same(before: Snapshot, after: Snapshot) -> bool:
    """Whether both were read from the same: then what could not be read is the same, too."""
    inputs = [(one.sha256, one.organization, one.resource_policies, one.no_resource_policy) for one in (before, after)]
    return inputs[0] == inputs[1] and before.principals == after.principals and before.policies == after.policies


def _access(before: Snapshot, after: Snapshot) -> Iterator[AccessChange]:
    stacks, proofs = Stacks(), Proofs()
    old, new = Decider(before), Decider(after)
    held = [_held(stacks, one) for one in (old, new)]
    sides: tuple[tuple[Direction, Decider, Decider], ...] = (("gained", new, old), ("lost", old, new))
    for change, here, there in sides:
        mine, other = held if change == "lost" else held[::-1]
        own = _Own(change, here, there, proofs)
        yield from _grouped(own.changes(mine, other))
        yield from Named(change, "trust policy", here, there).changes()
        yield from Named(change, "resource policy", here, there).changes()


def _held(stacks: Stacks, decider: Decider) -> dict[str, PolicyStack]:
    return {arn: stacks.of(decider.snapshot, who) for arn, who in decider.principals.items()}


class _Own:
    """What principals may do by their own policies in one account, and not in the other."""

    def __init__(self, change: Direction, here: Decider, there: Decider, proofs: Proofs) -> None:
        self.change: Direction = change
        self.here, self.there, self.proofs = here, there, proofs
        self.granted, self.granted_there = _named(here.snapshot), _named(there.snapshot)

    def changes(self, mine: dict[str, PolicyStack], other: dict[str, PolicyStack]) -> Iterator[AccessChange]:
        """Yield a change for each principal who may do more here."""
        for arn, stack in mine.items():
            there = other.get(arn, NOTHING)
            if stack is not there:
                found = self._of(self.here.principals[arn], self.proofs.only(stack, there))
                if found is not None:
                    bits = self.granted[arn] & ~self.granted_there.get(arn, 0)
                    yield replace(found, bits=bits if found.request is not None else 0)

    def _of(self, who: Principal, search: Search) -> AccessChange | None:
        known: frozenset[str] | None = None
        for template in search:
            known = frozenset(known_keys(self.here.snapshot, who)) if known is None else known
            for request in asked_by(who, template, known, self.here.snapshot.account_id):
                found = self._confirmed(request)
                if found is not None:
                    return found
        if search.proved:
            return None
        return AccessChange(self.change, "own policies", (who.arn,), reason=search.reason or UNCONFIRMED)

    def _confirmed(self, request: Request) -> AccessChange | None:
        """The change that a request shows; None where both accounts allow it, or neither."""
        try:
            here, there = self.here.decide(request), self.there.decide(request)
            if here is not None and here.outcome in GRANTING and (there is None or there.outcome not in GRANTING):
                return self._shown(request, here.outcome, there.outcome if there else None)
            if self.here.delegated(request) and self.there.delegated(request) is False:
                missing = request.principal not in self.there.principals
                return self._shown(request, "allowed", None if missing else "implicitDeny", DELEGATED)
        except LexgraphError:
            return None  # A spelling that is no request: another one follows.
        return None

    def _shown(self, request: Request, here: Outcome, there: Outcome | None, *assumed: str) -> AccessChange:
        before, after = (there, here) if self.change == "gained" else (here, there)
        return AccessChange(
            self.change, "own policies", (request.principal,), request, before, after, assumptions=assumed
        )


def _named(snapshot: Snapshot) -> dict[str, int]:
    """The actions that each principal is granted somewhere, conditions left aside."""
    sets = action_sets(snapshot)
    return dict(zip(sets.principals, sets.named, strict=True))


def _grouped(changes: Iterable[AccessChange]) -> Iterator[AccessChange]:
    """The changes, those of several principals as one where the same request shows them."""
    groups: dict[tuple[object, ...], list[AccessChange]] = {}
    for one in changes:
        asked = one.request and (one.request.action, one.request.resource, repr(one.request.context.values))
        name = (asked, one.before, one.after, one.bits, one.reason, one.assumptions)
        groups.setdefault(name, []).append(one)
    for group in groups.values():
        yield replace(group[0], principals=tuple(arn for one in group for arn in one.principals))


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


def _has_resources(snapshot: Snapshot) -> bool:
    return bool(snapshot.resource_policies or snapshot.no_resource_policy)


def _without_resources(snapshot: Snapshot) -> Snapshot:
    unreadable = tuple(one for one in snapshot.unreadable if one.kind != "resource")
    return replace(snapshot, resource_policies=(), no_resource_policy=(), unreadable=unreadable)
