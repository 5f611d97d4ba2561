"""Numbers, durations and tables as text, for titles, model cards and terminals."""

from __future__ import annotations

import math
import numbers
import unicodedata
from collections.abc import Collection, Sequence

from podium.errors import UsageError

NOTHING = "–"


def number(x: object) -> str:
    """A number with three to four significant digits and thousands separators.

    Whole numbers and numbers from 1,000 are written without decimals; below 0.0001 and from
    1e12 in powers of ten. `–` for None and NaN; what is no number is returned as `str`.
    """
    if x is None:
        return NOTHING
    if isinstance(x, bool) or not isinstance(x, numbers.Real):
        return str(x)
    value = float(x)
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return _finite(value)


def _finite(value: float) -> str:
    size = abs(value)
    if size >= 1e12 or 0 < size < 1e-4:
        return f"{value:.2e}"
    if value == int(value):
        return f"{int(value):,}"
    rounded = abs(float(f"{value:.4g}")) if size >= 1 else abs(float(f"{value:.3g}"))
    if rounded >= 1000:
        return f"{value:,.0f}"
    if rounded >= 1:
        return f"{value:.{3 - math.floor(math.log10(rounded))}f}"
    return f"{value:.{2 - math.floor(math.log10(rounded))}f}"


def fixed(x: float | None, decimals: int, *, signed: bool = False) -> str:
    """`x` with that many decimals and a real minus, so that a column of them lines up.

    `signed` writes the plus, too; a zero has no sign. `–` for None and NaN.
    """
    if x is None or math.isnan(x):
        return NOTHING
    size = "∞" if math.isinf(x) else f"{abs(x):,.{decimals}f}"
    if not size.strip("0.,"):
        return size
    return ("−" if x < 0 else "+" if signed else "") + size


def plain(x: float) -> str:
    """A number as somebody set it, with thousands separators: 0.005 is `0.005`, 20.0 is `20`."""
    return f"{x:,.10g}".replace("-", "−")


def decimals_of(width: float | None, size: float | None = None) -> int:
    """Decimals that show two significant digits of an interval's `width`, three if it begins with
    1 or 2. Where that is unknown or 0: those that show four digits of `size`.
    """
    if width and math.isfinite(width):
        return _decimals(width, 1 if float(f"{width:e}"[0]) > 2 else 2)
    return _decimals(size, 3) if size and math.isfinite(size) else 3


def _decimals(value: float, after_the_first: int) -> int:
    """Decimals that show so many digits after the first one that is not 0; at most 12."""
    return min(max(after_the_first - math.floor(math.log10(abs(value))), 0), 12)


def percent(x: float | None) -> str:
    """A share as a percentage with at most one decimal: 0.2412 is `24.1%`; `–` for NaN.

    A share that is not 0 or 1 is never written as 0% or 100%, but as `<0.1%` or `>99.9%`.
    """
    if x is None or math.isnan(x):
        return NOTHING
    if math.isinf(x):
        return number(x)
    value = 100 * float(x)
    if 0 < value < 0.05:
        return "<0.1%"
    if 99.95 <= value < 100:
        return ">99.9%"
    whole = abs(value - round(value)) < 1e-9
    return f"{round(value):,}%" if whole else f"{value:,.1f}%"


def duration(seconds: float | None) -> str:
    """A time span in its two largest units: `12 ms`, `3.4 s`, `1 min 15 s`, `2 h 5 min`, `3 d 4 h`.

    `–` for None, NaN and infinity.
    """
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    return _long_duration(round(seconds))


def _long_duration(seconds: int) -> str:
    if seconds >= 3600:  # seconds no longer matter: round them away before splitting
        seconds = round(seconds / 60) * 60
    if seconds >= 86400:
        seconds = round(seconds / 3600) * 3600
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}")
    return " ".join(parts[:2])


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; columns of numbers are aligned to the right, cells are written by `number`.

    Pipes and line breaks in cells are escaped.

    Raises:
        UsageError: a row has more or fewer cells than there are headers.
    """
    _check_shape(headers, rows)
    right = _numeric_columns(headers, rows)
    rule = ["---:" if i in right else "---" for i in range(len(headers))]
    lines = [[_escape(h) for h in headers], rule]
    lines += [[_escape(number(cell)) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def text_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Collection[int] | None = None,
) -> str:
    """An aligned plain-text table for a terminal, with a rule under the headers.

    `right` holds the indices of the columns to align to the right; None takes those of numbers.

    Raises:
        UsageError: a row has more or fewer cells than there are headers.
    """
    _check_shape(headers, rows)
    aligned = _numeric_columns(headers, rows) if right is None else right
    cells = [[_one_line(h) for h in headers]]
    cells += [[_one_line(number(cell)) for cell in row] for row in rows]
    widths = [max(_width(line[i]) for line in cells) for i in range(len(headers))]
    cells.insert(1, ["-" * width for width in widths])
    lines = (
        "  ".join(
            _pad(c, w, i in aligned) for i, (c, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def shorten(text: object, width: int) -> str:
    """`text` on one line of at most `width` characters; what is longer loses its middle to `…`.

    The end is kept because it is what tells `pay_amount_month_1` from `pay_amount_month_2`.
    """
    line = _one_line(text)
    if len(line) <= width:
        return line
    tail = (width - 1) // 3
    return f"{line[: width - 1 - tail]}…{line[len(line) - tail :]}"


def _check_shape(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    for index, row in enumerate(rows):
        if len(row) != len(headers):
            raise UsageError(
                f"Row {index} of the table has {len(row)} cells for {len(headers)} headers.",
                remedy="Give each row one cell per header.",
            )


def _numeric_columns(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> set[int]:
    return {i for i in range(len(headers)) if rows and all(_is_number(row[i]) for row in rows)}


def _is_number(cell: object) -> bool:
    return cell is None or (isinstance(cell, numbers.Real) and not isinstance(cell, bool))


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _escape(text: object) -> str:
    return _one_line(text).replace("|", r"\|")


def _width(text: str) -> int:
    """Columns that `text` takes in a terminal: two for wide characters, none for accents."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
