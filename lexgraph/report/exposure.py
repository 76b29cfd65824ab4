"""The sections of a report on an account that tell what was read, what is shared, and who could become whom."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

import pandas as pd

from lexgraph.access.chaining import assume_edges
from lexgraph.access.shared import REACHES, SharedAccess, shared_access
from lexgraph.account.model import Snapshot, labels
from lexgraph.account.parts import coverage_of
from lexgraph.errors import counted
from lexgraph.graph.chains import EscalationChain, who_can_become_administrator
from lexgraph.graph.escalation import escalation_graph, reasons
from lexgraph.report.blocks import Chart, Sections, Table
from lexgraph.report.charts import legible
from lexgraph.report.html import paragraph
from lexgraph.tables import assume_table, coverage_table, escalation_table, shared_access_table

MOST_WAYS = 50_000
# What a reach is called in a sentence that counts.
_REACH_WORDS = {
    "public": "open to anyone",
    "limited": "open to anyone within a condition",
    "organization": "open to an organization",
    "account": "for other accounts",
    "service": "for services of AWS",
    "federated": "for identity providers",
    "deleted": "for users or roles that are gone",
    "unknown": "not known, since a policy could not be read",
}


def coverage_section(snapshot: Snapshot, sections: Sections) -> None:
    """Add what was read of the account, and what was not."""
    lacks = sum(len(one.missing) for one in coverage_of(snapshot))
    intro = paragraph(
        "What is missing here is never taken for access that nobody has: answers that need it are conditional, or rest "
        "on what the end of the page calls not considered."
    )
    title = f"{counted(lacks, 'thing')} that could not be read" if lacks else "Everything that was given could be read"
    table = Table("coverage", title, coverage_table(snapshot), is_open=True)
    sections.add("coverage", "What was read", intro, table)


def sharing_section(snapshot: Snapshot, sections: Sections) -> None:
    """Add what resources and roles grant to callers from outside the account."""
    rows = shared_access(snapshot)
    intro = paragraph(
        "What the policies of resources and the trust policies of roles grant to callers who are not of the account"
        f"{': ' if rows else '; there is nothing.'}{_reaches(rows)}"
    )
    title = f"{counted(len(rows), 'grant')} to callers from outside"
    frame = shared_access_table(rows)
    first = {reach: place for place, reach in enumerate(REACHES)}
    order = sorted(range(len(rows)), key=lambda i: (first[rows[i].reach], i))
    shown = frame.iloc[order][["resource", "principal", "reach", "action", "outcome", "condition"]]
    sections.add("shared", "Shared beyond the account", intro, Table("shared_access", title, frame, shown))


def _reaches(rows: tuple[SharedAccess, ...]) -> str:
    counts = Counter(row.reach for row in rows)
    told = [f"{counts[reach]:,} {_REACH_WORDS[reach]}" for reach in REACHES if counts[reach]]
    return f"{', '.join(told)}." if told else ""


def roles_section(snapshot: Snapshot, sections: Sections) -> None:
    """Add who may assume which role."""
    edges = assume_edges(snapshot)
    certain = sum(edge.outcome == "allowed" for edge in edges)
    intro = paragraph(
        f"Of {counted(len(edges), 'pair')} of a principal and a role that it may assume, {certain:,} are certain and "
        f"{len(edges) - certain:,} hang on a condition. Who may assume one role may go on from there to the next."
    )
    title = f"{counted(len(edges), 'pair')} of a principal and a role"
    frame = assume_table(edges)
    shown = frame[["principal", "role", "outcome", "condition"]]
    sections.add("roles", "Who may assume which role", intro, Table("assume", title, frame, shown))


def escalation_section(snapshot: Snapshot, sections: Sections) -> None:
    """Add who could become an administrator, and who could take over whom."""
    # An administrator can take over everybody: in a large account that would be nearly all there is to tell.
    graph = escalation_graph(snapshot, administrators=False)
    ways, number = who_can_become_administrator(graph), sum(edge["ways"] for _, _, edge in graph.edges(data=True))
    listed = islice((way for a, b in graph.edges for way in reasons(graph, a, b)), MOST_WAYS)
    frame = escalation_table(listed)
    intro = paragraph(
        f"{counted(len(ways), 'user or role', 'users and roles')} could become an administrator without being one: by "
        "acting as one, be it one that is created for it, or by changing a policy, a group or a boundary. Each is told "
        "by the way that leaves the least open; every step was decided like any other request, and a name of what is "
        "new is an example. What administrators can do is not listed: everything."
    )
    shown = frame[["principal", "target", "outcome", "condition", "reason", "requests"]]
    title = f"{counted(number, 'way')} of taking over a principal, or of deciding what it may do"
    if number > MOST_WAYS:
        title += f"; the account is too large for one table, which holds the first {MOST_WAYS:,}"
    chart = legible(Chart("escalation", lambda style: _drawn(graph, style))) if number else None
    found = f"{counted(len(ways), 'user or role', 'users and roles')} and how, with the requests that it takes"
    sections.add(
        "escalation",
        "Who could become an administrator",
        intro,
        chart,
        Table("become_administrator", found, _chains(ways), is_open=True),
        Table("escalation", title, frame, shown),
    )


def _chains(ways: tuple[EscalationChain, ...]) -> pd.DataFrame:
    names = labels(way.principal for way in ways)
    columns = {
        "principal": [names[way.principal] for way in ways],
        "outcome": [way.outcome for way in ways],
        "way": [str(way) for way in ways],
        "requests": ["; ".join(f"{step.action} on {step.resource}" for step in way.steps) for way in ways],
    }
    return pd.DataFrame(columns).astype("str")


def _drawn(graph: Any, style: str) -> Any:
    from lexgraph import plots

    return plots.escalation(graph, style=style)
