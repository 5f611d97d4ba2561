from __future__ import annotations

from pathlib import Path

import pytest

from podium.data import Columns
from podium.errors import DataError
from tests.data.tables import read, write

COLUMNS = Columns(numeric=("a",), text=("b",))
NAMES = ("t.csv", "t.csv.gz")


def _refusal(tmp_path: Path, name: str, content: bytes) -> str:
    path = write(tmp_path / name, content)
    with pytest.raises(DataError) as caught:
        read(path, COLUMNS)
    assert str(path) in caught.value.what
    assert caught.value.remedy
    return caught.value.what


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("row", "found"), [(b"1", 1), (b"1,2,3", 3)])
@pytest.mark.parametrize("before", [0, 3, 700_000])
def test_a_row_with_too_few_or_too_many_fields_is_named_by_its_line(
    tmp_path: Path, name: str, row: bytes, found: int, before: int
) -> None:
    said = _refusal(tmp_path, name, b"a,b\n" + b"1,xyz\n" * before + row + b"\n" + b"1,2\n" * 5)
    assert f", line {before + 2}: found {found} fields, expected 2" in said


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_are_counted_through_quoted_newlines_and_blank_lines(
    tmp_path: Path, end: bytes
) -> None:
    content = end.join([b"a,b", b'1,"x', b'y"', b"", b"2,z", b"3", b"4,z"])
    assert ", line 6: found 1 fields" in _refusal(tmp_path, "t.csv", content)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [0, 600_000])
@pytest.mark.parametrize("after", [b"", b"2,y\n", b"2,y\n" * 1_200_000])
def test_a_quote_that_is_never_closed_is_named_by_its_line(
    tmp_path: Path, name: str, before: int, after: bytes
) -> None:
    said = _refusal(tmp_path, name, b"a,b\n" + b"1,x\n" * before + b'1,"open\n' + after)
    assert f", line {before + 2}: a quoted field is not closed" in said


def test_a_quote_that_the_next_quoted_field_closes_is_found_too(tmp_path: Path) -> None:
    said = _refusal(tmp_path, "t.csv", b'a,b\n1,x\n1,"abc\n2,def\n3,"x"\n')
    assert ", line 3: a quoted field is not closed" in said


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [0, 500_000])
def test_bytes_that_are_not_utf8_are_named_by_line_and_column(
    tmp_path: Path, name: str, before: int
) -> None:
    said = _refusal(tmp_path, name, b"a,b\n" + b"1,x\n" * before + b"1,caf\xe9\n2,y\n")
    assert f", line {before + 2}: column 'b' holds bytes that are not UTF-8" in said


def test_bad_bytes_in_a_number_column_are_found_too(tmp_path: Path) -> None:
    said = _refusal(tmp_path, "t.csv", b"a,b\n1,x\n\xe9,x\n")
    assert ", line 3: column 'a' holds bytes" in said


def test_bad_bytes_in_a_column_that_is_not_wanted_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", b"a,b,c\n1,x,\xe9\n")
    assert len(read(path, COLUMNS)) == 1


def test_a_field_longer_than_a_block_is_refused_with_its_line(tmp_path: Path) -> None:
    content = b"a,b\n1,x\n2," + b"x" * (10 << 20) + b"\n"
    assert ", line 3: " in _refusal(tmp_path, "t.csv", content)


def test_the_field_limit_of_the_csv_module_is_left_as_it_was(tmp_path: Path) -> None:
    import csv

    before = csv.field_size_limit()
    _refusal(tmp_path, "t.csv", b"a,b\n1\n")
    assert csv.field_size_limit() == before
