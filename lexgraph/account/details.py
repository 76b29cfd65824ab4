"""From the entries of ``get-account-authorization-details`` to an account: pages joined, groups, AWS's own policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from lexgraph.account.aws_policies import bundled_policy
from lexgraph.account.entries import LISTS as LISTS
from lexgraph.account.entries import MORE, EntryReader, Where, what
from lexgraph.account.entries import TRUST_NAME as TRUST_NAME
from lexgraph.account.entries import pointer_of as pointer_of
from lexgraph.account.model import Group, ManagedPolicy, Principal, Snapshot
from lexgraph.account.plain import PlainEntries
from lexgraph.errors import AccountError, shown
from lexgraph.policy.arn import PARTS

Json = Any
# Finding the line of an error means reading a text once more, slowly; beyond this many characters the pointer must do.
MOST_TO_SEARCH = 8_000_000
_Value = TypeVar("_Value", Principal, Group, ManagedPolicy)


def read_pages(value: Json, *, source: str) -> Snapshot:
    """Return the account in a page or a list of pages that are parsed already."""
    details = Details(source)
    pages = value if isinstance(value, list) and value else [value]
    for i, page in enumerate(pages):
        details.page(page, (i,) if isinstance(value, list) else (), alone=not isinstance(value, list))
    return details.snapshot()


class Details(EntryReader):
    """Gathers the entries of one account, which may stand on several pages."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.users: list[tuple[Principal, tuple[str, ...]]] = []
        self.roles: list[Principal] = []
        self.groups: list[Group] = []
        self.policies: list[ManagedPolicy] = []
        self.notes: list[str] = []
        self.truncated = False
        self.plain = PlainEntries(self.strings)

    # Reading ------------------------------------------------------------------------------------------------

    def page(self, page: Json, at: Where, *, alone: bool) -> None:
        """Read one page that is parsed already."""
        if not isinstance(page, Mapping) or not is_page(page):
            raise self.error("NOT_AN_ACCOUNT", at, not_an_account(page))
        for name in LISTS:
            for i, item in enumerate(self.entries(page, name, at)):
                self.entry(name, item, (*at, name, i))
        self.page_ends(page, alone=alone)

    def page_ends(self, page: Mapping[str, Json], *, alone: bool) -> None:
        """Note what a page lacks, where it stands `alone`, and whether more follow."""
        self.truncated = page.get("IsTruncated") is True or bool(page.get(MORE))
        for name in LISTS if alone else ():
            if name not in page:
                self.notes.append(f"the file has no {name}: what would stand there is unknown")

    def entry(self, name: str, item: Json, at: Where) -> None:
        """Read one entry of a list, strictly."""
        if not isinstance(item, Mapping):
            raise self.wrong_type(at, "an object", item)
        if name == "UserDetailList":
            self.users.append(self.user(item, at))
        elif name == "RoleDetailList":
            self.roles.append(self.principal(item, at, "role"))
        elif name == "GroupDetailList":
            self.groups.append(self.group(item, at))
        elif (policy := self.policy(item, at)) is not None:
            self.policies.append(policy)
        self.check_arn(name, item, at)

    def plain_entry(self, name: str, pairs: Json) -> None:
        """Read one entry of a list as :func:`lexgraph.policy.jsontext.scan_pairs` gave it. Raises NotPlain, and then
        has read nothing.
        """
        if name == "UserDetailList":
            self.users.append(self.plain.user(pairs))
        elif name == "RoleDetailList":
            self.roles.append(self.plain.role(pairs))
        elif name == "GroupDetailList":
            self.groups.append(self.plain.group(pairs))
        else:
            self.policies.append(self.plain.policy(pairs))

    # The whole ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return the account. Nothing can be read afterwards."""
        del self.plain, self.strings  # what was kept to be met again makes room
        if self.truncated:
            self.notes.append("the last page says that more pages follow: what they hold is missing")
        groups = self.distinct(self.groups, "group")
        by_name = {group.name: group.arn for group in groups}
        users = [self.with_groups(user, names, by_name) for user, names in self.users]
        principals = self.distinct([*users, *self.roles], "principal")
        holders: list[Principal | Group] = [*principals, *groups]
        account = self.account_id(holders)
        policies = self.with_aws_policies(self.distinct(self.policies, "policy"), holders)
        return Snapshot(
            source=self.source,
            sha256="",
            account_id=account,
            principals=principals,
            groups=groups,
            policies=policies,
            unreadable=tuple(self.unreadable),
            notes=tuple(self.notes),
            has_all_roles=bool(self.roles) and not self.truncated,
        )

    def with_groups(self, user: Principal, names: tuple[str, ...], known: Mapping[str, str]) -> Principal:
        """Return a user with the ARNs of its groups."""
        if not names:
            return user
        # A group that the dump does not describe keeps a place of its own, so that answers about the user are
        # unknown.
        front = user.arn.split(":user/")[0]
        arns = tuple(sorted([known.get(name) or f"{front}:group/{name}" for name in names]))
        missing = [name for name in names if name not in known]
        if missing:
            listed = ", ".join(map(shown, missing))
            self.notes.append(f"{shown(user.label)} is in groups that the file does not describe: {listed}")
        return Principal(
            user.arn, user.kind, user.name, user.path, user.unique_id, user.created, user.tags, arns,
            user.inline, user.attached, user.boundary, None, user.tagged,
        )  # fmt: skip

    def distinct(self, values: list[_Value], what: str) -> tuple[_Value, ...]:
        """Return the values by ARN; one that stands on two pages counts once, and two that differ are refused."""
        found: dict[str, _Value] = {}
        for value in values:
            first = found.setdefault(value.arn, value)
            if first is not value and first != value:
                message = f"the {what} {shown(value.arn)} stands in the file twice, with different content"
                raise AccountError(message, code="CONTRADICTORY_PAGES", source=self.source)
        if len(found) < len(values):
            self.notes.append(f"{len(values) - len(found)} of kind {what} stood in the file more than once")
        return tuple([found[arn] for arn in sorted(found)])

    def account_id(self, holders: list[Principal | Group]) -> str | None:
        """Return the account's number."""
        parts = (holder.arn.split(":", PARTS - 1) for holder in holders)
        accounts = sorted({arn[4] for arn in parts if len(arn) == PARTS and arn[4].isdigit()})
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


def is_page(page: Mapping[str, Json]) -> bool:
    """Return whether an object is a page of an account, by its keys; an organization's file has Policies too."""
    return any(name in page for name in LISTS if name != "Policies" or "Organization" not in page)


def not_an_account(value: Json) -> str:
    """Return why a value is no page of an account."""
    expected = "this is no answer of aws iam get-account-authorization-details"
    if not isinstance(value, Mapping):
        return f"{expected} (it has none of {', '.join(LISTS)}); it is {what(value)}"
    if "Organization" in value:
        return f"{expected}; it describes an organization, which is given beside the account, as organization"
    if "ResourceArn" in value:
        return f"{expected}; it holds policies of resources, given beside the account, as resource_policies"
    aside = "; it is a policy document" if "Statement" in value else ""
    return f"{expected} (it has none of {', '.join(LISTS)}){aside}"
