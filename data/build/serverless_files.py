"""The files of ``data/serverless/``: the policy templates of AWS's Serverless Application Model (SAM)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sources import SAM, read_policy_templates
from writing import write_json

_FUNCTIONS = {"Fn::Sub", "Ref"}  # all that lexgraph works out in them


def write_serverless(folders: Mapping[str, Path], target: Path) -> None:
    """Write the templates by name, each with the names of its parameters, and where they come from."""
    found = {
        name: {"parameters": sorted(one["Parameters"]), "definition": one["Definition"]}
        for name, one in sorted(read_policy_templates(folders[SAM.label]).items())
    }
    for name, one in found.items():
        if unknown := set(_functions(one["definition"])) - _FUNCTIONS:
            raise SystemExit(f"{name} uses {', '.join(sorted(unknown))}")
    write_json(target / "policy_templates.json", found)
    source = {
        "package": SAM.package,
        "version": SAM.version,
        "registry": SAM.registry,
        "licence": SAM.licence,
        "gives": "SAM's policy templates",
    }
    write_json(target / "meta.json", {"sources": [source], "counts": {"templates": len(found)}}, indent=1)


def _functions(value: Any) -> Iterator[str]:
    """The functions that a definition uses."""
    if isinstance(value, dict):
        yield from (key for key in value if key.startswith("Fn::") or key == "Ref")
        yield from (name for inner in value.values() for name in _functions(inner))
    elif isinstance(value, list):
        yield from (name for inner in value for name in _functions(inner))
