"""Who may newly do what because a policy that names principals changed: a role's trust policy, a resource's policy.

Those whom either version names are asked about one by one: principals of the account with all that they hold,
strangers and services by what the policy says of them. A difference between the versions that was neither shown so nor
ruled out is told as undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lexgraph.access.comparison.cause import cause_of, held
from lexgraph.access.comparison.decider import Decider
from lexgraph.access.comparison.model import AccessChange, Direction, Via
from lexgraph.access.comparison.ruled import ruled
from lexgraph.access.decide import GRANTING, who_can
from lexgraph.account.model import Snapshot
from lexgraph.account.owners import policy_holders
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.logic import Formula, Undecided, all_of, model, negate
from lexgraph.errors import RequestError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.intersect import FRESH
from lexgraph.policy.model import Effect, PatternSet, Policy, Statement
from lexgraph.reasoning.contain import only_first
from lexgraph.reasoning.side import side_of

UNSHOWN = "the policies were not proved to allow the same, and nobody was found whom only one of them allows"
UNREAD = "a policy could not be read"
STRANGERS = "strangers hold policies that allow everything"
ANYTHING = Policy("allows everything", (Statement("Allow", PatternSet(("*",)), PatternSet(("*",))),))
ASSUME = "sts:AssumeRole*"
Policies = Mapping[str, Policy | None]


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody whom a policy names: `label` as it names them, `principal` as a request does; `own` is whether they are
    of the account.
    """

    label: str
    principal: str
    own: bool
    stands_for_others: bool = False


def policies_of(snapshot: Snapshot, via: Via) -> dict[str, Policy | None]:
    """Return the trust policies of an account's roles, or the policies of its resources, by ARN; None where one could
    not be read.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> len(policies_of(read_account(example_account_path()), "trust policy"))
    17
    """
    if via == "trust policy":
        return {role.arn: role.trust for role in snapshot.principals if role.kind == "role"}
    known: dict[str, Policy | None] = {one.resource: one.policy for one in snapshot.resource_policies}
    bad = (one.owner for one in snapshot.unreadable if one.kind == "resource" and not one.partial)
    return known | dict.fromkeys(bad)


class Named:
    """What one account's policies of a kind allow, and the other's do not."""

    def __init__(self, change: Direction, via: Via, here: Decider, there: Decider) -> None:
        self.change: Direction = change
        self.via: Via = via
        self.here, self.there = here, there
        self.policies = policies_of(here.snapshot, via)
        self.others = policies_of(there.snapshot, via)
        self.ruled = here.rcps != there.rcps

    def changes(self) -> Iterator[AccessChange]:
        """Yield what is allowed here alone, resource by resource."""
        for arn, policy in self.policies.items():
            other = self.others.get(arn)
            if policy is None or (arn in self.others and other is None):
                if arn not in self.others or policy != other:
                    yield AccessChange(self.change, self.via, ("*",), holder=arn, reason=UNREAD)
            elif policy != other or self.ruled:
                yield from self._of(arn, policy, other or replace(policy, statements=()))
        for arn, other in self.others.items():
            if arn not in self.policies and other is not None and self.via == "resource policy":
                yield from self._of(arn, replace(other, statements=()), other)

    def _of(self, arn: str, policy: Policy, other: Policy) -> Iterator[AccessChange]:
        if self._is_contained(arn, policy, other):
            return
        via: Via = "resource control policies" if policy == other else self.via
        questions = tuple(self._questions(arn, policy, other))
        askers = self._askers((policy, other), questions)
        if policy == other:  # its own principals are asked about with all that they hold
            askers = {asker: None for asker in askers if not asker.own}
            if not askers:
                return
        shown = False
        for asker in askers:
            found = self._gain(asker, questions, policy, other, via)
            shown = shown or found is not None
            if found is not None:
                yield replace(found, holder=arn) if found.via in (via, self.via) else found
        # Of a trust policy all questions were asked; strangers are many, and one stood for them.
        asked_all = self.via == "trust policy" and not any(asker.stands_for_others for asker in askers)
        if not shown and not asked_all:
            yield AccessChange(self.change, via, ("*",), holder=arn, reason=UNSHOWN)

    def _is_contained(self, arn: str, policy: Policy, other: Policy) -> bool:
        """Whether the first policy surely allows nobody what the other one does not."""
        if self.ruled:
            sides = zip((policy, other), (self.here.rcps, self.there.rcps), strict=True)
            asking = (_as_much(arn, (policy, other)),)
            here, there = (ruled(PolicyStack(asking, resource=one), rules) for one, rules in sides)
            return only_first(side_of(here), side_of(there)).holds is True
        return _contained(policy, other, "Allow") and _contained(other, policy, "Deny")

    def _questions(self, arn: str, policy: Policy, other: Policy) -> Iterator[tuple[str, str]]:
        """Actions on resources that stand for what the two policies speak of."""
        said = (*policy.statements, *other.statements)
        for action in _actions(said, ASSUME if self.via == "trust policy" else "*"):
            if self.via == "trust policy":
                yield action, arn
            elif catalog().wildcard_only(action):
                yield action, "*"
            else:
                yield from ((action, resource) for resource in _resources(arn, said))

    def _askers(self, policies: Iterable[Policy], questions: Iterable[tuple[str, str]]) -> dict[Asker, None]:
        found: dict[Asker, None] = {}
        for policy in policies:
            for statement in policy.statements:
                element = statement.principals
                patterns = ("*",) if element is None or element.negated else element.patterns
                for pattern in patterns:
                    found.update(dict.fromkeys(self._named(pattern, questions)))
        return found

    def _named(self, pattern: str, questions: Iterable[tuple[str, str]]) -> Iterator[Asker]:
        account = self.here.snapshot.account_id
        kind, _, value = pattern.partition(":")
        if kind in ("Service", "Federated"):
            yield Asker(pattern, pattern, False)
        elif pattern in ("*", "AWS:*"):
            yield Asker("*", "*", False, stands_for_others=True)
            yield from self._able(questions)
        elif (owner := value if value.isdigit() else _root(value)) is not None:
            if owner == account:
                yield from self._able(questions)
            else:
                yield Asker(f"arn:aws:iam::{owner}:root", f"arn:aws:iam::{owner}:user/someone", False, True)
        elif value in self.here.principals:
            yield Asker(value, value, True)
        elif is_arn(value) and split_arn(value)[4] != account:
            yield Asker(value, value, False)
        else:
            known = self.here.principals.values()
            yield from (Asker(one.arn, one.arn, True) for one in known if one.unique_id == value)

    def _able(self, questions: Iterable[tuple[str, str]]) -> Iterator[Asker]:
        """The principals of the account who may do something of what is asked."""
        for action, resource in questions:
            try:
                rows = who_can(self.here.snapshot, action, resource)
            except RequestError:
                continue  # A pattern's example that is no resource.
            yield from (Asker(row.principal, row.principal, True) for row in rows)

    # One of them ----------------------------------------------------------------------------------------------

    def _gain(
        self, asker: Asker, questions: Iterable[tuple[str, str]], policy: Policy, other: Policy, via: Via
    ) -> AccessChange | None:
        """The first request that is allowed here alone, one that this policy brought before others."""
        fallback: AccessChange | None = None
        for action, resource in questions:
            try:
                here, there = self._decided(asker, Request(asker.principal, action, resource), policy, other)
            except RequestError:
                continue  # A pattern's example that is no resource.
            if here is None or here.outcome not in GRANTING:
                continue
            request = _request(here, there)
            if request is None:
                continue
            up, down = self._decided(asker, request, policy, other)
            if up is not None and up.outcome in GRANTING and (down is None or down.outcome not in GRANTING):
                outcomes = up.outcome, down.outcome if down else None
                after, before = outcomes if self.change == "gained" else outcomes[::-1]
                assumed = () if asker.own or asker.principal.startswith(("*", "Service", "Federated")) else (STRANGERS,)
                cause = self._cause(asker, request, via)
                found = AccessChange(self.change, cause, (asker.label,), request, before, after, assumptions=assumed)
                if cause == via:
                    return found
                fallback = fallback or found
        return fallback

    def _cause(self, asker: Asker, request: Request, via: Via) -> Via:
        """Which layer brought it: of somebody of the account, what they hold may have changed as well."""
        if not asker.own or (request.resource not in self.others and self.via == "trust policy"):
            return via
        sides = held(self.here, request), held(self.there, request)
        return cause_of(request, *sides, lambda *asked: authorize(*asked).outcome in GRANTING)

    def _decided(
        self, asker: Asker, request: Request, policy: Policy, other: Policy
    ) -> tuple[Decision | None, Decision | None]:
        if asker.own:
            # Nobody may assume a role that is not there; the account would take it for one of another account.
            gone = self.via == "trust policy" and request.resource not in self.others
            return self.here.decide(request), None if gone else self.there.decide(request)
        sides = ((policy, self.here.rcps), (other, self.there.rcps))
        stacks = (ruled(PolicyStack((ANYTHING,), resource=one), rules) for one, rules in sides)
        here, there = (authorize(stack, request) for stack in stacks)
        return here, there


def _as_much(arn: str, policies: Iterable[Policy]) -> Policy:
    """What a stranger may hold that matters: all that the policies of a resource speak of."""
    own = PatternSet((arn,))
    said = (one for policy in policies for one in policy.statements if one.allows)
    found = tuple(Statement("Allow", one.actions, one.resources or own) for one in said)
    return replace(ANYTHING, statements=found)


def _contained(narrow: Policy, wide: Policy, effect: Effect) -> bool:
    """Whether the statements of one effect are about nothing that those of the other policy are not."""
    said = [tuple(s for s in policy.statements if s.effect == effect) for policy in (narrow, wide)]
    if not said[0]:
        return True
    a, b = (side_of(replace(narrow, statements=tuple(replace(s, effect="Allow") for s in one))) for one in said)
    return only_first(a, b).holds is True


def _request(here: Decision, there: Decision | None) -> Request | None:
    """The request with a context in which it is allowed here and not there; None where there is none."""
    formula: Formula = here.residual
    if there is not None:
        formula = all_of((formula, negate(there.residual)))
    try:
        assigned = model(formula)
    except Undecided:
        return None
    if assigned is None:
        return None
    known = here.request.context.with_values({key: _written(texts) for key, texts in sorted(assigned.items())})
    return replace(here.request, context=replace(known, complete=True))


def _written(texts: tuple[str, ...]) -> str | list[str] | None:
    """A key's values as a context holds them; characters that stand for anything become a word."""
    found = [text.replace(FRESH, "example") for text in texts]
    return found if len(found) > 1 else found[0] if found else None


def _root(value: str) -> str | None:
    """The account whose root a principal is."""
    parts = split_arn(value)
    return parts[4] if len(parts) == 6 and parts[5] == "root" else None


def _actions(statements: Iterable[Statement], pattern: str) -> Iterator[str]:
    """Actions that the statements are about: all of `ASSUME`, else one of each set that no statement tells apart."""
    cat = catalog()
    sets = [cat.bits_of(one.actions.patterns, one.actions.negated) & cat.bits(pattern) for one in statements]
    if pattern == ASSUME:
        yield from sorted({name for bits in sets for name in cat.names_in(bits)})
        return
    parts = [cat.everything]
    for bits in sets:
        parts = [half for part in parts for half in (part & bits, part & ~bits) if half]
    for part in parts:
        if any(part & bits for bits in sets):
            yield cat.names[(part & -part).bit_length() - 1]


def _resources(arn: str, statements: Iterable[Statement]) -> Iterator[str]:
    """The resource, and an example of each pattern that speaks of it or of a part of it."""
    patterns = dict.fromkeys((arn, *(pattern for one in statements for pattern in one.resources or ())))
    examples = (pattern.replace("*", "example").replace("?", "x") for pattern in patterns)
    yield from dict.fromkeys(one for one in examples if is_arn(one) and arn in policy_holders(one))
