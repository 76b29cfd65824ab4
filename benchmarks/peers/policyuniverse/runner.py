"""policyuniverse: expands action patterns; its names are in lower case."""

from __future__ import annotations

from holding import ActionSets
from policyuniverse import all_permissions
from policyuniverse.expander_minimizer import get_actions_from_statement
from serving import Expand, serve


class Universe(Expand):
    """Its `get_actions_from_statement`; it remembers nothing."""

    def everything(self) -> set[str]:
        """Return every action it knows."""
        return all_permissions

    def expand(self, patterns: list[str]) -> set[str]:
        """Return the names as a set."""
        return get_actions_from_statement({"Action": patterns})


class UniverseSets(ActionSets):
    """The actions of every principal, by the same."""

    def everything(self) -> set[str]:
        """Return every action it knows."""
        return set(all_permissions)

    def expand(self, patterns: list[str]) -> set[str]:
        """Return the names as a set."""
        return set(get_actions_from_statement({"Action": patterns}))


if __name__ == "__main__":
    serve("policyuniverse", {"expand": Universe, "action sets": UniverseSets})
