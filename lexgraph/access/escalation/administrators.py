"""Who is an administrator, and who would be: policies held against AdministratorAccess, for every request.

An administrator is allowed, by its own policies and within its boundary, everything that AdministratorAccess allows.
Control policies of an organization bind administrators too, so they do not count here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lexgraph.account.model import Principal, Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.reasoning.contain import contains

Standing = Literal["allowed", "conditional"]
ADMINISTRATOR = Policy(
    "AdministratorAccess",
    (Statement("Allow", PatternSet(("*",)), PatternSet(("*",))),),
    arn="arn:aws:iam::aws:policy/AdministratorAccess",
)


@dataclass(frozen=True, slots=True)
class Administrators:
    """Answers about the principals of an account; each distinct set of policies is held against AdministratorAccess
    once.

    The answer is ``allowed``, ``conditional`` (where some contexts allow everything and others do not, or where a
    policy could not be read), or None.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> found = administrators(account)
    >>> found.standing(account.principal("user/oleg")), found.standing(account.principal("user/alice"))
    ('allowed', 'conditional')
    """

    snapshot: Snapshot
    _bits: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _known: dict[tuple[object, ...], Standing | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _kept: list[Policy] = field(default_factory=list, init=False, repr=False, compare=False)

    def standing(
        self,
        who: Principal,
        *,
        more: Sequence[Policy] = (),
        instead: Policy | None = None,
        bounded: bool = True,
        unread: bool = False,
    ) -> Standing | None:
        """Return whether a principal is an administrator, or would be.

        Parameters
        ----------
        who : the principal.
        more : policies that it would hold as well.
        instead : a policy in the place of the one with the same key that it holds.
        bounded : whether its boundary still bounds it.
        unread : whether it would hold something that could not be read.
        """
        stack = self.snapshot.stack(who)
        held = (instead if instead and policy.key == instead.key else policy for policy in stack.identity)
        identity = (*held, *more)
        boundary = stack.boundary if bounded else None
        unknown = unread or "identity" in stack.unreadable, bounded and "boundary" in stack.unreadable
        name = (*(id(policy) for policy in identity), None, boundary and id(boundary), unknown)
        if name not in self._known:
            self._kept.extend((*more, *((instead,) if instead else ())))  # so that the ids stay theirs
            self._known[name] = self._decided(identity, boundary, *unknown)
        return self._known[name]

    def becomes(self, who: Principal, **changed: Any) -> Standing | None:
        """Return what a change makes of a principal that is no administrator, or one under a condition; None where it
        makes no more of it. The change is told as to :meth:`standing`.
        """
        before = self.standing(who)
        after = self.standing(who, **changed)
        return None if after is None or before in ("allowed", after) else after

    def newcomer(
        self, held: Sequence[Policy] = (ADMINISTRATOR,), *, boundary: str | None = None, unread: bool = False
    ) -> Standing | None:
        """Return whether a user or role that is not there yet would be one.

        Parameters
        ----------
        held : the policies that it would hold; AdministratorAccess by default.
        boundary : the ARN of its boundary.
        unread : whether it would hold something that could not be read.
        """
        limit, name = None, ("new", *(id(policy) for policy in held), boundary, unread)
        if name not in self._known:
            self._kept.extend(held)
            if boundary is not None and not boundary.endswith(str(ADMINISTRATOR.arn).partition("iam")[2]):
                managed = self.snapshot.managed(boundary)
                limit = managed.policy if managed else Policy("boundary", ())
            self._known[name] = self._decided(tuple(held), limit, unread, limit is not None and managed is None)
        return self._known[name]

    def _decided(
        self, identity: tuple[Policy, ...], boundary: Policy | None, identity_unread: bool, boundary_unread: bool
    ) -> Standing | None:
        own = _held(identity, None, self.named(identity))
        if own is None and not identity_unread:
            return None
        if boundary_unread:
            return "conditional"
        if boundary is None:
            return "conditional" if identity_unread else own
        limit = _held((boundary,), None, self.named((boundary,)))
        if limit is None:
            return None
        return "conditional" if identity_unread else _held(identity, boundary, catalog().everything)

    def named(self, policies: Iterable[Policy]) -> int:
        """Return the catalogue's actions that some Allow of the policies names, as bits."""
        found = 0
        for policy in policies:
            bits = self._bits.get(id(policy))
            if bits is None:
                self._kept.append(policy)
                bits = self._bits[id(policy)] = named_actions(policy)
            found |= bits
        return found


def administrators(snapshot: Snapshot) -> Administrators:
    """Return the answers about an account, kept with it."""
    found: Administrators = snapshot.kept("administrators", lambda: Administrators(snapshot))
    return found


def _held(identity: tuple[Policy, ...], boundary: Policy | None, named: int) -> Standing | None:
    """Whether policies allow everything, for certain, in some contexts, or not."""
    if named != catalog().everything:
        return None
    identity = _reduced(identity)
    if boundary is None and identity == (ADMINISTRATOR,):
        return "allowed"
    if contains(PolicyStack(identity, boundary), ADMINISTRATOR).holds:
        return "allowed"
    loose = tuple(map(_loosened, identity)), boundary and _loosened(boundary)
    # Where that could not be settled, nobody may call it "no".
    return None if contains(PolicyStack(*loose), ADMINISTRATOR).holds is False else "conditional"


def _reduced(policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """The same, shorter: where a statement allows everything, only the Denies beside it matter."""
    if not any(_is_everything(statement) for policy in policies for statement in policy.statements):
        return policies
    denies = ((policy, tuple(s for s in policy.statements if not s.allows)) for policy in policies)
    return (ADMINISTRATOR, *(replace(policy, statements=kept) for policy, kept in denies if kept))


def _is_everything(statement: Statement) -> bool:
    actions, resources = statement.actions, statement.resources
    lone = [element is not None and not element.negated and "*" in element.patterns for element in (actions, resources)]
    return statement.allows and all(lone) and statement.unconditional


def _loosened(policy: Policy) -> Policy:
    """The policy in its widest context: every condition of an Allow holds, none of a Deny does."""
    kept = (s for s in policy.statements if s.allows or s.unconditional)
    return replace(policy, statements=tuple(replace(s, conditions=()) if s.allows else s for s in kept))


def named_actions(policy: Policy) -> int:
    """Return the catalogue's actions that some Allow of a policy names, as bits.

    >>> named_actions(ADMINISTRATOR) == catalog().everything
    True
    """
    bits = 0
    for statement in policy.statements:
        if statement.allows:
            bits |= catalog().bits_of(statement.actions.patterns, statement.actions.negated)
    return bits
