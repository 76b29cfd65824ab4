"""SVG files of a sensible size."""

from __future__ import annotations

import re

_PATTERN = re.compile(
    r'(<pattern id="[^"]*" patternUnits="userSpaceOnUse" x="0" y="0") width="72" height="72">(.*?)</pattern>', re.S
)
_BACK = re.compile(r'width="73" height="73"')
_DOT = re.compile(r"M (\S+) (\S+) \n(?:C [^\n]+\n)+z\n")
TILE = 72.0  # of matplotlib's hatches
MANY = 64


def with_small_hatches(svg: str) -> str:
    """Return an SVG of matplotlib's in which a dotted hatch is a small tile; each would else hold hundreds of dots."""
    return _PATTERN.sub(_smaller, svg)


def _smaller(found: re.Match[str]) -> str:
    head, body = found.groups()
    dots = list(_DOT.finditer(body))
    rows = len({dot.group(2) for dot in dots}) - 1
    if len(dots) < MANY or rows < 2 or rows % 2:
        return found.group()
    # The dots of every second row stand between those of the row before, so the picture repeats after two rows.
    size = 2 * TILE / rows
    kept = (dot.group() for dot in dots if _touches(dot, size))
    inner = body[: dots[0].start()] + "".join(kept) + body[dots[-1].end() :]
    inner = _BACK.sub(f'width="{size + 1:g}" height="{size + 1:g}"', inner)
    return f'{head} width="{size:g}" height="{size:g}">{inner}</pattern>'


def _touches(dot: re.Match[str], size: float) -> bool:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", dot.group())]
    across, down = numbers[::2], numbers[1::2]
    return min(across) < size and max(across) > 0 and min(down) < size and max(down) > 0
