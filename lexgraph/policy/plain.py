"""Documents that are plainly right, read in a fraction of the time that the strict reader takes.

It takes objects as :func:`lexgraph.policy.jsontext.scan_pairs` gives them, knows how IAM policies and trust policies
are nearly always written, and gives up at everything else: the strict reader then says what is wrong, if anything is.
What it reads is what the strict reader would have read, which the tests hold it to. Equal elements of different
documents become one value, so that an account of many similar policies takes little memory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from lexgraph.policy import grammar
from lexgraph.policy.jsontext import may_hold_surrogates, scan_pairs
from lexgraph.policy.model import ConditionTest, Effect, Kind, Number, PatternSet, Policy, Statement
from lexgraph.policy.principals import principal_problem

Json = Any
# The fields of a Policy that its document says: statements, version, id, lone_statement.
Parts = tuple[tuple[Statement, ...], str | None, str | None, bool]
Conditions = tuple[tuple[ConditionTest, ...], tuple[str, ...]]

_SID = re.compile(r"[0-9A-Za-z]*\Z")
_CHARACTERS = re.compile("[\t\n\r\u0020-\u00ff]*")
_SPACE = " \t\n\r"
# Right patterns, each in a line: actions by rule S2, resources by how they begin (rule R4).
_ACTION = r"(?:\*|[A-Za-z0-9.\-]+:[^:\n]+)"
_RESOURCE = r"(?:arn:|\*|\?|\$\{)[^\n]*"
_ACTIONS, _RESOURCES = (re.compile(f"{one}(?:\n{one})*") for one in (_ACTION, _RESOURCE))
_EFFECTS: dict[Json, Effect] = {"Allow": "Allow", "Deny": "Deny"}
_TEXT = {str}
# How many elements of a kind, and how many texts, are kept to be met again.
MOST_KEPT = 50_000
MOST_TEXTS = 250_000
_NO_CONDITIONS: Conditions = ((), ())
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


def object_in(text: str) -> Json:
    """Return the JSON value of a document's text. Raises NotPlain where it is none, or no document could hold it."""
    if len(text) > grammar.MAX_CHARACTERS or not _CHARACTERS.fullmatch(text) or may_hold_surrogates(text):
        raise NotPlain
    text = text.strip(_SPACE)
    try:
        value, end = scan_pairs(text, 0)
    except (ValueError, RecursionError):
        raise NotPlain from None
    if end < len(text):
        raise NotPlain
    return value


class PlainReader:
    """Reads documents of one source; it keeps the elements that it has read, to give them out again."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.sids: dict[str, str] = {}
        self.actions: dict[Any, PatternSet] = {}
        self.resources: dict[Any, PatternSet] = {}
        self.tests: dict[Any, ConditionTest] = {}

    def document(self, pairs: Json, *, trust: bool) -> Parts:
        """Return what a document says. Raises NotPlain."""
        given = once(pairs)
        version, identifier, found = given.get("Version"), given.get("Id"), given.get("Statement")
        if len(given) != 1 + (version is not None) + (identifier is not None):
            raise NotPlain
        if version is not None and version not in grammar.VERSIONS:
            raise NotPlain
        if identifier is not None and type(identifier) is not str:
            raise NotPlain
        read = self.trust_statement if trust else self.statement
        if type(found) is tuple:
            return (read(found),), version, identifier, True
        if type(found) is not list or not found:
            raise NotPlain
        statements = tuple(map(read, found))
        if len(statements) > 1:
            sids = [statement.sid for statement in statements if statement.sid]
            if len(set(sids)) != len(sids):
                raise NotPlain
        return statements, version, identifier, False

    def statement(self, pairs: Json) -> Statement:
        """Return a statement of an identity policy."""
        if type(pairs) is not tuple:
            raise NotPlain
        given: dict[str, Json] = dict(pairs)  # as `once` does; a call costs as much as this
        get = given.get
        action, resource, sid, block = get("Action"), get("Resource"), get("Sid"), get("Condition")
        if not len(pairs) == len(given) == 3 + (sid is not None) + (block is not None):
            raise NotPlain
        try:
            effect = _EFFECTS.get(get("Effect"))
            actions = self.actions.get(tuple(action) if type(action) is list else action)
            resources = self.resources.get(tuple(resource) if type(resource) is list else resource)
        except TypeError:  # something within a list that is no text, or a list where none belongs
            raise NotPlain from None
        if effect is None:
            raise NotPlain
        if actions is None:
            actions = self.new_actions(given)
        if resources is None:
            resources = self.new_resources(given)
        if sid is not None:
            sid = self.sid(sid)
        conditions, empty = _NO_CONDITIONS if block is None else self.conditions(block)
        return _statement(effect, actions, resources, None, conditions, sid, empty)

    def trust_statement(self, pairs: Json) -> Statement:
        """Return a statement of a trust policy."""
        given = once(pairs)
        sid, effect, block = given.get("Sid"), given.get("Effect"), given.get("Condition")
        if len(given) != 3 + (sid is not None) + (block is not None) or type(effect) is not str:
            raise NotPlain
        if effect not in _EFFECTS or "Action" not in given:
            raise NotPlain
        actions, principals = self.new_actions(given), self.principals(given.get("Principal"))
        if sid is not None:
            sid = self.sid(sid)
        conditions, empty = _NO_CONDITIONS if block is None else self.conditions(block)
        return _statement(_EFFECTS[effect], actions, None, principals, conditions, sid, empty)

    # Elements --------------------------------------------------------------------------------------------------------

    def new_actions(self, given: dict[str, Json]) -> PatternSet:
        """Return the Action element, or NotAction where there is none."""
        if "Action" in given:
            return _keep(self.actions, self.element(given["Action"], _ACTIONS))
        return self.element(given.get("NotAction"), _ACTIONS, negated=True)

    def new_resources(self, given: dict[str, Json]) -> PatternSet:
        """Return the Resource element, or NotResource where there is none."""
        if "Resource" in given:
            return _keep(self.resources, self.element(given["Resource"], _RESOURCES))
        return self.element(given.get("NotResource"), _RESOURCES, negated=True)

    def element(self, value: Json, right: re.Pattern[str], *, negated: bool = False) -> PatternSet:
        """Return the patterns in a text or a list of texts, which `right` must match when each stands in a line."""
        lone = type(value) is str
        try:
            lines = value if lone else "\n".join(value)
        except TypeError:
            raise NotPlain from None
        # A number is a kind of text here, but spelt as no pattern is; and no pattern may be of more lines than one.
        if not right.fullmatch(lines) or lines.count("\n") != (0 if lone else len(value) - 1):
            raise NotPlain
        patterns = (value,) if lone else value
        return PatternSet(self.shared(patterns), negated, _form(-1 if lone else len(value)))

    def shared(self, texts: Sequence[Any]) -> tuple[Any, ...]:
        """Return the same objects for equal texts."""
        if len(self.texts) >= MOST_TEXTS:
            self.texts.clear()
        return tuple(map(self.texts.setdefault, texts, texts))

    def sid(self, value: Json) -> str:
        """Return a Sid."""
        if type(value) is not str:
            raise NotPlain
        found = self.sids.get(value)
        if found is None:
            if not _SID.match(value):
                raise NotPlain
            if len(self.sids) >= MOST_KEPT:
                self.sids.clear()
            found = self.sids.setdefault(value, value)
        return found

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
            return PatternSet(("*",), False, _form(-1))
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
        return PatternSet(self.shared(patterns), False, tuple(form))


# A frozen value's own __init__ sets each field through a function; setting the slots takes half the time.
_new = object.__new__
_statement_slots = [vars(Statement)[field.name].__set__ for field in fields(Statement)]
_set_effect, _set_actions, _set_resources, _set_principals, _set_conditions, _set_sid, _set_empty, _set_unknown = (
    _statement_slots
)
_policy_slots = [vars(Policy)[field.name].__set__ for field in fields(Policy)]
_set_name, _set_statements, _set_version, _set_kind, _set_arn, _set_id, _set_lone = _policy_slots


def _statement(
    effect: Effect,
    actions: PatternSet,
    resources: PatternSet | None,
    principals: PatternSet | None,
    conditions: tuple[ConditionTest, ...],
    sid: str | None,
    empty: tuple[str, ...],
) -> Statement:
    made: Statement = _new(Statement)
    _set_effect(made, effect)
    _set_actions(made, actions)
    _set_resources(made, resources)
    _set_principals(made, principals)
    _set_conditions(made, conditions)
    _set_sid(made, sid)
    _set_empty(made, empty)
    _set_unknown(made, None)
    return made


def policy_of(name: str, parts: Parts, kind: Kind, arn: str) -> Policy:
    """Return the policy that a document says.

    >>> policy_of("none", ((), None, None, False), "identity", "arn") == Policy("none", (), None, arn="arn")
    True
    """
    made: Policy = _new(Policy)
    statements, version, identifier, lone = parts
    _set_name(made, name)
    _set_statements(made, statements)
    _set_version(made, version)
    _set_kind(made, kind)
    _set_arn(made, arn)
    _set_id(made, identifier)
    _set_lone(made, lone)
    return made


def _keep(kept: dict[Any, PatternSet], element: PatternSet) -> PatternSet:
    """Keep an element by how it was written."""
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[element.patterns[0] if element.form == _form(-1) else element.patterns] = element
    return element


@lru_cache(4_096)
def _form(number: int) -> tuple[tuple[str, int], ...]:
    return (("", number),)


def _short(number: Number) -> bool:
    return len(number) <= grammar.MAX_DIGITS


def _no_twins(block: Json) -> None:
    """Give up where it is no object, or where two keys are equal but for their case."""
    if type(block) is not tuple or (len(block) > 1 and len({key.lower() for key, _ in block}) != len(block)):
        raise NotPlain
