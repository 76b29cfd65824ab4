"""lexgraph's own side where a whole account is asked about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from serving import Task

from lexgraph.access.decide import who_can
from lexgraph.access.effective import action_sets
from lexgraph.access.escalation.edges import escalation_edges
from lexgraph.account.pages import parse_account
from lexgraph.account.readers import read_account
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context


def clear_memos() -> None:
    """Empty the memos that outlive an account: the bounded caches. The unbounded ones hold bundled files."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "lexgraph":
            for value in list(vars(module).values()):
                parameters = getattr(value, "cache_parameters", None)
                if parameters and (parameters()["maxsize"] or 0) > 1:
                    value.cache_clear()


class OfAccount(Task):
    """A task on the account in ``data["path"]``."""

    forgets = "the account, which is parsed anew, its values made, and every memo; the catalogue's names are loaded"

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.text = Path(data["path"]).read_bytes()
        self.forget()

    def forget(self) -> None:
        """Take a new account, of which nothing is ready."""
        clear_memos()
        catalog.cache_clear()
        catalog().wildcard_only("s3:GetObject")
        self.account = parse_account(self.text)
        len(self.account.principals)  # an account is packed until somebody asks


class AllActionSets(OfAccount):
    """The actions of every principal, as bitsets."""

    def run(self) -> Any:
        """Return all sets."""
        return action_sets(self.account)

    def answers(self) -> Any:
        """Return each set as bits, in hexadecimal, over the catalogue that the data gives: lexgraph's own."""
        length = (len(self.data["catalogue"]) + 7) // 8
        everything = (1 << len(self.data["catalogue"])) - 1
        found = self.run()
        sets = zip(found.principals, found.named, strict=True)
        return {
            "known": everything.to_bytes(length, "little").hex(),
            "sets": {arn: bits.to_bytes(length, "little").hex() for arn, bits in sets},
        }


class WhoCan(OfAccount):
    """Who may do what ``data["questions"]`` ask; the condition keys that are not given are absent, as for the peers."""

    context = Context({}, complete=True)

    def run(self) -> Any:
        """Return the rows, question by question."""
        return [
            who_can(self.account, action, resource, context=self.context) for action, resource in self.data["questions"]
        ]

    def answers(self) -> list[list[str]]:
        """Return who is allowed for certain."""
        return [[row.principal for row in rows if row.outcome == "allowed"] for rows in self.run()]


class WhoCanPerhaps(WhoCan):
    """The same where they are unknown: with the condition under which one may."""

    context = UNKNOWN_CONTEXT


class FromFile(Task):
    """A task that begins with the file ``data["path"]``."""

    forgets = "every memo"

    def forget(self) -> None:
        """Empty the memos."""
        clear_memos()


class Load(FromFile):
    """The account itself."""

    def run(self) -> Any:
        """Return the account."""
        return read_account(self.data["path"])

    def answers(self) -> int:
        """Return the number of principals."""
        return len(self.run().principals)


class FirstAnswer(FromFile):
    """From the file to who may do what is asked."""

    def run(self) -> Any:
        """Read and ask."""
        account = read_account(self.data["path"])
        questions = self.data["questions"]
        return [who_can(account, action, resource, context=WhoCan.context) for action, resource in questions]

    def answers(self) -> list[list[str]]:
        """Return who is allowed for certain."""
        return [[row.principal for row in rows if row.outcome == "allowed"] for rows in self.run()]


class Escalation(OfAccount):
    """Who can take over whom."""

    def run(self) -> Any:
        """Return the edges."""
        return escalation_edges(self.account, administrators=False)

    def answers(self) -> Any:
        """Return the pairs, those of administrators too: whom a peer takes for one is for it to say."""
        return {"pairs": sorted({(edge.principal, edge.target) for edge in escalation_edges(self.account)})}


class EscalationOfAll(Escalation):
    """The same with what administrators can do."""

    def run(self) -> Any:
        """Return the edges."""
        return escalation_edges(self.account)


class GrantsTable(FromFile):
    """From the file to the table of grants."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        from lexgraph.tables import grants_table  # pandas comes with it

        self.table = grants_table

    def run(self) -> Any:
        """Return the table."""
        return self.table(read_account(self.data["path"]))

    def answers(self) -> int:
        """Return the number of rows."""
        return len(self.run())


class PolicyGraph(OfAccount):
    """The policy graph, of an account that is read already."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        from lexgraph.graph import policy_graph  # networkx comes with it

        self.graph = policy_graph

    def run(self) -> Any:
        """Return the graph."""
        return self.graph(self.account)

    def answers(self) -> list[int]:
        """Return the numbers of nodes and edges."""
        graph = self.run()
        return [graph.number_of_nodes(), graph.number_of_edges()]


TASKS = {
    "action sets": AllActionSets,
    "who can": WhoCan,
    "who can perhaps": WhoCanPerhaps,
    "first answer": FirstAnswer,
    "escalation": Escalation,
    "escalation of all": EscalationOfAll,
    "grants": GrantsTable,
    "load": Load,
    "policy graph": PolicyGraph,
}
