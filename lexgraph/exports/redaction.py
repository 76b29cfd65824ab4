"""Placeholders for what an export should not tell: who the account is, its ids, its external ids, its addresses.

A placeholder stands for the same original everywhere within one export, so that rows still join, and says nothing
about it: they are numbered as they are met.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

from lexgraph.account.model import Snapshot
from lexgraph.errors import shown
from lexgraph.exports.provenance import Provenance, policies_of
from lexgraph.markup import escaped, visible
from lexgraph.policy.model import Policy

EXTERNAL_ID = "sts:externalid"
ADDRESSES = frozenset({"aws:sourceip", "aws:vpcsourceip"})
_PREFIXES = "ABIA ACCA AGPA AIDA AIPA AKIA ANPA ANVA APKA AROA ASCA ASIA".split()
_KEYS = frozenset({"AKIA", "ASIA"})  # of credentials; scanners for leaked ones should find none in an export
_EVERYWHERE = frozenset({"0.0.0.0", "255.255.255.255", "::", "::1", "127.0.0.1"})  # noqa: S104 - names nobody
_ID = rf"(?<![A-Z0-9])(?:{'|'.join(_PREFIXES)})"
# A chart may break a long text over lines, and cut it: hence the line feeds, and the ids next to an ellipsis.
_FIXED = (
    r"(?P<canonical>(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z]))",
    rf"(?P<id>{_ID}(?:\n?[A-Z0-9]){{12,}}|{_ID}(?:\n?[A-Z0-9])+(?=…))",
    r"(?P<account>(?<!\d)(?:\d(?:\n?\d){11}|\d{4}-\d{4}-\d{4})(?!\d))",
    r"(?P<address>(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d))",
    r"(?P<cut>(?<!\d)\d{4,11}(?=…)|(?<=…)\d{4,11}(?!\d))",
)
# How documents and readable conditions go on after a key: its values in quotes, or bare addresses.
_SAID = re.compile(
    r"""(?i:(sts:externalid|aws:(?:vpc)?sourceip))"?(?:(?![ ](?:and|or)[ ])[^"\n{}\]]){0,40}?"""
    r"""("(?:[^"\\]|\\.)*"(?:(?:,\s*|[ ]or[ ])"(?:[^"\\]|\\.)*")*|[0-9a-f:.]*:[0-9a-f:.]*[0-9a-f])""",
    re.X,
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Redactor:
    """Replaces ids in texts; what it has replaced once it replaces alike ever after.

    Ids of accounts, principals and access keys, and IPv4 addresses, are known by their form; external ids and other
    addresses have none and must be learnt first.

    >>> Redactor().text("arn:aws:iam::111122223333:user/ana, in 111122223333")
    'arn:aws:iam::000000000001:user/ana, in 000000000001'
    """

    def __init__(self) -> None:
        self._given: dict[str, dict[str, str]] = {}
        self._learnt: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    @classmethod
    def of(cls, source: Any) -> Redactor:
        """Return one that has learnt what the policies of `source` hold."""
        made = cls()
        made.learn_policies(all_policies(source))
        return made

    # Learning --------------------------------------------------------------------------------------------------------

    def learn_policies(self, policies: Iterable[Policy]) -> None:
        """Learn the external ids and addresses that conditions name."""
        for policy in policies:
            for test in chain.from_iterable(statement.conditions for statement in policy.statements):
                for value in test.values:
                    self.learn(test.key, str(value))

    def learn_text(self, text: str) -> None:
        """Learn the external ids and addresses in a condition, as JSON or in words."""
        for key, values in _SAID.findall(text):
            quoted = [_unquoted(found) for found in _QUOTED.findall(values)]
            for value in quoted or [values]:
                self.learn(key, value)

    def learn(self, key: str, value: str) -> None:
        """Learn the value of a condition key, where it is one that should not be told."""
        if key.lower() in ADDRESSES:
            address = value.partition("/")[0]
            if ":" in address and address not in _EVERYWHERE:
                self._keep(address, self._placeholder("address6", address))
        elif key.lower() == EXTERNAL_ID and value.strip("*? "):
            self._keep(value, self._placeholder("external", value))

    def _keep(self, value: str, placeholder: str) -> None:
        spellings = (value, visible(value), shown(value)[1:-1], json.dumps(value)[1:-1], escaped(value))
        for spelling in spellings:
            known = spelling.removesuffix("…").lower()
            if known not in self._learnt:
                self._learnt[known] = placeholder
                self._pattern = None

    # Replacing -------------------------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """Return a text with placeholders."""
        if self._pattern is None:
            self._pattern = re.compile("|".join((*_learnt_pattern(self._learnt), *_FIXED)))
        return self._pattern.sub(self._replaced, text)

    def value(self, value: Any) -> Any:
        """Return a value in which every text, however deep, has placeholders."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return type(value)(
                self.value(item) for item in (value if isinstance(value, list | tuple) else _ordered(value))
            )
        return value

    def provenance(self, about: Provenance) -> Provenance:
        """Return where something comes from without ids, and without hashes, against which a guess could be tried."""
        return Provenance(
            tuple((self.text(name), None) for name, _ in about.inputs),
            about.snapshot_date,
            about.not_considered,
            tuple(map(self.text, about.assumptions)),
            about.catalog_date,
            redacted=True,
        )

    def _replaced(self, found: re.Match[str]) -> str:
        kind, text = str(found.lastgroup), found.group()
        original = text.replace("\n", "")
        if kind == "learnt":
            made = self._learnt[original.lower()]
        elif kind == "cut":
            return "0" * len(text)
        elif original in _EVERYWHERE:
            return text
        else:
            made = self._placeholder(kind, original.replace("-", ""))
        return made + "\n" * text.count("\n")

    def _placeholder(self, kind: str, original: str) -> str:
        given = self._given.setdefault(kind, {})
        if original not in given:
            given[original] = _made(kind, original, len(given) + 1)
        return given[original]


def all_policies(source: Any) -> tuple[Policy, ...]:
    """Return every policy in what something was made from: older versions, and those of trust, of resources and of the
    organization included.
    """
    snapshot = getattr(source, "snapshot", source)
    if not isinstance(snapshot, Snapshot):
        return () if source is None or isinstance(source, Provenance) else policies_of(source)
    found = [policy for principal in snapshot.principals for policy in principal.inline]
    found += [policy for group in snapshot.groups for policy in group.inline]
    found += [principal.trust for principal in snapshot.principals if principal.trust is not None]
    for managed in snapshot.policies:
        found += [managed.policy, *(policy for _, policy in managed.versions)]
    found += [one.policy for one in snapshot.resource_policies]
    controls = snapshot.organization.policies if snapshot.organization else ()
    found += [one.policy for one in controls if one.policy is not None]
    return tuple(found)


def _made(kind: str, original: str, number: int) -> str:
    """The placeholder, in the form of the original, so that what reads the one reads the other."""
    if kind == "account":
        return f"{number:012d}"
    if kind == "id":
        return f"KEYID{number:015d}" if original[:4] in _KEYS else f"{original[:4]}{number:017d}"
    if kind == "canonical":
        return f"{number:064d}"
    if kind == "address":
        return f"0.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return f"100::{number:x}" if kind == "address6" else f"external-id-{number}"


def _learnt_pattern(learnt: Iterable[str]) -> tuple[str, ...]:
    """A pattern for what has been learnt, in any case, the longest first; none of it within a longer word."""
    spelt = ["\\n?".join(map(re.escape, text)) for text in sorted(learnt, key=lambda text: (-len(text), text)) if text]
    return (rf"(?P<learnt>(?<![A-Za-z0-9])(?i:{'|'.join(spelt)})(?![A-Za-z0-9]))",) if spelt else ()


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]


def _ordered(values: Any) -> list[Any]:
    return sorted(values, key=str)
