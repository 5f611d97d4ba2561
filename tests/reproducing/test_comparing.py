from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.reproducing.comparing import (
    TOLERANCE,
    Difference,
    compare_numbers,
    compare_scores,
    compare_words,
    near,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(FINITE)
def test_a_number_is_near_itself(value: float) -> None:
    assert near(value, value)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (0.5, 0.5 + 5e-13, True),
        (0.5, 0.5 + 5e-12, False),
        (0.0, 1e-12, True),
        (0.0, 1.1e-12, False),
        (1e6, 1e6 + 5e-7, True),
        (1e6, 1e6 + 5e-6, False),
        (float("inf"), float("inf"), True),
        (float("inf"), 1.0, False),
    ],
)
def test_near_is_the_difference_of_small_and_the_share_of_large_numbers(
    one: float, other: float, equal: bool
) -> None:
    assert near(one, other) == equal
    assert near(other, one) == equal


def test_numbers_on_one_side_only_differ_and_undefined_ones_are_not_there() -> None:
    nan = float("nan")
    found = compare_numbers(
        {"a": 1.0, "b": nan, "c": nan}, {"a": 1.0, "b": 2.0, "d": 3.0, "c": nan}
    )
    assert found.compared == 1
    assert found.differing == (Difference("b", None, 2.0), Difference("d", None, 3.0))


def test_words_that_differ_are_named_with_both() -> None:
    found = compare_words(
        {"python": "3.11", "numpy": "2.4", "x": "1"}, {"python": "3.12", "x": "1"}
    )
    assert found == (Difference("python", "3.11", "3.12"), Difference("numpy", "2.4", None))


def test_scores_count_rows_and_decisions_apart() -> None:
    then = np.array([0.1, 0.4999999, 0.9, 0.2])
    now = np.array([0.1, 0.5000001, 0.9 + TOLERANCE / 2, 0.2])
    found = compare_scores(then, now, then >= 0.5, now >= 0.5)
    assert (found.rows, found.differing, found.decided) == (4, 1, 1)
    assert found.largest == pytest.approx(2e-7)
    assert not found.equal


def test_a_row_of_several_classes_differs_where_one_of_them_does() -> None:
    then = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    now = then + np.array([[0, 1e-6, -1e-6], [0, 0, 0]])
    labels = then.argmax(axis=1)
    assert compare_scores(then, now, labels, labels).differing == 1


def test_scores_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        compare_scores(np.zeros(2), np.zeros(3), np.zeros(0), np.zeros(0))


def test_scores_that_are_no_numbers_are_equal_only_to_themselves() -> None:
    nan, inf = float("nan"), float("inf")
    then = np.array([1.0, nan, nan, inf, inf])
    now = np.array([inf, 1.0, nan, inf, -inf])
    found = compare_scores(then, now, then, then)
    assert found.differing == 3
    assert found.largest == inf
    assert not found.equal
