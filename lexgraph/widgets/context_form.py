"""A form for what is known of a request: one line per condition key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets as w

from lexgraph.widgets.html import plain
from lexgraph.widgets.questions import read_value

MOST_KEYS = 40  # a longer form is slow, and nobody reads it


@dataclass(frozen=True, slots=True)
class Line:
    """The controls of one key: its text, the box that says that it is absent, and the two side by side."""

    field: Any
    absent: Any
    box: Any


class ContextForm(w.VBox):  # type: ignore[misc]  # ipywidgets publishes no types
    """Condition keys with a text each: empty is unknown, the box beside it says that the key is absent.

    What was typed for a key stays with it while other keys come and go. `fields` and `absent` are the controls by
    key; `changed` is called after each change.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.fields: dict[str, Any] = {}
        self.absent: dict[str, Any] = {}
        self._changed = changed
        self._lines: dict[str, Line] = {}  # by lower-cased key; those that are not on show wait for their key
        self._planned: dict[str, tuple[tuple[str, ...], str]] | None = None
        self._rest = w.Label()
        self._parts = _Parts()
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
        self.plan(keys, known, otherwise=otherwise)
        self.furnish()

    def plan(
        self, keys: Mapping[str, tuple[str, ...]], known: Mapping[str, str], *, otherwise: str = "unknown"
    ) -> None:
        """Take these keys for the form's: `values` are theirs at once, and `furnish` shows them."""
        self._planned = {key: (keys[key], _placeholder(key, known, otherwise)) for key in list(keys)[:MOST_KEYS]}
        more = len(keys) - len(self._planned)
        self._rest.value = f"and {more:,} more keys: ask about fewer actions, or one user or role" if more else ""
        if not keys:
            self._rest.value = "The policies mention no condition keys."
        self._hold(self._planned)

    def furnish(self) -> None:
        """Show the keys that were planned."""
        if self._planned is None:
            return
        planned, self._planned = self._planned, None
        for key, (values, placeholder) in planned.items():
            self._set(key, plain(key), options=values, placeholder=placeholder)
        self._hold(planned)
        rest = [self._rest] if self._rest.value else []
        self.children = [*(self._lines[key.lower()].box for key in planned), *rest]

    def put(self, key: str, value: Any) -> None:
        """Fill in a value for a key that the form has: a text, a list of texts, or None where the key is absent."""
        if value is None:
            self.absent[key].value = True
        else:
            self.fields[key].value = json.dumps(value) if isinstance(value, list | tuple) else str(value)

    def _hold(self, keys: Mapping[str, Any]) -> None:
        lines = {key: self._lines[key.lower()] for key in keys if key.lower() in self._lines}
        self.fields = {key: line.field for key, line in lines.items()}
        self.absent = {key: line.absent for key, line in lines.items()}

    def _set(self, key: str, name: str, **said: Any) -> None:
        """Let the key's line say this, the one that there is or a new one."""
        said |= {"description": name, "tooltip": name}
        absent = f"{name} is absent from the request"
        line = self._lines.get(key.lower())
        if line is None:
            line = self._lines[key.lower()] = self._parts.line(said, absent)
            line.field.observe(lambda _: self._changed(), names="value")
            line.absent.observe(lambda change: self._mark(line, absent=change["new"]), names="value")
            return
        with line.field.hold_sync():
            for trait, value in said.items():
                setattr(line.field, trait, value)
        line.absent.tooltip = absent

    def _mark(self, line: Line, *, absent: bool) -> None:
        line.field.disabled = absent
        self._changed()


class _Parts:
    """Makes lines, with as few messages to the page as can be: all share their styles and layouts."""

    def __init__(self) -> None:
        self._box = w.Layout(flex="0 0 auto")  # else they are squeezed where they are many
        self._field: dict[str, Any] = {
            "layout": w.Layout(width="500px", max_width="calc(100% - 110px)"),
            "style": {"description_width": "250px"},
            "_dom_classes": ("lg-context-value",),
        }
        self._absent: dict[str, Any] = {"layout": w.Layout(width="90px"), "_dom_classes": ("lg-context-absent",)}

    def line(self, said: dict[str, Any], absent: str) -> Line:
        field = w.Combobox(ensure_option=False, continuous_update=False, **said, **self._field)
        box = w.Checkbox(description="absent", tooltip=absent, indent=False, **self._absent)
        self._field["style"], self._absent["style"] = field.style, box.style
        return Line(field, box, w.HBox([field, box], layout=self._box))


def _placeholder(key: str, known: Mapping[str, str], otherwise: str) -> str:
    value = known.get(key.lower())
    return otherwise if value is None else f"{plain(value)} (known)"
