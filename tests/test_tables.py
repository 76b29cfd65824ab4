"""Every table keeps its documented schema, and says what the policies say."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import lexgraph as lg
from lexgraph.access.chaining import assume_edges, reachable
from lexgraph.access.comparison.compare import compare_snapshots
from lexgraph.access.compressed import access
from lexgraph.access.decide import AccessRow, access_rows
from lexgraph.access.effective import action_sets
from lexgraph.access.escalation.edges import escalation_edges
from lexgraph.access.shared import shared_access
from lexgraph.account.model import Snapshot
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.bundled import bundled_path
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_document, managed_documents, managed_names
from lexgraph.errors import LexgraphError
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy, read_policy
from lexgraph.reasoning.lattice import lattice
from lexgraph.tables import (
    assume_table,
    breadth_table,
    cells_table,
    chains_table,
    changes_table,
    coverage_table,
    credentials_table,
    effective_actions_table,
    histories_table,
    lattice_table,
    organization_table,
    policy_changes_table,
    principal_actions_table,
    principal_cells_table,
    shared_access_table,
    timeline_table,
)
from lexgraph.tables.account import access_table, attachments_table, principals_table
from lexgraph.tables.accounts import access_changes_table, account_changes_table
from lexgraph.tables.actions import actions_table
from lexgraph.tables.compare import (
    access_levels_table,
    action_sets_table,
    difference_table,
    history_changes_table,
    history_table,
    overlap_table,
    version_policy,
)
from lexgraph.tables.console import console_needs_table, console_readiness_table
from lexgraph.tables.escalation import escalation_table
from lexgraph.tables.grants import grants_table
from lexgraph.tables.never import never_matches_table
from lexgraph.tables.policies import (
    conditions_table,
    policies_table,
    policy_actions_table,
    statements_table,
)
from lexgraph.tables.schema import LEVELS, SCHEMAS, Coded, Schema
from lexgraph.tables.skipped import skipped_table

EXAMPLES = bundled_path("examples")
HOSTILE = "</script><img src=x onerror=alert(1)>${*}\x00=1+1"


def policy(*statements: dict[str, Any], name: str = "p", **more: Any) -> Policy:
    full = [{"Effect": "Allow", "Action": "lex:*", "Resource": "*", **one} for one in statements]
    for one in full:
        if "NotAction" in one:
            del one["Action"]
        if "NotResource" in one:
            del one["Resource"]
    return parse_policy({"Version": "2012-10-17", "Statement": full}, name=name, **more)


def managed(pattern: str) -> tuple[Policy, ...]:
    found = managed_documents(managed_names(pattern))
    return tuple(parse_policy(one.document, name=one.name, arn=one.arn) for one in found)


def version(name: str, number: str) -> Policy:
    return version_policy(managed_document(name, number))


LEX = managed("AmazonLex*")
FULL = {one.name: one for one in LEX}
ACCOUNT = read_account(example_account_path())
WHOLE = read_account(
    example_account_path(),
    organization=bundled_path("accounts", "support-center.organization.json"),
    credential_report=bundled_path("accounts", "support-center.credential-report.csv"),
)
PRINTED, RESTORED = (read_policy(EXAMPLES / f"console-{form}.json") for form in ("printed", "restored"))
ODD = policy(
    {"Sid": "", "NotAction": ["iam:*", "iam:*", "nobody:Knows"], "NotResource": ["arn:aws:s3:::b/*"]},
    {"Sid": "twice", "Action": ["lex:Get*", "lex:Get*"], "Resource": ["*", "*"], "Condition": {}},
    {"Effect": "Deny", "Action": "*", "Condition": {"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a", "a"]}}},
    {"Condition": {"NumericEquals": {"a:b": [1, 1.0, "1"]}, "Bool": {"a:c": True}, "StringEquals": {"a:d": []}}},
    name=HOSTILE,
)

OF_POLICIES: dict[str, Callable[[Any], pd.DataFrame]] = {
    "policies": policies_table,
    "statements": statements_table,
    "grants": grants_table,
    "conditions": conditions_table,
    "policy_actions": policy_actions_table,
    "access_levels": access_levels_table,
    "overlap": overlap_table,
    "action_sets": action_sets_table,
    "console_readiness": console_readiness_table,
    "never_matches": never_matches_table,
    "cells": cells_table,
}
COMPARED = compare_snapshots(ACCOUNT, replace(ACCOUNT, principals=ACCOUNT.principals[1:]))
OTHERS: dict[str, tuple[Callable[..., pd.DataFrame], tuple[Any, ...]]] = {
    "account_changes": (account_changes_table, (COMPARED.changes,)),
    "access_changes": (access_changes_table, (COMPARED,)),
    "actions": (actions_table, ("lex:*",)),
    "principals": (principals_table, (ACCOUNT,)),
    "attachments": (attachments_table, (ACCOUNT,)),
    "access": (access_table, (access_rows(ACCOUNT, ["maria", "felix"], "lex:*"),)),
    "escalation": (escalation_table, (escalation_edges(ACCOUNT),)),
    "difference": (difference_table, (FULL["AmazonLexReadOnly"], FULL["AmazonLexFullAccess"])),
    "history": (history_table, ("AmazonLexFullAccess",)),
    "history_changes": (history_changes_table, ("AmazonLexFullAccess",)),
    "console_needs": (console_needs_table, ()),
    "changes": (changes_table, ("AmazonLexFullAccess",)),
    "policy_changes": (policy_changes_table, (FULL["AmazonLexReadOnly"], FULL["AmazonLexFullAccess"])),
    "timeline": (timeline_table, ("AmazonLexFullAccess",)),
    "histories": (histories_table, ()),
    "lattice": (lattice_table, (lattice(LEX),)),
    "breadth": (breadth_table, (lattice(LEX),)),
    "effective_actions": (effective_actions_table, (action_sets(ACCOUNT),)),
    "principal_actions": (principal_actions_table, (action_sets(ACCOUNT).of("maria"),)),
    "principal_cells": (principal_cells_table, (ACCOUNT, "maria")),
    "shared_access": (shared_access_table, (shared_access(ACCOUNT),)),
    "assume": (assume_table, (assume_edges(ACCOUNT),)),
    "chains": (chains_table, (reachable(ACCOUNT, "yuki"),)),
    "coverage": (coverage_table, (WHOLE,)),
    "credentials": (credentials_table, (WHOLE,)),
    "organization": (organization_table, (WHOLE,)),
    "skipped": (skipped_table, ([("notes.json", None, None, "no policy: it has no Statement")],)),
}
INPUTS: dict[str, Any] = {
    "the Lex policies": LEX,
    "the example account": ACCOUNT,
    "odd policies": [ODD, PRINTED, RESTORED],
    "one policy": ODD,
    "nothing": (),
    "an account without anybody": parse_account({"UserDetailList": []}),
}


@pytest.mark.parametrize("source", INPUTS.values(), ids=INPUTS.keys())
@pytest.mark.parametrize("name", OF_POLICIES)
def test_every_table_of_policies_keeps_its_schema(name: str, source: Any) -> None:
    SCHEMAS[name].check(OF_POLICIES[name](source))


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_table_keeps_its_schema(name: str) -> None:
    table, arguments = OTHERS[name]
    df = table(*arguments)
    SCHEMAS[name].check(df)
    assert len(df)


def test_every_schema_has_a_table_whose_docstring_names_the_columns() -> None:
    tables = {**OF_POLICIES, **{name: table for name, (table, _) in OTHERS.items()}}
    assert tables.keys() == SCHEMAS.keys()
    for name, table in tables.items():
        doc = table.__doc__ or ""
        assert f"``{name}``" in doc
        assert [column for column in SCHEMAS[name].names if column not in doc] == []


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS.keys())
def test_every_column_is_described_and_empty_tables_fit(schema: Schema) -> None:
    assert all(column.doc for column in schema.columns)
    assert set(schema.key) <= set(schema.names)
    schema.check(schema.empty())
    schema.check(schema.frame([]))


def test_one_column_name_means_one_thing_everywhere() -> None:
    dtypes: dict[str, set[str]] = {}
    for schema in SCHEMAS.values():
        for column in schema.columns:
            kind = "text" if column.dtype in ("str", "category") else column.dtype
            dtypes.setdefault(column.name, set()).add(kind)
    assert {name for name, kinds in dtypes.items() if len(kinds) > 1} == set()


WRONG = (None, 3, "x", ["x"], [3], object(), {"a": 1}, pd.DataFrame({"a": [1]}))


@pytest.mark.parametrize("name", sorted(set(lg.tables.__all__) - {"console_needs_table", "histories_table"}))
def test_whoever_gives_something_else_is_told_what_to_give(name: str) -> None:
    table = getattr(lg.tables, name)
    if not name.endswith("_table"):
        return
    needed = [one for one in inspect.signature(table).parameters.values() if one.default is one.empty]
    count = sum(one.kind is not one.VAR_KEYWORD for one in needed) or 1
    for wrong in (None, object(), [3]) if name == "actions_table" else WRONG:
        given = [wrong] * count
        with pytest.raises(lg.LexgraphError) as told:
            table(*given)
        assert re.search(r"expected .+, not |AWS has no managed policy", told.value.message), told.value


def test_an_account_is_taken_for_what_was_read_of_it() -> None:
    account = lg.example_account()
    assert_frame_equal(lg.tables.principals_table(account), account.principals)
    assert_frame_equal(lg.tables.coverage_table(account), account.coverage)
    assert len(lg.tables.policies_table(account)) == len(lg.tables.policies_table(account.snapshot))


def test_a_table_that_breaks_its_promise_is_refused() -> None:
    schema = SCHEMAS["console_needs"]
    good = console_needs_table()
    for bad in (good[["action"]], good.assign(more=1), good.astype({"reason": "category"}), pd.concat([good, good])):
        with pytest.raises(LexgraphError) as caught:
            schema.check(bad)
        assert caught.value.code == "SCHEMA"
    sides = difference_table(LEX[0], LEX[1])
    with pytest.raises(LexgraphError, match="side"):
        SCHEMAS["difference"].check(sides.assign(side=sides["side"].cat.remove_unused_categories()))


def test_codes_become_sorted_categories_and_text() -> None:
    coded = Coded(np.array([2, 0, -1, 2], dtype=np.int32), ["b", "unused", "a"])
    assert list(coded.categorical().categories) == ["a", "b"]
    assert coded.categorical().codes.tolist() == [0, 1, -1, 0]
    assert list(pd.Series(coded.text()).fillna("-")) == ["a", "b", "-", "a"]


# What the tables say --------------------------------------------------------------------------------------------------


def grants(one: Policy) -> set[tuple[str, str, str | None]]:
    df = grants_table(one)
    return {(row.action, row.resource, None if pd.isna(row.condition) else row.condition) for row in df.itertuples()}


def test_the_restored_console_policy_grants_what_full_access_version_6_grants() -> None:
    v6 = version("AmazonLexFullAccess", "v6")
    assert grants(RESTORED) == grants(v6)
    assert len(grants(v6)) == 26
    assert grants(PRINTED) != grants(v6)


def test_the_printed_console_policy_has_nine_statements_that_never_match_on_two_assumptions() -> None:
    df = never_matches_table([PRINTED, RESTORED])
    assert set(df["policy"]) == {"console-printed"}
    assert sorted(set(df["statement"])) == list(range(2, 11))
    assert set(df["assumption"]) == {"AWS sends no empty value for these keys", "no role's ARN ends in /"}
    assert df.loc[df["statement"] == 2, "reason"].item() == 'the condition wants an empty value of "lambda:Principal"'


def test_an_empty_value_that_aws_may_send_is_no_reason() -> None:
    may = policy(
        {"Condition": {"StringEquals": {"s3:prefix": ""}}},
        {"Condition": {"StringEquals": {"aws:ResourceTag/x": ""}}},
        {"Condition": {"StringNotEquals": {"lambda:Principal": ""}}},
        {"Condition": {"StringEqualsIfExists": {"lambda:Principal": ""}}},
        {"Condition": {"StringLike": {"lambda:Principal": ["", "lex.amazonaws.com"]}}},
        {"Resource": ["arn:aws:iam::*:role/x/", "arn:aws:iam::*:role/x/*"]},
        {"Resource": "arn:aws:s3:::bucket/folder/"},
    )
    assert never_matches_table(may).empty
    never = policy({"Condition": {"StringEquals": {"aws:ResourceTag/x": []}}})
    assert never_matches_table(never)["assumption"].isna().all()


def test_full_access_version_7_took_away_two_actions() -> None:
    df = difference_table(version("AmazonLexFullAccess", "v6"), version("AmazonLexFullAccess", "v7"))
    assert df.loc[df["side"] == "only A", "action"].tolist() == ["iam:DeleteRole", "iam:DetachRolePolicy"]
    assert df.attrs["a"] == "AmazonLexFullAccess@v6"
    changes = history_changes_table("AmazonLexFullAccess")
    removed = changes[changes["change"] == "removed"]
    assert removed[["policy_version", "action"]].values.tolist() == [
        ["v7", "iam:DeleteRole"],
        ["v7", "iam:DetachRolePolicy"],
    ]


def test_read_only_version_5_lacks_27_of_the_read_and_list_actions_of_lex() -> None:
    lex = actions_table("lex:*")
    reading = set(lex.loc[lex["level"].isin(["List", "Read"]), "action"])
    named = set(policy_actions_table(version("AmazonLexReadOnly", "v5"))["action"])
    assert len(reading - named) == 27


def test_the_history_tells_what_every_version_changed() -> None:
    df = history_table("AmazonLexFullAccess").set_index("policy_version")
    assert df.index.tolist() == [f"v{i}" for i in range(1, 10)]
    assert df.loc["v7", ["added", "removed"]].tolist() == [4, 2]
    assert pd.isna(df.loc["v1", "added"])
    assert pd.isna(df.loc["v6", "date"])
    assert history_table("AmazonLexFullAccess").attrs["complete"]


def test_a_version_with_the_document_of_the_one_before_is_unchanged() -> None:
    repeated = next(
        name for name in managed_names("A*") if history_table(name)["unchanged"].any() and len(history_table(name)) < 8
    )
    df = history_table(repeated)
    assert (df.loc[df["unchanged"], ["added", "removed"]] == 0).all(axis=None)


def test_a_not_action_stays_one_row_and_unknown_names_stay_marked() -> None:
    df = grants_table([ODD, policy({"Action": ["lex:RecogniseText", "lex:Get*", "nobody:Knows"]})])
    first = df.iloc[0]
    assert (first["action"], first["action_negated"], first["known"]) == ("iam:* iam:* nobody:Knows", True, False)
    assert (first["resource"], first["resource_negated"]) == ("arn:aws:s3:::b/*", True)
    last = df.tail(3)
    assert dict(zip(last["action"], last["known"], strict=True)) == {
        "lex:RecogniseText": False,
        "lex:Get*": True,
        "nobody:Knows": False,
    }
    assert len(grants_table(policy({"NotAction": "iam:*"}))) == 1


def test_a_grant_is_an_action_a_resource_and_a_condition() -> None:
    one = policy({
        "Action": ["lex:GetBot", "lex:GetBots"],
        "Resource": ["*", "arn:aws:lex:*:*:bot:x"],
        "Condition": {"StringEquals": {"b:c": ["2", "1", "2"], "a:b": "x"}, "Bool": {"d:e": True}},
    })  # fmt: skip
    df = grants_table(one)
    assert len(df) == 4
    assert json.loads(df["condition"].iloc[0]) == {
        "Bool": {"d:e": ["true"]},
        "StringEquals": {"a:b": ["x"], "b:c": ["1", "2"]},
    }
    assert df["condition"].nunique() == 1


def test_conditions_come_apart_by_operator_key_and_value() -> None:
    df = conditions_table(ODD)
    rows = df.astype(object).where(df.notna(), None)[
        ["statement", "operator", "key", "value", "qualifier", "if_exists"]
    ]
    assert rows.values.tolist() == [
        [2, "StringLike", "aws:TagKeys", "a", "ForAllValues", True],
        [3, "NumericEquals", "a:b", "1", None, False],
        [3, "NumericEquals", "a:b", "1.0", None, False],
        [3, "Bool", "a:c", "true", None, False],
        [3, "StringEquals", "a:d", None, None, False],
    ]


def test_hostile_names_survive_unchanged() -> None:
    assert policies_table(ODD)["name"].item() == HOSTILE
    assert statements_table(ODD)["policy"].unique().tolist() == [HOSTILE]
    assert HOSTILE in action_sets_table(ODD).columns
    ruled = [policy({}, name=name) for name in ("action", "level", "=cmd", "action")]
    assert "policy action" in action_sets_table(ruled).columns


def test_statements_can_be_read_back_from_their_documents() -> None:
    for one in (*LEX, RESTORED):
        documents = statements_table(one)["document"]
        again = parse_policy(f'{{"Version": "{one.version}", "Statement": [{", ".join(documents)}]}}')
        assert again.statements == one.statements


def test_an_inline_policy_is_known_by_its_owner_and_its_name_and_ids_stay_text() -> None:
    df = policies_table(ACCOUNT)
    omar = df[df["policy"] == "arn:aws:iam::111122223333:user/omar/reset-passwords"]
    assert omar["name"].item() == "reset-passwords"
    assert df["policy"].is_unique
    assert set(df["kind"]) == {"identity", "trust"}
    chat = df[df["name"] == "SupportAgentChat"]
    assert chat["policy_version"].item() == "v3"
    assert df["source"].unique().tolist() == ["support-center.json"]


def test_the_tables_of_the_account_join_on_shared_keys() -> None:
    held = attachments_table(ACCOUNT).merge(policies_table(ACCOUNT), on="policy", how="left")
    assert held["name"].notna().all()
    people = principals_table(ACCOUNT)
    assert set(held["principal"]) <= set(people["principal"])
    assert people.set_index("name").loc["kofi", "boundary"].endswith("/ContractorBoundary")
    joined = grants_table(ACCOUNT).merge(statements_table(ACCOUNT), on=["policy", "statement"], how="left")
    assert joined["document"].notna().all()


def test_an_unreadable_policy_is_still_listed_as_held() -> None:
    bad = [{"PolicyName": "own", "PolicyDocument": {"Statement": []}}]
    arn = "arn:aws:iam::012345678901:user/ana"
    account = parse_account({"UserDetailList": [{"UserName": "ana", "Arn": arn, "UserPolicyList": bad}]})
    assert attachments_table(account)["policy"].tolist() == [f"{arn}/own"]
    assert principals_table(account)["inline"].tolist() == [1]
    assert "012345678901" in principals_table(account)["principal"].item()


def test_size_is_counted_as_iam_counts_it() -> None:
    text = '{ "Statement": {"Effect": "Allow", "Action": "lex:*",\n "Resource": "*", "Sid": "ab"} }'
    (size,) = policies_table(parse_policy(text))["size"]
    assert size == len("".join(text.split()))


def test_an_unconditional_deny_on_everything_removes_and_any_other_deny_only_marks() -> None:
    post = {"Action": ["lex:PostText", "lex:PostContent", "lex:GetBot", "lex:GetBots"]}
    one = policy(
        post,
        {"Effect": "Deny", "Action": "lex:PostText"},
        {"Effect": "Deny", "Action": "lex:GetBot", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Deny", "Action": "lex:GetBots", "Resource": "arn:aws:lex:*:*:bot:x"},
    )
    df = policy_actions_table(one).set_index("action")
    assert df.index.tolist() == ["lex:GetBot", "lex:GetBots", "lex:PostContent"]
    assert df["conditional"].tolist() == [True, False, False]
    assert df["everywhere"].tolist() == [True, False, True]
    assert df["generation"].tolist() == ["V1", "V1", "V1"]


SOME = ["lex:*", "lex:Get*", "LEX:post*", "lex:*Bot*", "lex:GetBot", "s3:Get[O]*", "nobody:*", "*", "s3:List?ucket"]
PATTERNS = st.lists(st.sampled_from(SOME), min_size=1, max_size=3)


@given(st.lists(st.tuples(PATTERNS, st.booleans()), min_size=1, max_size=3))
def test_the_actions_of_a_policy_are_those_that_its_patterns_match(parts: list[tuple[list[str], bool]]) -> None:
    one = policy(*({"NotAction" if negated else "Action": patterns} for patterns, negated in parts))
    expected: set[str] = set()
    for patterns, negated in parts:
        named = {name for pattern in patterns for name in catalog().expand(pattern)}
        expected |= set(catalog().names) - named if negated else named
    df = policy_actions_table(one)
    assert df["action"].tolist() == sorted(expected, key=str.lower)
    assert policies_table(one)["actions"].item() == len(expected)
    assert access_levels_table(one)["actions"].sum() == len(expected)


@given(st.lists(PATTERNS, min_size=2, max_size=4))
def test_overlap_and_sets_and_difference_agree(lists: list[list[str]]) -> None:
    policies = [policy({"Action": patterns}, name=f"p{i}") for i, patterns in enumerate(lists)]
    sets = action_sets_table(policies)
    for row in overlap_table(policies).itertuples():
        a, b = sets[row.policy_a], sets[row.policy_b]
        assert (row.shared, row.only_a, row.only_b) == ((a & b).sum(), (a & ~b).sum(), (b & ~a).sum())
        by_name = {one.name: one for one in policies}
        sides = difference_table(by_name[row.policy_a], by_name[row.policy_b])["side"].value_counts()
        assert (sides["both"], sides["only A"], sides["only B"]) == (row.shared, row.only_a, row.only_b)


def test_two_policies_without_actions_have_no_likeness() -> None:
    nothing = [policy({"Action": "nobody:Knows"}, name=name) for name in "ab"]
    assert overlap_table(nothing)["jaccard"].isna().all()


def test_a_condition_or_another_resource_narrows_an_action_of_both() -> None:
    a = policy(
        {"Action": ["lex:GetBot", "lex:GetBots"]}, {"Action": "lex:PostText", "Resource": ["*", "arn:aws:lex:x"]}
    )
    b = policy(
        {"Action": "lex:GetBots"},
        {"Action": "lex:GetBot", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Action": "lex:PostText", "Resource": "arn:aws:lex:x"},
        {"Action": "lex:PostText"},
    )
    df = difference_table(a, b).set_index("action")
    assert df["narrowed"].to_dict() == {"lex:GetBot": True, "lex:GetBots": False, "lex:PostText": False}
    assert not difference_table(a, a)["narrowed"].any()


def test_levels_are_ordered_and_every_policy_has_a_row_for_each() -> None:
    df = access_levels_table(LEX)
    assert df["level"].dtype.ordered
    assert df.groupby("policy").size().eq(len(LEVELS)).all()
    wide = df.pivot(index="name", columns="level", values="actions")
    assert wide.loc["AmazonLexReadOnly"].tolist() == [28, 22, 0, 0, 0]


def test_the_catalogues_table_tells_its_date_and_what_it_does_not_know() -> None:
    df = actions_table(["lex:Post*", "lex:TagResource"])
    assert df.attrs["catalog_date"] == catalog().date
    assert df.set_index("action").loc["lex:TagResource", "levels"] == "Tagging, Write"
    assert actions_table(catalog().bits("lex:Post*"))["action"].tolist() == ["lex:PostContent", "lex:PostText"]
    assert actions_table("nobody:*").empty


def test_access_rows_become_a_table_with_missing_values_where_nothing_is_said() -> None:
    rows = (
        AccessRow("arn:aws:iam::111122223333:user/a", "lex:GetBots", "*", "allowed"),
        AccessRow("arn:aws:iam::111122223333:user/b", "lex:GetBots", "*", "conditional", "if x", ("k:a", "k:b"), "y"),
    )
    df = access_table(rows)
    assert df["missing_keys"].isna().tolist() == [True, False]
    assert df["missing_keys"].iloc[1] == "k:a, k:b"
    assert list(df["outcome"].cat.categories) == ["allowed", "conditional", "explicitDeny", "implicitDeny"]


def readiness(one: Policy) -> pd.DataFrame:
    return console_readiness_table(one).set_index("action")


def test_compressed_answers_make_the_same_table_as_their_rows() -> None:
    found = access(ACCOUNT, None, ["lex:*", "iam:CreateUser"])
    table = access_table(found)
    pd.testing.assert_frame_equal(table, access_table(tuple(found)))
    assert table["outcome"].value_counts().to_dict() == found.outcomes()


def test_the_printed_policy_is_not_ready_where_the_restored_one_is() -> None:
    printed, restored = readiness(PRINTED), readiness(RESTORED)
    lost = {action for action in printed.index if printed.loc[action, "blocked"]}
    assert lost == {a for a in printed.index if a.startswith("iam:")} | {
        "lambda:AddPermission",
        "lambda:RemovePermission",
    }
    assert not restored["blocked"].any()
    assert restored.loc["iam:CreateServiceLinkedRole", "outcome"] == "conditional"
    assert "channels.lex.amazonaws.com" in restored.loc["iam:CreateServiceLinkedRole", "condition"]
    assert restored.loc["iam:GetRole", "outcome"] == "allowed"
    assert restored.loc["kms:DescribeKey", "outcome"] == "allowed"


def test_full_access_today_is_ready_but_for_the_two_actions_that_version_7_took_away() -> None:
    today = readiness(FULL["AmazonLexFullAccess"])
    assert today.index[today["blocked"]].tolist() == ["iam:DeleteRole", "iam:DetachRolePolicy"]


def test_a_pattern_is_ready_only_when_all_its_actions_are() -> None:
    reading = readiness(FULL["AmazonLexReadOnly"]).loc["lex:*"]
    assert (reading["outcome"], reading["lacking"]) == ("implicitDeny", 102)
    without_one = readiness(policy({}, {"Effect": "Deny", "Action": "lex:DeleteBot"})).loc["lex:*"]
    assert (without_one["outcome"], without_one["blocked"], without_one["lacking"]) == ("explicitDeny", True, 1)
    mfa = readiness(policy({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}})).loc["lex:*"]
    assert (mfa["outcome"], mfa["blocked"]) == ("conditional", False)
    assert "MultiFactorAuthPresent" in mfa["condition"]


def test_the_needs_of_the_console_are_those_of_the_file() -> None:
    with Path(EXAMPLES / "console_needs.csv").open(encoding="utf-8") as file:
        assert len(console_needs_table()) == len(file.readlines()) - 1


def test_two_different_policies_of_one_name_are_refused_and_equal_ones_count_once() -> None:
    with pytest.raises(LexgraphError) as caught:
        policies_table([policy({}), policy({"Action": "s3:*"})])
    assert caught.value.code == "DUPLICATE_POLICY"
    assert len(policies_table([policy({}), policy({})])) == 1


def test_the_order_of_rows_is_the_order_of_the_policies_and_repeats() -> None:
    for table in OF_POLICIES.values():
        assert table(LEX).equals(table(LEX))
    assert policies_table(LEX[::-1])["name"].tolist() == [one.name for one in LEX[::-1]]


def test_a_mapping_of_policies_is_understood() -> None:
    assert len(policies_table({one.name: one for one in LEX})) == len(LEX)


def test_an_account_is_a_source_of_policies() -> None:
    account: Snapshot = ACCOUNT
    assert set(policy_actions_table(account)["policy"]) <= {one.key for one in account.identity_policies()}
