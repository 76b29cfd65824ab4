"""Random accounts: a few users, groups and roles whose policies, drawn from the alphabets of the random cases, often
speak of the same actions, resources and callers.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from lexgraph.account.model import ResourcePolicy, Snapshot, Unreadable
from lexgraph.account.organization import ControlKind, ControlPolicy, Organization, Target, TargetKind
from lexgraph.account.pages import parse_account
from lexgraph.errors import PolicyError
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import inspect_policy
from tests import alphabet
from tests.alphabet import AWAY, HOME
from tests.random_cases import Draw

Json = Any
IAM = f"arn:aws:iam::{HOME}:"
USERS = ("user/ana", "user/support/ben", "user/carl", "user/dora")
ROLES = ("role/runner", "role/desk/front", "role/night", alphabet.LINKED_ROLE)
GROUPS = ("group/one", "group/two")
ROLE_IDS = (alphabet.ROLE_ID, alphabet.ROLE_ID, "AROAEXAMPLEROLEID0002")
ASKED = (
    *alphabet.QUESTIONS,
    *alphabet.WITHOUT_TYPES,
    alphabet.TRUST,
    ("sts:AssumeRole", f"{IAM}role/runner"),
    ("iam:CreateAccessKey", f"{IAM}user/ana"),
    ("iam:PassRole", f"{IAM}role/runner"),
    ("sts:AssumeRole", f"arn:aws:iam::{AWAY}:role/runner"),
    *alphabet.KEYS,
    *alphabet.EXCEPTIONS,
    ("s3:GetObject", "arn:aws:s3:::calls/ana/*"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{AWAY}:function:red"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{AWAY}:function:red:live"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{HOME}:function:red"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{HOME}:function:red:*"),
    ("sts:AssumeRole", f"{IAM}role/ghost"),
)
WITH_POLICIES = ("s3", "sqs", "lambda", "kms")


def random_account(rng: random.Random) -> Snapshot:
    """Return an account, with its resources' policies and its organization as often as not."""
    return _Making(rng).account()


class _Making:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        # Few questions for a whole account, so that its policies meet.
        self.topics = rng.sample(ASKED, 3)
        self.tells_tags = self.chance(85)

    def chance(self, percent: float) -> bool:
        return self.rng.random() * 100 < percent

    def document(self, kind: str, action: str | None = None, resource: str | None = None) -> Json:
        topic = (action, resource) if action else self.rng.choice(self.topics)
        caller = IAM + self.rng.choice((*USERS, *ROLES))
        asked = {"principal": caller, "action": topic[0], "resource": topic[1], "context": {}}
        return Draw(self.rng, "all", asked).document(kind)

    def policy(self, kind: Kind, name: str, *about: str) -> tuple[Policy | None, bool]:
        """A policy, and whether it was read whole."""
        found, problems = inspect_policy(self.document(kind, *about), name=name, kind=kind)
        return found, not problems

    # The dump ---

    def account(self) -> Snapshot:
        self.own = [self.managed(i) for i in range(4)]
        dump = {
            "UserDetailList": [self.user(one) for one in USERS],
            "GroupDetailList": [self.holder("Group", one) for one in GROUPS],
            "RoleDetailList": [self.role(one) for one in ROLES],
            "Policies": [policy for policy in self.own if self.chance(93)],  # the others are missing
        }
        snapshot = parse_account(dump)
        if self.chance(60):
            snapshot = self.with_resource_policies(snapshot)
        return replace(snapshot, organization=self.organization()) if self.chance(50) else snapshot

    def managed(self, i: int) -> Json:
        version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": self.document("identity")}
        return {
            "PolicyName": f"P{i}",
            "Arn": f"{IAM}policy/P{i}",
            "DefaultVersionId": "v1",
            "PolicyVersionList": [version],
        }

    def holder(self, word: str, name: str) -> Json:
        inline = [
            {"PolicyName": f"in{i}", "PolicyDocument": self.document("identity")} for i in range(self.rng.randint(0, 1))
        ]
        attached = self.rng.sample(self.own, self.rng.randint(0, 2))
        return {
            f"{word}Name": name.rpartition("/")[2],
            "Arn": IAM + name,
            f"{word}PolicyList": inline,
            "AttachedManagedPolicies": [{"PolicyArn": p["Arn"], "PolicyName": p["PolicyName"]} for p in attached],
        }

    def principal(self, word: str, name: str) -> Json:
        found = self.holder(word, name)
        if self.chance(25):
            found["PermissionsBoundary"] = {"PermissionsBoundaryArn": self.rng.choice(self.own)["Arn"]}
        if self.tells_tags and self.chance(80):
            found["Tags"] = [
                {"Key": key, "Value": self.rng.choice(("red", "blue", "r*d"))}
                for key in ("Team", "Department")
                if self.chance(50)
            ]
        if self.chance(60):
            found[f"{word}Id"] = alphabet.USER_ID if word == "User" else self.rng.choice(ROLE_IDS)
        return found

    def user(self, name: str) -> Json:
        groups = [one.rpartition("/")[2] for one in self.rng.sample(GROUPS, self.rng.randint(0, 2))]
        return {**self.principal("User", name), "GroupList": groups + (["lost"] if self.chance(3) else [])}

    def role(self, name: str) -> Json:
        trust = self.document("trust", alphabet.TRUST[0], IAM + name)
        return {**self.principal("Role", name), **({"AssumeRolePolicyDocument": trust} if self.chance(95) else {})}

    # What stands beside the dump ---

    def with_resource_policies(self, snapshot: Snapshot) -> Snapshot:
        """Of an alias of a function often only the policy of the function is known."""
        policies, unreadable, absent = [], list(snapshot.unreadable), []
        about = {resource: action for action, resource in ASKED if "*" not in resource}
        for resource, action in about.items():
            if resource.split(":")[2] in WITH_POLICIES and not (resource.endswith(":live") and self.chance(60)):
                found, _ = self.policy("resource", "own", action, resource)
                if found is None or self.chance(10):
                    error = PolicyError("it was not given", code="MISSING_DOCUMENT")
                    unreadable.append(Unreadable(resource, "own", "resource", error))
                elif self.chance(15):
                    absent.append(resource)
                elif self.chance(80):
                    policies.append(ResourcePolicy(resource, replace(found, arn=resource)))
        return replace(
            snapshot,
            resource_policies=tuple(policies),
            unreadable=tuple(unreadable),
            no_resource_policy=tuple(absent),
        )

    def organization(self) -> Organization:
        kinds: tuple[ControlKind, ...] = ("scp", "scp", "rcp", "rcp")
        controls = []
        for i, kind in enumerate(kinds):
            found, whole = self.policy(kind, f"c{i}")
            policy = replace(found, arn=f"p-{i}") if found is not None and whole and self.chance(90) else None
            controls.append(ControlPolicy(f"p-{i}", f"p-{i}", f"c{i}", kind, policy=policy))
        ids = [control.id for control in controls]

        def target(id_: str, kind: TargetKind, parent: str | None) -> Target:
            attached = None if self.chance(3) else tuple(self.rng.sample(ids, self.rng.randint(1, 3)))
            return Target(id_, kind, id_, parent, attached)

        accounts = [HOME, AWAY] if self.chance(90) else [AWAY]
        targets = [target("r-1", "root", None), *(target(one, "account", "r-1") for one in accounts)]
        management = self.rng.choice((HOME, AWAY, "777788889999"))
        return Organization("o-a1b2c3d4e5", management, tuple(targets), tuple(controls))
