"""Containment and overlap of policies, proved or refuted by a request (the point evaluator confirms every one).

Does everything that `a` allows, `b` allow too? A counterexample is an action, a resource and a context. Actions and
resources are finitely many (see :mod:`lexgraph.reasoning.questions`); for each, the context is a question to
:mod:`lexgraph.conditions.logic`. What could not be settled is told as undecided, never as proved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.logic import Assignment, Formula, Undecided, all_of, atoms, model, negate
from lexgraph.evaluation.request import Request
from lexgraph.policy.intersect import TooManyPatterns
from lexgraph.reasoning.entailment import plainly_implies
from lexgraph.reasoning.questions import candidates, classes, each_action, unknown_actions
from lexgraph.reasoning.side import ClosedQuestion, Comparable, OpenQuestion, Side, side_of
from lexgraph.reasoning.variables import may_hold
from lexgraph.reasoning.witness import confirmed

FREE_KEYS = "condition keys are independent of one another, and of the caller"
NEW_ACTIONS = "actions that the catalogue does not know may exist"
STEPS = 40_000  # of asking: a resource is one, trying values for its condition as many as it has tests
TRIES = 20_000  # of values for one condition
ACTIONS = 2_000  # of a class that are looked at for the keys that AWS sends with them


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a statement holds for all requests.

    `holds` is True (proved), False (refuted by `request`) or None (undecided, for `reason`). `assumptions` are what the
    answer leans on.
    """

    holds: bool | None
    request: Request | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""

    def __bool__(self) -> bool:
        return self.holds is True


def contains(wide: Comparable, narrow: Comparable) -> Answer:
    """Return whether `wide` allows everything that `narrow` allows; if not, with a request that only `narrow` allows.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "%s", "Resource": "*"}}'
    >>> reader, all_of_lex = parse_policy(text % "lex:Get*"), parse_policy(text % "lex:*")
    >>> contains(all_of_lex, reader).holds, contains(reader, all_of_lex).request.action
    (True, 'lex:CreateTestSet')
    """
    return only_first(side_of(narrow), side_of(wide))


def equivalent(a: Comparable, b: Comparable) -> Answer:
    """Return whether `a` and `b` allow the same requests; if not, with a request that only one of them allows."""
    left, right = side_of(a), side_of(b)
    forth = only_first(left, right)
    return forth if forth.holds is False else _worse(forth, only_first(right, left))


def _worse(first: Answer, second: Answer) -> Answer:
    return second if second.holds is False or first.holds is True else first


def overlaps(a: Comparable, b: Comparable) -> Answer:
    """Return whether some request is allowed by both; `request` is one.

    Here True is shown by a request, and False is proved.
    """
    found = _Search(side_of(a), side_of(b), both=True).answer()
    holds = {True: False, False: True, None: None}[found.holds]
    return Answer(holds, found.request, found.assumptions, found.reason)


def only_first(a: Side, b: Side) -> Answer:
    """Return whether nothing is allowed by `a` alone; if something is, with a request."""
    return _Search(a, b, both=False).answer()


class _Search:
    """Looks for a request that only `a` allows, or with `both`, that both allow."""

    def __init__(self, a: Side, b: Side, *, both: bool) -> None:
        self.a, self.b, self.both = a, b, both
        self.left = STEPS
        self.open: str = ""  # the first reason why nothing is proved

    def answer(self) -> Answer:
        """Return False with a request, True where there is none, and None where that is not sure."""
        for actions in self._actions():
            try:
                request = self._try_class(actions)
            except (Undecided, TooManyPatterns) as trouble:
                self._doubt(actions, str(trouble))
                if self.left < 0:
                    break
                continue
            if request is not None:
                new = catalog().index_of(request.action) is None
                return Answer(False, request, (FREE_KEYS, NEW_ACTIONS) if new else (FREE_KEYS,))
        if not self.open and not (self.a.plain and self.b.plain):
            self.open = "policies that name callers, or could not be read, were held against one caller only"
        return Answer(None if self.open else True, None, (FREE_KEYS,), self.open)

    def _doubt(self, actions: int | str, why: str) -> None:
        name = actions if isinstance(actions, str) else next(each_action(actions))
        self.open = self.open or f"{name}: {why or 'the conditions could not all be tried'}"

    def _actions(self) -> Iterator[int | str]:
        """Classes of known actions, as bits, then unknown ones: first where a whole action is missing in `b`."""
        a, b = self.a, self.b
        shared = a.grantable & b.grantable
        if not self.both:
            missing = a.grantable & ~b.grantable
            yield from classes(missing & a.free, (a,))
            yield from classes(missing & ~a.free, (a,))
            shared &= ~b.everywhere
        yield from classes(shared, (a, b))
        try:
            yield from unknown_actions(a, b, both=self.both)
        except TooManyPatterns as trouble:
            self._doubt("unknown actions", str(trouble))

    def _formula(self, question: OpenQuestion) -> Formula:
        allowed = self.a.formula(question)
        if allowed is False:
            return False
        other = self.b.formula(question)
        if self.both:
            return all_of((allowed, other))
        return False if plainly_implies(allowed, other) else all_of((allowed, negate(other)))

    def _try_class(self, actions: int | str) -> Request | None:
        """Look for a request with one of the actions, which no statement tells apart."""
        first = actions if isinstance(actions, str) else next(each_action(actions))
        undecided: Undecided | None = None
        for resource in candidates(OpenQuestion(first, "*"), self.a, self.b, both=self.both):
            self._spend(1)
            formula = self._formula(OpenQuestion(first, resource))
            if formula is False:
                continue
            try:
                request = self._try_resource(actions, resource, formula)
            except Undecided as trouble:
                undecided = trouble
                self._spend(0)
                continue
            if request is not None:
                return request
        if undecided is not None:
            raise undecided
        return None

    def _spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise Undecided(f"not decided in {STEPS:,} steps")

    def _model(self, formula: Formula) -> Assignment | None:
        """Return a context that makes `formula` true, or None where none does.

        Raises Undecided where there may be one, among others that variables in resources stand for other texts.
        """
        self._spend(sum(1 for _ in atoms(formula)))
        found = model(formula, budget=TRIES)
        if found is None and may_hold(formula, TRIES):
            raise Undecided("variables in resources could not all be told apart")
        return found

    def _try_resource(self, actions: int | str, resource: str, formula: Formula) -> Request | None:
        """A confirmed request: with an action for which AWS sends the keys that it needs (rule C10)."""
        found = self._model(formula)
        if found is None:
            return None
        keys = {key for atom in atoms(formula) for key in atom.keys}
        unsettled = False
        for action, withheld in _by_keys((actions,) if isinstance(actions, str) else each_action(actions), keys):
            assigned: Assignment | None = found
            if any(found.get(key) for key in withheld):
                assigned = self._model(self._formula(ClosedQuestion(action, resource)))
            if assigned is None:
                continue
            request = confirmed(self.a, self.b, action, resource, assigned, both=self.both)
            if request is not None:
                return request
            unsettled = True
        if unsettled:
            raise Undecided("a request was found that could not be confirmed")
        return None


def _by_keys(actions: Iterable[str], keys: set[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield an action for each set of the keys that AWS does not send, with that set.

    Raises Undecided where the actions are more than could be looked at.
    """
    cat = catalog()
    special = sorted(key for key in keys if not cat.is_global_key(key))
    seen: set[frozenset[str]] = set()
    for number, action in enumerate(actions):
        if number >= ACTIONS:
            raise Undecided("too many actions, with condition keys of their own")
        withheld = frozenset(key for key in special if cat.key_fits(key, action) is False)
        if withheld not in seen:
            seen.add(withheld)
            yield action, withheld
        if not special:
            return
