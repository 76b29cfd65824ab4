"""Checks of role trust policies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lexgraph.checks.globs import overlap
from lexgraph.checks.view import Hit, PrincipalView, StatementView, Test
from lexgraph.errors import shown
from lexgraph.policy.patterns import is_pattern

_SAML = re.compile(r"arn:[^:]+:iam::[0-9]{12}:saml-provider/.+\Z", re.S)
_OIDC = re.compile(r"arn:[^:]+:iam::[0-9]{12}:oidc-provider/(.+)\Z", re.S)
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z")
_GITHUB = "token.actions.githubusercontent.com"
# Claims that tell the repository as sub does.
_REPOSITORY_CLAIMS = ("sub", "repository", "repository_id", "job_workflow_ref", "repository_owner_id")
_ROLES_ANYWHERE = "rolesanywhere.amazonaws.com"
_ROLES_ANYWHERE_NEEDS = ("sts:assumerole", "sts:setsourceidentity", "sts:tagsession")
_WAYS = {
    "sts:assumerole": "other",
    "sts:assumerolewithsaml": "saml",
    "sts:assumerolewithwebidentity": "oidc",
}
_NAMES = {"saml": "SAML providers", "oidc": "OIDC providers", "other": "accounts, roles, users and services"}


def principals(view: StatementView) -> Iterator[Hit]:
    """Who may assume the role: a bare ``*``, a provider that is none, a session beside its role."""
    roles = {p.value for p in view.principals if p.type == "AWS" and ":role/" in p.value}
    named = {_session_of(role) for role in roles}
    for principal in view.principals:
        if not principal.type:
            message = 'IAM refuses the bare "*" as the principal of a trust policy'
            yield Hit("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", principal.pointer, message)
        elif principal.type == "Federated" and _provider(principal) is None:
            message = f"{shown(principal.value)} is neither a SAML or OIDC provider's ARN nor a domain name"
            yield Hit("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", principal.pointer, message)
        elif ":assumed-role/" in principal.value and principal.value.rpartition("/")[0] in named:
            message = f"the role of {shown(principal.value)} is named too, and stands for all of its sessions"
            yield Hit("REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", principal.pointer, message)


def _session_of(role: str) -> str:
    """The beginning of the ARNs of a role's sessions: without the path, and of STS."""
    front, _, path = role.partition(":role/")
    return f"{front.replace(':iam:', ':sts:')}:assumed-role/{path.rpartition('/')[2]}"


def _provider(principal: PrincipalView) -> str | None:
    """Return saml, oidc or other: the way in which a principal assumes roles."""
    if principal.type != "Federated":
        return "other"
    if _SAML.match(principal.value):
        return "saml"
    return "oidc" if _OIDC.match(principal.value) or _DOMAIN.match(principal.value) else None


def actions(view: StatementView) -> Iterator[Hit]:
    """UNSUPPORTED_ACTION_IN_POLICY, MISMATCHED_ACTION_FOR_PRINCIPAL."""
    if view.statement.actions.negated:
        return
    for action in view.actions:
        if action.service not in ("sts", "*"):
            message = f"a trust policy takes actions of STS only, not {shown(action.text)}"
            yield Hit("UNSUPPORTED_ACTION_IN_POLICY", view.action_at(action.number), message, "error")
    ways = {_WAYS[action.lower]: action for action in view.actions if action.lower in _WAYS}
    element = view.statement.principals
    if element is None or element.negated or any(p.value == "*" for p in view.principals):
        return
    present = {way for principal in view.principals if (way := _provider(principal))}
    if any(action.wild for action in view.actions) or not present:
        return
    for way, action in ways.items():
        if way not in present:
            listed = " and ".join(_NAMES[other] for other in sorted(present))
            message = f"{action.text} is for {_NAMES[way]}, not for {listed}"
            yield Hit("MISMATCHED_ACTION_FOR_PRINCIPAL", view.action_at(action.number), message)


def roles_anywhere(views: tuple[StatementView, ...]) -> Iterator[Hit]:
    """MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY."""
    concerned = [
        (view, principal)
        for view in views
        if view.kind == "trust" and view.statement.allows and not view.statement.actions.negated
        for principal in view.principals
        if principal.value == _ROLES_ANYWHERE
    ]
    allowed = [action.lower for view, _ in concerned for action in view.actions]
    missing = [need for need in _ROLES_ANYWHERE_NEEDS if not any(overlap(pattern, need) for pattern in allowed)]
    if concerned and missing:
        spelled = {"sts:assumerole": "sts:AssumeRole", "sts:setsourceidentity": "sts:SetSourceIdentity"}
        listed = ", ".join(spelled.get(need, "sts:TagSession") for need in missing)
        message = f"IAM Roles Anywhere needs {listed}, too"
        yield Hit("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", concerned[0][1].pointer, message)


def identity_providers(view: StatementView) -> Iterator[Hit]:
    """MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL, MISSING_GITHUB_REPO_CONDITION_KEY, SPECIFIC_GITHUB_REPO_AND_BRANCH_…"""
    if not view.statement.allows:
        return
    for principal in view.principals:
        if principal.type != "Federated" or _provider(principal) != "oidc":
            continue
        match = _OIDC.match(principal.value)
        provider = (match.group(1) if match else principal.value).lower()
        tests = [test for test in view.tests if test.key.startswith(f"{provider}:") and test.demands]
        if provider == _GITHUB:
            yield from _github(principal, tests)
        elif not tests:
            message = f"anybody whom {provider} knows may assume the role: no condition looks at its claims"
            yield Hit("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", principal.pointer, message)


def _github(principal: PrincipalView, tests: list[Test]) -> Iterator[Hit]:
    by_claim = {test.key.rpartition(":")[2]: test for test in tests}
    if not any(claim in by_claim for claim in _REPOSITORY_CLAIMS):
        message = "every repository on GitHub may assume the role: no condition names one"
        yield Hit("MISSING_GITHUB_REPO_CONDITION_KEY", principal.pointer, message)
        return
    if (test := by_claim.get("sub")) is None:
        return
    for i, value in enumerate(test.test.values):
        if isinstance(value, str) and is_pattern(value) and not _is_narrow(value, by_claim):
            message = f"{shown(value)} stands for more than one repository or branch"
            yield Hit("SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED", test.at(i), message)


def _is_narrow(value: str, by_claim: dict[str, Test]) -> bool:
    """Whether the repository is named in full and a condition of its own names the branch."""
    parts = value.split(":")
    repository = len(parts) > 2 and parts[0] == "repo" and not is_pattern(parts[1])
    return repository and "ref" in by_claim
