"""Two accounts side by side: what the one allows and the other does not was gained, or was lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lexgraph.access.comparison.decider import Decider, Rules
from lexgraph.access.comparison.model import Direction
from lexgraph.access.decide import GRANTING
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.decision import Decision, Outcome
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack

# Of the earlier account, and of the later one; None where an account does not have the principal.
Answers = tuple[Outcome | None, Outcome | None]


@dataclass(frozen=True, slots=True)
class Sides:
    """Two accounts, of which the one `here` is asked for what it allows and the one `there` does not.

    `change` is what came of that; `mine` and `other` are what the principals of the two hold, by their ARNs.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = Decider(read_account(example_account_path()))
    >>> Sides("lost", account, account, {}, {}).turned.change
    'gained'
    """

    change: Direction
    here: Decider
    there: Decider
    mine: Mapping[str, PolicyStack]
    other: Mapping[str, PolicyStack]

    @property
    def turned(self) -> Sides:
        """The same two for the other question: what the one there allows alone."""
        change: Direction = "lost" if self.change == "gained" else "gained"
        return Sides(change, self.there, self.here, self.other, self.mine)

    @property
    def both(self) -> tuple[Decider, Decider]:
        """The account here, and the one there."""
        return self.here, self.there

    @property
    def stacks(self) -> tuple[Mapping[str, PolicyStack], Mapping[str, PolicyStack]]:
        """What the principals of the two hold."""
        return self.mine, self.other

    @property
    def account_id(self) -> str | None:
        """The number of the account here."""
        return self.here.snapshot.account_id

    def in_order(self, here: Outcome | None, there: Outcome | None) -> Answers:
        """Return the answers of the two as they followed each other."""
        return (there, here) if self.change == "gained" else (here, there)

    def rules_of(self, owner: str | None) -> tuple[Rules, Rules]:
        """Return what the two know of the resource control policies above an account; one object where it is the
        same.
        """
        mine, other = (one.rules(owner) for one in self.both)
        return (mine, mine) if mine == other else (mine, other)

    def decided(self, request: Request, *, stays: bool = True) -> tuple[Decision, Decision | None] | None:
        """Return the decisions of the two on a request that may be allowed here; None where it is not, or is no
        request, as an example of a pattern may be none. `stays` is whether its resource is there, too.
        """
        try:
            here = self.here.decide(request)
            if here is None or here.outcome not in GRANTING:
                return None
            return here, self.there.decide(request) if stays else None
        except LexgraphError:
            return None

    def answers(self, request: Request, *, stays: bool = True) -> Answers | None:
        """Return the answers to a request, in order, where it is allowed here alone; `stays` as for :meth:`decided`."""
        decisions = self.decided(request, stays=stays)
        if decisions is None:
            return None
        here, there = (None if one is None else one.outcome for one in decisions)
        return None if there in GRANTING else self.in_order(here, there)
