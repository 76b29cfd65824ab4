"""Policies that a template attaches by ARN or by name: who holds them, and which of their documents it does not hold.

A policy that is attached is not written in the template, so that it is none of the template's policies; what is passed
over names it, since whoever holds it may do more (or, bounded by it, less) than the template's own policies say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lexgraph.account.aws_policies import is_aws
from lexgraph.account.templates.found import Collector, label_of
from lexgraph.account.templates.gaps import Gap, Mixed, Node, Text, alternatives, text_of
from lexgraph.errors import shown

By = Literal["ARN", "name", "id"]
_MISSING = "its document does not stand in the template"
_IN_ACCOUNTS = "its document stands in the accounts that the permission set is assigned in, not in the template"


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a policy: the resource that says so, the principal, how, and reasons why all that may not be there."""

    owner: str
    principal: str
    how: Literal["attached", "boundary"] = "attached"
    doubts: tuple[str, ...] = ()

    @property
    def attached(self) -> str:
        """How a reason begins that tells of it."""
        principal = shown(self.principal)[1:-1]
        return f"attached to {principal}{' as its permissions boundary' if self.how == 'boundary' else ''}"


class Attachments:
    """Notes who holds what in one template, and passes over, with a reason, what does not stand in it.

    `is_own` tells the policies of the template itself, `partition` the partition that names of AWS's policies are of.
    """

    def __init__(self, found: Collector, is_own: Callable[[Text], bool], partition: Callable[[], str]) -> None:
        self.found = found
        self.is_own = is_own
        self.partition = partition

    def note(self, node: Node, holding: Holding, by: By = "ARN") -> None:
        """Note that a policy is held; where a condition that is not known chooses, each that it may be.

        A name is one of AWS's policies, and an ARN may stand in its place.
        """
        for one, doubts in alternatives(node, holding.doubts):
            text = text_of(one.value)
            if text is None or text == "":
                self.pass_over(one, holding, f"what is {holding.attached} is neither the ARN nor the name of a policy")
                continue
            self.found.attach(one.place, holding.principal, label_of(one), holding.how)
            if not self.is_own(text):
                self.pass_over(one, holding, self.missing(text, holding, by), doubts)

    def note_reference(self, node: Node, holding: Holding) -> None:
        """Note that a permission set holds a policy of the accounts' own, given as an object with its name."""
        for one, doubts in alternatives(node, holding.doubts):
            name = one if isinstance(one.value, Gap) else one.get("Name") or one.get("name")
            text = text_of(name.value) if name is not None else None
            if name is None or text is None or text == "":
                self.pass_over(one, holding, f"what is {holding.attached} does not name a policy")
                continue
            self.found.attach(name.place, holding.principal, label_of(name), holding.how)
            reason = _unknown(text, holding) if isinstance(text, Gap) else _told(text, holding, "name", _IN_ACCOUNTS)
            self.pass_over(name, holding, reason, doubts)

    def pass_over(self, node: Node, holding: Holding, reason: str, doubts: tuple[str, ...] = ()) -> None:
        """Note what is missing, and why even that may not be so."""
        self.found.skip(node.place, holding.owner, "; ".join((reason, *dict.fromkeys(doubts))))

    def missing(self, text: Text, holding: Holding, by: By) -> str:
        """Return what a policy is that does not stand in the template."""
        if isinstance(text, Gap):
            return _unknown(text, holding)
        start = text if isinstance(text, str) else text.parts[0]
        if isinstance(start, str) and start.startswith("arn:"):
            by = "ARN"
        elif by == "ARN" and isinstance(start, str):
            label = text if isinstance(text, str) else text.text
            return f"what is {holding.attached} is no ARN of a policy: {shown(label)}"
        return _told(text, holding, by, self.where(text, by))

    def where(self, text: str | Mixed, by: By) -> str:
        """Return where the document of a policy is to be had."""
        if by == "id" or isinstance(text, Mixed) or (by == "ARN" and not is_aws(text)):
            return _MISSING
        from lexgraph.catalog.managed import is_managed, name_of  # read only where a policy of AWS's is attached

        name = name_of(text) if by == "ARN" else text if is_managed(text) and self.partition() == "aws" else None
        if name is None:
            return f"{_MISSING}, nor is it among those of AWS's that are bundled"
        return f"{_MISSING}; find_policy({shown(name)}) gives AWS's own"


def _unknown(gap: Gap, holding: Holding) -> str:
    return f"which policy is {holding.attached} is not known: {gap.why}"


def _told(text: str | Mixed, holding: Holding, by: By, where: str) -> str:
    """The sentence about a policy, and which part of its name is open."""
    label = text if isinstance(text, str) else text.text
    told = f"{shown(label)} is {holding.attached} by its {by}: {where}"
    return told if isinstance(text, str) else f"{told}; {text.gap.text} is open: {text.gap.why}"
