"""Which pairs of a principal and a holder of a policy two accounts may answer differently, though the policy is as
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain

from lexgraph.access.comparison.decider import Rules
from lexgraph.access.comparison.holders import Holder
from lexgraph.access.comparison.naming import texts_in, texts_of
from lexgraph.access.comparison.narrow import Scope
from lexgraph.access.comparison.settled import TAGS, Settling
from lexgraph.access.comparison.sides import Sides
from lexgraph.access.fit import fitting
from lexgraph.account.model import Principal
from lexgraph.account.stacks import NONE
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import RESOURCE_TAGS
from lexgraph.policy.model import Policy


class Touched:
    """Principals of whom something differs, and the holders whose policies look at it."""

    def __init__(self, sides: Sides, holders: tuple[Holder, ...], settling: Settling) -> None:
        self.sides, self.holders = sides, holders
        self._settling = settling
        self._rules: dict[str | None, tuple[Rules, Rules]] = {}
        self._keys: dict[str | None, frozenset[str]] = {}

    def rules_of(self, holder: Holder) -> tuple[Rules, Rules]:
        """Return the resource control policies above a holder, in either account's view."""
        if holder.owner not in self._rules:
            self._rules[holder.owner] = self.sides.rules_of(holder.owner)
        return self._rules[holder.owner]

    def keys_above(self, holder: Holder) -> frozenset[str]:
        """Return the keys that the resource control policies above a holder speak of."""
        if holder.owner not in self._keys:
            self._keys[holder.owner] = self._settling.keys_in(self._above(holder))
        return self._keys[holder.owner]

    def _above(self, holder: Holder) -> Iterator[Policy]:
        for levels, _ in self.rules_of(holder):
            yield from chain(*levels)

    def rules(self, holder: Holder) -> bool:
        """Return whether the resource control policies above a holder differ."""
        here, there = self.rules_of(holder)
        return here is not there

    @cached_property
    def tells_tags(self) -> bool:
        """Whether the tags of users and roles are known, and some policy asks for those of a resource."""
        if all(one.tags(arn) is None for one in self.sides.both for arn in [*one.principals][:1]):
            return False
        stacks = {id(stack): stack for held in self.sides.stacks for stack in held.values()}.values()
        held = {id(one): one for stack in stacks for one in chain(*stack.principal_layers)}
        held |= {id(one): one for holder in self.holders for one in (*holder.policies, *self._above(holder))}
        return any(key.startswith(RESOURCE_TAGS) for one in held.values() for key in self._settling.speaks_of(one))

    def tagged(self, holder: Holder) -> bool:
        """Return whether the tags of a user or role differ, and some policy may ask for them."""
        here, there = self.sides.both
        return self.tells_tags and here.tags(holder.arn) != there.tags(holder.arn)

    @cached_property
    def tagged_scopes(self) -> tuple[Scope, ...]:
        """What else than to assume a role may be asked about users and roles whose tags differ."""
        if not self.tells_tags:
            return ()
        arns = sorted({arn for one in self.sides.both for arn in one.principals})
        holders = (Holder(arn, False, self.sides.account_id, NONE, NONE) for arn in arns)
        return tuple(
            Scope(holder, actions=actions, sent=sent)
            for holder in holders
            if self.tagged(holder)
            for sent, actions in _actions(holder.arn).items()
            if sent
        )

    def named(self, holder: Holder) -> frozenset[str]:
        """Return the principals, by their ARNs, whom a holder's policies may name otherwise than by their account."""
        return frozenset(
            arn
            for policy in holder.policies
            for statement in policy.statements
            for pattern in statement.principals or ()
            for text in texts_in(pattern)
            if text and not text.isdigit()
            for arn in self._by_text.get(text, ())
        )

    def principals(self, holder: Holder) -> Iterator[Principal]:
        """Yield those of whom something differs that a holder's policies may look at; where the resource control
        policies above it do, those too whom it names.
        """
        found = dict(self._of_holder.get(holder.arn, {}))
        if self.rules(holder):
            found |= dict.fromkeys(sorted(self.named(holder)))
        for arn in found:
            yield self.sides.here.principals[arn]

    def names_anybody(self, holder: Holder) -> bool:
        """Return whether a holder's policies may allow or deny something to anybody in particular."""
        return holder.arn in self._index[0]

    @cached_property
    def _by_text(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for arn, who in self.sides.here.principals.items():
            both = (who, self.sides.there.principals.get(arn) or who)
            for text in dict.fromkeys(text for one in both for text in texts_of(one)):
                if text and not text.isdigit():
                    found.setdefault(text, []).append(arn)
        return {text: tuple(arns) for text, arns in found.items()}

    @cached_property
    def _of_holder(self) -> Mapping[str, dict[str, None]]:
        """For each holder whose policy is as before, the principals of whom something differs that it may look at."""
        anybody, by_text, by_key = self._index
        tagged = [key for key in by_key if key.startswith(TAGS)]
        found: dict[str, dict[str, None]] = {}
        for arn, who in self.sides.here.principals.items():
            there = self.sides.there.principals.get(arn)
            keys = self._differing_keys(who, there)
            same = not keys and self.sides.mine[arn] is self.sides.other.get(arn)
            if same and there is not None and who.unique_id == there.unique_id:
                continue
            texts = dict.fromkeys(text for one in (who, there) if one is not None for text in texts_of(one))
            keys = keys.union(tagged) if TAGS in keys else keys
            looking = [*anybody, *_each(by_text, texts), *_each(by_key, sorted(keys))]
            for holder in looking:
                found.setdefault(holder, {})[arn] = None
        return found

    def _differing_keys(self, who: Principal, there: Principal | None) -> frozenset[str]:
        return frozenset() if there is None else self.sides.here.known(who).differing(self.sides.there.known(there))

    @cached_property
    def _index(self) -> tuple[dict[str, None], dict[str, list[str]], dict[str, list[str]]]:
        """The holders that may look at anybody; by the text of whom they name; by the keys that they look at."""
        anybody: dict[str, None] = {}
        by_text: dict[str, list[str]] = {}
        by_key: dict[str, list[str]] = {}
        for holder in self.holders:
            for key in self._settling.keys_in(holder.policies) | self.keys_above(holder):
                by_key.setdefault(key, []).append(holder.arn)
            for statement in (one for policy in holder.policies for one in policy.statements):
                element = statement.principals
                texts = {text for pattern in element or () for text in texts_in(pattern)}
                if element is not None and (element.negated or (statement.allows and "" in texts)):
                    anybody[holder.arn] = None
                for text in texts:
                    if text and not text.isdigit():
                        by_text.setdefault(text, []).append(holder.arn)
        return anybody, by_text, by_key


def _actions(arn: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    """What may be done to a user or a role, by how the keys begin that AWS sends of its tags (rule C10)."""
    cat = catalog()
    bits = (cat.bits("iam:*") | cat.bits("sts:*")) & ~cat.bits("sts:AssumeRole*")
    found: dict[tuple[str, ...], list[str]] = {}
    for action in cat.names_in(bits):
        if fitting(action, (arn,)):
            sent = tuple(begin for begin in RESOURCE_TAGS if cat.key_fits(f"{begin}x", action) is not False)
            found.setdefault(sent, []).append(action)
    return {sent: tuple(actions) for sent, actions in found.items()}


def _each(index: Mapping[str, list[str]], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from index.get(name, ())
