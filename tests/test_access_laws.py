"""What is asked of a whole account at once is what asking one by one gives, on random accounts with all layers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lexgraph.access.chaining import AssumeEdge, assume_edges
from lexgraph.access.compressed import access
from lexgraph.access.decide import GRANTING, AccessRow, access_rows, decide, what_can, who_can
from lexgraph.access.deciders import decided_by
from lexgraph.access.effective import action_sets
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.stacks import resource_side
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.evaluation.request import read_action
from lexgraph.evaluation.services import ALWAYS_ALLOWED
from tests.alphabet import HOME
from tests.random_accounts import ASKED, IAM, random_account
from tests.random_cases import Draw

ACCOUNTS = 40
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


def test_rows_in_bulk_are_those_of_single_decisions() -> None:
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
        assert tuple(found.granted()) == tuple(row for row in expected if row.outcome in GRANTING), seed
        seen.update(row.outcome for row in rows)
        granting = tuple(row for row in expected if row.outcome in GRANTING)
        assert who_can(account, actions, resources, context=context) == granting, seed
        who = rng.choice(account.principals)
        mine = tuple(row for row in granting if row.principal == who.arn)
        assert what_can(account, who, actions=actions, resources=resources, context=context) == mine, seed
    assert min(seen[outcome] for outcome in ("allowed", "conditional", "explicitDeny", "implicitDeny")) > 100


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
