"""Puts together what was read of an account: its own dump, its organization, its resources' policies, its report."""

from __future__ import annotations

from collections.abc import Iterator

from lexgraph.account.credentials import CredentialReport
from lexgraph.account.model import RESOURCE_POLICIES, Coverage, Snapshot
from lexgraph.account.organization_file import OrganizationFile
from lexgraph.account.resource_policies import ResourcePolicies
from lexgraph.errors import AccountError, shown
from lexgraph.policy.arn import account_of

DETAILS = "authorization details"
ORGANIZATION = "organization"
POLICIES = RESOURCE_POLICIES
REPORT = "credential report"
# What a dump's notes say beside what is missing: of a policy that stands for another, of a page that stands twice.
_HARMLESS = ("stands for it", "stood in the file more than once")


def with_parts(
    snapshot: Snapshot,
    *,
    organization: OrganizationFile | None = None,
    policies: ResourcePolicies | None = None,
    report: CredentialReport | None = None,
) -> Snapshot:
    """Return the account with what else is known of it, and with its coverage."""
    coverage = [details_coverage(snapshot)]
    unreadable, notes = list(snapshot.unreadable), list(snapshot.notes)
    if organization is not None:
        coverage.append(_organization_coverage(organization, snapshot.account_id))
        notes += (f"{ORGANIZATION}: {text}" for text in coverage[-1].missing)
        unreadable += organization.unreadable
    if policies is not None:
        coverage.append(Coverage(POLICIES, policies.count, policies.missing))
        unreadable += policies.unreadable
    if report is not None:
        _check_account(report, snapshot)
        coverage.append(Coverage(REPORT, len(report.credentials), tuple(_unknown_columns(report))))
    return snapshot.changed(
        unreadable=tuple(unreadable),
        notes=tuple(notes),
        resource_policies=policies.policies if policies else (),
        no_resource_policy=policies.without if policies else (),
        organization=organization.organization if organization else None,
        credentials=report.credentials if report else (),
        coverage=tuple(coverage),
    )


def coverage_of(snapshot: Snapshot) -> tuple[Coverage, ...]:
    """Return an account's coverage; of one that was not read from a file or a folder, that of its dump.

    >>> from lexgraph.account.pages import parse_account
    >>> coverage_of(parse_account({"UserDetailList": []}))[0].read
    0
    """
    return snapshot.coverage or (details_coverage(snapshot),)


def details_coverage(snapshot: Snapshot) -> Coverage:
    """Return how much of the account itself was read: the number of users, roles, groups and managed policies."""
    bad = (
        f"the {one.kind} policy {shown(one.name)} of {shown(one.owner)} could not be read{' whole' * one.partial}"
        for one in snapshot.unreadable
    )
    notes = (note for note in snapshot.notes if not note.endswith(_HARMLESS))
    return Coverage(DETAILS, snapshot.size, (*notes, *bad))


def _organization_coverage(file: OrganizationFile, account: str | None) -> Coverage:
    found = file.organization
    accounts = sum(target.kind == "account" for target in found.targets)
    missing = file.missing
    if found.targets and account is not None and not found.has(account):
        missing += (f"account {account} is not in the file: which SCPs and RCPs bind it is unknown",)
    return Coverage(ORGANIZATION, accounts, missing)


def _check_account(report: CredentialReport, snapshot: Snapshot) -> None:
    accounts = {account_of(row.arn) for row in report.credentials} - {snapshot.account_id}
    if accounts and snapshot.account_id is not None:
        other = min(str(account) for account in accounts)
        message = f"the credential report is of account {other}, and the account is {snapshot.account_id}"
        raise AccountError(message, code="MIXED_ACCOUNTS", source=snapshot.source)


def _unknown_columns(report: CredentialReport) -> Iterator[str]:
    if report.unknown_columns:
        yield f"columns that are not known and were left out: {', '.join(map(shown, report.unknown_columns))}"
