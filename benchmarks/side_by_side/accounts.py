"""Generated accounts of any size, as ``aws iam get-account-authorization-details`` prints them.

Three of ten principals are users. AWS's managed policies are attached by a Zipf law, a few are held by many and most by
hardly anyone; beside them there are policies of the account's own, inline policies, groups, boundaries, and trust
policies. The same number of principals and the same seed make the same bytes. The text is written piece by piece, so
that a large account does not need memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from lexgraph.catalog.managed import managed_documents, managed_names
from side_by_side.statements import ACCOUNT, Statements, pick

Json = dict[str, Any]
SEED = 20261125
USERS = 0.3
# The most attached come first, as in accounts that people have; the order of the rest is drawn.
POPULAR = """
ReadOnlyAccess AWSLambdaBasicExecutionRole AmazonSSMManagedInstanceCore AmazonS3FullAccess CloudWatchLogsFullAccess
AmazonS3ReadOnlyAccess AWSLambdaVPCAccessExecutionRole AmazonDynamoDBFullAccess PowerUserAccess AmazonSQSFullAccess
ViewOnlyAccess AdministratorAccess AmazonEC2FullAccess AmazonEC2ContainerRegistryReadOnly CloudWatchReadOnlyAccess
AmazonLexFullAccess AWSLambda_FullAccess IAMUserChangePassword SecurityAudit IAMFullAccess
""".split()
# How many principals make a file of a million bytes; the managed policies, which they share, take three of it.
SHARED_MEGABYTES, PER_MEGABYTE = 3.4, 808
PREFIXES = {"user": "AIDA", "group": "AGPA", "role": "AROA", "policy": "ANPA"}
TEAMS = "support billing search data platform security mobile research".split()


def principals_for(megabytes: float) -> int:
    """Return how many principals make a file of about this many million bytes."""
    return max(100, round((megabytes - SHARED_MEGABYTES) * PER_MEGABYTE))


def write_account(path: Path, principals: int, seed: int = SEED) -> Path:
    """Write an account of so many users and roles; what is there already is not made again."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        with partial.open("w", encoding="ascii", newline="") as file:
            file.writelines(account_text(principals, seed))
        partial.replace(path)
    return path


def account_text(principals: int, seed: int = SEED) -> Iterator[str]:
    """Yield the account's JSON in pieces."""
    made = _Account(principals, seed)
    lists = {
        "UserDetailList": made.users(),
        "GroupDetailList": iter(made.groups),
        "RoleDetailList": made.roles(),
        "Policies": made.policies(),  # last: it counts what is attached to the others
    }
    yield "{"
    for name, items in lists.items():
        yield f'"{name}":['
        for number, item in enumerate(items):
            yield ("," if number else "") + json.dumps(item, separators=(",", ":"))
        yield "],"
    yield '"IsTruncated":false}\n'


class _Account:
    """Draws the parts of one account."""

    def __init__(self, principals: int, seed: int) -> None:
        self.random = Random(f"{seed}/{principals}")
        self.statements = Statements(self.random, principals)
        self.number_of_users = round(principals * USERS)
        self.number_of_roles = principals - self.number_of_users
        found = {one.name: one for one in managed_documents(managed_names())}
        # AWS lets nobody attach the policies of its service-linked roles.
        rest = [one for one in found.values() if one.name not in POPULAR and one.path != "/aws-service-role/"]
        self.random.shuffle(rest)
        self.managed = (*(found[name] for name in POPULAR), *rest)
        self.weights = list(accumulate(1 / rank for rank in range(1, len(self.managed) + 1)))
        self.attached: Counter[str] = Counter()
        self.bounding: Counter[str] = Counter()
        self.own = [self.own_policy(i) for i in range(max(6, principals // 25))]
        self.boundaries = [self.boundary(i) for i in range(4)]
        self.groups = [self.group(i) for i in range(max(4, principals // 50))]

    # The lists ----------------------------------------------------------------------------------------------

    def users(self) -> Iterator[Json]:
        for i in range(self.number_of_users):
            head = self.head("user", f"user-{i:06d}", i)
            inline = self.inline(0.4)
            yield {
                **head,
                **({"UserPolicyList": inline} if inline else {}),  # AWS leaves an empty list out
                "GroupList": self.memberships(),
                "AttachedManagedPolicies": self.attachments((2, 5, 2, 1)),
                **self.bound(0.05),
                "Tags": self.tags(i),
            }

    def roles(self) -> Iterator[Json]:
        for i in range(self.number_of_roles):
            yield {
                **self.head("role", f"role-{i:06d}", i),
                "AssumeRolePolicyDocument": self.statements.trust(self.number_of_users, self.number_of_roles),
                "InstanceProfileList": [],
                "RolePolicyList": self.inline(0.8),
                "AttachedManagedPolicies": self.attachments((2, 4, 3, 2, 1)),
                **self.bound(0.1),
                "Tags": self.tags(i),
                "RoleLastUsed": {"LastUsedDate": self.date(), "Region": "us-east-1"} if i % 3 else {},
            }

    def group(self, number: int) -> Json:
        return {
            **self.head("group", f"group-{number:04d}", number),
            "GroupPolicyList": self.inline(0.3),
            "AttachedManagedPolicies": self.attachments((0, 3, 3, 2, 1)),
        }

    def policies(self) -> Iterator[Json]:
        for made in (*self.own, *self.boundaries):
            made["AttachmentCount"] = self.attached[made["Arn"]]
            made["PermissionsBoundaryUsageCount"] = self.bounding[made["Arn"]]
            yield made
        for one in self.managed:
            if self.attached[one.arn]:
                date = f"{(one.date or '2020-01-01')[:10]}T00:00:00+00:00"
                version = {"Document": one.document, "VersionId": one.version, "IsDefaultVersion": True}
                made = self.policy(one.name, one.arn, one.path, [{**version, "CreateDate": date}])
                yield {**made, "AttachmentCount": self.attached[one.arn]}

    # Their elements -----------------------------------------------------------------------------------------

    def head(self, kind: str, name: str, number: int) -> Json:
        title, path = kind.title(), "/" if number % 10 else f"/{TEAMS[number // 10 % len(TEAMS)]}/"
        arn = f"arn:aws:iam::{ACCOUNT}:{kind}{path}{name}"
        return {
            "Path": path,
            f"{title}Name": name,
            f"{title}Id": self.unique_id(kind),
            "Arn": arn,
            "CreateDate": self.date(),
        }

    def own_policy(self, number: int) -> Json:
        name = f"own-{number:05d}"
        versions = [self.version(i + 1, self.statements.document(1, 5)) for i in range(1 + (number % 4 == 0))]
        return self.policy(name, f"arn:aws:iam::{ACCOUNT}:policy/{name}", "/", versions)

    def boundary(self, number: int) -> Json:
        name, path = f"boundary-{number}", "/boundaries/"
        arn = f"arn:aws:iam::{ACCOUNT}:policy{path}{name}"
        return self.policy(name, arn, path, [self.version(1, self.statements.boundary(number))])

    def version(self, number: int, document: Json) -> Json:
        return {"Document": document, "VersionId": f"v{number}", "IsDefaultVersion": True, "CreateDate": self.date()}

    def policy(self, name: str, arn: str, path: str, versions: list[Json]) -> Json:
        for earlier in versions[:-1]:
            earlier["IsDefaultVersion"] = False
        return {
            "PolicyName": name,
            "PolicyId": self.unique_id("policy"),
            "Arn": arn,
            "Path": path,
            "DefaultVersionId": versions[-1]["VersionId"],
            "AttachmentCount": 0,
            "PermissionsBoundaryUsageCount": 0,
            "IsAttachable": True,
            "CreateDate": versions[0]["CreateDate"],
            "UpdateDate": versions[-1]["CreateDate"],
            "PolicyVersionList": versions[::-1],
        }

    def attachments(self, odds: tuple[int, ...]) -> list[Json]:
        """Managed policies; `odds` are the weights of holding none, one, two, …, in whole numbers."""
        found: dict[str, str] = {}
        for _ in range(self.random.choices(range(len(odds)), odds)[0]):
            if self.random.random() < 0.3:
                own = pick(self.random, self.own)
                found[own["Arn"]] = own["PolicyName"]
            else:
                one = self.random.choices(self.managed, cum_weights=self.weights)[0]
                found[one.arn] = one.name
        self.attached.update(found.keys())
        return [{"PolicyName": name, "PolicyArn": arn} for arn, name in found.items()]

    def inline(self, chance: float) -> list[Json]:
        number = 0 if self.random.random() >= chance else 1 + (self.random.random() < 0.3)
        documents = (self.statements.document(1, 4) for _ in range(number))
        return [{"PolicyName": f"inline-{i}", "PolicyDocument": document} for i, document in enumerate(documents)]

    def memberships(self) -> list[str]:
        number = self.random.choices((0, 1, 2, 3), (1, 4, 3, 1))[0]
        return sorted({pick(self.random, self.groups)["GroupName"] for _ in range(number)})

    def bound(self, chance: float) -> Json:
        if self.random.random() >= chance:
            return {}
        arn = pick(self.random, self.boundaries)["Arn"]
        self.bounding[arn] += 1
        return {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}}

    def tags(self, number: int) -> list[Json]:
        tags = [{"Key": "Team", "Value": pick(self.random, TEAMS)}]
        return [*tags, {"Key": "CostCentre", "Value": str(1000 + number % 40)}] if number % 2 else tags

    def unique_id(self, kind: str) -> str:
        return PREFIXES[kind] + "EXAMPLE" + "".join(self.random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=10))

    def date(self) -> str:
        day = self.random.randrange(5 * 336)
        return f"{2021 + day // 336}-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d}T09:30:00+00:00"
