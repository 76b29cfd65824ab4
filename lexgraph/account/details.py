"""From the entries of ``get-account-authorization-details`` to an account: pages joined, groups, AWS's own policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Any, TypeVar

from lexgraph.account.aws_policies import bundled_policy
from lexgraph.account.entries import LISTS as LISTS
from lexgraph.account.entries import MORE, EntryReader, Where, what
from lexgraph.account.entries import TRUST_NAME as TRUST_NAME
from lexgraph.account.entries import pointer_of as pointer_of
from lexgraph.account.model import Group, ManagedPolicy, Principal, Snapshot
from lexgraph.account.packed.account import PackedAccount
from lexgraph.account.packed.entries import PackedEntries
from lexgraph.account.packed.unpacking import Unpacking
from lexgraph.errors import AccountError, shown
from lexgraph.policy.arn import PARTS

Json = Any
# Finding the line of an error means reading a text once more, slowly; beyond this many characters the pointer must do.
MOST_TO_SEARCH = 8_000_000
T = TypeVar("T")
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
        # What was read strictly; of each how many packed entries of its list stand before it.
        self.users: list[tuple[int, tuple[Principal, tuple[str, ...]]]] = []
        self.roles: list[tuple[int, Principal]] = []
        self.groups: list[tuple[int, Group]] = []
        self.policies: list[tuple[int, ManagedPolicy]] = []
        self.notes: list[str] = []
        self.truncated = False
        self.packed = PackedEntries()

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
        before = self.packed.held[name]
        if name == "UserDetailList":
            self.users.append((before, self.user(item, at)))
        elif name == "RoleDetailList":
            self.roles.append((before, self.principal(item, at, "role")))
        elif name == "GroupDetailList":
            self.groups.append((before, self.group(item, at)))
        elif (policy := self.policy(item, at)) is not None:
            self.policies.append((before, policy))
        self.check_arn(name, item, at)

    # The whole ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return the account. Nothing can be read afterwards."""
        if self.truncated:
            self.notes.append("the last page says that more pages follow: what they hold is missing")
        described, asked = self.packed.group_names()
        strict = self.users or self.roles or self.groups or self.policies
        if strict or not asked <= described or self.packed.may_repeat():
            return self.unpacked()
        account = self.account_id(self.packed.fronts())
        used = {arn for arn in (*self.packed.attachments.values, *self.packed.boundaries.values) if arn}
        bundled = self.aws_policies(used.difference(self.packed.policy_arns()))
        self.packed.finish()
        roles = any(block.kind == "role" for block in self.packed.holders)
        return self.described(account, roles=roles).with_packed(PackedAccount(self.packed, bundled))

    def unpacked(self) -> Snapshot:
        """Return the account in which something is not as nearly always, with its values made."""
        unpacking = Unpacking(self.packed)
        groups = self.distinct(_as_dumped(unpacking.groups(), self.groups), "group")
        by_name = {group.name: group.arn for group in groups}
        users = sorted(_as_dumped(unpacking.users(), self.users), key=lambda pair: pair[0].arn)
        roles = _as_dumped(unpacking.roles(), self.roles)
        members = [self.with_groups(user, names, by_name) for user, names in users]
        principals = self.distinct([*members, *roles], "principal")
        policies = self.distinct(_as_dumped(unpacking.policies(), self.policies), "policy")
        holders: list[Principal | Group] = [*principals, *groups]
        used = {arn for holder in holders for arn in holder.attached}
        used |= {principal.boundary for principal in principals if principal.boundary}
        added = self.aws_policies(used - {policy.arn for policy in policies})
        return replace(
            self.described(self.account_id([holder.arn for holder in holders]), roles=bool(roles)),
            principals=principals,
            groups=groups,
            policies=tuple(sorted((*policies, *added), key=lambda policy: policy.arn)) if added else policies,
        )

    def described(self, account: str | None, *, roles: bool) -> Snapshot:
        """Return the account without what is in it."""
        return Snapshot(
            source=self.source,
            sha256="",
            account_id=account,
            unreadable=tuple(self.unreadable),
            notes=tuple(self.notes),
            has_all_roles=roles and not self.truncated,
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

    def account_id(self, arns: Iterable[str]) -> str | None:
        """Return the account's number, by the ARNs of its users, roles and groups."""
        parts = [front.split(":", PARTS - 1) for front in {arn.partition("/")[0] for arn in arns}]
        accounts = sorted({arn[4] for arn in parts if len(arn) == PARTS and arn[4].isdigit()})
        if len(accounts) > 1:
            message = f"the file mixes accounts: {', '.join(accounts[:5])}; read each on its own"
            raise AccountError(message, code="MIXED_ACCOUNTS", source=self.source)
        return accounts[0] if accounts else None

    def aws_policies(self, arns: set[str]) -> tuple[ManagedPolicy, ...]:
        """Return the bundled ones of AWS's managed policies that are attached and not in the dump; note them, and what
        is missing.
        """
        added = []
        for arn in sorted(arns - {bad.owner for bad in self.unreadable}):
            bundled = bundled_policy(arn)
            if bundled is None:
                self.missing(arn)
            else:
                added.append(bundled)
                version = bundled.default_version
                self.notes.append(f"{shown(arn)} is not in the file: its bundled {version} stands for it")
        return tuple(added)


def _as_dumped(packed: Iterable[T], strict: list[tuple[int, T]]) -> list[T]:
    """Entries of a list in the order of the dump, of which the strict ones tell how many packed ones stand before."""
    return [entry for _, entry in sorted((*strict, *enumerate(packed)), key=itemgetter(0))]


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
