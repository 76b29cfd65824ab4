"""Reads the list of resources that stands beside an account: a dump of IAM names none."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from lexgraph.account.model import Resource, Tags
from lexgraph.errors import AccountError, DocumentError, shown
from lexgraph.policy.arn import is_arn
from lexgraph.policy.jsontext import decode

COLUMNS = ("resource", "type", "name", "generation", "tags")


def read_resources(path: str | Path) -> tuple[Resource, ...]:
    """Return the resources in a CSV file, in its order.

    The column ``resource`` (an ARN) is required; ``type``, ``name``, ``generation`` and ``tags`` (a JSON
    object) may be left out. Raises AccountError with the line where something is wrong.
    """
    file = Path(path)
    try:
        text = decode(file.read_bytes(), source=file.name)
    except DocumentError as error:
        raise AccountError(error.message, code=error.code, source=error.source) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if "resource" not in (reader.fieldnames or ()):
        message = f"the list of resources needs a column resource (and may have {', '.join(COLUMNS[1:])})"
        raise AccountError(message, code="MISSING_COLUMN", line=1, column=1, source=file.name)
    found: dict[str, Resource] = {}
    for row in reader:
        resource = _resource(row, reader.line_num, file.name)
        found.setdefault(resource.arn, resource)
    return tuple(found.values())


def _resource(row: dict[str, Any], line: int, source: str) -> Resource:
    arn = row["resource"] or ""
    if not is_arn(arn):
        raise AccountError(
            f"a resource is an ARN of six parts, not {shown(arn)}",
            code="MALFORMED_ARN",
            line=line,
            column=1,
            source=source,
        )
    return Resource(
        arn,
        row.get("type") or None,
        row.get("name") or None,
        row.get("generation") or None,
        _tags(row, line, source),
    )


def _tags(row: dict[str, Any], line: int, source: str) -> Tags:
    text = row.get("tags") or "{}"
    try:
        tags = json.loads(text)
    except ValueError:
        tags = None
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        message = f"tags are a JSON object of strings, not {shown(text)}"
        raise AccountError(message, code="INVALID_TAGS", line=line, column=1, source=source)
    return tuple(sorted(tags.items()))
