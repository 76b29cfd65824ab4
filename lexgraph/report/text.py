"""Numbers in words."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "policy", "policies"), counted(2, "error")
    ('1 policy', '2 errors')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
