"""What a principal may do under one stack of policies and not under another, shown by requests or ruled out.

Most principals of two accounts hold the same policies, and most of those that do not differ in the same few. So what
differs is compared first, once for all who share it; whole stacks are compared where that does not settle it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from lexgraph.access.comparison.narrow import Narrow, ids_of
from lexgraph.access.comparison.services import Services, may_concern, services_of
from lexgraph.access.comparison.settled import Settling, known_keys
from lexgraph.account.model import Principal, Snapshot
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy, Statement
from lexgraph.reasoning.changes import changes_between
from lexgraph.reasoning.contain import only_first
from lexgraph.reasoning.side import side_of

NOTHING = PolicyStack()  # of a principal that an account does not have
UNREAD = "a policy that could not be read decides"
UNCONFIRMED = "what one of the two allows alone could not be confirmed on the accounts"
Policies = tuple[Policy, ...]
Pair = tuple[tuple[int, ...], ...]  # the ids of policies that one side holds, and of those that the other does
Saying = tuple[bool, Statement]  # whether variables count, and the statement without its name


class Stacks:
    """What principals of two accounts hold, with what is known of each put in; equal stacks are one object."""

    def __init__(self) -> None:
        self._settling = Settling()
        self._canonical: dict[int, tuple[Policy, Policy]] = {}
        self._alike: dict[tuple[str, str], list[Policy]] = {}
        self._made: dict[tuple[object, ...], PolicyStack] = {}

    def of(self, snapshot: Snapshot, principal: Principal, *, linked: bool = False) -> PolicyStack:
        """Return the layers that :meth:`Snapshot.stack` gives, for this principal's own requests; `linked` is whether
        SCPs do not bind it (rule L2).
        """
        stack = snapshot.stack(principal)
        if linked:
            stack = replace(stack, scps=(), unreadable=tuple(layer for layer in stack.unreadable if layer != "scp"))
        layers = tuple(tuple(map(self.canonical, layer)) for layer in stack.principal_layers)
        if any(map(self._settling.speaks_of, chain(*layers))):
            layers = self._settling.layers(layers, known_keys(snapshot, principal))
        layers = tuple(map(_ordered, layers))
        name = (*ids_of(layers), stack.unreadable)
        if name not in self._made:
            self._made[name] = PolicyStack(unreadable=stack.unreadable).with_principal_layers(layers)
        return self._made[name]

    def canonical(self, policy: Policy) -> Policy:
        """Return the first policy with the same key that says the same."""
        # By identity: to hash a policy costs more than to compare it with the few of its key.
        known = self._canonical.get(id(policy))
        if known is None:
            alike = self._alike.setdefault((policy.key, policy.kind), [])
            first = next((one for one in alike if one == policy), policy)
            if first is policy:
                alike.append(policy)
            known = self._canonical[id(policy)] = (policy, first)
        return known[1]


def _ordered(layer: Policies) -> Policies:
    """The policies of a layer, each once and in one order: that of a layer does not matter."""
    return tuple(sorted({id(policy): policy for policy in layer}.values(), key=lambda policy: policy.key))


class Search:
    """Requests that one stack allows and another does not, the likeliest first, each looked for when it is needed.

    When there are no more, `proved` is whether nothing at all is allowed by one alone; else `reason` says what is open.
    """

    def __init__(self, steps: Callable[[Search], Iterable[Request]]) -> None:
        self.proved = False
        self.reason = ""
        self._found: list[Request] = []
        self._more = iter(steps(self))

    def __iter__(self) -> Iterator[Request]:
        at = 0
        while True:
            yield from self._found[at:]
            at = len(self._found)
            request = next(self._more, None)
            if request is None:
                return
            self._found.append(request)


@dataclass(frozen=True, slots=True)
class Fresh:
    """What policies say and others do not: their `allows`, as policies; and whether the others have Denies (`barred`)
    that they lack. All that is so is about `services`; None where that may be any.
    """

    allows: Policies
    barred: bool
    services: Services


class Proofs:
    """Searches for what one of two stacks allows alone; what was found is kept for the next principal."""

    def __init__(self) -> None:
        # By identity, of whole stacks and of what is left of them; each keeps what the ids are of.
        self._found: dict[tuple[int, int], tuple[PolicyStack, PolicyStack, Search]] = {}
        self._narrow: dict[tuple[int, int], tuple[PolicyStack, PolicyStack, Search]] = {}
        self._examples: dict[Pair, Search] = {}
        self._fresh: dict[Pair, Fresh | None] = {}
        self._parts: dict[tuple[int, Services, bool], tuple[Policy, Policy]] = {}
        self._stacks: dict[tuple[object, ...], PolicyStack] = {}
        self._of_services = Narrow()

    def only(self, a: PolicyStack, b: PolicyStack) -> Search:
        """Return the search for what `a` allows and `b` does not; both are of :class:`Stacks`, or `NOTHING`."""
        name = (id(a), id(b))
        if name not in self._found:
            self._found[name] = (a, b, self._search(a, b))
        return self._found[name][2]

    def _search(self, a: PolicyStack, b: PolicyStack) -> Search:
        here, there = _without(a.identity, b.identity), _without(b.identity, a.identity)
        if _is_opaque(a) or _is_opaque(b):
            return Search(lambda one: chain(self._of_new(here, there), _open(one, UNREAD)))
        if not _same_limits(a, b):
            return self._limited(a, b)
        if b is not NOTHING:
            fresh = self._said_by(here, there)
            if fresh is None:
                return _PROVED
            a, b = self._narrowed(a, b, fresh)
        name = (id(a), id(b))
        if name not in self._narrow:
            search = Search(lambda one: chain(self._of_new(here, there), _of_whole(one, a, b)))
            self._narrow[name] = (a, b, search)
        return self._narrow[name][2]

    def _limited(self, a: PolicyStack, b: PolicyStack) -> Search:
        """The search where boundaries or SCPs differ, among the services that a statement is about that differs."""
        services = _differing_services(a, b)
        if services is not None:
            a, b = (self._of_services.of(one, services) for one in (a, b))
        if a is b:
            return _PROVED
        name = (id(a), id(b))
        if name not in self._narrow:
            self._narrow[name] = (a, b, Search(lambda one: _of_whole(one, a, b)))
        return self._narrow[name][2]

    # What differs, once for all who share it --------------------------------------------------------------------

    def _said_by(self, here: Policies, there: Policies) -> Fresh | None:
        """What `here` says and `there` does not; None where `here` allows no more than `there`, and denies no less:
        then nothing is allowed with `here` alone, whatever else is held beside either.
        """
        name = _name(here, there)
        if name not in self._fresh:
            allows = _contained(_effect(here, "Allow"), _effect(there, "Allow"))
            implied = allows and _contained(_effect(there, "Deny"), _effect(here, "Deny"))
            self._fresh[name] = None if implied else _fresh(here, there)
        return self._fresh[name]

    def _of_new(self, here: Policies, there: Policies) -> Iterator[Request]:
        """Requests that the new policies allow; one that stands alone is asked once for all who newly hold it."""
        for some in [here] if there else [(one,) for one in here]:
            name = _name(some, there)
            if name not in self._examples:
                a, b = PolicyStack(some), PolicyStack(there)
                self._examples[name] = Search(partial(_of_whole, a=a, b=b))
            yield from self._examples[name]

    # What is left of whole stacks -------------------------------------------------------------------------------

    def _narrowed(self, a: PolicyStack, b: PolicyStack, fresh: Fresh) -> tuple[PolicyStack, PolicyStack]:
        """Two stacks of which the first allows alone what `a` does: statements about other services say nothing of it,
        and where all Denies are as before, it is a new Allow that allows it.
        """
        there = self._cut(b, b.identity, fresh.services)
        if fresh.barred:
            return self._cut(a, a.identity, fresh.services), there
        denies = tuple(self._part(policy, fresh.services, denies=True) for policy in a.identity)
        return self._cut(a, (*fresh.allows, *denies), None), there

    def _cut(self, stack: PolicyStack, identity: Policies, services: Services) -> PolicyStack:
        parts = tuple(self._part(policy, services, denies=False) for policy in identity)
        kept = tuple(policy for policy in parts if policy.statements)
        limits = (stack.boundary, *(policy for level in stack.scps for policy in level))
        name = (*map(id, kept), None, *map(id, limits), *map(len, stack.scps))
        if name not in self._stacks:
            self._stacks[name] = replace(stack, identity=kept)
        return self._stacks[name]

    def _part(self, policy: Policy, services: Services, *, denies: bool) -> Policy:
        """The statements of a policy that may be about some services, or only those of them that deny."""
        if services is None and not denies:
            return policy
        name = (id(policy), services, denies)
        if name not in self._parts:
            said = tuple(
                one
                for one in policy.statements
                if not (denies and one.allows) and (services is None or may_concern(one, services))
            )
            self._parts[name] = (policy, policy if said == policy.statements else replace(policy, statements=said))
        return self._parts[name][1]


_PROVED = Search(lambda _: ())
_PROVED.proved = True


def _is_opaque(stack: PolicyStack) -> bool:
    """Whether something of a stack could not be read, so that most requests are open."""
    said = (one for policy in chain(*stack.principal_layers) for one in policy.statements)
    return bool(stack.unreadable) or any(one.unknown is not None for one in said)


def _open(search: Search, reason: str) -> Iterator[Request]:
    search.reason = reason
    return iter(())


def _of_whole(search: Search, a: PolicyStack, b: PolicyStack) -> Iterator[Request]:
    """The first request that is found, then one for each part of what `a` allows alone."""
    answer = only_first(side_of(a), side_of(b))
    search.reason, search.proved = answer.reason, answer.holds is True
    if answer.request is not None:
        search.reason = UNCONFIRMED
        yield answer.request
        for change in changes_between(b, a):
            if change.direction == "granted" and change.request is not None:
                yield change.request


def _name(here: Policies, there: Policies) -> Pair:
    return tuple(map(id, here)), tuple(map(id, there))


def _same_limits(a: PolicyStack, b: PolicyStack) -> bool:
    """Whether two stacks differ in identity policies only, or one is that of nobody."""
    limits = [ids_of(one.principal_layers[1:]) for one in (a, b)]
    return b is NOTHING or limits[0] == limits[1]


def _differing_services(a: PolicyStack, b: PolicyStack) -> Services:
    """The services of the statements that only one of two stacks has in a layer; None where that may be any."""
    if len(a.scps) != len(b.scps) or (a.boundary is None) != (b.boundary is None):
        return None
    found: list[Statement] = []
    for mine, other in zip(a.principal_layers, b.principal_layers, strict=True):
        found += [one for _, one in {*_sayings(mine)} ^ {*_sayings(other)}]
    return services_of(*found)


def _without(policies: Policies, others: Policies) -> Policies:
    known = set(map(id, others))
    return tuple(policy for policy in policies if id(policy) not in known)


def _effect(policies: Policies, effect: str) -> Policies:
    """The statements of one effect, as Allows: what a Deny denies is what the same Allow would allow."""
    found = []
    for policy in policies:
        same = tuple(replace(one, effect="Allow") for one in policy.statements if one.effect == effect)
        if same:
            found.append(replace(policy, statements=same))
    return tuple(found)


def _contained(narrow: Policies, wide: Policies) -> bool:
    return not narrow or only_first(side_of(PolicyStack(narrow)), side_of(PolicyStack(wide))).holds is True


def _fresh(here: Policies, there: Policies) -> Fresh:
    """What `here` says and `there` does not, statement by statement."""
    old, new = _sayings(there), _sayings(here)
    allows = []
    for policy in here:
        said = tuple(one for one in policy.statements if one.allows and _saying(policy, one) not in old)
        if said:
            allows.append(replace(policy, statements=said))
    lifted = [one for variables, one in old if not one.allows and (variables, one) not in new]
    services = services_of(*lifted, *(one for policy in allows for one in policy.statements))
    return Fresh(tuple(allows), bool(lifted), services)


def _sayings(policies: Policies) -> list[Saying]:
    return [_saying(policy, one) for policy in policies for one in policy.statements]


def _saying(policy: Policy, statement: Statement) -> Saying:
    return policy.has_variables, replace(statement, sid=None)
