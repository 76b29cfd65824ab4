"""What the principals of an account may newly do because the resource control policies above it changed.

Strangers, whom a resource's policy names, are asked about in :mod:`lexgraph.access.comparison.strangers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from lexgraph.access.comparison.decider import Decider, Rules, asked_by, rules_of
from lexgraph.access.comparison.gains import UNCONFIRMED
from lexgraph.access.comparison.model import AccessChange, Direction
from lexgraph.access.comparison.narrow import Narrow
from lexgraph.access.comparison.services import services_of
from lexgraph.access.comparison.settled import Told
from lexgraph.access.decide import GRANTING
from lexgraph.access.index import LINKED
from lexgraph.account.model import Principal
from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.reasoning.contain import Answer, only_first
from lexgraph.reasoning.side import side_of

Stacks = Mapping[str, PolicyStack]


class Ruled:
    """What principals may do under one account's resource control policies, and not under the other's."""

    def __init__(
        self, change: Direction, here: Decider, there: Decider, mine: Stacks, other: Stacks, narrow: Narrow
    ) -> None:
        self.change: Direction = change
        self.here, self.there = here, there
        self.mine, self.other = mine, other
        self._rules = rules_of(here, there, here.snapshot.account_id)
        self._narrow, self._settling = narrow, narrow.settling
        self._less: dict[tuple[object, ...], bool] = {}
        self._kept: dict[tuple[object, ...], Answer] = {}

    def changes(self) -> Iterator[AccessChange]:
        """Yield a change for each principal of both accounts who may do more under the policies here."""
        for arn, stack in self.mine.items():
            if arn in self.other and LINKED not in arn:
                sides = self._sides(arn)
                if sides[0] is not sides[1]:
                    found = self._of(self.here.principals[arn], stack, sides)
                    if found is not None:
                        yield found

    def _sides(self, arn: str) -> tuple[Rules, Rules]:
        """The policies with what is known of a principal put in, which may differ though they do not."""
        mine, other = self._rules
        here, there = (one.known(one.principals[arn]) for one in (self.here, self.there))
        if mine is other and not (here.differing(there) and any(map(self._settling.speaks_of, chain(*mine[0])))):
            return self._rules
        sides = self._settled(mine, here), self._settled(other, there)
        return (sides[0], sides[0]) if _names(sides[0]) == _names(sides[1]) else sides

    def _of(self, who: Principal, stack: PolicyStack, sides: tuple[Rules, Rules]) -> AccessChange | None:
        if self._denies_no_less(sides):
            return None
        answer = self._answer(who, stack, sides)
        if answer.holds:
            return None
        if answer.request is not None:
            for request in asked_by(who, answer.request, self.here.known(who), self.here.snapshot.account_id):
                found = self._confirmed(request)
                if found is not None:
                    return found
        reason = answer.reason or UNCONFIRMED
        return AccessChange(self.change, "resource control policies", (who.arn,), reason=reason)

    def _denies_no_less(self, sides: tuple[Rules, Rules]) -> bool:
        """Whether the policies here deny, to everybody, all that those there deny: their Allows say nothing."""
        name = tuple(map(_names, sides))
        if name not in self._less:
            denies = [_denies(rules) for rules in sides]
            self._less[name] = (
                None not in denies and only_first(side_of(denies[1] or ()), side_of(denies[0] or ())).holds is True
            )
        return self._less[name]

    def _answer(self, who: Principal, stack: PolicyStack, sides: tuple[Rules, Rules]) -> Answer:
        """Whether what a principal holds allows nothing more with the policies here; once for all who hold the same."""
        services = _services(*sides)
        stack = self._narrow.of(stack, services)
        sides = self._narrow.rules(sides[0], services), self._narrow.rules(sides[1], services)
        name = (id(stack), who.kind, *map(_names, sides))
        if name not in self._kept:
            account = who.arn.split(":")[4]
            limit = Statement("Allow", PatternSet(tuple(f"{one}:*" for one in sorted(services))), PatternSet(("*",)))
            within = (*stack.scps, (Policy("what differs", (limit,), kind="scp"),))
            whole = replace(stack, scps=within, resource=_delegating(account))
            open_here, open_there = (ruled(whole, one) for one in sides)
            self._kept[name] = only_first(side_of(open_here), side_of(open_there), who.arn)
        return self._kept[name]

    def _settled(self, rules: Rules, known: Told) -> Rules:
        levels, unread = rules
        return tuple(tuple(self._settling.of(policy, known) for policy in level) for level in levels), unread

    def _confirmed(self, request: Request) -> AccessChange | None:
        try:
            here, there = self.here.decide(request), self.there.decide(request)
        except LexgraphError:
            return None  # A spelling that is no request: another one follows.
        if here is None or there is None or here.outcome not in GRANTING or there.outcome in GRANTING:
            return None
        outcomes = (there.outcome, here.outcome) if self.change == "gained" else (here.outcome, there.outcome)
        return AccessChange(self.change, "resource control policies", (request.principal,), request, *outcomes)


def _services(here: Rules, there: Rules) -> frozenset[str]:
    """The services of which the policies say something else, among those that they bind (rule L2)."""
    bound = catalog().rcp_services
    said = [{one for level in levels for policy in level for one in policy.statements} for levels, _ in (here, there)]
    if here[1] != there[1] or len(here[0]) != len(there[0]):
        return bound
    found = services_of(*(said[0] ^ said[1]))
    # The same in another level, or in a policy without variables, is no less a difference.
    return bound if not found else bound & found


def _denies(rules: Rules) -> tuple[Policy, ...] | None:
    """What policies deny, as what it would allow; None where they do not deny it to everybody, or were not all read."""
    levels, unread = rules
    found = []
    for policy in (policy for level in levels for policy in level):
        said = [one for one in policy.statements if not one.allows]
        if unread or any(one.principals != _EVERYBODY and one.principals is not None for one in said):
            return None
        allowing = tuple(replace(one, effect="Allow", principals=None) for one in said)
        found.append(replace(policy, statements=allowing, kind="identity"))
    return tuple(found)


_EVERYBODY = PatternSet(("*",))


def _names(rules: Rules) -> tuple[object, ...]:
    levels, unread = rules
    return (*(tuple(map(id, level)) for level in levels), unread)


def ruled(stack: PolicyStack, rules: Rules) -> PolicyStack:
    """Return a stack under an account's resource control policies.

    >>> ruled(PolicyStack(), ((), True)).unreadable
    ('rcp',)
    """
    levels, unread = rules
    kept = tuple(layer for layer in stack.unreadable if layer != "rcp")
    return replace(stack, rcps=levels, unreadable=(*kept, "rcp") if unread else kept)


def _delegating(account: str) -> Policy:
    """A resource's policy that leaves all to the identity policies of an account."""
    statement = Statement("Allow", PatternSet(("*",)), principals=PatternSet((f"AWS:{account}",)))
    return Policy("delegates to identity policies", (statement,), kind="resource")
