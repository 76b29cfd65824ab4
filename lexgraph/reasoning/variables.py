"""Policy variables in resources, when every resource is asked about.

One resource stands for many where its characters can be taken by stars only. A variable may repeat in another place of
the resource what it holds, so for two patterns with variables one resource is no proof. Here such a pattern is a
proposition of its own: what follows then, holds whatever the variables are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import permutations

from lexgraph.conditions.context import Lookup
from lexgraph.conditions.hints import Hint
from lexgraph.conditions.logic import All, Any, Atom, Formula, Negation, all_of, any_of, atoms, model, negate
from lexgraph.conditions.variables import Variable, read_template
from lexgraph.evaluation.index import UNREAD
from lexgraph.policy.arn import PARTS, pad, split_arn
from lexgraph.policy.intersect import covers

STRICT = frozenset({"resource", "endpoint"})  # layers in which a pattern that lacks parts may match nothing
PROPOSITION = "\ufdd4matches "  # begins the name of what stands in for a key


def may_hold(formula: Formula, budget: int) -> bool:
    """Return whether `formula`, of which no values were found that make it true, may be true for another resource."""
    sources = list(dict.fromkeys(_source(atom) for atom in atoms(formula) if _is_resource(atom)))
    if not sources:
        return False
    free = _replaced(formula, lambda atom: _proposition(_source(atom)))
    implied = [
        any_of((negate(_proposition(narrow)), _proposition(wide)))
        for narrow, wide in permutations(sources, 2)
        if _follows(narrow, wide)
    ]
    return model(all_of((free, *implied)), budget=budget) is not None


def marked(formula: Formula, side: str) -> Formula:
    """Return the formula with the tests of what could not be read named for a side: two sides know nothing of one
    another.
    """

    def change(atom: Atom) -> Atom:
        key = f"{atom.identity[0]} {side}"
        hints = (Hint(key, "Literal", ()),)
        return replace(atom, identity=(key,), keys=frozenset({key}), holds=_holds(key), hints=hints)

    return _replaced(formula, change, lambda atom: str(atom.identity[0]).startswith(UNREAD))


def _holds(key: str) -> Callable[[Lookup], bool | None]:
    return lambda assigned: None if (values := assigned(key)) is None else bool(values)


def _is_resource(atom: Atom) -> bool:
    return atom.identity[0] == "resource"


def without_layers(formula: Formula) -> Formula:
    """Return the formula with one atom for a resource pattern with variables, whichever layer it stands in.

    The layers of an identity read such patterns alike; those with principals do not (rule R4).
    """
    return _replaced(formula, lambda atom: replace(atom, identity=(*atom.identity[:2], "identity", *atom.identity[3:])))


def _replaced(formula: Formula, change: Callable[[Atom], Atom], which: Callable[[Atom], bool] | None = None) -> Formula:
    """The formula with other atoms, by default for resource patterns."""
    if isinstance(formula, Atom):
        return change(formula) if (which or _is_resource)(formula) else formula
    if isinstance(formula, Negation):
        return negate(_replaced(formula.part, change, which))
    if isinstance(formula, All | Any):
        parts = [_replaced(part, change, which) for part in formula.parts]
        return all_of(parts) if isinstance(formula, All) else any_of(parts)
    return formula


def _source(atom: Atom) -> str:
    """The pattern of an atom. The layers read one that lacks parts in ways of their own (rule R4): it is then a
    proposition for each, of which nothing follows.
    """
    source, layer = str(atom.identity[1]), str(atom.identity[2])
    alike = layer not in STRICT or len(split_arn(source, variables=True)) == PARTS
    return source if alike else f"{PROPOSITION}{layer} {source}"


def _proposition(source: str) -> Atom:
    key = f"{PROPOSITION}{source}"
    return Atom((key,), frozenset({key}), _holds(key), (Hint(key, "Literal", ()),), lambda opposite: source)


@lru_cache(1024)
def _follows(narrow: str, wide: str) -> bool:
    """Whether what matches one pattern matches the other, each variable a symbol that equals only itself."""
    if "?" in wide:
        return False  # It would count the characters of a symbol.
    symbols = {v: i for i, v in enumerate(dict.fromkeys((*_variables(narrow), *_variables(wide))))}
    if len(symbols) > 16:
        return False
    if PROPOSITION in (narrow[: len(PROPOSITION)], wide[: len(PROPOSITION)]):
        return False
    parts = [pad(_symbolic(source, symbols), kind="identity") for source in (narrow, wide)]
    return None not in parts and all(covers(w, n) for n, w in zip(*map(_some, parts), strict=True))


def _some(parts: tuple[str, ...] | None) -> Sequence[str]:
    return parts or ()


def _variables(source: str) -> list[tuple[str, str | None]]:
    return [(v.key.lower(), v.default) for v in read_template(source).variables]


def _symbolic(source: str, symbols: dict[tuple[str, str | None], int]) -> tuple[str, ...]:
    def spelt(piece: str | Variable) -> str:
        return piece if isinstance(piece, str) else chr(0xFDE0 + symbols[piece.key.lower(), piece.default])

    return tuple("".join(map(spelt, read_template(part).parts)) for part in split_arn(source, variables=True))
