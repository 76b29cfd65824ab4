"""ARNs that read two ways (rule R1): part by part, or with a wildcard that ends a part running on past the colon."""

from __future__ import annotations

from collections.abc import Iterator

from lexgraph.checks.view import Hit, StatementView
from lexgraph.errors import shown
from lexgraph.policy.arn import PARTS, compile_arn, split_arn
from lexgraph.policy.patterns import is_pattern

OTHER_ACCOUNT = "444455556666"
OTHER_BUCKET = "another-bucket"
_USUAL = ("arn", "aws", "s3", "us-east-1", OTHER_ACCOUNT)
_SERVICE, _REGION, _ACCOUNT = 2, 3, 4


def read_two_ways(view: StatementView) -> Iterator[Hit]:
    """ARN_READS_TWO_WAYS, with a resource that only one of the readings means."""
    for i, pattern in view.resources:
        if "*:" in pattern and (resource := other_reading(pattern)):
            message = f"if * runs past the colon, {shown(pattern)} also means {resource}"
            yield Hit("ARN_READS_TWO_WAYS", view.resource_at(i), message)


def other_reading(pattern: str) -> str | None:
    """Return a resource that `pattern` means only if a wildcard runs past the colon, or None.

    Looked at are the patterns where this matters: those that name a region or an account after the wildcard, which the
    other reading would let out of sight; and objects of S3, whose names may hold colons.

    >>> other_reading("arn:aws:sns:us-*:111122223333:alerts")
    'arn:aws:sns:us-1:444455556666:x:111122223333:alerts'
    """
    parts = split_arn(pattern, variables=True)
    if len(parts) < PARTS or is_pattern(parts[_SERVICE][:-1]):
        return None
    for k in (_REGION, _SERVICE):
        if parts[k].endswith("*") and any(_is_fixed(part) for part in parts[k + 1 : PARTS - 1]):
            return _told_apart(pattern, _run_past(parts, k))
    if parts[_SERVICE] == "s3" and parts[_ACCOUNT].endswith("*") and not parts[_REGION].strip("*"):
        return _told_apart(pattern, f"arn:aws:s3:::{OTHER_BUCKET}/x:{_example(parts[-1], 'x')}")
    return None


def _told_apart(pattern: str, resource: str) -> str | None:
    """The resource, if the pattern does not mean it part by part."""
    return None if compile_arn(pattern)(split_arn(resource)) else resource


def _is_fixed(part: str) -> bool:
    return bool(part) and not is_pattern(part)


def _run_past(parts: tuple[str, ...], k: int) -> str:
    """A resource whose parts after the k-th are those of another account, and whose name ends like the pattern."""
    front = [_example(part, usual) for part, usual in zip(parts[: k + 1], _USUAL, strict=False)]
    middle = list(_USUAL[k + 1 :])
    tail = [_example(part, usual) for part, usual in zip(parts[k + 1 :], (*_USUAL[k + 1 :], "x"), strict=True)]
    return ":".join([*front, *middle, "x", *tail])


def _example(part: str, usual: str) -> str:
    return usual if part == "*" else part.replace("*", "1").replace("?", "1")
