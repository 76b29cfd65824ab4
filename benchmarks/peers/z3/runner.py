"""z3: containment of two policies, written as a formula by the oracle of the tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from serving import Task, serve

sys.path.insert(0, str(Path(__file__).parents[3] / "tests"))

import oracle

SECONDS = 2.0  # for a pair


class Contain(Task):
    """Whether the second policy of each pair allows everything that the first does."""

    forgets = "nothing: it keeps nothing"

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        actions = tuple(data["actions"])
        withheld = {key: frozenset(names) for key, names in data["withheld"].items()}
        several = frozenset(data["several"])
        self.facts = oracle.Facts(
            actions,
            frozenset(data["wildcard only"]),
            lambda key, action: False if action in withheld.get(key, ()) else None,
            several.__contains__,
        )
        self.pairs: list[list[Any]] = data["pairs"]
        self.undecided: set[int] = set()

    def one(self, number: int) -> str:
        """Return the answer about a pair."""
        first, second = self.pairs[number]
        try:
            found = oracle.only_first_allows(first, second, self.facts, seconds=SECONDS)
        except oracle.Unsupported:
            self.undecided.add(number)
            return "refused"
        except oracle.TimedOut:
            self.undecided.add(number)
            return "undecided"
        return "contained" if found is None else "not contained"

    def run(self) -> list[str]:
        """Answer all pairs but those that were not decided when they were compared: its time is without these."""
        return [self.one(number) for number in range(len(self.pairs)) if number not in self.undecided]

    def answers(self) -> list[str]:
        """Answer all pairs."""
        self.undecided.clear()
        return [self.one(number) for number in range(len(self.pairs))]


if __name__ == "__main__":
    serve("z3-solver", {"contain": Contain})
