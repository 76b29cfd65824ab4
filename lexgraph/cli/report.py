"""``lexgraph report INPUT -o DIR``."""

from __future__ import annotations

from argparse import Namespace

from lexgraph.cli.terminal import put
from lexgraph.report import write_report


def run(args: Namespace) -> int:
    """Write the report and print the path of its page."""
    put(str(write_report(args.input, args.output, redact=args.redact)))
    return 0
