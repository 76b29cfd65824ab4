"""Checks of conditions on tags: AWS sends tags with some actions only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from lexgraph.catalog.actions import catalog
from lexgraph.checks.known import services
from lexgraph.checks.view import ActionPattern, Hit, StatementView, Test

# Keys whose name goes on after a slash with the name of a tag.
TAG_FAMILIES: Final = frozenset(
    """
    aws:resourcetag aws:requesttag aws:principaltag ec2:resourcetag iam:resourcetag ssm:resourcetag
    secretsmanager:resourcetag rds:cluster-tag rds:db-tag rds:req-tag s3:existingobjecttag s3:requestobjecttag
    elasticloadbalancing:resourcetag
    """.split()
)
_SENT_BY_ACTION = ("aws:resourcetag/", "aws:requesttag/")


def is_about_tags(key: str) -> bool:
    """Return whether `key` (in lower case) is one of the keys about tags that AWS sends action by action."""
    return key.startswith(_SENT_BY_ACTION) or key == "aws:tagkeys"


def any_tag(key: str) -> str:
    """Return a key that AWS treats as `key` (in lower case): the names of tags make no difference.

    >>> any_tag("aws:resourcetag/department"), any_tag("s3:prefix")
    ('aws:resourcetag/x', 's3:prefix')
    """
    family = key.partition("/")[0]
    return f"{family}/x" if family in TAG_FAMILIES else key


def some_of(names: Sequence[str], most: int = 5) -> str:
    """Return a list for a message."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def unsupported(view: StatementView) -> Iterator[Hit]:
    """ALLOW_… and DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE, and their NotAction forms."""
    effect = view.statement.effect
    for test in view.tests:
        if not is_about_tags(test.key) or not test.demands or effect not in ("Allow", "Deny"):
            continue
        if view.statement.actions.negated:
            code = f"{effect.upper()}_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
            outcome = "are not allowed by it" if effect == "Allow" else "are not denied by it"
            yield Hit(code, test.pointer, f"many actions come without {test.test.key}, and {outcome}")
        elif without := [action.text for action in view.actions if _comes_without(action, test)]:
            code = f"{effect.upper()}_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE"
            outcome = "allowed" if effect == "Allow" else "denied"
            message = f"AWS does not send {test.test.key} with {some_of(without)}: not {outcome} by this statement"
            yield Hit(code, test.pointer, message)


def _comes_without(action: ActionPattern, test: Test) -> bool:
    if action.service == "*" or action.service not in services():
        return False
    return _never_sent(any_tag(test.key), action.text)


@lru_cache(16_384)
def _never_sent(key: str, pattern: str) -> bool:
    """Whether AWS sends the key with none of the actions that a pattern matches."""
    cat = catalog()
    matched = cat.expand(pattern)
    return bool(matched) and all(cat.key_fits(key, action) is False for action in matched)
