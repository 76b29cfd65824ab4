"""Many patterns of resources against one resource: what is not tried would not have matched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.evaluation.resource_patterns import FEW, ResourcePatterns
from lexgraph.policy.arn import ArnMatcher, compile_arn, literal, split_arn

LAST = st.text("ab/*?", max_size=6)
PATTERN = st.one_of(
    st.builds(
        "arn:aws:{}:{}:{}:{}".format,
        st.sampled_from(("s3", "lex", "*", "s?")),
        st.sampled_from(("", "*")),
        st.sampled_from(("", "111122223333", "*")),
        LAST,
    ),
    st.sampled_from(("arn:aws:s3", "arn:aws:s*", "*a", "a:b", "*")),
)
ASKED = st.builds(
    "arn:aws:{}::{}:{}".format, st.sampled_from(("s3", "lex")), st.sampled_from(("", "111122223333")), LAST
)


@settings(max_examples=400)
@given(st.lists(PATTERN, max_size=40, unique=True), ASKED, st.sampled_from(("identity", "resource", "scp")))
def test_the_same_patterns_match_as_one_by_one(patterns: list[str], resource: str, kind: str) -> None:
    asked = [literal(part) for part in split_arn(resource)]
    expected = sum(1 << i for i, one in enumerate(patterns) if compile_arn(one, kind=kind)(asked))
    table = ResourcePatterns({one: 1 << i for i, one in enumerate(patterns)}, kind=kind)
    assert table.of(asked) == expected
    assert table.of(asked, found=1 << 50) == expected | 1 << 50


def test_of_thousands_of_names_only_those_are_tried_that_may_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    ready: list[str] = []

    def counted(pattern: str, *, kind: str) -> ArnMatcher:
        ready.append(pattern)
        return compile_arn(pattern, kind=kind)

    # A pattern is made ready when it is first tried.
    monkeypatch.setattr("lexgraph.evaluation.resource_patterns.compile_arn", counted)

    def tried(patterns: list[str], resource: str) -> int:
        ready.clear()
        bits = {pattern: 1 << i for i, pattern in enumerate(patterns)}
        ResourcePatterns(bits, kind="identity").of(split_arn(resource))
        return len(ready)

    homes = [f"arn:aws:s3:::home-{i}/*" for i in range(3_000)]
    ends = [f"arn:aws:s3:::*-{i}.log" for i in range(3_000)]
    whole = [f"arn:aws:s3:::home-{i}/notes" for i in range(3_000)]
    assert tried([*homes, *ends, *whole], "arn:aws:s3:::home-17/notes-42.log") == 2
    assert tried(whole, "arn:aws:s3:::home-17/notes") == 1
    assert tried(homes, "arn:aws:lex:us-east-1:111122223333:bot/B") == 0
    assert tried(homes[:FEW], "arn:aws:s3:::nobody") == FEW
