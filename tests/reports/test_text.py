"""Numbers, shares, spans and tables as text."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.reports import style, text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (65000, "65,000"),
        (1234.56, "1,235"),
        (999.96, "1,000"),
        (123.456, "123.5"),
        (12.3456, "12.35"),
        (1.23456, "1.235"),
        (0.69, "0.690"),
        (0.99996, "1.000"),
        (0.012345, "0.0123"),
        (0.00001234, "1.23e-05"),
        (-0.5, "-0.500"),
        (2.5e13, "2.50e+13"),
        (math.nan, "–"),
        (None, "–"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (np.float32(0.25), "0.250"),
        (np.int64(1234), "1,234"),
        (True, "True"),
        ("text", "text"),
    ],
)
def test_number_keeps_three_to_four_digits(value: object, written: str) -> None:
    assert text.number(value) == written


@given(st.floats(-1e300, 1e300))
def test_number_stays_close_to_what_it_writes(value: float) -> None:
    assert float(text.number(value).replace(",", "")) == pytest.approx(value, rel=6e-3)


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.2412, "24.1%"),
        (0.24, "24%"),
        (0.23999, "24.0%"),
        (0, "0%"),
        (1, "100%"),
        (0.00001, "<0.1%"),
        (0.99999, ">99.9%"),
        (-0.031, "-3.1%"),
        (math.nan, "–"),
        (None, "–"),
        (math.inf, "∞"),
    ],
)
def test_percent_has_one_decimal_and_never_rounds_to_all_or_nothing(
    share: float | None, written: str
) -> None:
    assert text.percent(share) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0123, "12 ms"),
        (0, "0 ms"),
        (3.4, "3.4 s"),
        (1, "1 s"),
        (59.99, "1 min"),
        (75, "1 min 15 s"),
        (3599.9, "1 h"),
        (7500, "2 h 5 min"),
        (86399, "1 d"),
        (273600, "3 d 4 h"),
        (-75, "-1 min 15 s"),
        (math.nan, "–"),
        (None, "–"),
    ],
)
def test_duration_uses_its_two_largest_units(seconds: float | None, written: str) -> None:
    assert text.duration(seconds) == written


def test_markdown_table_aligns_numbers_and_escapes_pipes() -> None:
    assert text.markdown_table(["name", "auc"], [["a|b\nc", 0.69], ["d", None]]) == (
        "| name | auc |\n| --- | ---: |\n| a\\|b c | 0.690 |\n| d | – |\n"
    )


def test_text_table_aligns_columns_and_counts_wide_letters_twice() -> None:
    assert text.text_table(["name", "rows"], [["自行车", 65000], ["b", 5]]) == (
        "name      rows\n------  ------\n自行车  65,000\nb            5\n"
    )
    assert text.text_table(["a", "b"], [["x", "y"]], right=[0]) == "a  b\n-  -\nx  y\n"
    assert text.text_table(["a", "b"], []) == "a  b\n-  -\n"


@pytest.mark.parametrize("table", [text.markdown_table, text.text_table])
def test_tables_refuse_rows_of_another_length(table: object) -> None:
    with pytest.raises(UsageError, match="Row 1 of the table has 1 cells for 2 headers"):
        table(["a", "b"], [[1, 2], [3]])  # type: ignore[operator]


@given(st.text(max_size=80), st.integers(4, 40))
def test_shortened_text_fits_on_one_line(line: str, width: int) -> None:
    short = text.shorten(line, width)
    assert len(short) <= width
    assert "\n" not in short


def test_shortened_text_keeps_the_end_that_tells_names_apart() -> None:
    assert text.shorten("pay_amount_of_the_month_12", 16) == "pay_amount…th_12"


@given(st.lists(st.floats(-10, 10), max_size=8), st.floats(0.01, 2))
def test_labels_moved_apart_keep_their_order_and_distance(places: list[float], gap: float) -> None:
    moved = style.apart(places, gap)
    order = np.argsort(places, kind="stable")
    assert (np.diff(np.array(moved)[order]) >= gap - 1e-9).all()


def test_limits_are_never_of_zero_width() -> None:
    assert style.limits(3, 3) == (2.5, 3.5)
    assert style.limits(math.nan, 1) == (0, 1)


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (0.01234, 4, "0.0123"),
        (-0.01234, 4, "−0.0123"),
        (1234.5, 0, "1,234"),
        (-0.00001, 3, "0.000"),
        (None, 2, "–"),
        (math.nan, 2, "–"),
        (-math.inf, 2, "−∞"),
    ],
)
def test_fixed_keeps_its_decimals(value: float | None, decimals: int, written: str) -> None:
    assert text.fixed(value, decimals) == written


def test_fixed_writes_the_plus_where_asked_and_none_for_zero() -> None:
    assert text.fixed(0.5, 1, signed=True) == "+0.5"
    assert text.fixed(0.0, 2, signed=True) == "0.00"


@pytest.mark.parametrize(
    ("width", "size", "decimals"),
    [
        (0.0058, None, 4),
        (0.048, None, 3),
        (0.0156, None, 4),
        (2.28, None, 2),
        (400, None, 0),
        (0, 0.7312, 4),
        (None, None, 3),
    ],
)
def test_an_interval_is_written_to_two_digits_of_its_width(
    width: float | None, size: float | None, decimals: int
) -> None:
    assert text.decimals_of(width, size) == decimals


def test_plain_writes_a_number_as_it_was_set() -> None:
    assert [text.plain(x) for x in (0.005, 20.0, -1500)] == ["0.005", "20", "−1,500"]
