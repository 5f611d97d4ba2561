from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import DataError, UsageError
from podium.spec import Project
from projects.training.split import Parts, split_rows
from projects.training.target import Target
from projects.tuning.folds import Fold, folds_of
from tests.training.made import project_of, table_of

DATA = {
    "time": {"source": "m", "time": "t"},
    "group": {"source": "m", "group": "g"},
    "time and group": {"source": "m", "time": "t", "group": "g"},
    "random": {"source": "m"},
}
LABELS = {"binary": (0, 1), "multiclass": ("a", "b", "c"), "regression": ()}


@dataclass(frozen=True)
class Rows:
    """What is split, without any features."""

    target: Target
    time: np.ndarray | None = None
    group: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.target.y)


def rows_of(by: str, task: str = "binary", n: int = 1_000, groups: int = 60, seed: int = 1) -> Rows:
    draw = np.random.default_rng(seed)
    labels = LABELS[task]
    y = draw.integers(0, len(labels), n) if labels else draw.normal(size=n)
    days = np.datetime64("2024-01-01", "us") + draw.integers(0, 365, n) * np.timedelta64(1, "D")
    group = draw.integers(0, groups, n).astype(str).astype(object)
    return Rows(
        Target(y, labels),
        days if "time" in by else None,
        group if "group" in by else None,
    )


def project_by(by: str, task: str = "binary", **keys: Any) -> Project:
    return project_of(task, data=DATA[by], **keys)


def cut(
    by: str, rows: Rows, count: int | None = 4, seed: int = 0, task: str = "binary", **keys: Any
) -> tuple[Parts, tuple[Fold, ...]]:
    project = project_by(by, task, **keys)
    parts = split_rows(project, rows, seed)
    return parts, folds_of(project, rows, parts, count, seed)


@pytest.mark.parametrize("by", DATA)
def test_without_a_count_the_fold_is_training_against_validation(by: str) -> None:
    parts, (fold,) = cut(by, rows_of(by), None)
    assert np.array_equal(fold.train, parts.train)
    assert np.array_equal(fold.check, parts.validation)


@given(
    by=st.sampled_from(tuple(DATA)),
    task=st.sampled_from(tuple(LABELS)),
    count=st.integers(2, 5),
    seed=st.integers(0, 99),
    days=st.integers(0, 14),
)
@settings(max_examples=60, deadline=None)
def test_no_fold_has_rows_of_the_holdout_or_rows_on_both_sides(
    by: str, task: str, count: int, seed: int, days: int
) -> None:
    rows = rows_of(by, task, 4_000, groups=200, seed=seed)
    split = {"gap": f"{days}d"} if "time" in by and days else {}
    parts, folds = cut(by, rows, count, seed, task, split=split)
    pool = set(parts.train) | set(parts.validation)
    assert len(folds) == count
    for fold in folds:
        train, check = set(fold.train), set(fold.check)
        assert train | check <= pool
        assert not train & check
        assert len(train) == len(fold.train)
        assert np.all(np.diff(fold.train) > 0)
        assert np.all(np.diff(fold.check) > 0)
    checked = np.concatenate([fold.check for fold in folds])
    assert len(set(checked)) == len(checked)  # no row is judged twice
    if by in ("random", "group"):
        assert set(checked) == pool
    if rows.group is not None:
        for fold in folds:
            assert not set(rows.group[fold.train]) & set(rows.group[fold.check])
    if rows.time is not None:
        gap = np.timedelta64(timedelta(days=days))
        for fold in folds:
            assert rows.time[fold.check].min() - rows.time[fold.train].max() > gap


def test_by_time_each_fold_learns_from_more_and_is_judged_later() -> None:
    rows = rows_of("time")
    assert rows.time is not None
    parts, folds = cut("time", rows, 4)
    sizes = [len(fold.train) for fold in folds]
    total = len(parts.train) + len(parts.validation)
    assert sizes == pytest.approx([total * k / 5 for k in (1, 2, 3, 4)], abs=6)
    assert sum(len(fold.check) for fold in folds) + sizes[0] == total
    for earlier, later in pairwise(folds):
        assert set(earlier.train) | set(earlier.check) == set(later.train)
        assert rows.time[earlier.check].max() < rows.time[later.check].min()


@given(counts=st.lists(st.integers(1, 40), min_size=14, max_size=40), count=st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_rows_of_one_time_are_never_on_both_sides(counts: list[int], count: int) -> None:
    day = np.repeat(np.arange(len(counts)), counts)
    time = np.datetime64("2024-01-01", "us") + day * np.timedelta64(1, "D")
    rows = Rows(Target(np.arange(len(day), dtype=float)), time)
    try:
        _, folds = cut("time", rows, count, task="regression")
    except DataError:
        return  # too many rows of one time
    for fold in folds:
        assert not set(time[fold.train]) & set(time[fold.check])


def test_by_time_the_order_of_the_rows_does_not_matter() -> None:
    rows = rows_of("time")
    assert rows.time is not None
    order = np.random.default_rng(3).permutation(len(rows))
    shuffled = Rows(Target(rows.target.y[order], (0, 1)), rows.time[order])
    _, folds = cut("time", rows)
    _, others = cut("time", shuffled)
    for fold, other in zip(folds, others, strict=True):
        assert np.array_equal(fold.check, np.sort(order[other.check]))
        assert np.array_equal(fold.train, np.sort(order[other.train]))


def panel(units: int = 60, days: int = 120) -> Rows:
    """Each unit on each day."""
    day, unit = (axis.ravel() for axis in np.meshgrid(np.arange(days), np.arange(units)))
    time = np.datetime64("2024-01-01", "us") + day * np.timedelta64(1, "D")
    y = np.random.default_rng(0).integers(0, 2, len(day))
    return Rows(Target(y, (0, 1)), time, unit.astype(str).astype(object))


def test_units_that_are_seen_all_the_time_can_be_cut_by_time_and_group() -> None:
    rows = panel()
    assert rows.group is not None
    _, folds = cut("time and group", rows, 3)
    units = [set(rows.group[fold.check]) for fold in folds]
    assert not units[0] & units[1]
    assert not units[1] & units[2]
    assert all(len(fold.train) > 300 and len(fold.check) > 50 for fold in folds)


def test_a_unit_is_learnt_from_no_oftener_for_having_no_later_rows() -> None:
    whole = panel(400, 60)
    assert whole.time is not None
    assert whole.group is not None
    fails_early = whole.group.astype(int) % 2 == 0
    kept = ~(fails_early & (whole.time > np.datetime64("2024-01-12")))
    rows = Rows(Target(whole.target.y[kept], (0, 1)), whole.time[kept], whole.group[kept])
    parts, folds = cut("time and group", rows, 3)
    assert rows.group is not None
    early = rows.time[parts.train] <= np.datetime64("2024-01-12")  # type: ignore[index]
    there = parts.train[early]
    taken = np.isin(there, folds[-1].train)
    by_kind = pd.Series(taken).groupby(rows.group[there].astype(int) % 2).mean()
    assert by_kind[0] == pytest.approx(by_kind[1], abs=0.12)
    assert by_kind[0] > 0.5


@pytest.mark.parametrize("groups", [40, 3_000])
def test_by_group_the_folds_are_alike_in_size_and_classes(groups: int) -> None:
    rows = rows_of("group", n=12_000, groups=groups)
    _, folds = cut("group", rows, 4)
    sizes = [len(fold.check) for fold in folds]
    assert max(sizes) < 1.2 * min(sizes)
    shares = [rows.target.y[fold.check].mean() for fold in folds]
    assert max(shares) - min(shares) < 0.05


def test_at_random_classes_keep_their_share_in_each_fold() -> None:
    y = (np.arange(2_000) % 50 == 0).astype(int)
    _, folds = cut("random", Rows(Target(y, (0, 1))), 5)
    positive = [int(y[fold.check].sum()) for fold in folds]
    assert max(positive) - min(positive) <= 1


@pytest.mark.parametrize("by", ["group", "time and group", "random"])
def test_the_seed_decides(by: str) -> None:
    rows = rows_of(by)
    project = project_by(by)
    parts = split_rows(project, rows, 0)
    first, again, other = (folds_of(project, rows, parts, 3, seed) for seed in (1, 1, 2))
    for one, same in zip(first, again, strict=True):
        assert np.array_equal(one.train, same.train)
        assert np.array_equal(one.check, same.check)
    assert any(not np.array_equal(a.check, b.check) for a, b in zip(first, other, strict=True))


def test_a_table_that_was_read_is_cut_into_folds() -> None:
    made = rows_of("time and group")
    frame = pd.DataFrame(
        {"x": made.target.y * 1.5, "y": made.target.y, "t": made.time, "g": made.group}
    )
    project = project_by("time and group", features={"numeric": ["x"]})
    table = table_of(project, frame)
    folds = folds_of(project, table, split_rows(project, table, 0), 2, 0)
    assert all(len(fold.train) > 30 and len(fold.check) > 30 for fold in folds)


@pytest.mark.parametrize("count", [1, 21, 0, -3])
def test_a_number_of_folds_that_makes_no_sense_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match=f"folds: {count} is not between 2 and 20. Leave folds"):
        cut("random", rows_of("random"), count)


def test_too_few_rows_groups_or_rows_of_a_class_are_refused_before_cutting() -> None:
    remedy = "Use fewer folds, or leave folds out"
    with pytest.raises(DataError, match=rf"72 rows for .*: too few for 15 folds\. {remedy}"):
        cut("random", rows_of("random", n=90), 15)
    with pytest.raises(DataError, match="There are 4 groups of 'g': too few for 5 folds"):
        cut("group", rows_of("group", groups=5), 5)
    y = np.zeros(400, dtype=np.int64)
    y[::40] = 1
    with pytest.raises(DataError, match=r"There are 8 rows of the class '1' of 'y': too few for 9"):
        cut("random", Rows(Target(y, (0, 1))), 9)


def test_a_fold_that_lacks_a_class_is_named_with_the_side() -> None:
    rows = rows_of("time")
    assert rows.time is not None
    order = np.argsort(rows.time)
    y = np.ones(len(rows), dtype=np.int64)
    y[order[400:]] = np.arange(600) % 2
    late = Rows(Target(y, (0, 1)), rows.time)
    said = r"Fold 1 of 3 by time lacks the class '0' of 'y' among its \d+ rows to learn from"
    with pytest.raises(DataError, match=said):
        cut("time", late, 3)
    y = np.arange(len(rows)) % 2
    y[order[220:580]] = 1
    with pytest.raises(DataError, match=r"Fold 2 of 4 by time .* rows to be judged on"):
        cut("time", Rows(Target(y, (0, 1)), rows.time), 4)


def test_a_fold_with_too_few_rows_is_named_with_their_number() -> None:
    with pytest.raises(DataError, match=r"Fold 1 of 7 by time has 0 rows to learn from; at least"):
        cut("time", rows_of("time"), 7, split={"gap": "60d", "validation": 0.3})
    time = np.datetime64("2024-01-01", "us") + np.r_[
        np.zeros(600, dtype=int), np.arange(1, 401)
    ] * np.timedelta64(1, "D")
    one_day = Rows(Target(np.arange(1_000, dtype=float)), time)
    with pytest.raises(DataError, match=r"Fold 1 of 5 by time has 0 rows to learn from"):
        cut("time", one_day, 5, task="regression")
    with pytest.raises(DataError, match=r"Fold 1 of 12 by time and group has \d rows to be"):
        cut("time and group", rows_of("time and group"), 12)
