"""Whole processes, from start to end, as a person waits for them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from side_by_side.environments import CannotRun, Peer, surroundings
from side_by_side.racing import Entry, Limits, say


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a contestant; `counts` is whether lexgraph's bar is measured by it."""

    peer: str
    label: str
    arguments: tuple[str, ...]
    counts: bool = True
    note: str = ""


def race_commands(commands: Sequence[Command], limits: Limits) -> tuple[list[Entry], list[list[str]]]:
    """Run the commands in turns; return their times and what each printed."""
    entries = [Entry(one.peer, one.label, note=one.note, right=one.counts) for one in commands]
    printed: list[list[str]] = [[] for _ in commands]
    for entry in entries:
        say(f"  {entry.name}")
        try:
            Peer(entry.peer).make()
        except CannotRun as error:
            entry.fail(f"not run: {error}")
    for turn in range(limits.runs + 1):  # the first run warms the disk, and is not counted
        for entry, command, outputs in zip(entries, commands, printed, strict=True):
            if not entry.failed:
                seconds, output = _once(entry, command, limits)
                if turn and not entry.failed:
                    entry.times.setdefault("whole", []).append(seconds)
                    outputs.append(output)
    return entries, printed


def _once(entry: Entry, command: Command, limits: Limits) -> tuple[float, str]:
    start = perf_counter()
    try:
        done = subprocess.run(
            command.arguments,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=limits.patience,
            check=False,
            env=surroundings(),
        )
    except subprocess.TimeoutExpired:
        entry.fail(f"hung > {limits.patience:g} s")
        return 0.0, ""
    except OSError as error:
        entry.fail(f"not run: {error.strerror}")
        return 0.0, ""
    seconds = perf_counter() - start
    if done.returncode:
        said = done.stderr.strip().splitlines()
        entry.fail(f"not run: {said[-1] if said else f'it ended with code {done.returncode}'}")
    return seconds, done.stdout
