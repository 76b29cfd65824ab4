"""The organization of an account: its file is read strictly, and its control policies bind level by level."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lexgraph.access.decide import decide
from lexgraph.access.shared import shared_access
from lexgraph.account.model import Snapshot
from lexgraph.account.organization import CONTROL_KINDS, ControlKind
from lexgraph.account.organization_file import OrganizationFile, parse_organization
from lexgraph.account.pages import parse_account
from lexgraph.account.parts import with_parts
from lexgraph.account.resource_policies import parse_resource_policies
from lexgraph.conditions.context import Context
from lexgraph.errors import AccountError
from tests.organizations import (
    FULL,
    HERE,
    MANAGEMENT,
    RCP_FULL,
    control,
    document,
    organization,
    random_organization,
)
from tests.test_account import dump, inline, role, user

BUCKET = "arn:aws:s3:::transcripts"
ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
DENY_S3, DENY_RCP = control("p-deny", document("scp")), control("p-rcp", document("rcp"), "rcp")


def read(value: Any) -> OrganizationFile:
    return parse_organization(json.dumps(value), source="organization.json")


def account(value: Any = None, **more: Any) -> Snapshot:
    """An account with one user who may do everything, in an organization."""
    linked = role("linked", Arn=f"arn:aws:iam::{HERE}:role/aws-service-role/lexv2.amazonaws.com/linked")
    linked["RolePolicyList"] = inline(ALLOW_ALL)
    found = parse_account(dump(user(UserPolicyList=inline(ALLOW_ALL)), RoleDetailList=[linked], **more))
    return with_parts(found, organization=read(value) if value else None)


def answer(snapshot: Snapshot, action: str = "s3:GetObject", resource: str = f"{BUCKET}/a", who: str = "ana") -> str:
    return decide(snapshot, who, action, resource).outcome


# Rule L2 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["root", "unit", "account"])
def test_a_deny_at_any_level_denies_and_a_level_without_an_allow_allows_nothing(place: str) -> None:
    assert answer(account(organization(DENY_S3))) == "allowed"
    assert answer(account(organization(DENY_S3, **{place: (FULL, "p-deny")}))) == "explicitDeny"
    assert answer(account(organization(DENY_S3, **{place: ("p-deny",)})), "lex:GetBots", "*") == "implicitDeny"
    assert answer(account(organization(DENY_S3, **{place: ()})), "lex:GetBots", "*") == "implicitDeny"


def test_scps_do_not_bind_the_management_account() -> None:
    value = organization(DENY_S3, root=(FULL, "p-deny"))
    value["Organization"]["MasterAccountId"] = HERE
    found = account(value)
    assert answer(found) == "allowed"
    assert "scp" not in found.stack("ana").not_considered


def test_rcps_do_not_bind_the_resources_of_the_management_account() -> None:
    value = organization(DENY_RCP, root=(FULL, "p-rcp"))
    assert answer(account(value)) == "explicitDeny"
    value["Organization"]["MasterAccountId"] = HERE
    found = account(value)
    assert answer(found) == "allowed"
    assert "rcp" not in found.stack_for("ana", "s3:GetObject", f"{BUCKET}/a").not_considered
    # Its principals are bound on a member's resources.
    theirs = f"arn:aws:sqs:us-east-1:{MANAGEMENT}:queue"
    assert [len(level) for level in found.stack_for("ana", "sqs:SendMessage", theirs).rcps] == [1, 0]


def test_what_the_management_account_shares_no_rcp_takes_away() -> None:
    value = organization(DENY_RCP, root=(FULL, "p-rcp"))
    open_to_all = document("rcp", Effect="Allow", Resource=f"{BUCKET}/*")
    listed = parse_resource_policies({"r.json": json.dumps([{"ResourceArn": BUCKET, "Policy": open_to_all}])})
    shared = []
    for management in (MANAGEMENT, HERE):
        value["Organization"]["MasterAccountId"] = management
        found = with_parts(parse_account(dump(user())), organization=read(value), policies=listed)
        shared.append([row.principal for row in shared_access(found) if row.outcome == "allowed"])
        assert bool(shared[-1]) == (decide(found, "ana", "s3:GetObject", f"{BUCKET}/a").outcome == "allowed")
    assert shared == [[], ["*"]]


@pytest.mark.parametrize("mine, theirs", [((FULL, "p-rcp"), (FULL,)), ((FULL,), (FULL, "p-rcp"))])
def test_the_account_that_the_context_says_a_bucket_is_of_decides_which_rcps_bind(mine: Any, theirs: Any) -> None:
    other = {"Id": "444455556666", "ParentId": "r-ab12", "Policies": list(theirs)}
    found = account(organization(DENY_RCP, account=mine, accounts=(other,)))
    context = Context({"aws:ResourceAccount": "444455556666"})
    outcomes = [
        decide(found, "ana", "s3:GetObject", f"{BUCKET}/a", context=one).outcome for one in (Context(), context)
    ]
    denied = ["p-rcp" in one for one in (mine, theirs)]
    otherwise = ("allowed", "conditional")  # of another account's bucket nobody said what its policy is
    assert outcomes == ["explicitDeny" if no else yes for no, yes in zip(denied, otherwise, strict=True)]


def test_scps_do_not_bind_service_linked_roles() -> None:
    assert answer(account(organization(DENY_S3, root=("p-deny",))), who="linked") == "allowed"


def test_a_kind_of_policy_that_is_attached_nowhere_is_switched_off_and_does_not_apply() -> None:
    found = account(organization(DENY_S3, DENY_RCP, root=(), unit=(), account=(), accounts=()) | {"Accounts": [
        {"Id": HERE, "ParentId": "ou-ab12-one", "Policies": []}
    ]})  # fmt: skip
    assert answer(found) == "allowed"
    assert {"scp", "rcp"}.isdisjoint(found.stack_for("ana", "s3:GetObject", BUCKET).not_considered)


def test_a_root_that_says_which_kinds_are_in_use_is_believed() -> None:
    value = organization(DENY_S3, root=(), unit=(), account=())
    value["Accounts"][1]["Policies"] = []
    for status, expected in (("ENABLED", "implicitDeny"), ("PENDING_DISABLE", "allowed")):
        value["Roots"][0]["PolicyTypes"] = [{"Type": "SERVICE_CONTROL_POLICY", "Status": status}]
        assert answer(account(value)) == expected


def test_rcps_deny_on_resources_of_the_account_and_an_empty_level_of_them_allows() -> None:
    found = account(organization(DENY_RCP, root=(FULL, "p-rcp")))
    assert answer(found) == "explicitDeny"
    assert answer(found, "lex:GetBots", "*") == "allowed"
    assert answer(account(organization(DENY_RCP, account=(FULL, RCP_FULL)))) == "allowed"


def test_rcps_are_those_above_the_account_that_owns_the_resource() -> None:
    other = {"Id": "444455556666", "ParentId": "r-ab12", "Policies": [FULL, "p-rcp"]}
    found = account(organization(DENY_RCP, accounts=(other,)))
    assert answer(found, "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{HERE}:queue") == "allowed"
    stack = found.stack_for("ana", "sqs:SendMessage", "arn:aws:sqs:us-east-1:444455556666:queue")
    assert [[policy.name for policy in level] for level in stack.rcps] == [[], ["name of p-rcp"]]
    # An account that the file does not know is in another organization, or in none.
    stack = found.stack_for("ana", "sqs:SendMessage", "arn:aws:sqs:us-east-1:777788889999:queue")
    assert "rcp" in stack.not_considered


@pytest.mark.parametrize("extra", [(), (control(FULL, None, AwsManaged=True),)], ids=["not described", "no content"])
def test_awss_full_access_needs_no_content(extra: tuple[Any, ...]) -> None:
    found = read(organization(*extra)).organization
    assert [[policy.name for policy in level] for level in found.levels(HERE, "scp")] == [["FullAWSAccess"]] * 3
    assert answer(account(organization(*extra)), "lex:GetBots", "*") == "allowed"


# What is not known is unknown (rules U3, U5) ----------------------------------------------------------------------

UNREAD: dict[str, Any] = {
    "no content": control("p-odd", None),
    "no JSON": control("p-odd", "{"),
    "no statement": control("p-odd", {"Version": "2012-10-17"}),
    "a number": control("p-odd", 7),
}


@pytest.mark.parametrize("odd", UNREAD.values(), ids=UNREAD.keys())
def test_a_control_policy_that_cannot_be_read_makes_answers_unknown_below_it_and_nowhere_else(odd: Any) -> None:
    file = read(organization(odd, DENY_S3, unit=(FULL, "p-odd")))
    assert file.organization.unread(HERE, "scp") == ("p-odd",)
    assert file.organization.unread(MANAGEMENT, "scp") == ()
    assert [bad.owner for bad in file.unreadable] == [odd["Arn"]]
    found = account(organization(odd, DENY_S3, unit=(FULL, "p-odd")))
    assert answer(found, "lex:GetBots", "*") == "conditional"
    assert answer(account(organization(odd, unit=("p-odd",))), "lex:GetBots", "*") == "conditional"
    assert any("name of p-odd" in text for text in found.coverage[1].missing)


def test_a_deny_beside_a_policy_that_cannot_be_read_still_denies() -> None:
    value = organization(UNREAD["no content"], DENY_S3, unit=("p-odd", "p-deny"))
    assert answer(account(value)) == "explicitDeny"
    assert answer(account(value), "lex:GetBots", "*") == "conditional"


def test_a_statement_that_cannot_be_read_leaves_the_others_of_its_policy() -> None:
    odd = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condtion": {}}
    whole = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    value = organization(control("p-odd", {"Version": "2012-10-17", "Statement": [odd, whole]}), root=(FULL, "p-odd"))
    found = account(value)
    assert answer(found, "iam:ListUsers", "*") == "explicitDeny"
    assert answer(found) == "conditional"
    assert answer(found, "lex:GetBots", "*") == "allowed"


def test_what_is_attached_and_not_told_makes_answers_unknown() -> None:
    assert answer(account(organization(DENY_S3, unit=None)), "lex:GetBots", "*") == "conditional"
    # SCPs may be switched off, or on: nothing that is told decides.
    value = organization(DENY_S3, root=(), unit=(), account=())
    value["Accounts"][1]["Policies"] = None
    assert answer(account(value), "lex:GetBots", "*") == "conditional"


def test_kinds_of_which_more_may_be_attached_keep_their_denies_and_lose_their_allows() -> None:
    file = read(organization(DENY_S3, root=(FULL, "p-deny")))
    unsure = replace(file.organization, unsure=("scp",))
    found = replace(account(), organization=unsure)
    assert answer(found) == "explicitDeny"
    assert answer(found, "lex:GetBots", "*") == "conditional"


def test_an_account_that_is_not_in_the_file_gets_unknown_answers_and_coverage_says_so() -> None:
    value = organization(DENY_S3)
    value["Accounts"] = value["Accounts"][1:]
    found = account(value)
    assert answer(found, "lex:GetBots", "*") == "conditional"
    assert found.coverage[1].missing == (f"account {HERE} is not in the file: which SCPs and RCPs bind it is unknown",)
    assert any(HERE in note for note in found.notes)


def test_an_organization_whose_tree_aws_does_not_tell_is_not_considered_and_said_so() -> None:
    found = account({"Organization": {"Id": "o-exampleorgid", "MasterAccountId": MANAGEMENT}, "Roots": []})
    decision = decide(found, "ana", "lex:GetBots", "*")
    assert decision.outcome == "allowed"
    assert {"scp", "rcp"} <= set(decision.not_considered)
    assert "no service or resource control policy is considered" in found.coverage[1].missing[0]


# Rule U4 ----------------------------------------------------------------------------------------------------------


def test_the_ids_and_paths_of_organizations_are_filled_in_and_what_the_caller_gives_wins() -> None:
    found = account(organization(accounts=({"Id": "444455556666", "ParentId": "r-ab12", "Policies": [FULL]},)))
    queue = "arn:aws:sqs:us-east-1:444455556666:queue"
    known = found.request_context("ana", Context(), queue).known
    assert known["aws:principalorgid"] == known["aws:resourceorgid"] == ("o-exampleorgid",)
    assert known["aws:principalorgpaths"] == ("o-exampleorgid/r-ab12/ou-ab12-one/",)
    assert known["aws:resourceorgpaths"] == ("o-exampleorgid/r-ab12/",)
    given = found.request_context("ana", Context({"aws:PrincipalOrgID": "o-other"}), queue).known
    assert given["aws:principalorgid"] == ("o-other",)
    elsewhere = found.request_context("ana", Context(), "arn:aws:sqs:us-east-1:777788889999:queue").known
    assert "aws:resourceorgid" not in elsewhere
    stated = found.request_context("ana", Context({"aws:ResourceAccount": "777788889999"}), BUCKET).known
    assert "aws:resourceorgid" not in stated
    assert not any("org" in key for key in account().request_context("ana", Context(), queue).known)


def test_an_organization_without_a_tree_still_has_an_id_for_its_members() -> None:
    found = account({"Organization": {"Id": "o-exampleorgid", "MasterAccountId": MANAGEMENT}})
    known = found.request_context("ana", Context(), BUCKET).known
    assert known["aws:principalorgid"] == known["aws:resourceorgid"] == ("o-exampleorgid",)
    assert "aws:principalorgpaths" not in known


# The file ---------------------------------------------------------------------------------------------------------


def changed(change: Callable[[Any], object]) -> Any:
    value = organization(DENY_S3, DENY_RCP, units=({"Id": "ou-2", "ParentId": "ou-ab12-one", "Policies": []},))
    change(value)
    return value


def first(key: str, **values: Any) -> Callable[[Any], object]:
    """Change the first entry of a list."""
    return lambda value: value[key][0].update(values)


BAD: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "an unknown parent": (first("Accounts", ParentId="ou-none"), "INVALID_TREE", "/Accounts/0/ParentId"),
    "an account as parent": (first("Accounts", ParentId=MANAGEMENT), "INVALID_TREE", "/Accounts/0/Pare"),
    "a cycle": (
        first("OrganizationalUnits", ParentId="ou-2"), "INVALID_TREE", "/OrganizationalUnits/0/ParentId",
    ),
    "its own parent": (
        first("OrganizationalUnits", ParentId="ou-ab12-one"), "INVALID_TREE", "/OrganizationalUnits/0",
    ),
    "no parent": (lambda v: v["Accounts"][0].pop("ParentId"), "MISSING_ELEMENT", "/Accounts/0"),
    "two roots": (lambda v: v["Roots"].append({"Id": "r-2", "Policies": []}), "INVALID_TREE", "/Roots/1"),
    "no root": (lambda v: v.update(Roots=[]), "INVALID_TREE", "/Roots"),
    "an account twice": (lambda v: v["Accounts"].append(v["Accounts"][0]), "REPEATED_ID", "/Accounts/2/Id"),
    "a policy twice": (lambda v: v["Policies"].append(v["Policies"][0]), "REPEATED_ID", "/Policies/2/Id"),
    "an unknown policy": (lambda v: v["Roots"][0]["Policies"].append("p-x"), "UNKNOWN_POLICY", "/Roots/0/Policies/1"),
    "a policy that is a number": (first("Roots", Policies=[1]), "DATA_TYPE_MISMATCH", "/Roots/0/Policies/"),
    "policies that are an object": (first("Roots", Policies={}), "DATA_TYPE_MISMATCH", "/Roots/0/Policies"),
    "an account as a number": (first("Accounts", Id=111122223333), "DATA_TYPE_MISMATCH", "/Accounts/0/Id"),
    "a short account": (first("Accounts", Id="11112222333"), "INVALID_ACCOUNT", "/Accounts/0/Id"),
    "other digits": (first("Accounts", Id="١" * 12), "INVALID_ACCOUNT", "/Accounts/0/Id"),
    "an empty id": (lambda v: v["Organization"].update(Id=""), "DATA_TYPE_MISMATCH", "/Organization/Id"),
    "no management account": (lambda v: v["Organization"].pop("MasterAccountId"), "MISSING_ELEMENT", "/Organization"),
    "no organization": (lambda v: v.pop("Organization"), "NOT_AN_ORGANIZATION", ""),
    "an entry that is text": (lambda v: v["Accounts"].append("x"), "DATA_TYPE_MISMATCH", "/Accounts/2"),
    "lists that are none": (lambda v: v.update(Accounts="x"), "DATA_TYPE_MISMATCH", "/Accounts"),
    "a policy without a type": (lambda v: v["Policies"][0].pop("Type"), "MISSING_ELEMENT", "/Policies/0"),
    "a policy without a name": (lambda v: v["Policies"][0].pop("Name"), "MISSING_ELEMENT", "/Policies/0"),
}  # fmt: skip


@pytest.mark.parametrize("change, code, pointer", BAD.values(), ids=BAD.keys())
def test_a_file_that_describes_no_tree_is_refused_with_its_place(change: Any, code: str, pointer: str) -> None:
    with pytest.raises(AccountError) as caught:
        parse_organization(json.dumps(changed(change), indent=1), source="organization.json")
    assert (caught.value.code, caught.value.source) == (code, "organization.json")
    assert caught.value.pointer.startswith(pointer)
    assert caught.value.line is not None


def test_a_tree_deeper_than_aws_makes_one_is_refused() -> None:
    units = [{"Id": f"ou-{i}", "ParentId": f"ou-{i - 1}" if i else "r-ab12", "Policies": []} for i in range(64)]
    assert read(organization(units=tuple(reversed(units)))).organization.targets
    units.append({"Id": "ou-64", "ParentId": "ou-63", "Policies": []})
    with pytest.raises(AccountError, match="65 levels below the root"):
        read(organization(units=tuple(reversed(units))))


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "7", "{", '{"Organization": {"Id": "a", "Id": "b"}}', "[" * 100_000]
)
def test_a_file_that_is_no_such_json_is_refused(text: str) -> None:
    with pytest.raises(AccountError):
        parse_organization(text)


def test_a_duplicate_key_in_a_control_policy_is_never_dropped() -> None:
    text = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}'
    )
    file = read(organization(control("p-odd", text), root=(FULL, "p-odd")))
    assert file.organization.unread(HERE, "scp") == ("p-odd",)
    assert file.unreadable[0].error.code == "DUPLICATE_KEY"


def test_names_that_are_code_or_turn_the_text_round_are_kept_and_shown_escaped() -> None:
    value = organization(UNREAD["no JSON"] | {"Name": "<script>\u202e"}, unit=("p-odd",))
    value["OrganizationalUnits"][0]["Name"] = "</script>\n"
    file = read(value)
    assert file.organization.path(HERE)[1].name == "</script>\n"
    assert all(text.isprintable() and "\u202e" not in text for text in file.missing)


def test_policies_of_other_types_are_left_out() -> None:
    tag = control("p-tag", "{}", Type="TAG_POLICY")
    file = read(organization(tag, root=(FULL, "p-tag")))
    assert [policy.id for policy in file.organization.policies] == [FULL]
    assert file.missing == ()


# A law ------------------------------------------------------------------------------------------------------------


def naive_levels(value: Any, account_id: str, kind: ControlKind) -> list[list[str]]:
    """Walk up from the account by the raw JSON, and name what is attached."""
    kinds = {policy["Id"]: "scp" if policy["Type"].startswith("SERVICE") else "rcp" for policy in value["Policies"]}
    kinds |= {FULL: "scp", RCP_FULL: "rcp"}
    names = {policy["Id"]: policy["Name"] for policy in value["Policies"]}
    names |= {FULL: "FullAWSAccess", RCP_FULL: "RCPFullAWSAccess"}
    targets = [*value["Roots"], *value["OrganizationalUnits"], *value["Accounts"]]
    if not any(kinds[one] == kind for target in targets for one in target["Policies"]):
        return []
    levels, here = [], account_id
    while True:
        (target,) = [target for target in targets if target["Id"] == here]
        levels.insert(0, [names[one] for one in target["Policies"] if kinds[one] == kind])
        if "ParentId" not in target:
            return levels
        here = target["ParentId"]


def test_the_levels_are_those_of_a_plain_walk_up_the_tree() -> None:
    rng = random.Random(20261125)
    seen = 0
    for _ in range(300):
        value = random_organization(rng)
        found = read(value).organization
        for target in value["Accounts"]:
            for kind in CONTROL_KINDS:
                levels = [[policy.name for policy in level] for level in found.levels(target["Id"], kind)]
                assert levels == naive_levels(value, target["Id"], kind)
                seen += len(levels) > 2
        assert found.levels("123456789012", "scp") == ()
    assert seen > 300
