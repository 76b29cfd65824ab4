"""All that one policy allows and another does not: disjoint rows that agree with the point evaluator."""

import json
import random
import re
from dataclasses import replace

import pytest

import lexgraph as lg
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import compile_arn, split_arn
from lexgraph.policy.patterns import compile_glob
from lexgraph.reasoning.changes import changes_between
from lexgraph.reasoning.differences import differences_between
from lexgraph.reasoning.side import side_of
from lexgraph.tables import SCHEMAS, policy_changes_table

ACTIONS = ("lex:GetBot", "lex:DeleteBot", "lex:PostText", "lex:GetBots", "iam:PassRole", "s3:GetObject")
PATTERNS = ("lex:*", "lex:Get*", "*", "lex:PostText", "iam:PassRole", "lex:NoSuch", "s3:*")
BOT = "arn:aws:lex:us-east-1:111122223333:bot:"
RESOURCES = (f"{BOT}Orders:prod", f"{BOT}Billing:prod", f"{BOT}Orders-EU:test", "arn:aws:s3:::logs/2026")
PLACES = ("*", f"{BOT}*", f"{BOT}Orders*", f"{BOT}Orders:prod", "arn:aws:s3:::logs/*", f"{BOT}${{aws:username}}*")
KEYS = ("aws:ResourceTag/Team", "aws:MultiFactorAuthPresent", "iam:PassedToService")
SOMEONE = "arn:aws:iam::111122223333:user/Orders"


def statement(rng):
    found = {"Effect": rng.choice(("Allow", "Allow", "Allow", "Deny"))}
    found[rng.choice(("Action", "Action", "Action", "NotAction"))] = rng.sample(PATTERNS, rng.randint(1, 2))
    found[rng.choice(("Resource", "Resource", "Resource", "NotResource"))] = rng.sample(PLACES, rng.randint(1, 2))
    if rng.random() < 0.5:
        operator = rng.choice(("StringEquals", "StringNotEquals", "StringEqualsIfExists"))
        found["Condition"] = {operator: {rng.choice(KEYS): rng.choice(("a", "b"))}}
    return found


def policy(rng):
    statements = [statement(rng) for _ in range(rng.randint(1, 3))]
    return lg.parse_policy({"Version": "2012-10-17", "Statement": statements})


def request(rng):
    action = rng.choice(ACTIONS)
    sent = [key for key in KEYS if catalog().key_fits(key.lower(), action.lower()) is not False]
    values = {key: rng.choice(("a", "b")) for key in sent if rng.random() < 0.6}
    return Request(SOMEONE, action, rng.choice(RESOURCES), Context(values, complete=True))


def allows(policy, asked):
    return authorize(PolicyStack(identity=(policy,)), asked).outcome == "allowed"


def told(found, direction):
    """Return the catalogue's actions that are told for sure in one direction."""
    rows = (one.actions for one in found if one.direction == direction and one.what != "undecided")
    return {action for actions in rows for action in actions if catalog().index_of(action) is not None}


@pytest.mark.parametrize("seed", range(24))
def test_a_request_is_in_a_row_if_and_only_if_one_side_alone_allows_it(seed):
    rng = random.Random(seed)
    before, after = policy(rng), policy(rng)
    found = differences_between(before, after)
    for _ in range(60):
        asked = request(rng)
        for direction, here, there in (("granted", after, before), ("taken away", before, after)):
            rows = [one for one in found if one.direction == direction and one.cell is not None]
            covering = [one for one in rows if one.cell.covers(asked)]
            # A row that is undecided may hold the request or not.
            holding = [one for one in covering if one.cell.allows(asked)]
            assert bool(holding) == (allows(here, asked) and not allows(there, asked)), (before, after, asked)
            assert len({id(one.cell) for one in covering}) == len(covering)


@pytest.mark.parametrize("seed", range(60, 80))
def test_every_request_that_is_shown_is_in_its_row_and_only_one_side_allows_it(seed):
    rng = random.Random(seed)
    before, after = policy(rng), policy(rng)
    for one in differences_between(before, after):
        if one.request is None:
            continue
        here, there = (after, before) if one.direction == "granted" else (before, after)
        assert allows(here, one.request)
        assert not allows(there, one.request)
        if one.cell is not None:
            assert one.cell.covers(one.request)
            assert one.cell.allows(one.request)


@pytest.mark.parametrize("seed", range(110, 126))
def test_the_rows_name_the_known_actions_that_the_changes_name(seed):
    rng = random.Random(seed)
    before, after = policy(rng), policy(rng)
    for direction in ("granted", "taken away"):
        rows = told(differences_between(before, after), direction)
        assert rows == told(changes_between(before, after), direction)


@pytest.mark.parametrize("seed", range(150, 162))
def test_a_policy_does_not_differ_from_itself_and_turning_round_swaps_the_directions(seed):
    rng = random.Random(seed)
    before, after = policy(rng), policy(rng)
    assert differences_between(before, before) == ()
    swapped = {"granted": "taken away", "taken away": "granted"}
    there = {(one.direction, one.what, one.actions, one.cell) for one in differences_between(before, after)}
    back = {(swapped[one.direction], one.what, one.actions, one.cell) for one in differences_between(after, before)}
    assert there == back


def test_the_table_is_such_a_table_and_tells_what_aws_changed():
    table = policy_changes_table(lg.find_policy("AmazonLexFullAccess@v8"), lg.find_policy("AmazonLexFullAccess@v9"))
    SCHEMAS["policy_changes"].check(table)
    assert table["direction"].tolist() == ["granted", "taken away"]
    assert table["condition"].tolist() == [
        'if iam:AWSServiceName is "replication.lexv2.amazonaws.com"',
        'if iam:AWSServiceName is "lexv2.amazonaws.com"',
    ]
    assert json.loads(table["request_context"][1]) == {"iam:AWSServiceName": "lexv2.amazonaws.com"}
    assert table.attrs["before"], table.attrs["after"] == ("AmazonLexFullAccess@v8", "AmazonLexFullAccess@v9")


def test_actions_that_take_no_resource_are_a_row_of_their_own():
    lists = lg.parse_policy(
        {"Statement": {"Effect": "Allow", "Action": ["lex:GetBots", "lex:GetBot"], "Resource": "*"}}
    )
    table = policy_changes_table(
        lg.parse_policy({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}), lists
    )
    assert table["action"].tolist() == ["lex:GetBot", "lex:GetBots"]
    assert table["request_resource"].tolist()[1] == "*"


def test_actions_that_nobody_knows_yet_are_told_by_their_pattern():
    table = policy_changes_table(lg.find_policy("AmazonLexReadOnly"), lg.find_policy("AmazonLexFullAccess"))
    last = table.iloc[-1]
    assert (last["action"], last["level_counts"], last["request_action"]) == ("lex:*", "Unknown 1", "lex:NewAction")
    getters = lg.parse_policy({"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}})
    nothing = lg.parse_policy({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
    assert policy_changes_table(nothing, getters)["action"].tolist()[-1] == "lex:Get*"  # as the policy writes it
    assert table["resource"].isna().tolist() == [False] * (len(table) - 1) + [True]


# Policies that name principals: who asks is one more column

HOME, AWAY = "111122223333", "444455556666"
ANA, RUNNER = f"arn:aws:iam::{HOME}:user/ana", f"arn:aws:iam::{HOME}:role/runner"
NAMED = ("*", {"AWS": HOME}, {"AWS": ANA}, {"AWS": [AWAY, RUNNER]}, {"Service": "lex.amazonaws.com"}, {"AWS": RUNNER})
CALLERS = (
    ANA,
    RUNNER,
    f"arn:aws:iam::{HOME}:user/desk/ben",
    f"arn:aws:iam::{HOME}:root",
    f"arn:aws:sts::{HOME}:assumed-role/runner/nightly",
    f"arn:aws:iam::{AWAY}:role/guest",
    "arn:aws:iam::777788889999:user/stranger",
    "*",
    "Service:lex.amazonaws.com",
    "Service:events.amazonaws.com",
)
TESTS = (
    {"StringEquals": {"aws:PrincipalAccount": HOME}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:user/*"}},
    {"StringEquals": {"aws:ResourceTag/Team": "a"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
)


def naming(rng):
    statements = []
    for _ in range(rng.randint(1, 3)):
        one = statement(rng) | {rng.choice(("Principal",) * 6 + ("NotPrincipal",)): rng.choice(NAMED)}
        if "NotPrincipal" in one:
            one["Effect"] = "Deny"
        if rng.random() < 0.4:
            one["Condition"] = rng.choice(TESTS)
        statements.append(one)
    return lg.parse_policy({"Version": "2012-10-17", "Statement": statements}, kind="resource")


def says(policy, asked):
    return side_of(policy).formula(Question(asked)) is True


def is_meant(row, caller):
    return any(names(text, caller) for text in row.principals) and not any(
        names(text, caller) for text in row.except_principals
    )


def names(text, caller):
    """Return whether a word for principals is about a caller: written anew, as the column's words say it."""
    if text == "*" or text == caller:
        return True
    if text.isdigit():
        return caller.startswith("arn:") and caller.split(":")[4] == text
    session = re.fullmatch(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.*", caller)
    if session and ":role/" in text:
        caller = f"arn:aws:iam::{session[1]}:role/{session[2]}"
    if not text.startswith("arn:"):
        return compile_glob(text)(caller)
    return caller.startswith("arn:") and compile_arn(text)(split_arn(caller))


@pytest.mark.parametrize("seed", range(200, 218))
def test_a_row_says_who_may_ask_and_nobody_else(seed):
    rng = random.Random(seed)
    before, after = naming(rng), naming(rng)
    found = differences_between(before, after)
    for _ in range(80):
        asked = replace(request(rng), principal=rng.choice(CALLERS))
        for direction, here, there in (("granted", after, before), ("taken away", before, after)):
            rows = [one for one in found if one.direction == direction and one.cell is not None]
            inside = [one for one in rows if is_meant(one, asked.principal) and one.cell.covers(asked)]
            holding = [one for one in inside if one.cell.allows(asked)]
            assert bool(holding) == (says(here, asked) and not says(there, asked)), (asked, direction)
            assert len(holding) <= 1


@pytest.mark.parametrize("seed", range(240, 252))
def test_every_request_that_is_shown_is_one_of_who_the_row_names(seed):
    rng = random.Random(seed)
    before, after = naming(rng), naming(rng)
    assert differences_between(before, before) == ()
    changes = changes_between(before, after)
    for one in (*differences_between(before, after), *changes):
        if one.request is not None:
            here, there = (after, before) if one.direction == "granted" else (before, after)
            assert (says(here, one.request), says(there, one.request)) == (True, False)
            assert is_meant(one, one.request.principal)
    for direction in ("granted", "taken away"):
        rows = told(differences_between(before, after), direction)
        assert rows == told(changes, direction)


def trust(*names):
    statement = {"Effect": "Allow", "Principal": {"AWS": list(names)}, "Action": "sts:AssumeRole"}
    return lg.parse_policy({"Statement": statement}, kind="trust")


def test_a_trust_policy_that_trusts_somebody_more_says_whom():
    table = policy_changes_table(trust(HOME), trust(HOME, AWAY, RUNNER))
    SCHEMAS["policy_changes"].check(table)
    row = table.iloc[0]
    assert len(table) == 1
    assert (row["direction"], row["what"], row["principals"]) == ("granted", "principal", AWAY)
    assert row["request_principal"].startswith(f"arn:aws:iam::{AWAY}:")
    assert "a policy that names principals is judged by what it says" in " ".join(table.attrs["assumptions"])
    assert lg.compare(trust(HOME), trust(HOME, AWAY)).differences["principals"].tolist() == [AWAY]
    assert [one.principals for one in lg.compare(trust(HOME), trust(HOME, AWAY)).changes] == [(AWAY,)]


def test_everyone_but_some_is_told_with_those_some():
    found = differences_between(trust(ANA), trust("*"))
    assert [(one.direction, one.principals, one.except_principals) for one in found] == [("granted", ("*",), (ANA,))]
    assert differences_between(trust("*"), trust(ANA))[0].direction == "taken away"


def test_one_caller_may_be_asked_about_alone():
    home = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::homes/${aws:username}/*"}
    own = lg.parse_policy({"Version": "2012-10-17", "Statement": home})
    anas = lg.parse_policy({"Statement": home | {"Resource": "arn:aws:s3:::homes/ana/*"}})
    assert lg.compare(own, anas, principal=ANA).differences.empty
    assert lg.compare(own, anas, principal=ANA).changes == ()
    ben = lg.compare(own, anas, principal=ANA.replace("ana", "ben"))
    assert ben.differences["request_principal"].tolist() == [ANA.replace("ana", "ben")] * 2


def test_callers_that_are_too_many_to_tell_apart_leave_it_undecided():
    patterns = [f"arn:aws:iam::{HOME}:user/*{a}*{b}*" for a in "abcdef" for b in "uvwxyz"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    hard = [{**statement, "Condition": {"ArnLike": {"aws:PrincipalArn": pattern}}} for pattern in patterns]
    some = lg.parse_policy({"Statement": hard[:20]}, kind="trust")
    others = lg.parse_policy({"Statement": hard[20:]}, kind="trust")
    table = policy_changes_table(some, others)
    assert set(table["what"]) == {"undecided"}
    assert set(table["direction"]) == {"granted", "taken away"}
    assert table.attrs["undecided"]


def test_policies_of_different_kinds_are_shown_by_requests():
    identity = lg.parse_policy({"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}})
    queue = lg.parse_policy(
        {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}},
        kind="resource",
    )
    table = policy_changes_table(identity, queue)
    assert set(table["direction"]) == {"granted"}
    assert table["request_principal"].notna().all()
