"""One side of a comparison: policies made ready to be asked about every request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context, Values
from lexgraph.conditions.logic import Formula, all_of, any_of, negate
from lexgraph.errors import UnsupportedError, shown
from lexgraph.evaluation.authorize import CompiledStack, weigh
from lexgraph.evaluation.index import Entry, StatementIndex, resource_patterns
from lexgraph.evaluation.request import Question, Request, read_resource
from lexgraph.evaluation.services import is_untouchable
from lexgraph.evaluation.stack import Layer, PolicyStack
from lexgraph.policy.intersect import FRESH
from lexgraph.policy.model import Kind, Policy, Statement
from lexgraph.reasoning.variables import without_layers

Parts = tuple[str, ...]
Comparable = Policy | PolicyStack | Iterable[Policy]
ACCOUNT = "111122223333"
# Layers that say nothing of callers and owners: what all of them allow, and none denies, is allowed.
PLAIN = frozenset({"identity", "boundary", "session", "scp"})
GRANTING: frozenset[Layer] = frozenset({"identity", "resource"})
# The kinds of policies that name principals, and the layer that each is.
NAMING: dict[Kind, Layer] = {"resource": "resource", "trust": "resource", "rcp": "rcp", "endpoint": "endpoint"}
MEMO = 2_048


def someone(account: str | None) -> str:
    """Return a caller of the account that a resource belongs to, for no account is a stranger's here."""
    return f"arn:aws:iam::{account or ACCOUNT}:user/someone"


@dataclass(frozen=True, slots=True)
class AnyCaller:
    """One caller for all that the policies treat alike: as a Request names it, its account, the condition keys that
    follow from it (lower-cased), and those of them that a request must state, since its text does not tell them.

    `sessions_apart`: the sessions that the policies name are callers of their own, so that a role is none of them.
    """

    principal: str
    account: str | None
    keys: Mapping[str, Values]
    given: Mapping[str, Values]
    sessions_apart: bool = False


class OpenQuestion(Question):
    """A request of which nothing is known but action and resource: every condition key is free, but for those that
    follow from the caller and from the resource's owner, where these are given.
    """

    __slots__ = ("_held", "sessions_apart")

    def __init__(
        self,
        action: str,
        resource: str,
        caller: AnyCaller | None = None,
        owner: str | None = None,
        *,
        told: bool = True,
    ) -> None:
        principal = someone(read_resource(resource)[2]) if caller is None else caller.principal
        super().__init__(Request(principal, action, resource, _NOTHING, owner))
        self.about_many = False
        self._held: Mapping[str, Values] = _NO_KEYS if caller is None else caller.keys
        self.sessions_apart = caller is not None and caller.sessions_apart
        if owner is not None and told:
            self._held = {**self._held, "aws:resourceaccount": (owner,)}

    def lookup(self, key: str) -> Values | None:
        """Return None where the key may hold anything, or be absent."""
        return self._held.get(key)


class ClosedQuestion(OpenQuestion):
    """The same, with the keys absent that AWS does not send for the action (rule C10)."""

    __slots__ = ()

    def lookup(self, key: str) -> Values | None:
        """Return () for a key that the catalogue lists, but not for this action."""
        held = self._held.get(key)
        return () if held is None and catalog().key_fits(key, self.action) is False else held


@dataclass(frozen=True, slots=True)
class Asked:
    """A resource that is asked about; where policies name principals, with a caller and the resource's owner, which
    aws:ResourceAccount may tell.
    """

    resource: str
    caller: AnyCaller | None = None
    owner: str | None = None
    told: bool = True

    def open(self, action: str) -> OpenQuestion:
        """Return the question with every key free."""
        return OpenQuestion(action, self.resource, self.caller, self.owner, told=self.told)

    def closed(self, action: str) -> ClosedQuestion:
        """Return the question without the keys that AWS does not send."""
        return ClosedQuestion(action, self.resource, self.caller, self.owner, told=self.told)


def owned(resource: str, owner: str | None) -> str:
    """Return a resource with its owner where its ARN leaves the account open."""
    parts = resource.split(":", 5)
    if owner is None or len(parts) < 6 or parts[4] != FRESH:
        return resource
    return ":".join((*parts[:4], owner, parts[5]))


_NOTHING = Context()
_NO_KEYS: Mapping[str, Values] = {}


@dataclass(frozen=True, slots=True)
class Side:
    """Policies, with each statement's actions as a bitset over the catalogue.

    `document` is the index of a policy that names principals and stands alone: it allows what one of its Allows names,
    whoever asks, and none of its Denies. `granting` are the layers whose Allows may grant; `grantable` are the actions
    that some Allow names, `free` those that one names without a condition and no Deny names at all, `everywhere` those
    of the free ones that are granted on every resource.
    """

    stack: PolicyStack
    compiled: CompiledStack
    statements: tuple[tuple[Entry, int], ...]
    granting: frozenset[Layer]
    document: StatementIndex | None
    whole: bool
    plain: bool
    grantable: int
    free: int
    everywhere: int

    @property
    def names_callers(self) -> bool:
        """Whether the answer may depend on who asks."""
        return self.document is not None or not PLAIN.issuperset(self.stack.given)

    def opaque(self) -> Iterator[str]:
        """Yield what of the policies could not be read."""
        yield from (f"the {layer} policies that could not be read" for layer in self.stack.unreadable)
        for entry, _ in self.statements:
            if entry.statement.unknown is not None:
                yield f"statement {entry.statement_index} of {shown(entry.policy.name)[1:-1]}"

    def formula(self, question: Question, *, plain: bool = True) -> Formula:
        """Return under which context the request is allowed.

        Where all is `plain`, the resource's own policy is taken to delegate to identity policies.
        """
        if self.document is not None:
            allowed, denied = self.document.sides(question)
            return all_of((allowed, negate(denied)))
        if self.plain and plain:
            allowed, denied = self._plain_sides(question)
        else:
            verdict = weigh(self.compiled, question)
            allowed, denied = verdict.allowed, verdict.denied
        if allowed is False or denied is True or is_untouchable(question):
            return False
        return all_of((allowed, negate(denied)))

    def _plain_sides(self, question: Question) -> tuple[Formula, Formula]:
        """Whether every layer allows, and whether one denies."""
        if self.compiled.simple:
            return self.compiled.identity.sides(question)
        sides = [index.sides(question) for index in self.compiled.all_layers()]
        allowed, denied = all_of(allowed for allowed, _ in sides), any_of(denied for _, denied in sides)
        return without_layers(allowed), without_layers(denied)

    def patterns(self, question: Question) -> Iterator[tuple[Entry, Parts]]:
        """Yield the resource patterns of the statements about the question's action."""
        for index in self.compiled.all_layers():
            yield from resource_patterns(index, question)

    def named(self, question: Question) -> Iterator[Entry]:
        """Yield the statements about the question's action."""
        for index in self.compiled.all_layers():
            found = index.actions.of(question.action)
            yield from (entry for i, entry in enumerate(index.entries) if found >> i & 1)

    def matching(self, question: Question) -> tuple[int, ...]:
        """Return which statements are about the question's action and resource, a bitset for each layer."""
        return tuple(index.actions.of(question.action) & index.resources.of(question) for index in self._layers())

    def templated(self, matching: tuple[int, ...]) -> bool:
        """Return whether a variable in the resource of one of these statements tells resources apart."""
        return any(bits & index.resources.templated for bits, index in zip(matching, self._layers(), strict=True))

    def _layers(self) -> Iterator[StatementIndex]:
        return self.compiled.all_layers()

    def naming(self, question: Question) -> tuple[int, ...]:
        """Return which statements are about the question's action, a bitset for each layer."""
        return tuple(index.actions.of(question.action) for index in self.compiled.all_layers())

    def action_patterns(self) -> Iterator[tuple[Entry, str]]:
        """Yield every action pattern with its statement."""
        for entry, _ in self.statements:
            yield from ((entry, pattern) for pattern in entry.statement.actions)


_SIDES: dict[int, tuple[Comparable, Side]] = {}


def side_of(source: Comparable) -> Side:
    """Return the policies of `source` made ready; for a policy or a stack they are kept for the next question."""
    if not isinstance(source, Policy | PolicyStack):
        return _made(PolicyStack(identity=tuple(map(_of_identity, source))))
    # By identity: to hash a policy costs as much as to make it ready. The memo keeps the policy, so its id is its own.
    kept = _SIDES.get(id(source))
    if kept is None:
        if len(_SIDES) >= MEMO:
            _SIDES.clear()
        made = _made(source) if isinstance(source, PolicyStack) else _alone(source)
        kept = _SIDES[id(source)] = (source, made)
    return kept[1]


def _of_identity(policy: Policy) -> Policy:
    if policy.kind in NAMING:
        message = f"{shown(policy.name)} names principals (its kind is {policy.kind}): compare it alone, or in a stack"
        raise UnsupportedError(message)
    return policy


def _alone(policy: Policy) -> Side:
    """A policy by itself; one that names principals allows what it says, whatever else the caller may hold."""
    layer = NAMING.get(policy.kind)
    if layer is None:
        return _made(PolicyStack(identity=(policy,)))
    stack = {
        "resource": PolicyStack(resource=policy),
        "rcp": PolicyStack(rcps=((policy,),)),
        "endpoint": PolicyStack(endpoint=(policy,)),
    }[layer]
    index = next(index for index in stack.compiled.all_layers() if index.layer == layer)
    return _made(stack, index)


def _made(stack: PolicyStack, document: StatementIndex | None = None) -> Side:
    compiled = stack.compiled
    statements = tuple(_statements(compiled.all_layers()))
    granting: frozenset[Layer] = GRANTING if document is None else frozenset({document.layer})
    whole = not stack.unreadable and all(entry.statement.unknown is None for entry, _ in statements)
    plain = whole and PLAIN.issuperset(stack.given)
    grantable = free = everywhere = denied = 0
    for entry, bits in statements:
        if not entry.statement.allows:
            denied |= bits
        elif entry.layer in granting:
            grantable |= bits
            free |= bits if entry.statement.unconditional else 0
            everywhere |= bits if entry.statement.unconditional and _is_everywhere(entry.statement) else 0
    if not whole:
        grantable, free = catalog().everything, 0  # for all we know
    alone = compiled.simple and whole
    return Side(
        stack, compiled, statements, granting, document, whole, plain,
        grantable, free & ~denied, everywhere & ~denied if alone else 0,
    )  # fmt: skip


def _is_everywhere(statement: Statement) -> bool:
    element = statement.resources
    return element is not None and not element.negated and any(not p.strip("*") for p in element.patterns)


def _statements(indexes: Iterable[StatementIndex]) -> Iterator[tuple[Entry, int]]:
    cat = catalog()
    for index in indexes:
        for entry in index.entries:
            actions = entry.statement.actions
            yield entry, cat.bits_of(actions.patterns, actions.negated)
