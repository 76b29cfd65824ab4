"""Laws of containment: proved for every request, or refuted by one that two independent evaluators confirm."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_documents, managed_names, managed_versions
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.simulate import CaseReader
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning import Answer, contains, equivalent, overlaps, relate
from lexgraph.reasoning.contain import NEW_ACTIONS
from lexgraph.reasoning.entailment import plainly_implies
from lexgraph.reasoning.witness import allows
from tests import pairs, reference
from tests.against_z3 import compared
from tests.random_cases import random_case

Json = Any
HOME = "111122223333"
USER = f"arn:aws:iam::{HOME}:user/ana"
HOW_MANY = 400


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Json = "*", resource: Json = "*", **more: Json) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action: Json = "*", resource: Json = "*", **more: Json) -> Json:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def policy(*statements: Json) -> Policy:
    return parse_policy(document(*statements))


def holds(wide: Policy, narrow: Policy) -> bool | None:
    return contains(wide, narrow).holds


@cache
def facts() -> reference.Facts:
    cat = catalog()
    names = frozenset(name.lower() for name in cat.names_in(cat.wildcard_only_bits))
    return reference.Facts(names, cat.rcp_services)


def as_case(found: Request, *documents: Json) -> Json:
    """A request as a case of the reference, under identity policies; keys and trust are delegated to these."""
    account = found.principal.split(":")[4]
    request = {"principal": found.principal, "action": found.action, "resource": found.resource}
    request |= {"context": dict(found.context.values), "resource_account": account}
    case: Json = {"request": request, "identity_policies": list(documents)}
    lower = found.action.lower()
    if lower.startswith(("kms:", "sts:assumerole")):
        case["resource_policy"] = document(allow(Principal={"AWS": account}))
    return case


def check_counterexample(answer: Answer, narrow: Json, wide: Json) -> None:
    """Only the first policy allows the request: for the evaluator, and for the reference."""
    assert answer.request is not None
    assert answer.request.context.complete
    first, second = (PolicyStack(identity=(parse_policy(one),)) for one in (narrow, wide))
    assert allows(first, answer.request)
    assert not allows(second, answer.request)
    assert reference.decide(as_case(answer.request, narrow), facts()) == "allowed"
    assert reference.decide(as_case(answer.request, wide), facts()) != "allowed"


def drawn(number: int, seed: int) -> Iterator[tuple[str, Json, Json]]:
    rng = random.Random(seed)
    return (pairs.draw_pair(rng) for _ in range(number))


@cache
def some_managed() -> tuple[tuple[str, Json], ...]:
    rng = random.Random(20261101)
    return tuple((one.name, one.document) for one in managed_documents(rng.sample(managed_names(), HOW_MANY)))


# Laws ---


def test_every_counterexample_is_one_and_few_pairs_are_undecided() -> None:
    counts: Counter[bool | None] = Counter()
    for kind, first, second in drawn(800, 1):
        answer = contains(parse_policy(second), parse_policy(first))
        counts[answer.holds] += 1
        if answer.holds is False:
            check_counterexample(answer, first, second)
        elif answer.holds is None:
            print(f"undecided, {kind}: {answer.reason}")
            assert answer.reason
    print(f"{counts[True]} contained, {counts[False]} not, {counts[None]} undecided")
    assert min(counts[True], counts[False]) > 200
    assert counts[None] <= 12


def test_random_requests_never_refute_a_containment() -> None:
    rng, reader, asked = random.Random(2), CaseReader(), 0
    for _, first, second in drawn(600, 2):
        narrow, wide = parse_policy(first), parse_policy(second)
        if not contains(wide, narrow):
            continue
        for _ in range(12):
            case = random_case(rng, "identity")
            request = reader.read(case).request
            if authorize(PolicyStack(identity=(narrow,)), request).outcome == "allowed":
                asked += 1
                assert authorize(PolicyStack(identity=(wide,)), request).outcome == "allowed", (first, second, request)
    assert asked > 100


def test_a_counterexample_of_one_pair_never_refutes_the_containment_of_another() -> None:
    found = [(parse_policy(a), parse_policy(b)) for _, a, b in drawn(300, 3)]
    answers = [contains(b, a) for a, b in found]
    requests = [answer.request for answer in answers if answer.request is not None]
    for (narrow, wide), answer in zip(found, answers, strict=True):
        if answer:
            first, second = (PolicyStack(identity=(one,)) for one in (narrow, wide))
            assert all(allows(second, request) for request in requests if allows(first, request))


def test_every_policy_contains_itself() -> None:
    documents = [one for _, one in some_managed()] + [first for _, first, _ in drawn(400, 4)]
    for one in documents:
        assert holds(parse_policy(one), parse_policy(one)) is True, one


def test_containment_is_transitive() -> None:
    rng, chains = random.Random(5), 0
    for _ in range(250):
        first = pairs.random_document(rng)
        second = rng.choice(pairs.CHANGES)(first, rng)
        third = rng.choice(pairs.CHANGES)(second, rng)
        a, b, c = map(parse_policy, (first, second, third))
        for small, middle, large in ((a, b, c), (c, b, a)):
            if contains(middle, small) and contains(large, middle):
                chains += 1
                assert holds(large, small) is not False, (first, second, third)
    assert chains > 50


@pytest.mark.parametrize("source", ["managed", "random"])
def test_a_policy_written_differently_is_equal(source: str) -> None:
    rng = random.Random(6)
    documents = [one for _, one in some_managed()[:150]]
    if source == "random":
        documents = [pairs.random_document(rng) for _ in range(200)]
    for one in documents:
        other = pairs.split(one, rng)
        answer = equivalent(parse_policy(one), parse_policy(other))
        assert answer.holds is not False, (one, other, answer)
        assert answer.holds or source == "random"


def test_expanding_a_wildcard_leaves_out_only_what_the_catalogue_does_not_know() -> None:
    for pattern in ("lex:Get*", "s3:*Object", "dynamodb:*"):
        short = policy(allow(pattern))
        long = policy(allow([*catalog().expand(pattern)]))
        assert holds(short, long) is True
        answer = contains(long, short)
        assert answer.holds is False
        assert NEW_ACTIONS in answer.assumptions
        assert answer.request is not None
        assert catalog().index_of(answer.request.action) is None


def test_adding_a_deny_never_grants() -> None:
    rng = random.Random(7)
    for _, one in some_managed()[:200]:
        change = rng.choice(pairs.NARROWING)
        less = change(one, rng)
        before = parse_policy(one)
        relation = relate(parse_policy(less), before)
        assert relation.relation in ("equal", "narrower", "undecided", "disjoint"), (one, less)
        assert relation.only_a is None


def test_a_permission_boundary_and_organization_policies_only_take_away() -> None:
    rng, counts = random.Random(8), Counter[bool | None]()
    for _ in range(200):
        identity, *limits = (parse_policy(pairs.random_document(rng)) for _ in range(4))
        free = PolicyStack(identity=(identity,))
        bounded = PolicyStack(identity=(identity,), boundary=limits[0], scps=((limits[1],), (limits[2],)))
        assert contains(free, bounded).holds is not False
        answer = contains(bounded, free)
        counts[answer.holds] += 1
        if answer.request is not None:
            assert allows(free, answer.request)
            assert not allows(bounded, answer.request)
    assert counts[False] > 100
    assert counts[None] <= 4, counts


def test_a_boundary_that_the_identity_policy_is_changes_nothing() -> None:
    for _, one in some_managed()[:60]:
        found = parse_policy(one)
        assert equivalent(found, PolicyStack(identity=(found,), boundary=found)).holds is True, one


def test_consecutive_versions_of_managed_policies_are_related_or_told_apart() -> None:
    rng, relations = random.Random(9), Counter[str]()
    names = [name for name in managed_names() if len(managed_versions(name)) > 1]
    assert names
    for _ in range(150):
        before, after = pairs.consecutive_versions(rng)
        found = relate(parse_policy(before), parse_policy(after))
        relations[found.relation] += 1
        if found.only_a is not None:
            check_counterexample(Answer(False, found.only_a), before, after)
        if found.only_b is not None:
            check_counterexample(Answer(False, found.only_b), after, before)
    print(relations)
    assert relations["narrower"] > 20
    assert relations["undecided"] <= 3


def test_overlap_is_shown_by_a_request_that_both_allow() -> None:
    counts: Counter[bool | None] = Counter()
    for _, first, second in drawn(300, 10):
        a, b = parse_policy(first), parse_policy(second)
        answer = overlaps(a, b)
        counts[answer.holds] += 1
        assert {answer.holds, overlaps(b, a).holds} != {True, False}
        if answer.request is not None:
            assert all(allows(PolicyStack(identity=(one,)), answer.request) for one in (a, b))
            cases = [as_case(answer.request, one) for one in (first, second)]
            assert [reference.decide(case, facts()) for case in cases] == ["allowed", "allowed"]
    assert counts[True] > 50
    assert counts[None] <= 5, counts


def test_containment_agrees_with_z3() -> None:
    counts: Counter[str] = Counter()
    found = list(compared(random.Random(20261125), 120, counts, seconds=0.4))
    print(counts)
    assert [str(one) for one in found if one.disagree] == []
    assert sum(one.mine.holds is None for one in found) <= 4
    assert min(counts["contained: True"], counts["contained: False"]) > 20


# Cases ---

BUCKET = "arn:aws:s3:::calls"
NAME = "${aws:username}"


@pytest.mark.parametrize(
    "wide, narrow, expected",
    [
        (f"{BUCKET}/{NAME}/*", f"{BUCKET}/{NAME}/*", True),
        (f"{BUCKET}/*", f"{BUCKET}/{NAME}/*", True),
        (f"{BUCKET}/{NAME}*", f"{BUCKET}/{NAME}/*", True),
        (f"{BUCKET}/{NAME}/*", f"{BUCKET}/*", False),
        (f"{BUCKET}/*/{NAME}", f"{BUCKET}/{NAME}/*", False),
        (f"{BUCKET}/{NAME}", f"{BUCKET}/*{NAME}*", False),
        (f"{BUCKET}/{NAME}/{NAME}", f"{BUCKET}/{NAME}/*", False),
        (f"{BUCKET}/{NAME}/*", f"{BUCKET}/{NAME}/{NAME}", True),
        (f"{BUCKET}/${{aws:userid}}/*", f"{BUCKET}/{NAME}/*", False),
        (f"{BUCKET}/{NAME}?", f"{BUCKET}/{NAME}a", None),
        (f"{BUCKET}/???", f"{BUCKET}/??", False),
        (f"{BUCKET}/??*", f"{BUCKET}/???*", True),
        (f"{BUCKET}/?*", f"{BUCKET}/*", False),
        ("arn:aws:s3:*", BUCKET, True),
        ("arn:aws:s3:::*", "*", False),
    ],
)
def test_resources_are_compared_for_every_value_of_a_variable(wide: str, narrow: str, expected: bool | None) -> None:
    answer = contains(policy(allow("s3:GetObject", wide)), policy(allow("s3:GetObject", narrow)))
    assert answer.holds is expected
    if expected is None:
        assert answer.reason.startswith("s3:GetObject: variables in resources")


def test_a_pattern_is_compared_part_by_part() -> None:
    regions = policy(*(allow("lex:GetBot", f"arn:aws:lex:{r}:*:bot:*") for r in ("us-*", "eu-*")))
    assert holds(regions, policy(allow("lex:GetBot", "arn:aws:lex:eu-west-1:*:bot:Orders:prod"))) is True
    assert holds(regions, policy(allow("lex:GetBot", "arn:aws:lex:*:*:bot:*"))) is False


def test_several_statements_together_may_contain_what_none_does() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    rest = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    narrow = policy(allow("lex:GetBot"))
    assert holds(policy(allow("lex:GetBot", Condition=mfa), allow("lex:GetBot", Condition=rest)), narrow) is False
    odd = {"Null": {"aws:MultiFactorAuthPresent": "true"}}
    other = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    wide = policy(*(allow("lex:GetBot", Condition=c) for c in (mfa, odd, other)))
    # A value that is neither true nor false is left.
    answer = contains(wide, narrow)
    assert answer.holds is False
    check_counterexample(
        answer, document(allow("lex:GetBot")), document(*(allow("lex:GetBot", Condition=c) for c in (mfa, odd, other)))
    )
    tags = [{"StringEquals": {"aws:PrincipalTag/Team": "red"}}, {"StringNotEquals": {"aws:PrincipalTag/Team": "red"}}]
    assert holds(policy(*(allow("lex:GetBot", Condition=c) for c in tags)), narrow) is True


def test_a_key_that_aws_does_not_send_is_absent() -> None:
    # s3:ListAllMyBuckets is sent no tag of a resource, so the condition never holds.
    tagged = policy(allow("s3:ListAllMyBuckets", Condition={"StringEquals": {"aws:ResourceTag/Team": "red"}}))
    assert holds(policy(allow("lex:GetBot")), tagged) is True
    posted = policy(allow("lex:PostText", Condition={"StringEquals": {"aws:ResourceTag/Team": "red"}}))
    assert holds(policy(allow("lex:GetBot")), posted) is False


def test_actions_that_nobody_knows_yet_are_asked_about() -> None:
    wide = policy(allow(list(catalog().expand("lex:*"))))
    assert holds(wide, policy(allow("lex:*"))) is False
    assert holds(policy(allow("lex:*")), policy(allow(["lex:GetNothingYet", "lex:Get?ots"]))) is True
    assert holds(policy(allow("lex:Get?ots")), policy(allow("lex:Get??ots"))) is False
    assert overlaps(policy(allow("lex:*Qqq")), policy(allow("lex:Qqq*"))).holds is True
    spared = document(allow("lex:*"), deny("*") | {})
    spared["Statement"][1] = {"Effect": "Deny", "NotAction": "lex:NothingYet", "Resource": "*"}
    answer = contains(policy(allow("lex:GetBot")), parse_policy(spared))
    assert answer.holds is False
    assert answer.request is not None
    assert answer.request.action.lower() == "lex:nothingyet"


def test_what_aws_keeps_for_itself_is_granted_by_nobody() -> None:
    own = "arn:aws:iam::aws:policy/AmazonLexReadOnly"
    assert holds(policy(allow("lex:GetBot")), policy(allow("iam:CreatePolicyVersion", own))) is True
    assert holds(policy(allow("lex:GetBot")), policy(allow("iam:GetPolicy", own))) is False
    assert holds(policy(allow("lex:GetBot")), policy(allow("sts:GetCallerIdentity"))) is True


def test_keys_and_roles_are_taken_to_delegate() -> None:
    for action, resource in (
        ("kms:Decrypt", "arn:aws:kms:us-east-1:444455556666:key/*"),
        ("sts:AssumeRole", "arn:aws:iam::444455556666:role/front"),
    ):
        answer = contains(policy(allow("lex:GetBot")), policy(allow(action, resource)))
        assert answer.holds is False
        check_counterexample(answer, document(allow(action, resource)), document(allow("lex:GetBot")))
        found = parse_policy(document(allow(action, resource)))
        bounded = PolicyStack(identity=(found,), boundary=policy(allow()))
        assert contains(policy(allow("lex:GetBot")), bounded).holds is False


def test_a_policy_that_would_take_too_long_is_undecided() -> None:
    rng = random.Random(11)
    texts = ["".join(rng.choices("ab*?", k=8)) for _ in range(80)]
    many = [
        deny(
            "s3:*",
            [f"{BUCKET}/{a}", f"{BUCKET}/{b}"],
            Condition={"StringLike": {f"aws:PrincipalTag/T{i % 9}": f"{a}*{b}"}},
        )
        for i, (a, b) in enumerate(zip(texts[::2], texts[1::2], strict=True))
    ]
    answer = contains(policy(allow("s3:*"), *many), policy(allow("s3:*", f"{BUCKET}/*b*a?b*")))
    assert answer.holds is None or answer.request is not None
    assert answer.holds is not None or answer.reason


def test_shape_alone_proves_only_what_follows() -> None:
    assert plainly_implies(False, False)
    assert not plainly_implies(True, False)


def test_a_request_may_be_asked_again() -> None:
    answer = contains(policy(allow("lex:Get*")), policy(allow("lex:*", Condition=pairs.CONDITIONS[0])))
    assert answer.request is not None
    again = Request(
        answer.request.principal, answer.request.action, answer.request.resource, Context({}, complete=True)
    )
    assert authorize(PolicyStack(identity=(policy(allow("lex:*")),)), again).outcome == "allowed"


@pytest.mark.parametrize(
    "wide,action,resource,keys",
    [
        (
            allow("s3:NewThing", Condition={"StringLike": {"AWS:UserAgent": "x*"}}),
            "s3:NewThing",
            None,
            ["AWS:UserAgent"],
        ),
        (allow("s3:GetObject", "arn:*:s3:*:*:*"), "s3:GetObject", "arn:aws:s3:::example", []),
        (allow("iam:GetRole", "arn:*:*:*:*:*"), "iam:GetRole", "arn:aws:iam::111122223333:example", []),
        (allow("iam:GetRole", "arn:aws:iam:?*:*:role/a"), "iam:GetRole", "arn:aws:iam:example:111122223333:role/a", []),
        (allow("lexx:Get*"), "lexx:GetNewAction", None, []),
        (allow("s3:GetObject", "arn:aws:s3:::b/${aws:UserName}/a"), "s3:GetObject", None, ["aws:UserName"]),
    ],
)
def test_a_counterexample_is_spelled_as_a_person_would_write_it(wide, action, resource, keys) -> None:
    answer = contains(policy(allow("lex:GetBot")), policy(wide))
    assert answer.request is not None
    assert answer.request.action == action
    assert resource in (None, answer.request.resource)
    assert list(answer.request.context.values) == keys
    check_counterexample(answer, document(wide), document(allow("lex:GetBot")))
