"""Many patterns of resources, held against one resource: only those are tried whose literal ends are its own.

Of a layer's thousands of patterns hardly any is about a given resource. Which ones may be is told by the sixth part of
the ARN, where the names are: a pattern stands under the longer of its literal ends, and a resource is looked up by its
own beginnings and ends of those lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lexgraph.policy.arn import PARTS, ArnMatcher, compile_arn, pad, split_arn
from lexgraph.policy.intersect import apart
from lexgraph.policy.patterns import is_pattern

FEW = 16  # patterns that are sooner tried one by one
Parts = Sequence[str]


class ResourcePatterns:
    """Patterns, each with the statements that hold it, as bits.

    >>> found = ResourcePatterns({"arn:aws:s3:::calls/*": 0b01, "arn:aws:s3:::*": 0b10}, kind="identity")
    >>> bin(found.of(split_arn("arn:aws:s3:::calls/1")))
    '0b11'
    """

    def __init__(self, patterns: Mapping[str, int], *, kind: str) -> None:
        services: dict[str, list[_Pattern]] = {}
        for text, bits in patterns.items():
            parts = pad(split_arn(text), kind=kind)
            if parts is not None:  # Rule R4: others match nothing.
                service = "*" if is_pattern(parts[2]) else parts[2]
                services.setdefault(service, []).append(_Pattern(text, parts, bits, kind))
        self._services = {service: _ByEnds(listed) for service, listed in services.items()}
        self._listed = services

    def of(self, asked: Parts, found: int = 0) -> int:
        """Return `found` and the statements whose patterns match a resource, given by the six parts of its ARN."""
        for service in (asked[2], "*"):
            table = self._services.get(service)
            if table is not None:
                for pattern in table.worth_trying(asked[PARTS - 1]):
                    if found & pattern.bits != pattern.bits and pattern.matches(asked):
                        found |= pattern.bits
        return found

    def meeting(self, asked: Parts) -> int:
        """Return the statements of which a pattern may have something in common with another one, `asked`."""
        found = 0
        for service, listed in self._listed.items():
            if service not in ("*", asked[2]) and not is_pattern(asked[2]):
                continue
            for pattern in listed:
                if found & pattern.bits != pattern.bits and not apart(asked, pattern.parts):
                    found |= pattern.bits
        return found


class _Pattern:
    """A pattern, which is made ready when it is first tried."""

    __slots__ = ("_kind", "_matches", "bits", "parts", "text")

    def __init__(self, text: str, parts: tuple[str, ...], bits: int, kind: str) -> None:
        self.text = text
        self.parts = parts
        self.bits = bits
        self._kind = kind
        self._matches: ArnMatcher | None = None

    def matches(self, asked: Parts) -> bool:
        if self._matches is None:
            self._matches = compile_arn(self.text, kind=self._kind)
        return self._matches(asked)


class _ByEnds:
    """Patterns by the literal ends of their last parts: whole texts, beginnings and ends by their lengths.

    A few patterns are not sorted, and all of them are tried.
    """

    def __init__(self, patterns: Sequence[_Pattern]) -> None:
        self.rest: list[_Pattern] = []
        self.whole: dict[str, list[_Pattern]] = {}
        self.heads: dict[int, dict[str, list[_Pattern]]] = {}
        self.tails: dict[int, dict[str, list[_Pattern]]] = {}
        self._few = len(patterns) <= FEW
        for pattern in patterns:
            (self.rest if self._few else self._place(pattern)).append(pattern)

    def _place(self, pattern: _Pattern) -> list[_Pattern]:
        last = pattern.parts[-1]
        if not is_pattern(last):
            return self.whole.setdefault(last, [])
        pieces = last.replace("?", "*").split("*")
        head, tail = pieces[0], pieces[-1]
        if not head and not tail:
            return self.rest
        ends, end = (self.heads, head) if len(head) >= len(tail) else (self.tails, tail)
        return ends.setdefault(len(end), {}).setdefault(end, [])

    def worth_trying(self, last: str) -> Iterable[_Pattern]:
        return self.rest if self._few else self._with_ends_of(last)

    def _with_ends_of(self, last: str) -> Iterator[_Pattern]:
        yield from self.rest
        yield from self.whole.get(last, ())
        for length, heads in self.heads.items():
            yield from heads.get(last[:length], ())
        for length, tails in self.tails.items():
            yield from tails.get(last[-length:], ())
