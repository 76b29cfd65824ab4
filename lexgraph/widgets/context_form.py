"""A form for what is known of a request: one line per condition key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

from lexgraph.widgets.html import plain
from lexgraph.widgets.questions import read_value

MOST_KEYS = 40  # a longer form is slow, and nobody reads it


class ContextForm(w.VBox):  # type: ignore[misc]  # ipywidgets publishes no types
    """Condition keys with a text each: empty is unknown, the box beside it says that the key is absent.

    What was typed for a key stays with it while other keys come and go. `fields` and `absent` are the controls by
    key; `changed` is called after each change.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.fields: dict[str, Any] = {}
        self.absent: dict[str, Any] = {}
        self._changed = changed
        self._kept: dict[str, tuple[str, bool]] = {}
        self._quiet = False
        super().__init__([], layout=w.Layout(max_height="170px", overflow="auto", flex="0 0 auto"))
        self.add_class("lg-context")

    @property
    def values(self) -> dict[str, Any]:
        """The context: key to value, None for a key that is absent; unknown keys are left out."""
        found: dict[str, Any] = {}
        for key, field in self.fields.items():
            if self.absent[key].value:
                found[key] = None
            elif field.value.strip():
                found[key] = read_value(key, field.value)
        return found

    def show(
        self, keys: Mapping[str, tuple[str, ...]], known: Mapping[str, str], *, otherwise: str = "unknown"
    ) -> None:
        """Show these keys, each with the values to suggest.

        `known` is what is known without the form, by lower-cased key; `otherwise` is what any other key is.
        """
        hints = {key: _placeholder(key, known, otherwise) for key in list(keys)[:MOST_KEYS]}
        if list(hints) == list(self.fields):
            for key, field in self.fields.items():
                field.options, field.placeholder = keys[key], hints[key]
            return
        self._keep()
        self.fields, self.absent = {}, {}
        lines = [self._line(key, values, hints[key]) for key, values in keys.items() if key in hints]
        more = len(keys) - len(hints)
        rest = [w.Label(f"and {more:,} more keys: ask about fewer actions, or one user or role")] if more else []
        self.children = [*lines, *rest] or [w.Label("The policies mention no condition keys.")]

    def put(self, key: str, value: Any) -> None:
        """Fill in a value for a key that the form has: a text, a list of texts, or None where the key is absent."""
        if value is None:
            self.absent[key].value = True
        else:
            self.fields[key].value = json.dumps(value) if isinstance(value, list | tuple) else str(value)

    def _keep(self) -> None:
        for key, field in self.fields.items():
            self._kept[key.lower()] = (field.value, self.absent[key].value)

    def _line(self, key: str, values: tuple[str, ...], placeholder: str) -> Any:
        text, absent = self._kept.get(key.lower(), ("", False))
        name = plain(key)
        field = w.Combobox(
            value=text, options=values, placeholder=placeholder, description=name, tooltip=name,
            ensure_option=False, continuous_update=False, disabled=absent, style={"description_width": "250px"},
            layout=w.Layout(width="500px", max_width="calc(100% - 110px)"),
        )  # fmt: skip
        box = w.Checkbox(
            value=absent, description="absent", tooltip=f"{name} is absent from the request", indent=False,
            layout=w.Layout(width="90px"),
        )  # fmt: skip
        field.add_class("lg-context-value")
        box.add_class("lg-context-absent")
        self.fields[key], self.absent[key] = field, box
        field.observe(lambda _: self._changed(), names="value")
        box.observe(lambda change: self._mark(key, absent=change["new"]), names="value")
        return w.HBox([field, box])

    def _mark(self, key: str, *, absent: bool) -> None:
        self.fields[key].disabled = absent
        self._changed()


def _placeholder(key: str, known: Mapping[str, str], otherwise: str) -> str:
    value = known.get(key.lower())
    return otherwise if value is None else f"{plain(value)} (known)"
