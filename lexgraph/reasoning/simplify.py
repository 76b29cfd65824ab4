"""The same policy with less in it, and the proof that it is the same.

Only what is redundant goes: patterns that another one covers, statements that others make needless, statements that
differ in one list and can be one. A list is never shortened to a wildcard, which would also match tomorrow's actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lexgraph.catalog.actions import catalog
from lexgraph.errors import UnsupportedError
from lexgraph.policy.intersect import covers
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.policy.patterns import ascii_lower
from lexgraph.policy.write import write_policy
from lexgraph.reasoning.contain import Answer, equivalent

KINDS = frozenset({"identity", "boundary", "session", "scp"})


@dataclass(frozen=True, slots=True)
class Simplified:
    """A policy that allows the same requests with less text.

    `removed` says what went, in words; statements are counted as in the original. `proof` holds (its ``holds`` is
    True) wherever something was removed.
    """

    policy: Policy
    removed: tuple[str, ...]
    proof: Answer


@dataclass(frozen=True, slots=True)
class _Draft:
    """Statements with their places in the original, and what went so far."""

    statements: tuple[tuple[int, Statement], ...]
    removed: tuple[str, ...] = ()

    def policy(self, like: Policy) -> Policy:
        return replace(like, statements=tuple(statement for _, statement in self.statements))


def simplify(policy: Policy) -> Simplified:
    """Return a policy that allows exactly what `policy` allows, without what is redundant in it.

    Raises UnsupportedError for a policy that names principals.

    >>> from lexgraph.policy.parse import parse_policy
    >>> one = {"Effect": "Allow", "Action": ["lex:*", "lex:GetBot"], "Resource": "*"}
    >>> two = {"Effect": "Allow", "Action": "lex:GetBots", "Resource": "*"}
    >>> found = simplify(parse_policy({"Statement": [one, two]}))
    >>> found.removed, found.proof.holds
    (('statement 0: action lex:GetBot', 'statement 1'), True)
    """
    if policy.kind not in KINDS:
        raise UnsupportedError(f"a policy of the kind {policy.kind} names principals and is not simplified")
    draft = _without_covered(_Draft(tuple(enumerate(policy.statements))))
    for step in (_without_statements, _without_patterns, _merged):
        draft = step(policy, draft)
    made = draft.policy(policy)
    proof = equivalent(policy, made)
    # Without a proof, and where merging made it no shorter, all stays as it was.
    if draft.removed and proof.holds is True and _size(made) < _size(policy):
        return Simplified(made, draft.removed, proof)
    return Simplified(policy, (), equivalent(policy, policy))


def _size(policy: Policy) -> int:
    return len(write_policy(policy, indent=None))


def _without_covered(draft: _Draft) -> _Draft:
    """Drop patterns that another pattern of the same list covers."""
    statements, removed = [], list(draft.removed)
    for place, statement in draft.statements:
        actions = _uncovered([ascii_lower(p) for p in statement.actions])
        removed += _words(place, "action", statement.actions, actions)
        statement = replace(statement, actions=_kept(statement.actions, actions))
        if statement.resources is not None:
            resources = _uncovered(list(statement.resources), parts=True)
            removed += _words(place, "resource", statement.resources, resources)
            statement = replace(statement, resources=_kept(statement.resources, resources))
        statements.append((place, statement))
    return _Draft(tuple(statements), tuple(removed))


def _uncovered(patterns: Sequence[str], *, parts: bool = False) -> list[int]:
    """The places of the patterns that no other one covers; of equal ones the first stays."""
    found = []
    for i, one in enumerate(patterns):
        others = ((j, other) for j, other in enumerate(patterns) if j != i)
        if not any(_covers(other, one, parts) and (j < i or not _covers(one, other, parts)) for j, other in others):
            found.append(i)
    return found


def _covers(wide: str, narrow: str, parts: bool) -> bool:
    """Whether a pattern covers another one; patterns with variables only themselves."""
    if wide in ("*", narrow):
        return True
    if "${" in wide or "${" in narrow:
        return False
    if not parts:
        return covers(wide, narrow)
    mine, other = wide.split(":", 5), narrow.split(":", 5)
    return len(mine) == len(other) and all(covers(a, b) for a, b in zip(mine, other, strict=True))


def _kept(element: PatternSet, places: Sequence[int]) -> PatternSet:
    if len(places) == len(element.patterns):
        return element
    return PatternSet(tuple(element.patterns[i] for i in places), element.negated)


def _words(place: int, what: str, element: PatternSet, places: Sequence[int]) -> Iterator[str]:
    kept = set(places)
    yield from (f"statement {place}: {what} {p}" for i, p in enumerate(element.patterns) if i not in kept)


def _without_statements(policy: Policy, draft: _Draft) -> _Draft:
    """Drop statements that change nothing, the last first."""
    for place, statement in reversed(draft.statements):
        rest = tuple(pair for pair in draft.statements if pair[0] != place)
        if rest and (not statement.allows or _named_elsewhere(statement, rest)):
            draft = _if_equal(policy, draft, _Draft(rest, (*draft.removed, f"statement {place}")))
    return draft


def _named_elsewhere(statement: Statement, rest: Sequence[tuple[int, Statement]]) -> bool:
    """Whether every known action of an Allow is named by others: only then it may be needless."""
    left = _bits(statement)
    for _, other in rest:
        if other.allows:
            left &= ~_bits(other)
    return not left


def _bits(statement: Statement) -> int:
    return catalog().bits_of(statement.actions.patterns, statement.actions.negated)


def _without_patterns(policy: Policy, draft: _Draft) -> _Draft:
    """Drop single actions and resources that other statements make needless."""
    for place, _ in draft.statements:
        for element in ("actions", "resources"):
            at = 0
            while at < len(_element(draft, place, element)) > 1:
                shorter = _shorter(draft, place, element, at)
                equal = draft if shorter is None else _if_equal(policy, draft, shorter)
                at, draft = (at + 1, draft) if equal is draft else (at, equal)
    return draft


def _element(draft: _Draft, place: int, element: str) -> PatternSet:
    found: PatternSet | None = getattr(dict(draft.statements)[place], element)
    return PatternSet(()) if found is None else found


def _shorter(draft: _Draft, place: int, element: str, at: int) -> _Draft | None:
    """The draft without one pattern of one statement, None where that cannot be the same."""
    patterns = _element(draft, place, element)
    statement = dict(draft.statements)[place]
    gone = patterns.patterns[at]
    if element == "actions":
        lost = replace(statement, actions=PatternSet((gone,)))
        rest = [pair for pair in draft.statements if pair[0] != place]
        if patterns.negated or (statement.allows and not (_bits(lost) and _named_elsewhere(lost, rest))):
            return None
    elif not any(pair[0] != place and _bits(pair[1]) & _bits(statement) for pair in draft.statements):
        return None
    left = _kept(patterns, [i for i in range(len(patterns)) if i != at])
    new = replace(statement, actions=left) if element == "actions" else replace(statement, resources=left)
    statements = tuple((i, new if i == place else old) for i, old in draft.statements)
    return _Draft(statements, (*draft.removed, f"statement {place}: {element[:-1]} {gone}"))


def _merged(policy: Policy, draft: _Draft) -> _Draft:
    """Join statements that differ in their actions only, or in their resources only."""
    for place, statement in draft.statements:
        for earlier, other in draft.statements:
            if earlier >= place or place not in dict(draft.statements):
                break
            joined = _joined(other, statement)
            if joined is not None:
                rest = tuple((i, joined if i == earlier else old) for i, old in draft.statements if i != place)
                words = f"statement {place}, now part of statement {earlier}"
                draft = _if_equal(policy, draft, _Draft(rest, (*draft.removed, words)))
    return draft


def _joined(a: Statement, b: Statement) -> Statement | None:
    """Two statements as one, None where that would say something else."""
    if (a.effect, a.principals, a.conditions, a.empty) != (b.effect, b.principals, b.conditions, b.empty):
        return None
    if a.resources == b.resources and not (a.actions.negated or b.actions.negated):
        return replace(a, actions=_union(a.actions, b.actions))
    if a.actions == b.actions and a.resources and b.resources and not (a.resources.negated or b.resources.negated):
        return replace(a, resources=_union(a.resources, b.resources))
    return None


def _union(a: PatternSet, b: PatternSet) -> PatternSet:
    return PatternSet(tuple(dict.fromkeys((*a.patterns, *b.patterns))))


def _if_equal(policy: Policy, draft: _Draft, shorter: _Draft) -> _Draft:
    """The shorter draft where it is proved to allow the same as the other one."""
    return shorter if equivalent(draft.policy(policy), shorter.policy(policy)).holds is True else draft
