"""``lexgraph collect -o DIR``."""

from __future__ import annotations

from argparse import Namespace

from lexgraph.account.live.collector import Collected, collect
from lexgraph.account.live.permissions import collection_policy
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import LexgraphError, counted, shown

INCOMPLETE = 1


def run(args: Namespace) -> int:
    """Collect, and print the folder; 1 where something is missing."""
    if args.print_policy:
        put_json(collection_policy(args.services))
        return 0
    if args.output is None:
        raise LexgraphError("-o DIR is needed: the folder to collect into", code="NO_FOLDER")
    try:
        done = collect(
            args.output,
            profile=args.profile,
            regions=args.regions,
            services=args.services,
            endpoint_url=args.endpoint_url,
        )
    except KeyboardInterrupt:
        say("interrupted: the same command goes on where this one stopped")
        return INCOMPLETE
    put(str(done.folder))
    _tell(done)
    return 0 if done.complete else INCOMPLETE


def _tell(done: Collected) -> None:
    say(f"account {done.account_id}, asked as {shown(done.caller)}: {counted(done.answers, 'new answer')}")
    for note in done.notes:
        say(f"note: {note}")
    for gap in done.missing:
        say(f"missing: {gap}")
    if done.stopped is not None:
        say(done.stopped)
    elif done.missing:
        say("the same command asks again for what is missing")
