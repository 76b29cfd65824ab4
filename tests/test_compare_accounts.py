"""Two accounts compared: what is told is shown by requests, and what is not told did not change."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import lexgraph as lg
from lexgraph.access.comparison.compare import compare_snapshots
from lexgraph.access.comparison.decider import DELEGATED, Decider
from lexgraph.access.comparison.model import AccountDifference
from lexgraph.access.comparison.settled import known_keys, settled
from lexgraph.access.decide import GRANTING, decide
from lexgraph.account.model import ResourcePolicy, Snapshot
from lexgraph.account.organization import ControlPolicy, Organization, Target
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.cli import main
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.parse import parse_policy
from lexgraph.tables import SCHEMAS

Json = Any
ROOT = Path(__file__).parents[1]
A = "arn:aws:iam::111122223333:"
BOT = "arn:aws:lex:us-east-1:111122223333:bot/"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TEAM = {"StringEquals": {"aws:PrincipalTag/Team": "a"}}
SAME_TEAM = {"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}

ACTIONS = (
    "lex:GetBot",
    "lex:DeleteBot",
    "lex:Get*",
    "lex:*",
    "s3:GetObject",
    "s3:Get*",
    "sns:Publish",
    "*",
    "ec2:Desc*",
)
RESOURCES = ("*", f"{BOT}*", f"{BOT}a", f"{BOT}a*", "arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/*")
CONDITIONS = (None, None, None, None, TEAM, SAME_TEAM, MFA, {"ArnLike": {"aws:PrincipalArn": f"{A}user/u*"}})
ASKED = ("lex:GetBot", "lex:DeleteBot", "lex:ListBots", "s3:GetObject", "sns:Publish", "ec2:DescribeInstances")
ASKED_ABOUT = (f"{BOT}a", f"{BOT}ab", f"{BOT}c", "arn:aws:s3:::home/u0/x", "arn:aws:s3:::home/x/u0", "*")
CONTEXTS = (
    {},
    {"aws:MultiFactorAuthPresent": "true"},
    {"aws:ResourceTag/Team": "a"},
    {"aws:ResourceTag/Team": "b", "aws:MultiFactorAuthPresent": "true"},
)


def doc(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Json = "lex:GetBot", resource: Json = "*", condition: Json = None, effect: str = "Allow") -> Json:
    made = {"Effect": effect, "Action": action, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


def inline(*statements: Json) -> Json:
    return [{"PolicyName": "own", "PolicyDocument": doc(*statements)}]


def user(name: str, *statements: Json, **more: Json) -> Json:
    own = {"UserPolicyList": inline(*statements)} if statements else {}
    return {"UserName": name, "Arn": f"{A}user/{name}", "Path": "/", **own, **more}


def role(name: str, *statements: Json, trust: Json = TRUST, **more: Json) -> Json:
    trusting = doc(*(trust if isinstance(trust, list) else [trust]))
    own = {"RolePolicyList": inline(*statements)}
    return {
        "RoleName": name,
        "Arn": f"{A}role/{name}",
        "Path": "/",
        "AssumeRolePolicyDocument": trusting,
        **own,
        **more,
    }


def tags(**values: str) -> Json:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def managed(name: str, *statements: Json) -> Json:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": doc(*statements)}
    return {"PolicyName": name, "Arn": f"{A}policy/{name}", "DefaultVersionId": "v1", "PolicyVersionList": [version]}


def attached(*names: str) -> Json:
    return [{"PolicyName": name, "PolicyArn": f"{A}policy/{name}"} for name in names]


def bounded(name: str) -> Json:
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": f"{A}policy/{name}"}


def account(*users: Json, **more: Json) -> Snapshot:
    lists: Json = {"UserDetailList": list(users), "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    return parse_account({**lists, **more})


def told(found: AccountDifference) -> list[tuple[str, str, tuple[str, ...]]]:
    return sorted((one.change, one.via, one.principals) for one in found.access)


# Random accounts ---


def random_statement(rng: random.Random) -> Json:
    effect = "Deny" if rng.random() < 0.2 else "Allow"
    return allow(rng.choice(ACTIONS), rng.choice(RESOURCES), rng.choice(CONDITIONS), effect)


def random_statements(rng: random.Random, most: int = 2) -> list[Json]:
    return [random_statement(rng) for _ in range(rng.randint(1, most))]


def random_trust(rng: random.Random) -> Json:
    who = rng.choice(
        ({"AWS": f"{A}root"}, {"AWS": f"{A}user/u0"}, {"Service": "ec2.amazonaws.com"}, {"AWS": "444455556666"})
    )
    made = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    return {**made, "Condition": MFA} if rng.random() < 0.3 else made


def random_dump(rng: random.Random) -> Json:
    names = ("p0", "p1", "p2")
    policies = [managed(name, *random_statements(rng, 3)) for name in names]
    groups = [{"GroupName": "g", "Arn": f"{A}group/g", "AttachedManagedPolicies": attached(rng.choice(names))}]
    users = []
    for i in range(3):
        more: Json = {"AttachedManagedPolicies": attached(*rng.sample(names, rng.randint(0, 2)))}
        more["GroupList"] = ["g"] if rng.random() < 0.4 else []
        more["Tags"] = tags(Team=rng.choice("ab")) if rng.random() < 0.7 else []
        if rng.random() < 0.3:
            more["PermissionsBoundary"] = bounded(rng.choice(names))
        users.append(user(f"u{i}", *(random_statements(rng) if rng.random() < 0.6 else ()), **more))
    roles = [role("r0", *random_statements(rng), trust=random_trust(rng))]
    return {"UserDetailList": users, "GroupDetailList": groups, "RoleDetailList": roles, "Policies": policies}


def changed_dump(rng: random.Random, dump: Json) -> Json:
    """Return the account with one or two of its parts drawn anew."""
    other, made = random_dump(rng), copy.deepcopy(dump)
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(list(made))
        place = rng.randrange(len(made[name]))
        if name == "UserDetailList" and rng.random() < 0.2 and len(made[name]) > 1:
            made[name].pop(place)
        else:
            made[name][place] = next(one for one in other[name] if one["Arn"] == made[name][place]["Arn"])
    return made


PAIRS = range(60)


def random_pair(seed: int) -> tuple[Snapshot, Snapshot]:
    rng = random.Random(seed)
    dump = random_dump(rng)
    return parse_account(dump), parse_account(changed_dump(rng, dump))


@pytest.mark.parametrize("seed", PAIRS)
def test_every_request_is_answered_differently_by_the_two_accounts(seed: int) -> None:
    before, after = random_pair(seed)
    for one in compare_snapshots(before, after).access:
        here, there = (after, before) if one.change == "gained" else (before, after)
        if one.request is None:
            assert one.reason
            continue
        for arn in one.principals if one.holder is None and DELEGATED not in one.assumptions else ():
            asked = one.request.action, one.request.resource
            context = one.request.context
            assert decide(here, arn, *asked, context=context).outcome in GRANTING
            known = {p.arn for p in there.principals}
            assert arn not in known or decide(there, arn, *asked, context=context).outcome not in GRANTING


@pytest.mark.parametrize("seed", PAIRS)
def test_what_is_not_told_did_not_change(seed: int) -> None:
    before, after = random_pair(seed)
    found = compare_snapshots(before, after)
    told = {(arn, one.change) for one in found.access for arn in one.principals}
    for arn in {p.arn for p in before.principals} & {p.arn for p in after.principals}:
        for action in ASKED:
            for resource in ASKED_ABOUT:
                for values in CONTEXTS:
                    context = Context(values, complete=True)
                    old, new = (decide(one, arn, action, resource, context=context).outcome for one in (before, after))
                    if old == "allowed" and new != "allowed":
                        assert (arn, "lost") in told
                    if new == "allowed" and old != "allowed":
                        assert (arn, "gained") in told


@pytest.mark.parametrize("seed", PAIRS)
def test_swapping_the_accounts_swaps_gained_and_lost(seed: int) -> None:
    before, after = random_pair(seed)
    forth, back = compare_snapshots(before, after), compare_snapshots(after, before)
    other = {"gained": "lost", "lost": "gained"}
    assert told(forth) == sorted((other[change], via, who) for change, via, who in told(back))
    swapped = {"narrower": "wider", "wider": "narrower"}
    assert forth.relation == swapped.get(back.relation, back.relation)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted((c.what, c.change) for c in forth.changes) == sorted((c.what, turned[c.change]) for c in back.changes)


@pytest.mark.parametrize("seed", PAIRS)
def test_an_account_compared_with_itself_has_not_changed(seed: int) -> None:
    dump = random_dump(random.Random(seed))
    found = compare_snapshots(parse_account(dump), parse_account(copy.deepcopy(dump)))
    assert (found.relation, found.changes, found.access) == ("equal", (), ())


@pytest.mark.parametrize("seed", PAIRS)
def test_adding_a_deny_never_gains(seed: int) -> None:
    rng = random.Random(seed)
    dump = random_dump(rng)
    denied = copy.deepcopy(dump)
    document = rng.choice(denied["Policies"])["PolicyVersionList"][0]["Document"]
    document["Statement"].append({**random_statement(rng), "Effect": "Deny"})
    assert not compare_snapshots(parse_account(dump), parse_account(denied)).of("gained")


@pytest.mark.parametrize("seed", PAIRS)
def test_a_decision_with_what_speaks_of_the_action_is_that_with_everything(seed: int) -> None:
    snapshot = random_pair(seed)[0]
    decider = Decider(snapshot)
    for principal in snapshot.principals:
        for action in (*ASKED, "sts:AssumeRole", "newservice:NewAction"):
            for resource in (*ASKED_ABOUT, f"{A}role/r0"):
                found = decider.decide(Request(principal.arn, action, resource))
                assert found is not None
                assert found.outcome == decide(snapshot, principal, action, resource).outcome


@pytest.mark.parametrize("seed", PAIRS)
def test_a_policy_with_what_is_known_put_in_answers_as_before(seed: int) -> None:
    rng = random.Random(seed)
    snapshot = parse_account(random_dump(rng))
    policy = parse_policy(doc(*random_statements(rng, 4)))
    for principal in snapshot.principals:
        known = known_keys(snapshot, principal)
        narrow = settled(policy, known)
        for action in ASKED:
            for resource in ASKED_ABOUT:
                context = snapshot.request_context(principal, Context(rng.choice(CONTEXTS), complete=True))
                request = Request(principal.arn, action, resource, context)
                whole, part = (authorize(PolicyStack((one,)), request).outcome for one in (policy, narrow))
                assert whole == part


# What is told ---


def test_a_tag_that_a_policy_asks_for_brings_access_and_one_that_none_asks_for_does_not() -> None:
    before = account(user("ana", allow(condition=TEAM)), user("ben", allow()))
    after = account(user("ana", allow(condition=TEAM), Tags=tags(Team="a")), user("ben", allow(), Tags=tags(Team="a")))
    found = compare_snapshots(before, after)
    assert [(one.what, one.change, one.name, one.after) for one in found.changes] == [("tag", "added", "Team", "a")] * 2
    before = account(user("ana", allow(condition=TEAM), Tags=tags(Team="b")))
    found = compare_snapshots(before, account(user("ana", allow(condition=TEAM), Tags=tags(Team="a"))))
    assert told(found) == [("gained", "keys of the principal", (f"{A}user/ana",))]
    assert (found.access[0].before, found.access[0].after) == ("implicitDeny", "allowed")
    assert found.relation == "narrower"


def test_a_group_brings_access_and_a_boundary_takes_it() -> None:
    group = {"GroupName": "g", "Arn": f"{A}group/g", "AttachedManagedPolicies": attached("p")}
    more = {"GroupDetailList": [group], "Policies": [managed("p", allow("lex:*")), managed("b", allow("lex:Get*"))]}
    before = account(user("ana"), **more)
    member = account(user("ana", GroupList=["g"]), **more)
    found = compare_snapshots(before, member)
    assert [(c.what, c.change) for c in found.changes] == [("attachment", "added"), ("membership", "added")]
    assert "lex:DeleteBot" in found.actions("gained")
    limited = account(user("ana", GroupList=["g"], PermissionsBoundary=bounded("b")), **more)
    found = compare_snapshots(member, limited)
    assert [(one.change, one.after) for one in found.access] == [("lost", "implicitDeny")]
    assert {"lex:DeleteBot"} <= set(found.actions("lost"))
    assert "lex:GetBot" not in found.actions("lost")
    assert ("boundary", "added", f"{A}policy/b") in [(c.what, c.change, c.policy) for c in found.changes]


def test_a_principal_in_one_account_only_gains_or_loses_all_it_may_do() -> None:
    before, after = (
        account(user("ana", allow())),
        account(user("ana", allow()), user("ben", allow("lex:Put*")), user("cy")),
    )
    found = compare_snapshots(before, after)
    (one,) = found.access
    assert (one.principals, one.before, one.after) == ((f"{A}user/ben",), None, "allowed")
    assert set(one.actions) == set(lg.expand("lex:Put*"))
    assert [c.principal for c in found.changes if c.what == "principal"] == [f"{A}user/ben", f"{A}user/cy"]
    assert compare_snapshots(after, before).relation == "wider"


def test_other_words_for_the_same_are_a_changed_policy_and_no_changed_access() -> None:
    before = account(user("ana", allow(["lex:GetBot", "lex:Get*"])))
    after = account(user("ana", allow("lex:Get*"), allow("lex:GetBots")))
    found = compare_snapshots(before, after)
    assert ([c.what for c in found.changes], found.access, found.relation) == (["policy"], (), "equal")


def test_a_deny_that_goes_gives_back_what_another_policy_allows() -> None:
    policies = [managed("p", allow("s3:*"))]
    before = account(
        user("ana", allow("s3:GetObject", effect="Deny"), AttachedManagedPolicies=attached("p")), Policies=policies
    )
    after = account(user("ana", allow("sns:Publish"), AttachedManagedPolicies=attached("p")), Policies=policies)
    found = compare_snapshots(before, after)
    assert [one.change for one in found.access] == ["gained"]
    back = compare_snapshots(after, before)
    assert "s3:GetObject" in back.actions("lost")


def test_principals_that_share_a_change_stand_together() -> None:
    users = [user(f"u{i}", AttachedManagedPolicies=attached("p")) for i in range(30)]
    before = account(*users, Policies=[managed("p", allow())])
    after = account(*users, Policies=[managed("p", allow(), allow("lex:DeleteBot"))])
    (one,) = compare_snapshots(before, after).access
    assert (len(one.principals), one.actions) == (30, ("lex:DeleteBot",))


def test_who_may_newly_assume_a_role_is_told_one_by_one() -> None:
    assuming = allow("sts:AssumeRole")
    users = (user("ana", assuming), user("ben"))
    before = account(*users, RoleDetailList=[role("r", allow())])
    account_wide = {**TRUST, "Principal": {"AWS": [f"{A}root", "444455556666"], "Service": "ec2.amazonaws.com"}}
    after = account(*users, RoleDetailList=[role("r", allow(), trust=account_wide)])
    found = compare_snapshots(before, after)
    assert told(found) == [
        ("gained", "trust policy", ("Service:ec2.amazonaws.com",)),
        ("gained", "trust policy", (f"{A}user/ana",)),
        ("gained", "trust policy", ("arn:aws:iam::444455556666:root",)),
        ("lost", "trust policy", ("Service:lambda.amazonaws.com",)),
    ]
    assert {one.holder for one in found.access} == {f"{A}role/r"}


def test_a_condition_that_a_trust_policy_loses_is_access_gained_without_it() -> None:
    who = {**TRUST, "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}
    known = {**who, "Condition": {"StringEquals": {"sts:ExternalId": "x"}}}
    before, after = (account(RoleDetailList=[role("r", allow(), trust=one)]) for one in (known, who))
    found = compare_snapshots(before, after)
    (one,) = found.access
    assert (one.change, one.via, one.before, one.after) == ("gained", "trust policy", "implicitDeny", "allowed")


def test_a_new_role_is_new_to_those_who_may_assume_it() -> None:
    before = account(user("ana", allow("sts:AssumeRole")))
    trusting = {**TRUST, "Principal": {"AWS": f"{A}user/ana"}}
    after = account(user("ana", allow("sts:AssumeRole")), RoleDetailList=[role("r", allow(), trust=trusting)])
    found = compare_snapshots(before, after)
    assert ("gained", "trust policy", (f"{A}user/ana",)) in told(found)
    assert ("gained", "own policies", (f"{A}role/r",)) in told(found)


def test_a_resource_policy_grants_and_denies() -> None:
    bucket = "arn:aws:s3:::transcripts"
    reading = {
        "Effect": "Allow",
        "Principal": {"AWS": f"{A}user/ana"},
        "Action": "s3:GetObject",
        "Resource": f"{bucket}/*",
    }
    base = account(user("ana"), user("ben", allow("s3:GetObject")))

    def having(*statements: Json) -> Snapshot:
        other = parse_policy(doc({**reading, "Action": "s3:PutObject"}), kind="resource")
        policy = parse_policy(doc(*statements), kind="resource")
        return replace(
            base, resource_policies=(ResourcePolicy(bucket, policy), ResourcePolicy("arn:aws:s3:::b", other))
        )

    nothing = {**reading, "Action": "s3:ListBucketVersions", "Resource": bucket}
    found = compare_snapshots(having(nothing), having(nothing, reading))
    assert told(found) == [("gained", "resource policy", (f"{A}user/ana",))]
    assert found.access[0].holder == bucket
    denying = {**reading, "Effect": "Deny", "Principal": "*"}
    found = compare_snapshots(having(nothing), having(nothing, denying))
    assert ("lost", "resource policy", (f"{A}user/ben",)) in told(found)


def test_what_only_one_of_the_two_knows_is_left_out_and_said_so() -> None:
    base = account(user("ana", allow()))
    root = Target("r-ab12", "root", "Root", attached=("p-1",))
    member = Target("111122223333", "account", "Support", "r-ab12", attached=("p-1",))
    scp = ControlPolicy(
        "p-1", "arn:aws:organizations::1:policy/p-1", "deny", "scp", policy=parse_policy(doc(allow("s3:*")), kind="scp")
    )
    known = replace(base, organization=Organization("o-exampleorgid", "444455556666", (root, member), (scp,)))
    found = compare_snapshots(base, known)
    assert (found.relation, found.access) == ("undecided", ())  # what was left out may have changed
    assert found.hidden == found.notes
    assert "left out" in repr(lg.compare_accounts(base, known))
    assert "organization" in found.notes[0]
    wide = replace(scp, policy=parse_policy(doc(allow("*")), kind="scp"))
    other = replace(known, organization=replace(known.organization, policies=(wide,)))
    found = compare_snapshots(known, other)
    assert told(found) == [("gained", "service control policies", (f"{A}user/ana",))]
    assert [c.what for c in found.changes] == ["control policy"]


def organized(base: Snapshot, *controls: tuple[str, Json]) -> Snapshot:
    """Return an account below a root to which these policies are attached, each (kind, document)."""
    policies = tuple(
        ControlPolicy(
            f"p-{i}", f"arn:aws:organizations::1:policy/p-{i}", f"p{i}", kind, policy=parse_policy(document, kind=kind)
        )
        for i, (kind, document) in enumerate(controls)
    )
    root = Target("r-ab12", "root", "Root", attached=tuple(policy.id for policy in policies))
    member = Target("111122223333", "account", "Support", "r-ab12", attached=tuple(policy.id for policy in policies))
    return replace(base, organization=Organization("o-exampleorgid", "444455556666", (root, member), policies))


ALL_SCP = ("scp", doc(allow("*")))
ALL_RCP = ("rcp", doc({**allow("*"), "Principal": "*"}))


def denying(*actions: str, principal: bool = False, condition: Json = None) -> Json:
    said = allow(list(actions), effect="Deny", condition=condition)
    everything = allow("*")
    if principal:
        said, everything = {**said, "Principal": "*"}, {**everything, "Principal": "*"}
    return doc(everything, said)


@pytest.mark.parametrize(
    "via, after",
    [
        ("own policies", {"statements": (allow(["s3:GetObject", "sqs:*"]), allow("lex:*", effect="Deny"))}),
        ("permissions boundary", {"boundary": "Narrow"}),
        ("service control policies", {"controls": (("scp", denying("lex:*")), ALL_RCP)}),
        ("resource control policies", {"controls": (ALL_SCP, ("rcp", denying("s3:*", principal=True)))}),
        ("keys of the principal", {"team": "b"}),
    ],
)
def test_the_layer_that_brought_it_is_named(via: str, after: Json) -> None:
    team = {"StringEquals": {"aws:PrincipalTag/Team": "a"}}
    usual = (allow(["lex:GetBot", "s3:GetObject"]), allow("sns:Publish", condition=team))

    def having(statements: Json = usual, boundary: str = "Wide", controls: Json = (ALL_SCP, ALL_RCP), team: str = "a"):
        limit = {
            "PermissionsBoundary": {
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": f"{A}policy/{boundary}",
            }
        }
        ana = user("ana", *statements, Tags=tags(Team=team), **limit)
        limits = [managed("Wide", allow("*")), managed("Narrow", allow(["lex:*", "sns:*", "sqs:*"]))]
        return organized(account(ana, Policies=limits), *controls)

    found = compare_snapshots(having(), having(**after))
    assert {one.via for one in found.of("lost")} == {via}
    back = compare_snapshots(having(**after), having())
    assert {one.via for one in back.of("gained")} == {via}
    for one in found.of("lost"):
        assert (one.holder, one.principals) == (None, (f"{A}user/ana",))


def test_where_no_one_layer_is_enough_several_are_named() -> None:
    ana, nobody = account(user("ana", allow("lex:GetBot"))), account(user("ana", allow("sns:Publish")))
    closed, opened = (("scp", denying("lex:*")), ALL_RCP), (ALL_SCP, ALL_RCP)
    found = compare_snapshots(organized(nobody, *closed), organized(ana, *opened))
    assert ("gained", "several layers", (f"{A}user/ana",)) in told(found)
    # Where one of the changed layers would do alone, it is that one.
    found = compare_snapshots(organized(nobody, *opened), organized(ana, ("scp", denying("sqs:*")), ALL_RCP))
    assert ("gained", "own policies", (f"{A}user/ana",)) in told(found)


def test_a_resource_control_policy_that_changed_is_never_passed_over() -> None:
    bucket, stranger = "arn:aws:s3:::logs", "arn:aws:iam::777788889999:role/survey"
    perimeter = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    statement = {"Effect": "Allow", "Principal": {"AWS": stranger}, "Action": "s3:GetObject", "Resource": f"{bucket}/*"}
    shared = ResourcePolicy(bucket, parse_policy(doc(statement), kind="resource"))
    base = replace(account(user("ana", allow("s3:*"))), resource_policies=(shared,))
    closed = organized(base, ALL_SCP, ("rcp", denying("s3:*", principal=True, condition=perimeter)))
    found = compare_snapshots(organized(base, ALL_SCP, ALL_RCP), closed)
    assert told(found) == [("lost", "resource control policies", (stranger,))]
    assert (found.access[0].holder, found.relation) == (bucket, "wider")
    # One that names what it denies otherwise, and denies the same, has changed nothing.
    same = organized(base, ALL_SCP, ("rcp", denying("s3:*", "s3:Get*", principal=True, condition=perimeter)))
    assert compare_snapshots(closed, same).relation == "equal"


def test_a_policy_that_cannot_be_read_leaves_access_undecided() -> None:
    broken = [{"PolicyName": "own", "PolicyDocument": {"Statement": "?"}}]
    before = account(user("ana", allow()))
    after = account({**user("ana"), "UserPolicyList": broken})
    found = compare_snapshots(before, after)
    assert found.relation in ("undecided", "wider")
    assert found.undecided
    assert [c.what for c in found.changes] == ["policy"]


def test_requests_are_about_the_accounts_own_resources() -> None:
    there = json.loads(json.dumps(user("ana", allow("dynamodb:*"))).replace("111122223333", "777788889999"))
    before, after = account({**there, "UserPolicyList": []}), account(there)
    (one,) = compare_snapshots(before, after).access
    assert one.after == "allowed"
    assert "111122223333" not in str(one.request)


def test_access_to_what_needs_a_policy_of_its_own_is_told_with_what_it_leans_on() -> None:
    decrypting = allow("kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/*")
    before, after = account(user("ana", allow())), account(user("ana", allow(), decrypting))
    (one,) = compare_snapshots(before, after).access
    assert one.assumptions == (DELEGATED,)
    assert one.actions == ("kms:Decrypt",)


def test_the_same_requests_are_told_every_time() -> None:
    code = "from tests.test_compare_accounts import *; print(*compare_snapshots(*random_pair(5)).access)"
    outputs = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert b"request=Request" in outputs.pop()


# In a notebook and on the command line ---


def test_a_comparison_has_tables_that_keep_their_schema() -> None:
    before, after = random_pair(3)
    found = lg.compare_accounts(before, lg.Account(after))
    SCHEMAS["access_changes"].check(found.access)
    for table in (found.changes, found.principals, found.attachments, found.policies):
        SCHEMAS["account_changes"].check(table)
    parts = len(found.principals) + len(found.attachments) + len(found.policies)
    assert parts == len(found.changes) > 0
    assert found.relation in repr(found)
    assert "<table" in found._repr_html_()
    listed = set(found.access.loc[found.access["change"] == "gained", "principal"])
    assert listed == {arn for one in found.difference.access if one.change == "gained" for arn in one.principals}


def test_attachments_are_the_difference_of_the_tables_of_attachments() -> None:
    for seed in range(10):
        before, after = random_pair(seed)
        found = lg.compare_accounts(before, after).attachments
        old, new = (set(_rows(lg.Account(one).attachments)) for one in (before, after))
        assert set(_rows(found[found["change"] == "added"])) == new - old
        assert set(_rows(found[found["change"] == "removed"])) == old - new


def _rows(table: Any) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in table[["principal", "policy", "via", "group"]].astype("str").to_numpy()]


def test_files_and_folders_are_compared_by_their_names(tmp_path: Any) -> None:
    found = lg.compare_accounts(example_account_path(), str(example_account_path()))
    assert (found.relation, len(found.access), found.only_a, found.only_b) == ("equal", 0, None, None)


def _example_with(change: Any) -> Json:
    dump = json.loads(example_account_path().read_text(encoding="utf-8"))
    change(dump)
    return dump


def test_the_command_compares_two_accounts(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def leave(dump: Json) -> None:
        maria = next(one for one in dump["UserDetailList"] if one["UserName"] == "maria")
        maria["UserPolicyList"] = inline(allow("iam:CreateUser"))
        dump["UserDetailList"].remove(next(one for one in dump["UserDetailList"] if one["UserName"] == "ben"))

    path = tmp_path / "after.json"
    path.write_text(json.dumps(_example_with(leave)))
    assert main(("compare", str(example_account_path()), str(path), "--format", "json")) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["relation"] == "overlapping"
    assert said["only_b"]["principal"] == f"{A}user/maria"
    assert said["only_a"]["principal"] == f"{A}user/ben"
    assert "iam:CreateUser" in said["actions_only_b"]
    assert {one["change"] for one in said["access"]} == {"gained", "lost"}
    assert [one["change"] for one in said["principals"]] == ["removed"]
    assert main(("compare", str(example_account_path()), str(path))) == 1
    out = capsys.readouterr().out
    assert "1 principal gained access:" in out
    assert f"principal removed: {A}user/ben" in out
    assert main(("compare", str(path), str(path))) == 0


def test_what_stands_beside_accounts_is_given_once_or_twice(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    reading = {"Effect": "Allow", "Principal": {"AWS": f"{A}user/ines"}, "Action": "s3:GetObject", "Resource": "*"}
    files = []
    for action in ("s3:GetObject", "s3:PutObject"):
        document = doc({**reading, "Action": action})
        files.append(tmp_path / f"{action[3:]}.json")
        files[-1].write_text(json.dumps([{"ResourceArn": "arn:aws:s3:::logs", "Policy": document}]))
    example, option = str(example_account_path()), "--resource-policies"
    assert main(("compare", example, example, option, str(files[0]))) == 0
    assert main(("compare", example, example, *(part for file in files for part in (option, str(file))))) == 1
    out = capsys.readouterr().out
    assert f"{A}user/ines by the resource policy of arn:aws:s3:::logs" in out
    assert main(("compare", example, example, *(3 * (option, str(files[0]))))) == 2
    assert main(("compare", "AmazonLexReadOnly", "AmazonLexFullAccess", option, str(files[0]))) == 2


def test_what_is_no_account_is_told(tmp_path: Any) -> None:
    with pytest.raises(lg.LexgraphError, match="expected an account, or the name of its file or folder, not int"):
        lg.compare_accounts(example_account_path(), 5)  # type: ignore[arg-type]  # that is what is tested


def test_an_account_is_not_compared_with_a_policy(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for other in ("AmazonLexReadOnly", str(tmp_path / "policy.json")):
        (tmp_path / "policy.json").write_text(json.dumps(doc(allow())))
        for pair in ((str(example_account_path()), other), (other, str(example_account_path()))):
            assert main(("compare", *pair)) == 2
            assert "an account is compared with an account only" in capsys.readouterr().err


def test_the_bundled_account_has_not_changed() -> None:
    first, second = read_account(example_account_path()), read_account(example_account_path())
    assert compare_snapshots(first, second).relation == "equal"
