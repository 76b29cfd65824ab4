"""Containment and overlap of policies, proved or refuted by a request (the point evaluator confirms every one).

Does everything that `a` allows, `b` allow too? A counterexample is an action, a resource and a context. Actions and
resources are finitely many (see :mod:`lexgraph.reasoning.questions`), and so are callers where policies name them (see
:mod:`lexgraph.reasoning.callers`); for each, the context is a question to :mod:`lexgraph.conditions.logic`. What could
not be settled is told as undecided, never as proved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import ABSENT
from lexgraph.conditions.hints import FRESH, Hint
from lexgraph.conditions.logic import Assignment, Atom, Formula, Undecided, all_of, atoms, evaluate, model, negate
from lexgraph.evaluation.request import Request
from lexgraph.policy.intersect import FRESH as FRESH_NAME
from lexgraph.policy.intersect import TooManyPatterns
from lexgraph.policy.patterns import is_pattern
from lexgraph.reasoning.asking import Asking
from lexgraph.reasoning.entailment import plainly_implies
from lexgraph.reasoning.questions import classes, delegable_bits, each_action, unknown_actions
from lexgraph.reasoning.side import Asked, Comparable, OpenQuestion, Side, side_of
from lexgraph.reasoning.variables import marked, may_hold
from lexgraph.reasoning.witness import confirmed

FREE_KEYS = "condition keys are independent of one another, and of the caller"
HOLDER = "the caller is a user or a role of the resource's account"
FREE_OTHERS = "condition keys that do not follow from the caller are independent of one another"
DELEGATED = "the policies of KMS keys and roles delegate to identity policies"
BOUND = "service control policies bind the caller: it is no service-linked role"
OWN = "without a policy of its own, a resource of another account is not granted"
NO_ROOT = "the caller is not the root user of an account"
PARTITIONS = "callers are of the partitions that the policies name"
ALONE = "a policy that names principals is judged by what it says, whatever else the caller may hold"
NEW_ACTIONS = "actions that the catalogue does not know may exist"
STEPS = 1_000_000  # about a microsecond each: a test of a condition on some values is one
QUESTION_STEPS = 30  # for a resource that is asked about
CALLER_STEPS = 120  # for a resource and a caller
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
    answer leans on; `opaque` is what could not be read: whatever that says, the answer is the same.
    """

    holds: bool | None
    request: Request | None = None
    assumptions: tuple[str, ...] = ()
    reason: str = ""
    opaque: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.holds is True


def contains(wide: Comparable, narrow: Comparable, *, principal: str | None = None) -> Answer:
    """Return whether `wide` allows everything that `narrow` allows; if not, with a request that only `narrow` allows.

    Where policies name principals, this is asked for every caller; with `principal` (an ARN), for that one only, whose
    name and account the conditions then know. A policy that names principals and stands alone (a resource policy, a
    trust policy) is held against others by what it says itself: some Allow names the caller, and no Deny does. Within
    an account identity policies may allow as much; put it into a PolicyStack to count them.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "%s", "Resource": "*"}}'
    >>> reader, all_of_lex = parse_policy(text % "lex:Get*"), parse_policy(text % "lex:*")
    >>> contains(all_of_lex, reader).holds, contains(reader, all_of_lex).request.action
    (True, 'lex:CreateTestSet')
    """
    return only_first(side_of(narrow), side_of(wide), principal)


def equivalent(a: Comparable, b: Comparable, *, principal: str | None = None) -> Answer:
    """Return whether `a` and `b` allow the same requests; if not, with a request that only one of them allows.

    Callers are as for :func:`contains`.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": %s, "Resource": "*"}}'
    >>> twice = parse_policy(text % '["lex:Get*", "lex:GetBot"]')
    >>> equivalent(parse_policy(text % '"lex:Get*"'), twice).holds
    True
    """
    left, right = side_of(a), side_of(b)
    forth = only_first(left, right, principal)
    return forth if forth.holds is False else _worse(forth, only_first(right, left, principal))


def _worse(first: Answer, second: Answer) -> Answer:
    return second if second.holds is False or first.holds is True else first


def overlaps(a: Comparable, b: Comparable, *, principal: str | None = None) -> Answer:
    """Return whether some request is allowed by both; `request` is one.

    Here True is shown by a request, and False is proved. Callers are as for :func:`contains`.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "%s", "Resource": "*"}}'
    >>> overlaps(parse_policy(text % "lex:Get*"), parse_policy(text % "lex:*Bot")).request.action
    'lex:GetBot'
    """
    found = _searched(side_of(a), side_of(b), principal, both=True)
    return replace(found, holds={True: False, False: True, None: None}[found.holds])


def only_first(a: Side, b: Side, principal: str | None = None) -> Answer:
    """Return whether nothing is allowed by `a` alone; if something is, with a request."""
    return _searched(a, b, principal, both=False)


def _searched(a: Side, b: Side, principal: str | None, *, both: bool) -> Answer:
    try:
        return _Search(a, b, principal, both=both).answer()
    except TooManyPatterns as trouble:
        return Answer(None, None, (), str(trouble))


class _Search:
    """Looks for a request that only `a` allows, or with `both`, that both allow."""

    def __init__(self, a: Side, b: Side, principal: str | None, *, both: bool) -> None:
        self.a, self.b, self.both = a, b, both
        self.asking = Asking(a, b, principal, both=both)
        self.callers, self.plain = self.asking.callers, self.asking.plain
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
                return Answer(False, request, (*self._assumptions(), *((NEW_ACTIONS,) if new else ())))
        if self.callers is not None:
            self.open = self.open or self.callers.unlisted
        return Answer(None if self.open else True, None, self._assumptions(), self.open, self._opaque())

    def _assumptions(self) -> tuple[str, ...]:
        plain = (
            *((BOUND,) if self.plain and (self.a.stack.scps or self.b.stack.scps) else ()),
            *((DELEGATED,) if self.plain and self.a.grantable & delegable_bits() else ()),
        )
        if self.callers is None:
            return (FREE_KEYS, HOLDER, *plain)
        documents = [side.document is not None for side in (self.a, self.b)]
        return (
            FREE_OTHERS if self.callers.all_keys_follow else FREE_KEYS,
            *(() if all(documents) or self.callers.only else (NO_ROOT,)),
            *((PARTITIONS,) if self.callers.partitions and not self.callers.only else ()),
            *((ALONE,) if any(documents) else ()),
            *((OWN, *plain) if self.plain else ()),
        )

    def _opaque(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(what for side in (self.a, self.b) for what in side.opaque()))

    def _doubt(self, actions: int | str, why: str) -> None:
        name = actions.replace(FRESH_NAME, "*") if isinstance(actions, str) else next(each_action(actions))
        self.open = self.open or f"{name}: {why or 'the conditions could not all be tried'}"

    def _actions(self) -> Iterator[int | str]:
        """Classes of known actions, as bits, then unknown ones: first where a whole action is missing in `b`."""
        a, b = self.a, self.b
        shared = a.grantable & b.grantable
        if not self.both:
            missing = a.grantable & ~b.grantable
            yield from classes(missing & a.free, (a,))
            yield from classes(missing & ~a.free, (a,))
            shared &= ~b.everywhere if self.plain else -1
        yield from classes(shared, (a, b))
        try:
            yield from unknown_actions(a, b, both=self.both)
        except TooManyPatterns as trouble:
            self._doubt("unknown actions", str(trouble))

    def _formula(self, question: OpenQuestion) -> Formula:
        allowed = self._side(self.a, question)
        if allowed is False:
            return False
        other = self._side(self.b, question)
        if self.both:
            return all_of((allowed, other))
        return False if plainly_implies(allowed, other) else all_of((allowed, negate(other)))

    def _side(self, side: Side, question: OpenQuestion) -> Formula:
        """Under which context a side allows; what one of the sides could not read is that side's own."""
        formula = side.formula(question, plain=self.plain)
        return formula if side.whole else marked(formula, "a" if side is self.a else "b")

    def _try_class(self, actions: int | str) -> Request | None:
        """Look for a request with one of the actions, which no statement tells apart."""
        first = actions if isinstance(actions, str) else next(each_action(actions))
        undecided: Undecided | None = None
        for asked in self.asking.asked(first, self._spend):
            steps = QUESTION_STEPS if asked.caller is None else CALLER_STEPS
            self._spend(steps + (len(self.a.statements) + len(self.b.statements)) // 16)
            formula = self._formula(asked.open(first))
            if formula is False:
                continue
            try:
                request = self._try_asked(actions, asked, formula)
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
        left = [tries]
        try:
            found = model(formula, left=left)
        finally:
            self.left -= (tries - left[0]) * len(tests)
        if found is None and may_hold(formula, tries):
            raise Undecided("variables in resources could not all be told apart")
        return found

    def _try_asked(self, actions: int | str, asked: Asked, formula: Formula) -> Request | None:
        """A confirmed request: with an action for which AWS sends the keys that it needs (rule C10)."""
        found = self._model(formula)
        if found is None:
            return None
        keys = {key for atom in atoms(formula) for key in atom.keys}
        unsettled = False
        for action, withheld in _by_keys((actions,) if isinstance(actions, str) else each_action(actions), keys):
            assigned: Assignment | None = found
            if any(found.get(key) for key in withheld):
                assigned = self._model(self._formula(asked.closed(action)))
            if assigned is None:
                continue
            request = confirmed(self.a, self.b, action, asked, assigned, both=self.both, plain=self.plain)
            if request is not None:
                return request
            unsettled = True
        if unsettled:
            raise Undecided("a request was found that could not be confirmed")
        return None


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
