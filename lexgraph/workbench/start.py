"""Where a notebook begins: the functions that read, find and compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraph.account import readers
from lexgraph.bundled import bundled_path
from lexgraph.catalog import managed
from lexgraph.catalog.actions import catalog
from lexgraph.errors import CatalogError, LexgraphError, PolicyError, shown
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import parse_policy, read_policy
from lexgraph.workbench.account import Account
from lexgraph.workbench.comparison import Comparison, History
from lexgraph.workbench.policies import PolicySet

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


def read_policies(path: str | Path, *, kind: Kind = "identity") -> PolicySet:
    """Return the policies in a JSON file, or in all ``.json`` files of a folder, named for their files.

    Raises PolicyError, which names every file that holds no policy; its `others` are all that is wrong with them.

    >>> len(read_policies(bundled_path("examples", "console-printed.json")))
    1
    """
    place = Path(path)
    if not place.exists():
        raise LexgraphError(f"there is no file or folder {shown(str(place))}", code="NOTHING_TO_READ")
    files = sorted(place.glob("*.json")) if place.is_dir() else [place]
    if not files:
        raise LexgraphError(f"there is no .json file in {shown(str(place))}", code="NOTHING_TO_READ")
    return PolicySet(_read_all(files, kind), name=place.name, source=place.name)


def _read_all(files: list[Path], kind: Kind) -> list[Policy]:
    found, bad = [], []
    for file in files:
        try:
            found.append(read_policy(file, kind=kind))
        except PolicyError as error:
            bad.append(error)
    if not bad:
        return found
    if len(bad) == 1:
        raise bad[0]
    names = ", ".join(shown(error.source or "") for error in bad)
    message = f"{len(bad)} of {len(files)} files hold no policy that could be read: {names}; the first: {bad[0]}"
    raise PolicyError(message, code=bad[0].code, others=[*bad[0].others, *bad[1:]])


def read_account(path: str | Path, *, resources: str | Path | None = None) -> Account:
    """Return the account in a file that ``aws iam get-account-authorization-details`` wrote.

    `resources` is a CSV of the account's resources (columns resource, type, name, generation, tags); a file
    ``<name>.resources.csv`` beside the dump is found by itself.

    Raises AccountError where the file cannot be read or is no such dump.

    >>> read_account(readers.example_account_path())
    Account 111122223333: 17 users, 17 roles, 19 managed policies
    """
    return Account(readers.read_account(path, resources=resources))


def compare(a: Policy | str, b: Policy | str) -> Comparison:
    """Return how two policies differ; a string names a managed policy (``Name`` or ``Name@v6``).

    >>> compare("AmazonLexFullAccess@v6", "AmazonLexFullAccess@v7").actions_only_a
    ('iam:DeleteRole', 'iam:DetachRolePolicy')
    """
    return Comparison(*(find_policy(side) if isinstance(side, str) else side for side in (a, b)))


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
    >>> "monitoring" in set(table.loc[table["missing"], "feature"])
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
