"""A condition test made ready to be asked often: its values read once, its operator looked up once (rules C1 to C5,
V4).
"""

from __future__ import annotations

from collections.abc import Sequence

from lexgraph.conditions.context import Lookup, Values
from lexgraph.conditions.operators import OPERATORS, AnyMatch, Operator
from lexgraph.conditions.variables import Template, has_variable, read_template, substitute, substitute_arn
from lexgraph.policy.arn import unliteral
from lexgraph.policy.grammar import OperatorName, read_operator
from lexgraph.policy.model import ConditionTest

_BLANK = ("",)


class CompiledTest:
    """One operator on one key, with its values read.

    `keys` are the lower-cased keys that the answer depends on: its own, and those of its variables.
    """

    __slots__ = ("_any", "_fixed", "_negated", "_plain", "key", "keys", "name", "operator", "source", "templates")

    def __init__(self, test: ConditionTest, *, variables: bool) -> None:
        name = read_operator(test.operator)
        if name is None:
            raise ValueError(f"unknown operator {test.operator!r} in a parsed policy")
        self.source = test
        self.name: OperatorName = name
        self.operator: Operator = OPERATORS[name.base]
        self.key = test.key.lower()
        texts = tuple(("true" if v else "false") if isinstance(v, bool) else str(v) for v in test.values)
        live = variables and self.operator.variables
        templates = tuple(read_template(text) for text in texts if live and "${" in text and has_variable(text))
        fixed = [text for text in texts if not (live and has_variable(text))]
        # ${*} and its like need no request: they are read here, once.
        fixed += [self._constant(template) for template in templates if not template.variables]
        self.templates: tuple[Template, ...] = tuple(t for t in templates if t.variables)
        self._fixed = tuple(fixed)
        self._any: AnyMatch = self.operator.prepare(self._fixed)
        self._negated = self.operator.negated
        # The common case: one value, no set operator, nothing to resolve.
        self._plain = name.qualifier is None and not self.templates and self.operator.family != "Null"
        self.keys = frozenset((self.key,)).union(*(t.keys for t in self.templates))

    def _constant(self, template: Template) -> str:
        text = "".join(part for part in template.parts if isinstance(part, str))
        return text if self._reads_patterns else unliteral(text)

    @property
    def _reads_patterns(self) -> bool:
        return self.operator.family == "Arn" or self.name.base in ("StringLike", "StringNotLike")

    def _substitute(self, template: Template, lookup: Lookup) -> str | bool | None:
        return (substitute_arn if self.operator.family == "Arn" else substitute)(template, lookup)

    def holds(self, lookup: Lookup) -> bool | None:
        """Return whether the request meets the test; None where an unknown key decides it."""
        values = lookup(self.key)
        if values is None:
            return None
        if self._plain and len(values) == 1:
            return self._any(values[0]) is not self._negated
        qualifier = self.name.qualifier
        if self.operator.family == "Null" and (qualifier is None or (values and values != _BLANK)):
            return self._any("true" if not values or values == _BLANK else "false")
        if not values:
            return self._on_missing(qualifier)
        if qualifier is not None and values == _BLANK:
            return qualifier == "ForAllValues"
        if qualifier is None and len(values) > 1:
            return False  # Rule C5, for a negated operator too.
        if self.templates:
            return self._with_variables(values, lookup)
        return self._combine([self._any(value) for value in values])

    def _on_missing(self, qualifier: str | None) -> bool:
        """Rules C3 and C4: the key is absent."""
        if qualifier == "ForAllValues":
            return True
        if qualifier == "ForAnyValue":
            return self.name.if_exists
        return self.name.if_exists or self.operator.negated

    def _combine(self, matched: Sequence[bool | None]) -> bool | None:
        negated = self.operator.negated
        each = [m if m is None else m is not negated for m in matched]
        if self.name.qualifier == "ForAnyValue":
            return True if True in each else (None if None in each else False)
        return False if False in each else (None if None in each else True)

    def _with_variables(self, values: Values, lookup: Lookup) -> bool | None:
        resolved, unknown = [], False
        for template in self.templates:
            text = self._substitute(template, lookup)
            if text is None:
                unknown = True
            elif isinstance(text, str):
                resolved.append(text if self._reads_patterns else unliteral(text))
        # Rule V4: an unresolved variable's value is left out, the other values still count.
        matches = self.operator.prepare((*self._fixed, *resolved))
        return self._combine([matches(v) or (None if unknown else False) for v in values])

    def patterns(self, lookup: Lookup) -> tuple[str, ...]:
        """Return what a request value is held against, as :func:`lexgraph.policy.arn.literal` spells it where wildcards
        count; values with a variable that is unresolved or unknown are left out.
        """
        texts = (self._substitute(template, lookup) for template in self.templates)
        found = (text if self._reads_patterns else unliteral(text) for text in texts if isinstance(text, str))
        return (*self._fixed, *found)

    def identity(self, lookup: Lookup) -> tuple[object, ...]:
        """Return what tells the test from another one in the same request."""
        texts = (self._substitute(template, lookup) for template in self.templates)
        unknown = (t.parts for t, text in zip(self.templates, texts, strict=True) if text is None)
        return (self.name, self.key, self.patterns(lookup), *unknown)

    def resolved_values(self, lookup: Lookup) -> tuple[str, ...]:
        """Return the policy's values with known variables put in, for explanations."""
        texts = []
        for template in self.templates:
            text = self._substitute(template, lookup)
            texts.append(unliteral(text) if isinstance(text, str) else template.source)
        return (*(unliteral(text) for text in self._fixed), *texts)
