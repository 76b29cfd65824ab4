"""The command ``lexgraph``: a thin face over the same functions that a notebook calls.

Exit codes: 0 done, 1 done and something to act on, 2 could not run. Data go to standard output, messages to standard
error, and neither ever carries a control sequence that came from a policy. Each command is imported when it is run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from lexgraph.cli.terminal import say
from lexgraph.errors import LexgraphError

CANNOT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    from lexgraph.cli.arguments import parse_arguments

    try:
        args = parse_arguments(sys.argv[1:] if argv is None else argv)
        code: int = import_module(f"lexgraph.cli.{args.module}").run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has left. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CANNOT
    except KeyboardInterrupt:
        say("interrupted")
        return CANNOT
    except LexgraphError as error:
        say(str(error))
        return CANNOT
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        say(f"{name}{error.strerror or error}")
        return CANNOT
    except Exception as error:
        # Whoever scripts this gets one line and an exit code, never a traceback.
        if os.environ.get("LEXGRAPH_DEBUG"):
            raise
        kind = type(error).__name__
        say(f"this is a mistake in lexgraph, not in your input: {kind}: {error} (LEXGRAPH_DEBUG=1 shows where)")
        return CANNOT
    return code
