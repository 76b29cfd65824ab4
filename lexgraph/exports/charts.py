"""Charts as SVG, PNG and PDF, the same bytes every time."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import matplotlib as mpl

from lexgraph.exports.provenance import Provenance
from lexgraph.exports.svg import with_small_hatches

PNG_DPI = 144


def write_svg(chart: Any, file: BinaryIO, about: Provenance, *, outlines: bool = True) -> None:
    """Write a chart as SVG; texts are outlines, so that it looks the same everywhere, or else text to be searched."""
    metadata = {"Date": None, "Creator": "lexgraph", "Description": about.text()}
    drawn = io.BytesIO()
    _save(chart, drawn, "svg", metadata, fonts="path" if outlines else "none")
    file.write(with_small_hatches(drawn.getvalue().decode("utf-8")).encode("utf-8"))


def write_png(chart: Any, file: BinaryIO, about: Provenance) -> None:
    """Write a chart as PNG, without a time stamp or the name of a library."""
    _save(chart, file, "png", {"Software": None, "Description": about.text()}, dpi=PNG_DPI)


def write_pdf(chart: Any, file: BinaryIO, about: Provenance) -> None:
    """Write a chart as PDF, without a time stamp."""
    metadata = {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": "lexgraph", "Subject": about.text()}
    _save(chart, file, "pdf", metadata)


def _save(chart: Any, file: BinaryIO, kind: str, metadata: dict[str, Any], *, fonts: str = "path", **more: Any) -> None:
    figure = chart.get_figure(root=True) if hasattr(chart, "get_figure") and not hasattr(chart, "savefig") else chart
    # Ids in an SVG are hashes of what they stand for, with this salt instead of a random one.
    with mpl.rc_context({"svg.hashsalt": "lexgraph", "svg.fonttype": fonts, "pdf.fonttype": 3}):
        figure.savefig(file, format=kind, metadata=metadata, facecolor=figure.get_facecolor(), **more)


WRITERS = {".svg": write_svg, ".png": write_png, ".pdf": write_pdf}
