"""What is proved about many policies at once: who contains whom, and which managed policy already says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from lexgraph.policy.model import Policy
from lexgraph.reasoning import closest
from lexgraph.reasoning import lattice as order
from lexgraph.reasoning import simplify as simpler
from lexgraph.workbench.start import find_policy

if TYPE_CHECKING:
    import pandas as pd

    from lexgraph.reasoning.closest import Closest
    from lexgraph.reasoning.lattice import Lattice
    from lexgraph.reasoning.simplify import Simplified


def closest_managed(policy: Policy | str, *, most: int = closest.FEW) -> Closest:
    """Return the managed policies that allow the same as a policy, the closest wider and the closest narrower ones.

    >>> "AmazonLexFullAccess" in closest_managed("AmazonLexReadOnly").wider
    True
    """
    return closest.closest_managed(_policy(policy), most=most)


def simplify(policy: Policy | str) -> Simplified:
    """Return a policy that allows the same with less text, what went, and the proof.

    >>> simplify("AmazonLexFullAccess").proof.holds
    True
    """
    return simpler.simplify(_policy(policy))


def lattice(policies: Mapping[str, Policy] | Iterable[Policy] | None = None) -> Lattice:
    """Return which of the policies contain which; without an argument, of all of AWS's managed policies, as worked out
    when the data was bundled.

    >>> len(lattice().names)
    1582
    """
    if policies is None:
        return order.managed_lattice()
    return order.lattice(policies.values() if isinstance(policies, Mapping) else policies)


def breadth_table(lattice: Lattice | None = None) -> pd.DataFrame:
    """Return how many of the policies each contains (schema ``breadth``); by default of AWS's managed policies.

    >>> breadth_table()["name"].iloc[0]
    'AdministratorAccess'
    """
    from lexgraph import tables

    return tables.breadth_table(order.managed_lattice() if lattice is None else lattice)


def history_table() -> pd.DataFrame:
    """Return how often AWS changed each of its managed policies, and how (schema ``histories``).

    >>> int(history_table()["versions"].sum())
    6286
    """
    from lexgraph import tables

    return tables.histories_table()


def _policy(policy: Policy | str) -> Policy:
    return find_policy(policy) if isinstance(policy, str) else policy
