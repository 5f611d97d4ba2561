"""The figure of how a model learnt, round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from podium.reports import curves, style
from podium.reports.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = {"train": style.GREY, "validation": style.BLUE}


@style.styled
def learning_curve_figure(
    history: Mapping[str, Sequence[float]],
    *,
    metric: str,
    best: int | None,
    higher_is_better: bool,
    x: Sequence[float] | None = None,
    x_label: str = "round",
) -> Figure:
    """A metric by boosting round or by size, one line per part, with the best round marked.

    `history` holds a value per round for "train" and "validation", either of which may lack.
    Rounds are counted from 0, as XGBoost counts them, and `best` is one of them. Where the values
    belong to sizes instead (trees, training rows), `x` holds those, ascending, and the axis is
    logarithmic.
    """
    lines = {part: _line(values, x) for part, values in history.items() if len(values)}
    lines = {part: line for part, line in lines.items() if line.x.size}
    metric = style.name(metric)
    if not lines:
        return style.empty(f"Learning curve of {metric}", "No round was recorded.")
    subject = "validation" if "validation" in lines else next(iter(lines))
    rounds = max(len(values) for values in history.values())
    title, subtitle = _words(lines, subject, metric, best, rounds)
    if x is not None:
        subtitle = f"by number of {x_label}, {x[0]:,.0f} to {x[-1]:,.0f}"
    figure = style.sheet(title, subtitle, size=(7.0, 4.2))
    axes = figure.subplots()
    better = "higher" if higher_is_better else "lower"
    style.dress(axes, x=x_label.capitalize(), y=f"{metric} ({better} is better)", grid="y")
    for part, line in lines.items():
        colour = _COLOURS.get(part, style.MISSING)
        thin = line.thinned()
        axes.plot(thin.x, thin.y, color=colour, marker="o" if line.x.size < 3 else "")
    if x is None:
        style.few_ticks(axes.xaxis, 9, whole=True)
        axes.set_xlim(*style.limits(0, rounds - 1, pad=0.02))
    else:
        _by_size(axes, x)
    axes.set_ylim(*_heights(lines))
    if (point := _at(lines[subject], best)) is not None:
        _mark_best(axes, point, higher_is_better)
    _name_ends(axes, lines)
    return figure


def _line(values: Sequence[float], x: Sequence[float] | None) -> curves.Curve:
    y = np.asarray(values, dtype=np.float64)
    places = np.arange(len(y), dtype=np.float64) if x is None else np.asarray(x, dtype=np.float64)
    known = np.isfinite(y)
    return curves.Curve(places[known], y[known])


def _by_size(axes: Axes, x: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(list(x), [f"{size:,.0f}" for size in x])
    axes.minorticks_off()


def _at(line: curves.Curve, best: int | None) -> tuple[float, float] | None:
    """The line's point at round `best`; None where it has none."""
    place = np.flatnonzero(line.x == (-1 if best is None else best))
    return (float(line.x[place[0]]), float(line.y[place[0]])) if place.size else None


def _words(
    lines: Mapping[str, curves.Curve], subject: str, metric: str, best: int | None, rounds: int
) -> tuple[str, str]:
    """Title and subtitle: the value at the best round, or at the last where none is marked."""
    subtitle = f"{rounds:,} round{'s' if rounds != 1 else ''}, counted from 0"
    point = _at(lines[subject], best)
    if point is None:
        return f"{metric} on {subject} rows ends at {number(float(lines[subject].y[-1]))}", subtitle
    if subject != "train" and (train := _at(lines["train"], best) if "train" in lines else None):
        subtitle += f"; on train rows {number(train[1])} at the best round"
    return (
        f"{metric} on {subject} rows is best at round {point[0]:,.0f}: {number(point[1])}",
        subtitle,
    )


def _heights(lines: Mapping[str, curves.Curve]) -> tuple[float, float]:
    ends = [(line.y.min(), line.y.max()) for line in lines.values()]
    return style.limits(float(min(e[0] for e in ends)), float(max(e[1] for e in ends)), pad=0.08)


def _mark_best(axes: Axes, point: tuple[float, float], higher_is_better: bool) -> None:
    axes.axvline(point[0], color=style.ORANGE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    axes.plot(*point, "o", color=style.ORANGE, markersize=8, markeredgecolor="white", zorder=5)
    left, right = axes.get_xlim()
    side = -9 if point[0] > (left + right) / 2 else 9
    style.tag(axes, point, f"best: {number(point[1])}", at=(side, -8 if higher_is_better else 8))


def _name_ends(axes: Axes, lines: Mapping[str, curves.Curve]) -> None:
    """Write each line's name at its end, outside the frame, none upon another."""
    low, high = axes.get_ylim()
    heights = style.apart([float(line.y[-1]) for line in lines.values()], (high - low) * 0.055)
    for (part, _), height in zip(lines.items(), heights, strict=True):
        axes.text(
            1.01,
            height,
            style.name(part, 16),
            transform=axes.get_yaxis_transform(),
            va="center",
            color=_COLOURS.get(part, style.GREY),
        )
