"""``lexgraph compare A B`` for two accounts, or for two dumps of one."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lexgraph.access.comparison.compare import compare_snapshots
from lexgraph.access.comparison.model import AccessChange, AccountChange, AccountDifference, Direction
from lexgraph.account.model import Snapshot
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import LexgraphError, UnsupportedError, counted, shown
from lexgraph.evaluation.request import Request
from lexgraph.report.inputs import STDIN, given_account, is_account

_FIELDS = ("what", "change", "principal", "policy", "via", "group", "name", "before", "after")
_POLICIES = ("control policy", "policy", "resource policy")
FEW = 10


def compare_accounts(args: Namespace, given: dict[str, bytes | None]) -> int:
    """Print what changed between two accounts; 1 where access did, or may have.

    `given` are the bytes of each input, None for a folder.
    """
    around = [_around(args, place) for place in (0, 1)]
    before, after = (_account(name, given.get(name), one) for name, one in zip((args.a, args.b), around, strict=True))
    found = compare_snapshots(before, after)
    if args.format == "json":
        put_json(as_json(found))
    else:
        _text(args, found)
    for note in found.notes:
        say(f"note: {note}")
    for one in found.undecided:
        say(f"undecided: {_whom(one)} may have {one.change} access {_how(one)}: {one.reason}")
    return int(found.relation != "equal" or bool(found.undecided))


def _around(args: Namespace, place: int) -> dict[str, str | None]:
    """What stands beside the account at a place: a file that is given once is about both."""
    given = {"organization": args.organization, "resource_policies": args.resource_policies}
    for name, values in given.items():
        if len(values) > 2:
            option = f"--{name.replace('_', '-')}"
            raise LexgraphError(f"{option} is given {len(values)} times, and there are two accounts", code="USAGE")
    return {name: values[min(place, len(values) - 1)] if values else None for name, values in given.items()}


def _account(name: str, data: bytes | None, around: dict[str, str | None]) -> Snapshot:
    if data is not None and not is_account(data):
        raise UnsupportedError(f"{shown(name)} is a policy, and an account is compared with an account only")
    if data is None and not Path(name).is_dir():
        raise UnsupportedError(f"{shown(name)} is no account, and an account is compared with an account only")
    return given_account(name, data=data if name == STDIN else None, **around)


def as_json(found: AccountDifference) -> dict[str, Any]:
    """Return the comparison as ``--format json`` prints it."""
    gained, lost = found.of("gained"), found.of("lost")
    listed = [_change(one) for one in found.changes]
    return {
        "relation": found.relation,
        "only_a": request_json(lost[0].request if lost else None),
        "only_b": request_json(gained[0].request if gained else None),
        "actions_only_a": list(found.actions("lost")),
        "actions_only_b": list(found.actions("gained")),
        "principals": [one for one in listed if one["what"] not in ("attachment", *_POLICIES)],
        "attachments": [one for one in listed if one["what"] == "attachment"],
        "policies": [one for one in listed if one["what"] in _POLICIES],
        "access": [_access(one) for one in found.access],
        "notes": list(found.notes),
    }


def request_json(request: Request | None) -> dict[str, Any] | None:
    """Return a request as the cases of ``simulate`` write it."""
    if request is None:
        return None
    kind, _, name = request.principal.partition(":")
    return {
        "principal": {kind: name} if kind in ("Service", "Federated") else request.principal,
        "action": request.action,
        "resource": request.resource,
        "resource_account": request.resource_account,
        "context": dict(request.context.values),
    }


def _change(one: AccountChange) -> dict[str, str]:
    """The fields that an entry has."""
    return {name: value for name in _FIELDS if (value := getattr(one, name)) is not None}


def _access(one: AccessChange) -> dict[str, Any]:
    return {
        "change": one.change,
        "via": one.via,
        "holder": one.holder,
        "principals": list(one.principals),
        "request": request_json(one.request),
        "before": one.before,
        "after": one.after,
        "actions": list(one.actions),
        "reason": one.reason or None,
        "assumptions": list(one.assumptions),
    }


def _text(args: Namespace, found: AccountDifference) -> None:
    put(f"{args.a} compared with {args.b}: {found.relation}")
    for one in found.changes:
        put(f"  {_line(one)}")
    directions: tuple[Direction, ...] = ("gained", "lost")
    for direction in directions:
        proved = found.of(direction)
        number = len({arn for change in proved for arn in change.principals})
        put(f"{counted(number, 'principal')} {direction} access{':' if proved else ''}")
        for change in proved:
            for line in _lines(change):
                put(f"  {line}")


def _line(one: AccountChange) -> str:
    """``attachment added: …/user/maria, …/AmazonLexReadOnly, attached``."""
    parts = [one.principal, one.policy, one.via, one.group, one.name]
    was = "" if one.change != "changed" or one.what not in ("tag", "boundary") else f": {one.before} is now {one.after}"
    return f"{one.what} {one.change}: {', '.join(part for part in parts if part)}{was}"


def _lines(one: AccessChange) -> Iterator[str]:
    """What a request shows: who, by which policy, the request and its two answers."""
    request = one.request
    if request is None:
        return
    values = ", ".join(f"{key} = {shown(str(value))}" for key, value in request.context.values.items())
    answers = f"{one.before or 'not there'} before, {one.after or 'not there'} after"
    yield f"{_whom(one)} {_how(one)}"
    yield f"  {request.action} on {request.resource}{f' with {values}' if values else ''}: {answers}"
    actions = one.actions
    if actions:
        more = f", … ({len(actions):,} in all)" if len(actions) > FEW else ""
        told = "actions that are new" if one.change == "gained" else "actions that are gone"
        yield f"  {told}: {', '.join(actions[:FEW])}{more}"
    yield from (f"  assumed: {assumption}" for assumption in one.assumptions)


def _whom(one: AccessChange) -> str:
    first = ", ".join("somebody" if name == "*" else name for name in one.principals[:FEW])
    more = len(one.principals) - FEW
    return first if more <= 0 else f"{first} and {more:,} more"


def _how(one: AccessChange) -> str:
    if one.holder is None:
        return f"by {one.via}"
    own = one.via in ("trust policy", "resource policy")
    return f"by the {one.via} of {one.holder}" if own else f"by {one.via}, through {one.holder}"
