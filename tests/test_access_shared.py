"""What resources share with callers from outside: every grant is told, and nothing that is not one."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from lexgraph.access.shared import GONE, TOO_MANY, SharedAccess, shared_access
from lexgraph.account.model import ResourcePolicy, Snapshot, Unreadable
from lexgraph.account.organization import ControlPolicy, Organization, Target
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import PolicyError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.callers import principal_text
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import compile_arn, split_arn
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import inspect_policy, parse_policy
from tests import alphabet
from tests.alphabet import AWAY, HOME
from tests.random_cases import Draw

A = f"arn:aws:iam::{HOME}:"
BUCKET = "arn:aws:s3:::transcripts"
EVERYTHING = parse_policy({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
EMPTY = parse_account(
    {"UserDetailList": [{"UserName": "ana", "Arn": f"{A}user/ana", "UserId": "AIDAEXAMPLEUSERANA01"}]}
)


def bucket(*statements: dict[str, Any]) -> Snapshot:
    full = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*", **one} for one in statements]
    policy = parse_policy({"Version": "2012-10-17", "Statement": full}, name="own", kind="resource", arn=BUCKET)
    return replace(EMPTY, resource_policies=(ResourcePolicy(BUCKET, policy),))


def told(account: Snapshot) -> list[tuple[str | None, str, str, str | None]]:
    return [(row.principal, row.reach, row.outcome, row.condition) for row in shared_access(account)]


def test_the_example_account_shares_roles_with_partners_services_and_anyone() -> None:
    rows = shared_access(read_account(example_account_path()))
    reaches = {row.reach for row in rows}
    assert {"account", "service", "federated", "public", "deleted"} <= reaches
    (kiosk,) = [row for row in rows if row.reach == "public"]
    assert (kiosk.resource, kiosk.principal, kiosk.actions) == (f"{A}role/kiosk-demo", "*", ("sts:AssumeRole",))
    assert kiosk.resources == (kiosk.resource,)


def test_callers_of_the_account_itself_are_not_told() -> None:
    own = {"AWS": [HOME, f"{A}root", f"{A}user/ana", "AIDAEXAMPLEUSERANA01", f"arn:aws:iam::{AWAY}:root"]}
    assert told(bucket({"Principal": own})) == [(AWAY, "account", "allowed", None)]


def test_a_condition_on_the_own_account_keeps_everyone_else_out_and_on_another_does_not() -> None:
    mine = {"Condition": {"StringEquals": {"aws:PrincipalAccount": HOME}}}
    theirs = {"Condition": {"StringEquals": {"aws:PrincipalAccount": [HOME, AWAY]}}}
    assert told(bucket({"Principal": "*", **mine})) == []
    (row,) = told(bucket({"Principal": "*", **theirs}))
    assert row[:3] == ("*", "limited", "conditional")


def test_a_grant_to_somebody_who_is_gone_is_no_certain_one() -> None:
    gone = {"Principal": {"AWS": "AIDAEXAMPLEGONE00001"}}
    network = {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    plain, within = told(bucket(gone, {**gone, **network}))
    assert plain == ("AIDAEXAMPLEGONE00001", "deleted", "conditional", GONE)
    assert within[2] == "conditional"
    assert "10.0.0.0/8" in (within[3] or "")
    assert (within[3] or "").endswith(f", and {GONE}")


def test_organization_network_and_nobody_in_particular_are_told_apart() -> None:
    organization = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}
    network = {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    loose = {"Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}
    rows = shared_access(bucket(*({"Principal": "*", **one} for one in (organization, network, loose))))
    assert [row.reach for row in rows] == ["organization", "limited", "public"]


def test_a_deny_takes_away_what_it_is_about() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Resource": f"{BUCKET}/secret/*"}
    (row,) = shared_access(bucket({"Principal": "*"}, deny))
    assert (row.resources, row.exceptions) == ((f"{BUCKET}/*",), (f"{BUCKET}/secret/*",))
    assert told(bucket({"Principal": {"AWS": AWAY}}, {**deny, "Resource": "*"})) == []
    eve = f"arn:aws:iam::{AWAY}:user/eve"
    named = {**deny, "Resource": "*", "Principal": {"AWS": eve}}
    others = (AWAY, "account", "conditional", f'if aws:PrincipalArn is not "{eve}"')
    assert told(bucket({"Principal": {"AWS": AWAY}}, named)) == [others]
    but = {**deny, "Resource": "*", "NotPrincipal": {"AWS": [f"{A}user/ana", f"{A}root"]}}
    del but["Principal"]
    assert told(bucket({"Principal": "*"}, but)) == []


def everyone_but(**named: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "NotPrincipal": named}


def deny_unless(**condition: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Condition": condition}


def test_whom_a_deny_spares_by_name_keeps_what_is_granted_to_everybody_of_its_account() -> None:
    eve, root = f"arn:aws:iam::{AWAY}:user/eve", f"arn:aws:iam::{AWAY}:root"
    grant, spared = {"Principal": {"AWS": root}}, f'if aws:PrincipalArn is "{eve}" or "{root}"'
    assert told(bucket(grant, everyone_but(AWS=[eve, root]))) == [(AWAY, "account", "conditional", spared)]
    everyone = bucket({"Principal": "*"}, everyone_but(AWS=[eve, root, f"{A}user/ana"]))
    assert told(everyone) == [("*", "limited", "conditional", spared)]


def test_a_service_and_an_identity_provider_that_a_deny_spares_are_told() -> None:
    (service,) = told(bucket({"Principal": "*"}, everyone_but(Service="lambda.amazonaws.com")))
    assert service == ("*", "service", "conditional", 'if aws:PrincipalServiceName is "lambda.amazonaws.com"')
    (provider,) = told(bucket({"Principal": "*"}, everyone_but(Federated="accounts.google.com")))
    assert provider[:3] == ("*", "federated", "conditional")
    named = {"Principal": {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}
    assert told(bucket(named, everyone_but(Service="lambda.amazonaws.com"))) == [
        ("Service:lambda.amazonaws.com", "service", "allowed", None)
    ]


def test_one_session_that_a_deny_spares_is_told_by_its_name() -> None:
    role, session = f"arn:aws:iam::{AWAY}:role/r", f"arn:aws:sts::{AWAY}:assumed-role/r/eve"
    spared = [(role, "account", "conditional", 'if aws:userid is like "*:eve"')]
    assert told(bucket({"Principal": {"AWS": role}}, everyone_but(AWS=session))) == spared
    assert told(bucket({"Principal": {"AWS": session}}, everyone_but(AWS=[session, f"{session}2"]))) == [
        (session, "account", "allowed", None)
    ]
    (row,) = told(bucket({"Principal": {"AWS": AWAY}}, {"Effect": "Deny", "Principal": {"AWS": session}}))
    assert row[2] == "conditional"
    assert 'aws:userid is not like "*:eve"' in (row[3] or "")


def test_an_identity_of_cloudfront_is_told_beside_a_deny() -> None:
    name = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"
    (row,) = told(bucket({"Principal": {"AWS": name}}, deny_unless(Bool={"aws:SecureTransport": "false"})))
    assert row == (name, "account", "conditional", "if aws:SecureTransport is not false")


def test_what_is_left_for_the_own_account_only_is_not_told() -> None:
    own = {"aws:PrincipalAccount": HOME}
    ids = {"aws:userid": ["AIDAEXAMPLEUSERANA01", HOME]}
    for policy in (
        [{"Principal": "*"}, deny_unless(StringNotEquals=own)],
        [{"Principal": "*"}, deny_unless(ArnNotLike={"aws:PrincipalArn": f"{A}*"})],
        [{"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": f"{A}role/dev-*"}}}],
        [{"Principal": "*", "Condition": {"StringLike": ids}}],
        [{"Principal": "*", "Condition": {"StringEquals": {"kms:CallerAccount": HOME}}}],
        [{"Principal": "*"}, everyone_but(AWS=[f"{A}user/ana", f"{A}root"])],
        [{"Principal": {"AWS": AWAY}}, deny_unless(StringNotEquals=own)],
        [{"Principal": {"AWS": AWAY}, "Condition": {"ArnLike": {"aws:PrincipalArn": f"{A}*"}}}],
    ):
        assert told(bucket(*policy)) == []


def test_a_deny_or_condition_that_concerns_no_caller_from_outside_leaves_no_condition() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": f"{A}*"}}}
    assert told(bucket({"Principal": "*"}, deny)) == [("*", "public", "allowed", None)]
    theirs = deny_unless(StringNotEquals={"aws:PrincipalAccount": [HOME, AWAY]})
    assert told(bucket({"Principal": {"AWS": AWAY}}, theirs)) == [(AWAY, "account", "allowed", None)]


def test_a_deny_outside_the_organization_leaves_the_organization() -> None:
    deny = deny_unless(StringNotEquals={"aws:PrincipalOrgID": "o-a1b2c3d4e5"})
    (row,) = shared_access(bucket({"Principal": "*"}, deny))
    assert (row.reach, row.outcome, row.missing_keys) == ("organization", "conditional", ("aws:PrincipalOrgID",))
    assert "o-a1b2c3d4e5" in (row.condition or "")


def test_a_reach_is_what_conditions_and_denies_together_leave() -> None:
    perimeter = deny_unless(
        StringNotEqualsIfExists={"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
        BoolIfExists={"aws:PrincipalIsAWSService": "false"},
    )
    unit = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12/*"}}
    halves = ["0.0.0.0/1", "128.0.0.0/1"]
    for wanted, allow, denies in (
        ("organization", {}, [perimeter]),
        ("organization", unit, []),
        ("service", {"Bool": {"aws:PrincipalIsAWSService": "true"}}, []),
        ("limited", {}, [deny_unless(StringNotEquals={"aws:SourceVpce": "vpce-1"})]),
        ("limited", {}, [deny_unless(NotIpAddress={"aws:SourceIp": "10.0.0.0/8"})]),
        ("limited", {"ArnLike": {"aws:SourceArn": f"arn:aws:lambda:*:{HOME}:function:*"}}, []),
        ("public", {}, [deny_unless(NotIpAddress={"aws:SourceIp": halves})]),
        ("public", {}, [deny_unless(Bool={"aws:SecureTransport": "false"})]),
        ("public", {}, [deny_unless(StringEquals={"aws:PrincipalAccount": AWAY})]),
        ("public", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/dev-*"}}, []),
    ):
        (row,) = shared_access(bucket({"Principal": "*", "Condition": allow} if allow else {"Principal": "*"}, *denies))
        assert row.reach == wanted, (allow, denies)


def test_a_variable_in_a_resource_hides_no_grant() -> None:
    own = {"Principal": "*", "Resource": f"{BUCKET}/${{aws:username}}/*"}
    but = {"Effect": "Deny", "Principal": "*", "Resource": f"{BUCKET}/${{aws:PrincipalTag/Team}}/*"}
    (row,) = shared_access(bucket(own, but))
    assert (row.principal, row.reach, row.outcome) == ("*", "public", "conditional")
    theirs = {**own, "Resource": f"{BUCKET}/${{aws:PrincipalAccount}}/*", "Principal": {"AWS": AWAY}}
    (row,) = shared_access(bucket(theirs))
    assert (row.principal, row.resources) == (AWAY, (f"{BUCKET}/{AWAY}/*",))


def test_what_the_policies_of_other_accounts_grant_is_not_shared_by_this_one() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": AWAY}, "Action": "sts:AssumeRole"}
    trust = parse_policy({"Version": "2012-10-17", "Statement": statement}, kind="trust")
    error = PolicyError("it was not given", code="MISSING_DOCUMENT")
    theirs, queue = f"arn:aws:iam::{AWAY}:role/x", f"arn:aws:sqs:us-east-1:{AWAY}:q"
    given = (ResourcePolicy(theirs, trust),)
    unread = (Unreadable(queue, "own", "resource", error),)
    assert shared_access(replace(EMPTY, resource_policies=given, unreadable=unread)) == ()


def test_a_statement_of_a_trust_policy_that_could_not_be_read_hides_no_other() -> None:
    allow = {"Effect": "Allow", "Principal": {"AWS": AWAY}, "Action": "sts:AssumeRole"}
    spared = {"Effect": "Deny", "NotPrincipal": {"AWS": AWAY}, "Action": "sts:AssumeRole"}
    role = {
        "RoleName": "r",
        "Arn": f"{A}role/r",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [allow, spared]},
    }
    (row,) = shared_access(parse_account({"RoleDetailList": [role]}))
    assert (row.principal, row.reach, row.outcome) == (AWAY, "account", "conditional")
    assert "could not be read" in (row.condition or "")


def under(account: Snapshot, fence: dict[str, Any] | None) -> Snapshot:
    """The account under a resource control policy; under one that could not be read, where there is none."""
    document = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", **(fence or {})}
    policy = parse_policy({"Version": "2012-10-17", "Statement": document}, kind="rcp")
    control = ControlPolicy("p-1", "p-1", "fence", "rcp", policy=None if fence is None else policy)
    places = (Target("r-1", "root", "Root", None, ("p-1",)), Target(HOME, "account", "Home", "r-1"))
    return replace(account, organization=Organization("o-1", AWAY, places, (control,)))


def test_a_resource_control_policy_takes_away_too() -> None:
    account = bucket({"Principal": "*"})
    assert told(under(account, {"Action": "s3:*"})) == []
    assert len(told(account)) == 1


def test_a_resource_control_policy_that_could_not_be_read_may_deny_everything() -> None:
    (row,) = told(under(bucket({"Principal": "*"}), None))
    assert row[:3] == ("*", "public", "conditional")
    assert "could not be read" in (row[3] or "")


def test_no_control_policy_keeps_a_grant_of_kms_from_being_retired() -> None:
    key = f"arn:aws:kms:us-east-1:{HOME}:key/1"
    allow = {"Effect": "Allow", "Principal": {"AWS": AWAY}, "Action": "kms:*", "Resource": "*"}
    policy = parse_policy({"Version": "2012-10-17", "Statement": allow}, kind="resource", arn=key)
    account = replace(EMPTY, resource_policies=(ResourcePolicy(key, policy),))
    (row,) = shared_access(under(account, {"Action": "kms:*"}))
    assert row.actions == ("kms:RetireGrant",)


def test_a_control_policy_about_some_roles_concerns_the_trust_policies_of_these_only() -> None:
    allow = {"Effect": "Allow", "Principal": {"AWS": AWAY}, "Action": "sts:AssumeRole"}
    roles = [
        {"RoleName": name, "Arn": f"{A}role/{name}", "AssumeRolePolicyDocument": {"Statement": allow}}
        for name in ("dev-a", "dev-b", "front")
    ]
    account = parse_account({"RoleDetailList": roles})
    rows = shared_access(under(account, {"Resource": "arn:aws:iam::*:role/dev-*"}))
    assert [(row.resource, row.resources, row.exceptions) for row in rows] == [
        (f"{A}role/front", (f"{A}role/front",), ())
    ]


def test_statements_that_overlap_in_too_many_ways_leave_what_the_allow_says_by_itself() -> None:
    keys = ("Team", "Desk", "Hall", "Lane", "City", "Town", "Land", "Zone", "Unit", "Crew", "Post")
    denies = [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Resource": f"{BUCKET}/*{key}*",
            "Condition": {"StringEquals": {f"aws:PrincipalTag/{key}": "x"}},
        }
        for key in keys
    ]
    own = {"StringEquals": {"aws:PrincipalAccount": HOME}}
    member = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    (row,) = told(bucket({"Principal": "*"}, *denies))
    assert (row[1], row[3]) == ("public", f"if {TOO_MANY}")
    (row,) = told(bucket({"Principal": "*", "Condition": member}, *denies))
    assert (row[1], row[3]) == ("organization", f'if aws:PrincipalOrgID is "o-a1b2c3d4e5", and {TOO_MANY}')
    assert told(bucket({"Principal": "*", "Condition": own}, *denies)) == []


def test_a_policy_that_could_not_be_read_is_told_as_unknown() -> None:
    error = PolicyError("it was not given", code="MISSING_DOCUMENT")
    account = replace(EMPTY, unreadable=(Unreadable(BUCKET, "own", "resource", error),))
    (row,) = shared_access(account)
    assert (row.resource, row.principal, row.reach, row.outcome) == (BUCKET, None, "unknown", "conditional")


# A law: who is allowed is told, and who is told without a condition is allowed ----------------------------------------

CALLERS = (
    *(one for kind in ("user", "role") for one in alphabet.insiders(AWAY)[kind]),
    *map(principal_text, alphabet.OUTSIDERS),
)


def names(row: SharedAccess, caller: str) -> bool:
    return row.principal in ("*", caller, AWAY if f":{AWAY}:" in caller else caller)


def covers(row: SharedAccess, action: str, resource: str) -> bool:
    parts = split_arn(resource)
    bit = catalog().bits(action)
    return (
        any(catalog().bits(pattern) & bit for pattern in row.actions)
        and any(compile_arn(pattern)(parts) for pattern in row.resources)
        and not any(compile_arn(pattern)(parts) for pattern in row.exceptions)
    )


def drawn(rng: random.Random) -> tuple[Policy | None, str, str, str]:
    action, resource = rng.choice(
        [pair for pair in alphabet.QUESTIONS if pair[0].split(":")[0] in ("s3", "sqs", "lambda")]
    )
    caller = rng.choice(CALLERS)
    shown = {"Service:": "Service", "Federated:": "Federated"}
    asked = next(({word: caller[len(head) :]} for head, word in shown.items() if caller.startswith(head)), caller)
    draw = Draw(rng, "all", {"principal": asked, "action": action, "resource": resource, "context": {}})
    found, problems = inspect_policy(draw.document("resource"), name="own", kind="resource")
    return (None if problems or found is None else replace(found, arn=resource)), caller, action, resource


def test_whoever_from_outside_is_allowed_is_told() -> None:
    allowed = sure = 0
    for seed in range(900):
        rng = random.Random(seed)
        policy, caller, action, resource = drawn(rng)
        if policy is None:
            continue
        rows = shared_access(replace(EMPTY, resource_policies=(ResourcePolicy(resource, policy),)))
        stack = PolicyStack(identity=(EVERYTHING,), resource=policy)
        request = Request(caller, action, resource, Context(), resource_account=HOME)
        outcome = authorize(stack, request).outcome
        found = [row for row in rows if names(row, caller) and covers(row, action, resource)]
        if outcome == "allowed":
            allowed += 1
            assert found, json.dumps([seed, caller, action, resource])
        if any(row.outcome == "allowed" and row.principal == caller for row in found):
            sure += 1
            assert outcome == "allowed", json.dumps([seed, caller, action, resource])
    assert allowed > 40
    assert sure > 15


# A law over policies that speak of outsiders: nobody is lost, and the word for the reach is true ---------------------

OWN_ORG, THIRD = "o-a1b2c3d4e5", "777788889999"
MEMBER, STRANGER = "arn:aws:iam::321321321321:role/member", "arn:aws:iam::123123123123:role/fresh"  # named nowhere
OUTSIDE = (
    *(f"arn:aws:iam::{AWAY}:{who}" for who in ("user/eve", "user/zoe", "role/eve", "role/other")),
    *(f"arn:aws:sts::{AWAY}:{who}" for who in ("assumed-role/eve/s1", "assumed-role/eve/s2")),
    *(MEMBER, STRANGER, f"arn:aws:iam::{THIRD}:user/kim", "*"),
    *("Service:lambda.amazonaws.com", "Service:ec2.amazonaws.com", "Federated:accounts.google.com"),
)
ELSEWHERE: dict[str, str] = {"aws:SourceIp": "198.51.100.9", "aws:SecureTransport": "true"}
HERE: dict[str, str] = {"aws:SourceIp": "10.1.1.1", "aws:SecureTransport": "true", "aws:SourceVpce": "vpce-1"}
NAMED: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": AWAY},
    {"AWS": f"arn:aws:iam::{AWAY}:root"},
    {"AWS": f"arn:aws:iam::{AWAY}:user/eve"},
    {"AWS": [f"arn:aws:iam::{AWAY}:role/eve", f"{A}user/ana"]},
    {"AWS": f"arn:aws:sts::{AWAY}:assumed-role/eve/s1"},
    {"AWS": [HOME, THIRD]},
    {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]},
    {"Federated": "accounts.google.com"},
    {"AWS": [f"arn:aws:iam::{AWAY}:user/eve", f"arn:aws:iam::{AWAY}:root"], "Service": "ec2.amazonaws.com"},
    {"AWS": [f"{A}user/ana", f"{A}root"]},
)
FENCES: tuple[dict[str, Any], ...] = (
    {"StringEquals": {"aws:PrincipalAccount": HOME}},
    {"StringNotEquals": {"aws:PrincipalAccount": [HOME]}},
    {"StringNotEquals": {"aws:PrincipalAccount": [HOME, AWAY]}},
    {"StringEquals": {"aws:PrincipalOrgID": OWN_ORG}},
    {"StringNotEquals": {"aws:PrincipalOrgID": OWN_ORG}},
    {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": OWN_ORG},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{AWAY}:user/*"}},
    {"ArnNotLike": {"aws:PrincipalArn": [f"{A}*"]}},
    {"ArnNotLikeIfExists": {"aws:PrincipalArn": [f"arn:aws:iam::{AWAY}:role/*", f"{A}role/*"]}},
    {"ArnLike": {"aws:PrincipalArn": f"{A}role/dev-*"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"Null": {"aws:PrincipalArn": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
)
ROLE = f"{A}role/runner"
ABOUT = (f"{BUCKET}/*", f"{BUCKET}/red/*", [BUCKET, f"{BUCKET}/*"], "*")
ASKED_OF_BUCKET = (
    ("s3:GetObject", f"{BUCKET}/red/x"),
    ("s3:PutObject", f"{BUCKET}/blue"),
    ("s3:ListBucket", BUCKET),
)


def about_outsiders(rng: random.Random) -> dict[str, Any]:
    effect, names = rng.choice(("Allow", "Allow", "Deny")), "NotPrincipal" if rng.random() < 0.2 else "Principal"
    found: dict[str, Any] = {
        "Effect": effect,
        names: rng.choice(NAMED[2:] if names == "NotPrincipal" else NAMED),
        "Action": rng.choice(("s3:*", "s3:GetObject", "s3:Put*", "*")),
        "Resource": rng.choice(ABOUT),
    }
    return found | ({"Condition": rng.choice(FENCES)} if rng.random() < 0.5 else {})


def trusted(rng: random.Random) -> dict[str, Any]:
    found = {
        "Effect": rng.choice(("Allow", "Allow", "Deny")),
        "Principal": rng.choice(NAMED),
        "Action": rng.choice(("sts:AssumeRole", "sts:*", ["sts:AssumeRole", "sts:TagSession"])),
    }
    return found | ({"Condition": rng.choice(FENCES)} if rng.random() < 0.5 else {})


def fenced(rng: random.Random, *, role: bool = False) -> tuple[Snapshot, PolicyStack]:
    """An account with one bucket, or one role, now and then under a resource control policy; and the layers of who asks
    for it.
    """
    account = bucket(*(about_outsiders(rng) for _ in range(rng.randint(1, 4))))
    if role:
        document = {"Version": "2012-10-17", "Statement": [trusted(rng) for _ in range(rng.randint(1, 4))]}
        runner = {"RoleName": "runner", "Arn": ROLE, "AssumeRolePolicyDocument": document}
        account = parse_account({"RoleDetailList": [runner]})
    rcps: tuple[tuple[Policy, ...], ...] = ()
    if rng.random() < 0.3:
        services = {"Action": ["s3:*", "sts:*"], "Resource": rng.choice(("*", f"{A}role/r*") if role else ("*",))}
        deny = {"Effect": "Deny", "Principal": "*", **services, "Condition": rng.choice(FENCES)}
        policy = parse_policy({"Version": "2012-10-17", "Statement": deny}, kind="rcp")
        rcps = ((policy,),)
        places = (Target("r-1", "root", "Root", None, ("p-1",)), Target(HOME, "account", "Home", "r-1"))
        control = ControlPolicy("p-1", "p-1", "fence", "rcp", policy=policy)
        account = replace(account, organization=Organization(OWN_ORG, AWAY, places, (control,)))
    own = account.principals[0].trust if role else account.resource_policies[0].policy
    return account, PolicyStack(identity=(EVERYTHING,), resource=own, rcps=rcps)


def contexts(caller: str) -> list[Context]:
    """What may be said of a request: from anywhere, from a known place, in clear text; and nothing at all."""
    who = {"aws:PrincipalOrgID": OWN_ORG} if caller == MEMBER or f":{THIRD}:" in caller else {}
    secret = {**ELSEWHERE, "aws:SecureTransport": "false"}
    known = [Context({**who, **more}, complete=True) for more in (ELSEWHERE, HERE, secret)]
    return known if caller == "*" or caller.startswith("Federated:") else [*known, Context(who)]


def means(row: SharedAccess, caller: str) -> bool:
    role = f"arn:aws:iam::{AWAY}:role/eve" if ":assumed-role/eve/" in caller else caller
    account = split_arn(caller)[4] if caller.startswith("arn:") else caller
    return row.principal in ("*", caller, role, account) or one_session_of(row, caller)


def one_session_of(row: SharedAccess, caller: str) -> bool:
    return caller.endswith(":role/eve") and ":assumed-role/eve/" in str(row.principal)


def test_no_grant_is_lost_and_what_is_certain_is_allowed() -> None:
    granted = sure = 0
    for seed in range(300):
        role = seed % 3 == 0
        account, stack = fenced(random.Random(seed), role=role)
        rows = shared_access(account)
        for caller in OUTSIDE:
            for action, resource in (("sts:AssumeRole", ROLE),) if role else ASKED_OF_BUCKET:
                found = [row for row in rows if means(row, caller) and covers(row, action, resource)]
                outcomes = {
                    authorize(stack, Request(caller, action, resource, one, resource_account=HOME)).outcome
                    for one in contexts(caller)
                }
                if outcomes & {"allowed", "conditional"}:
                    granted += 1
                    assert found, (seed, caller, action)
                # What one session of a role may do is no certain thing of the role.
                if any(row.outcome == "allowed" and not one_session_of(row, caller) for row in found):
                    sure += 1
                    assert outcomes == {"allowed"}, (seed, caller, action)
    assert granted > 1_500
    assert sure > 300


def test_a_reach_names_those_who_are_let_in() -> None:
    seen = set()
    for seed in range(300):
        account, stack = fenced(random.Random(seed))

        def lets(
            caller: str, row: SharedAccess, places: tuple[dict[str, str], ...], stack: PolicyStack = stack
        ) -> bool:
            who = {"aws:PrincipalOrgID": OWN_ORG} if caller == MEMBER else {}
            return any(
                authorize(
                    stack, Request(caller, *asked, Context({**who, **place}, complete=True), resource_account=HOME)
                ).outcome
                == "allowed"
                for place in places
                for asked in ASKED_OF_BUCKET
                if covers(row, *asked)
            )

        clear, endpoint = {**ELSEWHERE, "aws:SecureTransport": "false"}, {**ELSEWHERE, "aws:SourceVpce": "vpce-2"}
        anywhere = (ELSEWHERE, clear, endpoint, {**clear, **endpoint, "aws:SecureTransport": "false"})
        rows = shared_access(account)
        for row in rows:
            if row.principal != "*" or not any(covers(row, *asked) for asked in ASKED_OF_BUCKET):
                continue
            seen.add(row.reach)
            public = any(lets(caller, row, anywhere) for caller in ("*", STRANGER))
            if row.reach == "public":
                assert public, (seed, row)
            elif len(rows) == 1:  # else another one may let them in
                assert not public, (seed, row)
                assert lets(MEMBER, row, anywhere) == (row.reach == "organization"), (seed, row)
    assert seen == {"public", "organization", "limited", "service", "federated"}
