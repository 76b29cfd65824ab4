"""The table of who can take over whom."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from lexgraph.access.escalation.methods import GAIN_WORDS, KINDS
from lexgraph.access.escalation.model import EscalationEdge
from lexgraph.tables.schema import PRINCIPAL, Column, Schema
from lexgraph.tables.source import each_of

ESCALATION = Schema(
    "escalation",
    (
        Column("principal", "category", PRINCIPAL.doc),
        Column(
            "target",
            "category",
            "the ARN of the user or role that is taken over, or of which something changes; of one that could be "
            "created no ARN but 'new user' or 'new role', and 'within' the ARN of a boundary that has to come with it",
        ),
        Column("kind", "category", "what is done: " + ", ".join(KINDS), tuple(sorted(KINDS))),
        Column("method", "category", "the actions of the method"),
        Column("gain", "category", "what the principal has of it", tuple(sorted(GAIN_WORDS))),
        Column("outcome", "category", "allowed, or conditional", ("allowed", "conditional")),
        Column("condition", "str", "the words of a conditional row"),
        Column("missing_keys", "str", "the condition keys that it hangs on, joined by a comma"),
        Column("via", "category", "the ARN of the group or the policy that the method goes through"),
        Column("service", "category", "the service that takes part"),
        Column("reason", "str", "the row as a sentence, without its condition"),
        Column(
            "requests",
            "str",
            "the requests that prove it, action on resource, joined by a semicolon; "
            "of one that could be created with a name as an example",
        ),
    ),
    ("principal", "target", "method", "via"),
)


def escalation_table(edges: Iterable[EscalationEdge]) -> pd.DataFrame:
    """Return a row per way in which a principal can take over another, in the order given.

    Returns
    -------
    The table ``escalation``: principal, target, kind, method, gain, outcome, condition, missing_keys, via, service,
    reason, requests.

    Examples
    --------
    >>> from lexgraph.access.escalation.edges import escalation_edges
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> rows = escalation_table(escalation_edges(read_account(example_account_path()), kinds=["credentials"]))
    >>> rows[rows["principal"].str.endswith("user/omar")]["method"].unique().tolist()
    ['iam:CreateAccessKey', 'iam:UpdateLoginProfile']
    """
    listed = each_of(edges, EscalationEdge, "edges, as lexgraph.access.escalation.edges.escalation_edges gives them")
    columns = {
        "principal": [edge.principal for edge in listed],
        "target": [edge.target for edge in listed],
        "kind": [edge.kind for edge in listed],
        "method": [edge.method for edge in listed],
        "gain": [edge.gain for edge in listed],
        "outcome": [edge.outcome for edge in listed],
        "condition": [edge.condition for edge in listed],
        "missing_keys": [", ".join(edge.missing_keys) or None for edge in listed],
        "via": [edge.via for edge in listed],
        "service": [edge.service for edge in listed],
        "reason": [edge.reason for edge in listed],
        "requests": ["; ".join(f"{step.action} on {step.resource}" for step in edge.steps) for edge in listed],
    }
    return ESCALATION.from_columns(columns)
