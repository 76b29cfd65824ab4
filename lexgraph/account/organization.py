"""The organization that an account belongs to: its tree, and the service and resource control policies in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from lexgraph.policy.model import PatternSet, Policy, Statement

TargetKind = Literal["root", "ou", "account"]
ControlKind = Literal["scp", "rcp"]
CONTROL_KINDS: tuple[ControlKind, ...] = ("scp", "rcp")


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the tree that policies are attached to: the root, an organizational unit, or an account.

    `attached` are ids of policies; it is None where nobody could read what is attached.
    """

    id: str
    kind: TargetKind
    name: str
    parent: str | None = None
    attached: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class ControlPolicy:
    """A service or resource control policy; `policy` is None where its document could not be read."""

    id: str
    arn: str
    name: str
    kind: ControlKind
    aws: bool = False
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization: its tree of targets and its control policies.

    Parameters
    ----------
    id : ``o-…``.
    management_account : the account whose principals no SCP binds, and whose resources no RCP does.
    targets : the root first, then the organizational units, then the accounts, each by id; none at all where the tree
        is not known, which AWS tells only to some accounts of an organization.
    policies : the SCPs and RCPs, by id; those that are attached nowhere too.
    kinds : the kinds of policies that are in use, None where the file does not say.
    unsure : the kinds of which policies may be attached that are not told here.

    Examples
    --------
    >>> root = Target("r-ab12", "root", "Root")
    >>> member = Target("111122223333", "account", "Support", "r-ab12")
    >>> Organization("o-exampleorgid", "444455556666", (root, member)).path_text("111122223333")
    'o-exampleorgid/r-ab12/'
    """

    id: str
    management_account: str
    targets: tuple[Target, ...] = ()
    policies: tuple[ControlPolicy, ...] = ()
    kinds: tuple[ControlKind, ...] | None = None
    unsure: tuple[ControlKind, ...] = ()
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False, hash=False)

    def has(self, account_id: str | None) -> bool:
        """Return whether an account is in the organization, as far as it is known."""
        target = self._by_id.get(account_id or "")
        return target is not None and target.kind == "account"

    def binds(self, account_id: str) -> bool:
        """Return whether SCPs bind the principals of an account, and RCPs its resources: not those of the management
        account (rule L2).
        """
        return account_id != self.management_account

    def enabled(self, kind: ControlKind) -> bool | None:
        """Return whether policies of a kind are in use; None where what could not be read decides.

        When AWS switches a kind off, it detaches all policies of it: a kind in use is attached somewhere.
        """
        if self.kinds is not None:
            return kind in self.kinds
        known = self._policy_of
        if any(one in known and known[one].kind == kind for target in self.targets for one in target.attached or ()):
            return True
        return None if kind in self.unsure or any(target.attached is None for target in self.targets) else False

    def path(self, account_id: str) -> tuple[Target, ...]:
        """Return what stands above an account, the root first, and the account; nothing for one that is not there."""
        if not self.has(account_id):
            return ()
        found = [self._by_id[account_id]]
        while (parent := found[-1].parent) is not None:
            found.append(self._by_id[parent])
        return tuple(reversed(found))

    def path_text(self, account_id: str) -> str:
        """Return the path as ``aws:PrincipalOrgPaths`` writes it: ``o-…/r-…/ou-…/``, without the account."""
        return "".join(f"{part}/" for part in (self.id, *(target.id for target in self.path(account_id)[:-1])))

    def levels(self, account_id: str, kind: ControlKind) -> tuple[tuple[Policy, ...], ...]:
        """Return the control policies that apply to an account, a tuple per level, the root's first.

        In the place of a policy that could not be read stands one that allows everything and denies nothing; then
        :meth:`unread` is not empty, and answers are unknown.
        """

        def make() -> tuple[tuple[Policy, ...], ...]:
            return tuple(self._level(target, kind) for target in self.path(account_id)) if self.enabled(kind) else ()

        found: tuple[tuple[Policy, ...], ...] = self._kept(f"levels {kind} {account_id}", make)
        return found

    def _level(self, target: Target, kind: ControlKind) -> tuple[Policy, ...]:
        if target.attached is None:
            return (_stand_in(f"the policies of {target.id}", kind, None),)
        listed = (self._policy_of.get(one) for one in target.attached)
        known = tuple(p.policy or _stand_in(p.name, kind, p.arn) for p in listed if p is not None and p.kind == kind)
        return (*known, _stand_in(f"more policies of {target.id}", kind, None)) if kind in self.unsure else known

    def unread(self, account_id: str, kind: ControlKind) -> tuple[str, ...]:
        """Return what could not be read of the levels of an account: ids of policies, or of targets of which it is not
        known what (or what else) is attached.
        """

        def make() -> tuple[str, ...]:
            enabled = self.enabled(kind)
            if not enabled:
                return tuple(target.id for target in self.targets) if enabled is None else ()
            return tuple(
                dict.fromkeys(one for target in self.path(account_id) for one in self._unread_at(target, kind))
            )

        found: tuple[str, ...] = self._kept(f"unread {kind} {account_id}", make)
        return found

    def _unread_at(self, target: Target, kind: ControlKind) -> Iterator[str]:
        if target.attached is None or kind in self.unsure:
            yield target.id
        for one in target.attached or ():
            policy = self._policy_of.get(one)
            if policy is not None and policy.kind == kind and policy.policy is None:
                yield one

    @property
    def _by_id(self) -> dict[str, Target]:
        found: dict[str, Target] = self._kept("targets", lambda: {target.id: target for target in self.targets})
        return found

    @property
    def _policy_of(self) -> dict[str, ControlPolicy]:
        found: dict[str, ControlPolicy] = self._kept("policies", lambda: {one.id: one for one in self.policies})
        return found

    def _kept(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def _stand_in(name: str, kind: ControlKind, arn: str | None) -> Policy:
    everything = PatternSet(("*",))
    anyone = PatternSet(("*",)) if kind == "rcp" else None
    return Policy(f"{name} (not read)", (Statement("Allow", everything, everything, anyone),), kind=kind, arn=arn)
