"""Many entries of one list at once: users, groups, roles or managed policies that are plainly right.

It knows what AWS's answers look like and gives up at everything else, with NotPlain; then
:class:`lexgraph.account.entries.EntryReader` reads the entry, and says what is wrong, if anything is.

What was decoded tells how many keys were written for it. Of a key that stands twice only one is decoded, and null is
taken for a key that is not there; where the text holds no more keys than were decoded, it holds nothing of the kind.
(:func:`lexgraph.account.packed.known.keys_in` may count too many, never too few.) This is so for many entries as for
one: where it does not hold for all, it does not hold for one of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from operator import eq
from typing import Any

import msgspec

from lexgraph.account.entries import ARNS, KINDS, count_of
from lexgraph.account.packed.blocks import Holders, Lists, ManagedPolicies
from lexgraph.account.packed.documents import Documents, TrustDocuments
from lexgraph.account.packed.known import (
    Columns,
    Known,
    Pieces,
    decoded_by,
    decoder_of,
    divided,
    joined,
    keys_in,
    one_by_one,
    texts,
    together,
)
from lexgraph.account.packed.plain import NotPlain, PlainReader, once
from lexgraph.account.packed.written import (
    NOTHING,
    Attachment,
    Group,
    Inline,
    LastUsed,
    Managed,
    Role,
    Tag,
    User,
    Version,
)
from lexgraph.policy.arn import PARTS

Json = Any
_TYPES: dict[str, Any] = {
    "UserDetailList": User,
    "GroupDetailList": Group,
    "RoleDetailList": Role,
    "Policies": Managed,
}
_MOST_KEYS = 64
_ATTACHMENTS = msgspec.json.Decoder(list[Attachment])
_DECODERS = {name: decoder_of(kind) for name, kind in _TYPES.items()}


class PackedEntries:
    """The entries of one account that were plainly right."""

    def __init__(self) -> None:
        reader = PlainReader()
        self.documents = Documents(reader)
        self.shared = Known()
        self.tags = Known()
        self.attachments = Pieces(_attachments)
        self.boundaries = Pieces(one_by_one(_boundary))
        self.trust_documents = TrustDocuments(reader)
        self.trusts = Pieces(self.trust_documents.read)
        self.counts = Pieces(one_by_one(_count))
        self.holders: list[Holders] = []
        self.managed: list[ManagedPolicies] = []
        self.held = dict.fromkeys(_TYPES, 0)  # how many entries of each list
        self.keys = 0  # how many stand in what was read last
        self.kinds, self.decoders = dict(_TYPES), dict(_DECODERS)

    def learn(self, name: str, keys: Iterable[str]) -> bool:
        """Take entries of a list for plain that have these keys, and return whether some are new.

        AWS adds keys to its answers now and then; of those nothing is asked.

        >>> packed = PackedEntries()
        >>> packed.learn("GroupDetailList", ["Arn", "GroupName", "New"])
        True
        >>> packed.read("GroupDetailList", b'[{"Arn": "arn:aws:iam::1:group/a", "GroupName": "a", "New": {}}]')
        1
        """
        kind = self.kinds[name]
        known = {field.encode_name for field in msgspec.structs.fields(kind)}
        others = [key for key in keys if key not in known]
        if not others or len(known) + len(others) > _MOST_KEYS or not all(map(str.isidentifier, others)):
            return False
        added = [
            (f"other_{i}", msgspec.Raw, msgspec.field(name=key, default=NOTHING))
            for i, key in enumerate(others, len(known))
        ]
        self.kinds[name] = kind = msgspec.defstruct(kind.__name__, added, bases=(kind,), kw_only=True)
        self.decoders[name] = decoder_of(kind)
        return True

    def read(self, name: str, text: bytes) -> int:
        """Read entries of one of the four lists, which `text` is, and return how many.

        Raises NotPlain, and then has read none of them; some of their elements may be known from then on.
        """
        entries = decoded_by(self.decoders[name], text)
        if not entries:
            raise NotPlain
        self.keys = 0
        told = self.columns(self.kinds[name], entries)
        for other in told.columns.keys() - _TYPES[name].__struct_fields__:
            self.passed_over(told[other])
        found = self.policies(told) if name == "Policies" else self.people(told, KINDS[name])
        # Else a key stands twice, or with null, or a string only seems to be a key.
        if self.keys != keys_in(text):
            raise NotPlain
        if isinstance(found, Holders):
            self.holders.append(found)
        else:
            self.managed.append(found)
        self.held[name] += found.number
        return found.number

    def finish(self) -> None:
        """Forget what only reading needs. Nothing can be read afterwards."""
        self.kinds, self.decoders = {}, {}
        trust = self.trust_documents
        conditions = self.documents.conditions, trust.conditions
        for pieces in (self.attachments, self.boundaries, self.trusts, self.counts, *conditions, trust.principals):
            pieces.forget()

    def people(self, told: Columns, kind: str) -> Holders:
        """Return users, groups or roles."""
        arns, names, paths = _arns(told, kind), texts(told["name"]), [one or "/" for one in texts(told["path"])]
        front = arns[0].partition("/")[0]
        regular = front.count(":") == PARTS - 1 and arns == [
            f"{front}{path}{name}" for path, name in zip(paths, names, strict=True)
        ]
        if kind == "role":  # nothing asks for these
            self.passed_over(told["instance_profile_list"])
            self.columns(LastUsed, [one for one in told["role_last_used"] if one is not None])
        attached = [[] if one is None else one for one in told["attached_managed_policies"]]
        inline, documents = self.inline(told["inline"])
        return Holders(
            kind,
            len(arns),
            front,
            "" if regular else joined(arns),
            joined(names),
            joined([one or "" for one in texts(told["id"])]),
            self.numbered(paths),
            self.numbered(told["create_date"]),
            Lists(_sizes(attached), self.pieces(self.attachments, chain.from_iterable(attached))),
            inline,
            documents,
            None if kind == "group" else self.tagged(told["tags"]),
            self.member_of(told["group_list"]) if kind == "user" else None,
            None if kind == "group" else self.pieces(self.boundaries, told["permissions_boundary"]),
            self.pieces(self.trusts, told["assume_role_policy_document"]) if kind == "role" else None,
        )

    def policies(self, told: Columns) -> ManagedPolicies:
        """Return managed policies."""
        arns, defaults = _arns(told, "policy"), self.numbered(texts(told["default_version_id"]))
        self.tagged(told["tags"])  # which nothing asks for
        listed = told["policy_version_list"]
        each = self.columns(Version, list(chain.from_iterable(listed)))
        versions = Lists(_sizes(listed), self.numbered(texts(each["version_id"])))
        _check_defaults(defaults, versions)
        counts = self.pieces(self.counts, told["attachment_count"])
        names = joined(texts(told["policy_name"]))
        return ManagedPolicies(len(arns), joined(arns), names, defaults, counts, versions, self.added(each["document"]))

    # What can be said of all of them ------------------------------------------------------------------------

    def may_repeat(self) -> bool:
        """Return whether two entries may have the same ARN; without keeping all ARNs, by a number for each."""
        shared = list(self.shared)
        held = (block.each_arn(shared) for block in self.holders)
        numbers = array("q", map(hash, chain(chain.from_iterable(held), self.policy_arns())))
        ordered = sorted(numbers)  # which takes half the memory of a set
        return any(map(eq, ordered, islice(ordered, 1, None)))

    def policy_arns(self) -> Iterator[str]:
        """Yield the ARNs of the managed policies."""
        return chain.from_iterable(divided(block.arns, block.number) for block in self.managed)

    def fronts(self) -> set[str]:
        """Return how the ARNs of users, roles and groups begin, before the path."""
        found = {block.front for block in self.holders}
        others = chain.from_iterable(divided(block.arns, block.number) for block in self.holders if block.arns)
        return found | {arn.partition("/")[0] for arn in others}

    def group_names(self) -> tuple[set[str], set[str]]:
        """Return the names of the groups that are described, and of those in which there are users."""
        described: set[str] = set()
        asked: set[int] = set()
        for block in self.holders:
            if block.kind == "group":
                described.update(divided(block.names, block.number))
            asked.update(block.groups.numbers if block.groups else ())
        texts = list(self.shared)
        return described, {texts[number] for number in asked}

    def managed_documents(self) -> Iterator[tuple[str, int]]:
        """Yield the ARN of each managed policy, and the number of its document that is in force."""
        for block in self.managed:
            start = 0
            arns = divided(block.arns, block.number)
            for arn, default, size in zip(arns, block.defaults, block.versions.sizes, strict=True):
                mine = slice(start, start + size)
                yield arn, dict(zip(block.versions.numbers[mine], block.documents[mine], strict=True))[default]
                start += size

    def inline_documents(self) -> Iterator[tuple[str, int]]:
        """Yield the key of each inline policy, its owner's ARN and its name, and the number of its document."""
        names = list(self.shared)
        for block in self.holders:
            sizes = (max(size, 0) for size in block.inline.sizes)
            owners = chain.from_iterable(map(repeat, block.each_arn(names), sizes))
            for owner, name, number in zip(owners, block.inline.numbers, block.documents, strict=True):
                yield f"{owner}/{names[name]}", number

    def trusted_documents(self) -> Iterator[tuple[str, int]]:
        """Yield the ARN of each role, and the number of its trust policy."""
        shared = list(self.shared)
        for block in self.holders:
            if block.trust is not None:
                numbers = map(self.trusts.values.__getitem__, block.trust)
                yield from zip(block.each_arn(shared), numbers, strict=True)

    # Their elements -----------------------------------------------------------------------------------------

    def columns(self, kind: type[msgspec.Struct], objects: list[Any]) -> Columns:
        """Return what objects hold, and count their keys."""
        told = Columns(kind, objects)
        self.keys += told.keys
        return told

    def pieces(self, known: Pieces[Any], pieces: Iterable[msgspec.Raw]) -> array[int]:
        """Return the numbers of pieces, and count their keys."""
        numbers = known.numbers(pieces)
        self.keys += known.keys_of(numbers)
        return array("i", numbers)

    def passed_over(self, pieces: Iterable[msgspec.Raw]) -> None:
        """Count the keys of pieces of which nothing is kept. Raises NotPlain where one is not right."""
        self.pieces(Pieces(one_by_one(_check_rest)), pieces)

    def added(self, documents: list[Any]) -> array[int]:
        """Add documents, and count their keys."""
        numbers, keys = self.documents.add(documents)
        self.keys += keys
        return array("i", numbers)

    def inline(self, values: list[Any]) -> tuple[Lists, array[int]]:
        """Return lists of inline policies: their names, and their documents."""
        told = self.columns(Inline, _items(values))
        named = texts(told["policy_name"])
        if "/" in "".join(named):  # else the policies of two owners might have one key
            raise NotPlain
        names = self.numbered(named)
        return Lists(_sizes(values), names), self.added(told["policy_document"])

    def numbered(self, values: Sequence[str | None]) -> array[int]:
        """Return the numbers of texts that repeat."""
        return array("i", self.shared.numbers(values))

    def tagged(self, values: list[Any]) -> Lists:
        """Return tags."""
        told = self.columns(Tag, _items(values))
        pairs = list(zip(texts(told["key"]), told["value"], strict=True))
        return Lists(_sizes(values), array("i", self.tags.numbers(pairs)))

    def member_of(self, values: list[Any]) -> Lists:
        """Return the names of groups."""
        return Lists(_sizes(values), self.numbered(texts(_items(values))))


def _sizes(values: list[Any]) -> array[int]:
    return array("i", [-1 if value is None else len(value) for value in values])


def _items(values: list[Any]) -> list[Any]:
    return list(chain.from_iterable(filter(None, values)))


def _arns(told: Columns, kind: str) -> list[str]:
    found = told["arn"]
    if not all(map(ARNS[kind].match, found)):
        raise NotPlain
    return found


def _attachments(pieces: list[bytes]) -> list[str]:
    """The ARNs of attached policies."""
    told = Columns(Attachment, together(_ATTACHMENTS, pieces))
    if told.keys != sum(map(keys_in, pieces)):
        raise NotPlain
    texts(told["policy_name"])
    return texts(told["policy_arn"])


def _boundary(value: Json) -> str:
    """The ARN of a permissions boundary."""
    fields = once(value)
    arn = fields.pop("PermissionsBoundaryArn", None)
    if type(arn) is not str or not arn:
        raise NotPlain
    _check_rest(list(fields.values()))
    return arn


def _count(value: Json) -> int | None:
    _check_rest(value)
    return count_of(value)


def _check_rest(value: Json) -> None:
    """Give up where a key stands twice in an object anywhere in something of which nothing else is wanted."""
    todo = [value]
    while todo:
        value = todo.pop()
        todo += once(value).values() if type(value) is tuple else value if type(value) is list else ()


def _check_defaults(defaults: array[int], versions: Lists) -> None:
    """Give up where a policy has not the version that is in force."""
    start = 0
    for default, size in zip(defaults, versions.sizes, strict=True):
        if default not in versions.numbers[start : start + size]:
            raise NotPlain
        start += size
