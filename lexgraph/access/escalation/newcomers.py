"""What stands for a user or role that is not there yet: ``new user``, ``new role``, or such a one within a boundary.

It is no ARN, so that nobody takes it for one that exists.
"""

from __future__ import annotations

from collections.abc import Iterable

from lexgraph.account.model import labels
from lexgraph.policy.arn import short_name

_NEW, _WITHIN = "new ", " within "


def newcomer(kind: str, boundary: str | None = None) -> str:
    """Return what stands for a new user or role, within a boundary (an ARN) or without one.

    >>> newcomer("user")
    'new user'
    """
    return f"{_NEW}{kind}{_WITHIN}{boundary}" if boundary else f"{_NEW}{kind}"


def is_new(target: str) -> bool:
    """Return whether a target stands for a user or role that is not there yet."""
    return target.startswith(_NEW)


def boundary_of(target: str) -> str | None:
    """Return the boundary of what :func:`newcomer` made.

    >>> boundary_of(newcomer("role", "arn:aws:iam::111122223333:policy/limit"))
    'arn:aws:iam::111122223333:policy/limit'
    """
    return target.partition(_WITHIN)[2] or None if is_new(target) else None


def named(target: str) -> str:
    """Return the short name of a principal, or of one that is not there yet.

    >>> named(newcomer("role", "arn:aws:iam::111122223333:policy/limit")), named("arn:aws:iam::111122223333:user/ana")
    ('new role within policy/limit', 'user/ana')
    """
    boundary = boundary_of(target)
    if boundary is None:
        return target if is_new(target) else short_name(target)
    return target.replace(boundary, short_name(boundary))


def names_of(targets: Iterable[str]) -> dict[str, str]:
    """Return a short name for each principal, new ones too; where two would share one, both keep all of theirs.

    >>> names_of(["new user", "arn:aws:iam::111122223333:user/ana"])
    {'arn:aws:iam::111122223333:user/ana': 'user/ana', 'new user': 'new user'}
    """
    listed = list(dict.fromkeys(targets))
    new = [target for target in listed if is_new(target)]
    short = [named(target) for target in new]
    told = {target: name if short.count(name) == 1 else target for target, name in zip(new, short, strict=True)}
    return labels(target for target in listed if not is_new(target)) | told
