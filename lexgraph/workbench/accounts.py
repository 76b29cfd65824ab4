"""Two accounts side by side, or one account at two moments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexgraph.access.comparison.compare import compare_snapshots
from lexgraph.access.comparison.model import DIRECTIONS, AccountDifference, Direction
from lexgraph.account.model import Snapshot
from lexgraph.account.readers import read_account
from lexgraph.errors import LexgraphError, counted
from lexgraph.evaluation.request import Request
from lexgraph.workbench.account import Account
from lexgraph.workbench.policies import html_of

if TYPE_CHECKING:
    import pandas as pd

AccountLike = Account | Snapshot | str | Path
_ABOUT_POLICIES = ("control policy", "policy", "resource policy")


def compare_accounts(before: AccountLike, after: AccountLike) -> AccountComparison:
    """Return what changed between two accounts, or between two dumps of one: what stands in them, and who gained or
    lost access by it, each shown by a request.

    >>> from lexgraph.workbench import example_account
    >>> compare_accounts(example_account(), example_account()).relation
    'equal'
    """
    return AccountComparison(compare_snapshots(_snapshot(before), _snapshot(after)))


class AccountComparison:
    """What changed between two accounts.

    `relation` is that of the first to the second: equal, narrower (access was only gained), wider (only lost),
    overlapping, disjoint (no principal is in both), or undecided. `only_a` and `only_b` are requests that only the
    first, or only the second allows; `notes` say what was left out of the comparison.
    """

    def __init__(self, difference: AccountDifference) -> None:
        self.difference = difference
        self.relation = difference.relation
        self.notes = difference.notes
        self._made: dict[str, Any] = {}

    def __repr__(self) -> str:
        found = self.difference
        numbers = {change: len({arn for one in found.of(change) for arn in one.principals}) for change in DIRECTIONS}
        counts = [f"{counted(number, 'principal')} {change} access" for change, number in numbers.items()]
        changes = counted(len(found.changes), "change")
        undecided = f", {len(found.undecided)} undecided" if found.undecided else ""
        hidden = f"; {'; '.join(found.hidden)}" if found.hidden else ""
        return f"AccountComparison: {self.relation}, {', '.join(counts)}{undecided}, {changes}{hidden}"

    def _repr_html_(self) -> str:
        return html_of(self.access)

    @property
    def only_a(self) -> Request | None:
        """A request that only the first account allows: access that was lost."""
        return next((one.request for one in self.difference.of("lost")), None)

    @property
    def only_b(self) -> Request | None:
        """A request that only the second account allows: access that was gained."""
        return next((one.request for one in self.difference.of("gained")), None)

    def actions(self, change: Direction) -> tuple[str, ...]:
        """Return the actions that some principal newly may do at all, or no longer may."""
        return self.difference.actions(change)

    @property
    def changes(self) -> pd.DataFrame:
        """A row per thing that was added, changed or removed (schema ``account_changes``)."""
        return self._kept("changes")

    @property
    def principals(self) -> pd.DataFrame:
        """The same without attachments and policies: principals and groups, their tags, boundaries, trust policies."""
        changes = self.changes
        return changes[~changes["what"].isin(("attachment", *_ABOUT_POLICIES))].reset_index(drop=True)

    @property
    def attachments(self) -> pd.DataFrame:
        """The policies that principals newly hold or no longer hold (schema ``account_changes``)."""
        changes = self.changes
        return changes[changes["what"] == "attachment"].reset_index(drop=True)

    @property
    def policies(self) -> pd.DataFrame:
        """The policies that were added, changed or removed, those of resources and organizations too."""
        changes = self.changes
        return changes[changes["what"].isin(_ABOUT_POLICIES)].reset_index(drop=True)

    @property
    def access(self) -> pd.DataFrame:
        """Who gained and lost access, each with a request that shows it (schema ``access_changes``)."""
        return self._kept("access")

    def _kept(self, name: str) -> pd.DataFrame:
        from lexgraph import tables

        if name not in self._made:
            found = self.difference
            self._made = {
                "changes": tables.account_changes_table(found.changes, notes=found.notes),
                "access": tables.access_changes_table(found),
            }
        made: pd.DataFrame = self._made[name]
        return made


def _snapshot(source: object) -> Snapshot:
    if isinstance(source, Account):
        return source.snapshot
    if isinstance(source, str | Path):
        return read_account(source)
    if not isinstance(source, Snapshot):
        message = f"expected an account, or the name of its file or folder, not {type(source).__name__}"
        raise LexgraphError(message, code="WRONG_INPUT")
    return source
