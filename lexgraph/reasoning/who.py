"""Whom a caller stands for that is asked about: the principals as policies name them, and patterns of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lexgraph.evaluation.callers import caller_of
from lexgraph.evaluation.principals import without_path
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.intersect import FRESH
from lexgraph.policy.patterns import compile_glob
from lexgraph.reasoning.callers import Callers
from lexgraph.reasoning.side import AnyCaller

EVERYONE = "*"
Who = tuple[tuple[str, ...], tuple[str, ...]]  # principals, and those among them that are not meant


class Whom:
    """The words for the callers of a comparison: accounts by their number, users and roles by their ARN, services and
    identity providers as a Request names them, ``*`` for everyone.
    """

    def __init__(self, callers: Callers) -> None:
        named: dict[int, list[str]] = {}
        places = {treatment: place for place, treatment in enumerate(callers.alike)}
        for pattern in dict.fromkeys(() if callers.only else callers.principals()):
            found = _standing_for(callers, pattern)
            if found is not None:
                text, caller = found
                place = places.get(callers.treatment(caller))
                place = _named_alike(callers, caller) if place is None else place
                if place is not None:
                    named.setdefault(place, []).append(text)
        unnamed = frozenset((callers.here, callers.elsewhere))
        self.words = tuple(
            _words(named.get(place, ()), members, unnamed) for place, members in enumerate(callers.alike.values())
        )

    def of(self, places: Iterable[int]) -> Who:
        """Return whom the callers at some places stand for, and who is not meant though the words seem to say so."""
        inside = set(places)
        told = {text for place in inside for text in self.words[place]}
        meant = sorted(text for text in told if not _within(text, told))
        others = {text for place, texts in enumerate(self.words) if place not in inside for text in texts} - told
        spared = {text for text in others if _within(text, meant)}
        return tuple(meant), tuple(sorted(text for text in spared if not _within(text, spared)))


def _standing_for(callers: Callers, pattern: str) -> tuple[str, AnyCaller] | None:
    """A Principal's value as these words have it, with a caller that it names; None for everyone, and for unique ids,
    which are a condition on aws:userid.
    """
    kind, _, value = pattern.partition(":")
    if kind in ("Service", "Federated"):
        return pattern, callers.caller(pattern)
    if kind != "AWS" or value == EVERYONE:
        return None
    parts = split_arn(value) if is_arn(value) else ()
    account = parts[4] if parts and parts[2] == "iam" and parts[5] == "root" else value
    if len(account) == 12 and account.isdigit():
        partition = parts[1] if parts else next(iter(callers.partitions), "aws")
        return account, callers.caller(f"arn:{partition}:iam::{account}:user/{FRESH}")
    return (value, callers.caller(value)) if parts and caller_of(value) else None


def _named_alike(callers: Callers, caller: AnyCaller) -> int | None:
    """The place of callers that the same Principal elements name: one of several accounts stands for all of them."""
    wanted = callers.named_by(caller)
    return next((place for place, one in enumerate(callers.all) if callers.named_by(one) == wanted), None)


def _words(named: Sequence[str], members: Sequence[AnyCaller], unnamed: frozenset[str]) -> tuple[str, ...]:
    """The principals that are named, then patterns of what else is treated alike."""
    found = dict.fromkeys(named)
    if any(member.principal == EVERYONE for member in members):
        found[EVERYONE] = None
    for member in members:
        text = _pattern(member, unnamed)
        if not _within(text, found):
            found[text] = None
    return tuple(text for text in found if not _within(text, found))


def _pattern(member: AnyCaller, unnamed: frozenset[str]) -> str:
    text = member.principal.replace(FRESH, "*")
    return text.replace(f":{member.account}:", ":*:", 1) if member.account in unnamed else text


def _within(text: str, others: Iterable[str]) -> bool:
    """Whether one of the other words says the same and more."""
    return any(_covers(other, text) for other in others if other != text)


def _covers(wide: str, narrow: str) -> bool:
    if wide == EVERYONE or not is_arn(narrow):
        return wide == EVERYONE or (narrow != EVERYONE and compile_glob(wide)(narrow))
    if wide.isdigit():
        return split_arn(narrow)[4] == wide
    if not is_arn(wide):
        return False
    if ":assumed-role/" in narrow and ":role/" in wide:  # a role is named with its sessions (rule P2)
        _, partition, _, _, account, rest = split_arn(narrow)
        wide, narrow = without_path(wide), f"arn:{partition}:iam::{account}:role/{rest.split('/')[1]}"
    return all(compile_glob(outer)(inner) for outer, inner in zip(split_arn(wide), split_arn(narrow), strict=True))
