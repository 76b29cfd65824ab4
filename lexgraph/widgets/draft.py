"""A policy that is being written: its text, what is wrong with it, and the policy where it can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lexgraph.checks.finding import Finding
from lexgraph.checks.validate import validate_policy
from lexgraph.errors import CatalogError, DocumentError, LexgraphError, shown
from lexgraph.policy.model import Kind, Policy
from lexgraph.policy.parse import inspect_policy
from lexgraph.policy.write import write_policy
from lexgraph.workbench import find_policy

EDITED = " (edited)"


@dataclass(frozen=True, slots=True)
class Draft:
    """A text, read: `policy` is None where it is no policy, and `problem` then says why; `findings` are all there are.

    `source` is the Python expression that gives the policy, where the text is as it was given.
    """

    text: str
    name: str
    kind: Kind
    policy: Policy | None
    problem: DocumentError | None = None
    findings: tuple[Finding, ...] = ()
    source: str | None = None

    def edited(self, text: str) -> Draft:
        """Return the draft of another text."""
        if text == self.text:
            return self
        return drafted(text, self.name.removesuffix(EDITED) + EDITED, self.kind)

    @property
    def code(self) -> str:
        """Python code for the policy."""
        if self.source is not None:
            return self.source
        named = f", name={self.name!r}" + ("" if self.kind == "identity" else f", kind={self.kind!r}")
        return f"lg.parse_policy({_literal(self.text)}{named})"


def drafted(text: str, name: str, kind: Kind) -> Draft:
    """Return the draft of a text.

    >>> draft = drafted('{"Statement": [}', "mine", "identity")
    >>> draft.problem.line, draft.problem.column
    (1, 16)
    """
    policy, problems = inspect_policy(text, name=name, kind=kind)
    findings = validate_policy(text, name=name, kind=kind)
    return Draft(text, name, kind, policy, problems[0] if problems else None, findings)


def draft_of(given: Any, kind: Kind | None, name: str) -> Draft:
    """Return the draft of a policy, the name of a managed one (``Name`` or ``Name@v6``), JSON text or its object."""
    if isinstance(given, Policy):
        return _of_policy(given)
    if isinstance(given, str) and given.lstrip()[:1] in ("", "{", "[", '"'):
        return drafted(given, name, kind or "identity")
    if isinstance(given, str):
        return _of_policy(find_policy(given))
    if isinstance(given, Mapping):
        return drafted(json.dumps(given, indent=2), name, kind or "identity")
    raise LexgraphError(
        f"a policy is a Policy, a managed policy's name, JSON text or its object, not {shown(type(given).__name__)}",
        code="NOTHING_TO_READ",
    )


def _of_policy(policy: Policy) -> Draft:
    made = drafted(write_policy(policy), policy.name, policy.kind)
    return replace(made, policy=policy, problem=None, source=_found_as(policy))


def _found_as(policy: Policy) -> str | None:
    """How one of AWS's managed policies is found; None for any other policy."""
    try:
        return f"lg.find_policy({policy.name!r})" if find_policy(policy.name) == policy else None
    except CatalogError:
        return None


def _literal(text: str) -> str:
    """A text as Python writes it; over several lines where nothing in it would be read otherwise."""
    plain = "'''" not in text and "\\" not in text and "\r" not in text and not text.endswith("'")
    return f"'''{text}'''" if plain and "\n" in text else repr(text)
