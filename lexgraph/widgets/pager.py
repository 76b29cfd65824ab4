"""Which rows of a long table are on show, and how to come to the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from lexgraph.widgets.html import PAGE_ROWS


class Pager(w.HBox):  # type: ignore[misc]  # ipywidgets publishes no types
    """Buttons to the rows before and after those on show; nothing is to be seen where all fit on one page.

    `before`, `after` and `count` are the controls; `pressed` is called with the number of rows to `turn` by, and
    `first` is the first row of the page, counted from 0.
    """

    def __init__(self, pressed: Callable[[int], None]) -> None:
        self.first = 0
        self._rows = 0
        self.before = _button(f"previous {PAGE_ROWS}", "lg-before", lambda: pressed(-PAGE_ROWS))
        self.after = _button(f"next {PAGE_ROWS}", "lg-after", lambda: pressed(PAGE_ROWS))
        self.count = w.Label()
        super().__init__([self.before, self.after, self.count], layout=w.Layout(display="none", flex="0 0 auto"))
        self.add_class("lg-pages")

    @property
    def page(self) -> slice:
        """The rows on show."""
        return slice(self.first, self.first + PAGE_ROWS)

    def show(self, rows: int) -> None:
        """Show the first page of so many rows."""
        self.first, self._rows = 0, rows
        self._tell()

    def turn(self, by: int) -> None:
        """Show the page that begins so many rows further on, where there is one."""
        if 0 <= self.first + by < self._rows:
            self.first += by
            self._tell()

    def _tell(self) -> None:
        last = min(self.page.stop, self._rows)
        self.before.disabled, self.after.disabled = self.first == 0, last == self._rows
        if self._rows > PAGE_ROWS:
            self.count.value = f"Rows {self.first + 1:,} to {last:,} of {self._rows:,}; .result has all of them."
        self.layout.display = "none" if self._rows <= PAGE_ROWS else ""


def _button(name: str, css: str, pressed: Callable[[], None]) -> Any:
    button = w.Button(description=name, tooltip=f"the {name} rows", layout=w.Layout(width="auto"))
    button.add_class(css)
    button.on_click(lambda _: pressed())
    return button
