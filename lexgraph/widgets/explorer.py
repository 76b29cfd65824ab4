"""Who may do what, to explore: choose, and see the decisions, the reasons and a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from lexgraph.access.asking import TOO_MANY_WAYS
from lexgraph.access.decide import default_resources
from lexgraph.account.model import labels
from lexgraph.account.pausing import collector_paused
from lexgraph.errors import LexgraphError
from lexgraph.policy.model import Policy
from lexgraph.widgets import html, picture
from lexgraph.widgets.app import Asking
from lexgraph.widgets.context_form import ContextForm
from lexgraph.widgets.controls import chooser, combo, dropdown, page, panel
from lexgraph.widgets.later import one_at_a_time
from lexgraph.widgets.pager import Pager
from lexgraph.widgets.questions import FILTERS, Question, ask, code_of, read_actions, unknown_actions
from lexgraph.widgets.sources import mentioned_keys, source_of, suggested_actions
from lexgraph.workbench import Account, PolicySet

if TYPE_CHECKING:
    import pandas as pd

    from lexgraph.evaluation.explain import Explanation

MOST_RESOURCES = 500
MOST_KEYS = 3  # named in the status
EVERYWHERE = ""  # not None, which a list of options takes for "nothing is chosen"


class AccessExplorer(Asking):
    """Explore what an account, or a policy, allows.

    Parameters
    ----------
    source : an account; or a policy or several, of which one at a time is evaluated as the identity policy of a
        pretended user, ``arn:aws:iam::111122223333:user/someone``.
    subject, principal : the user or role (or the policy's name) to begin with, by either name; by default the first
        one, in the order of ARNs, that may do any of `actions`.
    actions : names or patterns of actions to begin with, parted by spaces.
    name : how `code` calls the source; ``account``, ``policies`` or ``policy`` by default.

    Attributes
    ----------
    principal, actions, resource, arn, context, outcome, pages, row, view : the controls.
    status : says in one line what is on show, or what is wrong with the question.

    Examples
    --------
    >>> from lexgraph.workbench import example_account
    >>> explorer = AccessExplorer(example_account(), subject="user/maria")
    >>> explorer.status.value.split(" · ")[-1]
    '28 hang on aws:ResourceTag/Department'
    """

    def __init__(
        self,
        source: Account | PolicySet | Policy,
        *,
        subject: str | None = None,
        principal: str | None = None,
        actions: str = "lex:*",
        name: str | None = None,
    ) -> None:
        super().__init__("Access explorer", "lg-access-explorer")
        self._source = source_of(source, name)
        self._result: pd.DataFrame | None = None
        self._asked: Question | None = None
        self._explanation: Explanation | None = None
        self._policies: tuple[Policy, ...] = ()  # whose actions are to be suggested
        self.principal = chooser(self._source, _one_of(subject, principal), actions)
        self.actions = combo("actions", actions, "lg-actions", "lex:Get* lex:ListBots")
        self.resource = dropdown("resource", [(self._source.everywhere, EVERYWHERE)], "lg-resource")
        self.arn = combo("or ARN", "", "lg-arn", "another resource's ARN")
        self.outcome = dropdown("outcome", list(FILTERS), "lg-outcome-filter")
        self.context = ContextForm(self.refresh)
        self.pages = Pager(self.turn_page)
        self.row = dropdown("reason for", [], "lg-row")
        self.view = dropdown("picture", list(picture.VIEWS), "lg-view")
        self.table, self.reason = panel(w.HTML(), "lg-table"), panel(w.HTML(), "lg-reason")
        self.children = page(self)
        self._observe()
        self.choose()

    def _observe(self) -> None:
        for control in (self.principal, self.actions):
            control.observe(lambda _: self.choose(), names="value")
        self.resource.observe(lambda _: self._leave_arn(), names="value")
        for control in (self.arn, self.outcome):
            control.observe(lambda _: self.refresh(), names="value")
        self.row.observe(lambda _: self.explain(), names="value")
        self.view.observe(lambda _: self.show_picture(), names="value")

    # What is on show -------------------------------------------------------------------------------------------------

    @property
    def result(self) -> pd.DataFrame:
        """The table on show (schema ``access``); without rows where the question could not be asked."""
        if self._result is None:
            from lexgraph.tables import access_table

            return access_table(())
        return self._result

    @property
    def question(self) -> Question:
        """What the controls ask."""
        resource = self.arn.value.strip() or self.resource.value or None
        subject = self.principal.value
        everyone = subject is None or subject == self._source.everyone
        return Question(
            None if everyone else str(subject).strip(),
            read_actions(self.actions.value),
            resource,
            self.context.values,
            FILTERS[self.outcome.value],
        )

    @property
    def explanation(self) -> Explanation | None:
        """The reasons for the chosen row; None where there is none."""
        return self._explanation

    def code(self) -> str:
        """Return Python code whose last line gives `result`; a comment where the question could not be asked."""
        if self._asked is None:
            return f"# {self.status.value}"
        return code_of(self._source, self._asked)

    def _drawn(self, style: str) -> Any:
        return picture.draw(self.view.value, self.result, self._explanation, style)

    def _wants_picture(self) -> bool:
        return self.view.value != picture.NONE and self._asked is not None

    # What callbacks call ---------------------------------------------------------------------------------------------

    @one_at_a_time
    @collector_paused()  # a walk through all that a large account holds would come before the table
    def refresh(self) -> None:
        """Ask the question that the controls hold, and show the answer."""
        if self._quiet:
            return
        try:
            question = self.question
            self._result, self._asked = ask(self._source, question, self._show_first), question
        except LexgraphError as error:
            self._refuse(error)
            return
        self.pages.show(len(self.result))
        self._show_rows()
        self.python.value = html.code_html(self.code())
        self._furnish()
        self._list_rows()
        self.explain()

    @one_at_a_time
    def turn_page(self, by: int) -> None:
        """Show the page of the table that begins so many rows further on, and the reasons for its first row."""
        self.pages.turn(by)
        self._show_rows()
        self._list_rows()
        self.explain()

    @one_at_a_time
    def explain(self) -> None:
        """Show the reasons for the chosen row."""
        if self._quiet:
            return
        try:
            self._explanation = self._explain()
            self.reason.value = html.explanation_html(self._explanation, self._source.notes)
        except LexgraphError as error:  # the row tells of a question that has no exact answer
            self._explanation, self.reason.value = None, html.refusal_html(error)
        self.show_picture()
        self.status.value = self._words()

    # Parts -----------------------------------------------------------------------------------------------------------

    def _suggest(self) -> None:
        """Offer the resources and the keys that go with the subject; what was chosen stays where it still exists."""
        question = self.question
        policies = self._source.policies(question.subject)
        known = self._source.known(question.subject)
        derived = {key for key in known if not key.startswith("aws:principaltag/")}
        keys = {
            key: values
            for key, values in mentioned_keys(policies, question.actions).items()
            if key.lower() not in derived
        }
        self.context.plan(keys, known)
        self._policies = policies
        account = self._source.account(question.subject, question.actions)
        arns = default_resources(account.snapshot)[:MOST_RESOURCES]
        named = [(html.plain(name), arn) for arn, name in labels(arns).items()]
        chosen = self.resource.value
        self.resource.options = [(self._source.everywhere, EVERYWHERE), ("*", "*"), *named]
        self.resource.value = chosen if chosen in (*arns, "*") else EVERYWHERE

    def _furnish(self) -> None:
        """Show what `_suggest` found beside; the table need not wait for it."""
        self.context.furnish()
        if self._policies:
            self.actions.options = suggested_actions(self._policies)
            self._policies = ()

    def _show_rows(self) -> None:
        self.table.value = html.table_html(
            self.result, with_principals=self._many, empty=self._no_rows(), first=self.pages.first
        )

    def _show_first(self, access: pd.DataFrame, answers: int, of: int) -> None:
        """Show the first rows of what takes long, which has so many answers of so many."""
        note = f"So far from {answers:,} of {of:,} answers; the others are being worked out."
        many = self._source.asked(self.question.subject) is None
        self.pages.show(0)
        self.table.value = html.table_html(access, with_principals=many, empty=note, note=note)

    @one_at_a_time
    def _leave_arn(self) -> None:
        """A resource that is picked takes the place of an ARN that was typed."""
        if self._quiet:
            return
        if self.arn.value:
            self.arn.value = ""  # which asks again
        else:
            self.refresh()

    def _list_rows(self) -> None:
        """List the rows on show in the row chooser; the row chosen before stays chosen if it is still there."""
        rows = self.result.iloc[self.pages.page]
        short = labels([*rows["principal"], *rows["resource"]])
        asked = list(zip(rows["principal"], rows["action"], rows["resource"], strict=True))
        chosen = self.row.value
        names = [
            html.plain(f"{i}. {outcome}: {action} on {short[resource]}" + (f", {short[who]}" if self._many else ""))
            for i, ((who, action, resource), outcome) in enumerate(
                zip(asked, rows["outcome"], strict=True), self.pages.first + 1
            )
        ]
        self._quiet = True
        try:
            self.row.options = list(zip(names, asked, strict=True))
            self.row.value = chosen if chosen in asked else next(iter(asked), None)
        finally:
            self._quiet = False

    @property
    def _many(self) -> bool:
        return self._asked is not None and self._source.asked(self._asked.subject) is None

    def _explain(self) -> Explanation | None:
        if self._asked is None or self.row.value is None:
            return None
        account = self._source.account(self._asked.subject, self._asked.actions)
        who, action, resource = self.row.value
        return account.can(who, action, resource, dict(self._asked.context)).explain()

    def _refuse(self, error: LexgraphError) -> None:
        """Say in one line what is wrong, and show no rows: the ones before answered another question."""
        self._result = self._asked = self._explanation = None
        self._quiet = True
        try:
            self.row.options = ()
        finally:
            self._quiet = False
        self.pages.show(0)
        self.table.value = html.table_html(self.result, with_principals=False, empty="No rows: see the line above.")
        self._furnish()
        self.python.value = self.picture.value = self.note.value = ""
        self.reason.value = html.explanation_html(None)
        self.status.value = f"Cannot answer: {html.plain(str(error))}"

    def _no_rows(self) -> str:
        if self._asked is not None and self._asked.outcomes:
            return f"No row is {self.outcome.value}; choose another outcome to see the others."
        return "Nothing was asked: no known resource is of a type that these actions can be about."

    def _words(self) -> str:
        """The status: what is on show, in one line."""
        if self._asked is None:
            return str(self.status.value)
        question, count = self._asked, len(self.result)
        parts = [
            f"{count:,} {'row' if count == 1 else 'rows'} for {html.plain(question.subject or self._source.everyone)}",
            html.plain(" ".join(question.actions)),
            html.plain(question.resource or self._source.everywhere),
            self.outcome.value,
            *_hanging(self.result),
            *(html.plain(f"{key} {_value_words(value)}") for key, value in question.context.items()),
            *(html.plain(f"{action} is not in the catalogue") for action in unknown_actions(question)),
        ]
        return " · ".join(parts)


def _one_of(subject: str | None, principal: str | None) -> str | None:
    if subject is not None and principal is not None:
        raise LexgraphError("give `subject` or `principal`, which mean the same, not both", code="TWO_SUBJECTS")
    return principal if subject is None else subject


def _hanging(access: pd.DataFrame) -> Iterator[str]:
    """Yield how many answers hang on which keys, where some do."""
    conditional = access[access["outcome"] == "conditional"]
    if conditional.empty:
        return
    keys = sorted({key for keys in conditional["missing_keys"].dropna().unique() for key in keys.split(", ")})
    more = f" and {len(keys) - MOST_KEYS} more keys" if len(keys) > MOST_KEYS else ""
    divided = conditional["condition"].eq(TOO_MANY_WAYS).all()
    words = html.plain(", ".join(keys[:MOST_KEYS])) or ("the resource" if divided else "what could not be read")
    yield f"{len(conditional):,} {'hangs' if len(conditional) == 1 else 'hang'} on {words}{more}"


def _value_words(value: Any) -> str:
    if value is None:
        return "is absent"
    return f"= {value if isinstance(value, str) else ', '.join(value)}"
