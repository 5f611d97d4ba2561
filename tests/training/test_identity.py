from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.artifact.scoring.values import category_values, datetime_values, numeric_values
from podium.spec import Features
from projects.training.identity import (
    ColumnKind,
    RowColumns,
    identity_columns,
    row_hashes,
    splitmix64,
)
from tests.training.made import MIXED_FEATURES, mixed, project_of, table_of

COLUMNS: RowColumns = (("number", "number"), ("kind", "category"), ("when", "time"))

PINNED = [
    10894510474301654292,
    12263083015942625233,
    13584965263100335685,
    8906698029764506772,
]


def frame_of(number: Any, kind: Any, when: Any, **dtypes: Any) -> pd.DataFrame:
    columns = {"number": number, "kind": kind, "when": when}
    return pd.DataFrame({n: pd.Series(v, dtype=dtypes.get(n, object)) for n, v in columns.items()})


def test_the_columns_are_features_target_time_and_group_each_once() -> None:
    project = project_of(
        features=MIXED_FEATURES,
        data={"source": "made", "time": "when", "group": "unit"},
        gate={"slices": ["region", "kind"]},
    )
    assert project.features is not None
    assert identity_columns(project, project.features) == (
        ("number", "number"),
        ("kind", "category"),
        ("words", "category"),
        ("when", "time"),
        ("y", "category"),
        ("unit", "category"),
    )


def test_the_target_of_a_regression_is_a_number() -> None:
    columns = identity_columns(project_of("regression"), Features(numeric=("a",)))
    assert columns == (("a", "number"), ("y", "number"))


def test_stored_hashes_stay_valid() -> None:
    """A change of these numbers makes every training's stored rows worthless: a new schema."""
    frame = frame_of(
        [1.5, 0, None, 1e300],
        ["AA", 7, "", "\u00e4\U0001f600"],
        ["2013-01-01T05:00:00Z", 1357016400, None, "1960-02-03"],
    )
    assert row_hashes(frame, COLUMNS).tolist() == PINNED
    assert row_hashes(frame, ()).tolist() == [int(splitmix64(np.zeros(1, np.uint64))[0])] * 4


def test_splitmix64_is_the_published_one() -> None:
    """The first outputs of the generator seeded with 0, as its authors' C code prints them."""
    step = np.uint64(0x9E3779B97F4A7C15)
    states = np.arange(3, dtype=np.uint64) * step
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert splitmix64(states).tolist() == expected


SAME = [
    ("number", [7, 7.0, "7", "7.0", np.float32(7), " 7e0"]),
    ("number", [0.0, -0.0, 0, "-0", False]),
    ("number", [None, float("nan"), "", pd.NA, "no number", float("inf")]),
    ("kind", [7, 7.0, "7", "7.0", np.int8(7)]),
    ("kind", [True, "true", np.True_]),
    ("kind", [None, float("nan"), "", pd.NaT]),
    (
        "when",
        [
            "2013-01-01T05:00:00Z",
            "2013-01-01 06:00:00+01:00",
            1357016400,
            pd.Timestamp("2013-01-01 05:00:00"),
            np.datetime64("2013-01-01T05:00:00", "ns"),
        ],
    ),
    ("when", [None, pd.NaT, "", "no time"]),
]


@pytest.mark.parametrize(("name", "values"), SAME)
def test_what_is_the_same_value_has_the_same_hash(name: str, values: list[Any]) -> None:
    kind = dict(COLUMNS)[name]
    frame = pd.DataFrame({name: pd.Series(values, dtype=object)})
    assert len(set(row_hashes(frame, ((name, kind),)).tolist())) == 1


def test_values_that_differ_have_different_hashes() -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"number": np.arange(50_000), "kind": draw.permutation(50_000)})
    assert len(np.unique(row_hashes(frame, COLUMNS[:2]))) == 50_000
    swapped = frame.rename(columns={"number": "kind", "kind": "number"})
    assert not np.isin(row_hashes(frame, COLUMNS[:2]), row_hashes(swapped, COLUMNS[:2])).any()


def test_a_kind_of_its_own_has_a_hash_of_its_own() -> None:
    frame = pd.DataFrame({"a": [7]})
    kinds: tuple[ColumnKind, ...] = ("number", "category", "time")
    assert len({int(row_hashes(frame, (("a", kind),))[0]) for kind in kinds}) == 3


def test_a_column_that_is_not_there_is_missing_and_others_do_not_count() -> None:
    frame = frame_of([1.5, None], ["a", "b"], [None, None])
    less = frame[["kind", "number"]].assign(other=[1, 2])
    np.testing.assert_array_equal(row_hashes(frame, COLUMNS), row_hashes(less, COLUMNS))
    assert row_hashes(frame.iloc[:0], COLUMNS).shape == (0,)


def test_strings_that_pandas_takes_for_one_are_two() -> None:
    frame = pd.DataFrame({"kind": pd.Series(["\ud800", "\\ud800", "a"], dtype=object)})
    assert len(set(row_hashes(frame, (("kind", "category"),)).tolist())) == 3


@pytest.mark.parametrize("write", ["csv", "parquet"])
def test_files_of_one_table_give_the_same_hashes_in_any_order(write: str, tmp_path: Any) -> None:
    frame = mixed("binary")
    project = project_of(features=MIXED_FEATURES, data={"source": "made", "time": "order"})
    columns = identity_columns(project, table_of(project, frame).declared)
    order = np.random.default_rng(1).permutation(len(frame))
    path = tmp_path / f"table.{write}"
    shuffled = frame.iloc[order]
    if write == "csv":
        shuffled.to_csv(path, index=False)
        read = pd.read_csv(path)
    else:
        shuffled.to_parquet(path)
        read = pd.read_parquet(path)
    np.testing.assert_array_equal(row_hashes(frame, columns)[order], row_hashes(read, columns))


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats() | st.integers() | st.text(max_size=3),
            st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=3),
            st.none() | st.integers(0, 2**33) | st.datetimes(),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_hashes_are_equal_where_the_canonical_values_are(rows: list[tuple[Any, ...]]) -> None:
    numbers, kinds, whens = zip(*rows, strict=True)
    frame = frame_of(numbers, kinds, whens)
    canonical = zip(
        np.nan_to_num(numeric_values(frame["number"])[0], nan=np.pi).tolist(),
        category_values(frame["kind"])[0].tolist(),
        datetime_values(frame["when"])[0].astype(np.int64).tolist(),
        strict=True,
    )
    by_values: dict[Any, int] = {}
    for values, found in zip(canonical, row_hashes(frame, COLUMNS).tolist(), strict=True):
        assert by_values.setdefault(values, found) == found
    assert len(set(by_values.values())) == len(by_values)
