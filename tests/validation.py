"""The cases of validation: for each code a document that has it, and one nearly alike that has not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lexgraph.policy.model import Kind

FOLDER = Path(__file__).parent / "cases" / "validation"


class Case(NamedTuple):
    """One document; `pointer` is where the code is found, None where it must not be."""

    code: str
    kind: Kind
    document: Any
    date: str | None
    pointer: str | None


def validation_cases() -> Iterator[Case]:
    """The cases of all files, a file for each code.

    A file has ``kind``, and two lists: ``finds`` and ``passes``. Each entry has ``document`` or ``text``, and may have
    a ``kind`` and a ``date`` of its own; those that find have a ``pointer``. Large documents are written small: an
    object ``{"repeat": "{:012d}", "times": 9}`` stands for a list, ``padding`` for so many spaces at the end of a text.
    """
    for file in sorted(FOLDER.glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        for part in ("finds", "passes"):
            for one in content[part]:
                document = grown(one["document"]) if "document" in one else one["text"] + " " * one.get("padding", 0)
                yield Case(file.stem, one.get("kind", content["kind"]), document, one.get("date"), one.get("pointer"))


def grown(value: Any) -> Any:
    """A document with its lists written out."""
    if isinstance(value, dict):
        if set(value) == {"repeat", "times"}:
            return [value["repeat"].format(i) for i in range(value["times"])]
        return {key: grown(inner) for key, inner in value.items()}
    return [grown(inner) for inner in value] if isinstance(value, list) else value
