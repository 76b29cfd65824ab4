"""Users and roles that are not there yet: who can create one, give it all rights, and then act as it.

A boundary that has to come with it counts: what is created within one is an administrator only where that bounds
nothing, or where who created it can take it off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lexgraph.access.chaining import ASSUME
from lexgraph.access.decide import GRANTING
from lexgraph.access.escalation.administrators import ADMINISTRATOR
from lexgraph.access.escalation.alike import BOUNDARY, Thing, lookup_of, policies_of
from lexgraph.access.escalation.groups import OpenGroup
from lexgraph.access.escalation.inventory import Inventory
from lexgraph.access.escalation.methods import LIFTS, Method
from lexgraph.access.escalation.model import EscalationEdge, Proof, joint, lesser, proof_of
from lexgraph.access.escalation.names import Names
from lexgraph.access.escalation.newcomers import newcomer
from lexgraph.access.escalation.somewhere import Ask
from lexgraph.access.escalation.trusted import trusting_stack
from lexgraph.account.model import Principal
from lexgraph.conditions.variables import has_variable, read_template, substitute
from lexgraph.evaluation.decision import Outcome
from lexgraph.policy.arn import is_arn, split_arn
from lexgraph.policy.patterns import compile_glob, is_pattern

_REWRITE = "iam:CreatePolicyVersion"
_LIMITS = ("iam:PutUserPermissionsBoundary", "iam:PutRolePermissionsBoundary")


class Creating:
    """Answers on one account about what could be created in it."""

    def __init__(self, inventory: Inventory) -> None:
        self.trimmed, self.alike, self.standings = inventory.trimmed, inventory.alike, inventory.standings
        self.names = Names(self.trimmed)

    def edges(self, who: Principal, method: Method, groups: Sequence[OpenGroup] = ()) -> Iterator[EscalationEdge]:
        """Yield what a principal can create by one method; `groups` are those that it may put users into.

        Within a boundary only where it may not do so for certain without one.
        """
        free = self._edge(who, method, groups)
        if free is None or free.outcome != "allowed":
            for boundary in self._boundaries(who, method):
                edge = self._edge(who, method, groups, boundary=boundary)
                lifted = self._lifted(who, method, groups, boundary)
                free = min(filter(None, (free, lifted)), key=lambda one: one.outcome, default=None)
                yield from (edge,) if edge else ()
        yield from (free,) if free else ()

    def _edge(
        self, who: Principal, method: Method, groups: Sequence[OpenGroup], *, boundary: str = "", lift: str = ""
    ) -> EscalationEdge | None:
        """The edge to what can be created within a boundary; with `lift`, an action that takes that off in the end."""
        proofs = self._proofs(who, method, boundary, lift)
        if proofs is None:
            return None
        within = None if lift else boundary or None
        via, outcome = boundary if lift else None, joint(proofs)
        if any(need.on == "other group" for need in method.needs):
            ranked = self._ranked(groups, within)
            if not ranked:
                return None
            standing, via, proof = ranked[0]
            proofs, outcome = (proofs[0], proof, *proofs[1:]), lesser(outcome, standing)
        return EscalationEdge(who.arn, newcomer(str(method.target), within), method.name, outcome, "acts", proofs, via)

    def _lifted(
        self, who: Principal, method: Method, groups: Sequence[OpenGroup], boundary: str
    ) -> EscalationEdge | None:
        """The edge to what can be created within a boundary and freed from it, where that is of use."""
        if self.standings.newcomer(boundary=boundary) == "allowed":
            return None
        lifts = (lift for lift in LIFTS if str(method.target).capitalize() in lift or lift == _REWRITE)
        found = (self._edge(who, method, groups, boundary=boundary, lift=lift) for lift in lifts)
        return min(filter(None, found), key=lambda one: one.outcome, default=None)

    def _ranked(self, groups: Sequence[OpenGroup], boundary: str | None) -> list[tuple[Outcome, str, Proof]]:
        """The groups that make an administrator of a new user, those first that do so for certain."""
        found = []
        for group in groups:
            standing = self.standings.newcomer(group.held, boundary=boundary, unread=group.unread)
            if standing is not None:
                found.append((lesser(group.proof.outcome, standing), group.arn, group.proof))
        return sorted(found, key=lambda one: one[:2])

    # The proofs ----------------------------------------------------------------------------------------------

    def _proofs(self, who: Principal, method: Method, boundary: str, lift: str) -> tuple[Proof, ...] | None:
        """The proofs of what a method asks of the new one, all about one name; None where it is not granted."""
        actions = [need.action for need in method.needs if need.on == "new"]
        if not lift:
            return self._of_one(who, actions, str(method.target), boundary)
        if lift != _REWRITE:
            return self._of_one(who, [*actions, lift], str(method.target), boundary)
        rewritten = self._rewritten(who, boundary)
        proofs = self._of_one(who, actions, str(method.target), boundary) if rewritten else None
        return (*proofs, rewritten) if proofs and rewritten else None

    def _of_one(self, who: Principal, actions: Sequence[str], kind: str, boundary: str) -> tuple[Proof, ...] | None:
        _, partition, _, _, owner, _ = split_arn(who.arn)
        best: tuple[Proof, ...] | None = None
        # Without tags, and where policies look at them, with tags of the creator's choice, which nobody knows.
        tagged = any(self.alike.views[action].tags for action in actions)
        choices: tuple[dict[str, str] | None, ...] = ({}, None) if tagged else ({},)
        for tags in choices:
            thing = Thing(f"arn:{partition}:iam::{owner}:{kind}/", tags, boundary)
            found = self.names.proofs(who, tuple(self._ask(who, action, thing) for action in actions), kind)
            best = found if best is None or (found and joint(found) == "allowed") else best
            if best and joint(best) == "allowed":
                break
        return best

    def _ask(self, who: Principal, action: str, thing: Thing) -> Ask:
        """What is asked of the new one: what is not there when it is asked for has no tags."""
        if action in ("iam:CreateUser", "iam:CreateRole"):
            thing = Thing(thing.arn, {}, thing.boundary)
        known = {**self.alike.context(action, thing), **carried(action, who)}
        return Ask(action, known, trusting_stack(self.trimmed, who, thing.arn) if action == ASSUME else None)

    def _rewritten(self, who: Principal, boundary: str) -> Proof | None:
        """The proof that a principal may write a boundary anew, which only the account's own policies can be."""
        if split_arn(boundary)[4] != split_arn(who.arn)[4]:
            return None
        known = self.alike.context(_REWRITE, Thing(boundary))
        decision = self.trimmed.decide(who, _REWRITE, boundary, known)
        return proof_of(decision, known) if decision.outcome in GRANTING else None

    # The boundaries ------------------------------------------------------------------------------------------

    def _boundaries(self, who: Principal, method: Method) -> Iterator[str]:
        """The boundaries within which it may be worth to create something: one that bounds nothing, and those that
        conditions name.
        """
        if not any(self.alike.views[need.action].bounded for need in method.needs if need.on == "new"):
            return
        named = set(self._named(who))
        for pattern in tuple(filter(is_pattern, named)):
            named.remove(pattern)
            fits = compile_glob(pattern)
            named |= {policy.arn for policy in self.trimmed.snapshot.policies if fits(policy.arn)}
        yield from dict.fromkeys((administrator_access(who), *sorted(named)))

    def _named(self, who: Principal) -> Iterator[str]:
        for policy in policies_of(self.trimmed.stack(who)):
            for test in (test for s in policy.statements for test in s.conditions if test.key.lower() == BOUNDARY):
                for value in filter(lambda value: isinstance(value, str), test.values):
                    text: Any = value
                    if policy.has_variables and has_variable(str(value)):
                        text = substitute(read_template(str(value)), lookup_of(self.trimmed.snapshot, who, _CREATE))
                    if isinstance(text, str) and is_arn(text):
                        yield text


_CREATE = "iam:CreateUser"


def carried(action: str, who: Principal) -> dict[str, Any]:
    """Return what a request carries beside what the target tells: the policy that is attached."""
    key = "iam:PolicyARN" if action.startswith("iam:Attach") else "iam:PermissionsBoundary" if action in _LIMITS else ""
    return {key: administrator_access(who)} if key else {}


def administrator_access(who: Principal) -> str:
    """Return the ARN of AdministratorAccess in a principal's partition."""
    return str(ADMINISTRATOR.arn).replace(":aws:", f":{split_arn(who.arn)[1]}:", 1)
