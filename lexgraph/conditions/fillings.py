"""Values of a variable with which a pattern could match a given text."""

from __future__ import annotations

from collections.abc import Sequence

from lexgraph.conditions.context import Lookup
from lexgraph.conditions.variables import Template, Variable
from lexgraph.policy.arn import literal
from lexgraph.policy.patterns import compile_glob

LIMIT = 2_000


def fillings(
    template: Template, key: str, text: str, lookup: Lookup, *, any_case: bool = False, rest: bool = False
) -> tuple[tuple[str, ...], bool]:
    """Return the pieces of `text` that can stand for the variable `key` (lower-cased) in a pattern that matches it, and
    whether these are all.

    Other unknown variables may hold anything, so some of the pieces may not do. `rest`: the text may go on after the
    pattern's end, as with an ARN that lacks parts.

    >>> from lexgraph.conditions.variables import read_template
    >>> fillings(read_template("home/${aws:username}/*"), "aws:username", "home/ana/notes", lambda key: None)
    (('ana',), True)
    """
    at = next(i for i, part in enumerate(template.parts) if isinstance(part, Variable) and part.key.lower() == key)
    before = _pattern(template.parts[:at], lookup)
    after = _pattern(template.parts[at + 1 :], lookup) + ("*" if rest else "")
    asked = literal(text)
    if any_case:
        before, after, asked = before.lower(), after.lower(), asked.lower()
        if len(asked) != len(text):
            return (), False
    begins, ends = compile_glob(before), compile_glob(after)
    starts = [i for i in range(len(text) + 1) if begins(asked[:i])]
    stops = [i for i in range(len(text) + 1) if ends(asked[i:])]
    if len(starts) * len(stops) > LIMIT:
        return (), False
    return tuple(dict.fromkeys(text[i:j] for i in starts for j in stops if i <= j)), True


def _pattern(parts: Sequence[str | Variable], lookup: Lookup) -> str:
    """The parts as a pattern; what is not known, or has no single value, may be anything."""
    found = []
    for part in parts:
        values = None if isinstance(part, str) else lookup(part.key.lower())
        found.append(part if isinstance(part, str) else literal(values[0]) if values and len(values) == 1 else "*")
    return "".join(found)
