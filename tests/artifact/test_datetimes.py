from __future__ import annotations

import datetime as dt
import decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.artifact.scoring import Canonicaliser, InputColumn, InvalidValue
from podium.artifact.scoring.canonical import PARTS
from podium.artifact.scoring.values import datetime_values

pytestmark = pytest.mark.filterwarnings("error")

NOON = np.datetime64("2024-02-29T12:30:15", "us")
SECONDS = 1709209815  # the same in seconds since 1970
ONE = Canonicaliser((InputColumn("x", "datetime", PARTS),))


def _instant(value: Any) -> np.datetime64:
    column = pd.Series([None, value], dtype=object)
    values, bad = datetime_values(column)
    assert not bad.any()
    return values[1]


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-29T12:30:15",
        "2024-02-29 12:30:15",
        "2024-02-29T12:30:15Z",
        "2024-02-29T12:30:15.000Z",
        "2024-02-29T12:30:15.000000999",
        "2024-02-29T14:30:15+02:00",
        "2024-02-29T07:00:15-0530",
        SECONDS,
        float(SECONDS),
        str(SECONDS),
        f"{SECONDS}.0",
        decimal.Decimal(SECONDS),
        np.int64(SECONDS),
        pd.Timestamp("2024-02-29 12:30:15"),
        pd.Timestamp("2024-02-29 12:30:15", tz="UTC"),
        pd.Timestamp("2024-02-29 13:30:15.000000999", tz="Europe/Paris"),
        dt.datetime(2024, 2, 29, 12, 30, 15),
        dt.datetime(2024, 2, 29, 13, 30, 15, tzinfo=ZoneInfo("Europe/Paris")),
        np.datetime64("2024-02-29T12:30:15"),
    ],
)
def test_one_instant_has_many_spellings(value: Any) -> None:
    assert _instant(value) == NOON


@pytest.mark.parametrize(
    "dtype",
    [
        "datetime64[s]",
        "datetime64[ns]",
        "datetime64[us, Europe/Paris]",
        "timestamp[us][pyarrow]",
        "timestamp[ns, tz=America/New_York][pyarrow]",
    ],
)
def test_columns_of_timestamps_are_made_utc(dtype: str) -> None:
    moments = pd.Series(pd.to_datetime(["2024-02-29T12:30:15Z", None]))
    column = moments.dt.tz_localize(None) if "," not in dtype else moments
    values, bad = datetime_values(column.astype(dtype))
    assert values[0] == NOON
    assert np.isnat(values[1])
    assert not bad.any()


def test_a_date_is_its_midnight() -> None:
    midnight = np.datetime64("2024-02-29T00:00", "us")
    for value in ("2024-02-29", dt.date(2024, 2, 29), np.datetime64("2024-02-29")):
        assert _instant(value) == midnight


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, pd.NaT, "", np.datetime64("NaT", "us")])
def test_a_missing_instant_gives_missing_parts(value: Any) -> None:
    features = ONE.transform(pd.DataFrame({"x": pd.Series([value], dtype=object)}))
    assert features.isna().all(axis=None)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("yesterday", "text"),
        ("20240229", "text"),
        ("202402291230", "text"),
        ("1709209815000", "text"),
        ("2024-02-30", "text"),
        ("2024-13-01", "text"),
        ("0000-01-01", "text"),
        ("2024-02-29T24:00:00", "text"),
        ("2024-02-29T12:30:60", "text"),
        ("2024-02-29T12:30:15+25:00", "text"),
        ("0001-01-01T00:00:00+01:00", "text"),
        (" 2024-02-29", "text"),
        ("nan", "text"),
        (1709209815000, "a number out of range"),
        (np.inf, "infinity"),
        (10**400, "a number out of range"),
        (True, "a boolean"),
        (np.bool_(True), "a boolean"),
        (dt.time(12), "a date or time"),
        (np.datetime64("20000-01-01"), "a date or time"),
        ([2024], "a list"),
    ],
)
def test_what_is_no_instant_is_refused_by_kind(value: Any, found: str) -> None:
    column = pd.Series([None], dtype=object)
    column[0] = value
    with pytest.raises(InvalidValue) as caught:
        ONE.transform(pd.DataFrame({"x": column}))
    assert (caught.value.expected, caught.value.found) == ("ISO 8601 or epoch seconds", found)


def test_a_column_beyond_the_calendar_is_refused() -> None:
    values, bad = datetime_values(pd.Series(np.array(["300000-01-01", "2024-01-01"], "M8[s]")))
    assert bad.tolist() == [True, False]
    assert np.isnat(values[0])


def test_parts_are_those_of_utc_and_monday_is_nought() -> None:
    features = ONE.transform(pd.DataFrame({"x": ["2024-12-30T01:30:15+02:00"]}))
    found = {name.removeprefix("x_"): value for name, value in features.iloc[0].items()}
    assert found == {
        "year": 2024,
        "quarter": 4,
        "month": 12,
        "week": 52,
        "day": 29,
        "day_of_year": 364,
        "weekday": 6,
        "hour": 23,
        "minute": 30,
        "second": 15,
        "epoch_days": pytest.approx(20086 + (23.5 * 3600 + 15) / 86400),
    }
    monday = ONE.transform(pd.DataFrame({"x": ["2024-12-30"]}))
    assert monday["x_weekday"].iloc[0] == 0


def test_all_parts_are_float64_with_and_without_missing_values() -> None:
    for values in (["2024-01-01"], ["2024-01-01", None], [None], []):
        features = ONE.transform(pd.DataFrame({"x": pd.Series(values, dtype=object)}))
        assert set(features.dtypes) == {np.dtype(np.float64)}


def test_an_unknown_part_or_kind_in_the_file_is_refused() -> None:
    document = ONE.to_json()
    assert Canonicaliser.from_json(document) == ONE
    document["columns"][0]["parts"] = ["year", "century"]
    with pytest.raises(ValueError, match="unknown 'century'"):
        Canonicaliser.from_json(document)
    document["columns"][0] |= {"parts": [], "kind": "image"}
    with pytest.raises(ValueError, match="unknown 'image'"):
        Canonicaliser.from_json(document)
    with pytest.raises(ValueError, match="schema 2"):
        Canonicaliser.from_json(document | {"schema": 2})


def _two_digits(top: int) -> st.SearchStrategy[str]:
    return st.integers(0, top).map("{:02}".format)


ALMOST_ISO = st.builds(
    "{}-{}-{}{}".format,
    st.sampled_from(["0000", "0001", "1677", "1969", "2024", "9999"]),
    _two_digits(13),
    _two_digits(32),
    st.one_of(
        st.just(""),
        st.builds(
            "T{}:{}:{}{}{}".format,
            _two_digits(25),
            _two_digits(61),
            _two_digits(61),
            st.sampled_from(["", ".5", ".999999", ".999999999", ".1234567"]),
            st.sampled_from(["", "Z", "+00:00", "-23:59", "+2359", "+24:00", "+01:60", "-00:00"]),
        ),
    ),
)


@given(st.lists(ALMOST_ISO, min_size=1, max_size=5))
def test_many_at_once_are_read_as_each_alone(texts: list[str]) -> None:
    filler = [f"2024-01-01T{i // 60:02}:{i % 60:02}" for i in range(300)]
    together, bad = datetime_values(pd.Series(texts + filler, dtype=object))
    alone = [datetime_values(pd.Series([text], dtype=object)) for text in texts]
    assert bad[: len(texts)].tolist() == [bool(one_bad[0]) for _, one_bad in alone]
    np.testing.assert_array_equal(together[: len(texts)], [values[0] for values, _ in alone])


@given(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1)), st.integers(0, 999))
def test_finer_than_a_microsecond_is_cut_off_alike(moment: dt.datetime, nanos: int) -> None:
    stamp = pd.Timestamp(moment).as_unit("ns") + pd.Timedelta(nanos, "ns")
    expected = np.datetime64(moment, "us")
    assert datetime_values(pd.Series([stamp]))[0][0] == expected
    assert _instant(stamp) == expected
    assert _instant(stamp.to_datetime64()) == expected
    assert _instant(stamp.isoformat()) == expected


def test_the_smallest_whole_number_is_refused_without_a_warning() -> None:
    with pytest.raises(InvalidValue, match="out of range"):
        ONE.transform(pd.DataFrame({"x": [np.int64(-(2**63))]}))
