"""How rows are shared between training, validation and holdout."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

import numpy as np

from podium.errors import DataError
from podium.spec import Project, Split, label_text
from podium.spec.durations import format_duration
from projects.training.target import Target

PartName = Literal["train", "validation", "holdout"]
PARTS: tuple[PartName, ...] = ("train", "validation", "holdout")
_MIN_ROWS = 5
_MIN_KEPT_ROWS, _MIN_KEPT_SHARE = 30, 0.005  # where a group beside the time costs rows


class Splittable(Protocol):
    """Rows with what a split goes by; None where the project declares no such column."""

    @property
    def target(self) -> Target: ...
    @property
    def time(self) -> np.ndarray | None: ...
    @property
    def group(self) -> np.ndarray | None: ...
    def __len__(self) -> int: ...


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


def split_rows(project: Project, table: Splittable, seed: int) -> Parts:
    """Split as `project` declares.

    By time: the last rows are the holdout, those before it validation, with `gap` left out before
    each. By group: whole groups, at random. At random: stratified by class. By time with a
    group: see `_by_time_and_group`. Raises DataError where a part is too small or lacks a class.
    """
    shares = (project.split.validation, project.split.holdout)
    by = project.split_by
    if by == "time" and table.group is not None:
        part = _by_time_and_group(_present(table.time), table.group, project.split, seed)
    elif by == "time":
        part = _by_time(_present(table.time), shares, project.split.gap)
    elif by == "group":
        part = _by_group(_present(table.group), shares, seed)
    else:
        part = _at_random(table.target.y, bool(table.target.labels), shares, seed)
    train, validation, holdout = (np.flatnonzero(part == place) for place in range(3))
    parts = Parts(train, validation, holdout, dropped=int((part < 0).sum()))
    _check(project, table, parts)
    return parts


def split_notes(project: Project, parts: Parts) -> Iterator[str]:
    """A sentence on the rows that no part has, and why."""
    if not parts.dropped:
        return
    why = [f"they lie in a gap of {format_duration(project.split.gap)}"] * bool(project.split.gap)
    if project.data.group is not None:
        group = project.data.group
        why.append(f"they lie outside the time of the one part that has their {group!r}")
    total = parts.dropped + sum(len(parts.rows(name)) for name in PARTS)
    share = parts.dropped / total
    yield f"{parts.dropped:,} of {total:,} rows ({share:.0%}) are left out: {' or '.join(why)}"


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


def _by_time_and_group(time: np.ndarray, group: np.ndarray, split: Split, seed: int) -> np.ndarray:
    """Parts that share neither time nor groups; rows outside their group's part are left out.

    Time and groups are each cut in the ratio of the roots of the declared shares: what is kept,
    their product, then has the declared shares (more or less, as groups are whole), and no other
    cut keeps more of it (Cauchy-Schwarz): 1 / (√train + √validation + √holdout)² of the rows,
    39 % of them for 0.7, 0.1, 0.2. A group's part does not depend on when its rows are: else
    units that fail early, and have no later rows, would be kept more often than the others.
    """
    roots = np.sqrt([1 - split.validation - split.holdout, split.validation, split.holdout])
    _, validation, holdout = (float(root) for root in roots / roots.sum())
    by_time = _by_time(time, (validation, holdout), split.gap)
    by_group = _by_group(group, (validation, holdout), seed)
    return np.where(by_group == by_time, by_time, -1)


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


def _check(project: Project, table: Splittable, parts: Parts) -> None:
    remedy = "Use more rows, another split, or other shares."
    both = project.split_by == "time" and table.group is not None
    by = f"{project.split_by} and group" if both else project.split_by
    needed = max(_MIN_KEPT_ROWS, math.ceil(_MIN_KEPT_SHARE * len(table))) if both else _MIN_ROWS
    for name in PARTS:
        rows = parts.rows(name)
        if len(rows) < needed:
            raise DataError(
                f"The split by {by} leaves {len(rows):,} rows for {name}; at least "
                f"{needed:,} are needed.",
                remedy=remedy,
            )
        present = np.unique(table.target.y[rows])
        for code, label in enumerate(table.target.labels):
            if code not in present:
                raise DataError(
                    f"The split by {by} leaves the class {label_text(label)!r} of "
                    f"{project.target.column!r} out of {name} ({len(rows):,} rows).",
                    remedy=remedy,
                )
