"""What differs between two accounts, as values: what stands in them, and who gained or lost which access."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from lexgraph.account.model import Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.decision import Outcome
from lexgraph.evaluation.request import Request
from lexgraph.reasoning.compare import RelationName

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
Via = Literal[
    "own policies",
    "permissions boundary",
    "service control policies",
    "resource control policies",
    "trust policy",
    "resource policy",
    "keys of the principal",
    "keys of the resource",
    "several layers",
]
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
    via : what brought it: the layer with which, in the place of the other account's, the other account too allows the
        request; ``keys of the principal`` are its tags, its id and its organization's, those of the resource likewise;
        ``several layers`` where no one alone is enough.
    principals : whom it is about, ``*`` for anybody; of all of them the request would be answered alike.
    request : one that only one of the two accounts allows, as the first of `principals`; None where it is undecided.
    before, after : the answers of the two accounts; None where an account does not have the principal.
    holder : the role or the resource whose policy brought it, or lets the principal in; None for what goes with the
        principals themselves.
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


@dataclass(frozen=True, slots=True)
class AccountDifference:
    """What differs between two snapshots: `before` and `after`, without what only one of them knows.

    `changes` are what stands in them, `access` who gained and lost what. `notes` are what to know of the comparison,
    and `hidden` what was left out of it and may have changed.
    """

    before: Snapshot
    after: Snapshot
    changes: tuple[AccountChange, ...] = ()
    access: tuple[AccessChange, ...] = ()
    notes: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    def of(self, change: Direction) -> tuple[AccessChange, ...]:
        """Return what was gained, or lost, and is shown by a request."""
        return tuple(one for one in self.access if one.change == change and one.request is not None)

    @property
    def undecided(self) -> tuple[AccessChange, ...]:
        """What could be neither shown nor ruled out."""
        return tuple(one for one in self.access if one.request is None)

    @property
    def relation(self) -> RelationName:
        """How the first account relates to the second: narrower where access was only gained, wider where it was only
        lost; disjoint where no principal is in both; undecided where something may have changed unseen.
        """
        gained, lost = bool(self.of("gained")), bool(self.of("lost"))
        if gained and lost:
            first, second = ({p.arn for p in one.principals} for one in (self.before, self.after))
            return "overlapping" if first & second else "disjoint"
        if self.undecided or self.hidden:
            return "undecided"
        return "narrower" if gained else "wider" if lost else "equal"

    def actions(self, change: Direction) -> tuple[str, ...]:
        """Return the actions that some principal newly may do at all, or no longer may."""
        bits = 0
        for one in self.access:
            bits |= one.bits if one.change == change else 0
        return catalog().names_in(bits)
