"""Condition operators as a table of records (rules C1, C2, C6 to C9).

An operator compares one request value with the policy's values. `prepare` turns the policy's values into one test
"does any of them match?"; a value that cannot be read matches nothing (rule C1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lexgraph.policy.arn import PARTS, compile_arn, is_arn, literal, split_arn, unliteral
from lexgraph.policy.grammar import OPERATOR_NAMES
from lexgraph.policy.patterns import compile_glob, is_pattern

AnyMatch = Callable[[str], bool]
Prepare = Callable[[Sequence[str]], AnyMatch]


@dataclass(frozen=True, slots=True)
class Operator:
    """One base operator: its family, whether it negates, how it compares, and whether its values take variables
    (rule V1).
    """

    name: str
    family: str
    prepare: Prepare
    negated: bool = False
    variables: bool = False


# Strings -------------------------------------------------------------------------------------------------------------


def _equals(values: Sequence[str]) -> AnyMatch:
    return frozenset(values).__contains__


def _equals_ignoring_case(values: Sequence[str]) -> AnyMatch:
    lowered = frozenset(value.lower() for value in values)
    return lambda asked: asked.lower() in lowered


def _like(values: Sequence[str]) -> AnyMatch:
    exact = frozenset(value for value in values if not is_pattern(value))
    globs = tuple(compile_glob(value) for value in values if is_pattern(value))
    if not globs:
        return frozenset(map(unliteral, exact)).__contains__

    def matches(asked: str) -> bool:
        text = literal(asked)
        return text in exact or any(glob(text) for glob in globs)

    return matches


def _arn_like(values: Sequence[str]) -> AnyMatch:
    """Rule C6: six parts as in R1; ``*`` alone is every ARN; what has fewer parts cannot be read as an ARN."""
    matchers = tuple(compile_arn(value) for value in values if value == "*" or len(split_arn(value)) == PARTS)

    def matches(asked: str) -> bool:
        if not is_arn(asked):
            return False
        parts = split_arn(literal(asked))
        return any(matcher(parts) for matcher in matchers)

    return matches


# Numbers and dates ---------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\Z", re.A)
_DATE = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?)?\Z",
    re.A,
)


@lru_cache(1024)
def read_number(text: str) -> Any:
    """Return the number in `text`, or None where there is none (``12abc``).

    >>> read_number("1.0") == read_number("1"), read_number("12abc")
    (True, None)
    """
    from decimal import Decimal

    return Decimal(text) if _NUMBER.match(text) else None


@lru_cache(1024)
def read_date(text: str) -> Any:
    """Return seconds since 1970 in UTC for an ISO 8601 date or epoch seconds, or None (rule C7).

    >>> read_date("2026-01-01T01:00:00+01:00") == read_date("1767225600")
    True
    """
    from datetime import UTC, datetime, timedelta
    from decimal import Decimal

    if (match := _DATE.match(text)) is None:
        return read_number(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        if int(second or 0) > 60:  # 60 is a leap second
            return None
        moment = datetime(int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), tzinfo=UTC)
        moment += timedelta(seconds=int(second or 0)) - _offset(zone)
    except (ValueError, OverflowError):
        return None
    return Decimal(int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())) + Decimal(f"0.{fraction or 0}")


def _offset(zone: str | None) -> Any:
    from datetime import timedelta

    if zone in (None, "Z", "z"):
        return timedelta()
    digits = str(zone)[1:].replace(":", "")
    if int(digits[:2]) > 23 or int(digits[2:] or 0) > 59:
        raise ValueError(zone)
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return -size if str(zone)[0] == "-" else size


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda asked, value: bool(asked == value),
    "LessThan": lambda asked, value: bool(asked < value),
    "LessThanEquals": lambda asked, value: bool(asked <= value),
    "GreaterThan": lambda asked, value: bool(asked > value),
    "GreaterThanEquals": lambda asked, value: bool(asked >= value),
}


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Prepare:
    def prepare(values: Sequence[str]) -> AnyMatch:
        limits = tuple(limit for limit in map(read, values) if limit is not None)

        def matches(asked: str) -> bool:
            number = read(asked)
            return number is not None and any(compare(number, limit) for limit in limits)

        return matches

    return prepare


# Truth, bytes, addresses ---------------------------------------------------------------------------------------------


def _bool(values: Sequence[str]) -> AnyMatch:
    wanted = frozenset(value.lower() for value in values) & {"true", "false"}
    return lambda asked: asked.lower() in wanted


def _binary(values: Sequence[str]) -> AnyMatch:
    wanted = frozenset(data for data in map(_bytes, values) if data is not None)
    return lambda asked: _bytes(asked) in wanted


def _bytes(text: str) -> bytes | None:
    import base64

    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


@lru_cache(1024)
def read_network(text: str) -> Any:
    """Return the network that an address or a CIDR range names, or None (rule C8: host bits are ignored).

    >>> str(read_network("203.0.113.9/24"))
    '203.0.113.0/24'
    """
    from ipaddress import ip_network

    address, slash, length = text.partition("/")
    if "%" in address or (slash and not (length.isascii() and length.isdigit())):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(1024)
def _address(text: str) -> Any:
    network = None if "/" in text else read_network(text)
    return None if network is None else network.network_address


def _ip(values: Sequence[str]) -> AnyMatch:
    networks = tuple(network for network in map(read_network, values) if network is not None)

    def matches(asked: str) -> bool:
        address = _address(asked)
        # A v4 range never contains a v6 address: `in` is false for another version.
        return address is not None and any(address in network for network in networks)

    return matches


def _null(values: Sequence[str]) -> AnyMatch:
    return _bool(values)


# The table -----------------------------------------------------------------------------------------------------------


def _pair(family: str, name: str, prepare: Prepare, *, variables: bool) -> tuple[Operator, Operator]:
    negative = f"Not{name}" if name == "IpAddress" else f"{family}Not{name.removeprefix(family)}"
    return (
        Operator(name, family, prepare, variables=variables),
        Operator(negative, family, prepare, negated=True, variables=variables),
    )


def _table() -> dict[str, Operator]:
    rows = [
        *_pair("String", "StringEquals", _equals, variables=True),
        *_pair("String", "StringEqualsIgnoreCase", _equals_ignoring_case, variables=True),
        *_pair("String", "StringLike", _like, variables=True),
        *_pair("Arn", "ArnEquals", _arn_like, variables=True),
        *_pair("Arn", "ArnLike", _arn_like, variables=True),
        *_pair("IpAddress", "IpAddress", _ip, variables=False),
        Operator("Bool", "Bool", _bool),
        Operator("BinaryEquals", "Binary", _binary),
        Operator("Null", "Null", _null),
    ]
    for family, read in (("Numeric", read_number), ("Date", read_date)):
        rows += _pair(family, f"{family}Equals", _ordered(read, _COMPARE["Equals"]), variables=False)
        rows += [
            Operator(f"{family}{name}", family, _ordered(read, compare))
            for name, compare in _COMPARE.items()
            if name != "Equals"
        ]
    return {row.name: row for row in rows}


OPERATORS: dict[str, Operator] = _table()
assert set(OPERATORS) == set(OPERATOR_NAMES)
