"""What an account says of all its principals at once, and of callers from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lexgraph.access import chaining, effective, shared
from lexgraph.account.model import Snapshot
from lexgraph.workbench.policies import PolicyTables

if TYPE_CHECKING:
    import pandas as pd

    from lexgraph.access.effective import ActionSets


class Everybody(PolicyTables):
    """The part of :class:`~lexgraph.workbench.account.Account` that is about everybody's access."""

    snapshot: Snapshot

    def _kept(self, name: str, make: Any) -> Any:
        return super()._kept(name, lambda: self._stated(make()))

    def _stated(self, table: pd.DataFrame) -> pd.DataFrame:
        """Let a table say what it was made from, so that an export of it alone can."""
        from lexgraph.exports.provenance import attributes_of

        table.attrs = attributes_of(self.snapshot) | table.attrs
        return table

    @property
    def action_sets(self) -> ActionSets:
        """The effective actions of every principal, as bitsets; ``.of("user/maria").names`` are one's, and
        ``.holders("lex:GetBot")`` are those who have an action.

        >>> from lexgraph.workbench import example_account
        >>> example_account().action_sets.of("role/handover-day").names
        ('lex:DescribeBot', 'lex:DescribeBotAlias', 'sts:AssumeRole')
        """
        return effective.action_sets(self.snapshot)

    @property
    def effective_actions(self) -> pd.DataFrame:
        """How much each principal may do, a row per principal (schema ``effective_actions``)."""
        from lexgraph import tables

        make = tables.effective_actions_table
        found: pd.DataFrame = self._kept("effective actions", lambda: make(self.action_sets))
        return found

    def actions_of(self, principal: str) -> pd.DataFrame:
        """Return the actions that a principal is granted on some resource (schema ``principal_actions``).

        >>> from lexgraph.workbench import example_account
        >>> example_account().actions_of("role/handover-day")["action"].tolist()
        ['lex:DescribeBot', 'lex:DescribeBotAlias', 'sts:AssumeRole']
        """
        from lexgraph import tables

        return self._stated(tables.principal_actions_table(self.action_sets.of(principal)))

    def cells_of(self, principal: str) -> pd.DataFrame:
        """Return what a principal is granted on all resources, as few disjoint rows (schema ``principal_cells``).

        >>> from lexgraph.workbench import example_account
        >>> example_account().cells_of("role/handover-day")["resource"].tolist()[-1]
        'arn:aws:iam::111122223333:role/handover-night'
        """
        from lexgraph import tables

        return self._stated(tables.principal_cells_table(self.snapshot, principal))

    @property
    def shared_access(self) -> pd.DataFrame:
        """What resources and roles grant to callers from outside the account (schema ``shared_access``)."""
        from lexgraph import tables

        make = tables.shared_access_table
        found: pd.DataFrame = self._kept("shared access", lambda: make(shared.shared_access(self.snapshot)))
        return found

    @property
    def assumable_roles(self) -> pd.DataFrame:
        """Which principal may assume which role, and under which condition (schema ``assume``).

        Roles of other accounts are among them where their trust policies were given beside the account.
        """
        from lexgraph import tables

        make = tables.assume_table
        found: pd.DataFrame = self._kept("assumable roles", lambda: make(chaining.assume_edges(self.snapshot)))
        return found

    def can_become(self, principal: str) -> pd.DataFrame:
        """Return the roles that a principal reaches, directly or over other roles (schema ``chains``).

        Roles of other accounts are among them where their trust policies were given beside the account; what such a
        role may do is not known here, which its row notes.

        >>> from lexgraph.workbench import example_account
        >>> example_account().can_become("user/yuki")["steps"].max().item()
        2
        """
        from lexgraph import tables

        return self._stated(tables.chains_table(chaining.reachable(self.snapshot, principal)))

    def who_can_become(self, role: str) -> pd.DataFrame:
        """Return who of the account reaches a role, directly or over other roles (schema ``chains``): one of its own,
        or one of another account whose trust policy was given beside it.

        >>> from lexgraph.workbench import example_account
        >>> len(example_account().who_can_become("role/handover-night")) > 0
        True
        """
        from lexgraph import tables

        return self._stated(tables.chains_table(chaining.who_can_become(self.snapshot, role)))
