"""Documents made to mislead: what the tables of tests/documents.py and tests/test_policy.py leave open."""

import copy
import csv
import io
import json
import pickle
import re
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

import lexgraph as lg
from lexgraph.account.pages import parse_account
from lexgraph.errors import AccountError, DocumentError, PolicyError
from lexgraph.evaluation.simulate import CaseReader, simulate_line
from lexgraph.policy.jsontext import load_json
from lexgraph.policy.parse import inspect_policy, parse_policy
from lexgraph.policy.write import policy_document, write_policy
from lexgraph.tables.grants import grants_table
from lexgraph.tables.policies import conditions_table, policies_table, statements_table
from tests.documents import bad_documents, same
from tests.hostile import ALL, DECEPTIVE
from tests.hostile_documents import hostile_documents

ROWS = hostile_documents()
OPEN = {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}
EARLY = "012345678901"  # an account that begins with a nought


def spot(marked):
    at = marked.index("«")
    return marked.count("\n", 0, at) + 1, at - marked.rfind("\n", 0, at)


@pytest.mark.parametrize("row", [row for row in ROWS if row[2] != "TAKEN"], ids=lambda row: f"{row[2]} {row[3]!a}")
def test_it_is_refused_with_code_pointer_and_place(row):
    kind, marked, code, pointer = row
    with pytest.raises(PolicyError) as caught:
        parse_policy(marked.replace("«", ""), kind=kind, source="bad.json")
    error = caught.value
    assert (error.code, error.pointer, (error.line, error.column)) == (code, pointer, spot(marked))
    assert not DECEPTIVE.search(str(error))
    assert len(str(error)) < 600


@pytest.mark.parametrize("row", [row for row in ROWS if row[2] == "TAKEN"], ids=lambda row: f"{row[0]} {row[1]!a}")
def test_what_iam_would_store_is_taken_as_it_is_written(row):
    kind, text, _, _ = row
    policy = parse_policy(text, kind=kind)
    assert same(load_json(write_policy(policy)), load_json(text))
    assert parse_policy(write_policy(policy), kind=kind) == policy


def test_there_are_enough_bad_documents_for_every_element_and_kind():
    both = [*bad_documents(), *(row for row in ROWS if row[2] != "TAKEN")]
    assert len(ROWS) >= 150
    assert len(both) >= 230
    assert len({text for _, text, _, _ in (*bad_documents(), *ROWS)}) >= len(both)
    kinds = "identity resource trust scp rcp session boundary".split()
    assert {kind for kind, *_ in both} == set(kinds)
    for element in "Version Id Statement Sid Effect Principal Action NotAction Resource NotResource Condition".split():
        found = [row for row in both if row[3].split("/")[1:] and element in row[3].split("/")]
        assert len(found) >= 3, element


def test_the_page_on_hostile_input_counts_right():
    page = (Path(__file__).parents[1] / "docs" / "hostile-input.md").read_text(encoding="utf-8")
    numbers = [int(row.split("|")[2].replace(",", "")) for row in page.splitlines() if re.search(r"\| [\d,]+ \|", row)]
    taken = sum(row[2] == "TAKEN" for row in ROWS)
    assert numbers[:2] == [len(bad_documents()) + len(ROWS) - taken, taken]
    assert len(set(ALL)) in numbers


def test_a_key_given_twice_is_told_with_both_places():
    text = '{"Statement": {"Effect": "Deny",\n  "Effect": "Allow", "Action": "*", "Resource": "*"}}'
    with pytest.raises(PolicyError, match=r'"Effect" stands twice in one object, first at 1:16;.*line 2, column 3'):
        parse_policy(text)


# Depth ---


def deep(depth, value="x"):
    for _ in range(depth):
        value = [value]
    return value


def test_a_nested_account_or_case_is_refused_and_not_overflown():
    for depth, code in ((50_000, "TOO_DEEP"), (200, "DATA_TYPE_MISMATCH")):
        with pytest.raises(AccountError) as caught:
            parse_account('{"UserDetailList": ' + "[" * depth + "]" * depth + "}")
        assert caught.value.code == code
    for line in ("[" * 100_000, '{"id": 1, "request": ' + '{"a":' * 5_000 + "1" + "}" * 5_001):
        answer, _ = simulate_line(line, 3, CaseReader())
        assert answer["error"]["code"] == "TOO_DEEP"
        assert answer["line"] == 3


def test_a_policy_as_deep_as_may_be_survives_every_walk():
    document = {"Statement": {**OPEN, "Condition": {"StringEquals": {"a:b": deep(57)}}}}
    policy, problems = inspect_policy(json.dumps(document))
    assert policy is None
    assert [problem.code for problem in problems] == ["DATA_TYPE_MISMATCH"]
    policy = parse_policy({"Statement": [OPEN] * 2_000})
    for walked in (copy.deepcopy(policy), pickle.loads(pickle.dumps(policy))):  # noqa: S301 - our own bytes
        assert walked == policy
    assert len(repr(policy)) > 2_000


# Numbers ---


@pytest.mark.parametrize("spelt", ["1e999", "-1e999", "1e400"])
def test_a_number_beyond_every_float_reaches_no_file_as_infinity(spelt, tmp_path):
    text = (
        '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NumericEquals": {"a:b": ?}}}}'
    )
    policy = parse_policy(text.replace("?", spelt))
    for table in (policies_table, statements_table, grants_table, conditions_table):
        for ending in ("csv", "json", "parquet", "xlsx"):
            lg.export(table([policy]), tmp_path / f"{table.__name__}.{ending}")
    for path in tmp_path.glob("*.json"):
        json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} in a file"))
    values = pd.read_parquet(tmp_path / "conditions_table.parquet")["value"]
    assert list(values.astype(str)) == [spelt]


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused_in_accounts_and_cases_too(name):
    with pytest.raises(AccountError, match=f"{name} is not JSON"):
        parse_account('{"UserDetailList": [], "x": ' + name + "}")
    answer, _ = simulate_line('{"id": ' + name + "}", 1, CaseReader())
    assert answer["error"]["code"] == "JSON_SYNTAX_ERROR"


def test_a_number_of_five_thousand_digits_is_refused_wherever_it_stands():
    digits = "9" * 5_000
    with pytest.raises(PolicyError):
        parse_policy('{"Version": ' + digits + ', "Statement": []}')
    answer, _ = simulate_line('{"id": ' + digits + ', "request": ' + digits + "}", 1, CaseReader())
    assert "error" in answer
    json.dumps(answer).encode("ascii")


# Text ---


@pytest.mark.parametrize("spelt", ["\\ud800", "\\udfff", "\\ud83d\\u0041"])
def test_half_a_character_is_refused_before_any_table_meets_it(spelt):
    text = json.dumps({"UserDetailList": [{"UserName": "a?", "Arn": "arn:aws:iam::111122223333:user/a"}]})
    for broken in (text.replace("a?", f"a{spelt}"), text.replace('"UserName"', f'"{spelt}": 1, "UserName"')):
        with pytest.raises(AccountError) as caught:
            parse_account(broken)
        assert caught.value.code == "INVALID_CHARACTER"


def test_names_that_look_alike_are_never_one():
    names = ["admin", "\u0430dmin", "ad\u200bmin", "ad\u00admin", "\u202eadmin", "ADMIN"]
    policies = lg.PolicySet([parse_policy({"Statement": OPEN}, name=name) for name in names])
    assert list(policies.policies["name"]) == names
    assert policies.grants["policy"].nunique() == len(names)
    graph = policies.graph()
    found = [node for node, kind in graph.nodes(data="kind") if kind == "policy"]
    assert len(found) == len(names)
    shown = {lg.plot.access_levels(policies).get_yticklabels()[at].get_text() for at in range(len(names))}
    assert len(shown) == len(names)
    assert not any(DECEPTIVE.search(text) for text in shown)


def test_an_arn_with_a_letter_from_another_script_matches_only_itself():
    policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::\\u0430"}}')
    stack = lg.PolicyStack((policy,))

    def outcome(resource):
        return lg.authorize(
            stack, lg.Request("arn:aws:iam::111122223333:user/a", "s3:GetBucketTagging", resource)
        ).outcome

    assert (outcome("arn:aws:s3:::a"), outcome("arn:aws:s3:::\u0430")) == ("implicitDeny", "allowed")


def test_the_name_of_a_file_is_shown_without_its_tricks():
    with pytest.raises(PolicyError) as caught:
        parse_policy("{", source="a\x1b[31m\u202eb.json")
    assert not DECEPTIVE.search(str(caught.value))


# Account ids ---


def test_an_account_id_stays_twelve_characters_in_every_file(tmp_path):
    users = [
        {"UserName": name, "Arn": f"arn:aws:iam::{EARLY}:user/{name}", "UserId": "AIDAEXAMPLE", "Path": "/"}
        for name in ("ana", EARLY)
    ]
    account = lg.Account(parse_account({"UserDetailList": users}))
    assert account.snapshot.account_id == EARLY
    table = account.principals.assign(account=pd.array([EARLY] * 2, dtype="str"))
    row = list(table.columns).index("account"), list(table.columns).index("name")
    for ending in ("csv", "json", "parquet", "xlsx"):
        lg.export(table, tmp_path / f"x.{ending}")
    cells = list(csv.reader(io.StringIO((tmp_path / "x.csv").read_text())))[1:]
    book = list(openpyxl.load_workbook(tmp_path / "x.xlsx")["table"].iter_rows(min_row=2))
    listed = json.loads((tmp_path / "x.json").read_text())
    assert {str(pq.read_schema(tmp_path / "x.parquet").field(name).type) for name in ("account", "name")} <= {
        "string", "large_string",
    }  # fmt: skip
    read = pd.read_parquet(tmp_path / "x.parquet")
    for at, which in enumerate(sorted(account.principals["principal"])):
        assert cells[at][row[0]] == EARLY
        assert (book[at][row[0]].value, book[at][row[0]].data_type) == (EARLY, "s")
        assert listed[at]["account"] == read["account"].iloc[at] == EARLY
        assert which.split(":")[4] == EARLY
    assert {cell[row[1]] for cell in cells} == {"ana", EARLY}


def test_an_account_id_that_is_a_number_is_refused():
    for principal in ('"AWS": 012345678901', '"AWS": 12345678901', '"AWS": 123456789012'):
        text = '{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {' + principal + "}}}"
        with pytest.raises(PolicyError):
            parse_policy(text, kind="trust")
    line = {"request": {"principal": "*", "action": "s3:GetObject", "resource": "*", "resource_account": 123456789012}}
    answer, _ = simulate_line(json.dumps(line), 1, CaseReader())
    assert answer["error"]["code"] == "MALFORMED_ACCOUNT"


# Size ---


@contextmanager
def counted_calls():
    """Count the calls of functions, a measure of work that no busy machine disturbs."""
    calls = [0]

    def count(frame, event, argument):
        if event in ("call", "c_call"):
            calls[0] += 1

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def calls_for(work):
    work()  # what is cached once is cached now
    with counted_calls() as calls:
        work()
    return calls[0]


def policy_of(statements, **more):
    return json.dumps({"Statement": [{**OPEN, **more}] * statements}, separators=(",", ":"))


def bad_policy_of(statements):
    return json.dumps({"Statement": [{"effect": "x", "Action": [], "Condition": None}] * statements})


@pytest.mark.parametrize(
    "made",
    [
        lambda n: policy_of(n),
        lambda n: policy_of(n, Condition={"Bool": {"a:b": "true"}}),
        lambda n: bad_policy_of(n),
        lambda n: json.dumps({"Statement": [{"Sid": f"s{i}"} for i in range(n)]}),
        lambda n: json.dumps({"Statement": {f"k{i}": 1 for i in range(n)}}),
        lambda n: '{"Id": "' + "\\u0430" * n + '", "Statement": []}',
        lambda n: '{"Statement": [' + '"\\ud800",' * n + "1]}",
        lambda n: '{"Statement": ' + '{"Statement": ' * 60 + "1" + "}" * 61 + "," * n,
    ],
    ids=["good", "conditions", "bad", "sids", "unknown keys", "escapes", "surrogates", "commas"],
)
def test_reading_takes_work_in_proportion_to_the_size(made):
    small, large = (calls_for(partial(inspect_policy, made(n))) for n in (200, 800))
    assert large <= 5 * small + 2_000


def test_an_account_of_many_unreadable_policies_is_read_in_linear_work():
    def text(n):
        inline = [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "allow"}}}]
        users = [
            {"UserName": f"u{i}", "Arn": f"arn:aws:iam::111122223333:user/u{i}", "UserPolicyList": inline}
            for i in range(n)
        ]
        return json.dumps({"UserDetailList": users}, indent=1)

    small, large = (calls_for(partial(parse_account, text(n))) for n in (50, 200))
    assert large <= 5 * small
    assert len(parse_account(text(50)).unreadable) == 50


@pytest.mark.parametrize("kind", ["identity", "resource", "scp"])
def test_the_largest_document_of_many_statements_is_read_in_linear_work(kind):
    most = 131_072 // (len(policy_of(2)) - len(policy_of(1)) + 1)
    text = policy_of(most)
    assert 120_000 < len(text) <= 131_072
    large, small = (calls_for(partial(parse_policy, each, kind=kind)) for each in (text, policy_of(most // 8)))
    assert large <= 9 * small
    policy = parse_policy(text, kind=kind)
    assert len(policy.statements) == most
    assert calls_for(lambda: write_policy(policy)) <= 200 * most
    assert calls_for(lambda: policy_document(policy)) <= 200 * most


def test_an_object_of_many_keys_in_another_case_is_compared_in_linear_work():
    def twins(n):
        keys = ",".join(f'"a:{i}":"x","A:{i}":"x"' for i in range(n))
        return (
            '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{' + keys + "}}}}"
        )

    small, large = (calls_for(partial(inspect_policy, twins(n))) for n in (200, 800))
    assert large <= 5 * small


def test_a_document_that_is_too_long_is_not_even_looked_into():
    text = '{"Statement": [' + "{}," * 1_000_000 + "{}]}"
    assert calls_for(lambda: inspect_policy(text)) < 100
    with pytest.raises(DocumentError, match="3,000,019 characters"):
        parse_policy(text)
