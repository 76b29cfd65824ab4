"""Many requests at once, from arrays.

Requests that share an action or a resource share the work for it: a layer's statements become words of 64 bits, a row
per distinct action and a row per distinct resource, and a million decisions are a few operations on arrays. What the
arrays cannot decide (conditions that look at the resource, variables, layers that name principals) is asked of
:func:`~lexgraph.evaluation.authorize.authorize`, once for each distinct request, so the answers are always the same
as one by one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.errors import RequestError
from lexgraph.evaluation.authorize import WITH_IDENTITY, CompiledStack, authorize
from lexgraph.evaluation.decision import OUTCOMES
from lexgraph.evaluation.index import StatementIndex
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.services import special
from lexgraph.evaluation.stack import PolicyStack

Codes = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
T = TypeVar("T", bound=Hashable)

ALLOWED, CONDITIONAL, EXPLICIT, IMPLICIT = range(len(OUTCOMES))
UNDECIDED = -1
_RESOURCE_KEYS = frozenset({"aws:resourceaccount"})


def authorize_many(
    stack: PolicyStack,
    principal: str,
    actions: Sequence[str],
    resources: Sequence[str],
    context: Context | Sequence[Context] = UNKNOWN_CONTEXT,
) -> npt.NDArray[np.int8]:
    """Return the outcomes of many requests of one principal, as indexes into ``OUTCOMES``.

    Parameters
    ----------
    stack : the policies that apply to the principal.
    principal : who asks.
    actions, resources : one of each per request.
    context : what is known of every request, or one context per request (the same object for the same context is
    fastest).

    Raises RequestError where one of the requests could not be made.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}')
    >>> ana, stack = "arn:aws:iam::111122223333:user/ana", PolicyStack(identity=(policy,))
    >>> [OUTCOMES[i] for i in authorize_many(stack, ana, ["lex:GetBots", "lex:PutBot"], ["*", "*"])]
    ['allowed', 'implicitDeny']
    """
    if len(actions) != len(resources):
        message = f"there are {len(actions):,} actions and {len(resources):,} resources; each request has one of each"
        raise RequestError(message, code="LENGTHS_DIFFER")
    named_actions, action_codes = _coded(actions)
    named_resources, resource_codes = _coded(resources)
    found = np.full(len(actions), UNDECIDED, np.int8)
    for known, rows in _by_context(context, len(actions)):
        batch = _Batch(stack, principal, named_actions, named_resources, known)
        found[rows] = batch.outcomes(action_codes[rows], resource_codes[rows])
    return found


def _coded(values: Iterable[T]) -> tuple[list[T], Codes]:
    """The distinct values, and each value's place among them."""
    places: dict[T, int] = {}
    codes = [places.setdefault(value, len(places)) for value in values]
    return list(places), np.array(codes, np.int64)


def _by_context(context: Context | Sequence[Context], count: int) -> Iterable[tuple[Context, Any]]:
    if isinstance(context, Context):
        return [(context, slice(None))]
    if len(context) != count:
        message = f"there are {count:,} requests and {len(context):,} contexts"
        raise RequestError(message, code="LENGTHS_DIFFER")
    distinct = {id(one): one for one in context}
    codes = np.fromiter(map(id, context), np.int64, count)
    return [(one, np.flatnonzero(codes == place)) for place, one in distinct.items()]


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer's statements as words: which match an action, a resource, and which conditions hold for an action."""

    index: StatementIndex
    actions: Words  # a row per action
    resources: Words  # a row per resource
    holds: Words  # a row per action: the statements without conditions, and those whose conditions hold
    maybe: Words  # a row per action: the statements whose conditions unknown keys decide

    @property
    def width(self) -> int:
        """How many words a row has."""
        return int(self.actions.shape[1])


class _Batch:
    """The requests of one principal in one context."""

    def __init__(
        self, stack: PolicyStack, principal: str, actions: list[str], resources: list[str], context: Context
    ) -> None:
        self.stack = stack
        self.principal = principal
        self.actions = actions
        self.resources = resources
        self.context = context

    def outcomes(self, actions: Codes, resources: Codes) -> npt.NDArray[np.int8]:
        """The outcomes of the requests with these codes."""
        found = np.full(len(actions), UNDECIDED, np.int8)
        questions = [self.question(action, "*") for action in self.actions]
        simple = self.simple(questions)
        open_rows = np.flatnonzero(simple[0][actions] & simple[1][resources])
        if len(open_rows):
            layers = [self.layer(index, questions) for index in _layers(self.stack.compiled)]
            found[open_rows] = _decide(layers, actions[open_rows], resources[open_rows])
        self.ask(found, actions, resources)
        return found

    def question(self, action: str, resource: str) -> Question:
        return Question(Request(self.principal, action, resource, self.context))

    def simple(self, questions: list[Question]) -> tuple[Flags, Flags]:
        """Which actions, and which resources, the arrays can decide."""
        compiled = self.stack.compiled
        vectorized = not (compiled.resource or compiled.rcps or compiled.endpoint or self.stack.unreadable)
        kind = questions[0].caller.kind if questions else "anonymous"
        of_actions = np.array(
            [vectorized and kind in WITH_IDENTITY and not (special(q.action) or q.wildcard_only) for q in questions],
            bool,
        )
        asked = [self.question("lex:GetBot", resource) for resource in self.resources]
        of_resources = np.array([q.is_own and not q.about_many for q in asked], bool)
        return of_actions, of_resources

    def layer(self, index: StatementIndex, questions: list[Question]) -> _Layer:
        width = max(1, -(-len(index.entries) // 64))
        fixed = [self.conditions(index, question) for question in questions]
        named = [index.resources.of(self.question("lex:GetBot", resource)) for resource in self.resources]
        return _Layer(
            index,
            _words([index.actions.of(question.action) for question in questions], width),
            _words(named, width),
            _words([holds for holds, _ in fixed], width),
            _words([maybe for _, maybe in fixed], width),
        )

    def conditions(self, index: StatementIndex, question: Question) -> tuple[int, int]:
        """For an action: the statements whose conditions hold, and those that are open or look at the resource."""
        holds = (1 << len(index.entries)) - 1 & ~index.pending
        maybe = index.resources.templated
        pending = index.actions.of(question.action) & index.conditional & ~maybe
        while pending:
            low = pending & -pending
            pending ^= low
            entry = index.entries[low.bit_length() - 1]
            looking = (None if test.keys & _RESOURCE_KEYS else test.holds(question.lookup) for test in entry.tests)
            truths = [*looking, *(() if entry.statement.unknown is None else (None,))]
            if None in truths and False not in truths:
                maybe |= low
            elif False not in truths:
                holds |= low
        return holds, maybe

    def ask(self, found: npt.NDArray[np.int8], actions: Codes, resources: Codes) -> None:
        """Ask one by one, each distinct request once, for what is still undecided."""
        rows = np.flatnonzero(found == UNDECIDED)
        pairs, places = np.unique(actions[rows] * len(self.resources) + resources[rows], return_inverse=True)
        answers = np.empty(len(pairs), np.int8)
        for i, pair in enumerate(pairs.tolist()):
            action, resource = divmod(pair, len(self.resources))
            request = Request(self.principal, self.actions[action], self.resources[resource], self.context)
            answers[i] = OUTCOMES.index(authorize(self.stack, request).outcome)
        found[rows] = answers[places]


def _layers(compiled: CompiledStack) -> list[StatementIndex]:
    return [*compiled.own_layers(), *compiled.scps]


def _words(bits: list[int], width: int) -> Words:
    data = b"".join(one.to_bytes(width * 8, "little") for one in bits)
    return np.frombuffer(data, np.uint64).reshape(len(bits), width)


def _decide(layers: list[_Layer], actions: Codes, resources: Codes) -> npt.NDArray[np.int8]:
    """Outcomes where every layer must allow and none may deny; UNDECIDED where an open condition could matter."""
    denied = np.zeros(len(actions), bool)
    allowed = np.ones(len(actions), bool)
    unsure = np.zeros(len(actions), bool)
    for layer in layers:
        allow, deny, maybe = _sides(layer, actions, resources)
        denied |= deny
        unsure |= maybe
        allowed &= allow
    found = np.where(allowed, np.int8(ALLOWED), np.int8(IMPLICIT))
    found[unsure] = UNDECIDED
    found[denied] = EXPLICIT
    return found


def _sides(layer: _Layer, actions: Codes, resources: Codes) -> tuple[Flags, Flags, Flags]:
    """Per request: does an Allow match, does a Deny match, may an open statement match?"""
    allow = np.zeros(len(actions), bool)
    deny, maybe = allow.copy(), allow.copy()
    of_allow = _words([layer.index.allow], layer.width)[0]
    holding, open_ = layer.actions & layer.holds, layer.actions & layer.maybe
    for word in range(layer.width):
        named = layer.resources[:, word][resources]
        certain = holding[:, word][actions] & named
        allow |= (certain & of_allow[word]) != 0
        deny |= (certain & ~of_allow[word]) != 0
        if open_[:, word].any():
            maybe |= (open_[:, word][actions] & named) != 0
    return allow, deny, maybe
