"""The operations themselves: every call to AWS that lexgraph can make."""

from __future__ import annotations

from collections.abc import Mapping

from lexgraph.account.live.plan import Form, Operation, Part, Then, Value

DETAILS = "iam:GetAccountAuthorizationDetails"
REPORT = "iam:GetCredentialReport"
ORGANIZATION = "organizations:DescribeOrganization"
# Needs no permission, so it stands in no policy.
IDENTITY = Operation("sts", "GetCallerIdentity", "sts:GetCallerIdentity")
_NEXT = ("NextToken", "NextToken")
_next = ("nextToken", "nextToken")
_MARKER = ("Marker", "NextMarker")


def _about(key: str, **parameters: Value) -> Then:
    return Then(key, tuple(parameters.items()))


_CHILDREN = (
    _about("organizations:ListOrganizationalUnitsForParent", ParentId="{Id}"),
    _about("organizations:ListAccountsForParent", ParentId="{Id}"),
)
_ALL = (
    Operation("iam", "GetAccountAuthorizationDetails", DETAILS, token=("Marker", "Marker"), more="IsTruncated"),
    Operation("iam", "GetCredentialReport", REPORT, value="Content"),
    # The tree, and its policies with what each is attached to. Asking each policy for its targets takes a call for
    # twenty attachments; asking each account for its policies takes two calls an account.
    Operation(
        "organizations", "DescribeOrganization", ORGANIZATION, "Organization", ("Id", "MasterAccountId"),
        none=("AWSOrganizationsNotInUseException",),
        then=(
            _about("organizations:ListRoots"),
            _about("organizations:ListPolicies", Filter="SERVICE_CONTROL_POLICY"),
            _about("organizations:ListPolicies", Filter="RESOURCE_CONTROL_POLICY"),
        ),
    ),
    Operation(
        "organizations", "ListRoots", "organizations:ListRoots", "Roots", ("Id", "Name", "PolicyTypes"),
        token=_NEXT, then=_CHILDREN,
    ),
    Operation(
        "organizations", "ListOrganizationalUnitsForParent", "organizations:ListOrganizationalUnitsForParent",
        "OrganizationalUnits", ("Id", "Name"), token=_NEXT, then=_CHILDREN,
    ),
    Operation(
        "organizations", "ListAccountsForParent", "organizations:ListAccountsForParent", "Accounts", ("Id", "Name"),
        token=_NEXT,
    ),
    Operation(
        "organizations", "ListPolicies", "organizations:ListPolicies", "Policies",
        ("Id", "Arn", "Name", "Type", "AwsManaged"), token=_NEXT,
        then=(
            _about("organizations:DescribePolicy", PolicyId="{Id}"),
            _about("organizations:ListTargetsForPolicy", PolicyId="{Id}"),
        ),
    ),
    Operation("organizations", "DescribePolicy", "organizations:DescribePolicy", value="Policy.Content"),
    Operation(
        "organizations", "ListTargetsForPolicy", "organizations:ListTargetsForPolicy", "Targets", ("TargetId",),
        token=_NEXT,
    ),
    # Resource policies. With MaxBuckets S3 answers in pages, and with each bucket's region.
    Operation(
        "s3", "ListBuckets", "s3:ListAllMyBuckets", "Buckets", ("Name", "BucketRegion"),
        token=("ContinuationToken", "ContinuationToken"),
        resource=Form("arn:{partition}:s3:::{Name}", "bucket", "{Name}"),
        then=(Then("s3:GetBucketPolicy", (("Bucket", "{Name}"),), region="{BucketRegion}"),),
    ),
    Operation("s3", "GetBucketPolicy", "s3:GetBucketPolicy", value="Policy", none=("NoSuchBucketPolicy",)),
    Operation(
        "kms", "ListKeys", "kms:ListKeys", "Keys", ("KeyId", "KeyArn"), token=_MARKER, more="Truncated",
        resource=Form("{KeyArn}", "key", ""),
        then=(_about("kms:GetKeyPolicy", KeyId="{KeyId}", PolicyName="default"),),
    ),
    Operation("kms", "GetKeyPolicy", "kms:GetKeyPolicy", value="Policy"),
    Operation(
        "sqs", "ListQueues", "sqs:ListQueues", "QueueUrls", ("value", "last"), token=_NEXT,
        resource=Form("arn:{partition}:sqs:{region}:{account}:{last}", "queue", "{last}"),
        then=(_about("sqs:GetQueueAttributes", QueueUrl="{value}", AttributeNames=("Policy",)),),
    ),
    Operation("sqs", "GetQueueAttributes", "sqs:GetQueueAttributes", value="Attributes.Policy"),
    Operation(
        "sns", "ListTopics", "sns:ListTopics", "Topics", ("TopicArn",), token=_NEXT,
        resource=Form("{TopicArn}", "topic", ""),
        then=(_about("sns:GetTopicAttributes", TopicArn="{TopicArn}"),),
    ),
    Operation("sns", "GetTopicAttributes", "sns:GetTopicAttributes", value="Attributes.Policy"),
    Operation(
        "secretsmanager", "ListSecrets", "secretsmanager:ListSecrets", "SecretList", ("ARN", "Name", "Tags"),
        token=_NEXT, resource=Form("{ARN}", "secret", "{Name}"),
        then=(_about("secretsmanager:GetResourcePolicy", SecretId="{ARN}"),),
    ),
    Operation(
        "secretsmanager", "GetResourcePolicy", "secretsmanager:GetResourcePolicy", value="ResourcePolicy",
    ),
    Operation(
        "lambda", "ListFunctions", "lambda:ListFunctions", "Functions", ("FunctionArn", "FunctionName"),
        token=_MARKER, resource=Form("{FunctionArn}", "function", "{FunctionName}"),
        then=(_about("lambda:GetPolicy", FunctionName="{FunctionName}"),),
    ),
    Operation("lambda", "GetPolicy", "lambda:GetPolicy", value="Policy", none=("ResourceNotFoundException",)),
    Operation(
        "lexv2-models", "ListBots", "lex:ListBots", "botSummaries", ("botId", "botName"), token=_next,
        resource=Form("arn:{partition}:lex:{region}:{account}:bot/{botId}", "bot", "{botName}", "V2"),
        then=(
            _about(
                "lexv2-models:DescribeResourcePolicy",
                resourceArn="arn:{partition}:lex:{region}:{account}:bot/{botId}",
            ),
            _about("lexv2-models:ListBotAliases", botId="{botId}"),
        ),
    ),
    Operation(
        "lexv2-models", "ListBotAliases", "lex:ListBotAliases", "botAliasSummaries", ("botAliasId", "botAliasName"),
        token=_next,
        resource=Form(
            "arn:{partition}:lex:{region}:{account}:bot-alias/{botId}/{botAliasId}", "bot alias", "{botAliasName}",
            "V2",
        ),
        then=(
            _about(
                "lexv2-models:DescribeResourcePolicy",
                resourceArn="arn:{partition}:lex:{region}:{account}:bot-alias/{botId}/{botAliasId}",
            ),
        ),
    ),
    Operation(
        "lexv2-models", "DescribeResourcePolicy", "lex:DescribeResourcePolicy", value="policy",
        none=("ResourceNotFoundException",),
    ),
    Operation(
        "ecr", "DescribeRepositories", "ecr:DescribeRepositories", "repositories",
        ("repositoryArn", "repositoryName"), token=_next,
        resource=Form("{repositoryArn}", "repository", "{repositoryName}"),
        then=(_about("ecr:GetRepositoryPolicy", repositoryName="{repositoryName}"),),
    ),
    Operation(
        "ecr", "GetRepositoryPolicy", "ecr:GetRepositoryPolicy", value="policyText",
        none=("RepositoryPolicyNotFoundException",),
    ),
    Operation(
        "efs", "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems", "FileSystems",
        ("FileSystemId", "FileSystemArn", "Tags"), token=_MARKER,
        resource=Form("{FileSystemArn}", "file-system", ""),
        then=(_about("efs:DescribeFileSystemPolicy", FileSystemId="{FileSystemId}"),),
    ),
    Operation(
        "efs", "DescribeFileSystemPolicy", "elasticfilesystem:DescribeFileSystemPolicy", value="Policy",
        none=("PolicyNotFound",),
    ),
    Operation(
        "backup", "ListBackupVaults", "backup:ListBackupVaults", "BackupVaultList",
        ("BackupVaultArn", "BackupVaultName"), token=_NEXT,
        resource=Form("{BackupVaultArn}", "backupVault", "{BackupVaultName}"),
        then=(_about("backup:GetBackupVaultAccessPolicy", BackupVaultName="{BackupVaultName}"),),
    ),
    Operation(
        "backup", "GetBackupVaultAccessPolicy", "backup:GetBackupVaultAccessPolicy", value="Policy",
        none=("ResourceNotFoundException",),
    ),
    Operation(
        "dynamodb", "ListTables", "dynamodb:ListTables", "TableNames", ("value",),
        token=("ExclusiveStartTableName", "LastEvaluatedTableName"),
        resource=Form("arn:{partition}:dynamodb:{region}:{account}:table/{value}", "table", "{value}"),
        then=(
            _about(
                "dynamodb:GetResourcePolicy",
                ResourceArn="arn:{partition}:dynamodb:{region}:{account}:table/{value}",
            ),
        ),
    ),
    Operation(
        "dynamodb", "GetResourcePolicy", "dynamodb:GetResourcePolicy", value="Policy",
        none=("PolicyNotFoundException",),
    ),
)  # fmt: skip
OPERATIONS: Mapping[str, Operation] = {operation.key: operation for operation in _ALL}

# What can be asked for by name; those that are not regional belong to the account as a whole.
PARTS: Mapping[str, Part] = {
    "iam": Part(((DETAILS, (("MaxItems", 1000),)),), regional=False),
    "credential-report": Part(((REPORT, ()),), regional=False),
    "organizations": Part(((ORGANIZATION, ()),), regional=False),
    "s3": Part((("s3:ListBuckets", (("MaxBuckets", 1000),)),), regional=False),
    "kms": Part((("kms:ListKeys", (("Limit", 1000),)),)),
    # Without MaxResults SQS answers one page, and gives no marker for the queues beyond it.
    "sqs": Part((("sqs:ListQueues", (("MaxResults", 1000),)),)),
    "sns": Part((("sns:ListTopics", ()),)),
    "secretsmanager": Part((("secretsmanager:ListSecrets", ()),)),
    "lambda": Part((("lambda:ListFunctions", ()),)),
    "lex": Part((("lexv2-models:ListBots", ()),)),
    "ecr": Part((("ecr:DescribeRepositories", ()),)),
    "efs": Part((("efs:DescribeFileSystems", ()),)),
    "backup": Part((("backup:ListBackupVaults", ()),)),
    "dynamodb": Part((("dynamodb:ListTables", ()),)),
}
