"""What all widgets have in common: a guard for the keys, a status, a picture, and the same in Python."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from lexgraph.errors import LexgraphError
from lexgraph.widgets import html, picture
from lexgraph.widgets.controls import panel
from lexgraph.widgets.key_guard import KeyGuard
from lexgraph.widgets.later import Later, one_at_a_time, running_loop

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class App(w.VBox):  # type: ignore[misc]  # ipywidgets publishes no types
    """A box of controls and panels; what it shows is `figure` as well, drawn when there is time.

    `status` says in one line what is on show, or what is wrong; it is the last thing that a change sets.
    """

    def __init__(self, title: str, css: str) -> None:
        self.turn = threading.RLock()
        self._soon = Later(home=running_loop())  # where the cells run: pyplot is not made for two threads
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
        self._settle()
        return self._figure(style or picture.STYLES[self.guard.dark])

    def _figure(self, style: str) -> Figure:
        return picture.closed(self._drawn(style))

    def _settle(self) -> None:
        """Do at once what waits for a pause in typing: whoever asks from Python means the text as it is."""

    def _drawn(self, style: str) -> Any:
        """Return the Axes of a new chart."""
        raise LexgraphError(f"there is nothing to draw in the style {style}", code="NO_PICTURE")

    def _wants_picture(self) -> bool:
        return True

    @one_at_a_time
    def show_picture(self) -> None:
        """Have the picture drawn, when all else is on its way."""
        if not self._wants_picture():
            self.picture.value = self.note.value = ""
            return
        self.note.value = html.words_html("The picture is being drawn.")
        self._soon(self.draw)

    def draw(self) -> None:
        """Draw the picture now; changes need not wait for it."""
        from lexgraph.plots import alt_text

        shown, note = "", ""
        try:
            figure = self._figure(picture.STYLES[self.guard.dark])
            shown = html.picture_html(picture.png(figure), alt_text(figure))
        except LexgraphError as error:
            note = f"There is no picture: {error}."
        with self.turn:
            if not self._soon.waits:  # else a newer picture is on its way
                self.picture.value, self.note.value = shown, html.words_html(note)


class Asking(App):
    """An app whose controls ask one question: what they suggest goes with what is chosen in the others.

    Each such app says how: `_suggest` fills the controls, `refresh` asks, and `_refuse` tells what is wrong.
    """

    def __init__(self, title: str, css: str) -> None:
        super().__init__(title, css)
        self._quiet = False  # while the app itself sets controls

    @one_at_a_time
    def choose(self) -> None:
        """Show what the other controls can hold with what is chosen; then ask."""
        if self._quiet:
            return
        self._quiet = True
        try:
            self._suggest()
        except LexgraphError as error:
            self._refuse(error)
            return
        finally:
            self._quiet = False
        self.refresh()
