"""What versions of a policy newly allow and no longer allow, each part shown by a request."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_names, managed_versions
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning import contains, equivalent
from lexgraph.reasoning.changes import Change, changes_between
from lexgraph.reasoning.side import side_of
from lexgraph.reasoning.witness import allows
from lexgraph.tables import changes_table, histories_table, timeline_table
from lexgraph.tables.compare import version_policy
from lexgraph.workbench import compare, history


def versions(name: str) -> list[Policy]:
    return [version_policy(one) for one in managed_versions(name)]


def pairs() -> list[tuple[Policy, Policy]]:
    """A hundred pairs of neighbouring versions, the same every time."""
    rng = random.Random(5)
    found = []
    for name in rng.sample(managed_names(), 60):
        listed = versions(name)
        found += list(pairwise(listed))
    return rng.sample(found, 100)


def shown(change: Change) -> bool:
    return change.what != "undecided"


def test_every_change_is_shown_by_a_request_that_the_point_evaluator_confirms() -> None:
    for before, after in pairs():
        old, new = side_of(before).stack, side_of(after).stack
        for change in filter(shown, changes_between(before, after)):
            assert change.request is not None
            only = (new, old) if change.direction == "granted" else (old, new)
            assert [allows(stack, change.request) for stack in only] == [True, False]
            assert change.request.action == change.actions[0] or "*" in change.actions[0]


def test_no_change_means_equal_and_equal_means_no_change() -> None:
    for before, after in pairs():
        changes = changes_between(before, after)
        if all(map(shown, changes)):
            assert equivalent(before, after).holds is not bool(changes)
            granted = any(change.direction == "granted" for change in changes)
            assert contains(before, after).holds is not granted


def test_what_one_direction_grants_the_other_takes_away() -> None:
    for before, after in pairs()[:40]:
        there, back = changes_between(before, after), changes_between(after, before)
        swapped = {"granted": "taken away", "taken away": "granted"}
        assert {(c.direction, c.actions) for c in there} == {(swapped[c.direction], c.actions) for c in back}


def test_actions_are_granted_that_the_version_before_did_not_name() -> None:
    changes = changes_table("AmazonLexFullAccess")
    taken = changes[(changes["policy_version"] == "v7") & (changes["direction"] == "taken away")]
    assert taken["action"].tolist() == ["iam:DeleteRole", "iam:DetachRolePolicy"]
    assert set(taken["what"]) == {"action"}


def test_a_version_that_only_mends_a_condition_is_told_as_such() -> None:
    # v8 let the replication role be created for the wrong service; v9 names the right one.
    changes = changes_table("AmazonLexFullAccess")
    last = changes[changes["policy_version"] == "v9"]
    assert last["what"].tolist() == ["condition", "condition"]
    assert last["context"].tolist() == [
        '{"iam:AWSServiceName": "replication.lexv2.amazonaws.com"}',
        '{"iam:AWSServiceName": "lexv2.amazonaws.com"}',
    ]


def test_a_wider_resource_and_a_dropped_condition_are_told_apart() -> None:
    statement = {"Effect": "Allow", "Action": "lex:GetBot", "Resource": "arn:aws:lex:*:*:bot:Orders*"}
    wider = {**statement, "Resource": "arn:aws:lex:*:*:bot:*"}
    bound = {**statement, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    first, second, third = (parse_policy({"Statement": one}) for one in (statement, wider, bound))
    assert [(c.direction, c.what) for c in changes_between(first, second)] == [("granted", "resource")]
    assert [(c.direction, c.what) for c in changes_between(third, first)] == [("granted", "condition")]


def test_actions_that_the_catalogue_does_not_know_are_told_by_name_or_pattern() -> None:
    policies = [
        parse_policy({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}})
        for action in ("lex:Get*", "lex:*", "new:Thing")
    ]
    granted = [c.actions for c in changes_between(policies[0], policies[1]) if c.direction == "granted"]
    assert ("lex:*",) in granted
    assert [c.actions for c in changes_between(policies[1], policies[2]) if c.direction == "granted"] == [
        ("new:Thing",)
    ]


def test_the_timeline_counts_the_actions_of_the_changes() -> None:
    for name in ("AmazonLexFullAccess", "AmazonLexReadOnly"):
        changes, timeline = changes_table(name), timeline_table(name)
        for direction in ("granted", "taken away"):
            listed = changes.loc[changes["direction"] == direction, ["policy_version", "what", "action"]]
            named = {(v, w, a) for v, w, text in listed.to_numpy() for a in text.split(" ")}
            assert timeline.loc[timeline["direction"] == direction, "actions"].sum() == len(named)
        assert [version for version, _ in timeline.attrs["versions"]] == [one.version for one in managed_versions(name)]


def test_a_comparison_and_a_history_hold_the_changes() -> None:
    compared = compare("AmazonLexFullAccess@v6", "AmazonLexFullAccess@v7")
    assert compared.relation == "overlapping"
    assert {change.direction for change in compared.changes} == {"granted", "taken away"}
    assert history("AmazonLexFullAccess").changes.equals(changes_table("AmazonLexFullAccess"))


# The bundled summary of all histories


def test_all_histories_are_counted() -> None:
    table = histories_table()
    assert (len(table), table["versions"].sum(), table["repeats"].sum()) == (1611, 6286, 759)


@pytest.mark.parametrize("name", ["AmazonLexFullAccess", "AmazonLexReadOnly", "AWSLambda_ReadOnlyAccess", "Billing"])
def test_the_bundled_summary_is_what_the_versions_say(name: str) -> None:
    row = histories_table().set_index("name").loc[name]
    listed = versions(name)
    found = [changes_between(before, after) for before, after in pairwise(listed)]
    assert row["versions"] == len(listed)
    assert row["granting"] == sum(any(c.direction == "granted" and shown(c) for c in one) for one in found)
    assert row["taking"] == sum(any(c.direction == "taken away" and shown(c) for c in one) for one in found)
    assert row["same"] == sum(not one for one in found)
    assert row["undecided"] == sum(not all(map(shown, one)) for one in found)


def test_one_version_of_read_only_access_was_another_policy() -> None:
    versions_of = {one.version: version_policy(one) for one in managed_versions("ReadOnlyAccess")}
    before, odd, after = (versions_of[version] for version in ("v68", "v69", "v70"))
    changes = changes_between(before, odd)
    granted = {action for c in changes if c.direction == "granted" for action in c.actions}
    taken = {action for c in changes if c.direction == "taken away" for action in c.actions}
    assert {"cassandra:Drop", "cloudwatch:DeleteAlarms", "iam:CreateServiceLinkedRole"} <= granted
    assert len(taken) > 4_000
    back = {action for c in changes_between(odd, after) if c.direction == "granted" for action in c.actions}
    assert len(back & taken) > 4_000
    assert {catalog().level(action) for action in granted} >= {"Write"}
