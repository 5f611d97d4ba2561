"""Rows made to find a compiled form out: what is rare, missing, extreme or on an edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .convert import LARGEST
from .encode import EncodedColumn, Encoder

_UNSEEN = "\N{SNOWMAN} never seen"
_NUMBERS: tuple[Any, ...] = (
    *(None, "", 0.0, -0.0, 1, -1.5, True, "12.5", 2.0**24 + 1, -(2.0**24) - 1, 1e-300),
    *(LARGEST, -LARGEST, 1e300, -1e300, "nan"),
)
_CATEGORIES: tuple[Any, ...] = (None, "", "nan", _UNSEEN, 7, 7.5, True, [1])
_INSTANTS: tuple[Any, ...] = (
    *(None, "", "nan", 0, 1e300, "1969-12-31T23:59:59.5Z", "2024-02-29T12:00:00+02:00"),
    *("0001-01-01", "9999-12-31T23:59:59Z", "2021-01-03T00:00", 1704067199.5),
)
_TEXTS: tuple[Any, ...] = (None, "", "nan", "a", _UNSEEN, " \n", 7, "ß İ Ǆ ﬁ \u0300\U0001f600", [1])
_RARE, _OFTEN = (None, _UNSEEN), 16  # what trees may tell apart in few rows only is tried in more
_KNOWN, _EDGES = 100, 24  # categories and terms, and thresholds of trees, that are tried a column


def probe_rows(
    encoder: Encoder,
    typical: Sequence[Mapping[str, Any]],
    edges: Mapping[str, np.ndarray] | None = None,
) -> list[dict[str, Any]]:
    """Raw rows: `typical` ones with one value replaced at a time, and one with nothing.

    `edges`: by numeric column, values at which trees decide; each is tried with its neighbours in
    float32 and in float64.
    """
    base = list(typical) or [{}]
    rows: list[dict[str, Any]] = [{}]
    for column in encoder.columns:
        near = (edges or {}).get(column.name)
        often = [value for value in _RARE for _ in range(min(_OFTEN, len(base)))]
        for value in [*_values(column, near), *often]:
            rows.append({**base[len(rows) % len(base)], column.name: value})
    return rows


def _values(column: EncodedColumn, edges: np.ndarray | None) -> Iterator[Any]:
    kind = column.column.kind
    if kind == "numeric":
        yield from _NUMBERS
        yield from _around(edges)
    elif kind == "datetime":
        yield from _INSTANTS
    elif kind == "categorical":
        yield from _CATEGORIES
        yield from _spread(column.categories or ())
    else:
        terms = _spread(column.terms or ())
        yield from _TEXTS
        yield from terms
        yield " ".join(terms)
        yield " ".join(f"{term} {term.upper()} {term}" for term in terms[:9])


def _around(edges: np.ndarray | None) -> Iterator[float]:
    for edge in _spread(() if edges is None else edges.tolist(), _EDGES):
        if abs(edge) >= LARGEST:
            continue
        single = np.float32(edge)
        down, up = np.float32(-np.inf), np.float32(np.inf)
        yield edge
        yield float(np.nextafter(edge, -np.inf))
        yield float(np.nextafter(edge, np.inf))
        yield from (
            float(v) for v in (single, np.nextafter(single, down), np.nextafter(single, up))
        )


def _spread(values: Sequence[Any], most: int = _KNOWN) -> list[Any]:
    """At most so many of the values, evenly spread."""
    if len(values) <= most:
        return list(values)
    return [values[place] for place in np.linspace(0, len(values) - 1, most).astype(int)]
