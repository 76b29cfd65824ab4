"""What Ref and GetAtt give for resources of the template, as far as it follows from the template.

The ARN of most resources has a known form, of which the name is given or is chosen when the stack is deployed. A gap
where only the name is open leaves a statement about one bot a statement about bots, not about everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lexgraph.account.aws_policies import is_aws
from lexgraph.account.templates.gaps import Gap, Mixed, Node, Text, joined, parts_of, text_of
from lexgraph.policy.jsontext import escape_pointer

Json = Any


class Looks(Protocol):
    """What resolves values and knows the resources."""

    resources: Mapping[str, Json]
    depth: int
    names: dict[str, Text | None]

    def resolve(self, value: Json, place: str) -> Node:
        """Return a value with its functions resolved."""

    def named(self, name: str) -> Json:
        """Return the value of a parameter or a pseudo parameter."""


@dataclass(frozen=True, slots=True)
class Form:
    """The ARN of a type of resource: its text, the property with the name, the attributes that give the ARN (``Ref``
    among them), and whether Ref gives the name.
    """

    arn: str
    name: str | None = None
    gives_arn: tuple[str, ...] = ("Arn",)
    ref_is_name: bool = True


_IN_REGION = "arn:{partition}:%s:{region}:{account}:%s"
_IN_IAM = "arn:{partition}:iam::{account}:%s{path}{name}"


def _regional(service: str, resource: str) -> str:
    return _IN_REGION % (service, resource)


FORMS: dict[str, Form] = {
    "AWS::DynamoDB::Table": Form(_regional("dynamodb", "table/{name}"), "TableName"),
    "AWS::ECR::Repository": Form(_regional("ecr", "repository/{name}"), "RepositoryName"),
    "AWS::IAM::Group": Form(_IN_IAM % "group", "GroupName"),
    "AWS::IAM::ManagedPolicy": Form(_IN_IAM % "policy", "ManagedPolicyName", ("Ref", "PolicyArn"), ref_is_name=False),
    "AWS::IAM::Role": Form(_IN_IAM % "role", "RoleName"),
    "AWS::IAM::User": Form(_IN_IAM % "user", "UserName"),
    "AWS::KMS::Key": Form(_regional("kms", "key/{name}")),
    "AWS::Kinesis::Stream": Form(_regional("kinesis", "stream/{name}"), "Name"),
    "AWS::Lambda::Function": Form(_regional("lambda", "function:{name}"), "FunctionName"),
    "AWS::Lex::Bot": Form(_regional("lex", "bot/{name}")),
    "AWS::Lex::BotAlias": Form(_regional("lex", "bot-alias/{name}"), ref_is_name=False),
    "AWS::Logs::LogGroup": Form(_regional("logs", "log-group:{name}:*"), "LogGroupName"),
    "AWS::S3::Bucket": Form("arn:{partition}:s3:::{name}", "BucketName"),
    "AWS::SNS::Topic": Form(_regional("sns", "{name}"), "TopicName", ("Ref", "TopicArn"), ref_is_name=False),
    "AWS::SQS::Queue": Form(_regional("sqs", "{name}"), "QueueName", ref_is_name=False),
    # A secret's ARN ends in six characters that are drawn when it is made.
    "AWS::SecretsManager::Secret": Form(_regional("secretsmanager", "secret:{name}"), None, ("Ref", "Id"), False),
    "AWS::Serverless::Function": Form(_regional("lambda", "function:{name}"), "FunctionName"),
    "AWS::StepFunctions::StateMachine": Form(
        _regional("states", "stateMachine:{name}"), "StateMachineName", ("Ref", "Arn"), False
    ),
}


def attribute(looks: Looks, logical: str, name: str | None) -> Text:
    """Return what GetAtt gives for an attribute of a resource; what Ref gives where `name` is None."""
    resource = looks.resources.get(logical)
    label = logical if name is None else f"{logical}.{name}"
    if not isinstance(resource, Mapping):
        return Gap(label, f"the template has no resource {logical}")
    form = FORMS.get(str(resource.get("Type")))
    if form and (name or "Ref") in form.gives_arn:
        return _with_target(_arn(looks, logical, resource, form), logical)
    if form and name is None and form.ref_is_name:
        return _with_target(_name(looks, logical, resource, form), logical)
    function = "Ref" if name is None else "GetAtt"
    return Gap(label, f"{function} of the resource {logical}: only the deployed stack knows it", logical)


def _arn(looks: Looks, logical: str, resource: Mapping[str, Json], form: Form) -> Text:
    parts: list[str | Gap] = []
    for literal in form.arn.replace("{", "\0{").replace("}", "}\0").split("\0"):
        if literal == "{name}":
            parts += parts_of(_name(looks, logical, resource, form))
        elif literal == "{path}":
            parts += parts_of(_property(looks, logical, resource, "Path") or "/")
        elif literal in _PSEUDO:
            parts += parts_of(text_of(looks.named(_PSEUDO[literal])) or "")
        else:
            parts.append(literal)
    return joined(parts)


_PSEUDO = {"{partition}": "AWS::Partition", "{region}": "AWS::Region", "{account}": "AWS::AccountId"}


def _name(looks: Looks, logical: str, resource: Mapping[str, Json], form: Form) -> Text:
    given = _property(looks, logical, resource, form.name) if form.name else None
    return given or Gap(logical, f"the name of the resource {logical} is chosen when the stack is deployed", logical)


def _property(looks: Looks, logical: str, resource: Mapping[str, Json], name: str) -> Text | None:
    properties = resource.get("Properties")
    value = properties.get(name) if isinstance(properties, Mapping) else None
    if value is None:
        return None
    place = f"/Resources/{escape_pointer(logical)}/Properties/{name}"
    if place not in looks.names:
        # Stands for the answer while it is looked for: a resource may be named after itself.
        looks.names[place] = Gap(logical, f"the name of the resource {logical} refers to itself", logical)
        looks.depth += _FRAMES
        looks.names[place] = text_of(looks.resolve(value, place).value)
        looks.depth -= _FRAMES
    return looks.names[place]


_FRAMES = 2  # a name that leads to another name takes more of Python's stack than a value within a value


def _with_target(text: Text, logical: str) -> Text:
    """The text, of which every gap tells the resource that it belongs to."""
    if isinstance(text, Gap):
        return Gap(text.what, text.why, logical, text.branches)
    if isinstance(text, Mixed):
        return Mixed(tuple(p if isinstance(p, str) else Gap(p.what, p.why, logical, p.branches) for p in text.parts))
    return text


class OwnPolicies:
    """Tells whether an ARN is that of one of the template's own managed policies."""

    def __init__(self, looks: Looks) -> None:
        self.looks = looks
        self.known: set[_Key] | None = None

    def __call__(self, arn: Text) -> bool:
        """Return whether it is, as far as the template tells."""
        if is_aws(arn if isinstance(arn, str) else arn.text):
            return False  # without a look at the template's, whose ARNs may rest on an assumption
        if self.known is None:
            self.known = set()
            for logical, resource in self.looks.resources.items():
                if isinstance(resource, Mapping) and resource.get("Type") == "AWS::IAM::ManagedPolicy":
                    self.known.update(_keys(attribute(self.looks, logical, None)))
        return _key(arn) in self.known


_Key = tuple[str | tuple[str, str | None], ...]


def _key(text: Text) -> _Key:
    """A text as it compares: a gap is what it is called, and the resource that it is of."""
    return tuple(part if isinstance(part, str) else (part.what, part.target) for part in parts_of(text))


def _keys(arn: Text) -> Iterator[_Key]:
    """An ARN as Ref gives it, and as it may be written out where only the stack's own account or place is open."""
    key = _key(arn)
    yield key
    if all(isinstance(part, str) or part[0] in _PSEUDO.values() for part in key):
        yield tuple(part if isinstance(part, str) else (part[0], None) for part in key)
