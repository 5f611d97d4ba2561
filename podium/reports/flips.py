"""The figure of decisions that change from one model to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from podium.reports import pair, style
from podium.reports.pair import NAMES, Names
from podium.reports.text import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_SLICES = 30


@dataclass(frozen=True)
class FlipBar:
    """Where `column` is `value`: rows, and how many decisions change, for better and for worse."""

    column: str
    value: str
    rows: int
    flipped: int
    better: int
    worse: int


@style.styled
def flips_figure(rows: Sequence[FlipBar], *, overall: FlipBar, names: Names = NAMES) -> Figure:
    """Shares of each slice whose decision becomes right (blue) and becomes wrong (orange).

    In the order given, of which the first 30 with rows are drawn, under all rows together.
    """
    title = "Decisions that change"
    if not overall.rows:
        return style.empty(title, "There are no rows to decide about.")
    if not overall.flipped:
        return style.empty(title, "Both models decide the same on every row.")
    known = [bar for bar in rows if bar.rows]
    bars = [overall, *known[:_MAX_SLICES]]
    title = (
        f"{percent(overall.flipped / overall.rows)} of decisions change: "
        f"{overall.better:,} become right, {overall.worse:,} become wrong"
    )
    figure = style.sheet(
        title, _line(known, overall, names), size=(7.2, style.height_of(len(bars)) + 0.3)
    )
    axes = figure.subplots()
    style.dress(axes, x="Share of the slice's rows", grid="x", shares="x")
    _draw(axes, bars)
    return figure


def _line(known: Sequence[FlipBar], overall: FlipBar, names: Names) -> str:
    one, other = pair.named(names)
    parts = [f"{style.rows_text(overall.rows)}, from {other} to {one}"]
    if still := overall.flipped - overall.better - overall.worse:
        parts.append(f"{still:,} wrong under both")
    if len(known) > _MAX_SLICES:
        parts.append(f"the {_MAX_SLICES} of {len(known)} slices that change most")
    return ", ".join(parts)


def _draw(axes: Axes, bars: Sequence[FlipBar]) -> None:
    places = np.arange(len(bars))
    better = np.array([bar.better / bar.rows for bar in bars])
    worse = np.array([bar.worse / bar.rows for bar in bars])
    axes.barh(places, better, height=0.66, color=pair.BETTER)
    axes.barh(places, -worse, height=0.66, color=pair.WORSE)
    axes.axvline(0, color=style.INK, linewidth=0.8)
    for place, bar in enumerate(bars):
        text = f"{percent(bar.flipped / bar.rows)} of {style.rows_text(bar.rows)}"
        style.beside(axes, place, text, colour=style.GREY if place else style.INK)
    labels = ["all rows", *(f"{bar.column} = {bar.value}" for bar in bars[1:])]
    style.name_rows(axes, labels, width=42)
    axes.get_yticklabels()[0].set_fontweight("bold")
    if len(bars) > 1:
        axes.axhline(0.5, color=style.RULE, linewidth=0.8)
    _name_sides(axes, float(worse.max()), float(better.max()))


def _name_sides(axes: Axes, worse: float, better: float) -> None:
    """Shares are written without sign on either side, and each side says what it means."""
    from matplotlib.ticker import FuncFormatter

    reach = max(worse, better, 1e-6)
    axes.set_xlim(-max(worse, 0.35 * reach) * 1.08, max(better, 0.35 * reach) * 1.08)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{abs(v) * 100:.10g}%"))
    style.few_ticks(axes.xaxis, 7)
    top = axes.get_xaxis_transform()
    for text, offset, align, colour in (
        ("← become wrong", -4, "right", pair.WORSE),
        ("become right →", 4, "left", pair.BETTER),
    ):
        axes.annotate(
            text,
            (0, 1),
            xycoords=top,
            xytext=(offset, 3),
            textcoords="offset points",
            ha=align,
            va="bottom",
            color=colour,
            fontsize=8,
        )
