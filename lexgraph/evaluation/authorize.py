"""The decision itself: AWS's evaluation steps, in AWS's order (rules L1 to L11, U2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lexgraph.conditions.logic import Atom, Formula, Undecided, all_of, any_of, model, negate
from lexgraph.evaluation.decision import Decision, Outcome
from lexgraph.evaluation.index import StatementIndex, unread_atom
from lexgraph.evaluation.principals import Named, PrincipalIndex
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.services import (
    ALWAYS_ALLOWED,
    is_ordinary,
    is_untouchable,
    needs_resource_policy,
    refuses_public,
    under_rcps,
    under_scps,
)
from lexgraph.evaluation.stack import Layer, PolicyStack
from lexgraph.policy.model import Policy


class LayerIndexes:
    """The indexes of layers that many stacks have in common: a boundary, a level of SCPs, a resource's policy."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], StatementIndex] = {}
        self._naming: dict[tuple[object, ...], PrincipalIndex] = {}

    def of(self, policies: Sequence[Policy], layer: Layer) -> StatementIndex:
        """Return the index of a layer, made once."""
        name = (layer, *map(id, policies))  # the index keeps its policies, so no other will have these ids
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = StatementIndex(policies, layer)
        return found

    def naming(self, policies: Sequence[Policy], layer: Layer, *, bounded: bool) -> PrincipalIndex:
        """Return the index of a layer whose statements name principals, made once."""
        name = (layer, bounded, *map(id, policies))
        found = self._naming.get(name)
        if found is None:
            found = self._naming[name] = PrincipalIndex(policies, layer, bounded=bounded)
        return found


class CompiledStack:
    """A stack's layers, each indexed.

    Where `identity` is given it stands for the identity policies, and `indexes` are those that other stacks use too.
    """

    def __init__(
        self, stack: PolicyStack, *, identity: StatementIndex | None = None, indexes: LayerIndexes | None = None
    ) -> None:
        made = LayerIndexes() if indexes is None else indexes
        bounded = stack.boundary is not None or "boundary" in stack.unreadable
        # Not the stack itself: the two would keep each other alive until the collector of cycles comes by.
        self.settings = stack.settings
        self.unreadable = stack.unreadable
        self.resource_policy = stack.resource
        self.identity = made.of(stack.identity, "identity") if identity is None else identity
        self.boundary = made.of((stack.boundary,), "boundary") if stack.boundary else None
        self.session = None if stack.session is None else made.of(stack.session, "session")
        self.scps = tuple(made.of(level, "scp") for level in stack.scps)
        self.rcps = tuple(made.naming(level, "rcp", bounded=bounded) for level in stack.rcps)
        self.resource = made.naming((stack.resource,), "resource", bounded=bounded) if stack.resource else None
        self.endpoint = None if stack.endpoint is None else made.naming(stack.endpoint, "endpoint", bounded=bounded)
        self.simple = stack.given == ("identity",) and not stack.unreadable

    def all_layers(self) -> Iterator[StatementIndex]:
        """Every layer, and every level of those that have levels."""
        yield from self.own_layers()
        yield from self.scps
        yield from self.rcps
        yield from (layer for layer in (self.resource, self.endpoint) if layer is not None)

    def own_layers(self) -> Iterator[StatementIndex]:
        """The layers that belong to the caller: identity, boundary, session."""
        yield from (layer for layer in (self.identity, self.boundary, self.session) if layer is not None)


WITH_IDENTITY = frozenset({"user", "role", "session"})


def authorize(stack: PolicyStack, request: Request) -> Decision:
    """Return what AWS would answer to `request` under the policies of `stack`.

    Raises RequestError where the request could not be made: a malformed principal, action or resource.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}')
    >>> ana = "arn:aws:iam::111122223333:user/ana"
    >>> authorize(PolicyStack(identity=(policy,)), Request(ana, "lex:GetBots", "*")).outcome
    'allowed'
    """
    question = Question(request)
    compiled = stack.compiled
    if question.about_many:
        from lexgraph.evaluation.regions import weigh_regions

        return weigh_regions(stack, question)
    if compiled.simple and question.caller.kind in WITH_IDENTITY and question.is_own and is_ordinary(question):
        # Nothing but identity policies, and the caller's own account: steps 1, 4 and the default.
        allowed, denied = compiled.identity.sides(question)
        if denied is True:
            return Decision("explicitDeny", request, stack, False)
        if type(allowed) is bool and denied is False:
            return Decision("allowed" if allowed else "implicitDeny", request, stack, allowed)
        return _decided(request, stack, allowed, denied)
    verdict = weigh(compiled, question)
    return _decided(request, stack, verdict.allowed, verdict.denied)


def _decided(request: Request, stack: PolicyStack, allowed: Formula, denied: Formula) -> Decision:
    outcome, formula = settle(allowed, denied)
    return Decision(outcome, request, stack, formula)


def settle(allowed: Formula, denied: Formula) -> tuple[Outcome, Formula]:
    """Return the outcome and its residual (rule U2): conditional only when some completion allows and some does not."""
    if denied is True:
        return "explicitDeny", False
    formula = all_of((allowed, negate(denied)))
    if isinstance(formula, bool):
        return ("allowed" if formula else "implicitDeny"), formula
    try:
        if model(formula) is None:
            return ("explicitDeny" if model(negate(denied)) is None else "implicitDeny"), False
        if model(negate(formula)) is None:
            return "allowed", True
    except Undecided:
        pass  # Nothing is claimed that was not found out: conditional, with the whole formula.
    return "conditional", formula


def _own_sides(compiled: CompiledStack, question: Question) -> dict[Layer, tuple[Formula, Formula]]:
    """The identity, boundary and session layers, which only a caller with an account has (rule L6)."""
    if question.caller.account is None:
        return {}
    own = {index.layer: index.sides(question) for index in compiled.own_layers()}
    for layer in compiled.unreadable:
        if layer in _OWN:
            own[layer] = _perhaps(layer, own.get(layer, _NOTHING))
    return own


def _resource_sides(compiled: CompiledStack, question: Question) -> tuple[Named, Formula]:
    """What the resource policy allows, by the way it names the caller, and whether it denies."""
    named, denied = compiled.resource.named_sides(question) if compiled.resource else ({}, False)
    if compiled.settings.s3_restrict_public_buckets and refuses_public(compiled.resource_policy, question):
        named = {}
    if "resource" in compiled.unreadable:
        everyone, denied = _perhaps("resource", (named.get("everyone", False), denied))
        named = {**named, "everyone": everyone}
    return named, denied


def _endpoint_sides(compiled: CompiledStack, question: Question) -> tuple[Formula, Formula]:
    """Whether the endpoint's policies allow, and whether they deny."""
    sides = compiled.endpoint.sides(question) if compiled.endpoint else None
    if "endpoint" in compiled.unreadable:
        return _perhaps("endpoint", sides or _NOTHING)
    return sides or (True, False)


def _unread_sides(compiled: CompiledStack, layer: Layer, *, binds: bool) -> list[tuple[Formula, Formula]]:
    """What a layer may say of which nothing could be read: for organizations one more level."""
    return [_perhaps(layer, _NOTHING)] if binds and layer in compiled.unreadable else []


_OWN = ("identity", "boundary", "session")
_NOTHING: tuple[Formula, Formula] = (False, False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The formulas of a decision: denied, allowed, and what each layer says (for explanations)."""

    denied: Formula
    allowed: Formula
    layers: tuple[tuple[Layer, Formula], ...] = ()
    needs_resource: bool = False


def weigh(compiled: CompiledStack, question: Question) -> Verdict:
    """Return whether the request is denied, and whether it is allowed where nothing denies it."""
    if question.action in ALWAYS_ALLOWED:
        return Verdict(False, True)  # Rule L9: even against a Deny.

    # 1. Any matching Deny in any applicable layer.
    own = _own_sides(compiled, question)
    scps = [index.sides(question) for index in compiled.scps] if under_scps(question) else []
    scps += _unread_sides(compiled, "scp", binds=under_scps(question))
    rcps = [index.sides(question) for index in compiled.rcps] if under_rcps(question) else []
    rcps += _unread_sides(compiled, "rcp", binds=under_rcps(question))
    named, resource_denied = _resource_sides(compiled, question)
    endpoint = _endpoint_sides(compiled, question)
    denied = any_of([deny for _, deny in (*own.values(), *scps, *rcps, endpoint)] + [resource_denied])
    if denied is True:
        return Verdict(True, False)

    # 2. RCPs (their Allow changes nothing, RCPFullAWSAccess is implied), then SCPs: every level must allow.
    scp_allows = all_of(allow for allow, _ in scps)

    # 3. The resource policy: `named`. 4. Identity policies, limited by the boundary and the session policies.
    identity = _identity(question, own)
    limits = all_of(own[layer][0] for layer in ("boundary", "session") if layer in own)

    # 5. VPC endpoint policies. 6. Cross account. The default is implicitDeny (L11).
    granted = _granted(question, named, identity, limits)
    if is_untouchable(question):
        granted = False
    allowed = all_of((scp_allows, endpoint[0], granted))
    layers: tuple[tuple[Layer, Formula], ...] = (
        ("scp", scp_allows),
        ("resource", any_of(named.values())),
        *((("identity", identity),) if question.caller.account else ()),
        *((layer, own[layer][0]) for layer in ("boundary", "session") if layer in own),
        ("endpoint", endpoint[0]),
    )
    return Verdict(denied, allowed, layers, not question.is_own or needs_resource_policy(question))


def _perhaps(layer: Layer, sides: tuple[Formula, Formula]) -> tuple[Formula, Formula]:
    """A layer of which something could not be read may allow and may deny more than it shows (rule U5)."""
    allowed, denied = sides
    return any_of((allowed, _unread(layer, "allow"))), any_of((denied, _unread(layer, "deny")))


def _unread(layer: Layer, verb: str) -> Atom:
    return unread_atom(
        f"{layer} {verb}",
        lambda opposite: f"the {layer} policies that were not read {'do not ' * opposite}{verb} it",
    )


def _identity(question: Question, own: dict[Layer, tuple[Formula, Formula]]) -> Formula:
    """Whether the identity policies allow (rules L4, L9)."""
    kind = question.caller.kind
    if kind == "root":
        return True
    if kind == "federated-user" and "session" not in own:
        return False
    return own["identity"][0] if "identity" in own else False


def _granted(question: Question, named: Named, identity: Formula, limits: Formula) -> Formula:
    """Whether the identity side and the resource side together allow (rules L3, L6, L7, L8)."""
    caller = question.caller
    if caller.kind == "root" and question.action.startswith("sts:assumerole"):
        return False  # Rule L7.
    if caller.account is None:
        return any_of(named.values())  # Rule L6: such callers have only the resource side.
    both = all_of((identity, limits))
    if not question.is_own:
        return all_of((any_of(named.values()), both))
    direct = any_of((named.get("everyone", False), named.get("self", False)))
    as_role = all_of((named.get("role", False), limits))
    if needs_resource_policy(question):
        return any_of((direct, as_role, all_of((named.get("account", False), both))))
    return any_of((direct, as_role, both))
