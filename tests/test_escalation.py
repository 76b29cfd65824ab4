"""Who can take over whom: every edge is proved by requests, and nothing that all pairs would show is left out."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import PathPatch

from lexgraph.access.chaining import assume_edges
from lexgraph.access.decide import GRANTING, decide
from lexgraph.access.escalation.administrators import administrators
from lexgraph.access.escalation.alike import policies_of
from lexgraph.access.escalation.edges import escalation_edges
from lexgraph.access.escalation.methods import KINDS, METHODS
from lexgraph.access.escalation.model import EscalationEdge
from lexgraph.access.escalation.names import UNDECIDED
from lexgraph.access.escalation.newcomers import boundary_of, is_new, newcomer
from lexgraph.access.escalation.somewhere import Ask, somewhere
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.access.escalation.trusted import trusting_stack
from lexgraph.account.model import Snapshot
from lexgraph.account.organization import ControlPolicy, Organization, Target
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import LexgraphError
from lexgraph.exports import export
from lexgraph.graph import (
    escalation_graph,
    escalation_paths,
    reasons,
    who_can_become_administrator,
    who_can_reach,
)
from lexgraph.graph.overview import TOP, escalation_overview
from lexgraph.plots import alt_text
from lexgraph.plots import escalation as plot
from lexgraph.policy.parse import parse_policy
from lexgraph.tables import SCHEMAS
from lexgraph.workbench import Account

A = "arn:aws:iam::111122223333:"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ACCOUNT = read_account(example_account_path())
EDGES = escalation_edges(ACCOUNT)
CALLS = ("lambda:CreateFunction", "lambda:InvokeFunction")


def between(edges: tuple[EscalationEdge, ...], who: str, target: str) -> dict[str, EscalationEdge]:
    return {e.method: e for e in edges if e.principal.endswith(f"/{who}") and e.target.endswith(f"/{target}")}


# Accounts by chance --------------------------------------------------------------------------------------------------

ACTIONS = [
    "iam:*", "iam:Put*", "iam:PassRole", "iam:CreateAccessKey", "iam:*LoginProfile", "iam:Attach*", "*",
    "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:AddUserToGroup", "iam:Delete*PermissionsBoundary",
    "iam:UpdateAssumeRolePolicy", "sts:AssumeRole", "lambda:*", "lambda:CreateFunction", "lambda:InvokeFunction",
    "ssm:StartSession", "cloudformation:*", "ec2:RunInstances", "s3:GetObject", "iam:Create*", "iam:CreateUser",
    "iam:CreateRole", "iam:UpdateSAMLProvider",
]  # fmt: skip
RESOURCES = [
    "*", "*", f"{A}user/*", f"{A}role/*", f"{A}role/r1", f"{A}user/u0", f"{A}user/team/*", f"{A}user/${{aws:username}}",
    f"{A}*/${{aws:PrincipalTag/team}}*", f"{A}policy/*", f"{A}group/g0", f"{A}group/*", "arn:aws:iam::*:role/svc/*",
    "arn:aws:lambda:*:*:function:dev-*", "arn:aws:lambda:*:*:function:*-a", "arn:aws:lambda:eu-west-1:*:function:*",
    "arn:aws:ec2:*:*:*/*", "arn:aws:ec2:*::image/*", "arn:*:iam::111122223333:user/u?",
    f"{A}user/${{aws:SourceIp}}", "arn:aws:cloudformation:*:*:stack/*/*",
]  # fmt: skip
CONDITIONS: list[dict[str, Any]] = [
    {}, {}, {}, {},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringEquals": {"aws:ResourceTag/team": "red"}},
    {"StringEquals": {"iam:ResourceTag/Team": "${aws:PrincipalTag/team}"}},
    {"StringNotEquals": {"iam:ResourceTag/team": "blue"}},
    {"Null": {"aws:ResourceTag/team": "true"}},
    {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    {"ArnEquals": {"iam:PolicyARN": ADMIN}},
    {"ArnNotEquals": {"iam:PolicyARN": ADMIN}},
    {"StringEquals": {"iam:PermissionsBoundary": f"{A}policy/p0"}},
    {"Null": {"iam:PermissionsBoundary": "true"}},
]  # fmt: skip
PROVIDER = f"{A}saml-provider/corp"
TRUSTED: list[dict[str, Any]] = [
    {"Service": "lambda.amazonaws.com"}, {"Service": ["ec2.amazonaws.com", "cloudformation.amazonaws.com"]},
    {"AWS": "111122223333"}, {"AWS": f"{A}user/u0"}, {"AWS": [f"{A}role/r0", f"{A}user/u1"]}, {"AWS": "*"},
    {"Federated": "cognito-identity.amazonaws.com"}, {"Federated": PROVIDER},
]  # fmt: skip


def statement(rng: Random, *, deny: float = 0.2) -> dict[str, Any]:
    negated = "NotAction" if rng.random() < 0.08 else "Action"
    where = "NotResource" if rng.random() < 0.1 else "Resource"
    return {
        "Effect": "Deny" if rng.random() < deny else "Allow",
        negated: rng.sample(ACTIONS, rng.randint(1, 3)),
        where: rng.sample(RESOURCES, rng.randint(1, 2)),
        "Condition": rng.choice(CONDITIONS),
    }


def document(rng: Random, **options: float) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement(rng, **options) for _ in range(rng.randint(1, 3))]}


def trust(rng: Random) -> dict[str, Any]:
    condition = {"StringEquals": {"aws:SourceAccount": rng.choice(["111122223333", "444455556666"])}}
    return {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": rng.choice(TRUSTED),
            "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"],
            "Condition": condition if rng.random() < 0.2 else {},
        },
    }


def holdings(rng: Random, kind: str) -> dict[str, Any]:
    attached = rng.sample([f"{A}policy/p{i}" for i in range(4)], rng.randint(0, 2))
    found: dict[str, Any] = {
        f"{kind}PolicyList": [
            {"PolicyName": f"i{i}", "PolicyDocument": document(rng)} for i in range(rng.randint(0, 2))
        ],
        "AttachedManagedPolicies": [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in attached],
    }
    if kind != "Group":
        found["Tags"] = [{"Key": "team", "Value": rng.choice(["red", "blue"])}] if rng.random() < 0.6 else []
        if rng.random() < 0.25:
            found["PermissionsBoundary"] = {
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": f"{A}policy/p{rng.randint(0, 3)}",
            }
    return found


def random_dump(seed: int) -> dict[str, Any]:
    rng = Random(seed)
    groups = [{"GroupName": f"g{i}", "Arn": f"{A}group/g{i}", **holdings(rng, "Group")} for i in range(2)]
    users = [
        {
            "UserName": f"u{i}", "Arn": f"{A}user/{'team/' if i > 2 else ''}u{i}",
            "GroupList": rng.sample(["g0", "g1"], rng.randint(0, 2)), **holdings(rng, "User"),
        }
        for i in range(5)
    ]  # fmt: skip
    roles = [
        {
            "RoleName": f"r{i}", "Arn": f"{A}role/{'svc/' if i == 2 else ''}r{i}",
            "AssumeRolePolicyDocument": trust(rng), **holdings(rng, "Role"),
        }
        for i in range(4)
    ]  # fmt: skip
    policies = [
        {
            "PolicyName": f"p{i}", "Arn": f"{A}policy/p{i}", "DefaultVersionId": "v1",
            "PolicyVersionList": [
                {"VersionId": f"v{v + 1}", "Document": document(rng, deny=0.1), "IsDefaultVersion": v == 0}
                for v in range(rng.randint(1, 2))
            ],
        }
        for i in range(4)
    ]  # fmt: skip
    return {"UserDetailList": users, "GroupDetailList": groups, "RoleDetailList": roles, "Policies": policies}


def random_account(seed: int) -> Snapshot:
    """Every third of them is in an organization with control policies."""
    account, rng = parse_account(random_dump(seed)), Random(seed)
    return account if seed % 3 else replace(account, organization=random_organization(rng))


def random_organization(rng: Random) -> Organization:
    scp = {"Version": "2012-10-17", "Statement": [allow("*"), statement(rng, deny=1), statement(rng, deny=1)]}
    rcp = {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": rng.choice(RESOURCES)}
    rcp = {"Version": "2012-10-17", "Statement": [{**rcp, "Condition": rng.choice(CONDITIONS)}]}
    policies = (
        ControlPolicy("p-s", "arn:s", "s", "scp", policy=parse_policy(scp, name="s", kind="scp")),
        ControlPolicy("p-r", "arn:r", "r", "rcp", policy=parse_policy(rcp, name="r", kind="rcp")),
    )
    attached = tuple(policy.id for policy in policies)
    targets = (
        Target("r-ab12", "root", "Root", None, attached),
        Target("111122223333", "account", "A", "r-ab12", ("p-s",)),
    )
    return Organization("o-exampleorgid", "999900001111", targets, policies)


# The same, pair by pair ----------------------------------------------------------------------------------------------


def naive_context(account: Snapshot, action: str, target: Any) -> Context:
    """All that the account says of a target, whether or not anybody asks for it."""
    known: dict[str, Any] = {}
    lower = action.lower()
    for prefix in ("iam:ResourceTag", "aws:ResourceTag"):
        if catalog().key_fits(f"{prefix.lower()}/team", lower):
            known[f"{prefix}/team"] = dict(target.tags).get("team")
    if catalog().key_fits("iam:permissionsboundary", lower):
        known["iam:PermissionsBoundary"] = target.boundary
    if action.startswith("iam:Attach"):
        known["iam:PolicyARN"] = ADMIN
    if action.startswith("iam:Put") and action.endswith("PermissionsBoundary"):
        known["iam:PermissionsBoundary"] = ADMIN
    return Context(known)


def naive_edges(account: Snapshot) -> dict[tuple[str, str, str, str | None], str]:
    """Who may do one of the methods of IAM that need one request: by pair, method and what it goes through."""
    found: dict[tuple[str, str, str, str | None], str] = {}
    for who in account.principals:
        for target in account.principals:
            for method in METHODS.values():
                need = method.needs[0]
                if method.kind not in ("credentials", "policy") or (method.target or target.kind) != target.kind:
                    continue
                if method.gain == "acts" and who.arn == target.arn:
                    continue
                if need.on == "target":
                    if method.gain == "unbinds" and target.boundary is None:
                        continue
                    context = naive_context(account, need.action, target)
                    outcome = decide(account, who, need.action, target.arn, context=context).outcome
                    if outcome in GRANTING:
                        found[who.arn, target.arn, method.name, None] = outcome
                elif need.on != "other group":
                    carried = {"iam:PolicyARN": ADMIN} if need.action.startswith("iam:Attach") else {}
                    for via in passages(account, target, need):
                        outcome = decide(account, who, need.action, via, context=Context(carried)).outcome
                        if outcome in GRANTING:
                            found[who.arn, target.arn, method.name, via] = outcome
    return found


def passages(account: Snapshot, target: Any, need: Any) -> list[str]:
    if need.on == "provider":
        return [PROVIDER] if target.trust is not None and PROVIDER in str(target.trust) else []
    if need.on == "group":
        return list(target.groups)
    if need.on == "boundary":
        return [target.boundary] if target.boundary else []
    held = {key for key, via, _, _ in account.holdings(target) if via != "boundary"}
    own = [m for m in account.policies if m.arn in held and not m.aws]
    return [m.arn for m in own if need.action != "iam:SetDefaultPolicyVersion" or len(m.versions) > 1]


SEEDS = st.integers(0, 100_000)


@given(SEEDS)
@settings(max_examples=10)
def test_the_edges_are_those_that_asking_about_every_pair_gives(seed: int) -> None:
    account = random_account(seed)
    edges = escalation_edges(account, kinds=["credentials", "policy"])
    found = {
        (e.principal, e.target, e.method, e.via): e.steps[0].outcome for e in edges if e.method != "iam:AddUserToGroup"
    }
    assert found == naive_edges(account)


@given(SEEDS)
@settings(max_examples=10)
def test_every_step_is_confirmed_by_a_single_decision(seed: int) -> None:
    account = random_account(seed)
    for edge in escalation_edges(account):
        assert edge.outcome in GRANTING
        for step in edge.steps:
            assert step.outcome in GRANTING
            assert edge.outcome == "conditional" or step.outcome == "allowed"
            if step.after or edge.condition == UNDECIDED:
                continue
            if step.principal.startswith(("Service:", "Federated:")):
                assert step.resource == edge.target
                assert step.principal.partition(":")[2] in (edge.service, edge.via)
                continue
            decision = decide(account, step.principal, step.action, step.resource, context=step.context)
            assert (decision.outcome, decision.condition, decision.missing_keys) == (
                step.outcome, step.condition, step.missing_keys,
            )  # fmt: skip


LIMITS = [None, *(f"{A}policy/p{i}" for i in range(4)), ADMIN]
NEW_NAMES = ["example", "team/x", "svc/x", "u9", "r9"]


@given(SEEDS)
@settings(max_examples=8)
def test_who_can_create_an_administrator_is_who_may_do_all_of_it_to_one_new_name(seed: int) -> None:
    account = random_account(seed)
    edges = {(e.principal, e.target, e.method): e for e in escalation_edges(account, kinds=["create"])}
    for who in account.principals:
        for method in (m for m in METHODS.values() if m.kind == "create" and "Group" not in m.name):
            free = edges.get((who.arn, newcomer(str(method.target)), method.name))
            for limit in LIMITS if free is None or free.outcome != "allowed" else ():
                outcomes = [naive_creation(account, who, method, name, limit) for name in NEW_NAMES]
                edge = edges.get((who.arn, newcomer(str(method.target), limit), method.name))
                if limit is not None and limit not in conditions_of(account, who):
                    continue
                assert edge is not None or free is not None or outcomes == [None] * len(outcomes)
                assert "allowed" not in outcomes or (edge is not None and edge.outcome == "allowed")


def naive_creation(account: Snapshot, who: Any, method: Any, name: str, limit: str | None) -> str | None:
    """The outcome of all that a method asks of one new name, without tags; None where some of it is not granted."""
    found = []
    for need in method.needs:
        known = {f"{prefix}:ResourceTag/team": None for prefix in ("iam", "aws")} | {"iam:PermissionsBoundary": limit}
        known = {key: value for key, value in known.items() if catalog().key_fits(key.lower(), need.action.lower())}
        known |= {"iam:PolicyARN": ADMIN} if "Attach" in need.action else {}
        arn = f"{A}{method.target}/{name}"
        stack = trusting_stack(Trimmed(account, [need.action]), who, arn) if need.action == "sts:AssumeRole" else None
        found.append(Ask(need.action, known, stack).decide(Trimmed(account, [need.action]), who, arn).outcome)
    return None if not set(found) <= set(GRANTING) else "allowed" if set(found) == {"allowed"} else "conditional"


def conditions_of(account: Snapshot, who: Any) -> set[object]:
    """The values that conditions of a principal's policies look for."""
    statements = (s for policy in policies_of(account.stack(who)) for s in policy.statements)
    return {value for statement in statements for test in statement.conditions for value in test.values}


@given(SEEDS)
@settings(max_examples=8)
def test_what_could_be_created_is_what_it_is_said_to_be_once_it_is_there(seed: int) -> None:
    dump = random_dump(seed)
    account = parse_account(dump)
    taken = {p.arn.rpartition("/")[2].lower() for p in account.principals}
    edges = [e for e in escalation_edges(account, kinds=["create"]) if "Group" not in e.method]
    for edge in edges[:6]:
        arn = edge.steps[0].resource
        if "*" in arn:  # no name was found
            assert edge.outcome == "conditional"
            continue
        assert {step.resource for step in edge.steps if "Policy" not in step.action[-13:]} <= {arn, edge.via}
        assert arn.rpartition("/")[2].lower() not in taken
        after = parse_account(created(dump, edge, arn))
        told = administrators(account).newcomer(boundary=boundary_of(edge.target))
        assert administrators(after).standing(after.principal(arn)) == told
        for step in (step for step in edge.steps if step.after):
            assert decide(after, step.principal, step.action, arn, context=step.context).outcome == step.outcome


@given(SEEDS)
@settings(max_examples=8)
def test_who_is_created_within_a_boundary_gets_where_it_would_once_it_is_there(seed: int) -> None:
    dump = random_dump(seed)
    first: dict[str, EscalationEdge] = {}
    edges = escalation_edges(parse_account(dump))
    for edge in (edge for edge in edges if not is_new(edge.principal)):
        first.setdefault(edge.target, edge)
    standings = administrators(parse_account(dump))
    bounded = (target for target in first if boundary_of(target))
    for target in [one for one in bounded if standings.newcomer(boundary=boundary_of(one)) != "allowed"][:2]:
        arn = first[target].resource.replace("*", "example")
        after = parse_account(created(dump, first[target], arn))
        there = {
            (e.target, e.method, e.via, e.outcome)
            for e in escalation_edges(after, kinds=["assume", "credentials", "policy", "pass", "use"])
            if e.principal == arn != e.target
        }
        told = [edge for edge in edges if edge.principal == target and edge.kind != "create"]
        assert {(e.target, e.method, e.via, e.outcome) for e in told} == there
        for edge in told:
            assert all(step.after for step in edge.steps)
            step = edge.steps[0]
            assert decide(after, *asked(step), context=step.context).outcome == step.outcome


def created(dump: dict[str, Any], edge: EscalationEdge, arn: str) -> dict[str, Any]:
    """The dump with what an edge creates in it, rights, trust, boundary and all."""
    boundary = boundary_of(edge.target)
    kind, name = edge.how.target, arn.rpartition("/")[2]
    trusting = {"Effect": "Allow", "Principal": {"AWS": edge.principal}, "Action": "sts:AssumeRole"}
    entry: dict[str, Any] = {
        "Arn": arn, f"{str(kind).capitalize()}Name": name, "Tags": [],
        "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}],
    }  # fmt: skip
    if kind == "role":
        entry["AssumeRolePolicyDocument"] = {"Version": "2012-10-17", "Statement": trusting}
    if boundary is not None:
        entry["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary,
        }  # fmt: skip
    place = "RoleDetailList" if kind == "role" else "UserDetailList"
    everything = {"Version": "2012-10-17", "Statement": EVERYTHING}
    policy = {
        "PolicyName": "AdministratorAccess", "Arn": ADMIN, "DefaultVersionId": "v1",
        "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": True, "Document": everything}],
    }  # fmt: skip
    return dump | {place: [*dump[place], entry], "Policies": [*dump["Policies"], policy]}


@given(SEEDS)
@settings(max_examples=8)
def test_a_role_is_passed_exactly_where_the_pass_the_use_and_the_trust_are_granted(seed: int) -> None:
    account = parse_account(random_dump(seed))  # without RCPs, which may keep a service from a role
    edges = escalation_edges(account, kinds=["pass"])
    found = {
        (e.principal, e.target) for e in edges if e.method.endswith("lambda:CreateFunction + lambda:InvokeFunction")
    }
    naive = set()
    for who in account.principals:
        both = somewhere(Trimmed(account, CALLS), who, CALLS, "function")
        for role in account.principals:
            if role.kind != "role" or role.arn == who.arn:
                continue
            tags = {f"{prefix}:ResourceTag/team": dict(role.tags).get("team") for prefix in ("iam", "aws")}
            context = Context({**tags, "iam:PassedToService": "lambda.amazonaws.com"})
            passed = decide(account, who, "iam:PassRole", role.arn, context=context).outcome
            if both and passed in GRANTING and trusts_lambda(role):
                naive.add((who.arn, role.arn))
    assert found == naive


def trusts_lambda(role: Any) -> bool:
    (one,) = role.trust.statements
    own = all(value == "111122223333" for test in one.conditions for value in test.values)
    return own and ({"Service:lambda.amazonaws.com", "*", "AWS:*"} & set(one.principals.patterns)) != set()


NAMES = ["dev-x", "x-a", "dev-x-a", "prod", "example"]


@given(SEEDS)
@settings(max_examples=10)
def test_a_resource_is_found_where_there_is_one(seed: int) -> None:
    account = random_account(seed)
    for who in account.principals:
        found = somewhere(Trimmed(account, CALLS), who, CALLS, "function")
        tried = {}
        for region in ("us-east-1", "eu-west-1"):
            for name in NAMES:
                arn = f"arn:aws:lambda:{region}:111122223333:function:{name}"
                tried[arn] = [decide(account, who, action, arn).outcome for action in CALLS]
        if any(set(outcomes) <= set(GRANTING) for outcomes in tried.values()):
            assert found is not None
        if any(set(outcomes) == {"allowed"} for outcomes in tried.values()):
            assert found is not None
            assert {decision.outcome for decision in found} == {"allowed"}
        if found is not None:
            assert len({decision.request.resource for decision in found}) == 1
            assert all(decision.outcome in GRANTING for decision in found)


@given(SEEDS)
@settings(max_examples=8)
def test_assuming_is_what_the_chains_of_roles_are_made_of(seed: int) -> None:
    account = random_account(seed)
    edges = escalation_edges(account, kinds=["assume"])
    expected = [(e.principal, e.role, e.outcome) for e in assume_edges(account) if e.principal != e.role]
    assert [(e.principal, e.target, e.outcome) for e in edges] == expected


@given(SEEDS, st.sampled_from(["iam:*", "iam:PassRole", "lambda:*", "sts:*", "iam:Put*"]), st.integers(0, 4))
@settings(max_examples=10)
def test_adding_a_deny_never_adds_an_edge(seed: int, action: str, place: int) -> None:
    dump = random_dump(seed)
    before = {(e.principal, e.target, e.method) for e in escalation_edges(parse_account(dump))}
    denied = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": action, "Resource": f"{A}*"}}
    dump["UserDetailList"][place]["UserPolicyList"].append({"PolicyName": "no", "PolicyDocument": denied})
    after = {(e.principal, e.target, e.method) for e in escalation_edges(parse_account(dump))}
    assert after <= before


@given(SEEDS)
@settings(max_examples=5)
def test_asking_for_some_kinds_or_without_administrators_only_leaves_edges_out(seed: int) -> None:
    account = random_account(seed)
    everything = tuple(e for e in escalation_edges(account) if not is_new(e.principal))
    for kind in sorted(set(KINDS) - {"create"}):
        assert escalation_edges(account, kinds=[kind]) == tuple(e for e in everything if e.kind == kind)
    standing = {p.arn: administrators(account).standing(p) for p in account.principals}
    others = tuple(e for e in escalation_edges(account, administrators=False) if not is_new(e.principal))
    assert others == tuple(e for e in everything if standing[e.principal] != "allowed")


# What the example account tells --------------------------------------------------------------------------------------


def test_the_stories_of_the_account_come_out_as_told() -> None:
    assert between(EDGES, "omar", "alice").keys() == {"iam:CreateAccessKey", "iam:UpdateLoginProfile"}
    passed = between(EDGES, "ci-deployer", "nightly-maintenance")[
        "iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction"
    ]
    assert (passed.outcome, passed.service) == ("allowed", "lambda.amazonaws.com")
    shell = between(EDGES, "dana", "transcripts-host")["ssm:StartSession"]
    assert (shell.outcome, shell.condition) == ("conditional", "if an instance runs as role/transcripts-host")
    itself = between(EDGES, "transcripts-host", "transcripts-host")["iam:PutRolePolicy"]
    assert itself.reason == "role/transcripts-host can write an inline policy of itself"
    assert between(EDGES, "kofi", "kofi") == {}  # his boundary takes the right to make keys away


def test_a_condition_is_told_once_however_many_requests_share_it() -> None:
    edge = between(EDGES, "priya", "transcripts-host")["ssm:SendCommand"]
    assert edge.condition == 'if aws:RequestedRegion is "us-west-2"; if an instance runs as role/transcripts-host'
    assert edge.missing_keys == ("aws:RequestedRegion",)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(LexgraphError) as caught:
        escalation_edges(ACCOUNT, kinds=["magic"])  # type: ignore[list-item]  # what is wrong on purpose
    assert caught.value.code == "UNKNOWN_KIND"
    assert escalation_edges(ACCOUNT, kinds="pass") == escalation_edges(ACCOUNT, kinds=["pass"])


def small(**users: Any) -> dict[str, Any]:
    """A dump of users with inline policies: name → statements, or a whole entry."""
    listed = []
    for name, held in users.items():
        entry: dict[str, Any] = dict(held) if isinstance(held, dict) else {}
        statements = held if isinstance(held, list) else entry.pop("statements", [])
        document = {"Version": "2012-10-17", "Statement": statements}
        policies = [{"PolicyName": "own", "PolicyDocument": document}] if statements else []
        listed.append({"UserName": name, "Arn": f"{A}user/{name}", "UserPolicyList": policies, **entry})
    return {"UserDetailList": listed}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


EVERYTHING = [allow("*")]
LIMIT = {
    "PolicyName": "limit", "Arn": f"{A}policy/limit", "DefaultVersionId": "v1",
    "PolicyVersionList": [
        {"VersionId": "v1", "IsDefaultVersion": True,
         "Document": {"Version": "2012-10-17", "Statement": [allow("iam:*")]}},
    ],
}  # fmt: skip
NARROW = LIMIT | {
    "PolicyVersionList": [
        {"VersionId": "v1", "IsDefaultVersion": True,
         "Document": {"Version": "2012-10-17", "Statement": [allow("s3:*")]}},
    ],
}  # fmt: skip
BOUND = {"PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": f"{A}policy/limit"}}


def becoming(dump: dict[str, Any]) -> dict[str, tuple[str, str]]:
    G = escalation_graph(parse_account(dump))
    return {way.principal.rpartition("/")[2]: (way.outcome, str(way)) for way in who_can_become_administrator(G)}


def test_a_boundary_keeps_a_raised_user_from_being_an_administrator() -> None:
    own = allow("iam:PutUserPolicy", f"{A}user/ana")
    assert set(becoming(small(ana=[own]))) == {"ana"}
    bounded = small(ana={"statements": [own], **BOUND}) | {"Policies": [LIMIT]}
    assert becoming(bounded) == {}


def test_who_can_take_off_the_boundary_too_becomes_one() -> None:
    both = allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"], f"{A}user/ana")
    told = becoming(small(ana={"statements": [both], **BOUND}) | {"Policies": [LIMIT]})
    assert told == {
        "ana": ("allowed", "user/ana can take the boundary off itself; user/ana can write an inline policy of itself")
    }


def test_an_administrator_within_a_boundary_is_freed_by_who_can_lift_it() -> None:
    dump = small(
        ana={"statements": EVERYTHING, **BOUND}, ben=[allow("iam:Delete*Boundary"), allow("iam:CreateAccessKey")]
    )
    told = becoming(dump | {"Policies": [LIMIT]})
    assert told["ben"][1] == "user/ben can make an access key for user/ana; user/ana can take the boundary off itself"


def test_who_may_only_edit_another_does_not_become_it() -> None:
    assert becoming(small(ana=[allow("iam:PutUserPolicy", f"{A}user/ben")], ben=[])) == {}


def test_two_who_can_be_taken_over_may_together_make_an_administrator() -> None:
    told = becoming(small(
        ana=[allow("iam:CreateAccessKey", [f"{A}user/ben", f"{A}user/cleo"])],
        ben=[allow("iam:PutUserPolicy", f"{A}user/cleo")],
        cleo=[],
    ))  # fmt: skip
    assert set(told) == {"ana"}
    assert told["ana"][1].endswith("user/ben can write an inline policy of user/cleo")
    assert "for user/cleo" in told["ana"][1]


def test_a_group_that_administrators_are_in_makes_one() -> None:
    group = {"GroupName": "admins", "Arn": f"{A}group/admins", "GroupPolicyList": [
        {"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": EVERYTHING}}
    ]}  # fmt: skip
    other = {"GroupName": "all-staff", "Arn": f"{A}group/all-staff"}
    dump = small(ana=[allow("iam:AddUserToGroup", f"{A}group/*")]) | {"GroupDetailList": [other, group]}
    assert becoming(dump) == {"ana": ("allowed", "user/ana can put itself into group/admins")}
    only = small(ana=[allow("iam:AddUserToGroup", f"{A}group/all-staff")]) | {"GroupDetailList": [other, group]}
    assert becoming(only) == {}


def test_an_older_version_of_a_policy_makes_an_administrator_where_that_allowed_everything() -> None:
    def versions(old: list[dict[str, Any]]) -> dict[str, Any]:
        documents = [[allow("iam:SetDefaultPolicyVersion")], old]
        return {
            "PolicyName": "p", "Arn": f"{A}policy/p", "DefaultVersionId": "v1",
            "PolicyVersionList": [
                {"VersionId": f"v{i + 1}", "IsDefaultVersion": not i,
                 "Document": {"Version": "2012-10-17", "Statement": statements}}
                for i, statements in enumerate(documents)
            ],
        }  # fmt: skip

    held = {"AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": f"{A}policy/p"}]}
    assert set(becoming(small(ana=dict(held)) | {"Policies": [versions(EVERYTHING)]})) == {"ana"}
    assert becoming(small(ana=dict(held)) | {"Policies": [versions([allow("s3:*")])]}) == {}


def test_a_policy_that_could_not_be_read_is_never_taken_for_no() -> None:
    gone = {"AttachedManagedPolicies": [{"PolicyName": "Gone", "PolicyArn": f"{A}policy/Gone"}]}
    account = parse_account(small(ana=gone, ben=[]))
    assert administrators(account).standing(account.principal("ana")) == "conditional"
    assert {e.outcome for e in escalation_edges(account) if e.principal.endswith("ana")} == {"conditional"}


def test_a_policy_that_the_dump_lacks_can_be_edited_too() -> None:
    gone = {"AttachedManagedPolicies": [{"PolicyName": "Gone", "PolicyArn": f"{A}policy/Gone"}]}
    dump = small(ana=[allow(["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"])], ben=gone)
    edges = [edge for edge in escalation_edges(parse_account(dump)) if edge.principal.endswith("ana")]
    assert [(edge.gain, edge.via) for edge in edges] == [("rules", f"{A}policy/Gone"), ("changes", f"{A}policy/Gone")]


def test_a_group_whose_policy_could_not_be_read_may_make_an_administrator() -> None:
    gone = [{"PolicyName": "Gone", "PolicyArn": f"{A}policy/Gone"}]
    group = {"GroupName": "g", "Arn": f"{A}group/g", "AttachedManagedPolicies": gone}
    told = becoming(small(ana=[allow("iam:AddUserToGroup")]) | {"GroupDetailList": [group]})
    why = "if user/ana is an administrator then, which conditions decide"
    assert told == {"ana": ("conditional", f"user/ana can put itself into group/g ({why})")}


def test_tags_and_boundaries_of_the_target_are_known() -> None:
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    tagged = {"Tags": [{"Key": "Team", "Value": "red"}]}
    dump = small(ana=[allow("iam:CreateAccessKey", Condition=red)], ben=dict(tagged), cleo=[])
    (edge,) = escalation_edges(parse_account(dump))
    assert (edge.target, edge.outcome, edge.steps[0].known) == (
        f"{A}user/ben",
        "allowed",
        (("aws:ResourceTag/team", "red"),),
    )
    bounded = {"StringEquals": {"iam:PermissionsBoundary": f"{A}policy/limit"}}
    dump = small(ana=[allow("iam:PutUserPolicy", Condition=bounded)], ben=dict(BOUND), cleo=[]) | {"Policies": [LIMIT]}
    assert {e.target for e in escalation_edges(parse_account(dump))} == {f"{A}user/ben"}


def test_a_role_that_is_linked_to_a_service_is_neither_edited_nor_passed() -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
    linked = {
        "RoleName": "x",
        "Arn": f"{A}role/aws-service-role/lambda.amazonaws.com/x",
        "AssumeRolePolicyDocument": trust,
    }
    dump = small(ana=[allow(["iam:Put*", "iam:PassRole", "lambda:*"])]) | {"RoleDetailList": [linked]}
    assert {e.kind for e in escalation_edges(parse_account(dump)) if e.target.endswith("/x")} == {"use"}


def test_writing_a_trust_policy_is_of_use_only_to_who_may_then_assume_the_role() -> None:
    role = {"RoleName": "r", "Arn": f"{A}role/r", "AssumeRolePolicyDocument": trust(Random(1))}
    may = allow("iam:UpdateAssumeRolePolicy")
    no = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}
    dump = small(ana=[may], ben=[may, no]) | {"RoleDetailList": [role]}
    gains = {e.principal[-3:]: e.gain for e in escalation_edges(parse_account(dump), kinds=["policy"])}
    assert gains == {"ana": "acts", "ben": "changes"}


# What is not there yet ---------------------------------------------------------------------------------------------

WITHIN = {"StringEquals": {"iam:PermissionsBoundary": f"{A}policy/limit"}}
CREATE_USER = ["iam:CreateUser", "iam:AttachUserPolicy", "iam:CreateAccessKey"]
CREATE_ROLE = ["iam:CreateRole", "iam:PutRolePolicy"]


def creating(*statements: dict[str, Any], **more: Any) -> list[EscalationEdge]:
    """What ana, who holds the statements, can create."""
    account = parse_account(small(ana=list(statements)) | {"Policies": [LIMIT]} | more)
    return [e for e in escalation_edges(account, kinds=["create"]) if e.principal.endswith("ana")]


def test_who_can_create_an_administrator_becomes_one() -> None:
    told = becoming(small(ana=[allow(CREATE_USER, f"{A}user/new-*")]))
    assert told == {
        "ana": (
            "allowed",
            "user/ana can create a new user, attach AdministratorAccess to it and make an access key for it",
        )
    }
    told = becoming(small(ana=[allow(CREATE_ROLE, f"{A}role/x/*")]))
    assert told["ana"] == ("allowed", "user/ana can create a new role, write an inline policy of it and assume it")


def test_one_name_has_to_do_for_all_of_it() -> None:
    key = allow("iam:CreateAccessKey")
    assert creating(allow(CREATE_USER[0], f"{A}user/a-*"), allow(CREATE_USER[1], f"{A}user/b-*"), key) == []
    (edge,) = creating(allow(CREATE_USER[0], f"{A}user/a-*"), allow(CREATE_USER[1], f"{A}user/*-b"), key)
    assert {step.resource for step in edge.steps} == {f"{A}user/a-b"}


def test_a_name_that_is_taken_is_not_new() -> None:
    assert creating(allow(CREATE_USER, f"{A}user/ana")) == []
    (edge,) = creating(allow(CREATE_USER, f"{A}user/*"), UserDetailList=small(
        ana=[allow(CREATE_USER, f"{A}user/*")], EXAMPLE=[])["UserDetailList"])  # fmt: skip
    assert {step.resource for step in edge.steps} == {f"{A}user/example-2"}


def test_a_name_is_found_beside_those_that_are_denied() -> None:
    no = {"Effect": "Deny", "Action": "iam:*", "Resource": [f"{A}user/*e*", f"{A}user/*u?*"]}
    (edge,) = creating(allow(CREATE_USER), no)
    assert edge.outcome == "allowed"
    assert "e" not in edge.steps[0].resource.rpartition("/")[2]


def test_a_role_that_one_may_not_assume_is_of_no_use() -> None:
    assert creating(allow(CREATE_ROLE), {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}) == []
    assert len(creating(allow(CREATE_ROLE))) == 1  # its trust policy names ana, which is enough for a user (rule L7)


def test_what_has_to_be_within_a_boundary_is_no_administrator() -> None:
    (edge,) = creating(allow(CREATE_ROLE, Condition=WITHIN))
    assert edge.target == f"new role within {A}policy/limit"
    assert edge.reason.startswith("user/ana can create a new role within policy/limit, ")
    assert dict(edge.steps[0].known) == {"iam:PermissionsBoundary": f"{A}policy/limit"}
    assert becoming(small(ana=[allow(CREATE_ROLE, Condition=WITHIN)]) | {"Policies": [NARROW]}) == {}


def test_a_boundary_that_bounds_nothing_or_can_be_lifted_makes_an_administrator() -> None:
    missing = {"Null": {"iam:PermissionsBoundary": "true"}}
    (edge,) = creating(allow(CREATE_ROLE), {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": missing})
    assert edge.target == f"new role within {ADMIN}"
    for lift, on, words in (
        ("iam:DeleteRolePermissionsBoundary", "role/*", "take the boundary off it"),
        ("iam:PutRolePermissionsBoundary", "role/*", "give it a boundary that bounds nothing"),
        ("iam:CreatePolicyVersion", "policy/limit", "write a new version of its boundary"),
    ):
        edges = creating(allow(CREATE_ROLE, Condition=WITHIN), allow(lift, f"{A}{on}"))
        (edge,) = [e for e in edges if e.target == "new role"]
        assert (edge.outcome, edge.via) == ("allowed", f"{A}policy/limit")
        assert edge.reason.endswith(f"within policy/limit, write an inline policy of it and assume it, and {words}")


def test_a_new_user_may_be_put_into_a_group_of_administrators() -> None:
    group = {"GroupName": "admins", "Arn": f"{A}group/admins", "GroupPolicyList": [
        {"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": EVERYTHING}}
    ]}  # fmt: skip
    may = allow(["iam:CreateUser", "iam:CreateLoginProfile", "iam:AddUserToGroup"])
    (edge,) = creating(may, GroupDetailList=[group, {"GroupName": "staff", "Arn": f"{A}group/staff"}])
    assert (edge.target, edge.via, edge.outcome) == ("new user", f"{A}group/admins", "allowed")
    assert [step.resource.rpartition(":")[2] for step in edge.steps] == ["user/example", "group/admins", "user/example"]


def test_tags_of_what_is_new_are_for_who_creates_it_to_choose() -> None:
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    (edge,) = creating(allow("iam:CreateUser"), allow(CREATE_USER[1:], Condition=red))
    assert (edge.outcome, edge.missing_keys) == ("conditional", ("aws:ResourceTag/team",))
    no = {"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": red}
    (edge,) = creating(allow(CREATE_USER), no)
    assert edge.outcome == "allowed"


def test_what_cannot_be_told_apart_is_undecided_and_never_nothing() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@"
    no = {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": [f"{A}user/*{one}*" for one in letters]}
    (edge,) = creating(allow(CREATE_USER, f"{A}user/a*"), no)
    assert (edge.outcome, edge.condition) == ("conditional", UNDECIDED)
    step = edge.steps[0]
    with pytest.raises(LexgraphError, match="in too many ways"):
        decide(parse_account(small(ana=[allow(CREATE_USER, f"{A}user/a*"), no])), *asked(step), context=step.context)


def asked(step: Any) -> tuple[str, str, str]:
    return step.principal, step.action, step.resource


def test_what_could_be_created_is_a_node_of_its_own_kind_and_a_box() -> None:
    ana, ben = allow(CREATE_USER, f"{A}user/new-*"), allow(CREATE_ROLE, Condition=WITHIN)
    account = parse_account(small(ana=[ana], ben=[ben], root=EVERYTHING) | {"Policies": [NARROW]})
    G = escalation_graph(account)
    new = {label: G.nodes[node] for node, label in G.nodes(data="label") if G.nodes[node]["kind"] == "new principal"}
    assert {label: (facts["type"], facts["administrator"]) for label, facts in new.items()} == {
        "new user": ("user", "allowed"), "new role": ("role", "allowed"),
        "new role within policy/limit": ("role", "no"),
    }  # fmt: skip
    assert repr(who_can_reach(G, "new user")[0]).startswith("EscalationChain(user/ana → new user, 3 steps")
    assert escalation_graph(escalation_edges(account)).nodes["principal:new user"]["administrator"] == "unknown"
    words = alt_text(plot(account))
    assert "3 users, 0 roles" in words
    assert "user/ana → new user (administrator) (creates a user or role, and acts as it)" in words
    assert "user/ben → new role within policy/limit (creates" in words
    assert alt_text(plot(account, focus="new role within policy/limit"))


def test_what_can_only_be_created_within_a_boundary_gets_as_far_as_that_lets_it() -> None:
    limit = json.loads(json.dumps(NARROW).replace("s3:*", "sts:AssumeRole"))
    role = role_of({"AWS": "111122223333"})
    told = becoming(small(ben=[allow(CREATE_ROLE, Condition=WITHIN)]) | {"Policies": [limit], "RoleDetailList": [role]})
    first = "user/ben can create a new role within policy/limit, write an inline policy of it and assume it"
    assert told == {"ben": ("allowed", f"{first}; new role within policy/limit can assume role/r")}


def test_boundaries_that_one_pattern_names_are_told_apart() -> None:
    like = {"ArnLike": {"iam:PermissionsBoundary": f"{A}policy/*"}}
    policies = [NARROW | {"PolicyName": f"p{i}", "Arn": f"{A}policy/p{i}"} for i in range(3)]
    policies += [json.loads(json.dumps(NARROW).replace("s3:*", "sts:*"))]
    role = role_of({"AWS": "111122223333"})
    account = parse_account(
        small(ben=[allow(CREATE_ROLE, Condition=like)]) | {"Policies": policies, "RoleDetailList": [role]}
    )
    edges = escalation_edges(account, administrators=False)
    assert sum(is_new(edge.target) for edge in edges if edge.principal.endswith("ben")) == 4
    assert {(edge.principal, edge.target) for edge in edges if is_new(edge.principal)} == {
        (f"new role within {A}policy/limit", f"{A}role/r")
    }


# What a dump does not tell of ---------------------------------------------------------------------------------------


def role_of(trusting: dict[str, Any], action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    trusted = {"Effect": "Allow", "Principal": trusting, "Action": action, **more}
    held = {"Version": "2012-10-17", "Statement": EVERYTHING}
    return {
        "RoleName": "r", "Arn": f"{A}role/r",
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": trusted},
        "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": held}],
    }  # fmt: skip


@pytest.mark.parametrize(
    "service, actions, condition",
    [
        ("ec2", ["ec2:AssociateIamInstanceProfile"], "if there is an instance on which user/ana can run commands"),
        ("ec2", ["ec2:ReplaceIam*"], "if there is an instance on which user/ana can run commands"),
        ("lambda", ["lambda:UpdateFunctionConfiguration"], "if there is a function, which something calls"),
    ],
)
def test_a_role_may_be_passed_to_what_is_there_already(service: str, actions: list[str], condition: str) -> None:
    dump = small(ana=[allow(["iam:PassRole", *actions])])
    account = parse_account(dump | {"RoleDetailList": [role_of({"Service": f"{service}.amazonaws.com"})]})
    (edge,) = escalation_edges(account, kinds=["pass"])[:1]
    assert (edge.principal, edge.outcome, edge.condition) == (f"{A}user/ana", "conditional", condition)
    assert [way.principal for way in who_can_become_administrator(account)] == [f"{A}user/ana"]


def test_who_sets_the_keys_of_a_provider_signs_in_as_a_role_that_trusts_it() -> None:
    role = role_of({"Federated": PROVIDER}, "sts:AssumeRoleWithSAML", Condition={
        "StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}})  # fmt: skip
    dump = small(ana=[allow("iam:UpdateSAMLProvider")], ben=[allow("iam:UpdateSAMLProvider", f"{A}saml-provider/x")])
    account = parse_account(dump | {"RoleDetailList": [role]})
    (edge,) = (e for e in escalation_edges(account, kinds=["credentials"]) if e.principal != role["Arn"])
    assert edge.reason == "user/ana can set the keys of saml-provider/corp, which role/r trusts, and sign with its own"
    assert (edge.outcome, edge.condition) == ("conditional", "if there is a saml-provider/corp")
    assert [(step.principal, step.resource) for step in edge.steps] == [
        (f"{A}user/ana", PROVIDER), (f"Federated:{PROVIDER}", f"{A}role/r"),
    ]  # fmt: skip


# Methods ------------------------------------------------------------------------------------------------------------


def test_every_method_names_actions_and_types_that_the_catalogue_knows() -> None:
    places = {"*", "target", "group", "other group", "policy", "boundary", "provider", "new"}
    for method in METHODS.values():
        for need in method.needs:
            facts = catalog().action(need.action)
            assert facts is not None, need
            assert need.on in places | set(facts.resource_types), need
            assert (need.on == "*") == catalog().wildcard_only(need.action), need
        assert method.reference.startswith("https://docs.aws.amazon.com/")
        assert method.words.format(target="x", via="y")
        assert "{" not in method.presumes.format(who="x", target="y", via="z")


def test_no_method_contains_another_of_the_same_kind() -> None:
    for a in METHODS.values():
        for b in METHODS.values():
            same = a.kind == b.kind and a.service == b.service
            assert a is b or not (same and set(a.needs) < set(b.needs)), (a.name, b.name)


# The graph ----------------------------------------------------------------------------------------------------------

GRAPH = escalation_graph(ACCOUNT)


def test_the_graph_keeps_every_reason_with_its_requests() -> None:
    told = tuple(way for a, b in GRAPH.edges for way in reasons(GRAPH, a, b))
    assert set(told) == set(EDGES)
    assert sum(GRAPH.edges[edge]["ways"] for edge in GRAPH.edges) == len(EDGES)
    arns = [p.arn for p in ACCOUNT.principals]
    assert [node.partition(":")[2] for node in GRAPH] == [*arns, "new role", "new user"]
    assert {GRAPH.nodes[node]["kind"] for node in list(GRAPH)[len(arns) :]} == {"new principal"}
    for _, _, facts in GRAPH.edges(data=True):
        assert all(isinstance(value, str | int | bool) for value in facts.values())


def test_the_graph_goes_into_graphml_and_back(tmp_path: Any) -> None:
    export(GRAPH, tmp_path / "who.graphml")
    back = nx.read_graphml(tmp_path / "who.graphml")
    assert set(back.edges) == set(GRAPH.edges)
    assert reasons(back, "user/omar", "user/oleg") == reasons(GRAPH, "user/omar", "user/oleg")


def test_a_graph_of_edges_alone_does_not_know_who_is_an_administrator() -> None:
    G = escalation_graph(EDGES)
    assert set(G.edges) == set(GRAPH.edges)
    with pytest.raises(LexgraphError) as caught:
        who_can_become_administrator(G)
    assert caught.value.code == "UNKNOWN_STANDING"
    assert escalation_overview(G).number_of_nodes() > 2


def test_other_graphs_are_refused() -> None:
    with pytest.raises(LexgraphError, match="of an account, or of its escalation edges"):
        escalation_graph("x")  # type: ignore[arg-type]  # what is wrong on purpose
    for ask in (who_can_become_administrator, escalation_overview, lambda G: who_can_reach(G, "x")):
        with pytest.raises(LexgraphError, match="escalation_graph made"):
            ask(nx.DiGraph(kind="access"))


def test_questions_take_an_account_its_holder_its_edges_and_its_graph() -> None:
    told = [list(who_can_reach(given, "role/handover-day")) for given in (GRAPH, ACCOUNT, Account(ACCOUNT), EDGES)]
    assert told[0] == told[1] == told[2]
    # Edges say the same of everybody who has one.
    assert told[0] == told[3]
    assert who_can_become_administrator(Account(ACCOUNT)) == who_can_become_administrator(GRAPH)
    ends = "role/ci-deployer", "user/alice"
    assert escalation_paths(ACCOUNT, *ends, most=2) == escalation_paths(GRAPH, *ends, most=2)


@pytest.mark.parametrize("given", [None, 3, "user/omar", [1], {"a": 1}, object()], ids=repr)
def test_what_is_no_account_is_a_clear_error(given: Any) -> None:
    asks: list[Any] = [escalation_graph, who_can_become_administrator, lambda it: who_can_reach(it, "user/x")]
    for ask in (*asks, lambda it: escalation_paths(it, "user/x", "user/y")):
        with pytest.raises(LexgraphError, match="an account") as caught:
            ask(given)
        assert caught.value.code == "WRONG_DATA"


def test_a_way_is_printed_on_one_line() -> None:
    ways = {way.principal.rpartition("/")[2]: way for way in who_can_become_administrator(ACCOUNT)}
    assert repr(ways["omar"]) == "EscalationChain(user/omar → user/oleg → administrators, 1 step, allowed)"
    assert repr(ways["transcripts-host"]) == "EscalationChain(role/transcripts-host → administrators, 1 step, allowed)"
    assert repr(ways["dana"]).endswith("(user/dana → role/transcripts-host → administrators, 3 steps, conditional)")
    (way,) = escalation_paths(ACCOUNT, "user/yuki", "role/handover-day", most=1)
    assert repr(way) == "EscalationChain(user/yuki → role/handover-day, 1 step, allowed)"
    strange = replace(way.edges[0], target=f"{A}role/x\n\u202ey")
    assert "\n" not in repr(replace(way, edges=(strange,)))
    assert max(map(len, map(repr, ways.values()))) < 120


def test_who_becomes_an_administrator_is_as_the_account_was_made() -> None:
    ways = {way.principal.rpartition("/")[2]: way for way in who_can_become_administrator(GRAPH)}
    certain = {"ci-deployer", "stack-deployer", "transcripts-host", "omar"}
    assert {name for name, way in ways.items() if way.outcome == "allowed"} == certain
    assert ways.keys() - certain == {"dana", "ci-legacy", "priya"}
    assert len(ways["dana"].edges) == 2
    assert [step.action for step in ways["dana"].steps if not step.principal.startswith("Service:")] == [
        "ssm:StartSession", "iam:PutRolePolicy",
    ]  # fmt: skip


@given(SEEDS)
@settings(max_examples=8)
def test_a_path_exists_exactly_where_consecutive_edges_do(seed: int) -> None:
    G = escalation_graph(random_account(seed))
    acts = nx.DiGraph([(a, b) for a, b, facts in G.edges(data=True) if facts["acts"] != "no"])
    acts.add_nodes_from(G)
    for end in G:
        before = {start for near in G.predecessors(end) for start in (near, *nx.ancestors(acts, near))} - {end}
        there = {start for start in before if G.nodes[start]["kind"] == "principal"}
        assert {f"principal:{way.principal}" for way in who_can_reach(G, end)} == there
        for start in sorted(before)[:2]:
            ways = escalation_paths(G, start, end, most=3)
            assert ways
            for way in ways:
                assert (way.principal, way.target) == (start.partition(":")[2], end.partition(":")[2])
                for one, after in pairwise(way.edges):
                    assert one.target == after.principal
                    assert one.acts
        for start in sorted(set(G) - before - {end})[:2]:
            assert escalation_paths(G, start, end) == ()


@given(SEEDS)
@settings(max_examples=15)
def test_who_becomes_an_administrator_is_who_a_search_of_everything_finds(seed: int) -> None:
    account = random_account(seed)
    G = escalation_graph(account)
    found = {f"principal:{way.principal}": way.outcome for way in who_can_become_administrator(G)}
    there = [node for node in G if G.nodes[node]["kind"] == "principal"]
    certain = {node for node in there if naive_becomes(G, node, {"allowed"})}
    perhaps = {node for node in there if naive_becomes(G, node, {"allowed", "conditional"})}
    assert {node for node, outcome in found.items() if outcome == "allowed"} == certain
    assert found.keys() == certain | {node for node in perhaps if G.nodes[node]["administrator"] == "no"}
    for way in who_can_become_administrator(G):
        acting = {way.principal}
        for edge in way.edges:
            assert edge.principal in acting
            acting |= {edge.target} if edge.acts else set()


def naive_becomes(G: Any, start: str, good: set[str]) -> bool:
    """Whether who is no administrator for certain becomes one by edges with these outcomes."""
    if G.nodes[start]["administrator"] == "allowed":
        return False
    acting, size = {start}, 0
    while len(acting) > size:
        size = len(acting)
        acting |= {b for a in tuple(acting) for b in G.successors(a) if G.edges[a, b]["acts"] in good}
    for b in acting:
        node = G.nodes[b]
        gains = {
            gain
            for a in acting
            if G.has_edge(a, b)
            for gain in ("rules", "raises", "unbinds")
            if G.edges[a, b][gain] in good
        }
        raised = node["raised"] in good or (node["freed"] in good and "unbinds" in gains)
        if node["administrator"] in good or "raises" in gains or ("rules" in gains and raised):
            return True
    return False


@given(SEEDS)
@settings(max_examples=8)
def test_an_overview_has_no_cycles_and_leads_all_who_can_to_the_administrators(seed: int) -> None:
    G = escalation_graph(random_account(seed))
    small_one = escalation_overview(G)
    assert nx.is_directed_acyclic_graph(small_one)
    ways = {way.principal.rpartition("/")[2] for way in who_can_become_administrator(G)}
    tops = [node for node, standing in small_one.nodes(data="standing") if standing == TOP]
    reaching = {node for top in tops for node in nx.ancestors(small_one, top)}
    inside = {name.rpartition("/")[2] for node in reaching for name in small_one.nodes[node]["names"].split(", ")}
    assert ways <= inside
    for node in G:
        assert nx.is_directed_acyclic_graph(escalation_overview(G, focus=node))


# An administrator --------------------------------------------------------------------------------------------------


@given(
    SEEDS,
    st.lists(st.sampled_from(["s3:GetObject", "iam:PutRolePolicy", "lex:PutBot", "ec2:RunInstances"]), min_size=2),
)
@settings(max_examples=10)
def test_an_administrator_is_refused_nothing(seed: int, actions: list[str]) -> None:
    account = random_account(seed)
    for who in account.principals:
        if administrators(account).standing(who) == "allowed":
            for action in actions:
                for resource in (f"{A}role/r1", f"{A}user/u0", "arn:aws:s3:::b/k"):
                    assert decide(account, who, action, resource).outcome == "allowed"


def test_an_administrator_under_a_condition_is_told_apart() -> None:
    mfa, none = ({"Bool": {"aws:MultiFactorAuthPresent": value}} for value in ("true", "false"))
    no = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    account = parse_account(small(
        ana=[allow("*", Condition=mfa)],
        ben=[*EVERYTHING, no | {"Condition": none}],
        cleo=[*EVERYTHING, no],
        dora=[{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        emil=[{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, allow("iam:*")],
    ))  # fmt: skip
    standing = {p.name: administrators(account).standing(p) for p in account.principals}
    assert standing == {"ana": "conditional", "ben": "conditional", "cleo": None, "dora": None, "emil": "allowed"}


# The table and the account in hand ---------------------------------------------------------------------------------


def test_the_table_has_a_row_per_way() -> None:
    table = Account(ACCOUNT).escalation
    SCHEMAS["escalation"].check(table)
    assert len(table) == len(EDGES)
    row = table[table["reason"] == "user/omar can make an access key for user/oleg"].iloc[0]
    assert row["requests"] == f"iam:CreateAccessKey on {A}user/oleg"
    assert (row["kind"], row["gain"], row["outcome"]) == ("credentials", "acts", "allowed")
    assert SCHEMAS["escalation"].empty().empty


def test_an_account_in_hand_gives_its_graph() -> None:
    assert set(Account(ACCOUNT).escalation_graph().edges) == set(GRAPH.edges)
    assert set(escalation_graph(Account(ACCOUNT)).edges) == set(GRAPH.edges)


# The chart (its legibility is tested with all others) --------------------------------------------------------------


def test_the_chart_takes_an_account_its_holder_and_its_graph() -> None:
    titles = {plot(source).get_title(loc="left") for source in (ACCOUNT, Account(ACCOUNT), GRAPH)}
    assert titles == {"Who can take over whom"}
    assert plot(ACCOUNT, focus="user/dana").get_title(loc="left") == "Who can take over user/dana"
    with pytest.raises(LexgraphError, match="an escalation graph, or an account, not"):
        plot(7)


def test_the_chart_tells_each_way_in_words() -> None:
    words = alt_text(plot(ACCOUNT))
    assert "user/omar → 4 administrators (makes or resets credentials)" in words
    assert "user/dana → role/transcripts-host (uses what runs as the role under a condition)" in words


def test_kinds_differ_in_their_dashes_too() -> None:
    ax = plot(ACCOUNT, focus="role/transcripts-host")
    dashes = {str(patch.get_linestyle()) for patch in ax.patches if isinstance(patch, PathPatch)}
    assert len(dashes) >= 4


def test_an_account_in_which_nobody_can_do_anything_is_drawn() -> None:
    ax = plot(parse_account(small(ana=[], ben=[])))
    assert "Nobody can take over anybody." in alt_text(ax)
    assert "Not drawn: 2 who take over nobody" in alt_text(ax)


def test_what_nobody_can_read_is_refused_and_a_part_is_offered() -> None:
    users = {f"u{i}": [allow("iam:CreateAccessKey", f"{A}user/u{j}") for j in range(i)] for i in range(70)}
    with pytest.raises(LexgraphError) as caught:
        plot(parse_account(small(**users)))
    assert caught.value.code == "TOO_LARGE_TO_DRAW"
    assert 'focus="user/u0"' in caught.value.message
    assert plot(parse_account(small(**users)), focus="user/u0").get_title(loc="left") == "Who can take over user/u0"


def test_hostile_names_stay_inside_the_picture() -> None:
    names = ["_private", "a$b$c", "<script>alert(1)<", "x" * 60]
    document = {"Version": "2012-10-17", "Statement": [allow("iam:CreateAccessKey")]}
    own = [{"PolicyName": "p", "PolicyDocument": document}]
    users = [{"UserName": "n", "Arn": f"{A}user/{name}", "UserPolicyList": own} for name in names]
    figure = plot(parse_account({"UserDetailList": users})).figure
    written = io.BytesIO()
    figure.savefig(written, format="svg")
    assert b"<script" not in written.getvalue()
