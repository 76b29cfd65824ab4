"""Cells of a spreadsheet that are nothing but text."""

from __future__ import annotations

import re

from lexgraph.errors import shown

FORMULA = re.compile(r"[=+\-@\t\r\n]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def csv_cell(text: str) -> str:
    """Return a text as a cell of a CSV file that no spreadsheet takes for a formula.

    >>> csv_cell("=1+1"), csv_cell("user/maria")
    ("'=1+1", 'user/maria')
    """
    visible = without_controls(text)
    return f"'{visible}" if FORMULA.match(visible) else visible


def without_controls(text: str) -> str:
    """Return a text in which control characters other than tab and line breaks stand as code points.

    >>> print(without_controls("a" + chr(0) + "b"))
    a\\x00b
    """
    return CONTROL.sub(lambda found: shown(found.group())[1:-1], text)
