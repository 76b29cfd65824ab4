"""What a policy grants as disjoint cells: a request is allowed if and only if the one cell it belongs to allows it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lexgraph.access.comparison.settled import settled_stack
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_document, managed_names
from lexgraph.conditions.context import Context
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.intersect import TooManyPatterns
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning.cells import Cell, cells
from lexgraph.tables import cells_table, principal_cells_table

ACCOUNT = "111122223333"
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListAllMyBuckets", "lex:GetBot", "iam:PassRole", "new:Thing")
PATTERNS = ("s3:*", "s3:Get*", "s3:PutObject", "*", "lex:GetBot", "iam:Pass*", "new:Thing", "s3:List*")
RESOURCES = (
    "*",
    "arn:aws:s3:::a*",
    "arn:aws:s3:::*b",
    "arn:aws:s3:::a?b",
    "arn:aws:s3:::ab",
    "arn:aws:s3:::${aws:username}/*",
    "arn:*:lex:*:*:bot:*",
    "arn:aws:iam::*:role/x*",
)
ASKED = (
    "arn:aws:s3:::a",
    "arn:aws:s3:::ab",
    "arn:aws:s3:::axb",
    "arn:aws:s3:::axxb",
    "arn:aws:s3:::b",
    "arn:aws:s3:::ana/1",
    "arn:aws:s3:::ben/1",
    f"arn:aws:lex:us-east-1:{ACCOUNT}:bot:Orders",
    f"arn:aws:iam::{ACCOUNT}:role/x1",
)
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"Null": {"aws:PrincipalTag/team": "true"}},
)


def managed(name: str) -> Policy:
    return parse_policy(managed_document(name).document, name=name)


def random_policy(rng: random.Random) -> Policy:
    statements = []
    for _ in range(rng.randint(1, 4)):
        negated = rng.random() < 0.15
        statement = {
            "Effect": "Allow" if rng.random() < 0.7 else "Deny",
            "NotAction" if negated else "Action": rng.sample(PATTERNS, rng.randint(1, 3)),
            "NotResource" if rng.random() < 0.15 else "Resource": rng.sample(RESOURCES, rng.randint(1, 3)),
        }
        if condition := rng.choice(CONDITIONS):
            statement["Condition"] = condition
        statements.append(statement)
    return parse_policy({"Version": "2012-10-17", "Statement": statements})


def random_request(rng: random.Random, *policies: Policy) -> Request:
    values: dict[str, Any] = {"aws:username": rng.choice(("ana", "ben", "a"))}
    if rng.random() < 0.7:
        values["aws:PrincipalTag/team"] = rng.choice(("red", "blue"))
    if rng.random() < 0.5:
        values["aws:MultiFactorAuthPresent"] = rng.choice((True, False))
    # Cells speak of an action that the catalogue does not know where the policies name it.
    named = {pattern for policy in policies for statement in policy.statements for pattern in statement.actions}
    action = rng.choice(ACTIONS if "new:Thing" in named else ACTIONS[:-1])
    resource = "*" if catalog().wildcard_only(action.lower()) else rng.choice(ASKED)
    return Request(ANA, action, resource, Context(values, complete=True), ACCOUNT)


def says(found: tuple[Cell, ...], request: Request) -> bool:
    inside = [cell for cell in found if cell.covers(request)]
    assert len(inside) <= 1, "a request is in two cells"
    return any(cell.allows(request) for cell in inside)


@pytest.mark.parametrize("seed", range(250))
def test_a_request_is_allowed_if_and_only_if_its_one_cell_allows_it(seed: int) -> None:
    rng = random.Random(seed)
    policy = random_policy(rng)
    found = cells(policy)
    for _ in range(25):
        request = random_request(rng, policy)
        assert says(found, request) is (authorize(PolicyStack(identity=(policy,)), request).outcome == "allowed"), (
            request
        )


@pytest.mark.parametrize("seed", range(40))
def test_cells_of_a_stack_are_within_its_boundary(seed: int) -> None:
    rng = random.Random(seed)
    policies = [random_policy(rng) for _ in range(3)]
    stack = PolicyStack(identity=tuple(policies[:2]), boundary=policies[2])
    found = cells(stack)
    for _ in range(25):
        request = random_request(rng, *policies)
        assert says(found, request) is (authorize(stack, request).outcome == "allowed"), request


def test_the_full_access_policy_of_lex_is_eleven_cells() -> None:
    found = cells(managed("AmazonLexFullAccess"))
    # Each pattern counted by itself, as a reader does who counts rows; whole-string matching makes 114 of them.
    assert len(found) == 11
    assert sum(len(cell.resources) for cell in found) <= 21
    assert {cell.outcome for cell in found} == {"allowed", "conditional"}
    passing = [cell for cell in found if cell.actions == ("iam:PassRole",)]
    assert {cell.condition for cell in passing} == {
        'if iam:PassedToService is "lex.amazonaws.com"',
        'if iam:PassedToService is "lexv2.amazonaws.com"',
        'if iam:PassedToService is "channels.lexv2.amazonaws.com"',
    }


def test_managed_policies_fall_into_few_cells_and_none_that_denies_itself() -> None:
    sizes = []
    for name in managed_names()[::25]:
        found = cells(managed(name))
        sizes.append(len(found))
        assert all(cell.actions and cell.formula is not False for cell in found)
    assert max(sizes) < 80


def test_a_deny_is_an_exception_of_the_allow_around_it() -> None:
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/secret/*"}
    (cell,) = cells(parse_policy({"Statement": [allow, deny]}))
    assert cell.resources == ("arn:aws:s3:::logs/*",)
    assert cell.exceptions == ("arn:aws:s3:::logs/secret/*",)


def test_a_policy_that_can_grant_nothing_has_no_cell() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/a": "x"}, "StringNotEquals": {"aws:PrincipalTag/a": "x"}}
    nothing = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}
    assert cells(parse_policy({"Statement": nothing})) == ()
    assert cells(()) == ()


def test_actions_are_told_by_the_policys_own_patterns_only_where_all_are_meant() -> None:
    allow = {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "lex:PostText", "Resource": "*"}
    assert [cell.patterns for cell in cells(parse_policy({"Statement": [allow]}))] == [("lex:Post*",)]
    assert [cell.patterns for cell in cells(parse_policy({"Statement": [allow, deny]}))] == [("lex:PostContent",)]


def test_the_table_has_a_row_per_cell_and_says_levels_in_words() -> None:
    policy = managed("AmazonLexFullAccess")
    table = cells_table([policy])
    assert len(table) == len(cells(policy))
    assert table["actions"].sum() == sum(len(cell.actions) for cell in cells(policy))
    assert table.loc[table["action"] == "iam:PassRole", "level_counts"].unique().tolist() == ["Write 1"]
    assert cells_table([]).empty


def test_too_many_regions_are_refused_rather_than_shown() -> None:
    many = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::*{i}*{i + 1}*"} for i in range(14)]
    with pytest.raises((TooManyPatterns, LexgraphError)):
        cells(parse_policy({"Statement": many}))


# The cells of a principal of an account: what the account says of it is put in


def test_a_variable_for_the_name_is_the_principals_own_name() -> None:
    account = read_account(example_account_path())
    # In a policy of the older version it is text like any other (rule S4): so it is for two of them.
    held = {
        who: [one for one in account.stack(who).identity if "aws:username" in str(one)] for who in account.principals
    }
    with_names = [who for who, some in held.items() if some and all(one.has_variables for one in some)]
    named = set()
    for who in with_names:
        table = principal_cells_table(account, who.arn)
        said = " ".join(table[["resource", "except_resource", "condition"]].fillna("").to_numpy().ravel())
        assert "aws:username" not in said
        named |= {who.name} if f"/{who.name}" in said else set()
    assert len(named) >= 2  # of the others, a boundary takes what their name stands in


@pytest.mark.parametrize("seed", range(20))
def test_a_principals_cells_are_what_it_is_allowed(seed: int) -> None:
    rng = random.Random(seed)
    account = read_account(example_account_path())
    who = rng.choice(account.principals)
    found = cells(settled_stack(account, who))
    actions = [name for name in catalog().names if name.partition(":")[0] in ("lex", "s3", "iam", "ssm", "logs")]
    named = [f"arn:aws:iam::{ACCOUNT}:user/{one}" for one in (who.name, f"contractors/{who.name}", "somebody")]
    buckets = [f"arn:aws:s3:::support-analytics-{ACCOUNT}/{name}/x" for name in (who.name, "somebody")]
    for _ in range(150):
        action, resource = rng.choice(actions), rng.choice([*named, *buckets, *(r.arn for r in account.resources)])
        if catalog().wildcard_only(action.lower()):
            resource = "*"
        context = Context({"aws:MultiFactorAuthPresent": rng.choice(("true", "false"))}, complete=True)
        known = account.request_context(who, context, resource)
        asked = Request(who.arn, action, resource, known)
        covering = [cell for cell in found if cell.covers(asked)]
        assert len(covering) <= 1
        allowed = any(cell.allows(asked) for cell in covering)
        assert allowed == (authorize(account.stack(who), asked).outcome == "allowed"), (who.arn, action, resource)
