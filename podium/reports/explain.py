"""Figures of what a model goes by, and of how well it does on slices of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from podium.reports import curves, style
from podium.reports.beeswarm import shap_summary_figure
from podium.reports.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["SliceBar", "importance_figure", "shap_summary_figure", "slices_figure"]

_MAX_SLICES = 40


@style.styled
def importance_figure(
    names: Sequence[str],
    values: ArrayLike,
    *,
    kind: str,
    top: int = 20,
    errors: ArrayLike | None = None,
    subtitle: str = "",
) -> Figure:
    """The `top` columns by importance: names and values (f,), and `errors` (f,) as a ± spread.

    `kind` says what is measured and becomes the axis' label. Columns with a NaN are left out.
    `subtitle`: instead of how many columns are shown, where the names are of something else.

    Raises:
        UsageError: `names`, `values` and `errors` differ in length.
    """
    heights = np.asarray(values, dtype=np.float64)
    spread = np.full(heights.shape, np.nan) if errors is None else np.asarray(errors, dtype=float)
    curves.check_columns(len(names), heights[None], spread[None])
    known = np.flatnonzero(np.isfinite(heights))
    if not known.size:
        return style.empty("Importance of columns", "No column has an importance.")
    order = known[np.argsort(-heights[known], kind="stable")][: max(top, 1)]
    first = style.name(names[order[0]])
    title = f"{first!r} matters most: {number(float(heights[order[0]]))}"
    if not heights[known].any():
        title = "No column matters: every importance is 0"
    shown = subtitle or style.shown_columns(order.size, len(names))
    figure = style.sheet(title, shown, size=(7.0, style.height_of(order.size)))
    axes = figure.subplots()
    style.dress(axes, x=style.name(kind, 56), grid="x")
    style.few_ticks(axes.xaxis, 6)
    _draw_bars(axes, heights[order], np.abs(spread[order]))
    style.name_rows(axes, [names[i] for i in order])
    return figure


def _draw_bars(axes: Axes, heights: np.ndarray, spread: np.ndarray) -> None:
    places = np.arange(heights.size)
    colours = [style.BLUE if h >= 0 else style.ORANGE for h in heights]
    axes.barh(places, heights, height=0.66, color=colours)
    reach = np.nan_to_num(spread)
    drawn = np.flatnonzero(reach > 0)
    axes.errorbar(
        heights[drawn], places[drawn], xerr=reach[drawn], fmt="none", ecolor=style.INK, elinewidth=1
    )
    for place, height, error in zip(places, heights, reach, strict=True):
        sign = 1 if height >= 0 else -1
        axes.annotate(
            number(float(height)),
            (height + sign * error, place),
            va="center",
            xytext=(4 * sign, 0),
            textcoords="offset points",
            fontsize=8,
            ha="left" if sign > 0 else "right",
            color=style.GREY,
        )
    low, high = min(float((heights - reach).min()), 0.0), max(float((heights + reach).max()), 0.0)
    width = (high - low) or 1.0
    axes.set_xlim(low - width * (0.24 if low < 0 else 0), high + width * 0.18)
    axes.axvline(0, color=style.MISSING, linewidth=0.8)


@dataclass(frozen=True)
class SliceBar:
    """A metric on the rows where `column` is `value`: estimate and interval, NaN where unknown."""

    column: str
    value: str
    rows: int
    estimate: float
    low: float
    high: float


@style.styled
def slices_figure(
    rows: Sequence[SliceBar], *, metric: str, overall: float, higher_is_better: bool
) -> Figure:
    """A metric with its interval on each slice, grouped by column, against the overall value.

    Slices whose whole interval is worse than `overall` are orange, and the title names the worst
    of them; a slice that is worse by chance makes no headline. Of more than 40 slices the
    worst 40 are drawn; slices without an estimate are left out.
    """
    metric = style.name(metric)
    known = [bar for bar in rows if np.isfinite(bar.estimate)]
    if not known:
        return style.empty(f"{metric} by slice", "No slice has an estimate.")
    sign = 1 if higher_is_better else -1
    ranked = sorted(known, key=lambda bar: sign * bar.estimate)
    clear = [bar for bar in ranked if _is_worse(bar, overall, sign)]
    drawn = ranked[:_MAX_SLICES]
    groups = _grouped(rows, drawn)
    figure = style.sheet(
        _slices_title(clear, metric, overall),
        _slices_line(rows, drawn, len(clear)),
        size=(7.4, style.height_of(len(drawn) + len(groups)) + 0.2),
    )
    axes = figure.subplots()
    better = "higher" if higher_is_better else "lower"
    style.dress(axes, x=f"{metric} ({better} is better)", grid="x")
    _draw_slices(axes, groups, overall, sign)
    return figure


Groups = list[tuple[str, list[SliceBar]]]


def _grouped(rows: Sequence[SliceBar], drawn: Sequence[SliceBar]) -> Groups:
    """The drawn slices by column, both in the order of `rows`, so that bands stay in theirs."""
    groups: dict[str, list[SliceBar]] = {}
    for bar in rows:
        if bar in drawn:
            groups.setdefault(bar.column, []).append(bar)
    return list(groups.items())


def _slices_title(clear: Sequence[SliceBar], metric: str, overall: float) -> str:
    if not clear:
        return f"No slice is clearly worse than {metric} {number(overall)} of all rows"
    worst = clear[0]
    where = f"{style.name(worst.column, 24)} = {style.name(worst.value, 20)}"
    return (
        f"Clearly worst at {where}: {metric} {number(worst.estimate)} (overall {number(overall)})"
    )


def _is_worse(bar: SliceBar, overall: float, sign: int) -> bool:
    """Whether the whole interval lies on the bad side of `overall`; False where it is unknown."""
    return bool(sign * (bar.high if sign > 0 else bar.low) < sign * overall)


def _slices_line(rows: Sequence[SliceBar], drawn: Sequence[SliceBar], clear: int) -> str:
    unknown = sum(not np.isfinite(bar.estimate) for bar in rows)
    parts = [f"{len(rows):,} slice{'s' if len(rows) != 1 else ''}"]
    if len(drawn) < len(rows) - unknown:
        parts.append(f"the worst {len(drawn)} shown")
    if unknown:
        parts.append(f"{unknown:,} without an estimate")
    parts.append(
        f"{clear:,} clearly worse than overall (orange)" if clear else "none clearly worse"
    )
    return ", ".join(parts)


def _draw_slices(axes: Axes, groups: Groups, overall: float, sign: int) -> None:
    place, ticks, labels = 0.0, [], []
    for column, bars in groups:
        axes.text(
            -0.01,
            place,
            style.name(column),
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontweight="bold",
            fontsize=style.TICK_POINTS,
        )
        for bar in bars:
            place += 1
            ticks.append(place)
            labels.append(style.name(bar.value, 30))
            _draw_slice(axes, place, bar, worse=_is_worse(bar, overall, sign))
        place += 1.3
    axes.set_yticks(ticks, labels)
    axes.set_ylim(place - 0.7, -0.7)
    axes.set_xlim(*_reach([bar for _, bars in groups for bar in bars], overall))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if np.isfinite(overall):
        axes.axvline(overall, color=style.GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.text(
            overall,
            1.0,
            "overall",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            color=style.GREY,
            fontsize=8,
        )


def _draw_slice(axes: Axes, place: float, bar: SliceBar, *, worse: bool) -> None:
    colour = style.ORANGE if worse else style.BLUE
    if np.isfinite([bar.low, bar.high]).all():
        axes.plot([bar.low, bar.high], [place, place], color=colour, linewidth=1.6, alpha=0.7)
    axes.plot(bar.estimate, place, "o", color=colour, markersize=6, markeredgecolor="white")
    text = f"{number(bar.estimate)}   {style.rows_text(bar.rows)}"
    axes.text(
        1.01,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        va="center",
        color=colour if worse else style.GREY,
        fontsize=8,
    )


def _reach(bars: Sequence[SliceBar], overall: float) -> tuple[float, float]:
    ends = np.array([(bar.estimate, bar.low, bar.high) for bar in bars] + [(overall,) * 3])
    finite = ends[np.isfinite(ends)]
    return style.limits(float(finite.min()), float(finite.max()))
