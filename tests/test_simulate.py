"""Cases of ``lexgraph simulate``: fields, answers, errors, and one bad case among good ones."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.conditions.context import Context
from lexgraph.errors import CaseError, PolicyError, RequestError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import OUTCOMES
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.simulate import FIELDS, KEPT, CaseReader, simulate_lines
from tests import reference
from tests.documents import JSON_VALUES, places_in, resolve_path
from tests.random_cases import random_case

Json = Any
ANA = "arn:aws:iam::111122223333:user/ana"
BOT = "arn:aws:lex:us-east-1:111122223333:bot:Orders:prod"
ALLOW = {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}
ALL = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
REQUEST = {"principal": ANA, "action": "lex:PostText", "resource": BOT}
CASE = {"id": "c", "request": REQUEST, "identity_policies": [ALL]}


def answers(*cases: Json) -> list[Json]:
    """The answers to cases, each an object or already a line."""
    lines = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    return [answer for answer, _ in simulate_lines(lines)]


def answer(case: Json) -> Json:
    (found,) = answers(case)
    return found


def asked(**fields: Json) -> Json:
    """The plain case with other fields in its request."""
    return {**CASE, "request": {**REQUEST, **fields}}


# Laws ----------------------------------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(st.data())
def test_no_json_at_all_in_a_case_breaks_it_or_its_neighbours(data: st.DataObject) -> None:
    """Something at random in a good case is replaced, or another field is added; the next case is not touched."""
    case = copy.deepcopy(random_case(random.Random(data.draw(st.integers(0, 2_000)))))
    path = data.draw(st.sampled_from(places_in(case)[1:]))
    value = data.draw(JSON_VALUES)
    owner = resolve_path(case, path[:-1])
    if data.draw(st.booleans()) and isinstance(owner, dict):
        owner[data.draw(st.text(st.characters(), max_size=6))] = value
    else:
        owner[path[-1]] = value
    first, second = answers(case, CASE)
    assert second["decision"] == "allowed"
    assert ("decision" in first) != ("error" in first)
    assert json.loads(json.dumps(first)) == first or "NaN" in json.dumps(first)
    if "error" in first:
        assert set(first["error"]) == {"code", "pointer", "message"}
        assert first["error"]["code"].isupper()
        assert first["error"]["pointer"] == "" or first["error"]["pointer"].startswith("/")
        first["error"]["message"].encode("utf-8")
    else:
        assert first["decision"] in OUTCOMES


@given(st.lists(st.one_of(st.text(st.characters(), max_size=30), JSON_VALUES.map(json.dumps)), max_size=5))
def test_no_line_at_all_stops_the_rest(lines: list[str]) -> None:
    lines = [line.replace("\n", " ") for line in lines]
    found = answers(*lines, CASE)
    assert len(found) == sum(bool(line.strip()) for line in lines) + 1
    assert all(one["id"] is None and "error" in one for one in found[:-1])
    assert found[-1]["decision"] == "allowed"


@given(st.lists(st.sampled_from(["good", "bad", "no JSON", "blank"]), max_size=12))
def test_answers_come_in_the_order_of_the_cases(kinds: list[str]) -> None:
    texts = {"bad": {"request": None}, "good": CASE}
    lines = [
        "" if kind == "blank" else "{" if kind == "no JSON" else json.dumps({**texts[kind], "id": i})
        for i, kind in enumerate(kinds)
    ]
    found = answers(*lines)
    wanted = [(i, kind) for i, kind in enumerate(kinds) if kind != "blank"]
    assert [one["id"] for one in found] == [None if kind == "no JSON" else i for i, kind in wanted]
    assert [one.get("line") for one in found] == [i + 1 if kind == "no JSON" else None for i, kind in wanted]
    assert ["decision" in one for one in found] == [kind == "good" for _, kind in wanted]


def test_random_cases_are_answered_as_they_are_decided() -> None:
    rng = random.Random(41)
    cases = [random_case(rng) for _ in range(400)]
    reader = CaseReader()
    for case, found in zip(cases, answers(*cases), strict=True):
        one = reader.read(case)
        decision = authorize(one.stack, one.request)
        assert found["id"] == case["id"]
        assert found["decision"] == decision.outcome
        assert found["matched"] == [match.to_dict() for match in decision.matched]
        assert found["denied_by"] == (decision.denied_by.to_dict() if decision.denied_by else None)
        assert (found["condition"], found["missing_keys"]) == (decision.condition, list(decision.missing_keys))
        assert list(found) == ["id", "decision", "matched", "denied_by", "condition", "missing_keys"]


def test_stacks_that_are_kept_or_forgotten_give_the_same_answers() -> None:
    rng = random.Random(42)
    cases = [random_case(rng) for _ in range(KEPT + 60)]
    together = answers(*cases, *cases)
    assert together[: len(cases)] == together[len(cases) :]
    assert together[:40] == [answer(case) for case in cases[:40]]


# Fields --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case, pointer",
    [
        ({**CASE, "permission_boundary": ALL}, "/permission_boundary"),
        ({**CASE, "Request": REQUEST}, "/Request"),
        ({**CASE, "a/b~c": 1}, "/a~1b~0c"),
        (asked(Context={}), "/request/Context"),
        (asked(resourceAccount="111122223333"), "/request/resourceAccount"),
        ({**CASE, "settings": {"s3_restrict_public_bucket": True}}, "/settings/s3_restrict_public_bucket"),
    ],
)
def test_an_unknown_field_is_an_error(case: Json, pointer: str) -> None:
    found = answer(case)
    assert (found["id"], found["error"]["code"], found["error"]["pointer"]) == ("c", "UNKNOWN_FIELD", pointer)
    assert "known: " in found["error"]["message"]


@pytest.mark.parametrize(
    "case, code, pointer",
    [
        ([], "DATA_TYPE_MISMATCH", ""),
        (None, "DATA_TYPE_MISMATCH", ""),
        ({}, "DATA_TYPE_MISMATCH", "/request"),
        ({"request": []}, "DATA_TYPE_MISMATCH", "/request"),
        ({"request": {}}, "MISSING_FIELD", "/request"),
        ({"request": {"principal": ANA, "action": "a:b"}}, "MISSING_FIELD", "/request"),
        (asked(action=None), "DATA_TYPE_MISMATCH", "/request/action"),
        (asked(resource=[BOT]), "DATA_TYPE_MISMATCH", "/request/resource"),
        (asked(principal=None), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(principal=[ANA]), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(principal=7), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(principal={}), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(principal={"Service": "a", "AWS": "b"}), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(principal={"Service": 7}), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(action=7), "DATA_TYPE_MISMATCH", "/request/action"),
        (asked(principal={"CanonicalUser": "a"}), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(principal="ana"), "MALFORMED_PRINCIPAL", "/request/principal"),
        (asked(action="lex"), "MALFORMED_ACTION", "/request/action"),
        (asked(action="lex:Get*"), "MALFORMED_ACTION", "/request/action"),
        (asked(resource="bot"), "MALFORMED_ARN", "/request/resource"),
        (asked(resource_account=111122223333), "MALFORMED_ACCOUNT", "/request/resource_account"),
        (asked(resource_account="11112222333"), "MALFORMED_ACCOUNT", "/request/resource_account"),
        (asked(resource_account="１２３４５６７８９０１２"), "MALFORMED_ACCOUNT", "/request/resource_account"),
        (asked(context=[]), "DATA_TYPE_MISMATCH", "/request/context"),
        (asked(context="x"), "DATA_TYPE_MISMATCH", "/request/context"),
        (asked(context={"a:b/c": {}}), "INVALID_CONTEXT_VALUE", "/request/context/a:b~1c"),
        (asked(context={"a:b": [[1]]}), "INVALID_CONTEXT_VALUE", "/request/context/a:b"),
        (asked(context={"a:b": 1, "A:B": 2}), "DUPLICATE_CONTEXT_KEY", "/request/context/A:B"),
        (asked(context={"": 1}), "MALFORMED_CONTEXT_KEY", "/request"),
        ({**CASE, "complete_context": "yes"}, "DATA_TYPE_MISMATCH", "/complete_context"),
        ({**CASE, "complete_context": 1}, "DATA_TYPE_MISMATCH", "/complete_context"),
        ({**CASE, "expected": "Allow"}, "INVALID_EXPECTED", "/expected"),
        ({**CASE, "expected": ["allowed"]}, "INVALID_EXPECTED", "/expected"),
        ({**CASE, "settings": []}, "DATA_TYPE_MISMATCH", "/settings"),
        (
            {**CASE, "settings": {"s3_restrict_public_buckets": "true"}},
            "DATA_TYPE_MISMATCH",
            "/settings/s3_restrict_public_buckets",
        ),
        ({**CASE, "identity_policies": ALL}, "DATA_TYPE_MISMATCH", "/identity_policies"),
        ({**CASE, "identity_policies": [[ALL]]}, "DATA_TYPE_MISMATCH", "/identity_policies/0"),
        ({**CASE, "identity_policies": [ALL, 7]}, "DATA_TYPE_MISMATCH", "/identity_policies/1"),
        ({**CASE, "session_policies": "x"}, "DATA_TYPE_MISMATCH", "/session_policies"),
        ({**CASE, "service_control_policies": [ALL]}, "DATA_TYPE_MISMATCH", "/service_control_policies"),
        ({**CASE, "service_control_policies": {}}, "DATA_TYPE_MISMATCH", "/service_control_policies"),
        ({**CASE, "resource_control_policies": [[7]]}, "DATA_TYPE_MISMATCH", "/resource_control_policies/0/0"),
        ({**CASE, "permissions_boundary": [ALL]}, "DATA_TYPE_MISMATCH", "/permissions_boundary"),
        ({**CASE, "resource_policy": True}, "DATA_TYPE_MISMATCH", "/resource_policy"),
        # within a document
        ({**CASE, "identity_policies": [ALL, {}]}, "MISSING_STATEMENT", "/identity_policies/1"),
        (
            {**CASE, "permissions_boundary": {"Statement": {**ALLOW, "Effect": "allow"}}},
            "INVALID_EFFECT",
            "/permissions_boundary/Statement/Effect",
        ),
        (
            {**CASE, "service_control_policies": [[], [ALL, {"Statement": [{**ALLOW, "Principal": "*"}]}]]},
            "UNSUPPORTED_PRINCIPAL",
            "/service_control_policies/1/1/Statement/0/Principal",
        ),
        ({**CASE, "resource_policy": '{"Statement": ['}, "JSON_SYNTAX_ERROR", "/resource_policy"),
        (
            {**CASE, "resource_policy": '{"Statement": {"Effect": "Deny", "Effect": "Allow"}}'},
            "DUPLICATE_KEY",
            "/resource_policy/Statement/Effect",
        ),
        (
            {**CASE, "vpc_endpoint_policies": [json.dumps(json.dumps(ALL))]},
            "DATA_TYPE_MISMATCH",
            "/vpc_endpoint_policies/0",
        ),
    ],
)
def test_a_case_in_another_form_is_an_error_with_code_and_place(case: Json, code: str, pointer: str) -> None:
    found = answer(case)
    assert (found["error"]["code"], found["error"]["pointer"]) == (code, pointer)
    assert found["error"]["message"]
    has_id = isinstance(case, dict) and "id" in case
    assert found["id"] == ("c" if has_id else None)
    assert found.get("line") == (None if has_id else 1)


def test_a_trust_policy_is_read_as_one_where_a_role_is_assumed() -> None:
    role = "arn:aws:iam::111122223333:role/desk"
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": ANA}, "Action": "sts:AssumeRole"}}
    case = {
        "id": "t",
        "request": {"principal": ANA, "action": "STS:assumeRole", "resource": role},
        "resource_policy": trust,
    }
    assert answer(case)["decision"] == "allowed"
    with_resource = {"Statement": {**trust["Statement"], "Resource": "*"}}
    assert (
        answer({**case, "resource_policy": with_resource})["error"]["code"] == "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"
    )
    # The same document with another action is a resource policy, although its stack was just kept.
    read = {**case, "resource_policy": with_resource, "request": {**case["request"], "action": "sts:TagSession"}}
    first, second = answers({**case, "resource_policy": with_resource}, read)
    assert ("error" in first, second["decision"]) == (True, "implicitDeny")


@pytest.mark.parametrize("nothing", [None, []])
@pytest.mark.parametrize("field", [name for name in FIELDS if name.endswith(("policies", "boundary", "policy"))])
def test_a_field_that_is_null_or_empty_is_a_layer_that_does_not_apply(field: str, nothing: Json) -> None:
    case = {**CASE, field: nothing}
    plain = {name: value for name, value in CASE.items() if name != field}
    assert answer(case) == answer(plain)
    assert answer(case)["decision"] == ("implicitDeny" if field == "identity_policies" else "allowed")


def test_an_empty_level_of_service_control_policies_denies_and_of_resource_control_policies_allows() -> None:
    denied = answer({**CASE, "service_control_policies": [[ALL], []]})
    assert denied["decision"] == "implicitDeny"
    assert denied["denied_by"] == {"layer": "scp", "policy": None, "statement": None, "sid": None}
    s3 = {**asked(action="s3:GetObject", resource="arn:aws:s3:::b/k"), "resource_control_policies": [[], []]}
    assert answer(s3)["decision"] == "allowed"


def test_a_document_may_be_an_object_or_its_json_text() -> None:
    text = json.dumps({"Statement": [{"Sid": "S", **ALLOW}]})
    found = answer({**CASE, "identity_policies": [text, ALL], "permissions_boundary": text})
    assert found["decision"] == "allowed"
    assert found["matched"] == [
        {"layer": "identity", "policy": 0, "statement": 0, "sid": "S"},
        {"layer": "identity", "policy": 1, "statement": 0, "sid": None},
        {"layer": "boundary", "policy": 0, "statement": 0, "sid": "S"},
    ]


def test_a_context_is_complete_unless_it_is_said_not_to_be() -> None:
    policy = {"Statement": {**ALLOW, "Condition": {"StringEquals": {"lex:ResourceTag/Department": "Support"}}}}
    case = {**CASE, "identity_policies": [policy]}
    assert answer(case)["decision"] == answer({**case, "complete_context": None})["decision"] == "implicitDeny"
    found = answer({**case, "complete_context": False})
    assert (found["decision"], found["missing_keys"]) == ("conditional", ["lex:ResourceTag/Department"])
    assert found["condition"] == 'if lex:ResourceTag/Department is "Support"'
    assert (found["denied_by"], len(found["matched"])) == (None, 1)


def test_the_expected_outcome_is_handed_on() -> None:
    lines = [json.dumps({**CASE, **more}) for more in ({"expected": "explicitDeny"}, {"expected": None}, {}, {"x": 1})]
    assert [expected for _, expected in simulate_lines(lines)] == ["explicitDeny", None, None, None]


def test_principals_come_in_all_their_forms() -> None:
    policy = {"Statement": {**ALLOW, "Principal": {"Service": "lex.amazonaws.com", "Federated": "www.amazon.com"}}}
    outcomes = [
        answer({**asked(principal=who), "resource_policy": policy})["decision"]
        for who in (
            {"Service": "lex.amazonaws.com"},
            {"Federated": "www.amazon.com"},
            {"Service": "x"},
            "*",
            {"AWS": "*"},
        )
    ]
    assert outcomes == ["allowed", "allowed", "implicitDeny", "implicitDeny", "implicitDeny"]


# Lines ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line, code",
    [
        ("{", "JSON_SYNTAX_ERROR"),
        ("nonsense", "JSON_SYNTAX_ERROR"),
        ('{"id": 1}}', "JSON_SYNTAX_ERROR"),
        ('{"id": NaN}', "JSON_SYNTAX_ERROR"),
        ('{"id": 1, "id": 2}', "DUPLICATE_KEY"),
        ('{"id": "\\ud800"}', "INVALID_CHARACTER"),
        ("[" * 100_000, "TOO_DEEP"),
        ("[" * 3_000 + "]" * 3_000, "TOO_DEEP"),
    ],
    ids=range(8),
)
def test_a_line_that_is_no_json_answers_with_its_number(line: str, code: str) -> None:
    first, second, third = answers(CASE, line, CASE)
    assert (second["id"], second["line"], second["error"]["code"]) == (None, 2, code)
    assert first["decision"] == third["decision"] == "allowed"


def test_blank_lines_are_passed_over_but_counted() -> None:
    found = answers("", "   ", "{", "\t", CASE)
    assert [(one["id"], one.get("line")) for one in found] == [(None, 3), ("c", None)]


@pytest.mark.parametrize("depth", [70, 500, 900, 980])
@pytest.mark.parametrize("field", ["identity_policies", "request", "expected", "id", "settings"])
def test_a_case_that_is_nested_deep_is_one_error(depth: int, field: str) -> None:
    deep = "[" * depth + "]" * depth
    line = json.dumps({**CASE, field: "HERE"}).replace('"HERE"', deep)
    inner = json.dumps(asked(context={"a:b": "HERE"})).replace('"HERE"', deep)
    for found in (answers(line, CASE), answers(inner, CASE)):
        assert "error" in found[0]
        assert json.dumps(found[0])
        assert found[1]["decision"] == "allowed"


@pytest.mark.parametrize(
    "spelt, told",
    [
        ('"x"', "x"),
        ("7", 7),
        ("1.50", 1.5),
        ("true", True),
        ("null", None),
        ("-0", 0),
        ("1e999", "1e999"),
        ("9" * 5_000, "9" * 5_000),
    ],
    ids=range(8),
)
def test_an_id_comes_back_as_it_was(spelt: str, told: Json) -> None:
    line = json.dumps(CASE).replace('"c"', spelt)
    found = answer(line)
    assert (found["id"], found["decision"]) == (told, "allowed")
    json.loads(json.dumps(found, allow_nan=False))
    wrong = answer(line.replace('"request"', '"Request"'))
    assert wrong["id"] == told
    assert wrong.get("line") == (1 if told is None else None)


@pytest.mark.parametrize("identifier", [{}, [], ["a"], {"a": 1}])
def test_an_id_that_is_no_simple_value_is_an_error(identifier: Json) -> None:
    found = answer({**CASE, "id": identifier})
    assert (found["id"], found["line"], found["error"]["pointer"]) == (None, 1, "/id")


def test_a_number_and_a_string_are_not_taken_for_each_other_when_stacks_are_kept() -> None:
    """The second document is the first one with a number for a string, which no Sid can be."""
    text, number = ({**CASE, "identity_policies": [{"Statement": {**ALLOW, "Sid": sid}}]} for sid in ("7", 7))
    first, second, third = answers(text, number, text)
    assert (first["decision"], second["error"]["code"], third["decision"]) == (
        "allowed",
        "DATA_TYPE_MISMATCH",
        "allowed",
    )


def test_context_numbers_keep_their_spelling() -> None:
    policy = {"Statement": {**ALLOW, "Condition": {"StringEquals": {"a:b": "1.0"}}}}
    for spelt, outcome in (("1.0", "allowed"), ('"1.0"', "allowed"), ("1", "implicitDeny"), ("[1.0]", "allowed")):
        line = json.dumps({**asked(context={"a:b": "HERE"}), "identity_policies": [policy]}).replace('"HERE"', spelt)
        assert answer(line)["decision"] == outcome


# The reader ----------------------------------------------------------------------------------------------------------


def test_a_reader_raises_what_a_line_would_answer() -> None:
    reader = CaseReader()
    with pytest.raises(CaseError):
        reader.read({"request": REQUEST, "x": 1})
    with pytest.raises(PolicyError):
        reader.read({**CASE, "identity_policies": [{}]})
    with pytest.raises(RequestError):
        reader.read(asked(principal=()))
    case = reader.read(asked(context={"a:b": 1}))
    assert case.request == Request(ANA, "lex:PostText", BOT, Context({"a:b": 1}, complete=True))
    assert reader.read(CASE).stack is reader.read(asked(resource="*")).stack


def test_the_reference_agrees_on_the_plain_case() -> None:
    assert reference.decide(CASE) == answer(CASE)["decision"] == "allowed"
