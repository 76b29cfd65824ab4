"""Policies that templates attach by ARN or by name: nothing that somebody holds is lost."""

import json
import random
from collections import Counter

import pytest

import lexgraph as lg
from lexgraph.account import templates
from lexgraph.account.templates import collect, load_template, parse_template
from lexgraph.account.templates.references import References, base
from lexgraph.account.templates.types import TERRAFORM_ATTACHES
from lexgraph.checks.templates import validate_template
from lexgraph.cli import main
from tests.templated import (
    ACCOUNT,
    DOCUMENTS,
    attaching_plan,
    change,
    config,
    expression,
    managed,
    names,
    plan,
    reasons,
    stack,
)

READ = "arn:aws:iam::aws:policy/AmazonLexReadOnly"
OPS = f"arn:aws:iam::{ACCOUNT}:policy/ops"
MISSING = "its document does not stand in the template"
BUNDLED = f'{MISSING}; find_policy("AmazonLexReadOnly") gives AWS\'s own'
ELSEWHERE = "its document stands in the accounts that the permission set is assigned in, not in the template"
NEITHER = "is neither the ARN nor the name of a policy"
NO_VALUE = {"Ref": "AWS::NoValue"}
LATER = "its value is known only after the plan is applied"
TRUST = {"AssumeRolePolicyDocument": DOCUMENTS["trust"]}


def role(**properties):
    return {"R": {"Type": "AWS::IAM::Role", "Properties": {**TRUST, **properties}}}


def rows(text, **options):
    """What was passed over: where below the resource, and why."""
    return [(one.place.rpartition("Properties/")[2], one.reason) for one in parse_template(text, **options).skipped]


def reason_of(given, **sections):
    """The one reason why a policy of a role is passed over."""
    ((_, reason),) = rows(stack(role(ManagedPolicyArns=[given]), **sections))
    return reason


# CloudFormation ---


def test_an_arn_names_the_place_the_holder_and_where_the_document_is():
    (one,) = parse_template(stack(role(ManagedPolicyArns=[READ]))).skipped
    assert (one.place, one.what) == ("/Resources/R/Properties/ManagedPolicyArns/0", "R")
    assert one.reason == f'"{READ}" is attached to R by its ARN: {BUNDLED}'
    assert lg.find_policy("AmazonLexReadOnly").arn == READ


@pytest.mark.parametrize(
    "arn, where",
    [
        (OPS, MISSING),
        ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", f"{MISSING}; find_policy("),
        ("arn:aws:iam::aws:policy/AmazonLexNothing", f"{MISSING}, nor is it among those of AWS's that are bundled"),
        # A name of the partition "aws" tells nothing of what AWS publishes in another one, or under another path.
        ("arn:aws-cn:iam::aws:policy/AmazonLexReadOnly", f"{MISSING}, nor is it among"),
        ("arn:aws:iam::aws:policy/job-function/AmazonLexReadOnly", f"{MISSING}, nor is it among"),
    ],
)
def test_only_policies_of_aws_that_are_bundled_are_said_to_be(arn, where):
    assert reason_of(arn).startswith(f'"{arn}" is attached to R by its ARN: {where}')
    assert ("find_policy" in reason_of(arn)) is ("find_policy" in where)


@pytest.mark.parametrize("kind", ["Role", "User", "Group"])
def test_roles_users_and_groups_hold_policies_by_their_arns(kind):
    properties = {**TRUST, "ManagedPolicyArns": [READ, OPS], "PermissionsBoundary": OPS}
    found = parse_template(stack({"H": {"Type": f"AWS::IAM::{kind}", "Properties": properties}}))
    told = [one.reason for one in found.skipped if one.what == "H" and "attached" in one.reason]
    assert told == [
        f'"{READ}" is attached to H by its ARN: {BUNDLED}',
        f'"{OPS}" is attached to H by its ARN: {MISSING}',
        f'"{OPS}" is attached to H as its permissions boundary by its ARN: {MISSING}',
    ]


@pytest.mark.parametrize(
    "own",
    [
        {"Ref": "P"},
        {"Fn::GetAtt": ["P", "PolicyArn"]},
        {"Fn::GetAtt": "P.PolicyArn"},
        {"Fn::Sub": "${P}"},
        {"Fn::Join": ["", [{"Ref": "P"}]]},
        {"Fn::Select": [0, [{"Ref": "P"}]]},
    ],
)
@pytest.mark.parametrize("given", [None, {"AWS::AccountId": ACCOUNT}])
@pytest.mark.parametrize("name", [{}, {"ManagedPolicyName": "own", "Path": "/x/"}])
def test_nothing_is_missing_of_a_policy_of_the_template(own, given, name):
    policy = managed(DOCUMENTS["identity"])
    policy["P"]["Properties"] |= name
    found = parse_template(
        stack({**policy, **role(ManagedPolicyArns=[own], PermissionsBoundary=own)}), parameters=given
    )
    assert found.skipped == ()
    assert [one.how for one in found.attachments] == ["attached", "boundary"]


def test_an_own_policy_may_be_named_by_the_arn_that_it_will_have():
    policy = managed(DOCUMENTS["identity"])
    policy["P"]["Properties"]["ManagedPolicyName"] = "own"
    arn = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/own"}
    assert rows(stack({**policy, **role(ManagedPolicyArns=[arn])})) == []
    written = f"arn:aws:iam::{ACCOUNT}:policy/own"
    text = stack({**policy, **role(ManagedPolicyArns=[written])})
    assert rows(text, parameters={"AWS::AccountId": ACCOUNT}) == []
    # Of another account, or of one that is not known to be this, it is another policy.
    assert len(rows(text, parameters={"AWS::AccountId": "444455556666"})) == len(rows(text)) == 1


def test_two_policies_whose_names_are_open_are_not_taken_for_one_another():
    open_name = {"Fn::If": ["C", "a", "b"]}
    other = {"Fn::Sub": ["arn:aws:iam::${AWS::AccountId}:policy/${N}", {"N": {"Fn::If": ["C", "x", "y"]}}]}
    policy = managed(DOCUMENTS["identity"])
    policy["P"]["Properties"]["ManagedPolicyName"] = open_name
    found = rows(stack({**policy, **role(ManagedPolicyArns=[other])}))
    assert [place for place, _ in found] == ["ManagedPolicyArns/0"]


@pytest.mark.parametrize(
    "given, why",
    [
        ({"Ref": "Level"}, "no value is given for the parameter Level, and it has no default"),
        ({"Ref": "Nowhere"}, "the template has no parameter and no resource Nowhere"),
        ({"Fn::ImportValue": "shared-policy"}, "another stack exports it"),
        ({"Fn::GetAtt": ["Nested", "Outputs.Policy"]}, "only the deployed stack knows it"),
        ({"Ref": "Role"}, "is chosen when the stack is deployed"),
        ({"Fn::Transform": {"Name": "x"}}, "is not worked out from the template alone"),
        ({"Fn::If": ["Nowhere"]}, "is not written as CloudFormation takes it"),
    ],
)
def test_an_open_arn_says_why_it_is_open(given, why):
    more = {"Nested": {"Type": "AWS::S3::Bucket"}, "Role": {"Type": "AWS::IAM::Role", "Properties": TRUST}}
    text = stack({**role(ManagedPolicyArns=[given]), **more}, Parameters={"Level": {"Type": "String"}})
    ((place, reason),) = rows(text)
    assert place == "ManagedPolicyArns/0"
    assert reason.startswith("which policy is attached to R is not known: ")
    assert reason.endswith(why)


def test_an_arn_that_is_open_in_part_is_shown_with_its_gap():
    given = {"Fn::Sub": "arn:aws:iam::aws:policy/AmazonLex${Level}"}
    parameters = {"Level": {"Type": "String"}}
    why = "<Level> is open: no value is given for the parameter Level, and it has no default"
    said = f'"arn:aws:iam::aws:policy/AmazonLex<Level>" is attached to R by its ARN: {MISSING}; {why}'
    assert reason_of(given, Parameters=parameters) == said
    text = stack(role(ManagedPolicyArns=[given]), Parameters=parameters)
    assert rows(text, parameters={"Level": "ReadOnly"})[0][1].endswith(BUNDLED)


def test_a_list_may_be_a_parameters_or_a_functions():
    parameters = {"All": {"Type": "CommaDelimitedList", "Default": f"{READ}, {OPS}"}}
    for given in ({"Ref": "All"}, {"Fn::Split": [",", {"Fn::Join": [",", {"Ref": "All"}]}]}):
        text = stack(role(ManagedPolicyArns=given), Parameters=parameters)
        assert [reason.split(" is ")[0] for _, reason in rows(text)] == [f'"{READ}"', f'"{OPS}"']
    ((place, reason),) = rows(
        stack(role(ManagedPolicyArns={"Ref": "All"}), Parameters={"All": {"Type": "List<String>"}})
    )
    assert (place, reason.startswith("which policy is attached to R is not known")) == ("ManagedPolicyArns", True)


CONDITIONS = {"Parameters": {"X": {"Type": "String"}}, "Conditions": {"C": {"Fn::Equals": [{"Ref": "X"}, "y"]}}}
HANGS = "whether the condition C holds is not known: no value is given for the parameter X, and it has no default"


@pytest.mark.parametrize(
    "given, open_, yes, no",
    [
        ([{"Fn::If": ["C", READ, NO_VALUE]}], [READ], [READ], []),
        ([{"Fn::If": ["C", READ, OPS]}], [READ, OPS], [READ], [OPS]),
        ({"Fn::If": ["C", [READ, OPS], NO_VALUE]}, [READ, OPS], [READ, OPS], []),
        ({"Fn::If": ["C", {"Fn::If": ["C", READ, OPS]}, NO_VALUE]}, [READ, OPS], [READ], []),
        ([{"Fn::If": ["C", NO_VALUE, NO_VALUE]}], [], [], []),
        ({"Fn::If": ["C", {"Ref": "P"}, READ]}, [READ], [], [READ]),
        (NO_VALUE, [], [], []),
        ([NO_VALUE, READ], [READ], [READ], [READ]),
    ],
)
@pytest.mark.parametrize("key", ["ManagedPolicyArns", "PermissionsBoundary"])
def test_a_condition_chooses_or_is_told(key, given, open_, yes, no):
    text = stack({**managed(DOCUMENTS["identity"]), **role(**{key: given})}, **CONDITIONS)
    for parameters, expected in ((None, open_), ({"X": "y"}, yes), ({"X": "n"}, no)):
        found = [reason for _, reason in rows(text, parameters=parameters)]
        assert [reason.split('"')[1] for reason in found] == expected
        chosen = "Fn::If" in json.dumps(given) and parameters is None
        assert all(reason.endswith(HANGS) is chosen for reason in found)
        assert all(reason.count(HANGS) <= 1 for reason in found)


ITEMS = (
    (READ, 1),
    (OPS, 1),
    ({"Ref": "P"}, 0),
    (NO_VALUE, 0),
    ({"Ref": "X"}, 1),
    ({"Fn::If": ["C", READ, OPS]}, 2),
    ({"Fn::If": ["C", {"Ref": "P"}, NO_VALUE]}, 0),
    ({"Fn::If": ["C", {"Fn::If": ["Nowhere", READ, {"Ref": "P"}]}, None]}, 2),
    (None, 1),
    ({"a": READ}, 1),
)


@pytest.mark.parametrize("seed", range(20))
def test_a_list_tells_what_each_of_its_items_tells(seed):
    rng = random.Random(seed)
    chosen = rng.choices(ITEMS, k=rng.randint(1, 8))
    listed = [given for given, _ in chosen]
    text = stack({**managed(DOCUMENTS["identity"]), **role(ManagedPolicyArns=listed)}, **CONDITIONS)
    assert len(rows(text)) == sum(count for _, count in chosen)
    alone = [
        reason
        for given in listed
        for _, reason in rows(
            stack({**managed(DOCUMENTS["identity"]), **role(ManagedPolicyArns=[given])}, **CONDITIONS)
        )
    ]
    assert [reason for _, reason in rows(text)] == alone


def test_a_holder_that_may_not_be_made_is_told_as_one():
    resources = role(ManagedPolicyArns=[READ], PermissionsBoundary=OPS)
    resources["R"]["Condition"] = "C"
    text = stack(resources, **CONDITIONS)
    assert all("; whether R is made hangs on the condition C" in reason for _, reason in rows(text))
    assert len(rows(text)) == 2
    # One that is not made holds nothing.
    assert [reason for _, reason in rows(text, parameters={"X": "n"})] == [
        "it is not made: its condition C does not hold"
    ]


@pytest.mark.parametrize(
    "given, said",
    [
        (None, NEITHER),
        ({}, NEITHER),
        ({"a": 1}, NEITHER),
        ([], NEITHER),
        ([READ], NEITHER),
        ("", NEITHER),
        (7, 'is no ARN of a policy: "7"'),
        (True, 'is no ARN of a policy: "true"'),
        ("AmazonLexReadOnly", 'is no ARN of a policy: "AmazonLexReadOnly"'),
        ("x\u202e\n", 'is no ARN of a policy: "x\\u202e\\x0a"'),
    ],
)
def test_what_is_no_arn_is_told_and_never_lost(given, said):
    assert reason_of(given) == f"what is attached to R {said}"
    boundary = parse_template(stack(role(PermissionsBoundary=[given])))
    assert reasons(boundary) == {"R": f"what is attached to R as its permissions boundary {said}"}


def test_a_property_that_is_null_or_an_empty_list_attaches_nothing():
    assert rows(stack(role(ManagedPolicyArns=None, PermissionsBoundary=None))) == []
    assert rows(stack(role(ManagedPolicyArns=[]))) == []


def test_a_name_of_the_template_is_shown_as_messages_show_names():
    name = "R\u202e" + "x" * 400
    found = parse_template(stack({name: {"Type": "AWS::IAM::User", "Properties": {"ManagedPolicyArns": [READ]}}}))
    told = next(one.reason for one in found.skipped if "attached" in one.reason)
    assert "\u202e" not in told
    assert len(told) < 500


@pytest.mark.parametrize("kind", ["ManagedPolicy", "Policy"])
def test_a_policy_of_the_template_is_not_missing_whoever_holds_it(kind):
    properties = {
        "PolicyDocument": DOCUMENTS["identity"],
        "Roles": [{"Ref": "R"}, "elsewhere", {"Fn::If": ["C", "chosen", NO_VALUE]}],
        "Users": "maria",
        "Groups": [7, None, {"a": 1}],
    }
    found = parse_template(
        stack({**role(), "P": {"Type": f"AWS::IAM::{kind}", "Properties": properties}}, **CONDITIONS)
    )
    assert "P" in names(found)
    assert [one.principal for one in found.attachments] == ["R", "elsewhere", "chosen", "maria", "7"]
    assert {one.policy for one in found.attachments} == {"P"}
    assert [(one.what, one.reason) for one in found.skipped] == [("P/Groups", "neither a name nor a list of names")] * 2


def permission_set(**properties):
    return stack({"S": {"Type": "AWS::SSO::PermissionSet", "Properties": properties}})


def test_permission_sets_hold_policies_by_arn_and_by_the_name_that_they_have_in_each_account():
    text = permission_set(
        InlinePolicy=DOCUMENTS["identity"],
        ManagedPolicies=[READ],
        CustomerManagedPolicyReferences=[{"Name": "ops", "Path": "/x/"}, {"Path": "/"}, "ops", {"Name": {"Ref": "N"}}],
        PermissionsBoundary={"CustomerManagedPolicyReference": {"Name": "limit"}},
    )
    nameless = "what is attached to S does not name a policy"
    assert rows(text) == [
        ("ManagedPolicies/0", f'"{READ}" is attached to S by its ARN: {BUNDLED}'),
        ("CustomerManagedPolicyReferences/0/Name", f'"ops" is attached to S by its name: {ELSEWHERE}'),
        ("CustomerManagedPolicyReferences/1", nameless),
        ("CustomerManagedPolicyReferences/2", nameless),
        (
            "CustomerManagedPolicyReferences/3/Name",
            "which policy is attached to S is not known: the template has no parameter and no resource N",
        ),
        (
            "PermissionsBoundary/CustomerManagedPolicyReference/Name",
            f'"limit" is attached to S as its permissions boundary by its name: {ELSEWHERE}',
        ),
    ]
    assert names(parse_template(text)) == {"S": "identity"}


@pytest.mark.parametrize(
    "given, said",
    [
        ({"ManagedPolicyArn": READ}, BUNDLED),
        ({"ManagedPolicyArn": 7}, 'is no ARN of a policy: "7"'),
        ({}, NEITHER),
        ([[]], NEITHER),
        ({"CustomerManagedPolicyReference": []}, "does not name a policy"),
        ({"Ref": "Nowhere"}, "no resource Nowhere"),
        ({"CustomerManagedPolicyReference": {"Ref": "Nowhere"}}, "no resource Nowhere"),
    ],
)
def test_the_boundary_of_a_permission_set_is_an_arn_or_a_reference(given, said):
    ((_, reason),) = rows(permission_set(InlinePolicy=DOCUMENTS["identity"], PermissionsBoundary=given))
    assert "attached to S as its permissions boundary" in reason
    assert reason.endswith(said)


# SAM ---


def function(*, kind="Function", **properties):
    return {"F": {"Type": f"AWS::Serverless::{kind}", "Properties": properties}}


@pytest.mark.parametrize("kind", ["Function", "StateMachine"])
@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [one]])
@pytest.mark.parametrize(
    "given, said",
    [
        ("AmazonLexReadOnly", f'"AmazonLexReadOnly" is attached to FRole by its name: {BUNDLED}'),
        (READ, f'"{READ}" is attached to FRole by its ARN: {BUNDLED}'),
        (OPS, f'"{OPS}" is attached to FRole by its ARN: {MISSING}'),
        ("Nobody", f'"Nobody" is attached to FRole by its name: {MISSING}, nor is it among'),
        (7, f'"7" is attached to FRole by its name: {MISSING}, nor is it among'),
        ({"Ref": "Nowhere"}, "which policy is attached to FRole is not known: the template has no parameter"),
        ({"Fn::Sub": "AmazonLex${X}"}, f'"AmazonLex<X>" is attached to FRole by its name: {MISSING}; <X> is open'),
    ],
)
def test_functions_hold_policies_by_arn_or_name(kind, wrap, given, said):
    ((_, reason),) = rows(stack(function(kind=kind, Policies=wrap(given))))
    assert reason.startswith(said)


def test_a_name_is_of_the_partition_that_the_stack_is_in():
    text = stack(function(Policies="AmazonLexReadOnly"))
    ((_, reason),) = rows(text, parameters={"AWS::Region": "cn-north-1"})
    assert "find_policy" not in reason
    assert any("the partition" in one for one in parse_template(text).assumptions)


def test_the_boundary_of_a_function_is_one_of_the_role_that_sam_makes():
    shared = {"Function": {"PermissionsBoundary": OPS}}
    bounds = f"is attached to FRole as its permissions boundary by its ARN: {MISSING}"
    policies = {"Policies": DOCUMENTS["identity"]}
    assert rows(stack(function(**policies, PermissionsBoundary=OPS)))[0][1].endswith(bounds)
    assert rows(stack(function(**policies), Globals=shared)) == [
        ("/Globals/Function/PermissionsBoundary", f'"{OPS}" {bounds}')
    ]
    # A state machine has none of the globals, and a role that is given is not bound.
    assert rows(stack(function(kind="StateMachine", **policies), Globals=shared)) == []
    given = {**policies, "Role": "arn:aws:iam::1:role/r"}
    assert [place for place, _ in rows(stack(function(**given), Globals=shared))] == ["Policies"]
    found = parse_template(stack(function(**given, PermissionsBoundary=OPS)))
    assert list(reasons(found)) == ["F/PermissionsBoundary", "F/Policies"]
    assert found.attachments == ()


def test_what_sam_attaches_by_itself_is_told_once():
    two = {**function(Policies=DOCUMENTS["identity"]), "G": {"Type": "AWS::Serverless::Function", "Properties": {}}}
    given = {"H": {"Type": "AWS::Serverless::Function", "Properties": {"Role": "arn:aws:iam::1:role/r"}}}
    sam = "AWS::Serverless-2016-10-31"
    told = [one for one in parse_template(stack({**two, **given}, Transform=sam)).skipped if one.what == sam]
    assert [(one.place, one.reason.split(",")[0]) for one in told] == [
        ("/Transform", "SAM makes the roles of 2 functions and attaches AWS's own AWSLambdaBasicExecutionRole")
    ]
    assert sam not in reasons(parse_template(stack(given, Transform=[sam])))


def test_other_resources_that_name_a_policy_are_told():
    profile = {"Type": "AWS::RolesAnywhere::Profile", "Properties": {"ManagedPolicyArns": [{"Fn::Sub": READ}]}}
    found = parse_template(stack({"Profile": profile}))
    (one,) = found.skipped
    assert one.place == "/Resources/Profile/Properties/ManagedPolicyArns/0/Fn::Sub"
    assert one.reason == "policies of AWS::RolesAnywhere::Profile are not read, and it seems to name one"
    text = plan(("aws_rolesanywhere_profile.p", {"managed_policy_arns": [READ]}))
    assert list(reasons(parse_template(text))) == ["aws_rolesanywhere_profile.p"]
    assert rows(stack({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "policy"}}})) == []


# Terraform ---


@pytest.mark.parametrize("kind", sorted(TERRAFORM_ATTACHES))
def test_each_type_of_terraform_that_attaches_tells_policy_and_holder(kind):
    what = TERRAFORM_ATTACHES[kind]
    several = what.policies.endswith("s")
    values = {what.policies: [READ, OPS] if several else READ, what.holders[0]: "maria"}
    found = parse_template(plan((f"{kind}.a", values)))
    told = [one.reason for one in found.skipped]
    assert [reason.split(" by its ")[0] for reason in told] == [
        f'"{arn}" is attached to maria' for arn in ((READ, OPS) if several else (READ,))
    ]
    assert ("find_policy" in told[0]) is (what.by == "ARN" or READ.startswith("arn:"))
    assert found.skipped[0].place.startswith(f"/planned_values/root_module/resources/0/values/{what.policies}")
    assert found.others == ()
    # Without a policy or a holder, the resource is not passed over without a word.
    for key, value in ((what.policies, None), (what.holders[0], None), (what.holders[0], "")):
        lacking = parse_template(plan((f"{kind}.a", {**values, key: value})))
        assert reasons(lacking)[f"{kind}.a"].startswith("it attaches a policy, and has no ")


def test_an_attachment_to_several_is_one_for_each():
    values = {"policy_arn": OPS, "roles": ["a", "b"], "users": ["c"], "groups": []}
    found = parse_template(plan(("aws_iam_policy_attachment.x", values)))
    assert [one.reason.split(" to ")[1].split(" by ")[0] for one in found.skipped] == ["a", "b", "c"]
    nobody = plan(("aws_iam_policy_attachment.x", {"policy_arn": OPS, "roles": [], "users": []}))
    assert "has no roles, users, groups" in reasons(parse_template(nobody))["aws_iam_policy_attachment.x"]
    none = plan(("aws_iam_role_policy_attachments_exclusive.x", {"role_name": "a", "policy_arns": []}))
    assert parse_template(none).skipped == ()


def test_roles_and_users_of_terraform_hold_by_arn_and_are_bounded():
    trust = {"assume_role_policy": json.dumps(DOCUMENTS["trust"])}
    found = parse_template(
        plan(
            ("aws_iam_role.r", {**trust, "managed_policy_arns": [READ, 7, None], "permissions_boundary": OPS}),
            ("aws_iam_role.plain", {**trust, "managed_policy_arns": [], "permissions_boundary": ""}),
            ("aws_iam_user.u", {"permissions_boundary": READ}),
        )
    )
    assert [(one.what, one.reason) for one in found.skipped] == [
        ("aws_iam_role.r", f'"{READ}" is attached to aws_iam_role.r by its ARN: {BUNDLED}'),
        ("aws_iam_role.r", 'what is attached to aws_iam_role.r is no ARN of a policy: "7"'),
        ("aws_iam_role.r", f"what is attached to aws_iam_role.r {NEITHER}"),
        (
            "aws_iam_role.r",
            f'"{OPS}" is attached to aws_iam_role.r as its permissions boundary by its ARN: {MISSING}',
        ),
        (
            "aws_iam_user.u",
            f'"{READ}" is attached to aws_iam_user.u as its permissions boundary by its ARN: {BUNDLED}',
        ),
        ("aws_iam_user.u", "it has no policy of its own"),
    ]


def test_permission_sets_of_terraform_hold_policies_of_the_accounts():
    at = {"permission_set_arn": "ps"}
    reference = {"customer_managed_policy_reference": [{"name": "ops", "path": "/"}]}
    kind = "aws_ssoadmin_customer_managed_policy_attachment"
    exclusive, boundary = f"{kind}s_exclusive", "aws_ssoadmin_permissions_boundary_attachment"
    found = parse_template(
        plan(
            (f"{kind}.a", {**at, **reference}),
            (f"{kind}.nameless", {**at, "customer_managed_policy_reference": [{"path": "/"}]}),
            (f"{kind}.without", at),
            (f"{exclusive}.none", {**at, "customer_managed_policy_reference": []}),
            (f"{boundary}.a", {**at, "permissions_boundary": [reference]}),
            (f"{boundary}.arn", {**at, "permissions_boundary": [{"managed_policy_arn": READ}]}),
            (f"{boundary}.without", at),
            (f"{boundary}.junk", {**at, "permissions_boundary": 7}),
        )
    )
    bounds = "is attached to ps as its permissions boundary by its"
    assert reasons(found) == {
        f"{kind}.a": f'"ops" is attached to ps by its name: {ELSEWHERE}',
        f"{kind}.nameless": "what is attached to ps does not name a policy",
        f"{kind}.without": "it attaches a policy, and has no customer_managed_policy_reference",
        f"{boundary}.a": f'"ops" {bounds} name: {ELSEWHERE}',
        f"{boundary}.arn": f'"{READ}" {bounds} ARN: {BUNDLED}',
        f"{boundary}.without": "it attaches a policy, and has no permissions_boundary",
        f"{boundary}.junk": 'what is attached to ps as its permissions boundary is no ARN of a policy: "7"',
    }
    assert found.others == ()


def test_nothing_is_missing_of_a_policy_that_stands_in_the_plan_or_state():
    text = json.dumps(DOCUMENTS["identity"])
    attachment = ("aws_iam_role_policy_attachment.a", {"role": "r", "policy_arn": OPS})
    there = plan(("aws_iam_policy.p", {"arn": OPS, "policy": text}), attachment)
    state = {"format_version": "1.0", "terraform_version": "1.9.5", "values": json.loads(there)["planned_values"]}
    for given in (there, json.dumps(state)):
        assert parse_template(given).skipped == ()
    # One that Terraform looked up stands there as well, and is given.
    found = parse_template(plan(attachment, prior=[("data.aws_iam_policy.p", {"arn": OPS, "policy": text})]))
    assert (names(found), found.skipped) == ({"data.aws_iam_policy.p": "identity"}, ())
    # One that this plan deletes does not.
    gone = parse_template(plan(attachment, changes=[change("aws_iam_policy.p", ["delete"])]))
    assert set(reasons(gone)) == {"aws_iam_policy.p", "aws_iam_role_policy_attachment.a"}


def test_what_terraform_looked_up_is_read_and_only_the_accounts_own_is_judged():
    bad = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lex:Nix", "Resource": "*"}]}
    )
    for arn, judged in ((OPS, True), (READ, False)):
        text = plan(prior=[("data.aws_iam_policy.p", {"arn": arn, "policy": bad})])
        assert list(names(parse_template(text))) == ["data.aws_iam_policy.p"]
        assert bool(validate_template(collect(load_template(text)))[0]) is judged
    later = plan(changes=[change("data.aws_iam_policy.p", ["read"], {"name": "x"}, {"policy": True, "arn": True})])
    assert reasons(parse_template(later)) == {"data.aws_iam_policy.p": LATER}
    content = {"type": "SERVICE_CONTROL_POLICY", "content": json.dumps(DOCUMENTS["scp"]), "id": "p-1"}
    attached = ("aws_organizations_policy_attachment.a", {"policy_id": "p-1", "target_id": "r-1"})
    found = parse_template(plan(attached, prior=[("data.aws_organizations_policy.p", content)]))
    assert (names(found), found.skipped) == ({"data.aws_organizations_policy.p": "scp"}, ())


def test_a_policy_of_the_plan_that_has_no_arn_yet_is_told_by_the_configuration():
    found = parse_template(attaching_plan())
    own = [one for one in found.attachments if one.policy == "aws_iam_policy.own"]
    assert [one.principal for one in own] == ["aws_iam_role.r", "aws_iam_role.r", "other", "r"]
    assert list(reasons(found)) == ["aws_iam_role.r", "aws_ssoadmin_permissions_boundary_attachment.b"]
    # Without it, nobody knows which policies they are.
    without = json.loads(attaching_plan())
    del without["configuration"]
    told = Counter(one.what for one in parse_template(json.dumps(without)).skipped if LATER in one.reason)
    assert sum(told.values()) == 4


def test_what_a_role_does_not_set_is_not_told_as_open():
    # The provider tells, once the role is there, what is attached to it by whatever means.
    role = ("aws_iam_role.r", {"assume_role_policy": json.dumps(DOCUMENTS["trust"])})
    later = change("aws_iam_role.r", ["create"], {}, {"managed_policy_arns": True})
    for expressions, told in (({"name": {"constant_value": "r"}}, False), ({"managed_policy_arns": {}}, True)):
        configuration = {"root_module": {"resources": [config("aws_iam_role.r", **expressions)]}}
        found = parse_template(plan(role, changes=[later], configuration=configuration))
        assert bool(found.skipped) is bool(found.attachments) is told
    assert parse_template(plan(role, changes=[later])).skipped


OWN = ("aws_iam_policy.own.arn", "aws_iam_policy.own")


@pytest.mark.parametrize(
    "given, own",
    [
        (expression(*OWN), True),
        (expression("aws_iam_policy.own"), True),
        (expression('aws_iam_policy.own["a.b]"].arn', 'aws_iam_policy.own["a.b]"]', "aws_iam_policy.own"), True),
        (expression("aws_iam_policy.own", "count.index"), True),
        (expression("each.value"), True),
        # A variable of the root is known while planning, so that the value does not wait for it.
        (expression("var.level", *OWN), True),
        (expression(*OWN, "aws_iam_policy.other.arn", "aws_iam_policy.other"), False),
        (expression("data.aws_iam_policy.own.arn", "data.aws_iam_policy.own"), False),
        (expression("module.own.arn", "module.own"), False),
        (expression("local.arn"), False),
        (expression("local.arn", *OWN), False),
        (expression("own"), False),
        (expression(), False),
        ({"constant_value": OPS}, False),
        ({"references": "aws_iam_policy.own"}, False),
        ({"references": [7]}, False),
        ([], False),
        (None, False),
    ],
)
def test_only_what_surely_is_a_policy_of_the_plan_is_taken_for_one(given, own):
    resource = config("aws_iam_user_policy_attachment.a", policy_arn=given)
    resource["for_each_expression"] = expression(*OWN)
    text = plan(
        ("aws_iam_policy.own[0]", {"policy": json.dumps(DOCUMENTS["identity"])}),
        ('aws_iam_user_policy_attachment.a["x"]', {"user": "maria"}),
        changes=[change('aws_iam_user_policy_attachment.a["x"]', ["create"], {}, {"policy_arn": True})],
        configuration={"root_module": {"resources": [resource]}},
    )
    found = parse_template(text)
    assert [one.policy == "aws_iam_policy.own" for one in found.attachments] == [own]
    assert [one.reason for one in found.skipped] == (
        [] if own else [f"which policy is attached to maria is not known: {LATER}"]
    )


def module(*, expressions=None, resources=(), outputs=None, calls=None):
    inner = {"resources": list(resources), "module_calls": calls or {}}
    inner["outputs"] = {name: {"expression": one} for name, one in (outputs or {}).items()}
    return {"expressions": expressions or {}, "module": inner}


def test_references_go_through_variables_and_outputs_of_modules():
    inner = module(
        expressions={"arn": expression("var.outer")},
        resources=[config("x.use", policy_arn=expression("var.arn"), own=expression("x.local", "var.unset"))],
        outputs={"arn": expression("aws_iam_policy.deep.arn", "aws_iam_policy.deep"), "none": {"constant_value": 1}},
    )
    outer = module(
        expressions={"outer": expression("module.other.arn", "module.other")},
        calls={"inner": inner},
        outputs={"arn": expression("module.inner[0].arn", "module.inner[0]", "module.inner")},
    )
    other = module(outputs={"arn": expression("data.aws_iam_policy.p.arn", "data.aws_iam_policy.p")})
    root = {
        "resources": [
            config("x.deep", policy_arn=expression("module.outer.arn", "module.outer")),
            config("x.whole", policy_arn=expression("module.outer")),
            config("x.none", policy_arn=expression("module.outer.inner", "module.outer")),
        ],
        "module_calls": {"outer": outer, "other": other},
    }
    found = References({"root_module": root})
    use = 'module.outer["a.b"].module.inner.x.use[1]'
    assert base(use) == "module.outer.module.inner.x.use"
    assert found.of(use, "policy_arn") == ("module.other.data.aws_iam_policy.p",)
    assert found.of(use, "own") == ("module.outer.module.inner.x.local",)
    assert found.of("x.deep", "policy_arn") == ("module.outer.module.inner.aws_iam_policy.deep",)
    for address, key in (("x.whole", "policy_arn"), ("x.none", "policy_arn"), ("x.nowhere", "policy_arn"), (use, "no")):
        assert found.of(address, key) == ()


def test_references_that_never_end_or_are_junk_tell_nothing():
    loop = module(
        expressions={"a": expression("module.m.a", "module.m")},
        outputs={"a": expression("var.a")},
        resources=[config("x.y", policy_arn=expression("var.a"), each=expression("each.value"))],
    )
    loop["for_each_expression"] = expression("each.value")
    found = References({"root_module": {"module_calls": {"m": loop}}})
    assert found.of("module.m.x.y", "policy_arn") == ()
    assert found.of("module.m.x.y", "each") == ()
    wide = expression(*(f"aws_iam_policy.p{i}" for i in range(5_000)))
    listed = module(expressions={"a": wide}, resources=[config("x.y", policy_arn=expression("var.a", "var.b"))])
    assert len(References({"root_module": {"module_calls": {"m": listed}}}).of("module.m.x.y", "policy_arn")) == 5_000
    for junk in (None, 7, [], {"root_module": []}, {"root_module": {"resources": [7, {"address": []}]}}):
        assert References(junk).of("x.y", "policy_arn") == ()
    for address in ("", ".", "module", "module.", "module.m", "module.m.x", "x" * 20_000, "[" * 20_000):
        assert References({}).of(address, "policy_arn") == ()


# To whoever reads ---


def test_every_reader_of_a_template_learns_of_what_is_attached(tmp_path, capsys):
    file = tmp_path / "stack.json"
    file.write_text(stack({**managed(DOCUMENTS["identity"]), **role(ManagedPolicyArns=[READ, {"Ref": "P"}])}))
    policies = lg.read_policies(file)
    lg.tables.SCHEMAS["skipped"].check(policies.skipped)
    (row,) = policies.skipped.to_dict("records")
    assert (row["place"], row["what"]) == ("/Resources/R/Properties/ManagedPolicyArns/0", "R")
    assert row["reason"] == f'"{READ}" is attached to R by its ARN: {BUNDLED}'
    assert [one.policy for one in policies.templates[0].attachments] == [READ, "P"]
    assert main(["validate", str(file), "--format", "json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["skipped"]
    assert one["reason"] == f"R ({row['place']}): {row['reason']}"
    assert READ in lg.write_report(policies, tmp_path / "out").read_text()


@pytest.mark.parametrize("given", [(), ("--parameters", "Level=ReadOnly")])
def test_validate_collects_each_template_once(given, tmp_path, monkeypatch):
    file = tmp_path / "stack.json"
    arn = {"Fn::Sub": "arn:aws:iam::aws:policy/AmazonLex${Level}"}
    file.write_text(stack(role(ManagedPolicyArns=[arn]), Parameters={"Level": {"Type": "String"}}))
    calls, read = [], templates.read_cloudformation
    monkeypatch.setattr(templates, "read_cloudformation", lambda *args: calls.append(args) or read(*args))
    assert main(["validate", str(file), *given]) == 0
    assert len(calls) == 1
