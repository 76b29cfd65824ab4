"""All HTML of the widgets: every text that comes from outside passes through `escaped`, here and nowhere else."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lexgraph.account.model import labels
from lexgraph.markup import Html, visible
from lexgraph.markup import escaped as escaped_whole

if TYPE_CHECKING:
    import pandas as pd

    from lexgraph.evaluation.explain import Explanation, StatementCheck

MOST_ROWS = 200
PAGE_ROWS = 100  # of a table whose pages can be turned
MOST_STATEMENTS = 30
LONGEST = 2000  # characters of one text
# A mark, a word and a colour each; the colours are Okabe and Ito's, seen on light ground and on dark.
OUTCOMES = {
    "allowed": ("✓", "#009E73"),
    "conditional": ("?", "#E69F00"),
    "explicitDeny": ("✗", "#D55E00"),
    "implicitDeny": ("–", "#8a8f98"),
}
_HOLDS = {True: ("✓", "matches"), False: ("–", "does not match"), None: ("?", "may match")}
_ACCOUNT = re.compile(r"arn:aws[\w-]*:iam::(?:\d{12}|aws)?:")

STYLE = """<style>
.lg-html { color: var(--jp-ui-font-color1, inherit); font-size: var(--jp-ui-font-size1, 13px); line-height: 1.5; }
.lg-html table { border-collapse: collapse; width: 100%; }
.lg-html th, .lg-html td { text-align: left; vertical-align: top; padding: 3px 10px 3px 6px; overflow-wrap: break-word;
  max-width: 32em; border-bottom: 1px solid var(--jp-border-color2, #8a8f9855); }
.lg-html th { position: sticky; top: 0; background: var(--jp-layout-color1, Canvas); white-space: nowrap; }
.lg-html td:first-child { color: var(--jp-ui-font-color2, inherit); text-align: right; }
.lg-html .lg-scroll { max-height: 300px; overflow: auto; border: 1px solid var(--jp-border-color2, #8a8f9855); }
.lg-html .lg-outcome { white-space: nowrap; border-left: 5px solid; padding-left: 7px; }
.lg-html .lg-word, .lg-html .lg-ink { color: var(--jp-ui-font-color1, CanvasText); }
.lg-html .lg-muted { color: var(--jp-ui-font-color2, inherit); margin: 4px 0; }
.lg-html pre { margin: 0; padding: 6px 8px; white-space: pre-wrap; overflow-wrap: anywhere; overflow: auto;
  max-height: 240px; font-family: var(--jp-code-font-family, monospace);
  background: var(--jp-layout-color2, #8a8f9822); }
.lg-html .lg-list { list-style: none; padding-left: 0; max-height: 110px; overflow: auto; }
.lg-html .lg-list li { margin: 2px 0; white-space: normal; overflow-wrap: anywhere; }
.lg-html code { font-family: var(--jp-code-font-family, monospace); overflow-wrap: anywhere; background: none; }
.lg-html .lg-tall { max-height: 420px; }
.lg-html .lg-tall table { table-layout: fixed; min-width: 700px; }
.lg-html .lg-tall td { overflow-wrap: anywhere; }
.lg-html .lg-tall td:first-child { text-align: left; }
.lg-html details summary { cursor: pointer; color: var(--jp-ui-font-color2, inherit); }
.lg-html p { margin: 4px 0; }
.lg-html img { max-width: 100%; height: auto; }
.lg-html ul { margin: 2px 0 6px; padding-left: 20px; }
.lg-app .lg-status { white-space: normal; overflow-wrap: anywhere; height: auto; line-height: 1.5; font-weight: bold; }
.lg-app .lg-editor { flex-direction: column; align-items: stretch; height: auto; }
.lg-app .lg-editor .widget-label { width: auto; text-align: left; font-weight: bold; }
.lg-app .lg-editor textarea { font-family: var(--jp-code-font-family, monospace); white-space: pre; resize: vertical;
  font-size: var(--jp-code-font-size, 13px); line-height: 1.4; min-height: 260px; }
.lg-app .lg-stale { opacity: 0.45; }
</style>"""


def plain(value: object) -> str:
    """Return a text as labels may show it: what the eye could not tell apart, or not see, as code points.

    >>> plain("Sup" + chr(0x202E) + "port")
    'Sup\\\\u202eport'
    """
    text = str(value)
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return visible(cut)


def escaped(value: object) -> Html:
    """Return a text from outside as HTML may hold it, in an element or in a quoted attribute; a long one is cut.

    >>> escaped('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return escaped_whole(plain(value))


def table_html(
    access: pd.DataFrame,
    *,
    with_principals: bool,
    empty: str = "There are no rows to show.",
    first: int = 0,
    note: str = "",
) -> str:
    """Return a page of the rows of an access table, `PAGE_ROWS` from the row `first` on, as an HTML table with a note
    below.
    """
    if access.empty:
        return page_html(f'<p class="lg-muted">{escaped(empty)}</p>')
    rows = access.iloc[first : first + PAGE_ROWS]
    columns = ["outcome", "principal", "action", "resource", "condition", "decided_by"]
    if not with_principals:
        columns.remove("principal")
    if not rows["condition"].notna().any():
        columns.remove("condition")
    names = labels([*rows["principal"], *rows["resource"]])
    cells = zip(*(_cells(column, rows[column], names) for column in columns), strict=True)
    body = "".join(f"<tr><td>{number}</td>{''.join(row)}</tr>" for number, row in enumerate(cells, first + 1))
    head = "".join(f'<th scope="col">{title.replace("_", " ")}</th>' for title in ("#", *columns))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    scroll = '<div class="lg-scroll" tabindex="0" role="region" aria-label="Decisions">'
    below = f'<p class="lg-muted">{escaped(note)}</p>' if note else ""
    return page_html(f"{scroll}{table}</div>{below}")


def _cells(column: str, values: Iterable[object], names: Mapping[str, str]) -> Iterator[str]:
    """The cells of one column; what is shortened has the whole in its title."""
    for value in values:
        text = value if isinstance(value, str) else ""
        if column == "outcome":
            yield outcome_html(text, "td")
        elif column in ("principal", "resource"):
            yield f"<td{_title(text)}>{escaped(names[text])}</td>"
        elif column == "decided_by":
            yield f"<td{_title(text)}>{escaped(_ACCOUNT.sub('', text))}</td>"
        else:
            yield f"<td>{escaped(text)}</td>"


def _title(text: str) -> str:
    return f' title="{escaped(text)}"'


def outcome_html(outcome: str, element: str = "span") -> str:
    """Return an outcome as a mark, a word and a colour."""
    mark, colour = OUTCOMES[outcome]
    word = f'<span class="lg-word">{mark} {escaped(outcome)}</span>'
    return f'<{element} class="lg-outcome" style="border-left-color:{colour}">{word}</{element}>'


def refusal_html(error: Exception) -> str:
    """Return why something cannot be told."""
    return page_html(f'<p class="lg-muted">{escaped(plain(error))}</p>')


def explanation_html(explanation: Explanation | None, notes: Iterable[str] = ()) -> str:
    """Return why a request was decided as it was: the sentence, what to know beside it, the statements that matter
    first.
    """
    if explanation is None:
        return page_html('<p class="lg-muted">No row is chosen.</p>')
    decision = explanation.decision
    listed = [*notes, *explanation.notes, *(f"assumed: {text}" for text in explanation.assumptions)]
    if decision.not_considered:
        listed.append(f"not considered: {', '.join(decision.not_considered)}")
    checks = [(layer.layer, check) for layer in explanation.layers if layer.applies for check in layer.statements]
    checks.sort(key=lambda pair: pair[1].holds is False)
    rows = "".join(_check(layer, check) for layer, check in checks[:MOST_STATEMENTS])
    if len(checks) > MOST_STATEMENTS:
        listed.append(f"{len(checks) - MOST_STATEMENTS} more statements, none of which matches, are not shown")
    items = "".join(f"<li>{escaped(text)}</li>" for text in listed)
    head = "".join(f'<th scope="col">{title}</th>' for title in ("", "statement", "matches", "why"))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    sentence = explanation.headline.partition(": ")[2]
    return page_html(
        f"<p>{outcome_html(decision.outcome)}&ensp;{escaped(sentence)}</p><ul>{items}</ul>"
        f'<div class="lg-scroll" tabindex="0" role="region" aria-label="Statements">{table}</div>'
    )


def _check(layer: str, check: StatementCheck) -> str:
    match = check.match
    mark, word = _HOLDS[check.holds]
    sid = f" ({match.sid})" if match.sid else ""
    place = f"{match.effect} of {match.policy_name or 'policy'}, statement {match.statement}{sid}, {layer}"
    told = check.failed or check.elements
    why = "<br>".join(f"{_HOLDS[e.holds][0]} {escaped(f'{e.element}: {e.reason}')}" for e in told)
    return f"<tr><td>{mark}</td><td>{escaped(place)}</td><td>{escaped(word)}</td><td>{why}</td></tr>"


def picture_html(data: bytes, alt: str) -> str:
    """Return a PNG, given as its bytes, as an image with a text for those who cannot see it."""
    source = b64encode(data).decode("ascii")
    return page_html(f'<img src="data:image/png;base64,{source}" alt="{escaped(alt)}">')


def words_html(text: str) -> str:
    """Return one calm sentence, or nothing."""
    return page_html(f'<p class="lg-muted">{escaped(text)}</p>' if text else "")


def code_html(code: str) -> str:
    """Return Python code as it is written."""
    lines = "\n".join(escaped(line) for line in code.split("\n"))
    return page_html(f'<pre tabindex="0" aria-label="The same in Python">{lines}</pre>')


def count_html(rows: int) -> str:
    """Return how many of the rows are shown, where that is not all of them."""
    if rows <= MOST_ROWS:
        return ""
    return f'<p class="lg-muted">Showing {MOST_ROWS:,} of {rows:,} rows; .result has all of them.</p>'


def page_html(body: str) -> str:
    """Return a whole piece of HTML, in the style of the widgets."""
    return f'{STYLE}<div class="lg-html">{body}</div>'
