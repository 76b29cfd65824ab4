"""What differs between two accounts, as values: what stands in them, and who gained or lost which access."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Request

What = Literal[
    "attachment",
    "boundary",
    "control policy",
    "group",
    "membership",
    "policy",
    "principal",
    "resource policy",
    "tag",
    "trust",
    "unique id",
]
WHATS: tuple[What, ...] = get_args(What)
Change = Literal["added", "changed", "removed"]
CHANGES: tuple[Change, ...] = get_args(Change)
Direction = Literal["gained", "lost"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
Via = Literal["own policies", "resource policy", "trust policy"]
VIAS: tuple[Via, ...] = get_args(Via)


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One thing that stands in one of two accounts only, or differently in both.

    `what` says which of the others are given: `principal`, `policy` (its key), `via` and `group` for an attachment;
    `name` is a tag's key, or the resource or the control policy that it is about. `before` and `after` are the values
    that changed, policies as JSON.
    """

    what: What
    change: Change
    principal: str | None = None
    policy: str | None = None
    via: str | None = None
    group: str | None = None
    name: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class AccessChange:
    """Access that principals gained or lost, shown by a request; or that they may have, for all that could be proved.

    Parameters
    ----------
    change : gained or lost.
    via : what brought it: policies of their own, a role's trust policy, or a resource's policy.
    principals : whom it is about, ``*`` for anybody; of all of them the request would be answered alike.
    request : one that only one of the two accounts allows, as the first of `principals`; None where it is undecided.
    before, after : the answers of the two accounts; None where an account does not have the principal.
    holder : the role or the resource whose policy brought it; None for policies of their own.
    bits : the catalogue's actions that the principals may do somewhere now and could nowhere before, or the reverse.
    reason : why it is undecided.
    assumptions : what the proof leans on.
    """

    change: Direction
    via: Via
    principals: tuple[str, ...]
    request: Request | None = None
    before: Outcome | None = None
    after: Outcome | None = None
    holder: str | None = None
    bits: int = field(default=0, repr=False)  # its text would be longer than Python prints
    reason: str = ""
    assumptions: tuple[str, ...] = ()

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions that are new, or gone, altogether; none where only resources or conditions differ.

        >>> AccessChange("gained", "own policies", (), bits=catalog().bits("lex:Post*")).actions
        ('lex:PostContent', 'lex:PostText')
        """
        return catalog().names_in(self.bits)
