"""Validation of every policy document in an account's dump, and in the files beside it, each by its own kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from lexgraph.account.aws_policies import is_aws
from lexgraph.account.organization_file import KINDS
from lexgraph.account.pages import load_pages
from lexgraph.account.resource_policies import NAME, kind_of
from lexgraph.checks.finding import Finding
from lexgraph.checks.validate import Day, validate_policy
from lexgraph.policy.jsontext import find_places, locator
from lexgraph.policy.model import Kind

Json = Any
# Where inline policies stand, by list: the list within an entry.
_INLINE = {"UserDetailList": "UserPolicyList", "GroupDetailList": "GroupPolicyList", "RoleDetailList": "RolePolicyList"}
Documents = Callable[[Json], Iterator[tuple[str, Json, Kind, str]]]


def validate_account(data: bytes | str, *, source: str = "account", date: Day = None) -> tuple[Finding, ...]:
    """Return everything that is wrong or doubtful in the policies of an account's dump; AWS's own are left out.

    Raises AccountError where the data are no JSON of such a dump.

    >>> validate_account('{"UserDetailList": []}')
    ()
    """
    return _validated(data, _documents, source, date)


def validate_organization(data: bytes | str, *, source: str = "organization", date: Day = None) -> tuple[Finding, ...]:
    """Return everything that is wrong or doubtful in the control policies of an organization's file; AWS's own, and
    those of kinds that decide no request, are left out.

    Raises AccountError where the data are no JSON.

    >>> validate_organization('{"Organization": {}, "Policies": []}')
    ()
    """
    return _validated(data, _control_policies, source, date)


def validate_resource_policies(
    data: bytes | str, *, source: str = "resource policies", date: Day = None
) -> tuple[Finding, ...]:
    """Return everything that is wrong or doubtful in the policies of resources, roles' trust policies among them.

    Raises AccountError where the data are no JSON.

    >>> validate_resource_policies('[{"ResourceArn": "arn:aws:s3:::transcripts", "Policy": null}]')
    ()
    """
    return _validated(data, _resource_policies, source, date)


def _validated(data: bytes | str, documents: Documents, source: str, date: Day) -> tuple[Finding, ...]:
    text, value = load_pages(data, source=source)
    found: list[Finding] = []
    for pointer, document, kind, name in documents(value):
        if isinstance(document, str) and document.lstrip()[:1] == "%":
            document = unquote(document)
        for finding in validate_policy(document, kind=kind, name=name, source=source, date=date):
            found.append(replace(finding, pointer=pointer + finding.pointer, line=None, column=None))
    return _placed(found, text)


def _placed(findings: list[Finding], text: str) -> tuple[Finding, ...]:
    """With line and column in the dump; a document that is text within it counts as one place."""
    if not findings:
        return ()
    places, place = find_places(text), locator(text)

    def offset(pointer: str) -> int:
        while pointer not in places.values and pointer:
            pointer = pointer.rpartition("/")[0]
        return places.values.get(pointer, 0)

    spots = (place(offset(finding.pointer)) for finding in findings)
    return tuple(replace(f, line=line, column=column) for f, (line, column) in zip(findings, spots, strict=True))


def _documents(value: Json) -> Iterator[tuple[str, Json, Kind, str]]:
    """Every document with its pointer, its kind and the policy's key."""
    pages = [(f"/{i}", page) for i, page in enumerate(value)] if isinstance(value, list) else [("", value)]
    for at, page in pages:
        for holders, inline in _INLINE.items():
            for where, holder in _entries(page, at, holders):
                arn = str(holder.get("Arn", ""))
                for spot, policy in _entries(holder, where, inline):
                    if "PolicyDocument" in policy:
                        name = f"{arn}/{policy.get('PolicyName', '')}"
                        yield f"{spot}/PolicyDocument", policy["PolicyDocument"], "identity", name
                if "AssumeRolePolicyDocument" in holder:
                    yield f"{where}/AssumeRolePolicyDocument", holder["AssumeRolePolicyDocument"], "trust", arn
        for where, policy in _entries(page, at, "Policies"):
            if not is_aws(str(policy.get("Arn", ""))):
                for spot, version in _entries(policy, where, "PolicyVersionList"):
                    if "Document" in version:
                        yield f"{spot}/Document", version["Document"], "identity", str(policy.get("Arn", ""))


def _control_policies(value: Json) -> Iterator[tuple[str, Json, Kind, str]]:
    for where, policy in _entries(value, "", "Policies"):
        kind = KINDS.get(str(policy.get("Type", "")))
        if kind is not None and policy.get("AwsManaged") is not True and policy.get("Content") is not None:
            yield f"{where}/Content", policy["Content"], kind, str(policy.get("Arn", ""))


def _resource_policies(value: Json) -> Iterator[tuple[str, Json, Kind, str]]:
    listed = [(f"/{i}", entry) for i, entry in enumerate(value)] if isinstance(value, list) else [("", value)]
    for where, entry in listed:
        if isinstance(entry, Mapping) and entry.get("Policy") is not None:
            arn = str(entry.get("ResourceArn", ""))
            yield f"{where}/Policy", entry["Policy"], kind_of(arn), f"{arn}/{NAME}"


def _entries(item: Json, at: str, name: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    found = item.get(name) if isinstance(item, Mapping) else None
    for i, entry in enumerate(found if isinstance(found, list) else ()):
        if isinstance(entry, Mapping):
            yield f"{at}/{name}/{i}", entry
