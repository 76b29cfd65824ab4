"""Answers about whole accounts, compared before anything is timed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from lexgraph.account.model import Principal, Snapshot
from lexgraph.policy.model import Statement
from side_by_side.comparing import Agreement, Comparison, Known, is_oddly_spelt
from side_by_side.inputs import Json

Explains = Callable[[Snapshot, Principal], bool]


def _statements(account: Snapshot, who: Principal) -> Iterable[Statement]:
    stack = account.stack(who)
    limits = (stack.boundary,) if stack.boundary else ()
    return (one for policy in (*stack.identity, *limits) for one in policy.statements)


def _holds_odd_names(account: Snapshot, who: Principal) -> bool:
    """Whether a policy of a principal writes a name or a prefix in another case than AWS's."""
    return any(is_oddly_spelt(list(one.actions.patterns)) for one in _statements(account, who))


def _is_limited(account: Snapshot, who: Principal) -> bool:
    """Whether a principal has a boundary, or a policy with a Deny or with NotAction."""
    return who.boundary is not None or any(not one.allows or one.actions.negated for one in _statements(account, who))


def _is_limited_or_odd(account: Snapshot, who: Principal) -> bool:
    return _is_limited(account, who) or _holds_odd_names(account, who)


# For W3: peer -> what is known. `explains` is given the account and a principal.
KNOWN_ACTION_SETS = {
    "cloudsplaining": Known(
        "it knows no boundary; a Deny takes away the whole action whatever its resource and condition, and only within "
        "its own policy",
        _is_limited_or_odd,
    ),
    "policy_sentry": Known(
        "it does not expand an upper-case service prefix, and leaves a name in the case that it is written in",
        _holds_odd_names,
    ),
}


def compare_action_sets(account: Snapshot, ours: Json, name: str, theirs: Json) -> Agreement:
    """Compare every principal's set on the actions that both catalogues have."""
    common = _bits(ours["known"]) & _bits(theirs["known"])
    known = KNOWN_ACTION_SETS.get(name)
    differing = [
        arn
        for arn, bits in ours["sets"].items()
        if (_bits(bits) ^ _bits(theirs["sets"].get(arn, ""))) & common or arn not in theirs["sets"]
    ]
    unknown = [arn for arn in differing if not (known and known.explains(account, account.principal(arn)))]
    scope = f"compared on {common.bit_count():,} common actions"
    if unknown:
        told = f"{len(unknown)} of {len(ours['sets']):,} sets differ for no known reason"
        return Agreement(f"{told} ({scope}), the first of {unknown[0]}", False, True)
    if not differing or known is None:
        return Agreement(f"the same sets, {scope}")
    return Agreement(f"{len(differing)} of {len(ours['sets']):,} sets differ: {known.why}; {scope}", known.right)


def _bits(text: str) -> int:
    return int.from_bytes(bytes.fromhex(text), "little")


def compare_who_can(data: Json, ours: list[list[str]], _name: str, theirs: list[list[str]]) -> Agreement:
    """Compare who is allowed, question by question."""
    pairs = zip(data["questions"], ours, theirs, strict=True)
    differing = [(question, set(mine) ^ set(other)) for question, mine, other in pairs if set(mine) != set(other)]
    number = sum(map(len, ours))
    if not differing:
        return Agreement(f"the same {number:,} answers")
    question, who = differing[0]
    told = f"{len(differing)} of {len(ours)} answers differ for no known reason"
    return Agreement(f"{told}, the first about {json.dumps(question)}: {min(who)}", False, True)


def compare_escalation(ours: Json, _name: str, theirs: Json) -> Agreement:
    """Count the pairs that both find, and those that only one does; what counts as an edge differs by design."""
    administrators = set(theirs.get("administrators", ()))
    mine = {tuple(pair) for pair in ours["pairs"] if pair[0] != pair[1] and pair[0] not in administrators}
    other = {tuple(pair) for pair in theirs["pairs"] if pair[0] not in administrators}
    told = f"{len(mine & other):,} pairs found by both, {len(mine - other):,} only by lexgraph"
    return Agreement(
        f"{told}, {len(other - mine):,} only by it; it looks at fewer ways, and tells nothing of administrators"
    )


def compare_numbers(what: str, ours: Any, _name: str, theirs: Any) -> Agreement:
    """Compare how much there is of something."""
    if ours != theirs:
        return Agreement(f"{what}: {theirs}, and lexgraph has {ours}", False, True)
    return Agreement(f"the same {what}: {ours:,}" if isinstance(ours, int) else f"the same {what}: {ours}")


def for_action_sets(account: Snapshot) -> Comparison:
    """Return what compares the action sets of an account's principals."""
    return partial(compare_action_sets, account)


def for_who_can(data: Json) -> Comparison:
    """Return what compares answers about who may do something."""
    return partial(compare_who_can, data)


def for_numbers(what: str) -> Comparison:
    """Return what compares numbers."""
    return partial(compare_numbers, what)
