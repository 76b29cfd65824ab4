"""Callers from outside an account: what policies say of them, as conditions on the keys that tell who asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.context import ABSENT, Values
from lexgraph.evaluation.callers import Caller, caller_of, keys_of
from lexgraph.evaluation.principals import without_path
from lexgraph.policy.arn import account_of, is_arn, split_arn
from lexgraph.policy.model import ConditionTest, Statement
from lexgraph.policy.patterns import is_pattern

ACCOUNT, ARN, USER_ID = "aws:PrincipalAccount", "aws:PrincipalArn", "aws:userid"
SERVICE, PROVIDER = "aws:PrincipalServiceName", "aws:FederatedProvider"
MOST_SESSIONS = 4  # of one NotPrincipal, which twice as many statements say with every one more


@dataclass(frozen=True, slots=True)
class Inside:
    """What tells an account's own callers: its id, the unique ids of its users and roles, and its organization's id."""

    account: str | None
    ids: frozenset[str] = frozenset()
    organization: str | None = None

    def has(self, pattern: str) -> bool:
        """Return whether a principal, as a policy names it, is the account or one of its own."""
        kind, _, value = pattern.partition(":")
        if kind != "AWS" or self.account is None:
            return False
        return value == self.account or value in self.ids or (is_arn(value) and account_of(value) == self.account)


# What a statement says of the callers that a name means -------------------------------------------------------------

# Tests that hold together for one principal that a policy names: a base operator, a key and values each.
Mark = tuple[tuple[str, str, tuple[str, ...]], ...]
_NEGATED = {"StringEquals": "StringNotEquals", "StringLike": "StringNotLike", "ArnLike": "ArnNotLike"}


@dataclass(frozen=True, slots=True)
class Meant:
    """The callers from outside that a name in the policy of a resource means: an account's id, an ARN, ``*`` …

    `partition` is that of the resource; `keys` are the condition keys that follow from the name, lower-cased.
    """

    name: str
    inside: Inside
    partition: str
    keys: Mapping[str, Values]

    def said_by(self, statement: Statement, *, silent: bool = False) -> Iterator[Statement]:
        """Yield what a statement says of these callers, as statements that name nobody: who of them is meant stands in
        the conditions.

        `silent`: a statement without Principal is about everyone (rule S5).
        """
        element = statement.principals
        bare = replace(statement, principals=None)
        if element is None:
            yield from (bare,) if silent else ()
            return
        marks = [mark for one in element.patterns if (mark := self._mark(one, root=element.negated)) is not None]
        if () in marks:
            yield from () if element.negated else (bare,)
            return
        choices = _none_of(marks, widely=statement.allows) if element.negated else _any_of(marks)
        for tests in choices:
            if (left := open_tests(tests, self.keys, variables=False)) is not None:
                yield replace(bare, conditions=(*statement.conditions, *left))

    def _mark(self, pattern: str, *, root: bool) -> Mark | None:
        """Under which tests one of these callers is the one that a pattern names; () for always, None for never.

        With `root`, an account means its root user only (rule P3).
        """
        kind, _, value = pattern.partition(":")
        same = self.name in (pattern, root_account(value) or value)
        if pattern in ("*", "AWS:*") or (same and not (root and self.name.isdigit())):
            return ()
        if self.inside.has(pattern):
            return None
        if kind == "Service":
            return None if self.name.startswith("Federated:") else (("StringEquals", SERVICE, (value,)),)
        if kind == "Federated":
            return (("StringEquals", PROVIDER, (value,)),) if self.name == "*" else None
        if kind != "AWS" or self.name.startswith(("Service:", "Federated:")):
            return None
        return _aws_mark(value, self.name, self.partition, root=root)


def open_tests(
    tests: Iterable[ConditionTest], keys: Mapping[str, Values], *, variables: bool
) -> tuple[ConditionTest, ...] | None:
    """Return the tests that known keys do not decide, None where one of them fails.

    >>> test = ConditionTest("StringEquals", "aws:PrincipalAccount", ("444455556666",))
    >>> open_tests([test], {"aws:principalaccount": ("444455556666",)}, variables=False)
    ()
    """
    found = []
    for test in tests:
        known = test.key.lower() in keys
        truth = CompiledTest(test, variables=variables).holds(keys.get) if known else None
        if truth is False:
            return None
        if truth is None:
            found.append(test)
    return tuple(found)


def _root_of(account: str, partition: str) -> Mark:
    return (("StringEquals", ARN, (f"arn:{partition}:iam::{account}:root",)),)


def _aws_mark(value: str, name: str, partition: str, *, root: bool) -> Mark | None:
    account, own = root_account(value), root_account(name) or account_of(name)
    if own is not None and is_arn(value) and account_of(value) != own:
        return None
    if account is not None:
        return _root_of(account, partition) if root else (("StringEquals", ACCOUNT, (account,)),)
    caller = caller_of(value)
    if caller is not None and caller.kind == "session":
        if is_pattern(value) or ":assumed-role/" in name:
            return None  # One session is not another one.
        return ("ArnLike", ARN, role_forms(caller)), ("StringLike", USER_ID, (f"*:{caller.name}",))
    if is_arn(value):
        # A role names its sessions too, whose ARN may have no path (rule P2).
        return (("StringEquals", ARN, tuple(dict.fromkeys((value, without_path(value))))),)
    return None if is_pattern(value) else (("StringLike", USER_ID, (value, f"{value}:*")),)


def root_account(value: str) -> str | None:
    """Return the account that a principal of the type AWS is, by its id or as its root.

    >>> root_account("arn:aws:iam::111122223333:root"), root_account("arn:aws:iam::111122223333:user/ana")
    ('111122223333', None)
    """
    if value.isdigit():
        return value
    if not is_arn(value) or split_arn(value)[2] != "iam" or split_arn(value)[5] != "root":
        return None
    return account_of(value)


def role_forms(caller: Caller) -> tuple[str, ...]:
    """Return patterns of a session's role, with any path.

    >>> role_forms(caller_of("arn:aws:sts::111122223333:assumed-role/r/ana"))
    ('arn:aws:iam::111122223333:role/r', 'arn:aws:iam::111122223333:role/*/r')
    """
    front, _, role = str(caller.role).partition(":role/")
    return f"{front}:role/{role}", f"{front}:role/*/{role}"


def _any_of(marks: Iterable[Mark]) -> Iterator[tuple[ConditionTest, ...]]:
    """Conditions of which one holds for whoever has one of the marks."""
    some = tuple(marks)
    for one in _grouped(mark[0] for mark in some if len(mark) == 1):
        yield (ConditionTest(*one),)
    yield from (tuple(ConditionTest(*one) for one in mark) for mark in some if len(mark) > 1)


def _none_of(marks: Iterable[Mark], *, widely: bool) -> Iterator[tuple[ConditionTest, ...]]:
    """Conditions of which one holds for whoever has none of the marks.

    Of very many sessions each stands for its whole role; or, where it is said `widely`, for nobody: so a Deny is never
    about too many, and an Allow never about too few.
    """
    some = tuple(marks)
    alone = [mark[0] for mark in some if len(mark) == 1]
    several = [mark for mark in some if len(mark) > 1]
    if len(several) > MOST_SESSIONS:
        several = [] if widely else [mark[:1] for mark in several]
    for chosen in product(*several):
        yield tuple(ConditionTest(_NEGATED[op], key, values) for op, key, values in _grouped((*alone, *chosen)))


def _grouped(tests: Iterable[tuple[str, str, tuple[str, ...]]]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Tests of one key with one operator as one."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for operator, key, values in tests:
        found.setdefault((operator, key), {}).update(dict.fromkeys(values))
    yield from ((*name, tuple(values)) for name, values in found.items())


# What is known of the callers that a name means ---------------------------------------------------------------------


def meant(name: str, inside: Inside, partition: str) -> Meant:
    """Return the callers that a name means.

    >>> meant("444455556666", Inside("111122223333"), "aws").keys["aws:principalaccount"]
    ('444455556666',)
    """
    return Meant(name, inside, partition, _keys_known(name))


def _keys_known(name: str) -> dict[str, Values]:
    """The condition keys that follow from a caller's name; none for ``*``."""
    if name.isdigit():
        kept = {"aws:principalisawsservice": ("false",), "aws:principalservicename": ABSENT}
        return {"aws:principalaccount": (name,), "kms:calleraccount": (name,), **kept}
    caller = None if name == "*" else caller_of(name)
    if caller is None:
        return {}
    found = dict(keys_of(caller))
    if caller.account is not None:
        found["kms:calleraccount"] = (caller.account,)
    if caller.kind == "session" or (caller.kind == "role" and name != without_path(name)):
        found.pop("aws:principalarn", None)  # with the path or without it
    return found


def keys_asked(statements: Iterable[Statement]) -> frozenset[str] | None:
    """Return the condition keys that statements ask for, lower-cased; None where variables may ask for any.

    >>> from lexgraph.policy.model import PatternSet
    >>> test = ConditionTest("StringEquals", "aws:PrincipalOrgID", ("o-a1b2c3d4e5",))
    >>> keys_asked([Statement("Allow", PatternSet(("s3:*",)), conditions=(test,))])
    frozenset({'aws:principalorgid'})
    """
    found: set[str] = set()
    for one in statements:
        texts = (*(one.resources or ()), *(str(value) for test in one.conditions for value in test.values))
        if any("${" in text for text in texts):
            return None
        found.update(test.key.lower() for test in one.conditions)
    return frozenset(found)
