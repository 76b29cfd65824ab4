"""All managed policies, parsed and flattened to tables, in a process of its own.

It prints JSON: seconds after the imports, rows of each table, and the peak memory of this process in MB.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

from lexgraph.catalog.managed import managed_documents, managed_names
from lexgraph.policy.parse import parse_policy
from lexgraph.tables import policies as makers

TABLES = ("policies", "statements", "grants", "conditions", "policy_actions")


def peak_megabytes() -> float | None:
    """Return this process's peak memory, where the system tells it. (What `resource` tells includes the parent's.)"""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Flatten and print."""
    start = perf_counter()
    documents = managed_documents(managed_names())
    policies = [parse_policy(one.document, name=one.name, arn=one.arn) for one in documents]
    parsed = perf_counter()
    rows = {name: len(getattr(makers, f"{name}_table")(policies)) for name in TABLES}
    print(
        json.dumps(
            {
                "parse": parsed - start,
                "flatten": perf_counter() - parsed,
                "policies": len(policies),
                "rows": rows,
                "peak": peak_megabytes(),
            }
        )
    )


if __name__ == "__main__":
    main()
