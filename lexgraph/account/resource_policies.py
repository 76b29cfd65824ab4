"""Reads the policies of resources: a file or a folder of files, each ``[{"ResourceArn": …, "Policy": …}, …]``.

A ``Policy`` is JSON text or an object; null says that the resource has none. Where there is an ``Error`` in its place,
the policy could not be had. A resource that is not listed is one of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lexgraph.account.jsonfile import Item, JsonFile, Where, read_bytes
from lexgraph.account.model import ResourcePolicy, Unreadable
from lexgraph.errors import AccountError, PolicyError, shown
from lexgraph.policy.arn import PARTS, is_arn, split_arn
from lexgraph.policy.model import Kind, Policy

NAME = "resource policy"
# The code of a policy that AWS did not give when it was asked; what was asked tells of it, once for many.
NOT_COLLECTED = "NOT_COLLECTED"


@dataclass(frozen=True, slots=True)
class ResourcePolicies:
    """The policies of resources, those that have none, and those whose policy could not be read; by ARN."""

    policies: tuple[ResourcePolicy, ...] = ()
    without: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def count(self) -> int:
        """The number of resources of which something is known."""
        return len(self.policies) + len(self.without)

    @property
    def missing(self) -> tuple[str, ...]:
        """What could not be read, as sentences."""
        return tuple(
            f"the policy of {shown(bad.owner)} could not be read{' whole' * bad.partial}: {bad.error.message}"
            for bad in self.unreadable
            if bad.error.code != NOT_COLLECTED
        )


def read_resource_policies(path: str | Path) -> ResourcePolicies:
    """Return the policies in a JSON file, or in the ``.json`` files of a folder and of those in it.

    Raises AccountError, which names the file and the place, where one is not in this form, or where a resource stands
    twice with different policies.
    """
    place = Path(path)
    if not place.is_dir():
        return parse_resource_policies({place.name: read_bytes(place, what="a list of resource policies")})
    files = sorted(file for file in place.rglob("*.json") if file.is_file())
    if not files:
        message = f"there is no .json file in {shown(str(place))}, where policies of resources were to be"
        raise AccountError(message, code="NOTHING_TO_READ")
    parts = {str(file.relative_to(place)): read_bytes(file, what="a resource policy") for file in files}
    return parse_resource_policies(parts)


def parse_resource_policies(files: dict[str, bytes] | dict[str, str]) -> ResourcePolicies:
    """Return the policies in such files, given by their names.

    >>> parse_resource_policies({"a.json": '[{"ResourceArn": "arn:aws:s3:::transcripts", "Policy": null}]'}).without
    ('arn:aws:s3:::transcripts',)
    """
    found: dict[str, Policy | None] = {}
    unreadable: list[Unreadable] = []
    for name, data in files.items():
        reader = _Reader(data, name)
        reader.read(found)
        unreadable += reader.unreadable
    bad = {one.owner for one in unreadable if not one.partial}
    return ResourcePolicies(
        tuple(ResourcePolicy(arn, policy) for arn, policy in sorted(found.items()) if policy is not None),
        tuple(sorted(arn for arn, policy in found.items() if policy is None and arn not in bad)),
        tuple(sorted(unreadable, key=lambda one: one.owner)),
    )


class _Reader(JsonFile):
    """Reads one file."""

    def read(self, found: dict[str, Policy | None]) -> None:
        listed = self.value if isinstance(self.value, list) else [self.value]
        for i, value in enumerate(listed):
            at: Where = (i,) if isinstance(self.value, list) else ()
            item = self.object_at(value, at)
            arn = self.resource(item, at)
            before = len(self.unreadable)
            policy = self.policy_of(item, at, arn)
            if arn in found and (found[arn] != policy or len(self.unreadable) > before):
                message = f"{shown(arn)} stands in the list twice, with different policies"
                raise self.error("CONTRADICTORY_POLICIES", at, message)
            found[arn] = policy

    def resource(self, item: Item, at: Where) -> str:
        if "ResourceArn" not in item:
            what = "policy does not say whose it is" if "Statement" in item else "is no policy of a resource"
            expected = 'it needs {"ResourceArn": …, "Policy": …}'
            raise self.error("MISSING_ELEMENT", at, f"this {what}; {expected}")
        arn = self.text_of(item, "ResourceArn", at)
        if not is_arn(arn):
            message = f"a resource is an ARN of six parts, not {shown(arn)}"
            raise self.error("MALFORMED_ARN", (*at, "ResourceArn"), message)
        return arn

    def policy_of(self, item: Item, at: Where, arn: str) -> Policy | None:
        if "Policy" not in item:
            if "Error" in item:
                self.unreadable.append(not_collected(arn, self.text_of(item, "Error", at), self.source))
                return None
            message = "Policy is missing; null says that the resource has none"
            raise self.error("MISSING_ELEMENT", at, message)
        if item["Policy"] is None:
            return None
        return self.policy(item, "Policy", at, name=NAME, kind=kind_of(arn), arn=f"{arn}/{NAME}", owner=arn)


def kind_of(arn: str) -> Kind:
    """Return of which kind a resource's policy is: a role's is its trust policy.

    >>> kind_of("arn:aws:iam::111122223333:role/runner")
    'trust'
    """
    parts = split_arn(arn)
    role = len(parts) == PARTS and parts[2] == "iam" and parts[5].startswith("role/")
    return "trust" if role else "resource"


def policies_of(given: Iterable[ResourcePolicy]) -> ResourcePolicies:
    """Return policies that are values already, sorted."""
    return ResourcePolicies(tuple(sorted(given, key=lambda one: one.resource)))


def not_collected(arn: str, why: str, source: str) -> Unreadable:
    """Return a resource's policy that AWS was asked for and did not give."""
    error = PolicyError(f"it was not collected: {why}", code=NOT_COLLECTED, source=source)
    return Unreadable(arn, NAME, "resource", error)
