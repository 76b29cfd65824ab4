"""What the principals of an account hold, arranged so that a question about all of them is answered at once.

The statements of all distinct policies are indexed together, service by service and only when one is asked about. A
principal is then a set of statements, written as the bits of an integer, and a base: everything else that applies to
it. Principals with the same statements about a question and the same base get the same answer, unless something asks
who they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lexgraph.account.model import Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.account.stacks import layer_indexes
from lexgraph.conditions.context import Context
from lexgraph.evaluation.action_bits import places_of
from lexgraph.evaluation.authorize import CompiledStack, LayerIndexes
from lexgraph.evaluation.callers import tells_who
from lexgraph.evaluation.index import StatementIndex
from lexgraph.evaluation.services import LINKED
from lexgraph.evaluation.stack import Layer, PolicyStack
from lexgraph.policy.model import Policy
from lexgraph.policy.patterns import ascii_lower

MOST_KEPT = 16_384
MOST_CONTEXTS = 8
Within = tuple[PolicyStack, tuple[StatementIndex, ...]]
_OF_THE_RESOURCE: tuple[Layer, ...] = ("resource", "rcp")


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What applies to a principal beside its identity policies: a stack without these.

    `linked`: it is a service-linked role, which no SCP binds (rule L2).
    """

    stack: PolicyStack
    linked: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The statements that speak of one service.

    `holders` are the principals that hold each policy of `index`, by place; `masks` the statements of each principal.
    """

    index: StatementIndex
    holders: tuple[tuple[int, ...], ...]
    masks: dict[int, int]
    _keys: dict[int, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    _who: dict[int, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    def who(self, personal: int) -> tuple[str, ...]:
        """Return the keys by which statements, all of them personal, ask who the caller is."""
        found = self._who.get(personal)
        if found is None:
            keys = {key for place in places_of(personal) for key in _keys_at(self.index, place)}
            found = self._who[personal] = tuple(sorted(filter(tells_who, keys)))
        return found

    def keys(self, statements: int) -> tuple[str, ...]:
        """Return the keys that the conditions and variables of statements ask for."""
        pending = statements & self.index.pending
        found = self._keys.get(pending)
        if found is None:
            found = self._keys[pending] = condition_keys(self.index, pending)
        return found

    def holding(self, statements: int) -> set[int]:
        """Return the places of the principals that hold one of `statements`."""
        policies = {self.index.entries[place].policy_index for place in places_of(statements)}
        return {place for policy in policies for place in self.holders[policy]}


@dataclass(frozen=True, slots=True)
class AccountIndex:
    """The distinct identity policies, by key, and which principals hold each (by place in the snapshot).

    `unreadable` are the places of those of whose policies something could not be read, `places` all by ARN; `answers`
    are those that hold for more than one question, and `opened` those under conditions, by what is known of a request.
    """

    policies: tuple[Policy, ...]
    holders: tuple[tuple[int, ...], ...]
    unreadable: tuple[int, ...]
    places: dict[str, int] = field(repr=False)
    layers: LayerIndexes = field(repr=False)
    answers: dict[tuple[object, ...], Any] = field(default_factory=dict, init=False, repr=False)
    _opened: dict[tuple[object, ...], dict[tuple[object, ...], Any]] = field(
        default_factory=dict, init=False, repr=False
    )
    _services: list[frozenset[str]] = field(default_factory=list, init=False, repr=False)
    _parts: dict[str, Part] = field(default_factory=dict, init=False, repr=False)
    _bases: dict[int, Base] = field(default_factory=dict, init=False, repr=False)
    _within: dict[tuple[object, ...], Within] = field(default_factory=dict, init=False, repr=False)
    _distinct: dict[tuple[object, ...], Base] = field(default_factory=dict, init=False, repr=False)

    def opened(self, context: Context) -> dict[tuple[object, ...], Any]:
        """Return the answers under conditions that hold for more than one question in a context, to be added to."""
        tags = None if context.resource_tags is None else frozenset(context.resource_tags.items())
        said = frozenset(context.known.items())
        name = (said, context.complete, context.role_id, context.whole_tags, tags)
        found = self._opened.get(name)
        if found is None:
            if len(self._opened) >= MOST_CONTEXTS:
                self._opened.clear()
            found = self._opened[name] = {}
        return found

    def part(self, service: str) -> Part:
        """Return the statements about a service, given by its prefix in lower case."""
        found = self._parts.get(service)
        if found is None:
            found = self._parts[service] = self._part(service)
        return found

    @collector_paused()
    def _part(self, service: str) -> Part:
        if not self._services:
            self._services.extend(map(_services, self.policies))
        speaking = [i for i, found in enumerate(self._services) if service in found or "*" in found]
        index = StatementIndex([self.policies[i] for i in speaking], "identity", service)
        holders = tuple(self.holders[i] for i in speaking)
        bits = [0] * len(holders)
        for place, entry in enumerate(index.entries):
            bits[entry.policy_index] |= 1 << place
        masks: dict[int, int] = {}
        for policy, places in enumerate(holders):
            for place in places:
                masks[place] = masks.get(place, 0) | bits[policy]
        return Part(index, holders, masks)

    def base(self, snapshot: Snapshot, place: int) -> Base:
        """Return what applies to a principal beside its identity policies; equal bases are one object."""
        found = self._bases.get(place)
        if found is None:
            principal = snapshot.principals[place]
            stack, linked = snapshot.stack(principal), LINKED in principal.arn
            name = (id(stack.boundary), tuple(map(id, stack.scps)), stack.unreadable, stack.absent, linked)
            known = self._distinct.get(name)
            if known is None:
                known = self._distinct[name] = Base(replace(stack, identity=()), linked)
            found = self._bases[place] = known
        return found

    def within(self, base: Base, side: PolicyStack) -> Within:
        """Return a base together with the layers of `side` that belong to a resource, and the indexes of all these."""
        name = (base, side.resource and id(side.resource), tuple(map(id, side.rcps)), side.unreadable, side.absent)
        found = self._within.get(name)
        if found is None:
            own = base.stack
            stack = replace(
                own,
                resource=side.resource,
                rcps=side.rcps,
                unreadable=(*own.unreadable, *(one for one in side.unreadable if one in _OF_THE_RESOURCE)),
                absent=(*own.absent, *(one for one in side.absent if one in _OF_THE_RESOURCE)),
            )
            layers = tuple(CompiledStack(stack, indexes=self.layers).all_layers())
            if len(self._within) >= MOST_KEPT:
                self._within.clear()
            found = self._within[name] = (stack, layers)
        return found


def condition_keys(index: StatementIndex, statements: int) -> tuple[str, ...]:
    """Return the keys that the conditions and variables of statements ask for; a name of its own for one that could not
    be read.
    """
    found: dict[str, None] = {}
    for place in places_of(statements & index.pending):
        found |= dict.fromkeys(_keys_at(index, place))
        if index.entries[place].statement.unknown is not None:
            found["an unread statement"] = None
    return tuple(found)


def _keys_at(index: StatementIndex, place: int) -> Iterator[str]:
    """Yield the keys that a statement's conditions and variables ask for."""
    for test in index.entries[place].tests:
        yield from sorted(test.keys)
    for template in index.resources.templates.get(place, ()):
        yield from template.keys


def account_index(snapshot: Snapshot) -> AccountIndex:
    """Return the index of an account, made on first use and kept with it."""
    index: AccountIndex = snapshot.kept("account index", lambda: _make(snapshot))
    return index


@collector_paused()
def _make(snapshot: Snapshot) -> AccountIndex:
    policies: dict[str, Policy] = {}
    holders: dict[str, list[int]] = {}
    unreadable = []
    for i, principal in enumerate(snapshot.principals):
        known = all(snapshot.group(arn) is not None for arn in principal.groups)
        for key, via, _, policy in snapshot.holdings(principal):
            if via == "boundary":
                continue
            if policy is None:
                known = False
            elif policies.setdefault(key, policy) is not None:
                holders.setdefault(key, []).append(i)
        if not known:
            unreadable.append(i)
    keys = sorted(policies)
    places = {principal.arn: i for i, principal in enumerate(snapshot.principals)}
    held = tuple(tuple(dict.fromkeys(holders[key])) for key in keys)
    return AccountIndex(tuple(policies[key] for key in keys), held, tuple(unreadable), places, layer_indexes(snapshot))


def _services(policy: Policy) -> frozenset[str]:
    """The prefixes of the services that a policy speaks of, a star where it may speak of any."""
    if any(statement.actions.negated for statement in policy.statements):
        return frozenset("*")
    written = {pattern.partition(":")[0] for statement in policy.statements for pattern in statement.actions.patterns}
    return frozenset(ascii_lower(prefix) if prefix.strip("*") else "*" for prefix in written)
