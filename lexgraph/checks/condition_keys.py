"""Checks of condition keys: do they exist, does AWS send them with these actions, do they mean something alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.keys import GLOBAL_KEYS
from lexgraph.catalog.nearest import nearest
from lexgraph.checks.globs import overlap
from lexgraph.checks.known import nearest_service, services
from lexgraph.checks.tags import TAG_FAMILIES, any_tag, some_of
from lexgraph.checks.view import Hit, StatementView, Test
from lexgraph.errors import shown

# Prefixes of keys that no service has: those of SAML, and of identity providers, which have a dot or a slash.
_NO_SERVICE = frozenset({"aws", "saml"})
_DEPRECATED = {"aws:sourceowner": "aws:SourceAccount"}
# Keys of a resource's owner, which its own policy knows already.
_ABOUT_OWNER = frozenset("aws:resourceaccount aws:resourceorgid aws:resourceorgpaths s3:resourceaccount".split())
# What a key needs beside it to be unique.
_PAIRS = {"aws:vpcsourceip": ("aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn")}
# The action that sets what a key compares.
_SET_BY = {"sts:sourceidentity": "sts:SetSourceIdentity", "sts:transitivetagkeys": "sts:TagSession"}
_SESSION_TAGS = ("aws:requesttag/", "aws:tagkeys")


def names(view: StatementView) -> Iterator[Hit]:
    """Everything about the names of condition keys."""
    for test in view.tests:
        if problem := _name_problem(test.key, test.test.key, view.kind):
            hint = _hint(problem[0], test) if view.hints.take() else ""
            yield Hit(problem[0], test.pointer, f"{problem[1]}{hint}")
        if test.key in _ABOUT_OWNER and view.kind in ("resource", "trust"):
            message = f"{test.test.key} tells whose the resource is, which its own policy knows"
            yield Hit("IRRELEVANT_CONDITION_KEY_IN_POLICY", test.pointer, message)


@lru_cache(4096)
def _name_problem(key: str, written: str, kind: str) -> tuple[str, str] | None:
    prefix, colon, name = key.partition(":")
    if not (prefix and colon and name):
        return "INVALID_CONDITION_KEY_FORMAT", f"a condition key is written service:key, not {shown(written)}"
    if key.rstrip("/") in TAG_FAMILIES:
        return "MISSING_TAG_KEY_IN_CONDITION", f"{shown(written)} names no tag"
    if key == "aws:arn":
        if kind in ("identity", "session", "boundary"):
            return "DEPRECATED_GLOBAL_CONDITION_KEY", "aws:ARN gave way to aws:PrincipalArn"
        return "UNSUPPORTED_GLOBAL_CONDITION_KEY", "aws:ARN is not supported in this kind of policy"
    if newer := _DEPRECATED.get(key):
        return "DEPRECATED_GLOBAL_CONDITION_KEY", f"{shown(written)} gave way to {newer}"
    if catalog().knows_key(key) or "." in prefix or "/" in prefix:
        return None
    return _unknown(prefix, written)


def _unknown(prefix: str, written: str) -> tuple[str, str] | None:
    if prefix == "aws":
        return "INVALID_GLOBAL_CONDITION_KEY", f"the catalogue knows no global condition key {shown(written)}"
    if prefix in _NO_SERVICE:
        return None
    if prefix not in services():
        return "INVALID_SERVICE", f"there is no service {shown(prefix)} in the catalogue"
    if prefix == "lex" and "resourcetag/" in written.lower():
        message = (
            f"{shown(written)} stands in an older guide, not in the service reference; today it is aws:ResourceTag"
        )
        return "INVALID_SERVICE_CONDITION_KEY", message
    return "INVALID_SERVICE_CONDITION_KEY", f"{prefix} lists no condition key {shown(written)}"


def _hint(code: str, test: Test) -> str:
    """What may have been meant."""
    prefix = test.key.partition(":")[0]
    if code == "INVALID_SERVICE":
        return nearest_service(prefix)
    if code == "INVALID_GLOBAL_CONDITION_KEY":
        return nearest(test.test.key, [key for key in GLOBAL_KEYS if key.startswith("aws:")])
    if code != "INVALID_SERVICE_CONDITION_KEY" or "resourcetag/" in test.key:
        return ""
    return nearest(test.test.key, [key.name for key in catalog().service(prefix).condition_keys])


def fitting_actions(view: StatementView) -> Iterator[Hit]:
    """UNSUPPORTED_ACTION_FOR_CONDITION_KEY (rule C10): actions without wildcards, keys other than AWS's own."""
    if view.statement.actions.negated:
        return
    literal = tuple(action.text for action in view.actions if not action.wild)
    for test in view.tests:
        if not test.demands or test.key.startswith("aws:") or not catalog().knows_key(test.key):
            continue
        if without := _never_sent_with(any_tag(test.key), literal):
            message = f"AWS does not send {test.test.key} with {some_of(without)}"
            yield Hit("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", test.pointer, message)


@lru_cache(1024)
def _never_sent_with(key: str, literal: tuple[str, ...]) -> tuple[str, ...]:
    cat = catalog()
    return tuple(action for action in literal if cat.key_fits(key, action) is False)


def pairs(view: StatementView) -> Iterator[Hit]:
    """MISSING_PAIRED_CONDITION_KEYS."""
    if not view.statement.allows:
        return
    for test in view.tests:
        needed = _PAIRS.get(test.key) or _pair_of_source_arn(test, view)
        if needed and view.keys.isdisjoint(key.lower() for key in needed):
            message = f"{test.test.key} is not unique without {' or '.join(needed)}"
            yield Hit("MISSING_PAIRED_CONDITION_KEYS", test.pointer, message)


def _pair_of_source_arn(test: Test, view: StatementView) -> tuple[str, ...]:
    """A bucket's ARN names no account, and who deletes a bucket gives its name away."""
    services_named = [p for p in view.principals if p.type == "Service"]
    buckets = [v for v in test.test.values if isinstance(v, str) and v.startswith("arn:aws:s3:::")]
    if test.key != "aws:sourcearn" or test.negated or not services_named or not buckets:
        return ()
    return ("aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths")


def setting_actions(views: tuple[StatementView, ...]) -> Iterator[Hit]:
    """MISSING_ACTION_FOR_CONDITION_KEY: nobody may set what the condition compares."""
    allowed = [
        a for view in views if view.statement.allows and not view.statement.actions.negated for a in view.actions
    ]
    open_ended = any(view.statement.allows and view.statement.actions.negated for view in views)
    for view in views:
        for test in view.tests if view.statement.allows and not open_ended else ():
            action = _SET_BY.get(test.key)
            if view.kind == "trust" and test.key.startswith(_SESSION_TAGS):
                action = "sts:TagSession"
            if action and test.demands and not any(overlap(pattern.lower, action.lower()) for pattern in allowed):
                message = f"only a caller with {action} sets {test.test.key}, and the policy allows it nowhere"
                yield Hit("MISSING_ACTION_FOR_CONDITION_KEY", test.pointer, message)
