"""Statements made ready to be asked about often: sets of statements are bits of an integer.

A layer's distinct patterns are compiled once. For an action, and for a resource, the set of statements whose element
matches is computed once and kept in a memo of bounded size; a decision is then the intersection of two integers, and
the conditions of what remains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.fillings import fillings
from lexgraph.conditions.hints import Hint, condition_hints
from lexgraph.conditions.logic import Atom, Formula, all_of, any_of, negate, settled
from lexgraph.conditions.readable import condition_words
from lexgraph.conditions.variables import Template, Variable, has_variable, read_template, substitute, substitute_arn
from lexgraph.errors import shown
from lexgraph.evaluation.action_bits import MEMO, ActionBits, MaskedActionBits, bits_of, speaks_of
from lexgraph.evaluation.callers import tells_who
from lexgraph.evaluation.request import USER_ID, Question
from lexgraph.evaluation.resource_patterns import ResourcePatterns
from lexgraph.evaluation.stack import Layer
from lexgraph.policy.arn import PARTS, compile_arn, literal, pad, split_arn
from lexgraph.policy.model import PatternSet, Policy, Statement

Lookup = Callable[[str], tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement in its place: layer, the document's index in it, the statement's index in the document."""

    layer: Layer
    policy_index: int
    statement_index: int
    policy: Policy
    statement: Statement
    tests: tuple[CompiledTest, ...]


class StatementIndex:
    """The statements of one layer (or of one level of SCPs).

    With a `service`, only those that speak of its actions are there: enough for questions about these, and quicker made
    where the policies are many.
    """

    def __init__(self, policies: Sequence[Policy], layer: Layer, service: str | None = None) -> None:
        self.layer: Layer = layer
        self.policies = tuple(policies)
        self.entries: tuple[Entry, ...] = tuple(_entries(self.policies, layer, service))
        self.allow = bits_of(i for i, entry in enumerate(self.entries) if entry.statement.allows)
        self.deny = bits_of(i for i, entry in enumerate(self.entries) if not entry.statement.allows)
        self.conditional = bits_of(i for i, entry in enumerate(self.entries) if not entry.statement.unconditional)
        self.actions = ActionBits([entry.statement.actions for entry in self.entries], service)
        self.resources = _ResourceBits(self.entries, layer)
        self.pending = self.conditional | self.resources.templated

    def view(self, mask: int) -> StatementIndex:
        """Return a layer of only the statements in `mask`, which shares all else with this one."""
        found = StatementIndex.__new__(StatementIndex)
        found.__dict__.update(self.__dict__)
        found.actions = MaskedActionBits(self.actions, mask)
        return found

    @cached_property
    def personal(self) -> int:
        """The statements whose conditions or variables ask who the caller is."""
        return bits_of(i for i in range(len(self.entries)) if self.pending >> i & 1 and self._asks_who(i))

    def _asks_who(self, i: int) -> bool:
        tests = (key for test in self.entries[i].tests for key in test.keys)
        variables = (key for template in self.resources.templates.get(i, ()) for key in template.keys)
        return any(tells_who(key) for key in (*tests, *variables))

    def match(self, question: Question) -> tuple[int, tuple[tuple[int, Formula], ...]]:
        """Return the statements that match for certain, as bits, and those that may, each with the formula that
        decides.
        """
        found = self.actions.of(question.action)
        if found:
            found &= self.resources.of(question)
        pending = found & self.pending
        if not pending:
            return found, ()
        certain = found & ~pending
        maybe: list[tuple[int, Formula]] = []
        while pending:
            low = pending & -pending
            pending ^= low
            formula = self._formula(low.bit_length() - 1, question)
            if formula is True:
                certain |= low
            elif formula is not False:
                maybe.append((low, formula))
        return certain, tuple(maybe)

    def sides(self, question: Question) -> tuple[Formula, Formula]:
        """Return whether some Allow of the layer matches, and whether some Deny does."""
        certain, maybe = self.match(question)
        if not maybe:
            return bool(certain & self.allow), bool(certain & self.deny)
        allowed = bool(certain & self.allow) or any_of(f for bit, f in maybe if bit & self.allow)
        denied = bool(certain & self.deny) or any_of(f for bit, f in maybe if bit & self.deny)
        return allowed, denied

    def _formula(self, i: int, question: Question) -> Formula:
        entry = self.entries[i]
        parts: list[Formula] = []
        for test in entry.tests:
            truth = test.holds(question.lookup)
            if truth is False:
                return False
            if truth is None:
                parts.append(condition_atom(test, question))
        if entry.statement.unknown is not None:
            parts.append(_unread_statement(entry))
        if self.resources.templated >> i & 1:
            parts.append(self.resources.formula(i, question))
        return all_of(parts) if parts else True


UNREAD = "\ufdd4"  # begins the name of what stands in for a key where a policy could not be read


def unread_atom(what: str, tell: Callable[[bool], str]) -> Atom:
    """Return a test whose answer nobody knows, since something could not be read (rule U5)."""
    key = f"{UNREAD}{what}"
    return Atom(
        identity=(key,),
        keys=frozenset({key}),
        holds=lambda assigned: None if (values := assigned(key)) is None else bool(values),
        hints=(Hint(key, "Literal", ()),),
        tell=tell,
    )


def _unread_statement(entry: Entry) -> Atom:
    place = f"statement {entry.statement_index} of {shown(entry.policy.name)[1:-1]}"
    why = f"which could not be read ({entry.statement.unknown})"
    return unread_atom(
        f"{entry.policy.key} {entry.statement_index}",
        lambda opposite: f"{place}, {why}, {'does not apply' if opposite else 'applies'}",
    )


def _entries(policies: Sequence[Policy], layer: Layer, service: str | None) -> Iterator[Entry]:
    for p, policy in enumerate(policies):
        variables = policy.has_variables
        for s, statement in enumerate(policy.statements):
            if service is not None and not speaks_of(statement.actions, service):
                continue
            tests = tuple(CompiledTest(test, variables=variables) for test in statement.conditions)
            yield Entry(layer, p, s, policy, statement, tests)


def condition_atom(test: CompiledTest, question: Question) -> Formula:
    """Return a condition test that unknown keys decide as a formula."""
    unknown = frozenset(key for key in test.keys if question.lookup(key) is None)

    def holds(assigned: Lookup) -> bool | None:
        return test.holds(lambda key: assigned(key) if key in unknown else question.lookup(key))

    hints = (*condition_hints(test, unknown, question.lookup), *session_hints(unknown, question))
    names = tuple(_spelling(key, test) for key in sorted(unknown))

    def tell(opposite: bool) -> str:
        texts = test.resolved_values(question.lookup)
        return condition_words(test.name, test.source.key, texts, opposite=opposite)

    atom = Atom(test.identity(question.lookup), unknown, holds, hints, tell, names)
    return settled_session(atom, question)


def session_hints(unknown: frozenset[str], question: Question) -> tuple[Hint, ...]:
    """Return what there is to be known of aws:userid, where it is among the unknown keys: with which role's id it
    begins.
    """
    if USER_ID not in unknown or question.role_id is None:
        return ()
    return (Hint(USER_ID, "Session", (f"{question.role_id}:",)),)


def settled_session(atom: Atom, question: Question) -> Formula:
    """Return the truth of a test of aws:userid which the role's id decides, however the session is called; else the
    test.
    """
    return settled(atom) if atom.keys == _ONLY_USER_ID and question.role_id is not None else atom


_ONLY_USER_ID = frozenset({USER_ID})


def _spelling(key: str, test: CompiledTest) -> str:
    """A key as the policy spells it."""
    if key == test.key:
        return test.source.key
    return next(v.key for t in test.templates for v in t.variables if v.key.lower() == key)


def resource_patterns(index: StatementIndex, question: Question) -> Iterator[tuple[Entry, tuple[str, ...]]]:
    """Yield each statement about the question's action with the six parts of each of its resource patterns; an unknown
    variable is a star.
    """
    found = index.actions.of(question.action)
    while found:
        low = found & -found
        found ^= low
        entry = index.entries[low.bit_length() - 1]
        for pattern in entry.statement.resources or ():
            if parts := pad(_known_parts(pattern, entry, question), kind=index.layer):
                yield entry, parts


def _known_parts(pattern: str, entry: Entry, question: Question) -> tuple[str, ...]:
    if not (entry.policy.has_variables and "${" in pattern):
        return split_arn(pattern)
    template = read_template(pattern)
    parts = split_arn(template.source, variables=True)
    return tuple("".join(_piece(piece, question) for piece in read_template(part).parts) for part in parts)


def _piece(piece: str | Variable, question: Question) -> str:
    if isinstance(piece, str):
        return piece
    value = substitute(Template("", (piece,)), question.lookup)
    return value if isinstance(value, str) else "*"


class _ResourceBits:
    """Which statements' Resource element matches a resource (rules R1 to R5, V1)."""

    def __init__(self, entries: Sequence[Entry], layer: Layer) -> None:
        self.everywhere = 0  # "*" among the patterns, or no Resource element at all
        self.s3_everywhere = 0  # arn:aws:s3:::* too (rule R5)
        self.negated = 0
        self.templated = 0
        self.kind = layer
        self.templates: dict[int, tuple[Template, ...]] = {}
        patterns: dict[str, int] = {}
        for i, entry in enumerate(entries):
            element = entry.statement.resources
            if element is None:
                self.everywhere |= 1 << i
                continue
            if element.negated:
                self.negated |= 1 << i
            self._sort(i, element, patterns, variables=entry.policy.has_variables)
        self.patterns = ResourcePatterns(patterns, kind=layer)
        self.memo: dict[str, int] = {}
        self.memo_of_patterns: dict[str, int] = {}

    def _sort(self, i: int, element: PatternSet, patterns: dict[str, int], *, variables: bool) -> None:
        templates = []
        for pattern in element.patterns:
            if pattern.strip("*") == "":
                self.everywhere |= 1 << i
            elif variables and "${" in pattern and has_variable(pattern):
                template = read_template(pattern)
                if template.variables:
                    templates.append(template)
                else:
                    fixed = "".join(part for part in template.parts if isinstance(part, str))
                    patterns[fixed] = patterns.get(fixed, 0) | 1 << i
            else:
                patterns[pattern] = patterns.get(pattern, 0) | 1 << i
                if _may_be_any_bucket(pattern) and compile_arn(pattern, kind=self.kind)(_ANY_BUCKET):
                    self.s3_everywhere |= 1 << i
        if templates:
            self.templated |= 1 << i
            self.templates[i] = tuple(templates)

    def of(self, question: Question) -> int:
        """Return the statements whose Resource element matches, or may match once its variables are known."""
        if question.wildcard_only:
            # Rule R5: only a pattern that matches every resource grants, or denies, such an action.
            named = self.everywhere
            if question.action.startswith("s3:"):
                named |= self.s3_everywhere
            return (named & ~self.negated) | (self.negated & ~named)
        named = self.named(question)
        return (named & ~self.negated) | (self.negated & ~named) | (self.templated & ~self.negated)

    def meeting(self, question: Question) -> int:
        """Return the statements whose Resource element may match some resource of the pattern that is asked about (rule
        R6).
        """
        found = self.memo_of_patterns.get(question.resource)
        if found is None:
            if len(self.memo_of_patterns) >= MEMO:
                self.memo_of_patterns.clear()
            plain = self.patterns.meeting(question.parts)
            found = self.memo_of_patterns[question.resource] = plain | self.everywhere | self.negated | self.templated
        return found

    def named(self, question: Question) -> int:
        """Return the statements of which a pattern without variables matches, whatever their sign."""
        resource = question.resource
        found = self.memo.get(resource)
        if found is None:
            if len(self.memo) >= MEMO:
                self.memo.clear()
            found = self.memo[resource] = self._compute(question.parts)
        return found

    def _compute(self, parts: Sequence[str]) -> int:
        return self.patterns.of([literal(part) for part in parts], self.everywhere)

    def formula(self, i: int, question: Question) -> Formula:
        """Return whether statement `i`'s Resource element matches; its variables may be unknown (rules V1 to V5)."""
        negated = bool(self.negated >> i & 1)
        if question.wildcard_only:
            return True  # decided by `of`: a pattern with a variable never matches every resource
        if self.named(question) >> i & 1:
            return not negated
        matched = any_of(template_formula(t, self.kind, question) for t in self.templates[i])
        return negate(matched) if negated else matched


# A bucket whose name no pattern holds: what matches it matches every bucket.
_ANY_BUCKET = ("arn", "aws", "s3", "", "", "\ufdd3")


def _may_be_any_bucket(pattern: str) -> bool:
    """Whether it is worth holding a pattern against `_ANY_BUCKET`: its last part is nothing but wildcards."""
    parts = split_arn(pattern)
    return len(parts) < PARTS or not parts[-1].strip("*?")


def template_formula(template: Template, kind: str, question: Question) -> Formula:
    """Return whether a resource pattern with variables matches the question's resource."""
    truth = _template_holds(template, kind, question, question.lookup)
    if truth is not None:
        return truth
    unknown = frozenset(key for key in template.keys if question.lookup(key) is None)

    def holds(assigned: Lookup) -> bool | None:
        return _template_holds(
            template, kind, question, lambda key: assigned(key) if key in unknown else question.lookup(key)
        )

    hints = (*(_resource_hint(template, key, question) for key in sorted(unknown)), *session_hints(unknown, question))
    names = tuple(v.key for v in template.variables if v.key.lower() in unknown)

    def tell(opposite: bool) -> str:
        return f'the resource is {"not " * opposite}"{template.source}"'

    atom = Atom(("resource", template.source, kind, question.resource), unknown, holds, hints, tell, names)
    return settled_session(atom, question)


def _template_holds(template: Template, kind: str, question: Question, lookup: Lookup) -> bool | None:
    """Whether the pattern matches; the template is split into parts before its variables are put in (rule R1)."""
    pattern = substitute_arn(template, lookup)
    if not isinstance(pattern, str):
        return None if pattern is None else False
    return compile_arn(pattern, kind=kind)([literal(part) for part in question.parts])


def _resource_hint(template: Template, key: str, question: Question) -> Hint:
    """Values of an unknown variable that may make the pattern match."""
    short = len(split_arn(template.source, variables=True)) < PARTS
    texts, whole = fillings(template, key, ":".join(question.parts), question.lookup, rest=short)
    return Hint(key, "Literal", texts, partial=not whole)
