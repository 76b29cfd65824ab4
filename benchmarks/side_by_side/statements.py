"""The statements of generated accounts: actions and resources of the services that most accounts use."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

Json = dict[str, Any]
ACCOUNT = "111122223333"
PLACE = f"us-east-1:{ACCOUNT}"
# The table that `who can delete it` is asked about.
TABLE = f"arn:aws:dynamodb:{PLACE}:table/orders-0000"
T = TypeVar("T")

# Front of the ARN, names of the resources, actions.
SERVICES = (
    (
        f"arn:aws:dynamodb:{PLACE}:table/",
        "orders carts prices stock sessions profiles",
        "dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:BatchGet* dynamodb:DeleteTable dynamodb:*",
    ),
    (
        "arn:aws:s3:::",
        "invoices logs exports backups",
        "s3:GetObject s3:PutObject s3:ListBucket s3:GetObject* s3:DeleteObject s3:PutBucketPolicy s3:*",
    ),
    (
        f"arn:aws:lambda:{PLACE}:function:",
        "import resize notify",
        "lambda:InvokeFunction lambda:UpdateFunctionCode lambda:CreateFunction lambda:Get* lambda:List* lambda:*",
    ),
    (
        f"arn:aws:sqs:{PLACE}:",
        "jobs mails dead-letters",
        "sqs:SendMessage sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueue* sqs:*",
    ),
    (f"arn:aws:sns:{PLACE}:", "alerts events", "sns:Publish sns:Subscribe sns:List* sns:SetTopicAttributes"),
    (
        f"arn:aws:lex:{PLACE}:bot/",
        "SUPPORT BILLING",
        "lex:DescribeBot lex:List* lex:UpdateBot lex:DeleteBot lex:CreateBotAlias lex:*",
    ),
    (
        f"arn:aws:secretsmanager:{PLACE}:secret:",
        "database partner",
        "secretsmanager:GetSecretValue secretsmanager:DescribeSecret secretsmanager:Put*",
    ),
    (
        f"arn:aws:logs:{PLACE}:log-group:",
        "/aws/lambda/import /app/web",
        "logs:CreateLogStream logs:PutLogEvents logs:Get* logs:FilterLogEvents",
    ),
    (f"arn:aws:ec2:{PLACE}:instance/", "i-0abc", "ec2:StartInstances ec2:StopInstances ec2:RunInstances ec2:*Tags"),
    (
        f"arn:aws:iam::{ACCOUNT}:role/",
        "role-0000",
        "iam:PassRole iam:GetRole iam:GetRolePolicy iam:ListRolePolicies sts:AssumeRole iam:PutRolePolicy",
    ),
    (f"arn:aws:kms:{PLACE}:key/", "1234abcd-12ab-34cd-56ef-", "kms:Decrypt kms:GenerateDataKey* kms:DescribeKey"),
)
WEIGHTS = (6, 8, 5, 4, 2, 2, 2, 5, 3, 2, 2)
CONDITIONS: tuple[Json, ...] = (
    {"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/Team}"}},
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/platform/*"}},
)
BOUNDARIES: tuple[Json, ...] = (
    {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["s3:*", "dynamodb:*", "logs:*", "lambda:*", "sqs:*"], "Resource": "*"},
    {"Effect": "Allow", "Action": ["*"], "Resource": "*", "Condition": CONDITIONS[1]},
    {"Effect": "Allow", "Action": ["lex:*", "logs:*", "s3:Get*", "s3:List*"], "Resource": "*"},
)
TRUSTING = ("lambda", "ec2", "ecs-tasks", "states", "lexv2", "glue", "codebuild")


def pick(random: Random, values: Sequence[T]) -> T:
    """Return one of the values."""
    return values[int(random.random() * len(values))]


class Statements:
    """Draws statements; in a larger account there are more resources for them to be about."""

    def __init__(self, random: Random, principals: int) -> None:
        self.random = random
        self.copies = max(2, principals // 50)

    def document(self, least: int, most: int) -> Json:
        """Return a policy of so many statements."""
        number = least + int(self.random.random() * (most - least + 1))
        return {"Version": "2012-10-17", "Statement": [self.statement(i) for i in range(number)]}

    def statement(self, number: int) -> Json:
        """Return a statement about one service: one in twenty denies, one in seven has a condition."""
        front, names, actions = self.random.choices(SERVICES, WEIGHTS)[0]
        made: Json = {"Sid": f"Statement{number}", "Effect": "Deny" if self.random.random() < 0.05 else "Allow"}
        made["Action"] = sorted({pick(self.random, actions.split()) for _ in range(1 + int(self.random.random() * 4))})
        made["Resource"] = self.resources(front, names.split())
        if self.random.random() < 0.15:
            made["Condition"] = pick(self.random, CONDITIONS)
        return made

    def resources(self, front: str, names: list[str]) -> str | list[str]:
        """Return the star, one in twelve times, or up to three resources: whole, or all of a name."""
        if self.random.random() < 0.08:
            return "*"
        found = set()
        for _ in range(1 + int(self.random.random() * 3)):
            name, end = pick(self.random, names), int(self.random.random() * self.copies)
            found.add(f"{front}{name}*" if self.random.random() < 0.2 else f"{front}{name}-{end:04d}")
        return sorted(found)

    def boundary(self, number: int) -> Json:
        """Return a permissions boundary."""
        return {"Version": "2012-10-17", "Statement": [BOUNDARIES[number % len(BOUNDARIES)]]}

    def trust(self, users: int, roles: int) -> Json:
        """Return a role's trust policy: of a service, of someone in the account, of another account, or federated."""
        kind, action, condition = self.random.random(), "sts:AssumeRole", None
        who: Json = {"Service": f"{pick(self.random, TRUSTING)}.amazonaws.com"}
        if kind > 0.9:
            who, action = {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/staff"}, "sts:AssumeRoleWithSAML"
            condition = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
        elif kind > 0.8:
            who = {"AWS": "arn:aws:iam::444455556666:root"}
            condition = {"StringEquals": {"sts:ExternalId": f"partner-{int(self.random.random() * 50)}"}}
        elif kind > 0.72:
            who = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        elif kind > 0.6:
            who = {"AWS": self.someone(users, roles)}
        made = {"Effect": "Allow", "Principal": who, "Action": action}
        statement = {**made, "Condition": condition} if condition else made
        return {"Version": "2012-10-17", "Statement": [statement]}

    def someone(self, users: int, roles: int) -> str:
        """Return a user or a role of the account that has no path."""
        kind, number = ("user", users) if self.random.random() < 0.5 else ("role", roles)
        place = 1 + int(self.random.random() * (number - 1))
        return f"arn:aws:iam::{ACCOUNT}:{kind}/{kind}-{place - (place % 10 == 0):06d}"


def asked_resources(number: int) -> list[str]:
    """Return resources of six services, of which the policies of generated accounts speak."""
    named = [f"{front}{name}" for front, names, _ in SERVICES[:6] for name in names.split()]
    return [f"{named[place % len(named)]}-{place // len(named):04d}" for place in range(number)]
