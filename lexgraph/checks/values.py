"""Checks of condition values: can the operator read them, and do they mean what they seem to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lexgraph.checks.known import REGIONS
from lexgraph.checks.view import STORED_BY_IAM, Hit, StatementView, Test
from lexgraph.conditions.operators import read_date, read_network, read_number
from lexgraph.errors import shown
from lexgraph.policy.model import ConditionValue, Number
from lexgraph.policy.patterns import is_pattern

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
_VPC = re.compile(r"vpc-(?:[0-9a-z]{8}|[0-9a-z]{17})\Z")
_VPCE = re.compile(r"vpce-(?:[0-9a-z]{8}|[0-9a-z]{17})\Z")
# What IAM takes for a date when it stores a policy: more than a request can have, but not anything.
_LAX_DATE = re.compile(
    r"-?\d+(?:-(?:0?[1-9]|1[0-2])(?:-(?:0?[1-9]|[12]\d|3[01]))?)?"
    r"(?:[Tt](?:(?:[01]?\d|2[0-3])(?::[0-5]?\d(?::[0-5]?\d(?:\.\d{1,9})?"
    r"(?:[Zz]|[+\-](?:[01]\d|2[0-3])(?::[0-5]\d)?)?)?)?)?)?\Z",
    re.A,
)
_MOST_SECONDS = 2**63 - 1
_REGION_KEYS = frozenset({"aws:requestedregion", "ec2:region", "account:targetregion"})
_WIDE_LIMITS = {
    "NumericLessThan": max,
    "NumericLessThanEquals": max,
    "NumericGreaterThan": min,
    "NumericGreaterThanEquals": min,
}


def readable(view: StatementView) -> Iterator[Hit]:
    """TYPE_MISMATCH_…, INVALID_DATE_VALUE, NUMBER_INFINITE."""
    for test in view.tests:
        check = _READERS.get(test.name.base.removeprefix("Not")) or _READERS.get(_family(test.name.base))
        for i, value in enumerate(test.test.values):
            if isinstance(value, Number) and value.value in (float("inf"), float("-inf")):
                yield Hit("NUMBER_INFINITE", test.at(i), f"{value} is too large for a number")
            elif check is not None and not (isinstance(value, str) and "${" in value):
                for code, message, refused in check(value):
                    # IAM looks at dates only.
                    error = refused and view.kind in STORED_BY_IAM
                    yield Hit(code, test.at(i), message, "error" if error else None)


def _family(base: str) -> str:
    return next((family for family in ("Numeric", "Date") if base.startswith(family)), base)


Problems = Iterator[tuple[str, str, bool]]


def _text(value: ConditionValue) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _boolean(value: ConditionValue) -> Problems:
    if _text(value).lower() not in ("true", "false"):
        yield "TYPE_MISMATCH_BOOLEAN", f"the value must be true or false, not {shown(_text(value))}", False


def _number(value: ConditionValue) -> Problems:
    if read_number(_text(value)) is None:
        yield "TYPE_MISMATCH_NUMBER", f"{shown(_text(value))} is no number", False


def _date(value: ConditionValue) -> Problems:
    text = _text(value)
    if read_number(text) is not None and "-" not in text[1:]:
        number = read_number(text)
        if number > _MOST_SECONDS:
            yield "TYPE_MISMATCH_DATE", f"{shown(text)} is no date", True
        elif len(text) != 4:  # a year
            yield "INVALID_DATE_VALUE", f"{shown(text)} is read as seconds since 1970", False
    elif read_date(text) is None:
        yield "TYPE_MISMATCH_DATE", f"{shown(text)} is no date", _LAX_DATE.match(text) is None


def _address(value: ConditionValue) -> Problems:
    if read_network(_text(value)) is None:
        yield "TYPE_MISMATCH_IP_RANGE", f"{shown(_text(value))} is no address and no range of them", False


def _base64(value: ConditionValue) -> Problems:
    if not _BASE64.match(_text(value)):
        yield "TYPE_MISMATCH_STRING", f"{shown(_text(value))} is not base64", False


_READERS: dict[str, Any] = {
    "Bool": _boolean,
    "Null": _boolean,
    "Numeric": _number,
    "Date": _date,
    "IpAddress": _address,
    "BinaryEquals": _base64,
}


def types(view: StatementView) -> Iterator[Hit]:
    """INVALID_CONDITION_DATA_TYPE, INVALID_CONDITION_MULTIPLE_BOOLEAN, REDUNDANT_CONDITION_VALUE_NUM."""
    for test in view.tests:
        values = test.test.values
        if len(values) < 2:
            continue
        if len(kinds := sorted({_json_type(value) for value in values})) > 1:
            message = f"the values are of different types: {', '.join(kinds)}"
            yield Hit("INVALID_CONDITION_DATA_TYPE", test.pointer, message)
        if test.name.base in ("Bool", "Null"):
            message = f"{test.test.key} is compared with {len(values)} Boolean values"
            yield Hit("INVALID_CONDITION_MULTIPLE_BOOLEAN", test.pointer, message)
        if choose := _WIDE_LIMITS.get(test.name.base):
            numbers = [n for n in map(read_number, map(_text, values)) if n is not None]
            if len(numbers) > 1:
                message = f"of {len(numbers)} limits only {choose(numbers)} counts"
                yield Hit("REDUNDANT_CONDITION_VALUE_NUM", test.pointer, message)


def _json_type(value: ConditionValue) -> str:
    return "Boolean" if isinstance(value, bool) else "number" if isinstance(value, Number) else "string"


def known_forms(view: StatementView) -> Iterator[Hit]:
    """INVALID_REGION, INVALID_VPC_FORMAT, INVALID_VPCE_FORMAT."""
    for test in view.tests:
        if test.name.base not in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"):
            continue
        for i, value in enumerate(test.test.values):
            text = _text(value)
            if not text or "${" in text or (is_pattern(text) and test.name.base.endswith("Like")):
                continue
            if test.key in _REGION_KEYS and text not in REGIONS:
                yield Hit("INVALID_REGION", test.at(i), f"there is no region {shown(text)}")
            elif test.key == "aws:sourcevpc" and not _VPC.match(text):
                yield Hit("INVALID_VPC_FORMAT", test.at(i), f"{shown(text)} is no id of a VPC")
            elif test.key == "aws:sourcevpce" and not _VPCE.match(text):
                yield Hit("INVALID_VPCE_FORMAT", test.at(i), f"{shown(text)} is no id of a VPC endpoint")


# Addresses -----------------------------------------------------------------------------------------------------------

_PRIVATE = (
    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 100.64.0.0/10 fc00::/7 fe80::/10 ::1/128"
).split()


def addresses(view: StatementView) -> Iterator[Hit]:
    """PRIVATE_IP_ADDRESS and its three forms, IMPROVE_IP_RANGE."""
    for test in view.tests:
        if not test.name.base.endswith("IpAddress"):
            continue
        networks = [(i, _text(v), read_network(_text(v))) for i, v in enumerate(test.test.values)]
        for i, text, network in networks:
            if network is not None and "/" in text and _spare_bits(text, network):
                message = f"{shown(text)} has bits that do not count: it is {network}"
                yield Hit("IMPROVE_IP_RANGE", test.at(i), message)
        if test.key == "aws:sourceip":
            yield from _private(test, [n for _, _, n in networks if n is not None])


def _spare_bits(text: str, network: Any) -> bool:
    from ipaddress import ip_address

    return bool(ip_address(text.partition("/")[0]) != network.network_address)


def _private(test: Test, networks: list[Any]) -> Iterator[Hit]:
    private = [network for network in networks if _is_private(network)]
    if not private:
        return
    code = "PRIVATE_NOTIPADDRESS" if test.negated else "PRIVATE_IP_ADDRESS"
    listed = ", ".join(map(str, private[:3]))
    outcome = "always holds" if test.negated else "never holds"
    if len(private) == len(networks):
        yield Hit(code, test.pointer, f"AWS sees public addresses only, so the condition {outcome}: {listed}")
    else:
        yield Hit(f"{code}_SUBSET", test.pointer, f"AWS sees public addresses only; these are private: {listed}")


def _is_private(network: Any) -> bool:
    return any(network.version == known.version and network.subnet_of(known) for known in _private_networks())


@lru_cache(1)
def _private_networks() -> tuple[Any, ...]:
    return tuple(map(read_network, _PRIVATE))
