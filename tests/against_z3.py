"""Hold containment against z3 on many pairs: ``python -m tests.against_z3 --pairs 1000 --seed 7`` (``make oracle``).

Pairs that z3 has no words for, or does not decide in time, are drawn again. Prints every disagreement, and how many
pairs each side left undecided; ends with 1 when there is a disagreement.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from statistics import median
from time import perf_counter
from typing import Any

from lexgraph.catalog.actions import catalog
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning import Answer, contains
from tests import oracle
from tests.pairs import draw_pair

Json = Any


@dataclass(frozen=True)
class Compared:
    """One pair: both answers, and how long each took; `theirs` is an action of a counterexample, or None."""

    kind: str
    first: Json
    second: Json
    mine: Answer
    theirs: str | None
    seconds: tuple[float, float]

    @property
    def disagree(self) -> bool:
        return self.mine.holds is not None and self.mine.holds is not (self.theirs is None)

    def __str__(self) -> str:
        mine = f"{self.mine.holds} {self.mine.request or self.mine.reason}"
        return f"{self.kind}: {mine}, but z3 says {self.theirs}\n{json.dumps(self.first)}\n{json.dumps(self.second)}"


@cache
def facts() -> oracle.Facts:
    """What the oracle may know of the catalogue."""
    cat = catalog()
    wildcard_only = frozenset(name.lower() for name in cat.names_in(cat.wildcard_only_bits))
    return oracle.Facts(tuple(map(str.lower, cat.names)), wildcard_only, cat.key_fits, cat.takes_several)


def compared(rng: random.Random, pairs: int, counts: Counter[str], *, seconds: float = 5.0) -> Iterator[Compared]:
    """Yield `pairs` pairs that z3 decides in time; `counts` says what became of the others."""
    decided = 0
    while decided < pairs:
        kind, first, second = draw_pair(rng)
        start = perf_counter()
        try:
            theirs = oracle.only_first_allows(first, second, facts(), seconds=seconds)
        except oracle.Unsupported:
            counts["z3 has no words for it"] += 1
            continue
        except oracle.TimedOut:
            counts["z3 did not decide in time"] += 1
            continue
        decided += 1
        counts[kind] += 1
        narrow, wide = parse_policy(first), parse_policy(second)
        between = perf_counter()
        mine = contains(wide, narrow)
        end = perf_counter()
        counts[f"contained: {mine.holds}"] += 1
        yield Compared(kind, first, second, mine, theirs, (end - between, between - start))


def main() -> int:
    """Run the comparison and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--seconds", type=float, default=5.0, help="what z3 may take for a pair")
    options = parser.parse_args()
    print(f"{options.pairs:,} pairs, seed {options.seed}", flush=True)
    counts: Counter[str] = Counter()
    times: list[tuple[float, float]] = []
    wrong = 0
    for one in compared(random.Random(options.seed), options.pairs, counts, seconds=options.seconds):
        times.append(one.seconds)
        if one.disagree:
            wrong += 1
            print(one, flush=True)
        elif one.mine.holds is None:
            print(f"undecided, {one.kind}: {one.mine.reason}", flush=True)
        if len(times) % 100 == 0:
            print(f"{len(times):,} pairs, {wrong} disagreements", file=sys.stderr, flush=True)
    print(*(f"{count:8,}  {what}" for what, count in sorted(counts.items())), sep="\n")
    mine, theirs = (median(column) * 1e3 for column in zip(*times, strict=True))
    print(f"{wrong} disagreements in {len(times):,} pairs; median {mine:.2f} ms, z3 {theirs:.1f} ms")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
