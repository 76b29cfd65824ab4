"""An account read piece by piece is the account read at once, and what is refused at once is refused in pieces."""

from __future__ import annotations

import copy
import gzip
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.account import chunks, stream
from lexgraph.account.details import Details
from lexgraph.account.model import Snapshot
from lexgraph.account.packed.documents import Documents, TrustDocuments
from lexgraph.account.packed.plain import NotPlain, Parts, PlainReader
from lexgraph.account.packed.unpacking import parts_of
from lexgraph.account.pages import load_pages, parse_account, read_account_files
from lexgraph.account.pausing import collector_paused
from lexgraph.account.readers import example_account_path
from lexgraph.account.stream import read_text
from lexgraph.catalog.managed import managed_documents, managed_names
from lexgraph.errors import AccountError, DocumentError
from lexgraph.policy.jsontext import load_json
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import inspect_policy
from lexgraph.policy.reader import PolicyReader
from tests.documents import bad_documents
from tests.hostile import hostile_dump
from tests.hostile_documents import hostile_documents

A = "arn:aws:iam::111122223333:"
ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lex.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
SIZES = (1, 7, 64, 1_000)


def user(name: str = "ana", document: Any = ALLOW, **more: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "own", "PolicyDocument": document}]
    return {"UserName": name, "Arn": f"{A}user/{name}", "UserPolicyList": inline, **more}


def role(name: str = "runner", document: Any = TRUST) -> dict[str, Any]:
    return {"RoleName": name, "Arn": f"{A}role/{name}", "AssumeRolePolicyDocument": document}


def told(error: DocumentError) -> tuple[Any, ...]:
    return error.code, error.message, error.pointer, error.line, error.column, tuple(map(told, error.others))


def in_pieces(text: str, size: int) -> Snapshot:
    """The account in a text that comes in pieces, with few entries read at once, so that many lie in two pieces."""
    details = Details("a.json")
    with patch.multiple(stream, MOST_AT_ONCE=3 * size, FEWEST_AT_ONCE=1):
        read_text((text[i : i + size] for i in range(0, len(text), size)), details, source="a.json")
    return details.snapshot()


def ended(read: Any) -> tuple[Any, ...]:
    """What came of reading: the account and what in it could not be read, or the error."""
    try:
        found = read()
    except AccountError as error:
        return told(error)
    if isinstance(found, tuple):
        return (found,)
    return replace(found, sha256="", unreadable=()), [
        (b.owner, b.name, b.partial, told(b.error)) for b in found.unreadable
    ]


def assert_alike(text: str, *sizes: int) -> tuple[Any, ...]:
    whole = ended(lambda: parse_account(text, source="a.json"))
    for size in sizes or SIZES:
        assert ended(lambda: in_pieces(text, size)) == whole, size  # noqa: B023 - called at once
    return whole


# Pieces ---


def test_every_division_into_pieces_gives_the_same_account() -> None:
    text = example_account_path().read_text(encoding="utf-8")
    found, bad = assert_alike(text, 3, 100, 10_000)
    assert (len(found.principals), bad) == (34, [])


def test_what_is_wrong_in_a_hostile_account_is_told_alike_in_pieces() -> None:
    _, bad = assert_alike(json.dumps(hostile_dump(), indent=1, ensure_ascii=False), 50, 4_000)
    assert len(bad) > 50
    assert all(line for *_, (_, _, _, line, _, _) in bad)


def documents() -> list[tuple[Kind, str]]:
    return [(kind, text.replace("«", "")) for kind, text, *_ in (*bad_documents(), *hostile_documents())]


@pytest.mark.parametrize("form", ["as it is", "as text", "url-encoded"])
def test_every_hostile_document_is_told_alike_in_pieces(form: str) -> None:
    codes = set()
    for kind, text in documents():
        holder = role if kind == "trust" else user
        name = "RoleDetailList" if kind == "trust" else "UserDetailList"
        dump = json.dumps({name: [holder(document="?"), holder("zoe")]}, indent=2)
        written = {
            "as it is": text,
            "as text": json.dumps(text),
            "url-encoded": json.dumps(quote(text, errors="replace")),
        }
        found = assert_alike(dump.replace('"?"', written[form]), 37)
        codes.add(found[0] if isinstance(found[0], str) else found[1][0][3][0] if found[1] else "read")
    assert len(codes) > (15 if form == "as it is" else 12)


CHARACTERS = '{}[]",:\\0-1eNntu/* \n\u00e9\u0430\ud800'


def damaged(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text))
        end = min(len(text), at + rng.choice((0, 1, 1, 2, 9, 80)))
        again = text[at : at + rng.choice((10, 60, 200))] if rng.random() < 0.3 else ""
        text = text[:at] + again + "".join(rng.choices(CHARACTERS, k=rng.randint(0, 2))) + text[end:]
    return text


@cache
def small_dump() -> str:
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": f"{A}policy/P"}
    versions = [{"VersionId": "v2", "Document": ALLOW}, {"VersionId": "v1", "Document": quote(json.dumps(ALLOW))}]
    page = {
        "UserDetailList": [user(Tags=[{"Key": "a", "Value": "b"}], PermissionsBoundary=boundary, GroupList=["desk"])],
        "GroupDetailList": [{"GroupName": "desk", "Arn": f"{A}group/desk", "GroupPolicyList": []}],
        "RoleDetailList": [
            {**role(), "InstanceProfileList": [{"Roles": [role()]}], "RoleLastUsed": {"Region": "a\u00e9"}},
        ],
        "Policies": [
            {"PolicyName": "P", "Arn": f"{A}policy/P", "DefaultVersionId": "v2", "PolicyVersionList": versions,
             "AttachmentCount": 1},
        ],
        "IsTruncated": False,
    }  # fmt: skip
    return json.dumps(page, indent=1)


def reshaped(text: str, rng: random.Random) -> str:
    """A dump in which something is dropped, called otherwise, doubled, or of another type."""
    value = json.loads(text)
    for _ in range(rng.randint(1, 2)):
        holder, depth = value, rng.randint(1, 7)
        while depth and isinstance(inner := holder[rng.choice(places(holder))], dict | list) and inner:
            holder, depth = inner, depth - 1
        place = rng.choice(places(holder))
        old = holder[place]
        new = rng.choice((None, "", "x", 3, True, [], {}, [old], {"Statement": old}, [old, old], NOTHING))
        if isinstance(holder, list):
            holder[place : place + 1] = [] if new is NOTHING else [new]
        else:  # in its place: what is wrong first is told first
            name = rng.choice((place, place, "Arn", "Value", "Document"))
            rest = [(name if key == place else key, new if key == place else held) for key, held in holder.items()]
            holder.clear()
            holder.update((key, held) for key, held in rest if held is not NOTHING)
        if not value:
            break
    return json.dumps(value, indent=1)


NOTHING = object()


def places(value: Any) -> list[Any]:
    return list(value) if isinstance(value, dict) else list(range(len(value)))


@settings(max_examples=600, derandomize=True, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.booleans(),
    st.sampled_from([damaged, reshaped, reshaped]),
    st.integers(1, 400),
)
def test_a_damaged_account_is_read_or_refused_alike_in_pieces_and_as_parsed_json(
    rng: random.Random, listed: bool, harm: Any, size: int
) -> None:
    text = harm(f"[{small_dump()}, {small_dump()}]" if listed else small_dump(), rng)
    found = assert_alike(text, size)
    parsed = ended(lambda: load_pages(text))
    if isinstance(parsed[0], str):
        # Where there is more than one error, the first to be met may be another one.
        assert {found[0], parsed[0]} <= {"JSON_SYNTAX_ERROR", "DUPLICATE_KEY", "INVALID_CHARACTER", "TOO_DEEP"}
        return
    strict = ended(lambda: parse_account(load_json(text), source="a.json"))
    if isinstance(strict[0], str):
        assert (found[0], found[2]) == (strict[0], strict[2])
    else:
        assert found[0] == strict[0]
        assert list(map(brief, found[1])) == list(map(brief, strict[1]))


def brief(bad: tuple[Any, ...]) -> tuple[Any, ...]:
    owner, name, partial, (code, _, pointer, *_) = bad
    return owner, name, partial, code, pointer


def test_damage_is_neither_tame_nor_wild() -> None:
    rng, codes = random.Random(3), []
    for harm in (damaged, reshaped, reshaped):
        for _ in range(100):
            found = ended(lambda: parse_account(harm(small_dump(), rng)))  # noqa: B023 - called at once
            codes.append(found[0] if isinstance(found[0], str) else "unreadable" if found[1] else "read")
    assert len(set(codes)) >= 5
    assert min(map(codes.count, ("read", "unreadable", "DATA_TYPE_MISMATCH"))) > 10


# The quick reader and the strict one ---


def same(policy: Policy, parts: Any) -> bool:
    """Whether two readings are equal, in how their JSON was written too."""
    mine = (policy.statements, policy.version, policy.id, policy.lone_statement)
    forms = [
        [(s.actions.form, s.resources and s.resources.form, s.principals and s.principals.form,
          [(t.lone, *map(type, t.values)) for t in s.conditions]) for s in statements]
        for statements in (policy.statements, parts[0])
    ]  # fmt: skip
    return mine == parts and forms[0] == forms[1]


def quickly(text: str, *, trust: bool) -> Parts:
    """What the quick reader makes of a document. Raises NotPlain."""
    documents = (TrustDocuments if trust else Documents)(PlainReader())
    if documents.add([text])[1]:
        raise NotPlain
    return parts_of(documents)[0]


def test_what_the_quick_reader_reads_the_strict_one_reads_too() -> None:
    read = 0
    written: list[tuple[Kind, str]]
    written = [("identity", json.dumps(one.document)) for one in managed_documents(managed_names())]
    for kind, text in (*written, *documents()):
        if kind not in ("identity", "trust"):
            continue
        try:
            parts = quickly(text, trust=kind == "trust")
        except NotPlain:
            continue
        policy, problems = inspect_policy(text, kind=kind)
        assert not problems, text
        assert same(policy, parts), text  # type: ignore[arg-type]  # there is a policy where there is no problem
        read += 1
    assert read >= len(written)


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.sampled_from([json.dumps(ALLOW, indent=0), json.dumps(TRUST, indent=0)]), st.randoms(use_true_random=False))
def test_of_a_damaged_document_too(text: str, rng: random.Random) -> None:
    text = damaged(text, rng)
    for trust in (True, False):
        try:
            parts = quickly(text, trust=trust)
        except NotPlain:
            continue
        policy = PolicyReader("trust" if trust else "identity", None).policy(load_json(text), "p", None)
        assert policy is not None, text
        assert same(policy, parts), text


@pytest.mark.parametrize("element", ["Action", "NotAction", "Resource", "NotResource"])
def test_a_pattern_of_several_lines_is_read_as_the_strict_reader_does(element: str) -> None:
    for pattern in ("a:b\nc:d", "a:b\n*", "arn:a\narn:b", "*\n*", "\n", "a:b\n", ""):
        for value in (pattern, [pattern], ["a:b", pattern], [pattern, pattern]):
            statement = {"Effect": "Allow", "Action": "a:b", "Resource": "*", element: value}
            if element.startswith("Not"):
                del statement[element.removeprefix("Not")]
            found = assert_alike(json.dumps({"UserDetailList": [user(document={"Statement": statement})]}), 50)
            strict, problems = inspect_policy({"Statement": statement}, name="own", arn=f"{A}user/ana/own")
            assert [code for *_, (code, *_) in found[1]] == [problem.code for problem in problems[:1]]
            assert problems or found[0].principals[0].inline == (strict,)


def test_a_number_is_never_taken_for_the_text_that_spells_it() -> None:
    def document(value: str) -> str:
        test = '{"NumericEquals": {"a:b": ?}}'.replace("?", value)
        return f'{{"Statement": {{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {test}}}}}'

    entries = [user(name, f"?{value}") for name, value in (("a", '"1"'), ("b", "1"), ("c", '["1"]'), ("d", "[1]"))]
    text = json.dumps({"UserDetailList": entries})
    for value in ('"1"', "1", '["1"]', "[1]"):
        text = text.replace(json.dumps(f"?{value}"), document(value))
    account = parse_account(text)
    kinds = [p.inline[0].statements[0].conditions[0] for p in account.principals]
    assert [(type(test.values[0]).__name__, test.lone) for test in kinds] == [
        ("str", True), ("Number", True), ("str", False), ("Number", False),
    ]  # fmt: skip


@pytest.mark.parametrize("count", ['"3"', "3", '"\u00b2"', "9" * 5_000, "true", "null", "-1", "1.5"])
def test_a_count_that_is_no_whole_number_is_not_known(count: str) -> None:
    policy = {"PolicyName": "P", "Arn": f"{A}policy/P", "DefaultVersionId": "v1", "AttachmentCount": "?"}
    policy["PolicyVersionList"] = [{"VersionId": "v1", "Document": ALLOW}]  # type: ignore[assignment]  # a list, for once
    text = json.dumps({"Policies": [policy]}).replace('"?"', count)
    for read in (parse_account(text), parse_account(load_json(text))):
        assert read.policies[0].attachment_count == (3 if "3" in count else None)


def test_equal_documents_share_their_statements_and_different_ones_their_elements() -> None:
    other = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "lex:*", "Resource": "*"}]}
    account = parse_account(json.dumps({"UserDetailList": [user(), user("ben"), user("cai", other)]}))
    ana, ben, cai = (principal.inline[0] for principal in account.principals)
    assert ana.statements is ben.statements
    assert ana.statements[0].actions is cai.statements[0].actions
    assert (ana.key, ben.key) == (f"{A}user/ana/own", f"{A}user/ben/own")


# Limits ---


def test_an_entry_larger_than_any_is_refused_however_it_is_read(monkeypatch: Any) -> None:
    monkeypatch.setattr("lexgraph.account.window.MOST_CHARACTERS", 50_000)
    monkeypatch.setattr("lexgraph.account.stream.MOST_AT_ONCE", 5_000)
    for junk in ('"' + "x" * 50_000 + '"', "[" + "1," * 25_000 + "1]", '"' + "x" * 200_000):
        text = '{"Policies": [], "UserDetailList": [{}, {"UserName": ' + junk + "}]}"
        found = assert_alike(text, 1_000)
        assert (found[0], found[2]) == ("TOO_LARGE", "/UserDetailList/1")
    keys = ",".join(f'"{i}": 1' for i in range(10_001))
    assert assert_alike(f"{{{keys}}}", 5_000)[0] == "TOO_LARGE"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_a_deep_entry_is_refused_however_it_is_read(opening: str) -> None:
    for text in (opening * 20_000, f'{{"UserDetailList": [{opening * 20_000}'):
        assert assert_alike(text, 999)[0] == "TOO_DEEP"


def test_much_white_space_costs_nothing() -> None:
    text = "[" + " " * 3_000_000 + small_dump() + "\n" * 3_000_000 + "]"
    assert len(in_pieces(text, 100_000).principals) == 2
    error = ended(lambda: in_pieces(text[:-1] + "x", 100_000))
    lines = text.count("\n") + 1
    assert error[:5] == ("JSON_SYNTAX_ERROR", "this is not JSON: Expecting ',' delimiter", "", lines, 1)


# Files ---


def test_an_error_at_the_end_of_a_long_file_has_its_line_and_column(tmp_path: Any) -> None:
    path = tmp_path / "a.json"
    entries = [json.dumps(user(f"u{i}")) for i in range(20_000)]
    path.write_text('{"UserDetailList": [\n' + ",\n".join(entries) + ",\n  {}]}")
    assert path.stat().st_size > 2 * chunks.CHUNK
    with pytest.raises(AccountError, match=r"Arn is missing \(a.json:20002:3, /UserDetailList/20000\)"):
        read_account_files([path])


def test_a_compressed_file_is_read_in_pieces_and_in_several_members(tmp_path: Any) -> None:
    data = small_dump().encode()
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(data[:100]) + gzip.compress(data[100:]) + b"\0" * 20)
    plain = tmp_path / "a.json"
    plain.write_bytes(data)
    found, expected = read_account_files([path]), read_account_files([plain])
    assert replace(found, sha256="", source="") == replace(expected, sha256="", source="")
    assert found == parse_account(path.read_bytes(), source="a.json.gz")
    assert expected == parse_account(data, source="a.json")


@pytest.mark.parametrize(
    "data, code",
    [
        (gzip.compress(b" " * 50_000_000), "TOO_LARGE"),
        (gzip.compress(b"{}" * 1000)[:-10], "INVALID_ENCODING"),
        (gzip.compress(b"{}") + b"more", "INVALID_ENCODING"),
        (gzip.compress(gzip.compress(b"{}")), "INVALID_ENCODING"),
        (b"\x1f\x8b nothing", "INVALID_ENCODING"),
        (b"\xff\xfe{", "INVALID_ENCODING"),
        (b"PK\x03\x04", "INVALID_ENCODING"),
        (b'{"UserDetailList": [' + b" " * 2_000_000 + b"\xff]}", "INVALID_ENCODING"),
        (b'{"UserDetailList": [3, ' + b" " * 2_000_000 + b"\xff]}", "INVALID_ENCODING"),
        (b'{"Policies": [], "Policies": []}', "DUPLICATE_KEY"),
        (b"", "JSON_SYNTAX_ERROR"),
        (b"\xef\xbb\xbf3", "NOT_AN_ACCOUNT"),
    ],
)
def test_a_file_and_its_bytes_are_refused_alike(data: bytes, code: str, tmp_path: Any) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    found = ended(lambda: read_account_files([path]))
    assert found[0] == code
    assert found == ended(lambda: parse_account(data, source="a.json"))


ORGANIZATION = {
    "Organization": {"Id": "o-1", "MasterAccountId": "111122223333"},
    "Roots": [{"Id": "r-1"}],
    "Policies": [{"Id": "p-1", "Name": "fence", "Type": "SERVICE_CONTROL_POLICY", "Content": "{}"}],
}


@pytest.mark.parametrize(
    "value, words",
    [
        (ORGANIZATION, "describes an organization"),
        (dict(reversed(ORGANIZATION.items())), "describes an organization"),
        ([{"ResourceArn": "arn:aws:s3:::x", "Policy": None}], "holds policies of resources"),
        ({"Statement": []}, "is a policy document"),
    ],
)
def test_another_file_than_an_account_is_called_by_its_name(value: Any, words: str) -> None:
    for data in (value, json.dumps(value)):
        with pytest.raises(AccountError, match=f"it {words}") as caught:
            parse_account(data)
        assert caught.value.code == "NOT_AN_ACCOUNT"


def test_a_byte_order_mark_is_passed_and_characters_may_be_cut_anywhere(monkeypatch: Any, tmp_path: Any) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(
        b"\xef\xbb\xbf" + json.dumps({"UserDetailList": [user("\u00e9\U0001f600")]}, ensure_ascii=False).encode()
    )
    monkeypatch.setattr("lexgraph.account.pages.CHUNK", 1)
    assert read_account_files([path]).principals[0].name == "\u00e9\U0001f600"


def test_a_pipe_is_read_as_a_file_is(tmp_path: Any) -> None:
    for data, code in ((gzip.compress(small_dump().encode()), None), (gzip.compress(b" " * 50_000_000), "TOO_LARGE")):
        pipe = tmp_path / f"pipe-{code}"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(data,))
        writer.start()
        found = ended(lambda: read_account_files([pipe]))  # noqa: B023 - called at once
        writer.join()
        assert found[0] == code if code else len(found[0].principals) == 2


def test_pages_in_several_files_are_one_account_and_errors_name_the_file(tmp_path: Any) -> None:
    pages = [{"UserDetailList": [user()], "IsTruncated": True}, {"UserDetailList": [user("ben")], "IsTruncated": False}]
    paths = [tmp_path / f"page-{i}.json" for i in range(2)]
    for path, page in zip(paths, pages, strict=True):
        path.write_text(json.dumps(page))
    found = read_account_files(paths, source="folder")
    assert replace(found, sha256="") == replace(parse_account(copy.deepcopy(pages), source="folder"), sha256="")
    assert found.notes == ()
    assert "more pages follow" in read_account_files(paths[::-1]).notes[0]
    paths[1].write_text('{"UserDetailList": [{}]}')
    with pytest.raises(AccountError) as caught:
        read_account_files(paths, names=["pages/1", "pages/2"], source="folder")
    assert (caught.value.source, caught.value.pointer) == ("pages/2", "/UserDetailList/0")
    for files, code in (([tmp_path / "none.json"], "UNREADABLE"), ([tmp_path], "UNREADABLE"), ([], "NOT_AN_ACCOUNT")):
        with pytest.raises(AccountError) as caught:
            read_account_files(files)
        assert caught.value.code == code


# Memory and work ---


def large(size: int) -> Iterator[str]:
    """The text of an account of about so many characters, whose documents are few."""
    yield '{"UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": ['
    statements = [
        {"Sid": f"s{i}", "Effect": "Allow", "Action": f"s3:Get{i}", "Resource": f"arn:aws:s3:::{i}"} for i in range(120)
    ]
    documents = [{"Version": "2012-10-17", "Statement": statements[i:] + statements[:i]} for i in range(20)]
    written = 0
    while written < size:
        entry = {
            **role(f"r{written}"),
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": documents[written % 20]}],
        }
        text = ("," if written else "") + json.dumps(entry)
        written += len(text)
        yield text
    yield "]}"


MEASURED = """
import resource, sys
from lexgraph.account.pages import read_account_files
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
account = read_account_files(sys.argv[1:])
print(len(account.principals), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_file_much_larger_than_what_it_says_is_read_in_little_memory(tmp_path: Any) -> None:
    path = tmp_path / "a.json"
    with path.open("w") as file:
        file.writelines(large(60_000_000))
    # A process of its own; a child of this one would begin with the most that this one ever had.
    launcher = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {MEASURED!r}, {str(path)!r}], check=True)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", launcher], capture_output=True, text=True, check=True)
    principals, megabytes = map(int, done.stdout.split())
    assert principals > 3_000
    assert megabytes < 40


def test_the_collector_rests_while_an_account_is_read_and_works_afterwards() -> None:
    import gc

    frozen = gc.get_freeze_count()
    with collector_paused():
        assert not gc.isenabled()
        kept = [{"a": i} for i in range(1_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
    cycle: list[Any] = kept[:1]
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
