"""Reads the text of a dump piece by piece, so that it never has to be in memory as a whole.

Only the lists and objects around the entries are walked here. Entries that are plainly right are decoded many at once
(:mod:`lexgraph.account.packed`). An entry that is not is read alone and strictly, with the rules of
:mod:`lexgraph.policy.jsontext`, and either means the same or is refused with its place. (An event-driven parser would
take several times as long, and would have to be held to those rules event by event.) Small and large files, files on
disk and texts in memory all take this way, so that they are read alike and are refused alike.

What stands first in this order is what a text is refused for: it is no JSON; it holds half a character; it is no such
dump, where the first place counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lexgraph.account.details import Details, is_page, not_an_account
from lexgraph.account.entries import LISTS, MORE, Spot, Where, pointer_of, what
from lexgraph.account.packed.plain import NotPlain
from lexgraph.account.window import Window, inside
from lexgraph.errors import AccountError, DocumentError, shown
from lexgraph.policy.jsontext import load_json

Json = Any
_MOST_KEYS = 10_000
# Characters of entries that are read at once: so few that what they become stays in the processor's cache.
MOST_AT_ONCE, FEWEST_AT_ONCE = 250_000, 500
_BETWEEN = re.compile(r'[ \t\n\r]*,[ \t\n\r]*\{[ \t\n\r]*"\w+"[ \t\n\r]*:')


def read_text(pieces: Iterator[str], details: Details, *, source: str, alone: bool = True) -> None:
    """Read the pages in the pieces of a text into `details`; `alone` where they are the whole account.

    Raises AccountError, after it has read everything, so that bytes at the end that are no text are found first.
    """
    try:
        _Walker(Window(pieces, source), details, source).text(alone=alone)
    except DocumentError as error:
        found = error.into(AccountError)
    else:
        return
    for _ in pieces:
        pass
    raise found


class Run:
    """How far entries of a list are read at once: up to `most` characters, as long as they begin as the last one."""

    def __init__(self) -> None:
        self.most = MOST_AT_ONCE
        self.between = ""

    def learn(self, window: Window) -> None:
        """Learn what stands between two entries, where the window stands behind one."""
        found = _BETWEEN.match(window.text, window.at)
        self.between = "}" + found.group() if found else self.between

    def end(self, window: Window) -> int:
        """Return where the last entry ends that may be read at once; where the window stands if none may."""
        if not self.between:
            return window.at
        # Where this lies within an entry, what comes before is no list of whole entries, and is not read so.
        return max(window.text.rfind(self.between, window.at, window.at + self.most) + 1, window.at)

    def size(self, *, plain: bool) -> bool:
        """Take more at once the next time, or less, after entries that were plainly right or not; return whether it is
        another number of characters.
        """
        before = self.most
        self.most = min(2 * before, MOST_AT_ONCE) if plain else max(before // 4, FEWEST_AT_ONCE)
        return self.most != before


class _Walker:
    """Walks the pages of one text."""

    def __init__(self, window: Window, details: Details, source: str) -> None:
        self.window = window
        self.details = details
        self.source = source
        self.broken: DocumentError | None = None  # half a character
        self.wrong: AccountError | None = None  # not in the form of such a dump

    def text(self, *, alone: bool) -> None:
        """Read everything."""
        if self.window.peek() == "[":
            self.pages()
        else:
            self.page((), alone=alone)
        if self.window.peek():
            raise self.window.syntax_error("Extra data")
        if found := self.broken or self.wrong:
            raise found

    def pages(self) -> None:
        """Read a list of pages."""
        start, number = self.window.here(), 0
        for number in self.items():
            self.page((number,), alone=False)
            number += 1
        if not number:
            self.refuse("NOT_AN_ACCOUNT", (), not_an_account([]), start)

    def page(self, at: Where, *, alone: bool) -> None:
        """Read one page."""
        start = self.window.here()
        if self.window.peek() != "{":
            self.refuse("NOT_AN_ACCOUNT", at, not_an_account(self.value(at)), start)
            return
        told: dict[str, Json] = {}
        before = self.wrong
        for name in self.names(at):
            told[name] = None
            if name in LISTS and self.window.peek() == "[":
                self.list(name, at)
            else:
                told[name] = self.member(name, at)
        if is_page(told):
            self.details.page_ends(told, alone=alone)
        else:
            self.wrong = before  # an organization's Policies are no such entries as are read here
            self.refuse("NOT_AN_ACCOUNT", at, not_an_account(told), start)

    def member(self, name: str, at: Where) -> Json:
        """Read what stands in a page beside the lists, of which little is kept."""
        start = self.window.here()
        value = self.value((*at, name))
        if name in LISTS and value is not None:
            self.refuse("DATA_TYPE_MISMATCH", (*at, name), f"{name} must be a list, not {what(value)}", start)
        return value if isinstance(value, bool) else name == MORE and bool(value)

    def list(self, name: str, at: Where) -> None:
        """Read one of the four lists: many entries at once where they are plainly right, else one by one."""
        number, run = 0, Run()
        for _ in self.items():
            read = self.many(name, run)
            if not read:
                run.size(plain=self.entry(name, (*at, name, number)))
                run.learn(self.window)
                read = 1
            number += read

    def many(self, name: str, run: Run) -> int:
        """Read entries that lie in what was read of the text, and return how many; none where one is not plain."""
        window = self.window
        if self.wrong is not None or self.broken is not None:
            return 0
        window.fill(run.most)
        while (end := run.end(window)) > window.at:
            if read := self.plainly(name, end):
                run.size(plain=True)
                return read
            if not run.size(plain=False):
                break
        return 0

    def plainly(self, name: str, end: int) -> int:
        """Read the entries from here to `end`, and go there; return how many, none where one is not plain."""
        window = self.window
        if window.may_hold_surrogates(end):
            return 0
        try:
            read = self.details.packed.read(name, f"[{window.text[window.at : end]}]".encode())
        except NotPlain:
            return 0
        window.at = end
        return read

    # Values -------------------------------------------------------------------------------------------------

    def entry(self, name: str, at: Where) -> bool:
        """Read one entry of a list, and return whether it was plainly right."""
        window = self.window
        end = window.scan(at)[1]
        if self.wrong is None and self.broken is None and self.plainly(name, end):
            return True
        value = self.strictly(at, end)
        if self.wrong is None and self.broken is None:
            if isinstance(value, dict) and self.details.packed.learn(name, value) and self.plainly(name, end):
                return True
            self.details.spot = Spot(window.text[window.at : end], window.places(), at)
            try:
                self.details.entry(name, value, at)
            except AccountError as error:
                self.wrong = error
            self.details.spot = None
        window.at = end
        return False

    def value(self, at: Where) -> Json:
        """Read any value."""
        _, end = self.window.scan(at)
        value = self.strictly(at, end)
        self.window.at = end
        return value

    def strictly(self, at: Where, end: int) -> Json:
        """Return the value from here to `end` by the rules of a whole document, with its keys checked."""
        window = self.window
        try:
            return load_json(window.text[window.at : end], source=self.source, place=window.places())
        except DocumentError as error:
            found = inside(error, at)
        if found.code != "INVALID_CHARACTER":
            raise found
        self.broken = self.broken or found
        return None

    # Lists and objects --------------------------------------------------------------------------------------

    def items(self) -> Iterator[int]:
        """Yield the number of each item of the list that begins here; whoever asks reads the item."""
        window, number = self.window, 0
        window.at += 1
        if window.peek() == "]":
            window.at += 1
            return
        while True:
            window.peek()
            yield number
            number += 1
            if not self.another("]"):
                return

    def names(self, at: Where) -> Iterator[str]:
        """Yield each key of the object that begins here; whoever asks reads the value."""
        window = self.window
        window.at += 1
        if window.peek() == "}":
            window.at += 1
            return
        met: dict[str, tuple[int, int]] = {}
        twice: DocumentError | None = None
        while True:
            if window.peek() != '"':
                raise window.syntax_error("Expecting property name enclosed in double quotes")
            where, name = window.here(), str(self.value(at))
            if name in met:
                twice = twice or self.stands_twice((*at, name), met[name], where)
            met[name] = where
            if len(met) > _MOST_KEYS:
                raise window.too_large(at, f"more than {_MOST_KEYS:,} keys in one object")
            if window.peek() != ":":
                raise window.syntax_error("Expecting ':' delimiter")
            window.at += 1
            window.peek()
            yield name
            if not self.another("}"):
                break
        if twice is not None:
            raise twice

    def another(self, end: str) -> bool:
        """Go on to the next item, or past the end."""
        char = self.window.peek()
        if char != "," and char != end:
            raise self.window.syntax_error("Expecting ',' delimiter")
        self.window.at += 1
        return char == ","

    # What is wrong ------------------------------------------------------------------------------------------

    def refuse(self, code: str, at: Where, message: str, place: tuple[int, int]) -> None:
        """Keep what is wrong with the form, if nothing was before."""
        line, column = place
        pointer = pointer_of(at)
        error = AccountError(message, code=code, pointer=pointer, line=line, column=column, source=self.source)
        self.wrong = self.wrong or error

    def stands_twice(self, at: Where, first: tuple[int, int], place: tuple[int, int]) -> DocumentError:
        """Return the error for a key that stands in an object twice."""
        start = f"the key {shown(at[-1])} stands twice in one object, first at {first[0]}:{first[1]}"
        return DocumentError(
            f"{start}; one of the two would be lost",
            code="DUPLICATE_KEY",
            pointer=pointer_of(at),
            line=place[0],
            column=place[1],
            source=self.source,
        )
