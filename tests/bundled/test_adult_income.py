"""People of the census in the forms in which UCI publishes them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from podium.errors import DataError
from projects.adult_income.loader import COLUMNS, people

TRAIN = """39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, \
Male, 2174, 0, 40, United-States, <=50K
54, ?, 180211, Some-college, 10, Married-civ-spouse, ?, Husband, Other, Male, 0, 0, 60, ?, >50K

"""
TEST = """|1x3 Cross validator
25, Private, 226802, 11th, 7, Never-married, Sales, Own-child, Black, Female, 0, 0, 40, \
Peru, <=50K.
28, Local-gov, 336951, Bachelors, 12, Divorced, Sales, Wife, White, Female, 0, 1902, 40, Cuba, >50K.

"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "adult.data").write_text(TRAIN)
    (tmp_path / "adult.test").write_text(TEST)
    return [tmp_path / "adult.data", tmp_path / "adult.test"]


def test_both_files_are_read_as_published(files: list[Path]) -> None:
    frame = people(files)
    assert tuple(frame.columns) == COLUMNS
    assert frame["income"].tolist() == ["<=50K", ">50K", "<=50K", ">50K"]
    assert frame["age"].tolist() == [39, 54, 25, 28]
    assert frame["sex"].tolist() == ["Male", "Male", "Female", "Female"]
    assert frame["native_country"].tolist()[2:] == ["Peru", "Cuba"]
    assert frame["capital_loss"].dtype == "float64"
    assert frame["race"].dtype == "str"


def test_question_marks_are_missing(files: list[Path]) -> None:
    missing = people(files).isna()
    assert missing.columns[missing.any()].tolist() == ["workclass", "occupation", "native_country"]
    assert missing["occupation"].tolist() == [False, True, False, False]


def test_packed_files_without_the_odd_first_line_give_the_same(
    files: list[Path], tmp_path: Path
) -> None:
    packed = [tmp_path / "train.csv.gz", tmp_path / "test.csv.gz"]
    packed[0].write_bytes(gzip.compress(TRAIN.replace("\n", "\r\n").encode()))
    packed[1].write_bytes(gzip.compress(TEST.partition("\n")[2].replace(", ", ",").encode()))
    pd.testing.assert_frame_equal(people(packed), people(files))


def test_a_part_of_the_columns_has_the_same_values_as_all_of_them(files: list[Path]) -> None:
    wanted = ["sex", "income", "age"]
    pd.testing.assert_frame_equal(people(files, wanted), people(files)[wanted])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<=50K", "50K", r"adult\.data, line 1: the income '50K' is neither <=50K nor >50K"),
        (", 40, United", ", United", r"adult\.data, line 1: 14 fields, and not 15"),
        ("77516", "many", r"adult\.data, line 1: fnlwgt is 'many', and not a whole number"),
        ("39", "nan", r"adult\.data, line 1: age is 'nan', and not a whole number"),
        (TRAIN[:2], "age, workclass\n39", r"adult\.data, line 1: 2 fields"),
    ],
)
def test_other_lines_are_refused_with_their_number(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    (tmp_path / "adult.data").write_text(TRAIN.replace(old, new, 1))
    with pytest.raises(DataError, match=said):
        people([tmp_path / "adult.data"])


def test_a_file_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(b"39")
    (tmp_path / "b").write_bytes(b"\xff\xfe")
    for name, said in (("a.gz", r"a\.gz cannot be read"), ("b", "b is not UTF-8")):
        with pytest.raises(DataError, match=said):
            people([tmp_path / name])


@pytest.mark.parametrize("content", ["", "\n\n", "|1x3 Cross validator\n"])
def test_a_file_without_rows_is_refused(files: list[Path], content: str) -> None:
    files[1].write_text(content)
    with pytest.raises(DataError, match=r"adult\.test holds no rows.*Fetch it again"):
        people(files)
