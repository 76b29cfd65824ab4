"""The folder of a collection: its files appear whole or not at all, only their owner may read them, and no link in it
is followed.

What was answered stands in the journal, ``answers.jsonl``, and the pages of the authorization details in files of their
own; all other files are made from these, and can be made again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lexgraph.account.live.answers import Page
from lexgraph.account.live.failures import live_error
from lexgraph.account.live.operations import DETAILS
from lexgraph.account.live.plan import Call
from lexgraph.account.live.state import NEW, CallState, Event, after, line_of, read_line
from lexgraph.errors import shown

Json = Any
MANIFEST = "collection.json"
JOURNAL = "answers.jsonl"
PAGES = "authorization-details"
AGAIN = "authorization-details.again"
OLD = "authorization-details.old"
FORMAT = "lexgraph answers"
SCHEMA = 1  # another one when the plan keeps other members, since a later run goes on from what is kept
_FOLDER, _FILE = 0o700, 0o600


class Store:
    """A collection's folder, open for writing. Close it, or use ``with``.

    `states` tells how far each call has come, `started` when the collection was begun, and `finished` when a run came
    to its end (None while none has, or while a later one is at work).
    """

    def __init__(self, folder: Path, account_id: str, now: str) -> None:
        self.folder = folder
        self.states: dict[Call, CallState] = {}
        self.started = now
        self.finished: str | None = None
        _prepare(folder)
        self._journal = _open_journal(folder / JOURNAL)
        try:
            _tidy(folder)
            self._replay(account_id, now)
            self._finish_exchange()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others write into the folder."""
        os.close(self._journal)

    def state(self, call: Call) -> CallState:
        """Return how far a call has come."""
        return self.states.get(call, NEW)

    def record(self, call: Call, event: Event) -> CallState:
        """Keep what a call answered, and return how far it has come now."""
        old = self.state(call)
        if call.operation == DETAILS and isinstance(event, Page):
            event = self._with_page_file(old, event)
        self._append(line_of(call, event))
        self.finished = None
        new = self.states[call] = after(old, event)
        if call.operation == DETAILS and old.again is not None and new.again is None:
            self._finish_exchange()
        return new

    def finish(self, now: str) -> None:
        """Keep that a run came to its end, if it has not been kept since the last answer."""
        if self.finished is None:
            self._append({"finished": now})
            self.finished = now

    def _with_page_file(self, state: CallState, page: Page) -> Page:
        """Write a page of the authorization details to a file of its own, before the journal tells of it."""
        folder = self.folder / (PAGES if state.again is None else AGAIN)
        if folder.is_symlink():
            raise _link(folder)
        if state.number == 1:
            _remove(folder)  # pages of a run that did not come to its end
        folder.mkdir(mode=_FOLDER, exist_ok=True)
        write_json(folder / f"page-{state.number:04}.json", page.content)
        return Page(None, page.marker)

    def _finish_exchange(self) -> None:
        """Let the pages of a listing that was begun again, and is complete, take the place of the old ones."""
        again, pages, old = (self.folder / name for name in (AGAIN, PAGES, OLD))
        details = [state for call, state in self.states.items() if call.operation == DETAILS]
        if any(path.is_symlink() for path in (again, pages, old)):
            raise _link(self.folder)
        if again.exists() and all(state.again is None for state in details):
            if pages.exists():
                _remove(old)
                pages.rename(old)
            again.rename(pages)
            _sync(self.folder)
        _remove(old)

    # The journal --------------------------------------------------------------------------------------------

    def _append(self, line: Json) -> None:
        """Add a line, whole or not at all: what came after half a line could not be read."""
        data = json.dumps(line, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
        size = os.fstat(self._journal).st_size
        try:
            _write(self._journal, data)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._journal, size)
            if isinstance(error, OSError):
                raise _cannot_write(self.folder / JOURNAL, error) from None
            raise

    def _replay(self, account_id: str, now: str) -> None:
        with open(self._journal, "rb", closefd=False) as file:
            file.seek(0)
            data = file.read()
        # A line without its end was being written when the run was killed; what it would say is asked again.
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._journal, whole)
        lines = data[:whole].splitlines()
        if not lines:
            self._append({"format": FORMAT, "schema": SCHEMA, "account_id": account_id, "started": now})
            return
        self._check_head(lines[0], account_id)
        for number, line in enumerate(lines[1:], 2):
            try:
                self._apply(json.loads(line))
            except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
                raise _damaged(f"line {number} of {JOURNAL} is damaged; collect into a new folder") from None

    def _apply(self, line: Json) -> None:
        self.finished = line.get("finished")
        if self.finished is None:
            call, event = read_line(line)
            self.states[call] = after(self.state(call), event)

    def _check_head(self, line: bytes, account_id: str) -> None:
        try:
            head = json.loads(line)
            told = (head["format"], head["schema"])
            other, self.started = head["account_id"], str(head["started"])
        except (LookupError, TypeError, ValueError, RecursionError):
            raise _damaged(f"{JOURNAL} does not begin as one of lexgraph; collect into a new folder") from None
        if told != (FORMAT, SCHEMA):
            raise _damaged(f"{JOURNAL} is of another version; collect into a new folder")
        if other != account_id:
            message = f"the folder holds account {shown(other)}, and these are credentials of {shown(account_id)}"
            raise live_error(message, "ANOTHER_ACCOUNT")


# Files ------------------------------------------------------------------------------------------------------------


def write_json(path: Path, value: Json) -> None:
    """Write a file of JSON that appears whole or not at all."""
    write_bytes(path, json.dumps(value, indent=1, ensure_ascii=True).encode() + b"\n")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all, and that only its owner may read."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with _new(part) as handle:
            _write(handle, data)
        part.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    os.fsync(handle)


@contextlib.contextmanager
def _new(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE)
    try:
        yield handle
    finally:
        os.close(handle)


def _prepare(folder: Path) -> None:
    """Make the folder, or see that it is a collection or empty."""
    try:
        folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        names = {one.name for one in folder.iterdir()}
    except OSError as error:
        raise _cannot_write(folder, error) from None
    if names and JOURNAL not in names:
        message = f"{shown(str(folder))} holds other files and no collection: choose an empty folder, or a new one"
        raise live_error(message, "NOT_A_COLLECTION")


def _tidy(folder: Path) -> None:
    """Refuse links, and remove what a run left that was killed while it wrote."""
    folder.chmod(_FOLDER)
    for inside in (folder, folder / PAGES, folder / AGAIN):
        for path in inside.iterdir() if inside.is_dir() else ():
            if path.is_symlink():
                raise _link(path)
            if path.name.startswith(".") and path.name.endswith(".part"):
                path.unlink()


def _open_journal(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE)
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise live_error(f"another process is collecting into {shown(str(path.parent))}", "IN_USE") from None
    return handle


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _sync(folder: Path) -> None:
    # So that the new name outlives a power cut too; not every file system lets a folder be opened.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _cannot_write(path: Path, error: OSError) -> Exception:
    return live_error(f"cannot write {shown(str(path))}: {error.strerror or error}", "CANNOT_WRITE")


def _damaged(message: str) -> Exception:
    return live_error(message, "DAMAGED_COLLECTION")


def _link(path: Path) -> Exception:
    return live_error(f"{shown(str(path))} is a link, or holds one; a collection has none", "LINK_IN_COLLECTION")
