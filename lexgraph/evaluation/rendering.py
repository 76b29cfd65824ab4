"""Explanations as text for a terminal, plain values for programs, and HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lexgraph.errors import shown
from lexgraph.evaluation.decision import Match
from lexgraph.markup import Html, joined, tag

if TYPE_CHECKING:
    from lexgraph.evaluation.explain import Explanation, LayerCheck

Truth = bool | None
WORDS: dict[Truth, str] = {True: "yes", False: "no", None: "unknown"}
_MARK: dict[Truth, str] = {True: "+", False: "-", None: "?"}


def text_lines(explanation: Explanation) -> Iterator[str]:
    """Yield an explanation's lines for a terminal."""
    yield explanation.headline
    if explanation.denied_by is not None:
        yield f"  blocked by {_place(explanation.denied_by)}"
    for note in explanation.notes:
        yield f"  note: {note}"
    for layer in explanation.layers:
        level = "" if layer.level is None else f" (level {layer.level})"
        state = "" if layer.applies else ", does not bind this caller"
        yield f"  {layer.layer}{level}: allows {WORDS[layer.allows]}, denies {WORDS[layer.denies]}{state}"
        for check in layer.statements:
            yield f"    {_MARK[check.holds]} {_place(check.match)}"
            told = check.failed or check.elements
            yield from (f"        {_MARK[e.holds]} {e.element}: {e.reason}" for e in told)
    if explanation.decision.not_considered:
        yield f"  not considered: {', '.join(explanation.decision.not_considered)}"
    for assumption in explanation.assumptions:
        yield f"  assumed: {assumption}"


def _place(match: Match) -> str:
    if match.statement is None:
        return f"the {match.layer} layer, which has no Allow for it"
    sid = f" ({shown(match.sid)[1:-1]})" if match.sid else ""
    name = shown(match.policy_name or "policy")[1:-1]
    return f"{match.effect} of {name}, statement {match.statement}{sid}, {match.layer}"


def layer_dict(layer: LayerCheck) -> dict[str, Any]:
    """Return a layer as plain values."""
    return {
        "layer": layer.layer,
        "level": layer.level,
        "applies": layer.applies,
        "allows": layer.allows,
        "denies": layer.denies,
        "statements": [
            {
                **check.match.to_dict(),
                "policy_name": check.match.policy_name,
                "effect": check.match.effect,
                "holds": check.holds,
                "elements": [{"element": e.element, "holds": e.holds, "reason": e.reason} for e in check.elements],
            }
            for check in layer.statements
        ],
    }


def html(explanation: Explanation) -> Html:
    """HTML without script or style sheets; everything that a policy or request says is escaped."""
    border = "border-bottom:1px solid var(--jp-border-color2,#ddd);text-align:left;padding:2px 8px"
    rows = []
    for layer in explanation.layers:
        for check in layer.statements:
            told = check.failed or check.elements
            reasons = joined((f"{_MARK[e.holds]} {e.element}: {e.reason}" for e in told), "<br>")
            matches = WORDS[check.holds] if layer.applies else "does not bind"
            cells = (layer.layer, _place(check.match), matches, reasons)
            rows.append(tag("tr", *(tag("td", cell, style=border) for cell in cells)))
    head = tag("tr", *(tag("th", name, style=border) for name in ("layer", "statement", "matches", "why")))
    notes = [*explanation.notes, *(f"assumed: {text}" for text in explanation.assumptions)]
    if explanation.denied_by is not None:
        notes.insert(0, f"blocked by {_place(explanation.denied_by)}")
    if explanation.decision.not_considered:
        notes.append(f"not considered: {', '.join(explanation.decision.not_considered)}")
    table = tag("table", tag("thead", head), tag("tbody", *rows), style="border-collapse:collapse")
    listed = tag("ul", *(tag("li", note) for note in notes))
    sentence = tag("p", tag("b", explanation.headline))
    return tag("div", sentence, listed, table, style="color:var(--jp-ui-font-color1,#222)")
