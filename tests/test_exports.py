"""Exports: the same bytes every time, whole or not at all, and nothing in them that a program would run."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import networkx as nx
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

import lexgraph as lg
from lexgraph.errors import ExportError
from lexgraph.exports import Provenance, files, safe_name
from lexgraph.exports.names import inside
from lexgraph.exports.svg import with_small_hatches

ROOT = Path(__file__).parents[1]
FORMULAS = ["=1+1", "@SUM(1)", "+cmd", "-2+3", '=HYPERLINK("http://e","x")', "\tx", "\rx", "\nx"]
HOSTILE = [
    "/../../../tmp/evil/",
    "/etc/passwd",
    "C:\\x",
    "CON",
    "x" * 300,
    "a\0b",
    "dot.",
    "",
    "名",
    "\ud800",
    "A",
    "a",
]


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"name": pd.array(FORMULAS, dtype="str"), "count": pd.array(range(-3, 5), dtype="Int64")})


@pytest.fixture
def graph() -> nx.DiGraph:
    G = nx.DiGraph(kind="access", catalog_date="2026-10-27")
    G.add_node("principal:ana", label='a"<b>&\x00\x1b', kind="principal", many=("x", "y"), nothing=None, size=3)
    G.add_node("principal:a\x00", label="b", kind="principal", tags={"q", "p"}, size=1.5)
    G.add_node("principal:a\\x00", label="c", kind="principal", yes=True)
    G.add_edge("principal:ana", "principal:a\x00", type="strange", start="0", weight=2, id="x")
    return G


@pytest.fixture
def chart():
    ax = plt.figure().subplots()
    ax.bar(["a", "b"], [1, 2], hatch="....", label="dots")
    ax.set_title("A chart")
    return ax


def about_of(path: Path) -> dict:
    return json.loads(path.with_name(f"{path.name}.about.json").read_text())


# Names ---


def test_hostile_names_become_file_names_that_stay_in_their_folder(tmp_path):
    for text in HOSTILE:
        name = safe_name(text)
        assert name == Path(name).name
        assert len(name) < 80
        assert name.isascii()
        assert inside(tmp_path, f"{name}.svg").parent == tmp_path


def test_names_that_differ_by_case_only_stay_apart():
    assert len({safe_name(text).lower() for text in HOSTILE}) == len(HOSTILE)


def test_a_link_in_the_way_is_not_followed(tmp_path):
    (tmp_path / "tables").symlink_to("/")
    with pytest.raises(ExportError, match="link"):
        inside(tmp_path, "tables", "x.csv")
    with pytest.raises(ExportError, match="outside"):
        inside(tmp_path, "..", "x.csv")


# Files ---


def test_an_interrupted_export_leaves_the_old_file(tmp_path):
    target = tmp_path / "x.csv"
    target.write_text("old")

    def interrupted() -> None:
        with files.replacing(target) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path, monkeypatch, table):
    target = tmp_path / "x.csv"
    target.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(ExportError, match="No space left"):
        lg.export(table, target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_link_at_the_target_is_replaced_and_its_goal_is_left_alone(tmp_path, table):
    goal = tmp_path / "goal"
    goal.write_text("precious")
    (tmp_path / "x.csv").symlink_to(goal)
    lg.export(table, tmp_path / "x.csv")
    assert goal.read_text() == "precious"
    assert not (tmp_path / "x.csv").is_symlink()


def test_a_folder_that_is_missing_or_stands_in_the_way_is_an_error(tmp_path, table):
    with pytest.raises(ExportError, match="No such file"):
        lg.export(table, tmp_path / "nowhere" / "x.csv")
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        lg.export(table, tmp_path / "x.csv")


def test_a_new_file_has_the_rights_that_the_user_gives_new_files(tmp_path, table):
    old = os.umask(0o027)
    try:
        lg.export(table, tmp_path / "x.csv")
    finally:
        os.umask(old)
    assert (tmp_path / "x.csv").stat().st_mode & 0o777 == 0o640


def test_an_unknown_ending_or_thing_is_an_error_that_names_what_would_do(tmp_path, table, chart, graph):
    for thing, known in ((table, r"\.csv, \.xlsx"), (chart, r"\.svg, \.png, \.pdf"), (graph, r"\.graphml, \.gexf")):
        with pytest.raises(ExportError, match=known):
            lg.export(thing, tmp_path / "x.exe")
    with pytest.raises(ExportError, match="not int"):
        lg.export(3, tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


# Tables ---


def test_csv_cells_are_no_formulas(tmp_path, table):
    path = lg.export(table.rename(columns={"count": "=count"}), tmp_path / "x.csv")
    header, *rows = csv.reader(io.StringIO(path.read_bytes().decode(), newline=""))
    assert header == ["name", "'=count"]
    assert [row[0] for row in rows] == [f"'{text}" for text in FORMULAS]
    assert rows[0][1] == "-3"  # a number is a number


def test_csv_can_be_written_raw(tmp_path, table):
    with lg.export(table, tmp_path / "x.csv", raw=True).open(newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == FORMULAS


def test_categories_and_missing_values_are_written_too(tmp_path):
    df = pd.DataFrame({"c": pd.Categorical(["=a", None, "b"]), "n": pd.array([1, None, 2], dtype="Int64")})
    assert lg.export(df, tmp_path / "x.csv").read_text() == "c,n\n'=a,1\n,\nb,2\n"
    assert json.loads(lg.export(df, tmp_path / "x.json").read_text()) == [
        {"c": "=a", "n": 1},
        {"c": None, "n": None},
        {"c": "b", "n": 2},
    ]


def test_control_characters_are_shown_and_never_written(tmp_path):
    df = pd.DataFrame({"sid": ["a\x00b\x1b[31m"]})
    assert lg.export(df, tmp_path / "x.csv").read_text() == "sid\na\\x00b\\x1b[31m\n"
    sheet = openpyxl.load_workbook(lg.export(df, tmp_path / "x.xlsx"))["table"]
    assert sheet["A2"].value == "a\\x00b\\x1b[31m"


def test_excel_holds_texts_where_texts_are_given(tmp_path, table):
    book = openpyxl.load_workbook(lg.export(table, tmp_path / "x.xlsx"))
    cells = [book["table"].cell(row, 1) for row in range(2, 2 + len(FORMULAS))]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert [cell.value for cell in cells[:5]] == FORMULAS[:5]
    assert [book["table"].cell(row, 2).value for row in range(2, 5)] == [-3, -2, -1]
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert not [name for name in archive.namelist() if "rels/sheet" in name]


def test_a_text_longer_than_an_excel_cell_goes_on_in_another_sheet(tmp_path):
    text = "".join(f"{number} " for number in range(20_000))
    book = openpyxl.load_workbook(lg.export(pd.DataFrame({"document": [text]}), tmp_path / "x.xlsx"))
    first = book["table"]["A2"].value
    pieces = [row[4] for row in book["continued"].iter_rows(min_row=2, values_only=True)]
    assert "goes on in the sheet continued" in first
    assert first.partition("… [")[0] + "".join(pieces) == text


def test_a_table_too_long_for_excel_is_an_error(tmp_path):
    with pytest.raises(ExportError, match="1,048,576 rows"):
        lg.export(pd.DataFrame({"n": range(1_048_576)}), tmp_path / "x.xlsx")


def test_parquet_gives_back_the_table(tmp_path):
    df = lg.example_account().principals
    path = lg.export(df, tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(path), df, check_dtype=False)
    assert json.loads(pq.read_schema(path).metadata[b"lexgraph"])["generator"] == "lexgraph"


def test_an_index_that_says_something_is_written(tmp_path):
    df = pd.DataFrame({"n": [1]}, index=pd.Index(["a"], name="policy"))
    assert lg.export(df, tmp_path / "x.csv").read_text() == "policy,n\na,1\n"


# Graphs ---


def test_graphml_is_read_back_by_networkx(tmp_path, graph):
    G = nx.read_graphml(lg.export(graph, tmp_path / "x.graphml"))
    assert set(G) == {"principal:ana", "principal:a\\x00", "principal:a\\x00 (2)"}
    node = G.nodes["principal:ana"]
    assert node["label"] == 'a"<b>&\\x00\\x1b'
    assert node["many"] == "x, y"
    assert "nothing" not in node
    assert G.nodes["principal:a\\x00"]["tags"] == "p, q"
    assert [values["size"] for _, values in G.nodes(data=True) if "size" in values] == [3.0, 1.5]
    assert G.edges["principal:ana", "principal:a\\x00"]["type"] == "strange"
    assert json.loads(G.graph["provenance"])["catalog_date"] == "2026-10-27"


def test_gexf_is_read_back_by_networkx(tmp_path, graph):
    text = lg.export(graph, tmp_path / "x.gexf").read_text()
    G = nx.read_gexf(
        io.BytesIO(text.replace("gexf.net/1.3", "www.gexf.net/1.2draft").replace('"1.3"', '"1.2"').encode())
    )
    assert len(G) == 3
    assert "lastmodifieddate" not in text


def test_node_link_json_is_read_back_by_networkx(tmp_path, graph):
    data = json.loads(lg.export(graph, tmp_path / "x.json").read_text())
    G = nx.node_link_graph(data, edges="edges")
    assert set(G) == set(graph)
    assert G.nodes["principal:ana"]["label"] == graph.nodes["principal:ana"]["label"]
    assert data["graph"]["provenance"]["generator"] == "lexgraph"


def test_the_accounts_own_graphs_are_written_in_every_format(tmp_path):
    account = lg.example_account()
    for number, G in enumerate((account.graph("user/maria"), account.policy_graph())):
        for ending in ("graphml", "gexf", "json"):
            assert lg.export(G, tmp_path / f"{number}.{ending}").stat().st_size > 1000


# Charts ---


def test_charts_are_written_without_the_time_or_a_random_id(tmp_path, chart):
    for ending in ("svg", "png", "pdf"):
        first = lg.export(chart, tmp_path / f"a.{ending}").read_bytes()
        assert lg.export(chart.figure, tmp_path / f"b.{ending}").read_bytes() == first
        assert b"Matplotlib" not in first
        assert b"CreationDate" not in first
        assert b"lexgraph" in first


def test_a_dotted_hatch_is_a_small_tile(tmp_path, chart):
    svg = lg.export(chart, tmp_path / "x.svg").read_text()
    assert '<pattern id="' in svg
    assert svg.count("M ") < 200
    assert with_small_hatches(svg) == svg


# Provenance ---


def test_a_table_beside_which_nothing_is_said_gets_a_file_that_says_it(tmp_path):
    account = lg.example_account()
    path = lg.export(account.who_can("lex:DeleteBot", "*"), tmp_path / "x.csv", source=account)
    said = about_of(path)
    assert said["version"] == lg.__version__
    assert said["catalog_date"] == lg.catalog_date()
    assert said["inputs"] == [{"name": "support-center.json", "sha256": account.snapshot.sha256}]
    assert said["not_considered"] == ["session", "scp", "rcp", "resource", "endpoint"]
    assert said["assumptions"]


def test_a_tables_own_attributes_say_where_it_comes_from(tmp_path):
    account = lg.example_account()
    path = lg.export(account.principals, tmp_path / "x.json")
    assert about_of(path)["inputs"] == [{"name": "support-center.json", "sha256": account.snapshot.sha256}]


def test_policies_are_named_with_the_hash_of_their_documents(tmp_path):
    policies = lg.managed_policies("AmazonLexRead*")
    path = lg.export(policies.policies, tmp_path / "x.csv", source=policies)
    (one,) = about_of(path)["inputs"]
    assert one["name"] == "arn:aws:iam::aws:policy/AmazonLexReadOnly"
    assert len(one["sha256"]) == 64
    compared = lg.compare("AmazonLexFullAccess@v6", "AmazonLexFullAccess@v7")
    assert len(about_of(lg.export(policies.policies, tmp_path / "y.csv", source=compared))["inputs"]) == 2


def test_an_excel_workbook_has_a_sheet_that_says_where_it_comes_from(tmp_path, table):
    about = Provenance(inputs=(("=evil.json", None),), assumptions=("one", "two"))
    book = openpyxl.load_workbook(lg.export(table, tmp_path / "x.xlsx", source=about))
    said = list(book["about"].iter_rows(min_row=2, values_only=True))
    assert ("made by", f"lexgraph {lg.__version__}") in said
    assert ("input", "=evil.json, sha256 unknown") in said
    assert [text for what, text in said if what == "assumption"] == ["one", "two"]


# Stability ---

WRITE = """
import lexgraph as lg, sys, networkx as nx
from pathlib import Path
folder = Path(sys.argv[1]); folder.mkdir()
account = lg.example_account()
G = account.graph("user/maria")
G.nodes[next(iter(G))]["tags"] = {"a", "b", "c", "d", "e"}
for ending in ("graphml", "gexf", "json"):
    lg.export(G, folder / f"graph.{ending}", source=account)
for ending in ("csv", "xlsx", "parquet"):
    lg.export(account.grants, folder / f"grants.{ending}", source=account)
for ending in ("svg", "png", "pdf"):
    lg.export(lg.plot.access_network(G), folder / f"network.{ending}", source=account)
"""


def test_two_processes_write_the_same_bytes(tmp_path):
    for name, seed, zone in (("one", "1", "UTC"), ("two", "2", "Asia/Kolkata")):
        cwd = tmp_path / f"in-{name}"
        cwd.mkdir()
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "MPLBACKEND": "Agg"}
        subprocess.run([sys.executable, "-c", WRITE, str(tmp_path / name)], check=True, cwd=cwd, env=env)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert len(one) == 10
    assert [name for name in one if one[name] != two[name]] == []
