"""Many values at once: the columns of many objects, and a number for each of the values that repeat.

What is done here is done for a whole list by functions written in C; a step of Python for each value of a large account
would take most of the time that reading it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count, filterfalse, islice
from operator import attrgetter
from types import GenericAlias
from typing import Any, Generic, TypeVar

from msgspec import NODEFAULT, MsgspecError, Raw, Struct
from msgspec.json import Decoder

from lexgraph.account.packed.plain import NotPlain, value_in
from lexgraph.account.packed.written import NOTHING
from lexgraph.policy.grammar import MAX_DEPTH

Json = Any
T = TypeVar("T")
_SPACE = b" \t\n\r"


def keys_in(text: bytes) -> int:
    """Return how many keys stand in a JSON text, or more, where a string begins with a colon.

    A key that ends in a backslash does not count: what is decoded has none, and a piece that is kept as it is
    written counts for as much alone as in the whole text.

    >>> keys_in(b'{"a": {"b" : "{\\\\"c\\\\": 1}"}}')
    2
    """
    bare = text.translate(None, _SPACE)
    found = bare.count(b'":')
    # A quotation mark behind a backslash ends no string that is of interest: it lies within one.
    return found - bare.count(b'\\":') if b"\\" in bare else found


class Columns:
    """What objects of one kind hold, attribute by attribute, and how many `keys` were written for that.

    >>> from lexgraph.account.packed.written import Tag
    >>> found = Columns(Tag, [Tag("Team", "Support"), Tag("Cost", "1")])
    >>> found["key"], found.keys
    (['Team', 'Cost'], 4)
    """

    def __init__(self, kind: type[Struct], objects: Sequence[Any]) -> None:
        names, defaults = kind.__struct_fields__, kind.__struct_defaults__
        self.columns = {name: list(map(attrgetter(name), objects)) for name in names}
        self.keys = len(names) * len(objects)
        for name, default in zip(reversed(names), reversed(defaults), strict=False):
            if default is not NODEFAULT:
                self.keys -= self.columns[name].count(default)

    def __getitem__(self, name: str) -> list[Any]:
        return self.columns[name]


class Known(dict[Any, int]):
    """A number for each distinct value, in the order in which they were met.

    `check` looks at values that are new, and raises NotPlain where one is not right; then none of them is kept.

    >>> known = Known()
    >>> known.numbers(["a", "b", "a"]), list(known)
    ([0, 1, 0], ['a', 'b'])
    """

    __slots__ = ("check",)

    def __init__(self, check: Callable[[list[Any]], None] | None = None) -> None:
        super().__init__()
        self.check = check

    def numbers(self, values: Sequence[Any]) -> list[int]:
        """Return the number of each value. Raises NotPlain."""
        before = len(self)
        found = list(map(self.setdefault, values, count(before)))
        if len(self) == before:
            return found
        # What is new has too high a number where values repeat.
        fresh = list(islice(reversed(self), len(self) - before))[::-1]
        try:
            if self.check is not None:
                self.check(fresh)
        except NotPlain:
            for _ in fresh:
                self.popitem()
            raise
        self.update(zip(fresh, count(before), strict=False))
        return list(map(self.__getitem__, values))


class Pieces(Generic[T]):
    """Pieces of JSON that repeat, each read once.

    `read` makes values of a list of pieces, or raises NotPlain where one is not right. They stand in `values` by their
    numbers; number 0, whose value is None, is that of a piece that is not there.

    >>> pieces = Pieces(one_by_one(len))
    >>> pieces.numbers([Raw(b"[1, 2]"), NOTHING, Raw(b"[1, 2]")]), pieces.values
    ([1, 0, 1], [None, 2])
    """

    def __init__(self, read: Callable[[list[bytes]], list[T]]) -> None:
        self.read = read
        self.known: dict[bytes | None, int] = {None: 0}
        self.values: list[Any] = [None]
        self.keys = [0]  # how many keys stand in each

    def numbers(self, pieces: Iterable[Raw]) -> list[int]:
        """Return the number of each piece. Raises NotPlain."""
        written: list[Any] = [None if piece is NOTHING else bytes(piece) for piece in pieces]
        found: list[Any] = list(map(self.known.get, written))
        if None in found:
            fresh = list(dict.fromkeys(filterfalse(self.known.__contains__, written)))
            self.values += self.read(fresh)
            self.keys += map(keys_in, fresh)
            self.known.update(zip(fresh, count(len(self.known)), strict=False))
            found = list(map(self.known.__getitem__, written))
        return found

    def keys_of(self, numbers: Iterable[int]) -> int:
        """Return how many keys stand in pieces, by their numbers."""
        return sum(map(self.keys.__getitem__, numbers))

    def forget(self) -> None:
        """Forget how the pieces were written, and keep their values."""
        self.known, self.keys = {}, []


def one_by_one(read: Callable[[Json], T]) -> Callable[[list[bytes]], list[T]]:
    """Return a function that reads pieces, by one that reads their values as
    :func:`lexgraph.policy.jsontext.scan_pairs` gives them.
    """
    return partial(_each, read)


def _each(read: Callable[[Json], T], pieces: list[bytes]) -> list[T]:
    if any(piece.count(b"[") + piece.count(b"{") > MAX_DEPTH // 2 for piece in pieces):
        raise NotPlain  # so that no entry is nested too deep
    return [read(value_in(piece.decode())) for piece in pieces]


def decoder_of(kind: type[Struct]) -> Decoder[list[Any]]:
    """Return a decoder of lists of objects of one kind."""
    return Decoder(GenericAlias(list, (kind,)))


def together(decoder: Decoder[list[T]], pieces: list[bytes]) -> list[T]:
    """Return the values of pieces, each of which is the JSON of one, by a decoder of lists. Raises NotPlain."""
    return decoded_by(decoder, b"[%b]" % b",".join(pieces))


def decoded_by(decoder: Decoder[T], text: bytes) -> T:
    """Return what a decoder reads. Raises NotPlain."""
    try:
        return decoder.decode(text)
    except (MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotPlain from None


def texts(values: list[Any]) -> list[str]:
    """Return texts, of which none may be empty. Raises NotPlain."""
    if "" in values:
        raise NotPlain
    return values


def joined(values: Sequence[str]) -> str:
    """Return texts as one, which takes less memory, for :func:`divided`. Raises NotPlain where one has two lines."""
    text = "\n".join(values)
    if text.count("\n") != max(0, len(values) - 1):
        raise NotPlain
    return text


def divided(text: str, number: int) -> list[str]:
    """Return the texts that :func:`joined` made one.

    >>> divided(joined(["a", "b"]), 2)
    ['a', 'b']
    """
    return text.split("\n") if number else []
