"""What the principals of an account may newly do because the resource control policies above it changed.

Strangers, whom a resource's policy names, are asked about in :mod:`lexgraph.access.comparison.strangers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from lexgraph.access.comparison.decider import Rules, asked_by
from lexgraph.access.comparison.gains import UNCONFIRMED
from lexgraph.access.comparison.model import AccessChange, Via
from lexgraph.access.comparison.narrow import Narrow, ids_of
from lexgraph.access.comparison.services import services_of
from lexgraph.access.comparison.sides import Sides
from lexgraph.account.model import Principal
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.services import LINKED
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.reasoning.contain import Answer, only_first
from lexgraph.reasoning.side import side_of


class Ruled:
    """What principals may do under one account's resource control policies, and not under the other's."""

    def __init__(self, sides: Sides, narrow: Narrow) -> None:
        self.sides, self._narrow = sides, narrow
        self._rules = sides.rules_of(sides.account_id)
        self._less: dict[tuple[object, ...], bool] = {}
        self._kept: dict[tuple[object, ...], Answer] = {}

    def changes(self) -> Iterator[AccessChange]:
        """Yield a change for each principal of both accounts who may do more under the policies here."""
        for arn, stack in self.sides.mine.items():
            if arn in self.sides.other and LINKED not in arn:
                rules = self._of_principal(arn)
                if rules[0] is not rules[1]:
                    found = self._of(self.sides.here.principals[arn], stack, rules)
                    if found is not None:
                        yield found

    def _of_principal(self, arn: str) -> tuple[Rules, Rules]:
        """The policies with what is known of a principal put in, which may differ though they do not."""
        mine, other = self._rules
        here, there = (one.known(one.principals[arn]) for one in self.sides.both)
        if mine is other and not (here.differing(there) and any(map(self._narrow.settling.speaks_of, chain(*mine[0])))):
            return self._rules
        mine, other = self._narrow.settled_rules(mine, here), self._narrow.settled_rules(other, there)
        return mine, mine if name_of(mine) == name_of(other) else other

    def _of(self, who: Principal, stack: PolicyStack, both: tuple[Rules, Rules]) -> AccessChange | None:
        if self._denies_no_less(both):
            return None
        answer = self._answer(who, stack, both)
        if answer.holds:
            return None
        via: Via = "resource control policies"
        if answer.request is not None:
            for request in asked_by(who, answer.request, self.sides.here.known(who), self.sides.account_id):
                answers = self.sides.answers(request)
                if answers is not None:
                    return AccessChange(self.sides.change, via, (who.arn,), request, *answers)
        return AccessChange(self.sides.change, via, (who.arn,), reason=answer.reason or UNCONFIRMED)

    def _denies_no_less(self, both: tuple[Rules, Rules]) -> bool:
        """Whether the policies here deny, to everybody, all that those there deny: their Allows say nothing."""
        name = tuple(map(name_of, both))
        if name not in self._less:
            denies = [_denies(rules) for rules in both]
            self._less[name] = (
                None not in denies and only_first(side_of(denies[1] or ()), side_of(denies[0] or ())).holds is True
            )
        return self._less[name]

    def _answer(self, who: Principal, stack: PolicyStack, both: tuple[Rules, Rules]) -> Answer:
        """Whether what a principal holds allows nothing more with the policies here; once for all who hold the same."""
        services = _services(*both)
        stack = self._narrow.of(stack, services)
        narrowed = [self._narrow.rules(one, services) for one in both]
        name = (id(stack), who.kind, *map(name_of, narrowed))
        if name not in self._kept:
            account = who.arn.split(":")[4]
            limit = Statement("Allow", PatternSet(tuple(f"{one}:*" for one in sorted(services))), PatternSet(("*",)))
            within = (*stack.scps, (Policy("what differs", (limit,), kind="scp"),))
            whole = replace(stack, scps=within, resource=_delegating(account))
            open_here, open_there = (side_of(ruled(whole, one)) for one in narrowed)
            self._kept[name] = only_first(open_here, open_there, who.arn)
        return self._kept[name]


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


def name_of(rules: Rules) -> tuple[object, ...]:
    """Return what tells resource control policies apart (see :func:`ids_of`)."""
    levels, unread = rules
    return (*ids_of(levels), unread)


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
