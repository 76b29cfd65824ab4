"""How one principal takes over another, as data: which actions, what each must reach, and what is gained.

A method is a few requests that are all allowed. Whether they are is decided elsewhere, on effective access; a list of
actions alone would accuse everybody whose policy names them somewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lexgraph.errors import LexgraphError, shown

Kind = Literal["assume", "credentials", "policy", "create", "pass", "use"]
KINDS: tuple[Kind, ...] = ("assume", "credentials", "policy", "create", "pass", "use")
Gain = Literal["acts", "rules", "unbinds", "raises", "changes"]
Target = Literal["user", "role"]

KIND_WORDS: dict[Kind, str] = {
    "assume": "assumes the role",
    "credentials": "makes or resets credentials",
    "policy": "edits what it may do",
    "create": "creates a user or role, and acts as it",
    "pass": "passes the role to a service",
    "use": "uses what runs as the role",
}
"""What each kind of method does, in words."""

GAIN_WORDS: dict[Gain, str] = {
    "acts": "acts as the target",
    "rules": "decides what the target may do",
    "unbinds": "lifts the target's permissions boundary",
    "raises": "makes the target an administrator",
    "changes": "changes what the target may do, within what is there",
}
"""What each gain means, in words."""

_PASSING = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"


@dataclass(frozen=True, slots=True)
class Need:
    """An action that must be allowed, and on what.

    `on` is ``target`` (the user or role that is taken over), ``group`` (one that the user is in), ``other group``
    (one that it is not in), ``policy`` (a customer managed policy that the target holds), ``boundary`` (one that
    bounds it), ``provider`` (a SAML provider that it trusts), ``new`` (a user or role that is not there yet, the same
    for all needs of the method that say so), ``*`` (the action takes no resource), or a resource type of the action's
    service: then some resource of that type, the same for all needs of the method that say so.
    """

    action: str
    on: str


@dataclass(frozen=True, slots=True)
class Method:
    """A way to take over a user or a role.

    Parameters
    ----------
    kind : what is done: ``assume``, ``credentials``, ``policy``, ``create`` (a user or role that is not there yet is
        made and given all rights), ``pass`` (a role is given to a service, which then works for whoever gave it) or
        ``use`` (something that runs as the role already is made to work for another).
    needs : what must be allowed.
    gain : ``acts`` as the target; ``rules``, deciding what the target may do; ``unbinds`` it from its boundary; or
        ``changes`` what it may do, within what is there.
    target : whether users or roles are taken over; None where it may be either.
    words : what is done, for a sentence; ``{target}`` and ``{via}`` stand for the short names.
    presumes : what has to be so as well, which a dump of IAM does not tell, for a sentence; such a way is conditional.
    service : the service that the role must trust, where one takes part.
    federated : whether the service is trusted as an identity provider.

    Examples
    --------
    >>> METHODS["iam:CreateAccessKey"].gain
    'acts'
    """

    kind: Kind
    needs: tuple[Need, ...]
    gain: Gain
    target: Target | None
    words: str
    service: str | None = None
    federated: bool = False
    presumes: str = ""

    @property
    def name(self) -> str:
        """The actions, joined by `` + ``; where one of them is on something unusual, that too."""
        names = dict.fromkeys(f"{n.action} ({n.on})" if n.on in _TOLD else n.action for n in self.needs)
        return " + ".join(names)

    @property
    def reference(self) -> str:
        """Where AWS documents the action that matters most."""
        service, _, name = self.needs[0].action.partition(":")
        if service not in ("iam", "sts") or name == "PassRole":
            return _PASSING
        return f"https://docs.aws.amazon.com/{service.upper()}/latest/APIReference/API_{name}.html"


_TOLD = ("boundary",)


def _iam(action: str, on: str, gain: Gain, target: Target | None, words: str) -> Method:
    kind: Kind = "credentials" if gain == "acts" and target == "user" else "policy"
    return Method(kind, (Need(f"iam:{action}", on),), gain, target, words)


def _create(target: Target, words: str, *needs: str) -> Method:
    known = (Need(f"iam:Create{target.capitalize()}", "new"), *map(_need, needs))
    return Method("create", known, "acts", target, f"create a {{target}}, {words}")


def _pass(service: str, words: str, *needs: str, federated: bool = False, presumes: str = "") -> Method:
    known = (Need("iam:PassRole", "target"), *map(_need, needs))
    words = f"pass {{target}} to {service} and {words}"
    return Method("pass", known, "acts", "role", words, service, federated, presumes)


def _use(service: str, what: str, words: str, *needs: str) -> Method:
    known, presumes = tuple(map(_need, needs)), f"{what} runs as {{target}}"
    return Method("use", known, "acts", "role", f"{words} {what} that runs as {{target}}", service, presumes=presumes)


def _need(text: str) -> Need:
    action, _, on = text.partition(" on ")
    return Need(action, on or "*")


_ASSUME = Method("assume", (Need("sts:AssumeRole", "target"),), "acts", "role", "assume {target}")

_IAM = (
    _iam("CreateAccessKey", "target", "acts", "user", "make an access key for {target}"),
    _iam("CreateLoginProfile", "target", "acts", "user", "give {target} a password"),
    _iam("UpdateLoginProfile", "target", "acts", "user", "set the password of {target} anew"),
    _iam("PutUserPolicy", "target", "rules", "user", "write an inline policy of {target}"),
    _iam("AttachUserPolicy", "target", "rules", "user", "attach AdministratorAccess to {target}"),
    _iam("PutGroupPolicy", "group", "rules", "user", "write an inline policy of {via}, which {target} is in"),
    _iam("AttachGroupPolicy", "group", "rules", "user", "attach AdministratorAccess to {via}, which {target} is in"),
    _iam("AddUserToGroup", "other group", "changes", "user", "put {target} into {via}"),
    _iam("DeleteUserPermissionsBoundary", "target", "unbinds", "user", "take the boundary off {target}"),
    _iam("PutUserPermissionsBoundary", "target", "unbinds", "user", "give {target} a boundary that bounds nothing"),
    _iam("PutRolePolicy", "target", "rules", "role", "write an inline policy of {target}"),
    _iam("AttachRolePolicy", "target", "rules", "role", "attach AdministratorAccess to {target}"),
    _iam("UpdateAssumeRolePolicy", "target", "acts", "role", "write the trust policy of {target}, and then assume it"),
    _iam("DeleteRolePermissionsBoundary", "target", "unbinds", "role", "take the boundary off {target}"),
    _iam("PutRolePermissionsBoundary", "target", "unbinds", "role", "give {target} a boundary that bounds nothing"),
    _iam("CreatePolicyVersion", "policy", "rules", None, "write a new version of {via}, which {target} holds"),
    _iam("SetDefaultPolicyVersion", "policy", "changes", None, "choose the version of {via}, which {target} holds"),
    _iam("CreatePolicyVersion", "boundary", "unbinds", None, "write a new version of {via}, which bounds {target}"),
)

_RESIGN = Method(
    "credentials", (Need("iam:UpdateSAMLProvider", "provider"),), "acts", "role",
    "set the keys of {via}, which {target} trusts, and sign with its own", presumes="there is a {via}",
)  # fmt: skip

_USER_RIGHTS = {
    "iam:AttachUserPolicy on new": "attach AdministratorAccess to it",
    "iam:PutUserPolicy on new": "write an inline policy of it",
    "iam:AddUserToGroup on other group": "put it into {via}",
}
_CREDENTIALS = {
    "iam:CreateAccessKey on new": "make an access key for it",
    "iam:CreateLoginProfile on new": "give it a password",
}
_ROLE_RIGHTS = {
    "iam:AttachRolePolicy on new": "attach AdministratorAccess to it",
    "iam:PutRolePolicy on new": "write an inline policy of it",
}
_CREATE = (
    *(
        _create("user", f"{words} and {after}", right, credentials)
        for right, words in _USER_RIGHTS.items()
        for credentials, after in _CREDENTIALS.items()
    ),
    *(
        _create("role", f"{words} and assume it", right, "sts:AssumeRole on new")
        for right, words in _ROLE_RIGHTS.items()
    ),
)

LIFTS: dict[str, str] = {
    "iam:DeleteUserPermissionsBoundary": "take the boundary off it",
    "iam:PutUserPermissionsBoundary": "give it a boundary that bounds nothing",
    "iam:DeleteRolePermissionsBoundary": "take the boundary off it",
    "iam:PutRolePermissionsBoundary": "give it a boundary that bounds nothing",
    "iam:CreatePolicyVersion": "write a new version of its boundary",
}
"""What frees a new user or role from the boundary within which alone it could be created, in words."""

_EC2, _TASKS, _LAMBDA = "ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"
_GLUE, _STACKS, _BUILDS = "glue.amazonaws.com", "cloudformation.amazonaws.com", "codebuild.amazonaws.com"
_STATES, _SAGEMAKER, _AGENTS = "states.amazonaws.com", "sagemaker.amazonaws.com", "bedrock-agentcore.amazonaws.com"
_APPS = "tasks.apprunner.amazonaws.com"
_INSTANCE = ("instance", "image", "network-interface", "security-group", "subnet", "volume")
_ENTERED = "there is an instance on which {who} can run commands"
_AC, _SM = "bedrock-agentcore", "sagemaker"

_PASS = (
    _pass(_LAMBDA, "create and call a function",
          "lambda:CreateFunction on function", "lambda:InvokeFunction on function"),
    _pass(_LAMBDA, "create a function and let others call it",
          "lambda:CreateFunction on function", "lambda:AddPermission on function"),
    _pass(_LAMBDA, "create a function and feed it events",
          "lambda:CreateFunction on function", "lambda:CreateEventSourceMapping"),
    _pass(_LAMBDA, "make a function run as it, with a layer of its own code",
          "lambda:UpdateFunctionConfiguration on function", presumes="there is a function, which something calls"),
    _pass(_EC2, "make an instance without a role run as it",
          "ec2:AssociateIamInstanceProfile on instance", presumes=_ENTERED),
    _pass(_EC2, "make an instance run as it, in the place of another role",
          "ec2:ReplaceIamInstanceProfileAssociation on instance", presumes=_ENTERED),
    _pass(_EC2, "start an instance", *(f"ec2:RunInstances on {on}" for on in _INSTANCE)),
    _pass(_EC2, "ask for a spot instance", "ec2:RequestSpotInstances on spot-instances-request",
          *(f"ec2:RequestSpotInstances on {on}" for on in ("image", "network-interface", "security-group", "subnet"))),
    _pass(_EC2, "start a group of instances", "autoscaling:CreateLaunchConfiguration on launchConfiguration",
          "autoscaling:CreateAutoScalingGroup on autoScalingGroup"),
    _pass(_EC2, "change a group of instances", "autoscaling:CreateLaunchConfiguration on launchConfiguration",
          "autoscaling:UpdateAutoScalingGroup on autoScalingGroup"),
    _pass(_EC2, "start a cluster", "elasticmapreduce:RunJobFlow"),
    _pass(_EC2, "build an image", "imagebuilder:CreateComponent on component",
          "imagebuilder:CreateImageRecipe on imageRecipe",
          "imagebuilder:CreateInfrastructureConfiguration on infrastructureConfiguration",
          "imagebuilder:CreateImage on image"),
    _pass("emr-serverless.amazonaws.com", "run a job",
          "emr-serverless:CreateApplication", "emr-serverless:StartJobRun on application"),
    _pass(_TASKS, "run a task", "ecs:RunTask on task-definition"),
    _pass(_TASKS, "start a task", "ecs:StartTask on task-definition"),
    _pass(_TASKS, "create a service", "ecs:RegisterTaskDefinition on task-definition", "ecs:CreateService on service"),
    _pass(_TASKS, "run a batch job", "batch:RegisterJobDefinition on job-definition",
          "batch:SubmitJob on job-definition", "batch:SubmitJob on job-queue"),
    _pass(_APPS, "create a service", "apprunner:CreateService on service"),
    _pass(_STACKS, "create a stack", "cloudformation:CreateStack on stack"),
    _pass(_STACKS, "update a stack set", "cloudformation:UpdateStackSet on stackset"),
    _pass(_STACKS, "create a stack set",
          "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances on stackset"),
    _pass(_BUILDS, "build a project", "codebuild:CreateProject on project", "codebuild:StartBuild on project"),
    _pass(_BUILDS, "build a project in a batch",
          "codebuild:CreateProject on project", "codebuild:StartBuildBatch on project"),
    _pass(_GLUE, "create a development endpoint", "glue:CreateDevEndpoint"),
    _pass(_GLUE, "create and run a job", "glue:CreateJob on job", "glue:StartJobRun on job"),
    _pass(_GLUE, "create a job with a trigger", "glue:CreateJob on job", "glue:CreateTrigger on trigger"),
    _pass(_GLUE, "change and run a job", "glue:UpdateJob on job", "glue:StartJobRun on job"),
    _pass(_GLUE, "change a job and give it a trigger", "glue:UpdateJob on job", "glue:CreateTrigger on trigger"),
    _pass(_GLUE, "run statements in a session", "glue:CreateSession on session", "glue:RunStatement on session"),
    _pass(_SAGEMAKER, "create a notebook instance", "sagemaker:CreateNotebookInstance on notebook-instance"),
    _pass(_SAGEMAKER, "run a processing job", "sagemaker:CreateProcessingJob on processing-job"),
    _pass(_SAGEMAKER, "run a training job", "sagemaker:CreateTrainingJob on training-job"),
    _pass(_STATES, "create and run a state machine",
          "states:CreateStateMachine on statemachine", "states:StartExecution on statemachine"),
    _pass("scheduler.amazonaws.com", "schedule calls", "scheduler:CreateSchedule on schedule"),
    _pass("ssm.amazonaws.com", "run an automation",
          "ssm:CreateDocument on document", "ssm:StartAutomationExecution on automation-definition"),
    _pass("datapipeline.amazonaws.com", "run a pipeline", "datapipeline:CreatePipeline",
          "datapipeline:PutPipelineDefinition on pipeline", "datapipeline:ActivatePipeline on pipeline"),
    _pass("kinesisanalytics.amazonaws.com", "run an application",
          "kinesisanalytics:CreateApplication", "kinesisanalytics:StartApplication on application"),
    _pass("gamelift.amazonaws.com", "run a fleet", "gamelift:CreateBuild",
          "gamelift:RequestUploadCredentials on build", "gamelift:CreateFleet"),
    _pass("omics.amazonaws.com", "run a workflow",
          "omics:CreateWorkflow", "omics:StartRun on workflow", "s3:GetObject on object"),
    _pass("braket.amazonaws.com", "run a job", "braket:CreateJob on job"),
    _pass("cognito-identity.amazonaws.com", "hand it to whoever comes through an identity pool",
          "cognito-identity:SetIdentityPoolRoles", federated=True),
    _pass(_AGENTS, "run code in an interpreter", f"{_AC}:CreateCodeInterpreter",
          f"{_AC}:StartCodeInterpreterSession on code-interpreter-custom",
          f"{_AC}:InvokeCodeInterpreter on code-interpreter-custom"),
    _pass(_AGENTS, "drive a browser", f"{_AC}:CreateBrowser", f"{_AC}:StartBrowserSession on browser-custom",
          f"{_AC}:ConnectBrowserAutomationStream"),
    _pass(_AGENTS, "run commands in an agent's runtime", f"{_AC}:CreateAgentRuntime",
          f"{_AC}:CreateAgentRuntimeEndpoint on runtime", f"{_AC}:CreateWorkloadIdentity on workload-identity",
          f"{_AC}:InvokeAgentRuntimeCommand on runtime"),
)  # fmt: skip

_USE = (
    _use(_LAMBDA, "a function", "put its own code into", "lambda:UpdateFunctionCode on function"),
    _use(_LAMBDA, "a function", "put a layer of its own into", "lambda:UpdateFunctionConfiguration on function"),
    _use(_EC2, "an instance", "open a shell on", "ssm:StartSession on instance"),
    _use(_EC2, "an instance", "run commands on", "ssm:SendCommand on instance", "ssm:SendCommand on document"),
    _use(_EC2, "an instance", "log in to",
         "ec2-instance-connect:SendSSHPublicKey on instance", "ec2:DescribeInstances"),
    _use(_EC2, "an instance", "change what starts on", "ec2:StopInstances on instance",
         "ec2:ModifyInstanceAttribute on instance", "ec2:StartInstances on instance"),
    _use(_EC2, "a launch template", "change",
         "ec2:CreateLaunchTemplateVersion on launch-template", "ec2:ModifyLaunchTemplate on launch-template"),
    _use(_EC2, "an instance", "deploy to", "codedeploy:RegisterApplicationRevision on application",
         "codedeploy:GetDeploymentConfig on deploymentconfig", "codedeploy:CreateDeployment on deploymentgroup"),
    _use(_TASKS, "a task", "run commands in", "ecs:DescribeTasks on task", "ecs:ExecuteCommand on task"),
    _use(_TASKS, "a batch job", "submit", "batch:SubmitJob on job-definition", "batch:SubmitJob on job-queue"),
    _use(_APPS, "a service", "change", "apprunner:UpdateService on service"),
    _use(_STACKS, "a stack", "update", "cloudformation:UpdateStack on stack"),
    _use(_STACKS, "a stack", "change by a change set",
         "cloudformation:CreateChangeSet on stack", "cloudformation:ExecuteChangeSet on stack"),
    _use(_BUILDS, "a project", "build", "codebuild:StartBuild on project"),
    _use(_BUILDS, "a project", "build in a batch", "codebuild:StartBuildBatch on project"),
    _use(_GLUE, "a development endpoint", "log in to", "glue:UpdateDevEndpoint on devendpoint"),
    _use(_STATES, "a state machine", "change and run",
         "states:UpdateStateMachine on statemachine", "states:StartExecution on statemachine"),
    _use(_SAGEMAKER, "a notebook instance", "open", f"{_SM}:CreatePresignedNotebookInstanceUrl on notebook-instance"),
    _use(_SAGEMAKER, "a notebook instance", "change what starts on",
         f"{_SM}:CreateNotebookInstanceLifecycleConfig on notebook-instance-lifecycle-config",
         f"{_SM}:StopNotebookInstance on notebook-instance", f"{_SM}:UpdateNotebookInstance on notebook-instance",
         f"{_SM}:StartNotebookInstance on notebook-instance"),
    _use(_AGENTS, "an interpreter", "run code in",
         f"{_AC}:StartCodeInterpreterSession on code-interpreter-custom",
         f"{_AC}:InvokeCodeInterpreter on code-interpreter-custom"),
    _use(_AGENTS, "a browser", "drive",
         f"{_AC}:StartBrowserSession on browser-custom", f"{_AC}:ConnectBrowserAutomationStream"),
    _use(_AGENTS, "an agent", "run commands in", f"{_AC}:InvokeAgentRuntimeCommand on runtime"),
)  # fmt: skip

METHODS: dict[str, Method] = {method.name: method for method in (_ASSUME, *_IAM, _RESIGN, *_CREATE, *_PASS, *_USE)}
"""Every method by its name, in the order in which reasons are told."""


def read_kinds(kinds: Iterable[Kind] | Kind) -> tuple[Kind, ...]:
    """Return kinds of methods as they stand in ``KINDS``; raises LexgraphError (``UNKNOWN_KIND``) for others.

    >>> read_kinds("pass"), read_kinds(["use", "assume"])
    (('pass',), ('assume', 'use'))
    """
    given = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    for kind in given:
        if kind not in KINDS:
            raise LexgraphError(f"a kind is one of {', '.join(KINDS)}, not {shown(kind)}", code="UNKNOWN_KIND")
    return tuple(kind for kind in KINDS if kind in given)
