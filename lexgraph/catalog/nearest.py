"""The end of a message about an unknown name: what may have been meant."""

from __future__ import annotations

from collections.abc import Iterable

from lexgraph.errors import shown


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ``"; nearest: …"`` with up to three names, or nothing where none is near.

    >>> nearest("lexx", ["lex", "logs", "s3"])
    '; nearest: "lex"'
    """
    from difflib import get_close_matches

    spelled = {known.lower(): known for known in names}
    found = get_close_matches(name[:128].lower(), spelled, n=3, cutoff=0.6)
    return f"; nearest: {', '.join(shown(spelled[one]) for one in found)}" if found else ""
