"""Figures of a classifier with three classes or more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from podium.errors import UsageError
from podium.reports import curves, style
from podium.reports.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_NAMED = 8
_MAX_CELLS = 4_000_000  # scores to sort for the curves; above, a sample of rows is drawn


@style.styled
def class_probability_figure(
    y: ArrayLike, p: ArrayLike, labels: Sequence[str], part: str = "holdout"
) -> Figure:
    """One-vs-rest ROC curve of each class; the eight that are told apart worst are named.

    y (n,) is the class's index in `labels`, p (n, k) the probabilities. Numbered points tie a
    curve to its name, so that no reader depends on the colours. Rows with a NaN are left out.

    Raises:
        UsageError: the shapes of `y`, `p` and `labels` do not fit.
    """
    actual, scores = _checked(y, p, len(labels))
    title = "One class against the rest"
    if not actual.size:
        return style.empty(title, "There are no rows with an actual class and probabilities.")
    sampled = curves.sample_rows(actual.size, max(_MAX_CELLS // len(labels), 1000))
    lines = _curves(actual[sampled], scores[sampled], labels)
    if not lines:
        return style.empty(title, "All rows are of one class, and these curves need two.")
    rows = f"curves from {sampled.size:,} of them" if sampled.size < actual.size else ""
    shown = f"the {_MAX_NAMED} hardest of {len(lines)} are named" if len(lines) > _MAX_NAMED else ""
    weakest = f"{lines[0][1]!r}, one-vs-rest AUC {number(lines[0][0])}"
    figure = style.sheet(
        f"Hardest to tell apart: {weakest}",
        style.facts(part, actual.size, rows, f"{len(labels)} classes", shown),
        size=(7.6, 4.9),
    )
    axes, key = figure.subplots(1, 2, width_ratios=(5.2, 2.2))
    _draw(axes, lines)
    _draw_key(key, lines[:_MAX_NAMED])
    return figure


_Line = tuple[float, str, int, curves.Curve]  # AUC, class, its rows, its curve


def _checked(y: ArrayLike, p: ArrayLike, k: int) -> tuple[np.ndarray, np.ndarray]:
    actual, scores = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if actual.ndim != 1 or scores.shape != (actual.size, k):
        raise UsageError(
            f"The classes have the shape {actual.shape} and the probabilities {scores.shape}, "
            f"for {k} labels.",
            remedy="Pass one class index per row, and per row one probability per label.",
        )
    kept = np.isfinite(actual) & np.isfinite(scores).all(axis=1)
    return actual[kept], scores[kept]


def _curves(actual: np.ndarray, scores: np.ndarray, labels: Sequence[str]) -> list[_Line]:
    """A line per class that has rows inside and outside, the lowest AUC first."""
    lines: list[_Line] = []
    for index, label in enumerate(labels):
        member = (actual == index).astype(np.float64)
        rows = int(member.sum())
        if 0 < rows < member.size:
            curve = curves.roc_curve(member, np.ascontiguousarray(scores[:, index]))
            lines.append((curve.area(), style.name(label, 22), rows, curve.thinned()))
    return sorted(lines, key=lambda line: line[0])


def _draw(axes: Axes, lines: list[_Line]) -> None:
    style.dress(axes, x="False positive rate", y="Recall", grid="both", shares="both")
    axes.plot([0, 1], [0, 1], color=style.MISSING, linewidth=1, linestyle=(0, (4, 3)))
    for _, _, _, curve in lines[_MAX_NAMED:]:
        axes.plot(curve.x, curve.y, color=style.MISSING, linewidth=0.8)
    named = lines[:_MAX_NAMED]
    angles = np.linspace(0.18, 0.82, len(named) + 2)[1:-1] * np.pi / 2
    for index, ((_, _, _, curve), angle) in enumerate(zip(named, angles, strict=True)):
        colour = style.CLASSES[index]
        axes.plot(curve.x, curve.y, color=colour, linewidth=1.2)
        _disc(axes, _crossing(curve, float(angle)), index)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))


def _crossing(curve: curves.Curve, angle: float) -> tuple[float, float]:
    """Where the curve meets the ray that leaves the lower right corner at `angle` to the left."""
    beyond = curve.y * np.cos(angle) - (1 - curve.x) * np.sin(angle)  # rises along the curve
    after = min(int(np.searchsorted(beyond, 0.0)), curve.x.size - 1)
    before = max(after - 1, 0)
    width = beyond[after] - beyond[before]
    share = -beyond[before] / width if width > 0 else 0.0
    step = (curve.x[after] - curve.x[before], curve.y[after] - curve.y[before])
    return float(curve.x[before] + share * step[0]), float(curve.y[before] + share * step[1])


def _disc(axes: Axes, xy: tuple[float, float], index: int) -> None:
    axes.plot(
        *xy,
        "o",
        color=style.CLASSES[index],
        markersize=12,
        markeredgecolor="white",
        zorder=5,
        clip_on=False,
    )
    axes.annotate(
        str(index + 1),
        xy,
        ha="center",
        va="center_baseline",
        color="white",
        fontsize=8,
        fontweight="bold",
        zorder=6,
    )


def _draw_key(axes: Axes, named: list[_Line]) -> None:
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(0, 0.98, "Class, AUC and rows", va="top", color=style.GREY)
    for index, (auc, label, rows, _) in enumerate(named):
        y = 0.87 - index * 0.115
        _disc(axes, (0.05, y), index)
        axes.text(0.14, y, f"{label}\n", va="center", fontsize=style.TICK_POINTS, linespacing=1.1)
        axes.text(
            0.14,
            y,
            f"\n{number(auc)}   {style.rows_text(rows)}",
            va="center",
            color=style.GREY,
            fontsize=8,
            linespacing=1.1,
        )
