"""What a report is about: policies, or an account, with where they come from and what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from lexgraph.account.folder import is_collection
from lexgraph.account.model import Snapshot
from lexgraph.account.templates import TemplatePolicies, load_template, read_loaded
from lexgraph.account.templates.parameters import refuse_unknown
from lexgraph.catalog import managed
from lexgraph.errors import DocumentError, LexgraphError, PolicyError, shown
from lexgraph.exports.provenance import Provenance, document_hash, of_account, of_policies
from lexgraph.policy.jsontext import load_json
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import inspect_policy, parse_policy
from lexgraph.report.inputs import STDIN, Skipped, find_files, given_account, is_account, is_policy_like, read_bytes

Parameters = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about; `versions` are the versions of managed policies, by key.

    `unread` are those of the skipped files that were meant as policies and could not be read; `parameters` are the
    names of the templates' parameters.
    """

    title: str
    about: Provenance
    policies: tuple[Policy, ...]
    snapshot: Snapshot | None = None
    skipped: tuple[Skipped, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    unread: tuple[Skipped, ...] = ()
    parameters: tuple[str, ...] = ()


def subject_of(source: Any, *, parameters: Parameters = None, **around: str | None) -> Subject:
    """Return what a report is about, from a name as on the command line or from what a notebook holds.

    `parameters` are values for the parameters of named templates. `around` are files that belong to a named account:
    its `organization`, its `resource_policies`. Raises LexgraphError with the code ``USAGE`` where there are such and
    the source names no account, and ``UNKNOWN_PARAMETER`` where no template has such a parameter.

    >>> subject_of("AmazonLex*").title
    'AWS managed policies AmazonLex*'
    """
    if isinstance(source, str | Path):
        given = {name: path for name, path in around.items() if path is not None}
        found = _named(str(source), given, parameters)
        refuse_unknown(parameters, found.parameters)
        if given and found.snapshot is None:
            options = " and ".join(name.replace("_", " ") for name in given)
            raise LexgraphError(f"{options} belong to an account, and {shown(str(source))} is none", code="USAGE")
        return found
    refuse_unknown(parameters, ())
    snapshot = getattr(source, "snapshot", source)
    if isinstance(snapshot, Snapshot):
        return _account(snapshot)
    policies = _policies_in(source)
    title = getattr(source, "name", None) or "policies"
    return Subject(str(title), of_policies(policies), policies, skipped=_skipped_in(source))


def _skipped_in(source: Any) -> tuple[Skipped, ...]:
    """What a set of policies knows to be missing from it."""
    table: Any = getattr(source, "skipped", None)
    if table is None:
        return ()
    rows = table.fillna("").itertuples(index=False)
    return tuple(_skipped(row.source, row.what, row.place, row.reason) for row in rows)


def _skipped(file: str, what: str, place: str, reason: str) -> Skipped:
    return Skipped(file, f"{what} ({place}): {reason}" if what else reason)


def _policies_in(source: Any) -> tuple[Policy, ...]:
    if isinstance(source, Policy):
        return (source,)
    found = tuple(source.values() if isinstance(source, Mapping) else source) if isinstance(source, Iterable) else ()
    if not found or not all(isinstance(one, Policy) for one in found):
        kind = shown(type(source).__name__)[1:-1]
        raise LexgraphError(f"a report is about policies or an account, not {kind}", code="NOTHING_TO_READ")
    return found


def _named(name: str, around: Mapping[str, Any], parameters: Parameters) -> Subject:
    path = Path(name)
    if name != STDIN and path.is_dir():
        return _account(given_account(name, **around)) if is_collection(name) else _folder(name, parameters)
    if name == STDIN or path.exists() or name.endswith(".json") or "/" in name:
        return _file(name, around, parameters)
    try:
        return _managed(name)
    except LexgraphError as error:
        raise no_file_either(error) from None


def no_file_either(error: LexgraphError) -> LexgraphError:
    """Return the error about a name that is no managed policy's, for where it could have been a file's too."""
    if error.code != "UNKNOWN_POLICY":
        return error
    return type(error)(f"{error.message}, and there is no such file", code=error.code)


def _account(snapshot: Snapshot) -> Subject:
    title = f"account {snapshot.account_id}" if snapshot.account_id else "account"
    return Subject(title, of_account(snapshot), snapshot.identity_policies(), snapshot)


# Files ---------------------------------------------------------------------------------------------------------------


def _file(name: str, around: Mapping[str, Any], parameters: Parameters) -> Subject:
    data = read_bytes(name)
    label = "standard input" if name == STDIN else PurePath(name).name
    if is_account(data):
        return _account(given_account(name, data=data, **around))
    if (template := load_template(data, source=label)) is not None:
        return _template(read_loaded(template, parameters), label, data)
    policy, errors = read_any_kind(data, name=PurePath(label).stem, source=label)
    if policy is None:
        raise _as_raised(errors)
    return Subject(label, of_policies((policy,), ((label, sha256(data).hexdigest()),)), (policy,))


def _template(found: TemplatePolicies, label: str, data: bytes) -> Subject:
    skipped = tuple(_skipped(label, one.what, one.place, one.reason) for one in found.skipped)
    policies = tuple(one.policy for one in found.policies)
    if not policies:
        why = f": {skipped[0].reason}" if skipped else ""
        raise LexgraphError(f"there is no policy that could be read in {shown(label)}{why}", code="NOTHING_TO_READ")
    about = of_policies(policies, ((label, sha256(data).hexdigest()),))
    about = replace(about, assumptions=(*about.assumptions, *found.assumptions))
    return Subject(label, about, policies, skipped=skipped, parameters=found.parameters)


def _folder(name: str, parameters: Parameters) -> Subject:
    files, skipped = find_files(name)
    left_out = list(skipped)
    policies, inputs, unread = [], [], []
    known: dict[str, None] = {}
    for file in files:
        label = PurePath(file).relative_to(name).as_posix()
        data = read_bytes(file)
        if is_account(data):
            left_out.append(Skipped(label, "an account: give the file itself"))
            continue
        try:
            template = load_template(data, source=label)
        except LexgraphError as error:
            unread.append(Skipped(label, f"not readable: {error}"))
            continue
        if template is not None:
            found = read_loaded(template, parameters)
            known |= dict.fromkeys(found.parameters)
            inputs.append((label, sha256(data).hexdigest()))
            policies += [replace(one.policy, name=f"{label}:{one.policy.name}") for one in found.policies]
            left_out += [_skipped(file, one.what, one.place, one.reason) for one in found.skipped]
            continue
        if not is_policy_like(data, file):
            left_out.append(Skipped(label, "no policy: it has no Statement"))
            continue
        inputs.append((label, sha256(data).hexdigest()))
        policy, errors = read_any_kind(data, name=label.removesuffix(".json"), source=label)
        if policy is None:
            unread.append(Skipped(label, f"not readable: {_as_raised(errors)}"))
        else:
            policies.append(policy)
    if not policies:
        raise LexgraphError(f"there is no policy that could be read in {shown(name)}", code="NOTHING_TO_READ")
    relative = tuple(replace(one, file=_below(one.file, name)) for one in (*left_out, *unread))
    title = f"policies in {PurePath(Path(name).resolve()).name}"
    about = of_policies(policies, tuple(inputs))
    return Subject(title, about, tuple(policies), None, relative, unread=tuple(unread), parameters=tuple(known))


def _below(file: str, folder: str) -> str:
    path = PurePath(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file


def read_any_kind(data: bytes, *, name: str, source: str) -> tuple[Policy | None, tuple[PolicyError, ...]]:
    """Return the policy in a file that does not say of which kind it is, by the elements that it has."""
    kind = _kind_of(data)
    return inspect_policy(data, name=name, kind=kind, source=source)


def _kind_of(data: bytes) -> Kind:
    """Identity policies have no Principal; trust policies have no Resource; those of resources have both."""
    try:
        value = load_json(data)
    except DocumentError:
        return "identity"
    found = value.get("Statement") if isinstance(value, Mapping) else None
    statements = [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]
    if not any("Principal" in one or "NotPrincipal" in one for one in statements):
        return "identity"
    return "resource" if any("Resource" in one or "NotResource" in one for one in statements) else "trust"


def _as_raised(errors: tuple[PolicyError, ...]) -> PolicyError:
    first, *others = errors
    return first.into(PolicyError, others=tuple(others))


# Managed policies ----------------------------------------------------------------------------------------------------


def _managed(name: str) -> Subject:
    if "*" in name or "?" in name:
        names = managed.managed_names(name)
        if not names:
            raise LexgraphError(f"no managed policy is called {shown(name)}", code="UNKNOWN_POLICY")
        found = managed.managed_documents(names)
    else:
        found = (managed.managed_document(name),)
    policies = tuple(parse_policy(one.document, name=one.name, arn=one.arn) for one in found)
    inputs = tuple(
        (f"{one.name}@{one.version}", document_hash(policy)) for one, policy in zip(found, policies, strict=True)
    )
    title = f"AWS managed policies {name}" if len(found) > 1 else f"AWS managed policy {inputs[0][0]}"
    versions = tuple((one.arn, one.version) for one in found)
    return Subject(title, of_policies(policies, inputs), policies, versions=versions)
