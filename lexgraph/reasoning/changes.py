"""What one set of policies allows and another does not, action by action, with a request that shows each part.

Containment stops at the first counterexample; here every class of actions is asked, so that a new version of a policy
can be told by what it newly grants and what it takes away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.logic import Assignment, Formula, Undecided, all_of, atoms, model, negate
from lexgraph.errors import UnsupportedError
from lexgraph.evaluation.request import Request
from lexgraph.policy.intersect import FRESH, TooManyPatterns
from lexgraph.policy.patterns import ascii_lower
from lexgraph.reasoning.entailment import plainly_implies
from lexgraph.reasoning.questions import candidates, classes, unknown_actions
from lexgraph.reasoning.side import Asked, ClosedQuestion, Comparable, OpenQuestion, Side, side_of
from lexgraph.reasoning.variables import may_hold
from lexgraph.reasoning.witness import confirmed

Direction = Literal["granted", "taken away"]
What = Literal["action", "resource", "condition", "undecided"]
# Tests that are looked at for one direction, and values that are tried for one condition: few need more. A condition
# for which they were not enough costs as much as many others.
STEPS, TRIES, DOUBT = 20_000, 2_000, 2_500


@dataclass(frozen=True, slots=True)
class Change:
    """Actions that are newly allowed, or no longer, at least for `request`.

    `what` tells how: ``action`` (not allowed at all on the other side), ``resource`` (not on this resource there),
    ``condition`` (not under this context there), or ``undecided`` (no request was found, and equality not proved).
    A pattern among `actions` stands for actions that it matches and the catalogue does not know.
    """

    direction: Direction
    what: What
    actions: tuple[str, ...]
    request: Request | None


def changes_between(before: Comparable, after: Comparable) -> tuple[Change, ...]:
    """Return what `after` newly allows, then what it no longer allows.

    Raises UnsupportedError where policies name principals: a change would have to say for whom.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:%s", "Resource": "*"}}'
    >>> [
    ...     (c.direction, c.actions)
    ...     for c in changes_between(parse_policy(text % "GetBot"), parse_policy(text % "PutBot"))
    ... ]
    [('granted', ('lex:PutBot',)), ('taken away', ('lex:GetBot',))]
    """
    old, new = side_of(before), side_of(after)
    if old.names_callers or new.names_callers:
        raise UnsupportedError("changes of policies that name principals are not told action by action")
    return (*Only("granted", new, old).changes(), *Only("taken away", old, new).changes())


class Only:
    """Looks for what `a` allows and `b` does not."""

    def __init__(self, direction: Direction, a: Side, b: Side) -> None:
        self.direction: Direction = direction
        self.a, self.b = a, b
        self.left = STEPS

    def changes(self) -> Iterator[Change]:
        """Yield the changes, those of known actions first."""
        a, b = self.a, self.b
        shared = a.grantable & b.grantable & ~b.everywhere
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
        """The changes of actions that no statement tells apart, though the keys that AWS sends with them may."""
        left = dict.fromkeys(actions)
        undecided = False
        try:
            for resource in candidates(OpenQuestion(actions[0], "*"), self.a, self.b):
                wanted = self._wanted(OpenQuestion(actions[0], resource))
                for same in () if wanted is False else alike(tuple(left), wanted):
                    try:
                        request = self.request(same[0], resource)
                    except Undecided:
                        undecided = True
                        continue
                    if request is not None:
                        what = self.what(same[0], resource)
                        yield Change(self.direction, what, tuple(map(_told, same)), request)
                        gone = set(same)
                        left = {name: None for name in left if name not in gone}
                if not left:
                    return
        except TooManyPatterns:
            undecided = True
        if undecided:
            yield Change(self.direction, "undecided", tuple(map(_told, left)), None)

    def _wanted(self, question: OpenQuestion) -> Formula:
        allowed = self.a.formula(question)
        if allowed is False:
            return False
        other = self.b.formula(question)
        return False if plainly_implies(allowed, other) else all_of((allowed, negate(other)))

    def request(self, action: str, resource: str) -> Request | None:
        """Return a confirmed request; None where there is none. Raises Undecided where that is not sure."""
        formula = self._wanted(ClosedQuestion(action, resource))
        found = self._model(formula)
        if found is None:
            return None
        request = confirmed(self.a, self.b, action, Asked(resource), found, both=False)
        if request is None:
            raise Undecided("a request was found that could not be confirmed")
        return request

    def _model(self, formula: Formula) -> Assignment | None:
        self.left -= sum(1 for _ in atoms(formula))
        if self.left < 0:
            raise Undecided(f"not decided in {STEPS:,} steps")
        try:
            found = model(formula, budget=TRIES)
        except Undecided:
            self.left -= DOUBT
            raise
        if found is None and may_hold(formula, TRIES):
            raise Undecided("variables in resources could not all be told apart")
        return found

    def what(self, action: str, resource: str) -> What:
        """Return why `b` does not allow it."""
        place = catalog().index_of(action)
        if place is not None and not self.b.grantable >> place & 1:
            return "action"
        if place is None and not any(entry.statement.allows for entry in self.b.named(OpenQuestion(action, "*"))):
            return "action"
        try:
            there = self._model(self.b.formula(ClosedQuestion(action, resource)))
        except Undecided:
            return "condition"
        return "resource" if there is None else "condition"


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
