"""A name for a user or role that is not there yet, for which a principal may do all that it takes.

Whoever creates one chooses its name and its path, so it is enough that the policies leave one open. What is returned is
confirmed by single decisions on one name, or said to be undecided.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.alike import RESERVED_PATHS, policies_of
from lexgraph.access.escalation.model import Proof, proof_of
from lexgraph.access.escalation.somewhere import Ask, open_regions, patterns
from lexgraph.access.escalation.trimmed import Trimmed
from lexgraph.account.model import Principal
from lexgraph.evaluation.decision import Decision
from lexgraph.policy.arn import split_arn
from lexgraph.policy.patterns import is_pattern

UNDECIDED = "if the policies, whose patterns overlap in too many ways to tell, leave a name open"
_WORDS = ("example", "example-2", "unused")
# Where more names, or more questions about a part of all names, are needed, the answer may be undecided.
_MOST_TRIED, _MOST_PARTS = 64, 8
_LENGTHS = (1, 2, 3, 5, 9, 20)
# What IAM lets a user or role be called: a path, and a name of up to 64 characters.
_NAME = re.compile(r"(?:user|role)/(?:[!-~]*/)?[\w+=,.@-]{1,64}", re.ASCII)
_LETTERS = f"{string.ascii_lowercase[::-1]}{string.ascii_uppercase[::-1]}{string.digits}_+=,.@-"


class Names:
    """The search for names in one account."""

    def __init__(self, trimmed: Trimmed) -> None:
        self.trimmed = trimmed
        # No two users may have one name, whatever its case and path; nor may two roles.
        self._taken = {(p.kind, _bare(p.arn)) for p in trimmed.snapshot.principals}

    def proofs(self, who: Principal, asks: Sequence[Ask], kind: str) -> tuple[Proof, ...] | None:
        """Return the proofs that a principal may do what is asked to one new user or role; None where it may not.

        Where all is allowed for a name, that comes before one where conditions decide.
        """
        _, partition, _, _, owner, _ = split_arn(who.arn)
        (pattern,) = patterns("iam", kind, partition, owner)
        best = self._best(who, asks, self._likely(who, asks, kind, pattern))
        if best is not None and _is_certain(best):
            return _told(asks, best)
        regions, exact = open_regions(self.trimmed, who, asks, pattern, most=_MOST_PARTS)
        missed = bool(regions) and not exact
        for region in regions:
            names = tuple(self._spelled(kind, region, self._words(who, region)))
            found = self._best(who, asks, names)
            if found is not None and _is_certain(found):
                return _told(asks, found)
            best, missed = best or found, missed or (found is None and bool(names) and is_pattern(region))
        if best is not None:
            return _told(asks, best)
        return tuple(_undecided(ask, pattern) for ask in asks) if missed else None

    def _likely(self, who: Principal, asks: Sequence[Ask], kind: str, pattern: str) -> Iterator[str]:
        """Names that the policies' own patterns suggest: mostly one of them is enough."""
        yield from self._spelled(kind, pattern, _WORDS[:1])
        for region in islice(self._within(who, asks, pattern), _MOST_TRIED):
            yield from self._spelled(kind, region, _WORDS[:1])

    def _within(self, who: Principal, asks: Sequence[Ask], pattern: str) -> Iterator[str]:
        """What the patterns about all that is asked have in common, one of each."""
        if not asks:
            yield pattern
            return
        for parts in asks[0].at_hand(self.trimmed, who, pattern) or (split_arn(pattern),):
            yield from self._within(who, asks[1:], ":".join(parts))

    def _best(self, who: Principal, asks: Sequence[Ask], names: Iterable[str]) -> tuple[Decision, ...] | None:
        """The decisions on the first name for which all is allowed, else on one where conditions decide."""
        best: tuple[Decision, ...] | None = None
        for name in names:
            found: list[Decision] = []
            for ask in asks:
                found.append(ask.decide(self.trimmed, who, name))
                if found[-1].outcome not in GRANTING:
                    break
            else:
                best = best or tuple(found)
                if _is_certain(found):
                    return tuple(found)
        return best

    def _spelled(self, kind: str, region: str, words: Iterable[str]) -> Iterator[str]:
        """Names in a region that IAM accepts and that nobody has yet."""
        *front, last = split_arn(region)
        for word in words:
            name = last.replace("*", word).replace("?", word[0])
            fits = _NAME.fullmatch(name) and not name.startswith(RESERVED_PATHS)
            if fits and (kind, _bare(name)) not in self._taken:
                yield ":".join((*front, name))

    def _words(self, who: Principal, region: str) -> Iterator[str]:
        """What may stand for a star: readable words first, then such as no star of the policies' is needed to match."""
        yield from _WORDS[: len(_WORDS) if is_pattern(region) else 1]
        if not is_pattern(region):
            return
        used = {letter for policy in policies_of(self.trimmed.stack(who)) for s in policy.statements
                for pattern in s.resources or () for letter in pattern}  # fmt: skip
        letter = next((letter for letter in _LETTERS if letter not in used), None)
        yield from (letter * length for length in _LENGTHS if letter is not None)


def _bare(arn: str) -> str:
    return arn.rpartition("/")[2].lower()


def _is_certain(found: Iterable[Decision]) -> bool:
    return all(decision.outcome == "allowed" for decision in found)


def _told(asks: Sequence[Ask], found: Sequence[Decision]) -> tuple[Proof, ...]:
    pairs = zip(asks, found, strict=True)
    return tuple(proof_of(decision, dict(ask.known), after=ask.stack is not None) for ask, decision in pairs)


def _undecided(ask: Ask, pattern: str) -> Proof:
    known = tuple(ask.known.items())
    return Proof(ask.action, pattern, known, "conditional", UNDECIDED, after=ask.stack is not None)
