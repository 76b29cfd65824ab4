"""What principals may newly do with a resource whose policy names principals, or with a role that they may assume.

Such a policy decides together with all that the principal holds: an Allow that names somebody needs no other one and
passes by a boundary, a Deny or a service control policy bars it. So for each pair of a principal and a holder of which
something differs, the whole stacks are compared; pairs in which the policies see no difference share the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from lexgraph.access.comparison.cause import cause_of, differing
from lexgraph.access.comparison.decider import Rules, stated
from lexgraph.access.comparison.gains import NOTHING, UNCONFIRMED, UNREAD
from lexgraph.access.comparison.holders import Holder, holders_of, lying_deeper, unknown_keys
from lexgraph.access.comparison.model import AccessChange
from lexgraph.access.comparison.naming import Naming, Signature, about, delegates, grants
from lexgraph.access.comparison.narrow import Narrow, Scope
from lexgraph.access.comparison.questions import questions_about, telling_apart
from lexgraph.access.comparison.ruled import name_of, ruled
from lexgraph.access.comparison.services import Services
from lexgraph.access.comparison.sides import Sides
from lexgraph.access.comparison.touched import Touched
from lexgraph.account.model import Principal
from lexgraph.conditions.context import RESOURCE_TAGS, Context
from lexgraph.evaluation.callers import tells_who
from lexgraph.evaluation.request import USER_ID, Request
from lexgraph.evaluation.services import LINKED
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import split_arn
from lexgraph.policy.model import Policy
from lexgraph.reasoning.contain import Answer, only_first
from lexgraph.reasoning.side import side_of

MOST = 20_000  # pairs that are looked at
ASKED = 60  # questions about one pair where its stacks did not settle it
TOO_MANY = "too many principals and resources differ to compare each with each"
KEYS = "the policy of a KMS key, which is not known, may allow it"
UNREAD_POLICY = "a policy could not be read"


@dataclass(frozen=True, slots=True)
class Half:
    """What one account says of a principal and a holder: the principal's stack, the holder's policy with what is
    known put in and how it names the principal, and the resource control policies.
    """

    stack: PolicyStack
    policy: Policy | None = None
    signature: Signature = ()
    rules: Rules = ((), False)

    @property
    def name(self) -> tuple[object, ...]:
        """The same for all of whom the policies say the same."""
        return id(self.stack), id(self.policy), self.signature, name_of(self.rules)

    @property
    def said(self) -> Iterator[Policy]:
        """All policies."""
        own = () if self.policy is None else (self.policy,)
        return chain(*self.stack.principal_layers, own, *self.rules[0])


class Pairs:
    """What the principals of one account may do with the holders of policies, and those of the other may not."""

    def __init__(self, sides: Sides, narrow: Narrow) -> None:
        self.sides = sides
        self.holders = holders_of(sides.here.snapshot, sides.there.snapshot)
        self._keys = unknown_keys(sides.account_id)
        self._touched = Touched(sides, (*self.holders, self._keys), narrow.settling)
        self._deeper = lying_deeper(self.holders)
        self._narrow, self._settling = narrow, narrow.settling
        self._naming = Naming(sides.here.snapshot), Naming(sides.there.snapshot)
        self._classes: dict[Services, dict[tuple[object, ...], list[Principal]]] = {}
        self._left = MOST
        self._open: dict[str, None] = {}
        self._told: frozenset[str] = frozenset()

    def changes(self, told: frozenset[str]) -> Iterator[AccessChange]:
        """Yield a change for each principal who may do more here, holder by holder.

        Of those who are here alone and of whom something was `told` already, only where a policy names them.
        """
        self._told = told - self.sides.other.keys()
        for holder in self.holders:
            if holder.here.unreadable != holder.there.unreadable:
                yield AccessChange(self.sides.change, holder.via, ("*",), holder=holder.arn, reason=UNREAD_POLICY)
            elif not holder.unread and holder.exists:
                yield from self._within(Scope(holder, self._deeper.get(holder.arn, ())))
        for scope in (*self._touched.tagged_scopes, Scope(self._keys)):
            yield from self._within(scope)
        if self._open:
            yield AccessChange(self.sides.change, "several layers", tuple(self._open), reason=TOO_MANY)

    def _within(self, scope: Scope) -> Iterator[AccessChange]:
        for halves, members in self._groups(scope).values():
            self._left -= len(members)
            if self._left < 0:
                self._open.update(dict.fromkeys(who.arn for who in members))
            else:
                yield from self._of(scope, halves, members)

    def _groups(self, scope: Scope) -> dict[tuple[object, ...], tuple[tuple[Half, Half], list[Principal]]]:
        """The principals who may be allowed more here, those together of whom the policies say the same."""
        groups: dict[tuple[object, ...], tuple[tuple[Half, Half], list[Principal]]] = {}
        named = self._touched.named(scope.holder) if self._told else frozenset()
        for alike in self._alike(scope):
            members = [who for who in alike if who.arn not in self._told or who.arn in named]
            if not members:
                continue
            first = members[0]
            here, there = self._half(scope, first, 0), self._half(scope, first, 1)
            names = here.name, there.name
            if names[0] != names[1] and self._may_gain(scope.holder, here, there):
                group = groups.setdefault((*names, first.kind, LINKED in first.arn), ((here, there), []))
                group[1].extend(members)
        return groups

    def _alike(self, scope: Scope) -> Iterator[list[Principal]]:
        """Principals to ask about, those together whom the holder's policies cannot tell apart."""
        holder = scope.holder
        own = holder.owner == self.sides.account_id
        ruled_anew = self._touched.rules(holder) and (not own or self._touched.names_anybody(holder))
        if not (holder.changed or ruled_anew or self._touched.tagged(holder)):
            yield from ([one] for one in self._touched.principals(holder))
            return
        spoken = self._settling.keys_in(holder.policies) | self._touched.keys_above(holder)
        alone = self._touched.named(holder)
        for members in self._all(scope.services).values():
            if any(map(tells_who, spoken)):
                yield from ([one] for one in members)
                continue
            yield from ([one] for one in members if one.arn in alone)
            rest = [one for one in members if one.arn not in alone]
            if rest:
                yield rest

    def _all(self, services: Services) -> dict[tuple[object, ...], list[Principal]]:
        """All principals, those together who hold the same as far as some services go."""
        if services not in self._classes:
            found: dict[tuple[object, ...], list[Principal]] = {}
            for arn, stack in self.sides.mine.items():
                stacks = stack, self.sides.other.get(arn, NOTHING)
                same = tuple(id(self._narrow.of(one, services)) for one in stacks)
                who = self.sides.here.principals[arn]
                found.setdefault((*same, who.kind, LINKED in arn, arn in self.sides.other), []).append(who)
            self._classes[services] = found
        return self._classes[services]

    def _half(self, scope: Scope, who: Principal, place: int) -> Half:
        """What the account at a place says."""
        holder = scope.holder
        decider = self.sides.both[place]
        found = decider.principals.get(who.arn)
        if found is None or not (holder.exists, holder.stays)[place]:
            return Half(NOTHING)
        stack = self._narrow.of(self.sides.stacks[place][who.arn], scope.services)
        known = decider.known(found)
        tags = decider.tags(holder.arn) if self._touched.tells_tags else None
        if holder.needed or tags is not None:
            kms = {} if holder.trust else {"kms:calleraccount": (split_arn(who.arn)[4],)}
            known = known.about(tags, scope.sent, **kms)
            stack = self._narrow.settled(stack, known)
        rules = self._narrow.settled_rules(self._touched.rules_of(holder)[place], known)
        policy = (holder.here, holder.there)[place].policy
        if policy is None:
            return Half(stack, rules=rules)
        # Where both accounts have the same, it is one object.
        policy = self._settling.of(holder.policies[0] if not holder.changed else policy, known)
        return Half(stack, policy, self._naming[place].of(policy, found), rules)

    def _may_gain(self, holder: Holder, here: Half, there: Half) -> bool:
        """Whether something may be allowed here and not there, by what is quickly seen."""
        if grants(here.policy, here.signature):
            return True
        own = holder.owner == self.sides.account_id
        alike = id(here.policy) == id(there.policy) and here.signature == there.signature and not _bounded(here, there)
        if own and alike and holder.stays and not self._touched.tagged(holder):
            return False  # The policy leaves it to the principal's own, which are compared by themselves.
        if here.stack.unreadable:
            return True
        allowing = any(one.allows for policy in here.stack.identity for one in policy.statements)
        return allowing and ((own and not holder.needed) or delegates(here.policy, here.signature))

    # One group --------------------------------------------------------------------------------------------------------

    def _of(self, scope: Scope, halves: tuple[Half, Half], members: Iterable[Principal]) -> Iterator[AccessChange]:
        holder, change = scope.holder, self.sides.change
        listed = [who for who in members if who.arn in self.sides.other] if holder.unknown else list(members)
        if not listed:
            return
        answer = self._answer(scope, halves, listed[0])
        for who in listed if answer.holds is not True else ():
            if holder.unknown:
                yield AccessChange(change, differing(who, self.sides), (who.arn,), reason=KEYS)
            elif shown := self._shown(holder, who, answer):
                yield shown
            else:
                via, reason = holder.via if holder.changed else "several layers", answer.reason or UNCONFIRMED
                yield AccessChange(change, via, (who.arn,), holder=holder.arn, reason=reason)

    def _answer(self, scope: Scope, halves: tuple[Half, Half], who: Principal) -> Answer:
        """Whether the principal, and all who are alike, may do nothing more here."""
        linked = LINKED in who.arn
        itself = self._asks_id(who, halves)
        here, there = (_whole(scope, half, who, linked=linked, itself=itself) for half in halves)
        answer = only_first(side_of(here), side_of(there), who.arn)
        opaque = halves[0].stack.unreadable or halves[1].stack.unreadable
        return Answer(None, reason=UNREAD) if answer.holds is None and opaque else answer

    def _asks_id(self, who: Principal, halves: tuple[Half, Half]) -> bool:
        """Whether something asks for the id of a role, which is known."""
        both = (one.known(one.principals[who.arn]) for one in self.sides.both if who.arn in one.principals)
        if any(told.role_id is None for told in both):
            return False
        return any(USER_ID in self._settling.speaks_of(policy) for half in halves for policy in half.said)

    def _shown(self, holder: Holder, who: Principal, answer: Answer) -> AccessChange | None:
        """The change that a request shows; None where none was found that the accounts answer so."""
        proved = () if answer.request is None else (answer.request,)
        for request in chain(proved, self._examples(holder, who)):
            found = self._confirmed(holder, who, request)
            if found is not None:
                return found
        return None

    def _examples(self, holder: Holder, who: Principal) -> Iterator[Request]:
        """What stands for all that the policies speak of, where some context shows a difference."""
        for action, resource in islice(questions_about(holder), ASKED):
            asked = Request(who.arn, action, resource, resource_account=holder.owner)
            decisions = self.sides.decided(asked, stays=holder.stays)
            request = None if decisions is None else telling_apart(*decisions)
            if request is not None:
                yield request

    def _confirmed(self, holder: Holder, who: Principal, asked: Request) -> AccessChange | None:
        """The change that a request shows, asked by this principal."""
        here = self.sides.here
        known = here.known(who).about(here.tags(holder.arn), RESOURCE_TAGS)
        context = Context(stated(asked, known), complete=True)
        request = Request(who.arn, asked.action, asked.resource, context, holder.owner)
        answers = self.sides.answers(request, stays=holder.stays)
        if answers is None:
            return None
        via = cause_of(request, self.sides) if holder.stays else holder.via
        return AccessChange(self.sides.change, via, (who.arn,), request, *answers, holder.arn)


def _bounded(here: Half, there: Half) -> bool:
    """Whether only one of two stacks has a boundary: NotPrincipal with Deny looks at that (rule P3)."""
    return (here.stack.boundary is None) != (there.stack.boundary is None)


def _whole(scope: Scope, half: Half, who: Principal, *, linked: bool, itself: bool) -> PolicyStack:
    """All that decides about the requests of one scope."""
    policy = None if half.policy is None else about(half.policy, who, half.signature)
    return ruled(replace(scope.limited(half.stack, linked=linked, itself=itself), resource=policy), half.rules)
