"""The figure of a difference between two models, on all rows and slice by slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from podium.reports import pair, style
from podium.reports.pair import NAMES, Names
from podium.reports.text import decimals_of, fixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_SLICES = 40


@dataclass(frozen=True)
class DifferenceBar:
    """Candidate minus champion where `column` is `value`: NaN where it was not judged.

    `harmed` says that a test found the candidate worse there by more than is allowed.
    """

    column: str
    value: str
    rows: int
    difference: float
    low: float
    high: float
    harmed: bool = False


@style.styled
def differences_figure(
    rows: Sequence[DifferenceBar],
    *,
    metric: str,
    higher_is_better: bool,
    margin: float,
    overall: DifferenceBar | None = None,
    names: Names = NAMES,
) -> Figure:
    """The difference with its interval on every judged slice, harmed ones first, then the worst.

    `overall` stands on top; `margin` is how much worse a slice may be. Of more than 40 slices the
    first 40 are drawn; those without a difference are counted only.
    """
    metric = style.name(metric)
    sign = 1 if higher_is_better else -1
    known = [bar for bar in rows if np.isfinite(bar.difference)]
    if not known:
        return style.empty(f"Difference in {metric} by slice", "No slice was judged.")
    ranked = sorted(known, key=lambda bar: (not bar.harmed, sign * bar.difference))
    drawn = ranked[:_MAX_SLICES]
    decimals = _decimals(known)
    figure = style.sheet(
        _title(ranked, metric, decimals),
        _line(rows, known, drawn),
        size=(7.6, style.height_of(len(drawn) + (overall is not None)) + 0.35),
    )
    axes = figure.subplots()
    one, other = pair.named(names)
    toward = "higher" if higher_is_better else "lower"
    style.dress(axes, x=f"{metric}, {one} − {other} ({toward} is better)", grid="x")
    bars = ([overall] if overall is not None else []) + drawn
    _draw(axes, bars, overall, decimals)
    _draw_bounds(axes, -sign * margin)
    return figure


def _title(ranked: Sequence[DifferenceBar], metric: str, decimals: int) -> str:
    harmed = [bar for bar in ranked if bar.harmed]
    if not harmed:
        return f"No slice is harmed: {metric} is nowhere surely worse than allowed"
    worst = harmed[0]
    where = f"{style.name(worst.column, 26)} = {style.name(worst.value, 22)}"
    more = f" and {len(harmed) - 1} more" if len(harmed) > 1 else ""
    change = fixed(worst.difference, decimals, signed=True)
    return f"Harmed: {where} ({metric} {change}){more}"


def _line(
    rows: Sequence[DifferenceBar], known: Sequence[DifferenceBar], drawn: Sequence[DifferenceBar]
) -> str:
    parts = [f"{len(known):,} slice{'s' if len(known) != 1 else ''} judged"]
    if len(drawn) < len(known):
        parts.append(f"the worst {len(drawn)} shown")
    if unknown := len(rows) - len(known):
        parts.append(f"{unknown:,} not judged")
    harmed = sum(bar.harmed for bar in known)
    parts.append(f"{harmed:,} harmed (orange)" if harmed else "none harmed")
    return ", ".join(parts)


def _decimals(bars: Sequence[DifferenceBar]) -> int:
    """Decimals for all of them: what the narrower half of the intervals can show."""
    widths = np.array([bar.high - bar.low for bar in bars])
    widths = widths[np.isfinite(widths) & (widths > 0)]
    size = max(abs(bar.difference) for bar in bars)
    middle = float(np.quantile(widths, 0.5, method="lower")) if widths.size else None
    return decimals_of(middle, size)


def _draw(
    axes: Axes, bars: Sequence[DifferenceBar], overall: DifferenceBar | None, decimals: int
) -> None:
    for place, bar in enumerate(bars):
        first = bar is overall
        colour = style.INK if first else pair.WORSE if bar.harmed else pair.BETTER
        if np.isfinite([bar.low, bar.high]).all():
            axes.plot([bar.low, bar.high], [place, place], color=colour, linewidth=1.6, alpha=0.75)
        shape = "D" if first else "o"
        axes.plot(bar.difference, place, shape, color=colour, markersize=6, markeredgecolor="white")
        change = fixed(bar.difference, decimals, signed=True)
        text = f"{change}   {style.rows_text(bar.rows)}"
        style.beside(axes, place, text, colour=colour if bar.harmed or first else style.GREY)
    style.name_rows(axes, [_label(bar, overall) for bar in bars], width=42)
    if overall is not None:
        axes.axhline(0.5, color=style.RULE, linewidth=0.8)
    for label, bar in zip(axes.get_yticklabels(), bars, strict=True):
        if bar is overall or bar.harmed:
            label.set_fontweight("bold")
            label.set_color(style.INK if bar is overall else pair.WORSE)


def _label(bar: DifferenceBar, overall: DifferenceBar | None) -> str:
    return "all rows" if bar is overall else f"{bar.column} = {bar.value}"


def _draw_bounds(axes: Axes, allowed: float) -> None:
    """The line of no difference and the one of what is allowed, both inside the frame."""
    axes.axvline(0, color=style.GREY, linewidth=1, zorder=1)
    axes.axvline(allowed, color=pair.WORSE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    low, high = axes.get_xlim()
    low, high = min(low, allowed, 0.0), max(high, allowed, 0.0)
    axes.set_xlim(*style.limits(low, high, pad=0.02))
    top = axes.get_xaxis_transform()
    near = abs(allowed) < 0.2 * (high - low)
    for x, text, colour in ((0.0, "equal", style.GREY), (allowed, "allowed", pair.WORSE)):
        outward = "left" if (x == 0) == (allowed <= 0) else "right"
        align = outward if near else "center"
        axes.text(x, 1.0, text, transform=top, ha=align, va="bottom", color=colour, fontsize=8)
