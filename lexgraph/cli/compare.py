"""``lexgraph compare A B``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import LexgraphError, UnsupportedError, shown
from lexgraph.evaluation.request import Request
from lexgraph.policy.model import Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.report.inputs import STDIN, is_account, read_bytes
from lexgraph.report.subject import no_file_either
from lexgraph.report.text import counted
from lexgraph.workbench import Comparison, find_policy


def run(args: Namespace) -> int:
    """Print how the first policy relates to the second; 1 where they are not equal."""
    if args.a == args.b == STDIN:
        raise LexgraphError("only one of the two can be standard input", code="USAGE")
    compared = Comparison(_policy(args.a), _policy(args.b))
    if args.format == "json":
        put_json(
            {
                "relation": compared.relation,
                "only_a": _request(compared.only_a),
                "only_b": _request(compared.only_b),
                "actions_only_a": list(compared.actions_only_a),
                "actions_only_b": list(compared.actions_only_b),
            }
        )
    else:
        put(f"{compared.a.name} compared with {compared.b.name}: {compared.relation}")
        _put_side(compared.a.name, compared.only_a, compared.actions_only_a)
        _put_side(compared.b.name, compared.only_b, compared.actions_only_b)
    if compared.relation == "undecided":
        say(f"undecided: {compared.reason}")
    if compared.assumptions:
        say(f"assumed: {'; '.join(compared.assumptions)}")
    return int(compared.relation != "equal")


def _policy(name: str) -> Policy:
    if name != STDIN and not Path(name).exists() and not name.endswith(".json"):
        try:
            return find_policy(name)
        except LexgraphError as error:
            raise no_file_either(error) from None
    data = read_bytes(name)
    if is_account(data):
        message = f"{shown(name)} is a whole account; this version of lexgraph compares policies only"
        raise UnsupportedError(message)
    stem, source = ("standard input", None) if name == STDIN else (Path(name).stem, name)
    return parse_policy(data, name=stem, source=source)


def _request(request: Request | None) -> dict[str, Any] | None:
    """A request as the cases of ``simulate`` write it."""
    if request is None:
        return None
    return {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "resource_account": request.resource_account,
        "context": dict(request.context.values),
    }


def _put_side(name: str, request: Request | None, actions: tuple[str, ...]) -> None:
    put(f"{counted(len(actions), 'action')} only in {name}{':' if actions else ''}")
    for action in actions:
        put(f"  {action}")
    if request is not None:
        context = ", ".join(f"{key} = {shown(str(value))}" for key, value in request.context.values.items())
        put(f"only {name} allows: {request.action} on {request.resource}{f' with {context}' if context else ''}")
