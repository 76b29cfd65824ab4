"""Text that was lost, and text that is not what it looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from lexgraph.checks.view import Hit, StatementView
from lexgraph.errors import shown
from lexgraph.policy.arn import PARTS, split_arn
from lexgraph.policy.jsontext import escape_pointer

# Keys that AWS fills itself, with a name, an id or an ARN. Tags, and what a caller chooses (s3:prefix), can be empty.
NEVER_EMPTY: Final = frozenset(
    """
    lambda:principal lambda:functionarn iam:awsservicename iam:passedtoservice iam:policyarn iam:permissionsboundary
    iam:associatedresourcearn kms:calleraccount kms:viaservice sts:rolesessionname aws:principalarn
    aws:principalaccount aws:principaltype aws:principalorgid aws:principalservicename aws:userid aws:username
    aws:resourceaccount aws:resourceorgid aws:requestedregion aws:sourceaccount aws:sourcearn aws:sourceip
    aws:sourcevpc aws:sourcevpce aws:currenttime aws:epochtime aws:securetransport
    """.split()
)
_IAM_PATH = re.compile(r"arn:[^:]*:iam:[^:]*:[^:]*:[a-z-]+/(?:.*/)?\Z", re.S)


def lost_text(view: StatementView) -> Iterator[Hit]:
    """EMPTY_PLACEHOLDER."""
    for i, pattern in view.resources:
        if _IAM_PATH.match(pattern):
            message = f"{shown(pattern)} is a path, and no name of IAM ends in a slash"
            yield Hit("EMPTY_PLACEHOLDER", view.resource_at(i), message)
        elif pattern[-1:] == ":" and len(parts := split_arn(pattern, variables=True)) == PARTS and parts[2] != "logs":
            yield Hit("EMPTY_PLACEHOLDER", view.resource_at(i), f"{shown(pattern)} ends where a name should stand")
    for test in view.tests:
        if test.key in NEVER_EMPTY and test.name.base != "Null" and not test.negated:
            for i, value in enumerate(test.test.values):
                if value == "":
                    message = f"the value of {test.test.key} is empty, and AWS never sends it empty"
                    yield Hit("EMPTY_PLACEHOLDER", test.at(i), message)


# Characters ----------------------------------------------------------------------------------------------------------

# Letters of other scripts that look like an ASCII letter in common fonts, and that letter.
_CYRILLIC = dict(zip("аеорсухіјѕһԁԛԝвмтАВЕКМНОРСТХІЈЅҺԀԚԜ", "aeopcyxijshdqwbmtABEKMHOPCTXIJSHDQW", strict=True))
_GREEK = dict(zip("ανορΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "avopABEZHIKMNOPTYX", strict=True))
_TWINS = _CYRILLIC | _GREEK
_INVISIBLE = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp"})


def may_be_confusable(text: str) -> bool:
    """Return whether a document's text can hold, once its escapes are read, a character beyond ASCII or invisible."""
    return "\\u" in text or not text.isascii()


def confusable_texts(value: Any, pointer: str = "") -> Iterator[Hit]:
    """CONFUSABLE: every string of a document, keys included, that holds such a character."""
    stack = [(pointer, value)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, dict):
            for key, inner in item.items():
                place = f"{at}/{escape_pointer(key)}"
                yield from _confusable(key, place)
                stack.append((place, inner))
        elif isinstance(item, list | tuple):
            stack += [(f"{at}/{i}", inner) for i, inner in enumerate(item)]
        elif isinstance(item, str):
            yield from _confusable(item, at)


def _confusable(text: str, pointer: str) -> Iterator[Hit]:
    for char in dict.fromkeys(text):
        if told := what_it_looks_like(char):
            yield Hit("CONFUSABLE", pointer, f"{shown(text)} holds U+{ord(char):04X}, which {told}")


def what_it_looks_like(char: str) -> str | None:
    """Return what a character passes for, or None for one that is what it seems.

    >>> what_it_looks_like("\\u0430"), what_it_looks_like("\\u00ad"), what_it_looks_like("é")
    ('looks like a', 'is invisible', None)
    """
    if " " <= char <= "~":
        return None
    if twin := _TWINS.get(char):
        return f"looks like {twin}"
    category = unicodedata.category(char)
    if category in _INVISIBLE and char not in "\t\n\r":
        return "looks like a space" if category == "Zs" else "is invisible"
    plain = unicodedata.normalize("NFKC", char)
    return f"looks like {plain}" if len(plain) == 1 and "!" <= plain <= "~" else None
