"""``df.iam``: it is there with every table, says what the table is, and loses no row that may be about an action."""

import subprocess
import sys
from itertools import product

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import lexgraph as lg
from lexgraph.errors import LexgraphError, RequestError
from lexgraph.exports import provenance_of
from lexgraph.policy.patterns import glob_match
from lexgraph.tables import SCHEMAS

WAYS = {
    "a set of policies": "import lexgraph as lg; lg.example_policies().grants.iam.schema",
    "an account after its graph": "import lexgraph as lg; a = lg.example_account(); a.policy_graph(); a.grants.iam",
    "a function of tables": "from lexgraph.tables import console_needs_table as made; made().iam.schema",
    "one module of tables": "from lexgraph.tables.console import console_needs_table as made; made().iam.schema",
    "charts": "import pandas; from lexgraph.plots import overlap; pandas.DataFrame.iam",
    "the accessor itself": "import lexgraph.exports.accessor, pandas; pandas.DataFrame.iam",
}
NAMES = ["".join(letters) for size in range(6) for letters in product("abx", repeat=size)]  # no pattern holds an x
stars = st.text("ab*", min_size=1, max_size=3)
globs = st.text("ab*?", min_size=1, max_size=3)


def named(*texts: str | None, negated: bool | None = None) -> pd.DataFrame:
    """Return a table with the actions given, as names or patterns of the service s."""
    full = [None if text is None else " ".join(f"s:{one}" for one in text.split()) for text in texts]
    table = pd.DataFrame({"action": pd.array(full, dtype="str")})
    return table if negated is None else table.assign(action_negated=negated)


@pytest.mark.parametrize("code", WAYS.values(), ids=WAYS)
def test_the_accessor_is_there_whichever_way_the_tables_came(code):
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_table_is_told_from_its_columns(name):
    table = SCHEMAS[name].empty()
    assert table.iam.schema is SCHEMAS[name]
    said = table.iam.columns()
    assert said["column"].tolist() == list(table.columns)
    assert [str(dtype) for dtype in table.dtypes] == said["dtype"].tolist()
    assert said["meaning"].str.len().gt(0).all()


def test_columns_that_depend_on_the_input_belong_to_the_table():
    table = lg.tables.action_sets_table(lg.managed_policies("AmazonLex*"))
    assert table.iam.schema.name == "action_sets"
    said = table.iam.columns()
    assert said["column"].tolist() == list(table.columns)
    assert said["dtype"].tolist()[3:] == ["bool"] * 6
    assert said["meaning"].isna().tolist() == [False] * 3 + [True] * 6


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(),
        pd.DataFrame({"\x1b[31m": [1]}),
        SCHEMAS["principals"].empty()[["principal", "kind"]],
        SCHEMAS["principals"].empty().assign(mine=True),
        SCHEMAS["action_sets"].empty().assign(mine="text"),
    ],
)
def test_any_other_table_is_none_of_lexgraphs(table):
    with pytest.raises(LexgraphError, match="no table of lexgraph has the columns") as caught:
        table.iam.schema  # noqa: B018 - looking at it is what fails
    assert caught.value.code == "WRONG_TABLE"
    assert str(caught.value).isprintable()


def test_what_a_table_says_of_its_source_goes_with_its_rows():
    account = lg.example_account()
    rows = account.grants[account.grants["effect"] == "Deny"]
    assert rows.iam.source == provenance_of(None, account.grants)
    assert rows.iam.source.inputs == ((account.snapshot.source, account.snapshot.sha256),)
    assert rows.iam.source.catalog_date == lg.catalog_date()


def test_a_table_that_says_nothing_has_an_unknown_source():
    assert pd.DataFrame({"a": [1]}).iam.source == provenance_of(None)


@pytest.mark.parametrize("options", [{}, {"raw": True}, {"redact": True}])
def test_exporting_writes_what_export_writes(tmp_path, options):
    table = lg.example_account().principals
    lg.export(table, tmp_path / "one.csv", **options)
    assert table.iam.export(tmp_path / "other.csv", **options) == tmp_path / "other.csv"
    for ending in ("csv", "csv.about.json"):
        assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"other.{ending}").read_bytes()


@given(asked=globs, texts=st.lists(st.text("abAB", min_size=1, max_size=4), max_size=5))
def test_names_of_actions_are_kept_where_iam_would_match_them(asked, texts):
    table = named(*texts)
    expected = [text for text in table["action"] if glob_match(f"s:{asked}", text.lower())]
    assert table.iam.acting(f"S:{asked.upper()}")["action"].tolist() == expected


@given(asked=globs, text=st.lists(globs, max_size=3))
def test_patterns_are_kept_where_an_action_could_match_both(asked, text):
    both = any(glob_match(asked, name) and any(glob_match(one, name) for one in text) for name in NAMES)
    assert (not named(" ".join(text), negated=False).iam.acting(f"s:{asked}").empty) is both


@given(asked=globs, text=st.lists(globs, max_size=3))
def test_a_not_action_is_kept_where_it_leaves_an_action(asked, text):
    left = any(glob_match(asked, name) and not any(glob_match(one, name) for one in text) for name in NAMES)
    kept = not named(" ".join(text), negated=True).iam.acting(f"s:{asked}").empty
    assert kept or not left
    # Several patterns with "?" may leave nothing together though none does alone; such a row stays.
    assert left or not kept or "?" in " ".join(text)


@given(first=globs, second=globs, texts=st.lists(globs, max_size=5), negated=st.booleans())
def test_asking_about_several_is_asking_about_each(first, second, texts, negated):
    table = named(*texts, negated=negated)
    one, other = (table.iam.acting(f"s:{asked}").index for asked in (first, second))
    assert table.iam.acting([f"s:{first}", f"s:{second}"]).index.tolist() == sorted({*one, *other})


def test_rows_keep_their_index_their_types_and_what_the_table_says():
    grants = lg.example_account().grants
    rows = grants.iam.acting("lex:DeleteBot")
    assert 0 < len(rows) < len(grants)
    assert_frame_equal(rows, grants.loc[rows.index])
    assert rows.attrs == grants.attrs
    assert rows.iam.schema.name == "grants"


def test_every_statement_that_decides_about_an_action_is_found():
    policy = lg.parse_policy(
        {
            "Statement": [
                {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Sid": "Lex", "Effect": "Allow", "Action": ["LEX:get*", "s3:GetObject"], "Resource": "*"},
                {"Sid": "But", "Effect": "Deny", "NotAction": ["iam:*", "lex:Get*"], "Resource": "*"},
                {"Sid": "Other", "Effect": "Deny", "NotAction": ["iam:*", "lex:GetBots"], "Resource": "*"},
                {"Sid": "S3", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            ]
        },
        name="mixed",
    )
    grants = lg.tables.grants_table([policy])
    assert grants.iam.acting("lex:GetBot")["sid"].tolist() == ["All", "Lex", "Other"]
    assert grants.iam.acting("lex:Get*")["sid"].tolist() == ["All", "Lex", "Other"]
    assert grants.iam.acting("lex:*")["sid"].tolist() == ["All", "Lex", "But", "Other"]
    assert grants.iam.acting([]).empty


def test_a_row_that_names_no_action_is_kept():
    table = named("Get", None, "Put")
    assert table.iam.acting("s:Get").index.tolist() == [0, 1]
    assert table.astype({"action": "category"}).iam.acting("s:Get").index.tolist() == [0, 1]


def test_tables_laid_one_under_the_other_can_be_asked():
    table = pd.concat([named("Get", negated=True), named("Get", "Put")], ignore_index=True)
    assert table.iam.acting("s:Get").index.tolist() == [1]
    assert table.iam.acting("s:Put").index.tolist() == [0, 2]


@pytest.mark.parametrize("asked", ["GetBot", "", "*:Get*", "lex:", "a:b:c", "lex:\x1b[31m:"])
def test_what_is_no_action_is_refused(asked):
    with pytest.raises(RequestError) as caught:
        named("Get").iam.acting(asked)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("asked", [None, 5, ["s:Get", 5]])
def test_what_is_no_text_is_refused(asked):
    with pytest.raises(LexgraphError) as caught:
        named("Get").iam.acting(asked)
    assert caught.value.code == "WRONG_INPUT"


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [1]}),
        pd.concat([named("Get"), named("Get")], axis=1),
        SCHEMAS["access_changes"].empty(),  # its actions are examples
    ],
)
def test_a_table_that_does_not_tell_its_actions_is_refused(table):
    with pytest.raises(LexgraphError) as caught:
        table.iam.acting("s:Get")
    assert caught.value.code == "WRONG_TABLE"
