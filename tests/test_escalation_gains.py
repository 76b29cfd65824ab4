"""What a way gives hangs on whom it is about, also where the decision on it answers for many."""

from lexgraph.access.escalation.edges import escalation_edges
from lexgraph.account.pages import parse_account

ARN = "arn:aws:iam::111122223333:"
LIMIT = {"PermissionsBoundary": {"PermissionsBoundaryArn": f"{ARN}policy/limit"}}


def allowing(**element):
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*", **element}}


def holder(word, name, *documents, **more):
    inline = [{"PolicyName": f"p{i}", "PolicyDocument": document} for i, document in enumerate(documents)]
    return {f"{word}Name": name, "Arn": f"{ARN}{word.lower()}/{name}", f"{word}PolicyList": inline, **more}


def managed(name, *documents):
    versions = [
        {"VersionId": f"v{i}", "IsDefaultVersion": i == 1, "Document": document}
        for i, document in enumerate(documents, 1)
    ]
    return {"PolicyName": name, "Arn": f"{ARN}policy/{name}", "DefaultVersionId": "v1", "PolicyVersionList": versions}


def gains(method, **lists):
    found = escalation_edges(parse_account(lists), administrators=False)
    return {edge.target.rpartition("/")[2]: edge.gain for edge in found if edge.method == method}


def test_a_group_raises_only_those_who_lack_no_more_than_it_gives():
    users = [
        holder("User", "ana", allowing(Action="iam:AddUserToGroup")),
        holder("User", "ben", allowing(Action="iam:*")),
        holder("User", "carl"),
    ]
    groups = [holder("Group", "most", allowing(NotAction="iam:*"))]
    found = gains("iam:AddUserToGroup", UserDetailList=users, GroupDetailList=groups)
    assert found == {"ana": "changes", "ben": "raises", "carl": "changes"}


def test_taking_off_a_boundary_raises_only_those_whom_nothing_else_binds():
    users = [holder("User", "ana", allowing(Action="iam:DeleteRolePermissionsBoundary"))]
    roles = [
        holder("Role", "bound", allowing(Action="s3:*"), **LIMIT),
        holder("Role", "mighty", allowing(Action="*"), **LIMIT),
    ]
    policies = [managed("limit", allowing(Action="s3:*"))]
    found = gains("iam:DeleteRolePermissionsBoundary", UserDetailList=users, RoleDetailList=roles, Policies=policies)
    assert found == {"bound": "unbinds", "mighty": "raises"}


def test_another_version_raises_only_those_who_hold_it_within_no_boundary():
    held = {"AttachedManagedPolicies": [{"PolicyName": "own", "PolicyArn": f"{ARN}policy/own"}]}
    users = [holder("User", "ana", allowing(Action="iam:SetDefaultPolicyVersion"))]
    roles = [holder("Role", "bound", **held, **LIMIT), holder("Role", "free", **held)]
    policies = [
        managed("limit", allowing(Action="s3:*")),
        managed("own", allowing(Action="s3:GetObject"), allowing(Action="*")),
    ]
    found = gains("iam:SetDefaultPolicyVersion", UserDetailList=users, RoleDetailList=roles, Policies=policies)
    assert found == {"bound": "changes", "free": "raises"}
