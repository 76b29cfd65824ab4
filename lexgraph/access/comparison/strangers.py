"""Who of other accounts, which services and which identity providers may newly do something because a policy that
names principals changed, or the resource control policies above it did.

Those whom either version names are asked about one by one. A difference that was neither shown so nor ruled out is told
as undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lexgraph.access.comparison.decider import Rules
from lexgraph.access.comparison.holders import Holder
from lexgraph.access.comparison.model import AccessChange, Via
from lexgraph.access.comparison.questions import questions_about, telling_apart
from lexgraph.access.comparison.ruled import ruled
from lexgraph.access.comparison.sides import Sides
from lexgraph.access.decide import GRANTING
from lexgraph.access.outsiders import root_account
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.model import ConditionTest, PatternSet, Policy, Statement
from lexgraph.reasoning.callers import other_accounts
from lexgraph.reasoning.contain import Answer, only_first
from lexgraph.reasoning.side import side_of

UNSHOWN = "the policies were not proved to allow the same, and nobody was found whom only one of them allows"
STRANGERS = "strangers hold policies that allow everything"
ANYTHING = Policy("allows everything", (Statement("Allow", PatternSet(("*",)), PatternSet(("*",))),))


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody whom a policy names: `label` as it names them, `principal` as a request does."""

    label: str
    principal: str


class Strangers:
    """What one account's policies of resources and roles allow to others, and the other account's do not."""

    def __init__(self, sides: Sides) -> None:
        self.sides, self.account = sides, sides.account_id
        known = [who for one in sides.both for who in one.principals.values()]
        self._own = {who.arn for who in known}
        self._ids = {who.unique_id for who in known if who.unique_id is not None}

    def changes(self, holders: Iterable[Holder]) -> Iterator[AccessChange]:
        """Yield what is allowed here alone, holder by holder."""
        for holder in holders:
            if not holder.unread and holder.exists and holder.here.policy is not None:
                yield from self._of(holder, holder.here.policy)

    def _of(self, holder: Holder, policy: Policy) -> Iterator[AccessChange]:
        rules = self.sides.rules_of(holder.owner)
        nothing = replace(policy, statements=())
        other = (holder.there.policy or nothing) if holder.stays else nothing
        narrow, wide = self._outside(policy), self._outside(other)
        if not any(one.allows for one in narrow.statements) or (narrow == wide and rules[0] is rules[1]):
            return
        answer = _compared(holder, (self._barred(narrow), self._barred(wide)), rules)
        if answer.holds is True:
            return
        via: Via = "resource control policies" if policy == other else holder.via
        texts = f"{self.account} {narrow} {wide}"
        fresh = next(account for account in other_accounts() if account not in texts)
        askers = dict.fromkeys(asker for one in (narrow, wide) for asker in self._askers(one, fresh))
        found = [one for asker in askers if (one := self._gain(asker, holder, (policy, other), rules)) is not None]
        if not found and answer.request is not None:
            one = self._confirmed(Asker("*", answer.request.principal), answer.request, (policy, other), rules)
            found = [one] if one is not None else []
        for one in found:
            yield replace(one, via=via, holder=holder.arn)
        if not found:
            yield AccessChange(self.sides.change, via, ("*",), holder=holder.arn, reason=UNSHOWN)

    def _outside(self, policy: Policy) -> Policy:
        """A policy with only what it says of others than the account's own principals, who are compared with all that
        they hold.
        """
        kept = []
        for statement in policy.statements:
            element = statement.principals
            if element is None or element.negated:
                kept.append(statement)
                continue
            patterns = tuple(pattern for pattern in element.patterns if not self._is_own(pattern))
            if patterns:
                kept.append(replace(statement, principals=PatternSet(patterns)))
        return replace(policy, statements=tuple(kept))

    def _barred(self, policy: Policy) -> Policy:
        """A policy that denies all to the account's own, whom it may name as everyone."""
        if self.account is None:
            return policy
        own = ConditionTest("StringEquals", "aws:PrincipalAccount", (self.account,))
        everything = PatternSet(("*",))
        resources = None if policy.kind == "trust" else everything
        denied = Statement("Deny", everything, resources, everything, (own,))
        return replace(policy, statements=(*policy.statements, denied))

    def _is_own(self, pattern: str) -> bool:
        kind, _, value = pattern.partition(":")
        if kind != "AWS":
            return False
        if value == self.account or value in self._ids or value in self._own:
            return True
        # A session, and a federated user, is no principal that an account lists.
        parts = split_arn(value)
        return len(parts) == 6 and (parts[2], parts[4]) == ("iam", self.account)

    # Who is asked about -----------------------------------------------------------------------------------------------

    def _askers(self, policy: Policy, fresh: str) -> Iterator[Asker]:
        for statement in policy.statements:
            element = statement.principals
            for pattern in ("*",) if element is None or element.negated else element.patterns:
                yield from self._named(pattern, fresh)

    def _named(self, pattern: str, fresh: str) -> Iterator[Asker]:
        kind, _, value = pattern.partition(":")
        if kind in ("Service", "Federated"):
            yield Asker(pattern, pattern)
        elif pattern in ("*", "AWS:*"):
            yield Asker("*", "*")
            yield Asker("*", f"arn:aws:iam::{fresh}:user/someone")
        elif (owner := root_account(value)) is not None:
            yield Asker(f"arn:aws:iam::{owner}:root", f"arn:aws:iam::{owner}:user/someone")
        elif is_arn(value):
            yield Asker(value, value)

    # One of them ------------------------------------------------------------------------------------------------------

    def _gain(
        self, asker: Asker, holder: Holder, policies: tuple[Policy, Policy], rules: tuple[Rules, Rules]
    ) -> AccessChange | None:
        """The first request that is allowed here alone."""
        for action, resource in questions_about(holder):
            try:
                asked = Request(asker.principal, action, resource, resource_account=holder.owner)
                here, there = _decided(asked, policies, rules)
                request = telling_apart(here, there) if here.outcome in GRANTING else None
                found = None if request is None else self._confirmed(asker, request, policies, rules)
            except LexgraphError:
                continue  # A pattern's example that is no resource.
            if found is not None:
                return found
        return None

    def _confirmed(
        self, asker: Asker, request: Request, policies: tuple[Policy, Policy], rules: tuple[Rules, Rules]
    ) -> AccessChange | None:
        here, there = _decided(request, policies, rules)
        if here.outcome not in GRANTING or there.outcome in GRANTING:
            return None
        answers = self.sides.in_order(here.outcome, there.outcome)
        assumed = (STRANGERS,) if is_arn(asker.principal) else ()
        change, label = self.sides.change, (asker.label,)
        return AccessChange(change, "resource policy", label, request, *answers, assumptions=assumed)


def _compared(holder: Holder, policies: tuple[Policy, Policy], rules: tuple[Rules, Rules]) -> Answer:
    """Whether the first policy surely allows nobody what the other one does not."""
    if rules[0] is rules[1]:
        here, there = map(side_of, policies)
        return only_first(here, there)
    asking = (_as_much(holder.arn, policies),)
    stacks = (ruled(PolicyStack(asking, resource=one), each) for one, each in zip(policies, rules, strict=True))
    here, there = map(side_of, stacks)
    return only_first(here, there)


def _decided(
    request: Request, policies: tuple[Policy, Policy], rules: tuple[Rules, Rules]
) -> tuple[Decision, Decision]:
    sides = zip(policies, rules, strict=True)
    here, there = (authorize(ruled(PolicyStack((ANYTHING,), resource=one), each), request) for one, each in sides)
    return here, there


def _as_much(arn: str, policies: Iterable[Policy]) -> Policy:
    """What a stranger may hold that matters: all that the policies of a resource speak of."""
    own = PatternSet((arn,))
    said = (one for policy in policies for one in policy.statements if one.allows)
    found = tuple(Statement("Allow", one.actions, one.resources or own) for one in said)
    return replace(ANYTHING, statements=found)
