"""Requests of principals, decided with only what their policies say of the action.

The answers are those of :func:`lexgraph.access.decide.decide`: a statement that does not name an action says nothing
of it. Principals who differ in such statements only share what was made ready.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from lexgraph.access.comparison.settled import Told, known_keys
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.stacks import control_levels
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.services import needs_resource_policy
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import PatternSet, Policy
from lexgraph.reasoning.callers import other_accounts
from lexgraph.reasoning.side import ACCOUNT
from lexgraph.reasoning.witness import allows

DELEGATED = "the resource's own policy, which is not known here, leaves it to the principal's policies"
# Resource control policies, level by level, and whether some could not be read.
Rules = tuple[tuple[tuple[Policy, ...], ...], bool]


@dataclass(frozen=True, slots=True)
class Held:
    """What one account holds against a request: its layers, and the context that it knows."""

    stack: PolicyStack
    context: Context


class Decider:
    """Decides requests of the principals of one account."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.principals = {principal.arn: principal for principal in snapshot.principals}
        # By identity: to hash a policy costs more than to ask it. Each memo keeps what the ids are of.
        self._narrow: dict[tuple[int, int], tuple[Policy, Policy]] = {}
        self._stacks: dict[tuple[object, ...], tuple[PolicyStack, PolicyStack]] = {}
        self._known: dict[str, Told] = {}
        self._tags: dict[str, Mapping[str, str] | None] = {}

    def held(self, request: Request) -> Held | None:
        """Return what the account holds against a request; None where it has no such principal."""
        who = self.principals.get(request.principal)
        if who is None:
            return None
        stack = self.snapshot.stack_for(who, request.action, request.resource, request.context)
        return Held(stack, self.snapshot.request_context(who, request.context, request.resource))

    def decide(self, request: Request) -> Decision | None:
        """Return the decision, with all that the account says of the request; None where it has no such principal."""
        held = self.held(request)
        if held is None:
            return None
        return authorize(self._speaking(held.stack, request.action), replace(request, context=held.context))

    def rules(self, owner: str | None) -> Rules:
        """Return the resource control policies above an account, level by level, and whether some could not be read."""
        levels, unread, _ = control_levels(self.snapshot, owner, "rcp")
        return levels, bool(unread)

    def known(self, who: Principal) -> Told:
        """Return the condition keys that the account says of a principal's requests, in lower case."""
        if who.arn not in self._known:
            self._known[who.arn] = known_keys(self.snapshot, who)
        return self._known[who.arn]

    def tags(self, arn: str) -> Mapping[str, str] | None:
        """Return the tags of a resource, by lower-cased key; None where they are not known."""
        if arn not in self._tags:
            who = next(iter(self.principals.values()), None)
            context = UNKNOWN_CONTEXT if who is None else self.snapshot.request_context(who, UNKNOWN_CONTEXT, arn)
            self._tags[arn] = context.resource_tags
        return self._tags[arn]

    def delegated(self, request: Request) -> bool | None:
        """Return whether a principal's own policies allow the request where the resource's policy must as well, and is
        not known; None where that is not so.
        """
        held = self.held(request)
        if held is None:
            return False
        elsewhere = not Question(replace(request, resource_account=None)).is_own
        unknown = "resource" in held.stack.unreadable
        if not (elsewhere or (unknown and needs_resource_policy(Question(request)))):
            return None
        asked = replace(request, context=held.context, resource_account=self.snapshot.account_id)
        own = self.snapshot.stack(self.principals[request.principal])
        return allows(self._speaking(own, request.action), asked)

    def _speaking(self, stack: PolicyStack, action: str) -> PolicyStack:
        """A stack whose policies say what they say of the action, and nothing of others; for an action that is not in
        the catalogue, the whole stack.
        """
        place = catalog().index_of(action)
        if place is None:
            return stack
        identity, *limits = (tuple(self._about(one, place) for one in layer) for layer in stack.principal_layers)
        layers = (tuple(policy for policy in identity if policy.statements), *limits)
        others = (stack.resource, *chain(*stack.rcps))
        # Which level an RCP is on says nothing: they only deny.
        rest = (tuple(map(len, limits)), len(stack.rcps), stack.unreadable, stack.absent, stack.partial)
        name = (*map(id, chain(*layers)), None, *map(id, others), rest)
        if name not in self._stacks:
            self._stacks[name] = (stack.with_principal_layers(layers), stack)  # the whole one keeps the ids taken
        return self._stacks[name][0]

    def _about(self, policy: Policy, place: int) -> Policy:
        """The statements of a policy about one action of the catalogue."""
        known = self._narrow.get((id(policy), place))
        if known is None:
            only = PatternSet((catalog().names[place],))
            said = tuple(
                replace(one, actions=only)
                for one in policy.statements
                if catalog().bits_of(one.actions.patterns, one.actions.negated) >> place & 1
            )
            known = self._narrow[id(policy), place] = (policy, replace(policy, statements=said))
        return known[1]


def asked_by(principal: Principal, request: Request, known: Told, account: str | None) -> Iterator[Request]:
    """Yield a request that was found for anybody as one of `principal`: about a resource of its own account first.

    Keys that follow from the principal, or from whose the resource is, are left to them.
    """
    values = stated(request, known)
    context = Context(values, complete=True)
    own = account or ACCOUNT
    parts = request.resource.split(":", 5)
    if len(parts) == 6 and parts[4] == ACCOUNT != own:
        moved = {key: _moved(value, own) for key, value in values.items()}
        resource = ":".join((*parts[:4], own, parts[5]))
        yield Request(principal.arn, request.action, resource, Context(moved, complete=True), own)
    if len(parts) == 6 and parts[2] == "iam" and parts[4] and not parts[4].isdigit():
        # A role that may be of any account but its own: one that somebody could have.
        other = next(one for one in other_accounts() if one != own)
        yield Request(principal.arn, request.action, f"arn:aws:iam::{other}:{parts[5]}", context, other)
    owner = parts[4] if len(parts) == 6 and parts[4].isdigit() else own
    yield Request(principal.arn, request.action, request.resource, context, owner)


def stated(request: Request, known: Told) -> dict[str, Any]:
    """Return the keys of a request that follow neither from who asks, as the account knows them, nor from whose the
    resource is.
    """
    values = request.context.values.items()
    return {key: value for key, value in values if not known.follows(key) and key.lower() not in _FOLLOWING}


_FOLLOWING = ("aws:resourceaccount", "kms:calleraccount")


def _moved(value: object, account: str) -> object:
    if isinstance(value, list):
        return [_moved(one, account) for one in value]
    return account if value == ACCOUNT else value
