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
from lexgraph.reasoning.cells import Cell, cells
from lexgraph.reasoning.changes import Direction, Only, What, alike
from lexgraph.reasoning.contain import only_first
from lexgraph.reasoning.questions import candidates
from lexgraph.reasoning.side import Comparable, OpenQuestion, Side, side_of


@dataclass(frozen=True, slots=True)
class Difference:
    """Actions that only one side allows, on the resources and under the condition of `cell`.

    `direction` and `what` are those of a :class:`~lexgraph.reasoning.changes.Change`; `request` is one that shows it.
    `cell` is None where the actions are not in the catalogue, or where the resources are too many to be told apart.
    """

    direction: Direction
    what: What
    actions: tuple[str, ...]
    cell: Cell | None
    request: Request | None

    @property
    def condition(self) -> str | None:
        """The condition of the cell in words, None where there is none."""
        if self.cell is None or self.cell.formula is True:
            return None
        return formula_words(self.cell.formula)


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
    old, new = side_of(before), side_of(after)
    return (*_of("granted", new, old), *_of("taken away", old, new))


def _of(direction: Direction, a: Side, b: Side) -> Iterator[Difference]:
    """What `a` allows and `b` does not; as changes show it where there are too many resources to tell apart."""
    if only_first(a, b).holds:
        return
    only = Only(direction, a, b)
    try:
        found = cells(a.stack, without=b.stack)
    except TooManyPatterns:
        for change in only.changes():
            yield Difference(direction, change.what, change.actions, None, change.request)
        return
    for cell in found:
        yield from _rows(only, cell)
    written = {ascii_lower(pattern): pattern for _, pattern in a.action_patterns()}
    for change in only.strange():
        if any(map(is_pattern, change.actions)):  # others are in a cell
            told = tuple(written.get(action, action) for action in change.actions)
            yield Difference(direction, change.what, told, None, change.request)


def _rows(only: Only, cell: Cell) -> Iterator[Difference]:
    """A cell as rows: those of its actions together with which AWS sends the same keys, none that nobody can ask."""
    for actions in (some for one in _by_kind(cell.actions) for some in alike(one, cell.formula)):
        part = cell if actions == cell.actions else replace(cell, actions=actions, patterns=actions)
        try:
            shown = _shown(only, part)
        except (Undecided, TooManyPatterns):
            yield Difference(only.direction, "undecided", actions, part, None)
            continue
        if shown is not None:
            what, request = shown
            yield Difference(only.direction, what, actions, part, request)


def _by_kind(actions: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The actions that are asked about a resource, and those that take none."""
    for takes_none in (False, True):
        some = tuple(name for name in actions if (name in _without_resource()) is takes_none)
        if some:
            yield some


@cache
def _without_resource() -> frozenset[str]:
    return frozenset(catalog().names_in(catalog().wildcard_only_bits))


def _shown(only: Only, cell: Cell) -> tuple[What, Request | None] | None:
    """Why the other side does not allow what is in the cell, and a confirmed request where one in the cell is as people
    write them; None where nothing is in it. Raises Undecided where that is not sure.
    """
    action, undecided, found = cell.actions[0], False, None
    for resource in _resources(only, cell):
        try:
            request = only.request(action, resource)
        except Undecided:
            undecided = True
            continue
        if request is not None:
            found = found or (only.what(action, resource), None)
            if cell.covers(request) and cell.allows(request):
                return only.what(action, resource), request
    if undecided and found is None:
        raise Undecided("no request was found, and that there is none is not proved")
    return found


def _resources(only: Only, cell: Cell) -> Iterator[str]:
    """Resources in the cell: one stands for all but where variables in the policies' own patterns tell them apart."""
    question = OpenQuestion(cell.actions[0], "*")
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
