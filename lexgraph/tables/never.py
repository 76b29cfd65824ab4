"""The table of statements that can match no request, as where a value was lost when the policy was copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from lexgraph.errors import shown
from lexgraph.policy.grammar import read_operator
from lexgraph.policy.model import ConditionTest, Statement
from lexgraph.tables.schema import SCHEMAS
from lexgraph.tables.source import Policies, policies_of

NO_EMPTY_VALUE = "AWS sends no empty value for these keys"
NO_TRAILING_SLASH = "no role's ARN ends in /"
# Keys that AWS fills itself, with a name, an id or an ARN. Tags, and what a caller may choose (s3:prefix), can be
# empty.
_NEVER_EMPTY = frozenset(
    "lambda:principal lambda:functionarn iam:awsservicename iam:passedtoservice iam:policyarn iam:permissionsboundary "
    "iam:associatedresourcearn kms:calleraccount kms:viaservice sts:rolesessionname "
    "aws:principalarn aws:principalaccount aws:principaltype aws:principalorgid aws:principalservicename aws:userid "
    "aws:username aws:resourceaccount aws:resourceorgid aws:requestedregion aws:sourceaccount aws:sourcearn "
    "aws:sourceip aws:sourcevpc aws:sourcevpce aws:currenttime aws:epochtime aws:securetransport".split()
)
_POSITIVE = frozenset(
    "StringEquals StringEqualsIgnoreCase StringLike ArnEquals ArnLike NumericEquals DateEquals Bool IpAddress "
    "BinaryEquals".split()
)
_ROLE_PATH = re.compile(r"arn:[^:]*:iam:[^:]*:[^:]*:role/.*/\Z", re.S)


def never_matches_table(policies: Policies) -> pd.DataFrame:
    """Return the statements that can match no request, with the reason and what it leans on.

    A condition that wants an empty value of a key that AWS never sends empty, one that has no values at all, and a
    Resource whose
    every pattern is a role's ARN that ends in ``/``.

    Returns
    -------
    The table ``never_matches``: policy, statement, sid, reason, assumption; a row per statement and reason.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> role = "arn:aws:iam::*:role/aws-service-role/"
    >>> policy = parse_policy({"Statement": {"Effect": "Allow", "Action": "iam:GetRole", "Resource": role}})
    >>> never_matches_table(policy)["assumption"].tolist()
    ["no role's ARN ends in /"]
    """
    rows = (
        (policy.key, i, statement.sid, reason, assumption)
        for policy in policies_of(policies)
        for i, statement in enumerate(policy.statements)
        for reason, assumption in reasons(statement)
    )
    return SCHEMAS["never_matches"].frame(rows)


def reasons(statement: Statement) -> Iterator[tuple[str, str | None]]:
    """Yield why a statement can match no request, each time with what this leans on (None where on nothing)."""
    for test in statement.conditions:
        if not _must_match(test):
            continue
        if not test.values:
            yield f"the condition on {shown(test.key)} has no values", None
        elif test.key.lower() in _NEVER_EMPTY and all(value == "" for value in test.values):
            yield f"the condition wants an empty value of {shown(test.key)}", NO_EMPTY_VALUE
    element = statement.resources
    if element is not None and not element.negated and all(map(_ROLE_PATH.match, element.patterns)):
        listed = ", ".join(shown(pattern) for pattern in dict.fromkeys(element.patterns))
        yield f"the resource is a path, not a role: {listed}", NO_TRAILING_SLASH


def _must_match(test: ConditionTest) -> bool:
    """Whether the test holds only where a value of the request equals one of its own."""
    name = read_operator(test.operator)
    return name is not None and name.base in _POSITIVE and not name.if_exists and name.qualifier != "ForAllValues"
