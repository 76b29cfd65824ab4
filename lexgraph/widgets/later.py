"""When things happen: one change at a time, and some of it later.

JupyterLab hands the messages of widgets to two threads of the kernel, the one that runs cells and one beside it: a
second change may arrive in the middle of the first.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

SOON = 0.25  # seconds, in which the kernel sends the table and hears of further changes
PAUSE = 0.3  # seconds without a key

P = ParamSpec("P")
R = TypeVar("R")


class HasTurn(Protocol):
    """What has a lock for its changes; one that the thread that holds it may take again."""

    turn: Any


W = TypeVar("W", bound=HasTurn)


def one_at_a_time(method: Callable[Concatenate[W, P], R]) -> Callable[Concatenate[W, P], R]:
    """Return a method that waits until the change that is going on in another thread is done."""

    @wraps(method)
    def waiting(self: W, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.turn:
            return method(self, *args, **kwargs)

    return cast("Callable[Concatenate[W, P], R]", waiting)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of this thread, None where there is none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Later:
    """Runs a job after `wait` seconds; a newer job replaces one that still waits.

    It runs on the event loop `home` where that is given, else on the loop of whoever asks. Where no loop runs there is
    no page either that waits for anything: a job is then dropped, or run at once where `always` says that it must not
    be lost.
    """

    def __init__(
        self, wait: float = SOON, *, always: bool = False, home: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._wait = wait
        self._always = always
        self._home = home
        self._job: Callable[[], None] | None = None
        self._number = 0
        self._turn = threading.Lock()

    def __call__(self, job: Callable[[], None]) -> None:
        """Run `job` later."""
        loop = running_loop() if self._home is None or self._home.is_closed() else self._home
        if loop is None:
            if self._always:
                job()
            return
        with self._turn:
            self._job = job
            self._number += 1
            number = self._number
        # A timer of another thread's loop cannot be taken back: one whose number has passed does nothing.
        loop.call_soon_threadsafe(lambda: loop.call_later(self._wait, self._due, number))

    @property
    def waits(self) -> bool:
        """Whether a job waits."""
        return self._job is not None

    def now(self) -> None:
        """Run the job that waits, if there is one."""
        with self._turn:
            job, self._job = self._job, None
        if job is not None:
            job()

    def _due(self, number: int) -> None:
        if number == self._number:
            self.now()
