"""Points in time, as people write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import UsageError
from registry_tools.times import ago, iso, parse_time, seconds_since, to_second

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
PAST = st.datetimes(datetime(1900, 1, 1), datetime(2026, 3, 9))
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


def written_out(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


@given(PAST, ZONES)
def test_a_time_without_a_fraction_is_the_end_of_its_second_or_minute(
    moment: datetime, zone: timezone
) -> None:
    there = moment.replace(tzinfo=zone)
    second = parse_time(there.isoformat(timespec="seconds"), NOW)
    assert second == there.replace(microsecond=999_999)
    minute = parse_time(there.isoformat(timespec="minutes"), NOW)
    assert minute == there.replace(second=59, microsecond=999_999)


@given(PAST)
def test_a_time_as_it_is_printed_takes_in_what_happened_then(moment: datetime) -> None:
    happened = moment.replace(tzinfo=UTC)
    asked = parse_time(to_second(iso(happened)), NOW)
    assert happened <= asked < happened + timedelta(seconds=1)


def test_the_present_minute_ends_now() -> None:
    assert parse_time("2026-03-10T12:30", NOW) == NOW


@given(PAST)
def test_a_time_without_a_zone_is_utc(moment: datetime) -> None:
    assert parse_time(written_out(moment), NOW) == moment.replace(tzinfo=UTC)


@given(PAST, ZONES)
def test_a_zone_is_taken_as_it_is_written(moment: datetime, zone: timezone) -> None:
    written = moment.replace(tzinfo=zone)
    assert parse_time(written_out(written), NOW) == written


@given(st.dates(NOW.date().replace(year=1900), NOW.date()))
def test_a_date_alone_is_its_first_moment(date: datetime) -> None:
    found = parse_time(date.isoformat(), NOW)
    assert found.isoformat() == f"{date.isoformat()}T00:00:00+00:00"


@given(st.integers(0, 5000), st.sampled_from(["s", "m", "h", "d", "w"]))
def test_an_age_is_counted_back_from_now(count: int, unit: str) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[unit]
    assert parse_time(f"{count}{unit}", NOW) == NOW - timedelta(seconds=count * seconds)
    assert parse_time(f"{count}{unit} ago", NOW) == parse_time(f"{count}{unit}", NOW)


@given(st.text(max_size=30))
def test_any_text_is_a_time_in_the_past_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert parse_time(text, NOW) <= NOW


@pytest.mark.parametrize(
    "text", ["", "yesterday", "3", "-3d", "3 days", "2026-13-01", "2026-02-30", "99999999w", "0001"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        parse_time(text, NOW)


@pytest.mark.parametrize("text", ["2026-03-11", "2026-03-10T12:31", "2026-03-10T12:30:00.000001"])
def test_what_is_still_to_come_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="still to come"):
        parse_time(text, NOW)


@given(PAST, PAST)
def test_written_times_sort_like_times(one: datetime, other: datetime) -> None:
    first, second = (moment.replace(tzinfo=UTC) for moment in (one, other))
    assert (iso(first) <= iso(second)) == (first <= second)


def test_times_are_printed_to_the_second_in_utc() -> None:
    assert to_second("2026-03-10T12:30:59.999999+00:00") == "2026-03-10 12:30:59 UTC"
    assert to_second("2026-03-10T12:30:00+02:00") == "2026-03-10 10:30:00 UTC"
    assert to_second("of old") == "of old"


def test_how_long_ago_is_said_in_words() -> None:
    assert ago(iso(NOW - timedelta(days=3, hours=4)), NOW) == "3 d 4 h ago"
    assert ago(iso(NOW - timedelta(milliseconds=5)), NOW) == "just now"
    assert ago(iso(NOW + timedelta(minutes=5)), NOW) == "just now"
    assert ago("of old", NOW) == "– ago"
    assert seconds_since(iso(NOW + timedelta(minutes=5)), NOW) == 0
    assert seconds_since("of old", NOW) is None
