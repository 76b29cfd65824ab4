"""``make fuzz``: coverage-guided fuzzing of everything that reads what others wrote.

The first byte of an input chooses the reader, the others are what it reads: a policy of one of eight kinds, a line of
``lexgraph simulate``, or an account's file. Atheris is asked for only when the fuzzing starts, so that the tests can
run the corpus without it.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).with_name("corpus")
READERS = 10  # eight kinds of policies, the account, the simulation
MOST_BYTES = 20_000


def one_input(data: bytes) -> str:
    """Read one input, hold what came of it to what the readers promise, and return in a word how it ended."""
    # Imported here: under atheris, what is imported after its start is measured.
    from lexgraph.account.pages import parse_account
    from lexgraph.errors import AccountError
    from lexgraph.evaluation.simulate import CaseReader, simulate_line
    from lexgraph.policy.model import KINDS
    from tests.mutants import outcome

    if not data:
        return "empty"
    which, rest = data[0] % READERS, data[1:]
    if which < len(KINDS):
        return outcome(rest, KINDS[which])
    if which == len(KINDS):
        try:
            return f"account of {len(parse_account(rest, source='fuzz.json').principals)}"
        except AccountError as error:
            return error.code
    with suppress(UnicodeDecodeError):
        answer, _ = simulate_line(rest.decode("utf-8-sig"), 1, CaseReader())
        json.dumps(answer, allow_nan=False).encode("ascii")
        return str(answer.get("decision") or answer["error"]["code"])
    return "not text"


def main() -> None:
    """Fuzz with the arguments of libFuzzer."""
    import atheris

    with atheris.instrument_imports(include=["lexgraph"]):
        import lexgraph.account.readers
        import lexgraph.evaluation.simulate
        import lexgraph.policy.parse
        import lexgraph.policy.write  # noqa: F401 - so that it is instrumented

    def tested(data: bytes) -> Any:
        one_input(data)

    atheris.Setup([sys.argv[0], f"-max_len={MOST_BYTES}", *sys.argv[1:]], tested)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
