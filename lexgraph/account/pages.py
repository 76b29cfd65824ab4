"""The pages of ``aws iam get-account-authorization-details``: from files, bytes, texts or parsed JSON to a
:class:`~lexgraph.account.model.Snapshot`.

The data may hold one answer or a list of pages, plain or gzip-compressed. A policy that cannot be read does not stop
the account. Files and texts of any size are read piece by piece: what is in memory is what was understood.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lexgraph.account.chunks import CHUNK, texts_in
from lexgraph.account.chunks import GZIP as GZIP
from lexgraph.account.chunks import unpacked as unpacked
from lexgraph.account.details import Details, read_pages
from lexgraph.account.model import Resource, Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.account.stream import read_text
from lexgraph.errors import AccountError, DocumentError, shown
from lexgraph.policy.jsontext import decode, load_json

READ_FROM = "an account is read from a file, or from a folder that lexgraph collect wrote"


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
        if isinstance(data, bytes | str):
            details = Details(source)
            pieces = iter((decode(data),)) if isinstance(data, str) else texts_in((data,), len(data), source)
            read_text(pieces, details, source=source)
            snapshot = details.snapshot()
        else:
            snapshot = read_pages(data, source=source)
    return snapshot.changed(sha256=_hash(data), date=date, resources=tuple(resources))


def read_account_files(
    paths: Sequence[str | Path],
    *,
    names: Sequence[str] | None = None,
    source: str | None = None,
    resources: Sequence[Resource] = (),
    date: str | None = None,
) -> Snapshot:
    """Return the account in one file, or in several that are its pages, in their order.

    The files are read piece by piece, so that they may be larger than memory.

    Parameters
    ----------
    paths : the files; each is an answer or a list of pages, also gzip-compressed.
    names : what errors call the files; without them, the files' own names.
    source : what the account is called; without it, the first file's name.
    resources, date : as for :func:`parse_account`.

    Returns
    -------
    The account. Its `sha256` is that of the file's bytes; of several files, that of the bytes of their hashes.

    Raises
    ------
    AccountError
        As parse_account; its `source` is the file in which the error is, its pointer that within the file.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path
    >>> read_account_files([example_account_path()]).account_id
    '111122223333'
    """
    files = [Path(path) for path in paths]
    if not files:
        raise AccountError("there is no file to read an account from", code="NOT_AN_ACCOUNT", source=source)
    called = list(names) if names is not None else [file.name for file in files]
    details = Details(source or called[0])
    hashes = []
    with collector_paused():
        for file, name in zip(files, called, strict=True):
            digest = hashlib.sha256()
            details.source = name
            read_text(_texts_of(file, digest, name), details, source=name, alone=len(files) == 1)
            hashes.append(digest)
        details.source = source or called[0]
        snapshot = details.snapshot()
    whole = hashes[0] if len(hashes) == 1 else hashlib.sha256(b"".join(one.digest() for one in hashes))
    return snapshot.changed(sha256=whole.hexdigest(), date=date, resources=tuple(resources))


def load_pages(data: bytes | str, *, source: str = "account") -> tuple[str, Any]:
    """Return the text of a dump, unpacked, and the JSON value in it.

    Raises AccountError where it is no JSON.
    """
    try:
        text = decode(unpacked(data, source) if isinstance(data, bytes) else data, source=source)
        with collector_paused():
            return text, load_json(text, source=source)
    except DocumentError as error:
        raise error.into(AccountError) from None


def _texts_of(file: Path, digest: Any, name: str) -> Iterator[str]:
    try:
        with file.open("rb") as opened:
            told = os.fstat(opened.fileno())
            size = told.st_size if stat.S_ISREG(told.st_mode) else None  # a pipe's end is not known before it comes
            yield from texts_in(_hashed(opened, digest), size, name)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        message = f"cannot read {shown(str(file))}: {reason}; {READ_FROM}"
        raise AccountError(message, code="UNREADABLE") from None


def _hashed(opened: Any, digest: Any) -> Iterator[bytes]:
    while chunk := opened.read(CHUNK):
        digest.update(chunk)
        yield chunk


def _hash(data: Any) -> str:
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    elif not isinstance(data, bytes):
        data = json.dumps(data, sort_keys=True, default=str).encode()
    return hashlib.sha256(data).hexdigest()
