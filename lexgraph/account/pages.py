"""The pages of ``aws iam get-account-authorization-details``: from bytes, plain or packed, to a
:class:`~lexgraph.account.model.Snapshot`.

The data may hold one answer or a list of pages, plain or gzip-compressed. A policy that cannot be read does not stop
the account.
"""

from __future__ import annotations

import gc
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lexgraph.account.details import read_pages
from lexgraph.account.model import Resource, Snapshot
from lexgraph.errors import AccountError, DocumentError
from lexgraph.policy.jsontext import decode, load_json

GZIP = b"\x1f\x8b"
# Account dumps shrink to a tenth or a thirtieth; what grows a hundredfold when it is unpacked is no account.
MOST_GROWTH = 100
_SMALL = 1_000_000


def parse_account(
    data: bytes | str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    source: str = "account",
    resources: Sequence[Resource] = (),
    date: str | None = None,
) -> Snapshot:
    """Return the account that `data` says: bytes or text of a dump, the object already parsed, or a list of
    pages.

    Raises AccountError where it is no such dump, where it holds two accounts, or where two pages contradict
    each other.

    >>> parse_account('{"UserDetailList": [], "Policies": []}').principals
    ()
    """
    with collector_paused():
        text = _text(data, source) if isinstance(data, bytes | str) else None
        value = data if text is None else _load(text, source)
        snapshot = read_pages(value, text=text, source=source)
    return Snapshot(
        source=source,
        sha256=_hash(data),
        date=date,
        account_id=snapshot.account_id,
        principals=snapshot.principals,
        groups=snapshot.groups,
        policies=snapshot.policies,
        resources=tuple(resources),
        unreadable=snapshot.unreadable,
        notes=snapshot.notes,
    )


def load_pages(data: bytes | str, *, source: str = "account") -> tuple[str, Any]:
    """Return the text of a dump, unpacked, and the JSON value in it.

    Raises AccountError where it is no JSON.
    """
    text = _text(data, source)
    with collector_paused():
        return text, _load(text, source)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the cyclic collector, which would walk a growing tree of JSON again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _hash(data: Any) -> str:
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    elif not isinstance(data, bytes):
        data = json.dumps(data, sort_keys=True, default=str).encode()
    return hashlib.sha256(data).hexdigest()


def _text(data: bytes | str, source: str) -> str:
    try:
        return decode(unpacked(data, source) if isinstance(data, bytes) else data, source=source)
    except DocumentError as error:
        raise error.into(AccountError) from None


def _load(text: str, source: str) -> Any:
    try:
        return load_json(text, source=source)
    except DocumentError as error:
        raise error.into(AccountError) from None


def unpacked(data: bytes, source: str | None = None) -> bytes:
    """Return what gzip packed, or `data` as it is. Raises AccountError where it is damaged, or grows too much."""
    if not data.startswith(GZIP):
        return data
    limit = MOST_GROWTH * len(data) + _SMALL
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(data, limit)
    except zlib.error as error:
        raise AccountError(f"the gzip data are damaged: {error}", code="INVALID_ENCODING", source=source) from None
    if unpacker.unconsumed_tail:
        message = f"unpacked it would be more than {MOST_GROWTH} times as large, which no account is"
        raise AccountError(message, code="TOO_LARGE", source=source)
    if not unpacker.eof:
        raise AccountError("the gzip data end early", code="INVALID_ENCODING", source=source)
    return found
