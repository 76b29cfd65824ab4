"""Policies from files and folders: plain policies, and the templates that hold some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lexgraph.account.files import files_below
from lexgraph.account.recognise import is_account, is_policy_like
from lexgraph.account.templates import ENDINGS, TemplatePolicies, load_template, read_loaded
from lexgraph.account.templates.parameters import refuse_unknown
from lexgraph.errors import DocumentError, LexgraphError, PolicyError, shown
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import parse_policy

Row = tuple[str, str | None, str | None, str]
NO_POLICY = "no policy: it has no Statement"
NO_TEMPLATE = "no template of CloudFormation"


@dataclass(slots=True)
class Reading:
    """What was read: policies by name, templates, what was passed over, and the errors among that."""

    kind: Kind
    parameters: Mapping[str, Any] | None
    policies: dict[str, Policy] = field(default_factory=dict)
    templates: list[TemplatePolicies] = field(default_factory=list)
    skipped: list[Row] = field(default_factory=list)
    errors: list[PolicyError] = field(default_factory=list)

    def file(self, file: Path, label: str, *, named: bool) -> None:
        """Read one file, which `named` says that a person named; others may hold anything."""
        try:
            data = file.read_bytes()
        except OSError as error:
            self.pass_over(PolicyError(f"cannot be read: {error.strerror}", code="UNREADABLE", source=label), label)
            return
        if is_account(data):
            self.pass_over(PolicyError("an account: read_account reads it", code="NOT_A_POLICY", source=label), label)
            return
        try:
            template = load_template(data, source=label)
            if template is not None:
                self.template(read_loaded(template, self.parameters), "" if named else f"{label}:")
            elif named or is_policy_like(data, label):
                self.policy(data, label, file.stem if named else _without_ending(label))
            else:
                self.skipped.append((label, None, None, NO_POLICY if _is_json(label) else NO_TEMPLATE))
        except DocumentError as error:
            self.pass_over(error.into(PolicyError), label)
        except LexgraphError as error:
            if error.code != "MISSING_LIBRARY" or named:
                raise
            self.skipped.append((label, None, None, error.message))

    def policy(self, data: bytes, label: str, name: str) -> None:
        """Take a plain policy."""
        self.add(parse_policy(data, kind=self.kind, name=name, source=label), label)

    def add(self, policy: Policy, label: str) -> None:
        """Add a policy, under a name that no other has."""
        while policy.name in self.policies:
            policy = replace(policy, name=f"{policy.name} ({label})")
        self.policies[policy.name] = policy

    def template(self, found: TemplatePolicies, front: str) -> None:
        """Take the policies of a template, with `front` before their names."""
        self.templates.append(found)
        for one in found.policies:
            policy = one.policy if not front else replace(one.policy, name=f"{front}{one.policy.name}")
            self.add(policy, found.source)
        self.skipped += [(found.source, one.place, one.what, one.reason) for one in found.skipped]
        if not found.policies and not found.skipped:
            count = sum(number for _, number in found.others)
            self.skipped.append((found.source, None, None, f"none of its {count:,} resources is about IAM"))

    def pass_over(self, error: PolicyError, label: str) -> None:
        """Note a file that could not be read."""
        self.errors.append(error)
        self.skipped.append((label, None, None, str(error.into(PolicyError, source=None))))


def read_files(place: Path, kind: Kind, parameters: Mapping[str, Any] | None) -> Reading:
    """Return what can be read of a file, or of a folder and those within it.

    Raises LexgraphError (``NOTHING_TO_READ``) or PolicyError where that is nothing.
    """
    if not place.exists():
        raise LexgraphError(f"there is no file or folder {shown(str(place))}", code="NOTHING_TO_READ")
    reading = Reading(kind, parameters)
    if not place.is_dir():
        reading.file(place, place.name, named=True)
    else:
        files, passed = files_below(str(place), ENDINGS)
        reading.skipped += [(Path(path).relative_to(place).as_posix(), None, None, why) for path, why in passed]
        for path in files:
            reading.file(Path(path), Path(path).relative_to(place).as_posix(), named=False)
    if not reading.policies and not reading.templates:
        raise _nothing(reading, place)
    refuse_unknown(parameters, (name for one in reading.templates for name in one.parameters))
    return reading


def _nothing(reading: Reading, place: Path) -> LexgraphError:
    """The error where nothing could be read, with all that is wrong."""
    errors = reading.errors
    if len(errors) == 1 and len(reading.skipped) == 1:
        return errors[0]
    if not errors:
        return LexgraphError(f"there is no policy in {shown(str(place))}", code="NOTHING_TO_READ")
    names = ", ".join(shown(error.source or "") for error in errors)
    message = f"no file in {shown(str(place))} holds a policy that could be read: {names}; the first: {errors[0]}"
    return PolicyError(message, code=errors[0].code, others=[*errors[0].others, *errors[1:]])


def _is_json(label: str) -> bool:
    return label.lower().endswith(".json")


def _without_ending(label: str) -> str:
    return label[: -len(".json")] if _is_json(label) else label
