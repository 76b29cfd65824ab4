"""Documents: strict reading, exact places, and the way back to equal JSON."""

from __future__ import annotations

import copy
import gzip
import json
import random
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.bundled import bundled_path
from lexgraph.catalog.managed import managed_document, managed_names
from lexgraph.errors import DocumentError, LexgraphError, PolicyError
from lexgraph.policy.grammar import OPERATOR_NAMES, read_operator
from lexgraph.policy.jsontext import find_places, load_json, locate, locator, refuse_non_json
from lexgraph.policy.model import KINDS, Kind, PatternSet, Policy
from lexgraph.policy.parse import inspect_policy, parse_policy, read_policy
from lexgraph.policy.write import policy_document, statement_document, write_policy
from tests.documents import (
    FINITE,
    JSON_VALUES,
    bad_documents,
    damaged,
    documents,
    json_values,
    numbers_in,
    places_in,
    resolve,
    resolve_path,
    same,
)

Json = Any
ALLOW = {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}

# Laws ----------------------------------------------------------------------------------------------------------------


@given(documents())
def test_a_parsed_document_writes_back_to_equal_json(drawn: tuple[Kind, Json]) -> None:
    kind, document = drawn
    text = json.dumps(document, indent=1)
    policy = parse_policy(text, kind=kind)
    assert same(policy_document(policy), json.loads(text))
    for indent in (None, 0, 2):
        assert same(json.loads(write_policy(policy, indent=indent)), json.loads(text))


@given(documents())
def test_parsing_what_was_written_gives_the_same_policy(drawn: tuple[Kind, Json]) -> None:
    kind, document = drawn
    policy = parse_policy(json.dumps(document), kind=kind)
    again = parse_policy(write_policy(policy), kind=kind)
    assert again == policy
    assert write_policy(again) == write_policy(policy)


@given(documents())
def test_numbers_are_written_as_they_were_spelt(drawn: tuple[Kind, Json]) -> None:
    kind, document = drawn
    text = json.dumps(document)
    written = load_json(write_policy(parse_policy(text, kind=kind)))
    assert sorted(numbers_in(written)) == sorted(numbers_in(load_json(text)))


@given(documents())
def test_a_document_and_its_text_are_the_same_policy(drawn: tuple[Kind, Json]) -> None:
    kind, document = drawn
    policy = parse_policy(document, kind=kind)
    assert (
        policy
        == parse_policy(json.dumps(document), kind=kind)
        == parse_policy(json.dumps(document).encode(), kind=kind)
    )
    assert hash(policy) == hash(parse_policy(document, kind=kind))


@given(documents())
def test_every_statement_writes_back_by_itself(drawn: tuple[Kind, Json]) -> None:
    kind, document = drawn
    found = document["Statement"]
    policy = parse_policy(document, kind=kind)
    for statement, wanted in zip(policy.statements, found if isinstance(found, list) else [found], strict=True):
        assert same(statement_document(statement), wanted)


@given(JSON_VALUES, st.sampled_from(KINDS))
def test_no_json_value_at_all_breaks_the_parser(value: Json, kind: Kind) -> None:
    for document in (value, json.dumps(value), json.dumps(value, ensure_ascii=False)):
        policy, problems = inspect_policy(document, kind=kind)
        assert (policy is None) == bool(problems)
        assert all(isinstance(problem, PolicyError) for problem in problems)


@settings(max_examples=300)
@given(damaged())
def test_every_problem_of_a_damaged_document_has_a_code_and_a_place(drawn: tuple[Kind, Json]) -> None:
    kind, document = drawn
    text = json.dumps(document)
    policy, problems = inspect_policy(text, kind=kind)
    assert (policy is None) == bool(problems)
    for problem in problems:
        assert problem.code.isupper()
        assert problem.message
        if problem.code not in ("JSON_SYNTAX_ERROR", "DUPLICATE_KEY"):
            resolve(document, problem.pointer)
        assert problem.line == 1
        assert 1 <= (problem.column or 0) <= len(text)
        str(problem).encode("utf-8")
    if not isinstance(document, str) and not any(problem.code in REFUSED_TEXT for problem in problems):
        _, plain = inspect_policy(load_json(text), kind=kind)
        assert {(p.code, p.pointer) for p in plain} == {(p.code, p.pointer) for p in problems}


REFUSED_TEXT = ("JSON_SYNTAX_ERROR", "DUPLICATE_KEY", "INVALID_CHARACTER", "TOO_DEEP")


@given(st.binary(max_size=60))
def test_no_bytes_at_all_break_the_parser(data: bytes) -> None:
    policy, problems = inspect_policy(data)
    assert policy is None
    assert len(problems) >= 1


@given(documents(), st.data())
def test_no_cut_or_garbled_text_breaks_the_parser(drawn: tuple[Kind, Json], data: st.DataObject) -> None:
    kind, document = drawn
    text = json.dumps(document)
    at = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.sampled_from(["", '"', "{", "]", "\\", "NaN", ",", "\x00", "\ud800", "//", "1e999", "-"]))
    for broken in (text[:at], text[:at] + junk + text[at:], text[:at] + junk + text[at + 1 :]):
        policy, problems = inspect_policy(broken, kind=kind)
        assert (policy is None) == bool(problems)


@given(documents(), st.data())
def test_a_key_given_twice_is_never_lost(drawn: tuple[Kind, Json], data: st.DataObject) -> None:
    """P1: whichever element is repeated, and wherever, the document is refused at its second place."""
    kind, document = drawn
    objects = [path for path in places_in(document) if isinstance(resolve_path(document, path), dict)]
    path = data.draw(st.sampled_from([path for path in objects if resolve_path(document, path)]))
    key = data.draw(st.sampled_from(sorted(resolve_path(document, path))))
    marked = copy.deepcopy(document)
    resolve_path(marked, path)["\x01"] = 0
    text = json.dumps(marked).replace('"\\u0001": 0', f"{json.dumps(key)}: 0")
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, kind=kind)
    assert caught.value.code == "DUPLICATE_KEY"
    assert text[(caught.value.column or 0) - 1 :].startswith(f"{json.dumps(key)}: 0")
    resolve(document, caught.value.pointer)


@given(json_values(FINITE))
def test_places_are_where_the_values_and_keys_stand(value: Json) -> None:
    text = json.dumps(value, indent=1)
    places = find_places(text)
    for path in places_in(value):
        pointer = "".join(f"/{part}" if isinstance(part, int) else "/" + escaped(part) for part in path)
        inner = resolve_path(value, path)
        at = places.values[pointer]
        if isinstance(inner, str | bool | int | None):
            assert text.startswith(json.dumps(inner), at)
        if path and isinstance(path[-1], str):
            assert text.startswith(json.dumps(path[-1]), places.keys[pointer])
    assert places.depth == max((len(path) for path in places_in(value)), default=0) + is_container_leaf(value)


def escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def is_container_leaf(value: Json) -> int:
    """One more where the deepest value is an empty object or list: it opens a level of its own."""
    paths = places_in(value)
    deepest = max(map(len, paths))
    return int(any(len(path) == deepest and isinstance(resolve_path(value, path), dict | list) for path in paths))


@given(st.text("a\n\r\u2028é", max_size=30), st.data())
def test_lines_and_columns_count_from_one(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    lines = text[:offset].split("\n")
    assert locate(text, offset) == locator(text)(offset) == (len(lines), len(lines[-1]) + 1)


# The managed policies, which AWS itself wrote ------------------------------------------------------------------------


def test_three_hundred_managed_policies_write_back_to_equal_json() -> None:
    names = random.Random(20261027).sample(managed_names(), 300)
    for name in names:
        document = managed_document(name).document
        policy = parse_policy(document)
        plain = json.loads(json.dumps(document))
        assert same(policy_document(policy), plain), name
        assert same(json.loads(write_policy(policy)), plain), name
        assert parse_policy(write_policy(policy)) == policy, name


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(bundled_path("examples").glob("*.json")) if path.name != "index.json"],
    ids=lambda path: path.stem,
)
def test_the_examples_write_back_to_equal_json(path: Path) -> None:
    policy = read_policy(path)
    assert policy.name == path.stem
    assert same(policy_document(policy), json.loads(path.read_text(encoding="utf-8")))


# Bad documents --------------------------------------------------------------------------------------------------------

BAD = bad_documents()


@pytest.mark.parametrize("row", BAD, ids=lambda row: f"{row[2]} {row[3]}")
def test_a_bad_document_is_refused_with_code_pointer_line_and_column(row: tuple[Kind, str, str, str]) -> None:
    kind, marked, code, pointer = row
    at = marked.index("«")
    text = marked.replace("«", "")
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, kind=kind, source="bad.json")
    error = caught.value
    assert (error.code, error.pointer, error.source) == (code, pointer, "bad.json")
    assert (error.line, error.column) == (marked.count("\n", 0, at) + 1, at - marked.rfind("\n", 0, at))
    assert f"bad.json:{error.line}:{error.column}" in str(error)


@pytest.mark.parametrize(
    "row", [row for row in BAD if row[2] not in REFUSED_TEXT], ids=lambda row: f"{row[2]} {row[3]}"
)
def test_a_bad_document_that_is_already_parsed_is_refused_alike_without_a_line(row: tuple[Kind, str, str, str]) -> None:
    kind, marked, code, pointer = row
    value = load_json(marked.replace("«", ""))
    if isinstance(value, str):
        value = [value]  # a string would be taken for the document's text
    with pytest.raises(PolicyError) as caught:
        parse_policy(value, kind=kind)
    assert (caught.value.code, caught.value.pointer, caught.value.line) == (code, pointer, None)


def test_the_table_of_bad_documents_is_long_enough() -> None:
    assert len(BAD) >= 90
    assert len({(row[2], row[0]) for row in BAD}) >= 30


def test_all_problems_are_told_in_the_order_of_the_document() -> None:
    text = '{"Version": "1",\n "Statement": [{"Effect": "allow",\n  "Action": [],\n  "Resource": "x", "Extra": 1}]}'
    policy, problems = inspect_policy(text)
    assert policy is None
    assert [(p.code, p.line) for p in problems] == [
        ("INVALID_VERSION", 1),
        ("INVALID_EFFECT", 2),
        ("EMPTY_ARRAY_ACTION", 3),
        ("INVALID_ARN_PREFIX", 4),
        ("INVALID_POLICY_ELEMENT", 4),
    ]
    with pytest.raises(PolicyError, match=r"and 4 more") as caught:
        parse_policy(text)
    assert [other.code for other in caught.value.others] == [problem.code for problem in problems[1:]]


def test_a_message_says_what_was_found_and_what_was_expected() -> None:
    text = '{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}'
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, source="bad.json")
    assert str(caught.value) == 'Effect must be "Allow" or "Deny", not "allow" (bad.json:1:26, /Statement/Effect)'


@pytest.mark.parametrize("element", ["effect", "CONDITION", "Actions"])
def test_a_misspelt_element_is_answered_with_the_spelling_that_aws_knows(element: str) -> None:
    policy, problems = inspect_policy({"Statement": {**ALLOW, element: {}}})
    assert policy is None
    close = {"effect": "Effect is written so", "CONDITION": "Condition is written so"}
    assert close.get(element, "known: Sid, Effect") in problems[0].message


# Hostile input (the rows of "Parsing") -------------------------------------------------------------------------------


@pytest.mark.parametrize("bracket, close", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [65, 200, 900, 1_000, 3_000, 20_000])
def test_nesting_without_end_is_refused_before_anything_overflows(bracket: str, close: str, depth: int) -> None:
    for text in (bracket * depth, bracket * depth + "1" + close * depth):
        with pytest.raises(PolicyError) as caught:
            parse_policy(text)
        assert caught.value.code == "TOO_DEEP"
        assert (caught.value.line, caught.value.column) == (1, 64 * len(bracket) + 1)


def test_a_hundred_thousand_brackets_are_refused() -> None:
    for text in ("[" * 100_000, "[" * 100_000 + "]" * 100_000):
        with pytest.raises(DocumentError) as caught:
            load_json(text)
        assert caught.value.code == "TOO_DEEP"
        with pytest.raises(PolicyError) as refused:
            parse_policy(text)
        assert refused.value.code in ("TOO_DEEP", "TOO_LARGE")


def test_a_python_value_nested_without_end_is_refused() -> None:
    value: Json = []
    value.append(value)
    deep: Json = "x"
    for _ in range(5_000):
        deep = [deep]
    for document in ({"Statement": value}, {"Statement": deep}, {"Id": deep, "Statement": ALLOW}):
        with pytest.raises(PolicyError) as caught:
            parse_policy(document)
        assert caught.value.code == "TOO_DEEP"


def test_a_document_larger_than_any_that_aws_takes_is_refused() -> None:
    text = json.dumps({"Statement": ALLOW})
    assert parse_policy(text + " " * (131_072 - len(text))).statements
    with pytest.raises(PolicyError, match="131,073 characters") as caught:
        parse_policy(text + " " * (131_073 - len(text)))
    assert caught.value.code == "TOO_LARGE"


def test_the_largest_document_is_read_in_one_go_with_all_its_problems() -> None:
    text = '{"Statement":[' + ",".join(["{}"] * 43_000) + "]}"
    _, problems = inspect_policy(text)
    assert len(problems) == 3 * 43_000
    assert problems[-1].column == len(text) - 3


@pytest.mark.parametrize(
    "data, words",
    [
        (gzip.compress(b"{}"), "gzip"),
        (json.dumps({"Statement": ALLOW}).encode("utf-16"), "UTF-16"),
        (json.dumps({"Statement": ALLOW}).encode("utf-16-le"), "UTF-16"),
        (json.dumps({"Statement": ALLOW}).encode("utf-16-be"), "UTF-16"),
        (b"\xff\xfe\x00\x00{\x00\x00\x00", "UTF-16"),
        (b"%PDF-1.7", "PDF"),
        ('{"Id": "é"}'.encode("latin-1"), "byte 8"),
        (b"%7B%22Statement%22%3A%5B%5D%7D", "URL-encoded"),
        (b" %7b%22Statement%22%3A%5B%5D%7D", "URL-encoded"),
        (b"%257B%2522Statement%2522", "URL-encoded"),
    ],
)
def test_what_is_no_json_text_is_called_by_its_name(data: bytes, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as caught:
        parse_policy(data)
    assert caught.value.code == "INVALID_ENCODING"


def test_a_zip_archive_is_called_by_its_name() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("policy.json", "{}")
    with pytest.raises(PolicyError, match="zip archive"):
        parse_policy(file.getvalue())


def test_a_document_encoded_twice_says_so() -> None:
    with pytest.raises(PolicyError, match="it holds JSON text once more"):
        parse_policy(json.dumps(json.dumps({"Statement": ALLOW})))


def test_a_byte_order_mark_is_passed_over() -> None:
    text = json.dumps({"Statement": ALLOW})
    plain = parse_policy(text)
    assert parse_policy("\ufeff" + text) == parse_policy(b"\xef\xbb\xbf" + text.encode()) == plain


@pytest.mark.parametrize(
    "value, code",
    [
        (float("nan"), "DATA_TYPE_MISMATCH"),
        (float("-inf"), "DATA_TYPE_MISMATCH"),
        (10**1000, "NUMBER_TOO_LONG"),
        (-(10**5000), "NUMBER_TOO_LONG"),
        ("\ud800", "INVALID_CHARACTER"),
        (b"x", "DATA_TYPE_MISMATCH"),
        ({"x"}, "DATA_TYPE_MISMATCH"),
        (object(), "DATA_TYPE_MISMATCH"),
    ],
    ids=["nan", "-inf", "digits", "more digits", "surrogate", "bytes", "set", "object"],
)
def test_a_python_value_that_json_does_not_know_is_refused(value: Json, code: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy({"Statement": {**ALLOW, "Condition": {"NumericEquals": {"a:b": value}}}})
    assert (caught.value.code, caught.value.pointer) == (code, "/Statement/Condition/NumericEquals/a:b")


@pytest.mark.parametrize(
    "document", [{1: 2}, {"Statement": {**ALLOW, None: 1}}, {"Statement": {**ALLOW, "Condition": {1: {}}}}]
)
def test_a_name_that_is_no_string_is_refused(document: Json) -> None:
    with pytest.raises(PolicyError, match="must be a string"):
        parse_policy(document)


def test_a_number_beyond_every_float_keeps_its_spelling() -> None:
    text = '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", '
    text += '"Condition": {"NumericEquals": {"a:b": 1e999}}}}'
    assert "1e999" in write_policy(parse_policy(text))


def test_a_nul_in_a_sid_is_kept_where_aws_takes_any_sid() -> None:
    text = '{"Statement": {"Sid": "a\\u0000b", "Effect": "Deny", "Action": "*", "Resource": "*"}}'
    policy = parse_policy(text, kind="resource")
    assert policy.statements[0].sid == "a\x00b"
    assert same(policy_document(policy), json.loads(text))
    with pytest.raises(PolicyError, match=r"not \"a\\x00b\""):
        parse_policy(text)


def test_a_letter_written_as_an_escape_is_taken_and_kept() -> None:
    text = '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::\\u0430"}}'
    assert parse_policy(text).statements[0].resources == PatternSet(("arn:aws:s3:::\u0430",))


def test_a_pair_of_surrogates_is_one_character() -> None:
    text = '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::\\ud83d\\ude00"}}'
    assert parse_policy(text).statements[0].resources == PatternSet(("arn:aws:s3:::\U0001f600",))


@pytest.mark.parametrize(
    "spelt, value", [("1", 1), ("1.0", 1.0), ("-0", 0), ("1e2", 100.0), ("true", True), ('"1"', "1")]
)
def test_one_and_one_point_zero_and_true_and_a_string_are_four_values(spelt: str, value: Json) -> None:
    text = (
        '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": '
        + spelt
        + "}}}}"
    )
    policy = parse_policy(text)
    assert same(policy_document(policy), json.loads(text))
    assert same(policy_document(policy)["Statement"]["Condition"]["Bool"]["a:b"], value)
    assert f'"a:b": {spelt}' in write_policy(policy, indent=None)


# Examples ------------------------------------------------------------------------------------------------------------


def test_a_lone_statement_and_a_list_of_one_are_the_same_policy_and_write_back_apart() -> None:
    lone, listed = parse_policy({"Statement": ALLOW}), parse_policy({"Statement": [ALLOW]})
    assert lone == listed
    assert (policy_document(lone)["Statement"], policy_document(listed)["Statement"]) == (ALLOW, [ALLOW])


def test_a_policy_knows_whether_its_variables_live_and_what_tables_call_it() -> None:
    assert parse_policy({"Version": "2012-10-17", "Statement": ALLOW}).has_variables
    for document in ({"Statement": ALLOW}, {"Version": "2008-10-17", "Statement": ALLOW}):
        assert not parse_policy(document).has_variables
    assert parse_policy({"Statement": ALLOW}, name="mine").key == "mine"
    assert (
        parse_policy({"Statement": ALLOW}, name="mine", arn="arn:aws:iam::1:policy/p").key == "arn:aws:iam::1:policy/p"
    )


def test_the_order_of_the_elements_does_not_matter() -> None:
    backwards = dict(reversed(list(ALLOW.items())))
    assert parse_policy({"Statement": backwards, "Version": "2012-10-17"}) == parse_policy(
        {"Version": "2012-10-17", "Statement": ALLOW}
    )


def test_a_resource_policy_may_hold_sids_with_spaces_and_leave_out_principal_and_resource() -> None:
    document = {"Statement": {"Sid": "a b-c", "Effect": "Deny", "Action": "s3:*"}}
    statement = parse_policy(document, kind="resource").statements[0]
    assert (statement.principals, statement.resources, statement.sid) == (None, None, "a b-c")


def test_an_empty_condition_in_any_form_is_kept() -> None:
    for block in ({}, {"Bool": {}}, {"Bool": {"a:b": []}}, {"Bool": {}, "Null": {"a:b": "true"}}):
        document = {"Statement": [{**ALLOW, "Condition": block}]}
        assert same(policy_document(parse_policy(document)), document)


@pytest.mark.parametrize("name", OPERATOR_NAMES)
def test_operators_are_known_in_any_case_with_qualifier_and_suffix(name: str) -> None:
    for front in ("", "forAnyvalue:", "FORALLVALUES:"):
        found = read_operator(f"{front}{name.upper()}")
        assert found is not None
        assert found.base == name
        assert (found.qualifier or "").lower() == front.lower().rstrip(":")
        suffixed = read_operator(f"{front}{name}ifexists")
        assert (suffixed is None) if name == "Null" else (suffixed is not None and suffixed.if_exists)


@pytest.mark.parametrize(
    "name", ["", ":", ":Bool", "Bool:", "ForAnyValue:", "ForAnyValue:ForAnyValue:Bool", "IfExists"]
)
def test_nothing_else_is_an_operator(name: str) -> None:
    assert read_operator(name) is None


def test_a_file_is_read_under_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "desk.json"
    file.write_text(json.dumps({"Statement": ALLOW}), encoding="utf-8")
    assert read_policy(file).name == "desk"
    assert read_policy(file, name="other", kind="boundary").kind == "boundary"
    file.write_bytes(b'{"Statement": [}')
    with pytest.raises(PolicyError, match=r"desk\.json:1:16"):
        read_policy(file)


def test_values_that_no_json_could_say_are_found_wherever_they_stand() -> None:
    refuse_non_json({"a": [1, 1.5, "x", None, True, {"b": ()}]})
    with pytest.raises(DocumentError) as caught:
        refuse_non_json({"a": [{"b~/": float("inf")}]})
    assert caught.value.pointer == "/a/0/b~0~1"


def test_a_policy_is_a_frozen_value() -> None:
    policy = parse_policy({"Statement": ALLOW})
    with pytest.raises(AttributeError):
        policy.name = "other"  # type: ignore[misc] # that it is refused is the point
    assert isinstance(policy, Policy)
    assert {policy: 1}[parse_policy({"Statement": [ALLOW]})] == 1


def test_a_kind_that_is_none_is_refused_by_name():
    with pytest.raises(LexgraphError, match="identity, resource, trust"):
        parse_policy('{"Statement": []}', kind="user")
