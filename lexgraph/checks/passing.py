"""Checks of iam:PassRole and iam:CreateServiceLinkedRole: on which roles, and for which services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lexgraph.checks.globs import overlap, wider
from lexgraph.checks.view import Hit, StatementView, Test
from lexgraph.policy.arn import PARTS, split_arn
from lexgraph.policy.patterns import compile_glob, is_pattern


class _Subject(NamedTuple):
    prefix: str
    action: str
    written: str
    everything: str
    key: str
    what: str


_SUBJECTS = (
    _Subject(
        "PASS_ROLE",
        "iam:passrole",
        "iam:PassRole",
        "role/*",
        "iam:passedtoservice",
        "any role may be passed to any service",
    ),
    _Subject(
        "CREATE_SLR",
        "iam:createservicelinkedrole",
        "iam:CreateServiceLinkedRole",
        "role/aws-service-role/*",
        "iam:awsservicename",
        "any service-linked role may be created",
    ),
)


def roles(view: StatementView) -> Iterator[Hit]:
    """The twelve codes that begin with PASS_ROLE_WITH and CREATE_SLR_WITH."""
    resources = view.statement.resources
    if not view.statement.allows or resources is None:
        return
    for subject in _SUBJECTS:
        how = _granted(subject, view)
        if how is None or any(_narrows(test, subject) for test in view.tests):
            continue
        action, pointer = how
        if resources.negated:
            code = {"": "NOTRESOURCE", "STAR": "STAR_IN_ACTION_AND_NOTRESOURCE"}
            suffix = code.get(action, "NOTACTION_AND_NOTRESOURCE")
            message = f"{subject.written} on all resources but some: {subject.what}, but for those"
        elif not any(_is_everything(pattern, subject) for _, pattern in view.resources):
            continue
        else:
            code = {"": "STAR_IN_RESOURCE", "STAR": "STAR_IN_ACTION_AND_RESOURCE"}
            suffix = code.get(action, "STAR_IN_RESOURCE_AND_NOTACTION")
            message = f"{subject.written} on every role: {subject.what}"
        yield Hit(f"{subject.prefix}_WITH_{suffix}", pointer, message)


def _is_everything(pattern: str, subject: _Subject) -> bool:
    """Whether a resource pattern stands for every role of the account that it names, or of all."""
    parts = split_arn(pattern, variables=True)
    if len(parts) < PARTS:
        return wider(pattern, f"arn:aws:iam::*:{subject.everything}")
    return wider(pattern, ":".join(("arn", parts[1], "iam", "", parts[4], subject.everything)))


def _granted(subject: _Subject, view: StatementView) -> tuple[str, str] | None:
    """How the statement grants the action: by name (""), by a wildcard ("STAR") or by "NOTACTION", and where."""
    if view.statement.actions.negated:
        if any(compile_glob(action.lower)(subject.action) for action in view.actions):
            return None
        return "NOTACTION", view.element("Action")
    found = None
    for action in view.actions:
        if action.lower == subject.action:
            return "", view.action_at(action.number)
        if found is None and action.wild and overlap(action.lower, subject.action):
            found = "STAR", view.action_at(action.number)
    return found


def _narrows(test: Test, subject: _Subject) -> bool:
    """Whether a test leaves only some services."""
    if test.key != subject.key or not test.demands or test.name.base == "Null":
        return False
    return all(
        not (isinstance(value, str) and is_pattern(value) and not value.strip("*?")) for value in test.test.values
    )
