"""The answers to many questions about many principals, each different answer kept once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic

import numpy as np
import numpy.typing as npt

from lexgraph.access.asking import Answer, Asking
from lexgraph.access.decide import GRANTING, AccessRow, asked_principals, asked_questions
from lexgraph.access.index import Base, Part, account_index
from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.pausing import collector_paused
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.evaluation.action_bits import places_of

FEW = 25  # principals or questions that are answered first
SHORT = 0.02  # seconds; as long as so many take no longer, twice as many come next
Codes = npt.NDArray[np.int32]
Questions = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """Answers as integers: ``codes[i, j]`` is the place in `answers` of what principal *i* is told to question *j*.

    `principals` are ARNs, `questions` pairs of action and resource.
    """

    principals: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]
    answers: tuple[Answer, ...] = field(repr=False)
    codes: Codes = field(repr=False)

    def __len__(self) -> int:
        return self.codes.size

    def __iter__(self) -> Iterator[AccessRow]:
        """Yield a row for every combination, as :func:`lexgraph.access.decide.access_rows` returns them."""
        for principal, codes in zip(self.principals, self.codes.tolist(), strict=True):
            for (action, resource), code in zip(self.questions, codes, strict=True):
                yield AccessRow(principal, action, resource, *self.answers[code])

    def granted(self) -> Iterator[AccessRow]:
        """Yield the rows of what is allowed, for certain or under a condition, in the same order."""
        granting = np.array([answer.outcome in GRANTING for answer in self.answers], dtype=np.bool_)
        for place in np.flatnonzero(granting[self.codes]).tolist():
            row, column = divmod(place, len(self.questions))
            yield AccessRow(self.principals[row], *self.questions[column], *self.answers[self.codes[row, column]])

    def outcomes(self) -> dict[str, int]:
        """Return how many of the answers have each outcome."""
        found: dict[str, int] = {}
        for code, times in zip(*np.unique(self.codes, return_counts=True), strict=True):
            outcome = self.answers[int(code)].outcome
            found[outcome] = found.get(outcome, 0) + int(times)
        return found


@collector_paused()
def access(
    snapshot: Snapshot,
    principals: Iterable[str | Principal] | str | None = None,
    actions: Iterable[str] | str = "*",
    resources: Iterable[str] | str | None = None,
    *,
    context: Context = UNKNOWN_CONTEXT,
) -> Access:
    """Return the answers of :func:`lexgraph.access.decide.access_rows`, with the same parameters, in little memory.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> access(account, actions="lex:ListBots").outcomes()["allowed"]
    12
    """
    who = asked_principals(snapshot, principals)
    if not who:
        return Access((), (), (), np.zeros((0, 0), dtype=np.int32))
    questions = tuple(asked_questions(snapshot, actions, resources))
    numbers: dict[Answer, int] = {}
    codes = _Bulk(snapshot, who, context, numbers).table(questions)
    return Access(tuple(p.arn for p in who), questions, tuple(numbers), codes.T)


def growing(
    snapshot: Snapshot,
    principals: Iterable[str | Principal] | str | None = None,
    actions: Iterable[str] | str = "*",
    resources: Iterable[str] | str | None = None,
    *,
    context: Context = UNKNOWN_CONTEXT,
) -> Iterator[tuple[Access, int]]:
    """Yield more and more of what :func:`access` returns, at last all of it, each time with the number of all rows.

    What is there are the first rows: those of the first principals, or of one principal's first questions.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> [(len(found), rows) for found, rows in growing(account, actions="lex:ListBots")]
    [(25, 34), (34, 34)]
    """
    who = asked_principals(snapshot, principals)
    questions = tuple(asked_questions(snapshot, actions, resources))
    numbers: dict[Answer, int] = {}
    for found in (_by_question if len(who) == 1 else _by_principal)(snapshot, who, questions, context, numbers):
        arns = tuple(principal.arn for principal in who[: found.shape[1]])
        yield Access(arns, questions[: found.shape[0]], tuple(numbers), found.T), len(who) * len(questions)


def _by_principal(
    snapshot: Snapshot, who: Sequence[Principal], questions: Questions, context: Context, numbers: dict[Answer, int]
) -> Iterator[Codes]:
    """Yield the codes, a row for each question, of more and more principals."""
    codes = np.zeros((len(questions), len(who)), dtype=np.int32)
    for part in _parts(len(who)):
        codes[:, part] = _Bulk(snapshot, who[part], context, numbers).table(questions)
        yield codes[:, : part.stop]


def _by_question(
    snapshot: Snapshot, who: Sequence[Principal], questions: Questions, context: Context, numbers: dict[Answer, int]
) -> Iterator[Codes]:
    """Yield the codes of more and more questions."""
    codes = np.zeros((len(questions), len(who)), dtype=np.int32)
    bulk = _Bulk(snapshot, who, context, numbers)
    for part in _parts(len(questions)):
        codes[part] = bulk.table(questions[part])
        yield codes[: part.stop]


def _parts(size: int) -> Iterator[slice]:
    """Yield one part after the other, at least one; the next is larger while that takes no time."""
    done, some = 0, FEW
    while done < size or not done:
        begun = monotonic()
        yield slice(done, min(done + some, size))
        done, some = done + some, some if monotonic() - begun > SHORT else 2 * some


@dataclass(frozen=True, slots=True)
class _Groups:
    """Principals with the same statements about a service and the same base, as rows of the result.

    `holding` are the groups that hold each policy of the part, `masks` the statements of each group.
    """

    rows: tuple[list[int], ...]
    array: tuple[npt.NDArray[np.int64], ...]
    masks: tuple[int, ...]
    holding: tuple[frozenset[int], ...]


class _Bulk:
    """Answers the questions of one context, one after the other."""

    def __init__(
        self, snapshot: Snapshot, who: Sequence[Principal], context: Context, numbers: dict[Answer, int]
    ) -> None:
        self.snapshot = snapshot
        self.context = context
        self.index = account_index(snapshot)
        self.places = [self.index.places[principal.arn] for principal in who]
        self.row_of = {principal.arn: row for row, principal in enumerate(who)}
        self.numbers = numbers
        self.open_answers: dict[tuple[object, ...], Answer] = self.index.opened(context)
        bases = [self.index.base(snapshot, place) for place in self.places]
        self.bases: dict[Base, list[int]] = {}
        for row, base in enumerate(bases):
            self.bases.setdefault(base, []).append(row)
        self.base_of = bases
        self._numbered = np.zeros(len(who), dtype=np.int64)
        for number, rows in enumerate(self.bases.values()):
            self._numbered[rows] = number
        self._groups: dict[int, _Groups] = {}
        self._seen: dict[tuple[object, ...], Codes] = {}

    @collector_paused()
    def table(self, questions: Questions) -> Codes:
        """Return what is told to each question, a row for each, as numbers of answers."""
        found = np.zeros((len(questions), len(self.places)), dtype=np.int32)
        for row, (action, resource) in enumerate(questions):
            found[row] = self.codes(Asking(self.snapshot, action, resource, self.context, self.open_answers))
        return found

    def codes(self, asking: Asking) -> Codes:
        """Return what each principal is told, as numbers of answers."""
        name = asking.name(asking.found, [asking.frame(base) for base in self.bases])
        found = self._seen.get(name)
        if found is None:
            found = self._seen[name] = self._codes(asking)
        return found

    def _codes(self, asking: Asking) -> Codes:
        single = self._told_apart(asking)
        usual = np.zeros(len(self.bases), dtype=np.int32)
        for number, (base, rows) in enumerate(self.bases.items()):
            free = next((row for row in rows if row not in single), None)
            if free is not None:
                usual[number] = self._number(asking.unnamed(base, self.places[free]))
        codes: Codes = usual[self._numbered]
        groups = self._of(asking.part)
        for group in {group for place in places_of(asking.found) for group in groups.holding[_policy(asking, place)]}:
            rows = groups.rows[group]
            if groups.masks[group] & asking.found & asking.part.index.personal:
                single.update(rows)
                continue
            free = next((row for row in rows if row not in single), None)
            if free is not None:
                codes[groups.array[group]] = self._number(asking.answer(self.places[free]))
        for row in single:
            codes[row] = self._number(asking.answer(self.places[row]))
        return codes

    def _told_apart(self, asking: Asking) -> set[int]:
        """The rows of those who may be told something else than others with the same base."""
        single: set[int] = set()
        for base, rows in self.bases.items():
            frame = asking.frame(base)
            single.update(rows if frame.personal else (self.row_of[arn] for arn in frame.named if arn in self.row_of))
        return single

    def _number(self, answer: Answer) -> int:
        return self.numbers.setdefault(answer, len(self.numbers))

    def _of(self, part: Part) -> _Groups:
        found = self._groups.get(id(part))
        if found is None:
            found = self._groups[id(part)] = self._grouped(part)
        return found

    def _grouped(self, part: Part) -> _Groups:
        alike: dict[tuple[int, Base], list[int]] = {}
        for row, place in enumerate(self.places):
            mask = part.masks.get(place, 0)
            if mask:
                alike.setdefault((mask, self.base_of[row]), []).append(row)
        group_of = {row: group for group, rows in enumerate(alike.values()) for row in rows}
        row_of = {place: row for row, place in enumerate(self.places)}
        held = (frozenset(group_of[row_of[p]] for p in places if p in row_of) for places in part.holders)
        arrays = tuple(np.array(rows, dtype=np.int64) for rows in alike.values())
        return _Groups(tuple(alike.values()), arrays, tuple(mask for mask, _ in alike), tuple(held))


def _policy(asking: Asking, statement: int) -> int:
    return asking.part.index.entries[statement].policy_index
