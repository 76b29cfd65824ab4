"""``lexgraph who-can ACCOUNT ACTION RESOURCE``."""

from __future__ import annotations

import csv
import sys
from argparse import Namespace
from typing import Any

from lexgraph.access.decide import AccessRow, who_can
from lexgraph.account.model import Snapshot
from lexgraph.account.parts import coverage_of
from lexgraph.account.stacks import lacks_role
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.nearest import nearest
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import counted, shown
from lexgraph.evaluation.services import grants_may_allow
from lexgraph.exports.cells import csv_cell
from lexgraph.exports.provenance import of_account
from lexgraph.markup import visible
from lexgraph.policy.arn import PARTS, split_arn
from lexgraph.policy.patterns import is_pattern
from lexgraph.report.inputs import given_account

COLUMNS = ("principal", "outcome", "condition", "missing_keys")


def run(args: Namespace) -> int:
    """Print who may perform the action on the resource; 1 where nobody may."""
    around = {"organization": args.organization, "resource_policies": args.resource_policies}
    snapshot = given_account(args.account, **around)
    rows = who_can(snapshot, args.action, args.resource)
    if catalog().index_of(args.action) is None:
        say(f"the catalogue of {catalog().date} has no action {shown(args.action)}")
    if _is_missing(snapshot, args.resource):
        say(_missing(snapshot, args.resource))
    if grants_may_allow(args.action.lower(), args.resource):
        say("note: a grant of the key may allow it to others; grants are not looked at")
    {"json": _json, "csv": _csv, "text": _text}[args.format](args, snapshot, rows)
    _tell_coverage(coverage(snapshot))
    return int(not rows)


def _is_missing(snapshot: Snapshot, resource: str) -> bool:
    """Whether a resource would be a user or a role of the account, and is none: a name mistyped, or one deleted."""
    parts = split_arn(resource)
    if len(parts) < PARTS or (parts[2], parts[4]) != ("iam", snapshot.account_id) or is_pattern(resource):
        return False
    known = any(principal.arn == resource for principal in snapshot.principals)
    return parts[5].startswith(("user/", "role/")) and not known


def _missing(snapshot: Snapshot, resource: str) -> str:
    """That a user or a role is not there: a role surely, where the account's roles were read to the last."""
    name = split_arn(resource)[5]
    if not (name.startswith("role/") and lacks_role(snapshot, resource)):
        return f"what was read of the account has no {shown(resource)}"
    roles = (split_arn(principal.arn)[5] for principal in snapshot.principals if principal.kind == "role")
    return f"there is no role {shown(resource)} in the account{nearest(name, roles)}"


def coverage(snapshot: Snapshot) -> dict[str, Any]:
    """Return what an answer about a whole account rests on, and what it lacks."""
    about = of_account(snapshot)
    unreadable = [
        {
            "owner": bad.owner,
            "name": bad.name,
            "kind": bad.kind,
            "code": bad.error.code,
            "message": bad.error.message,
        }
        for bad in snapshot.unreadable
    ]
    return {
        "principals": len(snapshot.principals),
        "unreadable": unreadable,
        "not_considered": list(about.not_considered or ()),
        "notes": list(snapshot.notes),
        "parts": [{"part": one.part, "read": one.read, "missing": list(one.missing)} for one in coverage_of(snapshot)],
    }


def _json(args: Namespace, snapshot: Snapshot, rows: tuple[AccessRow, ...]) -> None:
    found = [
        {
            "principal": row.principal,
            "outcome": row.outcome,
            "condition": row.condition,
            "missing_keys": list(row.missing_keys),
        }
        for row in rows
    ]
    put_json({"action": args.action, "resource": args.resource, "rows": found, "coverage": coverage(snapshot)})


def _csv(_: Namespace, __: Snapshot, rows: tuple[AccessRow, ...]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = (row.principal, row.outcome, row.condition or "", ", ".join(row.missing_keys))
        writer.writerow([csv_cell(visible(cell)) for cell in cells])


def _text(args: Namespace, snapshot: Snapshot, rows: tuple[AccessRow, ...]) -> None:
    everybody = counted(len(snapshot.principals), "principal")
    put(f"{len(rows):,} of {everybody} may perform {args.action} on {args.resource}")
    for row in rows:
        put(f"  {row.outcome:<11}  {row.principal}  {row.condition or ''}".rstrip())


def _tell_coverage(found: dict[str, Any]) -> None:
    for bad in found["unreadable"]:
        say(f"not readable: {bad['kind']} policy {shown(bad['name'])} of {shown(bad['owner'])}: {bad['message']}")
    for note in found["notes"]:
        say(f"note: {note}")
    say(f"not considered: {', '.join(found['not_considered'])}")
