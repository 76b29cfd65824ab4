"""What a request is put to: an account, or layers of policies; and the Python call that gives the same decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from lexgraph.access.decide import default_resources
from lexgraph.access.fit import fitting
from lexgraph.account.model import labels
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import AccountError, LexgraphError, shown
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request, read_action
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy
from lexgraph.widgets.pretended import SOMEONE, example_resources
from lexgraph.widgets.sources import known_of
from lexgraph.workbench import Account

MOST_RESOURCES = 500
Judged: TypeAlias = "Account | PolicyStack | Policy | Mapping[str, Policy] | Iterable[Policy]"


class Judge(Protocol):
    """What decides requests."""

    principals: tuple[str, ...]

    def stack(self, request: Request) -> PolicyStack:
        """Return the layers that apply to a request."""

    def known(self, principal: str) -> Mapping[str, str]:
        """Return what is known of a principal, by lower-cased condition key."""

    def resources(self, action: str) -> tuple[str, ...]:
        """Return resources that the action can be about, to suggest."""

    def tags(self, resource: str) -> Mapping[str, str]:
        """Return what is said of a resource's tags, by lower-cased condition key; a value to suggest, no more."""

    def decide(self, request: Request) -> Decision:
        """Return the decision."""

    def code(self, request: Request) -> str:
        """Return Python code whose last line gives the decision."""


class AccountJudge:
    """An account; its principals are named as its tables name them, or by ARN."""

    def __init__(self, account: Account, name: str) -> None:
        self._account = account
        self._name = name
        short = labels(principal.arn for principal in account.snapshot.principals)
        users_first = sorted(account.snapshot.principals, key=lambda p: (p.kind != "user", p.name.lower(), p.arn))
        self.principals = tuple(short[principal.arn] for principal in users_first)

    def stack(self, request: Request) -> PolicyStack:
        """Return what the account says of the principal and the resource."""
        snapshot = self._account.snapshot
        return snapshot.stack_for(request.principal, request.action, request.resource, request.context)

    def known(self, principal: str) -> Mapping[str, str]:
        """Return the principal's tags and what follows from its ARN."""
        snapshot = self._account.snapshot
        who = snapshot.principal(principal)
        return known_of(who.arn, snapshot.request_context(who, Context()))

    def resources(self, action: str) -> tuple[str, ...]:
        """Return the account's resources of a type that the action takes."""
        return _asked_about(action, default_resources(self._account.snapshot))

    def tags(self, resource: str) -> Mapping[str, str]:
        """Return the tags in the account's list of resources."""
        try:
            return {key.lower(): value for key, value in self._account.tags(resource).items()}
        except AccountError:  # it is not in the list
            return {}

    def decide(self, request: Request) -> Decision:
        """Return what `Account.can` returns."""
        return self._account.can(request.principal, request.action, request.resource, request.context)

    def code(self, request: Request) -> str:
        """Return the call of `Account.can`."""
        asked = ", ".join(map(repr, (request.principal, request.action, request.resource)))
        context = _context_code(request.context)
        imported = "import lexgraph as lg\n" if "lg." in context else ""
        return f"{imported}{self._name}.can({asked}{', ' if context else ''}{context})"


class StackJudge:
    """Layers of policies that somebody gave; any principal may be asked about."""

    principals: tuple[str, ...] = (SOMEONE,)

    def __init__(self, stack: PolicyStack, expression: str) -> None:
        self._stack = stack
        self._expression = expression

    def stack(self, request: Request) -> PolicyStack:
        """Return the layers."""
        del request
        return self._stack

    def known(self, principal: str) -> Mapping[str, str]:
        """Return what follows from the principal's ARN."""
        return known_of(principal, Context())

    def resources(self, action: str) -> tuple[str, ...]:
        """Return an example of each type that the action takes, and of each pattern that the policies name."""
        service = action.partition(":")[0].lower()
        actions = (f"{service}:*",) if service in catalog().service_prefixes else ()
        return _asked_about(action, example_resources(policies_of(self._stack), actions))

    def tags(self, resource: str) -> Mapping[str, str]:
        """Return nothing: policies say nothing of a resource."""
        del resource
        return {}

    def decide(self, request: Request) -> Decision:
        """Return what `authorize` returns."""
        return authorize(self._stack, request)

    def code(self, request: Request) -> str:
        """Return the call of `authorize`."""
        context = _context_code(request.context, plain=False)
        asked = ", ".join(map(repr, (request.principal, request.action, request.resource)))
        made = f"lg.Request({asked}{', ' if context else ''}{context})"
        return f"import lexgraph as lg\nlg.authorize({self._expression}, {made})"


def judge_of(given: Any, name: str | None) -> Judge:
    """Return what decides; several policies are held together, as identity policies."""
    if isinstance(given, Account):
        return AccountJudge(given, name or "account")
    if isinstance(given, PolicyStack):
        return StackJudge(given, name or "stack")
    if isinstance(given, Policy):
        return StackJudge(_identity((given,)), f"lg.PolicyStack(identity=({name or 'policy'},))")
    called = name or "policies"
    if isinstance(given, Mapping):
        return StackJudge(_identity(given.values()), f"lg.PolicyStack(identity=tuple({called}.values()))")
    if isinstance(given, Iterable) and not isinstance(given, str):
        return StackJudge(_identity(given), f"lg.PolicyStack(identity=tuple({called}))")
    raise _wrong(given)


def _identity(policies: Iterable[Any]) -> PolicyStack:
    listed = tuple(policies)
    for one in listed:
        if not isinstance(one, Policy):
            raise _wrong(one)
        if one.kind != "identity":
            raise LexgraphError(
                f"{shown(one.name)} is read as a {one.kind} policy; put it into its layer of a PolicyStack",
                code="NO_IDENTITY_POLICY",
            )
    return PolicyStack(identity=listed)


def _wrong(given: Any) -> LexgraphError:
    kind = shown(type(given).__name__)
    return LexgraphError(f"a simulator takes an Account, policies or a PolicyStack, not {kind}", code="NO_SOURCE")


def policies_of(stack: PolicyStack) -> tuple[Policy, ...]:
    """Return the policies of all layers.

    >>> policies_of(PolicyStack())
    ()
    """
    return tuple(_policies(stack))


def _policies(stack: PolicyStack) -> Iterator[Policy]:
    yield from stack.identity
    yield from (one for one in (stack.boundary, stack.resource) if one is not None)
    for group in (stack.session, stack.endpoint, *stack.scps, *stack.rcps):
        yield from group or ()


def _asked_about(action: str, known: Iterable[str]) -> tuple[str, ...]:
    """The resources to suggest for an action; only ``*`` for one that takes none."""
    try:
        takes_none = read_action(action)[1]
    except LexgraphError:  # nobody has typed the whole name yet
        return tuple(known)[:MOST_RESOURCES]
    return ("*",) if takes_none else fitting(action, tuple(known))[:MOST_RESOURCES]


def _context_code(context: Context, *, plain: bool = True) -> str:
    """A context as Python writes it; a dict where that says it all, nothing where nothing is known."""
    values = dict(context.values)
    if context.complete:
        return f"lg.Context({values!r}, complete=True)"
    if not values:
        return ""
    return repr(values) if plain else f"lg.Context({values!r})"
