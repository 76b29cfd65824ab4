"""Patterns with ``*`` and ``?``, matched in time linear in the text (rules S2, S6).

Not fnmatch and not regex: IAM has no character classes, so ``[`` is an ordinary character. A pattern is split at its
stars once; a test then only looks for the pieces, from left to right, which is right because the leftmost place of a
piece never spoils a later one.
"""

from __future__ import annotations

from collections.abc import Callable

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FOLD = str.maketrans(_UPPER, _UPPER.lower())
Matcher = Callable[[str], bool]


def ascii_lower(text: str) -> str:
    """Return `text` with ASCII letters folded and every other character kept (KELVIN SIGN is not ``k``).

    >>> ascii_lower("S3:GetObject")
    's3:getobject'
    """
    return text.lower() if text.isascii() else text.translate(_FOLD)


def is_pattern(text: str) -> bool:
    """Return whether `text` holds a wildcard."""
    return "*" in text or "?" in text


def compile_glob(pattern: str) -> Matcher:
    """Return a test for `pattern`: ``*`` is any run, ``?`` exactly one character, nothing else is special.

    >>> compile_glob("lex:Get*s")("lex:GetBots")
    True
    """
    if "?" in pattern:
        return _compile_with_marks(pattern)
    if "*" not in pattern:
        return pattern.__eq__
    head, *middle, tail = pattern.split("*")
    pieces = tuple(piece for piece in middle if piece)
    if not pieces and not tail:
        return (lambda text: True) if not head else (lambda text: text.startswith(head))
    least = len(head) + len(tail) + sum(map(len, pieces))

    def matches(text: str) -> bool:
        if len(text) < least or not text.startswith(head) or not text.endswith(tail):
            return False
        at, end = len(head), len(text) - len(tail)
        for piece in pieces:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return matches


def glob_match(pattern: str, text: str) -> bool:
    """Return whether `pattern` matches the whole of `text`.

    >>> glob_match("a[b]*", "ab"), glob_match("a?c", "abc")
    (False, True)
    """
    return compile_glob(pattern)(text)


def _compile_with_marks(pattern: str) -> Matcher:
    head, *rest = pattern.split("*")
    if not rest:
        return lambda text: len(text) == len(pattern) and _fits(pattern, text, 0)
    *middle, tail = rest
    pieces = tuple(piece for piece in middle if piece)
    least = len(head) + len(tail) + sum(map(len, pieces))

    def matches(text: str) -> bool:
        if len(text) < least or not _fits(head, text, 0) or not _fits(tail, text, len(text) - len(tail)):
            return False
        at, end = len(head), len(text) - len(tail)
        for piece in pieces:
            at = _find(piece, text, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return matches


def _fits(piece: str, text: str, at: int) -> bool:
    """Whether `piece`, a run without stars, stands in `text` at `at` (the caller has seen to the length)."""
    if "?" not in piece:
        return text.startswith(piece, at)
    return all(p in ("?", c) for p, c in zip(piece, text[at : at + len(piece)], strict=True))


def _find(piece: str, text: str, start: int, end: int) -> int:
    """The leftmost place of `piece` in ``text[start:end]``, or -1."""
    if "?" not in piece:
        return text.find(piece, start, end)
    for at in range(start, end - len(piece) + 1):
        if _fits(piece, text, at):
            return at
    return -1
