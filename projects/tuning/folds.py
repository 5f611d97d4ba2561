"""Which rows the trials of a search learn from and are judged on; never any of the holdout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from podium.errors import DataError, UsageError
from podium.spec import Project, label_text
from projects.training.split import Parts, Splittable

MIN_FOLDS, MAX_FOLDS = 2, 20
_MIN_ROWS = 5
# Beyond, scikit-learn's stratification of groups takes minutes, and chance balances them as well.
_MAX_STRATIFIED_GROUPS = 2_000
_REMEDY = "Use fewer folds, or leave folds out to judge trials on the validation rows."

Cut = Iterator[tuple[np.ndarray, np.ndarray]]  # positions, or masks, within the rows that are cut


@dataclass(frozen=True)
class Fold:
    """Positions in the table, ascending: rows to learn from, and rows to be judged on."""

    train: np.ndarray
    check: np.ndarray


def folds_of(
    project: Project, table: Splittable, parts: Parts, count: int | None, seed: int
) -> tuple[Fold, ...]:
    """Training against validation rows where `count` is None, else `count` folds of both.

    By time: the rows lie, in order of time, in count + 1 blocks, as equal as equal times let
    them be; fold k is judged on block k and learns from the blocks before, less `split.gap`
    before block k starts. By time with a group: see `_by_time_and_group`. By group: whole groups,
    with classes in like shares. At random: stratified by class.
    Raises UsageError for a count outside 2 to 20, and DataError where a fold has too few rows or
    lacks a class.
    """
    if count is None:
        return (Fold(parts.train, parts.validation),)
    if not MIN_FOLDS <= count <= MAX_FOLDS:
        raise UsageError(
            f"folds: {count} is not between {MIN_FOLDS} and {MAX_FOLDS}.",
            remedy="Leave folds out to judge trials on the validation rows.",
        )
    rows = np.sort(np.concatenate([parts.train, parts.validation]))
    _check_counts(project, table, rows, count)
    cut = _cut(project, table, rows, count, seed, np.isin(rows, parts.validation))
    folds = tuple(Fold(rows[train], rows[check]) for train, check in cut)
    for k, fold in enumerate(folds, start=1):
        _check(project, table, fold, f"Fold {k} of {count} by {_by(project, table)}")
    return folds


def _cut(
    project: Project,
    table: Splittable,
    rows: np.ndarray,
    count: int,
    seed: int,
    validating: np.ndarray,
) -> Cut:
    y, stratify = table.target.y[rows], bool(table.target.labels)
    if project.split_by == "random":
        return _at_random(y, stratify, count, seed)
    group = None if table.group is None else _codes(table.group[rows])
    if project.split_by == "time" and table.time is not None:
        blocks = _by_time(table.time[rows], count, np.timedelta64(project.split.gap))
        if group is None:
            return blocks
        return _by_time_and_group(blocks, _shares(group, validating, count, seed))
    if group is None:
        raise DataError(f"Folds by {project.split_by} need a column that was not read.")
    return _by_group(group, y, stratify, count, seed)


def _by_time(time: np.ndarray, count: int, gap: np.timedelta64) -> Cut:
    ordered = np.sort(time)
    starts = [ordered[round(len(time) * k / (count + 1))] for k in range(1, count + 1)]
    for k, start in enumerate(starts):
        before_the_next = time < starts[k + 1] if k + 1 < count else np.True_
        yield time < start - gap, (time >= start) & before_the_next


def _by_time_and_group(blocks: Cut, share: np.ndarray) -> Cut:
    """Folds that share neither time nor groups: fold k is judged on the k-th share of the groups.

    It learns from the other groups. A group's share does not depend on when its rows are: were
    the groups of block k taken out of what it learns from instead, only units that have no later
    rows would be left there, such as those that failed early; and where each unit is seen all the
    time, none at all.
    """
    for k, (train, check) in enumerate(blocks):
        yield train & (share != k), check & (share == k)


def _shares(group: np.ndarray, validating: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Each row's share of the groups, of `count`; those of training and of validation rows are
    shared out each, as the latest rows are of the second only.
    """
    of_validation = np.zeros(group.max() + 1, dtype=bool)
    of_validation[group[validating]] = True
    drawn = np.random.default_rng(seed).permutation(len(of_validation))
    place = np.argsort(np.lexsort((drawn, of_validation)))
    return np.asarray(place[group] % count)


def _by_group(group: np.ndarray, y: np.ndarray, stratify: bool, count: int, seed: int) -> Cut:
    from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

    balanced = stratify and group.max() < _MAX_STRATIFIED_GROUPS
    kind = StratifiedGroupKFold if balanced else GroupKFold
    yield from kind(count, shuffle=True, random_state=seed).split(group, y, group)


def _at_random(y: np.ndarray, stratify: bool, count: int, seed: int) -> Cut:
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = StratifiedKFold if stratify else KFold
    yield from kind(count, shuffle=True, random_state=seed).split(y, y)


def _codes(group: np.ndarray) -> np.ndarray:
    """Each row's group as a number from 0, the same for the same groups in any order of rows."""
    return np.unique(group.astype(str), return_inverse=True)[1]


def _by(project: Project, table: Splittable) -> str:
    both = project.split_by == "time" and table.group is not None
    return f"{project.split_by} and group" if both else project.split_by


def _check_counts(project: Project, table: Splittable, rows: np.ndarray, count: int) -> None:
    """Refuse what no cut could do; scikit-learn warns of some of it only."""
    if len(rows) < _MIN_ROWS * count:
        raise _too_many(f"{len(rows):,} rows for training and validation", count)
    if project.split_by == "group" and table.group is not None:
        groups = len(set(table.group[rows].tolist()))
        if groups < count:
            raise _too_many(f"{groups:,} groups of {project.data.group!r}", count)
    for code, label in enumerate(table.target.labels):
        of_class = int((table.target.y[rows] == code).sum())
        if of_class < count:
            named = f"{label_text(label)!r} of {project.target.column!r}"
            raise _too_many(f"{of_class:,} rows of the class {named}", count)


def _too_many(what: str, count: int) -> DataError:
    return DataError(f"There are {what}: too few for {count} folds.", remedy=_REMEDY)


def _check(project: Project, table: Splittable, fold: Fold, named: str) -> None:
    for rows, purpose in ((fold.train, "learn from"), (fold.check, "be judged on")):
        if len(rows) < _MIN_ROWS:
            raise DataError(
                f"{named} has {len(rows):,} rows to {purpose}; at least {_MIN_ROWS} are needed.",
                remedy=_REMEDY,
            )
        present = np.unique(table.target.y[rows])
        for code, label in enumerate(table.target.labels):
            if code not in present:
                raise DataError(
                    f"{named} lacks the class {label_text(label)!r} of {project.target.column!r} "
                    f"among its {len(rows):,} rows to {purpose}.",
                    remedy=_REMEDY,
                )
