"""Two policies side by side, and one policy through its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lexgraph.access.granted import action_difference, granted_bits
from lexgraph.catalog import managed
from lexgraph.catalog.actions import catalog
from lexgraph.markup import visible
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning.changes import Change, changes_between
from lexgraph.reasoning.compare import relate
from lexgraph.workbench.policies import html_of

if TYPE_CHECKING:
    import pandas as pd


class Comparison:
    """How policy `a` relates to policy `b`, for every request.

    `relation` is equal, narrower (`a` allows less), wider, overlapping, disjoint, or undecided for `reason`.
    `only_a` and `only_b` are requests that only one of the two allows, where there are any; `assumptions` are what
    the relation leans on. Policies that name principals are compared for every caller; with `principal` (an ARN), any
    two policies for that one only.

    >>> from lexgraph.workbench import find_policy
    >>> Comparison(find_policy("AmazonLexReadOnly"), find_policy("AmazonLexFullAccess")).relation
    'narrower'
    """

    def __init__(self, a: Policy, b: Policy, *, principal: str | None = None) -> None:
        self.a = a
        self.b = b
        self.principal = principal
        found = relate(a, b, principal=principal)
        self.relation = found.relation
        self.reason = found.reason
        self.only_a = found.only_a
        self.only_b = found.only_b
        self.assumptions = found.assumptions
        self.opaque = found.opaque
        self.actions_only_a, self.actions_only_b = action_difference(a, b)

    def __repr__(self) -> str:
        first, second = len(self.actions_only_a), len(self.actions_only_b)
        counts = f"{first} action{'s' * (first != 1)} only in the first, {second} only in the second"
        return f"{visible(self.a.name)} and {visible(self.b.name)}: {self.relation}, {counts}"

    @property
    def table(self) -> pd.DataFrame:
        """A row per action that one of the two grants (schema ``difference``)."""
        from lexgraph import tables

        return tables.difference_table(self.a, self.b)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What `b` allows and `a` does not (granted), and the reverse (taken away), each with a request."""
        return changes_between(self.a, self.b, principal=self.principal)

    @property
    def differences(self) -> pd.DataFrame:
        """All that `b` newly allows and no longer allows: a row for actions, resources and condition (schema
        ``policy_changes``).
        """
        from lexgraph import tables

        return tables.policy_changes_table(self.a, self.b, principal=self.principal)

    def _repr_html_(self) -> str:
        return html_of(self.table)


class History:
    """Every known version of one of AWS's managed policies, the oldest first.

    >>> [policy.name for policy in History("AmazonLexReadOnly").versions][-1]
    'AmazonLexReadOnly@v5'
    """

    def __init__(self, name: str) -> None:
        found = managed.managed_versions(name)
        self.name = found[0].name
        self.complete = managed.is_complete(name)
        self.versions = tuple(parse_policy(one.document, name=f"{one.name}@{one.version}") for one in found)

    def __repr__(self) -> str:
        actions = catalog().count(granted_bits(self.versions[-1]).named)
        return f"History of {self.name}: {len(self.versions)} versions, {actions} actions in the last"

    @property
    def table(self) -> pd.DataFrame:
        """A row per version: how many actions it grants, added and removed (schema ``history``)."""
        from lexgraph import tables

        return tables.history_table(self.name)

    @property
    def changes(self) -> pd.DataFrame:
        """What every version newly granted or took away, each with a request that shows it (schema ``changes``)."""
        from lexgraph import tables

        return tables.changes_table(self.name)

    @property
    def actions(self) -> pd.DataFrame:
        """A row per action that a version newly named, took away or put elsewhere (schema ``history_changes``)."""
        from lexgraph import tables

        return tables.history_changes_table(self.name)

    def _repr_html_(self) -> str:
        return html_of(self.table)
