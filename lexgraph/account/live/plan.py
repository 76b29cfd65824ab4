"""What is asked of AWS, as data: operations that read, what follows from their answers, and what of them is kept.

Only operations that stand here can be called: the session refuses any other. What an answer holds beyond the members
named here is not kept, since some of it is secret (the environment of a Lambda function, the address of an account).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | tuple[str, ...]
Parameters = tuple[tuple[str, Value], ...]
NO_REGION = ""


@dataclass(frozen=True, slots=True)
class Then:
    """What to ask about each item of a listing: an operation's key, and its parameters as templates of the item."""

    operation: str
    parameters: Parameters
    region: str = NO_REGION


@dataclass(frozen=True, slots=True)
class Form:
    """How an item of a listing is written as a resource: templates of its ARN and its name, and its type."""

    arn: str
    type: str
    name: str
    generation: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that reads.

    Parameters
    ----------
    service, name, action : botocore's name of the service, the operation, and the IAM action that allows it.
    items, keep : for a listing, the member of the answer with what was found (a list, or a single object), and the
        members of each item that are kept, the one first without which it is none.
    value : for any other, the path of the text that is kept; neither for an answer that is kept whole.
    token : the parameter that takes the marker, and the member that gives it.
    more : the member that tells whether there are more pages; without it, the marker tells.
    none : codes of errors by which AWS says that there is nothing.
    then : what to ask about each item.
    resource : the items as resources; what is asked first about them is their policy.
    """

    service: str
    name: str
    action: str
    items: str = ""
    keep: tuple[str, ...] = ()
    value: str = ""
    token: tuple[str, str] | None = None
    more: str = ""
    none: tuple[str, ...] = ()
    then: tuple[Then, ...] = ()
    resource: Form | None = None

    @property
    def key(self) -> str:
        """What names it: ``s3:ListBuckets``."""
        return f"{self.service}:{self.name}"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation with its parameters but for the marker; `region` is empty for a service that has none."""

    operation: str
    region: str = NO_REGION
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What can be collected on its own: the calls that it begins with, and whether each region has its own."""

    starts: tuple[tuple[str, Parameters], ...]
    regional: bool = True


def filled(template: Value, item: Mapping[str, str]) -> Value:
    """Return a parameter for an item; raises KeyError where the item lacks what the template needs."""
    return template.format_map(item) if isinstance(template, str) else template


def following(call: Call, operation: Operation, item: Mapping[str, str]) -> tuple[Call, ...]:
    """Return what to ask about an item that a call found.

    >>> then = Then("s3:GetBucketPolicy", (("Bucket", "{Name}"),))
    >>> listing = Operation("s3", "ListBuckets", "s3:ListAllMyBuckets", "Buckets", then=(then,))
    >>> following(Call("s3:ListBuckets"), listing, {"Name": "transcripts"})[0].parameters
    (('Bucket', 'transcripts'),)
    """
    return tuple(
        Call(
            then.operation,
            _region(then, item) or call.region,
            tuple(sorted((name, filled(value, item)) for name, value in then.parameters)),
        )
        for then in operation.then
    )


def _region(then: Then, item: Mapping[str, str]) -> str:
    # An older answer of S3 does not say in which region a bucket is.
    return item.get(then.region.strip("{}"), NO_REGION)
