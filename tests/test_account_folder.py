"""A collected folder: read whole, and what is missing in it is said and never taken for "no access"."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

import lexgraph as lg
from lexgraph.access.decide import decide
from lexgraph.account.model import Snapshot
from lexgraph.account.readers import read_account
from lexgraph.account.recognise import is_account
from lexgraph.cli import main
from lexgraph.errors import AccountError
from lexgraph.report.subject import subject_of
from lexgraph.tables import SCHEMAS
from tests.organizations import FULL, HERE, control, document, organization
from tests.test_account import dump, inline, user

BUCKET = "arn:aws:s3:::transcripts"
ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
REPORT = "user,arn,mfa_active\nana,arn:aws:iam::111122223333:user/ana,false\n"
COMPLETE = "complete"


def call(service: str, operation: str, status: str = COMPLETE, **more: Any) -> dict[str, Any]:
    return {"service": service, "operation": operation, "region": None, "parameters": {}, "status": status, "pages": 1,
            "marker": None, "error": None, **more}  # fmt: skip


DETAILS = call("iam", "GetAccountAuthorizationDetails")


def manifest(*calls: Any, **more: Any) -> dict[str, Any]:
    told = {"format": "lexgraph collection", "schema": 1, "account_id": HERE, "partition": "aws"}
    return told | {"started": "2026-11-20T08:00:00Z", "finished": None, "calls": list(calls or [DETAILS])} | more


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all there can be, and nothing missing."""
    pages = tmp_path / "authorization-details"
    pages.mkdir()
    save(pages / "page-0001.json", dump(user(UserPolicyList=inline(ALLOW_ALL)), IsTruncated=True, Marker="m"))
    save(pages / "page-0002.json", dump(user("ben"), IsTruncated=False))
    save(tmp_path / "collection.json", manifest())
    save(tmp_path / "organization.json", organization(control("p-deny", document("scp"))))
    save(tmp_path / "resource-policies.json", [{"ResourceArn": BUCKET, "Policy": None}])
    (tmp_path / "credential-report.csv").write_text(REPORT)
    (tmp_path / "resources.csv").write_text(f"resource,type\n{BUCKET},bucket\n")
    return tmp_path


def save(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=1))


def lacks(account: Snapshot, part: str) -> str:
    return "; ".join(next(one for one in account.coverage if one.part == part).missing)


def test_a_folder_is_read_whole(folder: Path) -> None:
    found = read_account(folder)
    assert [p.name for p in found.principals] == ["ana", "ben"]
    assert (found.account_id, found.date, found.source) == (HERE, "2026-11-20", folder.name)
    assert [resource.arn for resource in found.resources] == [BUCKET]
    assert found.organization is not None
    assert found.no_resource_policy == (BUCKET,)
    assert [row.user for row in found.credentials] == ["ana"]
    read = [("authorization details", 2), ("organization", 2), ("resource policies", 1), ("credential report", 1)]
    assert [(one.part, one.read) for one in found.coverage] == read
    assert all(one.missing == () for one in found.coverage)
    assert found.notes == ()
    assert len(found.sha256) == 64
    assert found.considered == ("identity", "boundary", "scp", "rcp", "resource")


def test_only_the_pages_are_needed(folder: Path) -> None:
    for file in folder.iterdir():
        if file.is_file():
            file.unlink()
    found = read_account(folder)
    assert [one.part for one in found.coverage] == ["authorization details"]
    assert "there is no collection.json: whether all calls to AWS succeeded is unknown" in found.coverage[0].missing
    assert found.considered == ("identity", "boundary")


def test_pages_may_be_compressed_and_other_files_are_left_alone(folder: Path) -> None:
    page = folder / "authorization-details" / "page-0002.json"
    page.with_name("page-0002.json.gz").write_bytes(gzip.compress(page.read_bytes()))
    page.unlink()
    (folder / "authorization-details" / ".DS_Store").write_bytes(b"\0")
    (folder / "authorization-details" / "page-0003.json.part").write_text("{")
    os.mkfifo(folder / "authorization-details" / "page-0009.json")
    assert len(read_account(folder).principals) == 2


def test_pages_are_read_in_the_order_of_their_numbers(folder: Path) -> None:
    pages = folder / "authorization-details"
    for number in range(3, 12):
        save(pages / f"page-{number}.json", dump(user(f"u{number}"), IsTruncated=number < 11))
    assert lacks(read_account(folder), "authorization details") == ""


# What is missing --------------------------------------------------------------------------------------------------


def test_a_last_page_that_announces_more_is_said_to_be_none(folder: Path) -> None:
    (folder / "authorization-details" / "page-0002.json").unlink()
    assert "more pages follow" in lacks(read_account(folder), "authorization details")


def test_a_page_that_is_not_there_is_missed(folder: Path) -> None:
    pages = folder / "authorization-details"
    (pages / "page-0001.json").unlink()
    found = read_account(folder)
    assert "these pages are not there: 1" in lacks(found, "authorization details")
    assert any("there may be users, groups, roles" in note for note in found.notes)


@pytest.mark.parametrize("status", ["partial", "denied", "failed", "pending"])
def test_a_call_that_is_not_complete_is_missing(folder: Path, status: str) -> None:
    details = DETAILS | {"status": status, "error": "AccessDenied: no\u202e"}
    save(folder / "collection.json", manifest(details, call("iam", "GetCredentialReport", status)))
    found = read_account(folder)
    assert f"iam GetAccountAuthorizationDetails is {status}: AccessDenied: no\\u202e" in lacks(
        found, "authorization details"
    )
    assert f"iam GetCredentialReport is {status}" in lacks(found, "credential report")
    assert found.notes


def test_calls_that_failed_alike_are_told_once(folder: Path) -> None:
    buckets = [
        call("s3", "GetBucketPolicy", "denied", parameters={"Bucket": f"b{i}"}, error="AccessDenied",
             resource=f"arn:aws:s3:::b{i}")
        for i in range(1000)
    ]  # fmt: skip
    save(folder / "collection.json", manifest(DETAILS, *buckets))
    found = read_account(folder)
    assert lacks(found, "resource policies") == (
        's3 GetBucketPolicy ("b0", "b1", "b10", …) is denied, 1,000 calls: AccessDenied'
    )
    assert decide(found, "ben", "s3:GetObject", "arn:aws:s3:::b7/a").outcome == "conditional"
    assert decide(found, "ben", "s3:GetObject", f"{BUCKET}/a").outcome == "implicitDeny"


def test_a_policy_that_was_denied_in_the_list_is_unknown(folder: Path) -> None:
    save(folder / "resource-policies.json", [{"ResourceArn": BUCKET, "Error": "AccessDenied: no"}])
    assert decide(read_account(folder), "ben", "s3:GetObject", f"{BUCKET}/a").outcome == "conditional"


@pytest.mark.parametrize(
    "parameters, kinds",
    [
        ({"Filter": "SERVICE_CONTROL_POLICY"}, ("scp",)),
        ({"PolicyId": "p-deny"}, ("scp",)),
        ({"PolicyId": "p-unheard"}, ("scp", "rcp")),
        ({}, ("scp", "rcp")),
    ],
)
def test_attachments_that_could_not_be_asked_for_make_answers_unknown(
    folder: Path, parameters: Any, kinds: Any
) -> None:
    failed = call("organizations", "ListTargetsForPolicy", "denied", parameters=parameters)
    save(folder / "collection.json", manifest(DETAILS, failed))
    found = read_account(folder)
    assert found.organization is not None
    assert found.organization.unsure == kinds
    assert decide(found, "ana", "lex:GetBots", "*").outcome == "conditional"


def test_a_folder_of_resource_policies_will_do(folder: Path) -> None:
    (folder / "resource-policies.json").unlink()
    (folder / "resource-policies").mkdir()
    save(folder / "resource-policies" / "one.json", {"ResourceArn": BUCKET, "Policy": None})
    assert read_account(folder).no_resource_policy == (BUCKET,)


# Beside a file or a folder ----------------------------------------------------------------------------------------


def test_what_is_given_takes_the_place_of_what_is_in_the_folder(folder: Path, tmp_path_factory: Any) -> None:
    other = tmp_path_factory.mktemp("other")
    save(other / "o.json", organization(control("p-deny", document("scp")), root=(FULL, "p-deny")))
    save(folder / "collection.json", manifest(DETAILS, call("organizations", "ListRoots", "denied")))
    assert lacks(read_account(folder), "organization") != ""
    found = read_account(folder, organization=other / "o.json", date="2026-11-25")
    assert decide(found, "ana", "s3:GetObject", f"{BUCKET}/a").outcome == "explicitDeny"
    assert (lacks(found, "organization"), found.date) == ("", "2026-11-25")


def test_the_same_parts_can_be_given_beside_a_file(folder: Path) -> None:
    save(folder / "dump.json", dump(user(UserPolicyList=inline(ALLOW_ALL))))
    account = lg.read_account(
        folder / "dump.json",
        organization=folder / "organization.json",
        resource_policies=folder / "resource-policies.json",
        credential_report=folder / "credential-report.csv",
        date="2026-11-25",
    )
    assert account.coverage["part"].tolist() == [one.part for one in read_account(folder).coverage]
    assert len(account.credentials) == 1
    assert account.organization["above"].sum() == 3
    assert account.snapshot.date == "2026-11-25"


def test_an_account_says_what_it_lacks(folder: Path) -> None:
    assert "missing" not in repr(lg.read_account(folder))
    details = DETAILS | {"status": "denied", "error": "<b>AccessDenied</b>"}
    save(folder / "collection.json", manifest(details))
    account = lg.read_account(folder)
    assert repr(account).endswith(
        "; missing: iam GetAccountAuthorizationDetails is denied: <b>AccessDenied</b> (and 1 more, see coverage)"
    )
    SCHEMAS["coverage"].check(account.coverage)
    assert list(account.coverage.columns) == ["part", "read", "missing"]  # as the value and the JSON name them
    SCHEMAS["credentials"].check(account.credentials)
    SCHEMAS["organization"].check(account.organization)


# What is refused --------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_collection_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    for place in (tmp_path, Path()):
        with pytest.raises(AccountError, match=r"it needs authorization-details/page-0001\.json") as caught:
            read_account(place)
        assert caught.value.code == "NOT_A_COLLECTION"


DAMAGE: dict[str, tuple[str, str, str]] = {
    "a page cut off": ("authorization-details/page-0002.json", '{"UserDetailList": [', "JSON_SYNTAX_ERROR"),
    "an empty page": ("authorization-details/page-0002.json", "", "JSON_SYNTAX_ERROR"),
    "a page that is a list": ("authorization-details/page-0002.json", "[]", "NOT_AN_ACCOUNT"),
    "a page of something else": ("authorization-details/page-0002.json", "{}", "NOT_AN_ACCOUNT"),
    "a user without a name": (
        "authorization-details/page-0002.json", '{"UserDetailList": [{"Arn": "x"}]}', "MISSING_ELEMENT",
    ),
    "a manifest cut off": ("collection.json", '{"format"', "JSON_SYNTAX_ERROR"),
    "a manifest of something else": ("collection.json", "{}", "NOT_A_COLLECTION"),
    "a later manifest": ("collection.json", json.dumps(manifest(schema=2)), "UNKNOWN_SCHEMA"),
    "calls that are text": ("collection.json", json.dumps(manifest(calls="x")), "DATA_TYPE_MISMATCH"),
    "a call without a status": ("collection.json", json.dumps(manifest({"service": "iam", "operation": "x"})),
                                "MISSING_ELEMENT"),
    "another account": ("collection.json", json.dumps(manifest(account_id="444455556666")), "MIXED_ACCOUNTS"),
    "an organization cut off": ("organization.json", "{", "JSON_SYNTAX_ERROR"),
    "resource policies cut off": ("resource-policies.json", "[{", "JSON_SYNTAX_ERROR"),
    "a report of something else": ("credential-report.csv", "a,b\n1,2\n", "MISSING_COLUMN"),
    "another account's report": (
        "credential-report.csv", "user,arn\nana,arn:aws:iam::444455556666:user/ana\n", "MIXED_ACCOUNTS",
    ),
    "resources of something else": ("resources.csv", "a,b\n1,2\n", "MISSING_COLUMN"),
}  # fmt: skip


@pytest.mark.parametrize("name, text, code", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_refused_by_its_name(folder: Path, name: str, text: str, code: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(AccountError) as caught:
        read_account(folder)
    assert caught.value.code == code
    assert caught.value.source in (name, folder.name)
    if "page" in name:
        assert caught.value.source == name
        assert not caught.value.pointer.startswith("/1")


def test_one_page_twice_is_refused(folder: Path) -> None:
    pages = folder / "authorization-details"
    save(pages / "page-2.json", dump(user("ben")))
    with pytest.raises(AccountError, match="page 2 stands in"):
        read_account(folder)


def test_odd_numbers_of_pages_do_no_harm(folder: Path) -> None:
    pages = folder / "authorization-details"
    for number in ("\u0661", "9" * 200, "", "-1"):
        save(pages / f"page-{number}.json", dump(user("cleo")))
    assert lacks(read_account(folder), "authorization details") == ""
    save(pages / "page-99999999.json", dump(user("cleo")))
    found = read_account(folder)
    assert "these pages are not there: 3, 4, 5, 6, 7, …" in lacks(found, "authorization details")
    assert [p.name for p in found.principals] == ["ana", "ben", "cleo"]


# The command line -------------------------------------------------------------------------------------------------


def who_can(capsys: Any, *arguments: str) -> tuple[int, Any, str]:
    code = main(["who-can", *arguments, "s3:GetObject", f"{BUCKET}/a", "--format", "json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_who_can_reads_a_folder_and_says_what_is_missing(folder: Path, capsys: Any) -> None:
    details = DETAILS | {"status": "denied", "error": "AccessDenied"}
    save(folder / "collection.json", manifest(details))
    code, found, err = who_can(capsys, str(folder))
    assert code == 0
    assert [row["principal"] for row in found["rows"]] == ["arn:aws:iam::111122223333:user/ana"]
    assert found["coverage"]["parts"][0]["missing"][0] == "iam GetAccountAuthorizationDetails is denied: AccessDenied"
    assert found["coverage"]["not_considered"] == ["session", "endpoint"]
    assert "note: authorization details: iam GetAccountAuthorizationDetails is denied: AccessDenied" in err


def test_an_organization_that_lies_in_the_folder_is_judged_as_one_and_not_as_an_account(
    folder: Path, capsys: Any
) -> None:
    assert is_account((folder / "authorization-details" / "page-0001.json").read_bytes())
    assert not is_account((folder / "organization.json").read_bytes())
    main(["validate", str(folder)])
    told = capsys.readouterr()
    assert "organization.json" not in told.out
    assert "organization.json" not in told.err
    assert "in 4 files" in told.err  # two pages, the organization, and the policies of resources


def test_who_can_takes_an_organization_and_resource_policies(folder: Path, capsys: Any) -> None:
    save(folder / "o.json", organization(control("p-deny", document("scp")), root=(FULL, "p-deny")))
    save(folder / "dump.json", dump(user(UserPolicyList=inline(ALLOW_ALL))))
    assert who_can(capsys, str(folder / "dump.json"))[0] == 0
    code, found, _ = who_can(
        capsys, str(folder / "dump.json"), "--organization", str(folder / "o.json"),
        "--resource-policies", str(folder / "resource-policies.json"),
    )  # fmt: skip
    assert (code, found["rows"]) == (1, [])
    assert found["coverage"]["not_considered"] == ["session", "endpoint"]


def test_a_report_on_a_folder_is_one_on_its_account(folder: Path) -> None:
    subject = subject_of(str(folder))
    assert (subject.title, len(subject.policies)) == (f"account {HERE}", 1)
    assert subject.about.not_considered == ("session", "endpoint")
