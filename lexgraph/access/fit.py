"""Which resources an action can be about, by the ARN templates of its resource types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lexgraph.catalog.actions import catalog
from lexgraph.policy.arn import ArnMatcher, compile_arn, split_arn

_HOLE = re.compile(r"\$\{[^}]*\}")


def fitting(action: str, resources: Iterable[str]) -> tuple[str, ...]:
    """Return those of `resources` that are of a type that `action` takes; for an action that no catalogue knows, all.

    >>> bot = "arn:aws:lex:us-east-1:111122223333:bot/ABCDEFGHIJ"
    >>> fitting("lex:DeleteBot", [bot, "arn:aws:s3:::transcripts"]) == (bot,)
    True
    """
    matchers = _matchers(action)
    if matchers is None:
        return tuple(resources)
    return tuple(arn for arn in resources if any(matches(split_arn(arn)) for matches in matchers))


@lru_cache(32_768)
def _matchers(action: str) -> tuple[ArnMatcher, ...] | None:
    facts = catalog().action(action)
    if facts is None:
        return None
    types = _types(facts.service)
    templates = dict.fromkeys(arn for name in facts.resource_types for arn in types.get(name, ()))
    return tuple(_matcher(template) for template in templates)


@lru_cache(1024)
def _types(service: str) -> dict[str, tuple[str, ...]]:
    return {found.name: found.arns for found in catalog().service(service).resource_types}


@lru_cache(8192)
def _matcher(template: str) -> ArnMatcher:
    return compile_arn(_HOLE.sub("*", template))
