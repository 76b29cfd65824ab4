"""The effective actions of everybody: what limits take away, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lexgraph.access.effective import ActionSet, action_sets
from lexgraph.account.model import Snapshot
from lexgraph.account.organization import ControlPolicy, Organization, Target
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.catalog.actions import catalog
from lexgraph.errors import AccountError
from lexgraph.policy.parse import parse_policy
from tests.alphabet import AWAY, HOME, LINKED_ROLE

Json = dict[str, Any]
A = f"arn:aws:iam::{HOME}:"
LEX = catalog().bits("lex:*")


def document(*statements: Json) -> Json:
    full = [{"Effect": "Allow", "Action": "lex:*", "Resource": "*", **one} for one in statements]
    return {"Version": "2012-10-17", "Statement": full}


def managed(name: str, *statements: Json) -> Json:
    version = {"VersionId": "v1", "Document": document(*statements)}
    return {
        "PolicyName": name,
        "Arn": f"{A}policy/{name}",
        "DefaultVersionId": "v1",
        "PolicyVersionList": [version],
    }


def account(*statements: Json, policies: tuple[Json, ...] = (), **more: Any) -> Snapshot:
    own = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    who = {"UserName": "ana", "Arn": f"{A}user/ana", "UserPolicyList": own, **more}
    return parse_account({"UserDetailList": [who], "Policies": list(policies)})


def ana(snapshot: Snapshot) -> ActionSet:
    return action_sets(snapshot).of("user/ana")


def test_allows_are_joined_and_a_deny_on_everything_takes_away() -> None:
    found = ana(account({"Action": "lex:Get*"}, {"Action": "lex:Put*"}, {"Effect": "Deny", "Action": "lex:*Bot"}))
    named = {name for name in catalog().expand("lex:*") if name.startswith(("lex:Get", "lex:Put"))}
    assert set(found.names) == {name for name in named if not name.endswith("Bot")}
    assert (found.everywhere, found.conditional, found.unknown) == (found.named, 0, 0)


def test_a_deny_with_a_condition_or_on_some_resources_only_marks() -> None:
    key = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}
    partly = {"Effect": "Deny", "Action": "lex:PutBot", "Resource": f"arn:aws:lex:us-east-1:{HOME}:bot:x:*"}
    found = ana(account({}, {"Effect": "Deny", "Action": "lex:DeleteBot", **key}, partly))
    assert found.named == LEX
    assert catalog().names_in(found.conditional) == ("lex:DeleteBot",)
    assert catalog().names_in(found.named & ~found.everywhere) == ("lex:PutBot",)


def test_everywhere_and_conditional_are_said_of_one_and_the_same_grant() -> None:
    key = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    bots = {"Action": "lex:Get*", "Resource": f"arn:aws:lex:us-east-1:{HOME}:bot:x:*"}
    gets = catalog().bits("lex:Get*")
    for statements, conditional, everywhere in (
        ([{"Action": "lex:Get*"}], 0, gets),
        ([{"Action": "lex:Get*", **key}], gets, gets),
        ([bots], 0, 0),
        ([bots, {"Action": "lex:Get*", **key}], gets, gets),
        ([bots, {"Action": "lex:Get*", **key}, {"Action": "lex:GetBots"}], gets & ~catalog().bits("lex:GetBots"), gets),
        ([{**bots, **key}, bots], 0, 0),
    ):
        found = ana(account(*statements))
        assert (found.named, found.conditional, found.everywhere) == (gets, conditional, everywhere), statements


def test_what_is_everywhere_without_a_condition_is_so_in_every_layer() -> None:
    key = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    some = {"Action": "lex:Get*", "Resource": f"arn:aws:lex:us-east-1:{HOME}:bot:x:*"}
    limit = managed("B", some, {"Action": "lex:Get*", **key})
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{A}policy/B"}}
    found = ana(account({}, policies=(limit,), **bounded))
    assert found.everywhere == found.conditional == catalog().bits("lex:Get*")


def test_a_boundary_limits_and_its_conditions_count() -> None:
    limit = managed("B", {"Action": ["lex:Get*", "s3:*"], "Condition": {"Bool": {"aws:SecureTransport": "true"}}})
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{A}policy/B"}}
    found = ana(account({}, policies=(limit,), **bounded))
    assert found.named == found.conditional == catalog().bits("lex:Get*")


def test_every_level_of_scps_must_have_an_action_but_not_for_a_service_linked_role() -> None:
    texts = {"all": {"Action": "*"}, "lex": {"Action": ["lex:Get*", "lex:Put*"]}, "get": {"Action": "lex:Get*"}}
    controls = tuple(
        ControlPolicy(name, name, name, "scp", policy=parse_policy(document(one), kind="scp"))
        for name, one in texts.items()
    )
    places = (
        Target("r-1", "root", "Root", None, ("lex", "all")),
        Target("ou-1", "ou", "Unit", "r-1", ("lex",)),
        Target(HOME, "account", "Home", "ou-1", ("get",)),
    )
    allow = [{"PolicyName": "own", "PolicyDocument": document({})}]
    linked = {"RoleName": "x", "Arn": A + LINKED_ROLE, "RolePolicyList": allow, "AssumeRolePolicyDocument": document()}
    dump = {
        "UserDetailList": [{"UserName": "ana", "Arn": f"{A}user/ana", "UserPolicyList": allow}],
        "RoleDetailList": [linked],
    }
    member = replace(parse_account(dump), organization=Organization("o-1", AWAY, places, controls))
    assert ana(member).named == catalog().bits("lex:Get*")
    assert action_sets(member).of(A + LINKED_ROLE).named == LEX
    assert ana(replace(member, organization=Organization("o-1", HOME, places, controls))).named == LEX


def test_what_could_not_be_read_is_unknown_and_never_missing() -> None:
    gone = {"AttachedManagedPolicies": [{"PolicyName": "Gone", "PolicyArn": f"{A}policy/Gone"}]}
    found = ana(account({"Action": "lex:Get*"}, **gone))
    assert (found.named, found.unknown) == (catalog().bits("lex:Get*"), catalog().everything)
    lost = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{A}policy/Lost"}}
    found = ana(account({"Action": "lex:Get*"}, **lost))
    assert found.named == found.unknown == catalog().bits("lex:Get*")
    assert action_sets(account(**gone)).holders("s3:GetObject") == (f"{A}user/ana",)


def test_holders_are_those_who_have_an_action_in_their_set() -> None:
    sets = action_sets(read_account(example_account_path()))
    for action in ("lex:DeleteBot", "iam:CreateUser", "sts:AssumeRole"):
        bit = catalog().bits(action)
        assert sets.holders(action) == tuple(one.principal for one in sets if one.named & bit)
    with pytest.raises(AccountError):
        sets.holders("lex:Nothing")


def test_equal_sets_are_one_integer() -> None:
    held = [{"PolicyArn": f"{A}policy/P", "PolicyName": "P"}]
    users = [{"UserName": name, "Arn": f"{A}user/{name}", "AttachedManagedPolicies": held} for name in ("ana", "ben")]
    sets = action_sets(parse_account({"UserDetailList": users, "Policies": [managed("P", {})]}))
    assert sets.named[0] is sets.named[1]
    assert len(sets) == 2
