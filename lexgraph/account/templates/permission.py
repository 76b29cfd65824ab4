"""A permission of a Lambda function, as the statement that Lambda makes of it in the function's policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lexgraph.account.templates.gaps import Gap, Mixed, Node, Text, joined, parts_of, text_of

Where = Callable[[], tuple[Text, Text, Text]]
_ACCOUNT = re.compile(r"[0-9]{12}\Z")
_CONDITIONS = (
    ("source_arn", "ArnLike", "AWS:SourceArn"),
    ("source_account", "StringEquals", "AWS:SourceAccount"),
    ("principal_org_id", "StringEquals", "aws:PrincipalOrgID"),
    ("event_source_token", "StringEquals", "lambda:EventSourceToken"),
    ("function_url_auth_type", "StringEquals", "lambda:FunctionUrlAuthType"),
)
# The properties by what they are called here, in CloudFormation's words and in Terraform's.
CLOUDFORMATION = {
    "action": "Action",
    "function": "FunctionName",
    "principal": "Principal",
    "source_arn": "SourceArn",
    "source_account": "SourceAccount",
    "principal_org_id": "PrincipalOrgID",
    "event_source_token": "EventSourceToken",
    "function_url_auth_type": "FunctionUrlAuthType",
}
TERRAFORM = {
    "action": "action",
    "function": "function_name",
    "principal": "principal",
    "source_arn": "source_arn",
    "source_account": "source_account",
    "principal_org_id": "principal_org_id",
    "event_source_token": "event_source_token",
    "function_url_auth_type": "function_url_auth_type",
    "qualifier": "qualifier",
    "sid": "statement_id",
}


def permission_document(found: Mapping[str, Node], place: str, where: Where) -> Node | None:
    """Return the document of a permission; None where its action, function or principal is missing.

    `found` are its properties by the names of this module; `where` gives partition, region and account of a function
    that is given by its name.
    """
    texts = {name: text for name, node in found.items() if (text := text_of(node.value)) is not None}
    if not {"action", "function", "principal"} <= texts.keys():
        return None
    places = {name: found[name].place for name in texts}
    statement = {
        "Effect": Node("Allow", place),
        "Principal": _principal(texts["principal"], places["principal"]),
        "Action": Node(texts["action"], places["action"]),
        "Resource": Node(_function_arn(texts, where), places["function"]),
    }
    if "sid" in texts:
        statement = {"Sid": Node(texts["sid"], places["sid"]), **statement}
    conditions: dict[str, dict[str, Node]] = {}
    for name, operator, key in _CONDITIONS:
        if name in texts:
            conditions.setdefault(operator, {})[key] = Node(texts[name], places[name])
    if conditions:
        statement["Condition"] = Node({operator: Node(keys, place) for operator, keys in conditions.items()}, place)
    return Node({"Version": Node("2012-10-17", place), "Statement": Node([Node(statement, place)], place)}, place)


def _principal(text: Text, place: str) -> Node:
    if text == "*":
        return Node("*", place)
    if isinstance(text, Gap | Mixed):
        return Node({"AWS": Node(text, place)}, place)
    if _ACCOUNT.match(text):
        return Node({"AWS": Node(f"arn:aws:iam::{text}:root", place)}, place)
    return Node({"AWS" if text.startswith("arn:") else "Service": Node(text, place)}, place)


def _function_arn(texts: Mapping[str, Text], where: Where) -> Text:
    """The function's ARN, from an ARN, ``account:function:name``, ``name:alias`` or a name."""
    function = texts["function"]
    parts = parts_of(function)
    start = parts[0] if isinstance(parts[0], str) else ""
    qualifier: tuple[str | Gap, ...] = (":", *parts_of(texts["qualifier"])) if texts.get("qualifier") else ()
    if start.startswith("arn:") or isinstance(function, Gap):
        # A gap may be the whole ARN as well as the name.
        return function if not qualifier else joined([*parts, *qualifier])
    partition, region, account = where()
    if isinstance(function, str) and ":function:" in function:
        account, _, function = function.partition(":function:")
        parts = (function,)
    front = ("arn:", *parts_of(partition), ":lambda:", *parts_of(region), ":", *parts_of(account), ":function:")
    return joined([*front, *parts, *qualifier])
