"""The widgets without a browser: controls are set as a page would set them, and what they would show is looked at."""

import ast
import re
import threading
import time
from dataclasses import replace

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import lexgraph as lg
from lexgraph.account.pages import parse_account
from lexgraph.errors import LexgraphError
from lexgraph.plots import alt_text
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.widgets import AccessExplorer, html, picture, policy_account, questions
from lexgraph.widgets.later import Later
from lexgraph.widgets.pretended import example_resources
from lexgraph.widgets.questions import MOST_QUESTIONS, read_actions, read_value
from lexgraph.widgets.sources import mentioned_keys

BAD = '<img src=x onerror="alert(1)">\'&'
TAG = "aws:ResourceTag/Department"
BOT = "arn:aws:lex:us-east-1:111122223333:bot/SUPPORT001"
ALL = "lex:* · every known resource"


@pytest.fixture(scope="module")
def account():
    return lg.example_account()


@pytest.fixture
def maria(account):
    return AccessExplorer(account, subject="user/maria")


def run(code, **names):
    """Return the value of the last line of `code`."""
    tree = ast.parse(code)
    last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, "code", "exec"), names)  # noqa: S102 - that the widget's code runs is what is tested
    return eval(compile(last, "code", "eval"), names)  # noqa: S307 - the same


def page(control, **state):
    """Change a control as a browser does; it sends states, not values."""
    control.set_state(state)


def markup(explorer):
    """Return all the HTML that an explorer would show."""
    panels = (explorer.table, explorer.reason, explorer.picture, explorer.note, explorer.python)
    return "".join(panel.value for panel in panels)


def tags(text):
    return set(re.findall(r"</?([a-zA-Z]+)", text.replace(html.STYLE, "")))


def policy(name, **statement):
    return lg.parse_policy({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}}, name=name)


def test_the_explorer_is_public_and_shows_nothing_by_itself(capsys, maria):
    assert lg.AccessExplorer is AccessExplorer
    assert capsys.readouterr() == ("", "")
    assert "lg-app" in maria._dom_classes


def test_it_begins_with_what_may_be_done(maria):
    assert maria.status.value == f"30 rows for user/maria · {ALL} · allowed or conditional · 28 hang on {TAG}"
    assert set(maria.result["outcome"]) == {"allowed", "conditional"}
    assert maria.explanation.decision.request.action == maria.result["action"][0]


def test_every_control_and_panel_has_its_class(maria):
    wanted = {
        "principal", "actions", "resource", "arn", "outcome-filter", "context", "row", "view", "status", "table",
        "reason", "picture", "code", "note", "pages", "before", "after",
    }  # fmt: skip
    found, boxes = set(), [maria]
    while boxes:
        box = boxes.pop()
        found |= {name.removeprefix("lg-") for name in box._dom_classes}
        boxes += getattr(box, "children", ())
    assert wanted <= found


def test_a_context_value_turns_conditional_answers_into_allowed_ones(maria):
    assert list(maria.context.fields) == [TAG]
    page(maria.context.fields[TAG], value="Support")
    assert set(maria.result["outcome"]) == {"allowed"}
    assert maria.status.value.endswith(f"{TAG} = Support")
    page(maria.context.fields[TAG], value="Billing")
    assert len(maria.result) == 2


def test_a_key_that_is_absent_is_not_one_that_is_unknown(maria):
    page(maria.context.absent[TAG], value=True)
    assert maria.context.values == {TAG: None}
    assert maria.context.fields[TAG].disabled
    assert len(maria.result) == 2
    page(maria.context.absent[TAG], value=False)
    assert maria.context.values == {}
    assert len(maria.result) == 30


def test_what_was_typed_stays_with_its_key_while_others_are_looked_at(maria):
    page(maria.context.fields[TAG], value="Support")
    maria.principal.value = "user/ines"
    assert TAG not in maria.context.fields
    assert maria.question.context == {}
    maria.principal.value = "user/maria"
    assert maria.context.values == {TAG: "Support"}
    assert set(maria.result["outcome"]) == {"allowed"}


def test_a_known_value_is_shown_and_can_be_replaced():
    key = "aws:PrincipalTag/Team"
    team = policy("team", Action="lex:GetBots", Resource="*", Condition={"StringEquals": {key: "Bots"}})
    assert AccessExplorer(team).context.fields[key].placeholder == "unknown"
    snapshot = policy_account(team, "lex:*").snapshot
    someone = replace(snapshot.principals[0], tags=(("Team", "Desk"),))
    explorer = AccessExplorer(lg.Account(replace(snapshot, principals=(someone,))))
    assert explorer.context.fields[key].placeholder == "Desk (known)"
    assert explorer.result.empty
    page(explorer.context.fields[key], value="Bots")
    assert list(explorer.result["outcome"]) == ["allowed"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"outcome": "every outcome"},
        {"outcome": "denied", "actions": "lex:Get* lex:Delete*"},
        {"resource": BOT},
        {"arn": "arn:aws:lex:eu-west-1:111122223333:bot/OTHER00001"},
        {"principal": "every user and role", "actions": "lex:DeleteBot"},
        {"principal": "role/survey-widget", "outcome": "every outcome"},
        {"principal": "user/=cmd", "actions": "lex:NoSuchThing lex:GetBots", "outcome": "every outcome"},
    ],
)
def test_the_code_gives_the_table_on_show(account, changes):
    explorer = AccessExplorer(account, subject="user/maria")
    for name, value in changes.items():
        getattr(explorer, name).value = value
    assert explorer.status.value[0].isdigit()
    assert_frame_equal(run(explorer.code(), account=account), explorer.result)


def test_the_code_repeats_the_context_too(account, maria):
    page(maria.context.fields[TAG], value='["Support", "Billing"]')
    assert_frame_equal(run(maria.code(), account=account), maria.result)
    page(maria.context.absent[TAG], value=True)
    assert f"{{'{TAG}': None}}" in maria.code()
    assert_frame_equal(run(maria.code(), account=account), maria.result)


def test_the_code_for_policies_gives_the_table_on_show():
    policies = lg.managed_policies("AmazonLex*")
    explorer = AccessExplorer(policies, subject="AmazonLexFullAccess")
    explorer.outcome.value = "every outcome"
    assert_frame_equal(run(explorer.code(), policies=policies), explorer.result)
    lone = policies["AmazonLexReadOnly"]
    explorer = AccessExplorer(lone, name="mine")
    assert len(explorer.result) > 100
    assert_frame_equal(run(explorer.code(), mine=lone), explorer.result)


def test_the_result_is_an_access_table_whatever_happens(maria):
    from lexgraph.tables import SCHEMAS

    SCHEMAS["access"].check(maria.result)
    page(maria.arn, value="nonsense")
    SCHEMAS["access"].check(maria.result)
    assert maria.result.empty


@pytest.mark.parametrize(
    "control, value, said",
    [
        ("arn", "the bot", 'a resource is an ARN of six parts or "*", not "the bot"'),
        ("arn", "arn:aws:lex:us-east-1:111122223333:bot/*", "is a pattern; ask about one resource"),
        ("actions", "lexx:*", 'no action of the catalogue matches "lexx:*"'),
        ("actions", "GetBot", 'an action is written service:Name, not "GetBot"'),
        ("actions", " , ", "name an action"),
        ("actions", "*", "more than 6,000 questions"),
        ("arn", "bot/\n\u202e", 'not "bot/\\x0a\\u202e"'),
    ],
)
def test_bad_input_gets_one_calm_line_and_no_stale_rows(maria, control, value, said):
    page(getattr(maria, control), value=value)
    assert maria.status.value.startswith("Cannot answer: ")
    assert said in maria.status.value
    assert "\n" not in maria.status.value
    assert "Traceback" not in markup(maria)
    assert maria.result.empty
    assert maria.explanation is None
    assert "No rows" in maria.table.value
    assert run(f"{maria.code()}\nNone") is None
    page(getattr(maria, control), value="lex:*" if control == "actions" else "")
    assert maria.status.value == f"30 rows for user/maria · {ALL} · allowed or conditional · 28 hang on {TAG}"


def test_a_list_of_values_that_is_none_is_refused(maria):
    page(maria.context.fields[TAG], value='["Support"')
    assert maria.status.value.startswith("Cannot answer: several values of")
    page(maria.context.fields[TAG], value="Support")
    assert set(maria.result["outcome"]) == {"allowed"}


def test_a_principal_that_is_not_there_is_named_in_the_status(account, monkeypatch):
    monkeypatch.setattr("lexgraph.widgets.controls.MOST_OPTIONS", 3)  # as in an account of thousands
    explorer = AccessExplorer(account, subject="arn:aws:iam::111122223333:user/maria")
    assert explorer.principal.value == "user/maria"
    page(explorer.principal, value="user/mario")
    assert 'there is no user or role "user/mario" in the account; nearest: ' in explorer.status.value
    page(explorer.principal, value="user/contractors/kofi")
    assert "rows for user/contractors/kofi" in explorer.status.value


def test_an_explorer_begins_with_the_first_that_may_do_something(account):
    explorer = lg.AccessExplorer(account)
    assert len(explorer.result)
    before = [p.arn for p in account.snapshot.principals if p.arn < account[explorer.principal.value].arn]
    assert [arn for arn in before if len(account.what_can(arn, "lex:*"))] == []
    assert lg.AccessExplorer(account, actions="nothing:AtAll").principal.value in account


def test_principal_is_another_word_for_subject(account):
    assert lg.AccessExplorer(account, principal="maria").principal.value == "user/maria"
    with pytest.raises(LexgraphError, match="which mean the same"):
        lg.AccessExplorer(account, subject="maria", principal="maria")


def test_a_subject_that_does_not_exist_is_an_error_at_once(account):
    with pytest.raises(lg.AccountError, match="nobody"):
        AccessExplorer(account, subject="user/nobody")
    with pytest.raises(lg.LexgraphError, match="AmazonLexReadOnly"):
        AccessExplorer(lg.managed_policies("AmazonLex*"), subject="AmazonLexReadonly")
    with pytest.raises(lg.LexgraphError, match="not str"):
        AccessExplorer("support-center.json")
    with pytest.raises(lg.LexgraphError, match="no policy to ask about"):
        AccessExplorer(lg.PolicySet([]))


def test_picking_a_resource_replaces_an_arn_that_was_typed(maria):
    page(maria.arn, value="arn:aws:lex:us-east-1:111122223333:bot/OTHER00001")
    assert "bot/OTHER00001" in maria.status.value
    maria.resource.value = BOT
    assert maria.arn.value == ""
    assert BOT in maria.status.value
    page(maria.arn, value="arn:aws:lex:us-east-1:111122223333:bot/OTHER00001")
    maria.principal.value = "user/ben"
    assert "bot/OTHER00001" in maria.status.value


def test_a_page_changes_lists_by_position(maria):
    page(maria.outcome, index=list(maria.outcome.options).index("denied"))
    assert maria.status.value == f"462 rows for user/maria · {ALL} · denied"
    assert maria.pages.count.value == "Rows 1 to 100 of 462; .result has all of them."
    page(maria.row, index=3)
    assert maria.explanation.decision.request.resource == maria.result["resource"][3]


def test_the_chosen_row_stays_chosen_while_it_is_on_show(maria):
    maria.row.value = maria.row.options[7][1]
    chosen = maria.row.value
    page(maria.context.fields[TAG], value="Support")
    assert maria.row.value == chosen
    page(maria.context.fields[TAG], value="Billing")
    assert maria.row.value == tuple(maria.result.loc[0, ["principal", "action", "resource"]])


def test_the_reason_is_the_one_of_the_chosen_row(account, maria):
    maria.row.value = maria.row.options[4][1]
    principal, action, resource = maria.row.value
    assert maria.explanation.text() == account.can(principal, action, resource).explain().text()
    assert "TalkToSupportBots" in maria.reason.value


def test_policies_say_that_the_user_is_pretended():
    explorer = AccessExplorer(lg.managed_policies("AmazonLex*"))
    assert "a pretended user, arn:aws:iam::111122223333:user/someone" in explorer.reason.value
    assert "an example of every resource" in explorer.status.value


def test_a_policy_is_asked_about_resources_that_it_names():
    named = policy("named", Action="lex:*", Resource="arn:aws:lex:*:*:bot/Orders-*")
    assert "arn:aws:lex:us-east-1:111122223333:bot/Orders-example" in example_resources((named,), "lex:*")
    rows = AccessExplorer(named).result
    assert set(rows["resource"]) == {"arn:aws:lex:us-east-1:111122223333:bot/Orders-example"}


def test_only_identity_policies_are_explored():
    trust = Policy("trust", (), kind="trust")
    with pytest.raises(lg.LexgraphError, match="only identity policies grant"):
        policy_account(trust, "lex:*")


def hostile():
    conditions = {"StringEquals": {f"aws:PrincipalTag/{BAD}": [BAD, f"</datalist>{BAD}"]}}
    return policy(f"p{BAD}", Sid="s", Action="lex:*", Resource=[f"{BOT}{BAD}", "*"], Condition=conditions)


def test_hostile_names_in_policies_are_escaped_wherever_they_show():
    explorer = AccessExplorer(lg.PolicySet([hostile()]))
    page(explorer.arn, value=f"{BOT}{BAD}")
    page(explorer.context.fields[f"aws:PrincipalTag/{BAD}"], value=BAD)
    explorer.outcome.value = "every outcome"
    explorer.draw()
    assert len(explorer.result) == 152
    assert "&lt;img src=x" in explorer.table.value
    assert "&lt;img src=x" in explorer.reason.value
    assert "&lt;img src=x" in explorer.picture.value
    assert tags(markup(explorer)) <= set("div table thead tbody tr th td p ul li br pre img span".split())
    assert set(re.findall(r"<img [a-z]+=.", markup(explorer))) == {'<img src="'}


def test_hostile_names_in_an_account_are_escaped_wherever_they_show(account):
    explorer = AccessExplorer(account, subject="role/survey-widget")
    explorer.outcome.value = "every outcome"
    assert "<img src=x/onerror" not in markup(explorer)
    page(explorer.principal, index=0)
    page(explorer.actions, value="lex:GetBots")
    explorer.view.value = picture.PATH
    explorer.draw()
    assert "&lt;img/src=x/onerror" in explorer.table.value
    assert tags(markup(explorer)) <= set("div table thead tbody tr th td p ul li br pre img span".split())


def test_texts_beside_the_html_are_never_markup(account):
    explorer = AccessExplorer(lg.PolicySet([hostile()]))
    boxes = [explorer]
    while boxes:
        box = boxes.pop()
        boxes += getattr(box, "children", ())
        assert not getattr(box, "description_allow_html", False)
    assert type(explorer.status).__name__ == "Label"


def test_characters_that_deceive_the_eye_show_as_code_points():
    assert html.escaped("a\u202eb\u0430\x00<") == "a\\u202eb\\u0430\\x00&lt;"
    assert html.plain("x" * 5000).endswith("x…")
    explorer = AccessExplorer(lg.PolicySet([policy("Sup\u202eport", Action="lex:GetBots", Resource="*")]))
    assert explorer.principal.options[0][0] == "Sup\\u202eport"
    assert "\u202e" not in explorer.status.value + markup(explorer)


def test_an_outcome_is_a_mark_and_a_word_and_a_colour():
    assert {mark for mark, _ in html.OUTCOMES.values()} == set("✓?✗–")
    for outcome, (mark, colour) in html.OUTCOMES.items():
        assert f"{mark} {outcome}" in html.outcome_html(outcome)
        assert colour in html.outcome_html(outcome)


def test_the_figure_is_drawn_in_the_style_of_the_page(maria):
    import matplotlib.pyplot as plt

    light = maria.figure()
    page(maria.guard, dark=True)
    dark = maria.figure()
    assert sum(light.get_facecolor()[:3]) > 2.5 > 0.5 > sum(dark.get_facecolor()[:3])
    assert plt.get_fignums() == []  # so that a notebook does not show them a second time
    maria.view.value = picture.PATH
    assert "lex:DeleteSession" in alt_text(maria.figure("lexgraph"))


def test_the_picture_has_a_text_for_those_who_cannot_see_it(maria):
    maria.draw()
    alt = re.search(r'<img src="data:image/png;base64,[\w+/=]+" alt="([^"]+)">', maria.picture.value).group(1)
    assert alt == html.escaped(alt_text(maria.figure()))
    assert "What user/maria may do" in alt


def test_where_there_is_nothing_to_draw_the_note_says_so(maria):
    maria.principal.value = "user/ines"
    maria.draw()
    assert "There is no picture: there are no rows to draw." in maria.note.value
    assert "<img" not in maria.picture.value
    with pytest.raises(lg.LexgraphError, match="no rows"):
        maria.figure()
    maria.view.value = picture.NONE
    assert maria.picture.value == maria.note.value == ""


def test_a_picture_is_drawn_after_the_table_and_only_for_the_last_change():
    import asyncio

    drawn = []

    async def change():
        later = Later(0.05)
        later(lambda: drawn.append("first"))
        later(lambda: drawn.append("second"))
        assert drawn == []
        await asyncio.sleep(0.2)

    asyncio.run(change())
    assert drawn == ["second"]
    Later()(lambda: drawn.append("without a loop"))
    assert drawn == ["second"]


def test_a_change_from_another_thread_waits_for_the_one_that_is_going_on(maria, monkeypatch):
    # JupyterLab has some messages handled by the thread that runs cells, and some by another one.
    begun, answer = threading.Event(), questions.ask

    def slowly(source, question, meanwhile):
        begun.set()
        if threading.current_thread() is first:
            time.sleep(0.5)
        return answer(source, question, meanwhile)

    monkeypatch.setattr("lexgraph.widgets.explorer.ask", slowly)
    first = threading.Thread(target=page, args=(maria.outcome,), kwargs={"index": len(maria.outcome.options) - 1})
    first.start()
    begun.wait(5)
    page(maria.actions, value="lex:ListBots")
    page(maria.principal, index=0)
    first.join()
    assert maria.outcome.value == "every outcome"
    said = "34 rows for every user and role · lex:ListBots · every known resource · every outcome"
    assert maria.status.value.startswith(said)
    assert len(maria.result) == len(account_names(maria))


def account_names(explorer):
    return [name for _, name in explorer.principal.options if name != "every user and role"]


def test_the_status_is_the_last_thing_that_a_change_sets(maria):
    order = []
    for name in ("table", "reason", "status", "python"):
        getattr(maria, name).observe(lambda _, name=name: order.append(name), names="value")
    page(maria.context.fields[TAG], value="Support")
    assert order[-1] == "status"
    assert order.count("status") == 1


def test_a_change_asks_once(maria, monkeypatch):
    asked, answer = [], questions.ask
    monkeypatch.setattr("lexgraph.widgets.explorer.ask", lambda *a: asked.append(1) or answer(*a))
    for control, value in [("principal", "user/dana"), ("actions", "lex:Get*"), ("resource", BOT), ("arn", f"{BOT}2")]:
        asked.clear()
        getattr(maria, control).value = value
        assert asked == [1], control


def test_who_may_do_something_to_one_bot_is_not_too_much_to_ask(account):
    assert len(account.snapshot.principals) * len(lg.expand("lex:*")) <= MOST_QUESTIONS


def test_keys_come_from_conditions_and_variables_once_whatever_their_case():
    found = mentioned_keys(
        (
            policy("a", Action="s3:*", Resource="arn:aws:s3:::b/${aws:PrincipalTag/Team}/*"),
            policy(
                "b", Action="s3:*", Resource="*",
                Condition={
                    "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Null": {"AWS:sourceip": "true"},
                    "StringLike": {"s3:prefix": ["home/${aws:username}", "x*", "logs"]},
                    "Bool": {"aws:SecureTransport": True},
                },
            ),
        )
    )  # fmt: skip
    assert found == {
        "aws:PrincipalTag/Team": (),
        "aws:SecureTransport": ("true",),
        "aws:SourceIp": ("203.0.113.0",),
        "aws:username": (),
        "s3:prefix": ("logs",),
    }


def test_what_is_typed_is_read_as_people_write_it():
    assert read_actions(" lex:Get*,lex:Post*\n lex:Get* ") == ("lex:Get*", "lex:Post*")
    assert read_value("k", " Support ") == "Support"
    assert read_value("k", '["a", "b"]') == ["a", "b"]
    for bad in ("[1]", "[", "[" * 100_000, '["a", null]'):
        with pytest.raises(lg.LexgraphError, match="JSON list"):
            read_value("k", bad)


def test_an_account_that_cannot_be_read_in_full_says_unknown():
    broken = {
        "UserDetailList": [
            {
                "Arn": "arn:aws:iam::111122223333:user/ana", "UserName": "ana", "UserId": "AIDAEXAMPLE", "Path": "/",
                "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Statement": {"Effect": "Maybe"}}}],
                "AttachedManagedPolicies": [], "GroupList": [],
            }
        ],
        "GroupDetailList": [], "RoleDetailList": [], "Policies": [],
    }  # fmt: skip
    explorer = AccessExplorer(lg.Account(parse_account(broken)))
    assert set(explorer.result["outcome"]) == {"conditional"}
    assert explorer.status.value.endswith("hang on what could not be read")


def test_the_table_shows_a_condition_only_where_there_is_one(maria):
    assert ">condition</th>" in maria.table.value
    page(maria.context.fields[TAG], value="Support")
    assert ">condition</th>" not in maria.table.value
    assert isinstance(maria.result, pd.DataFrame)


def test_an_action_that_is_about_no_known_resource_gives_no_rows(account):
    explorer = AccessExplorer(account, subject="user/maria", actions="iotwireless:GetDestination")
    explorer.outcome.value = "every outcome"
    assert explorer.result.empty
    assert "Nothing was asked" in explorer.table.value


def test_first_rows_are_shown_where_all_take_long_and_are_the_first_of_all(account, monkeypatch):
    monkeypatch.setattr(questions, "PATIENCE", 0)
    monkeypatch.setattr("lexgraph.access.compressed.FEW", 4)
    monkeypatch.setattr("lexgraph.access.compressed.SHORT", 0)
    for subject, actions, answers in [("every user and role", "lex:ListBots", 34), ("user/maria", "lex:*", 492)]:
        explorer = AccessExplorer(account, subject=subject, actions=actions)
        shown = []
        explorer.table.observe(lambda change, shown=shown: shown.append(change["new"]), names="value")
        explorer.outcome.value = "every outcome"
        whole = rows_of(shown.pop())
        assert f"So far from 4 of {answers} answers; the others are being worked out." in shown[0]
        assert len(whole) == min(answers, html.PAGE_ROWS)
        for some in map(rows_of, shown):
            assert whole[: len(some)] == some
        assert "So far" not in explorer.table.value
        asked = None if subject == "every user and role" else subject
        assert_frame_equal(explorer.result, account.access(asked, actions))


def rows_of(table):
    """Return the first cells of each row of a table's HTML; whether there is a condition is seen at the end."""
    return [re.findall(r"<td.*?</td>", row)[:3] for row in re.findall(r"<tr>(<td.*?)</tr>", table)]


def test_a_line_of_the_form_is_made_once(maria):
    line = maria.context.fields[TAG]
    maria.principal.value = "user/ines"
    maria.principal.value = "user/maria"
    assert maria.context.fields[TAG] is line


def test_the_pages_of_a_long_table_are_turned_until_every_row_was_on_show(maria):
    assert maria.pages.layout.display == "none"  # all 30 rows are on show
    maria.outcome.value = "every outcome"
    assert maria.pages.layout.display != "none"
    assert maria.pages.before.disabled
    seen = []
    while True:
        seen += [option[0] for option in maria.row.options]
        assert maria.explanation.decision.request.resource == maria.result["resource"][maria.pages.first]
        if maria.pages.after.disabled:
            break
        maria.pages.after.click()
    assert [int(name.partition(".")[0]) for name in seen] == list(range(1, 493))
    assert maria.pages.count.value == "Rows 401 to 492 of 492; .result has all of them."
    assert re.search(r"<tr><td>492</td>", maria.table.value)
    maria.pages.before.click()
    assert maria.row.options[0][0].startswith("301. ")
    maria.actions.value = "lex:Get*"
    assert maria.row.options[0][0].startswith("1. ")


def test_a_row_without_an_exact_answer_is_shown_and_says_why():
    many = [f"arn:aws:s3:::*{one}*" for one in "abcdefghijkl"]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": many}
    explorer = AccessExplorer(parse_policy({"Statement": statement}), actions="s3:GetObject")
    explorer.arn.value = "*"
    assert explorer.result["outcome"].tolist() == ["conditional"]
    assert "in too many ways to say for which" in explorer.table.value
    assert "overlaps with the policies&#x27; patterns in too many ways" in explorer.reason.value
    assert explorer.status.value.endswith("1 hangs on the resource")
