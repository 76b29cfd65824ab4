"""Reads the file that says which organization an account belongs to.

The file holds what ``aws organizations`` tells, in one object: ``Organization``, ``Roots``, ``OrganizationalUnits``,
``Accounts`` (each with the ids of the policies attached to it) and ``Policies`` with their documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lexgraph.account.jsonfile import Item, JsonFile, Where, read_bytes
from lexgraph.account.model import Unreadable
from lexgraph.account.organization import ControlKind, ControlPolicy, Organization, Target, TargetKind
from lexgraph.errors import shown
from lexgraph.policy.model import Kind
from lexgraph.policy.parse import parse_policy

KINDS: dict[str, ControlKind] = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}
LISTS: tuple[tuple[str, TargetKind], ...] = (("Roots", "root"), ("OrganizationalUnits", "ou"), ("Accounts", "account"))
DEEPEST = 64  # AWS allows five units below each other
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
# AWS's own two, which are attached wherever nobody has detached them, and say nothing that could change.
_AWS: dict[str, tuple[str, ControlKind, str]] = {
    "p-FullAWSAccess": ("FullAWSAccess", "scp", "arn:aws:organizations::aws:policy/service_control_policy"),
    "p-RCPFullAWSAccess": ("RCPFullAWSAccess", "rcp", "arn:aws:organizations::aws:policy/resource_control_policy"),
}
_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, slots=True)
class OrganizationFile:
    """An organization, the control policies in its file that could not be read, and what else is missing."""

    organization: Organization
    unreadable: tuple[Unreadable, ...] = ()
    missing: tuple[str, ...] = ()


def read_organization(path: str | Path) -> OrganizationFile:
    """Return the organization in a JSON file, also ``.gz``.

    Raises AccountError, with the place, where the tree is none: an unknown parent, a cycle, two roots, an id that
    stands twice, a policy attached that is not described.
    """
    return parse_organization(read_bytes(path, what="an organization"), source=Path(path).name)


def parse_organization(data: bytes | str, *, source: str = "organization") -> OrganizationFile:
    """Return the organization in the bytes or the text of such a file.

    >>> text = '{"Organization": {"Id": "o-1", "MasterAccountId": "111122223333"}, "Roots": [{"Id": "r-1"}]}'
    >>> parse_organization(text).organization.targets
    (Target(id='r-1', kind='root', name='r-1', parent=None, attached=None),)
    """
    return _Reader(data, source).read()


class _Reader(JsonFile):
    """Reads one file."""

    def read(self) -> OrganizationFile:
        whole = self.object_at(self.value, ())
        if not isinstance(whole.get("Organization"), dict):
            parts = ", ".join(key for key, _ in LISTS)
            expected = f"it needs Organization (with Id and MasterAccountId), {parts} and Policies"
            raise self.error("NOT_AN_ORGANIZATION", (), f"this file describes no organization; {expected}")
        at: Where = ("Organization",)
        identifier = self.text_of(whole["Organization"], "Id", at)
        management = self.account(self.text_of(whole["Organization"], "MasterAccountId", at), (*at, "MasterAccountId"))
        policies = self.policies(whole)
        targets = self.targets(whole, set(policies) | self.others(whole))
        used = {one for _, target in targets for one in target.attached or ()}
        policies |= {one: _bundled(one) for one in _AWS if one in used and one not in policies}
        organization = Organization(
            identifier,
            management,
            tuple(target for _, target in sorted(targets, key=lambda pair: (_ORDER[pair[1].kind], pair[1].id))),
            tuple(policies[one] for one in sorted(policies)),
            self.kinds(whole),
        )
        return OrganizationFile(organization, tuple(self.unreadable), tuple(self.missing(organization)))

    def account(self, text: str, at: Where) -> str:
        if not _ACCOUNT.fullmatch(text):
            raise self.error("INVALID_ACCOUNT", at, f"an account is twelve digits, not {shown(text)}")
        return text

    # Policies -----------------------------------------------------------------------------------------------------

    def policies(self, whole: Item) -> dict[str, ControlPolicy]:
        found: dict[str, ControlPolicy] = {}
        for at, item in self.objects(whole, "Policies"):
            identifier, kind = self.text_of(item, "Id", at), KINDS.get(self.text_of(item, "Type", at))
            if identifier in found:
                raise self.error("REPEATED_ID", (*at, "Id"), f"the policy {shown(identifier)} stands twice")
            if kind is not None:
                found[identifier] = self.control_policy(item, at, identifier, kind)
        return found

    def others(self, whole: Item) -> set[str]:
        """The ids of policies of other types, such as tag policies, which decide no request."""
        return {str(item.get("Id")) for _, item in self.objects(whole, "Policies") if item.get("Type") not in KINDS}

    def control_policy(self, item: Item, at: Where, identifier: str, kind: ControlKind) -> ControlPolicy:
        if identifier in _AWS and item.get("Content") is None:
            return _bundled(identifier)
        name, arn = self.text_of(item, "Name", at), self.text_of(item, "Arn", at)
        of_kind: Kind = kind
        policy = self.policy(item, "Content", at, name=name, kind=of_kind, arn=arn, owner=arn)
        return ControlPolicy(identifier, arn, name, kind, item.get("AwsManaged") is True, policy)

    # The tree -----------------------------------------------------------------------------------------------------

    def targets(self, whole: Item, known: set[str]) -> list[tuple[Where, Target]]:
        found: dict[str, tuple[Where, Target]] = {}
        for key, kind in LISTS:
            for at, item in self.objects(whole, key):
                target = self.target(item, kind, at, known)
                if target.id in found:
                    raise self.error("REPEATED_ID", (*at, "Id"), f"{shown(target.id)} stands in the tree twice")
                found[target.id] = at, target
        if not found and not whole.get("Roots"):
            return []  # All that AWS tells a member account: the organization itself.
        roots = [at for at, target in found.values() if target.kind == "root"]
        if len(roots) != 1:
            at = roots[1] if roots else ("Roots",)
            raise self.error("INVALID_TREE", at, f"an organization has one root, not {len(roots)}")
        self.refuse_loose(found)
        return list(found.values())

    def target(self, item: Item, kind: TargetKind, at: Where, known: set[str]) -> Target:
        identifier = self.text_of(item, "Id", at)
        if kind == "account":
            self.account(identifier, (*at, "Id"))
        name = self.text_at(item["Name"], (*at, "Name")) if item.get("Name") is not None else identifier
        parent = None if kind == "root" else self.text_of(item, "ParentId", at)
        return Target(identifier, kind, name, parent, self.attached(item, at, known))

    def attached(self, item: Item, at: Where, known: set[str]) -> tuple[str, ...] | None:
        """The ids of what is attached; None where the file does not say."""
        if item.get("Policies") is None:
            return None
        here = (*at, "Policies")
        found = []
        for i, value in enumerate(self.list_at(item["Policies"], here)):
            identifier = self.text_at(value, (*here, i))
            if identifier not in known and identifier not in _AWS:
                message = f"the policy {shown(identifier)} is attached, and not among the Policies"
                raise self.error("UNKNOWN_POLICY", (*here, i), message)
            found.append(identifier)
        return tuple(dict.fromkeys(found))

    def refuse_loose(self, found: dict[str, tuple[Where, Target]]) -> None:
        """Refuse what does not hang on the root, and a tree deeper than AWS makes one."""
        depth = {identifier: 0 for identifier, (_, target) in found.items() if target.kind == "root"}
        for at, target in found.values():
            above: dict[str, None] = {}
            here = target
            while here.id not in depth:
                if here.id in above:
                    message = f"{shown(target.id)} hangs in a cycle: {', '.join(map(shown, list(above)[:5]))}"
                    raise self.error("INVALID_TREE", (*at, "ParentId"), message)
                above[here.id] = None
                here = self.parent(here, found)
            depth |= {identifier: i for i, identifier in enumerate(reversed(above), depth[here.id] + 1)}
            if depth[target.id] > DEEPEST:
                message = (
                    f"{shown(target.id)} hangs {depth[target.id]:,} levels below the root; AWS makes no tree so deep"
                )
                raise self.error("INVALID_TREE", (*at, "ParentId"), message)

    def parent(self, target: Target, found: dict[str, tuple[Where, Target]]) -> Target:
        """What a target hangs on, which is there and no account."""
        parent = found.get(target.parent or "")
        if parent is not None and parent[1].kind != "account":
            return parent[1]
        what = "is an account" if parent else "is not in the file"
        message = f"{shown(target.parent or '')}, the parent of {shown(target.id)}, {what}"
        raise self.error("INVALID_TREE", (*found[target.id][0], "ParentId"), message)

    def kinds(self, whole: Item) -> tuple[ControlKind, ...] | None:
        """The kinds of policies in use, where the root tells."""
        for at, root in self.objects(whole, "Roots"):
            if root.get("PolicyTypes") is not None:
                listed = (item for _, item in self.objects(root, "PolicyTypes", at) if item.get("Status") == "ENABLED")
                types = [item.get("Type") for item in listed]
                return tuple(kind for name, kind in KINDS.items() if name in types)
        return None

    def missing(self, organization: Organization) -> Iterator[str]:
        if not organization.targets:
            yield "the tree of the organization is not in the file: no service or resource control policy is considered"
        for target in organization.targets:
            if target.attached is None:
                yield f"the file does not say which policies are attached to {shown(target.id)}"
        for bad in self.unreadable:
            yield f"the {bad.kind} {shown(bad.name)} could not be read{' whole' * bad.partial}: {bad.error.message}"


_ORDER: dict[TargetKind, int] = {"root": 0, "ou": 1, "account": 2}


def _bundled(identifier: str) -> ControlPolicy:
    name, kind, front = _AWS[identifier]
    arn = f"{front}/{identifier}"
    statement = _EVERYTHING | ({"Principal": "*"} if kind == "rcp" else {})
    policy = parse_policy({"Version": "2012-10-17", "Statement": [statement]}, name=name, kind=kind, arn=arn)
    return ControlPolicy(identifier, arn, name, kind, True, replace(policy, lone_statement=False))
