"""Reads an account from where it lies: the file that ``aws iam get-account-authorization-details`` wrote, or a folder
that ``lexgraph collect`` wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lexgraph.account.credentials import read_credential_report
from lexgraph.account.folder import read_folder
from lexgraph.account.model import Resource, ResourcePolicy, Snapshot
from lexgraph.account.organization import Organization
from lexgraph.account.organization_file import OrganizationFile, read_organization
from lexgraph.account.pages import read_account_files
from lexgraph.account.parts import with_parts
from lexgraph.account.resource_policies import ResourcePolicies, policies_of, read_resource_policies
from lexgraph.account.resources import read_resources
from lexgraph.bundled import bundled_path


def example_account_path() -> Path:
    """Return the path of the bundled account: a support centre that uses Amazon Lex.

    >>> example_account_path().name
    'support-center.json'
    """
    return bundled_path("accounts", "support-center.json")


def read_account(
    path: str | Path,
    *,
    resources: str | Path | Sequence[Resource] | None = None,
    date: str | None = None,
    organization: str | Path | Organization | None = None,
    resource_policies: str | Path | Sequence[ResourcePolicy] | None = None,
    credential_report: str | Path | None = None,
) -> Snapshot:
    """Return the account in a file or a folder.

    Parameters
    ----------
    path : an answer of ``aws iam get-account-authorization-details``, or a list of its pages, as JSON, also ``.gz``; or
        a folder that ``lexgraph collect`` wrote. Such a folder holds what follows too; what is given takes its place.
    resources : what requests can be about: a CSV file with the columns resource, type, name, generation and tags, or
        values; without it, the file ``<name>.resources.csv`` beside the account, if there is one.
    date : the day on which the answer was fetched, which the file does not say.
    organization : the file that describes the account's organization, or the value.
    resource_policies : a file or a folder with the policies of resources, or values.
    credential_report : the CSV file of the account's credential report.

    Raises
    ------
    AccountError
        Where something is not in its form.

    Examples
    --------
    >>> account = read_account(example_account_path())
    >>> len(account.principals), len(account.resources)
    (34, 14)
    """
    place = Path(path)
    tree, policies = _organization(organization), _policies(resource_policies)
    report = read_credential_report(credential_report) if credential_report is not None else None
    if _holds(place.is_dir):
        listed = None if resources is None else _resources(place, resources)
        found = read_folder(place, resources=listed, organization=tree, policies=policies, report=report)
        return found.changed(date=date) if date else found
    snapshot = read_account_files([place], resources=_resources(place, resources), date=date)
    return with_parts(snapshot, organization=tree, policies=policies, report=report)


def _holds(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except (OSError, ValueError):  # a name that no file could have; reading it says so
        return False


def _resources(place: Path, given: str | Path | Sequence[Resource] | None) -> tuple[Resource, ...]:
    beside = place.with_name(f"{place.name.removesuffix('.gz').removesuffix('.json')}.resources.csv")
    if given is None and _holds(beside.is_file):
        given = beside
    return read_resources(given) if isinstance(given, str | Path) else tuple(given or ())


def _organization(given: str | Path | Organization | None) -> OrganizationFile | None:
    if given is None:
        return None
    return OrganizationFile(given) if isinstance(given, Organization) else read_organization(given)


def _policies(given: str | Path | Sequence[ResourcePolicy] | None) -> ResourcePolicies | None:
    if given is None:
        return None
    return read_resource_policies(given) if isinstance(given, str | Path) else policies_of(given)
