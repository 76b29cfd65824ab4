"""``lexgraph simulate CASES.jsonl``: a case a line in, an answer a line out, in order and one at a time."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lexgraph.cli.terminal import put_json, say
from lexgraph.errors import counted, shown
from lexgraph.evaluation.simulate import CaseReader, simulate_line

Answer = dict[str, Any]
MOST_TOLD = 100


def run(args: Namespace) -> int:
    """Answer each case; 1 where a case was bad or, with --expect, a decision was not the expected one."""
    cases = bad = expected = different = 0
    with _opened(args.cases) as file:
        for answer, wanted in _answers(file):
            cases += 1
            bad += "error" in answer
            put_json(answer, indent=None)
            if args.expect and wanted is not None and "error" not in answer:
                expected += 1
                if answer["decision"] != wanted:
                    different += 1
                    _tell(answer, wanted, different)
    say(_summary(cases, bad, expected, different, expect=args.expect))
    return int(bool(bad or different))


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        yield file


def _answers(file: BinaryIO) -> Iterator[tuple[Answer, str | None]]:
    reader = CaseReader()
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            message = f"byte {error.start} of the line is not UTF-8 text"
            yield {"id": None, "line": number, "error": _error("INVALID_ENCODING", message)}, None
        else:
            yield simulate_line(text, number, reader)


def _error(code: str, message: str) -> dict[str, str]:
    return {"code": code, "pointer": "", "message": message}


def _tell(answer: Answer, wanted: str, number: int) -> None:
    if number <= MOST_TOLD:
        say(f"case {shown(answer['id'])}: expected {wanted}, got {answer['decision']}")
    elif number == MOST_TOLD + 1:
        say("further cases that differ are not listed")


def _summary(cases: int, bad: int, expected: int, different: int, *, expect: bool) -> str:
    text = f"{counted(cases, 'case')}, {counted(bad, 'bad one')}"
    if expect:
        text += f"; {expected:,} with an expected decision, {different:,} of them different"
    return text
