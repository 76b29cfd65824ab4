"""The graphs say what the tables say: a path is a permission, and nothing else is a path."""

import io
import random
from pathlib import Path

import networkx as nx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraph.access.decide import AccessRow, access_rows, decide
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.errors import LexgraphError
from lexgraph.graph import access_graph, fold_graph, neighbourhood, policy_graph, reaches
from lexgraph.graph.policies import LEVELS
from lexgraph.policy.parse import parse_policy
from lexgraph.tables import schema

USERS = tuple(f"arn:aws:iam::111122223333:user/{name}" for name in ("ana", "ben", "cleo", "a/ana"))
BOTS = tuple(f"arn:aws:lex:us-east-1:111122223333:bot/{name}" for name in ("A", "B", "A|lex:PutBot"))
ACTIONS = ("lex:PutBot", "lex:DeleteBot", "lex:GetBot", "s3:GetObject", "lex:NoSuch", "lex:Put|Bot", "lex:Get Bot")
ANSWERS = (
    ("allowed", None, ()),
    ("conditional", 'if aws:username is "x"', ("aws:username",)),
    ("conditional", "if aws:SourceIp is in 203.0.113.0/24", ("aws:SourceIp",)),
    ("explicitDeny", None, ()),
    ("implicitDeny", None, ()),
)


@st.composite
def tables(draw: st.DrawFn) -> list[AccessRow]:
    """Every combination of some principals, actions and resources, each with an answer."""
    users = draw(st.lists(st.sampled_from(USERS), min_size=1, unique=True))
    actions = draw(st.lists(st.sampled_from(ACTIONS), min_size=1, unique=True))
    bots = draw(st.lists(st.sampled_from(BOTS), min_size=1, unique=True))
    asked = [(user, action, bot) for user in users for action in actions for bot in bots]
    return [AccessRow(*one, *draw(st.sampled_from(ANSWERS)), "identity: p #0") for one in asked]


@pytest.fixture(scope="module")
def account():
    return read_account(example_account_path())


@pytest.fixture(scope="module")
def lex_rows(account):
    return access_rows(account, None, ["lex:*"], None)


def paths(G, row):
    """Whether there is a path through a node that names the row's action."""
    who, where = f"principal:{row.principal}", f"resource:{row.resource}"
    between = set(G.successors(who)) & set(G.predecessors(where))
    return [node for node in between if row.action in listed(G.nodes[node])]


def listed(facts):
    return [facts["names"]] if facts["actions"] == 1 else facts["names"].split(" ")


@given(tables(), st.booleans())
def test_a_path_exists_if_and_only_if_the_row_grants(rows, fold):
    G = access_graph(rows, fold=fold)
    for row in rows:
        granted = row.outcome in ("allowed", "conditional")
        assert len(paths(G, row)) == granted
        assert reaches(G, row.principal, row.action, row.resource) == (row.outcome if granted else None)


@given(tables())
def test_an_edge_keeps_the_condition_of_each_principal(rows):
    G = access_graph(rows)
    for row in rows:
        for node in paths(G, row):
            edge = G.edges[f"principal:{row.principal}", node]
            assert edge["condition"] == (row.condition or "")
            assert edge["missing_keys"] == ", ".join(row.missing_keys)


@given(tables(), st.randoms())
def test_the_order_of_the_rows_is_irrelevant(rows, rng):
    shuffled = list(rows)
    rng.shuffle(shuffled)
    one, two = access_graph(rows), access_graph(shuffled)
    assert list(one.nodes(data=True)) == list(two.nodes(data=True))
    assert list(one.edges(data=True)) == list(two.edges(data=True))


@given(tables())
def test_a_path_of_the_level_fold_means_an_action_of_that_level(rows):
    G = access_graph(rows)
    folded = fold_graph(G, by="level")
    expected: dict[tuple[str, str, str, str], int] = {}
    for row in rows:
        for node in paths(G, row):
            facts = G.nodes[node]
            key = (row.principal, facts["service"], facts["level"], row.resource)
            expected[key] = expected.get(key, 0) + 1
    found = {}
    for who, node, edge in folded.edges(data=True):
        if edge["kind"] == "may":
            facts, (where,) = folded.nodes[node], folded.successors(node)
            key = (who.partition(":")[2], facts["service"], facts["level"], where.partition(":")[2])
            found[key] = edge["actions"]
    assert found == expected


@given(tables())
def test_no_fold_invents_or_loses_who_reaches_something(rows):
    G = access_graph(rows)
    idle = sum(not G.degree(n) for n in G if G.nodes[n]["kind"] == "principal")
    for fold in ("level", "alike", "service", "strongest"):
        folded = fold_graph(G, by=fold)
        members = sum(folded.nodes[n]["members"] for n in folded if folded.nodes[n]["kind"] == "principal")
        assert members == sum(row_kind == "principal" for _, row_kind in G.nodes(data="kind")) - idle
        assert all(folded.in_degree(n) or folded.nodes[n]["kind"] == "principal" for n in folded)


def test_the_graph_of_an_account_agrees_with_single_decisions(account, lex_rows):
    G = access_graph(lex_rows)
    asked = random.Random(7).sample(lex_rows, 150)
    for row in asked:
        outcome = decide(account, row.principal, row.action, row.resource).outcome
        granted = outcome if outcome in ("allowed", "conditional") else None
        assert reaches(G, row.principal, row.action, row.resource) == granted


def test_triples_put_together_from_the_graph_agree_with_single_decisions(account):
    bots = [r.arn for r in account.resources if ":bot" in r.arn]
    actions = ["lex:PostText", "lex:RecognizeText", "lex:DeleteBot", "lex:ListBots", "lex:PutBot"]
    principals = [p.arn for p in account.principals]
    G = access_graph(access_rows(account, None, actions, bots))
    pick = random.Random(3)
    for _ in range(150):
        asked = pick.choice(principals), pick.choice(actions), pick.choice(bots)
        outcome = decide(account, *asked).outcome
        assert reaches(G, *asked) == (outcome if outcome in ("allowed", "conditional") else None)


def test_an_action_without_resources_is_answered_on_every_resource():
    G = access_graph([AccessRow(USERS[0], "lex:ListBots", "*", "allowed")])
    assert reaches(G, USERS[0], "LEX:listbots", "*") == "allowed"
    assert reaches(G, USERS[1], "lex:ListBots", "*") is None


def test_the_shared_action_node_that_would_invent_access_does_not_exist():
    rows = [
        AccessRow(USERS[0], "lex:PostText", BOTS[0], "allowed"),
        AccessRow(USERS[0], "lex:PostText", BOTS[1], "implicitDeny"),
        AccessRow(USERS[1], "lex:PostText", BOTS[0], "implicitDeny"),
        AccessRow(USERS[1], "lex:PostText", BOTS[1], "allowed"),
    ]
    G = access_graph(rows)
    assert not nx.has_path(G, f"principal:{USERS[0]}", f"resource:{BOTS[1]}")


def test_actions_fold_only_where_all_their_principals_agree():
    rows = [
        AccessRow(USERS[0], "lex:PutBot", BOTS[0], "allowed"),
        AccessRow(USERS[0], "lex:PutIntent", BOTS[0], "allowed"),
        AccessRow(USERS[0], "lex:PutSlotType", BOTS[0], "allowed"),
        AccessRow(USERS[1], "lex:PutSlotType", BOTS[0], "allowed"),
    ]
    names = {facts["names"] for _, facts in access_graph(rows).nodes(data=True) if facts["kind"] == "grant"}
    assert names == {"lex:PutBot lex:PutIntent", "lex:PutSlotType"}


def test_rows_that_contradict_each_other_are_refused():
    rows = [AccessRow(USERS[0], "lex:PutBot", BOTS[0], outcome) for outcome in ("allowed", "explicitDeny")]
    with pytest.raises(LexgraphError, match="differently: allowed and explicitDeny"):
        access_graph(rows)


def test_the_access_table_gives_the_same_graph_as_its_rows(lex_rows):
    columns = ["principal", "action", "resource", "outcome", "condition", "missing_keys", "decided_by"]
    rows = [
        (r.principal, r.action, r.resource, r.outcome, r.condition, ", ".join(r.missing_keys), r.decided_by)
        for r in lex_rows
    ]
    table = pd.DataFrame(rows, columns=columns).astype({"condition": "str"})
    table["condition"] = table["condition"].where(table["condition"].notna(), pd.NA)
    one, two = access_graph(table), access_graph(lex_rows)
    assert list(one.nodes(data=True)) == list(two.nodes(data=True))
    assert list(one.edges(data=True)) == list(two.edges(data=True))


def all_attributes(G):
    yield from G.graph.items()
    for _, facts in G.nodes(data=True):
        yield from facts.items()
    for _, _, facts in G.edges(data=True):
        yield from facts.items()


def test_every_attribute_is_a_scalar_and_graphml_takes_it(account, lex_rows):
    graphs = [access_graph(lex_rows), policy_graph(account)]
    graphs += [fold_graph(graphs[0], by=by) for by in ("level", "alike", "service", "strongest")]
    graphs += [fold_graph(graphs[1], by=by) for by in ("patterns", "statements")]
    for G in graphs:
        assert {type(value) for _, value in all_attributes(G)} <= {str, int, bool}
        written = io.BytesIO()
        nx.write_graphml(G, written)
        back = nx.read_graphml(io.BytesIO(written.getvalue()))
        assert set(back) == set(G)


def test_node_ids_name_the_kind_and_the_arn(account, lex_rows):
    for G in (access_graph(lex_rows), policy_graph(account)):
        for node, facts in G.nodes(data=True):
            assert node.partition(":")[0] in (facts["kind"], f"not{facts['kind']}")


def test_a_neighbourhood_holds_no_strangers_permissions(lex_rows):
    G = access_graph(lex_rows)
    near = neighbourhood(G, "user/maria")
    assert [near.nodes[n]["label"] for n in near if near.nodes[n]["kind"] == "principal"] == ["user/maria"]
    maria = [r for r in lex_rows if r.principal.endswith("user/maria")]
    for row in maria:
        assert reaches(near, row.principal, row.action, row.resource) == reaches(
            G, row.principal, row.action, row.resource
        )


def test_a_neighbourhood_of_one_step_ends_at_the_actions(lex_rows):
    near = neighbourhood(access_graph(lex_rows), "user/maria", 1)
    assert {facts["kind"] for _, facts in near.nodes(data=True)} == {"principal", "grant"}


def test_a_node_that_is_not_there_is_refused_with_the_nearest(lex_rows):
    with pytest.raises(LexgraphError, match=r"nearest: .*user/maria"):
        neighbourhood(access_graph(lex_rows), "user/mario")


def test_a_folded_graph_is_not_folded_again(lex_rows):
    folded = fold_graph(access_graph(lex_rows), by="alike")
    with pytest.raises(LexgraphError, match="folded already"):
        fold_graph(folded, by="service")
    with pytest.raises(LexgraphError, match="one of level, alike, service, strongest"):
        fold_graph(access_graph(lex_rows), by="patterns")


def test_equal_users_become_one_node_that_says_so():
    rows = [AccessRow(user, "lex:PutBot", BOTS[0], "allowed") for user in USERS[:3]]
    folded = fold_graph(access_graph(rows), by="alike")
    labels = [facts["label"] for _, facts in folded.nodes(data=True) if facts["kind"] == "principal"]
    assert labels == ["user/ana and 2 more"]


def test_only_the_strongest_level_stays_and_counts_the_weaker_ones_in():
    rows = [AccessRow(USERS[0], action, BOTS[0], "allowed") for action in ("lex:GetBot", "lex:PutBot")]
    folded = fold_graph(access_graph(rows), by="strongest")
    grants = [facts for _, facts in folded.nodes(data=True) if facts["kind"] == "grant"]
    assert [(facts["level"], facts["actions"], facts["label"]) for facts in grants] == [
        ("Write", 2, "2 lex actions, up to Write")
    ]


def test_the_policy_graph_takes_an_account_and_what_holds_one(account):
    held = type("Held", (), {"snapshot": account})()
    assert nx.utils.graphs_equal(policy_graph(held), policy_graph(account))


def test_the_policy_graph_leads_from_a_user_through_its_group_to_the_patterns(account):
    G = policy_graph(account)
    maria = "principal:arn:aws:iam::111122223333:user/maria"
    below = {G.nodes[n]["label"] for n in nx.descendants(G, maria)}
    assert {"group/support-agents", "SupportAgentChat", "TalkToSupportBots", "lex:RecognizeText"} <= below
    assert not nx.has_path(G, "principal:arn:aws:iam::111122223333:user/ines", "action:*")


def test_the_boundary_of_a_contractor_is_an_edge_of_its_own(account):
    G = policy_graph(account)
    kinds = {d["kind"] for a, _, d in G.edges(data=True) if a.endswith("/kofi")}
    assert "boundary" in kinds


def test_a_not_element_is_one_node():
    text = '{"Statement": {"Effect": "Deny", "NotAction": ["lex:*", "s3:*"], "NotResource": ["*:a", "*:b"]}}'
    G = policy_graph([parse_policy(text, name="most")])
    assert {n for n in G if G.nodes[n].get("negated")} == {"notaction:lex:* s3:*", "notresource:*:a *:b"}
    assert G.nodes["statement:most#0"]["effect"] == "Deny"


def test_the_principals_of_a_resource_policy_come_before_its_statement():
    text = '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}'
    G = policy_graph([parse_policy(text, name="trust", kind="trust")])
    assert ("principal:AWS:111122223333", "statement:trust#0") in G.edges
    assert fold_graph(G, by="statements").number_of_nodes() == 4


def test_levels_are_those_of_the_tables():
    assert LEVELS == schema.LEVELS


def test_a_large_table_becomes_a_small_graph():
    rows = [
        AccessRow(f"arn:aws:iam::111122223333:user/u{u}", f"lex:Do{a}", BOTS[r], "allowed")
        for u in range(100)
        for a in range(150)
        for r in range(2)
    ]
    G = access_graph(rows)
    assert G.number_of_nodes() == 104  # 100 users, 2 bots, and on each bot one node for all the unknown actions


def test_reading_a_graph_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lex_rows):
    monkeypatch.chdir(tmp_path)
    access_graph(lex_rows)
    assert list(tmp_path.iterdir()) == []
