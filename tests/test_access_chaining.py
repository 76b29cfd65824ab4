"""Who can become whom: trust, identity policies and limits together, and the ways over several roles."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from lexgraph.access.chaining import Chain, assume_edges, reachable, what_can_through_roles, who_can_become
from lexgraph.access.decide import decide
from lexgraph.account.model import Snapshot
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.account.resource_policies import parse_resource_policies
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.errors import AccountError
from lexgraph.workbench.account import Account
from tests.random_accounts import random_account
from tests.random_cases import Draw
from tests.test_access_laws import drawn

Json = dict[str, Any]
A = "arn:aws:iam::111122223333:"
ACCOUNT = read_account(example_account_path())
ANA, HERE, BACK = "AIDAEXAMPLEUSERANA01", "AROAEXAMPLEROLEHERE1", "AROAEXAMPLEROLEBACK1"
NO_USER, NO_ROLE = "AIDAEXAMPLEUSERGONE1", "AROAEXAMPLEROLEGONE1"


def allow(action: str = "sts:AssumeRole", resource: str = "*", **more: Any) -> list[Json]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}}]


def trust(*principals: str, **more: Any) -> Json:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole", **more}
    return {"Version": "2012-10-17", "Statement": statement}


def user(name: str, policies: list[Json] | None = None, **more: Any) -> Json:
    return {"UserName": name, "Arn": f"{A}user/{name}", "UserPolicyList": policies or [], **more}


def role(name: str, trusted: Json | None, policies: list[Json] | None = None, **more: Any) -> Json:
    found = {"RoleName": name, "Arn": f"{A}role/{name}", "RolePolicyList": policies or [], **more}
    return found | ({} if trusted is None else {"AssumeRolePolicyDocument": trusted})


def account(users: list[Json], roles: list[Json]) -> Snapshot:
    return parse_account(json.dumps({"UserDetailList": users, "RoleDetailList": roles}))


def edges(snapshot: Snapshot, context: Context = UNKNOWN_CONTEXT) -> set[tuple[str, str, str]]:
    found = assume_edges(snapshot, context=context)
    return {(edge.principal[len(A) :], edge.role[len(A) :], edge.outcome) for edge in found}


def ways(chains: tuple[Chain, ...]) -> dict[str, list[str]]:
    return {chain.role[len(A) :]: [step.principal[len(A) :] for step in chain.steps] for chain in chains}


def test_a_user_named_by_the_trust_policy_needs_no_policy_and_a_delegated_one_does() -> None:
    found = account(
        [user("ana"), user("ben"), user("carl", allow())],
        [role("direct", trust(f"{A}user/ana")), role("open", trust(f"{A}root")), role("id", trust("111122223333"))],
    )
    assert edges(found) == {
        ("user/ana", "role/direct", "allowed"),
        ("user/carl", "role/open", "allowed"),
        ("user/carl", "role/id", "allowed"),
    }


def test_an_identity_policy_alone_makes_nobody_a_role_that_trusts_others() -> None:
    services = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    found = account([user("carl", allow())], [role("fn", {"Version": "2012-10-17", "Statement": services})])
    assert edges(found) == set()


def test_a_trust_policy_that_is_missing_makes_the_role_unknown_not_closed() -> None:
    assert edges(account([user("ana")], [role("r", None)])) == {
        ("user/ana", "role/r", "conditional"),
        ("role/r", "role/r", "conditional"),
    }


def test_an_id_in_the_place_of_a_deleted_role_is_none_of_the_roles_that_are_there() -> None:
    found = account(
        [user("ana", UserId=ANA)],
        [role("r", trust(NO_ROLE, NO_USER), RoleId=HERE), role("back", trust(HERE, ANA), RoleId=BACK)],
    )
    expected = {("role/r", "role/back", "allowed"), ("user/ana", "role/back", "allowed")}
    assert edges(found) == edges(found, Context({}, complete=True)) == expected


def test_a_boundary_limits_who_may_assume_by_a_policy() -> None:
    limit = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}}
    policy = {
        "PolicyName": "B",
        "Arn": f"{A}policy/B",
        "DefaultVersionId": "v1",
        "PolicyVersionList": [{"VersionId": "v1", "Document": limit}],
    }
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{A}policy/B"}}
    found = parse_account({
        "UserDetailList": [user("ana", allow(), **bounded), user("ben", allow())],
        "RoleDetailList": [role("r", trust(f"{A}root"))],
        "Policies": [policy],
    })  # fmt: skip
    assert edges(found) == {("user/ben", "role/r", "allowed")}


def test_the_way_over_other_roles_is_found_with_its_requests() -> None:
    found = account(
        [user("ana")],
        [
            role("a", trust(f"{A}user/ana")),
            role("b", trust(f"{A}role/a")),
            role("c", trust(f"{A}role/b")),
            role("off", trust(f"{A}role/off")),
        ],
    )
    chains = reachable(found, "user/ana")
    assert ways(chains) == {
        "role/a": ["user/ana"],
        "role/b": ["user/ana", "role/a"],
        "role/c": ["user/ana", "role/a", "role/b"],
    }
    last = chains[-1]
    assert [(r.principal[len(A) :], r.action, r.resource[len(A) :]) for r in last.requests] == [
        ("user/ana", "sts:AssumeRole", "role/a"),
        ("role/a", "sts:AssumeRole", "role/b"),
        ("role/b", "sts:AssumeRole", "role/c"),
    ]
    assert ways(who_can_become(found, "role/c")).keys() == {"role/c"}
    assert [chain.principal[len(A) :] for chain in who_can_become(found, "role/c")] == ["role/a", "role/b", "user/ana"]


def test_a_longer_way_without_a_condition_comes_before_a_shorter_one_with_one() -> None:
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    both = trust(f"{A}user/ana", **mfa)
    both["Statement"] = [both["Statement"], trust(f"{A}role/a")["Statement"]]
    found = account([user("ana")], [role("a", trust(f"{A}user/ana")), role("goal", both)])
    (to_a, to_goal) = reachable(found, "user/ana")
    assert (to_goal.outcome, len(to_goal.steps)) == ("allowed", 2)
    assert (to_a.outcome, len(to_a.steps)) == ("allowed", 1)
    alone = account([user("ana")], [role("goal", trust(f"{A}user/ana", **mfa))])
    (chain,) = reachable(alone, "user/ana")
    assert (chain.outcome, chain.steps[0].missing_keys) == ("conditional", ("aws:MultiFactorAuthPresent",))
    known = Context({"aws:MultiFactorAuthPresent": True})
    assert [chain.outcome for chain in reachable(alone, "user/ana", context=known)] == ["allowed"]


def test_roles_that_trust_each_other_do_not_go_round_for_ever() -> None:
    found = account([user("ana")], [role("a", trust(f"{A}role/b", f"{A}user/ana")), role("b", trust(f"{A}role/a"))])
    assert ways(reachable(found, "user/ana")) == {"role/a": ["user/ana"], "role/b": ["user/ana", "role/a"]}
    assert [chain.role for chain in reachable(found, "role/a")] == [f"{A}role/b"]


def test_a_principal_that_is_not_there_is_refused() -> None:
    with pytest.raises(AccountError):
        reachable(ACCOUNT, "user/nobody")
    with pytest.raises(AccountError):
        who_can_become(ACCOUNT, "role/nothing")


@pytest.mark.parametrize("seed", range(8))
def test_both_directions_agree_and_every_step_is_granted(seed: int) -> None:
    _, found, context = drawn(seed)
    forward = {
        (chain.principal, chain.role, chain.outcome)
        for who in found.principals
        for chain in reachable(found, who, context=context)
    }
    roles = [one for one in found.principals if one.kind == "role"]
    backward = [chain for one in roles for chain in who_can_become(found, one, context=context)]
    assert {(chain.principal, chain.role, chain.outcome) for chain in backward} == forward
    for chain in backward:
        outcomes = [
            decide(found, one.principal, one.action, one.resource, context=context).outcome for one in chain.requests
        ]
        assert outcomes == [step.outcome for step in chain.steps]
        assert [one.resource for one in chain.requests[:-1]] == [one.principal for one in chain.requests[1:]]


def test_nothing_reached_lies_beyond_the_edges() -> None:
    for seed in range(12):
        found = random_account(random.Random(seed))
        after: dict[str, set[str]] = {}
        for edge in assume_edges(found):
            after.setdefault(edge.principal, set()).add(edge.role)
        for who in found.principals:
            reached, waiting = set[str](), [who.arn]
            while waiting:
                new = after.get(waiting.pop(), set()) - reached
                reached |= new
                waiting += new
            assert {chain.role for chain in reachable(found, who)} == reached - {who.arn}


def test_what_a_role_may_is_told_under_the_conditions_of_the_way_to_it() -> None:
    mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    tagged = {"Condition": {"StringEquals": {"aws:ResourceTag/Stage": "Test"}}}
    bot = "arn:aws:lex:us-east-1:111122223333:bot/B"
    found = account(
        [user("ana", allow("lex:ListBots"))],
        [
            role("free", trust(f"{A}user/ana"), allow("lex:DescribeBot", **tagged)),
            role("guarded", trust(f"{A}role/free", **mfa), allow("lex:DeleteBot", **tagged)),
            role("far", trust(f"{A}user/ben"), allow("lex:*")),
        ],
    )
    rows = what_can_through_roles(found, "user/ana", actions="lex:*", resources=[bot])
    told = {(row.principal[len(A) :], row.action): (row.outcome, row.condition, row.missing_keys) for row in rows}
    stage = 'aws:ResourceTag/Stage is "Test"'
    assert told == {
        ("user/ana", "lex:ListBots"): ("allowed", None, ()),
        ("role/free", "lex:DescribeBot"): ("conditional", f"if {stage}", ("aws:ResourceTag/Stage",)),
        ("role/guarded", "lex:DeleteBot"): (
            "conditional",
            f"if aws:MultiFactorAuthPresent is true when {A}role/guarded is assumed; and {stage}",
            ("aws:MultiFactorAuthPresent", "aws:ResourceTag/Stage"),
        ),
    }
    assert rows[0].principal == f"{A}user/ana"


def test_a_user_cannot_be_assumed_and_is_refused_rather_than_answered_with_nobody() -> None:
    with pytest.raises(AccountError, match="is a user, and only roles can be assumed") as caught:
        who_can_become(ACCOUNT, "user/oleg")
    assert caught.value.code == "NOT_A_ROLE"


B = "arn:aws:iam::444455556666:"


def beside(snapshot: Snapshot, **trusts: Json | None) -> Snapshot:
    """The account, with the trust policies of roles of another account given beside it."""
    listed = [{"ResourceArn": f"{B}role/{name}", "Policy": policy} for name, policy in trusts.items()]
    found = parse_resource_policies({"policies.json": json.dumps(listed)})
    return replace(
        snapshot,
        resource_policies=found.policies,
        no_resource_policy=found.without,
        unreadable=(*snapshot.unreadable, *found.unreadable),
    )


@pytest.fixture
def neighbours() -> Snapshot:
    """An account whose users reach roles of another one, at once and over a role of their own."""
    found = account(
        [user("ana", allow()), user("ben"), user("carl", allow(resource=f"{B}role/open"))],
        [role("hop", trust(f"{A}user/ben"), allow())],
    )
    return beside(found, open=trust(f"{A}root"), closed=trust(f"{B}root"), unread={"Statement": 5})


def test_a_role_of_another_account_is_reached_where_both_sides_allow_it(neighbours: Snapshot) -> None:
    chains = {chain.role[len(B) :]: chain for chain in reachable(neighbours, "user/ana")}
    assert {name: chain.outcome for name, chain in chains.items()} == {
        "role/open": "allowed",
        "role/unread": "conditional",
    }
    assert chains["role/open"].note == "what that role may do is not in this account"
    over = {chain.role: [step.principal[len(A) :] for step in chain.steps] for chain in reachable(neighbours, "ben")}
    assert over[f"{B}role/open"] == ["user/ben", "role/hop"]
    assert [chain.note for chain in reachable(neighbours, "ben") if chain.role == f"{A}role/hop"] == [None]


def test_who_may_become_a_role_of_another_account_is_told(neighbours: Snapshot) -> None:
    found = who_can_become(neighbours, f"{B}role/open")
    assert [chain.principal[len(A) :] for chain in found] == ["role/hop", "user/ana", "user/ben", "user/carl"]
    for chain in found:
        outcomes = [decide(neighbours, one.principal, one.action, one.resource).outcome for one in chain.requests]
        assert outcomes == ["allowed"] * len(chain.steps)
    assert who_can_become(neighbours, f"{B}role/closed") == ()
    assert {chain.outcome for chain in who_can_become(neighbours, f"{B}role/unread")} == {"conditional"}
    with pytest.raises(AccountError, match=r"is a role of another account; .* give that with the account") as caught:
        who_can_become(neighbours, f"{B}role/untold")
    assert caught.value.code == "UNKNOWN_PRINCIPAL"


def test_what_a_role_of_another_account_may_do_is_never_told_as_nothing(neighbours: Snapshot) -> None:
    bot = "arn:aws:lex:us-east-1:111122223333:bot/B"
    rows = what_can_through_roles(neighbours, "user/carl", actions=["lex:DeleteBot", "lex:ListBots"], resources=[bot])
    assert [(row.principal, row.action, row.resource, row.outcome) for row in rows] == [
        (f"{B}role/open", "lex:DeleteBot", bot, "conditional"),
        (f"{B}role/open", "lex:ListBots", "*", "conditional"),
    ]
    assert "what that role may do is not in this account" in str(rows[0].condition)
    (row,) = (one for one in what_can_through_roles(neighbours, "user/carl") if one.principal.startswith(B))
    assert (row.action, row.resource) == ("*", "*")


def test_the_tables_note_where_a_role_is_not_in_the_account(neighbours: Snapshot) -> None:
    here = Account(neighbours)
    assert here.can_become("user/carl")[["role", "outcome", "note"]].to_numpy().tolist() == [
        [f"{B}role/open", "allowed", "what that role may do is not in this account"]
    ]
    assert here.who_can_become(f"{B}role/open")["note"].nunique() == 1
    pairs = here.assumable_roles
    assert set(pairs.loc[pairs["note"].notna(), "role"]) == {f"{B}role/open", f"{B}role/unread"}
    assert not set(here.escalation["target"]) - {principal.arn for principal in neighbours.principals}


def test_a_role_of_the_account_that_was_not_read_is_noted_as_such() -> None:
    listed = [{"ResourceArn": f"{A}role/late", "Policy": trust(f"{A}user/ana")}]
    policies = parse_resource_policies({"policies.json": json.dumps(listed)}).policies
    (chain,) = reachable(replace(account([user("ana")], []), resource_policies=policies), "user/ana")
    assert (chain.role, chain.note) == (f"{A}role/late", "what that role may do was not read")


def test_both_directions_agree_about_roles_of_other_accounts_too() -> None:
    seen = 0
    for seed in range(12):
        rng, found, context = drawn(seed)
        asked = {"principal": f"{A}user/ana", "action": "sts:AssumeRole", "resource": f"{B}role/x", "context": {}}
        draw = Draw(rng, "all", asked)
        trusts = {"x": draw.document("trust"), "y": draw.document("trust"), "all": trust(f"{A}root")}
        found = beside(found, **trusts)
        forward = {
            (chain.principal, chain.role, chain.outcome)
            for who in found.principals
            for chain in reachable(found, who, context=context)
            if chain.role.startswith(B)
        }
        backward = {
            (chain.principal, chain.role, chain.outcome)
            for name in trusts
            for chain in who_can_become(found, f"{B}role/{name}", context=context)
        }
        assert forward == backward, seed
        seen += len(forward)
    assert seen > 20
