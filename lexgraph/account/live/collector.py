"""Collects an account: asks, keeps what comes, asks what follows, and leaves what a later run can go on with."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lexgraph.account.live.answers import Page
from lexgraph.account.live.failures import Failure, live_error
from lexgraph.account.live.operations import OPERATIONS, PARTS
from lexgraph.account.live.outputs import Walked, missing, write_outputs
from lexgraph.account.live.permissions import chosen_parts
from lexgraph.account.live.plan import Call
from lexgraph.account.live.retry import Backoff
from lexgraph.account.live.session import Aws, cannot_begin, open_session
from lexgraph.account.live.store import Store
from lexgraph.account.live.tree import Tree
from lexgraph.errors import shown
from lexgraph.policy.arn import split_arn

Calls = tuple[Call, ...]
Texts = tuple[str, ...]
WORKERS = 4
# The files are made anew while a long collection runs, so that one that is killed can be read: not more often than
# this, and never for more than a tenth of the time.
_SECONDS, _SHARE = 2.0, 10
_FIRST_ATTEMPTS = 3
# So many calls in a row that found no AWS mean that there is none to be found, rather than a bad moment.
_LOST = 12
EXPIRED = (
    "the credentials have expired, or cannot be renewed: renew them and run the same command again, "
    "which goes on where this one stopped"
)
UNREACHABLE = "AWS cannot be reached, or answers no more: run the same command again later"


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection holds now.

    Parameters
    ----------
    folder, account_id, caller : where it is, whose account it is, and the ARN by which it was asked.
    calls : how many calls there are in all.
    answers : how many answers this run added.
    missing : what is not there, as sentences; nothing where everything is.
    stopped : why the run ended early, if it did.
    notes : what else a reader should know.
    """

    folder: Path
    account_id: str
    caller: str
    calls: int
    answers: int
    missing: tuple[str, ...] = ()
    stopped: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing and self.stopped is None


def collect(
    folder: str | Path,
    *,
    profile: str | None = None,
    regions: str | Iterable[str] | None = None,
    services: str | Iterable[str] | None = None,
    endpoint_url: str | None = None,
    workers: int = WORKERS,
    progress: bool | None = None,
) -> Collected:
    """Collect an account from AWS into a folder, which ``read_account`` reads; go on where an earlier run stopped.

    It makes only calls that read, those of ``collection_policy()``. Calls that are complete are not made again: for a
    newer picture of the account, collect into a new folder.

    Parameters
    ----------
    folder : new, empty, or a collection of the same account. Only its owner may read what is written.
    profile : of the AWS configuration; without it, the credentials that boto3 finds.
    regions : where to look for resources; the configured region by default. IAM, Organizations and S3 have none.
    services : what to collect, such as ``iam`` or ``s3``; everything by default.
    endpoint_url : another address than AWS's, for tests.
    workers : how many calls may be under way at the same time.
    progress : whether to show a bar on standard error; by default where that is a terminal.

    Raises
    ------
    LexgraphError
        Where nothing could be collected: no boto3, credentials, profile or region; a folder of another account, in use
        or damaged. What AWS refuses is no error: it stands in `missing`, and in the folder's ``collection.json``.

    Examples
    --------
    >>> collect("production", services=["iam", "s4"])
    Traceback (most recent call last):
    lexgraph.errors.LexgraphError: "s4" cannot be collected; choose from iam, ...
    """
    parts = chosen_parts((services,) if isinstance(services, str) else services)
    where = tuple(dict.fromkeys((regions,) if isinstance(regions, str) else regions or ()))
    most = max(1, workers)
    aws = open_session(profile=profile, region=where[0] if where else None, endpoint_url=endpoint_url, workers=most)
    with closing(aws):
        return _collect(Path(folder), aws, *_starts(aws, parts, where or (aws.region,)), most, progress)


def _collect(folder: Path, aws: Aws, starts: Calls, notes: Texts, workers: int, progress: bool | None) -> Collected:
    stop = threading.Event()
    backoff = Backoff(stop.wait)
    identity = replace(backoff, attempts=_FIRST_ATTEMPTS).persist(aws.identity)
    if isinstance(identity, Failure):
        raise cannot_begin(identity)
    with Store(folder, identity["Account"], _now()) as store:
        return _Run(store, aws, identity["Arn"], backoff, stop).go(starts, notes, workers, progress)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _starts(aws: Aws, parts: Iterable[str], regions: Texts) -> tuple[Calls, Texts]:
    """The calls to begin with, and which services the regions do not offer."""
    calls, notes = [], []
    for name in parts:
        for region in regions if PARTS[name].regional else ("",):
            for key, parameters in PARTS[name].starts:
                if region and not aws.offers(OPERATIONS[key].service, region):
                    notes.append(f"{name} is not asked in {shown(region)}: boto3 knows no endpoint of it there")
                else:
                    calls.append(Call(key, region, parameters))
    for region in regions:
        if any(PARTS[name].regional for name in parts) and not any(call.region == region for call in calls):
            raise live_error(f"boto3 knows no service to collect in a region {shown(region)}", "UNKNOWN_REGION")
    return tuple(calls), tuple(notes)


class _Run:
    """One run of a collection. Workers ask; only the thread that called `go` keeps and decides."""

    def __init__(self, store: Store, aws: Aws, caller: str, backoff: Backoff, stop: threading.Event) -> None:
        account = split_arn(caller)[1], split_arn(caller)[4]
        self.store = store
        self.aws = aws
        self.caller = caller
        self.backoff = backoff
        self.stop = stop
        self.tree = Tree(store.states, {"partition": account[0], "account": account[1]})
        self.todo: deque[Call] = deque()
        self.seen: set[Call] = set()
        self.again: set[Call] = set()
        self.answers = self.lost = 0
        self.stopped: str | None = None
        self.notes: tuple[str, ...] = ()
        self.next_files = 0.0

    def go(self, starts: Calls, notes: Texts, workers: int, progress: bool | None) -> Collected:
        """Ask everything that is not there yet, and return what is."""
        self.notes = notes
        for call in starts:
            if call not in self.store.states:
                self.store.record(call, "planned")
        self.plan_known()
        done = False
        try:
            with bar(progress) as shows:
                self.ask_all(workers, shows)
            done = self.stopped is None
        finally:
            walked = self.write_files(done)
        gaps = tuple(missing(self.tree, walked))
        return Collected(
            self.store.folder, self.tree.account["account"], self.caller, len(walked), self.answers, gaps,
            self.stopped, notes,
        )  # fmt: skip

    @property
    def starts(self) -> tuple[Call, ...]:
        """The calls that this run and earlier ones begin with."""
        begins = {key for part in PARTS.values() for key, _ in part.starts}
        return tuple(call for call in self.store.states if call.operation in begins)

    def plan_known(self) -> None:
        """Plan all that follows from what is there already."""
        try:
            for call, _ in self.tree.walk(self.starts):
                self.plan(call)
        except (LookupError, TypeError, ValueError, AttributeError):
            message = f"the answers in {shown(str(self.store.folder))} are damaged; collect into a new folder"
            raise live_error(message, "DAMAGED_COLLECTION") from None

    def plan(self, call: Call) -> None:
        """Ask for something, unless it is there or planned already."""
        if call not in self.seen:
            self.seen.add(call)
            if self.store.state(call).status != "complete":
                self.todo.append(call)

    # Asking -------------------------------------------------------------------------------------------------

    def ask_all(self, workers: int, shows: Callable[[int, int], None]) -> None:
        flying: dict[Future[Page | Failure | None], Call] = {}
        with ThreadPoolExecutor(workers, thread_name_prefix="lexgraph-collect") as pool:
            try:
                while (self.todo or flying) and self.stopped is None:
                    while self.todo and len(flying) < workers:
                        call = self.todo.popleft()
                        flying[pool.submit(self.ask, call, self.store.state(call).marker)] = call
                    for future in wait(flying, return_when=FIRST_COMPLETED).done:
                        self.take(flying.pop(future), future.result())
                    shows(len(self.seen) - len(self.todo) - len(flying), len(self.seen))
                    self.write_now_and_then()
            finally:
                self.stop.set()
                # What is under way is waited for, and kept: it has been asked for already.
                for future in wait(flying).done:
                    self.take(flying.pop(future), future.result())

    def ask(self, call: Call, marker: str | None) -> Page | Failure | None:
        """Ask for a page, in a worker; None where the run has been stopped."""
        return None if self.stop.is_set() else self.backoff.persist(lambda: self.aws.page(call, marker))

    # Keeping ------------------------------------------------------------------------------------------------

    def take(self, call: Call, answer: Page | Failure | None) -> None:
        """Keep an answer, and plan what follows from it."""
        answer = self.checked(call, answer) if isinstance(answer, Page) else answer
        if isinstance(answer, Failure):
            self.take_failure(call, answer)
        elif answer is not None:
            self.answers += 1
            self.lost = 0
            if self.store.record(call, answer).marker is not None:
                self.todo.appendleft(call)
            for found in self.tree.on_page(call, answer.content) if OPERATIONS[call.operation].items else ():
                for then in found.then:
                    self.plan(then)
        else:
            self.todo.append(call)

    def checked(self, call: Call, page: Page) -> Page | Failure:
        """The page, unless going on from it would never end, or cannot be done."""
        if page.marker is not None and page.marker in self.store.state(call).markers:
            return Failure("failed", "RepeatedMarker", "AWS gave a marker a second time, so that the list has no end")
        try:
            if OPERATIONS[call.operation].items:
                self.tree.on_page(call, page.content)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            told = f"something in the list lacks what AWS describes ({type(error).__name__})"
            return Failure("failed", "BadAnswer", told)
        return page

    def take_failure(self, call: Call, failure: Failure) -> None:
        """Keep why there is no answer, unless the same may be asked again: in this run, or by the next one."""
        if failure.kind == "credentials":
            self.stopped = self.stopped or f"{EXPIRED} ({failure.code})"
        if failure.kind == "credentials" or (self.stop.is_set() and failure.kind == "passing"):
            self.todo.append(call)
            return
        if failure.about_parameters and self.store.state(call).marker is not None and call not in self.again:
            self.again.add(call)
            self.store.record(call, "again")
            self.todo.appendleft(call)
            return
        self.store.record(call, failure)
        self.lost = self.lost + 1 if failure.kind == "passing" else 0
        if self.lost >= _LOST:
            self.stopped = UNREACHABLE

    # The files ----------------------------------------------------------------------------------------------

    def write_now_and_then(self) -> None:
        now = time.monotonic()
        if now >= self.next_files:
            self.write_files(False)
            self.next_files = time.monotonic() + max(_SECONDS, _SHARE * (time.monotonic() - now))

    def write_files(self, done: bool) -> Walked:
        if done:
            self.store.finish(_now())
        about = {
            "account_id": self.tree.account["account"],
            "partition": self.tree.account["partition"],
            "caller": self.caller,
            "started": self.store.started,
            "finished": self.store.finished,
            "stopped": self.stopped,
            "notes": list(self.notes),
        }
        return write_outputs(self.store, self.tree, self.starts, about)


@contextmanager
def bar(progress: bool | None) -> Iterator[Callable[[int, int], None]]:
    """Give a function that shows how many calls of how many are done, as a bar on standard error."""
    from tqdm.auto import tqdm

    # None: where standard error is a terminal.
    with tqdm(desc="collecting", unit=" calls", disable=None if progress is None else not progress) as shown_bar:

        def shows(done: int, known: int) -> None:
            shown_bar.total = known
            shown_bar.update(done - shown_bar.n)

        yield shows
