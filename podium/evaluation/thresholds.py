"""Where to cut a probability into a decision: `probability >= value` is positive.

Candidates are the midpoints between neighbouring distinct scores, one just below the smallest
(every row positive) and one just above the largest (no row positive; there is none when a score
is 1). One sort and cumulative counts: O(n log n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from podium.errors import UsageError, did_you_mean
from podium.evaluation.scores import Array, Costs, Floats, Ints

Kind = Literal["fixed", "maximise_f1", "minimise_cost", "recall_at_least", "precision_at_least"]
_WITH_VALUE = ("fixed", "recall_at_least", "precision_at_least")
_WITHOUT_VALUE = ("maximise_f1", "minimise_cost")
_DEFAULT = 0.5


@dataclass(frozen=True)
class ThresholdRule:
    """How the threshold is chosen.

    `value` is the threshold itself for `fixed`, and the least recall or precision for
    `recall_at_least` and `precision_at_least`: 0..1. The other kinds take none. `costs` is for
    `minimise_cost` (without: 1 for either mistake); the other kinds ignore it.
    """

    kind: Kind
    value: float | None = None
    costs: Costs | None = None

    def __post_init__(self) -> None:
        known = (*_WITH_VALUE, *_WITHOUT_VALUE)
        if self.kind not in known:
            raise UsageError(
                f"There is no threshold rule {self.kind!r}.", remedy=did_you_mean(self.kind, known)
            )
        if self.kind in _WITHOUT_VALUE and self.value is not None:
            raise UsageError(
                f"The threshold rule {self.kind!r} takes no value; it was given {self.value!r}.",
                remedy="Leave the value out.",
            )
        if self.kind in _WITH_VALUE and not (self.value is not None and 0.0 <= self.value <= 1.0):
            raise UsageError(
                f"The threshold rule {self.kind!r} needs a value in 0..1; it has {self.value!r}.",
                remedy="Give a share, such as 0.8.",
            )


@dataclass(frozen=True)
class Threshold:
    """The threshold, in 0..1, and one sentence on why it is this one."""

    value: float
    reason: str


@dataclass(frozen=True)
class _Candidates:
    """Thresholds ascending (c,), with the rows called positive and how many of them are so."""

    value: Floats
    called: Ints
    hits: Ints
    positives: int
    rows: int


def choose_threshold(rule: ThresholdRule, y: Array, probability: Array) -> Threshold:
    """The threshold that `rule` asks for on these rows.

    y: (n,) 0 or 1. probability: (n,) P(positive), 0..1.
    maximise_f1, minimise_cost: the best; among equals the nearest to 0.5, then the lower.
    recall_at_least: the highest threshold that keeps the recall.
    precision_at_least: the lowest that has the precision; where none has it, the one with the
    highest precision (among equals the lowest), and the reason says so.
    No rows, or no positive row for a rule other than `fixed` and `minimise_cost`: 0.5, and the
    reason says so. Raises UsageError for lengths that differ and values outside 0..1 or NaN.
    """
    if rule.kind == "fixed" and rule.value is not None:
        return Threshold(float(rule.value), "fixed")
    _check(y, probability)
    positives = int(np.count_nonzero(y == 1))
    if len(y) == 0 or (positives == 0 and rule.kind != "minimise_cost"):
        what = "no rows" if len(y) == 0 else f"no positive row among {len(y):,}"
        return Threshold(_DEFAULT, f"{what} to choose by; 0.5 is the default")
    candidates = _candidates(y, probability.astype(np.float64), positives)
    if rule.kind == "maximise_f1":
        return _maximise_f1(candidates)
    if rule.kind == "minimise_cost":
        return _minimise_cost(candidates, rule.costs or Costs())
    wanted = 0.0 if rule.value is None else float(rule.value)
    if rule.kind == "recall_at_least":
        return _recall_at_least(candidates, wanted)
    return _precision_at_least(candidates, wanted)


def _check(y: Array, probability: Array) -> None:
    if y.shape != probability.shape or y.ndim != 1:
        raise UsageError(
            f"y has shape {y.shape} and probability {probability.shape}; both should be (n,).",
            remedy="Give the probability of the positive class, one for each row.",
        )
    if not ((probability >= 0) & (probability <= 1)).all():
        raise UsageError(
            "Some probabilities are NaN or outside 0..1.",
            remedy="Give probabilities, not margins or log odds.",
        )


def _candidates(y: Array, probability: Floats, positives: int) -> _Candidates:
    """All thresholds that tell the rows apart differently, with their counts."""
    distinct, level = np.unique(probability, return_inverse=True)
    rows_at = np.bincount(level)
    hits_at = np.bincount(level[y == 1], minlength=len(distinct))
    value = np.concatenate([[_just_below(distinct[0])], _between(distinct)])
    called, hits = (np.cumsum(at[::-1])[::-1] for at in (rows_at, hits_at))
    above = _just_above(distinct[-1])
    if above > distinct[-1]:
        value, called, hits = np.append(value, above), np.append(called, 0), np.append(hits, 0)
    return _Candidates(value, called, hits, positives, len(y))


def _between(distinct: Floats) -> Floats:
    """Midpoints of neighbours; the upper one where float32, in which models answer, has none."""
    lower, upper = distinct[:-1], distinct[1:]
    middle = lower + (upper - lower) / 2
    return np.where(middle.astype(np.float32) > lower, middle, upper)


def _just_below(score: float) -> float:
    """The next float32 below, at least 0."""
    return max(float(np.nextafter(np.float32(score), np.float32(-1))), 0.0)


def _just_above(score: float) -> float:
    """The next float32 above, at most 1."""
    return min(float(np.nextafter(np.float32(score), np.float32(2))), 1.0)


def _maximise_f1(c: _Candidates) -> Threshold:
    f1 = 2 * c.hits / (c.called + c.positives)
    best = _nearest_half(c, f1 == f1.max())
    return Threshold(float(c.value[best]), f"highest F1, {f1[best]:.4g}, {_on(c)}")


def _minimise_cost(c: _Candidates, costs: Costs) -> Threshold:
    cost = (c.called - c.hits) * costs.fp + (c.positives - c.hits) * costs.fn
    best = _nearest_half(c, cost == cost.min())
    return Threshold(
        float(c.value[best]),
        f"lowest cost, {cost[best] / c.rows:.4g} a row at {costs.fp:g} for a false positive and "
        f"{costs.fn:g} for a false negative, {_on(c)}",
    )


def _recall_at_least(c: _Candidates, wanted: float) -> Threshold:
    recall = c.hits / c.positives
    best = int(np.flatnonzero(recall >= wanted)[-1])
    return Threshold(
        float(c.value[best]),
        f"highest threshold with recall of at least {wanted:g}: {recall[best]:.4g}, {_on(c)}",
    )


def _precision_at_least(c: _Candidates, wanted: float) -> Threshold:
    precision = c.hits / np.maximum(c.called, 1)
    enough = np.flatnonzero((precision >= wanted) & (c.called > 0))
    if len(enough):
        best = int(enough[0])
        said = f"lowest threshold with precision of at least {wanted:g}: {precision[best]:.4g}"
    else:
        best = int(precision.argmax())
        said = (
            f"no threshold reaches precision {wanted:g}; this has the most, {precision[best]:.4g}"
        )
    return Threshold(float(c.value[best]), f"{said}, {_on(c)}")


def _nearest_half(c: _Candidates, among: Array) -> int:
    index = np.flatnonzero(among)
    return int(index[np.abs(c.value[index] - _DEFAULT).argmin()])


def _on(c: _Candidates) -> str:
    return f"on {c.rows:,} rows, {c.positives:,} of them positive"
