"""Who may ask what about which resource, where two sides are held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lexgraph.evaluation.services import is_untouchable, needs_resource_policy
from lexgraph.reasoning.callers import Callers, has_identity, is_service_linked
from lexgraph.reasoning.questions import candidates
from lexgraph.reasoning.side import AnyCaller, Asked, OpenQuestion, Side, owned

Spend = Callable[[int], None]


class Asking:
    """The questions about an action that matter to two sides.

    `callers` are those that the sides tell apart, None where nothing depends on who asks; `plain` where the resource's
    own policy is taken to delegate to identity policies.

    Raises TooManyPatterns where the callers would be more than anybody could ask about.
    """

    def __init__(self, a: Side, b: Side, principal: str | None = None, *, both: bool = False) -> None:
        self.a, self.b, self.both = a, b, both
        naming = a.names_callers or b.names_callers
        self.callers = Callers((a, b), principal) if principal or naming else None
        known = all(has_identity(caller) and not is_service_linked(caller) for caller in self.all if caller)
        self.plain = known and not naming

    @property
    def all(self) -> tuple[AnyCaller | None, ...]:
        """One caller for all that the sides treat alike; one None where it does not matter who asks."""
        return (None,) if self.callers is None else self.callers.all

    def asked(self, action: str, spend: Spend) -> Iterator[Asked]:
        """Yield the resources that matter, each with the callers that do, and its possible owners."""
        for caller in self.all:
            yield from self.asked_by(caller, action, spend)

    def asked_by(self, caller: AnyCaller | None, action: str, spend: Spend) -> Iterator[Asked]:
        """Yield the resources that matter to one of the callers."""
        resources = candidates(OpenQuestion(action, "*", caller), self.a, self.b, both=self.both)
        if caller is None:
            yield from map(Asked, resources)
            return
        seen = set()
        for resource in resources:
            for asked in self.about(resource, caller):
                spend(1)
                treated = self._treatment(asked.open(action))
                if treated not in seen:
                    seen.add(treated)
                    yield asked

    def about(self, resource: str, caller: AnyCaller | None) -> Iterator[Asked]:
        """Yield a resource that a caller asks about, with each of its possible owners."""
        if caller is None or self.callers is None:
            yield Asked(resource)
            return
        for owner in self.callers.owners(caller, resource):
            if self.plain and owner != caller.account:
                continue  # Rule L6: no resource's policy is given, which would have to allow as well.
            told = self.callers.owners_listed or resource.split(":", 5)[4:5] == [owner]
            yield Asked(owned(resource, owner), caller, owner, told)

    def _treatment(self, question: OpenQuestion) -> tuple[object, ...]:
        """What the policies see of a question: resources that they treat alike are asked about once."""
        found = [side.matching(question) for side in (self.a, self.b)]
        telling = any(side.templated(bits) for side, bits in zip((self.a, self.b), found, strict=True))
        owner = question.lookup("aws:resourceaccount")
        special = needs_resource_policy(question), is_untouchable(question)
        return (*found, question.is_own, owner, special, question.resource if telling else None)
