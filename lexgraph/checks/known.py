"""Facts about AWS that the checks look up: services, regions, the types of condition keys."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.keys import KeyIndex
from lexgraph.catalog.nearest import nearest
from lexgraph.policy.patterns import ascii_lower

PARTITIONS: Final = frozenset("aws aws-cn aws-us-gov aws-iso aws-iso-b aws-iso-e aws-iso-f aws-eusc".split())
# As of September 2026; a region that opened later only costs a warning.
REGIONS: Final = frozenset(
    """
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1
    ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1
    eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1
    me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2 cn-north-1 cn-northwest-1 us-gov-east-1
    us-gov-west-1 us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 eu-isoe-west-1 us-isof-east-1
    us-isof-south-1 eusc-de-east-1
    """.split()
)
# What stands in the account of ARNs that belong to AWS itself.
AWS_ACCOUNTS: Final = frozenset("aws amazon cloudfront aws-marketplace".split())

# The operator families that fit a type of condition key, the one to advise first.
FAMILIES: Final = {
    "String": ("String",),
    "ARN": ("Arn", "String"),
    "Bool": ("Bool",),
    "Numeric": ("Numeric",),
    "Date": ("Date", "Numeric"),
    "IPAddress": ("IpAddress",),
}

# The types of AWS's global keys, which the service reference does not tell.
_GLOBAL_TYPES: Final = {
    "ARN": """
        aws:PrincipalArn aws:SourceArn aws:SourceVpcArn aws:ChatbotSourceArn ec2:SourceInstanceArn
        lambda:SourceFunctionArn ssm:SourceInstanceArn codebuild:BuildArn codebuild:ProjectArn
    """,
    "Bool": """
        aws:MultiFactorAuthPresent aws:PrincipalIsAWSService aws:SecureTransport aws:ViaAWSService
        aws:ViaAWSMCPService aws:IsMcpServiceAction
    """,
    "Numeric": "aws:MultiFactorAuthAge ec2:RoleDelivery",
    "Date": "aws:CurrentTime aws:EpochTime aws:TokenIssueTime",
    "IPAddress": "aws:SourceIp aws:VpcSourceIp aws:Ec2InstanceSourcePrivateIPv4",
    "String": """
        aws:PrincipalAccount aws:PrincipalOrgID aws:PrincipalOrgPaths aws:PrincipalServiceName
        aws:PrincipalServiceNamesList aws:PrincipalType aws:userid aws:username aws:referer aws:RequestedRegion
        aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths aws:SourceAccount aws:SourceOrgID
        aws:SourceOrgPaths aws:SourceVpc aws:SourceVpce aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths
        aws:UserAgent aws:SourceIdentity aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:TagKeys
    """,
}
_TYPE_OF_GLOBAL: Final = {ascii_lower(key): kind for kind, keys in _GLOBAL_TYPES.items() for key in keys.split()}


@lru_cache(1)
def services() -> frozenset[str]:
    """Return the prefixes of all services."""
    return frozenset(catalog().service_prefixes)


@lru_cache(4096)
def key_type(key: str) -> str | None:
    """Return the type of a condition key, ``ArrayOf…`` taken off, or None where no source tells it.

    >>> key_type("aws:sourceip"), key_type("lex:associatedintents"), key_type("lex:nosuch")
    ('IPAddress', 'String', None)
    """
    if found := _TYPE_OF_GLOBAL.get(key):
        return found
    prefix = key.partition(":")[0]
    if prefix not in services():
        return None
    index, types = _service_keys(prefix)
    return next((types[name] for name in index.names_of(key)), None)


@lru_cache(256)
def _service_keys(prefix: str) -> tuple[KeyIndex, dict[str, str]]:
    keys = catalog().service(prefix).condition_keys
    types = {ascii_lower(key.name): key.type.removeprefix("ArrayOf") for key in keys}
    return KeyIndex(key.name for key in keys), types


@lru_cache(4096)
def takes_several(key: str) -> bool:
    """Return whether a condition key may have several values in one request."""
    return catalog().takes_several(key)


@lru_cache(1024)
def nearest_service(prefix: str) -> str:
    """Return the end of a message about an unknown service."""
    return nearest(prefix, catalog().service_prefixes)


@lru_cache(4096)
def nearest_action(service: str, name: str) -> str:
    """Return the end of a message about an unknown action of a service."""
    start = len(service) + 1
    names = (known[start:] for known in catalog().expand(f"{service}:*"))
    return nearest(name, names)
