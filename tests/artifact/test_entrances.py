"""The same raw values give the same features, and the same refusals, whichever way they come."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podium.artifact.scoring import Canonicaliser, InputColumn, InvalidValue
from podium.artifact.scoring.canonical import PARTS, Kind
from podium.artifact.scoring.tables import (
    InvalidTable,
    table_of_arrow,
    table_of_csv,
    table_of_records,
    table_of_split,
)

pytestmark = pytest.mark.filterwarnings("error")

KINDS: tuple[Kind, ...] = ("numeric", "categorical", "text", "datetime")
COLUMNS = {kind: InputColumn(kind, kind, PARTS if kind == "datetime" else ()) for kind in KINDS}
CANONICALISER = Canonicaliser(tuple(COLUMNS.values()))

INTEGERS = st.integers(-(2**70), 2**70) | st.sampled_from([0, 7, 2**53 + 1, -(2**53) - 1, 10**39])
FLOATS = st.floats(-3.4e38, 3.4e38) | st.sampled_from([0.1, 7.0, -0.0, 5e-324, 1e16, 1e300])
WORDS = ["", "nan", "NA", "null", "7", "7.0", "007", " 7", " ", "\n", "\r", '"', ",", "\u2028", "é"]
TEXTS = st.text(max_size=4) | st.sampled_from([*WORDS, "true", "True", "1e16", "-0.0"])
FIRST, LAST = dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29)
ZONED = st.datetimes(FIRST, LAST, timezones=st.timezones())
MOMENTS = st.datetimes(FIRST, LAST) | ZONED | ZONED.map(lambda moment: moment.astimezone(dt.UTC))
ISO = MOMENTS.map(dt.datetime.isoformat) | st.dates().map(dt.date.isoformat)
EPOCHS = st.integers(10**8, 10**11 - 1) | st.floats(-9.9e10, 9.9e10).filter(lambda s: abs(s) >= 1e8)
GOOD: dict[Kind, st.SearchStrategy[Any]] = {
    "numeric": INTEGERS | FLOATS | FLOATS.map(repr) | INTEGERS.map(str) | st.booleans(),
    "categorical": TEXTS | INTEGERS | FLOATS | st.booleans(),
    "text": TEXTS | INTEGERS | FLOATS | st.booleans(),
    "datetime": ISO | EPOCHS | EPOCHS.map(repr),
}
ANY = st.one_of(*GOOD.values(), st.floats(), st.lists(st.integers()), st.just({"a": 1}))


def _outcome(raw: pd.DataFrame, canonicaliser: Canonicaliser = CANONICALISER) -> Any:
    """The features, or how they were refused."""
    try:
        return canonicaliser.transform(raw)
    except InvalidValue as error:
        return error


def _assert_same(found: Any, expected: Any, *, found_kind: bool = True) -> None:
    assert type(found) is type(expected), (found, expected)
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
        return
    assert (found.column, found.row) == (expected.column, expected.row)
    assert not found_kind or str(found) == str(expected)


def _objects(values: list[Any]) -> pd.Series:
    column = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        column[place] = value
    return pd.Series(column, dtype=object)


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {kind: _objects([row.get(kind) for row in rows]) for kind in KINDS}
    return pd.DataFrame(columns, index=range(len(rows)))


def _tables(values: dict[Kind, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    cells: dict[str, Any] = {kind: st.none() | values[kind] for kind in KINDS}
    return st.lists(st.fixed_dictionaries({}, optional=cells), max_size=5)


@settings(deadline=None)
@given(_tables(GOOD) | _tables(dict.fromkeys(KINDS, ANY)), st.sampled_from([1, 300]))
def test_records_and_split_give_what_the_frame_gives(rows: list[Any], times: int) -> None:
    rows = json.loads(json.dumps(rows)) * times
    split = {"columns": list(KINDS), "data": [[row.get(kind) for kind in KINDS] for row in rows]}
    expected = _outcome(_frame(rows))
    _assert_same(_outcome(table_of_records(rows)), expected)
    _assert_same(_outcome(table_of_split(split)), expected)
    _assert_same(_outcome(table_of_split(split | {"index": list(range(len(rows)))})), expected)


def _typed(arrow: pa.DataType, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(arrow), st.lists(st.none() | values, max_size=5))


def _integers(bits: int) -> st.SearchStrategy[Any]:
    top = 2 ** (bits - 1)
    integers = st.integers(-top, top - 1) | st.integers(-top, top - 1).map(lambda i: i // 2**9)
    return _typed({8: pa.int8(), 32: pa.int32(), 64: pa.int64()}[bits], integers)


UTF8 = TEXTS | ISO | EPOCHS.map(repr) | FLOATS.map(repr)
TYPED = st.one_of(
    *map(_integers, (8, 32, 64)),
    _typed(pa.int64(), EPOCHS.map(int) | st.just(2**53 + 1)),
    _typed(pa.uint64(), st.integers(0, 2**64 - 1)),
    _typed(pa.float64(), st.floats() | FLOATS | EPOCHS),
    _typed(pa.float32(), st.floats(width=32).map(np.float32) | st.just(np.float32(0.1))),
    _typed(pa.bool_(), st.booleans()),
    _typed(pa.decimal128(38, 2), st.decimals(-(10**30), 10**30, places=2)),
    _typed(pa.null(), st.none()),
    *(_typed(t, UTF8) for t in (pa.string(), pa.large_string(), pa.string_view())),
    _typed(pa.dictionary(pa.int32(), pa.string()), UTF8),
    _typed(pa.dictionary(pa.int8(), pa.int64()), st.integers(2**53, 2**53 + 2)),
    _typed(pa.list_(pa.int64()), st.lists(st.integers(0, 9))),
    _typed(pa.struct({"a": pa.int64()}), st.just({"a": 1})),
    _typed(pa.binary(), st.binary()),
    _typed(pa.date32(), st.dates()),
)


@settings(deadline=None)
@given(TYPED, st.integers(0, 5), st.sampled_from([1, 300]))
@example((pa.int64(), [2**53 + 1, None]), 1, 1)
@example((pa.float32(), [np.float32(0.1), None]), 1, 300)
def test_every_type_of_arrow_gives_what_its_values_give(typed: Any, cut: int, times: int) -> None:
    arrow, values = typed[0], typed[1] * times
    chunks = [pa.array(part, arrow) for part in (values[:cut], values[cut:])]
    table = pa.table({kind: pa.chunked_array(chunks, arrow) for kind in KINDS})
    for column in COLUMNS.values():
        one = Canonicaliser((column,))
        frame = pd.DataFrame({column.name: _objects(values)})
        _assert_same(_outcome(table_of_arrow(table), one), _outcome(frame, one))


@settings(deadline=None)
@given(
    st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1)) | st.none()),
    st.sampled_from([("s", 1_000_000), ("ms", 1000), ("us", 1), ("ns", 1)]),
    st.sampled_from([None, "UTC", "Europe/Paris", "+05:30"]),
)
def test_timestamps_of_arrow_give_what_their_iso_texts_give(
    moments: list[dt.datetime | None], unit: tuple[str, int], zone: str | None
) -> None:
    cut = [m and m.replace(microsecond=m.microsecond // unit[1] * unit[1]) for m in moments]
    stamps = pa.array([m and m.replace(tzinfo=dt.UTC) for m in cut], pa.timestamp(unit[0], zone))
    sent = table_of_arrow(pa.table({"datetime": stamps}))
    texts = [{"datetime": m and f"{m.isoformat()}Z"} for m in cut]
    one = Canonicaliser((COLUMNS["datetime"],))
    _assert_same(_outcome(sent, one), _outcome(table_of_records(texts), one))


def _has_spelling(kind: Kind, value: Any) -> bool:
    """Whether CSV can say it: what is no text and reads as another text cannot be said."""
    if isinstance(value, (str, type(None))):
        return True
    if isinstance(value, (list, dict)) or not math.isfinite(value):
        return False
    if isinstance(value, bool):
        return kind != "numeric"
    return kind != "datetime" or abs(value) >= 1e11 or bool(re.match(r"-?[0-9]{9}", repr(value)))


def _spelled(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    if isinstance(value, bool):
        return "true" if value else "false"
    whole = kind in ("categorical", "text") and value == int(value)
    return str(int(value)) if whole else repr(value)


def _csv(rows: list[dict[str, Any]], columns: tuple[Kind, ...] = KINDS, end: str = "\n") -> str:
    lines = [",".join(_spelled(kind, row.get(kind)) for kind in columns) for row in rows]
    return end.join([",".join(columns), *lines, ""])


@settings(deadline=None)
@given(
    _tables(GOOD) | _tables(dict.fromkeys(KINDS, ANY)),
    st.sampled_from([1, 300]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_csv_gives_what_the_frame_gives(rows: list[Any], times: int, end: str, bom: bool) -> None:
    said = [{k: v for k, v in row.items() if _has_spelling(k, v)} for row in rows] * times
    text, expected = _csv(said, end=end), _outcome(_frame(said))
    for content in (text, text.encode("utf-8-sig" if bom else "utf-8")):
        _assert_same(_outcome(table_of_csv(content)), expected, found_kind=False)
    for kind in KINDS:
        one, table = Canonicaliser((COLUMNS[kind],)), table_of_csv(_csv(said, (kind,), end))
        _assert_same(_outcome(table, one), _outcome(_frame(said), one), found_kind=False)


def test_what_csv_cannot_say_is_taken_as_the_text_that_it_is() -> None:
    """Each of these would be another feature as JSON: there are no types in CSV."""
    table = table_of_csv("categorical,text\n1e+16,7.0\nTrue,1e3\n")
    assert _outcome(table)["categorical"].tolist() == ["1e+16", "True"]
    assert _outcome(table)["text"].tolist() == ["7.0", "1e3"]
    for column, value in (("numeric", "true"), ("datetime", "86400")):
        with pytest.raises(InvalidValue, match=f"column '{column}', row 0: .*found text"):
            CANONICALISER.transform(table_of_csv(f"{column}\n{value}\n"))


def test_json_values_stay_what_they_are() -> None:
    rows: list[dict[str, Any]]
    rows = [{"a": 2**53 + 1, "\ud800": [1, 2]}, {"a": True}, {}, {"a": None, "\ud800": [3, 4]}]
    data = [[2**53 + 1, [1, 2]], [True, None], [None, None], [None, [3, 4]]]
    split = {"columns": ["a", "\ud800"], "data": data}
    for table in (table_of_records(rows), table_of_split(split)):
        assert set(table.dtypes) == {np.dtype(object)}
        assert table["\ud800"].tolist() == [[1, 2], None, None, [3, 4]]
        assert [repr(value) for value in table["a"]] == ["9007199254740993", "True", "None", "None"]


def test_rows_that_each_name_another_column_stay_small_where_columns_are_given() -> None:
    rows: list[dict[str, Any]] = [{f"x{row}": 1, "numeric": row} for row in range(100_000)]
    table = table_of_records(rows, only=("numeric", "text"))
    assert table.shape == (100_000, 1)
    assert table["numeric"].iloc[-1] == 99_999


def test_rows_without_any_column_are_rows() -> None:
    tables = [
        table_of_records([{}, {}]),
        table_of_records([{"other": 1}, {}], only=KINDS),
        table_of_split({"columns": [], "data": [[], []]}),
        table_of_arrow(pa.table({"other": [1, 2]})),
        table_of_csv("other\n1\n2\n"),
    ]
    for table in tables:
        _assert_same(_outcome(table), _outcome(_frame([{}, {}])))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"columns": ["a", "b", "a"], "data": []}, "column 'a' is named twice"),
        ({"columns": ["a", 7], "data": []}, "the name of column 1: expected text, found a number"),
        ({"columns": ["a"], "data": [[1], [4711, 2]]}, "row 1: expected 1 values, found 2"),
        ({"columns": ["a"], "data": [[]]}, "row 0: expected 1 values, found 0"),
        ({"columns": ["a"], "data": [[1], {"a": 4711}]}, "row 1: expected a list, found an object"),
        ({"columns": ["a"], "data": [[1], "4711"]}, "row 1: expected a list, found text"),
        ({"columns": ["a"], "data": [[1]], "index": [1, 2]}, '"index" has 2 entries for 1 rows'),
        ({"columns": "a", "data": []}, '"columns": expected a list, found text'),
        ({"data": [[1]]}, 'expected "columns", "data" and perhaps "index"'),
        ({"columns": [], "data": [], "dtype": 1}, "and no other key"),
        ([4711], "expected an object, found a list"),
    ],
)
def test_a_malformed_split_is_refused(document: Any, message: str) -> None:
    with pytest.raises(InvalidTable, match=re.escape(message)) as caught:
        table_of_split(document)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([{"a": 1}, [4711]], "row 1: expected an object, found a list"),
        ({"a": 4711}, "expected a list, found an object"),
        ("4711", "expected a list, found text"),
    ],
)
def test_malformed_records_are_refused(records: Any, message: str) -> None:
    with pytest.raises(InvalidTable, match=message) as caught:
        table_of_records(records)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n4711\n", "row 1: expected 2 values, found 1"),
        ("a,b\n1,4711,3\n", "row 0: expected 2 values, found 3"),
        ("a,b\n1,2\n\n3,4\n", "row 1: expected 2 values, found 0"),
        ("a,b,a\n1,2,3\n", "column 'a' is named twice"),
        ('a,b\n1,2\n"4711"0,2\n', "row 1: ',' expected"),
        ('a,b\n1,2\n"4711,2\n', "row 1: unexpected end of data"),
        ("a\n" + "4711" * 50_000, "row 0: field larger than field limit"),
        ('"a\n', "the first line: unexpected end"),
        ("", "the first line does not name the columns"),
        ("\na\n", "the first line does not name the columns"),
        ("a\n7\n".encode("utf-16"), "CSV must be UTF-8; byte 0 is not"),
        ("a\n7\n".encode("utf-16-le"), "the first line does not name the columns"),
        ("a\né\n".encode("latin-1"), "CSV must be UTF-8; byte 2 is not"),
    ],
)
def test_malformed_csv_is_refused(content: bytes | str, message: str) -> None:
    with pytest.raises(InvalidTable, match=message) as caught:
        table_of_csv(content)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n", "\n\n\n"])
def test_blank_lines_at_the_end_of_a_wider_table_are_no_rows(end: str) -> None:
    assert table_of_csv(f"a,b\n1,2{end}").to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_a_blank_line_of_a_single_column_is_a_row_with_its_value_missing() -> None:
    for content in ("a\n7\n\n8\n\n", 'a\n7\n""\n8\n""\n', 'a\n7\n""\n8\n""'):
        assert table_of_csv(content)["a"].tolist() == ["7", "", "8", ""]
    assert table_of_csv("a\n")["a"].tolist() == []


def test_quoted_line_breaks_commas_and_quotes_are_kept_and_words_are_words() -> None:
    table = table_of_csv('a,"b, c"\r\n"1\r\n2,""x""", NA\r\nnull,\r\n')
    assert table.to_dict("list") == {"a": ['1\r\n2,"x"', "null"], "b, c": [" NA", ""]}


def test_the_columns_of_arrow_are_those_of_its_schema() -> None:
    frame = pd.DataFrame({"c": ["x", "y"], "n": [1, 2]}, index=pd.Index([5, 6], name="gate"))
    table = pa.Table.from_pandas(frame.set_index("n", append=True))
    assert table.schema.pandas_metadata["index_columns"] == ["gate", "n"]
    raw = table_of_arrow(table)
    assert sorted(raw.columns) == ["c", "gate", "n"]
    assert raw.index.tolist() == [0, 1]


def test_a_column_given_twice_in_arrow_is_refused() -> None:
    column = pa.array([1])
    with pytest.raises(InvalidTable, match="column 'a' is named twice"):
        table_of_arrow(pa.Table.from_arrays([column, column], names=["a", "a"]))


def _not_utf8() -> pa.Array:
    offsets = pa.py_buffer(np.array([0, 1, 2], dtype=np.int32))
    return pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xff")])


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (_not_utf8(), "categorical"),
        (pa.array([0, 10**8], pa.date32()), "datetime"),
        (pa.array([0, 10**14], pa.timestamp("s")), "datetime"),
        (pa.array([0, 10**14], pa.timestamp("s", "Europe/Paris")), "datetime"),
        (pa.array([None, 0], pa.timestamp("us", "Mars/Olympus")), "datetime"),
        (pa.array([None, 10**14], pa.duration("s")), "text"),
        (pa.array([None, [10**8]], pa.list_(pa.date32())), "categorical"),
    ],
)
def test_what_python_cannot_hold_is_refused_by_column_and_row(column: pa.Array, kind: Kind) -> None:
    raw = table_of_arrow(pa.table({"other": column, kind: column}))
    assert len(Canonicaliser(()).transform(raw)) == 2
    with pytest.raises(InvalidValue, match=f"column '{kind}', row 1: "):
        Canonicaliser((COLUMNS[kind],)).transform(raw)


def test_encoded_columns_of_arrow_are_the_values_that_they_encode() -> None:
    codes, values = pa.array([0, 1, 2, None], pa.int8()), pa.array([0.1, None, 7], pa.float32())
    runs = pa.RunEndEncodedArray.from_arrays([1, 2, 3, 4], values.take(codes))
    for column in (pa.DictionaryArray.from_arrays(codes, values), runs):
        raw = table_of_arrow(pa.table({"categorical": column}))
        assert _outcome(raw)["categorical"].tolist() == ["0.1", "", "7", ""]


def test_decimals_of_arrow_are_the_numbers_that_they_say() -> None:
    column = pa.array([decimal.Decimal("7.00"), decimal.Decimal("0.10"), None])
    raw = table_of_arrow(pa.table(dict.fromkeys(("numeric", "categorical"), column)))
    assert _outcome(raw)["categorical"].tolist() == ["7", "0.1", ""]
    assert _outcome(raw)["numeric"].tolist()[:2] == [7.0, 0.1]


@pytest.mark.parametrize("rows", [1, 300])
def test_half_floats_of_arrow_give_what_their_spelling_gives(rows: int) -> None:
    column = pa.array([np.float16(0.1), np.float16(7), None] * rows, pa.float16())
    raw = table_of_arrow(pa.table(dict.fromkeys(("numeric", "categorical", "datetime"), column)))
    assert _outcome(raw)["categorical"].tolist() == ["0.1", "7", ""] * rows


def test_large_whole_decimals_of_arrow_are_the_categories_that_they_spell() -> None:
    numbers = [2**53 + 1, 10**37 + 1]
    column = pa.array(list(map(decimal.Decimal, numbers)), pa.decimal128(38, 0))
    raw = table_of_arrow(pa.table({"categorical": column}))
    expected = _outcome(table_of_records([{"categorical": number} for number in numbers]))
    _assert_same(_outcome(raw), expected)
