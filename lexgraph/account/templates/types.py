"""Which resources of a template hold policy documents, and where: facts about AWS::… and aws_… types as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lexgraph.policy.model import Kind


@dataclass(frozen=True, slots=True)
class Holds:
    """A document of a resource: the property it stands in, its kind, and what applies where there is none (None: the
    property must be there).
    """

    path: tuple[str, ...]
    kind: Kind
    without: str | None = None


def _one(path: str, kind: Kind = "resource", without: str | None = None) -> tuple[Holds, ...]:
    return (Holds(tuple(path.split(".")), kind, without),)


@dataclass(frozen=True, slots=True)
class Attaches:
    """What attaches policies of Terraform's: the attribute that tells the policy or policies, those that tell the
    holders, and by what the policy is told.
    """

    policies: str
    holders: tuple[str, ...]
    by: Literal["ARN", "id"] = "ARN"


NO_POLICY = "it has no policy of its own"
_KEY_DEFAULT = "it has no key policy: AWS's default one applies"
_ENDPOINT_DEFAULT = "it has no policy: AWS's default one allows everything through the endpoint"

CLOUDFORMATION: dict[str, tuple[Holds, ...]] = {
    "AWS::ApiGateway::RestApi": _one("Policy", without=NO_POLICY),
    "AWS::Backup::BackupVault": _one("AccessPolicy", without=NO_POLICY),
    "AWS::CodeArtifact::Domain": _one("PermissionsPolicyDocument", without=NO_POLICY),
    "AWS::CodeArtifact::Repository": _one("PermissionsPolicyDocument", without=NO_POLICY),
    "AWS::DynamoDB::Table": _one("ResourcePolicy.PolicyDocument", without=NO_POLICY),
    "AWS::EC2::VPCEndpoint": _one("PolicyDocument", "endpoint", _ENDPOINT_DEFAULT),
    "AWS::ECR::RegistryPolicy": _one("PolicyText"),
    "AWS::ECR::Repository": _one("RepositoryPolicyText", without=NO_POLICY),
    "AWS::EFS::FileSystem": _one("FileSystemPolicy", without=NO_POLICY),
    "AWS::IAM::GroupPolicy": _one("PolicyDocument", "identity"),
    "AWS::IAM::ManagedPolicy": _one("PolicyDocument", "identity"),
    "AWS::IAM::Policy": _one("PolicyDocument", "identity"),
    "AWS::IAM::RolePolicy": _one("PolicyDocument", "identity"),
    "AWS::IAM::UserPolicy": _one("PolicyDocument", "identity"),
    "AWS::KMS::Key": _one("KeyPolicy", without=_KEY_DEFAULT),
    "AWS::KMS::ReplicaKey": _one("KeyPolicy"),
    "AWS::Kinesis::ResourcePolicy": _one("ResourcePolicy"),
    "AWS::Lex::ResourcePolicy": _one("Policy"),
    "AWS::Logs::ResourcePolicy": _one("PolicyDocument"),
    "AWS::OpenSearchService::Domain": _one("AccessPolicies", without=NO_POLICY),
    "AWS::Organizations::ResourcePolicy": _one("Content"),
    "AWS::S3::AccessPoint": _one("Policy", without=NO_POLICY),
    "AWS::S3::BucketPolicy": _one("PolicyDocument"),
    "AWS::S3::MultiRegionAccessPointPolicy": _one("Policy"),
    "AWS::S3Express::BucketPolicy": _one("PolicyDocument"),
    "AWS::SNS::TopicInlinePolicy": _one("PolicyDocument"),
    "AWS::SNS::TopicPolicy": _one("PolicyDocument"),
    "AWS::SQS::QueueInlinePolicy": _one("PolicyDocument"),
    "AWS::SQS::QueuePolicy": _one("PolicyDocument"),
    "AWS::SSO::PermissionSet": _one("InlinePolicy", "identity", NO_POLICY),
    "AWS::SecretsManager::ResourcePolicy": _one("ResourcePolicy"),
}

# Resources that bring policies which do not stand in the template.
ELSEWHERE: dict[str, str] = {
    "AWS::CloudFormation::Stack": "a nested stack: read its template on its own",
    "AWS::Serverless::Application": "a nested application: read its template on its own",
    "AWS::Serverless::Connector": "SAM writes the policies of a connector when it is deployed",
    "AWS::Lambda::LayerVersionPermission": "a permission of a layer version is not read",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "a provisioned product: its template is elsewhere",
}

TERRAFORM: dict[str, tuple[Holds, ...]] = {
    "aws_api_gateway_rest_api_policy": _one("policy"),
    "aws_backup_vault_policy": _one("policy"),
    "aws_cloudwatch_event_bus_policy": _one("policy"),
    "aws_cloudwatch_log_resource_policy": _one("policy_document"),
    "aws_codeartifact_domain_permissions_policy": _one("policy_document"),
    "aws_codeartifact_repository_permissions_policy": _one("policy_document"),
    "aws_dynamodb_resource_policy": _one("policy"),
    "aws_ecr_registry_policy": _one("policy"),
    "aws_ecr_repository_policy": _one("policy"),
    "aws_efs_file_system_policy": _one("policy"),
    "aws_iam_group_policy": _one("policy", "identity"),
    "aws_iam_policy": _one("policy", "identity"),
    "aws_iam_role_policy": _one("policy", "identity"),
    "aws_iam_user_policy": _one("policy", "identity"),
    "aws_kinesis_resource_policy": _one("resource_policy"),
    "aws_kms_key": _one("policy", without=_KEY_DEFAULT),
    "aws_kms_key_policy": _one("policy"),
    "aws_kms_replica_key": _one("policy", without=_KEY_DEFAULT),
    "aws_opensearch_domain": _one("access_policies", without=NO_POLICY),
    "aws_opensearch_domain_policy": _one("access_policies"),
    "aws_organizations_resource_policy": _one("content"),
    "aws_s3_access_point": _one("policy", without=NO_POLICY),
    "aws_s3_bucket_policy": _one("policy"),
    "aws_s3control_access_point_policy": _one("policy"),
    "aws_secretsmanager_secret": _one("policy", without=NO_POLICY),
    "aws_secretsmanager_secret_policy": _one("policy"),
    "aws_sns_topic": _one("policy", without=NO_POLICY),
    "aws_sns_topic_policy": _one("policy"),
    "aws_sqs_queue": _one("policy", without=NO_POLICY),
    "aws_sqs_queue_policy": _one("policy"),
    "aws_ssoadmin_permission_set_inline_policy": _one("inline_policy", "identity"),
    "aws_vpc_endpoint": _one("policy", "endpoint", _ENDPOINT_DEFAULT),
    "aws_vpc_endpoint_policy": _one("policy", "endpoint"),
}

# Resources of Terraform's that are policies, which may be attached; as data, they bring one that is there already.
TERRAFORM_POLICIES = frozenset({"aws_iam_policy", "aws_organizations_policy"})

TERRAFORM_ATTACHES: dict[str, Attaches] = {
    "aws_iam_group_policy_attachment": Attaches("policy_arn", ("group",)),
    "aws_iam_group_policy_attachments_exclusive": Attaches("policy_arns", ("group_name",)),
    "aws_iam_policy_attachment": Attaches("policy_arn", ("roles", "users", "groups")),
    "aws_iam_role_policy_attachment": Attaches("policy_arn", ("role",)),
    "aws_iam_role_policy_attachments_exclusive": Attaches("policy_arns", ("role_name",)),
    "aws_iam_user_policy_attachment": Attaches("policy_arn", ("user",)),
    "aws_iam_user_policy_attachments_exclusive": Attaches("policy_arns", ("user_name",)),
    "aws_organizations_policy_attachment": Attaches("policy_id", ("target_id",), "id"),
    "aws_ssoadmin_managed_policy_attachment": Attaches("managed_policy_arn", ("permission_set_arn",)),
    "aws_ssoadmin_managed_policy_attachments_exclusive": Attaches("managed_policy_arns", ("permission_set_arn",)),
}

ORGANIZATION_KINDS: dict[str, Kind] = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}
