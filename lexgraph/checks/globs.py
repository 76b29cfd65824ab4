"""Two questions about patterns that are asked thousands of times: have they anything in common, does one cover the
other.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lexgraph.policy.arn import PARTS, split_arn
from lexgraph.policy.intersect import covers, intersect
from lexgraph.policy.patterns import compile_glob, is_pattern

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
    if "?" in a or "?" in b or "*" not in a or "*" not in b:
        return bool(intersect(a, b))
    # Both have a star: heads and tails that fit each other are enough, the stars take the pieces of the other.
    heads = a[: a.index("*")], b[: b.index("*")]
    tails = a[a.rindex("*") + 1 :], b[b.rindex("*") + 1 :]
    return _fit(*heads, start=True) and _fit(*tails, start=False)


def _fit(a: str, b: str, *, start: bool) -> bool:
    if start:
        return a.startswith(b) or b.startswith(a)
    return a.endswith(b) or b.endswith(a)


@lru_cache(16_384)
def wider(wide: str, narrow: str) -> bool:
    """Return whether the resource pattern `wide` matches everything that `narrow` does, part by part (rule R1).

    >>> wider("arn:aws:s3:::b*", "arn:aws:s3:::bucket/x"), wider("arn:aws:s3:*:*:x", "arn:aws:s3:::x")
    (True, True)
    """
    if wide in ("*", narrow):
        return True
    left, right = split_arn(wide), split_arn(narrow)
    if len(left) < PARTS or len(right) < PARTS or "${" in wide:
        return False
    return all(a == b or (is_pattern(a) and covers(a, b)) for a, b in zip(left, right, strict=True))
