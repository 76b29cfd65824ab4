"""Texts that nobody can be deceived by, and HTML in which every text is escaped.

`escaped` is the only way from a text into HTML: reports, widgets and explanations all pass through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from lexgraph.errors import shown

# All but visible ASCII, the letters and signs of Latin-1 (the soft hyphen shows nothing), and a few signs of our own.
_HIDDEN = re.compile("[^ -~¡-¬®-ÿ…–—→×]")


class Html(str):
    """Text that is HTML already. Only this module, and those that write whole elements by hand, make it."""

    __slots__ = ()


def visible(text: str) -> str:
    """Return a text in one line, with control, bidi and other deceptive characters as code points.

    >>> print(visible("red" + chr(27) + "[31m"))
    red\\x1b[31m
    """
    return _HIDDEN.sub(lambda found: shown(found.group())[1:-1], text)


def escaped(value: object) -> Html:
    """Return a value as HTML, in an element or a quoted attribute: escaped, and with deceptive characters visible.

    >>> escaped('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return value if isinstance(value, Html) else Html(escape(visible(str(value)), quote=True))


def tag(name: str, *children: object, **attributes: object) -> Html:
    """Return an element; children that are not `Html` are escaped, attributes always.

    >>> tag("a", "R & D", href="#top")
    '<a href="#top">R &amp; D</a>'
    """
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{escaped(str(value))}"' for key, value in attributes.items())
    return Html(f"<{name}{said}>{joined(children)}</{name}>")


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Return several pieces as one."""
    return Html(between.join(map(escaped, parts)))
