"""Reads an account from where it lies: the file that ``aws iam get-account-authorization-details`` wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lexgraph.account.model import Resource, Snapshot
from lexgraph.account.pages import parse_account
from lexgraph.account.resources import read_resources
from lexgraph.bundled import bundled_path
from lexgraph.errors import AccountError, shown


def example_account_path() -> Path:
    """Return the path of the bundled account: a support centre that uses Amazon Lex.

    >>> example_account_path().name
    'support-center.json'
    """
    return bundled_path("accounts", "support-center.json")


def read_account(
    path: str | Path, *, resources: str | Path | Sequence[Resource] | None = None, date: str | None = None
) -> Snapshot:
    """Return the account in a file.

    Parameters
    ----------
    path : an answer of ``aws iam get-account-authorization-details``, or a list of its pages, as JSON, also
    ``.gz``. resources : what requests can be about: a CSV file with the columns resource, type, name,
    generation and tags, or values; without
        it, the file ``<name>.resources.csv`` beside the account, if there is one.
    date : the day on which the answer was fetched, which the file does not say.

    Raises
    ------
    AccountError
        Where the file is no such answer.

    Examples
    --------
    >>> account = read_account(example_account_path())
    >>> len(account.principals), len(account.resources)
    (34, 14)
    """
    file = Path(path)
    data = _bytes_of(file)
    beside = file.with_name(f"{file.name.removesuffix('.gz').removesuffix('.json')}.resources.csv")
    if resources is None and beside.is_file():
        resources = beside
    listed = read_resources(resources) if isinstance(resources, str | Path) else tuple(resources or ())
    return parse_account(data, source=file.name, resources=listed, date=date)


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        message = f"cannot read {shown(str(file))}: {reason}; an account is read from a file"
        raise AccountError(message, code="UNREADABLE") from None
