"""What figures of two models share: names, colours, and the key that tells them apart.

The candidate is a blue line or a filled dot, the champion a dashed dark line or a hollow dot, so
that no reader depends on the colours. Differences are candidate minus champion; blue is better,
orange is worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from podium.reports import style
from podium.reports.curves import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Names = tuple[str, str]
NAMES: Names = ("candidate", "champion")
BETTER, WORSE = style.BLUE, style.ORANGE
CANDIDATE_LINE: dict[str, Any] = {"color": style.BLUE, "linewidth": 2.0}
CHAMPION_LINE: dict[str, Any] = {
    "color": style.INK,
    "linewidth": 1.3,
    "linestyle": (0, (4, 2)),
}
CANDIDATE_DOT: dict[str, Any] = {
    "color": style.BLUE,
    "marker": "o",
    "markersize": 7,
    "markeredgecolor": "white",
    "linestyle": "none",
}
CHAMPION_DOT: dict[str, Any] = {
    "color": "white",
    "marker": "o",
    "markersize": 6,
    "markeredgecolor": style.INK,
    "markeredgewidth": 1.2,
    "linestyle": "none",
}


def named(names: Names) -> Names:
    """The models' names as a figure writes them."""
    return style.name(names[0], 24), style.name(names[1], 24)


def key(axes: Axes, names: Names, *, dots: bool = False) -> None:
    """Above the panel, which model is drawn how."""
    from matplotlib.lines import Line2D

    looks = (CANDIDATE_DOT, CHAMPION_DOT) if dots else (CANDIDATE_LINE, CHAMPION_LINE)
    axes.legend(
        [Line2D([], [], **look) for look in looks],
        list(named(names)),
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        borderaxespad=0.2,
        ncols=2,
        frameon=False,
        fontsize=style.LABEL_POINTS,
        handlelength=1.2 if dots else 2.2,
        columnspacing=1.6,
    )


def draw_gain(axes: Axes, x: Floats, gain: Floats) -> None:
    """What one line gains on the other: `gain` (m,) over `x` (m,), blue above 0, orange below."""
    for colour, part in ((BETTER, np.maximum(gain, 0)), (WORSE, np.minimum(gain, 0))):
        axes.fill_between(x, part, 0, color=colour, alpha=0.75, linewidth=0)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    reach = max(float(np.abs(gain).max()), 0.005)
    low, high = (max(float(np.max(side)), 0.3 * reach) for side in (-gain, gain))
    axes.set_ylim(-1.15 * low, 1.15 * high)
    style.few_ticks(axes.yaxis, 4)


def dumbbell(axes: Axes, place: float, ours: float, theirs: float) -> None:
    """Both models' value on one row, joined by a line; a value that is NaN is left out."""
    axes.plot([theirs, ours], [place, place], color=style.MISSING, linewidth=2, zorder=1)
    axes.plot([theirs], [place], zorder=2, **CHAMPION_DOT)
    axes.plot([ours], [place], zorder=3, **CANDIDATE_DOT)
