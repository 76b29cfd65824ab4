"""The picture beside a table: drawn when there is time, never before the table is out."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from lexgraph.errors import LexgraphError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lexgraph.evaluation.explain import Explanation

NETWORK, PATH, NONE = "access network of these rows", "decision path of the chosen row", "no picture"
VIEWS = (NETWORK, PATH, NONE)
STYLES = {False: "lexgraph", True: "lexgraph-dark"}


def draw(view: str, access: pd.DataFrame, explanation: Explanation | None, style: str) -> Any:
    """Return the Axes of a view.

    Raises LexgraphError where there is nothing to draw, or more than anybody could read.
    """
    from lexgraph import plots
    from lexgraph.graph import access_graph

    if view == NONE:
        raise LexgraphError("no picture is chosen", code="NO_PICTURE")
    if explanation is None:
        raise LexgraphError("there are no rows to draw", code="NO_ROW")
    if view == PATH:
        return plots.decision_path(explanation.decision, style=style)
    return plots.access_network(access_graph(access), style=style)


def closed(ax: Any) -> Figure:
    """Return the figure of an Axes; pyplot forgets it, so that a notebook does not show it a second time."""
    import matplotlib.pyplot as plt

    from lexgraph.plots.style import figure_of

    figure = figure_of(ax)
    plt.close(figure)
    return figure


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG of twice its size in pixels, sharp on any screen."""
    file = BytesIO()
    # Twice as quick to write as with the best compression, and a tenth larger.
    quick = {"compress_level": 3}
    dpi, ground = 2 * figure.get_dpi(), figure.get_facecolor()
    figure.savefig(file, format="png", dpi=dpi, facecolor=ground, pil_kwargs=quick)
    return file.getvalue()
