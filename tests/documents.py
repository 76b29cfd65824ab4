"""Documents to read: random ones that AWS would store, damaged ones, and a table of bad ones with their places."""

from __future__ import annotations

import copy
import re
from typing import Any

from hypothesis import strategies as st

from lexgraph.policy.grammar import OPERATOR_NAMES, QUALIFIERS
from lexgraph.policy.model import KINDS, Kind, Number

Json = Any
BROAD_KINDS: tuple[Kind, ...] = ("identity", "resource", "trust", "scp", "rcp", "endpoint")

# Random documents ----------------------------------------------------------------------------------------------------

LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=12)
NAMES = st.text("abcXYZ019", max_size=8)
ACTIONS = st.sampled_from(["*", "lex:*", "lex:Get?ot", "S3:PutObject", "ec2:Describe*", "a-b.c:x y", "lex:[a]*"])
RESOURCES = st.one_of(
    st.sampled_from(["*", "?", "${aws:username}", "arn:aws:s3:::b/*", "arn:aws:lex:*:*:bot:${a:b, 'c:d'}:*"]),
    LATIN.map("arn:aws:s3:::{}".format),
)
SCALARS = st.one_of(
    LATIN,
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
)
AWS = st.sampled_from(["*", "111122223333", "arn:aws:iam::111122223333:role/a/b", "AIDAEXAMPLEUSERID0001"])
OTHER = LATIN.filter(bool)
KEYS = st.sampled_from(["aws:username", "AWS:SourceIp", "aws:PrincipalTag/a/b~c", "s3:prefix", "é:ü"])


def one_or_more(items: st.SearchStrategy[Json], *, least: int = 1) -> st.SearchStrategy[Json]:
    """A lone value, or a list of values."""
    return items | st.lists(items, min_size=least, max_size=3)


def in_any_case(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name.lower(), name.upper()])


@st.composite
def conditions(draw: st.DrawFn) -> Json:
    block: dict[str, Json] = {}
    for base in draw(st.lists(st.sampled_from(OPERATOR_NAMES), max_size=3, unique=True)):
        qualifier = draw(st.sampled_from(["", *(f"{name}:" for name in QUALIFIERS)]))
        suffix = "IfExists" if base != "Null" and draw(st.booleans()) else ""
        keys = draw(st.dictionaries(KEYS, one_or_more(SCALARS, least=0), max_size=3))
        block[draw(in_any_case(f"{qualifier}{base}{suffix}"))] = keys
    return block


PRINCIPALS = st.just("*") | st.fixed_dictionaries(
    {},
    optional={
        "AWS": one_or_more(AWS, least=0),
        "Service": one_or_more(OTHER, least=0),
        "Federated": one_or_more(OTHER, least=0),
        "CanonicalUser": one_or_more(OTHER, least=0),
    },
)


@st.composite
def statements(draw: st.DrawFn, kind: Kind) -> Json:
    found: dict[str, Json] = {"Effect": draw(st.sampled_from(["Allow", "Deny"]))}
    if kind in ("resource", "endpoint", "rcp") and draw(st.booleans()):
        found[draw(st.sampled_from(["Principal", "NotPrincipal"]))] = draw(PRINCIPALS)
    if kind == "trust":
        found["Principal"] = draw(PRINCIPALS)
    found[draw(st.sampled_from(["Action", "NotAction"]))] = draw(one_or_more(ACTIONS))
    if kind != "trust" and (kind not in ("resource", "endpoint") or draw(st.booleans())):
        patterns = RESOURCES if kind not in ("scp", "rcp") else st.sampled_from(["*", "arn:aws:s3:::b/${x}"])
        found[draw(st.sampled_from(["Resource", "NotResource"]))] = draw(one_or_more(patterns))
    if draw(st.booleans()):
        found["Condition"] = draw(conditions())
    names = list(found)
    return {name: found[name] for name in draw(st.permutations(names))}


@st.composite
def documents(draw: st.DrawFn, kinds: tuple[Kind, ...] = BROAD_KINDS) -> tuple[Kind, Json]:
    """A document that AWS would store, with its kind."""
    kind = draw(st.sampled_from(kinds))
    found: dict[str, Json] = {}
    if draw(st.booleans()):
        found["Version"] = draw(st.sampled_from(["2012-10-17", "2008-10-17"]))
    if draw(st.booleans()):
        found["Id"] = draw(LATIN)
    several = draw(st.lists(statements(kind), min_size=1, max_size=3))
    for i, statement in enumerate(several):
        if draw(st.booleans()):
            statement["Sid"] = f"S{i}" if draw(st.booleans()) else ""
    found["Statement"] = several[0] if len(several) == 1 and draw(st.booleans()) else several
    return kind, found


FINITE = st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=8)


def json_values(scalars: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """JSON values of any shape."""
    keys = st.text(st.characters(), max_size=8)
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
    )


JSON_VALUES = json_values(FINITE | st.floats())


def places_in(value: Json, path: tuple[Json, ...] = ()) -> list[tuple[Json, ...]]:
    """The paths of all values within a JSON value."""
    found = [path]
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += places_in(inner, (*path, key))
    return found


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Kind, Json]:
    """A document in which something at random was replaced, renamed, added or removed."""
    _, document = draw(documents())
    root = {"": copy.deepcopy(document)}
    *path, last = draw(st.sampled_from(places_in(root)[1:]))
    owner: Json = root
    for step in path:
        owner = owner[step]
    change = draw(st.integers(0, 3))
    if change == 0 and isinstance(owner, dict):
        owner[draw(st.text(st.characters(), max_size=6))] = owner.pop(last)
    elif change == 1 and len(owner) > 1:
        del owner[last]
    elif change == 2 and isinstance(owner, dict):
        owner[draw(st.sampled_from(["NotAction", "NotResource", "Principal", "Sid", "condition", "Effect"]))] = "*"
    else:
        owner[last] = draw(JSON_VALUES)
    return draw(st.sampled_from(KINDS)), root.get("")


def same(a: Json, b: Json) -> bool:
    """Whether two JSON values are equal, types too: 1, 1.0, true and "1" are four values."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def resolve(document: Json, pointer: str) -> Json:
    """What an RFC 6901 pointer points at."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def resolve_path(value: Json, path: tuple[Json, ...]) -> Json:
    """What a path of keys and indexes leads to."""
    for step in path:
        value = value[step]
    return value


def numbers_in(value: Json) -> list[str]:
    """Every number of a document that `load_json` read, as it was spelt."""
    if isinstance(value, dict | list):
        return [n for inner in (value.values() if isinstance(value, dict) else value) for n in numbers_in(inner)]
    return [str(value)] if isinstance(value, Number) else []


# Bad documents -------------------------------------------------------------------------------------------------------

# Two lines each: the kind, the code and the pointer; the text, in which « stands where the error is. <s>, <open> and
# <trust> are beginnings that most have in common, <lf> is a new line, <nines> a long number, <1> and its like are
# characters by their number.
TABLE = r"""
identity JSON_SYNTAX_ERROR
    «
identity JSON_SYNTAX_ERROR
    {«
identity JSON_SYNTAX_ERROR
    <s><open>},«}
identity JSON_SYNTAX_ERROR
    <s><open>}} «// why
identity JSON_SYNTAX_ERROR
    <s>«'x'}
identity JSON_SYNTAX_ERROR
    <s>«NaN}
identity JSON_SYNTAX_ERROR
    {"Id": "-Infinity", "Statement": «-Infinity}
identity JSON_SYNTAX_ERROR
    {"Id": "a«<1>b"}
identity DATA_TYPE_MISMATCH
    «[]
identity DATA_TYPE_MISMATCH
    «null
identity DATA_TYPE_MISMATCH
    «17
identity DATA_TYPE_MISMATCH
    «"{\"Statement\": []}"
identity MISSING_STATEMENT
    «{}
identity INVALID_VERSION /Version
    {"Version": «"2012-10-18", "Statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «2012, "Statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «null, "Statement": <open>}}
identity INVALID_VERSION /Version
    {"Version": «["2012-10-17"], "Statement": <open>}}
identity INVALID_POLICY_ELEMENT /version
    {«"version": "2012-10-17", "Statement": <open>}}
identity INVALID_POLICY_ELEMENT /a~1b~0c
    {«"a/b~c": 1, "Statement": <open>}}
identity DATA_TYPE_MISMATCH /Id
    {"Id": «1, "Statement": <open>}}
identity DATA_TYPE_MISMATCH /Id
    {"Id": «null, "Statement": <open>}}
identity DATA_TYPE_MISMATCH /Statement
    {"Statement":<lf>«"Allow"}
identity DATA_TYPE_MISMATCH /Statement
    {"Statement":<lf> «null}
identity EMPTY_STATEMENT /Statement
    <s>«[]}
identity DATA_TYPE_MISMATCH /Statement/1
    <s>[<lf>  <open>},<lf>  «[]]}
identity UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Sid": «"my-sid"}}
identity UNSUPPORTED_SID /Statement/Sid
    <s><open>, "Sid": «"<dc>nit"}}
trust UNSUPPORTED_SID /Statement/Sid
    <s><trust>, "Principal": "*", "Sid": «"a b"}}
identity DATA_TYPE_MISMATCH /Statement/Sid
    <s><open>, "Sid": «7}}
identity DATA_TYPE_MISMATCH /Statement/Sid
    <s><open>, "Sid": «null}}
identity UNIQUE_SIDS_REQUIRED /Statement/1/Sid
    <s>[<open>, "Sid": "A"},<lf><open>, "Sid": «"A"}]}
identity MISSING_EFFECT /Statement
    <s>«{"Action": "lex:*", "Resource": "*"}}
identity INVALID_EFFECT /Statement/0/Effect
    <s>[{"Effect": «"allow", "Action": "*", "Resource": "*"}]}
identity INVALID_EFFECT /Statement/0/Effect
    <s>[{"Effect": «["Deny"], "Action": "*", "Resource": "*"}]}
identity INVALID_EFFECT /Statement/0/Effect
    <s>[{"Effect": «null, "Action": "*", "Resource": "*"}]}
identity INVALID_EFFECT /Statement/0/Effect
    <s>[{"Effect": «true, "Action": "*", "Resource": "*"}]}
identity DUPLICATE_KEY /Statement/Effect
    <s>{"Effect": "Deny",<lf>   «"Effect": "Allow", "Action": "*", "Resource": "*"}}
identity INVALID_POLICY_ELEMENT /Statement/effect
    <s><open>, «"effect": "Deny"}}
identity INVALID_POLICY_ELEMENT /Statement/Condtion
    <s><open>, «"Condtion": {}}}
identity MISSING_ACTION /Statement
    <s>«{"Effect": "Allow", "Resource": "*"}}
identity EMPTY_ARRAY_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «[], "Resource": "*"}}
identity EMPTY_ARRAY_ACTION /Statement/NotAction
    <s>{"Effect": "Allow", "NotAction": «[], "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/Action
    <s>{"Effect": "Allow", "Action": «null, "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/Action
    <s>{"Effect": "Allow", "Action": «{}, "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/Action/1
    <s>{"Effect": "Allow", "Action": ["lex:*", «null], "Resource": "*"}}
identity DATA_TYPE_MISMATCH /Statement/Action/1
    <s>{"Effect": "Allow", "Action": ["lex:*", «7], "Resource": "*"}}
identity UNSUPPORTED_ELEMENT_COMBINATION /Statement/NotAction
    <s><open>, «"NotAction": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"lex", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"lex:", "Resource": "*"}}
identity MALFORMED_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"a:b:c", "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action/0
    <s>{"Effect": "Allow", "Action": [«"*:Get*"], "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «"le?:Get", "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «" lex:Get", "Resource": "*"}}
identity INVALID_SERVICE_IN_ACTION /Statement/Action
    <s>{"Effect": "Allow", "Action": «":Get", "Resource": "*"}}
identity MISSING_RESOURCE /Statement
    <s>«{"Effect": "Allow", "Action": "*"}}
scp MISSING_RESOURCE /Statement
    <s>«{"Effect": "Allow", "Action": "*"}}
identity EMPTY_ARRAY_RESOURCE /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «[]}}
identity EMPTY_ARRAY_RESOURCE /Statement/NotResource
    <s>{"Effect": "Deny", "Action": "*", "NotResource": «[]}}
identity DATA_TYPE_MISMATCH /Statement/Resource/1
    <s>{"Effect": "Deny", "Action": "*", "Resource": ["*", «null]}}
identity UNSUPPORTED_ELEMENT_COMBINATION /Statement/NotResource
    <s><open>, «"NotResource": "*"}}
identity INVALID_ARN_PREFIX /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «"bot"}}
identity INVALID_ARN_PREFIX /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «""}}
identity INVALID_ARN_PREFIX /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «"ARN:aws:s3:::b"}}
scp MISSING_ARN_FIELD /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Resource": «"arn:aws:s3"}}
rcp MISSING_ARN_FIELD /Statement/Resource
    <s>{"Effect": "Deny", "Action": "*", "Principal": "*", "Resource": «"arn:aws:s3*"}}
trust ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE /Statement/Resource
    <s><trust>, "Principal": "*", "Resource": «"*"}}
identity UNSUPPORTED_PRINCIPAL /Statement/Principal
    <s><open>, «"Principal": "*"}}
session UNSUPPORTED_PRINCIPAL /Statement/NotPrincipal
    <s><open>, «"NotPrincipal": "*"}}
boundary UNSUPPORTED_PRINCIPAL /Statement/Principal
    <s><open>, «"Principal": {}}}
scp UNSUPPORTED_PRINCIPAL /Statement/Principal
    <s><open>, «"Principal": "*"}}
trust MISSING_PRINCIPAL /Statement
    <s>«<trust>}}
trust ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL /Statement/NotPrincipal
    <s><trust>, "NotPrincipal": «"*"}}
resource UNSUPPORTED_ELEMENT_COMBINATION /Statement/NotPrincipal
    <s><open>, "Principal": "*", «"NotPrincipal": "*"}}
resource INVALID_PRINCIPAL_FORMAT /Statement/Principal
    <s><open>, "Principal": «"arn:aws:iam::1:root"}}
resource INVALID_PRINCIPAL_FORMAT /Statement/Principal
    <s><open>, "Principal": «["*"]}}
resource INVALID_PRINCIPAL_FORMAT /Statement/Principal
    <s><open>, "Principal": «null}}
resource INVALID_PRINCIPAL_KEY /Statement/Principal/aws
    <s><open>, "Principal": {«"aws": "*"}}}
resource INVALID_PRINCIPAL_KEY /Statement/Principal/*
    <s><open>, "Principal": {«"*": "*"}}}
resource DATA_TYPE_MISMATCH /Statement/Principal/AWS
    <s><open>, "Principal": {"AWS": «null}}}
resource DATA_TYPE_MISMATCH /Statement/Principal/AWS
    <s><open>, "Principal": {"AWS": «111122223333}}}
resource DATA_TYPE_MISMATCH /Statement/Principal/AWS/1
    <s><open>, "Principal": {"AWS": ["*", «7]}}}
resource INVALID_PRINCIPAL_FORMAT /Statement/Principal/AWS
    <s><open>, "Principal": {"AWS": «"11112222333"}}}
resource UNSUPPORTED_WILDCARD_IN_PRINCIPAL /Statement/Principal/AWS/0
    <s><open>, "Principal": {"AWS": [«"arn:aws:iam::111122223333:user/*"]}}}
resource INVALID_PRINCIPAL_FORMAT /Statement/Principal/AWS
    <s><open>, "Principal": {"AWS": «"arn:aws:s3:::bucket"}}}
resource INVALID_PRINCIPAL_FORMAT /Statement/Principal/Service
    <s><open>, "Principal": {"Service": «""}}}
identity DATA_TYPE_MISMATCH /Statement/Condition
    <s><open>, "Condition": «null}}
identity DATA_TYPE_MISMATCH /Statement/Condition
    <s><open>, "Condition": «[]}}
identity DATA_TYPE_MISMATCH /Statement/Condition
    <s><open>, "Condition": «""}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/StringIs
    <s><open>, "Condition": {«"StringIs": {"a:b": "c"}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/NullIfExists
    <s><open>, "Condition": {«"NullIfExists": {"a:b": "c"}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/ForSome:Bool
    <s><open>, "Condition": {«"ForSome:Bool": {"a:b": "c"}}}}
identity INVALID_CONDITION_OPERATOR /Statement/Condition/StringLi<212a>e
    <s><open>, "Condition": {«"StringLi\u212ae": {"a:b": "c"}}}}
identity DATA_TYPE_MISMATCH /Statement/Condition/Bool
    <s><open>, "Condition": {"Bool": «"true"}}}
identity DATA_TYPE_MISMATCH /Statement/Condition/Bool/a:b
    <s><open>, "Condition": {"Bool": {"a:b": «null}}}}
identity DATA_TYPE_MISMATCH /Statement/Condition/Bool/a:b
    <s><open>, "Condition": {"Bool": {"a:b": «{}}}}}
identity DATA_TYPE_MISMATCH /Statement/Condition/StringLike/a:T~1b~0c/1
    <s><open>, "Condition": {"StringLike": {"a:T/b~c": ["x", «["y"]]}}}}
identity DUPLICATE_KEYS_WITH_DIFFERENT_CASE /Statement/Condition/bool
    <s><open>, "Condition": {"Bool": {}, «"bool": {}}}}
identity DUPLICATE_KEYS_WITH_DIFFERENT_CASE /Statement/Condition/Bool/A:B
    <s><open>, "Condition": {"Bool": {"a:b": "true",<lf> «"A:B": "false"}}}}
identity NUMBER_TOO_LONG /Statement/Condition/NumericEquals/a:b
    <s><open>, "Condition": {"NumericEquals": {"a:b": «<nines>}}}}
identity INVALID_CHARACTER
    <s>{"Effect": "Allow", "Action": "lex:«<430>", "Resource": "*"}}
identity JSON_SYNTAX_ERROR
    <s>{"Effect": "Allow", "Action": "lex:x", "Resource": "*"}«<2028>}
identity INVALID_CHARACTER /Statement/Action
    <s>{"Effect": "Allow", "Action": «"lex:\ud800", "Resource": "*"}}
identity INVALID_CHARACTER /Statement/Resource/1
    <s>{"Effect": "Allow", "Action": "lex:x", "Resource": ["*", «"arn:\udfff"]}}
"""
SHORT = {
    "s": '{"Statement": ',
    "open": '{"Effect": "Allow", "Action": "lex:*", "Resource": "*"',
    "trust": '{"Effect": "Allow", "Action": "sts:AssumeRole"',
    "lf": "\n",
    "nines": "9" * 5000,
}


def bad_documents() -> list[tuple[Kind, str, str, str]]:
    """Kind, marked text, code and pointer of every bad document in the table."""
    lines = TABLE.strip("\n").split("\n")
    found = []
    for head, text in zip(lines[::2], lines[1::2], strict=True):
        kind, code, pointer = f"{head} ".split(" ")[:3]
        found.append((next(k for k in KINDS if k == kind), whole(text[4:]), code, whole(pointer)))
    return found


def whole(text: str) -> str:
    """The text with what stands in angle brackets written out."""

    def written(match: re.Match[str]) -> str:
        name = match.group(1)
        return SHORT[name] if name in SHORT else chr(int(name, 16))

    return re.sub(r"<(\w+)>", written, text)
