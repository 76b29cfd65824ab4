"""Where a notebook begins: the functions that read, find and compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexgraph.account import readers
from lexgraph.bundled import bundled_path
from lexgraph.catalog import managed
from lexgraph.catalog.actions import catalog
from lexgraph.errors import CatalogError, shown
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import parse_policy, read_policy
from lexgraph.workbench.account import Account
from lexgraph.workbench.comparison import Comparison, History
from lexgraph.workbench.policies import PolicySet
from lexgraph.workbench.reading import read_files

if TYPE_CHECKING:
    import pandas as pd


def expand(*patterns: str | Iterable[str]) -> tuple[str, ...]:
    """Return the catalogue's actions that any of the patterns matches, sorted; a list of patterns will do as well.

    >>> expand("lex:Get*Alias")
    ('lex:GetBotAlias',)
    """
    each = [one for given in patterns for one in ((given,) if isinstance(given, str) else given)]
    return catalog().names_in(catalog().bits_of(each))


def catalog_date() -> str:
    """Return the date of the bundled action catalogue, ISO 8601.

    >>> len(catalog_date())
    10
    """
    return catalog().date


def find_policy(reference: str) -> Policy:
    """Return one of AWS's managed policies by name or ARN: ``AmazonLexFullAccess``, or ``AmazonLexFullAccess@v6``
    for a version.

    Raises CatalogError, with the nearest names, where there is none.

    >>> len(find_policy("AmazonLexFullAccess@v6").statements)
    11
    """
    try:
        name, version = managed.parse_reference(reference)
        found = managed.managed_document(name, version)
    except CatalogError as error:
        if not _is_file(reference):
            raise
        raise CatalogError(f"{error.message}; it is a file, which read_policy reads", code=error.code) from None
    if version is not None:
        return parse_policy(found.document, name=f"{found.name}@{found.version}")
    return parse_policy(found.document, name=found.name, arn=found.arn)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # a name that is too long
        return False


def managed_policies(*patterns: str) -> PolicySet:
    """Return AWS's managed policies whose names match any of the patterns (all without one), at their current version.

    >>> len(managed_policies("AmazonLex*"))
    6
    """
    names = sorted({name for pattern in patterns or ("*",) for name in managed.managed_names(pattern)})
    if not names:
        raise CatalogError(f"no managed policy is called {shown(' or '.join(patterns))}")
    title = f"AWS managed policies {', '.join(patterns)}" if patterns else "all AWS managed policies"
    found = managed.managed_documents(names)
    policies = (parse_policy(one.document, name=one.name, arn=one.arn) for one in found)
    versions = {one.arn: one.version for one in found}
    return PolicySet(
        policies, name=title, date=managed.managed_date(), versions=versions, source="AWS managed policies"
    )


def example_policies() -> PolicySet:
    """Return the bundled example policies: the Lex guide's four, as printed and as restored, and two of today.

    >>> "console-printed" in example_policies()
    True
    """
    folder = bundled_path("examples")
    files = sorted(file for file in folder.glob("*.json") if file.name != "index.json")
    name = "the Lex guide's example policies"
    return PolicySet((read_policy(file) for file in files), name=name, source=name)


def example_account() -> Account:
    """Return the bundled account: a Lex support centre.

    >>> example_account().can("user/ines", "lex:ListBots", "*").outcome
    'implicitDeny'
    """
    return Account(readers.read_account(readers.example_account_path()))


def read_policies(
    path: str | Path, *, kind: Kind = "identity", parameters: Mapping[str, Any] | None = None
) -> PolicySet:
    """Return the policies in a file, or in a folder and those within it.

    A policy is named for its file. Templates are read too: of CloudFormation and SAM (JSON, or YAML with the extra
    ``templates``), and what ``terraform show -json`` prints of a plan or a state. Their policies have the kinds that
    their resources tell, and are named for these. What a template leaves open makes the statements concerned unknown.

    Parameters
    ----------
    path : the file or folder.
    kind : what the plain policies are.
    parameters : values of a template's parameters, such as ``{"AWS::AccountId": "111122223333"}``; without them its
        defaults count.

    Returns
    -------
    PolicySet
        Its ``skipped`` is a table of what could not be read, and why; of the policies that a template attaches and does
        not hold, too.

    Raises
    ------
    PolicyError
        Where nothing could be read; its `others` are all that is wrong.

    Examples
    --------
    >>> len(read_policies(bundled_path("examples", "console-printed.json")))
    1
    """
    place = Path(path)
    found = read_files(place, kind, parameters)
    return PolicySet(
        found.policies.values(),
        name=place.name,
        source=place.name,
        skipped=found.skipped,
        templates=found.templates,
    )


def read_account(
    path: str | Path,
    *,
    resources: str | Path | None = None,
    date: str | None = None,
    organization: str | Path | None = None,
    resource_policies: str | Path | None = None,
    credential_report: str | Path | None = None,
) -> Account:
    """Return the account in a file that ``aws iam get-account-authorization-details`` wrote, or in a folder that
    ``lexgraph collect`` wrote.

    Parameters
    ----------
    path : the file, also ``.gz``, or the folder, which holds all that follows; what is given here takes its place.
    resources : a CSV of the account's resources (columns resource, type, name, generation, tags); a file
        ``<name>.resources.csv`` beside the dump is found by itself.
    date : the day on which the dump was made, which the file does not say.
    organization : a JSON file that describes the organization with its service and resource control policies.
    resource_policies : a JSON file, or a folder of them, with the policies of resources.
    credential_report : the CSV file of the credential report.

    Raises
    ------
    AccountError
        Where a file cannot be read or is not in its form.

    Examples
    --------
    >>> read_account(readers.example_account_path())
    Account 111122223333: 17 users, 17 roles, 19 managed policies
    """
    snapshot = readers.read_account(
        path,
        resources=resources,
        date=date,
        organization=organization,
        resource_policies=resource_policies,
        credential_report=credential_report,
    )
    return Account(snapshot)


def compare(a: Policy | str, b: Policy | str, *, principal: str | None = None) -> Comparison:
    """Return how two policies differ; a string names a managed policy (``Name`` or ``Name@v6``).

    With `principal`, an ARN, they are compared for that caller only.

    >>> compare("AmazonLexFullAccess@v6", "AmazonLexFullAccess@v7").actions_only_a
    ('iam:DeleteRole', 'iam:DetachRolePolicy')
    """
    left, right = (find_policy(side) if isinstance(side, str) else side for side in (a, b))
    return Comparison(left, right, principal=principal)


def history(name: str) -> History:
    """Return every known version of one of AWS's managed policies.

    >>> history("AmazonLexFullAccess").versions[-1].name
    'AmazonLexFullAccess@v9'
    """
    return History(name)


def console_needs() -> pd.DataFrame:
    """Return what the Lex console needs, by the guide: service, action, feature, reason (schema ``console_needs``).

    >>> len(console_needs())
    20
    """
    from lexgraph import tables

    return tables.console_needs_table()


def console_readiness(policies: PolicySet | Account | Policy | Iterable[Policy]) -> pd.DataFrame:
    """Return which features of the Lex console each policy gives, and which it lacks (schema ``console_readiness``).

    >>> table = console_readiness(find_policy("AmazonLexReadOnly"))
    >>> "monitoring" in set(table.loc[table["blocked"], "feature"])
    True
    """
    from lexgraph import tables

    return tables.console_readiness_table(as_policies(policies))


def as_policies(source: PolicySet | Account | Policy | Iterable[Policy] | Mapping[str, Policy]) -> tuple[Policy, ...]:
    """Return the policies in whatever a person may hold."""
    if isinstance(source, Policy):
        return (source,)
    if isinstance(source, Account):
        return source.snapshot.identity_policies()
    return tuple(source.values() if isinstance(source, Mapping) else source)
