"""What a policy says, as frozen values.

A value knows how its JSON was written where two spellings mean the same (a lone string or a list of one), so that
:func:`lexgraph.policy.write.policy_document` gives back equal JSON. Such fields take no part in comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["identity", "resource", "trust", "scp", "rcp", "session", "boundary", "endpoint"]
KINDS: tuple[Kind, ...] = ("identity", "resource", "trust", "scp", "rcp", "session", "boundary", "endpoint")
Effect = Literal["Allow", "Deny"]


class Number(str):
    """A JSON number as the document spelt it (``1.0`` stays ``1.0``).

    >>> Number("1.0").value
    1.0
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Tell a number from a string of the same characters."""
        return f"Number({str(self)!r})"

    @property
    def value(self) -> int | float:
        """The number itself."""
        return int(self) if self.lstrip("-").isdigit() else float(self)


ConditionValue = str | bool


@dataclass(frozen=True, slots=True)
class PatternSet:
    """``Action``, ``Resource`` or ``Principal`` patterns, or their ``Not`` forms when `negated`.

    A principal pattern carries its type in front: ``AWS:arn:aws:iam::111122223333:root``,
    ``Service:lex.amazonaws.com``; the bare string ``"*"`` stays ``*``. `form` is how the JSON wrote it: (principal
    type or "", number of values, -1 for a lone string).

    >>> PatternSet(("lex:Get*",)).patterns
    ('lex:Get*',)
    """

    patterns: tuple[str, ...]
    negated: bool = False
    form: tuple[tuple[str, int], ...] = field(default=(), compare=False, repr=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self.patterns)

    def __len__(self) -> int:
        return len(self.patterns)


@dataclass(frozen=True, slots=True)
class ConditionTest:
    """One operator on one key: ``{"StringEquals": {"aws:ResourceTag/Department": ["Support"]}}``; several values are
    an OR.
    """

    operator: str
    key: str
    values: tuple[ConditionValue, ...]
    lone: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; an element that is absent is None.

    `empty` names the empty parts of a ``Condition`` (``""`` for the element itself, else an operator), which AWS
    stores.
    `unknown` says why a statement could not be read whole: whether it applies is then unknown (rule S7). Only
    statements of accounts are so; the elements are what could be read, or everything.
    """

    effect: Effect
    actions: PatternSet
    resources: PatternSet | None = None
    principals: PatternSet | None = None
    conditions: tuple[ConditionTest, ...] = ()
    sid: str | None = None
    empty: tuple[str, ...] = field(default=(), repr=False)
    unknown: str | None = None

    @property
    def allows(self) -> bool:
        """Whether the effect is Allow."""
        return self.effect == "Allow"

    @property
    def unconditional(self) -> bool:
        """Whether the statement was read whole and has no Condition."""
        return not self.conditions and self.unknown is None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document with its name; `version` is None where the document has none (then ``${…}`` is literal text).

    >>> Policy("none", ()).kind
    'identity'
    """

    name: str
    statements: tuple[Statement, ...]
    version: str | None = "2012-10-17"
    kind: Kind = "identity"
    arn: str | None = None
    id: str | None = None
    lone_statement: bool = field(default=False, compare=False, repr=False)

    @property
    def has_variables(self) -> bool:
        """Whether ``${…}`` is a policy variable here (rule S4)."""
        return self.version == "2012-10-17"

    @property
    def key(self) -> str:
        """What tables call this policy: its ARN, or its name where it has none."""
        return self.arn or self.name
