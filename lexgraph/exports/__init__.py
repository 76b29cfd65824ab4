"""Charts, tables and graphs as files: byte-stable, replaced in one step, and safe to open.

The same input writes the same bytes on every machine that has the same libraries: no clock, no random id, no order
that depends on a hash. A file appears whole or not at all. Every file says where its content comes from: lexgraph's
version, the catalogue's date, the input with its sha256, what was not considered and what was assumed. Charts, Excel,
parquet, GraphML, GEXF and graphs as JSON carry that inside; beside a table as CSV or JSON stands ``<name>.about.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from lexgraph.errors import ExportError, shown
from lexgraph.exports.files import replacing
from lexgraph.exports.names import safe_name
from lexgraph.exports.provenance import Provenance, provenance_of

__all__ = ["Provenance", "export", "provenance_of", "safe_name"]

Writer = Callable[[Any, BinaryIO, Provenance], None]
# What a thing is, by a class that is only looked for where its library is loaded, and the module that writes it.
_KINDS = (
    ("table", "pandas", "DataFrame", "lexgraph.exports.tables"),
    ("chart", "matplotlib.axes", "Axes", "lexgraph.exports.charts"),
    ("chart", "matplotlib.figure", "Figure", "lexgraph.exports.charts"),
    ("graph", "networkx", "Graph", "lexgraph.exports.graphs"),
)
_WITH_SIDECAR = (("table", ".csv"), ("table", ".json"))


def export(thing: Any, path: str | Path, *, source: Any = None, raw: bool = False, redact: bool = False) -> Path:
    """Write a chart, a table or a graph to a file whose ending says the format, and return the file's path.

    Parameters
    ----------
    thing : an Axes or Figure (.svg, .png, .pdf), a DataFrame (.csv, .xlsx, .parquet, .json), or a networkx graph
        (.graphml, .gexf, .json in node-link form).
    path : the file; an older one is replaced in one step, and stays as it is when something goes wrong.
    source : what the thing was made from, so that the file can say so: an account, policies, or a
        :class:`Provenance`. Without it, what a table's `attrs` or a graph's `graph` say.
    raw : write the cells of a CSV file as they are. Otherwise a cell that begins with ``=``, ``+``, ``-``, ``@``, a
        tab or a line break gets a ``'`` in front, so that no spreadsheet takes it for a formula, and control
        characters are written as code points.
    redact : write placeholders for the ids of accounts, principals and access keys, for external ids and for IP
        addresses: the same for the same id throughout the file. Hashes of inputs are left out. External ids are
        known from the conditions in `thing` and in `source`.

    Raises
    ------
    ExportError
        Where the thing or the ending is none of these, a library is missing, or the file cannot be written.

    Examples
    --------
    >>> import networkx as nx, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> export(nx.DiGraph([("a", "b")]), f"{folder}/small.graphml").name
    'small.graphml'
    """
    target = Path(path)
    kind, writers = _writers(thing)
    ending = target.suffix.lower()
    if ending not in writers:
        known = ", ".join(writers)
        raise ExportError(f"a {kind} is written as {known}, not as {shown(target.name)}", code="UNKNOWN_FORMAT")
    about = provenance_of(source, thing)
    write: Writer = writers[ending]
    if raw and ending == ".csv":
        write = partial(import_module("lexgraph.exports.tables").write_csv, raw=True)
    with _told(kind, thing, source, about, redact=redact) as (told, about):
        write_file(target, lambda file: write(told, file, about))
    if (kind, ending) in _WITH_SIDECAR:
        write_about(target.with_name(f"{target.name}.about.json"), about)
    return target


@contextmanager
def _told(kind: str, thing: Any, source: Any, about: Provenance, *, redact: bool) -> Iterator[tuple[Any, Provenance]]:
    """Give what the file may tell, and where it comes from."""
    if not redact:
        yield thing, about
        return
    from lexgraph.exports.redacted import redacted
    from lexgraph.exports.redaction import Redactor

    redactor = Redactor.of(source)
    with redacted(kind, thing, redactor) as told:
        yield told, redactor.provenance(about)


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file in one step: whole, or not at all."""
    with replacing(path) as file:
        write(file)


def write_about(path: Path, about: Provenance, more: Mapping[str, Any] | None = None) -> None:
    """Write what a file cannot say of itself as JSON."""
    text = json.dumps({**about.to_dict(), **(more or {})}, indent=2) + "\n"
    write_file(path, lambda file: file.write(text.encode("ascii")))


def _writers(thing: Any) -> tuple[str, Mapping[str, Writer]]:
    for kind, library, name, module in _KINDS:
        cls = getattr(sys.modules.get(library), name, None)
        if cls is not None and isinstance(thing, cls):
            return kind, import_module(module).WRITERS
    raise ExportError(
        "a chart (Axes or Figure), a table (DataFrame) or a networkx graph can be exported, "
        f"not {shown(type(thing).__name__)[1:-1]}",
        code="UNKNOWN_THING",
    )
