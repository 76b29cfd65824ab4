"""The HTML of what changes between two policies; every text from outside passes through `escaped`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lexgraph.checks.finding import Finding
from lexgraph.evaluation.request import Request
from lexgraph.policy.arn import readable
from lexgraph.widgets.html import MOST_ROWS, count_html, escaped, page_html

if TYPE_CHECKING:
    import pandas as pd

    from lexgraph.workbench import Comparison

NAMING = frozenset({"resource", "trust", "rcp", "endpoint"})  # kinds of policies that say who
MOST_FINDINGS = 12
MOST_NAMES = 4  # of actions or resources; the others unfold
# A mark, a word and a colour each: Okabe and Ito's.
DIRECTIONS = {"granted": ("+", "granted", "#0072B2"), "taken away": ("−", "lost", "#D55E00")}
SEVERITIES = {
    "error": ("✗", "#D55E00"),
    "security": ("!", "#CC79A7"),
    "warning": ("!", "#E69F00"),
    "suggestion": ("·", "#56B4E9"),
}
COLUMNS = {"": 11, "actions": 24, "resources": 25, "condition": 18, "example": 22}  # hundredths of the width
COLUMNS_WHO = {"": 10, "who": 17, "actions": 17, "resources": 19, "condition": 17, "example": 20}
WHATS = {
    "action": "not allowed at all on the other side",
    "principal": "allowed to other callers only on the other side",
    "resource": "allowed on other resources only on the other side",
    "condition": "allowed under another condition on the other side",
    "undecided": "undecided: no request was found, and that there is none is not proved",
}
RELATIONS = {
    "equal": "both allow the same requests",
    "narrower": "the left allows less than the right",
    "wider": "the left allows more than the right",
    "overlapping": "each allows something that the other does not",
    "disjoint": "they allow no request in common",
    "undecided": "it is not decided how they relate",
}


def findings_html(findings: Sequence[Finding]) -> str:
    """Return what is wrong or doubtful in a text, each with its line and column."""
    if not findings:
        return page_html('<p class="lg-muted">Nothing to report.</p>')
    items = "".join(map(_finding, findings[:MOST_FINDINGS]))
    more = len(findings) - MOST_FINDINGS
    rest = f'<p class="lg-muted">and {more:,} more: see validate_policy</p>' if more > 0 else ""
    return page_html(f'<ul class="lg-list">{items}</ul>{rest}')


def _finding(finding: Finding) -> str:
    mark, colour = SEVERITIES[finding.severity]
    place = "" if finding.line is None else f"line {finding.line}, column {finding.column}: "
    return (
        f'<li class="lg-outcome" style="border-left-color:{colour}" title="{escaped(finding.remedy)}">'
        f'<span class="lg-word">{mark} {escaped(finding.severity)}</span>, {escaped(place + finding.message)} '
        f'<span class="lg-muted">{escaped(finding.code)}</span></li>'
    )


def relation_html(comparison: Comparison) -> str:
    """Return how two policies relate, with a request for each side that only it allows."""
    relation = str(comparison.relation)
    reason = f": {comparison.reason}" if comparison.reason else ""
    who = not NAMING.isdisjoint((comparison.a.kind, comparison.b.kind))
    parts = [
        f"<p><b>{escaped(relation)}</b>: {escaped(RELATIONS[relation] + reason)}.</p>",
        _example("Only the left allows", comparison.only_a, who=who),
        _example("Only the right allows", comparison.only_b, who=who),
    ]
    if comparison.assumptions:
        parts.append(f'<p class="lg-muted">assumed: {escaped("; ".join(comparison.assumptions))}</p>')
    return page_html("".join(parts))


def _example(words: str, request: Request | None, *, who: bool) -> str:
    if request is None:
        return ""
    caller = f" by <code>{escaped(request.principal)}</code>" if who else ""
    asked = _request_html(request.action, request.resource, dict(request.context.values))
    return f'<p class="lg-example">{escaped(words)}, for example, {asked}{caller}</p>'


def _request_html(action: str, resource: str, context: dict[str, Any]) -> str:
    known = [f"{key} {'absent' if value is None else f'= {_value(value)}'}" for key, value in context.items()]
    told = f" with {escaped(', '.join(known))}" if known else ""
    return f"<code>{escaped(action)}</code> on <code>{escaped(readable(resource))}</code>{told}"


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def changes_html(table: pd.DataFrame) -> str:
    """Return the table ``policy_changes`` as HTML, at most `MOST_ROWS` rows of it."""
    if table.empty:
        return page_html('<p class="lg-muted">Nothing is granted or lost.</p>')
    who = bool(table["principals"].notna().any())
    columns = COLUMNS_WHO if who else COLUMNS
    head = "".join(f'<th scope="col" style="width:{width}%">{title}</th>' for title, width in columns.items())
    rows = table.head(MOST_ROWS).itertuples(index=False)
    body = "".join(f"<tr>{''.join(_cells(row, who=who))}</tr>" for row in rows)
    scroll = '<div class="lg-scroll lg-tall" tabindex="0" role="region" aria-label="Changes">'
    content = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return page_html(f"{scroll}{content}</div>{count_html(len(table))}")


def _cells(row: Any, *, who: bool) -> Iterable[str]:
    mark, word, colour = DIRECTIONS[row.direction]
    doubt = "? " if row.what == "undecided" else ""
    yield (
        f'<td class="lg-outcome" style="border-left-color:{colour}" title="{escaped(WHATS[row.what])}">'
        f'<span class="lg-word">{mark} {word}</span><br><span class="lg-muted">{doubt}{escaped(row.what)}</span></td>'
    )
    if who:
        yield f"<td>{_who_html(row)}</td>"
    yield f'<td>{_listed(row.action, row.actions)}<div class="lg-muted">{escaped(row.level_counts)}</div></td>'
    without = f"<div>except {_listed(row.except_resource)}</div>" if isinstance(row.except_resource, str) else ""
    yield f"<td>{_listed(row.resource) if isinstance(row.resource, str) else 'see the example'}{without}</td>"
    yield f"<td>{escaped(row.condition) if isinstance(row.condition, str) else ''}</td>"
    if isinstance(row.request_action, str):
        asked = _request_html(row.request_action, row.request_resource, json.loads(row.request_context))
        caller = f" by <code>{escaped(row.request_principal)}</code>" if who else ""
        yield f"<td>{asked}{caller}</td>"
    else:
        yield "<td></td>"


def _who_html(row: Any) -> str:
    """Whom a row is about."""
    if not isinstance(row.principals, str):
        return "see the example"
    some = row.except_principals
    without = f"<div>except {_listed(_in_words(some))}</div>" if isinstance(some, str) else ""
    return f"{_listed(_in_words(row.principals))}{without}"


def _in_words(principals: str) -> list[str]:
    """Principals as people say them."""
    return [
        "everyone" if text == "*" else f"the account {text}" if text.isdigit() else text
        for text in principals.split(" ")
    ]


def _listed(text: str | list[str], count: int = 0) -> str:
    """Names joined by spaces; of many the first, the others unfold."""
    names = text.split(" ") if isinstance(text, str) else text
    if len(names) <= MOST_NAMES:
        return "<br>".join(map(escaped, names))
    first = "<br>".join(map(escaped, names[:MOST_NAMES]))
    rest = "<br>".join(map(escaped, names[MOST_NAMES:MOST_ROWS]))
    hidden = len(names) - MOST_ROWS
    more = f"<br>and {hidden:,} more in .result" if hidden > 0 else ""
    told = f"{count:,} in all" if count > len(names) else f"{len(names) - MOST_NAMES:,} more"
    return f"{first}<details><summary>{told}</summary>{rest}{more}</details>"
