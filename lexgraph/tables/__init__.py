"""Every table, each with a documented schema: columns, their dtypes and the key.

Here pandas enters. A table function is pure, takes policies, an account or rows, and returns a DataFrame in a stable
order.
"""

import lexgraph
from lexgraph.tables.account import access_table, attachments_table, principals_table
from lexgraph.tables.accounts import ACCOUNTS, access_changes_table, account_changes_table
from lexgraph.tables.actions import actions_table
from lexgraph.tables.cells import cells_table
from lexgraph.tables.changes import changes_table, histories_table, timeline_table
from lexgraph.tables.compare import (
    access_levels_table,
    action_sets_table,
    difference_table,
    history_changes_table,
    history_table,
    overlap_table,
)
from lexgraph.tables.console import console_needs_table, console_readiness_table
from lexgraph.tables.differences import policy_changes_table
from lexgraph.tables.effective import (
    EFFECTIVE,
    assume_table,
    chains_table,
    effective_actions_table,
    principal_actions_table,
    principal_cells_table,
    shared_access_table,
)
from lexgraph.tables.escalation import ESCALATION, escalation_table
from lexgraph.tables.grants import grants_table
from lexgraph.tables.lattice import breadth_table, lattice_table
from lexgraph.tables.never import never_matches_table
from lexgraph.tables.parts import PARTS, coverage_table, credentials_table, organization_table
from lexgraph.tables.policies import (
    conditions_table,
    policies_table,
    policy_actions_table,
    statements_table,
)
from lexgraph.tables.proved import PROVED
from lexgraph.tables.schema import SCHEMAS, Schema
from lexgraph.tables.skipped import SKIPPED, skipped_table

SCHEMAS.update({schema.name: schema for schema in (*PROVED, *ACCOUNTS, *PARTS, *EFFECTIVE, SKIPPED, ESCALATION)})
lexgraph.tables_loaded()

__all__ = [
    "SCHEMAS",
    "Schema",
    "access_changes_table",
    "access_levels_table",
    "access_table",
    "account_changes_table",
    "action_sets_table",
    "actions_table",
    "assume_table",
    "attachments_table",
    "breadth_table",
    "cells_table",
    "chains_table",
    "changes_table",
    "conditions_table",
    "console_needs_table",
    "console_readiness_table",
    "coverage_table",
    "credentials_table",
    "difference_table",
    "effective_actions_table",
    "escalation_table",
    "grants_table",
    "histories_table",
    "history_changes_table",
    "history_table",
    "lattice_table",
    "never_matches_table",
    "organization_table",
    "overlap_table",
    "policies_table",
    "policy_actions_table",
    "policy_changes_table",
    "principal_actions_table",
    "principal_cells_table",
    "principals_table",
    "shared_access_table",
    "skipped_table",
    "statements_table",
    "timeline_table",
]
