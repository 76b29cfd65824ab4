"""The arguments of the command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from lexgraph.markup import visible

KINDS = ("identity", "resource", "trust", "scp", "rcp", "session", "boundary", "endpoint")
_INPUT = "a policy, a template, a folder of them, or an account's authorization details"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        import lexgraph
        from lexgraph.catalog.actions import catalog

        print(f"lexgraph {lexgraph.__version__} (action catalogue of {catalog().date})")
        parser.exit()


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments; leaves with exit code 2 where they are wrong."""
    # What follows -- is for JupyterLab alone; argparse would look for options of our own in it.
    ours, rest = list(argv), []  # type: list[str], list[str]
    if "--" in ours and ours[0] == "lab":
        at = ours.index("--")
        ours, rest = ours[:at], ours[at + 1 :]
    args = make_parser().parse_args(ours)
    args.rest = rest
    return args


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = _Parser(
        prog="lexgraph",
        description="Answers what AWS IAM policies really allow.",
        epilog="Exit codes: 0 done, 1 done and something to act on, 2 could not run. - is standard input.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and the catalogue's date")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_lab, _report, _expand, _simulate, _compare, _validate, _who_can, _collect):
        add(commands)
    return parser


def _command(commands: Any, name: str, summary: str, module: str | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
    )
    parser.set_defaults(module=module or name)
    return parser


def _format(parser: argparse.ArgumentParser, *formats: str) -> None:
    parser.add_argument("--format", choices=formats, default=formats[0], help="of the output; %(default)s by default")


def _around(parser: argparse.ArgumentParser) -> None:
    """What stands around an account, in files of its own."""
    parser.add_argument("--organization", metavar="FILE", help="the account's organization, with its control policies")
    parser.add_argument("--resource-policies", metavar="PATH", help="a file, or a folder of them, of resource policies")


def _parameters(parser: argparse.ArgumentParser) -> None:
    help_text = "values for the parameters of templates, and for AWS::AccountId, AWS::Region and their like"
    parser.add_argument("--parameters", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=help_text)


def _lab(commands: Any) -> None:
    parser = _command(commands, "lab", "open JupyterLab on a copy of the notebooks that come with lexgraph")
    parser.add_argument(
        "--dir",
        default="lexgraph-notebooks",
        metavar="DIR",
        help="working folder (%(default)s); nothing in it is ever overwritten",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    parser.epilog = "What follows -- is passed on to JupyterLab: lexgraph lab -- --port 9000"


def _report(commands: Any) -> None:
    parser = _command(commands, "report", "write a report as a page, tables and charts into a folder")
    parser.add_argument("input", metavar="INPUT", help=f"{_INPUT}; or a managed policy (Name, Name@v6, 'AmazonLex*')")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="the folder to write into")
    parser.add_argument("--redact", action="store_true", help="write placeholders for ids and addresses")
    _around(parser)
    _parameters(parser)


def _expand(commands: Any) -> None:
    parser = _command(commands, "expand", "print the actions that patterns match, one a line")
    parser.add_argument(
        "patterns", nargs="+", metavar="PATTERN", help="such as 'lex:Get*'; - reads patterns, one a line"
    )


def _simulate(commands: Any) -> None:
    parser = _command(commands, "simulate", "decide requests: a JSON case a line in, a JSON answer a line out")
    parser.add_argument("cases", metavar="CASES.jsonl", help="the cases; - is standard input")
    parser.add_argument("--expect", action="store_true", help="exit with 1 when a decision differs from `expected`")


def _compare(commands: Any) -> None:
    parser = _command(commands, "compare", "print how two policies, or two accounts, differ")
    help_text = "a policy's file, or a managed policy (Name, or Name@v6 for a version); or an account, file or folder"
    parser.add_argument("a", metavar="A", help=help_text)
    parser.add_argument("b", metavar="B", help="another one")
    parser.add_argument("--kind", choices=KINDS, default="identity", help="what policies in files are; %(default)s")
    twice = "of accounts; once for both, or twice, for A and for B"
    for option, what in (("--organization", "the organization"), ("--resource-policies", "the policies of resources")):
        parser.add_argument(option, action="append", default=[], metavar="PATH", help=f"{what} {twice}")
    _format(parser, "text", "json")


def _validate(commands: Any) -> None:
    parser = _command(commands, "validate", "print what is wrong or doubtful in policies")
    parser.add_argument("files", nargs="+", metavar="FILE", help=f"{_INPUT}; - is standard input")
    parser.add_argument("--kind", choices=KINDS, default=None, help="what the policies are; identity by default")
    _parameters(parser)
    parser.add_argument("--suppressions", metavar="FILE", help="findings to live with, each with a reason and a date")
    parser.add_argument(
        "--fail-on",
        choices=("error", "security", "warning", "suggestion"),
        default="error",
        help="the lightest finding that makes the exit code 1; %(default)s by default",
    )
    _format(parser, "text", "json", "sarif")


def _who_can(commands: Any) -> None:
    parser = _command(commands, "who-can", "print which principals of an account may do something", "who_can")
    account = "an account's authorization details, or a folder that collect wrote; - is standard input"
    parser.add_argument("account", metavar="ACCOUNT", help=account)
    parser.add_argument("action", metavar="ACTION", help="such as lex:DeleteBot")
    parser.add_argument("resource", metavar="RESOURCE", help="an ARN, or * for an action that takes no resource")
    _around(parser)
    _format(parser, "text", "json", "csv")


def _collect(commands: Any) -> None:
    parser = _command(commands, "collect", "read an account from AWS into a folder, with calls that only read")
    parser.add_argument("-o", "--output", metavar="DIR", help="the folder: new or empty, or a collection to go on with")
    parser.add_argument("--profile", metavar="NAME", help="of the AWS configuration")
    parser.add_argument(
        "--region",
        dest="regions",
        action="extend",
        nargs="+",
        metavar="REGION",
        help="where to look for resources; the configured region by default",
    )
    parser.add_argument(
        "--services",
        action="extend",
        nargs="+",
        metavar="SERVICE",
        help="what to collect, such as iam or s3; everything by default",
    )
    parser.add_argument("--endpoint-url", metavar="URL", help="another address than AWS's, for tests")
    parser.add_argument(
        "--print-policy", action="store_true", help="print the IAM policy that the collection needs, and stop"
    )
