"""From the bytes of a file, plain or gzip-compressed, to its text, piece by piece."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from lexgraph.errors import AccountError, DocumentError
from lexgraph.policy.jsontext import not_utf8, refuse_signature

GZIP = b"\x1f\x8b"
# Account dumps shrink to a tenth or a thirtieth; what grows a hundredfold when it is unpacked is no account.
MOST_GROWTH = 100
_SMALL = 1_000_000
# How many bytes are looked at together, and the fewest that show what a file is.
CHUNK = 1 << 20
_HEAD = 16


def unpacked(data: bytes, source: str | None = None) -> bytes:
    """Return what gzip packed, or `data` as it is. Raises AccountError where it is damaged, or grows too much."""
    return b"".join(_inflated((data,), len(data), source)) if data.startswith(GZIP) else data


def texts_in(chunks: Iterable[bytes], size: int | None, source: str | None) -> Iterator[str]:
    """Yield the text in the bytes of a file that has `size` bytes, None where nobody knows.

    Raises AccountError where they are no UTF-8 text, and where gzip packed them and they are damaged or grow too much.

    >>> "".join(texts_in([b'{"Poli', b'cies": []}'], 16, "a.json"))
    '{"Policies": []}'
    """
    chunks = _with_head(iter(chunks))
    first = next(chunks, b"")
    data = _chain(first, chunks)
    if first.startswith(GZIP):
        data = _with_head(_inflated(data, size, source))
    try:
        yield from _decoded(data, source)
    except DocumentError as error:
        raise error.into(AccountError) from None


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _with_head(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, the first of them in a piece that is long enough to show what they are."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    yield head
    yield from chunks


def _decoded(chunks: Iterator[bytes], source: str | None) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    head = next(chunks, b"")
    refuse_signature(head, source)
    before = len(head)
    head = head.removeprefix(codecs.BOM_UTF8)
    before -= len(head)
    for chunk in _chain(head, chunks):
        yield _decode(decoder, chunk, before, source, final=False)
        before += len(chunk)
    yield _decode(decoder, b"", before, source, final=True)


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, before: int, source: str | None, *, final: bool) -> str:
    waiting = len(decoder.getstate()[0])  # bytes of a character that the chunk before cut
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        raise not_utf8(before - waiting + error.start, source) from None


def _inflated(chunks: Iterable[bytes], size: int | None, source: str | None) -> Iterator[bytes]:
    """What gzip packed into one or several members; zeros after the last are padding."""
    given = made = 0
    unpacker: Any = zlib.decompressobj(wbits=31)
    taken = 0
    for chunk in chunks:
        given += len(chunk)
        full = False  # whether there was more to give than a chunk
        while chunk or full:
            if unpacker.eof:
                chunk, full = chunk.lstrip(b"\0"), False
                unpacker, taken = zlib.decompressobj(wbits=31), 0
                continue
            found = _step(unpacker, chunk, source)
            taken += len(chunk)
            made += len(found)
            if made > MOST_GROWTH * (size or given) + _SMALL:
                message = f"unpacked it would be more than {MOST_GROWTH} times as large, which no account is"
                raise AccountError(message, code="TOO_LARGE", source=source)
            yield found
            full = len(found) == CHUNK
            chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if taken and not unpacker.eof:
        raise AccountError("the gzip data end early", code="INVALID_ENCODING", source=source)


def _step(unpacker: Any, packed: bytes, source: str | None) -> bytes:
    try:
        found: bytes = unpacker.decompress(packed, CHUNK)
    except zlib.error as error:
        raise AccountError(f"the gzip data are damaged: {error}", code="INVALID_ENCODING", source=source) from None
    return found
