"""PMapper's nodes, made from authorization details: what it would read from an account."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from holding import Holdings
from principalmapper.common import Group, Node, Policy
from principalmapper.graphing import (
    autoscaling_edges,
    cloudformation_edges,
    codebuild_edges,
    ec2_edges,
    iam_edges,
    lambda_edges,
    sagemaker_edges,
    ssm_edges,
    sts_edges,
)
from principalmapper.graphing.gathering import update_admin_status
from principalmapper.querying import local_policy_simulation as simulation
from principalmapper.querying.query_interface import local_check_authorization
from serving import Task, clear_caches

# The finders of edges that need no AWS; those that look at functions, stacks and projects are given none.
FINDERS: tuple[Callable[[list[Node]], list[Any]], ...] = (
    autoscaling_edges.generate_edges_locally,
    lambda nodes: cloudformation_edges.generate_edges_locally(nodes, []),
    lambda nodes: codebuild_edges.generate_edges_locally(nodes, None, []),
    ec2_edges.generate_edges_locally,
    iam_edges.generate_edges_locally,
    lambda nodes: lambda_edges.generate_edges_locally(nodes, []),
    sagemaker_edges.generate_edges_locally,
    ssm_edges.generate_edges_locally,
    sts_edges.generate_edges_locally,
)


def unbounded() -> None:
    """Let its cache of compiled patterns hold all of them, where it holds 2,048."""
    compiled = simulation._compose_pattern.__wrapped__
    simulation._compose_pattern = functools.lru_cache(maxsize=None, typed=True)(compiled)


def nodes_of(path: str) -> list[Node]:
    """Return its nodes."""
    account = Holdings(path)
    made: dict[str, Policy] = {}

    def policy(arn: str, document: Any) -> Policy:
        if arn not in made:
            made[arn] = Policy(arn, arn.rpartition("/")[2], document)
        return made[arn]

    def holder(kind: str, one: Any) -> list[Policy]:
        return [policy(arn, document) for arn, document in account.of_holder(kind, one).items()]

    groups = {name: Group(one["Arn"], holder("Group", one)) for name, one in account.groups.items()}
    found = []
    for kind, one in account.principals():
        bound = one.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        found.append(
            Node(
                arn=one["Arn"],
                id_value=one[f"{kind}Id"],
                attached_policies=holder(kind, one),
                group_memberships=[groups[name] for name in one.get("GroupList", ())],
                trust_policy=one.get("AssumeRolePolicyDocument"),
                instance_profile=None,
                num_access_keys=0,
                active_password=False,
                is_admin=False,
                permissions_boundary=policy(bound, account.managed[bound]) if bound else None,
                has_mfa=False,
                tags={tag["Key"]: tag["Value"] for tag in one["Tags"]},
            )
        )
    return found


class WhoCan(Task):
    """Its `local_check_authorization` of each principal."""

    forgets = "its cache of compiled patterns"

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.nodes = nodes_of(data["path"])

    def forget(self) -> None:
        """Empty the caches."""
        clear_caches("principalmapper")

    def run(self) -> list[list[str]]:
        """Return who is allowed, question by question."""
        return [
            [node.arn for node in self.nodes if local_check_authorization(node, action, resource, {})]
            for action, resource in self.data["questions"]
        ]


class FirstAnswer(WhoCan):
    """The same from the file on."""

    def run(self) -> list[list[str]]:
        """Read the account and ask."""
        self.nodes = nodes_of(self.data["path"])
        return super().run()


class Edges(WhoCan):
    """Its search for who can act as whom, after that for administrators."""

    def run(self) -> list[Any]:
        """Return the edges."""
        update_admin_status(self.nodes)
        return [edge for find in FINDERS for edge in find(self.nodes)]

    def answers(self) -> Any:
        """Return the pairs, and who is an administrator."""
        pairs = {(edge.source.arn, edge.destination.arn) for edge in self.run()}
        return {"pairs": sorted(pairs), "administrators": [node.arn for node in self.nodes if node.is_admin]}


class UnboundedEdges(Edges):
    """The same with an unbounded cache of patterns."""

    def __init__(self, data: Any) -> None:
        unbounded()
        super().__init__(data)
