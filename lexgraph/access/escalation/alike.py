"""Resources that no statement tells apart, so that one question about one of them answers for all.

What a decision on an action can know of a resource of the account's own: which patterns of the statements about the
action match its ARN, and the condition keys that tell its tags and its boundary. Where these agree, so do the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

from lexgraph.account.model import Principal, Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Lookup
from lexgraph.conditions.variables import has_variable, read_template, substitute_arn
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.arn import PARTS, ArnMatcher, compile_arn, literal, split_arn
from lexgraph.policy.model import Policy, Statement
from lexgraph.policy.patterns import ascii_lower, is_pattern

TAGGED = ("iam:resourcetag/", "aws:resourcetag/")
BOUNDARY = "iam:permissionsboundary"


@dataclass(frozen=True, slots=True)
class Thing:
    """A user, role, group or managed policy that requests can be about.

    `tags` and `boundary` are None where nobody knows them; a boundary that is not there is ``""``.
    """

    arn: str
    tags: Mapping[str, str] | None = None
    boundary: str | None = None


def thing_of(principal: Principal, *, tagged: bool) -> Thing:
    """Return a principal as what a request is about; `tagged`: whether the account tells of tags at all."""
    return Thing(principal.arn, dict(principal.tags) if tagged or principal.tags else None, principal.boundary or "")


@dataclass(slots=True)
class _View:
    """What the statements about one action look at: patterns (by their bits), tags, boundaries."""

    patterns: int = 0
    tags: dict[str, str] = field(default_factory=dict)  # keys of tags, lower-cased, as the first policy spells them
    bounded: bool = False


class Alike:
    """The statements of an account about some actions of IAM and STS, made ready to group what they are about."""

    def __init__(self, snapshot: Snapshot, actions: Iterable[str]) -> None:
        self.snapshot = snapshot
        self.bits = {action: catalog().bits(action) for action in actions}
        self.everything = 0
        for bit in self.bits.values():
            self.everything |= bit
        self.views = {action: _View() for action in self.bits}
        self.numbers: dict[str, int] = {}
        self.templates: dict[int, tuple[tuple[int, str, str], ...]] = {}  # by id of the policy: actions, kind, pattern
        organization = snapshot.organization
        listed = organization.policies if organization else ()
        self.controls = tuple(one.policy for one in listed if one.policy is not None)
        self.policies = tuple(self._policies())  # kept, so that their ids stay their own
        for policy in self.policies:
            self._read(policy)
        self._masks: dict[str, int] = {}
        self._grouped: dict[tuple[str, int], tuple[tuple[Thing, ...], ...]] = {}
        self._kept: list[Sequence[Thing]] = []  # so that their ids stay their own

    def _policies(self) -> Iterator[Policy]:
        """Every policy that may decide, boundaries and control policies included."""
        found = {id(policy): policy for policy in (*self.snapshot.identity_policies(), *self.controls)}
        for principal in self.snapshot.principals:
            stack = self.snapshot.stack(principal)
            for policy in policies_of(stack):
                found[id(policy)] = policy
        yield from found.values()

    def _read(self, policy: Policy) -> None:
        templates = []
        for statement in policy.statements:
            named = self.everything & catalog().bits_of(statement.actions.patterns, statement.actions.negated)
            if not named:
                continue
            patterns, variable = _sorted_patterns(statement, variables=policy.has_variables)
            templates += [(named, policy.kind, pattern) for pattern in variable]
            bits = 0
            for pattern in patterns:
                bits |= 1 << self.numbers.setdefault(pattern, len(self.numbers))
            keys = {key.lower(): key for key in _keys(statement, variables=policy.has_variables)}
            for action, bit in self.bits.items():
                if named & bit:
                    view = self.views[action]
                    view.patterns |= bits
                    for lower in keys:
                        if lower.startswith(TAGGED):
                            view.tags.setdefault(lower, keys[lower])
                    view.bounded = view.bounded or BOUNDARY in keys
        if templates:
            self.templates[id(policy)] = tuple(templates)

    @cached_property
    def _matchers(self) -> tuple[dict[str, int], tuple[tuple[ArnMatcher, int], ...]]:
        """The patterns that are names, and the others, each with its bit."""
        names, others = {}, []
        for pattern, number in self.numbers.items():
            parts = split_arn(pattern)
            if len(parts) == PARTS and not is_pattern(pattern):
                names[pattern] = 1 << number
            elif len(parts) < 3 or parts[2] == "iam" or is_pattern(parts[2]):
                others.append((compile_arn(pattern), 1 << number))
        return names, tuple(others)

    def _mask(self, arn: str) -> int:
        """The patterns that match an ARN, as bits."""
        found = self._masks.get(arn)
        if found is None:
            names, others = self._matchers
            found, asked = names.get(arn, 0), _asked(arn)
            for matches, bit in others:
                if matches(asked):
                    found |= bit
            self._masks[arn] = found
        return found

    def groups(self, who: Principal, action: str, things: Sequence[Thing]) -> Iterable[tuple[Thing, ...]]:
        """Return the things, put together where the answer to a request of `who` is the same.

        `things` must stay as they are: what was put together is kept for the next question about them.
        """
        special = self._special(who, action)
        if special is None:
            return tuple((thing,) for thing in things)
        base = self._base(action, things)
        return base if not special else _split(base, self._matched(special, things))

    def _base(self, action: str, things: Sequence[Thing]) -> tuple[tuple[Thing, ...], ...]:
        name = (action, id(things))
        found = self._grouped.get(name)
        if found is None:
            self._kept.append(things)
            found = self._grouped[name] = _grouped(things, lambda thing: self._key(action, thing))
        return found

    def _matched(self, special: Sequence[tuple[str, str]], things: Sequence[Thing]) -> dict[str, int]:
        """Those of the things that patterns match, each with the patterns as bits."""
        found: dict[str, int] = {}
        for i, (kind, pattern) in enumerate(special):
            matches = compile_arn(pattern, kind=kind)
            for thing in things:
                if matches(_asked(thing.arn)):
                    found[thing.arn] = found.get(thing.arn, 0) | 1 << i
        return found

    def _key(self, action: str, thing: Thing) -> tuple[object, ...]:
        view = self.views[action]
        parts = split_arn(thing.arn)
        known: tuple[object, ...] = (self._mask(thing.arn) & view.patterns, parts[1], parts[4])
        if parts[5].startswith(RESERVED_PATHS):
            known += (parts[5].split("/")[1],)
        if view.tags:
            known += (thing.tags is None, tuple(values_of(view.tags.values(), thing).items()))
        if view.bounded:
            known += (thing.boundary,)
        return known

    def context(self, action: str, thing: Thing) -> dict[str, Any]:
        """Return what is known of the context of a request about a thing, as far as statements about the action look
        at it: its tags and its boundary.
        """
        view, lower = self.views[action], ascii_lower(action)
        fitting = (key for key in view.tags.values() if catalog().key_fits(key.lower(), lower))
        known: dict[str, Any] = values_of(fitting, thing)
        if view.bounded and thing.boundary is not None and catalog().key_fits(BOUNDARY, lower):
            known["iam:PermissionsBoundary"] = thing.boundary or None
        return known

    def _special(self, who: Principal, action: str) -> tuple[tuple[str, str], ...] | None:
        """The patterns with variables in the principal's statements, filled in; None where one cannot be."""
        bit = self.bits[action]
        found: dict[tuple[str, str], None] = {}
        lookup: Lookup | None = None
        for policy in (*policies_of(self.snapshot.stack(who)), *self.controls):
            for named, kind, pattern in self.templates.get(id(policy), ()):
                if not named & bit:
                    continue
                lookup = lookup or lookup_of(self.snapshot, who, action)
                text = substitute_arn(read_template(pattern), lookup)
                if text is None:
                    return None
                if isinstance(text, str):
                    found[kind, text] = None
        return tuple(found)


RESERVED_PATHS = ("role/aws-reserved/", "role/aws-service-role/")  # rule L9 looks at these


def policies_of(stack: PolicyStack) -> Iterator[Policy]:
    """Return the policies of a principal's own layers."""
    return chain(*stack.principal_layers)


@lru_cache(65_536)
def _asked(arn: str) -> tuple[str, ...]:
    return tuple(literal(part) for part in split_arn(arn))


def lookup_of(snapshot: Snapshot, who: Principal, action: str) -> Lookup:
    """Return what tells the values of condition keys for a principal's request."""
    return Question(Request(who.arn, action, who.arn, snapshot.request_context(who, UNKNOWN_CONTEXT))).lookup


def _sorted_patterns(statement: Statement, *, variables: bool) -> tuple[list[str], list[str]]:
    """A statement's resource patterns: those that are plain, and those with variables."""
    plain, variable = [], []
    for pattern in statement.resources or ():
        if not (variables and has_variable(pattern)):
            plain.append(pattern)
        elif (template := read_template(pattern)).variables:
            variable.append(pattern)
        else:
            plain.append("".join(part for part in template.parts if isinstance(part, str)))
    return plain, variable


def _keys(statement: Statement, *, variables: bool) -> Iterator[str]:
    """The condition keys that a statement looks at."""
    for test in statement.conditions:
        yield test.key
        for value in test.values if variables else ():
            if isinstance(value, str) and has_variable(value):
                yield from (variable.key for variable in read_template(value).variables)


def _grouped(things: Sequence[Thing], key: Callable[[Thing], object]) -> tuple[tuple[Thing, ...], ...]:
    found: dict[object, list[Thing]] = {}
    for thing in things:
        found.setdefault(key(thing), []).append(thing)
    return tuple(tuple(group) for group in found.values())


def _split(groups: Iterable[tuple[Thing, ...]], matched: Mapping[str, int]) -> Iterator[tuple[Thing, ...]]:
    """The groups, those apart that are matched."""
    for group in groups:
        inside: dict[int, list[Thing]] = {}
        for thing in group:
            if bits := matched.get(thing.arn, 0):
                inside.setdefault(bits, []).append(thing)
        if not inside:
            yield group
            continue
        rest = tuple(thing for thing in group if thing.arn not in matched)
        yield from (rest,) if rest else ()
        yield from map(tuple, inside.values())


def values_of(keys: Iterable[str], thing: Thing) -> dict[str, Any]:
    """Return the values of tag keys for a thing, None for a tag that it does not have; nothing where its tags are not
    known.

    >>> values_of(["aws:ResourceTag/team"], Thing("arn:aws:iam::111122223333:user/ana", {"Team": "Red"}))
    {'aws:ResourceTag/team': 'Red'}
    """
    if thing.tags is None:
        return {}
    lower = {key.lower(): value for key, value in thing.tags.items()}
    return {key: lower.get(key.partition("/")[2].lower()) for key in keys}
