"""RequestSimulator in JupyterLab: a form is filled in, an action typed, and the reasons read."""

import re

from playwright.sync_api import expect

TAG = "aws:ResourceTag/Department"
ALIAS = "arn:aws:lex:us-east-1:111122223333:bot-alias/SUPPORT001/PRODALIAS1"
SETUP = f"""
import lexgraph as lg

account = lg.example_account()
simulator = lg.RequestSimulator(account, principal="user/maria", action="lex:RecognizeText", resource="{ALIAS}")
simulator
"""


def parts(notebook):
    """Return the parts of a simulator by the names of their classes."""
    simulator = notebook.page.locator(".lg-request-simulator").first
    simulator.wait_for(timeout=90_000)
    return lambda name: simulator.locator(f".lg-{name}")


def test_filling_in_the_form_changes_the_decision_and_its_reasons(run_notebook, lab):
    notebook = run_notebook(lab.write("simulator.ipynb", SETUP))
    find = parts(notebook)
    status, reason, picture = find("status"), find("reason"), find("picture").locator("img")
    expect(status).to_contain_text(f"conditional · user/maria · lex:RecognizeText · {ALIAS} · if {TAG} is")
    expect(status).to_contain_text(f"missing: {TAG}")
    expect(reason).to_contain_text("? conditional")
    expect(picture).to_have_attribute("alt", re.compile("user/maria, lex:RecognizeText"))
    before = picture.get_attribute("src")
    tag = find("context-value").locator("input").first
    tag.fill("Support")
    tag.press("Enter")
    expect(status).to_have_text(f"allowed · user/maria · lex:RecognizeText · {ALIAS}")
    expect(reason).to_contain_text("✓ allowed")
    expect(reason).not_to_contain_text("? conditional")
    expect(picture).not_to_have_attribute("src", before)
    expect(find("code")).to_contain_text(f"{{'{TAG}': 'Support'}}")
    notebook.screenshot("simulator")
    tag.fill("Billing")
    tag.press("Enter")
    expect(status).to_contain_text("implicitDeny · user/maria")
    expect(reason).to_contain_text("– implicitDeny")


def test_keys_that_are_not_given_count_as_absent_where_one_says_so(run_notebook, lab):
    notebook = run_notebook(lab.write("simulator-absent.ipynb", SETUP))
    find = parts(notebook)
    expect(find("status")).to_contain_text("conditional")
    find("complete").locator("select").select_option("keys not given are absent")
    expect(find("status")).to_contain_text("implicitDeny · user/maria")
    expect(find("context-value").locator("input").first).to_have_attribute("placeholder", "absent")
    expect(find("code")).to_contain_text("complete=True")


def test_an_action_is_completed_and_asked_about_while_it_is_typed(run_notebook, lab):
    notebook = run_notebook(lab.write("simulator-action.ipynb", SETUP))
    find = parts(notebook)
    expect(find("status")).to_contain_text("conditional")
    action = find("action").locator("input")
    action.fill("")
    action.press_sequentially("s3:GetO", delay=30)
    expect(find("action").locator("option[value='s3:GetObject']")).to_have_count(1)
    expect(find("action").locator("option[value='lex:GetBot']")).to_have_count(0)
    action.press_sequentially("bject", delay=30)
    expect(find("status")).to_contain_text("implicitDeny · user/maria · s3:GetObject · arn:aws:s3:::support-")
    find("principal").locator("input").fill("user/nobody")
    find("principal").locator("input").press("Enter")
    expect(find("status")).to_contain_text('Cannot answer: there is no user or role "user/nobody"')
    expect(find("reason")).to_contain_text("There is no decision")
    notebook.screenshot("simulator-refused")
