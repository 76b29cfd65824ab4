"""Templates for the tests: small stacks of CloudFormation, and plans as Terraform prints them."""

import json

ACCOUNT = "111122223333"
TALK = {"Effect": "Allow", "Action": "lex:RecognizeText", "Resource": "*"}
DOCUMENTS = {
    "identity": {"Version": "2012-10-17", "Statement": [TALK]},
    "resource": {"Version": "2012-10-17", "Statement": [{**TALK, "Principal": {"AWS": ACCOUNT}}]},
    "endpoint": {"Version": "2012-10-17", "Statement": [{**TALK, "Principal": "*"}]},
    "trust": {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lexv2.amazonaws.com"}},
    },
    "scp": {"Version": "2012-10-17", "Statement": [TALK]},
    "rcp": {"Version": "2012-10-17", "Statement": [{**TALK, "Effect": "Deny", "Principal": "*"}]},
}


def stack(resources, **sections):
    return json.dumps({"Resources": resources, **sections})


def managed(document, **more):
    return {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}, **more}}


def names(found):
    return {one.policy.name: one.policy.kind for one in found.policies}


def reasons(found):
    return {one.what: one.reason for one in found.skipped}


def entry(address, values, **more):
    kind, _ = address.split(".")[-2:]
    mode = "data" if address.startswith("data.") or ".data." in address else "managed"
    return {"address": address, "mode": mode, "type": kind, "name": address, "values": values, **more}


def change(address, actions, after=None, unknown=None):
    more = {"change": {"actions": actions, "before": None, "after": after, "after_unknown": unknown or {}}}
    found = entry(address, None, **more)
    del found["values"]
    return found


def plan(*resources, changes=(), prior=(), modules=(), configuration=None):
    root = {
        "resources": [entry(address, values) for address, values in resources],
        "child_modules": [{"resources": [entry(address, values) for address, values in one]} for one in modules],
    }
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.5",
            "planned_values": {"root_module": root},
            "resource_changes": list(changes),
            "prior_state": {"values": {"root_module": {"resources": [entry(*one) for one in prior]}}},
            "configuration": configuration or {},
        }
    )


def expression(*references):
    """An expression as a plan's configuration has it: every name, and after it what it is an attribute of."""
    return {"references": list(references)}


def config(address, **expressions):
    """A resource of a plan's configuration."""
    return {"address": address, "expressions": expressions}


def attaching_plan():
    """A plan that attaches policies in every way: its own, AWS's, and those that are known only later."""
    later = [
        change("aws_iam_role_policy_attachment.own", ["create"], {}, {"policy_arn": True, "role": True}),
        change("aws_iam_role_policy_attachment.over", ["create"], {}, {"policy_arn": True}),
        change("aws_iam_role.r", ["create"], {}, {"managed_policy_arns": [True, False]}),
        change("module.bots.aws_iam_role_policy_attachment.given[0]", ["create"], {"role": "r"}, {"policy_arn": True}),
    ]
    own = expression("aws_iam_policy.own.arn", "aws_iam_policy.own")
    bots = {
        "expressions": {"arn": own},
        "for_each_expression": expression("var.names"),
        "module": {
            "resources": [config("aws_iam_role_policy_attachment.given", policy_arn=expression("var.arn"))],
            "outputs": {"arn": {"expression": expression("var.arn")}},
        },
    }
    out = expression('module.bots["a"].arn', 'module.bots["a"]', "module.bots")
    role = expression("aws_iam_role.r.id", "aws_iam_role.r")
    root = {
        "resources": [
            config("aws_iam_role_policy_attachment.own", policy_arn=own, role=role),
            config("aws_iam_role_policy_attachment.over", policy_arn=out),
            config("aws_iam_role.r", managed_policy_arns=own),
        ],
        "module_calls": {"bots": bots},
    }
    text, trust = json.dumps(DOCUMENTS["identity"]), json.dumps(DOCUMENTS["trust"])
    return plan(
        ("aws_iam_policy.own", {"name": "own", "policy": text}),
        (
            "aws_iam_role.r",
            {"assume_role_policy": trust, "managed_policy_arns": [None, "arn:aws:iam::aws:policy/Gone"]},
        ),
        ("aws_iam_role_policy_attachment.own", {}),
        ("aws_iam_role_policy_attachment.over", {"role": "other"}),
        (
            "aws_ssoadmin_permissions_boundary_attachment.b",
            {
                "permission_set_arn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
                "permissions_boundary": [{"customer_managed_policy_reference": [{"name": "ops", "path": "/"}]}],
            },
        ),
        changes=later,
        prior=[("data.aws_iam_policy.admin", {"arn": "arn:aws:iam::aws:policy/Admin", "policy": text})],
        modules=[[("module.bots.aws_iam_role_policy_attachment.given[0]", {"role": "r"})]],
        configuration={"root_module": root},
    )
