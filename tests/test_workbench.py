"""What a notebook holds: an account and sets of policies by name, and errors that say what to do."""

import json
from pathlib import Path

import pandas as pd
import pytest

import lexgraph as lg
from lexgraph.account import readers
from lexgraph.errors import AccountError, CatalogError, LexgraphError, PolicyError, RequestError

STATEMENT = {"Effect": "Allow", "Action": "lex:GetBot", "Resource": "*"}


@pytest.fixture(scope="module")
def account():
    return lg.example_account()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a policy, and two files that hold none."""
    (tmp_path / "good.json").write_text(json.dumps({"Statement": STATEMENT}))
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "cut.json").write_text('{"Statement": ')
    return tmp_path


# An account by name ---


def test_an_account_is_a_mapping_of_its_principals_by_name(account):
    assert account["user/maria"].arn == "arn:aws:iam::111122223333:user/maria"
    assert account[account["user/maria"].arn] is account["user/maria"]
    assert len(account) == len(list(account)) == len(account.principals)
    assert [account[name] for name in account] == list(account.snapshot.principals)
    assert account._ipython_key_completions_() == list(account)
    assert "user/maria" in account
    assert "user/nobody" not in account
    assert 3 not in account


def test_a_principal_that_is_not_there_is_told_with_the_nearest(account):
    with pytest.raises(AccountError, match='nearest: "user/maria"'):
        account["user/mariah"]
    with pytest.raises(AccountError, match="by its name or ARN"):
        account[0]


def test_an_account_without_principals_is_still_true():
    empty = lg.Account(type(lg.example_account().snapshot)("none", ""))
    assert (len(empty), bool(empty)) == (0, True)


# Tables ---


def test_the_table_of_policies_tells_their_versions_and_source(account):
    lex = lg.managed_policies("AmazonLex*").policies.set_index("name")
    assert lex.loc["AmazonLexFullAccess", "policy_version"] == lg.history("AmazonLexFullAccess").versions[-1].name[-2:]
    assert set(lex["source"]) == {"AWS managed policies"}
    mine = account.policies
    known = {policy.arn: policy.default_version for policy in account.snapshot.policies}
    assert mine[mine["policy"].isin(known)].set_index("policy")["policy_version"].to_dict() == known
    assert set(mine["source"]) == {"support-center.json"}


def test_policies_that_were_read_name_their_folder(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps({"Statement": STATEMENT}))
    assert lg.read_policies(tmp_path).policies["source"].tolist() == [tmp_path.name]


# What goes wrong ---


def test_a_file_that_holds_no_policy_does_not_stop_the_folder(folder):
    # A folder of real life holds other files too; what was passed over is told, not raised.
    (folder / "deeper" / "still").mkdir(parents=True)
    (folder / "deeper" / "still" / "good.json").write_text(json.dumps({"Statement": STATEMENT}))
    (folder / "notes.txt").write_text("notes")
    policies = lg.read_policies(folder)
    assert list(policies) == ["deeper/still/good", "good"]
    lg.tables.SCHEMAS["skipped"].check(policies.skipped)
    reasons = policies.skipped.set_index("source")["reason"].to_dict()
    assert sorted(reasons) == ["cut.json", "list.json", "notes.txt"]
    assert reasons["list.json"] == "no policy: it has no Statement"
    assert reasons["cut.json"].endswith("(line 1, column 15)")


def test_two_policies_of_one_name_are_both_kept(tmp_path):
    holder = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": STATEMENT}}}
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"P": holder}}))
    for name in ("t.json:P.json", "a.json", "a.JSON"):
        (tmp_path / name).write_text(json.dumps({"Statement": STATEMENT}))
    assert sorted(lg.read_policies(tmp_path)) == ["a", "a (a.json)", "t.json:P", "t.json:P (t.json:P.json)"]


def test_read_policies_names_every_file_where_none_could_be_read(folder):
    (folder / "good.json").unlink()
    (folder / "torn.json").write_text('{"Statement": [')
    with pytest.raises(PolicyError, match=r'could be read: "cut.json", "torn.json"') as caught:
        lg.read_policies(folder)
    assert [error.source for error in caught.value.others] == ["torn.json"]
    with pytest.raises(PolicyError, match=r"cut\.json:1:"):
        lg.read_policies(folder / "cut.json")
    for name in ("cut.json", "torn.json"):
        (folder / name).unlink()
    with pytest.raises(LexgraphError, match="there is no policy in"):
        lg.read_policies(folder)
    with pytest.raises(LexgraphError, match="there is no file or folder"):
        lg.read_policies(folder / "nowhere")
    with pytest.raises(PolicyError, match="read_account reads it"):
        lg.read_policies(readers.example_account_path())


@pytest.mark.parametrize("name", ["none.json", "{}" * 300, "a\0b"])
def test_an_account_that_cannot_be_read_is_an_account_error(name):
    with pytest.raises(AccountError, match=r"cannot read .* an account is read from a file"):
        lg.read_account(name)


def test_a_file_where_a_managed_policy_is_meant_gets_a_hint(folder):
    file = str(folder / "good.json")
    for ask in (lg.find_policy, lambda name: lg.compare(name, "AmazonLexReadOnly")):
        with pytest.raises(CatalogError, match="it is a file, which read_policy reads"):
            ask(file)
    with pytest.raises(CatalogError) as caught:
        lg.find_policy("x" * 5000)
    assert "file" not in str(caught.value)


def test_a_context_that_is_no_mapping_is_refused(account):
    with pytest.raises(RequestError, match="values of condition keys"):
        account.can("user/maria", "lex:ListBots", "*", context="x")
    assert account.can("user/maria", "lex:ListBots", "*", lg.Context()).outcome == "allowed"


def test_a_policy_is_found_by_name_and_not_by_number():
    lex = lg.managed_policies("AmazonLex*")
    for key in (0, slice(2)):
        with pytest.raises(KeyError, match=r"by its name.*\.values\(\) lists them"):
            lex[key]
    assert 0 not in lex


# Names, lists and sets where policies are meant ---


def test_expand_takes_patterns_and_lists_of_them():
    assert lg.expand(["lex:Get*Alias"], "lex:PutBot") == lg.expand("lex:Get*Alias", "lex:PutBot")


def test_relations_take_names_sets_and_stacks():
    wide, narrow = lg.find_policy("AmazonLexFullAccess"), lg.find_policy("AmazonLexReadOnly")
    assert lg.contains("AmazonLexFullAccess", "AmazonLexReadOnly") == lg.contains(wide, narrow)
    assert lg.relate("AmazonLexReadOnly", lg.PolicyStack((wide,))).relation == "narrower"
    assert lg.equivalent("AmazonLexReadOnly", lg.PolicySet([narrow])).holds is True
    assert lg.overlaps([narrow], "AmazonLexFullAccess").holds is True


@pytest.mark.parametrize("thing", [42, [42], {"a": 3}, None])
def test_relations_refuse_what_is_no_policy(thing):
    with pytest.raises(LexgraphError, match="policies, their names or stacks are compared, not"):
        lg.contains(thing, "AmazonLexReadOnly")
    with pytest.raises(CatalogError, match='nearest: "AmazonLexReadOnly"'):
        lg.contains("AmazonLexReadOnyl", "AmazonLexReadOnly")


# What completion offers ---


def test_completion_offers_the_public_names_and_no_more():
    assert dir(lg) == sorted(lg.__all__)
    assert dir(lg.plot) == sorted(lg.plot.__all__)


def test_schemas_outcomes_and_neighbourhood_are_public():
    assert "policies" in lg.tables.SCHEMAS
    assert lg.OUTCOMES[0] == "allowed"
    G = lg.example_account().policy_graph()
    assert len(lg.neighbourhood(G, "user/maria")) < len(G)


ABOUT_AN_ACCOUNT = {
    "access": lambda account: account.access("user/ines", "lex:ListBots"),
    "actions of": lambda account: account.actions_of("user/ines"),
    "assumable roles": lambda account: account.assumable_roles,
    "can become": lambda account: account.can_become("user/yuki"),
    "cells of": lambda account: account.cells_of("user/ines"),
    "effective actions": lambda account: account.effective_actions,
    "escalation": lambda account: account.escalation,
    "principals": lambda account: account.principals,
    "shared access": lambda account: account.shared_access,
    "what can": lambda account: account.what_can("user/maria", "lex:ListBots"),
    "who can": lambda account: account.who_can("lex:ListBots", "*"),
    "who can become": lambda account: account.who_can_become("role/handover-day"),
}


@pytest.mark.parametrize("name", ABOUT_AN_ACCOUNT)
def test_a_table_about_an_account_says_in_its_export_what_it_was_made_from(name: str, tmp_path: Path) -> None:
    lg.export(ABOUT_AN_ACCOUNT[name](lg.example_account()), tmp_path / "t.csv")
    said = json.loads((tmp_path / "t.csv.about.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in said["inputs"]] == ["support-center.json"]
    assert said["not_considered"] == ["session", "scp", "rcp", "resource", "endpoint"]


def test_a_table_that_says_nothing_of_its_layers_is_not_said_to_consider_all(tmp_path: Path) -> None:
    lg.export(pd.DataFrame({"a": [1]}), tmp_path / "t.csv")
    assert json.loads((tmp_path / "t.csv.about.json").read_text(encoding="utf-8"))["not_considered"] is None
