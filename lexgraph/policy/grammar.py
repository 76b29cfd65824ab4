"""The grammar of policy documents as data: elements, kinds, operators, quotas.

Quotas are dated facts: AWS has changed them, and will again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lexgraph.policy.model import Kind

VERSIONS: Final = ("2012-10-17", "2008-10-17")
POLICY_ELEMENTS: Final = ("Version", "Id", "Statement")
STATEMENT_ELEMENTS: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
PRINCIPAL_TYPES: Final = ("AWS", "Service", "Federated", "CanonicalUser")

# Whether a kind has a Principal and a Resource element (rules S1, S5): True must, False must not, None may.
HAS_PRINCIPAL: Final[dict[Kind, bool | None]] = {
    "identity": False,
    "session": False,
    "boundary": False,
    "scp": False,
    "rcp": None,
    "endpoint": None,
    "resource": None,
    "trust": True,
}
HAS_RESOURCE: Final[dict[Kind, bool | None]] = {
    "identity": True,
    "session": True,
    "boundary": True,
    "scp": True,
    "rcp": True,
    "endpoint": None,
    "resource": None,
    "trust": False,
}

_STRING = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
_ORDERED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATOR_NAMES: Final = (
    *(f"String{name}" for name in _STRING),
    *(f"Numeric{name}" for name in _ORDERED),
    *(f"Date{name}" for name in _ORDERED),
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    *(f"Arn{name}" for name in ("Equals", "NotEquals", "Like", "NotLike")),
    "Null",
)
QUALIFIERS: Final = ("ForAllValues", "ForAnyValue")
_BY_LOWER: Final = {name.lower(): name for name in OPERATOR_NAMES}
_QUALIFIER_BY_LOWER: Final = {name.lower(): name for name in QUALIFIERS}

MAX_CHARACTERS: Final = 131_072
MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 1_000


@dataclass(frozen=True, slots=True)
class OperatorName:
    """A condition operator taken apart: ``ForAnyValue:StringLikeIfExists``."""

    base: str
    qualifier: str | None = None
    if_exists: bool = False


def read_operator(text: str) -> OperatorName | None:
    """Return the parts of a condition operator's name in AWS's spelling, or None where there is no such operator
    (rule C2).

    >>> read_operator("forAnyValue:stringlikeifexists")
    OperatorName(base='StringLike', qualifier='ForAnyValue', if_exists=True)
    """
    if not text.isascii():
        return None  # KELVIN SIGN, for one, would become a k
    front, colon, rest = text.lower().rpartition(":")
    qualifier = _QUALIFIER_BY_LOWER.get(front)
    if colon and qualifier is None:
        return None
    if_exists = rest.endswith("ifexists")
    base = _BY_LOWER.get(rest.removesuffix("ifexists"))
    if base is None or (if_exists and base == "Null"):
        return None
    return OperatorName(base, qualifier, if_exists)
