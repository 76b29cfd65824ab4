"""RequestSimulator without a browser: controls are set as a page would set them, and what would show is looked at."""

import asyncio
import re

import pytest
from pandas.testing import assert_frame_equal

import lexgraph as lg
from lexgraph.access.decide import access_rows
from lexgraph.plots import alt_text
from lexgraph.tables import SCHEMAS, access_table
from lexgraph.widgets.judges import policies_of
from lexgraph.widgets.simulator import ABSENT, MOST_ACTIONS, UNKNOWN
from tests.test_widgets import page, run, tags

TAG = "aws:ResourceTag/Department"
BOT = "arn:aws:lex:us-east-1:111122223333:bot-alias/SUPPORT001/PRODALIAS1"
BAD = '<img src=x onerror="alert(1)">\'&'


@pytest.fixture(scope="module")
def account():
    return lg.example_account()


@pytest.fixture
def maria(account):
    return lg.RequestSimulator(account, principal="user/maria", action="lex:RecognizeText", resource=f"{BOT}")


def policy(name, **statement):
    return lg.parse_policy({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}}, name=name)


def markup(simulator):
    panels = (simulator.reason, simulator.picture, simulator.note, simulator.python)
    return "".join(panel.value for panel in panels)


def same(decision, other):
    return (decision.outcome, decision.request, decision.condition) == (other.outcome, other.request, other.condition)


def test_it_shows_nothing_by_itself_and_every_part_has_its_class(capsys, maria):
    assert capsys.readouterr() == ("", "")
    assert repr(maria)
    wanted = {"principal", "action", "resource", "complete", "context", "status", "reason", "picture", "code", "note"}
    found, boxes = set(), [maria]
    while boxes:
        box = boxes.pop()
        found |= {name.removeprefix("lg-") for name in box._dom_classes}
        boxes += getattr(box, "children", ())
    assert wanted | {"app", "request-simulator"} <= found


def test_a_context_value_decides_what_hangs_on_it(maria):
    assert maria.status.value == (
        f'conditional · user/maria · lex:RecognizeText · {BOT} · if {TAG} is "Support" · missing: {TAG}'
    )
    assert list(maria.context.fields) == [TAG]
    page(maria.context.fields[TAG], value="Support")
    assert maria.status.value.startswith("allowed · user/maria")
    assert "may perform" in maria.reason.value
    page(maria.context.fields[TAG], value="Billing")
    assert maria.status.value.startswith("implicitDeny · user/maria")
    page(maria.context.absent[TAG], value=True)
    assert maria.request.context.values == {TAG: None}
    assert maria.status.value.startswith("implicitDeny")


def test_the_tag_in_the_list_of_resources_is_the_first_value_to_be_suggested(account, maria):
    billing = "arn:aws:lex:us-east-1:111122223333:bot-alias/BILLING001/PRODALIAS1"
    assert account.tags(billing)[TAG] == "Billing"
    page(maria.resource, value=billing)
    assert maria.context.fields[TAG].options == ("Billing", "Support")
    assert maria.decision.outcome == "conditional"  # suggested, and not taken for known
    page(maria.resource, value=f"{billing}2")
    assert maria.context.fields[TAG].options == ("Support",)


def test_keys_that_are_not_given_are_unknown_or_absent_as_one_chooses(maria):
    assert maria.complete.value == UNKNOWN
    assert maria.context.fields[TAG].placeholder == "unknown"
    page(maria.complete, index=1)
    assert maria.complete.value == ABSENT
    assert maria.context.fields[TAG].placeholder == "absent"
    assert maria.status.value.startswith("implicitDeny")
    assert "complete=True" in maria.code()


def test_the_result_is_the_row_that_the_accounts_table_has(account, maria):
    SCHEMAS["access"].check(maria.result)
    assert len(maria.result) == 1
    rows = access_rows(account.snapshot, "user/maria", "lex:RecognizeText", [BOT])
    assert_frame_equal(maria.result, access_table(rows))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"principal": "role/survey-widget", "action": "lex:DeleteBot"},
        {"action": "lex:ListBots", "resource": "*"},
        {"complete": ABSENT},
    ],
)
def test_the_code_gives_the_decision_on_show(account, maria, changes):
    for name, value in changes.items():
        getattr(maria, name).value = value
    assert same(run(maria.code(), account=account), maria.decision)
    for key in maria.context.fields:
        page(maria.context.fields[key], value='["Support", "Billing"]')
    assert same(run(maria.code(), account=account), maria.decision)


def test_the_code_for_policies_and_stacks_gives_the_decision_too():
    policies = lg.managed_policies("AmazonLex*")
    asked = {"action": "iam:PassRole", "context": {"iam:PassedToService": "lexv2.amazonaws.com"}}
    simulator = lg.RequestSimulator(policies, **asked)
    assert simulator.context.fields["iam:PassedToService"].value == "lexv2.amazonaws.com"
    assert same(run(simulator.code(), policies=policies), simulator.decision)
    listed = list(policies.values())
    assert same(run(lg.RequestSimulator(listed, **asked, name="mine").code(), mine=listed), simulator.decision)
    lone = policies["AmazonLexReadOnly"]
    simulator = lg.RequestSimulator(lone)
    assert simulator.status.value.startswith("allowed · user/someone · lex:GetBot · arn:aws:lex:")
    assert same(run(simulator.code(), policy=lone), simulator.decision)


def test_every_layer_of_a_stack_is_asked_and_its_keys_are_in_the_form():
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    boundary = lg.parse_policy(
        {"Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*", "Condition": mfa}}, kind="boundary"
    )
    scp = lg.parse_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, kind="scp", name="root")
    stack = lg.PolicyStack(identity=(policy("own", Action="lex:*", Resource="*"),), boundary=boundary, scps=((scp,),))
    assert {one.name for one in policies_of(stack)} == {"own", "policy", "root"}
    simulator = lg.RequestSimulator(stack, action="lex:GetBots")
    assert simulator.resource.value == "*"
    assert list(simulator.context.fields) == ["aws:MultiFactorAuthPresent"]
    assert "missing: aws:MultiFactorAuthPresent" in simulator.status.value
    page(simulator.context.fields["aws:MultiFactorAuthPresent"], value="true")
    assert simulator.status.value == "allowed · user/someone · lex:GetBots · *"
    assert same(run(simulator.code(), stack=stack), simulator.decision)
    simulator.principal.value = "Service:lexv2.amazonaws.com"
    assert simulator.status.value.startswith("implicitDeny · Service:lexv2.amazonaws.com")


def test_what_is_given_to_begin_with_counts_even_where_no_policy_asks_for_it(account):
    known = {TAG: "Support", "aws:SourceIp": "203.0.113.7"}
    simulator = lg.RequestSimulator(
        account, principal="maria", action="lex:RecognizeText", resource=BOT, context=known, complete=True
    )
    assert simulator.request.context.values == known
    assert simulator.status.value.startswith("allowed · maria")
    page(simulator.context.fields[TAG], value="")
    assert simulator.request.context.values == {"aws:SourceIp": "203.0.113.7"}


def test_actions_are_completed_by_service(maria):
    assert "lex:RecognizeText" in maria.action.options
    page(maria.action, value="s3:")
    assert maria.action.options[0].startswith("s3:")
    assert maria.status.value.startswith("Cannot answer: an action is written service:Name")
    page(maria.action, value="no")
    assert "lex:" in maria.action.options
    assert len(lg.expand("ec2:*")) <= MOST_ACTIONS


def test_a_resource_that_was_suggested_for_another_action_makes_way(maria):
    assert maria.resource.value == BOT
    page(maria.action, value="s3:GetObject")
    assert maria.resource.value.startswith("arn:aws:s3:::")
    page(maria.resource, value="arn:aws:s3:::mine/key")
    page(maria.action, value="s3:PutObject")
    assert maria.resource.value == "arn:aws:s3:::mine/key"


def test_an_action_is_asked_about_at_a_pause_in_typing(maria, monkeypatch):
    monkeypatch.setattr(maria._typing, "_wait", 0.05)
    shown = []
    maria.status.observe(lambda change: shown.append(change["new"]), names="value")

    async def type_it():
        for text in ("lex:D", "lex:De", "lex:DeleteBot"):
            page(maria.action, value=text)
        assert shown == []
        await asyncio.sleep(0.2)

    asyncio.run(type_it())
    assert len(shown) == 1
    assert "lex:DeleteBot" in shown[0]


@pytest.mark.parametrize(
    "control, value, said",
    [
        ("principal", "user/mario", 'there is no user or role "user/mario" in the account; nearest: '),
        ("action", "lex", 'an action is written service:Name, not "lex"'),
        ("resource", "the bot", 'a resource is an ARN of six parts or "*", not "the bot"'),
    ],
)
def test_bad_input_gets_one_calm_line_and_no_stale_decision(maria, control, value, said):
    before = getattr(maria, control).value
    page(getattr(maria, control), value=value)
    assert maria.status.value.startswith(f"Cannot answer: {said}")
    assert maria.decision is None
    assert maria.result.empty
    assert "no decision" in maria.reason.value
    assert run(f"{maria.code()}\nNone") is None
    with pytest.raises(lg.LexgraphError, match="no decision"):
        maria.figure()
    page(getattr(maria, control), value=before)
    assert maria.status.value.startswith("conditional · user/maria")


def test_an_action_that_nobody_knows_is_told_as_such(maria):
    page(maria.action, value="lex:NoSuchThing")
    assert maria.status.value.endswith("lex:NoSuchThing is not in the catalogue")


def test_what_cannot_be_simulated_is_an_error_at_once():
    with pytest.raises(lg.LexgraphError, match='not "str"'):
        lg.RequestSimulator("support-center.json")
    with pytest.raises(lg.LexgraphError, match="put it into its layer"):
        lg.RequestSimulator(
            lg.parse_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, kind="scp")
        )
    with pytest.raises(lg.LexgraphError, match='not "int"'):
        lg.RequestSimulator([7])


def test_the_status_is_the_last_thing_that_a_change_sets(maria):
    order = []
    for name in ("reason", "status", "python"):
        getattr(maria, name).observe(lambda _, name=name: order.append(name), names="value")
    page(maria.context.fields[TAG], value="Support")
    assert sorted(order) == ["python", "reason", "status"]
    assert order[-1] == "status"


def test_the_picture_is_the_decisions_path_in_the_style_of_the_page(maria):
    assert "lex:RecognizeText" in alt_text(maria.figure())
    page(maria.guard, dark=True)
    assert sum(maria.figure().get_facecolor()[:3]) < 0.5
    maria.draw()
    assert "<img src=" in maria.picture.value


def test_hostile_names_are_escaped_wherever_they_show():
    conditions = {"StringEquals": {f"aws:PrincipalTag/{BAD}": [BAD, f"</datalist>{BAD}"]}}
    hostile = policy(f"p{BAD}", Sid="s", Action="lex:*", Resource=[f"{BOT}{BAD}", "*"], Condition=conditions)
    simulator = lg.RequestSimulator(hostile, resource=f"{BOT}{BAD}")
    page(simulator.context.fields[f"aws:PrincipalTag/{BAD}"], value=BAD)
    simulator.draw()
    assert simulator.decision.outcome == "allowed"
    assert "&lt;img src=x" in simulator.reason.value
    assert tags(markup(simulator)) <= set("div table thead tbody tr th td p ul li br pre img span".split())
    assert set(re.findall(r"<img [a-z]+=.", markup(simulator))) == {'<img src="'}
    assert type(simulator.status).__name__ == "Label"
