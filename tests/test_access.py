"""The whole account at once: rows agree with single decisions, and the two directions agree with each other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraph.access.asking import TOO_MANY_WAYS
from lexgraph.access.decide import (
    AccessRow,
    access_rows,
    action_names,
    decide,
    default_resources,
    own_resources,
    what_can,
    who_can,
)
from lexgraph.access.fit import fitting
from lexgraph.account.model import Snapshot
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import AccountError, CatalogError, RequestError, UnsupportedError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import ArnMatcher, compile_arn
from tests.test_account import dump, inline, user

A = "arn:aws:iam::111122223333:"
LEX = "arn:aws:lex:us-east-1:111122223333:"
BOT, ALIAS = LEX + "bot/SUPPORT001", LEX + "bot-alias/SUPPORT001/PRODALIAS1"
ACCOUNT = read_account(example_account_path())


def by_principal(rows: tuple[AccessRow, ...]) -> dict[str, AccessRow]:
    return {row.principal.rpartition("/")[2]: row for row in rows}


def test_every_combination_has_its_row_denies_included_in_order() -> None:
    rows = access_rows(ACCOUNT, ["user/ruth", "user/dana"], ["lex:UpdateBot", "lex:DescribeBot"], [BOT, LEX + "bot/B"])
    keys = [(row.principal, row.action, row.resource) for row in rows]
    assert len(keys) == 8
    assert keys == sorted(keys)
    assert {row.outcome for row in rows} == {"allowed", "implicitDeny"}


def test_an_action_without_resources_is_asked_once_on_everything() -> None:
    rows = access_rows(ACCOUNT, "user/ruth", "lex:ListBots", [BOT, ALIAS])
    assert [(row.resource, row.outcome) for row in rows] == [("*", "allowed")]


def test_by_default_an_action_is_asked_on_the_known_resources_that_it_fits() -> None:
    rows = access_rows(ACCOUNT, "user/dana", ["s3:GetObject", "lex:RecognizeText"])
    assert {row.resource for row in rows if row.action == "lex:RecognizeText"} <= set(default_resources(ACCOUNT))
    assert all(":s3:" in row.resource for row in rows if row.action == "s3:GetObject")


def test_the_row_says_which_statement_decided() -> None:
    rows = {row.principal: row for row in access_rows(ACCOUNT, None, "lex:DeleteBot", BOT)}
    felix = rows[f"{A}user/felix"]
    assert felix.outcome == "explicitDeny"
    assert felix.decided_by == f"identity: {A}group/bot-builders/never-the-support-bot #0 (KeepSupportBot)"
    assert rows[f"{A}user/ines"].decided_by == "no Allow"
    assert rows[f"{A}user/oleg"].decided_by == "identity: arn:aws:iam::aws:policy/AdministratorAccess #0"


def test_the_row_says_where_a_boundary_lacks_the_allow() -> None:
    (row,) = access_rows(ACCOUNT, "user/kofi", "iam:CreateAccessKey", f"{A}user/contractors/kofi")
    assert (row.outcome, row.decided_by) == ("implicitDeny", "no Allow in the boundary")


def test_a_conditional_row_names_its_condition_and_what_settles_it() -> None:
    row = by_principal(who_can(ACCOUNT, "lex:RecognizeText", ALIAS))["maria"]
    assert (row.outcome, row.missing_keys) == ("conditional", ("aws:ResourceTag/Department",))
    assert row.condition is not None
    assert "Support" in row.condition
    known = Context({"aws:ResourceTag/Department": "Support"})
    settled = by_principal(who_can(ACCOUNT, "lex:RecognizeText", ALIAS, context=known))["maria"]
    assert (settled.outcome, settled.condition, settled.missing_keys) == ("allowed", None, ())


def test_nobody_who_is_denied_is_among_those_who_can() -> None:
    names = by_principal(who_can(ACCOUNT, "lex:DeleteBot", BOT))
    assert not names.keys() & {"felix", "ruth", "ines"}


def test_actions_may_be_patterns_and_misspelt_ones_are_asked_as_they_are() -> None:
    assert len(action_names("lex:*")) == 152
    assert action_names(["lex:RecogniseText"]) == ("lex:RecogniseText",)
    rows = who_can(ACCOUNT, "lex:RecogniseText", LEX + "bot-alias/BILLING001/PRODALIAS1")
    assert "ben" in by_principal(rows)
    with pytest.raises(CatalogError):
        action_names("lex:Nothing*")


def test_an_action_that_the_catalogue_does_not_know_is_asked_about_like_any_other() -> None:
    rows = what_can(ACCOUNT, "user/oleg", actions="lex:ComesNextYear", resources=BOT)
    assert [(row.action, row.outcome) for row in rows] == [("lex:ComesNextYear", "allowed")]
    assert not what_can(ACCOUNT, "user/ines", actions="lex:ComesNextYear", resources=BOT)
    with pytest.raises(CatalogError, match="no action of the catalogue matches"):
        what_can(ACCOUNT, "user/oleg", actions="lexx:*")


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(AccountError):
        access_rows(ACCOUNT, ["user/nobody"], "lex:ListBots")
    with pytest.raises(RequestError):
        who_can(ACCOUNT, "lex:Get*", BOT)
    with pytest.raises(RequestError):
        who_can(ACCOUNT, "lex:DeleteBot", "SupportBot")


def test_a_role_that_is_named_by_a_trust_policy_alone_is_among_those_who_can_assume_it() -> None:
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": f"{A}user/ana"}, "Action": "sts:AssumeRole"}}
    account = parse_account({
        "UserDetailList": [{"UserName": "ana", "Arn": f"{A}user/ana"}, {"UserName": "ben", "Arn": f"{A}user/ben"}],
        "RoleDetailList": [{"RoleName": "r", "Arn": f"{A}role/r", "AssumeRolePolicyDocument": trust}],
    })  # fmt: skip
    rows = who_can(account, "sts:AssumeRole", f"{A}role/r")
    assert [(row.principal, row.outcome) for row in rows] == [(f"{A}user/ana", "allowed")]
    assert rows[0].decided_by == f"resource: {A}role/r #0"


def test_a_principal_whose_policies_are_missing_is_never_left_out() -> None:
    gone = [{"PolicyName": "Gone", "PolicyArn": f"{A}policy/Gone"}]
    account = parse_account(
        {"UserDetailList": [{"UserName": "ana", "Arn": f"{A}user/ana", "AttachedManagedPolicies": gone}]}
    )
    (row,) = who_can(account, "lex:DeleteBot", BOT)
    assert (row.outcome, row.decided_by) == ("conditional", "unreadable: identity")
    assert {row.outcome for row in what_can(account, "ana", resources=[BOT], actions="lex:Delete*")} == {"conditional"}


def homes(number: int) -> Snapshot:
    """An account whose users have a home each."""
    users = []
    for i in range(number):
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::home-{i}/*"}
        policies = [{"PolicyName": "home", "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}}]
        users.append({"UserName": f"u{i}", "Arn": f"{A}user/u{i}", "UserPolicyList": policies})
    return parse_account({"UserDetailList": users})


def test_the_work_for_a_pattern_grows_with_the_principals_and_not_with_their_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[Sequence[str]] = []

    def counted(pattern: str, *, kind: str) -> ArnMatcher:
        matches = compile_arn(pattern, kind=kind)
        return lambda asked: tries.append(asked) is None and matches(asked)

    monkeypatch.setattr("lexgraph.evaluation.resource_patterns.compile_arn", counted)
    work = {}
    for number in (50, 200):
        account = homes(number)
        tries.clear()
        rows = who_can(account, "s3:GetObject", "*")
        assert len(rows) == number
        assert rows[0].condition == 'if the resource matches "arn:aws:s3:::home-0/*"'
        work[number] = len(tries)
    assert work[200] <= 5 * work[50]


def test_who_has_nothing_to_do_with_a_pattern_is_not_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(stack: PolicyStack, request: Request) -> Decision:
        asked.append(request.principal)
        return authorize(stack, request)

    monkeypatch.setattr("lexgraph.access.asking.authorize", counted)
    rows = who_can(homes(200), "s3:GetObject", "arn:aws:s3:::home-17/*")
    assert [(row.principal, row.outcome) for row in rows] == [(f"{A}user/u17", "allowed")]
    assert len(asked) < 5


STORIES = (
    ("user/yuki", "lex:PostText", LEX + "bot:SupportBot:prod", {"lex:ResourceTag/Department": "Support"}, "allowed"),
    ("user/dana", "lex:DeleteBot", LEX + "bot/BILLING001", {"aws:ResourceTag/Stage": "Production"}, "explicitDeny"),
    ("user/kofi", "lex:RecognizeText", LEX + "bot-alias/SUPPORT001/TSTALIASID", {}, "allowed"),
    ("user/kofi", "lex:ListBots", "*", {"aws:CurrentTime": "2027-05-01T00:00:00Z"}, "explicitDeny"),
    ("user/ruth", "s3:GetObject", "arn:aws:s3:::support-transcripts-111122223333/a", {}, "explicitDeny"),
    ("user/alice", "lex:DeleteBot", BOT, {"aws:MultiFactorAuthPresent": "true"}, "allowed"),
    ("user/=cmd", "lex:GetBots", "*", {}, "implicitDeny"),
    ("role/bot-runner", "lex:RecognizeText", ALIAS, {}, "allowed"),
)


@pytest.mark.parametrize("who, action, resource, known, expected", STORIES)
def test_the_stories_of_the_account_come_out_as_told(
    who: str, action: str, resource: str, known: dict[str, str], expected: str
) -> None:
    context = Context(known, complete=True)
    assert decide(ACCOUNT, who, action, resource, context=context).outcome == expected


NAMES = sorted({*catalog().expand("lex:*"), "s3:GetObject", "iam:PassRole", "sts:AssumeRole", "lambda:InvokeFunction"})


@given(st.sampled_from(NAMES), st.sampled_from(default_resources(ACCOUNT)), st.booleans())
def test_who_can_is_what_asking_everyone_gives(action: str, resource: str, complete: bool) -> None:
    context = Context({}, complete=complete)
    everyone = access_rows(ACCOUNT, None, action, resource, context=context)
    found = who_can(ACCOUNT, action, resource, context=context)
    assert found == tuple(row for row in everyone if row.outcome in ("allowed", "conditional"))
    for row in everyone:
        assert row.outcome == decide(ACCOUNT, row.principal, row.action, row.resource, context=context).outcome


@given(st.sampled_from(ACCOUNT.principals), st.sampled_from(NAMES), st.sampled_from(default_resources(ACCOUNT)))
def test_who_can_and_what_can_are_inverse(principal: object, action: str, resource: str) -> None:
    who = ACCOUNT.principal(principal)  # type: ignore[arg-type]  # hypothesis's stub loses the type
    mine = what_can(ACCOUNT, who, actions=action, resources=resource)
    others = tuple(row for row in who_can(ACCOUNT, action, resource) if row.principal == who.arn)
    assert mine == others


def test_without_resources_the_accounts_own_are_among_those_that_one_principal_is_asked_about() -> None:
    roles = [principal.arn for principal in ACCOUNT.principals if principal.kind == "role"]
    assumed = 0
    for who in ACCOUNT.principals:
        mine = tuple(row for row in what_can(ACCOUNT, who, actions="sts:AssumeRole") if row.resource in roles)
        others = (row for role in roles for row in who_can(ACCOUNT, "sts:AssumeRole", role))
        assert mine == tuple(sorted((row for row in others if row.principal == who.arn), key=lambda row: row.resource))
        assumed += len(mine)
    assert assumed > 10
    about = {row.resource for row in what_can(ACCOUNT, "user/oleg", actions="iam:*")}
    assert {f"{A}user/field/yuki", f"{A}role/bot-runner", f"{A}group/bot-builders"} & about
    assert about >= set(own_resources(ACCOUNT))


def test_for_everybody_the_accounts_own_are_asked_about_where_they_are_named() -> None:
    rows = access_rows(ACCOUNT, None, "iam:GetUser")
    assert {row.resource for row in rows} <= set(default_resources(ACCOUNT))
    named = access_rows(ACCOUNT, None, "iam:GetUser", own_resources(ACCOUNT))
    assert len(named) == len(ACCOUNT.principals) * len(own_resources(ACCOUNT))


def test_a_user_whom_a_trust_policy_names_is_told_the_role_and_nobody_else_is() -> None:
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": f"{A}user/ana"}, "Action": "sts:AssumeRole"}}
    account = parse_account({
        "UserDetailList": [{"UserName": "ana", "Arn": f"{A}user/ana"}, {"UserName": "ben", "Arn": f"{A}user/ben"}],
        "RoleDetailList": [{"RoleName": "r", "Arn": f"{A}role/r", "AssumeRolePolicyDocument": trust}],
    })  # fmt: skip
    always = [("sts:GetCallerIdentity", "*"), ("sts:GetSessionToken", "*")]
    mine = [(row.action, row.resource) for row in what_can(account, "ana")]
    assert mine == [("sts:AssumeRole", f"{A}role/r"), *always]
    assert [(row.action, row.resource) for row in what_can(account, "ben")] == always


def test_a_snapshot_without_principals_answers_with_nothing() -> None:
    empty: Snapshot = parse_account({"UserDetailList": []})
    assert who_can(empty, "lex:DeleteBot", BOT) == ()
    assert access_rows(empty, None, "lex:*", BOT) == ()


def test_what_lies_within_a_resource_is_not_taken_for_it() -> None:
    table = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
    listed = ("arn:aws:s3:::logs", "arn:aws:s3:::logs/2026/1.gz", table, f"{table}/index/by-day")
    assert fitting("s3:CreateBucket", listed) == listed[:1]
    assert fitting("s3:GetObject", listed) == listed[1:2]
    assert fitting("dynamodb:DeleteTable", listed) == listed[2:3]
    assert fitting("dynamodb:Query", listed) == listed[2:]
    # A role's path is part of its name.
    role = "arn:aws:iam::111122223333:role/service/runner"
    assert fitting("iam:GetRole", (role,)) == (role,)


def test_one_whose_patterns_overlap_in_too_many_ways_does_not_keep_the_others_from_their_answers() -> None:
    many = [f"arn:aws:s3:::*{one}*" for one in "abcdefghijkl"]
    ana, ben = (
        {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}]} for resource in (many, "*")
    )
    account = parse_account(dump(user("ana", UserPolicyList=inline(ana)), user("ben", UserPolicyList=inline(ben))))
    rows = who_can(account, "s3:GetObject", "*")
    assert [(row.outcome, row.condition) for row in rows] == [("conditional", TOO_MANY_WAYS), ("allowed", None)]
    assert access_rows(account, None, "s3:GetObject", "*") == rows
    assert what_can(account, "ana", actions="s3:GetObject", resources="*") == rows[:1]
    assert [row.outcome for row in who_can(account, "s3:GetObject", "arn:aws:s3:::cab/1")] == ["allowed", "allowed"]
    with pytest.raises(UnsupportedError, match="in too many ways"):  # of one request alone that is the whole answer
        decide(account, "ana", "s3:GetObject", "*")
