"""What the contestants are asked: AWS's managed policies, and requests drawn from them by a fixed seed."""

from __future__ import annotations

from random import Random
from typing import Any

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_documents, managed_names
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.policy.parse import parse_policy

Json = dict[str, Any]
ACCOUNT = "111122223333"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:user/maria"
REGION = "us-east-1"

# Ten policies of 53 statements, with more distinct patterns than Python's `re` keeps compiled. Nothing in them is
# beyond a peer's language: no policy variable, no "?", and only the operators StringEquals, StringLike, Bool and Null.
TEN = """
AmazonLexFullAccess AmazonDynamoDBFullAccess AmazonEC2FullAccess AWSLambda_FullAccess AmazonRedshiftDataFullAccess
CloudWatchOmniAWSIntegrationPolicy AWSDeepRacerDefaultMultiUserAccess ElasticLoadBalancingFullAccess
AutoScalingFullAccess SecretsManagerReadWrite
""".split()

# A key policy or a trust policy decides about these beside the identity policies; most peers leave that out.
_NEEDS_MORE = ("kms:", "sts:assumerole")


def listed(value: Any) -> list[Any]:
    """Return a lone value as a list."""
    return value if isinstance(value, list) else [value]


def statements(documents: list[Json]) -> list[Json]:
    """Return the statements of several policies."""
    return [statement for document in documents for statement in listed(document["Statement"])]


def managed(*names: str) -> list[Json]:
    """Return the current documents of managed policies; of all of them without a name."""
    return [policy.document for policy in managed_documents(names or managed_names())]


def elements() -> list[tuple[list[str], bool]]:
    """Return the action element of every managed statement: its patterns, and whether they are negated."""
    found = []
    for statement in statements(managed()):
        negated = "NotAction" in statement
        found.append((listed(statement["NotAction" if negated else "Action"]), negated))
    return found


class Requests:
    """Requests about some policies, drawn at random; the same seed draws the same."""

    def __init__(self, documents: list[Json], seed: int) -> None:
        self.random = Random(seed)
        self.statements = [one for one in statements(documents) if "Action" in one and "Resource" in one]
        self.conditional = [one for one in self.statements if "Condition" in one]
        # Asked without a context, what has a condition is mostly denied: it is asked less often.
        self.weights = [1 if "Condition" in one else 4 for one in self.statements]
        parsed = tuple(parse_policy(document) for document in documents)
        self.stack = PolicyStack(identity=parsed)

    def draw(self, number: int, *, granted: float = 0.75) -> list[Json]:
        """Return requests, all different; every fifth has condition keys that decide.

        `granted` of the others ask for what some statement is about, the rest for any action of the catalogue.
        """
        found: dict[tuple[Any, ...], Json] = {}
        while len(found) < number:
            one = self._one(granted) if (len(found) + 1) % 5 else self._decided_by_context()
            found.setdefault((one["action"], one["resource"], *one["context"].items()), one)
        return list(found.values())

    def _one(self, granted: float) -> Json:
        while True:
            if self.random.random() < granted:
                statement = self.random.choices(self.statements, self.weights)[0]
                action = self._action(statement)
                pattern = self.random.choice(listed(statement["Resource"]))
            else:
                action, pattern = self.random.choice(catalog().names), "*"
            if action and not action.lower().startswith(_NEEDS_MORE):
                return self._request(action, pattern if self.random.random() < 0.8 else "*", {})

    def _decided_by_context(self) -> Json:
        """Draw until the same request is allowed with one context and denied with another; take either."""
        while True:
            statement = self.random.choice(self.conditional)
            action = self._action(statement)
            if not action or action.lower().startswith(_NEEDS_MORE):
                continue
            request = self._request(action, self.random.choice(listed(statement["Resource"])), {})
            pair = [{**request, "context": self._context(statement, holds=holds)} for holds in (True, False)]
            if len({self._outcome(one) == "allowed" for one in pair}) == 2:
                return self.random.choice(pair)

    def _action(self, statement: Json) -> str | None:
        names = catalog().expand(self.random.choice(listed(statement["Action"])))
        return self.random.choice(names) if names else None

    def _request(self, action: str, pattern: str, context: Json) -> Json:
        resource = "*" if catalog().wildcard_only(action) else self._resource(action, pattern)
        return {"principal": PRINCIPAL, "action": action, "resource": resource, "context": context}

    def _resource(self, action: str, pattern: str) -> str:
        """Return an ARN that a pattern matches; for ``*`` one of the action's service."""
        if pattern == "*":
            service = action.partition(":")[0]
            place = "" if service == "iam" else REGION
            return f"arn:aws:{service}:{place}:{ACCOUNT}:thing/{self._word()}"
        parts = pattern.split(":", 5)
        usual = ("arn", "aws", "ec2", REGION, ACCOUNT)
        filled = [one if part == "*" else part for part, one in zip(parts[:5], usual, strict=True)]
        return ":".join([*filled, *(self._filled(part) for part in parts[5:])])

    def _filled(self, pattern: str) -> str:
        return "".join(self._word() if letter == "*" else letter for letter in pattern)

    def _word(self) -> str:
        return f"w{self.random.randrange(10**6)}"

    def _context(self, statement: Json, *, holds: bool) -> Json:
        """Return a context in which a statement's condition holds, or one in which it does not."""
        context: Json = {}
        for operator, tests in statement["Condition"].items():
            for key, values in tests.items():
                wanted = str(self.random.choice(listed(values)))
                if operator == "Null":
                    if (wanted == "true") != holds:
                        context.setdefault(key, "given")
                elif operator == "Bool":
                    context[key] = wanted if holds else ("false" if wanted == "true" else "true")
                elif holds:
                    context[key] = self._filled(wanted) if operator == "StringLike" else wanted
                elif wanted != "*":
                    context[key] = "other.example.com"
        return context

    def _outcome(self, one: Json) -> str:
        context = Context(one["context"], complete=True)
        return authorize(self.stack, Request(PRINCIPAL, one["action"], one["resource"], context)).outcome


def decisions(documents: list[Json], number: int, seed: int = 20261027, *, granted: float = 0.75) -> Json:
    """Return the data of a task that decides: policies and requests."""
    return {"policies": documents, "requests": Requests(documents, seed).draw(number, granted=granted)}


def fifty_stars() -> Json:
    """Return two questions about a pattern of fifty stars that does not match: as a resource, and in a condition."""
    hard = "*a" * 50 + "*b"
    start = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot:"
    like = {"StringLike": {"aws:UserAgent": hard}}
    asked = [
        {"Effect": "Allow", "Action": "lex:GetBot", "Resource": start + hard},
        {"Effect": "Allow", "Action": "lex:PutBot", "Resource": "*", "Condition": like},
    ]
    requests = [
        {"principal": PRINCIPAL, "action": "lex:GetBot", "resource": start + "a" * 100, "context": {}},
        {
            "principal": PRINCIPAL,
            "action": "lex:PutBot",
            "resource": start + "x",
            "context": {"aws:UserAgent": "a" * 100},
        },
    ]
    return {"policies": [{"Version": "2012-10-17", "Statement": asked}], "requests": requests}
