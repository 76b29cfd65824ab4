"""The report: a table for the terminal, the same in Markdown, and everything in JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from lexgraph import __version__
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_date
from side_by_side.racing import Entry
from side_by_side.workloads import Result, Session

HEADINGS = ("ratio", "median", "least", "runs", "who", "note")


def circumstances(session: Session) -> dict[str, Any]:
    """Return when, where and with what it was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "lexgraph": __version__,
        "catalogue": catalog().date,
        "managed policies": managed_date(),
        "limits": asdict(session.limits),
        "quick": session.quick,
        "load average": load_average(),
    }


def load_average() -> list[float] | None:
    """Return the load of the last 1, 5 and 15 minutes, where the system tells it."""
    return [round(one, 2) for one in os.getloadavg()] if hasattr(os, "getloadavg") else None


def heading(told: dict[str, Any]) -> list[str]:
    """Return the circumstances in words."""
    lines = [
        f"lexgraph {told['lexgraph']}, Python {told['python']}, {told['date']}",
        f"{told['machine']}; catalogue of {told['catalogue']}, managed policies of {told['managed policies']}",
    ]
    load = told["load average"]
    if load:
        lines.append(f"load average before the start: {', '.join(map(str, load))}")
        if load[0] > 0.3:
            lines.append(
                "Something else is running: trust the ratios more than the times, and the least more than the median."
            )
    if told["quick"]:
        lines.append("A quick run: too few repetitions to quote.")
    return lines


def verdict(result: Result) -> str:
    """Return how lexgraph stands to its bars, by the medians; beside them the same by the least times."""
    bar, parts = result.bar, []
    ratio, least = result.best_ratio(), result.best_ratio(min)
    if bar.ratio is not None and (ratio is None or least is None):
        bound = result.hung_ratio()
        told = "no peer ran" if bound is None else f"more than {bound:.1f}×, {_met(bound >= bar.ratio)}: all hung"
        parts.append(f"{bar.ratio:.3g}× the fastest right peer: {told}")
    elif bar.ratio is not None and ratio is not None and least is not None:
        met = _met(ratio >= bar.ratio)
        parts.append(f"{bar.ratio:.3g}× the fastest right peer: {ratio:.1f}× ({least:.1f}× by the least), {met}")
    mine = result.times(result.own)
    if bar.most is not None and mine:
        value = median(mine)
        parts.append(f"{bar.most:g} {result.unit}: {_number(value)}, {_met(value <= bar.most)}")
    return "; ".join(parts)


def rows(result: Result) -> list[tuple[str, ...]]:
    """Return a table's rows: lexgraph first, then by time, then those without a figure."""
    first, *rest = result.entries
    own = [one for one in rest if one.peer == "lexgraph"]
    peers = sorted((one for one in rest if one.peer != "lexgraph"), key=lambda one: result.ratio(one) or float("inf"))
    return [_row(result, one) for one in (first, *own, *peers)]


def _row(result: Result, entry: Entry) -> tuple[str, ...]:
    times = result.times(entry)
    if not times:
        mine = result.times(result.own)
        bound = result.scaled(entry.hung) / median(mine) if entry.hung and mine else None
        return f">{bound:,.0f}×" if bound else "–", "–", "–", "0", entry.name, entry.note
    ratio = result.ratio(entry)
    shown = "–" if ratio is None else f"{ratio:.3g}×" if ratio < 100 else f"{ratio:,.0f}×"
    return shown, _number(median(times)), _number(min(times)), str(len(times)), entry.name, entry.note


def as_text(results: Sequence[Result]) -> str:
    """Return the tables for a terminal."""
    lines = []
    for result in results:
        lines += ["", f"{result.workload}: {result.title} ({result.unit})"]
        if told := verdict(result):
            lines.append(f"  bar: {told}")
        table = [HEADINGS, *rows(result)]
        widths = [max(len(row[column]) for row in table) for column in range(5)]
        for row in table:
            cells = [row[i].rjust(widths[i]) if i < 4 else row[i].ljust(widths[i]) for i in range(5)]
            lines.append(("  " + "  ".join([*cells, row[5]])).rstrip())
        lines += [f"  {remark}" for remark in result.remarks]
    return "\n".join(lines)


def as_markdown(told: dict[str, Any], results: Sequence[Result]) -> str:
    """Return the report in Markdown."""
    lines = ["# lexgraph and its peers, side by side", "", *(f"- {line}" for line in heading(told))]
    for result in results:
        lines += ["", f"## {result.workload}: {result.title} ({result.unit})", ""]
        if bar := verdict(result):
            lines += [f"Bar: {bar}", ""]
        lines += [_markdown_row(HEADINGS), _markdown_row(("--:",) * 4 + ("---",) * 2)]
        lines += [_markdown_row(row) for row in rows(result)]
        if result.remarks:
            lines += ["", *(f"- {remark}" for remark in result.remarks)]
    return "\n".join(lines) + "\n"


def as_json(told: dict[str, Any], results: Sequence[Result]) -> str:
    """Return everything that was measured, in JSON."""
    tables = [
        {
            "workload": result.workload,
            "title": result.title,
            "unit": result.unit,
            "per": result.count,
            "bar": asdict(result.bar),
            "bar in words": verdict(result),
            "best ratio": result.best_ratio(),
            "best ratio of the least": result.best_ratio(min),
            "remarks": result.remarks,
            "entries": [_entry_json(result, entry) for entry in result.entries],
        }
        for result in results
    ]
    return json.dumps({**told, "results": tables}, indent=1, ensure_ascii=False) + "\n"


def _entry_json(result: Result, entry: Entry) -> dict[str, Any]:
    times = result.times(entry)
    return {
        "name": entry.name,
        "versions": entry.versions,
        "ratio": result.ratio(entry),
        "median": median(times) if times else None,
        "least": min(times, default=None),
        "times": times,
        "memory in megabytes": entry.memory,
        "prepared in seconds": entry.prepared,
        "cold is after forgetting": entry.forgets,
        "right": entry.right,
        "failed": entry.failed,
        "note": entry.note,
    }


def write(folder: Path, told: dict[str, Any], results: Sequence[Result]) -> list[Path]:
    """Write the JSON and the Markdown file; return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / "bench.json": as_json(told, results), folder / "bench.md": as_markdown(told, results)}
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _met(met: bool) -> str:
    return "met" if met else "MISSED"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if sys.platform == "linux" and info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
