"""cloudsplaining: the actions of every principal of an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cloudsplaining.scan.authorization_details import AuthorizationDetails
from cloudsplaining.shared.exclusions import Exclusions
from holding import as_bits
from policy_sentry.querying.all import get_all_actions
from serving import Task, clear_caches, serve

# By default it leaves out what AWS made: policies of service roles, and AdministratorAccess.
LISTS = ("policies", "roles", "users", "groups", "include-actions", "exclude-actions")
EVERYTHING = Exclusions({name: [] for name in LISTS})


class Splaining(Task):
    """Its `all_allowed_actions` of each user and role, after its `AuthorizationDetails`, which expand all policies."""

    forgets = "its functools caches and those of policy_sentry; the account is parsed"

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.details = json.loads(Path(data["path"]).read_text(encoding="utf-8"))

    def forget(self) -> None:
        """Empty the caches."""
        clear_caches("cloudsplaining")
        clear_caches("policy_sentry")

    def run(self) -> dict[str, list[str]]:
        """Return the actions of each principal."""
        account = AuthorizationDetails(self.details, EVERYTHING)
        everybody = (*account.user_detail_list.users, *account.role_detail_list.roles)
        return {str(one.arn): one.all_allowed_actions for one in everybody}

    def answers(self) -> Any:
        """Return the sets as bits."""
        sets = {arn: set(names) for arn, names in self.run().items()}
        return as_bits(sets, set(get_all_actions()), self.data["catalogue"])


if __name__ == "__main__":
    serve("cloudsplaining", {"action sets": Splaining})
