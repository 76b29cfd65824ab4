"""What is asked of a whole account at once is what asking one by one gives, on random accounts with all layers."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lexgraph.access.chaining import AssumeEdge, assume_edges
from lexgraph.access.compressed import access, growing
from lexgraph.access.decide import (
    GRANTING,
    AccessRow,
    access_rows,
    action_names,
    decide,
    default_resources,
    own_resources,
    what_can,
    who_can,
)
from lexgraph.access.deciders import decided_by
from lexgraph.access.effective import action_sets
from lexgraph.access.fit import fitting, is_about_iam
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.stacks import resource_side
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import UnsupportedError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request, read_action
from lexgraph.evaluation.services import ALWAYS_ALLOWED
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.parse import parse_policy
from tests.alphabet import AWAY, HOME
from tests.random_accounts import ASKED, IAM, random_account
from tests.random_cases import Draw

ACCOUNTS = 50
# Keys that say who the caller is: given for a whole account they would say it of everyone.
_OF_THE_CALLER = ("aws:userid", "aws:username")


def one_by_one(account: Snapshot, who: Principal, action: str, resource: str, context: Context) -> AccessRow:
    decision = decide(account, who, action, resource, context=context)
    by = decided_by(decision)
    if decision.outcome != "conditional":
        return AccessRow(who.arn, action, resource, decision.outcome, None, (), by)
    return AccessRow(who.arn, action, resource, "conditional", decision.condition, decision.missing_keys, by)


def drawn(seed: int) -> tuple[random.Random, Snapshot, Context]:
    rng = random.Random(seed)
    account = random_account(rng)
    draw = Draw(rng, "all", {"principal": f"{IAM}user/ana", "action": "lex:PostText", "resource": "*", "context": {}})
    values = draw.draw_context() if rng.random() < 0.6 else {}
    kept = {key: value for key, value in values.items() if key.lower() not in _OF_THE_CALLER}
    if rng.random() < 0.2:
        kept["aws:ResourceAccount"] = rng.choice((HOME, AWAY, AWAY))
    return rng, account, Context(kept, complete=rng.random() < 0.3)


def questions(rng: random.Random) -> tuple[list[str], list[str]]:
    """A few actions with a few resources: those of one service, so that answers can be shared."""
    action, resource = rng.choice(ASKED)
    service = action.partition(":")[0]
    alike = [pair for pair in ASKED if pair[0].startswith(f"{service}:")]
    more = rng.sample(alike, min(len(alike), 2))
    return sorted({action, *(one for one, _ in more)}), sorted({resource, *(one for _, one in more)} - {"*"}) or ["*"]


def asked(actions: list[str], resources: list[str]) -> Iterator[tuple[str, str]]:
    for action in actions:
        yield from ((action, "*"),) if read_action(action)[1] else ((action, resource) for resource in resources)


def test_rows_in_bulk_are_those_of_single_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lexgraph.access.compressed.FEW", 1)  # so that a few principals grow, too
    seen: Counter[str] = Counter()
    for seed in range(ACCOUNTS):
        rng, account, context = drawn(seed)
        actions, resources = questions(rng)
        rows = access_rows(account, None, actions, resources, context=context)
        expected = tuple(
            one_by_one(account, who, action, resource, context)
            for who in account.principals
            for action, resource in asked(actions, resources)
        )
        assert rows == expected, seed
        found = access(account, None, actions, resources, context=context)
        assert tuple(found) == expected, seed
        grown = [tuple(some) for some, _ in growing(account, None, actions, resources, context=context)]
        assert grown[-1] == expected, seed
        assert all(expected[: len(some)] == some for some in grown), seed
        assert tuple(found.granted()) == tuple(row for row in expected if row.outcome in GRANTING), seed
        seen.update(row.outcome for row in rows)
        granting = tuple(row for row in expected if row.outcome in GRANTING)
        assert who_can(account, actions, resources, context=context) == granting, seed
        who = rng.choice(account.principals)
        grown = [tuple(some) for some, _ in growing(account, who.arn, actions, resources, context=context)]
        assert grown[-1] == tuple(row for row in expected if row.principal == who.arn), seed
        assert all(grown[-1][: len(some)] == some for some in grown), seed
        mine = tuple(row for row in granting if row.principal == who.arn)
        assert what_can(account, who, actions=actions, resources=resources, context=context) == mine, seed
    assert min(seen[outcome] for outcome in ("allowed", "conditional", "explicitDeny", "implicitDeny")) > 100


PATTERNS = ("*", "arn:aws:s3:::*", "arn:aws:s3:::calls/*", "arn:aws:s3:::*/a*", "arn:aws:lex:*:*:*", f"{IAM}role/*")


def test_a_pattern_asked_of_everybody_is_told_what_asking_one_by_one_tells() -> None:
    seen: Counter[str] = Counter()
    for seed in range(24):
        rng, account, context = drawn(seed)
        action = rng.choice([one for one, _ in ASKED if not read_action(one)[1]])
        for pattern in rng.sample(PATTERNS, 3):
            try:
                expected = tuple(one_by_one(account, who, action, pattern, context) for who in account.principals)
            except UnsupportedError:
                continue
            assert access_rows(account, None, action, pattern, context=context) == expected, (seed, action, pattern)
            granting = tuple(row for row in expected if row.outcome in GRANTING)
            assert who_can(account, action, pattern, context=context) == granting, (seed, action, pattern)
            seen.update(row.outcome for row in expected)
    assert min(seen[outcome] for outcome in ("conditional", "explicitDeny", "implicitDeny")) > 10


SOME = ["sts:*", "iam:PassRole", "iam:*LoginProfile", "iam:*GroupPolicy", "iam:*PolicyVersion", "s3:*Object"]
MORE = ["sqs:*Message", "lambda:Invoke*", "kms:*crypt", "backup:*RecoveryPoint"]


def test_what_one_may_do_to_what_is_known_is_what_asking_about_each_gives() -> None:
    told: Counter[str] = Counter()
    for seed in range(8):
        _, account, context = drawn(seed)
        every = tuple(sorted({*default_resources(account), *own_resources(account)}))
        expected = [
            row
            for action in action_names([*SOME, *MORE])
            for row in access_rows(account, None, action, every, context=context)
            if row.outcome in GRANTING and (row.resource == "*" or row.resource in _told_about(account, action))
        ]
        for who in account.principals:
            mine = tuple(row for row in expected if row.principal == who.arn)
            assert what_can(account, who, actions=[*SOME, *MORE], context=context) == mine, (seed, who.arn)
        told.update(row.resource.split(":")[2] for row in expected if row.resource != "*")
    assert min(told["iam"], sum(told.values()) - told["iam"]) > 20


def _told_about(account: Snapshot, action: str) -> tuple[str, ...]:
    """The resources that an action is asked about by default, by the law: what fits it of what is known; of the
    account's own users, roles, groups and policies only where the action takes such.
    """
    own = own_resources(account) if is_about_iam(action) else ()
    return fitting(action, (*default_resources(account), *own))


def test_a_selection_of_principals_is_told_what_all_of_them_are_told() -> None:
    for seed in range(20):
        rng, account, context = drawn(seed)
        actions, resources = questions(rng)
        some = rng.sample([principal.arn for principal in account.principals], 3)
        everyone = access_rows(account, None, actions, resources, context=context)
        expected = tuple(row for row in everyone if row.principal in some)
        assert access_rows(account, some, actions, resources, context=context) == expected
        assert tuple(access(account, some, actions, resources, context=context)) == expected


def test_the_edges_between_principals_and_roles_are_the_decisions_on_every_pair() -> None:
    found = 0
    for seed in range(ACCOUNTS, ACCOUNTS + 20):
        _, account, context = drawn(seed)
        roles = [principal for principal in account.principals if principal.kind == "role"]
        rows = (
            one_by_one(account, who, "sts:AssumeRole", role.arn, context)
            for who in account.principals
            for role in roles
        )
        expected = tuple(
            AssumeEdge(row.principal, row.resource, row.outcome, row.condition, row.missing_keys)
            for row in rows
            if row.outcome in GRANTING
        )
        assert assume_edges(account, context=context) == expected, seed
        found += len(expected)
    assert found > 100


def granted_elsewhere(account: Snapshot, action: str, resource: str) -> bool:
    """Whether a resource's own policy, or a rule of STS, may allow it without the principal's policies."""
    side = resource_side(account, action, resource)
    return side.policy is not None or side.unreadable or action.lower() in ALWAYS_ALLOWED


def test_what_a_principal_is_granted_is_in_its_action_set() -> None:
    granted = 0
    for seed in range(ACCOUNTS):
        _, account, context = drawn(seed)
        sets = {one.principal: one for one in action_sets(account)}
        pairs = [pair for pair in ASKED if not granted_elsewhere(account, *pair)]
        for who in account.principals:
            mine = sets[who.arn]
            assert mine.conditional & ~mine.named == mine.everywhere & ~mine.named == 0
            for action, resource in pairs:
                outcome = decide(account, who, action, resource, context=context).outcome
                if outcome in GRANTING:
                    granted += 1
                    assert (mine.named | mine.unknown) & catalog().bits(action), (seed, who.arn, action)
    assert granted > 100


def test_what_is_everywhere_and_not_conditional_is_allowed_on_any_resource() -> None:
    allowed = 0
    for seed in range(ACCOUNTS):
        _, account, context = drawn(seed)
        pairs = [p for p in ASKED if f":{HOME}:" in p[1] and not p[0].startswith(("sts:", "kms:", "iam:"))]
        for mine in action_sets(account):
            free = mine.everywhere & ~mine.conditional & ~mine.unknown
            for action, resource in pairs:
                side = resource_side(account, action, resource)
                if free & catalog().bits(action) and not side.unreadable and not _denied_there(account, side):
                    allowed += 1
                    assert decide(account, mine.principal, action, resource, context=context).outcome == "allowed"
    assert allowed > 5


def _denied_there(account: Snapshot, side: object) -> bool:
    """Whether something that action sets do not speak of may deny: a resource's policy, or the RCPs."""
    return getattr(side, "policy", None) is not None or account.organization is not None


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_policies_in_the_dump_says_nothing(seed: int) -> None:
    rng, account, context = drawn(seed)
    turned = replace(
        account,
        principals=tuple(
            replace(one, attached=one.attached[::-1], groups=one.groups[::-1]) for one in account.principals
        ),
        policies=account.policies[::-1],
    )
    actions, resources = questions(rng)
    rows = access_rows(account, None, actions, resources, context=context)
    assert access_rows(turned, None, actions, resources, context=context) == rows


def test_a_role_is_told_what_holds_for_each_of_its_sessions() -> None:
    seen: Counter[str] = Counter()
    for seed in range(ACCOUNTS):
        rng, account, context = drawn(seed)
        for role in (principal for principal in account.principals if principal.kind == "role"):
            for action, resource in rng.sample(ASKED, 12):
                known = account.request_context(role, context, resource)
                stack = account.stack_for(role, action, resource, context)
                whichever = outcome_of(stack, Request(role.arn, action, resource, known))
                for name in ("ana", "red", "other"):
                    told = known.with_values({"aws:userid": f"{role.unique_id or 'AROAANY'}:{name}"})
                    session = f"arn:aws:sts::{HOME}:assumed-role/{role.name}/{name}"
                    own = told.with_values({"aws:PrincipalArn": role.arn})  # its own ARN has no path
                    outcome = outcome_of(stack, Request(session, action, resource, own))
                    assert outcome == outcome_of(stack, Request(role.arn, action, resource, told)), seed
                    # Learning who it is overturns nothing; a Deny may come to light where nothing was allowed anyway.
                    either = (whichever, "explicitDeny" if whichever == "implicitDeny" else whichever)
                    assert context.complete or whichever == "conditional" or outcome in either, (seed, action, resource)
                    seen[f"{whichever}, {outcome}"] += 1
    assert min(seen["conditional, allowed"], seen["conditional, implicitDeny"]) > 5


def outcome_of(stack: PolicyStack, request: Request) -> str:
    return authorize(stack, request).outcome


def test_the_tags_that_a_dump_tells_count_as_those_that_are_given() -> None:
    settled: Counter[str] = Counter()
    for seed in range(ACCOUNTS):
        rng, account, context = drawn(seed)
        if not any(principal.tagged for principal in account.principals):
            continue
        context = Context({key: v for key, v in context.values.items() if "tag/" not in key.lower()}, context.complete)
        account = replace(account, principals=tuple(asking_for_tags(rng, one) for one in account.principals))
        mute = replace(account, principals=tuple(replace(p, tags=(), tagged=False) for p in account.principals))
        asked_of = rng.sample([pair for pair in ASKED if not read_action(pair[0])[1]], 14)
        bulk = {
            (row.principal, action, arn): row
            for action, arn in asked_of
            for row in access_rows(account, None, action, arn, context=context)
        }
        for (action, resource), who in itertools.product(asked_of, account.principals):
            told = context.with_values(dict(told_tags(account, who, action, resource)))
            found = one_by_one(account, who, action, resource, context)
            assert found == one_by_one(mute, who, action, resource, told), (seed, who.arn, action, resource)
            assert found == bulk[who.arn, action, resource], (seed, who.arn, action, resource)
            unknown = one_by_one(mute, who, action, resource, context)
            settled[who.kind] += unknown.outcome == "conditional" != found.outcome
    assert min(settled["user"], settled["role"]) > 10


def asking_for_tags(rng: random.Random, who: Principal) -> Principal:
    """The principal with one more policy, which asks for a tag."""
    key = rng.choice(("aws:PrincipalTag/Team", "aws:principaltag/none", "aws:ResourceTag/Department"))
    operator, value = rng.choice(
        (("StringEquals", "red"), ("StringNotLike", "r*"), ("Null", "true"), ("Null", "false"))
    )
    effect = rng.choice(("Allow", "Allow", "Deny"))
    statement = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": {operator: {key: value}}}
    policy = parse_policy({"Version": "2012-10-17", "Statement": statement}, name="tags", arn=f"{who.arn}/tags")
    return replace(who, inline=(*who.inline, policy))


def told_tags(account: Snapshot, who: Principal, action: str, resource: str) -> Iterator[tuple[str, str | None]]:
    """The keys of tags that random policies ask for, with what the account knows of them."""
    tags = {one.arn: {key.lower(): value for key, value in one.tags} for one in account.principals}
    own = tags[who.arn]
    for key in ("team", "none", "department"):
        if key in own or who.kind == "user":  # a role's session may bring tags of its own
            yield f"aws:principaltag/{key}", own.get(key)
    if resource in tags and catalog().key_fits("aws:resourcetag/department", action.lower()):
        yield "aws:resourcetag/department", tags[resource].get("department")
