from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.evaluation import Flips, FlipsIn, Pair, Scores, flips


def _pair(y: list[int], candidate: list[int], champion: list[int]) -> Pair:
    truth = np.array(y)
    return Pair(Scores(truth, np.array(candidate)), Scores(truth, np.array(champion)))


def test_flips_are_told_by_whether_they_put_right_or_wrong() -> None:
    pair = _pair([0, 1, 2, 0, 1], candidate=[0, 2, 1, 0, 0], champion=[1, 1, 0, 0, 0])
    assert flips(pair, {}) == Flips(rows=5, flipped=3, better=1, worse=1, where=())


def test_where_most_flip_comes_first_and_where_none_does_is_left_out() -> None:
    y = [1] * 12
    pair = _pair(y, candidate=[1] * 12, champion=[0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1])
    where = np.array(["often"] * 4 + ["once"] * 4 + ["never"] * 4)
    assert flips(pair, {"where": where}, min_rows=4).where == (
        FlipsIn("where", "often", rows=4, flipped=3, better=3, worse=0),
        FlipsIn("where", "once", rows=4, flipped=1, better=1, worse=0),
    )


def test_slices_with_few_rows_are_left_out_and_thirty_are_shown_at_most() -> None:
    pair = _pair([1] * 100, candidate=[1] * 100, champion=[0] * 100)
    each = {f"c{i}": np.repeat(["a", "b"], 50) for i in range(20)}
    assert len(flips(pair, each, min_rows=50).where) == 30
    assert flips(pair, each, min_rows=51).where == ()


@given(st.integers(0, 10_000), st.integers(0, 60))
def test_flips_of_a_column_add_up_and_swapping_trades_better_for_worse(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    y, ours, theirs = rng.integers(0, 3, size=(3, n))
    pair = Pair(Scores(y, ours), Scores(y, theirs))
    found = flips(pair, {"x": rng.choice(list("abc"), n)}, min_rows=1)
    assert sum(part.flipped for part in found.where) == found.flipped
    assert found.better + found.worse <= found.flipped <= n
    swapped = flips(pair.swapped(), {})
    assert (swapped.better, swapped.worse) == (found.worse, found.better)


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match="'x'"):
        flips(_pair([0], [0], [1]), {"x": np.arange(3)})
