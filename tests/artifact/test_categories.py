from __future__ import annotations

import datetime as dt
import decimal
import enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.artifact.scoring import Canonicaliser, InputColumn, InvalidValue
from podium.artifact.scoring.values import category_values, text_values

pytestmark = pytest.mark.filterwarnings("error")

ONE = Canonicaliser((InputColumn("x", "categorical"),))


class Colour(enum.StrEnum):
    RED = "red"


def _category(value: Any) -> str:
    column = pd.Series([None, None], dtype=object)
    column[1] = value
    found = ONE.transform(pd.DataFrame({"x": column}))["x"].iloc[1]
    assert type(found) is str
    return found


@pytest.mark.parametrize(
    "value", [None, np.nan, pd.NA, pd.NaT, "", np.datetime64("NaT", "us"), decimal.Decimal("sNaN")]
)
def test_what_is_missing_becomes_the_empty_string(value: Any) -> None:
    assert _category(value) == ""


@pytest.mark.parametrize("value", ["nan", "NaN", "NA", "null", "None", "<NA>", " "])
def test_no_literal_string_means_missing(value: str) -> None:
    assert _category(value) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "7"),
        (7.0, "7"),
        ("7", "7"),
        ("7.0", "7"),
        ("7.000", "7"),
        ("-7.0", "-7"),
        (np.int32(7), "7"),
        (np.float32(7), "7"),
        (decimal.Decimal("7.0"), "7"),
        (0.1, "0.1"),
        (np.float32(0.1), "0.1"),
        (True, "true"),
        (np.bool_(False), "false"),
        ("True", "True"),
        (-0.0, "0"),
        ("-0.0", "0"),
        (1e300, str(int(1e300))),
        ("007", "007"),
        ("007.0", "007.0"),
        ("1.2.0", "1.2.0"),
        ("٧.0", "٧.0"),
        (Colour.RED, "red"),
        (np.str_("a"), "a"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (np.datetime64("2024-01-02"), "2024-01-02T00:00:00"),
    ],
)
def test_one_category_has_one_spelling(value: Any, expected: str) -> None:
    assert _category(value) == expected


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (np.inf, "infinity"),
        (-np.inf, "infinity"),
        ([1], "a list"),
        ({}, "an object"),
        (b"a", "a value of type bytes"),
        (dt.timedelta(1), "a value of type timedelta"),
    ],
)
def test_what_is_no_category_is_refused_by_kind(value: Any, found: str) -> None:
    column = pd.Series([None], dtype=object)
    column[0] = value
    with pytest.raises(InvalidValue) as caught:
        ONE.transform(pd.DataFrame({"x": column}))
    assert caught.value.found == found


def test_numbers_too_long_for_python_to_write_are_no_crash() -> None:
    assert _category("9" * 5000 + ".0") == "9" * 5000
    with pytest.raises(InvalidValue, match="found a number out of range"):
        ONE.transform(pd.DataFrame({"x": pd.Series([10**5000], dtype=object)}))


def test_true_one_and_one_point_nought_stay_apart_in_one_column() -> None:
    mixed = pd.Series([True, 1, 1.0, "1", "true"] * 100, dtype=object)
    values, bad = category_values(mixed)
    assert values[:5].tolist() == ["true", "1", "1", "1", "true"]
    assert not bad.any()


@pytest.mark.parametrize("dtype", ["object", "str", "string[pyarrow]", "category"])
def test_every_dtype_of_strings_gives_the_same(dtype: Any) -> None:
    column = pd.Series(["a", None, "", "7.0"] * 100, dtype=dtype)
    assert category_values(column)[0][:4].tolist() == ["a", "", "", "7"]


@pytest.mark.parametrize(
    "dtype", ["int64", "Int64", "float32", "Float32", "int64[pyarrow]", "float[pyarrow]"]
)
def test_every_dtype_of_numbers_gives_the_same_category(dtype: str) -> None:
    assert category_values(pd.Series([7, 8, 7], dtype=dtype))[0].tolist() == ["7", "8", "7"]


@pytest.mark.parametrize("dtype", ["bool", "boolean", "bool[pyarrow]", "object"])
def test_every_dtype_of_booleans_gives_the_same_category(dtype: str) -> None:
    assert category_values(pd.Series([True, False], dtype=dtype))[0].tolist() == ["true", "false"]


def test_nan_of_arrow_is_missing_as_null_is() -> None:
    import pyarrow as pa

    column = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([float("nan"), None, 1.0])))
    values, bad = category_values(column)
    assert values.tolist() == ["", "", "1"]
    assert not bad.any()


def test_lists_of_arrow_are_refused_as_lists() -> None:
    import pyarrow as pa

    column = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([[1], None])))
    with pytest.raises(InvalidValue, match=r"row 0: .*found a list"):
        ONE.transform(pd.DataFrame({"x": column}))


def test_text_keeps_strings_as_they_are() -> None:
    values, bad = text_values(pd.Series(["7.0", 7.0, True, None, "nan"], dtype=object))
    assert values.tolist() == ["7.0", "7", "true", "", "nan"]
    assert not bad.any()


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_float32_is_the_category_that_its_shortest_spelling_is(value: float) -> None:
    number = np.float32(value)
    expected = value if value.is_integer() else float(str(number))
    assert category_values(pd.Series([value], dtype="float32"))[0][0] == _category(expected)
    assert _category(number) == _category(expected)
