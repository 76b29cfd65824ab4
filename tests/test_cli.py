"""The command: exit codes, data on standard output, messages on standard error, and no traceback."""

import contextlib
import csv
import gzip
import io
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

import lexgraph as lg
from lexgraph.account.readers import example_account_path
from lexgraph.checks.rules import RULES, rule
from lexgraph.cli import lab, main
from lexgraph.cli.arguments import KINDS, parse_arguments
from lexgraph.cli.remedies import ACCOUNT_REMEDIES
from lexgraph.errors import LexgraphError
from lexgraph.policy.model import KINDS as ALL_KINDS
from lexgraph.policy.write import policy_document
from lexgraph.report.inputs import find_files
from tests.random_cases import random_case

ROOT = Path(__file__).parents[1]
ACCOUNT = str(example_account_path())
SURROUNDINGS = {
    name: str(ROOT / "data" / "accounts" / f"support-center.{name}.json")
    for name in ("organization", "resource-policies")
}
BOT = "arn:aws:lex:us-east-1:111122223333:bot/BILLING001"
STATEMENT = {"Effect": "Allow", "Action": "lex:GetBot", "Resource": "*"}
CASE = {
    "id": "one",
    "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "lex:GetBot", "resource": BOT},
    "identity_policies": [{"Version": "2012-10-17", "Statement": STATEMENT}],
    "expected": "allowed",
}
DECEPTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def start(*arguments: str, data: str | bytes = b"", **options) -> subprocess.CompletedProcess:
    """Run the command in a process of its own."""
    sent = data.encode() if isinstance(data, str) else data
    command = [sys.executable, "-m", "lexgraph.cli", *arguments]
    done = subprocess.run(command, input=sent, capture_output=True, check=False, **options)
    assert b"Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command in this process, and return exit code, output and messages."""

    def runs(*arguments: str, data: str | bytes = b"") -> tuple[int, str, str]:
        sent = data.encode() if isinstance(data, str) else data
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sent)))
        try:
            code = main(arguments)
        except SystemExit as done:
            code = done.code
        out, err = capsys.readouterr()
        assert not DECEPTIVE.search(out + err)
        return code, out, err

    return runs


def policy_file(folder: Path, name: str, value: object) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


# Everywhere ---


def test_the_version_names_the_catalogues_date(run):
    assert run("--version") == (0, f"lexgraph {lg.__version__} (action catalogue of {lg.catalog_date()})\n", "")


def test_wrong_usage_exits_with_2(run):
    for arguments in ((), ("nonsense",), ("expand",), ("validate", "x", "--kind", "user"), ("report", "x")):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert "usage" in err


def test_help_is_there_for_every_command(run):
    code, out, _ = run("--help")
    assert code == 0
    for command in ("lab", "report", "expand", "simulate", "compare", "validate", "who-can"):
        assert command in out
        assert run(command, "--help")[0] == 0


def test_input_that_cannot_be_read_exits_with_2_and_one_line(run, tmp_path):
    missing = str(tmp_path / "missing\x1b[31m.json")
    broken = policy_file(tmp_path, "broken.json", "{")
    for arguments in (
        ("simulate", missing),
        ("compare", missing, "AmazonLexReadOnly"),
        ("compare", "AmazonLexReadOnli", "AmazonLexReadOnly"),
        ("compare", broken, "AmazonLexReadOnly"),
        ("compare", "-", "-"),
        ("who-can", missing, "lex:GetBot", "*"),
        ("who-can", broken, "lex:GetBot", "*"),
        ("who-can", ACCOUNT, "no action", "*"),
        ("report", missing, "-o", str(tmp_path / "out")),
        ("report", "AmazonLexReadOnly", "-o", broken),
    ):
        code, out, err = run(*arguments)
        assert (code, out, err.count("\n")) == (2, "", 1), arguments
        assert err.startswith("lexgraph: ")


def test_a_mistake_of_ours_is_one_line_too(run, monkeypatch):
    monkeypatch.setattr("lexgraph.cli.expand.catalog", lambda: 1 / 0)
    code, out, err = run("expand", "lex:*")
    assert (code, out) == (2, "")
    assert "ZeroDivisionError" in err
    monkeypatch.setenv("LEXGRAPH_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["expand", "lex:*"])


def test_a_reader_that_leaves_early_is_no_error_to_talk_about():
    command = [sys.executable, "-m", "lexgraph.cli", "expand", "*"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 2


def test_an_interruption_is_one_line(run, monkeypatch):
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lexgraph.cli.expand.catalog", interrupted)
    assert run("expand", "lex:*") == (2, "", "lexgraph: interrupted\n")


def test_output_survives_a_terminal_that_knows_ascii_only():
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert start("expand", "é*", env=env).returncode == 1
    assert b"\\xe9" in start("expand", "é*", env=env).stderr


def test_the_light_commands_start_without_the_heavy_libraries():
    code = "import sys; from lexgraph.cli import main; main(sys.argv[1:]); print(*sorted(sys.modules), file=sys.stderr)"
    policy = str(ROOT / "data" / "examples" / "use-a-tag.json")
    for arguments in (
        ("expand", "lex:Get*"),
        ("simulate", "-"),
        ("validate", policy),
        ("compare", policy, policy),
        ("who-can", ACCOUNT, "lex:GetBot", BOT),
    ):
        done = subprocess.run([sys.executable, "-c", code, *arguments], input=b"", capture_output=True, check=True)
        modules = set(done.stderr.decode().split())
        assert not modules & {"pandas", "numpy", "networkx", "matplotlib", "ipywidgets", "boto3"}, arguments


# expand ---


def test_expand_prints_actions_sorted_and_once(run):
    code, out, err = run("expand", "lex:Get*Alias", "LEX:GETBOT*", "s3:GetObject")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines == sorted(set(lines), key=str.lower)
    assert {"lex:GetBotAlias", "lex:GetBot", "s3:GetObject"} <= set(lines)


def test_expand_says_which_pattern_matches_nothing(run):
    code, out, err = run("expand", "lex:GetBot", "nix:*\x1b[31m")
    assert (code, out) == (1, "lex:GetBot\n")
    assert '"nix:*\\x1b[31m" matches no action' in err


def test_expand_reads_patterns_from_standard_input(run):
    assert run("expand", "-", data="lex:GetBot\n\n s3:GetObject \n")[:2] == (0, "lex:GetBot\ns3:GetObject\n")


# simulate ---


def test_simulate_answers_in_order_and_one_bad_case_stops_nothing(run):
    bad = {"id": "two", "request": {}, "permission_boundary": None}
    lines = [json.dumps(CASE), "", json.dumps(bad), "{", "\ufeff" + json.dumps({**CASE, "id": 3})]
    data = "\n".join(lines).encode() + b'\n{"id": "\xff"}\n' + json.dumps({**CASE, "id": 4.5}).encode()
    code, out, err = run("simulate", "-", data=data)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [answer["id"] for answer in answers] == ["one", "two", None, 3, None, 4.5]
    assert [answer.get("line") for answer in answers] == [None, None, 4, None, 6, None]
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        None,
        "UNKNOWN_FIELD",
        "JSON_SYNTAX_ERROR",
        None,
        "INVALID_ENCODING",
        None,
    ]
    assert answers[0] == {
        "id": "one",
        "decision": "allowed",
        "matched": [{"layer": "identity", "policy": 0, "statement": 0, "sid": None}],
        "denied_by": None,
        "condition": None,
        "missing_keys": [],
    }
    assert err.splitlines()[-1] == "lexgraph: 6 cases, 3 bad ones"


def test_simulate_expect_exits_with_1_where_a_decision_differs(run, tmp_path):
    file = policy_file(tmp_path, "cases.jsonl", json.dumps(CASE) + "\n" + json.dumps({**CASE, "expected": None}))
    code, _, err = run("simulate", file, "--expect")
    assert code == 0
    assert err.splitlines()[-1].endswith("1 with an expected decision, 0 of them different")
    other = json.dumps({**CASE, "id": "x\x1b", "expected": "implicitDeny"})
    assert run("simulate", "-", data=other)[0] == 0
    code, out, err = run("simulate", "-", "--expect", data=other)
    assert code == 1
    assert 'case "x\\x1b": expected implicitDeny, got allowed' in err
    assert json.loads(out)["decision"] == "allowed"


def test_simulate_tells_of_a_hundred_differences_and_no_more(run):
    data = "\n".join(json.dumps({**CASE, "expected": "conditional"}) for _ in range(103))
    code, out, err = run("simulate", "-", "--expect", data=data)
    assert (code, out.count("\n"), err.count("expected conditional")) == (1, 103, 100)
    assert err.splitlines()[-1].endswith("103 of them different")


def test_simulate_without_cases_is_done(run):
    assert run("simulate", "-") == (0, "", "lexgraph: 0 cases, 0 bad ones\n")


def test_simulate_answers_before_it_has_read_everything():
    command = [sys.executable, "-m", "lexgraph.cli", "simulate", "-"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=env, **options) as process:
        # More than the reader's buffer, so that it hands out the first line.
        process.stdin.write((json.dumps(CASE) + "\n").encode() * 100)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["decision"] == "allowed"
        process.stdin.close()
        process.stdout.read()
        process.stderr.read()


def test_the_cases_of_the_tests_hold_on_the_command_line(run):
    for path in sorted((ROOT / "tests" / "cases").glob("*.jsonl")):
        if path.name == "errors.jsonl":
            continue
        code, _, err = run("simulate", str(path), "--expect")
        assert code == 0, err


def test_simulate_is_fast_enough_for_thousands_of_cases(run):
    rng = random.Random(1)
    data = "\n".join(json.dumps(random_case(rng, "all")) for _ in range(1000))
    begin = time.process_time()
    _, out, _ = run("simulate", "-", data=data)
    assert out.count("\n") == 1000
    assert time.process_time() - begin < 10


# compare ---


def test_compare_tells_the_relation_and_a_request_for_each_side(run, tmp_path):
    code, out, err = run("compare", "AmazonLexFullAccess@v6", "AmazonLexFullAccess@v7", "--format", "json")
    said = json.loads(out)
    assert code == 1
    assert set(said) == {"relation", "only_a", "only_b", "actions_only_a", "actions_only_b"}
    assert said["relation"] == "overlapping"
    assert said["actions_only_a"] == ["iam:DeleteRole", "iam:DetachRolePolicy"]
    assert set(said["only_a"]) == {"principal", "action", "resource", "resource_account", "context"}
    assert said["only_a"]["action"] in said["actions_only_a"]
    assert said["only_b"]["action"] not in said["actions_only_a"]
    assert "assumed: condition keys are independent" in err
    file = policy_file(tmp_path, "mine.json", {"Statement": STATEMENT})
    code, out, _ = run("compare", file, "-", data=json.dumps({"Statement": {**STATEMENT, "Action": "lex:GetBots"}}))
    assert code == 1
    assert "1 action only in mine:\n  lex:GetBot\n" in out


def test_compare_takes_policies_that_name_principals(run, tmp_path):
    grant = {"Effect": "Allow", "Action": "lex:RecognizeText", "Resource": "*"}
    documents = {"lex": {"Service": "lexv2.amazonaws.com"}, "all": "*"}
    one, other = (
        policy_file(tmp_path, f"{name}.json", {"Statement": {**grant, "Principal": principal}})
        for name, principal in documents.items()
    )
    code, out, _ = run("compare", one, other, "--kind", "resource")
    assert code == 1
    assert "lex compared with all: narrower" in out
    assert re.search(r"only all allows: lex:RecognizeText on \S+ by arn:aws:iam::", out)
    nobody = policy_file(tmp_path, "nobody.json", {"Statement": {**grant, "Effect": "Deny", "Principal": "*"}})
    _, out, _ = run("compare", one, nobody, "--kind", "resource", "--format", "json")
    assert json.loads(out)["only_a"]["principal"] == {"Service": "lexv2.amazonaws.com"}
    code, _, err = run("compare", one, other)
    assert code == 2
    assert "takes no Principal" in err


def test_the_request_of_a_comparison_is_a_case_that_simulate_decides(run):
    full, narrow = "AmazonLexFullAccess", "AmazonLexReadOnly"
    code, out, _ = run("compare", narrow, full, "--format", "json")
    said = json.loads(out)
    assert (code, said["relation"], said["only_a"]) == (1, "narrower", None)
    for name, decision in ((full, "allowed"), (narrow, "implicitDeny")):
        document = policy_document(lg.find_policy(name))
        case = {"id": name, "request": said["only_b"], "identity_policies": [document]}
        code, out, _ = run("simulate", "-", data=json.dumps(case) + "\n")
        assert (code, json.loads(out)["decision"]) == (0, decision)


def test_compare_of_equal_policies_is_done_however_they_are_written(run, tmp_path):
    code, out, _ = run("compare", "AmazonLexReadOnly", "AmazonLexReadOnly")
    assert code == 0
    assert "0 actions only in AmazonLexReadOnly" in out
    one = policy_file(tmp_path, "one.json", {"Statement": {**STATEMENT, "Action": ["lex:*", "lex:GetBot"]}})
    two = policy_file(tmp_path, "two.json", {"Statement": {**STATEMENT, "Action": "lex:*"}})
    code, out, _ = run("compare", one, two)
    assert (code, out.splitlines()[0]) == (0, "one compared with two: equal")


def test_compare_of_policies_with_the_same_actions_finds_what_else_differs(run, tmp_path):
    bound = {**STATEMENT, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    one = policy_file(tmp_path, "one.json", {"Statement": bound})
    two = policy_file(tmp_path, "two.json", {"Statement": STATEMENT})
    code, out, _ = run("compare", one, two)
    assert code == 1
    assert out.splitlines()[0] == "one compared with two: narrower"
    assert "only two allows: lex:GetBot on " in out


@pytest.mark.parametrize(
    "name, text",
    [
        ("stack.yaml", "Resources:\n  Bot:\n    Type: AWS::Lex::Bot\n"),
        ("stack.json", '{"Resources": {"Bot": {"Type": "AWS::Lex::Bot"}}}'),
        ("plan.json", '{"format_version": "1.2", "planned_values": {}}'),
    ],
)
def test_compare_says_that_templates_are_not_compared(name, text, run, tmp_path):
    code, out, err = run("compare", "AmazonLexReadOnly", policy_file(tmp_path, name, text))
    assert (code, out) == (2, "")
    assert "templates are not compared" in err
    assert "read_policies" in err


def test_compare_of_an_account_with_itself_is_done(run):
    code, out, _ = run("compare", ACCOUNT, ACCOUNT)
    assert (code, out.splitlines()[0]) == (0, f"{ACCOUNT} compared with {ACCOUNT}: equal")


# validate ---


def test_validate_finds_everything_at_once_with_its_place(run, tmp_path):
    bad = '{\n  "Statement": [\n    {"Effect": "allow", "Action": "lex"}\n  ]\n}'
    file = policy_file(tmp_path, "bad.json", bad)
    code, out, err = run("validate", file, "--format", "json")
    said = json.loads(out)
    assert code == 1
    assert set(said) == {"findings", "files", "skipped"}
    assert (said["files"], said["skipped"]) == (1, [])
    found = {finding["code"]: finding for finding in said["findings"]}
    assert {"INVALID_EFFECT", "MALFORMED_ACTION", "MISSING_RESOURCE"} <= set(found)
    assert found["INVALID_EFFECT"] == {
        "file": file,
        "severity": "error",
        "code": "INVALID_EFFECT",
        "pointer": "/Statement/0/Effect",
        "line": 3,
        "column": 16,
        "message": 'Effect must be "Allow" or "Deny", not "allow"',
        "remedy": rule("INVALID_EFFECT").remedy,
        "aws_level": "error",
    }
    assert "3 errors" in err


def test_validate_is_done_where_nothing_is_wrong(run):
    code, out, err = run("validate", str(ROOT / "data" / "examples" / "use-a-tag-v2.json"))
    assert (code, out) == (0, "")
    assert "no findings in 1 file" in err


def test_validate_judges_by_the_kind_that_is_given(run):
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}
    data = json.dumps({"Statement": trust})
    assert run("validate", "-", "--kind", "trust", data=data)[0] == 0
    code, out, _ = run("validate", "-", data=data)
    assert code == 1
    assert out.startswith("-:1:")
    assert KINDS == ALL_KINDS


def test_validate_goes_through_folders_and_lists_what_it_skips(run, tmp_path):
    policy_file(tmp_path, "deep/good.json", {"Version": "2012-10-17", "Statement": STATEMENT})
    policy_file(tmp_path, "deep/er/bad.json", {"Version": "2012-10-17", "Statment": []})
    policy_file(tmp_path, "package.json", {"name": "x", "version": "1.0.0"})
    policy_file(tmp_path, "notes.txt", "x")
    policy_file(tmp_path, ".git/config.json", "{}")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dead.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.json")
    code, out, _ = run("validate", str(tmp_path), "--format", "json")
    said = json.loads(out)
    assert (code, said["files"]) == (1, 2)
    assert {Path(finding["file"]).name for finding in said["findings"]} == {"bad.json"}
    reasons = {Path(one["file"]).name: one["reason"] for one in said["skipped"]}
    assert set(reasons) == {"package.json", "notes.txt", ".git", "loop", "dead.json", "pipe.json"}
    assert all(reasons.values())


def test_validate_of_a_folder_without_policies_could_not_run(run, tmp_path):
    code, out, err = run("validate", str(tmp_path))
    assert (code, out) == (2, "")
    assert "no .json file" in err


def test_validate_goes_on_after_a_file_that_cannot_be_read(run, tmp_path):
    file = policy_file(tmp_path, "bad.json", "[]")
    code, out, err = run("validate", str(tmp_path / "missing.json"), file)
    assert code == 2
    assert "DATA_TYPE_MISMATCH" in out
    assert "No such file" in err


def test_validate_judges_the_policies_of_an_account_each_by_its_own_kind(run, tmp_path):
    dump = json.loads(Path(ACCOUNT).read_text())
    code, _, err = run("validate", ACCOUNT)
    assert (code, " error" in err) == (0, False)
    dump["RoleDetailList"][0]["AssumeRolePolicyDocument"]["Statement"] = []
    wrong = {"Statement": {**STATEMENT, "Principal": "*"}}
    dump["UserDetailList"][0]["UserPolicyList"] = [{"PolicyName": "x\x1b[31m", "PolicyDocument": wrong}]
    file = policy_file(tmp_path, "account.json", dump)
    code, out, err = run("validate", file, "--kind", "resource", "--format", "json")
    found = {finding["code"]: finding for finding in json.loads(out)["findings"]}
    assert code == 1
    assert found["UNSUPPORTED_PRINCIPAL"]["pointer"].startswith("/UserDetailList/0/UserPolicyList/0/PolicyDocument/")
    assert found["EMPTY_STATEMENT"]["pointer"].startswith("/RoleDetailList/0/AssumeRolePolicyDocument/")
    assert "not as resource" in err


def test_validate_judges_what_stands_beside_an_account_each_policy_by_its_own_kind(run, tmp_path):
    for file in SURROUNDINGS.values():
        code, _, err = run("validate", file)
        assert (code, " error" in err) == (0, False)
    tree = json.loads(Path(SURROUNDINGS["organization"]).read_text())
    named = [one for one in tree["Policies"] if one.get("Content")]
    scp = next(one for one in named if one["Type"] == "SERVICE_CONTROL_POLICY")
    rcp = next(one for one in named if one["Type"] == "RESOURCE_CONTROL_POLICY")
    scp["Content"] = {"Version": "2012-10-17", "Statement": {**STATEMENT, "Principal": "*"}}
    deny = {**STATEMENT, "Effect": "Deny", "Principal": "*"}
    rcp["Content"] = json.dumps({"Version": "2012-10-17", "Statement": deny})
    tags = {"Id": "p-tags", "Arn": "arn:aws:organizations::1:policy/x", "Name": "t", "Type": "TAG_POLICY"}
    tree["Policies"].append({**tags, "Content": {"tags": {}}})
    role = "arn:aws:iam::111122223333:role/x"
    listed = [
        {"ResourceArn": "arn:aws:s3:::logs", "Policy": {"Version": "2012-10-17", "Statement": [STATEMENT]}},
        {"ResourceArn": role, "Policy": {"Version": "2012-10-17", "Statement": {**STATEMENT, "Principal": "*"}}},
        {"ResourceArn": "arn:aws:s3:::none", "Policy": None},
        {"ResourceArn": "arn:aws:s3:::secret", "Error": "AccessDenied"},
    ]
    for folder in (tmp_path, tmp_path / "collected"):
        policy_file(folder, "organization.json", tree)
        policy_file(folder, "resource-policies.json", listed)
    policy_file(tmp_path / "collected", "authorization-details/page-0001.json", json.loads(Path(ACCOUNT).read_text()))
    policy_file(tmp_path / "collected", "collection.json", {"format": "lexgraph collection", "schema": 1})
    for name, files in (("organization.json", 1), ("resource-policies.json", 1), ("collected", 3)):
        code, out, err = run("validate", str(tmp_path / name), "--kind", "identity", "--format", "json")
        told = json.loads(out)
        assert (code, told["files"]) == (1, files)
        assert "each policy in it is judged by its own kind, not as identity" in err
        places = {(one["code"], one["pointer"]) for one in told["findings"] if one["severity"] == "error"}
        wanted = set()
        if name != "resource-policies.json":
            at = tree["Policies"].index(scp)
            wanted |= {("UNSUPPORTED_PRINCIPAL", f"/Policies/{at}/Content/Statement/Principal")}
            wanted |= {("RCP_SYNTAX_ERROR_ACTION", f"/Policies/{tree['Policies'].index(rcp)}/Content/Statement/Action")}
        if name != "organization.json":
            wanted |= {("MISSING_PRINCIPAL", "/0/Policy/Statement/0")}
            wanted |= {("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", "/1/Policy/Statement/Resource")}
            assert "arn:aws:s3:::secret" in err
        assert wanted <= places
        assert all(one["line"] and one["column"] for one in told["findings"])
        assert "Content/tags" not in out


def test_validate_says_where_an_organization_is_none(run, tmp_path):
    tree = json.loads(Path(SURROUNDINGS["organization"]).read_text())
    tree["Accounts"][0]["ParentId"] = "ou-nowhere"
    code, out, _ = run("validate", policy_file(tmp_path, "organization.json", tree))
    assert code == 1
    assert "INVALID_TREE" in out
    assert "/Accounts/0/ParentId" in out
    twice = [{"ResourceArn": "arn:aws:s3:::a", "Policy": None}] * 2
    twice[1] = {**twice[1], "Policy": {"Statement": {**STATEMENT, "Principal": "*"}}}
    assert "CONTRADICTORY_POLICIES" in run("validate", policy_file(tmp_path, "policies.json", twice))[1]


TEMPLATE = {
    "Parameters": {"Action": {"Type": "String"}, "Bots": {"Type": "CommaDelimitedList"}},
    "Resources": {
        "Readers": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": {"Effect": "Allow", "Action": {"Ref": "Action"}, "Resource": {"Ref": "Bots"}},
                }
            },
        }
    },
}


def test_templates_are_filled_with_the_parameters_that_are_given(run, tmp_path):
    file = policy_file(tmp_path, "template.json", TEMPLATE)
    assert run("validate", file)[0] == 0
    given = ("--parameters", "Action=lex:GetBott", "Bots=arn:aws:lex:us-east-1:1:bot:x,*")
    for inputs in ((file,), (str(tmp_path),)):
        _, out, _ = run("validate", *inputs, *given, "--format", "json")
        found = {one["code"]: one["pointer"] for one in json.loads(out)["findings"]}
        at = "/Resources/Readers/Properties/PolicyDocument/Statement"
        assert found["INVALID_ACTION"] == f"{at}/Action"
        assert found["INVALID_ARN_ACCOUNT"].startswith(f"{at}/Resource")
    out = tmp_path / "out"
    assert run("report", file, "-o", str(out), "--parameters", "Action=lex:GetBot", "Bots=*")[0] == 0
    grants = list(csv.DictReader((out / "tables" / "grants.csv").read_text().splitlines()))
    assert [(row["action"], row["resource"]) for row in grants] == [("lex:GetBot", "*")]


@pytest.mark.parametrize(
    "given, said",
    [
        (("Acton=lex:GetBot",), 'no template has a parameter "Acton"'),
        (("template.json",), "a parameter is written KEY=VALUE"),
        (("=x",), "a parameter is written KEY=VALUE"),
        (("Action=a", "Action=b"), 'the parameter "Action" is given twice'),
    ],
)
def test_parameters_that_no_template_has_are_refused(run, tmp_path, given, said):
    file = policy_file(tmp_path, "template.json", TEMPLATE)
    for command in (("validate", file), ("report", file, "-o", str(tmp_path / "out"))):
        code, _, err = run(*command, "--parameters", *given)
        assert (code, said in err) == (2, True)
    policy = policy_file(tmp_path, "policy.json", {"Version": "2012-10-17", "Statement": STATEMENT})
    assert run("validate", policy, "--parameters", "Action=lex:GetBot")[0] == 2


def test_validate_fails_on_lighter_findings_where_it_is_asked_to(run, tmp_path):
    file = policy_file(tmp_path, "old.json", {"Statement": STATEMENT})
    assert run("validate", file)[0] == 0
    code, out, _ = run("validate", file, "--fail-on", "warning")
    assert (code, "warning MISSING_VERSION" in out) == (1, True)


def test_validate_leaves_out_what_is_suppressed_and_reports_what_suppresses_nothing(run, tmp_path):
    file = policy_file(tmp_path, "old.json", {"Statement": STATEMENT})
    until = {"reason": "kept for an old tool", "expires": "2999-12-31"}
    wanted = [{"finding": "MISSING_VERSION", **until}, {"finding": "INVALID_ACTION", **until}]
    listed = policy_file(tmp_path, "live-with.toml", "")
    Path(listed).write_text(
        "\n".join("[[suppressions]]\n" + "\n".join(f'{k} = "{v}"' for k, v in one.items()) for one in wanted)
    )
    code, out, _ = run("validate", file, "--suppressions", listed)
    assert (code, "MISSING_VERSION" in out, "SUPPRESSION_UNUSED" in out) == (0, False, True)


def test_validate_says_where_an_accounts_file_is_none(run, tmp_path):
    file = policy_file(tmp_path, "account.json", {"UserDetailList": [{"Arn": 3}]})
    code, out, _ = run("validate", file)
    assert code == 1
    assert "/UserDetailList/0/Arn" in out


def test_validate_writes_sarif(run, tmp_path):
    policy_file(tmp_path, "a b.json", '{"Statement": \x1b')
    policy_file(tmp_path, "notes.txt", "")
    code, out, _ = run("validate", str(tmp_path), "--format", "sarif")
    log = json.loads(out)
    (one,) = log["runs"]
    (result,) = one["results"]
    assert code == 1
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    assert one["tool"]["driver"]["name"] == "lexgraph"
    assert one["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "JSON_SYNTAX_ERROR"
    assert result["level"] in {"none", "note", "warning", "error"}
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/a%20b.json")
    assert place["region"] == {"startLine": 1, "startColumn": 15}
    (notice,) = one["invocations"][0]["toolExecutionNotifications"]
    assert "notes.txt" in notice["message"]["text"]


def test_every_error_of_the_readers_has_a_remedy():
    texts = [path.read_text() for part in ("policy", "account") for path in (ROOT / "lexgraph" / part).glob("*.py")]
    codes = set(re.findall(r'(?:problem\(\s*|code=|self\.error\(|_error\()"([A-Z]+(?:_[A-Z]+)+)"', "\n".join(texts)))
    codes |= {f"EMPTY_ARRAY_{element}" for element in ("ACTION", "RESOURCE", "PRINCIPAL")}
    codes |= {f"MISSING_{element}" for element in ("ACTION", "RESOURCE")}
    questions = {
        "UNKNOWN_KIND",
        "UNKNOWN_PRINCIPAL",
        "AMBIGUOUS_PRINCIPAL",
        "MISSING_DOCUMENT",
        "MISSING_COLUMN",
        "MALFORMED_ARN",
    }
    questions |= {"TOO_MANY_PATTERNS"}  # of a proof, never of a file
    assert len(codes) > 25
    assert codes - questions - {"INVALID_TAGS"} - set(ACCOUNT_REMEDIES) - set(RULES) == set()


def test_the_files_of_a_folder_come_in_one_order(tmp_path):
    for name in ("b.json", "a/z.json", "a.json", "B.JSON"):
        policy_file(tmp_path, name, "{}")
    files, skipped = find_files(str(tmp_path))
    assert [Path(file).relative_to(tmp_path).as_posix() for file in files] == ["B.JSON", "a.json", "a/z.json", "b.json"]
    assert skipped == ()


# who-can ---


def test_who_can_answers_as_json(run):
    code, out, _ = run("who-can", ACCOUNT, "lex:DeleteBot", BOT, "--format", "json")
    said = json.loads(out)
    assert code == 0
    assert set(said) == {"action", "resource", "rows", "coverage"}
    assert (said["action"], said["resource"]) == ("lex:DeleteBot", BOT)
    rows = said["rows"]
    assert [row["principal"] for row in rows] == sorted(row["principal"] for row in rows)
    assert {row["outcome"] for row in rows} == {"allowed", "conditional"}
    assert all(set(row) == {"principal", "outcome", "condition", "missing_keys"} for row in rows)
    (dana,) = (row for row in rows if row["principal"].endswith("/dana"))
    assert dana["missing_keys"] == ["aws:MultiFactorAuthPresent", "aws:ResourceTag/Stage"]
    assert said["coverage"]["principals"] == 34
    assert "scp" in said["coverage"]["not_considered"]


def test_who_can_says_what_could_not_be_read(run, tmp_path):
    dump = json.loads(Path(ACCOUNT).read_text())
    dump["UserDetailList"][0]["UserPolicyList"] = [{"PolicyName": "x", "PolicyDocument": "{"}]
    code, out, err = run("who-can", policy_file(tmp_path, "a.json", dump), "lex:DeleteBot", BOT, "--format", "json")
    (bad,) = json.loads(out)["coverage"]["unreadable"]
    assert code == 0
    assert set(bad) == {"owner", "name", "kind", "code", "message"}
    assert "not readable" in err


def test_who_can_says_where_a_role_that_is_asked_about_is_none_of_the_account(run, tmp_path):
    iam = "arn:aws:iam::111122223333:role"
    said = [run("who-can", ACCOUNT, "sts:AssumeRole", f"{iam}/{name}")[2] for name in ("bot-runer", "bot-runner", "*")]
    assert [f'there is no role "{iam}/' in err for err in said] == [True, False, False]
    assert 'nearest: "role/bot-runner"' in said[0]
    code, out, _ = run("who-can", ACCOUNT, "sts:AssumeRole", f"{iam}/bot-runer")
    assert (code, out.partition(" of ")[0]) == (1, "0")
    cut = {**json.loads(Path(ACCOUNT).read_text()), "IsTruncated": True}
    code, _, err = run("who-can", policy_file(tmp_path, "cut.json", cut), "sts:AssumeRole", f"{iam}/bot-runer")
    assert (code, f'what was read of the account has no "{iam}/bot-runer"' in err) == (0, True)


def test_who_can_says_that_grants_of_keys_are_not_looked_at(run):
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"
    said = [run("who-can", ACCOUNT, f"kms:{name}", key)[2] for name in ("Decrypt", "PutKeyPolicy")]
    assert ["grants are not looked at" in err for err in said] == [True, False]


def test_who_can_answers_as_csv_without_formulas(run, tmp_path):
    statement = {**STATEMENT, "Condition": {"StringEquals": {"=evil": "\x85\xad"}}}
    user = {
        "Arn": "arn:aws:iam::111122223333:user/=cmd",
        "UserName": "=cmd",
        "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": statement}}],
    }
    dump = json.dumps({"UserDetailList": [user]})
    code, out, _ = run("who-can", "-", "lex:GetBot", BOT, "--format", "csv", data=dump)
    header, row = csv.reader(io.StringIO(out))
    assert code == 0
    assert header == ["principal", "outcome", "condition", "missing_keys"]
    assert row[1] == "conditional"
    assert row[3] == "'=evil"


def test_who_can_exits_with_1_where_nobody_can(run):
    code, out, err = run("who-can", ACCOUNT, "lex:Nothing", "arn:aws:lex:us-east-1:444455556666:bot/X")
    assert "may perform lex:Nothing" in out
    assert 'has no action "lex:Nothing"' in err
    assert code == int(out.startswith("0 of"))


# report and lab ---


def test_report_prints_the_path_of_the_page(run, tmp_path):
    code, out, err = run("report", "AmazonLexReadOnly", "-o", str(tmp_path / "out"))
    assert (code, out, err) == (0, f"{tmp_path / 'out' / 'index.html'}\n", "")


def test_report_names_the_policies_that_could_not_be_read_and_exits_with_1(run, tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "good.json").write_text(json.dumps({"Statement": STATEMENT}))
    (source / "notes.txt").write_text("x")
    assert run("report", str(source), "-o", str(out))[::2] == (0, "")
    (source / "bad.json").write_text('{"Statement": ')
    code, printed, err = run("report", str(source), "-o", str(out))
    assert (code, printed) == (1, f"{out / 'index.html'}\n")
    assert 'skipped "bad.json": not readable: this is not JSON' in err
    said = json.loads((out / "about.json").read_text())["skipped"]
    assert [one["file"] for one in said] == ["notes.txt", "bad.json"]


def test_an_unknown_name_says_that_there_is_no_such_file_either(run, tmp_path):
    for name in ("nofile", "nofile*"):
        code, _, err = run("report", name, "-o", str(tmp_path / "out"))
        assert code == 2
        assert "and there is no such file" in err
    assert "and there is no such file" in run("compare", "nofile", "AmazonLexReadOnly")[2]


def test_a_redacted_report_has_placeholders_in_what_it_skipped(run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.json").write_text(json.dumps({"Statement": {**STATEMENT, "Resource": BOT}}))
    (tmp_path / "in" / "of-111122223333.json").write_text("{}")
    assert run("report", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--redact")[0] == 0
    text = (tmp_path / "out" / "about.json").read_text()
    assert json.loads(text)["skipped"]
    assert "111122223333" not in text


def test_a_compressed_policy_is_called_compressed_and_no_broken_account(run, tmp_path):
    file = tmp_path / "policy.json.gz"
    file.write_bytes(gzip.compress(json.dumps({"Statement": STATEMENT}).encode()))
    code, out, _ = run("validate", str(file))
    assert code == 1
    assert "INVALID_ENCODING: this is gzip-compressed" in out
    code, _, err = run("compare", str(file), "AmazonLexReadOnly")
    assert code == 2
    assert "this is gzip-compressed" in err
    file.write_bytes(gzip.compress(Path(ACCOUNT).read_bytes()))
    assert "an account is compared with an account only" in run("compare", str(file), "AmazonLexReadOnly")[2]
    file.write_bytes(file.read_bytes()[:900])
    assert "the gzip data end early" in run("validate", str(file))[1]


def test_python_runs_the_package_as_the_command():
    done = subprocess.run([sys.executable, "-m", "lexgraph", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"lexgraph ")


def test_report_considers_the_organization_and_the_policies_of_resources(run, tmp_path):
    around = "--organization", SURROUNDINGS["organization"], "--resource-policies", SURROUNDINGS["resource-policies"]
    small = tmp_path / "small.json"
    dump = json.loads(Path(ACCOUNT).read_text())
    small.write_text(json.dumps({**dump, "UserDetailList": dump["UserDetailList"][:2], "RoleDetailList": []}))
    for name, data in (("file", ""), ("-", small.read_text())):
        out = tmp_path / f"out-{name}"
        assert run("report", "-" if data else str(small), "-o", str(out), *around, data=data)[0] == 0
        rows = list(csv.DictReader((out / "tables" / "coverage.csv").read_text().splitlines()))
        assert [row["part"] for row in rows] == ["authorization details", "organization", "resource policies"]
        shared = (out / "tables" / "shared_access.csv").read_text()
        assert "arn:aws:s3:::support-transcripts-111122223333" in shared


def test_report_refuses_an_organization_where_there_is_no_account(run, tmp_path):
    given = "--organization", SURROUNDINGS["organization"]
    code, _, err = run("report", "AmazonLexReadOnly", "-o", str(tmp_path / "out"), *given)
    assert code == 2
    assert "organization belong to an account" in err
    assert not (tmp_path / "out").exists()


def test_report_reads_standard_input(run, tmp_path):
    code, _, _ = run("report", "-", "-o", str(tmp_path), data=json.dumps({"Statement": STATEMENT}))
    assert code == 0
    assert "standard input" in (tmp_path / "index.html").read_text()


@pytest.fixture
def notebooks(tmp_path, monkeypatch) -> Path:
    """Notebooks as a wheel bundles them."""
    folder = tmp_path / "bundled"
    (folder / ".ipynb_checkpoints").mkdir(parents=True)
    for name in ("02_b.ipynb", "01_a.ipynb", "README.md", ".ipynb_checkpoints/01_a.ipynb"):
        (folder / name).write_text(f"new {name}")
    monkeypatch.setattr(lab, "bundled_notebooks", lambda: folder)
    return folder


def test_lab_copies_the_notebooks_and_never_overwrites(notebooks, tmp_path):
    work = tmp_path / "work"
    assert lab.copy_notebooks(work) == work / "01_a.ipynb"
    (work / "01_a.ipynb").write_text("mine")
    (work / "02_b.ipynb").unlink()
    assert lab.copy_notebooks(work) == work / "01_a.ipynb"
    assert {path.name: path.read_text() for path in work.iterdir()} == {
        "01_a.ipynb": "mine",
        "02_b.ipynb": "new 02_b.ipynb",
        "README.md": "new README.md",
    }


def test_lab_writes_through_no_link(notebooks, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "01_a.ipynb").symlink_to(tmp_path / "elsewhere")
    lab.copy_notebooks(work)
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(LexgraphError):
        lab.copy_notebooks(notebooks / "README.md")


def test_lab_listens_on_this_machine_only_and_asks_for_a_token(tmp_path):
    options = lab.lab_options(tmp_path, tmp_path / "a.ipynb", browser=False, rest=["--port", "9000"])
    assert "--ServerApp.ip=127.0.0.1" in options
    (token,) = (option for option in options if option.startswith("--IdentityProvider.token="))
    assert len(token.partition("=")[2]) == 48
    assert "--no-browser" in options
    assert options[-2:] == ["--port", "9000"]
    again = lab.lab_options(tmp_path, tmp_path / "a.ipynb", browser=True, rest=[])
    assert token not in again
    assert "--no-browser" not in again


def test_what_follows_two_hyphens_goes_to_jupyterlab_and_wins(tmp_path):
    args = parse_arguments(["lab", "--no-browser", "--", "--ServerApp.token=x", "--port=1"])
    assert args.no_browser
    options = lab.lab_options(tmp_path, tmp_path / "a.ipynb", browser=False, rest=args.rest)
    assert [option for option in options if "token" in option] == ["--ServerApp.token=x"]


def test_lab_says_what_is_missing(run, monkeypatch):
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    code, out, err = run("lab")
    assert (code, out) == (2, "")
    assert 'pip install "lexgraph[lab]"' in err


def test_lab_starts_jupyterlab_on_the_first_notebook(notebooks, tmp_path, monkeypatch):
    begun = []
    server = Namespace(identity_provider=Namespace(), start=lambda: begun.append("started"))
    app = Namespace(initialize_server=lambda argv: begun.append(argv) or server)
    monkeypatch.setattr(lab, "import_module", lambda name: Namespace(LabApp=app))
    monkeypatch.chdir(tmp_path)
    assert main(["lab", "--dir", "work", "--no-browser"]) == 0
    options, word = begun
    assert "--LabApp.default_url=/lab/tree/01_a.ipynb" in options
    assert f"--ServerApp.root_dir={tmp_path / 'work'}" in options
    assert word == "started"
    assert server.identity_provider.token_generated


def test_a_real_jupyterlab_lets_nobody_in_without_the_token_that_it_prints(tmp_path):
    config = tmp_path / ".jupyter"
    config.mkdir()
    open_to_all = 'c.IdentityProvider.token = ""\nc.ServerApp.ip = "0.0.0.0"\n'
    (config / "jupyter_server_config.py").write_text(open_to_all)
    env = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env |= {"HOME": str(tmp_path), "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "lexgraph.cli", "lab", "--dir", str(tmp_path / "work"), "--no-browser"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command += ["--", "--allow-root", f"--port={port}"]
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        found = (re.search(r"(http://127\.0\.0\.1:\d+)/\S*\?token=([0-9a-f]{48})", line) for line in process.stderr)
        base, token = next(filter(None, found)).groups()
        next(line for line in process.stderr if "To access the server" in line)
        for _ in range(100):  # it prints its address a moment before it listens
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        with pytest.raises(HTTPError, match="403"):
            urlopen(f"{base}/api/contents")  # noqa: S310 - the server that was just started
        listed = json.load(urlopen(f"{base}/api/contents?token={token}"))  # noqa: S310 - as above
        assert "01_read_a_policy.ipynb" in {one["name"] for one in listed["content"]}
        assert token not in Path(f"/proc/{process.pid}/cmdline").read_text()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


# Exit codes, as a shell sees them ---


def test_exit_codes_reach_the_shell(tmp_path):
    good = policy_file(tmp_path, "good.json", {"Statement": STATEMENT})
    bad = policy_file(tmp_path, "bad.json", {"Statement": []})
    expected = json.dumps({**CASE, "expected": "explicitDeny"})
    for code, arguments, data in (
        (0, ("--version",), ""),
        (0, ("expand", "lex:GetBot"), ""),
        (1, ("expand", "nix:*"), ""),
        (0, ("simulate", "-"), expected),
        (1, ("simulate", "-", "--expect"), expected),
        (2, ("simulate", "nowhere"), ""),
        (0, ("compare", good, good), ""),
        (1, ("compare", good, "AmazonLexReadOnly"), ""),
        (2, ("compare", good, "nowhere.json"), ""),
        (0, ("validate", good), ""),
        (1, ("validate", good, bad), ""),
        (2, ("validate", "nowhere"), ""),
        (0, ("who-can", ACCOUNT, "lex:ListBots", "*"), ""),
        (2, ("who-can", good, "lex:ListBots", "*"), ""),
        (2, ("nonsense",), ""),
    ):
        done = start(*arguments, data=data)
        assert done.returncode == code, (arguments, done.stderr)
