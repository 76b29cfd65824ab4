"""The layers of policies that apply to one principal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from lexgraph.policy.model import Policy

if TYPE_CHECKING:
    from lexgraph.evaluation.authorize import CompiledStack, LayerIndexes

Layer = Literal["identity", "boundary", "session", "scp", "rcp", "resource", "endpoint"]
LAYERS: tuple[Layer, ...] = ("identity", "boundary", "session", "scp", "rcp", "resource", "endpoint")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a service that change what its policies mean."""

    s3_restrict_public_buckets: bool = False


@dataclass(frozen=True, slots=True)
class PolicyStack:
    """What applies to one principal, layer by layer; a layer that is None (or, for SCPs and RCPs, empty) does not
    apply.

    Parameters
    ----------
    identity : the user's or role's policies, the groups' too; none at all means that nothing is allowed.
    boundary : the permissions boundary.
    session : session policies.
    scps, rcps : service and resource control policies, a tuple per level, the root's first.
    resource : the resource's own policy; a role's trust policy for ``sts:AssumeRole*``, a key policy for KMS.
    endpoint : policies of the VPC endpoint that the request came through.
    settings : what else decides.
    unreadable : layers that are known to exist and could not be read: answers that depend on them are unknown.
    absent : layers that are known not to exist here, such as the SCPs of a management account.
    partial : layers of which more may exist than is given: they apply, and are named as not considered, too.

    Examples
    --------
    >>> PolicyStack().given
    ('identity',)
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    scps: tuple[tuple[Policy, ...], ...] = ()
    rcps: tuple[tuple[Policy, ...], ...] = ()
    resource: Policy | None = None
    endpoint: tuple[Policy, ...] | None = None
    settings: Settings = field(default=Settings())
    unreadable: tuple[Layer, ...] = ()
    absent: tuple[Layer, ...] = ()
    partial: tuple[Layer, ...] = ()
    _compiled: list[CompiledStack] = field(default_factory=list, init=False, repr=False, compare=False, hash=False)
    _indexes: list[LayerIndexes] = field(default_factory=list, init=False, repr=False, compare=False, hash=False)

    @property
    def given(self) -> tuple[Layer, ...]:
        """The layers that apply; identity always does."""
        present = {
            "identity": True,
            "boundary": self.boundary is not None,
            "session": self.session is not None,
            "scp": bool(self.scps),
            "rcp": bool(self.rcps),
            "resource": self.resource is not None,
            "endpoint": self.endpoint is not None,
        }
        return tuple(layer for layer in LAYERS if present[layer])

    @property
    def not_considered(self) -> tuple[Layer, ...]:
        """The layers that were not given, or only in part; one that exists and could not be read is considered unknown
        (rule U5).
        """
        considered = (*self.given, *self.unreadable, *self.absent)
        return tuple(layer for layer in LAYERS if layer not in considered or layer in self.partial)

    @property
    def principal_layers(self) -> tuple[tuple[Policy, ...], ...]:
        """The layers that go with a principal, whatever it asks: identity, the boundary (no policy where there is
        none), and each level of SCPs.
        """
        return (self.identity, () if self.boundary is None else (self.boundary,), *self.scps)

    def with_principal_layers(self, layers: Iterable[tuple[Policy, ...]]) -> PolicyStack:
        """Return the same stack with these in the place of its :attr:`principal_layers`.

        >>> stack = PolicyStack(boundary=Policy("limit", ()))
        >>> stack.with_principal_layers(stack.principal_layers) == stack
        True
        """
        identity, boundary, *scps = layers
        return replace(self, identity=identity, boundary=boundary[0] if boundary else None, scps=tuple(scps))

    @property
    def compiled(self) -> CompiledStack:
        """The stack made ready to decide many requests; made on first use and kept."""
        if not self._compiled:
            from lexgraph.evaluation.authorize import CompiledStack

            self._compiled.append(CompiledStack(self, indexes=next(iter(self._indexes), None)))
        return self._compiled[0]

    def sharing(self, indexes: LayerIndexes) -> PolicyStack:
        """Return the stack itself, which takes the indexes of its layers from those that other stacks use too."""
        self._indexes[:] = [indexes]
        return self

    def prepared(self, compiled: CompiledStack) -> PolicyStack:
        """Return the stack itself, for which somebody has indexed the layers already."""
        self._compiled[:] = [compiled]
        return self
