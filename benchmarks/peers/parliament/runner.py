"""parliament: expands action patterns."""

from __future__ import annotations

from parliament import expand_action
from serving import Expand, clear_caches, serve


class Parliament(Expand):
    """Its `expand_action`, a pattern at a time, without complaints about unknown names."""

    forgets = "its functools caches; the definitions are loaded"

    def forget(self) -> None:
        """Empty the caches."""
        clear_caches("parliament")

    def expand(self, patterns: list[str]) -> set[str]:
        """Return the names as a set."""
        return {
            f"{found['service']}:{found['action']}"
            for pattern in patterns
            for found in expand_action(pattern, raise_exceptions=False)
        }


if __name__ == "__main__":
    serve("parliament", {"expand": Parliament})
