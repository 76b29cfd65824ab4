"""From packed entries to values: users, groups, roles, managed policies, with their documents."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import accumulate, chain, pairwise, repeat
from typing import Any, TypeVar

from lexgraph.account.aws_policies import is_aws
from lexgraph.account.entries import TRUST_NAME
from lexgraph.account.model import Group, ManagedPolicy, Principal, PrincipalKind
from lexgraph.account.packed.blocks import Holders, Lists, ManagedPolicies
from lexgraph.account.packed.documents import Documents, Resource, Statements, TrustDocuments, turned
from lexgraph.account.packed.entries import PackedEntries
from lexgraph.account.packed.known import divided
from lexgraph.account.packed.plain import Conditions, Parts
from lexgraph.policy.model import Kind, PatternSet, Policy, Statement

T = TypeVar("T")
_NO_CONDITIONS: Conditions = ((), ())


class Unpacking:
    """Makes the values of one account; what is equal in several documents is made once."""

    def __init__(self, packed: PackedEntries) -> None:
        self.packed = packed
        self.shared: list[Any] = list(packed.shared)
        self.tags: list[tuple[str, str]] = list(packed.tags)
        self.parts = parts_of(packed.documents)
        self.trusts = parts_of(packed.trust_documents)

    # What an account holds, in the order of the dump --------------------------------------------------------

    def users(self) -> Iterator[tuple[Principal, tuple[str, ...]]]:
        """Yield the users without their groups, each with the names of these."""
        for block in self.packed.holders:
            if block.groups is not None:
                named = [tuple(dict.fromkeys(names)) for names in _lists(block.groups, self.shared)]
                yield from zip(self.principals(block, "user", repeat(())), named, strict=True)

    def members(self, groups: Mapping[str, str]) -> Iterator[Principal]:
        """Yield the users with their `groups`, of which the ARNs are known by name."""
        for block in self.packed.holders:
            if block.groups is not None:
                named = _lists(block.groups, self.shared)
                arns = [tuple(sorted({groups[name] for name in names})) for names in named]
                yield from self.principals(block, "user", arns)

    def roles(self) -> Iterator[Principal]:
        """Yield the roles."""
        for block in self.packed.holders:
            if block.trust is not None:
                yield from self.principals(block, "role", repeat(()))

    def groups(self) -> Iterator[Group]:
        """Yield the groups."""
        for block in self.packed.holders:
            if block.kind == "group":
                yield from made(Group, block.number, *self.head(block), self.inline(block), self.attached(block))

    def policies(self) -> Iterator[ManagedPolicy]:
        """Yield the managed policies."""
        for block in self.packed.managed:
            yield from self.managed(block)

    # Those that were read together --------------------------------------------------------------------------

    def principals(self, block: Holders, kind: PrincipalKind, groups: Iterable[tuple[str, ...]]) -> Iterator[Principal]:
        """Yield users or roles with their groups."""
        if block.tags is None or block.boundary is None:  # a group
            return
        arn, *head = self.head(block)
        number = block.number
        yield from made(
            Principal,
            number,
            arn,
            repeat(kind),
            *head,
            [tuple(sorted(dict(found).items())) for found in _lists(block.tags, self.tags)],
            groups,
            self.inline(block),
            self.attached(block),
            map(self.packed.boundaries.values.__getitem__, block.boundary),
            repeat(None) if block.trust is None else self.trust(block, arn),
            [size >= 0 for size in block.tags.sizes],
        )

    def head(self, block: Holders) -> tuple[list[Any], ...]:
        """Return ARNs, names, paths, ids and dates."""
        names, ids = (divided(text, block.number) for text in (block.names, block.ids))
        paths, created = (list(map(self.shared.__getitem__, codes)) for codes in (block.paths, block.created))
        return block.each_arn(self.shared), names, paths, [one or None for one in ids], created

    def inline(self, block: Holders) -> list[tuple[Policy, ...]]:
        """Return inline policies."""
        arns = block.each_arn(self.shared)
        sizes = [max(size, 0) for size in block.inline.sizes]
        names = list(map(self.shared.__getitem__, block.inline.numbers))
        owners = chain.from_iterable(map(repeat, arns, sizes))
        keys = [f"{owner}/{name}" for owner, name in zip(owners, names, strict=True)]
        parts = list(map(self.parts.__getitem__, block.documents))
        return _cut(self.documents(names, "identity", keys, parts), sizes)

    def attached(self, block: Holders) -> list[tuple[str, ...]]:
        """Return the ARNs of attached policies."""
        return [tuple(dict.fromkeys(found)) for found in _lists(block.attached, self.packed.attachments.values)]

    def trust(self, block: Holders, arns: list[str]) -> list[Policy]:
        """Return trust policies."""
        parts = [self.trusts[self.packed.trusts.values[number]] for number in block.trust or ()]
        return self.documents(repeat(TRUST_NAME), "trust", arns, parts)

    def managed(self, block: ManagedPolicies) -> Iterator[ManagedPolicy]:
        """Yield managed policies."""
        arns, names = divided(block.arns, block.number), divided(block.names, block.number)
        sizes = block.versions.sizes
        parts = list(map(self.parts.__getitem__, block.documents))
        of_each = [chain.from_iterable(map(repeat, texts, sizes)) for texts in (names, arns)]
        policies = _cut(self.documents(of_each[0], "identity", of_each[1], parts), sizes)
        versions = zip(_lists(block.versions, self.shared), policies, strict=True)
        told = zip(arns, names, block.defaults, block.counts, versions, strict=True)
        for arn, name, default, count, (numbers, held) in told:
            mine, number = dict(zip(numbers, held, strict=True)), self.shared[default]
            attached = self.packed.counts.values[count]
            yield ManagedPolicy(arn, name, mine[number], number, tuple(mine.items()), attached, is_aws(arn))

    def documents(self, names: Iterable[str], kind: Kind, arns: Iterable[str], parts: Sequence[Parts]) -> list[Policy]:
        """Return policies."""
        statements, version, identifier, lone = zip(*parts, strict=True) if parts else ((),) * 4
        return made(Policy, len(parts), names, statements, version, repeat(kind), arns, identifier, lone)


def made(kind: Any, number: int, *columns: Iterable[Any]) -> list[Any]:
    """Return values of a frozen class, field by field: its own way of making one takes ten times as long.

    >>> made(PatternSet, 1, [("*",)], [False], [(("", -1),)])
    [PatternSet(patterns=('*',), negated=False)]
    """
    new = list(map(object.__new__, repeat(kind, number)))
    for field, column in zip(fields(kind), columns, strict=True):
        deque(map(vars(kind)[field.name].__set__, new, column), maxlen=0)
        assert not new or hasattr(new[-1], field.name), f"the column {field.name} is too short"
    return new


def parts_of(documents: Documents) -> list[Parts]:
    """Return what documents say; equal statements are the same value."""
    written = documents.statements()
    statements = _statements(documents, written)
    forms = list(documents.forms)
    return [(tuple(map(statements.__getitem__, numbers)), *forms[form]) for form, numbers in written.documents]


def _statements(documents: Documents, written: Statements) -> list[Statement]:
    denies, actions, conditions, sids, resources = zip(*written.rows, strict=True) if written.rows else ((),) * 5
    acting = _actions(documents)
    on: Sequence[PatternSet | None] = (None,) * len(written.resources)
    who = on
    if isinstance(documents, TrustDocuments):
        who = [documents.principals.values[number] for (number,) in written.resources]
    else:
        on = _resources(documents, written.resources)
    known = list(documents.sids)
    tests = [documents.conditions.values[number] or _NO_CONDITIONS for number in conditions]
    return made(
        Statement,
        len(written.rows),
        ["Deny" if deny else "Allow" for deny in denies],
        map(acting.__getitem__, actions),
        map(on.__getitem__, resources),
        map(who.__getitem__, resources),
        [found for found, _ in tests],
        map(known.__getitem__, sids),
        [empty for _, empty in tests],
        repeat(None),
    )


def _actions(documents: Documents) -> list[PatternSet]:
    """The Action elements by their numbers; equal texts of different elements are the same value."""
    texts: dict[str, str] = {}
    found = []
    for element, negated in map(turned, documents.acting.known):
        lone = type(element) is str
        listed = (element,) if lone else element
        patterns = tuple(map(texts.setdefault, listed, listed))
        found.append(PatternSet(patterns, negated, (("", -1 if lone else len(listed)),)))
    return found


def _resources(documents: Documents, written: list[Resource]) -> list[PatternSet]:
    """Resource elements, by how they are written and the numbers of their patterns."""
    texts = list(documents.on.known)
    ways = [way for way, *_ in written]
    forms = {way: (("", way // 2 or -1),) for way in set(ways)}
    return made(
        PatternSet,
        len(written),
        [tuple(map(texts.__getitem__, one[1:])) for one in written],
        [way % 2 == 1 for way in ways],
        map(forms.__getitem__, ways),
    )


def _lists(coded: Lists, values: Sequence[T]) -> list[tuple[T, ...]]:
    """The values of lists of numbers."""
    return _cut(list(map(values.__getitem__, coded.numbers)), coded.sizes)


def _cut(values: Sequence[T], sizes: Iterable[int]) -> list[tuple[T, ...]]:
    """Lists cut from one another; a size of -1 is that of a list that is not there."""
    items = tuple(values)
    ends = list(accumulate((max(size, 0) for size in sizes), initial=0))
    return [items[start:end] for start, end in pairwise(ends)]
