"""Measures lexgraph and its peers side by side, in one run, and says how lexgraph stands to its bars.

``make bench``, or ``python benchmarks/run.py --only W1,W2 --quick --no-peers``. Prints tables; writes
``out/bench/bench.json`` and ``out/bench/bench.md``. Exit code 1 means wrong answers; timings never fail.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from side_by_side.account_workloads import ACCOUNT_WORKLOADS
from side_by_side.racing import Limits, say
from side_by_side.reporting import as_text, circumstances, heading, load_average, write
from side_by_side.workloads import WORKLOADS as POLICY_WORKLOADS
from side_by_side.workloads import Result, Session

WORKLOADS = POLICY_WORKLOADS | ACCOUNT_WORKLOADS
OUT = Path(__file__).parents[1] / "out" / "bench"


def chosen(text: str) -> list[str]:
    """Return the workloads that ``--only`` names; ``W2a`` and its sisters mean ``W2``."""
    known = {alias.lower(): name for name, (aliases, _) in WORKLOADS.items() for alias in (name, *aliases)}
    names = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"no workload {unknown[0]!r}; there are {', '.join(WORKLOADS)}")
    wanted = {known[name] for name in names}
    return [name for name in WORKLOADS if name in wanted]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", type=chosen, default=list(WORKLOADS), help=f"of {','.join(WORKLOADS)}")
    parser.add_argument("--quick", action="store_true", help="3 runs, less patience: to see that everything works")
    parser.add_argument("--large", action="store_true", help="a file of 500 MB too")
    parser.add_argument("--no-peers", action="store_true", help="lexgraph alone")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder to write to (default: out/bench)")
    return parser.parse_args()


def main() -> int:
    """Measure, print, write."""
    asked = arguments()
    limits = Limits(runs=3, patience=10, budget=8) if asked.quick else Limits()
    session = Session(limits, quick=asked.quick, peers=not asked.no_peers, large=asked.large)
    told = circumstances(session)
    print("\n".join(heading(told)))
    results: list[Result] = []
    for name in asked.only:
        say((WORKLOADS[name][1].__doc__ or name).strip())
        found = list(WORKLOADS[name][1](session))
        results += found
        print(as_text(found), flush=True)
    told["load average at the end"] = load_average()
    paths = write(asked.out, told, results)
    say("Written: " + ", ".join(map(str, paths)))
    entries = [entry for result in results for entry in result.entries]
    return int(any(entry.unexplained or (entry.failed and entry.peer == "lexgraph") for entry in entries))


if __name__ == "__main__":
    sys.exit(main())
