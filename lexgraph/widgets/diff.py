"""Two policies side by side, to edit: what the right one newly allows and no longer allows, at each pause in typing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import ipywidgets as w

from lexgraph.catalog.actions import catalog
from lexgraph.errors import LexgraphError
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.patterns import is_pattern
from lexgraph.widgets import diff_html, html
from lexgraph.widgets.app import App
from lexgraph.widgets.controls import panel
from lexgraph.widgets.draft import Draft, draft_of
from lexgraph.widgets.later import PAUSE, Later, one_at_a_time
from lexgraph.workbench import Comparison

if TYPE_CHECKING:
    import pandas as pd

Given: TypeAlias = Policy | str | Mapping[str, Any]
MOST_DRAWN = 24  # actions of a side that the picture names
TYPING, COMPARING = "Waiting for a pause in typing.", "Comparing."


class PolicyDiff(App):
    """Edit a policy beside another one, and see at each pause in typing what that grants and takes away.

    A text that is no policy (yet) is told with its line and column; what was compared last stays on show, greyed.

    Parameters
    ----------
    a, b : policies, names of managed ones (``Name`` or ``Name@v6``), JSON texts or their objects; without `b` the right
        side begins as a copy of the left one.
    kind : what kind of policy a text is; as the other side's, or else identity.
    fixed : whether the left text is only there to be read.

    Attributes
    ----------
    left, right : the texts.
    status : says in one line how the two relate, or what is wrong, and whether what is on show is up to date.

    Examples
    --------
    >>> diff = PolicyDiff("AmazonLexFullAccess@v8", "AmazonLexFullAccess@v9")
    >>> diff.status.value
    'Up to date · overlapping: each allows something that the other does not · 1 action granted · 1 action lost'
    """

    def __init__(self, a: Given, b: Given | None = None, *, kind: Kind | None = None, fixed: bool = False) -> None:
        first = draft_of(a, kind or (b.kind if isinstance(b, Policy) else None), "left")
        second = None if b is None else draft_of(b, kind or first.kind, "right")
        super().__init__("Policy comparison", "lg-policy-diff")
        self._given = (first, second or first)
        self._drafts = self._given
        self._compared: tuple[Draft, Draft] | None = None
        self._comparison: Comparison | None = None
        self._table: pd.DataFrame | None = None
        self._typing = Later(PAUSE, always=True)
        self.left = _editor(first.text, "lg-left", disabled=fixed)
        self.right = _editor(self._given[1].text, "lg-right")
        self.left_findings = panel(w.HTML(), "lg-left-findings")
        self.right_findings = panel(w.HTML(), "lg-right-findings")
        self.relation, self.table = panel(w.HTML(), "lg-relation"), panel(w.HTML(), "lg-table")
        self.shown = w.VBox([self.relation, self.table, self.note, self.picture, self.python])
        self.shown.add_class("lg-shown")
        self.children = [self.guard, _beside(self), self.status, self.shown]
        for editor in (self.left, self.right):
            editor.observe(lambda _: self._typed(), names="value")
        self.update()

    # What is on show -------------------------------------------------------------------------------------------------

    @property
    def current(self) -> bool:
        """Whether what is on show is about the texts as they are."""
        self._settle()
        return self._compared == self._drafts

    @property
    def comparison(self) -> Comparison | None:
        """The comparison on show, of the last texts that could be read; None where there was none yet."""
        self._settle()
        return self._comparison

    @property
    def result(self) -> pd.DataFrame:
        """The table on show (schema ``policy_changes``); where `current` is False, of the last texts that were read."""
        self._settle()
        if self._table is None:
            from lexgraph.tables import SCHEMAS

            return SCHEMAS["policy_changes"].empty()
        return self._table

    def code(self) -> str:
        """Return Python code whose last line gives `result`; a comment where nothing could be compared."""
        self._settle()
        if self._compared is None:
            return f"# {self.status.value}"
        left, right = self._compared
        return "\n".join(
            ["import lexgraph as lg", f"a = {left.code}", f"b = {right.code}", "lg.compare(a, b).differences"]
        )

    def _drawn(self, style: str) -> Any:
        from lexgraph import plots

        if self._comparison is None:
            raise LexgraphError("there are no two policies to draw", code="NO_PICTURE")
        return plots.difference(self._comparison, style=style, most=MOST_DRAWN)

    def _settle(self) -> None:
        self._typing.now()

    def _wants_picture(self) -> bool:
        return self._comparison is not None

    # What callbacks call ---------------------------------------------------------------------------------------------

    @one_at_a_time
    def _typed(self) -> None:
        self._typing(self.update)
        if self._typing.waits:
            self.status.value = TYPING

    @one_at_a_time
    def update(self) -> None:
        """Read both texts and compare them now."""
        self.status.value = COMPARING
        self._drafts = left, right = self._draft(0, self.left.value), self._draft(1, self.right.value)
        self.left.description, self.right.description = _label("left", left), _label("right", right)
        self.left_findings.value = diff_html.findings_html(left.findings)
        self.right_findings.value = diff_html.findings_html(right.findings)
        if left.policy is None or right.policy is None:
            self._keep(_unreadable("left", left) or _unreadable("right", right))
            return
        try:
            comparison = self._compare_policies(left.policy, right.policy)
        except LexgraphError as error:
            self._keep(str(error))
            return
        self._compared = (left, right)
        self._show(comparison)

    # Parts -----------------------------------------------------------------------------------------------------------

    def _draft(self, side: int, text: str) -> Draft:
        kept = self._drafts[side]
        return kept if kept.text == text else self._given[side].edited(text)

    def _compare_policies(self, left: Policy, right: Policy) -> Comparison:
        """Compare, and keep what was found."""
        comparison = Comparison(left, right)
        self._table, self._comparison = comparison.differences, comparison
        return comparison

    def _show(self, comparison: Comparison) -> None:
        """Show a comparison."""
        self.relation.value = diff_html.relation_html(comparison)
        self.table.value = diff_html.changes_html(self.result)
        self.python.value = html.code_html(self.code())
        self.shown.remove_class("lg-stale")
        self.show_picture()
        self.status.value = self._words(comparison)

    def _keep(self, problem: str) -> None:
        """Say in one line what is wrong; what was compared last stays, and is told to be old."""
        old = self._compared is not None
        if old:
            self.shown.add_class("lg-stale")
        kept = "greyed: the last texts that could be compared" if old else "nothing was compared yet"
        self.status.value = f"Not up to date: {html.plain(problem)} · {kept}"

    def _words(self, found: Comparison) -> str:
        """The status: how the two relate, and how many actions are granted and lost."""
        relation = f"{found.relation}: {diff_html.RELATIONS[found.relation]}"
        reason = [html.plain(found.reason)] if found.reason else []
        return " · ".join(["Up to date", relation, *reason, *self._counted()])

    def _counted(self) -> list[str]:
        """How many actions are granted, lost, or neither for sure."""
        table, said = self.result, []
        for direction, word in (("granted", "granted"), ("taken away", "lost")):
            rows = table[(table["direction"] == direction) & (table["what"] != "undecided")]
            said.append(f"{_actions(rows)} {word}")
        doubtful = table[table["what"] == "undecided"]
        return [*said, f"{_actions(doubtful)} undecided"] if len(doubtful) else said


def _actions(rows: pd.DataFrame) -> str:
    """The number of different actions in words; in a row without resources, a pattern is no known action's."""
    known = rows[rows["resource"].notna()]
    names = {name for names in known["action"] for name in names.split(" ")}
    unknown = {name for names in rows["action"][rows["resource"].isna()] for name in names.split(" ")}
    bits = catalog().bits_of(sorted(names | {name for name in unknown if not is_pattern(name)}))
    count = bits.bit_count() + sum(catalog().index_of(name) is None for name in names | unknown if not is_pattern(name))
    said = f"{count:,} action" if count == 1 else f"{count:,} actions"
    return f"{said} and any new ones" if any(map(is_pattern, unknown)) else said


def _label(side: str, draft: Draft) -> str:
    return html.plain(f"{side}: {draft.name}")


def _unreadable(side: str, draft: Draft) -> str:
    return "" if draft.problem is None else f"the {side} text is no policy: {draft.problem}"


def _editor(text: str, css: str, *, disabled: bool = False) -> Any:
    """Return a text of many lines, which speaks with every key."""
    layout = w.Layout(width="auto", height="auto")
    editor = w.Textarea(value=text, continuous_update=True, disabled=disabled, layout=layout)
    editor.add_class("lg-editor").add_class(css)
    return editor


def _beside(diff: PolicyDiff) -> Any:
    columns = w.Layout(grid_template_columns="repeat(auto-fit, minmax(min(100%, 420px), 1fr))", grid_gap="0 12px")
    sides = [
        w.VBox([diff.left, diff.left_findings]),
        w.VBox([diff.right, diff.right_findings]),
    ]
    return w.GridBox(sides, layout=columns)
