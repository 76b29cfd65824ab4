"""The workloads, each with its bars: a ratio to the fastest peer with right answers, and an order of magnitude."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from lexgraph.catalog.managed import managed_names
from side_by_side.comparing import for_containment, for_decisions, for_sets
from side_by_side.containing import contain_times, containments
from side_by_side.environments import Peer
from side_by_side.inputs import TEN, Json, decisions, elements, fifty_stars, managed, statements
from side_by_side.processes import Command, race_commands
from side_by_side.racing import Entrant, Entry, Limits, race

UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6}


@dataclass(frozen=True, slots=True)
class Bar:
    """What lexgraph must reach: at least `ratio` times faster than the peers, and at most `most` of the unit."""

    ratio: float | None = None
    most: float | None = None


@dataclass(slots=True)
class Result:
    """One table of the report: times of `mode`, per `count` pieces of work, in `unit`."""

    workload: str
    title: str
    unit: str
    mode: str
    entries: list[Entry]
    bar: Bar = field(default=Bar())
    count: int = 1
    remarks: list[str] = field(default_factory=list)

    def times(self, entry: Entry) -> list[float]:
        """Return an entry's times in the unit."""
        return [self.scaled(seconds) for seconds in entry.times.get(self.mode, [])]

    def scaled(self, seconds: float) -> float:
        """Return the time of a whole run in the unit, per piece of work."""
        return seconds * UNITS[self.unit] / self.count

    @property
    def own(self) -> Entry:
        """The entry that the bars hold for."""
        return self.entries[0]

    def ratio(self, entry: Entry, of: Callable[[list[float]], float] = median) -> float | None:
        """Return how many times as long an entry takes as lexgraph, by the medians or by what else `of` picks."""
        mine, other = self.times(self.own), self.times(entry)
        return of(other) / of(mine) if mine and other else None

    def hung_ratio(self) -> float | None:
        """Return what the ratio of the fastest peer is more than, where all that came so far hung."""
        mine = self.times(self.own)
        found = [one.hung for one in self.entries if one.peer != "lexgraph" and one.hung]
        return self.scaled(min(found)) / median(mine) if mine and found else None

    def best_ratio(self, of: Callable[[list[float]], float] = median) -> float | None:
        """Return the ratio of the fastest peer with right answers."""
        found = [self.ratio(one, of) for one in self.entries if one.peer != "lexgraph" and one.right]
        return min((one for one in found if one is not None), default=None)


@dataclass(frozen=True, slots=True)
class Session:
    """What a run of the benchmarks was asked for."""

    limits: Limits
    quick: bool = False
    peers: bool = True
    large: bool = False

    def invited(self, *entrants: Entrant) -> list[Entrant]:
        """Return those who take part."""
        return [one for one in entrants if self.peers or one.peer == "lexgraph"]


def expand_statements(session: Session) -> Iterator[Result]:
    """W1: every statement's Action, or the complement of its NotAction, as a set of actions."""
    data = elements()
    peers = [Entrant(name, "expand") for name in ("policy_sentry", "parliament", "policyuniverse")]
    own = (Entrant("lexgraph", "expand"), Entrant("lexgraph", "expand to names", "as names"))
    entries = race(session.invited(*own, *peers[: 2 if session.quick else 3]), data, for_sets(data), session.limits)
    about = f"{len(data):,} sets of actions of {len(managed_names()):,} managed policies"
    yield Result("W1 cold", about, "ms", "cold", entries, Bar(4, 60))
    yield Result("W1 warm", about, "ms", "warm", entries, Bar(6, 30))


MAKING = "making each Request"
OWN_DECISIONS = (
    Entrant("lexgraph", "decide"),
    Entrant("lexgraph", "decide, making requests", MAKING),
    Entrant("lexgraph", "decide, unknown context", "context not complete"),
    Entrant("lexgraph", "decide, explained", "with the explanation's text"),
)


def decide(session: Session) -> Iterator[Result]:
    """W2a, W2b, W2c: a decision, under one policy and under ten."""
    lex, ten = decisions(managed("AmazonLexFullAccess"), 400), decisions(managed(*TEN), 400)
    peers = [Entrant(name, "decide") for name in ("principalmapper", "cedarpy", "moto", "iam-simulate")]
    peers.append(Entrant("iam-simulate", "decide, safely", "with its validation"))
    bars = {"A": (Bar(8, 5), Bar(2, 30)), "B": (Bar(40, 5), Bar(8, 40))}
    for letter, warm_name, title, data in (("A", "W2a", "AmazonLexFullAccess", lex), ("B", "W2b", "ten policies", ten)):
        entries = race(session.invited(*OWN_DECISIONS, *peers), data, for_decisions(data), session.limits)
        number = len(data["requests"])
        about = f"a decision, {title} ({len(statements(data['policies']))} statements), {number} requests"
        warm, cold = bars[letter]
        yield Result(warm_name, f"{about}, warm", "µs", "warm", entries, warm, number)
        entries = [one for one in entries if one.label != MAKING]  # what was never seen is made anew in any case
        yield Result(f"W2c {letter}", f"{about} never seen", "µs", "cold", entries, cold, number)


def decide_arrays(session: Session) -> Iterator[Result]:
    """W2d: a million decisions from arrays; no peer has it."""
    for title, names in (("AmazonLexFullAccess", ("AmazonLexFullAccess",)), ("ten policies", TEN)):
        data = decisions(managed(*names), 400)
        entries = race([Entrant("lexgraph", "decide arrays")], data, for_decisions(data), session.limits)
        yield Result("W2d", f"a million decisions from arrays, {title}, warm", "s", "warm", entries, Bar(None, 1))


def decide_above_bounds(session: Session) -> Iterator[Result]:
    """W2, more requests through one stack than any memo holds."""
    data = decisions(managed(*TEN), 10_000, granted=0.4)
    peers = [Entrant(name, "decide") for name in ("principalmapper", "cedarpy")]
    entries = race(session.invited(OWN_DECISIONS[0], *peers), data, for_decisions(data), session.limits)
    number = len(data["requests"])
    distinct = [len({one[what] for one in data["requests"]}) for what in ("action", "resource")]
    about = f"{number:,} distinct requests ({distinct[0]:,} actions, {distinct[1]:,} resources) through one stack"
    yield Result("W2 bounds", f"{about}, first time", "µs", "cold", entries, Bar(8, 40), number)
    yield Result("W2 bounds", f"{about}, again", "µs", "warm", entries, Bar(8, 40), number)


def decide_growing(session: Session) -> Iterator[Result]:
    """W2 with ten times the statements: at most 1.5 times."""
    names = [*TEN, *(name for name in managed_names() if name not in TEN)]
    requests = decisions(managed(*TEN), 400)["requests"]
    entries = []
    for number in (10, 100, 1000):
        documents = managed(*names[:number])
        data = {"policies": documents, "requests": requests}
        entry = race([Entrant("lexgraph", "decide")], data, for_decisions(data), session.limits)[0]
        entry.label = f"{len(statements(documents)):,} statements"
        entries.append(entry)
    result = Result("W2 growth", "a decision, warm, by the number of statements", "µs", "warm", entries, count=400)
    grown = result.ratio(entries[1])
    if grown is not None:
        result.remarks.append(
            f"ten times the statements take {grown:.2f} times as long (at most 1.5: {_met(grown <= 1.5)})"
        )
    yield result


def match_stars(session: Session) -> Iterator[Result]:
    """W2e: fifty stars against a hundred letters."""
    data = fifty_stars()
    limits = Limits(session.limits.runs, min(session.limits.patience, 20.0), session.limits.budget)
    peers = [Entrant(name, "decide") for name in ("cedarpy", "principalmapper", "moto", "iam-simulate")]
    entries = race(session.invited(OWN_DECISIONS[0], *peers), data, for_decisions(data), limits)
    yield Result(
        "W2e", "a pattern *a*a…*b of 50 stars against 100 × a, never seen", "ms", "cold", entries, Bar(None, 5), 2
    )


IMPORTS = {
    "policy_sentry": "policy_sentry.analysis.expand",
    "parliament": "parliament",
    "iam-ape": "iam_ape.expand_policy",
}
LINTED = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lex:GetBot", "Resource": "*"}}
CHEAPEST = {
    "policy_sentry": ("query", "action-table", "--service", "lex", "--name", "GetBot"),
    "parliament": ("--string", json.dumps(LINTED)),
    "iam-ape": ("--help",),
}


CONTAINED = {
    "random": "two managed policies at random",
    "related": "two consecutive versions of a managed policy",
    "mutants": "a managed policy and a changed one",
    "Deny": "a managed policy, and the same with a Deny more",
}


def contain(session: Session) -> Iterator[Result]:
    """W8: whether one policy allows everything that another does."""
    number = 8 if session.quick else 24
    for kind, title in CONTAINED.items():
        data = containments(kind, number)
        entrants = session.invited(Entrant("lexgraph", "contain"), Entrant("z3", "contain"))
        entries = race(entrants, data, for_containment(data), session.limits)
        bar = Bar(30, 1 if kind == "random" else None)
        for mode in ("cold", "warm"):
            about = f"containment: {title}, the mean of {number} pairs, {mode}"
            yield Result(f"W8 {kind} {mode}", about, "ms", mode, entries, bar, number)


def contain_often(session: Session) -> Iterator[Result]:
    """W8 alone: the median and the 99th percentile over many random pairs of managed policies, nothing made ready."""
    number = 200 if session.quick else 2_000
    times = contain_times(number)
    entry = Entry("lexgraph", times={"each": times})
    result = Result("W8 each", f"containment of {number:,} random pairs, each", "ms", "each", [entry], Bar(None, 1))
    late = result.scaled(sorted(times)[int(0.99 * number)])
    result.remarks.append(f"the 99th percentile is {late:.2f} ms (at most 50: {_met(late <= 50)})")
    yield result


def start_processes(session: Session) -> Iterator[Result]:
    """W7: a whole process, for an import and for the cheapest command."""
    python = sys.executable
    nothing = Command("python", "-c pass", (python, "-c", "pass"), False, "the interpreter alone")
    imports = [Command("lexgraph", "import", (python, "-c", "import lexgraph")), nothing]
    own = ("-m", "lexgraph.cli", "expand", "lex:GetBot")
    cheapest = [Command("lexgraph", "expand lex:GetBot", (python, *own)), nothing]
    if session.peers:
        for name, module in IMPORTS.items():
            peer, words = Peer(name), CHEAPEST[name]
            imports.append(Command(name, f"import {module}", (peer.python, "-c", f"import {module}")))
            shown = " ".join(word for word in words if "{" not in word)
            cheapest.append(Command(name, shown, (peer.script(name), *words)))
    entries, _ = race_commands(imports, session.limits)
    yield Result("W7 import", "a whole process that imports", "ms", "whole", entries, Bar(2, 60))
    entries, _ = race_commands(cheapest, session.limits)
    yield Result("W7 command", "a whole process, the cheapest command", "ms", "whole", entries, Bar(2, 140))


def flatten(session: Session) -> Iterator[Result]:
    """M: all managed policies parsed, expanded and flattened to tables."""
    script = Path(__file__).parents[1] / "peers" / "lexgraph" / "flatten.py"
    entries, printed = race_commands([Command("lexgraph", "", (sys.executable, str(script)))], session.limits)
    about = f"{len(managed_names()):,} managed policies parsed, expanded and flattened to tables, a whole process"
    result = Result("M", about, "s", "whole", entries, Bar(None, 3))
    if printed[0]:
        told: list[Json] = [json.loads(one) for one in printed[0]]
        rows = ", ".join(f"{name} {number:,}" for name, number in told[0]["rows"].items())
        parse, tables = (median([one[part] for one in told]) for part in ("parse", "flatten"))
        result.remarks.append(f"rows: {rows}")
        result.remarks.append(f"after the imports: parsing {parse:.2f} s, expanding and flattening {tables:.2f} s")
        if told[0]["peak"]:
            result.remarks.append(f"peak memory {median([one['peak'] for one in told]):.0f} MB")
    yield result


def _met(met: bool) -> str:
    return "met" if met else "missed"


Workload = Callable[[Session], Iterator[Result]]
WORKLOADS: dict[str, tuple[Sequence[str], Workload]] = {
    "W1": ((), expand_statements),
    "W2": (("W2a", "W2b", "W2c"), decide),
    "W2d": ((), decide_arrays),
    "W2bounds": ((), decide_above_bounds),
    "W2growth": ((), decide_growing),
    "W2e": ((), match_stars),
    "W7": ((), start_processes),
    "W8": ((), contain),
    "W8each": ((), contain_often),
    "M": ((), flatten),
}
