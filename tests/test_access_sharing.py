"""An answer is used again only where nothing can make another one of it: one case for each thing that can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lexgraph.access.asking import Answer, Asking, Frame
from lexgraph.access.compressed import access
from lexgraph.access.decide import access_rows
from lexgraph.account.model import ResourcePolicy, Snapshot
from lexgraph.account.organization import ControlPolicy, Organization, Target
from lexgraph.account.pages import parse_account
from lexgraph.conditions.context import Context
from lexgraph.policy.parse import parse_policy
from tests.alphabet import AWAY, HOME, LINKED_ROLE
from tests.test_access_laws import asked, one_by_one

Json = dict[str, Any]
A = f"arn:aws:iam::{HOME}:"
THIRD = "777788889999"
LEX = f"arn:aws:lex:us-east-1:{HOME}:bot/"


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in statements]}


def account(
    *statements: Json, boundary: Json | None = None, scp: Json | None = None, policies: Json | None = None
) -> Snapshot:
    """Two users and two roles with the same managed policy, and with the same limits."""
    attached: Json = {"AttachedManagedPolicies": [{"PolicyName": "P", "PolicyArn": f"{A}policy/P"}]}
    if boundary is not None:
        attached["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"{A}policy/B"}
    managed = [
        {
            "PolicyName": name,
            "Arn": f"{A}policy/{name}",
            "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "Document": found}],
        }
        for name, found in (("P", document(*statements)), ("B", boundary))
        if found is not None
    ]
    trust = document({"Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"})
    del trust["Statement"][0]["Resource"]
    users = [{"UserName": name, "Arn": f"{A}user/{name}", **attached} for name in ("ana", "ben")]
    tags = [{"Tags": [{"Key": "Team", "Value": team}]} for team in ("red", "blue")]
    roles = [
        {"RoleName": "r", "Arn": f"{A}role/r", "AssumeRolePolicyDocument": trust, **attached},
        {"RoleName": "l", "Arn": A + LINKED_ROLE, "AssumeRolePolicyDocument": trust, **attached},
    ]
    dump = {
        "UserDetailList": [user | tag for user, tag in zip(users, tags, strict=True)],
        "RoleDetailList": roles,
        "Policies": managed,
    }
    found = parse_account(dump)
    if policies:
        parsed = {arn: parse_policy(policy, name="own", kind="resource", arn=arn) for arn, policy in policies.items()}
        found = replace(found, resource_policies=tuple(ResourcePolicy(arn, one) for arn, one in parsed.items()))
    if scp is not None:
        control = ControlPolicy("p", "p", "p", "scp", policy=parse_policy(scp, kind="scp"))
        places = (Target("r-1", "root", "Root", None, ("p",)), Target(HOME, "account", "Home", "r-1", ("p",)))
        found = replace(found, organization=Organization("o-1", AWAY, places, (control,)))
    return found


def when(operator: str, key: str, value: str) -> Json:
    return {"Condition": {operator: {key: value}}}


NAMING = {"Effect": "Deny", "NotPrincipal": {"AWS": [f"{A}user/ana", f"{A}root"]}, "Action": "s3:*", "Resource": "*"}
EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
CASES: dict[str, tuple[Snapshot, list[str], list[str], dict[str, Any]]] = {
    "a key that AWS sends with one action only": (
        account({"Action": "s3:*", **when("NumericEqualsIfExists", "s3:max-keys", "10")}),
        ["s3:GetObject", "s3:ListBucket"],
        ["arn:aws:s3:::b"],
        {},
    ),
    "whose the resource is, in a condition": (
        account({"Action": "sts:AssumeRole", **when("StringEquals", "aws:ResourceAccount", AWAY)}),
        ["sts:AssumeRole"],
        [f"arn:aws:iam::{AWAY}:role/r", f"arn:aws:iam::{THIRD}:role/r"],
        {},
    ),
    "whose the resource is": (
        account({"Action": "lex:*"}),
        ["lex:DeleteBot"],
        [f"{LEX}a", f"arn:aws:lex:us-east-1:{AWAY}:bot/a"],
        {},
    ),
    "a variable of the request in the resource": (
        account({"Action": "lex:*", "Resource": LEX + "${aws:SourceVpce}"}),
        ["lex:DeleteBot"],
        [f"{LEX}vpce-1", f"{LEX}vpce-2"],
        {"aws:SourceVpce": "vpce-1"},
    ),
    "a variable of the request in a boundary's resource": (
        account({"Action": "lex:*"}, boundary=document({"Action": "*", "Resource": LEX + "${aws:SourceVpce}"})),
        ["lex:DeleteBot"],
        [f"{LEX}vpce-1", f"{LEX}vpce-2"],
        {"aws:SourceVpce": "vpce-1"},
    ),
    "a variable of the caller in the resource": (
        account({"Action": "lex:*", "Resource": LEX + "${aws:username}"}),
        ["lex:DeleteBot"],
        [f"{LEX}ana", f"{LEX}ben"],
        {},
    ),
    "the caller's tags": (
        account({"Action": "lex:*", **when("StringEquals", "aws:PrincipalTag/Team", "red")}),
        ["lex:DeleteBot"],
        [f"{LEX}a"],
        {},
    ),
    "the caller's name in a boundary": (
        account({"Action": "lex:*"}, boundary=document({"Action": "*", **when("StringEquals", "aws:username", "ana")})),
        ["lex:DeleteBot"],
        [f"{LEX}a"],
        {},
    ),
    "the caller's kind in an SCP": (
        account({"Action": "lex:*"}, scp=document({"Action": "*", **when("StringLike", "aws:PrincipalType", "U*")})),
        ["lex:DeleteBot"],
        [f"{LEX}a"],
        {},
    ),
    "an ARN that is given for all of them": (
        account({"Action": "lex:*"}, scp=document({"Action": "s3:*"})),
        ["lex:DeleteBot"],
        [f"{LEX}a"],
        {"aws:PrincipalArn": A + LINKED_ROLE},
    ),
    "one who is named by a resource's policy": (
        account({"Action": "lex:*"}, policies={"arn:aws:s3:::b": document(NAMING, EVERYONE)}),
        ["s3:GetObject"],
        ["arn:aws:s3:::b/x", "arn:aws:s3:::c/x"],
        {},
    ),
    "what nobody can change": (
        account({"Action": "iam:*"}),
        ["iam:DeleteRole"],
        [f"{A}role/aws-reserved/x", f"{A}role/x"],
        {},
    ),
    "what needs a policy of the resource": (
        account({"Action": "kms:*"}),
        ["kms:DescribeKey"],
        [f"arn:aws:kms:us-east-1:{HOME}:key/1", f"arn:aws:kms:us-east-1:{HOME}:alias/x"],
        {},
    ),
    "a set of resources": (
        account({"Action": "s3:*", "Resource": "arn:aws:s3:::b/red/*"}),
        ["s3:GetObject"],
        ["arn:aws:s3:::b/*", "arn:aws:s3:::b/red/*", "arn:aws:s3:::b/blue/*"],
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("complete", [False, True], ids=["open", "complete"])
def test_an_answer_is_not_used_again_where_this_differs(case: str, complete: bool) -> None:
    found, actions, resources, values = CASES[case]
    context = Context(values, complete=complete)
    expected = tuple(
        one_by_one(found, who, action, resource, context)
        for who in found.principals
        for action, resource in asked(actions, sorted(resources))
    )
    assert access_rows(found, None, actions, resources, context=context) == expected
    assert tuple(access(found, None, actions, resources, context=context)) == expected


def test_every_case_has_answers_that_differ() -> None:
    for case, (found, actions, resources, values) in CASES.items():
        told = [
            len({
                (row.outcome, row.condition)
                for row in access_rows(found, None, actions, resources, context=Context(values, complete=complete))
            })
            for complete in (False, True)
        ]  # fmt: skip
        assert max(told) > 1, case


@pytest.mark.parametrize("case", CASES)
def test_an_answer_in_one_context_is_none_in_another(case: str) -> None:
    found, actions, resources, values = CASES[case]
    contexts = [Context(values), Context(), Context({"aws:SourceVpce": "vpce-2"}), Context(values, complete=True)]
    for context in (*contexts, *contexts):  # the second time from what was kept
        expected = tuple(
            one_by_one(found, who, action, resource, context)
            for who in found.principals
            for action, resource in asked(actions, sorted(resources))
        )
        assert tuple(access(found, None, actions, resources, context=context)) == expected


def test_those_whom_the_statements_cannot_tell_apart_are_decided_together(monkeypatch: pytest.MonkeyPatch) -> None:
    decided: list[int] = []
    decide = Asking._decide

    def counted(self: Asking, place: int, statements: int, frame: Frame) -> Answer:
        if statements:
            decided.append(place)
        return decide(self, place, statements, frame)

    monkeypatch.setattr(Asking, "_decide", counted)
    tagged = account({"Action": "lex:*", **when("StringEquals", "aws:PrincipalTag/Team", "red")})
    red = replace(tagged, principals=tuple(replace(one, tags=(("Team", "red"),)) for one in tagged.principals))
    access(red, None, ["lex:DeleteBot"], [f"{LEX}a"])
    assert len(decided) == 2  # a service-linked role stands apart
    access(red, None, ["lex:DeleteBot"], [f"{LEX}b"])
    assert len(decided) == 2
    decided.clear()
    access(tagged, None, ["lex:DeleteBot"], [f"{LEX}a"])
    assert len(decided) == 4
