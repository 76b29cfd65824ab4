"""``lexgraph who-can ACCOUNT ACTION RESOURCE``."""

from __future__ import annotations

import csv
import sys
from argparse import Namespace
from typing import Any

from lexgraph.access.decide import AccessRow, who_can
from lexgraph.account.model import Snapshot
from lexgraph.account.organization_file import read_organization
from lexgraph.account.pages import parse_account
from lexgraph.account.parts import coverage_of, with_parts
from lexgraph.account.readers import read_account
from lexgraph.account.resource_policies import read_resource_policies
from lexgraph.catalog.actions import catalog
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import shown
from lexgraph.exports.cells import csv_cell
from lexgraph.exports.provenance import of_account
from lexgraph.markup import visible
from lexgraph.report.inputs import STDIN, read_bytes
from lexgraph.report.text import counted

COLUMNS = ("principal", "outcome", "condition", "missing_keys")


def run(args: Namespace) -> int:
    """Print who may perform the action on the resource; 1 where nobody may."""
    snapshot = _account(args)
    rows = who_can(snapshot, args.action, args.resource)
    if catalog().index_of(args.action) is None:
        say(f"the catalogue of {catalog().date} has no action {shown(args.action)}")
    {"json": _json, "csv": _csv, "text": _text}[args.format](args, snapshot, rows)
    _tell_coverage(coverage(snapshot))
    return int(not rows)


def _account(args: Namespace) -> Snapshot:
    if args.account != STDIN:
        return read_account(args.account, organization=args.organization, resource_policies=args.resource_policies)
    tree = read_organization(args.organization) if args.organization else None
    policies = read_resource_policies(args.resource_policies) if args.resource_policies else None
    return with_parts(parse_account(read_bytes(STDIN), source="standard input"), organization=tree, policies=policies)


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
        "not_considered": list(about.not_considered),
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
