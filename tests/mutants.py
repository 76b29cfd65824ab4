"""Mutants of real policies: one change or a few at random, in the document or in its text; and what must hold of each.

A mutant is read as AWS's own policies are. It is parsed or refused; it never ends in another exception, and what is
parsed says no more and no less than its text, as an independent reader sees it.
"""

from __future__ import annotations

import copy
import gzip
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

from lexgraph.errors import PolicyError
from lexgraph.policy.grammar import MAX_CHARACTERS
from lexgraph.policy.jsontext import load_json
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import inspect_policy, parse_policy
from lexgraph.policy.write import policy_document, write_policy
from tests.documents import places_in, same

Json = Any
DECEPTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST_MESSAGE = 1_500
ODD = ["\u00e9", "\u00ad", "\u0430", "\u200b", "\u202e", "\x00", "\x1b[31m", "\ud800", "\U0001f600", "\u212a", "<b>"]
OTHERS = [
    None,
    True,
    False,
    0,
    1.5,
    -1,
    10**30,
    1e300,
    "",
    "*",
    "${*}",
    "=1+1",
    [],
    {},
    [[]],
    [None],
    ["*"],
    {"a": "b"},
]
CONDITION = {"StringEquals": {"aws:PrincipalTag/a": ["b", 1, True]}, "NumericLessThan": {"s3:max-keys": 10}}


# Changes of the document ----------------------------------------------------------------------------------------------


def pick(document: Json, rng: Random, kinds: type | tuple[type, ...] = object) -> tuple[Json, Json] | None:
    """A random value of a kind within a document, as its owner and its key."""
    found = []
    for *path, last in places_in(document)[1:]:
        owner = document
        for step in path:
            owner = owner[step]
        if isinstance(owner[last], kinds):
            found.append((owner, last))
    return rng.choice(found) if found else None


def change(document: Json, rng: Random, kinds: type | tuple[type, ...], how: Callable[[Json], Json]) -> None:
    if place := pick(document, rng, kinds):
        owner, key = place
        owner[key] = how(owner[key])


def drop(document: Json, rng: Random) -> None:
    if place := pick(document, rng):
        owner, key = place
        del owner[key]


def rename(document: Json, rng: Random) -> None:
    place = pick(document, rng)
    if place and isinstance(place[0], dict):
        owner, key = place
        new = rng.choice([key.lower(), key.upper(), key[:-1], f"{key}s", f"Not{key}", key + rng.choice(ODD), ""])
        owner[new] = owner.pop(key)


def other_type(document: Json, rng: Random) -> None:
    change(document, rng, object, lambda _: copy.deepcopy(rng.choice(OTHERS)))


def list_or_lone(document: Json, rng: Random) -> None:
    change(document, rng, (str, list), lambda v: [v] if isinstance(v, str) else (v[0] if v else v))


def empty(document: Json, rng: Random) -> None:
    change(document, rng, (list, dict), lambda v: type(v)())


def odd_character(document: Json, rng: Random) -> None:
    def inserted(text: str) -> str:
        at = rng.randint(0, len(text))
        return text[:at] + rng.choice(ODD) + text[at:]

    change(document, rng, str, inserted)


def wildcard(document: Json, rng: Random) -> None:
    change(document, rng, str, lambda text: text[: rng.randint(0, len(text))] + rng.choice("*?"))


def other_effect(document: Json, rng: Random) -> None:
    statement = any_statement(document, rng)
    if statement is not None:
        statement["Effect"] = rng.choice(["Allow", "Deny", "Allow", "Deny", "allow", "DENY"])


def turned(document: Json, rng: Random) -> None:
    """The elements of a statement in another order, which means the same."""
    statement = any_statement(document, rng)
    if statement is not None:
        items = list(statement.items())
        rng.shuffle(items)
        statement.clear()
        statement.update(items)


def added_element(document: Json, rng: Random) -> None:
    statement = any_statement(document, rng)
    if statement is not None:
        name = rng.choice(["Condition", "Sid", "Principal", "NotAction", "NotResource", "Comment", "Condtion"])
        statement[name] = copy.deepcopy(rng.choice([CONDITION, {}, "", "*", [], {"Bool": {}}, "Sid1"]))


def condition_added(document: Json, rng: Random) -> None:
    statement = any_statement(document, rng)
    if statement is not None:
        statement["Condition"] = copy.deepcopy(CONDITION)


def repeated(document: Json, rng: Random) -> None:
    change(document, rng, list, lambda v: [*v, *copy.deepcopy(v)])


def nested(document: Json, rng: Random) -> None:
    def deeper(value: Json) -> Json:
        for _ in range(rng.choice([1, 2, 70, 200])):
            value = rng.choice([[value], {"a": value}])
        return value

    change(document, rng, object, deeper)


def long_text(document: Json, rng: Random) -> None:
    change(document, rng, str, lambda text: text + text[-1:] * rng.choice([1, 100, 5_000]))


def any_statement(document: Json, rng: Random) -> dict[str, Json] | None:
    found = document.get("Statement") if isinstance(document, dict) else None
    several = [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]
    return rng.choice(several) if several else None


# Changes of the text --------------------------------------------------------------------------------------------------


def cut_short(text: str, rng: Random) -> str:
    return text[: rng.randint(0, len(text))]


def key_twice(text: str, rng: Random) -> str:
    at = rng.choice([found.end() for found in re.finditer("{", text)] or [0])
    key = rng.choice(['"Effect": "Allow"', '"Action": "*"', '"Version": "2012-10-17"', '"Resource": "*"'])
    return f"{text[:at]}{key}, {text[at:]}"


def comment(text: str, rng: Random) -> str:
    at = rng.choice([found.end() for found in re.finditer("[{,]", text)] or [0])
    return text[:at] + rng.choice(["// why\n", "/* why */", "# why\n"]) + text[at:]


def white_space(text: str, rng: Random) -> str:
    at = rng.choice([found.end() for found in re.finditer("[{,:[]", text)] or [0])
    return text[:at] + rng.choice([" ", "\n", "\r\n", "\t", " " * 1_000, "\x0b", "\u00a0", "\u2028"]) + text[at:]


def one_character(text: str, rng: Random) -> str:
    at = rng.randrange(len(text)) if text else 0
    return text[:at] + rng.choice(["", '"', "{", "]", "\\", ",", ":", "\x00", "\ud800", "x", "0", "'"]) + text[at + 1 :]


def escaped_letter(text: str, rng: Random) -> str:
    """A letter as an escape, which means the same."""
    found = rng.choice([*re.finditer(r'(?<=")[A-Za-z]', text)] or [None])
    return text if found is None else f"{text[: found.start()]}\\u{ord(found.group()):04x}{text[found.end() :]}"


def odd_number(text: str, rng: Random) -> str:
    found = rng.choice([*re.finditer(r'"[^"\\]*"(?!\s*:)', text)] or [None])
    number = rng.choice(["NaN", "-Infinity", "1e999", "9" * 5_000, "-0", "1.0", "01", "1E+2", "0x1", "+1", "."])
    return text if found is None else text[: found.start()] + number + text[found.end() :]


def trailing_comma(text: str, rng: Random) -> str:
    at = rng.choice([found.start() for found in re.finditer(r"[}\]]", text)] or [0])
    return f"{text[:at]},{text[at:]}"


def other_encoding(text: str, rng: Random) -> str | bytes:
    raw = text.encode("utf-8", "surrogatepass")
    ways: list[Callable[[], str | bytes]] = [
        lambda: b"\xef\xbb\xbf" + raw,
        lambda: "\ufeff" + text,
        lambda: text.encode("utf-16", "surrogatepass"),
        lambda: text.encode("utf-16-le", "surrogatepass"),
        lambda: text.encode("latin-1", "replace"),
        lambda: gzip.compress(raw, mtime=0),
        lambda: quote(raw),
        lambda: json.dumps(text),
        lambda: text + text,
        lambda: text.replace("\n", "\r\n"),
    ]
    return rng.choice(ways)()


# The gentle ones stand several times, so that many mutants are still policies: only those can show that access widens.
DOCUMENT_CHANGES = (
    drop, rename, other_type, empty, odd_character, added_element, nested, other_effect,
    *3 * (list_or_lone, wildcard, turned, condition_added, repeated, long_text),
)  # fmt: skip
TEXT_CHANGES = (
    cut_short, key_twice, comment, one_character, odd_number, trailing_comma, other_encoding,
    *3 * (white_space, escaped_letter),
)  # fmt: skip


def mutant(document: Json, rng: Random) -> tuple[str | bytes, tuple[str, ...]]:
    """A mutant of a document, and the names of its changes."""
    made, names = copy.deepcopy(document), []
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        how = rng.choice(DOCUMENT_CHANGES)
        how(made, rng)
        names.append(how.__name__)
    text = json.dumps(made, indent=rng.choice([None, 1, 4]), ensure_ascii=rng.choice([True, True, False]))
    if names and rng.random() < 0.7:
        return text, tuple(names)
    last = rng.choice(TEXT_CHANGES)
    return last(text, rng), (*names, last.__name__)


# What must hold -------------------------------------------------------------------------------------------------------


def outcome(data: str | bytes, kind: Kind = "identity") -> str:
    """``parsed``, or the code with which a mutant is refused. Raises AssertionError where a law is broken."""
    policy, problems = inspect_policy(data, kind=kind, source="mutant.json")
    assert (policy is None) == bool(problems), "a policy and problems, or neither"
    if policy is None:
        for problem in problems[:50]:
            complain_about(problem)
        return problems[0].code
    says_what_its_text_says(policy, data)
    return "parsed"


def complain_about(problem: PolicyError) -> None:
    said = str(problem)
    assert isinstance(problem, PolicyError)
    assert problem.code.isupper(), problem.code
    assert len(said) <= LONGEST_MESSAGE, f"a message of {len(said)} characters"
    assert not DECEPTIVE.search(said), repr(said)
    assert problem.line is None or problem.column is not None


def says_what_its_text_says(policy: Policy, data: str | bytes) -> None:
    """Nothing is dropped, and nothing is added: neither by reading nor by writing."""
    written = write_policy(policy)
    # Indented, a large document may be longer than AWS takes; its value is read then.
    again = parse_policy(written if len(written) <= MAX_CHARACTERS else load_json(written), kind=policy.kind)
    assert again.statements == policy.statements, "the written policy has other statements"
    assert (again.version, again.id) == (policy.version, policy.id), "the written policy has another version or id"
    assert same(load_json(written), load_json(data)), "the written document differs from the one that was read"
    text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    assert same(policy_document(policy), json.loads(text, object_pairs_hook=each_key_once)), "the policy differs"


def each_key_once(items: list[tuple[str, Json]]) -> dict[str, Json]:
    keys = [key for key, _ in items]
    assert len(keys) == len(set(keys)), f"a key that stands twice was taken: {keys}"
    return dict(items)
