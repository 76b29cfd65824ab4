"""An account as frozen values: who is in it, which policies each holds, and what of it could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from lexgraph.account import stacks
from lexgraph.account.credentials import Credential
from lexgraph.account.organization import Organization
from lexgraph.conditions.context import UNKNOWN_CONTEXT, Context
from lexgraph.errors import AccountError, PolicyError, shown
from lexgraph.evaluation.stack import LAYERS, Layer, PolicyStack
from lexgraph.policy.arn import short_name, split_arn
from lexgraph.policy.model import Kind, Policy

PrincipalKind = Literal["user", "role"]
Tags = tuple[tuple[str, str], ...]
MANY_NAMES = 5
# What an account may hold packed.
_PACKED = ("principals", "groups", "policies")
# The part of the coverage that makes "no policy" of a resource mean that there is none.
RESOURCE_POLICIES = "resource policies"


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or a role.

    `groups`, `attached` and `boundary` are ARNs; `inline` policies are keyed ``<owner's ARN>/<policy's
    name>``; `trust` is a role's trust policy (None for a user, and where it could not be read). `tagged`: the entry has
    a list of tags, be it an empty one.
    """

    arn: str
    kind: PrincipalKind
    name: str
    path: str = "/"
    unique_id: str | None = None
    created: str | None = None
    tags: Tags = ()
    groups: tuple[str, ...] = ()
    inline: tuple[Policy, ...] = ()
    attached: tuple[str, ...] = ()
    boundary: str | None = None
    trust: Policy | None = None
    tagged: bool = field(default=False, compare=False)

    @property
    def label(self) -> str:
        """The short name: ``user/maria``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users."""

    arn: str
    name: str
    path: str = "/"
    unique_id: str | None = None
    created: str | None = None
    inline: tuple[Policy, ...] = ()
    attached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A managed policy: `policy` is its default version, `versions` are all that are known, in the order of
    the dump.
    """

    arn: str
    name: str
    policy: Policy
    default_version: str
    versions: tuple[tuple[str, Policy], ...]
    attachment_count: int | None = None
    aws: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that requests can be about; `generation` is V1 or V2 for Amazon Lex, else None."""

    arn: str
    type: str | None = None
    name: str | None = None
    generation: str | None = None
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A policy that exists and could not be read: whose it is (an ARN), its name, its kind, and why.

    Where it is `partial`, only some of its statements could not; the rest is in the account.
    """

    owner: str
    name: str
    kind: Kind
    error: PolicyError
    partial: bool = False


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """The policy of one resource, by the resource's ARN."""

    resource: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of one part of an account (how many things), and what of it is missing, as sentences."""

    part: str
    read: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account at one moment.

    Parameters
    ----------
    source, sha256 : the file's name and the hash of its bytes.
    date : the day of the snapshot, where it is known; a dump does not say it.
    account_id : twelve digits, None where the dump names no principal.
    principals, groups, policies, resources : sorted by ARN; resources in the order they were given in.
    unreadable : policies that could not be read. Answers that depend on them are unknown, never "no access".
    notes : what else a reader of the answers should know, as sentences.
    resource_policies : policies of resources, by the resources' ARNs, where they were collected.
    organization : the account's organization, where it is known.
    credentials : the rows of the credential report, where there is one.
    coverage : for each part that was read, how much of it was, and what is missing.
    no_resource_policy : resources of which it is known that they have no policy.
    has_all_roles : whether every role of the account is here. A dump that was cut short does not hold them all, and one
        without any role may have been asked for users alone.

    Examples
    --------
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> read_account(example_account_path()).principal("user/maria").arn
    'arn:aws:iam::111122223333:user/maria'
    """

    source: str
    sha256: str
    date: str | None = None
    account_id: str | None = None
    principals: tuple[Principal, ...] = ()
    groups: tuple[Group, ...] = ()
    policies: tuple[ManagedPolicy, ...] = ()
    resources: tuple[Resource, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = ()
    resource_policies: tuple[ResourcePolicy, ...] = ()
    organization: Organization | None = None
    credentials: tuple[Credential, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    no_resource_policy: tuple[str, ...] = ()
    has_all_roles: bool = False
    _made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False, hash=False)
    _packed: Any = field(default=None, init=False, repr=False, compare=False, hash=False)

    # What is in it, packed or made ----------------------------------------------------------------------------------

    if not TYPE_CHECKING:  # else every name would be taken for an attribute

        def __getattr__(self, name: str) -> Any:
            """Make what an account read from a dump holds packed, when it is first asked for."""
            if name not in _PACKED:
                raise AttributeError(f"an account has no {name}")
            packed = self._packed  # None where another thread has just made them
            if packed is not None:
                for field_name, values in zip(_PACKED, packed.made(), strict=True):
                    object.__setattr__(self, field_name, values)
                object.__setattr__(self, "_packed", None)  # both would take twice the memory
            return object.__getattribute__(self, name)

    def with_packed(self, packed: Any) -> Snapshot:
        """Return the account with its principals, groups and policies packed.

        They are a :class:`lexgraph.account.packed.account.PackedAccount`, and take little memory, and no time until
        somebody asks for them.
        """
        found = replace(self)
        object.__setattr__(found, "_packed", packed)
        for name in _PACKED:
            object.__delattr__(found, name)
        return found

    def changed(self, **changes: Any) -> Snapshot:
        """Return the account with other values in some fields; what is packed stays so."""
        packed = self.packed
        if packed is None or not changes.keys().isdisjoint(_PACKED):
            return replace(self, **changes)
        empty: dict[str, Any] = dict.fromkeys(_PACKED, ())
        return replace(self, **empty, **changes).with_packed(packed)

    @property
    def packed(self) -> Any:
        """What the account holds packed, None where it never did or does no longer."""
        return self._packed

    @property
    def size(self) -> int:
        """How many users, roles, groups and managed policies there are."""
        if self._packed is not None:
            return len(self._packed)
        return len(self.principals) + len(self.groups) + len(self.policies)

    @property
    def considered(self) -> tuple[Layer, ...]:
        """The layers of policies that answers about the account take into account, as far as they are known."""
        known = {
            "identity": True,
            "boundary": True,
            "scp": self.organization is not None and bool(self.organization.targets),
            "rcp": self.organization is not None and bool(self.organization.targets),
            "resource": any(one.part == RESOURCE_POLICIES for one in self.coverage) or bool(self.resource_policies),
        }
        return tuple(layer for layer in LAYERS if known.get(layer))

    # Who ----------------------------------------------------------------------------------------------------

    def principal(self, name: str | Principal) -> Principal:
        """Return a user or role by its ARN, or by ``user/maria``, ``role/service/x`` or ``maria`` where only
        one fits.

        Raises AccountError, with the nearest names or all that fit, where it is none or several.
        """
        if isinstance(name, Principal):
            name = name.arn
        found: tuple[Principal, ...] = self._named.get(name, ())
        if len(found) == 1:
            return found[0]
        if not found:
            raise AccountError(
                f"there is no user or role {shown(name)} in the account{self._hint(name)}",
                code="UNKNOWN_PRINCIPAL",
                source=self.source,
            )
        alike = len({p.label for p in found}) < len(found)
        fits = ", ".join(shown(p.arn if alike else p.label) for p in found[:MANY_NAMES])
        message = f"{shown(name)} may be any of {len(found)}: {fits}"
        raise AccountError(message, code="AMBIGUOUS_PRINCIPAL", source=self.source)

    def group(self, arn: str) -> Group | None:
        """Return a group by its ARN."""
        groups: dict[str, Group] = self.kept("groups", lambda: {group.arn: group for group in self.groups})
        return groups.get(arn)

    def managed(self, arn: str) -> ManagedPolicy | None:
        """Return a managed policy by its ARN."""
        managed: dict[str, ManagedPolicy] = self.kept("managed", lambda: {p.arn: p for p in self.policies})
        return managed.get(arn)

    @property
    def _named(self) -> dict[str, tuple[Principal, ...]]:
        def make() -> dict[str, tuple[Principal, ...]]:
            found: dict[str, list[Principal]] = {}
            for principal in self.principals:
                for name in {principal.arn, principal.label, principal.name, split_arn(principal.arn)[-1]}:
                    found.setdefault(name, []).append(principal)
            return {name: tuple(fits) for name, fits in found.items()}

        named: dict[str, tuple[Principal, ...]] = self.kept("named", make)
        return named

    def _hint(self, name: str) -> str:
        from lexgraph.catalog.nearest import nearest

        if any(name in (group.arn, group.name, f"group/{group.name}") for group in self.groups):
            return "; it is a group, and a group asks for nothing itself"
        return nearest(name, (name for principal in self.principals for name in (principal.label, principal.name)))

    # What they hold -----------------------------------------------------------------------------------------

    def holdings(self, principal: Principal) -> Iterator[tuple[str, str, str | None, Policy | None]]:
        """Yield what a principal holds: the policy's key, how (attached, inline, group or boundary), the
        group's ARN, the policy.

        The policy is None where it could not be read.
        """
        for holder, group in ((principal, None), *((self.group(arn), arn) for arn in principal.groups)):
            if holder is None:
                continue
            yield from ((p.key, "group" if group else "inline", group, p) for p in holder.inline)
            for owner in self._bad_inline.get(holder.arn, ()):
                yield f"{holder.arn}/{owner.name}", "group" if group else "inline", group, None
            for arn in holder.attached:
                managed = self.managed(arn)
                yield arn, "group" if group else "attached", group, managed.policy if managed else None
        if principal.boundary is not None:
            managed = self.managed(principal.boundary)
            yield principal.boundary, "boundary", None, managed.policy if managed else None

    @property
    def _bad_inline(self) -> dict[str, list[Unreadable]]:
        def make() -> dict[str, list[Unreadable]]:
            found: dict[str, list[Unreadable]] = {}
            for bad in self.unreadable:
                if bad.kind == "identity" and not bad.partial:
                    found.setdefault(bad.owner, []).append(bad)
            return found

        bad: dict[str, list[Unreadable]] = self.kept("bad", make)
        return bad

    def stack(self, principal: str | Principal) -> PolicyStack:
        """Return the layers that apply to a principal: its own policies, its groups', its boundary, and the SCPs above
        the account where its organization is known.

        A layer of which something could not be read is named in the stack's `unreadable`.
        """
        who = self.principal(principal)
        stack: PolicyStack = self.kept(f"stack {who.arn}", lambda: stacks.principal_stack(self, who))
        return stack

    def stack_for(
        self, principal: str | Principal, action: str, resource: str, context: Context = UNKNOWN_CONTEXT
    ) -> PolicyStack:
        """Return the layers for one request: beside those of `stack`, the resource's own policy where it is known (the
        trust policy where a role is to be assumed), and the RCPs above the resource's account, which the `context` may
        tell where the ARN does not (rule R7).

        A role of another account has a trust policy, and a KMS key a key policy, that a dump does not hold:
        there the layer ``resource`` is unreadable (rules L7, L8, U5).
        """
        return stacks.request_stack(self, self.principal(principal), action, resource, context)

    def resource_policy(self, arn: str) -> Policy | None:
        """Return the policy that decides about a resource: its own, or that of what it is part of (the bucket of an S3
        object); of a role its trust policy. None where there is none, or none that could be read.
        """
        return stacks.resource_policy(self, arn)

    def request_context(self, principal: str | Principal, context: Context, resource: str | None = None) -> Context:
        """Return `context` with what the account says of the principal: its tags, a user's unique id, and its
        organization, with `resource` also that of the resource's account (rule U4).

        What the caller gave wins.
        """
        return stacks.known_context(self, self.principal(principal), context, resource)

    def identity_policies(self) -> tuple[Policy, ...]:
        """Return every policy that grants or denies something to principals of the account: managed ones,
        then inline ones, by key.
        """
        holders: tuple[Principal | Group, ...] = (*self.principals, *self.groups)
        inline = {p.key: p for holder in holders for p in holder.inline}
        return (*(m.policy for m in self.policies), *(inline[key] for key in sorted(inline)))

    def trust_policies(self) -> tuple[Policy, ...]:
        """Return the trust policies of the account's roles, by role."""
        return tuple(p.trust for p in self.principals if p.trust is not None)

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what `make` makes, made once for this snapshot; layers above keep their indexes here."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def labels(arns: Iterable[str]) -> dict[str, str]:
    """Return a short name for each ARN; where two would share one, both keep the whole ARN.

    >>> labels(["arn:aws:iam::111122223333:user/maria"])
    {'arn:aws:iam::111122223333:user/maria': 'user/maria'}
    """
    names = {arn: short_name(arn) for arn in arns}
    taken: dict[str, int] = {}
    for name in names.values():
        taken[name] = taken.get(name, 0) + 1
    return {arn: name if taken[name] == 1 else arn for arn, name in names.items()}
