"""A whole account that is packed: what can be said of it before its values are made, and those values."""

from __future__ import annotations

from typing import NamedTuple

from lexgraph.account.model import Group, ManagedPolicy, Principal
from lexgraph.account.packed.entries import PackedEntries
from lexgraph.account.packed.unpacking import Unpacking, parts_of
from lexgraph.account.pausing import collector_paused
from lexgraph.policy.model import Statement


class Made(NamedTuple):
    """The values of an account, each sorted by ARN."""

    principals: tuple[Principal, ...]
    groups: tuple[Group, ...]
    policies: tuple[ManagedPolicy, ...]


class Sources(NamedTuple):
    """Where the policies of an account stand: the identity policies as an account gives them, then the trust policies.

    Of each the key, and the number of its document: the packed documents come first, then those `beside`, which are
    given as their statements.
    """

    keys: list[str]
    numbers: list[int]
    beside: list[tuple[Statement, ...]]


class PackedAccount:
    """An account of which every entry was plainly right and stood in the dump once, and every group was described.

    `bundled` are those of AWS's managed policies that are attached and not in the dump.
    """

    def __init__(self, entries: PackedEntries, bundled: tuple[ManagedPolicy, ...]) -> None:
        self.entries = entries
        self.bundled = bundled

    def __len__(self) -> int:
        entries = self.entries
        held = sum(block.number for block in entries.holders) + sum(block.number for block in entries.managed)
        return held + len(self.bundled)

    @collector_paused()
    def made(self) -> Made:
        """Return the account's values."""
        unpacking = Unpacking(self.entries)
        groups = sorted(unpacking.groups(), key=_arn)
        users = unpacking.members({group.name: group.arn for group in groups})
        principals = sorted((*users, *unpacking.roles()), key=_arn)
        policies = sorted((*unpacking.policies(), *self.bundled), key=_arn)
        return Made(tuple(principals), tuple(groups), tuple(policies))

    def documents(self) -> Sources:
        """Return where the account's policies stand."""
        entries = self.entries
        packed = len(entries.documents.known)
        trusts = [statements for statements, *_ in parts_of(entries.trust_documents)]
        managed = dict(entries.managed_documents())
        managed.update((one.arn, packed + len(trusts) + i) for i, one in enumerate(self.bundled))
        inline, trusted = dict(entries.inline_documents()), dict(entries.trusted_documents())
        found = [(key, one[key]) for one in (managed, inline) for key in sorted(one)]
        found += [(key, packed + trusted[key]) for key in sorted(trusted)]
        beside = [*trusts, *(one.policy.statements for one in self.bundled)]
        return Sources([key for key, _ in found], [number for _, number in found], beside)


def _arn(value: Principal | Group | ManagedPolicy) -> str:
    return value.arn
