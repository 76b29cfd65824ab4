"""The explorer on an account of 1,000 users and roles: chosen by typing, answered before anybody waits."""

import time

from playwright.sync_api import expect

SETUP = """
import lexgraph as lg
from lexgraph.account.model import ManagedPolicy, Principal, Resource, Snapshot

OWNER = "arn:aws:iam::111122223333"
held = lg.managed_policies("AmazonLex*", "AmazonS3*", "AWSLambda*", "AmazonDynamoDB*")
managed = tuple(ManagedPolicy(policy.arn, policy.name, policy, "v1", ()) for policy in held.values())
arns = [one.arn for one in managed]
lex = [arn for arn in arns if "AmazonLex" in arn]
principals = tuple(
    Principal(
        f"{OWNER}:{kind}/p{i:04}", kind, f"p{i:04}", attached=(lex[i % len(lex)], arns[i % len(arns)]),
        tags=(("Team", f"t{i % 7}"),),
    )
    for i in range(500) for kind in ("role", "user")
)
bots = tuple(Resource(f"arn:aws:lex:us-east-1:111122223333:bot/BOT{i:07}") for i in range(40))
ordered = tuple(sorted(principals, key=lambda p: p.arn))
account = lg.Account(Snapshot("large", "", None, "111122223333", ordered, policies=managed, resources=bots))
explorer = lg.AccessExplorer(account, subject="user/p0001")
explorer
"""


def test_an_account_of_a_thousand_is_explored_by_typing(run_notebook, lab):
    notebook = run_notebook(lab.write("large.ipynb", SETUP))
    explorer = notebook.explorer()
    explorer.wait_for(timeout=90_000)
    status, table, pages = (explorer.locator(f".lg-{name}") for name in ("status", "table", "pages"))
    expect(status).to_contain_text("rows for user/p0001 · lex:*")
    principal = explorer.locator(".lg-principal input")
    expect(explorer.locator(".lg-principal option")).to_have_count(1_001)
    expect(explorer.locator(".lg-principal select")).to_have_count(0)

    expect(explorer.locator(".lg-picture img")).to_have_count(1)  # the first one has matplotlib loaded
    taken = []
    for name in ("user/p0043", "role/p0499", "user/p0253", "role/p0001", "user/p0487"):
        principal.fill(name)
        begun = time.monotonic()
        principal.press("Enter")
        # Asked at every frame; `expect` would look once a second after a while.
        notebook.page.wait_for_function(
            "name => document.querySelector('.lg-status').innerText.includes(name)", arg=name
        )
        expect(status).to_contain_text(f"rows for {name} · lex:*")
        taken.append(time.monotonic() - begun)
    print(f"1,000 users and roles: {', '.join(f'{1000 * one:.0f} ms' for one in taken)} from a name to its table")

    expect(pages).to_contain_text("Rows 1 to 100 of 3,539; .result has all of them.")
    expect(table.locator("tbody tr")).to_have_count(100)
    # Without waiting: the second question comes while the first is answered, and by another thread.
    explorer.locator(".lg-outcome-filter select").select_option("every outcome")
    explorer.locator(".lg-actions input").fill("lex:ListBots")
    explorer.locator(".lg-actions input").press("Enter")
    begun = time.monotonic()
    principal.fill("every user and role")
    principal.press("Enter")
    expect(status).to_contain_text("1,000 rows for every user and role · lex:ListBots")
    print(f"one action of all of them: {1000 * (time.monotonic() - begun):.0f} ms")
    expect(pages).to_contain_text("Rows 1 to 100 of 1,000; .result has all of them.")
    notebook.screenshot("large")
