"""The effective actions of every principal of an account, as bitsets over the catalogue of actions.

An action is in a principal's set where some Allow of its policies names it, on whatever resource and under whatever
condition, no Deny without a condition on ``*`` takes it away, and the boundary and every level of SCPs have it too: so
whatever a single request is allowed by the principal's own policies is in the set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from lexgraph.access.granted import Bits, Granted, is_everywhere, statement_bits
from lexgraph.access.index import AccountIndex, account_index
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.errors import AccountError, shown
from lexgraph.evaluation.services import LINKED
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy


@dataclass(frozen=True, slots=True)
class ActionSet:
    """The actions of one principal.

    `named` are the actions that it is granted somewhere. Of these, `everywhere` are granted on every resource, and
    `conditional` under conditions only, or may be taken away by a Deny with conditions. Of an action in both it is the
    grant on every resource that has the conditions; another one, on some resources, may have none. What is `everywhere`
    and not `conditional`, one Allow on ``*`` without conditions gives, in each layer. `unknown` are those of which a
    policy that could not be read may say something else; an action may be in both.
    """

    principal: str
    named: int
    conditional: int
    everywhere: int
    unknown: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the actions that are granted somewhere, in AWS's spelling, sorted."""
        return catalog().names_in(self.named)


@dataclass(frozen=True, slots=True)
class ActionSets:
    """The action sets of all principals of an account; equal sets are one integer.

    `principals` are ARNs, `named` and `unknown` in their order: see :class:`ActionSet`.
    """

    principals: tuple[str, ...]
    named: tuple[int, ...] = field(repr=False)
    unknown: tuple[int, ...] = field(repr=False)
    _snapshot: Snapshot = field(repr=False, compare=False)

    def of(self, principal: str | Principal) -> ActionSet:
        """Return the set of one principal, with what is conditional in it and what is everywhere.

        Raises AccountError for a principal that is not in the account.
        """
        who = self._snapshot.principal(principal)
        place = account_index(self._snapshot).places[who.arn]
        granted = _granted(self._snapshot.stack(who), linked=LINKED in who.arn)
        return ActionSet(who.arn, self.named[place], granted.conditional, granted.everywhere, self.unknown[place])

    def __iter__(self) -> Iterator[ActionSet]:
        return map(self.of, self.principals)

    def __len__(self) -> int:
        return len(self.principals)

    def holders(self, action: str) -> tuple[str, ...]:
        """Return the principals in whose set an action is, or may be for all that is known."""
        bit = catalog().bits(action)
        if bit.bit_count() != 1:
            raise AccountError(f"{shown(action)} is no action of the catalogue", code="UNKNOWN_ACTION")
        sets = zip(self.principals, self.named, self.unknown, strict=True)
        return tuple(arn for arn, named, unknown in sets if (named | unknown) & bit)


def action_sets(snapshot: Snapshot) -> ActionSets:
    """Return the effective actions of every principal of an account.

    What resources' own policies grant is not among them, nor what no policy needs to allow; where a policy could not be
    read, the actions that hang on it are `unknown`, never missing.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> sets = action_sets(read_account(example_account_path()))
    >>> sets.of("role/handover-day").names
    ('lex:DescribeBot', 'lex:DescribeBotAlias', 'sts:AssumeRole')
    """
    found: ActionSets = snapshot.kept("action sets", lambda: _action_sets(snapshot))
    return found


@collector_paused()
def _action_sets(snapshot: Snapshot) -> ActionSets:
    index = account_index(snapshot)
    named = _own(index, len(snapshot.principals))
    unknown = [0] * len(named)
    limits: dict[tuple[str | None, bool], tuple[int, bool]] = {}
    unreadable, everything = frozenset(index.unreadable), catalog().everything
    for place, principal in enumerate(snapshot.principals):
        base = (principal.boundary, LINKED in principal.arn)
        if base not in limits:
            limits[base] = _limit(snapshot.stack(principal), linked=base[1])
        within, open_ = limits[base]
        if within != everything:
            named[place] &= within
        if place in unreadable:
            unknown[place] = within
        elif open_:
            unknown[place] = named[place]
    same: dict[int, int] = {}
    shared = tuple(same.setdefault(bits, bits) for bits in named)
    principals = tuple(principal.arn for principal in snapshot.principals)
    return ActionSets(principals, shared, tuple(same.setdefault(bits, bits) for bits in unknown), snapshot)


def _own(index: AccountIndex, number: int) -> list[int]:
    """What the identity policies of each principal leave of their Allows, policy by policy: none is kept."""
    allowed, removed = [0] * number, dict[int, int]()
    for policy, places in zip(index.policies, index.holders, strict=True):
        bits = _sides(policy)
        for place in places:
            allowed[place] |= bits[0]
            if bits[1]:
                removed[place] = removed.get(place, 0) | bits[1]
    for place, bits_removed in removed.items():
        allowed[place] &= ~bits_removed
    return allowed


def _sides(policy: Policy) -> tuple[int, int]:
    """The actions that a policy's Allows name, and those that its Denies take away for good."""
    cat = catalog()
    allowed = removed = 0
    for statement in policy.statements:
        if statement.allows:
            allowed |= cat.bits_of(statement.actions.patterns, statement.actions.negated)
        elif statement.unconditional and is_everywhere(statement):
            removed |= cat.bits_of(statement.actions.patterns, statement.actions.negated)
    return allowed, removed


def _limits(stack: PolicyStack, *, linked: bool) -> Iterator[tuple[Policy, ...]]:
    """The layers that must allow beside the identity policies; one that could not be read is left out."""
    if stack.boundary is not None and "boundary" not in stack.unreadable:
        yield (stack.boundary,)
    yield from () if linked else stack.scps


def _limit(stack: PolicyStack, *, linked: bool) -> tuple[int, bool]:
    """What a principal's limits let through, and whether some of them could not be read."""
    within = catalog().everything
    for policies in _limits(stack, linked=linked):
        sides = [_sides(policy) for policy in policies]
        within &= reduce(or_, (allowed for allowed, _ in sides), 0) & ~reduce(or_, (removed for _, removed in sides), 0)
    return within, "boundary" in stack.unreadable or ("scp" in stack.unreadable and not linked)


def _granted(stack: PolicyStack, *, linked: bool) -> Granted:
    """What a principal's own policies grant within its limits."""
    found = _layer(stack.identity)
    for policies in _limits(stack, linked=linked):
        limit = _layer(policies)
        named = found.named & limit.named
        conditional = named & (found.conditional | limit.conditional)
        found = Granted(named, conditional, found.everywhere & limit.everywhere)
    return found


def _layer(policies: Iterable[Policy]) -> Granted:
    return reduce(Bits.joined, map(statement_bits, policies), Bits()).granted
