"""The nodes and edges of lexgraph's policy graph of an account, as JSON: their names, or their attributes too. They are
made apart, so that the memory for it counts not.
"""

from __future__ import annotations

import json
import sys

from lexgraph.account.readers import read_account
from lexgraph.graph import policy_graph

if __name__ == "__main__":
    graph = policy_graph(read_account(sys.argv[1]))
    told = sys.argv[2] == "attributes"
    json.dump([list(graph.nodes(data=told)), list(graph.edges(data=told))], sys.stdout)
