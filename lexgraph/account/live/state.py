"""How far each call has come, and the line of the journal that each answer is.

The journal is what a later run goes on from: one JSON object a line, each flushed to the disk before the next call is
made. Applying its lines in order gives the state again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from lexgraph.account.live.answers import Page
from lexgraph.account.live.failures import Failure
from lexgraph.account.live.operations import OPERATIONS
from lexgraph.account.live.plan import Call

Json = Any
# What the journal tells of a call: a page, a failure, that it will be made, or that a listing begins again.
Event = Page | Failure | Literal["planned", "again"]
Status = Literal["complete", "partial", "denied", "failed", "pending"]


@dataclass(frozen=True, slots=True)
class CallState:
    """How far a call has come.

    Parameters
    ----------
    status : complete, or why not; partial where some pages are there.
    pages : what was kept of each page.
    marker : of the next page; `markers` are all that were followed, so that none is followed twice.
    error : why the last attempt failed.
    run : how often the listing was begun; `again` are the pages of one that was begun once more, which takes the place
        of `pages` when it is complete.
    """

    status: Status = "pending"
    pages: tuple[Json, ...] = ()
    marker: str | None = None
    markers: tuple[str, ...] = ()
    error: str | None = None
    run: int = 1
    again: tuple[Json, ...] | None = None

    @property
    def number(self) -> int:
        """The number of the page that comes next, from 1."""
        return len(self.pages if self.again is None else self.again) + 1

    def with_page(self, page: Page) -> CallState:
        """Return the state with one more page."""
        sofar = (*(self.pages if self.again is None else self.again), page.content)
        if page.marker is None:
            return CallState("complete", sofar, run=self.run)
        markers = (*self.markers, page.marker)
        if self.again is None:
            return CallState("partial", sofar, page.marker, markers, run=self.run)
        return replace(self, again=sofar, marker=page.marker, markers=markers, error=None)

    def with_failure(self, failure: Failure) -> CallState:
        """Return the state after an attempt that failed; what is there stays."""
        without: Status = "denied" if failure.kind == "denied" else "failed"
        return replace(self, status="partial" if self.pages else without, error=str(failure))

    def begun_again(self) -> CallState:
        """Return the state of a listing whose marker AWS no longer takes: it begins again, beside what is there."""
        return replace(
            self, marker=None, markers=(), run=self.run + 1, again=(), error="the marker was no longer valid"
        )


NEW = CallState()


def line_of(call: Call, event: Event) -> dict[str, Json]:
    """Return the journal's line for an event."""
    named = {"operation": call.operation, "region": call.region, "parameters": dict(call.parameters)}
    if isinstance(event, Page):
        return {"call": named, "page": event.content, "marker": event.marker}
    if isinstance(event, Failure):
        return {"call": named, "kind": event.kind, "code": event.code, "message": event.message}
    return {"call": named, "event": event}


def read_line(line: Mapping[str, Json]) -> tuple[Call, Event]:
    """Return what a line of the journal says; raises LookupError, TypeError or ValueError where it says nothing.

    >>> call = Call("s3:ListBuckets", parameters=(("MaxBuckets", 1000),))
    >>> read_line(line_of(call, "again")) == (call, "again")
    True
    """
    named = line["call"]
    parameters = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in named["parameters"].items())
    call = Call(named["operation"], named["region"], parameters)
    if call.operation not in OPERATIONS:
        raise ValueError("an operation that lexgraph does not call")
    if "page" in line:
        return call, Page(line["page"], line["marker"])
    if "code" in line:
        return call, Failure(line["kind"], line["code"], line["message"])
    if line["event"] not in ("planned", "again"):
        raise ValueError("an event that is none")
    return call, line["event"]


def after(state: CallState, event: Event) -> CallState:
    """Return the state of a call after an event.

    >>> after(NEW, Page([], "next")).status
    'partial'
    """
    if isinstance(event, Page):
        return state.with_page(event)
    if isinstance(event, Failure):
        return state.with_failure(event)
    return state.begun_again() if event == "again" else state
