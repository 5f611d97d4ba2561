"""Which drive-days have a label, and which label."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import DataError
from projects.disk_failure.loader import drive_days, label_days
from tests.bundled.drives import FIRST, Sight, plain_labels, write_day, write_days

ALIVE = [(day, "alive", 0) for day in range(10)]


def labels(files: list[Path], horizon_days: int) -> dict[tuple[int, str], int]:
    frame = drive_days(files, horizon_days=horizon_days)
    days = (frame["date"] - np.datetime64(FIRST)).dt.days
    assert days.tolist() == frame["smart_5_raw"].tolist()
    return dict(zip(zip(days, frame["serial_number"], strict=True), frame["fails"], strict=True))


def test_a_drive_fails_soon_from_its_horizon_on_up_to_the_day_itself(tmp_path: Path) -> None:
    failing = [(day, "bad", int(day == 5)) for day in range(6)]
    found = labels(write_days(tmp_path, [*ALIVE, *failing]), 2)
    assert {day: found[day, "bad"] for day in range(6)} == {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 1}


def test_labels_that_are_not_known_yet_are_left_out_those_of_failing_drives_too(
    tmp_path: Path,
) -> None:
    failing = [(day, "bad", int(day == 8)) for day in range(9)]
    found = labels(write_days(tmp_path, [*ALIVE, *failing]), 3)
    assert {day for day, serial in found if serial == "alive"} == set(range(7))
    assert {day: found[day, "bad"] for day, serial in found if serial == "bad"} == {
        **dict.fromkeys(range(5), 0),
        **dict.fromkeys((5, 6), 1),
    }


def test_a_drive_that_vanishes_is_healthy_only_as_long_as_it_was_seen_to_be(tmp_path: Path) -> None:
    vanished = [(day, "gone", 0) for day in range(6)]
    found = labels(write_days(tmp_path, [*ALIVE, *vanished]), 2)
    assert {day: y for (day, serial), y in found.items() if serial == "gone"} == {
        0: 0, 1: 0, 2: 0, 3: 0
    }  # fmt: skip


def test_days_on_which_a_drive_was_not_seen_do_not_make_it_vanish(tmp_path: Path) -> None:
    patchy = [(day, "patchy", 0) for day in (0, 1, 6, 9)]
    found = labels(write_days(tmp_path, [*ALIVE, *patchy]), 2)
    assert {day for day, serial in found if serial == "patchy"} == {0, 1, 6}


def test_a_drive_that_comes_back_after_its_failure_ends_there(tmp_path: Path) -> None:
    back = [(day, "back", int(day in (3, 7))) for day in (0, 1, 2, 3, 5, 6, 7, 8)]
    found = labels(write_days(tmp_path, [*ALIVE, *back]), 1)
    assert {day: y for (day, serial), y in found.items() if serial == "back"} == {
        0: 0, 1: 0, 2: 1, 3: 1
    }  # fmt: skip


def test_of_a_drive_twice_in_a_file_the_first_row_counts_and_a_failure_in_any(
    tmp_path: Path,
) -> None:
    files = write_days(tmp_path, ALIVE)
    twice = [
        {"serial_number": "alive", "failure": 0, "smart_5_raw": 1},
        {"serial_number": "twice", "failure": 0, "smart_5_raw": 1},
        {"serial_number": "twice", "failure": 1, "smart_5_raw": 99},
    ]
    write_day(tmp_path, 1, twice)
    assert labels(files, 2)[1, "twice"] == 1


def test_more_days_than_the_horizon_are_needed(tmp_path: Path) -> None:
    files = write_days(tmp_path, ALIVE[:4])
    assert len(drive_days(files, horizon_days=3)) == 1
    with pytest.raises(DataError, match=r"No row of the 4 days .* 4 days ahead.*Give more days"):
        drive_days(files, horizon_days=4)


@pytest.mark.parametrize("horizon_days", [0, -1, True, 1.5, "7", 10**12])
def test_a_horizon_that_is_no_number_of_days_is_refused(
    tmp_path: Path, horizon_days: object
) -> None:
    with pytest.raises(DataError, match=r"horizon_days is .*whole days"):
        drive_days(write_days(tmp_path, ALIVE), horizon_days=horizon_days)  # type: ignore[arg-type]


_SIGHTS = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from("abcd"), st.sampled_from([0, 0, 0, 0, 1])),
    min_size=1,
    max_size=40,
    unique_by=lambda sight: sight[:2],
)


@settings(deadline=None)
@given(_SIGHTS, st.integers(1, 5))
def test_labels_are_those_of_the_plainest_reading(sights: list[Sight], horizon_days: int) -> None:
    expected = plain_labels(sights, horizon_days)
    with tempfile.TemporaryDirectory() as folder:
        files = write_days(Path(folder), sights)
        if expected:
            assert labels(files, horizon_days) == expected
        else:
            with pytest.raises(DataError, match="No row"):
                drive_days(files, horizon_days=horizon_days)


@given(_SIGHTS, st.integers(1, 5), st.integers(-10_000, 40_000))
def test_labels_do_not_depend_on_the_order_of_rows_or_on_when_it_was(
    sights: list[Sight], horizon_days: int, later: int
) -> None:
    day, drive, failed = (np.array(one) for one in zip(*sights, strict=True))
    codes = np.unique(drive, return_inverse=True)[1]
    found = label_days(codes, day, failed == 1, horizon_days)
    turned = label_days(codes[::-1], day[::-1] + later, failed[::-1] == 1, horizon_days)
    np.testing.assert_array_equal(found.kept, turned.kept[::-1])
    np.testing.assert_array_equal(found.fails, turned.fails[::-1])
