"""One request, to vary: who, what, which resource and what is known; and at once whether it is allowed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from lexgraph.access.decide import AccessRow
from lexgraph.access.deciders import decided_by
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import Context
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.request import Request
from lexgraph.widgets import html
from lexgraph.widgets.app import Asking
from lexgraph.widgets.context_form import ContextForm
from lexgraph.widgets.controls import combo, dropdown, panel
from lexgraph.widgets.judges import Judge, Judged, judge_of, policies_of
from lexgraph.widgets.later import PAUSE, Later, one_at_a_time
from lexgraph.widgets.sources import mentioned_keys

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN, ABSENT = "keys not given are unknown", "keys not given are absent"
MOST_ACTIONS = 1_000  # suggested at once; the largest service has 900


class RequestSimulator(Asking):
    """Put one request to an account, or to policies, and see why it is allowed or not.

    Parameters
    ----------
    source : an account; policies, which one principal holds together; or a PolicyStack, layer by layer.
    principal : the user or role to begin with, by name or ARN; beside an account, any caller that a Request names.
    action, resource : what to begin with.
    context : what is known to begin with; the form shows the keys that the policies mention.
    complete : whether a key that is not given is absent, and not unknown.
    name : how `code` calls the source; ``account``, ``stack``, ``policies`` or ``policy`` by default.

    Attributes
    ----------
    principal, action, resource, complete, context : the controls.
    decision : the decision on show; None where the request could not be put.
    status : says the decision in one line, or what is wrong with the request.

    Examples
    --------
    >>> from lexgraph.workbench import find_policy
    >>> simulator = RequestSimulator(find_policy("AmazonLexReadOnly"), action="lex:GetBots")
    >>> simulator.status.value
    'allowed · user/someone · lex:GetBots · *'
    """

    def __init__(
        self,
        source: Judged,
        *,
        principal: str | None = None,
        action: str = "lex:GetBot",
        resource: str | None = None,
        context: dict[str, Any] | None = None,
        complete: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__("Request simulator", "lg-request-simulator")
        self._judge: Judge = judge_of(source, name)
        if not self._judge.principals:
            raise LexgraphError("there is no principal to ask about", code="NOTHING_TO_ASK")
        self._extra = dict(context or {})
        self._typing = Later(PAUSE, always=True)
        self.decision: Decision | None = None
        self.principal = combo("principal", principal or self._judge.principals[0], "lg-principal", "user/name or ARN")
        self.principal.options = self._judge.principals
        self.action = combo("action", action, "lg-action", "service:Name")
        self.action.continuous_update = True
        self.resource = combo("resource", resource or "", "lg-resource", "ARN, or *")
        self.complete = dropdown("context", [UNKNOWN, ABSENT], "lg-complete")
        self.complete.value = ABSENT if complete else UNKNOWN
        self.context = ContextForm(self.refresh)
        self.reason = panel(w.HTML(), "lg-reason")
        self.children = _page(self)
        self._observe()
        self.choose()
        self._fill(self._extra)

    def _observe(self) -> None:
        self.principal.observe(lambda _: self.choose(), names="value")
        self.action.observe(lambda _: self._typed(), names="value")
        for control in (self.resource, self.complete):
            control.observe(lambda _: self.choose(), names="value")

    # What is on show -------------------------------------------------------------------------------------------------

    @property
    def request(self) -> Request:
        """The request that the controls say."""
        complete = self.complete.value == ABSENT
        given = {key.lower() for key in self.context.fields}
        values = {key: value for key, value in self._extra.items() if key.lower() not in given}
        context = Context({**values, **self.context.values}, complete)
        return Request(
            self.principal.value.strip(), self.action.value.strip(), self.resource.value.strip() or "*", context
        )

    @property
    def result(self) -> pd.DataFrame:
        """The decision as a table of one row (schema ``access``); no row where the request could not be put."""
        from lexgraph.tables import access_table

        self._settle()
        return access_table(() if self.decision is None else (_row(self.decision),))

    def code(self) -> str:
        """Return Python code whose last line gives `decision`; a comment where the request could not be put."""
        self._settle()
        return f"# {self.status.value}" if self.decision is None else self._judge.code(self.request)

    def _drawn(self, style: str) -> Any:
        from lexgraph import plots

        if self.decision is None:
            raise LexgraphError("there is no decision to draw", code="NO_ROW")
        return plots.decision_path(self.decision, style=style)

    def _settle(self) -> None:
        self._typing.now()

    def _wants_picture(self) -> bool:
        return self.decision is not None

    # What callbacks call ---------------------------------------------------------------------------------------------

    @one_at_a_time
    def _typed(self) -> None:
        """Suggest the actions of the service that is being typed; ask at the next pause."""
        self._suggest_actions()
        self._typing(self.choose)

    @one_at_a_time
    def refresh(self) -> None:
        """Decide the request that the controls say, and show why."""
        if self._quiet:
            return
        try:
            self.decision = self._judge.decide(self.request)
        except LexgraphError as error:
            self._refuse(error)
            return
        self.reason.value = html.explanation_html(self.decision.explain())
        self.python.value = html.code_html(self._judge.code(self.request))
        self.show_picture()
        self.status.value = self._words(self.decision)

    # Parts -----------------------------------------------------------------------------------------------------------

    def _suggest(self) -> None:
        self._suggest_actions()
        before = self.resource.options
        resources = tuple(arn for arn in self._judge.resources(self.action.value.strip()) if arn != "*")
        self.resource.options = ("*", *resources)
        if not self.resource.value or self.resource.value in set(before) - set(self.resource.options):
            self.resource.value = (*resources, "*")[0]  # what was suggested for another action is none for this one
        request = self.request
        known = self._judge.known(request.principal)
        derived = {key for key in known if not key.startswith("aws:principaltag/")}
        mentioned = mentioned_keys(policies_of(self._judge.stack(request)), (request.action,))
        tags = self._judge.tags(request.resource)
        keys = {
            key: tuple(dict.fromkeys((*filter(None, (tags.get(key.lower()),)), *values)))
            for key, values in mentioned.items()
            if key.lower() not in derived
        }
        self.context.show(keys, known, otherwise="absent" if request.context.complete else "unknown")

    def _suggest_actions(self) -> None:
        """The actions of the service that is typed; without one, the services."""
        service, colon, _ = self.action.value.strip().partition(":")
        if colon and service.lower() in catalog().service_prefixes:
            options = catalog().expand(f"{service}:*")[:MOST_ACTIONS]
        else:
            options = tuple(f"{prefix}:" for prefix in catalog().service_prefixes)
        if self.action.options != options:
            self.action.options = options

    def _fill(self, values: dict[str, Any]) -> None:
        """Put into the form what was given to begin with, where the form has the key."""
        given = {key.lower(): value for key, value in values.items()}
        for key in tuple(self.context.fields):
            if key.lower() in given:
                self.context.put(key, given[key.lower()])

    def _refuse(self, error: LexgraphError) -> None:
        """Say in one line what is wrong, and show no decision: the one before answered another request."""
        self.decision = None
        self.python.value = self.picture.value = self.note.value = ""
        self.reason.value = html.words_html("There is no decision: see the line above.")
        self.status.value = f"Cannot answer: {html.plain(str(error))}"

    def _words(self, decision: Decision) -> str:
        """The status: the decision in one line."""
        request = self.request
        parts = [decision.outcome, *map(html.plain, (_short(request.principal), request.action, request.resource))]
        if decision.condition is not None:
            parts.append(html.plain(decision.condition))
        if decision.missing_keys:
            parts.append(f"missing: {html.plain(', '.join(decision.missing_keys))}")
        if catalog().index_of(request.action) is None:
            parts.append(f"{html.plain(request.action)} is not in the catalogue")
        return " · ".join(parts)


def _row(decision: Decision) -> AccessRow:
    asked = decision.request
    return AccessRow(
        asked.principal, asked.action, asked.resource, decision.outcome, decision.condition, decision.missing_keys,
        decided_by(decision),
    )  # fmt: skip


def _short(principal: str) -> str:
    from lexgraph.policy.arn import short_name

    return short_name(principal) if principal.startswith("arn:") else principal


def _page(simulator: RequestSimulator) -> list[Any]:
    """Return the children, in the order of tabbing: the request, the answer, its reasons, its picture."""
    columns = w.Layout(grid_template_columns="repeat(auto-fit, minmax(min(100%, 360px), 1fr))", grid_gap="0 12px")
    who_and_what, known_of_it = (
        w.GridBox(controls, layout=columns)
        for controls in ([simulator.principal, simulator.action], [simulator.complete])
    )
    known = w.Label("Known of the request (Enter asks)")
    return [
        simulator.guard, who_and_what, simulator.resource, known_of_it, known, simulator.context, simulator.status,
        simulator.reason, simulator.note, simulator.picture, simulator.python,
    ]  # fmt: skip
