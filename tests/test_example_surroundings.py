"""The example account with its organization, its resources' policies and its credential report."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lexgraph.access.decide import decide
from lexgraph.account.model import Snapshot
from lexgraph.account.readers import read_account
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.parse import parse_policy

ACCOUNTS = Path(__file__).parents[1] / "data" / "accounts"
LEX = "arn:aws:lex:us-east-1:111122223333:"
TRANSCRIPT = "arn:aws:s3:::support-transcripts-111122223333/2026/11/contact-0001.json"
AROUND = (
    ("oleg", "lex:DeleteBot", LEX + "bot/SUPPORT001", {"aws:ResourceTag/Stage": "Production"}, "explicitDeny"),
    ("oleg", "lex:DeleteBot", LEX + "bot/BILLING001", {"aws:ResourceTag/Stage": "Test"}, "allowed"),
    ("priya", "s3:ListAllMyBuckets", "*", {"aws:RequestedRegion": "us-west-2"}, "explicitDeny"),
    ("ines", "lex:RecognizeText", LEX + "bot-alias/BILLING001/PRODALIAS1", {}, "allowed"),
    ("ines", "lex:RecognizeText", LEX + "bot-alias/SUPPORT001/TSTALIASID", {}, "implicitDeny"),
    ("partner-quality-review", "s3:GetObject", TRANSCRIPT, {"aws:SecureTransport": "true"}, "allowed"),
    ("partner-quality-review", "s3:GetObject", TRANSCRIPT, {"aws:SecureTransport": "false"}, "explicitDeny"),
)


def around() -> Snapshot:
    names = {
        "organization": "organization.json",
        "resource_policies": "resource-policies.json",
        "credential_report": "credential-report.csv",
    }
    parts: dict[str, Any] = {part: ACCOUNTS / f"support-center.{name}" for part, name in names.items()}
    return read_account(ACCOUNTS / "support-center.json", **parts)


@pytest.mark.parametrize("who, action, resource, context, expected", AROUND)
def test_the_organization_and_the_resource_policies_change_what_the_account_may(
    who: str, action: str, resource: str, context: dict[str, str], expected: str
) -> None:
    given = Context({"aws:RequestedRegion": "us-east-1", **context}, complete=True)
    assert decide(around(), who, action, resource, context=given).outcome == expected


def test_the_partner_is_kept_out_by_the_organization() -> None:
    found = around()
    survey = "arn:aws:iam::444455556666:role/survey"
    own = parse_policy({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    (levels, policy) = found.stack_for("ines", "s3:GetObject", TRANSCRIPT).rcps, found.resource_policy(TRANSCRIPT)
    values = {"aws:PrincipalOrgID": "o-partnerorgid", "aws:SecureTransport": "true"}
    request = Request(survey, "s3:GetObject", TRANSCRIPT, Context(values, complete=True), "111122223333")
    stack = PolicyStack(identity=(own,), resource=policy)
    assert authorize(stack, request).outcome == "allowed"
    assert authorize(replace(stack, rcps=levels), request).outcome == "explicitDeny"


def test_what_stands_around_the_account_is_read_without_a_gap_and_only_when_asked_for() -> None:
    found = around()
    assert all(one.missing == () for one in found.coverage)
    assert (found.unreadable, found.notes) == ((), ())
    without = {row.user for row in found.credentials if row.mfa_active is False and row.password_enabled}
    assert without == {"=cmd", "kofi", "ines", "oleg", "omar", "yuki"}
    alone = read_account(ACCOUNTS / "support-center.json")
    assert (alone.organization, alone.resource_policies, alone.credentials) == (None, (), ())
    assert len(found.credentials) == 18


def test_around_the_account_too_only_documentation_accounts_appear() -> None:
    texts = [path.read_text(encoding="utf-8") for path in ACCOUNTS.glob("support-center.*.*")]
    assert len(texts) == 4
    known = {"111122223333", "444455556666", "123456789012", "777788889999"}
    assert {one for text in texts for one in re.findall(r"\b\d{12}\b", text)} <= known
