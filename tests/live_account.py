"""What the account on loopback holds, made with AWS's own library."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import boto3

ACCOUNT = "123456789012"  # moto's own
REGION, OTHER_REGION = "us-east-1", "eu-west-1"
USERS, ROLES = 7, 5
BUCKETS = ("calls-open", "calls-closed", "calls-elsewhere")
HOSTILE_PATH = '/<img/src=x/onerror="alert(1)">/'
# IAM keeps the text; whoever reads it as an object keeps the last of the two, and an Allow comes out.
TWICE = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Effect":"Allow","Action":"lex:DeleteBot","Resource":"*"}}'
)
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


class Account:
    """Fills the account at an address, and keeps the ARNs that tests ask about."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clients: list[Any] = []
        self.arns: dict[str, str] = {}
        self.keys: dict[str, dict[str, str]] = {}
        self.iam()
        self.storage()
        self.messages()
        self.programs()
        self.organization()

    def client(self, service: str, region: str = REGION) -> Any:
        made = boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="moto",
            aws_secret_access_key="moto",
        )
        self.clients.append(made)
        return made

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def user_with(self, name: str, document: dict[str, Any]) -> dict[str, str]:
        """Give a user one policy, and return the environment of its access key."""
        iam = self.client("iam")
        if name not in self.keys:
            iam.create_user(UserName=name)
            self.keys[name] = iam.create_access_key(UserName=name)["AccessKey"]
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps(document))
        key = self.keys[name]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Let moto deny what no policy allows; otherwise anybody may do anything."""
        self.tell("0")
        try:
            yield
        finally:
            self.tell("inf")

    def tell(self, free_calls: str) -> None:
        connection = HTTPConnection(self.url.removeprefix("http://"))
        connection.request("POST", "/moto-api/reset-auth", free_calls.encode(), {"Content-Type": "text/plain"})
        assert connection.getresponse().status == 200
        connection.close()

    def forget(self, name: str) -> None:
        """Remove a user that `user_with` made."""
        iam = self.client("iam")
        iam.delete_access_key(UserName=name, AccessKeyId=self.keys.pop(name)["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName="only")
        iam.delete_user(UserName=name)

    def iam(self) -> None:
        iam = self.client("iam")
        iam.create_group(GroupName="agents")
        iam.put_group_policy(GroupName="agents", PolicyName="talk", PolicyDocument=policy(allow("lex:RecognizeText")))
        made = iam.create_policy(PolicyName="own", PolicyDocument=policy(allow("lex:DeleteBot")))
        for number in range(USERS):
            name = f"user-{number}"
            iam.create_user(UserName=name, Path=HOSTILE_PATH if number == 1 else "/")
            iam.add_user_to_group(GroupName="agents", UserName=name)
        iam.attach_user_policy(UserName="user-0", PolicyArn=made["Policy"]["Arn"])
        iam.put_user_policy(UserName="user-1", PolicyName="reads", PolicyDocument=policy(allow("s3:GetObject")))
        iam.put_user_policy(UserName="user-3", PolicyName="twice", PolicyDocument=TWICE)
        trust = policy(
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        )
        for number in range(ROLES):
            iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=trust)
        self.arns["role"] = f"arn:aws:iam::{ACCOUNT}:role/role-0"

    def storage(self) -> None:
        s3 = self.client("s3")
        for name in BUCKETS[:2]:
            s3.create_bucket(Bucket=name)
        elsewhere = {"LocationConstraint": OTHER_REGION}
        self.client("s3", OTHER_REGION).create_bucket(Bucket=BUCKETS[2], CreateBucketConfiguration=elsewhere)
        for name in (BUCKETS[0], BUCKETS[2]):
            document = policy({**PUBLIC, "Resource": f"arn:aws:s3:::{name}/*"})
            s3.put_bucket_policy(Bucket=name, Policy=document)
        key = self.client("kms").create_key(Tags=[{"TagKey": "Department", "TagValue": "Support"}])
        self.arns["key"] = key["KeyMetadata"]["Arn"]
        tables = self.client("dynamodb")
        tables.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.client("efs").create_file_system(CreationToken="files", Tags=[{"Key": "Name", "Value": "files"}])
        self.client("ecr").create_repository(repositoryName="bots")

    def messages(self) -> None:
        sqs, sns = self.client("sqs"), self.client("sns")
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:waiting"
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
        sqs.create_queue(QueueName="waiting", Attributes={"Policy": policy(statement)})
        sqs.create_queue(QueueName="silent")
        self.client("sqs", OTHER_REGION).create_queue(QueueName="abroad")
        self.arns |= {"queue": queue, "silent": f"arn:aws:sqs:{REGION}:{ACCOUNT}:silent"}
        self.arns["topic"] = sns.create_topic(Name="alarms")["TopicArn"]
        secrets = self.client("secretsmanager")
        made = secrets.create_secret(
            Name="=1+1", SecretString="the-secret-value", Tags=[{"Key": "Department", "Value": "Support"}]
        )
        self.arns["secret"] = made["ARN"]
        statement = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
        secrets.put_resource_policy(SecretId=made["ARN"], ResourcePolicy=policy(statement))

    def programs(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("main.py", "def handler(event, context): return event\n")
        programs = self.client("lambda")
        for name in ("answer", "private"):
            made = programs.create_function(
                FunctionName=name,
                Runtime="python3.12",
                Role=self.arns["role"],
                Handler="main.handler",
                Code={"ZipFile": packed.getvalue()},
                Environment={"Variables": {"PASSWORD": "the-password-in-the-environment"}},
            )
            self.arns[name] = made["FunctionArn"]
        programs.add_permission(
            FunctionName="answer", StatementId="lex", Action="lambda:InvokeFunction", Principal="lexv2.amazonaws.com"
        )
        lex = self.client("lexv2-models")
        bot = lex.create_bot(
            botName="Support",
            roleArn=self.arns["role"],
            dataPrivacy={"childDirected": False},
            idleSessionTTLInSeconds=60,
        )["botId"]
        alias = lex.create_bot_alias(botAliasName="live", botId=bot)["botAliasId"]
        self.arns["bot"] = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot/{bot}"
        self.arns["alias"] = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/{bot}/{alias}"
        caller = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/user-2"}
        statement = {"Effect": "Allow", "Principal": caller, "Action": "lex:DescribeBot", "Resource": self.arns["bot"]}
        lex.create_resource_policy(resourceArn=self.arns["bot"], policy=policy(statement))

    def organization(self) -> None:
        organizations = self.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(ParentId=root, Name="Support")["OrganizationalUnit"]["Id"]
        inner = organizations.create_organizational_unit(ParentId=unit, Name="Bots")["OrganizationalUnit"]["Id"]
        made = organizations.create_account(Email="bots@example.com", AccountName="bots")["CreateAccountStatus"]
        organizations.move_account(AccountId=made["AccountId"], SourceParentId=root, DestinationParentId=inner)
        organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        control = organizations.create_policy(
            Content=policy({"Effect": "Deny", "Action": "lex:DeleteBot", "Resource": "*"}),
            Name="keep-bots",
            Description="",
            Type="SERVICE_CONTROL_POLICY",
        )["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=control, TargetId=inner)
        self.arns |= {"root": root, "unit": unit, "inner": inner, "member": made["AccountId"], "control": control}
