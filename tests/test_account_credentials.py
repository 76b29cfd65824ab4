"""The credential report: what it tells becomes values, what it does not tell becomes None."""

from __future__ import annotations

import pytest

from lexgraph.account.credentials import Credential, parse_credential_report, read_credential_report
from lexgraph.account.pages import parse_account
from lexgraph.account.parts import with_parts
from lexgraph.errors import AccountError
from lexgraph.tables import SCHEMAS, credentials_table
from tests.test_account import dump, user

COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,"
    "mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,"
    "access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
ROOT = (
    "<root_account>,arn:aws:iam::111122223333:root,2019-02-03T04:05:06+00:00,not_supported,2026-01-02T03:04:05+00:00,"
    "not_supported,not_supported,TRUE,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)
ANA = (
    "ana,arn:aws:iam::111122223333:user/ana,2020-02-03T04:05:06+00:00,true,no_information,2026-01-02T03:04:05+00:00,"
    "N/A,false,true,2025-06-01T00:00:00+00:00,2026-11-01T10:00:00+00:00,us-east-1,lex,false,N/A,N/A,N/A,N/A,false,"
    "N/A,false,N/A"
)


def text(*rows: str, columns: str = COLUMNS) -> str:
    return "\n".join((columns, *rows, ""))


def test_a_report_is_read_whole() -> None:
    report = parse_credential_report(text(ROOT, ANA))
    root, ana = report.credentials
    assert (root.user, root.mfa_active, root.password_enabled) == ("<root_account>", True, None)
    assert (ana.access_key_1_active, ana.access_key_1_last_used_service, ana.password_last_used) == (True, "lex", None)
    assert (ana.access_key_2_active, ana.access_key_2_last_rotated, ana.cert_1_active) == (False, None, False)
    assert report.unknown_columns == ()
    assert ",".join(Credential.__dataclass_fields__) == COLUMNS


def test_windows_line_ends_and_a_mark_in_front_are_understood() -> None:
    assert (
        parse_credential_report(b"\xef\xbb\xbf" + text(ANA).replace("\n", "\r\n").encode()).credentials[0].user == "ana"
    )


def test_columns_that_are_not_known_are_left_out_and_told() -> None:
    report = parse_credential_report("user,arn,=new\nana,arn:aws:iam::111122223333:user/ana,x\n")
    assert report.unknown_columns == ("=new",)
    found = with_parts(parse_account(dump(user())), report=report)
    assert found.coverage[1].missing == ('columns that are not known and were left out: "=new"',)


def test_the_table_of_a_report_keeps_its_schema() -> None:
    found = with_parts(parse_account(dump(user())), report=parse_credential_report(text(ROOT, ANA)))
    table = credentials_table(found)
    SCHEMAS["credentials"].check(table)
    assert table["password_enabled"].isna().tolist() == [True, False]


BAD = {
    "nothing": ("", "MISSING_COLUMN"),
    "JSON": ('{"Content": "dXNlcg=="}', "MISSING_COLUMN"),
    "no ARN": ("user,mfa_active\nana,true\n", "MISSING_COLUMN"),
    "an ARN that is none": ("user,arn\nana,ana\n", "MALFORMED_ARN"),
    "neither true nor false": ("user,arn,mfa_active\nana,arn:aws:iam::111122223333:user/ana,yes\n", "INVALID_VALUE"),
    "a cell too many": ("user,arn\nana,arn:aws:iam::111122223333:user/ana,true\n", "INVALID_CSV"),
    "a cell too few": ("user,arn\nana\n", "INVALID_CSV"),
    "an open quote": ('user,arn\n"ana,arn', "INVALID_CSV"),
    "a huge cell": (f"user,arn\n{'a' * 200_000},arn:aws:iam::111122223333:user/ana\n", "INVALID_CSV"),
    "a column twice": ("user,arn,user\nana,arn:aws:iam::111122223333:user/ana,b\n", "REPEATED_COLUMN"),
    "a user twice": (
        "user,arn\nana,arn:aws:iam::111122223333:user/ana\nben,arn:aws:iam::111122223333:user/ana\n",
        "CONTRADICTORY_ROWS",
    ),
}  # fmt: skip


@pytest.mark.parametrize("report, code", BAD.values(), ids=BAD.keys())
def test_a_file_that_is_no_report_is_refused(report: str, code: str) -> None:
    with pytest.raises(AccountError) as caught:
        parse_credential_report(report, source="report.csv")
    assert (caught.value.code, caught.value.source) == (code, "report.csv")


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_refused(tmp_path) -> None:
    with pytest.raises(AccountError, match="gzip"):
        parse_credential_report(b"\x1f\x8b\x08")
    with pytest.raises(AccountError, match="cannot read"):
        read_credential_report(tmp_path / "none.csv")
