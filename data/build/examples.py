"""Write ``data/examples``: the Lex guide's example policies, modern equivalents, what its console needs.

The text form of the guide lost whatever stood between angle brackets in the console policy: thirteen
values. The policy is kept twice, as printed and as restored; `RESTORED` is the one list of what was put
back, and where.
"""

from __future__ import annotations

import copy
import csv
import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

from writing import write_json

SOURCE = "Amazon Lex V1 developer guide, identity-based policy examples"
OWN = "lexgraph, after the guide's example"

_BOTS_ROLE = "arn:aws:iam::*:role/aws-service-role/lex.amazonaws.com/AWSServiceRoleForLexBots"
_CHANNELS_ROLE = "arn:aws:iam::*:role/aws-service-role/channels.lex.amazonaws.com/AWSServiceRoleForLexChannels"
_LOST_ROLE = "arn:aws:iam::*:role/aws-service-role/"

# JSON pointer into the printed console policy -> the value that stood there.
RESTORED: tuple[tuple[str, str], ...] = (
    ("/Statement/2/Condition/StringLike/lambda:Principal", "lex.amazonaws.com"),
    ("/Statement/3/Resource/0", _BOTS_ROLE),
    ("/Statement/3/Resource/1", _CHANNELS_ROLE),
    ("/Statement/4/Resource/0", _BOTS_ROLE),
    ("/Statement/4/Condition/StringLike/iam:AWSServiceName", "lex.amazonaws.com"),
    ("/Statement/5/Resource/0", _BOTS_ROLE),
    ("/Statement/6/Resource/0", _BOTS_ROLE),
    ("/Statement/7/Resource/0", _CHANNELS_ROLE),
    ("/Statement/7/Condition/StringLike/iam:AWSServiceName", "channels.lex.amazonaws.com"),
    ("/Statement/8/Resource/0", _CHANNELS_ROLE),
    ("/Statement/9/Resource/0", _BOTS_ROLE),
    ("/Statement/9/Condition/StringLike/iam:PassedToService/0", "lex.amazonaws.com"),
    ("/Statement/10/Resource/0", _CHANNELS_ROLE),
)
# What the restored policy is, statement by statement: AWS's own policy at this version.
RESTORED_EQUALS = {"policy": "AmazonLexFullAccess", "version": "v6"}


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _about_role(actions: list[str], roles: int = 1, **like: Any) -> dict[str, Any]:
    """Return one of the console policy's statements about service-linked roles, as printed."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": [_LOST_ROLE] * roles}
    if like:
        statement["Condition"] = {"StringLike": {f"iam:{key}": value for key, value in like.items()}}
    return statement


def console_printed() -> dict[str, Any]:
    """Return the guide's minimum for the Lex console, exactly as printed."""
    remove_role = ["iam:DeleteServiceLinkedRole", "iam:GetServiceLinkedRoleDeletionStatus"]
    managed = "arn:aws:iam::aws:policy/aws-service-role/"
    pass_role = _about_role(["iam:PassRole"], PassedToService=[""])
    return _policy(
        {
            "Effect": "Allow",
            "Action": [
                "cloudwatch:GetMetricStatistics",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:DescribeAlarmsForMetric",
                "kms:DescribeKey",
                "kms:ListAliases",
                "lambda:GetPolicy",
                "lambda:ListFunctions",
                "lex:*",
                "polly:DescribeVoices",
                "polly:SynthesizeSpeech",
            ],
            "Resource": ["*"],
        },
        {"Effect": "Allow", "Action": "kendra:ListIndices", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["lambda:AddPermission", "lambda:RemovePermission"],
            "Resource": "arn:aws:lambda:*:*:function:AmazonLex*",
            "Condition": {"StringLike": {"lambda:Principal": ""}},
        },
        _about_role(["iam:GetRole", "iam:DeleteRole"], roles=2),
        _about_role(["iam:CreateServiceLinkedRole"], AWSServiceName=""),
        _about_role(remove_role),
        _about_role(["iam:DetachRolePolicy"], PolicyArn=managed + "AmazonLexBotPolicy"),
        _about_role(["iam:CreateServiceLinkedRole"], AWSServiceName=""),
        _about_role(remove_role),
        {key: pass_role[key] for key in ("Action", "Effect", "Resource", "Condition")},
        _about_role(["iam:DetachRolePolicy"], PolicyArn=managed + "LexChannelPolicy"),
    )


def restore(printed: dict[str, Any], values: tuple[tuple[str, str], ...] = RESTORED) -> dict[str, Any]:
    """Return a copy of `printed` with each pointer of `values` set to its value."""
    document = copy.deepcopy(printed)
    for pointer, value in values:
        *parents, last = (int(part) if part.isdigit() else part for part in pointer.split("/")[1:])
        holder: Any = document
        for part in parents:
            holder = holder[part]
        holder[last] = value
    return document


def flatten(document: dict[str, Any]) -> frozenset[tuple[str, str, str, str]]:
    """Return every (effect, action, resource, condition) of the policy, however grouped into statements.

    Two policies that flatten to the same set allow and deny the same requests; a lone string and a list of
    one are the same, in conditions too. For policies without the Not forms and without principals.
    """
    return frozenset(
        (statement["Effect"], action, resource, _condition_text(statement.get("Condition", {})))
        for statement in _as_list(document["Statement"])
        for action, resource in product(_as_list(statement["Action"]), _as_list(statement["Resource"]))
    )


def _condition_text(condition: dict[str, dict[str, Any]]) -> str:
    lists = {op: {key: sorted(_as_list(value)) for key, value in tests.items()} for op, tests in condition.items()}
    return json.dumps(lists, sort_keys=True)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def view_own_permissions() -> dict[str, Any]:
    """Return the guide's policy by which users see their own permissions."""
    return _policy(
        {
            "Sid": "ViewOwnUserInfo",
            "Effect": "Allow",
            "Action": [
                "iam:GetUserPolicy",
                "iam:ListGroupsForUser",
                "iam:ListAttachedUserPolicies",
                "iam:ListUserPolicies",
                "iam:GetUser",
            ],
            "Resource": ["arn:aws:iam::*:user/${aws:username}"],
        },
        {
            "Sid": "NavigateInConsole",
            "Effect": "Allow",
            "Action": [
                "iam:GetGroupPolicy",
                "iam:GetPolicyVersion",
                "iam:GetPolicy",
                "iam:ListAttachedGroupPolicies",
                "iam:ListGroupPolicies",
                "iam:ListPolicyVersions",
                "iam:ListPolicies",
                "iam:ListUsers",
            ],
            "Resource": "*",
        },
    )


def delete_all_bots() -> dict[str, Any]:
    """Return the guide's policy that lets a user delete any bot."""
    return _policy({"Effect": "Allow", "Action": ["lex:DeleteBot"], "Resource": ["*"]})


def use_a_tag() -> dict[str, Any]:
    """Return the guide's policy that opens whatever is tagged Department=Support."""
    condition = {"StringEquals": {"lex:ResourceTag/Department": "Support"}}
    return _policy({"Action": "lex:PostText", "Effect": "Allow", "Resource": "*", "Condition": condition})


def use_a_tag_v2() -> dict[str, Any]:
    """Return the same for Lex V2, with the tag key of today's service reference."""
    return _policy(
        {
            "Sid": "TalkToSupportBots",
            "Effect": "Allow",
            "Action": "lex:RecognizeText",
            "Resource": "arn:aws:lex:*:*:bot-alias/*",
            "Condition": {"StringEquals": {"aws:ResourceTag/Department": "Support"}},
        }
    )


def delete_bots_v2() -> dict[str, Any]:
    """Return the policy to delete any Lex V2 bot, and no V1 bot."""
    return _policy(
        {
            "Sid": "DeleteAnyBot",
            "Effect": "Allow",
            "Action": "lex:DeleteBot",
            "Resource": "arn:aws:lex:*:*:bot/*",
        }
    )


# (file, title, source, form, Lex generation where it speaks of one only, document)
def _examples() -> tuple[tuple[str, str, str, str, str, dict[str, Any]], ...]:
    console = "Using the Amazon Lex console"
    tag, delete = "Use a tag to access a resource", "Delete all Amazon Lex bots"
    return (
        ("console-printed.json", console, SOURCE, "as printed, with its lost values", "", console_printed()),
        ("console-restored.json", console, SOURCE, "as restored", "", restore(console_printed())),
        (
            "view-own-permissions.json",
            "Allow users to view their own permissions",
            SOURCE,
            "as printed",
            "",
            view_own_permissions(),
        ),
        ("delete-all-bots.json", delete, SOURCE, "as printed", "", delete_all_bots()),
        ("use-a-tag.json", tag, SOURCE, "as printed", "V1", use_a_tag()),
        ("delete-bots-v2.json", delete, OWN, "modern equivalent", "V2", delete_bots_v2()),
        ("use-a-tag-v2.json", tag, OWN, "modern equivalent", "V2", use_a_tag_v2()),
    )


def _index() -> dict[str, Any]:
    entries = []
    for file, title, source, form, generation, _ in _examples():
        entry: dict[str, Any] = {"file": file, "title": title, "source": source, "form": form}
        if generation:
            entry["generation"] = generation
        if form == "as restored":
            entry |= {"restored": dict(RESTORED), "equals": RESTORED_EQUALS}
        entries.append(entry)
    return {"examples": entries}


_MONITORING, _SERVICE_ROLES, _CHANNEL_ROLES = "monitoring", "service-linked roles", "channel roles"
_INDEXES, _KEYS, _FUNCTIONS, _SPEECH = (
    "Kendra indexes",
    "encryption keys",
    "Lambda functions",
    "voices and speech",
)
# One row for each action pattern of the guide's minimum: action, feature of the console, why.
CONSOLE_NEEDS: tuple[tuple[str, str, str], ...] = (
    ("cloudwatch:DescribeAlarms", _MONITORING, "Shows the alarms that are set on a bot's metrics."),
    ("cloudwatch:DescribeAlarmsForMetric", _MONITORING, "Shows which alarms watch the metric on view."),
    (
        "cloudwatch:GetMetricStatistics",
        _MONITORING,
        "Draws requests, latency and missed utterances over time.",
    ),
    ("iam:CreateServiceLinkedRole", _SERVICE_ROLES, "Makes the role by which Lex reaches other services."),
    ("iam:DeleteRole", _SERVICE_ROLES, "Removes the role of Lex when it is no longer used."),
    ("iam:DeleteServiceLinkedRole", _SERVICE_ROLES, "Asks IAM to remove the role of Lex."),
    ("iam:DetachRolePolicy", _SERVICE_ROLES, "Takes AWS's policy off the role before the role is removed."),
    ("iam:GetRole", _SERVICE_ROLES, "Sees whether the role of Lex is there already."),
    ("iam:GetServiceLinkedRoleDeletionStatus", _SERVICE_ROLES, "Follows the removal of the role of Lex."),
    ("iam:PassRole", _CHANNEL_ROLES, "Hands Lex the role by which it calls functions and serves a channel."),
    ("kendra:ListIndices", _INDEXES, "Lists the Kendra indexes that a search intent can ask."),
    ("kms:DescribeKey", _KEYS, "Shows the key that encrypts a channel association."),
    ("kms:ListAliases", _KEYS, "Lists the keys to choose from when a channel is associated."),
    ("lambda:AddPermission", _FUNCTIONS, "Lets Lex invoke the function that was chosen for an intent."),
    ("lambda:GetPolicy", _FUNCTIONS, "Sees whether Lex may already invoke a function."),
    ("lambda:ListFunctions", _FUNCTIONS, "Lists the functions that a bot can use."),
    ("lambda:RemovePermission", _FUNCTIONS, "Withdraws a function from Lex when an intent lets go of it."),
    ("lex:*", "bots", "Shows and edits bots, intents, slot types, aliases and channels."),
    ("polly:DescribeVoices", _SPEECH, "Lists the voices that a bot can speak with."),
    ("polly:SynthesizeSpeech", _SPEECH, "Plays a prompt in the chosen voice."),
)


def write_examples(folder: Path) -> None:
    """Write the example policies, ``index.json`` and ``console_needs.csv`` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, *_, document in _examples():
        write_json(folder / file, document, indent=2)
    write_json(folder / "index.json", _index(), indent=2)
    with (folder / "console_needs.csv").open("w", encoding="utf-8", newline="") as target:
        table = csv.writer(target, lineterminator="\n")
        table.writerow(("service", "action", "feature", "reason"))
        table.writerows((action.split(":")[0], action, feature, reason) for action, feature, reason in CONSOLE_NEEDS)


if __name__ == "__main__":
    write_examples(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parents[1] / "examples")
