"""The explorer of notebook 04 in JupyterLab: clicked, typed into, and looked at."""

import re

from playwright.sync_api import expect

NOTEBOOK = "04_explore_access.ipynb"
ALL = "lex:* · every known resource"
TAG = "aws:ResourceTag/Department"
SUPPORT = f"{TAG} = Support"

HOSTILE = """
import lexgraph as lg
from lexgraph.policy.parse import parse_policy

bad = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
statement = {
    "Sid": "s", "Effect": "Allow", "Action": "lex:*",
    "Resource": ["*", "arn:aws:lex:us-east-1:111122223333:bot/" + bad],
    "Condition": {"StringEquals": {"aws:PrincipalTag/" + bad: [bad, "</datalist>" + bad]}},
}
explorer = lg.AccessExplorer(lg.PolicySet([parse_policy({"Statement": statement}, name="p" + bad)]))
explorer
"""
HOSTILE_INPUT = """
bad_key = list(explorer.context.fields)[0]
explorer.context.fields[bad_key].value = bad
explorer.arn.value = "arn:aws:lex:us-east-1:111122223333:bot/" + bad + "typed"
"""


def parts(notebook, place=0):
    """Return the parts of an explorer by the names of their classes."""
    explorer = notebook.explorer(place)
    explorer.wait_for(timeout=90_000)
    return lambda name: explorer.locator(f".lg-{name}")


def test_what_is_typed_changes_the_table_and_the_picture(run_notebook):
    notebook = run_notebook(NOTEBOOK)
    find = parts(notebook)
    status, table, picture = find("status"), find("table"), find("picture").locator("img")
    # The notebook itself has said that the bot is tagged Support.
    expect(status).to_have_text(f"30 rows for user/maria · {ALL} · allowed or conditional · {SUPPORT}")
    expect(table).to_contain_text("✓ allowed")
    expect(table).not_to_contain_text("conditional")
    expect(picture).to_have_attribute("alt", re.compile("What user/maria may do"))
    before = picture.get_attribute("src")
    notebook.screenshot("light")

    tag = find("context-value").locator("input").first
    tag.fill("")
    tag.press("Enter")
    expect(status).to_have_text(f"30 rows for user/maria · {ALL} · allowed or conditional · 28 hang on {TAG}")
    expect(table).to_contain_text("? conditional")
    expect(table).to_contain_text('if aws:ResourceTag/Department is "Support"')
    expect(picture).not_to_have_attribute("src", before)
    expect(picture).to_have_attribute("alt", re.compile("condition"))

    find("context-absent").locator("input").first.check()
    expect(status).to_contain_text("aws:ResourceTag/Department is absent")
    expect(table).not_to_contain_text("? conditional")
    expect(tag).to_be_disabled()


def test_a_list_is_changed_by_clicks_and_by_keys(run_notebook):
    notebook = run_notebook(NOTEBOOK)
    find = parts(notebook)
    status, table = find("status"), find("table")
    expect(status).to_contain_text(SUPPORT)
    outcome = find("outcome-filter").locator("select")
    outcome.click()
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("Enter")
    expect(status).to_contain_text(f"462 rows for user/maria · {ALL} · denied")
    expect(table).to_contain_text("– implicitDeny")
    expect(table.locator("tbody tr")).to_have_count(100)
    expect(find("pages")).to_contain_text("Rows 1 to 100 of 462")
    for first in (101, 201):
        find("after").click()
        expect(find("pages")).to_contain_text(f"Rows {first} to {first + 99} of 462")
        expect(table.locator("tbody td").first).to_have_text(str(first))
        expect(find("row").locator("option").first).to_contain_text(f"{first}. implicitDeny")
    find("before").click()
    expect(table.locator("tbody td").first).to_have_text("101")
    notebook.screenshot("pages")

    find("principal").locator("select").select_option("user/ben")
    expect(status).to_contain_text("rows for user/ben")
    actions = find("actions").locator("input")
    actions.fill("lex:Get* lex:List*")
    actions.press("Tab")
    expect(status).to_contain_text("rows for user/ben · lex:Get* lex:List*")

    row = find("row").locator("select")
    first = find("reason").inner_text()
    row.focus()
    notebook.page.keyboard.press("ArrowDown")
    expect(find("reason")).not_to_have_text(first)
    find("view").locator("select").select_option("decision path of the chosen row")
    expect(find("picture").locator("img")).to_have_attribute("alt", re.compile("user/ben, lex:"))
    notebook.screenshot("path")


def test_jupyterlab_takes_no_keys_from_the_controls(run_notebook):
    notebook = run_notebook(NOTEBOOK)
    find = parts(notebook)
    expect(find("status")).to_contain_text(SUPPORT)
    cells = notebook.page.locator(".jp-Cell").count()
    codes = notebook.page.locator(".jp-CodeCell").count()
    outcome = find("outcome-filter").locator("select")
    outcome.focus()
    # In JupyterLab these make a cell raw or text, add one, cut one, or move to the next.
    for key in ("e", "r", "m", "y", "b", "x", "z", "c"):
        notebook.page.keyboard.press(key)
    notebook.page.keyboard.press("Home")
    expect(outcome).to_be_focused()
    expect(find("status")).to_contain_text("allowed or conditional")
    notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("ArrowDown")
    expect(find("status")).to_contain_text(f"30 rows for user/maria · {ALL} · allowed ·")
    absent = find("context-absent").locator("input").first
    absent.focus()
    for key in ("d", "d", "a", "Space"):
        notebook.page.keyboard.press(key)
    expect(find("status")).to_contain_text("is absent")
    assert notebook.page.locator(".jp-Cell").count() == cells
    assert notebook.page.locator(".jp-CodeCell").count() == codes


def test_a_question_that_cannot_be_asked_gets_one_calm_line(run_notebook):
    notebook = run_notebook(NOTEBOOK)
    find = parts(notebook)
    status = find("status")
    expect(status).to_contain_text(SUPPORT)
    arn = find("arn").locator("input")
    arn.fill("the support bot")
    arn.press("Enter")
    expect(status).to_have_text('Cannot answer: a resource is an ARN of six parts or "*", not "the support bot"')
    expect(find("table")).to_contain_text("No rows")
    expect(find("picture").locator("img")).to_have_count(0)
    notebook.screenshot("refused")
    arn.fill("")
    arn.press("Enter")
    expect(status).to_contain_text("30 rows for user/maria")


def test_every_control_has_a_name_and_its_place_in_the_order_of_tabbing(run_notebook):
    notebook = run_notebook(NOTEBOOK)
    find = parts(notebook)
    expect(find("status")).to_contain_text(SUPPORT)
    expect(find("status")).to_have_attribute("role", "status")
    explorer = notebook.explorer()
    order = ["principal", "actions", "resource", "or ARN", "outcome", "aws:ResourceTag/Department", "absent"]
    explorer.get_by_label(order[0], exact=True).focus()
    for name in order:
        expect(explorer.get_by_label(name, exact=True)).to_be_focused()
        notebook.page.keyboard.press("Tab")
    expect(explorer.get_by_role("region", name="Decisions")).to_be_focused()


def test_the_picture_follows_a_dark_theme(run_notebook):
    notebook = run_notebook(NOTEBOOK)
    find = parts(notebook)
    picture = find("picture").locator("img")
    expect(find("status")).to_contain_text(SUPPORT)
    expect(picture).to_have_attribute("alt", re.compile("user/maria"))
    light = picture.get_attribute("src")
    assert corner(picture) > 200
    notebook.theme("JupyterLab Dark")
    try:
        expect(picture).not_to_have_attribute("src", light)
        assert corner(picture) < 60
        notebook.screenshot("dark")
        find("code").scroll_into_view_if_needed()
        notebook.screenshot("dark-below")
    finally:
        notebook.theme("JupyterLab Light")  # the server remembers it


def corner(picture):
    """Return how light the picture's upper left corner is, from 0 to 255."""
    script = """async image => {
      await image.decode();
      const canvas = new OffscreenCanvas(1, 1).getContext("2d");
      canvas.drawImage(image, 0, 0);
      return canvas.getImageData(0, 0, 1, 1).data[0];
    }"""
    return picture.evaluate(script)


def test_policies_are_explored_as_held_by_a_pretended_user(run_notebook):
    notebook = run_notebook(NOTEBOOK)
    find = parts(notebook, 1)
    expect(find("status")).to_contain_text("112 rows for AmazonLexReadOnly · lex:* · an example of every resource")
    expect(find("reason")).to_contain_text("pretended user, arn:aws:iam::111122223333:user/someone")
    find("principal").locator("select").select_option("AmazonLexRunBotsOnly")
    expect(find("status")).to_contain_text("16 rows for AmazonLexRunBotsOnly")
    notebook.screenshot("policies")


def test_hostile_names_are_shown_and_run_nothing(run_notebook, lab):
    notebook = run_notebook(lab.write("hostile.ipynb", HOSTILE, HOSTILE_INPUT))
    find = parts(notebook)
    expect(find("status")).to_contain_text("typed")
    expect(find("status")).to_contain_text("<script>window.ran=1</script>")
    expect(find("reason")).to_contain_text("<img src=x onerror=")
    expect(find("picture").locator("img")).to_have_attribute("alt", re.compile("lex"))
    find("outcome-filter").locator("select").select_option("every outcome")
    expect(find("status")).to_contain_text("every outcome")
    expect(find("table")).to_contain_text("<img src=x onerror=")
    find("view").locator("select").select_option("decision path of the chosen row")
    expect(find("picture").locator("img")).to_have_attribute("alt", re.compile("someone"))
    assert notebook.page.evaluate("window.ran === undefined")
    assert notebook.explorer().locator("script").count() == 0
    assert notebook.explorer().locator("img:not([src^='data:image/png;base64,'])").count() == 0
    notebook.screenshot("hostile")
