"""Graphs as GraphML, GEXF and node-link JSON, the same bytes every time.

Both XML formats are written here rather than by networkx, whose writers fail on None, on lists and on control
characters, give some attribute names a meaning of their own, and stamp the date of the day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import networkx as nx

from lexgraph.errors import shown
from lexgraph.exports.provenance import Provenance

# What XML 1.0 cannot hold, and the carriage return, which a reader would turn into a line feed.
_NOT_XML = re.compile(
    "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0001fffd\U00020000-\U0010fffd]"
)
_TYPES = {bool: "boolean", int: "long", float: "double", str: "string"}


def write_graphml(graph: nx.Graph[Any], file: BinaryIO, about: Provenance) -> None:
    """Write a graph as GraphML; networkx reads it back."""
    plain = _plain_graph(graph)
    root = Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    keys = {part: _declared(root, part, values) for part, values in plain.attributes(about).items()}
    direction = "directed" if graph.is_directed() else "undirected"
    body = SubElement(root, "graph", edgedefault=direction)
    _data(body, keys["graph"], {**plain.graph, "provenance": about.text()})
    for node, values in plain.nodes:
        _data(SubElement(body, "node", id=node), keys["node"], values)
    for number, (source, target, values) in enumerate(plain.edges):
        _data(SubElement(body, "edge", id=f"e{number}", source=source, target=target), keys["edge"], values)
    _write(root, file)


def write_gexf(graph: nx.Graph[Any], file: BinaryIO, about: Provenance) -> None:
    """Write a graph as GEXF 1.3, for Gephi."""
    plain = _plain_graph(graph)
    root = Element("gexf", xmlns="http://gexf.net/1.3", version="1.3")
    meta = SubElement(root, "meta")
    SubElement(meta, "creator").text = "lexgraph"
    SubElement(meta, "description").text = about.text()
    direction = "directed" if graph.is_directed() else "undirected"
    body = SubElement(root, "graph", defaultedgetype=direction, mode="static")
    keys = {
        part: _titled(body, part, plain.attributes(about)[part])
        for part in ("node", "edge")
    }  # fmt: skip
    nodes, edges = SubElement(body, "nodes"), SubElement(body, "edges")
    for node, values in plain.nodes:
        label = str(values.get("label", node))
        _attvalues(SubElement(nodes, "node", id=node, label=label), keys["node"], values)
    for number, (source, target, values) in enumerate(plain.edges):
        _attvalues(SubElement(edges, "edge", id=str(number), source=source, target=target), keys["edge"], values)
    _write(root, file)


def write_json(graph: nx.Graph[Any], file: BinaryIO, about: Provenance) -> None:
    """Write a graph as node-link JSON (``nodes``, ``edges`` with ``source`` and ``target``)."""
    data = nx.node_link_data(graph, edges="edges")
    data["graph"] = {**data["graph"], "provenance": about.to_dict()}
    text = json.dumps(_json_value(data), sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    file.write(text.encode("ascii") + b"\n")


# A graph of plain values ---------------------------------------------------------------------------------------------

_Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph with texts for ids, and attributes that XML can hold, sorted by name."""

    graph: _Values
    nodes: tuple[tuple[str, _Values], ...]
    edges: tuple[tuple[str, str, _Values], ...]

    def attributes(self, about: Provenance) -> dict[str, dict[str, str]]:
        """The names of the attributes of graph, nodes and edges, sorted, each with its type."""
        graph = {**self.graph, "provenance": about.text()}
        return {
            "graph": _types([graph]),
            "node": _types(values for _, values in self.nodes),
            "edge": _types(values for _, _, values in self.edges),
        }


def _plain_graph(graph: nx.Graph[Any]) -> _Graph:
    names = _distinct_ids(graph.nodes)
    edges = graph.edges(data=True)
    return _Graph(
        _plain_values(graph.graph),
        tuple((names[node], _plain_values(values)) for node, values in graph.nodes(data=True)),
        tuple((names[source], names[target], _plain_values(values)) for source, target, values in edges),
    )


def _distinct_ids(nodes: Iterable[Any]) -> dict[Any, str]:
    """A text for each node; where two would look alike once cleaned, the later one is numbered."""
    names: dict[Any, str] = {}
    taken: set[str] = set()
    for node in nodes:
        name = wanted = xml_text(str(node))
        number = 2
        while name in taken:
            name, number = f"{wanted} ({number})", number + 1
        taken.add(name)
        names[node] = name
    return names


def _plain_values(values: Mapping[Any, Any]) -> _Values:
    plain = {xml_text(str(name)): _scalar(value) for name, value in values.items() if value is not None}
    return dict(sorted(plain.items()))


def _scalar(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, set | frozenset):
        return xml_text(", ".join(sorted(map(str, value))))
    return xml_text(", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def _json_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _json_value(item) for name, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return str(value)
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def xml_text(text: str) -> str:
    """Return a text in which characters that XML cannot hold stand as code points.

    >>> print(xml_text("a" + chr(0) + "b"))
    a\\x00b
    """
    return _NOT_XML.sub(lambda found: shown(found.group())[1:-1], text)


def _types(rows: Iterable[_Values]) -> dict[str, str]:
    """The type of each attribute, by name; where they differ, whole numbers are numbers and all else is text."""
    found: dict[str, set[str]] = {}
    for values in rows:
        for name, value in values.items():
            found.setdefault(name, set()).add(_TYPES[_base(value)])
    return {name: _common(found[name]) for name in sorted(found)}


def _base(value: Any) -> type:
    return next(base for base in _TYPES if isinstance(value, base))


def _common(types: set[str]) -> str:
    if len(types) == 1:
        return next(iter(types))
    return "double" if types == {"long", "double"} else "string"


# XML -----------------------------------------------------------------------------------------------------------------


def _declared(root: Element, part: str, types: Mapping[str, str]) -> dict[str, str]:
    keys = {}
    for number, (name, kind) in enumerate(types.items()):
        keys[name] = f"{part}{number}"
        SubElement(root, "key", {"id": keys[name], "for": part, "attr.name": name, "attr.type": kind})
    return keys


def _titled(body: Element, part: str, types: Mapping[str, str]) -> dict[str, str]:
    keys = {}
    holder = SubElement(body, "attributes", {"class": part})
    for number, (name, kind) in enumerate(types.items()):
        keys[name] = str(number)
        SubElement(holder, "attribute", id=str(number), title=name, type=kind)
    return keys


def _data(parent: Element, keys: Mapping[str, str], values: _Values) -> None:
    for key, text in _pairs(keys, values):
        SubElement(parent, "data", key=key).text = text


def _attvalues(parent: Element, keys: Mapping[str, str], values: _Values) -> None:
    if values:
        holder = SubElement(parent, "attvalues")
        for key, text in _pairs(keys, values):
            SubElement(holder, "attvalue", {"for": key, "value": text})


def _pairs(keys: Mapping[str, str], values: _Values) -> Iterator[tuple[str, str]]:
    for name, value in sorted(values.items()):
        yield keys[name], str(value).lower() if isinstance(value, bool) else str(value)


def _write(root: Element, file: BinaryIO) -> None:
    # No pretty spaces inside texts: only where an element holds elements.
    indent(root, space=" ")
    ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    file.write(b"\n")


WRITERS = {".graphml": write_graphml, ".gexf": write_gexf, ".json": write_json}
