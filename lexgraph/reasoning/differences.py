"""What one set of policies allows and another does not, in full: disjoint rows of actions × resources × condition.

`changes_between` shows each change by one request; here are all requests, and one of them for each row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.logic import Undecided, atoms
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.residual import formula_words
from lexgraph.policy.intersect import TooManyPatterns
from lexgraph.policy.patterns import ascii_lower, is_pattern
from lexgraph.reasoning.cells import Cell, cells_of
from lexgraph.reasoning.changes import Change, Direction, Only, What, alike, undecided
from lexgraph.reasoning.contain import Answer, only_first
from lexgraph.reasoning.questions import candidates
from lexgraph.reasoning.side import AnyCaller, Comparable, OpenQuestion, Side, side_of

Row = tuple[What, tuple[str, ...], Cell, Request | None]
MANY = 64  # callers whose cells are worked out; of more, each change is shown by a request


@dataclass(frozen=True, slots=True)
class Difference:
    """Actions that only one side allows, on the resources and under the condition of `cell`.

    `direction` and `what` are those of a :class:`~lexgraph.reasoning.changes.Change`, and so are `principals` and
    `except_principals`; `request` is one that shows it. `cell` is None where the actions are not in the catalogue, or
    where the resources, or who asks, are too many to be told apart.
    """

    direction: Direction
    what: What
    actions: tuple[str, ...]
    cell: Cell | None
    request: Request | None
    principals: tuple[str, ...] = ()
    except_principals: tuple[str, ...] = ()

    @property
    def condition(self) -> str | None:
        """The condition of the cell in words, None where there is none."""
        if self.cell is None or self.cell.formula is True:
            return None
        return formula_words(self.cell.formula)


@dataclass(frozen=True, slots=True)
class Differences:
    """All differences of two sides, the `assumptions` that they lean on, and the `reasons` why some are undecided."""

    rows: tuple[Difference, ...]
    assumptions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def differences_between(before: Comparable, after: Comparable) -> tuple[Difference, ...]:
    """Return what `after` newly allows, then what it no longer allows; nothing where both allow the same.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:GetBot", "Resource": "arn:aws:lex:*:*:bot:%s"}}'
    >>> [
    ...     (one.direction, one.cell.resources, one.cell.exceptions)
    ...     for one in differences_between(parse_policy(text % "My*"), parse_policy(text % "*"))
    ... ]
    [('granted', ('arn:aws:lex:*:*:bot:*',), ('arn:aws:lex:*:*:bot:My*',))]
    """
    return all_differences(before, after).rows


def all_differences(before: Comparable, after: Comparable, *, principal: str | None = None) -> Differences:
    """Return the differences with what they lean on; for every caller, or for one (an ARN).

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Principal": {"AWS": %s}, "Action": "sts:AssumeRole"}}'
    >>> one, two = (
    ...     parse_policy(text % names, kind="trust") for names in ('"111122223333"', '["111122223333", "444455556666"]')
    ... )
    >>> [(row.direction, row.what, row.principals) for row in all_differences(one, two).rows]
    [('granted', 'principal', ('444455556666',))]
    """
    old, new = side_of(before), side_of(after)
    answers = only_first(new, old, principal), only_first(old, new, principal)
    rows = (
        *_rows_of("granted", new, old, principal, answers[0]),
        *_rows_of("taken away", old, new, principal, answers[1]),
    )
    assumptions = dict.fromkeys(text for answer in answers for text in answer.assumptions)
    reasons = dict.fromkeys(answer.reason for answer in answers if answer.reason)
    return Differences(rows, tuple(assumptions), tuple(reasons))


def _rows_of(direction: Direction, a: Side, b: Side, principal: str | None, answer: Answer) -> Iterator[Difference]:
    """What `a` allows and `b` does not; of what is not proved to be nothing, at least one row."""
    if answer.holds:
        return
    try:
        only = Only(direction, a, b, principal)
        rows = list(_of(only) if only.asking.callers is None else _of_callers(only))
    except TooManyPatterns:
        rows = []
    if answer.holds is None and not any(row.what == "undecided" for row in rows):
        change = undecided(direction, a)
        rows.append(Difference(direction, "undecided", change.actions, None, None))
    if not rows and answer.request is not None:
        rows.append(Difference(direction, "condition", (answer.request.action,), None, answer.request))
    yield from rows


def _of(only: Only) -> Iterator[Difference]:
    """Cells where it does not matter who asks; as changes show it where there are too many resources to tell apart."""
    try:
        found = cells_of(only.a, (only.b,))
    except TooManyPatterns:
        yield from map(_as_row, only.changes())
        return
    for cell in found:
        yield from (Difference(only.direction, *row) for row in _rows(only, cell, None))
    yield from _strange(only)


def _of_callers(only: Only) -> Iterator[Difference]:
    """Cells of every caller, the same cells of several together."""
    documents = only.a.document is not None and only.b.document is not None
    if not (documents or only.asking.plain) or len(only.asking.all) > MANY:
        yield from map(_as_row, only.changes())
        return
    found: dict[tuple[What, Cell], tuple[list[int], Request | None]] = {}
    try:
        for place, caller in enumerate(only.asking.all):
            for cell in cells_of(only.a, (only.b,), caller):
                for what, _, part, request in _rows(only, cell, caller):
                    places, shown = found.get((what, part), ([], None))
                    found[what, part] = [*places, place], shown or request
    except TooManyPatterns:
        yield from map(_as_row, only.changes())
        return
    for (what, cell), (places, request) in found.items():
        yield Difference(only.direction, what, cell.actions, cell, request, *only.who(places))
    yield from _strange(only)


def _strange(only: Only) -> Iterator[Difference]:
    """Actions that the catalogue does not know and no cell names."""
    written = {ascii_lower(pattern): pattern for _, pattern in only.a.action_patterns()}
    for change in only.strange():
        if any(map(is_pattern, change.actions)):  # others are in a cell
            yield _as_row(replace(change, actions=tuple(written.get(action, action) for action in change.actions)))


def _as_row(change: Change) -> Difference:
    who = change.principals, change.except_principals
    return Difference(change.direction, change.what, change.actions, None, change.request, *who)


def _rows(only: Only, cell: Cell, caller: AnyCaller | None) -> Iterator[Row]:
    """A cell as rows: those of its actions together with which AWS sends the same keys, none that nobody can ask."""
    for actions in (some for one in _by_kind(cell.actions) for some in alike(one, cell.formula)):
        part = cell if actions == cell.actions else replace(cell, actions=actions, patterns=actions)
        try:
            shown = _shown(only, part, caller)
        except (Undecided, TooManyPatterns):
            yield "undecided", actions, part, None
            continue
        if shown is not None:
            yield shown[0], actions, part, shown[1]


def _by_kind(actions: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The actions that are asked about a resource, and those that take none."""
    for takes_none in (False, True):
        some = tuple(name for name in actions if (name in _without_resource()) is takes_none)
        if some:
            yield some


@cache
def _without_resource() -> frozenset[str]:
    return frozenset(catalog().names_in(catalog().wildcard_only_bits))


def _shown(only: Only, cell: Cell, caller: AnyCaller | None) -> tuple[What, Request | None] | None:
    """Why the other side does not allow what is in the cell, and a confirmed request where one in the cell is as people
    write them; None where nothing is in it. Raises Undecided where that is not sure.
    """
    action, doubtful, found = cell.actions[0], False, None
    for asked in (one for resource in _resources(only, cell, caller) for one in only.asking.about(resource, caller)):
        try:
            request = only.request(action, asked)
        except Undecided:
            doubtful = True
            continue
        if request is not None:
            found = found or (only.what(action, asked), None)
            if cell.covers(request) and cell.allows(request):
                return only.what(action, asked), request
    if doubtful and found is None:
        raise Undecided("no request was found, and that there is none is not proved")
    return found


def _resources(only: Only, cell: Cell, caller: AnyCaller | None) -> Iterator[str]:
    """Resources in the cell: one stands for all but where variables in the policies' own patterns tell them apart."""
    question = OpenQuestion(cell.actions[0], "*", caller)
    if question.wildcard_only:
        yield "*"
        return
    if cell.area.witness:
        yield ":".join(("arn", *cell.area.witness[1:]))
    if cell.area.witness and not any(atom.identity[0] == "resource" for atom in atoms(cell.formula)):
        return
    for resource in candidates(question, only.a, only.b):
        if cell.area.matches(OpenQuestion(question.action, resource).parts):
            yield resource
