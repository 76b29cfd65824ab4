"""File names from names that anybody may have chosen."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from lexgraph.errors import ExportError, shown

LONGEST = 60


def safe_name(text: str) -> str:
    """Return a file name for any text: letters, digits and hyphens, then eight digits of the text's hash.

    No name leaves its folder, none is a device's, and two texts that differ, if only by case, get two names.

    >>> safe_name("role/../../etc/passwd")
    'role-etc-passwd-c6086c0e'
    """
    slug = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:LONGEST].rstrip("-")
    return f"{slug or 'unnamed'}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def inside(folder: Path, *parts: str) -> Path:
    """Return a path below `folder`. Raises ExportError where it would lie elsewhere, or a link stands in the way."""
    path = folder.joinpath(*parts)
    for step in (path, *path.parents):
        if step == folder:
            break
        if step.is_symlink():
            raise ExportError(f"{shown(str(step))} is a link; it is not followed", code="LINK")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ExportError(f"{shown(str(path))} lies outside {shown(str(folder))}", code="OUTSIDE")
    return path
