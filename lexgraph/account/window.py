"""The part of a long text that is being looked at: values are read from it one by one, and what lies behind is
forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any

from lexgraph.account.entries import Where, pointer_of
from lexgraph.errors import DocumentError
from lexgraph.policy.jsontext import Place, load_json, may_hold_surrogates, scan_pairs, syntax_error
from lexgraph.policy.model import Number

Json = Any
# More than any user, group, role or policy that AWS lets exist: 10,240 characters of inline policies and 8,192 of a
# trust policy, or five versions of 6,144 each, even where every character is an escape and the text is indented.
MOST_CHARACTERS = 4_000_000
_SPACE = re.compile(r"[ \t\n\r]*")
# As far from the end of what was read an escape or a word may be cut.
_CUT = 16


class Window:
    """What is being looked at is `text`, and there at `at`."""

    def __init__(self, pieces: Iterator[str], source: str) -> None:
        self.pieces = pieces
        self.source = source
        self.text = ""
        self.at = 0
        self.done = False
        self._mark = (0, 1, 1)  # an offset of `text` with its line and column
        self._start = (1, 1)  # line and column of the start of `text`

    # Going on -----------------------------------------------------------------------------------------------

    def more(self) -> bool:
        """Forget what lies before `at`, and add at least as much as is left; False at the end of the text."""
        if self.done:
            return False
        self._start = self.here()
        left = self.text[self.at :]
        parts, added = [left] if left else [], 0
        for piece in self.pieces:
            parts.append(piece)
            added += len(piece)
            if added > len(left):
                break
        else:
            self.done = True
        self.text, self.at = "".join(parts), 0
        self._mark = (0, *self._start)
        return added > 0

    def fill(self, size: int) -> None:
        """Read on where fewer characters than this are left."""
        if len(self.text) - self.at < size:
            self.more()

    def peek(self) -> str:
        """Pass white space and return the character there, nothing at the end."""
        if (char := self.text[self.at : self.at + 1]) > " ":  # as nearly always
            return char
        while True:
            match = _SPACE.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def scan(self, at: Where) -> tuple[Json, int]:
        """Return the value that begins here, as :func:`lexgraph.policy.jsontext.scan_pairs` does, and its end.

        Raises DocumentError, where it is no JSON or too large.
        """
        while True:
            try:
                value, end = scan_pairs(self.text, self.at)
            except (ValueError, RecursionError) as error:
                if self.done or not self.cut(error):
                    raise self.refused(at, error) from None
            else:
                # A number that ends where the text ends may go on.
                if self.done or end < len(self.text) or type(value) is not Number:
                    self.limit(at, end - self.at)
                    return value, end
            self.limit(at, len(self.text) - self.at)
            self.more()

    def cut(self, error: Exception) -> bool:
        """Return whether a value may only seem to be wrong because not all of it is here."""
        if not isinstance(error, JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos + _CUT >= len(self.text)

    # What is wrong ------------------------------------------------------------------------------------------

    def refused(self, at: Where, error: Exception) -> DocumentError:
        """Return why the value that begins here is no JSON, as a whole document would be refused."""
        stop = error.pos if isinstance(error, JSONDecodeError) else len(self.text)
        try:
            load_json(self.text[self.at : stop + _CUT], source=self.source, place=self.places())
        except DocumentError as found:
            return inside(found, at)
        return self.syntax_error(getattr(error, "msg", "Expecting value"))

    def limit(self, at: Where, size: int) -> None:
        """Raise DocumentError where a value of so many characters is no entry of an account."""
        if size > MOST_CHARACTERS:
            raise self.too_large(at, f"more than {MOST_CHARACTERS:,} characters in one entry")

    def too_large(self, at: Where, message: str) -> DocumentError:
        """Return the error for something that is larger than AWS lets it be."""
        line, column = self.here()
        return DocumentError(
            message, code="TOO_LARGE", pointer=pointer_of(at), line=line, column=column, source=self.source
        )

    def syntax_error(self, message: str) -> DocumentError:
        """Return the error for a text that is no JSON from here on."""
        return syntax_error(message, self.here(), self.source)

    def may_hold_surrogates(self, end: int) -> bool:
        """Return whether half a character may stand between here and `end`."""
        if self.text.isascii() and self.text.find("\\", self.at, end) < 0:
            return False
        return may_hold_surrogates(self.text[self.at : end])

    # Places -------------------------------------------------------------------------------------------------

    def here(self) -> tuple[int, int]:
        """Return line and column, from 1, of where the window stands."""
        return self.place(self.at)

    def places(self) -> Place:
        """Return a function that tells line and column of an offset from here."""
        start = self.at
        return lambda offset: self.place(start + offset)

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, of an offset of `text`."""
        if offset < self._mark[0]:
            self._mark = (0, *self._start)
        mark, line, column = self._mark
        if lines := self.text.count("\n", mark, offset):
            line, column = line + lines, offset - self.text.rfind("\n", mark, offset)
        else:
            column += offset - mark
        self._mark = offset, line, column
        return line, column


def inside(error: DocumentError, at: Where) -> DocumentError:
    """Return the error of a value as one of the text that it is in; where the text is no JSON there is no pointer."""
    if error.code not in ("DUPLICATE_KEY", "INVALID_CHARACTER"):
        return error
    return error.into(DocumentError, pointer=pointer_of(at) + error.pointer)
