"""How a policy names one principal: the policy with only what it says of this one.

Principals whom a policy names alike, by their account say, share what is proved of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lexgraph.account.model import Principal, Snapshot
from lexgraph.conditions.context import UNKNOWN_CONTEXT
from lexgraph.evaluation.principals import ways
from lexgraph.evaluation.request import Question, Request
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.model import PatternSet, Policy, Statement

EVERYONE, ACCOUNT, ITSELF = "everyone", "account", "itself"
# For each statement, the ways in which it names somebody: these words, or a pattern where it is not known.
Signature = tuple[tuple[str, ...], ...]
_ANY_ID = "any id"


class Naming:
    """How the policies of resources name the principals of one account."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._questions: dict[str, Question] = {}
        # By identity: to hash a policy costs more than to look at it. Each keeps what the ids are of.
        self._by_text: dict[int, tuple[PatternSet, Mapping[str, tuple[str, ...]]]] = {}

    def of(self, policy: Policy, who: Principal) -> Signature:
        """Return how each statement of a policy names a principal."""
        return tuple(self._ways(statement, who) for statement in policy.statements)

    def _ways(self, statement: Statement, who: Principal) -> tuple[str, ...]:
        element = statement.principals
        if element is None:
            return ()
        texts = self._texts(element)
        patterns = dict.fromkeys(pattern for text in texts_of(who) for pattern in texts.get(text, ()))
        return tuple(sorted({way for pattern in patterns for way in self._way(pattern, who)}))

    def _texts(self, element: PatternSet) -> Mapping[str, tuple[str, ...]]:
        if id(element) not in self._by_text:
            found: dict[str, list[str]] = {}
            for pattern in element.patterns:
                for text in texts_in(pattern):
                    found.setdefault(text, []).append(pattern)
            self._by_text[id(element)] = (element, {text: tuple(some) for text, some in found.items()})
        return self._by_text[id(element)][1]

    def _way(self, pattern: str, who: Principal) -> Iterator[str]:
        found = ways(PatternSet((pattern,)), self._question(who))
        certain = {way for way, formula in found.items() if formula is not False}
        if any(not isinstance(formula, bool) for formula in found.values()):
            yield pattern
        elif certain:
            yield {"everyone": EVERYONE, "account": ACCOUNT}.get(min(certain), ITSELF)

    def _question(self, who: Principal) -> Question:
        if who.arn not in self._questions:
            context = self._snapshot.request_context(who, UNKNOWN_CONTEXT)
            self._questions[who.arn] = Question(Request(who.arn, "sts:AssumeRole", "*", context))
        return self._questions[who.arn]


def texts_of(who: Principal) -> tuple[str, ...]:
    """Return the texts by which a pattern may name a principal (see `texts_in`)."""
    front, _, rest = who.arn.partition(":role/")
    role = (f"{front}:role/{rest.rpartition('/')[2]}",) if rest else ()
    return tuple(dict.fromkeys(("", who.arn, *role, split_arn(who.arn)[4], who.unique_id or _ANY_ID)))


def texts_in(pattern: str) -> tuple[str, ...]:
    """Return the texts of those whom a pattern may name: an ARN, an account, a unique id; nothing for everyone.

    >>> texts_in("AWS:arn:aws:sts::111122223333:assumed-role/desk/ana")
    ('arn:aws:iam::111122223333:role/desk',)
    """
    kind, _, value = pattern.partition(":")
    if kind in ("Service", "Federated", "CanonicalUser"):
        return ()
    if not is_arn(value):
        return ("",) if value in ("", "*") else (value,) if value.isdigit() else (value, _ANY_ID)
    _, partition, service, _, account, rest = split_arn(value)
    if rest == "root":
        return (account,)
    if service == "sts" and rest.startswith("assumed-role/"):
        return (f"arn:{partition}:iam::{account}:role/{rest.split('/')[1]}",)
    return (value,)


def grants(policy: Policy | None, signature: Signature) -> bool:
    """Return whether a policy may allow something to somebody by itself: otherwise than through the account."""
    if policy is None:
        return False
    said = zip(policy.statements, signature, strict=True)
    return any(one.allows and (_is_negated(one) or set(names) - {ACCOUNT}) for one, names in said)


def delegates(policy: Policy | None, signature: Signature) -> bool:
    """Return whether a policy names somebody in an Allow in any way."""
    if policy is None:
        return False
    said = zip(policy.statements, signature, strict=True)
    return any(one.allows and (_is_negated(one) or names) for one, names in said)


def _is_negated(statement: Statement) -> bool:
    return statement.principals is not None and statement.principals.negated


def about(policy: Policy, who: Principal, signature: Signature) -> Policy:
    """Return a policy with only what it says of one principal, whom it names as in `signature`."""
    account = split_arn(who.arn)[4]
    spelled = {EVERYONE: "*", ACCOUNT: f"AWS:{account}", ITSELF: f"AWS:{who.arn}"}
    kept = []
    for statement, names in zip(policy.statements, signature, strict=True):
        patterns = tuple(spelled.get(name, name) for name in names)
        if patterns:
            kept.append(replace(statement, principals=PatternSet(patterns, _is_negated(statement))))
        elif _is_negated(statement):
            kept.append(replace(statement, principals=PatternSet(("*",))))  # rule S3: none of those who are meant
    return replace(policy, statements=tuple(kept))
