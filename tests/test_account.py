"""Reading an account: what is understood, what is refused, and what is never taken for "no access"."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest

from lexgraph.account.model import Snapshot
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.conditions.context import Context
from lexgraph.errors import AccountError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request

A = "arn:aws:iam::111122223333:"
ALLOW_LEX = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": f"{A}root"}, "Action": "sts:AssumeRole"},
}


def user(name: str = "ana", **more: Any) -> dict[str, Any]:
    return {"UserName": name, "Arn": f"{A}user/{name}", "UserId": "AIDAEXAMPLE", "Path": "/", **more}


def role(name: str = "runner", **more: Any) -> dict[str, Any]:
    return {"RoleName": name, "Arn": f"{A}role/{name}", "AssumeRolePolicyDocument": TRUST, **more}


def inline(document: Any = ALLOW_LEX, name: str = "own") -> list[dict[str, Any]]:
    return [{"PolicyName": name, "PolicyDocument": document}]


def dump(*users: dict[str, Any], **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    return {"UserDetailList": list(users), **empty, **more}


def outcome(account: Snapshot, who: str = "ana", action: str = "lex:GetBots", resource: str = "*") -> str:
    principal = account.principal(who)
    return authorize(account.stack(principal), Request(principal.arn, action, resource)).outcome


@pytest.fixture(scope="module")
def example() -> Snapshot:
    return read_account(example_account_path())


def test_the_example_account_is_read_whole(example: Snapshot) -> None:
    assert (len(example.principals), len(example.groups), len(example.resources)) == (34, 6, 14)
    assert example.account_id == "111122223333"
    assert (example.unreadable, example.notes) == ((), ())
    assert list(example.principals) == sorted(example.principals, key=lambda p: p.arn)
    assert len(example.sha256) == 64


def test_a_principal_is_found_by_every_name_it_has(example: Snapshot) -> None:
    kofi = f"{A}user/contractors/kofi"
    for name in (kofi, "user/contractors/kofi", "user/kofi", "kofi"):
        assert example.principal(name).arn == kofi


def test_an_ambiguous_name_is_refused_with_all_that_fit(example: Snapshot) -> None:
    with pytest.raises(AccountError, match='"role/bot-runner", "user/bot-runner"') as caught:
        example.principal("bot-runner")
    assert caught.value.code == "AMBIGUOUS_PRINCIPAL"


def test_an_unknown_name_is_refused_with_the_nearest(example: Snapshot) -> None:
    with pytest.raises(AccountError, match='"maria"'):
        example.principal("marja")
    with pytest.raises(AccountError, match="it is a group"):
        example.principal("group/admins")


def test_two_users_of_one_name_in_different_paths_are_told_apart_by_arn() -> None:
    other = {**user(), "Arn": f"{A}user/x/ana", "Path": "/x/"}
    account = parse_account(dump(user(), other))
    with pytest.raises(AccountError, match=f"{A}user/x/ana"):
        account.principal("ana")
    assert account.principal("user/x/ana").path == "/x/"


@pytest.mark.parametrize(
    "document",
    [ALLOW_LEX, json.dumps(ALLOW_LEX), quote(json.dumps(ALLOW_LEX))],
    ids=["object", "text", "url-encoded text"],
)
def test_a_document_may_be_an_object_or_text_or_url_encoded_text(document: Any) -> None:
    account = parse_account(dump(user(UserPolicyList=inline(document))))
    assert outcome(account) == "allowed"


def test_a_gzip_compressed_dump_and_a_list_of_pages_are_read(tmp_path: Any) -> None:
    pages = [dump(user("ana")), dump(user("ben", UserPolicyList=inline()))]
    path = tmp_path / "pages.json.gz"
    path.write_bytes(gzip.compress(json.dumps(pages).encode()))
    assert [p.name for p in read_account(path).principals] == ["ana", "ben"]


def test_a_compressed_bomb_and_damaged_gzip_are_refused() -> None:
    with pytest.raises(AccountError) as caught:
        parse_account(gzip.compress(b" " * 50_000_000))
    assert caught.value.code == "TOO_LARGE"
    with pytest.raises(AccountError):
        parse_account(gzip.compress(b"{}" * 1000)[:-10])
    with pytest.raises(AccountError):
        parse_account(b"\x1f\x8b nothing")


def test_one_principal_on_two_pages_counts_once_and_contradicting_pages_are_refused() -> None:
    twice = parse_account([dump(user()), dump(user())])
    assert len(twice.principals) == 1
    assert "more than once" in twice.notes[0]
    with pytest.raises(AccountError) as caught:
        parse_account([dump(user()), dump(user(UserPolicyList=inline()))])
    assert caught.value.code == "CONTRADICTORY_PAGES"


def test_two_accounts_in_one_file_are_refused() -> None:
    other = {**user("ben"), "Arn": "arn:aws:iam::444455556666:user/ben"}
    with pytest.raises(AccountError, match="111122223333, 444455556666") as caught:
        parse_account(dump(user(), other))
    assert caught.value.code == "MIXED_ACCOUNTS"


def test_an_account_id_with_a_leading_zero_stays_text() -> None:
    account = parse_account(dump({**user(), "Arn": "arn:aws:iam::012345678901:user/ana"}))
    assert account.account_id == "012345678901"


def test_a_policy_that_cannot_be_read_makes_answers_unknown_and_does_not_stop_the_account() -> None:
    broken = {"Version": "2012-10-17", "Statement": {"Effect": "allow", "Action": "lex:*", "Resource": "*"}}
    account = parse_account(
        json.dumps(dump(user(UserPolicyList=inline(broken)), user("ben", UserPolicyList=inline())), indent=1),
        source="a.json",
    )
    (bad,) = account.unreadable
    assert (bad.owner, bad.name, bad.kind) == (f"{A}user/ana", "own", "identity")
    assert bad.error.pointer == "/UserDetailList/0/UserPolicyList/0/PolicyDocument/Statement/Effect"
    assert bad.error.line == 14
    assert account.stack("ana").unreadable == ("identity",)
    assert (outcome(account), outcome(account, "ben")) == ("conditional", "allowed")


def test_of_a_statement_that_aws_would_refuse_only_what_depends_on_it_is_unknown() -> None:
    strange = {"Effect": "Allow", "Action": "lex:*", "Resource": "*", "Condition": {"StringMatches": {"a:b": "c"}}}
    plain = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [strange, plain]}
    for written in (document, json.dumps(document)):
        account = parse_account(dump(user(UserPolicyList=inline(written))), source="a.json")
        (bad,) = account.unreadable
        assert (bad.error.code, bad.partial) == ("INVALID_CONDITION_OPERATOR", True)
        assert account.stack("ana").unreadable == ()
        asked = {
            action: authorize(account.stack("ana"), Request(f"{A}user/ana", action, "*"))
            for action in ("lex:ListBots", "s3:GetObject", "ec2:DescribeInstances")
        }
        found = {action: decision.outcome for action, decision in asked.items()}
        assert found["lex:ListBots"] == "conditional"
        assert found["ec2:DescribeInstances"] == "implicitDeny"
        assert "StringMatches" in str(asked["lex:ListBots"].condition)
        assert "could not be read" in asked["lex:ListBots"].explain().text()


def test_a_statement_of_which_not_even_the_effect_is_known_makes_its_policy_unknown() -> None:
    lost = {"Statement": [{"Effect": "allow", "Action": "lex:*", "Resource": "*"}, {"Effect": "Allow"}]}
    account = parse_account(dump(user(UserPolicyList=inline(lost))))
    assert (account.unreadable[0].partial, account.stack("ana").unreadable) == (False, ("identity",))


def test_an_attached_policy_without_a_document_makes_answers_unknown() -> None:
    missing = [{"PolicyName": "Gone", "PolicyArn": f"{A}policy/Gone"}]
    account = parse_account(dump(user(AttachedManagedPolicies=missing)))
    assert account.unreadable[0].error.code == "MISSING_DOCUMENT"
    assert outcome(account) == "conditional"


def test_a_group_that_the_dump_does_not_describe_makes_answers_unknown() -> None:
    account = parse_account({"UserDetailList": [user(GroupList=["desk"])]})
    assert outcome(account) == "conditional"
    assert any("desk" in note for note in account.notes)
    assert any("GroupDetailList" in note for note in account.notes)


def test_a_missing_boundary_makes_what_is_granted_unknown_and_grants_nothing() -> None:
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{A}policy/Limit"}}
    account = parse_account(dump(user(UserPolicyList=inline(), **bounded), user("ben", **bounded)))
    assert (outcome(account), outcome(account, "ben")) == ("conditional", "implicitDeny")


def test_a_policy_of_aws_that_the_dump_lacks_is_taken_from_the_bundled_ones_and_said_so() -> None:
    arn = "arn:aws:iam::aws:policy/AmazonLexReadOnly"
    attached = [{"PolicyName": "AmazonLexReadOnly", "PolicyArn": arn}]
    account = parse_account(dump(user(AttachedManagedPolicies=attached)))
    assert outcome(account) == "allowed"
    assert [policy.arn for policy in account.policies] == [arn]
    assert "bundled v5" in account.notes[0]


def test_an_older_version_that_cannot_be_read_does_not_make_the_policy_unknown() -> None:
    versions = [
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": ALLOW_LEX},
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": {"Statement": []}},
    ]
    policy = {"PolicyName": "P", "Arn": f"{A}policy/P", "DefaultVersionId": "v2", "PolicyVersionList": versions}
    attached = [{"PolicyName": "P", "PolicyArn": f"{A}policy/P"}]
    account = parse_account(dump(user(AttachedManagedPolicies=attached), Policies=[policy]))
    assert outcome(account) == "allowed"
    assert [bad.owner for bad in account.unreadable] == [f"{A}policy/P:v1"]


def test_a_duplicate_key_anywhere_in_the_dump_is_refused() -> None:
    text = '{"UserDetailList": [{"UserName": "a", "Arn": "x", "Arn": "y"}]}'
    with pytest.raises(AccountError) as caught:
        parse_account(text)
    assert (caught.value.code, caught.value.line) == ("DUPLICATE_KEY", 1)


@pytest.mark.parametrize(
    "bad",
    [
        "{}",
        "[]",
        "3",
        "null",
        '"x"',
        "",
        "{",
        json.dumps(ALLOW_LEX),
        '{"UserDetailList": {}}',
        '{"UserDetailList": [3]}',
        '{"UserDetailList": [{}]}',
        '{"UserDetailList": [{"UserName": 3, "Arn": "a"}]}',
        '{"UserDetailList": [{"UserName": "a", "Arn": ""}]}',
        json.dumps(dump(user(UserPolicyList={}))),
        json.dumps(dump(user(UserPolicyList=["x"]))),
        json.dumps(dump(user(AttachedManagedPolicies=["x"]))),
        json.dumps(dump(user(PermissionsBoundary="x"))),
        json.dumps(dump(user(Tags=[{"Key": "a"}]))),
        json.dumps(
            dump(Policies=[{"PolicyName": "P", "Arn": "a", "DefaultVersionId": "v1", "PolicyVersionList": [1]}])
        ),
        "[" * 100_000,
        b"\xff\xfe{",
        b"PK\x03\x04",
        b"\xff",
    ],
)
def test_what_is_no_account_is_refused_with_a_code_and_never_a_raw_error(bad: Any) -> None:
    with pytest.raises(AccountError) as caught:
        parse_account(bad, source="bad.json")
    assert caught.value.code
    assert caught.value.source == "bad.json"


def test_a_truncated_answer_is_noted() -> None:
    account = parse_account({**dump(user()), "IsTruncated": True, "Marker": "x"})
    assert any("more pages" in note for note in account.notes)


def test_the_context_gains_tags_and_a_users_id_and_the_callers_values_win() -> None:
    tagged = user(Tags=[{"Key": "Team", "Value": "Desk"}, {"Key": "Note", "Value": ""}])
    account = parse_account(dump(tagged, RoleDetailList=[role(RoleId="AROAEXAMPLE")]))
    known = account.request_context("ana", Context({"AWS:principaltag/team": "Mine"})).known
    assert known["aws:principaltag/team"] == ("Mine",)
    assert known["aws:principaltag/note"] == ("",)
    assert known["aws:userid"] == ("AIDAEXAMPLE",)
    assert "aws:userid" not in account.request_context("runner", Context()).known


def test_a_roles_id_names_its_sessions_and_is_no_key_that_anybody_sees() -> None:
    one = "AROAEXAMPLEROLEID0001"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": one}}
    asked = role(RoleId=one, RolePolicyList=inline({"Statement": {**ALLOW_LEX["Statement"], "Action": "sts:*"}}))
    trusting = role("back", AssumeRolePolicyDocument={"Statement": trust})
    account = parse_account(dump(RoleDetailList=[asked, trusting]))
    runner = account.principal("runner")
    context = account.request_context(runner, Context())
    request = Request(runner.arn, "sts:AssumeRole", f"{A}role/back", context)
    decision = authorize(account.stack_for(runner, request.action, request.resource), request)
    assert decision.outcome == "allowed"
    shown = repr(decision.request) + str(decision.explain()) + json.dumps(decision.explain().to_dict())
    assert "lexgraph:" not in shown
    assert not any(key.startswith("lexgraph:") for key in (*context.values, *context.known))
    # What is learnt of the session's own aws:userid wins, and more of the context changes nothing.
    other = request.with_context({"aws:userid": "AROAEXAMPLEROLEID0002:x"})
    assert authorize(decision.stack, other).outcome == "implicitDeny"
    more = request.with_context({"aws:SecureTransport": True})
    assert authorize(decision.stack, more).outcome == "allowed"


def test_a_policy_cannot_ask_for_what_lexgraph_knows_of_a_role() -> None:
    condition = {"StringEquals": {"lexgraph:roleid": "AROAEXAMPLE"}}
    document = {"Statement": {**ALLOW_LEX["Statement"], "Condition": condition}}
    account = parse_account(dump(RoleDetailList=[role(RoleId="AROAEXAMPLE", RolePolicyList=inline(document))]))
    runner = account.principal("runner")
    request = Request(runner.arn, "lex:GetBots", "*", account.request_context(runner, Context()))
    assert authorize(account.stack(runner), request).outcome == "conditional"


def test_a_users_stack_joins_its_own_and_its_groups_policies_each_once(example: Snapshot) -> None:
    maria = example.stack("user/maria")
    assert [policy.name for policy in maria.identity].count("SupportAgentChat") == 1
    assert example.stack("user/kofi").boundary is not None
    assert example.stack("user/ines").identity == ()


def test_an_inline_policy_is_keyed_by_its_owner_and_its_name(example: Snapshot) -> None:
    assert example.principal("user/omar").inline[0].key == f"{A}user/omar/reset-passwords"


def test_assuming_a_role_asks_its_trust_policy() -> None:
    may = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}
    account = parse_account(dump(user(UserPolicyList=inline(may)), user("ben"), RoleDetailList=[role()]))
    runner = f"{A}role/runner"

    def assumes(who: str, target: str) -> str:
        principal = account.principal(who)
        stack = account.stack_for(principal, "sts:AssumeRole", target)
        return authorize(stack, Request(principal.arn, "sts:AssumeRole", target)).outcome

    assert (assumes("ana", runner), assumes("ben", runner)) == ("allowed", "implicitDeny")
    assert "resource" in account.stack_for("ana", "sts:AssumeRole", f"{A}role/other").absent
    far = "arn:aws:iam::444455556666:role/other"
    assert account.stack_for("ana", "sts:AssumeRole", far).unreadable == ("resource",)
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert account.stack_for("ana", "kms:Decrypt", key).unreadable == ("resource",)


def test_the_order_of_entries_changes_nothing(example: Snapshot) -> None:
    data = json.loads(example_account_path().read_text(encoding="utf-8"))
    turned = {key: list(reversed(value)) for key, value in reversed(data.items())}
    again = parse_account(copy.deepcopy(turned))
    assert again.principals == example.principals
    assert again.policies == example.policies


def test_resources_beside_the_account_are_read_and_bad_lists_refused(tmp_path: Any, example: Snapshot) -> None:
    bot = example.resources[0]
    assert (bot.type, bot.name, bot.generation, dict(bot.tags)["Department"]) == ("bot", "SupportBot", "V2", "Support")
    path = tmp_path / "account.json"
    path.write_text(json.dumps(dump(user())))
    assert read_account(path).resources == ()
    beside = tmp_path / "account.resources.csv"
    for text, code in (
        ("name\nx\n", "MISSING_COLUMN"),
        ("resource\nx\n", "MALFORMED_ARN"),
        ("resource,tags\narn:aws:s3:::b,[]\n", "INVALID_TAGS"),
        ("resource,tags\narn:aws:s3:::b,{\n", "INVALID_TAGS"),
    ):
        beside.write_text(text)
        with pytest.raises(AccountError) as caught:
            read_account(path)
        assert caught.value.code == code
    beside.write_text("resource\narn:aws:s3:::b\narn:aws:s3:::b\n")
    assert [resource.arn for resource in read_account(path).resources] == ["arn:aws:s3:::b"]


@pytest.mark.parametrize(
    "more, left",
    [
        ({"IsTruncated": True}, True),
        ({"NextToken": "eyJ"}, True),
        ({"IsTruncated": False}, False),
        ({"NextToken": None}, False),
    ],
)
def test_what_a_tool_left_out_is_missing_however_it_says_so(more: dict[str, Any], left: bool) -> None:
    page = {**dump(user()), **more}
    for account in (parse_account(page), parse_account(json.dumps(page))):
        assert any("more pages follow" in note for note in account.notes) is left
    # Of several pages the last one counts.
    assert not parse_account(json.dumps([page, dump(user("ben"))])).notes


@pytest.mark.parametrize("arn", ["hello", f"{A}role/maria", "arn:aws:iam::111122223333", "arn:aws:s3:::user/x"])
def test_an_entry_under_another_things_arn_is_refused(arn: str) -> None:
    entry = user(Arn=arn)
    for data in (dump(entry), json.dumps(dump(entry))):
        with pytest.raises(AccountError, match="Arn must be the ARN of a user") as caught:
            parse_account(data)
        assert (caught.value.code, caught.value.pointer) == ("INVALID_ARN", "/UserDetailList/0/Arn")


def test_a_tag_is_text_even_where_the_same_text_was_met() -> None:
    entries = [user(name, Tags=[{"Key": "k", "Value": value}]) for name, value in (("ana", "5"), ("ben", 5))]
    with pytest.raises(AccountError, match="Value must be a string, not a number"):
        parse_account(json.dumps(dump(*entries)))


def test_an_item_of_the_wrong_type_is_named_by_its_list() -> None:
    with pytest.raises(AccountError, match="item 1 of UserDetailList must be an object, not null"):
        parse_account({"UserDetailList": [user(), None]})
