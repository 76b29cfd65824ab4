"""From the parsed pages of ``get-account-authorization-details`` to the values of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

from lexgraph.account.aws_policies import bundled_policy, is_aws
from lexgraph.account.model import (
    Group,
    ManagedPolicy,
    Principal,
    PrincipalKind,
    Snapshot,
    Tags,
    Unreadable,
)
from lexgraph.errors import AccountError, DocumentError, PolicyError, shown
from lexgraph.policy.arn import account_of
from lexgraph.policy.jsontext import escape_pointer, find_places, load_json, locator
from lexgraph.policy.model import Kind, Number, Policy
from lexgraph.policy.parse import inspect_policy
from lexgraph.policy.reader import PolicyReader

Json = Any
Where = tuple[Any, ...]
LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
TRUST_NAME = "trust policy"
NO_DOCUMENT = "the file does not hold this policy's document"
# Finding the line of an error means reading the text once more, slowly; beyond this many characters the
# pointer must do.
MOST_TO_SEARCH = 8_000_000
_Value = TypeVar("_Value", Principal, Group, ManagedPolicy)


def read_pages(value: Json, *, text: str | None, source: str) -> Snapshot:
    """Return the account in a page or a list of pages; `text` is what they were parsed from, for lines and
    columns.
    """
    return _Details(text, source).read(value)


class _Details:
    """Reads one dump; what it finds gathers in its lists."""

    def __init__(self, text: str | None, source: str) -> None:
        self.text = text
        self.source = source
        self.users: list[tuple[Principal, tuple[str, ...]]] = []
        self.roles: list[Principal] = []
        self.groups: list[Group] = []
        self.policies: list[ManagedPolicy] = []
        self.unreadable: list[Unreadable] = []
        self.notes: list[str] = []
        self.strings: dict[str, str] = {}
        self.places: tuple[dict[str, int], Callable[[int], tuple[int, int]]] | None = None

    # The whole ----------------------------------------------------------------------------------------------

    def read(self, value: Json) -> Snapshot:
        pages = value if isinstance(value, list) and value else [value]
        for i, page in enumerate(pages):
            self.page(page, (i,) if isinstance(value, list) else (), last=i == len(pages) - 1)
        groups = self.distinct(self.groups, "group")
        by_name = {group.name: group.arn for group in groups}
        users = [self.with_groups(user, names, by_name) for user, names in self.users]
        principals = self.distinct([*users, *self.roles], "principal")
        account = self.account_id([*principals, *groups])
        policies = self.with_aws_policies(self.distinct(self.policies, "policy"), [*principals, *groups])
        return Snapshot(
            source=self.source,
            sha256="",
            account_id=account,
            principals=principals,
            groups=groups,
            policies=policies,
            unreadable=tuple(self.unreadable),
            notes=tuple(self.notes),
        )

    def page(self, page: Json, at: Where, *, last: bool) -> None:
        if not isinstance(page, Mapping) or not any(name in page for name in LISTS):
            raise self.error("NOT_AN_ACCOUNT", at, _not_an_account(page))
        readers: tuple[Callable[[Json, Where], None], ...] = (self.user, self.group, self.role, self.policy)
        for name, read in zip(LISTS, readers, strict=True):
            for i, item in enumerate(self.entries(page, name, at)):
                if not isinstance(item, Mapping):
                    raise self.wrong_type((*at, name, i), "an object", item)
                read(item, (*at, name, i))
            if name not in page and not at:
                self.notes.append(f"the file has no {name}: what would stand there is unknown")
        if last and page.get("IsTruncated") is True:
            self.notes.append("the last page says that more pages follow: what they hold is missing")

    def with_groups(self, user: Principal, names: tuple[str, ...], known: Mapping[str, str]) -> Principal:
        if not names:
            return user
        # A group that the dump does not describe keeps a place of its own, so that answers about the user are
        # unknown.
        front = user.arn.split(":user/")[0]
        arns = tuple(sorted(known.get(name, f"{front}:group/{name}") for name in names))
        missing = [name for name in names if name not in known]
        if missing:
            listed = ", ".join(map(shown, missing))
            self.notes.append(f"{shown(user.label)} is in groups that the file does not describe: {listed}")
        return Principal(
            user.arn, user.kind, user.name, user.path, user.unique_id, user.created, user.tags, arns,
            user.inline, user.attached, user.boundary,
        )  # fmt: skip

    def distinct(self, values: list[_Value], what: str) -> tuple[_Value, ...]:
        """The values by ARN; one that stands on two pages counts once, and two that differ are refused."""
        found: dict[str, _Value] = {}
        for value in values:
            if found.setdefault(value.arn, value) != value:
                message = f"the {what} {shown(value.arn)} stands in the file twice, with different content"
                raise AccountError(message, code="CONTRADICTORY_PAGES", source=self.source)
        if len(found) < len(values):
            self.notes.append(f"{len(values) - len(found)} of kind {what} stood in the file more than once")
        return tuple(found[arn] for arn in sorted(found))

    def account_id(self, holders: list[Principal | Group]) -> str | None:
        accounts = sorted({account for holder in holders if (account := account_of(holder.arn))})
        if len(accounts) > 1:
            message = f"the file mixes accounts: {', '.join(accounts[:5])}; read each on its own"
            raise AccountError(message, code="MIXED_ACCOUNTS", source=self.source)
        return accounts[0] if accounts else None

    def with_aws_policies(
        self, policies: tuple[ManagedPolicy, ...], holders: list[Principal | Group]
    ) -> tuple[ManagedPolicy, ...]:
        """Add AWS's managed policies that are attached and not in the dump, from the bundled ones; note what
        is missing.
        """
        used = {arn for holder in holders for arn in holder.attached}
        used |= {p.boundary for p in holders if isinstance(p, Principal) and p.boundary}
        broken = {bad.owner for bad in self.unreadable}
        added = []
        for arn in sorted(used - {policy.arn for policy in policies} - broken):
            bundled = bundled_policy(arn)
            if bundled is None:
                self.missing(arn)
            else:
                added.append(bundled)
                version = bundled.default_version
                self.notes.append(f"{shown(arn)} is not in the file: its bundled {version} stands for it")
        return tuple(sorted((*policies, *added), key=lambda policy: policy.arn)) if added else policies

    def missing(self, arn: str) -> None:
        error = PolicyError(NO_DOCUMENT, code="MISSING_DOCUMENT", source=self.source)
        self.unreadable.append(Unreadable(arn, arn.rpartition("/")[2], "identity", error))

    # One entry ----------------------------------------------------------------------------------------------

    def user(self, item: Json, at: Where) -> None:
        listed = enumerate(self.entries(item, "GroupList", at))
        names = tuple(self.item_text(name, (*at, "GroupList", i)) for i, name in listed)
        self.users.append((self.principal(item, at, "user"), tuple(dict.fromkeys(names))))

    def role(self, item: Json, at: Where) -> None:
        self.roles.append(self.principal(item, at, "role"))

    def principal(self, item: Json, at: Where, kind: PrincipalKind) -> Principal:
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
        )

    def group(self, item: Json, at: Where) -> None:
        arn = self.text_of(item, "Arn", at)
        group = Group(
            arn=arn,
            name=self.text_of(item, "GroupName", at),
            path=self.maybe(item, "Path", at) or "/",
            unique_id=self.maybe(item, "GroupId", at),
            created=self.maybe(item, "CreateDate", at),
            inline=self.inline(item, "GroupPolicyList", at, arn),
            attached=self.attached(item, at),
        )
        self.groups.append(group)

    def policy(self, item: Json, at: Where) -> None:
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
        count = item.get("AttachmentCount")
        if default in versions:
            self.policies.append(
                ManagedPolicy(
                    arn=arn,
                    name=name,
                    policy=versions[default],
                    default_version=default,
                    versions=tuple(versions.items()),
                    attachment_count=int(count) if str(count).isdigit() else None,
                    aws=is_aws(arn),
                )
            )
        elif not any(bad.owner == arn for bad in self.unreadable):
            self.missing(arn)

    def inline(self, item: Json, key: str, at: Where, owner: str) -> tuple[Policy, ...]:
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
        key = "AttachedManagedPolicies"
        found = []
        for i, entry in enumerate(self.entries(item, key, at)):
            if not isinstance(entry, Mapping):
                raise self.wrong_type((*at, key, i), "an object", entry)
            found.append(self.shared(self.text_of(entry, "PolicyArn", (*at, key, i))))
        return tuple(dict.fromkeys(found))

    def boundary(self, item: Json, at: Where) -> str | None:
        entry = item.get("PermissionsBoundary")
        if entry is None:
            return None
        if not isinstance(entry, Mapping):
            raise self.wrong_type((*at, "PermissionsBoundary"), "an object", entry)
        return self.shared(self.text_of(entry, "PermissionsBoundaryArn", (*at, "PermissionsBoundary")))

    def tags(self, item: Json, at: Where) -> Tags:
        found = {}
        for i, tag in enumerate(self.entries(item, "Tags", at)):
            here = (*at, "Tags", i)
            if not isinstance(tag, Mapping):
                raise self.wrong_type(here, "an object", tag)
            value = tag.get("Value")
            if not isinstance(value, str):
                raise self.wrong_type((*here, "Value"), "a string", value)
            found[self.shared(self.text_of(tag, "Key", here))] = value
        return tuple(sorted(found.items()))

    # A document ---------------------------------------------------------------------------------------------

    def document(
        self, item: Json, key: str, at: Where, *, name: str, kind: Kind, arn: str, owner: str
    ) -> Policy | None:
        here = (*at, key)
        value = item.get(key)
        if key not in item:
            error = PolicyError(NO_DOCUMENT, code="MISSING_DOCUMENT", source=self.source)
            self.unreadable.append(Unreadable(owner, name, kind, self.placed(error, at)))
            return None
        if isinstance(value, str) and value.lstrip()[:1] == "%":
            value = unquote(value)
        policy, problems = self.inspected(value, name, kind, arn)
        if problems:
            error = self.placed(problems[0], here, problems[1:])
            self.unreadable.append(Unreadable(owner, name, kind, error, partial=policy is not None))
        return policy

    def inspected(self, value: Json, name: str, kind: Kind, arn: str) -> tuple[Policy | None, tuple[PolicyError, ...]]:
        """The policy in a document, or what is wrong with it; what came out of the dump's text is JSON for certain."""
        if self.text is None or isinstance(value, str):
            policy, problems = inspect_policy(value, name=name, kind=kind, arn=arn, source=self.source)
            return policy or self.partly(value, name, kind, arn), problems
        reader = PolicyReader(kind, self.source, lenient=True)
        policy = reader.policy(value, name, arn)
        return policy, tuple(reader.problems)

    def partly(self, value: Json, name: str, kind: Kind, arn: str) -> Policy | None:
        """What can be read of a document with problems."""
        try:
            read = load_json(value) if isinstance(value, str) else value
        except DocumentError:
            return None
        return PolicyReader(kind, self.source, lenient=True).policy(read, name, arn)

    def placed(self, error: PolicyError, at: Where, others: tuple[PolicyError, ...] = ()) -> PolicyError:
        """The error of a document with its place in the dump."""
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
        value = item.get(key)
        if value is None:
            return iter(())
        if not isinstance(value, list):
            raise self.wrong_type((*at, key), "a list", value)
        return iter(value)

    def text_of(self, item: Mapping[str, Json], key: str, at: Where) -> str:
        if key not in item:
            raise self.error("MISSING_ELEMENT", at, f"{key} is missing")
        return self.item_text(item[key], (*at, key))

    def item_text(self, value: Json, at: Where) -> str:
        if not isinstance(value, str) or isinstance(value, Number) or not value:
            raise self.wrong_type(at, "a string that is not empty" if value == "" else "a string", value)
        return value

    def maybe(self, item: Mapping[str, Json], key: str, at: Where) -> str | None:
        value = item.get(key)
        if value is None:
            return None
        # The command line tool of some versions writes dates as numbers of seconds.
        return str(value) if key == "CreateDate" else self.item_text(value, (*at, key))

    def shared(self, text: str) -> str:
        """The same string object for equal ARNs and tag keys, of which an account repeats few."""
        return self.strings.setdefault(text, text)

    # What is wrong ------------------------------------------------------------------------------------------

    def wrong_type(self, at: Where, expected: str, value: Json) -> AccountError:
        return self.error("DATA_TYPE_MISMATCH", at, f"{at[-1]} must be {expected}, not {_what(value)}")

    def error(self, code: str, at: Where, message: str) -> AccountError:
        pointer = pointer_of(at)
        line, column = self.place(pointer, ())
        return AccountError(message, code=code, pointer=pointer, line=line, column=column, source=self.source)

    def place(self, pointer: str, fallback: Where) -> tuple[int | None, int | None]:
        """Line and column of a pointer; a document that is itself text has none inside, so that the
        document's own place counts.
        """
        if self.text is None or len(self.text) > MOST_TO_SEARCH:
            return None, None
        if self.places is None:  # once for all errors: a dump may hold thousands of policies that cannot be read
            self.places = find_places(self.text).values, locator(self.text)
        offset = self.places[0].get(pointer, self.places[0].get(pointer_of(fallback)))
        return (None, None) if offset is None else self.places[1](offset)


def pointer_of(at: Where) -> str:
    """Return the JSON pointer of a path.

    >>> pointer_of(("Policies", 0, "a/b"))
    '/Policies/0/a~1b'
    """
    return "".join(f"/{escape_pointer(str(part))}" for part in at)


def _not_an_account(value: Json) -> str:
    lists = ", ".join(LISTS)
    expected = f"this is no answer of aws iam get-account-authorization-details (it has none of {lists})"
    if isinstance(value, Mapping) and "Statement" in value:
        return f"{expected}; it is a policy document"
    return expected if isinstance(value, Mapping) else f"{expected}; it is {_what(value)}"


def _what(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Number | int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"
