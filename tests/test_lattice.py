"""Who contains whom among the managed policies, and which of them is closest to a policy."""

from __future__ import annotations

import random
import time

import networkx as nx
import pytest

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_document, managed_names
from lexgraph.errors import LexgraphError
from lexgraph.graph import lattice_graph
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning import contains, equivalent
from lexgraph.reasoning.changes import changes_between
from lexgraph.reasoning.closest import closest_managed
from lexgraph.reasoning.lattice import Lattice, lattice, managed_lattice, surely_granted
from lexgraph.reasoning.side import side_of
from lexgraph.tables import breadth_table, lattice_table
from lexgraph.workbench import breadth_table as managed_breadth
from lexgraph.workbench import find_policy, simplify
from lexgraph.workbench import lattice as managed_or_given

FULL = "AmazonLexFullAccess"
CONTAINED = (
    "AmazonLexReadOnly",
    "AmazonLexRunBotsOnly",
    "AmazonLexChannelsAccess",
    "AmazonLexV2BotPolicy",
    "LexChannelPolicy",
)


def managed(name: str) -> Policy:
    return parse_policy(managed_document(name).document, name=name)


def allow(action: str, name: str = "") -> Policy:
    return parse_policy({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}, name=name or action)


@pytest.fixture(scope="module")
def some() -> list[Policy]:
    """Policies that have much to do with each other, and some that have not."""
    names = [*managed_names("*Lex*"), *managed_names("AmazonS3*"), *managed_names("AmazonSQS*"), "PowerUserAccess"]
    return [managed(name) for name in names]


# The lattice


def test_the_lattice_says_what_contains_says_of_every_pair(some: list[Policy]) -> None:
    found = lattice(some)
    for narrow in some:
        for wide in some:
            if narrow is not wide:
                holds = contains(wide, narrow).holds
                said = wide.name in (*found.wider(narrow.name), *found.equal(narrow.name))
                assert holds is None or holds is said, (narrow.name, wide.name)


def test_what_is_surely_granted_is_what_a_request_shows(some: list[Policy]) -> None:
    for policy in some:
        shown = {action for change in changes_between((), policy) if change.request for action in change.actions}
        assert set(catalog().names_in(surely_granted(side_of(policy)))) <= shown


def test_an_action_that_no_request_can_use_rules_nothing_out() -> None:
    never = {"StringEquals": {"aws:PrincipalTag/a": "x"}, "StringNotEquals": {"aws:PrincipalTag/a": "x"}}
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": never}
    # ListAllMyBuckets takes no resource, so that a pattern of buckets never grants it.
    lists = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "arn:aws:s3:::b"}
    odd = parse_policy({"Statement": [statement, lists]}, name="odd")
    assert surely_granted(side_of(odd)) == 0
    found = lattice([odd, allow("lex:GetBot")])
    assert found.wider("odd") == ("lex:GetBot",)


def test_equal_policies_are_one_class_and_edges_leave_out_what_follows() -> None:
    found = lattice([allow("lex:*", "a"), allow("lex:*", "b"), allow("lex:Get*"), allow("lex:GetBot"), allow("s3:*")])
    assert found.classes[0] == ("a", "b")
    assert found.equal("a") == ("b",)
    assert len(found.edges) == 2
    assert found.wider("lex:GetBot") == ("a", "b", "lex:Get*")
    assert (found.count_narrower("a"), found.count_wider("lex:GetBot")) == (2, 3)


def test_a_name_that_is_not_there_is_an_error_with_the_nearest() -> None:
    with pytest.raises(LexgraphError, match="AmazonLexReadOnly"):
        managed_lattice().wider("AmazonLexReadOnli")


def test_the_graph_has_a_path_wherever_one_policy_contains_another(some: list[Policy]) -> None:
    found = lattice(some)
    G = lattice_graph(found)
    assert nx.is_directed_acyclic_graph(G)
    heads = {name: f"policy:{names[0]}" for names in found.classes for name in names}
    for narrow in found.names:
        above = {name for name, node in heads.items() if node in nx.descendants(G, heads[narrow])}
        assert above == set(found.wider(narrow))
    assert nx.transitive_reduction(G).edges == G.edges


def test_the_tables_tell_the_same(some: list[Policy]) -> None:
    found = lattice(some)
    pairs = set(lattice_table(found).itertuples(index=False, name=None))
    assert pairs == {(name, wide) for name in found.names for wide in found.wider(name)}
    breadth = breadth_table(found).set_index("name")
    assert breadth["contains"].sum() == breadth["contained_in"].sum() == len(pairs)
    assert lattice_table(Lattice((), ())).empty


# All managed policies, as bundled


def test_the_lex_policies_stand_where_they_are_known_to_stand() -> None:
    found = managed_lattice()
    for name in CONTAINED:
        assert FULL in found.wider(name)
    assert FULL not in found.wider("AmazonLexReplicationPolicy")


def test_an_allow_with_not_action_contains_a_thousand_others() -> None:
    breadth = managed_breadth().set_index("name")["contains"]
    assert 950 < breadth["AIDevOpsAgentActionsPolicy"] < 1_000
    assert breadth["AdministratorAccess"] == len(breadth) - 1 - len(managed_lattice().equal("AdministratorAccess"))


def test_the_bundled_lattice_is_about_the_current_policies() -> None:
    found = managed_or_given()
    assert found.names == managed_names()
    assert len(found.undecided) < 40


def test_a_sample_of_the_bundled_lattice_is_proved_again() -> None:
    found = managed_lattice()
    rng = random.Random(11)
    for narrow, wide in rng.sample(found.edges, 60):
        answer = contains(managed(found.classes[wide][0]), managed(found.classes[narrow][0]))
        assert answer.holds is True
    for names in rng.sample([names for names in found.classes if len(names) > 1], 15):
        assert equivalent(managed(names[0]), managed(names[-1])).holds is True


def test_a_sample_of_what_the_bundled_lattice_leaves_out_is_refuted() -> None:
    found = managed_lattice()
    rng = random.Random(12)
    names = rng.sample(found.names, 60)
    for narrow, wide in zip(names[::2], names[1::2], strict=True):
        said = wide in (*found.wider(narrow), *found.equal(narrow))
        holds = contains(managed(wide), managed(narrow)).holds
        assert holds is said or (holds is None and (narrow, wide) in found.undecided)


# The closest managed policy


def test_the_closest_policies_of_a_managed_one_are_itself_and_its_neighbours() -> None:
    found = closest_managed(find_policy("AmazonLexReadOnly"))
    assert "AmazonLexReadOnly" in found.equal
    assert found.wider[0] == FULL
    assert "AmazonLexChannelsAccess" in found.narrower


def test_the_closest_policies_are_proved() -> None:
    mine = parse_policy({"Statement": {"Effect": "Allow", "Action": ["sqs:*", "sns:Publish"], "Resource": "*"}})
    found = closest_managed(mine)
    assert found.equal == ()
    assert all(contains(find_policy(name), mine) and not contains(mine, find_policy(name)) for name in found.wider)
    assert all(contains(mine, find_policy(name)) for name in found.narrower)
    assert "AmazonSQSFullAccess" in found.narrower


def test_the_closest_policy_is_found_while_one_waits() -> None:
    begin = time.process_time()
    closest_managed(allow("lex:Get*"))
    assert time.process_time() - begin < 10  # two seconds are meant; a busy machine may take longer


def test_simplifying_a_managed_policy_keeps_its_place_in_the_lattice() -> None:
    assert FULL in closest_managed(simplify(FULL).policy).equal
