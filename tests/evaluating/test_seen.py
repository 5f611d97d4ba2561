from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from projects.evaluating.seen import seen_rows
from projects.training.identity import Hashes

FEW = st.lists(st.sampled_from([0, 1, 2, 3, 2**64 - 1]), max_size=25)


def hashes(values: list[int]) -> Hashes:
    return np.array(values, dtype=np.uint64)


def by_counting(evaluated: list[int], source: list[int], stored: list[int]) -> list[bool]:
    here, there, everywhere = Counter(evaluated), Counter(stored), Counter(source)
    left = {h: min(here[h], max(0, here[h] + there[h] - everywhere[h])) for h in here}
    seen = []
    for value in evaluated:
        seen.append(left[value] > 0)
        left[value] -= 1
    return seen


@given(FEW, FEW, FEW)
def test_it_counts_as_counters_do(
    evaluated: list[int], others: list[int], stored: list[int]
) -> None:
    source = evaluated + others
    found = seen_rows(hashes(evaluated), hashes(source), hashes(stored))
    assert found.dtype == np.bool_
    assert found.tolist() == by_counting(evaluated, source, stored)


@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.booleans()), max_size=40))
def test_a_holdout_of_the_same_table_never_counts_equal_rows(rows: list[tuple[int, bool]]) -> None:
    everything = hashes([value for value, _ in rows])
    is_held = np.array([held for _, held in rows], dtype=bool)
    assert not seen_rows(everything[is_held], everything, everything[~is_held]).any()


@given(FEW, FEW)
def test_in_a_table_of_its_own_every_stored_row_counts_once(
    evaluated: list[int], stored: list[int]
) -> None:
    found = seen_rows(hashes(evaluated), hashes(evaluated), hashes(stored))
    assert found.sum() == (Counter(evaluated) & Counter(stored)).total()


def test_a_holdout_that_holds_trained_rows_counts_them() -> None:
    everything = hashes([1, 2, 3, 3, 4])
    found = seen_rows(everything[2:], everything, everything[:4])
    assert found.tolist() == [True, True, False]
