"""What a terminal may be sent."""

from __future__ import annotations

import json
import sys
from typing import Any

from lexgraph.markup import visible


def say(message: str) -> None:
    """Write a message to standard error."""
    print(f"lexgraph: {visible(message)}", file=sys.stderr)


def put(line: str = "") -> None:
    """Write a line of text to standard output."""
    print(visible(line))


def put_json(value: Any, indent: int | None = 2) -> None:
    """Write a value as JSON to standard output; everything that is not ASCII is escaped."""
    print(json.dumps(value, indent=indent, ensure_ascii=True).replace("\x7f", "\\u007f"))
