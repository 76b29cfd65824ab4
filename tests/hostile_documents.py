"""More small bad documents, for every element and kind: with tests/documents.py's table there are over two hundred.

Two lines each, as there: the kind, the code and the pointer; the text, in which « stands where the error is. The code
TAKEN is for a document that looks wrong and that IAM stores as it is written: refusing it would hide a real policy.
"""

from __future__ import annotations

from lexgraph.policy.model import KINDS, Kind
from tests.documents import whole

TABLE = r"""
identity DATA_TYPE_MISMATCH
    «true
identity DATA_TYPE_MISMATCH
    «[{"Statement": <open>}}]
identity JSON_SYNTAX_ERROR
    {«'Statement': []}
identity JSON_SYNTAX_ERROR
    {"Statement" «[]}
identity JSON_SYNTAX_ERROR
    {"Statement": [«}
identity JSON_SYNTAX_ERROR
    <s><open>}} «{"Statement": []}
identity JSON_SYNTAX_ERROR
    <s><open>}}«]
identity JSON_SYNTAX_ERROR
    {"Id": "a«\x41", <s>
identity JSON_SYNTAX_ERROR
    {"Id": "\«u12"}
identity JSON_SYNTAX_ERROR
    {"Id": «"never closed
identity JSON_SYNTAX_ERROR
    {"Id": "two«<lf>lines"}
identity JSON_SYNTAX_ERROR
    {"Version": «True, "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {"Id": «undefined, "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {"Id": 0«1, "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {"Id": «+1, "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {"Id": «.5, "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {"Id": 0«x1, "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {«/* why */ "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {"Statement": [<open>},«]}
identity JSON_SYNTAX_ERROR
    {"Id": «Infinity, "Statement": <open>}}
identity JSON_SYNTAX_ERROR
    {"Statement": «<feff>[]}
identity JSON_SYNTAX_ERROR
    {"Statement":«<a0>[]}
identity INVALID_CHARACTER /Statement/<d800>
    <s>{"\ud800": «1, "Effect": "Allow", "Action": "lex:*", "Resource": "*"}}
identity MISSING_STATEMENT
    «{"Version": "2012-10-17"}
identity MISSING_STATEMENT
    «{"PolicyDocument": <s><open>}}}
identity MISSING_STATEMENT
    «{"statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «"", "Statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «"2012-10-17 ", "Statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «true, "Statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «{}, "Statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «"20<ad>12-10-17", "Statement": <open>}}
identity TAKEN
    {"Version": "2008-10-17", "Statement": <open>}}
identity TAKEN
    {"Version": "\u0032012-10-17", "Statement": <open>}}
identity DUPLICATE_KEY /Version
    {"Version": "2012-10-17", «"Version": "2008-10-17", "Statement": <open>}}
identity DUPLICATE_KEY /Statement
    {"Statement": [], «"Statement": <open>}}
identity DUPLICATE_KEY /Statement
    {"Statement": [], «"\u0053tatement": <open>}}
identity DATA_TYPE_MISMATCH /Id
    {"Id": «[], "Statement": <open>}}
identity DATA_TYPE_MISMATCH /Id
    {"Id": «{}, "Statement": <open>}}
resource TAKEN
    {"Id": "", "Statement": <open>}}
identity DATA_TYPE_MISMATCH /Statement
    {"Statement": «true}
identity DATA_TYPE_MISMATCH /Statement
    {"Statement": «7}
identity DATA_TYPE_MISMATCH /Statement/0
    {"Statement": [«null]}
identity DATA_TYPE_MISMATCH /Statement/0
    {"Statement": [«[<open>}]]}
identity DATA_TYPE_MISMATCH /Statement/1
    {"Statement": [<open>}, «"Allow"]}
identity MISSING_EFFECT /Statement
    <s>«{}}
identity TAKEN
    <s>[<open>, "Sid": ""}, <open>, "Sid": ""}]}
identity UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Sid": «"a\u0000"}}
identity UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Sid": «"=1+1"}}
session UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Sid": «"a b"}}
boundary UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Sid": «"a.b"}}
scp UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Sid": «"a-b"}}
rcp UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Principal": "*", "Sid": «"<3c>script>"}}
resource TAKEN
    <s><open>, "Sid": "<3c>script>alert(1)</script>"}}
endpoint TAKEN
    <s><open>, "Sid": "a b"}}
identity DATA_TYPE_MISMATCH /Statement/Sid
    <s><open>, "Sid": «["A"]}}
resource DATA_TYPE_MISMATCH /Statement/Sid
    <s><open>, "Sid": «{}}}
resource UNIQUE_SIDS_REQUIRED /Statement/2/Sid
    <s>[<open>, "Sid": "a b"}, <open>}, <open>, "Sid": «"a b"}]}
identity DUPLICATE_KEY /Statement/Sid
    <s><open>, "Sid": "A", «"Sid": "B"}}
identity INVALID_EFFECT /Statement/Effect
    <s>{"Effect": «"Allow ", "Action": "*", "Resource": "*"}}
identity INVALID_EFFECT /Statement/Effect
    <s>{"Effect": «"DENY", "Action": "*", "Resource": "*"}}
identity INVALID_EFFECT /Statement/Effect
    <s>{"Effect": «"", "Action": "*", "Resource": "*"}}
identity INVALID_EFFECT /Statement/Effect
    <s>{"Effect": «0, "Action": "*", "Resource": "*"}}
identity INVALID_EFFECT /Statement/Effect
    <s>{"Effect": «{"Allow": true}, "Action": "*", "Resource": "*"}}
trust INVALID_EFFECT /Statement/Effect
    <s>{"Effect": «"allow", "Action": "sts:AssumeRole", "Principal": "*"}}
identity INVALID_EFFECT /Statement/Effect
    <s>{"Effect": «"De\u006ey\u0000", "Action": "*", "Resource": "*"}}
identity TAKEN
    <s>{"Effect": "De\u006ey", "Action": "*", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action/1
    <s>{"Effect": "Allow", "Action": ["lex:*", «""], "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"**", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"?", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"arn:aws:lex:::bot", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/NotAction
    <s>{"Effect": "Allow", "NotAction": «"", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «":", "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"*:*", "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"lex_v2:Get", "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"l<e9>x:Get", "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"\u006c\u0435x:Get", "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/Action/0
    <s>{"Effect": "Allow", "Action": [«["lex:*"]], "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/Action
    <s>{"Effect": "Allow", "Action": «true, "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/Action
    <s>{"Effect": "Allow", "Action": «1.5, "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/NotAction
    <s>{"Effect": "Allow", "NotAction": «null, "Resource": "*"}}
trust EMPTY_ARRAY_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «[], "Principal": "*"}}
scp EMPTY_ARRAY_ACTION /Statement/NotAction
    <s>{"Effect": "Deny", "NotAction": «[], "Resource": "*"}}
trust MISSING_ACTION /Statement
    <s>«{"Effect": "Allow", "Principal": "*"}}
resource MISSING_ACTION /Statement
    <s>«{"Effect": "Allow", "Principal": "*", "Resource": "*"}}
identity INVALID_POLICY_ELEMENT /Statement/Actions
    <s><open>, «"Actions": "*"}}
identity INVALID_POLICY_ELEMENT /Statement/NotEffect
    <s><open>, «"NotEffect": "Deny"}}
identity INVALID_POLICY_ELEMENT /Statement/
    <s><open>, «"": "Deny"}}
identity DUPLICATE_KEY /Statement/Action
    <s>{"Effect": "Allow", "Action": "lex:*", «"Action": "*", "Resource": "*"}}
identity TAKEN
    <s>{"Effect": "Allow", "Action": "LEX:getbot", "Resource": "*"}}
identity TAKEN
    <s>{"Effect": "Allow", "Action": "lex:[a-z]*(x", "Resource": "*"}}
identity TAKEN
    <s>{"Effect": "Allow", "Action": "s3:Get Object", "Resource": "*"}}
identity TAKEN
    <s>{"Effect": "Allow", "Action": ["*", "*", "lex:*"], "Resource": ["*", "*"]}}
identity INVALID_ARN_PREFIX /Statement/Resource/1
    <s>{"Effect": "Deny", "Action": "*", "Resource": ["*", «""]}}
identity INVALID_ARN_PREFIX /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «" *"}}
identity INVALID_ARN_PREFIX /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «"arn"}}
identity INVALID_ARN_PREFIX /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «"javascript:alert(1)"}}
identity INVALID_ARN_PREFIX /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «"../../etc/passwd"}}
boundary INVALID_ARN_PREFIX /Statement/NotResource
    <s>{"Effect": "Deny", "Action": "*", "NotResource": «"s3:::b"}}
identity DATA_TYPE_MISMATCH /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «true}}
identity DATA_TYPE_MISMATCH /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «{"Ref": "Bot"}}}
identity DATA_TYPE_MISMATCH /Statement/Resource/0
    <s>{"Effect": "Deny", "Action": "*", "Resource": [«{"Fn::Sub": "x"}]}}
identity DATA_TYPE_MISMATCH /Statement/NotResource
    <s>{"Effect": "Deny", "Action": "*", "NotResource": «null}}
session MISSING_RESOURCE /Statement
    <s>«{"Effect": "Allow", "Action": "*"}}
boundary MISSING_RESOURCE /Statement
    <s>«{"Effect": "Allow", "Action": "*"}}
rcp MISSING_RESOURCE /Statement
    <s>«{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}}
trust ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE /Statement/NotResource
    <s><trust>, "Principal": "*", "NotResource": «"*"}}
identity DUPLICATE_KEY /Statement/Resource
    <s><open>, «"Resource": "arn:aws:s3:::b"}}
identity TAKEN
    <s>{"Effect": "Deny", "Action": "*", "Resource": "?"}}
identity TAKEN
    <s>{"Effect": "Deny", "Action": "*", "Resource": "${aws:PrincipalTag/x}"}}
identity TAKEN
    <s>{"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::a/../../<3c>script>"}}
identity TAKEN
    <s>{"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::a\nb\u202ec"}}
endpoint TAKEN
    <s>{"Effect": "Deny", "Action": "*"}}
scp UNSUPPORTED_PRINCIPAL /Statement/NotPrincipal
    <s><open>, «"NotPrincipal": {}}}
boundary UNSUPPORTED_PRINCIPAL /Statement/NotPrincipal
    <s><open>, «"NotPrincipal": null}}
session UNSUPPORTED_PRINCIPAL /Statement/Principal
    <s><open>, «"Principal": []}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal
    <s><trust>, "Principal": «[]}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal
    <s><trust>, "Principal": «"AWS"}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal
    <s><trust>, "Principal": «true}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal/AWS
    <s><trust>, "Principal": {"AWS": «""}}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal/AWS
    <s><trust>, "Principal": {"AWS": «" 111122223333"}}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal/AWS
    <s><trust>, "Principal": {"AWS": «"arn:aws:iam::11112222333:root"}}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal/AWS
    <s><trust>, "Principal": {"AWS": «"arn:aws:iam:us-east-1:111122223333:user/a"}}}
trust INVALID_PRINCIPAL_FORMAT /Statement/Principal/AWS
    <s><trust>, "Principal": {"AWS": «"\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663"}}}
trust UNSUPPORTED_WILDCARD_IN_PRINCIPAL /Statement/Principal/AWS
    <s><trust>, "Principal": {"AWS": «"arn:aws:iam::*:root"}}}
trust UNSUPPORTED_WILDCARD_IN_PRINCIPAL /Statement/Principal/AWS/1
    <s><trust>, "Principal": {"AWS": ["111122223333", «"11112222333?"]}}}
trust DATA_TYPE_MISMATCH /Statement/Principal/Service/1
    <s><trust>, "Principal": {"Service": ["lex.amazonaws.com", «7]}}}
trust DATA_TYPE_MISMATCH /Statement/Principal/Service
    <s><trust>, "Principal": {"Service": «{}}}}
trust DATA_TYPE_MISMATCH /Statement/Principal/Federated
    <s><trust>, "Principal": {"Federated": «null}}}
resource DATA_TYPE_MISMATCH /Statement/Principal/CanonicalUser
    <s><open>, "Principal": {"CanonicalUser": «true}}}
resource INVALID_PRINCIPAL_FORMAT /Statement/NotPrincipal
    <s><open>, "NotPrincipal": «["*"]}}
trust INVALID_PRINCIPAL_KEY /Statement/Principal/Aws
    <s><trust>, "Principal": {"AWS": "*", «"Aws": "*"}}}
trust DUPLICATE_KEY /Statement/Principal/AWS
    <s><trust>, "Principal": {"AWS": "111122223333", «"AWS": "*"}}}
resource TAKEN
    <s><open>, "Principal": {}}}
resource TAKEN
    <s><open>, "Principal": {"AWS": []}}}
trust TAKEN
    <s><trust>, "Principal": "*"}}
trust TAKEN
    <s><trust>, "Principal": {"AWS": "AROAEXAMPLEROLEID0001"}}}
identity DATA_TYPE_MISMATCH /Statement/Condition
    <s><open>, "Condition": «true}}
identity DATA_TYPE_MISMATCH /Statement/Condition
    <s><open>, "Condition": «[{}]}}
trust DATA_TYPE_MISMATCH /Statement/Condition
    <s><trust>, "Principal": "*", "Condition": «null}}
identity DATA_TYPE_MISMATCH /Statement/Condition/StringEquals
    <s><open>, "Condition": {"StringEquals": «[]}}}
identity DATA_TYPE_MISMATCH /Statement/Condition/StringEquals
    <s><open>, "Condition": {"StringEquals": «null}}}
identity DATA_TYPE_MISMATCH /Statement/Condition/StringEquals/a:b/0
    <s><open>, "Condition": {"StringEquals": {"a:b": [«null]}}}}
identity DATA_TYPE_MISMATCH /Statement/Condition/StringEquals/a:b/1
    <s><open>, "Condition": {"StringEquals": {"a:b": ["x", «{}]}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/
    <s><open>, "Condition": {«"": {}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/StringEquals<20>
    <s><open>, "Condition": {«"StringEquals ": {"a:b": "c"}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/BoolIfExistsIfExists
    <s><open>, "Condition": {«"BoolIfExistsIfExists": {"a:b": "true"}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/ForAllValues:
    <s><open>, "Condition": {«"ForAllValues:": {"a:b": "true"}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/a:b
    <s><open>, "Condition": {«"a:b": {"StringEquals": "c"}}}}
identity DUPLICATE_KEYS_WITH_DIFFERENT_CASE /Statement/Condition/STRINGLIKE
    <s><open>, "Condition": {"StringLike": {"a:b": "x"}, «"STRINGLIKE": {"a:b": "*"}}}}
identity DUPLICATE_KEY /Statement/Condition
    <s><open>, "Condition": {"Bool": {"a:b": "true"}}, «"Condition": {}}}
identity DUPLICATE_KEY /Statement/Condition/Bool
    <s><open>, "Condition": {"Bool": {"a:b": "true"}, «"Bool": {}}}}
identity DUPLICATE_KEY /Statement/Condition/Bool/a:b
    <s><open>, "Condition": {"Bool": {"a:b": "true", «"a:b": "false"}}}}
identity INVALID_POLICY_ELEMENT /Statement/Conditions
    <s><open>, «"Conditions": {"Bool": {"a:b": "true"}}}}
identity TAKEN
    <s><open>, "Condition": {}}}
identity TAKEN
    <s><open>, "Condition": {"stringEQUALS": {"A:b": [1, 1.0, true, "1"]}}}}
identity TAKEN
    <s><open>, "Condition": {"ForAllValues:Null": {"a:b": true}}}}
identity TAKEN
    <s><open>, "Condition": {"NumericEquals": {"a:b": 1e999}}}}
identity TAKEN
    <s><open>, "Condition": {"IpAddress": {"aws:SourceIp": "300.1.2.3/40"}}}}
identity TAKEN
    <s><open>, "Condition": {"DateLessThan": {"aws:CurrentTime": "yesterday"}}}}
identity TAKEN
    <s><open>, "Condition": {"StringLike": {"": "</script><3c>script>alert(1)</script>"}}}}
"""


def hostile_documents() -> list[tuple[Kind, str, str, str]]:
    """Kind, marked text, code and pointer of every document in the table."""
    lines = TABLE.strip("\n").split("\n")
    found = []
    for head, text in zip(lines[::2], lines[1::2], strict=True):
        kind, code, *rest = head.split(" ", 2)
        found.append((next(k for k in KINDS if k == kind), whole(text[4:]), code, whole(rest[0] if rest else "")))
    return found
