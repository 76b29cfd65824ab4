"""Containment and overlap of policies, proved or refuted by a request (the point evaluator confirms every one).

Does everything that `a` allows, `b` allow too? A counterexample is an action, a resource and a context. Actions and
resources are finitely many (see :mod:`lexgraph.reasoning.questions`); for each, the context is a question to
:mod:`lexgraph.conditions.logic`. What could not be settled is told as undecided, never as proved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import ABSENT, Lookup
from lexgraph.conditions.hints import FRESH, Hint
from lexgraph.conditions.logic import Assignment, Atom, Formula, Undecided, all_of, atoms, evaluate, model, negate
from lexgraph.evaluation.request import Request
from lexgraph.policy.intersect import TooManyPatterns
from lexgraph.policy.patterns import is_pattern
from lexgraph.reasoning.entailment import plainly_implies
from lexgraph.reasoning.questions import candidates, classes, each_action, unknown_actions
from lexgraph.reasoning.side import ClosedQuestion, Comparable, OpenQuestion, Side, side_of
from lexgraph.reasoning.variables import may_hold
from lexgraph.reasoning.witness import confirmed

FREE_KEYS = "condition keys are independent of one another, and of the caller"
NEW_ACTIONS = "actions that the catalogue does not know may exist"
STEPS = 1_000_000  # about a microsecond each: a test of a condition on some values is one
QUESTION_STEPS = 30  # for a resource that is asked about
MODEL_STEPS = 50  # for each test of a condition
FAILED_STEPS = 40_000  # for a class of actions that could not be decided
TRIES = 30_000  # of values for one condition, divided by its tests
SETS = 48  # of tests that look at several values
PATTERNS = 16  # of different patterns or sets that one key is held against
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
    """Return whether `a` and `b` allow the same requests; if not, with a request that only one of them allows.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": %s, "Resource": "*"}}'
    >>> twice = parse_policy(text % '["lex:Get*", "lex:GetBot"]')
    >>> equivalent(parse_policy(text % '"lex:Get*"'), twice).holds
    True
    """
    left, right = side_of(a), side_of(b)
    forth = only_first(left, right)
    return forth if forth.holds is False else _worse(forth, only_first(right, left))


def _worse(first: Answer, second: Answer) -> Answer:
    return second if second.holds is False or first.holds is True else first


def overlaps(a: Comparable, b: Comparable) -> Answer:
    """Return whether some request is allowed by both; `request` is one.

    Here True is shown by a request, and False is proved.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "%s", "Resource": "*"}}'
    >>> overlaps(parse_policy(text % "lex:Get*"), parse_policy(text % "lex:*Bot")).request.action
    'lex:GetBot'
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
                self.left -= FAILED_STEPS
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
            self._spend(QUESTION_STEPS + (len(self.a.statements) + len(self.b.statements)) // 16)
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
        tests = tuple(dict.fromkeys(atoms(formula)))
        self._spend(MODEL_STEPS * len(tests))
        if (easy := _easy_model(formula, tests)) is not None:
            return easy
        if _is_hard(tests):
            raise Undecided(
                f"a condition key is held against more than {PATTERNS} patterns or sets, or {SETS} tests look at sets"
            )
        tries = TRIES // (len(tests) or 1)
        counter = _Counter()
        try:
            found = model(all_of((counter.atom, formula)), budget=tries)
        finally:
            self.left -= counter.number * len(tests)
        if found is None and may_hold(formula, tries):
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


class _Counter:
    """Counts how often a formula is evaluated: its atom always holds, and stands first."""

    def __init__(self) -> None:
        self.number = 0
        self.atom = Atom(("counter",), frozenset(), self._holds, (), lambda opposite: "")

    def _holds(self, _lookup: Lookup) -> bool:
        self.number += 1
        return True


def _easy_model(formula: Formula, tests: Sequence[Atom]) -> Assignment | None:
    """Return a context that makes `formula` true where the simplest ones do: no key at all, or one value for all."""
    keys = dict.fromkeys(key for test in tests for key in test.keys)
    for values in (ABSENT, (FRESH,), ("true",)):
        assigned = dict.fromkeys(keys, values)
        if evaluate(formula, assigned.get):
            return assigned
    return None


def _is_hard(tests: Sequence[Atom]) -> bool:
    """Whether a key is held against more patterns, or looked at as a set more often, than can be told apart soon."""
    asked = {(h.key, h.family, h.texts) for test in tests for h in test.hints if h.sets or _has_patterns(h)}
    sets = sum(hint.sets for test in tests for hint in test.hints)
    return sets > SETS or any(number > PATTERNS for number in Counter(key for key, _, _ in asked).values())


def _has_patterns(hint: Hint) -> bool:
    return hint.family in ("Like", "Arn") and any(map(is_pattern, hint.texts))


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
