"""Validation: every rule finds its case and passes the one nearly alike; AWS's own policies raise no false alarm."""

from __future__ import annotations

import copy
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraph.account.readers import example_account_path, read_account
from lexgraph.bundled import bundled_path
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_document, managed_documents, managed_names, managed_versions
from lexgraph.checks import LEFT_OUT, RULES, SEVERITIES, Finding, validate_file, validate_policy
from lexgraph.checks.actions import LEX_V1_RUNTIME, LEX_V2_RUNTIME
from lexgraph.errors import PolicyError
from lexgraph.policy.model import KINDS, Kind, Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.policy.quotas import quota
from tests.documents import bad_documents, damaged, documents, json_values, resolve
from tests.validation import FOLDER, Case, validation_cases

CASES = list(validation_cases())
FINDING = [case for case in CASES if case.pointer is not None]
PASSING = [case for case in CASES if case.pointer is None]
# About the suppression file, not about a policy: tests/test_checks_suppressions.py.
ELSEWHERE = {"SUPPRESSION_EXPIRED", "SUPPRESSION_UNUSED"}


def found(case: Case) -> tuple[Finding, ...]:
    return validate_policy(case.document, kind=case.kind, date=case.date)


def told(case: Case) -> str:
    return f"{case.code}-{case.kind}"


def codes(document: Any, **options: Any) -> list[str]:
    return [finding.code for finding in validate_policy(document, **options)]


def policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"} | statement}


# Cases ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", FINDING, ids=told)
def test_a_rule_finds_its_case_at_its_place(case):
    assert case.pointer in [finding.pointer for finding in found(case) if finding.code == case.code]


@pytest.mark.parametrize("case", PASSING, ids=told)
def test_a_rule_passes_what_is_nearly_alike(case):
    assert case.code not in [finding.code for finding in found(case)]


def test_every_rule_has_a_case_and_one_nearly_alike():
    assert {case.code for case in FINDING} == {case.code for case in PASSING} == set(RULES) - ELSEWHERE
    assert {file.stem for file in FOLDER.glob("*.json")} == set(RULES) - ELSEWHERE


@pytest.mark.parametrize("case", FINDING, ids=told)
def test_a_finding_has_the_levels_and_the_remedy_of_its_rule(case):
    for finding in found(case):
        rule = RULES[finding.code]
        assert finding.aws_level == rule.aws_level
        assert finding.remedy == rule.remedy
        assert finding.severity in SEVERITIES
        assert finding.message
        assert finding.policy == "policy"


@pytest.mark.parametrize("case", FINDING, ids=told)
def test_a_rule_says_which_kinds_of_policy_it_concerns(case):
    assert case.kind in RULES[case.code].kinds


@pytest.mark.parametrize("case", [case for case in FINDING if not isinstance(case.document, str)], ids=told)
def test_a_document_and_its_text_have_the_same_findings(case):
    text = json.dumps(case.document, indent=1)
    by_text = validate_policy(text, kind=case.kind, date=case.date)
    # Quotas that count white space count that of the text.
    places, others = ([(f.code, f.pointer) for f in fs if "SIZE" not in f.code] for fs in (by_text, found(case)))
    assert sorted(places) == sorted(others)
    assert all(finding.line is not None for finding in by_text)


@pytest.mark.parametrize("case", [case for case in FINDING if not isinstance(case.document, str)], ids=told)
def test_a_pointer_leads_to_something(case):
    for finding in found(case):
        resolve(case.document, finding.pointer)


# Real policies -------------------------------------------------------------------------------------------------------


@cache
def managed() -> dict[str, tuple[Finding, ...]]:
    return {v.name: validate_policy(v.document, name=v.name) for v in managed_documents(managed_names())}


def test_no_managed_policy_of_aws_raises_an_error():
    errors = {name: [f for f in findings if f.severity == "error"] for name, findings in managed().items()}
    assert {name: findings for name, findings in errors.items() if findings} == {}


def test_no_earlier_version_of_a_managed_policy_raises_an_error():
    drawn = random.Random(1).sample(managed_names(), 60)
    names = [*drawn, *(name for name in managed_names() if "Lex" in name), *managed_names(retired=True)]
    errors = [
        (version.name, version.version, finding.code)
        for name in names
        for version in managed_versions(name)
        for finding in validate_policy(version.document)
        if finding.severity == "error"
    ]
    assert errors == []


def test_the_policies_that_may_pass_any_role_are_those_that_aws_names_itself():
    named = {
        "AdministratorAccess",
        "IAMFullAccess",
        "AdministratorAccess-Amplify",
        "AWSServiceRoleForAmazonEKSNodegroup",
    }
    passing = {name for name, fs in managed().items() if any(f.code.startswith("PASS_ROLE") for f in fs)}
    assert named <= passing
    assert len(passing) <= 15


def test_no_rule_fires_on_many_managed_policies():
    counts: dict[str, int] = {}
    for findings in managed().values():
        for code in {finding.code for finding in findings}:
            counts[code] = counts.get(code, 0) + 1
    assert {code: count for code, count in counts.items() if count > 90} == {}


def test_the_bundled_examples_raise_no_error():
    for file in sorted(bundled_path("examples").glob("*.json")):
        if file.name != "index.json":
            assert [f for f in validate_file(file) if f.severity == "error"] == []


def test_the_bundled_account_raises_no_error():
    account = read_account(example_account_path())
    policies = [p for one in account.principals for p in (*one.inline, one.trust) if p is not None]
    policies += [one.policy for one in account.policies]
    assert [f for one in policies for f in validate_policy(one) if f.severity == "error"] == []


def test_the_printed_console_policy_lost_thirteen_values():
    findings = validate_file(bundled_path("examples", "console-printed.json"))
    assert [finding.code for finding in findings].count("EMPTY_PLACEHOLDER") == 13
    restored = validate_file(bundled_path("examples", "console-restored.json"))
    assert "EMPTY_PLACEHOLDER" not in [finding.code for finding in restored]


def test_the_key_of_the_older_guide_is_told_as_such():
    other, finding = validate_file(bundled_path("examples", "use-a-tag.json"))
    assert (other.code, finding.code) == ("LEX_V1_ONLY", "INVALID_SERVICE_CONDITION_KEY")
    assert "older guide" in finding.message
    assert "aws:ResourceTag" in finding.message


PLANTABLE = [
    case
    for case in FINDING
    if case.kind == "identity"
    and isinstance(case.document, dict)
    and isinstance(case.document.get("Statement"), list)
    and case.document.get("Version") == "2012-10-17"
    and str(case.pointer).startswith("/Statement/0")
    and len(json.dumps(case.document)) < 6_000
]


@pytest.mark.parametrize("case", PLANTABLE, ids=told)
def test_a_planted_defect_is_found_in_real_managed_policies(case):
    chance = random.Random(case.code)
    for name in chance.sample([n for n in managed_names() if n != "AWSSupportServiceRolePolicy"], 3):
        document = copy.deepcopy(managed_document(name).document)
        own = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        document["Statement"] = [*own, *case.document["Statement"]]
        pointer = str(case.pointer).replace("/Statement/0", f"/Statement/{len(own)}", 1)
        at = [finding.pointer for finding in validate_policy(document, name=name) if finding.code == case.code]
        assert pointer in at


def test_enough_defects_are_planted():
    assert len({case.code for case in PLANTABLE}) >= 90


# Severity ------------------------------------------------------------------------------------------------------------


def test_what_iam_stores_is_no_error_whatever_aws_calls_it():
    stored = "INVALID_ACTION INVALID_SERVICE INVALID_SERVICE_CONDITION_KEY INVALID_GLOBAL_CONDITION_KEY INVALID_REGION"
    for code in (*stored.split(), "INVALID_ARN_ACCOUNT", "INVALID_ARN_REGION", "MISSING_ARN_REGION"):
        assert (RULES[code].severity, RULES[code].aws_level) == ("warning", "error")


def test_what_the_reader_refuses_is_an_error_of_the_same_code_and_place():
    for kind, marked, code, pointer in bad_documents():
        findings = validate_policy(marked.replace("«", ""), kind=kind)
        at = marked.index("«")
        line, column = marked.count("\n", 0, at) + 1, at - marked.rfind("\n", 0, at)
        spots = [(f.code, f.pointer, f.line, f.column) for f in findings if f.severity == "error"]
        renamed = {"INVALID_CONDITION_OPERATOR": "NULL_WITH_IF_EXISTS"} if "NullIfExists" in marked else {}
        # The reader knows only line and column of a character; validation finds the value that holds it.
        pointer = pointer or ("/Statement/Action" if code == "INVALID_CHARACTER" else "")
        assert (renamed.get(code, code), pointer, line, column) in spots


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws",
        "arn:aws::transcripts",
        "arn:aws::::transcripts",
        "arn:aws:s3::transcripts",
        "arn:azure:s3:::transcripts",
        "arn:aws:iam::111122223333:people/ana",
    ],
)
def test_arns_that_iam_refuses_are_errors_in_the_policies_that_iam_stores(resource):
    severities = [finding.severity for finding in validate_policy(policy(Action="s3:GetObject", Resource=resource))]
    assert "error" in severities


@pytest.mark.parametrize(
    "resource", ["arn:aws:s3:us-east-1::transcripts", "arn:aws:iam:us-east-1:111122223333:user/ana"]
)
def test_a_region_where_none_belongs_is_a_warning(resource):
    found = {f.code: f.severity for f in validate_policy(policy(Action="s3:GetObject", Resource=resource))}
    assert found["ARN_REGION_NOT_ALLOWED"] == "warning"
    assert "error" not in found.values()
    statement = policy(Action="s3:GetObject", Resource=resource, Principal="*")
    assert "error" not in [finding.severity for finding in validate_policy(statement, kind="resource")]


@pytest.mark.parametrize(
    "date,error",
    [
        ("2026-12-31", False),
        ("2026-12-31t2:00:00.593194+23", False),
        ("01T", False),
        ("-292275054", False),
        ("tomorrow", True),
        ("2026-13", True),
        ("2026-12-31T02:00:00+1", True),
        ("9223372036854775808", True),
    ],
)
def test_dates_that_iam_refuses_are_errors(date, error):
    condition = {"DateLessThan": {"aws:CurrentTime": date}}
    findings = validate_policy(policy(Action="lex:GetBot", Condition=condition))
    assert ("error" in [finding.severity for finding in findings]) is error


@given(documents())
def test_a_document_that_parses_has_no_structural_error(drawn):
    kind, document = drawn
    findings = validate_policy(document, kind=kind)
    structural = {"DATA_TYPE_MISMATCH", "INVALID_POLICY_ELEMENT", "MISSING_ACTION", "INVALID_EFFECT", "INVALID_VERSION"}
    assert structural.isdisjoint(finding.code for finding in findings)


@given(damaged())
def test_a_damaged_document_has_findings_and_no_accident(drawn):
    kind, document = drawn
    findings = validate_policy(document, kind=kind)
    assert all(finding.code in RULES for finding in findings)
    try:
        parse_policy(document, kind=kind)
    except PolicyError as error:
        refused = {"error"} if error.code != "UNIQUE_SIDS_REQUIRED" else {"error", "warning"}
        assert any(finding.severity in refused for finding in findings)


@given(json_values(st.none() | st.booleans() | st.integers() | st.text(max_size=8)), st.sampled_from(KINDS))
def test_any_json_value_is_judged(value, kind):
    assert all(finding.code in RULES for finding in validate_policy(value, kind=kind))


def test_all_findings_come_at_once_and_in_the_order_of_the_document():
    text = """{"Version": "2012-10-17", "Statement": [
      {"Effect": "allow", "Action": "lex:GetBott", "Resource": "*"},
      {"Effect": "Allow", "Action": ["lex:GetBot", "lex"], "Resource": "arn:aws:lex:us-esat-1:111122223333:bot/A"},
      {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEqual": {"a:b": "c"}}}
    ]}"""
    findings = validate_policy(text)
    assert [(finding.code, finding.line) for finding in findings] == [
        ("INVALID_EFFECT", 2),
        ("INVALID_ACTION", 2),
        ("MALFORMED_ACTION", 3),
        ("INVALID_ARN_REGION", 3),
        ("PASS_ROLE_WITH_STAR_IN_RESOURCE", 4),
        ("INVALID_CONDITION_OPERATOR", 4),
    ]


def test_both_keys_that_stand_twice_are_told():
    text = '{"Version": "1", "Version": "2", "Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*"}}'
    assert codes(text) == ["DUPLICATE_KEY", "DUPLICATE_KEY"]


def test_an_unknown_action_may_be_newer_than_the_catalogue():
    (finding,) = validate_policy(policy(Action="lex:GetBott"))
    assert f"the catalogue of {catalog().date} knows no action" in finding.message
    assert finding.remedy.startswith("Correct the spelling, or keep the action if AWS has added it")


def test_the_runtime_actions_of_lex_are_of_the_generation_that_the_catalogue_says():
    generations = [{catalog().action(name).generation for name in names} for names in (LEX_V1_RUNTIME, LEX_V2_RUNTIME)]
    assert generations == [{"V1"}, {"V2"}]


def test_a_character_outside_every_value_is_told_without_a_pointer():
    (finding,) = validate_policy('{"Version": "2012-10-17"} \u043e')
    assert (finding.code, finding.pointer) == ("JSON_SYNTAX_ERROR", "")


# Options -------------------------------------------------------------------------------------------------------------


def test_checks_choose_codes_by_name_or_pattern():
    document = policy(Action="lex:GetBott", Resource="arn:aws:lexx:us-east-1:111122223333:bot/A")
    assert codes(document) == ["INVALID_ACTION", "INVALID_SERVICE"]
    assert codes(document, checks=["INVALID_ACTION"]) == ["INVALID_ACTION"]
    assert codes(document, checks=["*_SERVICE"]) == ["INVALID_SERVICE"]


def test_quotas_and_grammar_go_by_the_day():
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "lex:*", "Resource": "*"}]}
    assert codes(document, kind="scp") == []
    assert codes(document, kind="scp", date="2025-09-18") == ["SCP_SYNTAX_ERROR_ALLOW_NOTACTION"]
    assert quota("scp").characters == 10_240


def test_white_space_does_not_count_for_iam_and_counts_for_organizations():
    text = json.dumps(policy()) + " " * 20_000
    size = [code for code in codes(text) if "SIZE" in code]
    assert size == []
    assert [code for code in codes(text, kind="scp") if "SIZE" in code] == ["POLICY_SIZE_EXCEEDS_SCP_QUOTA"]


def test_a_policy_is_judged_by_its_own_kind_and_key():
    trust = parse_policy({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}, kind="trust")
    findings = validate_policy(trust, kind="identity")
    assert "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL" in [finding.code for finding in findings]
    assert isinstance(trust, Policy)
    assert {finding.policy for finding in findings} == {trust.key}


def test_a_file_is_named_in_its_findings(tmp_path: Path):
    file = tmp_path / "bots.json"
    file.write_text('{"Statement":\n {"Effect": "Allow", "Action": "lex:GetBott", "Resource": "*"}}', encoding="utf-8")
    findings = validate_file(file)
    assert {(finding.source, finding.policy) for finding in findings} == {("bots.json", "bots")}
    assert findings[-1].place == "bots.json:2:32, /Statement/Action"


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_policy_of_each_kind_has_nothing_to_find(kind: Kind):
    statement: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::transcripts/*"}
    if kind in ("resource", "endpoint"):
        statement["Principal"] = {"AWS": "arn:aws:iam::111122223333:role/bots"}
    if kind == "rcp":
        statement |= {"Effect": "Deny", "Principal": "*"}
    if kind == "trust":
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lex.amazonaws.com"}}
    assert codes({"Version": "2012-10-17", "Statement": [statement]}, kind=kind) == []


# The catalogue of rules ----------------------------------------------------------------------------------------------


def test_what_is_left_out_has_no_rule_and_a_reason():
    assert set(LEFT_OUT).isdisjoint(RULES)
    assert all(reason for reason in LEFT_OUT.values())


def test_a_remedy_is_one_sentence():
    assert [rule.id for rule in RULES.values() if not rule.remedy.endswith((".", "}"))] == []
    assert [rule.id for rule in RULES.values() if rule.title.endswith(".")] == []


# Size ----------------------------------------------------------------------------------------------------------------


def hostile(make: Any) -> str:
    """The largest document below AWS's limit that `make` makes of a number."""
    return max((text for n in range(500, 12_000, 500) if len(text := json.dumps(make(n))) <= 131_072), key=len)


def word(i: int) -> str:
    return "".join("abcdefghijklmnopqrst"[i // 20**k % 20] for k in range(4))


HOSTILE = {
    "statements": lambda n: {"Statement": [policy()["Statement"] | {"Action": f"s3:*{word(i)}*"} for i in range(n)]},
    "resources": lambda n: policy(Resource=[f"arn:aws:ec2:*:*:*{word(i)}?*" for i in range(n)]),
    "actions": lambda n: policy(Action=[f"ec2:*{word(i)}*" for i in range(n)]),
    "unknown actions": lambda n: policy(Action=[f"ec2:Describe{word(i)}" for i in range(n)]),
    "keys": lambda n: policy(Condition={"StringEquals": {f"ec2:ResourceTag/{word(i)}": "a" for i in range(n)}}),
    "variables": lambda n: policy(Resource="arn:" + "${a:b}" * n),
    "open variables": lambda n: policy(Resource="arn:aws:s3:::" + "${" * n),
    "marks": lambda n: policy(Resource=["arn:aws:s3:::" + "?*" * n, "arn:aws:s3:::" + "a?*" * n]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_largest_hostile_document_is_judged_to_its_end(name):
    assert validate_policy(hostile(HOSTILE[name]))
