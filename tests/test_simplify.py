"""A policy with less in it that allows the same, with the proof."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lexgraph.catalog.managed import managed_document, managed_names
from lexgraph.errors import UnsupportedError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.policy.write import write_policy
from lexgraph.reasoning import equivalent
from lexgraph.reasoning.simplify import simplify
from tests.test_cells import random_policy, random_request


def policy(*statements: dict[str, Any]) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def size(of: Policy) -> int:
    return len(write_policy(of, indent=None))


@pytest.mark.parametrize("seed", range(120))
def test_what_is_simplified_decides_every_request_as_before(seed: int) -> None:
    rng = random.Random(seed)
    before = random_policy(rng)
    found = simplify(before)
    assert size(found.policy) <= size(before)
    assert bool(found.removed) is (found.policy != before)
    if found.removed:
        assert found.proof.holds is True
        assert equivalent(before, found.policy).holds is True
    for _ in range(25):
        request = random_request(rng, before)
        outcomes = {
            authorize(PolicyStack(identity=(one,)), request).outcome == "allowed" for one in (before, found.policy)
        }
        assert len(outcomes) == 1


def test_managed_policies_become_smaller_and_stay_equal() -> None:
    smaller = 0
    for name in managed_names()[::40]:
        before = parse_policy(managed_document(name).document, name=name)
        found = simplify(before)
        smaller += bool(found.removed)
        assert size(found.policy) <= size(before)
        assert not found.removed or equivalent(before, found.policy).holds is True
    assert smaller > 5


def test_what_another_pattern_covers_goes() -> None:
    found = simplify(policy(allow(["lex:*", "lex:GetBot"], ["arn:aws:lex:*:*:bot:*", "arn:aws:lex:*:*:bot:Orders"])))
    assert found.policy == policy(allow(["lex:*"], ["arn:aws:lex:*:*:bot:*"]))
    assert found.removed == ("statement 0: action lex:GetBot", "statement 0: resource arn:aws:lex:*:*:bot:Orders")


def test_a_list_of_all_actions_is_not_shortened_to_a_wildcard() -> None:
    before = policy(allow(["lex:PostText", "lex:PostContent"]))
    found = simplify(before)
    assert (found.policy, found.removed) == (before, ())
    assert equivalent(before, policy(allow("lex:Post*"))).holds is False


def test_statements_that_differ_in_one_list_become_one() -> None:
    found = simplify(policy(allow("lex:GetBot"), allow("s3:GetObject"), allow("lex:PutBot", "arn:aws:lex:*:*:bot:*")))
    assert found.policy == policy(allow(["lex:GetBot", "s3:GetObject"]), allow("lex:PutBot", "arn:aws:lex:*:*:bot:*"))
    assert found.removed == ("statement 1, now part of statement 0",)


def test_a_deny_of_what_nobody_allows_goes_and_another_stays() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert simplify(policy(allow("lex:*"), deny)).policy == policy(allow("lex:*"))
    assert simplify(policy(allow("*"), deny)).removed == ()


def test_a_condition_keeps_its_statement() -> None:
    bound = allow("lex:GetBot", Condition={"Bool": {"aws:SecureTransport": "true"}})
    assert simplify(policy(bound, allow("lex:GetBots"))).removed == ()
    assert simplify(policy(bound, allow("lex:Get*"))).policy == policy(allow("lex:Get*"))


def test_policies_that_name_principals_are_refused() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}
    with pytest.raises(UnsupportedError, match="principals"):
        simplify(parse_policy({"Statement": trust}, kind="trust"))
