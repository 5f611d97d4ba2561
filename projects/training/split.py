"""How rows are shared between training, validation and holdout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np

from podium.errors import DataError
from podium.spec import Project, label_text
from projects.training.table import Table

PartName = Literal["train", "validation", "holdout"]
PARTS: tuple[PartName, ...] = ("train", "validation", "holdout")
_MIN_ROWS = 5


@dataclass(frozen=True)
class Parts:
    """Positions of the rows of each part; `dropped` rows belong to none (gap, group)."""

    train: np.ndarray
    validation: np.ndarray
    holdout: np.ndarray
    dropped: int = 0

    def rows(self, part: PartName) -> np.ndarray:
        """Positions of the rows of `part`."""
        return {"train": self.train, "validation": self.validation, "holdout": self.holdout}[part]


def split_rows(project: Project, table: Table, seed: int) -> Parts:
    """Split as `project` declares.

    By time: the last rows are the holdout, those before it validation, with `gap` left out before
    each. By group: whole groups, at random. At random: stratified by class. Where a group is
    declared beside a time split, each group also belongs to one part only, and its rows outside
    that part's span are dropped. Raises DataError where a part is empty or lacks a class.
    """
    shares = (project.split.validation, project.split.holdout)
    by = project.split_by
    if by == "time":
        part = _by_time(_present(table.time), shares, project.split.gap)
        if table.group is not None:
            own = _by_group(table.group, shares, seed)
            part = np.where(own == part, part, -1)
    elif by == "group":
        part = _by_group(_present(table.group), shares, seed)
    else:
        part = _at_random(table.target.y, bool(table.target.labels), shares, seed)
    train, validation, holdout = (np.flatnonzero(part == place) for place in range(3))
    parts = Parts(train, validation, holdout, dropped=int((part < 0).sum()))
    _check(project, table, parts)
    return parts


def groups_in_several(groups: np.ndarray, parts: Parts) -> int:
    """How many groups have rows in more than one part."""
    distinct = [set(groups[parts.rows(name)]) for name in PARTS]
    return len({g for k, one in enumerate(distinct) for other in distinct[:k] for g in one & other})


def _by_time(time: np.ndarray, shares: tuple[float, float], gap: timedelta) -> np.ndarray:
    ordered = np.sort(time)
    validation, holdout = shares
    last = len(ordered) - 1
    starts = (
        ordered[min(last, round(len(ordered) * (1 - validation - holdout)))],
        ordered[min(last, round(len(ordered) * (1 - holdout)))],
    )
    pause = np.timedelta64(gap)
    part = np.full(len(time), -1, dtype=np.int64)
    part[time < starts[0] - pause] = 0
    part[(time >= starts[0]) & (time < starts[1] - pause)] = 1
    part[time >= starts[1]] = 2
    return part


def _by_group(group: np.ndarray, shares: tuple[float, float], seed: int) -> np.ndarray:
    distinct, codes, counts = np.unique(group.astype(str), return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    before = np.cumsum(counts[order]) - counts[order] / 2
    return _cut(before / len(group), shares, order)[codes]


def _at_random(y: np.ndarray, stratify: bool, shares: tuple[float, float], seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    part = np.empty(len(y), dtype=np.int64)
    strata = [np.flatnonzero(y == k) for k in np.unique(y)] if stratify else [np.arange(len(y))]
    for rows in strata:
        order = generator.permutation(len(rows))
        places = (np.arange(len(rows)) + 0.5) / len(rows)
        part[rows] = _cut(places, shares, order)
    return part


def _cut(places: np.ndarray, shares: tuple[float, float], order: np.ndarray) -> np.ndarray:
    """Parts for positions in 0..1 of shuffled items; returned in the items' own order."""
    validation, holdout = shares
    part = np.empty(len(order), dtype=np.int64)
    part[order] = np.digitize(places, [1 - validation - holdout, 1 - holdout])
    return part


def _present(values: np.ndarray | None) -> np.ndarray:
    if values is None:
        raise DataError("The split needs a column that was not read.")
    return values


def _check(project: Project, table: Table, parts: Parts) -> None:
    remedy = "Use more rows, another split, or other shares."
    for name in PARTS:
        rows = parts.rows(name)
        if len(rows) < _MIN_ROWS:
            raise DataError(
                f"The split by {project.split_by} leaves {len(rows)} rows for {name}; at least "
                f"{_MIN_ROWS} are needed.",
                remedy=remedy,
            )
        present = np.unique(table.target.y[rows])
        for code, label in enumerate(table.target.labels):
            if code not in present:
                raise DataError(
                    f"The split by {project.split_by} leaves the class {label_text(label)!r} of "
                    f"{project.target.column!r} out of {name} ({len(rows):,} rows).",
                    remedy=remedy,
                )
