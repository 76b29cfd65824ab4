"""Trying again what passes: throttling, broken connections, errors of AWS's own.

botocore could do it, but its sleep cannot be interrupted and its attempts cannot be counted together with ours.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lexgraph.account.live.failures import Failure

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often to try, and how long to wait in between: any time up to a bound that doubles, in seconds ("full
    jitter", so that calls which were throttled together do not come back together).

    `wait` waits, and returns whether to give up.
    """

    wait: Callable[[float], bool]
    attempts: int = 10
    longest: float = 20.0
    jitter: Callable[[float, float], float] = random.uniform

    def pause(self, attempt: int) -> float:
        """Return how long to wait after an attempt, counted from 0.

        >>> Backoff(lambda seconds: False, jitter=lambda low, high: high).pause(3)
        8.0
        """
        return self.jitter(0.0, min(self.longest, 2.0**attempt))

    def persist(self, ask: Callable[[], A | Failure]) -> A | Failure:
        """Return the answer of `ask`, or the last failure: one that does not pass, or that came too often."""
        answer = ask()
        for attempt in range(self.attempts - 1):
            if not isinstance(answer, Failure) or answer.kind != "passing" or self.wait(self.pause(attempt)):
                break
            answer = ask()
        return answer
