"""The bundled examples and the bundled account agree with themselves; raw JSON, no code of the package."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[1] / "data"
sys.path += [str(DATA / "build"), str(Path(__file__).parent)]

import account as account_script  # noqa: E402 - it is a script of data/build, found by the line above
import examples as examples_script  # noqa: E402 - likewise
from reference import decide  # noqa: E402 - likewise, of this folder

EXAMPLES, ACCOUNTS = DATA / "examples", DATA / "accounts"
# The flattened AmazonLexFullAccess v6, as two independent packages carry it.
V6_SHA256 = "2b485de7f719780beb8ed2ca938a2a1b248035fb37c0a0e94de35b3718b02601"
PATH = re.compile(r"/|/[!-~]+/")
NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
KINDS = {"User": "AIDA", "Group": "AGPA", "Role": "AROA", "Policy": "ANPA", "InstanceProfile": "AIPA"}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def account() -> Any:
    return read(ACCOUNTS / "support-center.json")


def holders(account: Any) -> list[tuple[str, Any]]:
    kinds = ("User", "Group", "Role")
    return [(kind, holder) for kind in kinds for holder in account[f"{kind}DetailList"]]


def identities(account: Any) -> list[tuple[str, Any]]:
    profiles = [profile for role in account["RoleDetailList"] for profile in role["InstanceProfileList"]]
    policies = [("Policy", policy) for policy in account["Policies"]]
    return [*holders(account), *policies, *(("InstanceProfile", profile) for profile in profiles)]


def documents(account: Any) -> list[Any]:
    inline = [
        policy["PolicyDocument"] for kind, holder in holders(account) for policy in holder.get(f"{kind}PolicyList", [])
    ]
    trust = [role["AssumeRolePolicyDocument"] for role in account["RoleDetailList"]]
    versions = [one["Document"] for policy in account["Policies"] for one in policy["PolicyVersionList"]]
    return inline + trust + versions


def statements(document: Any) -> list[Any]:
    return document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]


def test_the_restored_console_policy_is_full_access_version_6() -> None:
    restored = examples_script.flatten(read(EXAMPLES / "console-restored.json"))
    assert hashlib.sha256(json.dumps(sorted(restored)).encode()).hexdigest() == V6_SHA256


def test_the_index_restores_the_printed_policy() -> None:
    entry = next(one for one in read(EXAMPLES / "index.json")["examples"] if "restored" in one)
    printed = read(EXAMPLES / "console-printed.json")
    assert len(entry["restored"]) == 13
    assert examples_script.restore(printed, tuple(entry["restored"].items())) == read(EXAMPLES / entry["file"])


def test_the_printed_policy_lost_every_value_that_was_restored() -> None:
    lost = json.dumps(examples_script.console_printed())
    assert lost.count('""') + lost.count('role/aws-service-role/"') == len(examples_script.RESTORED)


def test_the_index_names_every_example() -> None:
    named = {one["file"] for one in read(EXAMPLES / "index.json")["examples"]}
    assert named == {path.name for path in EXAMPLES.glob("*.json")} - {"index.json"}


def test_the_console_needs_are_the_actions_of_the_console_policy() -> None:
    needs = table(EXAMPLES / "console_needs.csv")
    asked = {action for _, action, _, _ in examples_script.flatten(read(EXAMPLES / "console-restored.json"))}
    assert sorted(row["action"] for row in needs) == sorted(asked)
    assert all(row["action"].startswith(row["service"] + ":") and all(row.values()) for row in needs)


def test_the_scripts_write_the_same_bytes_again(tmp_path: Path) -> None:
    account_script.write_account(tmp_path / "accounts")
    examples_script.write_examples(tmp_path / "examples")
    for path in sorted(tmp_path.rglob("*.*")):
        assert path.read_bytes() == (DATA / path.relative_to(tmp_path)).read_bytes(), path.name


def test_the_account_has_the_four_lists_of_the_aws_command(account: Any) -> None:
    assert list(account) == ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"]
    assert Counter(kind for kind, _ in holders(account)) == {"User": 17, "Group": 6, "Role": 17}


def test_names_paths_and_arns_are_legal_and_fit_together(account: Any) -> None:
    for kind, one in identities(account):
        name, path = one[f"{kind}Name"], one["Path"]
        word = "instance-profile" if kind == "InstanceProfile" else kind.lower()
        owner = "aws" if one["Arn"].startswith("arn:aws:iam::aws:") else "111122223333"
        assert NAME.fullmatch(name)
        assert len(name) <= (128 if kind in ("Group", "Policy") else 64)
        assert PATH.fullmatch(path)
        assert one["Arn"] == f"arn:aws:iam::{owner}:{word}{path}{name}"


def test_names_are_unique_within_their_kind_whatever_the_path_and_the_case(account: Any) -> None:
    names = Counter((kind, one[f"{kind}Name"].lower()) for kind, one in holders(account))
    assert set(names.values()) == {1}
    assert len({one["Arn"] for _, one in identities(account)}) == len(identities(account))


def test_ids_have_the_format_of_aws_and_are_plainly_not_real(account: Any) -> None:
    ids = [one[f"{kind}Id"] for kind, one in identities(account)]
    assert len(set(ids)) == len(ids)
    for kind, one in identities(account):
        assert re.fullmatch(KINDS[kind] + "EXAMPLE[A-Z2-7]{10}", one[f"{kind}Id"])


def test_dates_are_iso_8601_with_an_offset(account: Any) -> None:
    for date in re.findall(r'"\w+Date": "([^"]*)"', json.dumps(account)):
        assert datetime.fromisoformat(date).utcoffset() is not None


def test_every_group_attached_policy_and_boundary_is_in_the_account(account: Any) -> None:
    groups = {group["GroupName"] for group in account["GroupDetailList"]}
    policies = {policy["Arn"]: policy["PolicyName"] for policy in account["Policies"]}
    for kind, holder in holders(account):
        assert groups.issuperset(holder.get("GroupList", [])), kind
        assert all(policies[one["PolicyArn"]] == one["PolicyName"] for one in holder["AttachedManagedPolicies"])
        if boundary := holder.get("PermissionsBoundary"):
            assert boundary == {
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": next(arn for arn in policies if arn == boundary["PermissionsBoundaryArn"]),
            }


def test_attachments_are_counted_right(account: Any) -> None:
    attached = Counter(one["PolicyArn"] for _, holder in holders(account) for one in holder["AttachedManagedPolicies"])
    bounding = Counter(
        holder["PermissionsBoundary"]["PermissionsBoundaryArn"]
        for _, holder in holders(account)
        if "PermissionsBoundary" in holder
    )
    for policy in account["Policies"]:
        assert policy["AttachmentCount"] == attached[policy["Arn"]]
        assert policy["PermissionsBoundaryUsageCount"] == bounding[policy["Arn"]]


def test_each_policy_has_one_default_version_and_at_most_five(account: Any) -> None:
    for policy in account["Policies"]:
        versions = policy["PolicyVersionList"]
        numbers = [int(one["VersionId"][1:]) for one in versions]
        assert numbers == sorted(set(numbers), reverse=True)
        assert len(numbers) <= 5
        assert [one["VersionId"] for one in versions if one["IsDefaultVersion"]] == [policy["DefaultVersionId"]]


def test_instance_profiles_repeat_their_role(account: Any) -> None:
    roles = {role["Arn"]: role for role in account["RoleDetailList"]}
    inner = [role for one in roles.values() for profile in one["InstanceProfileList"] for role in profile["Roles"]]
    assert inner
    assert all(role.items() <= roles[role["Arn"]].items() for role in inner)


def test_every_document_has_the_elements_of_its_kind(account: Any) -> None:
    trust = [id(role["AssumeRolePolicyDocument"]) for role in account["RoleDetailList"]]
    for document in documents(account):
        assert len(json.dumps(document, separators=(",", ":"))) <= 6144
        for statement in statements(document):
            assert statement["Effect"] in ("Allow", "Deny")
            assert ("Action" in statement) != ("NotAction" in statement)
            assert ("Principal" in statement) == (id(document) in trust)
            assert ("Resource" in statement) + ("NotResource" in statement) == (id(document) not in trust)


def test_inline_policies_are_within_the_quota(account: Any) -> None:
    for kind, holder in holders(account):
        inline = [one["PolicyDocument"] for one in holder.get(f"{kind}PolicyList", [])]
        size = sum(len(json.dumps(document, separators=(",", ":"))) for document in inline)
        assert size <= {"User": 2048, "Group": 5120, "Role": 10240}[kind]


def test_the_principals_of_trust_policies_exist_but_for_the_partner_and_one_deleted_user(
    account: Any,
) -> None:
    known = {one["Arn"] for _, one in holders(account)}
    named = set(re.findall(r'"(arn:aws:iam::\d+:(?:user|role)/[^"]+|AIDA\w+)"', json.dumps([
        statement["Principal"] for role in account["RoleDetailList"]
        for statement in statements(role["AssumeRolePolicyDocument"])
    ])))  # fmt: skip
    assert named - known == {"AIDAEXAMPLEFORMERUSER", "arn:aws:iam::444455556666:role/survey"}


def test_the_resources_are_of_the_account_and_their_roles_exist(account: Any) -> None:
    rows = table(ACCOUNTS / "support-center.resources.csv")
    tags = {role["Arn"]: {one["Key"]: one["Value"] for one in role["Tags"]} for role in account["RoleDetailList"]}
    assert list(rows[0]) == ["resource", "type", "name", "generation", "tags"]
    assert len({row["resource"] for row in rows}) == len(rows)
    for row in rows:
        assert "111122223333" in row["resource"]
        assert row["generation"] == (("V2" if "/" in row["resource"] else "V1") if ":lex:" in row["resource"] else "")
        assert isinstance(json.loads(row["tags"]), dict)
        if row["type"] == "role":
            assert json.loads(row["tags"]) == tags[row["resource"]]


def test_every_planted_problem_names_something_of_the_account(account: Any) -> None:
    known = {f"{kind.lower()}/{one[f'{kind}Name']}" for kind, one in identities(account)} | {"(account)"}
    readme = (ACCOUNTS / "README.md").read_text(encoding="utf-8")
    for row in account_script.planted():
        assert row["principal"] in known
        assert f"| `{row['principal']}` | {row['problem']} |" in readme


def test_only_documentation_accounts_and_addresses_appear(account: Any) -> None:
    own = json.dumps([documents(account), [one["Arn"] for _, one in identities(account)]])
    assert set(re.findall(r"\b\d{12}\b", own)) <= {"111122223333", "444455556666"}
    assert set(re.findall(r"\d+\.\d+\.\d+\.\d+/\d+", own)) <= {"198.51.100.0/24", "203.0.113.0/24"}


def decision(account: Any, who: str, action: str, resource: str, context: dict[str, str]) -> str:
    """What the reference evaluator answers for a user or a role named as ``user/maria``."""
    kind, name = who.title().split("/")[0], who.split("/")[1]
    holder = next(one for one in account[f"{kind}DetailList"] if one[f"{kind}Name"] == name)
    groups = [one for one in account["GroupDetailList"] if one["GroupName"] in holder.get("GroupList", [])]
    versions = {
        policy["Arn"]: next(one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"])
        for policy in account["Policies"]
    }
    inline = [
        *holder.get(f"{kind}PolicyList", []),
        *(one for group in groups for one in group["GroupPolicyList"]),
    ]
    attached = [one["PolicyArn"] for each in (holder, *groups) for one in each["AttachedManagedPolicies"]]
    boundary = holder.get("PermissionsBoundary")
    return decide({
        "id": who,
        "request": {"principal": holder["Arn"], "action": action, "resource": resource, "context": context},
        "identity_policies": [one["PolicyDocument"] for one in inline] + [versions[arn] for arn in attached],
        "permissions_boundary": boundary and versions[boundary["PermissionsBoundaryArn"]],
    })  # fmt: skip


LEX = "arn:aws:lex:us-east-1:111122223333:"
STORIES = (
    (
        "user/maria",
        "lex:RecognizeText",
        LEX + "bot-alias/SUPPORT001/PRODALIAS1",
        {"aws:ResourceTag/Department": "Support"},
        "allowed",
    ),
    (
        "user/maria",
        "lex:PostText",
        LEX + "bot:SupportBot:prod",
        {"aws:ResourceTag/Department": "Support"},
        "allowed",
    ),
    (
        "user/maria",
        "lex:RecognizeText",
        LEX + "bot-alias/BILLING001/PRODALIAS1",
        {"aws:ResourceTag/Department": "Billing"},
        "implicitDeny",
    ),
    (
        "user/yuki",
        "lex:PostText",
        LEX + "bot:SupportBot:prod",
        {"lex:ResourceTag/Department": "Support"},
        "allowed",
    ),
    ("user/dana", "lex:UpdateBot", LEX + "bot/SUPPORT001", {}, "allowed"),
    (
        "user/dana",
        "lex:DeleteBot",
        LEX + "bot/BILLING001",
        {"aws:ResourceTag/Stage": "Production"},
        "explicitDeny",
    ),
    ("user/dana", "lex:DeleteBot", LEX + "bot/BILLING001", {"aws:ResourceTag/Stage": "Test"}, "allowed"),
    (
        "user/dana",
        "lex:DeleteBot",
        LEX + "bot/BILLING001",
        {"aws:MultiFactorAuthPresent": "false"},
        "explicitDeny",
    ),
    (
        "user/felix",
        "lex:DeleteBot",
        LEX + "bot/SUPPORT001",
        {"aws:MultiFactorAuthPresent": "true"},
        "explicitDeny",
    ),
    ("user/kofi", "lex:RecognizeText", LEX + "bot-alias/SUPPORT001/TSTALIASID", {}, "allowed"),
    ("user/kofi", "lex:RecognizeText", LEX + "bot-alias/SUPPORT001/PRODALIAS1", {}, "implicitDeny"),
    (
        "user/kofi",
        "iam:CreateAccessKey",
        "arn:aws:iam::111122223333:user/contractors/kofi",
        {},
        "implicitDeny",
    ),
    ("user/kofi", "lex:ListBots", "*", {"aws:CurrentTime": "2027-05-01T00:00:00Z"}, "explicitDeny"),
    ("user/ruth", "lex:DescribeBot", LEX + "bot/SUPPORT001", {}, "allowed"),
    ("user/ruth", "lex:UpdateBot", LEX + "bot/SUPPORT001", {}, "implicitDeny"),
    ("user/ruth", "s3:GetObject", "arn:aws:s3:::support-transcripts-111122223333/a", {}, "explicitDeny"),
    (
        "user/tomas",
        "s3:GetObject",
        "arn:aws:s3:::support-transcripts-111122223333/a",
        {"aws:SourceIp": "203.0.113.9"},
        "allowed",
    ),
    (
        "user/tomas",
        "s3:GetObject",
        "arn:aws:s3:::support-transcripts-111122223333/a",
        {"aws:SourceIp": "192.0.2.9"},
        "implicitDeny",
    ),
    ("user/tomas", "s3:PutObject", "arn:aws:s3:::support-analytics-111122223333/tomas/a", {}, "implicitDeny"),
    ("user/omar", "iam:UpdateLoginProfile", "arn:aws:iam::111122223333:user/alice", {}, "allowed"),
    ("user/alice", "lex:DeleteBot", LEX + "bot/SUPPORT001", {}, "explicitDeny"),
    (
        "user/alice",
        "lex:DeleteBot",
        LEX + "bot/SUPPORT001",
        {"aws:MultiFactorAuthPresent": "true"},
        "allowed",
    ),
    ("user/oleg", "lex:DeleteBot", LEX + "bot/SUPPORT001", {}, "allowed"),
    ("user/ines", "lex:ListBots", "*", {}, "implicitDeny"),
    ("user/=cmd", "lex:GetBots", "*", {}, "implicitDeny"),
    (
        "role/ci-deployer",
        "iam:PassRole",
        "arn:aws:iam::111122223333:role/nightly-maintenance",
        {"iam:PassedToService": "lambda.amazonaws.com"},
        "allowed",
    ),
    (
        "role/ci-deployer",
        "iam:PassRole",
        "arn:aws:iam::111122223333:role/nightly-maintenance",
        {"iam:PassedToService": "ec2.amazonaws.com"},
        "implicitDeny",
    ),
    ("role/bot-runner", "lex:RecognizeText", LEX + "bot-alias/SUPPORT001/PRODALIAS1", {}, "allowed"),
    ("role/bot-runner", "lex:RecognizeText", LEX + "bot-alias/BILLING001/PRODALIAS1", {}, "implicitDeny"),
)


@pytest.mark.parametrize("who, action, resource, context, expected", STORIES)
def test_the_stories_of_the_account_are_true(
    account: Any, who: str, action: str, resource: str, context: dict[str, str], expected: str
) -> None:
    assert decision(account, who, action, resource, context) == expected
