"""Which resource's policy decides about a resource that is part of another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lexgraph.policy.arn import PARTS, split_arn

# Service → the last part of an ARN whose beginning (the group) names the resource that holds the policy. Only what
# AWS's own guides say: an object is under its bucket's policy, what is reached through an access point under the
# access point's; a version or alias of a function is shown the function's policy, whose statements name what they are
# about; indexes are under their table's policy; the contents of a search domain under the domain's; stages and methods
# under their API's.
_PARTS_OF = {
    "s3": (re.compile(r"(accesspoint/[^/]+)/.+", re.S), re.compile(r"((?!accesspoint/)[^/:]+)/.*", re.S)),
    "lambda": (re.compile(r"(function:[^:]+):[^:]+"),),
    "dynamodb": (re.compile(r"(table/[^/]+)/index/.+", re.S),),
    "es": (re.compile(r"(domain/[^/]+)/.*", re.S),),
    "execute-api": (re.compile(r"([^/]+)/.*", re.S),),
}
_WITH_THEIR_OWN = {"lambda": _PARTS_OF["lambda"]}
# One policy, of the catalogue, is about all databases, tables and functions of an account in a region.
_GLUE = re.compile(r"(?:database|table|tableVersion|userDefinedFunction|connection)/")


def may_hold_another(resource: str) -> bool:
    """Return whether a part of a resource may have a policy of its own beside that of the whole: AWS keeps one for each
    version and alias of a Lambda function.

    >>> may_hold_another("arn:aws:lambda:us-east-1:111122223333:function:fulfil:prod")
    True
    """
    parts = split_arn(resource)
    return len(parts) == PARTS and any(pattern.fullmatch(parts[5]) for pattern in _WITH_THEIR_OWN.get(parts[2], ()))


def policy_holders(resource: str) -> Iterator[str]:
    """Yield the resources whose policies may be about `resource`: itself, then what it is part of.

    >>> list(policy_holders("arn:aws:s3:::transcripts/2026/call.json"))
    ['arn:aws:s3:::transcripts/2026/call.json', 'arn:aws:s3:::transcripts']
    """
    yield resource
    parts = split_arn(resource)
    if len(parts) < PARTS:
        return
    front = resource[: len(resource) - len(parts[5])]
    for pattern in _PARTS_OF.get(parts[2], ()):
        if found := pattern.fullmatch(parts[5]):
            yield front + found.group(1)
    if parts[2] == "glue" and _GLUE.match(parts[5]):
        yield f"{front}catalog"
