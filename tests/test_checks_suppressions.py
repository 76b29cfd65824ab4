"""Suppressions: who hides a finding says why and until when, and is told when it is over."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from lexgraph.checks import Finding, Suppressions, parse_suppressions, read_suppressions, validate_policy
from lexgraph.errors import DocumentError

TODAY = datetime.date(2026, 10, 1)
ROLE = "arn:aws:iam::111122223333:role/bots"


def one(**fields: Any) -> dict[str, Any]:
    return {"finding": "PASS_ROLE_*", "reason": "the build role needs it", "expires": "2026-12-31"} | fields


def suppressions(*items: dict[str, Any]) -> Suppressions:
    return parse_suppressions(json.dumps({"suppressions": list(items)}), source="accepted.json")


def findings(name: str = f"{ROLE}/deploy", source: str | None = "deploy.json") -> tuple[Finding, ...]:
    statement = {"Effect": "Allow", "Action": ["iam:PassRole", "lex:GetBott"], "Resource": "*"}
    return validate_policy({"Version": "2012-10-17", "Statement": statement}, name=name, source=source)


def left(*items: dict[str, Any], today: datetime.date = TODAY, **options: Any) -> list[str]:
    return [finding.code for finding in suppressions(*items).apply(findings(**options), today=today)]


def test_a_suppression_hides_the_findings_that_its_pattern_names():
    assert left() == ["PASS_ROLE_WITH_STAR_IN_RESOURCE", "INVALID_ACTION"]
    assert left(one()) == ["INVALID_ACTION"]


@pytest.mark.parametrize(
    "field,fits,fails",
    [
        ("policy", "*/deploy", "*/build"),
        ("principal", "*:role/bots", "*:role/bot"),
        ("source", "deploy.*", "build.*"),
    ],
)
def test_policy_principal_and_source_narrow_a_suppression(field, fits, fails):
    assert left(one(**{field: fits})) == ["INVALID_ACTION"]
    assert left(one(**{field: fails})) == ["PASS_ROLE_WITH_STAR_IN_RESOURCE", "INVALID_ACTION", "SUPPRESSION_UNUSED"]


def test_an_expired_suppression_hides_nothing_and_is_told():
    item = one(expires="2026-09-30")
    assert left(item) == ["PASS_ROLE_WITH_STAR_IN_RESOURCE", "INVALID_ACTION", "SUPPRESSION_EXPIRED"]
    assert left(item, today=datetime.date(2026, 9, 30)) == ["INVALID_ACTION"]


def test_an_unused_suppression_is_told_with_its_place():
    *_, told = suppressions(one(), one(finding="MISSING_VERSION")).apply(findings(), today=TODAY)
    assert (told.code, told.severity, told.pointer) == ("SUPPRESSION_UNUSED", "warning", "/suppressions/1")
    assert told.source == "accepted.json"
    assert told.aws_level is None


def test_what_is_told_of_a_json_file_has_its_line_and_column_in_it(tmp_path: Path):
    expired, unused = json.dumps(one(expires="2026-09-30")), json.dumps(one(finding="X*"))
    text = f'{{"suppressions": [\n  {expired},\n    {unused}]}}'
    file = tmp_path / "accepted.json"
    file.write_text(f"\ufeff{text}", encoding="utf-8")
    *_, first, second = read_suppressions(file).apply(findings(), today=TODAY)
    assert (first.code, first.line, first.column) == ("SUPPRESSION_EXPIRED", 2, 3)
    assert (second.code, second.line, second.column) == ("SUPPRESSION_UNUSED", 3, 5)


def test_what_is_told_of_a_toml_file_has_no_line(tmp_path: Path):
    file = tmp_path / "accepted.toml"
    file.write_text('[[suppressions]]\nfinding = "X*"\nreason = "old"\nexpires = 2026-12-31\n', encoding="utf-8")
    *_, told = read_suppressions(file).apply(findings(), today=TODAY)
    assert (told.code, told.line, told.column) == ("SUPPRESSION_UNUSED", None, None)


def test_of_two_equal_suppressions_both_count_as_used():
    assert left(one(), one()) == ["INVALID_ACTION"]


def test_a_toml_file_says_the_same_as_a_json_file(tmp_path: Path):
    toml = tmp_path / "accepted.toml"
    toml.write_text(
        '[[suppressions]]\nfinding = "PASS_ROLE_*"\nreason = "the build role needs it"\nexpires = 2026-12-31\n',
        encoding="utf-8",
    )
    file = tmp_path / "accepted.json"
    file.write_text(json.dumps({"suppressions": [one()]}), encoding="utf-8")
    assert read_suppressions(toml).items == read_suppressions(file).items


@pytest.mark.parametrize(
    "value,told",
    [
        ([], "one list"),
        ({"suppressions": [], "suppression": []}, "one list"),
        ({"suppressions": ["PASS_ROLE_*"]}, "must be an object"),
        ({"suppressions": [one(polcy="*")]}, "no field"),
        ({"suppressions": [{"finding": "*", "expires": "2026-12-31"}]}, "needs reason"),
        ({"suppressions": [{"finding": "*", "reason": "because"}]}, "needs expires"),
        ({"suppressions": [one(reason=" ")]}, "says something"),
        ({"suppressions": [one(expires="soon")]}, "must be a date"),
        ({"suppressions": [one(expires=20261231)]}, "must be a date"),
        ({"suppressions": [one(policy=["*"])]}, "must be a text"),
    ],
)
def test_a_file_that_says_too_little_or_too_much_is_refused(value, told):
    with pytest.raises(DocumentError, match=told) as caught:
        parse_suppressions(json.dumps(value))
    assert caught.value.code == "SUPPRESSION_SYNTAX"


def test_a_broken_file_is_named(tmp_path: Path):
    file = tmp_path / "accepted.toml"
    file.write_text("[[suppressions]\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"not TOML.*accepted\.toml"):
        read_suppressions(file)
