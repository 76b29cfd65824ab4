"""PMapper: its local simulation. (It is under the AGPL: it is called here, and nothing is taken from it.)"""

from __future__ import annotations

import collections
import collections.abc
import re
from typing import Any

from serving import Decide, clear_caches, serve

for name in ("Mapping", "MutableMapping"):  # Python 3.10 took them from the place where it looks for them
    setattr(collections, name, getattr(collections.abc, name))

from accounts import Edges, FirstAnswer, UnboundedEdges, WhoCan  # noqa: E402 (after the names are back)
from principalmapper.common import Node, Policy  # noqa: E402 (the same)
from principalmapper.querying.query_interface import local_check_authorization  # noqa: E402 (the same)


class Simulation(Decide):
    """`local_check_authorization`: yes or no. A user stands in for what it would read from an account."""

    forgets = "its cache of compiled patterns and that of `re`"

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        arn = self.requests[0]["principal"]
        policies = [Policy(f"{arn}/p{i}", f"p{i}", document) for i, document in enumerate(self.policies)]
        self.user = Node(arn, "AIDAEXAMPLEEXAMPLE000", policies, [], None, None, 0, False, False, None, False, {})

    def forget(self) -> None:
        """Empty the caches."""
        clear_caches("principalmapper")
        re.purge()

    def run(self) -> list[bool]:
        """Return whether each request is allowed."""
        user = self.user
        return [
            local_check_authorization(user, one["action"], one["resource"], one["context"]) for one in self.requests
        ]


if __name__ == "__main__":
    serve(
        "principalmapper",
        {
            "decide": Simulation,
            "who can": WhoCan,
            "first answer": FirstAnswer,
            "escalation": Edges,
            "escalation, cache unbounded": UnboundedEdges,
        },
    )
