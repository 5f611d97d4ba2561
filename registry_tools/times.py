"""Points in time, as people write them and as commands print them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from podium.errors import UsageError
from podium.reports.text import duration
from podium.spec.durations import parse_duration

_MOMENT_SECONDS = 1.0
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


def parse_time(text: str, now: datetime) -> datetime:
    """The point in time that `text` names, in UTC.

    ISO 8601: a date, which is its first moment, or a date and a time, which is the end of the
    second or minute that it is written to; without a zone it is UTC. Or an age, like `3d` or `12h
    ago`, counted back from `now`. Raises UsageError for anything else, and for what is after `now`.
    """
    found = _age(text, now) or _iso(text)
    if found is None:
        raise UsageError(
            f"{text!r} is no time.",
            remedy="Write a date like 2026-03-01, a date and a time like 2026-03-01T12:00, both "
            "in UTC, or an age like 3d, 12h or 2w.",
        )
    if found > now:
        raise UsageError(
            f"{text!r} is {iso(found)}, which is still to come.", remedy="Give a time in the past."
        )
    return min(found + _left_open(text), now)


def iso(moment: datetime) -> str:
    """`moment` as entries write it: UTC, with microseconds. Such texts sort by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_second(at: str) -> str:
    """The time of an entry or a version to the second, like `2026-03-01 12:00:05 UTC`; given back
    to `parse_time`, it takes the entry in.
    """
    moment = _iso(at)
    return at if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def seconds_since(at: str, now: datetime) -> float | None:
    """How long ago the time of an entry was; 0 where its clock is ahead, None for no time."""
    moment = _iso(at)
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def ago(at: str, now: datetime) -> str:
    """How long ago the time of an entry was, in words."""
    seconds = seconds_since(at, now)
    if seconds is not None and seconds < _MOMENT_SECONDS:
        return "just now"
    return f"{duration(seconds)} ago"


def _age(text: str, now: datetime) -> datetime | None:
    try:
        return now - parse_duration(text.strip().removesuffix("ago"))
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix("UTC").rstrip())
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _left_open(text: str) -> timedelta:
    """How much later than it says a time may be that is written to the minute or the second."""
    time = _ZONE.sub("", text.strip().removesuffix("UTC").rstrip())[len("2026-03-01T") :]
    if time.count(":") == 1:
        return timedelta(minutes=1, microseconds=-1)
    if time.count(":") == 2 and not set(".,") & set(time):
        return timedelta(seconds=1, microseconds=-1)
    return timedelta(0)
