"""What a file may be meant as, told by its bytes: an account, a policy, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lexgraph.account.details import LISTS, is_page
from lexgraph.account.pages import GZIP, unpacked
from lexgraph.account.templates.load import YAML_ENDINGS
from lexgraph.errors import AccountError, DocumentError
from lexgraph.policy.grammar import MAX_CHARACTERS, VERSIONS
from lexgraph.policy.jsontext import decode, load_json


def is_account(data: bytes) -> bool:
    """Return whether these are the bytes of an account's authorization details, rather than of a policy.

    >>> is_account(b'{"UserDetailList": []}'), is_account(b'{"Statement": []}')
    (True, False)
    """
    if data.startswith(GZIP):
        try:
            data = unpacked(data)
        except AccountError:
            return True  # damaged: the reader of accounts says how
    if not any(f'"{name}"'.encode() in data for name in LISTS):
        return False
    if len(data) > 4 * MAX_CHARACTERS:
        return True  # too large for any policy, so there is no need to parse it here
    try:
        value = load_json(data)
    except DocumentError:
        return False
    page = value[0] if isinstance(value, list) and value else value
    return isinstance(page, Mapping) and is_page(page)


Part = Literal["organization", "resource policies"]


def part_of(data: bytes) -> Part | None:
    """Return what of an account's surroundings is in these bytes: its organization, or policies of its resources.

    >>> part_of(b'[{"ResourceArn": "arn:aws:s3:::transcripts", "Policy": null}]')
    'resource policies'
    """
    try:
        data = unpacked(data) if data.startswith(GZIP) else data
        if not any(name in data for name in (b'"Organization"', b'"ResourceArn"')):
            return None
        value = load_json(data)
    except DocumentError:
        return None
    if isinstance(value, Mapping) and isinstance(value.get("Organization"), Mapping):
        return "organization"
    entry = value[0] if isinstance(value, list) and value else value
    of_resource = isinstance(entry, Mapping) and "ResourceArn" in entry and ("Policy" in entry or "Error" in entry)
    return "resource policies" if of_resource else None


def is_policy_like(data: bytes, name: str = "") -> bool:
    """Return whether a file that nobody named may be meant as a policy: broken JSON counts too, YAML does not.

    >>> is_policy_like(b'{"name": "left-pad"}'), is_policy_like(b'{"Statment": [], "Version": "2012-10-17"}')
    (False, True)
    """
    if name.lower().endswith(YAML_ENDINGS):
        return False
    try:
        value = load_json(data)
    except DocumentError:
        try:
            return "statement" in decode(data).lower()
        except DocumentError:
            return False
    if not isinstance(value, Mapping):
        return False
    return value.get("Version") in VERSIONS or any(key.lower() == "statement" for key in value)
