"""One way in which one principal takes over another, and the requests that prove it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lexgraph.access.escalation.methods import LIFTS, METHODS, Gain, Kind, Method
from lexgraph.access.escalation.newcomers import named, newcomer
from lexgraph.conditions.context import Context
from lexgraph.evaluation.decision import Decision, Outcome
from lexgraph.evaluation.request import Request

Known = tuple[tuple[str, Any], ...]  # keys of a context, and their values
_short = lru_cache(65_536)(named)  # edges are many, and the principals that they name are few


@dataclass(frozen=True, slots=True)
class Proof:
    """A decision on one action, as the edges share it; the resource is None where each edge has its own."""

    action: str
    resource: str | None
    known: Known
    outcome: Outcome
    condition: str | None = None
    missing_keys: tuple[str, ...] = ()
    caller: str | None = None
    after: bool = False


def proof_of(decision: Decision, known: dict[str, Any], *, anywhere: bool = False, **more: Any) -> Proof:
    """Return a decision as a proof; `anywhere`: it answers for other resources too, so that its own is left out."""
    request = decision.request
    resource = None if anywhere else request.resource
    context = tuple(known.items())
    return Proof(request.action, resource, context, decision.outcome, decision.condition, decision.missing_keys, **more)


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One request of an edge, and the answer.

    The caller is the edge's principal, or the service that a role is passed to. `after`: it is answered as it will be
    once the steps before it are done, not as it is now.
    """

    principal: str
    action: str
    resource: str
    known: Known
    outcome: Outcome
    condition: str | None = None
    missing_keys: tuple[str, ...] = ()
    after: bool = False

    @property
    def context(self) -> Context:
        """What the request is known to carry: tags of the target, the service that a role is passed to, …"""
        return Context(dict(self.known))

    @property
    def request(self) -> Request:
        """The request itself."""
        return Request(self.principal, self.action, self.resource, self.context)


@dataclass(frozen=True, slots=True)
class EscalationEdge:
    """A principal that can take over a user or role (its `target`), or decide what that may do, in one way.

    Parameters
    ----------
    principal, target : ARNs; they may be one, where a principal may edit its own policies. The target of the kind
        ``create`` is no ARN but ``new user`` or ``new role``, or ``new user within <boundary's ARN>`` where it can only
        be created so; the requests then name an example that is not there yet.
    method : the name of the method, a key of ``METHODS``.
    outcome : ``allowed``, or ``conditional`` where a condition decides, or a fact that is not known.
    gain : what the principal has of it: it ``acts`` as the target, ``rules`` what the target may do, ``unbinds`` it
        from its boundary, ``raises`` it to an administrator, or ``changes`` what it may do.
    proofs : the decisions that it rests on; :attr:`steps` are the same, told in full.
    via : the group or the policy that the method goes through, where there is one.

    Examples
    --------
    >>> from lexgraph.access.escalation.edges import escalation_edges
    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> edges = escalation_edges(read_account(example_account_path()), kinds=["credentials"])
    >>> next(edge.reason for edge in edges if edge.principal.endswith("user/omar"))
    'user/omar can make an access key for user/alice'
    """

    principal: str
    target: str
    method: str
    outcome: Outcome
    gain: Gain
    proofs: tuple[Proof, ...]
    via: str | None = None

    @property
    def how(self) -> Method:
        """The method."""
        return METHODS[self.method]

    @property
    def kind(self) -> Kind:
        """The method's kind."""
        return self.how.kind

    @property
    def service(self) -> str | None:
        """The service that takes part."""
        return self.how.service

    @property
    def acts(self) -> bool:
        """Whether the principal then acts as the target."""
        return self.gain == "acts"

    @property
    def steps(self) -> tuple[EscalationStep, ...]:
        """The requests, in order, each with its answer."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[EscalationStep]:
        for proof in self.proofs:
            resource = proof.resource or self.via or self.target
            answer = (proof.outcome, proof.condition, proof.missing_keys)
            caller = proof.caller or self.principal
            yield EscalationStep(caller, proof.action, resource, proof.known, *answer, proof.after)

    @property
    def action(self) -> str:
        """The action of the first step."""
        return self.proofs[0].action

    @property
    def resource(self) -> str:
        """The resource of the first step."""
        return self.proofs[0].resource or self.via or self.target

    @property
    def condition(self) -> str | None:
        """Under which condition, in words; None where it is allowed for certain."""
        return "; ".join(self._conditions()) or None

    def _conditions(self) -> Iterator[str]:
        found: dict[str, dict[str, None]] = {}
        for proof in self.proofs:
            if proof.outcome == "conditional":
                found.setdefault(str(proof.condition), {})[proof.action] = None
        own = {proof.action for proof in self.proofs if proof.caller is None}
        for condition, actions in found.items():
            alone = len(self.proofs) == 1 or own <= actions.keys()
            yield condition if alone else f"{', '.join(actions)}: {condition}"
        if self.how.presumes:
            names = {"who": self.principal, "target": self.target, "via": self.via or ""}
            yield f"if {self.how.presumes.format(**{key: _short(name) for key, name in names.items()})}"
        elif self.outcome == "conditional" and not found:
            yield f"if {_short(self.target)} is an administrator then, which conditions decide"

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """The condition keys that it hangs on, sorted."""
        return tuple(sorted({key for proof in self.proofs for key in proof.missing_keys}))

    @property
    def reason(self) -> str:
        """The edge as a sentence, without its condition."""
        target = "itself" if self.target == self.principal else _short(self.target)
        lifts = [LIFTS[proof.action] for proof in self.proofs if proof.action in LIFTS] if self.kind == "create" else []
        if lifts and ":policy/" in str(self.via):
            target = _short(newcomer(str(self.how.target), self.via))
        done = self.how.words.format(target=target, via=_short(self.via or ""))
        if self.method == "iam:UpdateAssumeRolePolicy" and not self.acts:
            done = done.partition(",")[0]
        return f"{_short(self.principal)} can {', and '.join((done, *lifts))}"


def lesser(a: Outcome, b: Outcome) -> Outcome:
    """Return what holds where both have to: conditional where one of them is."""
    return a if a == "conditional" else b


def joint(proofs: Iterable[Proof]) -> Outcome:
    """Return what holds where all of these have to."""
    return "allowed" if all(proof.outcome == "allowed" for proof in proofs) else "conditional"
