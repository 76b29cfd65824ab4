"""Widgets for a notebook: controls on one side, a table with its reasons on the other.

A widget decides nothing. Each change of a control is one call to a function that a notebook can call as well, and
`code` writes that call down. Here ipywidgets enters.
"""

from lexgraph.widgets.explorer import AccessExplorer
from lexgraph.widgets.pretended import policy_account

__all__ = ["AccessExplorer", "policy_account"]
