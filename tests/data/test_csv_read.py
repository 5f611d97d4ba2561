from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest

from podium.data import Columns
from podium.errors import DataError
from tests.data.tables import read, write
from tests.real_data import real_data

AS_FOUND = Columns(other=("a", "b"))


def test_only_the_wanted_columns_come_in_the_order_wanted(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b,c\n1,x,2.5\n3,y,4\n")
    frame = read(path, Columns(numeric=("c",), text=("b",)))
    assert list(frame.columns) == ["c", "b"]
    assert frame["c"].tolist() == [2.5, 4.0]
    assert frame.index.equals(pd.RangeIndex(2))


def test_text_keeps_its_leading_zeros_and_a_target_its_type(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n007,1\n010,0\n")
    frame = read(path, Columns(text=("a",), other=("b",)))
    assert frame["a"].tolist() == ["007", "010"]
    assert frame["a"].dtype == "str"
    assert frame["b"].dtype == "int64"


def test_only_the_empty_field_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'a,b\nNA,1\n"",2\nnull,\nnan,4\n')
    frame = read(path, Columns(text=("a",), numeric=("b",)))
    assert frame["a"].isna().tolist() == [False, True, False, False]
    assert frame["a"].tolist()[3] == "nan"
    assert frame["b"].dtype == "float64"
    assert frame["b"].isna().tolist() == [False, False, True, False]


def test_a_number_column_with_the_word_nan_comes_as_strings(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n1.50,1\nnan,2\n,3\n")
    frame = read(path, Columns(numeric=("a", "b")))
    assert frame["a"].tolist()[:2] == ["1.50", "nan"]
    assert frame["a"].isna().tolist() == [False, False, True]
    assert frame["b"].dtype == "int64"


def test_a_number_column_that_looks_like_dates_comes_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n2020-01-02,1\n2021-01-02,2\n")
    assert read(path, Columns(numeric=("a",)))["a"].tolist() == ["2020-01-02", "2021-01-02"]
    assert read(path, Columns(other=("a",)))["a"].dtype.kind == "M"


def test_junk_far_behind_the_first_block_makes_strings_of_the_column(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number}.5\n" for number in range(600_000))
    path = write(tmp_path / "t.csv", f"a,b\n{rows}oops,1\n")
    frame = read(path, Columns(numeric=("a", "b")))
    assert frame["a"].dtype == "str"
    assert frame["a"].iloc[-1] == "oops"
    assert frame["a"].iloc[7] == "7"
    assert frame["b"].dtype == "float64"


def test_integers_before_decimals_become_decimals(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n" + "1,1\n" * 1_500_000 + "2.5,1\n")
    frame = read(path, AS_FOUND)
    assert frame["a"].dtype == "float64"
    assert frame["a"].iloc[-1] == 2.5


def test_truth_values_are_words_and_never_digits(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\ntrue,0\nFalse,1\n")
    frame = read(path, AS_FOUND)
    assert frame["a"].dtype == "bool"
    assert frame["b"].dtype == "int64"


def test_numbers_can_be_written_to(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "t.csv", "a,b\n1,2.5\n"), AS_FOUND)
    frame.loc[0, "a"] = 5
    frame["b"] += 1
    assert frame.iloc[0].tolist() == [5, 3.5]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_byte_order_mark_windows_lines_and_quoted_newlines_are_read(
    tmp_path: Path, name: str
) -> None:
    content = b'\xef\xbb\xbfa,b\r\n1,"two\r\nlines, ""quoted"""\r\n\r\n2,"z"\r\n'
    frame = read(write(tmp_path / name, content), Columns(numeric=("a",), text=("b",)))
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].tolist() == ['two\r\nlines, "quoted"', "z"]


def test_tabs_and_semicolons_separate_too(tmp_path: Path) -> None:
    tabs = write(tmp_path / "t.tsv", "a\tb;,\n1\tx\n")
    semicolons = write(tmp_path / "t.csv", '"a";"b"\n1;"x,y"\n')
    assert list(read(tabs).columns) == ["a", "b;,"]
    assert read(semicolons)["b"].tolist() == ["x,y"]


def test_a_lone_quote_within_a_field_is_an_ordinary_character(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'a,b\n5" pipe,1\nx,2\n')
    assert read(path, AS_FOUND)["a"].tolist() == ['5" pipe', "x"]


def test_values_survive_against_the_csv_module(tmp_path: Path) -> None:
    import csv

    source = random.Random(0)
    made = ["".join(source.choices('ab,"\n;\r 7é', k=source.randint(0, 6))) for _ in range(900)]
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerows([["a", "b"], *([text, number] for number, text in enumerate(made))])
    frame = read(path, Columns(text=("a",), numeric=("b",)))
    assert [None if pd.isna(text) else text for text in frame["a"]] == [t or None for t in made]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b\n", "There are no rows"),
        ("a,b", "There are no rows"),
        ("a,b,a\n1,2,3\n", "more than once: 'a'"),
        ('a,"b\n1,2\n', "line 1: the header is broken"),
        (b"a,\xff\n1,2\n", "line 1: the header is not UTF-8"),
    ],
)
def test_a_file_without_a_proper_header_or_rows_is_refused(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    path = write(tmp_path / "t.csv", content)
    with pytest.raises(DataError, match=said) as caught:
        read(path)
    assert "t.csv" in str(caught.value)
    assert caught.value.remedy


def test_a_missing_column_is_named_with_those_near_it(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "distance,b\n1,2\n")
    with pytest.raises(DataError, match=r"t\.csv has no column 'distnace'.*'distance'"):
        read(path, Columns(numeric=("distnace",)))


def test_a_file_that_is_not_gzip_or_is_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "not.csv.gz").write_bytes(b"a,b\n1,2\n")
    rows = "".join(f"{random.Random(n).random()},2\n" for n in range(50_000))
    whole = write(tmp_path / "cut.csv.gz", "a,b\n" + rows)
    whole.write_bytes(whole.read_bytes()[:-20_000])
    for name in ("not.csv.gz", "cut.csv.gz"):
        with pytest.raises(DataError, match=f"{name} cannot be read to its end"):
            read(tmp_path / name, AS_FOUND)


def test_the_bank_table_reads_with_its_semicolons_and_quotes() -> None:
    path = real_data("bank_additional_full_ordered.csv.gz")
    frame = read(path, Columns(numeric=("age", "euribor3m"), text=("job",), other=("y",)))
    assert len(frame) == 41_188
    assert frame["age"].dtype == "int64"
    assert frame["y"].eq("yes").mean() == pytest.approx(0.113, abs=0.001)
