"""What two patterns have in common, and witnesses of patterns: the ground of every statement about a set of resources.

The lemma behind it: let w be a pattern with ``*`` only, every ``*`` replaced by a character that occurs in no
pattern at hand. If another pattern matches w, each such character was taken by one of its stars, so it matches
everything that the first pattern does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from lexgraph.errors import UnsupportedError
from lexgraph.policy.patterns import compile_glob, is_pattern

FRESH = "\ufdd5"  # a noncharacter: no policy may hold it
LIMIT = 256


class TooManyPatterns(UnsupportedError):
    """What patterns have in common, or the witnesses of one, would be more than anybody would read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="TOO_MANY_PATTERNS")


def covers(wide: str, narrow: str) -> bool:
    """Return whether `wide` matches everything that `narrow` does.

    >>> covers("bot/*", "bot/A*"), covers("bot/A*", "bot/*")
    (True, False)
    """
    if _clash(wide, narrow):
        return False
    matches = compile_glob(wide)
    return all(matches(text) for text in witnesses(narrow, marks=wide.count("?")))


def witnesses(pattern: str, *, marks: int = 0) -> tuple[str, ...]:
    """Return strings that stand for all of `pattern`: what matches them all, matches everything in it.

    `marks` is the largest number of ``?`` in a pattern that they are held against: such a pattern counts characters,
    so stars of several lengths are tried. Raises TooManyPatterns where these are more than 256.
    """
    text = pattern.replace("?", FRESH)
    if "*" not in text:
        return (text,)
    if not marks:
        return (text.replace("*", FRESH),)
    if marks > LIMIT:
        raise TooManyPatterns(f"{marks:,} question marks in one pattern are more than {LIMIT}")
    return tuple(text.replace("*", FRESH * length) for length in range(marks + 2))


@lru_cache(4096)
def intersect(a: str, b: str) -> tuple[str, ...]:
    """Return patterns whose union is what both `a` and `b` match; none where they have nothing in common.

    Raises TooManyPatterns where there would be more than 256.

    >>> intersect("bot/*", "*/Orders")
    ('bot/Orders', 'bot/*/Orders')
    """
    if not is_pattern(a):
        return (a,) if compile_glob(b)(a) else ()
    if not is_pattern(b):
        return (b,) if compile_glob(a)(b) else ()
    if _clash(a, b):
        return ()
    if a == b or a.strip("*") == "":
        return (b,)
    if b.strip("*") == "":
        return (a,)
    return _widest(_common(_tidy(a), _tidy(b)))


def _clash(a: str, b: str) -> bool:
    """Whether the literal heads or tails already rule out anything in common."""
    (head_a, tail_a), (head_b, tail_b) = _ends(a), _ends(b)
    if not (head_a.startswith(head_b) or head_b.startswith(head_a)):
        return True
    return not (tail_a.endswith(tail_b) or tail_b.endswith(tail_a))


@lru_cache(16_384)
def _ends(pattern: str) -> tuple[str, str]:
    """What stands before the first wildcard, and what after the last; the whole text twice where there is none."""
    pieces = pattern.replace("?", "*").split("*")
    return pieces[0], pieces[-1]


def _tidy(pattern: str) -> str:
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    return pattern


def _common(a: str, b: str) -> set[str]:
    """All common patterns, by dynamic programming over the suffixes of both."""
    table: dict[tuple[int, int], set[str]] = {}
    for i in range(len(a), -1, -1):
        for j in range(len(b), -1, -1):
            table[i, j] = _step(a, b, i, j, table)
            if len(table[i, j]) > LIMIT:
                table[i, j] = set(_widest(table[i, j]))
                if len(table[i, j]) > LIMIT:
                    raise TooManyPatterns(f"{a!r} and {b!r} have more than {LIMIT} patterns in common")
    return table[0, 0]


def _step(a: str, b: str, i: int, j: int, table: dict[tuple[int, int], set[str]]) -> set[str]:
    at_a, at_b = a[i : i + 1], b[j : j + 1]
    if at_a == "*" and at_b == "*":
        # One of the two stars ends first; until then both take the same run.
        return {_starred(rest) for rest in table[i + 1, j] | table[i, j + 1]}
    if at_a == "*":
        return table[i + 1, j] | ({at_b + rest for rest in table[i, j + 1]} if at_b else set())
    if at_b == "*":
        return table[i, j + 1] | ({at_a + rest for rest in table[i + 1, j]} if at_a else set())
    if not at_a or not at_b:
        return {""} if at_a == at_b else set()
    if at_a != at_b and "?" not in (at_a, at_b):
        return set()
    return {(at_b if at_a == "?" else at_a) + rest for rest in table[i + 1, j + 1]}


def _starred(rest: str) -> str:
    return rest if rest.startswith("*") else f"*{rest}"


def _widest(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns that no other one covers, shortest first."""
    found: list[str] = []
    for pattern in sorted(patterns, key=lambda p: (-p.count("*"), len(p), p)):
        if not any(covers(other, pattern) for other in found):
            found.append(pattern)
    return tuple(sorted(found, key=lambda p: (len(p), p)))


def intersect_parts(a: Sequence[str], b: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the common part of two ARN patterns, part by part, as tuples of parts."""
    if apart(a, b):
        return ()
    found: list[tuple[str, ...]] = [()]
    for left, right in zip(a, b, strict=True):
        pieces = intersect(left, right)
        found = [(*front, piece) for front in found for piece in pieces]
        if len(found) > LIMIT:
            raise TooManyPatterns(f"two ARN patterns have more than {LIMIT} patterns in common")
    return tuple(found)


def apart(a: Sequence[str], b: Sequence[str]) -> bool:
    """Return whether the literal ends of some part already rule out that two ARN patterns have anything in common.

    >>> apart(("arn", "aws", "s3", "", "", "calls/*"), ("arn", "aws", "s3", "", "", "notes/*"))
    True
    """
    return any(map(_clash, reversed(a), reversed(b)))  # the names, which tell most apart, come last
