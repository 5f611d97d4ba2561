"""Whether a CSV file has a header line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from podium.data.datafile import DataFile
from podium.errors import UsageError
from projects.scaffolding.asked import Asked
from projects.scaffolding.first_lines import (
    first_line_is_a_row,
    first_records,
    given_header,
    numbered,
)

HEADED = [["age", "plan"], ["41", "basic"], ["38", "pro"]]
HEADLESS = HEADED[1:]


@pytest.mark.parametrize(
    ("records", "a_row"),
    [
        (HEADLESS, True),
        ([["?", "1", "a"], ["2", "3", "b"]], True),
        ([["", "1.5", "a"], ["2", "3", "b"]], True),
        ([[" 39", " x"], [" 40", " y"]], True),
        (HEADED, False),
        ([["", "age"], ["0", "41"], ["1", "38"]], False),
        ([["a", "b"], ["c", "d"]], False),
        ([["country", "2010", "2011", "2012"], ["nz", "5", "6", "7"]], False),
        ([["1", "x"]], False),
        ([["id", "7"], ["1", "8"], ["2", "9"]], False),
    ],
)
def test_a_first_line_with_numbers_over_numbers_is_a_row(
    records: list[list[str]], a_row: bool
) -> None:
    assert bool(first_line_is_a_row(records)) == a_row


def test_a_first_line_with_the_target_in_it_is_a_header() -> None:
    assert not first_line_is_a_row([["x", "2012"], ["a", "5"], ["b", "6"]], ["2012"])


def test_columns_are_numbered_or_named() -> None:
    assert given_header(Asked("m", "x.csv"), HEADLESS)[0] == ("column_1", "column_2")
    named = Asked("m", "x.csv", columns=("age", "plan"))
    assert given_header(named, HEADLESS)[0] == ("age", "plan")
    assert given_header(Asked("m", "x.csv"), HEADED) == ((), "")
    assert numbered(["a"] * 3) == ("column_1", "column_2", "column_3")


def test_header_yes_and_no_are_believed() -> None:
    assert given_header(Asked("m", "x.csv", header=True), HEADLESS) == ((), "")
    assert given_header(Asked("m", "x.csv", header=False), HEADED)[0] == ("column_1", "column_2")


@pytest.mark.parametrize(
    ("columns", "header", "said"),
    [
        (("age",), None, "--columns names 1 columns, and the file's first line has 2 fields: 41"),
        (("a", "a"), None, "'a' is empty or there more than once"),
        (("a", ""), None, "'' is empty or there more than once"),
        (("a", "b"), True, "--header says it has one"),
    ],
)
def test_names_that_do_not_fit_are_refused(
    columns: tuple[str, ...], header: bool | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        given_header(Asked("m", "x.csv", columns=columns, header=header), HEADLESS)


def test_names_for_a_file_that_has_them_are_refused() -> None:
    with pytest.raises(UsageError, match="looks like one: age, plan"):
        given_header(Asked("m", "x.csv", columns=("a", "b")), HEADED)


@pytest.mark.parametrize(
    ("name", "delimiter"),
    [("x.csv", ","), ("x.csv", ";"), ("x.csv.gz", "\t"), ("x.tsv", "\t")],
)
def test_records_are_split_as_the_reader_does(tmp_path: Path, name: str, delimiter: str) -> None:
    path = tmp_path / name
    content = f'\n"a b"{delimiter}"c\nd"\n1{delimiter}2\n'.encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert first_records(DataFile(path, str(path))) == [["a b", "c\nd"], ["1", "2"]]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\x01", b"\xff\xfe\x00"])
def test_what_is_no_csv_gives_no_opinion_or_is_left_to_the_reader(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert given_header(Asked("m", "x.csv"), first_records(DataFile(path, str(path))))[0] == ()
