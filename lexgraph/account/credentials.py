"""The credential report of an account: which user has which passwords, keys and devices."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lexgraph.errors import AccountError, DocumentError, shown
from lexgraph.policy.arn import is_arn
from lexgraph.policy.jsontext import decode

NOT_TOLD = frozenset({"", "N/A", "no_information", "not_supported"})
REQUIRED = ("user", "arn")


@dataclass(frozen=True, slots=True)
class Credential:
    """A row of the credential report; what the report does not tell (``N/A``, ``no_information``,
    ``not_supported``) is None.

    Times are ISO 8601, as the report writes them. `user` of the root user is ``<root_account>``.
    """

    user: str
    arn: str
    user_creation_time: str | None = None
    password_enabled: bool | None = None
    password_last_used: str | None = None
    password_last_changed: str | None = None
    password_next_rotation: str | None = None
    mfa_active: bool | None = None
    access_key_1_active: bool | None = None
    access_key_1_last_rotated: str | None = None
    access_key_1_last_used_date: str | None = None
    access_key_1_last_used_region: str | None = None
    access_key_1_last_used_service: str | None = None
    access_key_2_active: bool | None = None
    access_key_2_last_rotated: str | None = None
    access_key_2_last_used_date: str | None = None
    access_key_2_last_used_region: str | None = None
    access_key_2_last_used_service: str | None = None
    cert_1_active: bool | None = None
    cert_1_last_rotated: str | None = None
    cert_2_active: bool | None = None
    cert_2_last_rotated: str | None = None


_NAMES = tuple(field.name for field in fields(Credential))
_FLAGS = frozenset(name for name in _NAMES if name.endswith(("_active", "_enabled")))


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """The rows of a report by ARN, and the columns that this version does not know, which are left out."""

    credentials: tuple[Credential, ...] = ()
    unknown_columns: tuple[str, ...] = ()


def read_credential_report(path: str | Path) -> CredentialReport:
    """Return the report in a CSV file, as ``aws iam get-credential-report`` gives it once its content is decoded.

    Raises AccountError, with the line, where the file is no such report.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise AccountError(f"cannot read {shown(str(file))}: {reason}", code="UNREADABLE") from None
    return parse_credential_report(data, source=file.name)


def parse_credential_report(data: bytes | str, *, source: str = "credential report") -> CredentialReport:
    """Return the report in the bytes or the text of such a file.

    >>> text = "user,arn,mfa_active\\nana,arn:aws:iam::111122223333:user/ana,FALSE\\n"
    >>> parse_credential_report(text).credentials[0].mfa_active
    False
    """
    try:
        reader = csv.DictReader(io.StringIO(decode(data, source=source), newline=""), strict=True)
        columns = tuple(reader.fieldnames or ())
        _check_columns(columns, source)
        rows = [_credential(row, reader.line_num, source) for row in reader]
    except DocumentError as error:
        raise error.into(AccountError) from None
    except csv.Error as error:
        raise AccountError(f"this is no CSV: {error}", code="INVALID_CSV", source=source) from None
    found: dict[str, Credential] = {}
    for row in rows:
        if found.setdefault(row.arn, row) != row:
            message = f"{shown(row.arn)} stands in the report twice, with different values"
            raise AccountError(message, code="CONTRADICTORY_ROWS", source=source)
    unknown = tuple(name for name in columns if name not in _NAMES)
    return CredentialReport(tuple(found[arn] for arn in sorted(found)), unknown)


def _check_columns(columns: tuple[str, ...], source: str) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        message = f"a credential report has the columns {', '.join(REQUIRED)} and more; {', '.join(missing)} is missing"
        if columns and columns[0].lstrip()[:1] == "{":
            message += "; this is JSON: the report is its Content, which base64 encodes"
        raise AccountError(message, code="MISSING_COLUMN", line=1, column=1, source=source)
    if len(set(columns)) < len(columns):
        raise AccountError("a column stands twice", code="REPEATED_COLUMN", line=1, column=1, source=source)


def _credential(row: Mapping[str | None, Any], line: int, source: str) -> Credential:
    if None in row or None in row.values():
        message = f"the row has {'more' if None in row else 'fewer'} cells than there are columns"
        raise AccountError(message, code="INVALID_CSV", line=line, column=1, source=source)
    if not is_arn(row["arn"]):
        message = f"arn must be an ARN of six parts, not {shown(row['arn'])}"
        raise AccountError(message, code="MALFORMED_ARN", line=line, column=1, source=source)
    values = {name: _value(name, row[name], line, source) for name in _NAMES if name in row}
    return Credential(**{**values, "user": row["user"], "arn": row["arn"]})


def _value(name: str, text: str, line: int, source: str) -> str | bool | None:
    if text in NOT_TOLD:
        return None
    if name not in _FLAGS:
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    message = f"{name} is true or false, or not told; this is {shown(text)}"
    raise AccountError(message, code="INVALID_VALUE", line=line, column=1, source=source)
