"""What is read packed is what the strict reader reads, in every field; what is not plainly right is left to it."""

from __future__ import annotations

import copy
import json
import pickle
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, unquote

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.account import stream
from lexgraph.account.details import Details
from lexgraph.account.entries import LISTS
from lexgraph.account.model import Snapshot
from lexgraph.account.packed.account import PackedAccount
from lexgraph.account.packed.entries import PackedEntries
from lexgraph.account.packed.known import Known, keys_in
from lexgraph.account.packed.plain import NotPlain
from lexgraph.account.pages import parse_account
from lexgraph.account.parts import coverage_of
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.account.stream import read_text
from lexgraph.errors import AccountError, DocumentError
from lexgraph.policy.jsontext import load_json
from lexgraph.policy.write import policy_document
from lexgraph.tables.grants import grants_table
from tests.documents import bad_documents
from tests.hostile_documents import hostile_documents

Json = Any
A = "arn:aws:iam::111122223333:"
WORDS = {"UserDetailList": "User", "GroupDetailList": "Group", "RoleDetailList": "Role", "Policies": "Policy"}
AWS = ("arn:aws:iam::aws:policy/AmazonLexReadOnly", "arn:aws:iam::aws:policy/NoSuchPolicy")

# Of a random number whole accounts are made, so that they cost hypothesis no more than that.
SEEDS = st.integers(0, 1 << 40)

# JSON as a text may say it: objects in which a key may stand twice, values spelt in several ways ---


class Object(list[tuple[str, Any]]):
    """An object, as its keys and values."""


class Spelt(str):
    """A value as it is to be written."""

    __slots__ = ()


def written(value: Json, rng: random.Random, wild: float = 0.0) -> str:
    """The text of a value: the wilder, the more unusual."""
    if isinstance(value, Spelt):
        return str(value)
    if isinstance(value, str):
        return spelt(value, rng, wild)
    if not isinstance(value, Object | dict | list):
        return json.dumps(value)
    space = ["", "", " ", "\n", " \t"] if rng.random() < wild else ["", " "]
    gap = partial(rng.choice, space)
    if isinstance(value, list) and not isinstance(value, Object):
        return "[" + ",".join(gap() + written(item, rng, wild) + gap() for item in value) + "]"
    pairs = value.items() if isinstance(value, dict) else value
    front = gap if rng.random() < wild else str
    return (
        "{"
        + ",".join(
            f"{gap()}{spelt(key, rng, wild / 9)}{front()}:{gap()}{written(item, rng, wild)}" for key, item in pairs
        )
        + gap()
        + "}"
    )


def spelt(text: str, rng: random.Random, wild: float) -> str:
    plain = json.dumps(text, ensure_ascii=rng.random() < 0.5)
    if rng.random() >= wild:
        return plain
    odd = rng.choice((lambda c: True, lambda c: c in '":\\ \n', lambda c: c == ":"))
    escape = [f"\\u{ord(c):04x}" if odd(c) and ord(c) < 0x1_0000 else json.dumps(c)[1:-1] for c in text]
    return f'"{"".join(escape)}"'


def plain(value: Json) -> Json:
    """The same with dictionaries, for a value in which no key stands twice."""
    if isinstance(value, Object | dict):
        return {key: plain(item) for key, item in (value.items() if isinstance(value, dict) else value)}
    return [plain(item) for item in value] if isinstance(value, list) else value


# Entries ---


class Making:
    """Makes entries, most of which are plainly right."""

    def __init__(self, rng: random.Random, wild: float) -> None:
        self.rng = rng
        self.wild = wild

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def some(self, make: Callable[[], Json], most: int = 2) -> list[Json]:
        return [make() for _ in range(self.rng.randint(0, most))]

    def text(self) -> str:
        usual = ("desk", "Team", "a b", "x")
        odd = (
            ":x",
            'say "so": no',
            "a\\",
            "\u00e9t\u00e9",
            "\U0001f600",
            "two\nlines",
            "",
            "{}",
            "a/b",
            "\u0430\u2028",
        )
        return self.rng.choice(odd if self.chance(self.wild) else usual)

    def patterns(self, *known: str) -> Json:
        if self.chance(0.4):
            return self.rng.choice(known)
        if self.chance(self.wild / 9):
            known = ("a:b\nc:d", "*\n*", "arn:a\narn:b", *known)
        found = self.rng.choices(known, k=self.rng.choice((1, 2, 2, 3)))
        return (
            found if not self.chance(self.wild / 4) else self.rng.choice(([], [*found, 1], [None], "no", ["a:b", ""]))
        )

    def test(self) -> Json:
        values = ("a", "1", Spelt("1"), Spelt("1.0"), True, ["a", "b"], ["1"], [Spelt("1")], [], ["true", True])
        key = self.rng.choice(("aws:ResourceTag/Team", "aws:username", "a\\"))
        found = {self.rng.choice(("StringEquals", "StringLike", "Bool", "ForAnyValue:StringLikeIfExists")): {}}
        for keys in found.values():
            keys.update({key: self.rng.choice(values)} if self.chance(0.8) else {})
        return self.rng.choice((found, found, found, {}))

    def statement(self, *, trust: bool) -> Object:
        found = Object([("Effect", self.rng.choice(("Allow", "Deny")))])
        if self.chance(0.4):
            sid = self.rng.choice(("", "One", "Two")) if not self.chance(self.wild / 4) else "no sid"
            found.append(("Sid", sid))
        negated = "Not" * (not trust and self.chance(0.2))
        found.append((f"{negated}Action", self.patterns("lex:*", "*", "s3:GetObject", "lex:Get?ot")))
        if trust:
            who = (
                "*",
                {"AWS": f"{A}root"},
                {"Service": ["lex.amazonaws.com"], "AWS": ["*", "111122223333"]},
                {"AWS": []},
            )
            found.append(("Principal", self.rng.choice(who)))
        else:
            negated = "Not" * self.chance(0.2)
            found.append(
                (f"{negated}Resource", self.patterns("*", "arn:aws:s3:::calls/*", "${x}", "arn:aws:lex:\u00e9"))
            )
        if self.chance(0.4):
            found.append(("Condition", self.test()))
        self.rng.shuffle(found)
        return found

    def document(self, *, trust: bool = False) -> Json:
        statements = [self.statement(trust=trust) for _ in range(self.rng.choice((1, 1, 1, 2, 3)))]
        found = Object([("Statement", statements[0] if self.chance(0.3) else statements)])
        if self.chance(0.8):
            found.insert(0, ("Version", self.rng.choice(("2012-10-17", "2008-10-17"))))
        if self.chance(0.2):
            found.append(("Id", self.rng.choice(("", "cell"))))
        if self.chance(self.wild / 2):
            harm(found, self.rng)
        if self.chance(0.2 + self.wild / 4):
            text = written(found, self.rng, self.wild)
            return self.rng.choice((text, f"\n{text} ", quote(text), quote(text, safe='{}":,')))
        return found

    def attachment(self) -> Json:
        arn = self.rng.choice((f"{A}policy/P0", f"{A}policy/desk/P1", *AWS))
        return {"PolicyName": "P", "PolicyArn": arn}

    def inline(self) -> Json:
        name = self.text() if self.chance(0.3) else f"p{self.rng.randint(0, 9)}"
        return {"PolicyName": name, "PolicyDocument": self.document()}

    def tags(self) -> Json:
        return self.some(lambda: {"Key": self.rng.choice(("Team", "Cost", "\u00e9")), "Value": self.text()}, 3)

    def shared(self, word: str, name: str) -> Object:
        arn = f"{A}{word.lower()}/{self.rng.choice(('', 'desk/'))}{name}"
        found = Object([(f"{word}Name", name), ("Arn", arn)])
        maybe = {
            "Path": "/desk/",
            f"{word}Id": f"AIDA{name}",
            "CreateDate": "2024-01-01T00:00:00Z",
            f"{word}PolicyList": self.some(self.inline),
            "AttachedManagedPolicies": self.some(self.attachment),
        }
        return Object([*found, *((key, value) for key, value in maybe.items() if self.chance(0.6))])

    def principal(self, word: str, name: str) -> Object:
        found = self.shared(word, name)
        if self.chance(0.6):
            found.append(("Tags", self.tags()))
        if self.chance(0.2):
            boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": f"{A}policy/P0"}
            found.append(("PermissionsBoundary", boundary))
        return found

    def entry(self, kind: str, number: int) -> Object:
        word, name = WORDS[kind], f"{self.text() if self.chance(self.wild / 9) else 'n'}{number}"
        if word == "Policy":
            found = self.managed(f"P{number}")
        elif word == "Group":
            found = self.shared(word, ("desk", "lab", *[name] * number)[number])
        else:
            found = self.principal(word, name)
        if word == "User" and self.chance(0.5):
            found.append(("GroupList", self.some(lambda: self.rng.choice(("desk", "lab", "desk")), 3)))
        if word == "Role":
            found.append(("AssumeRolePolicyDocument", self.document(trust=True)))
            if self.chance(0.3):
                found += [("InstanceProfileList", [{"Path": "/", "Roles": [{"Path": "/"}]}]), ("RoleLastUsed", {})]
        self.rng.shuffle(found)
        if self.chance(self.wild):
            harm(found, self.rng)
        return found

    def managed(self, name: str) -> Object:
        ids = self.rng.choice((["v1"], ["v2", "v1"], ["v1", "v1"], ["v1", "v3"]))
        versions = [{"VersionId": one, "Document": self.document(), "IsDefaultVersion": one == "v1"} for one in ids]
        found = Object([("PolicyName", name), ("Arn", f"{A}policy/{name}"), ("DefaultVersionId", "v1")])
        found.append(("PolicyVersionList", versions))
        if self.chance(0.5):
            found.append(("AttachmentCount", self.rng.choice((0, 3, "3", Spelt("1.5"), None, {}, True))))
        return found

    def page(self) -> Object:
        page = Object()
        for kind in self.rng.sample(LISTS, self.rng.choice((3, 4, 4))):
            entries = [self.entry(kind, i) for i in range(self.rng.choice((0, 1, 2, 5)))]
            if entries and self.chance(self.wild / 4):
                entries.append(copy.deepcopy(self.rng.choice(entries)))
            page.append((kind, entries))
        if self.chance(0.3):
            page.append(("IsTruncated", self.chance(0.3)))
        return page

    def dump(self) -> str:
        pages = [self.page() for _ in range(2 if self.chance(self.wild / 2) else 1)]
        return written(pages[0] if len(pages) == 1 and self.chance(0.9) else pages, self.rng, self.wild)


UNKNOWN = ("Unknown", "Unknown", "New", "other_9", "caf\u00e9", 'a"b', "a\\", "", "two\nlines", "GroupList", "a:b")


def harm(value: Json, rng: random.Random) -> None:
    """Make something in an entry unusual, or wrong."""
    nodes = list(objects_in(value))
    node = rng.choice(nodes)
    if not node:
        node.append(("Arn", "x"))
        return
    place = rng.randrange(len(node))
    key, old = node[place]
    new = rng.choice((None, "", ":", "x", 3, Spelt("1e5"), True, [], {}, [old], [old, old], Object([("a", 1)])))
    deep = Spelt("[" * 40 + "]" * 40)
    node[place : place + 1] = rng.choice(
        (
            *[[(key, new)]] * 4,
            [(key, old), (key, rng.choice((old, new)))],
            *[[]] * 2,
            *[[(key, old), (rng.choice(UNKNOWN), rng.choice((new, deep)))]] * 2,
            [(key.lower(), old)],
            [(rng.choice(("Arn", "Tags", "Sid", "Path", "Version", "Resource")), old)],
        )
    )


def objects_in(value: Json) -> Any:
    if isinstance(value, Object):
        yield value
        for _, item in value:
            yield from objects_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from objects_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects_in(item)


# Reading ---


def told(value: Any) -> Any:
    """A value as plain values, with those fields that take no part in comparisons; of an account what was read."""
    if is_dataclass(value):
        names = [field.name for field in fields(value) if not field.name.startswith("_") and field.name != "sha256"]
        return type(value).__name__, *(told(getattr(value, name)) for name in names)
    if isinstance(value, DocumentError):
        return value.code, value.message, value.pointer, value.line, value.column, *map(told, value.others)
    if isinstance(value, tuple):
        return tuple(map(told, value))
    return type(value).__name__, value


def ended(read: Callable[[], Snapshot]) -> Any:
    """What came of reading."""
    try:
        return told(read())
    except AccountError as error:
        return told(error)


def in_pieces(text: str, size: int, most: int) -> Snapshot:
    details = Details("a.json")
    with patch.multiple(stream, MOST_AT_ONCE=most, FEWEST_AT_ONCE=max(1, most // 20)):
        read_text((text[i : i + size] for i in range(0, len(text), size)), details, source="a.json")
    return details.snapshot()


def strictly(text: str) -> Snapshot:
    """The account, every entry read by the strict reader."""
    with patch.object(PackedEntries, "read", side_effect=NotPlain):
        return parse_account(text, source="a.json")


def assert_as_strict(text: str, size: int = 1_000, most: int = 3_000) -> Any:
    strict = ended(lambda: strictly(text))
    assert ended(lambda: parse_account(text, source="a.json")) == strict
    assert ended(lambda: in_pieces(text, size, most)) == strict
    return strict


@settings(max_examples=350, derandomize=True, deadline=None)
@given(
    SEEDS,
    st.sampled_from([0.0, 0.02, 0.2, 0.5]),
    st.sampled_from([1, 40, 700, 100_000]),
    st.sampled_from([1, 90, 700, 6_000]),
)
def test_any_account_is_read_as_the_strict_reader_reads_it(seed: int, wild: float, size: int, most: int) -> None:
    text = Making(random.Random(seed), wild).dump()
    strict = assert_as_strict(text, size, most)
    if strict[0] == "Snapshot" and not strictly(text).unreadable:  # errors would have no lines
        assert ended(lambda: parse_account(load_json(text), source="a.json")) == strict


def test_the_accounts_of_this_law_are_of_every_kind() -> None:
    found = []
    for seed in range(200):
        text = Making(random.Random(seed), 0.02 if seed % 2 else 0.3).dump()
        try:
            account = parse_account(text)
        except AccountError as error:
            found.append(error.code)
        else:
            found.append("packed" if account.packed else "unreadable" if account.unreadable else "made")
    assert min(map(found.count, ("packed", "unreadable", "made", "DUPLICATE_KEY", "DATA_TYPE_MISMATCH"))) > 5


@settings(max_examples=60, derandomize=True, deadline=None)
@given(SEEDS)
def test_every_document_is_given_back_as_it_was_written(seed: int) -> None:
    rng = random.Random(seed)
    making = Making(rng, 0.0)
    entries = [making.entry("RoleDetailList", i) for i in range(6)]
    text = written({"RoleDetailList": entries}, rng)
    for role, entry in zip(
        parse_account(text).principals, sorted(json.loads(text)["RoleDetailList"], key=arn), strict=True
    ):
        if role.trust is not None:  # it says everything right
            assert policy_document(role.trust) == as_object(entry["AssumeRolePolicyDocument"])
        given = {one["PolicyName"]: as_object(one["PolicyDocument"]) for one in entry.get("RolePolicyList", ())}
        for policy in role.inline:
            if [one.name for one in role.inline].count(policy.name) == 1:
                assert policy_document(policy) == given[policy.name]


def arn(entry: Json) -> str:
    return str(entry["Arn"])


def as_object(document: Json) -> Json:
    return json.loads(unquote(document)) if isinstance(document, str) else document


# One entry, with every key that AWS documents ---


DOCUMENT = {
    "Version": "2012-10-17",
    "Id": "desk",
    "Statement": [
        {"Sid": "One", "Effect": "Allow", "Action": ["lex:*", "s3:Get*"], "Resource": ["*", "arn:aws:s3:::calls"]},
        {"Effect": "Deny", "NotAction": "lex:*", "NotResource": "*",
         "Condition": {"StringEquals": {"aws:username": ["ana", "ben"]}, "NumericLessThan": {"a:b": 1.5}, "Bool": {}}},
    ],
}  # fmt: skip
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "Lex",
        "Effect": "Allow",
        "Principal": {"Service": ["lex.amazonaws.com"], "AWS": f"{A}root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringLike": {"aws:SourceArn": "arn:aws:lex:*"}},
    },
}
DATE = "2024-05-06T07:08:09+00:00"
ATTACHED = [{"PolicyName": "P", "PolicyArn": f"{A}policy/P"}, {"PolicyName": "AmazonLexReadOnly", "PolicyArn": AWS[0]}]
BOUNDARY = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": f"{A}policy/P"}


def holder(word: str, name: str) -> dict[str, Json]:
    return {
        "Path": "/",
        f"{word}Name": name,
        f"{word}Id": f"AIDA{name}",
        "Arn": f"{A}{word.lower()}/{name}",
        "CreateDate": DATE,
        f"{word}PolicyList": [{"PolicyName": "own", "PolicyDocument": DOCUMENT}],
        "AttachedManagedPolicies": ATTACHED,
    }


def tags() -> list[Json]:
    return [{"Key": "Team", "Value": "Support"}, {"Key": "Cost", "Value": ""}]


def full() -> dict[str, list[Json]]:
    role = holder("Role", "runner")
    profile = {"Path": "/", "InstanceProfileName": "i", "InstanceProfileId": "A", "Arn": f"{A}instance-profile/i",
               "CreateDate": DATE, "Roles": [{**role, "AssumeRolePolicyDocument": TRUST}]}  # fmt: skip
    versions = [
        {"Document": DOCUMENT, "VersionId": one, "IsDefaultVersion": one == "v2", "CreateDate": DATE}
        for one in ("v3", "v2")
    ]
    policy = {"PolicyName": "P", "PolicyId": "ANPA", "Arn": f"{A}policy/P", "Path": "/", "DefaultVersionId": "v2",
              "AttachmentCount": 3, "PermissionsBoundaryUsageCount": 2, "IsAttachable": True, "Description": 'a "b": c',
              "CreateDate": DATE, "UpdateDate": DATE, "PolicyVersionList": versions, "Tags": tags()}  # fmt: skip
    return {
        "UserDetailList": [
            {**holder("User", "ana"), "GroupList": ["desk"], "PermissionsBoundary": BOUNDARY, "Tags": tags()}
        ],
        "GroupDetailList": [holder("Group", "desk")],
        "RoleDetailList": [
            {**role, "AssumeRolePolicyDocument": TRUST, "InstanceProfileList": [profile],
             "PermissionsBoundary": BOUNDARY, "Tags": tags(), "RoleLastUsed": {"LastUsedDate": DATE, "Region": "eu-1"}}
        ],
        "Policies": [policy],
        "IsTruncated": False,
    }  # fmt: skip


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_what_aws_answers_is_read_packed(indent: int | None) -> None:
    as_text = json.loads(json.dumps(full()), object_hook=with_document_as_text)
    for dump in (full(), as_text):
        text = json.dumps(dump, indent=indent)
        assert parse_account(text).packed is not None
        strict = assert_as_strict(text, 50, 400)
        assert strict == ended(partial(parse_account, dump, source="a.json"))
    assert read_account(example_account_path()).packed is not None
    assert_as_strict(example_account_path().read_text(encoding="utf-8"), 1_000, 9_000)


def with_document_as_text(value: dict[str, Json]) -> dict[str, Json]:
    texts = {"PolicyDocument": json.dumps, "Document": urlencoded, "AssumeRolePolicyDocument": urlencoded}
    return {key: texts[key](item) if key in texts else item for key, item in value.items()}


def urlencoded(document: Json) -> str:
    return quote(json.dumps(document))


NEW = (None, "", ":", "x", "two\nlines", 3, 1.5, True, [], {}, ["a:b"], [[]], Spelt('"\\ud800"'), Object([("a", 1)]))


def harmed(value: Json, rng: random.Random) -> Any:
    """Yield a value with each of its elements lost, given twice, called otherwise, or of another kind."""
    if isinstance(value, dict):
        for key, item in value.items():
            others = Object((other, held) for other, held in value.items() if other != key)
            yield others
            yield Object([(key, item), *others, (key, item)])
            yield Object([(f"{key[0].lower()}{key[1:]}", item), *others])
            for new in NEW:
                yield Object([(key, new), *others])
            for new in harmed(item, rng):
                yield Object([(key, new), *others])
        for key in UNKNOWN:
            yield Object([*value.items(), (key, rng.choice(({}, None, [1], Object([("a", 1), ("a", 1)]))))])
    elif isinstance(value, list):
        for new in NEW:
            yield [*value, new]
        for i, item in enumerate(value):
            for new in harmed(item, rng):
                yield [*value[:i], new, *value[i + 1 :]]


@pytest.mark.parametrize("name", LISTS)
def test_whatever_is_wrong_in_an_entry_is_told_as_the_strict_reader_tells_it(name: str) -> None:
    rng, (entry,) = random.Random(name), full()[name]
    packed = 0
    each = list(harmed(entry, rng))
    for one in rng.sample(each, 250):
        text = written({name: [one, entry]}, rng)
        strict = ended(lambda: strictly(text))  # noqa: B023 - called at once
        assert ended(lambda: parse_account(text, source="a.json")) == strict, text  # noqa: B023 - called at once
        packed += "Snapshot" in strict and parse_account(text).packed is not None
    assert packed < 100


@pytest.mark.parametrize("name", ["UserDetailList", "RoleDetailList", "Policies"])
def test_every_hostile_document_is_told_as_the_strict_reader_tells_it(name: str) -> None:
    (entry,) = full()[name]
    key = {"RoleDetailList": "AssumeRolePolicyDocument", "Policies": "PolicyVersionList"}.get(name, "UserPolicyList")
    more = ('{"Statement": []}', '{"Statement": [], "Version": "2012-10-17"}', "{}", "[]", "null", "7", '""')
    for kind, text, *_ in (*bad_documents(), *hostile_documents(), *(("identity", one) for one in more)):
        if (kind == "trust") is (name == "RoleDetailList") or text in more:
            text = text.replace("\u00ab", "")
            for document in (text, json.dumps(text), json.dumps(quote(text, errors="replace"))):
                inner = {"PolicyName": "p", "PolicyDocument": Spelt(document)}
                version = {"VersionId": "v2", "Document": Spelt(document)}
                odd = {"RoleDetailList": Spelt(document), "Policies": [version]}.get(name, [inner])
                dump = written({name: [entry, entry, {**entry, "Arn": f"{arn(entry)}2", key: odd}]}, random.Random(0))
                strict = ended(lambda: strictly(dump))  # noqa: B023 - called at once
                assert ended(lambda: parse_account(dump, source="a.json")) == strict, document  # noqa: B023 - called at once


# What might make up for a key that was lost ---


TWICE = '{"Statement"?: {"Effect": "Deny", "Effect": "Allow", "Action": "a:b", "Resource": "*"}}'
ONCE = TWICE.replace('"Effect": "Deny", ', "")


@pytest.mark.parametrize("spelling", ["\\n:", "\\u000a:", " :", "\\u0020:", "\\u003a", ":", "\\t :"])
@pytest.mark.parametrize("quotation", ['\\"', "\\u0022"])
def test_a_key_given_twice_is_found_however_a_document_is_written_as_text(spelling: str, quotation: str) -> None:
    def entry(document: str, arns: int, name: str) -> str:
        text = document.replace('"', quotation).replace("?:", spelling)
        inline = f'[{{"PolicyName": "p", "PolicyDocument": "{text}"}}]'
        return f'{{{f""""Arn": "{A}user/{name}", """ * arns}"UserName": "{name}", "UserPolicyList": {inline}}}'

    right = f'{{"UserDetailList": [{entry(ONCE, 1, "a")}, {entry(ONCE, 1, "b")}]}}'
    assert parse_account(right).packed is not None
    assert_as_strict(right)
    lost = f'{{"UserDetailList": [{entry(ONCE, 1, "a")}, {entry(TWICE, 1, "b")}]}}'
    assert [bad.error.code for bad in parse_account(lost).unreadable] == ["DUPLICATE_KEY"]
    assert_as_strict(lost)
    twice = f'{{"UserDetailList": [{entry(ONCE, 2, "a")}, {entry(ONCE, 1, "b")}]}}'
    assert assert_as_strict(twice)[0] == "DUPLICATE_KEY"


@settings(max_examples=200, derandomize=True, deadline=None)
@given(SEEDS)
def test_no_text_has_fewer_keys_than_are_counted(seed: int) -> None:
    rng = random.Random(seed)
    making = Making(rng, 0.5)
    text = written(making.page(), rng, 0.5)
    try:
        keys = number_of_keys(load_json(text))
    except DocumentError:
        return
    assert keys_in(text.encode("utf-8", "replace")) >= keys


def number_of_keys(value: Json) -> int:
    """The keys in a value but for those that end in a backslash."""
    if isinstance(value, dict):
        return sum((not key.endswith("\\")) + number_of_keys(item) for key, item in value.items())
    return sum(map(number_of_keys, value)) if isinstance(value, list) else 0


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.recursive(
        st.text('":\\a {', max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab:", max_size=3), inner, max_size=3),
    )
)
def test_keys_are_counted_exactly_where_no_string_begins_with_a_colon(value: Json) -> None:
    counted, keys = keys_in(json.dumps(value).encode()), number_of_keys(value)
    assert counted >= keys
    if not any(text.lstrip().startswith(":") for text in strings_in(value)):
        assert counted == keys


def strings_in(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from strings_in(item)
    else:
        for item in value:
            yield from strings_in(item)


def test_what_is_not_right_leaves_no_trace_among_what_is_known() -> None:
    def check(values: list[str]) -> None:
        if "bad" in values:
            raise NotPlain

    known = Known(check)
    assert known.numbers(["a", "b"]) == [0, 1]
    for values in (["bad"], ["c", "bad"], ["b", "c", "bad", "c", "d"]):
        with pytest.raises(NotPlain):
            known.numbers(values)
        assert known == {"a": 0, "b": 1}
    assert known.numbers(["c", "c", "a", "d", "c"]) == [2, 2, 0, 3, 2]


# Several entries ---


def users(number: int, **odd: Json) -> list[dict[str, Json]]:
    found = [{**holder("User", f"u{i}"), "Tags": tags()} for i in range(number)]
    found[number // 3].update(odd)
    return found


def test_an_odd_entry_among_many_costs_only_its_own_strict_reading() -> None:
    def readings(**odd: Json) -> tuple[int, int, Snapshot]:
        text = json.dumps({"UserDetailList": users(2_000, **odd)})
        with (
            patch.object(Details, "entry", autospec=True, side_effect=Details.entry) as strict,
            patch.object(PackedEntries, "read", autospec=True, side_effect=PackedEntries.read) as read,
        ):
            account = parse_account(text)
        return strict.call_count, read.call_count, account

    for odd in ({"CreateDate": 1}, {"Path": None}, {"Tags": None}, {"UserName": "\U0001f600"}, {"Path": ":"}):
        strict, read, account = readings(**odd)
        assert (strict, account.packed, len(account.principals)) == (1, None, 2_000)
        assert read < 100
    strict, read, account = readings()
    assert strict == 0
    assert read < 20
    assert account.packed is not None


def test_keys_that_nobody_knows_yet_are_learned_and_passed_over() -> None:
    new = {"SignInName": {"a": [1]}, "caf\u00e9": None, "Arn2": "x", "Name2": [], "other_9": 1}
    entries = [{**one, **dict(list(new.items())[: i % 6])} for i, one in enumerate(users(300))]
    with patch.object(Details, "entry", side_effect=AssertionError):
        assert parse_account(json.dumps({"UserDetailList": entries})).packed is not None
    assert_as_strict(json.dumps({"UserDetailList": entries}))
    for key in ('a"b', "a\\", "", "two\nlines", "a:b", "\U0001f600"):
        assert_as_strict(json.dumps({"UserDetailList": [{**entries[0], key: 1}, *entries[1:5]]}))
    many = [{**one, **{f"New{i}x{j}": j for j in range(20)}} for i, one in enumerate(users(10))]
    assert_as_strict(json.dumps({"UserDetailList": many}))
    twice = json.dumps({"UserDetailList": entries}).replace('"Arn2": "x"', '"Arn2": {"b": 1, "b": 1}')
    assert assert_as_strict(twice)[0] == "DUPLICATE_KEY"


def test_what_ends_within_an_entry_is_never_taken_for_its_end() -> None:
    def role(name: str) -> dict[str, Json]:
        profile = {"Path": "/", "Roles": [{"Path": "/"}, {"Path": '/"},{"Path":'}]}
        rest = {"AssumeRolePolicyDocument": TRUST, "InstanceProfileList": [profile, profile]}
        return {"Path": "/", "RoleName": name, "Arn": f"{A}role/{name}", **rest}

    text = json.dumps({"RoleDetailList": [role(name) for name in "abcd"]}, separators=(",", ":"))
    strict = ended(lambda: strictly(text))
    for most in range(1, len(text) // 2, 3):
        assert ended(lambda: in_pieces(text, 97, most)) == strict  # noqa: B023 - called at once


def test_of_entries_that_stand_twice_the_first_of_the_dump_is_kept_or_named() -> None:
    role = {"RoleName": "r", "Arn": f"{A}role/r", "AssumeRolePolicyDocument": TRUST}
    odd = {**role, "RoleLastUsed": None}
    for first, second in ((role, odd), (odd, role)):
        for which in (first, second):
            pages = [{"RoleDetailList": [{**one, "Tags": []} if one is which else one]} for one in (first, second)]
            assert_as_strict(json.dumps(pages))
    other = [{**role, "RoleName": "s", "Arn": f"{A}role/s", "Path": path} for path in ("/a/", "/b/")]
    clash = [{**odd, "Path": "/a/"}, *other, role]
    assert f"{A}role/s" in assert_as_strict(json.dumps({"RoleDetailList": clash}))[1]


def test_the_accounts_number_is_told_alike_by_strange_arns() -> None:
    front, other = "arn:a/b:iam::111122223333:user/", "arn:ab:iam::444455556666:user/"
    usual = [{"UserName": name, "Arn": f"{A}user/{name}"} for name in "ab"]
    strange = [{"UserName": "x", "Arn": f"{one}x", "Path": one.removeprefix("arn:a")} for one in (front, other)]
    for listed in ([usual[0], *strange, usual[1]], usual + strange[::-1], strange + usual, usual + strange[:1]):
        text = json.dumps({"UserDetailList": listed})
        assert_as_strict(text)
        assert (ended(lambda: parse_account(text))[0] == "MIXED_ACCOUNTS") is (strange[1] in listed)  # noqa: B023 - called at once


def test_two_owners_whose_policies_have_one_key_are_told_apart_alike() -> None:
    def entry(name: str, policy: str, action: str) -> Json:
        document = {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}
        inline = [{"PolicyName": policy, "PolicyDocument": document}]
        return {"UserName": name, "Arn": f"{A}user/{name}", "UserPolicyList": inline}

    entries = [entry("a/b", "p", "a:b"), entry("a", "b/p", "c:d")]
    for listed in (entries, entries[::-1]):
        text = json.dumps({"UserDetailList": listed})
        assert_as_strict(text)
        assert grants_table(parse_account(text))["action"].tolist() == ["a:b"]


def test_a_long_trust_policy_is_plain_and_a_deep_condition_is_left_to_the_strict_reader() -> None:
    def account(trust: Json, value: Json) -> str:
        statement = {"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"Bool": {"a:b": value}}}
        inline = [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]
        role = {"RoleName": "r", "Arn": f"{A}role/r", "AssumeRolePolicyDocument": trust, "RolePolicyList": inline}
        return written({"RoleDetailList": [role]}, random.Random(0))

    statement = {key: value for key, value in TRUST["Statement"].items() if key != "Sid"}  # type: ignore[attr-defined]  # an object
    long = {"Statement": [statement] * 30}
    assert parse_account(account(long, "true")).packed is not None
    assert_as_strict(account(long, "true"))
    for depth in (40, 100, 100_000):
        assert_as_strict(account(long, Spelt("[" * depth + "]" * depth)))


def test_how_deep_an_entry_may_be_is_the_strict_readers_to_say() -> None:
    role = {"RoleName": "r", "Arn": f"{A}role/r", "AssumeRolePolicyDocument": TRUST}
    for depth in (3, 40, 100, 600, 100_000):
        deep = {**role, "Arn": f"{A}role/d", "InstanceProfileList": Spelt("[" * depth + "]" * depth)}
        strict = assert_as_strict(written({"RoleDetailList": [role, deep, role]}, random.Random(0)))
        assert (strict[0] == "TOO_DEEP") is (depth == 100_000)


# Packed until asked ---


def some_account() -> Snapshot:
    account = read_account(example_account_path())
    assert account.packed is not None
    return account


def test_an_account_stays_packed_until_somebody_asks_who_is_in_it() -> None:
    text = example_account_path().read_text(encoding="utf-8")
    with patch.object(PackedAccount, "made", side_effect=AssertionError("made")):
        account = parse_account(text).changed(date="2024-05-06")
        assert (account.date, account.size, coverage_of(account)[0].read) == (
            "2024-05-06",
            len(account.packed),
            account.size,
        )
        assert len(grants_table(account)) > 100
        assert account.account_id == "111122223333"
    with patch.object(PackedAccount, "made", autospec=True, side_effect=PackedAccount.made) as made:
        assert account.principal("user/maria").name == "maria"
        assert account.groups
        assert account.size == len(account.principals) + len(account.groups) + len(account.policies)
    assert made.call_count == 1
    with pytest.raises(AttributeError, match="no principal_s"):
        _ = account.principal_s  # type: ignore[attr-defined]  # that is what is tested


def test_copies_of_a_packed_account_are_the_account() -> None:
    expected = told(some_account())
    for again in (
        pickle.loads(pickle.dumps(some_account())),  # noqa: S301 - dumped here
        copy.copy(some_account()),
        copy.deepcopy(some_account()),
        replace(some_account()),
        some_account().changed(groups=some_account().groups),
    ):
        assert again == some_account()
        assert hash(again) == hash(some_account())
        assert repr(again) == repr(some_account())
        assert told(again) == expected
        assert again.size == some_account().size
        pd.testing.assert_frame_equal(grants_table(again), grants_table(some_account()))
    changed = replace(some_account(), groups=())
    assert (changed.packed, changed.groups, changed == some_account()) == (None, (), False)


def test_what_is_kept_packed_holds_no_text_that_nobody_asks_for() -> None:
    account = parse_account(json.dumps(full()))
    kept = pickle.dumps(account.packed)
    assert b"runner" in kept
    for text in (b"instance-profile", b"us-east-1", b"Effect", b"PolicyArn", b"PermissionsBoundaryArn"):
        assert text not in kept


# Its table ---


@settings(max_examples=150, derandomize=True, deadline=None)
@given(SEEDS, st.sampled_from([90, 700, 100_000]))
def test_the_table_of_a_packed_account_is_that_of_its_policies(seed: int, most: int) -> None:
    rng = random.Random(seed)
    making = Making(rng, 0.02)
    page = {kind: [making.entry(kind, i) for i in range(rng.choice((0, 1, 4)))] for kind in LISTS}
    try:
        account = in_pieces(written(page, rng), 10_000, most)
    except AccountError:
        return
    straight = grants_table(account)
    policies = (*account.identity_policies(), *account.trust_policies())
    pd.testing.assert_frame_equal(straight, grants_table(list(policies)))


def test_several_threads_may_ask_a_packed_account_at_once() -> None:
    account = parse_account(json.dumps({"UserDetailList": [{"UserName": "ana", "Arn": f"{A}user/ana"}]}))
    asked = threading.Barrier(4)

    def ask(_: int) -> tuple[int, int]:
        asked.wait()
        return len(account.principals), len(account.groups)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {(1, 0)}
    assert account.packed is None
