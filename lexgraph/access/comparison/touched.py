"""Which pairs of a principal and a holder of a policy two accounts may answer differently, though the policy is as
before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from lexgraph.access.comparison.decider import Decider, Rules, rules_of
from lexgraph.access.comparison.holders import Holder
from lexgraph.access.comparison.naming import texts_in, texts_of
from lexgraph.access.comparison.narrow import Scope
from lexgraph.access.comparison.settled import TAGS, mentioned_keys
from lexgraph.access.fit import fitting
from lexgraph.account.model import Principal
from lexgraph.account.stacks import NONE
from lexgraph.catalog.actions import catalog
from lexgraph.conditions.context import RESOURCE_TAGS
from lexgraph.evaluation.stack import PolicyStack

Stacks = Mapping[str, PolicyStack]


class Touched:
    """Principals of whom something differs, and the holders whose policies look at it."""

    def __init__(self, here: Decider, there: Decider, mine: Stacks, other: Stacks, holders: tuple[Holder, ...]) -> None:
        self.here, self.there = here, there
        self.mine, self.other = mine, other
        self.holders = holders
        self._rules: dict[str | None, tuple[Rules, Rules]] = {}

    def rules_of(self, holder: Holder) -> tuple[Rules, Rules]:
        """Return the resource control policies above a holder, in either account's view."""
        if holder.owner not in self._rules:
            self._rules[holder.owner] = rules_of(self.here, self.there, holder.owner)
        return self._rules[holder.owner]

    def rules(self, holder: Holder) -> bool:
        """Return whether the resource control policies above a holder differ."""
        here, there = self.rules_of(holder)
        return here is not there

    @cached_property
    def tells_tags(self) -> bool:
        """Whether the tags of users and roles are known, and some policy asks for those of a resource."""
        if all(one.tags(arn) is None for one in (self.here, self.there) for arn in [*one.principals][:1]):
            return False
        stacks = {id(stack): stack for held in (self.mine, self.other) for stack in held.values()}.values()
        layers = (level for stack in stacks for level in (stack.identity, (stack.boundary,), *stack.scps))
        held = {id(one): one for layer in layers for one in layer if one is not None}
        rules = (
            one for holder in self.holders for levels, _ in self.rules_of(holder) for level in levels for one in level
        )
        held |= {id(one): one for one in (*rules, *(one for holder in self.holders for one in holder.policies))}
        return any(key.startswith(RESOURCE_TAGS) for one in held.values() for key in mentioned_keys(one))

    def tagged(self, holder: Holder) -> bool:
        """Return whether the tags of a user or role differ, and some policy may ask for them."""
        return self.tells_tags and self.here.tags(holder.arn) != self.there.tags(holder.arn)

    @cached_property
    def tagged_scopes(self) -> tuple[Scope, ...]:
        """What else than to assume a role may be asked about users and roles whose tags differ."""
        if not self.tells_tags:
            return ()
        account = self.here.snapshot.account_id
        arns = sorted({*self.here.principals, *self.there.principals})
        holders = (Holder(arn, False, account, NONE, NONE) for arn in arns)
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
            yield self.here.principals[arn]

    def names_anybody(self, holder: Holder) -> bool:
        """Return whether a holder's policies may allow or deny something to anybody in particular."""
        return holder.arn in self._index[0]

    @cached_property
    def _by_text(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for arn, who in self.here.principals.items():
            both = (who, self.there.principals.get(arn) or who)
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
        for arn, who in self.here.principals.items():
            there = self.there.principals.get(arn)
            keys = self._differing_keys(who, there)
            if (
                there is not None
                and not keys
                and self.mine[arn] is self.other[arn]
                and (who.unique_id == there.unique_id)
            ):
                continue
            texts = dict.fromkeys(text for one in (who, there) if one is not None for text in texts_of(one))
            keys = keys.union(tagged) if TAGS in keys else keys
            looking = [*anybody, *_each(by_text, texts), *_each(by_key, sorted(keys))]
            for holder in looking:
                found.setdefault(holder, {})[arn] = None
        return found

    def _differing_keys(self, who: Principal, there: Principal | None) -> frozenset[str]:
        return frozenset() if there is None else self.here.known(who).differing(self.there.known(there))

    @cached_property
    def _index(self) -> tuple[dict[str, None], dict[str, list[str]], dict[str, list[str]]]:
        """The holders that may look at anybody; by the text of whom they name; by the keys that they look at."""
        anybody: dict[str, None] = {}
        by_text: dict[str, list[str]] = {}
        by_key: dict[str, list[str]] = {}
        ruling: dict[str | None, set[str]] = {}
        for holder in self.holders:
            if holder.owner not in ruling:
                rules = {id(one): one for levels, _ in self.rules_of(holder) for level in levels for one in level}
                ruling[holder.owner] = {key for one in rules.values() for key in mentioned_keys(one)}
            spoken = {key for policy in holder.policies for key in mentioned_keys(policy)}
            for key in spoken | ruling[holder.owner]:
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
