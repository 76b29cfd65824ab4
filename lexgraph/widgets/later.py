"""Jobs that wait: for the kernel to have sent what came first, or for a pause in typing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

SOON = 0.25  # seconds, in which the kernel sends the table and hears of further changes
PAUSE = 0.3  # seconds without a key


class Later:
    """Runs a job on the kernel's event loop after `wait` seconds; a newer job replaces one that still waits.

    Where no loop runs there is no page either that waits for anything: a job is then dropped, or run at once where
    `always` says that it must not be lost.
    """

    def __init__(self, wait: float = SOON, *, always: bool = False) -> None:
        self._wait = wait
        self._always = always
        self._timer: asyncio.TimerHandle | None = None
        self._job: Callable[[], None] | None = None

    def __call__(self, job: Callable[[], None]) -> None:
        """Run `job` later."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            if self._always:
                job()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._job = job
        self._timer = loop.call_later(self._wait, self.now)

    @property
    def waits(self) -> bool:
        """Whether a job waits."""
        return self._job is not None

    def now(self) -> None:
        """Run the job that waits, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
        job, self._job, self._timer = self._job, None, None
        if job is not None:
            job()
