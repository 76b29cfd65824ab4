"""One action on one resource, asked for all principals of an account: each answer is worked out once.

The answers are those of :func:`lexgraph.evaluation.authorize.authorize` on the layers of
:meth:`~lexgraph.account.model.Snapshot.stack_for`; what is saved is asking again where nothing can have changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from lexgraph.access.deciders import decided_by
from lexgraph.access.index import AccountIndex, Base, account_index, condition_keys
from lexgraph.account.model import Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import RESOURCE_TAGS, Context, Values
from lexgraph.evaluation.action_bits import places_of
from lexgraph.evaluation.authorize import CompiledStack, authorize
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.index import StatementIndex
from lexgraph.evaluation.principals import PrincipalIndex, named_session, without_path
from lexgraph.evaluation.request import USER_ID, Question, Request
from lexgraph.evaluation.services import ALWAYS_ALLOWED, is_untouchable, needs_resource_policy, rcps_know
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import is_arn
from lexgraph.policy.intersect import TooManyPatterns

MEMO = 65_536
TOO_MANY_WAYS = (
    "the policies allow it for the resource; their patterns overlap in too many ways to say for which, so ask about a "
    "narrower pattern or one resource"
)


class Answer(NamedTuple):
    """What is said of one request: see :class:`lexgraph.access.decide.AccessRow`."""

    outcome: Outcome
    condition: str | None
    missing_keys: tuple[str, ...]
    decided_by: str | None


def answered(stack: PolicyStack, request: Request) -> Answer:
    """Return what is said of a request.

    Where the resource asked about is a pattern that the policies' patterns divide in too many ways, it is not known in
    which of its parts the request is allowed; one principal like this does not keep the others from their answers.
    """
    try:
        decision = authorize(stack, request)
    except TooManyPatterns:
        return Answer("conditional", TOO_MANY_WAYS, (), None)
    by = decided_by(decision)
    if decision.outcome != "conditional":
        return Answer(decision.outcome, None, (), by)
    return Answer(decision.outcome, decision.condition, decision.missing_keys, by)


@dataclass(frozen=True, slots=True)
class Frame:
    """What decides about principals of one base beside their identity policies.

    `personal`: a statement of it asks who the caller is; `named` are the ARNs that its statements name, to which the
    answer may differ. `signature` says what the answer hangs on beside the identity policies: the statements that
    match, and the layers that could not be read; for their conditions there are the `keys` that these ask for.
    `particular`: it hangs on the action and the resource themselves, too.
    """

    stack: PolicyStack
    personal: bool
    named: frozenset[str]
    keys: tuple[str, ...]
    signature: tuple[object, ...]
    particular: bool

    @property
    def open(self) -> bool:
        """Whether some of the statements have conditions."""
        return bool(self.keys)


class Asking:
    """The question, with what the account says of it.

    `answers` keeps those under conditions for further questions in the same context.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        action: str,
        resource: str,
        context: Context,
        answers: dict[tuple[object, ...], Answer] | None = None,
    ) -> None:
        first = snapshot.principals[0]
        self.snapshot = snapshot
        self.index: AccountIndex = account_index(snapshot)
        self.action, self.resource, self.context = action, resource, context
        about = snapshot.request_context(first, context, resource)
        self.question = question = Question(Request(first.arn, action, resource, about))
        self.part = self.index.part(question.action.partition(":")[0])
        self.found = self.part.index.actions.of(question.action)
        if self.found:
            resources = self.part.index.resources
            # A pattern asks about many resources (rule R6): which statements match is then not to be said at once.
            self.found &= resources.meeting(question) if question.about_many else resources.of(question)
        self.side = snapshot.stack_for(first, action, resource, context)
        self._frames: dict[Base, Frame] = {}
        self._answers: dict[tuple[int, Base, tuple[Values | None, ...]], Answer] = {}
        self._open_answers = {} if answers is None else answers

    # Who may be allowed ---------------------------------------------------------------------------------------

    def candidates(self) -> list[int]:
        """Return the places of the principals that may be allowed, in order; for all others no Allow speaks."""
        everyone = range(len(self.snapshot.principals))
        if self.question.action in ALWAYS_ALLOWED:
            return list(everyone)
        granting = self.found & self.part.index.allow
        if not self.question.is_own:  # Rule L6: elsewhere both sides must allow.
            return sorted({*self.part.holding(granting), *self.index.unreadable})
        named = self._named_by_the_resource()
        if named is None:
            return list(everyone)
        places = {self.index.places[arn] for arn in _bearers(self.snapshot, named) if arn in self.index.places}
        # Rules L7, L8: some resources' own policies must name the account, or the policies of its principals are idle.
        if not needs_resource_policy(self.question) or any(arn.endswith(":root") for arn in named):
            places.update(self.part.holding(granting), self.index.unreadable)
        return sorted(places)

    def _named_by_the_resource(self) -> set[str] | None:
        """The ARNs that the resource's policy may allow by itself; None where these may be all."""
        if "resource" in self.side.unreadable:
            return None
        if self.side.resource is None:
            return set()
        index = self.index.layers.naming((self.side.resource,), "resource", bounded=False)
        arns: set[str] = set()
        for place in places_of(self._matching(index) & index.allow):
            named = _grants_by_name(index, place)
            if named is None:
                return None
            arns |= named
        return arns

    # Answers --------------------------------------------------------------------------------------------------

    def answer(self, place: int) -> Answer:
        """Return the answer for the principal at a place."""
        base = self.index.base(self.snapshot, place)
        frame = self.frame(base)
        statements = self.found & self.part.masks.get(place, 0)
        if frame.personal or self.snapshot.principals[place].arn in frame.named:
            return self._decide(place, statements, frame)
        said = self._said(place, statements & self.part.index.personal)
        found = self._answers.get((statements, base, said))
        if found is None:
            found = self._answers[statements, base, said] = self._shared(place, statements, frame, said)
        return found

    def _said(self, place: int, personal: int) -> tuple[Values | None, ...]:
        """What a principal is, in the keys by which statements ask for that."""
        if not personal:
            return ()
        principal = self.snapshot.principals[place]
        known = self.snapshot.request_context(principal, self.context, self.resource)
        asked = Question(Request(principal.arn, self.action, self.resource, known))
        keys = self.part.who(personal)
        said = tuple(map(asked.lookup, keys))
        # A role's id is all that is known of its sessions' aws:userid.
        return (*said, (known.role_id,)) if known.role_id is not None and USER_ID in keys else said

    def unnamed(self, base: Base, place: int) -> Answer:
        """Return the answer for a principal without a statement about the question, with a base that is not personal;
        `place` is that of anyone with the base.
        """
        return self._shared(place, 0, self.frame(base))

    def _shared(self, place: int, statements: int, frame: Frame, said: tuple[Values | None, ...] = ()) -> Answer:
        """An answer that holds for others too, and for other actions and resources."""
        name = (*self.name(statements, (frame,)), said)
        memo = self._open_answers if self.is_open(statements, (frame,)) else self.index.answers
        found = memo.get(name)
        if found is None:
            if len(memo) >= MEMO:
                memo.clear()
            found = memo[name] = self._decide(place, statements, frame)
        return found

    def is_open(self, statements: int, frames: Iterable[Frame]) -> bool:
        """Return whether conditions decide on some of the statements, or of the frames'."""
        return bool(statements & self.part.index.pending) or any(frame.open for frame in frames)

    def name(self, statements: int, frames: Sequence[Frame]) -> tuple[object, ...]:
        """Return all that answers by these statements and frames hang on, beside who asks, so that equal names have
        equal answers in one context.
        """
        own = self.part.index
        resource = self.resource if statements & own.resources.templated else None
        about = (self.action, self.resource) if any(frame.particular for frame in frames) else (resource,)
        name = (id(own), statements, about, *(frame.signature for frame in frames))
        if not self.is_open(statements, frames):
            return name
        keys = (*self.part.keys(statements), *(key for frame in frames for key in frame.keys))
        # Rule C10: of the action, a condition knows which keys AWS sends with it; of the resource, its tags.
        sent = tuple(catalog().key_fits(key, self.action) for key in keys)
        tags = tuple(self.question.lookup(key) for key in keys if key.startswith(RESOURCE_TAGS))
        return (*name, self.question.resource_account, *sent, *tags)

    def _decide(self, place: int, statements: int, frame: Frame) -> Answer:
        principal = self.snapshot.principals[place]
        stack = replace(frame.stack)
        identity = self.part.index.view(statements)
        stack.prepared(CompiledStack(stack, identity=identity, indexes=self.index.layers))
        known = self.snapshot.request_context(principal, self.context, self.resource)
        return answered(stack, Request(principal.arn, self.action, self.resource, known))

    # What stands beside the identity policies -------------------------------------------------------------------

    def frame(self, base: Base) -> Frame:
        """Return what decides about the principals of a base beside their identity policies."""
        found = self._frames.get(base)
        if found is None:
            found = self._frames[base] = self._frame(base, *self.index.within(base, self.side))
        return found

    def _frame(self, base: Base, stack: PolicyStack, layers: tuple[StatementIndex, ...]) -> Frame:
        question = self.question
        # Who gives the caller's ARN says something else to users than to roles.
        personal = "aws:principalarn" in question.known
        particular = question.about_many
        named: set[str] = set()
        keys: dict[str, None] = {}
        signature: list[object] = [id(base), stack.unreadable, question.is_own, *_rules(question)]
        for index in layers:
            matching = self._matching(index)
            personal = personal or bool(matching & index.personal)
            keys |= dict.fromkeys(condition_keys(index, matching))
            particular = particular or bool(matching & index.resources.templated)
            signature += [id(index), matching]
            if isinstance(index, PrincipalIndex):
                for place in places_of(matching):
                    arns, by_id = _mentions(index, place)
                    named |= _bearers(self.snapshot, arns)
                    personal = personal or by_id
        return Frame(stack, personal, frozenset(named), tuple(keys), tuple(signature), particular)

    def _matching(self, index: StatementIndex) -> int:
        found = index.actions.of(self.question.action)
        return found if self.question.about_many or not found else found & index.resources.of(self.question)


def _rules(question: Question) -> tuple[bool, ...]:
    """Which rules of single services, and of RCPs, the question is under, whoever asks (rules L2, L7 to L9)."""
    return (
        question.action in ALWAYS_ALLOWED,
        needs_resource_policy(question),
        is_untouchable(question),
        rcps_know(question.action),
    )


def _mentions(index: PrincipalIndex, place: int) -> tuple[frozenset[str], bool]:
    """The ARNs that a statement's Principal or NotPrincipal holds, and whether it holds unique ids, which only
    aws:userid tells; callers of one account of whom it holds neither are all the same to it.
    """
    element = index.entries[place].statement.principals
    values = [pattern[4:] for pattern in element or () if pattern.startswith("AWS:")]
    arns = frozenset(filter(is_arn, values))
    return arns, any(value != "*" and value not in arns and not value.isdigit() for value in values)


def _bearers(snapshot: Snapshot, arns: Set[str]) -> Set[str]:
    """The ARNs, in the place of a session's the role's whose session it is."""
    sessions = {arn for arn in arns if ":assumed-role/" in arn}
    if not sessions:
        return arns
    roles: dict[str, str] = snapshot.kept("roles by name", lambda: _by_name(snapshot))
    named = (session.role for session in map(named_session, sessions) if session is not None)
    return (arns - sessions) | {roles[role] for role in named if role in roles}


def _by_name(snapshot: Snapshot) -> dict[str, str]:
    """The ARNs of the account's roles by what they would be without a path."""
    roles = (principal.arn for principal in snapshot.principals if principal.kind == "role")
    return {without_path(arn): arn for arn in roles}


def _grants_by_name(index: PrincipalIndex, place: int) -> frozenset[str] | None:
    """The ARNs that an Allow names one by one, its accounts' as those of their roots; None where it may mean every
    principal of the account.
    """
    element = index.entries[place].statement.principals
    if element is None:
        return frozenset()  # Rule S5.
    arns, by_id = _mentions(index, place)
    if element.negated or by_id or any(p in ("*", "AWS:*") for p in element.patterns):
        return None
    accounts = (f"{pattern[4:]}:root" for pattern in element.patterns if pattern[4:].isdigit())
    return arns.union(accounts)
