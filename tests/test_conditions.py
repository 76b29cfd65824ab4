"""Conditions: operators, context, variables, and formulas over tests (rules C1 to C9, V1 to V6, U1, U2)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lexgraph.conditions.compiled import CompiledTest
from lexgraph.conditions.context import ABSENT, Context, Values
from lexgraph.conditions.hints import Hint
from lexgraph.conditions.logic import (
    All,
    Atom,
    Formula,
    Negation,
    Undecided,
    all_of,
    any_of,
    atoms,
    evaluate,
    implied,
    model,
    negate,
    satisfiable,
)
from lexgraph.conditions.logic import Any as Or
from lexgraph.conditions.operators import OPERATORS, read_date, read_network, read_number
from lexgraph.conditions.readable import condition_words
from lexgraph.conditions.variables import Variable, has_variable, read_template, substitute
from lexgraph.conditions.witnesses import distinguishing_texts, is_session
from lexgraph.errors import RequestError
from lexgraph.evaluation.index import condition_atom as atom_of
from lexgraph.evaluation.request import Question, Request
from lexgraph.policy.grammar import OPERATOR_NAMES, OperatorName, read_operator
from lexgraph.policy.model import ConditionTest, Number
from tests import alphabet, reference

Json = Any
KEY = "aws:PrincipalTag/Team"
BASES = [name for name in OPERATOR_NAMES if name != "Null"]


def compiled(operator: str, wanted: Json, *, key: str = KEY, variables: bool = True) -> CompiledTest:
    """One condition test, from values as JSON would have them."""
    items = wanted if isinstance(wanted, list) else [wanted]
    texts = tuple(item if isinstance(item, str | bool) else Number(item) for item in items)
    return CompiledTest(ConditionTest(operator, key, texts), variables=variables)


def holds(operator: str, wanted: Json, given: Json, *, variables: bool = True, **more: Json) -> bool | None:
    """Whether a test holds in a complete context with `given` for the key; more keys come as ``username=``."""
    context = Context({KEY: given, **{f"aws:{name}": value for name, value in more.items()}}, complete=True)
    return compiled(operator, wanted, variables=variables).holds(lambda key: context.known.get(key, ABSENT))


# Laws: one test ------------------------------------------------------------------------------------------------------

FAMILIES = {name: next(f for f in alphabet.WANTED if name.replace("Not", "", 1).startswith(f)) for name in OPERATORS}
POOLS = {
    family: tuple(dict.fromkeys(v for key in keys for v in alphabet.VALUES.get(key, ("ana", "User", alphabet.HOME))))
    for family, (keys, _) in alphabet.WANTED.items()
}


@st.composite
def drawn_tests(draw: st.DrawFn) -> tuple[str, list[Json], Json, dict[str, Json]]:
    """An operator with everything that can stand around it, its values, the request's value and other keys."""
    base = draw(st.sampled_from(OPERATOR_NAMES))
    family = FAMILIES[base]
    pool = [*alphabet.WANTED[family][1], *POOLS[family]]
    if family in ("String", "Arn"):
        pool += [*alphabet.VARIABLES, "a${*}", "${aws:PrincipalTag/Team}${?}"]
    wanted = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3))
    values = st.sampled_from([*pool, "", "*", "r*d", "a*"])
    given_ = draw(values | st.lists(values, max_size=3) | st.none())
    suffix = draw(st.sampled_from(["", "IfExists"])) if base != "Null" else ""
    name = draw(st.sampled_from(["", "ForAllValues:", "foranyvalue:"])) + base + suffix
    more = {
        "aws:username": draw(st.sampled_from(["ana", "r*d", "", None])),
        "aws:PrincipalTag/Team": draw(st.sampled_from(["red", "a:b", None, ""])),
        "aws:TagKeys": draw(st.sampled_from([["a", "b"], "red", None])),
        "aws:PrincipalAccount": alphabet.HOME,
    }
    return name, wanted, given_, more


@settings(max_examples=700)
@given(drawn_tests(), st.booleans())
def test_a_test_holds_where_the_reference_says_so(
    drawn: tuple[str, list[Json], Json, dict[str, Json]], variables: bool
) -> None:
    name, wanted, given_, more = drawn
    values = {"aws:RequestTag/Asked": given_, **more}
    ask = reference.Ask("user", "", None, "a:b", "*", reference.FACTS)
    ask.context = {key.lower(): reference.texts(value) for key, value in values.items() if reference.texts(value)}
    context = Context(values, complete=True)
    test = compiled(name, wanted, key="AWS:requesttag/asked", variables=variables)
    expected = reference.condition_holds(ask, name, "aws:RequestTag/Asked", reference.texts(wanted), variables)
    assert test.holds(lambda key: context.known.get(key, ABSENT)) is expected


@given(drawn_tests(), st.data())
def test_what_is_known_before_stays_so_when_more_is_learned(
    drawn: tuple[str, list[Json], Json, dict[str, Json]], data: st.DataObject
) -> None:
    name, wanted, given_, more = drawn
    values = Context({"aws:RequestTag/Asked": given_, **more}).known
    test = compiled(name, wanted, key="aws:RequestTag/Asked")
    hidden = data.draw(st.sets(st.sampled_from(sorted(values))))
    before = test.holds(lambda key: None if key in hidden else values.get(key, ABSENT))
    after = test.holds(lambda key: values.get(key, ABSENT))
    assert after is not None
    assert before in (None, after)
    if not hidden & test.keys:
        assert before is after


@given(st.sampled_from(BASES), st.sampled_from(["", "IfExists"]), st.data())
def test_a_negated_operator_is_the_opposite_on_a_single_value(base: str, suffix: str, data: st.DataObject) -> None:
    operator = OPERATORS[base]
    assume(operator.negated)
    positive = next(n for n, o in OPERATORS.items() if not o.negated and o.prepare is operator.prepare)
    if operator.family in ("Numeric", "Date"):
        positive = f"{operator.family}Equals"
    pool = st.sampled_from([*alphabet.WANTED[FAMILIES[base]][1], *POOLS[FAMILIES[base]]])
    wanted, given_ = data.draw(st.lists(pool, min_size=1, max_size=3)), data.draw(pool)
    if given_ == "":
        given_ = "x"
    assert holds(base + suffix, wanted, given_) is not holds(positive + suffix, wanted, given_)


@given(drawn_tests())
def test_several_values_of_a_policy_are_the_union_of_each(
    drawn: tuple[str, list[Json], Json, dict[str, Json]],
) -> None:
    """C1: OR, under a negated operator NOR."""
    name, wanted, given_, _ = drawn
    operator = read_operator(name)
    assert operator is not None
    assume(not isinstance(given_, list) and given_ is not None and operator.base != "Null")
    each = [holds(name, value, given_, username="ana") for value in wanted]
    joined = all(each) if OPERATORS[operator.base].negated else any(each)
    assert holds(name, wanted, given_, username="ana") is joined


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(0, 3))
def test_the_same_number_in_another_spelling_is_equal(number: Any, zeros: int) -> None:
    spelt = f"{number:f}" + "0" * zeros
    assert read_number(spelt) == read_number(str(number)) == number
    assert holds("NumericEquals", spelt, f"{number:f}") is True
    assert holds("NumericLessThan", spelt, f"{number:f}") is False
    assert holds("NumericLessThanEquals", spelt, f"{number:f}") is True


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_is_the_same_in_every_time_zone(moment: Any) -> None:
    whole = moment.replace(second=0, microsecond=0)
    assume(1902 < whole.year < 9000 and whole.utcoffset().total_seconds() % 60 == 0)
    assert read_date(whole.isoformat()) == int(whole.timestamp())
    assert read_date(str(int(whole.timestamp()))) == int(whole.timestamp())


@given(st.ip_addresses(), st.integers(0, 128))
def test_an_address_is_in_every_range_around_it(address: Any, length: int) -> None:
    length = min(length, address.max_prefixlen)
    assert holds("IpAddress", f"{address}/{length}", str(address)) is True
    assert holds("NotIpAddress", f"{address.exploded}/{length}", str(address)) is False


@given(st.text(max_size=30))
def test_any_text_at_all_can_be_asked_of_any_operator(text: str) -> None:
    for name in OPERATOR_NAMES:
        assert holds(name, text, text) in (True, False)
        assert holds(name, "red", text) in (True, False)


# Laws: formulas ------------------------------------------------------------------------------------------------------

# Keys that the catalogue lists for no action in particular, so that they are unknown; one of them multivalued.
AGENT, TAGS, AGE, IP, ARN = "aws:UserAgent", "aws:CalledVia", "aws:MultiFactorAuthAge", "aws:SourceIp", "aws:SourceArn"
QUESTION = Question(Request("arn:aws:iam::111122223333:user/ana", "lex:PostText", "arn:aws:lex:r:111122223333:bot:B:a"))
SHORT = st.text("abA", max_size=3)
GLOBS = st.text("abA*?", max_size=4)
STRING_TESTS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike")
TEXTS = ["".join(letters) for size in range(5) for letters in itertools.product("abA", repeat=size)] + [
    "cab",
    "acb",
    "c",
]
ADDRESSES = ["10.0.0.0", "10.0.0.1", "10.0.0.255", "10.0.1.0", "10.1.0.0", "9.9.9.9", "2001:db8::1", "2001:db9::", "x"]
ARNS = [f"arn:aws:s3:{r}::{b}" for r in ("", "x", "y") for b in ("a", "ab", "b", "aab", "aXb", "a:b", "c", "", "ba")]
WORLD: dict[str, list[Values]] = {
    AGENT: [ABSENT, *((text,) for text in TEXTS)],
    TAGS: [ABSENT, *((t,) for t in TEXTS[:40]), *itertools.combinations(["a", "b", "A", "ab", "c", "ba", ""], 2)],
    AGE: [ABSENT, *((str(n / 2),) for n in range(-3, 9)), ("12abc",), ("",)],
    IP: [ABSENT, *((a,) for a in ADDRESSES), ("",)],
    ARN: [ABSENT, *((a,) for a in ARNS), ("no ARN",), ("",)],
}
WORLD[TAGS] += list(itertools.combinations(["a", "b", "A", "ab", "c", "ba"], 3))


def atom(operator: str, key: str, wanted: list[str]) -> Formula:
    return atom_of(compiled(operator, wanted, key=key), QUESTION)


def suffixed(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds("{}{}".format, st.sampled_from(names), st.sampled_from(["", "", "IfExists"]))


def string_atoms(key: str, qualifiers: tuple[str, ...] = ("",)) -> st.SearchStrategy[Formula]:
    @st.composite
    def one(draw: st.DrawFn) -> Formula:
        name = draw(st.sampled_from(qualifiers)) + draw(suffixed(STRING_TESTS))
        texts = GLOBS if "Like" in name else SHORT
        return atom(name, key, draw(st.lists(texts, min_size=1, max_size=2)))

    return one() | st.builds(lambda want: atom("Null", key, [want]), st.sampled_from(["true", "false"]))


NUMBERS = tuple(f"Numeric{name}" for name in ("Equals", "NotEquals", "LessThan", "GreaterThan", "LessThanEquals"))
LIMITS = st.lists(st.sampled_from(["0", "1", "1.0", "2", "2.5", "x"]), min_size=1, max_size=2)
RANGES = st.lists(st.sampled_from(["10.0.0.0/24", "10.0.0.1", "10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"]), min_size=1)
ARN_PATTERNS = st.builds(
    "arn:{}:s3:{}::{}".format, st.sampled_from(["aws", "*"]), st.sampled_from(["", "*", "?"]), GLOBS
)
ATOMS = st.one_of(
    string_atoms(AGENT),
    string_atoms(TAGS, ("ForAllValues:", "ForAnyValue:", "")),
    st.builds(lambda op, v: atom(op, AGE, v), suffixed(NUMBERS), LIMITS),
    st.builds(lambda op, v: atom(op, IP, v), suffixed(("IpAddress", "NotIpAddress")), RANGES),
    st.builds(
        lambda op, v: atom(op, ARN, v),
        suffixed(("ArnLike", "ArnNotLike", "ArnEquals")),
        st.lists(ARN_PATTERNS, min_size=1, max_size=2),
    ),
)


def formulas(of: st.SearchStrategy[Formula], leaves: int = 6) -> st.SearchStrategy[Formula]:
    return st.recursive(
        of,
        lambda inner: st.one_of(
            inner.map(negate), st.lists(inner, max_size=3).map(all_of), st.lists(inner, max_size=3).map(any_of)
        ),
        max_leaves=leaves,
    )


def keys_of(formula: Formula) -> list[str]:
    return sorted({key for one in atoms(formula) for key in one.keys})


def worlds(formula: Formula) -> Any:
    """Every assignment of small values to the formula's keys."""
    named = {key.lower(): values for key, values in WORLD.items()}
    keys = keys_of(formula)
    return (dict(zip(keys, chosen, strict=True)) for chosen in itertools.product(*(named[key] for key in keys)))


@settings(max_examples=500)
@given(
    st.one_of(
        formulas(string_atoms(AGENT)),
        formulas(string_atoms(TAGS, ("ForAllValues:", "ForAnyValue:", ""))),
        formulas(st.builds(lambda op, v: atom(op, AGE, v), suffixed(NUMBERS), LIMITS)),
        formulas(st.builds(lambda op, v: atom(op, IP, v), suffixed(("IpAddress", "NotIpAddress")), RANGES)),
        formulas(
            st.builds(
                lambda op, v: atom(op, ARN, v),
                suffixed(("ArnLike", "ArnNotLike")),
                st.lists(ARN_PATTERNS, min_size=1, max_size=2),
            )
        ),
    )
)
def test_no_small_value_satisfies_a_formula_that_is_called_unsatisfiable(formula: Formula) -> None:
    true_somewhere = any(evaluate(formula, world.get) for world in worlds(formula))
    false_somewhere = any(evaluate(formula, world.get) is False for world in worlds(formula))
    if true_somewhere:
        assert satisfiable(formula)
    if false_somewhere:
        assert not implied(formula)


@settings(max_examples=150)
@given(formulas(ATOMS, 5))
def test_a_model_makes_its_formula_true(formula: Formula) -> None:
    for wanted in (formula, negate(formula)):
        found = model(wanted)
        if found is not None:
            assert evaluate(wanted, {**dict.fromkeys(keys_of(formula), ABSENT), **found}.get) is True
    assert satisfiable(formula) or satisfiable(negate(formula))
    assert implied(formula) is not satisfiable(negate(formula))


@given(formulas(ATOMS, 5))
def test_a_formula_and_its_opposite_are_never_both_true(formula: Formula) -> None:
    assert not satisfiable(All((formula, negate(formula))))
    assert implied(Or((formula, negate(formula))))
    assert negate(negate(formula)) == formula


@given(st.lists(formulas(ATOMS, 2), max_size=3), st.data())
def test_joining_says_what_python_says_of_each(parts: list[Formula], data: st.DataObject) -> None:
    named = {key.lower(): values for key, values in WORLD.items()}
    world = {key: data.draw(st.sampled_from(named[key])) for part in parts for key in keys_of(part)}
    truths = [evaluate(part, world.get) for part in parts]
    assert evaluate(all_of(parts), world.get) is all(truths)
    assert evaluate(any_of(parts), world.get) is any(truths)


@given(formulas(ATOMS, 5), st.data())
def test_evaluation_with_fewer_keys_knows_less_but_nothing_else(formula: Formula, data: st.DataObject) -> None:
    named = {key.lower(): values for key, values in WORLD.items()}
    world = {key: data.draw(st.sampled_from(named[key])) for key in keys_of(formula)}
    hidden = data.draw(st.sets(st.sampled_from(sorted(world)))) if world else set()
    part = {key: values for key, values in world.items() if key not in hidden}
    assert evaluate(formula, part.get) in (None, evaluate(formula, world.get))


# Cases: operators ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operator, wanted, given_, expected",
    [
        # C1
        ("StringEquals", ["a", "b"], "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("NumericNotEquals", ["x"], "1", True),
        ("NumericNotEquals", ["1"], "x", True),
        ("DateNotEquals", ["2026-01-01"], "soon", True),
        ("NotIpAddress", ["x/8"], "10.0.0.1", True),
        ("NotIpAddress", ["10.0.0.0/8"], "nowhere", True),
        ("ArnNotLike", ["arn:aws:s3:::*"], "no ARN", True),
        ("StringEquals", [], "a", False),
        ("StringNotEquals", [], "a", True),
        # C2
        ("stringequals", ["a"], "a", True),
        ("STRINGNOTEQUALSIFEXISTS", ["a"], "a", False),
        # C3
        ("StringEquals", ["a"], None, False),
        ("StringNotEquals", ["a"], None, True),
        ("StringEqualsIfExists", ["a"], None, True),
        ("StringNotEqualsIfExists", ["a"], None, True),
        ("StringEquals", ["a"], [], False),
        ("StringEquals", [""], "", True),
        ("StringEquals", [""], None, False),
        ("StringLike", ["*"], "", True),
        ("StringLike", ["*"], None, False),
        ("Bool", ["false"], None, False),
        ("BoolIfExists", ["false"], None, True),
        ("NumericLessThan", ["5"], None, False),
        ("DateGreaterThanIfExists", ["5"], None, True),
        ("Null", ["true"], None, True),
        ("Null", ["true"], [], True),
        ("Null", ["true"], "", True),
        ("Null", ["true"], "a", False),
        ("Null", ["false"], "a", True),
        ("Null", [True], None, True),
        ("Null", ["TRUE"], None, True),
        ("Null", ["true", "false"], "a", True),
        ("Null", ["maybe"], "a", False),
        # C4
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
        ("ForAnyValue:StringEquals", ["a"], ["c", "b"], False),
        ("ForAllValues:StringEquals", ["a", "b"], ["b", "a"], True),
        ("ForAllValues:StringEquals", ["a"], ["a", "b"], False),
        ("ForAllValues:StringNotEquals", ["a"], ["a", "b"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAllValues:StringEquals", ["a"], [], True),
        ("ForAllValues:StringEquals", ["a"], "", True),
        ("ForAllValues:StringEquals", ["a"], [""], True),
        ("ForAllValues:StringEquals", ["a"], ["", "a"], False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAnyValue:StringNotEquals", ["a"], None, False),
        ("ForAnyValue:StringNotEquals", ["a"], "", False),
        ("ForAnyValue:StringEqualsIfExists", ["a"], None, True),
        ("ForAnyValue:StringEquals", ["a"], "a", True),
        ("ForAllValues:NumericLessThan", ["5"], ["1", "9"], False),
        ("ForAnyValue:Bool", ["true"], ["false", "true"], True),
        # C5
        ("StringEquals", ["a"], ["a", "b"], False),
        ("StringNotEquals", ["c"], ["a", "b"], False),
        ("StringEquals", ["a"], ["a"], True),
        ("StringEqualsIfExists", ["a"], ["a", "b"], False),
        ("Null", ["false"], ["a", "b"], True),
        # C6
        ("StringEquals", ["a*"], "ab", False),
        ("StringEquals", ["a*"], "a*", True),
        ("StringLike", ["a*b"], "a/x:\nb", True),
        ("StringLike", ["[a]"], "a", False),
        ("StringLike", ["A*"], "ab", False),
        ("StringEqualsIgnoreCase", ["A"], "a", True),
        ("StringNotEqualsIgnoreCase", ["A"], "a", False),
        ("ArnEquals", ["arn:aws:s3:::b*"], "arn:aws:s3:::box", True),
        ("ArnLike", ["arn:aws:*:bot"], "arn:aws:lex:r:1:bot", False),
        ("ArnLike", ["arn:aws:lex:*:*:bot:*"], "arn:aws:lex:r:1:bot:A:b", True),
        ("ArnLike", ["*"], "arn:aws:s3:::b", True),
        ("ArnLike", ["*"], "no ARN", False),
        ("ArnLike", ["arn:aws:s3"], "arn:aws:s3:::b", False),
        ("ArnLike", ["arn:aws:S3:::b"], "arn:aws:s3:::b", False),
        # C7
        ("NumericEquals", ["1"], "1.0", True),
        ("NumericEquals", ["10"], 10, True),
        ("NumericEquals", ["12"], "12abc", False),
        ("NumericEquals", ["0x10"], "16", False),
        ("NumericEquals", ["NaN"], "NaN", False),
        ("NumericEquals", ["Infinity"], "Infinity", False),
        ("NumericEquals", ["1_0"], "10", False),
        ("NumericEquals", [" 1"], "1", False),
        ("NumericEquals", ["١"], "1", False),
        ("NumericEquals", ["0.1"], "0.10000000000000000001", False),
        ("NumericLessThan", ["9007199254740993"], "9007199254740992", True),
        ("NumericLessThan", ["-1"], "-2", True),
        ("NumericGreaterThanEquals", ["5", "9"], "6", True),
        ("DateEquals", ["2026-01-01T00:00:00Z"], "2026-01-01T01:00:00+01:00", True),
        ("DateEquals", ["2026-01-01"], "1767225600", True),
        ("DateEquals", ["2026-01-01"], "1767225600000", False),
        ("DateGreaterThan", ["2026-01-01T00:00:00Z"], "2026-01-01T00:00:00.001Z", True),
        ("DateLessThan", ["2026-02-30"], "2026-01-01", False),
        ("DateLessThan", ["2026-01-01T00:00:75Z"], "2025-01-01", False),
        ("DateLessThan", ["2026-01-01T25:00:00Z"], "2025-01-01", False),
        ("DateLessThan", ["2026-01-01T00:00:00+99:99"], "2025-01-01", False),
        ("DateLessThan", ["tomorrow"], "2025-01-01", False),
        # C8
        ("IpAddress", ["203.0.113.0/24"], "203.0.113.7", True),
        ("IpAddress", ["203.0.113.9/24"], "203.0.113.7", True),
        ("IpAddress", ["203.0.113.7"], "203.0.113.7", True),
        ("IpAddress", ["203.0.113.7"], "203.0.113.8", False),
        ("IpAddress", ["203.0.113.0/24"], "203.0.113.0/25", False),
        ("IpAddress", ["2001:db8::/32"], "2001:0DB8:0:0:0:0:0:7", True),
        ("IpAddress", ["0.0.0.0/0"], "2001:db8::7", False),
        ("NotIpAddress", ["0.0.0.0/0"], "2001:db8::7", True),
        ("IpAddress", ["::/0"], "::ffff:10.0.0.1", True),
        ("IpAddress", ["10.0.0.0/8"], "::ffff:10.0.0.1", False),
        ("IpAddress", ["010.0.0.1"], "10.0.0.1", False),
        ("IpAddress", ["10.0.0.0/255.0.0.0"], "10.0.0.1", False),
        ("IpAddress", ["10.0.0.0/33"], "10.0.0.1", False),
        ("IpAddress", ["fe80::1%eth0"], "fe80::1", False),
        # C9
        ("Bool", ["true"], True, True),
        ("Bool", [True], "TRUE", True),
        ("Bool", ["True"], "true", True),
        ("Bool", ["false"], "maybe", False),
        ("Bool", ["maybe"], "maybe", False),
        # bytes
        ("BinaryEquals", ["cmVk"], "cmVk", True),
        ("BinaryEquals", ["cmVk"], "cmVl", False),
        ("BinaryEquals", ["&"], "&", False),
    ],
)
def test_an_operator_answers_by_the_rules(operator: str, wanted: list[Json], given_: Json, expected: bool) -> None:
    assert holds(operator, wanted, given_) is expected


def test_every_operator_is_in_the_table() -> None:
    assert set(OPERATORS) == set(OPERATOR_NAMES)
    assert all(name == operator.name for name, operator in OPERATORS.items())
    assert {name for name, o in OPERATORS.items() if o.negated} == {name for name in OPERATORS if "Not" in name}


def test_an_unknown_key_leaves_a_test_open() -> None:
    test = compiled("StringEquals", ["${aws:username}"])
    assert test.keys == {"aws:principaltag/team", "aws:username"}
    known: dict[str, Values] = {"aws:principaltag/team": ("ana",)}
    assert test.holds({}.get) is test.holds(known.get) is None
    assert test.holds({**known, "aws:username": ("ana",)}.get) is True
    assert compiled("StringEquals", ["ana", "${aws:username}"]).holds(known.get) is True
    assert compiled("StringNotEquals", ["ana", "${aws:username}"]).holds(known.get) is False
    assert (
        compiled("ForAnyValue:StringEquals", ["${aws:username}"]).holds({"aws:principaltag/team": ABSENT}.get) is False
    )


def test_a_number_and_a_date_and_a_range_that_cannot_be_read_are_none() -> None:
    assert [read_number(text) for text in ("", "1e", "--1", "1.2.3", "½")] == [None] * 5
    assert [read_date(text) for text in ("", "2026-13-01", "2026-01-01T", "0000-01-01")] == [None] * 4
    assert [read_network(text) for text in ("", "10", "1.2.3", "10.0.0.0/", "10.0.0.0/8/8")] == [None] * 5


# Cases: variables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operator, wanted, given_, keys, expected",
    [
        # V1
        ("StringEquals", "${aws:username}", "ana", {"username": "ana"}, True),
        ("StringEquals", "${AWS:UserName}", "ana", {"username": "ana"}, True),
        ("ArnLike", "arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::ana/x", {"username": "ana"}, True),
        ("StringEqualsIgnoreCase", "${aws:username}", "ANA", {"username": "ana"}, True),
        ("NumericEquals", "${aws:username}", "1", {"username": "1"}, False),
        ("Bool", "${aws:username}", "true", {"username": "true"}, False),
        # V2
        ("StringEquals", "${aws:username, 'nobody'}", "nobody", {}, True),
        ("StringEquals", "${aws:username,'nobody'}", "ana", {"username": "ana"}, True),
        ("StringEquals", "${aws:username, ''}", "", {}, True),
        ("StringEquals", "${aws:username, 'a, b'}", "a, b", {}, True),
        ("StringEquals", "${aws:username, 'it's'}", "it's", {}, True),
        ("ArnLike", "arn:aws:s3:::${aws:username, 'a:b'}", "arn:aws:s3:::a:b", {}, True),
        # V3
        ("StringLike", "${aws:username}", "ana", {"username": "*"}, False),
        ("StringLike", "${aws:username}", "*", {"username": "*"}, True),
        ("StringLike", "${aws:username, '*'}", "ana", {}, False),
        ("StringLike", "${aws:username}*", "a?b", {"username": "a?"}, True),
        ("StringLike", "${aws:username}*", "axb", {"username": "a?"}, False),
        ("ArnLike", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::x", {"username": "*"}, False),
        # V4
        ("StringEquals", "${aws:username}", "", {}, False),
        ("StringNotEquals", "${aws:username}", "ana", {}, True),
        ("StringEquals", ["${aws:username}", "ana"], "ana", {}, True),
        ("StringNotEquals", ["${aws:username}", "ana"], "ana", {}, False),
        ("StringLike", "*${aws:username}*", "x", {}, False),
        # V5
        ("StringEquals", "${aws:username}", "a", {"username": ["a", "b"]}, False),
        ("StringEquals", "${aws:username, 'a'}", "a", {"username": ["a", "b"]}, True),
        ("StringEquals", "${aws:username}", "a", {"username": ["a"]}, True),
        # C6
        ("StringEquals", "${*}", "*", {}, True),
        ("StringLike", "a${*}", "ab", {}, False),
        ("StringLike", "a${*}", "a*", {}, True),
        ("StringLike", "a${?}*", "a?b", {}, True),
        ("StringEquals", "${$}{aws:username}", "${aws:username}", {}, True),
        ("StringEquals", "${$}", "$", {}, True),
        ("StringEquals", "${", "${", {}, True),
    ],
)
def test_a_variable_stands_for_its_value(
    operator: str, wanted: Json, given_: str, keys: dict[str, Json], expected: bool
) -> None:
    assert holds(operator, wanted, given_, **keys) is expected


def test_without_the_newer_version_a_variable_is_text() -> None:
    """S4."""
    assert holds("StringEquals", "${aws:username}", "ana", variables=False, username="ana") is False
    assert holds("StringEquals", "${aws:username}", "${aws:username}", variables=False, username="ana") is True
    assert holds("StringEquals", "${*}", "${*}", variables=False) is True
    assert holds("StringLike", "${*}", "${x}", variables=False) is True


def test_a_template_is_taken_apart_into_text_and_variables() -> None:
    template = read_template("a${*}/${aws:username}/${x:y, 'd:e'}*")
    assert template.variables == (Variable("aws:username"), Variable("x:y", "d:e"))
    assert template.keys == {"aws:username", "x:y"}
    assert substitute(template, {"aws:username": ("a*",)}.get) is None
    assert substitute(template, {"aws:username": ABSENT}.get) is False
    assert substitute(read_template("${a:b}-"), {"a:b": ("x",)}.get) == "x-"
    assert [has_variable(text) for text in ("${a}", "$a", "${a", "$ {a}")] == [True, False, False, False]


# Cases: context ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value, known",
    [
        ("a", ("a",)),
        ("", ("",)),
        (None, ()),
        ([], ()),
        (["a", "b"], ("a", "b")),
        (("a",), ("a",)),
        ({"b", "a"}, ("a", "b")),
        (True, ("true",)),
        ([False, 1], ("false", "1")),
        (10, ("10",)),
        (10.0, ("10.0",)),
        (Number("1.0"), ("1.0",)),
    ],
)
def test_a_context_value_becomes_a_tuple_of_texts(value: Json, known: Values) -> None:
    assert Context({"aws:X/Y": value}).known == {"aws:x/y": known}


DEEP: Json = []
for _ in range(5_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [{}, [["a"]], [None], float("nan"), float("inf"), b"x", object(), 10**5000, DEEP, [DEEP]],
    ids=lambda v: type(v),
)
def test_a_context_value_of_another_kind_is_refused(value: Json) -> None:
    with pytest.raises(RequestError) as caught:
        Context({"aws:PrincipalTag/a~b": value})
    assert (caught.value.code, caught.value.pointer) == ("INVALID_CONTEXT_VALUE", "/context/aws:PrincipalTag~1a~0b")


@pytest.mark.parametrize(
    "values, code",
    [({"": "a"}, "MALFORMED_CONTEXT_KEY"), ({"a:b": 1, "A:B": 2}, "DUPLICATE_CONTEXT_KEY")],
)
def test_a_context_key_that_is_no_name_or_stands_twice_is_refused(values: dict[str, Json], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        Context(values)
    assert caught.value.code == code


def test_a_context_is_extended_without_regard_to_case() -> None:
    context = Context({"aws:Username": "ana", "aws:SourceIp": "10.0.0.1"}, complete=True)
    longer = context.with_values({"AWS:USERNAME": "ben", "a:b": None})
    assert longer.known == {"aws:sourceip": ("10.0.0.1",), "aws:username": ("ben",), "a:b": ()}
    assert longer.complete
    assert context.known["aws:username"] == ("ana",)


# Cases: formulas -----------------------------------------------------------------------------------------------------


def both(first: Formula, second: Formula) -> Formula:
    return all_of((first, second))


@pytest.mark.parametrize(
    "first, second, possible",
    [
        (("StringLike", AGENT, ["a*"]), ("StringLike", AGENT, ["*b"]), True),
        (("StringLike", AGENT, ["a?"]), ("StringLike", AGENT, ["?b"]), True),
        (("StringLike", AGENT, ["a*"]), ("StringNotLike", AGENT, ["*"]), False),
        (("StringLike", AGENT, ["a?*"]), ("StringNotLike", AGENT, ["a*"]), False),
        (("StringLike", AGENT, ["a*"]), ("StringNotLike", AGENT, ["a?*"]), True),
        (("StringEqualsIgnoreCase", AGENT, ["red"]), ("StringNotEquals", AGENT, ["red", "RED"]), True),
        (("StringEqualsIgnoreCase", AGENT, ["red"]), ("StringLike", AGENT, ["Re*"]), True),
        (("StringEqualsIgnoreCase", AGENT, ["1-2"]), ("StringNotEquals", AGENT, ["1-2"]), False),
        (("ForAnyValue:StringEquals", TAGS, ["a"]), ("ForAllValues:StringNotEquals", TAGS, ["a"]), False),
        (("ForAllValues:StringLike", TAGS, ["a*"]), ("ForAnyValue:StringLike", TAGS, ["*b"]), True),
        (("Null", AGENT, ["true"]), ("StringEquals", AGENT, [""]), True),
        (("Null", AGENT, ["true"]), ("StringLike", AGENT, ["?*"]), False),
        (("NumericGreaterThan", AGE, ["1"]), ("NumericLessThan", AGE, ["1"]), False),
        (("NumericGreaterThan", AGE, ["1e40"]), ("NumericLessThan", AGE, ["1" + "0" * 39 + "1"]), True),
        (("NumericGreaterThan", AGE, ["1e9999"]), ("NumericNotEquals", AGE, ["1e9998"]), True),
        (("NumericLessThan", AGE, ["5"]), ("NumericNotEqualsIfExists", AGE, ["4"]), True),
        (("DateGreaterThan", AGE, ["2026-01-01T00:00:00.1Z"]), ("DateLessThan", AGE, ["2026-01-01T00:00:00.2Z"]), True),
        (("IpAddress", IP, ["10.0.0.0/8"]), ("NotIpAddress", IP, ["10.0.0.0/9", "10.128.0.0/9"]), False),
        (("IpAddress", IP, ["10.0.0.0/8"]), ("NotIpAddress", IP, ["10.0.0.0/9", "10.128.0.0/10"]), True),
        (("IpAddress", IP, ["0.0.0.0/0"]), ("IpAddress", IP, ["::/0"]), False),
        (("NotIpAddress", IP, ["0.0.0.0/0"]), ("NotIpAddress", IP, ["::/0"]), True),
        (("StringLike", IP, ["*.7"]), ("IpAddress", IP, ["203.0.113.0/24"]), True),
        (("Bool", AGENT, ["true"]), ("Bool", AGENT, ["false"]), False),
        (("Bool", AGENT, ["true"]), ("StringNotEquals", AGENT, ["true"]), True),
        (("BinaryEquals", AGENT, ["cmVk"]), ("BinaryEquals", AGENT, ["Ymx1ZQ=="]), False),
        (("ArnLike", ARN, ["arn:aws:s3:::a*"]), ("ArnLike", ARN, ["arn:*:s3:::*b"]), True),
        (("ArnLike", ARN, ["arn:aws:s3:::a*"]), ("ArnNotLike", ARN, ["arn:aws:s3:*:*:*"]), False),
        (("ArnLike", ARN, ["arn:aws:s3:::a*"]), ("StringLike", ARN, ["*/b"]), True),
        (("ArnLike", ARN, ["arn:aws:s3:::a"]), ("StringNotEquals", ARN, ["arn:aws:s3:::a"]), False),
    ],
)
def test_two_tests_on_one_key_can_or_cannot_hold_together(first: Any, second: Any, possible: bool) -> None:
    formula = both(atom(*first), atom(*second))
    try:
        assert satisfiable(formula) is possible
    except Undecided:
        assert possible, "what is impossible must be known to be"


@pytest.mark.parametrize("how_many", [1, 2, 3, 5])
def test_a_set_may_need_as_many_values_as_it_has_tests(how_many: int) -> None:
    wanted = all_of(atom("ForAnyValue:StringEquals", TAGS, [letter]) for letter in "abcde"[:how_many])
    assert satisfiable(wanted)
    only = all_of((wanted, atom("ForAllValues:StringEquals", TAGS, ["a", "b", "c"])))
    assert satisfiable(only) is (how_many <= 3)


def test_a_key_that_has_one_value_is_never_taken_to_have_several() -> None:
    is_, is_not = atom("StringEquals", AGENT, ["a"]), atom("StringNotEquals", AGENT, ["a"])
    assert implied(any_of((is_, is_not)))
    several, not_several = atom("StringEquals", TAGS, ["a"]), atom("StringNotEquals", TAGS, ["a"])
    assert not implied(any_of((several, not_several)))


def test_a_search_beyond_its_budget_claims_nothing() -> None:
    keys = [f"aws:PrincipalTag/{i}" for i in range(12)]
    formula = all_of(any_of(atom("StringEquals", key, [text]) for text in "ab") for key in keys)
    with pytest.raises(Undecided):
        model(formula, budget=5)
    assert model(formula) is not None


@pytest.mark.parametrize("impossible", [False, True])
def test_what_not_all_values_were_tried_for_is_undecided_and_not_impossible(impossible: bool) -> None:
    """Two families on one key: an address and a pattern of text."""
    formula = all_of(
        (atom("IpAddress", IP, ["10.0.0.0/8"]), atom("StringLike", IP, ["*.?7" if impossible else "10.*"]))
    )
    if impossible:
        with pytest.raises(Undecided):
            model(formula)
    else:
        assert model(formula) is not None


def test_a_star_and_a_literal_star_are_different_tests() -> None:
    likes_any, likes_star = atom("StringLike", AGENT, ["a*"]), atom("StringLike", AGENT, ["a${*}"])
    assert likes_any != likes_star
    assert satisfiable(all_of((likes_any, negate(likes_star))))
    assert not satisfiable(all_of((negate(likes_any), likes_star)))


def test_an_unknown_variable_and_the_same_text_without_variables_are_different_tests() -> None:
    wanted = ["${aws:PrincipalTag/x}"]
    live = atom_of(compiled("StringEquals", wanted, key=AGENT), QUESTION)
    text = atom_of(compiled("StringEquals", wanted, key=AGENT, variables=False), QUESTION)
    assert live != text
    assert satisfiable(all_of((live, negate(text))))


@pytest.mark.parametrize(
    "operator, wanted, given_, possible",
    [
        ("StringEquals", "team-${aws:PrincipalTag/Team}", "team-x", True),
        ("StringEquals", "team-${aws:PrincipalTag/Team}", "team", False),
        ("StringEquals", "${aws:PrincipalTag/Team}-${aws:PrincipalTag/Team}", "ab-ab", True),
        ("StringEquals", "${aws:PrincipalTag/Team}-${aws:PrincipalTag/Team}", "ab-ba", False),
        ("StringEqualsIgnoreCase", "Team-${aws:PrincipalTag/Team}", "TEAM-X", True),
        ("StringLike", "*-${aws:PrincipalTag/Team}-*", "a-b-c-d", True),
        ("StringLike", "?-${aws:PrincipalTag/Team}", "a-", True),
        ("StringNotEquals", "${aws:PrincipalTag/Team}", "a", True),
        ("ArnLike", "arn:aws:s3:::${aws:PrincipalTag/Team}/${aws:PrincipalTag/Unit}/*", "arn:aws:s3:::a/b/c", True),
        ("ArnLike", "arn:aws:s3:::${aws:PrincipalTag/Team}/${aws:PrincipalTag/Unit}/*", "arn:aws:s3:::a/b", False),
        ("ForAnyValue:StringEquals", "x${aws:PrincipalTag/Team}", ["a", "xy"], True),
    ],
)
def test_an_unknown_variable_is_filled_from_what_is_asked(
    operator: str, wanted: str, given_: Json, possible: bool
) -> None:
    request = Request(QUESTION.request.principal, "lex:PostText", QUESTION.request.resource, Context({AGENT: given_}))
    formula = atom_of(compiled(operator, [wanted], key=AGENT), Question(request))
    assert satisfiable(formula) is possible
    assert satisfiable(negate(formula))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from(["Like", "Literal", "AnyCase", "Arn"]), GLOBS), min_size=1, max_size=4),
    st.text("abA", max_size=4),
)
def test_texts_answer_in_every_way_in_which_any_text_does(drawn: list[tuple[str, str]], text: str) -> None:
    """Whatever a text makes of a few patterns, one of the distinguishing texts makes of them too."""
    arn = any(kind == "Arn" for kind, _ in drawn)
    groups = tuple((kind, (f"arn:*:s3:::{word}" if kind == "Arn" else word,)) for kind, word in drawn)
    names = {"Like": "StringLike", "Literal": "StringEquals", "AnyCase": "StringEqualsIgnoreCase", "Arn": "ArnLike"}
    tests = [OPERATORS[names[kind]].prepare(words) for kind, words in groups]
    texts, complete = distinguishing_texts(groups)
    assert complete
    asked = f"arn:aws:s3:::{text}" if arn else text
    answers = {tuple(test(one) for test in tests) for one in texts}
    assert tuple(test(asked) for test in tests) in answers


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from(["Like", "Literal", "AnyCase"]), st.text("aA:*? ", max_size=6)), max_size=4),
    st.text("aAb", min_size=2, max_size=5),
)
def test_sessions_of_a_role_are_told_apart_in_every_way_there_is(drawn: list[tuple[str, str]], name: str) -> None:
    """Whatever a session is called, there is one among the witnesses that answers alike; and these are all sessions."""
    names = {"Like": "StringLike", "Literal": "StringEquals", "AnyCase": "StringEqualsIgnoreCase"}
    groups = tuple((kind, (f"a{word}",)) for kind, word in drawn)
    tests = [OPERATORS[names[kind]].prepare(words) for kind, words in groups]
    texts, complete = distinguishing_texts((*groups, ("Session", ("a:",))))
    assert complete
    answers = {tuple(test(one) for test in tests) for one in texts if is_session(one, "a:")}
    assert tuple(test(f"a:{name}") for test in tests) in answers


def test_lengths_that_question_marks_count_are_told_apart() -> None:
    """Only ``x-`` and its like are left, and ``xx-`` and so on are not."""
    names = ("StringLike", "StringNotLike", "StringNotLike", "StringNotLike")
    tests = zip(names, ("*-*", "?-?", "-*", "??*-*"), strict=True)
    assert satisfiable(all_of(atom(name, AGENT, [pattern]) for name, pattern in tests))


def test_many_patterns_are_not_walked_without_end() -> None:
    patterns = [f"*{letter}*{letter}*{letter}*" for letter in "abcdefghijklm"]
    formula = all_of(atom("StringLike", AGENT, [pattern]) for pattern in patterns)
    with pytest.raises(Undecided):
        model(all_of((formula, atom("StringNotLike", AGENT, ["*a*"]))))


def test_constants_and_repetitions_are_folded() -> None:
    a, b = atom("StringEquals", AGENT, ["a"]), atom("StringEquals", AGENT, ["b"])
    assert (all_of(()), any_of(())) == (True, False)
    assert all_of((a, a)) == a == any_of((a, False, a))
    assert all_of((a, False)) is False
    assert any_of((a, True)) is True
    assert all_of((a, negate(a))) is False
    assert any_of((negate(a), a)) is True
    assert all_of((a, all_of((b, a)))) == All((a, b))
    assert any_of((any_of((a, b)), b)) == Or((a, b))
    assert isinstance(negate(a), Negation)


def test_an_atom_is_equal_to_one_that_asks_the_same() -> None:
    assert atom("StringEquals", AGENT, ["a"]) == atom("stringequals", AGENT.upper(), ["a"])
    assert atom("StringEquals", AGENT, ["a"]) != atom("StringEquals", AGENT, ["b"])
    assert isinstance(atom("StringEquals", AGENT, ["a"]), Atom)
    assert Hint("a", "String", ("x",)) == Hint("a", "String", ("x",), False)


# Words ---------------------------------------------------------------------------------------------------------------


@given(
    st.sampled_from(OPERATOR_NAMES), st.sampled_from([None, "ForAllValues", "ForAnyValue"]), st.booleans(), st.data()
)
def test_every_test_reads_as_a_clause_and_so_does_its_opposite(
    base: str, qualifier: str | None, if_exists: bool, data: st.DataObject
) -> None:
    texts = data.draw(st.lists(st.text(st.characters(), max_size=8), max_size=6))
    name = OperatorName(base, qualifier, if_exists and base != "Null")
    words, opposite = (condition_words(name, "aws:SourceIp\u202e", texts, opposite=o) for o in (False, True))
    assert "aws:SourceIp\\u202e" in words
    assert words != opposite or base == "Null"
    (words + opposite).encode("utf-8")


@pytest.mark.parametrize(
    "operator, values, words",
    [
        ("StringEquals", ["Support"], 'K is "Support"'),
        ("StringEquals", ["a", "b", "c"], 'K is "a", "b" or "c"'),
        ("StringLike", ["a", "b", "c", "d", "e", "f"], 'K is like "a", "b", "c", "d" or 2 more'),
        ("StringNotEquals", ["a"], 'K is not "a"'),
        ("StringEqualsIfExists", ["a"], 'K is "a", or K is absent'),
        ("Bool", ["true"], "K is true"),
        ("Null", ["true"], "K is absent"),
        ("Null", ["false"], "K is present"),
        ("NumericLessThanEquals", ["5"], "K is at most 5"),
        ("DateGreaterThan", ["2026-01-01"], "K is after 2026-01-01"),
        ("IpAddress", ["10.0.0.0/8"], "K is in 10.0.0.0/8"),
        ("ForAnyValue:StringEquals", ["a"], 'some value of K is "a"'),
        ("ForAllValues:StringEquals", ["a"], 'every value of K is "a", or K has none'),
    ],
)
def test_a_test_reads_as_english(operator: str, values: list[str], words: str) -> None:
    name = read_operator(operator)
    assert name is not None
    assert condition_words(name, "K", values) == words
