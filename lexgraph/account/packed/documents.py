"""The documents of an account's identity policies, their statements as numbers of elements that repeat."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import partial
from itertools import accumulate, chain, pairwise, repeat
from typing import Any, ClassVar, NamedTuple

import msgspec

from lexgraph.account.entries import decoded
from lexgraph.account.packed.known import Columns, Known, Pieces, decoded_by, keys_in, one_by_one, together
from lexgraph.account.packed.plain import ACTIONS, RESOURCES, Conditions, NotPlain, PlainReader, plain_text
from lexgraph.account.packed.written import Document, Statement, TrustDocument, TrustStatement
from lexgraph.policy.model import PatternSet

Json = Any
_SIDS = re.compile(r"[0-9A-Za-z]*")
Form = tuple[str | None, str | None, bool]
# Of a Resource element how it is written and the numbers of its patterns; of a statement whether it denies, and the
# numbers of its Action element, Condition, Sid and Resource element.
Resource = tuple[int, ...]
Row = tuple[int, int, int, int, int]
# How many numbers stand in front of a document and of each of its statements, and how many bytes each takes.
HEAD, ROW, NUMBER = 2, 5, 4


class Statements(NamedTuple):
    """What documents say: of each the number of its form and those of its statements; the distinct statements; their
    distinct Resource elements.
    """

    documents: list[tuple[int, list[int]]]
    rows: list[Row]
    resources: list[Resource]


class Actions:
    """The distinct Action elements of an account, of which most repeat.

    Each is a text or a tuple of texts, as it is written; one of NotAction is a pair of True and that.
    """

    def __init__(self) -> None:
        self.known = Known(_check_actions)

    def numbers(self, values: list[Any], negated: list[Any]) -> list[int]:
        """Return the number of each statement's element, which is one of the two. Raises NotPlain."""
        keys: list[Any] = [tuple(one) if type(one) is list else one for one in _either(values, negated)]
        if None in values:
            keys = [(True, key) if one is None else key for one, key in zip(values, keys, strict=True)]
        return self.known.numbers(keys)


class Resources:
    """The distinct patterns of the Resource elements of an account, of which themselves few repeat."""

    def __init__(self) -> None:
        self.known = Known(partial(_check_patterns, RESOURCES))

    def numbers(self, values: list[Any], negated: list[Any]) -> tuple[list[int], list[int], list[int]]:
        """Return of each statement's element how it is written and how many patterns it has; and the numbers of all
        these patterns.

        A list of n texts is written as 2 n, a lone text as 0, and NotResource as one more. Raises NotPlain.
        """
        given = _either(values, negated)
        listed = [[one] if type(one) is str else one for one in given]
        sizes = list(map(len, listed))
        if 0 in sizes:
            raise NotPlain
        forms = [0 if type(one) is str else 2 * size for one, size in zip(given, sizes, strict=True)]
        if None in values:
            forms = [form + (one is None) for one, form in zip(values, forms, strict=True)]
        return forms, sizes, self.known.numbers(list(chain.from_iterable(listed)))


class Documents:
    """The distinct documents of identity policies, each as the bytes of whole numbers.

    In front stand the number in `forms` of its Version and Id and of whether its Statement is a lone one, and how many
    statements it has; then each of these as a :data:`Row`, but for its Resource element only the way in which that is
    written; then the patterns of all.
    """

    kinds: ClassVar[tuple[type[Any], type[Any]]] = Document, Statement

    def __init__(self, reader: PlainReader) -> None:
        self.forms = Known()
        self.acting, self.on = Actions(), Resources()
        self.sids = Known(_check_sids)
        self.conditions: Pieces[Conditions] = Pieces(one_by_one(reader.conditions))
        self.known = Known()

    def add(self, values: Sequence[Any]) -> tuple[list[int], int]:
        """Add documents, or texts of documents; return their numbers, and how many keys stand in those that are no
        texts: fewer, where a key was lost in a text.

        Raises NotPlain, and then has added no document.
        """
        document, statement = self.kinds
        documents, hidden = _with_texts_read(values, document) if str in set(map(type, values)) else (values, 0)
        told = Columns(document, documents)
        lone = [type(one) is statement for one in told["statement"]]
        listed = [[one] if alone else one for one, alone in zip(told["statement"], lone, strict=True)]
        sizes = list(map(len, listed))
        if 0 in sizes:
            raise NotPlain
        forms = self.forms.numbers(list(zip(told["version"], told["id"], lone, strict=True)))
        written, keys = self.written(list(chain.from_iterable(listed)), forms, sizes)
        return self.known.numbers(written), told.keys + keys - hidden

    def written(self, statements: list[Any], forms: list[int], sizes: list[int]) -> tuple[list[bytes], int]:
        """Return documents as bytes, and how many keys stand in their statements."""
        told = Columns(self.kinds[1], statements)
        actions, ways, counts, patterns = self.elements(told)
        sids = self.sids.numbers(told["sid"])
        if len(sizes) < len(statements):
            _check_twins(told["sid"], sizes)
        conditions = self.conditions.numbers(told["condition"])
        denies = [effect == "Deny" for effect in told["effect"]]
        rows = _interlaced(denies, actions, conditions, sids, ways)
        heads, texts = _interlaced(forms, sizes), _interlaced(patterns)
        ends = list(accumulate(sizes, initial=0))
        until = list(accumulate(counts, initial=0))
        head, row = HEAD * NUMBER, ROW * NUMBER
        found = [
            heads[head * i : head * (i + 1)] + rows[row * j : row * k] + texts[NUMBER * until[j] : NUMBER * until[k]]
            for i, (j, k) in enumerate(pairwise(ends))
        ]
        return found, told.keys + self.conditions.keys_of(conditions)

    def elements(self, told: Columns) -> tuple[list[int], list[int], list[int], list[int]]:
        """Return the numbers of Action elements, and what :meth:`Resources.numbers` does."""
        actions = self.acting.numbers(told["action"], told["not_action"])
        return actions, *self.on.numbers(told["resource"], told["not_resource"])

    def until(self, at: int, way: int) -> int:
        """Return where the patterns of a Resource element end that begin at `at`, by the way in which it is written."""
        return at + (way // 2 or 1)

    def statements(self) -> Statements:
        """Return what the documents say, by numbers."""
        rows: dict[Row, int] = {}
        resources: dict[Resource, int] = {}
        found = []
        for one in self.known:
            numbers = array("i", one).tolist()
            at = HEAD + ROW * numbers[1]
            mine = []
            for denies, actions, condition, sid, way in zip(*[iter(numbers[HEAD:at])] * ROW, strict=True):
                until = self.until(at, way)
                resource = resources.setdefault((way, *numbers[at:until]), len(resources))
                mine.append(rows.setdefault((denies, actions, condition, sid, resource), len(rows)))
                at = until
            found.append((numbers[0], mine))
        return Statements(found, list(rows), list(resources))


class TrustDocuments(Documents):
    """The same of trust policies: in the place of a Resource element stands the number of one of `principals`."""

    kinds: ClassVar[tuple[type[Any], type[Any]]] = TrustDocument, TrustStatement

    def __init__(self, reader: PlainReader) -> None:
        super().__init__(reader)
        self.principals: Pieces[PatternSet] = Pieces(one_by_one(reader.principals))

    def read(self, pieces: list[bytes]) -> list[int]:
        """Return the numbers of documents, each a piece of JSON: an object or a text. Raises NotPlain."""
        numbers, keys = self.add(together(_TRUSTS, pieces))
        if keys != sum(map(keys_in, pieces)):
            raise NotPlain
        return numbers

    def written(self, statements: list[Any], forms: list[int], sizes: list[int]) -> tuple[list[bytes], int]:
        """Return documents as bytes, and how many keys stand in their statements."""
        found, keys = super().written(statements, forms, sizes)
        pieces = [statement.principal for statement in statements]
        return found, keys + self.principals.keys_of(self.principals.numbers(pieces))

    def elements(self, told: Columns) -> tuple[list[int], list[int], list[int], list[int]]:
        """Return the numbers of Action elements and of Principal elements; there are no patterns beside."""
        nothing = [None] * len(told["action"])
        return (
            self.acting.numbers(told["action"], nothing),
            self.principals.numbers(told["principal"]),
            [0] * len(nothing),
            [],
        )

    def until(self, at: int, _: int) -> int:
        """Return `at`, since there are no patterns."""
        return at


_TRUSTS = msgspec.json.Decoder(list[TrustDocument | str])


def turned(element: Any) -> tuple[Any, bool]:
    """Return an element of :class:`Actions` as a tuple of texts or a lone text, and whether it is one of NotAction."""
    return (element[1], True) if type(element) is tuple and element[:1] == (True,) else (element, False)


def _interlaced(*columns: list[int]) -> bytes:
    """The first numbers of all columns, then the second ones, and so on."""
    found = array("i", bytes(NUMBER * len(columns) * len(columns[0])))
    for i, column in enumerate(columns):
        found[i :: len(columns)] = array("i", column)
    return found.tobytes()


def _either(values: list[Any], negated: list[Any]) -> list[Any]:
    """The elements of statements, each of which must be written in one of two ways."""
    if None not in values and negated.count(None) == len(negated):
        return values
    if any((one is None) is (other is None) for one, other in zip(values, negated, strict=True)):
        raise NotPlain
    return [other if one is None else one for one, other in zip(values, negated, strict=True)]


def _check_actions(values: list[Any]) -> None:
    elements = [turned(value)[0] for value in values]
    if () in elements:
        raise NotPlain
    each = ((one,) if type(one) is str else one for one in elements)
    _check_patterns(ACTIONS, list(dict.fromkeys(chain.from_iterable(each))))


def _check_patterns(right: re.Pattern[str], patterns: list[str]) -> None:
    """Give up where a pattern is not right, or goes over several lines."""
    lines = "\n".join(patterns)
    if not right.fullmatch(lines) or lines.count("\n") != len(patterns) - 1:
        raise NotPlain


def _with_texts_read(values: Sequence[Any], kind: type[Any]) -> tuple[list[Any], int]:
    """Documents, with those read that are written as text, and how many keys stand in these texts, of which none counts
    where the whole is one text.
    """
    decoder = msgspec.json.Decoder(kind)
    documents, hidden = [], 0
    for value in values:
        if isinstance(value, str):
            text = plain_text(decoded(value)).encode()
            hidden += keys_in(text)
            documents.append(decoded_by(decoder, text))
        else:
            documents.append(value)
    return documents, hidden


def _check_sids(values: list[str | None]) -> None:
    if not _SIDS.fullmatch("".join(filter(None, values))):
        raise NotPlain


def _check_twins(sids: list[str | None], sizes: list[int]) -> None:
    """Give up where two statements of a document have one Sid."""
    owners = chain.from_iterable(map(repeat, range(len(sizes)), sizes))
    found = [pair for pair in zip(owners, sids, strict=True) if pair[1]]
    if len(set(found)) != len(found):
        raise NotPlain
