"""Two questions about patterns that are asked thousands of times: have they anything in common, does one cover the
other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lexgraph.policy.arn import PARTS, split_arn
from lexgraph.policy.intersect import covers, intersect
from lexgraph.policy.patterns import compile_glob, is_pattern

_MOST_PER_HEAD = 32
_MOST_MARKS = 8
_VARIABLE = re.compile(r"\$\{[^}]*\}")


def without_variables(pattern: str) -> str:
    """Return `pattern` with a star for each policy variable.

    >>> without_variables("user/${aws:username}")
    'user/*'
    """
    return _VARIABLE.sub("*", pattern) if "${" in pattern else pattern


@lru_cache(16_384)
def overlap(a: str, b: str) -> bool:
    """Return whether some text matches both patterns.

    >>> overlap("bot/*", "*/Orders"), overlap("bot/*", "user/*")
    (True, False)
    """
    if not is_pattern(a):
        return compile_glob(b)(a)
    if not is_pattern(b):
        return compile_glob(a)(b)
    if "*" not in a or "*" not in b:
        return bool(intersect(a, b))
    # Both have a star: heads and tails that fit each other are enough, the stars take the pieces of the other.
    return _fit(a.partition("*")[0], b.partition("*")[0]) and _fit(
        a.rpartition("*")[2][::-1], b.rpartition("*")[2][::-1]
    )


def _fit(a: str, b: str) -> bool:
    if "?" not in a and "?" not in b:
        return a.startswith(b) or b.startswith(a)
    return all(x == y or "?" in (x, y) for x, y in zip(a, b, strict=False))


@lru_cache(16_384)
def wider(wide: str, narrow: str) -> bool:
    """Return whether the resource pattern `wide` matches everything that `narrow` does, part by part (rule R1).

    >>> wider("arn:aws:s3:::b*", "arn:aws:s3:::bucket/x"), wider("arn:aws:s3:*:*:x", "arn:aws:s3:::x")
    (True, True)
    """
    if wide in ("*", narrow):
        return True
    left, right = split_arn(wide, variables=True), split_arn(narrow, variables=True)
    if len(left) < PARTS or len(right) < PARTS or "${" in wide:
        return False
    return all(a == b or (is_pattern(a) and _covers_part(a, b)) for a, b in zip(left, right, strict=True))


def _covers_part(wide: str, narrow: str) -> bool:
    if wide == "*":
        return True
    if not narrow.startswith(head(wide)):
        return False
    # Each "?" of the wider one doubles the work where the narrower one has stars; nobody writes many.
    return ("*" not in narrow or wide.count("?") <= _MOST_MARKS) and covers(wide, narrow)


def head(pattern: str) -> str:
    """Return what a pattern begins with, up to its first wildcard."""
    return pattern.partition("*")[0].partition("?")[0]


class Covers:
    """Finds the patterns of a list that may cover another: those whose literal beginning is a beginning of it.

    Of patterns that all begin alike (``*a``, ``*b``, …) the first 32 are looked at, so that no list takes long.
    """

    def __init__(self) -> None:
        self._by_head: dict[str, list[tuple[str, Any]]] = {}
        self._lengths: tuple[int, ...] = ()

    def add(self, pattern: str, value: Any) -> None:
        """Add a pattern with what it stands for, if it has a wildcard."""
        if is_pattern(pattern):
            start = head(pattern)
            found = self._by_head.setdefault(start, [])
            if len(found) < _MOST_PER_HEAD:
                found.append((pattern, value))
            if len(start) not in self._lengths:
                self._lengths = (*self._lengths, len(start))

    def of(self, narrow: str) -> Iterator[tuple[str, Any]]:
        """Yield the patterns, with what they stand for, that may cover `narrow`."""
        for length in self._lengths:
            if length <= len(narrow):
                yield from self._by_head.get(narrow[:length], ())
