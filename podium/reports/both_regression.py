"""Figures of two regressions on the same rows: predictions and errors.

`y` and both predictions are (n,), in the target's unit. Rows with a NaN in any are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from podium.reports import curves, pair, style
from podium.reports.pair import NAMES, Names
from podium.reports.regression import cloud
from podium.reports.text import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NO_ROWS = "There are no rows with an actual value and both models' predictions."


@style.styled
def both_predicted_figure(
    y: ArrayLike,
    candidate: ArrayLike,
    champion: ArrayLike,
    names: Names = NAMES,
    *,
    unit: str = "",
    part: str = "holdout",
) -> Figure:
    """Predictions against actual values, one panel per model, in one frame."""
    (actual, ours, theirs), dropped = curves.complete(y, candidate, champion)
    one, other = pair.named(names)
    if not actual.size:
        return style.empty(f"Predictions of {one} and {other}", _NO_ROWS)
    halves = [number(float(np.median(np.abs(actual - p)))) for p in (ours, theirs)]
    title = (
        f"Half of the predictions are within {halves[0]}{_unit(unit)} of the actual value "
        f"with {one}, within {halves[1]} with {other}"
    )
    ranges = [curves.main_range(column) for column in (actual, ours, theirs)]
    frame = style.limits(min(r[0] for r in ranges), max(r[1] for r in ranges))
    beyond = sum(_outside(frame, actual, p) for p in (ours, theirs))
    line = _facts(part, actual, dropped, f"{beyond:,} points beyond the frame" if beyond else "")
    figure = style.sheet(title, line, size=(8.2, 4.3))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    suffix = f" ({style.name(unit)})" if unit else ""
    for axes, prediction, label in zip(panels, (ours, theirs), (one, other), strict=True):
        style.dress(axes, x=f"Actual{suffix}", grid="both")
        cloud(axes, actual, prediction, frame, frame)
        axes.plot(frame, frame, color=style.INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_title(label, loc="left", fontsize=10, color=style.INK)
        axes.set(xlim=frame, ylim=frame)
    panels[0].set_ylabel(f"Predicted{suffix}")
    return figure


@style.styled
def both_errors_figure(
    y: ArrayLike,
    candidate: ArrayLike,
    champion: ArrayLike,
    names: Names = NAMES,
    *,
    unit: str = "",
    part: str = "holdout",
) -> Figure:
    """The share of rows whose absolute error is at most x, for both models, and the difference."""
    (actual, ours, theirs), dropped = curves.complete(y, candidate, champion)
    one, other = pair.named(names)
    if not actual.size:
        return style.empty(f"Errors of {one} and {other}", _NO_ROWS)
    errors = [np.sort(np.abs(actual - p)) for p in (ours, theirs)]
    nine = [number(float(np.quantile(e, 0.9))) for e in errors]
    title = (
        f"Nine in ten predictions are off by at most {nine[0]}{_unit(unit)} with {one}, "
        f"{nine[1]} with {other}"
    )
    limit = max(float(np.quantile(e, 0.99)) for e in errors) or 1.0
    beyond = f"the largest 1% of errors lie beyond {number(limit)}"
    line = _facts(part, actual, dropped, beyond if actual.size >= 200 else "")
    figure = style.sheet(title, line, size=(6.6, 5.2))
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    x = np.linspace(0, limit, 401)
    shares = [np.searchsorted(e, x, side="right") / e.size for e in errors]
    style.dress(top, y="Share of rows within", grid="both", shares="y")
    for share, look in zip(shares, (pair.CANDIDATE_LINE, pair.CHAMPION_LINE), strict=True):
        top.plot(x, share, **look)
    top.set(xlim=(0, limit), ylim=(0, 1.02))
    pair.key(top, names)
    suffix = f" ({style.name(unit)})" if unit else ""
    style.dress(bottom, x=f"Absolute error{suffix}", y="Share gained", grid="both", shares="y")
    pair.draw_gain(bottom, x, shares[0] - shares[1])
    return figure


def _outside(frame: tuple[float, float], x: np.ndarray, y: np.ndarray) -> int:
    low, high = frame
    return int(np.sum((np.minimum(x, y) < low) | (np.maximum(x, y) > high)))


def _unit(unit: str) -> str:
    return f" {style.name(unit)}" if unit else ""


def _facts(part: str, actual: np.ndarray, dropped: int, *more: str) -> str:
    out = f"{dropped:,} without a value or prediction left out" if dropped else ""
    return style.facts(part, actual.size, out, *more)
