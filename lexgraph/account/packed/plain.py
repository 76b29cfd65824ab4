"""Parts of documents that are plainly right, read in a fraction of the time that the strict reader takes.

What is here takes objects as :func:`lexgraph.policy.jsontext.scan_pairs` gives them, knows how conditions and
principals are nearly always written, and gives up at everything else: the strict reader then says what is wrong, if
anything is. What it reads is what the strict reader would have read, which the tests hold it to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from lexgraph.policy import grammar
from lexgraph.policy.jsontext import may_hold_surrogates, scan_pairs
from lexgraph.policy.model import ConditionTest, Number, PatternSet, Statement
from lexgraph.policy.principals import principal_problem

Json = Any
# The fields of a Policy that its document says: statements, version, id, lone_statement.
Parts = tuple[tuple[Statement, ...], str | None, str | None, bool]
Conditions = tuple[tuple[ConditionTest, ...], tuple[str, ...]]

_CHARACTERS = re.compile("[\t\n\r\u0020-\u00ff]*")
_SPACE = " \t\n\r"
# Right patterns, each in a line: actions by rule S2, resources by how they begin (rule R4).
_ACTION = r"(?:\*|[A-Za-z0-9.\-]+:[^:\n]+)"
_RESOURCE = r"(?:arn:|\*|\?|\$\{)[^\n]*"
ACTIONS, RESOURCES = (re.compile(f"{one}(?:\n{one})*") for one in (_ACTION, _RESOURCE))
_TEXT = {str}
# How many elements of a kind, and how many texts, are kept to be met again.
MOST_KEPT = 50_000
MOST_TEXTS = 250_000
_operator = lru_cache(1_024)(grammar.read_operator)


class NotPlain(Exception):
    """Something is written in another way than nearly always, or wrongly: the strict reader is to be asked."""


def once(pairs: Json) -> dict[str, Json]:
    """Return an object's fields. Raises NotPlain where it is none, or where a key stands twice.

    >>> once((("Effect", "Allow"),))
    {'Effect': 'Allow'}
    """
    if type(pairs) is not tuple:
        raise NotPlain
    given: dict[str, Json] = dict(pairs)
    if len(given) != len(pairs):
        raise NotPlain
    return given


def plain_text(text: str) -> str:
    """Return a document's text without the space around it. Raises NotPlain where no document could be written so."""
    if len(text) > grammar.MAX_CHARACTERS or not _CHARACTERS.fullmatch(text) or may_hold_surrogates(text):
        raise NotPlain
    return text.strip(_SPACE)


def value_in(text: str) -> Json:
    """Return the value of a JSON text, as :func:`lexgraph.policy.jsontext.scan_pairs` does. Raises NotPlain.

    >>> value_in('{"Effect": "Allow"}')
    (('Effect', 'Allow'),)
    """
    try:
        value, end = scan_pairs(text, 0)
    except (ValueError, RecursionError):
        raise NotPlain from None
    if end < len(text):
        raise NotPlain
    return value


class PlainReader:
    """Reads parts of documents of one source; it keeps the elements that it has read, to give them out again."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.tests: dict[Any, ConditionTest] = {}

    # Elements --------------------------------------------------------------------------------------------------------

    def shared(self, texts: Sequence[Any]) -> tuple[Any, ...]:
        """Return the same objects for equal texts."""
        if len(self.texts) >= MOST_TEXTS:
            self.texts.clear()
        return tuple(map(self.texts.setdefault, texts, texts))

    def conditions(self, block: Json) -> Conditions:
        """Return the tests of a Condition element, and the names of its empty parts."""
        _no_twins(block)
        tests: list[ConditionTest] = []
        empty = [] if block else [""]
        for operator, keys in block:
            _no_twins(keys)
            if _operator(operator) is None:
                raise NotPlain
            if not keys:
                empty.append(operator)
            tests += [self.condition_test(operator, key, values) for key, values in keys]
        return tuple(tests), tuple(empty)

    def condition_test(self, operator: str, key: str, values: Json) -> ConditionTest:
        """Return one operator's test of one key."""
        lone = type(values) is not list
        items: tuple[Any, ...] = (values,) if lone else tuple(values)
        kinds = set(map(type, items))
        if not kinds <= _TEXT:
            # Not kept: a number equals the text that spells it.
            if not kinds <= {str, bool, Number} or any(type(item) is Number and not _short(item) for item in items):
                raise NotPlain
            return ConditionTest(operator, key, items, lone)
        name = (operator, key, items, lone)
        found = self.tests.get(name)
        if found is None:
            operator, key = self.shared((operator, key))
            found = ConditionTest(operator, key, self.shared(items), lone)
            if len(self.tests) >= MOST_KEPT:
                self.tests.clear()
            self.tests[name] = found
        return found

    def principals(self, value: Json) -> PatternSet:
        """Return a Principal element."""
        if type(value) is str and value == "*":
            return PatternSet(("*",), False, (("", -1),))
        patterns: list[str] = []
        form: list[tuple[str, int]] = []
        for kind, entry in once(value).items():
            lone = type(entry) is str
            items = [entry] if lone else entry
            if kind not in grammar.PRINCIPAL_TYPES or type(items) is not list or not set(map(type, items)) <= _TEXT:
                raise NotPlain
            if any(principal_problem(kind, item) for item in items):
                raise NotPlain
            patterns += [f"{kind}:{item}" for item in items]
            form.append((kind, -1 if lone else len(items)))
        return PatternSet(tuple(patterns), False, tuple(form))


def _short(number: Number) -> bool:
    return len(number) <= grammar.MAX_DIGITS


def _no_twins(block: Json) -> None:
    """Give up where it is no object, or where two keys are equal but for their case."""
    if type(block) is not tuple or (len(block) > 1 and len({key.lower() for key, _ in block}) != len(block)):
        raise NotPlain
