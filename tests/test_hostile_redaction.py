"""Exports that can be shown around: no id, external id or address is left in any file, and rows still join."""

import csv
import io
import json
import re
import zipfile

import matplotlib.pyplot as plt
import networkx as nx
import pandas as pd
import pyarrow.parquet as pq
import pytest

import lexgraph as lg
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path
from lexgraph.cli import main
from lexgraph.exports.provenance import Provenance
from lexgraph.exports.redaction import Redactor
from lexgraph.policy.parse import parse_policy
from lexgraph.tables.policies import conditions_table

ACCOUNT, PARTNER, THIRD = "111122223333", "222233334444", "999988887777"
SECRETS = (
    "Zephyr-<7731>",
    "second partner's id",
    "203.0.113.0",
    "2001:db8:7::",
    "AROAEXAMPLE7731ABCDEF",
    "AKIAEXAMPLE77310000",
)
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LEAKS = re.compile(
    "|".join(
        (
            ACCOUNT,
            PARTNER,
            THIRD,
            "Zephyr",
            "second partner",
            r"203\.0\.113",
            "2001:db8:7",
            "AKIA",
            "ASIA",
            CANONICAL[:20],
        )
    )
    + r"|A[A-Z]{3}EXAMPLE\w+"
)


def dump():
    """The example account, and in it ids of every kind wherever they may stand."""
    found = json.loads(example_account_path().read_text(encoding="utf-8"))
    condition = {
        "StringEquals": {"sts:ExternalId": [SECRETS[0], SECRETS[1]]},
        "StringLike": {"aws:userid": f"{SECRETS[4]}:*"},
        "IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8:7::/48", "0.0.0.0/0"]},
    }
    principals = {"AWS": [PARTNER, f"arn:aws:iam::{THIRD}:role/partner", SECRETS[4]]}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principals, "Condition": condition}
    found["RoleDetailList"][0]["AssumeRolePolicyDocument"] = {"Version": "2012-10-17", "Statement": [trust]}
    resources = [f"arn:aws:lex:us-east-1:{ACCOUNT}:bot/{SECRETS[5]}", f"arn:aws:s3:::logs-{PARTNER}-eu/*", "*"]
    grant = {"Effect": "Allow", "Action": "lex:*", "Resource": resources, "Condition": condition}
    document = {"Version": "2012-10-17", "Id": CANONICAL, "Statement": [grant]}
    found["UserDetailList"][0]["UserPolicyList"] = [{"PolicyName": f"of-{THIRD}", "PolicyDocument": document}]
    broken = {"Statement": {"Effect": f"allow {PARTNER}"}}
    found["UserDetailList"][1]["UserPolicyList"] += [{"PolicyName": "broken", "PolicyDocument": broken}]
    return found


@pytest.fixture(scope="module")
def snapshot():
    return parse_account(dump(), source=f"{ACCOUNT}.json")


@pytest.fixture(scope="module")
def report(snapshot, tmp_path_factory):
    return lg.write_report(snapshot, tmp_path_factory.mktemp("redacted") / "report", redact=True).parent


def texts_in(path):
    """Everything that can be read in a file."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name).decode("utf-8") for name in archive.namelist()]
    if path.suffix == ".parquet":
        return [pq.read_table(path).to_pandas().to_csv(), str(pq.read_schema(path).metadata)]
    return [path.read_bytes().decode("utf-8", "replace")]


def leaks(folder):
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            # AWS's own actions and patterns name nobody.
            found |= {(path.name, hit.group()) for text in texts_in(path) for hit in LEAKS.finditer(text)}
            found |= {(path.name, "name") for _ in LEAKS.finditer(path.name)}
    return found


def test_the_unredacted_report_would_leak_all_of_them(snapshot, tmp_path):
    lg.export(conditions_table(snapshot), tmp_path / "x.csv")
    lg.export(lg.Account(snapshot).statements, tmp_path / "y.csv")
    assert {leak for _, leak in leaks(tmp_path)} >= {ACCOUNT, "Zephyr", "second partner", "203.0.113", "2001:db8:7"}


def test_no_id_is_left_in_any_file_of_a_redacted_report(report):
    assert len(list(report.rglob("*"))) > 30
    tables = {path.stem for path in (report / "tables").glob("*.csv")}
    assert {"coverage", "shared_access", "assume", "become_administrator", "escalation"} <= tables
    assert (report / "charts" / "escalation.svg").is_file()
    assert leaks(report) == set()


def test_a_redacted_report_says_so_and_withholds_hashes(report):
    about = json.loads((report / "about.json").read_text())
    assert about["inputs"] == [{"name": "000000000001.json", "sha256": None}]
    assert "placeholders" in about["redacted"]
    page = (report / "index.html").read_text()
    assert "sha256 withheld" in page
    assert not re.search(r"\b[0-9a-f]{64}\b", page)


def test_the_answers_of_a_redacted_report_are_those_of_the_real_account(snapshot, report):
    table = pd.read_csv(report / "tables" / "access.csv", dtype=str)
    real = lg.Account(snapshot).access()
    assert list(table["outcome"]) == list(real["outcome"].astype(str))
    assert table["principal"].nunique() == real["principal"].nunique()
    assert table["resource"].nunique() == real["resource"].nunique()


def test_an_id_has_one_placeholder_in_all_files(report):
    principals = pd.read_csv(report / "tables" / "principals.csv", dtype=str)
    access = pd.read_csv(report / "tables" / "access.csv", dtype=str)
    assert set(access["principal"]) <= set(principals["principal"])
    assert set(principals["principal"].str.split(":").str[4]) == {"000000000001"}
    assert principals["unique_id"].dropna().is_unique
    assert set(principals["unique_id"].dropna().str.fullmatch(r"A(?:IDA|ROA)\d{17}")) == {True}
    excel = pd.read_excel(report / "tables" / "tables.xlsx", sheet_name="principals", dtype=str)
    assert list(excel["principal"]) == list(pd.read_parquet(report / "tables" / "principals.parquet")["principal"])


@pytest.mark.parametrize("ending", ["csv", "json", "xlsx", "parquet"])
def test_every_table_is_redacted_in_every_format(ending, snapshot, tmp_path):
    account = lg.Account(snapshot)
    for name in ("principals", "attachments", "policies", "statements", "grants", "conditions"):
        before = getattr(account, name)
        kept = before.copy(deep=True)
        lg.export(before, tmp_path / f"{name}.{ending}", source=account, redact=True)
        pd.testing.assert_frame_equal(before, kept)
        lg.export(before, tmp_path / f"{name}-alone.{ending}", redact=True)
    assert leaks(tmp_path) == set()


@pytest.mark.parametrize("ending", ["graphml", "gexf", "json"])
def test_every_graph_is_redacted_in_every_format_and_keeps_its_shape(ending, snapshot, tmp_path):
    account = lg.Account(snapshot)
    for name, graph in (("access", account.graph("user/maria")), ("policies", account.policy_graph())):
        before = nx.to_dict_of_dicts(graph)
        path = lg.export(graph, tmp_path / f"{name}.{ending}", source=account, redact=True)
        assert nx.to_dict_of_dicts(graph) == before
        if ending == "graphml":
            read = nx.read_graphml(path)
            assert (len(read), read.number_of_edges()) == (len(graph), graph.number_of_edges())
    assert leaks(tmp_path) == set()


@pytest.mark.parametrize("fonts", ["path", "none"])
def test_charts_are_redacted_and_are_what_they_were_afterwards(fonts, snapshot, tmp_path):
    account = lg.Account(snapshot)
    decision = account.can("user/maria", "lex:GetBot", f"arn:aws:lex:us-east-1:{ACCOUNT}:bot/{SECRETS[5]}")
    charts = {
        "levels": lg.plot.access_levels(
            [parse_policy({"Statement": ALLOW}, name=name) for name in (ACCOUNT, *SECRETS)]
        ),
        "network": lg.plot.access_network(account.graph("user/maria")),
        "path": lg.plot.decision_path(decision),
    }
    with plt.rc_context({"svg.fonttype": fonts}):
        for name, chart in charts.items():
            before = drawn(chart)
            lg.export(chart, tmp_path / f"{name}.svg", source=account, redact=True)
            lg.export(chart, tmp_path / f"{name}.pdf", source=account, redact=True)
            assert drawn(chart) == before
    # The names of made up policies are no external ids unless a policy says so; those of the account are.
    assert leaks(tmp_path) == set()


ALLOW = {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}


def drawn(chart):
    file = io.BytesIO()
    with plt.rc_context({"svg.hashsalt": "x", "svg.fonttype": "none"}):
        chart.get_figure().savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def test_a_redacted_chart_really_shows_the_placeholder(tmp_path):
    ax = plt.figure().subplots()
    ax.set_title(f"in\n{ACCOUNT[:6]}\n{ACCOUNT[6:]}")
    ax.set_yticks([0, 1], labels=[ACCOUNT, "x"])
    ax.bar([0], [1], label=PARTNER)
    ax.legend()
    ax.set_gid(f"g{THIRD}")
    text = lg.export(ax, tmp_path / "x.svg", redact=True).read_text()
    assert not LEAKS.search(text)
    assert [text.count(f"<!-- {number:012d} -->") for number in (1, 2)] in ([2, 1], [1, 2], [1, 1], [2, 2])


def test_the_command_redacts_too(tmp_path, capsys):
    file = tmp_path / "in.json"
    file.write_text(json.dumps(dump()["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"]))
    assert main(["report", str(file), "-o", str(tmp_path / "out"), "--redact"]) == 0
    assert leaks(tmp_path / "out") == set()
    assert not LEAKS.search(capsys.readouterr().out)


# Texts ---


def test_placeholders_are_consistent_and_in_the_form_of_the_original():
    redactor = Redactor()
    text = f"arn:aws:iam::{ACCOUNT}:user/a {PARTNER} AIDAEXAMPLEMVABC2ZIGV AKIAEXAMPLE77310000 203.0.113.9 {CANONICAL}"
    made = redactor.text(text)
    first, second, user, key, address, canonical = made.removeprefix("arn:aws:iam::").replace(":user/a", "").split()
    assert (first, second) == ("000000000001", "000000000002")
    assert re.fullmatch(r"AIDA\d{17}", user)
    assert re.fullmatch(r"KEYID\d{15}", key)
    assert address == "0.0.0.1"
    assert re.fullmatch(r"\d{64}", canonical)
    assert redactor.text(text) == made
    policy = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": [first, user], "CanonicalUser": canonical},
    }
    assert parse_policy({"Statement": policy}, kind="trust")


@pytest.mark.parametrize(
    "text",
    ["1111-2222-3333", "1111222\n23333", "arn:aws:iam::111122…", "…223333:user", "AIDAEXAMPL…", "s3:::b-111122223333"],
)
def test_ids_that_are_spelt_otherwise_broken_or_cut_are_found(text):
    made = Redactor().text(text)
    assert not re.search("1111|2222|3333|EXAMPL", made.replace("\n", ""))
    assert made.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-27",
        "0.123",
        "1234567890123",
        "0.0.0.0/0",
        "127.0.0.1",
        "lex:GetBot",
        "v6",
        "12345678901",
        "::/0",
        "aws:userid",
    ],
)
def test_what_is_no_id_stays(text):
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"StringEquals": {"sts:ExternalId": ["Zephyr 1", "b-2"]}}',
        '{"StringEquals": {"STS:EXTERNALID":"Zephyr 1","x:y":"b-2"}}',
        'sts:ExternalId is "Zephyr 1" and aws:x is "b-2"',
        'sts:ExternalId is not "Zephyr 1" or "b-2", or sts:ExternalId is absent',
    ],
)
def test_external_ids_are_learnt_from_conditions_in_json_and_in_words(text):
    redactor = Redactor()
    redactor.learn_text(text)
    assert "Zephyr" not in redactor.text(f"{text} and Zephyr 1, ZEPHYR 1")
    assert redactor.text("x-zephyr 1-y").count("external-id-1") == 1
    assert redactor.text("Zephyr 10") == "Zephyr 10"


def test_nothing_else_is_learnt_from_a_condition():
    redactor = Redactor()
    for text in (
        '{"sts:ExternalId": [], "aws:x": "keep"}',
        'sts:ExternalId is absent and aws:x is "keep"',
        '"sts:ExternalId": "*"',
    ):
        redactor.learn_text(text)
    assert redactor.text("keep *") == "keep *"


def test_values_are_redacted_however_deep_they_are():
    redactor = Redactor()
    value = {ACCOUNT: [(ACCOUNT, {ACCOUNT}), frozenset({PARTNER}), 1, None, 1.5]}
    assert redactor.value(value) == {
        "000000000001": [("000000000001", {"000000000001"}), frozenset({"000000000002"}), 1, None, 1.5]
    }


def test_where_a_redacted_file_comes_from_tells_no_hash():
    about = Redactor().provenance(Provenance(inputs=((f"{ACCOUNT}.json", "ab" * 32),), assumptions=(f"of {ACCOUNT}",)))
    assert about.inputs == (("000000000001.json", None),)
    assert about.assumptions == ("of 000000000001",)
    assert ("input", "000000000001.json, sha256 withheld") in about.rows()


def test_a_table_of_odd_columns_is_redacted_too(tmp_path):
    table = pd.DataFrame(
        {ACCOUNT: [[ACCOUNT], {PARTNER}, None], "c": pd.Categorical([ACCOUNT, "1111-2222-3333", None]), "n": [1, 2, 3]},
        index=pd.Index([ACCOUNT, PARTNER, "x"], name=ACCOUNT),
    )
    rows = list(csv.reader(io.StringIO(lg.export(table, tmp_path / "x.csv", redact=True).read_text())))
    assert rows == [
        ["000000000001", "000000000001 (2)", "c", "n"],
        ["000000000001", "000000000001", "000000000001", "1"],
        ["000000000002", "000000000002", "000000000001", "2"],
        ["x", "", "", "3"],
    ]
