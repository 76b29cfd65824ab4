"""One entry of ``get-account-authorization-details``, a user, a group, a role or a policy, read strictly: from parsed
JSON to a value, or to an error that says where the entry is not what it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from lexgraph.account.aws_policies import is_aws
from lexgraph.account.model import Group, ManagedPolicy, Principal, PrincipalKind, Tags, Unreadable
from lexgraph.errors import AccountError, DocumentError, PolicyError, shown
from lexgraph.policy.jsontext import Place, escape_pointer, find_places, load_json
from lexgraph.policy.model import Kind, Number, Policy
from lexgraph.policy.parse import inspect_policy
from lexgraph.policy.reader import PolicyReader

Json = Any
Where = tuple[Any, ...]
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
# What the command line tool gives in place of IsTruncated, where it was told to stop early.
MORE = "NextToken"
# What the entries of each list are, in their ARNs.
KINDS = {"UserDetailList": "user", "GroupDetailList": "group", "RoleDetailList": "role", "Policies": "policy"}
ARNS = {kind: re.compile(rf"arn:[^:]*:iam:[^:]*:[^:]*:{kind}/") for kind in KINDS.values()}
TRUST_NAME = "trust policy"
NO_DOCUMENT = "the file does not hold this policy's document"
_MOST_DIGITS = 18


class Spot:
    """The text of an entry, so that lines and columns of what stands in it can be told.

    Parameters
    ----------
    text : the entry's text.
    place : line and column, in the whole file, of an offset into it.
    at : the entry's own path.
    """

    def __init__(self, text: str, place: Place, at: Where) -> None:
        self.text = text
        self._place = place
        self._front = len(pointer_of(at))
        self._offsets: dict[str, int] | None = None

    def place(self, *pointers: str) -> tuple[int | None, int | None]:
        """Return line and column of the first pointer that stands in the entry."""
        if self._offsets is None:  # once for all errors of the entry
            self._offsets = find_places(self.text).values
        for pointer in pointers:
            offset = self._offsets.get(pointer[self._front :])
            if offset is not None:
                return self._place(offset)
        return None, None


class EntryReader:
    """Reads the entries of one source; policies that cannot be read gather in `unreadable`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.unreadable: list[Unreadable] = []
        self.strings: dict[str, str] = {}
        self.spot: Spot | None = None

    # One entry ----------------------------------------------------------------------------------------------

    def check_arn(self, name: str, item: Mapping[str, Json], at: Where) -> None:
        """Raise AccountError where the ARN of an entry is none, or is that of something else."""
        arn, kind = self.text_of(item, "Arn", at), KINDS[name]
        if not is_arn(arn, kind):
            message = f"Arn must be the ARN of a {kind}, arn:aws:iam::…:{kind}/…, not {shown(arn)}"
            raise self.error("INVALID_ARN", (*at, "Arn"), message)

    def user(self, item: Json, at: Where) -> tuple[Principal, tuple[str, ...]]:
        """Return a user, and the names of its groups."""
        listed = enumerate(self.entries(item, "GroupList", at))
        names = tuple(self.item_text(name, (*at, "GroupList", i)) for i, name in listed)
        return self.principal(item, at, "user"), tuple(dict.fromkeys(names))

    def principal(self, item: Json, at: Where, kind: PrincipalKind) -> Principal:
        """Return a user or a role; a user's groups are not known yet."""
        word = kind.title()
        arn, name = self.text_of(item, "Arn", at), self.text_of(item, f"{word}Name", at)
        trust = None
        if kind == "role":
            key = "AssumeRolePolicyDocument"
            trust = self.document(item, key, at, name=TRUST_NAME, kind="trust", arn=arn, owner=arn)
        return Principal(
            arn=arn,
            kind=kind,
            name=name,
            path=self.maybe(item, "Path", at) or "/",
            unique_id=self.maybe(item, f"{word}Id", at),
            created=self.maybe(item, "CreateDate", at),
            tags=self.tags(item, at),
            inline=self.inline(item, f"{word}PolicyList", at, arn),
            attached=self.attached(item, at),
            boundary=self.boundary(item, at),
            trust=trust,
            tagged=item.get("Tags") is not None,
        )

    def group(self, item: Json, at: Where) -> Group:
        """Return a group."""
        arn = self.text_of(item, "Arn", at)
        return Group(
            arn=arn,
            name=self.text_of(item, "GroupName", at),
            path=self.maybe(item, "Path", at) or "/",
            unique_id=self.maybe(item, "GroupId", at),
            created=self.maybe(item, "CreateDate", at),
            inline=self.inline(item, "GroupPolicyList", at, arn),
            attached=self.attached(item, at),
        )

    def policy(self, item: Json, at: Where) -> ManagedPolicy | None:
        """Return a managed policy, or None where its version in force cannot be read."""
        arn, name = self.text_of(item, "Arn", at), self.text_of(item, "PolicyName", at)
        default = self.text_of(item, "DefaultVersionId", at)
        versions: dict[str, Policy] = {}
        for i, version in enumerate(self.entries(item, "PolicyVersionList", at)):
            here = (*at, "PolicyVersionList", i)
            if not isinstance(version, Mapping):
                raise self.wrong_type(here, "an object", version)
            number = self.text_of(version, "VersionId", here)
            # Only the version in force makes the policy unreadable; another one is listed under a name of its
            # own.
            owner = arn if number == default else f"{arn}:{number}"
            document = self.document(version, "Document", here, name=name, kind="identity", arn=arn, owner=owner)
            if document is not None:
                versions[number] = document
        if default not in versions:
            if not any(bad.owner == arn for bad in self.unreadable):
                self.missing(arn)
            return None
        return ManagedPolicy(
            arn=arn,
            name=name,
            policy=versions[default],
            default_version=default,
            versions=tuple(versions.items()),
            attachment_count=count_of(item.get("AttachmentCount")),
            aws=is_aws(arn),
        )

    def missing(self, arn: str) -> None:
        """Note a managed policy whose document is not there."""
        error = PolicyError(NO_DOCUMENT, code="MISSING_DOCUMENT", source=self.source)
        self.unreadable.append(Unreadable(arn, arn.rpartition("/")[2], "identity", error))

    def inline(self, item: Json, key: str, at: Where, owner: str) -> tuple[Policy, ...]:
        """Return the inline policies that can be read."""
        found = []
        for i, entry in enumerate(self.entries(item, key, at)):
            here = (*at, key, i)
            if not isinstance(entry, Mapping):
                raise self.wrong_type(here, "an object", entry)
            name = self.text_of(entry, "PolicyName", here)
            policy = self.document(
                entry, "PolicyDocument", here, name=name, kind="identity", arn=f"{owner}/{name}", owner=owner
            )
            if policy is not None:
                found.append(policy)
        return tuple(found)

    def attached(self, item: Json, at: Where) -> tuple[str, ...]:
        """Return the ARNs of the attached policies."""
        key = "AttachedManagedPolicies"
        found = []
        for i, entry in enumerate(self.entries(item, key, at)):
            if not isinstance(entry, Mapping):
                raise self.wrong_type((*at, key, i), "an object", entry)
            found.append(self.shared(self.text_of(entry, "PolicyArn", (*at, key, i))))
        return tuple(dict.fromkeys(found))

    def boundary(self, item: Json, at: Where) -> str | None:
        """Return the ARN of the permissions boundary."""
        entry = item.get("PermissionsBoundary")
        if entry is None:
            return None
        if not isinstance(entry, Mapping):
            raise self.wrong_type((*at, "PermissionsBoundary"), "an object", entry)
        return self.shared(self.text_of(entry, "PermissionsBoundaryArn", (*at, "PermissionsBoundary")))

    def tags(self, item: Json, at: Where) -> Tags:
        """Return the tags, by key."""
        found = {}
        for i, tag in enumerate(self.entries(item, "Tags", at)):
            here = (*at, "Tags", i)
            if not isinstance(tag, Mapping):
                raise self.wrong_type(here, "an object", tag)
            value = tag.get("Value")
            if not isinstance(value, str) or isinstance(value, Number):
                raise self.wrong_type((*here, "Value"), "a string", value)
            found[self.shared(self.text_of(tag, "Key", here))] = value
        return tuple(sorted(found.items()))

    # A document ---------------------------------------------------------------------------------------------

    def document(
        self, item: Json, key: str, at: Where, *, name: str, kind: Kind, arn: str, owner: str
    ) -> Policy | None:
        """Return a policy, or None where it cannot be read."""
        here = (*at, key)
        value = item.get(key)
        if key not in item:
            error = PolicyError(NO_DOCUMENT, code="MISSING_DOCUMENT", source=self.source)
            self.unreadable.append(Unreadable(owner, name, kind, self.placed(error, at)))
            return None
        policy, problems = self.inspected(decoded(value), name, kind, arn)
        if problems:
            error = self.placed(problems[0], here, problems[1:])
            self.unreadable.append(Unreadable(owner, name, kind, error, partial=policy is not None))
        return policy

    def inspected(self, value: Json, name: str, kind: Kind, arn: str) -> tuple[Policy | None, tuple[PolicyError, ...]]:
        """Return the policy in a document, and what is wrong with it; what came out of the dump's text is JSON for
        certain.
        """
        if self.spot is None or isinstance(value, str):
            policy, problems = inspect_policy(value, name=name, kind=kind, arn=arn, source=self.source)
            return policy or self.partly(value, name, kind, arn), problems
        reader = PolicyReader(kind, self.source, lenient=True)
        policy = reader.policy(value, name, arn)
        return policy, tuple(reader.problems)

    def partly(self, value: Json, name: str, kind: Kind, arn: str) -> Policy | None:
        """Return what can be read of a document with problems."""
        try:
            read = load_json(value) if isinstance(value, str) else value
        except DocumentError:
            return None
        return PolicyReader(kind, self.source, lenient=True).policy(read, name, arn)

    def placed(self, error: PolicyError, at: Where, others: tuple[PolicyError, ...] = ()) -> PolicyError:
        """Return the error of a document with its place in the dump."""
        pointer = pointer_of(at) + error.pointer
        line, column = self.place(pointer, at)
        return error.into(
            PolicyError,
            pointer=pointer,
            line=line,
            column=column,
            source=self.source,
            others=tuple(self.placed(other, at) for other in others),
        )

    # Its elements -------------------------------------------------------------------------------------------

    def entries(self, item: Mapping[str, Json], key: str, at: Where) -> Iterator[Json]:
        """Yield the items of a list, which may be absent."""
        value = item.get(key)
        if value is None:
            return iter(())
        if not isinstance(value, list):
            raise self.wrong_type((*at, key), "a list", value)
        return iter(value)

    def text_of(self, item: Mapping[str, Json], key: str, at: Where) -> str:
        """Return a text that must be there."""
        if key not in item:
            raise self.error("MISSING_ELEMENT", at, f"{key} is missing")
        return self.item_text(item[key], (*at, key))

    def item_text(self, value: Json, at: Where) -> str:
        """Return a value that must be a text."""
        if not isinstance(value, str) or isinstance(value, Number) or not value:
            raise self.wrong_type(at, "a string that is not empty" if value == "" else "a string", value)
        return value

    def maybe(self, item: Mapping[str, Json], key: str, at: Where) -> str | None:
        """Return a text that may be absent."""
        value = item.get(key)
        if value is None:
            return None
        # The command line tool of some versions writes dates as numbers of seconds.
        return str(value) if key == "CreateDate" else self.item_text(value, (*at, key))

    def shared(self, text: str) -> str:
        """Return the same string object for equal ARNs and tag keys, of which an account repeats few."""
        return self.strings.setdefault(text, text)

    # What is wrong ------------------------------------------------------------------------------------------

    def wrong_type(self, at: Where, expected: str, value: Json) -> AccountError:
        """Return the error for a value of the wrong type."""
        name = f"item {at[-1]} of {at[-2]}" if isinstance(at[-1], int) and len(at) > 1 else at[-1]
        return self.error("DATA_TYPE_MISMATCH", at, f"{name} must be {expected}, not {what(value)}")

    def error(self, code: str, at: Where, message: str) -> AccountError:
        """Return an error with its place."""
        pointer = pointer_of(at)
        line, column = self.place(pointer, ())
        return AccountError(message, code=code, pointer=pointer, line=line, column=column, source=self.source)

    def place(self, pointer: str, fallback: Where) -> tuple[int | None, int | None]:
        """Return line and column of a pointer; a document that is itself text has none inside, so that the
        document's own place counts.
        """
        return (None, None) if self.spot is None else self.spot.place(pointer, pointer_of(fallback))


def decoded(value: Json) -> Json:
    """Return a document as the command line tool prints it, where it is URL-encoded as AWS sends it."""
    return unquote(value) if isinstance(value, str) and value.lstrip()[:1] == "%" else value


def is_arn(text: str, kind: str) -> bool:
    """Return whether a text is the ARN of a user, role, group or policy.

    >>> is_arn("arn:aws:iam::111122223333:user/maria", "user")
    True
    """
    return ARNS[kind].match(text) is not None


def count_of(value: Json) -> int | None:
    """Return a whole number that was given as such or as its digits, None for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def pointer_of(at: Where) -> str:
    """Return the JSON pointer of a path.

    >>> pointer_of(("Policies", 0, "a/b"))
    '/Policies/0/a~1b'
    """
    return "".join(f"/{escape_pointer(str(part))}" for part in at)


def what(value: Json) -> str:
    """Return what a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Number | int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"
