"""What a file may be meant as, told by its bytes: an account, a policy, or neither."""

from __future__ import annotations

from collections.abc import Mapping

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
