"""What resources share with callers from outside: every grant is told, and nothing that is not one."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from lexgraph.access.shared import GONE, SharedAccess, shared_access
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
    named = {**deny, "Resource": "*", "Principal": {"AWS": f"arn:aws:iam::{AWAY}:user/eve"}}
    assert told(bucket({"Principal": {"AWS": AWAY}}, named)) == [(AWAY, "account", "allowed", None)]
    but = {**deny, "Resource": "*", "NotPrincipal": {"AWS": [f"{A}user/ana", f"{A}root"]}}
    del but["Principal"]
    assert told(bucket({"Principal": "*"}, but)) == []


def test_a_deny_outside_the_organization_leaves_a_condition() -> None:
    deny = {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    (row,) = shared_access(bucket({"Principal": "*"}, {"Effect": "Deny", "Principal": "*", "Condition": deny}))
    assert (row.outcome, row.missing_keys) == ("conditional", ("aws:PrincipalOrgID",))
    assert "o-a1b2c3d4e5" in (row.condition or "")


def test_a_resource_control_policy_takes_away_too() -> None:
    fence = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    policy = parse_policy({"Version": "2012-10-17", "Statement": fence}, kind="rcp")
    control = ControlPolicy("p-1", "p-1", "fence", "rcp", policy=policy)
    places = (Target("r-1", "root", "Root", None, ("p-1",)), Target(HOME, "account", "Home", "r-1"))
    account = bucket({"Principal": "*"})
    assert told(replace(account, organization=Organization("o-1", AWAY, places, (control,)))) == []
    assert len(told(account)) == 1


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
