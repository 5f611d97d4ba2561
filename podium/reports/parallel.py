"""The figure of a search in which each trial is a line through all its parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.reports import style
from podium.reports.dimensions import Dimension
from podium.reports.search import focus, value_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NONE = -0.1  # where a line passes that has no value there
_INCHES = 1.2  # from one axis to the next
_LINE = 14  # characters that have room there


@style.styled
def search_parallel_figure(
    dimensions: Sequence[Dimension],
    values: Sequence[float],
    *,
    metric: str,
    higher_is_better: bool,
    of: str = "",
) -> Figure:
    """A line for each complete trial, through its parameters to its value at the right.

    values: (n,), as many as each dimension has. The better, the darker; the best is orange, and
    its values are written below. A trial without a parameter passes that axis below its end.
    `of`: whose parameters these are.
    """
    metric = style.name(metric, 20)
    y = np.asarray(values, dtype=np.float64)
    if not dimensions or not y.size:
        return style.empty(
            "Trials across their parameters", "There is no parameter with more than one value."
        )
    low, high = focus(y.tolist(), higher_is_better=higher_is_better)
    aim = Dimension(metric, np.clip(y, low, high).tolist(), low, high)
    axes_of = [*dimensions, aim]
    title = f"What the best trials{f' of {of}' if of else ''} have in common"
    better = "higher" if higher_is_better else "lower"
    figure = style.sheet(
        title,
        f"{y.size:,} complete trial{'s' if y.size != 1 else ''}, one line each, the better the "
        f"darker ({metric}: {better} is better); the best is orange, its values below",
        size=(max(_INCHES * (len(axes_of) + 0.6), 6.4), 4.2),
    )
    axes = figure.subplots()
    axes.set_axis_off()
    lines = np.array([dimension.places() for dimension in axes_of])
    best = int(y.argmax() if higher_is_better else y.argmin())
    _draw_lines(axes, lines, y if higher_is_better else -y, best)
    for index, dimension in enumerate(axes_of):
        _draw_axis(axes, index, dimension, missing=bool(np.isnan(lines[index]).any()))
        reached = dimension.text(dimension.values[best])
        if dimension is aim:
            reached = value_in_words(float(y[best]), y.tolist())
        _write(axes, index, -0.2, reached, color=style.ORANGE, fontweight="bold")
    axes.set_xlim(-0.45, len(axes_of) - 0.75)
    axes.set_ylim(-0.22, 1.17)
    return figure


def _draw_lines(
    axes: Axes, lines: NDArray[np.float64], goodness: NDArray[np.float64], best: int
) -> None:
    """Worst first, so that the better ones lie above."""
    shade = style.shades(style.RULE, style.PALE_BLUE, style.BLUE, style.INK)
    places = np.nan_to_num(lines, nan=_NONE)
    order = np.argsort(goodness, kind="stable")
    x = np.arange(len(lines))
    for rank, trial in enumerate(order):
        colour = shade(rank / max(len(order) - 1, 1))
        axes.plot(x, places[:, trial], color=colour, linewidth=1.1, alpha=0.85)
    axes.plot(x, places[:, best], color=style.ORANGE, linewidth=2.4)


def _draw_axis(axes: Axes, index: int, dimension: Dimension, *, missing: bool) -> None:
    axes.plot([index, index], [0, 1], color=style.GREY, linewidth=0.9, zorder=3)
    _write(axes, index, 1.05, _in_lines(dimension.title), va="bottom")
    ticks = [(tick.place, tick.text) for tick in dimension.ticks(5)]
    for place, text in [*ticks, *([(_NONE, "none")] if missing else [])]:
        axes.plot([index - 0.03, index], [place] * 2, color=style.GREY, linewidth=0.9, zorder=3)
        axes.text(
            index - 0.05,
            place,
            style.drawable(text),
            ha="right",
            va="center",
            fontsize=7.5,
            color=style.GREY,
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6},
        )


def _in_lines(title: str) -> str:
    """A parameter's name in lines of at most 14 characters, broken where it has an underscore."""
    lines = [""]
    for piece in re.split(r"(?<=_)|(?= \()", style.name(title, 40)):
        if lines[-1] and len(lines[-1]) + len(piece) > _LINE:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.strip() for line in lines)


def _write(axes: Axes, x: float, y: float, text: str, **look: Any) -> None:
    axes.text(x, y, text, ha="center", fontsize=8.5, linespacing=1.15, **look)
