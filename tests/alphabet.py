"""The alphabets that random cases are drawn from: small, so that patterns, keys and principals often meet."""

from __future__ import annotations

from typing import Any

Json = Any
HOME, AWAY = "111122223333", "444455556666"
USER_ID, ROLE_ID = "AIDAEXAMPLEUSERID0001", "AROAEXAMPLEROLEID0001"
OPERATORS = [
    *(f"String{name}" for name in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase")),
    *("StringLike", "StringNotLike", "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
    *(f"{kind}{name}" for kind in ("Numeric", "Date") for name in ("Equals", "NotEquals")),
    *(f"{kind}{name}Than" for kind in ("Numeric", "Date") for name in ("Less", "Greater")),
    *(f"{kind}{name}ThanEquals" for kind in ("Numeric", "Date") for name in ("Less", "Greater")),
    *(f"Arn{name}" for name in ("Equals", "NotEquals", "Like", "NotLike")),
]
QUALIFIERS = ("", "ForAllValues:", "ForAnyValue:")
PRINCIPAL_FORMS = (
    "everyone|every AWS principal|account id|account root|user|role|session|federated user|unique id|"
    "service|federated|canonical user"
).split("|")

# The keys that are drawn into contexts, with their values there.
TEAM, TAGS = "aws:PrincipalTag/Team", "aws:TagKeys"
ARNS = (f"arn:aws:lex:us-east-1:{HOME}:bot:Orders:prod", f"arn:aws:s3:::calls-{AWAY}", "no ARN")
VALUES: dict[str, tuple[Json, ...]] = {
    TEAM: ("red", "Red", "blue", "r*d"),
    "aws:ResourceTag/Department": ("red", "RED", "green?"),
    "aws:RequestedRegion": ("us-east-1", "eu-west-1"),
    "lex:ResourceTag/Team": ("red", "blue"),
    TAGS: ("red", "blue", "Red"),
    "s3:max-keys": (10, "10", "10.0", "20.5", "12abc", -3),
    "aws:MultiFactorAuthAge": ("10", 20, "300"),
    "aws:CurrentTime": (
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        "2026-06-01T00:00:00.5Z",
        "2026-09-01T12:00:00-05:00",
        "soon",
    ),
    "aws:TokenIssueTime": ("1767225600", 1767225700, "2026-01-01", "2025-01-01T00:00:00Z"),
    "aws:SecureTransport": (True, "true", "TRUE", False, "maybe"),
    "aws:MultiFactorAuthPresent": ("false", "true"),
    "aws:RequestTag/Seal": ("cmVk", "Ymx1ZQ==", "&"),
    "aws:SourceIp": ("203.0.113.7", "10.1.2.3", "2001:db8::7", "nowhere"),
    "aws:VpcSourceIp": ("10.1.2.3", "2001:0db8:0:0::7"),
    "aws:SourceArn": ARNS,
    "aws:SourceVpce": ("vpce-1", "vpce-2"),
    "aws:PrincipalOrgID": ("o-a1b2c3d4e5", "o-zzzzzzzzzz"),
}
OWN_ARN = "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}"
# Per kind of operator: the keys it is tried on, and the values a policy asks for.
STRING_KEYS = (TEAM, TAGS, "aws:ResourceTag/Department", "aws:RequestedRegion", "lex:ResourceTag/Team")
FILLED_KEYS = (
    "aws:username",
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:ResourceAccount",
    "aws:userid",
    "kms:CallerAccount",
)
WANTED: dict[str, tuple[tuple[str, ...], tuple[Json, ...]]] = {
    "String": (
        STRING_KEYS * 2 + FILLED_KEYS + ("aws:SourceVpce", "aws:PrincipalOrgID"),
        ("red", "Red", "blue", "r*", "?ed", "*", "us-east-1", "ana", HOME, "User", "o-a1b2c3d4e5", ""),
    ),
    "Numeric": (("s3:max-keys", "aws:MultiFactorAuthAge", TAGS), (10, "10", 10.0, "20.5", "020", "many", -3)),
    "Date": (
        ("aws:CurrentTime", "aws:TokenIssueTime"),
        (
            *(
                "2026-01-01T00:00:00Z",
                "2026-01-01",
                "2026-06-01T00:00:00.500Z",
                "2025-06-30T12:00:00Z",
                "later",
            ),
            *("1767225600", 1767225601),
        ),
    ),
    "Bool": (
        ("aws:SecureTransport", "aws:MultiFactorAuthPresent", "aws:PrincipalIsAWSService", TAGS),
        (True, "true", "False", "maybe"),
    ),
    "Binary": (("aws:RequestTag/Seal", TEAM), ("cmVk", "Ymx1ZQ==", "&")),
    "IpAddress": (
        ("aws:SourceIp", "aws:VpcSourceIp"),
        (
            "203.0.113.0/24",
            "203.0.113.9/24",
            "203.0.113.7",
            "10.0.0.0/8",
            "0.0.0.0/0",
            "2001:db8::/32",
            "x/8",
        ),
    ),
    "Arn": (
        ("aws:SourceArn", "aws:PrincipalArn"),
        (
            *ARNS,
            "arn:aws:lex:*:*:bot:*",
            f"arn:aws:iam::{HOME}:*",
            "arn:*:s3:::calls-????????????",
            "*",
            OWN_ARN,
        ),
    ),
    "Null": ((*STRING_KEYS, "aws:SourceIp", "aws:username"), (True, "true", "false", False)),
}
# Keys that may fix who reads a bucket (rule L10): operators, the request's value, what a policy asks for.
TEXT, PATTERN = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotEquals"), "StringLike"
POINT = f"arn:aws:s3:us-east-1:{HOME}:accesspoint/"
FIXING: dict[str, tuple[tuple[str, ...], Json, tuple[Json, ...]]] = {
    "aws:PrincipalAccount": (TEXT, None, (AWAY, "4444*", "${aws:PrincipalAccount}")),
    "aws:PrincipalOrgID": (TEXT, "o-a1b2c3d4e5", ("o-a1b2c3d4e5", "o-?1b2c3d4e5")),
    "aws:SourceVpce": ((*TEXT, PATTERN), "vpce-1", ("vpce-1", "vpce-*", "VPCE-1")),
    "aws:RequestedRegion": (TEXT, "us-east-1", ("us-east-1", "us-*")),
    "aws:SourceArn": (("ArnEquals", "ArnLike", "ArnNotLike", PATTERN), ARNS[0], (ARNS[0], "arn:aws:lex:*:*:bot:*")),
    "s3:DataAccessPointArn": (
        ("ArnEquals", "ArnLike", PATTERN),
        f"{POINT}calls",
        (f"{POINT}calls", f"{POINT}*", "arn:aws:s3:us-east-1:*:accesspoint/calls"),
    ),
    "s3:x-amz-acl": (TEXT, "private", ("private",)),
    "aws:SourceIp": (
        ("IpAddress", "IpAddress", "NotIpAddress"),
        "10.1.2.3",
        ("10.0.0.0/8", "10.0.0.0/7", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "2001:db8::/31"),
    ),
    "aws:VpcSourceIp": (("IpAddress",), "10.1.2.3", ("10.0.0.0/8",)),
}
# What policies hold aws:userid against: the sessions of one role, those of one name, one of both, a user.
USER_IDS = (f"{ROLE_ID}:*", "*:ana", f"{ROLE_ID}:ana", f"{ROLE_ID}:*a*", USER_ID)
VARIABLES = (
    "${aws:username}",
    "${aws:PrincipalTag/Team}",
    "${AWS:principaltag/team}",
    "${aws:PrincipalTag/Team, 'red'}",
    "${aws:PrincipalTag/None, 'red'}",
    "${aws:PrincipalTag/None, ''}",
    "${aws:PrincipalTag/None}",
    "${aws:TagKeys}",  # never with a default: the rules do not say whether one serves for several values
    "r${*}d",
    "green${?}",
    "${$}",
)
# Keys that conditions leave out for a caller, because the rules do not say whether AWS fills them in.
UNSAID = {
    "service": ("aws:PrincipalAccount", "aws:PrincipalType", "aws:userid", "aws:PrincipalArn"),
    "federated": (
        *("aws:PrincipalAccount", "aws:PrincipalType", "aws:userid", "aws:PrincipalArn"),
        "aws:PrincipalIsAWSService",
    ),
    "anonymous": ("aws:PrincipalIsAWSService",),
}

LEX = f"arn:aws:lex:us-east-1:{HOME}:bot:Orders:prod"
OBJECT, BUCKET = "arn:aws:s3:::calls/ana/red", "arn:aws:s3:::calls"
QUESTIONS = (
    ("lex:PostText", LEX),
    ("lex:DeleteBot", f"arn:aws:lex:us-east-1:{HOME}:bot/ana"),
    ("s3:GetObject", OBJECT),
    ("s3:PutObject", f"{BUCKET}/ana/blue:red"),
    ("s3:ListBucket", BUCKET),
    ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{HOME}:red"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{HOME}:function:red:live"),
)
WITHOUT_TYPES = (("lex:GetBots", "*"), ("s3:ListAllMyBuckets", "*"), ("ec2:DescribeInstances", "*"))
TRUST = ("sts:AssumeRole", f"arn:aws:iam::{HOME}:role/desk/front")
KEYS = (
    ("kms:Decrypt", f"arn:aws:kms:us-east-1:{HOME}:key/1234abcd"),
    ("kms:RetireGrant", f"arn:aws:kms:us-east-1:{HOME}:key/1234abcd"),
    ("kms:DescribeKey", f"arn:aws:kms:us-east-1:{HOME}:alias/red"),
)
EXCEPTIONS = (
    ("sts:GetCallerIdentity", "*"),
    ("sts:GetSessionToken", "*"),
    ("iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/AmazonLexReadOnly"),
    ("iam:GetPolicy", "arn:aws:iam::aws:policy/AmazonLexReadOnly"),
    ("iam:DeleteRole", f"arn:aws:iam::{HOME}:role/aws-reserved/sso.amazonaws.com/Admin"),
    ("kms:UpdateAlias", f"arn:aws:kms:us-east-1:{HOME}:alias/aws/lex"),
)
PROVIDERS = ("cognito-identity.amazonaws.com", f"arn:aws:iam::{HOME}:saml-provider/Desk", "www.amazon.com")
CANONICAL = ("79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",)
OUTSIDERS = (
    "*",
    {"Service": "lex.amazonaws.com"},
    {"Federated": PROVIDERS[0]},
    {"Federated": PROVIDERS[1]},
)
LINKED_ROLE = "role/aws-service-role/lexv2.amazonaws.com/AWSServiceRoleForLexV2Bots"


def insiders(account: str) -> dict[str, tuple[str, ...]]:
    """The callers of an account, by kind."""
    iam, sts = f"arn:aws:iam::{account}:", f"arn:aws:sts::{account}:"
    return {
        "user": (f"{iam}user/ana", f"{iam}user/support/ben"),
        "role": (f"{iam}role/runner", f"{iam}role/desk/front"),
        "session": (f"{sts}assumed-role/runner/ana", f"{sts}assumed-role/front/red"),
        "federated-user": (f"{sts}federated-user/carol",),
        "root": (f"{iam}root",),
        "linked": (f"{iam}{LINKED_ROLE}", f"{sts}assumed-role/AWSServiceRoleForLexV2Bots/lex"),
    }
