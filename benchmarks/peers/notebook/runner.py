"""What a person writes in a notebook without lexgraph: json, pandas and networkx, in lexgraph's own environment."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import ijson
import networkx as nx
import pandas as pd
from holding import Holdings, listed
from serving import Task, serve

LISTS = ("UserDetailList", "RoleDetailList")


class RowDicts(Task):
    """The grants of an account: a dict for each action, resource and statement, and a frame of them."""

    def run(self) -> pd.DataFrame:
        """Read the file and return the frame."""
        account = Holdings(self.data["path"])
        return pd.DataFrame([row for name, document in _documents(account) for row in _rows(name, document)])

    def answers(self) -> int:
        """Return the number of rows; a statement that lists an action twice has it once in lexgraph's table."""
        return len(self.run().drop_duplicates(["policy", "statement", "action", "resource"]))


def _documents(account: Holdings) -> Any:
    yield from account.managed.items()
    kinds = [*account.principals(), *(("Group", one) for one in account.groups.values())]
    for kind, one in kinds:
        for policy in one.get(f"{kind}PolicyList", ()):
            yield f"{one['Arn']}/{policy['PolicyName']}", policy["PolicyDocument"]
        if kind == "Role":
            yield one["Arn"], one["AssumeRolePolicyDocument"]


def _rows(name: str, document: Any) -> Any:
    for number, one in enumerate(listed(document["Statement"])):
        actions, resources = (_element(one, word) for word in ("Action", "Resource"))
        for action in actions:
            for resource in resources:
                yield {
                    "policy": name,
                    "statement": number,
                    "sid": one.get("Sid"),
                    "effect": one["Effect"],
                    "action": action,
                    "action_negated": "NotAction" in one,
                    "resource": resource,
                    "resource_negated": "NotResource" in one,
                    "condition": str(one["Condition"]) if "Condition" in one else None,
                }


def _element(one: Any, word: str) -> list[Any]:
    if f"Not{word}" in one:
        return [" ".join(listed(one[f"Not{word}"]))]
    return listed(one.get(word))


class Load(Task):
    """The file by json, and nothing else."""

    def run(self) -> Any:
        """Return what is in it."""
        with Path(self.data["path"]).open(encoding="utf-8") as file:
            return json.load(file)

    def answers(self) -> int:
        """Return the number of principals."""
        return sum(len(self.run()[name]) for name in LISTS)


class PausedLoad(Load):
    """The same with the collector of cycles paused."""

    def run(self) -> Any:
        """Return what is in the file."""
        gc.disable()
        try:
            return super().run()
        finally:
            gc.enable()


class Stream(Task):
    """The file by ijson, each list in a pass of its own, and nothing kept."""

    def run(self) -> int:
        """Return the number of principals."""
        numbers = {name: self._number(name) for name in (*LISTS, "GroupDetailList", "Policies")}
        return sum(numbers[name] for name in LISTS)

    def _number(self, name: str) -> int:
        with Path(self.data["path"]).open("rb") as file:
            return sum(1 for _ in ijson.items(file, f"{name}.item"))


class BareGraph(Task):
    """The nodes and edges of lexgraph's policy graph, put into a networkx graph without attributes."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.nodes, edges = _made(data["path"], "names")
        known = {name: name for name in self.nodes}
        self.edges = [(known[a], known[b]) for a, b in edges]

    def run(self) -> nx.DiGraph[str]:
        """Return the graph."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from(self.edges)
        return graph

    def answers(self) -> list[int]:
        """Return the numbers of nodes and edges."""
        graph = self.run()
        return [graph.number_of_nodes(), graph.number_of_edges()]


class ToldGraph(BareGraph):
    """The same with the attributes that lexgraph gives them, which lie ready in dicts."""

    def __init__(self, data: Any) -> None:
        Task.__init__(self, data)
        nodes, edges = _made(data["path"], "attributes")
        known = {name: name for name, _ in nodes}
        self.nodes = [(known[name], facts) for name, facts in nodes]
        self.edges = [(known[a], known[b], facts) for a, b, facts in edges]


def _made(path: str, what: str) -> Any:
    made_by = [sys.executable, str(Path(__file__).with_name("edges.py")), path, what]
    return json.loads(subprocess.run(made_by, capture_output=True, check=True).stdout)


if __name__ == "__main__":
    tasks = {
        "grants": RowDicts,
        "load": Load,
        "load, collector paused": PausedLoad,
        "stream": Stream,
        "policy graph": BareGraph,
        "policy graph, attributes": ToldGraph,
    }
    serve("pandas", tasks)
