"""The charts: legible (no overlap, nothing cut), the same every time, safe with any name, and told in words."""

import io
import itertools
import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.pyplot as plt
import networkx as nx
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text

import lexgraph.plots as charts
from lexgraph.access.decide import AccessRow, access_rows, decide
from lexgraph.account.readers import example_account_path, read_account
from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import managed_document, managed_names
from lexgraph.errors import LexgraphError
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import PolicyStack
from lexgraph.graph import access_graph, fold_graph, neighbourhood, policy_graph
from lexgraph.plots.layout import place
from lexgraph.plots.style import DARK, LEVEL_LOOKS, LIGHT, cut, label, luminance, readable_on, unique_labels, wrapped
from lexgraph.policy.parse import parse_policy
from lexgraph.tables.compare import access_levels_table, action_sets_table, difference_table
from lexgraph.tables.schema import LEVELS
from lexgraph.workbench import compare, history

BOT = "arn:aws:lex:us-east-1:111122223333:bot/SUPPORT001"
ALIAS = "arn:aws:lex:us-east-1:111122223333:bot-alias/SUPPORT001/PRODALIAS1"
STYLES = ("lexgraph", "lexgraph-dark")


def managed(name, version=None):
    found = managed_document(name, version)
    return parse_policy(found.document, name=f"{name}@{version}" if version else name, arn=found.arn)


@pytest.fixture(scope="module")
def account():
    return read_account(example_account_path())


@pytest.fixture(scope="module")
def lex():
    return [managed(name) for name in managed_names("*Lex*")]


@pytest.fixture(scope="module")
def drawings(account, lex):
    """Every chart on real data, as functions of the style."""
    users = ["user/maria", "user/ben", "user/dana", "user/ruth", "user/ines"]
    some = access_graph(access_rows(account, users, ["lex:*"], None))
    everyone = access_graph(access_rows(account, None, ["lex:*", "s3:*", "iam:*"], None))
    policies = policy_graph(account)
    decisions = {
        "conditional": decide(account, "user/maria", "lex:RecognizeText", ALIAS),
        "denied": decide(account, "user/felix", "lex:DeleteBot", BOT),
        "nothing": decide(account, "user/ines", "lex:ListBots", "*"),
        "boundary": decide(account, "user/kofi", "lex:DeleteBot", BOT),
        "allowed": decide(account, "user/oleg", "lex:DeleteBot", BOT),
    }
    found = {
        "access_levels": lambda **o: charts.access_levels([*lex, managed("AdministratorAccess")], **o),
        "overlap": lambda **o: charts.overlap(lex, **o),
        "overlap of two": lambda **o: charts.overlap(lex[:2], **o),
        "difference": lambda **o: charts.difference(
            (managed("AmazonLexReadOnly"), managed("AmazonLexFullAccess")), **o
        ),
        "difference of versions": lambda **o: charts.difference(
            (managed("AmazonLexFullAccess", "v6"), managed("AmazonLexFullAccess", "v7")), **o
        ),
        "access_network of one": lambda **o: charts.access_network(neighbourhood(some, "user/maria"), **o),
        "access_network of some": lambda **o: charts.access_network(some, **o),
        "access_network of all": lambda **o: charts.access_network(everyone, **o),
        "timeline": lambda **o: charts.timeline("AmazonLexFullAccess", **o),
        "timeline of many": lambda **o: charts.timeline("ReadOnlyAccess", **o),
        "timeline of one": lambda **o: charts.timeline("AmazonLexV2BotPolicy", **o),
        "escalation of all": lambda **o: charts.escalation(account, **o),
        "escalation of one": lambda **o: charts.escalation(account, focus="role/transcripts-host", **o),
        "policy_network": lambda **o: charts.policy_network(neighbourhood(policies, "user/dana"), **o),
        "policy_network of policies": lambda **o: charts.policy_network(policy_graph(lex), **o),
    }
    for name, decision in decisions.items():
        found[f"decision_path {name}"] = lambda decision=decision, **o: charts.decision_path(decision, **o)
    return found


CHARTS = (
    "access_levels", "overlap", "overlap of two", "difference", "difference of versions", "access_network of one",
    "access_network of some", "access_network of all", "policy_network", "policy_network of policies",
    "decision_path conditional", "decision_path denied", "decision_path nothing", "decision_path boundary",
    "decision_path allowed", "timeline", "timeline of many", "timeline of one",
    "escalation of all", "escalation of one",
)  # fmt: skip
every_chart = pytest.mark.parametrize("chart", CHARTS)


def figure_of(drawn: Axes | Figure) -> Figure:
    return drawn if isinstance(drawn, Figure) else drawn.figure


def visible_texts(figure: Figure) -> list[Text]:
    figure.canvas.draw()
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def boxes(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    for text in visible_texts(figure):
        box = text.get_window_extent(renderer)
        # Ticks outside the axis limits have a text, and are not drawn.
        axes = text.axes
        if axes is not None and text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            ticks = (*axes.xaxis._update_ticks(), *axes.yaxis._update_ticks())
            if not any(text in (tick.label1, tick.label2) and text.get_visible() for tick in ticks):
                continue
        yield text, box


def test_the_list_of_charts_is_complete(drawings):
    assert set(CHARTS) == set(drawings)
    drawn = {name.split()[0] for name in CHARTS}
    assert drawn == set(charts.__all__) - {"alt_text"}


@every_chart
@pytest.mark.parametrize("style", STYLES)
def test_nothing_overlaps_and_nothing_is_cut(chart, style, drawings):
    figure = figure_of(drawings[chart](style=style))
    width, height = figure.canvas.get_width_height()
    found = list(boxes(figure))
    assert len(found) > 5
    for text, box in found:
        assert box.x0 >= 4, text.get_text()
        assert box.y0 >= 4, text.get_text()
        assert box.x1 <= width - 4, text.get_text()
        assert box.y1 <= height - 4, text.get_text()
    for (one, a), (two, b) in itertools.combinations(found, 2):
        apart = a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 2 or b.y1 <= a.y0 + 2
        assert apart, (one.get_text(), two.get_text())


@every_chart
def test_it_has_a_title_a_date_and_words(chart, drawings):
    drawn = drawings[chart]()
    texts = [text.get_text() for text in visible_texts(figure_of(drawn))]
    assert f"Action catalogue of {catalog().date}" in texts
    axes = drawn.axes[0] if isinstance(drawn, Figure) else drawn
    title = axes.get_title(loc="left")
    assert title
    words = charts.alt_text(drawn)
    assert title in words
    assert 20 < len(words) <= 1200


@every_chart
def test_it_leaves_matplotlib_as_it_was_and_shows_nothing(chart, drawings, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("shown"))
    monkeypatch.setattr(Figure, "savefig", lambda *_, **__: pytest.fail("saved"))
    before = dict(mpl.rcParams)
    drawings[chart]()
    assert dict(mpl.rcParams) == before


@every_chart
def test_no_text_is_read_as_mathematics(chart, drawings):
    texts = figure_of(drawings[chart]()).findobj(Text)
    assert not any(text.get_parse_math() for text in texts if text.get_text())


@every_chart
def test_it_is_the_same_every_time(chart, drawings):
    assert as_svg(drawings[chart]()) == as_svg(drawings[chart]())


def as_svg(drawn) -> bytes:
    written = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "test"}):
        figure_of(drawn).savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


@pytest.mark.parametrize("chart", [name for name in CHARTS if not name.startswith("overlap")])
def test_it_draws_where_it_is_told(chart, drawings):
    with plt.style.context("lexgraph"):
        figure, axes = plt.subplots(1, 2, figsize=(16, 8))
    assert drawings[chart](ax=axes[1]) is axes[1]
    assert plt.get_fignums() == [figure.number]
    assert charts.alt_text(axes[0]) == ""
    assert charts.alt_text(figure) == charts.alt_text(axes[1])


def test_a_chart_of_several_axes_is_shown_once_by_a_notebook(drawings):
    figure = drawings["overlap"]()
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == []


# Styles -------------------------------------------------------------------------------------------------------------


def test_both_styles_are_known_to_matplotlib():
    assert set(STYLES) <= set(plt.style.available)
    with plt.style.context("lexgraph-dark"):
        assert luminance(mpl.rcParams["figure.facecolor"]) < 0.1


def test_the_paper_chooses_the_style(lex):
    with plt.style.context("lexgraph-dark"):
        dark = charts.access_levels(lex)
    assert dark.get_facecolor() == mpl.colors.to_rgba(DARK.paper)
    assert charts.access_levels(lex).get_facecolor() == mpl.colors.to_rgba(LIGHT.paper)


def test_a_style_that_does_not_exist_is_refused(lex):
    with pytest.raises(LexgraphError, match='"lexgraph" or "lexgraph-dark", not "night"'):
        charts.access_levels(lex, style="night")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_inks_of_a_style_read_well_on_its_paper(theme):
    for ink in (theme.ink, theme.muted, theme.deny, theme.condition):
        assert contrast(ink, theme.paper) >= 4.5
        assert contrast(ink, theme.panel) >= 4.5


def contrast(one, two) -> float:
    def light(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in mpl.colors.to_rgb(colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("style", STYLES)
def test_numbers_in_cells_read_well(style, lex):
    ax = charts.access_levels([*lex, managed("AdministratorAccess")], style=style)
    mesh = ax.collections[0]
    ax.figure.canvas.draw()
    paper = ax.get_facecolor()
    cells = list(zip(mesh.get_array().ravel(), mesh.get_facecolors(), strict=True))
    numbers = [text for text in ax.texts if text.get_text().replace(",", "").isdigit()]
    for text, (value, colour) in zip(numbers, cells, strict=True):
        ground = paper if value is pd.NA or not float(text.get_text().replace(",", "")) else colour
        assert contrast(text.get_color(), ground) >= 4.5, (text.get_text(), value)


def test_every_level_has_a_colour_and_a_hatch_of_its_own():
    assert tuple(LEVEL_LOOKS)[:-1] == LEVELS
    colours, hatches = zip(*LEVEL_LOOKS.values(), strict=True)
    assert len(set(colours)) == len(set(hatches)) == len(LEVEL_LOOKS)
    assert all(contrast(readable_on(colour), colour) >= 4.5 for colour in colours)


def test_bars_of_different_levels_differ_in_hatch(lex):
    hatches = {patch.get_hatch() for patch in charts.overlap(lex).axes[0].patches}
    assert len(hatches) >= 4


# Names that somebody else chose -----------------------------------------------------------------------------------

HOSTILE = (
    "_private", "a$\\foo$b", "${aws:username}/${aws:userid}", "</text><script>alert(1)</script>", "x\u202ecod.exe",
    "tab\tnew\nline", "名前", "w" * 300, "=cmd()", "\x1b[31mred",
)  # fmt: skip


def hostile_charts():
    policies = [
        parse_policy(
            {
                "Statement": [
                    {"Effect": "Allow", "Action": ["lex:GetBot", "lex:PutBot"], "Resource": f"arn:aws:s3:::{name}"}
                ]
            },
            name=name,
        )
        if all(" " <= c <= "\u00ff" or c in "\t\n" for c in name)
        else parse_policy({"Statement": {"Effect": "Allow", "Action": "lex:GetBot", "Resource": "*"}}, name=name)
        for name in HOSTILE
    ]
    rows = [
        AccessRow(f"arn:aws:iam::111122223333:user/{n}", "lex:PutBot", f"arn:aws:s3:::{n}", "allowed") for n in HOSTILE
    ]
    yield charts.access_levels(policies)
    yield charts.overlap(policies)
    yield charts.access_network(access_graph(rows))
    yield charts.policy_network(policy_graph(policies))
    for policy in policies:
        yield charts.difference((policy, policies[0]))
        request = Request(f"arn:aws:iam::111122223333:user/{policy.name}", "lex:GetBot", "*")
        yield charts.decision_path(authorize(PolicyStack((policy,)), request))


def test_hostile_names_stay_inside_the_picture():
    for drawn in hostile_charts():
        figure = figure_of(drawn)
        svg = as_svg(drawn)
        assert b"<script" not in svg
        ET.fromstring(svg)  # noqa: S314 - we wrote it ourselves
        for text in visible_texts(figure):
            assert all(c.isprintable() or c == "\n" for c in text.get_text()), text.get_text()
        plt.close(figure)


def test_a_label_that_begins_with_an_underscore_survives():
    policies = [
        parse_policy(
            {"Statement": []} | {"Statement": {"Effect": "Allow", "Action": "lex:GetBot", "Resource": "*"}}, name="_x"
        )
    ]
    ax = charts.access_levels(policies)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["_x"]
    assert "_x" in [text.get_text() for text in charts.overlap(policies).axes[1].get_yticklabels()]


def test_labels_are_short_and_still_tell_apart():
    assert label("arn:aws:iam::111122223333:role/service/bot-runner") == "role/bot-runner"
    assert label("x" * 100) == "x" * 29 + "…" + "x" * 14
    assert len(cut("y" * 50, 20)) == 20
    same = [f"{'n' * 40}{i}{'n' * 40}" for i in range(2)]
    assert len(set(unique_labels(same))) == 2


def test_long_texts_are_broken_into_lines():
    lines = wrapped("a condition of many words " * 10 + "z" * 200, 2.0).split("\n")
    assert len(lines) > 10
    assert "".join(lines).replace(" ", "").endswith("z" * 200)


# Limits -----------------------------------------------------------------------------------------------------------


def test_eighty_policies_are_drawn_and_more_are_refused_with_a_remedy():
    policies = [managed(name) for name in managed_names("*")[:81]]
    ax = charts.access_levels(policies[:80])
    assert len(ax.get_yticklabels()) == 80
    assert ax.figure.get_size_inches()[1] > 20
    with pytest.raises(LexgraphError, match=r"81 policies are more than a chart can show legibly \(80\): choose some"):
        charts.access_levels(policies)


def test_twelve_policies_overlap_and_more_are_refused():
    policies = [managed(name) for name in managed_names("*ReadOnly*")[:13]]
    assert len(charts.overlap(policies[:12]).axes[1].get_yticklabels()) == 12
    with pytest.raises(LexgraphError, match=r"13 policies .* \(12\)"):
        charts.overlap(policies)


def test_the_smaller_combinations_become_one_bar_that_loses_nothing(lex):
    figure = charts.overlap(lex, most=3)
    top = figure.axes[0]
    numbers = [int(text.get_text()) for text in top.texts if text.get_text().isdigit()]
    assert len(numbers) == 4
    table = action_sets_table(lex)
    assert sum(numbers) == int(table[table.columns[3:]].any(axis=1).sum())
    assert any("smaller combinations" in text.get_text() for text in top.texts)


def test_a_long_list_of_differences_ends_in_how_many_more():
    ax = charts.difference((managed("AmazonLexReadOnly"), managed("AmazonLexFullAccess")), most=10)
    texts = [text.get_text() for text in ax.texts]
    table = difference_table(managed("AmazonLexReadOnly"), managed("AmazonLexFullAccess"))
    assert f"and {(table['side'] == 'only B').sum() - 10} more" in texts


def test_actions_granted_differently_are_listed():
    narrow = parse_policy({"Statement": {"Effect": "Allow", "Action": "lex:PutBot", "Resource": BOT}}, name="narrow")
    wide = parse_policy({"Statement": {"Effect": "Allow", "Action": "lex:*", "Resource": "*"}}, name="wide")
    texts = [text.get_text() for text in charts.difference((narrow, wide)).texts]
    assert "Both, granted differently: 1" in texts
    assert "Only narrow: none" in texts


def test_a_large_graph_is_folded_and_the_chart_says_so(drawings):
    ax = drawings["access_network of all"]()
    assert any("Folded: actions by service and access level" in text.get_text() for text in ax.texts)
    boxes_drawn = [patch for patch in ax.patches if isinstance(patch, Patch) and patch.get_zorder() == 3]
    assert 0 < len(boxes_drawn) <= 60


def test_who_reaches_nothing_is_named(drawings):
    ax = drawings["access_network of some"]()
    assert any("Not drawn: user/ines, who may do nothing" in text.get_text() for text in ax.texts)


def test_a_graph_that_stays_too_large_is_refused_with_numbers_and_a_remedy(account):
    with pytest.raises(LexgraphError, match=r"nodes and .* edges \(.* when folded\) .* neighbourhood\(graph, "):
        charts.policy_network(policy_graph(account))


def test_two_hundred_thousand_nodes_are_refused_by_their_number():
    G = nx.DiGraph(kind="access", catalog_date="2026-10-27")
    for i in range(100_000):
        who, grant = f"principal:{i}", f"grant:{i % 7}|lex:Do{i}"
        G.add_node(who, kind="principal", label=f"user/{i}", type="user")
        facts = {"service": "lex", "level": "Write", "actions": 1, "names": f"lex:Do{i}", "resource": str(i % 7)}
        G.add_node(grant, kind="grant", label=f"lex:Do{i}", outcome="allowed", **facts)
        G.add_node(f"resource:{i % 7}", kind="resource", label=str(i % 7), service="lex")
        G.add_edge(who, grant, kind="may", outcome="allowed", condition="", missing_keys="", actions=1)
        G.add_edge(grant, f"resource:{i % 7}", kind="on", actions=1)
    with pytest.raises(LexgraphError, match="200,007 nodes"):
        charts.access_network(G)


def test_a_folded_graph_is_drawn_as_it_is(account):
    G = access_graph(access_rows(account, ["user/maria", "user/ben"], ["lex:*"], None))
    ax = charts.access_network(fold_graph(G, by="alike"))
    assert any(text.get_text() == "user/ben, user/maria" for text in ax.texts)


# What is given ----------------------------------------------------------------------------------------------------


def test_a_table_gives_the_same_chart_as_its_policies(lex):
    assert as_svg(charts.access_levels(access_levels_table(lex))) == as_svg(charts.access_levels(lex))
    assert as_svg(charts.overlap(action_sets_table(lex))) == as_svg(charts.overlap(lex))
    a, b = lex[1], lex[2]
    assert as_svg(charts.difference(difference_table(a, b))) == as_svg(charts.difference((a, b)))


def test_a_mapping_a_policy_and_an_account_are_as_good_as_a_list(account, lex):
    by_name = {policy.name: policy for policy in lex}
    assert as_svg(charts.access_levels(by_name)) == as_svg(charts.access_levels(lex))
    assert charts.access_levels(lex[0]).get_title(loc="left")
    assert len(charts.access_levels(account).get_yticklabels()) > 20


def test_a_wrong_table_is_refused(lex):
    with pytest.raises(LexgraphError, match="no column level, actions"):
        charts.access_levels(pd.DataFrame({"policy": ["a"], "name": ["a"]}))
    with pytest.raises(LexgraphError, match='policy_graph made, not "access"'):
        charts.policy_network(access_graph([]))


def test_a_history_and_a_comparison_are_as_good_as_their_tables():
    past, compared = history("AmazonLexReadOnly"), compare("AmazonLexReadOnly@v1", "AmazonLexReadOnly")
    assert as_svg(charts.timeline(past)) == as_svg(charts.timeline("AmazonLexReadOnly"))
    assert as_svg(charts.difference(compared)) == as_svg(charts.difference((compared.a, compared.b)))


@pytest.mark.parametrize("thing", [42, None, [42], object()])
@pytest.mark.parametrize("chart", ["access_levels", "overlap", "timeline", "difference", "decision_path"])
def test_what_a_chart_cannot_draw_is_told(chart, thing):
    with pytest.raises(LexgraphError, match=r"this chart draws .*, not"):
        getattr(charts, chart)(thing)


def test_nothing_to_draw_is_said():
    empty = charts.access_levels([])
    assert any("No policy" in text.get_text() for text in empty.texts)
    assert "There is no policy" in charts.alt_text(empty)
    assert charts.alt_text(charts.access_network(access_graph([])))
    with pytest.raises(LexgraphError, match="no policy whose actions"):
        charts.overlap([])


def test_an_unknown_level_is_drawn_as_such():
    rows = [["look", "look", None, 3], ["look", "look", "Read", 7]]
    ax = charts.access_levels(pd.DataFrame(rows, columns=["policy", "name", "level", "actions"]))
    assert "Unknown" in [text.get_text() for text in ax.get_xticklabels()]


def test_a_deny_is_dashed_and_an_allow_is_not(drawings):
    ax = drawings["decision_path denied"]()
    dashes = {patch.get_linestyle() for patch in ax.patches}
    assert len(dashes) == 2
    assert any("KeepSupportBot (Deny)" in text.get_text() for text in ax.texts)


def test_a_boundary_without_an_allow_is_one_box(drawings):
    texts = [text.get_text() for text in drawings["decision_path boundary"]().texts]
    assert [text for text in texts if text.startswith("boundary")] == ["boundary: ContractorBoundary"]
    assert "no Allow" in texts


def test_two_policies_of_one_name_are_numbered(lex):
    title = charts.difference((lex[0], lex[0])).get_title(loc="left")
    assert title == f"{lex[0].name} (1) and {lex[0].name} (2): what each allows"


def test_the_condition_of_a_decision_is_told(drawings):
    ax = drawings["decision_path conditional"]()
    assert any('if aws:ResourceTag/Department is "Support"' in text.get_text() for text in ax.texts)


# Places -----------------------------------------------------------------------------------------------------------


def test_barycentres_undo_a_knot():
    left, right = [f"l{i}" for i in range(8)], [f"r{i}" for i in range(8)]
    heights = place([left, right[::-1]], list(zip(left, right, strict=True))).heights
    assert sorted(left, key=heights.__getitem__) == left
    assert sorted(right, key=heights.__getitem__) == right


def test_nodes_of_a_column_keep_their_distance():
    columns = [["a"], ["b", "c", "d"], ["e", "f"]]
    edges = [("a", "b"), ("a", "c"), ("a", "d"), ("a", "e"), ("b", "e"), ("d", "f"), ("a", "f")]
    placed = place(columns, edges, row=1.0, bend=0.5)
    for i, column in enumerate(columns):
        here = sorted(
            (y, 1.0 if isinstance(n, str) else 0.5)
            for n, y in placed.heights.items()
            if n in column or (isinstance(n, tuple) and n[2] == i)
        )
        for (y, size), (below, its) in itertools.pairwise(here):
            assert below - y >= (size + its) / 2 - 1e-5
    assert placed.ways["a", "e"] == ("a", ("a", "e", 1), "e")
    assert min(placed.heights.values()) >= 0.25
