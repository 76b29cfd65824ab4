"""AWS's own managed policies, for dumps that name one without its document."""

from __future__ import annotations

from lexgraph.account.model import ManagedPolicy
from lexgraph.policy.parse import inspect_policy


def is_aws(arn: str) -> bool:
    """Return whether a policy is AWS's own.

    >>> is_aws("arn:aws:iam::aws:policy/AmazonLexReadOnly")
    True
    """
    return ":iam::aws:policy/" in arn


def bundled_policy(arn: str) -> ManagedPolicy | None:
    """Return AWS's managed policy with this ARN in its bundled version, or None where there is none."""
    from lexgraph.catalog.managed import managed_document, name_of  # read only when something is missing

    name = name_of(arn)
    if name is None:
        return None
    found = managed_document(name)
    policy, _ = inspect_policy(found.document, name=name, arn=arn)
    if policy is None:
        return None
    return ManagedPolicy(arn, name, policy, found.version, ((found.version, policy),), aws=True)
