"""policy_sentry: expands action patterns."""

from __future__ import annotations

from holding import ActionSets
from policy_sentry.analysis.expand import expand
from policy_sentry.querying.all import get_all_actions
from serving import Expand, clear_caches, serve


class Sentry(Expand):
    """Its `expand`, a list of patterns at a time."""

    forgets = "its functools caches; the definitions are loaded"

    def forget(self) -> None:
        """Empty the caches."""
        clear_caches("policy_sentry")

    def everything(self) -> set[str]:
        """Return every action it knows."""
        return get_all_actions()

    def expand(self, patterns: list[str]) -> set[str]:
        """Return the names as a set."""
        return set(expand(patterns))


class SentrySets(ActionSets):
    """The actions of every principal, by its `expand`."""

    def forget(self) -> None:
        """Empty the caches."""
        clear_caches("policy_sentry")

    def everything(self) -> set[str]:
        """Return every action it knows."""
        return set(get_all_actions())

    def expand(self, patterns: list[str]) -> set[str]:
        """Return the names as a set."""
        return set(expand(patterns))


class RememberedSets(SentrySets):
    """The same, each document expanded once."""

    remembers = True


if __name__ == "__main__":
    serve("policy_sentry", {"expand": Sentry, "action sets": SentrySets, "action sets, remembered": RememberedSets})
