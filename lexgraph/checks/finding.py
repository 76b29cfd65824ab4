"""A finding: something in a policy that somebody should look at, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "security", "warning", "suggestion"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "security", "warning", "suggestion")
"""The severities, gravest first. ``error`` has one meaning: IAM or the service refuses to store the document."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding and its place.

    `severity` is ours; `aws_level` is the level under which AWS's own validation lists the same code, None for a code
    that is ours alone. `pointer` is RFC 6901 (``""`` for the whole document); `line` and `column` count from 1 and are
    None where the document was no text. `policy` is the policy's key, `source` the file it was read from.

    >>> Finding("MISSING_VERSION", "warning", "warning", "there is no Version", "Add one.").place
    ''
    """

    code: str
    severity: Severity
    aws_level: Severity | None
    message: str
    remedy: str
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    policy: str | None = None
    source: str | None = None

    @property
    def place(self) -> str:
        """The place in words: ``bad.json:4:17, /Statement/0/Effect``."""
        spots = [str(part) for part in (self.source, self.line, self.column) if part is not None]
        return ", ".join(part for part in (":".join(spots), self.pointer) if part)


def gravity(severity: Severity) -> int:
    """Return 0 for the gravest severity, 3 for the lightest.

    >>> sorted(["warning", "error", "security"], key=gravity)
    ['error', 'security', 'warning']
    """
    return SEVERITIES.index(severity)
