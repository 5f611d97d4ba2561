from __future__ import annotations

import decimal
import fractions
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.artifact.scoring import Canonicaliser, InputColumn, InvalidValue
from podium.artifact.scoring.convert import LARGEST
from podium.artifact.scoring.values import numeric_values

pytestmark = pytest.mark.filterwarnings("error")

ONE = Canonicaliser((InputColumn("x", "numeric"),))


def _column(values: list[Any], dtype: Any = object) -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Series(values, dtype=dtype)})


def _number(value: Any) -> float:
    return float(ONE.transform(_column([value]))["x"].iloc[0])


@pytest.mark.parametrize(
    "value", [None, np.nan, pd.NA, pd.NaT, "", decimal.Decimal("NaN"), decimal.Decimal("sNaN")]
)
def test_what_is_missing_becomes_nan(value: Any) -> None:
    assert math.isnan(_number(value))


def test_a_missing_column_is_missing_throughout() -> None:
    features = ONE.transform(pd.DataFrame({"other": [1, 2, 3]}))
    assert features["x"].isna().tolist() == [True] * 3
    assert features["x"].dtype == np.float64


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7.0),
        (True, 1.0),
        (np.bool_(False), 0.0),
        (np.int8(3), 3.0),
        (np.float32(0.5), 0.5),
        (decimal.Decimal("1.5"), 1.5),
        (fractions.Fraction(1, 4), 0.25),
        (3.4028234663852886e38, 3.4028234663852886e38),
        (2**53 + 1, float(2**53 + 1)),
        ("1e3", 1000.0),
        (" 2 ", 2.0),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("-1.5E-2", -0.015),
        (np.str_("7"), 7.0),
    ],
)
def test_numbers_booleans_and_numeric_strings_are_taken(value: Any, expected: float) -> None:
    assert _number(value) == expected


@pytest.mark.parametrize("value", [-0.0, "-0", "-0.0", 0.0, 0])
def test_there_is_only_one_zero(value: Any) -> None:
    assert math.copysign(1, _number(value)) == 1
    assert math.copysign(1, numeric_values(pd.Series([float(value)]))[0][0]) == 1


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("nan", "text"),
        ("NaN", "text"),
        ("NA", "text"),
        ("null", "text"),
        ("None", "text"),
        ("1_000", "text"),
        ("0x1", "text"),
        ("inf", "text"),
        ("-Infinity", "text"),
        ("1e400", "text"),
        ("1,5", "text"),
        ("٧", "text"),
        (" ", "text"),
        ("3.5e38", "text"),
        (1e300, "a number out of range"),
        (-3.5e38, "a number out of range"),
        (np.float64(1e300), "a number out of range"),
        (10**39, "a number out of range"),
        (math.inf, "infinity"),
        (-math.inf, "infinity"),
        (np.float32("inf"), "infinity"),
        (decimal.Decimal("Infinity"), "infinity"),
        (decimal.Decimal("1e400"), "a number out of range"),
        (10**400, "a number out of range"),
        (1 + 2j, "a value of type complex"),
        ([1], "a list"),
        ((1,), "a list"),
        (np.array([1]), "a list"),
        ({"a": 1}, "an object"),
        (b"1", "a value of type bytes"),
        (pd.Timestamp("2024-01-01"), "a date or time"),
    ],
)
def test_anything_else_is_refused_by_kind(value: Any, found: str) -> None:
    table = pd.DataFrame({"x": pd.Series([None, None], dtype=object)})
    table.at[1, "x"] = value
    with pytest.raises(InvalidValue) as caught:
        ONE.transform(table)
    assert (caught.value.column, caught.value.row, caught.value.found) == ("x", 1, found)
    assert (
        str(caught.value) == f"column 'x', row 1: expected a number within ±3.4e38, found {found}"
    )


def test_the_refused_value_is_not_told() -> None:
    with pytest.raises(InvalidValue) as caught:
        ONE.transform(_column(["secret-4711"]))
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    "dtype",
    [
        "float32",
        "Float64",
        "Int64",
        "int16",
        "uint64",
        "double[pyarrow]",
        "int32[pyarrow]",
        "object",
        "category",
        "Sparse[float64]",
    ],
)
def test_every_dtype_of_numbers_gives_the_same(dtype: str) -> None:
    features = ONE.transform(_column([3, 0, 3, 17], dtype))
    assert features["x"].tolist() == [3.0, 0.0, 3.0, 17.0]
    assert features["x"].dtype == np.float64


@pytest.mark.parametrize("dtype", ["Float64", "Int64", "boolean", "bool[pyarrow]", "category"])
def test_missing_values_of_every_dtype_are_nan(dtype: str) -> None:
    values = ONE.transform(_column([1, None, 0], dtype))["x"]
    assert values.iloc[[0, 2]].tolist() == [1.0, 0.0]
    assert math.isnan(values.iloc[1])


def test_decimals_of_arrow_are_numbers() -> None:
    import pyarrow as pa

    column = pd.arrays.ArrowExtensionArray(pa.array([decimal.Decimal("1.50"), None]))
    assert ONE.transform(pd.DataFrame({"x": column}))["x"].iloc[0] == 1.5


def test_complex_columns_are_refused() -> None:
    with pytest.raises(InvalidValue, match="of type complex"):
        ONE.transform(_column([1 + 0j], "complex128"))


def test_infinity_in_a_float_column_is_refused_with_its_row() -> None:
    with pytest.raises(
        InvalidValue, match=r"row 2: expected a number within ±3\.4e38, found infinity"
    ):
        ONE.transform(_column([1.0, np.nan, -np.inf], "float64"))


@pytest.mark.parametrize("value", [1e300, -1e300, 3.5e38, np.nextafter(LARGEST, np.inf)])
def test_what_float32_cannot_hold_is_refused_in_a_float_column_too(value: float) -> None:
    with pytest.raises(InvalidValue, match=r"row 1: .* found a number out of range"):
        ONE.transform(_column([LARGEST, value], "float64"))


def test_the_feature_table_shares_no_memory_with_the_raw_one() -> None:
    raw = _column([1.0, 2.0], "float64")
    features = ONE.transform(raw)
    assert not np.shares_memory(features["x"].to_numpy(), raw["x"].to_numpy())


@given(st.floats(-LARGEST, LARGEST))
def test_a_number_and_its_text_are_the_same(value: float) -> None:
    assert _number(value) == _number(repr(value)) == _number(decimal.Decimal(repr(value)))
