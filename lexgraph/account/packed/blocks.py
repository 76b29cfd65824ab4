"""Entries that were read together, packed: their columns as few objects of Python."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from lexgraph.account.packed.known import divided


class Lists(NamedTuple):
    """Lists of numbers: how many each has, -1 where there is no list, and all numbers."""

    sizes: array[int]
    numbers: array[int]


class Holders(NamedTuple):
    """Users, groups or roles that were read together.

    Parameters
    ----------
    kind : user, group or role.
    number : how many they are.
    front, arns : how every ARN begins before path and name; all ARNs as one text, where one is otherwise, else nothing.
    names, ids : each as one text (:func:`lexgraph.account.packed.known.joined`); an id that is not told is empty.
    paths, created : numbers of `shared` texts.
    attached : lists of numbers of `attachments`.
    inline, documents : lists of numbers of `shared` texts, the policies' names, and the numbers of their documents.
    tags, groups : lists of numbers of `tags`, and of `shared` texts; a group has neither, a role no groups.
    boundary, trust : numbers of `boundaries`, and of `trusts`, which tell numbers of `trust_documents`.
    """

    kind: str
    number: int
    front: str
    arns: str
    names: str
    ids: str
    paths: array[int]
    created: array[int]
    attached: Lists
    inline: Lists
    documents: array[int]
    tags: Lists | None = None
    groups: Lists | None = None
    boundary: array[int] | None = None
    trust: array[int] | None = None

    def each_arn(self, shared: Sequence[str]) -> list[str]:
        """Return the ARNs, by the `shared` texts."""
        if self.arns:
            return divided(self.arns, self.number)
        fronts = {path: f"{self.front}{shared[path]}" for path in set(self.paths)}
        return [fronts[path] + name for path, name in zip(self.paths, divided(self.names, self.number), strict=True)]


class ManagedPolicies(NamedTuple):
    """Managed policies that were read together.

    `defaults` and `versions` are numbers of `shared` texts, `documents` the versions' documents, `counts` numbers of
    `counts`.
    """

    number: int
    arns: str
    names: str
    defaults: array[int]
    counts: array[int]
    versions: Lists
    documents: array[int]
