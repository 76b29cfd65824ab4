"""Resources and roles whose own policies name principals, with what two accounts know of these policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lexgraph.access.comparison.model import Via
from lexgraph.account.model import Snapshot
from lexgraph.account.owners import policy_holders
from lexgraph.account.stacks import NONE, ResourceSide, resource_side
from lexgraph.evaluation.request import is_action
from lexgraph.policy.arn import account_of, split_arn
from lexgraph.policy.model import PatternSet, Policy, Statement

# What lies in a resource and is under its policy, service by service: the counterpart of `policy_holders`.
_INSIDE = {
    "s3": ("/*",),
    "lambda": (":*",),
    "dynamodb": ("/index/*",),
    "es": ("/*",),
    "execute-api": ("/*",),
}
_OF_THE_CATALOG = ("catalog", "database/*", "table/*", "tableVersion/*", "userDefinedFunction/*", "connection/*")


@dataclass(frozen=True, slots=True)
class Holder:
    """A resource with a policy of its own, or a role with its trust policy.

    `here` and `there` are what the account says of the policy in which something may be allowed alone, and what the
    other one does; `exists` and `stays` are whether they have the role at all, which for a resource nobody knows. An
    `unknown` one stands for all of which neither account has the policy.
    """

    arn: str
    trust: bool
    owner: str | None
    here: ResourceSide
    there: ResourceSide
    exists: bool = True
    stays: bool = True
    unknown: bool = False

    @property
    def via(self) -> Via:
        """The layer that the policy is."""
        return "trust policy" if self.trust else "resource policy"

    @property
    def changed(self) -> bool:
        """Whether the policy says something else in the other account."""
        return self.exists != self.stays or self.here.policy != self.there.policy

    @property
    def needed(self) -> bool:
        """Whether the policy must allow even within the account (rules L7, L8)."""
        parts = split_arn(self.arn)
        return self.trust or (parts[2:3] == ("kms",) and parts[-1].startswith("key/"))

    @property
    def policies(self) -> tuple[Policy, ...]:
        """What is known of the policy in either account."""
        return tuple(side.policy for side in (self.here, self.there) if side.policy is not None)

    @property
    def unread(self) -> bool:
        """Whether the policy could not be read in one of the accounts."""
        return self.here.unreadable or self.there.unreadable


def holders_of(here: Snapshot, there: Snapshot) -> tuple[Holder, ...]:
    """Return the holders of either account: roles, then resources.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> len(holders_of(account, account))
    17
    """
    roles = [{one.arn for one in account.principals if one.kind == "role"} for account in (here, there)]
    trusting = [*roles[0], *(roles[1] - roles[0])]
    listed = {arn for account in (here, there) for arn in _known(account, trust=True)} - {*trusting}
    found = []
    for arn in (*sorted(trusting), *sorted(listed)):
        own = arn not in listed
        exists, stays = (arn in known or not own for known in roles)
        mine = resource_side(here, "sts:AssumeRole", arn) if exists else NONE
        other = resource_side(there, "sts:AssumeRole", arn) if stays else NONE
        found.append(Holder(arn, True, account_of(arn), mine, other, exists, stays))
    owner = here.account_id
    for arn in sorted({*_known(here, trust=False), *_known(there, trust=False)}):
        mine, other = (resource_side(account, _some_action(arn), arn) for account in (here, there))
        found.append(Holder(arn, False, account_of(arn) or owner, mine, other))
    return tuple(found)


def _some_action(arn: str) -> str:
    """An action of the resource's service."""
    action = ":".join((*split_arn(arn)[2:3], "Any"))
    return action if is_action(action) else "any:Any"


def unknown_keys(account: str | None) -> Holder:
    """Return the KMS keys of an account whose policies nobody gave: they may name anybody (rules L8, U5)."""
    everyone = Statement("Allow", PatternSet(("kms:*",)), principals=PatternSet(("*",)))
    side = ResourceSide("?", Policy("a key's policy", (everyone,), kind="resource"))
    return Holder(f"arn:*:kms:*:{account or '*'}:key/*", False, account, side, side, unknown=True)


def _known(account: Snapshot, *, trust: bool) -> Iterator[str]:
    """What is listed of policies of resources, or of trust policies of other accounts' roles."""
    for one in account.resource_policies:
        if (one.policy.kind == "trust") == trust:
            yield one.resource
    if not trust:
        yield from (one.owner for one in account.unreadable if one.kind == "resource" and not one.partial)


def lying_in(arn: str) -> tuple[str, ...]:
    """Return the resource, and patterns of what is under its policy.

    >>> lying_in("arn:aws:s3:::transcripts")
    ('arn:aws:s3:::transcripts', 'arn:aws:s3:::transcripts/*')
    """
    parts = split_arn(arn)
    service = parts[2] if len(parts) == 6 else ""
    if service == "glue" and parts[5] == "catalog":
        front = arn.removesuffix("catalog")
        return tuple(front + rest for rest in _OF_THE_CATALOG)
    return (arn, *(arn + rest for rest in _INSIDE.get(service, ())))


def lying_deeper(holders: Iterable[Holder]) -> Mapping[str, tuple[str, ...]]:
    """Return, by the resource, what lies in it and has a policy of its own."""
    resources = {one.arn for one in holders if not one.trust}
    found: dict[str, list[str]] = {}
    for arn in sorted(resources):
        for outer in policy_holders(arn):
            if outer != arn and outer in resources:
                found.setdefault(outer, []).append(arn)
    return {outer: tuple(arns) for outer, arns in found.items()}
