"""What a set of cases reached: outcomes, callers, layers, operators, principals, elements, variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests import alphabet, reference

Json = Any


def coverage(cases: Iterable[Json]) -> dict[str, int]:
    """Return how often each outcome, caller, layer, operator, principal form and element was reached.

    A layer counts when one of its statements matches; an operator counts apart for each truth value.
    """
    counts: Counter[str] = Counter()
    for case in cases:
        ask = reference.read_case(case, reference.FACTS)
        counts[f"outcome: {reference.decide(case)}"] += 1
        counts[f"caller: {ask.kind}"] += 1
        counts[f"owner: {'same' if ask.caller_account == ask.resource_account else 'other'} account"] += 1
        for layer, levels in ask.layers.items():
            for level in levels:
                counts.update(f"layer: {layer}, {how}" for how in layer_says(ask, layer, level))
                for statement, variables in level:
                    counts.update(statement_reached(ask, statement, variables))
        if ask.restricts_public and any(map(reference.is_public, ask.layers["resource_policy"])):
            counts["setting: public bucket restricted"] += 1
    return dict(counts)


def layer_says(ask: reference.Ask, layer: str, level: reference.Statements) -> list[str]:
    """What a level of a layer says to a request."""
    said = [effect for effect in ("Allow", "Deny") if reference.matching(ask, layer, level, effect)]
    return said or ["nothing"]


def statement_reached(ask: reference.Ask, statement: Json, variables: bool) -> Iterator[str]:
    """The operators, elements, principal forms and variables of one statement."""
    yield from (f"element: {name}" for name in statement if name not in ("Sid", "Effect"))
    for operator, key, wanted in reference.condition_tests(statement):
        holds = reference.condition_holds(ask, operator, key, wanted, variables)
        yield f"operator: {spelt(operator)} {holds}"
    for name in ("Principal", "NotPrincipal"):
        element = statement.get(name, {})
        entries = [("*", "*")] if element == "*" else [(k, e) for k, v in element.items() for e in reference.texts(v)]
        for kind, entry in entries:
            named = reference.named_by(ask, "*" if element == "*" else {kind: entry})
            yield f"{name}: {form_of(kind, entry)} {'names the caller' if named else 'names others'}"
    patterns = reference.texts(statement.get("Resource", statement.get("NotResource", [])))
    for pattern in patterns:
        if len(reference.split(pattern, variables)) < 6 and set(pattern) != {"*"}:
            yield "pattern: short ARN"
    wanted = [text for _, _, texts in reference.condition_tests(statement) for text in texts]
    for text in patterns + wanted:
        for inside in reference.VARIABLE.findall(text):
            value = reference.variable_value(inside, ask.context) if variables else inside
            default = " with default" if "," in inside else ""
            yield f"variable{default}: {'literal' if not variables else 'lost' if value is None else 'filled'}"


def spelt(operator: str) -> str:
    """An operator in AWS's spelling."""
    names = [f"{q}{o}{e}" for q in alphabet.QUALIFIERS for o in alphabet.OPERATORS for e in ("", "IfExists")]
    return {name.lower(): name for name in names}[operator.lower()]


def form_of(kind: str, entry: str) -> str:
    """The form of a principal, one of PRINCIPAL_FORMS."""
    if kind != "AWS":
        return {"*": "everyone", "CanonicalUser": "canonical user"}.get(kind, kind.lower())
    if entry == "*" or entry.isdigit() or not entry.startswith("arn:"):
        return "every AWS principal" if entry == "*" else "account id" if entry.isdigit() else "unique id"
    last = entry.split(":", 5)[5].split("/")[0]
    return {"root": "account root", "assumed-role": "session", "federated-user": "federated user"}.get(last, last)
