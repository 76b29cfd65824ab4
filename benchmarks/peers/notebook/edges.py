"""The nodes and edges of lexgraph's policy graph of an account, as JSON; made apart, so that its memory counts not."""

from __future__ import annotations

import json
import sys

from lexgraph.account.readers import read_account
from lexgraph.graph import policy_graph

if __name__ == "__main__":
    graph = policy_graph(read_account(sys.argv[1]))
    json.dump([list(graph.nodes), list(graph.edges)], sys.stdout)
