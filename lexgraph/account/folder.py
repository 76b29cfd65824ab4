"""Reads an account from a folder, as ``lexgraph collect`` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from lexgraph.account.collection import Collection, read_collection, refuse_other
from lexgraph.account.credentials import CredentialReport, read_credential_report
from lexgraph.account.model import Coverage, Resource, Snapshot
from lexgraph.account.organization import ControlKind, Organization
from lexgraph.account.organization_file import KINDS, OrganizationFile, read_organization
from lexgraph.account.pages import read_account_files
from lexgraph.account.parts import DETAILS, ORGANIZATION, POLICIES, REPORT, with_parts
from lexgraph.account.resource_policies import ResourcePolicies, not_collected, read_resource_policies
from lexgraph.account.resources import read_resources
from lexgraph.errors import AccountError, shown

PAGES = "authorization-details"
MANIFEST = "collection.json"
_PAGE = re.compile(r"page-(\d{1,8})\.json(?:\.gz)?", re.ASCII)
MANY = 5
_PARTS = (DETAILS, ORGANIZATION, POLICIES, REPORT)


def is_collection(path: str | Path) -> bool:
    """Return whether a folder is one that :func:`read_folder` reads: it has a folder with the pages of an account.

    >>> is_collection(".")
    False
    """
    try:
        return (Path(path) / PAGES).is_dir()
    except (OSError, ValueError):  # a name that no folder could have
        return False


def read_folder(
    path: str | Path,
    *,
    resources: tuple[Resource, ...] | None = None,
    organization: OrganizationFile | None = None,
    policies: ResourcePolicies | None = None,
    report: CredentialReport | None = None,
) -> Snapshot:
    """Return the account in a folder: ``authorization-details/page-0001.json`` and so on, and beside them what there
    is of ``collection.json``, ``organization.json``, ``resource-policies.json`` (or a folder ``resource-policies``),
    ``credential-report.csv`` and ``resources.csv``. What is given beside the folder takes the place of what is in it:
    AWS shows the tree of an organization to few accounts, so that its file often comes from elsewhere.

    Raises AccountError where the folder is no such collection, and where a file in it is damaged, with its name.
    """
    folder = Path(path)
    pages = _pages(folder)
    told = read_collection(str(folder / MANIFEST)) if (folder / MANIFEST).is_file() else None
    collection = told or Collection()
    if resources is None:
        resources = read_resources(folder / "resources.csv") if (folder / "resources.csv").is_file() else ()
    names = [f"{PAGES}/{file.name}" for file in pages.values()]
    files = list(pages.values())
    snapshot = read_account_files(files, names=names, source=folder.name, resources=resources, date=collection.date)
    refuse_other(collection, snapshot.account_id)
    if snapshot.account_id is None:
        snapshot = snapshot.changed(account_id=collection.account_id)
    given = {ORGANIZATION: organization, POLICIES: policies, REPORT: report}
    found = with_parts(
        snapshot,
        organization=organization or _organization(folder, collection),
        policies=policies or _policies(folder, collection),
        report=report or _report(folder),
    )
    missing = {part: [*collection.missing(part)] for part in _PARTS if given.get(part) is None}
    missing[DETAILS] += _lacking(pages, told is not None)
    if missing[DETAILS]:
        missing[DETAILS].append("there may be users, groups, roles and policies that are not here")
    notes = (f"{part}: {text}" for part in _PARTS for text in missing.get(part, ()))
    return found.changed(
        notes=(*found.notes, *notes),
        coverage=tuple(_coverage(found.coverage, missing)),
        has_all_roles=found.has_all_roles and not missing[DETAILS],
    )


# The pages --------------------------------------------------------------------------------------------------------


def _pages(folder: Path) -> dict[int, Path]:
    """The files of the pages by number."""
    names: dict[int, Path] = {}
    place = folder / PAGES
    try:
        listed = sorted(place.iterdir()) if place.is_dir() else []
    except OSError as error:
        message = f"cannot read {shown(str(place))}: {error.strerror or error}"
        raise AccountError(message, code="UNREADABLE") from None
    for file in listed:
        if (found := _PAGE.fullmatch(file.name)) and file.is_file():
            if (number := int(found.group(1))) in names:
                message = f"page {number} stands in {shown(str(place))} twice: {names[number].name} and {file.name}"
                raise AccountError(message, code="CONTRADICTORY_PAGES")
            names[number] = file
    if not names:
        expected = f"{PAGES}/page-0001.json, as lexgraph collect writes it"
        message = f"the folder {shown(str(folder))} holds no account: it needs {expected}"
        raise AccountError(message, code="NOT_A_COLLECTION")
    return dict(sorted(names.items()))


# What stands beside them ------------------------------------------------------------------------------------------


def _organization(folder: Path, collection: Collection) -> OrganizationFile | None:
    file = folder / "organization.json"
    if not file.is_file():
        return None
    found = read_organization(file)
    unsure = _unsure(collection, found.organization)
    return replace(found, organization=replace(found.organization, unsure=unsure)) if unsure else found


def _unsure(collection: Collection, organization: Organization) -> tuple[ControlKind, ...]:
    """The kinds of control policies of which the calls leave open what is attached where."""
    kinds: dict[str, ControlKind] = {policy.id: policy.kind for policy in organization.policies}
    found: set[ControlKind] = set()
    for call in collection.calls:
        given = dict(call.parameters)
        if call.operation in ("ListPolicies", "ListTargetsForPolicy", "ListPoliciesForTarget"):
            kind = KINDS.get(given.get("Filter", "")) or kinds.get(given.get("PolicyId", ""))
            found |= {kind} if kind else set(KINDS.values())
    return tuple(sorted(found, reverse=True))


def _policies(folder: Path, collection: Collection) -> ResourcePolicies | None:
    places = (folder / "resource-policies.json", folder / "resource-policies")
    place = next((one for one in places if one.exists()), None)
    found = read_resource_policies(place) if place else ResourcePolicies()
    known = {one.resource for one in found.policies} | set(found.without) | {one.owner for one in found.unreadable}
    asked = {
        call.resource: call.error or call.status for call in collection.calls if call.resource not in (None, *known)
    }
    bad = tuple(not_collected(arn, why, MANIFEST) for arn, why in asked.items() if arn)
    return replace(found, unreadable=(*found.unreadable, *bad)) if place or bad else None


def _report(folder: Path) -> CredentialReport | None:
    file = folder / "credential-report.csv"
    return read_credential_report(file) if file.is_file() else None


# What is missing --------------------------------------------------------------------------------------------------


def _coverage(read: tuple[Coverage, ...], missing: dict[str, list[str]]) -> Iterator[Coverage]:
    """What was read and what is missing, by what the parts and the calls say."""
    parts = {one.part: one for one in read}
    for part in _PARTS:
        lacking = missing.get(part, [])
        if part in parts or lacking:
            one = parts.get(part, Coverage(part, 0))
            yield replace(one, missing=(*lacking, *one.missing))


def _lacking(pages: dict[int, Path], told: bool) -> list[str]:
    """What is missing of the pages, or may be."""
    gaps = list(islice((number for number in range(1, max(pages)) if number not in pages), MANY + 1))
    named = f"{', '.join(map(str, gaps[:MANY]))}{', …' * (len(gaps) > MANY)}"
    found = [f"these pages are not there: {named}"] if gaps else []
    return found if told else [*found, f"there is no {MANIFEST}: whether all calls to AWS succeeded is unknown"]
