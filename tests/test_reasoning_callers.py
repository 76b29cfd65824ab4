"""Containment where policies name principals: who asks is one more dimension of every question."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.simulate import CaseReader
from lexgraph.evaluation.stack import PolicyStack, Settings
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning import Answer, contains, equivalent, overlaps, relate
from lexgraph.reasoning.contain import ALONE, DELEGATED, HOLDER, NO_ROOT
from tests import reference
from tests.random_cases import random_case, with_deny

Json = Any
HOME, AWAY = "111122223333", "444455556666"
QUEUE = f"arn:aws:sqs:us-east-1:{HOME}:orders"
ANA, RUNNER = f"arn:aws:iam::{HOME}:user/ana", f"arn:aws:iam::{HOME}:role/runner"


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(principal: Json, action: Json = "sqs:SendMessage", resource: Json = QUEUE, **more: Json) -> Json:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource} | more


def deny(principal: Json, action: Json = "sqs:*", resource: Json = "*", **more: Json) -> Json:
    return allow(principal, action, resource, **more) | {"Effect": "Deny"}


def shared(*statements: Json, kind: Kind = "resource") -> Policy:
    return parse_policy(document(*statements), kind=kind)


def identity(action: Json, resource: Json = "*", **more: Json) -> Policy:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return parse_policy(document(statement | more))


def trust(principal: Json, **more: Json) -> Policy:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return parse_policy(document(statement | more), kind="trust")


def test_everyone_is_wider_than_an_account_and_an_account_than_its_user() -> None:
    ladder = [shared(allow(p)) for p in ({"AWS": ANA}, {"AWS": HOME}, {"AWS": [HOME, AWAY]}, "*")]
    for narrow, wide in pairwise(ladder):
        assert relate(narrow, wide).relation == "narrower"
    assert relate(ladder[0], ladder[0]).relation == "equal"
    found = contains(ladder[1], ladder[2])
    assert found.request is not None
    assert found.request.principal.split(":")[4] == AWAY


def test_an_account_by_its_number_or_by_its_root_is_the_same() -> None:
    by_root = {"AWS": f"arn:aws:iam::{HOME}:root"}
    assert equivalent(shared(allow({"AWS": HOME})), shared(allow(by_root))).holds is True


def test_a_condition_on_the_account_is_as_good_as_a_principal() -> None:
    condition = {"StringEquals": {"aws:PrincipalAccount": HOME}}
    by_condition, by_principal = shared(allow("*", Condition=condition)), shared(allow({"AWS": HOME}))
    assert contains(by_condition, by_principal).holds is True
    # Nothing says that a person whom an identity provider vouches for belongs to no account.
    beyond = contains(by_principal, by_condition).request
    assert beyond is not None
    assert beyond.principal.startswith("Federated:")
    like = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:user/*"}}
    users = shared(allow("*", Condition=like))
    assert contains(by_principal, users).request.principal.startswith("Federated:")
    assert relate(shared(allow({"AWS": ANA})), users).relation == "narrower"


def test_a_zone_of_trust_is_a_policy_like_any_other() -> None:
    zone = shared(
        allow({"AWS": HOME}, "*", "*"), allow("*", "*", "*", Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}})
    )
    inside = shared(allow({"AWS": [ANA, RUNNER]}), allow({"Service": "events.amazonaws.com"}))
    assert contains(zone, inside).holds is True
    for outsider in ("*", {"AWS": AWAY}, {"Federated": "accounts.google.com"}):
        found = contains(zone, shared(allow(outsider)))
        assert found.holds is False
        assert found.request is not None
        assert HOME not in found.request.principal


def test_services_and_identity_providers_are_told_apart() -> None:
    lex, events = shared(allow({"Service": "lexv2.amazonaws.com"})), shared(allow({"Service": "events.amazonaws.com"}))
    assert relate(lex, events).relation == "disjoint"
    assert overlaps(lex, shared(allow("*"))).request.principal == "Service:lexv2.amazonaws.com"
    name = {"StringEquals": {"aws:PrincipalServiceName": "lexv2.amazonaws.com"}}
    assert relate(lex, shared(allow("*", Condition=name))).relation == "equal"


def test_a_role_is_named_with_its_sessions_and_a_session_alone() -> None:
    role = trust({"AWS": RUNNER})
    session = trust({"AWS": f"arn:aws:sts::{HOME}:assumed-role/runner/nightly"})
    assert relate(session, role).relation == "narrower"
    assert relate(session, trust({"AWS": f"arn:aws:sts::{HOME}:assumed-role/runner/daily"})).relation == "disjoint"


def test_all_but_one_is_wider_than_nobody_and_narrower_than_all() -> None:
    everyone = shared(allow("*"))
    but_ana = shared(allow("*"), {**deny("*"), "Principal": {"AWS": ANA}})
    relation = relate(but_ana, everyone)
    assert relation.relation == "narrower"
    assert relation.only_b is not None
    assert relation.only_b.principal == ANA


def test_users_are_found_by_the_names_in_conditions() -> None:
    team = {"StringLike": {"aws:username": "desk-*"}}
    some = shared(allow({"AWS": HOME}, Condition=team))
    one = shared(allow({"AWS": f"arn:aws:iam::{HOME}:user/emea/desk-7"}))
    assert contains(some, one).holds is True
    assert contains(some, shared(allow({"AWS": ANA}))).holds is False


def test_a_variable_for_the_name_stays_free() -> None:
    home, queue = "arn:aws:s3:::homes/${aws:username}/*", "arn:aws:s3:::homes/ana/*"
    own = allow({"AWS": HOME}, "s3:GetObject", home)
    assert contains(shared(own), shared(own)).holds is True
    assert contains(shared(allow({"AWS": HOME}, "s3:GetObject", "arn:aws:s3:::homes/*")), shared(own)).holds is True
    found = contains(shared(own, deny({"AWS": HOME}, "s3:*", queue)), shared(own))
    assert found.holds is not True


def test_an_account_in_a_variable_is_the_callers() -> None:
    own = shared(allow("*", "kms:Decrypt", "arn:aws:kms:*:${aws:PrincipalAccount}:key/*"))
    mine = shared(allow({"AWS": HOME}, "kms:Decrypt", f"arn:aws:kms:*:{HOME}:key/*"))
    assert relate(mine, own).relation == "narrower"
    assert contains(own, shared(allow({"AWS": AWAY}, "kms:Decrypt", f"arn:aws:kms:*:{HOME}:key/*"))).holds is False


def test_a_resource_policy_counts_within_a_stack_as_evaluation_has_it() -> None:
    reader = identity("sqs:ReceiveMessage", QUEUE)
    opened = PolicyStack(identity=(reader,), resource=shared(allow({"AWS": ANA})))
    found = contains(reader, opened)
    assert found.request is not None
    assert found.request.principal == ANA
    assert contains(opened, PolicyStack(identity=(reader,))).holds is True
    delegating = PolicyStack(identity=(reader,), resource=shared(allow({"AWS": HOME}, "sqs:*")))
    # In another account the queue's policy opens what the caller's own policies allow; at home it adds nothing.
    assert contains(PolicyStack(identity=(reader,)), delegating, principal=ANA).holds is True
    abroad = contains(PolicyStack(identity=(reader,)), delegating, principal=f"arn:aws:iam::{AWAY}:user/ben")
    assert abroad.holds is True


def test_one_caller_may_be_asked_about() -> None:
    own = identity("lex:*", Condition={"StringEquals": {"aws:username": "ana"}})
    assert contains(identity("lex:Get*"), own, principal=f"arn:aws:iam::{HOME}:user/ben").holds is True
    found = contains(identity("lex:Get*"), own, principal=ANA)
    assert found.request is not None
    assert found.request.principal == ANA
    assert "aws:username" not in found.request.context.values
    assert relate(own, identity("lex:*"), principal=ANA).relation == "equal"
    assert relate(own, identity("lex:*")).relation == "narrower"


def test_who_has_no_account_has_no_identity_policies() -> None:
    assert contains(identity("lex:GetBot"), identity("lex:*"), principal="Service:lexv2.amazonaws.com").holds is True


def test_policies_that_name_principals_are_not_taken_together_as_ones_of_an_identity() -> None:
    with pytest.raises(LexgraphError, match="names principals"):
        contains([shared(allow("*"))], identity("lex:*"))


def test_what_cannot_be_read_may_say_anything_on_either_side() -> None:
    reader, everything = identity("lex:Get*"), identity("*")
    unread = PolicyStack(identity=(reader,), unreadable=("identity",))
    proved = contains(everything, unread)
    assert proved.holds is True
    assert proved.opaque == ("the identity policies that could not be read",)
    assert contains(reader, unread).holds is None
    assert contains(unread, unread).holds is True
    assert contains(unread, replace(unread)).holds is None
    # What cannot be read may hold a Deny, too.
    assert contains(unread, reader).holds is None
    hidden = PolicyStack(identity=(reader,), unreadable=("resource",))
    assert contains(reader, hidden).holds is None


def test_rules_about_single_services_tell_actions_apart() -> None:
    """Of actions that no statement tells apart, one alone may fall under an RCP or a setting of buckets."""
    anyone = shared(allow("*", "*", "*"))
    plain = PolicyStack(identity=(identity("*"),), resource=anyone)
    limit = parse_policy(document(deny("*", "*")), kind="rcp")
    limited = PolicyStack(identity=(identity("*"),), resource=anyone, rcps=((limit,),))
    found = contains(limited, plain).request
    assert found is not None
    assert found.action.partition(":")[0] in catalog().rcp_services
    private = PolicyStack(
        identity=(identity("*"),), resource=anyone, settings=Settings(s3_restrict_public_buckets=True)
    )
    found = contains(private, plain).request
    assert found is not None
    assert found.action.startswith("s3:")
    listing = ["ec2:DescribeInstances", "s3:ListAllMyBuckets"]
    buckets = contains(identity("lex:GetBot"), identity(listing, "arn:aws:s3:::*")).request
    assert buckets is not None
    assert buckets.action == "s3:ListAllMyBuckets"


def test_an_answer_tells_what_it_leans_on() -> None:
    stack = PolicyStack(identity=(identity("lex:*"),), resource=shared(allow("*")))
    assert NO_ROOT in contains(stack, stack).assumptions
    assert ALONE in contains(shared(allow("*")), shared(allow("*"))).assumptions
    assert DELEGATED in contains(identity("kms:*"), identity("kms:Decrypt")).assumptions
    assert DELEGATED not in contains(identity("lex:*"), identity("lex:GetBot")).assumptions


# Laws ---

LAYERS = (
    "identity_policies", "permissions_boundary", "session_policies", "service_control_policies",
    "resource_control_policies", "resource_policy", "vpc_endpoint_policies", "settings",
)  # fmt: skip
HOLDERS = ("user", "role", "session")
DERIVED = frozenset(
    "aws:principalarn aws:principalaccount aws:username aws:principaltype aws:resourceaccount aws:userid".split()
)


@cache
def facts() -> reference.Facts:
    cat = catalog()
    return reference.Facts(frozenset(n.lower() for n in cat.names_in(cat.wildcard_only_bits)), cat.rcp_services)


def layers(case: Json) -> Json:
    return {name: value for name, value in case.items() if name in LAYERS and value}


def decided(request: Json, case: Json) -> str:
    return reference.decide({"request": request, **layers(case)}, facts())


def as_json(request: Request) -> Json:
    kind, _, name = request.principal.partition(":")
    principal = {kind: name} if kind in ("Service", "Federated") else request.principal
    found = {"principal": principal, "action": request.action, "resource": request.resource}
    found["context"] = dict(request.context.values)
    return found | ({"resource_account": request.resource_account} if request.resource_account else {})


def drawn_pairs(number: int, rng: random.Random) -> Iterator[tuple[Json, Json]]:
    """Two cases that differ in a Deny, in a layer, or in all."""
    for _ in range(number):
        first = random_case(rng)
        how = rng.choice(("deny", "drop", "other"))
        if how == "deny":
            second = with_deny(first, rng)
        elif how == "other":
            second = random_case(rng)
        else:
            gone = rng.choice([*layers(first), "settings"])
            second = {name: value for name, value in first.items() if name != gone}
        yield (first, second) if rng.random() < 0.5 else (second, first)


def requests_that_may_refute(case: Json, rng: random.Random, number: int) -> Iterator[Json]:
    """Requests whose keys do not contradict their caller, of no root user."""
    for i in range(number):
        request = (random_case(rng) if i else case)["request"]
        derived = DERIVED & {key.lower() for key in request["context"]}
        always = request["action"].lower() in ("sts:getcalleridentity", "sts:getsessiontoken")
        if not derived and not always and reference.read_caller(request["principal"])[0] != "root":
            yield request


def test_stacks_with_all_layers_are_compared_as_the_reference_decides() -> None:
    rng = random.Random(20261125)
    reader = CaseReader()
    proved = refuted = undecided = asked = 0
    for narrow, wide in drawn_pairs(80, rng):
        answer: Answer = contains(reader.read(wide).stack, reader.read(narrow).stack)
        if answer.holds is None:
            undecided += 1
        elif answer.request is not None:
            if DELEGATED in answer.assumptions:
                continue  # the reference does not assume that
            refuted += 1
            assert decided(as_json(answer.request), narrow) == "allowed", (answer, narrow)
            assert decided(as_json(answer.request), wide) != "allowed", (answer, wide)
        else:
            proved += 1
            for request in requests_that_may_refute(narrow, rng, 12):
                if HOLDER in answer.assumptions and reference.read_caller(request["principal"])[0] not in HOLDERS:
                    continue
                asked += 1
                if decided(request, narrow) == "allowed":
                    assert decided(request, wide) == "allowed", (request, narrow, wide)
    print(f"{proved} proved, {refuted} refuted, {undecided} undecided, {asked} requests")
    assert min(proved, refuted) > 15
    assert asked > 100
    assert undecided < 15
