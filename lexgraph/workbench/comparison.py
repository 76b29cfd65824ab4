"""Two policies side by side, and one policy through its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lexgraph.access.granted import action_difference, granted_bits
from lexgraph.catalog import managed
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.request import Request
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy

if TYPE_CHECKING:
    import pandas as pd


class Comparison:
    """How policy `a` relates to policy `b`.

    `relation` is ``undecided`` for now: this version compares by action only and proves nothing about all requests,
    which `reason` says.
    `only_a` and `only_b` would be requests that only one of the two allows; they are None.
    """

    def __init__(self, a: Policy, b: Policy) -> None:
        self.a = a
        self.b = b
        self.relation = "undecided"
        self.reason = "compared by action only; conditions and resources are not yet proved equal or different"
        self.only_a: Request | None = None
        self.only_b: Request | None = None
        self.actions_only_a, self.actions_only_b = action_difference(a, b)

    def __repr__(self) -> str:
        counts = f"{len(self.actions_only_a)} actions only in the first, {len(self.actions_only_b)} only in the second"
        return f"{self.a.name} and {self.b.name}: {self.relation}, {counts}"

    @property
    def table(self) -> pd.DataFrame:
        """A row per action that one of the two grants (schema ``difference``)."""
        from lexgraph import tables

        return tables.difference_table(self.a, self.b)

    def _repr_html_(self) -> str:
        html: str = self.table._repr_html_()  # type: ignore[operator]  # pandas-stubs leaves it out
        return html


class History:
    """Every known version of one of AWS's managed policies, the oldest first."""

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
        """A row per action that a version newly granted or took away (schema ``history_changes``)."""
        from lexgraph import tables

        return tables.history_changes_table(self.name)

    def _repr_html_(self) -> str:
        html: str = self.table._repr_html_()  # type: ignore[operator]  # pandas-stubs leaves it out
        return html
