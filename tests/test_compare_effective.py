"""Two accounts compared, and every decision of every principal: what changed is told, and what is told changed."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import pytest

from lexgraph.access.comparison.compare import compare_snapshots
from lexgraph.access.comparison.model import AccountDifference
from lexgraph.access.decide import GRANTING, decide
from lexgraph.account.model import ResourcePolicy, Snapshot
from lexgraph.account.organization import ControlPolicy, Organization, Target
from lexgraph.account.pages import parse_account
from lexgraph.conditions.context import Context
from lexgraph.policy.parse import parse_policy

Json = Any
HOME, AWAY = "111122223333", "444455556666"
IAM = f"arn:aws:iam::{HOME}:"
BUCKET, QUEUE = "arn:aws:s3:::calls", f"arn:aws:sqs:us-east-1:{HOME}:calls"
KEY = f"arn:aws:kms:us-east-1:{HOME}:key/1"
ROOT = f"{IAM}root"
SERVICE = {"Service": "ec2.amazonaws.com"}
PERSONAL = ("user/u", "user/v", "role/r", "role/q")


def doc(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def says(effect: str, action: Json, resource: Json = "*", who: Json = None, condition: Json = None) -> Json:
    made = {"Effect": effect, "Action": action, "Resource": resource}
    made |= {} if who is None else {"Principal": who}
    return made | ({} if condition is None else {"Condition": condition})


def trust(who: Json, condition: Json = None, effect: str = "Allow") -> Json:
    return {key: value for key, value in says(effect, "sts:AssumeRole", None, who, condition).items() if value}


def identifier(name: str) -> str:
    word, _, short = name.partition("/")
    return f"{'AIDA' if word == 'user' else 'AROA'}{short.upper():X>17}"


def entity(name: str, *statements: Json, trusting: Json = None, **more: Json) -> Json:
    """A user or a role of the dump; with a `boundary` and `tags`."""
    word = "User" if name.startswith("user/") else "Role"
    short = name.partition("/")[2]
    made: Json = {f"{word}Name": short, "Arn": IAM + name, "Path": "/", f"{word}Id": identifier(name)}
    if statements:
        made[f"{word}PolicyList"] = [{"PolicyName": "own", "PolicyDocument": doc(*statements)}]
    if word == "Role":
        made["AssumeRolePolicyDocument"] = trusting or doc(trust(SERVICE))
    if "boundary" in more:
        made["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"{IAM}policy/{more.pop('boundary')}"}
    if "tags" in more:
        made["Tags"] = [{"Key": key, "Value": value} for key, value in more.pop("tags").items()]
    return made | more


def account(*entities: Json, resources: Json = None, scp: Json = None, rcp: Json = None) -> Snapshot:
    limits = {"Lex": says("Allow", "lex:*"), "All": says("Allow", "*")}
    dump = {
        "UserDetailList": [one for one in entities if "UserName" in one],
        "RoleDetailList": [one for one in entities if "RoleName" in one],
        "GroupDetailList": [],
        "Policies": [
            {
                "PolicyName": name,
                "Arn": f"{IAM}policy/{name}",
                "DefaultVersionId": "v1",
                "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": doc(said)}],
            }
            for name, said in limits.items()
        ],
    }
    found = parse_account(dump)
    policies = tuple(
        ResourcePolicy(arn, replace(parse_policy(document, kind="resource"), arn=arn))
        for arn, document in (resources or {}).items()
    )
    return replace(found, resource_policies=policies, organization=organization(scp, rcp))


def organization(scp: Json, rcp: Json) -> Organization:
    """One root above the account; a policy that denies what is said, beside those that allow everything."""
    everything = [("scp", says("Allow", "*")), ("rcp", says("Allow", "*", who="*"))]
    said = [*everything, *([("scp", scp)] if scp else []), *([("rcp", rcp)] if rcp else [])]
    controls = tuple(
        ControlPolicy(f"p-{i}", f"p-{i}", f"p{i}", kind, policy=parse_policy(doc(one), kind=kind))
        for i, (kind, one) in enumerate(said)
    )
    ids = tuple(one.id for one in controls)
    targets = (Target("r-1", "root", "Root", attached=ids), Target(HOME, "account", "Home", "r-1", attached=ids[:2]))
    return Organization("o-a1b2c3d4e5", "999900001111", targets, controls)


def told(found: AccountDifference) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted((one.change, one.via, one.principals) for one in found.access)


# What the two sides of a request decide together ---

NAMED = doc(trust({"AWS": f"{IAM}user/u"}))
ASSUMED = ("user/u", "sts:AssumeRole", f"{IAM}role/r")
READ = ("user/u", "s3:GetObject", f"{BUCKET}/x")
READING = {"Action": "s3:GetObject", "Resource": f"{BUCKET}/*", "Effect": "Allow"}


def bucket(who: Json, **more: Json) -> Json:
    return {BUCKET: doc({**READING, "Principal": who, **more})}


U, USERS = entity("user/u"), {"AWS": [f"{IAM}user/u", f"{IAM}role/q"]}
ROLE = entity("role/r", trusting=NAMED)
TAGGED = entity("role/r", trusting=doc(trust({"AWS": "*"}, condition={"StringEquals": {"aws:PrincipalTag/t": "b"}})))
LIMITED = entity("role/q", boundary="Lex")
BARRED = {
    "NotPrincipal": {"AWS": [f"{IAM}user/u", ROOT]},
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": f"{BUCKET}/*",
}
S3 = says("Allow", "s3:*")
CASES = {
    "a trust policy names the user, no longer the account": (
        account(U, entity("role/r", trusting=doc(trust({"AWS": ROOT})))),
        account(U, ROLE),
        ASSUMED,
        "trust policy",
    ),
    "a bucket's policy names the user, no longer the account": (
        account(U, resources=bucket({"AWS": ROOT})),
        account(U, resources=bucket(USERS)),
        READ,
        "resource policy",
    ),
    "a Deny is taken from a user whom a trust policy names": (
        account(entity("user/u", says("Deny", "sts:*")), ROLE),
        account(U, ROLE),
        ASSUMED,
        "own policies",
    ),
    "a boundary is taken from a role that a bucket's policy names": (
        account(LIMITED, resources=bucket(USERS)),
        account(entity("role/q"), resources=bucket(USERS)),
        ("role/q", *READ[1:]),
        "permissions boundary",
    ),
    "a service control policy goes that barred a user whom a trust policy names": (
        account(U, ROLE, scp=says("Deny", "sts:AssumeRole")),
        account(U, ROLE),
        ASSUMED,
        "service control policies",
    ),
    "a resource control policy goes that barred a user whom a bucket's policy names": (
        account(U, resources=bucket(USERS), rcp=says("Deny", "s3:*", who="*")),
        account(U, resources=bucket(USERS)),
        READ,
        "resource control policies",
    ),
    "a resource control policy goes that barred what a user's own policies allow": (
        account(entity("user/u", S3), rcp=says("Deny", "s3:*", who="*")),
        account(entity("user/u", S3)),
        READ,
        "resource control policies",
    ),
    "a tag changes that a trust policy asks for": (
        account(entity("user/u", tags={"t": "a"}), TAGGED),
        account(entity("user/u", tags={"t": "b"}), TAGGED),
        ASSUMED,
        "keys of the principal",
    ),
    "a tag changes that a resource control policy asks for": (
        account(
            entity("user/u", S3, tags={"t": "a"}),
            rcp=says("Deny", "s3:*", who="*", condition={"StringEquals": {"aws:PrincipalTag/t": "a"}}),
        ),
        account(
            entity("user/u", S3, tags={"t": "b"}),
            rcp=says("Deny", "s3:*", who="*", condition={"StringEquals": {"aws:PrincipalTag/t": "a"}}),
        ),
        READ,
        "resource control policies",
    ),
    "a user is there again with the id that a trust policy names": (
        account(
            entity("user/u", UserId=identifier("user/o")),
            entity("role/r", trusting=doc(trust({"AWS": identifier("user/n")}))),
        ),
        account(
            entity("user/u", UserId=identifier("user/n")),
            entity("role/r", trusting=doc(trust({"AWS": identifier("user/n")}))),
        ),
        ASSUMED,
        "keys of the principal",
    ),
    "a user is new whom a bucket's policy names": (
        account(entity("user/v"), resources=bucket(USERS)),
        account(U, entity("user/v"), resources=bucket(USERS)),
        READ,
        "own policies",
    ),
    "a boundary goes, with which a Deny with NotPrincipal is about all": (
        account(entity("user/u", S3, boundary="All"), resources={BUCKET: doc(BARRED)}),
        account(entity("user/u", S3), resources={BUCKET: doc(BARRED)}),
        READ,
        "permissions boundary",
    ),
    "a policy goes that denied what the user's own policies allow": (
        account(entity("user/u", S3), resources={BUCKET: doc(says("Deny", "s3:*", f"{BUCKET}/*", "*"))}),
        account(entity("user/u", S3), resources={QUEUE: doc(says("Deny", "sqs:*", QUEUE, "*"))}),
        READ,
        "resource policy",
    ),
    "a role that is assumed by its tag is tagged so": (
        account(
            entity("user/u", says("Allow", "sts:*", condition={"StringEquals": {"aws:ResourceTag/t": "a"}})),
            entity("role/r", trusting=doc(trust({"AWS": ROOT})), tags={"t": "b"}),
        ),
        account(
            entity("user/u", says("Allow", "sts:*", condition={"StringEquals": {"aws:ResourceTag/t": "a"}})),
            entity("role/r", trusting=doc(trust({"AWS": ROOT})), tags={"t": "a"}),
        ),
        ASSUMED,
        "keys of the resource",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_both_sides_of_a_request_decide_is_told(name: str) -> None:
    before, after, (who, action, resource), via = CASES[name]
    gained, lost = compare_snapshots(before, after), compare_snapshots(after, before)
    assert decide(after, who, action, resource).outcome == "allowed"
    assert who not in [p.label for p in before.principals] or decide(before, who, action, resource).outcome != "allowed"
    assert ("gained", via, (IAM + who,)) in told(gained)
    assert ("lost", via, (IAM + who,)) in told(lost)
    assert not gained.undecided
    assert not lost.undecided


@pytest.mark.parametrize(
    "before, after",
    [
        (bucket({"AWS": f"{IAM}user/u"}), bucket({"AWS": [f"{IAM}user/u", f"{IAM}user/u"]})),
        (bucket({"AWS": ROOT}), bucket({"AWS": HOME})),
        (bucket({"AWS": f"{IAM}user/u"}), bucket({"AWS": identifier("user/u")})),
        (bucket("*"), bucket({"AWS": "*"})),
        (bucket({"AWS": ROOT}), bucket({"AWS": ROOT}, Action="s3:ListBucketVersions", Resource=BUCKET)),
    ],
)
def test_other_words_of_a_policy_that_names_principals_change_nothing(before: Json, after: Json) -> None:
    entities = entity("user/u"), entity("user/v", S3), entity("role/q", S3, boundary="Lex")
    found = compare_snapshots(account(*entities, resources=before), account(*entities, resources=after))
    assert (found.relation, found.access) == ("equal", ())


@pytest.mark.parametrize(
    "before, after, expected",
    [
        (None, {"AWS": AWAY}, [("gained", f"arn:aws:iam::{AWAY}:root")]),
        (None, {"AWS": f"arn:aws:iam::{AWAY}:role/x"}, [("gained", f"arn:aws:iam::{AWAY}:role/x")]),
        (
            {"AWS": AWAY},
            {"AWS": "777788889999"},
            [("gained", "arn:aws:iam::777788889999:root"), ("lost", f"arn:aws:iam::{AWAY}:root")],
        ),
        ({"Service": "sns.amazonaws.com"}, None, [("lost", "Service:sns.amazonaws.com")]),
        (None, "*", [("gained", "*")]),
    ],
)
def test_a_bucket_opened_to_others_is_told(before: Json, after: Json, expected: Json) -> None:
    closed = {BUCKET: doc(says("Deny", "s3:DeleteBucket", BUCKET, "*"))}
    sides = (closed if who is None else bucket(who) | {} for who in (before, after))
    found = compare_snapshots(*(account(U, resources=one) for one in sides))
    strangers = [(one.change, one.principals[0]) for one in found.access if one.principals[0] != f"{IAM}user/u"]
    assert sorted(strangers) == expected
    assert not found.undecided


def moved(base: Snapshot, path: str, denied: str) -> Snapshot:
    """The account in an organization with another one below a unit, to which a resource control policy is attached."""
    tree = base.organization
    assert tree is not None
    control = ControlPolicy(
        "p-r", "p-r", "r", "rcp", policy=parse_policy(doc(says("Deny", denied, who="*")), kind="rcp")
    )
    targets = (
        *tree.targets,
        Target(path, "ou", "Unit", "r-1", attached=("p-r",)),
        Target(AWAY, "account", "Away", path, attached=("p-r",)),
    )
    return replace(base, organization=replace(tree, targets=targets, policies=(*tree.policies, control)))


def test_what_changed_above_other_accounts_leaves_open_what_may_be_done_there() -> None:
    base = account(entity("user/u", says("Allow", "s3:*", "*")))
    found = compare_snapshots(moved(base, "ou-1", "s3:*"), moved(base, "ou-1", "sqs:*"))
    assert (found.relation, found.access) == ("undecided", ())
    assert "above other accounts" in found.hidden[0]
    same = compare_snapshots(moved(base, "ou-1", "s3:*"), moved(base, "ou-2", "s3:*"))
    assert (same.relation, same.access) == ("equal", ())
    asking = account(
        entity("user/u", says("Allow", "s3:*", "*", None, {"StringLike": {"aws:ResourceOrgPaths": "o/*"}}))
    )
    found = compare_snapshots(moved(asking, "ou-1", "s3:*"), moved(asking, "ou-2", "s3:*"))
    assert (found.relation, found.access) == ("undecided", ())
    assert "aws:ResourceOrgPaths" in found.hidden[0]


def test_a_role_made_again_is_another_one_to_policies_that_ask_for_its_id() -> None:
    asking = {"StringNotLike": {"aws:userId": f"{identifier('role/q')}:*"}}
    barred = bucket({"AWS": ROOT}) | {BUCKET: doc(says("Deny", "s3:*", [BUCKET, f"{BUCKET}/*"], "*", asking))}
    before = account(entity("role/q", S3), entity("role/r", S3), resources=barred)
    after = account(entity("role/q", S3, RoleId=identifier("role/z")), entity("role/r", S3), resources=barred)
    found = compare_snapshots(before, after)
    assert told(found) == [("lost", "keys of the principal", (f"{IAM}role/q",))]
    assert compare_snapshots(after, after).relation == "equal"


def test_a_user_whose_deny_goes_may_be_named_by_a_key_that_is_not_known() -> None:
    found = compare_snapshots(account(entity("user/u", says("Deny", "kms:*"))), account(entity("user/u")))
    (one,) = found.undecided
    assert (one.change, one.principals, found.relation) == ("gained", (f"{IAM}user/u",), "undecided")
    assert "KMS key" in one.reason


# Random accounts, and every decision ---

ASKED = (
    ("s3:GetObject", f"{BUCKET}/x"),
    ("s3:PutObject", f"{BUCKET}/x"),
    ("s3:GetObject", "arn:aws:s3:::other/x"),
    ("sqs:SendMessage", QUEUE),
    ("kms:Decrypt", KEY),
    ("sts:AssumeRole", f"{IAM}role/r"),
    ("sts:AssumeRole", f"{IAM}role/q"),
    ("iam:CreateAccessKey", f"{IAM}user/v"),
    ("lex:GetBots", "*"),
)
CONTEXTS = ({}, {"aws:MultiFactorAuthPresent": "true"})
CONDITIONS = (
    None,
    None,
    None,
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"StringEquals": {"aws:PrincipalTag/t": "a"}},
    {"StringNotEquals": {"aws:PrincipalTag/t": "b"}},
    {"StringEquals": {"aws:ResourceTag/t": "a"}},
    {"ArnLike": {"aws:PrincipalArn": f"{IAM}role/*"}},
    {"StringLike": {"aws:userId": [f"{identifier('role/r')}:*", identifier("user/u")]}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
)
WHO = (
    "*",
    {"AWS": "*"},
    {"AWS": ROOT},
    {"AWS": HOME},
    {"AWS": AWAY},
    {"AWS": [f"{IAM}user/u", f"{IAM}role/q"]},
    {"AWS": f"{IAM}role/r"},
    {"AWS": [identifier("user/u"), ROOT]},
    {"AWS": identifier("user/z")},
    SERVICE,
)
ACTIONS = {BUCKET: ("s3:GetObject", "s3:*"), QUEUE: ("sqs:SendMessage", "sqs:*"), KEY: ("kms:Decrypt", "kms:*", "*")}


class Drawn:
    """The parts of a random account, each of which may be drawn anew."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.parts = {name: self.part(name) for name in (*PERSONAL, "scp", "rcp", *ACTIONS)}

    def effect(self) -> str:
        return "Deny" if self.rng.random() < 0.25 else "Allow"

    def naming(self, action: str, resource: Json) -> Json:
        one = says(self.effect(), action, resource, self.rng.choice(WHO), self.rng.choice(CONDITIONS))
        if self.rng.random() < 0.15:
            one |= {"Effect": "Deny", "NotPrincipal": {"AWS": [f"{IAM}user/u", ROOT]}}
            del one["Principal"]
        return {key: value for key, value in one.items() if value is not None}

    def part(self, name: str) -> Json:
        if name in ("scp", "rcp"):
            if self.rng.random() < 0.4:
                return None
            action = self.rng.choice(("s3:*", "sts:AssumeRole", "kms:*", "sqs:SendMessage", "s3:GetObject"))
            condition = self.rng.choice(CONDITIONS)
            return says("Deny", action, "*", "*" if name == "rcp" else None, condition)
        if name in ACTIONS:
            if self.rng.random() < 0.25:
                return None
            places = [name, f"{name}/*"] if name == BUCKET else name
            return doc(*(self.naming(self.rng.choice(ACTIONS[name]), places) for _ in range(self.rng.randint(1, 2))))
        if self.rng.random() < 0.15:
            return None
        return self.principal(name)

    def principal(self, name: str) -> Json:
        more: Json = {}
        if self.rng.random() < 0.3:
            more["boundary"] = self.rng.choice(("Lex", "All"))
        if self.rng.random() < 0.5:
            more["tags"] = {"t": self.rng.choice("ab")}
        if self.rng.random() < 0.15:
            more["UserId" if name.startswith("user/") else "RoleId"] = identifier("user/z")
        if name.startswith("role/"):
            more["trusting"] = doc(*(self.naming("sts:AssumeRole", None) for _ in range(self.rng.randint(1, 2))))
        actions = ("s3:*", "s3:GetObject", "sqs:*", "kms:*", "sts:AssumeRole", "iam:CreateAccessKey", "*")
        own = [
            says(self.effect(), self.rng.choice(actions), "*", None, self.rng.choice(CONDITIONS))
            for _ in range(self.rng.randint(0, 2))
        ]
        return entity(name, *own, **more)

    def account(self) -> Snapshot:
        people = (self.parts[name] for name in PERSONAL)
        resources = {name: self.parts[name] for name in ACTIONS if self.parts[name] is not None}
        resources["arn:aws:sns:us-east-1:111122223333:t"] = doc(says("Allow", "sns:Publish", "*", SERVICE))
        entities = [one for one in people if one is not None]
        return account(*entities, resources=resources, scp=self.parts["scp"], rcp=self.parts["rcp"])

    def changed(self) -> Snapshot:
        before = copy.deepcopy(self.parts)
        while self.parts == before:
            for name in self.rng.sample(list(self.parts), self.rng.randint(1, 2)):
                self.parts[name] = self.part(name)
        return self.account()


def pair(seed: int) -> tuple[Snapshot, Snapshot]:
    drawn = Drawn(seed)
    return drawn.account(), drawn.changed()


def allowed(snapshot: Snapshot, arn: str) -> dict[Json, bool | None]:
    """Every answer to one principal: whether it is allowed; None where a policy was not read that decides.

    Who is not there may do nothing, and nobody may assume a role that is not there.
    """
    known = {who.arn for who in snapshot.principals}
    found: dict[Json, bool | None] = {}
    for action, resource in ASKED:
        for i, values in enumerate(CONTEXTS):
            if arn not in known or (action == "sts:AssumeRole" and resource not in known):
                found[action, resource, i] = False
                continue
            outcome = decide(snapshot, arn, action, resource, context=Context(values, complete=True)).outcome
            found[action, resource, i] = {"allowed": True, "conditional": None}.get(outcome, False)
    return found


SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_decision_that_changed_is_told_of_its_principal(seed: int) -> None:
    before, after = pair(seed)
    found = compare_snapshots(before, after)
    of = {(arn, one.change) for one in found.access for arn in one.principals}
    for name in PERSONAL:
        there = [IAM + name in {who.arn for who in one.principals} for one in (before, after)]
        old, new = (allowed(one, IAM + name) for one in (before, after))
        for asked, was in old.items():
            now = new[asked]
            if was == now or (None in (was, now) and not all(there)):
                continue
            change = "lost" if was or now is False else "gained"
            assert {(IAM + name, change), ("*", change)} & of, (name, asked, was, now)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_change_that_is_told_is_one_of_two_decisions(seed: int) -> None:
    before, after = pair(seed)
    found = compare_snapshots(before, after)
    for one in (one for one in found.access if one.request is not None):
        here, there = (after, before) if one.change == "gained" else (before, after)
        assert one.request is not None
        for arn in one.principals if not one.assumptions else ():
            if ":iam::111122223333:" not in arn:
                continue
            asked = (arn, one.request.action, one.request.resource)
            known = [{who.arn for who in side.principals} for side in (here, there)]
            assert decide(here, *asked, context=one.request.context).outcome in GRANTING
            gone = asked[1].startswith("sts:AssumeRole") and asked[2] not in known[1]
            missing = arn not in known[1] or gone
            assert missing or decide(there, *asked, context=one.request.context).outcome not in GRANTING
