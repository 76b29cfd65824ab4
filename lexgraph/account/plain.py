"""Entries of an account that are plainly right, read in a fraction of the time that the strict reader takes.

Like :mod:`lexgraph.policy.plain` it knows what AWS's answers look like and gives up at everything else, with NotPlain;
then :class:`lexgraph.account.entries.EntryReader` reads the entry, and says what is wrong, if anything is. Documents
that stand in an account more than once, trust policies above all, are read once and share their statements.
"""

from __future__ import annotations

import marshal
from typing import Any

from lexgraph.account.aws_policies import is_aws
from lexgraph.account.entries import TRUST_NAME, count_of, decoded, is_arn
from lexgraph.account.model import Group, ManagedPolicy, Principal, Tags
from lexgraph.policy.model import Number, Policy, Statement
from lexgraph.policy.plain import MOST_KEPT, MOST_TEXTS, NotPlain, Parts, PlainReader, object_in, once, policy_of

Json = Any
Fields = dict[str, Json]
# How much is kept of what tells documents apart.
_MOST_BYTES = 8_000_000
_TEXT = {str}


class PlainDocuments:
    """Reads the documents of one account, each only once."""

    def __init__(self) -> None:
        self.reader = PlainReader()
        self.known: tuple[dict[bytes, Parts], dict[bytes, Parts]] = ({}, {})
        self.size = 0

    def read(self, value: Json, *, trust: bool) -> Parts:
        """Return what a document says, which is an object or its text, URL-encoded or not. Raises NotPlain."""
        try:
            # Version 2 of the format has no references to what came before, so that equal values give equal bytes.
            key = marshal.dumps(value, 2)
        except ValueError:  # a number: it is a kind of text that marshal does not take
            return self.fresh(value, trust=trust)
        found = self.known[trust].get(key)
        if found is None:
            found = self.fresh(value, trust=trust)
            self.size += len(key)
            if self.size > _MOST_BYTES:
                self.known, self.size = ({}, {}), len(key)
            self.known[trust][key] = found
        return found

    def fresh(self, value: Json, *, trust: bool) -> Parts:
        """Read a document that was not met before."""
        return self.reader.document(object_in(decoded(value)) if type(value) is str else value, trust=trust)


class PlainEntries:
    """Reads the entries of one account; `strings` holds ARNs and tag keys, of which an account repeats few."""

    def __init__(self, strings: dict[str, str]) -> None:
        self.strings = strings
        self.arns: dict[Json, str] = {}
        self.labels: dict[Json, tuple[str, str]] = {}
        self.documents = PlainDocuments()

    def user(self, pairs: Json) -> tuple[Principal, tuple[str, ...]]:
        """Return a user, and the names of its groups."""
        fields = once(pairs)
        take = fields.pop
        names = _texts(_list(take("GroupList", None)))
        arn = _arn(take("Arn", None), "user")
        tagged = fields.get("Tags") is not None
        user = Principal(
            arn,
            "user",
            _text(take("UserName", None)),
            self.shared(_maybe(take("Path", None)) or "/"),
            _maybe(take("UserId", None)),
            self.date(take("CreateDate", None)),
            self.tags(take("Tags", None)),
            (),
            self.inline(take("UserPolicyList", None), arn),
            self.attached(take("AttachedManagedPolicies", None)),
            self.boundary(take("PermissionsBoundary", None)),
            None,
            tagged,
        )
        _check_rest(fields)
        return user, tuple(dict.fromkeys(names))

    def role(self, pairs: Json) -> Principal:
        """Return a role."""
        fields = once(pairs)
        take = fields.pop
        arn = _arn(take("Arn", None), "role")
        tagged = fields.get("Tags") is not None
        role = Principal(
            arn,
            "role",
            _text(take("RoleName", None)),
            self.shared(_maybe(take("Path", None)) or "/"),
            _maybe(take("RoleId", None)),
            self.date(take("CreateDate", None)),
            self.tags(take("Tags", None)),
            (),
            self.inline(take("RolePolicyList", None), arn),
            self.attached(take("AttachedManagedPolicies", None)),
            self.boundary(take("PermissionsBoundary", None)),
            policy_of(
                TRUST_NAME, self.documents.read(take("AssumeRolePolicyDocument", None), trust=True), "trust", arn
            ),
            tagged,
        )
        _check_rest(fields)
        return role

    def group(self, pairs: Json) -> Group:
        """Return a group."""
        fields = once(pairs)
        take = fields.pop
        arn = _arn(take("Arn", None), "group")
        group = Group(
            arn,
            _text(take("GroupName", None)),
            self.shared(_maybe(take("Path", None)) or "/"),
            _maybe(take("GroupId", None)),
            self.date(take("CreateDate", None)),
            self.inline(take("GroupPolicyList", None), arn),
            self.attached(take("AttachedManagedPolicies", None)),
        )
        _check_rest(fields)
        return group

    def policy(self, pairs: Json) -> ManagedPolicy:
        """Return a managed policy."""
        fields = once(pairs)
        take = fields.pop
        arn, name = _arn(take("Arn", None), "policy"), _text(take("PolicyName", None))
        default = _text(take("DefaultVersionId", None))
        read: dict[str, Parts] = {}
        for version in _list(take("PolicyVersionList", None)):
            told = once(version)
            number = self.shared(_text(told.pop("VersionId", None)))
            read[number] = self.documents.read(told.pop("Document", None), trust=False)
            _check_rest(told)
        parts = _alike(read) if len(read) > 1 else read
        versions = {number: policy_of(name, found, "identity", arn) for number, found in parts.items()}
        if default not in versions:
            raise NotPlain
        count = count_of(take("AttachmentCount", None))
        _check_rest(fields)
        return ManagedPolicy(arn, name, versions[default], default, tuple(versions.items()), count, is_aws(arn))

    # Their elements -----------------------------------------------------------------------------------------

    def inline(self, value: Json, owner: str) -> tuple[Policy, ...]:
        """Return inline policies."""
        found = []
        for pairs in _list(value):
            name, document = _two(pairs, "PolicyName", "PolicyDocument")
            name = self.shared(_text(name))
            found.append(policy_of(name, self.documents.read(document, trust=False), "identity", f"{owner}/{name}"))
        return tuple(found)

    def attached(self, value: Json) -> tuple[str, ...]:
        """Return the ARNs of attached policies."""
        arns = self.arns
        try:
            found = [arns.get(pairs) or self.attachment(pairs) for pairs in _list(value)]
        except TypeError:  # something that is no text
            raise NotPlain from None
        return tuple(dict.fromkeys(found))

    def attachment(self, pairs: Json) -> str:
        """Return the ARN of an attached policy that was not met before."""
        _, arn = _two(pairs, "PolicyName", "PolicyArn")
        if not _text(arn).startswith("arn:"):  # so that none is equal to a number
            raise NotPlain
        if len(self.arns) >= MOST_KEPT:
            self.arns.clear()
        self.arns[pairs] = arn = self.shared(arn)
        return arn

    def boundary(self, value: Json) -> str | None:
        """Return the ARN of a permissions boundary."""
        if value is None:
            return None
        fields = once(value)
        arn = self.shared(_text(fields.pop("PermissionsBoundaryArn", None)))
        _check_rest(fields)
        return arn

    def tags(self, value: Json) -> Tags:
        """Return tags by key."""
        labels = self.labels
        try:
            found = [labels.get(pairs) or self.tag(pairs) for pairs in _list(value)]
        except TypeError:
            raise NotPlain from None
        if any(type(text) is Number for pairs in value or () for _, text in pairs):  # it equals the text that spells it
            raise NotPlain
        if len(found) < 2:
            return tuple(found)
        return tuple(sorted(found if len(dict(found)) == len(found) else dict(found).items()))

    def tag(self, pairs: Json) -> tuple[str, str]:
        """Return a tag that was not met before."""
        key, value = _two(pairs, "Key", "Value")
        if type(value) is not str:
            raise NotPlain
        if len(self.labels) >= MOST_KEPT:
            self.labels.clear()
        self.labels[pairs] = found = self.shared(_text(key)), self.shared(value)
        return found

    def date(self, value: Json) -> str | None:
        """Return a date, which is not read."""
        if len(self.strings) >= MOST_TEXTS:  # looked at here, since every entry has a date
            self.strings.clear()
        if value is None or type(value) is str:
            return value and self.shared(value)
        raise NotPlain

    def shared(self, text: str) -> str:
        """Return the same object for equal texts."""
        return self.strings.setdefault(text, text)


def _alike(versions: dict[str, Parts]) -> dict[str, Parts]:
    """The versions of one policy, which have most of their statements in common, with these shared."""
    kept: dict[Any, Statement] = {}
    return {
        number: (tuple([kept.setdefault(_written(one), one) for one in statements]), version, identifier, lone)
        for number, (statements, version, identifier, lone) in versions.items()
    }


def _written(statement: Statement) -> tuple[Any, ...]:
    """What two statements have in common that are written alike: their elements are the same objects then."""
    one = statement
    return one.effect, id(one.actions), id(one.resources), one.sid, one.empty, *map(id, one.conditions)


def _arn(value: Json, kind: str) -> str:
    if type(value) is not str or not is_arn(value, kind):
        raise NotPlain
    return value


def _text(value: Json) -> str:
    if type(value) is not str or not value:
        raise NotPlain
    return value


def _maybe(value: Json) -> str | None:
    return None if value is None else _text(value)


def _list(value: Json) -> list[Json]:
    if value is None:
        return []
    if type(value) is not list:
        raise NotPlain
    return value


def _texts(values: list[Json]) -> list[str]:
    if not set(map(type, values)) <= _TEXT or "" in values:
        raise NotPlain
    return values


def _two(pairs: Json, first: str, second: str) -> tuple[Json, Json]:
    """The values of an object that has two keys, in this order."""
    if type(pairs) is not tuple or len(pairs) != 2 or pairs[0][0] != first or pairs[1][0] != second:
        raise NotPlain
    return pairs[0][1], pairs[1][1]


def _check_rest(fields: Fields) -> None:
    """Give up where a key stands twice anywhere in fields of which nothing else is wanted."""
    todo = [value for value in fields.values() if value and type(value) is not str]
    while todo:
        value = todo.pop()
        todo += once(value).values() if type(value) is tuple else value if type(value) is list else ()
