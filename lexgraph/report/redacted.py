"""A report that can be shown around: what it says with placeholders for ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lexgraph.exports.redacted import redact_chart, redacted_table
from lexgraph.exports.redaction import Redactor
from lexgraph.markup import Html
from lexgraph.report.blocks import Chart, Section, Table


def redacted_sections(sections: Iterable[Section], redactor: Redactor) -> tuple[Section, ...]:
    """Return sections with placeholders in texts, tables and charts.

    The answers were decided before: a placeholder would no longer match a pattern that the id matched.
    """
    return tuple(
        Section(one.anchor, redactor.text(one.title), tuple(_block(block, redactor) for block in one.blocks))
        for one in sections
    )


def _block(block: Html | Table | Chart, redactor: Redactor) -> Html | Table | Chart:
    if isinstance(block, Html):
        return Html(redactor.text(block))
    name = redactor.text(block.name)
    if isinstance(block, Chart):
        return Chart(name, lambda style: _drawn(block, style, redactor))
    frame = redacted_table(block.frame, redactor)
    shown = None if block.shown is None else redacted_table(block.shown, redactor)
    return replace(block, name=name, title=redactor.text(block.title), frame=frame, shown=shown)


def _drawn(chart: Chart, style: str, redactor: Redactor) -> Any:
    made = chart.draw(style)
    redact_chart(made, redactor)
    return made
