"""What the dump tells of a request decides: the ids of roles, whose sessions may have any name, and tags."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lexgraph.access.chaining import who_can_become
from lexgraph.access.decide import access_rows, decide, who_can
from lexgraph.access.escalation.edges import escalation_edges
from lexgraph.account.model import ResourcePolicy, Snapshot
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import read_account
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.policy.parse import parse_policy
from tests.test_account import dump, inline, role, user

Json = Any
HERE = "111122223333"
IAM, STS = f"arn:aws:iam::{HERE}:", f"arn:aws:sts::{HERE}:assumed-role/"
BUCKET, OBJECT = "arn:aws:s3:::calls", "arn:aws:s3:::calls/1"
KEY = f"arn:aws:kms:us-east-1:{HERE}:key/1"
RUNNER, NIGHT = "AROAEXAMPLERUNNER0001", "AROAEXAMPLENIGHT00001"
ALICE = f"{STS}runner/alice"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def named(effect: str, form: str = "Principal", *arns: str, **more: Json) -> Json:
    """A statement about the bucket that names principals."""
    return {"Effect": effect, form: {"AWS": list(arns)}, "Action": "*", "Resource": "*", **more}


def holding(*statements: Json) -> Json:
    return inline(policy(*statements)) if statements else []


def account(*own: Json, on_bucket: Json = None, path: str = "", **more: Json) -> Snapshot:
    """An account with the roles `runner` and `night`, and ana; all hold `own`; the bucket and the key have a policy."""
    roles = [
        {**role(f"{path}runner", RolePolicyList=holding(*own), RoleId=RUNNER), "RoleName": "runner"},
        role("night", RolePolicyList=holding(*own), RoleId=NIGHT),
    ]
    found = parse_account(dump(user(UserPolicyList=holding(*own), UserId="AIDAEXAMPLEANA000001"), RoleDetailList=roles))
    listed = (ResourcePolicy(arn, parse_policy(policy(*on_bucket), kind="resource")) for arn in (BUCKET, KEY))
    return replace(found, resource_policies=tuple(listed) if on_bucket else (), **more)


def asked(snapshot: Snapshot, who: str = "role/runner", resource: str = OBJECT, **context: Json) -> Decision:
    return decide(snapshot, who, "s3:GetObject", resource, context=Context(context))


def as_session(snapshot: Snapshot, name: str) -> str:
    """The outcome for a session of the runner, asked by its own ARN."""
    runner = snapshot.principal("role/runner")
    known = snapshot.request_context(runner, Context({"aws:PrincipalArn": runner.arn}), OBJECT)
    request = Request(f"{STS}runner/{name}", "s3:GetObject", OBJECT, known)
    return authorize(snapshot.stack_for(runner, request.action, OBJECT), request).outcome


# The names of sessions ------------------------------------------------------------------------------------------------

# What the bucket's policy says, with which policies of the role's own; what alice is told, and another session.
NAMING = [
    ([named("Allow", "Principal", ALICE)], (), "allowed", "implicitDeny"),
    ([named("Deny", "Principal", ALICE)], (EVERYTHING,), "explicitDeny", "allowed"),
    ([named("Deny", "NotPrincipal", ALICE, f"{IAM}root")], (EVERYTHING,), "allowed", "explicitDeny"),
    ([named("Allow", "NotPrincipal", ALICE)], (), "implicitDeny", "allowed"),
]


@pytest.mark.parametrize("path", ["", "desk/front/"])
@pytest.mark.parametrize("crowd", [0, 20])
@pytest.mark.parametrize("on_bucket, own, alice, another", NAMING)
def test_a_policy_that_names_a_session_is_conditional_for_its_role(
    on_bucket: Json, own: tuple[Json, ...], alice: str, another: str, crowd: int, path: str
) -> None:
    form = "NotPrincipal" if "NotPrincipal" in on_bucket[0] else "Principal"
    arns = [*on_bucket[0][form]["AWS"], *(f"{STS}other{number}/alice" for number in range(crowd))]
    snapshot = account(*own, on_bucket=[{**on_bucket[0], form: {"AWS": arns}}], path=path)
    decision = asked(snapshot)
    ends = "ends" if alice == "allowed" else "does not end"
    assert (decision.outcome, decision.missing_keys) == ("conditional", ("aws:userid",))
    assert decision.condition == f'if aws:userid {ends} with ":alice"'
    assert (as_session(snapshot, "alice"), as_session(snapshot, "bob")) == (alice, another)
    assert asked(snapshot, **{"aws:userid": f"{RUNNER}:alice"}).outcome == alice
    assert asked(snapshot, **{"aws:userid": f"{RUNNER}:bob"}).outcome == another
    assert asked(snapshot, "role/night").outcome == another
    rows = access_rows(snapshot, None, "s3:GetObject", OBJECT)
    assert [row.outcome for row in rows if "role" in row.principal] == [
        asked(snapshot, row.principal).outcome for row in rows if "role" in row.principal
    ]


def test_whoever_could_be_a_named_session_is_among_those_who_can() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": ALICE}, "Action": "sts:AssumeRole"}
    trusting = role("back", AssumeRolePolicyDocument=policy(statement))
    found = parse_account(dump(user(), RoleDetailList=[role(RoleId=RUNNER), role("night"), trusting]))
    (chain,) = who_can_become(found, "role/back")
    assert (chain.principal, chain.outcome) == (f"{IAM}role/runner", "conditional")
    assert [edge.outcome for edge in escalation_edges(found) if edge.target == f"{IAM}role/back"] == ["conditional"]
    opened = account(on_bucket=[named("Allow", "Principal", ALICE)])
    (row,) = who_can(opened, "kms:Decrypt", KEY)
    assert (row.principal, row.outcome, row.missing_keys) == (f"{IAM}role/runner", "conditional", ("aws:userid",))


def test_a_session_that_a_bucket_names_is_not_limited_by_the_roles_boundary() -> None:
    snapshot = account(on_bucket=[named("Allow", "Principal", ALICE)])
    runner = snapshot.principal("role/runner")
    lex = parse_policy(policy({**EVERYTHING, "Action": "lex:*"}), kind="boundary")
    stack = replace(snapshot.stack_for(runner, "s3:GetObject", OBJECT), boundary=lex)
    known = snapshot.request_context(runner, Context(), OBJECT)
    assert authorize(stack, Request(runner.arn, "s3:GetObject", OBJECT, known)).outcome == "conditional"


# The ids of roles -----------------------------------------------------------------------------------------------------

# An operator, the values of aws:userid, and whether it holds for the runner, for the night (None: it depends).
OTHER = "AIDAEXAMPLEANA000001"
PATTERNS: list[tuple[str, list[str], bool | None, bool | None]] = [
    ("StringLike", [f"{RUNNER}:*"], True, False),
    ("StringLike", [f"{RUNNER}:*", HERE], True, False),
    ("StringLike", ["AROA*"], True, True),
    ("StringLike", ["AROAEXAMPLER*:*"], True, False),
    ("StringLike", ["*:*"], True, True),
    ("StringLike", [f"{RUNNER}:a*"], None, False),
    ("StringLike", [f"{RUNNER}:?*"], True, False),  # a name has two characters at least
    ("StringLike", [f"{RUNNER}:?"], False, False),
    ("StringLike", [RUNNER, OTHER], False, False),
    ("StringLike", ["*:alice"], None, None),
    ("StringLike", [f"{RUNNER}:a b*"], False, False),  # no session is called so
    ("StringEquals", [f"{RUNNER}:*"], False, False),  # a star is a star there, and in no name
    ("StringEquals", [f"{RUNNER}:alice"], None, False),
    ("StringEqualsIgnoreCase", [f"{RUNNER.lower()}:ALICE"], None, False),
    ("StringEquals", [OTHER], False, False),
    ("ForAnyValue:StringLike", [f"{RUNNER}:*"], True, False),
    ("ForAllValues:StringLike", [f"{RUNNER}:*"], True, False),
    ("StringLikeIfExists", [f"{RUNNER}:*"], True, False),
    ("Null", ["false"], True, True),
]


def opposite(operator: str) -> str:
    """The negated operator; a set of values is every value of aws:userid, which has one."""
    if operator == "Null":
        return operator
    return operator.replace("String", "StringNot")


@pytest.mark.parametrize("operator, values, runner, night", PATTERNS)
def test_patterns_of_userid_are_decided_as_far_as_they_leave_the_sessions_name_open(
    operator: str, values: list[str], runner: bool | None, night: bool | None
) -> None:
    block = {operator: {"aws:userId": values}}
    allowing = account({**EVERYTHING, "Condition": block})
    wanted = {True: "allowed", False: "implicitDeny", None: "conditional"}
    assert [asked(allowing, f"role/{name}").outcome for name in ("runner", "night")] == [wanted[runner], wanted[night]]
    if operator == "Null":
        return
    denying = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    kept = account(EVERYTHING, on_bucket=[{**denying, "Condition": {opposite(operator): {"aws:userid": values}}}])
    wanted = {True: "allowed", False: "explicitDeny", None: "conditional"}
    assert [asked(kept, f"role/{name}").outcome for name in ("runner", "night")] == [wanted[runner], wanted[night]]
    rows = who_can(kept, "s3:GetObject", OBJECT)
    assert [row.principal for row in rows if "role" in row.principal] == [
        f"{IAM}role/{name}" for name, holds in (("night", night), ("runner", runner)) if holds is not False
    ]


def test_several_patterns_of_userid_are_weighed_together() -> None:
    by_name = {"StringLike": {"aws:userid": [f"{RUNNER}:al*", f"{NIGHT}:*"]}}
    but = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringLike": {"aws:userid": f"{RUNNER}:a*"}},
    }
    snapshot = account({**EVERYTHING, "Condition": by_name}, but)
    assert [asked(snapshot, f"role/{name}").outcome for name in ("runner", "night")] == ["implicitDeny", "allowed"]


LIKE = [f"{RUNNER}:*", f"{NIGHT}:*", f"{RUNNER}:a*", f"{RUNNER}:??", "*:ab", "A*b", "*", f"*{RUNNER[-4:]}:a?*", OTHER]
NAMES = ["".join(letters) for size in range(2, 5) for letters in itertools.product("abc", repeat=size)]


def test_what_a_role_is_told_is_exact_for_all_names_of_sessions() -> None:
    rng = random.Random(3)
    seen: Counter[str] = Counter()
    for _ in range(400):
        snapshot = account(*statements(rng), on_bucket=[on_bucket_of(rng), named("Allow", "Principal", f"{IAM}root")])
        for name, unique_id in (("runner", RUNNER), ("night", NIGHT)):
            outcome = asked(snapshot, f"role/{name}").outcome
            told = {asked(snapshot, f"role/{name}", **{"aws:userid": f"{unique_id}:{one}"}).outcome for one in NAMES}
            assert ("allowed" in told) is (outcome in ("allowed", "conditional")), snapshot
            assert (told == {"allowed"}) is (outcome == "allowed"), snapshot
            assert outcome != "explicitDeny" or told == {"explicitDeny"}, snapshot
            seen[outcome] += 1
    assert min(seen[outcome] for outcome in ("allowed", "conditional", "explicitDeny", "implicitDeny")) > 40


def statements(rng: random.Random) -> Iterator[Json]:
    """Statements of a role's own that ask for aws:userid."""
    for effect in ("Allow", rng.choice(("Allow", "Deny", "Deny"))):
        operator = rng.choice(("StringLike", "StringNotLike", "StringEquals", "ForAnyValue:StringLike"))
        condition = {operator: {"aws:userid": rng.sample(LIKE, rng.choice((1, 2)))}}
        yield {**EVERYTHING, "Effect": effect, "Condition": condition}


def on_bucket_of(rng: random.Random) -> Json:
    """A statement that names a session of some name."""
    effect, form = rng.choice(("Allow", "Deny")), rng.choice(("Principal", "Principal", "NotPrincipal"))
    return named(effect, form, f"{STS}{rng.choice(('runner', 'night'))}/{rng.choice(('ab', 'abc'))}")


def test_a_role_whose_id_the_dump_lacks_may_be_any() -> None:
    block = {"StringLike": {"aws:userid": f"{RUNNER}:*"}}
    snapshot = account({**EVERYTHING, "Condition": block})
    mute = replace(snapshot, principals=tuple(replace(one, unique_id=None) for one in snapshot.principals))
    assert asked(mute).outcome == "conditional"


def test_in_a_complete_context_a_role_is_a_session_without_a_name() -> None:
    of_role = {"StringLike": {"aws:userid": f"{RUNNER}:*"}}
    whole = Context({}, complete=True)
    for condition, on_bucket, outcome in (
        (of_role, None, "allowed"),
        ({"StringNotLike": {"aws:userid": f"{RUNNER}:*"}}, None, "implicitDeny"),
        ({"StringLike": {"aws:userid": "*:alice"}}, None, "implicitDeny"),
        (of_role, [named("Deny", "Principal", ALICE)], "allowed"),
    ):
        snapshot = account({**EVERYTHING, "Condition": condition}, on_bucket=on_bucket)
        assert decide(snapshot, "role/runner", "s3:GetObject", OBJECT, context=whole).outcome == outcome


def test_a_resource_named_after_userid_is_told_apart_by_the_roles_id() -> None:
    own = {**EVERYTHING, "Action": "s3:*", "Resource": f"{BUCKET}/${{aws:userid}}/*"}
    snapshot = account(own)
    for name, resource, outcome in (
        ("runner", f"{BUCKET}/{RUNNER}:alice/1", "conditional"),
        ("night", f"{BUCKET}/{RUNNER}:alice/1", "implicitDeny"),
        ("runner", f"{BUCKET}/{RUNNER}/1", "implicitDeny"),
    ):
        assert asked(snapshot, f"role/{name}", resource).outcome == outcome


def test_an_explanation_says_what_is_known_of_a_sessions_userid() -> None:
    snapshot = account({**EVERYTHING, "Condition": {"StringLike": {"aws:userid": f"{RUNNER}:*"}}})
    text = asked(snapshot, "role/night").explain().text()
    assert f'it is "{NIGHT}", a colon and the session\'s name, which is not known' in text
    matched = asked(snapshot).explain().matched
    assert [match.layer for match in matched] == ["identity"]


# Tags -----------------------------------------------------------------------------------------------------------------

TEAM = "aws:PrincipalTag/team"
ASKING = [
    ({"StringEquals": {TEAM: "red"}}, "implicitDeny"),
    ({"StringNotEquals": {TEAM: "red"}}, "allowed"),
    ({"StringEqualsIfExists": {TEAM: "red"}}, "allowed"),
    ({"Null": {TEAM: "true"}}, "allowed"),
    ({"Null": {TEAM: "false"}}, "implicitDeny"),
    ({"StringEquals": {"aws:RequestedRegion": f"${{{TEAM}}}"}}, "implicitDeny"),
    ({"StringLike": {"aws:RequestedRegion": f"${{{TEAM}, '*'}}"}}, "conditional"),  # the region is not known
]


def tagged(who: Json, **tags: str) -> Json:
    return {**who, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def test_what_a_user_lacks_among_its_tags_is_absent() -> None:
    for condition, outcome in ASKING:
        held = holding({**EVERYTHING, "Condition": condition})
        snapshot = parse_account(dump(tagged(user(UserPolicyList=held), x="y"), RoleDetailList=[role()]))
        assert asked(snapshot, "user/ana").outcome == outcome, condition
        (row,) = access_rows(snapshot, "user/ana", "s3:GetObject", OBJECT)
        assert row.outcome == outcome


def test_a_deny_for_whoever_lacks_a_tag_hits_a_user_without_it() -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {TEAM: "true"}}}
    held = holding(EVERYTHING, deny)
    users = [tagged(user("ana", UserPolicyList=held)), tagged(user("ben", UserPolicyList=held), Team="red")]
    snapshot = parse_account(dump(*users))
    assert [row.outcome for row in access_rows(snapshot, None, "s3:GetObject", OBJECT)] == ["explicitDeny", "allowed"]


def dumps(held: Json) -> Iterator[tuple[Json, bool]]:
    """Dumps with ana, and whether they tell of tags."""
    ana, runner = user(UserPolicyList=held), role(RolePolicyList=held)
    yield dump(ana, RoleDetailList=[runner]), False
    yield dump(tagged(ana), RoleDetailList=[runner]), True
    yield dump({**ana, "Tags": None}, RoleDetailList=[runner]), False
    yield dump(ana, RoleDetailList=[tagged(runner)]), True
    yield dump(ana, RoleDetailList=[tagged(runner, cost="7")]), True
    yield dump(ana, tagged(user("ben"), cost="7")), True


def test_tags_are_absent_only_where_the_dump_tells_of_tags(tmp_path: Path) -> None:
    for read, told in dumps(holding({**EVERYTHING, "Condition": {"StringEquals": {TEAM: "red"}}})):
        snapshot = parse_account(read)
        assert asked(snapshot, "user/ana").outcome == ("implicitDeny" if told else "conditional")
        (path := tmp_path / "dump.json").write_text(json.dumps(read), encoding="utf-8")
        assert [one.tagged for one in read_account(path).principals] == [one.tagged for one in snapshot.principals]


def test_a_user_in_groups_keeps_that_its_tags_were_told() -> None:
    held = holding({**EVERYTHING, "Condition": {"StringEquals": {TEAM: "red"}}})
    group = {"GroupName": "desk", "Arn": f"{IAM}group/desk", "GroupPolicyList": []}
    snapshot = parse_account(dump(tagged(user(UserPolicyList=held, GroupList=["desk"])), GroupDetailList=[group]))
    assert asked(snapshot, "user/ana").outcome == "implicitDeny"


def test_the_session_of_a_role_may_bring_tags_that_the_role_lacks() -> None:
    held = holding({**EVERYTHING, "Condition": {"StringEquals": {TEAM: "red"}}})
    for tags, outcome in (
        ({"x": "y"}, "conditional"),
        ({"team": "red"}, "allowed"),
        ({"team": "blue"}, "implicitDeny"),
    ):
        snapshot = parse_account(dump(user(), RoleDetailList=[tagged(role(RolePolicyList=held), **tags)]))
        assert asked(snapshot).outcome == outcome


def test_the_tags_that_the_caller_gives_come_before_those_of_the_dump() -> None:
    held = holding({**EVERYTHING, "Condition": {"StringEquals": {TEAM: "red"}}})
    snapshot = parse_account(dump(tagged(user(UserPolicyList=held), x="y")))
    assert asked(snapshot, "user/ana", **{TEAM: "red"}).outcome == "allowed"


def of_resources(key: str = "aws:ResourceTag/team", **more: Json) -> Snapshot:
    """An account whose ana may do what is tagged red: there are red and blue users and roles, and untagged ones."""
    held = holding({**EVERYTHING, "Condition": {"StringEquals": {key: "red"}}, **more})
    people = [tagged(user("red"), Team="red"), tagged(user("blue"), Team="blue"), tagged(user("plain"))]
    open_ = {"AssumeRolePolicyDocument": policy({"Effect": "Allow", "Principal": {"AWS": HERE}, "Action": "sts:*"})}
    roles = [
        tagged(role("r-red", **open_), Team="red"),
        tagged(role("r-blue", **open_), Team="blue"),
        role("r", **open_),
    ]
    return parse_account(dump(user(UserPolicyList=held), *people, RoleDetailList=roles))


@pytest.mark.parametrize("key", ["aws:ResourceTag/team", "iam:resourceTag/TEAM"])
@pytest.mark.parametrize("action", ["iam:CreateAccessKey", "iam:PassRole", "sts:AssumeRole"])
def test_the_tags_of_users_and_roles_that_are_asked_about_are_known(action: str, key: str) -> None:
    snapshot = of_resources(key)
    names = ("user/red", "user/blue", "user/plain") if "Key" in action else ("role/r-red", "role/r-blue", "role/r")
    for name, outcome in zip(names, ("allowed", "implicitDeny", "implicitDeny"), strict=True):
        assert decide(snapshot, "user/ana", action, IAM + name).outcome == outcome
    # One question after the other of a whole account: no answer about one resource is another's.
    rows = access_rows(snapshot, "user/ana", action, [IAM + name for name in names])
    assert {row.resource for row in rows if row.outcome == "allowed"} == {IAM + names[0]}
    assert [[row.principal for row in who_can(snapshot, action, IAM + name)] for name in names] == [
        [f"{IAM}user/ana"], [], []
    ]  # fmt: skip


def test_roles_that_a_tag_rules_out_cannot_be_assumed() -> None:
    snapshot = of_resources()
    found = {edge.target: edge.outcome for edge in escalation_edges(snapshot) if edge.method == "sts:AssumeRole"}
    assert found == {f"{IAM}role/r-red": "allowed"}
    assert [who_can_become(snapshot, f"role/{name}") == () for name in ("r-red", "r-blue", "r")] == [False, True, True]


def test_the_tags_of_a_resource_that_the_caller_gives_come_first() -> None:
    snapshot = of_resources()
    given = Context({"aws:ResourceTag/Team": "red"})
    assert decide(snapshot, "user/ana", "iam:CreateAccessKey", f"{IAM}user/blue", context=given).outcome == "allowed"
    rows = who_can(snapshot, "iam:CreateAccessKey", f"{IAM}user/blue", context=given)
    assert [row.outcome for row in rows] == ["allowed"]


def test_a_tag_of_a_resource_is_sent_only_with_actions_that_know_it() -> None:
    decision = decide(of_resources(), "user/ana", "iam:AddUserToGroup", f"{IAM}user/red")
    assert decision.outcome == "implicitDeny"
    assert any("aws:ResourceTag/team" in one or "aws:resourcetag/team" in one for one in decision.explain().assumptions)


def test_the_tags_of_what_the_dump_does_not_hold_are_unknown() -> None:
    snapshot = of_resources()
    for resource in (f"{IAM}user/elsewhere", f"{IAM}user/*", "arn:aws:iam::444455556666:user/red"):
        given = Context({"aws:ResourceAccount": HERE})
        found = decide(snapshot, "user/ana", "iam:CreateAccessKey", resource, context=given)
        assert found.outcome in ("conditional", "implicitDeny")
        assert (found.outcome == "conditional") is (HERE in resource), resource
