"""Names that somebody chose in order to do harm, and an account and policies full of them."""

from __future__ import annotations

import copy
import re
from typing import Any

from lexgraph.account.model import Snapshot
from lexgraph.account.pages import parse_account
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy

MARKUP = (
    "<script>window.pwned=1;alert(1)</script>",
    "\"><img src=x onerror='window.pwned=1'>",
    "'><svg/onload=window.pwned=1>",
    "</style><style>*{background:url(http://evil.example/)}</style>",
    "</title></head><body onload=window.pwned=1>",
    "--><iframe src=javascript:window.pwned=1>",
    "]]></text></svg><script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "<a href=javascript:window.pwned=1>x</a>",
    "<form action=http://evil.example/><button>x</button></form>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    '<meta http-equiv="refresh" content="0;url=http://evil.example/">',
)
MARKDOWN = ("[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "`x` | <b>", "| a | b |\n|---|---|")
FORMULAS = (
    "=1+1",
    "@SUM(1)",
    "+cmd",
    "-2+3",
    '=HYPERLINK("http://evil.example","x")',
    "=cmd|' /C calc'!A0",
    "\t=1",
    "\r=1",
)
TERMINAL = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07",
    "a\rb",
    "\x9b2J",
    "\b\b\b",
)
DECEIVING = ("user\u202egnp.exe", "us\u200ber", "us\u00ader", "\u0430dmin", "a\u2066b\u2069", "\ufeffx", "K\u212a")
DRAWING = ("a$\\foo$b", "_hidden", "${aws:username}/${aws:userid}", '"; evil [label=x]; "', "a:b:c", "x" * 300)
CONTROL = ("a\x00b", "a\x0bb", "\x7f", "a\nb")
FILES = (
    "../../../tmp/evil",
    "/etc/passwd",
    "C:\\x",
    "CON",
    "nul.txt",
    "x" * 300,
    "dot.",
    " ",
    "A",
    "a",
    "a\x00b",
    "~",
    "-rf",
)
# Enough for what takes long, such as a whole report: some of each.
SOME = (*MARKUP, MARKDOWN[0], FORMULAS[0], FORMULAS[4], *TERMINAL[:2], DECEIVING[0], DRAWING[0], CONTROL[0])
ALL = (*MARKUP, *MARKDOWN, *FORMULAS, *TERMINAL, *DECEIVING, *DRAWING, *CONTROL, *FILES)

# No reader should ever meet these: they move the cursor, turn the text round, or show nothing.
DECEPTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
ACTIVE = {"script", "iframe", "object", "embed", "base", "form", "link", "button", "input"}
OWNER = "arn:aws:iam::111122223333"


def latin(text: str) -> str:
    """The part of a text that AWS lets stand in a document."""
    return re.sub("[^\t\n\r -\xff]", "", text)


def bot(text: str) -> str:
    return f"arn:aws:lex:us-east-1:111122223333:bot/{latin(text)}"


def statement(text: str) -> dict[str, Any]:
    """A statement that says a text wherever it may say one."""
    return {
        "Effect": "Allow",
        "Action": ["lex:GetBot", "lex:" + (latin(text).replace(":", "") or "x")],
        "Resource": [bot(text)],
        "Condition": {"StringEquals": {f"aws:ResourceTag/{latin(text)}": [latin(text)]}},
    }


def hostile_policy(text: str) -> Policy:
    """A resource policy, whose Sid may be anything too."""
    document = {"Version": "2012-10-17", "Id": latin(text), "Statement": {"Sid": latin(text), **statement(text)}}
    return parse_policy(document, name=text, kind="resource")


def identity_policies() -> list[Policy]:
    return [parse_policy({"Statement": statement(text)}, name=text) for text in dict.fromkeys(ALL)]


def hostile_dump(texts: tuple[str, ...] = ALL, *, roles: bool = True) -> dict[str, Any]:
    """An account with a user and a role for each text, called by it and holding policies full of it."""
    dump: dict[str, Any] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for text in dict.fromkeys(texts):
        document = {"Version": "2012-10-17", "Statement": statement(text)}
        common = {"Path": f"/{text}/", "CreateDate": text, "Tags": [{"Key": text, "Value": text}]}
        inline = [{"PolicyName": text, "PolicyDocument": document}]
        broken = [{"PolicyName": f"{text} broken", "PolicyDocument": {text: text}}]
        user = {"UserName": text, "Arn": f"{OWNER}:user/{text}/u", "UserId": text, "UserPolicyList": inline + broken}
        trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": text}}}
        role = {"RoleName": text, "Arn": f"{OWNER}:role/{text}/r", "RoleId": text, "RolePolicyList": inline}
        dump["UserDetailList"].append({**common, **user})
        if roles:
            dump["RoleDetailList"].append({**common, **role, "AssumeRolePolicyDocument": trust})
    return dump


def hostile_account(texts: tuple[str, ...] = ALL, *, roles: bool = True) -> Snapshot:
    return parse_account(copy.deepcopy(hostile_dump(texts, roles=roles)), source=f"{MARKUP[0]}.json")
