"""The report: one page that opens offline and runs nothing, with its tables and charts beside it."""

import copy
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import lexgraph as lg
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path
from lexgraph.errors import ExportError, LexgraphError
from lexgraph.markup import escaped, tag, visible
from lexgraph.report import account as account_part
from lexgraph.report import exposure as exposure_part
from lexgraph.report import page as page_part
from lexgraph.report import policies as policies_part
from lexgraph.report.blocks import Sections
from lexgraph.report.subject import subject_of

ROOT = Path(__file__).parents[1]
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><svg onload=alert(1)>",
    "</title></head><body onload=alert(1)>",
    "--><iframe src=javascript:alert(1)>",
    '=HYPERLINK("http://e","x")',
    "a\x1b[31mb\u202ec",
)
VOID = {"meta", "rect", "use", "image", "path"}


class Outline(HTMLParser):
    """What a browser would see: elements, attributes, ids, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href")]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def lex(tmp_path_factory) -> Path:
    return lg.write_report("AmazonLex*", tmp_path_factory.mktemp("lex") / "report").parent


@pytest.fixture(scope="module")
def account(tmp_path_factory) -> Path:
    return lg.write_report(example_account_path(), tmp_path_factory.mktemp("account") / "report").parent


@pytest.fixture(scope="module")
def hostile() -> dict:
    """An account in which everything that may be chosen freely is an attack."""
    dump = json.loads(example_account_path().read_text())
    for payload in PAYLOADS:
        dump["UserDetailList"].append(hostile_user(payload))
    return dump


def hostile_user(payload: str) -> dict:
    arn = f"arn:aws:iam::111122223333:user/{payload}/x"
    statement = {
        "Sid": "x",
        "Effect": "Allow",
        "Action": ["lex:GetBot", "lex:Nothing"],
        "Resource": f"arn:aws:lex:us-east-1:111122223333:bot/{payload}".replace("\u202e", ""),
        "Condition": {"StringEquals": {"aws:ResourceTag/x": payload.replace("\u202e", "")}},
    }
    return {
        "Arn": arn,
        "UserName": payload,
        "Path": f"/{payload}/",
        "UserId": payload,
        "CreateDate": payload,
        "Tags": [{"Key": payload, "Value": payload}],
        "UserPolicyList": [
            {"PolicyName": payload, "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}},
            {"PolicyName": f"{payload} broken", "PolicyDocument": {payload: payload}},
        ],
    }


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# The page ---


@pytest.mark.parametrize("which", ["lex", "account"])
def test_the_page_runs_no_script_and_loads_nothing(which, request):
    folder = request.getfixturevalue(which)
    text = (folder / "index.html").read_text()
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text
    found = Outline(text)
    assert not found.tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    assert not [name for name in found.attributes if name.startswith("on")]
    assert [link for link in found.links if not link.startswith(("#", "tables/", "charts/", "data:image/png"))] == []
    assert found.open == []


@pytest.mark.parametrize("which", ["lex", "account"])
def test_every_id_is_the_only_one_and_every_link_leads_somewhere(which, request):
    folder = request.getfixturevalue(which)
    text = (folder / "index.html").read_text()
    found = Outline(text)
    assert len(found.ids) == len(set(found.ids))
    goals = {link[1:] for link in found.links if link.startswith("#")} | set(re.findall(r"url\(#([^)]*)\)", text))
    assert goals <= set(found.ids)
    assert [link for link in found.links if "/" in link and ":" not in link and not (folder / link).is_file()] == []


def test_the_page_is_small_and_knows_light_dark_and_paper(account, lex):
    assert (account / "index.html").stat().st_size < 2_000_000
    text = (lex / "index.html").read_text()
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert (
        text.count('class="light" role="img" aria-label="') == text.count('class="dark" role="img" aria-label="') == 2
    )


def test_the_page_says_what_the_policies_allow(lex):
    text = (lex / "index.html").read_text()
    for words in ("AmazonLexReplicationPolicy", "Together they allow", "Ready for the Amazon Lex console?", "Versions"):
        assert words in text
    assert lg.catalog_date() in text
    assert "resource control" not in text


def test_the_page_on_an_account_says_who_can_do_what(account):
    text = (account / "index.html").read_text()
    for words in (
        "Who can do what",
        "user/maria",
        "Access as a network",
        "What could not be evaluated",
        "lex:RecogniseText",
    ):
        assert words in text
    assert "layers not considered" in text
    assert lg.example_account().snapshot.sha256 in text


def test_the_page_on_an_account_says_what_was_read_what_is_shared_and_who_could_rise(account):
    text = (account / "index.html").read_text()
    for words in (
        "What was read",
        "1 open to anyone",
        "Of 38 pairs",
        "7 users and roles could become an administrator",
    ):
        assert words in text
    assert 'aria-label="Who can take over whom.' in text
    here, folder = lg.example_account(), account / "tables"
    assert len(pd.read_csv(folder / "coverage.csv")) == len(here.coverage)
    assert len(pd.read_csv(folder / "shared_access.csv")) == len(here.shared_access)
    assert len(pd.read_csv(folder / "assume.csv")) == len(here.assumable_roles)
    rising = pd.read_csv(folder / "become_administrator.csv")
    assert rising["principal"].nunique() == len(lg.who_can_become_administrator(here))
    ways = pd.read_csv(folder / "escalation.csv")
    assert 200 < len(ways) < len(here.escalation)
    # Those that are missing are administrators' own.
    top = {node for node, is_one in here.escalation_graph().nodes(data="administrator") if is_one == "allowed"}
    whole = here.escalation[~("principal:" + here.escalation["principal"].astype(str)).isin(top)]
    assert ways["reason"].tolist() == whole["reason"].tolist()


def test_an_account_in_which_nobody_can_take_over_anybody_has_no_chart_of_it(tmp_path):
    user = {"UserName": "ana", "Arn": "arn:aws:iam::111122223333:user/ana", "UserId": "AIDAEXAMPLEUSERANA01"}
    folder = lg.write_report(parse_account({"UserDetailList": [user]}), tmp_path).parent
    text = (folder / "index.html").read_text()
    assert "0 users and roles could become an administrator" in text
    assert "there is nothing" in text
    assert "charts/escalation.svg" not in names(folder)


# The files ---


def test_tables_and_charts_stand_beside_the_page(lex, account):
    common = {
        f"tables/{name}.{ending}" for name in ("policies", "statements", "grants") for ending in ("csv", "parquet")
    }
    common |= {"index.html", "about.json", "tables/tables.xlsx", "charts/access-levels.svg", "charts/overlap.png"}
    assert common | {"tables/history.csv", "tables/console_readiness.csv"} <= names(lex)
    more = {"tables/principals.csv", "tables/attachments.csv", "tables/access.csv", "charts/access-network.svg"}
    assert common | more <= names(account)
    for folder in (lex, account):
        about = json.loads((folder / "about.json").read_text())
        assert set(about["files"]) | {"about.json"} == names(folder)
        assert about["version"] == lg.__version__
        assert about["inputs"]


def test_the_access_table_holds_denies_and_agrees_with_the_evaluator(account):
    table = pd.read_csv(account / "tables" / "access.csv", dtype=str)
    assert set(table["outcome"]) == {"allowed", "conditional", "implicitDeny", "explicitDeny"}
    here = lg.example_account()
    for row in table.sample(50, random_state=1).itertuples():
        assert here.can(row.principal.lstrip("'"), row.action, row.resource).outcome == row.outcome


def test_the_workbook_names_the_tables_that_are_too_long_for_it(account):
    book = openpyxl.load_workbook(account / "tables" / "tables.xlsx", read_only=True)
    left_out = [text for what, text in book["about"].iter_rows(values_only=True) if what == "left out"]
    assert any(text.startswith("actions: ") for text in left_out)
    assert "principals" in book.sheetnames


def test_a_user_named_like_a_formula_is_none_in_the_files(account):
    text = (account / "tables" / "principals.csv").read_text()
    assert ",'=cmd," in text
    assert ",=cmd," not in text


# Inputs ---


def test_a_report_is_on_one_policy_file(tmp_path):
    source = ROOT / "data" / "examples" / "console-printed.json"
    folder = lg.write_report(source, tmp_path).parent
    (one,) = json.loads((folder / "about.json").read_text())["inputs"]
    assert one["name"] == "console-printed.json"
    assert "can match no request" in (folder / "index.html").read_text()


def test_a_report_on_a_folder_lists_what_was_passed_over(tmp_path):
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    statement = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
    (source / "deep" / "reader.json").write_text(json.dumps({"Statement": statement}))
    (source / "bucket.json").write_text(json.dumps({"Statement": {**statement, "Principal": "*"}}))
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}
    (source / "trust.json").write_text(json.dumps({"Statement": trust}))
    (source / "broken.json").write_text('{"Statement": ')
    (source / "package.json").write_text("{}")
    (source / "notes.txt").write_text("x")
    (source / "account.json").write_text('{"UserDetailList": []}')
    (source / "loop").symlink_to(source)
    subject = subject_of(source)
    assert [(policy.name, policy.kind) for policy in subject.policies] == [
        ("bucket", "resource"),
        ("deep/reader", "identity"),
        ("trust", "trust"),
    ]
    assert {one.file for one in subject.skipped} == {"broken.json", "package.json", "notes.txt", "account.json", "loop"}
    text = lg.write_report(source, tmp_path / "out").read_text()
    assert "broken.json: not readable: this is not JSON" in text


def test_a_report_is_on_one_version_of_a_managed_policy(tmp_path):
    text = lg.write_report("AmazonLexReadOnly@v2", tmp_path).read_text()
    assert "AmazonLexReadOnly@v2" in text


def test_a_report_is_on_what_a_notebook_holds(tmp_path):
    policies = lg.managed_policies("AmazonLexR*")
    assert subject_of(policies).title == policies.name
    assert subject_of(policies["AmazonLexReadOnly"]).policies == (policies["AmazonLexReadOnly"],)
    assert subject_of(lg.example_account()).snapshot is not None
    two = lg.write_report([lg.find_policy("AmazonLexReadOnly@v1"), lg.find_policy("AmazonLexRunBotsOnly")], tmp_path)
    assert "charts/difference.svg" in names(two.parent)


def test_what_cannot_be_read_is_an_error(tmp_path):
    for source in ("nowhere.json", "no/where", "AmazonLexNothing", "Nothing*", 3, [], tmp_path):
        with pytest.raises(LexgraphError):
            subject_of(source)


def test_a_policy_without_any_action_makes_a_report_too(tmp_path):
    text = '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
    assert lg.write_report(lg.parse_policy(text), tmp_path).is_file()


# Large inputs ---


def test_a_long_table_is_cut_on_the_page_and_whole_in_the_file(lex):
    text = (lex / "index.html").read_text()
    assert f"The first {page_part.MOST_ROWS} of" in text
    assert len(pd.read_csv(lex / "tables" / "grants.csv")) > page_part.MOST_ROWS


def test_more_policies_than_a_chart_can_show_are_told_by_the_strongest(tmp_path):
    policies = lg.managed_policies("AWS*ReadOnly*", "AWS*FullAccess")
    assert len(policies) > policies_part.MOST_IN_HEATMAP
    text = lg.write_report(policies, tmp_path).read_text()
    assert "The chart shows the 80 strongest of" in text
    assert "The chart shows the 12 strongest of" in text


def test_a_large_account_is_told_by_what_is_allowed(monkeypatch):
    snapshot = lg.example_account().snapshot
    whole, _ = account_part._rows(snapshot)
    granted = [row for row in whole if row.outcome in ("allowed", "conditional")]
    monkeypatch.setattr(account_part, "MOST_ANSWERS", 10)
    rows, words = account_part._rows(snapshot)
    assert list(rows) == granted
    assert "only what is allowed" in words
    monkeypatch.setattr(account_part, "MOST_GRANTED", 100)
    rows, words = account_part._rows(snapshot)
    assert 100 < len(rows) < len(granted)
    assert "too large" in words


def test_the_ways_of_a_large_account_are_cut_and_said_to_be(monkeypatch):
    monkeypatch.setattr(exposure_part, "MOST_WAYS", 10)
    sections = Sections()
    exposure_part.escalation_section(lg.example_account().snapshot, sections)
    *_, table = sections.found[0].blocks
    assert len(table.frame) == 10
    assert table.title.endswith("which holds the first 10")


# Hostile names ---


def test_no_payload_reaches_the_page_or_the_charts_raw(hostile, tmp_path):
    snapshot = parse_account(copy.deepcopy(hostile), source='<b onclick="x">.json')
    folder = lg.write_report(lg.Account(snapshot), tmp_path).parent
    text = (folder / "index.html").read_text()
    found = Outline(text)
    assert not found.tags & {"script", "iframe", "b", "body onload", "img"}
    assert not [name for name in found.attributes if name.startswith("on")]
    assert found.tags.isdisjoint({"script", "iframe", "img"})
    for payload in PAYLOADS[:5]:
        assert payload not in text
        assert escaped(payload) in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    for path in (folder / "charts").glob("*.svg"):
        assert not re.search(r"<(?:script|img|iframe|svg onload)", path.read_text())
    for path in (folder / "tables").glob("*.csv"):
        assert not re.search(r"(?m)^(?:\"?=|.*,\"?=HYPERLINK)", path.read_text())


def test_every_text_is_escaped_by_one_function():
    assert escaped("a\u202eb") == "a\\u202eb"
    assert tag("td", "<", title='"') == '<td title="&quot;">&lt;</td>'
    assert visible("ä…\u00ad") == "ä…\\xad"


# The folder ---


def test_a_folder_of_somebody_else_is_not_written_into(tmp_path):
    (tmp_path / "index.html").write_text("my homepage")
    with pytest.raises(ExportError, match="did not write"):
        lg.write_report("AmazonLexReadOnly", tmp_path)
    assert names(tmp_path) == {"index.html"}
    assert (tmp_path / "index.html").read_text() == "my homepage"


def test_a_link_below_the_folder_is_not_followed(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    folder = tmp_path / "report"
    lg.write_report("AmazonLexReadOnly", folder)
    for path in (folder / "charts").iterdir():
        path.unlink()
    (folder / "charts").rmdir()
    (folder / "charts").symlink_to(other)
    with pytest.raises(ExportError, match="link"):
        lg.write_report("AmazonLexReadOnly", folder)
    assert list(other.iterdir()) == []


WRITE = """
import lexgraph as lg, sys
lg.write_report(sys.argv[1], sys.argv[2])
"""


def test_two_processes_write_the_same_bytes(tmp_path, lex):
    for name, seed, zone in (("one", "1", "UTC"), ("two", "2", "America/St_Johns")):
        cwd = tmp_path / f"in-{name}"
        cwd.mkdir()
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        command = [sys.executable, "-c", WRITE, str(example_account_path()), str(tmp_path / name)]
        subprocess.run(command, check=True, cwd=cwd, env=env)
    one, two = tmp_path / "one", tmp_path / "two"
    assert names(one) == names(two)
    assert [name for name in sorted(names(one)) if (one / name).read_bytes() != (two / name).read_bytes()] == []
    again = lg.write_report("AmazonLex*", tmp_path / "lex").parent
    assert [name for name in sorted(names(lex)) if (again / name).read_bytes() != (lex / name).read_bytes()] == []
