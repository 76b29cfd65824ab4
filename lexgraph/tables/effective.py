"""Tables of a whole account: everybody's actions, what is shared with others, who can become whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from lexgraph.access.chaining import AssumeEdge, Chain
from lexgraph.access.comparison.settled import settled_stack
from lexgraph.access.effective import ActionSet
from lexgraph.access.shared import REACHES, SharedAccess
from lexgraph.account.model import Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.reasoning.cells import cells
from lexgraph.tables.cells import cell_columns
from lexgraph.tables.names import catalog_columns, mask_of, places_in
from lexgraph.tables.proved import PROVED
from lexgraph.tables.schema import GENERATION, LEVEL, LEVELS, PRINCIPAL, SERVICE_C, SID, STATEMENT, Column, Schema
from lexgraph.tables.source import each_of, one_of, snapshot_of

_GRANTING = ("allowed", "conditional")
_WHO = Column("principal", "category", PRINCIPAL.doc)
_OUTCOME = Column("outcome", "category", "allowed, or conditional", _GRANTING)
_CONDITION = Column("condition", "str", "the words of a conditional row")
_MISSING = Column("missing_keys", "str", "the condition keys that it hangs on, joined by a comma")
_ROLE = Column("role", "category", "the ARN of the role that is assumed")
_NOTE = Column("note", "str", "what else should be known of the role, as where it is another account's")

EFFECTIVE_ACTIONS = Schema(
    "effective_actions",
    (
        PRINCIPAL,
        Column("actions", "Int64", "number of actions that the principal is granted somewhere"),
        Column("conditional_actions", "Int64", "of these, under conditions: only so, or only so on every resource"),
        Column("everywhere_actions", "Int64", "of these, granted on every resource"),
        Column("unread_actions", "Int64", "actions of which a policy that could not be read may say something else"),
        Column("level_counts", "str", "how many of the actions have which access level"),
    ),
    ("principal",),
)
PRINCIPAL_ACTIONS = Schema(
    "principal_actions",
    (
        _WHO,
        Column("action", "category", "the action in AWS's spelling"),
        SERVICE_C,
        LEVEL,
        GENERATION,
        Column(
            "conditional", "bool", "under conditions only; where everywhere, on every resource under conditions only"
        ),
        Column("everywhere", "bool", "granted on every resource, if not conditional by one Allow without conditions"),
        Column("unread", "bool", "a policy that could not be read may say something else"),
    ),
    ("principal", "action"),
)
PRINCIPAL_CELLS = Schema(
    "principal_cells",
    (_WHO, *(column for column in next(s for s in PROVED if s.name == "cells").columns if column.name != "policy")),
    ("principal", "cell"),
)
SHARED = Schema(
    "shared_access",
    (
        Column("resource", "category", "the ARN of the resource or role whose policy it is"),
        Column("principal", "category", "who is named: an account, an ARN, Service:…, Federated:…, or * for anyone"),
        Column("reach", "category", "how far it reaches: " + ", ".join(REACHES), tuple(sorted(REACHES))),
        Column("action", "str", "the actions: names and patterns, joined by spaces"),
        Column("about", "str", "the patterns of resources that are meant, joined by spaces"),
        Column("except_resource", "str", "patterns of resources that are not meant, joined by spaces"),
        _OUTCOME,
        _CONDITION,
        _MISSING,
        Column("policy", "category", "the policy's ARN, or its name where it has none"),
        STATEMENT,
        SID,
    ),
    ("resource", "principal", "statement", "action", "about", "except_resource", "condition"),
)
ASSUME = Schema("assume", (_WHO, _ROLE, _OUTCOME, _CONDITION, _MISSING, _NOTE), ("principal", "role"))
CHAINS = Schema(
    "chains",
    (
        _WHO,
        Column("role", "category", "the ARN of the role that is reached"),
        _OUTCOME,
        Column("steps", "Int64", "how many roles are assumed on the way"),
        Column("chain", "str", "the principal and the roles on the way, joined by an arrow"),
        Column("condition", "str", "the words of each conditional step, with the role it leads to"),
        _NOTE,
    ),
    ("principal", "role"),
)
EFFECTIVE = (EFFECTIVE_ACTIONS, PRINCIPAL_ACTIONS, PRINCIPAL_CELLS, SHARED, ASSUME, CHAINS)


def effective_actions_table(sets: Iterable[ActionSet]) -> pd.DataFrame:
    """Return how much each principal may do, a row per principal, in the order given.

    Returns
    -------
    The table ``effective_actions``: principal, actions, conditional_actions, everywhere_actions, unread_actions,
    level_counts.

    Examples
    --------
    >>> from lexgraph.access.effective import action_sets
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> table = effective_actions_table(action_sets(read_account(example_account_path())))
    >>> table.loc[table["principal"].str.endswith("handover-day"), "level_counts"].tolist()
    ['Read 2, Write 1']
    """
    sets = each_of(sets, ActionSet, "sets of actions, as lexgraph.access.effective.action_sets gives them")
    rows = (
        (
            one.principal,
            one.named.bit_count(),
            one.conditional.bit_count(),
            one.everywhere.bit_count(),
            one.unknown.bit_count(),
            _level_counts(one.named),
        )
        for one in sets
    )
    return EFFECTIVE_ACTIONS.frame(rows, catalog_date=catalog().date)


def _level_counts(bits: int) -> str | None:
    places = places_in(bits)
    if not len(places):
        return None
    codes = np.asarray(catalog_columns(places)["level"].codes)
    counts = np.bincount(codes[codes >= 0], minlength=len(LEVELS)).tolist()
    counts.append(int((codes < 0).sum()))
    return ", ".join(f"{level} {n}" for level, n in zip((*LEVELS, "Unknown"), counts, strict=True) if n)


def principal_actions_table(found: ActionSet) -> pd.DataFrame:
    """Return the actions that one principal is granted, or may be for all that is known, in the catalogue's order.

    Returns
    -------
    The table ``principal_actions``: principal, action, service, level, generation, conditional, everywhere, unread.

    Examples
    --------
    >>> from lexgraph.access.effective import action_sets
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> sets = action_sets(read_account(example_account_path()))
    >>> principal_actions_table(sets.of("role/handover-day"))["action"].tolist()
    ['lex:DescribeBot', 'lex:DescribeBotAlias', 'sts:AssumeRole']
    """
    found = one_of(found, ActionSet, "a set of actions, as lexgraph.access.effective.action_sets gives them")
    places = places_in(found.named | found.unknown)
    columns: dict[str, Any] = {"principal": [found.principal] * len(places), **catalog_columns(places)}
    flags = {"conditional": found.conditional, "everywhere": found.everywhere, "unread": found.unknown}
    columns |= {name: mask_of(bits)[places] for name, bits in flags.items()}
    return PRINCIPAL_ACTIONS.from_columns(columns, catalog_date=catalog().date)


def principal_cells_table(snapshot: Snapshot, principal: str) -> pd.DataFrame:
    """Return what a principal is granted within its boundary and its SCPs, on all resources: few disjoint rows.

    What the account says of the principal is put in, such as its name and its tags. Resources' own policies are not
    among the layers; what could not be read stands in the conditions.

    Returns
    -------
    The table ``principal_cells``: principal, cell, action, actions, level_counts, resource, except_resource, outcome,
    condition.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> table = principal_cells_table(read_account(example_account_path()), "role/handover-day")
    >>> table["action"].tolist()
    ['lex:DescribeBot lex:DescribeBotAlias', 'sts:AssumeRole']
    """
    snapshot = snapshot_of(snapshot)
    who = snapshot.principal(one_of(principal, str, "a principal's ARN or name"))
    rows = ((who.arn, place, *cell_columns(cell)) for place, cell in enumerate(cells(settled_stack(snapshot, who))))
    return PRINCIPAL_CELLS.frame(rows, catalog_date=catalog().date)


def shared_access_table(rows: Iterable[SharedAccess]) -> pd.DataFrame:
    """Return what resources and roles grant to callers from outside the account, in the order given.

    Returns
    -------
    The table ``shared_access``: resource, principal, reach, action, about, except_resource, outcome, condition,
    missing_keys, policy, statement, sid.

    Examples
    --------
    >>> from lexgraph.access.shared import shared_access
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> table = shared_access_table(shared_access(read_account(example_account_path())))
    >>> table.loc[table["reach"] == "public", "action"].tolist()
    ['sts:AssumeRole']
    """
    rows = each_of(rows, SharedAccess, "shared access, as lexgraph.access.shared.shared_access gives it")
    listed = (
        (
            row.resource,
            row.principal,
            row.reach,
            " ".join(row.actions) or None,
            " ".join(row.resources) or None,
            " ".join(row.exceptions) or None,
            row.outcome,
            row.condition,
            ", ".join(row.missing_keys) or None,
            row.policy,
            row.statement,
            row.sid,
        )
        for row in rows
    )
    return SHARED.frame(listed)


def assume_table(edges: Iterable[AssumeEdge]) -> pd.DataFrame:
    """Return which principal may assume which role, in the order given.

    Returns
    -------
    The table ``assume``: principal, role, outcome, condition, missing_keys, note.

    Examples
    --------
    >>> assume_table([AssumeEdge("arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:role/r", "allowed")])[
    ...     "outcome"
    ... ].tolist()
    ['allowed']
    """
    edges = each_of(edges, AssumeEdge, "edges, as lexgraph.access.chaining.assume_edges gives them")
    rows = ((e.principal, e.role, e.outcome, e.condition, ", ".join(e.missing_keys) or None, e.note) for e in edges)
    return ASSUME.frame(rows)


def chains_table(chains: Iterable[Chain]) -> pd.DataFrame:
    """Return who reaches which role, directly or over others, in the order given.

    Returns
    -------
    The table ``chains``: principal, role, outcome, steps, chain, condition, note.

    Examples
    --------
    >>> from lexgraph.access.chaining import reachable
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> table = chains_table(reachable(read_account(example_account_path()), "user/yuki"))
    >>> table.loc[table["role"].str.endswith("handover-night"), "steps"].tolist()
    [2]
    """
    chains = each_of(chains, Chain, "chains, as lexgraph.access.chaining.reachable gives them")
    rows = (
        (
            chain.principal,
            chain.role,
            chain.outcome,
            len(chain.steps),
            " → ".join((chain.principal, *(step.role for step in chain.steps))),
            "; ".join(f"{step.role}: {step.condition}" for step in chain.steps if step.condition) or None,
            chain.note,
        )
        for chain in chains
    )
    return CHAINS.frame(rows)
