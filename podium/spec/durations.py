"""Lengths of time as project.yaml writes them: `7d`, `12h`, `30m`, `45s`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PATTERN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")


def parse_duration(value: object) -> timedelta:
    """The length of time that `value` spells: a number and one of s, m, h, d, w.

    Raises ValueError for anything else, negative lengths included.
    """
    if isinstance(value, timedelta):
        return value
    match = _PATTERN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a length of time; write a number and a unit, like 7d")
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def format_duration(length: timedelta) -> str:
    """`length` as project.yaml would write it, in the largest unit that divides it."""
    seconds = length.total_seconds()
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"
