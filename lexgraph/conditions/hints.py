"""Values at which a condition test may change its mind: the representatives that :mod:`lexgraph.conditions.logic`
tries.

For each key: texts for every way in which its text tests can answer, both sides of every limit, the borders of every
range, and, where a request may hold several values, sets of these. Where that may not be all, it is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, pairwise

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.context import Lookup, Values
from lexgraph.conditions.fillings import fillings
from lexgraph.conditions.operators import read_date, read_network, read_number
from lexgraph.conditions.witnesses import TEXT_KINDS, distinguishing_texts, is_session
from lexgraph.policy.arn import literal

FRESH = "fresh-value-0"  # no number, date, address, truth value or ARN
MAX_SETS = 4_000
_WILD = re.compile("[*?]")
_DIGITS = 25_000  # of the distance between 1e9999 and 1e-9999, and more


@dataclass(frozen=True, slots=True)
class Hint:
    """What a test compares a key with: values of an operator family.

    `sets` where it looks at several request values; `partial` where other values than these may matter too. The family
    ``Session`` holds no test: the key is the text and the name of a role's session, and can be nothing else.
    """

    key: str
    family: str
    texts: tuple[str, ...]
    sets: bool = False
    partial: bool = False


def condition_hints(test: CompiledTest, unknown: Iterable[str], lookup: Lookup) -> tuple[Hint, ...]:
    """Return what a test with unknown keys compares each of them with."""
    others = sorted(key for key in unknown if key != test.key)
    base = test.name.base.replace("Not", "", 1)
    family = _STRINGS.get(base, test.operator.family)
    values = lookup(test.key)
    if values is not None:
        found = ((key, _fillings(test, key, values, lookup)) for key in others)
        kind = "AnyCase" if family == "AnyCase" else "Literal"
        return tuple(Hint(key, kind, texts, partial=not whole) for key, (texts, whole) in found)
    sample = dict.fromkeys(others, (FRESH,))
    texts = test.patterns(lambda key: sample.get(key) or lookup(key))
    own = Hint(test.key, family, texts, sets=test.name.qualifier is not None, partial=bool(others))
    return (own, *(Hint(key, "Literal", (FRESH,), partial=True) for key in others))


_STRINGS = {"StringEquals": "Literal", "StringEqualsIgnoreCase": "AnyCase", "StringLike": "Like"}


def _fillings(test: CompiledTest, key: str, values: Values, lookup: Lookup) -> tuple[tuple[str, ...], bool]:
    """Values of the variable `key` with which the test's patterns could match what the request holds."""
    texts: dict[str, None] = {}
    whole = True
    for template in test.templates:
        for value in values if key in template.keys else ():
            some, all_of_them = fillings(template, key, value, lookup, any_case="IgnoreCase" in test.name.base)
            texts.update(dict.fromkeys(some))
            whole = whole and all_of_them
    return tuple(texts), whole


def single_values(hints: Sequence[Hint]) -> tuple[tuple[str, ...], bool]:
    """Return the single request values of one key worth trying, and whether they answer in every way there is."""
    texts = tuple(dict.fromkeys(text for hint in hints for text in hint.texts))
    families = dict.fromkeys(hint.family for hint in hints if hint.family != "Null")
    groups = tuple(dict.fromkeys((hint.family, hint.texts) for hint in hints if hint.family in TEXT_KINDS))
    values, complete = distinguishing_texts(groups) if groups else ((FRESH, ""), True)
    others = [family for family in families if family not in TEXT_KINDS]
    for family in others:
        values = (*values, *_values_of(family, texts))
    # Of two families on one key, nothing tells which values are an address and end in .7, say.
    mixed = len(others) + bool(groups) > 1
    return tuple(dict.fromkeys(values)), complete and not mixed and not any(hint.partial for hint in hints)


def session_values(hints: Sequence[Hint], begin: str) -> tuple[tuple[str, ...], bool]:
    """Return values of one key that are `begin` and the name of a session, and whether they answer in every way."""
    own = [replace(hint, texts=tuple(text for text in hint.texts if _may_begin(hint, text, begin))) for hint in hints]
    texts, complete = single_values(own)
    return tuple(text for text in texts if is_session(text, begin)), complete


def _may_begin(hint: Hint, text: str, begin: str) -> bool:
    """Whether what matches a text of a hint may have this beginning: most ids of roles are another's."""
    if hint.family == "AnyCase":
        return text.lower().startswith(begin.lower())
    if hint.family == "Like":
        head, begin = _WILD.split(text, maxsplit=1)[0], literal(begin)
        return head.startswith(begin) or (head != text and begin.startswith(head))
    return hint.family not in TEXT_KINDS or text.startswith(begin)


def several_values(elements: Sequence[Values], hints: Sequence[Hint]) -> tuple[tuple[Values, ...], bool]:
    """Return values of several elements, for keys that a set operator looks at or that may have several values, and
    whether they answer in every way there is.

    `elements` are one-element values that the key's tests tell apart; a larger value answers like some set of these, of
    as many elements as there are set tests.
    """
    looks = sum(hint.sets for hint in hints)
    if not looks and not any(catalog().takes_several(hint.key) for hint in hints):
        return (), True  # AWS never sends several values of such a key.
    texts = [value[0] for value in elements]
    sets = (chosen for size in range(2, max(looks, 2) + 1) for chosen in combinations(texts, size))
    found = tuple(islice(sets, MAX_SETS))
    return found, len(found) < MAX_SETS


def _values_of(family: str, texts: Sequence[str]) -> Iterator[str]:
    if family == "Bool":
        yield from ("true", "false")
    elif family == "Numeric":
        yield from _around(texts)
    elif family == "Date":
        yield from _around_dates(texts)
    elif family == "IpAddress":
        yield from _addresses(texts)
    elif family == "Binary":
        yield from (*texts, "ZnJlc2g=")
    yield FRESH


def _around(texts: Sequence[str]) -> Iterator[str]:
    from decimal import localcontext

    numbers = sorted({n for n in map(read_number, texts) if n is not None})
    with localcontext() as context:
        context.prec = _DIGITS
        between = [(low + high) / 2 for low, high in pairwise(numbers)]
        beyond = [numbers[0] - 1, numbers[-1] + 1] if numbers else []
    yield from map(str, (*numbers, *between, *beyond))


def _around_dates(texts: Sequence[str]) -> Iterator[str]:
    moments = sorted({m for m in map(read_date, texts) if m is not None})
    yield from _around([str(moment) for moment in moments])


def _addresses(texts: Sequence[str]) -> Iterator[str]:
    for network in filter(None, map(read_network, texts)):
        first, last = int(network.network_address), int(network.broadcast_address)
        kind = type(network.network_address)
        top = 2**network.max_prefixlen - 1
        for number in (first, last, first - 1, last + 1):
            if 0 <= number <= top:
                yield str(kind(number))
    yield from ("192.0.2.77", "2001:db8::77")
