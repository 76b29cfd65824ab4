"""How the controls look and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as w

from lexgraph.widgets.html import plain
from lexgraph.widgets.questions import first_of, read_actions
from lexgraph.widgets.sources import Source

MOST_OPTIONS = 300  # beyond this a list is hard to use, and a field that suggests names is better
_WIDE = {"description_width": "90px"}


def dropdown(name: str, options: Sequence[Any], css: str) -> Any:
    """Return a labelled list of options, the first one chosen."""
    control = w.Dropdown(options=options, description=name, style=_WIDE, layout=_layout())
    control.add_class(css)
    return control


def combo(name: str, value: str, css: str, placeholder: str) -> Any:
    """Return a labelled text field that can suggest values; it speaks when Enter or Tab is pressed."""
    control = w.Combobox(
        value=value, description=name, placeholder=placeholder, ensure_option=False, continuous_update=False,
        style=_WIDE, layout=_layout(),
    )  # fmt: skip
    control.add_class(css)
    return control


def chooser(source: Source, subject: str | None, actions: str) -> Any:
    """Return the control that chooses a user, role or policy: a list, or a field where there are very many."""
    chosen = first_of(source, read_actions(actions)) if subject is None else source.named(subject)
    everyone = [source.everyone] if source.everyone else []
    if len(source.names) > MOST_OPTIONS:
        control = combo(source.noun, chosen, "lg-principal", "user/name or ARN")
        control.options = (*everyone, *source.names)
        return control
    options = [(name, name) for name in everyone] + [(plain(name), name) for name in source.names]
    control = dropdown(source.noun, options, "lg-principal")
    control.value = chosen
    return control


def panel(widget: Any, css: str) -> Any:
    """Return a widget that shows something, with its class."""
    widget.add_class(css)
    widget.layout.width = "auto"  # a box stretches its children; 100% would stick out by their margins
    return widget


def page(explorer: Any) -> list[Any]:
    """Return an explorer's children, in the order of tabbing: the question, the answer, its reasons, its picture."""
    columns = w.Layout(grid_template_columns="repeat(auto-fit, minmax(min(100%, 360px), 1fr))", grid_gap="0 12px")
    question = [explorer.principal, explorer.actions, explorer.resource, explorer.arn, explorer.outcome]
    explorer.row.layout = w.Layout(width="auto")
    explorer.view.layout = w.Layout(width="440px", max_width="100%")
    known = w.Label("Known of the request (empty: unknown; Enter asks)")
    return [
        explorer.guard, w.GridBox(question, layout=columns), known, explorer.context, explorer.status, explorer.table,
        explorer.pages, explorer.row, explorer.reason, explorer.view, explorer.note, explorer.picture, explorer.python,
    ]  # fmt: skip


def _layout() -> Any:
    return w.Layout(width="auto")
