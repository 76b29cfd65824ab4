"""What the collector may ask, and how it reads what it is told: without any AWS."""

import json
import random

import pytest
from botocore import exceptions
from botocore.session import get_session

from lexgraph.account.live.answers import document, page_of, plain
from lexgraph.account.live.failures import WITHHELD, Failure, failure_of, safe_text
from lexgraph.account.live.operations import DETAILS, IDENTITY, OPERATIONS, PARTS
from lexgraph.account.live.permissions import chosen_parts, collection_policy, operations_of
from lexgraph.account.live.plan import Call, following
from lexgraph.account.live.session import ALLOWED, LOOPBACK, BrokenAnswer, refuse_damaged
from lexgraph.account.live.state import NEW, Page, after, line_of, read_line
from lexgraph.account.live.store import write_json
from lexgraph.account.live.tree import Tree
from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import is_arn
from lexgraph.policy.parse import parse_policy

SESSION = get_session()
ALL = (IDENTITY, *OPERATIONS.values())
PLAN = [pytest.param(one, id=one.key) for one in ALL]


# Only reading ---


@pytest.mark.parametrize("operation", PLAN)
def test_every_operation_only_reads(operation):
    assert operation.name.startswith(("Get", "List", "Describe"))
    levels = catalog().levels(operation.action)
    assert levels, f"the catalogue has no action {operation.action}"
    assert set(levels) <= {"Read", "List"}


@pytest.mark.parametrize("operation", PLAN)
def test_every_operation_is_one_of_aws_with_these_parameters_and_members(operation):
    model = SESSION.get_service_model(operation.service).operation_model(operation.name)
    if operation.items:
        listed = model.output_shape.members[operation.items]
        item = listed.member if listed.type_name == "list" else listed
        named = {"value", "last"} if item.type_name == "string" else set(item.members)
        assert set(operation.keep) <= named
    elif operation.value:
        assert operation.value.split(".")[0] in model.output_shape.members
    if operation.token:
        assert operation.token[0] in model.input_shape.members
        assert operation.token[1] in model.output_shape.members
    if operation.more:
        assert model.output_shape.members[operation.more].type_name == "boolean"


@pytest.mark.parametrize("operation", PLAN)
def test_every_listing_of_aws_that_has_pages_is_read_to_its_end(operation):
    # A listing of which only the first page were read would be taken for the whole.
    model = SESSION.get_service_model(operation.service).operation_model(operation.name)
    members = {name.lower() for name in model.output_shape.members}
    tokens = {"nexttoken", "marker", "nextmarker", "continuationtoken", "lastevaluatedtablename"}
    assert bool(members & tokens) == (operation.token is not None)


@pytest.mark.parametrize("operation", PLAN)
def test_everything_that_follows_is_asked_with_parameters_that_aws_knows(operation):
    for then in operation.then:
        target = OPERATIONS[then.operation]
        model = SESSION.get_service_model(target.service).operation_model(target.name)
        assert {name for name, _ in then.parameters} <= set(model.input_shape.members if model.input_shape else ())
        assert set(model.input_shape.required_members if model.input_shape else ()) <= {n for n, _ in then.parameters}


def test_what_begins_needs_no_more_parameters_than_it_has():
    for part in PARTS.values():
        for key, parameters in part.starts:
            shape = SESSION.get_service_model(OPERATIONS[key].service).operation_model(OPERATIONS[key].name).input_shape
            assert {name for name, _ in parameters} <= set(shape.members if shape else ())
            assert set(shape.required_members if shape else ()) <= {name for name, _ in parameters}


def test_the_policy_allows_exactly_what_the_plan_calls():
    made = collection_policy()
    policy = parse_policy(made, name="collect")
    needed = {operation.action for operation in OPERATIONS.values()}
    assert set(made["Statement"][0]["Action"]) == needed == set(catalog().names_in(catalog().bits_of(needed)))
    stack = PolicyStack((policy,))
    who = "arn:aws:iam::111122223333:role/collector"

    def outcome(action: str) -> str:
        return authorize(stack, Request(who, action, "*")).outcome

    # A key's own policy has a say, whatever an identity may do.
    assert {outcome(action) for action in needed - {"kms:GetKeyPolicy"}} == {"allowed"}
    assert outcome("kms:GetKeyPolicy") == "conditional"
    others = sorted(set(catalog().names) - needed)
    drawn = random.Random(7).sample(others, 200)
    assert {outcome(action) for action in (*drawn, "iam:CreateUser", "iam:GenerateCredentialReport")} == {
        "implicitDeny"
    }


def test_every_operation_is_reached_from_a_part_and_the_guard_lets_through_no_other():
    assert {one.key for one in operations_of(PARTS)} == set(OPERATIONS)
    assert {(one.service, one.name) for one in ALL} == ALLOWED


def test_a_policy_for_some_parts_is_smaller():
    for name in PARTS:
        actions = set(collection_policy([name])["Statement"][0]["Action"])
        assert actions < set(collection_policy()["Statement"][0]["Action"])
    assert chosen_parts(None) == tuple(PARTS)
    with pytest.raises(LexgraphError, match="choose from iam"):
        chosen_parts(["ec2"])


# What is kept of an answer ---


def test_nothing_of_an_answer_is_kept_that_the_plan_does_not_name():
    functions = [
        {
            "FunctionName": "f",
            "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:f",
            "Environment": {"Variables": {"PASSWORD": "hunter2"}},
        }
    ]
    page = page_of(OPERATIONS["lambda:ListFunctions"], {"Functions": functions})
    assert "hunter2" not in json.dumps(page.content)
    accounts = [{"Id": "111122223333", "Name": "bots", "Email": "bots@example.com"}]
    page = page_of(OPERATIONS["organizations:ListAccountsForParent"], {"Accounts": accounts})
    assert page.content == [{"Id": "111122223333", "Name": "bots"}]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1.0}',
        '{"a": 1e400}',
        '{"a": NaN}',
        '{"a": -0}',
        '{"a": 00}',
        f'{{"a": {"9" * 5000}}}',
        "{",
        "[" * 100_000,
    ],
    ids="twice fraction infinite nan minus-zero zeros long open deep".split(),
)
def test_a_document_that_an_object_would_change_stays_a_text(text):
    assert document(text) == text


def test_a_document_that_an_object_says_as_well_becomes_one():
    told = {"Version": "2012-10-17", "Statement": [{"Condition": {"NumericLessThan": {"aws:x": [5, -7, "ü%"]}}}]}
    assert document(json.dumps(told).replace("%", "%25").replace('"', "%22")) == told
    assert plain({"PolicyVersionList": [{"Document": "%7B%7D", "VersionId": "%7B%7D"}]}) == {
        "PolicyVersionList": [{"Document": {}, "VersionId": "%7B%7D"}]
    }


@pytest.mark.parametrize("key", [key for key, one in OPERATIONS.items() if one.items])
def test_an_answer_in_another_form_is_a_failure(key):
    operation = OPERATIONS[key]
    whole = {name: [] if name in ("Tags", "PolicyTypes") else "x" for name in operation.keep}
    assert isinstance(page_of(operation, {operation.items: [whole]}), Page)
    first = operation.keep[0]
    bad = [7, [None], [[1]], [7], [{first: None}], [{first: 7}], [{}], [""], *([{**whole, name: 7}] for name in whole)]
    for value in bad:
        found = page_of(operation, {operation.items: value})
        assert isinstance(found, Failure), value
        assert found.code == "BadAnswer"


def test_a_bucket_is_asked_in_its_own_region_where_s3_tells_it():
    listing = OPERATIONS["s3:ListBuckets"]
    (asked,) = following(Call("s3:ListBuckets"), listing, {"Name": "calls", "BucketRegion": "eu-west-1"})
    assert (asked.region, asked.parameters) == ("eu-west-1", (("Bucket", "calls"),))


@pytest.mark.parametrize("key", [key for key, one in OPERATIONS.items() if one.resource])
def test_every_resource_has_an_arn_and_its_policy_is_asked_for_first(key):
    operation = OPERATIONS[key]
    item = {
        name: f"arn:aws:x:y:111122223333:{name}" if name.lower().endswith("arn") else name for name in operation.keep
    }
    tree = Tree({}, {"partition": "aws", "account": "111122223333"})
    parameters = (("botId", "B"),) if key == "lexv2-models:ListBotAliases" else ()
    (found,) = tree.on_page(Call(key, "us-east-1", parameters), [item])
    assert is_arn(found.arn)
    assert OPERATIONS[found.then[0].operation].value


@pytest.mark.parametrize(
    "status, headers, body",
    [
        (200, {}, b""),
        (200, {}, b'{"Queue'),
        (200, {}, b"\xff\xfe"),
        (200, {}, b"[" * 100_000),
        (200, {"content-length": "9"}, b'{"a": 1}'),
        (500, {"content-length": "9"}, b"<Error/>"),
    ],
)
def test_an_answer_that_is_not_whole_is_not_taken_for_an_empty_one(status, headers, body):
    with pytest.raises(BrokenAnswer):
        refuse_damaged({"status_code": status, "headers": headers, "body": body})


@pytest.mark.parametrize(
    "status, headers, body",
    [
        (200, {"content-length": "8"}, b'{"a": 1}'),
        (200, {"content-length": "20", "content-encoding": "gzip"}, b"<Buckets/>"),
        (404, {}, b""),
    ],
)
def test_an_answer_that_is_whole_is_taken(status, headers, body):
    refuse_damaged({"status_code": status, "headers": headers, "body": body})


# What an error means ---


def client_error(code: str, status: int = 400, message: str = "") -> exceptions.ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "ListBuckets")


@pytest.mark.parametrize(
    "error, kind",
    [
        (client_error("AccessDenied", 403), "denied"),
        (client_error("AccessDeniedException"), "denied"),
        (client_error("AuthorizationError", 403), "denied"),
        (client_error("403", 403), "denied"),
        (client_error("ExpiredToken", 403), "credentials"),
        (client_error("ExpiredTokenException"), "credentials"),
        (client_error("Throttling"), "passing"),
        (client_error("TooManyRequestsException", 429), "passing"),
        (client_error("Strange", 429), "passing"),
        (client_error("Strange", 502), "passing"),
        (client_error("NoSuchBucketPolicy", 404), "none"),
        (client_error("NoSuchBucket", 404), "failed"),
        (client_error("ValidationError"), "failed"),
        (client_error("UnrecognizedClientException"), "failed"),
        (exceptions.NoCredentialsError(), "credentials"),
        (exceptions.UnauthorizedSSOTokenError(), "credentials"),
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), "passing"),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), "passing"),
        (exceptions.ConnectionClosedError(endpoint_url="https://x"), "passing"),
        (exceptions.SSLError(endpoint_url="https://x", error="no"), "failed"),
        (exceptions.ParamValidationError(report="no"), "failed"),
        (BrokenAnswer("half"), "passing"),
        (KeyError("x"), "passing"),
        (ValueError("Invalid endpoint"), "failed"),
    ],
)
def test_errors_are_told_apart(error, kind):
    assert failure_of(error, none=("NoSuchBucketPolicy",)).kind == kind


@pytest.mark.parametrize(
    "code",
    "ValidationError InvalidMarkerException InvalidNextTokenException ExpiredNextTokenException InvalidInputException "
    "InvalidParameterException InvalidParameterValueException InvalidArgument InvalidPaginationTokenException "
    "InvalidContinuationToken BadRequest ValidationException PaginationException".split(),
)
def test_an_error_about_parameters_may_be_about_the_marker(code):
    assert failure_of(client_error(code)).about_parameters
    assert not failure_of(client_error("AccessDenied")).about_parameters
    assert not failure_of(client_error("ExpiredTokenException")).about_parameters


def test_a_message_is_cut_after_its_secrets_are_hidden():
    secret = "s" * 40
    for front in (0, 150, 180, 195, 199, 205):
        assert "sss" not in safe_text("x" * front + secret, [secret])
    assert safe_text("the x-amz-security-token is wrong") == WITHHELD
    assert safe_text("The request signature we calculated does not match") == WITHHELD
    assert safe_text("AKIAIOSFODNN7EXAMPLE may not") == "(access key) may not"
    assert len(safe_text("x" * 10_000)) <= 200
    assert safe_text("a\n\x1b[31mb") == "a \\x1b[31mb"


def test_only_this_machine_may_be_asked_without_encryption():
    assert {"127.0.0.1", "::1", "localhost"} == LOOPBACK


# The journal ---


def random_event(random: random.Random):
    marker = random.choice([None, f"marker-{random.randrange(10**6)}"])
    return random.choice(
        [
            Page([{"Id": "x"}], marker),
            Failure("denied", "AccessDenied", "no"),
            Failure("failed", "X"),
            "again",
            "planned",
        ]
    )


def test_the_journal_read_again_gives_the_same_state():
    draw = random.Random(11)
    call = Call("s3:ListBuckets", parameters=(("MaxBuckets", 1000), ("Names", ("a", "b"))))
    for _ in range(300):
        state = again = NEW
        for _ in range(draw.randrange(8)):
            event = random_event(draw)
            state = after(state, event)
            read, told = read_line(json.loads(json.dumps(line_of(call, event))))
            assert read == call
            again = after(again, told)
        assert again == state
        assert (state.status == "complete") <= (state.marker is None)


def test_pages_are_never_lost_before_a_new_list_is_complete():
    state = after(after(NEW, Page("one", "a")), Page("two", "b"))
    for event in ("again", Page("ONE", "c"), Failure("denied", "AccessDenied"), "again", Page("ONE", "d")):
        state = after(state, event)
        assert (state.status, state.pages) == ("partial", ("one", "two"))
    state = after(state, Page("TWO"))
    assert (state.status, state.pages, state.again) == ("complete", ("ONE", "TWO"), None)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, 1)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(LexgraphError, match="No space left"):
        write_json(path, 2)
    assert (path.read_text(), [one.name for one in tmp_path.iterdir()]) == ("1\n", ["a.json"])


def test_the_account_itself_is_kept_whole():
    assert (OPERATIONS[DETAILS].items, OPERATIONS[DETAILS].value) == ("", "")
    assert page_of(
        OPERATIONS[DETAILS], {"RoleDetailList": [], "IsTruncated": False, "ResponseMetadata": {}}
    ).content == {
        "RoleDetailList": [],
        "IsTruncated": False,
    }
