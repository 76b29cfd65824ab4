"""The policy graph is filled without networkx's own methods, and yet is what these would make of it."""

import pickle
import random

import networkx as nx
import pytest

from lexgraph.account.model import labels
from lexgraph.account.pages import parse_account
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_document
from lexgraph.graph import policy_graph
from lexgraph.graph.policies import LEVELS
from lexgraph.policy.arn import short_name
from lexgraph.policy.parse import parse_policy
from tests.random_accounts import random_account


def built(snapshot, policies):
    """The policy graph as `add_node` and `add_edge` make it, one thing after the other."""
    G = nx.DiGraph(kind="policy", catalog_date=catalog().date)
    if snapshot is not None:
        add_account(G, snapshot)
    for policy in policies:
        G.add_node(f"policy:{policy.key}", kind="policy", label=policy.name, readable=True, type=policy.kind)
        for index, statement in enumerate(policy.statements):
            add_statement(G, policy, index, statement)
    return G


def add_account(G, snapshot):
    names = labels(one.arn for one in (*snapshot.principals, *snapshot.groups))
    for group in snapshot.groups:
        G.add_node(f"group:{group.arn}", kind="group", label=names[group.arn])
    for principal in snapshot.principals:
        node = f"principal:{principal.arn}"
        G.add_node(node, kind="principal", label=names[principal.arn], type=principal.kind)
        for arn in principal.groups:
            G.add_node(f"group:{arn}", kind="group", label=names.get(arn, short_name(arn)))
            G.add_edge(node, f"group:{arn}", kind="member")
        for key, via, group, policy in snapshot.holdings(principal):
            if group is not None:
                via = "inline" if key.startswith(f"{group}/") else "attached"
            facts = {"label": key.rpartition("/")[2], "readable": policy is not None, "type": via}
            G.add_node(f"policy:{key}", kind="policy", **facts)
            G.add_edge(f"group:{group}" if group else node, f"policy:{key}", kind=via)


def add_statement(G, policy, index, statement):
    place = f"statement:{policy.key}#{index}"
    said = {"label": statement.sid or f"#{index}", "conditions": len(statement.conditions)}
    said |= {"effect": statement.effect, "sid": statement.sid or "", "statement": index}
    G.add_node(place, kind="statement", **said)
    for node in add_patterns(G, "action", statement.actions):
        G.add_edge(place, node, kind="names")
    for node in add_patterns(G, "resource", statement.resources):
        G.add_edge(place, node, kind="names")
    for node in add_patterns(G, "principal", statement.principals):
        G.add_edge(node, place, kind="named")
    G.add_edge(f"policy:{policy.key}", place, kind="statement")


def add_patterns(G, kind, element):
    if element is None:
        return
    negated = element.negated
    for patterns in [element.patterns] if negated else [(pattern,) for pattern in element.patterns]:
        node = f"{'not' * negated}{kind}:{' '.join(patterns)}"
        facts = {"label": "not " * negated + " ".join(map(short_name, patterns)), "negated": negated}
        if kind == "action":
            meant = catalog().bits_of(patterns, negated)
            levels = [level for level in LEVELS if meant & catalog().level_bits(level)]
            facts |= {"level": levels[-1] if levels else "Unknown", "actions": catalog().count(meant)}
        G.add_node(node, kind=kind, **facts)
        yield node


def assert_alike(G, expected):
    """Hold two graphs to be the same, in what they say and in which order, seen from both ends of an edge."""
    assert type(G) is nx.DiGraph
    assert G.graph == expected.graph
    assert [(n, list(d.items())) for n, d in G.nodes(data=True)] == [
        (n, list(d.items())) for n, d in expected.nodes(data=True)
    ]
    assert list(G.edges(data=True)) == list(expected.edges(data=True))
    assert list(G.in_edges(data=True)) == list(expected.in_edges(data=True))
    assert list(G.adj) == list(G.pred) == list(G)


@pytest.mark.parametrize("seed", range(60))
def test_an_account_becomes_the_graph_that_networkx_would_build(seed):
    snapshot = random_account(random.Random(seed))
    assert_alike(policy_graph(snapshot), built(snapshot, snapshot.identity_policies()))
    policies = [*snapshot.trust_policies(), *(one.policy for one in snapshot.resource_policies)]
    assert_alike(policy_graph(policies), built(None, policies))


def test_a_policy_that_is_not_there_is_told_of_by_its_last_holder():
    arn = "arn:aws:iam::111122223333:"
    held = [{"PolicyName": "lost", "PolicyArn": f"{arn}policy/lost"}]
    bounded = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{arn}policy/lost"}}
    users = {"ana": {"GroupList": ["one"]}, "ben": bounded, "carl": {"GroupList": ["one"]}}
    dump = {
        "UserDetailList": [{"UserName": name, "Arn": f"{arn}user/{name}", **said} for name, said in users.items()],
        "GroupDetailList": [{"GroupName": "one", "Arn": f"{arn}group/one", "AttachedManagedPolicies": held}],
    }
    snapshot = parse_account(dump)
    assert policy_graph(snapshot).nodes[f"policy:{arn}policy/lost"]["type"] == "attached"
    assert_alike(policy_graph(snapshot), built(snapshot, snapshot.identity_policies()))


def test_managed_policies_become_the_graph_that_networkx_would_build():
    names = ("ReadOnlyAccess", "PowerUserAccess", "AmazonLexFullAccess", "AWSDenyAll")
    policies = [parse_policy(managed_document(name).document, name=name) for name in names]
    policies += [policies[2], parse_policy(managed_document(names[0]).document, name=names[2])]  # a name that two have
    assert_alike(policy_graph(policies), built(None, policies))


def test_every_node_and_every_edge_has_facts_of_its_own():
    G = policy_graph(random_account(random.Random(5)))
    facts = [d for _, d in G.nodes(data=True)] + [d for *_, d in G.edges(data=True)]
    assert len({id(one) for one in facts}) == G.number_of_nodes() + G.number_of_edges()
    assert all(G.pred[end][start] is said for start, end, said in G.edges(data=True))


def test_the_graph_can_be_changed_like_any_other():
    snapshot = random_account(random.Random(6))
    G, expected = policy_graph(snapshot), built(snapshot, snapshot.identity_policies())
    for one in (G, expected):
        first, *_ = one.edges
        one.edges[first]["seen"] = True
        one.remove_node(next(n for n, d in one.nodes(data="kind") if d == "statement"))
        one.add_edge("principal:new", list(one)[-1], kind="named")
    assert_alike(G, expected)
    assert_alike(pickle.loads(pickle.dumps(G)), expected)  # noqa: S301 - what was pickled just now
    assert_alike(G.copy(), expected.copy())
    assert_alike(G.reverse(), expected.reverse())
