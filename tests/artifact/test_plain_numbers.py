"""Many numbers at once become what each of them alone becomes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.artifact.scoring.coding import Refused, coded_number, plain_numbers
from podium.artifact.scoring.convert import LARGEST

PLAIN = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.sampled_from(
        [-0.0, LARGEST, -LARGEST, 2.0**24 + 1, np.float32(0.1), np.int8(3), np.uint64(2**63)]
    ),
)
ANYTHING = st.one_of(
    PLAIN, st.none(), st.sampled_from(["", "1", " 2 ", "1_0", "nan", "x", [1], {}, (), b"1"])
)


def alone(values: list[Any]) -> list[float] | None:
    try:
        return [coded_number(value) for value in values]
    except Refused:
        return None


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.lists(st.lists(ANYTHING, min_size=n, max_size=n), min_size=1, max_size=4)
    )
)
def test_what_is_converted_at_once_is_converted_the_same_one_by_one(
    columns: list[list[Any]],
) -> None:
    at_once = plain_numbers(columns)
    if at_once is not None:
        expected = np.array([alone(column) for column in columns], dtype=float)
        np.testing.assert_array_equal(at_once, expected)
        assert not np.signbit(at_once[at_once == 0]).any()


@given(
    st.lists(
        st.lists(st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9), min_size=8, max_size=8),
        min_size=1,
        max_size=4,
    )
)
def test_plain_numbers_are_converted_at_once(columns: list[list[Any]]) -> None:
    assert plain_numbers(columns) is not None


@pytest.mark.parametrize(
    "value", [None, "1", [1], 1e39, -1e300, float("inf"), 10**400, "", object()]
)
def test_with_anything_else_among_them_they_are_left_to_the_rules(value: Any) -> None:
    assert plain_numbers([[1.0, value]]) is None
