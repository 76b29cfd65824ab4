"""Hold the evaluator against the reference on many random cases: ``python -m tests.agree --cases 200000 --seed 7``.

The tests do this with twenty thousand cases; this is the longer run. It prints what the cases reached and every
disagreement, and ends with 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys

from tqdm.auto import tqdm

from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.simulate import CaseReader
from lexgraph.policy.patterns import is_pattern
from tests import reference
from tests.random_cases import coverage, random_case


def main() -> int:
    """Run the comparison and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    rng, reader = random.Random(options.seed), CaseReader()
    print(f"{options.cases:,} cases, seed {options.seed}")
    sample, wrong, skipped = [], 0, 0
    for number in tqdm(range(options.cases), file=sys.stderr):
        case = random_case(rng)
        if number < 20_000:
            sample.append(case)
        asked = case["request"]["resource"]
        if asked != "*" and is_pattern(asked):
            skipped += 1  # A set of resources to the evaluator, a name to the reference.
            continue
        read = reader.read(json.loads(json.dumps(case)))
        mine, theirs = authorize(read.stack, read.request).outcome, reference.decide(case)
        if mine != theirs:
            wrong += 1
            print(f"{mine}, but the reference says {theirs}: {json.dumps(case)}")
    for what, count in coverage(sample).items():
        print(f"{count:8,}  {what}")
    print(f"{wrong} disagreements in {options.cases - skipped:,} cases; {skipped:,} asked about patterns")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
