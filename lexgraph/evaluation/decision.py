"""A decision: the outcome at once, everything else when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lexgraph.conditions.logic import Formula
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import Layer, PolicyStack

if TYPE_CHECKING:
    from lexgraph.evaluation.explain import Explanation

Outcome = Literal["allowed", "explicitDeny", "implicitDeny", "conditional"]
OUTCOMES: tuple[Outcome, ...] = ("allowed", "conditional", "explicitDeny", "implicitDeny")


@dataclass(frozen=True, slots=True)
class Match:
    """A statement in its place; `statement` (and `policy`) are None where a layer simply has no Allow."""

    layer: Layer
    policy: int | None
    statement: int | None
    sid: str | None
    policy_name: str | None = field(default=None, compare=False)
    policy_key: str | None = field(default=None, compare=False)
    effect: str | None = field(default=None, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the match as ``lexgraph simulate`` writes it."""
        return {"layer": self.layer, "policy": self.policy, "statement": self.statement, "sid": self.sid}


@dataclass(frozen=True, slots=True)
class Decision:
    """What AWS would answer to `request` under `stack`.

    `outcome` is ``allowed``, ``explicitDeny``, ``implicitDeny`` or ``conditional``: some completions of the context
    allow, some do not. `residual` is the formula over the unknown keys under which the request is allowed.
    """

    outcome: Outcome
    request: Request = field(repr=False)
    stack: PolicyStack = field(repr=False)
    residual: Formula = field(repr=False)

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed whatever the unknown keys hold."""
        return self.outcome == "allowed"

    @property
    def condition(self) -> str | None:
        """The condition in words under which a conditional request is allowed; None otherwise."""
        from lexgraph.evaluation.residual import residual_words

        return residual_words(self.residual) if self.outcome == "conditional" else None

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """The unknown condition keys that a conditional answer needs, as the policies spell them, sorted."""
        from lexgraph.evaluation.residual import residual_keys

        return residual_keys(self.residual) if self.outcome == "conditional" else ()

    @property
    def matched(self) -> tuple[Match, ...]:
        """The statements that match (or may, where the answer is conditional), layer by layer."""
        return self.explain().matched

    @property
    def denied_by(self) -> Match | None:
        """What blocked the request: the Deny, or the first layer without an Allow."""
        return self.explain().denied_by

    @property
    def not_considered(self) -> tuple[Layer, ...]:
        """The layers that were not given."""
        return self.stack.not_considered

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the answer leans on beside the policies and the request."""
        return self.explain().assumptions

    def explain(self) -> Explanation:
        """Return why: for each layer its statements, and for each which element matched or did not."""
        from lexgraph.evaluation.explain import explain

        return explain(self)

    def _repr_html_(self) -> str:
        return self.explain()._repr_html_()
