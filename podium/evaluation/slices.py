"""One metric on parts of the rows: where does the model do worse than it does overall?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from podium.errors import UsageError
from podium.evaluation.intervals import Interval
from podium.evaluation.measure import confidence_interval
from podium.evaluation.metrics import Metric, with_costs
from podium.evaluation.scores import Array, Costs, Floats, Ints, Scores

MISSING = "(missing)"
OTHER = "(other)"
_BINS = 5


@dataclass(frozen=True)
class SliceRow:
    """The metric on the `rows` rows in which `column` has `value`.

    `difference_from_all` is the slice's estimate minus that of all rows, in the metric's unit.
    """

    column: str
    value: str
    rows: int
    interval: Interval
    difference_from_all: float


def slice_table(
    scores: Scores,
    columns: Mapping[str, Array],
    metric: Metric,
    *,
    min_rows: int = 100,
    max_values: int = 30,
    level: float = 0.95,
    seed: int = 0,
    costs: Costs | None = None,
) -> list[SliceRow]:
    """`metric` with its interval on every slice of every column that has `min_rows` rows.

    columns: name -> (n,). Numbers are cut at their quantiles into at most 5 bins, each closed
    above; at most 5 distinct numbers are a slice each. Of texts (and bools), the `max_values`
    most frequent are a slice each, the rest together "(other)". NaN and None are "(missing)".
    Order: columns as given; bins upwards, or values by frequency; then other, then missing.
    Slices with fewer than `min_rows` rows are left out. Raises UsageError for a column whose
    length is not n.
    """
    metric = with_costs(metric, costs)
    overall = metric.compute(scores)
    table = []
    for column, values in columns.items():
        for label, rows in cut(column, values, len(scores), max_values=max_values):
            if len(rows) < max(min_rows, 1):
                continue
            interval = confidence_interval(metric, scores.take(rows), level=level, seed=seed)
            difference = interval.estimate - overall
            table.append(SliceRow(column, label, len(rows), interval, difference))
    return table


def cut(column: str, values: Array, n: int, *, max_values: int) -> list[tuple[str, Ints]]:
    """(label, row indices) of each slice of one column that is not empty; see `slice_table`.

    Every row is in exactly one slice, and its indices ascend. Raises UsageError where `values`
    has not `n` entries.
    """
    if values.shape != (n,):
        raise UsageError(
            f"The column {column!r} has shape {values.shape}, but there are {n} scored rows.",
            remedy="Give the column for the same rows, in the same order.",
        )
    return list(_slices(values, max_values))


def _slices(values: Array, max_values: int) -> Iterator[tuple[str, Ints]]:
    if values.dtype.kind in "iuf":
        codes, labels = _numeric_codes(values.astype(np.float64))
    else:
        codes, labels = _text_codes(values, max_values)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(labels)))
    for label, rows in zip(labels, np.split(order, ends[:-1]), strict=True):
        if len(rows):
            yield label, rows


def _numeric_codes(values: Floats) -> tuple[Array, list[str]]:
    """Slice number of each row (n,) and the labels; the last one is missing."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return np.zeros(len(values), dtype=np.int64), [MISSING]
    distinct = np.unique(known)
    if len(distinct) <= _BINS:
        edges, labels = distinct[:-1], _number_texts(distinct)
    else:
        shares = np.arange(1, _BINS) / _BINS
        # Edges are values of the column: no interpolation, so infinities do no harm.
        edges = np.unique(np.quantile(known, shares, method="inverted_cdf"))
        edges = edges[edges < distinct[-1]]
        labels = _bin_labels(edges)
    codes = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), len(labels), codes), [*labels, MISSING]


def _bin_labels(edges: Floats) -> list[str]:
    """Names of the len(edges) + 1 bins."""
    if len(edges) == 0:
        return ["all values"]
    texts = _number_texts(edges)
    inner = [f"over {a} to {b}" for a, b in pairwise(texts)]
    return [f"at most {texts[0]}", *inner, f"over {texts[-1]}"]


def _number_texts(numbers: Floats) -> list[str]:
    """The numbers with as few digits, at least 4, as tell them apart."""
    for digits in range(4, 17):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == len(texts):
            return texts
    return [repr(float(number)) for number in numbers]


def _text_codes(values: Array, max_values: int) -> tuple[Array, list[str]]:
    """Slice number of each row (n,) and the labels; the last two are other and missing."""
    texts = [None if _is_missing(value) else str(value) for value in values.tolist()]
    counts = Counter(text for text in texts if text is not None)
    labels = sorted(counts, key=lambda text: (-counts[text], text))[:max_values]
    number = {text: index for index, text in enumerate(labels)}
    other, missing = len(labels), len(labels) + 1
    codes = [missing if text is None else number.get(text, other) for text in texts]
    return np.array(codes, dtype=np.int64), [*labels, OTHER, MISSING]


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
