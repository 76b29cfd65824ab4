"""Containment where policies name principals: who asks is one more dimension of every question."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise, product
from typing import Any

import pytest

from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError
from lexgraph.evaluation import principals
from lexgraph.evaluation.callers import principal_text
from lexgraph.evaluation.principals import ways
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.simulate import CaseReader
from lexgraph.evaluation.stack import PolicyStack, Settings
from lexgraph.policy.model import Kind, PatternSet, Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.policy.patterns import compile_glob
from lexgraph.reasoning import Answer, contains, equivalent, overlaps, relate
from lexgraph.reasoning.callers import Callers
from lexgraph.reasoning.contain import ALONE, BOUND, DELEGATED, FREE_KEYS, HOLDER, NO_ROOT, OWN, PARTITIONS
from lexgraph.reasoning.side import OpenQuestion, side_of
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


def test_many_patterns_name_whom_each_of_them_names(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    callers = [random_case(rng)["request"]["principal"] for _ in range(120)]
    asked = [OpenQuestion("lex:GetBot", "*", Callers((side_of(()),), principal_text(one)).all[0]) for one in callers]
    draws = [random_case(rng).get("resource_policy") or {} for _ in range(400)]
    elements = [
        statement.principals
        for one in draws
        if one
        for statement in parse_policy(one, kind="resource").statements
        if statement.principals is not None
    ]
    extra = ("AWS:*", f"AWS:{HOME}", f"AWS:arn:aws:iam::{AWAY}:root", "Service:lex.amazonaws.com", "AWS:AIDAEXAMPLE")
    named = 0
    for element in elements:
        many = PatternSet((*element.patterns, *rng.sample(extra, 2), *(f"AWS:{ANA}{i}" for i in range(12))))
        found = [ways(many, question) for question in asked]
        monkeypatch.setattr(principals, "FEW", len(many.patterns))
        assert found == [ways(many, question) for question in asked]
        monkeypatch.undo()
        named += sum(map(bool, found))
    assert named > 1_000


def test_an_answer_tells_what_it_leans_on() -> None:
    stack = PolicyStack(identity=(identity("lex:*"),), resource=shared(allow("*")))
    assert NO_ROOT in contains(stack, stack).assumptions
    assert ALONE in contains(shared(allow("*")), shared(allow("*"))).assumptions
    assert PARTITIONS in contains(shared(allow({"AWS": HOME})), shared(allow({"AWS": ANA}))).assumptions
    assert PARTITIONS not in contains(shared(allow("*")), shared(allow({"AWS": HOME}))).assumptions
    assert DELEGATED in contains(identity("kms:*"), identity("kms:Decrypt")).assumptions
    assert DELEGATED not in contains(identity("lex:*"), identity("lex:GetBot")).assumptions


def test_what_limits_a_caller_is_no_reason_to_skip_an_action() -> None:
    """An identity policy that allows everything says nothing of services, strangers and other accounts."""
    everything = identity("*")
    for wide in (everything, PolicyStack(identity=(everything,), resource=shared(allow({"AWS": AWAY}, "lex:*")))):
        found = contains(wide, shared(allow("*")))
        assert found.request is not None
        assert not found.request.principal.startswith(f"arn:aws:iam::{HOME}:")


def test_several_question_marks_do_not_hide_what_none_of_them_matches() -> None:
    bots = f"arn:aws:lex:us-east-1:{HOME}:bot/"
    narrow, wide = identity("lex:GetBot", f"{bots}*-*"), identity("lex:GetBot", [f"{bots}?*-*", f"{bots}*-"])
    found = contains(wide, narrow).request
    assert found is not None
    assert found.resource.startswith(f"{bots}-")
    found = contains(identity(["lex:?*-*", "lex:*-"]), identity("lex:*-*")).request
    assert found is not None
    assert found.action.startswith("lex:-")
    names = [{"StringLike": {"aws:username": name}} for name in ("*-*", "?*-*", "*-")]
    one, *two = [allow({"AWS": HOME}, Condition=name) for name in names]
    found = contains(shared(*two), shared(one)).request
    assert found is not None
    assert found.principal.startswith(f"arn:aws:iam::{HOME}:user/-")


def test_service_linked_roles_are_not_bound_by_what_binds_the_account() -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    limit = parse_policy(document(everything, {**everything, "Effect": "Deny"}), kind="scp")
    other = shared(allow({"AWS": AWAY}))
    limited = PolicyStack(identity=(identity("lex:*"),), resource=other, scps=((limit,),))
    nothing = PolicyStack(identity=(identity("s3:*"),), resource=other)
    found = contains(nothing, limited).request
    assert found is not None
    assert ":role/aws-service-role/" in found.principal
    # Where their ARNs cannot be listed, nothing is claimed; of identity policies alone it is told.
    by_arn = identity("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalArn}")
    assert contains(replace(nothing, identity=(by_arn,)), replace(limited, identity=(by_arn,))).holds is None
    plain = contains(identity("s3:*"), PolicyStack(identity=(identity("lex:*"),), scps=((limit,),)))
    assert plain.holds is True
    assert BOUND in plain.assumptions


def test_a_named_session_may_be_one_of_a_role_with_a_path() -> None:
    session = f"arn:aws:sts::{HOME}:assumed-role/runner/nightly"
    condition = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/night/runner"}}
    found = contains(shared(allow({"AWS": AWAY})), shared(allow({"AWS": session}, Condition=condition))).request
    assert found is not None
    assert found.principal == session


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnLike": {"aws:PrincipalArn": "arn:aws-cn:iam::*:user/ana"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::9*:user/ana"}},
        {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::9*"}},
        {"StringLike": {"aws:PrincipalAccount": "9*"}},
        {"StringLike": {"aws:ResourceAccount": "9*"}},
        {"StringLike": {"aws:PrincipalServiceName": "?vents.amazonaws.com"}},
    ],
)
def test_who_is_told_by_a_pattern_is_somebody(condition: Json) -> None:
    signed = {"Null": {"aws:PrincipalIsAWSService": "false"}}
    some, nobody = allow("*", "s3:GetObject", "*", Condition=condition | signed), shared(allow({"AWS": AWAY}))
    assert contains(nobody, shared(some)).holds is False
    assert contains(nobody, PolicyStack(resource=shared(some))).holds is False


def test_accounts_are_not_all_alike_where_a_pattern_tells_a_part_of_their_number() -> None:
    signed = {"Null": {"aws:PrincipalIsAWSService": "false"}}
    own = allow("*", "s3:GetObject", "arn:aws:s3:::${aws:PrincipalAccount}", Condition=signed)
    for digit in "147":
        some = shared(allow("*", "s3:GetObject", f"arn:aws:s3:::{digit}*"))
        assert contains(some, shared(own)).holds is False


def test_accounts_that_are_named_in_the_same_places_are_still_two() -> None:
    owners = [f"arn:aws:sqs:*:{account}:q" for account in (HOME, AWAY)]
    both = allow({"AWS": [HOME, AWAY]}, "sqs:*", owners)
    own = both | {"Condition": {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}}
    found = contains(shared(own), shared(both)).request
    assert found is not None
    assert found.principal.split(":")[4] != found.resource.split(":")[4]
    assert contains(shared(both), shared(own)).holds is True
    # Where a key of the owner stays free, it is still what the ARN says.
    some = both | {"Condition": {"StringLike": {"aws:ResourceAccount": "1*"}}}
    assert relate(shared({**both, "Resource": owners[0]}), shared(some)).relation == "equal"


def test_many_accounts_are_asked_about_as_one() -> None:
    many = [f"{number:012d}" for number in range(200_000_000_000, 200_000_001_000)]
    wide, narrow = shared(allow({"AWS": many})), shared(allow({"AWS": many[1:]}))
    start = time.process_time()
    found = contains(narrow, wide).request
    assert contains(wide, narrow).holds is True
    assert time.process_time() - start < 2
    assert found is not None
    assert found.principal.split(":")[4] == many[0]


def test_principals_that_nobody_can_be_name_nobody() -> None:
    anyone = shared(allow("*"))
    for text in (f"arn:aws:sts::{HOME}:assumed-role/runner", f"arn:foo:iam::{HOME}:user/ana"):
        assert contains(shared(allow({"AWS": AWAY})), shared(allow({"AWS": text}))).holds is True
        assert contains(anyone, shared(allow({"AWS": text}))).holds is True
    assert relate(shared(allow({"AWS": f"arn:foo:iam::{HOME}:root"})), anyone).relation == "narrower"


def test_an_anonymous_caller_has_no_id_but_that() -> None:
    condition = {"StringEquals": {"aws:userid": "AIDACKCEVSQ6C2EXAMPLE"}}
    for principal in ("*", f"arn:aws:iam::{HOME}:root"):
        asked = contains(shared(allow({"AWS": AWAY})), shared(allow("*", Condition=condition)), principal=principal)
        assert asked.holds is True
    found = contains(shared(allow({"AWS": AWAY})), shared(allow("*", Condition=condition)))
    assert found.request is not None
    assert found.request.principal != "*"
    assert FREE_KEYS in found.assumptions  # nobody lists the ids


def test_one_caller_gets_nothing_of_another_account_from_identity_policies_alone() -> None:
    abroad = identity("sqs:*", f"arn:aws:sqs:us-east-1:{AWAY}:orders")
    answer = contains(identity("lex:*"), abroad, principal=ANA)
    assert answer.holds is True
    assert OWN in answer.assumptions
    assert DELEGATED in contains(identity("kms:*"), identity("kms:Decrypt"), principal=ANA).assumptions
    assert contains(identity("lex:*"), abroad, principal=f"arn:aws:iam::{AWAY}:user/ben").holds is False


def test_many_patterns_of_callers_are_told_apart_or_given_up_soon() -> None:
    names = [f"*{a}*{b}*" for a in "abcd" for b in "wxyz"]
    tests = [allow("*", Condition={"StringLike": {"aws:username": name}}) for name in names]
    tests += [deny("*", Condition={"ArnLike": {"aws:PrincipalArn": f"arn:*:iam::*:*/{name}"}}) for name in names]
    start = time.process_time()
    contains(shared(*tests[:20]), shared(*tests))
    assert time.process_time() - start < 2


# Laws ---


def test_patterns_with_question_marks_are_contained_only_where_no_short_text_says_otherwise() -> None:
    rng = random.Random(20261125)
    texts = ["".join(chars) for length in range(1, 7) for chars in product("-ab", repeat=length)]
    proved = refuted = 0
    for _ in range(60):
        names = ["".join(rng.choices("**?-a", k=rng.randint(1, 4))) for _ in range(4)]
        matches = [compile_glob(name) for name in names]
        found = next((text for text in texts if matches[0](text) and not any(w(text) for w in matches[1:])), None)
        bots = [f"arn:aws:lex:us-east-1:{HOME}:bot/{name}" for name in names]
        by_name = [allow({"AWS": HOME}, Condition={"StringLike": {"aws:username": name}}) for name in names]
        for answer in (
            contains(identity("lex:GetBot", bots[1:]), identity("lex:GetBot", bots[0])),
            contains(shared(*by_name[1:]), shared(by_name[0])),
        ):
            assert found is None or answer.holds is not True, (names, found)
            proved, refuted = proved + (answer.holds is True), refuted + (answer.holds is False)
    assert min(proved, refuted) > 15


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
