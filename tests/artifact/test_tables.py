from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.artifact.scoring import Canonicaliser, InputColumn, InvalidValue
from tests.artifact.samples import CANONICALISER, boosted, forest, linear, raw_table, regressor

pytestmark = pytest.mark.filterwarnings("error")

KINDS = Canonicaliser(
    (
        InputColumn("n", "numeric"),
        InputColumn("c", "categorical"),
        InputColumn("t", "text"),
        InputColumn("d", "datetime", ("year", "hour", "epoch_days")),
    )
)
MISSING = st.sampled_from([None, "", np.nan, pd.NA, pd.NaT])
FLOATS = st.floats(allow_infinity=False)
SCALARS = st.one_of(
    MISSING,
    st.text(max_size=5),
    st.integers(),
    FLOATS,
    FLOATS.map(str),
    st.booleans(),
    FLOATS.map(np.float64),
    st.floats(width=32).map(np.float32),
    st.integers(0, 100).map(np.int16),
    st.decimals(allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.none() | st.just(dt.UTC)),
    st.datetimes().map(dt.datetime.isoformat),
    st.integers(-(10**11), 10**11),
    st.sampled_from([[1], {"a": 1}, b"x", True, 1, 1.0, "1", -0.0, 0.0, decimal.Decimal(1)]),
)


def _object(values: list[Any]) -> pd.Series:
    column = pd.Series([None] * len(values), dtype=object)
    for place, value in enumerate(values):
        column.iat[place] = value
    return column


def _same(one: Any, other: Any) -> bool:
    return one == other or (one != one and other != other)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SCALARS, min_size=1, max_size=6))
def test_a_value_gives_the_same_feature_alone_and_among_hundreds(values: list[Any]) -> None:
    filler = [f"x{i}" for i in range(200)] + list(range(200))
    for column in KINDS.columns:
        one = Canonicaliser((column,))
        many = pd.DataFrame({column.name: _object(values + filler)})
        together, _ = one.transform_tolerantly(many)
        for place, value in enumerate(values):
            alone, _ = one.transform_tolerantly(pd.DataFrame({column.name: _object([value])}))
            pairs = zip(alone.iloc[0], together.iloc[place], strict=True)
            assert all(_same(a, b) for a, b in pairs), (column, place)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=3) | st.none(), min_size=1, max_size=8))
def test_strings_give_the_same_in_every_dtype(values: list[str | None]) -> None:
    plain = pd.DataFrame({"c": _object(values * 50)})
    expected, _ = KINDS.transform_tolerantly(plain)
    for dtype in ("str", "string[pyarrow]", "category"):
        try:
            table = plain.astype(dtype)
        except UnicodeEncodeError:  # Arrow takes no lone surrogates
            continue
        pd.testing.assert_frame_equal(KINDS.transform_tolerantly(table)[0], expected)


def test_columns_may_come_in_any_order_and_with_company() -> None:
    raw = raw_table(20)
    shuffled = raw[list(raw.columns)[::-1]].assign(extra=[{"a": 1}] * 20)
    expected = CANONICALISER.transform(raw)
    pd.testing.assert_frame_equal(CANONICALISER.transform(shuffled), expected)


def test_the_index_is_kept_and_rows_are_told_by_position() -> None:
    raw = raw_table(3).set_axis([7, 7, 9])
    assert CANONICALISER.transform(raw).index.tolist() == [7, 7, 9]
    raw["gate"] = pd.Series([1, "x", 2], index=raw.index, dtype=object)
    with pytest.raises(InvalidValue, match=r"column 'gate', row 1: .*found text"):
        CANONICALISER.transform(raw)


def test_a_column_given_twice_is_refused() -> None:
    raw = raw_table(3)
    with pytest.raises(InvalidValue, match=r"'gate'.*expected one column of this name"):
        CANONICALISER.transform(pd.concat([raw, raw[["gate"]]], axis=1))


def test_invalid_values_can_be_counted_and_taken_as_missing() -> None:
    raw = raw_table(3)
    raw["gate"] = _object(["x", "1", "y"])
    features, invalid = CANONICALISER.transform_tolerantly(raw)
    assert invalid == {"gate": 2}
    assert features["gate"].isna().tolist() == [True, False, True]


@pytest.mark.parametrize("make", [boosted, forest, regressor, linear])
def test_no_rows_give_no_rows_of_the_same_columns_and_dtypes(make: Any) -> None:
    scorer = make()
    full, empty = scorer.score(raw_table(5)), scorer.score(raw_table(5).iloc[:0])
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
    assert len(scorer.score(pd.DataFrame())) == 0


def test_a_row_scores_the_same_alone_and_in_company() -> None:
    raw, scorer = raw_table(20, seed=3), boosted()
    together = scorer.score(raw)
    alone = pd.concat([scorer.score(raw.iloc[[place]]) for place in range(20)])
    pd.testing.assert_frame_equal(alone, together, check_exact=True)


def test_feature_strings_stay_objects() -> None:
    features = CANONICALISER.transform(raw_table(3).astype({"carrier": "str"}))
    assert features["carrier"].dtype == object
    assert tuple(features.columns) == CANONICALISER.feature_names
