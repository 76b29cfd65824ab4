"""What can go wrong, as one tree.

LexgraphError
├── DocumentError           something read is not what it should be; knows code, pointer, line and column
│   ├── PolicyError         a policy document
│   ├── AccountError        an account dump, or what stands beside it
│   └── CaseError           a case of ``lexgraph simulate``
├── RequestError            a request, or a context value, that no caller could send
├── CatalogError            a name that the bundled data do not know
├── UnsupportedError        a question that this version refuses to guess at
└── ExportError             a file that could not be written as asked
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

SHOWN = 200


def shown(value: object) -> str:
    """Return `value` as a message may show it: quoted, control and bidi characters as code points, cut.

    >>> shown("Allow\\u202e")
    '"Allow\\\\u202e"'
    """
    text = value if isinstance(value, str) else str(value)
    if len(text) <= SHOWN and text.isascii() and text.isprintable():
        return f'"{text}"' if isinstance(value, str) else text
    cut = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    body = "".join(c if c == "…" or (c.isprintable() and c <= "ÿ") else _code_point(c) for c in cut)
    return f'"{body}"' if isinstance(value, str) else body


def _code_point(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "policy", "policies"), counted(2, "error")
    ('1 policy', '2 errors')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


class LexgraphError(Exception):
    """The root of every error that lexgraph raises on purpose; `code` is stable, the message is for people."""

    def __init__(self, message: str, *, code: str = "ERROR") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


D = TypeVar("D", bound="DocumentError")


class DocumentError(LexgraphError):
    """A document that cannot be used, and the place in it.

    Attributes: `code`, `message` (without the place), `pointer` (RFC 6901, ``""`` for the whole document), `line` and
    `column` (from 1, or None where only a Python value was given), `source` (a file's name, or None), `others` (further
    errors of the same document).
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        pointer: str = "",
        line: int | None = None,
        column: int | None = None,
        source: str | None = None,
        others: Sequence[DocumentError] = (),
    ) -> None:
        super().__init__(message, code=code)
        self.pointer = pointer
        self.line = line
        self.column = column
        self.source = source
        self.others = tuple(others)

    def into(self, kind: type[D], **changes: Any) -> D:
        """Return the same error as another kind, with some attributes changed."""
        kept = {name: getattr(self, name) for name in ("code", "pointer", "line", "column", "source", "others")}
        return kind(self.message, **{**kept, **changes})

    def __str__(self) -> str:
        text = f"{self.message} ({self.place})" if self.place else self.message
        if self.others:
            text += f" [and {len(self.others)} more]"
        return text

    @property
    def place(self) -> str:
        """The place in words: ``bad.json:4:17, /Statement/0/Effect``."""
        spot = ":".join(shown(part)[1:-1] for part in (self.source,) if part)
        if self.line is not None:
            spot = f"{spot}:{self.line}:{self.column}" if spot else f"line {self.line}, column {self.column}"
        return ", ".join(part for part in (spot, shown(self.pointer)[1:-1]) if part)


class PolicyError(DocumentError):
    """A policy document that AWS would refuse, or that is no policy at all."""


class AccountError(DocumentError):
    """An account dump that is not in the form of ``aws iam get-account-authorization-details``."""


class CaseError(DocumentError):
    """A simulation case that is not in the promised form."""


class RequestError(LexgraphError):
    """A request that could not be made: a malformed ARN or action, a context value of the wrong type."""

    def __init__(self, message: str, *, code: str, pointer: str = "") -> None:
        super().__init__(message, code=code)
        self.pointer = pointer


class CatalogError(LexgraphError):
    """A name that the bundled catalogue does not know."""

    def __init__(self, message: str, *, code: str = "UNKNOWN_NAME") -> None:
        super().__init__(message, code=code)


class UnsupportedError(LexgraphError):
    """A question whose answer would be a guess; the message says what is missing."""

    def __init__(self, message: str, *, code: str = "UNSUPPORTED") -> None:
        super().__init__(message, code=code)


class ExportError(LexgraphError):
    """A file that could not be written as asked."""

    def __init__(self, message: str, *, code: str = "EXPORT") -> None:
        super().__init__(message, code=code)
