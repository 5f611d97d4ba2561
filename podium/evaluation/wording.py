"""Numbers as people read them: as many digits as mean something."""

from __future__ import annotations

import math
from collections.abc import Iterable

_MOST_DECIMALS = 8
_TINY, _HUGE = 1e-4, 1e15  # beyond these, digits are counted and not decimals
_ROUNDING = 1e-12  # a difference of less than this share of the values is no difference


def decimals(values: Iterable[float], differences: Iterable[float] = ()) -> int:
    """Decimals that show 4 digits of the largest value and 2 of the smallest difference.

    Zeros, what is not finite, and differences that are but rounding do not count. 0 to 8, but
    more where all values are below 0.0001; `number` writes those as 1.25e-09.
    """
    sizes = [abs(v) for v in values if math.isfinite(v) and v]
    largest = max(sizes, default=0.0)
    steps = [abs(d) for d in differences if math.isfinite(d) and abs(d) > _ROUNDING * largest]
    largest = largest or max(steps, default=0.0)
    if 0.0 < largest < _TINY:
        return max([3 - _magnitude(largest), *(1 - _magnitude(step) for step in steps)])
    wanted = [3 - _magnitude(largest) if largest >= 1 else 4]
    wanted += [1 - _magnitude(min(steps))] if steps else []
    return min(max(*wanted, 0), _MOST_DECIMALS)


def number(value: float, places: int) -> str:
    """`value` with `places` decimals and commas; "undefined" for NaN. Never "-0".

    As 1.25e-09 with more than 8 decimals, and as 1.25e+20 from 1e15 on.
    """
    if math.isnan(value):
        return "undefined"
    rounded = round(value, places) + 0.0
    if abs(rounded) >= _HUGE:
        return f"{rounded:.4g}"
    if places <= _MOST_DECIMALS:
        return f"{rounded:,.{places}f}"
    return f"{rounded:.{max(_magnitude(abs(rounded)) + places, 3) + 1 if rounded else 1}g}"


def plain(value: float) -> str:
    """A number that a person has set, as they would write it: 0.005, 1,500."""
    return f"{value:,.10g}"


def p_value(p: float) -> str:
    """ "p = 0.0003", "p < 0.0001"."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def milliseconds(value: float) -> str:
    """ "0.42 ms", "12.3 ms", "1,500 ms"."""
    return f"{value:,.{2 if value < 1 else 1 if value < 100 else 0}f} ms"


def some_rows(rows: int) -> str:
    """A count of rows to 3 digits: 49,400."""
    step = 10 ** max(_magnitude(rows) - 2, 0) if rows else 1
    return f"{math.ceil(rows / step) * step:,}"


def at_most_three(names: Iterable[str]) -> str:
    """The first three, and how many more there are."""
    names = list(names)
    more = f"; and {len(names) - 3} more" if len(names) > 3 else ""
    return "; ".join(names[:3]) + more


def _magnitude(value: float) -> int:
    return math.floor(math.log10(value))
