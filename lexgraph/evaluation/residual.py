"""The condition under which a conditional request is allowed: made small, and read out in words."""

from __future__ import annotations

from collections.abc import Iterator

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
    implied,
    negate,
)

# Above this many atoms a residual is shown as it is: making it small costs a search for every part.
SMALL = 24


def simplified(formula: Formula) -> Formula:
    """Return an equal formula without the parts that the others already say."""
    # The words of an answer and its missing keys both ask, one after the other, about the very same formula.
    kept = _LAST[0]
    if kept[0] is not formula:
        kept = _LAST[0] = (formula, _simplified(formula))
    return kept[1]


_LAST: list[tuple[Formula, Formula]] = [(False, False)]


def _simplified(formula: Formula) -> Formula:
    formula = _pushed(formula, positive=True)
    if isinstance(formula, bool | Atom) or sum(1 for _ in atoms(formula)) > SMALL:
        return formula
    try:
        return _reduced(formula)
    except Undecided:
        return formula


def _pushed(formula: Formula, *, positive: bool) -> Formula:
    """The formula with negations only on atoms."""
    if isinstance(formula, Negation):
        return _pushed(formula.part, positive=not positive)
    if isinstance(formula, All | Any):
        parts = [_pushed(part, positive=positive) for part in formula.parts]
        return all_of(parts) if isinstance(formula, All) is positive else any_of(parts)
    return formula if positive else negate(formula)


def _reduced(formula: Formula) -> Formula:
    """Drop conjuncts that the rest implies and disjuncts that imply the rest, as long as the whole stays equal."""
    if not isinstance(formula, All | Any):
        return formula
    parts = list(formula.parts)
    join = all_of if isinstance(formula, All) else any_of
    for part in tuple(parts):
        rest = [other for other in parts if other is not part]
        # The other way it holds in any case: of a conjunction, the whole implies what is left of it.
        narrow, wide = (join(rest), part) if isinstance(formula, All) else (part, join(rest))
        if rest and implied(any_of((negate(narrow), wide))):
            parts = rest
    return join([_reduced(part) for part in parts])


def equal(a: Formula, b: Formula) -> bool:
    """Return whether two formulas agree under every assignment."""
    return implied(any_of((negate(a), b))) and implied(any_of((negate(b), a)))


def residual_words(formula: Formula) -> str:
    """Return a formula in words, beginning with "if"."""
    return formula_words(simplified(formula))


def formula_words(formula: Formula) -> str:
    """Return a formula in words as it is, which takes no time: it is not made small first."""
    return f"if {_words(_pushed(formula, positive=True), inside=False)}"


def _words(formula: Formula, *, inside: bool) -> str:
    if isinstance(formula, bool):
        return "always" if formula else "never"
    if isinstance(formula, Atom):
        return f"({formula.words})" if inside and " or " in formula.words else formula.words
    if isinstance(formula, Negation):
        text = formula.part.opposite if isinstance(formula.part, Atom) else ""
        return (f"({text})" if inside and " or " in text else text) or f"not ({_words(formula.part, inside=False)})"
    word = " and " if isinstance(formula, All) else " or "
    text = word.join(_words(part, inside=True) for part in formula.parts)
    return f"({text})" if inside else text


def residual_keys(formula: Formula) -> tuple[str, ...]:
    """Return the keys that the simplified formula needs, as the policies spell them, sorted."""
    found: dict[str, str] = {}
    for name in _names(simplified(formula)):
        found.setdefault(name.lower(), name)
    return tuple(sorted(found.values(), key=str.lower))


def _names(formula: Formula) -> Iterator[str]:
    for atom in atoms(formula):
        yield from atom.names
