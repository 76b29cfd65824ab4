"""The picture beside a table: drawn when there is time, never before the table is out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from lexgraph.errors import LexgraphError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lexgraph.evaluation.explain import Explanation

NETWORK, PATH, NONE = "access network of these rows", "decision path of the chosen row", "no picture"
VIEWS = (NETWORK, PATH, NONE)
STYLES = {False: "lexgraph", True: "lexgraph-dark"}
SOON = 0.05  # seconds, in which the kernel sends the table and hears of further changes


def draw(view: str, access: pd.DataFrame, explanation: Explanation | None, style: str) -> Figure:
    """Return a figure of a view; pyplot forgets it, so that a notebook does not show it a second time.

    Raises LexgraphError where there is nothing to draw, or more than anybody could read.
    """
    import matplotlib.pyplot as plt

    from lexgraph import plots
    from lexgraph.graph import access_graph
    from lexgraph.plots.style import figure_of

    if view == NONE:
        raise LexgraphError("no picture is chosen", code="NO_PICTURE")
    if explanation is None:
        raise LexgraphError("there are no rows to draw", code="NO_ROW")
    if view == PATH:
        ax = plots.decision_path(explanation.decision, style=style)
    else:
        ax = plots.access_network(access_graph(access), style=style)
    figure = figure_of(ax)
    plt.close(figure)
    return figure


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG of twice its size in pixels, sharp on any screen."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=2 * figure.get_dpi(), facecolor=figure.get_facecolor())
    return file.getvalue()


class Later:
    """Runs a job soon on the kernel's event loop; a newer job replaces one that still waits.

    Where no loop runs there is no page either that waits for a picture, and nothing is run.
    """

    def __init__(self) -> None:
        self._waiting: asyncio.TimerHandle | None = None

    def __call__(self, job: Callable[[], None]) -> None:
        """Run `job` soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = loop.call_later(SOON, job)
