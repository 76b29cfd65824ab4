"""Deterministic writers: the same content is the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def compact(value: Any) -> str:
    """JSON without spaces, in the order given, ASCII only."""
    return json.dumps(value, separators=(",", ":"))


def write_json(path: Path, value: Any, *, indent: int | None = None) -> None:
    """Write `value` as JSON, compact unless `indent` is given."""
    text = compact(value) if indent is None else json.dumps(value, indent=indent)
    path.write_text(text + "\n", encoding="ascii", newline="\n")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write `lines`, each ended by a newline."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii", newline="\n")


def write_blocks(path: Path, blocks: Mapping[str, bytes]) -> dict[str, list[int]]:
    """Write `blocks` one after the other; return the byte offset and length of each."""
    places: dict[str, list[int]] = {}
    start = 0
    for name, block in blocks.items():
        places[name] = [start, len(block)]
        start += len(block)
    path.write_bytes(b"".join(blocks.values()))
    return places
