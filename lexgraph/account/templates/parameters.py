"""The values of a template's parameters: what the caller gives, else the template's default, else a gap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lexgraph.account.templates.gaps import Gap, Text, text_of
from lexgraph.errors import LexgraphError, shown
from lexgraph.policy.model import Number

Json = Any
PSEUDO = (
    "AWS::AccountId",
    "AWS::Region",
    "AWS::Partition",
    "AWS::URLSuffix",
    "AWS::StackName",
    "AWS::StackId",
    "AWS::NotificationARNs",
)
ASSUMED_PARTITION = 'the partition is taken to be "aws", since no parameter AWS::Partition or AWS::Region is given'
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"))
_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov"}


class Parameters:
    """The parameters of one template; `assumptions` fills with what was taken for granted."""

    def __init__(self, declared: Mapping[str, Json], given: Mapping[str, Json] | None = None) -> None:
        self.declared = {name: one for name, one in declared.items() if isinstance(one, Mapping)}
        self.given = {name: _checked(name, value) for name, value in (given or {}).items()}
        self.assumptions: dict[str, None] = {}

    def knows(self, name: str) -> bool:
        """Return whether there is such a parameter."""
        return name in PSEUDO or name in self.declared

    def value(self, name: str) -> Json:
        """Return a parameter's value: text, a list of texts, or a gap."""
        if name in PSEUDO:
            return self.pseudo(name)
        declared = self.declared[name]
        kind = str(declared.get("Type", "String"))
        if name in self.given:
            return _typed(self.given[name], kind)
        if kind.startswith("AWS::SSM::Parameter::Value"):
            # Its default is the name of an entry of the parameter store, not the value.
            return Gap(name, f"the parameter {name} is looked up in the parameter store")
        default = declared.get("Default")
        if str(declared.get("NoEcho", "")).lower() == "true":
            return Gap(name, f"the parameter {name} is marked NoEcho, so its default is not shown")
        if default is None or text_of(default) is None:
            return Gap(name, f"no value is given for the parameter {name}, and it has no default")
        return _typed(default, kind)

    def pseudo(self, name: str) -> Json:
        """Return the value of a pseudo parameter."""
        if name in self.given:
            return self.given[name]
        if name == "AWS::Partition":
            return self.partition()
        if name == "AWS::URLSuffix":
            return _SUFFIXES.get(self.partition(), "amazonaws.com")
        return Gap(name, f"no value is given for {name}")

    def where(self) -> tuple[Text, Text, Text]:
        """Return partition, region and account."""
        region, account = (text_of(self.pseudo(f"AWS::{name}")) or "" for name in ("Region", "AccountId"))
        return self.partition(), region, account

    def partition(self) -> str:
        """Return the partition: as given, as the region tells, or the one that nearly all accounts are in."""
        if isinstance(given := self.given.get("AWS::Partition"), str):
            return given
        if isinstance(region := self.given.get("AWS::Region"), str):
            return next((partition for start, partition in _PARTITIONS if region.startswith(start)), "aws")
        self.assumptions[ASSUMED_PARTITION] = None
        return "aws"


def _checked(name: str, value: Json) -> Json:
    """A given value as text, or as a list of texts."""
    if isinstance(value, bool) or not isinstance(value, str | int | list | tuple):
        kind = type(value).__name__
        message = (
            f"the value of the parameter {shown(str(name))} must be text or a list of texts, not {shown(kind)[1:-1]}"
        )
        raise LexgraphError(message, code="MALFORMED_PARAMETER")
    if isinstance(value, list | tuple):
        return [_checked(name, item) for item in value]
    text = str(value)
    if any("\ud800" <= char <= "\udfff" for char in text):
        message = f"the value of the parameter {shown(str(name))} holds half of a surrogate pair"
        raise LexgraphError(message, code="MALFORMED_PARAMETER")
    return text


def _typed(value: Json, kind: str) -> Json:
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    if isinstance(value, list):
        return value if is_list else ",".join(map(str, value))
    text = str.__str__(value) if isinstance(value, Number) else text_of(value)
    return [item.strip() for item in str(text).split(",")] if is_list else text


def parameters_of(words: Iterable[str]) -> dict[str, str]:
    """Return the parameters that are written ``KEY=VALUE``, as on the command line.

    Raises LexgraphError (``MALFORMED_PARAMETER``) where one is written otherwise, or given twice.

    >>> parameters_of(["AWS::AccountId=111122223333", "Filter=a=b"])
    {'AWS::AccountId': '111122223333', 'Filter': 'a=b'}
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            message = f"a parameter is written KEY=VALUE, not {shown(word)}"
            raise LexgraphError(message, code="MALFORMED_PARAMETER")
        if name in found:
            raise LexgraphError(f"the parameter {shown(name)} is given twice", code="MALFORMED_PARAMETER")
        found[name] = value
    return found


def refuse_unknown(given: Mapping[str, Json] | None, known: Iterable[str]) -> None:
    """Raise LexgraphError where a parameter is given that no template has: a misspelt one would leave its default.

    >>> refuse_unknown({"AWS::AccountId": "111122223333"}, [])
    """
    names = {*known, *PSEUDO}
    if unknown := sorted(str(name) for name in given or {} if name not in names):
        from lexgraph.catalog.nearest import nearest

        message = f"no template has a parameter {shown(unknown[0])}{nearest(unknown[0], names)}"
        raise LexgraphError(message, code="UNKNOWN_PARAMETER")
