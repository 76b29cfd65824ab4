"""Tables of what was read beside an account: how complete it is, its credentials, its organization."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from lexgraph.account.model import Snapshot
from lexgraph.account.parts import coverage_of
from lexgraph.tables.schema import PRINCIPAL, Column, Schema
from lexgraph.tables.source import snapshot_of

_CREDENTIALS = (
    ("user_creation_time", "when the user was made; ISO 8601, as are all times here"),
    ("password_enabled", "whether there is a password"),
    ("password_last_used", "when the password was last used to sign in"),
    ("password_last_changed", "when the password was last set"),
    ("password_next_rotation", "when the password must be changed"),
    ("mfa_active", "whether a device for multi-factor authentication is in use"),
    *(
        (f"{key}_{name}", doc)
        for key in ("access_key_1", "access_key_2")
        for name, doc in (
            ("active", "whether the key can be used"),
            ("last_rotated", "when the key was made or changed"),
            ("last_used_date", "when the key last signed a request"),
            ("last_used_region", "the region of that request"),
            ("last_used_service", "the service of that request"),
        )
    ),
    *(
        (f"{cert}_{name}", doc)
        for cert in ("cert_1", "cert_2")
        for name, doc in (
            ("active", "whether the signing certificate can be used"),
            ("last_rotated", "when the certificate was made or changed"),
        )
    ),
)
COVERAGE = Schema(
    "coverage",
    (
        Column("part", "str", "what was read: authorization details, organization, resource policies, …"),
        Column("read", "Int64", "number of things read: users, groups, roles and policies; accounts; resources; rows"),
        Column("missing", "str", "what could not be read, sentences joined by a semicolon; <NA> where nothing is"),
    ),
    ("part",),
)
CREDENTIALS = Schema(
    "credentials",
    (
        PRINCIPAL,
        Column("user", "str", "the user's name, <root_account> for the root user"),
        *(
            Column(name, "boolean" if name.endswith(("_active", "_enabled")) else "str", doc)
            for name, doc in _CREDENTIALS
        ),
    ),
    ("principal",),
)
ORGANIZATION = Schema(
    "organization",
    (
        Column("target", "str", "the id of the root, the organizational unit or the account"),
        Column("kind", "category", "root, ou or account", ("root", "ou", "account"), ordered=True),
        Column("name", "str", "its name"),
        Column("parent", "str", "the id of what it hangs on; missing for the root"),
        Column("policy", "str", "the ARN of a control policy attached to it; missing where there is none"),
        Column("policy_name", "str", "the policy's name"),
        Column("policy_kind", "category", "scp or rcp", ("rcp", "scp")),
        Column("above", "bool", "whether it is above this account, or this account itself"),
    ),
    ("target", "policy"),
)
PARTS = (COVERAGE, CREDENTIALS, ORGANIZATION)


def coverage_table(snapshot: Snapshot) -> pd.DataFrame:
    """Return a row per part of the account that was read, or that was to be.

    Returns
    -------
    The table ``coverage``: part, read, missing.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> coverage_table(read_account(example_account_path()))["part"].tolist()
    ['authorization details']
    """
    snapshot = snapshot_of(snapshot)
    rows = ((one.part, one.read, "; ".join(one.missing) or None) for one in coverage_of(snapshot))
    return COVERAGE.frame(rows, **_attrs(snapshot))


def credentials_table(snapshot: Snapshot) -> pd.DataFrame:
    """Return a row per user of the credential report, sorted by ARN; none where no report was read.

    Returns
    -------
    The table ``credentials``: principal, user, user_creation_time, password_enabled, password_last_used,
    password_last_changed, password_next_rotation, mfa_active, access_key_1_active, access_key_1_last_rotated,
    access_key_1_last_used_date, access_key_1_last_used_region, access_key_1_last_used_service, access_key_2_active,
    access_key_2_last_rotated, access_key_2_last_used_date, access_key_2_last_used_region,
    access_key_2_last_used_service, cert_1_active, cert_1_last_rotated, cert_2_active, cert_2_last_rotated.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> len(credentials_table(read_account(example_account_path())))
    0
    """
    snapshot = snapshot_of(snapshot)
    names = CREDENTIALS.names[1:]
    rows = ((row.arn, *(getattr(row, name) for name in names)) for row in snapshot.credentials)
    return CREDENTIALS.frame(rows, **_attrs(snapshot))


def organization_table(snapshot: Snapshot) -> pd.DataFrame:
    """Return a row per control policy that is attached somewhere in the organization, and one per target without any:
    the root first, then the organizational units, then the accounts.

    Returns
    -------
    The table ``organization``: target, kind, name, parent, policy, policy_name, policy_kind, above.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> len(organization_table(read_account(example_account_path())))
    0
    """
    snapshot = snapshot_of(snapshot)
    return ORGANIZATION.frame(_organization_rows(snapshot), **_attrs(snapshot))


def _organization_rows(snapshot: Snapshot) -> Iterator[tuple[object, ...]]:
    organization = snapshot.organization
    if organization is None:
        return
    known = {policy.id: policy for policy in organization.policies}
    above = {target.id for target in organization.path(snapshot.account_id or "")}
    for target in organization.targets:
        front = (target.id, target.kind, target.name, target.parent)
        attached = [known[one] for one in target.attached or () if one in known]
        for policy in attached:
            yield *front, policy.arn, policy.name, policy.kind, target.id in above
        if not attached:
            yield *front, None, None, None, target.id in above


def _attrs(snapshot: Snapshot) -> dict[str, str | None]:
    return {"source": snapshot.source, "sha256": snapshot.sha256, "snapshot_date": snapshot.date}
