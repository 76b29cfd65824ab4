"""Checks of the Principal element, and of the names of services wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lexgraph.checks.finding import Severity
from lexgraph.checks.view import Hit, StatementView
from lexgraph.errors import shown
from lexgraph.policy.arn import PARTS, split_arn
from lexgraph.policy.patterns import is_pattern

# service.amazonaws.com, with further names or a region in front; other clouds have other endings.
_SERVICE = re.compile(
    r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)*"
    r"\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|api\.aws|amazon\.com)\Z"
)
_VIA_SERVICE = re.compile(
    r"[a-z0-9_-]+\.[a-z0-9*?-]+\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov)\Z"
)
_SERVICE_KEYS = frozenset(
    """
    iam:passedtoservice iam:awsservicename aws:principalservicename aws:principalservicenameslist aws:calledvia
    aws:calledviafirst aws:calledvialast
    """.split()
)
_GROUP = re.compile(r"arn:[^:]+:iam::[^:]*:group/")
_SOURCES = frozenset("aws:sourcearn aws:sourceaccount aws:sourceorgid aws:sourceorgpaths".split())
_CHOSEN_BY_CALLER = frozenset("aws:referer aws:useragent".split())
# What only IAM principals have (rule U4).
_OF_IDENTITIES = ("aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/", "aws:userid", "aws:username")


def service_names(view: StatementView) -> Iterator[Hit]:
    """INVALID_SERVICE_PRINCIPAL_FORMAT, and a wildcard for a service, provider or canonical user."""
    for principal in view.principals:
        name = principal.value
        if principal.type not in ("", "AWS") and is_pattern(name) and view.kind != "trust":
            message = f"{principal.type} takes no wildcard: {shown(name)}"
            yield Hit("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", principal.pointer, message, "warning")
        elif principal.type == "Service" and not _SERVICE.match(name) and "${" not in name:
            yield Hit("INVALID_SERVICE_PRINCIPAL_FORMAT", principal.pointer, f"{shown(name)} is no service principal")
    for test in view.tests:
        via = test.key == "kms:viaservice"
        if test.name.base not in ("StringEquals", "StringLike") or not (via or test.key in _SERVICE_KEYS):
            continue
        form = _VIA_SERVICE if via else _SERVICE
        for i, value in enumerate(test.test.values):
            if (
                isinstance(value, str)
                and value
                and not is_pattern(value)
                and "${" not in value
                and not form.match(value)
            ):
                message = f"{shown(value)} is not how {test.test.key} names a service"
                yield Hit("INVALID_SERVICE_PRINCIPAL_FORMAT", test.at(i), message)


def missing(view: StatementView) -> Iterator[Hit]:
    """MISSING_PRINCIPAL where the reader lets it pass: rule S5 says what such a statement means when it is stored."""
    if view.statement.principals is None and view.kind != "trust" and not view.damaged:
        severity: Severity = "error" if view.kind == "resource" else "warning"
        yield Hit("MISSING_PRINCIPAL", view.at, "the statement has no Principal", severity)


def references(view: StatementView) -> Iterator[Hit]:
    """Principals that are none or not what was meant: groups, ids, federated ones, and everybody but some."""
    element = view.statement.principals
    if element is None:
        return
    if element.negated and view.statement.allows:
        message = "Allow with NotPrincipal is for everybody else, anonymous callers included"
        yield Hit("ALLOW_WITH_NOTPRINCIPAL", view.element("Principal"), message)
    for principal in view.principals:
        if principal.type == "AWS" and principal.value[:4] in ("AROA", "AIDA"):
            role = principal.value.startswith("AROA")
            code = "INVALID_ROLE_REFERENCE" if role else "INVALID_USER_REFERENCE"
            message = f"{shown(principal.value)} is the id of a {'role' if role else 'user'}"
            yield Hit(code, principal.pointer, message)
        elif principal.type == "AWS" and _GROUP.match(principal.value):
            message = f"a group is no principal, for nobody signs in as one: {shown(principal.value)}"
            yield Hit("UNSUPPORTED_PRINCIPAL", principal.pointer, message)
        elif principal.type == "Federated" and view.kind != "trust":
            message = f"only trust policies take a federated principal: {shown(principal.value)}"
            yield Hit("FEDERATED_PRINCIPAL_NOT_SUPPORTED", principal.pointer, message)


def services_that_act(view: StatementView) -> Iterator[Hit]:
    """The confused deputy: RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL and the keys that help, or do not."""
    named = [principal for principal in view.principals if principal.type == "Service"]
    element = view.statement.principals
    if not named or element is None or element.negated:
        return
    for test in view.tests:
        if test.key.startswith(_OF_IDENTITIES) and test.demands and len(named) == len(view.principals):
            message = f"{named[0].value} never has {test.test.key}"
            yield Hit("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", test.pointer, message)
    if view.kind != "resource" or not view.statement.allows:
        return
    if any(test.key in _SOURCES and test.demands for test in view.tests):
        return
    chosen = [test for test in view.tests if test.key in _CHOSEN_BY_CALLER]
    for test in chosen:
        message = f"{test.test.key} is what the caller says it is"
        yield Hit("RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", test.pointer, message)
    for principal in named if not chosen else ():
        message = f"{principal.value} may come here on behalf of any account"
        yield Hit("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", principal.pointer, message)


def same_service(views: tuple[StatementView, ...]) -> Iterator[Hit]:
    """UNSUPPORTED_ACTION_IN_POLICY, UNSUPPORTED_RESOURCE_ARN_IN_POLICY: a resource's policy is about one service."""
    if not views or views[0].kind != "resource":
        return
    acting = [action.service for view in views if not view.statement.actions.negated for action in view.actions]
    named = [(view, i, service) for view in views for i, service in _resource_services(view)]
    owners = {service for _, _, service in named} or set(acting)
    if len(owners) > 1 and len(set(acting)) == 1:
        owners = set(acting)
    if len(owners) != 1 or "*" in owners:
        return
    (owner,) = owners
    for view in views:
        for action in view.actions if not view.statement.actions.negated else ():
            if action.service not in (owner, "*"):
                message = f"{shown(action.text)} is no action of {owner}, whose resource has this policy"
                yield Hit("UNSUPPORTED_ACTION_IN_POLICY", view.action_at(action.number), message)
    for view, i, service in named:
        if service != owner:
            message = f"the resource is of {service}, the policy's actions are of {owner}"
            yield Hit("UNSUPPORTED_RESOURCE_ARN_IN_POLICY", view.resource_at(i), message)


def _resource_services(view: StatementView) -> Iterator[tuple[int, str]]:
    element = view.statement.resources
    for i, pattern in view.resources if element is not None and not element.negated else ():
        parts = split_arn(pattern, variables=True)
        if len(parts) == PARTS and parts[2] and not is_pattern(parts[2]):
            yield i, parts[2].lower()
