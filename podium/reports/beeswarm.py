"""The summary of SHAP values: each row's effect of each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from podium.reports import curves, style
from podium.reports.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SWARM_POINTS = 1200
_COLOURS = (style.BLUE, "#8d84b8", style.ORANGE)


@style.styled
def shap_summary_figure(
    names: Sequence[str],
    shap: ArrayLike,
    values: ArrayLike,
    *,
    top: int = 15,
    unit: str = "log-odds",
) -> Figure:
    """Each row's SHAP value per column, the columns with the largest mean size first.

    shap and values (n, f). Colour is the rank of the row's value within its column, grey where it
    is missing or no number. At most 1,200 rows are drawn; the order comes from all of them.

    Raises:
        UsageError: the shapes of `names`, `shap` and `values` do not fit.
    """
    effects, inputs = np.asarray(shap, dtype=np.float64), np.asarray(values, dtype=np.float64)
    curves.check_columns(len(names), effects, inputs)
    if not effects.size or not np.isfinite(effects).any():
        return style.empty("SHAP values", "There are no SHAP values to draw.")
    size = _mean_size(effects)
    order = np.argsort(-size, kind="stable")[: max(top, 1)]
    sampled = curves.sample_rows(len(effects), _SWARM_POINTS)
    unit = style.name(unit)
    figure = style.sheet(
        f"{style.name(names[order[0]])!r} moves the prediction most: "
        f"by {number(float(size[order[0]]))} {unit} on average",
        f"{_shown_rows(sampled.size, len(effects))}, "
        f"{style.shown_columns(order.size, len(names))}; grey: value missing or not a number",
        size=(7.4, style.height_of(order.size, each=0.34) + 0.4),
    )
    axes = figure.subplots()
    style.dress(axes, x=f"SHAP value: change of the prediction ({unit})", grid="x")
    for place, column in enumerate(order):
        axes.axhline(place, color=style.RULE, linewidth=0.6, zorder=0)
        _draw_swarm(axes, place, effects[sampled, column], inputs[sampled, column])
    axes.axvline(0, color=style.GREY, linewidth=0.8, zorder=1)
    style.name_rows(axes, [names[i] for i in order])
    _draw_colour_key(figure.get_figheight(), axes)
    return figure


def _shown_rows(shown: int, rows: int) -> str:
    return style.rows_text(rows) if shown == rows else f"{shown:,} of {rows:,} rows"


def _mean_size(effects: np.ndarray) -> np.ndarray:
    """Mean absolute value (f,) of each column, over its finite values; 0 for a column of none."""
    size = np.abs(effects)
    total = size.sum(axis=0)
    if not np.isfinite(total).all():
        known = np.isfinite(size)
        total = np.where(known, size, 0.0).sum(axis=0)
        return np.asarray(total / np.maximum(known.sum(axis=0), 1))
    return np.asarray(total / len(effects))


def _draw_swarm(axes: Axes, place: int, effects: np.ndarray, inputs: np.ndarray) -> None:
    known = np.isfinite(effects)
    x, rank = effects[known], curves.ranks(inputs[known])
    y = place + curves.swarm(x)
    missing = np.isnan(rank)
    colours = style.shades(*_COLOURS)(np.nan_to_num(rank))
    colours[missing] = style.rgba(style.MISSING)
    order = np.argsort(~missing, kind="stable")  # the grey ones below
    points = axes.scatter(
        x[order], y[order], s=5 if x.size > 200 else 18, c=colours[order], linewidths=0, zorder=3
    )
    points.set_in_layout(False)


def _draw_colour_key(height: float, axes: Axes) -> None:
    """A small gradient above the panel's right end; `height` is the figure's, in inches."""
    key = axes.inset_axes((0.70, 1 + 0.07 / height, 0.2, 0.1 / height))
    key.imshow([[0.0, 1.0]], cmap=style.shades(*_COLOURS), aspect="auto", interpolation="bilinear")
    key.set_axis_off()
    look: dict[str, Any] = {"color": style.GREY, "fontsize": 8, "va": "center"}
    key.text(-0.04, 0.45, "column's value: low", transform=key.transAxes, ha="right", **look)
    key.text(1.04, 0.45, "high", transform=key.transAxes, ha="left", **look)
