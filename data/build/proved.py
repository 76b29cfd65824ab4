"""Works out what is proved about all managed policies: who contains whom, and what their versions changed.

``python data/build/proved.py`` writes ``managed/lattice.json`` and ``managed/changes.json`` from the other files of
``managed/`` and of ``catalog/``. It needs lexgraph itself, and some minutes.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from lexgraph.catalog.managed import managed_names, managed_versions
from lexgraph.reasoning.changes import Change, changes_between
from lexgraph.reasoning.lattice import lattice
from lexgraph.tables.compare import version_policy
from lexgraph.workbench import managed_policies

MANAGED = Path(__file__).resolve().parent.parent / "managed"


def main() -> None:
    """Write both files."""
    found = lattice(managed_policies().values())
    _write("lattice.json", {"classes": found.classes, "edges": found.edges, "undecided": found.undecided})
    names = sorted({*managed_names(), *managed_names(retired=True)})
    _write("changes.json", {"histories": [history for name in names if (history := _history(name))]})


def _history(name: str) -> list[Any]:
    """The row of one policy in the table ``histories``."""
    versions = managed_versions(name)
    policies = [version_policy(one) for one in versions]
    same = [False, *(b.repeats == a.version for a, b in pairwise(versions))]
    kinds = [_kind(() if same[i] else changes_between(policies[i - 1], policies[i])) for i in range(1, len(policies))]
    repeats = sum(one.repeats is not None for one in versions)
    count = {what: sum(what in kind for kind in kinds) for what in ("granting", "taking", "quiet", "undecided")}
    equal = sum(not kind for kind in kinds)
    row = (count["granting"], count["taking"], count["quiet"], equal, repeats, count["undecided"])
    return [versions[0].arn, name, len(versions), *row]


def _kind(changes: tuple[Change, ...]) -> set[str]:
    """What a version did."""
    shown = [change for change in changes if change.what != "undecided"]
    granted = [change for change in shown if change.direction == "granted"]
    found = {"granting"} if granted else set()
    if granted and all(change.what != "action" for change in granted):
        found.add("quiet")
    if len(granted) < len(shown):
        found.add("taking")
    return found | ({"undecided"} if len(shown) < len(changes) else set())


def _write(name: str, content: dict[str, Any]) -> None:
    lines = (f" {json.dumps(key)}: [\n{_rows(rows)}\n ]" for key, rows in content.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (MANAGED / name).write_text(text, encoding="ascii", newline="\n")
    print(f"{len(text):>10,}  managed/{name}")


def _rows(rows: list[Any]) -> str:
    return ",\n".join(f"  {json.dumps(row)}" for row in rows)


if __name__ == "__main__":
    main()
