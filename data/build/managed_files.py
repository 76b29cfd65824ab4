"""Writes ``data/managed``: AWS's managed policies and every known version of them."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

from sources import HISTORY, MOTO, read_history, read_moto_policies
from writing import compact, write_blocks, write_json

ARN = "arn:aws:iam::aws:policy"
Versions = dict[str, dict[str, Any]]


def write_managed(folders: dict[str, Path], target: Path) -> None:
    """Write the current policies, their history and both indexes into `target`."""
    current = read_moto_policies(folders[MOTO.label])
    past = read_history(folders[HISTORY.label])
    names = sorted(current.keys() | past.keys())
    versions = {name: _versions(current.get(name), past.get(name)) for name in names}
    _write_current(target, current, versions)
    _write_history(target, versions, {name: past[name]["arn"] for name in names if name not in current})
    write_json(target / "meta.json", _meta(current, past, versions), indent=1)


def _number(version: str) -> int:
    return int(version.removeprefix("v"))


def _versions(current: dict[str, Any] | None, past: dict[str, Any] | None) -> Versions:
    """Every known version of one policy, oldest first, each with where it comes from and what it repeats."""
    found: Versions = {}
    for version, one in (past["versions"] if past else {}).items():
        # Not createdDate: it is the policy's own date of creation for about 40 % of the versions.
        found[version] = {
            "version": version,
            "document": one["document"],
            "date": None,
            "source": HISTORY.label,
        }
    if current:
        default = current["DefaultVersionId"]
        fresh = {"version": default, "document": current["Document"], "date": None, "source": MOTO.label}
        one = found.setdefault(default, fresh)
        # moto sorts the keys of a document, so the other package's text, in AWS's order, is kept where both
        # agree.
        if one["document"] != current["Document"]:
            raise ValueError(f"the two sources differ about {default} of a policy created {current['CreateDate']}")
        if one["source"] != MOTO.label:
            one["source"] = f"{HISTORY.label}, {MOTO.label}"
        one["date"] = current["UpdateDate"]
    ordered = sorted(found.values(), key=lambda one: _number(one["version"]))
    return {one["version"]: one | {"repeats": _repeated(one, ordered[:at])} for at, one in enumerate(ordered)}


def _repeated(one: dict[str, Any], earlier: list[dict[str, Any]]) -> str | None:
    """The latest earlier version with the same document, if there is one."""
    return next((old["version"] for old in reversed(earlier) if old["document"] == one["document"]), None)


def _write_current(target: Path, current: dict[str, Any], versions: dict[str, Versions]) -> None:
    lines: dict[str, bytes] = {}
    arns: dict[str, str] = {}
    for name in sorted(current):
        one = current[name]
        version = versions[name][one["DefaultVersionId"]]
        arns[name] = f"{ARN}{one['Path']}{name}"
        record = {
            "name": name,
            "arn": arns[name],
            "path": one["Path"],
            "version": version["version"],
            "created": one["CreateDate"],
            "updated": one["UpdateDate"],
            "source": version["source"],
            "repeats": version["repeats"],
            "document": version["document"],
        }
        lines[name] = f"{compact(record)}\n".encode("ascii")
    places = write_blocks(target / "policies.jsonl", lines)
    write_json(target / "index.json", {name: [*place, arns[name]] for name, place in places.items()})


def _write_history(target: Path, versions: dict[str, Versions], retired: dict[str, str]) -> None:
    blocks = {name: _packed(list(found.values())) for name, found in versions.items()}
    places = write_blocks(target / "history.bin", blocks)
    index = {name: [*place, len(versions[name]), _complete(versions[name])] for name, place in places.items()}
    write_json(target / "history_index.json", {"policies": index, "retired": retired})


def _packed(versions: list[dict[str, Any]]) -> bytes:
    # One block a policy, readable without the others: a notebook asks for one history at a time.
    return lzma.compress(compact(versions).encode("ascii"), preset=9, check=lzma.CHECK_CRC32)


def _complete(found: Versions) -> bool:
    """Whether every version from v1 to the latest is known."""
    return [_number(version) for version in found] == list(range(1, len(found) + 1))


def _meta(current: dict[str, Any], past: dict[str, Any], versions: dict[str, Versions]) -> dict[str, Any]:
    return {
        "date": max(one["UpdateDate"] for one in current.values())[:10],
        "sources": [
            {
                "package": one.package,
                "version": one.version,
                "registry": one.registry,
                "licence": one.licence,
                "gives": gives,
            }
            for one, gives in (
                (MOTO, "current versions, their dates, paths"),
                (
                    HISTORY,
                    "earlier versions, policies that AWS has withdrawn, the order of keys in documents",
                ),
            )
        ],
        "counts": {
            "policies": len(current),
            "retiredPolicies": len(past.keys() - current.keys()),
            "policiesWithHistory": len(versions),
            "versions": sum(map(len, versions.values())),
            "completeFromV1": sum(map(_complete, versions.values())),
            "versionsThatRepeatAnEarlierOne": sum(
                one["repeats"] is not None for found in versions.values() for one in found.values()
            ),
        },
    }
