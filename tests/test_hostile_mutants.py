"""Two thousand mutants of AWS's own policies, the same in every run; `make mutate` draws fifty thousand others."""

import functools
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraph.catalog.managed import managed_documents, managed_names
from lexgraph.policy.model import KINDS
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
