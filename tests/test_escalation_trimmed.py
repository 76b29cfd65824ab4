"""Policies that are cut down to what they say of some actions answer about these as the whole policies do."""

import random

import pytest

from lexgraph.access.decide import decide
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.account.pages import parse_account
from lexgraph.policy.model import PatternSet
from tests.random_accounts import ASKED, random_account

ARN = "arn:aws:iam::111122223333:"


def told(decision):
    return decision.outcome, decision.condition, decision.missing_keys


@pytest.mark.parametrize("seed", range(40))
def test_cut_policies_answer_as_the_whole_ones_do(seed):
    rng = random.Random(seed)
    account = random_account(rng)
    asked = rng.sample(ASKED, 6)
    trimmed = Trimmed(account, [action for action, _ in asked])
    for who in account.principals:
        for action, resource in asked:
            assert told(trimmed.decide(who, action, resource)) == told(decide(account, who, action, resource))


def held(statement):
    policy = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}}
    return parse_account({"UserDetailList": [{"UserName": "ana", "Arn": f"{ARN}user/ana", "UserPolicyList": [policy]}]})


@pytest.mark.parametrize(
    "element, patterns, negated",
    [
        ({"Action": ["s3:*", "iam:Create*", "lex:GetBot"]}, ("iam:Create*",), False),
        ({"NotAction": ["s3:*", "iam:Delete*"]}, (), True),
        ({"NotAction": ["s3:*", "iam:CreateUser"]}, ("iam:CreateUser",), True),
    ],
)
def test_a_statement_keeps_the_patterns_that_tell_of_the_actions(element, patterns, negated):
    account = held({"Effect": "Allow", "Resource": "*", **element})
    (ana,) = account.principals
    trimmed = Trimmed(account, ["iam:CreateUser", "iam:CreateAccessKey"])
    (policy,) = trimmed.stack(ana).identity
    assert [one.actions for one in policy.statements] == [PatternSet(patterns, negated)]
    for action in ("iam:CreateUser", "iam:CreateAccessKey"):
        one = f"{ARN}user/ben"
        assert told(trimmed.decide(ana, action, one)) == told(decide(account, ana, action, one))


def test_a_statement_that_says_nothing_of_the_actions_is_gone():
    for element in ({"Action": "s3:*"}, {"NotAction": "iam:*"}):
        account = held({"Effect": "Allow", "Resource": "*", **element})
        assert Trimmed(account, ["iam:CreateUser"]).stack(account.principals[0]).identity == ()
