"""JSON as policies need it: duplicate keys refused, numbers kept as written, every value's place known when it is
asked for.

The standard library's parser does the work; only when something is wrong, or a place is wanted, is the text read
again by a small scanner that keeps positions and cannot overflow the stack.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from lexgraph.errors import DocumentError, shown
from lexgraph.policy.grammar import MAX_DEPTH, MAX_DIGITS
from lexgraph.policy.model import Number

Json = Any
Place = Callable[[int], tuple[int, int]]
_TOKEN = re.compile(r'[ \t\n\r]*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+)', re.S)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LONE_SURROGATE = "half of a surrogate pair (\\ud800 to \\udfff) stands alone; it is no character"


class Trouble(ValueError):
    """Raised inside the parser's hooks; the scanner then finds out where."""


@dataclass(slots=True)
class Places:
    """Where things stand in a text: offsets of values and keys by JSON pointer, keys given twice, and the deepest
    nesting.
    """

    values: dict[str, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    twice: list[tuple[str, int, int]] = field(default_factory=list)
    depth: int = 0
    too_deep: int | None = None


def load_json(data: str | bytes, *, source: str | None = None, place: Place | None = None) -> Json:
    """Return the value of a JSON text; numbers are :class:`Number`.

    `place` tells line and column of an offset where the text is a part of a longer one. Raises DocumentError:
    JSON_SYNTAX_ERROR, DUPLICATE_KEY, TOO_DEEP, INVALID_ENCODING, INVALID_CHARACTER.

    >>> load_json('{"Version": "2012-10-17"}')
    {'Version': '2012-10-17'}
    """
    text = decode(data, source=source)
    place = place or partial(locate, text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        _refuse_deep(text, source, place)
        raise syntax_error(error.msg, place(error.pos), source) from None
    except RecursionError:
        raise _too_deep(place(find_places(text).too_deep or 0), source) from None
    except Trouble as trouble:
        _refuse_deep(text, source, place)
        raise _located(trouble, text, source, place) from None
    if may_hold_surrogates(text):
        _refuse_surrogates(value, text, source, place)
    return value


def syntax_error(message: str, at: tuple[int, int], source: str | None) -> DocumentError:
    """Return the error for a text that is not JSON from a place on."""
    line, column = at
    message = f"this is not JSON: {message}"
    return DocumentError(message, code="JSON_SYNTAX_ERROR", line=line, column=column, source=source)


def may_hold_surrogates(text: str) -> bool:
    """Return whether half of a surrogate pair may stand in a text, as an escape or as itself."""
    # The backslash alone is looked for first: a text without one is the common case, and one character is found fast.
    if "\\" in text and _SURROGATE.search(text) is not None:
        return True
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def decode(data: str | bytes, *, source: str | None = None) -> str:
    """Return the text of a document, or say by name what it is instead of UTF-8."""
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    refuse_signature(data, source)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(error.start, source) from None


def refuse_signature(data: bytes, source: str | None) -> None:
    """Raise DocumentError where bytes begin as something else does."""
    for start, what in _SIGNATURES:
        if data.startswith(start):
            raise DocumentError(f"this is {what}, not UTF-8 text", code="INVALID_ENCODING", source=source)


def not_utf8(byte: int, source: str | None) -> DocumentError:
    """Return the error for bytes that are no UTF-8 text from one on."""
    return DocumentError(f"byte {byte:,} is not UTF-8 text", code="INVALID_ENCODING", source=source)


_SIGNATURES = (
    (b"\x1f\x8b", "gzip-compressed (unpack it first)"),
    (b"PK\x03\x04", "a zip archive (unpack it first)"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"{\x00", "UTF-16"),
    (b"\x00{", "UTF-16"),
    (b"%PDF", "a PDF"),
)


def locate(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of an offset into `text`."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def locator(text: str) -> Callable[[int], tuple[int, int]]:
    """Return a function that does what :func:`locate` does, for a text of which many places are asked."""
    ends = [match.start() for match in re.finditer("\n", text)]

    def place(offset: int) -> tuple[int, int]:
        line = bisect_left(ends, offset)
        return line + 1, offset - (ends[line - 1] if line else -1)

    return place


def escape_pointer(key: str) -> str:
    """Return a key as a part of an RFC 6901 pointer.

    >>> escape_pointer("a/b~c")
    'a~1b~0c'
    """
    return key.replace("~", "~0").replace("/", "~1")


def find_places(text: str) -> Places:
    """Return where every value and key of a JSON text stands; a text that is no JSON gives what could be read."""
    places, path, keys = Places(), [], []  # type: Places, list[Any], list[set[str] | None]
    expect_key = False
    for at, token in _tokens(text):
        if token in "]}":
            if not keys:
                break
            keys.pop()
            path.pop()
            expect_key = False
        elif token == ",":
            if not keys:
                break
            if keys[-1] is None:
                path[-1] += 1
            expect_key = keys[-1] is not None
        elif token == ":":
            expect_key = False
        elif expect_key:
            path[-1] = _unquote(token)
            _note_key(places, keys[-1], path, at)
        else:
            places.values.setdefault(_pointer(path), at)
            if token in "[{":
                keys.append(set() if token == "{" else None)
                path.append("" if token == "{" else 0)
                expect_key = token == "{"
                places.depth = max(places.depth, len(keys))
                if len(keys) > MAX_DEPTH:
                    places.too_deep = at
                    break
    return places


def _note_key(places: Places, seen: set[str] | None, path: list[Any], at: int) -> None:
    pointer = _pointer(path)
    if seen is not None and path[-1] in seen:
        places.twice.append((pointer, places.keys[pointer], at))
    if seen is not None:
        seen.add(path[-1])
    places.keys.setdefault(pointer, at)


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while match := _TOKEN.match(text, at):
        yield match.start(1), match.group(1)
        at = match.end()


def _pointer(path: list[Any]) -> str:
    return "".join(f"/{part if isinstance(part, int) else escape_pointer(part)}" for part in path)


def _unquote(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def _pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(items)
    if len(found) != len(items):
        raise Trouble("DUPLICATE_KEY")
    return found


def _constant(name: str) -> Json:
    raise Trouble(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=Number, parse_float=Number, parse_constant=_constant)
# Reads one value at an offset and returns it with its end. An object comes as the tuple of its keys and values: that is
# quicker than a dict, and a key that stands twice is still there twice.
scan_pairs: Callable[[str, int], tuple[Json, int]] = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=Number, parse_float=Number, parse_constant=_constant
).raw_decode


def _located(trouble: Trouble, text: str, source: str | None, place: Place) -> DocumentError:
    name = str(trouble)
    places = find_places(text)
    if name == "DUPLICATE_KEY" and places.twice:
        pointer, first, second = places.twice[0]
        (line0, column0), (line, column) = place(first), place(second)
        key = shown(pointer.rpartition("/")[2])
        return DocumentError(
            f"the key {key} stands twice in one object, first at {line0}:{column0}; one of the two would be lost",
            code="DUPLICATE_KEY",
            pointer=pointer,
            line=line,
            column=column,
            source=source,
        )
    starts = (at for at, token in _tokens(text) if token.startswith(name))
    line, column = place(next(starts, text.find(name)))
    return DocumentError(f"{name} is not JSON", code="JSON_SYNTAX_ERROR", line=line, column=column, source=source)


def too_deep(offset: int, text: str, source: str | None) -> DocumentError:
    """Return the error for a text that is nested too deep at `offset`."""
    return _too_deep(locate(text, offset), source)


def _too_deep(at: tuple[int, int], source: str | None) -> DocumentError:
    line, column = at
    message = f"nested deeper than {MAX_DEPTH} levels"
    return DocumentError(message, code="TOO_DEEP", line=line, column=column, source=source)


def _refuse_deep(text: str, source: str | None, place: Place) -> None:
    if (offset := find_places(text).too_deep) is not None:
        raise _too_deep(place(offset), source)


def _refuse_surrogates(value: Json, text: str, source: str | None, place: Place) -> None:
    stack: list[tuple[str, Json]] = [("", value)]
    while stack:
        pointer, item = stack.pop()
        if isinstance(item, dict):
            for key, inner in item.items():
                stack.append((f"{pointer}/{escape_pointer(key)}", key))
                stack.append((f"{pointer}/{escape_pointer(key)}", inner))
        elif isinstance(item, list):
            stack.extend((f"{pointer}/{i}", inner) for i, inner in enumerate(item))
        elif isinstance(item, str) and any("\ud800" <= char <= "\udfff" for char in item):
            line, column = place(find_places(text).values.get(pointer, 0))
            raise DocumentError(
                _LONE_SURROGATE,
                code="INVALID_CHARACTER",
                pointer=pointer,
                line=line,
                column=column,
                source=source,
            )


# Values that were not read from a text -------------------------------------------------------------------------------


_TOO_BIG = 10**MAX_DIGITS


def refuse_non_json(value: Json, *, source: str | None = None) -> None:
    """Raise DocumentError where a Python value is nothing that a JSON text could have said.

    >>> refuse_non_json({"Sid": float("nan")})
    Traceback (most recent call last):
    lexgraph.errors.DocumentError: nan is no JSON value (/Sid)
    """
    if _is_plainly_json(value):
        return
    stack: list[tuple[str, int, Json]] = [("", 1, value)]
    while stack:
        pointer, depth, item = stack.pop()
        if isinstance(item, Mapping):
            stack += [(f"{pointer}/{escape_pointer(_key(k, pointer, source))}", depth + 1, v) for k, v in item.items()]
        elif isinstance(item, list | tuple):
            stack += [(f"{pointer}/{i}", depth + 1, v) for i, v in enumerate(item)]
        else:
            _refuse_scalar(item, pointer, source)
            continue
        if depth > MAX_DEPTH:
            _refuse(f"nested deeper than {MAX_DEPTH} levels", "TOO_DEEP", pointer, source)


def _is_plainly_json(value: Json) -> bool:
    """Whether a value is at first sight what JSON could have said; it is so nearly always, and this is quick."""
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Json] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                if not all(type(key) is str and key.isascii() for key in item):
                    return False
                inner += item.values()
            elif kind is list:
                inner += item
            elif not (kind in (str, Number) and item.isascii()) and item is not None and kind is not bool:
                return False
        if not inner:
            return True
        level = inner
    return False


def _key(key: Json, pointer: str, source: str | None) -> str:
    if not isinstance(key, str):
        message = f"the name of an element must be a string, not {shown(repr(key))}"
        _refuse(message, "DATA_TYPE_MISMATCH", pointer, source)
    _refuse_scalar(key, pointer, source)
    return str(key)


def _refuse_scalar(item: Json, pointer: str, source: str | None) -> None:
    if isinstance(item, str):
        if not item.isascii() and any("\ud800" <= char <= "\udfff" for char in item):
            _refuse(_LONE_SURROGATE, "INVALID_CHARACTER", pointer, source)
    elif isinstance(item, float) and not math.isfinite(item):
        _refuse(f"{item} is no JSON value", "DATA_TYPE_MISMATCH", pointer, source)
    elif isinstance(item, int) and abs(item) >= _TOO_BIG:
        _refuse(f"a number of more than {MAX_DIGITS:,} digits", "NUMBER_TOO_LONG", pointer, source)


def _refuse(message: str, code: str, pointer: str, source: str | None) -> NoReturn:
    raise DocumentError(message, code=code, pointer=pointer, source=source)
