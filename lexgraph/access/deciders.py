"""Which statement decided, in one line, without the work of a whole explanation."""

from __future__ import annotations

from collections.abc import Iterator

from lexgraph.evaluation.authorize import CompiledStack
from lexgraph.evaluation.decision import Decision
from lexgraph.evaluation.index import StatementIndex
from lexgraph.evaluation.request import Question
from lexgraph.evaluation.services import ALWAYS_ALLOWED

NO_ALLOW = "no Allow"
ALWAYS = "always allowed"


def decided_by(decision: Decision) -> str:
    """Return the statement that allowed or denied, as ``identity: <policy> #<statement> (<Sid>)``, or ``no Allow``.

    A statement that matches for certain comes before one that only may. Where a boundary lacks the Allow that the
    principal's own policies have, the answer is ``no Allow in the boundary``.
    """
    question = Question(decision.request)
    if question.action in ALWAYS_ALLOWED:
        return ALWAYS
    compiled = decision.stack.compiled
    wants_deny = decision.outcome == "explicitDeny"
    if decision.outcome == "implicitDeny":
        return _lacking(compiled, question)
    found = (_statement(index, question, deny=wants_deny) for index in _layers(compiled, deny=wants_deny))
    return next(filter(None, found), _unread(decision))


def _layers(compiled: CompiledStack, *, deny: bool) -> Iterator[StatementIndex]:
    yield compiled.identity
    if deny and compiled.boundary is not None:
        yield compiled.boundary
    if compiled.resource is not None:
        yield compiled.resource


def _lacking(compiled: CompiledStack, question: Question) -> str:
    for index in compiled.own_layers():
        allowed, _ = index.sides(question)
        if allowed is False:
            return NO_ALLOW if index.layer == "identity" else f"{NO_ALLOW} in the {index.layer}"
    return NO_ALLOW if compiled.resource is None else f"{NO_ALLOW} in the resource's policy"


def _statement(index: StatementIndex, question: Question, *, deny: bool) -> str | None:
    side = index.deny if deny else index.allow
    certain, maybe = index.match(question)
    bits = certain & side
    if not bits:
        bits = next((bit for bit, _ in maybe if bit & side), 0)
    if not bits:
        return None
    entry = index.entries[(bits & -bits).bit_length() - 1]
    sid = f" ({entry.statement.sid})" if entry.statement.sid else ""
    return f"{entry.layer}: {entry.policy.key} #{entry.statement_index}{sid}"


def _unread(decision: Decision) -> str:
    layers = ", ".join(decision.stack.unreadable)
    return f"unreadable: {layers}" if layers else NO_ALLOW
