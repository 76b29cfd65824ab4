"""Tables about the Amazon Lex console: what it needs, and which policies are ready for it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import pandas as pd

from lexgraph.access.decide import GRANTING
from lexgraph.bundled import bundled_path
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.facts import ActionFacts
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.tables.never import NO_EMPTY_VALUE, NO_TRAILING_SLASH, reasons
from lexgraph.tables.schema import SCHEMAS
from lexgraph.tables.source import Policies, identity_policies_of

ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/console"
_ROLES = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role"
BOT_ROLE = f"{_ROLES}/lex.amazonaws.com/AWSServiceRoleForLexBots"
CHANNEL_ROLE = f"{_ROLES}/channels.lex.amazonaws.com/AWSServiceRoleForLexChannels"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:AmazonLexHook"
# What the console's requests are about, where the guide's policy says so: its service-linked roles, and functions
# whose names begin with AmazonLex.
_ASKED_ON = {
    **dict.fromkeys(("iam:PassRole",), (BOT_ROLE,)),
    **dict.fromkeys(
        (
            "iam:CreateServiceLinkedRole",
            "iam:DeleteRole",
            "iam:DeleteServiceLinkedRole",
            "iam:DetachRolePolicy",
            "iam:GetRole",
            "iam:GetServiceLinkedRoleDeletionStatus",
        ),
        (BOT_ROLE, CHANNEL_ROLE),
    ),
    **dict.fromkeys(("lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"), (FUNCTION,)),
}
_HOLE = re.compile(r"\$\{([^}]*)\}")
_FILLED = {"Partition": "aws", "Region": "us-east-1", "Account": ACCOUNT}
KEY_ASSUMPTION = "a KMS key's own policy leaves access to IAM policies, as AWS's default key policy does"
# Rule L8: without its key policy, nobody may use a key.
_DEFAULT_KEY_POLICY = Policy(
    "default key policy",
    (
        Statement(
            "Allow", PatternSet(("kms:*",)), PatternSet(("*",)), PatternSet((f"AWS:arn:aws:iam::{ACCOUNT}:root",))
        ),
    ),
    kind="resource",
)
# The answer that tells most about a need that stands for several requests, worst first.
_WORST = ("explicitDeny", "implicitDeny", "conditional", "allowed")


def console_needs_table() -> pd.DataFrame:
    """Return what the Amazon Lex console needs beside the bot itself: the actions of the guide's console policy.

    Returns
    -------
    The table ``console_needs``: service, action, feature, reason.

    Examples
    --------
    >>> console_needs_table()["feature"].nunique()
    8
    """
    return SCHEMAS["console_needs"].frame(_needs())


def console_readiness_table(policies: Policies) -> pd.DataFrame:
    """Return for every policy, taken alone, which needs of the Amazon Lex console it meets: a row per policy and need.

    A need is met (``allowed``) where every request that it stands for is: ``lex:*`` stands for all of Lex's actions,
    each asked on a resource of a type that it takes; the needs about roles and functions are asked on those that the
    guide names. Where a condition decides, the outcome is ``conditional`` and `blocked` is False: the feature works for
    requests that meet the condition. A statement that can match no request makes nothing ready (see
    :func:`lexgraph.tables.never.never_matches_table`).

    Returns
    -------
    The table ``console_readiness``: policy, name, feature, action, outcome, blocked, condition, lacking.
    ``attrs["assumptions"]`` names what the answers lean on.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}}')
    >>> ready = console_readiness_table([policy])
    >>> ready.loc[~ready["blocked"], "action"].tolist()
    ['lex:*']
    """
    rows = [
        (policy.key, policy.name, feature, action, *_readiness(policy, action))
        for policy in identity_policies_of(policies)
        for _, action, feature, _ in _needs()
    ]
    assumptions = (KEY_ASSUMPTION, NO_EMPTY_VALUE, NO_TRAILING_SLASH)
    return SCHEMAS["console_readiness"].frame(rows, assumptions=assumptions, catalog_date=catalog().date)


def _readiness(policy: Policy, need: str) -> tuple[str, bool, str | None, int]:
    """The columns outcome, blocked, condition and lacking."""
    decisions = tuple(_decisions(policy, need))
    outcome = next(word for word in _WORST if any(d.outcome == word for d in decisions))
    lacking = sum(d.outcome not in GRANTING for d in decisions)
    if outcome != "conditional":
        return outcome, lacking > 0, None, lacking
    conditions = dict.fromkeys(d.condition for d in decisions if d.condition)
    return outcome, False, "; ".join(conditions), lacking


@lru_cache(1)
def _needs() -> tuple[tuple[str, str, str, str], ...]:
    with bundled_path("examples", "console_needs.csv").open(encoding="utf-8", newline="") as file:
        return tuple((row["service"], row["action"], row["feature"], row["reason"]) for row in csv.DictReader(file))


def _decisions(policy: Policy, need: str) -> Iterator[Decision]:
    for action, resource in _requests(need):
        key_policy = _DEFAULT_KEY_POLICY if resource.startswith("arn:aws:kms:") else None
        stack = PolicyStack(_stack(policy).identity, resource=key_policy) if key_policy else _stack(policy)
        yield authorize(stack, Request(USER, action, resource))


@lru_cache(256)
def _stack(policy: Policy) -> PolicyStack:
    # Without the Allow statements that can match no request: they would make a need conditional on what never happens.
    live = tuple(s for s in policy.statements if not (s.allows and any(reasons(s))))
    return PolicyStack((replace(policy, statements=live),))


@lru_cache(64)
def _requests(need: str) -> tuple[tuple[str, str], ...]:
    """The requests that a need stands for."""
    cat = catalog()
    found = []
    for name in cat.expand(need):
        facts = cat.action(name)
        resources = _ASKED_ON.get(name) or ((_example(facts),) if facts and not facts.wildcard_only else ("*",))
        found += [(name, resource) for resource in resources]
    return tuple(found)


def _example(facts: ActionFacts) -> str:
    """An ARN of the first type of resource that an action takes."""
    types = {found.name: found.arns for found in catalog().service(facts.service).resource_types}
    template = types[facts.resource_types[0]][0]
    return _HOLE.sub(lambda hole: _FILLED.get(hole.group(1), "Example"), template)
