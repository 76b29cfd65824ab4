"""A contestant's process, asked line by line and never waited for longer than agreed."""

from __future__ import annotations

import json
import subprocess
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from side_by_side.environments import CannotRun, Peer, surroundings

START_SECONDS = 60.0


class Hung(Exception):
    """No reply in time; the process has been ended."""


class Contestant:
    """A runner, running."""

    def __init__(self, peer: Peer) -> None:
        peer.make()
        try:
            self._process = subprocess.Popen(
                peer.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=surroundings(),
                text=True,
            )
        except OSError as error:
            raise CannotRun(str(error)) from error
        self._replies: Queue[str | None] = Queue()
        Thread(target=_listen, args=(self._process.stdout, self._replies), daemon=True).start()
        self.versions: dict[str, str] = self._reply(START_SECONDS)

    def prepare(self, task: str, data: Any, limit: float) -> dict[str, Any]:
        """Hand over a task's data; return how long preparing took and what `time(fresh=True)` forgets."""
        return dict(self._ask({"do": "prepare", "task": task, "data": data}, limit))

    def answers(self, limit: float) -> Any:
        """Return what the task finds out."""
        return self._ask({"do": "answers"}, limit)

    def time(self, limit: float, *, fresh: bool) -> float:
        """Return the seconds of one run, measured inside the process."""
        return float(self._ask({"do": "time", "fresh": fresh}, limit))

    def memory(self, limit: float) -> dict[str, float] | None:
        """Return the megabytes before one run and at most during it, where the system tells them."""
        found: dict[str, float] | None = self._ask({"do": "memory"}, limit)
        return found

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _ask(self, order: dict[str, Any], limit: float) -> Any:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise CannotRun("its process has ended") from error
        return self._reply(limit)

    def _reply(self, limit: float) -> Any:
        try:
            line = self._replies.get(timeout=limit)
        except Empty:
            self.close()
            raise Hung(f"hung > {limit:g} s") from None
        if line is None:
            raise CannotRun(f"its process ended with code {self._process.wait()}")
        reply = json.loads(line)
        if "error" in reply:
            raise CannotRun(f"refused: {reply['error']}")
        return reply["ok"]


def _listen(stream: IO[str], replies: Queue[str | None]) -> None:
    for line in stream:
        replies.put(line)
    replies.put(None)
