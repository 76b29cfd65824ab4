"""A report on an account full of attacks, opened in Chromium: nothing runs, nothing is fetched, everything is shown."""

import json
import subprocess
import sys

import pytest
from playwright.sync_api import expect

# Written by another process, as a person would write it; the browser then only reads files.
WRITE = """
import json, sys
import lexgraph as lg
from lexgraph.account.pages import parse_account
dump = json.load(open(sys.argv[1], encoding="utf-8"))
lg.write_report(parse_account(dump, source="<script>window.pwned=1</script>.json"), sys.argv[2])
"""
PAYLOADS = (
    "<script>window.pwned=1;alert(1)</script>",
    "\"><img src=x onerror='window.pwned=1'>",
    "'><svg/onload=window.pwned=1>",
    "</style><style>*{background:url(http://evil.example/a.png)}</style>",
    "</title></head><body onload=window.pwned=1>",
    "--><iframe src=javascript:parent.pwned=1>",
    "]]></text></svg><script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "<a href=javascript:window.pwned=1>x</a>",
    "<form action=http://evil.example/><button>x</button></form>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    '<meta http-equiv="refresh" content="0;url=http://evil.example/">',
    "<img src=http://evil.example/y.png>",
    "<details open ontoggle=window.pwned=1>",
    "<math><mtext><script>window.pwned=1</script></mtext></math>",
    "&#60;script&#62;window.pwned=1&#60;/script&#62;",
)
OWNER = "arn:aws:iam::111122223333"


def user(text):
    bot = f"arn:aws:lex:us-east-1:111122223333:bot/{text}"
    condition = {"StringEquals": {f"aws:ResourceTag/{text}": [text]}}
    statement = {"Effect": "Allow", "Action": "lex:GetBot", "Resource": bot, "Condition": condition}
    return {
        "UserName": text,
        "Arn": f"{OWNER}:user/{text}/x",
        "Path": f"/{text}/",
        "UserId": text,
        "CreateDate": text,
        "Tags": [{"Key": text, "Value": text}],
        "UserPolicyList": [
            {"PolicyName": text, "PolicyDocument": {"Version": "2012-10-17", "Statement": statement}},
            {"PolicyName": f"{text} broken", "PolicyDocument": {text: text}},
        ],
    }


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "dump.json").write_text(json.dumps({"UserDetailList": [user(text) for text in PAYLOADS]}))
    command = [sys.executable, "-c", WRITE, str(folder / "dump.json"), str(folder / "report")]
    subprocess.run(command, check=True)
    return folder / "report"


@pytest.fixture
def watched(browser):
    """A page, and everything that happened on it that should not."""
    context = browser.new_context()
    page = context.new_page()
    happened = []
    page.on("dialog", lambda dialog: (happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: happened.append(f"error {error}"))
    page.on("popup", lambda _: happened.append("popup"))
    page.on("download", lambda download: happened.append(f"download {download.url}"))

    def request(route):
        url = route.request.url
        if not url.startswith(("file:", "data:")):
            happened.append(f"request {url}")
            route.abort()
        else:
            route.continue_()

    page.route("**/*", request)
    yield page, happened
    context.close()
    assert happened == []


def open_all(page, report):
    page.goto((report / "index.html").as_uri(), wait_until="load")
    # Everything is unfolded, hovered over and looked at, since an attack may wait for that.
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.mouse.move(200, 200)
    page.mouse.wheel(0, 20_000)
    page.wait_for_timeout(500)


def test_nothing_of_a_hostile_account_runs_in_its_report(watched, report):
    page, _ = watched
    open_all(page, report)
    assert page.evaluate("window.pwned") is None
    for element in ("script", "iframe", "object", "embed", "form", "link", "base", "math", "a[href^=javascript]"):
        expect(page.locator(element)).to_have_count(0)
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on'))"
    assert page.evaluate(handlers) == []
    assert page.url == (report / "index.html").as_uri()


def test_the_report_forbids_scripts_and_requests_even_if_one_got_in(watched, report):
    page, happened = watched
    open_all(page, report)
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    # As an attack would, had it found a way in. Chromium says in its console that it refuses.
    refused = []
    page.on("console", lambda message: refused.append(message.text))
    page.evaluate(
        """() => {
            const put = html => document.body.insertAdjacentHTML('beforeend', html);
            put("<img src='x' onerror='window.pwned=1'>");
            put("<img src='http://evil.example/x.png'>");
            const script = document.createElement('script');
            script.textContent = 'window.pwned=1';
            document.body.append(script);
        }"""
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.pwned") is None
    assert len([text for text in refused if "Content Security Policy" in text]) >= 2
    assert happened == []


def test_the_attacks_are_shown_as_the_texts_that_they_are(watched, report):
    page, _ = watched
    open_all(page, report)
    text = page.locator("body").inner_text()
    for payload in PAYLOADS:
        assert payload in text


def test_the_charts_of_a_hostile_account_run_nothing_when_opened_alone(watched, report):
    page, _ = watched
    charts = sorted((report / "charts").glob("*.svg"))
    assert charts
    for chart in charts:
        page.goto(chart.as_uri(), wait_until="load")
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.querySelectorAll('script, foreignObject, a').length") == 0
