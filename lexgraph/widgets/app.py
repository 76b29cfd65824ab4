"""What all widgets have in common: a guard for the keys, a status, a picture, and the same in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from lexgraph.errors import LexgraphError
from lexgraph.widgets import html, picture
from lexgraph.widgets.controls import panel
from lexgraph.widgets.key_guard import KeyGuard
from lexgraph.widgets.later import Later

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class App(w.VBox):  # type: ignore[misc]  # ipywidgets publishes no types
    """A box of controls and panels; what it shows is `figure` as well, drawn when there is time.

    `status` says in one line what is on show, or what is wrong; it is the last thing that a change sets.
    """

    def __init__(self, title: str, css: str) -> None:
        self._soon = Later()
        self.status, self.note = panel(w.Label(), "lg-status"), panel(w.HTML(), "lg-note")
        self.picture, self.python = panel(w.HTML(), "lg-picture"), panel(w.HTML(), "lg-code")
        self.guard = KeyGuard(title=title)
        super().__init__()
        self.add_class("lg-app").add_class(css)
        self.guard.observe(lambda _: self.show_picture(), names="dark")

    def figure(self, style: str | None = None) -> Figure:
        """Return a new figure of what is on show, in the style ``lexgraph`` or ``lexgraph-dark``.

        Raises LexgraphError where there is nothing to draw, or more than anybody could read.
        """
        return picture.closed(self._drawn(style or picture.STYLES[self.guard.dark]))

    def _drawn(self, style: str) -> Any:
        """Return the Axes of a new chart."""
        raise LexgraphError(f"there is nothing to draw in the style {style}", code="NO_PICTURE")

    def _wants_picture(self) -> bool:
        return True

    def show_picture(self) -> None:
        """Have the picture drawn, when all else is on its way."""
        if not self._wants_picture():
            self.picture.value = self.note.value = ""
            return
        self.note.value = html.words_html("The picture is being drawn.")
        self._soon(self.draw)

    def draw(self) -> None:
        """Draw the picture now."""
        from lexgraph.plots import alt_text

        note = ""
        try:
            figure = self.figure()
            self.picture.value = html.picture_html(picture.png(figure), alt_text(figure))
        except LexgraphError as error:
            self.picture.value, note = "", f"There is no picture: {error}."
        self.note.value = html.words_html(note)
