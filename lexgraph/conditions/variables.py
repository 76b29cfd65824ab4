"""Policy variables (rules V1 to V6): ``${aws:username}``, ``${aws:PrincipalTag/team, 'none'}``, ``${*}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lexgraph.conditions.context import Lookup
from lexgraph.policy.arn import PARTS, literal, split_arn

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"([^,]*?)\s*,\s*'(.*)'\s*\Z", re.S)
_ESCAPES = {"*", "?", "$"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A ``${key}`` in a pattern, with its default where it has one."""

    key: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A pattern with variables: a tuple of text (wildcards live) and Variables."""

    source: str
    parts: tuple[str | Variable, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables, in order."""
        return tuple(part for part in self.parts if isinstance(part, Variable))

    @property
    def keys(self) -> frozenset[str]:
        """The lower-cased condition keys that the pattern depends on."""
        return frozenset(variable.key.lower() for variable in self.variables)


def has_variable(text: str) -> bool:
    """Return whether `text` holds a ``${…}``."""
    return "${" in text and _VARIABLE.search(text) is not None


@lru_cache(4096)
def read_template(pattern: str) -> Template:
    """Return the pattern taken apart; ``${*}``, ``${?}`` and ``${$}`` become the characters themselves.

    >>> read_template("user/${aws:username}").variables
    (Variable(key='aws:username', default=None),)
    """
    parts: list[str | Variable] = []
    at = 0
    for match in _VARIABLE.finditer(pattern):
        parts.append(pattern[at : match.start()])
        inner = match.group(1)
        if inner in _ESCAPES:
            parts.append(literal(inner))
        else:
            parts.append(_variable(inner))
        at = match.end()
    parts.append(pattern[at:])
    return Template(pattern, _joined(parts))


def _variable(inner: str) -> Variable:
    if match := _DEFAULT.match(inner):
        return Variable(match.group(1).strip(), match.group(2))
    return Variable(inner.strip())


def _joined(parts: list[str | Variable]) -> tuple[str | Variable, ...]:
    found: list[str | Variable] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def substitute(template: Template, lookup: Lookup) -> str | bool | None:
    """Return the pattern with its variables' values as literal text (rule V3); False when one is unresolved (V4),
    None when unknown.
    """
    text: list[str] = []
    unknown = False
    for part in template.parts:
        if isinstance(part, str):
            text.append(part)
            continue
        values = lookup(part.key.lower())
        if values is None:
            unknown = True
        elif len(values) == 1:
            text.append(literal(values[0]))
        elif part.default is not None:
            text.append(literal(part.default))  # Rule V5: a multivalued key resolves to nothing, as an absent one.
        else:
            return False
    return None if unknown else "".join(text)


_COLON = "\ufdd2"  # stands for a colon that must not split an ARN


def substitute_arn(template: Template, lookup: Lookup) -> str | bool | None:
    """Do what :func:`substitute` does for the pattern of an ARN, which is split before its variables are put in (rule
    R1): a colon in a value does not begin another part.
    """
    texts: list[str] = []
    unknown = False
    for i, part in enumerate(split_arn(template.source, variables=True)):
        text = substitute(read_template(part), lookup)
        if text is False:
            return False
        unknown = unknown or text is None
        texts.append(str(text) if i == PARTS - 1 else str(text).replace(":", _COLON))
    return None if unknown else ":".join(texts)
