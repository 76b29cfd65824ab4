"""Laws of :mod:`lexgraph.policy.intersect`: what two patterns have in common, and strings that stand for a pattern."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.policy.intersect import TooManyPatterns, covers, intersect, intersect_parts, witnesses
from lexgraph.policy.patterns import glob_match

PATTERNS = st.text("ab*?", max_size=6)
WITHOUT_MARKS = st.text("ab*", max_size=7)
TEXTS = tuple("".join(chars) for length in range(6) for chars in product("abc", repeat=length))


@given(PATTERNS, PATTERNS)
@settings(max_examples=150, deadline=None)
def test_the_common_part_matches_what_both_match(a: str, b: str) -> None:
    common = intersect(a, b)
    for text in TEXTS:
        assert any(glob_match(one, text) for one in common) == (glob_match(a, text) and glob_match(b, text))


@given(PATTERNS, PATTERNS)
@settings(max_examples=300, deadline=None)
def test_both_patterns_cover_their_common_part(a: str, b: str) -> None:
    assert all(covers(a, one) and covers(b, one) for one in intersect(a, b))


@given(PATTERNS, PATTERNS)
@settings(max_examples=150, deadline=None)
def test_covering_is_never_refuted_by_a_text(wide: str, narrow: str) -> None:
    if covers(wide, narrow):
        assert all(glob_match(wide, text) for text in TEXTS if glob_match(narrow, text))


@given(WITHOUT_MARKS, WITHOUT_MARKS)
@settings(max_examples=300, deadline=None)
def test_what_is_not_covered_has_a_text_that_shows_it(wide: str, narrow: str) -> None:
    if not covers(wide, narrow):
        (text,) = witnesses(narrow)
        assert glob_match(narrow, text)
        assert not glob_match(wide, text)


@given(PATTERNS)
def test_a_pattern_covers_itself_and_is_its_own_common_part(pattern: str) -> None:
    assert covers(pattern, pattern)
    assert all(covers(pattern, one) for one in intersect(pattern, pattern))
    assert any(covers(one, pattern) for one in intersect(pattern, pattern))


@given(WITHOUT_MARKS, WITHOUT_MARKS, WITHOUT_MARKS)
@settings(max_examples=300, deadline=None)
def test_covering_is_transitive(a: str, b: str, c: str) -> None:
    if covers(a, b) and covers(b, c):
        assert covers(a, c)


@given(PATTERNS, PATTERNS)
@settings(deadline=None)
def test_the_order_of_two_patterns_does_not_matter(a: str, b: str) -> None:
    left, right = intersect(a, b), intersect(b, a)
    assert [any(glob_match(one, text) for one in left) for text in TEXTS] == [
        any(glob_match(one, text) for one in right) for text in TEXTS
    ]


@given(PATTERNS)
def test_witnesses_match_their_pattern(pattern: str) -> None:
    assert all(glob_match(pattern, text) for text in witnesses(pattern, marks=2))


def test_a_union_covers_a_pattern_only_if_one_of_its_patterns_does() -> None:
    rng = random.Random(4)
    for _ in range(2_000):
        narrow, *wide = ("".join(rng.choices("ab*", k=rng.randint(0, 6))) for _ in range(4))
        (text,) = witnesses(narrow)
        assert any(glob_match(one, text) for one in wide) == any(covers(one, narrow) for one in wide)


def test_a_mark_counts_characters() -> None:
    assert not covers("?*", "*")
    assert not covers("??", "*")
    assert covers("*", "?*?")
    assert intersect("a?", "*b") == ("ab",)


def test_arn_patterns_have_their_parts_in_common() -> None:
    left = ("arn", "aws", "lex", "*", "111122223333", "bot/*")
    right = ("arn", "*", "lex", "eu-*", "*", "*/Orders")
    found = intersect_parts(left, right)
    head = ("arn", "aws", "lex", "eu-*", "111122223333")
    assert found == ((*head, "bot/Orders"), (*head, "bot/*/Orders"))
    assert intersect_parts(left, ("arn", "aws", "s3", "*", "*", "*")) == ()


def test_patterns_with_too_much_in_common_are_refused() -> None:
    with pytest.raises(TooManyPatterns):
        intersect("*a*b*c*d*e*f*", "*1*2*3*4*5*6*")
