"""Text that nobody can be deceived by."""

from __future__ import annotations

import re

from lexgraph.errors import shown

# All but visible ASCII, the letters and signs of Latin-1 (the soft hyphen shows nothing), and a few signs of our own.
_HIDDEN = re.compile("[^ -~¡-¬®-ÿ…–—→×]")


def visible(text: str) -> str:
    """Return a text in one line, with control, bidi and other deceptive characters as code points.

    >>> print(visible("red" + chr(27) + "[31m"))
    red\\x1b[31m
    """
    return _HIDDEN.sub(lambda found: shown(found.group())[1:-1], text)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "policy", "policies"), counted(2, "error")
    ('1 policy', '2 errors')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
