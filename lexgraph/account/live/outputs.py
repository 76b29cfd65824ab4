"""The files that a reader of a collection uses, made from what the calls answered: ``collection.json``,
``organization.json``, ``resource-policies.json``, ``resources.csv`` and ``credential-report.csv``.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lexgraph.account.live.operations import DETAILS, OPERATIONS, ORGANIZATION, REPORT
from lexgraph.account.live.plan import Call
from lexgraph.account.live.store import MANIFEST, Store, write_bytes, write_json
from lexgraph.account.live.tree import Found, Tree
from lexgraph.account.resources import COLUMNS

Json = Any
FORMAT = "lexgraph collection"
SCHEMA = 1
# A name that a spreadsheet would compute. The ARN tells it too, so that the cell may stay empty.
_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_TARGETS = {"ListRoots": "Roots", "ListOrganizationalUnitsForParent": "OrganizationalUnits"}
Walked = Sequence[tuple[Call, tuple[Found, ...]]]


def write_outputs(store: Store, tree: Tree, starts: Iterable[Call], about: Mapping[str, Json]) -> Walked:
    """Write all files, the manifest last, so that it never tells of what is not there; return what they tell of."""
    walked = tuple(tree.walk(starts))
    _write_report(store, tree, walked)
    if organization := _organization(tree, walked):
        write_json(store.folder / "organization.json", organization)
    resources = {one.arn: one for _, found in walked for one in found if one.arn}
    if any(OPERATIONS[call.operation].resource for call, _ in walked):
        policies = [_policy(tree, one) for one in resources.values()]
        write_json(store.folder / "resource-policies.json", policies)
        write_bytes(store.folder / "resources.csv", _csv(map(_row, resources.values())))
    asked = {one.then[0]: arn for arn, one in resources.items()}
    calls = [_call(tree, call, asked.get(call)) for call, _ in walked]
    write_json(store.folder / MANIFEST, {"format": FORMAT, "schema": SCHEMA, **about, "calls": calls})
    return walked


def _call(tree: Tree, call: Call, resource: str | None) -> Json:
    """A call as the manifest tells of it; one that asks for a resource's policy with the resource's ARN."""
    operation, state = OPERATIONS[call.operation], tree.state(call)
    told = {
        "service": operation.service,
        "operation": operation.name,
        "region": call.region or None,
        "parameters": dict(call.parameters),
        "status": state.status,
        "pages": len(state.pages),
        "marker": state.marker,
        "error": state.error,
    }
    return told if resource is None else {**told, "resource": resource}


def _write_report(store: Store, tree: Tree, walked: Walked) -> None:
    pages = next((tree.state(call).pages for call, _ in walked if call.operation == REPORT), ())
    if pages:
        write_bytes(store.folder / "credential-report.csv", (pages[0] or "").encode())


# Resources --------------------------------------------------------------------------------------------------------


def _policy(tree: Tree, found: Found) -> Json:
    """A resource's policy: null where it has none; where it could not be read, no policy but why."""
    state = tree.state(found.then[0])
    if state.status == "complete":
        return {"ResourceArn": found.arn, "Policy": state.pages[0]}
    return {"ResourceArn": found.arn, "Error": state.error or "it was not asked for yet"}


def _row(found: Found) -> tuple[str, ...]:
    form = found.operation.resource
    assert form is not None
    name = form.name.format_map(found.item)
    tags = {one["Key"]: one["Value"] for one in found.item.get("Tags", ())}
    told = json.dumps(tags, ensure_ascii=True, sort_keys=True) if tags else ""
    return found.arn, form.type, "" if _FORMULA.match(name) else name, form.generation, told


def _csv(rows: Iterable[tuple[str, ...]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return file.getvalue().encode()


# The organization -------------------------------------------------------------------------------------------------


def _organization(tree: Tree, walked: Walked) -> Json:
    """The organization, or None where the account is in none or could not ask. What is not known is null."""
    own = next((found[0] for call, found in walked if call.operation == ORGANIZATION and found), None)
    if own is None:
        return None
    items = {name: [one.item for one in _of(walked, name)] for name in (*_TARGETS, "ListAccountsForParent")}
    attached = _attached(tree, walked)
    policies = _of(walked, "ListPolicies")
    return {
        "Organization": _members(own.item, "Id", "MasterAccountId"),
        "Roots": [_target(one, attached) for one in items["ListRoots"]],
        "OrganizationalUnits": [_target(one, attached) for one in items["ListOrganizationalUnitsForParent"]],
        "Accounts": [_target(one, attached) for one in items["ListAccountsForParent"]],
        "Policies": [
            {
                **_members(one.item, "Id", "Arn", "Name", "Type", "AwsManaged"),
                "Content": next(iter(tree.state(one.then[0]).pages), None),
            }
            for one in policies
        ],
    }


def _of(walked: Walked, name: str) -> list[Found]:
    """What was found by an operation on the organization, each thing once."""
    found = (one for call, found in walked if call.operation == f"organizations:{name}" for one in found)
    return list({one.item["Id"]: one for one in found}.values())


def _target(item: Mapping[str, Json], attached: Mapping[str, list[str]] | None) -> Json:
    policies = None if attached is None else attached.get(item["Id"], [])
    return {**_members(item, "Id", "Name", "ParentId", "PolicyTypes"), "Policies": policies}


def _attached(tree: Tree, walked: Walked) -> dict[str, list[str]] | None:
    """The policies of each target; None where something is missing, since it might be attached to any of them.

    What the root does not name among its policy types is not in use, and attached nowhere.
    """
    types = {one["Type"] for root in _of(walked, "ListRoots") for one in root.item.get("PolicyTypes", ())}
    listings = [
        call
        for call, _ in walked
        if call.operation == "organizations:ListPolicies" and (not types or dict(call.parameters)["Filter"] in types)
    ]
    policies = _of(walked, "ListPolicies")
    asked = [*listings, *(one.then[1] for one in policies if one.call in listings)]
    if not listings or any(tree.state(call).status != "complete" for call in asked):
        return None
    attached: dict[str, list[str]] = {}
    for policy in policies:
        for target in dict.fromkeys(one.item["TargetId"] for one in tree.found(policy.then[1])):
            attached.setdefault(target, []).append(policy.item["Id"])
    return attached


def _members(item: Mapping[str, Json], *names: str) -> dict[str, Json]:
    return {name: item[name] for name in names if name in item}


# What is missing --------------------------------------------------------------------------------------------------


def missing(tree: Tree, walked: Walked) -> Iterator[str]:
    """Yield a sentence for each operation and reason by which something is missing."""
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for call, _ in walked:
        state = tree.state(call)
        if state.status != "complete":
            code = (state.error or "").partition(":")[0]
            groups.setdefault((call.operation, call.region, state.status, code), []).append(state.error or "")
    for (operation, region, status, _), errors in groups.items():
        where = f" in {region}" if region else ""
        times = f", {len(errors):,} calls" if len(errors) > 1 else ""
        first = f": {errors[0]}" if errors[0] else ""
        what = "the account's principals and policies are incomplete, " if operation == DETAILS else ""
        yield f"{what}{operation}{where} {_WORDS[status]}{times}{first}"


_WORDS = {
    "partial": "stopped half-way",
    "denied": "was denied",
    "failed": "failed",
    "pending": "was not asked yet",
}
