"""Daily files of drives as they were published over the years, and those that are broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podium.errors import DataError
from projects.disk_failure.loader import LABEL, STANDARD, drive_days, drive_days_columns
from tests.bundled.drives import HEADER, write_day, write_days

NEWER = (
    *HEADER[:5], "datacenter", "vault_id", "pod_slot_num", "is_legacy_format",
    "smart_5_normalized", "smart_5_raw", "smart_187_raw",
)  # fmt: skip
ROWS: list[dict[str, object]] = [
    {"serial_number": serial, "failure": 0, "smart_5_raw": 2} for serial in ("A1", "B2")
]


def test_files_of_other_years_have_other_columns_and_what_one_lacks_is_missing(
    tmp_path: Path,
) -> None:
    newer = [
        {**row, "datacenter": "phx1", "vault_id": 1090, "pod_slot_num": 7, "smart_187_raw": 3}
        for row in ROWS
    ]
    files = [
        write_day(tmp_path, 0, ROWS),
        write_day(tmp_path, 1, newer, header=NEWER),
        write_day(tmp_path, 2, newer, header=NEWER),
    ]
    frame = drive_days(files, horizon_days=1)
    assert frame["datacenter"].tolist()[2:] == ["phx1", "phx1"]
    assert frame["vault_id"].tolist()[2:] == ["1090", "1090"]
    assert frame["smart_187_raw"].tolist()[2:] == [3, 3]
    for name in ("datacenter", "vault_id", "pod_slot_num", "smart_187_raw"):
        assert frame[name].isna().tolist() == [True, True, False, False]
    assert frame["is_legacy_format"].isna().all()
    assert frame["smart_5_raw"].tolist() == [2, 2, 2, 2]


def test_columns_are_those_of_any_file_the_standard_ones_and_the_label(tmp_path: Path) -> None:
    files = [write_day(tmp_path, 0, ROWS), write_day(tmp_path, 1, ROWS, header=NEWER)]
    names = drive_days_columns(files, horizon_days=1)
    assert names == list(drive_days(files, horizon_days=1).columns)
    assert {*NEWER, *STANDARD, LABEL} == set(names)


def test_values_have_the_types_of_what_they_are(tmp_path: Path) -> None:
    frame = drive_days(write_days(tmp_path, [(0, "007", 0), (1, "007", 0)]), horizon_days=1)
    assert frame["serial_number"].tolist() == ["007"]
    assert frame["date"].dtype.kind == "M"
    assert frame["date"].tolist() == [pd.Timestamp("2013-04-10")]
    kinds = {"smart_5_raw": "f", "smart_198_raw": "f", "capacity_bytes": "f", "fails": "i"}
    assert {name: frame[name].dtype.kind for name in kinds} == kinds
    assert frame["model"].tolist() == ["ST3000DM001"]
    assert frame.index.tolist() == [0]


def test_files_without_a_model_have_none(tmp_path: Path) -> None:
    header = [name for name in HEADER if name != "model"]
    files = [write_day(tmp_path, day, ROWS, header=header) for day in range(2)]
    assert (
        drive_days(files, ["model", "fails"], horizon_days=1)["model"].isna().tolist() == [True] * 2
    )


def test_a_capacity_of_minus_one_is_missing(tmp_path: Path) -> None:
    rows = [{**ROWS[0], "capacity_bytes": -1}, {**ROWS[1], "capacity_bytes": 4e12}]
    files = [write_day(tmp_path, 0, rows), write_day(tmp_path, 1, rows)]
    capacity = drive_days(files, horizon_days=1)["capacity_bytes"]
    np.testing.assert_array_equal(capacity, [np.nan, 4e12])


def test_a_part_of_the_columns_has_the_same_values_as_all_of_them(tmp_path: Path) -> None:
    sights = [(day, serial, int((day, serial) == (4, "B"))) for day in range(9) for serial in "ABC"]
    files = write_days(tmp_path, sights)
    whole = drive_days(files, horizon_days=2)
    for names in (["fails"], ["smart_5_raw", "model"], ["fails", "smart_187_raw", "date"]):
        part = drive_days(files, names, horizon_days=2)
        assert list(part.columns) == names
        pd.testing.assert_frame_equal(part, whole[names])


def test_packed_files_are_read_as_they_are(tmp_path: Path) -> None:
    sights = [(day, serial, 0) for day in range(4) for serial in "AB"]
    plain = drive_days(write_days(tmp_path / "plain", sights), horizon_days=2)
    packed = [
        write_day(
            tmp_path / "packed",
            day,
            [{"serial_number": s, "failure": 0, "smart_5_raw": day} for s in "AB"],
            name=f"2013-04-{10 + day}.csv.gz",
        )
        for day in range(4)
    ]
    pd.testing.assert_frame_equal(drive_days(packed, horizon_days=2), plain)


def test_several_days_in_a_file_whose_name_is_no_day_are_taken(tmp_path: Path) -> None:
    rows = [{**ROWS[0], "date": f"2013-04-{day}"} for day in range(10, 15)]
    frame = drive_days([write_day(tmp_path, 0, rows, name="all.csv")], horizon_days=2)
    assert frame["date"].dt.day.tolist() == [10, 11, 12]


def _twice(folder: Path) -> list[Path]:
    return [*write_days(folder, [(0, "A", 0)]), write_day(folder, 0, ROWS, name="other.csv.gz")]


def _renamed(folder: Path) -> list[Path]:
    return [write_day(folder, 0, ROWS, name="2013-04-11.csv")]


def _with(**values: object) -> Callable[[Path], list[Path]]:
    return lambda folder: [write_day(folder, 0, [ROWS[0], {**ROWS[1], **values}])]


def _holding(content: bytes, name: str = "2013-04-10.csv") -> Callable[[Path], list[Path]]:
    def write(folder: Path) -> list[Path]:
        (folder / name).write_bytes(content)
        return [folder / name]

    return write


BROKEN = [
    (_twice, r"2013-04-10\.csv and other\.csv\.gz both hold 2013-04-10.*Give each day once"),
    (_renamed, r"2013-04-11\.csv holds rows of 2013-04-10.*must agree"),
    (_with(date="10.04.2013"), r"2013-04-10\.csv cannot be read: .*'10\.04\.2013'.*Repair it"),
    (_with(date=""), r"2013-04-10\.csv: date is missing in 1 rows"),
    (_with(serial_number=""), r"2013-04-10\.csv: serial_number is missing in 1 rows"),
    (_with(failure=""), r"2013-04-10\.csv: failure is missing in 1 rows"),
    (_with(failure=2), r"The column failure holds 2\..*else 0"),
    (_with(smart_5_raw="many"), r"2013-04-10\.csv cannot be read: .*'many'"),
    (_with(model="a,b"), r"2013-04-10\.csv cannot be read: .*Expected 6 columns, got 7"),
    (_holding(b""), r"2013-04-10\.csv is empty"),
    (_holding(b"date,model\n2013-04-10,x\n"), r"no column 'serial_number', 'failure'"),
    (_holding(b"date\n", "2013-04-10.csv.gz"), r"2013-04-10\.csv\.gz cannot be read"),
    (_holding((",".join(HEADER) + "\n").encode()), r"No row of the 0 days"),
]


@pytest.mark.parametrize(("write", "said"), BROKEN)
def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, write: Callable[[Path], list[Path]], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        drive_days(write(tmp_path))


def test_a_column_that_is_nowhere_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'smart_5'.*'smart_5_raw'"):
        drive_days(write_days(tmp_path, [(0, "A", 0)]), ["smart_5"])
