"""What stands in one of two accounts only, or differently in both: principals, groups, attachments, policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from lexgraph.access.comparison.model import AccountChange, Change
from lexgraph.account.model import Principal, Snapshot
from lexgraph.policy.model import Policy
from lexgraph.policy.write import policy_document

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Texts = tuple[str | None, str | None]


def list_changes(before: Snapshot, after: Snapshot) -> tuple[AccountChange, ...]:
    """Return what was added, removed and changed, sorted.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> account = read_account(example_account_path())
    >>> list_changes(account, account)
    ()
    """
    if before is after:
        return ()
    found = (*_principals(before, after), *_groups(before, after), *_attachments(before, after))
    return tuple(sorted((*found, *_policies(before, after)), key=_order))


def _order(one: AccountChange) -> tuple[str, ...]:
    fields = (one.what, one.principal, one.group, one.policy, one.via, one.name, one.change)
    return tuple(field or "" for field in fields)


def _compared(
    before: Mapping[K, V], after: Mapping[K, V], text: Callable[[V], str | None] = lambda _: None
) -> Iterator[tuple[K, Change, Texts]]:
    """Keys that only one has, and those under which the two hold something else, with what they hold."""
    for key, value in before.items():
        if key not in after:
            yield key, "removed", (text(value), None)
        elif after[key] != value:
            yield key, "changed", (text(value), text(after[key]))
    for key, value in after.items():
        if key not in before:
            yield key, "added", (None, text(value))


def _principals(before: Snapshot, after: Snapshot) -> Iterator[AccountChange]:
    old, new = ({p.arn: p for p in snapshot.principals} for snapshot in (before, after))
    for arn in sorted(old.keys() | new.keys()):
        if arn not in old or arn not in new:
            yield AccountChange("principal", "added" if arn in new else "removed", arn)
        elif old[arn] is not new[arn]:
            yield from _of_principal(old[arn], new[arn])


def _of_principal(old: Principal, new: Principal) -> Iterator[AccountChange]:
    for key, change, (was, now) in _compared(dict(old.tags), dict(new.tags), str):
        yield AccountChange("tag", change, new.arn, name=key, before=was, after=now)
    for group, change, _ in _compared(dict.fromkeys(old.groups), dict.fromkeys(new.groups)):
        yield AccountChange("membership", change, new.arn, group=group)
    for _, change, (was, now) in _compared(_maybe(old.boundary), _maybe(new.boundary), str):
        yield AccountChange("boundary", change, new.arn, policy=now or was, before=was, after=now)
    for _, change, (was, now) in _compared(_maybe(old.trust), _maybe(new.trust), policy_text):
        yield AccountChange("trust", change, new.arn, before=was, after=now)
    for _, change, (was, now) in _compared(_maybe(old.unique_id), _maybe(new.unique_id), str):
        yield AccountChange("unique id", change, new.arn, before=was, after=now)


def _maybe(value: V | None) -> dict[str, V]:
    return {} if value is None else {"": value}


def _groups(before: Snapshot, after: Snapshot) -> Iterator[AccountChange]:
    old, new = (dict.fromkeys(group.arn for group in snapshot.groups) for snapshot in (before, after))
    for group, change, _ in _compared(old, new):
        yield AccountChange("group", change, group=group)


def _attachments(before: Snapshot, after: Snapshot) -> Iterator[AccountChange]:
    old, new = (dict.fromkeys(_held(snapshot)) for snapshot in (before, after))
    for (principal, key, via, group), change, _ in _compared(old, new):
        yield AccountChange("attachment", change, principal, key, via, group)


def _held(snapshot: Snapshot) -> Iterator[tuple[str, str, str, str | None]]:
    """The rows of the table of attachments."""
    for principal in snapshot.principals:
        yield from ((principal.arn, key, via, group) for key, via, group, _ in snapshot.holdings(principal))


def _policies(before: Snapshot, after: Snapshot) -> Iterator[AccountChange]:
    old, new = ({policy.key: policy for policy in snapshot.identity_policies()} for snapshot in (before, after))
    for key, change, (was, now) in _compared(_with_unread(before, old), _with_unread(after, new), _said):
        yield AccountChange("policy", change, policy=key, before=was, after=now)
    old, new = ({one.resource: one.policy for one in snapshot.resource_policies} for snapshot in (before, after))
    for key, change, (was, now) in _compared(old, new, policy_text):
        yield AccountChange("resource policy", change, name=key, before=was, after=now)
    for key, change, (was, now) in _compared(_controls(before), _controls(after), lambda said: json.dumps(said)):
        yield AccountChange("control policy", change, name=key, before=was, after=now)


def _with_unread(snapshot: Snapshot, policies: Mapping[str, Policy]) -> dict[str, Policy | str]:
    """Policies by key; of one that could not be read stands why."""
    found: dict[str, Policy | str] = dict(policies)
    for bad in snapshot.unreadable:
        if bad.kind == "identity" and not bad.partial:
            key = bad.owner if ":policy/" in bad.owner else f"{bad.owner}/{bad.name}"
            found.setdefault(key, f"could not be read: {bad.error.message}")
    return found


def _controls(snapshot: Snapshot) -> dict[str, object]:
    """The control policies above the account: for each what it says and what it is attached to."""
    organization = snapshot.organization
    if organization is None or snapshot.account_id is None:
        return {}
    said = {one.id: one for one in organization.policies}
    found: dict[str, dict[str, object]] = {}
    for target in organization.path(snapshot.account_id):
        for policy_id in target.attached or ():
            one = said.get(policy_id)
            document = policy_document(one.policy) if one is not None and one.policy is not None else None
            entry = found.setdefault(policy_id, {"document": document, "attached to": []})
            entry["attached to"] = [*_listed(entry["attached to"]), target.id]
    return dict(found)


def _listed(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else ()


def _said(value: Policy | str) -> str:
    return value if isinstance(value, str) else policy_text(value)


def policy_text(policy: Policy) -> str:
    """Return a policy as JSON in one line.

    >>> policy_text(Policy("none", ()))
    '{"Version": "2012-10-17", "Statement": []}'
    """
    return json.dumps(policy_document(policy), ensure_ascii=False)
