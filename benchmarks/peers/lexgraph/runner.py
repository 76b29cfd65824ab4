"""lexgraph's own side of the comparisons."""

from __future__ import annotations

from random import Random
from typing import Any

from account_tasks import TASKS, clear_memos
from serving import Decide, Task, serve

from lexgraph.catalog.actions import Catalog, catalog
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.many import authorize_many
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning import Answer, contains

MILLION = 1_000_000


class ExpandElements(Task):
    """The actions of every element, as bitsets."""

    forgets = "every memo; the names of the catalogue are loaded"

    def __init__(self, data: Any) -> None:
        super().__init__([(tuple(patterns), negated) for patterns, negated in data])
        self.catalog = Catalog()

    def forget(self) -> None:
        """Take a new catalogue, whose memos are empty."""
        self.catalog = Catalog()

    def run(self) -> list[Any]:
        """Return one set for each element."""
        return [self.catalog.bits_of(patterns, negated) for patterns, negated in self.data]

    def answers(self) -> dict[str, Any]:
        """Return the catalogue and each set as places in it."""
        names = [name.lower() for name in self.catalog.names]
        places = {name: place for place, name in enumerate(self.catalog.names)}
        found = ExpandElements.run(self)
        return {"catalogue": names, "sets": [[places[name] for name in self.catalog.names_in(bits)] for bits in found]}


class ExpandToNames(ExpandElements):
    """The same, each set as a tuple of names."""

    def run(self) -> list[Any]:
        """Return the names for each element."""
        return [self.catalog.names_in(bits) for bits in super().run()]


class Decisions(Decide):
    """The whole Decision for every request."""

    forgets = "the stack and every memo; policies are parsed, the catalogue is loaded"
    complete = True  # what the peers assume of every context

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.parsed = tuple(parse_policy(document, name=f"p{i}") for i, document in enumerate(self.policies))
        catalog().wildcard_only("s3:GetObject")  # reads the file
        self.forget()
        self.asked = [self.request(one) for one in self.requests]

    def request(self, one: dict[str, Any]) -> Request:
        """Return a request as lexgraph takes it."""
        context = Context(one["context"], complete=self.complete)
        return Request(one["principal"], one["action"], one["resource"], context)

    def forget(self) -> None:
        """Take a new stack, which is made ready with its first request."""
        clear_memos()
        self.stack = PolicyStack(identity=self.parsed)

    def run(self) -> list[Decision]:
        """Return the decisions."""
        stack = self.stack
        return [authorize(stack, request) for request in self.asked]

    def run_fresh(self) -> list[Decision]:
        """Return the decisions on requests that were never seen: each is made first."""
        stack = self.stack
        return [authorize(stack, self.request(one)) for one in self.requests]

    def answers(self) -> list[str]:
        """Return ``"allowed"`` or ``"denied"``, or ``"conditional"``."""
        found = [decision.outcome for decision in Decisions.run(self)]
        return ["denied" if outcome.endswith("Deny") else outcome for outcome in found]


class Arrays(Decisions):
    """A million decisions from arrays: the requests' actions and resources, combined at random."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        random = Random(2)
        self.context = Context({"aws:SourceIp": "203.0.113.7"}, complete=True)
        # Not "*": for an action that takes a resource, that asks about all of them.
        found = [[one[what] for one in self.requests if one[what] != "*"] for what in ("action", "resource")]
        self.columns = [random.choices(values, k=MILLION) for values in found]
        self.principal = self.requests[0]["principal"]

    def run(self) -> Any:
        """Return the outcomes as codes."""
        return authorize_many(self.stack, self.principal, *self.columns, self.context)

    run_fresh = run


class MakingRequests(Decisions):
    """The same, and every Request and Context is made anew each time."""

    def run(self) -> list[Decision]:
        """Return the decisions."""
        return self.run_fresh()


class UnknownContext(Decisions):
    """The same, where keys that are not given are unknown rather than absent."""

    complete = False


class Explained(Decisions):
    """The same, and each decision's explanation is written out."""

    def run(self) -> list[Any]:
        """Return the explanations."""
        return [decision.explain().text() for decision in super().run()]

    def run_fresh(self) -> list[Any]:
        """Return the explanations of decisions on new requests."""
        return [decision.explain().text() for decision in super().run_fresh()]


class Containment(Task):
    """Whether the second policy of each pair allows everything that the first does, with a counterexample."""

    forgets = "what was made ready of the policies, and every memo; policies are parsed, the catalogue is loaded"

    def __init__(self, data: Any) -> None:
        super().__init__(data["pairs"])
        self.forget()
        self.run()  # reads the catalogue's files

    def forget(self) -> None:
        """Take new policies, of which nothing is ready."""
        clear_memos()
        self.pairs = [[parse_policy(document) for document in pair] for pair in self.data]

    def run(self) -> list[Answer]:
        """Return the answers."""
        return [contains(second, first) for first, second in self.pairs]

    def answers(self) -> list[str]:
        """Return each answer as a word."""
        words = {True: "contained", False: "not contained", None: "undecided"}
        return [words[answer.holds] for answer in Containment.run(self)]


if __name__ == "__main__":
    serve(
        "lexgraph",
        {
            "expand": ExpandElements,
            "expand to names": ExpandToNames,
            "decide": Decisions,
            "decide, making requests": MakingRequests,
            "decide, unknown context": UnknownContext,
            "decide, explained": Explained,
            "contain": Containment,
            "decide arrays": Arrays,
            **TASKS,
        },
    )
