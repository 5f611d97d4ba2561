from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from podium.artifact.scoring import Canonicaliser, InputColumn, InvalidValue
from podium.artifact.scoring.canonical import PARTS
from podium.artifact.scoring.coding import terms_of
from podium.artifact.scoring.convert import LARGEST
from podium.artifact.scoring.encode import FEATURES, Arrays, EncodedColumn, Encoder

pytestmark = pytest.mark.filterwarnings("error")

KNOWN = ("", "7", "7.5", "AA", "true", "nan", "ß", "\ud83d", "\\ud83d", "2024-02-29", "0.1")
TERMS = ("late", "late again", "again", "in time", "élan", "ßß", "7.0", "true", "2024", "i̇ii")
COLUMNS = (
    EncodedColumn(InputColumn("number", "numeric"), 0),
    EncodedColumn(InputColumn("kind", "categorical"), 1, categories=KNOWN),
    EncodedColumn(InputColumn("words", "text"), 2, terms=TERMS),
    EncodedColumn(InputColumn("when", "datetime", PARTS), 2),
    EncodedColumn(InputColumn("more words", "text"), 2 + len(PARTS), terms=("again",)),
)
ENCODER = Encoder(COLUMNS)
CANONICALISER = Canonicaliser(tuple(column.column for column in COLUMNS))
NAMES = [column.name for column in COLUMNS]


class Text(str):
    __slots__ = ()


class Colour(enum.StrEnum):
    RED = "AA"


class Level(enum.IntEnum):
    SEVEN = 7


MISSING = [None, math.nan, "", pd.NA, pd.NaT, np.nan, np.float32("nan"), decimal.Decimal("sNaN")]
MISSING += [np.datetime64("NaT"), np.timedelta64("NaT")]
ODD = [
    *(Text("AA"), Colour.RED, Level.SEVEN, np.str_("7.0"), b"AA", 1j, object, [], {}, (), [1.0]),
    *(np.array([7]), np.array([1.0, 2.0]), {"a": 1}, dt.time(7), dt.timedelta(7)),
    *(np.timedelta64(7, "s"), decimal.Decimal("Infinity"), 10**400, math.inf),
    *(fractions.Fraction(10**400, 3), np.array(7.0), np.longdouble("1e400"), frozenset()),
]
LONG = [-(10**5000), fractions.Fraction(10**5000)]  # Python refuses to write them down
NUMBERS = st.one_of(
    st.floats(),
    st.floats(width=32),
    st.integers(),
    st.integers(2**53, 2**80),
    st.booleans(),
    st.decimals(),
    st.fractions(),
    st.floats().map(str),
    st.integers().map(lambda whole: f" {whole}.0 "),
    st.from_regex(r"[+-]?[0-9]{0,3}\.?[0-9]{0,3}([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.booleans().map(np.bool_),
    st.floats(width=16).map(np.float16),
    st.floats(width=32).map(np.float32),
    st.floats().map(np.float64),
    st.integers(0, 255).map(np.uint8),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.sampled_from([LARGEST, -LARGEST, LARGEST * 1.0000001, -0.0, "-0.0", 1e300, 2.0**24 + 1]),
)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
CATEGORIES = st.one_of(
    st.sampled_from(KNOWN),
    st.sampled_from([7, 7.0, "7.0", "7.00", "07", True, "True", "nan", "-0", "-0.0", 0.1]),
    st.sampled_from([np.float32(0.1), np.float16(0.1), decimal.Decimal("7.0")]),
    ANY_TEXT,
)
SENTENCES = st.lists(
    st.one_of(st.sampled_from(TERMS), st.sampled_from(["LATE", "AGAIN", "ÉLAN", "İII"]), ANY_TEXT)
).map(" ".join)
ZONES = st.one_of(
    st.none(),
    st.just(dt.UTC),
    st.sampled_from([ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")]),
    st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes))),
)
DATETIMES = st.datetimes(timezones=ZONES)
UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns")
INSTANTS = st.one_of(
    DATETIMES,
    DATETIMES.map(lambda at: at.isoformat()),
    DATETIMES.map(lambda at: at.isoformat(" ", "minutes")),
    DATETIMES.map(lambda at: at.isoformat(timespec="milliseconds").replace("+00:00", "Z")),
    st.datetimes().map(lambda at: f"{at.isoformat(timespec='microseconds')}999"),
    st.dates(),
    st.dates().map(str),
    st.floats(-7e10, 2.6e11),
    st.integers(-(10**11), 10**11),
    st.floats(-1e9, 0),
    st.integers(-(10**11), 10**11).map(lambda seconds: f"{seconds}.5"),
    st.builds(np.datetime64, st.integers(-(10**6), 10**6), st.sampled_from(UNITS)),
    st.builds(np.datetime64, st.integers(-(2**62), 2**62), st.sampled_from(["us", "ns", "ps"])),
    st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1), timezones=ZONES).map(
        lambda at: pd.Timestamp(at).as_unit("ns") + pd.Timedelta(999, "ns")
    ),
)
ANYTHING = st.one_of(
    st.sampled_from(MISSING), st.sampled_from(ODD), NUMBERS, CATEGORIES, SENTENCES, INSTANTS
)
FITTING = {"number": NUMBERS, "kind": CATEGORIES, "words": SENTENCES, "when": INSTANTS}
FITTING["more words"] = SENTENCES


def _refused_or(take: Callable[[], Arrays]) -> Arrays | str:
    try:
        return take()
    except InvalidValue as error:
        return str(error)


def _by_table(values: Mapping[str, Sequence[Any]], rows: int) -> Arrays:
    series = {name: pd.Series(list(column), dtype=object) for name, column in values.items()}
    raw = pd.DataFrame(series, index=pd.RangeIndex(rows))
    return ENCODER.encode_features(CANONICALISER.transform(raw))


def _same(found: Arrays | str, expected: Arrays | str) -> None:
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
        return
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert array.dtype == (np.int64 if name.startswith("terms_") else np.float64)
        np.testing.assert_array_equal(found[name], array, err_msg=name, strict=True)
        if array.dtype == np.float64:
            np.testing.assert_array_equal(np.signbit(found[name]), np.signbit(array), name)


def _row_of(arrays: Arrays, row: int) -> Arrays:
    """One row, without the padding that only the longer texts of other rows need."""
    cut = {name: array[row : row + 1] for name, array in arrays.items()}
    for name in [name for name in cut if name.startswith("counts_")]:
        longest = max(1, np.count_nonzero(cut[name]))
        for both in (name, name.replace("counts", "terms", 1)):
            cut[both] = cut[both][:, :longest]
    return cut


def _agree(rows: Sequence[Mapping[str, Any]]) -> Arrays | str:
    """All three ways of encoding agree; returns what they give."""
    values = {name: [row.get(name) for row in rows] for name in NAMES}
    expected = _refused_or(lambda: _by_table(values, len(rows)))
    _same(_refused_or(lambda: ENCODER.encode(values, len(rows))), expected)
    for place, row in enumerate(rows):
        one = _refused_or(lambda row=row: ENCODER.encode_row(row))  # type: ignore[misc]
        alone = {name: [value] for name, value in row.items()}
        _same(one, _refused_or(lambda alone=alone: _by_table(alone, 1)))  # type: ignore[misc]
        if not isinstance(expected, str) and not isinstance(one, str):
            _same(one, _row_of(expected, place))
    return expected


@given(st.lists(st.fixed_dictionaries({}, optional=FITTING), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_table_its_columns_and_its_rows_give_the_same_numbers(rows: list[Any]) -> None:
    _agree(rows)


@pytest.mark.parametrize("name", NAMES)
@given(values=st.lists(ANYTHING, min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_any_value_is_taken_or_refused_alike(name: str, values: list[Any]) -> None:
    _agree([{name: value} for value in values])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [*MISSING, *ODD, *LONG], ids=lambda value: type(value).__name__)
def test_each_odd_value_is_taken_or_refused_alike(name: str, value: Any) -> None:
    _agree([{name: value}])
    _agree([{}, {name: None}, {name: value}])


@given(st.lists(st.one_of(INSTANTS, st.sampled_from(MISSING)), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
@example([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)])
@example(["0001-01-01", "9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00+00:01"])
@example(["1969-12-31T23:59:59.5Z", -0.5, -1e-6, -86400.000001, "1900-02-28T23:59:59.999999"])
@example(["2021-01-03", "2020-12-31", "2024-12-30", "0001-01-07", "9999-12-31"])
@example([np.datetime64("1969-12-31T23:59:59.999999999999", "ps"), np.datetime64(-1, "as")])
def test_every_part_of_an_instant_is_the_same(values: list[Any]) -> None:
    _agree([{"when": value} for value in values])


@given(st.lists(SENTENCES, min_size=1, max_size=6), st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_texts_alone_and_among_longer_ones_count_the_same(texts: list[str], times: int) -> None:
    _agree([{"words": text, "more words": text * times} for text in texts * times])


def test_many_rows_are_told_apart_by_the_table_as_by_the_columns() -> None:
    draw = np.random.default_rng(3)
    kinds: list[Any] = [KNOWN[at] for at in draw.integers(0, len(KNOWN), 400)]
    for column in (kinds, [7 if kind == "7" else kind for kind in kinds]):
        values = {"number": draw.normal(size=400).tolist(), "kind": column}
        _same(ENCODER.encode(values, 400), _by_table(values, 400))


def _code(value: Any) -> float:
    return float(ENCODER.encode_row({"kind": value})[FEATURES][0, 1])


def test_missing_unseen_and_known_categories_have_different_codes() -> None:
    assert {_code(missing) for missing in MISSING} == {0.0}
    assert _code("never seen") == _code("7.25") == _code(False) == -1.0
    assert [_code(value) for value in (7, 7.0, "7.0", "7")] == [1.0] * 4
    assert _code(True) == _code("true") == 4.0
    assert _code("nan") == 5.0
    assert _code("\ud83d") != _code("\\ud83d")


def test_a_missing_number_is_nan_and_every_zero_is_plus_zero() -> None:
    numbers = [ENCODER.encode_row({"number": v})[FEATURES][0, 0] for v in (None, -0.0, "-0", False)]
    assert math.isnan(numbers[0])
    assert numbers[1:] == [0.0] * 3
    assert not np.signbit(numbers[1:]).any()


def test_a_text_is_its_terms_and_how_often_each_comes() -> None:
    arrays = ENCODER.encode_row({"words": "Late again, late again: LATE!"})
    assert arrays["terms_words"].tolist() == [[0, 1, 2]]
    assert arrays["counts_words"].tolist() == [[3.0, 2.0, 2.0]]
    assert arrays["terms_more words"].tolist() == [[1]]


def test_a_text_without_known_terms_is_padding_alone() -> None:
    arrays = ENCODER.encode({"words": ["", None, "nothing known"]}, 3)
    assert arrays["terms_words"].tolist() == [[len(TERMS)]] * 3
    assert arrays["counts_words"].tolist() == [[0.0]] * 3


def test_no_rows_are_no_rows() -> None:
    shapes = {name: array.shape for name, array in ENCODER.encode({}, 0).items()}
    assert shapes == {
        FEATURES: (0, ENCODER.width),
        **{f"{what}_{name}": (0, 1) for what in ("terms", "counts") for name in NAMES[2::2]},
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"number": [1, "x"]}, "column 'number', row 1: expected a number within ±3.4e38, found"),
        ({"number": [math.inf]}, "column 'number', row 0: .*, found infinity"),
        ({"kind": [None, None, []]}, "column 'kind', row 2: expected a string, .*, found a list"),
        ({"words": [{}]}, "column 'words', row 0: expected a string, found an object"),
        ({"when": ["01/02/2024"]}, "column 'when', row 0: expected ISO 8601 or .*, found text"),
        ({"when": [1], "number": [[]], "kind": [[]]}, "column 'number', row 0"),
    ],
)
def test_a_refusal_names_column_and_row_and_not_the_value(
    values: dict[str, list[Any]], message: str
) -> None:
    rows = len(next(iter(values.values())))
    with pytest.raises(InvalidValue, match=message):
        ENCODER.encode(values, rows)
    columns = [{name: column[row] for name, column in values.items()} for row in range(rows)]
    assert isinstance(_agree(columns), str)


def test_an_encoder_reads_what_it_wrote() -> None:
    written = json.dumps(ENCODER.to_json())
    assert Encoder.from_json(json.loads(written)) == ENCODER
    assert [column.text_inputs for column in COLUMNS[2::2]] == [
        ("terms_words", "counts_words"),
        ("terms_more words", "counts_more words"),
    ]


@given(
    st.lists(
        st.one_of(
            st.builds(
                EncodedColumn, st.builds(InputColumn, ANY_TEXT, st.just("numeric")), st.none()
            ),
            st.builds(
                EncodedColumn,
                st.builds(InputColumn, ANY_TEXT, st.just("categorical")),
                st.none(),
                st.lists(ANY_TEXT).map(tuple),
            ),
            st.builds(
                EncodedColumn,
                st.builds(InputColumn, ANY_TEXT, st.just("text")),
                st.none(),
                st.none(),
                st.lists(ANY_TEXT).map(tuple),
            ),
            st.builds(
                EncodedColumn,
                st.builds(
                    InputColumn,
                    ANY_TEXT,
                    st.just("datetime"),
                    st.lists(st.sampled_from(PARTS), unique=True).map(tuple),
                ),
                st.none(),
            ),
        )
    )
)
@settings(max_examples=50, deadline=None)
def test_any_columns_come_back_from_json(columns: list[EncodedColumn]) -> None:
    placed, place = [], 0
    for column in columns:
        placed.append(EncodedColumn(column.column, place, column.categories, column.terms))
        place += column.width
    written = json.dumps(Encoder(tuple(placed)).to_json())
    assert Encoder.from_json(json.loads(written)) == Encoder(tuple(placed))


def test_a_newer_schema_is_refused() -> None:
    with pytest.raises(ValueError, match=r"podium.inputs has schema 2; this code reads 1"):
        Encoder.from_json({**ENCODER.to_json(), "schema": 2})


@given(st.one_of(ANY_TEXT, SENTENCES, st.text(max_size=60)))
@settings(max_examples=200, deadline=None)
@example("İstanbul ǅ ﬁ ß ẞ a b cc")
@example("a_b c\u0301d e\u200df 12 ３４ x\x00yy zz\n\tww")
def test_terms_are_those_of_scikit_learn(content: str) -> None:
    analyse = TfidfVectorizer(ngram_range=(1, 2)).build_analyzer()
    assert terms_of(content) == analyse(content)
