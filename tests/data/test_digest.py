from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from podium.data import Columns, content_digest
from podium.errors import DataError
from tests.data.tables import read, write_parquet

COLUMNS = Columns(numeric=("n", "i"), text=("s",), other=("t",))


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1.5, np.nan, -0.0, 1e300],
            "i": [1, 2, 3, 4],
            "s": ["007", None, "é,\n", "x"],
            "t": pd.to_datetime(["2020-01-01", "2021-06-01", "2022-01-01", None]),
        }
    )


def test_csv_and_parquet_of_the_same_content_have_the_same_digest(tmp_path: Path) -> None:
    frame = _frame()
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_csv(tmp_path / "t.csv.gz", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=1)
    names = ("t.csv", "t.csv.gz", "t.parquet", "rows.parquet")
    digests = {content_digest(read(tmp_path / name, COLUMNS)) for name in names}
    assert digests == {content_digest(frame)}


def test_the_number_of_files_and_chunks_leaves_no_trace(tmp_path: Path) -> None:
    frame = _frame()
    (tmp_path / "parts").mkdir()
    for start in range(4):
        frame[start : start + 1].to_parquet(tmp_path / "parts" / f"{start}.parquet")
    chunks = pa.chunked_array([["007", None], [], ["é,\n", "x"]])
    chunked = frame.assign(s=pd.Series(chunks, dtype=pd.ArrowDtype(pa.string())))
    assert content_digest(read(tmp_path / "parts", COLUMNS)) == content_digest(frame)
    assert content_digest(chunked) == content_digest(frame)


@pytest.mark.parametrize(
    "change",
    [
        lambda df: df.assign(n=[1.5, np.nan, 0.0, 1.1e300]),
        lambda df: df.assign(n=[1.5, 0.0, 0.0, 1e300]),
        lambda df: df.assign(s=["007", "", "é,\n", "x"]),
        lambda df: df.assign(s=["7", None, "é,\n", "x"]),
        lambda df: df.assign(t=df["t"] + pd.Timedelta(1, "us")),
        lambda df: df.assign(i=df["i"].astype(str)),
        lambda df: df.iloc[::-1],
        lambda df: df.iloc[:3],
        lambda df: df.rename(columns={"n": "m"}),
        lambda df: df[["i", "n", "s", "t"]],
        lambda df: df.drop(columns="t"),
    ],
)
def test_any_change_of_content_changes_the_digest(
    change: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    assert content_digest(change(_frame())) != content_digest(_frame())


def test_text_that_moves_over_a_border_changes_the_digest() -> None:
    first, second = (pd.DataFrame({"s": values}) for values in (["ab", "c"], ["a", "bc"]))
    assert content_digest(first) != content_digest(second)


def _same(*columns: object) -> bool:
    return len({content_digest(pd.DataFrame({"a": column})) for column in columns}) == 1


def test_the_way_that_values_are_held_does_not_count() -> None:
    numbers = [1.0, 0.0]
    assert _same(
        numbers,
        [1, 0],
        [True, False],
        np.array([1, -0.0], "float32"),
        np.array(numbers, ">f8"),
        pd.array([1, 0], "Int64"),
        pd.array([True, False], "boolean"),
        pd.Series([True, False], dtype=object),
    )
    assert _same([1, np.nan], pd.array([1, None], "Int64"), pd.Series([True, None], dtype=object))
    words = ["x", None, "y"]
    assert _same(
        words,
        pd.Series(words, dtype=object),
        pd.Categorical(words),
        pd.Series(["z", *words])[1:],
        pd.Series(words, dtype="string"),
    )
    times = pd.Series(pd.to_datetime(["2020-01-01 12:00", None]))
    assert _same(
        times,
        times.astype("datetime64[ns]"),
        times.dt.tz_localize("UTC"),
        times.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
        times.astype(object),
        times.astype(pd.ArrowDtype(pa.timestamp("s"))),
    )


def test_the_bytes_behind_a_missing_string_do_not_count() -> None:
    values = pa.array(["a", "b"])
    hidden = pa.Array.from_buffers(
        pa.string(), 2, [pa.py_buffer(b"\x01"), *values.buffers()[1:]], null_count=1
    )
    held = pd.Series(hidden, dtype=pd.ArrowDtype(pa.string()))
    assert _same(held, ["a", None])


@pytest.mark.parametrize("values", [[1, "x"], [[1], [2]], pd.to_timedelta([1, 2], "s")])
def test_a_column_of_no_one_kind_is_refused_by_name(values: object) -> None:
    with pytest.raises(DataError, match="Column 'a' has no digest") as caught:
        content_digest(pd.DataFrame({"a": values}))
    assert caught.value.remedy


def test_the_digest_of_a_known_table_never_changes(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "t.parquet", a=[1, 2], b=["x", None])
    assert content_digest(read(path)) == (
        "5328932ca2b6cfdfacc7dcdc6211ade0c22476126d02ef51ab6de781ae94950f"
    )
