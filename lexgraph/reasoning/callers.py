"""Who asks, where policies name principals: finitely many callers that stand for all.

A caller is told from another one by how the Principal elements name it, and by the condition keys that follow from it:
its ARN, its account, its name. ARNs fall into regions as resources do (see :mod:`lexgraph.reasoning.questions`), and
one caller of each region is asked about. A key of which the regions cannot be listed (it stands in a variable, say)
stays free: what is proved then holds for more callers than there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, count

from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.context import Values
from lexgraph.conditions.hints import Hint, condition_hints
from lexgraph.conditions.variables import read_template
from lexgraph.evaluation.authorize import WITH_IDENTITY
from lexgraph.evaluation.callers import Caller, caller_of, keys_of, read_caller
from lexgraph.evaluation.index import Entry
from lexgraph.evaluation.principals import PrincipalIndex, named_ways
from lexgraph.evaluation.request import USER_ID
from lexgraph.evaluation.services import LINKED
from lexgraph.policy.arn import is_arn, literal, split_arn, unliteral
from lexgraph.policy.intersect import FRESH, TooManyPatterns, intersect
from lexgraph.policy.patterns import compile_glob, is_pattern
from lexgraph.reasoning.questions import common_part, lengths
from lexgraph.reasoning.side import ACCOUNT, AnyCaller, OpenQuestion, Side

ARN, ACCOUNT_KEY, NAME, SERVICE = (
    "aws:principalarn",
    "aws:principalaccount",
    "aws:username",
    "aws:principalservicename",
)
OWNER = "aws:resourceaccount"
# What a key may be held against so that its regions can be listed.
_LISTED = {
    ARN: {"Literal", "Like", "Arn", "Null"},
    NAME: {"Literal", "Like", "Null"},
    SERVICE: {"Literal", "Like", "Null"},
    ACCOUNT_KEY: {"Literal", "Null"},
    OWNER: {"Literal", "Null"},
}
Held = tuple[str, str]  # a family of operators, and a pattern that a key is held against with it
_DIGITS = re.compile(r"(?<!\d)\d{12}(?!\d)", re.ASCII)
# Digits that may be a part of an account's number, so that accounts that nobody names are not all alike.
_PART_OF_NUMBER = re.compile(r"[*?}]\d{1,11}(?!\d)|(?<!\d)\d{1,11}(?=[*?]|\$\{)|\d{13}", re.ASCII)
_PART_OF_ACCOUNT = re.compile(r"(?!\d{12}$)[*?]*\d[\d*?]*", re.ASCII)
_OTHER_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
MANY_CALLERS = 6_000  # that are looked at
MANY_REGIONS = 400  # of the users, or the roles, of one account


class Callers:
    """The callers that two sides tell apart, and whose the resources may be; `only` where just one is asked about.

    Raises TooManyPatterns where they would be more than anybody could ask about.
    """

    def __init__(self, sides: tuple[Side, ...], only: str | None = None) -> None:
        self.sides = sides
        self.only = only is not None
        self.entries: tuple[Entry, ...] = tuple(entry for side in sides for entry, _ in side.statements)
        self.tests: dict[str, list[CompiledTest]] = {}
        for entry in self.entries:
            for test in entry.tests:
                self.tests.setdefault(test.key, []).append(test)
        self.naming = tuple(self._distinct_naming())
        self.variables = frozenset(_variable_keys(self.entries))
        self.partitions = tuple(dict.fromkeys(self._partitions()))
        self.fixed = frozenset(key for key in _LISTED if self._can_be_fixed(key))
        self.documents = all(side.document is not None for side in sides)
        self.accounts = tuple(sorted(set(self._accounts())))
        fresh = (account for account in chain((ACCOUNT,), other_accounts()) if account not in self.accounts)
        self.here, self.elsewhere = next(fresh), next(fresh)
        self.alike: dict[tuple[object, ...], tuple[AnyCaller, ...]] = {}  # all that are treated alike, by how
        self.all = self._distinct((self.caller(only),) if only is not None else self._drawn())

    @property
    def all_keys_follow(self) -> bool:
        """Whether no key that follows from the caller was left free."""
        return all(key in self.fixed for key in (*_LISTED, USER_ID) if key in self.tests or key in self.variables)

    @property
    def unlisted(self) -> str:
        """Why there may be callers that none of these stands for, or nothing."""
        bound = any(side.stack.scps or side.stack.rcps for side in self.sides)
        if self.documents or self.only or not bound or ARN in self.fixed:
            return ""
        return "the ARNs of service-linked roles, which some layers do not bind, could not be listed"

    def _distinct_naming(self) -> Iterable[tuple[PrincipalIndex, Entry]]:
        """The statements that name callers, one for all that do it alike."""
        found: dict[tuple[object, ...], tuple[PrincipalIndex, Entry]] = {}
        indexes = (index for side in self.sides for index in side.compiled.all_layers())
        for index in (index for index in indexes if isinstance(index, PrincipalIndex)):
            for entry in index.entries:
                alike = (index.bounded, index.silent, entry.statement.allows, entry.statement.principals)
                found.setdefault(alike, (index, entry))
        return found.values()

    # What the policies say of callers ---------------------------------------------------------------------------------

    def _can_be_fixed(self, key: str) -> bool:
        """Whether the values of a key that the policies tell apart can be listed; else it stays free."""
        families = all(hint.family in _LISTED[key] for hint in self._hints(key))
        if key in (ACCOUNT_KEY, OWNER):
            within = all(test.keys <= {ACCOUNT_KEY, OWNER} for test in self.tests.get(key, ()))
            return families and within and not (key in self.variables and self._numbers_in_parts())
        if self.only:
            return True
        if key in self.variables or not families or any(hint.partial for hint in self._hints(key)):
            return False
        return key != ARN or not any(self._tells_accounts(*held) for held in self._texts(ARN))

    def _numbers_in_parts(self) -> bool:
        """Whether a text that accounts may be held against, in a variable, tells them by a part of their number."""
        values = (str(value) for entry in self.entries for test in entry.tests for value in test.source.values)
        resources = (pattern for entry in self.entries for pattern in entry.statement.resources or ())
        return any(map(_PART_OF_NUMBER.search, chain(values, resources)))

    def _tells_accounts(self, family: str, pattern: str) -> bool:
        """Whether a pattern of ARNs tells accounts by a part of their number."""
        if family == "Arn":
            return _PART_OF_ACCOUNT.fullmatch("".join(split_arn(pattern)[4:5])) is not None
        if not any(map(str.isdigit, _DIGITS.sub("", pattern))):
            return False
        ends = ("iam::*:user/*", "iam::*:role/*", "sts::*:federated-user/*")
        bases = (f"arn:{partition}:{end}" for partition in self.partitions or ("aws",) for end in ends)
        pieces = chain.from_iterable(intersect(base, pattern) for base in bases)
        return any(_PART_OF_ACCOUNT.fullmatch(piece.split(":")[4]) for piece in pieces)

    def _hints(self, key: str) -> Iterator[Hint]:
        for test in self.tests.get(key, ()):
            yield condition_hints(test, test.keys, lambda _: None)[0]

    def _patterns(self, key: str) -> Iterator[Held]:
        """The patterns that a key is held against, where its values are listed."""
        yield from self._texts(key) if key in self.fixed else ()

    def _texts(self, key: str) -> Iterator[Held]:
        """The patterns that a key is held against, what is no wildcard spelled so."""
        for hint in self._hints(key):
            yield from ((hint.family, literal(text) if hint.family == "Literal" else text) for text in hint.texts)

    def principals(self) -> Iterator[str]:
        """Yield the patterns of all Principal and NotPrincipal elements."""
        for entry in self.entries:
            yield from entry.statement.principals or ()

    def _accounts(self) -> Iterator[str]:
        yield from (found for pattern in self.principals() for found in _DIGITS.findall(pattern))
        whole = not self.documents or not {ACCOUNT_KEY, OWNER}.isdisjoint(self.variables)
        for test in (test for tests in self.tests.values() for test in tests):
            if whole or test.key in (ARN, ACCOUNT_KEY, OWNER, USER_ID):
                yield from (found for value in test.source.values for found in _DIGITS.findall(str(value)))
        for entry in self.entries if whole or OWNER in self.tests else ():
            yield from (found for pattern in entry.statement.resources or () for found in _DIGITS.findall(pattern))

    # The callers ------------------------------------------------------------------------------------------------------

    def _drawn(self) -> Iterator[AnyCaller]:
        patterns = tuple(dict.fromkeys(self._caller_patterns()))
        for partition in self.partitions or ("aws",):
            for account in (self.here, *self._unlike_accounts()):
                yield from self._of_account(partition, account, patterns)
        yield self.caller("*")
        services = (("Literal", literal(name)) for name in self._named("Service"))
        yield from map(self.caller, _regions("Service:", [text for _, text in (*services, *self._patterns(SERVICE))]))
        for provider in (*self._named("Federated"), FRESH):
            yield self.caller(f"Federated:{provider}")

    def _unlike_accounts(self) -> tuple[str, ...]:
        """One account for all that the policies name in the same places: these may change their parts."""
        if self._numbers_in_parts():
            return self.accounts
        places: dict[str, set[tuple[int, str]]] = {account: set() for account in self.accounts}
        for number, entry in enumerate(self.entries):
            conditions = (f"{test.name} {test.key} {value}" for test in entry.tests for value in test.source.values)
            principals, resources = entry.statement.principals or (), entry.statement.resources or ()
            for text in (*conditions, *principals, *(f"on {pattern}" for pattern in resources)):
                for account in _DIGITS.findall(text):
                    places.setdefault(account, set()).add((number, text.replace(account, "#")))
        alike = {frozenset(places[account]): account for account in reversed(self.accounts)}
        kept = set(alike.values())
        return tuple(account for account in self.accounts if account in kept)

    def _caller_patterns(self) -> Iterator[Held]:
        yield from self._patterns(ARN)
        yield from (("Literal", literal(value)) for value in self._named("AWS") if is_arn(value))
        for role in dict.fromkeys(session.role for session in self._named_sessions()):
            account, name = literal(str(role)).split(":role/")
            yield from (("Arn", f"{account}:role/{name}"), ("Arn", f"{account}:role/*/{name}"))
        paths = any(is_pattern(pattern) for _, pattern in self._patterns(ARN))
        for _, name in self._patterns(NAME):
            yield "Arn", f"arn:*:iam::*:user/{name}"
            if paths:  # else no path is told from none, but in the ARNs that are named as they are
                yield "Arn", f"arn:*:iam::*:user/*/{name}"
        if not self.documents:
            yield "Arn", "arn:*:iam::*:role/aws-service-role/*"

    def _named(self, kind: str) -> Iterator[str]:
        for pattern in dict.fromkeys(self.principals()):
            front, _, value = pattern.partition(":")
            if front == kind and value != "*":
                yield value

    def _named_sessions(self) -> Iterator[Caller]:
        for value in self._named("AWS"):
            if ":assumed-role/" in value and (caller := caller_of(value)):
                yield caller

    def _partitions(self) -> Iterator[str]:
        """The partitions that are named, and where a pattern leaves it open, others."""
        conditions = (value for test in self.tests.get(ARN, ()) for value in map(str, test.source.values))
        arns = (split_arn(value) for value in chain(self._named("AWS"), conditions))
        named = {parts[1] for parts in arns if parts[0].startswith("arn") and len(parts) > 1}
        yield from sorted(name for name in named if name.startswith("aws") and not is_pattern(name))
        if any(map(is_pattern, named)):
            yield from _OTHER_PARTITIONS

    def _of_account(self, partition: str, account: str, patterns: tuple[Held, ...]) -> Iterator[AnyCaller]:
        front = f"arn:{partition}:iam::{account}"
        yield from map(self.caller, _of_kind(f"{front}:user/", patterns))
        for role in _of_kind(f"{front}:role/", patterns):
            yield self.caller(role)
            sessions = f"arn:{partition}:sts::{account}:assumed-role/{role.rpartition('/')[2]}/"
            named = (session.text for session in self._named_sessions() if session.text.startswith(sessions))
            yield from (self.caller(session, role) for session in (f"{sessions}{FRESH}", *named))
        yield from map(self.caller, _of_kind(f"arn:{partition}:sts::{account}:federated-user/", patterns))
        if self.documents:
            yield self.caller(f"{front}:root")

    def caller(self, principal: str, role: str | None = None) -> AnyCaller:
        """Return a caller with the keys that follow from it; `role` is a session's, with its path."""
        caller = read_caller(principal)
        keys = dict(keys_of(caller))
        if role is not None and caller.role != role:
            keys[ARN] = (role,)
        fixed = self.fixed.union(_ALWAYS_FIXED, (USER_ID,) if caller.kind in ("anonymous", "root") else ())
        held = {key: values for key, values in keys.items() if key in fixed}
        given: dict[str, Values] = {ARN: held[ARN]} if ARN in held and keys_of(caller).get(ARN) != held[ARN] else {}
        return AnyCaller(principal, caller.account, held, given, sessions_apart=not self.only)

    def _distinct(self, callers: Iterable[AnyCaller]) -> tuple[AnyCaller, ...]:
        """One caller for all that the policies treat alike."""
        found: dict[tuple[object, ...], list[AnyCaller]] = {}
        for number, caller in enumerate(callers):
            if number >= MANY_CALLERS:
                raise TooManyPatterns(f"there are more than {MANY_CALLERS:,} callers to tell apart")
            found.setdefault(self.treatment(caller), []).append(caller)
        self.alike = dict(zip(found, map(tuple, found.values()), strict=True))
        return tuple(some[0] for some in found.values())

    def treatment(self, caller: AnyCaller) -> tuple[object, ...]:
        """How the policies treat a caller: equal for two that they cannot tell apart."""
        question = OpenQuestion("lex:GetBot", "*", caller)
        told: list[object] = [caller.keys.get(key) for key in sorted(self.variables)]
        told += self._named_by(question)
        for key in (*sorted(self.fixed), *_ALWAYS_FIXED, USER_ID):
            told += (test.holds(question.lookup) for test in self.tests.get(key, ()))
        if not self.documents:
            told += (caller.account, _standing(question.caller), is_service_linked(caller))
        return tuple(told)

    def named_by(self, caller: AnyCaller) -> tuple[object, ...]:
        """Return how every statement that names principals names a caller."""
        return tuple(self._named_by(OpenQuestion("lex:GetBot", "*", caller)))

    def _named_by(self, question: OpenQuestion) -> Iterator[object]:
        return (_naming(index, entry, question) for index, entry in self.naming)

    # Whose the resources are ------------------------------------------------------------------------------------------

    @property
    def owners_listed(self) -> bool:
        """Whether aws:ResourceAccount follows from the resource's owner; else it stays free."""
        return OWNER in self.fixed

    def owners(self, caller: AnyCaller, resource: str) -> tuple[str | None, ...]:
        """Return whose a resource may be: as its ARN says, else the caller's account and another one."""
        parts = resource.split(":", 5)
        if len(parts) == 6 and _DIGITS.fullmatch(parts[4]):
            return (parts[4],)
        if self.owners_listed and (OWNER in self.tests or OWNER in self.variables):
            return (*self.accounts, self.here, self.elsewhere)
        if self.documents:
            return (None,)
        return (self.here,) if caller.account is None else (caller.account, self.elsewhere)


def has_identity(caller: AnyCaller) -> bool:
    """Return whether identity policies may be a caller's own."""
    return read_caller(caller.principal).kind in WITH_IDENTITY


_ALWAYS_FIXED = ("aws:principaltype", "aws:principalisawsservice")


def _of_kind(front: str, patterns: Iterable[Held]) -> tuple[str, ...]:
    """The ARNs that begin with `front`, one for every way in which the patterns tell such apart."""
    tails = (tail for family, pattern in patterns for tail in _tails(front, family, pattern))
    return _regions(front, dict.fromkeys(tails))


def _tails(front: str, family: str, pattern: str) -> Iterator[str]:
    """What of a pattern is left for ARNs that begin with `front`."""
    if family != "Arn":
        yield from (piece[len(front) :] for piece in intersect(f"{front}*", pattern))
        return
    *parts, begun = front.split(":", 5)
    held = ("*",) * 6 if pattern == "*" else split_arn(pattern)
    if len(held) == 6 and all(compile_glob(part)(text) for part, text in zip(held[:5], parts, strict=True)):
        yield from (piece[len(begun) :] for piece in intersect(f"{begun}*", held[5]))


def _regions(front: str, tails: Iterable[str]) -> tuple[str, ...]:
    """Callers that begin with `front`, one for every way in which the patterns of the rest tell such apart."""
    held = tuple(tails)
    found: dict[str, None] = {"*": None}
    for pattern in held:
        for known in tuple(found):
            found.update(dict.fromkeys(common_part(known, pattern)))
        if len(found) > MANY_REGIONS:
            raise TooManyPatterns(f"there are more than {MANY_REGIONS:,} kinds of callers of one account to tell apart")
    marks = max((pattern.count("?") for pattern in held), default=0)
    texts = (front + unliteral(text) for pattern in found for text in lengths(pattern, marks))
    return tuple(filter(caller_of, dict.fromkeys(texts)))


def _naming(index: PrincipalIndex, entry: Entry, question: OpenQuestion) -> object:
    ways = named_ways(entry.statement, question, bounded=index.bounded, silent=index.silent)
    return frozenset(ways.items())


def _standing(caller: Caller) -> str:
    return "principal" if caller.kind in WITH_IDENTITY else caller.kind


def is_service_linked(caller: AnyCaller) -> bool:
    """Return whether a caller is a service-linked role, which SCPs and RCPs do not bind (rule L2)."""
    linked = any(LINKED in value for value in caller.keys.get(ARN, ()))
    return linked and read_caller(caller.principal).kind in ("role", "session")


def _variable_keys(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        for test in entry.tests:
            for template in test.templates:
                yield from template.keys
        for pattern in (entry.statement.resources or ()) if entry.policy.has_variables else ():
            if "${" in pattern:
                yield from read_template(pattern).keys


def other_accounts() -> Iterator[str]:
    """Yield accounts that may stand for those of which policies say nothing, where they do not name them.

    >>> next(other_accounts())
    '444455556666'
    """
    yield from ("444455556666", "777788889999")
    yield from (f"{number:012d}" for number in count(100_000_000_001))
