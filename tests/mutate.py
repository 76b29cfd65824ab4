"""``make mutate``: mutates all of AWS's managed policies, many times, and counts how the mutants end.

Exits with 1 where one ends in a traceback or says something else than its text, or where so few are parsed that the
mutants have become too wild to test anything.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from lexgraph.catalog.managed import managed_documents, managed_names
from lexgraph.errors import shown
from tests.mutants import mutant, outcome

LEAST_PARSED = 0.3
MOST_TOLD = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("--count", type=int, default=50_000, help="how many mutants (%(default)s)")
    parser.add_argument("--seed", type=int, default=None, help="the seed; a random one by default")
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    documents = [one.document for one in managed_documents(managed_names())]
    print(f"{args.count:,} mutants of {len(documents):,} managed policies, seed {seed}")
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    slowest, began = 0.0, time.perf_counter()
    for number in range(args.count):
        # Each mutant has a generator of its own, so that one can be looked at again without the others.
        rng = random.Random(f"{seed} {number}")
        data, changes = mutant(documents[number % len(documents)], rng)
        start = time.perf_counter()
        try:
            outcomes[outcome(data)] += 1
        except Exception as error:
            outcomes["failure"] += 1
            failures.append(f"mutant {number} ({', '.join(changes)}): {type(error).__name__}: {shown(str(error))}")
        slowest = max(slowest, time.perf_counter() - start)
    return report(outcomes, failures, slowest, time.perf_counter() - began)


def report(outcomes: Counter[str], failures: list[str], slowest: float, seconds: float) -> int:
    count, parsed = outcomes.total(), outcomes.pop("parsed", 0)
    failed = outcomes.pop("failure", 0)
    for line in failures[:MOST_TOLD]:
        print(line, file=sys.stderr)
    print(f"{parsed:>8,}  parsed ({parsed / max(count, 1):.1%}), written and parsed again to the same")
    print(f"{outcomes.total():>8,}  refused; the first code of each:")
    for code, number in outcomes.most_common():
        print(f"    {number:>8,}  {code}")
    print(f"{failed:>8,}  ended in a traceback, or said something else than their text")
    print(f"{seconds:.0f} seconds; the slowest took {slowest * 1000:.0f} ms")
    if parsed < LEAST_PARSED * count:
        print(f"fewer than {LEAST_PARSED:.0%} were parsed: the mutants are too wild", file=sys.stderr)
    return int(bool(failed) or parsed < LEAST_PARSED * count)


if __name__ == "__main__":
    sys.exit(main())
