"""What a report is put together from: sections that hold paragraphs, tables and charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from lexgraph.markup import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `frame` goes into the files called `name`, `shown` (by default the same) onto the page."""

    name: str
    title: str
    frame: pd.DataFrame
    shown: pd.DataFrame | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: `draw` takes a style and draws it."""

    name: str
    draw: Callable[[str], Axes | Figure]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page."""

    anchor: str
    title: str
    blocks: tuple[Html | Table | Chart, ...]


@dataclass(slots=True)
class Sections:
    """Sections, while they are collected; one without content is left out."""

    found: list[Section] = field(default_factory=list)

    def add(self, anchor: str, title: str, *blocks: Html | Table | Chart | None) -> None:
        """Add a section of the blocks that are there."""
        kept = tuple(block for block in blocks if block is not None and block != "")
        if kept:
            self.found.append(Section(anchor, title, kept))


def subset(frame: pd.DataFrame, keep: Any, columns: list[str] | None = None) -> pd.DataFrame:
    """Return the rows of a table that `keep` marks, and some of its columns."""
    chosen = frame.loc[keep] if keep is not None else frame
    return chosen[columns] if columns else chosen
