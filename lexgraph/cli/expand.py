"""``lexgraph expand PATTERN…``."""

from __future__ import annotations

from argparse import Namespace

from lexgraph.catalog.actions import catalog
from lexgraph.cli.terminal import put, say
from lexgraph.errors import shown


def run(args: Namespace) -> int:
    """Print the actions that the patterns match, sorted, one a line; 1 where a pattern matches nothing."""
    found, code = 0, 0
    for pattern in _patterns(args.patterns):
        bits = catalog().bits(pattern)
        if not bits:
            say(f"{shown(pattern)} matches no action of the catalogue of {catalog().date}")
            code = 1
        found |= bits
    for name in catalog().names_in(found):
        put(name)
    return code


def _patterns(asked: list[str]) -> list[str]:
    patterns = []
    for one in asked:
        if one == "-":
            from lexgraph.report.inputs import read_bytes

            lines = read_bytes(one).decode("utf-8", "replace").splitlines()
            patterns += [line.strip() for line in lines if line.strip()]
        else:
            patterns.append(one)
    return patterns
