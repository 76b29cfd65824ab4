"""Which resources an action can be about, by the ARN templates of its resource types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lexgraph.catalog.actions import catalog
from lexgraph.policy.arn import PARTS, ArnMatcher, compile_arn, split_arn

Templates = tuple[tuple[str, bool], ...]
_HOLE = re.compile(r"\$\{[^}]*\}")


def fitting(action: str, resources: Iterable[str]) -> tuple[str, ...]:
    """Return those of `resources` that are of a type that `action` takes; for an action that no catalogue knows, all.

    >>> bot = "arn:aws:lex:us-east-1:111122223333:bot/ABCDEFGHIJ"
    >>> fitting("lex:DeleteBot", [bot, "arn:aws:s3:::transcripts"]) == (bot,)
    True
    """
    listed = tuple(resources)
    templates = _templates(action)
    return listed if templates is None else _of_templates(templates, listed)


@lru_cache(32_768)
def is_about_iam(action: str) -> bool:
    """Return whether an action takes users, roles, groups or policies.

    >>> is_about_iam("iam:PassRole"), is_about_iam("lex:DeleteBot")
    (True, False)
    """
    return any(split_arn(template)[2] == "iam" for template, _ in _templates(action) or ())


# Most actions share their types of resources with others: an answer for each set of templates is kept.
@lru_cache(4096)
def _of_templates(templates: Templates, resources: tuple[str, ...]) -> tuple[str, ...]:
    services = _services(resources)
    places: set[int] = set()
    for template, holder in templates:
        service, matches = split_arn(template)[2], _matcher(template, holder=holder)
        # A recovery point's ARN may be of any service.
        pools = services.values() if "$" in service else (services.get(service, ()),)
        places.update(i for pool in pools for i, parts in pool if i not in places and matches(parts))
    return tuple(resources[i] for i in sorted(places))


@lru_cache(16)
def _services(resources: tuple[str, ...]) -> dict[str, list[tuple[int, tuple[str, ...]]]]:
    """The resources by the service in their ARNs, each with its place and its parts."""
    found: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for i, arn in enumerate(resources):
        parts = split_arn(arn)
        if len(parts) == PARTS:
            found.setdefault(parts[2], []).append((i, parts))
    return found


@lru_cache(32_768)
def _templates(action: str) -> Templates | None:
    """The ARN templates of the types that an action takes, each with whether resources of other types lie within."""
    facts = catalog().action(action)
    if facts is None:
        return None
    types = _types(facts.service)
    every = [arn for arns in types.values() for arn in arns]
    own = dict.fromkeys(arn for name in facts.resource_types for arn in types.get(name, ()))
    return tuple((arn, any(other.startswith(f"{arn}/") for other in every)) for arn in own)


@lru_cache(1024)
def _types(service: str) -> dict[str, tuple[str, ...]]:
    return {found.name: found.arns for found in catalog().service(service).resource_types}


@lru_cache(8192)
def _matcher(template: str, *, holder: bool) -> ArnMatcher:
    matches = compile_arn(_HOLE.sub("*", template))
    slashes = split_arn(template)[-1].count("/")
    # What goes on after a slash is within such a resource, as an object is in a bucket.
    return (lambda asked: asked[-1].count("/") <= slashes and matches(asked)) if holder else matches
