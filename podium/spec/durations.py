"""Lengths of time as project.yaml writes them: `7d`, `12h`, `30m`, `45s`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PATTERN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")


def parse_duration(value: object) -> timedelta:
    """The length of time that `value` spells: a number and one of s, m, h, d, w.

    Raises ValueError for anything else, negative and endless lengths included.
    """
    if isinstance(value, timedelta) and value >= timedelta(0):
        return value
    match = _PATTERN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a length of time; write a number and a unit, like 7d, 12h or 30m")
    try:
        return timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        raise ValueError("longer than any time that can be reckoned with") from None


def format_duration(length: timedelta) -> str:
    """`length`, not negative, as project.yaml would write it, in the largest unit that divides it.

    What this writes `parse_duration` reads as the very same length.
    """
    for unit, name in reversed(_UNITS.items()):
        size = timedelta(**{name: 1})
        if length and length % size == timedelta(0):
            return f"{length // size}{unit}"
    whole = length // timedelta(seconds=1)
    fraction = f"{length.microseconds:06d}".rstrip("0")
    return f"{whole}.{fraction}s" if fraction else f"{whole}s"
