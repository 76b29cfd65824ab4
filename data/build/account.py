"""Write ``data/accounts``: a Lex support centre as ``aws iam get-account-authorization-details`` prints it.

The people, roles and policies stand in ``support-center/*.json`` next to this file, in few words. This
script adds what AWS adds: ARNs, ids, dates, counts, and the AWS managed policies that are attached, which
it takes from ``data/managed`` (so run it after a rebuild of that folder).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from surroundings import write_surroundings
from writing import write_json

Record = dict[str, Any]

ACCOUNT = "111122223333"  # AWS keeps it for documentation
SOURCE = Path(__file__).parent / "support-center"
MANAGED = Path(__file__).parents[1] / "managed" / "policies.jsonl"
KINDS = {"user": "AIDA", "group": "AGPA", "role": "AROA", "policy": "ANPA", "instance-profile": "AIPA"}

_LEX = f"arn:aws:lex:us-east-1:{ACCOUNT}:"
_SUPPORT, _BILLING = {"Department": "Support"}, {"Department": "Billing"}
_PRODUCTION, _TEST = {"Stage": "Production"}, {"Stage": "Test"}
# resource, type, name, Lex generation, tags
RESOURCES: tuple[tuple[str, str, str, str, dict[str, str]], ...] = (
    (_LEX + "bot/SUPPORT001", "bot", "SupportBot", "V2", _SUPPORT | _PRODUCTION),
    (
        _LEX + "bot-alias/SUPPORT001/PRODALIAS1",
        "bot alias",
        "SupportBot production",
        "V2",
        _SUPPORT | _PRODUCTION,
    ),
    (_LEX + "bot-alias/SUPPORT001/TSTALIASID", "bot alias", "SupportBot test", "V2", _SUPPORT | _TEST),
    (_LEX + "bot/BILLING001", "bot", "BillingBot", "V2", _BILLING | _TEST),
    (
        _LEX + "bot-alias/BILLING001/PRODALIAS1",
        "bot alias",
        "BillingBot production",
        "V2",
        _BILLING | _PRODUCTION,
    ),
    (_LEX + "bot:SupportBot:prod", "bot alias", "SupportBot prod", "V1", _SUPPORT | _PRODUCTION),
    (_LEX + "bot:BillingBot:prod", "bot alias", "BillingBot prod", "V1", _BILLING | _PRODUCTION),
    (
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:AmazonLexSupportFulfillment",
        "function",
        "AmazonLexSupportFulfillment",
        "",
        _SUPPORT,
    ),
    (
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:nightly-maintenance",
        "function",
        "nightly-maintenance",
        "",
        {},
    ),
    (f"arn:aws:s3:::support-transcripts-{ACCOUNT}", "bucket", f"support-transcripts-{ACCOUNT}", "", _SUPPORT),
    (
        f"arn:aws:s3:::support-transcripts-{ACCOUNT}/2026/11/contact-0001.json",
        "object",
        "contact-0001.json",
        "",
        {},
    ),
    (
        f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "key",
        "transcripts",
        "",
        _SUPPORT,
    ),
    (f"arn:aws:iam::{ACCOUNT}:role/bot-runner", "role", "bot-runner", "", _SUPPORT),
    (
        f"arn:aws:iam::{ACCOUNT}:role/nightly-maintenance",
        "role",
        "nightly-maintenance",
        "",
        {"Note": "temporary"},
    ),
)


def unique_id(kind: str, arn: str) -> str:
    """Return an id in AWS's format, made from the ARN, and plainly not a real one."""
    digest = base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()
    return f"{KINDS[kind]}EXAMPLE{digest[:10]}"


def _identity(kind: str, record: Record) -> Record:
    """Return the five fields that begin every user, group, role and instance profile."""
    path, name = record.get("path", "/"), record["name"]
    title = "".join(word.capitalize() for word in kind.split("-"))
    arn = f"arn:aws:iam::{ACCOUNT}:{kind}{path}{name}"
    return {
        "Path": path,
        f"{title}Name": name,
        f"{title}Id": unique_id(kind, arn),
        "Arn": arn,
        "CreateDate": _time(record["created"]),
    }


def _time(date: str) -> str:
    return date if "T" in date else f"{date}T09:30:00+00:00"


def _inline(record: Record) -> list[Record]:
    return [{"PolicyName": name, "PolicyDocument": doc} for name, doc in record.get("inline", {}).items()]


def _attached(record: Record, arns: Mapping[str, str]) -> list[Record]:
    return [{"PolicyName": name, "PolicyArn": arns[name]} for name in record.get("attached", [])]


def _boundary(record: Record, arns: Mapping[str, str]) -> Record:
    if "boundary" not in record:
        return {}
    arn = arns[record["boundary"]]
    return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}


def _tags(record: Record) -> list[Record]:
    return [{"Key": key, "Value": value} for key, value in record.get("tags", {}).items()]


def _user(record: Record, arns: Mapping[str, str]) -> Record:
    inline = _inline(record)
    return {
        **_identity("user", record),
        **({"UserPolicyList": inline} if inline else {}),  # AWS leaves the list out where it would be empty
        "GroupList": record.get("groups", []),
        "AttachedManagedPolicies": _attached(record, arns),
        **_boundary(record, arns),
        "Tags": _tags(record),
    }


def _group(record: Record, arns: Mapping[str, str]) -> Record:
    return {
        **_identity("group", record),
        "GroupPolicyList": _inline(record),
        "AttachedManagedPolicies": _attached(record, arns),
    }


def _role(record: Record, arns: Mapping[str, str]) -> Record:
    head = {**_identity("role", record), "AssumeRolePolicyDocument": record["trust"]}
    used = record.get("last_used")
    return {
        **head,
        "InstanceProfileList": _instance_profiles(record, head),
        "RolePolicyList": _inline(record),
        "AttachedManagedPolicies": _attached(record, arns),
        **_boundary(record, arns),
        "Tags": _tags(record),
        "RoleLastUsed": {"LastUsedDate": _time(used), "Region": "us-east-1"} if used else {},
    }


def _instance_profiles(record: Record, role: Record) -> list[Record]:
    if not record.get("instance_profile"):
        return []
    return [{**_identity("instance-profile", record), "Roles": [role]}]


def _customer_policy(record: Record) -> Record:
    dates = [version["created"] for version in record["versions"].values()]
    return {
        "name": record["name"],
        "path": record.get("path", "/"),
        "owner": ACCOUNT,
        "default": record["default"],
        "created": min(dates),
        "updated": max(dates),
        "versions": record["versions"],
    }


def _aws_policy(record: Record) -> Record:
    version = {"created": record["updated"], "document": record["document"]}
    return {**record, "owner": "aws", "default": record["version"], "versions": {record["version"]: version}}


def _policy_arn(record: Record) -> str:
    return f"arn:aws:iam::{record['owner']}:policy{record['path']}{record['name']}"


def _policy(record: Record, attachments: Counter[str], boundaries: Counter[str]) -> Record:
    arn = _policy_arn(record)
    newest_first = sorted(record["versions"].items(), key=lambda item: int(item[0][1:]), reverse=True)
    return {
        "PolicyName": record["name"],
        "PolicyId": unique_id("policy", arn),
        "Arn": arn,
        "Path": record["path"],
        "DefaultVersionId": record["default"],
        "AttachmentCount": attachments[record["name"]],
        "PermissionsBoundaryUsageCount": boundaries[record["name"]],
        "IsAttachable": True,
        "CreateDate": _time(record["created"]),
        "UpdateDate": _time(record["updated"]),
        "PolicyVersionList": [
            {
                "Document": version["document"],
                "VersionId": number,
                "IsDefaultVersion": number == record["default"],
                "CreateDate": _time(version["created"]),
            }
            for number, version in newest_first
        ],
    }


def _aws_policies(names: set[str]) -> list[Record]:
    with MANAGED.open(encoding="utf-8") as lines:
        found = [record for line in lines if (record := json.loads(line))["name"] in names]
    if unknown := names - {record["name"] for record in found}:
        raise ValueError(f"neither a policy of the account nor one of AWS: {', '.join(sorted(unknown))}")
    return sorted(found, key=lambda record: record["name"])


def account_details() -> Record:
    """Return the whole account, ready to be written."""
    users, groups, roles, own = (_read(name) for name in ("users", "groups", "roles", "policies"))
    holders = [*users, *groups, *roles]
    attachments = Counter(name for holder in holders for name in holder.get("attached", []))
    boundaries = Counter(holder["boundary"] for holder in holders if "boundary" in holder)
    others = _aws_policies(set(attachments) - {policy["name"] for policy in own})
    policies = [*map(_customer_policy, own), *map(_aws_policy, others)]
    arns = {policy["name"]: _policy_arn(policy) for policy in policies}
    return {
        "UserDetailList": [_user(user, arns) for user in users],
        "GroupDetailList": [_group(group, arns) for group in groups],
        "RoleDetailList": [_role(role, arns) for role in roles],
        "Policies": [_policy(policy, attachments, boundaries) for policy in policies],
    }


def _read(name: str) -> list[Record]:
    records: list[Record] = json.loads((SOURCE / f"{name}.json").read_text(encoding="utf-8"))
    return records


def planted() -> list[dict[str, str]]:
    """Return what was planted where: principal, problem, sentence."""
    with (SOURCE / "planted.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _readme() -> str:
    rows = "\n".join(f"| `{row['principal']}` | {row['problem']} | {_cell(row['sentence'])} |" for row in planted())
    return (SOURCE / "README.in.md").read_text(encoding="utf-8").replace("@PLANTED@", rows)


def _cell(text: str) -> str:
    for sign in "*_$<|":
        text = text.replace(sign, "\\" + sign)
    return text


def write_account(folder: Path) -> None:
    """Write ``support-center.json``, what stands beside it, and ``README.md`` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    details = account_details()
    write_json(folder / "support-center.json", details, indent=4)  # four, as the AWS CLI prints
    write_surroundings(folder, details["UserDetailList"], ACCOUNT)
    (folder / "README.md").write_text(_readme(), encoding="utf-8", newline="\n")
    with (folder / "support-center.resources.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("resource", "type", "name", "generation", "tags"))
        writer.writerows((*row, json.dumps(tags)) for *row, tags in RESOURCES)


if __name__ == "__main__":
    write_account(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parents[1] / "accounts")
