"""PolicyDiff in JupyterLab: typed into, left half-written, and looked at."""

import re

from playwright.sync_api import expect

SETUP = """
import lexgraph as lg

diff = lg.PolicyDiff("AmazonLexRunBotsOnly")
diff
"""
HOSTILE = """
import json
import lexgraph as lg

bad = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
statement = {
    "Sid": "s", "Effect": "Allow", "Action": "lex:Get*",
    "Resource": ["arn:aws:lex:us-east-1:111122223333:bot/" + bad],
    "Condition": {"StringEquals": {"aws:PrincipalTag/" + bad: [bad, "</textarea>" + bad]}},
}
diff = lg.PolicyDiff({"Statement": []}, {"Version": "2012-10-17", "Statement": statement})
diff.left.value = json.dumps({"Statement": {**statement, "Action": "lex:GetBot"}})
diff
"""
SAME = "Up to date · equal: both allow the same requests · 0 actions granted · 0 actions lost"


def parts(notebook):
    """Return the parts of a comparison by the names of their classes."""
    diff = notebook.page.locator(".lg-policy-diff").first
    diff.wait_for(timeout=90_000)
    return lambda name: diff.locator(f".lg-{name}")


def replace(editor, old, new):
    """Select a piece of the text and type another one in its place, key by key."""
    editor.evaluate(
        """(area, old) => {
          const start = area.value.indexOf(old);
          area.focus();
          area.setSelectionRange(start, start + old.length);
        }""",
        old,
    )
    editor.press_sequentially(new, delay=15)


def test_what_is_typed_is_told_by_what_it_grants_with_a_counterexample(run_notebook, lab):
    notebook = run_notebook(lab.write("diff.ipynb", SETUP))
    find = parts(notebook)
    status, right = find("status"), find("right").locator("textarea")
    expect(status).to_have_text(SAME)
    expect(find("table")).to_contain_text("Nothing is granted or lost")
    replace(right, "lex:PostText", "lex:DeleteBot")
    expect(status).to_contain_text("Up to date · overlapping")
    expect(status).to_contain_text("1 action granted · 1 action lost")
    expect(find("table")).to_contain_text("+ granted")
    expect(find("table")).to_contain_text("lex:DeleteBot")
    expect(find("table")).to_contain_text("− lost")
    expect(find("relation")).to_contain_text("Only the right allows, for example, lex:DeleteBot on arn:aws:lex:")
    expect(find("relation")).to_contain_text("Only the left allows, for example, lex:PostText on arn:aws:lex:")
    expect(find("picture").locator("img")).to_have_attribute("alt", re.compile("lex:DeleteBot"))
    expect(find("right")).to_contain_text("AmazonLexRunBotsOnly (edited)")
    notebook.screenshot("diff")


def test_a_half_written_text_is_told_with_its_place_and_destroys_nothing(run_notebook, lab):
    notebook = run_notebook(lab.write("diff-broken.ipynb", SETUP))
    find = parts(notebook)
    status, right = find("status"), find("right").locator("textarea")
    expect(status).to_have_text(SAME)
    replace(right, '"lex:PostText"', '"lex:DeleteBot"')
    expect(status).to_contain_text("1 action granted")
    shown = find("table").inner_text()
    replace(right, '"lex:DeleteBot"', '"lex:DeleteBot')
    expect(status).to_contain_text("Not up to date: the right text is no policy")
    expect(status).to_contain_text(re.compile(r"line \d+, column \d+"))
    expect(find("right-findings")).to_contain_text(re.compile(r"error, line \d+, column \d+"))
    expect(find("stale")).to_have_count(1)
    assert find("table").inner_text() == shown
    notebook.screenshot("diff-broken")
    right.press("End")
    replace(right, '"lex:DeleteBot', '"lex:DeleteBot"')
    expect(status).to_contain_text("Up to date")
    expect(find("stale")).to_have_count(0)


def test_what_is_doubtful_in_a_text_is_told_while_it_is_typed(run_notebook, lab):
    notebook = run_notebook(lab.write("diff-doubt.ipynb", SETUP))
    find = parts(notebook)
    expect(find("status")).to_have_text(SAME)
    replace(find("right").locator("textarea"), "lex:PostText", "lex:PostTexts")
    expect(find("right-findings")).to_contain_text("INVALID_ACTION")
    expect(find("right-findings")).to_contain_text(re.compile(r"warning, line \d+, column \d+"))
    expect(find("left-findings")).to_contain_text("Nothing to report")


def test_jupyterlab_takes_no_keys_from_the_editor(run_notebook, lab):
    notebook = run_notebook(lab.write("diff-keys.ipynb", SETUP))
    find = parts(notebook)
    right = find("right").locator("textarea")
    expect(find("status")).to_have_text(SAME)
    cells = notebook.page.locator(".jp-Cell").count()
    files = notebook.page.locator(".jp-FileBrowser").first
    expect(files).to_be_visible()
    right.focus()
    right.press("Control+Home")
    # In JupyterLab some of these add a cell, cut one, run the notebook, or (Control+b) put the list of files away.
    for key in ("a", "b", "d", "d", "r", "x", "z", "Enter", "Shift+Enter", "Control+Enter", "ArrowDown", "Control+b"):
        right.press(key)
    expect(right).to_be_focused()
    expect(right).to_have_value(re.compile(r"^abddrxz\n"))
    expect(files).to_be_visible()
    assert notebook.page.locator(".jp-Cell").count() == cells
    expect(find("status")).to_contain_text("the right text is no policy")


def test_hostile_texts_are_shown_and_run_nothing(run_notebook, lab):
    notebook = run_notebook(lab.write("diff-hostile.ipynb", HOSTILE))
    find = parts(notebook)
    expect(find("status")).to_contain_text("narrower")
    expect(find("table")).to_contain_text("<img src=x onerror=")
    replace(find("right").locator("textarea"), "lex:Get*", "<img src=x onerror=window.ran=1>")
    expect(find("status")).to_contain_text("Not up to date")
    expect(find("status")).to_contain_text("<img src=x onerror=window.ran=1>")
    expect(find("right-findings")).to_contain_text("<img src=x onerror=window.ran=1>")
    assert notebook.page.evaluate("window.ran === undefined")
    assert notebook.page.locator(".lg-policy-diff script").count() == 0
    assert notebook.page.locator(".lg-policy-diff img:not([src^='data:image/png;base64,'])").count() == 0
    notebook.screenshot("diff-hostile")
