"""CSV files without a header line, and words that mean missing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
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


def test_words_that_are_numbers_are_missing_in_parquet_as_in_csv(tmp_path: Path) -> None:
    csv = write(tmp_path / "rows.csv", "a,b,c\n-1,-99.9,0.5\n5,1.5,-1\n999,999,2.5\n")
    parquet = write_parquet(
        tmp_path / "rows.parquet", a=[-1, 5, 999], b=[-99.9, 1.5, 999.0], c=[0.5, -1.0, 2.5]
    )
    words = ("-1", "999", "-99.9", "?", "1" * 30)
    first, second = (table(Data(source=str(path), missing=words)) for path in (csv, parquet))
    pd.testing.assert_frame_equal(first, second)
    assert second["a"].isna().tolist() == [True, False, True]


@pytest.mark.parametrize("kind", [pa.float32(), pa.int8(), pa.decimal128(5, 1)])
def test_numbers_of_few_bits_are_compared_as_they_are_stored(
    tmp_path: Path, kind: pa.DataType
) -> None:
    path, word = tmp_path / "rows.parquet", "-99" if kind == pa.int8() else "-99.9"
    values = pa.array([Decimal(word), Decimal(4), None]).cast(pa.float64()).cast(kind, safe=False)
    write_parquet(path, a=values, b=values.dictionary_encode())
    found = table(Data(source=str(path), missing=(word,)))
    assert found["a"].isna().tolist() == found["b"].isna().tolist() == [True, False, True]


def test_a_header_for_a_file_that_has_one_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"line 1: the file has a header line") as caught:
        table(Data(source=str(path), header=("a", "b")))
    assert caught.value.remedy == "Remove data.header."


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
