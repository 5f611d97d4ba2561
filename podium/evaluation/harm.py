"""Does the candidate harm a part of the rows, whatever it does for all of them?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, product

import numpy as np
from scipy import special

from podium.evaluation.comparison import Comparison, compare
from podium.evaluation.holm import holm
from podium.evaluation.mcnemar import accuracy_p_of_harm
from podium.evaluation.metrics import Metric
from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Array, Costs, Ints
from podium.evaluation.slices import cut


@dataclass(frozen=True)
class SliceComparison:
    """Candidate against champion on the `rows` rows in which `column` has `value`.

    An intersection has the column "carrier × origin" and the value "UA × JFK". `comparison` is
    at the slices' margin; `p_harm` is one-sided, of "worse by no more than the margin";
    `p_adjusted` is Holm's over all slices that are judged, and `harmed` says that it is at most
    alpha. A slice that is not judged has None for all three and says why in `not_judged`.
    """

    column: str
    value: str
    rows: int
    comparison: Comparison | None
    p_harm: float | None
    p_adjusted: float | None
    harmed: bool
    not_judged: str


@dataclass(frozen=True, eq=False)
class _Slice:
    column: str
    value: str
    at: Ints


def slice_harms(
    metric: Metric,
    pair: Pair,
    columns: Mapping[str, Array],
    *,
    margin: float,
    alpha: float,
    min_rows: int,
    intersections: bool = True,
    max_values: int = 30,
    seed: int = 0,
    costs: Costs | None = None,
) -> tuple[SliceComparison, ...]:
    """Every slice of `columns`, and of every two of them, where the candidate may do harm.

    columns: name -> (n,), cut on these rows as `slice_table` does. A slice is harmed when it is
    surely worse by more than `margin`, in the metric's unit: the chance that any slice is said
    to be, when none is, is about `alpha` at most. That holds as far as each slice's own test
    does: where nearly all of the loss sits in a few rows (a model that is overconfident on 4
    rows in 1,000), a slice that happens to hold none of them tells too little of its spread,
    and is blamed too often; a larger `min_rows` helps.

    Single slices below `min_rows` rows are listed and not judged; intersections are left out when
    they are, or when they are all of a single slice. A metric that is undefined on a slice (one
    class only) leaves it not judged. Order: columns
    as given, then their intersections; values as cut. Raises UsageError for a column of another
    length, and as `compare` does.
    """
    by_column = [
        [
            _Slice(column, value, at)
            for value, at in cut(column, v, len(pair), max_values=max_values)
        ]
        for column, v in columns.items()
    ]
    parts = [part for column in by_column for part in column]
    for one, other in combinations(by_column, 2) if intersections else ():
        parts.extend(_intersections(one, other, len(pair), max(min_rows, 1)))
    judge = partial(compare, metric, margin=margin, alpha=alpha, seed=seed, costs=costs)
    return _holm_adjusted([_judged(part, pair, min_rows, judge) for part in parts], alpha)


def p_of_harm(comparison: Comparison) -> float:
    """One-sided p of "the candidate is worse by no more than the margin".

    The tail beyond (-margin - d) / e, of Student's t with the comparison's degrees of `freedom`
    (normal where they are infinite). e is the distance of the interval's better end from
    d, the difference turned so that more is better, over the same quantile: the standard error,
    but for intervals that are not symmetric, so that p is at most alpha exactly when the
    verdict is "worse". Where no spread was seen it is the rule of three that gave the interval
    its width; without any width the difference itself decides: 0 or 1. NaN where the
    difference or its error is.
    """
    sign = 1.0 if comparison.higher_is_better else -1.0
    difference = sign * comparison.difference
    reach = max(sign * comparison.low, sign * comparison.high) - difference
    beyond = -comparison.margin - difference
    if reach <= 0.0:
        return 0.0 if beyond > 0.0 else 1.0
    if "rule of three" in comparison.method:
        # reach = 1 - alpha^(1 / support), solved for the alpha at which it is `beyond`.
        support = math.log(comparison.alpha) / math.log1p(-min(reach, 1.0 - 1e-12))
        return float((1.0 - min(max(beyond, 0.0), 1.0)) ** support)
    quantile = float(special.stdtrit(comparison.freedom, 1.0 - comparison.alpha))
    return float(special.stdtr(comparison.freedom, -beyond * quantile / reach))


def _p_on(comparison: Comparison, pair: Pair) -> float:
    """`p_of_harm` from the rows: for accuracy without groups, that of Tango's score test."""
    differ = comparison.error > 0.0
    if differ and comparison.metric == "accuracy" and pair.group is None:
        return accuracy_p_of_harm(pair, comparison.margin)
    return p_of_harm(comparison)


def _judged(
    part: _Slice, pair: Pair, min_rows: int, judge: Callable[[Pair], Comparison]
) -> SliceComparison:
    """The comparison on one slice, not adjusted yet."""
    rows = len(part.at)
    if rows < min_rows:
        reason = f"{rows:,} {'row' if rows == 1 else 'rows'}; at least {min_rows:,} are needed"
        return SliceComparison(part.column, part.value, rows, None, None, None, False, reason)
    taken = pair.take(part.at)
    found = judge(taken)
    if math.isnan(found.difference) or math.isnan(found.error):
        reason = found.reason or "the metric is undefined on these rows"
        return SliceComparison(part.column, part.value, rows, None, None, None, False, reason)
    p = _p_on(found, taken)
    return SliceComparison(part.column, part.value, rows, found, p, None, False, "")


def _intersections(
    one: Sequence[_Slice], other: Sequence[_Slice], n: int, min_rows: int
) -> Iterator[_Slice]:
    """What slices of two columns share: at least `min_rows` rows, and less than either has."""
    code = np.empty(n, dtype=np.int64)
    for number, part in enumerate(one):
        code[part.at] = number * len(other)
    for number, part in enumerate(other):
        code[part.at] += number
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(np.bincount(code, minlength=len(one) * len(other)))
    shared = np.split(order, ends[:-1]) if n else []
    for (a, b), at in zip(product(one, other), shared, strict=False):
        if min_rows <= len(at) < min(len(a.at), len(b.at)):
            yield _Slice(f"{a.column} × {b.column}", f"{a.value} × {b.value}", at)


def _holm_adjusted(found: Sequence[SliceComparison], alpha: float) -> tuple[SliceComparison, ...]:
    adjusted = iter(holm(np.array([s.p_harm for s in found if s.p_harm is not None])).tolist())
    return tuple(s if s.p_harm is None else _adjusted(s, next(adjusted), alpha) for s in found)


def _adjusted(part: SliceComparison, p: float, alpha: float) -> SliceComparison:
    return replace(part, p_adjusted=p, harmed=p <= alpha)
