"""From JSON to :class:`~lexgraph.policy.model.Policy`, strictly: what AWS would refuse is an error, and nothing is
dropped.

Everything that is wrong is collected, then raised as one PolicyError whose `others` hold the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from lexgraph.errors import DocumentError, LexgraphError, PolicyError, shown
from lexgraph.policy import grammar
from lexgraph.policy.jsontext import Places, decode, find_places, load_json, locator, refuse_non_json, too_deep
from lexgraph.policy.model import (
    KINDS,
    Kind,
    Policy,
)
from lexgraph.policy.reader import PolicyReader

Json = Any


def read_policy(path: str | Path, *, kind: Kind = "identity", name: str | None = None) -> Policy:
    """Return the policy in a JSON file; its name is the file's, without the ending.

    >>> from lexgraph.bundled import bundled_path
    >>> read_policy(bundled_path("examples", "delete-all-bots.json")).name
    'delete-all-bots'
    """
    file = Path(path)
    return parse_policy(file.read_bytes(), kind=kind, name=name or file.stem, source=file.name)


def parse_policy(
    document: str | bytes | Mapping[str, Json],
    *,
    name: str = "policy",
    kind: Kind = "identity",
    arn: str | None = None,
    source: str | None = None,
) -> Policy:
    """Return the policy that a document says.

    Parameters
    ----------
    document : JSON text, its UTF-8 bytes, or the object already parsed (then errors carry a pointer but no line).
    name : what tables and charts call it.
    kind : identity, resource, trust, scp, rcp, session, boundary or endpoint; it decides which elements are allowed.
    arn : the policy's ARN, where it has one.
    source : the file's name, for messages.

    Raises
    ------
    PolicyError
        With the first thing AWS would refuse; the others are in its `others`.

    Examples
    --------
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}')
    >>> policy.statements[0].actions.patterns
    ('lex:Get*',)
    """
    policy, problems = inspect_policy(document, name=name, kind=kind, arn=arn, source=source)
    if problems:
        first, *others = problems
        first.others = tuple(others)
        raise first
    return cast(Policy, policy)


def inspect_policy(
    document: str | bytes | Mapping[str, Json],
    *,
    name: str = "policy",
    kind: Kind = "identity",
    arn: str | None = None,
    source: str | None = None,
) -> tuple[Policy | None, tuple[PolicyError, ...]]:
    """Return the policy (None where there are errors) and every error in the document, in the document's order."""
    if kind not in KINDS:
        raise LexgraphError(f"kind must be one of {', '.join(KINDS)}, not {shown(kind)}", code="UNKNOWN_KIND")
    text: str | None = None
    try:
        if isinstance(document, str | bytes):
            text = decode(document, source=source)
            value = load_json(_policy_text(text, source), source=source)
        else:
            value = document
            refuse_non_json(value, source=source)
    except DocumentError as error:
        return None, (error.into(PolicyError),)
    reader = PolicyReader(kind, source)
    policy = reader.policy(value, name, arn)
    if text is not None:
        reader.refuse_characters(text)
    if reader.problems:
        return None, _with_places(reader.problems, text)
    return policy, ()


def _policy_text(text: str, source: str | None) -> str:
    start = text[:200].lstrip()
    if len(text) > grammar.MAX_CHARACTERS:
        raise DocumentError(
            f"{len(text):,} characters are more than AWS takes for a policy ({grammar.MAX_CHARACTERS:,})",
            code="TOO_LARGE",
            source=source,
        )
    if start[:3].lower() == "%7b" or start[:5].lower() == "%257b":
        raise DocumentError(
            "this is URL-encoded; decode it first (urllib.parse.unquote)",
            code="INVALID_ENCODING",
            source=source,
        )
    return text


def _with_places(problems: list[PolicyError], text: str | None) -> tuple[PolicyError, ...]:
    if text is None:
        return tuple(problems)
    places = find_places(text)
    if places.too_deep is not None:
        return (too_deep(places.too_deep, text, problems[0].source).into(PolicyError),)
    place = locator(text)
    for problem in problems:
        if problem.line is None:
            problem.line, problem.column = place(_offset(places, problem))
    return tuple(sorted(problems, key=lambda p: (p.line or 0, p.column or 0)))


def _offset(places: Places, problem: PolicyError) -> int:
    about_key = problem.code in _ABOUT_KEYS
    first, second = (places.keys, places.values) if about_key else (places.values, places.keys)
    return first.get(problem.pointer, second.get(problem.pointer, 0))


_ABOUT_KEYS = frozenset(
    "INVALID_POLICY_ELEMENT INVALID_CONDITION_OPERATOR INVALID_PRINCIPAL_KEY UNSUPPORTED_PRINCIPAL "
    "DUPLICATE_KEYS_WITH_DIFFERENT_CASE UNSUPPORTED_ELEMENT_COMBINATION".split()
)
