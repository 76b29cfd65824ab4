"""Collecting over HTTP, from an AWS on loopback whose front pages, denies, throttles and breaks off."""

import csv
import functools
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from lexgraph.access.decide import who_can
from lexgraph.account.live import collector
from lexgraph.account.live.collector import Collected, collect
from lexgraph.account.live.failures import Failure
from lexgraph.account.live.permissions import collection_policy
from lexgraph.account.live.retry import Backoff
from lexgraph.account.live.session import ALLOWED, open_session
from lexgraph.account.live.store import Store
from lexgraph.account.readers import read_account
from lexgraph.cli import main
from lexgraph.errors import LexgraphError
from tests.live_account import ACCOUNT, BUCKETS, OTHER_REGION, REGION, ROLES, USERS, Account
from tests.live_front import Answer, Asked, Front, error

ROOT = Path(__file__).parents[1]
KEY_ID = "ASIAEXAMPLEKEYID0001"
SECRET = "s3cr3t/EXAMPLE+of+forty+characters/00001"
TOKEN = "session-token-EXAMPLE//abcdefghijklmnopqrstuvwxyz=="
DETAILS = "iam:GetAccountAuthorizationDetails"
LOADER = functools.cache(create_loader)
# The account's users, its group, its roles and its policy, four on a page.
PAGES = -(-(USERS + 1 + ROLES + 1) // 4)


@pytest.fixture(scope="module")
def aws() -> Iterator[tuple[int, Account]]:
    """Give the port of an AWS, and what is in it."""
    command = [sys.executable, "-m", "tests.live_server"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=ROOT, env=env, **options) as server:
        port = int(server.stdout.readline())
        account = Account(f"http://127.0.0.1:{port}")
        yield port, account
        account.close()
        server.stdin.close()


@pytest.fixture
def front(aws: tuple[int, Account], monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """Give a front of this test's own; nobody waits between attempts."""
    credentials = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
    quiet = {"AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    for name, value in {**credentials, **quiet, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "*"}.items():
        monkeypatch.setenv(name, value)
    # Models of services are read once for all tests, which saves more time than all requests take.
    monkeypatch.setattr("botocore.session.create_loader", LOADER)
    monkeypatch.setattr(collector, "Backoff", functools.partial(Backoff, jitter=lambda low, high: 0.0))
    front = Front(aws[0])
    front.per_page = 4
    yield front
    front.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "collected"


def iam(folder: Path, front: Front, **options) -> Collected:
    return collect(folder, services=["iam"], endpoint_url=front.url, **options)


def manifest(folder: Path) -> dict:
    return json.loads((folder / "collection.json").read_text())


def call(folder: Path, operation: str) -> dict:
    (found,) = (one for one in manifest(folder)["calls"] if one["operation"] == operation)
    return found


def pages(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted((folder / "authorization-details").glob("page-*.json"))]


def principals(folder: Path) -> set[str]:
    return {principal.name for principal in read_account(folder).principals}


EVERYBODY = {f"user-{i}" for i in range(USERS)} | {f"role-{i}" for i in range(ROLES)}


# Everything ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(aws: tuple[int, Account], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Collected, list[Asked]]:
    """Collect everything once, with a credential report."""
    folder = tmp_path_factory.mktemp("whole") / "collected"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ACCESS_KEY_ID": KEY_ID, "SECRET_ACCESS_KEY": SECRET, "SESSION_TOKEN": TOKEN}.items():
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("NO_PROXY", "*")
        front = Front(aws[0])
        front.per_page = 4
        report = (
            b"user,arn,user_creation_time\nuser-0,arn:aws:iam::123456789012:user/user-0,2026-01-01T00:00:00+00:00\n"
        )
        front.on("iam:GetCredentialReport", lambda asked: Answer(200, credential_report(report)))
        # What AWS answers where a bot has no policy; moto fails.
        front.on("lex:DescribeResourcePolicy", no_alias_policy)
        done = collect(folder, endpoint_url=front.url, regions=[REGION, OTHER_REGION])
        front.close()
    return folder, done, front.asked


def credential_report(report: bytes) -> bytes:
    from base64 import b64encode

    inner = f"<Content>{b64encode(report).decode()}</Content><ReportFormat>text/csv</ReportFormat>"
    result = f"<GetCredentialReportResult>{inner}</GetCredentialReportResult>"
    return f"<GetCredentialReportResponse>{result}</GetCredentialReportResponse>".encode()


def no_alias_policy(asked: Asked) -> Answer | None:
    return error("ResourceNotFoundException", status=404)(asked) if "bot-alias" in asked.path else None


def test_everything_is_collected(whole, aws):
    folder, done, _ = whole
    assert (done.missing, done.stopped, done.account_id, done.complete) == ((), None, ACCOUNT, True)
    told = manifest(folder)
    assert {one["status"] for one in told["calls"]} == {"complete"}
    assert (told["format"], told["schema"], told["account_id"], told["partition"]) == (
        "lexgraph collection",
        1,
        ACCOUNT,
        "aws",
    )
    assert told["started"] <= told["finished"]
    assert principals(folder) == EVERYBODY
    assert (folder / "credential-report.csv").read_text().startswith("user,arn,user_creation_time\nuser-0,")


def test_every_resource_has_its_policy_or_none(whole, aws):
    arns = aws[1].arns
    told = json.loads((whole[0] / "resource-policies.json").read_text())
    found = {one["ResourceArn"]: one["Policy"] for one in told}
    assert json.loads(found[f"arn:aws:s3:::{BUCKETS[0]}"])["Statement"][0]["Action"] == "s3:GetObject"
    assert "SendMessage" in found[arns["queue"]]
    assert "GetSecretValue" in found[arns["secret"]]
    assert "lexv2.amazonaws.com" in found[arns["answer"]]
    assert "user-2" in found[arns["bot"]]
    assert found[arns["key"]] is not None
    assert found[arns["topic"]] is not None
    without = {arn for arn, document in found.items() if document is None}
    assert {f"arn:aws:s3:::{BUCKETS[1]}", arns["silent"], arns["private"], arns["alias"]} <= without
    assert any(f":sqs:{OTHER_REGION}:" in arn for arn in found)


def test_the_list_of_resources_names_types_and_tags_and_holds_no_formula(whole, aws):
    with (whole[0] / "resources.csv").open(newline="") as file:
        rows = {row["resource"]: row for row in csv.DictReader(file)}
    arns = aws[1].arns
    bot = rows[arns["bot"]]
    assert (bot["type"], bot["name"], bot["generation"]) == ("bot", "Support", "V2")
    secret = rows[arns["secret"]]
    assert (secret["name"], json.loads(secret["tags"])) == ("", {"Department": "Support"})
    assert not any(cell.startswith(tuple("=+-@")) for row in rows.values() for cell in row.values())


def test_the_organization_is_a_tree_with_what_is_attached(whole, aws):
    told = json.loads((whole[0] / "organization.json").read_text())
    arns = aws[1].arns
    assert told["Organization"]["MasterAccountId"] == ACCOUNT
    parents = {one["Id"]: one["ParentId"] for one in (*told["OrganizationalUnits"], *told["Accounts"])}
    assert parents[arns["member"]] == arns["inner"]
    assert parents[arns["inner"]] == arns["unit"]
    assert parents[arns["unit"]] == parents[ACCOUNT] == told["Roots"][0]["Id"] == arns["root"]
    (inner,) = (one for one in told["OrganizationalUnits"] if one["Id"] == arns["inner"])
    assert arns["control"] in inner["Policies"]
    (control,) = (one for one in told["Policies"] if one["Id"] == arns["control"])
    assert control["Type"] == "SERVICE_CONTROL_POLICY"
    assert "lex:DeleteBot" in control["Content"]


def test_only_calls_of_the_plan_are_made(whole):
    # What a request is signed for is not always what botocore calls the service.
    names = {"lexv2-models": "lex", "efs": "elasticfilesystem"}
    planned = {f"{names.get(service, service)}:{name}" for service, name in ALLOWED}
    assert {asked.key for asked in whole[2]} <= planned
    everything = {f"{names.get(s, s)}:{n}" for s, n in ALLOWED} - {"backup:GetBackupVaultAccessPolicy"}
    assert everything <= {asked.key for asked in whole[2]}, "a call of the plan is never tried here"


def test_no_secret_reaches_a_file(whole):
    for path in whole[0].rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for secret in (SECRET, TOKEN, KEY_ID, "the-secret-value", "the-password-in-the-environment", "example.com"):
            assert secret.encode() not in data, (path, secret)


def test_only_the_owner_may_read_what_is_collected(whole):
    for path in (whole[0], *whole[0].rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_collecting_again_asks_only_whose_the_credentials_are(whole, front):
    before = {path: path.read_bytes() for path in whole[0].rglob("*") if path.is_file()}
    done = collect(whole[0], endpoint_url=front.url, regions=[REGION, OTHER_REGION])
    assert (done.complete, done.answers) == (True, 0)
    assert [asked.key for asked in front.asked] == ["sts:GetCallerIdentity"]
    assert {path: path.read_bytes() for path in whole[0].rglob("*") if path.is_file()} == before


def test_a_key_that_stands_twice_in_a_policy_is_not_lost_on_the_way(whole):
    (bad,) = (bad for bad in read_account(whole[0]).unreadable if bad.name == "twice")
    assert bad.error.code == "DUPLICATE_KEY"


def test_who_can_answers_right_on_what_was_collected(whole, aws):
    account = read_account(whole[0])
    bot = aws[1].arns["bot"]
    arn = f"arn:aws:iam::{ACCOUNT}:user/user-"
    assert {row.principal: row.outcome for row in who_can(account, "lex:DescribeBot", bot)} == {
        f"{arn}2": "allowed",  # by the bot's own policy
        f"{arn}3": "conditional",  # one of its policies cannot be read
    }
    assert f"{arn}0" in {row.principal for row in who_can(account, "lex:DeleteBot", bot) if row.outcome == "allowed"}
    silent = who_can(account, "sqs:SendMessage", aws[1].arns["queue"])
    assert {row.outcome for row in silent if row.principal == f"{arn}4"} == {"allowed"}
    assert {part.part: part.missing for part in account.coverage}["organization"] == ()


# What goes wrong on the way ------------------------------------------------------------------------------------------


def test_pages_are_kept_when_access_is_denied_half_way_and_a_later_run_goes_on_there(front, folder):
    front.on(DETAILS, error("AccessDenied", "not today", 403), skip=2)
    done = iam(folder, front)
    told = call(folder, "GetAccountAuthorizationDetails")
    assert (told["status"], told["pages"], told["marker"]) == ("partial", 2, "marker-8")
    assert "AccessDenied" in told["error"]
    assert "not today" in done.missing[0]
    assert len(pages(folder)) == 2
    (details, *_) = read_account(folder).coverage
    assert details.missing, "a reader is told that something is missing"
    front.rules.clear()
    front.asked.clear()
    assert iam(folder, front).complete
    assert [asked.marker for asked in front.asked if asked.key == DETAILS] == ["marker-8", "marker-12"]
    assert principals(folder) == EVERYBODY


def test_what_is_denied_at_once_is_told_and_asked_again_by_the_next_run(front, folder):
    front.on("s3:GetBucketPolicy", error("AccessDenied", status=403))
    done = collect(folder, services=["iam", "s3"], endpoint_url=front.url)
    assert "s3:GetBucketPolicy was denied, 3 calls: AccessDenied: told to" in done.missing
    told = [one for one in manifest(folder)["calls"] if one["operation"] == "GetBucketPolicy"]
    assert {one["status"] for one in told} == {"denied"}
    assert {one["resource"] for one in told} == {f"arn:aws:s3:::{name}" for name in BUCKETS}
    account = read_account(folder)
    bucket = f"arn:aws:s3:::{BUCKETS[1]}/x"
    assert {row.outcome for row in who_can(account, "s3:GetObject", bucket)} == {"conditional"}, "unknown is no denial"
    front.rules.clear()
    assert collect(folder, services=["iam", "s3"], endpoint_url=front.url).complete
    assert front.count("s3:ListBuckets") == 1
    assert front.count("s3:GetBucketPolicy") == 2 * len(BUCKETS)


@pytest.mark.parametrize(
    "trouble",
    [
        error("Throttling", "Rate exceeded"),
        error("ServiceUnavailable", status=503),
        lambda asked: Answer(200, b"<html>not what AWS says</html>"),
        lambda asked: Answer(200, b"<GetAccountAuthorizationDetailsResponse>" * 50, cut=True),
    ],
    ids=["throttled", "unavailable", "no answer of AWS", "broken off"],
)
def test_what_passes_is_tried_again(front, folder, trouble):
    front.on(DETAILS, trouble, times=3, skip=1)
    assert iam(folder, front).complete
    assert front.count(DETAILS) == PAGES + 3
    assert principals(folder) == EVERYBODY


def test_what_does_not_pass_is_given_up_after_ten_attempts_and_the_rest_goes_on(front, folder):
    front.on(DETAILS, error("Throttling", "Rate exceeded"), skip=1)
    done = collect(folder, services=["iam", "s3"], endpoint_url=front.url)
    assert front.count(DETAILS) == 1 + 10
    assert done.stopped is None
    assert call(folder, "GetAccountAuthorizationDetails")["status"] == "partial"
    assert call(folder, "ListBuckets")["status"] == "complete"


def test_between_attempts_it_waits_longer_and_longer_up_to_a_bound():
    waited = []
    backoff = Backoff(lambda seconds: waited.append(seconds) or False, jitter=lambda low, high: high)
    assert backoff.persist(lambda: Failure("passing", "Throttling")) == Failure("passing", "Throttling")
    assert waited == [1, 2, 4, 8, 16, 20, 20, 20, 20]


def test_a_run_that_is_stopped_does_not_wait_any_longer():
    asked = []
    Backoff(lambda seconds: True).persist(lambda: asked.append(1) or Failure("passing", "Throttling"))
    assert asked == [1]


def test_when_the_credentials_expire_the_next_run_goes_on_with_new_ones(front, folder):
    front.on(DETAILS, error("ExpiredToken", "The security token included in the request is expired", 403), skip=2)
    done = collect(folder, services=["iam", "s3", "kms"], endpoint_url=front.url)
    assert "expired" in done.stopped
    assert not done.complete
    told = manifest(folder)
    assert (told["finished"], told["stopped"]) == (None, done.stopped)
    assert call(folder, "GetAccountAuthorizationDetails")["pages"] == 2
    front.rules.clear()
    front.asked.clear()
    assert collect(folder, services=["iam", "s3", "kms"], endpoint_url=front.url).complete
    assert front.count(DETAILS) == PAGES - 2
    assert manifest(folder)["stopped"] is None


def test_a_listing_whose_marker_is_no_longer_valid_begins_again_and_then_replaces_the_old_pages(front, folder):
    front.on(DETAILS, error("AccessDenied", status=403), skip=3)
    iam(folder, front)
    old = pages(folder)
    front.rules.clear()
    front.asked.clear()
    # Meanwhile the account answers in larger pages; the new run is cut short, too.
    front.per_page = 6
    front.on(DETAILS, error("ValidationError", "Invalid Marker"), times=1)
    front.on(DETAILS, error("AccessDenied", status=403), skip=2)
    iam(folder, front)
    assert pages(folder) == old, "until the new list is complete, what there was stays"
    front.rules.clear()
    assert iam(folder, front).complete
    assert [asked.marker for asked in front.asked if asked.key == DETAILS] == [
        "marker-12",
        None,
        "marker-6",
        "marker-12",
        "marker-12",
    ]
    assert len(pages(folder)) == -(-14 // 6)
    assert principals(folder) == EVERYBODY
    assert {path.name for path in folder.iterdir()} == {"answers.jsonl", "authorization-details", "collection.json"}


def test_a_marker_that_is_never_valid_is_a_failure_and_not_an_endless_loop(front, folder):
    front.on(DETAILS, lambda asked: error("ValidationError", "Invalid Marker")(asked) if asked.marker else None)
    done = iam(folder, front)
    assert front.count(DETAILS) == 4  # a page, its marker, the page again, its marker
    assert "ValidationError" in done.missing[0]
    assert len(pages(folder)) == 1


def test_a_marker_that_comes_twice_is_a_failure_and_not_an_endless_loop(front, folder):
    def again(asked: Asked) -> Answer:
        inner = "<IsTruncated>true</IsTruncated><Marker>round and round</Marker>"
        whole = f"<GetAccountAuthorizationDetailsResult>{inner}</GetAccountAuthorizationDetailsResult>"
        return Answer(
            200, f"<GetAccountAuthorizationDetailsResponse>{whole}</GetAccountAuthorizationDetailsResponse>".encode()
        )

    front.on(DETAILS, again)
    assert "RepeatedMarker" in iam(folder, front).missing[0]
    assert front.count(DETAILS) == 2


def test_more_pages_without_a_marker_are_a_failure(front, folder):
    inner = (
        "<GetAccountAuthorizationDetailsResult><IsTruncated>true</IsTruncated></GetAccountAuthorizationDetailsResult>"
    )
    whole = f"<GetAccountAuthorizationDetailsResponse>{inner}</GetAccountAuthorizationDetailsResponse>".encode()
    front.on(DETAILS, lambda asked: Answer(200, whole))
    assert "gives no marker" in iam(folder, front).missing[0]
    assert (front.count(DETAILS), call(folder, "GetAccountAuthorizationDetails")["status"]) == (1, "failed")


def test_an_answer_that_lacks_what_aws_describes_is_a_failure_of_that_call_alone(front, folder):
    body = json.dumps({"Keys": [{"KeyArn": "arn:aws:kms:us-east-1:123456789012:key/1"}]}).encode()
    front.on("kms:ListKeys", lambda asked: Answer(200, body, {"Content-Type": "application/x-amz-json-1.1"}))
    done = collect(folder, services=["iam", "kms"], endpoint_url=front.url)
    assert [text for text in done.missing if "ListKeys" in text and "BadAnswer" in text]
    assert principals(folder) == EVERYBODY


def test_an_account_that_may_not_see_its_organization_is_not_taken_for_one_without_scps(front, folder):
    told = {"Organization": {"Id": "o-exampleorgid", "MasterAccountId": "999999999999"}}
    front.on("organizations:DescribeOrganization", lambda asked: Answer(200, json.dumps(told).encode()))
    for name in ("ListRoots", "ListPolicies"):
        front.on(f"organizations:{name}", error("AccessDeniedException"))
    done = collect(folder, services=["iam", "organizations"], endpoint_url=front.url)
    assert {text.partition(" ")[0] for text in done.missing} == {
        "organizations:ListRoots",
        "organizations:ListPolicies",
    }
    account = read_account(folder)
    assert account.organization is not None
    assert {part.part: bool(part.missing) for part in account.coverage}["organization"]
    assert "scp" in account.stack("user/user-0").not_considered


@pytest.mark.parametrize("hidden, known", [("p-FullAWSAccess", False), ("p-RCPFullAWSAccess", True)])
def test_what_is_attached_is_unknown_everywhere_when_a_policy_of_a_kind_in_use_does_not_tell(
    front, folder, hidden, known
):
    # The root says that SCPs are in use, and RCPs are not.
    denied = error("AccessDeniedException")
    front.on("organizations:ListTargetsForPolicy", lambda asked: denied(asked) if f'"{hidden}"' in asked.body else None)
    assert collect(folder, services=["organizations"], endpoint_url=front.url).missing
    told = json.loads((folder / "organization.json").read_text())
    places = [one for name in ("Roots", "OrganizationalUnits", "Accounts") for one in told[name]]
    assert {one["Policies"] is not None for one in places} == {known}


def test_an_account_without_an_organization_or_a_report_is_told_from_one_that_hides_them(front, folder):
    front.on("organizations:DescribeOrganization", error("AWSOrganizationsNotInUseException"))
    done = collect(folder, services=["organizations", "credential-report"], endpoint_url=front.url)
    assert call(folder, "DescribeOrganization")["status"] == "complete"
    assert front.count("organizations:ListRoots") == 0
    (missing,) = done.missing
    assert "aws iam generate-credential-report" in missing
    assert not (folder / "organization.json").exists()


def test_when_aws_is_gone_the_run_ends_soon_and_keeps_what_there_is(front, folder):
    gone = lambda asked: Answer(200, b"x", cut=True)  # noqa: E731 - a rule, as the others
    front.on("sqs:ListQueues", gone)
    front.on("kms:ListKeys", gone)
    front.on("sns:ListTopics", gone)
    regions = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1"]
    done = collect(folder, services=["sqs", "kms", "sns"], endpoint_url=front.url, regions=regions)
    assert "cannot be reached" in done.stopped
    assert {one["status"] for one in manifest(folder)["calls"]} <= {"failed", "pending"}


def test_the_policy_is_enough_and_without_one_of_its_actions_that_call_is_denied(front, folder, aws, monkeypatch):
    # Of these services moto can tell whose signature it is, and what that user may do.
    services = ["iam", "organizations", "s3", "kms", "sqs", "sns", "secretsmanager", "ecr", "dynamodb"]
    front.per_page = None
    collector_key = aws[1].user_with("collector", collection_policy(services))
    with aws[1].enforced():
        for name, value in collector_key.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_SESSION_TOKEN")
        done = collect(folder, services=services, endpoint_url=front.url)
    assert done.missing == ()
    less = collection_policy(services)
    less["Statement"][0]["Action"].remove("kms:GetKeyPolicy")
    aws[1].user_with("collector", less)
    with aws[1].enforced():
        done = collect(folder.with_name("less"), services=services, endpoint_url=front.url)
    (missing,) = done.missing
    aws[1].forget("collector")
    assert missing.startswith("kms:GetKeyPolicy in us-east-1 was denied: 403")


# Stopped from outside ------------------------------------------------------------------------------------------------


# Whoever starts the tests in the background may have them ignore interrupts, which children inherit.
INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from lexgraph.cli import main
sys.exit(main())
"""


def started(folder: Path, front: Front, pause: threading.Event) -> subprocess.Popen[bytes]:
    """Start a collection whose third page never comes, and wait until it is asked for."""
    asked = threading.Event()

    def never(_: Asked) -> None:
        asked.set()
        front.lock.release()  # others go on being answered
        pause.wait(30)
        front.lock.acquire()

    front.on(DETAILS, never, skip=2)
    command = [sys.executable, "-c", INTERRUPTIBLE, "collect", "-o", str(folder), "--services", "iam"]
    process = subprocess.Popen([*command, "--endpoint-url", front.url], stdout=-1, stderr=-1, cwd=ROOT)
    assert asked.wait(30)
    return process


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_or_interrupted_is_gone_on_with(front, folder, how):
    pause = threading.Event()
    process = started(folder, front, pause)
    process.send_signal(how)
    time.sleep(0.1)
    pause.set()
    out, err = process.communicate(timeout=30)
    assert b"Traceback" not in err
    if how == signal.SIGINT:
        assert (process.returncode, out) == (1, b"")
        assert b"goes on where this one stopped" in err
        assert manifest(folder)["finished"] is None
    assert len(pages(folder)) >= 2
    front.rules.clear()
    front.asked.clear()
    assert iam(folder, front).complete
    assert front.count(DETAILS) <= PAGES - 2
    assert principals(folder) == EVERYBODY


def test_a_line_of_the_journal_that_was_cut_off_is_asked_again(front, folder):
    iam(folder, front)
    journal = folder / "answers.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    for cut in (b"".join(lines[:3]) + lines[3][:10], b"".join(lines[:-2])):
        journal.write_bytes(cut)
        assert iam(folder, front).complete
        assert principals(folder) == EVERYBODY


def test_a_journal_that_is_damaged_is_refused(front, folder):
    iam(folder, front)
    journal = folder / "answers.jsonl"
    whole = journal.read_bytes()
    lines = (b"{}", b"null", b'{"call": {}}', b"[" * 5000, b'{"call": {"operation": "iam:x"}}')
    for damaged in (*(whole + line + b"\n" for line in lines), whole.replace(b'"schema":1', b'"schema":2'), b"\n"):
        journal.write_bytes(damaged)
        with pytest.raises(LexgraphError) as told:
            iam(folder, front)
        assert told.value.code == "DAMAGED_COLLECTION"
        assert journal.read_bytes() == damaged


@pytest.mark.parametrize("writes", [1, 4, 7])
def test_a_disk_that_is_full_ends_the_run_and_the_next_one_goes_on(front, folder, monkeypatch, writes):
    left = [writes]
    fsync = os.fsync

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(LexgraphError, match="No space left"):
            iam(folder, front)
    assert iam(folder, front).complete
    assert principals(folder) == EVERYBODY
    assert not list(folder.rglob(".*"))


# Whose folder it is --------------------------------------------------------------------------------------------------


def test_a_folder_of_another_account_is_refused_and_stays_as_it_is(front, folder):
    Store(folder, "999999999999", "2026-01-01").close()
    before = (folder / "answers.jsonl").read_bytes()
    with pytest.raises(LexgraphError, match='holds account "999999999999"') as told:
        iam(folder, front)
    assert told.value.code == "ANOTHER_ACCOUNT"
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("answers.jsonl", before)]


def test_a_folder_with_other_files_is_refused(front, folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    with pytest.raises(LexgraphError) as told:
        iam(folder, front)
    assert told.value.code == "NOT_A_COLLECTION"
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_two_runs_do_not_write_into_one_folder(front, folder):
    with Store(folder, ACCOUNT, "2026-01-01"), pytest.raises(LexgraphError) as told:
        iam(folder, front)
    assert told.value.code == "IN_USE"


@pytest.mark.parametrize("name", ["answers.jsonl", "authorization-details", "collection.json"])
def test_no_link_leads_out_of_the_folder(front, folder, tmp_path, name):
    iam(folder, front)
    aside = tmp_path / "aside"
    (folder / name).rename(aside)
    (folder / name).symlink_to(aside)
    before = {path: path.read_bytes() for path in (aside, *aside.rglob("*")) if path.is_file()}
    with pytest.raises(LexgraphError):
        iam(folder, front)
    assert {path: path.read_bytes() for path in before} == before


# Who asks, and what may be told --------------------------------------------------------------------------------------


def test_no_error_of_aws_carries_a_credential_further(front, folder, capfd, caplog):
    caplog.set_level("INFO")
    for service, said in (
        ("s3:ListBuckets", f"your secret is {SECRET} and your token {TOKEN}, {KEY_ID}"),
        ("kms:ListKeys", f"The Canonical String should have been\nx-amz-security-token:{TOKEN}"),
        ("sqs:ListQueues", f"\x1b[31mred‮ {SECRET}" + "x" * 10_000),
    ):
        front.on(service, error("SomethingElse", said))
    code = main(["collect", "-o", str(folder), "--services", "s3", "kms", "sqs", "--endpoint-url", front.url])
    out, err = capfd.readouterr()
    assert code == 1
    everything = out + err + caplog.text + "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    for secret in (SECRET, TOKEN, KEY_ID, "\x1b", "‮"):
        assert secret not in everything
    assert err.count("SomethingElse") == 3
    assert max(map(len, err.splitlines())) < 400


def test_nothing_that_a_person_can_hold_shows_a_credential(front, folder):
    session = open_session(endpoint_url=front.url)
    session.identity()
    assert SECRET not in repr(session) + str(vars(session))
    assert TOKEN not in repr(session) + str(vars(session))
    session.close()


def test_an_operation_that_is_not_in_the_plan_is_refused_before_it_is_sent(front):
    session = open_session(endpoint_url=front.url)
    client = session._client("iam", REGION)
    with pytest.raises(Exception, match="not an operation that lexgraph may call"):
        client.create_user(UserName="mallory")
    assert front.asked == []
    session.close()


@pytest.mark.parametrize("code", ["InvalidClientTokenId", "ExpiredToken", "AccessDenied"])
def test_credentials_that_aws_does_not_take_are_told_and_nothing_is_written(front, folder, code):
    front.on("sts:GetCallerIdentity", error(code, "no", 403))
    with pytest.raises(LexgraphError, match=code):
        iam(folder, front)
    assert not folder.exists()


def test_without_credentials_profile_region_or_boto3_it_says_what_is_missing(front, folder, monkeypatch, capsys):
    def told(*more: str) -> str:
        assert main(["collect", "-o", str(folder), "--endpoint-url", front.url, *more]) == 2
        return capsys.readouterr().err

    assert 'no AWS profile "ghost' in told("--profile", "ghost\x1b[31m")
    assert "https" in told("--endpoint-url", "http://example.com")
    assert "s4" in told("--services", "s4")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "--region" in told()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "no AWS credentials" in told("--region", REGION)
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "pip install 'lexgraph[live]'" in told()
    assert not folder.exists()
    assert front.asked == []


def test_the_command_prints_the_folder_and_exits_with_0_when_all_is_there(front, folder, capsys):
    assert main(["collect", "-o", str(folder), "--services", "iam", "--endpoint-url", front.url]) == 0
    out, err = capsys.readouterr()
    assert out == f"{folder}\n"
    assert f"account {ACCOUNT}" in err
    assert "%" not in err, "no progress bar where nobody looks"


def test_the_command_needs_a_folder_or_prints_the_policy(capsys):
    assert main(["collect"]) == 2
    assert "-o DIR" in capsys.readouterr().err
    assert main(["collect", "--print-policy", "--services", "iam", "s3"]) == 0
    assert json.loads(capsys.readouterr().out) == collection_policy(["iam", "s3"])


def test_a_region_that_no_service_is_in_is_refused(front, folder, monkeypatch):
    monkeypatch.setattr("lexgraph.account.live.session.Aws.offers", lambda self, service, region: service == "kms")
    done = collect(folder, services=["kms", "lex"], endpoint_url=front.url)
    assert done.notes == ('lex is not asked in "us-east-1": boto3 knows no endpoint of it there',)
    with pytest.raises(LexgraphError, match="us-nowhere-1"):
        collect(folder, services=["lex"], regions="us-nowhere-1", endpoint_url=front.url)
