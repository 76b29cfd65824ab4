"""What one set of policies allows and another does not, action by action, with a request that shows each part.

Containment stops at the first counterexample; here every class of actions is asked, so that a new version of a policy
can be told by what it newly grants and what it takes away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.logic import Assignment, Formula, Undecided, all_of, atoms, model, negate
from lexgraph.evaluation.request import Request
from lexgraph.policy.intersect import FRESH, TooManyPatterns
from lexgraph.policy.patterns import ascii_lower
from lexgraph.reasoning.asking import Asking
from lexgraph.reasoning.entailment import plainly_implies
from lexgraph.reasoning.questions import candidates, classes, unknown_actions
from lexgraph.reasoning.side import AnyCaller, Asked, Comparable, OpenQuestion, Side, side_of
from lexgraph.reasoning.variables import may_hold
from lexgraph.reasoning.who import Who, Whom
from lexgraph.reasoning.witness import confirmed

Direction = Literal["granted", "taken away"]
What = Literal["action", "principal", "resource", "condition", "undecided"]
Found = tuple[What, tuple[str, ...], Request | None]
# Tests that are looked at for one direction, and values that are tried for one condition: few need more. A condition
# for which they were not enough costs as much as many others.
STEPS, TRIES, DOUBT = 20_000, 2_000, 2_500


@dataclass(frozen=True, slots=True)
class Change:
    """Actions that are newly allowed, or no longer, at least for `request`.

    `what` tells how: ``action`` (not allowed at all on the other side), ``principal`` (not to this caller there),
    ``resource`` (not on this resource there), ``condition`` (not under this context there), or ``undecided`` (no
    request was found, and equality not proved). A pattern among `actions` stands for actions that it matches and the
    catalogue does not know. `principals` tells who, where policies name principals: ``*`` is everyone, an account's
    number its principals; `except_principals` are those among them that are not meant.
    """

    direction: Direction
    what: What
    actions: tuple[str, ...]
    request: Request | None
    principals: tuple[str, ...] = ()
    except_principals: tuple[str, ...] = ()


def changes_between(before: Comparable, after: Comparable, *, principal: str | None = None) -> tuple[Change, ...]:
    """Return what `after` newly allows, then what it no longer allows.

    Where policies name principals, every change tells who; with `principal` (an ARN) only that caller is asked about.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:%s", "Resource": "*"}}'
    >>> [
    ...     (c.direction, c.actions)
    ...     for c in changes_between(parse_policy(text % "GetBot"), parse_policy(text % "PutBot"))
    ... ]
    [('granted', ('lex:PutBot',)), ('taken away', ('lex:GetBot',))]
    """
    old, new = side_of(before), side_of(after)
    return (*_only("granted", new, old, principal), *_only("taken away", old, new, principal))


def _only(direction: Direction, a: Side, b: Side, principal: str | None) -> Iterator[Change]:
    try:
        only = Only(direction, a, b, principal)
    except TooManyPatterns:
        yield undecided(direction, a)
        return
    yield from only.changes()
    if only.asking.callers is not None and only.asking.callers.unlisted:
        yield undecided(direction, a)


def undecided(direction: Direction, a: Side) -> Change:
    """Return a change that says of all that `a` may allow that nothing was found out."""
    return Change(direction, "undecided", catalog().names_in(a.grantable) or ("*",), None)


class Only:
    """Looks for what `a` allows and `b` does not.

    Raises TooManyPatterns where the callers would be more than anybody could ask about.
    """

    def __init__(self, direction: Direction, a: Side, b: Side, principal: str | None = None) -> None:
        self.direction: Direction = direction
        self.a, self.b = a, b
        self.asking = Asking(a, b, principal)
        self.left = STEPS
        self._whom: Whom | None = None

    def who(self, places: Iterable[int]) -> Who:
        """Return whom some of the callers stand for; nobody in particular where it does not matter who asks."""
        if self.asking.callers is None:
            return (), ()
        if self._whom is None:
            self._whom = Whom(self.asking.callers)
        return self._whom.of(places)

    def changes(self) -> Iterator[Change]:
        """Yield the changes, those of known actions first."""
        a, b = self.a, self.b
        shared = a.grantable & b.grantable & (~b.everywhere if self.asking.plain else -1)
        for bits in (*classes(a.grantable & ~b.grantable, (a, b)), *classes(shared, (a, b))):
            yield from self._of_actions(catalog().names_in(bits))
        yield from self.strange()

    def strange(self) -> Iterator[Change]:
        """Yield the changes of actions that the catalogue does not know."""
        try:
            strange = tuple(unknown_actions(self.a, self.b))
        except TooManyPatterns:
            yield Change(self.direction, "undecided", ("*",), None)
            return
        for action in strange:
            yield from self._of_actions((_spelled(self.a, action),))

    def _of_actions(self, actions: tuple[str, ...]) -> Iterator[Change]:
        """The changes of actions that no statement tells apart, those of callers together for whom they are alike."""
        found: dict[tuple[What, tuple[str, ...]], tuple[Request | None, list[int]]] = {}
        for place, caller in enumerate(self.asking.all):
            for what, same, request in self._asked_by(caller, actions):
                found.setdefault((what, same), (request, []))[1].append(place)
        for (what, same), (request, places) in found.items():
            yield Change(self.direction, what, tuple(map(_told, same)), request, *self.who(places))

    def _asked_by(self, caller: AnyCaller | None, actions: tuple[str, ...]) -> Iterator[Found]:
        """What one of the callers may do alone with these actions, though the keys that AWS sends may tell them
        apart.
        """
        left = dict.fromkeys(actions)
        doubtful = False
        try:
            for asked in self.asking.asked_by(caller, actions[0], self._spend):
                wanted = self._wanted(asked.open(actions[0]))
                for same in () if wanted is False else alike(tuple(left), wanted):
                    try:
                        request = self.request(same[0], asked)
                    except Undecided:
                        doubtful = True
                        continue
                    if request is not None:
                        yield self.what(same[0], asked), same, request
                        gone = set(same)
                        left = {name: None for name in left if name not in gone}
                if not left:
                    return
        except (TooManyPatterns, Undecided):
            doubtful = True
        if doubtful:
            yield "undecided", tuple(left), None

    def _wanted(self, question: OpenQuestion) -> Formula:
        allowed = self._side(self.a, question)
        if allowed is False:
            return False
        other = self._side(self.b, question)
        return False if plainly_implies(allowed, other) else all_of((allowed, negate(other)))

    def _side(self, side: Side, question: OpenQuestion) -> Formula:
        return side.formula(question, plain=self.asking.plain)

    def request(self, action: str, asked: Asked) -> Request | None:
        """Return a confirmed request; None where there is none. Raises Undecided where that is not sure."""
        found = self._model(self._wanted(asked.closed(action)))
        if found is None:
            return None
        request = confirmed(self.a, self.b, action, asked, found, both=False, plain=self.asking.plain)
        if request is None:
            raise Undecided("a request was found that could not be confirmed")
        return request

    def _spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise Undecided(f"not decided in {STEPS:,} steps")

    def _model(self, formula: Formula) -> Assignment | None:
        self._spend(sum(1 for _ in atoms(formula)))
        try:
            found = model(formula, budget=TRIES)
        except Undecided:
            self.left -= DOUBT
            raise
        if found is None and may_hold(formula, TRIES):
            raise Undecided("variables in resources could not all be told apart")
        return found

    def what(self, action: str, asked: Asked) -> What:
        """Return why `b` does not allow it."""
        place = catalog().index_of(action)
        if place is not None and not self.b.grantable >> place & 1:
            return "action"
        if place is None and not any(entry.statement.allows for entry in self.b.named(OpenQuestion(action, "*"))):
            return "action"
        try:
            if self._model(self._side(self.b, asked.closed(action))) is not None:
                return "condition"
            return "resource" if self.asking.callers is None else self._what_of_callers(action, asked)
        except (Undecided, TooManyPatterns):
            return "condition"

    def _what_of_callers(self, action: str, asked: Asked) -> What:
        """Whether `b` allows the caller the action on another resource, or another caller, or nobody."""
        if self._may(action, asked.caller):
            return "resource"
        return "principal" if any(self._may(action, caller) for caller in self.asking.all) else "action"

    def _may(self, action: str, caller: AnyCaller | None) -> bool:
        """Whether `b` allows a caller the action on some resource."""
        resources = candidates(OpenQuestion(action, "*", caller), self.b, self.a)
        asked = (one for resource in resources for one in self.asking.about(resource, caller))
        return any(self._model(self._side(self.b, one.closed(action))) is not None for one in asked)


def alike(actions: tuple[str, ...], wanted: Formula) -> list[tuple[str, ...]]:
    """Return the actions, grouped by which of the formula's keys AWS sends with them (rule C10)."""
    named = {key for atom in atoms(wanted) for key in atom.keys}
    keys = sorted(key for key in named if not catalog().is_global_key(key))  # those fit every action
    if not keys or len(actions) == 1:
        return [actions] if actions else []
    groups: dict[tuple[bool, ...], list[str]] = {}
    for action in actions:
        fits = tuple(catalog().key_fits(key, ascii_lower(action)) is not False for key in keys)
        groups.setdefault(fits, []).append(action)
    return [tuple(group) for group in groups.values()]


def _spelled(a: Side, action: str) -> str:
    """A literal action that the catalogue does not know as the policies spell it."""
    return next((pattern for _, pattern in a.action_patterns() if ascii_lower(pattern) == action), action)


def _told(action: str) -> str:
    """An action as a change names it: one that stands for unknown actions as the pattern that they match."""
    return action.replace(FRESH, "*")
