"""The reference evaluator decides the hand-written cases as they say, and random cases reach all that it knows."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import alphabet, reference
from tests.random_cases import coverage, random_case, shuffled, with_deny

CASES = Path(__file__).parent / "cases"
# What needs identity policies only; the other files are about the layers beyond.
IDENTITY_FILES = (
    *("S1", "S2", "S3", "S4", "S6", "R1", "R2", "R3", "R4", "R5", "R6"),
    *(f"C{number}" for number in range(1, 11)),
    *(f"V{number}" for number in range(1, 7)),
    *("L1", "L11", "U1", "U2", "U3", "U4"),
)
LAYER_FILES = (
    *("S1.layers", "S3.layers", "S5", "R4.layers", "R7", "P1", "P2", "P3", "P4", "L1.layers"),
    *(f"L{number}" for number in range(2, 11)),
    *("U4.layers", "U5"),
)
ERRORS = "errors"
HOW_MANY = 5_000


def read_cases(name: str) -> list[Any]:
    """The cases of one file, without its ending."""
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def is_point(name: str, case: Any) -> bool:
    """Whether a case is one request with a complete context, which is all that the reference decides."""
    return case.get("complete_context", True) and name != "R6"


@cache
def random_cases(layers: str = "all") -> tuple[Any, ...]:
    rng = random.Random(20261027)
    return tuple(random_case(rng, layers) for _ in range(HOW_MANY))


@cache
def reached(layers: str = "all") -> dict[str, int]:
    return coverage(random_cases(layers))


POINTS = [
    pytest.param(case, id=case["id"])
    for name in IDENTITY_FILES + LAYER_FILES
    for case in read_cases(name)
    if is_point(name, case)
]


@pytest.mark.parametrize("case", POINTS)
def test_the_reference_decides_a_case_as_it_says(case: Any) -> None:
    assert reference.decide(case) == case["expected"]


def test_every_case_file_is_listed_once() -> None:
    listed = [*IDENTITY_FILES, *LAYER_FILES, ERRORS]
    assert sorted(listed) == sorted(path.name.removesuffix(".jsonl") for path in CASES.glob("*.jsonl"))


def test_every_id_is_used_once() -> None:
    ids = [case["id"] for name in (*IDENTITY_FILES, *LAYER_FILES, ERRORS) for case in read_cases(name)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", [*IDENTITY_FILES, *LAYER_FILES])
def test_every_rule_has_a_case_that_allows_and_one_that_does_not(name: str) -> None:
    outcomes = {case["expected"] for case in read_cases(name)}
    assert outcomes & {"allowed", "conditional"}
    assert outcomes & {"explicitDeny", "implicitDeny"}


def test_identity_files_hold_no_other_layer() -> None:
    known = {"id", "request", "identity_policies", "complete_context", "expected"}
    cases = [case for name in IDENTITY_FILES for case in read_cases(name)]
    assert all(set(case) <= known for case in cases)


def test_every_error_case_has_its_code() -> None:
    codes = json.loads((CASES / "errors.expected.json").read_text(encoding="utf-8"))
    assert list(codes) == [case["id"] for case in read_cases(ERRORS)]


def test_random_cases_reach_everything() -> None:
    counts = reached()
    print(*(f"{count:>6}  {what}" for what, count in sorted(counts.items())), sep="\n")
    operators = [f"{q}{o}" for q in alphabet.QUALIFIERS for o in alphabet.OPERATORS]
    operators += [f"{name}IfExists" for name in operators if not name.endswith("Null")]
    wanted = [f"operator: {name} {holds}" for name in operators for holds in (True, False)]
    wanted += [f"outcome: {outcome}" for outcome in ("allowed", "explicitDeny", "implicitDeny")]
    kinds = ("user", "role", "session", "federated-user", "root", "anonymous", "service", "federated")
    wanted += [f"caller: {kind}" for kind in kinds]
    wanted += [f"layer: {layer}, {says}" for layer in reference.LAYERS for says in ("Allow", "Deny", "nothing")]
    wanted += [f"Principal: {form} names the caller" for form in alphabet.PRINCIPAL_FORMS[:-1]]
    # A canonical user names no caller; everyone among NotPrincipal would be nobody.
    wanted += ["Principal: canonical user names others", "NotPrincipal: canonical user names others"]
    wanted += [f"NotPrincipal: {form} names the caller" for form in alphabet.PRINCIPAL_FORMS[2:-1]]
    wanted += [f"element: Not{name}" for name in ("Action", "Resource", "Principal")]
    wanted += [f"variable: {how}" for how in ("filled", "lost", "literal")]
    wanted += ["variable with default: filled", "pattern: short ARN", "setting: public bucket restricted"]
    wanted += ["owner: same account", "owner: other account"]
    assert [what for what in wanted if counts.get(what, 0) < 3] == []


def test_random_identity_cases_have_one_layer_and_every_outcome() -> None:
    counts = reached("identity")
    assert all(set(case) == {"id", "request", "identity_policies"} for case in random_cases("identity"))
    assert {what for what in counts if what.startswith("caller")} == {
        "caller: user",
        "caller: role",
        "caller: session",
    }
    assert all(counts[f"outcome: {outcome}"] > 500 for outcome in ("allowed", "explicitDeny", "implicitDeny"))


def test_random_cases_are_the_same_for_the_same_seed() -> None:
    first, second = random.Random(7), random.Random(7)
    assert [random_case(first) for _ in range(50)] == [random_case(second) for _ in range(50)]


def test_adding_a_deny_never_grants() -> None:
    rng = random.Random(1)
    for case in random_cases()[:2_000]:
        before, after = reference.decide(case), reference.decide(with_deny(case, rng))
        assert after in (before, "explicitDeny")


def test_the_order_of_statements_and_policies_does_not_matter() -> None:
    rng = random.Random(2)
    for case in random_cases()[:2_000]:
        assert reference.decide(shuffled(case, rng)) == reference.decide(case)


def test_an_unconditional_deny_denies_whoever_is_bound() -> None:
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
    for case in random_cases("identity")[:500]:
        assert reference.decide(case | {"identity_policies": [*case["identity_policies"], deny]}) == "explicitDeny"


def test_a_layer_that_allows_everything_changes_nothing() -> None:
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    for case in random_cases()[:1_000]:
        if case.get("service_control_policies") is None:
            wider = case | {"service_control_policies": [[everything]]}
            assert reference.decide(wider) == reference.decide(case)


def test_nothing_of_the_package_is_imported_by_the_reference() -> None:
    source = (Path(__file__).parent / "reference.py").read_text(encoding="utf-8")
    assert "lexgraph" not in source
    assert len(source.splitlines()) < 500
