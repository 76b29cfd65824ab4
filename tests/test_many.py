"""Many requests at once: the law is that the answers are those of one request at a time."""

import random

import pytest

from lexgraph.conditions.context import Context
from lexgraph.errors import RequestError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import OUTCOMES
from lexgraph.evaluation.many import authorize_many
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.simulate import CaseReader
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.parse import parse_policy
from tests.random_cases import random_case

ANA = "arn:aws:iam::111122223333:user/ana"


def one_by_one(stack, principal, actions, resources, contexts):
    requests = map(Request, [principal] * len(actions), actions, resources, contexts)
    return [authorize(stack, request).outcome for request in requests]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("layers", ["identity", "all"])
def test_many_at_once_is_the_same_as_one_by_one(seed, layers):
    rng, reader = random.Random(seed), CaseReader()
    cases = [reader.read(random_case(rng, layers=layers)) for _ in range(60)]
    asked = [(case.request.action, case.request.resource) for case in cases]
    for case in cases:
        pairs = [rng.choice(asked) for _ in range(40)]
        contexts = [rng.choice([case.request.context, Context({}), Context({}, complete=True)]) for _ in pairs]
        actions, resources = map(list, zip(*pairs, strict=True))
        principal = case.request.principal
        found = authorize_many(case.stack, principal, actions, resources, contexts)
        assert [OUTCOMES[i] for i in found] == one_by_one(case.stack, principal, actions, resources, contexts)


def test_one_context_may_stand_for_all():
    stack = PolicyStack(identity=(parse_policy(MFA),))
    asked = (["lex:GetBot", "lex:DeleteBot"], ["arn:aws:lex:us-east-1:111122223333:bot/A"] * 2)
    assert [OUTCOMES[i] for i in authorize_many(stack, ANA, *asked)] == ["conditional", "implicitDeny"]
    with_mfa = Context({"aws:MultiFactorAuthPresent": True})
    assert [OUTCOMES[i] for i in authorize_many(stack, ANA, *asked, with_mfa)] == ["allowed", "implicitDeny"]


MFA = """{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*",
          "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}}"""


def test_nothing_asked_is_nothing_answered():
    assert authorize_many(PolicyStack(), ANA, [], []).tolist() == []


@pytest.mark.parametrize(
    "actions, resources, contexts",
    [(["lex:GetBot"], [], Context({})), (["lex:GetBot"], ["*"], [])],
)
def test_arrays_of_different_lengths_are_refused(actions, resources, contexts):
    with pytest.raises(RequestError, match=r"1 actions and 0 resources|1 requests and 0 contexts"):
        authorize_many(PolicyStack(), ANA, actions, resources, contexts)


def test_a_malformed_request_is_an_error():
    with pytest.raises(RequestError, match="an ARN of six parts"):
        authorize_many(PolicyStack(), ANA, ["lex:GetBot"], ["nowhere"])
