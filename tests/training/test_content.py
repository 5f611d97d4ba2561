"""What a training used of its table: one form and one digest, whatever file it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.data import content_digest, resolve_source
from podium.spec import Project
from projects.training.split import PARTS, split_rows
from projects.training.table import Table, read_table, slice_columns
from tests.training.made import table_of

PROJECT: dict[str, Any] = {
    "name": "made",
    "task": "binary",
    "data": {"source": "made.csv", "time": "at", "group": "unit"},
    "target": {"column": "failed", "positive": 1},
    "features": {
        "numeric": ["load"],
        "categorical": ["code"],
        "text": ["note"],
        "datetime": {"at": ["hour"]},
    },
    "gate": {"slices": ["site", "level"]},
}
COLUMNS = ["at", "code", "failed", "level", "load", "note", "site", "unit"]


def rows(n: int = 1200) -> pd.DataFrame:
    random = np.random.default_rng(0)
    at = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(np.arange(n), unit="h")
    return pd.DataFrame(
        {
            "load": random.normal(size=n).round(6),
            "code": random.integers(5, 8, n),
            "note": [None if k % 7 == 0 else f"7.0 {k % 3}" for k in range(n)],
            "at": at,
            "unit": [k % 60 for k in range(n)],
            "site": [["n", "s", None][k % 3] for k in range(n)],
            "level": random.integers(0, 3, n),
            "failed": np.arange(n) % 2,
            "unused": "x",
        }
    )


def table(path: Path, project: Project) -> Table:
    return read_table(project, resolve_source(str(path), path.parent))


@pytest.fixture
def project() -> Project:
    return Project.model_validate(PROJECT)


@pytest.fixture
def from_csv(tmp_path: Path, project: Project) -> Table:
    rows().to_csv(tmp_path / "made.csv", index=False)
    return table(tmp_path / "made.csv", project)


def test_content_holds_every_column_used_in_the_order_of_names(
    from_csv: Table, project: Project
) -> None:
    content = from_csv.content(project)
    assert list(content.columns) == COLUMNS
    assert {name: str(kind) for name, kind in content.dtypes.items()} == {
        "at": "datetime64[us, UTC]",
        "code": "str",
        "failed": "int64",
        "level": "float64",
        "load": "float64",
        "note": "str",
        "site": "str",
        "unit": "str",
    }
    assert from_csv.digest == content_digest(content)


def test_the_digest_does_not_depend_on_the_format_of_the_file(
    tmp_path: Path, from_csv: Table, project: Project
) -> None:
    frame = rows()
    frame.to_parquet(tmp_path / "made.parquet")
    as_others = frame.assign(
        code=frame["code"].astype("float64"),
        at=frame["at"].dt.tz_convert("Asia/Tokyo"),
        load=frame["load"].astype("str"),
        unit=frame["unit"].astype("category"),
    )[list(reversed(frame.columns))]
    as_others.to_parquet(tmp_path / "others.parquet")
    frame.to_csv(tmp_path / "made.csv.gz", index=False)
    frame.to_csv(tmp_path / "made.tsv", index=False, sep="\t")
    names = ("made.parquet", "others.parquet", "made.csv.gz", "made.tsv")
    assert {table(tmp_path / name, project).digest for name in names} == {from_csv.digest}


@pytest.mark.parametrize(
    ("column", "value"),
    [("load", 0.5), ("code", 9), ("note", "other"), ("site", "w"), ("unit", 99), ("failed", 1)],
)
def test_any_other_value_of_a_column_used_is_another_digest(
    tmp_path: Path, from_csv: Table, project: Project, column: str, value: Any
) -> None:
    frame = rows()
    frame.loc[8, column] = value
    frame.to_csv(tmp_path / "other.csv", index=False)
    assert table(tmp_path / "other.csv", project).digest != from_csv.digest


def test_a_column_that_is_not_used_does_not_count(
    tmp_path: Path, from_csv: Table, project: Project
) -> None:
    rows().assign(unused="y").to_csv(tmp_path / "other.csv", index=False)
    assert table(tmp_path / "other.csv", project).digest == from_csv.digest


def test_the_order_in_which_features_are_declared_does_not_count(tmp_path: Path) -> None:
    rows().to_csv(tmp_path / "made.csv", index=False)
    numbers = {**PROJECT, "features": {"numeric": ["load", "level", "code"]}}
    turned = {**PROJECT, "features": {"numeric": ["code", "level", "load"]}}
    digests = {
        table(tmp_path / "made.csv", Project.model_validate(p)).digest for p in (numbers, turned)
    }
    assert len(digests) == 1


def assert_alike(first: Table, second: Table, project: Project) -> None:
    assert first.digest == second.digest
    pd.testing.assert_frame_equal(first.features, second.features)
    np.testing.assert_array_equal(first.target.y, second.target.y)
    assert first.target.labels == second.target.labels
    assert [type(label) for label in first.target.labels] == [
        type(label) for label in second.target.labels
    ]
    parts = [split_rows(project, one, 0) for one in (first, second)]
    for part in PARTS:
        np.testing.assert_array_equal(parts[0].rows(part), parts[1].rows(part))


def test_training_rows_made_of_the_content_are_the_same(
    tmp_path: Path, from_csv: Table, project: Project
) -> None:
    from_csv.content(project).to_parquet(tmp_path / "content.parquet")
    assert_alike(from_csv, table(tmp_path / "content.parquet", project), project)


def with_labels(path: Path, labels: list[Any], positive: Any) -> tuple[Table, Project]:
    declared = {**PROJECT, "target": {"column": "failed", "positive": positive}}
    project = Project.model_validate(declared)
    frame = rows().assign(failed=[labels[k % 2] for k in range(1200)])
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return table(path, project), project


@pytest.mark.parametrize("labels", [["yes", "no"], [2, 1], [1.5, 2.5], ["1", "x"]])
def test_labels_keep_their_type(tmp_path: Path, labels: list[Any]) -> None:
    first, project = with_labels(tmp_path / "a.csv", labels, labels[0])
    first.content(project).to_parquet(tmp_path / "b.parquet")
    second = table(tmp_path / "b.parquet", project)
    assert_alike(first, second, project)
    assert first.target.labels == tuple(reversed(labels))


@pytest.mark.parametrize("labels", [[True, False], [2**53 + 1, 2**53]])
def test_labels_that_a_number_would_not_tell_apart_are_kept_as_words(
    tmp_path: Path, labels: list[Any]
) -> None:
    first, project = with_labels(tmp_path / "a.parquet", labels, labels[0])
    first.content(project).to_parquet(tmp_path / "b.parquet")
    second = table(tmp_path / "b.parquet", project)
    assert first.digest == second.digest
    np.testing.assert_array_equal(first.target.y, second.target.y)
    assert first.target.y.mean() == 0.5


def test_truth_values_and_numbers_are_different_labels(tmp_path: Path) -> None:
    truths, _ = with_labels(tmp_path / "a.parquet", [True, False], True)
    numbers, _ = with_labels(tmp_path / "a.csv", [1, 0], 1)
    assert truths.digest != numbers.digest
    read_from_text, _ = with_labels(tmp_path / "b.csv", [True, False], True)
    assert truths.digest == read_from_text.digest


NUMBERED = [f"{k % 60:03}" for k in range(1200)]
ZONED = [f"2024-01-{k % 28 + 1:02}T00:00:00{['Z', '+02:00'][k % 2]}" for k in range(1200)]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("column", "values", "declared"),
    [
        ("unit", NUMBERED, {"features": {"numeric": ["unit", "load"]}}),
        ("unit", ZONED, {"features": {"numeric": ["load"], "datetime": {"unit": ["day"]}}}),
        ("unit", [2**53 + k % 60 for k in range(1200)], {"features": {"numeric": ["unit"]}}),
        ("at", range(10**9, 10**9 + 1200), {"features": {"categorical": ["at", "code"]}}),
        ("at", None, {"gate": {"slices": ["at"]}}),
        ("load", ["bad", *range(1199)], {"gate": {"slices": ["load"]}}),
    ],
)
def test_a_column_of_several_uses_gives_the_same_in_each_of_them(
    tmp_path: Path, suffix: str, column: str, values: Any, declared: dict[str, Any]
) -> None:
    project = Project.model_validate({**PROJECT, **declared})
    frame = rows()
    if values is not None:
        kind = object if column == "load" else None
        frame[column] = pd.Series(list(values), dtype=kind)
    if column == "load":
        frame["load"] = frame["load"].astype(str)
    path = tmp_path / f"made{suffix}"
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    first = table(path, project)
    first.content(project).to_parquet(tmp_path / "content.parquet")
    second = table(tmp_path / "content.parquet", project)
    assert_alike(first, second, project)
    every = np.arange(len(first))
    cut, again = (slice_columns(project, one, every) for one in (first, second))
    assert cut.keys() == again.keys()
    for name in cut:
        np.testing.assert_array_equal(cut[name], again[name])


ODD = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=False),
    st.integers(-(10**18), 10**18),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8),
    st.sampled_from(["7", "7.0", "nan", "true", "", " ", "1e5", "007"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ODD, min_size=20, max_size=40), st.lists(ODD, min_size=20, max_size=40))
def test_whatever_the_values_content_of_content_is_content(
    first: list[Any], second: list[Any]
) -> None:
    n = min(len(first), len(second))
    raw = pd.DataFrame(
        {
            "code": pd.Series(first[:n], dtype=object),
            "note": pd.Series(second[:n], dtype=object),
            "y": np.arange(n) % 2,
        }
    )
    declared = {
        "name": "odd",
        "task": "binary",
        "data": {"source": "x.csv"},
        "target": {"column": "y"},
        "features": {"categorical": ["code"], "text": ["note"]},
    }
    project = Project.model_validate(declared)
    one = table_of(project, raw)
    content = one.content(project)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pandas(content, preserve_index=False), sink)
    again = pq.read_table(pa.BufferReader(sink.getvalue())).to_pandas()
    two = table_of(project, again)
    assert one.digest == two.digest
    pd.testing.assert_frame_equal(one.features, two.features)
