"""``lexgraph compare A B``, for two policies; for two accounts see :mod:`lexgraph.cli.compare_accounts`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from lexgraph.account.templates import load_template
from lexgraph.cli.compare_accounts import compare_accounts, request_json
from lexgraph.cli.terminal import put, put_json, say
from lexgraph.errors import LexgraphError, counted, shown
from lexgraph.evaluation.request import Request
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import parse_policy
from lexgraph.reasoning.side import NAMING
from lexgraph.report.inputs import STDIN, is_account, read_bytes
from lexgraph.report.subject import no_file_either
from lexgraph.workbench import Comparison, find_policy


def run(args: Namespace) -> int:
    """Print how the first policy, or the first account, relates to the second; 1 where they are not equal."""
    if args.a == args.b == STDIN:
        raise LexgraphError("only one of the two can be standard input", code="USAGE")
    given = {name: _bytes_of(name) for name in dict.fromkeys((args.a, args.b))}
    if any(_is_whole(name, data) for name, data in given.items()):
        return compare_accounts(args, given)
    if args.organization or args.resource_policies:
        raise LexgraphError("--organization and --resource-policies are about accounts", code="USAGE")
    compared = Comparison(*(_policy(name, given[name], args.kind) for name in (args.a, args.b)))
    if args.format == "json":
        put_json(
            {
                "relation": compared.relation,
                "only_a": request_json(compared.only_a),
                "only_b": request_json(compared.only_b),
                "actions_only_a": list(compared.actions_only_a),
                "actions_only_b": list(compared.actions_only_b),
            }
        )
    else:
        put(f"{compared.a.name} compared with {compared.b.name}: {compared.relation}")
        _put_side(compared.a, compared.only_a, compared.actions_only_a)
        _put_side(compared.b, compared.only_b, compared.actions_only_b)
    if compared.relation == "undecided":
        say(f"undecided: {compared.reason}")
    if compared.assumptions:
        say(f"assumed: {'; '.join(compared.assumptions)}")
    return int(compared.relation != "equal")


def _bytes_of(name: str) -> bytes | None:
    """What a file holds; None for a folder, and for what is no file but may be the name of a managed policy."""
    is_file = Path(name).exists() or name.endswith(".json")
    return read_bytes(name) if name == STDIN or (is_file and not Path(name).is_dir()) else None


def _is_whole(name: str, data: bytes | None) -> bool:
    """Whether this is an account: its authorization details, or a folder that holds them."""
    return Path(name).is_dir() if data is None else is_account(data)


def _policy(name: str, data: bytes | None, kind: Kind) -> Policy:
    if data is None:
        try:
            return find_policy(name)
        except LexgraphError as error:
            raise no_file_either(error) from None
    if load_template(data, source=name) is not None:
        message = f"templates are not compared: {shown(name)} is one, whose policies read_policies reads"
        raise LexgraphError(message, code="NOT_A_POLICY")
    stem, source = ("standard input", None) if name == STDIN else (Path(name).stem, name)
    return parse_policy(data, name=stem, source=source, kind=kind)


def _put_side(policy: Policy, request: Request | None, actions: tuple[str, ...]) -> None:
    name = policy.name
    put(f"{counted(len(actions), 'action')} only in {name}{':' if actions else ''}")
    for action in actions:
        put(f"  {action}")
    if request is not None:
        context = ", ".join(f"{key} = {shown(str(value))}" for key, value in request.context.values.items())
        who = f" by {request.principal}" if policy.kind in NAMING else ""
        what = f"{request.action} on {request.resource}{who}"
        put(f"only {name} allows: {what}{f' with {context}' if context else ''}")
