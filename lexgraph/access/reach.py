"""How far a grant to callers from outside an account reaches: who of them can meet its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from lexgraph.access.outsiders import (
    ACCOUNT,
    ARN,
    PROVIDER,
    SERVICE,
    USER_ID,
    Inside,
    role_forms,
)
from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.context import ABSENT, Lookup, Values
from lexgraph.conditions.hints import Hint
from lexgraph.conditions.logic import Atom, Formula, Undecided, all_of, any_of, atoms, model, negate
from lexgraph.conditions.operators import read_network
from lexgraph.evaluation.callers import caller_of
from lexgraph.evaluation.index import condition_atom
from lexgraph.evaluation.principals import without_path
from lexgraph.evaluation.services import fixing_tests
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.model import ConditionTest, Statement
from lexgraph.policy.patterns import is_pattern
from lexgraph.reasoning.side import AnyCaller, OpenQuestion
from lexgraph.reasoning.variables import may_hold

Reach = Literal["public", "limited", "organization", "account", "service", "federated", "deleted", "unknown"]
REACHES: tuple[Reach, ...] = get_args(Reach)
ORG, ORG_PATHS = "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"
IS_SERVICE, KMS_ACCOUNT = "aws:PrincipalIsAWSService", "kms:CallerAccount"
BUDGET = 5_000  # partial evaluations that may be spent on one question about a formula
Kinds = tuple[tuple[ConditionTest, ...], ...]
_NULL = ("true",)


def _tests(*named: tuple[str, str, tuple[str, ...]]) -> tuple[ConditionTest, ...]:
    return tuple(ConditionTest(*one) for one in named)


def _absent(*keys: str) -> tuple[ConditionTest, ...]:
    return tuple(ConditionTest("Null", key, _NULL) for key in keys)


_NAMES = "aws:PrincipalServiceNamesList"
_ANONYMOUS = (
    *_tests(("StringEquals", ACCOUNT, ("anonymous",)), ("StringEquals", "aws:PrincipalType", ("Anonymous",))),
    *_tests(("StringEquals", USER_ID, ("anonymous",))),
    *_absent(ARN, IS_SERVICE, SERVICE, _NAMES, PROVIDER, KMS_ACCOUNT, "aws:username"),
)
_SIGNED = (
    *_tests(("Null", ACCOUNT, ("false",)), ("Null", ARN, ("false",)), ("Bool", IS_SERVICE, ("false",))),
    *_tests(("StringNotEquals", ACCOUNT, ("anonymous",)), ("StringNotEquals", "aws:PrincipalType", ("Anonymous",))),
    *_absent(SERVICE, _NAMES),
)
_SERVICE = (*_tests(("Bool", IS_SERVICE, ("true",))), *_absent(ACCOUNT, ARN, PROVIDER, "aws:username"))
_FEDERATED = _absent(ACCOUNT, ARN, IS_SERVICE, SERVICE, _NAMES, "aws:username")


def kinds_of(name: str, asked: frozenset[str] | None = None) -> Kinds:
    """Return the kinds of callers that a name means, each as conditions that hold for them; where the keys are given
    that are `asked` for, those on other keys are left out.

    >>> kinds_of("444455556666", frozenset({"aws:sourceip"}))
    ((),)
    """
    return tuple(
        tuple(test for test in kind if asked is None or test.key.lower() in asked) for kind in _all_kinds(name)
    )


def _all_kinds(name: str) -> Kinds:
    if name == "*":
        return _ANONYMOUS, _SIGNED, _SERVICE, _FEDERATED
    if name.isdigit():
        return (_tests(("Null", ARN, ("false",)), ("ArnLike", ARN, (f"arn:*:*:*:{name}:*",))),)
    caller = caller_of(name)
    if caller is None or caller.kind not in ("role", "session"):
        return ((),)
    forms = role_forms(caller) if caller.role is not None else (name, without_path(name))
    return (_tests(("Null", ARN, ("false",)), ("ArnLike", ARN, forms)),)


def _not_own(statements: Iterable[Statement], inside: Inside) -> tuple[ConditionTest, ...]:
    """Conditions that hold for nobody of the account itself, as far as the statements ask for whom."""
    own = inside.account
    if own is None:
        return ()
    values = (value for test in _tests_on(USER_ID, statements) for value in map(str, test.values))
    ids = {own, *(value.partition(":")[0] for value in values)} & {own, *inside.ids}
    return _tests(
        ("StringNotEquals", ACCOUNT, (own,)),
        ("StringNotEquals", KMS_ACCOUNT, (own,)),
        ("ArnNotLike", ARN, (f"arn:*:*:*:{own}:*",)),
        ("StringNotLike", USER_ID, tuple(text for one in sorted(ids) for text in (one, f"{one}:*"))),
    )


def _tests_on(key: str, statements: Iterable[Statement]) -> Iterator[ConditionTest]:
    return (test for one in statements for test in one.conditions if test.key.lower() == key.lower())


@dataclass(frozen=True, slots=True)
class Grant:
    """When a statement grants something to the callers that `name` means: a formula over the condition keys that do not
    follow from the name, which are in `keys`. `statements` are what it was made of, the Allow first.
    """

    name: str
    formula: Formula
    keys: Mapping[str, Values]
    statements: tuple[Statement, ...]

    def settled(self, inside: Inside) -> Formula:
        """Return the formula: True where it holds for all callers from outside that are meant, False where it does
        for none.
        """
        if isinstance(self.formula, bool):
            return self.formula
        own = _not_own(self.statements, inside) if self.name == "*" else ()
        kinds = [self._of((*kind, *own)) for kind in kinds_of(self.name)]
        try:
            if not any(_possible(all_of((self.formula, kind))) for kind in kinds):
                return False
            return self.formula if _possible(all_of((any_of(kinds), negate(self.formula)))) else True
        except Undecided:
            return self.formula

    def reach(self, inside: Inside) -> Reach:
        """Return how far a grant to everyone (``*``) reaches of which something is left for callers from outside."""
        if self.formula is True:
            return "public"
        try:
            found = (reach for reach, kinds in self._ladder(inside) if any(map(self._meets, kinds)))
            return next(found, "limited")
        except Undecided:
            return _written_reach(self.statements[0])

    def _ladder(self, inside: Inside) -> Iterator[tuple[Reach, Kinds]]:
        """Who may be let in, the widest first: strangers from anywhere, an organization, a place or an account."""
        own, fixed = _not_own(self.statements, inside), tuple(_strangers(self.statements, inside))
        anonymous, signed = (*_ANONYMOUS, *_absent(ORG, ORG_PATHS), *own), (*_SIGNED, *own)
        yield "public", ((*anonymous, *fixed), (*signed, *fixed))
        yield "organization", ((*signed, *(test for test in fixed if test.key not in (ORG, ORG_PATHS))),)
        yield "limited", (anonymous, (*signed, *(test for test in fixed if test.key == PROVIDER)))
        yield "service", ((*_SERVICE, *own),)
        yield "federated", ((*_FEDERATED, *own), signed)

    def _meets(self, kind: tuple[ConditionTest, ...]) -> bool:
        return _possible(all_of((self.formula, self._of(kind))))

    def _of(self, kind: Iterable[ConditionTest]) -> Formula:
        """The tests of a kind of callers that concern the formula."""
        asked = {key for atom in atoms(self.formula) for key in atom.keys}
        tests = (test for test in kind if test.key.lower() in asked)
        return all_of(
            _absence(test) if test.operator == "Null" else _formula(test, self.keys, variables=False) for test in tests
        )


def _absence(test: ConditionTest) -> Formula:
    """Whether a key is absent, or holds something: a test for Null takes an empty text for neither, which AWS never
    sends there.
    """
    key, absent = test.key.lower(), test.values == _NULL

    def holds(assigned: Lookup) -> bool | None:
        values = assigned(key)
        return None if values is None else values == ABSENT if absent else values not in (ABSENT, ("",))

    return Atom(("absent", absent, key), frozenset({key}), holds, (Hint(key, "Null", _NULL),), lambda opposite: key)


def _possible(formula: Formula) -> bool:
    """Whether some request meets a formula; a variable in a resource may make it so for a resource other than this."""
    return model(formula, budget=BUDGET) is not None or may_hold(formula, BUDGET)


def _written_reach(statement: Statement) -> Reach:
    """What the conditions of an Allow for everyone say, where what the Denies leave could not be searched."""
    keys = {test.key.lower() for test in fixing_tests(statement)}
    return "public" if not keys else "organization" if keys <= {ORG.lower(), ORG_PATHS.lower()} else "limited"


def conditions_of(statement: Statement, keys: Mapping[str, Values], *, variables: bool) -> Formula:
    """Return when the conditions of a statement hold, as a formula over the condition keys that are not in `keys`.

    >>> from lexgraph.policy.model import PatternSet
    >>> test = ConditionTest("StringEquals", "aws:PrincipalAccount", ("444455556666",))
    >>> statement = Statement("Allow", PatternSet(("s3:*",)), conditions=(test,))
    >>> conditions_of(statement, {"aws:principalaccount": ("444455556666",)}, variables=True)
    True
    """
    return all_of(_formula(test, keys, variables=variables) for test in statement.conditions)


def _formula(test: ConditionTest, keys: Mapping[str, Values], *, variables: bool) -> Formula:
    compiled = CompiledTest(test, variables=variables)
    question = OpenQuestion("sts:AssumeRole", "*", AnyCaller("*", None, keys, {}))
    truth = compiled.holds(question.lookup)
    return condition_atom(compiled, question) if truth is None else truth


# Values that whoever wants to can have are no limit (rule L10); of the others, that one has them all but public.
_TEXTS = frozenset(
    "aws:principalaccount kms:calleraccount aws:principalorgid aws:sourcevpc aws:sourcevpce aws:sourceaccount "
    "aws:sourceowner aws:sourceorgid aws:vpceaccount aws:vpceorgid aws:federatedprovider s3:dataaccesspointaccount "
    "s3:x-amz-server-side-encryption-aws-kms-key-id".split()
)
_PATHS = frozenset({"aws:principalorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths"})
_ARNS = frozenset({"aws:principalarn", "aws:sourcearn", "aws:sourcevpcarn", "s3:dataaccesspointarn"})
_OF_ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12})(?=[:*?]|$)", re.ASCII)
_SPELT = {key.lower(): key for key in (ACCOUNT, ARN, USER_ID, ORG, ORG_PATHS, PROVIDER)}


def _strangers(statements: Iterable[Statement], inside: Inside) -> Iterator[ConditionTest]:
    """Tests that hold for whoever has none of the fixed values that the conditions ask for."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    if inside.organization is not None:
        found["StringNotEqualsIgnoreCase", ORG] = {inside.organization: None}
    for test in (test for statement in statements for test in statement.conditions):
        key = test.key.lower()
        for operator, text in _unlike(key, map(str, test.values)):
            found.setdefault((operator, _SPELT.get(key, test.key)), {})[text] = None
    yield from (ConditionTest(*name, tuple(values)) for name, values in found.items())


def _unlike(key: str, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """An operator and a text for each fixed value: who meets it does not have that value."""
    for value in values:
        if key in _TEXTS and not _varies(value):
            yield "StringNotEqualsIgnoreCase", value
        elif key in _PATHS and not _varies(first := value.partition("/")[0]):
            yield "ForAllValues:StringNotLike", f"{first}/*"
        elif key == "aws:userid" and not _varies(first := value.partition(":")[0]):
            yield from (("StringNotLike", first), ("StringNotLike", f"{first}:*"))
        elif key == "aws:sourceip":
            network = read_network(value)
            if network is not None and network.prefixlen >= (8 if network.version == 4 else 32):
                yield "NotIpAddress", value
        elif key in _ARNS:
            yield from _unlike_arn(value)


def _unlike_arn(value: str) -> Iterator[tuple[str, str]]:
    of_account = _OF_ACCOUNT.match(value)
    if of_account is not None:
        yield "ArnNotLike", f"arn:*:*:*:{of_account[1]}:*"
    elif is_arn(value) and not _varies(split_arn(value)[5]) and split_arn(value)[2] == "s3":
        yield "ArnNotLike", value  # Nobody else can have a bucket of that name.
    elif not _varies(value):
        yield "StringNotEquals", value


def _varies(value: str) -> bool:
    return is_pattern(value) or "${" in value
