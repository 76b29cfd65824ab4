"""What is special about single services: STS, KMS, IAM's own things, public buckets (rules L7 to L10)."""

from __future__ import annotations

from functools import lru_cache

from lexgraph.catalog.actions import catalog
from lexgraph.conditions.operators import read_network
from lexgraph.evaluation.request import Question
from lexgraph.policy.grammar import read_operator
from lexgraph.policy.model import ConditionTest, Policy, Statement
from lexgraph.policy.patterns import is_pattern

ALWAYS_ALLOWED = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
# Of the services that RCPs are about, the one action that none of them is (rule L2).
BEYOND_RCPS = "kms:retiregrant"
# In the ARN of a role that is linked to a service, which neither SCPs nor RCPs bind (rule L2).
LINKED = ":role/aws-service-role/"
# What a grant of a KMS key can be made for, by AWS's reference of CreateGrant.
_GRANTABLE = frozenset(
    "kms:creategrant kms:decrypt kms:derivesharedsecret kms:describekey kms:encrypt kms:generatedatakey "
    "kms:generatedatakeypair kms:generatedatakeypairwithoutplaintext kms:generatedatakeywithoutplaintext "
    "kms:generatemac kms:getpublickey kms:reencryptfrom kms:reencryptto kms:retiregrant kms:sign kms:verify "
    "kms:verifymac".split()
)
_CHANGES = ("create", "update", "delete", "put", "attach", "detach", "set", "tag", "untag")


@lru_cache(8192)
def special(action: str) -> bool:
    """Return whether an action may need a rule of its own.

    >>> special("sts:assumerole"), special("lex:getbots")
    (True, False)
    """
    service, _, name = action.partition(":")
    return service in ("sts", "kms") or (service == "iam" and name.startswith(_CHANGES))


def is_ordinary(question: Question) -> bool:
    """Return whether no rule of a single service (L7 to L9) concerns the request."""
    if not special(question.action):
        return True
    if question.action in ALWAYS_ALLOWED:
        return False
    return not (needs_resource_policy(question) or is_untouchable(question))


def needs_resource_policy(question: Question) -> bool:
    """Return whether the resource's own policy must allow even within the account (rules L7, L8)."""
    action = question.action
    if action.startswith("sts:assumerole"):
        return True
    return action.startswith("kms:") and not question.wildcard_only and question.parts[5].startswith("key/")


def grants_may_allow(action: str, resource: str) -> bool:
    """Return whether a grant, which is no policy and not looked at, may allow a lower-cased action (rule L8).

    >>> grants_may_allow("kms:decrypt", "arn:aws:kms:us-east-1:111122223333:key/1234abcd")
    True
    """
    return action in _GRANTABLE and ":key/" in resource


def changes_own(action: str) -> bool:
    """Return whether an action, in lower case, changes something of IAM's or KMS's, of which AWS keeps some (rule L9).

    >>> changes_own("iam:attachrolepolicy"), changes_own("iam:getrole")
    (True, False)
    """
    service, _, name = action.partition(":")
    return service in ("iam", "kms") and name.startswith(_CHANGES)


def is_untouchable(question: Question) -> bool:
    """Return whether the request would change what AWS keeps for itself (rule L9)."""
    if not changes_own(question.action):
        return False
    service = question.action.partition(":")[0]
    resource = question.parts[5]
    if service == "kms":
        return resource.startswith("alias/aws/")
    managed = question.parts[4] == "aws" and resource.startswith("policy/")
    return managed or resource.startswith("role/aws-reserved/")


def under_rcps(question: Question) -> bool:
    """Return whether RCPs bind this request (rule L2)."""
    return rcps_know(question.action) and not is_service_linked(question)


def rcps_know(action: str) -> bool:
    """Return whether RCPs apply to a lower-cased action, whoever asks (rule L2).

    >>> rcps_know("kms:decrypt"), rcps_know("kms:retiregrant")
    (True, False)
    """
    return action.partition(":")[0] in catalog().rcp_services and action != BEYOND_RCPS


def under_scps(question: Question) -> bool:
    """Return whether SCPs bind this caller (rules L2, L6)."""
    return question.caller.account is not None and not is_service_linked(question)


def is_service_linked(question: Question) -> bool:
    """Return whether the caller is a service-linked role, told by its path."""
    if question.caller.kind not in ("role", "session"):
        return False
    arn = question.lookup("aws:principalarn") or ()
    return any(LINKED in value for value in arn)


# Public bucket policies (rule L10) -----------------------------------------------------------------------------------

_FIXING_KEYS = frozenset(
    "aws:principalarn aws:principalaccount aws:principalorgid aws:principalorgpaths aws:sourcearn aws:sourcevpc "
    "aws:sourcevpce aws:sourceaccount aws:sourceowner aws:userid s3:dataaccesspointarn s3:dataaccesspointaccount "
    "s3:x-amz-server-side-encryption-aws-kms-key-id".split()
)
_FIXING_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})


def refuses_public(policy: Policy | None, question: Question) -> bool:
    """Return whether RestrictPublicBuckets keeps this caller from what the bucket policy grants."""
    if policy is None or not question.action.startswith("s3:") or question.caller.kind == "service":
        return False
    account = question.caller.account
    return is_public(policy) and (account is None or account != question.resource_account)


@lru_cache(256)
def is_public(policy: Policy) -> bool:
    """Return whether some Allow of a bucket policy is public.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}'
    >>> is_public(parse_policy(text, kind="resource"))
    True
    """
    return any(
        statement.allows and _for_anyone(statement) and not fixing_tests(statement) for statement in policy.statements
    )


def _for_anyone(statement: Statement) -> bool:
    element = statement.principals
    if element is None:
        return False
    return element.negated or any(p in ("*", "AWS:*") or p.startswith("Federated:") for p in element.patterns)


def fixing_tests(statement: Statement) -> tuple[ConditionTest, ...]:
    """Return the conditions of a statement that fix who asks, or where from, so that it is not public (rule L10)."""
    return tuple(
        test for test in statement.conditions if test.values and all(_fixes(test, str(value)) for value in test.values)
    )


def _fixes(test: ConditionTest, value: str) -> bool:
    name, key = read_operator(test.operator), test.key.lower()
    if name is None or name.if_exists or name.qualifier == "ForAllValues":
        return False
    if name.base == "IpAddress" and key == "aws:sourceip":
        network = read_network(value)
        return network is not None and network.prefixlen >= (8 if network.version == 4 else 32)
    if key == "s3:dataaccesspointarn":
        value = value.partition(":accesspoint/")[0]
    return name.base in _FIXING_OPERATORS and key in _FIXING_KEYS and not (is_pattern(value) or "${" in value)
