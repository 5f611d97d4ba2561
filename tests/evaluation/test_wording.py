from __future__ import annotations

import math

import pytest

from podium.evaluation.wording import (
    at_most_three,
    decimals,
    milliseconds,
    number,
    p_value,
    plain,
    some_rows,
)


@pytest.mark.parametrize(
    ("values", "differences", "places"),
    [
        ([0.6842], [0.0671], 4), ([0.6842], [0.000671], 5), ([12_345.0], [30.0], 0),
        ([40.8], [1.31], 2), ([2.5], [], 3), ([0.0, math.nan], [0.0], 4), ([1.0], [1e-16], 3),
        ([1.0, 1.0 + 1e-9], [1e-9], 8), ([1.2e-9], [], 12), ([1.2e-9], [3e-11], 12),
        ([1.2e-9], [3e-12], 13), ([], [3e-7], 10),
    ],
)  # fmt: skip
def test_as_many_decimals_as_the_difference_needs(
    values: list[float], differences: list[float], places: int
) -> None:
    assert decimals(values, differences) == places


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (number(0.68424, 4), "0.6842"), (number(-0.00001, 3), "0.000"),
        (number(1234.5, 1), "1,234.5"), (number(math.nan, 3), "undefined"),
        (number(1.2512e-9, 12), "1.251e-09"), (number(1.251234e-9, 14), "1.25123e-09"),
        (number(0.0, 12), "0"), (number(1e20, 0), "1e+20"), (number(-math.inf, 2), "-inf"),
        (plain(0.005), "0.005"), (plain(1500.0), "1,500"), (plain(0.1 + 0.2), "0.3"),
        (p_value(0.0003), "p = 0.0003"), (p_value(0.00002), "p < 0.0001"),
        (milliseconds(0.421), "0.42 ms"), (milliseconds(12.34), "12.3 ms"),
        (milliseconds(1500.4), "1,500 ms"),
        (some_rows(49_321), "49,400"), (some_rows(37), "37"), (some_rows(100_001), "101,000"),
        (at_most_three("ab"), "a; b"), (at_most_three("abcde"), "a; b; c; and 2 more"),
    ],
)  # fmt: skip
def test_numbers_read_as_people_write_them(text: str, wanted: str) -> None:
    assert text == wanted
