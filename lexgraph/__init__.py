"""Answers, in a notebook, what AWS IAM policies really allow.

>>> import lexgraph as lg
>>> lg.expand("lex:Get*Alias")
('lex:GetBotAlias',)

Nothing heavy is loaded before it is used: pandas, networkx, matplotlib and ipywidgets arrive with the first name
that needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"

# Public name -> the module that defines it.
_HOME = {
    "AccountError": "errors",
    "CatalogError": "errors",
    "ExportError": "errors",
    "LexgraphError": "errors",
    "PolicyError": "errors",
    "RequestError": "errors",
    "UnsupportedError": "errors",
    "ConditionTest": "policy.model",
    "PatternSet": "policy.model",
    "Policy": "policy.model",
    "Statement": "policy.model",
    "parse_policy": "policy.parse",
    "read_policy": "policy.parse",
    "write_policy": "policy.write",
    "Context": "conditions.context",
    "Decision": "evaluation.decision",
    "OUTCOMES": "evaluation.decision",
    "PolicyStack": "evaluation.stack",
    "Request": "evaluation.request",
    "Settings": "evaluation.stack",
    "authorize": "evaluation.authorize",
    "authorize_many": "evaluation.many",
    "collect": "account.live.collector",
    "collection_policy": "account.live.permissions",
    "closest_managed": "workbench",
    "contains": "workbench",
    "equivalent": "workbench",
    "overlaps": "workbench",
    "relate": "workbench",
    "simplify": "workbench",
    "access_graph": "graph",
    "escalation_graph": "graph",
    "escalation_paths": "graph",
    "lattice_graph": "graph",
    "neighbourhood": "graph",
    "policy_graph": "graph",
    "who_can_become_administrator": "graph",
    "who_can_reach": "graph",
    "Finding": "checks",
    "read_suppressions": "checks",
    "validate_policy": "checks",
    "AccessExplorer": "widgets",
    "PolicyDiff": "widgets",
    "RequestSimulator": "widgets",
    "Account": "workbench",
    "AccountComparison": "workbench",
    "Comparison": "workbench",
    "History": "workbench",
    "PolicySet": "workbench",
    "breadth_table": "workbench",
    "catalog_date": "workbench",
    "compare": "workbench",
    "compare_accounts": "workbench",
    "console_needs": "workbench",
    "console_readiness": "workbench",
    "example_account": "workbench",
    "example_policies": "workbench",
    "expand": "workbench",
    "find_policy": "workbench",
    "export": "exports",
    "plot": "plots",
    "tables": "tables",
    "history": "workbench",
    "history_table": "workbench",
    "lattice": "workbench",
    "managed_policies": "workbench",
    "read_account": "workbench",
    "read_policies": "workbench",
    "write_report": "report",
}
_MODULES = ("plot", "tables")  # public names that are whole modules
__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'lexgraph' has no attribute {name!r}")
    module = import_module(f"lexgraph.{home}")
    value = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def tables_loaded() -> None:
    """Give DataFrames the accessor ``df.iam``.

    The tables say that they are there, and know nothing of the layer above them where the accessor stands.
    """
    import_module("lexgraph.exports.accessor")


def __dir__() -> list[str]:
    return list(__all__)
