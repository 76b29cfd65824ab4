"""Checks of ARNs in the Resource element: their form, and what the service reference says about each service's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.keys import hole_pattern
from lexgraph.checks.finding import Severity
from lexgraph.checks.globs import overlap, without_variables
from lexgraph.checks.known import AWS_ACCOUNTS, PARTITIONS, REGIONS, nearest_service, services
from lexgraph.checks.view import STORED_BY_IAM, Hit, StatementView
from lexgraph.errors import shown
from lexgraph.policy.arn import PARTS, split_arn
from lexgraph.policy.patterns import is_pattern

# AWS owns some of their resources (documents, service views), whose ARNs have no account.
_SOME_WITHOUT_ACCOUNT = frozenset({"ssm", "resource-explorer-2"})
# What IAM lets the resource part of its own ARNs begin with, besides what the service reference lists.
_IAM_PATHS = tuple("federated-user/ mfa/ sms-mfa/ report/ access-report/ root".split())


class Template(NamedTuple):
    """How a service writes the ARNs of one type of resource; `resource` has a star for each hole."""

    type: str
    region: str
    account: str
    resource: str


@lru_cache(1024)
def templates(arn_service: str, prefix: str) -> tuple[Template, ...]:
    """Return the ARNs with `arn_service` in them that the service with this prefix lists."""
    if prefix not in services():
        return ()
    found = []
    for kind in catalog().service(prefix).resource_types:
        for arn in kind.arns:
            parts = split_arn(arn)
            # AWS Backup's recovery points are ARNs of the service that was backed up: the service is a hole.
            if len(parts) == PARTS and (parts[2] == arn_service or "${" in parts[2]):
                resource = hole_pattern(parts[5]).replace("?*", "*")
                found.append(Template(kind.name, parts[3], parts[4], resource))
    return tuple(found)


def resources(view: StatementView) -> Iterator[Hit]:
    """Everything about the ARNs of a statement."""
    for i, pattern in view.resources:
        if pattern.startswith("arn:"):
            for code, message, refused in _problems(pattern, view):
                severity: Severity | None = None if refused is None else ("error" if refused else "warning")
                yield Hit(code, view.resource_at(i), message, severity)


Problem = tuple[str, str, bool | None]


def _problems(pattern: str, view: StatementView) -> Iterator[Problem]:
    parts = split_arn(pattern, variables=True)
    by_iam = view.kind in STORED_BY_IAM
    if len(parts) < PARTS:
        # The readers of SCPs and RCPs refuse what AWS refuses there (rule R4).
        if view.kind not in ("scp", "rcp"):
            refused = by_iam and (len(parts) < 3 or "::" in pattern)
            yield "MISSING_ARN_FIELD", f"an ARN has six parts, {shown(pattern)} has {len(parts)}", refused
        return
    _, partition, service, _, _, _ = parts
    if _plain(partition) and partition not in PARTITIONS:
        known = ", ".join(sorted(PARTITIONS))
        yield "INVALID_PARTITION", f"there is no partition {shown(partition)} (known: {known})", by_iam
    if not service:
        yield "MISSING_ARN_FIELD", f"the service is missing in {shown(pattern)}", by_iam
    elif is_pattern(service):
        yield "WILDCARD_IN_SERVICE_NAME", f"the service of {shown(pattern)} holds a wildcard", None
    elif "${" not in service:
        yield from _of_service(parts, view)


def _of_service(parts: tuple[str, ...], view: StatementView) -> Iterator[Problem]:
    service = parts[2]
    if service != service.lower() and service.lower() in services():
        yield "INVALID_ARN_SERVICE_CASE", f"the service {shown(service)} is written {shown(service.lower())}", None
        return
    known, fitting = _templates_for(service, parts[5], view)
    if not known and service not in services():
        hint = nearest_service(service) if view.hints.take() else ""
        yield "INVALID_SERVICE", f"there is no service {shown(service)} in the catalogue{hint}", None
    yield from _region(parts, fitting)
    yield from _account(parts, fitting)
    if parts[5] and known and not fitting and not (service == "iam" and parts[5].startswith(_IAM_PATHS)):
        kinds = ", ".join(dict.fromkeys(template.type for template in known[:8]))
        # IAM refuses a path of its own that begins with no known word.
        refused = service == "iam" and view.kind in STORED_BY_IAM and not is_pattern(parts[5].partition("/")[0])
        message = f"{shown(parts[5])} is like no resource of {service} (its types: {kinds})"
        yield "INVALID_ARN_RESOURCE", message, refused or None


def _templates_for(
    service: str, resource: str, view: StatementView
) -> tuple[tuple[Template, ...], tuple[Template, ...]]:
    """The templates of a service, and those of them that a resource part can fit.

    Where none fits, those that the statement's other services write with this service in them come on top.
    """
    known = templates(service, service)
    fitting = _fitting(known, resource)
    if not fitting:
        known += tuple(template for prefix in view.services - {service} for template in templates(service, prefix))
        fitting = _fitting(known, resource)
    return known, fitting


def _fitting(known: tuple[Template, ...], resource: str) -> tuple[Template, ...]:
    if resource == "*":
        return known
    # A "?" may be anything: to take it for a star finds fewer mistakes, never more.
    pattern = without_variables(resource).replace("?", "*")
    return tuple(template for template in known if overlap(pattern, template.resource))


def _region(parts: tuple[str, ...], fitting: tuple[Template, ...]) -> Iterator[Problem]:
    service, region = parts[2], parts[3]
    if "${" in region:
        return
    usual = {template.region for template in fitting}
    if usual == {""} and region.strip("*"):
        yield "ARN_REGION_NOT_ALLOWED", f"ARNs of {service} like this have no region, not {shown(region)}", None
    elif not region and usual and "" not in usual:
        yield "MISSING_ARN_REGION", f"ARNs of {service} like this have a region", None
    elif region and not is_pattern(region) and region not in REGIONS and region not in usual:
        yield "INVALID_ARN_REGION", f"there is no region {shown(region)}", None


def _account(parts: tuple[str, ...], fitting: tuple[Template, ...]) -> Iterator[Problem]:
    service, account = parts[2], parts[4]
    if "${" in account:
        return
    usual = {template.account for template in fitting}
    if usual == {""} and account.strip("*"):
        yield "ARN_ACCOUNT_NOT_ALLOWED", f"ARNs of {service} like this have no account, not {shown(account)}", None
    elif not account and usual and "" not in usual and service not in _SOME_WITHOUT_ACCOUNT:
        yield "MISSING_ARN_ACCOUNT", f"ARNs of {service} like this have an account", None
    elif account and not _is_account(account) and account not in usual:
        yield "INVALID_ARN_ACCOUNT", f"an account id has twelve digits, {shown(account)} has not", None


def _is_account(text: str) -> bool:
    digits = text.replace("*", "").replace("?", "")
    if is_pattern(text):
        return not digits or (digits.isascii() and digits.isdigit())
    return text in AWS_ACCOUNTS or (len(text) == 12 and digits.isascii() and digits.isdigit())


def _plain(part: str) -> bool:
    return "${" not in part and not is_pattern(part)
