from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.evaluation import alpha_of_use


@given(st.floats(1e-6, 0.5), st.integers(1, 5_000))
def test_all_uses_together_spend_at_most_alpha(alpha: float, uses: int) -> None:
    spent = math.fsum(alpha_of_use(alpha, use) for use in range(1, uses + 1))
    # What is left after k uses is about 6 alpha / (pi^2 k).
    left = 6 * alpha / (math.pi**2 * uses)
    assert alpha - left <= spent + 1e-12 * alpha
    assert spent < alpha


def test_the_first_use_may_spend_most_and_each_further_one_less() -> None:
    assert alpha_of_use(0.05, 1) == pytest.approx(0.030396, abs=1e-6)
    assert alpha_of_use(0.05, 10) == pytest.approx(0.00030396, abs=1e-8)


@pytest.mark.parametrize("use", [0, -1])
def test_uses_are_counted_from_1(use: int) -> None:
    with pytest.raises(UsageError, match="use number"):
        alpha_of_use(0.05, use)
