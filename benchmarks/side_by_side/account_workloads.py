"""The workloads on whole accounts, each at several sizes, with how the time grows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from math import log
from pathlib import Path
from typing import Any

from lexgraph.account.readers import read_account
from lexgraph.catalog.actions import catalog
from side_by_side import accounts, statements
from side_by_side.accounts import principals_for, write_account
from side_by_side.comparing_accounts import compare_escalation, for_action_sets, for_numbers, for_who_can
from side_by_side.environments import HOME
from side_by_side.inputs import Json
from side_by_side.racing import Entrant, Entry, Limits, measure_memory, race
from side_by_side.statements import TABLE, asked_resources
from side_by_side.workloads import Bar, Result, Session

FOLDER = HOME.parent / "out" / "bench"
# Which action is asked about on the resources of a service.
ASKED = {
    "dynamodb": "dynamodb:DeleteTable",
    "s3": "s3:PutBucketPolicy",
    "lambda": "lambda:UpdateFunctionCode",
    "sqs": "sqs:ReceiveMessage",
    "sns": "sns:Publish",
    "lex": "lex:DeleteBot",
}


def account_file(principals: int) -> str:
    """Return the path of the generated account of this size; it is made where it is not there."""
    made_by = b"".join(Path(module.__file__ or "").read_bytes() for module in (accounts, statements))
    folder = FOLDER / f"accounts-{hashlib.sha256(made_by).hexdigest()[:8]}"
    return str(write_account(folder / f"account-{principals}.json", principals))


def growth(named: dict[str, list[tuple[int, Entry]]], mode: str) -> list[str]:
    """Return in words how the least time of each contestant grows with the number of principals."""
    told = []
    for name, sized in named.items():
        times = [(size, min(entry.times[mode])) for size, entry in sized if entry.times.get(mode)]
        if len(times) > 1:
            (small, first), (large, last) = times[0], times[-1]
            exponent = log(last / first) / log(large / small)
            told.append(f"{name}: {small:,} to {large:,} principals, growth by the power {exponent:.2f}")
    return told


class Sizes:
    """Races of the same contestants on accounts of several sizes."""

    def __init__(self) -> None:
        self.named: dict[str, list[tuple[int, Entry]]] = {}

    def add(self, size: int, entries: Sequence[Entry]) -> None:
        """Take note of a race."""
        for entry in entries:
            self.named.setdefault(entry.name, []).append((size, entry))

    def remark(self, result: Result, most: float | None = None) -> Result:
        """Return the last result, with how the times grew; `most` is how often ten times the size may take."""
        result.remarks += growth(self.named, result.mode)
        own = dict(next(iter(self.named.values())))
        times = {size: min(entry.times[result.mode]) for size, entry in own.items() if entry.times.get(result.mode)}
        if most is not None and {1000, 10000} <= times.keys():
            grown = times[10000] / times[1000]
            met = "met" if grown <= most else "missed"
            result.remarks.append(
                f"10,000 principals take {grown:.1f} times as long as 1,000 (at most {most:g}: {met})"
            )
        return result


def _memory(result: Result) -> Result:
    for entry in result.entries:
        if entry.memory:
            grown = entry.memory["peak"] - entry.memory["before"]
            table = f"; the table takes {entry.memory['table']:.1f} MB" if "table" in entry.memory else ""
            said = f"{entry.name}: peak memory {entry.memory['peak']:.0f} MB, {grown:.0f} of it by this{table}"
            result.remarks.append(said)
    return result


SETS_BARS = {1000: Bar(30, 0.08), 10000: Bar(30, 0.6)}
SETS_PEERS = {
    100: ("cloudsplaining", "policy_sentry", "policyuniverse"),
    1000: ("cloudsplaining", "policy_sentry"),
    10000: ("cloudsplaining", "policy_sentry"),
}


def action_sets(session: Session) -> Iterator[Result]:
    """W3: the action sets of all principals."""
    sizes = Sizes()
    names = [name.lower() for name in catalog().names]
    for number in (100, 1000) if session.quick else (100, 1000, 10000):
        data = {"path": account_file(number), "catalogue": names}
        peers = [Entrant(name, "action sets") for name in SETS_PEERS[number][: 2 if session.quick else None]]
        remembered = Entrant("policy_sentry", "action sets, remembered", "its runner remembers documents", counts=False)
        entrants = session.invited(Entrant("lexgraph", "action sets"), *peers, remembered)
        entries = race(entrants, data, for_action_sets(read_account(data["path"])), session.limits)
        if number == 10000:
            measure_memory(entries[:1], entrants[:1], data, session.limits)
        sizes.add(number, entries)
        about = f"the action sets of {number:,} principals, {{}}"
        result = _memory(
            Result(f"W3 {number:,}", about.format("cold"), "s", "cold", entries, SETS_BARS.get(number, Bar()))
        )
        yield sizes.remark(result, 12) if number == (1000 if session.quick else 10000) else result


WHO_BARS = {1000: (Bar(250, 3), Bar(15, 0.2))}
WHO_PEERS = {100: ("iam-simulate", "principalmapper"), 1000: ("iam-simulate",), 10000: ()}


def who_can(session: Session) -> Iterator[Result]:
    """W4a, W4b: who can delete a table, with the index ready, and from the file on."""
    for task, name, unit, mode in (("who can", "W4a", "ms", "warm"), ("first answer", "W4b", "s", "cold")):
        sizes = Sizes()
        for number in (100, 1000) if session.quick else (100, 1000, 10000):
            data = {"path": account_file(number), "questions": [["dynamodb:DeleteTable", TABLE]]}
            peers = [Entrant(peer, task) for peer in WHO_PEERS[number]]
            perhaps = [Entrant("lexgraph", "who can perhaps", "context not complete")] if task == "who can" else []
            entrants = session.invited(Entrant("lexgraph", task), *perhaps, *peers)
            entries = race(entrants, data, for_who_can(data), session.limits)
            sizes.add(number, entries)
            how = "the account is ready" if task == "who can" else "from the file to the first answer"
            bar = WHO_BARS[number][task == "first answer"] if number in WHO_BARS else Bar()
            about = f"who can dynamodb:DeleteTable on a table, {number:,} principals, {how}"
            result = Result(f"{name} {number:,}", about, unit, mode, entries, bar)
            if number == 1000:
                result.remarks.append("iam-lens: not run, its package is not in the npm registry")
            yield sizes.remark(result) if number == (1000 if session.quick else 10000) else result


def who_can_often(session: Session) -> Iterator[Result]:
    """W4 of a hundred resources: who can do one action on each."""
    sizes = Sizes()
    for number in (100, 1000):
        found = asked_resources(100)
        questions = [[ASKED[arn.split(":")[2]], arn] for arn in found]
        data = {"path": account_file(number), "questions": questions}
        peers = [Entrant("iam-simulate", "who can")] if number == 100 and not session.quick else []
        perhaps = Entrant("lexgraph", "who can perhaps", "context not complete")
        entrants = session.invited(Entrant("lexgraph", "who can"), perhaps, *peers)
        entries = race(entrants, data, for_who_can(data), session.limits)
        sizes.add(number, entries)
        about = f"who can do one action on each of {len(found)} resources, {number:,} principals, {{}}"
        result = Result(f"W4 all {number:,}", about.format("cold"), "ms", "cold", entries)
        yield sizes.remark(result) if number == 1000 else result
        yield Result(f"W4 all {number:,}", about.format("warm"), "ms", "warm", entries)


EDGE_BARS = {300: Bar(20, 2), 1000: Bar(None, 6)}


def escalation(session: Session) -> Iterator[Result]:
    """W4d: who can take over whom."""
    sizes = Sizes()
    patience = session.limits.patience if session.quick else 120.0
    limits = Limits(min(session.limits.runs, 3), patience, session.limits.budget)
    last = 300 if session.quick else 1000
    for number in (30, 100, 300) if session.quick else (30, 100, 300, 1000):
        data = {"path": account_file(number)}
        own = (Entrant("lexgraph", "escalation"), Entrant("lexgraph", "escalation of all", "with administrators"))
        shipped = Entrant("principalmapper", "escalation")
        unbounded = Entrant("principalmapper", "escalation, cache unbounded", "its cache unbounded")
        peers = [] if number > 300 or (session.quick and number > 100) else [unbounded]
        peers += [shipped] if number == 30 and not session.quick else []
        entries = race(session.invited(*own, *peers), data, compare_escalation, limits)
        sizes.add(number, entries)
        about = f"who can take over whom, {number:,} principals, nothing ready"
        result = Result(f"W4d {number:,}", about, "s", "cold", entries, EDGE_BARS.get(number, Bar()))
        yield sizes.remark(result) if number == last else result


def grants(session: Session) -> Iterator[Result]:
    """W5a: from the file to the table of grants."""
    sizes = Sizes()
    for number in (1000, 10000):
        data = {"path": account_file(number)}
        entrants = session.invited(Entrant("lexgraph", "grants"), Entrant("notebook", "grants", "json and row dicts"))
        entries = race(entrants, data, for_numbers("rows"), session.limits)
        measure_memory(entries, entrants[: len(entries)], data, session.limits)
        sizes.add(number, entries)
        about = f"{number:,} principals ({_megabytes(data['path'])} MB) to the table of grants"
        bar = Bar(2.5, 0.25) if number == 10000 else Bar()
        result = _memory(Result(f"W5a {number:,}", about, "s", "cold", entries, bar))
        yield sizes.remark(result, 12) if number == 10000 else result


def load(session: Session) -> Iterator[Result]:
    """W5b: a file of 192 MB."""
    yield from _load(session, 20 if session.quick else 192, "W5b")


def load_more(session: Session) -> Iterator[Result]:
    """W5c, with ``--large``: a file of 500 MB."""
    yield from _load(session, 500, "W5c") if session.large else ()


def _load(session: Session, megabytes: int, name: str) -> Iterator[Result]:
    limits = Limits(min(session.limits.runs, 3), max(session.limits.patience, 180.0), session.limits.budget)
    data: Json = {"path": account_file(principals_for(megabytes))}
    paused = "load, collector paused"
    others = [
        Entrant("notebook", "load", "json"),
        Entrant("notebook", paused, "json, collector paused: how lexgraph runs it", counts=False),
    ]
    for how, peers, bar in (
        ("in memory", others, Bar(3, 2.5)),
        ("streamed", [Entrant("notebook", "stream", "ijson, nothing kept")], Bar(1, 6)),
    ):
        entrants = session.invited(Entrant("lexgraph", "load"), *peers)
        entries = race(entrants, data, for_numbers("principals"), limits)
        measure_memory(entries, entrants[: len(entries)], data, limits)
        about = f"a file of {_megabytes(data['path'])} MB to an account; others {how}"
        yield _memory(Result(f"{name} {how}", about, "s", "cold", entries, bar if name == "W5b" else Bar()))


def graph(session: Session) -> Iterator[Result]:
    """W6: the policy graph, beside the same nodes and edges in a bare networkx graph."""
    sizes = Sizes()
    for number in (1000, 10000):
        data: dict[str, Any] = {"path": account_file(number)}
        bare = Entrant("notebook", "policy graph", "bare networkx, the same edges")
        told = Entrant("notebook", "policy graph, attributes", "networkx, their attributes too")
        entrants = session.invited(Entrant("lexgraph", "policy graph"), bare, told)
        entries = race(entrants, data, for_numbers("nodes and edges"), session.limits)
        measure_memory(entries, entrants[: len(entries)], data, session.limits)
        sizes.add(number, entries)
        bar = Bar(1 / 1.5, 1) if number == 10000 else Bar()
        result = _memory(
            Result(f"W6 {number:,}", f"the policy graph of {number:,} principals", "s", "cold", entries, bar)
        )
        yield sizes.remark(result, 12) if number == 10000 else result


def _megabytes(path: str) -> str:
    return f"{Path(path).stat().st_size / 1e6:.0f}"


ACCOUNT_WORKLOADS = {
    "W3": ((), action_sets),
    "W4": (("W4a", "W4b"), who_can),
    "W4all": ((), who_can_often),
    "W4d": ((), escalation),
    "W5a": ((), grants),
    "W5b": ((), load),
    "W5c": ((), load_more),
    "W6": ((), graph),
}
