"""Findings as SARIF 2.1.0, which code hosts show beside the lines they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import lexgraph
from lexgraph.checks.finding import Finding
from lexgraph.cli.remedies import remedy
from lexgraph.markup import visible
from lexgraph.report.inputs import STDIN, Skipped

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "security": "warning", "warning": "warning", "suggestion": "note"}


def sarif_log(findings: Sequence[Finding], skipped: Iterable[Skipped]) -> dict[str, Any]:
    """Return a SARIF log with one run."""
    codes = sorted({finding.code for finding in findings})
    rules = [
        {"id": code, "shortDescription": {"text": code.replace("_", " ").lower()}, "help": {"text": remedy(code)}}
        for code in codes
    ]
    notes = [
        {
            "level": "note",
            "message": {"text": visible(f"skipped {one.file}: {one.reason}")},
            "locations": [_place(one.file)],
        }
        for one in skipped
    ]
    run = {
        "tool": {"driver": {"name": "lexgraph", "version": lexgraph.__version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(finding, codes.index(finding.code)) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    place = _place(finding.source or "", finding.line, finding.column)
    place["logicalLocations"] = [{"fullyQualifiedName": finding.pointer}]
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": visible(f"{finding.message}. {finding.remedy}")},
        "locations": [place],
    }


def _place(file: str, line: int | None = None, column: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if line is not None:
        found["region"] = {"startLine": line, "startColumn": column or 1}
    return {"physicalLocation": found}


def _uri(file: str) -> str:
    if file == STDIN:
        return "stdin"
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
