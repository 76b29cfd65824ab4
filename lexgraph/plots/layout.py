"""Places in a layered drawing: the order in each column by barycentres, heights by least squares, nothing by chance."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
Edge = tuple[str, str]
Bend = tuple[str, str, int]  # where an edge passes a column that it has no end in
Node = str | Bend


@dataclass(frozen=True, slots=True)
class Placement:
    """Where all is: the height of each node's middle, each edge's way through the columns, the height of the whole."""

    heights: Mapping[Node, float]
    ways: Mapping[Edge, tuple[Node, ...]]
    total: float


def place(
    columns: Sequence[Sequence[str]], edges: Iterable[Edge], *, row: float = 0.32, bend: float = 0.14
) -> Placement:
    """Return the placement of nodes that stand in `columns`, in an order to begin with.

    Parameters
    ----------
    columns : the nodes of each column, from left to right; every edge leads from a column to a later one.
    edges : pairs of nodes.
    row, bend : the height that a node takes, and an edge that passes by.

    Examples
    --------
    >>> place([["ana", "ben"], ["write", "read"]], [("ana", "read"), ("ben", "write")], row=1).heights
    {'ana': 0.5, 'ben': 1.5, 'read': 0.5, 'write': 1.5}
    """
    where = {node: i for i, column in enumerate(columns) for node in column}
    order: list[list[Node]] = [list(column) for column in columns]
    ways: dict[Edge, tuple[Node, ...]] = {}
    for a, b in edges:
        bends: list[Node] = [(a, b, i) for i in range(where[a] + 1, where[b])]
        for i, one in enumerate(bends, where[a] + 1):
            order[i].append(one)
        ways[a, b] = (a, *bends, b)
    order = _ordered(order, _neighbours(ways.values()))
    heights = _heights(order, _neighbours(ways.values()), row, bend)
    total = max((y + _size(n, row, bend) / 2 for n, y in heights.items()), default=row)
    return Placement(heights, ways, total)


def _neighbours(ways: Iterable[tuple[Node, ...]]) -> dict[Node, tuple[list[Node], list[Node]]]:
    """Of each node those directly before and after it."""
    found: dict[Node, tuple[list[Node], list[Node]]] = {}
    for way in ways:
        for a, b in pairwise(way):
            found.setdefault(a, ([], []))[1].append(b)
            found.setdefault(b, ([], []))[0].append(a)
    return found


def _ordered(order: list[list[Node]], near: Mapping[Node, tuple[list[Node], list[Node]]]) -> list[list[Node]]:
    """The order with the fewest crossings that sweeps to and fro find."""
    best, fewest = order, _crossings(order, near)
    for sweep in range(SWEEPS):
        side = sweep % 2  # 0: each column by the one before it, 1: by the one after it
        turn = range(1, len(order)) if side == 0 else range(len(order) - 2, -1, -1)
        order = [list(column) for column in order]
        for i in turn:
            rank = {node: at for at, node in enumerate(order[i - 1 if side == 0 else i + 1])}
            own = {node: at for at, node in enumerate(order[i])}
            order[i].sort(key=lambda node: _mean([rank[n] for n in _side(near, node, side)], own[node]))
        if (crossings := _crossings(order, near)) < fewest:
            best, fewest = order, crossings
    return best


def _side(near: Mapping[Node, tuple[list[Node], list[Node]]], node: Node, side: int) -> list[Node]:
    return near[node][side] if node in near else []


def _mean(values: list[float] | list[int], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(order: list[list[Node]], near: Mapping[Node, tuple[list[Node], list[Node]]]) -> int:
    total = 0
    for left, right in pairwise(order):
        rank = {node: at for at, node in enumerate(right)}
        seen: list[int] = []
        for node in left:
            ends = sorted(rank[n] for n in _side(near, node, 1))
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _size(node: Node, row: float, bend: float) -> float:
    return row if isinstance(node, str) else bend


def _heights(
    order: list[list[Node]], near: Mapping[Node, tuple[list[Node], list[Node]]], row: float, bend: float
) -> dict[Node, float]:
    """Each node as near to its neighbours' mean as the others in its column allow."""
    heights: dict[Node, float] = {}
    for column in order:
        y = 0.0
        for node in column:
            heights[node] = y + _size(node, row, bend) / 2
            y += _size(node, row, bend)
    for sweep in range(SWEEPS):
        side = (sweep + 1) % 2
        for column in order if side == 0 else reversed(order):
            wanted = [_mean([heights[n] for n in _side(near, node, side)], heights[node]) for node in column]
            heights.update(zip(column, _apart(wanted, [_size(n, row, bend) for n in column]), strict=True))
    top = min((y - _size(n, row, bend) / 2 for n, y in heights.items()), default=0.0)
    return {node: round(y - top, 6) for node, y in heights.items()}


def _apart(wanted: list[float], sizes: list[float]) -> list[float]:
    """The heights nearest to `wanted`, in least squares, that keep order and distance: pool adjacent violators."""
    offsets, at = [], 0.0
    for before, size in zip([0.0, *sizes], sizes, strict=False):
        at += (before + size) / 2
        offsets.append(at)
    blocks: list[tuple[float, int]] = []  # sum and number of what is pooled
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            more, others = blocks.pop()
            total, count = total + more, count + others
        blocks.append((total, count))
    pooled = [total / count for total, count in blocks for _ in range(count)]
    return [base + offset for base, offset in zip(pooled, offsets, strict=True)]
