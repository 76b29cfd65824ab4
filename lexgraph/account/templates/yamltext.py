"""YAML as CloudFormation takes it, read strictly: to plain JSON values, with the place of each.

Only the events of PyYAML's safe loader are used, never its constructors: nothing but text, numbers, true, false,
null, lists and objects can come out. Keys given twice, aliases, merge keys, unknown tags and deep nesting are errors.
CloudFormation takes no aliases either, so nothing is lost, and no small file can grow into a large one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from lexgraph.errors import DocumentError, LexgraphError, shown
from lexgraph.policy.jsontext import escape_pointer
from lexgraph.policy.model import Number

Json = Any
Place = tuple[int, int]
MAX_CHARACTERS = 1_048_576  # the largest template that CloudFormation takes
MAX_DEPTH = 100

# The short forms of CloudFormation's functions; all others are their names with ``Fn::`` in front.
_NO_PREFIX = {"Ref": "Ref", "Condition": "Condition"}
SHORT_TAGS = frozenset(
    "Ref Condition Sub GetAtt Join Select Split If Equals And Or Not FindInMap ImportValue Base64 Cidr GetAZs "
    "Transform Length ToJsonString Contains EachMemberIn EachMemberEquals RefAll ValueOf ValueOfAll ForEach".split()
)
_CORE = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_CORE + name for name in ("int", "float", "bool", "null"))
_KEPT_TAGS = frozenset(("!", *(_CORE + name for name in ("str", "map", "seq")), *_PLAIN_TAGS))
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
# The words of YAML 1.1, which CloudFormation follows.
_WORDS: dict[str, bool | None] = {
    **{spelt: True for word in ("true", "yes", "on") for spelt in (word, word.title(), word.upper())},
    **{spelt: False for word in ("false", "no", "off") for spelt in (word, word.title(), word.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}


@dataclass(slots=True)
class YamlText:
    """The value of a text, and line and column of every value and key, by JSON pointer."""

    value: Json = None
    values: dict[str, Place] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)


def load_yaml(text: str, *, source: str | None = None) -> YamlText:
    """Return the value of a YAML text; numbers are :class:`~lexgraph.policy.model.Number`.

    Raises DocumentError: YAML_SYNTAX_ERROR, DUPLICATE_KEY, TOO_DEEP, TOO_LARGE, UNSUPPORTED_YAML; LexgraphError
    (``MISSING_LIBRARY``) where PyYAML is not installed.

    >>> load_yaml("Fn: !Sub '${AWS::Region}'").value
    {'Fn': {'Fn::Sub': '${AWS::Region}'}}
    """
    try:
        import yaml
    except ImportError:
        message = 'a YAML template needs PyYAML: install it with pip install "lexgraph[templates]"'
        raise LexgraphError(message, code="MISSING_LIBRARY") from None
    if len(text) > MAX_CHARACTERS:
        message = f"{len(text):,} characters are more than CloudFormation takes for a template ({MAX_CHARACTERS:,})"
        raise DocumentError(message, code="TOO_LARGE", source=source)
    builder = _Builder(source)
    try:
        # The safe loader of libyaml, where PyYAML was built with it: ten times as fast, the same events.
        builder.take(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: an escape beyond Unicode, for one
        raise _no_yaml(error, source) from None
    return builder.read


def _no_yaml(error: Exception, source: str | None) -> DocumentError:
    mark = getattr(error, "problem_mark", None)
    line, column = (None, None) if mark is None else (mark.line + 1, mark.column + 1)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    return DocumentError(
        f"this is not YAML: {shown(str(problem))[1:-1]}",
        code="TOO_DEEP" if "nesting depth" in str(problem) else "YAML_SYNTAX_ERROR",  # libyaml has a limit of its own
        line=line,
        column=column,
        source=source,
    )


@dataclass(slots=True)
class _Open:
    """A list or an object whose end has not come yet; `wrap` are the names of the functions around it."""

    value: Json
    pointer: str
    wrap: str | None
    key: str | None = None
    seen: dict[str, Place] = field(default_factory=dict)


class _Builder:
    """Builds the value from events, without recursion."""

    def __init__(self, source: str | None) -> None:
        self.source = source
        self.read = YamlText()
        self.stack: list[_Open] = []
        self.depth = 0
        self.documents = 0

    def take(self, events: Iterator[Any]) -> None:
        for event in events:
            name = type(event).__name__
            place = (event.start_mark.line + 1, event.start_mark.column + 1)
            if name == "AliasEvent":
                self.refuse(f"an alias (*{event.anchor}): CloudFormation takes none", place)
            elif name == "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    self.refuse("a second document: a template is one", place)
            elif name == "ScalarEvent":
                self.scalar(event, place)
            elif name in ("MappingStartEvent", "SequenceStartEvent"):
                self.open({} if name == "MappingStartEvent" else [], event.tag, place)
            elif name in ("MappingEndEvent", "SequenceEndEvent"):
                self.close()

    # Where we are ----------------------------------------------------------------------------------------------------

    def pointer(self) -> str:
        """The pointer of the value that comes next."""
        if not self.stack:
            return ""
        top = self.stack[-1]
        part = len(top.value) if isinstance(top.value, list) else escape_pointer(str(top.key))
        return f"{top.pointer}/{part}"

    def wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    # What comes ------------------------------------------------------------------------------------------------------

    def scalar(self, event: Any, place: Place) -> None:
        if self.wants_key():
            self.key(event, place)
            return
        function = self.function(event.tag, place)
        pointer = self.pointer()
        self.read.values[pointer] = place
        if function:
            self.read.values[f"{pointer}/{escape_pointer(function)}"] = place
        plain = event.implicit[0] or event.tag in _PLAIN_TAGS
        self.put(_wrapped(function, _scalar(event.value) if plain and not function else event.value))

    def key(self, event: Any, place: Place) -> None:
        top = self.stack[-1]
        if event.implicit[0] and event.value == "<<":
            self.refuse("a merge key (<<): CloudFormation takes none", place)
        if self.function(event.tag, place):
            self.refuse("a function where a key stands", place)
        pointer = f"{top.pointer}/{escape_pointer(event.value)}"
        if (first := top.seen.get(event.value)) is not None:
            message = (
                f"the key {shown(event.value)} stands twice in one object, first at {first[0]}:{first[1]}; one of the "
                "two would be lost"
            )
            self.raise_error(message, "DUPLICATE_KEY", place, pointer)
        top.seen[event.value] = place
        top.key = event.value
        self.read.keys[pointer] = place

    def open(self, value: Json, tag: str | None, place: Place) -> None:
        if self.wants_key():
            self.refuse("a list or an object where a key stands", place)
        function = self.function(tag, place)
        pointer = self.pointer()
        self.read.values[pointer] = place
        self.depth += 2 if function else 1
        if self.depth > MAX_DEPTH:
            self.raise_error(f"nested deeper than {MAX_DEPTH} levels", "TOO_DEEP", place, "")
        if function:
            pointer = f"{pointer}/{escape_pointer(function)}"
            self.read.values[pointer] = place
        self.stack.append(_Open(value, pointer, function))

    def close(self) -> None:
        done = self.stack.pop()
        self.depth -= 2 if done.wrap else 1
        self.put(_wrapped(done.wrap, done.value))

    def put(self, value: Json) -> None:
        if not self.stack:
            self.read.value = value
        elif isinstance(self.stack[-1].value, list):
            self.stack[-1].value.append(value)
        else:
            self.stack[-1].value[self.stack[-1].key] = value
            self.stack[-1].key = None

    # What is wrong ---------------------------------------------------------------------------------------------------

    def function(self, tag: str | None, place: Place) -> str | None:
        """The function that a tag stands for, None where it stands for none."""
        if tag is None or tag in _KEPT_TAGS:
            return None
        name = tag.removeprefix("!")
        if name == tag or name not in SHORT_TAGS:
            self.refuse(f"the tag {shown(tag)}, which is none of CloudFormation's", place)
        return _NO_PREFIX.get(name, f"Fn::{name}")

    def refuse(self, what: str, place: Place) -> NoReturn:
        self.raise_error(f"the YAML text has {what}", "UNSUPPORTED_YAML", place, "")

    def raise_error(self, message: str, code: str, place: Place, pointer: str) -> NoReturn:
        line, column = place
        raise DocumentError(message, code=code, pointer=pointer, line=line, column=column, source=self.source)


def _scalar(text: str) -> Json:
    """A word without quotes: true, false and null in YAML 1.1's spellings, a number as JSON writes it, or text.

    A date stays text, so that ``Version: 2012-10-17`` is what it means; so do numbers that JSON does not write, such as
    an account id that begins with 0.
    """
    if text in _WORDS:
        return _WORDS[text]
    return Number(text) if _NUMBER.fullmatch(text) else text


def _wrapped(function: str | None, value: Json) -> Json:
    if function == "Fn::GetAtt" and isinstance(value, str):
        return {function: value.split(".", 1)}
    return value if function is None else {function: value}
