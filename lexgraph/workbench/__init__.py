"""What a notebook holds in its hand: sets of policies, an account, a comparison, a history.

Each method is one call to a function of a lower layer. Tables are made on first use and then kept, so looking at one
twice costs nothing.
"""

from lexgraph.workbench.account import Account
from lexgraph.workbench.accounts import AccountComparison, compare_accounts
from lexgraph.workbench.comparison import Comparison, History
from lexgraph.workbench.policies import PolicySet
from lexgraph.workbench.proved import breadth_table, closest_managed, history_table, lattice, simplify
from lexgraph.workbench.relations import contains, equivalent, overlaps, relate
from lexgraph.workbench.start import (
    as_policies,
    catalog_date,
    compare,
    console_needs,
    console_readiness,
    example_account,
    example_policies,
    expand,
    find_policy,
    history,
    managed_policies,
    read_account,
    read_policies,
)

__all__ = [
    "Account",
    "AccountComparison",
    "Comparison",
    "History",
    "PolicySet",
    "as_policies",
    "breadth_table",
    "catalog_date",
    "closest_managed",
    "compare",
    "compare_accounts",
    "console_needs",
    "console_readiness",
    "contains",
    "equivalent",
    "example_account",
    "example_policies",
    "expand",
    "find_policy",
    "history",
    "history_table",
    "lattice",
    "managed_policies",
    "overlaps",
    "read_account",
    "read_policies",
    "relate",
    "simplify",
]
