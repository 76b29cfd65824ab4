"""Patterns with ``*`` and ``?``, and ARNs part by part (rules S2, S6, R1 to R4, V3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.policy.arn import (
    account_of,
    compile_arn,
    is_arn,
    literal,
    pad,
    readable,
    short_name,
    split_arn,
)
from lexgraph.policy.patterns import ascii_lower, compile_glob, glob_match, is_pattern

PATTERNS = st.text("ab*?[", max_size=10)
TEXTS = st.text("ab[*?\n", max_size=12)
ANY = st.text(max_size=20)


def obvious(pattern: str, text: str) -> bool:
    """A matcher that nobody could get wrong, nor use on anything long."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return obvious(pattern[1:], text) or (text != "" and obvious(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and obvious(pattern[1:], text[1:])


class CountedText(str):
    """A text that counts how often a matcher looks into it."""

    __slots__ = ()
    steps = 0

    def find(self, *given: object) -> int:  # type: ignore[override] # the count is all that it adds
        type(self).steps += 1
        return super().find(*given)  # type: ignore[arg-type] # as above

    def __getitem__(self, at: object) -> str:  # type: ignore[override] # as above
        type(self).steps += 1
        return super().__getitem__(at)  # type: ignore[index] # as above


# Laws


@settings(max_examples=1_500)
@given(PATTERNS, TEXTS)
def test_a_pattern_matches_what_an_obvious_matcher_matches(pattern: str, text: str) -> None:
    assert glob_match(pattern, text) == obvious(pattern, text)


@given(PATTERNS, st.data())
def test_a_pattern_matches_every_text_made_from_it(pattern: str, data: st.DataObject) -> None:
    text = "".join(
        data.draw(TEXTS) if char == "*" else data.draw(st.characters()) if char == "?" else char for char in pattern
    )
    assert glob_match(pattern, text)


@given(ANY)
def test_a_text_without_wildcards_matches_itself_only(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert glob_match(plain, plain)
    assert not glob_match(plain, plain + "x")


@given(PATTERNS, TEXTS)
def test_two_stars_are_one_star(pattern: str, text: str) -> None:
    assert glob_match(pattern.replace("*", "**"), text) == glob_match(pattern, text)


@given(ANY)
def test_folding_touches_ascii_letters_only(text: str) -> None:
    assert ascii_lower(text) == "".join(char.lower() if "A" <= char <= "Z" else char for char in text)
    assert len(ascii_lower(text)) == len(text)


@given(TEXTS, TEXTS)
def test_a_literal_matches_itself_only(pattern: str, text: str) -> None:
    assert glob_match(literal(pattern), literal(text)) == (pattern == text)
    assert readable(literal(text)) == text.replace("*", "${*}").replace("?", "${?}")


@given(ANY)
def test_an_arn_is_split_at_its_first_five_colons(text: str) -> None:
    if "${" not in text:
        assert split_arn(text) == tuple(text.split(":", 5))
    assert ":".join(split_arn(text)) == text


@given(
    st.lists(st.text("ab*?", max_size=4), min_size=6, max_size=6),
    st.lists(st.text("ab", max_size=4), min_size=6, max_size=6),
)
def test_an_arn_matches_when_each_part_does(pattern: list[str], asked: list[str]) -> None:
    matches = compile_arn(":".join(pattern))
    assert matches(asked) == all(obvious(p, a) for p, a in zip(pattern, asked, strict=True))


@given(
    st.lists(st.text("ab*?", max_size=3), min_size=1, max_size=6),
    st.lists(st.text("ab", max_size=3), min_size=6, max_size=6),
)
def test_missing_parts_of_an_identity_policy_count_as_stars(pattern: list[str], asked: list[str]) -> None:
    padded = [*pattern, *["*"] * (6 - len(pattern))]
    assert compile_arn(":".join(pattern))(asked) == compile_arn(":".join(padded))(asked)


# Cases

Glob = Callable[[str], bool]


@pytest.mark.parametrize("text", ["a" * 100, "a" * 100 + "b", "b" + "a" * 100])
@pytest.mark.parametrize("unit", ["*a", "*?a", "*a?"])
def test_fifty_stars_are_answered_in_few_steps(unit: str, text: str) -> None:
    """S6: a backtracking matcher would not come back."""
    matches: Glob = compile_glob(unit * 50 + "*b")
    CountedText.steps = 0
    found = matches(CountedText(text))
    assert CountedText.steps <= 100 * 100
    assert found == text.endswith("ab")


def test_a_long_pattern_and_a_long_text_are_answered_in_few_steps() -> None:
    matches = compile_glob("*a" * 3_000 + "*b")
    CountedText.steps = 0
    assert not matches(CountedText("a" * 2_048))
    assert CountedText.steps <= 3_001


@pytest.mark.parametrize(
    "pattern, text, expected",
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("?", "", False),
        ("??", "a", False),
        ("*?", "", False),
        ("*?*", "a", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*a", "ab", False),
        ("[a-z]*", "a", False),
        ("[a-z]*", "[a-z]x", True),
        ("a[b]", "ab", False),
        ("a.c", "abc", False),
        ("a+", "aa", False),
        ("a|b", "a", False),
        ("(x", "(x", True),
        ("\\d", "1", False),
        ("^a$", "a", False),
        ("a{2}", "aa", False),
        ("!a", "b", False),
        ("bot/*", "bot/\n", True),
        ("bot/?", "bot/\n", True),
        ("*x", "a\nb\nx", True),
        ("a?c", "a\U0001f600c", True),
        ("k", "\u212a", False),
        ("K*", "\u212ax", False),
        ("é*", "éa", True),
    ],
)
def test_only_star_and_question_mark_are_special(pattern: str, text: str, expected: bool) -> None:
    assert glob_match(pattern, text) is expected


def test_kelvin_sign_and_dotless_i_are_not_folded() -> None:
    assert ascii_lower("\u212aMS:LİST\u0131") == "\u212ams:lİst\u0131"


@pytest.mark.parametrize("text, expected", [("a*", True), ("a?", True), ("a[b]", False), ("${a}", False), ("", False)])
def test_a_pattern_has_a_star_or_a_question_mark(text: str, expected: bool) -> None:
    assert is_pattern(text) is expected


@pytest.mark.parametrize(
    "pattern, asked, expected",
    [
        # R1: within a part, the sixth crosses everything
        ("arn:aws:lex:*:*:bot:*", "arn:aws:lex:us-east-1:111122223333:bot:Foo:prod", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b:c", True),
        ("arn:aws:s3:::*", "arn:aws:s3:::b", True),
        ("arn:*:bot", "arn:aws:lex:r:1:bot", False),
        ("arn:aws:lex:*:bot/A", "arn:aws:lex:r:1:bot/A", False),
        ("arn:aws:l*:1:bot/A", "arn:aws:lex:r:1:bot/A", False),
        ("arn:a?s:s3:::b", "arn:aws:s3:::b", True),
        ("arn:aws:s3:?::b", "arn:aws:s3:::b", False),
        ("arn:aws:s3:*::b", "arn:aws:s3:::b", True),
        # R2
        ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
        ("arn:aws:S3:::b", "arn:aws:s3:::b", False),
        # R3
        ("arn:aws:wafv2:*:*:*/webacl/*", "arn:aws:wafv2:r:1:regional/webacl/x/1", True),
        # R4
        ("arn:aws:s3", "arn:aws:s3:::b", True),
        ("arn:aws", "arn:aws:s3:::b", True),
        ("arn:aws:lex:r:1", "arn:aws:lex:r:1:bot/A", True),
        ("arn:aws:lex:r:2", "arn:aws:lex:r:1:bot/A", False),
        ("*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::a[b]", "arn:aws:s3:::ab", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/\n", True),
    ],
)
def test_an_arn_pattern_is_read_part_by_part(pattern: str, asked: str, expected: bool) -> None:
    assert compile_arn(pattern)(split_arn(asked)) is expected


@pytest.mark.parametrize("kind", ["resource", "endpoint", "trust"])
def test_a_short_arn_without_wildcard_matches_nothing_in_a_resource_policy(kind: str) -> None:
    asked = split_arn("arn:aws:s3:::b")
    assert not compile_arn("arn:aws:s3", kind=kind)(asked)
    assert compile_arn("arn:*:s3", kind=kind)(asked)
    assert compile_arn("arn:aws:*", kind=kind)(asked)
    assert compile_arn("*", kind=kind)(asked)
    assert (pad(("arn", "aws"), kind=kind), pad(("*",), kind=kind)) == (None, ("*",) * 6)


def test_a_colon_within_a_variable_does_not_split() -> None:
    pattern = "arn:aws:s3:::${aws:PrincipalTag/a, 'x:y'}/*"
    assert split_arn(pattern, variables=True) == ("arn", "aws", "s3", "", "", "${aws:PrincipalTag/a, 'x:y'}/*")
    assert split_arn("arn:*:kms:*:${aws:PrincipalAccount}:key/*", variables=True)[4] == "${aws:PrincipalAccount}"
    assert split_arn("${a:b}", variables=True) == ("${a:b}",)
    assert split_arn("${a:b}") == ("${a", "b}")
    assert split_arn("a:${b:c:d", variables=True) == ("a", "${b", "c", "d")


@pytest.mark.parametrize(
    "text, expected",
    [("arn:aws:s3:::b", True), ("arn:aws:s3::b", False), ("ARN:aws:s3:::b", False), ("", False), ("arn:::::", True)],
)
def test_an_arn_has_six_parts(text: str, expected: bool) -> None:
    assert is_arn(text) is expected


def test_the_account_of_an_arn_keeps_its_leading_zero() -> None:
    assert account_of("arn:aws:lex:r:012345678901:bot/A") == "012345678901"
    assert account_of("arn:aws:s3:::b") is account_of("arn:aws:iam::aws:policy/P") is account_of("b") is None


@pytest.mark.parametrize(
    "arn, name",
    [
        ("arn:aws:iam::111122223333:user/support/maria", "user/maria"),
        ("arn:aws:iam::111122223333:user/maria", "user/maria"),
        ("arn:aws:iam::111122223333:root", "root"),
        ("arn:aws:sts::111122223333:assumed-role/runner/s1", "assumed-role/runner/s1"),
        ("arn:aws:lex:r:1:bot:A:prod", "bot:A:prod"),
        ("arn:aws:s3:::b/a/b", "b/a/b"),
        ("*", "*"),
    ],
)
def test_a_short_name_leaves_out_the_path(arn: str, name: str) -> None:
    assert short_name(arn) == name
