"""Widgets for a notebook: controls on one side, a table with its reasons on the other.

A widget decides nothing. Each change of a control is one call to a function that a notebook can call as well, and
`code` writes that call down. Here ipywidgets enters.
"""

from lexgraph.widgets.diff import PolicyDiff
from lexgraph.widgets.explorer import AccessExplorer
from lexgraph.widgets.pretended import policy_account
from lexgraph.widgets.simulator import RequestSimulator

__all__ = ["AccessExplorer", "PolicyDiff", "RequestSimulator", "policy_account"]
