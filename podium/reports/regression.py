"""Figures of a regression: predictions against actual values, and residuals.

`y` and `prediction` are (n,), in the target's unit. Rows with a NaN in either are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from podium.reports import curves, style
from podium.reports.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SCATTER_ROWS = 1500
_BAND_ROWS = 40
_NO_ROWS = "There are no rows with an actual value and a prediction."
Range = tuple[float, float]


@style.styled
def predicted_against_actual_figure(
    y: ArrayLike, prediction: ArrayLike, *, unit: str = "", part: str = "holdout"
) -> Figure:
    """Predictions against actual values: points for few rows, hexagons for many."""
    actual, predicted, dropped = curves.pairs(y, prediction)
    if not actual.size:
        return style.empty("Predicted against actual", _NO_ROWS)
    error = float(np.median(np.abs(actual - predicted)))
    measured = f" {style.name(unit)}" if unit else ""
    title = f"Half of the predictions are within {number(error)}{measured} of the actual value"
    frame = style.limits(*_frame(actual, predicted))
    subtitle = _facts(part, actual, predicted, dropped, frame, frame)
    figure = style.sheet(title, subtitle, size=(5.8, 4.9))
    axes = figure.subplots()
    suffix = f" ({style.name(unit)})" if unit else ""
    style.dress(axes, x=f"Actual{suffix}", y=f"Predicted{suffix}", grid="both")
    cloud(axes, actual, predicted, frame, frame)
    axes.plot(frame, frame, color=style.INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.set(xlim=frame, ylim=frame)
    return figure


@style.styled
def residuals_figure(y: ArrayLike, prediction: ArrayLike, part: str = "holdout") -> Figure:
    """Residuals (actual - predicted) by prediction, with their running median and 10-90% band."""
    actual, predicted, dropped = curves.pairs(y, prediction)
    if not actual.size:
        return style.empty("Residuals", _NO_ROWS)
    residual = actual - predicted
    low, middle, high = (number(float(q)) for q in np.quantile(residual, (0.1, 0.5, 0.9)))
    title = f"Residuals: median {middle}, 80% of them between {low} and {high}"
    x_frame = style.limits(*curves.main_range(predicted))
    y_frame = style.limits(*curves.main_range(residual))
    subtitle = _facts(part, predicted, residual, dropped, x_frame, y_frame)
    figure = style.sheet(title, subtitle, size=(7.4, 4.3))
    axes, side = figure.subplots(1, 2, sharey=True, width_ratios=(4.5, 1))
    style.dress(axes, x="Predicted", y="Residual (actual − predicted)", grid="both")
    cloud(axes, predicted, residual, x_frame, y_frame)
    axes.set(xlim=x_frame, ylim=y_frame)
    axes.axhline(0, color=style.INK, linewidth=1, linestyle=(0, (4, 3)))
    if actual.size >= _BAND_ROWS:
        _band(axes, predicted, residual)
    style.dress(side, x="Rows")
    side.hist(
        residual,
        bins=np.linspace(*y_frame, 51).tolist(),
        orientation="horizontal",
        color=style.PALE_BLUE,
    )
    side.axhline(0, color=style.INK, linewidth=1, linestyle=(0, (4, 3)))
    side.tick_params(axis="y", labelleft=False)
    style.few_ticks(side.xaxis, 2)
    return figure


def _frame(actual: np.ndarray, predicted: np.ndarray) -> Range:
    """One range for both axes."""
    lows, highs = zip(curves.main_range(actual), curves.main_range(predicted), strict=True)
    return min(lows), max(highs)


def _facts(
    part: str, x: np.ndarray, y: np.ndarray, dropped: int, x_frame: Range, y_frame: Range
) -> str:
    inside = (x >= x_frame[0]) & (x <= x_frame[1]) & (y >= y_frame[0]) & (y <= y_frame[1])
    outside = int(x.size - inside.sum())
    return style.facts(
        part,
        x.size,
        f"{dropped:,} without a value or prediction left out" if dropped else "",
        f"{outside:,} beyond the frame" if outside else "",
        "darker means more rows" if x.size > _SCATTER_ROWS else "",
    )


def cloud(axes: Axes, x: np.ndarray, y: np.ndarray, x_frame: Range, y_frame: Range) -> None:
    if x.size <= _SCATTER_ROWS:
        axes.scatter(x, y, s=16, color=style.BLUE, alpha=0.55, linewidths=0)
        return
    cells = axes.hexbin(
        x,
        y,
        gridsize=48,
        extent=(*x_frame, *y_frame),
        bins="log",
        mincnt=1,
        cmap=style.shades("#d8e6f2", style.BLUE, "#0b2f52"),
        linewidths=0.1,
    )
    cells.set_zorder(1.5)


def _band(axes: Axes, predicted: np.ndarray, residual: np.ndarray) -> None:
    bins = int(np.clip(predicted.size // 30, 1, 20))
    x, (low, middle, high) = curves.running_quantiles(
        predicted, residual, (0.1, 0.5, 0.9), bins=bins
    )
    axes.plot(x, low, color=style.ORANGE, linewidth=1, zorder=4)
    axes.plot(x, high, color=style.ORANGE, linewidth=1, zorder=4)
    axes.fill_between(x, low, high, color=style.ORANGE, alpha=0.12, linewidth=0, zorder=3)
    axes.plot(x, middle, color=style.ORANGE, linewidth=2, zorder=4)
    bottom, top = axes.get_ylim()
    ends = style.apart([float(low[-1]), float(middle[-1]), float(high[-1])], (top - bottom) * 0.05)
    for height, text in zip(ends, ("10%", "median", "90%"), strict=True):
        style.tag(axes, (float(x[-1]), height), text, at=(5, 0))
