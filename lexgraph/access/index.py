"""Finds, for a request, the principals that may be allowed it, without deciding it for each.

One index holds the statements of all distinct policies of the account. A principal is worth asking about only where
one of its Allow statements may match; all others are implicitly denied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lexgraph.account.model import Principal, Snapshot
from lexgraph.account.pages import collector_paused
from lexgraph.evaluation.index import StatementIndex
from lexgraph.evaluation.request import Question, Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import Policy

# Trust policies and key policies name principals themselves, and some actions of STS need no policy at all.
_NAMED_ELSEWHERE = ("sts:", "kms:")
MEMO = 4096


@dataclass(frozen=True, slots=True)
class AccountIndex:
    """The statements of all policies, and which principals hold each policy (by place in the snapshot)."""

    statements: StatementIndex
    holders: tuple[tuple[int, ...], ...]
    unreadable: tuple[int, ...]
    _stacks: dict[tuple[object, ...], PolicyStack] = field(default_factory=dict, init=False, repr=False, compare=False)

    def candidates(self, snapshot: Snapshot, action: str, resource: str) -> Iterator[tuple[Principal, PolicyStack]]:
        """Yield the principals that may be allowed the request, sorted by ARN, each with the policies that decide it.

        All others have no Allow. The stacks leave out the policies that do not speak of the action, so that
        principals share them.
        """
        if not snapshot.principals:
            return
        question = Question(Request(snapshot.principals[0].arn, action, resource))
        if question.action.startswith(_NAMED_ELSEWHERE):
            yield from ((p, snapshot.stack_for(p, action, resource)) for p in snapshot.principals)
            return
        speaking = self.statements.actions.of(question.action)
        policies = self._policies_in(speaking)
        allowing = speaking & self.statements.allow
        allowing = allowing and allowing & self.statements.resources.of(question)
        places = set(self.unreadable)
        places.update(place for i in self._policies_in(allowing) for place in self.holders[i])
        keys = {self.statements.policies[i].key for i in policies}
        for place in sorted(places):
            principal = snapshot.principals[place]
            yield principal, self._shared(snapshot.stack(principal), keys)

    def _policies_in(self, bits: int) -> set[int]:
        found = set()
        while bits:
            low = bits & -bits
            bits ^= low
            found.add(self.statements.entries[low.bit_length() - 1].policy_index)
        return found

    def _shared(self, stack: PolicyStack, keys: set[str]) -> PolicyStack:
        identity = tuple(policy for policy in stack.identity if policy.key in keys)
        name = (*(policy.key for policy in identity), stack.boundary and stack.boundary.key, stack.unreadable)
        found = self._stacks.get(name)
        if found is None:
            if len(self._stacks) >= MEMO:
                self._stacks.clear()
            found = self._stacks[name] = replace(stack, identity=identity)
        return found


def account_index(snapshot: Snapshot) -> AccountIndex:
    """Return the index of an account, made on first use and kept with it."""
    index: AccountIndex = snapshot.kept("account index", lambda: _make(snapshot))
    return index


@collector_paused()
def _make(snapshot: Snapshot) -> AccountIndex:
    places: dict[str, int] = {}
    policies: list[Policy] = []
    holders: list[list[int]] = []
    unreadable = []
    for i, principal in enumerate(snapshot.principals):
        known = all(snapshot.group(arn) is not None for arn in principal.groups)
        for key, via, _, policy in snapshot.holdings(principal):
            if policy is None:
                known = False
            elif via != "boundary":
                place = places.setdefault(key, len(policies))
                if place == len(policies):
                    policies.append(policy)
                    holders.append([])
                holders[place].append(i)
        if not known:
            unreadable.append(i)
    return AccountIndex(StatementIndex(policies, "identity"), tuple(map(tuple, holders)), tuple(unreadable))
