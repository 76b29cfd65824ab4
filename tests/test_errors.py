"""What can go wrong, and how it is told."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraph import errors
from lexgraph.errors import AccountError, CaseError, DocumentError, LexgraphError, PolicyError, RequestError, shown

ANY_TEXT = st.text(st.characters(), max_size=300)  # lone surrogates too
HARMLESS = {"Ll", "Lu", "Lt", "Lm", "Lo", "Nd", "No", "Nl", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm"}


# Laws


@given(ANY_TEXT)
def test_what_is_shown_holds_no_control_no_bidi_and_no_surrogate(text: str) -> None:
    for char in shown(text):
        assert unicodedata.category(char) in HARMLESS | {"Zs", "So"}
        assert char == "…" or char <= "ÿ"


@given(ANY_TEXT)
def test_what_is_shown_can_be_written_to_any_terminal(text: str) -> None:
    shown(text).encode("utf-8")
    assert len(shown(text)) <= 2 + 10 * errors.SHOWN


@given(ANY_TEXT, ANY_TEXT, st.text(max_size=20))
def test_an_error_can_always_be_printed(message: str, pointer: str, source: str) -> None:
    error = PolicyError(shown(message), code="X", pointer=pointer, line=3, column=1, source=source)
    str(error).encode("utf-8")


# Cases


@pytest.mark.parametrize(
    "value, text",
    [
        ("Allow", '"Allow"'),
        ("café ÿ", '"café ÿ"'),
        ("a\u202eb", '"a\\u202eb"'),
        ("a\u00adb", '"a\\xadb"'),
        ("\x00\x1b[31m", '"\\x00\\x1b[31m"'),
        ("\u0430", '"\\u0430"'),
        ("\U0001f600", '"\\U0001f600"'),
        ("\ud800", '"\\ud800"'),
        ("a\nb", '"a\\x0ab"'),
        ("a\u2028b", '"a\\u2028b"'),
        (17, "17"),
        (None, "None"),
    ],
)
def test_a_character_that_could_mislead_is_shown_as_its_code_point(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_text_is_cut() -> None:
    assert shown("a" * 200) == '"' + "a" * 200 + '"'
    assert shown("a" * 201) == '"' + "a" * 199 + '…"'


@pytest.mark.parametrize(
    "place, text",
    [
        ({}, ""),
        ({"pointer": "/Statement/0"}, "/Statement/0"),
        ({"line": 4, "column": 17}, "line 4, column 17"),
        ({"line": 4, "column": 17, "source": "bad.json"}, "bad.json:4:17"),
        ({"line": 4, "column": 17, "source": "bad.json", "pointer": "/Id"}, "bad.json:4:17, /Id"),
        ({"source": "bad.json"}, "bad.json"),
        ({"source": "bad\u202e.json"}, "bad\\u202e.json"),
    ],
)
def test_the_place_of_an_error_is_told_as_far_as_it_is_known(place: dict[str, object], text: str) -> None:
    error = PolicyError("no", code="X", **place)  # type: ignore[arg-type] # the table above has the right types
    assert error.place == text
    assert str(error) == (f"no ({text})" if text else "no")


def test_an_error_counts_the_others_of_its_document() -> None:
    other = PolicyError("two", code="B")
    assert str(PolicyError("one", code="A", others=[other, other])) == "one [and 2 more]"
    assert PolicyError("one", code="A", others=[other]).others == (other,)


def test_every_error_is_a_lexgraph_error_with_a_code_and_a_message() -> None:
    assert {PolicyError, AccountError, CaseError} <= set(DocumentError.__subclasses__())
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert all(issubclass(found, LexgraphError) for found in classes)
    for found in classes:
        error = found("what happened", code="SOME_CODE")
        assert (error.code, error.message, str(error)) == ("SOME_CODE", "what happened", "what happened")


def test_a_request_error_knows_its_pointer() -> None:
    assert RequestError("no", code="X", pointer="/request/action").pointer == "/request/action"


def test_the_tree_in_the_docstring_names_every_class() -> None:
    classes = [
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    assert all(name in str(errors.__doc__) for name in classes)
