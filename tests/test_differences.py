"""All that one policy allows and another does not: disjoint rows that agree with the point evaluator."""

import json
import random

import pytest

import lexgraph as lg
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.reasoning.changes import changes_between
from lexgraph.reasoning.differences import differences_between
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


def names(found, direction):
    """Return the catalogue's actions that are told for sure in one direction."""
    told = (one.actions for one in found if one.direction == direction and one.what != "undecided")
    return {action for actions in told for action in actions if catalog().index_of(action) is not None}


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
        rows = names(differences_between(before, after), direction)
        assert rows == names(changes_between(before, after), direction)


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


def test_a_policy_that_says_who_has_no_rows_to_show():
    trust = lg.parse_policy(
        {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}, kind="trust"
    )
    with pytest.raises(lg.UnsupportedError, match="names principals"):
        policy_changes_table(trust, trust)
    with pytest.raises(lg.UnsupportedError, match="name principals"):
        changes_between(trust, trust)
