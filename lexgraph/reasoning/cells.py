"""What policies grant, as few disjoint rows: actions × resources × condition.

A request belongs to at most one cell, and is allowed if and only if there is one and its condition holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.logic import (
    All,
    Any,
    Atom,
    Formula,
    Negation,
    Undecided,
    all_of,
    any_of,
    atoms,
    evaluate,
    model,
    negate,
)
from lexgraph.conditions.variables import read_template
from lexgraph.evaluation.index import template_formula
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.residual import residual_words, simplified
from lexgraph.policy.arn import compile_arn, split_arn
from lexgraph.policy.intersect import FRESH
from lexgraph.policy.patterns import ascii_lower, is_pattern
from lexgraph.reasoning.entailment import plainly_implies
from lexgraph.reasoning.questions import classes
from lexgraph.reasoning.regions import Area, Parts, areas
from lexgraph.reasoning.side import AnyCaller, Comparable, OpenQuestion, Side, side_of
from lexgraph.reasoning.variables import may_hold

EVERYTHING: Parts = ("*",) * 6
ANYTHING = Area((EVERYTHING,))
Outcome = Literal["allowed", "conditional"]
Sides = tuple[Side, ...]
# Partial evaluations that may be spent on finding out whether a cell is empty, and tests in a formula made small.
BUDGET, SMALL = 20_000, 8
# The same for what one side alone allows: there are many such formulas, and somebody waits.
BUDGET_REST, SMALL_REST = 2_000, 4
NAMED = 100  # actions that are told by name where the policies have no pattern for them


@dataclass(frozen=True)
class Cell:
    """Actions that are allowed on the resources of `area`, always or where `formula` holds.

    `actions` are names in AWS's spelling; `patterns` say the same in fewer words where the policies do. An action that
    takes no resource is allowed on all of them. Not slotted: the words are made when somebody asks for them.
    """

    actions: tuple[str, ...]
    patterns: tuple[str, ...]
    area: Area
    formula: Formula

    @property
    def outcome(self) -> Outcome:
        """``allowed``, or ``conditional``."""
        return "allowed" if self.formula is True else "conditional"

    @cached_property
    def condition(self) -> str | None:
        """The condition in words, None where there is none."""
        return None if self.formula is True else residual_words(self.formula)

    @property
    def levels(self) -> Mapping[str, int]:
        """How many of the actions have each access level."""
        found: dict[str, int] = {}
        for action in self.actions:
            level = catalog().level(action) or "Unknown"
            found[level] = found.get(level, 0) + 1
        return found

    @property
    def resources(self) -> tuple[str, ...]:
        """The resource patterns."""
        return tuple(map(_joined, self.area.patterns))

    @property
    def exceptions(self) -> tuple[str, ...]:
        """The patterns of resources that are not meant."""
        return tuple(map(_joined, self.area.exceptions))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(map(ascii_lower, self.actions))

    def covers(self, request: Request) -> bool:
        """Return whether a request's action and resource belong to the cell."""
        question = Question(request)
        return question.action in self._names and self.area.matches(question.parts)

    def allows(self, request: Request) -> bool | None:
        """Return whether the cell allows a request; None where unknown keys decide."""
        return (
            evaluate(_about(self.formula, Question(request)), Question(request).lookup)
            if self.covers(request)
            else False
        )


def cells(source: Comparable) -> tuple[Cell, ...]:
    """Return what a policy, several, or a principal's stack grants to the caller in its own account.

    The cells speak of the catalogue's actions and of those that the policies name literally; that everybody may call
    ``sts:GetCallerIdentity`` is no cell. Conditions are as written: a key that AWS never sends with an action stays in.

    Raises TooManyPatterns where statements cut all resources into more than 1,000 pieces.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "arn:aws:lex:*:*:bot:*"}}'
    >>> [(cell.patterns, cell.resources, cell.outcome) for cell in cells(parse_policy(text))]
    [(('lex:Post*',), ('arn:aws:lex:*:*:bot:*',), 'allowed')]
    """
    return cells_of(side_of(source))


def cells_of(side: Side, less: Sides = (), caller: AnyCaller | None = None) -> tuple[Cell, ...]:
    """Return what a side grants and none of the others does; with a `caller`, to that one, whose keys are known.

    Raises TooManyPatterns as `cells` does.
    """
    found: dict[tuple[Area, Formula], list[str]] = {}
    for actions in _classes(side, less):
        for area, formula in _rows(side, less, actions[0], caller):
            found.setdefault((area, formula), []).extend(actions)
    patterns = _patterns(side)
    made = (_cell(names, patterns, *key) for key, names in found.items())
    return tuple(sorted(made, key=lambda cell: (cell.actions, cell.resources)))


def _cell(names: list[str], patterns: Mapping[str, frozenset[str]], area: Area, formula: Formula) -> Cell:
    actions = tuple(sorted(set(names), key=str.lower))
    return Cell(actions, _readable(frozenset(actions), patterns), area, formula)


def _classes(side: Side, less: Sides) -> Iterator[tuple[str, ...]]:
    """The actions that may be allowed, those together that no statement tells apart."""
    bits = side.grantable
    for other in less:
        bits &= ~other.everywhere
    yield from (catalog().names_in(one) for one in classes(bits, (side, *less)))
    strange: dict[str, str] = {}
    for _, pattern in side.action_patterns():
        if not is_pattern(pattern) and catalog().index_of(pattern) is None:
            strange.setdefault(ascii_lower(pattern), pattern)
    yield from ((name,) for name in strange.values())


def _rows(side: Side, less: Sides, action: str, caller: AnyCaller | None) -> Iterator[tuple[Area, Formula]]:
    """The areas of an action with their formulas, those left out that no context satisfies."""
    question = OpenQuestion(action, "*", caller)
    if question.wildcard_only:
        formula = _answer(side, less, question)
        if formula is not False:
            yield ANYTHING, formula
        return
    owners: dict[tuple[int, Parts], int] = {}
    patterns: dict[Parts, list[int]] = {EVERYTHING: []}
    for entry, parts in (pair for one in (side, *less) for pair in one.patterns(question)):
        # Which pattern of a statement matches is all the same, but for those with variables.
        owner = id(entry), parts if any("${" in one for one in entry.statement.resources or ()) else ()
        patterns.setdefault(parts, []).append(owners.setdefault(owner, len(owners)))
    for formula, area in areas(patterns, lambda parts: _answer(side, less, _about_parts(action, parts, caller))):
        yield area, formula


def _about_parts(action: str, parts: Parts, caller: AnyCaller | None) -> OpenQuestion:
    return OpenQuestion(action, ":".join(("arn", *parts[1:])), caller)


def _answer(side: Side, less: Sides, question: OpenQuestion) -> Formula:
    """When the action is allowed on a resource, by a caller in the resource's account."""
    formula = side.formula(question)
    others = [other.formula(question) for other in less]
    if any(plainly_implies(formula, other) for other in others):
        return False
    formula = _general(all_of((formula, *map(negate, others))), question.resource)
    budget, small = (BUDGET_REST, SMALL_REST) if less else (BUDGET, SMALL)
    try:
        if model(formula, budget=budget) is None and not may_hold(formula, budget):
            return False
    except Undecided:
        return formula
    return simplified(formula) if sum(1 for _ in atoms(formula)) <= small else formula


def _general(formula: Formula, resource: str) -> Formula:
    """The formula with tests of the resource against a variable made independent of the resource asked about, which
    stands for all that the same patterns match.
    """
    if isinstance(formula, Atom) and formula.identity[0] == "resource":
        if not _may_match(str(formula.identity[1]), str(formula.identity[2]), resource):
            return False
        return Atom(
            (*formula.identity[:3], ""), formula.keys, formula.holds, formula.hints, formula.tell, formula.names
        )
    if isinstance(formula, Negation):
        return negate(_general(formula.part, resource))
    if isinstance(formula, All | Any):
        parts = [_general(part, resource) for part in formula.parts]
        return all_of(parts) if isinstance(formula, All) else any_of(parts)
    return formula


def _may_match(source: str, kind: str, resource: str) -> bool:
    """Whether a pattern matches a resource for some values of its variables, each of which is a star."""
    pattern = "".join(piece if isinstance(piece, str) else "*" for piece in read_template(source).parts)
    return compile_arn(pattern, kind=kind)(split_arn(resource))


def _about(formula: Formula, question: Question) -> Formula:
    """The formula with such tests about the question's resource."""
    if isinstance(formula, Atom) and formula.identity[0] == "resource":
        return template_formula(read_template(str(formula.identity[1])), str(formula.identity[2]), question)
    if isinstance(formula, Negation):
        return negate(_about(formula.part, question))
    if isinstance(formula, All | Any):
        parts = [_about(part, question) for part in formula.parts]
        return all_of(parts) if isinstance(formula, All) else any_of(parts)
    return formula


def _patterns(side: Side) -> dict[str, frozenset[str]]:
    """The policies' own action patterns with the actions that each matches, widest first."""
    cat = catalog()
    written = dict.fromkeys(p for _, p in side.action_patterns() if is_pattern(p) and cat.bits(p))
    found = {p: frozenset(cat.expand(p)) for p in ("*", *written)}
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _readable(names: frozenset[str], patterns: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The actions in few words: patterns of which all actions are meant, and the other names."""
    said: list[str] = []
    left = set(names)
    for pattern, meant in patterns.items():
        if meant <= names and not left.isdisjoint(meant):
            said.append(pattern)
            left -= meant
    if len(left) > NAMED:
        for service in sorted({name.partition(":")[0] for name in left}):
            meant = frozenset(catalog().expand(f"{service}:*"))
            if len(meant) > 1 and meant <= names:
                said.append(f"{service}:*")
                left -= meant
    return tuple(sorted((*said, *left), key=str.lower))


def _joined(parts: Parts) -> str:
    return "*" if parts == EVERYTHING else ":".join(parts).replace(FRESH, "*")
