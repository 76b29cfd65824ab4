"""Formulas over condition tests: can this be true, must it be true, and how does it read?

A formula is True, False, an Atom, or All/Any/Negation of formulas. Atoms depend on unknown keys only. Each key gets a
finite list of representative values, one for every way in which the atoms at hand can tell values apart; a formula is
satisfiable if some choice of representatives makes it true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lexgraph.conditions.context import ABSENT, Lookup, Values
from lexgraph.conditions.hints import Hint, session_values, several_values, single_values


@dataclass(frozen=True, slots=True)
class Atom:
    """A test whose answer depends on unknown keys.

    `identity` tells equal tests from others; `holds` answers under a full assignment of `keys`; `hints` say which
    values of a key may change the answer; `tell` puts it, or its opposite, into words, and `names` are the keys as the
    policy spells them.
    """

    identity: tuple[object, ...]
    keys: frozenset[str]
    holds: Callable[[Lookup], bool | None] = field(compare=False, repr=False)
    hints: tuple[Hint, ...] = field(compare=False, repr=False)
    tell: Callable[[bool], str] = field(compare=False, repr=False)
    names: tuple[str, ...] = field(compare=False, default=())

    @property
    def words(self) -> str:
        """The test as a clause."""
        return self.tell(False)

    @property
    def opposite(self) -> str:
        """Its negation as a clause."""
        return self.tell(True)


@dataclass(frozen=True, slots=True)
class All:
    """A conjunction."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """A disjunction."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """A formula's opposite."""

    part: Formula


Formula = bool | Atom | All | Any | Negation
Assignment = Mapping[str, Values]


def all_of(parts: Iterable[Formula]) -> Formula:
    """Return the conjunction, with constants and repetitions folded.

    >>> all_of([True, True]), all_of([True, False])
    (True, False)
    """
    kept: dict[Formula, None] = {}
    for part in parts:
        if part is False:
            return False
        if part is not True:
            kept.update(dict.fromkeys(part.parts if isinstance(part, All) else (part,)))
    if any(negate(part) in kept for part in kept if isinstance(part, Atom)):
        return False
    return True if not kept else next(iter(kept)) if len(kept) == 1 else All(tuple(kept))


def any_of(parts: Iterable[Formula]) -> Formula:
    """Return the disjunction, with constants and repetitions folded."""
    kept: dict[Formula, None] = {}
    for part in parts:
        if part is True:
            return True
        if part is not False:
            kept.update(dict.fromkeys(part.parts if isinstance(part, Any) else (part,)))
    if any(negate(part) in kept for part in kept if isinstance(part, Atom)):
        return True
    return False if not kept else next(iter(kept)) if len(kept) == 1 else Any(tuple(kept))


def negate(part: Formula) -> Formula:
    """Return the opposite."""
    if isinstance(part, bool):
        return not part
    return part.part if isinstance(part, Negation) else Negation(part)


def atoms(formula: Formula) -> Iterator[Atom]:
    """Yield the atoms of a formula, from left to right, with repetitions."""
    if isinstance(formula, Atom):
        yield formula
    elif isinstance(formula, Negation):
        yield from atoms(formula.part)
    elif isinstance(formula, All | Any):
        for part in formula.parts:
            yield from atoms(part)


def evaluate(formula: Formula, lookup: Lookup) -> bool | None:
    """Return the formula's truth, None where an atom's keys are not all assigned and matter."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Atom):
        return formula.holds(lookup)
    if isinstance(formula, Negation):
        truth = evaluate(formula.part, lookup)
        return None if truth is None else not truth
    stop = isinstance(formula, Any)
    unknown = False
    for part in formula.parts:
        truth = evaluate(part, lookup)
        if truth is stop:
            return stop
        unknown = unknown or truth is None
    return None if unknown else not stop


@dataclass(frozen=True, slots=True)
class Choices:
    """The values of a key to try; `complete` when they answer in every way there is."""

    values: tuple[Values, ...]
    complete: bool


def representatives(formula: Formula) -> dict[str, Choices]:
    """Return, per unknown key, the values to try: one for every way in which the formula's atoms tell values apart.

    A key that only single-key atoms ask for keeps one value for each way in which they all answer.
    """
    asking: dict[str, list[Atom]] = {}
    for atom in dict.fromkeys(atoms(formula)):
        for key in atom.keys:
            asking.setdefault(key, []).append(atom)
    return {key: _key_values(key, mine) for key, mine in asking.items()}


def _key_values(key: str, mine: Sequence[Atom]) -> Choices:
    hints = [hint for atom in mine for hint in atom.hints if hint.key == key]
    alone = all(len(atom.keys) == 1 for atom in mine)
    if begin := next((hint.texts[0] for hint in hints if hint.family == "Session"), None):
        texts, complete = session_values(hints, begin)
        own = [(text,) for text in texts]
        return Choices(_distinct(key, mine, own) if alone else tuple(own), complete)
    texts, complete = single_values(hints)
    singles = [(text,) for text in texts]
    # Two of a kind: a value of two elements that answer alike is no single value.
    elements = _distinct(key, mine, singles, keep=2) if alone else singles
    several, whole = several_values(elements, hints)
    values = (ABSENT, *singles, *several)
    return Choices(_distinct(key, mine, values) if alone else values, complete and whole)


def _distinct(key: str, mine: Sequence[Atom], values: Iterable[Values], *, keep: int = 1) -> tuple[Values, ...]:
    """Keep a value, or a few, for each way in which the atoms answer."""
    seen: dict[tuple[bool | None, ...], list[Values]] = {}
    for value in values:
        same = seen.setdefault(tuple(atom.holds({key: value}.get) for atom in mine), [])
        if len(same) < keep:
            same.append(value)
    return tuple(value for same in seen.values() for value in same)


def settled(atom: Atom) -> Formula:
    """Return what an atom answers under every value that its one key may have; the atom itself where it hangs on it."""
    (key,) = atom.keys
    choices = _key_values(key, [atom])
    answers = {atom.holds({key: value}.get) for value in choices.values}
    truth = answers.pop() if len(answers) == 1 and choices.complete else None
    return atom if truth is None else truth


BUDGET = 200_000


class Undecided(Exception):
    """Not all could be tried; the caller must not claim anything."""


def model(formula: Formula, *, budget: int = BUDGET, left: list[int] | None = None) -> Assignment | None:
    """Return an assignment of the unknown keys that makes `formula` true, or None where there is none.

    Raises Undecided after `budget` partial evaluations, and where none was found but there may be one. `left`, a list
    of one number, stands for the budget where the caller wants to know what was spent.
    """
    if isinstance(formula, bool):
        return {} if formula else None
    choices = representatives(formula)
    values = {key: found.values for key, found in choices.items()}
    left = [budget] if left is None else left
    found = _search(_folded(formula, None, lambda _: None), values, {}, left)
    if found is None and not all(choice.complete for choice in choices.values()) and _without_keys(formula, left):
        raise Undecided
    return found


def _without_keys(formula: Formula, left: list[int], chosen: dict[Atom, bool] | None = None) -> bool:
    """Whether truths of the atoms, whatever their keys hold, could make `formula` true."""
    chosen = {} if chosen is None else chosen
    left[0] -= 1
    if left[0] < 0:
        raise Undecided
    rest = _assume(formula, chosen)
    if isinstance(rest, bool):
        return rest
    atom = next(atoms(rest))
    return any(_without_keys(rest, left, {atom: truth}) for truth in (True, False))


def _assume(formula: Formula, chosen: Mapping[Atom, bool]) -> Formula:
    """The formula with the truths of some atoms put in."""
    if isinstance(formula, Atom):
        return chosen.get(formula, formula)
    if isinstance(formula, Negation):
        return negate(_assume(formula.part, chosen))
    if isinstance(formula, All | Any):
        parts = (_assume(part, chosen) for part in formula.parts)
        return all_of(parts) if isinstance(formula, All) else any_of(parts)
    return formula


def _search(
    formula: Formula, choices: Mapping[str, tuple[Values, ...]], chosen: dict[str, Values], left: list[int]
) -> Assignment | None:
    """Try values key by key; what a value decides is folded, so that only keys that still matter are tried."""
    left[0] -= 1
    if left[0] < 0:
        raise Undecided
    if isinstance(formula, bool):
        return dict(chosen) if formula else None
    key = _next_key(formula, choices, chosen)
    for values in choices[key]:
        chosen[key] = values
        found = _search(_folded(formula, key, chosen.get), choices, chosen, left)
        if found is not None:
            return found
        del chosen[key]
    return None


def _next_key(formula: Formula, choices: Mapping[str, tuple[Values, ...]], chosen: Mapping[str, Values]) -> str:
    """The key to try next: of the smallest part that must hold, the one with the fewest values."""
    parts = formula.parts if isinstance(formula, All) else (formula,)
    keys = min(({key for atom in atoms(part) for key in atom.keys if key not in chosen} for part in parts), key=len)
    return min(keys, key=lambda key: (len(choices[key]), key))


def _folded(formula: Formula, key: str | None, lookup: Lookup) -> Formula:
    """The formula with the tests answered that the value of a key decides, or no value at all."""
    if isinstance(formula, Atom):
        truth = formula.holds(lookup) if key is None or key in formula.keys else None
        return formula if truth is None else truth
    if isinstance(formula, Negation):
        part = _folded(formula.part, key, lookup)
        return not part if isinstance(part, bool) else formula if part is formula.part else Negation(part)
    if isinstance(formula, bool):
        return formula
    stop = isinstance(formula, Any)
    kept: list[Formula] = []
    for part in formula.parts:
        found = _folded(part, key, lookup)
        if found is stop:
            return stop
        if not isinstance(found, bool):
            kept.append(found)
    if len(kept) < 2:
        return kept[0] if kept else not stop
    return Any(tuple(kept)) if stop else All(tuple(kept))


def satisfiable(formula: Formula) -> bool:
    """Return whether some values of the unknown keys make `formula` true."""
    return model(formula) is not None


def implied(formula: Formula) -> bool:
    """Return whether every value of the unknown keys makes `formula` true."""
    return model(negate(formula)) is None
