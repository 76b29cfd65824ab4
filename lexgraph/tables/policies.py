"""Tables of what policies say: policies, statements, grants, conditions, and the actions that they name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from lexgraph.access.granted import granted_bits
from lexgraph.account.pausing import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.policy.grammar import read_operator
from lexgraph.policy.model import PatternSet, Policy
from lexgraph.policy.write import policy_document, statement_document
from lexgraph.tables.grants import repeated, statement_columns
from lexgraph.tables.names import Flags, Places, catalog_columns, mask_of, places_in
from lexgraph.tables.schema import SCHEMAS, Coded
from lexgraph.tables.source import Policies, account_in, identity_policies_of, policies_of, value_text
from lexgraph.tables.written import as_written, coded


@collector_paused()
def policies_table(
    policies: Policies, *, versions: Mapping[str, str] | None = None, source: str | None = None
) -> pd.DataFrame:
    """Return a row per policy, in the given order.

    Parameters
    ----------
    policies : a policy, several, or an account.
    versions : the policies' own versions, by key, where they are known; an account knows its own.
    source : the file or the data that the policies come from.

    Returns
    -------
    The table ``policies``: policy, name, kind, version, policy_version, aws, statements, size, actions, source.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> policies_table([policy]).loc[0, "actions"].item()
    2
    """
    listed = policies_of(policies)
    known = dict(versions or {})
    account = account_in(policies)
    if account is not None:
        known = {managed.arn: managed.default_version for managed in account.policies} | known
        source = source or account.source
    columns = {
        "policy": [policy.key for policy in listed],
        "name": [policy.name for policy in listed],
        "kind": [policy.kind for policy in listed],
        "version": [policy.version for policy in listed],
        "policy_version": [known.get(policy.key) or _version_in(policy) for policy in listed],
        "aws": [":iam::aws:policy/" in (policy.arn or "") for policy in listed],
        "statements": [len(policy.statements) for policy in listed],
        "size": [_size(policy) for policy in listed],
        "actions": [_allowed_bits(policy).bit_count() for policy in listed],
        "source": [source] * len(listed),
    }
    return SCHEMAS["policies"].from_columns(columns, catalog_date=catalog().date)


@collector_paused()
def statements_table(policies: Policies) -> pd.DataFrame:
    """Return a row per statement.

    Returns
    -------
    The table ``statements``: policy, statement, sid, effect, action_element, resource_element, principal_element,
    actions, resources, conditions (numbers of patterns and of tests), unknown (why the statement could not be read
    whole), document (what was read of it, as JSON).

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}}')
    >>> statements_table([policy]).loc[0, "action_element"]
    'NotAction'
    """
    listed = policies_of(policies)
    each = [statement for policy in listed for statement in policy.statements]
    columns = {
        "policy": _per_statement([policy.key for policy in listed], listed),
        "statement": _numbers(listed),
        "sid": [statement.sid for statement in each],
        "effect": [statement.effect for statement in each],
        "action_element": [_element("Action", statement.actions) for statement in each],
        "resource_element": [_element("Resource", statement.resources) for statement in each],
        "principal_element": [_element("Principal", statement.principals) for statement in each],
        "actions": [len(statement.actions) for statement in each],
        "resources": [len(statement.resources or ()) for statement in each],
        "conditions": [len(statement.conditions) for statement in each],
        "unknown": [statement.unknown for statement in each],
        "document": [json.dumps(statement_document(statement)) for statement in each],
    }
    return SCHEMAS["statements"].from_columns(columns)


@collector_paused()
def conditions_table(policies: Policies) -> pd.DataFrame:
    """Return a row per value of every condition test; a test without values has one row whose value is missing.

    Returns
    -------
    The table ``conditions``: policy, statement, sid, effect, operator, key, value, qualifier, if_exists.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": True}}}
    >>> conditions_table(parse_policy({"Statement": statement})).loc[0, ["operator", "key", "value"]].tolist()
    ['Bool', 'a:b', 'true']
    """
    listed = policies_of(policies)
    each = [statement for policy in listed for statement in policy.statements]
    rows: list[tuple[str, str, str | None, str | None, bool]] = []
    counts = []
    for statement in each:
        before = len(rows)
        for test in statement.conditions:
            name = read_operator(test.operator)
            base, qualifier, if_exists = (
                (name.base, name.qualifier, name.if_exists) if name else (test.operator, None, False)
            )
            found: Sequence[str | None] = tuple(dict.fromkeys(map(value_text, test.values))) or (None,)
            rows += [(base, test.key, value, qualifier, if_exists) for value in found]
        counts.append(len(rows) - before)
    operators, keys, values, qualifiers, optional = zip(*rows, strict=True) if rows else ((),) * 5
    columns = {
        **statement_columns(as_written(listed), np.array(counts, dtype=np.int32)),
        "operator": operators,
        "key": keys,
        "value": values,
        "qualifier": qualifiers,
        "if_exists": optional,
    }
    return SCHEMAS["conditions"].from_columns(columns)


@collector_paused()
def policy_actions_table(policies: Policies) -> pd.DataFrame:
    """Return a row per policy and action of the catalogue that its Allow statements name and no unconditional Deny
    on ``*`` removes.

    Trust policies and resource policies are left out: they grant to others.

    Returns
    -------
    The table ``policy_actions``: policy, name, action, service, level, generation, conditional, everywhere.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> policy_actions_table([policy])["action"].tolist()
    ['lex:PostContent', 'lex:PostText']
    """
    listed = identity_policies_of(policies)
    sets = [granted_bits(policy) for policy in listed]
    places = [places_in(found.named) for found in sets]
    counts = [len(found) for found in places]
    flat = np.concatenate(places) if places else np.array([], dtype=np.int32)
    columns = {
        "policy": Coded(np.repeat(np.arange(len(listed)), counts), [policy.key for policy in listed]),
        "name": repeated(coded([policy.name for policy in listed]), np.array(counts, dtype=np.int32)),
        **catalog_columns(flat),
        "conditional": _among(flat, places, [found.conditional for found in sets]),
        "everywhere": _among(flat, places, [found.everywhere for found in sets]),
    }
    return SCHEMAS["policy_actions"].from_columns(columns, catalog_date=catalog().date)


def _among(
    flat: Places,
    places: Sequence[Places],
    sets: Sequence[int],
) -> Flags:
    """Whether each policy's action is in a subset of that policy's actions."""
    found = np.zeros(len(flat), dtype=bool)
    start = 0
    for mine, bits in zip(places, sets, strict=True):
        if bits:
            found[start : start + len(mine)] = mask_of(bits)[mine]
        start += len(mine)
    return found


def _per_statement(values: Sequence[str], policies: Sequence[Policy]) -> list[str]:
    return [value for value, policy in zip(values, policies, strict=True) for _ in policy.statements]


def _numbers(policies: Sequence[Policy]) -> list[int]:
    return [i for policy in policies for i in range(len(policy.statements))]


def _element(name: str, patterns: PatternSet | None) -> str | None:
    return None if patterns is None else f"Not{name}" if patterns.negated else name


def _version_in(policy: Policy) -> str | None:
    """The version in a name such as ``AmazonLexFullAccess@v6``."""
    _, at, version = policy.name.rpartition("@")
    return version if at and policy.arn is None and version[:1] == "v" and version[1:].isdigit() else None


def _size(policy: Policy) -> int:
    text = json.dumps(policy_document(policy), ensure_ascii=False, separators=(",", ":"))
    return len(text) - sum(map(text.count, " \t\n\r"))


def _allowed_bits(policy: Policy) -> int:
    cat = catalog()
    bits = 0
    for statement in policy.statements:
        if statement.allows:
            bits |= cat.bits_of(statement.actions.patterns, statement.actions.negated)
    return bits
