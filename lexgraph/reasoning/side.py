"""One side of a comparison: policies made ready to be asked about every request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context, Values
from lexgraph.conditions.logic import Formula, all_of, any_of, negate
from lexgraph.evaluation.authorize import CompiledStack, weigh
from lexgraph.evaluation.index import Entry, StatementIndex, resource_patterns
from lexgraph.evaluation.request import Question, Request, read_resource
from lexgraph.evaluation.services import is_untouchable
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy, Statement
from lexgraph.reasoning.variables import without_layers

Parts = tuple[str, ...]
Comparable = Policy | PolicyStack | Iterable[Policy]
ACCOUNT = "111122223333"
# Layers that say nothing of callers and owners: what all of them allow, and none denies, is allowed.
PLAIN = frozenset({"identity", "boundary", "session", "scp"})
MEMO = 2_048


def someone(account: str | None) -> str:
    """Return a caller of the account that a resource belongs to, for no account is a stranger's here."""
    return f"arn:aws:iam::{account or ACCOUNT}:user/someone"


class OpenQuestion(Question):
    """A request of which nothing is known but action and resource: every condition key is free."""

    __slots__ = ()

    def __init__(self, action: str, resource: str, principal: str | None = None) -> None:
        principal = principal or someone(read_resource(resource)[2])
        super().__init__(Request(principal, action, resource, _NOTHING))
        self.about_many = False

    def lookup(self, key: str) -> Values | None:  # noqa: ARG002 - the subclass looks at it
        """Return None: the key may hold anything, or be absent."""
        return None


class ClosedQuestion(OpenQuestion):
    """The same, with the keys absent that AWS does not send for the action (rule C10)."""

    __slots__ = ()

    def lookup(self, key: str) -> Values | None:
        """Return () for a key that the catalogue lists, but not for this action."""
        return () if catalog().key_fits(key, self.action) is False else None


_NOTHING = Context()


@dataclass(frozen=True, slots=True)
class Side:
    """Policies, with each statement's actions as a bitset over the catalogue.

    `grantable` are the actions that some Allow names, `free` those that one names without a condition and no Deny
    names at all, `everywhere` those of the free ones that are granted on every resource.
    """

    stack: PolicyStack
    compiled: CompiledStack
    statements: tuple[tuple[Entry, int], ...]
    plain: bool
    grantable: int
    free: int
    everywhere: int

    def formula(self, question: Question) -> Formula:
        """Return under which context the request is allowed."""
        if self.plain:
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
        return _made(PolicyStack(identity=tuple(source)))
    # By identity: to hash a policy costs as much as to make it ready. The memo keeps the policy, so its id is its own.
    kept = _SIDES.get(id(source))
    if kept is None:
        if len(_SIDES) >= MEMO:
            _SIDES.clear()
        made = _made(source if isinstance(source, PolicyStack) else PolicyStack(identity=(source,)))
        kept = _SIDES[id(source)] = (source, made)
    return kept[1]


def _made(stack: PolicyStack) -> Side:
    compiled = stack.compiled
    statements = tuple(_statements(compiled.all_layers()))
    whole = not stack.unreadable and all(entry.statement.unknown is None for entry, _ in statements)
    plain = whole and PLAIN.issuperset(stack.given)
    grantable = free = everywhere = denied = 0
    for entry, bits in statements:
        if not entry.statement.allows:
            denied |= bits
        elif entry.layer in ("identity", "resource"):
            grantable |= bits
            free |= bits if entry.statement.unconditional else 0
            everywhere |= bits if entry.statement.unconditional and _is_everywhere(entry.statement) else 0
    alone = compiled.simple and whole
    return Side(stack, compiled, statements, plain, grantable, free & ~denied, everywhere & ~denied if alone else 0)


def _is_everywhere(statement: Statement) -> bool:
    element = statement.resources
    return element is not None and not element.negated and any(not p.strip("*") for p in element.patterns)


def _statements(indexes: Iterable[StatementIndex]) -> Iterator[tuple[Entry, int]]:
    cat = catalog()
    for index in indexes:
        for entry in index.entries:
            actions = entry.statement.actions
            yield entry, cat.bits_of(actions.patterns, actions.negated)
