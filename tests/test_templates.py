"""Policies in templates: each type of resource, the functions of CloudFormation, what a template leaves open, and what
nobody should be able to do with one.
"""

import copy
import json
import random
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

import lexgraph as lg
from lexgraph.account.templates import collect, load_template, parse_template
from lexgraph.account.templates.expanding import policy_templates
from lexgraph.account.templates.gaps import Gap, plain
from lexgraph.account.templates.intrinsic import Resolver
from lexgraph.account.templates.parameters import Parameters
from lexgraph.account.templates.types import CLOUDFORMATION, ELSEWHERE, TERRAFORM
from lexgraph.account.templates.yamltext import load_yaml
from lexgraph.bundled import bundled_path
from lexgraph.catalog.managed import managed_documents, managed_names
from lexgraph.checks.templates import validate_template
from lexgraph.cli import main
from lexgraph.errors import DocumentError, LexgraphError, PolicyError
from lexgraph.policy.jsontext import load_json
from tests.templated import ACCOUNT, DOCUMENTS, TALK, attaching_plan, change, managed, names, plan, reasons, stack

SAM = "AWS::Serverless-2016-10-31"
STACK = Path(__file__).parent / "templates" / "support-center.yaml"
KNOWN = {"AWS::AccountId": ACCOUNT, "AWS::Region": "us-east-1"}
BOT = f"arn:aws:lex:us-east-1:{ACCOUNT}:bot/ABCDEFGHIJ"
MARIA = f"arn:aws:iam::{ACCOUNT}:user/maria"


def statement(**elements):
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*", **elements}}


def only(text, **options):
    """Return the one policy of a template."""
    found = parse_template(text, **options)
    assert len(found.policies) == 1, found
    return found.policies[0]


def outcome(policy, action, resource, principal=MARIA, **context):
    stack = lg.PolicyStack((policy,)) if policy.kind == "identity" else lg.PolicyStack(resource=policy)
    return lg.authorize(stack, lg.Request(principal, action, resource, lg.Context(context))).outcome


# CloudFormation: every type ---


@pytest.mark.parametrize("kind_of_resource", sorted(CLOUDFORMATION))
def test_each_type_of_cloudformation_gives_a_policy_of_its_kind(kind_of_resource):
    for holds in CLOUDFORMATION[kind_of_resource]:
        properties = DOCUMENTS[holds.kind]
        for key in reversed(holds.path):
            properties = {key: properties}
        one = only(stack({"Mine": {"Type": kind_of_resource, "Properties": properties}}))
        assert (one.policy.name, one.policy.kind, one.type, one.owner) == ("Mine", holds.kind, kind_of_resource, "Mine")
        assert one.place == f"/Resources/Mine/Properties/{'/'.join(holds.path)}"
        assert one.policy == lg.parse_policy(DOCUMENTS[holds.kind], kind=holds.kind, name="Mine")
        without = parse_template(stack({"Mine": {"Type": kind_of_resource, "Properties": {}}}))
        assert without.policies == ()
        assert reasons(without) == {"Mine": holds.without or f"it has no {'.'.join(holds.path)}"}


def test_a_role_has_a_trust_policy_inline_policies_attachments_and_a_boundary():
    found = parse_template(STACK.read_bytes(), source=STACK.name, parameters=KNOWN)
    assert names(found) == {
        "TranscriptsPolicy": "resource",
        "BotRole/AssumeRolePolicyDocument": "trust",
        "BotRole/speak": "identity",
        "Readers": "identity",
        "Fulfil/DynamoDBCrudPolicy": "identity",
        "Fulfil/Policies/2": "identity",
        "LexMayCall": "resource",
    }
    assert {(one.principal, one.policy, one.how) for one in found.attachments} == {
        ("BotRole", "Readers", "attached"),
        ("BotRole", "arn:aws:iam::aws:policy/AmazonLexReadOnly", "attached"),
        ("BotRole", f"arn:aws:iam::{ACCOUNT}:policy/Boundary", "boundary"),
        ("FulfilRole", "AmazonLexReadOnly", "attached"),
    }
    assert found.others == (("AWS::Lex::Bot", 1), ("AWS::S3::Bucket", 1))
    assert found.parameters == ("Callers", "Department", "Prefix", "Stage")
    assert reasons(found)["OnlyInProd"] == "it is not made: its condition IsProd does not hold"
    # What is attached, and does not stand in the template: all but Readers.
    assert [one.what for one in found.skipped] == ["BotRole", "BotRole", "OnlyInProd", "Fulfil", SAM]


def test_users_and_groups_have_inline_policies_or_are_skipped():
    policies = [{"PolicyName": "talk", "PolicyDocument": DOCUMENTS["identity"]}]
    found = parse_template(
        stack(
            {
                "Maria": {"Type": "AWS::IAM::User", "Properties": {"Policies": policies}},
                "Support": {"Type": "AWS::IAM::Group", "Properties": {"Policies": policies}},
                "Ines": {"Type": "AWS::IAM::User", "Properties": {}},
                "Twice": {"Type": "AWS::IAM::User", "Properties": {"Policies": policies * 2}},
                "Open": {"Type": "AWS::IAM::User", "Properties": {"Policies": {"Ref": "Nowhere"}}},
            }
        )
    )
    again = "Twice/talk (/Resources/Twice/Properties/Policies/1/PolicyDocument)"
    assert list(names(found)) == ["Maria/talk", "Support/talk", "Twice/talk", again]
    assert reasons(found) == {
        "Ines": "it has no policy of its own",
        "Open/Policies": "the list is not known: the template has no parameter and no resource Nowhere",
    }


def test_policies_name_those_they_are_attached_to():
    properties = {"PolicyDocument": DOCUMENTS["identity"], "Roles": [{"Ref": "Bot"}, "old"], "Groups": ["support"]}
    found = parse_template(stack({"P": {"Type": "AWS::IAM::Policy", "Properties": properties}}))
    assert [(one.principal, one.policy, one.how) for one in found.attachments] == [
        ("<Bot>", "P", "inline"),
        ("old", "P", "inline"),
        ("support", "P", "inline"),
    ]


@pytest.mark.parametrize(
    "given, kind", [("SERVICE_CONTROL_POLICY", "scp"), ("RESOURCE_CONTROL_POLICY", "rcp"), ("TAG_POLICY", None)]
)
def test_policies_of_organizations_have_the_kind_of_their_type(given, kind):
    content = DOCUMENTS[kind or "scp"]
    inside = {"Type": given, "Content": content}
    aws = parse_template(stack({"P": {"Type": "AWS::Organizations::Policy", "Properties": inside}}))
    tf = parse_template(plan(("aws_organizations_policy.p", {"type": given, "content": json.dumps(content)})))
    assert [one.policy.kind for one in (*aws.policies, *tf.policies)] == ([kind, kind] if kind else [])
    for found in (aws, tf):
        assert all("of another type (TAG_POLICY)" in one.reason for one in found.skipped)
        assert bool(found.skipped) is (kind is None)


@pytest.mark.parametrize(
    "properties, expected",
    [
        ({"Principal": "lexv2.amazonaws.com"}, {"Principal": {"Service": "lexv2.amazonaws.com"}}),
        ({"Principal": ACCOUNT}, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}),
        ({"Principal": MARIA}, {"Principal": {"AWS": MARIA}}),
        (
            {"Principal": "*", "PrincipalOrgID": "o-a1b2c3d4e5", "FunctionUrlAuthType": "NONE"},
            {
                "Principal": "*",
                "Condition": {
                    "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "lambda:FunctionUrlAuthType": "NONE"}
                },
            },
        ),
        (
            {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::in", "SourceAccount": ACCOUNT},
            {
                "Principal": {"Service": "s3.amazonaws.com"},
                "Condition": {
                    "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::in"},
                    "StringEquals": {"AWS:SourceAccount": ACCOUNT},
                },
            },
        ),
    ],
)
def test_a_permission_of_a_function_is_the_statement_that_lambda_makes_of_it(properties, expected):
    resource = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": "orders", **properties},
    }
    one = only(stack({"P": resource}), parameters=KNOWN)
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
    made = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn, **expected}
    document = {"Version": "2012-10-17", "Statement": [made]}
    assert one.policy == lg.parse_policy(document, kind="resource", name="P")


@pytest.mark.parametrize(
    "function, arn",
    [
        ("orders", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"),
        ("orders:live", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders:live"),
        ("444455556666:function:orders", "arn:aws:lambda:us-east-1:444455556666:function:orders"),
        ("arn:aws:lambda:eu-west-1:1:function:f", "arn:aws:lambda:eu-west-1:1:function:f"),
    ],
)
def test_a_function_is_named_in_several_ways(function, arn):
    properties = {"Action": "lambda:InvokeFunction", "FunctionName": function, "Principal": "lexv2.amazonaws.com"}
    one = only(stack({"P": {"Type": "AWS::Lambda::Permission", "Properties": properties}}), parameters=KNOWN)
    assert one.policy.statements[0].resources.patterns == (arn,)


def test_the_statement_of_an_event_bus_is_a_policy():
    inside = {"StatementId": "x", "Statement": DOCUMENTS["resource"]["Statement"][0]}
    assert only(stack({"P": {"Type": "AWS::Events::EventBusPolicy", "Properties": inside}})).policy.kind == "resource"


def test_a_document_may_be_json_text():
    text = json.dumps(DOCUMENTS["resource"])
    one = only(stack({"P": {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": text}}}))
    assert one.policy == lg.parse_policy(text, kind="resource", name="P")


def test_serverless_functions_have_documents_names_and_templates_of_policies():
    def function(**properties):
        return {"Type": "AWS::Serverless::Function", "Properties": properties}

    found = parse_template(
        stack(
            {
                "One": function(Policies=DOCUMENTS["identity"]),
                "Name": function(Policies="AmazonLexReadOnly", PermissionsBoundary="arn:aws:iam::1:policy/B"),
                "None": function(),
                "Role": function(Role="arn:aws:iam::1:role/r", Policies=[DOCUMENTS["identity"]]),
                "Trust": function(AssumeRolePolicyDocument=DOCUMENTS["trust"], Policies=[{"LambdaInvokePolicy": {}}]),
                "Steps": {
                    "Type": "AWS::Serverless::StateMachine",
                    "Properties": {"Policies": [DOCUMENTS["identity"], {"Ref": "P"}, {"a": 1, "b": 2}]},
                },
                **managed(DOCUMENTS["identity"]),
            }
        )
    )
    assert names(found) == {
        "One/Policies/0": "identity",
        "Trust/AssumeRolePolicyDocument": "trust",
        "Steps/Policies/0": "identity",
        "P": "identity",
    }
    assert set(reasons(found)) == {"Name", "None", "Role/Policies", "Trust/LambdaInvokePolicy", "Steps/Policies/2"}
    held = {(one.principal, one.policy, one.how) for one in found.attachments}
    assert held == {
        ("NameRole", "AmazonLexReadOnly", "attached"),
        ("NameRole", "arn:aws:iam::1:policy/B", "boundary"),
        ("StepsRole", "P", "attached"),
    }


def function_with(*policies, **more):
    properties = {"Policies": list(policies)}
    return stack({"F": {"Type": "AWS::Serverless::Function", "Properties": properties}}, **more)


def written_out(value, given):
    """A policy template as SAM writes it out, with texts alone: functions replaced from the inside out."""
    if isinstance(value, dict) and set(value) == {"Ref"}:
        return given[value["Ref"]]
    if isinstance(value, dict) and set(value) == {"Fn::Sub"}:
        text, names = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
        pseudo = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": ACCOUNT}
        for name, inner in {**pseudo, **names}.items():
            text = text.replace(f"${{{name}}}", written_out(inner, given))
        return text
    if isinstance(value, dict):
        return {key: written_out(inner, given) for key, inner in value.items()}
    return [written_out(inner, given) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", sorted(policy_templates()))
def test_a_policy_template_stands_for_the_document_that_sam_writes_out(name):
    template = policy_templates()[name]
    given = {one: f"arn:aws:x:::{one}" if one.endswith("Arn") else f"my-{one}" for one in template.parameters}
    known = {"AWS::Region": "eu-west-1", "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
    (found,) = parse_template(function_with({name: given}), parameters=known).policies
    assert (found.policy.name, found.unresolved) == (f"F/{name}", ())
    assert found.place == "/Resources/F/Properties/Policies/0" + f"/{name}"
    expected = lg.parse_policy(written_out(template.definition, given))
    assert (found.policy.statements, found.policy.version) == (expected.statements, expected.version)


def test_there_are_as_many_policy_templates_as_sam_has():
    assert len(policy_templates()) == 81
    assert all("Statement" in one.definition for one in policy_templates().values())


def test_what_a_policy_template_lacks_is_told_and_what_is_open_stays_open():
    lacking = (
        {"S3ReadPolicy": {}},
        {"S3ReedPolicy": {"BucketName": "b"}},
        {"S3ReadPolicy": None},
        {"VPCAccessPolicy": 3},
    )
    said = reasons(parse_template(function_with(*lacking)))
    assert said["F/S3ReedPolicy"].startswith('SAM has no policy template "S3ReedPolicy"; nearest: "S3ReadPolicy"')
    assert said["F/VPCAccessPolicy"] == "the parameters of a SAM policy template are an object"
    # Ref within a policy template is about its own parameters; one that is given is the template's.
    ref = {"S3ReadPolicy": {"BucketName": {"Ref": "BucketName"}}}
    open_one = function_with(ref, Parameters={"BucketName": {"Type": "String"}})
    (found,) = parse_template(open_one).policies
    assert found.policy.statements[0].unknown
    assert {one.text for one in found.unresolved} == {"arn:aws:s3:::<BucketName>", "arn:aws:s3:::<BucketName>/*"}
    (found,) = parse_template(open_one, parameters={"BucketName": "logs"}).policies
    assert found.policy.statements[0].resources.patterns == ("arn:aws:s3:::logs", "arn:aws:s3:::logs/*")
    chosen = {"Fn::If": ["Open", {"VPCAccessPolicy": {}}, {"Ref": "AWS::NoValue"}]}
    either = function_with(
        chosen,
        Parameters={"X": {"Type": "String"}},
        Conditions={"Open": {"Fn::Equals": [{"Ref": "X"}, "y"]}},
    )
    assert parse_template(either).policies[0].policy.statements[0].unknown
    assert parse_template(either, parameters={"X": "n"}).policies == ()


def test_validation_leaves_out_what_aws_wrote():
    template = load_template(function_with({"S3ReadPolicy": {"BucketName": "b"}}))
    assert validate_template(collect(template)) == ((), ())


def test_the_boundary_of_all_functions_stands_in_globals():
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Policies": "AmazonLexReadOnly"}}
    own = {**function, "Properties": {"PermissionsBoundary": "arn:aws:iam::1:policy/Own"}}
    shared = {"Function": {"PermissionsBoundary": "arn:aws:iam::1:policy/Shared"}}
    found = parse_template(stack({"A": function, "B": own}, Globals=shared))
    boundaries = {one.principal: one.policy.rpartition("/")[2] for one in found.attachments if one.how == "boundary"}
    assert boundaries == {"ARole": "Shared", "BRole": "Own"}


def test_what_brings_policies_from_elsewhere_is_told():
    resources = {kind.rpartition("::")[2]: {"Type": kind} for kind in ELSEWHERE}
    resources |= {
        "Module": {"Type": "Acme::Bots::Bot::MODULE"},
        "Fn::ForEach::Bots": ["Bot", [], {}],
        "Typeless": {},
        "Iot": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": DOCUMENTS["identity"]}},
    }
    found = parse_template(stack(resources, Transform=["AWS::LanguageExtensions", "Acme"]))
    assert set(reasons(found)) == {*resources, "Acme"}
    assert found.others == (("AWS::IoT::Policy", 1),)
    assert next(one.place for one in found.skipped if one.what == "Iot") == "/Resources/Iot/Properties/PolicyDocument"


# Terraform ---


@pytest.mark.parametrize("kind_of_resource", sorted(TERRAFORM))
def test_each_type_of_terraform_gives_a_policy_of_its_kind(kind_of_resource):
    (holds,) = TERRAFORM[kind_of_resource]
    address, text = f"{kind_of_resource}.mine", json.dumps(DOCUMENTS[holds.kind])
    one = only(plan((address, {holds.path[0]: text})))
    assert one.policy == lg.parse_policy(text, kind=holds.kind, name=address)
    assert one.place == f"/planned_values/root_module/resources/0/values/{holds.path[0]}"
    without = parse_template(plan((address, {})))
    assert (without.policies, list(reasons(without))) == ((), [address])


def test_a_role_of_terraform_has_all_its_parts():
    found = parse_template(
        plan(
            (
                "aws_iam_role.bot",
                {
                    "assume_role_policy": json.dumps(DOCUMENTS["trust"]),
                    "inline_policy": [{"name": "talk", "policy": json.dumps(DOCUMENTS["identity"])}, {}],
                    "managed_policy_arns": ["arn:aws:iam::aws:policy/AmazonLexReadOnly"],
                    "permissions_boundary": f"arn:aws:iam::{ACCOUNT}:policy/Boundary",
                },
            ),
            ("aws_iam_role_policy.talk", {"role": "bot", "policy": json.dumps(DOCUMENTS["identity"])}),
            ("aws_iam_role_policy_attachment.a", {"role": "bot", "policy_arn": "arn:aws:iam::aws:policy/A"}),
            ("aws_iam_user_policy_attachment.b", {"user": "maria", "policy_arn": "arn:aws:iam::aws:policy/B"}),
            ("aws_iam_policy_attachment.c", {"users": ["ana"], "groups": ["g"], "policy_arn": "arn:aws:iam::1:p/C"}),
            ("aws_iam_role_policy_attachments_exclusive.d", {"role_name": "bot", "policy_arns": ["arn:D"]}),
            ("aws_iam_user.maria", {"permissions_boundary": "arn:aws:iam::1:policy/B"}),
            ("aws_iam_group.g", {}),
        )
    )
    assert names(found) == {
        "aws_iam_role.bot/assume_role_policy": "trust",
        "aws_iam_role.bot/talk": "identity",
        "aws_iam_role_policy.talk": "identity",
    }
    assert [(one.principal, one.policy, one.how) for one in found.attachments] == [
        ("aws_iam_role.bot", "arn:aws:iam::aws:policy/AmazonLexReadOnly", "attached"),
        ("aws_iam_role.bot", f"arn:aws:iam::{ACCOUNT}:policy/Boundary", "boundary"),
        ("bot", "aws_iam_role_policy.talk", "inline"),
        ("bot", "arn:aws:iam::aws:policy/A", "attached"),
        ("maria", "arn:aws:iam::aws:policy/B", "attached"),
        ("ana", "arn:aws:iam::1:p/C", "attached"),
        ("g", "arn:aws:iam::1:p/C", "attached"),
        ("bot", "arn:D", "attached"),
        ("aws_iam_user.maria", "arn:aws:iam::1:policy/B", "boundary"),
    ]


def test_what_is_known_only_after_the_plan_is_applied_is_skipped_and_never_empty():
    later = {"policy": True, "assume_role_policy": True, "inline_policy": [{"policy": True}], "policy_arn": True}
    addresses = ("aws_iam_policy.p", "aws_iam_role.r", "aws_iam_role_policy_attachment.a")
    values = ({"name": "p"}, {"inline_policy": [{"name": "talk"}]}, {"role": "r"})
    found = parse_template(
        plan(
            *zip(addresses, values, strict=True),
            changes=[change(address, ["create"], {}, later) for address in addresses],
        )
    )
    assert found.policies == ()
    attachment = addresses[2]
    assert reasons(found) == {
        **dict.fromkeys(
            ("aws_iam_policy.p", "aws_iam_role.r/assume_role_policy", "aws_iam_role.r/talk"),
            "its value is known only after the plan is applied",
        ),
        attachment: "which policy is attached to r is not known: its value is known only after the plan is applied",
    }
    assert [one.policy for one in found.attachments] == ["<aws_iam_role_policy_attachment.a.policy_arn>"]


def test_what_is_deleted_or_forgotten_is_left_out_and_said_so():
    found = parse_template(
        plan(
            changes=[
                change("aws_iam_policy.gone", ["delete"]),
                change("aws_iam_policy.kept", ["forget"]),
                change("aws_lex_bot.gone", ["delete"]),
                {**change("aws_iam_policy.old", ["delete"]), "deposed": "0a1b2c3d"},
                change("aws_iam_policy.new", ["create", "delete"], {"policy": json.dumps(DOCUMENTS["identity"])}),
            ]
        )
    )
    assert list(names(found)) == ["aws_iam_policy.new"]
    assert list(reasons(found)) == ["aws_iam_policy.gone", "aws_iam_policy.kept"]
    assert "deleted by this plan" in reasons(found)["aws_iam_policy.gone"]


def test_modules_are_read_and_states_too():
    text = json.dumps(DOCUMENTS["identity"])
    inner = plan(modules=[[("module.bots.aws_iam_policy.p[0]", {"policy": text})]])
    assert only(inner).place == "/planned_values/root_module/child_modules/0/resources/0/values/policy"
    root = json.loads(inner)["planned_values"]
    state = parse_template(json.dumps({"format_version": "1.0", "terraform_version": "1.9.5", "values": root}))
    assert (state.format, list(names(state))) == ("terraform state", ["module.bots.aws_iam_policy.p[0]"])


def test_a_policy_that_terraform_writes_is_of_the_kind_that_its_elements_tell():
    prior = [(f"data.aws_iam_policy_document.{kind}", {"json": json.dumps(DOCUMENTS[kind])}) for kind in
             ("identity", "trust", "resource")]  # fmt: skip
    assert names(parse_template(plan(prior=prior))) == {address: address.rpartition(".")[2] for address, _ in prior}


def test_a_policy_that_terraform_writes_later_is_read_from_its_statements():
    after = {
        "statement": [
            {
                "sid": "Talk",
                "effect": None,
                "actions": ["lex:RecognizeText"],
                "principals": [],
                "condition": [{"test": "StringEquals", "variable": "aws:username", "values": ["maria"]}],
            },
            {"effect": "Deny", "actions": ["lex:DeleteBot"], "resources": [None, BOT]},
        ]
    }
    unknown = {"json": True, "statement": [{"resources": True, "actions": [False]}, {"resources": [True, False]}]}
    address = "data.aws_iam_policy_document.later"
    one = only(plan(changes=[change(address, ["read"], after, unknown)]))
    assert outcome(one.policy, "lex:RecognizeText", BOT) == "conditional"
    assert outcome(one.policy, "lex:GetSession", BOT) == "implicitDeny"
    assert [entry.text for entry in one.unresolved] == [
        f"<{address}.statement[0].resources>",
        f"<{address}.statement[1].resources>",
    ]
    for hidden in ({"json": True, "statement": True}, {"json": True, "source_policy_documents": True}):
        found = parse_template(plan(changes=[change(address, ["read"], after, hidden)]))
        assert (found.policies, list(reasons(found))) == ((), [address])


def test_a_permission_of_terraform_is_a_statement():
    values = {
        "statement_id": "AllowLex",
        "action": "lambda:InvokeFunction",
        "function_name": "orders",
        "qualifier": "live",
        "principal": "lexv2.amazonaws.com",
        "source_account": ACCOUNT,
    }
    one = only(plan(("aws_lambda_permission.lex", values)), parameters=KNOWN)
    (made,) = one.policy.statements
    assert made.resources.patterns == (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders:live",)
    assert (made.sid, made.unknown) == ("AllowLex", None)
    assert only(plan(("aws_lambda_permission.lex", values))).policy.statements[0].unknown is not None


# The functions ---


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"Ref": "Stage"}, "test"),
        ({"Ref": "Many"}, ["a", "b"]),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
        ({"Fn::Sub": "${Stage}-${!aws:username}-${AWS::AccountId}"}, f"test-${{aws:username}}-{ACCOUNT}"),
        ({"Fn::Sub": ["${x}/${Stage}", {"x": {"Fn::Join": ["", ["a", "b"]]}}]}, "ab/test"),
        ({"Fn::Join": [":", ["arn", {"Ref": "Stage"}, {"Ref": "AWS::Region"}]]}, "arn:test:us-east-1"),
        ({"Fn::Join": ["-", {"Ref": "Many"}]}, "a-b"),
        ({"Fn::Select": ["1", {"Ref": "Many"}]}, "b"),
        ({"Fn::Select": [0, {"Fn::Split": ["|", "x|y"]}]}, "x"),
        ({"Fn::FindInMap": ["M", {"Ref": "Stage"}, "Name"]}, "orders"),
        ({"Fn::FindInMap": ["M", "none", "Name", {"DefaultValue": "other"}]}, "other"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", {"Ref": "Stage"}]}, "test"),
        (["x", {"Fn::If": ["No", "a", {"Ref": "AWS::NoValue"}]}], ["x"]),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::transcripts-test"),
        ({"Ref": "Role"}, "bot-runner"),
        ({"Fn::GetAtt": "Role.Arn"}, f"arn:aws:iam::{ACCOUNT}:role/lex/bot-runner"),
    ],
)
def test_functions_give_what_cloudformation_gives(value, expected):
    assert plain(resolver().resolve(load_json(json.dumps(value)), "")) == expected


def resolver(given=KNOWN):
    template = {
        "Parameters": {
            "Stage": {"Type": "String", "Default": "test"},
            "Many": {"Type": "CommaDelimitedList", "Default": "a, b"},
            "Open": {"Type": "String"},
            "Hidden": {"Type": "String", "NoEcho": True, "Default": "secret"},
            "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/the/key"},
        },
        "Mappings": {"M": {"test": {"Name": "orders", "Loop": {"Fn::FindInMap": ["M", "test", "Loop"]}}}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
            "No": {"Fn::And": [{"Fn::Not": [{"Condition": "Yes"}]}, {"Condition": "Maybe"}]},
            "Maybe": {"Fn::Equals": [{"Ref": "Open"}, "x"]},
            "Either": {"Fn::Or": [{"Condition": "Maybe"}, {"Condition": "Yes"}]},
            "Loop": {"Fn::Not": [{"Condition": "Loop"}]},
        },
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "transcripts-${Stage}"}}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "bot-runner", "Path": "/lex/"}},
            "Loop": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::GetAtt": ["Loop", "Arn"]}}},
            "Thing": {"Type": "Custom::Thing"},
        },
    }
    return Resolver(template, Parameters(template["Parameters"], given), "t.json")


@pytest.mark.parametrize(
    "value, why",
    [
        ({"Ref": "Open"}, "no value is given for the parameter Open"),
        ({"Ref": "Hidden"}, "NoEcho"),
        ({"Ref": "Stored"}, "parameter store"),
        ({"Ref": "Nothing"}, "no parameter and no resource"),
        ({"Ref": "Thing"}, "only the deployed stack knows it"),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, "only the deployed stack knows it"),
        ({"Fn::GetAtt": ["Nothing", "Arn"]}, "has no resource Nothing"),
        ({"Fn::ImportValue": "other-stack"}, "another stack exports it"),
        ({"Fn::FindInMap": ["M", "prod", "Name"]}, "Mappings have no M, prod, Name"),
        ({"Fn::FindInMap": ["M", "test", "Loop"]}, "Mappings have no M, test, Loop"),
        ({"Fn::If": ["Maybe", "a", "b"]}, "whether the condition Maybe holds is not known"),
        ({"Fn::If": ["Loop", "a", "b"]}, "refers to itself"),
        ({"Fn::If": ["Missing", "a", "b"]}, "has no condition Missing"),
        ({"Fn::Select": ["9", {"Ref": "Many"}]}, "not written as CloudFormation takes it"),
        ({"Fn::Select": [{"Ref": "Open"}, {"Ref": "Many"}]}, "no value is given"),
        ({"Fn::Split": [":", {"Fn::Sub": "a:${Open}"}]}, "no value is given"),
        ({"Fn::Base64": "x"}, "not worked out from the template alone"),
        ({"Fn::Sub": "x" * 200_000}, "longer than AWS takes"),
        *(({name: 3}, "not written as") for name in ("Ref", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::GetAtt")),
    ],
)
def test_what_a_template_does_not_tell_is_a_gap_that_says_why(value, why):
    gap = resolver().resolve(value, "").value
    assert isinstance(gap, Gap)
    assert why in gap.why


def test_conditions_are_true_false_or_not_known():
    conditions = resolver().conditions
    assert [conditions.truth(name)[0] for name in ("Yes", "No", "Either", "Maybe", "Loop")] == [
        True, False, True, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "region, arn",
    [("cn-north-1", "arn:aws-cn:s3:::b"), ("us-gov-west-1", "arn:aws-us-gov:s3:::b"), ("eu-west-1", "arn:aws:s3:::b")],
)
def test_the_partition_follows_from_the_region(region, arn):
    text = stack(managed(statement(Resource={"Fn::Sub": "arn:${AWS::Partition}:s3:::b"})))
    found = parse_template(text, parameters={"AWS::Region": region})
    assert found.policies[0].policy.statements[0].resources.patterns == (arn,)
    assert found.assumptions == ()
    assert "taken to be" in parse_template(text).assumptions[0]


# What a template leaves open ---


def open_(what, **more):
    document = statement(**{**what, **more})
    return only(stack(managed(document), Parameters={"X": {"Type": "String"}}), parameters=KNOWN)


@pytest.mark.parametrize(
    "elements, certain, open_request",
    [
        # The elements; a request that the statement cannot match whatever X is; one that it may.
        ({"Resource": {"Ref": "X"}}, ("s3:GetObject", "arn:aws:s3:::b/k"), ("lex:DescribeBot", BOT)),
        (
            {"Resource": {"Fn::Sub": f"arn:aws:lex:us-east-1:{ACCOUNT}:bot/${{X}}"}},
            ("lex:DescribeBot", BOT.replace("us-east-1", "eu-west-1")),
            ("lex:DescribeBot", BOT),
        ),
        ({"Action": {"Fn::Sub": "lex:${X}"}}, ("s3:GetObject", "arn:aws:s3:::b/k"), ("lex:DescribeBot", BOT)),
        ({"Action": {"Fn::Sub": "${X}:Get*"}, "Resource": BOT}, ("lex:A", BOT + "x"), ("lex:GetBot", BOT)),
        (
            {"Condition": {"StringEquals": {"aws:username": {"Ref": "X"}}}},
            ("s3:GetObject", "arn:aws:s3:::b/k"),
            ("lex:DescribeBot", BOT),
        ),
    ],
)
def test_an_open_value_makes_the_statement_unknown_and_no_wider_or_narrower(elements, certain, open_request):
    for effect, denied in (("Allow", "implicitDeny"), ("Deny", "implicitDeny")):
        one = open_(elements, Effect=effect)
        assert one.policy.statements[0].unknown is not None
        assert [entry.text.count("<X>") for entry in one.unresolved] == [1]
        assert outcome(one.policy, *certain) == denied
        both = lg.Policy("both", (*one.policy.statements, *lg.parse_policy(statement()).statements))
        assert outcome(one.policy if effect == "Allow" else both, *open_request) == "conditional"


@pytest.mark.parametrize("element", ["Resource", "Action"])
def test_an_open_value_in_a_not_element_is_not_read_as_one_that_matches_nothing_or_all(element):
    elements = {f"Not{element}": [{"Ref": "X"}, BOT if element == "Resource" else "s3:*"]}
    document = {**statement(), "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}}
    del document["Statement"][element]
    one = only(stack(managed(document), Parameters={"X": {"Type": "String"}}))
    assert outcome(one.policy, "lex:DescribeBot", BOT + "2") == "conditional"
    excluded = ("lex:DescribeBot", BOT) if element == "Resource" else ("s3:GetObject", "arn:aws:s3:::b/k")
    assert outcome(one.policy, *excluded) == "implicitDeny"


def test_an_open_principal_makes_the_statement_one_about_nobody_knows_whom():
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": {"Ref": "X"}}}
    document = {"Version": "2012-10-17", "Statement": trust}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}
    policy = only(stack({"R": role}, Parameters={"X": {"Type": "String"}})).policy
    asked = lg.Request(MARIA, "sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/r")
    assert lg.authorize(lg.PolicyStack(resource=policy), asked).outcome == "conditional"


def test_a_statement_that_a_condition_chooses_is_unknown():
    maybe = {"Fn::If": ["Open", TALK, {"Ref": "AWS::NoValue"}]}
    sure = {**TALK, "Action": "lex:GetSession"}
    document = {"Version": "2012-10-17", "Statement": [sure, maybe]}
    sections = {
        "Parameters": {"X": {"Type": "String"}},
        "Conditions": {"Open": {"Fn::Equals": [{"Ref": "X"}, "y"]}},
    }
    policy = only(stack(managed(document), **sections)).policy
    asked = ("lex:RecognizeText", "lex:GetSession", "lex:DeleteBot")
    assert [outcome(policy, action, BOT) for action in asked] == ["conditional", "allowed", "implicitDeny"]
    given = [only(stack(managed(document), **sections), parameters={"X": x}).policy for x in ("y", "n")]
    assert [outcome(one, "lex:RecognizeText", BOT) for one in given] == ["allowed", "implicitDeny"]


def test_a_resource_that_a_condition_may_leave_out_is_unknown_as_a_whole():
    sections = {
        "Parameters": {"X": {"Type": "String"}},
        "Conditions": {"Open": {"Fn::Equals": [{"Ref": "X"}, "y"]}},
    }
    text = stack(managed(DOCUMENTS["identity"], Condition="Open"), **sections)
    assert outcome(only(text).policy, "lex:RecognizeText", BOT) == "conditional"
    assert outcome(only(text, parameters={"X": "y"}).policy, "lex:RecognizeText", BOT) == "allowed"
    assert parse_template(text, parameters={"X": "n"}).policies == ()


def test_a_policy_that_a_condition_chooses_is_unknown_as_a_whole():
    other = {"Version": "2012-10-17", "Statement": {**TALK, "Action": "lex:GetSession"}}
    nothing = {"Ref": "AWS::NoValue"}
    inline = {"PolicyName": "talk", "PolicyDocument": DOCUMENTS["identity"]}
    text = stack(
        {
            **managed({"Fn::If": ["Open", DOCUMENTS["identity"], other]}),
            "U": {"Type": "AWS::IAM::User", "Properties": {"Policies": [{"Fn::If": ["Open", inline, nothing]}]}},
            "F": {
                "Type": "AWS::Serverless::Function",
                "Properties": {"Policies": {"Fn::If": ["Open", [other, "AmazonLexReadOnly"], nothing]}},
            },
        },
        Parameters={"X": {"Type": "String"}},
        Conditions={"Open": {"Fn::Equals": [{"Ref": "X"}, "y"]}},
    )
    found = parse_template(text)
    document = "/Resources/P/Properties/PolicyDocument"
    assert list(names(found)) == ["P", f"P ({document}/Fn::If/2)", "U/talk", "F/Policies/0"]
    assert found.policies[0].place == f"{document}/Fn::If/1"
    assert all(one.policy.statements[0].unknown for one in found.policies)
    assert [one.policy for one in found.attachments] == ["AmazonLexReadOnly"]


@pytest.mark.parametrize(
    "document",
    [
        {"Ref": "X"},
        {"Version": {"Ref": "X"}, "Statement": TALK},
        {"Version": "2012-10-17", "Statement": {"Ref": "X"}},
        {"Version": "2012-10-17", "Statement": [TALK, {"Ref": "X"}]},
        {"Version": "2012-10-17", "Statement": {**TALK, "Effect": {"Ref": "X"}}},
    ],
)
def test_a_policy_of_which_too_little_is_known_is_skipped(document):
    found = parse_template(stack(managed(document), Parameters={"X": {"Type": "String"}}))
    assert found.policies == ()
    assert "no value is given for the parameter X" in reasons(found)["P"]


POSITIONS = ("Resource", "NotResource", "Action", "NotAction", "Condition", "Part", "Both", "If")


def random_statement(rng):
    """Return a statement that hangs on the parameter X."""
    x = {"Ref": "X"}
    part = {"Fn::Sub": f"arn:aws:lex:us-east-1:{ACCOUNT}:bot/${{X}}*"}
    whole = {"Fn::Sub": f"arn:aws:lex:us-east-1:{ACCOUNT}:bot/${{X}}"}
    verb = {"Fn::Sub": "lex:${X}*"}
    found = {"Effect": rng.choice(["Allow", "Deny"]), "Action": rng.choice(["lex:*", "*"]), "Resource": "*"}
    where = rng.choice(POSITIONS)
    if where == "Condition":
        operator = rng.choice(["StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"])
        found["Condition"] = {operator: {"aws:username": rng.choice([x, [x, "ana"]])}, "Bool": {"aws:ssl": "true"}}
    elif where in ("Resource", "Part", "Both"):
        found["Resource"] = rng.choice([part, [whole, BOT + "Q"]])
    elif where == "NotResource":
        del found["Resource"]
        found["NotResource"] = rng.choice([part, [whole, BOT + "Q"]])
    elif where == "If":
        found["Resource"] = {"Fn::If": ["IsA", BOT + "A", [BOT + "Q"]]}
    if where in ("Action", "Both"):
        found["Action"] = rng.choice([verb, [verb, "lex:GetSession"]])
    elif where == "NotAction":
        del found["Action"]
        found["NotAction"] = rng.choice([verb, [verb, "lex:GetSession"]])
    return {"Fn::If": ["IsA", found, {"Ref": "AWS::NoValue"}]} if rng.random() < 0.2 else found


@pytest.mark.parametrize("seed", range(4))
def test_giving_a_parameter_never_overturns_a_known_answer(seed):
    rng = random.Random(seed)
    seen = Counter()
    for _ in range(120):
        sure = {"Effect": rng.choice(["Allow", "Deny"]), "Action": "lex:GetSession", "Resource": BOT + "*"}
        some = [random_statement(rng) for _ in range(rng.randint(1, 3))]
        document = {"Version": "2012-10-17", "Statement": [sure, *some]}
        text = stack(
            managed(document),
            Parameters={"X": {"Type": "String"}},
            Conditions={"IsA": {"Fn::Equals": [{"Ref": "X"}, "A"]}},
        )
        found = parse_template(text)
        if not found.policies:
            continue
        before = found.policies[0].policy
        for value in ("A", "Get", "Q", "*"):
            given = parse_template(text, parameters={"X": value})
            after = given.policies[0].policy if given.policies else None
            for action in ("lex:GetSession", "lex:DeleteBot", "s3:GetObject"):
                resource = rng.choice([BOT, BOT + "A", BOT + "Q"])
                context = {"aws:username": rng.choice(["A", "ana", "Q"]), "aws:ssl": "true"}
                known = outcome(before, action, resource, **context)
                seen[known] += 1
                if after is not None and known != "conditional":
                    # Where nothing allows, an open Deny makes no difference: both are a denial.
                    now = outcome(after, action, resource, **context)
                    assert (now == "allowed") is (known == "allowed"), (document, value, action, resource)
    assert min(seen[one] for one in ("conditional", "allowed", "implicitDeny", "explicitDeny")) > 0


# A policy in a template is the policy itself ---


def wrapped(document):
    """Yield a document in each format, with the name that its policy has there."""
    resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    yield "P", json.dumps({"Resources": {"P": resource}}), "t.json"
    yield (
        "P",
        yaml.safe_dump({"Resources": {"P": resource}}, allow_unicode=True, sort_keys=False, width=10**6),
        "t.yaml",
    )
    yield "aws_iam_policy.p", plan(("aws_iam_policy.p", {"policy": json.dumps(document)})), "plan.json"


def test_a_policy_wrapped_into_a_template_equals_the_policy_itself():
    every = managed_documents(managed_names("*Lex*") + managed_names("AmazonS3*") + managed_names("*Billing*"))
    files = [json.loads(file.read_text()) for file in bundled_path("examples").glob("*.json") if file.stem != "index"]
    for document in (*(json.loads(one.document) if isinstance(one.document, str) else one.document for one in every),
                     *files):  # fmt: skip
        for name, text, source in wrapped(document):
            assert only(text, source=source).policy == lg.parse_policy(document, name=name)


@pytest.mark.parametrize(
    "value",
    ["true", "1.0", "no", "~", "2012-10-17", "0123", "${aws:username}", "a: b", "#x", "*", "<<", "'", "é", " x"],
)
def test_words_in_quotes_stay_text_in_yaml(value):
    document = statement(Condition={"StringEquals": {"aws:PrincipalTag/x": [value, "y"]}})
    for name, text, source in wrapped(document):
        assert only(text, source=source).policy == lg.parse_policy(document, name=name)


def test_words_without_quotes_are_what_cloudformation_takes_them_for():
    text = """
    Resources:
      P:
        Type: AWS::S3::BucketPolicy
        Properties:
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              Effect: Allow
              Principal: {AWS: 111122223333}
              Action: s3:GetObject
              Resource: "*"
              Condition:
                Null: {aws:TokenIssueTime: true}
                Bool: {aws:SecureTransport: yes}
                NumericLessThan: {s3:max-keys: 1.0}
    """
    (made,) = only(text, source="t.yaml").policy.statements
    assert made.principals.patterns == ("AWS:111122223333",)
    assert [test.values for test in made.conditions] == [(True,), (True,), ("1.0",)]
    assert load_yaml("a: [012345678901, 1:30, 0x1F, 1_000, .5, null, Off]").value == {
        "a": ["012345678901", "1:30", "0x1F", "1_000", ".5", None, False]
    }


# What is wrong with a template ---

MANY = 100_000
HOSTILE = {
    "brackets": ("Resources:\n  a: " + "[" * MANY, "TOO_DEEP"),
    "lists": ("Resources:\n" + "- " * MANY, "TOO_DEEP"),
    "objects": ("Resources:\n  a: " + "{a: " * MANY, "TOO_DEEP"),
    "json": ('{"Resources": ' + "[" * MANY, "TOO_DEEP"),
    "json-objects": (
        '{"Resources": {"P": {"Type": "AWS::IAM::Role", "P": ' + '{"a":' * 500 + "1" + "}" * 503,
        "TOO_DEEP",
    ),
    "alias": ("a: &a [x, x]\nb: &b [*a, *a]\nResources: {P: {Type: *b}}", "UNSUPPORTED_YAML"),
    "merge": ("Resources: {P: {<<: {Type: x}}}", "UNSUPPORTED_YAML"),
    "python": ("Resources: {P: !!python/object/apply:os.system [id]}", "UNSUPPORTED_YAML"),
    "python-name": ("Resources: {P: !!python/name:os.system }", "UNSUPPORTED_YAML"),
    "redefined": (
        "%TAG ! tag:yaml.org,2002:python/\n---\nResources: {P: !object/apply:os.system [id]}",
        "UNSUPPORTED_YAML",
    ),
    "binary": ("Resources: {P: !!binary aGk=}", "UNSUPPORTED_YAML"),
    "unknown-tag": ("Resources: {P: !Foo x}", "UNSUPPORTED_YAML"),
    "tagged-key": ("Resources: {!Ref P: x}", "UNSUPPORTED_YAML"),
    "list-as-key": ("Resources: {? [a] : x}", "UNSUPPORTED_YAML"),
    "two": ("Resources: {}\n---\nResources: {}", "UNSUPPORTED_YAML"),
    "twice": ("Resources:\n  P: {Type: x}\n  P: {Type: y}", "DUPLICATE_KEY"),
    "twice-json": ('{"Resources": {"P": {"Type": "x"}, "P": {}}}', "DUPLICATE_KEY"),
    "cut": ("Resources: [a", "YAML_SYNTAX_ERROR"),
    "control": ("Resources: \0", "YAML_SYNTAX_ERROR"),
    "escape": ('Resources: "\\U99999999"', "YAML_SYNTAX_ERROR"),
    "large": ("Resources: {}\n" + "#" * 1_100_000, "TOO_LARGE"),
    "other": ("Resources: 3", "NO_TEMPLATE"),
    "utf-16": ("Resources: {}".encode("utf-16"), "NO_TEMPLATE"),
}


@pytest.mark.parametrize("fast", [True, False], ids=["libyaml", "python"])
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_template_is_an_error_with_a_code(name, fast, monkeypatch):
    if not fast:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    text, code = HOSTILE[name]
    with pytest.raises(DocumentError) as caught:
        parse_template(text, source="bad.template")
    assert (caught.value.code, caught.value.source) == (code, "bad.template")
    if code in ("DUPLICATE_KEY", "UNSUPPORTED_YAML"):
        assert caught.value.line


def test_a_key_twice_tells_both_places():
    with pytest.raises(DocumentError, match=r"first at 2:3; .* \(t\.yaml:3:3, /Resources/P\)"):
        parse_template("Resources:\n  P: {Type: x}\n  P: {Type: y}", source="t.yaml")


@pytest.mark.parametrize("fast", [True, False], ids=["libyaml", "python"])
def test_both_readers_of_yaml_read_the_same(fast, monkeypatch):
    text = STACK.read_text()
    expected = load_yaml(text)
    if not fast:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert load_yaml(text) == expected


def chain(count, form):
    return {f"C{i}": json.loads(form.replace("NEXT", f"C{i + 1}")) for i in range(count)}


@pytest.mark.parametrize(
    "conditions",
    [
        {"C0": {"Condition": "C0"}},
        {"C0": {"Condition": "C1"}, "C1": {"Condition": "C0"}},
        chain(60, '{"Fn::And": [{"Condition": "NEXT"}, {"Condition": "NEXT"}]}'),
        chain(5000, '{"Condition": "NEXT"}'),
        chain(400, '{"Fn::Equals": [{"Fn::If": ["NEXT", "a", "b"]}, "a"]}'),
    ],
    ids=["self", "cycle", "doubling", "long", "through-if"],
)
def test_conditions_that_never_end_are_not_known(conditions):
    text = stack(managed(DOCUMENTS["identity"], Condition="C0"), Conditions=conditions)
    assert "not known" in only(text).policy.statements[0].unknown


def test_names_that_never_end_are_not_known():
    arn = {"Fn::Sub": "${B0.Arn}"}

    def bucket(name):
        return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": name}}}

    for buckets in (
        {"B0": bucket("${B0.Arn}${B0.Arn}")},
        {f"B{i}": bucket(f"${{B{i + 1}.Arn}}${{B{i + 1}.Arn}}") for i in range(300)},
    ):
        one = only(stack({**buckets, **managed(statement(Resource=arn))}))
        assert one.policy.statements[0].unknown is not None


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "${Long}"},
        {"Fn::Select": ["0", {"Fn::Split": ["x", {"Ref": "Long"}]}]},
        {"Fn::Select": ["0", {"Ref": "Commas"}]},
    ],
    ids=["sub", "split", "list"],
)
def test_a_template_cannot_grow_without_end(value):
    parameters = {
        "Long": {"Type": "String", "Default": "x" * 100_000},
        "Commas": {"Type": "CommaDelimitedList", "Default": "," * 100_000},
    }
    text = stack(managed(statement(Resource=[value] * 2000)), Parameters=parameters)
    with pytest.raises(DocumentError) as caught:
        parse_template(text)
    assert caught.value.code == "TOO_LARGE"


def test_functions_within_functions_do_not_multiply():
    value = "x"
    for _ in range(20):
        value = {"Fn::Sub": ["${a}" * 1000, {"a": value}]}
    one = only(stack(managed(statement(Resource=value))))
    assert "longer than AWS takes" in one.policy.statements[0].unknown


def test_a_policy_that_aws_would_refuse_is_skipped_with_its_place():
    text = (
        "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        {}: x\n"
    )
    found = parse_template(text.replace("{}: x", "Statment: []"), source="t.yaml")
    assert (found.policies, [one.place for one in found.skipped]) == ((), [found.skipped[0].place])
    assert found.skipped[0].place == "/Resources/P/Properties/PolicyDocument/Statment"
    deep = '{"a":' * 900 + "1" + "}" * 900
    assert "nested deeper" in reasons(parse_template(plan(("aws_iam_policy.p", {"policy": deep}))))["aws_iam_policy.p"]
    twice = '{"Statement": [], "Statement": []}'
    assert "twice" in reasons(parse_template(plan(("aws_iam_policy.p", {"policy": twice}))))["aws_iam_policy.p"]
    strange = json.dumps(statement(Sid="Аdmin"), ensure_ascii=False)
    assert parse_template(plan(("aws_iam_policy.p", {"policy": strange}))).policies == ()


def test_a_statement_that_aws_would_refuse_leaves_the_others_and_is_unknown():
    document = {"Version": "2012-10-17", "Statement": [TALK, {**TALK, "Action": "lex:DeleteBot", "Condition": []}]}
    found = parse_template(stack(managed(document)))
    policy = found.policies[0].policy
    assert outcome(policy, "lex:RecognizeText", BOT) == "allowed"
    assert outcome(policy, "lex:DeleteBot", BOT) == "conditional"
    assert found.skipped[0].place == "/Resources/P/Properties/PolicyDocument/Statement/1/Condition"
    assert found.skipped[0].reason.startswith("a statement is unknown: Condition must be an object, not a list")


JUNK = (
    *(None, True, 0, -1.5, "", "*", "x", [], {}, [[]], "\u202e", "${aws:username}", {"Statement": []}, {"a/b~": 1}),
    *({"Ref": "Stage"}, {"Ref": 1}, {"Fn::Sub": "${A}${!b}${"}, {"Fn::Sub": ["${x}", {"x": [1]}]}),
    *({"Fn::If": ["IsProd"]}, {"Fn::If": ["OfSupport", "a", {"Ref": "AWS::NoValue"}]}, {"Fn::Transform": {}}),
    *({"Fn::Join": ["", [1, {"Ref": "OrderBot"}]]}, {"Fn::Select": [-1, ["a"]]}, {"Fn::Split": ["", "a"]}),
    *({"Fn::GetAtt": ["OrderBot", {"Ref": "x"}]}, {"Fn::FindInMap": ["Stages", "prod", "Buckets"]}),
)


def paths(value, here=()):
    yield here
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*here, key))


def mutated(value, rng):
    """Return a template with a few of its parts replaced, renamed or taken out."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 4)):
        *front, last = rng.choice([path for path in paths(value) if path])
        parent = value
        for key in front:
            parent = parent[key]
        if rng.random() < 0.2:
            del parent[last]
        elif rng.random() < 0.2 and isinstance(parent, dict):
            parent[rng.choice(["x", "Fn::If", "Ref", "NotResource", "Condition", "Statement", "Type"])] = parent.pop(
                last
            )
        else:
            parent[last] = copy.deepcopy(rng.choice(JUNK))
    return value


@pytest.mark.parametrize("seed", range(3))
def test_a_mutated_template_is_read_or_refused(seed):
    rng = random.Random(seed)
    later = change("aws_iam_role_policy.p", ["create"], {}, {"policy": True})
    data = change("data.aws_iam_policy_document.d", ["read"], {"statement": [{"actions": ["lex:*"]}]}, {"json": True})
    bases = [
        load_yaml(STACK.read_text()).value,
        json.loads(plan(("aws_iam_role.r", {"assume_role_policy": "{}"}), changes=[later, data])),
        json.loads(attaching_plan()),
    ]
    for _ in range(150):
        text = json.dumps(mutated(rng.choice(bases), rng))
        template = load_template(text, source="m.json")
        if template is None:
            continue
        found = parse_template(text, source="m.json", parameters=rng.choice([None, KNOWN]))
        validate_template(collect(template))
        for one in found.policies:
            assert all(statement.effect in ("Allow", "Deny") for statement in one.policy.statements)


# Parameters ---


def test_parameters_are_text_or_lists_of_text_and_known():
    text = stack(managed(DOCUMENTS["identity"]), Parameters={"Stage": {"Type": "String"}})
    for value in (True, None, 1.5, {"a": 1}, ["a", None], "\ud800"):
        with pytest.raises(LexgraphError) as caught:
            parse_template(text, parameters={"Stage": value})
        assert caught.value.code == "MALFORMED_PARAMETER"


def test_a_parameter_that_no_template_has_is_refused(tmp_path):
    (tmp_path / "t.json").write_text(stack(managed(DOCUMENTS["identity"]), Parameters={"Stage": {"Type": "String"}}))
    assert len(lg.read_policies(tmp_path, parameters={"Stage": "prod", **KNOWN})) == 1
    with pytest.raises(LexgraphError, match='no template has a parameter "Stge"; nearest: "Stage"'):
        lg.read_policies(tmp_path, parameters={"Stge": "prod"})


# From a notebook and from the command line ---


def test_read_policies_reads_templates_and_tells_what_it_skipped():
    policies = lg.read_policies(STACK, parameters=KNOWN)
    assert policies["Readers"].kind == "identity"
    lg.tables.SCHEMAS["skipped"].check(policies.skipped)
    assert policies.skipped["what"].tolist() == ["BotRole", "BotRole", "OnlyInProd", "Fulfil", SAM]
    assert set(policies.skipped["source"]) == {STACK.name}
    assert policies.templates[0].attachments[0].principal == "BotRole"
    for table in ("policies", "statements", "grants", "conditions", "actions", "cells", "overlap", "never_matches"):
        lg.tables.SCHEMAS[{"actions": "policy_actions"}.get(table, table)].check(getattr(policies, table))


def test_a_template_without_policies_gives_an_empty_set_that_says_so(tmp_path):
    (tmp_path / "t.json").write_text(stack({"Bot": {"Type": "AWS::Lex::Bot"}}))
    empty = lg.read_policies(tmp_path / "t.json")
    assert (len(empty), empty.skipped["reason"].tolist()) == (0, ["none of its 1 resources is about IAM"])


def test_a_yaml_template_without_the_library_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(LexgraphError, match=r'pip install "lexgraph\[templates\]"') as caught:
        lg.read_policies(STACK)
    assert caught.value.code == "MISSING_LIBRARY"
    (tmp_path / "t.yaml").write_bytes(STACK.read_bytes())
    (tmp_path / "p.json").write_text(json.dumps(DOCUMENTS["identity"]))
    assert "PyYAML" in lg.read_policies(tmp_path).skipped["reason"].item()


def test_terraforms_own_state_file_gets_a_hint(tmp_path):
    (tmp_path / "terraform.tfstate").write_text('{"version": 4, "terraform_version": "1.9.5", "resources": []}')
    with pytest.raises(PolicyError, match="terraform show -json"):
        lg.read_policies(tmp_path / "terraform.tfstate")


def run(capsys, *arguments):
    code = main([*map(str, arguments)])
    return code, *capsys.readouterr()


def test_validate_tells_the_lines_of_the_template(capsys, tmp_path):
    text = STACK.read_text().replace("lex:DescribeBot", "lex:DescribeBott", 1)
    file = tmp_path / "stack.yaml"
    file.write_text(text)
    code, out, err = run(capsys, "validate", file, "--format", "json", "--kind", "scp")
    found = json.loads(out)
    line = 1 + text[: text.index("lex:DescribeBott")].count("\n")
    bad = next(one for one in found["findings"] if one["code"] == "INVALID_ACTION")
    assert (bad["line"], bad["pointer"]) == (line, "/Resources/Readers/Properties/PolicyDocument/Statement/0/Action")
    assert (code, bad["file"]) == (0, str(file))
    assert "is a template: each policy in it is judged by its own kind, not as scp" in err
    skipped = [one["reason"].split(" (")[0] for one in found["skipped"]]
    assert skipped == ["BotRole", "BotRole", "OnlyInProd", "Fulfil", SAM]


def test_validate_says_nothing_of_values_that_are_open():
    text = stack(
        managed(
            statement(
                Action=[{"Ref": "X"}, "lex:GetBott"],
                Resource=[{"Ref": "X"}, {"Fn::Sub": "${X}:b"}],
                Condition={"StringEquals": {"aws:username": {"Ref": "X"}}},
            )
        ),
        Parameters={"X": {"Type": "String"}},
    )
    findings, skipped = validate_template(collect(load_template(text)))
    assert [(one.code, one.pointer.rpartition("Statement")[2]) for one in findings] == [("INVALID_ACTION", "/Action/1")]
    assert skipped == ()


def test_validate_finds_in_a_template_what_it_finds_in_the_policy_alone():
    for document in (json.loads(file.read_text()) for file in bundled_path("examples").glob("*.json")
                     if file.stem != "index"):  # fmt: skip
        alone = [(one.code, one.pointer, one.message) for one in lg.validate_policy(document)]
        for name, text, source in wrapped(document):
            place = only(text, source=source).place
            found, _ = validate_template(collect(load_template(text, source=source)))
            told = [(one.code, one.pointer.removeprefix(place), one.message) for one in found if name]
            assert sorted(told) == sorted(alone)


def test_validate_goes_through_a_folder_of_templates(capsys, tmp_path):
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "bad.yaml").write_text("Resources: {P: {Type: x}, P: {Type: y}}")
    (tmp_path / "stacks" / "values.yaml").write_text("name: left-pad\nmission_statement: x")
    (tmp_path / "plan.json").write_text(plan(("aws_iam_policy.p", {"policy": json.dumps(DOCUMENTS["identity"])})))
    code, out, _ = run(capsys, "validate", tmp_path, "--format", "json")
    found = json.loads(out)
    assert (code, found["files"]) == (1, 2)
    assert "DUPLICATE_KEY" in {one["code"] for one in found["findings"]}
    assert [Path(one["file"]).name for one in found["skipped"]] == ["values.yaml"]


def test_a_report_may_be_about_a_template(capsys, tmp_path):
    code, out, _ = run(capsys, "report", STACK, "-o", tmp_path / "out")
    page = Path(out.strip()).read_text()
    assert code == 0
    assert "Fulfil/DynamoDBCrudPolicy" in page
    assert "BotRole/speak" in page
    (tmp_path / "empty.json").write_text(stack({"Bot": {"Type": "AWS::Lex::Bot"}}))
    assert run(capsys, "report", tmp_path / "empty.json", "-o", tmp_path / "none")[0] == 2


def test_a_policy_as_text_is_judged_as_the_text_that_it_is():
    # AWS gets this text as it is, so that nothing of it is forgiven or mended.
    for text, code in (
        ('{"Version": "2012-10-17", "Statement": [], "Statement": []}', "DUPLICATE_KEY"),
        (json.dumps({"Version": "2012-10-17", "Statement": {**TALK, "Sid": 7}}), "DATA_TYPE_MISMATCH"),
        ("[]", "DATA_TYPE_MISMATCH"),
        ("{", "JSON_SYNTAX_ERROR"),
    ):
        template = plan(("aws_iam_policy.p", {"policy": text}))
        findings, _ = validate_template(collect(load_template(template)))
        place = "/planned_values/root_module/resources/0/values/policy"
        assert code in {one.code for one in findings}
        assert all(one.pointer.startswith(place) and one.line for one in findings)
        assert parse_template(template).skipped[0].place.startswith(place)


def test_a_document_that_is_no_object_is_a_finding():
    findings, _ = validate_template(collect(load_template(stack(managed([TALK])))))
    assert [(one.code, one.pointer) for one in findings] == [
        ("DATA_TYPE_MISMATCH", "/Resources/P/Properties/PolicyDocument")
    ]


def test_a_report_names_the_statements_that_are_not_known_whole(tmp_path):
    page = lg.write_report(lg.read_policies(STACK), tmp_path / "out").read_text()
    assert "Statements that are not known whole" in page
    assert "statement 0 of Readers" in page
    assert "&lt;AWS::AccountId&gt;" in page
    assert "Fulfil/DynamoDBCrudPolicy" in page
