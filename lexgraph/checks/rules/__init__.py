"""What the checks look for: a table of rules.

The codes are those of AWS's own policy validation where it has one for the same thing. Our severity has one meaning:
``error`` is what IAM, or the service that stores the policy, refuses; the rest is stored. AWS's validation lists many
things as errors that are stored all the same, so its level stands beside ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from lexgraph.checks.finding import Severity
from lexgraph.checks.rules import conditions, refused, stored
from lexgraph.policy.model import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code, our severity, the level AWS lists it under (None: ours alone), a title, what to do, and the
    kinds of policy it concerns.
    """

    id: str
    severity: Severity
    aws_level: Severity | None
    title: str
    remedy: str
    kinds: tuple[Kind, ...] = KINDS


def _rules() -> Iterator[Rule]:
    for module in (refused, stored, conditions):
        lines = module.TABLE.strip("\n").split("\n")
        for head, title, remedy in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
            code, severity, level, *kinds = head.split()
            yield Rule(
                code,
                cast(Severity, severity),
                None if level == "-" else cast(Severity, level),
                title.strip(),
                remedy.strip(),
                tuple(cast(Kind, kind) for kind in kinds) or KINDS,
            )


RULES: Final = MappingProxyType({rule.id: rule for rule in _rules()})
"""Every rule by its code."""

LEFT_OUT: Final = MappingProxyType(
    {
        "POLICY_FROM_ACTIVITY": "it compares the policy with the calls that were made, which no document tells",
    }
)
"""Codes of AWS's validation that no document and catalogue can decide, and why."""


def rule(code: str) -> Rule:
    """Return the rule with this code; an unknown one is a rule that says no more than the code.

    >>> rule("MISSING_VERSION").severity
    'warning'
    """
    return RULES.get(code) or Rule(
        code, "error", None, code.replace("_", " ").capitalize(), "Change the document as the message says."
    )
