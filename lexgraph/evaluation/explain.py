"""Why a decision came out as it did: layer by layer, statement by statement, element by element.

Nothing here is computed unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.readable import condition_words
from lexgraph.errors import shown
from lexgraph.evaluation.authorize import CompiledStack, Verdict, weigh
from lexgraph.evaluation.decision import Decision, Match
from lexgraph.evaluation.index import Entry, StatementIndex, condition_atom, resource_patterns
from lexgraph.evaluation.principals import PrincipalIndex, named_ways
from lexgraph.evaluation.regions import Region, regions
from lexgraph.evaluation.rendering import html, layer_dict, text_lines
from lexgraph.evaluation.request import USER_ID, Question
from lexgraph.evaluation.services import ALWAYS_ALLOWED, grants_may_allow, is_untouchable, under_rcps, under_scps
from lexgraph.evaluation.stack import Layer
from lexgraph.policy.arn import readable
from lexgraph.policy.intersect import covers, intersect_parts, witnesses

Truth = bool | None
MANY_REGIONS = 8


@dataclass(frozen=True, slots=True)
class ElementCheck:
    """One element of a statement held against the request; its reason is put into words when it is read."""

    element: str
    holds: Truth
    tell: Callable[[], str] = field(repr=False, compare=False)

    @property
    def reason(self) -> str:
        """Why the element matches, or does not."""
        return self.tell()


@dataclass(frozen=True, slots=True)
class StatementCheck:
    """One statement held against the request; `holds` is None where unknown keys decide."""

    match: Match
    holds: Truth
    elements: tuple[ElementCheck, ...]

    @property
    def failed(self) -> tuple[ElementCheck, ...]:
        """The elements that did not match."""
        return tuple(element for element in self.elements if element.holds is False)


@dataclass(frozen=True, slots=True)
class LayerCheck:
    """One layer (or one level of SCPs) held against the request."""

    layer: Layer
    level: int | None
    applies: bool
    allows: Truth
    denies: Truth
    statements: tuple[StatementCheck, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its reasons.

    `denied_by` is the Deny that decided, or else the first layer without an Allow; `matched` lists the statements
    that match, or may.
    """

    decision: Decision
    layers: tuple[LayerCheck, ...]
    denied_by: Match | None
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = field(default=())

    @property
    def matched(self) -> tuple[Match, ...]:
        """The statements that match, or may where the answer is conditional."""
        return tuple(
            check.match
            for layer in self.layers
            if layer.applies
            for check in layer.statements
            if check.holds is not False
        )

    @property
    def headline(self) -> str:
        """The outcome in one sentence."""
        request = self.decision.request
        what = f"{_bare(request.action)} on {_bare(request.resource)}"
        who = _bare(request.principal)
        if self.decision.outcome == "conditional":
            return f"conditional: {who} may perform {what} {self.decision.condition}"
        if self.decision.outcome == "allowed":
            return f"allowed: {who} may perform {what}"
        return f"{self.decision.outcome}: {who} may not perform {what}"

    def text(self) -> str:
        """Return the explanation for a terminal."""
        return "\n".join(text_lines(self))

    __str__ = text

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain values."""
        return {
            "outcome": self.decision.outcome,
            "condition": self.decision.condition,
            "missing_keys": list(self.decision.missing_keys),
            "denied_by": self.denied_by.to_dict() if self.denied_by else None,
            "matched": [match.to_dict() for match in self.matched],
            "notes": list(self.notes),
            "assumptions": list(self.assumptions),
            "not_considered": list(self.decision.not_considered),
            "layers": [layer_dict(layer) for layer in self.layers],
        }

    def _repr_html_(self) -> str:
        return html(self)


def explain(decision: Decision) -> Explanation:
    """Return the reasons for a decision."""
    compiled = decision.stack.compiled
    question = Question(decision.request)
    # Of a pattern, the resources that no policy's pattern singles out stand for the whole.
    plain = Question(decision.request, _typical(question)) if question.about_many else question
    verdict = weigh(compiled, plain)
    assumed = tuple(plain.assumed)  # by statements about this action and resource; the others are looked at below
    layers = tuple(_layers(compiled, question))
    denied_by = None
    notes = [*_notes(question)]
    if "resource" in decision.stack.absent and question.action.startswith("sts:assumerole"):
        notes.append("there is no such role")
    if question.about_many:
        notes += _region_notes(regions(compiled, question))
    if decision.outcome == "explicitDeny":
        denied_by = _deny(layers)
    elif decision.outcome == "implicitDeny":
        denied_by = _missing_allow(layers, verdict)
    assumptions = (
        *_unknown_action(question),
        *_without_grants(decision, question),
        *_without_keys(decision, assumed),
    )
    return Explanation(decision, layers, denied_by, tuple(notes), assumptions)


def _unknown_action(question: Question) -> Iterator[str]:
    if catalog().index_of(question.action) is None:
        name = _bare(question.request.action)
        yield f"{name} is an action: the catalogue of {catalog().date} does not know it"


def _without_grants(decision: Decision, question: Question) -> Iterator[str]:
    if grants_may_allow(question.action, question.resource) and decision.outcome in ("implicitDeny", "conditional"):
        yield "no grant of the key allows it: grants are not looked at"


def _without_keys(decision: Decision, keys: Sequence[str]) -> Iterator[str]:
    if keys:
        named = " or ".join(map(_bare, keys))
        there = "it there" if len(keys) == 1 else "them there"
        yield f"AWS sends no {named} with {_bare(decision.request.action)}: the catalogue does not list {there}"


def _typical(question: Question) -> str:
    return ":".join(("arn", *(witnesses(part)[0] for part in question.parts[1:])))


def _layers(compiled: CompiledStack, question: Question) -> Iterator[LayerCheck]:
    has_account = question.caller.account is not None
    for index, level in _levels(compiled.rcps):
        yield _layer(index, level, question, applies=under_rcps(question))
    for index, level in _levels(compiled.scps):
        yield _layer(index, level, question, applies=under_scps(question))
    if compiled.resource is not None:
        yield _layer(compiled.resource, None, question, applies=True)
    for own in compiled.own_layers():
        yield _layer(own, None, question, applies=has_account)
    if compiled.endpoint is not None:
        yield _layer(compiled.endpoint, None, question, applies=True)


def _levels(indexes: tuple[Any, ...]) -> Iterator[tuple[StatementIndex, int]]:
    return ((index, level) for level, index in enumerate(indexes))


def _layer(index: StatementIndex, level: int | None, question: Question, *, applies: bool) -> LayerCheck:
    checks = tuple(_statement(index, i, entry, question) for i, entry in enumerate(index.entries))
    allows = _any(check.holds for check in checks if check.match.effect == "Allow")
    denies = _any(check.holds for check in checks if check.match.effect == "Deny")
    return LayerCheck(index.layer, level, applies, allows, denies, checks)


def _any(truths: Iterator[Truth]) -> Truth:
    found = list(truths)
    return True if True in found else (None if None in found else False)


def _statement(index: StatementIndex, i: int, entry: Entry, question: Question) -> StatementCheck:
    elements = tuple(_elements(index, i, entry, question))
    truths = [element.holds for element in elements]
    holds = False if False in truths else (None if None in truths else True)
    statement = entry.statement
    match = Match(
        entry.layer,
        entry.policy_index,
        entry.statement_index,
        statement.sid,
        entry.policy.name,
        entry.policy.key,
        statement.effect,
    )
    return StatementCheck(match, holds, elements)


def _elements(index: StatementIndex, i: int, entry: Entry, question: Question) -> Iterator[ElementCheck]:
    statement = entry.statement
    if isinstance(index, PrincipalIndex):
        yield _principal(index, entry, question)
    acts = bool(index.actions.of(question.action) >> i & 1)
    name = "NotAction" if statement.actions.negated else "Action"
    asked = question.request.action
    yield ElementCheck(name, acts, lambda: f"{_listed(statement.actions.patterns)} {_verb(acts)} {_bare(asked)}")
    yield _resource(index, i, entry, question)
    for test in entry.tests:
        yield _condition(test, question)
    if statement.unknown is not None:
        yield ElementCheck("Statement", None, lambda: f"could not be read: {statement.unknown}")


def _verb(holds: Truth) -> str:
    return "applies to" if holds else "does not apply to" if holds is False else "may apply to"


def _principal(index: PrincipalIndex, entry: Entry, question: Question) -> ElementCheck:
    named = named_ways(entry.statement, question, bounded=index.bounded, silent=index.silent)
    truths = list(named.values())
    holds: Truth = True if True in truths else (None if any(t is not False for t in truths) else False)
    element = entry.statement.principals
    if element is None:
        return ElementCheck("Principal", holds, lambda: "there is no Principal")

    def tell() -> str:
        way = ", ".join(way for way, formula in named.items() if formula is not False)
        who = _bare(question.request.principal)
        return f"{_listed(element.patterns)} {_verb(holds)} {who}{f' (as {way})' if way else ''}"

    return ElementCheck("NotPrincipal" if element.negated else "Principal", holds, tell)


def _resource(index: StatementIndex, i: int, entry: Entry, question: Question) -> ElementCheck:
    element = entry.statement.resources
    if element is None:
        return ElementCheck("Resource", True, lambda: "the statement is about the policy's own resource")
    if question.about_many:
        return _coverage(index, entry, question)
    holds: Truth = bool(index.resources.of(question) >> i & 1)
    if holds and index.resources.templated >> i & 1:
        formula = index.resources.formula(i, question)
        holds = formula if isinstance(formula, bool) else None

    def tell() -> str:
        patterns = _listed(element.patterns)
        if question.wildcard_only and not holds:
            return f'{_bare(question.request.action)} takes no resource, so only "*" covers it, not {patterns}'
        return f"{patterns} {_verb(holds)} {_bare(question.request.resource)}"

    return ElementCheck("NotResource" if element.negated else "Resource", holds, tell)


def _coverage(index: StatementIndex, entry: Entry, question: Question) -> ElementCheck:
    holds = _covers(index, entry, question)
    verb = {True: "covers", None: "covers a part of", False: "covers nothing of"}[holds]
    element = entry.statement.resources
    negated = element is not None and element.negated

    def tell() -> str:
        patterns = "everything but " * negated + _listed(element.patterns if element else ("*",))
        return f"{patterns} {verb} {_bare(question.resource)}"

    return ElementCheck("NotResource" if negated else "Resource", holds, tell)


def _covers(index: StatementIndex, entry: Entry, question: Question) -> Truth:
    """Whether a Resource element covers the asked pattern: all of it, a part (None), or nothing (rule R6)."""
    asked = ("arn", *question.parts[1:])
    patterns = [parts for one, parts in resource_patterns(index, question) if one is entry]
    element = entry.statement.resources
    negated = element is not None and element.negated
    if any(all(map(covers, parts, asked)) for parts in patterns):
        return not negated
    if any(intersect_parts(parts, asked) for parts in patterns):
        return None
    return negated


def _condition(test: CompiledTest, question: Question) -> ElementCheck:
    def tell() -> str:
        values = question.lookup(test.key)
        wanted = condition_words(test.name, test.source.key, test.resolved_values(question.lookup))
        found = "not known" if values is None else "absent" if not values else _listed(values)
        if test.key == USER_ID and question.role_id is not None:
            found = f"{_listed((question.role_id,))}, a colon and the session's name, which is not known"
        return f"wants: {wanted}; it is {found}"

    holds = test.holds(question.lookup)
    formula = condition_atom(test, question) if holds is None else holds
    return ElementCheck("Condition", formula if isinstance(formula, bool) else None, tell)


def _bare(text: str) -> str:
    return shown(text)[1:-1]


def _listed(values: tuple[str, ...]) -> str:
    texts = [shown(readable(value)) for value in values[:3]]
    more = len(values) - 3
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")


# What blocked it -----------------------------------------------------------------------------------------------------


def _deny(layers: tuple[LayerCheck, ...]) -> Match | None:
    for wanted in (True, None):
        for layer in layers:
            for check in layer.statements:
                if layer.applies and check.match.effect == "Deny" and check.holds is wanted:
                    return check.match
    return None


def _missing_allow(layers: tuple[LayerCheck, ...], verdict: Verdict) -> Match | None:
    """The first layer whose Allow is missing; where a Deny blocks the only way that was open, that Deny."""
    for layer, allows in verdict.layers:
        if allows is False and (layer != "resource" or verdict.needs_resource):
            return Match(layer, None, None, None)
    if verdict.allowed is False:
        return Match("resource", None, None, None)
    return _deny(layers) or Match("identity", None, None, None)


def _region_notes(found: tuple[Region, ...]) -> Iterator[str]:
    """What holds where in the asked pattern, the widest regions first."""
    for region in found[:MANY_REGIONS]:
        rest = " elsewhere" if region is found[0] and len(found) > 1 else ""
        yield f"{region.outcome} on {_bare(region.pattern)}{rest}"
    if len(found) > MANY_REGIONS:
        yield f"and {len(found) - MANY_REGIONS} more regions"


def _notes(question: Question) -> Iterator[str]:
    if question.action in ALWAYS_ALLOWED:
        yield "AWS always allows this action, even against a Deny"
    if is_untouchable(question):
        yield "AWS keeps this resource for itself: nobody can make, change or delete it"
    if question.wildcard_only:
        yield "this action takes no resource: whatever is asked, only a statement on every resource covers it"
