from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import DataError
from projects.training.split import PARTS, Parts, groups_in_several, split_notes, split_rows
from projects.training.table import Table
from tests.training.made import project_of, table_of

FEATURES = {"numeric": ["x"]}


def frame_of(rows: int = 1_000, groups: int = 100) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "x": draw.normal(size=rows),
            "y": draw.integers(0, 2, rows),
            "t": pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 365, rows), "D"),
            "g": draw.integers(0, groups, rows).astype(str),
        }
    )


def split_of(frame: pd.DataFrame, seed: int = 0, **keys: Any) -> tuple[Table, Parts]:
    project = project_of(keys.pop("task", "binary"), features=FEATURES, **keys)
    table = table_of(project, frame)
    return table, split_rows(project, table, seed)


def covered(parts: Parts) -> np.ndarray:
    return np.sort(np.concatenate([parts.rows(part) for part in PARTS]))


def test_by_time_each_part_lies_after_the_one_before() -> None:
    table, parts = split_of(frame_of(), data={"source": "m", "time": "t"})
    train, validation, holdout = (table.time[parts.rows(part)] for part in PARTS)  # type: ignore[index]
    assert train.max() < validation.min() <= validation.max() < holdout.min()
    assert parts.dropped == 0
    assert covered(parts).tolist() == list(range(1_000))


@given(st.integers(1, 30), st.floats(0.1, 0.3), st.floats(0.1, 0.3))
@settings(max_examples=25, deadline=None)
def test_by_time_the_gap_lies_before_validation_and_before_holdout(
    days: int, holdout: float, validation: float
) -> None:
    shares = {"holdout": holdout, "validation": validation, "gap": f"{days}d"}
    table, parts = split_of(frame_of(), data={"source": "m", "time": "t"}, split=shares)
    train, check, last = (table.time[parts.rows(part)] for part in PARTS)  # type: ignore[index]
    gap = np.timedelta64(timedelta(days=days))
    assert check.min() - train.max() > gap
    assert last.min() - check.max() > gap
    assert parts.dropped == 1_000 - len(covered(parts))
    assert len(last) >= holdout * 1_000 - 1


def test_by_group_no_group_is_in_two_parts() -> None:
    table, parts = split_of(frame_of(), data={"source": "m", "group": "g"})
    assert table.group is not None
    assert groups_in_several(table.group, parts) == 0
    assert covered(parts).tolist() == list(range(1_000))
    assert len(parts.holdout) == pytest.approx(200, abs=30)


def test_by_time_with_groups_neither_time_nor_groups_overlap() -> None:
    table, parts = split_of(frame_of(), data={"source": "m", "time": "t", "group": "g"})
    assert table.group is not None
    assert table.time is not None
    assert groups_in_several(table.group, parts) == 0
    assert table.time[parts.train].max() < table.time[parts.validation].min()
    assert table.time[parts.validation].max() < table.time[parts.holdout].min()
    assert parts.dropped == 1_000 - len(covered(parts)) > 0


def test_groups_that_a_random_split_separates_are_counted() -> None:
    table, parts = split_of(frame_of(), data={"source": "m", "group": "g"}, split={"by": "random"})
    assert table.group is not None
    assert groups_in_several(table.group, parts) > 50


@given(
    st.integers(60, 500),
    st.floats(0.15, 0.4),
    st.floats(0.15, 0.4),
    st.floats(0.3, 0.7),
    st.integers(0, 99),
)
@settings(max_examples=50, deadline=None)
def test_at_random_parts_are_disjoint_cover_all_and_keep_shares_and_classes(
    rows: int, holdout: float, validation: float, positive: float, seed: int
) -> None:
    y = (np.arange(rows) < positive * rows).astype(int)
    frame = pd.DataFrame({"x": np.arange(rows, dtype=float), "y": y})
    _, parts = split_of(frame, seed, split={"holdout": holdout, "validation": validation})
    assert covered(parts).tolist() == list(range(rows))
    assert len(parts.holdout) == pytest.approx(holdout * rows, abs=2)
    assert len(parts.validation) == pytest.approx(validation * rows, abs=3)
    for part in PARTS:
        mine = y[parts.rows(part)]
        assert mine.sum() == pytest.approx(y.mean() * len(mine), abs=2)


def test_at_random_the_seed_decides() -> None:
    first, again, other = (split_of(frame_of(), seed)[1] for seed in (3, 3, 4))
    assert all(np.array_equal(first.rows(part), again.rows(part)) for part in PARTS)
    assert not np.array_equal(first.holdout, other.holdout)


def test_numbers_to_predict_are_split_at_random_without_classes() -> None:
    _, parts = split_of(frame_of().assign(y=frame_of()["x"]), task="regression")
    assert [len(parts.rows(part)) for part in PARTS] == [700, 100, 200]


def test_a_class_left_out_of_a_part_is_refused_by_name() -> None:
    frame = frame_of().sort_values("t").assign(y=["no"] * 900 + ["yes"] * 100)
    with pytest.raises(DataError, match="by time leaves the class 'yes' of 'y' out of train"):
        split_of(
            frame,
            data={"source": "m", "time": "t"},
            target={"column": "y", "positive": "yes"},
        )


def test_too_few_rows_are_refused_with_the_part_and_the_number() -> None:
    with pytest.raises(DataError, match="by random leaves 2 rows for validation; at least 5"):
        split_of(frame_of(20))
    with pytest.raises(DataError, match="by time leaves 0 rows for train"):
        split_of(frame_of(), data={"source": "m", "time": "t"}, split={"gap": "365d"})


BOTH = {"source": "m", "time": "t", "group": "g"}


def panel(units: int = 500, days: int = 40) -> pd.DataFrame:
    """Each group on each day."""
    day, unit = (axis.ravel() for axis in np.meshgrid(np.arange(days), np.arange(units)))
    frame = frame_of(len(day))
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, "D")
    return frame.assign(g=unit.astype(str), t=when)


@pytest.mark.parametrize("frame", [frame_of(1_500, 300), panel()], ids=["scattered", "panel"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_by_time_with_groups_the_kept_rows_have_the_declared_shares(
    frame: pd.DataFrame, seed: int
) -> None:
    _, parts = split_of(frame, seed, data=BOTH)
    kept = np.array([len(parts.rows(part)) for part in PARTS])
    assert kept.sum() / len(frame) == pytest.approx(0.39, abs=0.04)
    assert kept / kept.sum() == pytest.approx([0.7, 0.1, 0.2], abs=0.045)


def test_a_group_is_kept_no_oftener_for_having_no_later_rows() -> None:
    frame = panel()
    fails_early = frame["g"].astype(int) % 2 == 0
    frame = frame[~(fails_early & (frame["t"] > "2024-01-10"))].reset_index(drop=True)
    _, parts = split_of(frame, data=BOTH)
    early = frame["t"] <= "2024-01-10"
    kept = frame[early].index.isin(parts.train)
    shares = pd.Series(kept).groupby(frame.loc[early, "g"].astype(int).to_numpy() % 2).mean()
    assert shares[0] == pytest.approx(shares[1], abs=0.1)


def test_by_time_with_groups_a_part_of_few_rows_is_refused() -> None:
    with pytest.raises(DataError, match=r"by time and group leaves \d+ rows for validation; at"):
        split_of(frame_of(300), data=BOTH)
    with pytest.raises(DataError, match="at least 100 are needed"):
        split_of(panel(), data=BOTH, split={"validation": 0.001, "holdout": 0.2})


def test_what_is_left_out_is_said_with_the_reason() -> None:
    project = project_of(features=FEATURES, data=BOTH)
    _, parts = split_of(panel(), data=BOTH)
    (note,) = split_notes(project, parts)
    assert note.startswith(f"{parts.dropped:,} of 20,000 rows (6")
    assert note.endswith("outside the time of the one part that has their 'g'")
    assert not list(split_notes(project_of(), split_of(frame_of())[1]))


@pytest.mark.parametrize("missing", [None, ""])
def test_rows_without_a_group_are_refused(missing: str | None) -> None:
    frame = frame_of()
    frame.loc[[7, 9], "g"] = missing
    with pytest.raises(
        DataError,
        match=r"'g' is missing .* 2 of 1,000 rows, the first .* row 7 \(counting from 0\)\.",
    ):
        split_of(frame, data={"source": "m", "group": "g"})
