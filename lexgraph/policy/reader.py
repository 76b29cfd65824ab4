"""A document and its statements, read strictly (rules S1, S2, S7): what AWS would refuse is a problem."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from lexgraph.errors import PolicyError, shown
from lexgraph.policy import grammar
from lexgraph.policy.elements import ElementReader
from lexgraph.policy.jsontext import escape_pointer
from lexgraph.policy.model import Kind, PatternSet, Policy, Statement
from lexgraph.policy.problems import is_text, shown_value, type_name

Json = Any
_SID = re.compile(r"[0-9A-Za-z]*\Z")
_VENDOR = re.compile(r"[A-Za-z0-9.\-]+\Z")


class PolicyReader(ElementReader):
    """Reads one document of one kind; a `lenient` one keeps what can be read of a statement that AWS would refuse."""

    def __init__(self, kind: Kind, source: str | None, *, lenient: bool = False) -> None:
        super().__init__(kind, source)
        self.lenient = lenient

    # The document ----------------------------------------------------------------------------------------------------

    def policy(self, value: Json, name: str, arn: str | None) -> Policy | None:
        """Return the policy, or None where something is wrong with it."""
        if not isinstance(value, Mapping):
            hint = "; it holds JSON text once more" if isinstance(value, str) and value.lstrip()[:1] == "{" else ""
            self.problem("DATA_TYPE_MISMATCH", "", f"a policy must be an object, not {type_name(value)}{hint}")
            return None
        for key in value:
            if key not in grammar.POLICY_ELEMENTS:
                self.unknown_element(f"/{escape_pointer(key)}", key, grammar.POLICY_ELEMENTS)
        version = value.get("Version")
        if "Version" in value and version not in grammar.VERSIONS:
            self.problem(
                "INVALID_VERSION",
                "/Version",
                f'Version must be "2012-10-17" or "2008-10-17", not {shown_value(version)}',
            )
        identifier = value.get("Id")
        if "Id" in value and not is_text(identifier):
            self.wrong_type("/Id", "Id", "a string", identifier)
        statements, lone = self.statements(value)
        if self.problems and not (self.lenient and self.only_in_statements(value, statements)):
            return None
        return Policy(name, statements, version, self.kind, arn, identifier, lone)

    def only_in_statements(self, value: Mapping[str, Json], statements: tuple[Statement, ...]) -> bool:
        """Return whether every problem lies within a statement of which something is known, so that none is lost."""
        listed = value.get("Statement")
        count = len(listed) if isinstance(listed, list) else 1
        return count == len(statements) and all(p.pointer.startswith("/Statement/") for p in self.problems)

    def statements(self, value: Mapping[str, Json]) -> tuple[tuple[Statement, ...], bool]:
        """Return the statements, and whether Statement was a lone object."""
        found = value.get("Statement")
        if "Statement" not in value:
            self.problem("MISSING_STATEMENT", "", "there is no Statement")
        elif isinstance(found, Mapping):
            return tuple(filter(None, (self.statement(found, "/Statement"),))), True
        elif not isinstance(found, list):
            self.wrong_type("/Statement", "Statement", "an object or a list of objects", found)
        elif not found:
            self.problem("EMPTY_STATEMENT", "/Statement", "the list of statements is empty")
        else:
            read = [self.statement(item, f"/Statement/{i}") for i, item in enumerate(found)]
            self.refuse_repeated_sids(read)
            return tuple(filter(None, read)), False
        return (), False

    def refuse_repeated_sids(self, statements: list[Statement | None]) -> None:
        """Note every Sid that an earlier statement has too."""
        counts = Counter(s.sid for s in statements if s is not None and s.sid)
        seen: set[str] = set()
        for i, statement in enumerate(statements):
            sid = statement.sid if statement else None
            if not sid or counts[sid] < 2:
                continue
            if sid in seen:
                self.problem("UNIQUE_SIDS_REQUIRED", f"/Statement/{i}/Sid", f"the Sid {shown(sid)} is used twice")
            seen.add(sid)

    # A statement -----------------------------------------------------------------------------------------------------

    def statement(self, value: Json, at: str) -> Statement | None:
        """Return one statement, or None where something is wrong with it."""
        if not isinstance(value, Mapping):
            self.wrong_type(at, "a statement", "an object", value)
            return None
        before = len(self.problems)
        for key in value:
            if key not in grammar.STATEMENT_ELEMENTS:
                self.unknown_element(f"{at}/{escape_pointer(key)}", key, grammar.STATEMENT_ELEMENTS)
        effect = self.effect(value, at)
        sid = self.sid(value, at)
        principals = self.principals(value, at)
        actions = self.patterns(value, at, "Action", required=True)
        resources = self.resources(value, at)
        conditions, empty = self.conditions(value, at)
        if problems := self.problems[before:]:
            return self.part_of(problems, effect, sid, (actions, resources, principals))
        return Statement(effect, cast(PatternSet, actions), resources, principals, conditions, sid, empty)

    def part_of(
        self, problems: list[PolicyError], effect: Any, sid: str | None, elements: tuple[PatternSet | None, ...]
    ) -> Statement | None:
        """Return what is known of a statement with problems; an element that was not read stands for everything."""
        if not self.lenient or effect not in ("Allow", "Deny"):
            return None
        broken = {part.removeprefix("Not") for problem in problems for part in problem.pointer.split("/")[2:4]}
        everything = PatternSet(("*",))
        actions, resources, principals = elements
        return Statement(
            effect,
            everything if actions is None or "Action" in broken else actions,
            everything if "Resource" in broken or (self.kind != "trust" and resources is None) else resources,
            everything if "Principal" in broken else principals,
            sid=sid if isinstance(sid, str) else None,
            unknown=str(problems[0]),
        )

    def unknown_element(self, pointer: str, key: str, known: tuple[str, ...]) -> None:
        """Note an element that no policy has."""
        close = next((k for k in known if k.lower() == key.lower()), None)
        hint = f"; {close} is written so" if close else f" (known: {', '.join(known)})"
        self.problem("INVALID_POLICY_ELEMENT", pointer, f"{shown(key)} is no element of a policy{hint}")

    def effect(self, value: Mapping[str, Json], at: str) -> Any:
        """Return the Effect."""
        effect = value.get("Effect")
        if "Effect" not in value:
            self.problem("MISSING_EFFECT", at, "the statement has no Effect")
        elif effect not in ("Allow", "Deny"):
            self.problem(
                "INVALID_EFFECT",
                f"{at}/Effect",
                f'Effect must be "Allow" or "Deny", not {shown_value(effect)}',
            )
        return effect

    def sid(self, value: Mapping[str, Json], at: str) -> str | None:
        """Return the Sid, or None where there is none."""
        sid = value.get("Sid")
        if "Sid" not in value:
            return None
        if not is_text(sid):
            self.wrong_type(f"{at}/Sid", "Sid", "a string", sid)
        elif self.kind not in ("resource", "endpoint") and not _SID.match(str(sid)):
            self.problem("UNSUPPORTED_SID", f"{at}/Sid", f"Sid may hold letters and digits only, not {shown(sid)}")
        return cast("str | None", sid)

    def patterns(self, value: Mapping[str, Json], at: str, element: str, *, required: bool) -> PatternSet | None:
        """The patterns of `element` or its Not form (rule S1)."""
        negative = f"Not{element}"
        if element in value and negative in value:
            self.problem(
                "UNSUPPORTED_ELEMENT_COMBINATION",
                f"{at}/{negative}",
                f"{element} and {negative} may not stand in one statement",
            )
            return None
        name = negative if negative in value else element
        if name not in value:
            if required:
                self.problem(f"MISSING_{element.upper()}", at, f"the statement has no {element}")
            return None
        found = self.strings(value[name], f"{at}/{name}", name)
        if found is None:
            return None
        check = self.check_action if element == "Action" else self.check_resource
        for i, pattern in enumerate(found):
            check(pattern, f"{at}/{name}" if isinstance(value[name], str) else f"{at}/{name}/{i}")
        form = (("", -1 if isinstance(value[name], str) else len(found)),)
        return PatternSet(found, name == negative, form)

    def check_action(self, pattern: str, at: str) -> None:
        """Note what is wrong with an action pattern."""
        if found := action_problem(pattern):
            self.problem(found[0], at, found[1])

    def resources(self, value: Mapping[str, Json], at: str) -> PatternSet | None:
        """Return the Resource or NotResource element, or None where there is none."""
        wanted = grammar.HAS_RESOURCE[self.kind]
        if wanted is False:
            for name in ("Resource", "NotResource"):
                if name in value:
                    self.problem(
                        "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE",
                        f"{at}/{name}",
                        f"a trust policy takes no {name}",
                    )
            return None
        return self.patterns(value, at, "Resource", required=wanted is True)

    def check_resource(self, pattern: str, at: str) -> None:
        """Note what is wrong with a resource pattern (rule R4)."""
        if pattern[:1] in ("*", "?") or pattern.startswith("${"):
            return
        if not pattern.startswith("arn:"):
            self.problem("INVALID_ARN_PREFIX", at, f'a resource is an ARN or "*", not {shown(pattern)}')
        elif pattern.count(":") < 5 and (self.kind == "rcp" or (self.kind == "scp" and pattern[-1] != "*")):
            # Rule R4: AWS refuses short ARNs in RCPs, and in SCPs unless they end in "*".
            self.problem("MISSING_ARN_FIELD", at, f"an ARN has six parts, {shown(pattern)} has fewer")


@lru_cache(65_536)
def action_problem(pattern: str) -> tuple[str, str] | None:
    """Return the code and message of what is wrong with an action pattern, or None (rule S2).

    >>> action_problem("lex:Get*"), action_problem("*:Get*")[0]
    (None, 'INVALID_SERVICE_IN_ACTION')
    """
    if pattern == "*":
        return None
    vendor, colon, name = pattern.partition(":")
    if not colon or not name or ":" in name:
        return "MALFORMED_ACTION", f'an action is written service:Name or "*", not {shown(pattern)}'
    if "*" in vendor or "?" in vendor:
        return "INVALID_SERVICE_IN_ACTION", f"the service of an action takes no wildcard: {shown(pattern)}"
    if not _VENDOR.match(vendor):
        return "INVALID_SERVICE_IN_ACTION", f"{shown(vendor)} is no service name"
    return None
