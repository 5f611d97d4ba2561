"""Figures of two classifiers on the same rows: ROC, calibration, recall by class.

Rows where the actual value or either model's answer is NaN are left out, and the subtitle says
how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from podium.reports import curves, pair, style
from podium.reports.pair import NAMES, Names
from podium.reports.text import fixed, number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NO_ROWS = "There are no rows with an actual value and both models' answers."
_ONE_CLASS = "All rows are of one class, and these curves need both."
_MAX_CLASSES = 40


@style.styled
def both_roc_figure(
    y: ArrayLike,
    candidate_probability: ArrayLike,
    champion_probability: ArrayLike,
    names: Names = NAMES,
    *,
    part: str = "holdout",
) -> Figure:
    """Both ROC curves, and below them the recall that one gains on the other.

    y (n,) is 0 or 1, the probabilities (n,) are those of 1.
    """
    (actual, ours, theirs), dropped = curves.complete(
        y, candidate_probability, champion_probability
    )
    one, other = pair.named(names)
    if problem := _problem(actual):
        return style.empty(f"ROC of {one} and {other}", problem)
    lines = curves.roc_curve(actual, ours), curves.roc_curve(actual, theirs)
    areas = [number(line.area()) for line in lines]
    title = f"ROC AUC {areas[0]} of {one}, {areas[1]} of {other}"
    figure = style.sheet(title, _facts(part, actual, dropped), size=(5.8, 6.0))
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
    style.dress(top, y="Recall", grid="both", shares="both")
    top.plot([0, 1], [0, 1], color=style.MISSING, linewidth=1)
    for line, look in zip(lines, (pair.CANDIDATE_LINE, pair.CHAMPION_LINE), strict=True):
        thin = line.thinned()
        top.plot(thin.x, thin.y, **look)
    top.set(xlim=(-0.015, 1.015), ylim=(-0.015, 1.015))
    pair.key(top, names)
    _draw_gain(bottom, *lines)
    return figure


def _draw_gain(axes: Axes, ours: curves.Curve, theirs: curves.Curve) -> None:
    """Recall of one minus that of the other at the same false positive rate."""
    style.dress(axes, x="False positive rate", y="Recall gained", grid="both", shares="both")
    x = np.linspace(0, 1, 401)
    gain = np.interp(x, ours.x, ours.y) - np.interp(x, theirs.x, theirs.y)
    pair.draw_gain(axes, x, gain)


@style.styled
def both_calibration_figure(
    y: ArrayLike,
    candidate_probability: ArrayLike,
    champion_probability: ArrayLike,
    names: Names = NAMES,
    *,
    part: str = "holdout",
) -> Figure:
    """Observed share against the mean score of each model, and how often each score is given.

    Bins hold equal numbers of rows; bars are 95% Wilson intervals. Shapes as in `both_roc_figure`.
    """
    (actual, ours, theirs), dropped = curves.complete(
        y, candidate_probability, champion_probability
    )
    one, other = pair.named(names)
    if not actual.size:
        return style.empty(f"Calibration of {one} and {other}", _NO_ROWS)
    means = percent(float(ours.mean())), percent(float(theirs.mean()))
    observed = percent(float(np.mean(actual == 1)))
    title = f"{observed} are positive; {one} predicts {means[0]} on average, {other} {means[1]}"
    figure = style.sheet(title, _facts(part, actual, dropped), size=(5.8, 6.0))
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
    count = int(np.clip(actual.size // 15, 3, 10))
    bins = [curves.reliability(actual, score, bins=count) for score in (ours, theirs)]
    limit = _limit(bins)
    _draw_calibration(top, bins, limit)
    pair.key(top, names)
    _draw_scores(bottom, (ours, theirs), limit)
    return figure


def _draw_calibration(axes: Axes, bins: Sequence[curves.Reliability], limit: float) -> None:
    style.dress(axes, y="Observed share of positives", grid="both", shares="both")
    axes.plot([0, limit], [0, limit], color=style.MISSING, linewidth=1)
    for found, look in zip(bins, (pair.CANDIDATE_LINE, pair.CHAMPION_LINE), strict=True):
        reach = (found.observed - found.low, found.high - found.observed)
        axes.errorbar(
            found.predicted,
            found.observed,
            yerr=reach,
            marker="o",
            markersize=4.5,
            elinewidth=1.0,
            **look,
        )
    axes.set(xlim=(-0.01 * limit, limit * 1.01), ylim=(-0.01 * limit, limit * 1.01))


def _limit(bins: Sequence[curves.Reliability]) -> float:
    """How far both axes go: to 1, or less where every bin of both lies far below it."""
    reach = max(float(max(b.high.max(), b.predicted.max())) for b in bins)
    return max(min(float(np.ceil(reach * 22) / 20), 1.0), 0.05)


def _draw_scores(axes: Axes, scores: Sequence[np.ndarray], limit: float) -> None:
    style.dress(axes, x="Predicted probability", y="Rows", shares="x")
    edges = np.linspace(0, limit, 51)
    for score, look in zip(scores, (pair.CANDIDATE_LINE, pair.CHAMPION_LINE), strict=True):
        counts = np.histogram(score, bins=edges)[0]
        filled = look is pair.CANDIDATE_LINE
        axes.stairs(
            counts,
            edges,
            fill=filled,
            color=style.PALE_BLUE if filled else style.INK,
            linewidth=0 if filled else 1.0,
        )
    beyond = [int(np.sum(score > limit)) for score in scores]
    if any(beyond):
        axes.set_xlabel(
            f"Predicted probability (beyond {percent(limit)}: {beyond[0]:,} and {beyond[1]:,} rows)"
        )
    style.few_ticks(axes.yaxis, 3, whole=True)


@style.styled
def both_recall_figure(
    y: ArrayLike,
    candidate_class: ArrayLike,
    champion_class: ArrayLike,
    labels: Sequence[str],
    names: Names = NAMES,
    *,
    part: str = "holdout",
) -> Figure:
    """Recall of each class under both models, the class that loses most on top.

    y and the predictions (n,) are indices into `labels`. Classes without rows are left out, and
    of more than 40 classes the 40 whose recall changes worst are drawn.
    """
    (actual, ours, theirs), dropped = curves.complete(y, candidate_class, champion_class)
    one, other = pair.named(names)
    if not actual.size:
        return style.empty(f"Recall by class of {one} and {other}", _NO_ROWS)
    rows, recall = _recalls(actual, (ours, theirs), len(labels))
    known = np.flatnonzero(rows)
    gain = recall[0] - recall[1]
    order = known[np.argsort(gain[known], kind="stable")][:_MAX_CLASSES]
    up, down = int(np.sum(gain[known] > 0)), int(np.sum(gain[known] < 0))
    title = f"{one[:1].upper()}{one[1:]} finds more of {up} classes and less of {down}"
    shown = f"the {order.size} that change worst are shown" if order.size < known.size else ""
    line = style.facts(
        part, actual.size, f"{known.size} classes, against {other}", shown, _out(dropped)
    )
    figure = style.sheet(title, line, size=(7.0, style.height_of(order.size) + 0.45))
    axes = figure.subplots()
    style.dress(axes, x="Recall", grid="x", shares="x")
    _draw_recalls(axes, order, rows, recall)
    style.name_rows(axes, [labels[i] for i in order])
    low, high = style.limits(float(recall[:, order].min()), float(recall[:, order].max()))
    axes.set_xlim(max(low, -0.02), min(high, 1.02))
    pair.key(axes, names, dots=True)
    return figure


def _draw_recalls(axes: Axes, order: np.ndarray, rows: np.ndarray, recall: np.ndarray) -> None:
    for place, index in enumerate(order):
        ours, theirs = float(recall[0, index]), float(recall[1, index])
        pair.dumbbell(axes, place, ours, theirs)
        points = fixed(100 * (ours - theirs), 1, signed=True)
        colour = pair.WORSE if ours < theirs else style.GREY
        style.beside(
            axes, place, f"{points} points   {style.rows_text(rows[index])}", colour=colour
        )


def _recalls(
    actual: np.ndarray, answers: Sequence[np.ndarray], classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (k,) of each class and both models' recall (2, k) of it, NaN without rows."""
    index = actual.astype(np.intp)
    rows = np.bincount(index, minlength=classes)
    hits = np.array([np.bincount(index[a == actual], minlength=classes) for a in answers])
    return rows, np.divide(hits, rows, out=np.full(hits.shape, np.nan), where=rows > 0)


def _facts(part: str, actual: np.ndarray, dropped: int) -> str:
    rate = f"{percent(float(np.mean(actual == 1)))} positive"
    return style.facts(part, actual.size, rate, _out(dropped))


def _out(dropped: int) -> str:
    return f"{dropped:,} without a value or an answer left out" if dropped else ""


def _problem(actual: np.ndarray) -> str:
    if not actual.size:
        return _NO_ROWS
    return "" if 0 < np.sum(actual == 1) < actual.size else _ONE_CLASS
