"""Why one request is allowed or not: the way from the principal through policies and statements to the resource."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lexgraph.evaluation.decision import Decision
from lexgraph.plots.boxes import Box, Link, Look, Picture, draw, sentences
from lexgraph.plots.inputs import wrong
from lexgraph.plots.style import action_label, drawing, label, plain
from lexgraph.policy.arn import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lexgraph.evaluation.decision import Match
    from lexgraph.evaluation.explain import StatementCheck

MOST_STATEMENTS = 14
HEADINGS = ("principal", "policy", "statement", "action", "resource")
OUTCOMES = {
    "allowed": "allowed",
    "conditional": "allowed under a condition",
    "explicitDeny": "denied (explicitDeny)",
    "implicitDeny": "not allowed (implicitDeny)",
}
LAYER_WORDS = {
    "identity": "identity policies",
    "boundary": "boundary",
    "session": "session policy",
    "scp": "SCP",
    "rcp": "RCP",
    "resource": "resource policy",
    "endpoint": "endpoint policy",
}
LOOKS: tuple[tuple[Look, str], ...] = (
    ("allowed", "allows"),
    ("conditional", "may apply: its condition is unknown"),
    ("deny", "denies, or no Allow"),
)


def decision_path(decision: Decision, ax: Axes | None = None, *, title: str = "", style: str | None = None) -> Axes:
    """Draw why a request was decided as it was: the statements that match, denies dashed, and return the Axes.

    Parameters
    ----------
    decision : what `authorize`, or an account's `can`, answered.
    ax : where to draw; a figure that fits is made where none is given.
    title : the chart's title.
    style : ``lexgraph`` or ``lexgraph-dark``; by default what suits the paper.

    Examples
    --------
    >>> from lexgraph.evaluation.authorize import authorize
    >>> from lexgraph.evaluation.request import Request
    >>> from lexgraph.evaluation.stack import PolicyStack
    >>> from lexgraph.policy.parse import parse_policy
    >>> look = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}', name="look")
    >>> ana = Request("arn:aws:iam::111122223333:user/ana", "lex:GetBots", "*")
    >>> decision_path(authorize(PolicyStack((look,)), ana)).get_title(loc="left")
    'user/ana, lex:GetBots: allowed'
    """
    from lexgraph.catalog.actions import catalog

    if not isinstance(decision, Decision):
        raise wrong(decision, "a decision")
    request = decision.request
    boxes, links, left_out = _drawn(decision)
    who = label(short_name(request.principal))
    title = title or f"{who}, {label(request.action)}: {OUTCOMES[decision.outcome]}"
    notes = (*_notes(decision), f"{left_out} more statements match and are not drawn." if left_out else "")
    words = f"{title}. {' '.join(filter(None, notes))} {sentences(boxes, links)}"
    picture = Picture(HEADINGS, boxes, links, title, notes, words, catalog().date, LOOKS)
    with drawing(style, ax) as theme:
        return draw(picture, ax, theme)


def _drawn(decision: Decision) -> tuple[tuple[Box, ...], tuple[Link, ...], int]:
    request = decision.request
    checks = _checks(decision)
    shown = checks[:MOST_STATEMENTS]
    boxes = {"who": Box("who", 0, label(request.principal))}
    links: dict[tuple[str, str], Link] = {}
    for check in shown:
        _add(boxes, links, check.match, _look(check), "" if check.holds else ", may apply")
    if (blocked := decision.denied_by) is not None and blocked.statement is None:
        _add(boxes, links, _of_the_boundary(blocked, decision), "deny")
    boxes["action"] = Box("action", 3, action_label(request.action))
    boxes["resource"] = Box("resource", 4, label(request.resource, 52))
    outcome: Look = "conditional" if decision.outcome == "conditional" else "allowed" if decision.allowed else "deny"
    links["action", "resource"] = Link("action", "resource", outcome)
    return tuple(boxes.values()), tuple(links.values()), len(checks) - len(shown)


def _checks(decision: Decision) -> list[StatementCheck]:
    """The statements that match, or may: what denies first."""
    layers = decision.explain().layers
    found = [check for layer in layers if layer.applies for check in layer.statements if check.holds is not False]
    return sorted(found, key=lambda check: check.match.effect != "Deny")


def _look(check: StatementCheck) -> Look:
    if check.match.effect == "Deny":
        return "deny"
    return "allowed" if check.holds else "conditional"


def _add(boxes: dict[str, Box], links: dict[tuple[str, str], Link], match: Match, look: Look, aside: str = "") -> None:
    policy = f"policy {match.layer} {match.policy_key or match.policy}"
    statement = f"{policy} statement {match.statement}"
    boxes.setdefault(policy, Box(policy, 1, _policy_words(match)))
    text = "no Allow"
    if match.statement is not None:
        text = f"{label(match.sid or f'statement {match.statement}')} ({match.effect}{aside})"
    boxes[statement] = Box(statement, 2, text, look="deny" if look == "deny" else "plain")
    links.setdefault(("who", policy), Link("who", policy))
    links[policy, statement] = Link(policy, statement, look)
    links[statement, "action"] = Link(statement, "action", look)


def _of_the_boundary(blocked: Match, decision: Decision) -> Match:
    """Where a layer is one policy, what lacks an Allow is that policy."""
    boundary = decision.stack.boundary
    if blocked.layer != "boundary" or boundary is None:
        return blocked
    return replace(blocked, policy_name=boundary.name, policy_key=boundary.key)


def _policy_words(match: Match) -> str:
    if match.policy is None and match.policy_name is None:
        return LAYER_WORDS[match.layer]
    name = label(match.policy_name or f"policy {match.policy}")
    return name if match.layer == "identity" else f"{LAYER_WORDS[match.layer]}: {name}"


def _notes(decision: Decision) -> tuple[str, ...]:
    condition = f"Allowed {plain_words(decision.condition)}." if decision.condition else ""
    layers = ", ".join(decision.not_considered)
    return condition, f"Not considered: {layers}." if layers else ""


def plain_words(text: str) -> str:
    """Return a condition as a chart shows it, without a full stop at its end."""
    return " ".join(plain(part) for part in text.split()).rstrip(".")
