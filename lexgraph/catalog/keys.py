"""Which condition keys exist, and which of them AWS sends for any action at all (rule C10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lexgraph.policy.patterns import Matcher, ascii_lower, compile_glob

_PRINCIPAL = """
aws:PrincipalArn aws:PrincipalAccount aws:PrincipalOrgPaths aws:PrincipalOrgID aws:PrincipalTag/${TagKey}
aws:PrincipalIsAWSService aws:PrincipalServiceName aws:PrincipalServiceNamesList aws:PrincipalType
aws:userid aws:username
"""
# Keys of other services stand here too: what issued the session's credentials puts them into every request
# of the session.
_SESSION = """
aws:AssumedRoot aws:FederatedProvider aws:TokenIssueTime aws:SignInSessionArn aws:MultiFactorAuthAge
aws:MultiFactorAuthPresent aws:ChatbotSourceArn aws:Ec2InstanceSourceVpc aws:Ec2InstanceSourcePrivateIPv4
aws:SourceIdentity ec2:RoleDelivery ec2:SourceInstanceArn glue:RoleAssumedBy glue:CredentialIssuingService
codebuild:BuildArn codebuild:ProjectArn lambda:SourceFunctionArn ssm:SourceInstanceArn identitystore:UserId
"""
# What an identity provider said about the caller that stays in the session; its other keys serve
# AssumeRoleWith… only.
_FEDERATION = """
accounts.google.com:aud accounts.google.com:oaud accounts.google.com:sub cognito-identity.amazonaws.com:amr
cognito-identity.amazonaws.com:aud cognito-identity.amazonaws.com:sub graph.facebook.com:app_id
graph.facebook.com:id www.amazon.com:app_id www.amazon.com:user_id saml:namequalifier saml:sub saml:sub_type
"""
_NETWORK = """
aws:SourceIp aws:SourceVpc aws:SourceVpcArn aws:SourceVpce aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths
aws:VpcSourceIp
"""
_RESOURCE = """
aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths
"""
_REQUEST = """
aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:CalledViaAWSMCP aws:ViaAWSService
aws:ViaAWSMCPService aws:IsMcpServiceAction aws:CurrentTime aws:EpochTime aws:referer aws:RequestedRegion
aws:SecureTransport aws:SourceAccount aws:SourceArn aws:SourceOrgID aws:SourceOrgPaths aws:SourceOwner
aws:UserAgent
"""
# AWS counts these among its global keys too, but sends them only for actions that read or write tags, and
# its service reference lists them action by action: so they are treated like a service's keys, and are
# absent where they are not listed.
TAG_KEYS = ("aws:ResourceTag/${TagKey}", "aws:RequestTag/${TagKey}", "aws:TagKeys")

GLOBAL_KEYS: tuple[str, ...] = tuple((_PRINCIPAL + _SESSION + _FEDERATION + _NETWORK + _RESOURCE + _REQUEST).split())
"""The keys that AWS may send for any action, in AWS's spelling; ``${TagKey}`` stands for any name."""

# The global keys that may have several values in one request.
SEVERAL_VALUES = (
    "aws:CalledVia",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceNamesList",
    "aws:ResourceOrgPaths",
    "aws:SourceOrgPaths",
    "aws:TagKeys",
    "aws:VpceOrgPaths",
    "cognito-identity.amazonaws.com:amr",
)


class KeyIndex:
    """Finds the listed names that a condition key belongs to.

    Names may have holes, such as ``s3:ExistingObjectTag/<key>``.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._holed: list[tuple[str, Matcher]] = []
        self._found: dict[str, tuple[str, ...]] = {}
        for name in map(ascii_lower, names):
            pattern = hole_pattern(name)
            self._exact.add(name)
            if pattern != name:
                self._holed.append((name, compile_glob(pattern)))

    def names_of(self, key: str) -> tuple[str, ...]:
        """Return the listed names, lower-cased, that `key` is or fills the holes of.

        >>> KeyIndex(["aws:TagKeys", "aws:ResourceTag/${TagKey}"]).names_of("aws:resourceTag/Department")
        ('aws:resourcetag/${tagkey}',)
        """
        low = ascii_lower(key)
        found = self._found.get(low)
        if found is None:
            found = (low,) if low in self._exact else tuple(name for name, fits in self._holed if fits(low))
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[low] = found
        return found


# Policies name some hundreds of keys; only somebody who makes them up names more.
_REMEMBERED = 16_384
_HOLES: Mapping[str, str] = {"${": "}", "<": ">"}


def hole_pattern(name: str) -> str:
    """Return `name` with each hole as ``?*``: whatever stands there, but something.

    >>> (
    ...     hole_pattern("aws:ResourceTag/${TagKey}"),
    ...     hole_pattern("s3:ExistingObjectTag/<key>"),
    ...     hole_pattern("glacier:ResourceTag/"),
    ... )
    ('aws:ResourceTag/?*', 's3:ExistingObjectTag/?*', 'glacier:ResourceTag/?*')
    """
    for start, end in _HOLES.items():
        while (at := name.find(start)) >= 0 and (to := name.find(end, at)) >= 0:
            name = f"{name[:at]}?*{name[to + 1 :]}"
    # Two services write the hole of their tag keys as nothing at all.
    return f"{name}?*" if name.endswith("/") else name
