from __future__ import annotations

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from podium.errors import DataError
from projects.training.identity import row_hashes
from projects.training.split import split_rows
from projects.training.training_rows import TrainingRows
from tests.training.made import MIXED_FEATURES, mixed, project_of, table_of

COLUMNS = (("distance", "number"), ("carrier", "category"), ("at", "time"))


def rows_of(*hashes: int) -> TrainingRows:
    return TrainingRows(COLUMNS, np.array(hashes, dtype=np.uint64))


def rewritten(content: bytes, **described: str) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    metadata = table.schema.metadata | {
        f"podium.{key}".encode(): value.encode() for key, value in described.items()
    }
    file = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), file)
    return file.getvalue()


@given(npst.arrays(np.uint64, st.integers(0, 50)))
def test_what_was_written_is_read_sorted(hashes: np.ndarray) -> None:
    read = TrainingRows.from_bytes(TrainingRows(COLUMNS, hashes).to_bytes())
    np.testing.assert_array_equal(read.hashes, np.sort(hashes))
    assert read.hashes.dtype == np.uint64
    assert read.columns == COLUMNS


def test_any_reader_of_parquet_sees_one_column_and_what_it_is() -> None:
    table = pq.read_table(io.BytesIO(rows_of(2**64 - 1, 3, 0).to_bytes()))
    assert table.to_pydict() == {"hash": [0, 3, 2**64 - 1]}
    metadata = table.schema.metadata
    assert metadata[b"podium.schema"] == b"1"
    assert metadata[b"podium.rows"] == b"3"
    assert b'["carrier", "category"]' in metadata[b"podium.columns"]


def test_a_row_takes_about_six_bytes() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**64, 200_000, dtype=np.uint64)
    assert len(TrainingRows(COLUMNS, hashes).to_bytes()) < 6.5 * len(hashes)


def test_training_and_validation_rows_are_kept_and_the_holdout_is_not() -> None:
    project = project_of(features=MIXED_FEATURES, gate={"slices": ["order"]})
    table = table_of(project, mixed("binary"))
    parts = split_rows(project, table, 0)
    stored = TrainingRows.of(project, table, parts)
    assert len(stored) == len(parts.train) + len(parts.validation)
    assert "order" not in dict(stored.columns)
    hashes = row_hashes(table.raw, stored.columns)
    assert np.isin(hashes[np.concatenate([parts.train, parts.validation])], stored.hashes).all()
    assert not np.isin(hashes[parts.holdout], stored.hashes).any()


def test_a_newer_schema_is_refused_by_name() -> None:
    content = rewritten(rows_of(1).to_bytes(), schema="2")
    with pytest.raises(DataError, match=r"training_rows\.parquet has schema 2; .* reads 1"):
        TrainingRows.from_bytes(content)


@pytest.mark.parametrize(
    "described",
    [
        {"schema": "one"},
        {"rows": "2"},
        {"rows": ""},
        {"columns": "["},
        {"columns": '[["a", "colour"]]'},
        {"columns": "[7]"},
        {"columns": "{}x"},
    ],
)
def test_a_description_that_does_not_fit_is_damage(described: dict[str, str]) -> None:
    content = rewritten(rows_of(1).to_bytes(), **described)
    with pytest.raises(DataError, match=r"training_rows\.parquet is damaged"):
        TrainingRows.from_bytes(content)


@pytest.mark.parametrize("content", [b"", b"hash\n1\n", b"PAR1" + bytes(20) + b"PAR1"])
def test_what_is_no_parquet_is_damage(content: bytes) -> None:
    with pytest.raises(DataError, match="is damaged"):
        TrainingRows.from_bytes(content)


def test_another_parquet_file_is_damage() -> None:
    file = io.BytesIO()
    mixed("binary").to_parquet(file)
    with pytest.raises(DataError, match="is damaged"):
        TrainingRows.from_bytes(file.getvalue())


def test_flipped_and_missing_bytes_are_noticed_or_change_nothing() -> None:
    draw = np.random.default_rng(0)
    whole = rows_of(*draw.integers(0, 2**63, 200).tolist())
    content, expected = whole.to_bytes(), np.sort(whole.hashes)
    for place in range(0, len(content), 3):
        broken = bytearray(content)
        broken[place] ^= 0xFF
        for changed in (bytes(broken), content[:place]):
            try:
                read = TrainingRows.from_bytes(changed)
            except DataError:
                continue
            np.testing.assert_array_equal(read.hashes, expected)
