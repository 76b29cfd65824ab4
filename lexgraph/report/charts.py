"""Charts in a page: drawn twice, for light and for dark paper, and made fit to stand in one document."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt

from lexgraph.errors import LexgraphError
from lexgraph.exports.charts import write_png, write_svg
from lexgraph.exports.provenance import Provenance
from lexgraph.markup import Html, escaped, tag
from lexgraph.plots import alt_text
from lexgraph.report.blocks import Chart
from lexgraph.report.html import paragraph

STYLES = (("lexgraph", "light"), ("lexgraph-dark", "dark"))
# What a page needs no second time, or not at all; matplotlib's own style sheet would apply to the whole page.
_DROPPED = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.S)
_NO_TURN = re.compile(r' transform="rotate\(-0 [^"]*"')
_TAG = re.compile(r"<[^>]*>")
_ID = re.compile(r'\sid="([^"]*)"')
_REFERENCE = re.compile(r'(?:href="#|url\(#)([^")]*)')
_ID_OR_REFERENCE = re.compile(r'\sid="|href="#|url\(#')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


@contextmanager
def drawn(chart: Chart, style: str) -> Iterator[Any]:
    """Give the chart in a style, and close its figure afterwards."""
    before = set(plt.get_fignums())
    try:
        yield chart.draw(style)
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)


def legible(chart: Chart) -> Html | Chart:
    """Return the chart, or a paragraph with the reason why nobody could read it."""
    try:
        with drawn(chart, STYLES[0][0]):
            return chart
    except LexgraphError as error:
        return paragraph(f"Not drawn: {error}")


def chart_files(chart: Chart, about: Provenance) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of a chart's files."""
    with drawn(chart, STYLES[0][0]) as made:
        for ending, write in ((".svg", write_svg), (".png", write_png)):
            file = io.BytesIO()
            write(made, file, about)
            yield chart.name + ending, file.getvalue()


def chart_html(chart: Chart, about: Provenance) -> Html:
    """Return a chart as inline SVG, once for each colour scheme."""
    pictures = []
    for style, scheme in STYLES:
        with drawn(chart, style) as made:
            file = io.BytesIO()
            write_svg(made, file, about, outlines=False)
            words = alt_text(made)
        pictures.append(_inline(file.getvalue().decode("utf-8"), f"{chart.name}-{scheme}", scheme, words))
    return tag("figure", *pictures)


def _inline(svg: str, prefix: str, scheme: str, words: str) -> Html:
    """An SVG as an element of a page, where an id may stand only once: unused ids go, the others get a prefix."""
    referred = set(_REFERENCE.findall(svg))

    def mended(found: re.Match[str]) -> str:
        text = _NO_TURN.sub("", found.group())
        text = _ID.sub(lambda said: said.group() if said.group(1) in referred else "", text)
        text = _ID_OR_REFERENCE.sub(lambda start: f"{start.group()}{prefix}-", text)
        return _LONG_NUMBER.sub(lambda number: f"{float(number.group()):.2f}", text)

    body = _TAG.sub(mended, _DROPPED.sub("", svg)).strip()
    opening = f'<svg class="{scheme}" role="img" aria-label="{escaped(words)}"'
    return Html(re.sub(r"\n\s*", "\n", body.replace("<svg", opening, 1)))
