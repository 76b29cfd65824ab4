"""CloudFormation's functions, as far as a template alone tells their values; what it does not tell is a gap."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lexgraph.account.templates.conditions import Conditions
from lexgraph.account.templates.gaps import NO_VALUE, Gap, Mixed, Node, Text, joined, node_of, parts_of, plain, text_of
from lexgraph.account.templates.names import attribute
from lexgraph.account.templates.parameters import Parameters
from lexgraph.errors import DocumentError
from lexgraph.policy.grammar import MAX_CHARACTERS
from lexgraph.policy.jsontext import escape_pointer

Json = Any
_VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")
# Text that functions may make in all: a template cannot grow into something much larger than itself.
_MOST_TEXT = 16_000_000
_ITEM = 50  # what an item of a list counts for
_MOST_DEEP = 100


class Resolver:
    """Resolves the functions in a template's values."""

    def __init__(self, template: Mapping[str, Json], parameters: Parameters, source: str) -> None:
        self.template = template
        self.parameters = parameters
        self.source = source
        self.resources = _section(template, "Resources")
        self.mappings = _section(template, "Mappings")
        self.conditions = Conditions(_section(template, "Conditions"), self)
        self.made = 0
        self.depth = 0
        self.names: dict[str, Text | None] = {}
        self.functions: dict[str, Callable[[Json, str], Node]] = {
            "Ref": self.ref,
            "Fn::Sub": self.sub,
            "Fn::GetAtt": self.get_att,
            "Fn::Join": self.join,
            "Fn::Select": self.select,
            "Fn::Split": self.split,
            "Fn::If": self.if_,
            "Fn::FindInMap": self.find_in_map,
            "Fn::ImportValue": self.import_value,
        }

    @property
    def too_deep(self) -> bool:
        """Whether values and conditions lead to one another so often that Python's stack may not hold it."""
        return self.depth > _MOST_DEEP

    def resolve(self, value: Json, place: str) -> Node:
        """Return a value with its functions resolved; ``AWS::NoValue`` leaves out the element that it stands for."""
        if self.too_deep:
            return Node(Gap("…", "the template is nested too deep"), place)
        self.depth += 1
        try:
            return self.inner(value, place)
        finally:
            self.depth -= 1

    def inner(self, value: Json, place: str) -> Node:
        """Return a value with its functions resolved, within the limit of nesting."""
        if isinstance(value, Mapping):
            if len(value) == 1 and _is_function(name := next(iter(value))):
                at = f"{place}/{escape_pointer(name)}"
                found = self.functions[name](value[name], at) if name in self.functions else self.other(name, at)
                # What a branch brings keeps its own place; all else stands where the function stands.
                return found if found.place.startswith(f"{at}/") and name == "Fn::If" else Node(found.value, place)
            pairs = ((key, self.resolve(item, f"{place}/{escape_pointer(key)}")) for key, item in value.items())
            return Node({key: node for key, node in pairs if node.value is not NO_VALUE}, place)
        if isinstance(value, list):
            nodes = (self.resolve(item, f"{place}/{i}") for i, item in enumerate(value))
            return Node([node for node in nodes if node.value is not NO_VALUE], place)
        return Node(value, place)

    # The functions ---------------------------------------------------------------------------------------------------

    def ref(self, name: Json, place: str) -> Node:
        """Return what Ref gives: a parameter's value, or a resource's name."""
        if not isinstance(name, str):
            return _malformed("Ref", place)
        value = self.named(name)
        if isinstance(value, list):
            self.spend(_ITEM * len(value), place)
            return node_of(value, place)
        return Node(value, place)

    def named(self, name: str) -> Json:
        """Return the value of a parameter, a pseudo parameter or a resource by name."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if self.parameters.knows(name):
            return self.parameters.value(name)
        if name in self.resources:
            return attribute(self, name, None)
        return Gap(name, f"the template has no parameter and no resource {name}")

    def get_att(self, arguments: Json, place: str) -> Node:
        """Return what GetAtt gives: a gap, unless the form of the attribute is known."""
        parts = arguments.split(".", 1) if isinstance(arguments, str) else arguments
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(part, str) for part in parts):
            return _malformed("Fn::GetAtt", place)
        return Node(attribute(self, parts[0], parts[1]), place)

    def sub(self, arguments: Json, place: str) -> Node:
        """Return a text with its ``${…}`` replaced; ``${!…}`` stays, without the mark."""
        given: dict[str, Text | None] = {}
        text = arguments
        if isinstance(arguments, list):
            if len(arguments) != 2 or not isinstance(arguments[1], Mapping):
                return _malformed("Fn::Sub", place)
            text = arguments[0]
            given = {
                key: text_of(self.resolve(item, f"{place}/1/{escape_pointer(key)}").value)
                for key, item in arguments[1].items()
            }
        if not isinstance(text, str):
            return _malformed("Fn::Sub", place)
        parts: list[str | Gap] = []
        end = 0
        for match in _VARIABLE.finditer(text):
            parts.append(text[end : match.start()])
            end = match.end()
            if match[1]:
                parts.append(f"${{{match[2]}}}")
            else:
                parts += self.variable(match[2].strip(), given)
        return Node(self.text([*parts, text[end:]]), place)

    def variable(self, name: str, given: Mapping[str, Text | None]) -> tuple[str | Gap, ...]:
        """Return what a ``${name}`` within Sub stands for."""
        if name in given:
            found: Json = given[name]
        elif "." in name:
            found = attribute(self, *name.split(".", 1))
        else:
            found = text_of(self.named(name))
        return (Gap(name, f"${{{name}}} stands for no text"),) if found is None else parts_of(found)

    def join(self, arguments: Json, place: str) -> Node:
        """Return values with a delimiter between them."""
        if not isinstance(arguments, list) or len(arguments) != 2 or not isinstance(arguments[0], str):
            return _malformed("Fn::Join", place)
        values = self.resolve(arguments[1], f"{place}/1")
        if isinstance(values.value, Gap):
            return Node(values.value, place)
        texts = [text_of(node.value) for node in values.value] if isinstance(values.value, list) else [None]
        parts: list[str | Gap] = []
        for i, text in enumerate(texts):
            if text is None:
                return _malformed("Fn::Join", place)
            parts += ([arguments[0]] if i else []) + list(parts_of(text))
        return Node(self.text(parts), place)

    def select(self, arguments: Json, place: str) -> Node:
        """Return one value of a list."""
        if not isinstance(arguments, list) or len(arguments) != 2:
            return _malformed("Fn::Select", place)
        index = text_of(self.resolve(arguments[0], f"{place}/0").value)
        values = self.resolve(arguments[1], f"{place}/1").value
        for open_value in (index, values):
            if isinstance(open_value, Gap | Mixed):
                return Node(_gap_of(open_value), place)
        if not isinstance(values, list) or not (isinstance(index, str) and index.isascii() and index.isdigit()):
            return _malformed("Fn::Select", place)
        number = int(index[:9])
        return values[number] if number < len(values) else _malformed("Fn::Select", place)

    def split(self, arguments: Json, place: str) -> Node:
        """Return the parts of a text between delimiters."""
        if not isinstance(arguments, list) or len(arguments) != 2 or not isinstance(arguments[0], str):
            return _malformed("Fn::Split", place)
        text = text_of(self.resolve(arguments[1], f"{place}/1").value)
        if isinstance(text, Gap | Mixed):
            return Node(_gap_of(text), place)
        if text is None or not arguments[0]:
            return _malformed("Fn::Split", place)
        found = text.split(arguments[0])
        self.spend(len(text) + _ITEM * len(found), place)
        return Node([Node(part, place) for part in found], place)

    def if_(self, arguments: Json, place: str) -> Node:
        """Return the branch that a condition chooses; a gap with both branches where the condition is not known."""
        if not isinstance(arguments, list) or len(arguments) != 3 or not isinstance(arguments[0], str):
            return _malformed("Fn::If", place)
        name = arguments[0]
        truth, why = self.conditions.truth(name)
        if truth is not None:
            chosen = 1 if truth else 2
            return self.resolve(arguments[chosen], f"{place}/{chosen}")
        branches = tuple(self.resolve(arguments[i], f"{place}/{i}") for i in (1, 2))
        kept = tuple(node for node in branches if node.value is not NO_VALUE)
        if not kept:
            return Node(NO_VALUE, place)
        return Node(Gap(f"If {name}", f"whether the condition {name} holds is not known: {why}", None, kept), place)

    def find_in_map(self, arguments: Json, place: str) -> Node:
        """Return an entry of the template's Mappings."""
        if not isinstance(arguments, list) or len(arguments) not in (3, 4):
            return _malformed("Fn::FindInMap", place)
        keys = [text_of(self.resolve(one, f"{place}/{i}").value) for i, one in enumerate(arguments[:3])]
        found: Json = self.mappings
        for key in keys:
            if isinstance(key, Gap | Mixed):
                return Node(_gap_of(key), place)
            found = found.get(key) if isinstance(found, Mapping) and key is not None else None
        if found is None and len(arguments) == 4 and isinstance(arguments[3], Mapping):
            return self.resolve(arguments[3].get("DefaultValue"), f"{place}/3/DefaultValue")
        if found is None or isinstance(found, Mapping):
            names = ", ".join(key if isinstance(key, str) else "?" for key in keys)
            return Node(Gap("Fn::FindInMap", f"the template's Mappings have no {names}"), place)
        self.spend(_ITEM * len(found) if isinstance(found, list) else 1, place)
        return node_of(found, place)

    def import_value(self, name: Json, place: str) -> Node:
        """Return a gap: another stack's export."""
        export = plain(self.resolve(name, place))
        label = f"ImportValue {export}" if isinstance(export, str) else "ImportValue"
        return Node(Gap(label, "another stack exports it"), place)

    def other(self, name: str, place: str) -> Node:
        """Return a gap: a function that is not resolved here."""
        return Node(Gap(name, f"{name} is not worked out from the template alone"), place)

    # Limits ----------------------------------------------------------------------------------------------------------

    def text(self, parts: list[str | Gap]) -> Text:
        """Return parts as one text; a gap where it would be longer than any policy."""
        length = sum(len(part) for part in parts if isinstance(part, str))
        if length > MAX_CHARACTERS or len(parts) > MAX_CHARACTERS:
            return Gap("…", f"the text would be longer than AWS takes for a policy ({MAX_CHARACTERS:,} characters)")
        self.spend(length + len(parts), "")
        return joined(parts)

    def spend(self, characters: int, place: str) -> None:
        """Count what functions made; raises DocumentError where it is too much."""
        self.made += characters
        if self.made > _MOST_TEXT:
            message = f"the functions of the template make more than {_MOST_TEXT:,} characters of text"
            raise DocumentError(message, code="TOO_LARGE", pointer=place, source=self.source)


def _is_function(name: Json) -> bool:
    return isinstance(name, str) and (name == "Ref" or name.startswith("Fn::"))


def _section(template: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    found = template.get(name)
    return found if isinstance(found, Mapping) else {}


def _malformed(name: str, place: str) -> Node:
    return Node(Gap(name, f"{name} is not written as CloudFormation takes it"), place)


def _gap_of(value: Gap | Mixed) -> Gap:
    return value if isinstance(value, Gap) else value.gap
