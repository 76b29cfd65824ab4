"""Findings that somebody has decided to live with, each with a reason and a date at which to look again."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lexgraph.checks.finding import Finding
from lexgraph.checks.rules import rule
from lexgraph.errors import DocumentError, shown
from lexgraph.policy.jsontext import decode, find_places, load_json, locator
from lexgraph.policy.patterns import compile_glob
from lexgraph.policy.problems import is_text

_FIELDS = ("finding", "policy", "principal", "source", "reason", "expires")
_REQUIRED = ("finding", "reason", "expires")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One decision: which findings (a pattern of codes), in which policies, of which principal, in which files; why;
    and until when, that day included.
    """

    finding: str
    reason: str
    expires: datetime.date
    policy: str = "*"
    principal: str = "*"
    source: str = "*"

    def covers(self, finding: Finding) -> bool:
        """Return whether it is about this finding; an inline policy's principal is the front of its key."""
        owner = (finding.policy or "").rpartition("/")[0]
        return all(
            pattern == "*" or compile_glob(pattern)(text)
            for pattern, text in (
                (self.finding, finding.code),
                (self.policy, finding.policy or ""),
                (self.principal, owner),
                (self.source, finding.source or ""),
            )
        )


@dataclass(frozen=True, slots=True)
class Suppressions:
    """The decisions of one file, in its order.

    >>> text = '{"suppressions": [{"finding": "MISSING_VERSION", "reason": "old", "expires": "2026-12-31"}]}'
    >>> parse_suppressions(text).items[0].expires.year
    2026
    """

    items: tuple[Suppression, ...] = ()
    source: str | None = None
    # Line and column of each, where the file is JSON.
    places: tuple[tuple[int, int], ...] = field(default=(), repr=False, compare=False)

    def apply(self, findings: Iterable[Finding], *, today: datetime.date | None = None) -> tuple[Finding, ...]:
        """Return the findings that stay, and one for each suppression that is expired or hides nothing.

        An expired suppression hides nothing more. `today` is the day in UTC where none is given.
        """
        day = today or datetime.datetime.now(datetime.UTC).date()
        active = [item for item in self.items if item.expires >= day]
        used: set[int] = set()
        kept = []
        for finding in findings:
            hiding = [i for i, item in enumerate(active) if item.covers(finding)]
            used.update(hiding)
            if not hiding:
                kept.append(finding)
        unused = [item for i, item in enumerate(active) if i not in used]
        return (*kept, *self._about(unused, day))

    def _about(self, unused: list[Suppression], day: datetime.date) -> Iterator[Finding]:
        for i, item in enumerate(self.items):
            what = f"the suppression of {shown(item.finding)} ({shown(item.reason)[1:-1]})"
            if item.expires < day:
                yield self._finding("SUPPRESSION_EXPIRED", i, f"{what} ended on {item.expires.isoformat()}")
            elif any(item is one for one in unused):
                yield self._finding("SUPPRESSION_UNUSED", i, f"{what} hides nothing")

    def _finding(self, code: str, index: int, message: str) -> Finding:
        told = rule(code)
        pointer = f"/suppressions/{index}"
        line, column = self.places[index] if self.places else (None, None)
        return Finding(code, told.severity, None, message, told.remedy, pointer, line, column, source=self.source)


def read_suppressions(path: str | Path) -> Suppressions:
    """Return the suppressions in a JSON or TOML file (told by its ending).

    Each entry of the list ``suppressions`` has ``finding`` (a code or a pattern of codes), ``reason`` and ``expires``
    (a date), and may have ``policy``, ``principal`` and ``source`` (patterns).

    Raises DocumentError: SUPPRESSION_SYNTAX, and the codes of a JSON text.
    """
    file = Path(path)
    data = file.read_bytes()
    if file.suffix.lower() != ".toml":
        return parse_suppressions(data, source=file.name)
    try:
        return _suppressions(tomllib.loads(decode(data, source=file.name)), file.name)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"this is not TOML: {error}", "", file.name) from None


def parse_suppressions(text: str | bytes, *, source: str | None = None) -> Suppressions:
    """Return the suppressions in a JSON text; see :func:`read_suppressions`."""
    found = _suppressions(load_json(text, source=source), source)
    decoded = decode(text, source=source)
    offsets, place = find_places(decoded).values, locator(decoded)
    places = tuple(place(offsets[f"/suppressions/{i}"]) for i in range(len(found.items)))
    return Suppressions(found.items, found.source, places)


def _suppressions(value: Any, source: str | None) -> Suppressions:
    listed = value.get("suppressions") if isinstance(value, Mapping) else None
    if not isinstance(listed, list) or set(value) != {"suppressions"}:
        raise _wrong('expected one list with the name "suppressions"', "", source)
    return Suppressions(tuple(_one(item, f"/suppressions/{i}", source) for i, item in enumerate(listed)), source)


def _one(item: Any, at: str, source: str | None) -> Suppression:
    if not isinstance(item, Mapping):
        raise _wrong("a suppression must be an object", at, source)
    # A misspelt field must not hide more than was meant.
    for name in item:
        if name not in _FIELDS:
            raise _wrong(f"{shown(name)} is no field of a suppression (known: {', '.join(_FIELDS)})", at, source)
    for name in _REQUIRED:
        if name not in item:
            raise _wrong(f"a suppression needs {name}", at, source)
    texts = {}
    for name, value in item.items():
        if name == "expires":
            continue
        if not is_text(value) or not value.strip():
            raise _wrong(f"{name} must be a text that says something", f"{at}/{name}", source)
        texts[name] = value
    return Suppression(expires=_date(item["expires"], f"{at}/expires", source), **texts)


def _date(value: Any, at: str, source: str | None) -> datetime.date:
    if isinstance(value, datetime.date):
        return value.date() if isinstance(value, datetime.datetime) else value
    try:
        return datetime.date.fromisoformat(value if is_text(value) else "")
    except ValueError:
        raise _wrong("expires must be a date such as 2026-12-31", at, source) from None


def _wrong(message: str, pointer: str, source: str | None) -> DocumentError:
    return DocumentError(message, code="SUPPRESSION_SYNTAX", pointer=pointer, source=source)
