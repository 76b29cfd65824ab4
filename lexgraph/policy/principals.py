"""What may stand in a Principal element (rule P1)."""

from __future__ import annotations

import re

from lexgraph.errors import shown

_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,127}\Z")
_ARN = re.compile(r"arn:[^:]+:(iam|sts)::([0-9]{12}|cloudfront):.+\Z", re.S)


def principal_problem(kind: str, value: str) -> tuple[str, str] | None:
    """Return the code and message of what is wrong with a principal, or None.

    >>> principal_problem("AWS", "arn:aws:iam::111122223333:user/*")[0]
    'UNSUPPORTED_WILDCARD_IN_PRINCIPAL'
    """
    if value == "*":
        return None
    if kind == "AWS" and ("*" in value or "?" in value):
        return (
            "UNSUPPORTED_WILDCARD_IN_PRINCIPAL",
            f"a principal takes no wildcard within its name: {shown(value)}",
        )
    if kind == "AWS" and not (_ACCOUNT.match(value) or _UNIQUE_ID.match(value) or _ARN.match(value)):
        expected = "an account id, an IAM or STS ARN, a unique id or *"
        return "INVALID_PRINCIPAL_FORMAT", f"an AWS principal is {expected}, not {shown(value)}"
    if not value:
        return "INVALID_PRINCIPAL_FORMAT", "a principal is empty"
    return None
