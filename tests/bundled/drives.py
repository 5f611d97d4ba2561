"""Daily files of drives, made by hand, and the labels by the plainest possible reading of them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2013, 4, 10)
HEADER = ("date", "serial_number", "model", "capacity_bytes", "failure", "smart_5_raw")
Sight = tuple[int, str, int]
"""A day counted from FIRST on, a serial number, and 1 where the drive fails on that day."""


def day_text(day: int) -> str:
    return str(FIRST + timedelta(day))


def write_days(folder: Path, sights: Iterable[Sight]) -> list[Path]:
    """One published file for each day on which a drive was seen; SMART 5 holds the day."""
    by_day: dict[int, list[Mapping[str, object]]] = {}
    for day, serial, failure in sights:
        row = {"serial_number": serial, "failure": failure, "smart_5_raw": day}
        by_day.setdefault(day, []).append(row)
    return [write_day(folder, day, rows) for day, rows in sorted(by_day.items())]


def write_day(
    folder: Path,
    day: int,
    rows: Sequence[Mapping[str, object]],
    *,
    header: Sequence[str] = HEADER,
    name: str = "",
) -> Path:
    """A file of `rows`, gzip where its name ends so; what a row does not say is left empty."""
    usual = {"date": day_text(day), "model": "ST3000DM001", "capacity_bytes": 3000592982016}
    lines = [",".join(header)]
    lines += [",".join(str({**usual, **row}.get(name, "")) for name in header) for row in rows]
    path = folder / (name or f"{day_text(day)}.csv")
    folder.mkdir(exist_ok=True)
    content = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def plain_labels(sights: Sequence[Sight], horizon_days: int) -> dict[tuple[int, str], int]:
    """The label of each drive and day whose label is known, one row after the other."""
    end = max(day for day, _, _ in sights)
    labels = {}
    for day, serial, _ in sights:
        seen = [other for other, drive, _ in sights if drive == serial]
        failures = [other for other, drive, failed in sights if drive == serial and failed]
        if failures and day > min(failures):
            continue  # after its failure
        if day + horizon_days > end:
            continue  # not all of the horizon is in the data
        if not failures and day + horizon_days > max(seen):
            continue  # it vanished
        soon = bool(failures) and min(failures) <= day + horizon_days
        labels[day, serial] = int(soon)
    return labels
