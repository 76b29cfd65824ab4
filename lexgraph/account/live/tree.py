"""What was collected, as a tree: from the first calls to what was asked about each thing found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lexgraph.account.live.operations import OPERATIONS
from lexgraph.account.live.plan import Call, Operation, following
from lexgraph.account.live.state import NEW, CallState

Json = Any


@dataclass(frozen=True, slots=True)
class Found:
    """An item of a listing: the call that found it, its members with what is known of the account, and what follows."""

    call: Call
    item: Mapping[str, Json]
    then: tuple[Call, ...]

    @property
    def operation(self) -> Operation:
        """The operation that found it."""
        return OPERATIONS[self.call.operation]

    @property
    def arn(self) -> str:
        """The item's ARN, where it is a resource."""
        form = self.operation.resource
        return form.arn.format_map(self.item) if form else ""


@dataclass(frozen=True, slots=True)
class Tree:
    """What was collected, from the first calls to what was asked about each thing found.

    Parameters
    ----------
    states : how far each call has come.
    account : ``partition`` and ``account``, which ARNs are made of.
    """

    states: Mapping[Call, CallState]
    account: Mapping[str, str]

    def found(self, call: Call) -> tuple[Found, ...]:
        """Return what a call found, as far as it is known."""
        state = self.state(call)
        pages = (*state.pages, *(state.again or ())) if OPERATIONS[call.operation].items else ()
        return tuple(one for page in pages for one in self.on_page(call, page))

    def on_page(self, call: Call, page: Json) -> tuple[Found, ...]:
        """Return what a page of a listing holds; raises KeyError where an item lacks what the plan needs."""
        return tuple(self._found(call, OPERATIONS[call.operation], item) for item in page)

    def state(self, call: Call) -> CallState:
        """Return how far a call has come."""
        return self.states.get(call, NEW)

    def _found(self, call: Call, operation: Operation, item: Mapping[str, Json]) -> Found:
        asked = {name: value for name, value in call.parameters if isinstance(value, str)}
        whole = {**asked, **self.account, "region": call.region, **item}
        return Found(call, whole, following(call, operation, whole))

    def walk(self, starts: Iterable[Call]) -> Iterator[tuple[Call, tuple[Found, ...]]]:
        """Yield each call with what it found, those that follow from it after it."""
        todo, seen = [*starts][::-1], set[Call]()
        while todo:
            call = todo.pop()
            if call not in seen:
                seen.add(call)
                found = self.found(call)
                yield call, found
                todo.extend(then for one in reversed(found) for then in reversed(one.then))
