"""Tables that hold policies, or versions of one, against each other, action by action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from lexgraph.access.granted import granted_bits
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import ManagedVersion, is_complete, managed_versions
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.tables.names import catalog_columns, mask_of, places_in
from lexgraph.tables.schema import LEVELS, SCHEMAS, Coded
from lexgraph.tables.source import MANAGED, POLICY, Policies, condition_text, identity_policies_of, labels_of, one_of

Change = tuple[str, str, str, str | None, str | None, str]


def access_levels_table(policies: Policies) -> pd.DataFrame:
    """Return how many actions of each access level every policy names: a row per policy and level, zeros included.

    Returns
    -------
    The table ``access_levels``: policy, name, level, actions.

    Examples
    --------
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> access_levels_table([policy])["actions"].tolist()
    [0, 0, 0, 2, 0]
    """
    by_level = _level_bits()
    listed = identity_policies_of(policies)
    rows = (
        (policy.key, policy.name, level, (named & by_level[level]).bit_count())
        for policy in listed
        for named in (granted_bits(policy).named,)
        for level in LEVELS
    )
    return SCHEMAS["access_levels"].frame(rows, catalog_date=catalog().date)


def overlap_table(policies: Policies) -> pd.DataFrame:
    """Return for every pair of policies how many actions they share, in the order of the policies.

    Returns
    -------
    The table ``overlap``: policy_a, policy_b (names; keys where names repeat), shared, only_a, only_b, jaccard.

    Examples
    --------
    >>> a = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}', name="a")
    >>> b = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:PostText", "Resource": "*"}}', name="b")
    >>> overlap_table([a, b]).loc[0, ["shared", "only_a", "only_b"]].tolist()
    [1, 1, 0]
    """
    listed = identity_policies_of(policies)
    labels = labels_of(listed)
    named = [granted_bits(policy).named for policy in listed]
    sizes = np.array([bits.bit_count() for bits in named], dtype=np.int64)
    first, second = np.triu_indices(len(named), 1)
    shared = np.array([(a & b).bit_count() for a, b in combinations(named, 2)], dtype=np.int64)
    whole = sizes[first] + sizes[second] - shared
    jaccard = pd.array(shared / np.maximum(whole, 1), dtype="Float64")
    jaccard[whole == 0] = pd.NA
    columns = {
        "policy_a": Coded(first, labels),
        "policy_b": Coded(second, labels),
        "shared": shared,
        "only_a": sizes[first] - shared,
        "only_b": sizes[second] - shared,
        "jaccard": jaccard,
    }
    return SCHEMAS["overlap"].from_columns(columns, catalog_date=catalog().date)


def action_sets_table(policies: Policies) -> pd.DataFrame:
    """Return which policy names which action: a row per action that some policy names, a column of true or false per
    policy.

    Returns
    -------
    The table ``action_sets``: action, level, generation, then a column per policy, called by its name (its key where
    names repeat).

    Examples
    --------
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}', name="a")
    >>> action_sets_table([policy])["a"].all().item()
    True
    """
    listed = identity_policies_of(policies)
    named = [granted_bits(policy).named for policy in listed]
    union = 0
    for bits in named:
        union |= bits
    places = places_in(union)
    fixed = _three(union)
    labels = (label if label not in fixed else f"policy {label}" for label in labels_of(listed))
    columns = {**fixed, **{label: mask_of(bits)[places] for label, bits in zip(labels, named, strict=True)}}
    return SCHEMAS["action_sets"].from_columns(columns, catalog_date=catalog().date)


def difference_table(a: Policy, b: Policy) -> pd.DataFrame:
    """Return every action that one of two policies names, and which of them does.

    `narrowed` marks actions of both that they grant or deny under other conditions or on other resources; which of
    the two allows
    more, this table does not say.

    Returns
    -------
    The table ``difference``: action, level, generation, side (only A, both, only B), narrowed. The frame's ``attrs``
    name a and b.

    Examples
    --------
    >>> a = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}', name="a")
    >>> b = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:PostText", "Resource": "*"}}', name="b")
    >>> difference_table(a, b)["side"].tolist()
    ['only A', 'both']
    """
    a, b = (one_of(side, Policy, POLICY) for side in (a, b))
    in_a, in_b = granted_bits(a).named, granted_bits(b).named
    places = places_in(in_a | in_b)
    only_a, only_b = mask_of(in_a & ~in_b)[places], mask_of(in_b & ~in_a)[places]
    sides = ["only A" if x else "only B" if y else "both" for x, y in zip(only_a, only_b, strict=True)]
    narrowed = mask_of(in_a & in_b & _unequal(a, b))[places]
    columns = {**_three(in_a | in_b), "side": sides, "narrowed": narrowed}
    name_a, name_b = labels_of((a, b))
    return SCHEMAS["difference"].from_columns(columns, a=name_a, b=name_b, catalog_date=catalog().date)


def history_table(name: str) -> pd.DataFrame:
    """Return the known versions of one of AWS's managed policies, oldest first.

    Returns
    -------
    The table ``history``: policy, policy_version, date, statements, actions, added, removed, unchanged.
    ``attrs["complete"]`` tells whether
    every version from v1 on is known; numbers compare a version with the one in the row above.

    Examples
    --------
    >>> history_table("AmazonLexFullAccess").set_index("policy_version").loc["v7", "removed"].item()
    2
    """
    name = one_of(name, str, MANAGED)
    versions = managed_versions(name)
    rows = []
    before: int | None = None
    for one, previous in zip(versions, (None, *versions), strict=False):
        policy = version_policy(one)
        named = granted_bits(policy).named
        added, removed = (None, None) if before is None else (named & ~before, before & ~named)
        rows.append(
            (
                one.arn,
                one.version,
                one.date,
                len(policy.statements),
                named.bit_count(),
                None if added is None else added.bit_count(),
                None if removed is None else removed.bit_count(),
                previous is not None and one.repeats == previous.version,
            )
        )
        before = named
    return SCHEMAS["history"].frame(rows, complete=is_complete(name), catalog_date=catalog().date)


def history_changes_table(name: str) -> pd.DataFrame:
    """Return what every version of one of AWS's managed policies newly named, took away, or put under other
    conditions or resources.

    Returns
    -------
    The table ``history_changes``: policy, policy_version, action, level, generation, change (added, removed or
    changed).

    Examples
    --------
    >>> changes = history_changes_table("AmazonLexFullAccess")
    >>> changes.loc[(changes["policy_version"] == "v7") & (changes["change"] == "removed"), "action"].tolist()
    ['iam:DeleteRole', 'iam:DetachRolePolicy']
    """
    name = one_of(name, str, MANAGED)
    versions = managed_versions(name)
    policies = [version_policy(one) for one in versions]
    rows: list[Change] = []
    for one, before, after in zip(versions[1:], policies, policies[1:], strict=False):
        rows += _changes(one, before, after)
    return SCHEMAS["history_changes"].frame(rows, complete=is_complete(name), catalog_date=catalog().date)


def version_policy(version: ManagedVersion) -> Policy:
    """Return a version of one of AWS's managed policies as a policy named ``Name@v6``, without an ARN.

    >>> version_policy(managed_versions("AmazonLexReadOnly")[0]).name
    'AmazonLexReadOnly@v1'
    """
    return parse_policy(version.document, name=f"{version.name}@{version.version}")


def _changes(version: ManagedVersion, before: Policy, after: Policy) -> Iterator[Change]:
    cat = catalog()
    old, new = granted_bits(before).named, granted_bits(after).named
    sets = {"added": new & ~old, "removed": old & ~new, "changed": old & new & _unequal(before, after)}
    found = sorted((action, change) for change, bits in sets.items() for action in cat.names_in(bits))
    for action, change in found:
        facts = cat.action(action)
        yield version.arn, version.version, action, cat.level(action), facts.generation if facts else None, change


def _unequal(a: Policy, b: Policy) -> int:
    """The actions that some pair of effect, resource and condition speaks of in one policy and not in the other."""
    of_a, of_b = _terms(a), _terms(b)
    bits = 0
    for term in of_a.keys() | of_b.keys():
        bits |= of_a.get(term, 0) ^ of_b.get(term, 0)
    return bits


def _terms(policy: Policy) -> dict[tuple[str, str, str | None], int]:
    """For every effect, resource pattern and condition, the actions that it is said of."""
    cat = catalog()
    found: dict[tuple[str, str, str | None], int] = {}
    for statement in policy.statements:
        bits = cat.bits_of(statement.actions.patterns, statement.actions.negated)
        element = statement.resources
        resources: Sequence[str] = ("",) if element is None else element.patterns
        if element is not None and element.negated:
            resources = ("not " + " ".join(sorted(element.patterns)),)
        for resource in resources:
            term = (statement.effect, resource, condition_text(statement))
            found[term] = found.get(term, 0) | bits
    return found


def _three(bits: int) -> dict[str, object]:
    columns = catalog_columns(places_in(bits))
    return {"action": columns["action"], "level": columns["level"], "generation": columns["generation"]}


def _level_bits() -> dict[str, int]:
    """The actions whose primary level each is; an action has one, though AWS may list several."""
    cat = catalog()
    found: dict[str, int] = {}
    rest = cat.everything
    for level in ("Permissions management", "Tagging", "Write", "List", "Read"):
        found[level] = cat.level_bits(level) & rest
        rest &= ~found[level]
    return found
