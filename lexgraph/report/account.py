"""The sections of a report on an account: who is in it, and who can do what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd

from lexgraph.access.decide import GRANTING, AccessRow, access_rows, action_names, default_resources, who_can
from lexgraph.access.fit import fitting
from lexgraph.account.model import Snapshot, labels
from lexgraph.catalog.actions import catalog
from lexgraph.errors import counted
from lexgraph.exports.names import safe_name
from lexgraph.graph import access_graph
from lexgraph.markup import Html
from lexgraph.report.blocks import Chart, Sections, Table
from lexgraph.report.charts import legible
from lexgraph.report.exposure import coverage_section, escalation_section, roles_section, sharing_section
from lexgraph.report.html import paragraph
from lexgraph.report.policies import catalog_levels
from lexgraph.tables import account as of_account

ACTIONS = "lex:*"
MOST_ANSWERS = 300_000
MOST_GRANTED = 100_000
MOST_NETWORKS = 4


def account_sections(snapshot: Snapshot, sections: Sections) -> None:
    """Add what is to be said of an account's principals."""
    coverage_section(snapshot, sections)
    principals, attachments = of_account.principals_table(snapshot), of_account.attachments_table(snapshot)
    sections.add(
        "principals",
        "Principals",
        Table("principals", counted(len(principals), "user or role", "users and roles"), principals),
        Table("attachments", f"{counted(len(attachments), 'way')} in which they hold policies", attachments),
    )
    rows, words = _rows(snapshot)
    granted = tuple(row for row in rows if row.outcome in GRANTING)
    _who_can(snapshot, granted, sections)
    sharing_section(snapshot, sections)
    roles_section(snapshot, sections)
    escalation_section(snapshot, sections)
    _access(rows, granted, words, sections)
    _networks(granted, sections)


def _rows(snapshot: Snapshot) -> tuple[tuple[AccessRow, ...], str]:
    """The answers, and what they cover in words; of a large account only those that allow something."""
    known = default_resources(snapshot)
    asked = [(action, arn) for action in action_names(ACTIONS) for arn in _asked_on(action, known)]
    scope = f"{counted(len(asked), 'request')} about {ACTIONS} and {counted(len(known), 'resource')}"
    if len(asked) * len(snapshot.principals) <= MOST_ANSWERS:
        return access_rows(snapshot, None, ACTIONS), f"Every principal was asked about {scope}, denies included."
    rows: list[AccessRow] = []
    for done, (action, arn) in enumerate(asked):
        rows += who_can(snapshot, action, arn)
        if len(rows) > MOST_GRANTED:
            words = (
                f"The account is too large for one table: it holds who may perform the first {done + 1:,} of {scope}."
            )
            return tuple(sorted(rows, key=_order)), words
    words = f"The account is large, so the table holds only what is allowed, out of {scope}."
    return tuple(sorted(rows, key=_order)), words


def _asked_on(action: str, known: Sequence[str]) -> Sequence[str]:
    return ("*",) if catalog().wildcard_only(action) else fitting(action, known)


def _order(row: AccessRow) -> tuple[str, str, str]:
    return row.principal, row.action, row.resource


def _who_can(snapshot: Snapshot, granted: Sequence[AccessRow], sections: Sections) -> None:
    """A row a principal: on how many resources it has which levels of access, for certain or under a condition."""
    names = labels(principal.arn for principal in snapshot.principals)
    counts: dict[str, dict[str, int]] = {}
    for row in granted:
        level = catalog().level(row.action) or "Unknown"
        found = counts.setdefault(row.principal, {})
        found[level] = found.get(level, 0) + 1
        found["conditional"] = found.get("conditional", 0) + (row.outcome == "conditional")
    columns: dict[str, list[str] | list[int]] = {"principal": [names[arn] for arn in sorted(counts)]}
    for column in (*catalog_levels(), "conditional"):
        columns[column] = [counts[arn].get(column, 0) for arn in sorted(counts)]
    frame = pd.DataFrame(columns).astype({"principal": "str"})
    idle = len(snapshot.principals) - len(counts)
    intro = paragraph(
        "Of each principal, how many pairs of an Amazon Lex action and a resource it may use, by the action's access "
        f"level, and how many of them only under a condition. {counted(idle, 'principal')} may do nothing of this."
    )
    title = f"{counted(len(frame), 'principal')} with access"
    sections.add("who", "Who can do what", intro, Table("who_can", title, frame, is_open=True))


def _access(rows: Sequence[AccessRow], granted: Sequence[AccessRow], words: str, sections: Sections) -> None:
    table, shown = of_account.access_table(rows), of_account.access_table(granted)
    intro = paragraph(f"{words} The page lists what is allowed, for certain or under a condition.")
    title = f"{counted(len(shown), 'request')} allowed, of {len(table):,}"
    sections.add("access", "Access", intro, Table("access", title, table, shown))


def _networks(granted: Sequence[AccessRow], sections: Sections) -> None:
    blocks: list[Html | Chart] = []
    if granted:
        intro = "The access of all, folded where it would not be legible; then of those with most conditions."
        blocks.append(paragraph(intro))
        blocks.append(_network("access-network", granted))
    for arn in _interesting(granted):
        rows = [row for row in granted if row.principal == arn]
        blocks.append(_network(f"access-network-{safe_name(arn.partition(':')[2].rpartition(':')[2])}", rows))
    sections.add("networks", "Access as a network", *blocks)


def _interesting(granted: Sequence[AccessRow]) -> list[str]:
    """The principals with the most different conditions."""
    conditions: dict[str, set[str]] = {}
    for row in granted:
        if row.condition is not None:
            conditions.setdefault(row.principal, set()).add(row.condition)
    return sorted(conditions, key=lambda arn: (-len(conditions[arn]), arn))[:MOST_NETWORKS]


def _network(name: str, rows: Sequence[AccessRow]) -> Html | Chart:
    return legible(Chart(name, partial(_drawn, access_graph(rows))))


def _drawn(graph: Any, style: str) -> Any:
    from lexgraph import plots

    return plots.access_network(graph, style=style)
