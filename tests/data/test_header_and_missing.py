"""CSV files without a header line, and words that mean missing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from podium.data import Columns, declared_source
from podium.errors import DataError
from podium.spec.parts import Data
from tests.data.tables import write, write_parquet

ROWS = '1,?,x\n2,3,"a, b"\n'


def table(data: Data, columns: Columns | None = None) -> pd.DataFrame:
    return declared_source(data, base=Path.cwd(), folder=Path.cwd()).read(columns)


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_a_file_without_a_header_gets_the_names_given(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ROWS)
    found = table(Data(source=str(path), header=("a", "b", "c")))
    assert list(found.columns) == ["a", "b", "c"]
    assert found["a"].tolist() == [1, 2]
    assert found["c"].tolist() == ["x", "a, b"]


def test_only_the_columns_wanted_are_read_by_the_names_given(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", ROWS)
    data = Data(source=str(path), header=("a", "b", "c"), missing=("?",))
    found = table(data, Columns(numeric=("b",), text=("a",)))
    assert found["a"].tolist() == ["1", "2"]
    assert found["b"].isna().tolist() == [True, False]
    assert found["b"].dtype == "float64"


def test_a_word_that_is_not_declared_missing_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", ROWS)
    found = table(Data(source=str(path), header=("a", "b", "c")))
    assert found["b"].tolist() == ["?", "3"]


def test_blanks_count_in_a_word_for_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "a,b\n1, ?\n2,?\n")
    found = table(Data(source=str(path), missing=(" ?",)), Columns(text=("b",)))
    assert found["b"].isna().tolist() == [True, False]


def test_words_are_missing_in_parquet_too(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "rows.parquet", a=["?", "x", "NA"], b=[1, 2, 3])
    found = table(Data(source=str(path), missing=("?", "NA")))
    assert found["a"].isna().tolist() == [True, False, True]
    assert found["b"].tolist() == [1, 2, 3]


def test_a_header_of_the_wrong_length_is_refused_with_both_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", ROWS)
    with pytest.raises(DataError, match=r"line 1: found 3 fields, and data\.header names 2"):
        table(Data(source=str(path), header=("a", "b")))


def test_a_broken_row_is_named_by_its_line_without_a_header(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "1,2\n3\n")
    with pytest.raises(DataError, match=r"line 2: found 1 fields, expected 2"):
        table(Data(source=str(path), header=("a", "b")))


def test_a_header_for_parquet_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "rows.parquet", a=[1])
    with pytest.raises(DataError, match=r"Parquet, which names its columns"):
        table(Data(source=str(path), header=("b",)))


def test_a_table_that_is_no_file_takes_neither() -> None:
    with pytest.raises(DataError, match="about files"):
        table(Data(source="iris", missing=("?",)))
