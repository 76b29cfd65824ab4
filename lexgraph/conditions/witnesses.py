"""Texts that tell the text tests on one key apart: one for every way in which they can answer together.

Every pattern becomes a small automaton over its own characters; all of them read the same text at once. A breadth-first
walk over what they can know at a time meets every combination of answers, each first with a shortest text. A character
that occurs in no pattern stands for all the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from string import ascii_letters, digits

from lexgraph.policy.arn import PARTS, literal, split_arn, unliteral
from lexgraph.policy.patterns import glob_match

# A group is a kind of comparison with the texts that it accepts any of.
Group = tuple[str, tuple[str, ...]]
TEXT_KINDS = ("Literal", "AnyCase", "Like", "Arn", "Session")
BUDGET = 10_000
_STAR, _MARK, _END = "**", "??", "end"
_PART_STAR, _PART_MARK = "*:", "?:"  # within one of the first five parts of an ARN: not over a colon
_NAME_STAR, _NAME_MARK = "*n", "?n"  # over what the name of a session may hold
_STARS = (_STAR, _PART_STAR, _NAME_STAR)
_ANY_CASE = "i"  # before a lower-cased character
_SHORTEST = 2  # characters in the name of a session
# Characters beyond ASCII stand for whichever a policy leaves open.
_NOT_IN_NAMES = frozenset(map(chr, range(128))) - frozenset(ascii_letters + digits + "_+=,.@-")
_UNUSED = "xyzqjkvw0123456789\ufdd5\ufdd6"


@lru_cache(2048)
def distinguishing_texts(groups: tuple[Group, ...]) -> tuple[tuple[str, ...], bool]:
    """Return texts with which the groups answer in every way they can, and whether these are all the ways.

    The empty text is among them, and never the only one for its way of answering. Most ways have two texts, for tests
    that look at several values.

    >>> texts, complete = distinguishing_texts((("Like", ("a*",)), ("Like", ("*b",))))
    >>> "ab" in texts, complete
    (True, True)
    """
    literals = [literal(text) for kind, texts in groups if kind == "Literal" for text in texts]
    machines: list[_Machine] = [_Machine(kind, texts) for kind, texts in groups if kind != "Literal"]
    used = {char for _, texts in groups for text in texts for char in text.lower() + text.upper()}
    fresh, other = [char for char in _UNUSED if char not in used][:2]
    found, complete = _walk([*machines, _Trie(literals)], fresh)
    words = dict.fromkeys(("", *found))
    words.update(dict.fromkeys(word.replace(fresh, other) for word in found if fresh in word))
    return tuple(unliteral(word) for word in words), complete


def is_session(text: str, begin: str) -> bool:
    """Return whether a text is `begin` and what may be the name of a role's session; as a group, ``("Session",
    (begin,))``.

    >>> is_session("AROAEXAMPLE:ana", "AROAEXAMPLE:"), is_session("AROAEXAMPLE:*", "AROAEXAMPLE:")
    (True, False)
    """
    name = text[len(begin) :]
    return text.startswith(begin) and len(name) >= _SHORTEST and _NOT_IN_NAMES.isdisjoint(name)


def _walk(machines: Sequence[_Machine | _Trie], fresh: str) -> tuple[list[str], bool]:
    """The shortest texts for each combination of answers, the fresh character first; and whether these are all."""
    found: dict[tuple[object, ...], list[str]] = {}
    seen: set[tuple[int, ...]] = set()
    queue = deque([(tuple(machine.start for machine in machines), "")])
    while queue:
        states, word = queue.popleft()
        chars = {fresh}.union(*(machine.chars(state) for machine, state in zip(machines, states, strict=True)))
        for char in sorted(chars, key=lambda c: (c != fresh, c)):
            after = tuple(machine.step(state, char) for machine, state in zip(machines, states, strict=True))
            answers = tuple(machine.answer(state) for machine, state in zip(machines, after, strict=True))
            if len(texts := found.setdefault(answers, [])) < 2:
                texts.append(word + char)
            if after not in seen:
                seen.add(after)
                queue.append((after, word + char))
        if len(seen) > BUDGET:
            break
    return [text for texts in found.values() for text in texts], not queue


class _Trie:
    """Reads literals; its state is a node, -1 where no literal begins so."""

    start = 0

    def __init__(self, texts: Iterable[str]) -> None:
        self.nodes: list[dict[str, int]] = [{}]
        self.ends: set[int] = set()
        for text in texts:
            node = 0
            for char in text:
                if char not in self.nodes[node]:
                    self.nodes[node][char] = len(self.nodes)
                    self.nodes.append({})
                node = self.nodes[node][char]
            self.ends.add(node)

    def chars(self, state: int) -> Iterable[str]:
        return self.nodes[state] if state >= 0 else ()

    def step(self, state: int, char: str) -> int:
        return self.nodes[state].get(char, -1) if state >= 0 else -1

    def answer(self, state: int) -> int:
        return state if state in self.ends else -1


class _Machine:
    """Reads the patterns of one group; its state is the set of places in them that the text may have led to."""

    def __init__(self, kind: str, texts: Iterable[str]) -> None:
        self.tokens: list[str] = []
        self.start = 0
        for tokens in (_tokens(kind, text) for text in texts):
            if tokens is not None:
                self.start |= 1 << len(self.tokens)
                self.tokens += [*tokens, _END]
        self.stars = _bits(self.tokens, _STARS)
        self.ends = _bits(self.tokens, (_END,))
        # A star before an end takes all that may come.
        self.top = self.ends >> 1 & _bits(self.tokens, (_STAR,))
        self.always = 1 << len(self.tokens)
        self.colon = (":",) if kind == "Arn" else ()
        self.start = self._closed(self.start)
        self.memo: dict[tuple[int, str], int] = {}

    def _closed(self, state: int) -> int:
        """With the places that a star reaches by taking nothing; one state for all that accepts whatever comes."""
        while (wider := state | (state & self.stars) << 1) != state:
            state = wider
        return self.always if state & self.top else state

    def chars(self, state: int) -> Iterable[str]:
        found = set(self.colon)
        for i in _places(state & ~self.always):
            token = self.tokens[i]
            if len(token) == 1:
                found.add(token)
            elif token[0] == _ANY_CASE:
                found |= {token[1], *(c for c in token[1].upper() if len(token[1].upper()) == 1)}
        return found

    def step(self, state: int, char: str) -> int:
        if state == self.always or not state:
            return state
        after = self.memo.get((state, char))
        if after is None:
            after = 0
            for i in _places(state):
                token = self.tokens[i]
                if token != _END and _takes(token, char):
                    after |= 1 << i if token in _STARS else 2 << i
            after = self.memo[state, char] = self._closed(after)
        return after

    def answer(self, state: int) -> bool:
        return bool(state & (self.ends | self.always))


def _bits(tokens: Sequence[str], wanted: tuple[str, ...]) -> int:
    return sum(1 << i for i, token in enumerate(tokens) if token in wanted)


def _places(state: int) -> Iterable[int]:
    while state:
        low = state & -state
        yield low.bit_length() - 1
        state ^= low


def _takes(token: str, char: str) -> bool:
    if len(token) == 1:
        return token == char
    if token[0] == _ANY_CASE:
        return char.lower() == token[1]
    if token in (_NAME_STAR, _NAME_MARK):
        return char not in _NOT_IN_NAMES
    return token[1] != ":" or char != ":"


def _tokens(kind: str, text: str) -> list[str] | None:
    """A pattern as tokens; None where it matches nothing."""
    if kind == "AnyCase":
        return [f"{_ANY_CASE}{char}" for char in literal(text.lower())]
    if kind == "Like":
        return [_wild(char, _STAR, _MARK) for char in text]
    if kind == "Session":
        return [*literal(text), *(_SHORTEST * (_NAME_MARK,)), _NAME_STAR]
    parts = ("*",) * PARTS if text == "*" else split_arn(text)
    if len(parts) != PARTS or not glob_match(parts[0], "arn"):
        return None
    found = list("arn")
    for part in parts[1:-1]:
        found += [":", *(_wild(char, _PART_STAR, _PART_MARK) for char in part)]
    return [*found, ":", *(_wild(char, _STAR, _MARK) for char in parts[-1])]


def _wild(char: str, star: str, mark: str) -> str:
    return star if char == "*" else mark if char == "?" else char
