"""The side of a contestant: it offers tasks and is asked for them line by line, as JSON over standard input and output.

An order is ``{"do": "prepare", "task": ..., "data": ...}``, ``{"do": "answers"}``, ``{"do": "time", "fresh": true}`` or
``{"do": "memory"}``; the reply is ``{"ok": ...}`` or ``{"error": ...}``. Only the standard library is used: this file
runs in every peer's environment.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar


class Task:
    """A piece of work on some data, which can be done many times."""

    forgets: ClassVar[str] = "nothing"  # what `forget` empties, for the report

    def __init__(self, data: Any) -> None:
        self.data = data

    def forget(self) -> None:
        """Empty what an earlier run left behind, outside the measured time."""

    def run(self) -> Any:
        """Do the work."""

    def run_fresh(self) -> Any:
        """Do the work for the first time after `forget`."""
        return self.run()

    def answers(self) -> Any:
        """Return what the work finds out, as JSON, in the form that the comparison expects."""
        return self.run()


class Decide(Task):
    """Decisions on ``data["requests"]`` under ``data["policies"]``."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.policies: list[dict[str, Any]] = data["policies"]
        self.requests: list[dict[str, Any]] = data["requests"]

    def answers(self) -> list[str]:
        """Return ``"allowed"`` or ``"denied"`` for each request."""
        return ["allowed" if allowed else "denied" for allowed in self.run()]


class Expand(Task):
    """The set of actions of each element in ``data``: ``[patterns, negated]``."""

    def expand(self, patterns: list[str]) -> set[str]:
        """Return the names that some of `patterns` match."""
        raise AttributeError(patterns)  # every runner that offers the task says how

    def everything(self) -> set[str]:
        """Return every action of the catalogue."""
        return self.expand(["*"])

    def run(self) -> list[set[str]]:
        """Return one set for each element."""
        everything = self.everything()
        return [
            everything - self.expand(patterns) if negated else self.expand(patterns) for patterns, negated in self.data
        ]

    def answers(self) -> dict[str, Any]:
        """Return the catalogue, sorted, and each set as places in it; names that it lacks count as extra."""
        catalogue = sorted({name.lower() for name in self.everything()})
        places = {name: place for place, name in enumerate(catalogue)}
        found = [{name.lower() for name in names} for names in self.run()]
        return {
            "catalogue": catalogue,
            "sets": [sorted(places[name] for name in names if name in places) for names in found],
        }


def clear_caches(package: str) -> None:
    """Empty every functools cache of a package's modules."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package:
            for value in list(vars(module).values()):
                if callable(getattr(value, "cache_clear", None)):
                    value.cache_clear()


def serve(package: str, tasks: dict[str, type[Task]]) -> None:
    """Obey orders until standard input ends."""
    channel = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what a peer prints by itself must not mix with the replies
    python = "{}.{}.{}".format(*sys.version_info[:3])
    _reply(channel, {"ok": {"package": package, "version": version(package), "runs on": f"Python {python}"}})
    task = Task(None)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] == "prepare":
                start = perf_counter()
                task = tasks[order["task"]](order["data"])
                done: Any = {"seconds": perf_counter() - start, "forgets": task.forgets}
            elif order["do"] == "answers":
                done = task.answers()
            elif order["do"] == "memory":
                done = _peak(task)
            else:
                done = _timed(task, fresh=order["fresh"])
        except Exception as error:  # whatever a peer raises is a result: it refused
            _reply(channel, {"error": f"{type(error).__name__}: {error}"[:300]})
        else:
            _reply(channel, {"ok": done})


def _timed(task: Task, *, fresh: bool) -> float:
    """Return the seconds that one run takes."""
    if fresh:
        task.forget()
    run = task.run_fresh if fresh else task.run
    gc.collect()
    start = perf_counter()
    run()
    return perf_counter() - start


def _peak(task: Task) -> dict[str, float] | None:
    """Return the megabytes in use before a fresh run and at most during it, and those of a table that comes out; None
    where the system does not tell.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    task.forget()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak from now on
    before = _megabytes(status, "VmRSS")
    kept = task.run_fresh()
    found = {"before": before, "peak": _megabytes(status, "VmHWM")}
    if hasattr(kept, "memory_usage"):
        found["table"] = int(kept.memory_usage(deep=True).sum()) / 1024**2
    del kept
    return found


def _megabytes(status: Path, name: str) -> float:
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def _reply(channel: Any, reply: dict[str, Any]) -> None:
    channel.write(json.dumps(reply) + "\n")
    channel.flush()
