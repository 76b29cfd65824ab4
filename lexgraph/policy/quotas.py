"""How large a policy may be: dated facts, since AWS has changed them, and will again.

Characters are those of the document without white space between its values for IAM, with it for Organizations, whose
quotas count what is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from lexgraph.policy.model import Kind


@dataclass(frozen=True, slots=True)
class Quota:
    """The size of policies of a kind from a day on.

    `characters` is AWS's default, `most` what it grants on request; `white_space` says whether white space counts.
    """

    since: date
    characters: int
    most: int
    white_space: bool = False


_BEGINNING = date(2011, 1, 1)
SCP_FULL_LANGUAGE: Final = date(2025, 9, 19)
"""Since this day service control policies take the full policy language."""

QUOTAS: Final[dict[Kind, tuple[Quota, ...]]] = {
    # A managed policy. A role's inline policies together may have 10,240 characters.
    "identity": (Quota(_BEGINNING, 6_144, 6_144),),
    "boundary": (Quota(_BEGINNING, 6_144, 6_144),),
    "session": (Quota(_BEGINNING, 2_048, 2_048),),
    "trust": (Quota(_BEGINNING, 2_048, 4_096), Quota(date(2026, 1, 1), 2_048, 8_192)),
    "scp": (Quota(_BEGINNING, 5_120, 5_120, True), Quota(date(2026, 5, 15), 10_240, 10_240, True)),
    "rcp": (Quota(date(2024, 11, 13), 5_120, 5_120, True),),
    # Each service has a quota of its own; this is the smallest maximum that nobody exceeds unknowingly: S3's.
    "resource": (Quota(_BEGINNING, 20_480, 20_480, True),),
    "endpoint": (Quota(_BEGINNING, 20_480, 20_480),),
}

# Quotas of resource policies that differ from S3's, by the service of the policy's actions.
RESOURCE_QUOTAS: Final = {"kms": 32_768, "sns": 30_720, "sqs": 8_192, "ecr": 10_240, "glue": 10_240}


def quota(kind: Kind, day: date | None = None) -> Quota:
    """Return the quota of policies of `kind` on a day, the newest where none is given.

    >>> from datetime import date
    >>> quota("scp").characters, quota("scp", date(2026, 5, 14)).characters
    (10240, 5120)
    """
    known = QUOTAS[kind]
    return known[-1] if day is None else max((q for q in known if q.since <= day), default=known[0], key=_since)


def _since(one: Quota) -> date:
    return one.since
