"""A searched parameter as an axis: places from 0 to 1, and round values as ticks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.reports.dimensions import Dimension


def texts(dimension: Dimension, count: int = 5) -> list[str]:
    return [tick.text for tick in dimension.ticks(count)]


def test_a_linear_axis_runs_evenly_from_end_to_end() -> None:
    dimension = Dimension("subsample", [0.5, 0.75, 1.0], 0.5, 1.0)
    assert dimension.places().tolist() == [0.0, 0.5, 1.0]
    assert texts(dimension) == ["0.5", "0.6", "0.7", "0.8", "0.9", "1"]


def test_a_logarithmic_axis_gives_each_factor_the_same_length() -> None:
    dimension = Dimension("C", [0.01, 0.1, 1.0], 0.01, 1.0, log=True)
    assert dimension.places() == pytest.approx([0.0, 0.5, 1.0])
    assert dimension.title == "C (log)"


def test_ticks_of_a_logarithmic_axis_are_as_fine_as_there_is_room() -> None:
    assert texts(Dimension("a", [], 0.01, 0.3, log=True)) == ["0.01", "0.02", "0.05", "0.1", "0.2"]
    assert texts(Dimension("a", [], 1, 100, log=True)) == ["1", "3", "10", "30", "100"]
    assert texts(Dimension("a", [], 1e-4, 1.0, log=True)) == ["0.0001", "0.001", "0.01", "0.1", "1"]
    assert texts(Dimension("a", [], 1e-8, 10.0, log=True))[0] == "1e−8"
    assert len(texts(Dimension("a", [], 1e-8, 10.0, log=True))) <= 5


def test_a_narrow_logarithmic_axis_has_ticks_too() -> None:
    assert len(texts(Dimension("a", [], 0.11, 0.14, log=True))) >= 2


def test_whole_numbers_have_whole_ticks() -> None:
    assert texts(Dimension("max_depth", [], 3, 10, whole=True)) == ["4", "6", "8", "10"]
    assert texts(Dimension("max_depth", [], 3, 5, whole=True)) == ["3", "4", "5"]


def test_choices_stand_evenly_under_their_names() -> None:
    dimension = Dimension("grow_policy", [1.0, 0.0, math.nan], labels=("depthwise", "lossguide"))
    places = dimension.places()
    assert places[:2].tolist() == [1.0, 0.0]
    assert math.isnan(places[2])
    assert texts(dimension) == ["depthwise", "lossguide"]
    assert dimension.text(math.nan) == "none"


def test_an_axis_of_one_value_has_it_in_the_middle() -> None:
    assert Dimension("a", [2.0], 2.0, 2.0).places().tolist() == [0.5]
    assert texts(Dimension("a", [2.0], 2.0, 2.0)) == ["2"]
    assert Dimension("a", [0.0], labels=("only",)).places().tolist() == [0.5]


@given(
    low=st.floats(1e-9, 1e6),
    factor=st.floats(1.0001, 1e9),
    log=st.booleans(),
    count=st.integers(2, 6),
)
def test_ticks_are_few_and_on_the_axis(low: float, factor: float, log: bool, count: int) -> None:
    ticks = Dimension("a", [], low, low * factor, log=log).ticks(count)
    assert 1 <= len(ticks) <= 2 * count + 1
    assert all(-0.01 <= tick.place <= 1.01 for tick in ticks)
    assert [tick.place for tick in ticks] == sorted({tick.place for tick in ticks})
