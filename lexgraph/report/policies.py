"""The sections of a report on policies; an account's report has them too, after its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lexgraph.access.granted import granted_bits
from lexgraph.catalog.actions import catalog
from lexgraph.errors import counted
from lexgraph.markup import Html, joined
from lexgraph.policy.model import Policy
from lexgraph.report.blocks import Chart, Sections, Table, subset
from lexgraph.report.html import listed, paragraph
from lexgraph.report.subject import Subject
from lexgraph.tables import compare, console, never
from lexgraph.tables import policies as by_policy
from lexgraph.tables.grants import grants_table
from lexgraph.tables.source import IDENTITY_KINDS

MOST_IN_HEATMAP = 80
MOST_IN_OVERLAP = 12
MOST_WITH_HISTORY = 12
MOST_IN_PAIRS = 300
MOST_ACTIONS = 250_000  # rows of the table of every policy's every action


def policy_sections(subject: Subject, sections: Sections) -> None:
    """Add what is to be said of the policies."""
    policies = subject.policies
    source = subject.snapshot or policies
    table = by_policy.policies_table(source, versions=dict(subject.versions))
    shown = table.drop(columns="policy" if table["policy"].equals(table["name"]) else []).dropna(axis=1, how="all")
    sections.add(
        "policies",
        "Policies",
        Table("policies", counted(len(table), "policy", "policies"), table, shown, len(table) <= MOST_IN_OVERLAP),
    )
    granting = tuple(policy for policy in policies if policy.kind in IDENTITY_KINDS)
    if granting:
        _levels(granting, sections)
        _overlap(granting, sections)
    _statements(subject, sections)
    _never(subject, sections)
    _console(granting, sections)
    _history(subject, sections)


def _levels(policies: Sequence[Policy], sections: Sections) -> None:
    table = compare.access_levels_table(policies)
    drawn, words = _strongest(policies, table, MOST_IN_HEATMAP)
    chosen = table[table["policy"].isin([policy.key for policy in drawn])]
    chosen.attrs = table.attrs
    intro = paragraph(
        "How many actions each policy allows, by AWS's access level. Actions that a policy allows somewhere and under "
        f"some condition count; those that a Deny takes away everywhere do not.{words}"
    )
    chart = Chart("access-levels", lambda style: _plots().access_levels(chosen, style=style))
    wide = table.pivot_table(
        index=["policy", "name"], columns="level", values="actions", observed=False, aggfunc="sum", sort=False
    )
    flat = wide.reset_index()[["name", *map(str, wide.columns)]].rename_axis(columns=None)
    sections.add(
        "levels", "How strong each policy is", intro, chart, Table("access_levels", "Access levels", table, flat)
    )


def _strongest(policies: Sequence[Policy], levels: pd.DataFrame, most: int) -> tuple[tuple[Policy, ...], str]:
    """The policies that allow most, in their order, and words about those that are left out."""
    if len(policies) <= most:
        return tuple(policies), ""
    order = {level: place for place, level in enumerate(reversed(catalog_levels()))}
    sums: dict[str, tuple[int, ...]] = {}
    for policy, level, actions in zip(levels["policy"], levels["level"], levels["actions"], strict=True):
        counts = list(sums.get(policy, (0,) * len(order)))
        counts[order[str(level)]] = int(actions)
        sums[policy] = tuple(counts)
    chosen = set(sorted(sums, key=lambda key: (tuple(-count for count in sums[key]), key))[:most])
    words = f" The chart shows the {most} strongest of {len(policies):,}; the table has all."
    return tuple(policy for policy in policies if policy.key in chosen), words


def catalog_levels() -> tuple[str, ...]:
    """Return the access levels, the weakest first."""
    return ("List", "Read", "Tagging", "Write", "Permissions management")


def _overlap(policies: Sequence[Policy], sections: Sections) -> None:
    if len(policies) < 2:
        return
    pairs = compare.overlap_table(policies) if len(policies) <= MOST_IN_PAIRS else None
    drawn, words = _strongest(policies, compare.access_levels_table(policies), MOST_IN_OVERLAP)
    sets = compare.action_sets_table(drawn)
    intro = paragraph("Each column counts the actions that exactly the marked policies allow, and no other." + words)
    chart = Chart("overlap", lambda style: _plots().overlap(sets, style=style))
    blocks: list[Html | Table | Chart] = [intro, chart]
    if pairs is not None:
        blocks.append(Table("overlap", "Overlap by pairs", pairs))
    blocks.append(Table("action_sets", "Which policy allows which action", sets))
    if len(policies) == 2:
        a, b = policies
        ladder = compare.difference_table(a, b)
        blocks.insert(2, Chart("difference", lambda style: _plots().difference(ladder, style=style)))
        blocks.append(Table("difference", f"{a.name} (A) and {b.name} (B)", ladder))
    sections.add("overlap", "What the policies share", *blocks)


def _statements(subject: Subject, sections: Sections) -> None:
    source = subject.snapshot or subject.policies
    statements, grants = by_policy.statements_table(source), grants_table(source)
    conditions = by_policy.conditions_table(source)
    short = statements.drop(columns="document")
    sections.add(
        "statements",
        "What the policies say",
        Table("statements", counted(len(statements), "statement"), statements, short),
        Table("grants", f"{counted(len(grants), 'row')}: action × resource", grants),
        Table("conditions", counted(len(conditions), "condition value"), conditions) if len(conditions) else None,
        _actions(subject),
    )


def _actions(subject: Subject) -> Html | Table:
    found = sum(granted_bits(policy).named.bit_count() for policy in subject.policies)
    if found > MOST_ACTIONS:
        return paragraph(f"The policies allow {found:,} actions in all, too many to list one by one here.")
    table = by_policy.policy_actions_table(subject.snapshot or subject.policies)
    return Table("actions", "Every action that a policy allows", table)


def _never(subject: Subject, sections: Sections) -> None:
    table = never.never_matches_table(subject.snapshot or subject.policies)
    if table.empty:
        text = paragraph("None was found: every statement can match some request, as far as the rules looked for go.")
        sections.add("never", "Statements that never match", text, Table("never_matches", "No row", table))
        return
    intro = paragraph("These statements can match no request, so they neither allow nor deny anything.")
    title = counted(len(table), "statement")
    sections.add("never", "Statements that never match", intro, Table("never_matches", title, table, is_open=True))


def _console(policies: Sequence[Policy], sections: Sections) -> None:
    lex = catalog().bits("lex:*")
    asked = tuple(policy for policy in policies if granted_bits(policy).named & lex)
    if not asked:
        return
    table = console.console_readiness_table(asked)
    words = {"allowed": "yes", "conditional": "under a condition"}
    marks = table.assign(ready=[words.get(str(outcome), "no") for outcome in table["outcome"]])
    marks = marks.assign(label=_labels(table))
    features = ["feature", "action"]
    wide = marks.pivot(index=features, columns="label", values="ready").reindex(
        columns=list(dict.fromkeys(marks["label"])), index=pd.MultiIndex.from_frame(marks[features].drop_duplicates())
    )
    shown = wide.reset_index().rename_axis(columns=None)
    intro = paragraph(
        "What the Amazon Lex console needs, and whether each policy, taken alone, allows it. Only policies that allow "
        "some action of Amazon Lex are listed."
    )
    assumed = listed(f"assumed: {text}" for text in table.attrs.get("assumptions", ()))
    if len(asked) > MOST_IN_OVERLAP:
        shown = subset(table, table["blocked"].to_numpy())
    block = Table("console_readiness", f"{counted(len(asked), 'policy', 'policies')} looked at", table, shown)
    sections.add("console", "Ready for the Amazon Lex console?", intro, block, assumed)


def _labels(table: pd.DataFrame) -> list[str]:
    """The names of the policies; the keys where two share a name."""
    names = table.drop_duplicates("policy").set_index("policy")["name"]
    twice = set(names[names.duplicated(keep=False)])
    return [policy if name in twice else name for policy, name in zip(table["policy"], table["name"], strict=True)]


def _history(subject: Subject, sections: Sections) -> None:
    names = [policy.name for policy in subject.policies if policy.key in dict(subject.versions)]
    if not 0 < len(names) <= MOST_WITH_HISTORY:
        return
    history = pd.concat([compare.history_table(name) for name in names], ignore_index=True)
    changes = pd.concat([compare.history_changes_table(name) for name in names], ignore_index=True)
    intro = paragraph("The versions that AWS has published, and how many actions each added or took away.")
    sections.add(
        "history",
        "Versions",
        intro,
        Table("history", counted(len(history), "version"), history),
        Table("history_changes", counted(len(changes), "change"), changes),
    )


def unknown_sections(subject: Subject, sections: Sections) -> None:
    """Add what could not be evaluated: files, policies, patterns that match nothing known."""
    grants = grants_table(subject.snapshot or subject.policies)
    strange = subset(grants, ~grants["known"].to_numpy(), ["policy", "statement", "effect", "action"])
    strange = strange.drop_duplicates().reset_index(drop=True)
    snapshot = subject.snapshot
    unread = (
        [f"{bad.kind} policy {bad.name} of {bad.owner}: {bad.error}" for bad in snapshot.unreadable] if snapshot else []
    )
    open_ = (
        []
        if snapshot
        else [
            f"statement {i} of {policy.name}: {statement.unknown}"
            for policy in subject.policies
            for i, statement in enumerate(policy.statements)
            if statement.unknown is not None
        ]
    )
    left_out = [f"{one.file}: {one.reason}" for one in subject.skipped]
    notes = list(snapshot.notes) if snapshot else []
    nothing = paragraph("Everything that was given could be read, and every action that is named is in the catalogue.")
    sections.add(
        "unknown",
        "What could not be evaluated",
        joined((paragraph("Policies that could not be read; answers that depend on them are unknown:"), listed(unread)))
        if unread
        else None,
        joined(
            (paragraph("Statements that are not known whole; answers that depend on them are unknown:"), listed(open_))
        )
        if open_
        else None,
        joined((paragraph("What was passed over:"), listed(left_out))) if left_out else None,
        listed(notes),
        None
        if strange.empty
        else paragraph("These patterns match no action of the catalogue: misspelt, newer than it, or withdrawn."),
        None if strange.empty else Table("unknown_actions", counted(len(strange), "pattern"), strange, is_open=True),
        nothing if not unread and not open_ and not left_out and not notes and strange.empty else None,
    )


def _plots() -> Any:
    from lexgraph import plots

    return plots
