"""moto: the evaluator behind its `set_initial_no_auth_action_count`."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from serving import Decide, serve


class Evaluator(Decide):
    """Every policy is asked; one denial decides, then one permission."""

    forgets = "the cache of `re`"

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.evaluators = [IAMPolicy({"policy_document": json.dumps(document)}) for document in self.policies]

    def forget(self) -> None:
        """Empty the cache."""
        re.purge()

    def run(self) -> list[bool]:
        """Return whether each request is allowed."""
        return [self.allows(one) for one in self.requests]

    def allows(self, one: dict[str, Any]) -> bool:
        """Return whether some policy permits a request and none denies it."""
        permitted = False
        for policy in self.evaluators:
            found = policy.is_action_permitted(one["action"], one["resource"], incoming_condition_values=one["context"])
            if found is PermissionResult.DENIED:
                return False
            permitted = permitted or found is PermissionResult.PERMITTED
        return permitted


if __name__ == "__main__":
    serve("moto", {"decide": Evaluator})
