"""Figures of a binary classifier: ROC, precision and recall, calibration, scores.

Everywhere `y` (n,) is 0 or 1 and `p` (n,) is the probability of 1. Rows with a NaN in either are
left out, and the subtitle says how many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from podium.reports import curves, style
from podium.reports.text import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NO_ROWS = "There are no rows with an actual value and a score."
_ONE_CLASS = "All rows are of one class, and this curve needs both."


@style.styled
def roc_figure(
    y: ArrayLike,
    p: ArrayLike,
    *,
    auc: float,
    low: float,
    high: float,
    threshold: float,
    part: str = "holdout",
) -> Figure:
    """Recall against the false positive rate, with the threshold's point marked.

    `low` and `high` bound the AUC; NaN leaves the interval out.
    """
    actual, score, dropped = curves.pairs(y, p)
    title = f"ROC AUC {number(auc)}{_interval(low, high)}"
    if problem := _problem(actual):
        return style.empty(title, problem)
    figure = style.sheet(title, _facts(part, actual, dropped), size=(5.8, 4.9))
    axes = figure.subplots()
    style.dress(axes, x="False positive rate", y="Recall", grid="both", shares="both")
    axes.plot([0, 1], [0, 1], color=style.MISSING, linewidth=1, linestyle=(0, (4, 3)))
    curve = curves.roc_curve(actual, score).thinned()
    axes.fill_between(curve.x, curve.y, curve.x, color=style.PALE_BLUE, alpha=0.3, linewidth=0)
    axes.plot(curve.x, curve.y, color=style.BLUE)
    at = curves.rates_at(actual, score, threshold)
    text = f"at {number(threshold)}: recall {percent(at.recall)},\n"
    text += f"false positives {percent(at.false_positive_rate)}"
    _mark(axes, (at.false_positive_rate, at.recall), text, above=at.recall < 0.15)
    axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015))
    return figure


@style.styled
def precision_recall_figure(
    y: ArrayLike,
    p: ArrayLike,
    *,
    average_precision: float,
    low: float,
    high: float,
    threshold: float,
    part: str = "holdout",
) -> Figure:
    """Precision against recall, with the base rate as a line and the threshold's point marked."""
    actual, score, dropped = curves.pairs(y, p)
    title = f"Average precision {number(average_precision)}{_interval(low, high)}"
    if problem := _problem(actual):
        return style.empty(title, problem)
    rate = float(np.mean(actual == 1))
    figure = style.sheet(title, _facts(part, actual, dropped), size=(5.8, 4.9))
    axes = figure.subplots()
    style.dress(axes, x="Recall", y="Precision", grid="both", shares="both")
    axes.axhline(rate, color=style.GREY, linewidth=1, linestyle=(0, (4, 3)))
    curve = curves.precision_recall_curve(actual, score).thinned()
    axes.plot(curve.x, curve.y, color=style.BLUE)
    label = f"calling every row positive: {percent(rate)}"
    axes.annotate(
        label,
        (0, rate),
        xytext=(2, -4 if rate > 0.1 else 3),
        textcoords="offset points",
        va="top" if rate > 0.1 else "bottom",
        color=style.GREY,
        fontsize=style.TICK_POINTS,
    )
    at = curves.rates_at(actual, score, threshold)
    text = (
        f"at {number(threshold)}: precision {percent(at.precision)},\nrecall {percent(at.recall)}"
    )
    _mark(axes, (at.recall, at.precision), text, above=at.precision < 0.85)
    axes.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015))
    return figure


@style.styled
def calibration_figure(
    y: ArrayLike,
    p: ArrayLike,
    *,
    brier: float,
    part: str = "holdout",
    baseline_rate: float,
) -> Figure:
    """Observed share against the mean score in bins of equal row count, and the scores below.

    Bars are 95% Wilson intervals. `baseline_rate` is the constant answer that Brier's score is
    set against, usually the training rows' base rate.
    """
    actual, score, dropped = curves.pairs(y, p)
    if not actual.size:
        return style.empty(f"Calibration: Brier score {number(brier)}", _NO_ROWS)
    rate, mean = float(np.mean(actual == 1)), float(score.mean())
    baseline = rate * (1 - baseline_rate) ** 2 + (1 - rate) * baseline_rate**2
    title = f"Predicted {percent(mean)} positive on average, observed {percent(rate)}"
    against = f"against {number(baseline)} for always answering {percent(baseline_rate)}"
    subtitle = f"{_facts(part, actual, dropped)}. Brier score {number(brier)}, {against}"
    figure = style.sheet(title, subtitle, size=(5.8, 5.4))
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3.6, 1))
    bins = curves.reliability(actual, score, bins=int(np.clip(score.size // 15, 3, 10)))
    limit = _calibration_limit(bins)
    _draw_reliability(top, bins, limit)
    style.dress(bottom, x="Predicted probability", y="Rows", shares="x")
    bottom.hist(score, bins=np.linspace(0, limit, 51).tolist(), color=style.PALE_BLUE)
    if beyond := int(np.sum(score > limit)):
        lie = f"{style.rows_text(beyond)} {'lies' if beyond == 1 else 'lie'}"
        bottom.set_xlabel(f"Predicted probability ({lie} beyond {percent(limit)})")
    style.few_ticks(bottom.yaxis, 3, whole=True)
    return figure


def _draw_reliability(axes: Axes, bins: curves.Reliability, limit: float) -> None:
    style.dress(axes, y="Observed share of positives", grid="both", shares="both")
    axes.axline((0, 0), slope=1, color=style.MISSING, linewidth=1, linestyle=(0, (4, 3)))
    reach = (bins.observed - bins.low, bins.high - bins.observed)
    axes.errorbar(
        bins.predicted,
        bins.observed,
        yerr=reach,
        color=style.BLUE,
        marker="o",
        markersize=5,
        linewidth=1.4,
        elinewidth=1.2,
        ecolor=style.BLUE,
    )
    axes.set(xlim=(-0.01 * limit, limit * 1.01), ylim=(-0.01 * limit, limit * 1.01))
    axes.text(
        0.84,
        0.92,
        "perfect calibration",
        transform=axes.transAxes,
        ha="right",
        va="top",
        color=style.GREY,
        fontsize=style.TICK_POINTS,
    )


def _calibration_limit(bins: curves.Reliability) -> float:
    """How far both axes go: to 1, or less when every bin lies far below it."""
    reach = float(max(bins.high.max(), bins.predicted.max()))
    return 1.0 if reach > 0.35 else max(float(np.ceil(reach * 25) / 20), 0.05)


@style.styled
def score_distribution_figure(
    y: ArrayLike,
    p: ArrayLike,
    *,
    threshold: float,
    positive_label: str,
    negative_label: str,
    part: str,
) -> Figure:
    """How the scores of the two classes are spread, one above the other, and the threshold."""
    actual, score, dropped = curves.pairs(y, p)
    positive, negative = style.name(positive_label), style.name(negative_label)
    at = curves.rates_at(actual, score, threshold)
    caught, falsely = percent(at.recall), percent(at.false_positive_rate)
    title = (
        f"{caught} of {positive!r} and {falsely} of {negative!r} score {number(threshold)} or more"
    )
    if not actual.size:
        return style.empty("Scores by actual class", _NO_ROWS)
    low, high = _score_frame(score, threshold)
    beyond = int(np.sum((score < low) | (score > high)))
    outside = f", {beyond:,} beyond the frame" if beyond else ""
    figure = style.sheet(title, _facts(part, actual, dropped) + outside, size=(6.6, 4.2))
    top, bottom = figure.subplots(2, 1, sharex=True)
    edges = np.linspace(low, high, 51)
    height = _draw_scores(top, score[actual == 1], edges, positive, style.ORANGE)
    _draw_scores(bottom, score[actual != 1], edges, negative, style.BLUE)
    for axes in (top, bottom):
        axes.axvline(threshold, color=style.INK, linewidth=1)
    bottom.set(xlabel="Predicted probability", xlim=(low, high))
    label = f"threshold {number(threshold)}"
    style.tag(top, (threshold, height), label, at=_beside(threshold > (low + high) / 2))
    return figure


def _score_frame(score: np.ndarray, threshold: float) -> tuple[float, float]:
    """Scores to show: where nearly all of them and the threshold lie, within 0 to 1."""
    low, high = curves.main_range(score)
    if np.isfinite(threshold):
        low, high = min(low, threshold), max(high, threshold)
    low, high = style.limits(low, high, pad=0.03)
    return max(low, 0.0), min(high, 1.0)


def _beside(leftwards: bool) -> tuple[float, float]:
    """A label's offset from a vertical line, to the left of it or to the right."""
    return (-5, -1) if leftwards else (5, -1)


def _draw_scores(
    axes: Axes, score: np.ndarray, edges: np.ndarray, label: str, colour: str
) -> float:
    """Draw one class's scores as shares of its rows per bin, and give the highest bin's."""
    shares = np.histogram(score, bins=edges)[0] / max(score.size, 1)
    style.dress(axes, y="Share of class", shares="both")
    style.few_ticks(axes.yaxis, 3)
    axes.stairs(shares, edges, fill=True, color=colour, alpha=0.75)
    axes.set_title(f"{label}: {style.rows_text(score.size)}", loc="left", color=colour, fontsize=10)
    height = float(shares.max()) or 1.0
    axes.set_ylim(0, height * 1.12)
    return height


def _facts(part: str, actual: np.ndarray, dropped: int) -> str:
    left_out = f"{dropped:,} without a value or score left out" if dropped else ""
    return style.facts(
        part, actual.size, f"{percent(float(np.mean(actual == 1)))} positive", left_out
    )


def _interval(low: float, high: float) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f" (interval {number(low)} to {number(high)})"


def _problem(actual: np.ndarray) -> str:
    """Why a curve cannot be drawn; empty when it can."""
    if not actual.size:
        return _NO_ROWS
    return "" if 0 < np.sum(actual == 1) < actual.size else _ONE_CLASS


def _mark(axes: Axes, xy: tuple[float, float], text: str, *, above: bool) -> None:
    """Mark the threshold's point; nothing when a rate is NaN, as no row reaches the threshold."""
    if not np.isfinite(xy).all():
        return
    axes.plot(
        *xy, "o", color=style.ORANGE, markersize=8, markeredgecolor="white", zorder=5, clip_on=False
    )
    style.tag(axes, xy, text, at=(-9 if xy[0] > 0.6 else 9, 7 if above else -7))
