"""Condition tests in words."""

from __future__ import annotations

from collections.abc import Iterable

from lexgraph.errors import shown
from lexgraph.policy.grammar import OperatorName

_VERBS = {
    "StringEquals": ("is", "is not"),
    "StringEqualsIgnoreCase": ("is, in any case,", "is not, in any case,"),
    "StringLike": ("is like", "is not like"),
    "ArnEquals": ("is like", "is not like"),
    "ArnLike": ("is like", "is not like"),
    "NumericEquals": ("equals", "does not equal"),
    "DateEquals": ("equals", "does not equal"),
    "IpAddress": ("is in", "is not in"),
    "BinaryEquals": ("is", "is not"),
    "Bool": ("is", "is not"),
    "NumericLessThan": ("is less than", "is not less than"),
    "NumericLessThanEquals": ("is at most", "is more than"),
    "NumericGreaterThan": ("is more than", "is at most"),
    "NumericGreaterThanEquals": ("is at least", "is less than"),
    "DateLessThan": ("is before", "is not before"),
    "DateLessThanEquals": ("is at or before", "is after"),
    "DateGreaterThan": ("is after", "is not after"),
    "DateGreaterThanEquals": ("is at or after", "is before"),
}
_POSITIVE = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}
_BARE = frozenset({"IpAddress", "Bool", "NumericEquals"})
SHOWN_VALUES = 4


def condition_words(name: OperatorName, key: str, values: Iterable[str], *, opposite: bool = False) -> str:
    """Return a test as a clause, or its opposite.

    >>> condition_words(OperatorName("IpAddress"), "aws:SourceIp", ["203.0.113.0/24"])
    'aws:SourceIp is in 203.0.113.0/24'
    """
    texts = tuple(values)
    key = shown(key)[1:-1]
    if name.base == "Null":
        return _null_words(key, texts, opposite=opposite)
    base = _POSITIVE.get(name.base, name.base)
    negative = (name.base in _POSITIVE) is not opposite
    verb = _VERBS[base][negative]
    what = f"{verb} {_list(texts, bare=base in _BARE or base.startswith(('Numeric', 'Date')))}"
    if name.qualifier is not None:
        return _set_words(name, key, what, opposite=opposite)
    if name.if_exists:
        return f"{key} is present and {what}" if opposite else f"{key} {what}, or {key} is absent"
    return f"{key} {what}"


def _set_words(name: OperatorName, key: str, what: str, *, opposite: bool) -> str:
    every = (name.qualifier == "ForAllValues") is not opposite
    clause = f"every value of {key} {what}" if every else f"some value of {key} {what}"
    if every:
        clause += f", or {key} has none" if not (opposite and name.if_exists) else ""
    elif name.if_exists and not opposite:
        clause += f", or {key} is absent"
    return clause


def _null_words(key: str, values: tuple[str, ...], *, opposite: bool) -> str:
    wanted = {value.lower() for value in values}
    if len(wanted & {"true", "false"}) == 2:
        return f"{key} is {'neither ' if opposite else ''}absent {'nor' if opposite else 'or'} present"
    return f"{key} is {'absent' if (wanted == {'true'}) is not opposite else 'present'}"


def _list(values: tuple[str, ...], *, bare: bool) -> str:
    shown_values = [shown(value)[1:-1] if bare else shown(value) for value in values[:SHOWN_VALUES]]
    if not values:
        return "one of no values"
    more = len(values) - SHOWN_VALUES
    if more > 0:
        return f"{', '.join(shown_values)} or {more} more"
    return " or ".join(filter(None, (", ".join(shown_values[:-1]), shown_values[-1])))
