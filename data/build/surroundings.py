"""What stands around the support centre: its organization, the policies of its resources, its credential report.

The account's own file does not need them, and nothing reads them unasked.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from writing import write_json

Record = dict[str, Any]
SOURCE = Path(__file__).parent / "support-center"
# AWS's own two; AWS gives their content like any other, and a reader knows it too.
AWS_OWN = {
    "FullAWSAccess": ("p-FullAWSAccess", "SERVICE_CONTROL_POLICY"),
    "RCPFullAWSAccess": ("p-RCPFullAWSAccess", "RESOURCE_CONTROL_POLICY"),
}
USAGE = ("last_used_date", "last_used_region", "last_used_service")
COLUMNS = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed"),
    *("password_next_rotation", "mfa_active"),
    *(f"access_key_{n}_{name}" for n in (1, 2) for name in ("active", "last_rotated", *USAGE)),
    *(f"cert_{n}_{name}" for n in (1, 2) for name in ("active", "last_rotated")),
)
NONE = "N/A"


def organization() -> Record:
    """Return the organization, each list as AWS tells it."""
    told = _read("organization")
    ids = {one["name"]: one["id"] for one in told["policies"]} | {name: own[0] for name, own in AWS_OWN.items()}
    return {
        "Organization": {"Id": told["id"], "MasterAccountId": told["management"]},
        "Roots": [_target(told["root"], ids)],
        "OrganizationalUnits": [_target(unit, ids) for unit in told["units"]],
        "Accounts": [_target(account, ids) for account in told["accounts"]],
        "Policies": [*_own_policies(told), *_aws_policies()],
    }


def _target(record: Record, ids: Mapping[str, str]) -> Record:
    parent = {"ParentId": record["parent"]} if "parent" in record else {}
    policies = [ids[name] for name in record["policies"]]
    return {"Id": record["id"], "Name": record["name"], **parent, "Policies": policies}


def _own_policies(told: Record) -> Iterator[Record]:
    front = f"arn:aws:organizations::{told['management']}:policy/{told['id']}"
    for one in told["policies"]:
        arn = f"{front}/{one['kind'].lower()}/{one['id']}"
        named = {"Id": one["id"], "Arn": arn, "Name": one["name"], "Type": one["kind"], "AwsManaged": False}
        yield {**named, "Content": json.dumps(one["document"])}


def _aws_policies() -> Iterator[Record]:
    for name, (identifier, kind) in AWS_OWN.items():
        arn = f"arn:aws:organizations::aws:policy/{kind.lower()}/{identifier}"
        principal = {"Principal": "*"} if kind.startswith("RESOURCE") else {}
        statement = {"Effect": "Allow", **principal, "Action": "*", "Resource": "*"}
        named = {"Id": identifier, "Arn": arn, "Name": name, "Type": kind, "AwsManaged": True}
        yield {**named, "Content": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def resource_policies() -> list[Record]:
    """Return the resources with their policies; those without one say null."""
    return [{"ResourceArn": one["resource"], "Policy": one["policy"]} for one in _read("resource-policies")]


def _read(name: str) -> Any:
    return json.loads((SOURCE / f"{name}.json").read_text(encoding="utf-8"))


# The credential report --------------------------------------------------------------------------------------------


def credential_report(users: list[Record], account: str) -> Iterator[dict[str, str]]:
    """Yield the report's rows: the root user first, then the users in the order of the account."""
    arns = {user["UserName"]: (user["Arn"], user["CreateDate"]) for user in users}
    arns["<root_account>"] = f"arn:aws:iam::{account}:root", _time("2018-11-05")
    with (SOURCE / "credentials.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield _credential(row, *arns[row["user"]])


def _credential(row: Mapping[str, str], arn: str, created: str) -> dict[str, str]:
    root = row["user"] == "<root_account>"
    password = root or bool(row["password"])
    never = "no_information" if password else NONE
    return {
        "user": row["user"],
        "arn": arn,
        "user_creation_time": created,
        "password_enabled": "not_supported" if root else _flag(row["password"]),
        "password_last_used": _time(row["password_used"]) if row["password_used"] else never,
        "password_last_changed": "not_supported" if root else _time(row["password"]),
        "password_next_rotation": "not_supported" if root else NONE,
        "mfa_active": _flag(row["mfa"]),
        **_key(1, row["key_made"], row["key_used"], row["service"]),
        **_key(2, row["key2_made"], row["key2_used"], row["service"]),
        **{f"cert_{n}_{name}": value for n in (1, 2) for name, value in (("active", "false"), ("last_rotated", NONE))},
    }


def _key(number: int, made: str, used: str, service: str) -> dict[str, str]:
    usage = (_time(used), "us-east-1", service) if used else (NONE, NONE, NONE)
    values = (_flag(made), _time(made), *usage)
    names = ("active", "last_rotated", *USAGE)
    return {f"access_key_{number}_{name}": value for name, value in zip(names, values, strict=True)}


def _flag(text: str) -> str:
    return "true" if text else "false"


def _time(date: str) -> str:
    return f"{date}T09:30:00+00:00" if date else NONE


def write_surroundings(folder: Path, users: list[Record], account: str) -> None:
    """Write the three files into `folder`."""
    write_json(folder / "support-center.organization.json", organization(), indent=4)
    write_json(folder / "support-center.resource-policies.json", resource_policies(), indent=4)
    with (folder / "support-center.credential-report.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(credential_report(users, account))
