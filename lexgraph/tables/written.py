"""Policies as codes, statement by statement: from values, or straight from an account that is still packed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from lexgraph.account.packed.account import PackedAccount
from lexgraph.account.packed.documents import HEAD, NUMBER, ROW, turned
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.tables.names import Flags
from lexgraph.tables.schema import Coded
from lexgraph.tables.source import Policies, account_in, condition_text, policies_of, tests_text

Patterns = Sequence[str | None]
Places = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Elements:
    """The Action or Resource elements of statements, as codes of their distinct patterns.

    Parameters
    ----------
    texts : the distinct patterns; of a Not element all are one text.
    codes : of the patterns of each element in turn; -1 where there is no element.
    starts, sizes, negated : of each element where its patterns begin, how many they are, whether it is a Not element.
    places : for each statement, the number of its element.
    """

    texts: Sequence[str]
    codes: Places
    starts: Places
    sizes: Places
    negated: Flags
    places: Places

    def codes_at(self, statement: Places, number: Places) -> Places:
        """Return the code of a statement's pattern by its number."""
        found: Places = self.codes[self.starts[self.places][statement] + number]
        return found


def elements_of(patterns: Sequence[Patterns], negated: Sequence[bool], places: Places) -> Elements:
    """Return elements, given by their patterns.

    >>> elements_of([("*",), ("a:b", "*")], [False, False], np.array([1, 0])).codes.tolist()
    [0, 1, 0]
    """
    flat = list(chain.from_iterable(patterns))
    codes = codes_of(flat)
    texts = [text for text in codes if text is not None]
    numbers = np.fromiter(map(codes.__getitem__, flat), np.int32, len(flat))
    sizes = np.fromiter(map(len, patterns), np.int32, len(patterns))
    return Elements(texts, numbers, np.cumsum(sizes) - sizes, sizes, np.array(negated, dtype=bool), places)


@dataclass(frozen=True, slots=True)
class Written:
    """Policies, statement by statement.

    Parameters
    ----------
    keys, sizes : of each policy its key, and the number of its statements.
    denies : whether each statement denies.
    sid, condition : as codes.
    acting, on : the elements.
    """

    keys: Sequence[str]
    sizes: Places
    denies: Flags
    sid: Coded
    condition: Coded
    acting: Elements
    on: Elements


def written(policies: Policies) -> Written:
    """Return policies as codes, in the order of :func:`lexgraph.tables.source.policies_of`.

    >>> from lexgraph.policy.parse import parse_policy
    >>> written(parse_policy('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}')).denies.tolist()
    [True]
    """
    account = account_in(policies)
    if account is not None and account.packed is not None:
        return _Packed(account.packed).written()
    return as_written(policies_of(policies))


def as_written(policies: Sequence[Policy]) -> Written:
    """Return policies as codes, in their order."""
    each = [statement for policy in policies for statement in policy.statements]
    return Written(
        [policy.key for policy in policies],
        np.fromiter((len(policy.statements) for policy in policies), np.int32, len(policies)),
        np.fromiter((not statement.allows for statement in each), bool, len(each)),
        coded([statement.sid for statement in each]),
        coded([_condition(statement) for statement in each]),
        _elements([statement.actions for statement in each]),
        _elements([statement.resources for statement in each]),
    )


def coded(values: Sequence[str | None]) -> Coded:
    """Return texts as codes."""
    codes = codes_of(values)
    each = np.fromiter(map(codes.__getitem__, values), np.int32, len(values))
    return Coded(each, [value for value in codes if value is not None])


def codes_of(values: Iterable[str | None]) -> dict[str | None, int]:
    """Return a number for each distinct text, and -1 for None, which comes last."""
    distinct = dict.fromkeys(values)
    distinct.pop(None, None)
    return {**dict(zip(distinct, range(len(distinct)), strict=True)), None: -1}


def _condition(statement: Statement) -> str | None:
    return condition_text(statement) if statement.conditions or statement.empty else None


def _elements(elements: Sequence[PatternSet | None]) -> Elements:
    """Elements, told apart by identity: those of an account are shared, so that each is looked into only once."""
    names = list(map(id, elements))
    distinct = dict(zip(names, elements, strict=True))
    place = dict(zip(distinct, range(len(distinct)), strict=True))
    places = np.fromiter(map(place.__getitem__, names), np.int32, len(names))
    values = list(distinct.values())
    patterns = [(None,) if one is None else _patterns(one.patterns, negated=one.negated) for one in values]
    return elements_of(patterns, [one is not None and one.negated for one in values], places)


def _patterns(patterns: tuple[str, ...], *, negated: bool) -> Patterns:
    """What an element has rows for: a Not element is one text, a pattern that stands in it twice counts once."""
    if negated:
        return (" ".join(patterns),)
    return patterns if len(patterns) < 2 or len(set(patterns)) == len(patterns) else tuple(dict.fromkeys(patterns))


class _Packed:
    """The policies of an account that is still packed.

    Its trust policies, and those of AWS's managed policies that are not in the dump, are values: their statements come
    after those that are packed.
    """

    def __init__(self, account: PackedAccount) -> None:
        self.documents = account.entries.documents
        self.sources = account.documents()
        self.beside = list(chain.from_iterable(self.sources.beside))
        each = list(self.documents.known)
        lengths = np.fromiter(map(len, each), np.int64, len(each)) // NUMBER
        heads = np.cumsum(lengths) - lengths
        self.data = np.frombuffer(b"".join(each), dtype=np.int32)
        packed = self.data[heads + 1]
        self.sizes = np.array([*packed, *map(len, self.sources.beside)], dtype=np.int64)
        self.rows = self.data[
            np.repeat(heads + HEAD, packed)[:, None] + ROW * _within(packed)[:, None] + np.arange(ROW)
        ]
        # The patterns of a document come behind its statements.
        self.counts = np.maximum(self.rows[:, 4] // 2, 1)
        before = np.cumsum(self.counts) - self.counts
        first = np.append(before, 0)[np.cumsum(packed) - packed]
        self.starts = np.repeat(heads + HEAD + ROW * packed - first, packed) + before

    def written(self) -> Written:
        """Return all of them."""
        numbers = np.array(self.sources.numbers, dtype=np.int64)
        sizes = self.sizes[numbers]
        at = np.repeat((np.cumsum(self.sizes) - self.sizes)[numbers], sizes) + _within(sizes)
        denies = np.concatenate([self.rows[:, 0] != 0, np.array([not one.allows for one in self.beside], dtype=bool)])
        conditions = [None if value is None else tests_text(*value) for value in self.documents.conditions.values]
        return Written(
            self.sources.keys,
            sizes,
            denies[at],
            self.texts(3, list(self.documents.sids), [one.sid for one in self.beside], at),
            self.texts(2, conditions, [_condition(one) for one in self.beside], at),
            self.actions(at),
            self.resources(at),
        )

    def texts(self, column: int, values: Sequence[str | None], beside: Sequence[str | None], at: Places) -> Coded:
        """Return a column of texts, some by their numbers among `values`."""
        found = coded([*values, *beside])
        places = np.concatenate([self.rows[:, column], np.arange(len(values), len(values) + len(beside))])
        return Coded(found.codes[places[at]], found.values)

    def actions(self, at: Places) -> Elements:
        """Return the Action elements of statements."""
        packed = [(_listed(element), negated) for element, negated in map(turned, self.documents.acting.known)]
        others = {id(one.actions): (one.actions.patterns, one.actions.negated) for one in self.beside}
        number = {name: i for i, name in enumerate(others, len(packed))}
        beside = np.array([number[id(one.actions)] for one in self.beside], dtype=np.int64)
        each = [*packed, *others.values()]
        patterns = [_patterns(element, negated=negated) for element, negated in each]
        places = np.concatenate([self.rows[:, 1], beside])
        return elements_of(patterns, [negated for _, negated in each], places[at])

    def resources(self, at: Places) -> Elements:
        """Return the Resource elements of statements; those that are not simply a list of patterns are put beside."""
        known = dict(self.documents.on.known)
        texts = list(known)
        negated = [
            *(self.rows[:, 4] % 2 == 1).tolist(),
            *(bool(one.resources and one.resources.negated) for one in self.beside),
        ]
        odd: dict[int, Patterns] = {}
        for place in np.flatnonzero(self.odd()).tolist():
            mine = self.data[self.starts[place] : self.starts[place] + self.counts[place]]
            odd[place] = _patterns(tuple(map(texts.__getitem__, mine)), negated=negated[place])
        for place, one in enumerate((one.resources for one in self.beside), len(self.rows)):
            odd[place] = (None,) if one is None else _patterns(one.patterns, negated=one.negated)
        flat = [
            -1 if text is None else known.setdefault(text, len(known)) for text in chain.from_iterable(odd.values())
        ]
        sizes = np.append(self.counts, np.zeros(len(self.beside), dtype=np.int64))
        starts = np.append(self.starts, sizes[len(self.rows) :])
        places = np.array(list(odd), dtype=np.int64)
        sizes[places] = [len(patterns) for patterns in odd.values()]
        starts[places] = len(self.data) + np.cumsum(sizes[places]) - sizes[places]
        codes = np.append(self.data, np.array(flat, dtype=np.int32))
        return Elements(list(known), codes, starts, sizes, np.array(negated, dtype=bool), at)

    def odd(self) -> Flags:
        """Return which packed statements have NotResource, or a pattern twice."""
        found: Flags = self.rows[:, 4] % 2 == 1
        statement = np.repeat(np.arange(len(self.rows)), self.counts)
        pattern = self.data[np.repeat(self.starts, self.counts) + _within(self.counts)]
        pairs, times = np.unique(statement * len(self.documents.on.known) + pattern, return_counts=True)
        found[pairs[times > 1] // len(self.documents.on.known)] = True
        return found


def _within(sizes: Places) -> Places:
    """The numbers from 0 on within each of many lists, one list after another."""
    found: Places = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return found


def _listed(element: str | tuple[str, ...]) -> tuple[str, ...]:
    return (element,) if isinstance(element, str) else element
