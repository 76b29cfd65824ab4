"""Writes a report: collects its sections, then the files beside the page, then the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from lexgraph.access.granted import granted_bits
from lexgraph.catalog.actions import catalog
from lexgraph.errors import ExportError, counted, shown
from lexgraph.exports import write_about, write_file
from lexgraph.exports.names import inside
from lexgraph.exports.provenance import Provenance
from lexgraph.exports.redaction import Redactor
from lexgraph.exports.tables import write_csv, write_parquet, write_workbook
from lexgraph.report.account import account_sections
from lexgraph.report.blocks import Chart, Section, Sections, Table
from lexgraph.report.charts import chart_files
from lexgraph.report.html import listed
from lexgraph.report.inputs import Skipped
from lexgraph.report.page import page
from lexgraph.report.policies import catalog_levels, policy_sections, unknown_sections
from lexgraph.report.redacted import redacted_sections
from lexgraph.report.subject import Subject
from lexgraph.tables.never import never_matches_table
from lexgraph.tables.source import IDENTITY_KINDS

WORKBOOK = "tables.xlsx"
ABOUT = "about.json"
PAGE = "index.html"
MOST_IN_WORKBOOK = 20_000  # rows of a sheet; a longer table takes a spreadsheet long to open
Write = Callable[[BinaryIO], object]


def write_subject(subject: Subject, folder: Path, *, redact: bool = False) -> Path:
    """Write the report on a subject, and return the path of its page."""
    _prepare(folder)
    sections, lead = report_sections(subject), tuple(_lead(subject))
    if redact:
        redactor = Redactor.of(subject.snapshot or subject.policies)
        sections = redacted_sections(sections, redactor)
        lead = tuple(map(redactor.text, lead))
        skipped = tuple(Skipped(redactor.text(one.file), redactor.text(one.reason)) for one in subject.skipped)
        about = redactor.provenance(subject.about)
        subject = replace(subject, title=redactor.text(subject.title), about=about, skipped=skipped)
    tables = [block for section in sections for block in section.blocks if isinstance(block, Table)]
    charts = [block for section in sections for block in section.blocks if isinstance(block, Chart)]
    files: list[str] = []
    for name, write in _files(tables, charts, subject.about):
        write_file(inside(folder, *name.split("/")), write)
        files.append(name)
    more = {"title": subject.title, "files": [PAGE, *files], "skipped": [asdict(one) for one in subject.skipped]}
    write_about(inside(folder, ABOUT), subject.about, more)
    text = page(f"Report on {subject.title}", lead, sections, subject.about, files)
    target = inside(folder, PAGE)
    write_file(target, lambda file: file.write(text.encode("utf-8")))
    return target


def _prepare(folder: Path) -> None:
    """Make the folders; refuse one whose files another hand wrote."""
    ours = [folder / name for name in (PAGE, "tables", "charts")]
    about = folder / ABOUT
    try:
        if any(path.exists() for path in (*ours, about)) and not _is_ours(about):
            message = f"{shown(str(folder))} holds files that lexgraph did not write: choose another folder"
            raise ExportError(message, code="NOT_OURS")
        for name in ("tables", "charts"):
            inside(folder, name).mkdir(parents=True, exist_ok=True)
        if not about.exists():
            # First of all, so that a report that was interrupted can be written again.
            write_about(about, Provenance(), {"files": []})
    except OSError as error:
        raise ExportError(f"cannot write into {shown(str(folder))}: {error.strerror}", code="CANNOT_WRITE") from None


def _is_ours(about: Path) -> bool:
    try:
        said = json.loads(about.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("generator") == "lexgraph"


# The content ---------------------------------------------------------------------------------------------------------


def report_sections(subject: Subject) -> tuple[Section, ...]:
    """Return all that a report says."""
    sections = Sections()
    sections.add("summary", "Summary", listed(_summary(subject)))
    if subject.snapshot is not None:
        account_sections(subject.snapshot, sections)
    policy_sections(subject, sections)
    unknown_sections(subject, sections)
    return tuple(sections.found)


def _lead(subject: Subject) -> Iterator[str]:
    dates = f"Catalogue of actions of {catalog().date}"
    if subject.snapshot is not None:
        yield f"{dates}; the account as of {subject.snapshot.date or 'a day that its file does not tell'}."
    else:
        yield f"{dates}."
    yield "Unless it says otherwise, an action counts where a policy allows it on some resource, under some condition."


def _summary(subject: Subject) -> Iterator[str]:
    snapshot = subject.snapshot
    if snapshot is not None:
        users = sum(principal.kind == "user" for principal in snapshot.principals)
        roles = len(snapshot.principals) - users
        people = ", ".join((counted(users, "user"), counted(len(snapshot.groups), "group"), counted(roles, "role")))
        yield f"{people}; {counted(len(snapshot.resources), 'resource')} listed with the account."
        if snapshot.unreadable:
            yield f"{counted(len(snapshot.unreadable), 'policy', 'policies')} could not be read."
    statements = [statement for policy in subject.policies for statement in policy.statements]
    denies = sum(not statement.allows for statement in statements)
    conditional = sum(bool(statement.conditions) for statement in statements)
    yield (
        f"{counted(len(subject.policies), 'policy', 'policies')} with {counted(len(statements), 'statement')}, "
        f"{denies:,} of them Deny, {conditional:,} with conditions."
    )
    if snapshot is None:
        yield _actions_allowed(subject)
    if never := len(never_matches_table(snapshot or subject.policies).drop_duplicates(["policy", "statement"])):
        yield f"{counted(never, 'statement')} can match no request."
    if subject.skipped:
        yield f"{counted(len(subject.skipped), 'entry', 'entries')} passed over: the end of the page says what and why."


def _actions_allowed(subject: Subject) -> str:
    """How many actions the policies allow together, by access level."""
    bits, counts = 0, []
    for policy in subject.policies:
        if policy.kind in IDENTITY_KINDS:
            bits |= granted_bits(policy).named
    levels = [catalog().level(name) or "Unknown" for name in catalog().names_in(bits)]
    for level in reversed(catalog_levels()):
        if found := levels.count(level):
            counts.append(f"{found:,} {level}")
    return f"Together they allow {counted(len(levels), 'action')}{': ' if counts else ''}{', '.join(counts)}."


# The files -----------------------------------------------------------------------------------------------------------


def _files(tables: list[Table], charts: list[Chart], about: Provenance) -> Iterator[tuple[str, Write]]:
    for one in tables:
        yield f"tables/{one.name}.csv", partial(_write_csv, one.frame)
        if find_spec("pyarrow") is not None:
            yield f"tables/{one.name}.parquet", partial(_write_parquet, one.frame, about)
    if find_spec("xlsxwriter") is not None:
        yield f"tables/{WORKBOOK}", partial(_write_workbook, tables, about)
    for chart in charts:
        for name, data in chart_files(chart, about):
            yield f"charts/{name}", partial(_write_bytes, data)


def _write_csv(frame: pd.DataFrame, file: BinaryIO) -> None:
    write_csv(frame, file)


def _write_parquet(frame: pd.DataFrame, about: Provenance, file: BinaryIO) -> None:
    write_parquet(frame, file, about)


def _write_workbook(tables: list[Table], about: Provenance, file: BinaryIO) -> None:
    fitting = {one.name: one.frame for one in tables if len(one.frame) <= MOST_IN_WORKBOOK}
    left_out = [f"{one.name}: {len(one.frame):,} rows, see {one.name}.csv" for one in tables if one.name not in fitting]
    write_workbook(fitting, file, about, left_out=left_out)


def _write_bytes(data: bytes, file: BinaryIO) -> None:
    file.write(data)
