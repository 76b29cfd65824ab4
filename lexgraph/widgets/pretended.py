"""An account with one user in it, so that policies alone can be asked what they allow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lexgraph.access.decide import action_names
from lexgraph.account.model import Principal, Resource, Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.arn import PARTS, is_arn, split_arn
from lexgraph.policy.model import Policy
from lexgraph.policy.patterns import is_pattern
from lexgraph.workbench import Account

SOMEONE = "arn:aws:iam::111122223333:user/someone"
_HOLE = re.compile(r"\$\{(\w+)\}")
_FILLED = {"Partition": "aws", "Region": "us-east-1", "Account": "111122223333"}
_PLACES = ("arn", "aws", "", "us-east-1", "111122223333")


def policy_account(policies: Policy | Iterable[Policy] | Mapping[str, Policy], actions: str | Iterable[str]) -> Account:
    """Return an account of one pretended user, ``user/someone``, who holds `policies` as identity policies.

    Its resources are examples: one of each type that `actions` can be about, and one for each pattern that the
    policies name. Raises LexgraphError for a policy that is no identity policy, CatalogError for actions that do not
    exist.

    >>> from lexgraph.workbench import find_policy
    >>> account = policy_account(find_policy("AmazonLexReadOnly"), "lex:*")
    >>> account.can("user/someone", "lex:ListBots", "*").outcome
    'allowed'
    """
    held = _held(policies)
    for policy in held:
        if policy.kind != "identity":
            raise LexgraphError(
                f"{shown(policy.name)} is read as a {policy.kind} policy; only identity policies grant anything by "
                "themselves",
                code="NO_IDENTITY_POLICY",
            )
    someone = Principal(SOMEONE, "user", "someone", inline=held)
    resources = tuple(Resource(arn) for arn in example_resources(held, actions))
    note = f"{SOMEONE} is a pretended user who holds the policies alone"
    source = ", ".join(policy.name for policy in held)
    return Account(Snapshot(source, "", None, SOMEONE.split(":")[4], (someone,), resources=resources, notes=(note,)))


def example_resources(policies: Iterable[Policy], actions: str | Iterable[str]) -> tuple[str, ...]:
    """Return ARNs to ask about, sorted: one for each type that the actions' services have, one for each pattern that
    the policies name.

    >>> example_resources((), "lex:PostText")[0]
    'arn:aws:lex:us-east-1:111122223333:bot-alias/example/example'
    """
    found = {_filled(template) for template in _templates(actions)}
    found.update(filter(None, map(_witness, _patterns(policies))))
    return tuple(sorted(arn for arn in found if is_arn(arn)))


def _held(policies: Policy | Iterable[Policy] | Mapping[str, Policy]) -> tuple[Policy, ...]:
    if isinstance(policies, Policy):
        return (policies,)
    return tuple(policies.values() if isinstance(policies, Mapping) else policies)


def _templates(actions: str | Iterable[str]) -> Iterator[str]:
    known = set(catalog().service_prefixes)
    for service in sorted({name.partition(":")[0].lower() for name in action_names(actions)} & known):
        for kind in catalog().service(service).resource_types:
            yield from kind.arns


def _patterns(policies: Iterable[Policy]) -> Iterator[str]:
    for policy in policies:
        for statement in policy.statements:
            yield from statement.resources.patterns if statement.resources else ()


def _filled(template: str) -> str:
    filled = _HOLE.sub(lambda hole: _FILLED.get(hole.group(1), "example"), template)
    return filled.replace("*", "example")


def _witness(pattern: str) -> str | None:
    """An ARN that the pattern matches; None where it has variables, or is no ARN."""
    parts = split_arn(pattern)
    if "${" in pattern or len(parts) != PARTS or is_pattern(parts[2]):
        return None
    head = (_PLACES[i] if "*" in part else part.replace("?", "1") for i, part in enumerate(parts[:-1]))
    return ":".join((*head, parts[-1].replace("*", "example").replace("?", "x")))
