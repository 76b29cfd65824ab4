"""PolicyDiff without a browser: texts are typed as a page would send them, and what would show is looked at."""

import asyncio
import re
from itertools import combinations

import pytest
from pandas.testing import assert_frame_equal

import lexgraph as lg
from lexgraph.plots import alt_text
from lexgraph.tables import SCHEMAS
from lexgraph.widgets import diff as diff_module
from lexgraph.widgets import html
from lexgraph.widgets.draft import draft_of
from tests.test_widgets import page, run, tags

BAD = '<img src=x onerror="alert(1)">\'&'
EQUAL = "Up to date · equal: both allow the same requests · 0 actions granted · 0 actions lost"


@pytest.fixture
def diff():
    return lg.PolicyDiff("AmazonLexRunBotsOnly")


def typed(diff, old, new):
    assert old in diff.right.value
    page(diff.right, value=diff.right.value.replace(old, new))


def markup(diff):
    panels = (diff.left_findings, diff.right_findings, diff.relation, diff.table, diff.picture, diff.note, diff.python)
    return "".join(panel.value for panel in panels)


def test_it_begins_with_two_copies_and_shows_nothing_by_itself(capsys, diff):
    assert diff.status.value == EQUAL
    assert diff.result.empty
    assert diff.current
    assert capsys.readouterr() == ("", "")
    assert repr(diff)  # ipywidgets keeps many names for itself, and looks at them there


def test_every_part_has_its_class(diff):
    wanted = {"left", "right", "left-findings", "right-findings", "status", "relation", "table", "picture", "code"}
    found, boxes = set(), [diff]
    while boxes:
        box = boxes.pop()
        found |= {name.removeprefix("lg-") for name in box._dom_classes}
        boxes += getattr(box, "children", ())
    assert wanted | {"note", "shown", "policy-diff", "app", "editor"} <= found


def test_what_is_typed_is_told_by_what_it_grants_and_takes_away(diff):
    typed(diff, "lex:PostText", "lex:DeleteBot")
    assert diff.status.value == (
        "Up to date · overlapping: each allows something that the other does not · 1 action granted · 1 action lost"
    )
    assert diff.result[["direction", "action"]].to_numpy().tolist() == [
        ["granted", "lex:DeleteBot"],
        ["taken away", "lex:PostText"],
    ]
    SCHEMAS["policy_changes"].check(diff.result)
    assert diff.comparison.only_b.action == "lex:DeleteBot"
    assert "Only the right allows, for example, <code>lex:DeleteBot</code> on <code>arn:aws:lex:" in diff.relation.value
    assert "Only the left allows, for example, <code>lex:PostText</code> on <code>arn:aws:lex:" in diff.relation.value
    assert diff.right.description == "right: AmazonLexRunBotsOnly (edited)"
    assert diff.left.description == "left: AmazonLexRunBotsOnly"


def test_a_condition_that_is_added_is_told_in_words(diff):
    condition = '"Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/Team": "A"}}'
    typed(diff, '"Resource": "*"', condition)
    assert diff.status.value.startswith("Up to date · wider: the left allows more than the right · 0 actions granted")
    assert 'if aws:ResourceTag/Team is not "A"' in diff.result["condition"].tolist()
    assert "aws:ResourceTag/Team is not &quot;A&quot;" in diff.table.value


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('"lex:PostText"', '"lex:PostText', "line 8, column"),
        ('"Effect": "Allow"', '"Effect": "Alow"', 'Effect must be "Allow" or "Deny", not "Alow"'),
        ("{", "", "this is not JSON"),
    ],
)
def test_a_half_written_text_is_told_with_its_place_and_destroys_nothing(diff, old, new, said):
    typed(diff, "lex:PostText", "lex:DeleteBot")
    before, shown, code = diff.result, diff.table.value, diff.code()
    typed(diff, *((old, new) if "Post" not in old else ('"lex:DeleteBot"', '"lex:DeleteBot')))
    assert diff.status.value.startswith("Not up to date: the right text is no policy: ")
    assert said in diff.status.value
    assert diff.status.value.endswith("greyed: the last texts that could be compared")
    assert not diff.current
    assert_frame_equal(diff.result, before)
    assert diff.table.value == shown
    assert diff.code() == code
    assert "lg-stale" in diff.shown._dom_classes
    assert "✗ error" in diff.right_findings.value
    page(diff.right, value=diff.left.value)
    assert diff.status.value == EQUAL
    assert "lg-stale" not in diff.shown._dom_classes
    assert diff.current


def test_a_text_that_never_was_a_policy_compares_nothing():
    diff = lg.PolicyDiff("{", "AmazonLexReadOnly")
    assert diff.status.value.endswith("nothing was compared yet")
    assert diff.result.empty
    assert diff.comparison is None
    assert run(f"{diff.code()}\nNone") is None
    with pytest.raises(lg.LexgraphError, match="no two policies"):
        diff.figure()
    page(diff.left, value=diff.right.value)
    assert diff.status.value == EQUAL


def test_what_is_doubtful_is_told_with_its_place_while_the_policies_are_compared(diff):
    typed(diff, "lex:PostText", "lex:PostTexts")
    assert "! warning" in diff.right_findings.value
    assert re.search(r"line \d+, column \d+: .*INVALID_ACTION", diff.right_findings.value)
    assert "Nothing to report" in diff.left_findings.value
    assert diff.current


@pytest.mark.parametrize(
    "a, b",
    [
        ("AmazonLexFullAccess@v8", "AmazonLexFullAccess@v9"),
        (lg.find_policy("AmazonLexReadOnly"), lg.example_policies()["console-restored"]),
        ("AmazonLexReadOnly", {"Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}}),
        ('{"Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}}', "AmazonLexReadOnly"),
    ],
)
def test_the_code_gives_the_table_on_show(a, b):
    diff = lg.PolicyDiff(a, b)
    assert len(diff.result)
    assert_frame_equal(run(diff.code()), diff.result)


@pytest.mark.parametrize("text", ["it's \\n", "'''", 'ends in "', "two\nlines", "back\\slash\ntwo"])
def test_the_code_repeats_what_was_typed_whatever_it_is(diff, text):
    condition = {"StringEquals": {"aws:PrincipalTag/Team": text}}
    statement = {"Effect": "Allow", "Action": "lex:PostText", "Resource": "*", "Condition": condition}
    page(diff.right, value=lg.write_policy(lg.parse_policy({"Statement": statement})))
    assert diff.current
    assert_frame_equal(run(diff.code()), diff.result)


def test_policies_keep_their_kind_and_texts_take_the_other_sides():
    scp = lg.parse_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, kind="scp", name="root")
    diff = lg.PolicyDiff(scp, '{"Statement": {"Effect": "Deny", "Action": "lex:*", "Resource": "*"}}')
    assert draft_of(scp, None, "").kind == "scp"
    assert "kind='scp'" in diff.code()


def test_policies_that_say_who_are_told_with_whom_a_change_is_about():
    statement = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
    diff = lg.PolicyDiff({"Statement": statement}, {"Statement": {**statement, "Principal": "*"}}, kind="trust")
    assert diff.status.value == (
        "Up to date · narrower: the left allows less than the right · 1 action granted · 0 actions lost"
    )
    assert re.search(
        "Only the right allows, for example, <code>sts:AssumeRole</code> on .* by <code>arn:aws:iam::",
        diff.relation.value,
    )
    assert diff.result[["what", "principals", "except_principals"]].to_numpy().tolist() == [
        ["principal", "*", "111122223333"]
    ]
    assert '<th scope="col" style="width:17%">who</th>' in diff.table.value
    assert "everyone<div>except the account 111122223333</div>" in diff.table.value
    assert "assumed: " in diff.relation.value
    assert_frame_equal(run(diff.code()), diff.result)
    assert diff.current


def test_who_is_no_column_where_policies_say_nothing_of_it(diff):
    typed(diff, "lex:PostText", "lex:DeleteBot")
    assert ">who</th>" not in diff.table.value


def test_what_is_no_policy_at_all_is_an_error_at_once():
    with pytest.raises(lg.LexgraphError, match='not "int"'):
        lg.PolicyDiff(7)
    with pytest.raises(lg.CatalogError, match="AmazonLexReadOnly"):
        lg.PolicyDiff("AmazonLexReadOnli")


def test_the_left_text_may_be_fixed():
    assert lg.PolicyDiff("AmazonLexReadOnly", fixed=True).left.disabled
    assert not lg.PolicyDiff("AmazonLexReadOnly").left.disabled


def test_a_pause_in_typing_asks_once_and_whoever_looks_sooner_does_not_wait(diff, monkeypatch):
    monkeypatch.setattr(diff._typing, "_wait", 0.05)
    asked = []
    monkeypatch.setattr(diff_module, "Comparison", lambda *pair: asked.append(1) or lg.Comparison(*pair))

    async def type_it():
        for new in ("lex:D", "lex:De", "lex:DeleteBot"):
            page(diff.right, value=diff.left.value.replace("lex:PostText", new))
            assert diff.status.value == "Waiting for a pause in typing."
        assert asked == []
        await asyncio.sleep(0.2)
        assert asked == [1]
        assert "1 action granted" in diff.status.value
        page(diff.right, value=diff.left.value)
        assert diff.result.empty
        assert asked == [1, 1]
        await asyncio.sleep(0.2)
        assert asked == [1, 1]

    asyncio.run(type_it())


def test_the_status_is_the_last_thing_that_a_change_sets(diff):
    order = []
    for name in ("table", "relation", "left_findings", "right_findings", "python", "status"):
        getattr(diff, name).observe(lambda _, name=name: order.append(name), names="value")
    typed(diff, "lex:PostText", "lex:DeleteBots")
    assert order[-1] == "status"
    assert set(order) == {"table", "relation", "right_findings", "python", "status"}


def test_the_picture_is_the_difference_in_the_style_of_the_page(diff):
    typed(diff, "lex:PostText", "lex:DeleteBot")
    assert "lex:DeleteBot" in alt_text(diff.figure())
    page(diff.guard, dark=True)
    assert sum(diff.figure().get_facecolor()[:3]) < 0.5
    diff.draw()
    assert "<img src=" in diff.picture.value


def test_a_question_that_takes_too_long_says_undecided():
    # Seven keys, six values, and no two keys may hold the same: that this cannot be takes long to find out.
    every = {"Action": "lex:*", "Resource": "*"}
    keys, values = [f"aws:PrincipalTag/{n}" for n in range(7)], list("abcdef")
    tests = [{"StringNotEquals": {key: values}} for key in keys]
    tests += [{"StringEquals": {one: value, other: value}} for one, other in combinations(keys, 2) for value in values]
    denies = [{"Effect": "Deny", **every, "Condition": test} for test in tests]
    diff = lg.PolicyDiff(
        {"Statement": [{"Effect": "Allow", **every}, *denies]}, {"Statement": {"Effect": "Deny", **every}}
    )
    assert diff.current
    assert diff.status.value.startswith("Up to date · undecided: it is not decided how they relate · lex:")
    assert "undecided" in set(diff.result["what"])
    assert "? undecided" in diff.table.value
    assert "0 actions granted · 0 actions lost" in diff.status.value


def test_hostile_texts_are_escaped_wherever_they_show():
    statement = {
        "Sid": "s", "Effect": "Allow", "Action": "lex:*", "Resource": [f"arn:aws:lex:us-east-1:111122223333:bot/{BAD}"],
        "Condition": {"StringEquals": {f"aws:PrincipalTag/{BAD}": [BAD, f"</details>{BAD}"]}},
    }  # fmt: skip
    nothing = {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    policy = lg.parse_policy({"Version": "2012-10-17", "Statement": statement}, name=f"p{BAD}")
    diff = lg.PolicyDiff(nothing, policy)
    diff.draw()
    assert len(diff.result)
    assert "&lt;img src=x" in diff.table.value
    page(diff.right, value=diff.right.value.replace('"lex:*"', '"<img src=x>"'))
    assert "&lt;img src=x&gt;" in diff.right_findings.value
    assert "<img src=x>" in diff.status.value  # a Label shows it as text
    assert type(diff.status).__name__ == "Label"
    allowed = "div table thead tbody tr th td p ul li br b pre img span code details summary"
    assert tags(markup(diff)) <= set(allowed.split())
    assert set(re.findall(r"<img [a-z]+=.", markup(diff))) == {'<img src="'}
    assert "\u202e" not in html.plain("\u202e")
    for box in (diff.left, diff.right, diff.status):
        assert not getattr(box, "description_allow_html", False)


def test_characters_that_deceive_the_eye_show_as_code_points():
    diff = lg.PolicyDiff("AmazonLexReadOnly")
    page(diff.right, value='{"Statement": "Al\u202elow"}')
    assert "\u202e" not in diff.status.value + markup(diff)
