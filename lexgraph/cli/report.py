"""``lexgraph report INPUT -o DIR``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from lexgraph.account.templates.parameters import parameters_of
from lexgraph.cli.terminal import put, say
from lexgraph.errors import shown
from lexgraph.report.subject import subject_of


def run(args: Namespace) -> int:
    """Write the report and print the path of its page; 1 where a policy of a folder could not be read."""
    from lexgraph.report.write import write_subject

    subject = subject_of(
        args.input,
        parameters=parameters_of(args.parameters),
        organization=args.organization,
        resource_policies=args.resource_policies,
    )
    put(str(write_subject(subject, Path(args.output), redact=args.redact)))
    for one in subject.unread:
        say(f"skipped {shown(one.file)}: {one.reason}")
    return int(bool(subject.unread))
