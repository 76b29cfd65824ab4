"""Two thousand mutants of AWS's own policies, the same in every run; `make mutate` draws fifty thousand others."""

import functools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.catalog.managed import managed_documents, managed_names
from lexgraph.policy.model import KINDS
from tests.fuzz import fuzz_policy
from tests.mutants import DOCUMENT_CHANGES, TEXT_CHANGES, mutant, outcome


@functools.cache
def documents():
    return [one.document for one in managed_documents(managed_names())]


@settings(max_examples=2_000, derandomize=True, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_a_mutant_of_a_real_policy_is_refused_with_a_code_or_says_what_its_text_says(place, rng):
    data, _ = mutant(documents()[place % len(documents())], rng)
    outcome(data)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(KINDS), st.randoms(use_true_random=False))
def test_a_mutant_is_read_safely_as_a_policy_of_any_kind(place, kind, rng):
    data, _ = mutant(documents()[place % len(documents())], rng)
    outcome(data, kind)


def test_mutants_are_neither_tame_nor_wild():
    rng, outcomes, changes = random.Random(5), Counter(), Counter()
    for _ in range(1_000):
        data, names = mutant(rng.choice(documents()), rng)
        outcomes[outcome(data)] += 1
        changes.update(names)
    assert 300 <= outcomes["parsed"] <= 600
    assert len(outcomes) >= 20
    assert set(changes) == {how.__name__ for how in (*DOCUMENT_CHANGES, *TEXT_CHANGES)}


# The fuzzer's target, without the fuzzer --------------------------------------------------------------------------


SEEDS = sorted(fuzz_policy.CORPUS.iterdir())


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.name)
def test_every_seed_of_the_fuzzer_ends_as_its_name_says(path):
    said = fuzz_policy.one_input(path.read_bytes())
    assert said.isupper() if "bad" in path.name else not said.isupper()


def test_the_seeds_reach_every_reader_and_stay_small():
    assert {path.read_bytes()[0] % fuzz_policy.READERS for path in SEEDS} == set(range(fuzz_policy.READERS))
    assert sum(path.stat().st_size for path in SEEDS) < 20_000


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False))
def test_a_damaged_seed_breaks_no_reader(path, rng):
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data))
        data[at : at + rng.choice([0, 1, 1, 5])] = bytes(
            rng.choice([0, 34, 44, 91, 123, 125, 255]) for _ in range(rng.randint(0, 3))
        )
    fuzz_policy.one_input(bytes(data))
