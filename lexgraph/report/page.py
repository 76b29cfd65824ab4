"""The page: sections as one HTML document that needs no network and runs no script."""

from __future__ import annotations

from collections.abc import Sequence

from lexgraph.errors import counted
from lexgraph.exports.provenance import Provenance
from lexgraph.markup import Html, joined, tag
from lexgraph.report.blocks import Chart, Section, Table
from lexgraph.report.charts import chart_html
from lexgraph.report.html import paragraph, table
from lexgraph.report.style import CSS

MOST_ROWS = 200
# First what a browser may load: nothing but the styles and pictures that stand in the page itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def page(title: str, lead: Sequence[str], sections: Sequence[Section], about: Provenance, files: Sequence[str]) -> Html:
    """Return the whole document; `files` are those that stand beside it."""
    body = (
        tag("h1", title),
        *(tag("p", text, class_="lead") for text in lead),
        _contents(sections),
        *(_section(section, about, files) for section in sections),
        _provenance(about),
    )
    return Html(f'<!DOCTYPE html>\n<html lang="en">\n{_head(title)}\n{tag("body", joined(body, chr(10)))}\n</html>\n')


def _head(title: str) -> Html:
    # An element without an end, and a style sheet without anything from outside, are written here as they are.
    metas = (
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="generator" content="lexgraph">',
    )
    return tag("head", Html("\n".join(metas)), tag("title", f"{title} – lexgraph"), Html(f"<style>{CSS}</style>"))


def _contents(sections: Sequence[Section]) -> Html:
    entries = [*((s.anchor, s.title) for s in sections), ("provenance", "Where this comes from")]
    links = (tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in entries)
    return tag("nav", tag("ul", *links), aria_label="Contents")


def _section(section: Section, about: Provenance, files: Sequence[str]) -> Html:
    blocks = (_block(block, about, files) for block in section.blocks)
    return tag("section", tag("h2", section.title), joined(blocks, "\n"), id=section.anchor)


def _block(block: Html | Table | Chart, about: Provenance, files: Sequence[str]) -> Html:
    if isinstance(block, Chart):
        return joined((chart_html(block, about), _links("Chart as", f"charts/{block.name}.", files)))
    return _table(block, files) if isinstance(block, Table) else block


def _table(block: Table, files: Sequence[str]) -> Html:
    shown = block.frame if block.shown is None else block.shown
    note: list[Html] = []
    if len(shown) > MOST_ROWS:
        note.append(paragraph(f"The first {MOST_ROWS} of {counted(len(shown), 'row')}; the files have all."))
    content = (table(shown, MOST_ROWS) if len(shown) else paragraph("Nothing to list."), *note)
    links = _links("Table as", f"tables/{block.name}.", files)
    options = {"open": "open"} if block.is_open else {}
    return tag("details", tag("summary", block.title), *content, links, **options)


def _links(words: str, start: str, files: Sequence[str]) -> Html:
    found = [name for name in files if name.startswith(start)]
    links = (tag("a", name.rpartition(".")[2], href=name) for name in found)
    return tag("p", f"{words} ", joined(links, ", "), class_="muted") if found else Html("")


def _provenance(about: Provenance) -> Html:
    rows = [piece for what, text in about.rows() for piece in (tag("dt", what), tag("dd", text))]
    return tag("section", tag("h2", "Where this comes from"), tag("dl", *rows), id="provenance")
