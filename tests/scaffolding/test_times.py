"""Which column says when a row was."""

from __future__ import annotations

import pandas as pd
import pytest

from projects.scaffolding.times import TimeFound, time_column
from tests.scaffolding.made import customers, looked

DAYS = pd.date_range("2020-01-01", periods=300, freq="D").to_series(index=range(300))
SHUFFLED = DAYS.sample(frac=1, random_state=0).reset_index(drop=True)


def test_birth_dates_and_times_with_gaps_order_nothing() -> None:
    frame = pd.DataFrame({"birth_date": DAYS, "seen": DAYS, "few": DAYS.dt.floor("100D")})
    frame.loc[3, "seen"] = None
    assert time_column(frame, list(frame)) == TimeFound()


def test_of_several_times_the_one_the_rows_lie_in_the_order_of_is_taken() -> None:
    frame = pd.DataFrame({"mixed": DAYS.sample(frac=1, random_state=0).to_numpy(), "b": DAYS})
    assert time_column(frame, ["mixed", "b"]) == TimeFound("b", "the rows lie in its order")
    found = time_column(frame.rename(columns={"mixed": "seen_at"}), ["seen_at", "b"])
    assert found == TimeFound("b", "the rows lie in its order (another: seen_at)")


@pytest.mark.parametrize("name", ["candidate", "somewhere", "b"])
def test_a_shuffled_column_of_another_name_is_suggested_only(name: str) -> None:
    found = looked(customers().assign(**{name: SHUFFLED}), "left")
    assert (found.time, found.split.value) == (None, "random")
    assert found.split.why == "no column of times is called like when a row was"
    assert any(f"--time {name} splits by it" in note for note in found.notes)


@pytest.mark.parametrize("name", ["signup", "orderDate", "created_at", "ts", "pickup_datetime"])
def test_a_shuffled_column_that_is_called_like_a_time_splits(name: str) -> None:
    later = SHUFFLED + pd.Timedelta(hours=7)
    found = looked(customers().assign(**{name: SHUFFLED, "updated_at": later}), "left")
    assert found.time == name


@pytest.mark.parametrize(
    "name",
    ["birth_date", "dob", "updated_at", "closed_at", "last_modified", "end_date", "expiry_date",
     "valid_until", "due_date", "ended_on"],
)  # fmt: skip
def test_times_that_are_not_when_a_row_began_split_nothing(name: str) -> None:
    assert time_column(pd.DataFrame({name: DAYS}), [name]) == TimeFound()


@pytest.mark.parametrize(("name", "shuffled"), [("ts", True), ("x", False)])
def test_seconds_since_1970_are_suggested_as_times(name: str, shuffled: bool) -> None:
    days = SHUFFLED if shuffled else DAYS
    seconds = days.astype("datetime64[s]").astype("int64")
    found = looked(customers().assign(**{name: seconds}), "left")
    assert found.split.why == "no column of readable times in every row"
    assert any(f"--time {name} splits by it" in note for note in found.notes)
    assert looked(customers().assign(**{name: seconds}), "left", time=name).time == name


def test_large_numbers_in_no_order_are_no_times() -> None:
    seconds = SHUFFLED.astype("datetime64[s]").astype("int64")
    assert not any("--time" in n for n in looked(customers().assign(x=seconds), "left").notes)


def test_dates_of_another_spelling_are_noted() -> None:
    found = looked(customers().assign(day=DAYS.dt.strftime("%d.%m.%Y")), "left")
    assert any("'day' looks like times that are not written" in note for note in found.notes)


def test_milliseconds_and_birth_dates_are_not_suggested_as_they_are() -> None:
    stamps = SHUFFLED.astype("datetime64[ms]").astype("int64")
    (note,) = looked(customers().assign(ts=stamps), "left").notes
    assert "in milliseconds since 1970: as seconds" in note
    born = DAYS.dt.strftime("%d.%m.%Y")
    assert looked(customers().assign(birth_date=born), "left").notes == ()
