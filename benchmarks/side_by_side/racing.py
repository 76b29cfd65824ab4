"""Races: the same work by several contestants in one run, alternating."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from side_by_side.asking import Contestant, Hung
from side_by_side.comparing import Agreement, Comparison
from side_by_side.environments import CannotRun, Peer


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often.

    Parameters
    ----------
    runs : of each measurement.
    patience : seconds for one run; what takes longer hung.
    budget : seconds of measuring for one contestant in one race; a slow one gets fewer runs, which are printed.
    """

    runs: int = 7
    patience: float = 60.0
    budget: float = 60.0


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who takes part in a race, and by which of its tasks.

    `label` says what is particular about the task. The bars hold for lexgraph without a label, against those that
    `counts`: what a runner adds to a peer does not.
    """

    peer: str
    task: str
    label: str = ""
    counts: bool = True


@dataclass(slots=True)
class Entry:
    """What came of an entrant: its times in seconds, or the reason why there are none."""

    peer: str
    label: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    note: str = ""
    right: bool = True
    failed: bool = False
    unexplained: bool = False
    times: dict[str, list[float]] = field(default_factory=dict)
    prepared: float | None = None
    forgets: str = ""
    hung: float | None = None
    memory: dict[str, float] | None = None

    @property
    def name(self) -> str:
        """What the report calls it."""
        version = "" if self.peer == "lexgraph" else self.versions.get("version", "")
        return ", ".join(filter(None, (f"{self.peer} {version}".strip(), self.label)))

    def fail(self, reason: str) -> None:
        """Say why there is no figure."""
        self.note, self.failed = reason, True


def say(text: str) -> None:
    """Tell how far the benchmarks are."""
    print(text, file=sys.stderr, flush=True)


def race(entrants: Sequence[Entrant], data: Any, compare: Comparison, limits: Limits) -> list[Entry]:
    """Compare the answers, then measure cold and warm in turns.

    The first entrant is lexgraph, the measure of the rest.
    """
    entries: list[Entry] = []
    running: list[tuple[Entry, Contestant]] = []
    ours: Any = None
    try:
        for entrant in entrants:
            entry = Entry(entrant.peer, entrant.label)
            entries.append(entry)
            contestant = _started(entry, entrant, data, limits)
            if contestant is not None:
                running.append((entry, contestant))
                answers = _bounded(entry, limits, contestant.answers)
                if entry is entries[0]:
                    ours = answers
                elif not entry.failed and entrant.peer != "lexgraph":
                    _judge(entry, compare(ours, entrant.peer, answers))
                    entry.right = entry.right and entrant.counts
            if entries[0].failed:
                break  # there is nothing to compare with
        _rounds([pair for pair in running if not pair[0].failed], limits)
    finally:
        for _, contestant in running:
            contestant.close()
    return entries


def measure_memory(entries: Sequence[Entry], entrants: Sequence[Entrant], data: Any, limits: Limits) -> None:
    """Measure in processes of their own how much memory each of those that have a time takes."""
    for entry, entrant in zip(entries, entrants, strict=True):
        if entry.failed or not entry.times:
            continue
        contestant = Contestant(Peer(entrant.peer))
        try:
            contestant.prepare(entrant.task, data, limits.patience)
            entry.memory = contestant.memory(limits.patience)
        except (CannotRun, Hung):
            entry.memory = None  # the time stands; only this could not be measured
        finally:
            contestant.close()


def _started(entry: Entry, entrant: Entrant, data: Any, limits: Limits) -> Contestant | None:
    say(f"  {entry.name}")
    contestant = None
    try:
        contestant = Contestant(Peer(entrant.peer))
        entry.versions = contestant.versions
        prepared = contestant.prepare(entrant.task, data, limits.patience)
    except (CannotRun, Hung) as error:
        entry.fail(f"not run: {error}")
        if contestant:
            contestant.close()
        return None
    entry.prepared, entry.forgets = prepared["seconds"], prepared["forgets"]
    return contestant


def _judge(entry: Entry, agreement: Agreement) -> None:
    entry.note, entry.right, entry.unexplained = agreement.note, agreement.right, agreement.unexplained
    entry.failed = agreement.unexplained


def _bounded(entry: Entry, limits: Limits, work: Callable[[float], Any]) -> Any:
    """Do some work of a contestant; when it hangs or gives up, the entry says so."""
    try:
        return work(limits.patience)
    except Hung as error:
        entry.fail(str(error))
        entry.hung = limits.patience
    except CannotRun as error:
        entry.fail(f"not run: {error}")
    return None


def _rounds(running: list[tuple[Entry, Contestant]], limits: Limits) -> None:
    """Measure in turns, so that a change of the machine's load falls on all."""
    spent = dict.fromkeys((id(entry) for entry, _ in running), 0.0)
    for _ in range(limits.runs):
        for entry, contestant in running:
            if entry.failed or spent[id(entry)] > limits.budget:
                continue
            for fresh, mode in ((True, "cold"), (False, "warm")):
                seconds = _bounded(entry, limits, partial(contestant.time, fresh=fresh))
                if seconds is not None:
                    entry.times.setdefault(mode, []).append(seconds)
                    spent[id(entry)] += seconds
